//! One desk's core and the wire to the server of paper.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World as _;
use evendesk_domain::id::{CommandId, ConversationId, UserId};
use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::{FromDesk, FromServer};
use evendesk_replica::{CustomerPage, EntryKind};

use super::paper::{ALICE, Paper, id};
use crate::core::{Action, Core, PartWanted};
use crate::error::Error;
use crate::folder::Folder;
use crate::outbox::commands::{Kept, State};
use crate::part_file::PartFile;
use crate::view::Connection;

/// Seconds after the test began.
pub fn at(s: i64) -> Timestamp {
    Timestamp::from_seconds(1_780_000_000 + s)
}

pub struct Desk {
    pub core: Core,
    said: Vec<FromDesk>,
    /// The desk has hung up, to come back at once.
    hung_up: bool,
    wanted: Option<PartWanted>,
    next_id: u128,
    user: UserId,
    /// Locks the folder, which goes with the test.
    folder: Folder,
    temp: Arc<tempfile::TempDir>,
}

/// A server with two teams and two agents, and Alice's desk.
pub fn world() -> (Paper, Desk) {
    let server = Paper::new(at(0));
    let mut desk = Desk::open(Arc::new(tempfile::tempdir().unwrap()), 2000);
    desk.sign_in(&server, ALICE);
    (server, desk)
}

impl Desk {
    pub fn open(temp: Arc<tempfile::TempDir>, next_id: u128) -> Self {
        let folder = Folder::lock(temp.path()).unwrap();
        let outbox = Core::outbox_in(&folder).unwrap();
        let core = Core::open(&folder, outbox, id(9), at(0)).unwrap();
        let user = core.agent().map_or(ALICE, |a| a.user);
        Self { core, said: Vec::new(), hung_up: false, wanted: None, next_id, user, folder, temp }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn reopened(self) -> Self {
        self.reopened_after(|_| ())
    }

    pub fn reopened_after(self, f: impl FnOnce(&Path)) -> Self {
        let (temp, next_id) = (Arc::clone(&self.temp), self.next_id);
        drop(self);
        f(temp.path());
        Self::open(temp, next_id)
    }

    pub fn sign_in(&mut self, server: &Paper, user: UserId) {
        self.user = user;
        self.cut();
        let actions = self.core.sign_in(server.agent(user), at(0)).unwrap();
        self.take(actions);
    }

    /// The wire is cut: what was under way on it is lost.
    pub fn cut(&mut self) {
        let actions = self.core.disconnected();
        self.take(actions);
        self.said.clear();
        self.wanted = None;
    }

    /// Connects and hears the welcome, and whatever follows it before a part is wanted.
    pub fn begins(&mut self, server: &mut Paper) {
        self.cut();
        self.connects(server);
        self.until_wanting(server);
    }

    pub fn wants(&self) -> Option<&PartWanted> {
        self.wanted.as_ref()
    }

    /// One step of having everything: a part fetched and installed, or a reconnection, or some of the tail.
    /// False when there is nothing to do.
    pub fn step(&mut self, server: &mut Paper) -> bool {
        if let Some(wanted) = self.wanted.take() {
            let file = self.path().join(format!("part-{}", wanted.number));
            server.write_part(self.user, wanted.begin, &file);
            let actions = self.core.part_fetched(wanted.number, PartFile::at(file), at(0)).unwrap();
            self.take(actions);
            if std::mem::take(&mut self.hung_up) {
                self.begins(server);
            }
            return true;
        }
        self.exchange(server) || self.wanted.is_some()
    }

    /// Carries messages until a part is wanted, or there are none.
    pub fn until_wanting(&mut self, server: &mut Paper) {
        while self.wanted.is_none() && self.exchange(server) {}
    }

    pub fn ticks(&mut self, now: Timestamp) {
        let actions = self.core.tick(now).unwrap();
        self.take(actions);
    }

    pub fn conversation(&self, id: ConversationId) -> Option<evendesk_domain::conversation::Conversation> {
        self.core.readers().get().unwrap().world_kept().conversation(id).unwrap()
    }

    /// One message each way at least; false when there was none.
    fn exchange(&mut self, server: &mut Paper) -> bool {
        let said = std::mem::take(&mut self.said);
        let mut heard: Vec<FromServer> = said.iter().flat_map(|m| server.hear(self.user, m)).collect();
        heard.extend(server.tail(self.user, 3));
        let any = !heard.is_empty();
        for message in heard {
            let actions = self.core.received(message, at(0)).unwrap();
            self.take(actions);
        }
        any
    }

    /// Connects if need be, and carries messages both ways until there are none.
    pub fn sync(&mut self, server: &mut Paper) {
        self.cut();
        let actions = self.core.connected(at(0));
        self.take(actions);
        loop {
            if std::mem::take(&mut self.hung_up) {
                return self.sync(server);
            }
            if !self.exchange(server) {
                return;
            }
        }
    }

    /// Connects, and says hello.
    pub fn says_hello(&mut self) -> FromDesk {
        let actions = self.core.connected(at(0));
        self.take(actions);
        self.said.remove(0)
    }

    /// Connects, and hears the welcome; what the desk says to it is on the wire.
    pub fn connects(&mut self, server: &mut Paper) {
        let actions = self.core.connected(at(0));
        self.take(actions);
        for hello in std::mem::take(&mut self.said) {
            for welcome in server.hear(self.user, &hello) {
                self.hears(welcome);
            }
        }
    }

    /// Takes one message; what the desk says to it.
    pub fn hears(&mut self, message: FromServer) -> Vec<FromDesk> {
        let before = self.said.len();
        let actions = self.core.received(message, at(0)).unwrap();
        self.take(actions);
        self.said[before..].to_vec()
    }

    fn take(&mut self, actions: Vec<Action>) {
        self.said.extend(actions.into_iter().filter_map(|a| match a {
            Action::Send(message) => Some(message),
            Action::FetchPart(wanted) => {
                self.wanted = Some(wanted);
                None
            }
            Action::HangUp { after_s: Some(0) } => {
                self.hung_up = true;
                None
            }
            _ => None,
        }));
    }

    /// What the desk said that is not on the wire yet, but for acknowledgements.
    pub fn take_said(&mut self) -> Vec<FromDesk> {
        let mut said = std::mem::take(&mut self.said);
        said.retain(|m| !matches!(m, FromDesk::Ack { .. }));
        said
    }

    fn fresh(&mut self) -> CommandId {
        self.next_id += 1;
        CommandId(id(self.next_id))
    }

    pub fn submit(&mut self, body: CommandBody) -> CommandId {
        self.try_submit(body).unwrap()
    }

    pub fn try_submit(&mut self, body: CommandBody) -> Result<CommandId, Error> {
        let id = self.fresh();
        let (_, actions) = self.core.submit(id, body, at(0))?;
        self.take(actions);
        Ok(id)
    }

    pub fn confirm(&mut self, command: CommandId) -> CommandId {
        let fresh = self.fresh();
        let actions = self.core.confirm(command, fresh, None, at(0)).unwrap();
        self.take(actions);
        fresh
    }

    pub fn edit(&mut self, command: CommandId) {
        let actions = self.core.edit(command, at(0)).unwrap();
        self.take(actions);
    }

    pub fn drop_command(&mut self, command: CommandId) {
        self.try_drop(command).unwrap();
    }

    pub fn try_drop(&mut self, command: CommandId) -> Result<(), Error> {
        let actions = self.core.drop_command(command, at(0))?;
        self.take(actions);
        Ok(())
    }

    pub fn undrop(&mut self, command: CommandId) {
        let actions = self.core.undrop(command, at(0)).unwrap();
        self.take(actions);
    }

    pub fn reword(&mut self, command: CommandId, text: &str) -> Result<(), Error> {
        self.core.reword(command, text.to_owned())
    }

    pub fn kept(&self) -> Vec<Kept> {
        self.core.outbox().commands(self.user).unwrap()
    }

    pub fn states(&self) -> Vec<State> {
        self.kept().iter().map(|k| k.state).collect()
    }

    pub fn draft(&self, conversation: ConversationId) -> Option<String> {
        self.core.outbox().draft(self.user, conversation).unwrap()
    }

    pub fn connection(&self) -> Connection {
        self.core.connection().unwrap()
    }

    pub fn page(&self, conversation: ConversationId) -> CustomerPage {
        let reader = self.core.readers().get().unwrap();
        let customer = reader.world_kept().conversation(conversation).unwrap().unwrap().customer;
        reader.customer(customer, None, 100).unwrap().unwrap()
    }

    /// What is said in a conversation, oldest first; `…` behind what is pending.
    pub fn texts(&self, conversation: ConversationId) -> Vec<String> {
        let page = self.page(conversation);
        let in_it = page.entries.into_iter().filter(|e| e.conversation == conversation);
        in_it
            .filter_map(|e| {
                let text = match e.kind {
                    EntryKind::Message { text, .. }
                    | EntryKind::Reply { text, .. }
                    | EntryKind::Note { text, .. } => text,
                    _ => return None,
                };
                Some(if e.pending { format!("{text} …") } else { text })
            })
            .collect()
    }

    pub fn dump(&self) -> BTreeMap<StreamId, String> {
        let reader = self.core.readers().get().unwrap();
        reader.streams().unwrap().into_iter().map(|s| (s, reader.dump_stream(s).unwrap())).collect()
    }

    /// Same cursor, same rows; and the rows are what the kept events give.
    pub fn same_as(&mut self, server: &Paper) {
        assert_eq!(self.core.cursor(), server.head());
        similar(&self.dump(), &server.dump(self.user));
        let health = self.core.examine().unwrap();
        assert!(health.is_good(), "{health:?}");
    }
}

fn similar(ours: &BTreeMap<StreamId, String>, theirs: &BTreeMap<StreamId, String>) {
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (stream, rows) in ours {
        assert_eq!(rows, &theirs[stream], "{stream}");
    }
}
