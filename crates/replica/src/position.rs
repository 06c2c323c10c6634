//! How far the fold has come, and in which journal.

use rusqlite::OptionalExtension;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Reader, Writer};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS position (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    incarnation BLOB,
    cursor INTEGER NOT NULL
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

impl Writer<'_> {
    pub fn position(&self) -> Result<Position, Error> {
        read(&self.tx)
    }

    pub fn set_position(&self, position: Position) -> Result<(), Error> {
        self.tx
            .prepare_cached(
                "INSERT INTO position (one, incarnation, cursor) VALUES (1, ?1, ?2)
                 ON CONFLICT (one) DO UPDATE SET incarnation = excluded.incarnation, cursor = excluded.cursor",
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
}
