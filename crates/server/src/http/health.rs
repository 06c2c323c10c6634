//! Whether the server is up.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use crate::state::App;
use crate::writer::Standing;

/// A node that lags, or cannot ask its journal, for longer than this should get no more desks.
const LAG: Duration = Duration::from_secs(5);

/// For balancers and scripts: whether desks should come here. Says nothing about the workspace.
pub async fn health(State(app): State<App>) -> (StatusCode, &'static str) {
    let not_now = |why| (StatusCode::SERVICE_UNAVAILABLE, why);
    if *app.stopping.borrow() {
        return not_now("going down\n");
    }
    let standing = *app.standing.borrow();
    match standing {
        Standing::Behind { since } if since.elapsed() > LAG => return not_now("catching up\n"),
        Standing::CutOff { since } if since.elapsed() > LAG => {
            return not_now("the journal does not answer\n");
        }
        _ => {}
    }
    // Where nobody else writes, nobody else asks.
    if !app.journal.is_shared() && app.ask_journal(|journal| journal.head()).await.is_err() {
        return not_now("the journal fails\n");
    }
    (StatusCode::OK, "ok\n")
}
