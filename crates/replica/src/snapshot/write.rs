//! Writing a part, on a server.

use std::collections::BTreeSet;
use std::path::Path;

use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::permission::Scope;
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use uuid::Uuid;

use super::{Begin, HISTORY, STAMP, Stamp, Turn, tables};
use crate::customer::Merges;
use crate::error::{Doing, Error};
use crate::{Readers, dump, event, store, world};

/// Streams looked at between two looks at the size of the part.
const STRIDE: usize = 64;
/// A part of history ends once it has so many bytes, or so many streams.
const HISTORY_BYTES: u64 = 6 * 1024 * 1024;
const HISTORY_STREAMS: usize = 2_000;

/// What a part is to hold, and who says so.
pub struct Pen<'a> {
    pub begin: Begin,
    /// The name of what its reader may see, and whether they may see a stream.
    pub visible_set: &'a str,
    pub may_see: &'a dyn Fn(Scope) -> bool,
    /// A stream's events, as the journal has them.
    pub events: &'a dyn Fn(StreamId) -> Result<Vec<Recorded>, Error>,
    /// Ends parts of history earlier: for tests.
    pub most_streams: Option<usize>,
}

impl Readers {
    /// Writes a part into `file`, which must be empty.
    pub fn write_part(&self, file: &Path, pen: &Pen<'_>) -> Result<Stamp, Error> {
        // Only read: but what is attached to a read-only connection is read-only too.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = store::open(self.path(), flags)?;
        let name = file.to_str().ok_or(Error::Damaged { what: "the name of a part's file" })?;
        db.execute("ATTACH ?1 AS part", [name]).doing("begin a part")?;
        db.execute_batch("PRAGMA part.journal_mode = OFF; PRAGMA part.synchronous = OFF;")
            .doing("begin a part")?;
        let tx = db.transaction().doing("begin a part")?;
        let stamp = Part { db: &tx, pen, cursor: position(&tx)?.1, written: BTreeSet::new() }.write()?;
        tx.commit().doing("end a part")?;
        Ok(stamp)
    }
}

fn position(db: &Connection) -> Result<(Uuid, u64), Error> {
    let found: Option<(Option<Uuid>, i64)> = db
        .query_row("SELECT incarnation, cursor FROM position", [], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()
        .doing("tell its position")?;
    match found {
        Some((Some(incarnation), cursor)) => Ok((incarnation, cursor.cast_unsigned())),
        _ => Err(Error::Damaged { what: "its position" }),
    }
}

struct Part<'a> {
    db: &'a Connection,
    pen: &'a Pen<'a>,
    cursor: u64,
    written: BTreeSet<StreamId>,
}

impl Part<'_> {
    fn write(mut self) -> Result<Stamp, Error> {
        self.make_tables()?;
        let through = match self.pen.begin {
            Begin::Start => {
                self.start()?;
                None
            }
            Begin::History(after) => self.history(after)?,
        };
        let left = match (self.pen.begin, through) {
            (Begin::Start, _) => self.count(None)?,
            (_, Some(place)) => self.count(Some(place))?,
            (_, None) => 0,
        };
        self.stamp(through, left)
    }

    /// As the replica has them, without their indexes: those are the reader's.
    fn make_tables(&self) -> Result<(), Error> {
        for table in tables() {
            let sql: String = self
                .db
                .query_row(
                    "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?1",
                    [table],
                    |r| r.get(0),
                )
                .doing("make a part's tables")?;
            let body = sql.split_once('(').map_or("", |(_, body)| body);
            self.db
                .execute_batch(&format!("CREATE TABLE part.{table} ({body}"))
                .doing("make a part's tables")?;
        }
        self.db.execute_batch(STAMP).doing("make a part's tables")
    }

    fn start(&mut self) -> Result<(), Error> {
        for kind in [StreamKind::Team, StreamKind::User, StreamKind::Account, StreamKind::Workspace] {
            let of_kind = format!("SELECT stream FROM aggregate WHERE stream_kind = '{}'", kind.name());
            for id in self.ids(&of_kind, None)? {
                self.copy(StreamId { kind, id })?;
            }
        }
        for id in self.ids("SELECT id FROM terms", None)? {
            self.copy(StreamId { kind: StreamKind::Terms, id })?;
        }
        let merges = Merges::read(self.db)?;
        for (id, customer) in self.unresolved()? {
            if self.copy(ConversationId(id).into())? {
                self.copy(CustomerId(customer).into())?;
                self.copy(CustomerId(merges.root(customer)).into())?;
            }
        }
        for id in self.ids("SELECT id FROM feedback WHERE status NOT IN ('closed', 'withdrawn')", None)? {
            self.copy(StreamId { kind: StreamKind::Feedback, id })?;
        }
        Ok(())
    }

    fn unresolved(&self) -> Result<Vec<(Uuid, Uuid)>, Error> {
        self.db
            .prepare("SELECT id, customer FROM conversation WHERE status <> 'resolved'")
            .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .doing("find what is open")
    }

    /// Returns the last place, unless nothing follows it.
    fn history(&mut self, after: Option<Turn>) -> Result<Option<Turn>, Error> {
        let most = self.pen.most_streams.unwrap_or(HISTORY_STREAMS);
        let mut at = after;
        while let Some(streams) = self.next_streams(at, STRIDE.min(most))? {
            for stream in &streams {
                self.copy(*stream)?;
                at = Some(Turn(*stream));
            }
            if self.written.len() >= most || self.bytes()? >= HISTORY_BYTES {
                return Ok(
                    at.filter(|place| matches!(self.next_streams(Some(*place), 1), Ok(Some(_)) | Err(_)))
                );
            }
        }
        Ok(None)
    }

    /// The next few streams in the order of history, all of one kind; none at its end.
    fn next_streams(&self, after: Option<Turn>, most: usize) -> Result<Option<Vec<StreamId>>, Error> {
        for kind in HISTORY {
            let before = match after {
                Some(Turn(place)) if place.kind == kind => place.id,
                Some(place) if !place.is_before(StreamId { kind, id: Uuid::nil() }) => continue,
                _ => Uuid::max(),
            };
            let sql = format!(
                "SELECT stream FROM aggregate WHERE stream_kind = '{}' AND stream < ?1 ORDER BY stream DESC LIMIT {most}",
                kind.name()
            );
            let streams: Vec<StreamId> =
                self.ids(&sql, Some(before))?.into_iter().map(|id| StreamId { kind, id }).collect();
            if !streams.is_empty() {
                return Ok(Some(streams));
            }
        }
        Ok(None)
    }

    /// How many streams history has behind a place, whoever may see them.
    fn count(&self, after: Option<Turn>) -> Result<u64, Error> {
        let mut count = 0;
        for kind in HISTORY {
            let all = after.is_none_or(|place| place.is_before(StreamId { kind, id: Uuid::nil() }));
            if !all && after.is_none_or(|place| place.0.kind != kind) {
                continue;
            }
            let before = after.filter(|place| place.0.kind == kind).map_or(Uuid::max(), |place| place.0.id);
            let found: i64 = self
                .db
                .prepare_cached("SELECT count(*) FROM aggregate WHERE stream_kind = ?1 AND stream < ?2")
                .and_then(|mut s| s.query_row((kind.name(), before), |r| r.get(0)))
                .doing("count what is left")?;
            count += found.unsigned_abs();
        }
        Ok(count)
    }

    fn ids(&self, sql: &str, before: Option<Uuid>) -> Result<Vec<Uuid>, Error> {
        let mut statement = self.db.prepare_cached(sql).doing("find streams")?;
        let all = rusqlite::params_from_iter(before);
        statement.query_map(all, |r| r.get(0)).and_then(Iterator::collect).doing("find streams")
    }

    /// Copies a stream's rows and events, if its reader may see it. Every stream passes here.
    fn copy(&mut self, stream: StreamId) -> Result<bool, Error> {
        let seen = world::scope(self.db, stream)?.is_some_and(|scope| (self.pen.may_see)(scope));
        if !seen || !self.written.insert(stream) {
            return Ok(seen);
        }
        for (table, column, _) in dump::tables(stream.kind) {
            self.db
                .prepare_cached(&format!(
                    "INSERT INTO part.{table} SELECT * FROM main.{table} WHERE {column} = ?1"
                ))
                .and_then(|mut s| s.execute([stream.id]))
                .doing("copy a stream")?;
        }
        self.db
            .prepare_cached(
                "INSERT INTO part.aggregate SELECT * FROM main.aggregate WHERE stream = ?1 AND stream_kind = ?2",
            )
            .and_then(|mut s| s.execute((stream.id, stream.kind.name())))
            .doing("copy a stream")?;
        for recorded in (self.pen.events)(stream)?.iter().filter(|e| e.seq <= self.cursor) {
            event::keep_in(self.db, "part.event", recorded)?;
        }
        Ok(true)
    }

    fn bytes(&self) -> Result<u64, Error> {
        let of = |pragma| self.db.pragma_query_value(Some("part"), pragma, |r| r.get::<_, i64>(0));
        let pages = of("page_count").doing("measure a part")?;
        let size = of("page_size").doing("measure a part")?;
        Ok((pages * size).unsigned_abs())
    }

    fn stamp(&self, through: Option<Turn>, left: u64) -> Result<Stamp, Error> {
        let (incarnation, cursor) = position(self.db)?;
        let stamp = Stamp {
            incarnation,
            cursor,
            read_model: store::fingerprint().to_owned(),
            visible_set: self.pen.visible_set.to_owned(),
            begin: self.pen.begin,
            through,
            left,
        };
        self.db
            .execute(
                "INSERT INTO part.stamp VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    stamp.incarnation,
                    stamp.cursor.cast_signed(),
                    &stamp.read_model,
                    &stamp.visible_set,
                    stamp.begin.to_string(),
                    stamp.through.map(|place| place.to_string()),
                    stamp.left.cast_signed(),
                ),
            )
            .doing("stamp a part")?;
        Ok(stamp)
    }
}
