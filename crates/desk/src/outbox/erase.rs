//! What must not stay of what was typed about a conversation, when it is erased or withdrawn.

use std::collections::BTreeSet;

use evendesk_domain::command::CommandBody;
use evendesk_domain::id::ConversationId;
use evendesk_domain::stream::{StreamId, StreamKind};
use rusqlite::{Connection, params};

use super::Outbox;
use super::commands::settle;
use super::settled;
use crate::error::Error;

const ERASED: &str = "The customer this was about has been erased, and your words about them with it. Nothing is left to send; drop it.";

impl Outbox {
    /// Takes everybody's words out of what is kept about a stream, whoever typed them. Drafts go, and what
    /// was settled. A command that carries words loses them and is set aside, so that its author sees what
    /// became of it; one that was accepted already has happened and goes; one without words goes its way.
    pub fn erased(&self, stream: StreamId) -> Result<(), Error> {
        self.write("erasing words", |tx| {
            if stream.kind == StreamKind::Conversation {
                tx.execute("DELETE FROM draft WHERE conversation = ?1", [stream.id.to_string()])?;
            }
            for (id, own, text) in bodies(tx)? {
                let body = serde_json::from_str::<CommandBody>(&text).ok();
                let concerned = body.as_ref().map_or(own == stream.to_string(), |b| b.concerns(stream));
                let blanked = body.as_ref().map(CommandBody::blanked);
                if !concerned || (body.is_some() && body == blanked) {
                    continue;
                }
                let blanked = blanked.map_or(Ok("{}".to_owned()), |b| serde_json::to_string(&b));
                let blanked = blanked.map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
                tx.execute("UPDATE command SET body = ?2 WHERE id = ?1", params![id, blanked])?;
                tx.execute("DELETE FROM settled WHERE id = ?1", [&id])?;
                tx.execute("DELETE FROM command WHERE id = ?1 AND state = 'accepted'", [&id])?;
                tx.execute(
                    "UPDATE command SET state = 'set_aside', code = NULL, reason = ?2, since = NULL
                     WHERE id = ?1",
                    params![id, ERASED],
                )?;
            }
            settle(tx)
        })
    }

    /// What drafts and commands are about, settled ones too.
    pub fn streams(&self) -> Result<BTreeSet<StreamId>, Error> {
        self.read("reading what was typed about", |c| {
            let mut streams = BTreeSet::new();
            for (_, _, text) in bodies(c)? {
                if let Ok(body) = serde_json::from_str::<CommandBody>(&text) {
                    streams.insert(body.stream());
                    if let CommandBody::LogCall(draft) = &body {
                        streams.insert(draft.customer.into());
                    }
                }
            }
            let mut statement = c.prepare_cached("SELECT DISTINCT conversation FROM draft")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                streams.insert(ConversationId(super::commands::uuid(row, 0)?).into());
            }
            Ok(streams)
        })
    }

    /// Forgets what was accepted, settled or not, since it has happened, and what [`Outbox::out_of_sight`] says.
    pub fn withdrawn(&self, stream: StreamId) -> Result<(), Error> {
        self.write("forgetting what is withdrawn", |tx| {
            tx.execute("DELETE FROM command WHERE stream = ?1 AND state = 'accepted'", [stream.to_string()])?;
            out_of_sight(tx, stream)?;
            settle(tx)
        })
    }

    /// Forgets what was settled about a stream that this desk does not hold any more, and takes the recipient
    /// out of answers that have come back from there. What is still on its way keeps it: without, it might go
    /// to somebody else.
    pub fn out_of_sight(&self, stream: StreamId) -> Result<(), Error> {
        self.write("forgetting what is not here any more", |tx| out_of_sight(tx, stream))
    }
}

fn out_of_sight(tx: &Connection, stream: StreamId) -> rusqlite::Result<()> {
    settled::forget(tx, stream)?;
    tx.prepare_cached(
        "UPDATE command SET body = json_set(body, '$.to', '')
         WHERE stream = ?1 AND body ->> '$.do' = 'reply'
           AND state IN ('refused', 'look_again', 'set_aside')",
    )?
    .execute([stream.to_string()])?;
    Ok(())
}

/// Of every command, settled ones too: its id, the stream it is about, and its body.
fn bodies(tx: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    tx.prepare_cached("SELECT id, stream, body FROM command UNION ALL SELECT id, stream, body FROM settled")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}
