//! What the server says: welcome, events, streams given and taken. Each is stored in one transaction of
//! the cache, with the pending commands decided again on top where it touches what they are about.

use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, ConversationId};
use evendesk_domain::permission::Agent;
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::{Class, FromDesk, FromServer, Mode, Side, Upgrade};
use evendesk_replica::Position;
use uuid::Uuid;

use super::{Action, Core, Line, everything};
use crate::error::Error;
use crate::outbox::settings::Setting;
use crate::view::{ConnectionState, Presence};

/// An offset is kept on disk once it has moved this far.
const OFFSET_KEPT_MS: i64 = 1_000;
/// A desk that must be upgraded asks again this often, in case it was the server that was behind.
const UPGRADE_RETRY_S: u64 = 300;

/// What a grant says besides its events.
struct Grant {
    directive: u64,
    stream: StreamId,
    continued: bool,
    more: bool,
}

impl Core {
    /// Takes one message. An error means that nothing of it was stored, and the connection is to end.
    pub fn received(&mut self, message: FromServer, now: Timestamp) -> Result<Vec<Action>, Error> {
        let since = self.heard_at;
        self.heard_at = now;
        match message {
            FromServer::Welcome {
                server_time,
                workspace,
                incarnation,
                head,
                mode,
                upgrade,
                agent,
                visible_set,
                submit_key,
                protocol: _,
            } => {
                let said_at = match self.line {
                    Line::Greeting { said_at } => said_at,
                    Line::Up | Line::Down => now,
                };
                self.learn_time(server_time, said_at, now)?;
                if mode == Mode::Upgrade {
                    return Ok(self.told_to_upgrade(upgrade));
                }
                self.outbox.set(Setting::SubmitKey, &submit_key)?;
                self.outbox.set(Setting::Workspace, &workspace.to_string())?;
                self.workspace = Some(workspace);
                self.head = head;
                self.welcome(mode, incarnation, agent, visible_set, now)
            }
            FromServer::Events { from, to, events, visible_set } => {
                self.events(from, to, events, visible_set, now)
            }
            FromServer::Advance { to } => self.advance(to, now),
            FromServer::Outcome { id, outcome } => self.outcome(id, outcome, now),
            FromServer::Grant { directive, stream, events, continued, more } => {
                self.grant(Grant { directive, stream, continued, more }, &events, now)
            }
            FromServer::Forget { directive, stream } => self.forget(directive, stream, now),
            FromServer::Erase { directive, stream, events } => self.erase(directive, stream, &events, now),
            FromServer::Presence { conversation, user, writing, left } => {
                Ok(vec![Action::Presence(Presence { conversation, user, writing, left })])
            }
            FromServer::Pong { server_time } => {
                self.learn_time(server_time, self.pinged_at.unwrap_or(since), now)?;
                Ok(Vec::new())
            }
            FromServer::Bye { class, retry_after_s, sentence } => {
                tracing::info!(class = class.name(), retry_after_s, sentence, "the server hangs up");
                self.bye(class, retry_after_s, sentence, now)
            }
            FromServer::Unknown => {
                tracing::info!("the server said something that only a later Evendesk understands");
                Ok(Vec::new())
            }
        }
    }

    fn bye(
        &mut self,
        class: Class,
        retry_after_s: u64,
        sentence: String,
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        match class {
            Class::SignInAgain => self.refusal = Some((ConnectionState::SignInAgain, sentence)),
            Class::Upgrade => self.refusal = Some((ConnectionState::Upgrade, sentence)),
            Class::Resync => {
                self.clear(Position::default())?;
                self.rebase_all(now)?;
                let changed = Action::Changed(everything());
                return Ok(vec![
                    Action::HangUp { after_s: Some(retry_after_s) },
                    changed,
                    Action::Connection,
                ]);
            }
            Class::Refused | Class::SetAside | Class::Bug => self.said_at_parting = Some(sentence),
            Class::Retry => {}
        }
        Ok(vec![Action::HangUp { after_s: Some(retry_after_s) }, Action::Connection])
    }

    /// Nothing is lost by waiting: what is pending stays, and goes out after the upgrade.
    fn told_to_upgrade(&mut self, upgrade: Option<Upgrade>) -> Vec<Action> {
        // A server that does not say which side is of the first version, which spoke itself alone.
        let upgrade = upgrade.unwrap_or_else(|| Upgrade::of(Side::Server));
        self.refusal = Some((ConnectionState::Upgrade, upgrade.sentence));
        vec![Action::HangUp { after_s: Some(UPGRADE_RETRY_S) }, Action::Connection]
    }

    fn welcome(
        &mut self,
        mode: Mode,
        incarnation: Uuid,
        agent: Agent,
        visible_set: String,
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        let mut actions = Vec::new();
        self.refusal = None;
        self.said_at_parting = None;
        if self.agent.as_ref() != Some(&agent) {
            actions = self.sign_in(agent, now)?;
        }
        self.journal = Some(incarnation);
        self.look_through_settled = true;
        let again = self.agent.as_ref().map(|a| self.outbox.offer_again(a.user, incarnation)).transpose()?;
        if let Some(again @ 1..) = again {
            tracing::info!(again, "the server was restored; what it had accepted of late is offered again");
            self.boundary("offered again");
            self.rebase_all(now)?;
        }
        match mode {
            Mode::Tail if self.position.incarnation != Some(incarnation) => {
                let what = "it goes on in a journal that this desk's cursor is not of";
                return Err(Error::Protocol(what.into()));
            }
            Mode::Tail => {}
            Mode::Afresh => {
                self.begin(Position { incarnation: Some(incarnation), cursor: 0 }, visible_set, now)?;
                actions.push(Action::Changed(everything()));
            }
            Mode::NewIncarnation => {
                self.begin(Position::default(), String::new(), now)?;
                actions.extend([Action::HangUp { after_s: Some(0) }, Action::Changed(everything())]);
                return Ok(actions);
            }
            Mode::Snapshot => {
                self.begin(Position::default(), String::new(), now)?;
                self.bootstrap.starting = true;
                actions.push(Action::Changed(everything()));
            }
            // Told before.
            Mode::Upgrade => return Ok(actions),
        }
        self.line = Line::Up;
        actions.extend(self.push(now)?);
        actions.extend(self.want_part(now)?);
        actions.push(Action::Connection);
        Ok(actions)
    }

    /// A cache of nothing, with what is pending decided on top.
    fn begin(&mut self, position: Position, visible_set: String, now: Timestamp) -> Result<(), Error> {
        self.clear(position)?;
        self.bootstrap.no_room = None;
        let writer = self.cache.write()?;
        writer.set_visible_set(&visible_set)?;
        writer.commit()?;
        self.visible_set = visible_set;
        self.rebase_all(now)
    }

    /// Half the way there and back is taken for the way back.
    fn learn_time(&mut self, server: Timestamp, asked: Timestamp, now: Timestamp) -> Result<(), Error> {
        let way = now.millis().saturating_sub(asked.millis()).max(0) / 2;
        let offset = server.millis().saturating_add(way).saturating_sub(now.millis());
        if (offset - self.offset_ms).abs() >= OFFSET_KEPT_MS {
            self.outbox.set(Setting::OffsetMs, &offset.to_string())?;
        }
        self.offset_ms = offset;
        Ok(())
    }

    fn events(
        &mut self,
        from: u64,
        to: u64,
        mut events: Vec<Recorded>,
        visible_set: Option<String>,
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        let cursor = self.position.cursor;
        if from > cursor {
            return Err(Error::Protocol(format!("it left out what is between {cursor} and {from}")));
        }
        if to <= cursor {
            // Said twice, as after a lost acknowledgement.
            return Ok(vec![Action::Send(FromDesk::Ack { cursor })]);
        }
        events.retain(|e| e.seq > cursor && e.seq <= to);
        let streams: Vec<StreamId> = events.iter().map(|e| e.stream).collect();
        let arrived = self.arrived(to, &events)?;
        let moved = Position { cursor: to, ..self.position };
        #[cfg(feature = "faults")]
        if crate::faults::is(crate::faults::Fault::EarlyCursor) {
            let writer = self.cache.write()?;
            writer.set_position(moved)?;
            writer.commit()?;
            self.boundary("cursor moved too early");
        }
        let changed = self.redo(&streams, &arrived, &arrived, now, |writer| {
            writer.fold(&events)?;
            if let Some(view) = &visible_set {
                writer.set_visible_set(view)?;
            }
            Ok(writer.set_position(moved)?)
        })?;
        self.position = moved;
        self.visible_set = visible_set.unwrap_or_else(|| std::mem::take(&mut self.visible_set));
        // Where a message goes, its files go with it: to be fetched again by who may see it there.
        for event in events.iter().filter(|e| matches!(e.event, Event::MessageMovedOut { .. })) {
            self.attachments_gone(event.stream);
        }
        self.reached(&arrived, now)?;
        self.learn_about_myself(&streams)?;
        let mut actions =
            vec![Action::Send(FromDesk::Ack { cursor: to }), Action::Changed(changed), Action::Connection];
        actions.extend(self.cursor_moved(now)?);
        Ok(actions)
    }

    /// Commands whose events are among these: nothing of them is pending any more.
    pub(super) fn arrived(&self, to: u64, events: &[Recorded]) -> Result<Vec<CommandId>, Error> {
        let Some(agent) = &self.agent else { return Ok(Vec::new()) };
        let mine = self.outbox.commands(agent.user)?;
        let done = |k: &crate::outbox::commands::Kept| match k.accepted_seq {
            Some(seq) => seq <= to,
            None => events.iter().any(|e| e.command == Some(k.command.id)),
        };
        Ok(mine.iter().filter(|k| done(k)).map(|k| k.command.id).collect())
    }

    fn reached(&mut self, arrived: &[CommandId], now: Timestamp) -> Result<(), Error> {
        self.boundary("cache moved");
        let cursor = self.position.cursor;
        self.head = self.head.max(cursor);
        if !arrived.is_empty() {
            let mut about = Vec::new();
            for id in arrived {
                about.extend(self.outbox.command(*id)?.map(|kept| kept.command.body.stream()));
            }
            self.outbox.settled(cursor, arrived, self.server_time(now))?;
            self.boundary("settled put away");
            about.into_iter().try_for_each(|stream| self.unless_held(stream))?;
            for id in arrived {
                self.unanswered.remove(id);
            }
        }
        Ok(())
    }

    /// A new role or team of the agent's own holds for what is decided here from now on.
    fn learn_about_myself(&mut self, streams: &[StreamId]) -> Result<(), Error> {
        let Some(me) = self.agent.as_ref().map(|a| a.user) else { return Ok(()) };
        if !streams.contains(&me.into()) {
            return Ok(());
        }
        if let Some(agent) = self.cache.readers().get()?.agent(me)? {
            self.outbox.set_agent(&agent)?;
            self.agent = Some(agent);
        }
        Ok(())
    }

    fn advance(&mut self, to: u64, now: Timestamp) -> Result<Vec<Action>, Error> {
        let cursor = self.position.cursor;
        if to > cursor {
            return self.events(cursor, to, Vec::new(), None, now);
        }
        Ok(vec![Action::Send(FromDesk::Ack { cursor })])
    }

    /// A stream that is cut off in the middle is granted again from its beginning: the cursor has not
    /// moved past what granted it.
    fn grant(&mut self, grant: Grant, events: &[Recorded], now: Timestamp) -> Result<Vec<Action>, Error> {
        let Grant { directive, stream, continued, more } = grant;
        if continued != (self.granting == Some(directive)) {
            return Err(Error::Protocol("it left out a part of a stream that it granted".into()));
        }
        self.part_is_outdated();
        let changed = self.redo(&[stream], &[], &[], now, |writer| {
            let done = if continued { writer.fold(events) } else { writer.refold(stream, events) };
            Ok(done?)
        })?;
        self.boundary("stream granted");
        self.granting = more.then_some(directive);
        let mut actions = vec![Action::Changed(changed)];
        if !more {
            actions.insert(0, Action::Send(FromDesk::Confirm { directive }));
        }
        Ok(actions)
    }

    /// Drops a stream that is not for this agent's eyes any more. What the agent typed about it is theirs
    /// and stays in the outbox until they deal with it: drafts, and what is still to be decided, which the
    /// server will refuse. Of what has come back, and comes back from now on, the recipient goes: that was
    /// the server's to tell. (Nothing else of what a customer said is in the outbox: answers quote on
    /// the server.)
    fn forget(&mut self, directive: u64, stream: StreamId, now: Timestamp) -> Result<Vec<Action>, Error> {
        self.part_is_outdated();
        self.outbox.withdrawn(stream)?;
        self.boundary("withdrawn from the outbox");
        self.redo(&[stream], &[], &[], now, |writer| Ok(writer.forget(stream)?))?;
        self.boundary("stream forgotten");
        let mut actions = vec![Action::Changed(everything())];
        let damaged_gone = self.damaged_gone(stream);
        if self.logs_emptied()? && damaged_gone && self.attachments_gone(stream) {
            actions.insert(0, Action::Send(FromDesk::Confirm { directive }));
        } else {
            // Not confirmed, the server says it again on the next connection.
            tracing::info!("what was forgotten is still being read");
        }
        Ok(actions)
    }

    /// Removes a conversation's attachments; false if one is open elsewhere and so has to stay.
    pub(super) fn attachments_gone(&self, stream: StreamId) -> bool {
        if stream.kind != StreamKind::Conversation {
            return true;
        }
        let gone = self.attachments.forget(ConversationId(stream.id));
        gone.inspect_err(|error| tracing::warn!(%error, "attachments could not be removed")).is_ok()
    }
}
