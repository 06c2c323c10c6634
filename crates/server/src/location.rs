//! Where a workspace lies: a folder of this machine, and what of it lies elsewhere so that several nodes
//! share it.

use std::fmt;
use std::path::{Path, PathBuf};

/// One workspace's place. Its addresses may hold passwords, so none of it is shown or logged.
#[derive(Clone, Default)]
pub struct Location {
    /// Replica, key and lock; the journal and the files as well, unless they are elsewhere.
    pub data: PathBuf,
    /// `postgres://…`, where several nodes write one journal.
    pub journal: Option<String>,
    /// `s3://…`, or a folder that every node has.
    pub blobs: Option<String>,
}

impl Location {
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }

    /// Whether other nodes may be at work on it.
    pub const fn is_shared(&self) -> bool {
        self.journal.is_some()
    }
}

impl<T: AsRef<Path> + ?Sized> From<&T> for Location {
    fn from(data: &T) -> Self {
        Self::new(data.as_ref())
    }
}

impl From<PathBuf> for Location {
    fn from(data: PathBuf) -> Self {
        Self::new(data)
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Location").field("data", &self.data).finish_non_exhaustive()
    }
}
