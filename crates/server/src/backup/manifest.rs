//! What a backup consists of, and by what it is proved.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use evendesk_domain::id::WorkspaceId;
use evendesk_domain::time::Timestamp;
use evendesk_journal::Workspace;
use evendesk_journal::whole::Summary;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const FILE: &str = "manifest.json";
const VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub version: u32,
    pub workspace: WorkspaceId,
    pub name: String,
    /// Of the journal that it was made of; a restored one has another.
    pub incarnation: Uuid,
    pub head: u64,
    pub made_at: Timestamp,
    /// The journal's file in this folder.
    pub journal: String,
    /// Rows of each table.
    pub rows: Vec<(String, u64)>,
    /// SHA-256 over all rows, in lower-case hex.
    pub rows_digest: String,
    /// The files, each by its SHA-256, which is its name.
    pub blobs: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("{} holds no backup: {source}", folder.display())]
    None { folder: PathBuf, source: std::io::Error },
    #[error("the manifest in {} cannot be read ({source}); take another backup", folder.display())]
    Damaged { folder: PathBuf, source: serde_json::Error },
    #[error("the manifest in {} names a journal that is not in that folder; take another backup", .0.display())]
    Elsewhere(PathBuf),
    #[error("this backup was made by a newer Evendesk; upgrade this one")]
    Newer,
    #[error("the manifest in {} cannot be written: {source}", folder.display())]
    Unwritable { folder: PathBuf, source: std::io::Error },
}

impl Manifest {
    pub(super) fn new(
        workspace: &Workspace,
        journal: String,
        summary: &Summary,
        blobs: Vec<String>,
        made_at: Timestamp,
    ) -> Self {
        Self {
            version: VERSION,
            workspace: workspace.id,
            name: workspace.name.clone(),
            incarnation: workspace.incarnation,
            head: workspace.head,
            made_at,
            journal,
            rows: summary.counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
            rows_digest: hex::encode(summary.digest),
            blobs,
        }
    }

    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let text = std::fs::read_to_string(folder.join(FILE))
            .map_err(|source| ManifestError::None { folder: folder.to_owned(), source })?;
        let damaged = |source| ManifestError::Damaged { folder: folder.to_owned(), source };
        let manifest: Self = serde_json::from_str(&text).map_err(damaged)?;
        if manifest.version > VERSION {
            return Err(ManifestError::Newer);
        }
        if Path::new(&manifest.journal).file_name() != Some(manifest.journal.as_ref()) {
            return Err(ManifestError::Elsewhere(folder.to_owned()));
        }
        Ok(manifest)
    }

    /// Whole or not at all: the one before stays until then.
    pub(super) fn write(&self, folder: &Path) -> Result<(), ManifestError> {
        let unwritable = |source| ManifestError::Unwritable { folder: folder.to_owned(), source };
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        let unfinished = folder.join("manifest-unfinished.json");
        let mut file = std::fs::File::create(&unfinished).map_err(unwritable)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(unwritable)?;
        std::fs::rename(&unfinished, folder.join(FILE)).map_err(unwritable)
    }

    /// Whether the rows that were read are those that were backed up.
    pub(super) fn is_of(&self, summary: &Summary) -> bool {
        let rows = summary.counts.iter().map(|(name, count)| ((*name).to_owned(), *count));
        self.rows_digest == hex::encode(summary.digest) && rows.eq(self.rows.iter().cloned())
    }
}
