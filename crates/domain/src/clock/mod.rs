//! The clocks: the types that the rest builds on; the engine itself follows in the next commits.
use crate::{channel::Channel, id::*, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    Normal,
    High,
    Urgent,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ts_rs::TS)]
pub struct Terms {}
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct TermsError;
impl Terms {
    pub fn check(&self) -> Result<(), TermsError> {
        Ok(())
    }
}
pub struct CompiledTerms;
pub trait TermsLookup {
    fn terms(&self, id: TermsId) -> Option<Arc<CompiledTerms>>;
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Timestamp,
    pub learnt_at: Timestamp,
    pub what: What,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    CustomerSpoke { message: MessageId, channel: Channel },
    Replied { reply: MessageId, channel: Channel, follow_up: bool },
    DeliveryFailed { reply: MessageId },
    CallAnswered { message: MessageId, picked_up_at: Timestamp, ended_at: Timestamp, follow_up: bool },
    OutboundCall { message: MessageId, ended_at: Timestamp, reached: bool, follow_up: bool },
    NoReplyNeeded,
    Waiting,
    Hold,
    Resume,
    Resolve,
    Reopen,
    PriorityChanged { priority: Priority },
    TermsChanged { terms: TermsId },
}
impl What {
    pub fn message(&self) -> Option<MessageId> {
        None
    }
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub terms: TermsId,
    pub priority: Priority,
    pub part: bool,
    pub entries: Vec<Entry>,
}
impl History {
    pub fn new(terms: TermsId, priority: Priority) -> Self {
        Self { terms, priority, part: false, entries: vec![] }
    }
    pub fn current_priority(&self) -> Priority {
        self.priority
    }
    pub fn current_terms(&self) -> TermsId {
        self.terms
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Open,
    Waiting,
    Hold,
    Resolved,
}
pub struct Reading {
    pub status: Status,
    pub open_turn: Option<usize>,
}
/// Not yet the engine: no turn is ever open.
pub fn read(_: &History, _: &dyn TermsLookup) -> Reading {
    Reading { status: Status::Open, open_turn: None }
}
