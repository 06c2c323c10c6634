//! How the desk takes what the server says of the connection itself: versions, classes, grants in parts.

use evendesk_domain::stream::Recorded;
use evendesk_protocol::{Class, FromDesk, FromServer, Mode, Outcome, Side, Upgrade};

use super::note;
use super::paper::ALICE;
use super::wires::{at, world};
use crate::outbox::commands::State;
use crate::view::ConnectionState;

pub fn grant(directive: u64, events: Vec<Recorded>, continued: bool, more: bool) -> FromServer {
    FromServer::Grant { directive, stream: events[0].stream, events, continued, more }
}

#[test]
fn a_stream_that_is_granted_in_parts_is_confirmed_with_the_last_and_begun_again_when_cut() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    server.colleague(note(conversation, 601, "first"));
    server.colleague(note(conversation, 602, "second"));
    desk.sync(&mut server);
    let events = server.stream(conversation.into());
    let (first, second) = events.split_at(2);
    for cut in [true, false] {
        assert_eq!(desk.hears(grant(1, first.to_vec(), false, true)), []);
        if cut {
            desk.cut();
            desk.connects(&mut server);
        }
    }
    assert_eq!(desk.hears(grant(1, second.to_vec(), true, false)), [FromDesk::Confirm { directive: 1 }]);
    assert_eq!(desk.texts(conversation), ["Hello", "first", "second"]);
    desk.same_as(&server);
    assert!(desk.core.received(grant(2, second.to_vec(), true, false), at(0)).is_err());
}

#[test]
fn a_desk_that_is_to_be_upgraded_loses_nothing_and_sends_what_it_has_afterwards() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.cut();
    desk.submit(note(conversation, 501, "mine"));
    for (pending, side) in (1..).zip([Some(Side::Desk), Some(Side::Server), None]) {
        let hello = desk.says_hello();
        let mut welcome = server.hear(ALICE, &hello).remove(0);
        if let FromServer::Welcome { mode, upgrade, .. } = &mut welcome {
            (*mode, *upgrade) = (Mode::Upgrade, side.map(Upgrade::of));
        }
        assert_eq!(desk.hears(welcome), []);
        let shown = desk.connection();
        assert_eq!((shown.state, shown.pending), (ConnectionState::Upgrade, pending));
        let who =
            if side == Some(Side::Desk) { "Upgrade it on this computer" } else { "Ask whoever runs it" };
        assert!(shown.message.unwrap().contains(who));
        desk.submit(note(conversation, 502, "more, meanwhile"));
        desk = desk.reopened();
    }
    assert_eq!(desk.states(), [State::Waiting; 4]);
    desk.sync(&mut server);
    assert_eq!(desk.connection().state, ConnectionState::InSync);
    desk.same_as(&server);
    assert_eq!(desk.texts(conversation)[1], "mine");
}

#[test]
fn what_the_server_cannot_read_waits_for_its_author_and_the_rest_goes_out() {
    let (mut server, mut desk) = world();
    let (one, _) = server.mail("ada@x.example", "One");
    let (two, _) = server.mail("bo@x.example", "Two");
    desk.sync(&mut server);
    let unread = desk.submit(note(one, 501, "of a kind to come"));
    desk.submit(note(one, 502, "after it"));
    desk.submit(note(two, 503, "elsewhere"));
    desk.take_said();
    let outcome = Outcome::SetAside { sentence: "The server does not know this yet.".into() };
    desk.hears(FromServer::Outcome { id: unread, outcome });
    assert_eq!(desk.states(), [State::SetAside, State::Held, State::Sent]);
    assert_eq!(desk.kept()[0].reason.as_deref(), Some("The server does not know this yet."));
    desk.sync(&mut server);
    assert_eq!(desk.texts(two), ["Two", "elsewhere"]);
    desk.confirm(unread);
    desk.sync(&mut server);
    assert_eq!(desk.texts(one), ["One", "of a kind to come", "after it"]);
}

#[test]
fn the_desk_does_what_the_class_of_a_good_bye_asks_for() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    for (class, state) in [
        (Class::Retry, ConnectionState::Offline),
        (Class::SignInAgain, ConnectionState::SignInAgain),
        (Class::Upgrade, ConnectionState::Upgrade),
        (Class::Resync, ConnectionState::Offline),
        (Class::Refused, ConnectionState::Offline),
        (Class::Bug, ConnectionState::Offline),
    ] {
        desk.sync(&mut server);
        desk.hears(FromServer::Bye { class, retry_after_s: 3, sentence: "So it is.".into() });
        desk.cut();
        let shown = desk.connection();
        assert_eq!(shown.state, state, "{class:?}");
        let says = !matches!(class, Class::Retry | Class::Resync);
        assert_eq!(shown.message.is_some(), says, "{class:?}");
        assert_eq!(desk.core.cursor() == 0, class == Class::Resync);
    }
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Hello"]);
    desk.same_as(&server);
}
