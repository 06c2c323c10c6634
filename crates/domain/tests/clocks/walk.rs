//! A second engine, as slow and plain as the rules allow: it walks the minutes one by one and keeps
//! a tally. It must agree with the real one on random calendars (with both passes of the repeated
//! hour, skipped hours and skipped midnights) and random events at whole minutes.
//!
//! It knows everything at once: words heard late and calls entered by hand are in `rules`.

use std::collections::HashMap;

use chrono::{Datelike, Timelike};
use evendesk_domain::clock::{
    Calendar, Entry, Opening, Priority, State, Status, Target, Terms, What, read_as_of,
};
use evendesk_domain::id::{MessageId, TermsId};
use evendesk_domain::time::Timestamp;
use proptest::prelude::*;

use crate::fixture::A;
use crate::histories::{Case, case};

/// Minutes walked before the first event, and after it.
const BEFORE: i64 = 60;
const AFTER: i64 = 13 * 24 * 60;

fn is_business(calendar: &Calendar, zone: chrono_tz::Tz, t: i64) -> bool {
    let local = chrono::DateTime::from_timestamp(t, 0).expect("an instant").with_timezone(&zone);
    let (date, minute) = (local.date_naive(), local.hour() * 60 + local.minute());
    let hours = match calendar.overrides.iter().find(|o| o.date == date) {
        Some(differing) => &differing.hours[..],
        None => calendar.weekly.on(date.weekday()),
    };
    hours
        .iter()
        .any(|Opening(from, to)| (u32::from(from.minutes())..u32::from(to.minutes())).contains(&minute))
}

#[derive(Clone, Debug)]
struct Tally {
    target: Target,
    started: i64,
    used: u64,
    /// The first instant with the target used up.
    due: Option<i64>,
    breached: Option<i64>,
    closed: Option<i64>,
    waived: bool,
    counting: bool,
}

impl Tally {
    fn new(target: Target, started: i64) -> Self {
        Self {
            target,
            started,
            used: 0,
            due: None,
            breached: None,
            closed: None,
            waived: false,
            counting: true,
        }
    }

    fn look(&mut self, t: i64, target_s: Option<u64>) {
        if self.closed.is_some() || self.breached.is_some() {
            return;
        }
        match target_s {
            Some(target_s) if self.used >= target_s => {
                let due = *self.due.get_or_insert(t);
                if due < t {
                    self.breached = Some(due);
                }
            }
            _ => self.due = None,
        }
    }
}

struct Walk<'a> {
    rows: &'a HashMap<TermsId, Terms>,
    terms: TermsId,
    priority: Priority,
    status: Status,
    turns: Vec<Tally>,
    /// A turn set aside by resolving, with what it was before it went on in the dark.
    aside: Option<Tally>,
    resolution: Option<Tally>,
}

impl Walk<'_> {
    fn target_s(&self, target: Target) -> Option<u64> {
        self.rows[&self.terms].policy.target_s(self.priority, target)
    }

    fn look(&mut self, t: i64) {
        let targets =
            [Target::FirstResponse, Target::NextResponse, Target::Resolution].map(|k| (k, self.target_s(k)));
        for tally in self.turns.iter_mut().chain(&mut self.resolution) {
            let (_, target_s) = targets.into_iter().find(|(kind, _)| *kind == tally.target).expect("a kind");
            tally.look(t, target_s);
        }
    }

    fn open(&mut self) -> Option<&mut Tally> {
        self.turns.last_mut().filter(|turn| turn.closed.is_none())
    }

    fn begin(&mut self, t: i64) {
        if self.open().is_none() {
            let kind = if self.turns.is_empty() { Target::FirstResponse } else { Target::NextResponse };
            self.turns.push(Tally::new(kind, t));
        }
    }

    fn reopen(&mut self, t: i64) {
        if self.status != Status::Resolved {
            return;
        }
        (self.status, self.aside) = (Status::Open, None);
        let target_s = self.target_s(Target::Resolution);
        if let Some(resolution) = &mut self.resolution {
            resolution.closed = None;
            resolution.due = None;
            if target_s.is_some_and(|target_s| resolution.used >= target_s) {
                resolution.breached.get_or_insert(t);
            }
        }
    }

    fn spoke(&mut self, t: i64) {
        self.resolution.get_or_insert_with(|| Tally::new(Target::Resolution, t));
        self.reopen(t);
        if self.status == Status::Waiting {
            self.status = Status::Open;
        }
        self.begin(t);
    }

    fn answer(&mut self, t: i64, waived: bool) {
        if let Some(turn) = self.open() {
            (turn.closed, turn.waived) = (Some(t), waived);
            self.aside = None;
        }
    }

    fn promise(&mut self, t: i64) {
        self.reopen(t);
        self.begin(t);
    }

    fn hold_to(&mut self, t: i64, terms: TermsId, priority: Priority) {
        let was = (self.terms, Target::ALL.map(|k| self.target_s(k)));
        (self.terms, self.priority) = (terms, priority);
        let is = (self.terms, Target::ALL.map(|k| self.target_s(k)));
        for (index, kind) in Target::ALL.into_iter().enumerate() {
            if was.0 == is.0 && was.1[index] == is.1[index] {
                continue;
            }
            let tallies = self.turns.iter_mut().chain(&mut self.resolution);
            for tally in tallies.filter(|tally| tally.target == kind && tally.closed.is_none()) {
                tally.due = None;
                if is.1[index].is_some_and(|target_s| tally.used >= target_s) {
                    tally.breached.get_or_insert(t);
                }
            }
        }
    }

    fn take(&mut self, t: i64, what: &Step) {
        let resolved = self.status == Status::Resolved;
        match what {
            Step::Spoke => self.spoke(t),
            Step::Answer => self.answer(t, false),
            Step::Promise => self.promise(t),
            Step::Failed => self.reopen(t),
            Step::Terms(terms) => self.hold_to(t, *terms, self.priority),
            Step::Priority(priority) => self.hold_to(t, self.terms, *priority),
            Step::Say(What::Reopen) => self.reopen(t),
            _ if resolved => {}
            Step::Say(What::NoReplyNeeded) => self.answer(t, true),
            Step::Say(What::Waiting) if self.open().is_none() => self.status = Status::Waiting,
            Step::Say(What::Hold) => self.status = Status::Hold,
            Step::Say(What::Resume) => self.status = Status::Open,
            Step::Say(What::Resolve) => {
                self.status = Status::Resolved;
                self.aside = self.open().cloned();
                if let Some(aside) = &mut self.aside {
                    (aside.closed, aside.waived) = (Some(t), true);
                }
                if let Some(resolution) = &mut self.resolution {
                    resolution.closed = Some(t);
                }
            }
            Step::Say(_) => {}
        }
    }

    /// The minute from `t` on.
    fn pass(&mut self, t: i64, business: &HashMap<TermsId, Vec<bool>>, start: i64) {
        let row = &self.rows[&self.terms];
        let still = match self.status {
            Status::Waiting => true,
            Status::Hold => row.policy.pause_resolution_on_hold,
            Status::Open | Status::Resolved => false,
        };
        if let Some(resolution) = &mut self.resolution {
            resolution.counting = !still;
        }
        let minute = usize::try_from((t - start) / 60).expect("a minute of the walk");
        if business[&self.terms][minute] {
            for tally in self.turns.iter_mut().chain(&mut self.resolution) {
                if tally.counting && tally.closed.is_none() {
                    tally.used += 60;
                }
            }
        }
    }
}

trait AllTargets {
    const ALL: [Target; 3];
}

impl AllTargets for Target {
    const ALL: [Target; 3] = [Target::FirstResponse, Target::NextResponse, Target::Resolution];
}

enum Step {
    Spoke,
    Answer,
    Promise,
    Failed,
    Terms(TermsId),
    Priority(Priority),
    Say(What),
}

/// What happens at which instant, in file order within an instant; failed replies left out.
fn timetable(entries: &[Entry], now: i64) -> Vec<(i64, Step)> {
    let by_now = |t: Timestamp| t.seconds() <= now;
    let failed: Vec<MessageId> = entries
        .iter()
        .filter(|e| by_now(e.at))
        .filter_map(|e| if let What::DeliveryFailed { reply } = e.what { Some(reply) } else { None })
        .collect();
    let mut table = Vec::new();
    for entry in entries {
        let at = entry.at.seconds();
        match &entry.what {
            What::CustomerSpoke { .. } => table.push((at, Step::Spoke)),
            What::Replied { reply, follow_up, .. } if !failed.contains(reply) => {
                table.push((at, Step::Answer));
                table.extend(follow_up.then_some((at, Step::Promise)));
            }
            What::Replied { .. } | What::OutboundCall { reached: false, .. } => {}
            What::DeliveryFailed { .. } => table.push((at, Step::Failed)),
            What::CallAnswered { picked_up_at, ended_at, follow_up, .. } => {
                table.push((at, Step::Spoke));
                table.push((picked_up_at.seconds(), Step::Answer));
                table.extend(follow_up.then_some((ended_at.seconds(), Step::Promise)));
            }
            What::OutboundCall { ended_at, follow_up, .. } => {
                table.push((at, Step::Answer));
                table.extend(follow_up.then_some((ended_at.seconds(), Step::Promise)));
            }
            What::PriorityChanged { priority, .. } => table.push((at, Step::Priority(*priority))),
            What::TermsChanged { terms, .. } => table.push((at, Step::Terms(*terms))),
            other => table.push((at, Step::Say(other.clone()))),
        }
    }
    table.retain(|(at, _)| *at <= now);
    table.sort_by_key(|(at, _)| *at);
    table
}

/// A timer as both engines tell it.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    target: Target,
    state: State,
    started: i64,
    due: Option<i64>,
    closed: Option<i64>,
    breached: Option<i64>,
    used: u64,
}

fn walked(case: &Case, now: i64) -> Vec<Told> {
    let start = case.start - BEFORE * 60;
    let business: HashMap<TermsId, Vec<bool>> = case
        .rows
        .iter()
        .map(|(id, row)| {
            let zone = row.calendar.timezone.parse().expect("a zone");
            (*id, (0..BEFORE + AFTER).map(|m| is_business(&row.calendar, zone, start + m * 60)).collect())
        })
        .collect();
    let mut walk = Walk {
        rows: &case.rows,
        terms: A,
        priority: Priority::Normal,
        status: Status::Open,
        turns: Vec::new(),
        aside: None,
        resolution: None,
    };
    let mut table = timetable(&case.history.entries, now).into_iter().peekable();
    let mut t = start;
    loop {
        walk.look(t);
        while let Some((_, step)) = table.next_if(|(at, _)| *at == t) {
            walk.take(t, &step);
        }
        walk.look(t);
        if t == now {
            break;
        }
        walk.pass(t, &business, start);
        t += 60;
    }
    tell(walk, now, &business, start)
}

/// The states at `now`; what runs is walked on, as if nothing more happened, to find when it is due.
fn tell(mut walk: Walk<'_>, now: i64, business: &HashMap<TermsId, Vec<bool>>, start: i64) -> Vec<Told> {
    let paused = walk.status == Status::Waiting
        || (walk.status == Status::Hold && walk.rows[&walk.terms].policy.pause_resolution_on_hold);
    let at_risk = walk.rows[&walk.terms].policy.at_risk;
    let mut at_now: Vec<Tally> = walk.turns.iter().chain(&walk.resolution).cloned().collect();
    if let Some(aside) = walk.aside.take() {
        let index = walk.turns.len() - 1;
        at_now[index] = aside;
    }
    let targets: Vec<Option<u64>> = at_now.iter().map(|tally| walk.target_s(tally.target)).collect();
    for t in (now..start + (BEFORE + AFTER) * 60).step_by(60) {
        walk.look(t);
        walk.pass(t, business, start);
    }
    let later: Vec<Option<i64>> =
        walk.turns.iter().chain(&walk.resolution).map(|t| t.breached.or(t.due)).collect();
    let told = at_now.into_iter().enumerate().map(|(index, tally)| {
        let target_s = targets[index];
        let state = match (tally.closed.is_some(), tally.breached.is_some()) {
            (true, _) if tally.waived => State::Waived,
            (true, true) => State::Missed,
            (true, false) => State::Met,
            (false, true) => State::Breached,
            (false, false) if paused && tally.target == Target::Resolution => State::Paused,
            #[expect(clippy::cast_precision_loss)]
            (false, false) if target_s.is_some_and(|s| tally.used as f64 >= at_risk * s as f64) => {
                State::AtRisk
            }
            (false, false) => State::Running,
        };
        let due = match state {
            State::Breached | State::Missed => tally.breached,
            State::Running | State::AtRisk => later[index].filter(|_| target_s.is_some()),
            State::Paused | State::Met | State::Waived => None,
        };
        let Tally { target, started, closed, breached, used, .. } = tally;
        Told { target, state, started, due, closed, breached, used }
    });
    told.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn timers_agree_with_a_walk_minute_by_minute(case in case()) {
        let rows = case.compiled();
        let reading = read_as_of(&case.history, &rows, case.now());
        let horizon = case.start + (AFTER - 1) * 60;
        let told: Vec<Told> = reading
            .timers
            .iter()
            .map(|timer| Told {
                target: timer.target,
                state: timer.state(case.now()),
                started: timer.started_at.seconds(),
                due: timer.due_shown(case.now()).map(Timestamp::seconds).filter(|due| *due <= horizon),
                closed: timer.closed_at.map(Timestamp::seconds),
                breached: timer.breached_at(case.now()).map(Timestamp::seconds),
                used: timer.consumed_s(case.now(), &rows),
            })
            .collect();
        let mut expected = walked(&case, case.now);
        for told in &mut expected {
            told.due = told.due.filter(|due| *due <= horizon);
        }
        prop_assert_eq!(told, expected);
    }
}
