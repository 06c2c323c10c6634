//! Laws that hold for every history.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{
    CompiledCalendar, Entry, History, Priority, State, Status, Timer, What, read, read_as_of,
};
use evendesk_domain::id::MessageId;
use evendesk_domain::time::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::fixture::{A, Rows, rows};
use crate::histories::case;

fn without_channel(timer: &Timer) -> Timer {
    Timer { channel: Channel::Email, ..*timer }
}

fn on_other_channels(history: &History, dice: &[u8]) -> History {
    let mut history = history.clone();
    for (entry, roll) in history.entries.iter_mut().zip(dice.iter().cycle()) {
        if let What::CustomerSpoke { channel, .. } | What::Replied { channel, .. } = &mut entry.what {
            *channel = Channel::ALL[usize::from(*roll) % Channel::ALL.len()];
        }
    }
    history
}

/// "No reply needed" where nobody waits, and resolving what is resolved, never get into a history.
fn without_what_would_be_refused(history: History) -> History {
    let rows = rows();
    let mut accepted = History { entries: Vec::new(), ..history };
    for entry in history.entries {
        let refused = match entry.what {
            What::NoReplyNeeded => read_as_of(&accepted, &rows, entry.learnt_at).open_turn.is_none(),
            What::Resolve => read_as_of(&accepted, &rows, entry.learnt_at).status == Status::Resolved,
            _ => false,
        };
        if !refused {
            accepted.entries.push(entry);
        }
    }
    accepted
}

/// Times in minutes after Monday 08:00, words heard late and calls entered by hand among them.
fn late_history() -> impl Strategy<Value = History> {
    let event = (0i64..600, 0i64..200, 0u8..12, any::<bool>());
    prop::collection::vec(event, 1..14).prop_map(|events| {
        let at = |minutes: i64| Timestamp::from_seconds(1_780_300_800 + minutes * 60);
        let mut history = History::new(A, Priority::Normal);
        for (index, (minute, late, kind, flag)) in events.into_iter().enumerate() {
            let message = MessageId(Uuid::from_u128(index as u128));
            let happened = at(minute);
            let entry = match kind {
                0..=3 => Entry::learnt(
                    happened,
                    at(minute + late),
                    What::CustomerSpoke { message, channel: Channel::Email },
                ),
                4 | 5 => Entry::now(
                    happened,
                    What::Replied { reply: message, channel: Channel::Email, follow_up: flag },
                ),
                6 => Entry::learnt(
                    happened,
                    at(minute + 5 + late),
                    What::CallAnswered {
                        message,
                        picked_up_at: at(minute + 1),
                        ended_at: at(minute + 5),
                        follow_up: flag,
                    },
                ),
                7 | 8 => Entry::learnt(
                    happened,
                    at(minute + late),
                    What::OutboundCall { message, ended_at: happened, reached: true, follow_up: flag },
                ),
                9 => Entry::now(happened, What::Resolve),
                10 => Entry::now(happened, What::NoReplyNeeded),
                _ => {
                    let priority = if flag { Priority::Low } else { Priority::Urgent };
                    Entry::now(happened, What::PriorityChanged { priority, by: None })
                }
            };
            history.entries.push(entry);
        }
        // The stream's order is the order in which things were learnt.
        history.entries.sort_by_key(|e| e.learnt_at);
        without_what_would_be_refused(history)
    })
}

fn breaches(history: &History, rows: &Rows, now: Timestamp) -> usize {
    let reading = read_as_of(history, rows, now);
    reading.timers.iter().filter(|t| t.breached_at(now).is_some()).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changing_only_channels_changes_no_timer(case in case(), dice in prop::collection::vec(0u8..5, 1..14)) {
        let rows = case.compiled();
        let timers = |history: &History| -> Vec<Timer> {
            read_as_of(history, &rows, case.now()).timers.iter().map(without_channel).collect()
        };
        prop_assert_eq!(timers(&case.history), timers(&on_other_channels(&case.history, &dice)));
    }

    /// What was stored after an event stays true until the next one.
    #[test]
    fn a_stored_reading_tells_the_same_as_one_made_later(history in late_history(), minutes in 0i64..60) {
        let rows = rows();
        for end in 1..=history.entries.len() {
            let until = history.entries[end - 1].learnt_at;
            let next = history.entries.get(end).map_or(i64::MAX, |e| e.learnt_at.millis() - 1);
            let now = Timestamp::from_millis(until.plus_seconds(minutes * 60).millis().min(next).max(until.millis()));
            if history.entries.get(end).is_some_and(|e| e.learnt_at == until) {
                continue;
            }
            let mut prefix = history.clone();
            prefix.entries.truncate(end);
            let (stored, fresh) = (read(&prefix, &rows), read_as_of(&history, &rows, now));
            let tell = |t: &Timer| (without_channel(t), t.state(now), t.due_shown(now), t.consumed_s(now, &rows));
            prop_assert_eq!(stored.timers.iter().map(tell).collect::<Vec<_>>(), fresh.timers.iter().map(tell).collect::<Vec<_>>());
            prop_assert_eq!(stored.status, fresh.status);
        }
    }

    #[test]
    fn a_breach_once_seen_is_never_taken_back(history in late_history()) {
        let rows = rows();
        let start = history.entries.iter().map(|e| e.at).min().unwrap_or_default();
        let mut seen = 0;
        for minute in (0..900).step_by(7) {
            let now = start.plus_seconds(minute * 60);
            let count = breaches(&history, &rows, now);
            prop_assert!(count >= seen, "{} breaches at {now}, {seen} before", count);
            seen = count;
        }
    }

    #[test]
    fn due_is_the_earliest_instant_by_which_the_target_has_elapsed(
        case in case(), offset in -100_000i64..2_000_000, target in 0u64..400_000,
    ) {
        let calendar = CompiledCalendar::new(&case.rows[&A].calendar).expect("a calendar");
        let start = case.now().plus_seconds(offset);
        let due = calendar.due(start, target).expect("some Monday it is");
        prop_assert_eq!(calendar.elapsed(start, due), target);
        if target > 0 {
            prop_assert_eq!(calendar.elapsed(start, due.plus_seconds(-1)), target - 1);
            prop_assert!(calendar.is_open(due.plus_seconds(-1)));
        }
        let middle = start.plus_seconds(due.seconds_since(start) / 3);
        prop_assert_eq!(calendar.elapsed(start, middle) + calendar.elapsed(middle, due), target);
    }

    #[test]
    fn no_instant_makes_it_panic(
        mut history in late_history(),
        extremes in prop::collection::vec((0usize..14, prop::sample::select(vec![i64::MIN, -1, 0, i64::MAX - 1, i64::MAX])), 1..5),
    ) {
        let rows = rows();
        for (index, instant) in extremes {
            let length = history.entries.len().max(1);
            let Some(entry) = history.entries.get_mut(index % length) else { continue };
            (entry.at, entry.learnt_at) = (Timestamp::from_millis(instant), Timestamp::from_millis(instant));
        }
        let reading = read(&history, &rows);
        for now in [i64::MIN, 0, i64::MAX].map(Timestamp::from_millis) {
            for timer in &reading.timers {
                let state: State = timer.state(now);
                prop_assert!(timer.consumed_s(now, &rows) < u64::MAX, "{state:?}");
            }
        }
    }

    #[test]
    fn a_saved_history_and_reading_come_back_as_they_were(history in late_history()) {
        let bytes = postcard::to_stdvec(&history).expect("bytes");
        prop_assert_eq!(&postcard::from_bytes::<History>(&bytes).expect("a history"), &history);
        let reading = read(&history, &rows());
        let bytes = postcard::to_stdvec(&reading).expect("bytes");
        prop_assert_eq!(postcard::from_bytes::<evendesk_domain::clock::Reading>(&bytes).expect("a reading"), reading);
    }
}

#[test]
fn terms_come_back_as_they_were() {
    let terms = crate::fixture::terms(r#""09:00","17:00""#);
    let bytes = postcard::to_stdvec(&terms).expect("bytes");
    assert_eq!(postcard::from_bytes::<evendesk_domain::clock::Terms>(&bytes).expect("terms"), terms);
    let json = serde_json::to_string(&terms).expect("JSON");
    assert_eq!(serde_json::from_str::<evendesk_domain::clock::Terms>(&json).expect("terms"), terms);
}
