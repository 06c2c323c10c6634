//! A feedback case: something heard from someone we may not know.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::event::Event;
use crate::id::{FeedbackId, TeamId, TermsId, UserId};
use crate::stream::Recorded;
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// Not sorted yet: one click is enough to log it.
    #[default]
    Unsorted,
    Complaint,
    Praise,
    Idea,
    Question,
    MarketSignal,
    ImplicitSignal,
}

/// Where it was heard, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FeedbackSource {
    /// Title of the page or screen; empty when not known.
    pub title: String,
    /// Web address; empty when not known.
    pub address: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackOutcome {
    ChangedSomething,
    Explained,
    NoAction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackStatus {
    New,
    Acknowledged,
    Closed,
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    pub id: FeedbackId,
    pub kind: FeedbackKind,
    pub source: FeedbackSource,
    pub department: TeamId,
    pub terms: TermsId,
    pub signed_by: Option<UserId>,
    pub owner: Option<UserId>,
    pub status: FeedbackStatus,
    pub logged_at: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<UserId>,
    pub closed_at: Option<Timestamp>,
}

impl Feedback {
    pub fn apply(state: &mut Option<Self>, id: FeedbackId, recorded: &Recorded) {
        if let Event::FeedbackLogged(logged) = &recorded.event {
            *state = Some(Self {
                id,
                kind: logged.feedback_kind,
                source: logged.source.clone(),
                department: logged.department,
                terms: logged.terms,
                signed_by: logged.signed_by,
                owner: None,
                status: FeedbackStatus::New,
                logged_at: logged.heard_at,
                acknowledged_at: None,
                acknowledged_by: None,
                closed_at: None,
            });
        } else if let Some(feedback) = state {
            feedback.step(recorded);
        }
    }

    fn step(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::FeedbackAcknowledged => {
                self.status = FeedbackStatus::Acknowledged;
                self.acknowledged_at.get_or_insert(recorded.at);
                self.acknowledged_by = self.acknowledged_by.or(recorded.by.user());
            }
            Event::FeedbackAssigned { owner } => self.owner = *owner,
            Event::FeedbackClosed { .. } => {
                self.status = FeedbackStatus::Closed;
                self.closed_at = Some(recorded.at);
            }
            Event::FeedbackReopened => {
                self.status = FeedbackStatus::Acknowledged;
                self.closed_at = None;
            }
            Event::FeedbackWithdrawn => self.status = FeedbackStatus::Withdrawn,
            _ => {}
        }
    }
}
