//! Bringing a backup back: proved first, put where nothing is, and as another incarnation, so that no
//! desk and no node takes it for the journal that it once was.

use std::path::Path;

use evendesk_domain::event::Event;
use evendesk_domain::id::WorkspaceId;
use evendesk_domain::stream::{Actor, Recorded};
use evendesk_domain::time::Timestamp;
use evendesk_journal::whole::{self, Summary, Whole};
use evendesk_journal::{Batch, SqliteJournal};
use uuid::Uuid;

use super::{BackupError, Manifest, at};
use crate::blobs::Blobs;
use crate::folder::{self, Folder};
use crate::location::Location;

/// What was brought back.
#[derive(Debug)]
pub struct Restored {
    pub manifest: Manifest,
    /// Whether the key that opens kept secrets is where it belongs.
    pub has_key: bool,
    /// Whether it is known what was erased since.
    pub has_erasures: bool,
}

/// Refused where a workspace is already. A journal that was lost may have left its key and the list of
/// what was erased in the data folder: these stay.
pub async fn restore(
    from: &Path,
    to: &Location,
    erasures: Option<&Path>,
    now: Timestamp,
) -> Result<Restored, BackupError> {
    let manifest = Manifest::read(from)?;
    let backup = SqliteJournal::open_to_read(&from.join(&manifest.journal))?;
    let files = Blobs::open(&from.join("blobs"))?;
    prove(&manifest, &backup, &files).await?;

    let folder = Folder::open(&to.data)?;
    let target = crate::store::whole(&folder, to)?;
    target.begin()?;
    let blobs = crate::store::blobs(to)?;
    for hash in &manifest.blobs {
        let bytes = files.get(hash).await?.ok_or_else(|| gone(hash))?;
        blobs.put(bytes.to_vec()).await?;
    }
    let has_key = bring(&from.join("key"), &folder.key())?;
    let has_erasures = apply_erasures(&folder, erasures)?;
    // Last: until then there is no workspace, and all of this can be begun again.
    whole::copy(&mut *backup.snapshot()?, &*target, |workspace| {
        workspace.incarnation = Uuid::new_v4();
        workspace.epoch += 1;
    })?;
    say_so(&*target, &manifest, now)?;
    Ok(Restored { manifest, has_key, has_erasures })
}

/// The first event of the new incarnation tells everybody what happened.
fn say_so(journal: &dyn Whole, manifest: &Manifest, now: Timestamp) -> Result<(), BackupError> {
    let base = journal.head()?;
    let workspace: WorkspaceId = manifest.workspace;
    let restored = Recorded {
        seq: base + 1,
        stream: workspace.into(),
        at: now,
        by: Actor::System,
        command: None,
        event: Event::WorkspaceRestored { backup_made_at: manifest.made_at },
    };
    let batch = Batch { base, events: vec![restored], ..Batch::default() };
    Ok(journal.append(journal.claim()?, &batch)?)
}

async fn prove(manifest: &Manifest, backup: &SqliteJournal, files: &Blobs) -> Result<(), BackupError> {
    if !manifest.is_of(&Summary::of(&mut *backup.snapshot()?)?) {
        let sentence = "the journal in this backup is not the one that its manifest speaks of; take another";
        return Err(BackupError::Refused(sentence.into()));
    }
    for hash in &manifest.blobs {
        if !files.is_whole(hash).await? {
            return Err(gone(hash));
        }
    }
    Ok(())
}

fn gone(hash: &str) -> BackupError {
    BackupError::Refused(format!("file {hash} of this backup is missing or damaged; take another backup"))
}

/// Puts a file where none is; whether there is one then.
fn bring(file: &Path, place: &Path) -> Result<bool, BackupError> {
    if place.exists() || !file.exists() {
        return Ok(place.exists());
    }
    at(place, std::fs::copy(file, place))?;
    at(place, folder::owner_only(place, 0o600))?;
    Ok(true)
}

/// What was erased after the backup was made comes back with it. The list of it is kept outside backups:
/// where it is in the data folder, the server erases it all again, since it finds it not carried out in
/// this incarnation, before anyone reads it.
fn apply_erasures(folder: &Folder, given: Option<&Path>) -> Result<bool, BackupError> {
    let place = folder.erasures();
    match given {
        None => Ok(place.exists()),
        Some(file) if place.exists() => Err(BackupError::Refused(format!(
            "{} is there already; move it away if {} is to take its place",
            place.display(),
            file.display()
        ))),
        Some(file) if !file.exists() => Err(BackupError::Refused(format!("{} is not there", file.display()))),
        Some(file) => bring(file, &place),
    }
}
