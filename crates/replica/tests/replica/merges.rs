//! Matters merged and split: the clocks stay those of the words, and later mail finds where it goes on.

use evendesk_domain::clock::{Reading, Status, Target, Timer};
use evendesk_domain::command::{CommandBody, SystemCommand, Then};
use evendesk_domain::decide::{No, RefusalCode, World as _};
use evendesk_domain::event::Event;
use evendesk_domain::id::ConversationId;
use evendesk_domain::time::Timestamp;
use evendesk_replica::EntryKind;
use proptest::prelude::*;

use crate::bench::{Bench, Op};
use crate::mail::{letter, take};

const ADA: &str = "customer0@example.com";

fn reading(bench: &Bench, id: ConversationId) -> Reading {
    let reader = bench.replica.reader().unwrap();
    let known = reader.world_kept().conversation(id).unwrap().unwrap();
    known.reading(&reader.terms())
}

fn refusal(done: Result<(), No>) -> RefusalCode {
    match done {
        Err(No::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    }
}

/// Ada's two matters, 30 minutes apart, neither answered.
fn two(bench: &mut Bench) -> (ConversationId, ConversationId) {
    let one = bench.email(0, "Where is my order?", None);
    bench.minutes(30);
    bench.email(0, "And my invoice?", None);
    let other = bench.move_message(one, bench.last_message()).unwrap();
    (one, other)
}

#[test]
fn a_guess_moved_to_a_matter_of_its_own_keeps_its_instant_and_leaves_the_other_clock_alone() {
    let mut bench = Bench::new();
    let one = bench.email(0, "Where is my order?", None);
    let before = reading(&bench, one);
    bench.minutes(30);
    let spoke_at = bench.now;
    bench.email(0, "And my invoice?", None);
    assert!(matches!(&bench.journal.last().unwrap().event, Event::MessageReceived { guessed: true, .. }));
    bench.minutes(45);
    let other = bench.move_message(one, bench.last_message()).unwrap();
    assert_eq!(reading(&bench, one).timers, before.timers);
    let turn = reading(&bench, other).open_turn.unwrap();
    assert_eq!((turn.started_at, turn.target), (spoke_at, Target::NextResponse));
    let reader = bench.replica.reader().unwrap();
    let known = reader.world_kept().conversation(one).unwrap().unwrap();
    let page = reader.customer(known.customer, None, 50).unwrap().unwrap();
    assert!(page.matters.iter().all(|m| !m.guessed), "nothing is guessed now");
}

#[test]
fn merged_matters_go_on_as_one_with_the_oldest_word_and_show_both_histories() {
    for backwards in [false, true] {
        let mut bench = Bench::new();
        let start = bench.now;
        let (one, other) = two(&mut bench);
        let (from, into) = if backwards { (one, other) } else { (other, one) };
        bench.merge(from, into).unwrap();
        let left = reading(&bench, from);
        assert!(left.merged_away && left.open_turn.is_none());
        let turn = reading(&bench, into).open_turn.unwrap();
        assert_eq!((turn.started_at, turn.target), (start, Target::FirstResponse));
        assert_eq!(bench.due_next(), 1);
        let reader = bench.replica.reader().unwrap();
        let known = reader.world_kept().conversation(into).unwrap().unwrap();
        let page = reader.customer(known.customer, None, 50).unwrap().unwrap();
        let said = |kind: &EntryKind| matches!(kind, EntryKind::Message { .. });
        assert_eq!(page.entries.iter().filter(|e| said(&e.kind)).count(), 2);
        let merged: Vec<_> = page.matters.iter().map(|m| (m.conversation, m.merged_into)).collect();
        assert_eq!(merged, [(into, None), (from, Some(into))]);
        drop(reader);
        bench.every_stream_refolds_to_itself();
    }
}

#[test]
fn what_comes_in_for_a_merged_matter_goes_on_where_it_goes_on() {
    let mut bench = Bench::new();
    let (one, other) = two(&mut bench);
    bench.reply(other, Then::Nothing).unwrap();
    let (_, answer) = bench.replies()[0];
    bench.merge(other, one).unwrap();
    let mut mail = letter(&mut bench, ADA, "In answer to that");
    mail.mail.in_reply_to = vec![format!("{answer}@support.example")];
    assert_eq!(take(&mut bench, mail), Some(one));
    let alone = letter(&mut bench, ADA, "Without a thread");
    assert_eq!(take(&mut bench, alone), Some(one), "it is her one open matter");
    bench.system(&SystemCommand::DeliveryFailed {
        conversation: other,
        message: answer,
        reason: "550".into(),
    });
    bench.reply(one, Then::Resolve).unwrap();
    assert_eq!(reading(&bench, one).status, Status::Resolved);
    bench.every_stream_refolds_to_itself();
}

#[test]
fn a_merged_matter_takes_no_more_and_only_one_customer_s_matters_are_merged() {
    let mut bench = Bench::new();
    let (one, other) = two(&mut bench);
    let stranger = bench.email(1, "Hello", None);
    assert_eq!(refusal(bench.merge(one, one)), RefusalCode::Invalid);
    assert_eq!(refusal(bench.merge(one, stranger)), RefusalCode::Invalid);
    bench.merge(other, one).unwrap();
    let before = bench.journal.len();
    bench.merge(other, one).expect("asked twice it is done once");
    assert_eq!(bench.journal.len(), before);
    assert_eq!(refusal(bench.merge(one, other)), RefusalCode::Invalid, "not in a circle");
    let resolve = CommandBody::Resolve { conversation: other };
    assert_eq!(refusal(bench.command(&resolve)), RefusalCode::NotNow);
    assert_eq!(refusal(bench.reply(other, Then::Nothing)), RefusalCode::NotNow);
}

fn conversations(bench: &Bench) -> Vec<ConversationId> {
    let opened = bench.journal.iter().filter(|r| matches!(r.event, Event::ConversationOpened(_)));
    opened.map(|r| ConversationId(r.stream.id)).collect()
}

fn breaches(reading: &Reading, now: Timestamp) -> usize {
    reading.timers.iter().filter(|t| t.breached_at(now).is_some()).count()
}

fn resolution(reading: &Reading) -> Option<Timer> {
    reading.timers.iter().find(|t| t.target == Target::Resolution).copied()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever went before: whoever waited longest waits as long, the first word stays the first, and no breach
    /// of what is still open is forgotten.
    #[test]
    fn a_merge_keeps_the_oldest_wait_the_first_word_and_the_breaches(
        ops in prop::collection::vec((any::<Op>(), any::<u8>(), 0_u16..300), 1..30),
    ) {
        let mut bench = Bench::new();
        for (op, which, minutes) in ops {
            bench.run(op, which, minutes);
        }
        let all = conversations(&bench);
        for (from, into) in all.iter().zip(all.iter().skip(1)) {
            let (absorbed, own) = (reading(&bench, *from), reading(&bench, *into));
            if bench.merge(*from, *into).is_err() || reading(&bench, *into) == own {
                continue;
            }
            let (left, merged) = (reading(&bench, *from), reading(&bench, *into));
            let started = |r: &Reading| r.open_turn.map(|t| t.started_at);
            let oldest = started(&absorbed).into_iter().chain(started(&own)).min();
            // Resolved unanswered, its own turn is found open again: then they wait since before.
            let reopens = own.status == Status::Resolved;
            let since_before = started(&merged).zip(oldest).is_some_and(|(is, oldest)| is < oldest);
            prop_assert!(started(&merged) == oldest || (reopens && since_before));
            prop_assert_eq!(left.open_turn, None);
            let first = |r: &Reading| resolution(r).map(|t| t.started_at);
            prop_assert_eq!(first(&merged), first(&absorbed).into_iter().chain(first(&own)).min());
            let now = bench.now;
            prop_assert!(breaches(&merged, now) >= breaches(&own, now));
            let late = |r: &Reading| r.open_turn.and_then(|t| r.timers[t.timer].breached_at(now));
            let first_late = late(&absorbed).into_iter().chain(late(&own)).min();
            prop_assert!(late(&merged).is_some() == first_late.is_some() || (reopens && first_late.is_none()));
        }
        bench.every_stream_refolds_to_itself();
    }

    /// The last message moved to a matter of its own: it waits there since it was spoken, and never longer.
    #[test]
    fn a_split_keeps_the_instants_of_both_parts(
        ops in prop::collection::vec((any::<Op>(), any::<u8>(), 0_u16..300), 1..30),
    ) {
        let mut bench = Bench::new();
        for (op, which, minutes) in ops {
            bench.run(op, which, minutes);
        }
        bench.minutes(1);
        let from = bench.email(0, "The last word", None);
        let (spoke_at, message) = (bench.now, bench.last_message());
        bench.minutes(20);
        let before = reading(&bench, from);
        let Ok(part) = bench.move_message(from, message) else { return Ok(()) };
        let (rest, part) = (reading(&bench, from), reading(&bench, part));
        prop_assert_eq!(part.open_turn.map(|t| (t.started_at, t.target)), Some((spoke_at, Target::NextResponse)));
        if let (Some(was), Some(is)) = (before.open_turn, rest.open_turn) {
            prop_assert_eq!(was.started_at, is.started_at, "an older word keeps waiting");
            prop_assert!(is.started_at < spoke_at);
        }
        bench.every_stream_refolds_to_itself();
    }
}
