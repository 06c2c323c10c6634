//! Whom the mails on disk belong to: whoever runs the tests, or for root, `nobody`, since neither
//! server touches mail as root.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

const NOBODY: u32 = 65534;

#[derive(Clone, Copy)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
    pub is_root: bool,
}

impl Owner {
    /// Judged by whom a folder made just now belongs to.
    pub fn of(folder: &Path) -> Self {
        let made = std::fs::metadata(folder).expect("the folder made just now");
        match made.uid() {
            0 => Self { uid: NOBODY, gid: NOBODY, is_root: true },
            uid => Self { uid, gid: made.gid(), is_root: false },
        }
    }

    pub fn give(self, path: &Path) {
        if self.is_root {
            chown(path, Some(self.uid), Some(self.gid)).expect("root may give files away");
        }
    }
}
