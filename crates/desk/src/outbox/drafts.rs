//! What is being typed, a draft a conversation and author. Drafts survive anything.

use evendesk_domain::id::{ConversationId, UserId};
use evendesk_domain::limits;
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::Outbox;
use crate::error::Error;

/// What was typed in a conversation and not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub conversation: ConversationId,
    pub text: String,
    pub changed_at: Timestamp,
}

impl Outbox {
    pub fn draft(&self, author: UserId, conversation: ConversationId) -> Result<Option<String>, Error> {
        self.read("reading a draft", |c| get(c, author, conversation))
    }

    /// All of `author`'s, the one last touched first.
    pub fn drafts(&self, author: UserId) -> Result<Vec<Draft>, Error> {
        self.read("reading drafts", |c| {
            c.prepare_cached(
                "SELECT conversation, text, changed_at FROM draft WHERE author = ?1 ORDER BY changed_at DESC",
            )?
            .query_map([author.to_string()], |row| {
                Ok(Draft {
                    conversation: ConversationId(super::commands::uuid(row, 0)?),
                    text: row.get(1)?,
                    changed_at: Timestamp::from_millis(row.get(2)?),
                })
            })?
            .collect()
        })
    }

    /// Keeps `text`; an empty one drops the draft.
    pub fn put_draft(
        &self,
        author: UserId,
        conversation: ConversationId,
        text: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        // Twice what may be sent: text over the limit is refused on sending, where it can be cut.
        if text.len() > 2 * limits::TEXT_BYTES {
            return Err(Error::invalid(format!(
                "A draft may be {} KiB at most; it was kept as it was before.",
                2 * limits::TEXT_BYTES / 1024
            )));
        }
        let put = |tx: &Transaction<'_>| put(tx, author, conversation, text, now);
        // While it is being typed the log is left alone: it is emptied once the draft is sent, dropped or erased.
        if text.is_empty() {
            self.write("dropping a draft", put)
        } else {
            self.write_more("keeping a draft", put)
        }
    }
}

pub(super) fn get(
    c: &Connection,
    author: UserId,
    conversation: ConversationId,
) -> rusqlite::Result<Option<String>> {
    c.prepare_cached("SELECT text FROM draft WHERE author = ?1 AND conversation = ?2")?
        .query_row([author.to_string(), conversation.to_string()], |row| row.get(0))
        .optional()
}

pub(super) fn put(
    c: &Connection,
    author: UserId,
    conversation: ConversationId,
    text: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if text.is_empty() {
        c.execute(
            "DELETE FROM draft WHERE author = ?1 AND conversation = ?2",
            [author.to_string(), conversation.to_string()],
        )?;
        return Ok(());
    }
    c.prepare_cached(
        "INSERT INTO draft (author, conversation, text, changed_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (author, conversation) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at",
    )?
    .execute(params![author.to_string(), conversation.to_string(), text, now.millis()])?;
    Ok(())
}
