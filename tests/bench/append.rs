//! What an append costs on each engine, beside the floor: the same rows put bare into a table of the same
//! columns, as durably, in the same run. In turn, so that both meet the same disk.

use std::path::Path;
use std::time::{Duration, Instant};

use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, ConversationId, MessageId, UserId, WorkspaceId};
use evendesk_domain::stream::{Actor, Recorded};
use evendesk_domain::time::Timestamp;
use evendesk_journal::postgres::Address;
use evendesk_journal::{Batch, Decision, Founding, Journal, PostgresJournal, SqliteJournal};
use evendesk_testkit::postgres::Postgres;
use uuid::Uuid;

use crate::data::remove;
use crate::figures::{Table, median};

const BATCHES: [usize; 3] = [1, 10, 100];
/// Rounds of each; the first is not counted.
const ROUNDS: usize = 9;
/// Appends in a round.
const APPENDS: usize = 40;
/// Times the floor's time, at the largest batch.
const TARGET: f64 = 1.5;

/// A bare table that takes the same rows.
pub trait Floor {
    /// Inserts them in one transaction, durable when it returns.
    fn insert(&mut self, events: &[Recorded]);
}

pub fn measure(folder: &Path, table: &mut Table) {
    remove(folder);
    std::fs::create_dir_all(folder).expect("a folder");
    let journal = SqliteJournal::open(&folder.join("journal.db")).expect("a journal");
    on_engine("SQLite", &journal, &mut sqlite::Bare::open(&folder.join("floor.db")), table);
    let postgres = Postgres::start();
    let address = Address::parse(&postgres.database("append")).expect("an address");
    let journal = PostgresJournal::open(&address).expect("a journal");
    on_engine("PostgreSQL", &journal, &mut postgresql::Bare::open(&postgres.database("floor")), table);
}

fn on_engine(engine: &str, journal: &dyn Journal, floor: &mut dyn Floor, table: &mut Table) {
    journal.found(&founding()).expect("a workspace");
    let epoch = journal.claim().expect("it is ours");
    let mut head = 0;
    for size in BATCHES {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let batches: Vec<Batch> = (0..APPENDS).map(|_| batch(&mut head, size)).collect();
            let appended =
                time(|| batches.iter().for_each(|b| journal.append(epoch, b).expect("it is kept")));
            let inserted = time(|| batches.iter().for_each(|b| floor.insert(&b.events)));
            if round > 0 {
                ours.push(appended.as_secs_f64());
                bare.push(inserted.as_secs_f64());
            }
        }
        report(engine, size, median(ours), median(bare), table);
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn report(engine: &str, size: usize, ours: f64, bare: f64, table: &mut Table) {
    let events = (APPENDS * size) as f64;
    let measured =
        format!("{:.0} events/s, floor {:.0}, {:.2} x its time", events / ours, events / bare, ours / bare);
    let what = format!("append to {engine}, {size} a batch");
    if size == BATCHES[BATCHES.len() - 1] {
        table.judge(&what, &measured, ours / bare, TARGET, "x");
    } else {
        table.say(&what, &measured);
    }
}

fn time(f: impl FnOnce()) -> Duration {
    let began = Instant::now();
    f();
    began.elapsed()
}

/// As many notes by an agent, each by a command of its own, whose decision is kept with it.
fn batch(head: &mut u64, size: usize) -> Batch {
    let mut batch = Batch { base: *head, ..Batch::default() };
    let at = Timestamp::from_seconds(1_790_000_000);
    for _ in 0..size {
        *head += 1;
        let command = CommandId(Uuid::now_v7());
        batch.events.push(Recorded {
            seq: *head,
            stream: ConversationId(Uuid::now_v7()).into(),
            at,
            by: Actor::User(UserId(Uuid::nil())),
            command: Some(command),
            event: Event::NoteAdded { message: MessageId(Uuid::now_v7()), text: "word ".repeat(60) },
        });
        let outcome = format!("{{\"is\":\"accepted\",\"seq\":{head}}}");
        batch.decisions.push(Decision { command, outcome, at });
    }
    batch
}

/// As the journal's own rows have it.
fn actor(event: &Recorded) -> String {
    event.by.user().expect("an agent's note").0.to_string()
}

fn founding() -> Founding {
    Founding {
        id: WorkspaceId(Uuid::now_v7()),
        name: "Append".into(),
        incarnation: Uuid::new_v4(),
        submit_key: "key".into(),
        at: Timestamp::from_seconds(0),
    }
}

mod sqlite {
    use std::path::Path;

    use evendesk_domain::stream::Recorded;
    use rusqlite::{Connection, params};

    pub struct Bare(Connection);

    impl Bare {
        pub fn open(path: &Path) -> Self {
            let db = Connection::open(path).expect("a file");
            db.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE event (seq INTEGER PRIMARY KEY, stream_id BLOB NOT NULL, stream_kind TEXT NOT NULL,
                     at INTEGER NOT NULL, actor TEXT NOT NULL, command BLOB NOT NULL, payload TEXT NOT NULL) STRICT",
            )
            .expect("a table");
            Self(db)
        }
    }

    impl super::Floor for Bare {
        fn insert(&mut self, events: &[Recorded]) {
            let tx = self.0.transaction().expect("a transaction");
            for event in events {
                let command = event.command.map(|c| c.0.as_bytes().to_vec()).unwrap_or_default();
                let row = params![
                    event.seq,
                    event.stream.id.as_bytes(),
                    event.stream.kind.name(),
                    event.at.millis(),
                    super::actor(event),
                    command,
                    event.event.to_text()
                ];
                tx.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
                    .and_then(|mut s| s.execute(row))
                    .expect("a row");
            }
            tx.commit().expect("durable");
        }
    }
}

mod postgresql {
    use evendesk_domain::stream::Recorded;
    use tokio::runtime::{Builder, Runtime};
    use tokio_postgres::{Client, NoTls, Statement};

    pub struct Bare {
        runtime: Runtime,
        client: Client,
        insert: Statement,
    }

    impl Bare {
        pub fn open(url: &str) -> Self {
            let runtime =
                Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
            let (client, insert) = runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
                tokio::spawn(connection);
                let table = "CREATE TABLE event (seq bigint PRIMARY KEY, stream_id bytea NOT NULL,
                    stream_kind text NOT NULL, at bigint NOT NULL, actor text NOT NULL,
                    command bytea NOT NULL, payload text NOT NULL)";
                client.batch_execute(table).await.expect("a table");
                let insert = "INSERT INTO event SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[],
                    $4::bigint[], $5::text[], $6::bytea[], $7::text[])";
                let insert = client.prepare(insert).await.expect("a statement");
                (client, insert)
            });
            Self { runtime, client, insert }
        }
    }

    impl super::Floor for Bare {
        fn insert(&mut self, events: &[Recorded]) {
            let column = |f: fn(&Recorded) -> Vec<u8>| events.iter().map(f).collect::<Vec<_>>();
            let seqs: Vec<i64> = events.iter().map(|e| e.seq.cast_signed()).collect();
            let streams = column(|e| e.stream.id.as_bytes().to_vec());
            let kinds: Vec<&str> = events.iter().map(|e| e.stream.kind.name()).collect();
            let instants: Vec<i64> = events.iter().map(|e| e.at.millis()).collect();
            let actors: Vec<String> = events.iter().map(super::actor).collect();
            let commands = column(|e| e.command.map(|c| c.0.as_bytes().to_vec()).unwrap_or_default());
            let payloads: Vec<String> = events.iter().map(|e| e.event.to_text()).collect();
            self.runtime
                .block_on(self.client.execute(
                    &self.insert,
                    &[&seqs, &streams, &kinds, &instants, &actors, &commands, &payloads],
                ))
                .expect("rows");
        }
    }
}
