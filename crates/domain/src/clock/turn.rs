//! A turn (the customer waiting for us) and the resolution, while a history is read, and the timer
//! each becomes.

use super::running::Running;
use super::timer::{Target, Timer};
use crate::channel::Channel;
use crate::id::MessageId;
use crate::time::Timestamp;

/// Seconds since the epoch throughout.
#[derive(Debug)]
pub(super) struct Turn {
    pub clock: Running,
    pub channel: Channel,
    pub promised: bool,
    pub answered_by: Option<MessageId>,
    pub answered_ringing: bool,
    /// The entry whose ring opened it.
    pub ring: Option<usize>,
    /// The first word or promise in it that is not that ring.
    pub first_other_word: Option<i64>,
    /// Answered by picking up that very ring.
    pub live_call: bool,
    pub closed_at: Option<i64>,
    pub waived: bool,
    /// Resolved unanswered: since when, and the clock as it stood. The clock itself runs on, since a
    /// reopening finds the turn open as if it had never been set aside.
    pub set_aside: Option<(i64, Running)>,
    /// The call that closed it was entered at this later instant.
    pub answer_learnt_at: Option<i64>,
}

impl Turn {
    pub fn new(clock: Running, channel: Channel) -> Self {
        Self {
            first_other_word: Some(clock.started_at),
            clock,
            channel,
            promised: false,
            answered_by: None,
            answered_ringing: false,
            ring: None,
            live_call: false,
            closed_at: None,
            waived: false,
            set_aside: None,
            answer_learnt_at: None,
        }
    }

    pub fn close(&mut self, t: i64) {
        self.clock.advance(t);
        self.closed_at = Some(t);
        self.set_aside = None;
    }

    pub fn set_aside(&mut self, t: i64) {
        self.clock.advance(t);
        self.set_aside = Some((t, self.clock.clone()));
    }

    pub fn timer(&self) -> Timer {
        let (clock, closed_at) = match &self.set_aside {
            Some((t, as_it_stood)) => (as_it_stood, Some(*t)),
            None => (&self.clock, self.closed_at),
        };
        Timer {
            promised: self.promised,
            live_call: self.live_call,
            answered_by: self.answered_by,
            answered_ringing: self.answered_ringing,
            waived: self.waived || self.set_aside.is_some(),
            set_aside: self.set_aside.is_some(),
            ..timer(clock, self.channel, closed_at)
        }
    }

    /// Since when someone was known to wait. A ring picked up at once kept nobody waiting until the
    /// call was entered.
    pub fn kept_waiting_since(&self) -> Option<i64> {
        if self.live_call { self.first_other_word } else { Some(self.clock.started_at) }
    }

    /// In time by a call entered by hand, though someone had been known to wait.
    pub fn may_have_lost_a_breach(&self) -> bool {
        self.answer_learnt_at.is_some()
            && self.clock.breached_at.is_none()
            && self.kept_waiting_since().is_some()
    }

    /// Whether its own breach, or the one it is heading for, is at least as early.
    pub fn breaches_no_later_than(&self, other: &Self) -> bool {
        let heading_for = || self.clock.due().filter(|_| self.closed_at.is_none());
        let breach = self.clock.breached_at.or_else(heading_for);
        breach.zip(other.clock.breached_at).is_some_and(|(own, other)| own <= other)
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_in = |a: &Self, b: &Self| {
            a.clock.started_at >= b.clock.started_at
                && b.closed_at.is_none_or(|closed| a.clock.started_at <= closed)
        };
        begins_in(self, other) || begins_in(other, self)
    }

    /// The turn as it looked at `t`, if it was in breach then.
    pub fn seen_in_breach(mut self, t: i64) -> Option<Self> {
        match self.set_aside.take() {
            Some((_, as_it_stood)) => self.clock = as_it_stood,
            None if self.closed_at.is_none() => self.clock.advance(t),
            None => {}
        }
        self.clock.breached_at.is_some().then_some(self)
    }

    /// The clock whose easings count: what happens to a turn set aside counts if it is reopened.
    pub fn counted_clock(&self) -> &Running {
        self.set_aside.as_ref().map_or(&self.clock, |(_, as_it_stood)| as_it_stood)
    }
}

#[derive(Debug)]
pub(super) struct Resolution {
    pub clock: Running,
    pub channel: Channel,
    pub closed_at: Option<i64>,
}

impl Resolution {
    pub fn timer(&self) -> Timer {
        Timer {
            paused: self.closed_at.is_none() && self.clock.since.is_none(),
            ..timer(&self.clock, self.channel, self.closed_at)
        }
    }
}

fn timer(clock: &Running, channel: Channel, closed_at: Option<i64>) -> Timer {
    let at = Timestamp::from_seconds;
    let running = closed_at.is_none() && clock.since.is_some();
    let at_risk = if running && clock.breached_at.is_none() { clock.at_risk() } else { None };
    Timer {
        target: clock.target,
        channel,
        promised: false,
        live_call: false,
        answered_by: None,
        answered_ringing: false,
        started_at: at(clock.started_at),
        closed_at: closed_at.map(at),
        waived: false,
        set_aside: false,
        due_at: clock.due().map(at),
        at_risk_at: at_risk.map(at),
        breached_at: clock.breached_at.map(at),
        paused: false,
        consumed_before_s: clock.consumed_s,
        running_since: clock.since.filter(|_| running).map(at),
        target_s: clock.target_s(),
        priority: clock.held.priority,
        terms: clock.held.terms,
    }
}

/// Response turns have two kinds; which one depends on what came before only.
pub(super) const fn response(is_first: bool) -> Target {
    if is_first { Target::FirstResponse } else { Target::NextResponse }
}
