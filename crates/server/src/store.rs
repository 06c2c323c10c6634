//! A data folder opened for work: what the server and every command line tool begin with.

use std::path::Path;
use std::sync::Arc;

use evendesk_journal::{Journal, SqliteJournal, Workspace};
use evendesk_replica::{Keeps, Replica};

use crate::folder::Folder;
use crate::seal::Seal;
use crate::writer::{Scribe, WriteError};

pub struct Store {
    pub folder: Folder,
    pub journal: Arc<dyn Journal>,
    pub replica: Replica,
    pub seal: Seal,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Folder(#[from] crate::folder::FolderError),
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error(transparent)]
    Replica(#[from] evendesk_replica::Error),
    #[error(transparent)]
    Seal(#[from] crate::seal::SealError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the replica's folder cannot be emptied: {0}")]
    Replace(std::io::Error),
    #[error("{0}")]
    Refused(String),
    #[error("the machine gives no random numbers")]
    NoRandomness,
}

impl Store {
    /// Locks the folder and opens what is in it; nothing is founded yet.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        let folder = Folder::open(data)?;
        let seal = Seal::open(&folder.key())?;
        let journal: Arc<dyn Journal> = Arc::new(SqliteJournal::open(&folder.journal())?);
        crate::folder::owner_only(&folder.journal(), 0o600).map_err(StoreError::Replace)?;
        let replica = replica(&folder, journal.workspace()?.as_ref())?;
        Ok(Self { folder, journal, replica, seal })
    }

    /// Takes writing over and brings the replica to the journal's head.
    pub fn into_scribe(self) -> Result<(Folder, Arc<dyn Journal>, Seal, Scribe), StoreError> {
        let scribe = Scribe::open(Arc::clone(&self.journal), self.replica)?;
        Ok((self.folder, self.journal, self.seal, scribe))
    }
}

/// The replica, unless it was folded from another journal than this one: then a new one.
fn replica(folder: &Folder, workspace: Option<&Workspace>) -> Result<Replica, StoreError> {
    let replica = Replica::open(&folder.replica(), Keeps::RowsOnly)?;
    let position = replica.reader()?.position()?;
    let of_this_journal = match (position.incarnation, workspace) {
        (None, _) => true,
        (Some(known), Some(w)) => known == w.incarnation && position.cursor <= w.head,
        (Some(_), None) => false,
    };
    if of_this_journal {
        return Ok(replica);
    }
    drop(replica);
    std::fs::remove_dir_all(folder.replica()).map_err(StoreError::Replace)?;
    Ok(Replica::open(&folder.replica(), Keeps::RowsOnly)?)
}
