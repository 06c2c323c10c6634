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
