//! The replay format: histories as JSON in, their timers as JSON out, for
//! `evendesk-server sla replay FILE` and for checking one engine against another.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::engine::read_as_of;
use super::history::{Entry, History, What};
use super::policy::{CompiledTerms, Policy, Priority, Terms, TermsError};
use super::timer::{Reading, State, Target};
use crate::channel::Channel;
use crate::id::{MessageId, TermsId};
use crate::time::Timestamp;

const FILE_BYTES: usize = 64 * 1024 * 1024;
const CASES: usize = 100_000;
const EVENTS_A_CASE: usize = 100_000;

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the file is larger than {FILE_BYTES} bytes; split it")]
    TooLarge,
    #[error("more than {CASES} histories in one file; split it")]
    TooManyCases,
    #[error("history “{0}” has more than {EVENTS_A_CASE} events")]
    TooManyEvents(String),
    #[error("the file is not a list of histories: {0}")]
    Json(#[from] serde_json::Error),
    #[error(
        "history “{name}”, {what}: “{text}” is not an instant; write RFC 3339, as in 2026-06-01T08:00:00Z"
    )]
    Instant { name: String, what: String, text: String },
    #[error("history “{name}”: {source}")]
    Terms { name: String, source: TermsError },
}

/// Reads every history in `json` and prints their timers as JSON, in the same order.
pub fn replay(json: &str) -> Result<String, ReplayError> {
    if json.len() > FILE_BYTES {
        return Err(ReplayError::TooLarge);
    }
    let cases: Vec<Case> = serde_json::from_str(json)?;
    if cases.len() > CASES {
        return Err(ReplayError::TooManyCases);
    }
    let results: Vec<Replayed> = cases.iter().map(Case::replay).collect::<Result<_, _>>()?;
    Ok(serde_json::to_string_pretty(&results)?)
}

#[derive(Deserialize)]
struct Case {
    name: String,
    calendar: Calendar,
    policy: Policy,
    priority: Priority,
    events: Vec<Event>,
    now: String,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Event {
    CustomerMessage {
        at: String,
        #[serde(default = "any_channel")]
        channel: Channel,
    },
    AgentReply {
        at: String,
        id: String,
        #[serde(default = "any_channel")]
        channel: Channel,
        #[serde(default)]
        follow_up: bool,
    },
    DeliveryFailed {
        at: String,
        id: String,
    },
    CallAnswered {
        started_at: String,
        answered_at: String,
        ended_at: String,
        outcome: String,
    },
    CallMissed {
        at: String,
    },
    OutboundCall {
        at: String,
        reached: bool,
        #[serde(default)]
        follow_up: bool,
    },
    AutoReply,
    InternalNote,
    Snooze,
    NoReplyNeeded {
        at: String,
    },
    Waiting {
        at: String,
    },
    Hold {
        at: String,
    },
    Resume {
        at: String,
    },
    Resolve {
        at: String,
    },
    Reopen {
        at: String,
    },
    PriorityChanged {
        at: String,
        priority: Priority,
    },
}

/// No clock asks, so it may be left out.
const fn any_channel() -> Channel {
    Channel::Email
}

#[derive(Serialize)]
struct Replayed<'a> {
    name: &'a str,
    timers: Vec<ReplayedTimer>,
}

#[derive(Serialize)]
struct ReplayedTimer {
    target: Target,
    state: State,
    started_at: String,
    due_at: Option<String>,
    closed_at: Option<String>,
    breached_at: Option<String>,
    consumed_s: u64,
}

impl Case {
    fn replay(&self) -> Result<Replayed<'_>, ReplayError> {
        if self.events.len() > EVENTS_A_CASE {
            return Err(ReplayError::TooManyEvents(self.name.clone()));
        }
        let id = TermsId(uuid::Uuid::nil());
        let row = Terms { calendar: self.calendar.clone(), policy: self.policy.clone() };
        let row = row.compile().map_err(|source| ReplayError::Terms { name: self.name.clone(), source })?;
        let terms = HashMap::from([(id, Arc::new(row))]);
        let now = self.instant("now", &self.now)?;
        let history = self.history(id)?;
        Ok(Replayed { name: &self.name, timers: timers(&read_as_of(&history, &terms, now), now, &terms) })
    }

    fn history(&self, terms: TermsId) -> Result<History, ReplayError> {
        let mut replies = Ids::default();
        let mut history = History::new(terms, self.priority);
        for (index, event) in self.events.iter().enumerate() {
            let instant = |text: &String| self.instant(&format!("event {}", index + 1), text);
            history.entries.extend(entry(event, &mut replies, instant)?);
        }
        Ok(history)
    }

    fn instant(&self, what: &str, text: &str) -> Result<Timestamp, ReplayError> {
        text.parse().map_err(|_| ReplayError::Instant {
            name: self.name.clone(),
            what: what.to_owned(),
            text: text.chars().take(60).collect(),
        })
    }
}

/// Ids for messages: the same for the same name, else a new one.
#[derive(Default)]
struct Ids {
    named: HashMap<String, MessageId>,
    count: u128,
}

impl Ids {
    fn fresh(&mut self) -> MessageId {
        self.count += 1;
        MessageId(uuid::Uuid::from_u128(self.count))
    }

    fn of(&mut self, name: &str) -> MessageId {
        match self.named.get(name) {
            Some(&id) => id,
            None => {
                let id = self.fresh();
                self.named.insert(name.to_owned(), id);
                id
            }
        }
    }
}

fn entry<F>(event: &Event, ids: &mut Ids, instant: F) -> Result<Option<Entry>, ReplayError>
where
    F: Fn(&String) -> Result<Timestamp, ReplayError>,
{
    let (at, what) = match event {
        Event::CustomerMessage { at, channel } => {
            (at, What::CustomerSpoke { message: ids.fresh(), channel: *channel })
        }
        Event::CallMissed { at } => {
            (at, What::CustomerSpoke { message: ids.fresh(), channel: Channel::Phone })
        }
        Event::AgentReply { at, id, channel, follow_up } => {
            (at, What::Replied { reply: ids.of(id), channel: *channel, follow_up: *follow_up })
        }
        Event::DeliveryFailed { at, id } => (at, What::DeliveryFailed { reply: ids.of(id) }),
        Event::CallAnswered { started_at, answered_at, ended_at, outcome } => {
            let (picked_up_at, ended_at) = (instant(answered_at)?, instant(ended_at)?);
            let follow_up = outcome == "follow_up";
            (started_at, What::CallAnswered { message: ids.fresh(), picked_up_at, ended_at, follow_up })
        }
        Event::OutboundCall { at, reached, follow_up } => {
            let (reached, follow_up) = (*reached, *follow_up);
            (at, What::OutboundCall { message: ids.fresh(), ended_at: instant(at)?, reached, follow_up })
        }
        Event::AutoReply | Event::InternalNote | Event::Snooze => return Ok(None),
        Event::NoReplyNeeded { at } => (at, What::NoReplyNeeded),
        Event::Waiting { at } => (at, What::Waiting),
        Event::Hold { at } => (at, What::Hold),
        Event::Resume { at } => (at, What::Resume),
        Event::Resolve { at } => (at, What::Resolve),
        Event::Reopen { at } => (at, What::Reopen),
        Event::PriorityChanged { at, priority } => {
            (at, What::PriorityChanged { priority: *priority, by: None })
        }
    };
    Ok(Some(Entry::now(instant(at)?, what)))
}

fn timers(
    reading: &Reading,
    now: Timestamp,
    terms: &HashMap<TermsId, Arc<CompiledTerms>>,
) -> Vec<ReplayedTimer> {
    let shown = reading.shown().map(|timer| ReplayedTimer {
        target: timer.target,
        state: timer.state(now),
        started_at: timer.started_at.to_string(),
        due_at: timer.due_shown(now).map(|t| t.to_string()),
        closed_at: timer.closed_at.map(|t| t.to_string()),
        breached_at: timer.breached_at(now).map(|t| t.to_string()),
        consumed_s: timer.consumed_s(now, terms),
    });
    shown.collect()
}
