//! Unsigned feedback on its way out. Once sent, its words are gone from here; the secret that can undo
//! it stays a little longer.

use std::time::Duration;

use evendesk_domain::id::FeedbackId;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::http::HeardFeedback;
use rusqlite::{OptionalExtension as _, Row, params};

use super::Outbox;
use crate::error::Error;

/// What is to be done about one piece of feedback, and not before `due_at`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    pub id: FeedbackId,
    pub due_at: Timestamp,
    pub secret: String,
    pub task: Task,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    Send(Box<HeardFeedback>),
    Undo,
    /// Sent: forget the secret.
    Forget,
}

/// The workspace that can be reached now. Its submit key tells it from others: an address may change,
/// and may come to belong to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    pub server: String,
    pub key: String,
}

/// Which tickets are for the carrier `?1` (server) and `?2` (key).
const ITS: &str = "(submit_key = ?2 OR (submit_key IS NULL AND server = ?1))";

/// What became of an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    /// It had not left: nobody will ever know.
    BeforeSending,
    /// It had left, or may have: the server is to be told.
    ToBeTold,
    /// Too late, or never here.
    Unknown,
}

impl Outbox {
    /// Keeps it for the workspace that the desk is of now.
    pub fn add_ticket(&self, heard: &HeardFeedback, secret: &str, due_at: Timestamp) -> Result<(), Error> {
        let body = serde_json::to_string(heard).unwrap_or_default();
        self.write_more("keeping feedback", |tx| {
            tx.execute(
                "INSERT INTO ticket (id, state, due_at, body, secret, server, submit_key)
                 VALUES (?1, 'waiting', ?2, ?3, ?4,
                     (SELECT value FROM setting WHERE name = 'server'),
                     (SELECT value FROM setting WHERE name = 'submit_key'))",
                params![heard.feedback.to_string(), due_at.millis(), body, secret],
            )?;
            Ok(())
        })
    }

    /// The ticket that is due first, whether yet or not, of those for `carrier`; without one, of those
    /// that need no server.
    pub fn next_ticket(&self, carrier: Option<&Carrier>) -> Result<Option<Ticket>, Error> {
        let (server, key) = carrier.map(|c| (&c.server, &c.key)).unzip();
        self.read("reading feedback", |c| {
            c.prepare_cached(&format!(
                "SELECT id, state, due_at, body, secret FROM ticket WHERE state = 'sent' OR {ITS}
                 ORDER BY due_at, id LIMIT 1"
            ))?
            .query_row(params![server, key], ticket)
            .optional()
        })
    }

    /// What has not left, as far as anyone here can tell, in an order that says nothing of when it will.
    pub fn leaving_tickets(&self) -> Result<Vec<HeardFeedback>, Error> {
        self.read("reading feedback", |c| {
            let mut statement =
                c.prepare_cached("SELECT body FROM ticket WHERE state IN ('waiting', 'tried') ORDER BY id")?;
            let bodies = statement.query_map([], |row| row.get::<_, String>(0))?;
            bodies.filter_map(|body| body.map(|b| serde_json::from_str(&b).ok()).transpose()).collect()
        })
    }

    /// Gives a new delay to what was due, or was tried, before `carrier` could be reached.
    pub fn delay_tickets(
        &self,
        carrier: &Carrier,
        now: Timestamp,
        mut delay: impl FnMut() -> Duration,
    ) -> Result<(), Error> {
        self.write("putting feedback off", |tx| {
            let late = format!(
                "SELECT rowid FROM ticket WHERE {ITS}
                 AND (state IN ('tried', 'undo') OR (state = 'waiting' AND due_at <= ?3))"
            );
            let late: Vec<i64> = tx
                .prepare(&late)?
                .query_map(params![carrier.server, carrier.key, now.millis()], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for row in late {
                let ms = i64::try_from(delay().as_millis()).unwrap_or(i64::MAX);
                let due = now.millis().saturating_add(ms);
                tx.execute("UPDATE ticket SET due_at = ?2 WHERE rowid = ?1", [row, due])?;
            }
            Ok(())
        })
    }

    /// Noted before an attempt to send: from here on it may have left.
    pub fn ticket_tried(&self, id: FeedbackId) -> Result<(), Error> {
        self.write_more("noting that feedback is being sent", |tx| {
            tx.execute(
                "UPDATE ticket SET state = 'tried' WHERE id = ?1 AND state = 'waiting'",
                [id.to_string()],
            )?;
            Ok(())
        })
    }

    pub fn put_off_ticket(&self, id: FeedbackId, until: Timestamp) -> Result<(), Error> {
        self.write("putting feedback off", |tx| {
            tx.execute(
                "UPDATE ticket SET due_at = ?2 WHERE id = ?1",
                params![id.to_string(), until.millis()],
            )?;
            Ok(())
        })
    }

    /// Sent: its words go, its secret stays until `forget_at`.
    pub fn ticket_sent(&self, id: FeedbackId, forget_at: Timestamp) -> Result<(), Error> {
        self.write("noting that feedback was sent", |tx| {
            tx.execute(
                "UPDATE ticket SET state = 'sent', body = NULL, due_at = ?2 WHERE id = ?1 AND state = 'tried'",
                params![id.to_string(), forget_at.millis()],
            )?;
            Ok(())
        })
    }

    pub fn undo_ticket(&self, id: FeedbackId, now: Timestamp) -> Result<Undone, Error> {
        self.write("undoing feedback", |tx| {
            let state: Option<String> = tx
                .query_row("SELECT state FROM ticket WHERE id = ?1", [id.to_string()], |row| row.get(0))
                .optional()?;
            match state.as_deref() {
                Some("waiting") => {
                    tx.execute("DELETE FROM ticket WHERE id = ?1", [id.to_string()])?;
                    Ok(Undone::BeforeSending)
                }
                Some(_) => {
                    tx.execute(
                        "UPDATE ticket SET state = 'undo', body = NULL, due_at = ?2 WHERE id = ?1",
                        params![id.to_string(), now.millis()],
                    )?;
                    Ok(Undone::ToBeTold)
                }
                None => Ok(Undone::Unknown),
            }
        })
    }

    pub fn drop_ticket(&self, id: FeedbackId) -> Result<(), Error> {
        self.write("forgetting feedback", |tx| {
            tx.execute("DELETE FROM ticket WHERE id = ?1", [id.to_string()])?;
            Ok(())
        })
    }
}

fn ticket(row: &Row<'_>) -> rusqlite::Result<Ticket> {
    let state: String = row.get(1)?;
    let task = match state.as_str() {
        "waiting" | "tried" => match serde_json::from_str(&row.get::<_, String>(3)?) {
            Ok(heard) => Task::Send(heard),
            Err(_) => Task::Forget,
        },
        "undo" => Task::Undo,
        _ => Task::Forget,
    };
    Ok(Ticket {
        id: FeedbackId(super::commands::uuid(row, 0)?),
        due_at: Timestamp::from_millis(row.get(2)?),
        secret: row.get(4)?,
        task,
    })
}
