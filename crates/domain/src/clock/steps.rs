//! A history as steps: single instants in the order they take effect, ties in the order of the
//! stream. One entry can be several (an answered call is a ring, a pick-up and perhaps a promise);
//! what a failed delivery or a move unmade is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{Entry, History, MergedFacts, What};
use super::policy::Priority;
use crate::channel::Channel;
use crate::id::{MessageId, TermsId, UserId};
use crate::time::Timestamp;

/// One thing at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act<'a> {
    /// The customer spoke, and we knew at once.
    Spoke {
        channel: Channel,
        ring: bool,
    },
    /// The customer spoke, and we did not know yet.
    SpokeUnheard {
        channel: Channel,
    },
    /// We learnt what was spoken earlier.
    Heard {
        spoke_at: i64,
        channel: Channel,
    },
    /// A word that now belongs to another conversation.
    SpokeElsewhere,
    Answered {
        by: MessageId,
        ringing: bool,
    },
    /// An answer promised a follow-up: the customer waits for us again.
    Promised {
        channel: Channel,
    },
    /// We learnt of a promise made earlier.
    PromiseHeard,
    NoReplyNeeded,
    Waiting,
    Hold,
    Resume,
    Resolve,
    Reopen,
    DeliveryFailed,
    PriorityChanged {
        priority: Priority,
        by: Option<UserId>,
    },
    TermsChanged {
        terms: TermsId,
        by: Option<UserId>,
    },
    MergedIn {
        facts: &'a MergedFacts,
    },
    MergedAway,
}

/// Seconds since the epoch throughout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'a> {
    pub at: i64,
    pub learnt_at: i64,
    /// Place of the entry in the history.
    pub entry: usize,
    pub act: Act<'a>,
}

/// The steps of what was known and had happened by `until`.
pub(super) fn steps(history: &History, until: Option<Timestamp>) -> Vec<Step<'_>> {
    let known = |e: &Entry| until.is_none_or(|t| e.learnt_at.seconds() <= t.seconds());
    let unmade = Unmade::of(history.entries.iter().enumerate().filter(|(_, e)| known(e)));
    let mut steps = Vec::with_capacity(history.entries.len() * 2);
    let mut failed = BTreeSet::new();
    for (index, entry) in history.entries.iter().enumerate().filter(|(_, e)| known(e)) {
        let mut push = |at: i64, act| {
            steps.push(Step { at, learnt_at: entry.learnt_at.seconds(), entry: index, act });
        };
        match &entry.what {
            What::CustomerSpoke { message, channel } => {
                word(entry, *channel, unmade.moved(index, *message), &mut push)
            }
            What::DeliveryFailed { reply } => {
                // A second report about the same reply is not news.
                if unmade.replies.contains(reply) && failed.insert(*reply) {
                    push(entry.at.seconds(), Act::DeliveryFailed);
                }
            }
            what if unmade.includes(index, what) => {}
            what => rest(entry, what, &mut push),
        }
    }
    if let Some(until) = until {
        steps.retain(|s| s.at <= until.seconds());
    }
    // Stable: steps of one entry at one instant keep their order.
    steps.sort_by_key(|s| (s.at, s.entry));
    steps
}

fn word<'a>(entry: &Entry, channel: Channel, moved: bool, push: &mut impl FnMut(i64, Act<'a>)) {
    let learnt_at = entry.learnt_at.seconds();
    // Never later than when we learnt of it.
    let spoke_at = entry.at.seconds().min(learnt_at);
    if moved {
        push(learnt_at, Act::SpokeElsewhere);
    } else if spoke_at == learnt_at {
        push(spoke_at, Act::Spoke { channel, ring: false });
    } else {
        push(spoke_at, Act::SpokeUnheard { channel });
        push(learnt_at, Act::Heard { spoke_at, channel });
    }
}

fn rest<'a>(entry: &Entry, what: &'a What, push: &mut impl FnMut(i64, Act<'a>)) {
    let at = entry.at.seconds();
    let promise_at = |ended_at: Timestamp| ended_at.seconds().max(at);
    match *what {
        What::Replied { reply, channel, follow_up } => {
            push(at, Act::Answered { by: reply, ringing: false });
            if follow_up {
                promise(entry, at, channel, push);
            }
        }
        What::CallAnswered { message, picked_up_at, ended_at, follow_up } => {
            push(at, Act::Spoke { channel: Channel::Phone, ring: true });
            let picked_up_at = picked_up_at.seconds().max(at);
            push(picked_up_at, Act::Answered { by: message, ringing: true });
            if follow_up {
                promise(entry, promise_at(ended_at).max(picked_up_at), Channel::Phone, push);
            }
        }
        What::OutboundCall { message, ended_at, reached: true, follow_up } => {
            push(at, Act::Answered { by: message, ringing: false });
            if follow_up {
                promise(entry, promise_at(ended_at), Channel::Phone, push);
            }
        }
        What::OutboundCall { reached: false, .. } => {}
        What::NoReplyNeeded => push(at, Act::NoReplyNeeded),
        What::Waiting => push(at, Act::Waiting),
        What::Hold => push(at, Act::Hold),
        What::Resume => push(at, Act::Resume),
        What::Resolve => push(at, Act::Resolve),
        What::Reopen => push(at, Act::Reopen),
        What::PriorityChanged { priority, by } => push(at, Act::PriorityChanged { priority, by }),
        What::TermsChanged { terms, by } => {
            push(at.max(entry.learnt_at.seconds()), Act::TermsChanged { terms, by });
        }
        What::MergedIn { ref facts } => push(at, Act::MergedIn { facts }),
        What::MergedAway => push(at, Act::MergedAway),
        // Handled by the caller, or seen to by `Unmade`.
        What::CustomerSpoke { .. } | What::DeliveryFailed { .. } | What::MovedAway { .. } => {}
    }
}

fn promise<'a>(entry: &Entry, at: i64, channel: Channel, push: &mut impl FnMut(i64, Act<'a>)) {
    push(at, Act::Promised { channel });
    if entry.learnt_at.seconds() > at {
        push(entry.learnt_at.seconds(), Act::PromiseHeard);
    }
}

/// What is as if it had never been: replies that failed, messages that moved away.
#[derive(Default)]
struct Unmade {
    failed: BTreeSet<MessageId>,
    /// By message, the entry that moved it away last: one that came back after that counts.
    moved: BTreeMap<MessageId, usize>,
    /// The replies that were sent from here, failed ones too; looked at only where one failed.
    replies: BTreeSet<MessageId>,
}

impl Unmade {
    fn of<'a>(entries: impl Iterator<Item = (usize, &'a Entry)> + Clone) -> Self {
        let mut unmade = Self::default();
        for (index, entry) in entries.clone() {
            match entry.what {
                What::DeliveryFailed { reply } => {
                    unmade.failed.insert(reply);
                }
                What::MovedAway { message } => {
                    unmade.moved.insert(message, index);
                }
                _ => {}
            }
        }
        if !unmade.failed.is_empty() {
            let sent = entries.filter_map(|(index, e)| match e.what {
                What::Replied { reply, .. } if !unmade.moved(index, reply) => Some(reply),
                _ => None,
            });
            unmade.replies = sent.collect();
        }
        unmade
    }

    fn moved(&self, entry: usize, message: MessageId) -> bool {
        self.moved.get(&message).is_some_and(|moved| entry < *moved)
    }

    fn includes(&self, entry: usize, what: &What) -> bool {
        match what {
            What::Replied { reply, .. } => self.failed.contains(reply) || self.moved(entry, *reply),
            What::CallAnswered { message, .. } | What::OutboundCall { message, .. } => {
                self.moved(entry, *message)
            }
            _ => false,
        }
    }
}
