//! One desk's connection from hello to good-bye, without its socket: what the desk said, commits, answers,
//! what was fetched and the time go in; what to say, to ask and to fetch come out. No socket, no store, no
//! clock, no thread: `connection` carries it over the wire, a simulation over a wire of its own.

use std::time::Duration;

use evendesk_domain::id::{CommandId, WorkspaceId};
use evendesk_domain::permission::{Agent, visible, visible_set};
use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use evendesk_journal::Workspace;
use evendesk_protocol::limits::{HEARTBEAT_S, TAILED_EVENTS};
use evendesk_protocol::version::agree;
use evendesk_protocol::{FromDesk, FromServer, Mode, NEWEST, Outcome, Pushed, Upgrade};
use uuid::Uuid;

use super::directives::{Due, Granted};
pub use super::end::End;
use super::presence::{Place, Whereabouts};
use super::slice::{self, FetchError};
use super::tail::{Slice, Tail};
use crate::state::{Present, SignedInAs};
use crate::writer::{Answer, Committed, Undecided};

/// Commands of one desk that may await their decision.
const UNDER_WAY: usize = 64;
const HEARTBEAT: Duration = Duration::from_secs(HEARTBEAT_S);
/// How long either side may be silent, or take nothing.
pub const PATIENCE: Duration = Duration::from_secs(3 * HEARTBEAT_S);
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// To the author of a command that only a later server knows.
const NOT_KNOWN_HERE: &str = "The server does not know this kind of change yet. Send it again once the server has been upgraded, or drop it.";
/// To the author of a command that would fail each time.
const UNFIT: &str =
    "The server met a bug in this and has noted it. Send it again after the next upgrade, or drop it.";

/// What is to be done, in order.
#[derive(Debug)]
pub enum Todo {
    Say(FromServer),
    /// To be asked of the writer. Its answer comes back in the order asked.
    Decide(Box<Pushed>),
    /// To be fetched by [`slice::fetch`], and brought back.
    Fetch(Wanted),
    /// For the other desks.
    Tell(Present),
    /// Always the last.
    HangUp(End),
}

/// What a session must know that the stores know.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Whether this node comes to have what another has told the desk of: up to this cursor.
    Reach(u64),
    /// Whether the agent sees what they saw when the desk's cursor was there.
    SameEyes { agent: Agent, cursor: u64 },
    /// What follows `after`.
    Slice { agent: Agent, after: u64 },
    /// All of a stream up to `to`, that the agent is granted: still theirs to see?
    Whole { agent: Agent, stream: StreamId, to: u64 },
    /// Who may know of this.
    Audience(Present),
    /// Whether the sign-in still holds.
    SignIn { digest: [u8; 32], now: Timestamp },
}

/// The answer to each.
#[derive(Debug)]
pub enum Found {
    /// False where it takes too long; also true where the journal itself does not reach so far.
    Reached(bool),
    SameEyes(bool),
    /// None where there is no more yet.
    Slice(Option<Box<Slice>>),
    Whole(Granted),
    Audience(Present),
    SignIn(bool),
}

/// The server as it is when something comes in.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    pub workspace: &'a Workspace,
    /// Of the journal, as far as this node has it.
    pub head: u64,
    pub now: Timestamp,
    /// Since the connection was made: a clock that nobody sets.
    pub age: Duration,
}

/// Where the desk has left off, as its hello says.
struct Left {
    workspace: Option<WorkspaceId>,
    incarnation: Option<Uuid>,
    cursor: u64,
    visible_set: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was said yet.
    New,
    /// Hello was said; what the desk holds from before is being judged.
    Greeting {
        cursor: u64,
    },
    /// It fetches a snapshot, and comes back with that one's cursor.
    Fetching,
    Up,
}

/// See the module.
pub struct Session {
    who: [u8; 32],
    /// Of the protocol, as picked.
    version: u32,
    /// Of a desk that has nothing: what it can install, and how much of a journal it is sent instead.
    read_model: String,
    tailed_events: u64,
    tail: Tail,
    phase: Phase,
    /// Commands that await their answer.
    under_way: usize,
    /// A slice is being fetched; the head when it was asked for.
    fetching: Option<u64>,
    /// Every commit since the tail's cursor is on its way here, so that nothing needs to be fetched: with
    /// thousands of desks that are a moment late, fetching would be what keeps them late.
    following: bool,
    heard: Duration,
    checked: Duration,
    whereabouts: Whereabouts,
}

impl Session {
    pub fn new(who: SignedInAs) -> Self {
        Self {
            who: who.digest,
            version: NEWEST,
            read_model: String::new(),
            tailed_events: TAILED_EVENTS,
            tail: Tail::new(who.agent, 0),
            phase: Phase::New,
            under_way: 0,
            fetching: None,
            following: false,
            heard: Duration::ZERO,
            checked: Duration::ZERO,
            whereabouts: Whereabouts::default(),
        }
    }

    /// With another length of a journal that is still sent whole.
    pub const fn tailing(mut self, events: u64) -> Self {
        self.tailed_events = events;
        self
    }

    /// Whether the desk should be listened to now; else what it says may wait on the wire.
    pub fn listens(&self) -> bool {
        self.under_way < UNDER_WAY && !matches!(self.phase, Phase::Greeting { .. })
    }

    /// When [`Session::ticked`] is due, on the clock of [`Here::age`].
    pub fn due(&self) -> Duration {
        if self.phase == Phase::New {
            return HELLO_WITHIN;
        }
        let heartbeat = self.checked + HEARTBEAT;
        self.whereabouts.due().map_or(heartbeat, |due| heartbeat.min(due))
    }

    pub fn said(&mut self, said: FromDesk, here: &Here<'_>) -> Vec<Todo> {
        self.heard = here.age;
        let done = match (self.phase, said) {
            (
                Phase::New,
                FromDesk::Hello {
                    protocol,
                    oldest,
                    read_model,
                    workspace,
                    incarnation,
                    cursor,
                    visible_set,
                    device: _,
                },
            ) => {
                let left = Left { workspace, incarnation, cursor, visible_set };
                match agree(oldest.unwrap_or(protocol), protocol) {
                    Ok(version) => {
                        self.version = version;
                        self.read_model = read_model;
                        Ok(self.greet(&left, here))
                    }
                    Err(side) => Ok(self.tell_first(Mode::Upgrade, Some(Upgrade::of(side)), here)),
                }
            }
            (Phase::New, _) => Err(End::Nonsense("hello comes first".into())),
            (_, FromDesk::Hello { .. }) => Err(End::Nonsense("hello comes once".into())),
            (_, FromDesk::Push(pushed)) => {
                self.under_way += 1;
                Ok(vec![Todo::Decide(pushed)])
            }
            (_, FromDesk::Ack { cursor }) => {
                self.tail.acknowledged(cursor);
                Ok(Vec::new())
            }
            (_, FromDesk::Confirm { directive }) => {
                let due = self.tail.confirmed(directive);
                Ok(self.carry_out(due))
            }
            (_, FromDesk::Presence { conversation, writing }) => {
                let place = self.whereabouts.goes((conversation, writing), here.age);
                Ok(self.goes(place))
            }
            // It may be waiting for its cursor to come as far as a part of a snapshot.
            (_, FromDesk::Ping) => {
                let mut todo = say(self.tail.advance());
                todo.extend(say([FromServer::Pong { server_time: here.now }]));
                Ok(todo)
            }
            (_, FromDesk::Unknown) => {
                tracing::info!("a desk said something that only a later server understands");
                Ok(Vec::new())
            }
        };
        self.then(done, here)
    }

    /// The agent is elsewhere now, or does something else there.
    fn goes(&mut self, place: Option<Place>) -> Vec<Todo> {
        let Some((conversation, writing)) = place else { return Vec::new() };
        let user = self.user();
        let stays = self.whereabouts.at.is_some_and(|at| Some(at.conversation) == conversation);
        let left = if stays { None } else { self.leaves() };
        let comes = conversation
            .map(|conversation| Present { conversation, user, writing, left: false, scope: None })
            .map(|present| Todo::Fetch(Wanted::Audience(present)));
        left.map(Todo::Tell).into_iter().chain(comes).collect()
    }

    /// What others are told where this agent goes from where they were, if they were anywhere.
    pub fn leaves(&mut self) -> Option<Present> {
        self.whereabouts.leaves()
    }

    /// A command came that this server cannot read. It is of no use here, and stops nothing.
    pub fn pushed_unknown(&mut self, id: CommandId, here: &Here<'_>) -> Vec<Todo> {
        self.heard = here.age;
        if self.phase == Phase::New {
            return vec![Todo::HangUp(End::Nonsense("hello comes first".into()))];
        }
        let outcome = Outcome::SetAside { sentence: NOT_KNOWN_HERE.into() };
        self.then(Ok(say([FromServer::Outcome { id, outcome }])), here)
    }

    fn greet(&mut self, left: &Left, here: &Here<'_>) -> Vec<Todo> {
        let Some(incarnation) = left.incarnation else { return self.begin(Mode::Afresh, 0, here) };
        if left.workspace != Some(here.workspace.id) {
            return self.begin(Mode::Afresh, 0, here);
        }
        if incarnation != here.workspace.incarnation {
            return self.tell_first(Mode::NewIncarnation, None, here);
        }
        // What the desk holds was judged by other rules, or for another place in the company.
        if left.visible_set.as_deref() != Some(&visible_set(self.tail.agent())) {
            return self.begin(Mode::Afresh, 0, here);
        }
        let cursor = left.cursor;
        self.phase = Phase::Greeting { cursor };
        if cursor > here.head {
            return vec![Todo::Fetch(Wanted::Reach(cursor))];
        }
        self.compare(cursor, here)
    }

    fn tell_first(&self, mode: Mode, upgrade: Option<Upgrade>, here: &Here<'_>) -> Vec<Todo> {
        let mut todo = say([self.welcome(mode, upgrade, here)]);
        todo.push(Todo::HangUp(End::ToldFirst));
        todo
    }

    /// Goes on from the desk's cursor where that is a place in this journal, and was judged by the same eyes.
    fn compare(&mut self, cursor: u64, here: &Here<'_>) -> Vec<Todo> {
        if cursor > here.head {
            return self.begin(Mode::Afresh, 0, here);
        }
        vec![Todo::Fetch(Wanted::SameEyes { agent: self.tail.agent().clone(), cursor })]
    }

    fn begin(&mut self, mode: Mode, cursor: u64, here: &Here<'_>) -> Vec<Todo> {
        let much = mode == Mode::Afresh && here.head > self.tailed_events;
        if much && self.read_model == evendesk_replica::fingerprint() {
            self.phase = Phase::Fetching;
            return say([self.welcome(Mode::Snapshot, None, here)]);
        }
        self.phase = Phase::Up;
        self.tail = Tail::new(self.tail.agent().clone(), cursor);
        say([self.welcome(mode, None, here)])
    }

    fn welcome(&self, mode: Mode, upgrade: Option<Upgrade>, here: &Here<'_>) -> FromServer {
        FromServer::Welcome {
            protocol: self.version,
            server_time: here.now,
            workspace: here.workspace.id,
            incarnation: here.workspace.incarnation,
            head: here.head,
            mode,
            upgrade,
            agent: self.tail.agent().clone(),
            visible_set: visible_set(self.tail.agent()),
            submit_key: here.workspace.submit_key.clone(),
        }
    }

    /// What the writer made of a command.
    pub fn answered(&mut self, id: CommandId, answer: Answer, here: &Here<'_>) -> Vec<Todo> {
        self.under_way = self.under_way.saturating_sub(1);
        let done = match answer {
            Ok(outcome) => {
                let seq = if let Outcome::Accepted { seq } = outcome { seq } else { 0 };
                let there = self.tail.awaits(seq);
                Ok(say(std::iter::once(FromServer::Outcome { id, outcome }).chain(there)))
            }
            // Not decided: the desk keeps it and pushes it again when it comes back.
            Err(Undecided::Stopping) => Err(End::Stopping),
            // Offered again it would fail again, and hold up all that comes after it.
            Err(unfit @ Undecided::Unfit(_)) => {
                tracing::error!("a command is set aside: {unfit}");
                let outcome = Outcome::SetAside { sentence: UNFIT.into() };
                Ok(say([FromServer::Outcome { id, outcome }]))
            }
            Err(undecided) => Err(End::Failed(undecided.to_string())),
        };
        self.then(done, here)
    }

    /// What was wanted.
    pub fn fetched(&mut self, found: Result<Found, FetchError>, here: &Here<'_>) -> Vec<Todo> {
        let done = match (found, self.phase) {
            (Ok(Found::Reached(true)), Phase::Greeting { cursor }) => Ok(self.compare(cursor, here)),
            (Ok(Found::Reached(_)), _) => Err(End::Behind),
            (Ok(Found::SameEyes(true)), Phase::Greeting { cursor }) => {
                Ok(self.begin(Mode::Tail, cursor, here))
            }
            (Ok(Found::SameEyes(_)), _) => Ok(self.begin(Mode::Afresh, 0, here)),
            (Ok(Found::Slice(slice)), _) => {
                let asked_at = self.fetching.take();
                match slice {
                    Some(slice) => {
                        let due = self.tail.follow(*slice);
                        Ok(self.carry_out(due))
                    }
                    None if asked_at < Some(here.head) => Ok(Vec::new()),
                    // The rows are behind the journal: again when something happens.
                    None => return Vec::new(),
                }
            }
            (Ok(Found::Whole(granted)), _) => {
                let due = self.tail.read(granted);
                Ok(self.carry_out(due))
            }
            (Ok(Found::Audience(present)), _) if self.may_know(&present) => {
                self.whereabouts.at = Some(present);
                Ok(vec![Todo::Tell(present)])
            }
            (Ok(Found::SignIn(false)), _) => Err(End::SignedOut),
            (Ok(Found::Audience(_) | Found::SignIn(true)), _) => return Vec::new(),
            (Err(e), _) => Err(End::Failed(e.to_string())),
        };
        self.then(done, here)
    }

    /// A commit just made goes straight on where the desk has all that came before it.
    pub fn committed(&mut self, commit: &Committed, here: &Here<'_>) -> Vec<Todo> {
        let next = self.phase == Phase::Up
            && self.fetching.is_none()
            && commit.from == self.tail.cursor()
            && self.tail.is_ready();
        if commit.to > self.tail.cursor() {
            self.following = next && !slice::needs_reading(self.user(), &commit.events);
        }
        let todo = if !next || !self.following {
            Vec::new()
        } else if self.tail.sees_any(commit.scopes.values()) {
            let due = self.tail.follow(slice::of(commit));
            self.carry_out(due)
        } else {
            say(self.tail.pass(commit.to))
        };
        self.then(Ok(todo), here)
    }

    /// Commits were made that did not come here: the journal has them.
    pub fn fell_behind(&mut self, here: &Here<'_>) -> Vec<Todo> {
        self.following = false;
        self.then(Ok(Vec::new()), here)
    }

    /// Others' presence, where this desk may know of the conversation.
    pub fn present(&self, present: &Present) -> Option<FromServer> {
        let Present { conversation, user, writing, left, .. } = *present;
        let tell = self.phase == Phase::Up && user != self.user() && self.may_know(present);
        tell.then_some(FromServer::Presence { conversation, user, writing, left })
    }

    fn may_know(&self, present: &Present) -> bool {
        present.scope.is_some_and(|scope| visible(self.tail.agent(), scope))
    }

    /// Time has passed.
    pub fn ticked(&mut self, here: &Here<'_>) -> Vec<Todo> {
        let late = self.phase == Phase::New && here.age >= HELLO_WITHIN;
        if late || here.age.saturating_sub(self.heard) > PATIENCE {
            return vec![Todo::HangUp(End::Silent)];
        }
        let place = self.whereabouts.passes(here.age);
        let mut todo = self.goes(place);
        if here.age >= self.checked + HEARTBEAT {
            todo.extend(say(self.tail.advance()));
            todo.extend(self.sign_ins_ended(here));
            // Whatever went wrong, nothing stays missing for longer than this.
            self.following = false;
        }
        self.then(Ok(todo), here)
    }

    /// Sign-ins of this person ended, perhaps this one.
    pub fn sign_ins_ended(&mut self, here: &Here<'_>) -> Vec<Todo> {
        self.checked = here.age;
        vec![Todo::Fetch(Wanted::SignIn { digest: self.who, now: here.now })]
    }

    fn carry_out(&self, due: Vec<Due>) -> Vec<Todo> {
        let todo = |due| match due {
            Due::Say(message) => Todo::Say(message),
            Due::Read { stream, to } => {
                Todo::Fetch(Wanted::Whole { agent: self.tail.agent().clone(), stream, to })
            }
        };
        due.into_iter().map(todo).collect()
    }

    fn user(&self) -> evendesk_domain::id::UserId {
        self.tail.agent().user
    }

    /// Adds what the desk lacks, as far as it has credit.
    fn then(&mut self, done: Result<Vec<Todo>, End>, here: &Here<'_>) -> Vec<Todo> {
        let mut todo = match done {
            Ok(todo) => todo,
            Err(end) => return vec![Todo::HangUp(end)],
        };
        let lacks = self.phase == Phase::Up && self.tail.is_ready() && self.tail.cursor() < here.head;
        if lacks && !self.following && self.fetching.is_none() {
            self.fetching = Some(here.head);
            let (agent, after) = (self.tail.agent().clone(), self.tail.cursor());
            todo.push(Todo::Fetch(Wanted::Slice { agent, after }));
        }
        todo
    }
}

fn say(messages: impl IntoIterator<Item = FromServer>) -> Vec<Todo> {
    messages.into_iter().map(Todo::Say).collect()
}
