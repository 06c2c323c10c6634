//! Decisions that rest on what is known of other streams, against real rows.

use evendesk_domain::clock::Status;
use evendesk_domain::command::{CommandBody, ReplyDraft, SystemCommand, Then};
use evendesk_domain::conversation::Delivery;
use evendesk_domain::decide::{No, RefusalCode, World as _};
use evendesk_domain::event::Event;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::{ConversationId, CustomerId, FeedbackId, MessageId};
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

/// A matter with an answer in it that was offered again, its author having seen everything or not.
fn held(bench: &mut Bench, overtaken: bool) -> (ConversationId, MessageId) {
    let conversation = bench.email(0, "Where is it?", None);
    let seen = bench.last_message();
    if overtaken {
        bench.email(0, "And my invoice?", None);
    }
    let body = bench.answer(conversation, Some(seen), Then::Resolve);
    let CommandBody::Reply(draft) = &body else { panic!("{body:?}") };
    bench.reoffered(&body).unwrap();
    bench.reoffered(&body).expect("a second time it changes nothing");
    (conversation, draft.message)
}

#[test]
fn an_answer_that_is_offered_again_counts_and_is_held_and_resolves_only_what_its_author_had_seen() {
    for (overtaken, status) in [(false, Status::Resolved), (true, Status::Open)] {
        let mut bench = Bench::new();
        let (conversation, message) = held(&mut bench, overtaken);
        let reader = bench.replica.reader().unwrap();
        let known = reader.world_kept().conversation(conversation).unwrap().unwrap();
        assert_eq!(known.delivery(message), Delivery::Held);
        assert_eq!(known.last_public(), Some(message));
        let reading = known.reading(&reader.terms());
        assert_eq!((reading.status, reading.open_turn), (status, None), "the customer very likely has it");
        assert_eq!(reader.pending_deliveries(9).unwrap(), []);
        drop(reader);
        bench.every_stream_refolds_to_itself();
    }
}

#[test]
fn a_supervisor_decides_once_what_becomes_of_a_held_answer() {
    type Asks = fn(ConversationId, MessageId) -> CommandBody;
    let release: Asks = |conversation, message| CommandBody::ReleaseReply { conversation, message };
    let gone: Asks = |conversation, message| CommandBody::MarkSent { conversation, message };
    let code = |done: Result<(), No>| match done {
        Ok(()) => None,
        Err(No::Refused(refusal)) => Some(refusal.code),
        Err(other) => panic!("{other:?}"),
    };
    let no = Some(RefusalCode::NotNow);
    // First, what is to be delivered then, and what saying the other then comes to.
    for (first, to_send, delivery, other, then) in
        [(release, 1, Delivery::Pending, gone, no), (gone, 0, Delivery::Delivered, release, None)]
    {
        let mut bench = Bench::new();
        let (conversation, message) = held(&mut bench, false);
        let body = first(conversation, message);
        assert_eq!(code(bench.command(&body)), Some(RefusalCode::NotAllowed), "an agent");
        let unknown = first(conversation, MessageId(Uuid::from_u128(404)));
        assert_eq!(code(bench.supervisor(&unknown)), Some(RefusalCode::NotFound));
        assert_eq!(bench.replica.reader().unwrap().held_answers(None).unwrap()[0].message, message);
        // Days later: it is tried as long as any other from then on, not given up at once.
        bench.now = bench.now.plus_seconds(5 * 86_400);
        for _ in 0..2 {
            assert_eq!(code(bench.supervisor(&body)), None);
        }
        assert_eq!(code(bench.supervisor(&other(conversation, message))), then);
        let reader = bench.replica.reader().unwrap();
        let to_deliver = reader.pending_deliveries(9).unwrap();
        assert_eq!(to_deliver.len(), to_send);
        assert!(to_deliver.iter().all(|d| d.since == bench.now), "{to_deliver:?}");
        assert_eq!(reader.held_answers(None).unwrap(), []);
        let known = reader.world_kept().conversation(conversation).unwrap().unwrap();
        assert_eq!(known.delivery(message), delivery);
        drop(reader);
        bench.every_stream_refolds_to_itself();
    }
}

#[test]
fn feedback_that_names_a_customer_or_was_taken_from_what_they_said_is_about_them_and_no_other() {
    let mut bench = Bench::new();
    let said = "Hello, the lid of the blue jug that I bought in May broke on its first day.";
    let conversation = bench.email(7, said, None);
    let ours = "Thank you for writing to us, we look into it and come back to you today.";
    let CommandBody::Reply(answer) = bench.answer(conversation, Some(bench.last_message()), Then::Nothing)
    else {
        panic!("an answer is a reply")
    };
    bench.command(&CommandBody::Reply(ReplyDraft { text: ours.into(), ..answer })).unwrap();
    let reader = bench.replica.reader().unwrap();
    let customer = reader.world_kept().conversation(conversation).unwrap().unwrap().customer;
    drop(reader);

    let about = [
        ("Customer7@example.com would like it in green", ""),
        ("somebody would like it in green", "https://forum.example/t/7 by customer7@example.com"),
        ("the lid of the blue jug that I bought\n in May broke on its first day", ""),
    ];
    let not_about = [
        ("customer77@example.com would like it in green", ""),
        ("notcustomer7@example.com would like it in green", "customer7@example.company"),
        ("the lid of the blue jug", "a short turn of phrase"),
        ("the lid of another blue jug that somebody bought in May broke", ""),
        (ours, "our own words, which are in many conversations"),
    ];
    let mut logged = |(n, (text, title)): (usize, &(&str, &str))| {
        let feedback = FeedbackId(Uuid::from_u128(n as u128));
        let source = FeedbackSource { title: (*title).into(), address: String::new() };
        let text = (*text).into();
        bench
            .command(&CommandBody::LogFeedback { feedback, text, kind: FeedbackKind::Unsorted, source })
            .unwrap();
        feedback
    };
    let expected: Vec<FeedbackId> = about.iter().enumerate().map(&mut logged).collect();
    not_about.iter().enumerate().map(|(n, what)| (n + 100, what)).map(&mut logged).for_each(drop);
    let reader = bench.replica.reader().unwrap();
    assert_eq!(reader.world_kept().feedback_quoting(customer).unwrap(), expected);
}
