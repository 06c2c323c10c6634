//! The office loses its journal and is restored from a backup that is older: a new incarnation, which has
//! forgotten what came after. Desks offer again what they had had confirmed; mail that is not known there
//! is fetched again; what was erased is erased again; answers wait for a supervisor.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use evendesk_domain::command::{CommandBody, SystemCommand};
use evendesk_domain::conversation::Delivery;
use evendesk_domain::decide::World as _;
use evendesk_domain::event::Event;
use evendesk_domain::id::{ConversationId, CustomerId, MessageId};
use evendesk_domain::permission::visible;
use evendesk_domain::settings::Role;
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use evendesk_journal::whole::{self, Whole as _};
use evendesk_journal::{Journal as _, SqliteJournal};
use evendesk_replica::{Keeps, Replica};

use super::ledger::Entry;
use super::office::{TEAMS, open_journal};
use super::promises::erased;
use super::{CHAOS_MS, Next, World};

/// Which journal it is by now, and what is known of those before it.
#[derive(Default)]
pub struct Past {
    /// How often the office was restored.
    pub era: u32,
    backup: Option<PathBuf>,
    /// Erased at any time, in any of the journals.
    pub erased: BTreeSet<StreamId>,
}

impl World {
    /// Most offices lose their journal once.
    pub(super) fn plan_a_loss(&mut self) {
        if self.chance.one_in(3) {
            return;
        }
        let lost = self.chance.between(CHAOS_MS / 4, CHAOS_MS - 15_000);
        let backed_up = self.chance.between(10_000, lost - 5_000);
        self.at(backed_up, Next::BackUp);
        self.at(lost, Next::Restore);
    }

    /// As `backup` does with the journal: all of it, as it is at this moment, in a file of its own.
    pub(super) fn back_up(&mut self) {
        let path = self.folder.join("backup.db");
        let kept = SqliteJournal::open(&path).expect("a backup opens");
        copy(&self.journal, &kept, |_| {});
        kept.close_for_keeping().expect("a backup closes");
        self.note("a backup is made");
        self.past.backup = Some(path);
    }

    /// As `restore` does: nodes are down, and come back to another incarnation.
    pub(super) fn restore(&mut self) {
        let Some(backup) = self.past.backup.take() else { return };
        self.remember_words();
        for node in 0..self.nodes.len() {
            self.stop_node(node, "the journal is lost");
        }
        let backup = SqliteJournal::open_to_read(&backup).expect("a backup opens");
        self.past.era += 1;
        let path = self.folder.join(format!("journal{}.db", self.past.era));
        let restored = open_journal(&path);
        let incarnation = self.chance.id();
        copy(&backup, &restored, |workspace| {
            workspace.incarnation = incarnation;
            workspace.epoch += 1;
        });
        let lost = std::mem::replace(&mut self.journal, restored);
        self.forgets(&lost);
        self.office.read_to = 0;
        let heads = [&lost, &self.journal].map(|j| j.head().expect("a journal is read"));
        self.note(&format!("restored from a backup: {heads:?}, {} excused", self.excused()));
        self.done.insert("restored from an older backup");
        let ms = self.chance.between(1_000, 20_000);
        self.after(ms, Next::FetchMailAgain);
    }

    fn excused(&self) -> usize {
        self.ledger.entries.iter().filter(|e| e.excused).count()
    }

    /// What desks need not offer again, since they may not keep it: what it is about was withdrawn from its
    /// author at some moment since it was accepted, or erased.
    fn forgets(&mut self, lost: &SqliteJournal) {
        let all = lost.read(0, usize::MAX >> 1).expect("a journal is read");
        self.past.erased.extend(erased(&all));
        let mut accepted: Vec<(u64, &mut Entry)> = Vec::new();
        for entry in &mut self.ledger.entries {
            let decided = |journal: &SqliteJournal| {
                let mut decisions = entry.ids.iter().filter_map(|id| journal.decision(*id).ok().flatten());
                decisions.find_map(|d| accepted_at(&d.outcome))
            };
            if let (Some(seq), None) = (decided(lost), decided(&self.journal)) {
                entry.excused |= self.past.erased.contains(&entry.body.stream());
                accepted.push((seq, entry));
            }
        }
        withdrawn(&self.folder.join(format!("lost{}", self.past.era)), &all, accepted);
    }

    /// Mailboxes go on from where the restored journal had come; what it has already comes to nothing.
    pub(super) fn fetch_mail_again(&mut self) {
        for inbound in self.office.mails.clone() {
            let message = MessageId(self.chance.id());
            let (customer, conversation) = (CustomerId(self.chance.id()), ConversationId(self.chance.id()));
            let inbound = Box::new(inbound);
            self.watcher_asks(vec![SystemCommand::Receive { message, customer, conversation, inbound }]);
        }
    }

    /// Whoever runs the office sees to it that somebody may decide about held answers.
    pub(super) fn see_to_held_answers(&mut self) {
        self.appoint_a_supervisor();
        for round in 0..18 {
            self.after(30_000 + round * 20_000, Next::Release);
        }
    }

    fn appoint_a_supervisor(&mut self) {
        let id = self.desks[0].user;
        let (name, login, teams) = (format!("Agent {id}"), id.to_string(), vec![TEAMS[0]]);
        self.operator_asks(CommandBody::SaveUser { id, name, login, role: Role::Supervisor, teams });
    }

    /// The supervisor deals with the held answers that their desk shows: some go out, some had gone. First
    /// with what came back of their own, since what they do next about the same follows it.
    pub(super) fn release(&mut self) {
        let Some(open) = &self.desks[0].open else { return };
        if open.core.agent().is_none_or(|agent| agent.role < Role::Supervisor) {
            // Something that was asked before was done after.
            return self.appoint_a_supervisor();
        }
        while let Some(id) = self.came_back(0).first() {
            self.drop_command(0, *id);
        }
        for (conversation, message) in self.held(0) {
            let release = CommandBody::ReleaseReply { conversation, message };
            let had_gone = CommandBody::MarkSent { conversation, message };
            let body = if self.chance.one_in(2) { release } else { had_gone };
            self.submit(0, body);
        }
    }

    /// The held answers that a desk shows, and has not dealt with.
    fn held(&self, desk: usize) -> Vec<(ConversationId, MessageId)> {
        let Some(open) = &self.desks[desk].open else { return Vec::new() };
        let reader = open.core.readers().get().expect("a cache is read");
        let mut streams = reader.streams().expect("a cache is read");
        streams.retain(|s| s.kind == StreamKind::Conversation);
        streams.sort_unstable();
        let mut held = Vec::new();
        for stream in streams {
            let found = reader.world_kept().conversation(ConversationId(stream.id)).expect("a cache is read");
            let Some(found) = found else { continue };
            let waiting = found.messages.iter().filter(|m| m.delivery == Delivery::Held);
            held.extend(waiting.map(|m| (found.id, m.id)));
        }
        held
    }
}

fn copy(from: &SqliteJournal, to: &SqliteJournal, change: impl FnOnce(&mut evendesk_journal::Workspace)) {
    let mut moment = from.snapshot().expect("a journal is read as a whole");
    whole::copy(&mut *moment, to, change).expect("a journal is copied");
}

fn accepted_at(outcome: &str) -> Option<u64> {
    match serde_json::from_str(outcome) {
        Ok(evendesk_protocol::Outcome::Accepted { seq }) => Some(seq),
        _ => None,
    }
}

/// Excuses what is about a stream that was not for its author's eyes at any moment since.
fn withdrawn(folder: &Path, all: &[Recorded], mut accepted: Vec<(u64, &mut Entry)>) {
    let mut then = Replica::open(folder, Keeps::RowsOnly).expect("a replica opens");
    let writer = then.write().expect("a replica is written");
    for event in all {
        writer.fold(std::slice::from_ref(event)).expect("the journal is folded");
        let moves = matches!(event.event, Event::TeamChanged { .. } | Event::UserSaved { .. });
        for (seq, entry) in &mut accepted {
            if *seq == event.seq || (*seq < event.seq && moves) {
                let agent = writer.agent(entry.author).expect("a replica is read");
                let scope = writer.scope(entry.body.stream()).expect("a replica is read");
                let sees = agent.zip(scope).is_some_and(|(agent, scope)| visible(&agent, scope));
                entry.excused |= !sees;
            }
        }
    }
}
