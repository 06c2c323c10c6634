//! Fairness, measured: percentiles, the parity gap between channels, queue jumps.
//!
//! The only part of the clocks that looks at a channel, and it only counts. Plain figures in and
//! out; whoever calls chooses the window.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::channel::Channel;
use crate::id::TeamId;
use crate::time::Timestamp;

/// A channel with fewer turns is not compared.
pub const TURNS_NEEDED: usize = 30;
/// A p90 below this counts as this: nobody minds who is first within a minute.
pub const FLOOR_S: u64 = 60;

/// The exact percentile by nearest rank: the smallest value that at least `percent` of all do not
/// exceed. None of nothing. Reorders the values.
///
/// ```
/// use evendesk_domain::clock::fairness::percentile;
///
/// assert_eq!(percentile(&mut [15, 20, 35, 40, 50], 50), Some(35));
/// assert_eq!(percentile(&mut [15, 20, 35, 40, 50], 90), Some(50));
/// assert_eq!(percentile(&mut [], 50), None);
/// ```
pub fn percentile(values: &mut [u64], percent: u8) -> Option<u64> {
    let rank = (values.len() * usize::from(percent.min(100))).div_ceil(100);
    let index = rank.max(1) - 1;
    (index < values.len()).then(|| *values.select_nth_unstable(index).1)
}

/// A turn's wait: in all if it is closed, so far if it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Of the turn's opening event.
    pub channel: Channel,
    /// Business time.
    pub wait_s: u64,
    /// Answered live: nobody queued.
    pub live_call: bool,
    /// Closed without an answer.
    pub waived: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChannelWait {
    pub channel: Channel,
    /// Turns that count.
    #[ts(type = "number")]
    pub turns: usize,
    #[ts(type = "number | null")]
    pub p90_s: Option<u64>,
    /// Enough turns to be compared.
    pub enough: bool,
}

/// Slowest over fastest channel, by p90 wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ParityGap {
    /// 1 is even; none with fewer than two channels to compare.
    pub gap: Option<f64>,
    pub slowest: Option<Channel>,
    pub fastest: Option<Channel>,
    /// Every channel, used or not.
    pub channels: Vec<ChannelWait>,
}

pub fn parity_gap(waits: impl IntoIterator<Item = Wait>) -> ParityGap {
    let mut by_channel: BTreeMap<Channel, Vec<u64>> = Channel::ALL.map(|c| (c, Vec::new())).into();
    for wait in waits.into_iter().filter(|w| !w.live_call && !w.waived) {
        by_channel.entry(wait.channel).or_default().push(wait.wait_s);
    }
    let channels: Vec<ChannelWait> = by_channel
        .into_iter()
        .map(|(channel, mut waits)| ChannelWait {
            channel,
            turns: waits.len(),
            p90_s: percentile(&mut waits, 90),
            enough: waits.len() >= TURNS_NEEDED,
        })
        .collect();
    let compared = channels.iter().filter(|c| c.enough);
    let compared: Vec<(u64, Channel)> =
        compared.filter_map(|c| Some((c.p90_s?.max(FLOOR_S), c.channel))).collect();
    let fastest = compared.iter().min_by_key(|(p90, _)| *p90).filter(|_| compared.len() > 1);
    // The last of equals, so that two even channels are not one and the same.
    let slowest = compared.iter().max_by_key(|(p90, _)| *p90).filter(|_| compared.len() > 1);
    ParityGap {
        gap: slowest.zip(fastest).map(|(slow, fast)| ratio(slow.0, fast.0)),
        slowest: slowest.map(|s| s.1),
        fastest: fastest.map(|f| f.1),
        channels,
    }
}

#[expect(clippy::cast_precision_loss, reason = "waits are far below 2^53 seconds")]
fn ratio(slow: u64, fast: u64) -> f64 {
    slow as f64 / fast as f64
}

/// A turn in a team's queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    pub team: TeamId,
    /// Of the turn's opening event.
    pub channel: Channel,
    /// In the queue from here on.
    pub since: Timestamp,
    /// Answered, waived or set aside; none while it waits.
    pub until: Option<Timestamp>,
    /// None sorts last: it can be passed over by nobody.
    pub due_at: Option<Timestamp>,
    /// Closed by an answer, and that answer is to be judged.
    pub answered: bool,
    /// Answered by picking up a ringing phone, which is never a jump.
    pub ringing: bool,
}

/// Answers on one channel given while someone on another had been due earlier, and waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QueueJump {
    pub favoured: Channel,
    pub passed_over: Channel,
    /// Answers. One that passed over two channels is in both rows.
    #[ts(type = "number")]
    pub count: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QueueJumps {
    /// Answers that were jumps, each once.
    #[ts(type = "number")]
    pub answers: usize,
    /// By channel favoured and channel passed over; only what happened.
    pub by_channels: Vec<QueueJump>,
}

/// Counts the answers among `turns` that jumped the queue. `turns` must hold everything that waited
/// at the time of those answers, the unanswered too; in any order.
pub fn queue_jumps(turns: &[Queued]) -> QueueJumps {
    let mut jumps = QueueJumps::default();
    let mut counts: BTreeMap<(Channel, Channel), usize> = BTreeMap::new();
    let mut queues: BTreeMap<(TeamId, Channel), BTreeSet<(Timestamp, usize)>> = BTreeMap::new();
    for (_, moment, index) in moments(turns) {
        let turn = &turns[index];
        let place = turn.due_at.map(|due| (due, index));
        let own = queues.entry((turn.team, turn.channel)).or_default();
        match (moment, place) {
            (Moment::Joins, Some(place)) => {
                own.insert(place);
            }
            (Moment::Leaves, Some(place)) => {
                own.remove(&place);
            }
            (Moment::Joins | Moment::Leaves, None) => {}
            (Moment::Answered, _) => {
                let passed = passed_over(turn, &queues);
                jumps.answers += usize::from(!passed.is_empty());
                for channel in passed {
                    *counts.entry((turn.channel, channel)).or_default() += 1;
                }
            }
        }
    }
    let rows = counts.into_iter();
    jumps.by_channels =
        rows.map(|((favoured, passed_over), count)| QueueJump { favoured, passed_over, count }).collect();
    jumps
}

/// Who is answered at the same instant no longer waits; who joins at it has not waited yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Leaves,
    Answered,
    Joins,
}

fn moments(turns: &[Queued]) -> Vec<(Timestamp, Moment, usize)> {
    let mut moments = Vec::with_capacity(turns.len() * 3);
    for (index, turn) in turns.iter().enumerate() {
        // A turn closed as it opened never stood in the queue, but its answer may pass others.
        if turn.until.is_none_or(|until| until > turn.since) {
            moments.push((turn.since, Moment::Joins, index));
            moments.extend(turn.until.map(|until| (until, Moment::Leaves, index)));
        }
        let judged = turn.until.filter(|_| turn.answered && !turn.ringing);
        moments.extend(judged.map(|until| (until, Moment::Answered, index)));
    }
    moments.sort_unstable();
    moments
}

fn passed_over(
    turn: &Queued,
    queues: &BTreeMap<(TeamId, Channel), BTreeSet<(Timestamp, usize)>>,
) -> Vec<Channel> {
    let others = Channel::ALL.into_iter().filter(|channel| *channel != turn.channel);
    let first_due = |channel| queues.get(&(turn.team, channel))?.first().map(|(due, _)| *due);
    others.filter(|c| first_due(*c).is_some_and(|due| turn.due_at.is_none_or(|own| due < own))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn waits(channel: Channel, waits: impl IntoIterator<Item = u64>) -> Vec<Wait> {
        let wait = |wait_s| Wait { channel, wait_s, live_call: false, waived: false };
        waits.into_iter().map(wait).collect()
    }

    #[test]
    fn the_gap_is_the_slowest_channels_p90_over_the_fastest_ones() {
        let mut all = waits(Channel::Email, (1..=100).map(|n| n * 60));
        all.extend(waits(Channel::Phone, (1..=30).map(|n| n * 10)));
        all.extend(waits(Channel::Social, [9_000_000; TURNS_NEEDED - 1]));
        let parity = parity_gap(all);
        assert_eq!(parity.gap, Some(5400.0 / 270.0));
        assert_eq!((parity.slowest, parity.fastest), (Some(Channel::Email), Some(Channel::Phone)));
        let social = parity.channels.iter().find(|c| c.channel == Channel::Social).expect("every channel");
        assert_eq!((social.turns, social.enough), (29, false), "too few to compare, and said so");
    }

    #[test]
    fn live_calls_and_waived_turns_are_left_out_and_a_minute_is_the_floor() {
        let mut all = waits(Channel::Email, [120; 30]);
        all.extend(waits(Channel::Phone, [3; 30]));
        all.extend(waits(Channel::Phone, [9_999; 30]).into_iter().map(|w| Wait { waived: true, ..w }));
        all.extend(waits(Channel::Phone, [0; 500]).into_iter().map(|w| Wait { live_call: true, ..w }));
        assert_eq!(parity_gap(all).gap, Some(2.0));
        assert_eq!(parity_gap(waits(Channel::Email, [120; 30])).gap, None, "nothing to compare with");
    }

    fn turn(team: u128, channel: Channel, since: i64, until: i64, due: i64) -> Queued {
        Queued {
            team: TeamId(uuid::Uuid::from_u128(team)),
            channel,
            since: Timestamp::from_seconds(since),
            until: (until > 0).then(|| Timestamp::from_seconds(until)),
            due_at: (due > 0).then(|| Timestamp::from_seconds(due)),
            answered: until > 0,
            ringing: false,
        }
    }

    fn jumps(turns: &[Queued]) -> (usize, Vec<(Channel, Channel, usize)>) {
        let jumps = queue_jumps(turns);
        (jumps.answers, jumps.by_channels.iter().map(|j| (j.favoured, j.passed_over, j.count)).collect())
    }

    #[test]
    fn an_answer_jumps_the_queue_when_another_channel_was_due_earlier_and_waiting() {
        use Channel::{Email, Phone, Social};
        let email = turn(1, Email, 10, 0, 100);
        let social = turn(1, Social, 20, 50, 120);
        assert_eq!(jumps(&[email, social]), (1, vec![(Social, Email, 1)]));
        assert_eq!(
            jumps(&[email, Queued { team: TeamId(uuid::Uuid::from_u128(2)), ..social }]).0,
            0,
            "other team"
        );
        assert_eq!(jumps(&[email, Queued { channel: Email, ..social }]).0, 0, "same channel");
        assert_eq!(jumps(&[email, Queued { ringing: true, ..social }]).0, 0, "a ringing phone");
        assert_eq!(jumps(&[email, Queued { answered: false, ..social }]).0, 0, "waived, not answered");
        assert_eq!(jumps(&[Queued { due_at: None, ..email }, social]).0, 0, "nobody is due");
        assert_eq!(
            jumps(&[email, Queued { due_at: None, ..social }]).0,
            1,
            "due never is after due some time"
        );
        assert_eq!(jumps(&[turn(1, Email, 10, 40, 100), social]).0, 0, "answered before");
        assert_eq!(jumps(&[turn(1, Email, 60, 0, 100), social]).0, 0, "not there yet");
        let phone = turn(1, Phone, 10, 0, 110);
        assert_eq!(jumps(&[email, phone, social]), (1, vec![(Social, Email, 1), (Social, Phone, 1)]));
    }

    fn any_turn() -> impl Strategy<Value = Queued> {
        (0u128..2, 0usize..5, 0i64..30, 0i64..30, 0i64..40, any::<bool>()).prop_map(
            |(team, c, since, wait, due, ringing)| Queued {
                ringing,
                ..turn(team, Channel::ALL[c], since, if wait == 0 { 0 } else { since + wait }, due)
            },
        )
    }

    fn jumps_one_by_one(turns: &[Queued]) -> usize {
        let judged = turns.iter().filter(|t| t.answered && !t.ringing);
        let jumped = judged.filter(|a| {
            turns.iter().any(|b| {
                let waiting = a.until > Some(b.since) && b.until.is_none_or(|until| Some(until) > a.until);
                let earlier = b.due_at.is_some_and(|due| a.due_at.is_none_or(|own| due < own));
                a.team == b.team && a.channel != b.channel && waiting && earlier
            })
        });
        jumped.count()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn jumps_are_those_found_by_looking_at_every_pair(turns in prop::collection::vec(any_turn(), 0..25)) {
            prop_assert_eq!(queue_jumps(&turns).answers, jumps_one_by_one(&turns));
        }

        #[test]
        fn a_percentile_is_the_smallest_value_that_enough_do_not_exceed(
            mut values in prop::collection::vec(0u64..50, 1..200), percent in 1u8..=100,
        ) {
            let found = percentile(&mut values, percent).expect("some values");
            let share = |limit: &dyn Fn(u64) -> bool| values.iter().filter(|v| limit(**v)).count() * 100;
            let needed = values.len() * usize::from(percent);
            prop_assert!(share(&|v| v <= found) >= needed && share(&|v| v < found) < needed);
        }
    }
}
