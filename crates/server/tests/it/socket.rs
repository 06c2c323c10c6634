//! The socket with real clients: what one does the others see, and nobody sees what they may not.

use std::collections::BTreeSet;

use evendesk_domain::command::{Command, CommandBody, SystemCommand};
use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, ConversationId, CustomerId, MessageId, TeamId, UserId, WorkspaceId};
use evendesk_domain::permission::{Agent, visible_set};
use evendesk_domain::settings::Role;
use evendesk_domain::stream::{Actor, Recorded, StreamId, StreamKind};
use evendesk_protocol::{Class, FromDesk, FromServer, Mode, NEWEST, OLDEST, Outcome, Side, Upgrade};
use evendesk_server::writer::Work;
use uuid::Uuid;

use crate::office::{Desk, Left, Office, inbound, note, operate, settle, user};

fn events(heard: &[FromServer]) -> Vec<Recorded> {
    let of = |message: &FromServer| match message {
        FromServer::Events { events, .. } => events.clone(),
        _ => Vec::new(),
    };
    heard.iter().flat_map(of).collect()
}

fn holds(heard: &[FromServer], stream: impl Into<StreamId>) -> bool {
    let stream = stream.into();
    events(heard).iter().any(|e| e.stream == stream)
}

fn agent(role: Role, teams: Vec<TeamId>) -> Agent {
    Agent { user: UserId(Uuid::nil()), name: String::new(), role, teams }
}

#[tokio::test]
async fn what_one_desk_does_the_other_sees_and_the_outcome_comes_back() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("cid@customer.example", "hello").await;
    let mut ada = office.desk("ada").await;
    let mut sue = office.desk("sue").await;
    let head = office.app().journal.head().unwrap();
    assert!(holds(&ada.hear_to(head).await, conversation));
    assert!(holds(&sue.hear_to(head).await, conversation));

    let id = CommandId(Uuid::now_v7());
    ada.push(Command { id, depends_on: None, body: note(conversation, "called back") }).await;
    let outcome = ada.outcome(id).await;
    assert!(matches!(outcome, Outcome::Accepted { seq } if seq > head), "{outcome:?}");
    let seen = events(&sue.hear_to(head + 1).await);
    assert!(
        matches!(&seen[..], [e] if matches!(&e.event, Event::NoteAdded { text, .. } if text == "called back"))
    );
    assert_eq!(seen[0].command, Some(id));
}

#[tokio::test]
async fn a_desk_comes_back_with_its_cursor_and_misses_nothing() {
    let office = Office::open().await;
    let token = office.sign_in("ada").await.token;
    let mut desk = Desk::connect(office.running.addr(), &token, None).await;
    let head = office.app().journal.head().unwrap();
    desk.hear_to(head).await;
    let left = desk.leave();

    let (conversation, _) = office.mail("cid@customer.example", "while you were out").await;
    let mut desk = Desk::connect(office.running.addr(), &token, Some(&left)).await;
    assert_eq!(desk.mode(), Mode::Tail);
    let heard = desk.hear_to(office.app().journal.head().unwrap()).await;
    assert!(holds(&heard, conversation));
    assert!(events(&heard).iter().all(|e| e.seq > left.cursor));
}

#[tokio::test]
async fn each_hello_is_told_how_to_go_on() {
    let office = Office::open().await;
    let token = office.sign_in("ada").await.token;
    let mut desk = Desk::connect(office.running.addr(), &token, None).await;
    desk.hear_to(office.app().journal.head().unwrap()).await;
    let left = desk.leave();
    let other = Uuid::from_u128(1);
    for (left, mode) in [
        (left.clone(), Mode::Tail),
        (Left { incarnation: other, ..left.clone() }, Mode::NewIncarnation),
        (Left { workspace: WorkspaceId(other), ..left.clone() }, Mode::Afresh),
        (Left { visible_set: "by other rules".into(), ..left.clone() }, Mode::Afresh),
    ] {
        assert_eq!(Desk::connect(office.running.addr(), &token, Some(&left)).await.mode(), mode);
    }
}

#[tokio::test]
async fn a_desk_too_old_or_too_new_is_told_which_side_is_to_be_upgraded() {
    let office = Office::open().await;
    let token = office.sign_in("ada").await.token;
    for (protocol, expected) in [(OLDEST - 1, Side::Desk), (NEWEST + 1, Side::Server)] {
        let desk = Desk::connect_speaking(office.running.addr(), &token, None, protocol).await;
        let FromServer::Welcome { mode: Mode::Upgrade, upgrade: Some(Upgrade { side, .. }), .. } =
            desk.welcome
        else {
            panic!("{:?}", desk.welcome)
        };
        assert_eq!(side, expected);
    }
}

#[tokio::test]
async fn a_command_that_the_server_does_not_know_is_set_aside_and_stops_nothing() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("cid@customer.example", "hello").await;
    let mut ada = office.desk("ada").await;
    let (later, id) = (CommandId(Uuid::now_v7()), CommandId(Uuid::now_v7()));
    ada.say_text(r#"{"say":"sing","song":["la"]}"#).await;
    let push = format!(
        r#"{{"say":"push","command":{{"id":"{later}","depends_on":null,"body":{{"do":"levitate"}}}}}}"#
    );
    ada.say_text(&push).await;
    ada.push(Command { id, depends_on: None, body: note(conversation, "still heard") }).await;
    assert!(matches!(ada.outcome(later).await, Outcome::SetAside { .. }));
    assert!(matches!(ada.outcome(id).await, Outcome::Accepted { .. }));
}

#[tokio::test]
async fn an_agent_never_receives_what_another_team_works_on() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("cid@customer.example", "for support only").await;
    let mut bob = office.desk("bob").await;
    office.command(office.ada, note(conversation, "ours")).await;
    office.mail("dan@customer.example", "live, for support only").await;

    let head = office.app().journal.head().unwrap();
    let heard = bob.hear_to(head).await;
    assert!(!heard.is_empty());
    for event in events(&heard) {
        assert_ne!(event.stream.kind, StreamKind::Conversation, "{event:?}");
        assert_ne!(event.stream.kind, StreamKind::Account, "{event:?}");
    }
    assert!(!heard.iter().any(|m| matches!(m, FromServer::Grant { .. })));
}

#[tokio::test]
async fn a_conversation_that_changes_teams_is_granted_whole_to_one_and_forgotten_by_the_other() {
    let office = Office::open().await;
    let (conversation, message) = office.mail("cid@customer.example", "which team?").await;
    let (mut ada, mut bob) = (office.desk("ada").await, office.desk("bob").await);
    let head = office.app().journal.head().unwrap();
    ada.hear_to(head).await;
    bob.hear_to(head).await;

    let body = CommandBody::SetTeam { conversation, team: office.sales };
    assert!(matches!(office.command(office.ada, body).await, Outcome::Accepted { .. }));
    let head = office.app().journal.head().unwrap();
    let (told_ada, told_bob) = (ada.hear_to(head).await, bob.hear_to(head).await);
    let stream = StreamId::from(conversation);
    assert!(matches!(told_ada[0], FromServer::Forget { stream: s, .. } if s == stream), "{told_ada:?}");
    assert!(!holds(&told_ada, conversation));
    let FromServer::Grant { stream: s, events, .. } = &told_bob[0] else { panic!("{told_bob:?}") };
    assert_eq!(*s, stream);
    let has = |e: &Recorded| matches!(&e.event, Event::MessageReceived { message: m, .. } if *m == message);
    assert!(events.iter().any(has) && events.iter().all(|e| e.stream == stream));
}

#[tokio::test]
async fn a_directive_that_was_not_confirmed_comes_again() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("cid@customer.example", "which team?").await;
    let token = office.sign_in("bob").await.token;
    let mut bob = Desk::connect(office.running.addr(), &token, None).await;
    bob.hear_to(office.app().journal.head().unwrap()).await;
    let left = bob.leave();
    office.command(office.ada, CommandBody::SetTeam { conversation, team: office.sales }).await;

    for _ in 0..2 {
        // Hangs up without a word each time.
        let mut bob = Desk::connect(office.running.addr(), &token, Some(&left)).await;
        assert!(matches!(bob.hear().await, FromServer::Grant { .. }));
        assert_eq!(bob.cursor, left.cursor);
    }
}

#[tokio::test]
async fn joining_a_team_grants_what_it_has_and_who_left_one_while_away_begins_afresh() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("cid@customer.example", "hello").await;
    let token = office.sign_in("bob").await.token;
    let mut bob = Desk::connect(office.running.addr(), &token, None).await;
    bob.hear_to(office.app().journal.head().unwrap()).await;

    let both = vec![office.sales, office.support];
    operate(office.app(), user(office.bob, "bob", Role::Agent, both)).await;
    let heard = bob.hear_to(office.app().journal.head().unwrap()).await;
    let stream = StreamId::from(conversation);
    assert!(
        heard.iter().any(|m| matches!(m, FromServer::Grant { stream: s, .. } if *s == stream)),
        "{heard:?}"
    );

    let left = bob.leave();
    operate(office.app(), user(office.bob, "bob", Role::Agent, vec![office.sales])).await;
    // Not even a move in the same absence leaves anything behind.
    office.command(office.ada, CommandBody::SetTeam { conversation, team: office.sales }).await;
    office.command(office.sue, CommandBody::SetTeam { conversation, team: office.support }).await;
    assert_eq!(left.visible_set, visible_set(&agent(Role::Agent, vec![office.sales, office.support])));
    let mut bob = Desk::connect(office.running.addr(), &token, Some(&left)).await;
    assert_eq!(bob.mode(), Mode::Afresh);
    let heard = bob.hear_to(office.app().journal.head().unwrap()).await;
    assert!(!holds(&heard, conversation), "{heard:?}");
    let told = office.command(office.bob, note(conversation, "still here?")).await;
    assert!(matches!(told, Outcome::Refused { .. }));
}

/// Thousands of conversations that one agent comes to see are no burden on the server, however slow the desk.
#[tokio::test]
async fn a_team_of_thousands_is_granted_a_few_conversations_at_a_time_and_whole() {
    const CONVERSATIONS: usize = 2_000;
    let office = Office::open().await;
    let receive = |n: usize| SystemCommand::Receive {
        message: MessageId(Uuid::now_v7()),
        customer: CustomerId(Uuid::now_v7()),
        conversation: ConversationId(Uuid::now_v7()),
        inbound: Box::new(inbound(&format!("c{n}@customer.example"), "hello")),
    };
    for n in 0..CONVERSATIONS / 200 {
        let commands = (n * 200..(n + 1) * 200).map(receive).collect();
        settle(office.app(), Work::System { commands, by: Actor::System }).await;
    }
    let mut bob = office.desk("bob").await;
    bob.hear_to(office.app().journal.head().unwrap()).await;
    let both = vec![office.sales, office.support];
    operate(office.app(), user(office.bob, "bob", Role::Agent, both)).await;

    let mut granted = Vec::new();
    let mut confirms = Vec::new();
    let mut before = 0;
    while granted.is_empty() || granted.len() > before {
        before = granted.len();
        // Says nothing to what it is granted: before the answer to a ping comes all that is on its way.
        bob.say(&FromDesk::Ping).await;
        loop {
            match bob.overhear().await {
                FromServer::Grant { directive, stream, .. } => {
                    granted.push(stream);
                    confirms.push(directive);
                }
                FromServer::Pong { .. } => break,
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((1..=32).contains(&granted.len()), "{} on their way at once", granted.len());
    for directive in confirms {
        bob.say(&FromDesk::Confirm { directive }).await;
    }
    for heard in bob.hear_to(office.app().journal.head().unwrap()).await {
        if let FromServer::Grant { stream, .. } = heard {
            granted.push(stream);
        }
    }
    let once: BTreeSet<StreamId> = granted.iter().copied().collect();
    assert_eq!((granted.len(), once.len()), (CONVERSATIONS, CONVERSATIONS));
}

#[tokio::test]
async fn presence_reaches_those_who_may_see_the_conversation() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("cid@customer.example", "hello").await;
    let head = office.app().journal.head().unwrap();
    let (mut ada, mut sue, mut bob) =
        (office.desk("ada").await, office.desk("sue").await, office.desk("bob").await);
    sue.hear_to(head).await;
    bob.hear_to(head).await;
    // Asked and answered: both are listening by now.
    sue.say(&FromDesk::Ping).await;
    bob.say(&FromDesk::Ping).await;
    assert!(matches!(sue.hear().await, FromServer::Pong { .. }));
    assert!(matches!(bob.hear().await, FromServer::Pong { .. }));

    ada.say(&FromDesk::Presence { conversation: Some(conversation), writing: true }).await;
    let told = sue.hear().await;
    assert!(
        matches!(told, FromServer::Presence { user, writing: true, .. } if user == office.ada),
        "{told:?}"
    );
    bob.say(&FromDesk::Ping).await;
    assert!(matches!(bob.hear().await, FromServer::Pong { .. }));

    // Who goes elsewhere has left, and so has who hangs up.
    ada.say(&FromDesk::Presence { conversation: None, writing: false }).await;
    assert!(matches!(sue.hear().await, FromServer::Presence { left: true, writing: false, .. }));
    ada.say(&FromDesk::Presence { conversation: Some(conversation), writing: false }).await;
    assert!(matches!(sue.hear().await, FromServer::Presence { left: false, .. }));
    drop(ada);
    assert!(matches!(sue.hear().await, FromServer::Presence { left: true, .. }));
}

#[tokio::test]
async fn a_server_that_goes_down_says_so_first() {
    let office = Office::open().await;
    let mut ada = office.desk("ada").await;
    ada.hear_to(office.app().journal.head().unwrap()).await;
    let stopping = tokio::spawn(office.running.stop());
    assert!(matches!(ada.hear().await, FromServer::Bye { class: Class::Retry, .. }));
    stopping.await.unwrap();
}
