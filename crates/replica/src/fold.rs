//! From events to rows: the one way rows come to be.

use evendesk_domain::id::{AccountId, ConversationId, CustomerId, FeedbackId, TeamId, TermsId, UserId};
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};

use crate::error::Error;
use crate::{Keeps, Writer, aggregate, conversation, customer, event, feedback, held, settings, terms};

impl Writer<'_> {
    /// Applies events to what is there. Those of one stream are applied in order and its summary is
    /// written once, so a large batch costs less than its events one by one, and gives the same rows.
    pub fn fold(&self, events: &[Recorded]) -> Result<(), Error> {
        if self.keeps == Keeps::Events {
            for recorded in events {
                event::keep(&self.tx, recorded)?;
            }
        }
        self.fold_rows(events)
    }

    pub(crate) fn fold_rows(&self, events: &[Recorded]) -> Result<(), Error> {
        // Stable: the order within a stream stays. Terms, teams and people come before what names them.
        let mut ordered: Vec<&Recorded> = events.iter().collect();
        ordered.sort_by_key(|r| (std::cmp::Reverse(r.stream.kind), r.stream.id));
        for group in ordered.chunk_by(|a, b| a.stream == b.stream) {
            // What has come of a stream before the rest of it waits for the rest.
            if self.keeps == Keeps::Events && !held::begins(group[0]) && self.awaits_part(group[0].stream)? {
                continue;
            }
            self.fold_stream(group[0].stream, group)?;
            if group.iter().any(|recorded| recorded.event.is_from_the_future()) {
                aggregate::is_newer_now(&self.tx, group[0].stream)?;
            }
        }
        Ok(())
    }

    fn fold_stream(&self, stream: StreamId, events: &[&Recorded]) -> Result<(), Error> {
        match stream.kind {
            StreamKind::Conversation => conversation::fold(self, ConversationId(stream.id), events),
            StreamKind::Customer => customer::fold(self, CustomerId(stream.id), events),
            StreamKind::Feedback => feedback::fold(self, FeedbackId(stream.id), events),
            StreamKind::Terms => terms::fold(self, TermsId(stream.id), events),
            StreamKind::Team => settings::fold_team(self, TeamId(stream.id), events),
            StreamKind::User => settings::fold_user(self, UserId(stream.id), events),
            StreamKind::Account => settings::fold_account(self, AccountId(stream.id), events),
            StreamKind::Mailbox => settings::fold_mailbox(self, AccountId(stream.id), events),
            StreamKind::Workspace => settings::fold_workspace(self, stream, events),
            // Nothing is read of influencers yet; their events are kept.
            StreamKind::Influencer => Ok(()),
        }
    }

    /// Whether the stream holds an event that only a later version understands: here it is only read.
    pub fn is_newer(&self, stream: StreamId) -> Result<bool, Error> {
        aggregate::is_newer(&self.tx, stream)
    }

    /// Drops the stream's rows and folds it again from these, all of its events.
    pub fn refold(&self, stream: StreamId, events: &[Recorded]) -> Result<(), Error> {
        self.forget(stream)?;
        self.fold(events)
    }

    /// Drops a stream: its rows, its words in the search index, and the events kept of it.
    pub fn forget(&self, stream: StreamId) -> Result<(), Error> {
        if self.keeps == Keeps::Events {
            event::forget(&self.tx, stream)?;
        }
        aggregate::forget(&self.tx, stream)?;
        match stream.kind {
            StreamKind::Conversation => conversation::forget(&self.tx, stream.id),
            StreamKind::Customer => customer::forget(&self.tx, stream.id),
            StreamKind::Feedback => feedback::forget(&self.tx, stream.id),
            StreamKind::Terms => terms::forget(&self.tx, stream.id),
            StreamKind::Team | StreamKind::User | StreamKind::Account => {
                settings::forget(&self.tx, stream.id)
            }
            StreamKind::Mailbox => settings::forget_mailbox(&self.tx, stream.id),
            StreamKind::Influencer | StreamKind::Workspace => Ok(()),
        }
    }
}
