//! What happens when: every conversation planned by its few numbers, then all of them told together in
//! the order of time, so that the journal interleaves them as a real one does.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use evendesk_domain::channel::{Channel, Identity, IdentityKind};
use evendesk_domain::clock::Priority;
use evendesk_domain::event::{Event, Opened, Reply};
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId, TermsId, UserId};
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::words::Words;
use super::{Company, Pen, Size};
use crate::store::StoreError;

const DAY_MS: i64 = 86_400_000;
const SPAN_DAYS: i64 = 730;
/// Conversations younger than this may still be open.
const FRESH_DAYS: i64 = 20;
const CHANNELS: [Channel; 3] = [Channel::Email, Channel::WebForm, Channel::Social];

pub struct Plan {
    pub company: Company,
    pub since: Timestamp,
    now: Timestamp,
    random: StdRng,
    words: Words,
    sketches: Vec<Sketch>,
    customers: u32,
}

/// A conversation in a few numbers.
#[derive(Clone, Copy)]
struct Sketch {
    start_ms: i64,
    end_ms: i64,
    customer: u32,
    messages: u32,
    ends: Ends,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Resolved,
    Waiting,
    Open,
}

/// One that is being told.
struct Live {
    id: ConversationId,
    customer: CustomerId,
    subject: String,
    channel: Channel,
    account: AccountId,
    identity: Identity,
    agent: usize,
    last: Option<MessageId>,
    references: Vec<String>,
}

impl Plan {
    pub fn new(size: &Size, now: Timestamp) -> Self {
        let mut random = StdRng::seed_from_u64(size.seed);
        let words = Words::new(&mut random);
        let company = company(&mut random, &words);
        let customers = (size.conversations / 3).max(1);
        let since = now.plus_seconds(-SPAN_DAYS * 86_400);
        let sketches = sketches(size, customers, since, now, &mut random);
        Self { company, since, now, random, words, sketches, customers }
    }

    /// Writes it all down; returns how many messages there were.
    pub fn tell(mut self, pen: &mut Pen) -> Result<u32, StoreError> {
        let mut due: BinaryHeap<Reverse<(i64, u32, u32)>> = BinaryHeap::new();
        for (index, sketch) in (0..).zip(&self.sketches) {
            due.push(Reverse((sketch.start_ms, index, 0)));
        }
        let mut live: HashMap<u32, Live> = HashMap::new();
        let mut known: Vec<Option<CustomerId>> = vec![None; self.customers as usize];
        let mut told = 0;
        while let Some(Reverse((ms, index, step))) = due.pop() {
            let at = Timestamp::from_millis(ms);
            let sketch = self.sketches[index as usize];
            if step == 0 {
                let opened = self.open(pen, at, &sketch, &mut known)?;
                live.insert(index, opened);
            }
            let Some(mut conversation) = live.remove(&index) else { continue };
            if step < sketch.messages {
                self.say(pen, at, &mut conversation, step)?;
                told += 1;
                due.push(Reverse((sketch.at(step + 1), index, step + 1)));
                live.insert(index, conversation);
            } else {
                self.end(pen, at, &conversation, sketch.ends)?;
            }
        }
        Ok(told)
    }

    fn open(
        &mut self,
        pen: &mut Pen,
        at: Timestamp,
        sketch: &Sketch,
        known: &mut [Option<CustomerId>],
    ) -> Result<Live, StoreError> {
        let index = self.random.random_range(0..CHANNELS.len());
        let channel = CHANNELS[index];
        let (account, _) = self.company.accounts[index];
        let slot = &mut known[sketch.customer as usize];
        let email = format!("customer{}@mail{}.example", sketch.customer, sketch.customer % 97);
        let identity = Identity { kind: IdentityKind::Email, value: email };
        let customer = match *slot {
            Some(customer) => customer,
            None => {
                let customer = CustomerId(id(&mut self.random, at));
                *slot = Some(customer);
                let name = self.words.name(&mut self.random);
                pen.write(at, Actor::System, customer, Event::CustomerOpened { name })?;
                let added = Event::IdentityAdded { identity: identity.clone(), verified: true };
                pen.write(at, Actor::System, customer, added)?;
                customer
            }
        };
        let words = self.random.random_range(3..8);
        let subject = self.words.line(&mut self.random, words);
        let team = self.random.random_range(0..self.company.teams.len());
        let opened = Opened {
            customer,
            channel,
            subject: subject.clone(),
            team: self.company.teams[team],
            terms: self.company.terms,
            priority: if self.random.random_ratio(1, 12) { Priority::High } else { Priority::Normal },
            account: Some(account),
            split_from: None,
            related: None,
        };
        let conversation = ConversationId(id(&mut self.random, at));
        pen.write(at, Actor::System, conversation, Event::ConversationOpened(opened))?;
        // Agents sit in teams by their number, so this one can see what is theirs.
        let agent = team + self.company.teams.len() * self.random.random_range(0..2);
        let references = Vec::new();
        Ok(Live {
            id: conversation,
            customer,
            subject,
            channel,
            account,
            identity,
            agent,
            last: None,
            references,
        })
    }

    fn say(&mut self, pen: &mut Pen, at: Timestamp, live: &mut Live, step: u32) -> Result<(), StoreError> {
        let message = MessageId(id(&mut self.random, at));
        let (user, name) = self.company.agents[live.agent].clone();
        let text = self.words.text(&mut self.random);
        match step % 4 {
            0 | 2 => {
                let event = Event::MessageReceived {
                    message,
                    inbound: Box::new(live.inbound(message, text, at)),
                    guessed: false,
                };
                pen.write(at, Actor::System, live.id, event)?;
                live.last = Some(message);
            }
            3 if self.random.random_ratio(1, 5) => {
                pen.write(at, Actor::User(user), live.id, Event::NoteAdded { message, text })?;
            }
            _ => {
                if step == 1 {
                    pen.write(at, Actor::User(user), live.id, Event::Assigned { assignee: Some(user) })?;
                }
                let reply = live.reply(message, text, name);
                pen.write(at, Actor::User(user), live.id, Event::Replied(Box::new(reply)))?;
                pen.write(at.plus_seconds(1), Actor::System, live.id, Event::Delivered { message })?;
                live.last = Some(message);
            }
        }
        Ok(())
    }

    fn end(&self, pen: &mut Pen, at: Timestamp, live: &Live, ends: Ends) -> Result<(), StoreError> {
        debug_assert!(at <= self.now && live.customer.0 != Uuid::nil());
        let (user, _) = self.company.agents[live.agent];
        match ends {
            Ends::Resolved => pen.write(at, Actor::User(user), live.id, Event::Resolved),
            Ends::Waiting => pen.write(at, Actor::User(user), live.id, Event::WaitingSet),
            Ends::Open => Ok(()),
        }
    }
}

impl Sketch {
    /// When the step of that number happens: evenly between start and end.
    fn at(&self, step: u32) -> i64 {
        self.start_ms + (self.end_ms - self.start_ms) * i64::from(step) / i64::from(self.messages)
    }
}

impl Live {
    fn inbound(&mut self, message: MessageId, text: String, at: Timestamp) -> Inbound {
        let mail_id = format!("{message}@mail.example");
        let mail = MailThread {
            message_id: Some(mail_id.clone()),
            in_reply_to: self.references.last().cloned().into_iter().collect(),
            references: self.references.clone(),
        };
        self.references.push(mail_id);
        Inbound {
            channel: self.channel,
            account: self.account,
            remote_id: message.to_string(),
            from: self.identity.clone(),
            from_name: String::new(),
            verified: true,
            subject: self.subject.clone(),
            text,
            folded: Vec::new(),
            spoke_at: at,
            attachments: Vec::new(),
            raw: None,
            author: Author::Person,
            bounce: None,
            doubts: Vec::new(),
            mail,
            thread: None,
            reply_to: Some(self.identity.value.clone()),
            cc: Vec::new(),
            answers: None,
        }
    }

    fn reply(&mut self, message: MessageId, text: String, author_name: String) -> Reply {
        let mail_id = format!("{message}@company.example");
        let mail = MailThread {
            message_id: Some(mail_id.clone()),
            in_reply_to: self.references.last().cloned().into_iter().collect(),
            references: self.references.clone(),
        };
        self.references.push(mail_id);
        Reply {
            message,
            channel: self.channel,
            account: self.account,
            to: self.identity.value.clone(),
            cc: Vec::new(),
            subject: format!("Re: {}", self.subject),
            text,
            author_name,
            follow_up: false,
            mail,
            thread: None,
            seen: self.last,
            to_stranger: false,
        }
    }
}

fn company(random: &mut StdRng, words: &Words) -> Company {
    let at = Timestamp::from_seconds(1_600_000_000);
    Company {
        terms: TermsId(id(random, at)),
        teams: (0..4).map(|_| TeamId(id(random, at))).collect(),
        agents: (0..8).map(|_| (UserId(id(random, at)), words.name(random))).collect(),
        accounts: CHANNELS.iter().map(|c| (AccountId(id(random, at)), *c)).collect(),
    }
}

/// All conversations by their start; their messages add up to what was asked for.
fn sketches(
    size: &Size,
    customers: u32,
    since: Timestamp,
    now: Timestamp,
    random: &mut StdRng,
) -> Vec<Sketch> {
    let (from, to) = (since.millis(), now.millis() - 60_000);
    let mut starts: Vec<i64> = (0..size.conversations).map(|_| random.random_range(from..to)).collect();
    starts.sort_unstable();
    let mut left = size.messages;
    let mut conversations_left = size.conversations;
    starts
        .into_iter()
        .map(|start_ms| {
            let average = left / conversations_left;
            let messages = match conversations_left {
                1 => left,
                _ => random.random_range(1..=(2 * average - 1).max(1)).min(left - (conversations_left - 1)),
            };
            left -= messages;
            conversations_left -= 1;
            let takes = random.random_range(DAY_MS / 24..5 * DAY_MS).min(to - start_ms);
            let fresh = start_ms > now.millis() - FRESH_DAYS * DAY_MS;
            let ends = match random.random_range(0..100) {
                0..55 if fresh => Ends::Open,
                55..65 if fresh => Ends::Waiting,
                _ => Ends::Resolved,
            };
            // Waiting is for the customer, so the last word must be ours: see `say`.
            let ends = if ends == Ends::Waiting && messages % 4 != 2 { Ends::Open } else { ends };
            let customer = random.random_range(0..customers);
            Sketch { start_ms, end_ms: start_ms + takes, customer, messages, ends }
        })
        .collect()
}

/// A v7 id of that instant, out of the seed's randomness.
fn id(random: &mut StdRng, at: Timestamp) -> Uuid {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    uuid::Builder::from_unix_timestamp_millis(at.millis().unsigned_abs(), &bytes).into_uuid()
}
