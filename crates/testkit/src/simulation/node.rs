//! A server node: the real scribe with a replica of its own, on the journal that all nodes share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use evendesk_domain::command::{CommandBody, SystemCommand};
use evendesk_domain::event::Event;
use evendesk_domain::id::CommandId;
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Journal, SqliteJournal, Workspace};
use evendesk_protocol::Outcome;
use evendesk_replica::Readers;
use evendesk_server::erasure::{self, Ledger};
use evendesk_server::folder::Folder;
use evendesk_server::snapshot::{self, Snapshots};
use evendesk_server::store;
use evendesk_server::writer::{Answer, Ask, Committed, Scribe, Undecided, Work};

use super::versions::Build;
use super::{Fuse, Next, World, kill, unless_killed};

pub struct Node {
    pub folder: PathBuf,
    /// None while it is down.
    pub up: Option<Up>,
    pub build: Build,
    /// Lit, it is killed at a boundary.
    pub fuse: Fuse,
    /// Lit, another takes the journal over while this one is about to append.
    pub fence: Fuse,
}

pub struct Up {
    pub scribe: Scribe,
    pub readers: Readers,
    pub workspace: Workspace,
    commits: Arc<Mutex<Vec<Committed>>>,
    queue: Vec<(Asker, Ask)>,
    pub snapshots: Snapshots,
    _folder: Folder,
}

/// Where an answer goes.
#[derive(Clone)]
pub enum Asker {
    Desk {
        connection: u64,
        command: CommandId,
    },
    /// Asked again until it is decided, as by a watcher.
    Watcher,
}

impl Node {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, up: None, build: Build::Now, fuse: Fuse::default(), fence: Fuse::default() }
    }

    /// As a server's store opens: what was to be erased and is not is erased first.
    fn open(&self, journal: &Arc<SqliteJournal>, part_streams: Option<usize>, now: Timestamp) -> Up {
        let folder = Folder::open(&self.folder).expect("a node's folder is free");
        let replica = store::replica(&folder, &**journal).expect("a replica opens");
        let workspace = journal.workspace().expect("the journal is read").expect("it has been founded");
        let erasures = Ledger::open(&folder.erasures()).expect("a ledger opens");
        erasure::apply(&**journal, &erasures, now).expect("what was erased is erased");
        let shared: Arc<dyn Journal> = Arc::<SqliteJournal>::clone(journal);
        let mut scribe = Scribe::open(shared, replica, Arc::new(erasures)).expect("a scribe opens");
        let commits: Arc<Mutex<Vec<Committed>>> = Arc::default();
        let kept = Arc::clone(&commits);
        scribe.on_commit(move |c| kept.lock().unwrap_or_else(PoisonError::into_inner).push(c));
        let (fuse, fence, journal) = (self.fuse.clone(), self.fence.clone(), Arc::clone(journal));
        let taken_over = Arc::clone(&journal);
        scribe.set_boundary(Box::new(move |name| {
            if name == "decided" && fence.burns() {
                taken_over.claim().expect("the journal can be taken over");
            }
            if fuse.burns() {
                kill();
            }
        }));
        let readers = scribe.replica().readers();
        let mut snapshots = Snapshots::open(snapshot::folder(folder.root())).expect("a folder opens");
        snapshots.most_streams = part_streams;
        Up { readers, scribe, workspace, commits, queue: Vec::new(), snapshots, _folder: folder }
    }
}

impl World {
    pub(super) fn start_node(&mut self, node: usize) {
        if self.nodes[node].up.is_none() {
            let up = self.nodes[node].open(&self.journal, self.office.part_streams, self.now());
            self.note(&format!("n{node} starts at {}", up.scribe.head()));
            self.nodes[node].up = Some(up);
            self.hint(node);
        }
    }

    pub(super) fn stop_node(&mut self, node: usize, why: &str) {
        let Some(up) = self.nodes[node].up.take() else { return };
        self.note(&format!("n{node} is gone: {why}"));
        drop(up.scribe);
        for (asker, ask) in up.queue {
            if matches!(asker, Asker::Watcher) {
                self.office.undone.push(ask);
            }
        }
        let its: Vec<u64> =
            self.connections.iter().filter(|(_, c)| c.node == node).map(|(id, _)| *id).collect();
        for connection in its {
            self.drop_session(connection);
        }
        let ms = self.chance.between(500, 8_000);
        self.after(ms, Next::Restart { node });
    }

    pub(super) fn queue(&mut self, node: usize, asker: Asker, ask: Ask) {
        let Some(up) = self.nodes[node].up.as_mut() else {
            if matches!(asker, Asker::Watcher) {
                self.office.undone.push(ask);
            }
            return;
        };
        up.queue.push((asker, ask));
        if up.queue.len() == 1 {
            let ms = self.chance.between(0, 40);
            self.after(ms, Next::Batch { node });
        }
    }

    /// What queued up is decided and written.
    pub(super) fn batch(&mut self, node: usize) {
        let now = self.now();
        let Some(up) = self.nodes[node].up.as_mut() else { return };
        let (askers, asks): (Vec<Asker>, Vec<Ask>) = std::mem::take(&mut up.queue).into_iter().unzip();
        let Some(written) = unless_killed(|| up.scribe.write(&asks, now)) else {
            self.undone(&askers, asks);
            self.done.insert("a node killed at a boundary");
            return self.stop_node(node, "killed at a boundary");
        };
        self.tell_commits(node);
        match written {
            Ok(answers) => {
                self.note(&format!("n{node} wrote {} asks, head {}", asks.len(), self.head_of(node)));
                if self.nodes[node].fuse.burns() {
                    self.undone(&askers, asks);
                    self.done.insert("a node killed before it answered");
                    return self.stop_node(node, "killed before it answered");
                }
                for ((asker, ask), answer) in askers.into_iter().zip(asks).zip(answers) {
                    self.answer_to(asker, ask, answer);
                }
            }
            Err(e) => {
                let is_final = e.is_final();
                if !is_final {
                    self.breaks("heals_by_itself", format!("n{node} could not write: {e}"));
                }
                self.undone(&askers, asks);
                self.stop_node(node, &e.to_string());
            }
        }
    }

    fn undone(&mut self, askers: &[Asker], asks: Vec<Ask>) {
        let again = askers.iter().zip(asks).filter(|(a, _)| matches!(a, Asker::Watcher));
        self.office.undone.extend(again.map(|(_, ask)| ask));
    }

    fn answer_to(&mut self, asker: Asker, ask: Ask, answer: Answer) {
        match (asker, answer) {
            (Asker::Desk { connection, command }, answer) => self.answer(connection, command, answer),
            (Asker::Watcher, Ok(Outcome::Accepted { seq })) => {
                self.note(&format!("a watcher's ask is {seq}"))
            }
            (Asker::Watcher, Ok(other)) => self.note(&format!("a watcher is told {other:?}")),
            (Asker::Watcher, Err(Undecided::Unfit(why))) => self.breaks("nothing_is_lost", why),
            (Asker::Watcher, Err(_)) => self.office.undone.push(ask),
        }
    }

    fn head_of(&self, node: usize) -> u64 {
        self.nodes[node].up.as_ref().map_or(0, |up| up.scribe.head())
    }

    /// Folds what other nodes have appended.
    pub(super) fn look(&mut self, node: usize) {
        let now = self.now();
        let Some(up) = self.nodes[node].up.as_mut() else { return };
        up.scribe.look();
        match unless_killed(|| up.scribe.write(&[], now)) {
            None => self.stop_node(node, "killed while it looked"),
            Some(Err(e)) if e.is_final() => self.stop_node(node, &e.to_string()),
            Some(Err(e)) => self.breaks("heals_by_itself", format!("n{node} cannot catch up: {e}")),
            Some(Ok(_)) => self.tell_commits(node),
        }
    }

    /// Tells this node's desks, and hints to the other nodes; a hint may come late.
    fn tell_commits(&mut self, node: usize) {
        let Some(up) = self.nodes[node].up.as_ref() else { return };
        let commits = std::mem::take(&mut *up.commits.lock().unwrap_or_else(PoisonError::into_inner));
        let its: Vec<u64> =
            self.connections.iter().filter(|(_, c)| c.node == node).map(|(id, _)| *id).collect();
        if commits.iter().flat_map(|c| &c.events).any(|e| matches!(e.event, Event::Redacted { .. })) {
            up.snapshots.forget();
        }
        for commit in &commits {
            self.trace.mix(&format!("{commit:?}").len().to_string());
            for connection in &its {
                self.with_session(*connection, |s, here| s.committed(commit, here));
            }
        }
        if !commits.is_empty() {
            self.hint(node);
        }
    }

    /// Others look for what this one may have appended.
    fn hint(&mut self, node: usize) {
        for other in (0..self.nodes.len()).filter(|other| *other != node) {
            let ms = self.chance.between(1, 900);
            self.after(ms, Next::Look { node: other });
        }
    }

    /// Has a node that is up do this for a watcher.
    pub(super) fn watcher_asks(&mut self, commands: Vec<SystemCommand>) {
        self.queue_anywhere(Ask { work: Work::System { commands, by: Actor::System }, at: None });
    }

    pub(super) fn operator_asks(&mut self, body: CommandBody) {
        self.queue_anywhere(Ask { work: Work::Operator(Box::new(body)), at: None });
    }

    fn queue_anywhere(&mut self, ask: Ask) {
        match self.a_node() {
            Some(node) => self.queue(node, Asker::Watcher, ask),
            None => self.office.undone.push(ask),
        }
    }

    /// One that is up.
    pub(super) fn a_node(&mut self) -> Option<usize> {
        let up: Vec<usize> = (0..self.nodes.len()).filter(|n| self.nodes[*n].up.is_some()).collect();
        self.chance.pick(&up).copied()
    }

    /// Watchers ask again for what was not done.
    pub(super) fn ask_again(&mut self) {
        for ask in std::mem::take(&mut self.office.undone) {
            self.queue_anywhere(ask);
        }
    }
}
