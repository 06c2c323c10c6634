//! The company: made by the server's own generator, then folded from its journal into an empty replica.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use evendesk_journal::{Journal as _, SqliteJournal};
use evendesk_replica::{Keeps, Replica};

use crate::figures::{Table, megabytes, per_second};
use crate::scale::Scale;

pub const APP: &str = env!("CARGO_BIN_EXE_evendesk");

/// Events folded in one transaction.
const BATCH: usize = 10_000;

/// What a run leaves, so that parts of it can be measured again alone. `BENCH_FOLDER` puts it elsewhere,
/// as on another disk.
pub fn folder() -> PathBuf {
    let built = Path::new(APP).parent().and_then(Path::parent).expect("the app was built into a folder");
    let folder = std::env::var_os("BENCH_FOLDER").map_or_else(|| built.join("bench"), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("a folder for the benchmark");
    folder
}

/// The server's binary, which `scripts/bench.sh` has built beside the app's.
pub fn server_binary() -> PathBuf {
    let binary = Path::new(APP).with_file_name("evendesk-server");
    assert!(binary.exists(), "{} is not built; run scripts/bench.sh", binary.display());
    binary
}

pub fn generate(scale: &Scale, server: &Path, table: &mut Table) {
    remove(server);
    let began = Instant::now();
    let made = Command::new(server_binary())
        .args(["generate", "--conversations", &scale.conversations.to_string()])
        .args(["--messages", &scale.messages.to_string(), "--seed", &scale.seed.to_string(), "--data"])
        .arg(server)
        .output()
        .expect("the server's binary runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8_lossy(&made.stdout);
    table.say("generating", &format!("{}, {:.0} s, folded too", said.trim(), began.elapsed().as_secs_f64()));
}

pub fn fold(server: &Path, table: &mut Table) {
    let journal = SqliteJournal::open(&journal_file(server)).expect("the journal opens");
    let beside = server.with_file_name("folded");
    remove(&beside);
    let mut replica = Replica::open(&beside, Keeps::RowsOnly).expect("an empty replica");
    let (mut after, began) = (0, Instant::now());
    loop {
        let events = journal.read(after, BATCH).expect("the journal reads");
        let Some(last) = events.last() else { break };
        after = last.seq;
        let writer = replica.write().expect("the replica is written");
        writer.fold(&events).expect("events fold");
        writer.commit().expect("the fold is kept");
    }
    let took = began.elapsed();
    drop(replica);
    let rate = per_second(after, took);
    table.say(
        "fold, journal to empty replica",
        &format!("{after} events in {:.0} s, {rate:.0} a second", took.as_secs_f64()),
    );
    let (journal, rows) = (size(&journal_file(server)), size(&beside));
    table.say(
        "size of journal, of replica",
        &format!("{:.0} MB, {:.0} MB", megabytes(journal), megabytes(rows)),
    );
    remove(&beside);
}

fn journal_file(server: &Path) -> PathBuf {
    server.join("journal.db")
}

/// Bytes of a file, or of everything in a folder.
pub fn size(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return std::fs::metadata(path).map_or(0, |file| file.len());
    };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}

pub fn remove(folder: &Path) {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => panic!("{}: {e}", folder.display()),
        _ => {}
    }
}
