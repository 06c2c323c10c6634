//! Proves a replica: folds the whole journal anew beside it and compares stream by stream, and looks
//! whether every file that a message names is there.

use std::collections::BTreeSet;

use evendesk_domain::event::Event;
use evendesk_domain::stream::StreamId;
use evendesk_journal::Journal;
use evendesk_replica::{Keeps, Reader, Replica};

use crate::folder::Folder;
use crate::location::Location;
use crate::store::{self, Store, StoreError};

const BATCH: usize = 5_000;

/// What was looked at, and each thing that is not as it should be.
#[derive(Debug, Default)]
pub struct Report {
    pub events: u64,
    pub streams: usize,
    pub blobs: usize,
    pub differences: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error(transparent)]
    Replica(#[from] evendesk_replica::Error),
    #[error(transparent)]
    Write(#[from] crate::writer::WriteError),
    #[error(transparent)]
    Blobs(#[from] crate::blobs::BlobError),
    #[error("the folder for the second replica cannot be used: {0}")]
    Folder(#[from] std::io::Error),
}

/// Examines a workspace; one in a folder of its own only while no server is using it.
pub async fn examine(at: &Location) -> Result<Report, DoctorError> {
    let (folder, journal, _, mut scribe) = Store::open_for_command(at)?.into_scribe()?;
    let mut report = Report::default();
    let beside = Beside::make(&folder)?;
    let mut fresh = Replica::open(&beside.0, Keeps::RowsOnly)?;
    let named = fold_anew(&*journal, scribe.head(), &mut fresh, &mut report)?;
    compare(&scribe.replica().reader()?, &fresh.reader()?, &mut report)?;
    if !scribe.search_index_is_whole()? {
        report.differences.push("the search index does not say what the messages say".into());
    }
    let blobs = store::blobs(at)?;
    for hash in named {
        report.blobs += 1;
        if blobs.get(&hash).await?.is_none() {
            report.differences.push(format!("file {hash}: a message names it, and it is not there"));
        }
    }
    Ok(report)
}

/// The second replica, gone when this is dropped.
struct Beside(std::path::PathBuf);

impl Beside {
    fn make(folder: &Folder) -> std::io::Result<Self> {
        let path = folder.root().join("replica-doctor");
        match std::fs::remove_dir_all(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => std::fs::create_dir_all(&path)?,
        }
        Ok(Self(path))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Folds everything up to `head`; returns the files that messages name.
fn fold_anew(
    journal: &dyn Journal,
    head: u64,
    fresh: &mut Replica,
    report: &mut Report,
) -> Result<BTreeSet<String>, DoctorError> {
    let mut named = BTreeSet::new();
    loop {
        let mut events = journal.read(report.events, BATCH)?;
        // Other nodes may be at work.
        events.retain(|e| e.seq <= head);
        for event in &events {
            report.events += 1;
            if event.seq != report.events {
                report.differences.push(format!("event {}: {} was expected", event.seq, report.events));
                report.events = event.seq;
            }
            files(&event.event, &mut named);
        }
        let writer = fresh.write()?;
        writer.fold(&events)?;
        writer.commit()?;
        if events.len() < BATCH {
            return Ok(named);
        }
    }
}

pub(crate) fn files(event: &Event, named: &mut BTreeSet<String>) {
    match event {
        Event::MessageReceived { inbound, .. } => {
            named.extend(inbound.raw.clone());
            named.extend(inbound.attachments.iter().map(|a| a.blob.clone()));
        }
        Event::MessageMovedIn { original, .. } => files(original, named),
        _ => {}
    }
}

fn compare(kept: &Reader, fresh: &Reader, report: &mut Report) -> Result<(), DoctorError> {
    let streams: BTreeSet<StreamId> = kept.streams()?.into_iter().chain(fresh.streams()?).collect();
    report.streams = streams.len();
    for stream in streams {
        let (is, ought) = (kept.dump_stream(stream)?, fresh.dump_stream(stream)?);
        if is != ought {
            report.differences.push(format!("{stream}: {}", first_difference(&is, &ought)));
        }
    }
    Ok(())
}

fn first_difference(is: &str, ought: &str) -> String {
    let cut = |line: Option<&str>| line.unwrap_or("(no row)").chars().take(200).collect::<String>();
    let (mut is, mut ought) = (is.lines(), ought.lines());
    loop {
        match (is.next(), ought.next()) {
            (a, b) if a == b && a.is_some() => {}
            (a, b) => return format!("is {}, ought to be {}", cut(a), cut(b)),
        }
    }
}
