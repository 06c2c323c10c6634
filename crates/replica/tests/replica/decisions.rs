//! Decisions that rest on what is known of other streams, against real rows.

use evendesk_domain::command::{SystemCommand, Then};
use evendesk_domain::decide::No;
use evendesk_domain::event::Event;
use evendesk_domain::id::CustomerId;
use evendesk_domain::inbound::Author;
use uuid::Uuid;

use crate::bench::Bench;

#[test]
fn an_answer_written_before_the_customer_wrote_again_comes_back_for_a_second_look() {
    let mut bench = Bench::new();
    let conversation = bench.email(0, "Where is it?", None);
    let seen = bench.last_message();
    bench.email(0, "It has come, thank you!", None);
    let stale = bench.reply_having_seen(conversation, Some(seen), Then::Nothing);
    assert!(matches!(stale, Err(No::LookAgain { since: Some(since) }) if since == seen), "{stale:?}");
    bench.reply(conversation, Then::Nothing).expect("having seen the last word, it goes out");
}

#[test]
fn waiting_is_refused_while_the_customer_waits_and_when_we_promised_to_come_back() {
    let mut bench = Bench::new();
    let conversation = bench.email(0, "Hello", None);
    assert!(matches!(bench.set_waiting(conversation), Err(No::Refused(_))));
    bench.reply(conversation, Then::Nothing).unwrap();
    bench.set_waiting(conversation).unwrap();
}

#[test]
fn the_same_thing_seen_twice_is_one_message() {
    let mut bench = Bench::new();
    bench.email(0, "Hello", None);
    let before = bench.journal.len();
    bench.receive_again();
    assert_eq!(bench.journal.len(), before);
}

#[test]
fn something_new_joins_the_one_open_recent_matter_as_a_guess_and_never_an_old_one() {
    let mut bench = Bench::new();
    let first = bench.email(0, "Hello", None);
    assert_eq!(bench.email(0, "Me again", None), first);
    assert!(matches!(&bench.journal.last().unwrap().event, Event::MessageReceived { guessed: true, .. }));
    bench.minutes(14 * 24 * 60);
    assert_ne!(bench.email(0, "Long ago, but still", None), first);
}

#[test]
fn a_stranger_who_quotes_a_known_mail_is_not_let_in() {
    let mut bench = Bench::new();
    let conversation = bench.email(0, "A private matter", None);
    bench.reply(conversation, Then::Nothing).unwrap();
    let ours = bench.replies()[0].1;
    assert_eq!(bench.email(0, "Thanks", Some(ours)), conversation);
    assert_ne!(bench.email(1, "Let me read along", Some(ours)), conversation);
}

#[test]
fn automatic_mail_starts_no_clock_and_ends_no_waiting() {
    let mut bench = Bench::new();
    let conversation = bench.email(0, "Hello", None);
    bench.reply(conversation, Then::Wait).unwrap();
    let ours = bench.replies()[0].1;
    bench.automatic(0, Author::AutoReply, Some(ours));
    assert_eq!(bench.due_next(), 0);
}

#[test]
fn a_second_caller_on_a_known_number_is_the_same_customer() {
    let mut bench = Bench::new();
    bench.call("+44 20 7946 0018", "Ada");
    bench.call("+44 20 7946 0018", "Ada Byron");
    assert_eq!(bench.due_next(), 1, "the candidate opened merged into the number's owner");
}

#[test]
fn a_customer_opened_by_an_earlier_call_is_not_opened_again_nor_merged_into_itself() {
    let mut bench = Bench::new();
    let customer = CustomerId(Uuid::from_u128(0xca11));
    for _ in 0..2 {
        bench.call_opening(customer, "+4930123456", "Ada");
    }
    let opened = |e: &Event| matches!(e, Event::CustomerOpened { .. } | Event::CustomerMerged { .. });
    assert_eq!(bench.journal.iter().filter(|r| opened(&r.event)).count(), 1);
}

#[test]
fn nobody_is_told_of_a_step_that_was_not_reached_or_of_a_clock_that_was_stopped() {
    let mut bench = Bench::new();
    let conversation = bench.email(0, "Hello", None);
    let first = bench.replica.reader().unwrap().next_steps(1).unwrap()[0];
    let (timer, step) = (first.timer, first.step);
    let told = |bench: &mut Bench| {
        let before = bench.journal.len();
        bench.system(&SystemCommand::ReachStep { conversation, timer, step });
        bench.journal.len() - before
    };
    assert_eq!(told(&mut bench), 0, "too early");
    bench.reply(conversation, Then::Nothing).unwrap();
    bench.now = first.at;
    assert_eq!(told(&mut bench), 0, "answered meanwhile");
}
