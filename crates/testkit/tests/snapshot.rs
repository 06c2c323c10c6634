//! A desk that begins at a real server with a snapshot, over HTTP, and goes on from where it was killed.

use evendesk_desk::view::ConnectionState;
use evendesk_domain::command::CommandBody;
use evendesk_domain::id::ConversationId;
use evendesk_domain::settings::Role;
use evendesk_testkit::world::{Seat, World, note, until};

fn complete(seat: &Seat) -> bool {
    let connection = seat.desk.connection();
    connection.state == ConnectionState::InSync && connection.progress.is_none()
}

/// So many matters, of which every third is still open.
fn company(world: &World, boss: &Seat, matters: usize) -> Vec<ConversationId> {
    let all: Vec<ConversationId> =
        (0..matters).map(|n| world.writes(&format!("c{n}@customer.example"), "Where is it?").0).collect();
    for (n, conversation) in all.iter().enumerate() {
        let conversation = *conversation;
        until("it is here", || boss.desk.conversation(conversation).unwrap().is_some());
        boss.desk.submit(note(conversation, "asked the depot")).unwrap();
        if n % 3 > 0 {
            boss.desk.submit(CommandBody::Resolve { conversation }).unwrap();
        }
    }
    until("all is settled", || boss.desk.connection().pending == 0 && complete(boss));
    all
}

#[test]
fn a_desk_that_begins_with_a_snapshot_has_what_the_server_has_and_goes_on_with_the_tail() {
    let world = World::in_parts_of(3);
    let boss = world.seat("Boss", Role::Supervisor);
    let all = company(&world, &boss, 9);
    let alice = world.seat("Alice", Role::Agent);
    until("Alice's desk is complete", || complete(&alice));
    for conversation in &all {
        assert_eq!(alice.dump(*conversation), world.dump(*conversation));
    }
    assert_eq!(alice.desk.search("depot ", 0, 50).unwrap().hits.len(), all.len());
    assert!(alice.desk.doctor().unwrap().is_good());
    let (later, _) = world.writes("later@customer.example", "And where is mine?");
    until("the tail goes on", || alice.dump(later) == world.dump(later));
    alice.desk.submit(note(all[0], "here I work")).unwrap();
    until("it is decided", || alice.desk.connection().pending == 0);
    assert_eq!(alice.texts(all[0]).last().unwrap(), "here I work");
}

#[test]
fn a_desk_killed_in_the_middle_and_a_server_restarted_go_on_to_the_same_end() {
    let mut world = World::in_parts_of(1);
    let boss = world.seat("Boss", Role::Supervisor);
    let all = company(&world, &boss, 8);
    let mut alice = world.seat("Alice", Role::Agent);
    for _ in 0..3 {
        alice = alice.reopened();
        world.stop();
        world.start();
        assert_eq!(world.parts(), 0, "what a stopped server had written is gone");
        alice.desk.reconnect();
    }
    until("Alice's desk is complete", || complete(&alice));
    for conversation in &all {
        assert_eq!(alice.dump(*conversation), world.dump(*conversation));
    }
    assert!(alice.desk.doctor().unwrap().is_good());
}
