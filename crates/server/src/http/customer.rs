//! What is asked about a customer that no desk can know.

use axum::Json;
use axum::extract::{Path, State};
use evendesk_domain::id::CustomerId;
use evendesk_replica::Elsewhere;
use uuid::Uuid;

use super::HttpError;
use crate::state::{App, SignedInAs};

/// How much of a customer other teams have. Customers are visible to everybody, so anybody may ask.
pub async fn elsewhere(
    State(app): State<App>,
    who: SignedInAs,
    Path(customer): Path<Uuid>,
) -> Result<Json<Elsewhere>, HttpError> {
    Ok(Json(app.readers.get()?.elsewhere(&who.agent, CustomerId(customer))?))
}
