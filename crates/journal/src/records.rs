//! What goes into the journal and comes out of it, besides events.

use evendesk_domain::event::Event;
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
    pub founded_at: Timestamp,
    /// Raised by each writer that takes over.
    pub epoch: u64,
    /// Seq of the last event.
    pub head: u64,
}

/// What one transaction keeps: events with gapless seqs from base + 1, what became of commands, and what an
/// erasure leaves of events before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// The head it was decided at: a refusal, too, holds only for what was known then.
    pub base: u64,
    pub events: Vec<Recorded>,
    /// Refusals too: a command sent again gets the answer it got.
    pub decisions: Vec<Decision>,
    /// What takes the place of events up to the base, by their seq, and says nothing any more; kind, stream,
    /// instants and maker stay.
    pub blanked: Vec<(u64, Event)>,
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

/// Who does something that one node at a time does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub holder: Uuid,
    pub expires_at: Timestamp,
}

/// A sign-in. The token itself is known to the desk only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token.
    pub digest: [u8; 32],
    pub user: UserId,
    pub device: DeviceId,
    /// As the installation calls itself, for people to know it again: a host's name, a system.
    pub device_name: String,
    pub opened_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Why a session is over before its time: kept until it would have expired, so that a desk which comes
/// back with its token is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    SignedOut,
    /// By the person from another device, or by an admin.
    Revoked,
    NewPassword,
    /// The person may not sign in any more.
    Deactivated,
}

impl Ended {
    pub const ALL: [Self; 4] = [Self::SignedOut, Self::Revoked, Self::NewPassword, Self::Deactivated];

    /// As kept; never to be changed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Revoked => "revoked",
            Self::NewPassword => "new_password",
            Self::Deactivated => "deactivated",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// What lets somebody in who has no password yet. The code itself is known to whoever was given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: Uuid,
    /// SHA-256 of the code.
    pub digest: [u8; 32],
    /// Whom taking it makes, or who is there already and gets a new password by it.
    pub user: UserId,
    /// What was offered, as JSON; the journal does not look inside.
    pub offer: String,
    pub by: UserId,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}
