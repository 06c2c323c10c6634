//! One clock: counts business time, stands still, is held to other terms, falls due.
//!
//! It knows nothing of turns or statuses, only of instants in order. Seconds since the epoch.

use std::sync::Arc;

use super::policy::{CompiledTerms, Priority};
use super::timer::{Eased, Target};
use crate::id::{TermsId, UserId};
use crate::time::Timestamp;

/// What a clock is held to.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub terms: TermsId,
    /// None where the row is not to be found: no target, and nothing is counted.
    pub row: Option<Arc<CompiledTerms>>,
    pub priority: Priority,
}

impl Held {
    fn target_s(&self, target: Target) -> Option<u64> {
        self.row.as_ref()?.policy.target_s(self.priority, target)
    }

    fn due(&self, start: i64, seconds: u64) -> Option<i64> {
        self.row.as_ref()?.calendar.due_s(start, seconds)
    }

    fn elapsed(&self, a: i64, b: i64) -> u64 {
        self.row.as_ref().map_or(0, |row| row.calendar.elapsed_s(a, b))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Running {
    pub target: Target,
    pub held: Held,
    pub started_at: i64,
    /// Used up before `since`, or in all while standing still.
    pub consumed_s: u64,
    pub since: Option<i64>,
    pub breached_at: Option<i64>,
    pub eased: Vec<Eased>,
    /// Stood still at the very instant it fell due: past that, breached all the same.
    used_up_at: Option<i64>,
}

impl Running {
    pub fn start(target: Target, at: i64, held: Held) -> Self {
        Self {
            target,
            held,
            started_at: at,
            consumed_s: 0,
            since: Some(at),
            breached_at: None,
            eased: Vec::new(),
            used_up_at: None,
        }
    }

    /// Counts on in another conversation, on that one's terms from `at`.
    pub fn carry_on(
        target: Target,
        started_at: i64,
        at: i64,
        held: Held,
        consumed_s: u64,
        breached_at: Option<i64>,
    ) -> Self {
        let mut clock = Self { started_at, consumed_s, breached_at, ..Self::start(target, at, held) };
        clock.breach_if_used_up(at);
        clock
    }

    pub fn target_s(&self) -> Option<u64> {
        self.held.target_s(self.target)
    }

    /// Counts up to `t`, and notices a due instant that passed on the way.
    pub fn advance(&mut self, t: i64) {
        let Some(since) = self.since else {
            if self.breached_at.is_none() {
                self.breached_at = self.used_up_at.filter(|due| *due < t);
            }
            return;
        };
        if t <= since {
            return;
        }
        let after = self.consumed_s.saturating_add(self.held.elapsed(since, t));
        if self.breached_at.is_none() && self.target_s().is_some_and(|target| after >= target) {
            self.breached_at = self.due().filter(|due| *due < t);
        }
        self.consumed_s = after;
        self.since = Some(t);
    }

    pub fn stand_still(&mut self, t: i64) {
        if self.since.is_none() {
            return;
        }
        self.advance(t);
        self.since = None;
        self.used_up_at = (self.breached_at.is_none() && self.used_up()).then_some(t);
    }

    pub fn go_on(&mut self, t: i64) {
        if self.since.is_some() {
            return;
        }
        self.advance(t);
        self.since = Some(t);
        self.used_up_at = None;
    }

    /// Counts again after it was closed: the time in between is left out, and a target already used
    /// up is a breach now.
    pub fn count_again(&mut self, t: i64) {
        self.since = Some(t);
        self.used_up_at = None;
        self.breach_if_used_up(t);
    }

    /// Other terms or another priority from `t` on.
    pub fn hold_to(&mut self, t: i64, held: &Held, by: Option<UserId>) {
        self.advance(t);
        if self.breached_at.is_some() {
            self.held = held.clone();
            return;
        }
        let (target_was, due_was) = (self.target_s(), self.due_were_it_running(t));
        let same_terms = self.held.terms == held.terms;
        self.held = held.clone();
        if same_terms && target_was == self.target_s() {
            return;
        }
        self.used_up_at = None;
        self.breach_if_used_up(t);
        if self.breached_at.is_none() {
            self.note_if_eased(t, by, due_was);
        }
    }

    pub fn breach_if_used_up(&mut self, t: i64) {
        if self.breached_at.is_none() && self.used_up() {
            self.breached_at = Some(t);
        }
    }

    /// When it falls due if nothing happens: where it breached, else from what is left.
    pub fn due(&self) -> Option<i64> {
        match (self.breached_at, self.since) {
            (Some(breached), _) => Some(breached),
            (None, Some(since)) => self.due_from(since),
            (None, None) => self.used_up_at,
        }
    }

    pub fn at_risk(&self) -> Option<i64> {
        let threshold = self.held.row.as_ref()?.policy.at_risk_s(self.target_s()?);
        self.held.due(self.since?, threshold.saturating_sub(self.consumed_s))
    }

    fn used_up(&self) -> bool {
        self.target_s().is_some_and(|target| self.consumed_s >= target)
    }

    fn due_from(&self, since: i64) -> Option<i64> {
        self.held.due(since, self.target_s()?.saturating_sub(self.consumed_s))
    }

    fn due_were_it_running(&self, t: i64) -> Option<i64> {
        self.due_from(self.since.unwrap_or(t))
    }

    fn note_if_eased(&mut self, t: i64, by: Option<UserId>, due_was: Option<i64>) {
        let due_is = self.due_were_it_running(t);
        let Some(was) = due_was.filter(|was| due_is.is_none_or(|is| is > *was)) else { return };
        self.eased.push(Eased {
            at: Timestamp::from_seconds(t),
            by,
            target: self.target,
            started_at: Timestamp::from_seconds(self.started_at),
            due_was: Timestamp::from_seconds(was),
            due_is: due_is.map(Timestamp::from_seconds),
        });
    }
}
