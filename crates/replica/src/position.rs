//! How far the fold has come, and in which journal.

use rusqlite::OptionalExtension;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Reader, Writer};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS position (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    incarnation BLOB,
    cursor INTEGER NOT NULL,
    -- What tells the event at the cursor from another one in its place; empty where that is not known.
    mark TEXT NOT NULL DEFAULT ''
) STRICT;
";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Of the journal; none before the first contact with one.
    pub incarnation: Option<Uuid>,
    /// Everything up to and including this is folded.
    pub cursor: u64,
}

fn read(db: &rusqlite::Connection) -> Result<Position, Error> {
    let row = db
        .prepare_cached("SELECT incarnation, cursor FROM position")
        .and_then(|mut s| {
            s.query_row([], |r| {
                Ok(Position { incarnation: r.get(0)?, cursor: r.get::<_, i64>(1)?.cast_unsigned() })
            })
            .optional()
        })
        .doing("tell its position")?;
    Ok(row.unwrap_or_default())
}

fn mark(db: &rusqlite::Connection) -> Result<String, Error> {
    let row = db
        .prepare_cached("SELECT mark FROM position")
        .and_then(|mut s| s.query_row([], |r| r.get(0)).optional())
        .doing("tell its position")?;
    Ok(row.unwrap_or_default())
}

impl Writer<'_> {
    pub fn position(&self) -> Result<Position, Error> {
        read(&self.tx)
    }

    /// What was kept of the event at the cursor; empty where nothing was.
    pub fn mark(&self) -> Result<String, Error> {
        mark(&self.tx)
    }

    /// Keeps what tells the event at the cursor from another one in its place.
    pub fn set_mark(&self, mark: &str) -> Result<(), Error> {
        self.tx
            .prepare_cached("UPDATE position SET mark = ?1")
            .and_then(|mut s| s.execute([mark]))
            .doing("keep its position")?;
        Ok(())
    }

    /// Moves on; what was kept of the event at the cursor before goes.
    pub fn set_position(&self, position: Position) -> Result<(), Error> {
        self.tx
            .prepare_cached(
                "INSERT INTO position (one, incarnation, cursor) VALUES (1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE SET incarnation = excluded.incarnation, cursor = excluded.cursor,
                     mark = ''",
            )
            .and_then(|mut s| s.execute((position.incarnation, position.cursor.cast_signed())))
            .doing("keep its position")?;
        Ok(())
    }
}

impl Reader {
    pub fn position(&self) -> Result<Position, Error> {
        read(self.db())
    }

    /// What was kept of the event at the cursor; empty where nothing was.
    pub fn mark(&self) -> Result<String, Error> {
        mark(self.db())
    }
}
