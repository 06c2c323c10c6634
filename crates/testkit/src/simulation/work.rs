//! What people do: agents at their desks by what these show, customers by mail, whoever manages teams.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Priority;
use evendesk_domain::command::{CommandBody, ReplyDraft, SystemCommand, Then};
use evendesk_domain::conversation::Conversation;
use evendesk_domain::decide::World as _;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::{CommandId, ConversationId, CustomerId, FeedbackId, MessageId};
use evendesk_domain::inbound::Author;
use evendesk_domain::settings::Role;
use evendesk_domain::stream::StreamKind;
use evendesk_journal::Journal as _;

use super::office::{ACCOUNT, TEAMS, account};
use super::promises::secrets;
use super::{Next, World};
use crate::letter::letter;

/// An answer begun on what was shown then, and sent later.
pub struct Typed {
    conversation: ConversationId,
    seen: Option<MessageId>,
}

impl World {
    /// An agent does one thing.
    pub(super) fn work(&mut self, desk: usize) {
        if self.calm {
            return;
        }
        let ms = self.chance.between(600, 9_000);
        self.after(ms, Next::Work { desk });
        if self.desks[desk].open.is_none() {
            return;
        }
        if self.chance.one_in(4) && self.attend(desk) {
            return;
        }
        if let Some(body) = self.idea(desk) {
            self.submit(desk, body);
        }
    }

    pub(super) fn submit(&mut self, desk: usize, body: CommandBody) {
        let id = CommandId(self.chance.id());
        let author = self.desks[desk].user;
        self.note(&format!("d{desk} asks {id}: {}", serde_json::to_string(&body).unwrap_or_default()));
        self.ledger.asked(desk, author, id, body.clone());
        match self.with_core(desk, |core, now| core.submit(id, body, now)) {
            None => {}
            Some(Ok(submitted)) => {
                self.ledger.kept(id);
                self.note(&format!("d{desk} keeps it: {:?}", submitted.state));
            }
            Some(Err(refused)) => {
                self.ledger.never_was(id);
                self.note(&format!("d{desk} will not: {refused}"));
            }
        }
    }

    /// Sends again or drops something that came back; false if there is nothing.
    fn attend(&mut self, desk: usize) -> bool {
        let back = self.came_back(desk);
        let Some(id) = self.chance.pick(&back).copied() else { return false };
        if self.chance.one_in(3) {
            self.drop_command(desk, id);
        } else {
            let fresh = CommandId(self.chance.id());
            self.note(&format!("d{desk} sends {id} again as {fresh}"));
            self.ledger.may_be_renamed(id, fresh);
            let _ = self.with_core(desk, |core, now| core.confirm(id, fresh, None, now).map(|a| ((), a)));
        }
        true
    }

    /// What waits for the agent.
    pub(super) fn came_back(&self, desk: usize) -> Vec<CommandId> {
        let back = self.kept(desk).into_iter().filter(|k| k.state.needs_attention());
        back.map(|k| k.command.id).collect()
    }

    pub(super) fn drop_command(&mut self, desk: usize, id: CommandId) {
        self.note(&format!("d{desk} drops {id}"));
        self.ledger.may_be_dropped(id);
        let _ = self.with_core(desk, |core, now| core.drop_command(id, now).map(|a| ((), a)));
    }

    /// Something to do with what is on the screen.
    fn idea(&mut self, desk: usize) -> Option<CommandBody> {
        if self.chance.one_in(20) {
            let feedback = FeedbackId(self.chance.id());
            let text = self.words("heard");
            return Some(CommandBody::LogFeedback {
                feedback,
                text,
                kind: FeedbackKind::Complaint,
                source: FeedbackSource::default(),
            });
        }
        let found = self.a_conversation(desk)?;
        let conversation = found.id;
        Some(match self.chance.index(20) {
            0..6 => {
                let typed = Typed { conversation, seen: found.last_public() };
                if self.chance.one_in(4) {
                    self.desks[desk].typed.push(typed);
                    return None;
                }
                self.reply(typed)
            }
            6 => {
                let typed = self.desks[desk].typed.pop()?;
                self.reply(typed)
            }
            7..11 => {
                let (message, text) = (MessageId(self.chance.id()), self.words("notes"));
                CommandBody::Note { conversation, message, text }
            }
            11 => {
                let people: Vec<_> = self.office.people.iter().map(|p| p.0).collect();
                CommandBody::Assign { conversation, assignee: self.chance.pick(&people).copied() }
            }
            12 | 13 => CommandBody::SetTeam { conversation, team: TEAMS[self.chance.index(3)] },
            14 => CommandBody::Resolve { conversation },
            15 => CommandBody::Reopen { conversation },
            16 => CommandBody::NoReplyNeeded { conversation },
            17 => CommandBody::SetPriority { conversation, priority: *self.chance.pick(&Priority::ALL)? },
            18 => {
                let message = self.chance.pick(&found.messages)?.id;
                CommandBody::MoveMessage { conversation, message, to: ConversationId(self.chance.id()) }
            }
            _ => CommandBody::NameCustomer { customer: found.customer, name: self.words("called") },
        })
    }

    fn reply(&mut self, typed: Typed) -> CommandBody {
        let then = [Then::Nothing, Then::Nothing, Then::Wait, Then::Resolve][self.chance.index(4)];
        CommandBody::Reply(ReplyDraft {
            conversation: typed.conversation,
            message: MessageId(self.chance.id()),
            channel: Channel::Email,
            account: ACCOUNT,
            to: String::new(),
            text: self.words("answers"),
            follow_up: false,
            seen: typed.seen,
            then,
            confirmed: false,
        })
    }

    fn a_conversation(&mut self, desk: usize) -> Option<Conversation> {
        let reader = self.desks[desk].open.as_ref()?.core.readers().get().expect("a cache is read");
        let mut streams = reader.streams().expect("a cache is read");
        streams.retain(|s| s.kind == StreamKind::Conversation);
        streams.sort_unstable();
        // Work gathers where something is going on.
        let recent = streams.len().min(12);
        let stream = if self.chance.one_in(3) {
            *self.chance.pick(&streams)?
        } else {
            *self.chance.pick(&streams[..recent])?
        };
        reader.world_kept().conversation(ConversationId(stream.id)).expect("a cache is read")
    }

    /// Words that are found nowhere else.
    pub(super) fn words(&mut self, verb: &str) -> String {
        format!("{verb} zq{:016x}", self.chance.next())
    }

    /// A customer writes.
    pub(super) fn mail(&mut self) {
        if self.calm {
            return;
        }
        let ms = self.chance.between(800, 14_000);
        self.after(ms, Next::Mail);
        let message = MessageId(self.chance.id());
        let from = format!("customer{}@x.example", self.chance.index(7));
        let text = self.words("asks");
        let mut inbound = letter(ACCOUNT, message, &from, &text, self.now());
        inbound.remote_id = format!("mail {}", self.office.mails.len() + 1);
        if self.chance.one_in(9) {
            inbound.author = Author::AutoReply;
        }
        self.office.mails.push(inbound.clone());
        let (customer, conversation) = (CustomerId(self.chance.id()), ConversationId(self.chance.id()));
        self.watcher_asks(vec![SystemCommand::Receive {
            message,
            customer,
            conversation,
            inbound: Box::new(inbound),
        }]);
    }

    /// Somebody's teams or role change, or where mail goes.
    pub(super) fn manage(&mut self) {
        if self.calm {
            return;
        }
        let ms = self.chance.between(4_000, 30_000);
        self.after(ms, Next::Manage);
        if self.chance.one_in(7) {
            return self.erase();
        }
        if self.chance.one_in(3) {
            self.office.accounts_team = self.chance.index(3);
            let settings = account(TEAMS[self.office.accounts_team]);
            return self.operator_asks(CommandBody::SaveAccount { id: ACCOUNT, settings });
        }
        let teams = TEAMS.iter().filter(|_| self.chance.one_in(2)).copied().collect();
        let role = if self.chance.one_in(4) { Role::Supervisor } else { Role::Agent };
        let person = self.chance.index(self.office.people.len());
        let it = &mut self.office.people[person];
        (it.1, it.2) = (role, teams);
        let (id, teams) = (it.0, it.2.clone());
        let body =
            CommandBody::SaveUser { id, name: format!("Agent {id}"), login: id.to_string(), role, teams };
        self.operator_asks(body);
    }

    /// A customer wants to be forgotten; desks may be away, or in the middle of answering them.
    fn erase(&mut self) {
        self.remember_words();
        let Some(up) = self.a_node().and_then(|n| self.nodes[n].up.as_ref()) else { return };
        let reader = up.readers.get().expect("a replica is read");
        let mut customers = reader.streams().expect("a replica is read");
        customers.retain(|s| s.kind == StreamKind::Customer);
        customers.sort_unstable();
        let Some(customer) = self.chance.pick(&customers).map(|s| CustomerId(s.id)) else { return };
        self.note(&format!("customer {customer} is erased"));
        self.done.insert("a customer erased");
        self.operator_asks(CommandBody::EraseCustomer { customer });
    }

    /// Reads on in the journal, for what may be erased from it.
    pub(super) fn remember_words(&mut self) {
        let more = self.journal.read(self.office.read_to, usize::MAX >> 1).expect("the journal is read");
        for event in more {
            self.office.read_to = event.seq;
            self.office.words.extend(secrets(&event.event.to_text()));
        }
    }
}
