//! Many connected desks on one node: what an idle one costs, and how long a change takes to each desk of
//! its team. The desks are bare sockets that acknowledge what they get and keep nothing, all on one
//! thread of this process, whose own processor time is told apart from the server's.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command as Program;
use std::rc::Rc;
use std::time::{Duration, Instant};

use evendesk_domain::command::{Command, CommandBody};
use evendesk_domain::id::{CommandId, ConversationId, MessageId};
use evendesk_journal::{Journal as _, SqliteJournal};
use evendesk_protocol::{FromDesk, Pushed};
use evendesk_testkit::process::Process;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use uuid::Uuid;

use crate::bare_desk::{self, Line};
use crate::crowd::{self, Team};
use crate::data::{remove, server_binary};
use crate::figures::{Table, spread};
use crate::scale::Scale;
use crate::{memory, processor};

const ADDRESS: &str = "127.0.0.1:7488";
const TEAMS: usize = 20;
/// Sockets opened at once: the node is not asked for 2,000 handshakes in one instant.
const OPENING: usize = 50;
const SETTLED: Duration = Duration::from_secs(5);
const STRAGGLERS: Duration = Duration::from_secs(3);
const TARGET_MS: f64 = 100.0;
const TARGET_KIB: f64 = 64.0;
/// The load that the target is for, in commands a second.
const TARGET_LOAD: u32 = 50;

/// When each command left, and how long after that it was at each desk that gets it.
#[derive(Default)]
struct Notes {
    sent: Vec<Instant>,
    arrived: Vec<Duration>,
}

pub fn measure(folder: &Path, scale: &Scale, table: &mut Table) {
    remove(folder);
    let teams = crowd::found(folder, TEAMS, scale.desks.div_ceil(TEAMS));
    let mut serve = Program::new(server_binary());
    serve.args(["serve", "--bind", ADDRESS, "--data"]).arg(folder).env("RUST_LOG", "warn");
    let (server, _) = Process::start_and_hear(&serve, &folder.with_extension("log"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, loads(&teams, folder, &server, scale, table));
}

async fn loads(teams: &[Team], folder: &Path, server: &Process, scale: &Scale, table: &mut Table) {
    let notes = Rc::new(RefCell::new(Notes::default()));
    tokio::time::sleep(SETTLED).await;
    let before = memory::of_tree(server.id());
    let lines = connect(teams, folder, &notes).await;
    let desks = lines.iter().map(Vec::len).sum::<usize>();
    tokio::time::sleep(SETTLED).await;
    report_idle(before, server, desks, table).await;
    for load in &scale.loads {
        run(*load, scale.load_seconds, teams, &lines, &notes, server, table).await;
    }
    let after = memory::of_tree(server.id());
    table.say("server's memory after all loads", &format!("{after:.0} MB, {:.0} MB when empty", before));
}

async fn report_idle(before: f64, server: &Process, desks: usize, table: &mut Table) {
    let kib = (memory::of_tree(server.id()) - before) * 1e6 / 1024.0 / count(desks);
    let what = format!("server's memory for each of {desks} idle desks");
    table.judge(&what, &format!("{kib:.1} KiB"), kib, TARGET_KIB, "KiB");
    let (at, used) = (Instant::now(), processor::of(server.id()));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let share = processor::share(processor::of(server.id()) - used, at.elapsed());
    table.say("server's processor while all are idle", &format!("{share:.1} % of a core"));
}

/// Every desk with the head as its cursor, so that nothing is to be caught up.
async fn connect(teams: &[Team], folder: &Path, notes: &Rc<RefCell<Notes>>) -> Vec<Vec<Line>> {
    let journal = SqliteJournal::open(&folder.join("journal.db")).expect("the journal opens");
    let workspace = journal.workspace().expect("it reads").expect("it was founded");
    drop(journal);
    let mut lines = Vec::new();
    for team in teams {
        let mut opened = Vec::new();
        for members in team.members.chunks(OPENING) {
            let dialled = members.iter().map(|member| {
                let notes = Rc::clone(notes);
                bare_desk::open(ADDRESS, member, &workspace, move |marker| {
                    let mut notes = notes.borrow_mut();
                    let took = notes.sent[marker].elapsed();
                    notes.arrived.push(took);
                })
            });
            opened.extend(futures_util::future::join_all(dialled).await);
        }
        lines.push(opened);
    }
    lines
}

async fn run(
    load: u32,
    seconds: u32,
    teams: &[Team],
    lines: &[Vec<Line>],
    notes: &Rc<RefCell<Notes>>,
    server: &Process,
    table: &mut Table,
) {
    let first = notes.borrow().sent.len();
    notes.borrow_mut().arrived.clear();
    let (began, ours, theirs) = (Instant::now(), processor::of_self(), processor::of(server.id()));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / load);
    for sent in 0..(load * seconds) as usize {
        ticks.tick().await;
        let team = sent % teams.len();
        let turn = sent / teams.len();
        let marker = first + sent;
        let conversation = teams[team].conversations[turn % teams[team].conversations.len()];
        notes.borrow_mut().sent.push(Instant::now());
        push(&lines[team][turn % lines[team].len()].say, conversation, marker);
    }
    let took = began.elapsed();
    let (ours, theirs) = (processor::of_self() - ours, processor::of(server.id()) - theirs);
    tokio::time::sleep(STRAGGLERS).await;
    let arrived = std::mem::take(&mut notes.borrow_mut().arrived);
    let expected = (load * seconds) as usize * lines[0].len();
    let spread = spread(&arrived);
    let measured = format!(
        "p50 {:.1} ms, p99 {:.1} ms; {} of {expected} arrived; server {:.0} % of a core, this program {:.0} %",
        spread.p50,
        spread.p99,
        arrived.len(),
        processor::share(theirs, took),
        processor::share(ours, took),
    );
    let what = format!("{load} changes a second, each to the {} desks of its team", lines[0].len());
    if load == TARGET_LOAD {
        table.judge(&what, &measured, spread.p99, TARGET_MS, "ms");
    } else {
        table.say(&what, &measured);
    }
}

fn push(say: &mpsc::UnboundedSender<FromDesk>, conversation: ConversationId, marker: usize) {
    let message = MessageId(Uuid::now_v7());
    let body = CommandBody::Note { conversation, message, text: bare_desk::marked(marker) };
    let command = Command { id: CommandId(Uuid::now_v7()), depends_on: None, body };
    say.send(FromDesk::Push(Box::new(Pushed { command, reoffered: false }))).expect("its socket is open");
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn count(n: usize) -> f64 {
    n as f64
}
