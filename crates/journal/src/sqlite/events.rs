//! Events and decisions.

use evendesk_domain::event::Event;
use evendesk_domain::id::CommandId;
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::Doing;
use crate::row::EventRow;
use crate::{Batch, Decision, Error};

const COLUMNS: &str = "SELECT seq, stream_kind, stream_id, at, actor, command, payload FROM event";

pub(super) fn append(connection: &Connection, epoch: u64, batch: &Batch) -> Result<(), Error> {
    #[cfg(feature = "faults")]
    if crate::faults::is_unfenced() {
        return append_unfenced(connection, batch);
    }
    let head = fence(connection, epoch)?;
    let to = batch.end()?;
    if batch.base != head {
        return Err(Error::Behind { head });
    }
    blank(connection, &batch.blanked)?;
    insert(connection, &batch.events)?;
    keep_decisions(connection, &batch.decisions)?;
    connection
        .prepare_cached("UPDATE workspace SET head = ?1")
        .and_then(|mut s| s.execute([to]))
        .doing("move the journal's head")?;
    Ok(())
}

pub(super) fn is_any(connection: &Connection) -> Result<bool, Error> {
    connection
        .query_row("SELECT EXISTS (SELECT 1 FROM event)", [], |row| row.get(0))
        .doing("look into the journal")
}

/// As it must not be done: neither epoch nor head is asked for.
#[cfg(feature = "faults")]
fn append_unfenced(connection: &Connection, batch: &Batch) -> Result<(), Error> {
    let mut head: u64 = connection
        .query_row("SELECT head FROM workspace", [], |row| row.get(0))
        .doing("read the journal's head")?;
    blank(connection, &batch.blanked)?;
    for event in &batch.events {
        head += 1;
        insert(connection, &[Recorded { seq: head, ..event.clone() }])?;
    }
    keep_decisions(connection, &batch.decisions)?;
    connection.execute("UPDATE workspace SET head = ?1", [head]).doing("move the journal's head")?;
    Ok(())
}

fn keep_decisions(connection: &Connection, decisions: &[Decision]) -> Result<(), Error> {
    let sql = "INSERT INTO decision (command, outcome, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let mut statement = connection.prepare_cached(sql).doing("keep a decision")?;
    for decision in decisions {
        let kept = statement
            .execute(params![decision.command.0, decision.outcome, decision.at.millis()])
            .doing("keep a decision")?;
        if kept == 0 {
            return Err(Error::Decided);
        }
    }
    Ok(())
}

/// Holds a writer to its epoch; returns the head.
fn fence(connection: &Connection, epoch: u64) -> Result<u64, Error> {
    let found = connection
        .prepare_cached("SELECT epoch, head FROM workspace")
        .and_then(|mut s| s.query_row([], |row| Ok((row.get::<_, u64>(0)?, row.get(1)?))).optional())
        .doing("read the journal's head")?;
    match found {
        None => Err(Error::NoWorkspace),
        Some((theirs, _)) if theirs != epoch => Err(Error::Fenced { ours: epoch, theirs }),
        Some((_, head)) => Ok(head),
    }
}

fn insert(connection: &Connection, events: &[Recorded]) -> Result<(), Error> {
    let sql = "INSERT INTO event (seq, stream_id, stream_kind, at, actor, command, payload)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut statement = connection.prepare_cached(sql).doing("keep an event")?;
    for row in events.iter().map(EventRow::of) {
        statement
            .execute(params![
                row.seq,
                row.stream_id,
                row.stream_kind,
                row.at,
                row.actor,
                row.command,
                row.payload,
            ])
            .doing("keep an event")?;
    }
    Ok(())
}

pub(super) fn read(connection: &Connection, after: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
    let sql = format!("{COLUMNS} WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    collect(connection, &sql, params![after, limit])
}

pub(super) fn read_stream(connection: &Connection, stream: StreamId) -> Result<Vec<Recorded>, Error> {
    let sql = format!("{COLUMNS} WHERE stream_id = ?1 AND stream_kind = ?2 ORDER BY seq");
    collect(connection, &sql, params![stream.id, stream.kind.name()])
}

pub(super) fn event(connection: &Connection, seq: u64) -> Result<Option<Recorded>, Error> {
    Ok(collect(connection, &format!("{COLUMNS} WHERE seq = ?1"), [seq])?.pop())
}

fn collect(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<Recorded>, Error> {
    let mut statement = connection.prepare_cached(sql).doing("read the journal")?;
    let mut rows = statement.query(params).doing("read the journal")?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().doing("read the journal")? {
        found.push(read_row(row).doing("read an event")?.into_recorded()?);
    }
    Ok(found)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        seq: row.get(0)?,
        stream_kind: row.get(1)?,
        stream_id: row.get(2)?,
        at: row.get(3)?,
        actor: row.get(4)?,
        command: row.get(5)?,
        payload: row.get(6)?,
    })
}

pub(super) fn decision(connection: &Connection, command: CommandId) -> Result<Option<Decision>, Error> {
    let read = |row: &Row<'_>| {
        Ok(Decision { command, outcome: row.get(0)?, at: Timestamp::from_millis(row.get(1)?) })
    };
    connection
        .prepare_cached("SELECT outcome, at FROM decision WHERE command = ?1")
        .and_then(|mut s| s.query_row([command.0], read).optional())
        .doing("look a decision up")
}

fn blank(connection: &Connection, blanked: &[(u64, Event)]) -> Result<(), Error> {
    for (seq, event) in blanked {
        let before = self::event(connection, *seq)?.ok_or(Error::NotTheSame { seq: *seq })?;
        if std::mem::discriminant(&before.event) != std::mem::discriminant(event) {
            return Err(Error::NotTheSame { seq: *seq });
        }
        connection
            .prepare_cached("UPDATE event SET payload = ?2 WHERE seq = ?1")
            .and_then(|mut s| s.execute(params![seq, event.to_text()]))
            .doing("blank an event")?;
    }
    Ok(())
}
