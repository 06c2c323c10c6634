//! A snapshot in parts, and the tail over it, give what folding from the beginning gives: for random
//! histories, with moves, merges and late words between the parts, and killed at every boundary.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use evendesk_domain::clock::Priority;
use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_protocol::http::OTHER_ROWS;
use evendesk_protocol::{FromDesk, FromServer};
use evendesk_replica::snapshot::Begin;

use super::crash::{copied_at_every_boundary, copy};
use super::files::anywhere;
use super::note;
use super::paper::{ALICE, BOB, OTHER_TEAM, Paper, TEAM, id};
use super::wires::{Desk, at, world};
use crate::error::Error;
use crate::part_file::PartFile;
use crate::view::Stage;

/// A word that stands in everything said to the other team.
const SECRET: &str = "zanzibar";

/// The same seed, the same history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// Some things happen, of every kind that moves streams about.
fn happen(server: &mut Paper, dice: &mut Dice, known: &mut Vec<ConversationId>, times: usize) {
    for _ in 0..times {
        let from = format!("c{}@x.example", dice.below(12));
        let pick = |dice: &mut Dice| known.get(dice.below(known.len().max(1))).copied();
        let conversation = pick(dice);
        let message = MessageId(server.fresh());
        let body = match (dice.below(9), conversation) {
            (0 | 1, _) | (_, None) => {
                let (conversation, _) = server.mail(&from, "Where is it?");
                if !known.contains(&conversation) {
                    known.push(conversation);
                }
                continue;
            }
            (2, Some(conversation)) => CommandBody::Resolve { conversation },
            (3, Some(conversation)) => CommandBody::SetTeam { conversation, team: OTHER_TEAM },
            (4, Some(conversation)) => CommandBody::SetTeam { conversation, team: TEAM },
            (5, Some(conversation)) => CommandBody::SetPriority { conversation, priority: Priority::High },
            (6, Some(conversation)) => {
                let Some((message, to)) = server.last_message(conversation) else { continue };
                known.push(to);
                CommandBody::MoveMessage { conversation, message, to }
            }
            (_, Some(conversation)) => CommandBody::Note { conversation, message, text: "a word".into() },
        };
        server.overseer(body);
    }
}

#[test]
fn a_snapshot_and_the_tail_give_what_folding_from_the_beginning_gives() {
    for seed in 1..=20 {
        let mut dice = Dice(seed);
        let (mut server, mut desk) = world();
        let mut known = Vec::new();
        happen(&mut server, &mut dice, &mut known, 60);
        server.in_parts_of(1 + dice.below(5));
        desk.begins(&mut server);
        // Between any two steps more happens.
        while desk.step(&mut server) {
            let times = dice.below(4);
            happen(&mut server, &mut dice, &mut known, times);
        }
        desk.sync(&mut server);
        assert_eq!(desk.connection().progress.map(|p| p.stage), Some(Stage::SearchIndex), "seed {seed}");
        while desk.core.index_some().unwrap() {}
        assert_eq!(desk.connection().progress, None);
        desk.same_as(&server);
    }
}

#[test]
fn with_the_first_part_a_desk_can_be_worked_with() {
    let (mut server, mut desk) = world();
    let (open, said) = server.mail("ada@x.example", "Where is it?");
    let (done, _) = server.mail("bo@x.example", "All is well");
    server.colleague(CommandBody::Resolve { conversation: done });
    server.in_parts_of(1);
    desk.begins(&mut server);
    assert_eq!(desk.connection().progress.unwrap().stage, Stage::Open);
    assert!(desk.step(&mut server));
    assert_eq!(desk.texts(open), ["Where is it?"]);
    assert!(desk.conversation(done).is_none());
    // What comes to a stream that is not here waits for it, and what is done here goes out.
    server.mail("bo@x.example", "Not quite");
    desk.submit(super::reply(open, MessageId(id(500)), "Tomorrow.", Some(said)));
    assert!(desk.step(&mut server));
    assert_eq!(desk.connection().progress.unwrap().stage, Stage::History);
    while desk.step(&mut server) {}
    desk.sync(&mut server);
    while desk.core.index_some().unwrap() {}
    assert_eq!(desk.texts(open), ["Where is it?", "Tomorrow."]);
    desk.same_as(&server);
}

#[test]
fn search_says_that_it_is_incomplete_until_every_word_is_indexed() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "A quokka, please");
    server.in_parts_of(2);
    desk.begins(&mut server);
    while desk.step(&mut server) {}
    desk.sync(&mut server);
    let search = |desk: &Desk| desk.core.readers().get().unwrap().search("quokka", 0, 10).unwrap();
    assert!(search(&desk).incomplete && search(&desk).hits.is_empty());
    assert!(!desk.core.examine().unwrap().search_index_is_whole);
    while desk.core.index_some().unwrap() {}
    let found = search(&desk);
    assert!(!found.incomplete && found.hits[0].conversation == conversation);
    assert!(desk.core.examine().unwrap().is_good());
}

#[test]
fn killed_anywhere_a_desk_goes_on_from_the_part_it_had() {
    let copies = tempfile::tempdir().unwrap();
    let (mut server, mut desk) = world();
    let mut known = Vec::new();
    happen(&mut server, &mut Dice(7), &mut known, 40);
    server.in_parts_of(4);
    let found = copied_at_every_boundary(&mut desk, copies.path());
    desk.begins(&mut server);
    while desk.step(&mut server) {}
    let found = found.lock().unwrap();
    let names: BTreeSet<&str> = found.iter().map(|(name, _)| *name).collect();
    assert!(names.contains("part fetched") && names.contains("part installed"), "{names:?}");
    let mut asked_from_the_start = 0;
    for (step, (name, path)) in found.iter().enumerate() {
        let temp = tempfile::tempdir().unwrap();
        copy(path, temp.path());
        let mut again = Desk::open(Arc::new(temp), 5000 + 100 * step as u128);
        again.begins(&mut server);
        asked_from_the_start += usize::from(again.wants().is_some_and(|w| w.begin == Begin::Start));
        while again.step(&mut server) {}
        again.sync(&mut server);
        while again.core.index_some().unwrap() {}
        again.same_as(&server);
        assert!(again.states().is_empty(), "{step} {name}");
    }
    assert!(asked_from_the_start < found.len() / 2, "{asked_from_the_start} of {}", found.len());
}

#[test]
fn no_part_holds_a_word_that_its_reader_may_not_see() {
    let (mut server, _) = world();
    for n in 0..6 {
        let (conversation, _) = server.mail(&format!("c{n}@x.example"), SECRET);
        server.colleague(note(conversation, 600 + n, SECRET));
        server.colleague(CommandBody::SetTeam { conversation, team: OTHER_TEAM });
    }
    server.mail("ada@x.example", "an open word");
    server.in_parts_of(2);
    let temp = tempfile::tempdir().unwrap();
    let (mut begin, mut parts) = (Begin::Start, 0);
    loop {
        let file = temp.path().join(parts.to_string());
        let stamp = server.write_part(ALICE, begin, &file);
        let bytes = fs::read(&file).unwrap();
        let holds = |word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(!holds(SECRET), "part {parts}");
        assert_eq!(holds("an open word"), parts == 0 || holds("Help"), "part {parts}");
        parts += 1;
        begin = match (begin, stamp.through) {
            (Begin::Start, _) => Begin::History(None),
            (_, Some(turn)) => Begin::History(Some(turn)),
            (_, None) => break,
        };
    }
    assert!(parts > 3, "{parts}");
}

/// A new desk that has what is open, and is about to ask for the part with the one matter that is done.
fn about_to_fetch_what_is_done(said: &str) -> (Paper, Desk, ConversationId) {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", said);
    server.colleague(CommandBody::Resolve { conversation });
    server.in_parts_of(100);
    desk.begins(&mut server);
    desk.step(&mut server);
    desk.until_wanting(&mut server);
    (server, desk, conversation)
}

#[test]
fn a_part_that_was_on_its_way_while_something_was_withdrawn_is_thrown_away() {
    let (mut server, mut desk, conversation) = about_to_fetch_what_is_done(SECRET);
    let wanted = desk.wants().unwrap().clone();
    let file = desk.path().join("on-its-way");
    server.write_part(ALICE, wanted.begin, &file);
    server.colleague(CommandBody::SetTeam { conversation, team: OTHER_TEAM });
    let told = server.tail(ALICE, 10);
    assert!(matches!(told[0], FromServer::Forget { .. }));
    for message in told {
        desk.hears(message);
    }
    desk.core.part_fetched(wanted.number, PartFile::at(file.clone()), at(0)).unwrap();
    assert!(!file.exists() && desk.conversation(conversation).is_none());
    assert!(desk.wants().is_some_and(|w| w.since > wanted.since));
    while desk.step(&mut server) {}
    desk.sync(&mut server);
    while desk.core.index_some().unwrap() {}
    desk.same_as(&server);
}

#[test]
fn a_part_that_is_not_whole_or_not_ours_is_refused_and_nothing_is_lost() {
    let (mut server, mut desk) = world();
    server.mail("ada@x.example", "Hello");
    server.in_parts_of(100);
    desk.begins(&mut server);
    let whole = desk.path().join("whole");
    server.write_part(ALICE, Begin::Start, &whole);
    let bad: [fn(&Path); 5] = [
        |file| fs::write(file, "not a database").unwrap(),
        |file| fs::write(file, "").unwrap(),
        |file| change(file, "DELETE FROM stamp"),
        |file| change(file, "UPDATE stamp SET read_model = 'another'"),
        |file| change(file, "CREATE VIEW evil AS SELECT 1"),
    ];
    for (n, spoil) in bad.into_iter().enumerate() {
        let wanted = desk.wants().unwrap().clone();
        let file = desk.path().join(format!("spoilt-{n}"));
        fs::copy(&whole, &file).unwrap();
        spoil(&file);
        desk.core.part_fetched(wanted.number, PartFile::at(file.clone()), at(0)).unwrap();
        assert!(!file.exists() && desk.core.cursor() == 0, "{n}");
        desk.ticks(at(10 + i64::try_from(n).unwrap() * 5));
        assert!(desk.wants().unwrap().number > wanted.number, "{n}");
        desk.core.received(FromServer::Pong { server_time: at(0) }, at(10)).unwrap();
    }
    while desk.step(&mut server) {}
    desk.sync(&mut server);
    while desk.core.index_some().unwrap() {}
    desk.same_as(&server);
}

fn change(file: &Path, sql: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_server_that_keeps_its_rows_in_another_way_by_now_sends_events_from_the_beginning() {
    let (mut server, mut desk) = world();
    server.mail("ada@x.example", "Hello");
    server.in_parts_of(1);
    desk.begins(&mut server);
    desk.step(&mut server);
    desk.until_wanting(&mut server);
    let number = desk.wants().unwrap().number;
    let refusal = Error::Answered { code: OTHER_ROWS.into(), sentence: "It was upgraded.".into() };
    desk.core.part_failed(number, &refusal, at(0)).unwrap();
    assert_eq!(desk.core.cursor(), 0);
    server.in_events();
    desk.sync(&mut server);
    desk.same_as(&server);
}

#[test]
fn a_part_ahead_of_the_cursor_waits_for_it() {
    let (mut server, mut desk, conversation) = about_to_fetch_what_is_done("Hello");
    let wanted = desk.wants().unwrap().clone();
    server.colleague(note(conversation, 601, "and one more"));
    let file = desk.path().join("ahead");
    server.write_part(ALICE, wanted.begin, &file);
    let actions = desk.core.part_fetched(wanted.number, PartFile::at(file.clone()), at(0)).unwrap();
    assert_eq!(actions, [crate::core::Action::Send(FromDesk::Ping)]);
    assert!(file.exists() && desk.conversation(conversation).is_none());
    for message in server.tail(ALICE, 10) {
        desk.hears(message);
    }
    assert!(!file.exists());
    assert_eq!(desk.texts(conversation), ["Hello", "and one more"]);
}

#[test]
fn a_part_that_this_computer_has_no_room_for_is_told_of_until_there_is_room() {
    let (mut server, mut desk) = world();
    server.mail("ada@x.example", "Hello");
    server.in_parts_of(1);
    desk.begins(&mut server);
    desk.step(&mut server);
    desk.until_wanting(&mut server);
    let number = desk.wants().unwrap().number;
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let full = Error::File { path: desk.path().join("part"), source: full };
    desk.core.part_failed(number, &full, at(0)).unwrap();
    let message = desk.connection().message.unwrap();
    assert!(message.contains("disk is full") && message.contains("Free some space"), "{message}");
    desk.ticks(at(5));
    assert_eq!(desk.connection().message, Some(message), "while it is tried again");
    while desk.step(&mut server) {}
    assert_eq!(desk.connection().message, None);
    desk.sync(&mut server);
    while desk.core.index_some().unwrap() {}
    desk.same_as(&server);
}

#[test]
fn what_waits_for_its_part_goes_too_when_a_desk_begins_anew() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    server.colleague(CommandBody::Resolve { conversation });
    server.in_parts_of(1);
    desk.begins(&mut server);
    desk.step(&mut server);
    desk.until_wanting(&mut server);
    server.colleague(note(conversation, 601, SECRET));
    for message in server.tail(ALICE, 10) {
        desk.hears(message);
    }
    assert!(desk.conversation(conversation).is_none());
    assert!(anywhere(desk.path(), SECRET.as_bytes()), "it waits for its part");
    desk.sign_in(&server, BOB);
    assert!(!anywhere(desk.path(), SECRET.as_bytes()));
}
