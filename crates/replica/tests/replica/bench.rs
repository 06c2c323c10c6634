//! A workspace of paper: decides by the domain's rules, folds into a real replica, keeps the events.

use evendesk_domain::channel::{Channel, Identity, IdentityKind};
use evendesk_domain::clock::Priority;
use evendesk_domain::command::{CallDraft, CommandBody, ReplyDraft, SystemCommand, Then};
use evendesk_domain::decide::{Context, Decided, No, World, decide, decide_reoffered, decide_system};
use evendesk_domain::event::{Call, CallDirection, CallOutcome, Event};
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId, TermsId, UserId};
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::permission::Agent;
use evendesk_domain::settings::{AccountSettings, Role};
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_replica::{Alert, Keeps, Place, Replica, Viewer};
use tempfile::TempDir;
use uuid::Uuid;

use crate::paper_settings::{account, terms};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Email,
    Answered,
    Form,
    Auto,
    Call,
    Reply,
    ReplyAndResolve,
    Note,
    Wait,
    Hold,
    Resume,
    Resolve,
    Reopen,
    NoReplyNeeded,
    Snooze,
    Priority,
    Assign,
    Move,
    Merge,
    Deliver,
    Bounce,
}

impl Op {
    pub const ALL: [Self; 21] = [
        Self::Email,
        Self::Answered,
        Self::Form,
        Self::Auto,
        Self::Call,
        Self::Reply,
        Self::ReplyAndResolve,
        Self::Note,
        Self::Wait,
        Self::Hold,
        Self::Resume,
        Self::Resolve,
        Self::Reopen,
        Self::NoReplyNeeded,
        Self::Snooze,
        Self::Priority,
        Self::Assign,
        Self::Move,
        Self::Merge,
        Self::Deliver,
        Self::Bounce,
    ];
}

pub struct Bench {
    pub replica: Replica,
    pub journal: Vec<Recorded>,
    /// A Monday, 09:00 UTC.
    pub start: Timestamp,
    pub now: Timestamp,
    ids: u128,
    _folder: TempDir,
}

pub const TEAM: TeamId = TeamId(Uuid::from_u128(1));
const TERMS: TermsId = TermsId(Uuid::from_u128(2));
const ME: UserId = UserId(Uuid::from_u128(3));
pub const MAILBOX: AccountId = AccountId(Uuid::from_u128(4));
const FORM: AccountId = AccountId(Uuid::from_u128(5));
pub const BILLING: AccountId = AccountId(Uuid::from_u128(6));

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let replica = Replica::open(folder.path(), Keeps::Events).unwrap();
        let start = "2026-06-01T09:00:00Z".parse().unwrap();
        let mut bench = Self { replica, journal: Vec::new(), start, now: start, ids: 1000, _folder: folder };
        bench.record(vec![
            (TERMS.into(), Event::TermsSaved { name: "Day and night".into(), terms: Box::new(terms()) }),
            (TEAM.into(), Event::TeamSaved { name: "Orders".into(), terms: TERMS }),
            (
                ME.into(),
                Event::UserSaved {
                    name: "Maya K".into(),
                    login: "maya".into(),
                    role: Role::Agent,
                    teams: vec![TEAM],
                },
            ),
            (MAILBOX.into(), Event::AccountSaved { settings: Box::new(account(Channel::Email, "support")) }),
            (FORM.into(), Event::AccountSaved { settings: Box::new(account(Channel::WebForm, "contact")) }),
        ]);
        let billing = AccountSettings {
            address: "billing@support.example".into(),
            ..account(Channel::Email, "billing")
        };
        bench.record(vec![(BILLING.into(), Event::AccountSaved { settings: Box::new(billing) })]);
        bench
    }

    pub fn viewer(&self) -> Viewer {
        Viewer { user: ME, now: self.now }
    }

    pub fn minutes(&mut self, minutes: i64) {
        self.now = self.now.plus_seconds(minutes * 60);
    }

    pub fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    pub fn record(&mut self, decided: Decided) {
        let events: Vec<Recorded> = decided
            .into_iter()
            .zip(self.journal.len() as u64 + 1..)
            .map(|((stream, event), seq)| Recorded {
                seq,
                stream,
                at: self.now,
                by: Actor::User(ME),
                command: None,
                event,
            })
            .collect();
        // One by one, so that folding a batch has something to be compared with.
        for event in &events {
            let writer = self.replica.write().unwrap();
            writer.fold(std::slice::from_ref(event)).unwrap();
            writer.commit().unwrap();
        }
        self.journal.extend(events);
    }

    fn decide(&mut self, f: impl FnOnce(&dyn World, &Context) -> Result<Decided, No>) -> Result<Decided, No> {
        let writer = self.replica.write().unwrap();
        let terms = writer.terms();
        f(&writer.world_kept(), &Context { now: self.now, terms: &terms })
    }

    pub fn command(&mut self, body: &CommandBody) -> Result<(), No> {
        let agent = Agent { user: ME, name: "Maya K".into(), role: Role::Agent, teams: vec![TEAM] };
        let decided = self.decide(|world, cx| decide(world, &agent, body, cx))?;
        self.record(decided);
        Ok(())
    }

    /// What had been accepted once, by a journal that forgot it.
    pub fn reoffered(&mut self, body: &CommandBody) -> Result<(), No> {
        let agent = Agent { user: ME, name: "Maya K".into(), role: Role::Agent, teams: vec![TEAM] };
        let decided = self.decide(|world, cx| decide_reoffered(world, &agent, body, cx))?;
        self.record(decided);
        Ok(())
    }

    pub fn supervisor(&mut self, body: &CommandBody) -> Result<(), No> {
        let agent = Agent { user: ME, name: "Sue".into(), role: Role::Supervisor, teams: vec![] };
        let decided = self.decide(|world, cx| decide(world, &agent, body, cx))?;
        self.record(decided);
        Ok(())
    }

    pub fn system(&mut self, command: &SystemCommand) {
        let decided =
            self.decide(|world, cx| decide_system(world, command, cx)).expect("intake refuses nothing");
        self.record(decided);
    }

    fn receive(
        &mut self,
        account: AccountId,
        channel: Channel,
        who: u8,
        text: &str,
        author: Author,
        of: Option<MessageId>,
    ) {
        let address = format!("customer{who}@example.com");
        let own = self.id();
        let known = of.map(|m| format!("{m}@support.example"));
        let inbound = Inbound {
            channel,
            account,
            remote_id: own.to_string(),
            from: Identity::email(&address).unwrap(),
            from_name: format!("Customer {who}"),
            verified: channel == Channel::Email,
            subject: "A matter".into(),
            text: text.into(),
            folded: Vec::new(),
            spoke_at: self.now,
            attachments: Vec::new(),
            raw: None,
            author,
            bounce: None,
            doubts: Vec::new(),
            mail: MailThread {
                message_id: Some(format!("{own}@example.com")),
                in_reply_to: known.into_iter().collect(),
                references: Vec::new(),
            },
            thread: None,
            reply_to: Some(address),
            cc: Vec::new(),
            answers: None,
        };
        let (message, customer, conversation) =
            (MessageId(self.id()), CustomerId(self.id()), ConversationId(self.id()));
        self.system(&SystemCommand::Receive { message, customer, conversation, inbound: Box::new(inbound) });
    }

    pub fn email(&mut self, who: u8, text: &str, of: Option<MessageId>) -> ConversationId {
        self.receive(MAILBOX, Channel::Email, who, text, Author::Person, of);
        self.last_conversation()
    }

    pub fn form(&mut self, who: u8, text: &str) {
        self.receive(FORM, Channel::WebForm, who, text, Author::Person, None);
    }

    fn last_conversation(&self) -> ConversationId {
        let received = |r: &&Recorded| matches!(r.event, Event::MessageReceived { .. });
        ConversationId(self.journal.iter().rev().find(received).unwrap().stream.id)
    }

    pub fn last_message(&self) -> MessageId {
        let message = |r: &Recorded| match &r.event {
            Event::MessageReceived { message, .. } | Event::CallLogged { message, .. } => Some(*message),
            _ => None,
        };
        self.journal.iter().rev().find_map(message).unwrap()
    }

    pub fn reply(&mut self, conversation: ConversationId, then: Then) -> Result<(), No> {
        let reader = self.replica.reader().unwrap();
        let seen = reader.world_kept().conversation(conversation)?.and_then(|c| c.last_public());
        drop(reader);
        self.reply_having_seen(conversation, seen, then)
    }

    pub fn reply_having_seen(
        &mut self,
        conversation: ConversationId,
        seen: Option<MessageId>,
        then: Then,
    ) -> Result<(), No> {
        let body = self.answer(conversation, seen, then);
        self.command(&body)
    }

    pub fn answer(
        &mut self,
        conversation: ConversationId,
        seen: Option<MessageId>,
        then: Then,
    ) -> CommandBody {
        CommandBody::Reply(ReplyDraft {
            conversation,
            message: MessageId(self.id()),
            channel: Channel::Email,
            account: MAILBOX,
            to: String::new(),
            text: "Here is your answer.".into(),
            follow_up: false,
            seen,
            then,
            confirmed: false,
        })
    }

    pub fn assign_to_me(&mut self, conversation: ConversationId) {
        self.command(&CommandBody::Assign { conversation, assignee: Some(ME) }).unwrap();
    }

    pub fn alerts(&self, after: u64) -> Vec<Alert> {
        self.replica.reader().unwrap().alerts(ME, after).unwrap()
    }

    /// What the server's deadline worker does, once.
    pub fn tell_what_is_due(&mut self) {
        let steps = self.replica.reader().unwrap().next_steps(100).unwrap();
        let now = self.now;
        for step in steps.into_iter().filter(|s| s.at <= now) {
            let (conversation, timer, step) = (step.conversation, step.timer, step.step);
            self.system(&SystemCommand::ReachStep { conversation, timer, step });
        }
        let left = self.replica.reader().unwrap().next_steps(100).unwrap();
        assert!(left.iter().all(|s| s.at > self.now), "nothing is told twice");
    }

    pub fn set_waiting(&mut self, conversation: ConversationId) -> Result<(), No> {
        self.command(&CommandBody::SetWaiting { conversation })
    }

    pub fn automatic(&mut self, who: u8, author: Author, of: Option<MessageId>) {
        self.receive(MAILBOX, Channel::Email, who, "Automatic", author, of);
    }

    /// Offers the last thing received once more, as a mailbox read twice would.
    pub fn receive_again(&mut self) {
        let received = |r: &Recorded| match &r.event {
            Event::MessageReceived { inbound, .. } => Some(inbound.clone()),
            _ => None,
        };
        let inbound = self.journal.iter().rev().find_map(received).unwrap();
        let (message, customer, conversation) =
            (MessageId(self.id()), CustomerId(self.id()), ConversationId(self.id()));
        self.system(&SystemCommand::Receive { message, customer, conversation, inbound });
    }

    pub fn due_next(&self) -> usize {
        self.replica.reader().unwrap().queue(&self.viewer(), &Place::DueNext, 0, 9).unwrap().total
    }

    pub fn snooze(&mut self, conversation: ConversationId, minutes: i64) {
        let until = self.now.plus_seconds(minutes * 60);
        self.command(&CommandBody::Snooze { conversation, until }).unwrap();
    }

    pub fn move_message(
        &mut self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<ConversationId, No> {
        let to = ConversationId(self.id());
        self.command(&CommandBody::MoveMessage { conversation, message, to })?;
        Ok(to)
    }

    pub fn merge(&mut self, conversation: ConversationId, into: ConversationId) -> Result<(), No> {
        self.command(&CommandBody::MergeConversation { conversation, into })
    }

    pub fn call(&mut self, number: &str, name: &str) {
        let customer = CustomerId(self.id());
        self.call_opening(customer, number, name);
    }

    pub fn call_opening(&mut self, customer: CustomerId, number: &str, name: &str) {
        let (message, conversation) = (MessageId(self.id()), ConversationId(self.id()));
        let call = Call {
            direction: CallDirection::Inbound,
            outcome: CallOutcome::Answered,
            number: Some(Identity::new(IdentityKind::Phone, number, None).unwrap()),
            started_at: self.now.plus_seconds(-300),
            answered_at: self.now.plus_seconds(-280),
            ended_at: self.now,
            note: "Asked about an order".into(),
            follow_up: true,
            entered_by_hand: false,
        };
        let draft = CallDraft {
            message,
            call,
            conversation,
            opens: true,
            customer,
            opens_customer: true,
            name: name.into(),
            team: None,
        };
        self.command(&CommandBody::LogCall(draft)).unwrap();
    }

    /// One random step. Refusals are part of the rules; what is refused changes nothing.
    pub fn run(&mut self, op: Op, which: u8, minutes: u16) {
        self.minutes(i64::from(minutes));
        let conversations: Vec<ConversationId> = self
            .journal
            .iter()
            .filter(|r| matches!(r.event, Event::ConversationOpened(_)))
            .map(|r| ConversationId(r.stream.id))
            .collect();
        let picked = conversations.get(usize::from(which) % conversations.len().max(1)).copied();
        match (op, picked) {
            (Op::Form, _) => self.form(which % 3, "From the form"),
            (Op::Auto, _) => {
                self.receive(MAILBOX, Channel::Email, which % 3, "I am away", Author::AutoReply, None);
            }
            (Op::Call, _) => self.call(&format!("+44 20 7946 00{:02}", which % 4), "Caller"),
            (Op::Email, _) | (_, None) => {
                self.email(which % 3, "A word", None);
            }
            (op, Some(conversation)) => self.on(op, conversation, which),
        }
    }

    fn on(&mut self, op: Op, conversation: ConversationId, which: u8) {
        let message = MessageId(self.id());
        let body = match op {
            Op::Answered => {
                let ours = self.replies().last().map(|(_, m)| *m);
                self.email(which % 3, "In answer", ours);
                return;
            }
            Op::Deliver | Op::Bounce => {
                if let Some((conversation, message)) = self.replies().get(usize::from(which)).copied() {
                    self.system(&match op {
                        Op::Deliver => SystemCommand::Delivered { conversation, message },
                        _ => SystemCommand::DeliveryFailed { conversation, message, reason: "550".into() },
                    });
                }
                return;
            }
            Op::Reply | Op::ReplyAndResolve => {
                let then = if op == Op::Reply { Then::Nothing } else { Then::Resolve };
                let _ = self.reply(conversation, then);
                return;
            }
            Op::Move => {
                let _ = self.move_message(conversation, self.last_message());
                return;
            }
            Op::Merge => {
                let of = |id| self.replica.reader().unwrap().world_kept().conversation(id).unwrap();
                let customer = of(conversation).map(|c| c.customer);
                let others = self.journal.iter().filter_map(|r| match &r.event {
                    Event::ConversationOpened(opened) if Some(opened.customer) == customer => {
                        Some(ConversationId(r.stream.id))
                    }
                    _ => None,
                });
                let others: Vec<ConversationId> = others.filter(|id| *id != conversation).collect();
                if let Some(into) = others.get(usize::from(which) % others.len().max(1)).copied() {
                    let _ = self.merge(conversation, into);
                }
                return;
            }
            Op::Wait => CommandBody::SetWaiting { conversation },
            Op::Hold => CommandBody::SetHold { conversation },
            Op::Resume => CommandBody::Resume { conversation },
            Op::Resolve => CommandBody::Resolve { conversation },
            Op::Reopen => CommandBody::Reopen { conversation },
            Op::NoReplyNeeded => CommandBody::NoReplyNeeded { conversation },
            Op::Snooze => CommandBody::Snooze { conversation, until: self.now.plus_seconds(3600) },
            Op::Priority => CommandBody::SetPriority {
                conversation,
                priority: if which.is_multiple_of(2) { Priority::Urgent } else { Priority::Normal },
            },
            Op::Assign => {
                CommandBody::Assign { conversation, assignee: which.is_multiple_of(2).then_some(ME) }
            }
            _ => CommandBody::Note { conversation, message, text: "Noted".into() },
        };
        let _ = self.command(&body);
    }

    pub fn replies(&self) -> Vec<(ConversationId, MessageId)> {
        let reply = |r: &Recorded| match &r.event {
            Event::Replied(reply) => Some((ConversationId(r.stream.id), reply.message)),
            _ => None,
        };
        self.journal.iter().filter_map(reply).collect()
    }

    /// Dropping and folding again gives what was there, the search index included.
    pub fn every_stream_refolds_to_itself(&mut self) {
        let streams: Vec<StreamId> = self.replica.reader().unwrap().streams().unwrap();
        let writer = self.replica.write().unwrap();
        for stream in streams {
            let before = writer.dump_stream(stream).unwrap();
            writer.refold_kept(stream).unwrap();
            assert_eq!(writer.dump_stream(stream).unwrap(), before, "{stream}");
        }
        assert!(writer.search_index_is_whole());
        writer.commit().unwrap();
    }
}
