//! Four weeks of the sample company, told to the writer as they would have happened: the same commands
//! and adapters, only dated back.

use std::collections::HashMap;

use evendesk_channels::email::receive::{Mailbox, RawMail, receive};
use evendesk_channels::intake::{Arrival, Cursor, Intake, IntakeError, Outcome as Read, Reached};
use evendesk_channels::{social, web_form};
use evendesk_domain::channel::{Channel, Identity, IdentityKind};
use evendesk_domain::clock::Priority;
use evendesk_domain::command::{CallDraft, Command, CommandBody, ReplyDraft, SystemCommand, Then};
use evendesk_domain::event::{self, Event};
use evendesk_domain::id::{AccountId, CommandId, ConversationId, CustomerId, MessageId};
use evendesk_domain::inbound::Inbound;
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::Outcome;
use uuid::Uuid;

use super::company::{Company, HOST};
use super::said::{self, Thread};
use super::small_talk;
use super::story::{self, Act, Call, Person, Story};
use crate::blobs::Blobs;
use crate::store::StoreError;
use crate::writer::{Ask, Scribe, Work};

const DAYS_S: i64 = 86_400;
/// Commands told in one commit.
const BATCH: usize = 400;

/// Fills an empty workspace.
pub async fn seed(
    scribe: &mut Scribe,
    company: &Company,
    blobs: &Blobs,
    now: Timestamp,
) -> Result<(), StoreError> {
    let people = story::people();
    let told = story::stories().map_err(|e| StoreError::Refused(e.to_string()))?;
    let days = small_talk::history(&people, &told);
    let mut teller = Teller { company, blobs, now, asks: Vec::new(), customers: HashMap::new() };
    teller.settings();
    teller.meet(&people);
    teller.tell(&people, told.into_iter().chain(days).collect()).await?;
    for batch in teller.asks.chunks(BATCH) {
        for answer in scribe.write(batch, now)? {
            match answer {
                Ok(Outcome::Accepted { .. }) => {}
                other => {
                    return Err(StoreError::Refused(format!("the sample data does not work out: {other:?}")));
                }
            }
        }
    }
    Ok(())
}

struct Teller<'a> {
    company: &'a Company,
    blobs: &'a Blobs,
    now: Timestamp,
    asks: Vec<Ask>,
    customers: HashMap<&'static str, CustomerId>,
}

/// How far a story has been told.
struct Told {
    story: Story,
    person: Person,
    conversation: ConversationId,
    opened: bool,
    thread: Thread,
    root: Option<String>,
    last: Option<MessageId>,
}

impl Teller<'_> {
    fn ask(&mut self, at: Timestamp, work: Work) {
        self.asks.push(Ask { work, at: Some(at) });
    }

    fn settings(&mut self) {
        let at = self.now.plus_seconds(-30 * DAYS_S);
        for body in self.company.settings() {
            self.ask(at, Work::Operator(Box::new(body)));
        }
    }

    /// Customers with every way to reach them, so that all their channels meet in one inbox.
    fn meet(&mut self, people: &[Person]) {
        let at = self.now.plus_seconds(-29 * DAYS_S);
        for person in people {
            let id = CustomerId(Uuid::now_v7());
            let mut events = vec![(id.into(), Event::CustomerOpened { name: person.name.into() })];
            for identity in identities(person) {
                events.push((id.into(), Event::IdentityAdded { identity, verified: true }));
            }
            self.customers.insert(person.key, id);
            self.ask(at, Work::Given(events));
        }
    }

    /// All stories together, in the order of time.
    async fn tell(&mut self, people: &[Person], stories: Vec<Story>) -> Result<(), StoreError> {
        let mut steps = Vec::new();
        let mut told: Vec<Told> = Vec::new();
        for story in stories {
            let mut at = self.now.plus_seconds(-story.age_s);
            for (index, step) in story.steps.iter().enumerate() {
                at = at.plus_seconds(step.after_s);
                steps.push((at, told.len(), index));
            }
            let person = people.iter().find(|p| p.key == story.customer).unwrap_or(&people[0]).clone();
            let conversation = ConversationId(Uuid::now_v7());
            let thread = Thread::default();
            told.push(Told { story, person, conversation, opened: false, thread, root: None, last: None });
        }
        steps.sort_unstable();
        for (at, which, index) in steps {
            let act = told[which].story.steps[index].act.clone();
            self.act(&mut told[which], act, at).await?;
        }
        Ok(())
    }

    async fn act(&mut self, told: &mut Told, act: Act, at: Timestamp) -> Result<(), StoreError> {
        match act {
            Act::Write(text) => self.write(told, &text, at).await?,
            Act::Reply { agent, text } => self.reply(told, agent, text, at),
            Act::Note { agent, text } => {
                let (conversation, message) = (told.conversation, MessageId(Uuid::now_v7()));
                self.agent(agent, CommandBody::Note { conversation, message, text }, at);
            }
            Act::Call { agent, call } => self.call(told, agent, call, at),
            Act::Do { agent, what } => {
                let body = self.deed(told.conversation, agent, what)?;
                self.agent(agent, body, at);
            }
        }
        Ok(())
    }

    async fn write(&mut self, told: &mut Told, text: &str, at: Timestamp) -> Result<(), StoreError> {
        let account = self.company.account(told.story.channel, told.story.team);
        let (id, team) = (account.id, account.team);
        let inbound = self.inbound(told, id, team, text, at).await?;
        let message = MessageId(Uuid::now_v7());
        let customer = CustomerId(Uuid::now_v7());
        let conversation = told.conversation;
        let receive = SystemCommand::Receive { message, customer, conversation, inbound: Box::new(inbound) };
        self.ask(at, Work::System { commands: vec![receive], by: Actor::System });
        if !told.opened && team != told.story.team {
            let team = self.company.team(told.story.team);
            self.agent(
                crate::founding::LOCAL_LOGIN,
                CommandBody::SetTeam { conversation, team },
                at.plus_seconds(1),
            );
        }
        told.opened = true;
        told.last = Some(message);
        Ok(())
    }

    /// By the adapter of the story's channel.
    async fn inbound(
        &self,
        told: &mut Told,
        account: AccountId,
        team: &str,
        text: &str,
        at: Timestamp,
    ) -> Result<Inbound, StoreError> {
        let odd = |e: &dyn std::fmt::Display| StoreError::Refused(format!("sample data cannot be read: {e}"));
        let subject = told.story.subject.clone();
        match told.story.channel {
            Channel::Email => {
                let bytes = said::mail(&told.person, team, &subject, text, at, &mut told.thread);
                let addresses = vec![format!("{}@{HOST}", team.to_lowercase())];
                let mailbox = Mailbox { account, addresses, reply_key: None };
                let size = bytes.len() as u64;
                let mail = RawMail { uid: None, received_at: Some(at), size, bytes: Some(bytes) };
                let arrival = receive(&Keeping(self.blobs), &mailbox, mail, at).await.map_err(|e| odd(&e))?;
                match arrival.outcome {
                    Read::Read(inbound) => Ok(*inbound),
                    Read::SetAside(aside) => Err(odd(&aside.reason)),
                }
            }
            Channel::WebForm => {
                let form = said::form(&told.person, &subject, text, at);
                let submitted = web_form::check(&form, account, at, None).map_err(|e| odd(&e[0]))?;
                Ok(submitted.inbound)
            }
            Channel::Social => {
                let (root, body) = said::mention(&told.person, text, at, told.root.as_deref());
                told.root = Some(root);
                social::read(&body, account, None).map_err(|e| odd(&e))
            }
            Channel::Letter | Channel::Phone => Ok(said::letter(&told.person, account, &subject, text, at)),
        }
    }

    fn reply(&mut self, told: &mut Told, agent: &'static str, text: String, at: Timestamp) {
        let channel = match told.story.channel {
            Channel::Social => Channel::Social,
            _ => Channel::Email,
        };
        // Who wrote a letter is answered by mail.
        let to = match told.story.channel {
            Channel::Letter | Channel::Phone => told.person.email.to_owned(),
            _ => String::new(),
        };
        let message = MessageId(Uuid::now_v7());
        let conversation = told.conversation;
        let draft = ReplyDraft {
            conversation,
            message,
            channel,
            account: self.company.account(channel, told.story.team).id,
            to,
            text,
            follow_up: false,
            seen: told.last,
            then: Then::Nothing,
            confirmed: false,
        };
        self.agent(agent, CommandBody::Reply(draft), at);
        let delivered = SystemCommand::Delivered { conversation, message };
        self.ask(at.plus_seconds(1), Work::System { commands: vec![delivered], by: Actor::System });
        told.thread.ids.push(format!("{message}@{HOST}"));
        told.last = Some(message);
    }

    fn call(&mut self, told: &mut Told, agent: &'static str, call: Call, at: Timestamp) {
        let message = MessageId(Uuid::now_v7());
        let started_at = at.plus_seconds(-call.seconds);
        let picked_up = matches!(call.outcome, event::CallOutcome::Answered);
        let number = Identity::new(IdentityKind::Phone, told.person.phone, None).ok();
        let draft = CallDraft {
            message,
            call: event::Call {
                direction: call.direction,
                outcome: call.outcome,
                number,
                started_at,
                answered_at: if picked_up { started_at.plus_seconds(8) } else { started_at },
                ended_at: at,
                note: call.note,
                follow_up: call.follow_up,
                entered_by_hand: false,
            },
            conversation: told.conversation,
            opens: !told.opened,
            customer: self.customers.get(told.person.key).copied().unwrap_or(CustomerId(Uuid::nil())),
            opens_customer: false,
            name: String::new(),
            team: Some(self.company.team(told.story.team)),
        };
        self.agent(agent, CommandBody::LogCall(draft), at);
        told.opened = true;
        told.last = Some(message);
    }

    fn deed(&self, conversation: ConversationId, agent: &str, what: &str) -> Result<CommandBody, StoreError> {
        let priority = |priority| CommandBody::SetPriority { conversation, priority };
        Ok(match what {
            "assign" => CommandBody::Assign { conversation, assignee: Some(self.company.member(agent).id) },
            "resolve" => CommandBody::Resolve { conversation },
            "wait" => CommandBody::SetWaiting { conversation },
            "hold" => CommandBody::SetHold { conversation },
            "low" => priority(Priority::Low),
            "high" => priority(Priority::High),
            "urgent" => priority(Priority::Urgent),
            other => return Err(StoreError::Refused(format!("nobody knows how to {other}"))),
        })
    }

    fn agent(&mut self, key: &str, body: CommandBody, at: Timestamp) {
        let user = self.company.member(key).id;
        let command = Command { id: CommandId(Uuid::now_v7()), depends_on: None, body };
        self.ask(at, Work::Agent { user, command: Box::new(command) });
    }
}

fn identities(person: &Person) -> impl Iterator<Item = Identity> {
    let social = said::author(person);
    [
        (IdentityKind::Email, person.email.to_owned()),
        (IdentityKind::Phone, person.phone.to_owned()),
        (IdentityKind::Social, social),
    ]
    .into_iter()
    .filter_map(|(kind, value)| Identity::new(kind, &value, None).ok())
}

/// Keeps what mails carry; what arrives is told to the writer by the stories themselves.
struct Keeping<'a>(&'a Blobs);

impl Intake for Keeping<'_> {
    async fn put_blob(&self, bytes: Vec<u8>) -> Result<String, IntakeError> {
        self.0.put(bytes).await.map_err(|e| IntakeError::Store(e.to_string()))
    }

    async fn cursor(&self, _: AccountId, _: &str) -> Result<Cursor, IntakeError> {
        Err(IntakeError::NoSuchAccount)
    }

    async fn arrived(&self, _: AccountId, _: Vec<Arrival>, _: Option<Reached>) -> Result<(), IntakeError> {
        Err(IntakeError::NoSuchAccount)
    }
}
