//! Deciding and writing one batch: the replica's transaction is open while each command is decided and
//! folded on its own savepoint; then the journal is appended to, then the replica committed. Whatever
//! fails before the append leaves no trace; whatever fails after it is folded again from the journal.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use evendesk_domain::event::Event;
use evendesk_domain::permission::Scope;
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use evendesk_domain::time::Timestamp;
use evendesk_journal::Journal;
use evendesk_replica::{Position, Replica};
use uuid::Uuid;

use super::draft::Draft;
use super::tail;
use super::{Answer, Ask, Committed, Undecided};
use crate::erasure::{Ledger, LedgerError};

/// Events folded in one transaction while catching up.
const CATCH_UP: usize = 5_000;
/// How often a batch is decided again because other nodes were quicker. Each time one of them got
/// through, so the workspace goes on; after that those who asked are told to come again.
const TRIES: u32 = 32;

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error(transparent)]
    Replica(#[from] evendesk_replica::Error),
    /// What this node has seen is gone from the journal.
    #[error(
        "the journal ends at {is}, and this server had seen it at {was}: it has lost what came last, by a \
         restore or a failover; restart this server: the journal becomes a new incarnation then, and desks \
         offer again what it has lost"
    )]
    WentBack { was: u64, is: u64 },
    /// Others have appended after what is gone.
    #[error(
        "event {at} of the journal is another one than this server had seen there: the journal has lost what came \
         last, by a restore or a failover; restart this server: the journal becomes a new incarnation then, and \
         desks offer again what it has lost"
    )]
    Parted { at: u64 },
    #[error(transparent)]
    Erasures(#[from] LedgerError),
}

impl WriteError {
    /// This writer must not go on: another has taken over, or the journal is not the one it was.
    pub const fn is_final(&self) -> bool {
        let fenced = matches!(self, Self::Journal(evendesk_journal::Error::Fenced { .. }));
        fenced || self.has_lost_its_tail()
    }

    /// What this node has seen is gone from the journal.
    pub const fn has_lost_its_tail(&self) -> bool {
        matches!(self, Self::WentBack { .. } | Self::Parted { .. })
    }

    /// Other nodes were quicker, as far as a node that is at `head` can tell.
    const fn is_behind(&self) -> bool {
        use evendesk_journal::Error::{Behind, Decided};
        matches!(self, Self::Journal(Behind { .. } | Decided))
    }
}

/// Whoever is told of each commit, in order, once.
type Listener = Box<dyn FnMut(Committed) + Send>;

/// Called at every point where a crash would find something else in the stores, with its name.
pub type Boundary = Box<dyn FnMut(&'static str) + Send>;

/// The journal and the replica in one hand.
pub struct Scribe {
    journal: Arc<dyn Journal>,
    replica: Replica,
    incarnation: Uuid,
    epoch: u64,
    /// Everything up to here has been told.
    head: u64,
    /// The replica may lack events that the journal has.
    behind: bool,
    listener: Option<Listener>,
    erasures: Arc<Ledger>,
    /// The replica's log still holds what was erased.
    to_purge: bool,
    boundary: Option<Boundary>,
}

impl Scribe {
    /// Takes writing over, or joins those who write already, and folds what the replica has not seen.
    pub fn open(
        journal: Arc<dyn Journal>,
        replica: Replica,
        erasures: Arc<Ledger>,
    ) -> Result<Self, WriteError> {
        let epoch = if journal.is_shared() { journal.join()? } else { journal.claim()? };
        let workspace = journal.workspace()?.ok_or(evendesk_journal::Error::NoWorkspace)?;
        let incarnation = workspace.incarnation;
        let mut scribe = Self {
            journal,
            replica,
            incarnation,
            epoch,
            head: 0,
            behind: true,
            listener: None,
            erasures,
            to_purge: false,
            boundary: None,
        };
        scribe.catch_up()?;
        Ok(scribe)
    }

    pub const fn head(&self) -> u64 {
        self.head
    }

    pub fn erasures(&self) -> Arc<Ledger> {
        Arc::clone(&self.erasures)
    }

    pub const fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Whether other nodes append to the same journal.
    pub fn is_shared(&self) -> bool {
        self.journal.is_shared()
    }

    /// Tells `listener` of every commit from here on, this node's and others', as soon as the replica has it.
    pub fn on_commit(&mut self, listener: impl FnMut(Committed) + Send + 'static) {
        self.listener = Some(Box::new(listener));
    }

    pub fn set_boundary(&mut self, boundary: Boundary) {
        self.boundary = Some(boundary);
    }

    /// Whether searching finds what is there.
    pub fn search_index_is_whole(&mut self) -> Result<bool, WriteError> {
        Ok(self.replica.write()?.search_index_is_whole())
    }

    /// Looks for what others have appended before anything is decided.
    pub const fn look(&mut self) {
        self.behind = true;
    }

    fn catch_up(&mut self) -> Result<(), WriteError> {
        let mut passed_over = false;
        loop {
            let writer = self.replica.write()?;
            let cursor = writer.position()?.cursor;
            let mut events = self.journal.read(cursor.saturating_sub(1), CATCH_UP + 1)?;
            if cursor > 0 {
                let known = if events.is_empty() { None } else { Some(events.remove(0)) };
                tail::agrees(&*self.journal, cursor, &writer.mark()?, known.as_ref())?;
            }
            events.truncate(CATCH_UP);
            let more = events.len() == CATCH_UP;
            let reached = events.last().map_or(cursor, |e| e.seq);
            // A long way is not told event by event: desks read it from the journal.
            let tells = self.listener.is_some() && !more && (passed_over || reached > self.head);
            let mut who_sees = HashMap::new();
            if events.is_empty() {
                drop(writer);
            } else {
                writer.fold(&events)?;
                self.to_purge |= refold_redacted(&*self.journal, &writer, &events, &self.erasures)?;
                stand(&writer, self.incarnation, reached, events.last())?;
                if tells {
                    who_sees = scopes(&writer, &events)?;
                }
                writer.commit()?;
                tail::tell_newer(&events);
            }
            if tells {
                self.tell(cursor, reached, events, who_sees);
            }
            self.head = self.head.max(reached);
            if !more {
                self.behind = false;
                self.purge();
                return Ok(());
            }
            passed_over = true;
        }
    }

    /// Empties the replica's log of what was erased; where a reader is still at an older state, with the
    /// next batch.
    fn purge(&mut self) {
        if self.to_purge {
            match self.replica.empty_log() {
                Ok(done) => {
                    self.to_purge = !done;
                    self.erasures.blanked();
                }
                Err(e) => tracing::warn!("the replica's log still holds what was erased: {e}"),
            }
        }
    }

    /// Leaves out what has been told.
    fn tell(
        &mut self,
        from: u64,
        to: u64,
        mut events: Vec<Recorded>,
        scopes: HashMap<StreamId, Option<Scope>>,
    ) {
        let Some(listener) = &mut self.listener else { return };
        events.retain(|e| e.seq > self.head);
        listener(Committed { from: from.max(self.head), to, events, scopes });
    }

    /// Decides and writes a batch. On an error nothing of it has been answered, and all of it may be
    /// asked again: what was written all the same, unheard, is known then.
    pub fn write(&mut self, asks: &[Ask], now: Timestamp) -> Result<Vec<Answer>, WriteError> {
        let mut answers = Vec::with_capacity(asks.len());
        let (mut tries, mut most) = (0, asks.len());
        loop {
            let rest = one_erasure(&asks[answers.len()..]);
            match self.try_write(&rest[..most.min(rest.len())], now) {
                Ok(more) => answers.extend(more),
                Err(WriteError::Journal(evendesk_journal::Error::Behind { head })) if head < self.head => {
                    return Err(WriteError::WentBack { was: self.head, is: head });
                }
                // Another node appended in between: decide again on what there is now, and sooner, by
                // deciding less at once.
                Err(e) if e.is_behind() && tries < TRIES => {
                    self.behind = true;
                    tries += 1;
                    most = (most / 2).max(1);
                }
                Err(e) if e.is_behind() => answers.resize(asks.len(), Err(Undecided::Busy)),
                Err(e) if e.is_final() || answers.is_empty() => return Err(e),
                Err(e) => answers.resize(asks.len(), Err(Undecided::Store(e.to_string()))),
            }
            if answers.len() == asks.len() {
                return Ok(answers);
            }
        }
    }

    fn try_write(&mut self, asks: &[Ask], now: Timestamp) -> Result<Vec<Answer>, WriteError> {
        if self.behind {
            self.catch_up()?;
        }
        // Until all is well again: wherever this is left, what is missing is folded before the next batch.
        self.behind = true;
        let writer = self.replica.write()?;
        at(&mut self.boundary, "replica open");
        let mut draft = Draft::new(&*self.journal, self.head);
        let answers = asks.iter().map(|ask| draft.answer(&writer, ask, ask.at.unwrap_or(now))).collect();
        if let Some(e) = draft.failed {
            return Err(e.into());
        }
        if draft.batch.is_empty() {
            self.behind = false;
            return Ok(answers);
        }
        let (from, to) = (self.head, draft.head());
        stand(&writer, self.incarnation, to, draft.batch.events.last())?;
        let scopes = scopes(&writer, &draft.batch.events)?;
        at(&mut self.boundary, "decided");
        if let Some(erasing) = draft.erasing.take() {
            self.to_purge = true;
            draft.batch.blanked = erasing.in_journal(self.head);
            self.erasures.note(erasing.erased(now))?;
        }
        if let Err(e) = self.journal.append(self.epoch, &draft.batch) {
            let e = WriteError::from(e);
            // Surely not kept; decided again, it may be to reach others, or be refused.
            if !draft.batch.blanked.is_empty() && (e.is_behind() || e.is_final()) {
                self.erasures.take_back()?;
            }
            return Err(e);
        }
        at(&mut self.boundary, "appended");
        let events = draft.batch.events;
        match writer.commit() {
            Ok(()) => self.behind = false,
            // It is in the journal, so it has happened; the rows follow before anything else is decided.
            Err(e) => tracing::warn!("the replica will be caught up: {e}"),
        }
        self.purge();
        at(&mut self.boundary, "replica committed");
        if to > from {
            self.tell(from, to, events, scopes);
        }
        self.head = to;
        Ok(answers)
    }
}

/// As many as go into one batch: a second erasure would not see in the journal what the first one is about to
/// blank there, and begins the next.
fn one_erasure(asks: &[Ask]) -> &[Ask] {
    let mut erasing = asks.iter().enumerate().filter(|(_, ask)| ask.work.erases());
    let second = erasing.nth(1).map_or(asks.len(), |(place, _)| place);
    &asks[..second]
}

/// What an erasure elsewhere has taken words from is folded again from the journal, which has them no more.
fn refold_redacted(
    journal: &dyn Journal,
    writer: &evendesk_replica::Writer<'_>,
    events: &[Recorded],
    erasures: &Ledger,
) -> Result<bool, WriteError> {
    let redacted = events.iter().filter(|e| matches!(e.event, Event::Redacted { .. }));
    let streams: BTreeSet<StreamId> = redacted.map(|e| e.stream).collect();
    let (Some(last), false) = (events.last(), streams.is_empty()) else { return Ok(false) };
    erasures.learn(last.at, streams.iter().copied().filter(|s| s.kind != StreamKind::Mailbox))?;
    for stream in streams {
        let mut whole = journal.read_stream(stream)?;
        whole.retain(|e| e.seq <= last.seq);
        writer.refold(stream, &whole)?;
    }
    Ok(true)
}

/// Keeps how far the replica is. Without a last event, that is where it was.
fn stand(
    writer: &evendesk_replica::Writer<'_>,
    incarnation: Uuid,
    cursor: u64,
    last: Option<&Recorded>,
) -> Result<(), WriteError> {
    if let Some(last) = last {
        writer.set_position(Position { incarnation: Some(incarnation), cursor })?;
        writer.set_mark(&tail::mark(last))?;
    }
    Ok(())
}

fn at(boundary: &mut Option<Boundary>, name: &'static str) {
    if let Some(boundary) = boundary {
        boundary(name);
    }
}

fn scopes(
    writer: &evendesk_replica::Writer<'_>,
    events: &[Recorded],
) -> Result<HashMap<StreamId, Option<Scope>>, evendesk_replica::Error> {
    let mut scopes = HashMap::new();
    for event in events {
        if let Entry::Vacant(vacant) = scopes.entry(event.stream) {
            vacant.insert(writer.scope(event.stream)?);
        }
    }
    Ok(scopes)
}
