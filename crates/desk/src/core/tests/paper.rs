//! A server of paper: the real `decide` and the real fold, a journal in a `Vec`, and wires that the test
//! pulls by hand. Enough of the protocol for a desk to believe it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use evendesk_domain::channel::{Channel, Identity};
use evendesk_domain::clock::{Calendar, Policy, Priority, Targets, Terms};
use evendesk_domain::command::{Command, CommandBody, SystemCommand};
use evendesk_domain::decide::{Context, Decided, LookupFailed, No, decide, decide_reoffered, decide_system};
use evendesk_domain::event::Event;
use evendesk_domain::id::*;
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::permission::{Agent, Scope, visible, visible_set};
use evendesk_domain::settings::{AccountSettings, MailSettings, Role};
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::{FromDesk, FromServer, Mode, NEWEST, Outcome};
use evendesk_replica::snapshot::{Begin, Pen, Stamp};
use evendesk_replica::{EventSource, Keeps, Position, Replica};
use uuid::Uuid;

pub fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub const TEAM: TeamId = TeamId(Uuid::from_u128(1));
pub const TERMS: TermsId = TermsId(Uuid::from_u128(2));
pub const ACCOUNT: AccountId = AccountId(Uuid::from_u128(3));
pub const OTHER_TEAM: TeamId = TeamId(Uuid::from_u128(4));
pub const ALICE: UserId = UserId(Uuid::from_u128(10));
pub const BOB: UserId = UserId(Uuid::from_u128(11));
pub const CAROL: UserId = UserId(Uuid::from_u128(12));

pub struct Paper {
    replica: Replica,
    journal: Journal,
    decisions: BTreeMap<CommandId, Outcome>,
    pub incarnation: Uuid,
    pub now: Timestamp,
    next_id: u128,
    /// Desks that begin get a snapshot, in parts of so many streams.
    part_streams: Option<usize>,
    /// Where each desk was told its events up to.
    told: BTreeMap<UserId, u64>,
    _folder: tempfile::TempDir,
}

struct Journal(Vec<Recorded>);

impl EventSource for Journal {
    fn event(&self, seq: u64) -> Result<Option<Recorded>, LookupFailed> {
        Ok(self.0.iter().find(|e| e.seq == seq).cloned())
    }
}

impl Paper {
    pub fn new(now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut paper = Self {
            replica: Replica::open(folder.path(), Keeps::RowsOnly).unwrap(),
            journal: Journal(Vec::new()),
            decisions: BTreeMap::new(),
            incarnation: id(77),
            now,
            next_id: 1000,
            part_streams: None,
            told: BTreeMap::new(),
            _folder: folder,
        };
        paper.furnish();
        paper
    }

    fn furnish(&mut self) {
        let user = |id: UserId, name: &str| {
            let saved = Event::UserSaved {
                name: name.into(),
                login: name.to_lowercase(),
                role: if id == CAROL { Role::Admin } else { Role::Agent },
                teams: vec![TEAM],
            };
            (id.into(), saved)
        };
        let settings = AccountSettings {
            channel: Channel::Email,
            name: "support".into(),
            address: "support@shop.example".into(),
            team: TEAM,
            imap: None,
            smtp: None,
            user: None,
            webhook: None,
            mail: MailSettings::default(),
        };
        let team = |name: &str| Event::TeamSaved { name: name.into(), terms: TERMS };
        let terms = Event::TermsSaved { name: "standard".into(), terms: Box::new(terms()) };
        self.append(
            Actor::System,
            None,
            vec![
                (TERMS.into(), terms),
                (TEAM.into(), team("Support")),
                (OTHER_TEAM.into(), team("Returns")),
                user(ALICE, "Alice"),
                user(BOB, "Bob"),
                user(CAROL, "Carol"),
                (ACCOUNT.into(), Event::AccountSaved { settings: Box::new(settings) }),
            ],
        );
    }

    pub fn fresh(&mut self) -> Uuid {
        self.next_id += 1;
        id(self.next_id)
    }

    pub fn head(&self) -> u64 {
        self.journal.0.last().map_or(0, |e| e.seq)
    }

    pub fn events_of(&self, command: CommandId) -> Vec<&Recorded> {
        self.journal.0.iter().filter(|e| e.command == Some(command)).collect()
    }

    pub fn journal(&self) -> &[Recorded] {
        &self.journal.0
    }

    fn append(&mut self, by: Actor, command: Option<CommandId>, decided: Decided) -> u64 {
        let first = self.head() + 1;
        let events: Vec<Recorded> = (first..)
            .zip(decided)
            .map(|(seq, (stream, event))| Recorded { seq, stream, at: self.now, by, command, event })
            .collect();
        let writer = self.replica.write().unwrap();
        writer.fold(&events).unwrap();
        let cursor = events.last().map_or(first - 1, |e| e.seq);
        writer.set_position(Position { incarnation: Some(self.incarnation), cursor }).unwrap();
        writer.commit().unwrap();
        self.journal.0.extend(events);
        self.head()
    }

    /// A mail from a customer comes in.
    pub fn mail(&mut self, from: &str, text: &str) -> (ConversationId, MessageId) {
        let message = MessageId(self.fresh());
        let (customer, conversation) = (CustomerId(self.fresh()), ConversationId(self.fresh()));
        let inbound = Inbound {
            channel: Channel::Email,
            account: ACCOUNT,
            remote_id: message.to_string(),
            from: Identity::email(from).unwrap(),
            from_name: from.split('@').next().unwrap().into(),
            verified: true,
            subject: "Help".into(),
            text: text.into(),
            folded: Vec::new(),
            spoke_at: self.now,
            attachments: Vec::new(),
            raw: None,
            author: Author::Person,
            bounce: None,
            doubts: Vec::new(),
            mail: MailThread { message_id: Some(format!("{message}@x")), ..MailThread::default() },
            thread: None,
            reply_to: Some(from.into()),
            cc: Vec::new(),
            answers: None,
        };
        let receive = SystemCommand::Receive { message, customer, conversation, inbound: Box::new(inbound) };
        let decided = {
            let writer = self.replica.write().unwrap();
            let terms = writer.terms();
            let cx = Context { now: self.now, terms: &terms };
            decide_system(&writer.world(&self.journal), &receive, &cx).unwrap()
        };
        let conversation = decided.last().map_or(conversation, |(s, _)| ConversationId(s.id));
        self.append(Actor::System, None, decided);
        (conversation, message)
    }

    /// Someone else, at another desk, does something.
    pub fn colleague(&mut self, body: CommandBody) -> Outcome {
        let id = CommandId(self.fresh());
        self.decide(BOB, &Command { id, depends_on: None, body }, false)
    }

    /// Decides a command once.
    pub fn decide(&mut self, author: UserId, command: &Command, reoffered: bool) -> Outcome {
        if let Some(decided) = self.decisions.get(&command.id) {
            return decided.clone();
        }
        if let Some(before) = command.depends_on
            && !matches!(self.decisions.get(&before), Some(Outcome::Accepted { .. }))
        {
            return Outcome::Held;
        }
        let agent = self.agent(author);
        let verdict = {
            let writer = self.replica.write().unwrap();
            let terms = writer.terms();
            let cx = Context { now: self.now, terms: &terms };
            let decide = if reoffered { decide_reoffered } else { decide };
            decide(&writer.world(&self.journal), &agent, &command.body, &cx)
        };
        let outcome = match verdict {
            Ok(events) => {
                Outcome::Accepted { seq: self.append(Actor::User(author), Some(command.id), events) }
            }
            Err(No::LookAgain { since }) => Outcome::LookAgain { since },
            Err(No::Refused(r)) => Outcome::Refused { code: r.code, sentence: r.sentence },
            Err(No::Failed(failed)) => panic!("{failed}"),
        };
        self.decisions.insert(command.id, outcome.clone());
        outcome
    }

    pub fn agent(&self, user: UserId) -> Agent {
        self.replica.reader().unwrap().agent(user).unwrap().unwrap()
    }

    fn sees(&self, user: UserId, stream: StreamId) -> bool {
        let scope = self.replica.reader().unwrap().scope(stream).unwrap().unwrap_or(Scope::Oversight);
        visible(&self.agent(user), scope)
    }

    /// What a desk says, and what it is told at once.
    pub fn hear(&mut self, from: UserId, message: &FromDesk) -> Vec<FromServer> {
        match message {
            FromDesk::Hello { incarnation, cursor, .. } => {
                let mode = match incarnation {
                    None if self.part_streams.is_some() => Mode::Snapshot,
                    None => Mode::Afresh,
                    Some(theirs) if *theirs == self.incarnation => Mode::Tail,
                    Some(_) => Mode::NewIncarnation,
                };
                // After these nothing follows.
                let silent = matches!(mode, Mode::NewIncarnation | Mode::Snapshot);
                let told = if silent { u64::MAX } else { *cursor };
                self.told.insert(from, if mode == Mode::Afresh { 0 } else { told });
                vec![FromServer::Welcome {
                    protocol: NEWEST,
                    server_time: self.now,
                    workspace: WorkspaceId(id(5)),
                    incarnation: self.incarnation,
                    head: self.head(),
                    mode,
                    upgrade: None,
                    agent: self.agent(from),
                    visible_set: visible_set(&self.agent(from)),
                    submit_key: "key".into(),
                }]
            }
            FromDesk::Push(pushed) => {
                let outcome = self.decide(from, &pushed.command, pushed.reoffered);
                vec![FromServer::Outcome { id: pushed.command.id, outcome }]
            }
            FromDesk::Ping => vec![FromServer::Pong { server_time: self.now }],
            _ => Vec::new(),
        }
    }

    /// What the desk has not been told of the journal yet, `batch` events a message.
    pub fn tail(&mut self, to: UserId, batch: usize) -> Vec<FromServer> {
        let mut from = self.told.get(&to).copied().unwrap_or(0);
        let mut said = Vec::new();
        let rest: Vec<Recorded> = self.journal.0.iter().filter(|e| e.seq > from).cloned().collect();
        for chunk in rest.chunks(batch) {
            let end = chunk.last().unwrap().seq;
            let moved: BTreeSet<StreamId> = chunk
                .iter()
                .filter(|e| matches!(e.event, Event::TeamChanged { .. }))
                .map(|e| e.stream)
                .collect();
            for stream in &moved {
                let directive = end * 1000 + said.len() as u64;
                said.push(if self.sees(to, *stream) {
                    let mut events = self.stream(*stream);
                    events.retain(|e| e.seq <= end);
                    FromServer::Grant { directive, stream: *stream, events, continued: false, more: false }
                } else {
                    FromServer::Forget { directive, stream: *stream }
                });
            }
            let seen = |e: &&Recorded| self.sees(to, e.stream) && !moved.contains(&e.stream);
            let events: Vec<Recorded> = chunk.iter().filter(seen).cloned().collect();
            said.push(if events.is_empty() {
                FromServer::Advance { to: end }
            } else {
                FromServer::Events { from, to: end, events, visible_set: None }
            });
            from = end;
        }
        self.told.insert(to, from);
        said
    }

    /// From here on a desk that begins gets a snapshot, in parts of so many streams.
    pub fn in_parts_of(&mut self, streams: usize) {
        self.part_streams = Some(streams);
    }

    pub fn in_events(&mut self) {
        self.part_streams = None;
    }

    pub fn write_part(&self, reader: UserId, begin: Begin, file: &Path) -> Stamp {
        std::fs::write(file, "").unwrap();
        let agent = self.agent(reader);
        let pen = Pen {
            begin,
            visible_set: &visible_set(&agent),
            may_see: &|scope| visible(&agent, scope),
            events: &|stream| Ok(self.stream(stream)),
            most_streams: self.part_streams,
        };
        self.replica.readers().write_part(file, &pen).unwrap()
    }

    /// What an admin does, who sees every team.
    pub fn overseer(&mut self, body: CommandBody) -> Outcome {
        let id = CommandId(self.fresh());
        self.decide(CAROL, &Command { id, depends_on: None, body }, false)
    }

    /// The first message of a conversation that came in, and a conversation to move it to.
    pub fn last_message(&mut self, conversation: ConversationId) -> Option<(MessageId, ConversationId)> {
        let to = ConversationId(self.fresh());
        let message = self.stream(conversation.into()).iter().find_map(|e| match e.event {
            Event::MessageReceived { message, .. } => Some(message),
            _ => None,
        })?;
        Some((message, to))
    }

    /// Every stream that the agent may see, and its rows.
    pub fn dump(&self, user: UserId) -> BTreeMap<StreamId, String> {
        let reader = self.replica.reader().unwrap();
        let streams: BTreeSet<StreamId> = reader.streams().unwrap().into_iter().collect();
        streams
            .into_iter()
            .filter(|s| self.sees(user, *s))
            .map(|s| (s, reader.dump_stream(s).unwrap()))
            .collect()
    }

    /// Another journal in this one's place, as after a restore: the same events, another incarnation.
    pub fn restored(&mut self) {
        self.incarnation = id(self.incarnation.as_u128() + 1);
    }

    /// The same of a backup that was made when the journal's end was there.
    pub fn restored_to(&mut self, head: u64) {
        self.restored();
        self.journal.0.retain(|e| e.seq <= head);
        self.decisions.retain(|_, outcome| matches!(outcome, Outcome::Accepted { seq } if *seq <= head));
        self.told.clear();
        let folder = tempfile::tempdir().unwrap();
        self.replica = Replica::open(folder.path(), Keeps::RowsOnly).unwrap();
        self._folder = folder;
        let writer = self.replica.write().unwrap();
        writer.fold(&self.journal.0).unwrap();
        writer.set_position(Position { incarnation: Some(self.incarnation), cursor: head }).unwrap();
        writer.commit().unwrap();
    }

    /// A stream as a grant would carry it.
    pub fn stream(&self, stream: StreamId) -> Vec<Recorded> {
        self.journal.0.iter().filter(|e| e.stream == stream).cloned().collect()
    }
}

fn terms() -> Terms {
    let calendar: Calendar = serde_json::from_value(serde_json::json!({
        "timezone": "UTC",
        "weekly": { "mon": [["00:00", "24:00"]], "tue": [["00:00", "24:00"]], "wed": [["00:00", "24:00"]],
                    "thu": [["00:00", "24:00"]], "fri": [["00:00", "24:00"]], "sat": [["00:00", "24:00"]],
                    "sun": [["00:00", "24:00"]] },
        "overrides": []
    }))
    .unwrap();
    let targets = Targets { first_response: Some(3600), next_response: Some(3600), resolution: Some(86_400) };
    Terms {
        calendar,
        policy: Policy {
            targets: Priority::ALL.into_iter().map(|p| (p, targets)).collect(),
            at_risk: 0.75,
            pause_resolution_on_hold: false,
        },
    }
}
