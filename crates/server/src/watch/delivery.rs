//! Answers carried out. The journal has the intent before anything is tried; what became of it is
//! recorded before anything else is tried with it, and an id made of the message makes a second try
//! after a crash, or by a node that took over, recognisable.

use std::collections::HashMap;
use std::time::Duration;

use evendesk_channels::email::send::Verdict;
use evendesk_domain::command::SystemCommand;
use evendesk_domain::id::MessageId;
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_replica::PendingDelivery;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

use super::handover::Handover;
use super::lease::Held;
use super::{Lease, backoff, carry, rest};
use crate::state::App;
use crate::writer::{Undecided, Work};

const AT_ONCE: usize = 8;
const LOOK_AHEAD: usize = 1_000;
const LOOK_EVERY: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// After that long a mail that could not be handed over has failed for good.
const GIVE_UP_S: i64 = 2 * 86_400;

/// What is known of an answer that did not go out yet.
#[derive(Clone, Copy)]
struct Tried {
    failures: u32,
    not_before: Timestamp,
}

/// A try that has not ended.
struct UnderWay {
    message: MessageId,
    handover: Handover,
    task: AbortHandle,
}

struct Desk {
    app: App,
    tried: HashMap<MessageId, Tried>,
    under_way: HashMap<Id, UnderWay>,
    tasks: JoinSet<Option<Duration>>,
}

pub async fn watch(app: App) {
    let mut lease = Lease::new(app.clone(), "delivery".into());
    let mut stopping = app.stopping.clone();
    let mut head = app.writer.head();
    let mut desk = Desk { app, tried: HashMap::new(), under_way: HashMap::new(), tasks: JoinSet::new() };
    loop {
        if lease.hold().await {
            desk.begin(&lease.held());
        } else {
            desk.leave();
        }
        let wait = desk.wait();
        tokio::select! {
            Some(done) = desk.tasks.join_next_with_id() => desk.ended(done),
            _ = head.changed() => {}
            () = tokio::time::sleep(wait) => {}
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    // What has been handed over must also be recorded; that takes no longer than a commit.
    let _ = tokio::time::timeout(Duration::from_secs(5), async {
        while desk.tasks.join_next().await.is_some() {}
    })
    .await;
    lease.release().await;
}

impl Desk {
    /// Starts what is due and not under way.
    fn begin(&mut self, held: &Held) {
        let pending = match self.app.readers.get().and_then(|r| r.pending_deliveries(LOOK_AHEAD)) {
            Ok(pending) => pending,
            Err(e) => return tracing::error!("answers to deliver cannot be read: {e}"),
        };
        let now = self.app.clock.now();
        self.tried.retain(|message, _| pending.iter().any(|p| p.message == *message));
        for delivery in pending {
            if self.tasks.len() >= AT_ONCE {
                return;
            }
            let message = delivery.message;
            let failures = match self.tried.get(&message) {
                Some(tried) if tried.not_before > now => continue,
                tried => tried.map_or(0, |t| t.failures),
            };
            if !self.under_way.values().any(|u| u.message == message) {
                let handover = Handover::under(held.clone());
                let (app, own) = (self.app.clone(), handover.clone());
                let task = self.tasks.spawn(async move { deliver(&app, delivery, failures, &own).await });
                self.under_way.insert(task.id(), UnderWay { message, handover, task });
            }
        }
    }

    /// The lease is another node's, or may be: what has not been handed over is left to it. What has been is
    /// recorded all the same.
    fn leave(&mut self) {
        self.under_way.retain(|_, under_way| {
            let left = under_way.handover.leave();
            if left {
                under_way.task.abort();
                left_to_another(under_way.message);
            }
            !left
        });
    }

    fn ended(&mut self, done: Result<(Id, Option<Duration>), JoinError>) {
        let task = done.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
        let Some(UnderWay { message, .. }) = self.under_way.remove(&task) else { return };
        let failures = self.tried.get(&message).map_or(0, |t| t.failures) + 1;
        let again_in = match done {
            Ok((_, again_in)) => again_in,
            // It met a bug of ours. The others are under way still: only this one is tried again.
            Err(_) => Some(backoff(failures, FIRST_PAUSE, LONGEST_PAUSE)),
        };
        match again_in {
            None => drop(self.tried.remove(&message)),
            Some(pause) => {
                let not_before = self.app.clock.now().plus_seconds(pause.as_secs().cast_signed());
                self.tried.insert(message, Tried { failures, not_before });
            }
        }
    }

    /// Until the next try is due.
    fn wait(&self) -> Duration {
        let now = self.app.clock.now();
        let next =
            self.tried.values().map(|t| t.not_before.millis() - now.millis()).filter(|ms| *ms > 0).min();
        next.map_or(LOOK_EVERY, |ms| Duration::from_millis(ms.unsigned_abs()).min(LOOK_EVERY))
    }
}

/// Tries once and records what came of it; says when to try again, if at all.
async fn deliver(
    app: &App,
    delivery: PendingDelivery,
    failures: u32,
    handover: &Handover,
) -> Option<Duration> {
    let PendingDelivery { conversation, message, seq, since } = delivery;
    let verdict = carry::try_once(app, seq, handover).await;
    let again = |reason: String| {
        let old = app.clock.now().seconds_since(since) > GIVE_UP_S;
        if old { Err(reason) } else { Ok(backoff(failures + 1, FIRST_PAUSE, LONGEST_PAUSE)) }
    };
    let outcome = match verdict {
        Verdict::Sent => None,
        Verdict::Left => {
            left_to_another(message);
            return None;
        }
        // Another node tries it, and may have come further.
        _ if !handover.is_held(app.clock.now()) => return None,
        Verdict::Failed(reason) => Some(reason),
        Verdict::Later(reason) | Verdict::AccountNeedsAttention(reason) => match again(reason) {
            Ok(pause) => return Some(pause),
            Err(reason) => Some(reason),
        },
    };
    record(
        app,
        match outcome {
            None => SystemCommand::Delivered { conversation, message },
            Some(reason) => SystemCommand::DeliveryFailed { conversation, message, reason },
        },
    )
    .await;
    None
}

fn left_to_another(message: MessageId) {
    tracing::info!("answer {message} is left to the node that has the lease now");
}

/// Until it is recorded, this answer is under way and not tried again.
async fn record(app: &App, command: SystemCommand) {
    let mut stopping = app.stopping.clone();
    loop {
        let work = Work::System { commands: vec![command.clone()], by: Actor::System };
        match app.writer.settle(work).await {
            Ok(_) | Err(Undecided::Stopping) => return,
            Err(e) => tracing::error!("what became of an answer cannot be recorded yet: {e}"),
        }
        if !rest(&mut stopping, Duration::from_secs(1)).await {
            return;
        }
    }
}
