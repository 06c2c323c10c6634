//! The data folder: what is where, who may read it, and that one process at a time has it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// A data folder, ours until this is dropped.
pub struct Folder {
    root: PathBuf,
    /// Where the key is.
    home: PathBuf,
    /// The lock lives as long as the file is open.
    _lock: File,
}

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{} is in use by another Evendesk; stop that one first", .0.display())]
    InUse(PathBuf),
    #[error("{} cannot be used as a data folder: {source}", .path.display())]
    Unusable { path: PathBuf, source: std::io::Error },
}

impl Folder {
    /// Makes the folder if there is none, closes it to other users, and locks it.
    pub fn open(root: &Path) -> Result<Self, FolderError> {
        Self::lock(root, root)
    }

    /// A folder within a server's own, for commands while that server runs: its key, and a replica beside
    /// the server's. Of use where they share a journal that is elsewhere.
    pub fn beside(root: &Path) -> Result<Self, FolderError> {
        Self::lock(&root.join("commands"), root)
    }

    fn lock(root: &Path, home: &Path) -> Result<Self, FolderError> {
        let unusable = |source| FolderError::Unusable { path: root.to_owned(), source };
        std::fs::create_dir_all(root).map_err(unusable)?;
        owner_only(root, 0o700).map_err(unusable)?;
        let lock = File::create(root.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_owned(), home: home.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(root.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    /// Says in the file `node` who the process is that serves from this folder, for whoever asks which node holds
    /// a lease. It is written, never read: what a folder says could be copied, and then two would be one.
    pub fn is_served_by(&self, node: Uuid) -> Result<(), FolderError> {
        let path = self.root.join("node");
        std::fs::write(&path, format!("{node}\n")).map_err(|source| FolderError::Unusable { path, source })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// Can be deleted at any time while no server runs.
    pub fn replica(&self) -> PathBuf {
        self.root.join("replica")
    }

    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// What was erased: kept outside the journal, and never part of a backup.
    pub fn erasures(&self) -> PathBuf {
        self.root.join("erasures.jsonl")
    }

    /// When this node last heard of its mailboxes.
    pub fn contacts(&self) -> PathBuf {
        self.root.join("contacts.json")
    }

    /// Opens what the journal keeps sealed; the same on every node. Belongs into a backup, apart from the
    /// journal.
    pub fn key(&self) -> PathBuf {
        self.home.join("key")
    }
}

/// A new file that only this user may read.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Has a file there, empty if there is none, that only this user may read: before SQLite opens it, which gives the
/// log beside it the rights that it finds.
pub(crate) fn ours_alone(path: &Path) -> std::io::Result<()> {
    match private_file(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => owner_only(path, 0o600),
        Err(e) => Err(e),
    }
}

#[cfg(unix)]
pub(crate) fn owner_only(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(crate) fn owner_only(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_had_by_one_at_a_time_and_free_once_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let held = Folder::open(&path).unwrap();
        assert!(matches!(Folder::open(&path), Err(FolderError::InUse(_))));
        drop(held);
        assert!(Folder::open(&path).is_ok());
    }
}
