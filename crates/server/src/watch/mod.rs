//! What goes on without being asked: mailboxes, deadlines, deliveries. Each is owned by the node that
//! holds its lease, retried by time, and ended by the server's stop; but for sign-ins, which each node ends.

mod carry;
mod deadlines;
mod delivery;
mod handover;
mod lease;
mod mailboxes;
mod sign_ins;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::state::App;

pub use lease::Lease;

pub fn start(app: &App, tasks: &mut JoinSet<()>) {
    tasks.spawn(deadlines::watch(app.clone()));
    tasks.spawn(mailboxes::watch(app.clone()));
    tasks.spawn(delivery::watch(app.clone()));
    tasks.spawn(crate::erasure::watch(app.clone()));
    tasks.spawn(sign_ins::watch(app.clone()));
}

/// Sleeps, unless the server stops first: then false.
pub async fn rest(stopping: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        _ = stopping.wait_for(|stop| *stop) => false,
    }
}

/// Doubles with every failure in a row.
pub fn backoff(failures: u32, first: Duration, longest: Duration) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(20)));
    doubled.min(longest)
}
