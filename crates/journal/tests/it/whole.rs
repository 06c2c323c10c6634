//! A journal taken whole: nothing is left behind, and nothing is anything before all of it is there.

use evendesk_domain::id::{CommandId, DeviceId, FeedbackId, UserId};
use evendesk_domain::time::Timestamp;
use evendesk_journal::postgres::Address;
use evendesk_journal::whole::{Summary, TABLES, Whole, copy};
use evendesk_journal::{
    Batch, Decision, Error, Invitation, Journal, PostgresJournal, Session, SqliteJournal,
};
use evendesk_testkit::postgres::Postgres;
use uuid::Uuid;

use crate::contract::{batch, founding, note, opened};

/// Something in every table.
fn fill(journal: &dyn Journal) {
    journal.found(&founding()).unwrap();
    let epoch = journal.claim().unwrap();
    let at = Timestamp::from_seconds(1);
    let (user, id) = (UserId(Uuid::from_u128(4)), Uuid::from_u128(6));
    let many = (0..2_500).map(|n| note(&format!("‹{n}› \u{0} ü"))).chain([opened()]).collect();
    let mut filled = batch(1, many);
    filled.events[0].command = None;
    for n in 0..3 {
        let command = CommandId(Uuid::from_u128(n));
        filled.decisions.push(Decision { command, outcome: "\"accepted\"".into(), at });
    }
    journal.append(epoch, &filled).unwrap();
    journal.set_password(user, "$argon2id$").unwrap();
    journal
        .open_session(&Session {
            digest: [255; 32],
            user,
            device: DeviceId(id),
            device_name: "Ada's desk".into(),
            opened_at: at,
            seen_at: at,
            expires_at: at,
        })
        .unwrap();
    let offer = "{}".into();
    journal
        .put_invitation(&Invitation {
            id,
            digest: [7; 32],
            user,
            offer,
            by: user,
            made_at: at,
            expires_at: at,
        })
        .unwrap();
    for name in ["B", "a", "ä", "Z"] {
        journal.put_secret(name, &[0, 1, 255]).unwrap();
    }
    journal.put_undo(FeedbackId(id), &[1; 32]).unwrap();
}

fn summary(journal: &dyn Whole) -> Summary {
    Summary::of(&mut *journal.snapshot().unwrap()).unwrap()
}

fn file(dir: &tempfile::TempDir, name: &str) -> SqliteJournal {
    SqliteJournal::open(&dir.path().join(name)).unwrap()
}

#[test]
fn every_table_and_column_is_taken_along() {
    let dir = tempfile::tempdir().unwrap();
    drop(file(&dir, "journal.db"));
    let rows = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    let mut tables = rows
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    for table in tables.iter().filter(|t| !["workspace", "lease"].contains(&t.as_str())) {
        let known = TABLES.iter().find(|known| known.name == table);
        let known = known.unwrap_or_else(|| panic!("{table} is left behind"));
        let mut columns = rows.prepare(&format!("SELECT name FROM pragma_table_info('{table}')")).unwrap();
        let columns: Vec<String> =
            columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let known: Vec<_> = known.columns.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, columns, "{table}");
    }
}

#[test]
fn what_goes_to_postgresql_and_back_is_the_same_to_the_last_byte() {
    let server = Postgres::start();
    let database = PostgresJournal::open(&Address::parse(&server.database("desk")).unwrap()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (first, last) = (file(&dir, "first.db"), file(&dir, "last.db"));
    fill(&first);
    let filled = summary(&first);
    assert!(filled.counts.iter().all(|(_, count)| *count > 0), "{:?}", filled.counts);

    let there = copy(&mut *first.snapshot().unwrap(), &database, |_| {}).unwrap();
    let back = copy(&mut *database.snapshot().unwrap(), &last, |_| {}).unwrap();

    assert_eq!((&there, &back), (&filled, &filled));
    assert_eq!(last.workspace().unwrap(), first.workspace().unwrap());
    assert_eq!(database.workspace().unwrap(), first.workspace().unwrap());
    assert_eq!(database.read(0, 5_000).unwrap(), first.read(0, 5_000).unwrap());
    assert_eq!(last.secret("ä").unwrap(), first.secret("ä").unwrap());
    let epoch = database.claim().unwrap();
    database.append(epoch, &batch(2_502, vec![note("on it goes")])).unwrap();
}

fn what_was_interrupted_is_no_workspace_and_can_be_begun_again(target: &dyn Whole) {
    let dir = tempfile::tempdir().unwrap();
    let source = file(&dir, "source.db");
    fill(&source);
    let mut pages = 0;
    let stopped = source.snapshot().unwrap().each(&TABLES[0], &mut |rows| {
        pages += 1;
        target.take_in(&TABLES[0], &rows)?;
        if pages == 2 { Err(Error::Unfinished) } else { Ok(()) }
    });
    assert!(stopped.is_err());
    assert_eq!(target.workspace().unwrap(), None);
    assert!(matches!(target.found(&founding()), Err(Error::Unfinished)));

    copy(&mut *source.snapshot().unwrap(), target, |_| {}).unwrap();
    assert_eq!(summary(target), summary(&source));
    assert!(matches!(target.begin(), Err(Error::AlreadyFounded)));
    assert!(matches!(target.take_in(&TABLES[0], &[]), Err(Error::AlreadyFounded)));
}

#[test]
fn an_interrupted_copy_into_a_file_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    what_was_interrupted_is_no_workspace_and_can_be_begun_again(&file(&dir, "target.db"));
}

#[test]
fn an_interrupted_copy_into_postgresql_is_begun_again() {
    let server = Postgres::start();
    let database = PostgresJournal::open(&Address::parse(&server.database("desk")).unwrap()).unwrap();
    what_was_interrupted_is_no_workspace_and_can_be_begun_again(&database);
}

fn a_moment_is_not_moved_by_what_is_appended_meanwhile(journal: &dyn Whole) {
    fill(journal);
    let mut moment = journal.snapshot().unwrap();
    let before = Summary::of(&mut *moment).unwrap();
    let epoch = journal.claim().unwrap();
    let decision = Decision {
        command: CommandId(Uuid::from_u128(99)),
        outcome: "later".into(),
        at: Timestamp::from_seconds(1),
    };
    let later = Batch { decisions: vec![decision], ..batch(2_502, vec![note("later")]) };
    journal.append(epoch, &later).unwrap();
    assert_eq!(Summary::of(&mut *moment).unwrap(), before);
    assert_eq!(moment.workspace().unwrap().unwrap().head, 2_501);
    drop(moment);
    assert_eq!(summary(journal).events(), 2_502);
}

#[test]
fn a_moment_of_a_file_is_one_moment() {
    let dir = tempfile::tempdir().unwrap();
    a_moment_is_not_moved_by_what_is_appended_meanwhile(&file(&dir, "journal.db"));
}

#[test]
fn a_moment_of_postgresql_is_one_moment() {
    let server = Postgres::start();
    let database = PostgresJournal::open(&Address::parse(&server.database("desk")).unwrap()).unwrap();
    a_moment_is_not_moved_by_what_is_appended_meanwhile(&database);
}
