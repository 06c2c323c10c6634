//! A part of a snapshot on this desk's disk: gone with whoever holds it, however that ends. It has words that
//! may be withdrawn while nobody looks at it any more.

use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct PartFile(PathBuf);

impl PartFile {
    /// Takes charge of a file, whether or not it is there yet.
    pub const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a part of the snapshot could not be removed");
            }
            _ => {}
        }
    }
}
