//! Hears that other nodes have appended, and has the writer fold it. Hints come at once and may be lost;
//! so the journal is also asked now and then, which tells as well whether it can be reached at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use evendesk_journal::Journal;
use tokio::sync::watch;

use super::Writer;

const ASK_EVERY: Duration = Duration::from_millis(500);

/// How a node stands to its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has folded what the journal had when it was last asked.
    Abreast,
    /// It has not, since then.
    Behind { since: Instant },
    /// The journal has given no answer since then.
    CutOff { since: Instant },
}

/// Follows the other nodes until `stopping`; returns at once where there cannot be any.
pub async fn follow(
    journal: Arc<dyn Journal>,
    writer: Writer,
    standing: Arc<watch::Sender<Standing>>,
    mut stopping: watch::Receiver<bool>,
) {
    let Some(mut hints) = journal.hints() else { return };
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    tokio::pin!(stopped);
    let mut asks = tokio::time::interval(ASK_EVERY);
    asks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut due = 0;
    loop {
        tokio::select! {
            Ok(()) = hints.changed() => {
                if *hints.borrow_and_update() > *writer.head().borrow() {
                    writer.look();
                }
            }
            _ = asks.tick() => due = ask(&journal, &writer, &standing, due).await,
            () = &mut stopped => return,
        }
    }
}

/// Asks where the journal is; `due` is where it was the last time. Returns where it is now.
async fn ask(
    journal: &Arc<dyn Journal>,
    writer: &Writer,
    standing: &watch::Sender<Standing>,
    due: u64,
) -> u64 {
    let reached = *writer.head().borrow() >= due;
    let was_cut_off = matches!(*standing.borrow(), Standing::CutOff { .. });
    let asked = Arc::clone(journal);
    let head = tokio::task::spawn_blocking(move || asked.head()).await;
    let head = head.ok().and_then(|head| head.inspect_err(|e| tracing::warn!("{e}")).ok());
    standing.send_if_modified(|was| update(was, reached, head.is_some()));
    match head {
        // One that is shorter has lost what this node has; so may one that was away, however long it is.
        Some(head) if was_cut_off || head != *writer.head().borrow() => {
            writer.look();
            head
        }
        Some(head) => head,
        None => due,
    }
}

/// Keeps since when something is amiss; returns whether anything changed.
fn update(was: &mut Standing, reached: bool, answered: bool) -> bool {
    let now = match (*was, reached, answered) {
        (Standing::CutOff { .. }, _, false) | (Standing::Behind { .. }, false, true) => *was,
        (_, _, false) => Standing::CutOff { since: Instant::now() },
        (_, false, true) => Standing::Behind { since: Instant::now() },
        (_, true, true) => Standing::Abreast,
    };
    std::mem::replace(was, now) != now
}
