//! Moving the journal, backing it up, bringing it back: while a server runs, and with what goes wrong.

use std::path::Path;

use evendesk_domain::command::{CommandBody, SystemCommand};
use evendesk_domain::decide::World as _;
use evendesk_domain::event::Event;
use evendesk_domain::id::TeamId;
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_journal::postgres::Address;
use evendesk_journal::whole::{Summary, Whole};
use evendesk_journal::{Journal, PostgresJournal, SqliteJournal};
use evendesk_server::backup::{back_up, restore};
use evendesk_server::blobs::Blobs;
use evendesk_server::generate::{Size, generate};
use evendesk_server::location::Location;
use evendesk_server::moving::{Place, move_journal};
use evendesk_server::store::Store;
use evendesk_server::writer::Work;
use evendesk_server::{Options, Server, doctor};
use evendesk_testkit::postgres::Postgres;

const SMALL: Size = Size { conversations: 40, messages: 200, seed: 7 };

fn at(s: i64) -> Timestamp {
    Timestamp::from_seconds(s)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn summary(journal: &dyn Whole) -> Summary {
    Summary::of(&mut *journal.snapshot().unwrap()).unwrap()
}

/// Everything is there as it was, and an event that says that it was brought back, at 3.
fn is_back(restored: &dyn Whole, lost: &dyn Whole, backup_made_at: Timestamp) {
    let mut events = restored.read(0, 10_000).unwrap();
    let last = events.pop().unwrap();
    assert_eq!((last.at, last.event), (at(3), Event::WorkspaceRestored { backup_made_at }));
    assert_eq!(events, lost.read(0, 10_000).unwrap());
    let others = |of: &dyn Whole| summary(of).counts.into_iter().filter(|(name, _)| *name != "event");
    assert!(others(restored).eq(others(lost)));
}

fn file(data: &Path) -> SqliteJournal {
    SqliteJournal::open(&data.join("journal.db")).unwrap()
}

#[tokio::test]
async fn a_journal_moves_to_postgresql_and_back_and_is_served_only_where_it_is() {
    let server = Postgres::start();
    let url = server.database("desk");
    let dir = tempfile::tempdir().unwrap();
    let (first, last) = (dir.path().join("first"), dir.path().join("last"));
    generate(&first, &SMALL).unwrap();
    let before = file(&first).workspace().unwrap().unwrap();

    let secret = url.replace("postgres@", "postgres:hush@");
    let moved = move_journal(&Place::parse(&text(&first)).unwrap(), &Place::parse(&secret).unwrap()).unwrap();
    assert_eq!(moved.summary.events(), before.head);
    let refused = Store::open(&Location::new(&first)).unwrap().into_scribe().err().unwrap().to_string();
    assert!(refused.contains(&url.replace("postgres@", "")) && !refused.contains("hush"), "{refused}");

    let shared = Location {
        data: dir.path().join("node"),
        journal: Some(url.clone()),
        blobs: Some(text(&first.join("blobs"))),
    };
    let report = doctor::examine(&shared).await.unwrap();
    assert_eq!((report.events, report.differences), (before.head, vec![]));

    let back = move_journal(&Place::parse(&url).unwrap(), &Place::parse(&text(&last)).unwrap()).unwrap();
    let there = PostgresJournal::open(&Address::parse(&url).unwrap()).unwrap();
    assert!(there.join().unwrap_err().to_string().contains("was moved to"));
    let after = file(&last).workspace().unwrap().unwrap();
    assert_eq!((after.incarnation, after.head), (before.incarnation, before.head));
    assert_eq!(summary(&file(&last)), back.summary);
}

#[tokio::test]
async fn a_move_fences_the_server_that_runs_and_overwrites_no_workspace() {
    let dir = tempfile::tempdir().unwrap();
    let (first, other) = (dir.path().join("first"), dir.path().join("other"));
    let running = Server::start(Options::new(&first)).await.unwrap();
    generate(&other, &SMALL).unwrap();
    let place = |path: &Path| Place::parse(&text(path)).unwrap();

    let refused = move_journal(&place(&first), &place(&other)).unwrap_err();
    assert!(refused.to_string().contains("holds a workspace already"), "{refused}");
    assert!(Server::start(Options::new(&other)).await.is_ok());
    assert!(move_journal(&place(&first), &place(&first)).is_err());
    assert!(move_journal(&place(&dir.path().join("nowhere")), &place(&first)).is_err());
    let ask = || Work::System { commands: Vec::<SystemCommand>::new(), by: Actor::System };
    assert!(running.app().writer.settle(ask()).await.is_ok(), "what was refused fences nobody");

    move_journal(&place(&first), &place(&dir.path().join("new"))).unwrap();
    let body = CommandBody::SaveTeam {
        id: TeamId(uuid::Uuid::from_u128(1)),
        name: "Late".into(),
        terms: running.app().readers.get().unwrap().world_kept().default_team().unwrap().unwrap().terms,
    };
    let late = Work::Operator(Box::new(body));
    assert!(running.app().writer.settle(late).await.is_err());
    running.stop().await;
    assert!(Server::start(Options::new(&first)).await.is_err());
    let running = Server::start(Options::new(dir.path().join("new"))).await.unwrap();
    running.stop().await;
}

/// A workspace with a file in it, and a server on it.
async fn served(data: &Path) -> evendesk_server::Running {
    let mut options = Options::new(data);
    options.demo = true;
    Server::start(options).await.unwrap()
}

#[tokio::test]
async fn a_backup_made_while_a_server_runs_comes_back_as_another_incarnation() {
    let dir = tempfile::tempdir().unwrap();
    let (data, kept, back) = (dir.path().join("data"), dir.path().join("kept"), dir.path().join("back"));
    let running = served(&data).await;
    let from = Location::new(&data);
    let made = back_up(&from, &kept, false, at(1)).await.unwrap();
    assert!(made.missing.is_empty() && made.new_blobs == made.manifest.blobs.len());
    assert!(!kept.join("key").exists() && made.key_apart.is_some());
    assert!(running.app().blobs.put(b"more".to_vec()).await.is_ok(), "it goes on serving");
    running.stop().await;
    let erased = Blobs::open(&kept.join("blobs")).unwrap().put(b"of who was erased".to_vec()).await.unwrap();
    let again = back_up(&from, &kept, true, at(2)).await.unwrap();
    assert!(!Blobs::open(&kept.join("blobs")).unwrap().has(&erased).await.unwrap());
    assert!(again.manifest.head >= made.manifest.head && kept.join("key").exists());
    let journals = std::fs::read_dir(&kept).unwrap().flatten();
    let journals = journals.filter(|e| e.file_name().to_string_lossy().starts_with("journal")).count();
    assert_eq!(journals, 1);

    let to = Location::new(&back);
    let restored = restore(&kept, &to, None, at(3)).await.unwrap();
    assert!(restored.has_key && !restored.has_erasures);
    let (was, is) = (file(&data).workspace().unwrap().unwrap(), file(&back).workspace().unwrap().unwrap());
    assert_eq!((is.id, is.head), (was.id, was.head + 1));
    assert!(is.incarnation != was.incarnation && is.epoch > was.epoch);
    is_back(&file(&back), &file(&data), at(2));
    assert_eq!(doctor::examine(&to).await.unwrap().differences, Vec::<String>::new());
    let refused = restore(&kept, &to, None, at(3)).await.unwrap_err();
    assert!(refused.to_string().contains("workspace already"), "{refused}");
}

#[tokio::test]
async fn a_damaged_backup_is_not_brought_back() {
    let dir = tempfile::tempdir().unwrap();
    let (data, kept) = (dir.path().join("data"), dir.path().join("kept"));
    served(&data).await.stop().await;
    let blobs = Blobs::open(&data.join("blobs")).unwrap();
    let made = back_up(&Location::new(&data), &kept, false, at(1)).await.unwrap();

    let journal = kept.join(&made.manifest.journal);
    let good = std::fs::read(&journal).unwrap();
    let rows = rusqlite::Connection::open(&journal).unwrap();
    rows.execute("UPDATE event SET at = at + 1 WHERE seq = 3", []).unwrap();
    drop(rows);
    let to = Location::new(dir.path().join("back"));
    let refused = restore(&kept, &to, None, at(3)).await.unwrap_err();
    assert!(refused.to_string().contains("not the one that its manifest speaks of"), "{refused}");
    std::fs::write(&journal, good).unwrap();

    let hash = made.manifest.blobs.first().expect("the sample has files");
    assert!(blobs.is_whole(hash).await.unwrap());
    std::fs::write(kept.join("blobs").join(&hash[..2]).join(hash), "other words").unwrap();
    let refused = restore(&kept, &to, None, at(3)).await.unwrap_err();
    assert!(refused.to_string().contains("missing or damaged"), "{refused}");
    assert!(restore(dir.path(), &to, None, at(3)).await.unwrap_err().to_string().contains("holds no backup"));
}

#[tokio::test]
async fn a_backup_of_postgresql_comes_back_into_another_database() {
    let server = Postgres::start();
    let (one, two) = (server.database("one"), server.database("two"));
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    generate(&data, &SMALL).unwrap();
    let at_one = |journal: &str, node: &str| Location {
        data: dir.path().join(node),
        journal: Some(journal.to_owned()),
        blobs: Some(text(&dir.path().join("files"))),
    };
    let moved = move_journal(&Place::parse(&text(&data)).unwrap(), &Place::parse(&one).unwrap()).unwrap();
    let kept = dir.path().join("kept");
    back_up(&at_one(&one, "node"), &kept, false, at(1)).await.unwrap();
    restore(&kept, &at_one(&two, "other"), None, at(3)).await.unwrap();
    let two = PostgresJournal::open(&Address::parse(&two).unwrap()).unwrap();
    let one = PostgresJournal::open(&Address::parse(&one).unwrap()).unwrap();
    assert_eq!(summary(&one), moved.summary);
    is_back(&two, &one, at(1));
    assert_ne!(one.workspace().unwrap().unwrap().incarnation, two.workspace().unwrap().unwrap().incarnation);
}

#[tokio::test]
async fn the_doctor_finds_a_damaged_file_an_unreadable_answer_and_a_last_event_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    served(dir.path()).await.stop().await;
    let at = Location::new(dir.path());
    assert_eq!(doctor::examine(&at).await.unwrap().differences, Vec::<String>::new());

    let hash = evendesk_server::backup::named(&file(dir.path())).unwrap().pop_first().unwrap();
    let path = dir.path().join("blobs").join(&hash[..2]).join(&hash);
    std::fs::write(&path, "other words").unwrap();
    let rows = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    let bad = "INSERT INTO decision (command, outcome, at) VALUES (zeroblob(16), '{', 0)";
    rows.execute(bad, []).unwrap();
    rows.execute("UPDATE workspace SET head = head + 1", []).unwrap();
    drop(rows);
    let found = doctor::examine(&at).await.unwrap().differences;
    let said = |words: &str| found.iter().filter(|difference| difference.contains(words)).count();
    assert_eq!((said("not what its name says"), said("its answer is unreadable"), found.len()), (1, 1, 3));
    assert_eq!(said("it is the last one, and it is not there"), 1);
    std::fs::remove_file(path).unwrap();
    let found = doctor::examine(&at).await.unwrap().differences;
    assert!(found.iter().any(|difference| difference.contains("and it is not there")), "{found:?}");
}
