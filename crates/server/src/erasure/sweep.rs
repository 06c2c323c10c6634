//! What an erasure leaves in files: the journal's old bytes, and the files that only erased messages had named.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use evendesk_domain::stream::StreamId;
use evendesk_journal::Journal;
use uuid::Uuid;

use super::{Erased, ErasureError, Ledger, Plan, is_erased};
use crate::blobs::Blobs;
use crate::state::App;

/// Events read at a time, to see who else names a file.
const BATCH: usize = 5_000;
/// A file that came in again since is looked at once more after this: what it came with is recorded by then.
const AGAIN: Duration = Duration::from_secs(120);

/// Sweeps after each erasure, and once when the server starts.
pub async fn watch(app: App) {
    let mut stopping = app.stopping.clone();
    loop {
        if let Err(e) = sweep(&app.journal, &app.blobs, &app.erasures).await {
            tracing::error!("files of someone who was erased are still there, and tried again: {e}");
        }
        tokio::select! {
            () = app.erasures.blanked.notified() => app.snapshots.forget(),
            () = tokio::time::sleep(AGAIN) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

pub(super) async fn sweep(
    journal: &Arc<dyn Journal>,
    blobs: &Blobs,
    ledger: &Arc<Ledger>,
) -> Result<bool, ErasureError> {
    let looking = {
        let (journal, ledger) = (Arc::clone(journal), Arc::clone(ledger));
        tokio::task::spawn_blocking(move || look(&*journal, &ledger))
    };
    let found = looking.await.map_err(|e| crate::blobs::BlobError::Folder(e.into()))??;
    let Found { incarnation, count, files, mut all } = match found {
        Looked::Done => return Ok(true),
        Looked::NotYet => return Ok(false),
        Looked::Found(found) => found,
    };
    for (blob, since) in files {
        // The same file may be on its way in again, with a message that is not recorded yet.
        if blobs.put_since(&blob, since, AGAIN) {
            all = false;
        } else {
            blobs.delete(&blob).await?;
        }
    }
    if all {
        ledger.carried_out(incarnation, count)?;
    }
    Ok(all)
}

enum Looked {
    /// Nothing is due.
    Done,
    /// What is noted is blanked a moment later.
    NotYet,
    Found(Found),
}

struct Found {
    incarnation: Uuid,
    /// How many erasures are due.
    count: usize,
    /// Files that nobody names any more, each with since when.
    files: BTreeMap<String, Instant>,
    /// Whether the journal's own files hold nothing any more.
    all: bool,
}

/// What blocks of it.
fn look(journal: &dyn Journal, ledger: &Ledger) -> Result<Looked, ErasureError> {
    let Some(workspace) = journal.workspace()? else { return Ok(Looked::Done) };
    let incarnation = workspace.incarnation;
    let due = ledger.due_since(incarnation);
    if due.is_empty() {
        return Ok(Looked::Done);
    }
    if !is_blanked(journal, &due)? {
        return Ok(Looked::NotYet);
    }
    let all = journal.clear_blanked()?;
    if !all {
        tracing::info!("the journal's files hold what was erased as long as somebody reads them");
    }
    let count = due.len();
    let mut files: BTreeMap<String, Instant> = BTreeMap::new();
    for (erased, since) in due {
        files.extend(erased.blobs.into_iter().map(|blob| (blob, since)));
    }
    let named = named(journal, &files.keys().cloned().collect())?;
    files.retain(|blob, _| !named.contains(blob));
    Ok(Looked::Found(Found { incarnation, count, files, all }))
}

/// Whether the journal has it all.
fn is_blanked(journal: &dyn Journal, due: &[(Erased, Instant)]) -> Result<bool, evendesk_journal::Error> {
    let streams: BTreeSet<StreamId> = due.iter().flat_map(|(e, _)| e.streams.iter().copied()).collect();
    Ok(Plan::of(journal, streams, &[])?.streams.values().all(is_erased))
}

/// Which of these files an event names: the journal is read through once.
fn named(
    journal: &dyn Journal,
    candidates: &HashSet<String>,
) -> Result<HashSet<String>, evendesk_journal::Error> {
    let mut named = HashSet::new();
    let mut at = 0;
    while !candidates.is_empty() {
        let events = journal.read(at, BATCH)?;
        let Some(last) = events.last() else { break };
        at = last.seq;
        let blobs = events.iter().flat_map(|e| e.event.blobs());
        named.extend(blobs.filter(|b| candidates.contains(*b)).map(str::to_owned));
    }
    Ok(named)
}
