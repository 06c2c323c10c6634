//! Fetching the stretch of the journal that a desk gets next. Blocks: called where that is allowed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use evendesk_domain::event::Event;
use evendesk_domain::id::UserId;
use evendesk_domain::permission::{Agent, visible};
use evendesk_domain::settings::User;
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use evendesk_journal::Journal;
use evendesk_protocol::limits::BATCH_EVENTS;
use evendesk_replica::{Reader, Readers};

use super::session::{Found, Wanted};
use super::tail::{Changed, Slice};
use crate::sign_in::{self, NotSignedIn};
use crate::state::Present;
use crate::writer::Committed;

type Fetched<T> = Result<T, FetchError>;

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error(transparent)]
    Replica(#[from] evendesk_replica::Error),
}

/// Fetches what a session wants.
pub fn fetch(journal: &dyn Journal, readers: &Readers, wanted: Wanted) -> Fetched<Found> {
    Ok(match wanted {
        Wanted::Reach(cursor) => {
            let reached = readers.get()?.position()?.cursor >= cursor;
            Found::Reached(reached || journal.head()? < cursor)
        }
        Wanted::SameEyes { agent, cursor } => Found::SameEyes(sees_as_then(journal, &agent, cursor)?),
        Wanted::Slice { agent, after } => Found::Slice(next(journal, readers, &agent, after)?.map(Box::new)),
        Wanted::Whole { agent, stream, to } => {
            let scope = readers.get()?.scope(stream)?;
            let sees = scope.is_some_and(|s| visible(&agent, s));
            Found::Whole(if sees { Some(whole(journal, stream, to)?) } else { None })
        }
        Wanted::Audience(present) => {
            let scope = readers.get()?.scope(present.conversation.into())?;
            Found::Audience(Present { scope, ..present })
        }
        // Asked again at the next heartbeat where the journal does not answer: it tells this desk nothing
        // meanwhile.
        Wanted::SignIn { digest, now } => Found::SignIn(match sign_in::look(journal, readers, digest, now) {
            Ok(_) | Err(NotSignedIn::NotYet) => true,
            Err(NotSignedIn::Unknown | NotSignedIn::Over(_)) => false,
            Err(e) => {
                tracing::warn!("whether a desk is still signed in cannot be told: {e}");
                true
            }
        }),
    })
}

/// What follows `after`; none when the desk has it all.
fn next(journal: &dyn Journal, readers: &Readers, agent: &Agent, after: u64) -> Fetched<Option<Slice>> {
    let reader = readers.get()?;
    // The rows may be a moment behind the journal, and they say who may see what.
    let head = reader.position()?.cursor;
    if head <= after {
        return Ok(None);
    }
    let mut events = journal.read(after, BATCH_EVENTS)?;
    events.retain(|e| e.seq <= head);
    let to = events.last().map_or(head, |e| e.seq);
    let mut scopes = HashMap::new();
    for event in &events {
        if let Entry::Vacant(vacant) = scopes.entry(event.stream) {
            vacant.insert(reader.scope(event.stream)?);
        }
    }
    complete(journal, &reader, agent, Slice { from: after, to, events, scopes, ..Slice::default() }).map(Some)
}

/// The same from a commit just made that [`needs_reading`] nothing else.
pub fn of(committed: &Committed) -> Slice {
    Slice {
        from: committed.from,
        to: committed.to,
        events: committed.events.clone(),
        scopes: committed.scopes.clone(),
        ..Slice::default()
    }
}

/// Whether the journal must be read too, to tell what a desk gains and loses.
pub fn needs_reading(user: UserId, events: &[Recorded]) -> bool {
    events.iter().any(|e| match e.event {
        Event::TeamChanged { .. } | Event::Redacted { .. } => true,
        Event::UserSaved { .. } => e.stream == user.into(),
        _ => false,
    })
}

/// Adds what the agent's own change brings and takes, and what was erased.
fn complete(journal: &dyn Journal, reader: &Reader, agent: &Agent, mut slice: Slice) -> Fetched<Slice> {
    let mut now = agent.clone();
    let own = StreamId::from(agent.user);
    if slice.events.iter().any(|e| e.stream == own) {
        now = reader.agent(agent.user)?.unwrap_or(now);
        slice.changed = Some(changed(reader, agent, now.clone())?);
    }
    slice.erased = erased(journal, &now, &slice)?;
    Ok(slice)
}

/// What the slice says was erased, as the agent's desk is to be told.
fn erased(journal: &dyn Journal, agent: &Agent, slice: &Slice) -> Fetched<BTreeMap<StreamId, Vec<Recorded>>> {
    let mut seqs: BTreeMap<StreamId, BTreeSet<u64>> = BTreeMap::new();
    for recorded in &slice.events {
        if let Event::Redacted { seqs: gone } = &recorded.event {
            seqs.entry(recorded.stream).or_default().extend(gone);
        }
    }
    let mut erased = BTreeMap::new();
    for (stream, mut seqs) in seqs {
        let scope = slice.scopes.get(&stream).copied().flatten();
        if !scope.is_some_and(|s| visible(agent, s)) {
            // Nothing is typed about an account's ledger.
            if stream.kind != StreamKind::Mailbox {
                erased.insert(stream, Vec::new());
            }
            continue;
        }
        seqs.extend(slice.events.iter().filter(|e| e.stream == stream).map(|e| e.seq));
        let mut events = whole(journal, stream, slice.to)?;
        events.retain(|e| seqs.contains(&e.seq));
        erased.insert(stream, events);
    }
    Ok(erased)
}

fn whole(journal: &dyn Journal, stream: StreamId, to: u64) -> Fetched<Vec<Recorded>> {
    let mut events = journal.read_stream(stream)?;
    events.retain(|e| e.seq <= to);
    Ok(events)
}

/// Whether the agent's role and teams have been what they are ever since the desk's cursor was at `seq`.
/// Where not, what the desk holds was judged by other eyes, and cannot be told from here.
fn sees_as_then(journal: &dyn Journal, agent: &Agent, seq: u64) -> Fetched<bool> {
    let mut state: Option<User> = None;
    for event in journal.read_stream(agent.user.into())? {
        let differs = |u: &User| u.role != agent.role || u.teams != agent.teams;
        if event.seq > seq && state.as_ref().is_some_and(differs) {
            return Ok(false);
        }
        User::apply(&mut state, agent.user, &event);
    }
    Ok(state.is_none_or(|u| u.role == agent.role && u.teams == agent.teams))
}

fn changed(reader: &Reader, before: &Agent, agent: Agent) -> Fetched<Changed> {
    let mut changed = Changed { agent, granted: Vec::new(), withdrawn: Vec::new() };
    if before.role == changed.agent.role && before.teams == changed.agent.teams {
        return Ok(changed);
    }
    for stream in reader.streams()? {
        let Some(scope) = reader.scope(stream)? else { continue };
        match (visible(before, scope), visible(&changed.agent, scope)) {
            (false, true) => changed.granted.push(stream),
            (true, false) => changed.withdrawn.push(stream),
            _ => {}
        }
    }
    Ok(changed)
}
