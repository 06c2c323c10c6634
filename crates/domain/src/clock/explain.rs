//! Why is this due then? The steps from the word to the due instant, for the window to put in the
//! reader's language, zone and format.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::policy::{Priority, TermsLookup};
use super::timer::{Target, Timer};
use crate::channel::Channel;
use crate::time::Timestamp;

/// One line of the answer, in the order to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "label", rename_all = "snake_case")]
pub enum Line {
    /// The customer spoke.
    Spoke {
        channel: Channel,
        at: Timestamp,
    },
    /// We promised to come back.
    Promised {
        channel: Channel,
        at: Timestamp,
    },
    /// We were closed then: counting from the next opening.
    OpenFrom {
        at: Timestamp,
    },
    /// It stood still (waiting on the customer, on hold, or resolved) for so much business time.
    StoodStill {
        #[ts(type = "number")]
        business_s: u64,
    },
    /// It stands still now.
    StandsStill,
    /// What it is held to, and how much of that is left.
    Target {
        target: Target,
        priority: Priority,
        #[ts(type = "number")]
        target_s: u64,
        #[ts(type = "number")]
        used_s: u64,
        #[ts(type = "number")]
        left_s: u64,
    },
    /// The policy sets no target for this priority.
    NoTarget {
        target: Target,
        priority: Priority,
    },
    Due {
        at: Timestamp,
    },
    /// Not due within ten years.
    NotDue,
    Breached {
        at: Timestamp,
    },
    Answered {
        at: Timestamp,
    },
    NoReplyNeeded {
        at: Timestamp,
    },
    ResolvedUnanswered {
        at: Timestamp,
    },
    Resolved {
        at: Timestamp,
    },
}

/// Explains one timer as it is at `now`.
pub fn explain(timer: &Timer, now: Timestamp, terms: &dyn TermsLookup) -> Vec<Line> {
    let mut lines = vec![opening(timer)];
    let row = terms.terms(timer.terms);
    let calendar = row.as_ref().map(|row| &row.calendar);
    let open_from = calendar.and_then(|c| c.open_from(timer.started_at));
    lines.extend(
        open_from.filter(|at| at.seconds() > timer.started_at.seconds()).map(|at| Line::OpenFrom { at }),
    );
    let used_s = timer.consumed_s(now, terms);
    if timer.target == Target::Resolution {
        let until = timer.closed_at.unwrap_or(now);
        let business_s = calendar.map_or(0, |c| c.elapsed(timer.started_at, until)).saturating_sub(used_s);
        lines.extend((business_s > 0).then_some(Line::StoodStill { business_s }));
    }
    let (target, priority) = (timer.target, timer.priority);
    lines.push(match timer.target_s {
        Some(target_s) => {
            Line::Target { target, priority, target_s, used_s, left_s: target_s.saturating_sub(used_s) }
        }
        None => Line::NoTarget { target, priority },
    });
    lines.extend(timer.breached_at(now).map(|at| Line::Breached { at }));
    match timer.closed_at {
        Some(at) => lines.push(closing(timer, at)),
        None => lines.extend(outlook(timer, now)),
    }
    lines
}

fn opening(timer: &Timer) -> Line {
    let (channel, at) = (timer.channel, timer.started_at);
    if timer.promised { Line::Promised { channel, at } } else { Line::Spoke { channel, at } }
}

fn closing(timer: &Timer, at: Timestamp) -> Line {
    match timer.target {
        Target::Resolution => Line::Resolved { at },
        _ if timer.set_aside => Line::ResolvedUnanswered { at },
        _ if timer.waived => Line::NoReplyNeeded { at },
        _ => Line::Answered { at },
    }
}

fn outlook(timer: &Timer, now: Timestamp) -> Option<Line> {
    if timer.breached_at(now).is_some() || timer.target_s.is_none() {
        return timer.paused.then_some(Line::StandsStill);
    }
    Some(match timer.due_at {
        _ if timer.paused => Line::StandsStill,
        Some(at) => Line::Due { at },
        None => Line::NotDue,
    })
}
