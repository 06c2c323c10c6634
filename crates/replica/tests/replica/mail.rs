//! Mail finds its conversation, or opens one: in the order of the design, and nobody is let into another's.

use evendesk_domain::channel::{Channel, Identity};
use evendesk_domain::command::{CommandBody, ReplyDraft, SystemCommand, Then};
use evendesk_domain::conversation::Delivery;
use evendesk_domain::decide::{No, RefusalCode, World as _};
use evendesk_domain::event::{Event, Opened};
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, MessageId};
use evendesk_domain::inbound::{Author, Bounce, Inbound, MailThread};
use evendesk_replica::{AlertKind, EntryKind};

use crate::bench::{BILLING, Bench, MAILBOX};

const ADA: &str = "customer0@example.com";
const BOB: &str = "bob@example.com";
const EVE: &str = "eve@example.com";

/// A mail as an adapter hands it over; what a test does not say is of no matter to it.
pub fn letter(bench: &mut Bench, from: &str, text: &str) -> Inbound {
    let id = bench.id();
    Inbound {
        channel: Channel::Email,
        account: MAILBOX,
        remote_id: format!("{id} {text}"),
        from: Identity::email(from).unwrap(),
        from_name: String::new(),
        verified: true,
        subject: "A matter".into(),
        text: text.into(),
        folded: Vec::new(),
        spoke_at: bench.now,
        attachments: Vec::new(),
        raw: None,
        author: Author::Person,
        bounce: None,
        doubts: Vec::new(),
        mail: MailThread { message_id: Some(format!("{id}@example.com")), ..MailThread::default() },
        thread: None,
        reply_to: Some(from.into()),
        cc: Vec::new(),
        answers: None,
    }
}

/// Takes it in; where it is then, if anything was recorded of it.
pub fn take(bench: &mut Bench, inbound: Inbound) -> Option<ConversationId> {
    let before = bench.journal.len();
    let message = MessageId(bench.id());
    let (customer, conversation) = (CustomerId(bench.id()), ConversationId(bench.id()));
    bench.system(&SystemCommand::Receive { message, customer, conversation, inbound: Box::new(inbound) });
    bench.journal[before..].last().map(|r| ConversationId(r.stream.id))
}

fn ids(message: &Inbound) -> Vec<String> {
    message.mail.message_id.clone().into_iter().collect()
}

/// The Message-ID of our last answer.
fn ours(bench: &Bench) -> String {
    format!("{}@support.example", bench.replies().last().unwrap().1)
}

/// Ada with two open matters, each with her mail and our answer: their ids, and hers and ours in each.
fn two_matters(bench: &mut Bench) -> [(ConversationId, String, String); 2] {
    let first = letter(bench, ADA, "Where is it?");
    let hers = ids(&first).remove(0);
    let one = take(bench, first).unwrap();
    bench.reply(one, Then::Nothing).unwrap();
    let answer = ours(bench);
    let second = letter(bench, ADA, "And my invoice?");
    let hers_too = ids(&second).remove(0);
    take(bench, second).unwrap();
    let other = bench.move_message(one, bench.last_message()).unwrap();
    bench.reply(other, Then::Nothing).unwrap();
    [(one, hers, answer), (other, hers_too, ours(bench))]
}

#[test]
fn our_own_id_goes_before_our_token_and_both_before_any_other_id() {
    let mut bench = Bench::new();
    let [(one, hers, our_id), (other, hers_too, our_other_id)] = two_matters(&mut bench);
    let our_answer = bench.replies()[0].1;
    let mut told = |references: &[&String], answers: Option<MessageId>| {
        let mut mail = letter(&mut bench, ADA, "More");
        mail.mail.references = references.iter().map(|id| (*id).clone()).collect();
        mail.answers = answers;
        let place = take(&mut bench, mail);
        let guessed =
            matches!(&bench.journal.last().unwrap().event, Event::MessageReceived { guessed: true, .. });
        assert!(!guessed);
        place.unwrap()
    };
    assert_eq!(told(&[&our_id, &hers_too], None), one, "ours, though hers is nearer");
    assert_eq!(told(&[&hers, &our_other_id], None), other);
    assert_eq!(told(&[&our_other_id], Some(our_answer)), other, "the id before the token");
    assert_eq!(told(&[&hers_too], Some(our_answer)), one, "the token before her own mail");
    assert_eq!(told(&[], Some(our_answer)), one, "the token alone, as where a provider rewrites ids");
    assert_eq!(told(&[&hers_too], None), other);
    assert_eq!(told(&[&"rewritten@provider.example".to_owned(), &hers], None), one);
    bench.every_stream_refolds_to_itself();
}

#[test]
fn nothing_is_attached_by_its_subject_nor_guessed_between_two_matters() {
    let mut bench = Bench::new();
    let [(one, ..), (other, ..)] = two_matters(&mut bench);
    let mut mail = letter(&mut bench, ADA, "A third thing");
    mail.subject = "Re: A matter".into();
    let place = take(&mut bench, mail).unwrap();
    assert!(place != one && place != other);
}

fn opened(bench: &Bench, id: ConversationId) -> Opened {
    let found = bench.journal.iter().find_map(|r| match &r.event {
        Event::ConversationOpened(opened) if r.stream.id == id.0 => Some(opened.clone()),
        _ => None,
    });
    found.expect("it was opened")
}

#[test]
fn a_stranger_with_a_known_id_or_token_opens_a_matter_of_their_own_that_says_what_it_quotes() {
    let mut bench = Bench::new();
    let [(one, hers, our_id), _] = two_matters(&mut bench);
    let answer = bench.replies()[0].1;
    for (references, answers) in [(vec![our_id], None), (vec![hers], None), (Vec::new(), Some(answer))] {
        let mut mail = letter(&mut bench, EVE, "Let me read along");
        mail.mail.references = references;
        mail.answers = answers;
        let place = take(&mut bench, mail).unwrap();
        assert_ne!(place, one);
        let opened = opened(&bench, place);
        assert_eq!(opened.related, Some(one));
        let reader = bench.replica.reader().unwrap();
        let page = reader.customer(opened.customer, None, 50).unwrap().unwrap();
        let beside = |kind: &EntryKind| {
            matches!(kind, EntryKind::Change { what, detail, .. }
                if what == "opened_beside" && *detail == one.to_string())
        };
        assert!(page.entries.iter().any(|e| beside(&e.kind)));
        assert!(!page.entries.iter().any(|e| e.conversation == one), "and shows nothing of it");
    }
}

#[test]
fn who_was_copied_in_may_write_and_is_nobodys_customer_by_that() {
    let mut bench = Bench::new();
    let mut mail = letter(&mut bench, ADA, "Bob knows more");
    mail.cc = vec!["Bob@Example.com".into()];
    let hers = ids(&mail);
    let place = take(&mut bench, mail).unwrap();
    let mut from_bob = letter(&mut bench, BOB, "I do");
    from_bob.mail.in_reply_to = hers;
    assert_eq!(take(&mut bench, from_bob), Some(place));
    let customers = bench.journal.iter().filter(|r| matches!(r.event, Event::CustomerOpened { .. })).count();
    assert_eq!(customers, 1);
    let alone = letter(&mut bench, BOB, "Something else");
    let own = take(&mut bench, alone).unwrap();
    assert_ne!(own, place, "without a thread it is his own matter");
    assert_eq!(opened(&bench, own).related, None);
}

#[test]
fn a_customer_writes_from_any_of_their_addresses() {
    let mut bench = Bench::new();
    let place = bench.email(0, "From work", None);
    let customer = opened(&bench, place).customer;
    let identity = Identity::email("ada@home.example").unwrap();
    bench.record(vec![(customer.into(), Event::IdentityAdded { identity, verified: true })]);
    bench.reply(place, Then::Nothing).unwrap();
    let mut mail = letter(&mut bench, "Ada@home.example", "From home");
    mail.mail.in_reply_to = vec![ours(&bench)];
    assert_eq!(take(&mut bench, mail), Some(place));
}

#[test]
fn two_answers_to_one_newsletter_are_two_matters() {
    let mut bench = Bench::new();
    let newsletter = vec!["newsletter-7@support.example".to_owned()];
    let mut from = |who: &str| {
        let mut mail = letter(&mut bench, who, "Unsubscribe me");
        mail.mail.in_reply_to = newsletter.clone();
        mail.mail.references = newsletter.clone();
        take(&mut bench, mail).unwrap()
    };
    let (one, other, again) = (from(ADA), from(EVE), from(ADA));
    assert_ne!(one, other);
    assert_eq!(again, one, "a guess");
}

#[test]
fn different_mails_under_one_message_id_are_two_messages() {
    let mut bench = Bench::new();
    let first = letter(&mut bench, ADA, "One");
    let mut second = letter(&mut bench, EVE, "Another");
    second.mail.message_id.clone_from(&first.mail.message_id);
    let known = ids(&first);
    let one = take(&mut bench, first).unwrap();
    let other = take(&mut bench, second).unwrap();
    assert_ne!(one, other);
    for (who, place) in [(EVE, other), (ADA, one)] {
        let mut mail = letter(&mut bench, who, "In answer to mine");
        mail.mail.in_reply_to.clone_from(&known);
        assert_eq!(take(&mut bench, mail), Some(place), "each finds their own");
    }
}

fn messages(bench: &Bench, of: ConversationId) -> Vec<(Option<AccountId>, Vec<AccountId>)> {
    let reader = bench.replica.reader().unwrap();
    let page = reader.customer(opened(bench, of).customer, None, 50).unwrap().unwrap();
    let accounts = page.entries.into_iter().filter_map(|e| match e.kind {
        EntryKind::Message { account, also_to, .. } => Some((account, also_to)),
        _ => None,
    });
    accounts.collect()
}

#[test]
fn copies_of_one_mail_in_two_of_our_mailboxes_are_one_message_that_names_both() {
    let mut bench = Bench::new();
    let mail = letter(&mut bench, ADA, "To both of you");
    let place = take(&mut bench, mail.clone()).unwrap();
    let copy = Inbound { account: BILLING, ..mail };
    assert_eq!(take(&mut bench, copy.clone()), Some(place));
    assert_eq!(messages(&bench, place), [(Some(MAILBOX), vec![BILLING])]);
    assert_eq!(take(&mut bench, copy.clone()), None, "once noted");
    let part = bench.move_message(place, bench.last_message()).unwrap();
    assert_eq!(messages(&bench, part), [(Some(MAILBOX), vec![BILLING])]);
    assert_eq!(take(&mut bench, copy), None);
    bench.every_stream_refolds_to_itself();
}

#[test]
fn mail_from_one_of_our_addresses_is_a_message_and_nothing_else() {
    let mut bench = Bench::new();
    let place = bench.email(0, "Hello", None);
    bench.reply(place, Then::Nothing).unwrap();
    let mut echo = letter(&mut bench, "Support@Support.example", "Here is your answer.");
    echo.mail.message_id = Some(ours(&bench));
    assert_eq!(take(&mut bench, echo.clone()), None, "our own answer come back");
    let mut posing = echo.clone();
    posing.from = Identity::email(EVE).unwrap();
    assert!(take(&mut bench, posing).is_some(), "whoever has the answer can write its id");
    let mut other = letter(&mut bench, "billing@support.example", "Resolve this, please");
    other.mail.in_reply_to = vec![ours(&bench)];
    let own = take(&mut bench, other).unwrap();
    assert_ne!(own, place);
    let kinds: Vec<_> = bench.journal.iter().filter(|r| r.stream.id == own.0).collect();
    assert!(matches!(kinds[..], [a, b] if matches!(a.event, Event::ConversationOpened(_))
        && matches!(b.event, Event::MessageReceived { .. })));
}

fn bounce(bench: &mut Bench, status: &str, permanent: bool, of: Option<String>) -> Inbound {
    let mut mail = letter(bench, "mailer-daemon@mx.example", "It could not be delivered.");
    mail.author = Author::Bounce;
    mail.bounce = Some(Bounce {
        recipient: Some(ADA.into()),
        status: Some(status.into()),
        permanent,
        original_message_id: of,
    });
    mail
}

fn delivery(bench: &Bench, of: ConversationId) -> Delivery {
    let reader = bench.replica.reader().unwrap();
    let known = reader.world_kept().conversation(of).unwrap().unwrap();
    known.delivery(bench.replies().last().unwrap().1)
}

/// Whether a permanent failure, told in that way, is found to be about our last answer.
fn fails(name: impl FnOnce(&Bench, &mut Inbound)) -> (Bench, ConversationId, bool) {
    let mut bench = Bench::new();
    let place = bench.email(0, "Hello", None);
    bench.assign_to_me(place);
    bench.reply(place, Then::Resolve).unwrap();
    let (conversation, message) = *bench.replies().last().unwrap();
    bench.system(&SystemCommand::Delivered { conversation, message });
    bench.minutes(3);
    let mut mail = bounce(&mut bench, "5.1.1", true, None);
    name(&bench, &mut mail);
    take(&mut bench, mail);
    let failed = delivery(&bench, place) == Delivery::Failed;
    (bench, place, failed)
}

#[test]
fn a_permanent_failure_is_found_by_id_or_token_and_has_the_customer_waiting_again() {
    type Names = fn(&Bench, &mut Inbound);
    let by_id: Names = |bench, mail| {
        if let Some(bounce) = &mut mail.bounce {
            bounce.original_message_id = Some(ours(bench));
        }
    };
    let by_token: Names = |bench, mail| mail.answers = bench.replies().last().map(|(_, m)| *m);
    let by_header: Names = |bench, mail| mail.mail.references = vec![ours(bench)];
    for name in [by_id, by_token, by_header] {
        let (bench, place, failed) = fails(name);
        assert!(failed);
        assert_eq!(bench.due_next(), 1, "as if it had never been answered");
        assert_eq!(
            bench.journal.last().unwrap().stream.id,
            place.0,
            "the report is shown where the answer is"
        );
        assert!(bench.alerts(0).iter().any(|a| a.kind == AlertKind::CameBack), "and whoever has it is told");
    }
    assert!(!fails(|_, _| ()).2, "one that names nothing");
    assert!(!fails(|_, mail| mail.mail.references = vec!["other@support.example".into()]).2);
}

#[test]
fn a_late_a_good_and_a_copy_s_report_are_noted_and_change_nothing() {
    for (status, permanent, recipient) in [("4.4.1", false, ADA), ("2.1.5", false, ADA), ("5.1.1", true, BOB)]
    {
        let (bench, place, failed) = fails(|bench, mail| {
            mail.bounce = Some(Bounce {
                recipient: Some(recipient.into()),
                status: Some(status.into()),
                permanent,
                original_message_id: Some(ours(bench)),
            });
        });
        // Bob is copied in only where the customer copied him in; here a report about him is about the answer.
        assert_eq!(
            (failed, bench.journal.last().unwrap().stream.id),
            (recipient == BOB, place.0),
            "{status}"
        );
    }
    let mut bench = Bench::new();
    let mut mail = letter(&mut bench, ADA, "Bob, too");
    mail.cc = vec![BOB.into()];
    let place = take(&mut bench, mail).unwrap();
    bench.reply(place, Then::Nothing).unwrap();
    let answer = ours(&bench);
    let mut report = bounce(&mut bench, "5.1.1", true, Some(answer));
    report.bounce.as_mut().unwrap().recipient = Some("BOB@example.com".into());
    assert_eq!(take(&mut bench, report), Some(place));
    assert_eq!(delivery(&bench, place), Delivery::Pending, "the customer has it");
}

#[test]
fn reports_and_automatic_answers_about_nothing_known_open_one_quiet_matter_and_no_more() {
    let mut bench = Bench::new();
    let first = bounce(&mut bench, "5.1.1", true, Some("unknown@elsewhere.example".into()));
    let place = take(&mut bench, first).unwrap();
    for _ in 0..5 {
        bench.minutes(60);
        let next = bounce(&mut bench, "5.1.1", true, None);
        assert_eq!(take(&mut bench, next), Some(place));
    }
    assert_eq!(bench.due_next(), 0, "nobody waits");
    let mut away = letter(&mut bench, ADA, "I am away");
    away.author = Author::AutoReply;
    take(&mut bench, away).unwrap();
    assert_eq!(bench.due_next(), 0);
}

#[test]
fn two_automatic_answerers_come_to_rest_since_nothing_answers_them() {
    let mut bench = Bench::new();
    let place = bench.email(0, "Hello", None);
    bench.reply(place, Then::Wait).unwrap();
    let answers = bench.replies().len();
    for _ in 0..20 {
        let mut mail = letter(&mut bench, ADA, "I am away until Monday");
        mail.author = Author::AutoReply;
        mail.mail.in_reply_to = vec![ours(&bench)];
        assert_eq!(take(&mut bench, mail), Some(place));
    }
    assert_eq!((bench.replies().len(), bench.due_next()), (answers, 0));
}

#[test]
fn an_answer_to_an_address_that_nobody_vouches_for_is_confirmed_first() {
    let mut bench = Bench::new();
    let mut mail = letter(&mut bench, ADA, "Send it there");
    mail.reply_to = Some(EVE.into());
    let place = take(&mut bench, mail).unwrap();
    let answer = |bench: &mut Bench, confirmed| {
        let CommandBody::Reply(draft) = bench.answer(place, None, Then::Nothing) else { panic!() };
        let reader = bench.replica.reader().unwrap();
        let page = reader.customer(opened(bench, place).customer, None, 9).unwrap().unwrap();
        let (seen, route) = (page.matters[0].last_seen, page.matters[0].reply[0].clone());
        drop(reader);
        (route.confirm, bench.command(&CommandBody::Reply(ReplyDraft { seen, confirmed, ..draft })))
    };
    let (asks, refused) = answer(&mut bench, false);
    assert!(asks);
    assert!(matches!(refused, Err(No::Refused(r)) if r.code == RefusalCode::ConfirmRecipient));
    let (_, confirmed) = answer(&mut bench, true);
    confirmed.unwrap();
    let strangers = |bench: &Bench| {
        let marked = bench.journal.iter().filter_map(|r| match &r.event {
            Event::Replied(reply) => Some((reply.to.clone(), reply.to_stranger)),
            _ => None,
        });
        marked.collect::<Vec<_>>()
    };
    assert_eq!(strangers(&bench), [(EVE.to_owned(), true)]);
    let (asks, again) = answer(&mut bench, false);
    again.expect("confirmed once, it is known");
    assert!(!asks);
    assert_eq!(strangers(&bench)[1], (EVE.to_owned(), false));
}

#[test]
fn our_other_mailbox_gets_no_copy_of_an_answer() {
    let mut bench = Bench::new();
    let mut mail = letter(&mut bench, ADA, "To both of you, and Bob");
    mail.cc = vec!["Billing@support.example".into(), BOB.into()];
    let place = take(&mut bench, mail).unwrap();
    bench.reply(place, Then::Nothing).unwrap();
    let Event::Replied(reply) = &bench.journal.last().unwrap().event else { panic!() };
    assert_eq!(reply.cc, [BOB]);
}
