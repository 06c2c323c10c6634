//! What goes on without being asked: mailboxes, deadlines, deliveries. Each is owned by the node that
//! holds its lease, retried by time, and ended by the server's stop.

mod deadlines;
mod lease;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::state::App;

pub use lease::Lease;

pub fn start(app: &App, tasks: &mut JoinSet<()>) {
    tasks.spawn(deadlines::watch(app.clone()));
}

/// Sleeps, unless the server stops first: then false.
pub async fn rest(stopping: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        _ = stopping.wait_for(|stop| *stop) => false,
    }
}
