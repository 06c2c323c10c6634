//! Backups, made while a server serves, and bringing one back. A backup is a folder: the journal as it was
//! at one moment in one file, every file that it names, and a manifest by which all of it is proved. The
//! key that opens kept secrets is not in it unless asked for, and belongs elsewhere.

mod manifest;
mod restore;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use evendesk_domain::time::Timestamp;
use evendesk_journal::whole::{self, Summary, Whole};
use evendesk_journal::{Journal as _, SqliteJournal};

pub use manifest::{Manifest, ManifestError};
pub use restore::{Restored, restore};

use crate::blobs::{BlobError, Blobs};
use crate::doctor;
use crate::folder::{self, FolderError};
use crate::location::Location;
use crate::store::StoreError;

/// Events looked through at a time.
const BATCH: usize = 5_000;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error(transparent)]
    Blobs(#[from] BlobError),
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Refused(String),
}

pub(crate) fn at<T>(path: &Path, done: std::io::Result<T>) -> Result<T, BackupError> {
    done.map_err(|source| BackupError::File { path: path.to_owned(), source })
}

/// What was backed up.
#[derive(Debug)]
pub struct Made {
    pub manifest: Manifest,
    /// Files that were not in this folder from before.
    pub new_blobs: usize,
    /// Files that events name and that are not there, or are not what their name says.
    pub missing: Vec<String>,
    /// Where the key is, unless it came along.
    pub key_apart: Option<PathBuf>,
}

/// Backs a workspace up into a folder. One that holds an older backup of the same workspace is brought
/// up to date: the journal is written anew, of the files only those that are not there yet, and those that
/// nothing names any more go.
pub async fn back_up(
    from: &Location,
    to: &Path,
    with_key: bool,
    now: Timestamp,
) -> Result<Made, BackupError> {
    let journal = crate::store::to_look_into(from)?;
    at(to, std::fs::create_dir_all(to))?;
    at(to, folder::owner_only(to, 0o700))?;
    if let Ok(before) = Manifest::read(to) {
        let workspace = journal.workspace()?.ok_or(evendesk_journal::Error::NoWorkspace)?;
        if before.workspace != workspace.id {
            return Err(BackupError::Refused(format!("{} is another workspace's backup", to.display())));
        }
    }
    let (name, workspace, summary) = take_journal(&*journal, to)?;
    let kept = SqliteJournal::open_to_read(&to.join(&name))?;
    let source = crate::store::blobs(from)?;
    let target = Blobs::open(&to.join("blobs"))?;
    let (mut blobs, mut missing, mut new_blobs) = (Vec::new(), Vec::new(), 0);
    for hash in named(&kept)? {
        if !target.has(&hash).await? {
            match source.get(&hash).await? {
                Some(bytes) if target.put(bytes.to_vec()).await? == hash => {}
                _ => {
                    missing.push(hash);
                    continue;
                }
            }
            new_blobs += 1;
        }
        blobs.push(hash);
    }
    let key = from.data.join("key");
    let key_apart = if with_key { copy_key(&key, to)? } else { Some(key) };
    let manifest = Manifest::new(&workspace, name.clone(), &summary, blobs, now);
    manifest.write(to)?;
    forget_older(to, &name)?;
    forget_files(&to.join("blobs"), &manifest.blobs)?;
    Ok(Made { manifest, new_blobs, missing, key_apart })
}

/// The journal in a file of its own, complete before it has that name.
fn take_journal(
    journal: &dyn Whole,
    to: &Path,
) -> Result<(String, evendesk_journal::Workspace, Summary), BackupError> {
    let unfinished = to.join("journal-unfinished.db");
    remove(&unfinished)?;
    at(&unfinished, folder::ours_alone(&unfinished))?;
    let kept = SqliteJournal::open(&unfinished)?;
    let summary = whole::copy(&mut *journal.snapshot()?, &kept, |_| {})?;
    let workspace = kept.workspace()?.ok_or(evendesk_journal::Error::NoWorkspace)?;
    kept.close_for_keeping()?;
    let name = format!("journal-{}-{}.db", workspace.head, hex::encode(&summary.digest[..4]));
    let path = to.join(&name);
    remove(&path)?;
    at(&path, std::fs::rename(&unfinished, &path))?;
    Ok((name, workspace, summary))
}

/// The file and what SQLite keeps beside one.
fn remove(journal: &Path) -> Result<(), BackupError> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut path = journal.as_os_str().to_owned();
        path.push(ending);
        let path = PathBuf::from(path);
        match std::fs::remove_file(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return at(&path, Err(e)),
            _ => {}
        }
    }
    Ok(())
}

/// Older journals in the folder, which the manifest speaks of no more.
fn forget_older(to: &Path, name: &str) -> Result<(), BackupError> {
    for entry in at(to, std::fs::read_dir(to))?.flatten() {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        if found.starts_with("journal-") && !found.starts_with(name) {
            at(&entry.path(), std::fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

/// Files that no event names any more: of who was erased since the backup before.
fn forget_files(blobs: &Path, named: &[String]) -> Result<(), BackupError> {
    let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
    for folder in at(blobs, std::fs::read_dir(blobs))?.flatten().map(|entry| entry.path()) {
        if !folder.is_dir() {
            continue;
        }
        for entry in at(&folder, std::fs::read_dir(&folder))?.flatten() {
            if entry.file_name().to_str().is_none_or(|name| !named.contains(name)) {
                at(&entry.path(), std::fs::remove_file(entry.path()))?;
            }
        }
    }
    Ok(())
}

fn copy_key(key: &Path, to: &Path) -> Result<Option<PathBuf>, BackupError> {
    if !key.exists() {
        return Ok(None);
    }
    let copy = to.join("key");
    at(&copy, std::fs::copy(key, &copy))?;
    at(&copy, folder::owner_only(&copy, 0o600))?;
    Ok(None)
}

/// Every file that an event names.
pub fn named(journal: &dyn evendesk_journal::Journal) -> Result<BTreeSet<String>, BackupError> {
    let mut named = BTreeSet::new();
    let mut cursor = 0;
    loop {
        let events = journal.read(cursor, BATCH)?;
        events.iter().for_each(|event| doctor::files(&event.event, &mut named));
        match events.last() {
            Some(last) if events.len() == BATCH => cursor = last.seq,
            _ => return Ok(named),
        }
    }
}
