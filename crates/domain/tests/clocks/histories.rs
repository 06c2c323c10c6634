//! Random histories for the walk and the laws: calendars on days when something odd happens to the
//! clock, policies, and events at whole minutes. Which engine is right is not decided here.

use std::collections::HashMap;
use std::sync::Arc;

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{
    Calendar, CompiledTerms, Entry, History, Opening, Override, Policy, Priority, Targets, Terms, TimeOfDay,
    Weekly, What,
};
use evendesk_domain::id::{MessageId, TermsId};
use evendesk_domain::time::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use crate::fixture::{A, B};

#[derive(Clone, Debug)]
pub struct Case {
    pub rows: HashMap<TermsId, Terms>,
    pub history: History,
    /// Seconds since 1970: the first minute that matters, and the one that is asked about.
    pub start: i64,
    pub now: i64,
}

impl Case {
    pub fn compiled(&self) -> HashMap<TermsId, Arc<CompiledTerms>> {
        self.rows.iter().map(|(id, row)| (*id, Arc::new(row.compile().expect("terms")))).collect()
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.now)
    }
}

/// Zones with days on which something odd happens, and 20:00 UTC the day before.
const ODD_DAYS: [(&str, &str); 9] = [
    ("UTC", "2026-06-01T20:00:00Z"),
    ("Europe/Berlin", "2026-10-24T20:00:00Z"),
    ("Europe/Berlin", "2026-03-28T20:00:00Z"),
    ("America/New_York", "2025-11-01T20:00:00Z"),
    ("America/St_Johns", "2026-03-07T20:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-03T20:00:00Z"),
    ("Pacific/Auckland", "2025-09-26T20:00:00Z"),
    ("Africa/Cairo", "2026-04-23T20:00:00Z"),
    ("Africa/Cairo", "2026-10-29T20:00:00Z"),
];

prop_compose! {
    fn day_hours()(mut edges in prop::collection::btree_set(0u16..=96, 0..=4)) -> Vec<Opening> {
        if edges.len() % 2 == 1 {
            edges.pop_last();
        }
        let times: Vec<_> = edges.into_iter().filter_map(|q| TimeOfDay::from_minutes(q * 15)).collect();
        times.chunks(2).map(|pair| Opening(pair[0], pair[1])).collect()
    }
}

fn calendar(zone: &'static str, near: &'static str) -> impl Strategy<Value = Calendar> {
    let week = prop::collection::vec(day_hours(), 7);
    let differing = prop::collection::btree_map(0i64..6, day_hours(), 0..2);
    (week, differing).prop_map(move |(week, differing)| {
        let [mon, tue, wed, thu, fri, sat, sun] = <[_; 7]>::try_from(week).expect("seven days");
        // Never closed for ever.
        let mon =
            if mon.is_empty() { vec![Opening(TimeOfDay::MIDNIGHT, TimeOfDay::END_OF_DAY)] } else { mon };
        let first: Timestamp = near.parse().expect(near);
        let overrides = differing.into_iter().map(|(day, hours)| Override {
            date: (first.utc() + chrono::TimeDelta::days(day)).date_naive(),
            hours,
        });
        let weekly = Weekly { mon, tue, wed, thu, fri, sat, sun };
        Calendar { timezone: zone.to_owned(), weekly, overrides: overrides.collect() }
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let seconds =
        || prop::option::weighted(0.85, prop::sample::select(vec![900u64, 1800, 3600, 5400, 14_400, 28_800]));
    let targets =
        (seconds(), seconds(), seconds()).prop_map(|(first_response, next_response, resolution)| Targets {
            first_response,
            next_response,
            resolution,
        });
    (targets.clone(), targets, any::<bool>()).prop_map(|(normal, urgent, pause_resolution_on_hold)| Policy {
        targets: [(Priority::Normal, normal), (Priority::Urgent, urgent)].into(),
        at_risk: 0.75,
        pause_resolution_on_hold,
    })
}

/// An event `gap` minutes after the one before, to be made of these dice.
type Dice = (i64, u8, bool, u8);

fn what(index: usize, at: i64, (_, kind, flag, small): Dice) -> What {
    let message = MessageId(Uuid::from_u128(index as u128 + 1));
    let channel = Channel::ALL[usize::from(small) % 5];
    let minutes = |n: u8| Timestamp::from_seconds(at + i64::from(n) * 60);
    match kind {
        0..=4 => What::CustomerSpoke { message, channel },
        5..=8 => What::Replied { reply: message, channel, follow_up: flag && small > 10 },
        9 => {
            let reply = MessageId(Uuid::from_u128((index as u128).saturating_sub(u128::from(small) % 4)));
            What::DeliveryFailed { reply }
        }
        10 => What::CallAnswered {
            message,
            picked_up_at: minutes(small % 3),
            ended_at: minutes(small),
            follow_up: flag,
        },
        11 => What::OutboundCall { message, ended_at: minutes(small), reached: flag, follow_up: small > 10 },
        12 => What::NoReplyNeeded,
        13 | 14 => What::Waiting,
        15 => What::Hold,
        16 => What::Resume,
        17 | 18 => What::Resolve,
        19 => What::Reopen,
        20 => What::TermsChanged { terms: if flag { A } else { B }, by: None },
        _ => What::PriorityChanged {
            priority: if flag { Priority::Normal } else { Priority::Urgent },
            by: None,
        },
    }
}

pub fn case() -> impl Strategy<Value = Case> {
    let rows = prop::sample::select(ODD_DAYS.to_vec()).prop_flat_map(|(zone, near)| {
        let row = move || {
            (calendar(zone, near), policy()).prop_map(|(calendar, policy)| Terms { calendar, policy })
        };
        (Just(near), row(), row())
    });
    let gap = prop_oneof![Just(0i64), 1..90i64, 1..90i64, 300..900i64];
    let events = prop::collection::vec((gap, 0u8..=22, any::<bool>(), 0u8..20), 1..14);
    (rows, events, 0..1200i64).prop_map(|((near, a, b), events, rest)| {
        let start = near.parse::<Timestamp>().expect(near).seconds();
        let (mut at, mut history) = (start, History::new(A, Priority::Normal));
        for (index, dice) in events.into_iter().enumerate() {
            at += dice.0 * 60;
            let mut what = what(index, at, dice);
            // The first to speak is the customer, or the walk has little to tell.
            if index == 0 {
                what = What::CustomerSpoke { message: MessageId(Uuid::nil()), channel: Channel::Email };
            }
            // A failure is about a reply that went before.
            if let What::DeliveryFailed { reply } = what
                && !history
                    .entries
                    .iter()
                    .any(|e| matches!(e.what, What::Replied { reply: r, .. } if r == reply))
            {
                what = What::Reopen;
            }
            history.entries.push(Entry::now(Timestamp::from_seconds(at), what));
        }
        Case { rows: HashMap::from([(A, a), (B, b)]), history, start, now: at + rest * 60 }
    })
}
