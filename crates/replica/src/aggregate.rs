//! The saved state of each stream's aggregate, so that an event is applied without reading the ones
//! before it. Encoded compactly; another build's encoding is another file.

use evendesk_domain::stream::StreamId;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Doing, Error};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS aggregate (
    stream BLOB NOT NULL,
    stream_kind TEXT NOT NULL,
    state BLOB NOT NULL,
    -- An event of a later version is among those that made it: it lacks what only that version understands.
    newer INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (stream, stream_kind)
) STRICT, WITHOUT ROWID;
";

pub(crate) fn load<T: DeserializeOwned>(db: &Connection, stream: StreamId) -> Result<Option<T>, Error> {
    let bytes: Option<Vec<u8>> = db
        .prepare_cached("SELECT state FROM aggregate WHERE stream = ?1 AND stream_kind = ?2")
        .and_then(|mut s| s.query_row((stream.id, stream.kind.name()), |r| r.get(0)).optional())
        .doing("read a stream's state")?;
    bytes
        .map(|b| postcard::from_bytes(&b).map_err(|_| Error::Damaged { what: "a stream's state" }))
        .transpose()
}

pub(crate) fn exists(db: &Connection, stream: StreamId) -> Result<bool, Error> {
    db.prepare_cached("SELECT 1 FROM aggregate WHERE stream = ?1 AND stream_kind = ?2")
        .and_then(|mut s| s.exists((stream.id, stream.kind.name())))
        .doing("look for a stream")
}

pub(crate) fn save<T: Serialize>(db: &Connection, stream: StreamId, state: &T) -> Result<(), Error> {
    let bytes = postcard::to_stdvec(state).map_err(|_| Error::Damaged { what: "a stream's new state" })?;
    db.prepare_cached(
        "INSERT INTO aggregate (stream, stream_kind, state) VALUES (?1, ?2, ?3)
         ON CONFLICT (stream_kind, stream) DO UPDATE SET state = excluded.state",
    )
    .and_then(|mut s| s.execute((stream.id, stream.kind.name(), bytes)))
    .doing("save a stream's state")?;
    Ok(())
}

/// Notes that a later version has been at work on the stream.
pub(crate) fn is_newer_now(db: &Connection, stream: StreamId) -> Result<(), Error> {
    db.prepare_cached("UPDATE aggregate SET newer = 1 WHERE stream = ?1 AND stream_kind = ?2")
        .and_then(|mut s| s.execute((stream.id, stream.kind.name())))
        .doing("note what a later version did")?;
    Ok(())
}

pub(crate) fn is_newer(db: &Connection, stream: StreamId) -> Result<bool, Error> {
    db.prepare_cached("SELECT 1 FROM aggregate WHERE stream = ?1 AND stream_kind = ?2 AND newer = 1")
        .and_then(|mut s| s.exists((stream.id, stream.kind.name())))
        .doing("look what a later version did")
}

pub(crate) fn forget(db: &Connection, stream: StreamId) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM aggregate WHERE stream = ?1 AND stream_kind = ?2")
        .and_then(|mut s| s.execute((stream.id, stream.kind.name())))
        .doing("forget a stream's state")?;
    Ok(())
}
