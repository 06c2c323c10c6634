//! The search index catching up with messages that came in a snapshot, the newest first. What the index
//! says is a function of the rows: which of them are not in it yet is in `unindexed`.

use crate::error::{Doing, Error};
use crate::{Reader, Writer};

/// How many messages can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indexed {
    pub done: u64,
    pub total: u64,
}

impl Writer<'_> {
    /// Indexes the next few messages; returns how many it were.
    pub fn index_some(&self, most: usize) -> Result<usize, Error> {
        let seqs: Vec<i64> = self
            .tx
            .prepare_cached("SELECT seq FROM unindexed ORDER BY seq DESC LIMIT ?1")
            .and_then(|mut s| s.query_map([most.cast_signed() as i64], |r| r.get(0))?.collect())
            .doing("find what is to be indexed")?;
        for seq in &seqs {
            self.tx
                .prepare_cached(
                    "INSERT INTO message_words (rowid, author, subject, text)
                     SELECT seq, author, subject, text FROM message WHERE seq = ?1",
                )
                .and_then(|mut s| s.execute([seq]))
                .doing("index a message")?;
            self.tx
                .prepare_cached("DELETE FROM unindexed WHERE seq = ?1")
                .and_then(|mut s| s.execute([seq]))
                .doing("index a message")?;
        }
        Ok(seqs.len())
    }
}

impl Reader {
    /// None where every message can be searched.
    pub fn indexing(&self) -> Result<Option<Indexed>, Error> {
        let count = |sql| -> Result<u64, Error> {
            let found =
                self.db().prepare_cached(sql).and_then(|mut s| s.query_row([], |r| r.get::<_, i64>(0)));
            Ok(found.doing("count what is indexed")?.unsigned_abs())
        };
        let left = count("SELECT count(*) FROM unindexed")?;
        if left == 0 {
            return Ok(None);
        }
        let total = count("SELECT count(*) FROM message")?;
        Ok(Some(Indexed { done: total.saturating_sub(left), total }))
    }
}
