//! Timers: one row a turn, and one for the resolution. Rows hold instants; what they mean now is
//! computed when they are read.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{RESOLUTION, Reading, Target, Timer};
use evendesk_domain::conversation::Conversation;
use evendesk_domain::event::Step;
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::error::{Doing, Error};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS timer (
    conversation BLOB NOT NULL,
    ordinal INTEGER NOT NULL,
    target TEXT NOT NULL,
    channel TEXT NOT NULL,
    team BLOB NOT NULL,
    live_call INTEGER NOT NULL,
    answered_ringing INTEGER NOT NULL,
    answered_by BLOB,
    started_at INTEGER NOT NULL,
    closed_at INTEGER,
    waived INTEGER NOT NULL,
    set_aside INTEGER NOT NULL,
    due_at INTEGER,
    at_risk_at INTEGER,
    breached_at INTEGER,
    paused INTEGER NOT NULL,
    consumed_before_s INTEGER NOT NULL,
    running_since INTEGER,
    target_s INTEGER,
    terms BLOB NOT NULL,
    told_at_risk INTEGER NOT NULL,
    told_breached INTEGER NOT NULL,
    PRIMARY KEY (conversation, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS timer_turns ON timer
    (closed_at, channel, target, consumed_before_s, waived, set_aside, live_call, answered_ringing,
     breached_at, team, started_at)
    WHERE target <> 'resolution';
CREATE INDEX IF NOT EXISTS timer_at_risk ON timer (at_risk_at, ordinal)
    WHERE closed_at IS NULL AND at_risk_at IS NOT NULL AND told_at_risk = 0;
CREATE INDEX IF NOT EXISTS timer_due ON timer (due_at, ordinal)
    WHERE closed_at IS NULL AND due_at IS NOT NULL AND told_breached = 0;
";

/// A timer as the window shows it: instants, so that a countdown needs no query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TimerView {
    pub target: Target,
    pub channel: Channel,
    pub started_at: Timestamp,
    pub due_at: Option<Timestamp>,
    pub at_risk_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// A breach already known; else it breaches when `now` passes `due_at`.
    pub breached_at: Option<Timestamp>,
    pub waived: bool,
    pub paused: bool,
    #[ts(type = "number")]
    pub consumed_before_s: u64,
    pub running_since: Option<Timestamp>,
    #[ts(type = "number | null")]
    pub target_s: Option<u64>,
}

impl From<&Timer> for TimerView {
    fn from(t: &Timer) -> Self {
        Self {
            target: t.target,
            channel: t.channel,
            started_at: t.started_at,
            due_at: t.due_at,
            at_risk_at: t.at_risk_at,
            closed_at: t.closed_at,
            breached_at: t.breached_at,
            waived: t.waived,
            paused: t.paused,
            consumed_before_s: t.consumed_before_s,
            running_since: t.running_since,
            target_s: t.target_s,
        }
    }
}

/// Replaces the conversation's rows by what the engine reads now.
pub(crate) fn fold(db: &Connection, conversation: &Conversation, reading: &Reading) -> Result<(), Error> {
    forget(db, conversation.id.0)?;
    for (place, timer) in reading.timers.iter().enumerate() {
        let ordinal = match timer.target {
            Target::Resolution => RESOLUTION,
            _ => u32::try_from(place).unwrap_or(RESOLUTION - 1),
        };
        write(db, conversation, ordinal, timer)?;
    }
    Ok(())
}

fn write(db: &Connection, conversation: &Conversation, ordinal: u32, timer: &Timer) -> Result<(), Error> {
    let told = |step| conversation.steps.contains(&(ordinal, step));
    let millis = |t: Option<Timestamp>| t.map(Timestamp::millis);
    db.prepare_cached(
        "INSERT INTO timer (conversation, ordinal, target, channel, team, live_call, answered_by, started_at,
             closed_at, waived, set_aside, due_at, at_risk_at, breached_at, paused, consumed_before_s,
             running_since, target_s, terms, told_at_risk, told_breached, answered_ringing)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    )
    .and_then(|mut s| {
        s.execute(rusqlite::params![
            conversation.id.0,
            ordinal,
            timer.target.name(),
            timer.channel.name(),
            conversation.team.0,
            timer.live_call,
            timer.answered_by.map(|m| m.0),
            timer.started_at.millis(),
            millis(timer.closed_at),
            timer.waived,
            timer.set_aside,
            millis(timer.due_at),
            millis(timer.at_risk_at),
            millis(timer.breached_at),
            timer.paused,
            timer.consumed_before_s.cast_signed(),
            millis(timer.running_since),
            timer.target_s.map(u64::cast_signed),
            timer.terms.0,
            told(Step::AtRisk),
            told(Step::Breached),
            timer.answered_ringing,
        ])
    })
    .doing("store a timer")?;
    Ok(())
}

pub(crate) fn forget(db: &Connection, conversation: Uuid) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM timer WHERE conversation = ?1")
        .and_then(|mut s| s.execute([conversation]))
        .doing("forget timers")?;
    Ok(())
}

const VIEW: &str = "target, channel, started_at, due_at, at_risk_at, closed_at, breached_at, waived, paused,
    consumed_before_s, running_since, target_s";

pub(crate) fn instant(row: &Row, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp::from_millis))
}

pub(crate) fn target(name: &str) -> Target {
    match name {
        "first_response" => Target::FirstResponse,
        "next_response" => Target::NextResponse,
        _ => Target::Resolution,
    }
}

pub(crate) fn channel(name: &str) -> Channel {
    Channel::from_name(name).unwrap_or(Channel::Email)
}

fn view(row: &Row) -> rusqlite::Result<TimerView> {
    Ok(TimerView {
        target: target(&row.get::<_, String>(0)?),
        channel: channel(&row.get::<_, String>(1)?),
        started_at: Timestamp::from_millis(row.get(2)?),
        due_at: instant(row, 3)?,
        at_risk_at: instant(row, 4)?,
        closed_at: instant(row, 5)?,
        breached_at: instant(row, 6)?,
        waived: row.get(7)?,
        paused: row.get(8)?,
        consumed_before_s: row.get::<_, i64>(9)?.cast_unsigned(),
        running_since: instant(row, 10)?,
        target_s: row.get::<_, Option<i64>>(11)?.map(i64::cast_unsigned),
    })
}

/// The conversation's timers, open ones first, as they opened.
pub(crate) fn of_conversation(db: &Connection, conversation: Uuid) -> Result<Vec<TimerView>, Error> {
    db.prepare_cached(&format!(
        "SELECT {VIEW} FROM timer WHERE conversation = ?1 ORDER BY closed_at IS NOT NULL, ordinal"
    ))
    .and_then(|mut s| s.query_map([conversation], view)?.collect())
    .doing("read timers")
}

/// The timer a row of the queue shows: the open turn, else the resolution.
pub(crate) fn leading(db: &Connection, conversation: Uuid) -> Result<Option<TimerView>, Error> {
    let mut timers = of_conversation(db, conversation)?;
    timers.retain(|t| t.closed_at.is_none());
    Ok(timers.into_iter().next())
}
