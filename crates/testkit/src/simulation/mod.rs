//! A whole office in one thread: desks, server nodes and their journal, with virtual time and a virtual
//! network, but real files. One seed makes one history, the same each time.
//!
//! What is real: the desk's core, outbox and cache; the session, tail, slice and scribe of the server; the
//! journal and the replicas, as SQLite files. What is not: sockets, threads, clocks and chance. While it
//! lasts the network cuts (also one way), loses, delays and repeats; desks and nodes are killed at every
//! boundary of a transaction; clocks jump; agents come and go in teams; the journal changes hands in
//! mid-batch; desks begin with snapshots in parts; some are of another version;
//! the office is restored from an old backup. Then faults stop, nobody clicks any more (but a
//! supervisor, on answers that are held since a restore), and all promises must hold: see `promises`.

mod answers;
mod chance;
mod desk;
mod faults;
mod ledger;
mod node;
mod office;
mod parts;
mod promises;
mod restore;
mod trace;
mod versions;
mod wire;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use evendesk_domain::time::Timestamp;
use evendesk_journal::SqliteJournal;

use chance::Chance;
use ledger::Ledger;
use trace::Trace;
use wire::Connection;

/// When it all begins.
const BEGAN: Timestamp = Timestamp::from_seconds(1_780_000_000);
/// How long faults last, and how long healing may take.
const CHAOS_MS: i64 = 240_000;
const HEALING_MS: i64 = 420_000;
/// How long is looked at what an idle office says.
const IDLE_MS: i64 = 120_000;

/// What is to happen, at some time.
enum Next {
    ToNode { connection: u64, text: String },
    ToDesk { connection: u64, text: String },
    NodeHears { connection: u64 },
    DeskHears { connection: u64 },
    Fetch { connection: u64, wanted: evendesk_server::socket::session::Wanted },
    SessionDue { connection: u64 },
    Tick { desk: usize, opened: u64 },
    Dial { desk: usize, dial: u64 },
    Batch { node: usize },
    Look { node: usize },
    Restart { node: usize },
    Reopen { desk: usize },
    Work { desk: usize },
    Mail,
    Manage,
    Deliver,
    Fault,
    BackUp,
    Restore,
    FetchMailAgain,
    Release,
    PartAsked(parts::Asked),
    PartComes(parts::Asked, Result<parts::Answer, evendesk_desk::Error>),
    UpgradeDesk { desk: usize },
    UpgradeNode { node: usize },
}

struct World {
    chance: Chance,
    trace: Trace,
    /// Milliseconds since it began.
    now_ms: i64,
    next: BTreeMap<(i64, u64), Next>,
    scheduled: u64,
    folder: PathBuf,
    journal: Arc<SqliteJournal>,
    nodes: Vec<node::Node>,
    desks: Vec<desk::Desk>,
    connections: BTreeMap<u64, Connection>,
    connected: u64,
    ledger: Ledger,
    office: office::Office,
    past: restore::Past,
    /// For those who keep things for a while by a clock of their own.
    began: Option<std::time::Instant>,
    /// Faults have stopped.
    calm: bool,
    /// Words said by either side since counting began, heartbeats left out.
    said: u64,
    broken: Vec<String>,
    done: BTreeSet<&'static str>,
}

/// What became of one seed.
pub struct Outcome {
    pub seed: u64,
    pub hash: u64,
    /// The promises that were not kept, and how.
    pub broken: Vec<String>,
    /// What happened last.
    pub trace: String,
    /// Which kinds of faults there were.
    pub faults: BTreeSet<&'static str>,
}

impl Outcome {
    pub fn is_good(&self) -> bool {
        self.broken.is_empty()
    }

    /// For a person who has to find out why.
    pub fn report(&self) -> String {
        let broken: String = self.broken.iter().map(|b| format!("  BROKEN {b}\n")).collect();
        format!(
            "seed {seed} failed\n{trace}{broken}  run it alone: SEED={seed} make simulate",
            seed = self.seed,
            trace = self.trace
        )
    }
}

/// Runs one seed from beginning to end.
///
/// # Panics
///
/// Where the machine gives it no folder to work in.
pub fn run(seed: u64) -> Outcome {
    run_with(seed, false)
}

/// The same, every line of the trace written to stderr as it comes.
///
/// # Panics
///
/// As [`run`].
pub fn run_with(seed: u64, aloud: bool) -> Outcome {
    let shm = std::path::Path::new("/dev/shm");
    let temp = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
    let temp = temp.expect("the simulation needs a folder to work in");
    let mut world = World::new(seed, temp.path().to_owned(), aloud);
    let ran = catch_unwind(AssertUnwindSafe(|| world.live()));
    if let Err(panic) = ran {
        let why = panic.downcast_ref::<String>().cloned();
        let why = why.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        world.broken.push(format!("nothing_panics: {}", why.unwrap_or_else(|| "in silence".into())));
    }
    Outcome {
        seed,
        hash: world.trace.hash(),
        broken: std::mem::take(&mut world.broken),
        trace: world.trace.last(),
        faults: std::mem::take(&mut world.done),
    }
}

impl World {
    fn live(&mut self) {
        self.furnish();
        self.run_until(CHAOS_MS);
        self.heal();
        self.run_until(CHAOS_MS + HEALING_MS);
        self.said = 0;
        self.run_until(CHAOS_MS + HEALING_MS + IDLE_MS);
        if self.broken.is_empty() {
            self.check_promises();
        }
    }

    fn run_until(&mut self, end_ms: i64) {
        while let Some(first) = self.next.first_entry() {
            let at = first.key().0;
            // What is broken already is not made clearer by what comes after it.
            if at > end_ms || !self.broken.is_empty() {
                break;
            }
            let next = first.remove();
            self.now_ms = self.now_ms.max(at);
            self.happen(next);
        }
        self.now_ms = end_ms;
    }

    fn happen(&mut self, next: Next) {
        match next {
            Next::ToNode { connection, text } => self.arrives_at_node(connection, &text),
            Next::ToDesk { connection, text } => self.arrives_at_desk(connection, &text),
            Next::NodeHears { connection } => self.node_hears_the_end(connection),
            Next::DeskHears { connection } => self.desk_hears_the_end(connection),
            Next::Fetch { connection, wanted } => self.fetch(connection, wanted),
            Next::SessionDue { connection } => self.session_due(connection),
            Next::Tick { desk, opened } => self.tick(desk, opened),
            Next::Dial { desk, dial } => self.dial(desk, dial),
            Next::Batch { node } => self.batch(node),
            Next::Look { node } => self.look(node),
            Next::Restart { node } => self.start_node(node),
            Next::Reopen { desk } => self.open_desk(desk),
            Next::Work { desk } => self.work(desk),
            Next::Mail => self.mail(),
            Next::Manage => self.manage(),
            Next::Deliver => self.deliver(),
            Next::Fault => self.fault(),
            Next::BackUp => self.back_up(),
            Next::Restore => self.restore(),
            Next::FetchMailAgain => self.fetch_mail_again(),
            Next::Release => self.release(),
            Next::PartAsked(asked) => self.part_asked(asked),
            Next::PartComes(asked, answer) => self.part_comes(asked, answer),
            Next::UpgradeDesk { desk } => self.upgrade_desk(desk),
            Next::UpgradeNode { node } => self.upgrade_node(node),
        }
    }

    fn after(&mut self, ms: i64, next: Next) {
        self.at(self.now_ms + ms, next);
    }

    fn at(&mut self, ms: i64, next: Next) {
        self.scheduled += 1;
        self.next.insert((ms, self.scheduled), next);
    }

    /// The time on the servers' clocks.
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(BEGAN.millis() + self.now_ms)
    }

    fn note(&mut self, line: &str) {
        self.trace.note(self.now_ms, line);
    }

    fn breaks(&mut self, promise: &str, how: impl std::fmt::Display) {
        let line = format!("{promise}: {how}");
        self.note(&format!("BROKEN {line}"));
        self.broken.push(line);
    }
}

/// A kill, on its way up to whoever did it.
struct Killed;

/// Ends a desk or node at the n-th boundary from now.
#[derive(Clone, Default)]
struct Fuse(Arc<std::sync::atomic::AtomicI64>);

impl Fuse {
    fn light(&self, boundaries: i64) {
        self.0.store(boundaries, std::sync::atomic::Ordering::Relaxed);
    }

    /// True once, when the count is over.
    fn burns(&self) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        let left = self.0.load(Relaxed);
        if left > 0 {
            self.0.store(left - 1, Relaxed);
        }
        left == 1
    }
}

/// None where it was killed on the way; any other panic is a bug and goes on up.
fn unless_killed<T>(f: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => Some(value),
        Err(panic) if panic.is::<Killed>() => None,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn kill() -> ! {
    std::panic::resume_unwind(Box::new(Killed))
}
