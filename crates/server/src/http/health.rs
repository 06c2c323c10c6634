//! Whether the server is up, and how its accounts are.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use evendesk_domain::id::AccountId;
use evendesk_domain::permission::{Scope, visible};

use super::HttpError;
use crate::state::{App, Problem, SignedInAs};

/// For balancers and scripts; says nothing about the workspace.
pub async fn health(State(app): State<App>) -> Result<&'static str, HttpError> {
    app.journal.head()?;
    Ok("ok\n")
}

/// What ails which account; those that are well are left out.
pub async fn accounts(
    State(app): State<App>,
    who: SignedInAs,
) -> Result<Json<HashMap<AccountId, Problem>>, HttpError> {
    if !visible(&who.agent, Scope::Oversight) {
        return Err(HttpError::NotFound);
    }
    Ok(Json(app.health.all()))
}
