//! Erasing a customer, on the server: what each of their events becomes, the ledger that outlives
//! backups, and the files that nobody names any more.
//!
//! The order of things makes it whole at any crash: the ledger is told first; then, in one append, the words
//! are blanked in the journal and `redacted` is said, which has every replica and every desk fold the streams
//! anew; then the files go, the engine's old bytes and what nobody names any more; then the ledger notes that
//! it was carried out. Whatever is missing of that is made up for by [`apply`] when the folder is opened next,
//! and by [`watch`].

mod ledger;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

use evendesk_domain::blank::gone;
use evendesk_domain::event::Event;
use evendesk_domain::id::AccountId;
use evendesk_domain::stream::{Actor, Recorded, StreamId, StreamKind};
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Batch, Error, Journal};

use crate::blobs::{BlobError, Blobs};

pub use ledger::{Erased, Ledger, LedgerError};
pub use sweep::watch;

#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    #[error(transparent)]
    Journal(#[from] Error),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Blobs(#[from] BlobError),
}

/// How often other nodes may be quicker.
const TRIES: u32 = 32;

/// A stream as it is to be.
#[derive(Default)]
pub(crate) struct Blanked {
    /// All of it, without words.
    pub events: Vec<Recorded>,
    /// Which of them lost theirs, or have none since an earlier try.
    pub seqs: Vec<u64>,
}

/// What an erasure changes.
#[derive(Default)]
pub(crate) struct Plan {
    pub streams: BTreeMap<StreamId, Blanked>,
    /// Files that the events named.
    pub blobs: BTreeSet<String>,
}

impl Plan {
    /// Erases all of these streams, and what the accounts' ledgers say of the messages in them. `drafted`
    /// is what of a batch is decided and not yet in the journal.
    pub fn of(
        journal: &dyn Journal,
        streams: impl IntoIterator<Item = StreamId>,
        drafted: &[Recorded],
    ) -> Result<Self, Error> {
        let mut plan = Self::default();
        let mut ids: BTreeMap<AccountId, BTreeSet<String>> = BTreeMap::new();
        for stream in streams {
            let mut blanked = Blanked::default();
            for recorded in events(journal, stream, drafted)? {
                plan.blobs.extend(recorded.event.blobs().into_iter().map(str::to_owned));
                if let Some(inbound) = recorded.event.inbound() {
                    ids.entry(inbound.account).or_default().insert(gone(&inbound.remote_id));
                }
                blanked.seqs.push(recorded.seq);
                blanked.events.push(Recorded { event: recorded.event.blanked(), ..recorded });
            }
            plan.streams.insert(stream, blanked);
        }
        for (account, gone) in ids {
            plan.ledger_of(journal, account, &gone, drafted)?;
        }
        plan.streams.retain(|_, blanked| !blanked.seqs.is_empty());
        Ok(plan)
    }

    fn ledger_of(
        &mut self,
        journal: &dyn Journal,
        account: AccountId,
        ids: &BTreeSet<String>,
        drafted: &[Recorded],
    ) -> Result<(), Error> {
        let stream = StreamId::mailbox(account);
        let mut blanked = Blanked::default();
        for recorded in events(journal, stream, drafted)? {
            if recorded.event.ledger().iter().any(|e| ids.contains(&gone(&e.remote_id))) {
                blanked.seqs.push(recorded.seq);
            }
            blanked.events.push(Recorded { event: recorded.event.without_ids(ids), ..recorded });
        }
        self.streams.insert(stream, blanked);
        Ok(())
    }

    /// What is to be put in the place of events that the journal has, up to its head.
    pub fn in_journal(&self, head: u64) -> Vec<(u64, Event)> {
        let changed = |b: &'_ Blanked| {
            let due = b.events.iter().filter(|e| e.seq <= head && b.seqs.contains(&e.seq));
            due.map(|e| (e.seq, e.event.clone())).collect::<Vec<_>>()
        };
        self.streams.values().flat_map(changed).collect()
    }

    /// What the ledger is told.
    pub fn erased(&self, at: Timestamp) -> Erased {
        // The accounts' ledgers follow from the messages, and are no stream of the customer's.
        let streams = self.streams.keys().copied().filter(|s| s.kind != StreamKind::Mailbox);
        Erased { at, streams: streams.collect(), blobs: self.blobs.iter().cloned().collect() }
    }
}

fn events(journal: &dyn Journal, stream: StreamId, drafted: &[Recorded]) -> Result<Vec<Recorded>, Error> {
    let mut events = journal.read_stream(stream)?;
    events.extend(drafted.iter().filter(|e| e.stream == stream).cloned());
    Ok(events)
}

/// Carries out in `journal` whatever the ledger says was erased and is not, or not wholly, erased there:
/// after a crash in the middle of an erasure, and after a restore from a backup that is older than the
/// erasure. Returns how many streams it took words from. Nothing is done twice; where all was carried out
/// in this incarnation, the journal is not even read.
///
/// **For `restore`:** call this once the journal is in its place under its new incarnation, with the
/// ledger that was *not* restored (it is never part of a backup: [`Ledger`]), before any server or
/// replica opens the journal; then [`sweep`] the files. A backup of a SQLite journal is to be written with
/// `secure_delete` on (`VACUUM INTO` too): without it pages keep pieces of rows that no statement reaches.
pub fn apply(journal: &dyn Journal, ledger: &Ledger, now: Timestamp) -> Result<usize, ErasureError> {
    let mut tries = 0;
    loop {
        match carry_out(journal, ledger, now) {
            // Another node appended in between.
            Err(ErasureError::Journal(Error::Behind { .. })) if tries < TRIES => tries += 1,
            done => return done,
        }
    }
}

fn carry_out(journal: &dyn Journal, ledger: &Ledger, now: Timestamp) -> Result<usize, ErasureError> {
    let Some(workspace) = journal.workspace()? else { return Ok(0) };
    let due = ledger.due(workspace.incarnation);
    let streams: BTreeSet<StreamId> = due.iter().flat_map(|e| e.streams.iter().copied()).collect();
    if streams.is_empty() {
        return Ok(0);
    }
    let epoch = if journal.is_shared() { journal.join()? } else { journal.claim()? };
    // Before the streams are read: what comes to them meanwhile moves it, and nothing is appended.
    let head = journal.head()?;
    let mut plan = Plan::of(journal, streams, &[])?;
    plan.streams.retain(|_, b| !is_erased(b));
    let known: BTreeSet<&String> = due.iter().flat_map(|e| &e.blobs).collect();
    if plan.blobs.iter().any(|blob| !known.contains(blob)) {
        ledger.note(plan.erased(now))?;
    }
    if plan.streams.is_empty() {
        return Ok(0);
    }
    let blanked = plan.in_journal(head);
    let redacted = plan.streams.into_iter().zip(head + 1..).map(|((stream, b), seq)| {
        let event = Event::Redacted { seqs: b.seqs };
        Recorded { seq, stream, at: now, by: Actor::System, command: None, event }
    });
    let events: Vec<Recorded> = redacted.collect();
    let streams = events.len();
    journal.append(epoch, &Batch { base: head, events, blanked, ..Batch::default() })?;
    Ok(streams)
}

/// Empties the journal's files of what was blanked, deletes the files that only what was erased has named, and
/// notes that all is carried out. False where something has to wait; then it is to be asked again.
///
/// **For `restore`:** after [`apply`], with the files in their place before the ledger was opened.
pub async fn sweep(
    journal: &std::sync::Arc<dyn Journal>,
    blobs: &Blobs,
    ledger: &std::sync::Arc<Ledger>,
) -> Result<bool, ErasureError> {
    sweep::sweep(journal, blobs, ledger).await
}

/// Whether a stream says that all of it was erased, and nothing came since.
fn is_erased(blanked: &Blanked) -> bool {
    let redacted = blanked.events.iter().filter_map(|e| match &e.event {
        Event::Redacted { seqs } => Some((e.seq, seqs)),
        _ => None,
    });
    let covered: BTreeSet<u64> = redacted.flat_map(|(own, seqs)| seqs.iter().copied().chain([own])).collect();
    blanked.seqs.iter().all(|seq| covered.contains(seq))
}
