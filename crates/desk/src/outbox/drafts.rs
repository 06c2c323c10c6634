//! What is being typed, a draft a conversation and author. Drafts survive anything.

use evendesk_domain::id::{ConversationId, UserId};
use evendesk_domain::limits;
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Outbox;
use crate::error::Error;

impl Outbox {
    pub fn draft(&self, author: UserId, conversation: ConversationId) -> Result<Option<String>, Error> {
        self.read("reading a draft", |c| get(c, author, conversation))
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
        self.write("keeping a draft", |tx| put(tx, author, conversation, text, now))
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
