//! A server that was restored from a backup has forgotten some of what it had accepted: it is offered again.

use evendesk_domain::command::CommandBody;
use evendesk_domain::conversation::Delivery;
use evendesk_domain::decide::RefusalCode;
use evendesk_domain::id::MessageId;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::{FromDesk, FromServer, Outcome};
use uuid::Uuid;

use super::paper::{self, ALICE, BOB, OTHER_TEAM};
use super::wires::{Desk, at, world};
use super::{note, reply};
use crate::outbox::commands::{Kept, State};
use crate::outbox::settled::{KEPT_CHARACTERS, KEPT_COMMANDS, KEPT_DAYS};

/// Whether the word is in any of the desk's files that are precious.
fn typed(desk: &Desk, word: &str) -> bool {
    let files = std::fs::read_dir(desk.path()).unwrap().flatten();
    files.filter(|f| f.file_name().to_string_lossy().starts_with("outbox.db")).any(|f| {
        let bytes = std::fs::read(f.path()).unwrap();
        bytes.windows(word.len()).any(|w| w == word.as_bytes())
    })
}

#[test]
fn what_a_restored_server_has_forgotten_is_there_again_once_and_in_order_and_answers_are_held() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "Where is it?");
    desk.sync(&mut server);
    let kept = desk.submit(note(conversation, 501, "before the backup"));
    desk.sync(&mut server);
    let backup = server.head();
    let noted = desk.submit(note(conversation, 502, "one"));
    let answer = MessageId(paper::id(503));
    let answered = desk.submit(reply(conversation, answer, "On its way.", Some(said)));
    let last = desk.submit(note(conversation, 504, "two"));
    desk.sync(&mut server);
    assert!(desk.states().is_empty());
    desk.cut();
    let new = desk.submit(note(conversation, 505, "made while it was away"));

    server.restored_to(backup);
    desk.connects(&mut server);
    assert_eq!(desk.states(), [State::Waiting; 5], "also before it is heard of again");
    desk = desk.reopened();
    desk.sync(&mut server);
    let order: Vec<_> =
        server.journal().iter().filter(|e| e.seq > backup).filter_map(|e| e.command).collect();
    assert_eq!(order, [noted, answered, answered, last, new]);
    assert_eq!(server.events_of(kept).len(), 1);
    assert!(desk.states().is_empty());
    desk.same_as(&server);
    let held = desk.conversation(conversation).unwrap();
    assert_eq!(held.delivery(answer), Delivery::Held);

    // And once more, from the same backup.
    server.restored_to(backup);
    desk.sync(&mut server);
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation).len(), 6);
    desk.same_as(&server);
}

#[test]
fn what_was_on_its_way_or_just_accepted_when_the_server_was_lost_may_have_gone_out() {
    let (mut server, mut desk) = world();
    let (one, said) = server.mail("ada@x.example", "One");
    let (two, heard) = server.mail("bo@x.example", "Two");
    desk.sync(&mut server);
    let backup = server.head();
    let (first, second) = (MessageId(paper::id(501)), MessageId(paper::id(502)));
    desk.submit(reply(one, first, "accepted, not yet seen", Some(said)));
    for push in desk.take_said() {
        for outcome in server.hear(ALICE, &push) {
            desk.hears(outcome);
        }
    }
    desk.submit(reply(two, second, "its answer was lost", Some(heard)));
    assert_eq!(desk.states(), [State::Accepted, State::Sent]);
    server.restored_to(backup);
    desk.cut();
    desk.sync(&mut server);
    desk.sync(&mut server);
    for (conversation, message) in [(one, first), (two, second)] {
        assert_eq!(desk.conversation(conversation).unwrap().delivery(message), Delivery::Held);
    }
    assert!(desk.states().is_empty());
}

#[test]
fn what_follows_something_that_is_not_kept_any_more_is_not_held_up_by_it() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let backup = server.head();
    let before = desk.submit(note(conversation, 501, "first"));
    desk.sync(&mut server);
    desk.cut();
    let after = desk.submit(note(conversation, 502, "second"));
    desk.core.outbox().settled_gone(conversation.into()).unwrap();
    server.restored_to(backup);
    desk.sync(&mut server);
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Hello", "second"]);
    assert_eq!((server.events_of(before).len(), server.events_of(after).len()), (0, 1));
}

#[test]
fn who_signs_in_after_the_restore_offers_their_own_and_nobody_elses() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let backup = server.head();
    let hers = desk.submit(note(conversation, 501, "hers"));
    desk.sync(&mut server);
    desk.sign_in(&server, BOB);
    server.restored_to(backup);
    desk.sync(&mut server);
    assert_eq!(server.events_of(hers).len(), 0);
    desk.sign_in(&server, ALICE);
    desk.sync(&mut server);
    assert_eq!(server.events_of(hers).len(), 1);
}

#[test]
fn what_was_settled_about_a_stream_leaves_the_outbox_with_it() {
    let (mut server, mut desk) = world();
    let (moves, _) = server.mail("ada@x.example", "One");
    let (goes, _) = server.mail("bo@x.example", "Two");
    let (stays, _) = server.mail("cy@x.example", "Three");
    desk.sync(&mut server);
    for (n, conversation, text) in [(501, moves, "xanthippe"), (502, goes, "theodora"), (503, stays, "irene")]
    {
        desk.submit(note(conversation, n, text));
    }
    desk.sync(&mut server);
    let words = |desk: &Desk| ["xanthippe", "theodora", "irene"].map(|word| typed(desk, word));
    assert_eq!(words(&desk), [true; 3]);
    server.colleague(CommandBody::SetTeam { conversation: moves, team: OTHER_TEAM });
    desk.sync(&mut server);
    assert_eq!(words(&desk), [false, true, true]);
    let erased = FromServer::Erase { directive: 9, stream: goes.into(), events: vec![] };
    assert_eq!(desk.hears(erased), [FromDesk::Confirm { directive: 9 }]);
    assert_eq!(words(&desk), [false, false, true]);
    // One that is accepted only once its stream is out of sight is not kept either.
    desk.submit(note(stays, 504, "eudoxia"));
    let push = desk.take_said();
    desk.hears(FromServer::Forget { directive: 10, stream: stays.into() });
    for said in push {
        if let FromDesk::Push(pushed) = said {
            let outcome = Outcome::Accepted { seq: desk.core.cursor() };
            desk.hears(FromServer::Outcome { id: pushed.command.id, outcome });
        }
    }
    desk.ticks(at(60));
    assert!(!typed(&desk, "irene") && !typed(&desk, "eudoxia"));
}

#[test]
fn a_desk_that_begins_anew_keeps_nothing_settled_about_what_is_not_for_its_agent_any_more() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "One");
    desk.sync(&mut server);
    desk.submit(note(conversation, 501, "xanthippe"));
    desk.sync(&mut server);
    desk.cut();
    server.colleague(CommandBody::SetTeam { conversation, team: OTHER_TEAM });
    desk.core.rebuild_cache(at(0)).unwrap();
    desk.sync(&mut server);
    desk.ticks(at(60));
    assert!(!typed(&desk, "xanthippe"));
}

#[test]
fn what_is_settled_is_kept_for_a_while_and_no_more_of_it_than_so_much() {
    let (_, desk) = world();
    let outbox = desk.core.outbox();
    let settle = |n: u128, length: usize, made_at: Timestamp, now: Timestamp| {
        let body = note(evendesk_domain::id::ConversationId(paper::id(1)), n, &"x".repeat(length));
        let id = evendesk_domain::id::CommandId(paper::id(n));
        let command = evendesk_domain::command::Command { id, depends_on: None, body };
        let (state, author) = (State::Sent, ALICE);
        let kept = Kept {
            command,
            author,
            made_at,
            state,
            accepted_seq: None,
            code: None,
            reason: None,
            since: None,
            reoffered: false,
        };
        outbox.add(&kept, Some(paper::id(77))).unwrap();
        outbox.settled(0, &[id], now).unwrap();
    };
    let again = |journal: Uuid| outbox.offer_again(ALICE, journal).unwrap();
    let day = |n: i64| at(n * 86_400);
    settle(1, 1, day(0), day(0));
    settle(2, 1, day(KEPT_DAYS + 1), day(KEPT_DAYS + 1));
    assert_eq!((again(paper::id(77)), again(paper::id(78))), (0, 1), "the old one is gone");

    let large = 60_000;
    let fit = usize::try_from(KEPT_CHARACTERS).unwrap() / (large + 200);
    for n in 0..fit + 5 {
        settle(1_000 + n as u128, large, day(40), day(40));
    }
    let many = again(paper::id(79));
    assert!((fit - 1..=fit + 2).contains(&many), "{many} of {fit}");
    const { assert!(KEPT_COMMANDS < 5_000) };
}

#[test]
fn what_is_only_late_while_a_desk_begins_anew_is_not_taken_for_withdrawn() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let backup = server.head();
    let first = desk.submit(note(conversation, 501, "first"));
    let second = desk.submit(note(conversation, 502, "second"));
    desk.core.rebuild_cache(at(0)).unwrap();
    desk.cut();
    desk.connects(&mut server);
    // The answers come before anything that the conversation is made of.
    for said in desk.take_said() {
        let FromDesk::Push(pushed) = &said else { continue };
        if pushed.command.id == first {
            server.hear(ALICE, &said).into_iter().for_each(|outcome| drop(desk.hears(outcome)));
        } else {
            let (code, sentence) = (RefusalCode::NotNow, "Not now.".into());
            let outcome = Outcome::Refused { code, sentence };
            desk.hears(FromServer::Outcome { id: second, outcome });
        }
    }
    assert_eq!(desk.states(), [State::Accepted, State::Refused]);
    desk.sync(&mut server);
    server.restored_to(backup);
    desk.sync(&mut server);
    desk.sync(&mut server);
    assert_eq!(server.events_of(first).len(), 1);
    assert_eq!(desk.states(), [State::Refused]);
}
