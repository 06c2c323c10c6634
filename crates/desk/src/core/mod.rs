//! The sync core: what the server said, what the agent asked for and the time go in; what to say to the
//! server and what has changed come out. No socket, no clock, no thread, no randomness: a simulation
//! drives it as the client does, with real files.
//!
//! Between two calls this holds: the cache is what the server has said up to its cursor, with the
//! events that the pending commands would have, decided here in their order, folded on top under
//! provisional seqs. Each call keeps the outbox before it shows anything from the cache, and moves
//! the cache before it forgets anything from the outbox; so a crash between the two is mended by
//! deciding again what is pending, which `open` does.

mod bootstrap;
mod changes;
mod doctor;
mod erase;
mod local;
mod outcome;
mod pull;
mod rebase;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evendesk_domain::decide::World as _;
use evendesk_domain::id::{CommandId, DeviceId, WorkspaceId};
use evendesk_domain::permission::Agent;
use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::http::Problem;
use evendesk_protocol::limits::HEARTBEAT_S;
use evendesk_protocol::{FromDesk, NEWEST, OLDEST, Pushed};
use evendesk_replica::{Position, Readers};
use uuid::Uuid;

use crate::attachments::Attachments;
use crate::cache::Cache;
use crate::error::Error;
use crate::folder::Folder;
use crate::outbox::commands::{State, Tally};
use crate::outbox::dropped::Dropped;
use crate::outbox::settings::{Setting, TurnedAway};
use crate::outbox::{self, Outbox};
use crate::view::{Change, Connection, ConnectionState, Presence, Progress, SessionEnded, Stage};

pub use bootstrap::PartWanted;
pub use doctor::{Difference, Health};
use rebase::Top;

/// Commands that may be on their way unanswered; more wait here.
const UNANSWERED: usize = 64;
/// After this long without an answer on a connection that lives, a command is offered again.
const OFFER_AGAIN_S: i64 = 30;
/// A clock this far off is worth telling.
const OFF_BY_S: i64 = 30;

/// What the core wants done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Send(FromDesk),
    Changed(Change),
    Presence(Presence),
    /// Fetch a part of a snapshot over this connection's address, and bring it with [`Core::part_fetched`].
    FetchPart(PartWanted),
    /// The state of the connection, or the number on their way, may differ from before.
    Connection,
    /// End this connection; come back after so many seconds, or by the usual backoff.
    HangUp {
        after_s: Option<u64>,
    },
    /// The file of the cache is another: readers of the old one are to be given up.
    NewCache,
}

/// Where the conversation with the server stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Down,
    /// `hello` is said.
    Greeting {
        said_at: Timestamp,
    },
    Up,
}

pub struct Core {
    outbox: Arc<Outbox>,
    cache: Cache,
    attachments: Attachments,
    device: DeviceId,
    agent: Option<Agent>,
    line: Line,
    position: Position,
    /// The journal that this connection leads to, once greeted.
    journal: Option<Uuid>,
    /// What was settled is to be looked through for what is not here any more, once in sync.
    look_through_settled: bool,
    /// The workspace that the cache is of, once it has greeted.
    workspace: Option<WorkspaceId>,
    /// What the server calls what the cache holds, as of the cursor.
    visible_set: String,
    /// A stream that is being granted in several messages.
    granting: Option<u64>,
    bootstrap: bootstrap::Bootstrap,
    /// The journal's end, as far as this desk has heard.
    head: u64,
    offset_ms: i64,
    heard_at: Timestamp,
    pinged_at: Option<Timestamp>,
    /// Pushed on this connection and not answered, and when.
    unanswered: BTreeMap<CommandId, Timestamp>,
    /// Of those, the ones that the server holds until what they follow is accepted.
    told_held: BTreeSet<CommandId>,
    top: Top,
    /// What the agent dropped of late, the last first.
    dropped: VecDeque<(CommandId, Option<StreamId>, Dropped)>,
    refusal: Option<(ConnectionState, String)>,
    /// Why the last message could not be taken, for a person.
    trouble: Option<String>,
    /// A damaged outbox lies in the folder; told of until someone has moved it away.
    damaged_outbox: Option<PathBuf>,
    /// Why the server hung up, where that does not pass by itself.
    said_at_parting: Option<String>,
    /// Something that was only pending is gone from the cache, and still in its log.
    leftovers: bool,
    boundary: Option<Boundary>,
}

/// Called at every point where a crash would find something else on the disk, with its name.
pub type Boundary = Box<dyn FnMut(&'static str) + Send>;

impl Core {
    /// Opens the folder's files; what is pending is decided again on top of the cache.
    pub fn open(
        folder: &Folder,
        outbox: Arc<Outbox>,
        fresh_device: Uuid,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let cache = Cache::open(&folder.private_folder("cache")?)?;
        let device = outbox.device(fresh_device)?;
        let agent = outbox.agent()?;
        let offset_ms = outbox.get(Setting::OffsetMs)?.and_then(|v| v.parse().ok()).unwrap_or(0);
        let position = cache.position()?;
        let visible_set = cache.readers().get()?.visible_set()?;
        let workspace = outbox.get(Setting::Workspace)?.and_then(|id| id.parse().ok()).map(WorkspaceId);
        let mut core = Self {
            outbox,
            cache,
            attachments: Attachments::open(folder)?,
            device,
            agent,
            line: Line::Down,
            position,
            journal: None,
            look_through_settled: true,
            workspace,
            visible_set,
            granting: None,
            bootstrap: bootstrap::Bootstrap::default(),
            head: position.cursor,
            offset_ms,
            heard_at: now,
            pinged_at: None,
            unanswered: BTreeMap::new(),
            told_held: BTreeSet::new(),
            top: Top::default(),
            dropped: VecDeque::new(),
            refusal: None,
            trouble: None,
            damaged_outbox: None,
            said_at_parting: None,
            leftovers: true,
            boundary: None,
        };
        core.outbox.settled(position.cursor, &[], core.server_time(now))?;
        core.rebase_all(now)?;
        core.sweep_attachments()?;
        core.outbox.damaged_swept(now).map_err(Error::file(core.outbox.file()))?;
        core.damaged_outbox = core.outbox.damaged().into_iter().next();
        Ok(core)
    }

    /// Opens the outbox file of a folder; one that is damaged is set aside, and told of.
    pub fn outbox_in(folder: &Folder) -> Result<Arc<Outbox>, Error> {
        Ok(Arc::new(Outbox::open_or_set_aside(&folder.private_file(outbox::FILE)?)?))
    }

    /// Removes attachments of conversations that are not here any more.
    fn sweep_attachments(&self) -> Result<(), Error> {
        let reader = self.cache.readers().get()?;
        let world = reader.world_kept();
        self.attachments.keep_only(|id| !matches!(world.conversation(id), Ok(None)));
        Ok(())
    }

    pub fn set_boundary(&mut self, boundary: Boundary) {
        self.boundary = Some(boundary);
    }

    /// Notes what keeps this desk from taking what the server says, or that nothing does any more.
    pub fn set_trouble(&mut self, trouble: Option<String>) {
        self.trouble = trouble;
    }

    fn boundary(&mut self, name: &'static str) {
        if let Some(boundary) = &mut self.boundary {
            boundary(name);
        }
    }

    pub fn readers(&self) -> Readers {
        self.cache.readers()
    }

    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    pub fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref()
    }

    pub fn cursor(&self) -> u64 {
        self.position.cursor
    }

    pub fn offset_ms(&self) -> i64 {
        self.offset_ms
    }

    /// The best estimate of the server's time.
    pub fn server_time(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.millis().saturating_add(self.offset_ms))
    }

    /// A connection is there: says hello.
    pub fn connected(&mut self, now: Timestamp) -> Vec<Action> {
        self.line = Line::Greeting { said_at: now };
        self.heard_at = now;
        self.pinged_at = None;
        self.granting = None;
        self.no_part_under_way();
        self.unanswered.clear();
        self.told_held.clear();
        let hello = FromDesk::Hello {
            protocol: NEWEST,
            oldest: Some(OLDEST),
            read_model: evendesk_replica::fingerprint().to_owned(),
            device: self.device,
            workspace: self.workspace,
            incarnation: self.position.incarnation,
            cursor: self.position.cursor,
            visible_set: Some(self.visible_set.clone()).filter(|_| self.position.incarnation.is_some()),
        };
        vec![Action::Send(hello), Action::Connection]
    }

    pub fn disconnected(&mut self) -> Vec<Action> {
        self.line = Line::Down;
        self.no_part_under_way();
        self.unanswered.clear();
        vec![Action::Connection]
    }

    /// The server would not even talk: the sign-in is not valid any more. Where it was ended from
    /// elsewhere, what the agent could see goes from this desk; what they did and typed stays.
    pub fn turned_away(&mut self, problem: Problem) -> Result<Vec<Action>, Error> {
        let mut actions = Vec::new();
        if let (Some(why), Some(agent)) = (SessionEnded::from_code(&problem.code), &self.agent) {
            self.outbox.set_turned_away(TurnedAway { user: agent.user, why })?;
            self.boundary("turned away");
            actions = self.sign_out()?;
        }
        self.refusal = Some((ConnectionState::SignInAgain, problem.sentence));
        actions.extend(self.disconnected());
        Ok(actions)
    }

    /// Signs in as `agent`. Another agent's cache is not this one's to see; their commands stay in the
    /// outbox, and go out when they sign in again.
    pub fn sign_in(&mut self, agent: Agent, now: Timestamp) -> Result<Vec<Action>, Error> {
        let owner = agent.user.to_string();
        if self.outbox.get(Setting::CacheOwner)?.as_deref() != Some(owner.as_str()) {
            self.clear(Position::default())?;
            self.outbox.set(Setting::CacheOwner, &owner)?;
        }
        self.outbox.set_agent(&agent)?;
        self.outbox.unset(Setting::TurnedAway)?;
        self.agent = Some(agent);
        self.refusal = None;
        self.rebase_all(now)?;
        Ok(vec![Action::Changed(everything()), Action::Connection])
    }

    /// Signs out: what the agent could see goes; what they did and what has not been decided stays.
    pub fn sign_out(&mut self) -> Result<Vec<Action>, Error> {
        self.outbox.unset(Setting::Agent)?;
        self.outbox.unset(Setting::CacheOwner)?;
        self.agent = None;
        self.dropped.clear();
        self.refusal = None;
        self.clear(Position::default())?;
        let mut actions = vec![Action::HangUp { after_s: None }];
        actions.extend(self.disconnected());
        actions.push(Action::Changed(everything()));
        Ok(actions)
    }

    /// Time passes: heartbeat, and what has been unanswered for too long.
    pub fn tick(&mut self, now: Timestamp) -> Result<Vec<Action>, Error> {
        // What was settled about a stream that is withdrawn meanwhile, or never was this agent's to see, is
        // not to be found in a log either.
        self.outbox.empty_log()?;
        self.leftovers = self.leftovers && !self.cache.empty_log()?;
        if self.line == Line::Down {
            return Ok(Vec::new());
        }
        self.clock_set_back(now);
        let heartbeat = i64::try_from(HEARTBEAT_S).unwrap_or(15);
        if now.seconds_since(self.heard_at) >= 3 * heartbeat {
            return Ok(vec![Action::HangUp { after_s: None }]);
        }
        let mut actions = Vec::new();
        if self.line == Line::Up {
            if self.pinged_at.is_none_or(|at| now.seconds_since(at) >= heartbeat) {
                self.pinged_at = Some(now);
                actions.push(Action::Send(FromDesk::Ping));
            }
            self.unanswered.retain(|_, at| now.seconds_since(*at) < OFFER_AGAIN_S);
            actions.extend(self.push(now)?);
            actions.extend(self.want_part(now)?);
        }
        Ok(actions)
    }

    /// Whatever was noted at a time that is still to come was noted before this computer's clock was set back.
    fn clock_set_back(&mut self, now: Timestamp) {
        if self.heard_at > now {
            self.heard_at = now;
        }
        if self.pinged_at.is_some_and(|at| at > now) {
            self.pinged_at = None;
        }
        // A part is asked for again within seconds: noted later than that, it was noted by the clock of before.
        let soon = now.plus_seconds(bootstrap::AGAIN_S);
        self.bootstrap.again_at = self.bootstrap.again_at.map(|at| at.min(soon));
        for at in self.unanswered.values_mut() {
            *at = (*at).min(now);
        }
    }

    /// Offers what is on its way, in order, as many as may be unanswered.
    fn push(&mut self, now: Timestamp) -> Result<Vec<Action>, Error> {
        let Some(agent) = self.agent.as_ref().filter(|_| self.line == Line::Up) else {
            return Ok(Vec::new());
        };
        let room = UNANSWERED.saturating_sub(self.unanswered.len());
        let ready: Vec<_> = self
            .outbox
            .commands(agent.user)?
            .into_iter()
            .filter(|k| matches!(k.state, State::Waiting | State::Sent))
            .filter(|k| !self.unanswered.contains_key(&k.command.id))
            .take(room)
            .map(|k| Pushed { command: k.command, reoffered: k.reoffered })
            .collect();
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        self.outbox.sending(&ready.iter().map(|p| p.command.id).collect::<Vec<_>>(), self.journal)?;
        self.boundary("sending noted");
        Ok(ready
            .into_iter()
            .map(|pushed| {
                self.unanswered.insert(pushed.command.id, now);
                Action::Send(FromDesk::Push(Box::new(pushed)))
            })
            .collect())
    }

    pub fn connection(&self) -> Result<Connection, Error> {
        let tally = match &self.agent {
            Some(agent) => self.outbox.tally(agent.user)?,
            None => Tally::default(),
        };
        let (state, mut message) = match (&self.refusal, self.line) {
            (Some((state, sentence)), _) => (*state, Some(sentence.clone())),
            (None, Line::Up) if self.position.cursor >= self.head && !self.bootstrap.starting => {
                (ConnectionState::InSync, None)
            }
            (None, Line::Up | Line::Greeting { .. }) => (ConnectionState::Syncing, None),
            (None, Line::Down) => (ConnectionState::Offline, None),
        };
        let progress = self.progress()?;
        let no_room = self.bootstrap.no_room.as_ref().filter(|_| progress.is_some());
        message = message.or_else(|| self.trouble.clone()).or_else(|| no_room.cloned());
        message = message.or_else(|| self.said_at_parting.clone());
        message = message.or_else(|| self.damaged_outbox.as_deref().map(outbox_was_damaged));
        if message.is_none() && self.offset_ms.abs() > OFF_BY_S * 1000 {
            message = Some(format!(
                "This computer's clock is {} s off; times are shown as the server's clock has them.",
                self.offset_ms.abs() / 1000
            ));
        }
        let syncing = state == ConnectionState::Syncing && self.head > self.position.cursor;
        Ok(Connection {
            state,
            pending: tally.pending,
            attention: tally.attention,
            offset_ms: self.offset_ms,
            progress: match progress {
                None if syncing => {
                    Some(Progress { stage: Stage::Tail, done: self.position.cursor, total: self.head })
                }
                progress => progress,
            },
            message,
        })
    }
}

fn outbox_was_damaged(aside: &Path) -> String {
    format!(
        "The file of what had not gone out yet was damaged. What could be read of it is in Outgoing and in the \
         drafts; the damaged file is kept as {} for {} days, unless something it tells of is withdrawn or erased \
         before. Move it away once you have looked.",
        aside.display(),
        outbox::damage::KEPT_DAYS
    )
}

fn everything() -> Change {
    Change { customers: None, feedback: true, settings: true }
}
