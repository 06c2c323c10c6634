//! The channel board: how long people wait, channel by channel, now and over a window.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::TermsLookup;
use evendesk_domain::clock::fairness::{QueueJump, percentile};
use evendesk_domain::id::{TeamId, TermsId};
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::timer::{channel, instant};
use crate::{QueuePage, Reader, Viewer, fairness};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Board {
    pub as_of: Timestamp,
    /// Days the window's figures cover.
    pub days: u32,
    /// Every channel, used or not.
    pub rows: Vec<BoardRow>,
    pub teams: Vec<TeamRow>,
    pub parity: Parity,
    pub queue_jumps: Vec<QueueJump>,
}

/// Waits are in business seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct BoardRow {
    pub channel: Channel,
    /// Open turns.
    #[ts(type = "number")]
    pub waiting: usize,
    pub oldest_since: Option<Timestamp>,
    #[ts(type = "number | null")]
    pub oldest_wait_s: Option<u64>,
    #[ts(type = "number")]
    pub at_risk: usize,
    #[ts(type = "number")]
    pub breached: usize,
    /// Turns answered in the window.
    #[ts(type = "number")]
    pub answered: usize,
    #[ts(type = "number | null")]
    pub first_p50_s: Option<u64>,
    #[ts(type = "number | null")]
    pub first_p90_s: Option<u64>,
    #[ts(type = "number | null")]
    pub first_p99_s: Option<u64>,
    #[ts(type = "number | null")]
    pub next_p50_s: Option<u64>,
    #[ts(type = "number | null")]
    pub next_p90_s: Option<u64>,
    #[ts(type = "number | null")]
    pub next_p99_s: Option<u64>,
    /// Share of turns with a target that were answered in time, of those answered or past due; 0 to 1.
    pub within_target: Option<f64>,
    #[ts(type = "number")]
    pub resolved_unanswered: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TeamRow {
    pub team: TeamId,
    #[ts(type = "number")]
    pub waiting: usize,
    #[ts(type = "number")]
    pub at_risk: usize,
    #[ts(type = "number")]
    pub breached: usize,
}

/// Slowest over fastest channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Parity {
    pub gap: Option<f64>,
    pub slowest: Option<Channel>,
    pub fastest: Option<Channel>,
    /// Channels with too few turns to be compared.
    pub thin: Vec<Channel>,
}

/// Which of a channel's open turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum BoardState {
    Waiting,
    AtRisk,
    Breached,
}

/// A turn as the figures need it.
pub(crate) struct Turn {
    pub(crate) channel: Channel,
    pub(crate) first: bool,
    pub(crate) team: Uuid,
    pub(crate) conversation: Uuid,
    pub(crate) started_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) at_risk_at: Option<Timestamp>,
    pub(crate) breached_at: Option<Timestamp>,
    pub(crate) waived: bool,
    pub(crate) set_aside: bool,
    pub(crate) live_call: bool,
    /// Answered by picking up a ringing phone.
    pub(crate) answered_ringing: bool,
    pub(crate) has_target: bool,
    /// Business seconds waited: in all, or so far.
    pub(crate) wait_s: u64,
}

impl Turn {
    fn late(&self, now: Timestamp) -> bool {
        self.breached_at.is_some() || (self.closed_at.is_none() && self.due_at.is_some_and(|due| now > due))
    }

    fn at_risk(&self, now: Timestamp) -> bool {
        !self.late(now) && self.at_risk_at.is_some_and(|risk| now >= risk)
    }

    fn open(&self) -> bool {
        self.closed_at.is_none()
    }

    fn is(&self, state: BoardState, now: Timestamp) -> bool {
        self.open()
            && match state {
                BoardState::Waiting => true,
                BoardState::AtRisk => self.at_risk(now),
                BoardState::Breached => self.late(now),
            }
    }
}

const TURN: &str =
    "channel, target = 'first_response', team, conversation, started_at, closed_at, due_at, at_risk_at,
    breached_at, waived, set_aside, live_call, target_s IS NOT NULL, consumed_before_s, running_since, terms,
    answered_ringing";

impl Reader {
    /// The board over the last `days` days.
    pub fn board(&self, viewer: &Viewer, days: u32) -> Result<Board, Error> {
        let now = viewer.now;
        let since = now.plus_seconds(-i64::from(days) * 86_400);
        let turns = self.turns(now, since)?;
        let open: Vec<&Turn> = turns.iter().filter(|t| t.open()).collect();
        Ok(Board {
            as_of: now,
            days,
            rows: Channel::ALL.iter().map(|c| row(*c, &turns, now)).collect(),
            teams: self.team_rows(&open, now)?,
            parity: fairness::parity(&turns),
            queue_jumps: fairness::jumps(&turns),
        })
    }

    /// The customers behind a figure of the board, the longest waiting first.
    pub fn board_list(
        &self,
        viewer: &Viewer,
        channel: Option<Channel>,
        state: BoardState,
        limit: usize,
    ) -> Result<QueuePage, Error> {
        let now = viewer.now;
        let mut turns = self.turns(now, now)?;
        turns.retain(|t| channel.is_none_or(|c| t.channel == c) && t.is(state, now));
        turns.sort_by_key(|t| t.started_at);
        let mut found = Vec::with_capacity(turns.len());
        for turn in &turns {
            if let Some(customer) = self.customer_of(turn.conversation)? {
                found.push((customer, turn.conversation));
            }
        }
        self.page_of(viewer, found, limit)
    }

    fn customer_of(&self, conversation: Uuid) -> Result<Option<Uuid>, Error> {
        use rusqlite::OptionalExtension;
        self.db()
            .prepare_cached("SELECT customer FROM conversation WHERE id = ?1")
            .and_then(|mut s| s.query_row([conversation], |r| r.get(0)).optional())
            .doing("find a conversation's customer")
    }

    /// Open turns, and those closed since then.
    fn turns(&self, now: Timestamp, since: Timestamp) -> Result<Vec<Turn>, Error> {
        let terms = self.terms();
        let sql = format!(
            "SELECT {TURN} FROM timer WHERE target <> 'resolution' AND closed_at IS NULL
             UNION ALL
             SELECT {TURN} FROM timer WHERE target <> 'resolution' AND closed_at >= ?1"
        );
        self.db()
            .prepare_cached(&sql)
            .and_then(|mut s| s.query_map([since.millis()], |r| turn(r, now, &terms))?.collect())
            .doing("read turns")
    }

    fn team_rows(&self, open: &[&Turn], now: Timestamp) -> Result<Vec<TeamRow>, Error> {
        let row = |team: TeamId| {
            let of = || open.iter().filter(move |t| t.team == team.0);
            TeamRow {
                team,
                waiting: of().count(),
                at_risk: of().filter(|t| t.at_risk(now)).count(),
                breached: of().filter(|t| t.late(now)).count(),
            }
        };
        Ok(self.teams()?.into_iter().map(|t| row(t.id)).collect())
    }
}

fn turn(r: &rusqlite::Row, now: Timestamp, terms: &dyn TermsLookup) -> rusqlite::Result<Turn> {
    let used = r.get::<_, i64>(13)?.cast_unsigned();
    let so_far = match (instant(r, 14)?, terms.terms(TermsId(r.get(15)?))) {
        (Some(since), Some(terms)) => terms.calendar.elapsed(since, now),
        _ => 0,
    };
    Ok(Turn {
        channel: channel(&r.get::<_, String>(0)?),
        first: r.get(1)?,
        team: r.get(2)?,
        conversation: r.get(3)?,
        started_at: Timestamp::from_millis(r.get(4)?),
        closed_at: instant(r, 5)?,
        due_at: instant(r, 6)?,
        at_risk_at: instant(r, 7)?,
        breached_at: instant(r, 8)?,
        waived: r.get(9)?,
        set_aside: r.get(10)?,
        live_call: r.get(11)?,
        answered_ringing: r.get(16)?,
        has_target: r.get(12)?,
        wait_s: used.saturating_add(so_far),
    })
}

fn row(channel: Channel, turns: &[Turn], now: Timestamp) -> BoardRow {
    let of = || turns.iter().filter(move |t| t.channel == channel);
    let open = || of().filter(|t| t.open());
    let answered = || of().filter(|t| !t.open() && !t.waived);
    // Nobody queued for a call that was picked up.
    let queued = || answered().filter(|t| !t.live_call);
    let waits =
        |first: bool| queued().filter(move |t| t.first == first).map(|t| t.wait_s).collect::<Vec<_>>();
    let (mut first, mut next) = (waits(true), waits(false));
    let oldest = open().min_by_key(|t| t.started_at);
    BoardRow {
        channel,
        waiting: open().count(),
        oldest_since: oldest.map(|t| t.started_at),
        oldest_wait_s: oldest.map(|t| t.wait_s),
        at_risk: open().filter(|t| t.at_risk(now)).count(),
        breached: open().filter(|t| t.late(now)).count(),
        answered: answered().count(),
        first_p50_s: percentile(&mut first, 50),
        first_p90_s: percentile(&mut first, 90),
        first_p99_s: percentile(&mut first, 99),
        next_p50_s: percentile(&mut next, 50),
        next_p90_s: percentile(&mut next, 90),
        next_p99_s: percentile(&mut next, 99),
        within_target: within_target(of(), now),
        resolved_unanswered: of().filter(|t| t.set_aside).count(),
    }
}

fn within_target<'a>(turns: impl Iterator<Item = &'a Turn>, now: Timestamp) -> Option<f64> {
    let (mut met, mut all) = (0_u32, 0_u32);
    for turn in turns.filter(|t| t.has_target && !t.waived) {
        let late = turn.late(now);
        if late || !turn.open() {
            all += 1;
            met += u32::from(!late);
        }
    }
    (all > 0).then(|| f64::from(met) / f64::from(all))
}
