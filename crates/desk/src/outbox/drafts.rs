//! What is being typed, a draft a conversation. Drafts survive anything.

use evendesk_domain::id::ConversationId;
use evendesk_domain::limits;
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Outbox;
use crate::error::Error;

impl Outbox {
    pub fn draft(&self, conversation: ConversationId) -> Result<Option<String>, Error> {
        self.read("reading a draft", |c| get(c, conversation))
    }

    /// Keeps `text`; an empty one drops the draft.
    pub fn put_draft(&self, conversation: ConversationId, text: &str, now: Timestamp) -> Result<(), Error> {
        // Twice what may be sent: text over the limit is refused on sending, where it can be cut.
        if text.len() > 2 * limits::TEXT_BYTES {
            return Err(Error::invalid(format!(
                "A draft may be {} KiB at most; it was kept as it was before.",
                2 * limits::TEXT_BYTES / 1024
            )));
        }
        self.write("keeping a draft", |tx| put(tx, conversation, text, now))
    }
}

pub(super) fn get(c: &Connection, conversation: ConversationId) -> rusqlite::Result<Option<String>> {
    c.prepare_cached("SELECT text FROM draft WHERE conversation = ?1")?
        .query_row([conversation.to_string()], |row| row.get(0))
        .optional()
}

pub(super) fn put(
    c: &Connection,
    conversation: ConversationId,
    text: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if text.is_empty() {
        c.execute("DELETE FROM draft WHERE conversation = ?1", [conversation.to_string()])?;
        return Ok(());
    }
    c.prepare_cached(
        "INSERT INTO draft (conversation, text, changed_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (conversation) DO UPDATE SET text = excluded.text, changed_at = excluded.changed_at",
    )?
    .execute(params![conversation.to_string(), text, now.millis()])?;
    Ok(())
}
