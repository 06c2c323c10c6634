//! What can go wrong with the read model. All of it is mended by folding again.

use evendesk_domain::decide::LookupFailed;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the local database cannot {doing}: {source}")]
    Sqlite { doing: &'static str, source: rusqlite::Error },
    #[error("the local database's folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    #[error("the local database holds something unreadable in {what}; it will be built again")]
    Damaged { what: &'static str },
    /// By a rule of the domain's that asked.
    #[error(transparent)]
    Lookup(#[from] LookupFailed),
}

impl Error {
    /// Whether the disk is full, which waits for a person, and not for a rebuild.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Sqlite { source, .. }
            if source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }

    /// Whether the machine is at fault, and not what was to be folded: the same may be folded later.
    pub fn may_pass(&self) -> bool {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, ReadOnly, SystemIoFailure,
        };
        match self {
            Self::Folder(_) | Self::Lookup(_) => true,
            Self::Damaged { .. } => false,
            Self::Sqlite { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(
                    CannotOpen
                        | DatabaseBusy
                        | DatabaseLocked
                        | DiskFull
                        | OutOfMemory
                        | ReadOnly
                        | SystemIoFailure
                )
            ),
        }
    }
}

impl From<Error> for LookupFailed {
    fn from(e: Error) -> Self {
        Self(e.to_string())
    }
}

pub(crate) trait Doing<T> {
    /// Says what was being done when SQLite failed.
    fn doing(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Sqlite { doing, source })
    }
}
