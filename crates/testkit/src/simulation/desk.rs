//! A desk: the real core on real files. What carries its messages is as in `evendesk_desk::client` and
//! `desk::worker`: one connection at a time, backoff with jitter, a cache built again after failures.

use std::path::PathBuf;
use std::sync::Arc;

use evendesk_desk::client::backoff::Backoff;
use evendesk_desk::client::parts;
use evendesk_desk::core::{Action, Core};
use evendesk_desk::folder::Folder;
use evendesk_desk::outbox::Outbox;
use evendesk_domain::id::{DeviceId, UserId};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::FromServer;
use evendesk_server::socket::session::Session;
use evendesk_server::state::SignedInAs;
use uuid::Uuid;

use super::versions::Build;
use super::wire::{Connection, Way};
use super::work::Typed;
use super::{Fuse, Next, World, kill, unless_killed};

/// As many messages in a row that cannot be taken, and the cache is built again.
const FAILURES: u32 = 3;

pub struct Desk {
    pub folder: PathBuf,
    pub user: UserId,
    pub digest: [u8; 32],
    pub device: Uuid,
    pub open: Option<Open>,
    /// How far its clock is from the servers'.
    pub clock_off_ms: i64,
    pub fuse: Fuse,
    pub connection: Option<u64>,
    /// How often it was opened: ticks are for one opening.
    pub opened: u64,
    /// Which attempt to connect counts.
    pub dial: u64,
    failures: u32,
    in_a_row: u32,
    /// Cables are out: it does not even try.
    pub offline: bool,
    /// What its agent began to type, and what they had seen then.
    pub typed: Vec<Typed>,
    pub build: Build,
}

pub struct Open {
    pub core: Core,
    _folder: Folder,
}

impl Desk {
    pub fn new(folder: PathBuf, user: UserId, digest: [u8; 32], device: Uuid) -> Self {
        Self {
            folder,
            user,
            digest,
            device,
            open: None,
            clock_off_ms: 0,
            fuse: Fuse::default(),
            connection: None,
            opened: 0,
            dial: 0,
            failures: 0,
            in_a_row: 0,
            offline: false,
            typed: Vec::new(),
            build: Build::Now,
        }
    }

    pub fn outbox(&self) -> Option<&Arc<Outbox>> {
        self.open.as_ref().map(|o| o.core.outbox())
    }
}

impl World {
    pub(super) fn desk_now(&self, desk: usize) -> Timestamp {
        Timestamp::from_millis(self.now().millis() + self.desks[desk].clock_off_ms)
    }

    pub(super) fn open_desk(&mut self, desk: usize) {
        if self.desks[desk].open.is_some() {
            return;
        }
        let now = self.desk_now(desk);
        let it = &mut self.desks[desk];
        let folder = Folder::lock(&it.folder).expect("a desk's folder is free");
        parts::sweep(&folder.private_folder("parts").expect("a folder opens")).expect("it is emptied");
        let outbox = Core::outbox_in(&folder).expect("an outbox opens");
        let mut core = Core::open(&folder, outbox, it.device, now).expect("a desk opens");
        let fuse = it.fuse.clone();
        core.set_boundary(Box::new(move |_| {
            if fuse.burns() {
                kill();
            }
        }));
        it.open = Some(Open { core, _folder: folder });
        it.opened += 1;
        let opened = it.opened;
        self.note(&format!("d{desk} opens"));
        self.dial_after(desk, 0);
        self.after(1_000, Next::Tick { desk, opened });
    }

    pub(super) fn kill_desk(&mut self, desk: usize, why: &str) {
        if self.desks[desk].open.take().is_none() {
            return;
        }
        self.note(&format!("d{desk} is gone: {why}"));
        self.let_go(desk);
        let ms = self.chance.between(200, 20_000);
        self.after(ms, Next::Reopen { desk });
    }

    /// Has the core do something; its actions are carried out. None where it was killed on the way.
    pub(super) fn with_core<T>(
        &mut self,
        desk: usize,
        f: impl FnOnce(&mut Core, Timestamp) -> Result<(T, Vec<Action>), evendesk_desk::Error>,
    ) -> Option<Result<T, evendesk_desk::Error>> {
        let now = self.desk_now(desk);
        let core = &mut self.desks[desk].open.as_mut()?.core;
        let Some(done) = unless_killed(|| f(core, now)) else {
            self.done.insert("a desk killed at a boundary");
            self.kill_desk(desk, "killed at a boundary");
            return None;
        };
        Some(done.map(|(value, actions)| {
            self.act(desk, actions);
            value
        }))
    }

    fn act(&mut self, desk: usize, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send(message) => {
                    if let Some(connection) = self.desks[desk].connection {
                        self.desk_says(connection, &message);
                    }
                }
                Action::HangUp { after_s } => self.desk_ends(desk, after_s),
                Action::FetchPart(wanted) => self.ask_for_a_part(desk, wanted),
                Action::Changed(_) | Action::Presence(_) | Action::Connection | Action::NewCache => {}
            }
        }
    }

    pub(super) fn desk_hears(&mut self, desk: usize, message: FromServer) {
        if matches!(message, FromServer::Welcome { .. }) {
            self.desks[desk].failures = 0;
        }
        self.takes(desk, |core, now| core.received(message, now).map(|a| ((), a)));
    }

    /// Has the core take what came from outside.
    pub(super) fn takes(
        &mut self,
        desk: usize,
        f: impl FnOnce(&mut Core, Timestamp) -> Result<((), Vec<Action>), evendesk_desk::Error>,
    ) {
        match self.with_core(desk, f) {
            Some(Ok(())) => self.desks[desk].in_a_row = 0,
            Some(Err(error)) => self.mend(desk, &error),
            None => {}
        }
    }

    /// No disk is full here and no file is damaged: a desk that cannot take a message has met a bug.
    fn mend(&mut self, desk: usize, error: &evendesk_desk::Error) {
        self.breaks("same_cursor_same_rows", format!("d{desk} could not take a message: {error}"));
        self.desks[desk].in_a_row += 1;
        if error.is_damage() || self.desks[desk].in_a_row == FAILURES {
            let built = self.with_core(desk, |core, now| core.rebuild_cache(now).map(|a| ((), a)));
            if let Some(Err(e)) = built {
                self.breaks("heals_by_itself", format!("d{desk} cannot build its cache again: {e}"));
            }
        }
        self.desk_ends(desk, None);
    }

    /// The desk ends its connection.
    pub(super) fn desk_ends(&mut self, desk: usize, after_s: Option<u64>) {
        if let Some(connection) = self.desks[desk].connection.take() {
            self.desk_hangs_up(connection);
        }
        self.disconnected(desk, after_s);
    }

    pub(super) fn desk_lost_its_connection(&mut self, desk: usize, after_s: Option<u64>) {
        self.let_go(desk);
        self.disconnected(desk, after_s);
    }

    fn let_go(&mut self, desk: usize) {
        if let Some(connection) = self.desks[desk].connection.take()
            && let Some(found) = self.connections.get_mut(&connection)
        {
            found.held = false;
            if found.session.is_some() && !found.up.lost {
                self.desk_hangs_up(connection);
            }
        }
    }

    fn disconnected(&mut self, desk: usize, after_s: Option<u64>) {
        let Some(open) = &mut self.desks[desk].open else { return };
        let actions = open.core.disconnected();
        self.act(desk, actions);
        let chance = self.chance.fraction();
        let wait = Backoff::default().wait(self.desks[desk].failures, chance);
        self.desks[desk].failures += 1;
        let wait = i64::try_from(wait.as_millis()).unwrap_or(32_000);
        let hint = i64::try_from(after_s.unwrap_or(0)).unwrap_or(0) * 1_000;
        self.dial_after(desk, hint + wait);
    }

    fn dial_after(&mut self, desk: usize, ms: i64) {
        self.desks[desk].dial += 1;
        let dial = self.desks[desk].dial;
        self.after(ms, Next::Dial { desk, dial });
    }

    pub(super) fn dial(&mut self, desk: usize, dial: u64) {
        let it = &self.desks[desk];
        if it.open.is_none() || it.connection.is_some() || it.dial != dial {
            return;
        }
        let node = if it.offline { None } else { self.a_node() };
        let Some((node, session)) = node.and_then(|n| Some((n, self.sign_in(desk, n)?))) else {
            return self.disconnected(desk, None);
        };
        self.connected += 1;
        let (id, way) = (self.connected, |slow_ms| Way { slow_ms, ..Way::default() });
        let calm = self.calm;
        let slow = |chance: &mut super::Chance| {
            if !calm && chance.one_in(6) { chance.between(100, 4_000) } else { 0 }
        };
        let (up, down) = (way(slow(&mut self.chance)), way(slow(&mut self.chance)));
        self.connections.insert(
            id,
            Connection {
                desk,
                node,
                era: self.past.era,
                began_ms: self.now_ms,
                session: Some(session),
                held: true,
                up,
                down,
                arrived: std::collections::VecDeque::new(),
                asked: std::collections::VecDeque::new(),
            },
        );
        self.note(&format!("d{desk} connects to n{node} as c{id}"));
        self.desks[desk].connection = Some(id);
        self.after(10_000, Next::SessionDue { connection: id });
        let _ = self.with_core(desk, |core, now| Ok(((), core.connected(now))));
    }

    fn sign_in(&mut self, desk: usize, node: usize) -> Option<Session> {
        let (user, digest) = (self.desks[desk].user, self.desks[desk].digest);
        let up = self.nodes[node].up.as_ref()?;
        let agent = up.readers.get().ok()?.agent(user).ok()??;
        let device = DeviceId(self.desks[desk].device);
        let session = Session::new(SignedInAs { agent, device, digest });
        Some(session.tailing(self.office.tailed_events))
    }

    pub(super) fn tick(&mut self, desk: usize, opened: u64) {
        if self.desks[desk].open.is_none() || self.desks[desk].opened != opened {
            return;
        }
        // Slices of the search index are made while nothing else is asked for.
        if let Some(Err(e)) = self.with_core(desk, |core, _| Ok((core.index_some()?, Vec::new()))) {
            self.breaks("heals_by_itself", format!("d{desk} cannot index: {e}"));
        }
        // Between two messages nothing but the clock is asked.
        if self.desks[desk].connection.is_some() {
            match self.with_core(desk, |core, now| core.tick(now).map(|a| ((), a))) {
                None => return,
                Some(Err(e)) => self.breaks("heals_by_itself", format!("d{desk} cannot keep time: {e}")),
                Some(Ok(())) => {}
            }
        }
        self.after(3_000, Next::Tick { desk, opened });
    }
}
