//! The contract on a real PostgreSQL, and what only a database elsewhere can do: go away.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use evendesk_domain::event::Event;
use evendesk_journal::postgres::Address;
use evendesk_journal::{Error, Journal, PostgresJournal};
use evendesk_testkit::postgres::Postgres;

use crate::contract::{self, batch, blanking, founding, note, opened};

struct Database {
    server: Postgres,
    url: String,
}

impl Database {
    fn journal(&self) -> PostgresJournal {
        PostgresJournal::open(&Address::parse(&self.url).unwrap()).unwrap()
    }

    fn sql(&self, sql: &str) -> String {
        self.server.sql("desk", sql)
    }
}

impl contract::Place for Database {
    fn open(&self) -> Box<dyn Journal> {
        Box::new(self.journal())
    }
}

fn database() -> Database {
    let server = Postgres::start();
    let url = server.database("desk");
    Database { server, url }
}

contract::on_engine!(database);

/// Every connection but the one that asks.
const CUT_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = 'desk' AND pid <> pg_backend_pid()";

fn founded(journal: &dyn Journal) -> u64 {
    journal.found(&founding()).unwrap();
    journal.claim().unwrap()
}

/// Appends one event; where others were quicker, at the head as it is then.
fn push(journal: &dyn Journal, epoch: u64, text: &str) -> Result<(), Error> {
    let mut head = journal.head()?;
    loop {
        match journal.append(epoch, &batch(head + 1, vec![note(text)])) {
            Err(Error::Behind { head: there }) => head = there,
            done => return done,
        }
    }
}

fn notes(journal: &dyn Journal) -> Vec<String> {
    let events = journal.read(0, 100_000).unwrap();
    assert!(events.iter().map(|e| e.seq).eq(1..=events.len() as u64), "gapless");
    let text = |event: &Event| match event {
        Event::NoteAdded { text, .. } => text.clone(),
        other => panic!("{other:?}"),
    };
    events.iter().map(|e| text(&e.event)).collect()
}

#[test]
fn it_is_asked_from_within_a_task_of_any_runtime() {
    let database = database();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let journal = database.journal();
        let epoch = founded(&journal);
        for n in 0..300 {
            push(&journal, epoch, &n.to_string()).unwrap();
        }
        assert_eq!(journal.head().unwrap(), 300);
    });
}

#[test]
fn two_writers_that_race_leave_no_gap_and_write_each_thing_once() {
    let database = database();
    let journals = [database.journal(), database.journal()].map(Arc::new);
    let epoch = founded(&*journals[0]);
    let racers: Vec<_> = (0..4)
        .map(|racer: usize| {
            let journal = Arc::clone(&journals[racer % 2]);
            std::thread::spawn(move || {
                for n in 0..50 {
                    push(&*journal, epoch, &format!("{racer}/{n}")).unwrap();
                }
            })
        })
        .collect();
    for racer in racers {
        racer.join().unwrap();
    }
    let mut written = notes(&*journals[0]);
    let mut expected: Vec<_> = (0..4).flat_map(|r| (0..50).map(move |n| format!("{r}/{n}"))).collect();
    written.sort();
    expected.sort();
    assert_eq!(written, expected);
}

#[test]
fn an_append_whose_connection_is_cut_is_kept_once_or_not_at_all_and_says_which() {
    let database = database();
    let journal = Arc::new(database.journal());
    let epoch = founded(&*journal);
    let writer = {
        let journal = Arc::clone(&journal);
        std::thread::spawn(move || {
            let push = |n: &i32| push(&*journal, epoch, &n.to_string()).is_ok();
            (0..100).filter(push).map(|n| n.to_string()).collect::<Vec<_>>()
        })
    };
    while !writer.is_finished() {
        database.sql(CUT_ALL);
    }
    // By connections of its own: the last cut may still be on its way to those of the other.
    assert_eq!(notes(&database.journal()), writer.join().unwrap());
}

/// The statement waits for the head row when its connection goes, so that it is in the middle for certain.
#[test]
fn an_append_that_waits_when_its_connection_is_cut_is_kept_once() {
    let database = database();
    let journal = Arc::new(database.journal());
    let epoch = founded(&*journal);
    push(&*journal, epoch, "before").unwrap();
    let server = &database.server;
    std::thread::scope(|scope| {
        let hold = "BEGIN; SELECT head FROM workspace FOR UPDATE; SELECT pg_sleep(2); COMMIT";
        let holder = scope.spawn(move || server.sql("desk", hold));
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        until(|| server.sql("desk", "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid'") != "0");
        let append = scope.spawn(|| push(&*journal, epoch, "in the middle"));
        until(|| server.sql("desk", waits) == "1");
        server.sql(
            "desk",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        );
        append.join().unwrap().unwrap();
        holder.join().unwrap();
    });
    assert_eq!(notes(&*journal), ["before", "in the middle"]);
}

#[test]
fn while_the_database_is_away_a_sentence_says_so_and_afterwards_all_goes_on() {
    let mut database = database();
    let journal = database.journal();
    let epoch = founded(&journal);
    let mut hints = journal.hints().unwrap();
    push(&journal, epoch, "before").unwrap();

    for crash in [false, true] {
        if crash {
            database.server.kill()
        } else {
            database.server.stop()
        }
        let refused = journal.head().unwrap_err();
        assert!(matches!(refused, Error::Store { .. }), "{refused:?}");
        assert!(
            refused.to_string().starts_with("cannot read the journal's head: error connecting"),
            "{refused}"
        );
        assert!(matches!(journal.append(epoch, &batch(2, vec![opened()])), Err(Error::Store { .. })));
        database.server.go_on();
        push(&journal, epoch, "after").unwrap();
    }
    assert_eq!(notes(&journal), ["before", "after", "after"]);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let heard = runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(20), hints.wait_for(|head| *head == 3)).await.is_ok()
    });
    assert!(heard, "hints come again");
}

#[test]
fn what_is_redacted_is_gone_from_the_tables_files() {
    let database = database();
    let journal = database.journal();
    let epoch = founded(&journal);
    let long = "unspeakable ".repeat(2_000);
    let notes = vec![note("unspeakable"), note(&long), note("harmless")];
    journal.append(epoch, &batch(1, notes)).unwrap();
    database.sql("CHECKPOINT");
    assert!(tables_say(&database.server.data(), "unspeakable"));

    journal.append(epoch, &blanking(4, vec![(1, note("")), (2, note(""))])).unwrap();
    assert!(journal.clear_blanked().unwrap());

    database.sql("CHECKPOINT");
    assert!(!tables_say(&database.server.data(), "unspeakable"));
    push(&journal, epoch, "on it goes").unwrap();
    assert_eq!(journal.event(3).unwrap().unwrap().event, note("harmless"));
}

/// Whether a file of a table holds these words. The log of what was written does, until it is used again.
fn tables_say(data: &Path, words: &str) -> bool {
    let mut folders = vec![data.join("base")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            // What is dropped in between needs no looking at.
            let bytes = fs::read(&entry).unwrap_or_default();
            if bytes.windows(words.len()).any(|w| w == words.as_bytes()) {
                return true;
            }
        }
    }
    false
}

#[test]
fn an_encrypted_connection_is_made_to_whom_is_trusted_alone() {
    let server = Postgres::start_encrypted();
    let url = server.database("desk");
    let open = |query: &str| PostgresJournal::open(&Address::parse(&format!("{url}?{query}")).unwrap());
    let trusting = format!("sslmode=require&sslrootcert={}", server.certificate().display());
    let journal = open(&trusting).unwrap();
    let epoch = founded(&journal);
    push(&journal, epoch, "words").unwrap();
    let plain = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                 WHERE application_name = 'evendesk' AND NOT ssl";
    assert_eq!(server.sql("desk", plain), "0");

    let unknown = open("sslmode=require").err().unwrap().to_string();
    assert!(unknown.contains("certificate"), "{unknown}");
    let unencrypted = open("sslmode=disable").err().unwrap().to_string();
    assert!(unencrypted.contains("no encryption"), "{unencrypted}");
    let elsewhere = format!("{}?{trusting}", url.replace("127.0.0.1", "localhost"));
    let other_name = PostgresJournal::open(&Address::parse(&elsewhere).unwrap()).err().unwrap().to_string();
    assert!(other_name.contains("not valid for name"), "{other_name}");
}

#[test]
fn a_journal_of_a_newer_layout_is_left_alone() {
    let database = database();
    drop(database.journal());
    database.sql("UPDATE layout SET version = 99");
    let refused = PostgresJournal::open(&Address::parse(&database.url).unwrap()).err().unwrap();
    assert!(refused.to_string().contains("upgrade"), "{refused}");
}

fn until(mut seen: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !seen() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}
