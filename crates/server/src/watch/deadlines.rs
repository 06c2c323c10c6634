//! Sleeps until the next timer comes to be at risk or falls due, and has it told once.

use std::time::Duration;

use evendesk_domain::command::SystemCommand;
use evendesk_domain::stream::Actor;
use evendesk_replica::DueStep;

use super::{Lease, rest};
use crate::state::App;
use crate::writer::Work;

const LOOK_AHEAD: usize = 256;
/// However far away the next one seems: clocks jump and laptops sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// After a failure, or while another node sees to it.
const PAUSE: Duration = Duration::from_secs(5);

pub async fn watch(app: App) {
    let mut lease = Lease::new(app.clone(), "deadlines".into());
    keep_telling(&app, &mut lease).await;
    lease.release().await;
}

async fn keep_telling(app: &App, lease: &mut Lease) {
    let mut stopping = app.stopping.clone();
    let mut head = app.writer.head();
    loop {
        let pause = if lease.hold().await { tell(app).await } else { Err(PAUSE) };
        match pause {
            Err(pause) => {
                if !rest(&mut stopping, pause).await {
                    return;
                }
            }
            Ok(wait) => {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    // Anything that happened may have brought the next deadline nearer.
                    _ = head.changed() => {}
                    _ = stopping.wait_for(|stop| *stop) => return,
                }
            }
        }
    }
}

/// Tells what has been reached; returns how long nothing will be, or how long to let it be.
async fn tell(app: &App) -> Result<Duration, Duration> {
    let steps = app.readers.get().and_then(|r| r.next_steps(LOOK_AHEAD)).map_err(|e| {
        tracing::error!("deadlines cannot be read: {e}");
        PAUSE
    })?;
    let now = app.clock.now();
    let (due, ahead): (Vec<DueStep>, Vec<DueStep>) = steps.into_iter().partition(|s| s.at <= now);
    if due.is_empty() {
        let until = ahead.first().map_or(LONGEST_SLEEP, |next| {
            Duration::from_millis((next.at.millis() - now.millis()).unsigned_abs())
        });
        return Ok(until.min(LONGEST_SLEEP));
    }
    let before = *app.writer.head().borrow();
    for DueStep { conversation, timer, step, .. } in due {
        let commands = vec![SystemCommand::ReachStep { conversation, timer, step }];
        let told = app.writer.settle(Work::System { commands, by: Actor::System }).await;
        told.map_err(|_| PAUSE)?;
    }
    // What is due and yet changes nothing must not keep this loop spinning.
    if *app.writer.head().borrow() == before { Err(PAUSE) } else { Ok(Duration::ZERO) }
}
