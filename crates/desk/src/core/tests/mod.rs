//! The core against a server of paper: offline, overtaken, refused, said twice, cut off.

mod bootstrap;
mod crash;
mod files;
mod paper;
mod reoffered;
mod welcome;
mod wires;

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Priority;
use evendesk_domain::command::{CommandBody, ReplyDraft, Then};
use evendesk_domain::id::{CommandId, ConversationId, MessageId};
use evendesk_domain::limits;
use evendesk_protocol::{FromDesk, FromServer, Outcome};
use evendesk_replica::EntryKind;

use self::paper::{ACCOUNT, ALICE, OTHER_TEAM, TEAM};
use self::wires::{at, world};
use crate::error::Code;
use crate::outbox::commands::State;

pub fn reply(
    conversation: ConversationId,
    message: MessageId,
    text: &str,
    seen: Option<MessageId>,
) -> CommandBody {
    CommandBody::Reply(ReplyDraft {
        conversation,
        message,
        channel: Channel::Email,
        account: ACCOUNT,
        to: String::new(),
        text: text.into(),
        follow_up: false,
        seen,
        then: Then::Nothing,
        confirmed: false,
    })
}

pub fn note(conversation: ConversationId, message: u128, text: &str) -> CommandBody {
    CommandBody::Note { conversation, message: MessageId(paper::id(message)), text: text.into() }
}

#[test]
fn what_was_done_offline_is_decided_once_and_in_order() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "Where is it?");
    desk.sync(&mut server);
    desk.cut();
    let answer = desk.submit(reply(conversation, MessageId(paper::id(500)), "On its way.", Some(said)));
    let noted = desk.submit(note(conversation, 501, "called the depot"));
    let resolved = desk.submit(CommandBody::Resolve { conversation });
    assert_eq!(desk.texts(conversation), ["Where is it?", "On its way. …", "called the depot …"]);
    assert_eq!(desk.states(), [State::Waiting; 3]);

    desk = desk.reopened();
    assert_eq!(desk.texts(conversation), ["Where is it?", "On its way. …", "called the depot …"]);
    desk.sync(&mut server);
    let order: Vec<CommandId> = server.journal().iter().filter_map(|e| e.command).collect();
    assert_eq!(order, [answer, noted, resolved]);
    assert_eq!(desk.texts(conversation), ["Where is it?", "On its way.", "called the depot"]);
    assert!(desk.states().is_empty());
    desk.same_as(&server);
}

#[test]
fn each_command_follows_the_one_before_it_in_its_conversation() {
    let (mut server, mut desk) = world();
    let (one, _) = server.mail("ada@x.example", "One");
    let (two, _) = server.mail("bo@x.example", "Two");
    desk.sync(&mut server);
    desk.cut();
    let first = desk.submit(note(one, 501, "a"));
    desk.submit(note(two, 502, "b"));
    desk.submit(note(one, 503, "c"));
    let follows: Vec<_> = desk.kept().iter().map(|k| k.command.depends_on).collect();
    assert_eq!(follows, [None, None, Some(first)]);
}

#[test]
fn outcomes_and_events_that_come_twice_change_nothing() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let command = desk.submit(note(conversation, 501, "once"));
    let pushes = desk.take_said();
    let outcomes: Vec<FromServer> = pushes.iter().flat_map(|p| server.hear(ALICE, p)).collect();
    let again: Vec<FromServer> = pushes.iter().flat_map(|p| server.hear(ALICE, p)).collect();
    assert_eq!(outcomes, again);
    let events = server.tail(ALICE, 10);
    for message in [&outcomes, &events, &again, &events, &outcomes].into_iter().flatten() {
        desk.hears(message.clone());
    }
    server.mail("ada@x.example", "More");
    for message in [&server.tail(ALICE, 10), &events].into_iter().flatten() {
        desk.hears(message.clone());
    }
    assert_eq!(server.events_of(command).len(), 1);
    assert_eq!(desk.texts(conversation), ["Hello", "once", "More"]);
    assert!(desk.states().is_empty());
    desk.same_as(&server);
}

#[test]
fn an_accepted_command_stays_on_screen_until_its_events_are_there() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.submit(note(conversation, 501, "seen"));
    for push in desk.take_said() {
        for outcome in server.hear(ALICE, &push) {
            desk.hears(outcome);
        }
    }
    assert_eq!(desk.states(), [State::Accepted]);
    assert_eq!(desk.texts(conversation), ["Hello", "seen …"]);
    // Also when the app is closed just then, and the answer is all it has.
    desk = desk.reopened();
    assert_eq!(desk.texts(conversation), ["Hello", "seen …"]);
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Hello", "seen"]);
    assert!(desk.states().is_empty());
}

#[test]
fn events_prove_a_command_whose_outcome_was_lost() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.submit(CommandBody::SetPriority { conversation, priority: Priority::High });
    for push in desk.take_said() {
        server.hear(ALICE, &push);
    }
    server.colleague(CommandBody::SetPriority { conversation, priority: Priority::Low });
    for message in server.tail(ALICE, 10) {
        desk.hears(message);
    }
    assert!(desk.states().is_empty());
    desk.same_as(&server);
}

#[test]
fn a_colleagues_change_appears_under_my_pending_note() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    let (other, _) = server.mail("bo@x.example", "Other");
    desk.sync(&mut server);
    desk.submit(note(conversation, 501, "mine"));
    desk.take_said();
    server.colleague(note(conversation, 601, "theirs"));
    server.colleague(note(other, 602, "elsewhere"));
    for message in server.tail(ALICE, 1) {
        desk.hears(message);
    }
    assert_eq!(desk.texts(conversation), ["Hello", "theirs", "mine …"]);
    assert_eq!(desk.texts(other), ["Other", "elsewhere"]);
    assert_eq!(desk.states(), [State::Sent]);
    // Not only on the page: the rows are those of theirs first, then mine.
    assert!(desk.core.examine().unwrap().is_good());
}

#[test]
fn an_overtaken_answer_comes_back_with_its_text_and_holds_what_follows() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "Where is it?");
    desk.sync(&mut server);
    desk.cut();
    let answer = desk.submit(reply(conversation, MessageId(paper::id(500)), "Tomorrow.", Some(said)));
    let resolve = desk.submit(CommandBody::Resolve { conversation });
    let (_, overtook) = server.mail("ada@x.example", "Never mind, cancel it.");
    desk.sync(&mut server);
    assert_eq!(desk.states(), [State::LookAgain, State::Held]);
    assert_eq!(desk.kept()[0].command.body.text(), "Tomorrow.");
    assert_eq!(desk.texts(conversation), ["Where is it?", "Never mind, cancel it."]);
    desk.same_as(&server);

    let fresh = desk.confirm(answer);
    desk.sync(&mut server);
    assert_ne!(fresh, answer);
    assert!(server.events_of(answer).is_empty());
    assert_eq!(server.events_of(fresh).len(), 1);
    assert_eq!(server.events_of(resolve).len(), 1);
    assert_eq!(desk.texts(conversation), ["Where is it?", "Never mind, cancel it.", "Tomorrow."]);
    let event = &server.events_of(fresh)[0].event;
    assert!(matches!(event, evendesk_domain::event::Event::Replied(r) if r.seen == Some(overtook)));
    assert!(desk.states().is_empty());
    desk.same_as(&server);
}

#[test]
fn an_answer_that_this_desk_knows_to_be_overtaken_is_not_sent_at_all() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "One");
    server.mail("ada@x.example", "Two");
    desk.sync(&mut server);
    desk.submit(reply(conversation, MessageId(paper::id(500)), "To one.", Some(said)));
    assert!(desk.take_said().is_empty());
    assert_eq!(desk.states(), [State::LookAgain]);
}

#[test]
fn what_followed_a_dropped_command_is_set_aside_and_can_still_be_sent() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "Where is it?");
    desk.sync(&mut server);
    desk.cut();
    let answer = desk.submit(reply(conversation, MessageId(paper::id(500)), "Tomorrow.", Some(said)));
    let noted = desk.submit(note(conversation, 501, "promised tomorrow"));
    desk.submit(note(conversation, 502, "and again"));
    server.mail("ada@x.example", "Cancel it.");
    desk.sync(&mut server);
    desk.edit(answer);
    assert_eq!(desk.draft(conversation).as_deref(), Some("Tomorrow."));
    assert_eq!(desk.states(), [State::SetAside, State::Held]);
    desk.confirm(noted);
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Where is it?", "Cancel it.", "promised tomorrow", "and again"]);
    assert!(desk.states().is_empty());
}

#[test]
fn a_drop_taken_back_is_as_if_it_had_not_been() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "Where is it?");
    desk.sync(&mut server);
    desk.cut();
    let answer = desk.submit(reply(conversation, MessageId(paper::id(500)), "Tomorrow.", Some(said)));
    desk.submit(note(conversation, 501, "promised tomorrow"));
    server.mail("ada@x.example", "Cancel it.");
    desk.sync(&mut server);
    let before = desk.kept();
    assert_eq!(desk.states(), [State::LookAgain, State::Held]);

    desk.drop_command(answer);
    assert_eq!(desk.states(), [State::SetAside]);
    desk.undrop(answer);
    assert_eq!(desk.kept(), before);
}

#[test]
fn a_drop_taken_back_yields_the_place_that_another_has_taken() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Where is it?");
    desk.sync(&mut server);
    desk.cut();
    let first = desk.submit(note(conversation, 501, "first"));
    desk.drop_command(first);
    desk.submit(note(conversation, 502, "second"));
    desk.undrop(first);
    assert_eq!(desk.texts(conversation), ["Where is it?", "second …", "first …"]);
    desk.sync(&mut server);
    desk.same_as(&server);
}

#[test]
fn what_came_back_is_worded_anew_where_it_is_and_what_is_on_its_way_is_not() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "Where is it?");
    desk.sync(&mut server);
    desk.cut();
    let answer = desk.submit(reply(conversation, MessageId(paper::id(500)), "Tomorrow.", Some(said)));
    assert_eq!(desk.reword(answer, "Today.").unwrap_err().code(), Code::NotNow);
    server.mail("ada@x.example", "Cancel it.");
    desk.sync(&mut server);
    desk.reword(answer, "Cancelled.").unwrap();
    desk = desk.reopened();
    assert_eq!(desk.kept()[0].command.body.text(), "Cancelled.");
    desk.confirm(answer);
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Where is it?", "Cancel it.", "Cancelled."]);
}

#[test]
fn what_the_server_refuses_is_kept_with_its_reason_until_dropped() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.cut();
    // Moved to a team that Alice is not in: she may not write there any more.
    let noted = desk.submit(note(conversation, 501, "my long note"));
    server.colleague(CommandBody::SetTeam { conversation, team: OTHER_TEAM });
    desk.sync(&mut server);
    let kept = desk.kept();
    assert_eq!(kept[0].state, State::Refused);
    assert_eq!(kept[0].command.body.text(), "my long note");
    assert!(kept[0].reason.as_deref().unwrap().contains("team you are not in"), "{kept:?}");
    assert_eq!(desk.connection().attention, 1);
    desk = desk.reopened();
    assert_eq!(desk.states(), [State::Refused]);
    desk.drop_command(noted);
    assert!(desk.states().is_empty());
}

#[test]
fn what_is_on_its_way_cannot_be_dropped_behind_the_servers_back() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.cut();
    let first = desk.submit(note(conversation, 501, "typed offline"));
    desk.connects(&mut server);
    let second = desk.submit(note(conversation, 502, "typed online"));
    // Both are on the wire, which is cut before an answer comes.
    desk.cut();
    desk = desk.reopened();
    for command in [first, second] {
        assert_eq!(desk.try_drop(command).unwrap_err().code(), Code::NotNow);
    }
    assert_eq!(desk.states(), [State::Sent; 2]);
}

#[test]
fn what_is_plainly_wrong_is_refused_at_once_and_nothing_is_kept() {
    let (mut server, mut desk) = world();
    let (conversation, said) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let long = "x".repeat(limits::TEXT_BYTES + 1);
    // Each byte of it becomes six in JSON.
    let swells = "\u{1}".repeat(limits::TEXT_BYTES);
    for (body, code) in [
        (note(conversation, 501, ""), Code::Invalid),
        (note(conversation, 501, &long), Code::Invalid),
        (note(conversation, 501, &swells), Code::Invalid),
        (reply(conversation, MessageId(paper::id(500)), &long, Some(said)), Code::Invalid),
        (CommandBody::SetWaiting { conversation }, Code::NotNow),
    ] {
        assert_eq!(desk.try_submit(body).unwrap_err().code(), code);
    }
    assert!(desk.states().is_empty());
    assert!(desk.take_said().is_empty());
    assert_eq!(desk.texts(conversation), ["Hello"]);
}

#[test]
fn a_stream_that_is_granted_or_forgotten_comes_and_goes_whole() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let pending = desk.submit(note(conversation, 501, "mine"));
    desk.take_said();
    let stream = conversation.into();
    assert_eq!(desk.hears(FromServer::Forget { directive: 1, stream }), [FromDesk::Confirm { directive: 1 }]);
    assert!(desk.dump().keys().all(|s| *s != stream));
    assert_eq!(desk.kept()[0].command.id, pending);
    let events = server.stream(stream);
    let said = desk.hears(welcome::grant(2, events, false, false));
    assert_eq!(said, [FromDesk::Confirm { directive: 2 }]);
    assert_eq!(desk.texts(conversation), ["Hello", "mine …"]);
}

#[test]
fn after_a_restore_the_desk_begins_again_and_offers_what_is_undecided() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.cut();
    desk.submit(note(conversation, 501, "mine"));
    server.restored();
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Hello", "mine"]);
    desk.same_as(&server);
}

#[test]
fn a_gap_in_what_the_server_says_is_noticed_and_nothing_of_it_is_stored() {
    let (mut server, mut desk) = world();
    desk.sync(&mut server);
    server.mail("ada@x.example", "Hello");
    let cursor = desk.core.cursor();
    let message =
        FromServer::Events { from: cursor + 1, to: server.head(), events: Vec::new(), visible_set: None };
    assert!(desk.core.received(message, at(0)).is_err());
    assert_eq!(desk.core.cursor(), cursor);
    desk.cut();
    desk.sync(&mut server);
    desk.same_as(&server);
}

#[test]
fn another_agent_on_this_desk_sees_their_own_and_sends_nothing_of_mine() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.cut();
    desk.submit(note(conversation, 501, "Alice's"));
    desk.sign_in(&server, paper::BOB);
    assert_eq!(desk.core.cursor(), 0);
    desk.sync(&mut server);
    assert!(server.journal().iter().all(|e| e.command.is_none()));
    desk.sign_in(&server, ALICE);
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Hello", "Alice's"]);
}

#[test]
fn a_call_is_logged_for_someone_nobody_knew() {
    use evendesk_domain::channel::{Identity, IdentityKind};
    use evendesk_domain::command::CallDraft;
    use evendesk_domain::event::{Call, CallDirection, CallOutcome};
    let (mut server, mut desk) = world();
    desk.sync(&mut server);
    desk.cut();
    let conversation = ConversationId(paper::id(900));
    let number = Identity::new(IdentityKind::Phone, "+44 20 7946 0018", None).unwrap();
    let call = Call {
        direction: CallDirection::Inbound,
        outcome: CallOutcome::Answered,
        number: Some(number),
        started_at: at(-60),
        answered_at: at(-50),
        ended_at: at(-10),
        note: "wants a call back".into(),
        follow_up: true,
        entered_by_hand: false,
    };
    desk.submit(CommandBody::LogCall(CallDraft {
        message: MessageId(paper::id(901)),
        call,
        conversation,
        opens: true,
        customer: evendesk_domain::id::CustomerId(paper::id(902)),
        opens_customer: true,
        name: "Grace".into(),
        team: Some(TEAM),
    }));
    let entries = desk.page(conversation).entries;
    assert!(entries.iter().any(|e| e.pending && matches!(&e.kind, EntryKind::Call { .. })), "{entries:?}");
    desk.sync(&mut server);
    assert!(desk.page(conversation).entries.iter().all(|e| !e.pending));
    desk.same_as(&server);
}

#[test]
fn the_desks_clock_may_be_wrong() {
    let (mut server, mut desk) = world();
    server.now = at(3600);
    desk.sync(&mut server);
    let connection = desk.connection();
    assert_eq!(connection.offset_ms, 3_600_000);
    assert!(connection.message.unwrap().contains("3600 s off"));
    assert_eq!(desk.reopened().core.offset_ms(), 3_600_000);
}

#[test]
fn a_silent_server_is_hung_up_on_and_a_silent_answer_is_asked_for_again() {
    use crate::core::Action;
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.submit(note(conversation, 501, "mine"));
    let pushed = desk.take_said();
    assert!(matches!(pushed[..], [FromDesk::Push(_)]));
    let mut said = Vec::new();
    for s in 1..=44 {
        said.extend(desk.core.tick(at(s)).unwrap());
    }
    let pushes = said.iter().filter(|a| matches!(a, Action::Send(FromDesk::Push(_)))).count();
    let pings = said.iter().filter(|a| matches!(a, Action::Send(FromDesk::Ping))).count();
    assert_eq!((pushes, pings), (1, 3));
    assert_eq!(desk.core.tick(at(45)).unwrap(), [Action::HangUp { after_s: None }]);
    assert_eq!(server.hear(ALICE, &pushed[0]), server.hear(ALICE, &pushed[0]));
}

#[test]
fn a_command_held_for_want_of_the_one_before_goes_out_after_it() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let first = desk.submit(note(conversation, 501, "one"));
    let second = desk.submit(note(conversation, 502, "two"));
    let pushes = desk.take_said();
    // The second overtakes the first on the way.
    for outcome in server.hear(ALICE, &pushes[1]) {
        assert!(matches!(outcome, FromServer::Outcome { outcome: Outcome::Held, .. }));
        desk.hears(outcome);
    }
    assert!(desk.take_said().is_empty());
    for outcome in server.hear(ALICE, &pushes[0]) {
        desk.hears(outcome);
    }
    desk.sync(&mut server);
    let order: Vec<CommandId> = server.journal().iter().filter_map(|e| e.command).collect();
    assert_eq!(order, [first, second]);
    assert!(desk.states().is_empty());
}

#[test]
fn a_clock_set_back_does_not_keep_a_dead_connection_for_alive() {
    use crate::core::Action;
    let (mut server, mut desk) = world();
    desk.connects(&mut server);
    // Set back by two hours, and the line is dead.
    let back = -7200;
    assert_eq!(desk.core.tick(at(back)).unwrap(), [Action::Send(FromDesk::Ping)]);
    assert_eq!(desk.core.tick(at(back + 45)).unwrap(), [Action::HangUp { after_s: None }]);
}
