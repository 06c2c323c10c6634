//! By whose eyes what a desk holds was judged: the name the server has for what its agent may see, as of the
//! cursor. A server's replica has none.

use rusqlite::OptionalExtension;

use crate::error::{Doing, Error};
use crate::{Reader, Writer};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS held (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    visible_set TEXT NOT NULL
) STRICT;
";

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
}
