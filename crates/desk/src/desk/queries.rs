//! What the window reads: each from a view of the cache of its own, which no write holds up.

use std::sync::PoisonError;

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Target;
use evendesk_domain::conversation::Conversation;
use evendesk_domain::decide::World as _;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::settings::Role;
use evendesk_domain::stream::StreamId;
use evendesk_replica::{
    Alert, Board, BoardState, Counts, CustomerPage, Directory, Explanation, FeedbackPage, HeldAnswer,
    PersonHit, Place, QueuePage, Reader, SearchPage, Viewer,
};

use super::Desk;
use crate::error::Error;

impl Desk {
    pub(super) fn reader(&self) -> Result<Reader, Error> {
        Ok(self.shared.readers.read().unwrap_or_else(PoisonError::into_inner).get()?)
    }

    fn viewer(&self) -> Result<Viewer, Error> {
        Ok(Viewer { user: self.agent()?.user, now: self.now() })
    }

    pub fn directory(&self) -> Result<Directory, Error> {
        Ok(self.reader()?.directory()?)
    }

    pub fn counts(&self) -> Result<Counts, Error> {
        Ok(self.reader()?.counts(&self.viewer()?)?)
    }

    pub fn queue(&self, place: &Place, offset: usize, limit: usize) -> Result<QueuePage, Error> {
        Ok(self.reader()?.queue(&self.viewer()?, place, offset, limit)?)
    }

    pub fn find_person(&self, text: &str) -> Result<Vec<PersonHit>, Error> {
        Ok(self.reader()?.find_person(text)?)
    }

    pub fn search(&self, text: &str, offset: usize, limit: usize) -> Result<SearchPage, Error> {
        Ok(self.reader()?.search(text, offset, limit)?)
    }

    pub fn board(&self, days: u32) -> Result<Board, Error> {
        Ok(self.reader()?.board(&self.viewer()?, days)?)
    }

    pub fn feedback(&self, offset: usize, limit: usize) -> Result<FeedbackPage, Error> {
        Ok(self.reader()?.feedback(offset, limit)?)
    }

    /// Answers that wait since the server was restored: all of them for who decides about them, for anybody
    /// else their own.
    pub fn held_answers(&self) -> Result<Vec<HeldAnswer>, Error> {
        let agent = self.agent()?;
        let of = (agent.role < Role::Supervisor).then_some(agent.user);
        Ok(self.reader()?.held_answers(of)?)
    }

    /// The last `limit` entries before `before`, and every matter.
    pub fn customer(&self, id: CustomerId, before: Option<u64>, limit: usize) -> Result<CustomerPage, Error> {
        self.reader()?.customer(id, before, limit)?.ok_or_else(|| {
            Error::not_found("This customer is not here; they may have been withdrawn from your teams.")
        })
    }

    pub fn why(&self, conversation: ConversationId, target: Target) -> Result<Explanation, Error> {
        self.reader()?
            .why(conversation, target, self.now())?
            .ok_or_else(|| Error::not_found("This matter has no such clock."))
    }

    /// Where alerts begin: nothing before is news.
    pub fn last_seq(&self) -> Result<u64, Error> {
        Ok(self.reader()?.last_seq()?)
    }

    /// What the agent is to be told of outside the window, of all that came after `after`.
    pub fn alerts(&self, after: u64) -> Result<Vec<Alert>, Error> {
        Ok(self.reader()?.alerts(self.agent()?.user, after)?)
    }

    pub fn board_list(
        &self,
        channel: Option<Channel>,
        state: BoardState,
        limit: usize,
    ) -> Result<QueuePage, Error> {
        Ok(self.reader()?.board_list(&self.viewer()?, channel, state, limit)?)
    }

    /// A conversation as the rules see it; none if it is not here.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, Error> {
        Ok(self.reader()?.world_kept().conversation(id)?)
    }

    /// The rows held of a stream, as text: equal texts, equal rows.
    pub fn dump(&self, stream: StreamId) -> Result<String, Error> {
        Ok(self.reader()?.dump_stream(stream)?)
    }
}
