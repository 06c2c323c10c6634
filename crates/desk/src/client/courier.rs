//! Carries unsigned feedback: requests of their own, without sign-in, device or cookie, some random
//! minutes after it was heard. What could not leave in time gets a new random delay once its workspace
//! is reached again: a desk that comes back is seen to, and what leaves right then could be told to be
//! its.

use std::sync::Arc;
use std::time::Duration;

use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::FeedbackId;
use evendesk_domain::limits;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::http::{HeardFeedback, SUBMIT_KEY_HEADER, UndoFeedback};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::address::Server;
use super::trust::Trust;
use crate::error::Error;
use crate::outbox::Outbox;
use crate::outbox::settings::Setting;
use crate::outbox::tickets::{Carrier, Task, Ticket};

/// How long a thing that was sent can be taken back.
const UNDO_FOR_S: i64 = 3600;
/// Until what the server would not take is offered again.
const REFUSED: Duration = Duration::from_secs(6 * 3600);

pub struct Courier {
    pub outbox: Arc<Outbox>,
    pub trust: Trust,
    pub clock: crate::desk::Clock,
    /// Told when there is something new to carry.
    pub wake: Arc<Notify>,
    /// Whether the server has greeted on the connection there is; noted anew at every greeting.
    pub online: watch::Receiver<bool>,
    /// Leaves within this long, at a random moment.
    pub within: Duration,
    pub retry: Duration,
    /// From 0 up to 1, at random.
    pub chance: fn() -> f64,
}

/// One thing heard, and the secret that can undo it. `id` and `secret` are random throughout: nothing
/// in them tells when or where they were made.
pub fn ticket(
    (id, secret): (Uuid, &[u8; 32]),
    text: String,
    kind: FeedbackKind,
    source: FeedbackSource,
    now: Timestamp,
) -> Result<(HeardFeedback, String), Error> {
    if text.trim().is_empty() {
        return Err(Error::invalid("Feedback needs some words: select or copy what was said first."));
    }
    if text.len() > limits::FEEDBACK_BYTES {
        return Err(Error::invalid(format!(
            "Feedback may be {} KiB at most; log the part that matters.",
            limits::FEEDBACK_BYTES / 1024
        )));
    }
    let secret = hex::encode(secret);
    let cut = |s: &str| s.chars().take(limits::LINE_CHARS).collect();
    let heard = HeardFeedback {
        feedback: FeedbackId(id),
        undo_digest: hex::encode(Sha256::digest(secret.as_bytes())),
        text,
        kind,
        source: FeedbackSource { title: cut(&source.title), address: cut(&source.address) },
        heard_at: Timestamp::from_seconds(now.seconds().div_euclid(60) * 60),
    };
    Ok((heard, secret))
}

enum Carried {
    Done,
    /// Again after this long.
    Later(Duration),
}

impl Courier {
    /// Runs for as long as the desk does.
    pub async fn run(mut self) {
        loop {
            match self.step().await {
                Ok(wait) => {
                    let (wake, mut online) = (Arc::clone(&self.wake), self.online.clone());
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = wake.notified() => {}
                        Ok(()) = online.changed() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "feedback waits");
                    tokio::time::sleep(self.retry).await;
                }
            }
        }
    }

    /// Does what is due; how long until the next thing is.
    async fn step(&mut self) -> Result<Duration, Error> {
        /// Woken by whoever adds something; this is for a clock that was set back.
        const IDLE: Duration = Duration::from_secs(60);
        let now = (self.clock)();
        let met_again = self.online.has_changed().unwrap_or(false);
        let carrier = if *self.online.borrow_and_update() { self.carrier()? } else { None };
        if met_again && let Some(carrier) = &carrier {
            self.outbox.delay_tickets(carrier, now, || self.delay())?;
        }
        let Some(ticket) = self.outbox.next_ticket(carrier.as_ref())? else { return Ok(IDLE) };
        if ticket.due_at > now {
            let ms = ticket.due_at.millis().saturating_sub(now.millis());
            return Ok(Duration::from_millis(ms.unsigned_abs()).min(IDLE));
        }
        if let Carried::Later(wait) = self.carry(&ticket, carrier.as_ref(), now).await? {
            let later = Timestamp::from_millis(now.millis().saturating_add(millis(wait)));
            self.outbox.put_off_ticket(ticket.id, later)?;
        }
        Ok(Duration::ZERO)
    }

    /// Where feedback can go now: none before the workspace is known.
    fn carrier(&self) -> Result<Option<Carrier>, Error> {
        let (server, key) = (self.outbox.get(Setting::Server)?, self.outbox.get(Setting::SubmitKey)?);
        Ok(server.zip(key).map(|(server, key)| Carrier { server, key }))
    }

    /// A fresh one, of the full length.
    fn delay(&self) -> Duration {
        self.within.mul_f64((self.chance)())
    }

    async fn carry(
        &self,
        ticket: &Ticket,
        carrier: Option<&Carrier>,
        now: Timestamp,
    ) -> Result<Carried, Error> {
        let again = Ok(Carried::Later(self.delay().max(self.retry)));
        match &ticket.task {
            Task::Forget => self.outbox.drop_ticket(ticket.id)?,
            Task::Send(heard) => {
                self.outbox.ticket_tried(ticket.id)?;
                match self.post(carrier, "api/feedback", heard).await {
                    Some(status) if status.is_success() => {
                        self.outbox.ticket_sent(ticket.id, now.plus_seconds(UNDO_FOR_S))?;
                    }
                    // As it is, it will not be taken; another version of the server may.
                    Some(status) if is_final(status) => return Ok(Carried::Later(REFUSED)),
                    _ => return again,
                }
            }
            Task::Undo => {
                let body = UndoFeedback { feedback: ticket.id, secret: ticket.secret.clone() };
                match self.post(carrier, "api/feedback/undo", &body).await {
                    Some(status) if status.is_success() || is_final(status) => {
                        self.outbox.drop_ticket(ticket.id)?;
                    }
                    _ => return again,
                }
            }
        }
        Ok(Carried::Done)
    }

    /// None where there was no answer. A client of its own for each request: no connection is shared
    /// with the signed-in ones, or between two pieces of feedback.
    async fn post(
        &self,
        carrier: Option<&Carrier>,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Option<reqwest::StatusCode> {
        let Carrier { server, key } = carrier?;
        let server = Server::parse(server).ok()?;
        let client = self.trust.http().ok()?;
        for _ in 0..server.addresses() {
            let request = client.post(server.http(path)).header(SUBMIT_KEY_HEADER, key).json(body);
            match request.send().await {
                Ok(response) => {
                    let status = response.status();
                    if !status.is_success() {
                        tracing::warn!(%status, "the server did not take feedback");
                    }
                    return Some(status);
                }
                Err(error) => {
                    tracing::debug!(error = %error.without_url(), "feedback could not leave");
                    server.move_on();
                }
            }
        }
        None
    }
}

/// An answer that trying again soon will not change; to an undo: it never arrived, or someone is at work
/// on it.
fn is_final(status: reqwest::StatusCode) -> bool {
    use reqwest::StatusCode as S;
    matches!(
        status,
        S::BAD_REQUEST
            | S::NOT_FOUND
            | S::CONFLICT
            | S::GONE
            | S::PAYLOAD_TOO_LARGE
            | S::UNPROCESSABLE_ENTITY
    )
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::tests::empty;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn heard(n: u128) -> HeardFeedback {
        let source = FeedbackSource { title: String::new(), address: String::new() };
        let id = (Uuid::from_u128(n), &[0; 32]);
        ticket(id, "late again".into(), FeedbackKind::Complaint, source, NOW).unwrap().0
    }

    fn joined(outbox: &Outbox, server: &str, key: &str) {
        outbox.set(Setting::Server, server).unwrap();
        outbox.set(Setting::SubmitKey, key).unwrap();
    }

    fn courier(outbox: Outbox, online: watch::Receiver<bool>) -> Courier {
        Courier {
            outbox: Arc::new(outbox),
            trust: Trust::new(None).unwrap(),
            clock: Arc::new(|| NOW),
            wake: Arc::new(Notify::new()),
            online,
            within: Duration::from_secs(180),
            retry: Duration::from_secs(30),
            chance: || 0.5,
        }
    }

    #[tokio::test]
    async fn what_was_due_while_offline_leaves_a_fresh_delay_after_the_greeting() {
        let (_folder, outbox) = empty();
        joined(&outbox, "http://localhost:1/", "ours");
        outbox.add_ticket(&heard(1), "s", NOW.plus_seconds(-500)).unwrap();
        let (greeted, online) = watch::channel(false);
        let mut courier = courier(outbox, online);
        assert_eq!(courier.step().await.unwrap(), Duration::from_secs(60), "it waits for the server");
        greeted.send_replace(true);
        courier.step().await.unwrap();
        let carrier = courier.carrier().unwrap();
        let waits = courier.outbox.next_ticket(carrier.as_ref()).unwrap().unwrap();
        assert_eq!(waits.due_at, NOW.plus_seconds(90));
    }

    #[tokio::test]
    async fn an_attempt_that_failed_is_not_repeated_right_after_the_next_greeting() {
        let (_folder, outbox) = empty();
        joined(&outbox, "http://localhost:1/", "ours");
        let (greeted, online) = watch::channel(false);
        let mut courier = courier(outbox, online);
        greeted.send_replace(true);
        courier.step().await.unwrap();
        courier.outbox.add_ticket(&heard(1), "s", NOW).unwrap();
        courier.step().await.unwrap();
        let carrier = courier.carrier().unwrap();
        let due = || courier.outbox.next_ticket(carrier.as_ref()).unwrap().unwrap().due_at;
        assert_eq!(due(), NOW.plus_seconds(90));
        courier.outbox.put_off_ticket(heard(1).feedback, NOW.plus_seconds(1)).unwrap();
        greeted.send_replace(false);
        greeted.send_replace(true);
        courier.step().await.unwrap();
        let due = courier.outbox.next_ticket(carrier.as_ref()).unwrap().unwrap().due_at;
        assert_eq!(due, NOW.plus_seconds(90));
    }

    #[tokio::test]
    async fn feedback_stays_with_the_workspace_it_was_logged_for() {
        let (_folder, outbox) = empty();
        joined(&outbox, "http://localhost:1/", "ours");
        outbox.add_ticket(&heard(1), "s", NOW).unwrap();
        joined(&outbox, "http://localhost:1/", "theirs");
        let (_greeted, online) = watch::channel(true);
        let mut courier = courier(outbox, online);
        assert_eq!(courier.step().await.unwrap(), Duration::from_secs(60));
        // The same workspace at another address.
        joined(&courier.outbox, "http://localhost:2/", "ours");
        let carrier = courier.carrier().unwrap();
        assert!(courier.outbox.next_ticket(carrier.as_ref()).unwrap().is_some());
    }
}
