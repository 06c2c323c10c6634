//! `doctor`, for a desk that is open and for one that is closed.

use std::path::Path;

use super::Desk;
use crate::core::{Core, Health};
use crate::error::Error;
use crate::folder::Folder;

impl Desk {
    /// Examines this desk. What happens meanwhile waits.
    pub fn doctor(&self) -> Result<Health, Error> {
        self.shared.call(|core, _| Ok((core.examine()?, Vec::new())))
    }

    /// Examines a desk that is closed.
    pub fn examine(folder: &Path) -> Result<Health, Error> {
        let folder = Folder::lock(folder)?;
        let outbox = Core::outbox_in(&folder)?;
        let now = (super::Options::default().clock)();
        Core::open(&folder, outbox, uuid::Uuid::new_v4(), now)?.examine()
    }
}
