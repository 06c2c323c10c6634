//! A canonical dump of a stream's rows: what `doctor` and the sync promises compare.

use evendesk_domain::stream::{StreamId, StreamKind};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params};
use std::fmt::Write as _;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Reader, Writer};

/// Every table of each kind of stream, with the column that holds the stream's id, in an order that rows
/// alone decide. The state of each is in `aggregate` besides, but for terms.
pub(crate) const fn tables(kind: StreamKind) -> &'static [(&'static str, &'static str, &'static str)] {
    match kind {
        StreamKind::Conversation => &[
            ("conversation", "id", "id"),
            ("timer", "conversation", "ordinal"),
            ("message", "conversation", "seq"),
            ("change", "conversation", "seq"),
            ("copied", "conversation", "seq"),
        ],
        StreamKind::Customer => &[("customer", "id", "id"), ("identity", "customer", "kind, value")],
        StreamKind::Feedback => &[("feedback", "id", "id")],
        StreamKind::Terms => &[("terms", "id", "id")],
        StreamKind::Team => &[("team", "id", "id")],
        StreamKind::User => &[("user", "id", "id")],
        StreamKind::Account => &[("account", "id", "id")],
        StreamKind::Mailbox => &[("ledger", "account", "seq, place")],
        StreamKind::Influencer | StreamKind::Workspace => &[],
    }
}

/// An account and its mailbox are two streams of one id.
const STATE: &str = "SELECT hex(state), newer FROM aggregate WHERE stream = ?1 AND stream_kind = ?2";

fn dump(db: &Connection, stream: StreamId) -> Result<String, Error> {
    let mut text = String::new();
    for (table, column, order) in tables(stream.kind) {
        let sql = format!("SELECT * FROM {table} WHERE {column} = ?1 ORDER BY {order}");
        rows(db, &sql, [stream.id], &mut text).doing("dump a stream")?;
    }
    rows(db, STATE, (stream.id, stream.kind.name()), &mut text).doing("dump a stream's state")?;
    Ok(text)
}

fn rows(db: &Connection, sql: &str, of: impl Params, text: &mut String) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(of)?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            let _ = match row.get_ref(column)? {
                ValueRef::Null => write!(text, "-|"),
                ValueRef::Integer(i) => write!(text, "{i}|"),
                ValueRef::Real(r) => write!(text, "{r}|"),
                ValueRef::Text(t) => write!(text, "{:?}|", String::from_utf8_lossy(t)),
                ValueRef::Blob(b) => write!(text, "{b:02x?}|"),
            };
        }
        text.push('\n');
    }
    Ok(())
}

impl Reader {
    /// The stream's rows as text: equal texts, equal rows.
    pub fn dump_stream(&self, stream: StreamId) -> Result<String, Error> {
        dump(self.db(), stream)
    }

    /// Every stream that has rows.
    pub fn streams(&self) -> Result<Vec<StreamId>, Error> {
        streams(self.db())
    }
}

impl Writer<'_> {
    pub fn dump_stream(&self, stream: StreamId) -> Result<String, Error> {
        dump(&self.tx, stream)
    }

    pub fn streams(&self) -> Result<Vec<StreamId>, Error> {
        streams(&self.tx)
    }

    /// Whether the search index says what a scan of the messages says.
    pub fn search_index_is_whole(&self) -> bool {
        let to_come =
            self.tx.prepare_cached("SELECT 1 FROM unindexed LIMIT 1").and_then(|mut s| s.exists([]));
        matches!(to_come, Ok(false))
            && self
                .tx
                .execute_batch(
                    "INSERT INTO message_words (message_words, rank) VALUES ('integrity-check', 1)",
                )
                .is_ok()
    }
}

pub(crate) fn streams(db: &Connection) -> Result<Vec<StreamId>, Error> {
    let mut all: Vec<StreamId> = db
        .prepare_cached("SELECT stream_kind, stream FROM aggregate")
        .and_then(|mut s| {
            s.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, Uuid>(1)?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })
        .doing("list streams")?
        .into_iter()
        .filter_map(|(kind, id)| Some(StreamId { kind: StreamKind::from_name(&kind)?, id }))
        .collect();
    let terms: Vec<Uuid> = db
        .prepare_cached("SELECT id FROM terms")
        .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
        .doing("list terms")?;
    all.extend(terms.into_iter().map(|id| StreamId { kind: StreamKind::Terms, id }));
    all.sort_unstable();
    Ok(all)
}
