//! What agents did, as they may believe that it is kept: the first promise is held against this.

use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{CommandId, UserId};

#[derive(Default)]
pub struct Ledger {
    pub entries: Vec<Entry>,
}

pub struct Entry {
    pub desk: usize,
    pub author: UserId,
    pub body: CommandBody,
    /// The ids it may go under: sent again, it has another; killed in between, either.
    pub ids: Vec<CommandId>,
    /// A kill left open whether it was kept at all, renamed, or dropped: the outbox says.
    pub unsure: bool,
    /// Its author took it back.
    pub dropped: bool,
    /// The journal that had it is lost, and its desk may not know of it any more.
    pub excused: bool,
}

impl Ledger {
    /// Noted before it is tried; sure once it has returned.
    pub fn asked(&mut self, desk: usize, author: UserId, id: CommandId, body: CommandBody) {
        self.entries.push(Entry {
            desk,
            author,
            body,
            ids: vec![id],
            unsure: true,
            dropped: false,
            excused: false,
        });
    }

    pub fn kept(&mut self, id: CommandId) {
        if let Some(entry) = self.find(id) {
            entry.unsure = false;
        }
    }

    /// Refused on the spot, in words: nothing was kept.
    pub fn never_was(&mut self, id: CommandId) {
        self.entries.retain(|e| e.ids != [id]);
    }

    pub fn may_be_renamed(&mut self, id: CommandId, fresh: CommandId) {
        if let Some(entry) = self.find(id) {
            entry.ids.push(fresh);
        }
    }

    pub fn may_be_dropped(&mut self, id: CommandId) {
        if let Some(entry) = self.find(id) {
            entry.dropped = true;
        }
    }

    fn find(&mut self, id: CommandId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|e| e.ids.contains(&id))
    }
}
