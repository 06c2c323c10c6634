//! What goes into the journal and comes out of it, besides events.

use evendesk_domain::id::{CommandId, DeviceId, UserId, WorkspaceId};
use evendesk_domain::stream::Recorded;
use evendesk_domain::time::Timestamp;
use uuid::Uuid;

use crate::Error;

/// What a workspace is made of; ids and the key are the caller's to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    pub id: WorkspaceId,
    pub name: String,
    pub incarnation: Uuid,
    /// For unsigned feedback: the same for everyone.
    pub submit_key: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    /// Another after a restore from backup, so that nobody trusts a cursor of the journal that was.
    pub incarnation: Uuid,
    pub submit_key: String,
    /// Raised by each writer that takes over.
    pub epoch: u64,
    /// Seq of the last event.
    pub head: u64,
}

/// What one transaction keeps: events with gapless seqs from base + 1, and what became of commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The head it was decided at: a refusal, too, holds only for what was known then.
    pub base: u64,
    pub events: Vec<Recorded>,
    /// Refusals too: a command sent again gets the answer it got.
    pub decisions: Vec<Decision>,
}

impl Batch {
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty() && self.decisions.is_empty()
    }

    /// The head once it is kept; an error where the events do not follow each other from the base.
    pub fn end(&self) -> Result<u64, Error> {
        let mut head = self.base;
        for event in &self.events {
            head += 1;
            if event.seq != head {
                return Err(Error::Gap { expected: head });
            }
        }
        Ok(head)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub command: CommandId,
    /// The answer as JSON; the journal does not look inside.
    pub outcome: String,
    pub at: Timestamp,
}

/// A sign-in. The token itself is known to the desk only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    pub user: UserId,
    pub device: DeviceId,
    pub opened_at: Timestamp,
    pub expires_at: Timestamp,
}
