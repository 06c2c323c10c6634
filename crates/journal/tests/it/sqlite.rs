//! The contract on SQLite, and what is SQLite's own.

use evendesk_domain::event::Event;
use evendesk_journal::whole::Whole as _;
use evendesk_journal::{Journal, SqliteJournal};

use crate::contract::{self, batch, blanking, founding, note, opened};

struct Folder(tempfile::TempDir);

impl contract::Place for Folder {
    fn open(&self) -> Box<dyn Journal> {
        Box::new(SqliteJournal::open(&self.0.path().join("journal.db")).unwrap())
    }
}

fn folder() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

contract::on_engine!(folder);

#[test]
fn what_is_redacted_is_gone_from_the_files() {
    let folder = folder();
    let path = folder.0.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.found(&founding()).unwrap();
    let epoch = journal.claim().unwrap();
    journal.append(epoch, &batch(1, vec![note("unspeakable")])).unwrap();
    assert_eq!(journal.read(0, 9).unwrap().len(), 1);

    journal.append(epoch, &blanking(2, vec![(1, note(""))])).unwrap();
    {
        let _read = journal.snapshot().unwrap();
        assert!(!journal.clear_blanked().unwrap(), "somebody reads");
    }
    assert!(journal.clear_blanked().unwrap());

    for entry in std::fs::read_dir(folder.0.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(11).any(|w| w == b"unspeakable"));
    }
}

/// Ids of the outside become longer when their digests take their place, and so do the rows they are in: SQLite
/// then moves rows beside them to other pages, with words in them that are erased only later. This is an
/// order of things in which it leaves some of them where they had been.
#[test]
fn what_is_redacted_is_gone_from_pages_that_were_rearranged_too() {
    const ROWS: u64 = 500;
    let folder = folder();
    let journal = SqliteJournal::open(&folder.0.path().join("journal.db")).unwrap();
    journal.found(&founding()).unwrap();
    let epoch = journal.claim().unwrap();
    let mut chance: u64 = 12;
    let mut next = |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut secret = Vec::new();
    for first in (1..=ROWS).step_by(50) {
        let notes = (first..first + 50).map(|seq| {
            let word = if next(10) > 0 { "unspeakable" } else { "public" };
            secret.extend((word == "unspeakable").then_some(seq));
            note(&format!("{word} {}", "x".repeat(usize::try_from(next(60)).unwrap())))
        });
        journal.append(epoch, &batch(first, notes.collect())).unwrap();
    }
    let mut head = ROWS;
    let mut blank = |blanked: Vec<(u64, Event)>| {
        journal.append(epoch, &blanking(head + 1, blanked)).unwrap();
        head += 1;
    };
    while !secret.is_empty() {
        let some = 0..secret.len().min(5);
        let some: Vec<u64> =
            some.map(|_| secret.swap_remove(usize::try_from(next(secret.len() as u64)).unwrap())).collect();
        let grows = some[0] / 2 + 1;
        let longer = !secret.contains(&grows) && !some.contains(&grows);
        let mut blanked: Vec<(u64, Event)> = some.into_iter().map(|seq| (seq, note(""))).collect();
        blanked.extend(longer.then(|| (grows, note(&"0".repeat(300)))));
        blank(blanked);
    }
    let found = || {
        let files = std::fs::read_dir(folder.0.path()).unwrap();
        let files = files.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.map(|bytes| bytes.windows(11).filter(|w| *w == b"unspeakable").count()).sum::<usize>()
    };
    assert!(journal.clear_blanked().unwrap());
    assert_eq!(found(), 0, "words that were erased are still in the files");
    // What is written from now on begins with pages that have been in memory.
    for seq in (1..=ROWS).step_by(5) {
        blank(vec![(seq, note("."))]);
    }
    assert_eq!(found(), 0, "words that were erased came back with what was written since");
}

#[test]
fn a_reader_never_waits_for_the_writer() {
    let folder = folder();
    let path = folder.0.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.found(&founding()).unwrap();
    let mut other = rusqlite::Connection::open(&path).unwrap();
    let held = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    held.execute("UPDATE workspace SET name = 'half done'", []).unwrap();

    assert_eq!(journal.workspace().unwrap().unwrap().name, founding().name);
}

#[test]
fn a_journal_of_a_newer_layout_is_left_alone() {
    let folder = folder();
    let path = folder.0.path().join("journal.db");
    drop(SqliteJournal::open(&path).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = SqliteJournal::open(&path).err().unwrap();
    assert!(refused.to_string().contains("upgrade"), "{refused}");
}

#[test]
fn a_damaged_event_is_named_and_not_skipped() {
    let folder = folder();
    let path = folder.0.path().join("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.found(&founding()).unwrap();
    let epoch = journal.claim().unwrap();
    journal.append(epoch, &batch(1, vec![opened(), Event::Resolved])).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute("UPDATE event SET payload = '{' WHERE seq = 2", []).unwrap();
    assert!(journal.read(0, 9).unwrap_err().to_string().contains("event 2"));
}
