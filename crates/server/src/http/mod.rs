//! HTTP: a router that needs no socket, so tests can call it as a function.
//!
//! Nothing is logged of a request: not its path, not its address, not its body. Failures inside are,
//! without what they were about.

mod accounts;
mod blob;
mod customer;
mod error;
mod feedback;
mod form;
mod guard;
mod health;
pub mod hook;
mod letter;
pub mod network;
mod people;
pub mod session;
mod snapshot;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::socket;
use crate::state::App;

pub use error::HttpError;

/// Bytes of a request body, unless a route says otherwise.
const BODY: usize = 64 * 1024;
/// Bytes of a feedback request: the text at its limit, escaped.
const FEEDBACK_BODY: usize = 4 * evendesk_domain::limits::FEEDBACK_BYTES;

pub fn app(state: App) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .route("/api/accounts", get(accounts::states))
        .route("/api/accounts/aside", get(accounts::aside))
        .route("/api/accounts/aside/{account}/{seq}/{place}", get(accounts::raw).post(accounts::retry))
        .route("/api/session", post(session::sign_in).delete(session::sign_out))
        .route("/api/password", post(people::new_password))
        .route("/api/join", post(people::join))
        .route("/api/devices", get(people::devices))
        .route("/api/devices/{user}/{device}", delete(people::revoke))
        .route("/api/invitations", get(people::invitations).post(people::invite))
        .route("/api/invitations/{id}", delete(people::withdraw))
        .route("/api/socket", get(socket::upgrade))
        .route("/api/blob/{conversation}/{message}/{hash}", get(blob::get))
        .route("/api/letter/{conversation}/{message}", get(letter::get))
        .route("/api/letter/{conversation}/{message}/{picture}", get(letter::picture))
        .route("/api/customers/{customer}/elsewhere", get(customer::elsewhere))
        .route("/api/snapshot/{begin}/{since}/{read_model}", get(snapshot::get))
        .route("/api/feedback", post(feedback::hear).layer(DefaultBodyLimit::max(FEEDBACK_BODY)))
        .route("/api/feedback/undo", post(feedback::undo))
        .route(
            "/forms/{account}",
            get(form::page).post(form::submit_page).layer(DefaultBodyLimit::max(form::BODY)),
        )
        .route("/api/forms/{account}", post(form::submit_json).layer(DefaultBodyLimit::max(form::BODY)))
        .route("/hooks/social/{account}", post(hook::mention).layer(DefaultBodyLimit::max(hook::BODY)))
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(state.clone(), guard::ours))
        .with_state(state)
}
