//! Unsigned feedback on its way out. Once sent, its words are gone from here; the secret that can undo
//! it stays a little longer.

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
    pub fn add_ticket(&self, heard: &HeardFeedback, secret: &str, due_at: Timestamp) -> Result<(), Error> {
        let body = serde_json::to_string(heard).unwrap_or_default();
        self.write("keeping feedback", |tx| {
            tx.execute(
                "INSERT INTO ticket (id, state, due_at, body, secret) VALUES (?1, 'waiting', ?2, ?3, ?4)",
                params![heard.feedback.to_string(), due_at.millis(), body, secret],
            )?;
            Ok(())
        })
    }

    /// The ticket that is due first, whether yet or not.
    pub fn next_ticket(&self) -> Result<Option<Ticket>, Error> {
        self.read("reading feedback", |c| {
            c.prepare_cached(
                "SELECT id, state, due_at, body, secret FROM ticket ORDER BY due_at, id LIMIT 1",
            )?
            .query_row([], ticket)
            .optional()
        })
    }

    /// Noted before an attempt to send: from here on it may have left.
    pub fn ticket_tried(&self, id: FeedbackId) -> Result<(), Error> {
        self.write("noting that feedback is being sent", |tx| {
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
