//! Installing a part, on a desk.

use std::fmt::Write as _;
use std::path::Path;

use evendesk_domain::stream::{StreamId, StreamKind};
use rusqlite::OptionalExtension as _;
use uuid::Uuid;

use super::{Begin, STAMP, Stamp, Turn, tables};
use crate::error::{Doing, Error};
use crate::{PROVISIONAL, Position, Replica, Writer, dump, event};

const DAMAGED: Error = Error::Damaged { what: "a part of a snapshot" };

/// A part that was looked into and is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub stamp: Stamp,
    /// In it.
    pub streams: Vec<StreamId>,
}

impl Replica {
    /// Looks into a part before anything is taken from it, and keeps it at hand for [`Writer::install`]
    /// until [`Replica::put_part_away`].
    pub fn look_into_part(&mut self, file: &Path) -> Result<Received, Error> {
        self.put_part_away()?;
        let name = file.to_str().ok_or(DAMAGED)?;
        self.connection.execute("ATTACH ?1 AS part", [name]).doing("open a part")?;
        let received = self.check_tables().and_then(|()| {
            let stamp = self.stamp()?.ok_or(DAMAGED)?;
            Ok(Received { stamp, streams: self.streams_of_part()? })
        });
        if received.is_err() {
            self.put_part_away()?;
        }
        received
    }

    pub fn put_part_away(&mut self) -> Result<(), Error> {
        let open: bool = self
            .connection
            .query_row("SELECT EXISTS (SELECT 1 FROM pragma_database_list WHERE name = 'part')", [], |r| {
                r.get(0)
            })
            .doing("close a part")?;
        if open {
            self.connection.execute_batch("DETACH part").doing("close a part")?;
        }
        Ok(())
    }

    /// The tables there are ours and plain: no trigger, no view, nothing that runs.
    fn check_tables(&self) -> Result<(), Error> {
        let strange: i64 = self
            .connection
            .query_row(
                "SELECT count(*) FROM part.sqlite_master
                 WHERE type <> 'table' AND NOT (type = 'index' AND sql IS NULL)",
                [],
                |r| r.get(0),
            )
            .doing("look into a part")?;
        if strange != 0 {
            return Err(DAMAGED);
        }
        let body = |schema: &str, table: &str| -> Result<Option<String>, Error> {
            let sql = format!("SELECT sql FROM {schema}.sqlite_master WHERE name = ?1");
            let found: Option<String> = self
                .connection
                .query_row(&sql, [table], |r| r.get(0))
                .optional()
                .doing("look into a part")?;
            Ok(found.and_then(|sql| sql.split_once('(').map(|(_, body)| body.to_owned())))
        };
        for table in tables() {
            if body("part", table)?.is_none() || body("part", table)? != body("main", table)? {
                return Err(DAMAGED);
            }
        }
        let stamp = STAMP.split_once('(').map(|(_, body)| body.to_owned());
        if body("part", "stamp")? == stamp { Ok(()) } else { Err(DAMAGED) }
    }

    fn stamp(&self) -> Result<Option<Stamp>, Error> {
        type Row = (Uuid, i64, String, String, String, Option<String>, i64);
        let row: Option<Row> = self
            .connection
            .query_row(
                "SELECT incarnation, cursor, read_model, visible_set, begins, through, remaining FROM part.stamp",
                [],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?)),
            )
            .optional()
            .doing("read a part's stamp")?;
        let Some((incarnation, cursor, read_model, visible_set, begin, through, left)) = row else {
            return Ok(None);
        };
        let through: Option<Turn> = through.map(|text| text.parse()).transpose().map_err(|()| DAMAGED)?;
        Ok(Some(Stamp {
            incarnation,
            cursor: cursor.cast_unsigned(),
            read_model,
            visible_set,
            begin: begin.parse().map_err(|()| DAMAGED)?,
            through,
            left: left.unsigned_abs(),
        }))
    }

    fn streams_of_part(&self) -> Result<Vec<StreamId>, Error> {
        let found: Vec<(String, Uuid)> = self
            .connection
            .prepare(
                "SELECT stream_kind, stream FROM part.aggregate UNION SELECT 'terms', id FROM part.terms",
            )
            .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .doing("list a part's streams")?;
        let stream = |(kind, id): (String, Uuid)| Some(StreamId { kind: StreamKind::from_name(&kind)?, id });
        found.into_iter().map(|row| stream(row).ok_or(DAMAGED)).collect()
    }
}

impl Writer<'_> {
    /// Takes over every stream of the part looked into that is not held yet, with what has come of it since,
    /// and notes how far history is here. The words of its messages are indexed later.
    pub fn install(&self, part: &Received) -> Result<(), Error> {
        let mut new = Vec::new();
        let mut late = Vec::new();
        for stream in &part.streams {
            if !self.holds(*stream)? {
                new.push(*stream);
                let since = event::of_stream(&self.tx, *stream)?.into_iter();
                late.extend(since.filter(|e| e.seq > part.stamp.cursor && e.seq < PROVISIONAL));
            }
        }
        self.take(&new)?;
        self.fold_rows(&late)?;
        let Stamp { incarnation, cursor, through, left, .. } = part.stamp;
        if part.stamp.begin == Begin::Start {
            self.set_position(Position { incarnation: Some(incarnation), cursor })?;
            self.set_visible_set(&part.stamp.visible_set)?;
            self.begin_history(left)
        } else {
            self.history_is_here(through, left)
        }
    }

    /// Kind by kind and table by table: the part has no indexes, so that to look for one stream is to read
    /// all of it.
    fn take(&self, streams: &[StreamId]) -> Result<(), Error> {
        let taking = "take what a part has";
        let make = "CREATE TEMP TABLE IF NOT EXISTS taken (id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID";
        self.tx.execute_batch(make).doing(taking)?;
        for kind in StreamKind::ALL {
            self.tx.execute("DELETE FROM taken", []).doing(taking)?;
            let mut note = self.tx.prepare_cached("INSERT INTO taken (id) VALUES (?1)").doing(taking)?;
            for stream in streams.iter().filter(|stream| stream.kind == kind) {
                note.execute([stream.id]).doing(taking)?;
            }
            self.tx.execute_batch(&take_kind(kind)).doing(taking)?;
        }
        Ok(())
    }
}

/// Takes the rows and events of that kind whose stream is in `taken`.
fn take_kind(kind: StreamKind) -> String {
    let mut sql = String::new();
    if kind == StreamKind::Conversation {
        sql.push_str(
            "INSERT INTO unindexed (seq)
             SELECT seq FROM part.message WHERE conversation IN (SELECT id FROM taken);",
        );
    }
    for (table, column, _) in dump::tables(kind) {
        let _ = write!(
            sql,
            "INSERT INTO main.{table}
             SELECT * FROM part.{table} WHERE {column} IN (SELECT id FROM taken);"
        );
    }
    let of = format!("stream IN (SELECT id FROM taken) AND stream_kind = '{}'", kind.name());
    let _ = write!(
        sql,
        "INSERT INTO main.aggregate SELECT * FROM part.aggregate WHERE {of};
         INSERT OR IGNORE INTO main.event SELECT * FROM part.event WHERE {of};"
    );
    sql
}
