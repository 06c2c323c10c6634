//! Promise 4: no desk holds what its agent may not see. What is withdrawn or erased is gone from every
//! file of the desk, looked for byte by byte: cache, search index, logs, outbox, attachments.

use std::path::Path;

use evendesk_desk::view::ConnectionState;
use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::settings::Role;
use evendesk_replica::Elsewhere;
use evendesk_testkit::world::{Seat, World, note, until};

/// No word of the program's own; said by and about the customer.
const SECRET: &str = "xanthippe";
/// What is looked for of it: a search index keeps a word without what it shares with the one before it.
const TRACE: &str = "nthippe";

/// The files in a folder whose bytes hold the word, however it is written.
fn holders(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holders(&path, word));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn settled(seat: &Seat) -> bool {
    let connection = seat.desk.connection();
    connection.state == ConnectionState::InSync && connection.pending == 0
}

fn clean(seat: &Seat) {
    until("nothing of it is in the desk's files", || holders(seat.folder(), TRACE).is_empty());
    assert!(seat.desk.search(SECRET, 0, 10).unwrap().hits.is_empty());
    let health = seat.desk.doctor().unwrap();
    assert!(health.is_good(), "{:?}", health.differences);
}

/// What a customer said, read and searched for at a desk, with a file fetched.
fn heard(world: &World, seat: &Seat) -> ConversationId {
    let (conversation, _) = world.writes(
        &format!("{}@customer.example", seat.user),
        "my jug, says xanthippe, is cracked; xanthippe-jug",
    );
    until("it is there", || seat.texts(conversation).len() == 1);
    assert!(!seat.desk.search(SECRET, 0, 10).unwrap().hits.is_empty());
    let attachments = seat.folder().join("files").join(conversation.to_string());
    std::fs::create_dir_all(&attachments).unwrap();
    std::fs::write(attachments.join("letter.txt"), "xanthippe").unwrap();
    assert!(!holders(seat.folder(), TRACE).is_empty());
    conversation
}

#[test]
fn what_moves_to_another_team_leaves_an_open_desk_at_once_and_comes_back_whole() {
    let world = World::new();
    let other = world.team("Returns");
    let seat = world.seat("Alice", Role::Agent);
    let conversation = heard(&world, &seat);
    let customer = seat.desk.conversation(conversation).unwrap().unwrap().customer;
    assert_eq!(seat.desk.elsewhere(customer).unwrap(), Elsewhere::default());
    world.operate(CommandBody::SetTeam { conversation, team: other });
    clean(&seat);
    // That there is something is told, as a number, when it is asked for.
    assert_eq!(seat.desk.elsewhere(customer).unwrap(), Elsewhere { open: 1, resolved: 0 });
    world.operate(CommandBody::SetTeam { conversation, team: world.team });
    until("it is back", || seat.texts(conversation).len() == 1);
    assert_eq!(seat.dump(conversation), world.dump(conversation));
}

#[test]
fn what_moves_away_while_a_desk_is_closed_leaves_it_at_its_next_hello() {
    let world = World::new();
    let other = world.team("Returns");
    let seat = world.seat("Alice", Role::Agent);
    let conversation = heard(&world, &seat);
    until("it is in sync", || settled(&seat));
    let closed = seat.close();
    world.operate(CommandBody::SetTeam { conversation, team: other });
    clean(&closed.open());
}

#[test]
fn who_leaves_a_team_loses_its_conversations_open_or_closed_and_gets_the_other_teams() {
    let world = World::new();
    let other = world.team("Returns");
    let open = world.seat("Alice", Role::Agent);
    let closed = world.seat("Bob", Role::Agent);
    let conversation = heard(&world, &open);
    let theirs = heard(&world, &closed);
    world.operate(CommandBody::SetTeam { conversation: theirs, team: other });
    until("both are in sync", || settled(&open) && settled(&closed));
    let closed = closed.close();
    world.promote(&open, Role::Agent, &[other]);
    world.promote_closed(closed.user, Role::Agent, &[other]);
    let reopened = closed.open();
    for seat in [&open, &reopened] {
        until("the other team's is there", || settled(seat) && seat.dump(theirs) == world.dump(theirs));
        until("their own is not", || seat.texts(conversation).is_empty());
    }
    world.promote(&open, Role::Agent, &[]);
    clean(&open);
}

#[test]
fn who_supervises_no_more_keeps_only_their_own_team() {
    let world = World::new();
    let other = world.team("Returns");
    let seat = world.seat("Sue", Role::Supervisor);
    let conversation = heard(&world, &seat);
    world.operate(CommandBody::SetTeam { conversation, team: other });
    until("she sees all teams", || settled(&seat) && seat.texts(conversation).len() == 1);
    world.promote(&seat, Role::Agent, &[world.team]);
    clean(&seat);
    let seat = {
        world.promote(&seat, Role::Supervisor, &[world.team]);
        until("she sees all again", || settled(&seat) && seat.texts(conversation).len() == 1);
        let closed = seat.close();
        world.promote_closed(closed.user, Role::Agent, &[world.team]);
        closed.open()
    };
    clean(&seat);
}

#[test]
fn what_an_agent_typed_about_a_withdrawn_conversation_is_theirs_until_they_deal_with_it() {
    let mut world = World::new();
    let other = world.team("Returns");
    let seat = world.seat("Alice", Role::Agent);
    let conversation = heard(&world, &seat);
    until("it is in sync", || settled(&seat));
    seat.desk.draft_put(conversation, "half a sentence of mine").unwrap();
    world.stop();
    until("the desk has noticed", || seat.desk.connection().state == ConnectionState::Offline);
    let typed = seat.desk.submit(note(conversation, "typed while away")).unwrap().command;
    let closed = seat.close();
    world.start();
    world.operate(CommandBody::SetTeam { conversation, team: other });
    let seat = closed.open();
    until("the server has refused it", || seat.desk.connection().attention == 1);
    clean(&seat);
    let outgoing = seat.desk.outgoing().unwrap();
    let kept = outgoing.iter().find(|o| o.command == typed).expect("it is shown");
    assert_eq!(kept.text, "typed while away");
    assert_eq!(seat.desk.draft_get(conversation).unwrap().as_deref(), Some("half a sentence of mine"));
}

/// The customer of a conversation, as a desk knows it.
fn customer_of(seat: &Seat, conversation: ConversationId) -> CustomerId {
    seat.desk.conversation(conversation).unwrap().expect("it is held").customer
}

#[test]
fn an_erased_customer_leaves_every_desk_open_closed_and_out_of_sight_and_all_outboxes() {
    let world = World::new();
    let other = world.team("Returns");
    let admin = world.seat("Ada", Role::Admin);
    let open = world.seat("Alice", Role::Agent);
    let offline = world.seat("Bob", Role::Agent);
    let (conversation, said) = world.writes("xanthippe@athens.example", "my jug, says xanthippe, is cracked");
    for seat in [&admin, &open, &offline] {
        until("it is there", || seat.texts(conversation).len() == 1);
    }
    open.desk.submit(world.reply(conversation, said, "Dear Xanthippe, send it back.")).unwrap();
    open.desk.submit(note(conversation, "xanthippe sounded cross")).unwrap();
    open.desk.draft_put(conversation, "dear xanthippe, about your ju").unwrap();
    for seat in [&admin, &open, &offline] {
        until("all is there", || settled(seat) && seat.texts(conversation).len() == 3);
    }
    let customer = customer_of(&admin, conversation);
    offline.desk.draft_put(conversation, "xanthippe should be told").unwrap();
    // Not in a team that sees it any more, with a draft that is still there.
    let hidden = world.seat("Carl", Role::Agent);
    until("it is there too", || hidden.texts(conversation).len() == 3);
    hidden.desk.draft_put(conversation, "xanthippe again").unwrap();
    world.promote(&hidden, Role::Agent, &[other]);
    until("it is out of sight", || hidden.texts(conversation).is_empty());
    // Typed while nobody could hear it.
    let closed = offline.close();
    let deaf = closed.open_deaf();
    deaf.desk.submit(note(conversation, "xanthippe called again")).unwrap();
    deaf.desk.submit(CommandBody::NameCustomer { customer, name: "Xanthippe".into() }).unwrap();
    let closed = deaf.close();

    let refused = open.desk.submit(CommandBody::EraseCustomer { customer });
    assert!(refused.is_err(), "only an admin erases");
    let before = world.dump(conversation).lines().count();
    admin.desk.submit(CommandBody::EraseCustomer { customer }).unwrap();
    for seat in [&admin, &open, &hidden] {
        until("it is settled", || settled(seat));
        clean(seat);
    }
    assert_eq!(open.texts(conversation), ["", "", ""]);
    assert_eq!(world.dump(conversation).lines().count(), before);
    assert_eq!(holders(&world.server_folder(), TRACE), Vec::<String>::new());
    assert!(open.desk.draft_put(conversation, "more of xanthippe").is_err());

    let offline = closed.open();
    clean(&offline);
    until("all of it was dealt with", || offline.desk.connection().pending == 0);
    let outgoing = offline.desk.outgoing().unwrap();
    assert_eq!(outgoing.len(), 2, "{outgoing:?}");
    assert!(outgoing.iter().all(|o| o.text.is_empty()), "{outgoing:?}");
    assert_eq!(offline.desk.draft_get(conversation).unwrap(), None);
    for seat in [&admin, &open, &offline] {
        assert_eq!(seat.dump(conversation), world.dump(conversation));
        assert_eq!(seat.dump(customer), world.dump(customer));
    }
}

#[test]
fn a_desk_that_begins_anew_from_a_snapshot_keeps_nothing_it_had_typed_about_who_was_erased() {
    let world = World::in_parts_of(3);
    let admin = world.seat("Ada", Role::Admin);
    let seat = world.seat("Alice", Role::Agent);
    let (conversation, _) = world.writes("xanthippe@athens.example", "my jug, says xanthippe, is cracked");
    until("it is there", || settled(&seat) && seat.texts(conversation).len() == 1);
    seat.desk.draft_put(conversation, "dear xanthippe").unwrap();
    let closed = seat.close();
    until("the admin has it", || settled(&admin) && admin.texts(conversation).len() == 1);
    let customer = customer_of(&admin, conversation);
    admin.desk.submit(CommandBody::EraseCustomer { customer }).unwrap();
    until("it is erased", || settled(&admin));
    // Its cache is lost meanwhile, as by damage: nobody tells it of what came before the snapshot.
    std::fs::remove_dir_all(closed.folder().join("cache")).unwrap();
    let seat = closed.open();
    until("it has begun anew", || settled(&seat) && seat.dump(conversation) == world.dump(conversation));
    clean(&seat);
    assert_eq!(seat.desk.draft_get(conversation).unwrap(), None);
}
