//! Why a clock is due when it is.

use evendesk_domain::clock::{self, Target, TermsLookup};
use evendesk_domain::conversation::Conversation;
use evendesk_domain::id::ConversationId;
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Error;
use crate::{Reader, aggregate};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Explanation {
    pub due_at: Option<Timestamp>,
    pub lines: Vec<clock::Line>,
}

impl Reader {
    /// The account of the conversation's latest timer of that target; none if it has none.
    pub fn why(
        &self,
        id: ConversationId,
        target: Target,
        now: Timestamp,
    ) -> Result<Option<Explanation>, Error> {
        let Some(conversation) = aggregate::load::<Conversation>(self.db(), id.into())? else {
            return Ok(None);
        };
        let terms = self.terms();
        let reading = conversation.reading(&terms);
        let Some(timer) = reading.timers.iter().rev().find(|t| t.target == target) else { return Ok(None) };
        let lines = clock::explain(timer, now, &terms as &dyn TermsLookup);
        Ok(Some(Explanation { due_at: timer.due_shown(now), lines }))
    }
}
