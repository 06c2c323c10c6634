//! The network. Within a connection order holds; cut, it loses what is under way; a side may not notice.

use std::collections::VecDeque;
use std::time::Duration;

use evendesk_domain::id::CommandId;
use evendesk_protocol::{FromDesk, FromServer, Pushed};
use evendesk_server::socket::session::{End, Here, Session, Todo, Wanted};
use evendesk_server::socket::slice;
use evendesk_server::writer::{Answer, Ask, Work};

use super::node::Asker;
use super::{Next, World};

pub struct Connection {
    pub desk: usize,
    pub node: usize,
    /// Of the journal that it leads to.
    pub era: u32,
    pub began_ms: i64,
    pub session: Option<Session>,
    /// Whether the desk takes it for alive.
    pub held: bool,
    /// Each way: lost from now on, and when the last frame on it arrives.
    pub up: Way,
    pub down: Way,
    /// Frames that the session has not listened to yet.
    pub arrived: VecDeque<String>,
    /// Answers that are due, in the order asked.
    pub asked: VecDeque<(CommandId, Option<Answer>)>,
}

#[derive(Default)]
pub struct Way {
    pub lost: bool,
    pub last_ms: i64,
    /// Frames take this much longer.
    pub slow_ms: i64,
}

impl World {
    fn arrival(&mut self, connection: u64, up: bool) -> Option<i64> {
        let (now, took) = (self.now_ms, self.chance.between(1, 60));
        let connection = self.connections.get_mut(&connection)?;
        let way = if up { &mut connection.up } else { &mut connection.down };
        way.last_ms = way.last_ms.max(now + took + way.slow_ms);
        Some(way.last_ms)
    }

    pub(super) fn desk_says(&mut self, connection: u64, message: &FromDesk) {
        let Some(at) = self.arrival(connection, true) else { return };
        self.count(!matches!(message, FromDesk::Ping));
        let mut message = message.clone();
        if let Some(found) = self.connections.get(&connection) {
            self.between_builds(found.desk, found.node, &mut message);
        }
        let text = serde_json::to_string(&message).expect("a message is plain fields");
        self.note(&format!("c{connection} > {text}"));
        self.at(at, Next::ToNode { connection, text });
    }

    fn node_says(&mut self, connection: u64, message: &FromServer) {
        let Some(at) = self.arrival(connection, false) else { return };
        self.count(!matches!(message, FromServer::Pong { .. }));
        let mut message = message.clone();
        if let Some(found) = self.connections.get(&connection) {
            self.as_said_by(found.node, &mut message);
        }
        let text = serde_json::to_string(&message).expect("a message is plain fields");
        self.note(&format!("c{connection} < {text}"));
        self.at(at, Next::ToDesk { connection, text });
    }

    fn count(&mut self, counts: bool) {
        self.said += u64::from(counts);
    }

    pub(super) fn arrives_at_node(&mut self, connection: u64, text: &str) {
        let Some(found) = self.connections.get_mut(&connection) else { return };
        if !found.up.lost && found.session.is_some() {
            found.arrived.push_back(text.to_owned());
            self.listen(connection);
        }
    }

    /// Takes what has arrived, as far as the session listens.
    fn listen(&mut self, connection: u64) {
        while let Some(found) = self.connections.get_mut(&connection)
            && found.session.as_ref().is_some_and(Session::listens)
            && let Some(text) = found.arrived.pop_front()
        {
            let said = serde_json::from_str(&text).expect("the server can read what a desk says");
            self.with_session(connection, |s, here| s.said(said, here));
        }
    }

    pub(super) fn arrives_at_desk(&mut self, connection: u64, text: &str) {
        let Some(found) = self.connections.get(&connection) else { return };
        if found.down.lost || !found.held {
            return;
        }
        let (desk, era) = (found.desk, found.era);
        let heard = serde_json::from_str(text).expect("a desk can read what the server says");
        self.note_answer(era, &heard);
        self.desk_hears(desk, heard);
    }

    /// Lets a session do something and carries out what comes of it.
    pub(super) fn with_session(
        &mut self,
        connection: u64,
        f: impl FnOnce(&mut Session, &Here<'_>) -> Vec<Todo>,
    ) {
        let now = self.now();
        let Some(found) = self.connections.get_mut(&connection) else { return };
        let Some(node) = self.nodes.get(found.node).and_then(|n| n.up.as_ref()) else { return };
        let Some(session) = &mut found.session else { return };
        let age = Duration::from_millis((self.now_ms - found.began_ms).unsigned_abs());
        let here = Here { workspace: &node.workspace, head: node.scribe.head(), now, age };
        let todo = f(session, &here);
        let due = session.due().saturating_sub(age);
        let due = i64::try_from(due.as_millis()).unwrap_or(1_000);
        self.after(due.max(1), Next::SessionDue { connection });
        self.perform(connection, todo);
    }

    fn perform(&mut self, connection: u64, todo: Vec<Todo>) {
        for next in todo {
            match next {
                Todo::Say(message) => self.node_says(connection, &message),
                Todo::Decide(pushed) => self.ask(connection, *pushed),
                Todo::Fetch(wanted) => {
                    let ms = self.chance.between(0, 30);
                    self.after(ms, Next::Fetch { connection, wanted });
                }
                Todo::Tell(present) => {
                    let node = self.connections.get(&connection).map(|c| c.node);
                    let others: Vec<(u64, FromServer)> = self
                        .connections
                        .iter()
                        .filter(|(_, c)| Some(c.node) == node)
                        .filter_map(|(id, c)| Some((*id, c.session.as_ref()?.present(&present)?)))
                        .collect();
                    for (other, message) in others {
                        self.node_says(other, &message);
                    }
                }
                Todo::HangUp(end) => self.node_hangs_up(connection, &end),
            }
        }
    }

    fn ask(&mut self, connection: u64, pushed: Pushed) {
        let Some(found) = self.connections.get_mut(&connection) else { return };
        let (node, user) = (found.node, self.desks[found.desk].user);
        let command = pushed.command.id;
        found.asked.push_back((command, None));
        let asker = Asker::Desk { connection, command };
        let work = Work::pushed(user, pushed);
        self.queue(node, asker, Ask { work, at: None });
    }

    /// An answer has come; it goes on once those asked for before it have come too.
    pub(super) fn answer(&mut self, connection: u64, command: CommandId, answer: Answer) {
        let Some(found) = self.connections.get_mut(&connection) else { return };
        if let Some(asked) = found.asked.iter_mut().find(|(id, a)| *id == command && a.is_none()) {
            asked.1 = Some(answer);
        }
        while let Some(found) = self.connections.get_mut(&connection)
            && let Some((id, Some(answer))) = found.asked.front().cloned()
        {
            found.asked.pop_front();
            self.with_session(connection, |s, here| s.answered(id, answer, here));
        }
        self.listen(connection);
    }

    pub(super) fn fetch(&mut self, connection: u64, wanted: Wanted) {
        let Some(found) = self.connections.get(&connection).filter(|c| c.session.is_some()) else { return };
        let (node, agent) = (found.node, self.desks[found.desk].user);
        if let Wanted::Reach(_) = wanted {
            self.look(node);
        }
        let Some(up) = self.nodes[node].up.as_ref() else { return };
        let found = slice::fetch(&*self.journal, &up.readers, wanted);
        if let Err(e) = &found {
            self.breaks("heals_by_itself", format!("node {node} cannot fetch for {agent}: {e}"));
        }
        self.with_session(connection, |s, here| s.fetched(found, here));
        self.listen(connection);
    }

    pub(super) fn session_due(&mut self, connection: u64) {
        let Some(found) = self.connections.get(&connection) else { return };
        let age = Duration::from_millis((self.now_ms - found.began_ms).unsigned_abs());
        if found.session.as_ref().is_some_and(|s| s.due() <= age) {
            self.with_session(connection, |s, here| s.ticked(here));
        }
    }

    fn node_hangs_up(&mut self, connection: u64, end: &End) {
        if let Some(bye) = end.bye() {
            self.node_says(connection, &bye);
        }
        self.note(&format!("c{connection} ended by its node: {end}"));
        self.drop_session(connection);
    }

    /// The node's side is gone; the desk hears of it where the way down still works.
    pub(super) fn drop_session(&mut self, connection: u64) {
        let at = self.arrival(connection, false);
        let Some(found) = self.connections.get_mut(&connection) else { return };
        found.session = None;
        if let Some(at) = at.filter(|_| !found.down.lost) {
            self.at(at, Next::DeskHears { connection });
        }
    }

    pub(super) fn node_hears_the_end(&mut self, connection: u64) {
        let Some(found) = self.connections.get_mut(&connection) else { return };
        if !found.up.lost {
            found.session = None;
        }
        self.sweep(connection);
    }

    pub(super) fn desk_hears_the_end(&mut self, connection: u64) {
        let Some(found) = self.connections.get(&connection) else { return };
        if found.held && !found.down.lost {
            let desk = found.desk;
            self.desk_lost_its_connection(desk, None);
        }
        self.sweep(connection);
    }

    /// The desk's side is gone; the node hears of it where the way up still works.
    pub(super) fn desk_hangs_up(&mut self, connection: u64) {
        let at = self.arrival(connection, true);
        let Some(found) = self.connections.get_mut(&connection) else { return };
        found.held = false;
        if let Some(at) = at.filter(|_| !found.up.lost) {
            self.at(at, Next::NodeHears { connection });
        }
    }

    fn sweep(&mut self, connection: u64) {
        if self.connections.get(&connection).is_some_and(|c| !c.held && c.session.is_none()) {
            self.connections.remove(&connection);
        }
    }
}
