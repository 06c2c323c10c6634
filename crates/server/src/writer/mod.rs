//! The one writer of a workspace: a thread that drains its queue, decides in order, appends once,
//! answers, and tells whoever follows. A batch is whatever queued up during the last commit.
//!
//! On a shared journal other nodes write too: `follower` hears of it, and the same thread folds what
//! they appended, so that it alone writes the replica.

mod draft;
mod follower;
mod scribe;
pub mod tail;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use evendesk_domain::command::{Command, CommandBody, SystemCommand};
use evendesk_domain::event::Event;
use evendesk_domain::id::UserId;
use evendesk_domain::permission::Scope;
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::{Outcome, Pushed};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::clock::Clock;

pub use follower::{Standing, follow};
pub use scribe::{Boundary, Scribe, WriteError};

/// Commands that may wait; whoever comes then is told to come again.
const QUEUE: usize = 4096;
/// Commands decided in one commit at most, so that the first one's answer is not kept waiting.
const BATCH: usize = 512;
/// Commits kept for followers that are a little late; the later ones read the journal.
const REMEMBERED_COMMITS: usize = 512;

/// A shared journal that cannot be reached, as while it restarts, is waited for so long before those
/// who asked are told to come again.
const WAIT_FOR_JOURNAL: Duration = Duration::from_secs(5);
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// What the writer is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// An agent's command, by whoever signed in.
    Agent { user: UserId, command: Box<Command> },
    /// One that may have been accepted before, by a journal that this one was put in the place of.
    Reoffered { user: UserId, command: Box<Command> },
    /// What adapters and watchers found: all of it or none.
    System { commands: Vec<SystemCommand>, by: Actor },
    /// Settings changed by whoever holds the data folder: they may do what an admin may.
    Operator(Box<CommandBody>),
    /// Events as they are, for sample data only: what no command makes yet.
    Given(Vec<(StreamId, Event)>),
}

impl Work {
    /// What `user`'s desk asks for.
    pub fn pushed(user: UserId, pushed: Pushed) -> Self {
        let Pushed { command, reoffered } = pushed;
        let command = Box::new(command);
        if reoffered { Self::Reoffered { user, command } } else { Self::Agent { user, command } }
    }

    /// Whether it takes words out of the journal.
    pub fn erases(&self) -> bool {
        let body = match self {
            Self::Agent { command, .. } | Self::Reoffered { command, .. } => &command.body,
            Self::Operator(body) => body,
            Self::System { .. } | Self::Given(_) => return false,
        };
        matches!(body, CommandBody::EraseCustomer { .. })
    }
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

enum Job {
    Ask(Ask, oneshot::Sender<Answer>),
    /// Others may have appended.
    Look,
}

/// How the rest of the server reaches the writer.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Job>,
    commits: broadcast::Sender<Arc<Committed>>,
    head: watch::Receiver<u64>,
    ended: watch::Receiver<Option<String>>,
    /// Whether it is to look already.
    looks: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the thread. It ends, its queue drained, when every `Writer` is gone.
    pub fn start(mut scribe: Scribe, clock: Clock) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (queue, incoming) = mpsc::channel(QUEUE);
        let (commits, _) = broadcast::channel(REMEMBERED_COMMITS);
        let (head_sender, head) = watch::channel(scribe.head());
        let (end, ended) = watch::channel(None);
        let looks = Arc::new(AtomicBool::new(false));
        let tell = commits.clone();
        scribe.on_commit(move |committed| {
            head_sender.send_replace(committed.to);
            // No follower is no failure.
            let _ = tell.send(Arc::new(committed));
        });
        let looking = Arc::clone(&looks);
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
            if let Some(why) = run(scribe, incoming, &looking, &clock) {
                end.send_replace(Some(why));
            }
        })?;
        Ok((Self { queue, commits, head, ended, looks }, thread))
    }

    /// Puts work into the queue and returns where its answer will come; waits while the queue is full.
    pub async fn ask(&self, work: Work) -> Result<oneshot::Receiver<Answer>, Undecided> {
        let (answer, receiver) = oneshot::channel();
        let job = Job::Ask(Ask { work, at: None }, answer);
        self.queue.send(job).await.map_err(|_| Undecided::Stopping)?;
        Ok(receiver)
    }

    /// Asks and waits for the answer; refused at once while the queue is full.
    pub async fn settle(&self, work: Work) -> Answer {
        let (answer, receiver) = oneshot::channel();
        let job = Job::Ask(Ask { work, at: None }, answer);
        self.queue.try_send(job).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => Undecided::Busy,
            mpsc::error::TrySendError::Closed(_) => Undecided::Stopping,
        })?;
        receiver.await.unwrap_or(Err(Undecided::Stopping))
    }

    /// Has it look for what other nodes appended; it comes to that soon, and once however often it is asked.
    pub fn look(&self) {
        // Where the queue is full, whatever is decided next meets what others appended.
        if !self.looks.swap(true, Ordering::AcqRel) && self.queue.try_send(Job::Look).is_err() {
            self.looks.store(false, Ordering::Release);
        }
    }

    /// Waits until the replica has everything up to `seq`; false if that took too long.
    pub async fn reach(&self, seq: u64, within: Duration) -> bool {
        let mut head = self.head.clone();
        if *head.borrow() >= seq {
            return true;
        }
        self.look();
        matches!(tokio::time::timeout(within, head.wait_for(|head| *head >= seq)).await, Ok(Ok(_)))
    }

    /// Commits from here on. A follower that falls behind is told so and reads the journal.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.commits.subscribe()
    }

    /// The journal's head as far as this node has folded it, as it moves.
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }

    /// Waits until the writer has had to end by itself, and says why.
    pub async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        let why = ended.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
        match why {
            Some(why) => why,
            // It ended as it was told to.
            None => std::future::pending().await,
        }
    }
}

/// Works until every `Writer` is gone, or says why it must not go on.
fn run(
    mut scribe: Scribe,
    mut incoming: mpsc::Receiver<Job>,
    looks: &AtomicBool,
    clock: &Clock,
) -> Option<String> {
    while let Some(first) = incoming.blocking_recv() {
        let mut asks = Vec::new();
        let mut answers = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Ask(ask, answer) => {
                    asks.push(ask);
                    answers.push(answer);
                }
                Job::Look => {
                    looks.store(false, Ordering::Release);
                    scribe.look();
                }
            }
            next = if asks.len() < BATCH { incoming.try_recv().ok() } else { None };
        }
        let outcome = match attempt(&mut scribe, &asks, clock) {
            // One of them meets a bug of ours: the others must not wait for it to be mended.
            Err(Failure::Bug) if asks.len() > 1 => {
                for (ask, answer) in asks.into_iter().zip(answers) {
                    let outcome = attempt(&mut scribe, std::slice::from_ref(&ask), clock);
                    conclude(outcome, vec![answer]);
                }
                continue;
            }
            outcome => outcome,
        };
        if let Some(why) = conclude(outcome, answers) {
            return Some(why);
        }
    }
    None
}

enum Failure {
    Write(WriteError),
    /// It panicked; the transaction was rolled back on the way out.
    Bug,
}

/// Tries until it is done, it cannot be done, or the journal could not be reached for too long.
fn attempt(scribe: &mut Scribe, asks: &[Ask], clock: &Clock) -> Result<Vec<Answer>, Failure> {
    let began = Instant::now();
    loop {
        let once = AssertUnwindSafe(|| scribe.write(asks, clock.now()));
        let e = match catch_unwind(once) {
            Err(_) => return Err(Failure::Bug),
            Ok(Ok(answers)) => return Ok(answers),
            Ok(Err(e)) => e,
        };
        let waits = scribe.is_shared() && !e.is_final() && began.elapsed() < WAIT_FOR_JOURNAL;
        if !waits {
            return Err(Failure::Write(e));
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
}

/// Answers; says why where this writer must not go on.
fn conclude(outcome: Result<Vec<Answer>, Failure>, to: Vec<oneshot::Sender<Answer>>) -> Option<String> {
    match outcome {
        Ok(answers) => deliver(to, answers),
        Err(Failure::Write(e)) if e.is_final() => {
            tracing::error!("{e}");
            deliver_all(to, &Undecided::Stopping);
            return Some(e.to_string());
        }
        Err(Failure::Write(e)) => {
            tracing::error!("nothing was written: {e}");
            deliver_all(to, &Undecided::Store(e.to_string()));
        }
        Err(Failure::Bug) => deliver_all(to, &Undecided::Unfit("this met a bug in Evendesk".into())),
    }
    None
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
