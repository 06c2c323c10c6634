//! Histories as readable text, and readings as text to compare.
//!
//! Two terms, `a` (UTC, Monday to Friday 09:00-17:00) and `b` (the same days, 12:00-17:00), each with
//! targets of 1 h, 1 h, 4 h for `normal`, half of that for `urgent`, twice for `low`, and none for
//! `high`. Times are of Monday 2026-06-01, or `tue@09:00`. One event a line: `09:00 word`,
//! `09:00 word learnt 09:30`, `09:10 reply r1 follow_up`, `09:00 call picked 09:01 ended 09:05`, ...

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{
    CompiledTerms, Entry, History, Policy, Priority, Reading, Targets, Terms, Timer, What, read_as_of,
};
use evendesk_domain::id::{MessageId, TermsId};
use evendesk_domain::time::Timestamp;
use uuid::Uuid;

pub type Rows = HashMap<TermsId, Arc<CompiledTerms>>;

pub const A: TermsId = TermsId(Uuid::from_u128(0xa));
pub const B: TermsId = TermsId(Uuid::from_u128(0xb));

fn targets(first: u64, next: u64, resolution: u64) -> Targets {
    Targets { first_response: Some(first), next_response: Some(next), resolution: Some(resolution) }
}

pub fn policy() -> Policy {
    let targets = [
        (Priority::Urgent, targets(1800, 1800, 7200)),
        (Priority::Normal, targets(3600, 3600, 14_400)),
        (Priority::High, Targets::default()),
        (Priority::Low, targets(7200, 7200, 28_800)),
    ];
    Policy { targets: targets.into(), at_risk: 0.75, pause_resolution_on_hold: true }
}

pub fn terms(hours: &str) -> Terms {
    let day = format!("[[{hours}]]");
    let week = ["mon", "tue", "wed", "thu", "fri"].map(|d| format!("\"{d}\":{day}")).join(",");
    let calendar = format!(r#"{{"timezone":"UTC","weekly":{{{week}}},"overrides":[]}}"#);
    Terms { calendar: serde_json::from_str(&calendar).expect("a calendar"), policy: policy() }
}

/// Compiled once, as in the product: working a calendar's years out is what costs.
pub fn rows() -> Rows {
    static ROWS: LazyLock<Rows> = LazyLock::new(|| {
        let compiled = |hours| Arc::new(terms(hours).compile().expect("terms"));
        HashMap::from([(A, compiled(r#""09:00","17:00""#)), (B, compiled(r#""12:00","17:00""#))])
    });
    ROWS.clone()
}

/// `09:30` on the Monday, `tue@09:30` on the day after.
pub fn at(text: &str) -> Timestamp {
    let (day, time) = match text.split_once('@') {
        Some(("tue", time)) => (2, time),
        Some((day, _)) => panic!("which day is {day}?"),
        None => (1, text),
    };
    format!("2026-06-0{day}T{time}:00Z").parse().expect(text)
}

fn shown(t: Timestamp) -> String {
    let text = t.to_string();
    let time = &text[11..16];
    if text.starts_with("2026-06-01") { time.to_owned() } else { format!("{}@{time}", &text[5..10]) }
}

fn message(name: &str) -> MessageId {
    MessageId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()))
}

pub fn history(text: &str) -> History {
    let mut history = History::new(A, Priority::Normal);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    history.entries = lines.enumerate().map(|(index, line)| entry(index, line)).collect();
    history
}

fn entry(index: usize, line: &str) -> Entry {
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |key: &str| words.iter().position(|w| *w == key).map(|i| words[i + 1]);
    let (time, kind) = (at(words[0]), words[1]);
    let follow_up = words.contains(&"follow_up");
    let own = after("as").map_or_else(|| message(&format!("line {index}")), message);
    let what = match kind {
        "word" => What::CustomerSpoke { message: own, channel: Channel::Email },
        "reply" => What::Replied { reply: message(words[2]), channel: Channel::Email, follow_up },
        "failed" => What::DeliveryFailed { reply: message(words[2]) },
        "call" => What::CallAnswered {
            message: own,
            picked_up_at: at(after("picked").expect(line)),
            ended_at: at(after("ended").expect(line)),
            follow_up,
        },
        "outbound" => {
            let ended_at = at(after("ended").expect(line));
            What::OutboundCall { message: own, ended_at, reached: !words.contains(&"missed"), follow_up }
        }
        "no_reply_needed" => What::NoReplyNeeded,
        "waiting" => What::Waiting,
        "hold" => What::Hold,
        "resume" => What::Resume,
        "resolve" => What::Resolve,
        "reopen" => What::Reopen,
        "moved" => What::MovedAway { message: message(words[2]) },
        "merged_away" => What::MergedAway,
        "terms" => What::TermsChanged { terms: if words[2] == "b" { B } else { A }, by: None },
        "priority" => {
            let priority = Priority::ALL.into_iter().find(|p| p.name() == words[2]).expect(line);
            What::PriorityChanged { priority, by: None }
        }
        other => panic!("what is {other}?"),
    };
    Entry { at: time, learnt_at: after("learnt").map_or(time, at), what }
}

pub fn timer_line(timer: &Timer, now: Timestamp, rows: &Rows) -> String {
    let mut line = format!("{} {} {}", timer.target.name(), timer.state(now).name(), shown(timer.started_at));
    let instants = [
        (" due ", timer.due_shown(now)),
        (" closed ", timer.closed_at),
        (" breached ", timer.breached_at(now)),
    ];
    for (label, instant) in instants {
        if let Some(t) = instant {
            line += label;
            line += &shown(t);
        }
    }
    line + &format!(" used {}m", timer.consumed_s(now, rows) / 60)
}

/// The response turns, one a line.
pub fn turns(reading: &Reading, now: Timestamp, rows: &Rows) -> Vec<String> {
    let turns = reading.shown().filter(|t| Some(*t) != reading.resolution());
    turns.map(|t| timer_line(t, now, rows)).collect()
}

/// Reads `text` as of `now` and compares: the timers one a line, resolution last.
#[track_caller]
pub fn check(now: &str, text: &str, expected: &[&str]) {
    let rows = rows();
    let now = at(now);
    let reading = read_as_of(&history(text), &rows, now);
    let lines: Vec<String> = reading.shown().map(|t| timer_line(t, now, &rows)).collect();
    assert_eq!(lines, expected);
}
