//! What the server has erased, gone from this desk's files too: cache, search index, outbox, attachments,
//! and the logs beside them.

use evendesk_domain::decide::World as _;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::FromDesk;

use super::{Action, Core};
use crate::error::Error;

impl Core {
    /// Puts blanked events in the place of those that are kept; with none, drops whatever is here of the
    /// stream. Of the outbox everything goes that was typed about it: drafts, and the words of commands,
    /// which are then shown as set aside. What an agent did is not lost silently, but what they wrote
    /// about somebody is that somebody's to have erased.
    ///
    /// Confirmed once it is gone from every file; else the server says it again on the next connection.
    /// Unsigned feedback that has not left yet stays: it is about nobody that could be told from here.
    pub(super) fn erase(
        &mut self,
        directive: u64,
        stream: StreamId,
        events: &[Recorded],
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        self.part_is_outdated();
        // Before the cache: what is pending is decided on top of it again, and must have no words by then.
        self.outbox.erased(stream)?;
        // A drop could be taken back, words and all.
        self.dropped.clear();
        self.boundary("outbox erased");
        let arrived = self.arrived(0, events)?;
        let cursor = self.position.cursor;
        let changed = self.redo(&[stream], &arrived, &arrived, now, |writer| {
            let done = if events.is_empty() {
                writer.forget(stream)
            } else {
                writer.replace_kept(stream, events, cursor)
            };
            Ok(done?)
        })?;
        self.boundary("stream erased");
        if !arrived.is_empty() {
            self.outbox.settled(cursor, &arrived, self.server_time(now))?;
            for id in &arrived {
                self.unanswered.remove(id);
            }
        }
        let mut actions = vec![Action::Changed(changed), Action::Connection];
        let damaged_gone = self.damaged_gone(stream);
        if self.logs_emptied()? && damaged_gone && self.attachments_gone(stream) {
            actions.insert(0, Action::Send(FromDesk::Confirm { directive }));
        } else {
            tracing::info!("what was erased is still being read");
        }
        Ok(actions)
    }

    /// A damaged outbox that tells of it goes as a whole; false where it has to stay for now.
    pub(super) fn damaged_gone(&mut self, stream: StreamId) -> bool {
        let gone = self.outbox.damaged_about_gone(stream);
        self.damaged_outbox = self.outbox.damaged().into_iter().next();
        gone.inspect_err(|error| tracing::warn!(%error, "a damaged outbox could not be removed")).is_ok()
    }

    /// A desk that began with a snapshot is told nothing of what was erased before it: what lies in the outbox
    /// about that goes by what the snapshot says.
    pub(super) fn erase_typed(&mut self) -> Result<(), Error> {
        let mut erased = false;
        let reader = self.cache.readers().get()?;
        let world = reader.world_kept();
        for stream in self.outbox.streams()? {
            let customer = match stream.kind {
                StreamKind::Customer => Some(CustomerId(stream.id)),
                StreamKind::Conversation => {
                    world.conversation(ConversationId(stream.id))?.map(|c| c.customer)
                }
                _ => None,
            };
            let known = customer.map(|id| world.customer(id)).transpose()?.flatten();
            if known.is_some_and(|c| c.erased_at.is_some()) {
                self.outbox.erased(stream)?;
                erased = true;
            }
        }
        drop(reader);
        if erased {
            self.logs_emptied()?;
        }
        Ok(())
    }

    /// A desk that began anew is told nothing of what was withdrawn before it: once it has all that is for its
    /// agent's eyes, what was settled about anything else goes.
    pub(super) fn look_through_settled(&mut self) -> Result<(), Error> {
        if !self.look_through_settled || !self.all_is_here()? {
            return Ok(());
        }
        for stream in self.outbox.streams()? {
            self.unless_held(stream)?;
        }
        self.look_through_settled = false;
        Ok(())
    }

    /// What was settled about a stream that is not here goes, and whom answers that came back would reach. As
    /// long as more is to come, what is not here may only be late: then it is looked through afterwards.
    pub(super) fn unless_held(&mut self, stream: StreamId) -> Result<(), Error> {
        if self.cache.readers().get()?.scope(stream)?.is_some() {
            return Ok(());
        }
        if self.all_is_here()? {
            return self.outbox.out_of_sight(stream);
        }
        self.look_through_settled = true;
        Ok(())
    }

    fn all_is_here(&self) -> Result<bool, Error> {
        Ok(self.position.cursor >= self.head && !self.bootstrap.starting && self.history()?.is_none())
    }

    /// Until then the logs beside the files hold what was deleted from them. False while somebody reads.
    pub(super) fn logs_emptied(&mut self) -> Result<bool, Error> {
        Ok(self.cache.empty_log()? && self.outbox.empty_log()?)
    }
}
