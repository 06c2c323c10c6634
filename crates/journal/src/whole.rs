//! A journal as a whole, row by row: for moving it to another engine, backing it up and bringing it back.
//! Nothing in a row is understood here, so what is damaged or from the future goes along as it is.

use sha2::{Digest, Sha256};

use crate::{Error, Journal, Workspace};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Text,
    Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

pub type Row = Vec<Value>;

/// A table that goes along, the same in every engine; its first column is its key.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
}

use Kind::{Bytes, Int, Text};

/// Everything but leases, whose holders stay behind, and the workspace itself, which is there last or not
/// at all. The events come first.
pub const TABLES: &[Table] = &[
    Table {
        name: "event",
        columns: &[
            ("seq", Int),
            ("stream_id", Bytes),
            ("stream_kind", Text),
            ("at", Int),
            ("actor", Text),
            ("command", Bytes),
            ("payload", Text),
        ],
    },
    Table { name: "decision", columns: &[("command", Bytes), ("outcome", Text), ("at", Int)] },
    Table { name: "password", columns: &[("user", Bytes), ("hash", Text)] },
    Table {
        name: "session",
        columns: &[
            ("digest", Bytes),
            ("user", Bytes),
            ("device", Bytes),
            ("opened_at", Int),
            ("expires_at", Int),
            ("device_name", Text),
            ("seen_at", Int),
            ("ended", Text),
        ],
    },
    Table {
        name: "invitation",
        columns: &[
            ("id", Bytes),
            ("digest", Bytes),
            ("user", Bytes),
            ("offer", Text),
            ("made_by", Bytes),
            ("made_at", Int),
            ("expires_at", Int),
        ],
    },
    Table { name: "secret", columns: &[("name", Text), ("sealed", Bytes)] },
    Table { name: "feedback_undo", columns: &[("feedback", Bytes), ("digest", Bytes)] },
];

impl Table {
    /// Quoted, since `user` is a word of SQL in one engine.
    pub(crate) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    }
}

/// Rows that are handed over at once.
pub(crate) const PAGE: usize = 1_000;

/// A journal as it was at one moment, whatever is appended meanwhile.
pub trait Snapshot {
    fn workspace(&mut self) -> Result<Option<Workspace>, Error>;
    /// Hands over a table's rows in the order of its key, some at a time.
    fn each(
        &mut self,
        table: &Table,
        take: &mut dyn FnMut(Vec<Row>) -> Result<(), Error>,
    ) -> Result<(), Error>;
}

/// A journal that can be taken as a whole, and can take one in.
pub trait Whole: Journal {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error>;
    /// Makes ready to take another journal in: clears away what an interrupted one left. Refused where
    /// there is a workspace.
    fn begin(&self) -> Result<(), Error>;
    fn take_in(&self, table: &Table, rows: &[Row]) -> Result<(), Error>;
    /// Puts the workspace in: from here on it is one.
    fn finish(&self, workspace: &Workspace) -> Result<(), Error>;
    /// Where everything has gone, if it has.
    fn moved_to(&self) -> Result<Option<String>, Error>;
    /// Says where everything goes, so that nobody writes here any more: whoever wrote before is fenced in the
    /// same moment. None takes it back.
    fn depart(&self, to: Option<&str>) -> Result<(), Error>;
}

/// What two journals that hold the same agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Rows of each table.
    pub counts: Vec<(&'static str, u64)>,
    /// SHA-256 over all of them.
    pub digest: [u8; 32],
}

impl Summary {
    pub fn of(snapshot: &mut dyn Snapshot) -> Result<Self, Error> {
        let mut digest = Sha256::new();
        let mut counts = Vec::new();
        for table in TABLES {
            let mut count = 0;
            digest.update(table.name);
            snapshot.each(table, &mut |rows| {
                for row in rows {
                    count += 1;
                    if table.name == "event" && row.first() != Some(&Value::Int(count)) {
                        return Err(Error::Gap { expected: count.unsigned_abs() });
                    }
                    row.iter().for_each(|value| value.digest(&mut digest));
                }
                Ok(())
            })?;
            counts.push((table.name, count.unsigned_abs()));
        }
        Ok(Self { counts, digest: digest.finalize().into() })
    }

    pub fn events(&self) -> u64 {
        self.counts.iter().find(|(name, _)| *name == "event").map_or(0, |(_, count)| *count)
    }
}

impl Value {
    fn digest(&self, digest: &mut Sha256) {
        let (kind, bytes): (u8, &[u8]) = match self {
            Self::Int(n) => (0, &n.to_be_bytes()),
            Self::Text(text) => (1, text.as_bytes()),
            Self::Bytes(bytes) => (2, bytes),
        };
        digest.update([kind]);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
}

/// Takes everything into `to`, reads it back, and only then makes it a workspace: as `change` leaves it.
pub fn copy(
    from: &mut dyn Snapshot,
    to: &dyn Whole,
    change: impl FnOnce(&mut Workspace),
) -> Result<Summary, Error> {
    let mut workspace = from.workspace()?.ok_or(Error::NoWorkspace)?;
    to.begin()?;
    for table in TABLES {
        from.each(table, &mut |rows| to.take_in(table, &rows))?;
    }
    let ought = Summary::of(from)?;
    let is = Summary::of(&mut *to.snapshot()?)?;
    if is != ought || is.events() != workspace.head {
        return Err(Error::Differs);
    }
    change(&mut workspace);
    to.finish(&workspace)?;
    Ok(is)
}
