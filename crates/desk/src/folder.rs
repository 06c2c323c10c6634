//! The desk's folder: locked by one process, and readable by its owner alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A locked folder. The lock goes when this does, also when the process is killed.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    pub fn lock(path: &Path) -> Result<Self, Error> {
        make_private(path)?;
        let file = path.join("desk.lock");
        let lock = private().create(true).truncate(false).open(&file).map_err(Error::file(&file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(Error::File { path: file, source }),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that `name` in this folder is there and private before a database opens it: SQLite
    /// gives its log files the rights of the file they belong to.
    pub fn private_file(&self, name: &str) -> Result<PathBuf, Error> {
        let file = self.path.join(name);
        private().create(true).truncate(false).open(&file).map_err(Error::file(&file))?;
        Ok(file)
    }

    /// A folder in this one, as private.
    pub fn private_folder(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.path.join(name);
        make_private(&folder)?;
        Ok(folder)
    }
}

/// Options that open a file for writing which, when new, only its owner may read.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_private(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(Error::file(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_processs_and_free_again_afterwards() {
        let temp = tempfile::tempdir().unwrap();
        let first = Folder::lock(temp.path()).unwrap();
        let refusal = Folder::lock(temp.path()).unwrap_err().to_string();
        assert!(refusal.contains("already at work"), "{refusal}");
        drop(first);
        Folder::lock(temp.path()).unwrap();
    }
}
