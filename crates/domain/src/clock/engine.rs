//! Turns, resolution and status: what follows from a history.
//!
//! One pass over the steps in the order they take effect. Two things cannot be settled in that order
//! and are mended where they are learnt: words heard late, and calls entered by hand.

use super::history::{History, MergedFacts, MergedResolution, MergedTurn};
use super::policy::TermsLookup;
use super::running::{Held, Running};
use super::steps::{Act, Step, steps};
use super::timer::{OpenTurn, Reading, Status, Target};
use super::turn::{Resolution, Turn, response};
use crate::channel::Channel;
use crate::id::{MessageId, TermsId, UserId};
use crate::time::Timestamp;

/// Reads a history: every turn, the resolution, the status. Asks no clock; the same history and
/// terms give the same reading for ever.
pub fn read(history: &History, terms: &dyn TermsLookup) -> Reading {
    read_steps(history, &steps(history, None), terms)
}

/// The reading as it was at `until`: what was not known or had not happened by then is left out.
pub fn read_as_of(history: &History, terms: &dyn TermsLookup, until: Timestamp) -> Reading {
    read_steps(history, &steps(history, Some(until)), terms)
}

fn read_steps(history: &History, steps: &[Step<'_>], terms: &dyn TermsLookup) -> Reading {
    let mut engine = Engine::new(history, terms);
    engine.run(steps.iter());
    if engine.a_breach_may_be_lost() {
        engine.keep_breaches(&breaches_seen(history, steps, terms));
    }
    engine.reading()
}

/// Calls entered by hand that are looked behind, in one conversation.
const READINGS: usize = 200;

struct Change {
    at: i64,
    held: Held,
    by: Option<UserId>,
}

struct Engine<'a> {
    lookup: &'a dyn TermsLookup,
    held: Held,
    /// Every change of priority and terms; the first is what the history started with.
    changes: Vec<Change>,
    status: Status,
    turns: Vec<Turn>,
    /// The last turn is unanswered, set aside or not. All others are closed.
    open: bool,
    had_first_turn: bool,
    /// The kind of a turn opened by a word that has since moved to another conversation.
    turn_elsewhere: Option<Target>,
    /// How many words have been spoken that we have not heard yet.
    unheard: usize,
    resolution: Option<Resolution>,
    missing_terms: bool,
    merged_away: bool,
}

impl<'a> Engine<'a> {
    fn new(history: &History, lookup: &'a dyn TermsLookup) -> Self {
        let row = lookup.terms(history.terms);
        let missing_terms = row.is_none();
        let held = Held { terms: history.terms, row, priority: history.priority };
        Self {
            lookup,
            changes: vec![Change { at: i64::MIN, held: held.clone(), by: None }],
            held,
            status: Status::Open,
            turns: Vec::new(),
            open: false,
            had_first_turn: history.part,
            turn_elsewhere: None,
            unheard: 0,
            resolution: None,
            missing_terms,
            merged_away: false,
        }
    }

    fn run<'s>(&mut self, steps: impl Iterator<Item = &'s Step<'s>>) {
        for step in steps {
            self.take(step);
            if self.merged_away {
                break;
            }
        }
    }

    fn take(&mut self, step: &Step<'_>) {
        let t = step.at;
        let resolved = self.status == Status::Resolved;
        match step.act {
            Act::Spoke { channel, ring } => self.customer_spoke(t, channel, ring.then_some(step.entry)),
            Act::SpokeUnheard { channel } => self.customer_spoke_unheard(t, channel),
            Act::Heard { spoke_at, channel } => self.heard(t, spoke_at, channel),
            Act::SpokeElsewhere => self.spoke_elsewhere(),
            Act::Answered { by, ringing } => self.answered(step, by, ringing),
            Act::Promised { channel } => self.promised(t, channel),
            Act::DeliveryFailed | Act::PromiseHeard => self.reopen_if_resolved(t),
            Act::PriorityChanged { priority, by } => {
                self.hold_to(t, Held { priority, ..self.held.clone() }, by)
            }
            // Resolved conversations are not sent other terms as a rule; where they are (a move to
            // another team), a later reopening must find them.
            Act::TermsChanged { terms, by } => self.change_terms(t, terms, by),
            Act::MergedIn { facts } => self.merge(t, facts),
            Act::MergedAway => self.merge_away(),
            Act::Reopen if resolved => self.reopen(t),
            // While resolved, nothing else has any effect.
            _ if resolved => {}
            Act::NoReplyNeeded => self.waive(t),
            Act::Waiting if !self.open && self.unheard == 0 => self.say(t, Status::Waiting),
            Act::Hold => self.say(t, Status::Hold),
            Act::Resume => self.say(t, Status::Open),
            Act::Resolve => self.resolve(t),
            // Reopening what is not resolved changes nothing: it does not end `waiting` (the recorded
            // histories say so).
            Act::Waiting | Act::Reopen => {}
        }
    }

    fn open_turn(&mut self) -> Option<&mut Turn> {
        if self.open { self.turns.last_mut() } else { None }
    }

    /// A turn begins, on the clock given.
    fn begin(&mut self, turn: Turn) {
        self.turns.push(turn);
        self.open = true;
        self.had_first_turn = true;
    }

    fn next_kind(&mut self) -> Target {
        let elsewhere = self.turn_elsewhere.take();
        elsewhere.unwrap_or(response(!self.had_first_turn))
    }

    /// A clock that started at `start`, by what has been said up to `until`.
    fn clock_from(&self, target: Target, start: i64, until: i64) -> Running {
        let first_later = self.changes.partition_point(|c| c.at <= start).max(1);
        let (before, later) = self.changes.split_at(first_later);
        let held = before.last().map_or(&self.held, |c| &c.held);
        let mut clock = Running::start(target, start, held.clone());
        for change in later.iter().take_while(|c| c.at <= until) {
            clock.hold_to(change.at, &change.held, change.by);
        }
        clock
    }

    // Words.

    fn customer_spoke(&mut self, t: i64, channel: Channel, ring: Option<usize>) {
        self.words_end_waiting(t, channel);
        if let Some(turn) = self.open_turn() {
            turn.first_other_word.get_or_insert(t);
            return;
        }
        let target = self.next_kind();
        let mut turn = Turn::new(self.clock_from(target, t, t), channel);
        if ring.is_some() {
            (turn.ring, turn.first_other_word) = (ring, None);
        }
        self.begin(turn);
    }

    fn customer_spoke_unheard(&mut self, t: i64, channel: Channel) {
        self.unheard += 1;
        self.words_end_waiting(t, channel);
    }

    /// The first word starts the resolution; every word ends `waiting` and `resolved`, not `hold`.
    fn words_end_waiting(&mut self, t: i64, channel: Channel) {
        if self.resolution.is_none() {
            let clock = Running::start(Target::Resolution, t, self.held.clone());
            let closed_at = (self.status == Status::Resolved).then_some(t);
            self.resolution = Some(Resolution { clock, channel, closed_at });
            self.settle_resolution(t);
        }
        match self.status {
            Status::Resolved => self.reopen(t),
            Status::Waiting => self.say(t, Status::Open),
            Status::Open | Status::Hold => {}
        }
    }

    /// A word that travelled: its turn starts, or moves back to, when it was spoken.
    fn heard(&mut self, t: i64, spoke_at: i64, channel: Channel) {
        self.unheard = self.unheard.saturating_sub(1);
        // Resolved after it was spoken, before we heard it: that was not the end.
        self.reopen_if_resolved(t);
        let Some(turn) = self.open_turn() else {
            let target = self.next_kind();
            let turn = Turn::new(self.clock_from(target, spoke_at, t), channel);
            return self.begin(turn);
        };
        turn.first_other_word = Some(turn.first_other_word.map_or(spoke_at, |first| first.min(spoke_at)));
        if spoke_at >= turn.clock.started_at {
            return;
        }
        let (target, breached_at) = (turn.clock.target, turn.clock.breached_at);
        let mut clock = self.clock_from(target, spoke_at, t);
        clock.breached_at = clock.breached_at.or(breached_at);
        if let Some(turn) = self.open_turn() {
            (turn.clock, turn.channel, turn.promised, turn.ring) = (clock, channel, false, None);
        }
    }

    /// Not said here any more, but what came after it stays a next response.
    fn spoke_elsewhere(&mut self) {
        if !self.open && self.turn_elsewhere.is_none() {
            self.turn_elsewhere = Some(response(!self.had_first_turn));
            self.had_first_turn = true;
        }
    }

    // Answers.

    fn answered(&mut self, step: &Step<'_>, by: MessageId, ringing: bool) {
        self.turn_elsewhere = None;
        let entry = step.entry;
        if let Some(turn) = self.open_turn() {
            turn.close(step.at);
            (turn.answered_by, turn.answered_ringing) = (Some(by), ringing);
            turn.live_call = turn.ring == Some(entry);
            turn.answer_learnt_at = Some(step.learnt_at).filter(|learnt| *learnt > step.at);
            self.open = false;
        }
    }

    fn promised(&mut self, t: i64, channel: Channel) {
        self.reopen_if_resolved(t);
        if let Some(turn) = self.open_turn() {
            turn.first_other_word.get_or_insert(t);
            return;
        }
        let target = self.next_kind();
        let clock = self.clock_from(target, t, t);
        self.begin(Turn { promised: true, ..Turn::new(clock, channel) });
    }

    fn waive(&mut self, t: i64) {
        self.turn_elsewhere = None;
        if let Some(turn) = self.open_turn() {
            turn.close(t);
            turn.waived = true;
            self.open = false;
        }
    }

    // Status.

    fn say(&mut self, t: i64, status: Status) {
        self.status = status;
        self.settle_resolution(t);
    }

    fn resolve(&mut self, t: i64) {
        if let Some(turn) = self.open_turn() {
            turn.set_aside(t);
        }
        self.status = Status::Resolved;
        if let Some(resolution) = &mut self.resolution {
            resolution.clock.advance(t);
            resolution.closed_at = Some(t);
        }
    }

    fn reopen_if_resolved(&mut self, t: i64) {
        if self.status == Status::Resolved {
            self.reopen(t);
        }
    }

    fn reopen(&mut self, t: i64) {
        self.status = Status::Open;
        if let Some(turn) = self.open_turn() {
            turn.set_aside = None;
        }
        let held = self.held.clone();
        if let Some(resolution) = &mut self.resolution {
            resolution.closed_at = None;
            resolution.clock.held = held;
            resolution.clock.count_again(t);
        }
    }

    fn settle_resolution(&mut self, t: i64) {
        let pause_on_hold = self.held.row.as_ref().is_some_and(|row| row.policy.pause_resolution_on_hold);
        let stands_still = self.status == Status::Waiting || (self.status == Status::Hold && pause_on_hold);
        match &mut self.resolution {
            Some(resolution) if resolution.closed_at.is_some() => {}
            Some(resolution) if stands_still => resolution.clock.stand_still(t),
            Some(resolution) => resolution.clock.go_on(t),
            None => {}
        }
    }

    // What it is held to.

    fn change_terms(&mut self, t: i64, terms: TermsId, by: Option<UserId>) {
        let row = self.lookup.terms(terms);
        self.missing_terms |= row.is_none();
        self.hold_to(t, Held { terms, row, priority: self.held.priority }, by);
    }

    fn hold_to(&mut self, t: i64, held: Held, by: Option<UserId>) {
        self.held = held.clone();
        if let Some(turn) = self.open_turn() {
            turn.clock.hold_to(t, &held, by);
        }
        // A closed resolution stays as it was; a reopening takes the new terms up.
        if let Some(resolution) = self.resolution.as_mut().filter(|r| r.closed_at.is_none()) {
            resolution.clock.hold_to(t, &held, by);
        }
        self.changes.push(Change { at: t, held, by });
        self.settle_resolution(t);
    }

    // Merging.

    /// The oldest open turn and the earliest first word win, breaches stay.
    fn merge(&mut self, t: i64, facts: &MergedFacts) {
        if let Some(other) = &facts.open_turn {
            self.reopen_if_resolved(t);
            self.merge_turn(t, other);
            if self.status == Status::Waiting {
                self.say(t, Status::Open);
            }
        }
        if let Some(other) = &facts.resolution {
            self.merge_resolution(t, other);
        }
    }

    fn merge_turn(&mut self, t: i64, other: &MergedTurn) {
        let started_at = other.started_at.seconds();
        let other_breach = other.breached_at.map(Timestamp::seconds);
        let mut clock =
            Running::carry_on(other.target, started_at, t, self.held.clone(), other.consumed_s, other_breach);
        let Some(own) = self.open_turn() else {
            self.turn_elsewhere = None;
            return self.begin(Turn { promised: other.promised, ..Turn::new(clock, other.channel) });
        };
        own.clock.advance(t);
        if started_at >= own.clock.started_at {
            own.clock.breached_at = earlier(own.clock.breached_at, other_breach);
            return;
        }
        clock.breached_at = earlier(clock.breached_at, own.clock.breached_at);
        clock.eased = std::mem::take(&mut own.clock.eased);
        *own = Turn { promised: other.promised, ..Turn::new(clock, other.channel) };
    }

    fn merge_resolution(&mut self, t: i64, other: &MergedResolution) {
        let started_at = other.started_at.seconds();
        let other_breach = other.breached_at.map(Timestamp::seconds);
        match &mut self.resolution {
            None => {
                let held = self.held.clone();
                let clock = Running::carry_on(
                    Target::Resolution,
                    started_at,
                    t,
                    held,
                    other.consumed_s,
                    other_breach,
                );
                let closed_at = (self.status == Status::Resolved).then_some(t);
                self.resolution = Some(Resolution { clock, channel: other.channel, closed_at });
            }
            Some(own) => {
                let open = own.closed_at.is_none();
                if open {
                    own.clock.advance(t);
                }
                own.clock.breached_at = earlier(own.clock.breached_at, other_breach);
                if started_at < own.clock.started_at {
                    own.clock.started_at = started_at;
                    own.clock.consumed_s = own.clock.consumed_s.max(other.consumed_s);
                    own.channel = other.channel;
                    if open {
                        own.clock.breach_if_used_up(t);
                    }
                }
            }
        }
        self.settle_resolution(t);
    }

    /// What was open runs on in the other conversation.
    fn merge_away(&mut self) {
        self.merged_away = true;
        if self.open && self.turns.last().is_some_and(|turn| turn.set_aside.is_none()) {
            self.turns.pop();
        }
        self.open = false;
        self.resolution = self.resolution.take().filter(|r| r.closed_at.is_some());
    }

    // Afterwards.

    /// Whether a turn that a call entered by hand closed in time was past due when it was entered.
    fn a_breach_may_be_lost(&self) -> bool {
        self.turns.iter().any(|turn| {
            let entered = turn.answer_learnt_at.zip(turn.kept_waiting_since());
            entered.is_some_and(|(learnt_at, start)| {
                let mut clock = self.clock_from(turn.clock.target, start, learnt_at);
                clock.advance(learnt_at);
                turn.clock.breached_at.is_none() && clock.breached_at.is_some()
            })
        })
    }

    fn keep_breaches(&mut self, seen: &[Turn]) {
        for seen in seen {
            let starts_with_it = |turn: &Turn| {
                (turn.clock.target, turn.clock.started_at) == (seen.clock.target, seen.clock.started_at)
            };
            let lost_it = |turn: &Turn| turn.may_have_lost_a_breach() && turn.overlaps(seen);
            let mut same = self.turns.iter().position(|turn| starts_with_it(turn) && lost_it(turn));
            if !self.turns.iter().any(|turn| starts_with_it(turn) && turn.breaches_no_later_than(seen)) {
                same = same.or_else(|| self.turns.iter().rposition(lost_it));
            }
            if let Some(index) = same {
                self.turns[index].clock.breached_at = seen.clock.breached_at;
            }
        }
    }

    fn reading(self) -> Reading {
        let open_timer =
            self.turns.len().checked_sub(1).filter(|_| self.open && self.status != Status::Resolved);
        let clocks =
            self.turns.iter().map(Turn::counted_clock).chain(self.resolution.iter().map(|r| &r.clock));
        let eased = clocks.flat_map(|clock| clock.eased.iter().copied()).collect();
        let timers: Vec<_> =
            self.turns.iter().map(Turn::timer).chain(self.resolution.iter().map(Resolution::timer)).collect();
        let open_turn =
            open_timer.and_then(|index| timers.get(index).map(|t| (index, t))).map(|(timer, t)| OpenTurn {
                target: t.target,
                channel: t.channel,
                started_at: t.started_at,
                timer,
            });
        Reading {
            status: self.status,
            priority: self.held.priority,
            terms: self.held.terms,
            timers,
            open_turn,
            eased,
            missing_terms: self.missing_terms,
            merged_away: self.merged_away,
        }
    }
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    a.into_iter().chain(b).min()
}

/// The turns in breach that were seen before each call entered by hand: such a call never removes
/// one. One reading for each call, which is why it is done only where a breach may be lost.
fn breaches_seen(history: &History, steps: &[Step<'_>], terms: &dyn TermsLookup) -> Vec<Turn> {
    let learnt = |s: &Step<'_>| (s.learnt_at, s.entry);
    let entered = steps.iter().filter(|s| matches!(s.act, Act::Answered { .. }) && s.learnt_at > s.at);
    let mut entered: Vec<(i64, usize)> = entered.map(learnt).collect();
    entered.sort_unstable();
    let mut seen = Vec::new();
    for call in entered.into_iter().take(READINGS) {
        let mut engine = Engine::new(history, terms);
        engine.run(steps.iter().filter(|s| learnt(s) < call && s.at <= call.0));
        engine.keep_breaches(&seen);
        seen.extend(engine.turns.into_iter().filter_map(|turn| turn.seen_in_breach(call.0)));
    }
    seen
}
