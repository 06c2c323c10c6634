//! What the agent does: asks for something, sends it again, takes it back.

use evendesk_domain::command::{Command, CommandBody};
use evendesk_domain::decide::{Decided, LookupFailed, No, RefusalCode, World as _};
use evendesk_domain::id::{CommandId, ConversationId, MessageId};
use evendesk_domain::stream::{StreamId, StreamKind};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::limits::check_command;
use evendesk_protocol::{FromDesk, Pushed};
use evendesk_replica::Writer;

use super::{Action, Core, Line, UNANSWERED, changes, everything, rebase};
use crate::error::Error;
use crate::outbox::commands::{Kept, State};
use crate::view::{Submitted, SubmittedState};

const LOOK_AGAIN: &str =
    "The customer wrote again, or a colleague answered, while you typed. Look once more before it goes out.";
const ON_ITS_WAY: &str = "This is on its way to the server already; wait for its answer.";
const GONE: &str = "This is not waiting any more: it has gone out, or was dropped.";

/// Drops that can be taken back.
const DROPS_KEPT: usize = 8;

/// What deciding here says of a new command.
struct Verdict {
    state: State,
    since: Option<MessageId>,
    events: Decided,
}

impl Core {
    /// Keeps a command under `id`, shows it, offers it to the server. What is plainly wrong is refused
    /// here, in words, with nothing kept; what only the server can know is left to it.
    pub fn submit(
        &mut self,
        id: CommandId,
        body: CommandBody,
        now: Timestamp,
    ) -> Result<(Submitted, Vec<Action>), Error> {
        let author = self.agent.as_ref().ok_or(Error::SignedOut)?.user;
        check_command(&body).map_err(|too_large| Error::invalid(too_large.to_string()))?;
        let depends_on = self.outbox.latest_undecided(author, body.stream())?;
        let command = Command { id, depends_on, body };
        let cx = self.deciding(now);
        let mut top = self.top.clone();
        let writer = self.cache.write()?;
        let Verdict { mut state, since, events } = weigh(&writer, &command, &cx)?;
        if state == State::Waiting && self.line == Line::Up && self.unanswered.len() < UNANSWERED {
            state = State::Sent;
        }
        let kept = Kept {
            command,
            author,
            made_at: cx.now,
            state,
            accepted_seq: None,
            code: None,
            reason: None,
            since,
            reoffered: false,
        };
        self.outbox.add(&kept, self.journal.filter(|_| state == State::Sent))?;
        // Kept: from here on nothing may say that it failed. A cache that cannot take it now will, when
        // what is pending is decided again.
        if let Some(boundary) = &mut self.boundary {
            boundary("command kept");
        }
        let state = self.outbox.command(id)?.map_or(state, |k| k.state);
        let shown = if state.is_pending() { top.fold(&writer, &kept.command, events, &cx) } else { Ok(()) };
        let changed = changes::of(&writer, &top.train(&[], &[id]).streams).unwrap_or_else(|_| everything());
        match shown.and_then(|()| Ok(writer.commit()?)) {
            Ok(()) => self.top = top,
            Err(error) => tracing::error!(%error, "a command is kept, and shown later"),
        }
        self.boundary("command shown");
        let mut actions = vec![Action::Changed(changed), Action::Connection];
        if state == State::Sent {
            self.unanswered.insert(id, now);
            actions.insert(
                0,
                Action::Send(FromDesk::Push(Box::new(Pushed { command: kept.command, reoffered: false }))),
            );
        }
        Ok((submitted(id, state), actions))
    }

    /// Sends again, under `fresh`, what was refused, set aside, or wanted a second look. `seen` is the
    /// last word its author was shown; where the caller cannot say, the last one that is here.
    pub fn confirm(
        &mut self,
        id: CommandId,
        fresh: CommandId,
        seen: Option<MessageId>,
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        let kept = self.outbox.command(id)?.ok_or_else(|| Error::not_found(GONE))?;
        if !kept.state.needs_attention() {
            return Err(Error::not_now(match kept.state {
                State::Held => "This follows something that waits for you; deal with that first.",
                _ => ON_ITS_WAY,
            }));
        }
        let mut body = kept.command.body;
        if let CommandBody::Reply(draft) = &mut body {
            draft.seen = match seen {
                Some(seen) => Some(seen),
                None => self.last_public(draft.conversation)?,
            };
        }
        let stream = body.stream();
        self.outbox.confirm(id, fresh, &body)?;
        self.boundary("confirmed");
        for follower in self.pending(&[])? {
            if follower.command.depends_on == Some(fresh) {
                self.unanswered.remove(&follower.command.id);
                self.told_held.remove(&follower.command.id);
            }
        }
        self.after_change(stream, now)
    }

    /// Words anew what was refused, set aside, or wanted a second look. Its id is decided; the new words
    /// go out under the next one.
    pub fn reword(&mut self, id: CommandId, text: String) -> Result<(), Error> {
        let kept = self.outbox.command(id)?.ok_or_else(|| Error::not_found(GONE))?;
        if !kept.state.needs_attention() {
            return Err(Error::not_now(ON_ITS_WAY));
        }
        let mut body = kept.command.body;
        let Some(words) = body.text_mut() else {
            return Err(Error::invalid("There is no text in this to edit; drop it and do it anew."));
        };
        *words = text;
        check_command(&body).map_err(|too_large| Error::invalid(too_large.to_string()))?;
        self.outbox.reword(id, &body)
    }

    /// Drops what has not left, or what came back.
    pub fn drop_command(&mut self, id: CommandId, now: Timestamp) -> Result<Vec<Action>, Error> {
        let stream = self.check_here(id)?.map(|kept| kept.command.body.stream());
        if let Some(dropped) = self.outbox.drop_command(id)? {
            self.dropped.truncate(DROPS_KEPT - 1);
            self.dropped.push_front((id, stream, dropped));
        }
        self.boundary("dropped");
        self.after_drop(stream, now)
    }

    /// Takes a drop back, for as long as it is remembered.
    pub fn undrop(&mut self, id: CommandId, now: Timestamp) -> Result<Vec<Action>, Error> {
        let at = self.dropped.iter().position(|(known, ..)| *known == id);
        let Some((_, stream, dropped)) = at.and_then(|at| self.dropped.remove(at)) else {
            return Err(Error::not_found("This was dropped too long ago to be taken back."));
        };
        self.outbox.undrop(&dropped)?;
        self.boundary("drop taken back");
        self.after_drop(stream, now)
    }

    fn after_drop(&mut self, stream: Option<StreamId>, now: Timestamp) -> Result<Vec<Action>, Error> {
        match stream {
            Some(stream) => self.after_change(stream, now),
            // It could not be read, so it was not shown either.
            None => Ok(vec![Action::Connection]),
        }
    }

    /// Moves its words back to where they were typed, and drops it.
    pub fn edit(&mut self, id: CommandId, now: Timestamp) -> Result<Vec<Action>, Error> {
        let kept = self.check_here(id)?.ok_or_else(|| Error::not_found(GONE))?;
        let body = &kept.command.body;
        if body.stream().kind != StreamKind::Conversation || body.text().is_empty() {
            return Err(Error::invalid("There is no text in this to edit; drop it and do it anew."));
        }
        self.outbox.back_to_draft(&kept, now)?;
        self.boundary("back in the draft");
        self.after_change(kept.command.body.stream(), now)
    }

    /// The command, unless it may have reached the server.
    fn check_here(&self, id: CommandId) -> Result<Option<Kept>, Error> {
        match self.outbox.command(id)? {
            Some(kept) if matches!(kept.state, State::Sent | State::Accepted) => {
                Err(Error::not_now(ON_ITS_WAY))
            }
            found => Ok(found),
        }
    }

    fn after_change(&mut self, stream: StreamId, now: Timestamp) -> Result<Vec<Action>, Error> {
        let changed = self.redo(&[stream], &[], &[], now, |_| Ok(()))?;
        let mut actions = self.push(now)?;
        actions.extend([Action::Changed(changed), Action::Connection]);
        Ok(actions)
    }

    fn last_public(&self, conversation: ConversationId) -> Result<Option<MessageId>, Error> {
        let reader = self.cache.readers().get()?;
        Ok(reader.world_kept().conversation(conversation)?.and_then(|c| c.last_public()))
    }
}

fn weigh(writer: &Writer<'_>, command: &Command, cx: &rebase::Deciding) -> Result<Verdict, Error> {
    let verdict = |state, since, events| Ok(Verdict { state, since, events });
    match rebase::decide_one(writer, command, false, cx) {
        Ok(events) => verdict(State::Waiting, None, events),
        // The server has at least seen what this desk has: it would say the same.
        Err(No::LookAgain { since }) => verdict(State::LookAgain, since, Vec::new()),
        Err(No::Refused(refusal)) if is_beyond(writer, &command.body, refusal.code)? => {
            verdict(State::Waiting, None, Vec::new())
        }
        Err(No::Refused(refusal)) => Err(refusal.into()),
        Err(No::Failed(failed)) => Err(failed.into()),
    }
}

/// Whether the refusal may only mean that this desk does not hold what the server has.
fn is_beyond(writer: &Writer<'_>, body: &CommandBody, code: RefusalCode) -> Result<bool, LookupFailed> {
    Ok(match (code, body) {
        (RefusalCode::NotFound, _) => true,
        (RefusalCode::NoRoute, CommandBody::Reply(draft)) => {
            writer.world_kept().account(draft.account)?.is_none()
        }
        _ => false,
    })
}

fn submitted(command: CommandId, state: State) -> Submitted {
    match state {
        State::LookAgain => {
            Submitted { command, state: SubmittedState::LookAgain, message: Some(LOOK_AGAIN.to_owned()) }
        }
        State::Held => Submitted {
            command,
            state: SubmittedState::Pending,
            message: Some("This waits behind something that needs a second look.".to_owned()),
        },
        _ => Submitted { command, state: SubmittedState::Pending, message: None },
    }
}
