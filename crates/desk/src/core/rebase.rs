//! Deciding what is pending on top of what the server has said.

use std::collections::BTreeSet;

use evendesk_domain::command::Command;
use evendesk_domain::decide::{Context, Decided, No, decide};
use evendesk_domain::id::CommandId;
use evendesk_domain::permission::Agent;
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_replica::{PROVISIONAL, Position, Writer};

use super::Core;
use super::beyond::Beyond;
use crate::error::Error;
use crate::outbox::commands::Kept;

/// What deciding rests on besides the cache.
pub(super) struct Deciding {
    pub agent: Option<Agent>,
    /// Server time, as far as known. A pending answer counts from now at the earliest, whenever it was
    /// typed, so this is also the instant of its events.
    pub now: Timestamp,
}

/// What lies on top of what the server has said.
#[derive(Clone)]
pub(super) struct Top {
    /// Streams that pending commands are about, or have provisional events in.
    pub touched: BTreeSet<StreamId>,
    pub next_provisional: u64,
}

impl Default for Top {
    fn default() -> Self {
        Self { touched: BTreeSet::new(), next_provisional: PROVISIONAL }
    }
}

/// Takes every provisional event out: their streams are folded again from what the server has said.
pub(super) fn unwind(writer: &Writer<'_>) -> Result<(), Error> {
    for stream in writer.provisional_streams()? {
        writer.refold_kept(stream)?;
    }
    Ok(())
}

/// Decides and folds `pending` in order. One that cannot be decided here, for what has arrived or for
/// what this desk does not hold, changes nothing and waits for the server's word.
pub(super) fn decide_all(writer: &Writer<'_>, pending: &[Kept], cx: &Deciding) -> Result<Top, Error> {
    let mut top = Top::default();
    for kept in pending {
        top.touched.insert(kept.command.body.stream());
        match decide_one(writer, &kept.command, cx) {
            Ok(decided) => fold(writer, &kept.command, decided, &mut top, cx)?,
            Err(No::Failed(failed)) => return Err(failed.into()),
            Err(No::Refused(_) | No::LookAgain { .. }) => {}
        }
    }
    Ok(top)
}

pub(super) fn decide_one(writer: &Writer<'_>, command: &Command, cx: &Deciding) -> Result<Decided, No> {
    let Some(agent) = &cx.agent else { return Ok(Vec::new()) };
    let terms = writer.terms();
    let world = Beyond { known: writer.world_kept(), body: &command.body };
    decide(&world, agent, &command.body, &Context { now: cx.now, terms: &terms })
}

/// Folds what was decided, under the next provisional seqs.
pub(super) fn fold(
    writer: &Writer<'_>,
    command: &Command,
    decided: Decided,
    top: &mut Top,
    cx: &Deciding,
) -> Result<(), Error> {
    let by = cx.agent.as_ref().map_or(Actor::System, |a| Actor::User(a.user));
    let events: Vec<Recorded> = (top.next_provisional..)
        .zip(decided)
        .map(|(seq, (stream, event))| Recorded {
            seq,
            stream,
            at: cx.now,
            by,
            command: Some(command.id),
            event,
        })
        .collect();
    top.touched.extend(events.iter().map(|e| e.stream));
    top.next_provisional = events.last().map_or(top.next_provisional, |e| e.seq + 1);
    Ok(writer.fold(&events)?)
}

impl Core {
    pub(super) fn deciding(&self, now: Timestamp) -> Deciding {
        Deciding { agent: self.agent.clone(), now: self.server_time(now) }
    }

    /// The signed-in agent's commands that are shown as if they had happened, but for those `done`.
    pub(super) fn pending(&self, done: &[CommandId]) -> Result<Vec<Kept>, Error> {
        let Some(agent) = &self.agent else { return Ok(Vec::new()) };
        let mut commands = self.outbox.commands(agent.user)?;
        commands.retain(|k| k.state.is_pending() && !done.contains(&k.command.id));
        Ok(commands)
    }

    /// Takes everything provisional out and decides it again.
    pub(super) fn rebase_now(&mut self, now: Timestamp) -> Result<(), Error> {
        let pending = self.pending(&[])?;
        let cx = self.deciding(now);
        let writer = self.cache.write()?;
        unwind(&writer)?;
        let top = decide_all(&writer, &pending, &cx)?;
        writer.commit()?;
        self.top = top;
        Ok(())
    }

    /// Forgets the whole cache.
    pub(super) fn clear(&mut self, position: Position) -> Result<(), Error> {
        self.cache.clear(position)?;
        self.boundary("cache cleared");
        self.position = position;
        self.top = Top::default();
        Ok(())
    }

    /// Begins a new cache after damage: what was in the old one comes again from the server, and what
    /// is pending is decided on top as it does.
    pub fn rebuild_cache(&mut self, now: Timestamp) -> Result<Vec<super::Action>, Error> {
        self.cache.rebuild()?;
        self.position = Position::default();
        self.head = 0;
        self.rebase_now(now)?;
        let mut actions = vec![super::Action::NewCache, super::Action::HangUp { after_s: None }];
        actions.extend(self.disconnected());
        actions.push(super::Action::Changed(super::everything()));
        Ok(actions)
    }
}
