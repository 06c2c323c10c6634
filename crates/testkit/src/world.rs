//! A world of one server and several desks: the real ones, on a free port of this machine, in folders
//! that go when it does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use evendesk_desk::client::backoff::Backoff;
use evendesk_desk::{Desk, Options as DeskOptions};
use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Terms;
use evendesk_domain::command::{CommandBody, ReplyDraft, SystemCommand, Then};
use evendesk_domain::decide::World as _;
use evendesk_domain::id::{
    AccountId, CommandId, ConversationId, CustomerId, MessageId, TeamId, TermsId, UserId,
};
use evendesk_domain::settings::{AccountSettings, MailSettings, Role};
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_protocol::Outcome;
use evendesk_replica::EntryKind;
use evendesk_server::backup::{back_up, restore};
use evendesk_server::founding;
use evendesk_server::location::Location;
use evendesk_server::writer::{Answer, Work};
use evendesk_server::{Options as ServerOptions, Running, Server};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::letter::letter;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

pub struct World {
    runtime: Runtime,
    server: Option<Running>,
    /// Kept over a restart, so that desks find it again.
    addr: SocketAddr,
    pub team: TeamId,
    pub account: AccountId,
    /// New desks get a snapshot, in parts of so many streams.
    parts_of: Option<usize>,
    folder: tempfile::TempDir,
}

/// A desk and whose it is.
pub struct Seat {
    pub desk: Desk,
    pub user: UserId,
    token: String,
    folder: PathBuf,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A server that never closes, with one team and one mailbox.
    pub fn new() -> Self {
        Self::open(None, tempfile::tempdir().unwrap())
    }

    /// The same, in a folder of its own in `parent`.
    pub fn at(parent: &Path) -> Self {
        Self::open(None, tempfile::tempdir_in(parent).unwrap())
    }

    /// The same, where a desk that begins gets a snapshot in parts of so many streams, however little there is.
    pub fn in_parts_of(streams: usize) -> Self {
        Self::open(Some(streams), tempfile::tempdir().unwrap())
    }

    fn options(folder: &tempfile::TempDir, parts_of: Option<usize>) -> ServerOptions {
        let mut options = ServerOptions::new(folder.path().join("server"));
        if parts_of.is_some() {
            (options.tailed_events, options.part_streams) = (0, parts_of);
        }
        options
    }

    fn open(parts_of: Option<usize>, folder: tempfile::TempDir) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let server = runtime.block_on(Server::start(Self::options(&folder, parts_of))).unwrap();
        let addr = server.addr();
        let team = {
            let reader = server.app().readers.get().unwrap();
            reader.world_kept().default_team().unwrap().unwrap().id
        };
        let account = AccountId(Uuid::now_v7());
        let world = Self { runtime, server: Some(server), addr, team, account, parts_of, folder };
        world.furnish();
        world
    }

    fn furnish(&self) {
        let terms = TermsId(Uuid::now_v7());
        let always = Terms { calendar: founding::always("UTC"), policy: founding::policy() };
        self.operate(CommandBody::SaveTerms { id: terms, name: "Always".into(), terms: always });
        self.operate(CommandBody::SaveTeam { id: self.team, name: "Support".into(), terms });
        let settings = AccountSettings {
            channel: Channel::Email,
            name: "support".into(),
            address: "support@shop.example".into(),
            team: self.team,
            imap: None,
            smtp: None,
            user: None,
            webhook: None,
            mail: MailSettings::default(),
        };
        self.operate(CommandBody::SaveAccount { id: self.account, settings });
    }

    fn server(&self) -> &Running {
        self.server.as_ref().expect("the server is up")
    }

    fn settle(&self, work: Work) -> Outcome {
        self.ask(work).unwrap()
    }

    /// As it comes out, where it may come to nothing.
    pub fn ask(&self, work: Work) -> Answer {
        self.runtime.block_on(self.server().app().writer.settle(work))
    }

    /// As whoever holds the server's folder.
    pub fn operate(&self, body: CommandBody) {
        let outcome = self.settle(Work::Operator(Box::new(body)));
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where the server's files are.
    pub fn server_folder(&self) -> PathBuf {
        self.folder.path().join("server")
    }

    /// Another team.
    pub fn team(&self, name: &str) -> TeamId {
        let terms = {
            let reader = self.server().app().readers.get().unwrap();
            reader.world_kept().team(self.team).unwrap().unwrap().terms
        };
        let id = TeamId(Uuid::now_v7());
        self.operate(CommandBody::SaveTeam { id, name: name.into(), terms });
        id
    }

    /// Gives someone another role and other teams.
    pub fn promote(&self, seat: &Seat, role: Role, teams: &[TeamId]) {
        self.promote_closed(seat.user, role, teams);
    }

    /// The same, wherever their desk is.
    pub fn promote_closed(&self, user: UserId, role: Role, teams: &[TeamId]) {
        let known = {
            let reader = self.server().app().readers.get().unwrap();
            reader.world_kept().user(user).unwrap().unwrap()
        };
        let teams = teams.to_vec();
        self.operate(CommandBody::SaveUser {
            id: known.id,
            name: known.name,
            login: known.login,
            role,
            teams,
        });
    }

    /// Takes the server down, in order.
    pub fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }

    /// Brings it up again where it was.
    pub fn start(&mut self) {
        let options = ServerOptions { bind: self.addr, ..Self::options(&self.folder, self.parts_of) };
        self.server = Some(self.runtime.block_on(Server::start(options)).unwrap());
    }

    /// Backs the workspace up while it is served.
    pub fn back_up(&self, to: &Path) {
        let from = Location::new(self.server_folder());
        let now = self.server().app().clock.now();
        self.runtime.block_on(back_up(&from, to, true, now)).unwrap();
    }

    /// Loses the server's folder, and brings a backup up in its place.
    pub fn lose_and_restore(&mut self, from: &Path) {
        let now = self.server().app().clock.now();
        self.stop();
        std::fs::remove_dir_all(self.server_folder()).unwrap();
        let to = Location::new(self.server_folder());
        self.runtime.block_on(restore(from, &to, None, now)).unwrap();
        self.start();
    }

    /// Makes a person, and a desk at which they are signed in.
    pub fn seat(&self, name: &str, role: Role) -> Seat {
        self.seat_at(self.folder.path(), name, role)
    }

    /// The same, with the desk's folder in `parent`.
    pub fn seat_at(&self, parent: &Path, name: &str, role: Role) -> Seat {
        let user = UserId(Uuid::now_v7());
        let login = name.to_lowercase();
        let teams = vec![self.team];
        self.operate(CommandBody::SaveUser {
            id: user,
            name: name.into(),
            login: login.clone(),
            role,
            teams,
        });
        let hash = evendesk_server::auth::hash(PASSWORD).unwrap();
        self.server().app().journal.set_password(user, &hash).unwrap();
        let folder = parent.join(&login);
        let desk = Desk::open(&folder, quick()).unwrap();
        let token = desk.sign_in(&self.url(), &login, PASSWORD).unwrap();
        Seat { desk, user, token, folder }
    }

    /// A customer writes to the mailbox.
    pub fn writes(&self, from: &str, text: &str) -> (ConversationId, MessageId) {
        let message = MessageId(Uuid::now_v7());
        let inbound = letter(self.account, message, from, text, self.server().app().clock.now());
        let (customer, conversation) = (CustomerId(Uuid::now_v7()), ConversationId(Uuid::now_v7()));
        let receive = SystemCommand::Receive { message, customer, conversation, inbound: Box::new(inbound) };
        self.settle(Work::System { commands: vec![receive], by: Actor::System });
        let heard =
            self.journal().into_iter().rev().find(|e| e.event.to_text().contains(&message.to_string()));
        (ConversationId(heard.expect("it was received").stream.id), message)
    }

    /// Everything that has happened.
    pub fn journal(&self) -> Vec<Recorded> {
        self.server().app().journal.read(0, 1_000_000).unwrap()
    }

    pub fn events_of(&self, command: CommandId) -> Vec<Recorded> {
        self.journal().into_iter().filter(|e| e.command == Some(command)).collect()
    }

    /// Parts of snapshots that lie in the server's folder.
    pub fn parts(&self) -> usize {
        std::fs::read_dir(evendesk_server::snapshot::folder(&self.folder.path().join("server")))
            .unwrap()
            .count()
    }

    /// The server's rows of a stream.
    pub fn dump(&self, stream: impl Into<StreamId>) -> String {
        self.server().app().readers.get().unwrap().dump_stream(stream.into()).unwrap()
    }

    /// An answer by mail to someone who wrote to the mailbox.
    pub fn reply(&self, conversation: ConversationId, seen: MessageId, text: &str) -> CommandBody {
        CommandBody::Reply(ReplyDraft {
            conversation,
            message: MessageId(Uuid::now_v7()),
            channel: Channel::Email,
            account: self.account,
            to: String::new(),
            text: text.into(),
            follow_up: false,
            seen: Some(seen),
            then: Then::Nothing,
            confirmed: false,
        })
    }
}

pub fn note(conversation: ConversationId, text: &str) -> CommandBody {
    CommandBody::Note { conversation, message: MessageId(Uuid::now_v7()), text: text.into() }
}

/// As in earnest, with shorter waits.
pub(crate) fn quick() -> DeskOptions {
    DeskOptions {
        feedback_within: Duration::ZERO,
        feedback_retry: Duration::from_millis(100),
        backoff: Backoff { first: Duration::from_millis(50), most: Duration::from_millis(200) },
        ..DeskOptions::default()
    }
}

/// A desk whose app is closed.
pub struct Closed {
    pub user: UserId,
    token: String,
    folder: PathBuf,
}

impl Closed {
    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens the app where there is no network.
    pub fn open_deaf(self) -> Seat {
        let Self { user, token, folder } = self;
        let desk = Desk::open(&folder, quick()).unwrap();
        Seat { desk, user, token, folder }
    }

    /// Opens the app again.
    pub fn open(self) -> Seat {
        let Self { user, token, folder } = self;
        let desk = Desk::open(&folder, quick()).unwrap();
        desk.resume(&token).unwrap();
        Seat { desk, user, token, folder }
    }
}

impl Seat {
    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Closes the app.
    pub fn close(self) -> Closed {
        let Self { desk, user, token, folder } = self;
        drop(desk);
        Closed { user, token, folder }
    }

    /// Closes the app and opens it again.
    pub fn reopened(self) -> Self {
        self.close().open()
    }

    /// What is said in a conversation as its page shows it; `…` behind what is pending.
    pub fn texts(&self, conversation: ConversationId) -> Vec<String> {
        let held = self.desk.conversation(conversation).unwrap();
        let Some(customer) = held.map(|c| c.customer) else { return Vec::new() };
        // It may have been withdrawn in between.
        let Ok(page) = self.desk.customer(customer, None, 1000) else { return Vec::new() };
        page.entries
            .into_iter()
            .filter(|e| e.conversation == conversation)
            .filter_map(|e| match e.kind {
                EntryKind::Message { text, .. }
                | EntryKind::Reply { text, .. }
                | EntryKind::Note { text, .. } => Some(if e.pending { format!("{text} …") } else { text }),
                _ => None,
            })
            .collect()
    }

    /// The rows that this desk holds of a stream.
    pub fn dump(&self, stream: impl Into<StreamId>) -> String {
        self.desk.dump(stream.into()).unwrap()
    }
}

/// Waits until it is so; how long that took. Fails, saying what was awaited, after ten seconds.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(10), "waited ten seconds for this: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}
