//! Stories of one real server and the desks around it.

use std::time::Duration;

use evendesk_desk::view::{ConnectionState, OutgoingState};
use evendesk_domain::command::CommandBody;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::CommandId;
use evendesk_domain::settings::Role;
use evendesk_domain::stream::Actor;
use evendesk_testkit::world::{Seat, World, note, until};

const A_SECOND: Duration = Duration::from_secs(1);

fn settled(seat: &Seat) -> bool {
    let connection = seat.desk.connection();
    connection.state == ConnectionState::InSync && connection.pending == 0
}

fn in_good_health(seat: &Seat) {
    let health = seat.desk.doctor().unwrap();
    assert!(health.is_good() && health.streams > 0, "{health:?}");
}

#[test]
fn what_one_desk_does_the_other_shows_within_a_second() {
    let world = World::new();
    let (alice, bob) = (world.seat("Alice", Role::Agent), world.seat("Bob", Role::Agent));
    let (conversation, said) = world.writes("ada@customer.example", "Where is my parcel?");
    for seat in [&alice, &bob] {
        let took = until("the question is there", || seat.texts(conversation).len() == 1);
        assert!(took < A_SECOND, "{took:?}");
    }
    alice.desk.submit(world.reply(conversation, said, "On its way.")).unwrap();
    assert_eq!(alice.texts(conversation)[1].trim_end_matches(" …"), "On its way.");
    let took = until("Bob sees the answer", || bob.texts(conversation).len() == 2);
    assert!(took < A_SECOND, "{took:?}");

    // Bob had typed before he saw it: his answer comes back for a second look.
    let late = bob.desk.submit(world.reply(conversation, said, "No idea.")).unwrap().command;
    until("Bob's answer comes back", || bob.desk.connection().attention == 1);
    let outgoing = bob.desk.outgoing().unwrap();
    assert_eq!((outgoing[0].command, outgoing[0].state), (late, OutgoingState::LookAgain));
    assert_eq!(outgoing[0].text, "No idea.");
    bob.desk.outgoing_edit(late).unwrap();
    assert_eq!(bob.desk.draft_get(conversation).unwrap().as_deref(), Some("No idea."));

    for seat in [&alice, &bob] {
        until("all is settled", || settled(seat));
        assert_eq!(seat.dump(conversation), world.dump(conversation));
        in_good_health(seat);
    }
}

#[test]
fn what_is_done_while_the_server_is_gone_is_decided_once_when_it_is_back() {
    let mut world = World::new();
    let mut alice = world.seat("Alice", Role::Agent);
    let (one, said) = world.writes("ada@customer.example", "Where is my parcel?");
    let (two, _) = world.writes("bo@customer.example", "And mine?");
    until("both are there", || alice.texts(one).len() + alice.texts(two).len() == 2);
    world.stop();
    until("the desk has noticed", || alice.desk.connection().state == ConnectionState::Offline);

    let bodies = [
        world.reply(one, said, "On its way."),
        note(one, "called the depot"),
        note(two, "asked the depot"),
        CommandBody::Resolve { conversation: one },
    ];
    let mut commands: Vec<CommandId> = Vec::new();
    for body in bodies {
        commands.push(alice.desk.submit(body).unwrap().command);
    }
    assert_eq!(alice.texts(one), ["Where is my parcel?", "On its way. …", "called the depot …"]);
    alice = alice.reopened();
    assert_eq!(alice.texts(one), ["Where is my parcel?", "On its way. …", "called the depot …"]);
    assert_eq!(alice.desk.connection().pending, 4);

    world.start();
    until("everything is settled", || settled(&alice));
    for command in &commands {
        assert_eq!(world.events_of(*command).len(), 1, "{command}");
    }
    let mut order: Vec<CommandId> = world.journal().iter().filter_map(|e| e.command).collect();
    order.retain(|c| commands.contains(c));
    assert_eq!(order, commands);
    assert_eq!(alice.texts(one), ["Where is my parcel?", "On its way.", "called the depot"]);
    assert_eq!(alice.dump(one), world.dump(one));
    in_good_health(&alice);
}

#[test]
fn unsigned_feedback_leaves_by_itself_and_names_nobody() {
    let mut world = World::new();
    let alice = world.seat("Alice", Role::Agent);
    let heard = |text: &str| {
        let source = FeedbackSource { title: "A blog".into(), address: "https://blog.example/rant".into() };
        alice.desk.log_feedback(text.into(), FeedbackKind::Complaint, source, false).unwrap().id
    };
    until("the desk is in sync", || settled(&alice));
    world.stop();
    let kept = heard("the parcels are late");
    let regretted = heard("never mind");
    // Gone before it has left, as far as anyone else is concerned; or told to the server once it is back.
    alice.desk.undo_feedback(regretted).unwrap();
    world.start();
    until("it is in the list", || alice.desk.feedback(0, 10).unwrap().rows.iter().any(|r| r.id == kept));

    let undone = heard("a slip of the finger");
    until("it has left too", || alice.desk.feedback(0, 10).unwrap().rows.iter().any(|r| r.id == undone));
    alice.desk.undo_feedback(undone).unwrap();
    until("it is withdrawn", || world.journal().iter().filter(|e| e.stream == undone.into()).count() == 2);
    let about = |id: evendesk_domain::id::FeedbackId| {
        world.journal().into_iter().filter(|e| e.stream == id.into()).collect::<Vec<_>>()
    };
    assert!(about(regretted).is_empty());
    for event in about(kept).iter().chain(&about(undone)) {
        assert_eq!((event.by, event.command), (Actor::Nobody, None));
        let text = serde_json::to_string(event).unwrap();
        assert!(!text.contains(&alice.user.to_string()) && !text.contains("Alice"), "{text}");
    }
}

#[test]
fn a_token_that_is_not_valid_any_more_asks_for_a_new_sign_in_and_loses_nothing() {
    let world = World::new();
    let alice = world.seat("Alice", Role::Agent);
    let (conversation, _) = world.writes("ada@customer.example", "Where is my parcel?");
    until("it is there", || alice.texts(conversation).len() == 1);
    let refusal = alice.desk.sign_in(&world.url(), "alice", "wrong horse").unwrap_err();
    assert_eq!(refusal.code(), evendesk_desk::Code::SignInAgain);
    assert!(
        alice
            .desk
            .sign_in("http://desk.example.com", "alice", "any")
            .unwrap_err()
            .to_string()
            .contains("https")
    );
    alice.desk.resume("not a token").unwrap();
    until("it asks", || alice.desk.connection().state == ConnectionState::SignInAgain);
    alice.desk.submit(note(conversation, "kept")).unwrap();
    assert_eq!(alice.texts(conversation), ["Where is my parcel?", "kept …"]);
    alice.desk.sign_in(&world.url(), "alice", "correct horse battery").unwrap();
    until("all is settled", || settled(&alice));
    assert_eq!(alice.texts(conversation), ["Where is my parcel?", "kept"]);

    alice.desk.sign_out().unwrap();
    assert!(alice.desk.queue(&evendesk_replica::Place::DueNext, 0, 10).is_err());
    assert!(alice.texts(conversation).is_empty());
}
