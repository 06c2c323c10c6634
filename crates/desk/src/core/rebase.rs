//! Deciding what is pending on top of what the server has said.

use std::collections::{BTreeMap, BTreeSet};

use evendesk_domain::command::Command;
use evendesk_domain::decide::{Context, Decided, No, decide, decide_reoffered};
use evendesk_domain::id::CommandId;
use evendesk_domain::permission::Agent;
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_replica::{PROVISIONAL, Position, Writer};

use super::{Core, changes};
use crate::error::Error;
use crate::outbox::commands::Kept;
use crate::view::Change;

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
    /// By pending command: the stream it is about, and those it has provisional events in.
    touched: BTreeMap<CommandId, BTreeSet<StreamId>>,
    /// Only ever grows, so that of two commands in one stream the later one comes later.
    next_provisional: u64,
}

impl Default for Top {
    fn default() -> Self {
        Self { touched: BTreeMap::new(), next_provisional: PROVISIONAL }
    }
}

/// What must be decided again together: commands that share a stream, directly or by others.
#[derive(Default)]
pub(super) struct Train {
    pub streams: BTreeSet<StreamId>,
    pub commands: BTreeSet<CommandId>,
}

impl Top {
    /// Everything that hangs together with these streams and commands.
    pub(super) fn train(&self, streams: &[StreamId], commands: &[CommandId]) -> Train {
        let mut train = Train { streams: streams.iter().copied().collect(), ..Train::default() };
        loop {
            let before = train.commands.len();
            for (command, touched) in &self.touched {
                if commands.contains(command) || !touched.is_disjoint(&train.streams) {
                    train.commands.insert(*command);
                    train.streams.extend(touched);
                }
            }
            if train.commands.len() == before {
                return train;
            }
        }
    }

    /// Takes a train's provisional events out: its streams are folded again from what the server has said.
    fn unwind(&mut self, writer: &Writer<'_>, train: &Train) -> Result<(), Error> {
        #[cfg(feature = "faults")]
        if crate::faults::is(crate::faults::Fault::SkippedRefold) {
            return Ok(());
        }
        let mut streams = BTreeSet::new();
        for command in &train.commands {
            streams.extend(self.touched.remove(command).unwrap_or_default());
        }
        streams.into_iter().try_for_each(|stream| Ok(writer.refold_kept(stream)?))
    }

    /// Decides and folds `pending` in order. One that cannot be decided here, for what has arrived or
    /// for what this desk does not hold, changes nothing and waits for the server's word.
    fn decide(&mut self, writer: &Writer<'_>, pending: &[Kept], cx: &Deciding) -> Result<(), Error> {
        for kept in pending {
            match decide_one(writer, &kept.command, kept.reoffered, cx) {
                Ok(decided) => self.fold(writer, &kept.command, decided, cx)?,
                Err(No::Failed(failed)) => return Err(failed.into()),
                Err(No::Refused(_) | No::LookAgain { .. }) => {
                    self.fold(writer, &kept.command, Vec::new(), cx)?;
                }
            }
        }
        Ok(())
    }

    /// Folds what was decided, under the next provisional seqs.
    pub(super) fn fold(
        &mut self,
        writer: &Writer<'_>,
        command: &Command,
        decided: Decided,
        cx: &Deciding,
    ) -> Result<(), Error> {
        let by = cx.agent.as_ref().map_or(Actor::System, |a| Actor::User(a.user));
        let (at, id) = (cx.now, Some(command.id));
        let events: Vec<Recorded> = (self.next_provisional..)
            .zip(decided)
            .map(|(seq, (stream, event))| Recorded { seq, stream, at, by, command: id, event })
            .collect();
        let streams = events.iter().map(|e| e.stream).chain([command.body.stream()]);
        self.touched.insert(command.id, streams.collect());
        self.next_provisional = events.last().map_or(self.next_provisional, |e| e.seq + 1);
        Ok(writer.fold(&events)?)
    }
}

pub(super) fn decide_one(
    writer: &Writer<'_>,
    command: &Command,
    reoffered: bool,
    cx: &Deciding,
) -> Result<Decided, No> {
    let Some(agent) = &cx.agent else { return Ok(Vec::new()) };
    let terms = writer.terms();
    let world = writer.world_kept();
    let decide = if reoffered { decide_reoffered } else { decide };
    decide(&world, agent, &command.body, &Context { now: cx.now, terms: &terms })
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

    /// One transaction: takes out what is pending about `streams` and `commands`, with what hangs
    /// together with it; does `f`; decides again on top what is still pending and not `done`.
    pub(super) fn redo(
        &mut self,
        streams: &[StreamId],
        commands: &[CommandId],
        done: &[CommandId],
        now: Timestamp,
        f: impl FnOnce(&Writer<'_>) -> Result<(), Error>,
    ) -> Result<Change, Error> {
        let train = self.top.train(streams, commands);
        let mut pending = self.pending(done)?;
        pending.retain(|k| {
            train.commands.contains(&k.command.id) || train.streams.contains(&k.command.body.stream())
        });
        let cx = self.deciding(now);
        let mut top = self.top.clone();
        let writer = self.cache.write()?;
        // What vanishes is about a customer too.
        let before = changes::of(&writer, &train.streams)?;
        top.unwind(&writer, &train)?;
        f(&writer)?;
        top.decide(&writer, &pending, &cx)?;
        let mut gone = false;
        if !train.commands.is_empty() {
            for stream in &train.streams {
                gone |= writer.kept_events(*stream)?.is_empty();
            }
        }
        let mut after = top.train(streams, &pending.iter().map(|k| k.command.id).collect::<Vec<_>>());
        after.streams.extend(train.streams);
        let changed = changes::both(before, changes::of(&writer, &after.streams)?);
        writer.commit()?;
        self.top = top;
        self.leftovers |= gone;
        Ok(changed)
    }

    /// Takes everything provisional out, as found in the cache, and decides it again.
    pub(super) fn rebase_all(&mut self, now: Timestamp) -> Result<(), Error> {
        let pending = self.pending(&[])?;
        let cx = self.deciding(now);
        let mut top = Top::default();
        let writer = self.cache.write()?;
        for stream in writer.provisional_streams()? {
            writer.refold_kept(stream)?;
        }
        top.decide(&writer, &pending, &cx)?;
        writer.commit()?;
        self.top = top;
        Ok(())
    }

    /// Forgets the whole cache.
    pub(super) fn clear(&mut self, position: Position) -> Result<(), Error> {
        self.cache.clear(position)?;
        self.boundary("cache cleared");
        self.attachments.keep_only(|_| false);
        self.position = position;
        self.visible_set = String::new();
        self.top = Top::default();
        Ok(())
    }

    /// Begins a new cache after damage: what was in the old one comes again from the server, and what
    /// is pending is decided on top as it does.
    pub fn rebuild_cache(&mut self, now: Timestamp) -> Result<Vec<super::Action>, Error> {
        self.cache.rebuild()?;
        self.position = Position::default();
        self.visible_set = String::new();
        self.head = 0;
        self.rebase_all(now)?;
        let mut actions = vec![super::Action::NewCache, super::Action::HangUp { after_s: None }];
        actions.extend(self.disconnected());
        actions.push(super::Action::Changed(super::everything()));
        Ok(actions)
    }
}
