//! Rows of events and decisions.

use evendesk_domain::id::CommandId;
use evendesk_domain::stream::Recorded;
use evendesk_domain::time::Timestamp;
use tokio_postgres::Row;

use super::{Lost, id, store, unsigned};
use crate::row::EventRow;
use crate::{Decision, Error};

/// Begins every query that `row` reads.
macro_rules! events {
    ($rest:literal) => {
        concat!("SELECT seq, stream_kind, stream_id, at, actor, command, payload FROM event ", $rest)
    };
}

pub(super) const AFTER: &str = events!("WHERE seq > $1 ORDER BY seq LIMIT $2");
pub(super) const OF_STREAM: &str = events!("WHERE stream_id = $1 AND stream_kind = $2 ORDER BY seq");
pub(super) const ONE: &str = events!("WHERE seq = $1");
pub(super) const DECISION: &str = "SELECT command, outcome, at FROM decision WHERE command = $1";

pub(super) fn row(row: &Row) -> Result<EventRow, Lost> {
    Ok(EventRow {
        seq: unsigned(row.try_get(0)?),
        stream_kind: row.try_get(1)?,
        stream_id: id(row, 2)?,
        at: row.try_get(3)?,
        actor: row.try_get(4)?,
        command: row.try_get(5)?,
        payload: row.try_get(6)?,
    })
}

pub(super) fn recorded(rows: &[Row]) -> Result<Vec<Recorded>, Error> {
    let one = |found| row(found).map_err(|e| store("read an event", e))?.into_recorded();
    rows.iter().map(one).collect()
}

pub(super) fn decision(row: &Row) -> Result<Decision, Lost> {
    Ok(Decision {
        command: CommandId(id(row, 0)?),
        outcome: row.try_get(1)?,
        at: Timestamp::from_millis(row.try_get(2)?),
    })
}
