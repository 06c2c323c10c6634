//! The events of the streams a desk holds, as they came: what its rows are folded from again.

use evendesk_domain::event::Event;
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::{Doing, Error};
use crate::{PROVISIONAL, Writer};
use evendesk_domain::id::CommandId;
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY,
    stream_kind TEXT NOT NULL,
    stream BLOB NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    command BLOB,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_by_stream ON event (stream, stream_kind, seq);
";

const COLUMNS: &str = "seq, stream_kind, stream, at, actor, command, payload";

pub(crate) fn keep(db: &Connection, recorded: &Recorded) -> Result<(), Error> {
    keep_in(db, "main.event", recorded)
}

pub(crate) fn keep_in(db: &Connection, table: &str, recorded: &Recorded) -> Result<(), Error> {
    let actor = serde_json::to_string(&recorded.by).map_err(|_| Error::Damaged { what: "an actor" })?;
    db.prepare_cached(&format!(
        "INSERT INTO {table} (seq, stream_kind, stream, at, actor, command, payload)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (seq) DO UPDATE SET payload = excluded.payload"
    ))
    .and_then(|mut s| {
        s.execute((
            recorded.seq.cast_signed(),
            recorded.stream.kind.name(),
            recorded.stream.id,
            recorded.at.millis(),
            actor,
            recorded.command.map(|c| c.0),
            recorded.event.to_text(),
        ))
    })
    .doing("keep an event")?;
    Ok(())
}

type Raw = (i64, String, uuid::Uuid, i64, String, Option<uuid::Uuid>, String);

fn raw(row: &Row) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
}

fn recorded((seq, kind, id, at, actor, command, payload): Raw) -> Result<Recorded, Error> {
    let damaged = Error::Damaged { what: "a kept event" };
    let Some(kind) = StreamKind::from_name(&kind) else { return Err(damaged) };
    let Ok(by) = serde_json::from_str::<Actor>(&actor) else { return Err(damaged) };
    let Ok(event) = Event::from_text(&payload) else { return Err(damaged) };
    Ok(Recorded {
        seq: seq.cast_unsigned(),
        stream: StreamId { kind, id },
        at: Timestamp::from_millis(at),
        by,
        command: command.map(CommandId),
        event,
    })
}

pub(crate) fn of_stream(db: &Connection, stream: StreamId) -> Result<Vec<Recorded>, Error> {
    let rows: Vec<Raw> = db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM event WHERE stream = ?1 AND stream_kind = ?2 ORDER BY seq"
        ))
        .and_then(|mut s| s.query_map((stream.id, stream.kind.name()), raw)?.collect())
        .doing("read a stream's events")?;
    rows.into_iter().map(recorded).collect()
}

pub(crate) fn at(db: &Connection, seq: u64) -> Result<Option<Recorded>, Error> {
    let row = db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM event WHERE seq = ?1"))
        .and_then(|mut s| s.query_row([seq.cast_signed()], raw).optional())
        .doing("read an event")?;
    row.map(recorded).transpose()
}

pub(crate) fn forget(db: &Connection, stream: StreamId) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM event WHERE stream = ?1 AND stream_kind = ?2")
        .and_then(|mut s| s.execute((stream.id, stream.kind.name())))
        .doing("forget a stream's events")?;
    Ok(())
}

fn drop_provisional(db: &Connection, stream: StreamId) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM event WHERE stream = ?1 AND stream_kind = ?2 AND seq >= ?3")
        .and_then(|mut s| s.execute((stream.id, stream.kind.name(), PROVISIONAL.cast_signed())))
        .doing("drop provisional events")?;
    Ok(())
}

impl Writer<'_> {
    /// The stream's events as this desk holds them, provisional ones last.
    pub fn kept_events(&self, stream: StreamId) -> Result<Vec<Recorded>, Error> {
        of_stream(&self.tx, stream)
    }

    /// Streams that hold provisional events.
    pub fn provisional_streams(&self) -> Result<Vec<StreamId>, Error> {
        self.streams_from(PROVISIONAL)
    }

    /// Every stream of which events are kept, also where its rows are still to come.
    pub fn kept_streams(&self) -> Result<Vec<StreamId>, Error> {
        self.streams_from(0)
    }

    fn streams_from(&self, seq: u64) -> Result<Vec<StreamId>, Error> {
        let rows: Vec<(String, uuid::Uuid)> = self
            .tx
            .prepare_cached("SELECT DISTINCT stream_kind, stream FROM event WHERE seq >= ?1")
            .and_then(|mut s| s.query_map([seq.cast_signed()], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .doing("find the streams of events")?;
        rows.into_iter()
            .map(|(kind, id)| {
                let kind = StreamKind::from_name(&kind).ok_or(Error::Damaged { what: "a stream's kind" })?;
                Ok(StreamId { kind, id })
            })
            .collect()
    }

    /// Puts events in the place of those kept under the same seqs, adds what is new, and folds the stream
    /// again. Nothing happens to a stream of which nothing is here, unless it begins after `cursor`: the
    /// rest of it would be missing.
    pub fn replace_kept(&self, stream: StreamId, events: &[Recorded], cursor: u64) -> Result<(), Error> {
        let here = of_stream(&self.tx, stream)?.iter().any(|e| e.seq < PROVISIONAL);
        let begins = events.first().is_some_and(|e| e.seq > cursor);
        if !here && !begins {
            return Ok(());
        }
        for recorded in events {
            keep(&self.tx, recorded)?;
        }
        self.refold_kept(stream)
    }

    /// Drops the stream's rows and provisional events, and folds again what the server has said.
    pub fn refold_kept(&self, stream: StreamId) -> Result<(), Error> {
        let mut events = of_stream(&self.tx, stream)?;
        events.retain(|e| e.seq < PROVISIONAL);
        if !events.is_empty() && self.awaits_part(stream)? {
            return drop_provisional(&self.tx, stream);
        }
        self.refold(stream, &events)
    }
}
