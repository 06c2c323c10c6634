//! Mails that came to more than one of our mailboxes: one message, and a row for each further account.

use evendesk_domain::event::Event;
use evendesk_domain::stream::Recorded;
use rusqlite::Connection;
use uuid::Uuid;

use crate::error::{Doing, Error};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS copied (
    seq INTEGER PRIMARY KEY,
    conversation BLOB NOT NULL,
    message BLOB NOT NULL,
    account BLOB NOT NULL,
    remote_id TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS copied_by_conversation ON copied (conversation, seq);
CREATE INDEX IF NOT EXISTS copied_by_message ON copied (message, account);
CREATE INDEX IF NOT EXISTS copied_by_remote ON copied (remote_id, account);
";

pub(crate) fn fold(db: &Connection, recorded: &Recorded) -> Result<(), Error> {
    let Event::MessageCopied { message, account, remote_id } = &recorded.event else { return Ok(()) };
    db.prepare_cached(
        "INSERT INTO copied (seq, conversation, message, account, remote_id) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut s| {
        s.execute((recorded.seq.cast_signed(), recorded.stream.id, message.0, account.0, remote_id))
    })
    .doing("note a copy")?;
    Ok(())
}

pub(crate) fn forget(db: &Connection, conversation: Uuid) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM copied WHERE conversation = ?1")
        .and_then(|mut s| s.execute([conversation]))
        .doing("forget copies")?;
    Ok(())
}
