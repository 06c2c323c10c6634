//! Proves a workspace: reads the whole journal and its decisions, folds it anew beside the replica and
//! compares stream by stream, looks whether every file that a message names is there and is what its name
//! says, and who holds the leases.

use std::collections::BTreeSet;

use evendesk_domain::event::Event;
use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use evendesk_journal::Journal;
use evendesk_journal::whole::{self, Value};
use evendesk_protocol::Outcome;
use evendesk_replica::{Keeps, Reader, Replica};
use uuid::Uuid;

use crate::clock::Clock;
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
    pub decisions: usize,
    pub differences: Vec<String>,
    /// What is no fault by itself, for who looks for one.
    pub notes: Vec<String>,
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
    decisions(at, scribe.head(), &mut report)?;
    let blobs = store::blobs(at)?;
    for hash in named {
        report.blobs += 1;
        if !blobs.has(&hash).await? {
            report.differences.push(format!("file {hash}: a message names it, and it is not there"));
        } else if !blobs.is_whole(&hash).await? {
            report.differences.push(format!("file {hash}: what is in it is not what its name says"));
        }
    }
    // Leases run by the clock that nodes share.
    let now = journal.time()?.unwrap_or_else(|| Clock::system().now());
    leases(&*journal, now, &mut report)?;
    Ok(report)
}

/// Every answer that was given can be given again, and speaks of nothing that is not there.
fn decisions(at: &Location, head: u64, report: &mut Report) -> Result<(), DoctorError> {
    let journal = store::to_look_into(at)?;
    let mut snapshot = journal.snapshot()?;
    // Others may have appended since the replica was looked at.
    let head = snapshot.workspace()?.map_or(head, |w| w.head);
    if head > 0 && journal.event(head)?.is_none() {
        report
            .differences
            .push(format!("event {head}: the journal says it is the last one, and it is not there"));
    }
    let table = whole::TABLES.iter().find(|table| table.name == "decision");
    let Some(table) = table else { return Ok(()) };
    snapshot.each(table, &mut |rows| {
        for row in rows {
            report.decisions += 1;
            let [Value::Bytes(command), Value::Text(outcome), _] = &row[..] else { continue };
            let name = Uuid::from_slice(command).unwrap_or_default();
            match serde_json::from_str(outcome) {
                Ok(Outcome::Accepted { seq }) if seq > head => report.differences.push(format!(
                    "command {name}: its answer speaks of event {seq}, and the last one is {head}"
                )),
                Ok(_) => {}
                Err(e) => report.differences.push(format!("command {name}: its answer is unreadable: {e}")),
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// A lease that nobody prolongs is taken by the next node that looks; one that is never taken again is of
/// a mailbox that is gone, or its work stands still.
fn leases(journal: &dyn Journal, now: Timestamp, report: &mut Report) -> Result<(), DoctorError> {
    const LONG_S: i64 = 300;
    for lease in journal.leases()? {
        let (name, holder) = (&lease.name, lease.holder);
        let over_s = now.seconds_since(lease.expires_at);
        if over_s < 0 {
            report.notes.push(format!("lease {name}: node {holder} holds it"));
        } else if over_s > LONG_S {
            let minutes = over_s / 60;
            report.notes.push(format!(
                "lease {name}: node {holder} held it until {minutes} minutes ago, and nobody since"
            ));
        }
    }
    Ok(())
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
        for event in events.iter().filter(|e| e.event.is_from_the_future()) {
            let (seq, stream) = (event.seq, event.stream);
            report.notes.push(format!(
                "event {seq}: a newer Evendesk wrote it; {stream} is only read here until this one is upgraded"
            ));
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
