//! What happened to a conversation, as the clocks see it. Facts only, appended as they are learnt;
//! what follows from them is in `engine`.
//!
//! Kept in every conversation's saved state, so it is small and its encoding stays plain.

use serde::{Deserialize, Serialize};

use super::policy::Priority;
use super::timer::Target;
use crate::channel::Channel;
use crate::id::{MessageId, TermsId, UserId};
use crate::time::Timestamp;

/// One thing that matters to a clock. Automatic replies, notes, snoozes, assignments and reading do
/// not, and never become entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it took effect: for words, when the customer spoke; for an answered call, the ring.
    pub at: Timestamp,
    /// When we knew: later than `at` for words that travelled and for calls entered by hand.
    pub learnt_at: Timestamp,
    pub what: What,
}

impl Entry {
    /// Something known the moment it happened.
    pub const fn now(at: Timestamp, what: What) -> Self {
        Self { at, learnt_at: at, what }
    }

    /// Something we learnt of after it happened.
    pub const fn learnt(at: Timestamp, learnt_at: Timestamp, what: What) -> Self {
        Self { at, learnt_at, what }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A message, a form, a mention, a letter, a missed call or voicemail.
    CustomerSpoke {
        message: MessageId,
        channel: Channel,
    },
    /// A person answered in public; `at` is when the server accepted it.
    Replied {
        reply: MessageId,
        channel: Channel,
        follow_up: bool,
    },
    /// A reply will never arrive: from now on it was never sent.
    DeliveryFailed {
        reply: MessageId,
    },
    /// A ringing call that was picked up: word, answer and perhaps a promise in one.
    CallAnswered {
        message: MessageId,
        picked_up_at: Timestamp,
        ended_at: Timestamp,
        follow_up: bool,
    },
    /// We called. Not reached, it changes nothing.
    OutboundCall {
        message: MessageId,
        ended_at: Timestamp,
        reached: bool,
        follow_up: bool,
    },
    NoReplyNeeded,
    Waiting,
    Hold,
    Resume,
    Resolve,
    Reopen,
    /// `by` is none where a rule did it.
    PriorityChanged {
        priority: Priority,
        by: Option<UserId>,
    },
    /// Other terms: a change of policy, calendar, team or tier. Never takes effect before it was
    /// learnt, so no breach is taken back by dating a change early.
    TermsChanged {
        terms: TermsId,
        by: Option<UserId>,
    },
    /// A message (word, reply or call) now belongs to another conversation; here it was never said,
    /// except that no later turn becomes a first response by that.
    MovedAway {
        message: MessageId,
    },
    /// Another conversation was merged into this one.
    MergedIn {
        facts: Box<MergedFacts>,
    },
    /// This conversation was merged into another, which carries its clocks on.
    MergedAway,
}

/// The clocks a merged conversation brings along, as they stood at the merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedFacts {
    pub open_turn: Option<MergedTurn>,
    pub resolution: Option<MergedResolution>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedTurn {
    pub target: Target,
    pub channel: Channel,
    pub promised: bool,
    pub started_at: Timestamp,
    pub consumed_s: u64,
    pub breached_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedResolution {
    pub channel: Channel,
    /// The customer's first word.
    pub started_at: Timestamp,
    pub consumed_s: u64,
    pub breached_at: Option<Timestamp>,
}

/// Everything the engine needs to know of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The terms it started with.
    pub terms: TermsId,
    /// The priority it started with.
    pub priority: Priority,
    /// Split off another conversation: it never gains a first response, every turn here is a next one.
    pub part: bool,
    /// In the order of the conversation's stream.
    pub entries: Vec<Entry>,
}

impl History {
    pub const fn new(terms: TermsId, priority: Priority) -> Self {
        Self { terms, priority, part: false, entries: Vec::new() }
    }

    pub fn current_priority(&self) -> Priority {
        let said = self.entries.iter().filter_map(|e| match e.what {
            What::PriorityChanged { priority, .. } => Some((e.at, priority)),
            _ => None,
        });
        said.max_by_key(|(at, _)| *at).map_or(self.priority, |(_, priority)| priority)
    }

    pub fn current_terms(&self) -> TermsId {
        let said = self.entries.iter().filter_map(|e| match e.what {
            What::TermsChanged { terms, .. } => Some((e.at.max(e.learnt_at), terms)),
            _ => None,
        });
        said.max_by_key(|(at, _)| *at).map_or(self.terms, |(_, terms)| terms)
    }
}
