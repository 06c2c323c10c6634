//! `files/`: attachments that were fetched, a folder a conversation, so that they go when it does. What
//! is here can be fetched again at any time.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use evendesk_domain::id::ConversationId;

use crate::error::Error;
use crate::folder::Folder;

#[derive(Clone, Debug)]
pub struct Attachments(PathBuf);

impl Attachments {
    pub fn open(folder: &Folder) -> Result<Self, Error> {
        Ok(Self(folder.private_folder("files")?))
    }

    pub fn of(&self, conversation: ConversationId) -> PathBuf {
        self.0.join(conversation.to_string())
    }

    pub fn forget(&self, conversation: ConversationId) -> Result<(), Error> {
        remove(&self.of(conversation))
    }

    /// Removes what is of no conversation that is `held`: after a crash, or of an earlier version.
    /// What is open elsewhere and cannot be removed now goes next time.
    pub fn keep_only(&self, held: impl Fn(ConversationId) -> bool) {
        for entry in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let path = entry.path();
            let conversation = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            if conversation.is_none_or(|id| !held(ConversationId(id)))
                && let Err(error) = remove(&path)
            {
                tracing::warn!(%error, "an attachment could not be removed");
            }
        }
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    let removed = if path.is_file() { std::fs::remove_file(path) } else { std::fs::remove_dir_all(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::file(path)(error)),
        _ => Ok(()),
    }
}
