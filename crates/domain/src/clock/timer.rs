//! What the engine says. Timers hold instants only, so a stored one stays true while time passes;
//! what it means is asked with `now`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::history::{MergedFacts, MergedResolution, MergedTurn};
use super::policy::{Priority, TermsLookup};
use crate::channel::Channel;
use crate::id::{MessageId, TermsId, UserId};
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    FirstResponse,
    NextResponse,
    Resolution,
}

impl Target {
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
        }
    }
}

/// The latest said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Open,
    /// On the customer.
    Waiting,
    /// On a third party.
    Hold,
    Resolved,
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Hold => "hold",
            Self::Resolved => "resolved",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Running,
    AtRisk,
    Breached,
    Paused,
    Met,
    Missed,
    Waived,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::AtRisk => "at_risk",
            Self::Breached => "breached",
            Self::Paused => "paused",
            Self::Met => "met",
            Self::Missed => "missed",
            Self::Waived => "waived",
        }
    }
}

/// The resolution's place: turns are numbered as they opened, and there is always one more to come.
pub const RESOLUTION: u32 = u32::MAX;

/// One turn, or the resolution.
///
/// A turn whose kind has no target is here all the same (it is waiting, and sorts last in a queue);
/// [`Timer::is_shown`] says whether a clock is shown for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Timer {
    pub target: Target,
    /// Of the opening word; to be shown and counted, never asked.
    pub channel: Channel,
    /// Opened by our own promise of a follow-up, not by a word of the customer's.
    pub promised: bool,
    /// A call answered live: nobody queued, so it is left out of the parity gap.
    pub live_call: bool,
    /// The reply or call that closed it.
    pub answered_by: Option<MessageId>,
    /// Answered by picking up a ringing phone, whoever had been waiting: never a queue jump.
    pub answered_ringing: bool,
    pub started_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// Closed without an answer: "no reply needed", or resolved unanswered.
    pub waived: bool,
    /// Waived by resolving: a reopening finds it open, an answer closes it after all.
    pub set_aside: bool,
    /// The instant it falls (or fell) due; none while it stands still, without a target, or when that
    /// is more than ten years away.
    pub due_at: Option<Timestamp>,
    /// From here on at risk, unless something happens before.
    pub at_risk_at: Option<Timestamp>,
    /// Set where the history alone makes it a breach; an open timer past `due_at` is breached too.
    pub breached_at: Option<Timestamp>,
    /// Standing still (resolution only).
    pub paused: bool,
    /// Business time used up to `running_since`, or in all if it is not running.
    #[ts(type = "number")]
    pub consumed_before_s: u64,
    /// Counting on from here, on the calendar of `terms`.
    pub running_since: Option<Timestamp>,
    #[ts(type = "number | null")]
    pub target_s: Option<u64>,
    pub priority: Priority,
    pub terms: TermsId,
}

impl Timer {
    /// Whether a clock is shown: it has a target, or a breach that nothing undoes.
    pub const fn is_shown(&self) -> bool {
        self.target_s.is_some() || self.breached_at.is_some()
    }

    pub const fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// The due instant that passed unmet, whenever anyone looked.
    pub fn breached_at(&self, now: Timestamp) -> Option<Timestamp> {
        let past_due = |due: &Timestamp| self.is_open() && now.seconds() > due.seconds();
        self.breached_at.or_else(|| self.due_at.filter(past_due))
    }

    pub fn state(&self, now: Timestamp) -> State {
        let breached = self.breached_at(now).is_some();
        match (self.is_open(), breached) {
            (false, _) if self.waived => State::Waived,
            (false, true) => State::Missed,
            (false, false) => State::Met,
            (true, true) => State::Breached,
            (true, false) if self.paused => State::Paused,
            (true, false) if self.at_risk_at.is_some_and(|t| now.seconds() >= t.seconds()) => State::AtRisk,
            (true, false) => State::Running,
        }
    }

    /// The due instant to show: for open running timers, and for breached and missed ones.
    pub fn due_shown(&self, now: Timestamp) -> Option<Timestamp> {
        match self.state(now) {
            State::Breached | State::Missed => self.breached_at(now),
            State::Running | State::AtRisk => self.due_at,
            State::Paused | State::Met | State::Waived => None,
        }
    }

    /// Business time used so far, as counted on the calendars that applied.
    pub fn consumed_s(&self, now: Timestamp, terms: &dyn TermsLookup) -> u64 {
        let running = self.running_since.and_then(|since| Some((since, terms.terms(self.terms)?)));
        let counting = running.map_or(0, |(since, terms)| terms.calendar.elapsed(since, now));
        self.consumed_before_s.saturating_add(counting)
    }
}

/// A due instant moved later by a change of priority or terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Eased {
    pub at: Timestamp,
    /// None where a rule did it.
    pub by: Option<UserId>,
    pub target: Target,
    /// When the timer had started, which tells turns apart.
    pub started_at: Timestamp,
    /// For a timer standing still: had it run on from `at`.
    pub due_was: Timestamp,
    /// None: no longer due at all, or not within ten years.
    pub due_is: Option<Timestamp>,
}

/// The customer is waiting for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OpenTurn {
    pub target: Target,
    pub channel: Channel,
    pub started_at: Timestamp,
    /// Its place in [`Reading::timers`].
    #[ts(type = "number")]
    pub timer: usize,
}

/// A history, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Reading {
    pub status: Status,
    /// As it stands after all changes.
    pub priority: Priority,
    pub terms: TermsId,
    /// Every turn in the order they opened, then the resolution if the customer ever spoke.
    pub timers: Vec<Timer>,
    pub open_turn: Option<OpenTurn>,
    pub eased: Vec<Eased>,
    /// A row of terms that was not to be found: its timers have no targets until it is.
    pub missing_terms: bool,
    /// Merged into another conversation: nothing runs here any more.
    pub merged_away: bool,
}

impl Reading {
    /// Whether `waiting` may be said: we cannot wait for someone who waits for us.
    pub fn may_wait(&self) -> bool {
        self.open_turn.is_none() && self.status != Status::Resolved
    }

    pub fn resolution(&self) -> Option<&Timer> {
        self.timers.last().filter(|t| t.target == Target::Resolution)
    }

    /// The timers a clock is shown for.
    pub fn shown(&self) -> impl Iterator<Item = &Timer> {
        self.timers.iter().filter(|t| t.is_shown())
    }

    /// The earliest instant at which anything here falls due, and nothing if all stands still.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.timers.iter().filter(|t| t.is_open()).filter_map(|t| t.breached_at.or(t.due_at)).min()
    }

    /// What this conversation brings along when it is merged into another at `at`.
    pub fn facts(&self, at: Timestamp, terms: &dyn TermsLookup) -> MergedFacts {
        let turn = self.open_turn.and_then(|open| self.timers.get(open.timer)).map(|t| MergedTurn {
            target: t.target,
            channel: t.channel,
            promised: t.promised,
            started_at: t.started_at,
            consumed_s: t.consumed_s(at, terms),
            breached_at: t.breached_at(at),
        });
        let resolution = self.resolution().map(|t| MergedResolution {
            channel: t.channel,
            started_at: t.started_at,
            consumed_s: t.consumed_s(at, terms),
            breached_at: t.breached_at(at),
        });
        MergedFacts { open_turn: turn, resolution }
    }
}
