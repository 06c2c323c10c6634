//! Carries unsigned feedback: requests of their own, without sign-in, device or cookie, some random
//! minutes after it was heard. What cannot leave now is tried again by timer until it has left.

use std::sync::Arc;
use std::time::Duration;

use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::FeedbackId;
use evendesk_domain::limits;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::http::{HeardFeedback, SUBMIT_KEY_HEADER, UndoFeedback};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;

use super::address::Server;
use crate::error::Error;
use crate::outbox::Outbox;
use crate::outbox::settings::Setting;
use crate::outbox::tickets::{Task, Ticket};

/// How long a thing that was sent can be taken back.
const UNDO_FOR_S: i64 = 3600;
/// Until what the server would not take is offered again.
const REFUSED: Duration = Duration::from_secs(6 * 3600);

pub struct Courier {
    pub outbox: Arc<Outbox>,
    pub clock: crate::desk::Clock,
    /// Told when there is something new to carry.
    pub wake: Arc<Notify>,
    pub retry: Duration,
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
    pub async fn run(self) {
        loop {
            match self.step().await {
                Ok(wait) => {
                    let _ = tokio::time::timeout(wait, self.wake.notified()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "feedback waits");
                    tokio::time::sleep(self.retry).await;
                }
            }
        }
    }

    /// Does what is due; how long until the next thing is.
    async fn step(&self) -> Result<Duration, Error> {
        /// Woken by whoever adds something; this is for a clock that was set back.
        const IDLE: Duration = Duration::from_secs(60);
        let now = (self.clock)();
        let Some(ticket) = self.outbox.next_ticket()? else { return Ok(IDLE) };
        if ticket.due_at > now {
            let ms = ticket.due_at.millis().saturating_sub(now.millis());
            return Ok(Duration::from_millis(ms.unsigned_abs()).min(IDLE));
        }
        if let Carried::Later(wait) = self.carry(&ticket, now).await? {
            let later = Timestamp::from_millis(now.millis().saturating_add(millis(wait)));
            self.outbox.put_off_ticket(ticket.id, later)?;
        }
        Ok(Duration::ZERO)
    }

    async fn carry(&self, ticket: &Ticket, now: Timestamp) -> Result<Carried, Error> {
        match &ticket.task {
            Task::Forget => self.outbox.drop_ticket(ticket.id)?,
            Task::Send(heard) => {
                self.outbox.ticket_tried(ticket.id)?;
                match self.post("api/feedback", heard).await {
                    Some(status) if status.is_success() => {
                        self.outbox.ticket_sent(ticket.id, now.plus_seconds(UNDO_FOR_S))?;
                    }
                    // As it is, it will not be taken; another version of the server may.
                    Some(status) if is_final(status) => return Ok(Carried::Later(REFUSED)),
                    _ => return Ok(Carried::Later(self.retry)),
                }
            }
            Task::Undo => {
                let body = UndoFeedback { feedback: ticket.id, secret: ticket.secret.clone() };
                match self.post("api/feedback/undo", &body).await {
                    Some(status) if status.is_success() || is_final(status) => {
                        self.outbox.drop_ticket(ticket.id)?;
                    }
                    _ => return Ok(Carried::Later(self.retry)),
                }
            }
        }
        Ok(Carried::Done)
    }

    /// None where there was no answer. A client of its own for each request: no connection is shared
    /// with the signed-in ones, or between two pieces of feedback.
    async fn post(&self, path: &str, body: &impl serde::Serialize) -> Option<reqwest::StatusCode> {
        let server = Server::parse(&self.outbox.get(Setting::Server).ok()??).ok()?;
        let key = self.outbox.get(Setting::SubmitKey).ok()??;
        let client = super::session::http().ok()?;
        let request = client.post(server.http(path)).header(SUBMIT_KEY_HEADER, key).json(body);
        match request.send().await {
            Ok(response) => {
                let status = response.status();
                if !status.is_success() {
                    tracing::warn!(%status, "the server did not take feedback");
                }
                Some(status)
            }
            Err(error) => {
                tracing::debug!(error = %error.without_url(), "feedback could not leave");
                None
            }
        }
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
