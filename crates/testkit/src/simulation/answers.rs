//! Answers on their way to the world, and the fifth promise: none goes out blind, none without a reason twice,
//! and one that a restored journal was offered again only when a supervisor has said so.

use std::collections::{BTreeMap, BTreeSet};

use evendesk_domain::command::SystemCommand;
use evendesk_domain::conversation::{Conversation, Delivery};
use evendesk_domain::event::Event;
use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use evendesk_journal::Journal as _;

use super::{Next, World};

/// As many as are handed over at a time.
const AT_ONCE: usize = 100;

impl World {
    /// Answers are handed over to the world, and that is recorded; killed in between, again.
    pub(super) fn deliver(&mut self) {
        let ms = self.chance.between(1_000, 5_000);
        if !self.calm {
            self.after(ms, Next::Deliver);
        }
        self.ask_again();
        let Some(node) = self.a_node() else { return };
        self.look(node);
        let Some(up) = self.nodes[node].up.as_ref() else { return };
        let due = up.readers.get().and_then(|r| r.pending_deliveries(AT_ONCE)).expect("a replica is read");
        for delivery in due {
            let (conversation, message) = (delivery.conversation, delivery.message);
            self.is_due(conversation, message);
            self.office.sent.insert(message, self.past.era);
            self.note(&format!("{message} is sent"));
            self.watcher_asks(vec![SystemCommand::Delivered { conversation, message }]);
        }
    }

    /// By the journal itself: neither recorded as sent before, nor held.
    fn is_due(&mut self, conversation: ConversationId, message: MessageId) {
        let mut state = None;
        for event in self.journal.read_stream(conversation.into()).expect("the journal is read") {
            Conversation::apply(&mut state, conversation, &event);
        }
        let is = state.map_or(Delivery::None, |c| c.delivery(message));
        if is != Delivery::Pending {
            self.breaks("no_reply_is_sent_blind", format!("{message} goes out and is {is:?}"));
        }
    }

    /// Promise 5: every reply names the last word in public before it, unless it is held as one that a lost journal
    /// had; what was sent is in the journal; none is held or on its way for ever.
    pub(super) fn no_reply_is_sent_blind(&mut self, all: &[Recorded]) {
        let mut conversations: BTreeMap<StreamId, Option<Conversation>> = BTreeMap::new();
        let mut wrong = Vec::new();
        let mut replies: BTreeSet<MessageId> = BTreeSet::new();
        let held: BTreeSet<MessageId> = all.iter().filter_map(|e| held(&e.event)).collect();
        for event in all.iter().filter(|e| e.stream.kind == StreamKind::Conversation) {
            let state = conversations.entry(event.stream).or_default();
            if let Event::Replied(reply) = &event.event {
                replies.insert(reply.message);
                let last = state.as_ref().and_then(Conversation::last_public);
                if reply.seen != last && !held.contains(&reply.message) {
                    wrong.push(format!(
                        "{} in {} saw {:?}, not {last:?}",
                        reply.message, event.stream, reply.seen
                    ));
                }
            }
            Conversation::apply(state, ConversationId(event.stream.id), event);
        }
        if self.past.era == 0 && !held.is_empty() {
            wrong.push(format!("{held:?} are held, and nothing was restored"));
        }
        let now = self.office.sent.iter().filter(|(_, era)| **era == self.past.era);
        let unknown = now.filter(|(message, _)| !replies.contains(message));
        wrong.extend(unknown.map(|(message, _)| format!("{message} was sent and is not in the journal")));
        let open = conversations.values().flatten().flat_map(|c| &c.messages);
        let open = open.filter(|m| matches!(m.delivery, Delivery::Pending | Delivery::Held));
        wrong.extend(open.map(|m| format!("{} is {:?} for ever", m.id, m.delivery)));
        wrong.iter().for_each(|how| self.breaks("no_reply_is_sent_blind", how));
    }
}

fn held(event: &Event) -> Option<MessageId> {
    match event {
        Event::ReplyHeld { message } => Some(*message),
        _ => None,
    }
}
