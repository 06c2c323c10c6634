//! What a desk holds, besides the rows: by whose eyes it was judged (the name the server has for what its agent
//! may see, as of the cursor), and how far history has come where it comes in parts. A server's replica has
//! none of it.

use evendesk_domain::event::Event;
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use rusqlite::{Connection, OptionalExtension};

use crate::error::{Doing, Error};
use crate::snapshot::{Begin, Turn};
use crate::{Reader, Writer, aggregate};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS held (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    visible_set TEXT NOT NULL,
    -- Where the next part of history begins; none where nothing is to come.
    history TEXT,
    total INTEGER NOT NULL DEFAULT 0,
    remaining INTEGER NOT NULL DEFAULT 0
) STRICT;
";

/// How far history is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Where its next part begins.
    pub next: Begin,
    /// Streams, as far as the server could count them.
    pub done: u64,
    pub total: u64,
}

fn history(db: &Connection) -> Result<Option<History>, Error> {
    let row: Option<(Option<String>, i64, i64)> = db
        .prepare_cached("SELECT history, total, remaining FROM held")
        .and_then(|mut s| s.query_row([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional())
        .doing("tell how far history is here")?;
    let Some((Some(next), total, left)) = row else { return Ok(None) };
    let next = next.parse().map_err(|()| Error::Damaged { what: "a place in history" })?;
    Ok(Some(History { next, done: total.saturating_sub(left).unsigned_abs(), total: total.unsigned_abs() }))
}

impl Writer<'_> {
    pub fn set_visible_set(&self, name: &str) -> Result<(), Error> {
        self.tx
            .prepare_cached(
                "INSERT INTO held (one, visible_set) VALUES (1, ?1)
                 ON CONFLICT (one) DO UPDATE SET visible_set = excluded.visible_set",
            )
            .and_then(|mut s| s.execute([name]))
            .doing("keep what may be seen")?;
        Ok(())
    }

    pub(crate) fn begin_history(&self, total: u64) -> Result<(), Error> {
        self.keep_history(Some(Begin::History(None)), total)?;
        self.tx.execute("UPDATE held SET total = remaining", []).doing("begin history")?;
        Ok(())
    }

    pub(crate) fn history_is_here(&self, through: Option<Turn>, left: u64) -> Result<(), Error> {
        self.keep_history(through.map(|place| Begin::History(Some(place))), left)
    }

    /// Nothing is to come: what is here is all, or begins again.
    pub fn end_history(&self) -> Result<(), Error> {
        self.keep_history(None, 0)
    }

    fn keep_history(&self, next: Option<Begin>, left: u64) -> Result<(), Error> {
        self.tx
            .prepare_cached("UPDATE held SET history = ?1, remaining = ?2")
            .and_then(|mut s| s.execute((next.map(|from| from.to_string()), left.cast_signed())))
            .doing("note how far history is here")?;
        Ok(())
    }

    pub fn holds(&self, stream: StreamId) -> Result<bool, Error> {
        if stream.kind == StreamKind::Terms {
            return self
                .tx
                .prepare_cached("SELECT 1 FROM terms WHERE id = ?1")
                .and_then(|mut s| s.exists([stream.id]))
                .doing("look for terms");
        }
        aggregate::exists(&self.tx, stream)
    }

    /// Whether the stream's rows come with a later part of the snapshot: until then its events are kept and
    /// not folded, since those before them are missing.
    pub fn awaits_part(&self, stream: StreamId) -> Result<bool, Error> {
        if crate::snapshot::rank(stream.kind).is_none() {
            return Ok(false);
        }
        let to_come = match history(&self.tx)? {
            None => false,
            Some(History { next: Begin::History(Some(place)), .. }) => place.is_before(stream),
            Some(_) => true,
        };
        Ok(to_come && !self.holds(stream)?)
    }
}

/// Whether a stream begins with this, so that nothing of it can be missing.
pub(crate) fn begins(recorded: &Recorded) -> bool {
    matches!(
        recorded.event,
        Event::ConversationOpened(_) | Event::CustomerOpened { .. } | Event::FeedbackLogged(_)
    )
}

impl Reader {
    /// Empty before the server has said it.
    pub fn visible_set(&self) -> Result<String, Error> {
        let found = self
            .db()
            .prepare_cached("SELECT visible_set FROM held")
            .and_then(|mut s| s.query_row([], |r| r.get(0)).optional())
            .doing("tell what may be seen")?;
        Ok(found.unwrap_or_default())
    }

    /// None where nothing is to come.
    pub fn history(&self) -> Result<Option<History>, Error> {
        history(self.db())
    }
}
