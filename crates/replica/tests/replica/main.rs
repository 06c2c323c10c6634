//! The read model as a function of the events: however they are folded, the rows are the same.

mod bench;
mod decisions;
mod mail;
mod merges;
mod paper_settings;

use bench::{Bench, Op};
use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Status;
use evendesk_domain::command::Then;
use evendesk_replica::{AlertKind, BoardState, EntryKind, Keeps, Place, Replica};
use proptest::prelude::*;

fn ops() -> impl Strategy<Value = Vec<(Op, u8, u16)>> {
    prop::collection::vec((any::<Op>(), any::<u8>(), 0_u16..600), 1..40)
}

impl Arbitrary for Op {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;
    fn arbitrary_with((): ()) -> Self::Strategy {
        prop::sample::select(Op::ALL.to_vec()).boxed()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn applying_one_event_and_folding_from_scratch_give_the_same_rows(ops in ops()) {
        let mut bench = Bench::new();
        for (op, which, minutes) in ops {
            bench.run(op, which, minutes);
        }
        let folder = tempfile::tempdir().unwrap();
        let mut whole = Replica::open(folder.path(), Keeps::RowsOnly).unwrap();
        let writer = whole.write().unwrap();
        writer.fold(&bench.journal).unwrap();
        writer.commit().unwrap();
        let one_by_one = bench.replica.reader().unwrap();
        let at_once = whole.reader().unwrap();
        prop_assert_eq!(one_by_one.streams().unwrap(), at_once.streams().unwrap());
        for stream in one_by_one.streams().unwrap() {
            prop_assert_eq!(one_by_one.dump_stream(stream).unwrap(), at_once.dump_stream(stream).unwrap());
        }
        drop(one_by_one);
        bench.every_stream_refolds_to_itself();
    }
}

#[test]
fn an_email_a_form_and_a_mention_of_one_customer_are_one_row_with_one_clock() {
    let mut bench = Bench::new();
    bench.email(0, "Where is my order?", None);
    bench.form(0, "And my invoice?");
    bench.minutes(3);
    let reader = bench.replica.reader().unwrap();
    let page = reader.queue(&bench.viewer(), &Place::DueNext, 0, 50).unwrap();
    assert_eq!(page.total, 1);
    let row = &page.rows[0];
    assert_eq!(row.channels, [Channel::Email, Channel::WebForm]);
    assert_eq!(row.timer.unwrap().started_at, bench.start, "the oldest unanswered word counts");
    let customer = reader.customer(row.customer, None, 50).unwrap().unwrap();
    let said = customer.entries.iter().filter(|e| matches!(e.kind, EntryKind::Message { .. })).count();
    assert_eq!((customer.matters.len(), said), (1, 2));
}

#[test]
fn an_answer_leaves_the_queue_waiting_and_a_word_brings_it_back() {
    let mut bench = Bench::new();
    let conversation = bench.email(0, "Hello", None);
    bench.reply(conversation, Then::Wait).unwrap();
    let listed =
        |bench: &Bench, place| bench.replica.reader().unwrap().queue(&bench.viewer(), &place, 0, 9).unwrap();
    assert_eq!(listed(&bench, Place::DueNext).total, 0);
    assert_eq!(listed(&bench, Place::Waiting).rows[0].status, Status::Waiting);
    bench.minutes(5);
    bench.email(0, "Thanks, one more thing", None);
    assert_eq!(listed(&bench, Place::Waiting).total, 0);
    assert_eq!(listed(&bench, Place::DueNext).total, 1);
}

#[test]
fn a_snooze_hides_until_something_is_at_risk() {
    let mut bench = Bench::new();
    let conversation = bench.email(0, "Hello", None);
    bench.snooze(conversation, 60 * 24);
    let due = |bench: &Bench| {
        bench.replica.reader().unwrap().queue(&bench.viewer(), &Place::DueNext, 0, 9).unwrap().total
    };
    assert_eq!(due(&bench), 0);
    bench.minutes(91); // of the two hours that a first response may take
    assert_eq!(due(&bench), 1);
}

#[test]
fn a_message_moved_to_a_new_matter_leaves_nothing_behind_but_a_mark() {
    let mut bench = Bench::new();
    let first = bench.email(0, "Where is my order?", None);
    bench.email(0, "Also, your shop is hard to read", None);
    let message = bench.last_message();
    let second = bench.move_message(first, message).unwrap();
    let reader = bench.replica.reader().unwrap();
    let hits = reader.search("hard to read", 0, 9).unwrap().hits;
    assert_eq!(hits.iter().map(|h| h.conversation).collect::<Vec<_>>(), [second]);
    drop(reader);
    bench.every_stream_refolds_to_itself();
}

#[test]
fn the_board_counts_who_waits_and_opens_the_list_behind_the_figure() {
    let mut bench = Bench::new();
    bench.email(0, "One", None);
    bench.minutes(100);
    bench.email(1, "Two", None);
    let answered = bench.email(2, "Three", None);
    bench.reply(answered, Then::Resolve).unwrap();
    bench.minutes(30);
    let reader = bench.replica.reader().unwrap();
    let board = reader.board(&bench.viewer(), 28).unwrap();
    let email = board.rows.iter().find(|r| r.channel == Channel::Email).unwrap();
    assert_eq!((email.waiting, email.breached, email.answered), (2, 1, 1));
    assert_eq!(email.within_target, Some(0.5));
    let list = reader.board_list(&bench.viewer(), Some(Channel::Email), BoardState::Breached, 50).unwrap();
    assert_eq!(list.total, 1);
}

#[test]
fn people_are_found_by_name_by_address_and_by_the_end_of_a_number() {
    let mut bench = Bench::new();
    bench.email(1, "Hello", None);
    bench.call("+44 20 7946 0018", "Ada Byron");
    let found = |text: &str| bench.replica.reader().unwrap().find_person(text).unwrap().len();
    assert_eq!(
        (found("byron"), found("0018"), found("020 7946"), found("customer1@"), found("%")),
        (1, 1, 1, 1, 0)
    );
}

#[test]
fn i_am_told_of_words_and_breaches_in_my_own_matters_only() {
    let mut bench = Bench::new();
    let mine = bench.email(0, "Hello", None);
    bench.assign_to_me(mine);
    let after = bench.journal.last().unwrap().seq;
    bench.email(1, "Somebody else's matter", None);
    bench.email(0, "Anyone there?", None);
    bench.minutes(130);
    bench.tell_what_is_due();
    let told: Vec<AlertKind> = bench.alerts(after).into_iter().map(|a| a.kind).collect();
    assert_eq!(told, [AlertKind::Spoke, AlertKind::AtRisk, AlertKind::Breached]);
}
