//! The one writer of a workspace: a thread that drains its queue, decides in order, appends once,
//! answers, and tells whoever follows. A batch is whatever queued up during the last commit.

mod scribe;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evendesk_domain::command::{Command, CommandBody, SystemCommand};
use evendesk_domain::event::Event;
use evendesk_domain::id::UserId;
use evendesk_domain::permission::Scope;
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::Outcome;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::clock::Clock;

pub use scribe::{Scribe, WriteError, Written};

/// Commands that may wait; whoever comes then is told to come again.
const QUEUE: usize = 4096;
/// Commands decided in one commit at most, so that the first one's answer is not kept waiting.
const BATCH: usize = 512;
/// Commits kept for followers that are a little late; the later ones read the journal.
const REMEMBERED_COMMITS: usize = 512;

/// What the writer is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// An agent's command, by whoever signed in.
    Agent { user: UserId, command: Box<Command> },
    /// What adapters and watchers found: all of it or none.
    System { commands: Vec<SystemCommand>, by: Actor },
    /// Settings changed by whoever holds the data folder: they may do what an admin may.
    Operator(Box<CommandBody>),
    /// Events as they are, for sample data only: what no command makes yet.
    Given(Vec<(StreamId, Event)>),
}

/// Work and, for sample and generated data only, when it is to have happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub work: Work,
    pub at: Option<Timestamp>,
}

/// Nothing was decided; but for what is unfit, the same may be asked again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    #[error("the server has more to do than it can take on; try again in a few seconds")]
    Busy,
    #[error("the server is going down")]
    Stopping,
    #[error("the server could not store this: {0}")]
    Store(String),
    /// It is not the store that fails, but this one thing; asked again it fails again.
    #[error("this cannot be stored: {0}")]
    Unfit(String),
}

pub type Answer = Result<Outcome, Undecided>;

/// What one commit added, for those who follow.
#[derive(Debug)]
pub struct Committed {
    /// The head before, and after.
    pub from: u64,
    pub to: u64,
    pub events: Vec<Recorded>,
    /// Who may see each stream, as of the commit.
    pub scopes: HashMap<StreamId, Option<Scope>>,
}

struct Queued {
    ask: Ask,
    answer: oneshot::Sender<Answer>,
}

/// How the rest of the server reaches the writer.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Queued>,
    commits: broadcast::Sender<Arc<Committed>>,
    head: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the thread. It ends, its queue drained, when every `Writer` is gone.
    pub fn start(scribe: Scribe, clock: Clock) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (queue, incoming) = mpsc::channel(QUEUE);
        let (commits, _) = broadcast::channel(REMEMBERED_COMMITS);
        let (head_sender, head) = watch::channel(scribe.head());
        let tell = commits.clone();
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || run(scribe, incoming, &tell, &head_sender, &clock))?;
        Ok((Self { queue, commits, head }, thread))
    }

    /// Puts work into the queue and returns where its answer will come; waits while the queue is full.
    pub async fn ask(&self, work: Work) -> Result<oneshot::Receiver<Answer>, Undecided> {
        let (answer, receiver) = oneshot::channel();
        let queued = Queued { ask: Ask { work, at: None }, answer };
        self.queue.send(queued).await.map_err(|_| Undecided::Stopping)?;
        Ok(receiver)
    }

    /// Asks and waits for the answer; refused at once while the queue is full.
    pub async fn settle(&self, work: Work) -> Answer {
        let (answer, receiver) = oneshot::channel();
        let queued = Queued { ask: Ask { work, at: None }, answer };
        self.queue.try_send(queued).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => Undecided::Busy,
            mpsc::error::TrySendError::Closed(_) => Undecided::Stopping,
        })?;
        receiver.await.unwrap_or(Err(Undecided::Stopping))
    }

    /// Commits from here on. A follower that falls behind is told so and reads the journal.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.commits.subscribe()
    }

    /// The journal's head, as it moves.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }
}

fn run(
    mut scribe: Scribe,
    mut incoming: mpsc::Receiver<Queued>,
    commits: &broadcast::Sender<Arc<Committed>>,
    head: &watch::Sender<u64>,
    clock: &Clock,
) {
    while let Some(first) = incoming.blocking_recv() {
        let mut queued = vec![first];
        while queued.len() < BATCH
            && let Ok(next) = incoming.try_recv()
        {
            queued.push(next);
        }
        let (asks, answers): (Vec<Ask>, Vec<_>) = queued.into_iter().map(|q| (q.ask, q.answer)).unzip();
        let outcome = match attempt(&mut scribe, &asks, clock.now()) {
            // One of them meets a bug of ours: the others must not wait for it to be mended.
            Err(Failure::Bug) if asks.len() > 1 => {
                for (ask, answer) in asks.into_iter().zip(answers) {
                    let outcome = attempt(&mut scribe, std::slice::from_ref(&ask), clock.now());
                    conclude(outcome, vec![answer], commits, head);
                }
                continue;
            }
            outcome => outcome,
        };
        if conclude(outcome, answers, commits, head) {
            return;
        }
    }
}

enum Failure {
    Write(WriteError),
    /// It panicked; the transaction was rolled back on the way out.
    Bug,
}

fn attempt(scribe: &mut Scribe, asks: &[Ask], now: Timestamp) -> Result<Written, Failure> {
    let attempt = AssertUnwindSafe(|| scribe.write(asks, now));
    catch_unwind(attempt).map_or(Err(Failure::Bug), |written| written.map_err(Failure::Write))
}

/// Answers and tells; true when this writer must not go on.
fn conclude(
    outcome: Result<Written, Failure>,
    answers: Vec<oneshot::Sender<Answer>>,
    commits: &broadcast::Sender<Arc<Committed>>,
    head: &watch::Sender<u64>,
) -> bool {
    match outcome {
        Ok(written) => {
            if let Some(committed) = written.committed.map(Arc::new) {
                head.send_replace(committed.to);
                // No follower is no failure.
                let _ = commits.send(committed);
            }
            deliver(answers, written.answers);
        }
        Err(Failure::Write(e)) if e.is_fenced() => {
            tracing::error!("{e}");
            deliver_all(answers, &Undecided::Stopping);
            return true;
        }
        Err(Failure::Write(e)) => {
            tracing::error!("nothing was written: {e}");
            deliver_all(answers, &Undecided::Store(e.to_string()));
        }
        Err(Failure::Bug) => deliver_all(answers, &Undecided::Unfit("this met a bug in Evendesk".into())),
    }
    false
}

/// Who asked may have hung up since; the decision stands all the same.
fn deliver(to: Vec<oneshot::Sender<Answer>>, answers: Vec<Answer>) {
    for (to, answer) in to.into_iter().zip(answers) {
        let _ = to.send(answer);
    }
}

fn deliver_all(to: Vec<oneshot::Sender<Answer>>, why: &Undecided) {
    for to in to {
        let _ = to.send(Err(why.clone()));
    }
}
