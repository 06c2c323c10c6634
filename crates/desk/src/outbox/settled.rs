//! What was accepted, kept for a while: a server that is restored from a backup may have forgotten it, and is
//! offered it again. Nothing of it is shown, and it goes with what it is about.

use std::collections::BTreeSet;

use evendesk_domain::id::{CommandId, UserId};
use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::Outbox;
use super::commands::{settle, stored};
use crate::error::Error;

/// No backup that is worth restoring is older.
pub const KEPT_DAYS: i64 = 30;
pub const KEPT_COMMANDS: i64 = 2_000;
/// Of their bodies, together.
pub const KEPT_CHARACTERS: i64 = 4 << 20;

impl Outbox {
    /// Puts away what is settled: accepted up to `cursor`, and those whose own events have been stored,
    /// which proves as much as an answer.
    pub fn settled(&self, cursor: u64, with_events: &[CommandId], now: Timestamp) -> Result<(), Error> {
        self.write("putting away what is settled", |tx| {
            let mut done: BTreeSet<(i64, String)> = tx
                .prepare_cached("SELECT place, id FROM command WHERE accepted_seq <= ?1")?
                .query_map([stored(cursor)], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            for id in with_events {
                let mut found = tx.prepare_cached("SELECT place, id FROM command WHERE id = ?1")?;
                let mut rows = found.query([id.to_string()])?;
                while let Some(row) = rows.next()? {
                    done.insert((row.get(0)?, row.get(1)?));
                }
            }
            done.iter().try_for_each(|(_, id)| put_away(tx, id))?;
            bound(tx, now)?;
            settle(tx)
        })
    }

    /// In another journal than the one they were offered to: what `author` had accepted there of late, and
    /// what may have been, is on its way again, in its order and before everything else. How many there are.
    pub fn offer_again(&self, author: UserId, journal: Uuid) -> Result<usize, Error> {
        #[cfg(feature = "faults")]
        if crate::faults::is(crate::faults::Fault::NothingOffered) {
            return Ok(0);
        }
        let (author, journal) = (author.to_string(), journal.to_string());
        self.write("offering again what was accepted", |tx| {
            let first: i64 = tx.query_row("SELECT min(0, min(place)) FROM command", [], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.unwrap_or(0))
            })?;
            let again = tx.execute(
                "INSERT INTO command (place, id, author, made_at, stream, body, state, incarnation, reoffered)
                 SELECT ?3 - row_number() OVER (ORDER BY place DESC), id, author, made_at, stream, body,
                     'waiting', incarnation, 1
                 FROM settled WHERE author = ?1 AND incarnation <> ?2
                 ON CONFLICT (id) DO NOTHING",
                params![author, journal, first],
            )?;
            tx.execute("DELETE FROM settled WHERE author = ?1 AND incarnation <> ?2", [&author, &journal])?;
            let doubtful = tx.execute(
                "UPDATE command SET state = 'waiting', accepted_seq = NULL, reoffered = 1
                 WHERE author = ?1 AND incarnation <> ?2 AND state IN ('sent', 'accepted')",
                [&author, &journal],
            )?;
            if again + doubtful > 0 {
                // What they followed may be known to the other journal alone.
                tx.execute(
                    "UPDATE command SET depends_on = NULL
                     WHERE author = ?1 AND state IN ('waiting', 'held')
                       AND depends_on NOT IN (SELECT id FROM command)",
                    [&author],
                )?;
                settle(tx)?;
            }
            Ok(again + doubtful)
        })
    }

    /// Forgets what was settled about a stream.
    pub fn settled_gone(&self, stream: StreamId) -> Result<(), Error> {
        self.write("forgetting what was settled", |tx| forget(tx, stream))
    }
}

/// What an agent had set aside meanwhile, or was never known to leave for a journal, is not kept.
fn put_away(tx: &Connection, id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO settled (id, author, made_at, stream, body, incarnation)
         SELECT id, author, made_at, stream, body, incarnation FROM command
         WHERE id = ?1 AND incarnation IS NOT NULL AND state IN ('waiting', 'sent', 'accepted')
         ON CONFLICT (id) DO NOTHING",
    )?
    .execute([id])?;
    tx.prepare_cached("DELETE FROM command WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// The oldest go where there are too many, and what is too old in any case.
fn bound(tx: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let since = now.plus_seconds(-KEPT_DAYS * 86_400).millis();
    tx.prepare_cached("DELETE FROM settled WHERE made_at < ?1")?.execute([since])?;
    tx.prepare_cached(
        "DELETE FROM settled WHERE place IN (
             SELECT place FROM (
                 SELECT place, row_number() OVER newest AS nth, sum(length(body)) OVER newest AS characters
                 FROM settled WINDOW newest AS (ORDER BY place DESC)
             ) WHERE nth > ?1 OR characters > ?2)",
    )?
    .execute([KEPT_COMMANDS, KEPT_CHARACTERS])?;
    Ok(())
}

pub(super) fn forget(tx: &Connection, stream: StreamId) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM settled WHERE stream = ?1")?.execute([stream.to_string()])?;
    Ok(())
}
