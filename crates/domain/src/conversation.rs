//! A conversation: one matter of one customer, over any channels. Its stream is its timeline; this
//! is what of it the rules need to know.

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::clock::{Entry, History, MergedFacts, Priority, Reading, Status, TermsLookup, What, read};
use crate::event::{Call, CallDirection, CallOutcome, Event, Opened, Reply, Step};
use crate::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId, UserId};
use crate::inbound::{Author, Inbound, MailThread};
use crate::limits;
use crate::stream::Recorded;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    pub customer: CustomerId,
    pub channel: Channel,
    pub subject: String,
    pub team: TeamId,
    pub assignee: Option<UserId>,
    pub account: Option<AccountId>,
    pub opened_at: Timestamp,
    /// When the customer or one of us last said something in it.
    pub last_word_at: Timestamp,
    pub snoozed_until: Option<Timestamp>,
    /// The clocks' facts, in the order we learnt of them.
    pub history: History,
    pub messages: Vec<MessageFacts>,
    pub routes: Vec<Route>,
    /// Addresses of who may write into it besides its customer, in lower case: everybody to whom its mails
    /// went, and who answered. See [`Conversation::takes_part`].
    pub participants: Vec<String>,
    /// Where it goes on.
    pub merged_into: Option<ConversationId>,
    /// What the deadline worker has told people of.
    pub steps: Vec<(u32, Step)>,
    /// Holds an event of a later version: read-only until the upgrade.
    pub read_only: bool,
}

/// What must be known of a message without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFacts {
    pub id: MessageId,
    pub said: Said,
    pub delivery: Delivery,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    /// By the customer, or to the customer: what a second look looks at.
    InPublic,
    /// A note among ourselves, or automatic mail.
    Aside,
    MovedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// Nothing to deliver.
    None,
    Pending,
    /// Not to be carried out until somebody says so.
    Held,
    Delivered,
    Failed,
}

/// How an answer on a channel finds its way: learnt from what came in last on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub channel: Channel,
    pub account: AccountId,
    pub to: String,
    pub cc: Vec<String>,
    pub subject: String,
    pub mail: MailThread,
    pub thread: Option<String>,
}

impl Conversation {
    pub fn apply(state: &mut Option<Self>, id: ConversationId, recorded: &Recorded) {
        if let Event::ConversationOpened(opened) = &recorded.event {
            *state = Some(Self::open(id, opened, recorded.at));
        } else if let Some(conversation) = state {
            conversation.step(recorded);
        }
    }

    fn open(id: ConversationId, opened: &Opened, at: Timestamp) -> Self {
        let mut history = History::new(opened.terms, opened.priority);
        history.part = opened.split_from.is_some();
        Self {
            id,
            customer: opened.customer,
            channel: opened.channel,
            subject: opened.subject.clone(),
            team: opened.team,
            assignee: None,
            account: opened.account,
            opened_at: at,
            last_word_at: at,
            snoozed_until: None,
            history,
            messages: Vec::new(),
            routes: Vec::new(),
            participants: Vec::new(),
            merged_into: None,
            steps: Vec::new(),
            read_only: false,
        }
    }

    fn step(&mut self, recorded: &Recorded) {
        let at = recorded.at;
        match &recorded.event {
            Event::MessageReceived { message, inbound, .. } => self.received(*message, inbound, at),
            Event::Replied(reply) => self.replied(reply, at),
            Event::Delivered { message } => self.set_delivery(*message, Delivery::Delivered),
            Event::DeliveryFailed { message, .. } => {
                self.set_delivery(*message, Delivery::Failed);
                self.happened(at, at, What::DeliveryFailed { reply: *message });
            }
            Event::ReplyHeld { message } => self.set_delivery(*message, Delivery::Held),
            Event::ReplyReleased { message } => self.set_delivery(*message, Delivery::Pending),
            Event::ReplyHadGone { message } => self.set_delivery(*message, Delivery::Delivered),
            Event::NoteAdded { message, .. } => self.say(*message, Said::Aside, Delivery::None),
            Event::CallLogged { message, call } => self.called(*message, call, at),
            Event::Assigned { assignee } => self.assignee = *assignee,
            Event::TeamChanged { to, .. } => self.team = *to,
            Event::PriorityChanged { priority } => {
                let by = recorded.by.user();
                self.happened(at, at, What::PriorityChanged { priority: *priority, by });
            }
            Event::TermsChanged { terms, effective_at } => {
                let by = recorded.by.user();
                self.happened(*effective_at, at, What::TermsChanged { terms: *terms, by });
            }
            Event::Snoozed { until } => self.snoozed_until = Some(*until),
            Event::Unsnoozed => self.snoozed_until = None,
            Event::WaitingSet => self.happened(at, at, What::Waiting),
            Event::HoldSet => self.happened(at, at, What::Hold),
            Event::Resumed => self.happened(at, at, What::Resume),
            Event::Resolved => self.happened(at, at, What::Resolve),
            Event::Reopened => self.happened(at, at, What::Reopen),
            Event::NoReplyNeeded => self.happened(at, at, What::NoReplyNeeded),
            Event::StepReached { timer, step } => self.steps.push((*timer, *step)),
            Event::MessageMovedOut { message, .. } => self.moved_out(*message, at),
            Event::MessageMovedIn { learnt_at, by, original, .. } => {
                let event = (**original).clone();
                self.step(&Recorded { at: *learnt_at, by: *by, event, ..recorded.clone() });
            }
            Event::ConversationMerged { into } => {
                self.merged_into = Some(*into);
                self.happened(at, at, What::MergedAway);
            }
            Event::ConversationMergedIn { facts, routes, participants, .. } => {
                self.merged_in(facts, routes, participants, at);
            }
            Event::Redacted { .. } => self.drop_deliveries(),
            Event::FromTheFuture(_) => self.read_only = true,
            _ => {}
        }
    }

    fn received(&mut self, message: MessageId, inbound: &Inbound, learnt_at: Timestamp) {
        self.learn_route(inbound);
        if inbound.author != Author::Person {
            return self.say(message, Said::Aside, Delivery::None);
        }
        if inbound.channel == Channel::Email {
            self.write_in(std::iter::once(&inbound.from.value).chain(&inbound.cc));
        }
        self.say(message, Said::InPublic, Delivery::None);
        self.spoken(inbound.spoke_at);
        self.snoozed_until = None;
        let what = What::CustomerSpoke { message, channel: inbound.channel };
        self.happened(inbound.spoke_at, learnt_at, what);
    }

    fn replied(&mut self, reply: &Reply, at: Timestamp) {
        self.say(reply.message, Said::InPublic, Delivery::Pending);
        self.spoken(at);
        if reply.channel == Channel::Email {
            self.write_in(std::iter::once(&reply.to).chain(&reply.cc));
        }
        if let Some(id) = &reply.mail.message_id {
            for route in self.routes.iter_mut().filter(|r| r.channel == reply.channel) {
                route.mail.references.clone_from(&reply.mail.references);
                route.mail.references.push(id.clone());
            }
        }
        let what = What::Replied { reply: reply.message, channel: reply.channel, follow_up: reply.follow_up };
        self.happened(at, at, what);
    }

    fn called(&mut self, message: MessageId, call: &Call, learnt_at: Timestamp) {
        self.say(message, Said::InPublic, Delivery::None);
        self.spoken(call.ended_at);
        let follow_up = call.follow_up;
        let what = match (call.direction, call.outcome) {
            (CallDirection::Outbound, outcome) => What::OutboundCall {
                message,
                ended_at: call.ended_at,
                reached: outcome == CallOutcome::Reached,
                follow_up,
            },
            (CallDirection::Inbound, CallOutcome::Answered) => What::CallAnswered {
                message,
                picked_up_at: call.answered_at,
                ended_at: call.ended_at,
                follow_up,
            },
            (CallDirection::Inbound, _) => What::CustomerSpoke { message, channel: Channel::Phone },
        };
        if call.direction == CallDirection::Inbound {
            self.snoozed_until = None;
        }
        self.happened(call.started_at, learnt_at, what);
    }

    fn happened(&mut self, at: Timestamp, learnt_at: Timestamp, what: What) {
        self.history.entries.push(Entry { at, learnt_at, what });
    }

    fn say(&mut self, id: MessageId, said: Said, delivery: Delivery) {
        self.messages.push(MessageFacts { id, said, delivery });
    }

    fn spoken(&mut self, at: Timestamp) {
        self.last_word_at = self.last_word_at.max(at);
    }

    fn write_in<'a>(&mut self, addresses: impl Iterator<Item = &'a String>) {
        for address in addresses.map(|a| a.trim().to_lowercase()).filter(|a| !a.is_empty()) {
            if self.participants.len() < limits::RECIPIENTS && !self.participants.contains(&address) {
                self.participants.push(address);
            }
        }
    }

    /// Another matter goes on here: whoever waits there waits here, and is answered the way they came.
    fn merged_in(&mut self, facts: &MergedFacts, routes: &[Route], participants: &[String], at: Timestamp) {
        self.write_in(participants.iter());
        let waits = facts.open_turn.is_some();
        if waits {
            self.snoozed_until = None;
        }
        for route in routes {
            let same = |r: &Route| (r.channel, r.account) == (route.channel, route.account);
            if waits {
                self.routes.retain(|r| !same(r));
                self.routes.push(route.clone());
            } else if !self.routes.iter().any(same) {
                self.routes.insert(0, route.clone());
            }
        }
        self.happened(at, at, What::MergedIn { facts: Box::new(*facts) });
    }

    fn set_delivery(&mut self, message: MessageId, delivery: Delivery) {
        if let Some(facts) = self.messages.iter_mut().find(|m| m.id == message) {
            facts.delivery = delivery;
        }
    }

    /// What was still to be carried out has no words left to carry. The clocks keep what they saw: an
    /// answer was given then.
    fn drop_deliveries(&mut self) {
        let still = |m: &&mut MessageFacts| matches!(m.delivery, Delivery::Pending | Delivery::Held);
        for facts in self.messages.iter_mut().filter(still) {
            facts.delivery = Delivery::None;
        }
    }

    fn moved_out(&mut self, message: MessageId, at: Timestamp) {
        if let Some(facts) = self.messages.iter_mut().find(|m| m.id == message) {
            facts.said = Said::MovedOut;
        }
        self.happened(at, at, What::MovedAway { message });
    }

    fn learn_route(&mut self, inbound: &Inbound) {
        let Some(to) = inbound.reply_to.clone() else { return };
        if inbound.author != Author::Person {
            return;
        }
        let mut mail = inbound.mail.clone();
        mail.references.extend(mail.message_id.clone());
        let route = Route {
            channel: answer_channel(inbound.channel),
            account: inbound.account,
            to,
            cc: inbound.cc.clone(),
            subject: inbound.subject.clone(),
            mail,
            thread: inbound.thread.clone(),
        };
        self.routes.retain(|r| (r.channel, r.account) != (route.channel, route.account));
        self.routes.push(route);
    }

    /// The way on a channel: what came in last on it, by that account if it did.
    pub fn route(&self, channel: Channel, account: AccountId) -> Option<&Route> {
        let mut on_channel = self.routes.iter().rev().filter(|r| r.channel == channel);
        on_channel.clone().find(|r| r.account == account).or_else(|| on_channel.next())
    }

    /// The last customer message or public reply: what a reply's `seen` must name.
    pub fn last_public(&self) -> Option<MessageId> {
        self.messages.iter().rev().find(|m| m.said == Said::InPublic).map(|m| m.id)
    }

    pub fn holds(&self, message: MessageId) -> bool {
        self.messages.iter().any(|m| m.id == message && m.said != Said::MovedOut)
    }

    /// Whether a mail from there, or to there, has been in it: whoever that is may write into it.
    pub fn takes_part(&self, address: &str) -> bool {
        let address = address.trim().to_lowercase();
        self.participants.contains(&address)
    }

    pub fn delivery(&self, message: MessageId) -> Delivery {
        self.messages.iter().find(|m| m.id == message).map_or(Delivery::None, |m| m.delivery)
    }

    pub fn reading(&self, terms: &dyn TermsLookup) -> Reading {
        read(&self.history, terms)
    }

    pub fn status(&self, terms: &dyn TermsLookup) -> Status {
        self.reading(terms).status
    }

    pub fn priority(&self) -> Priority {
        self.history.current_priority()
    }
}

/// The channel on which something that came in is answered: a form's sender left an address.
pub const fn answer_channel(channel: Channel) -> Channel {
    match channel {
        Channel::WebForm => Channel::Email,
        other => other,
    }
}
