//! The messages themselves.

use evendesk_domain::command::Command;
use evendesk_domain::decide::RefusalCode;
use evendesk_domain::id::{CommandId, ConversationId, DeviceId, MessageId, UserId, WorkspaceId};
use evendesk_domain::permission::Agent;
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::class::Class;
use crate::version::Upgrade;

/// What a desk says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromDesk {
    /// First, and only once a connection.
    Hello {
        /// The newest version that the desk speaks.
        protocol: u32,
        /// And the oldest. Version 1 did not say; it spoke itself alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        oldest: Option<u32>,
        /// Fingerprint of the desk's read model: a snapshot can only be of the same one.
        read_model: String,
        device: DeviceId,
        /// That the cursor is of; none on a first visit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workspace: Option<WorkspaceId>,
        /// Of the journal the cursor is a place in; none on a first visit.
        incarnation: Option<Uuid>,
        /// Everything up to and including this is held.
        cursor: u64,
        /// What the server said last of what this agent may see, when the desk's cursor was where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visible_set: Option<String>,
    },
    Push(Box<Pushed>),
    /// Everything up to here is stored: credit for more.
    Ack {
        cursor: u64,
    },
    /// A `grant`, `forget` or `erase` has been carried out.
    Confirm {
        directive: u64,
    },
    /// Where the agent is, said where it changes and now and then while they work there; none for nowhere.
    Presence {
        conversation: Option<ConversationId>,
        writing: bool,
    },
    Ping,
    /// Only a later version knows what this says. Never said, only heard.
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pushed {
    pub command: Command,
    /// It may have been accepted before, by a journal that a restore has put a backup in the place of.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reoffered: bool,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromServer {
    Welcome {
        /// The version picked: what follows is of it. Version 1 did not say.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        protocol: u32,
        server_time: Timestamp,
        workspace: WorkspaceId,
        incarnation: Uuid,
        head: u64,
        mode: Mode,
        /// With [`Mode::Upgrade`]: which side. Version 1 did not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upgrade: Option<Upgrade>,
        agent: Agent,
        /// Names what this agent may see: kept beside the cursor, given back in the next hello.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        visible_set: String,
        /// For unsigned feedback: the same for everyone in the workspace.
        submit_key: String,
    },
    Outcome {
        id: CommandId,
        outcome: Outcome,
    },
    /// Events of visible streams in `(from, to]`, to be stored in one transaction.
    Events {
        from: u64,
        to: u64,
        events: Vec<Recorded>,
        /// Where they change what this agent may see: its name from here on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visible_set: Option<String>,
    },
    /// Nothing visible in between.
    Advance {
        to: u64,
    },
    /// A stream that has become visible, whole, up to the cursor reached. A long one comes in several
    /// messages, one after the other, and is confirmed with the last.
    Grant {
        directive: u64,
        stream: StreamId,
        events: Vec<Recorded>,
        /// Goes on where the message before ended.
        #[serde(default, skip_serializing_if = "is_false")]
        continued: bool,
        /// Goes on in the next message.
        #[serde(default, skip_serializing_if = "is_false")]
        more: bool,
    },
    /// A stream that is to be gone from the desk's files.
    Forget {
        directive: u64,
        stream: StreamId,
    },
    /// Words of a stream that are to be gone from the desk's files, the outbox included. The events are to
    /// be put in the place of those that the desk has; without any, nothing of the stream stays.
    Erase {
        directive: u64,
        stream: StreamId,
        events: Vec<Recorded>,
    },
    Presence {
        conversation: ConversationId,
        user: UserId,
        writing: bool,
        /// Not there any more.
        #[serde(default, skip_serializing_if = "is_false")]
        left: bool,
    },
    Pong {
        server_time: Timestamp,
    },
    /// Hanging up: why, what to do about it, and when to come back.
    Bye {
        #[serde(default, skip_serializing_if = "Class::is_retry")]
        class: Class,
        retry_after_s: u64,
        sentence: String,
    },
    /// Only a later version knows what this says. Never said, only heard.
    #[serde(other)]
    Unknown,
}

const fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_first(version: &u32) -> bool {
    *version == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The cursor is good: what follows continues it.
    Tail,
    /// There is no good cursor, and little to read: forget the cache; everything follows from 0.
    Afresh,
    /// There is no good cursor, and much to read: forget the cache and fetch a snapshot; no events follow
    /// on this connection. With the snapshot's cursor the desk comes back, to [`Mode::Tail`].
    Snapshot,
    /// The same workspace, but another journal than the cursor's, as after a restore from a backup: forget
    /// the cache, offer again what may have been forgotten there, and come back without a cursor. Nothing
    /// follows on this connection.
    NewIncarnation,
    /// One side is too old for the other; nothing follows.
    Upgrade,
}

/// What became of a command. The same id always gets the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// The last event it became, or the head where it changed nothing.
    Accepted {
        seq: u64,
    },
    Refused {
        code: RefusalCode,
        sentence: String,
    },
    /// Final for this id; confirming sends a new one.
    LookAgain {
        since: Option<MessageId>,
    },
    /// Not decided: what it depends on has not been accepted. May change.
    Held,
    /// Not decided, and not to be offered again as it is: this server cannot read it, or meets a bug in
    /// it. May change once the server has been upgraded.
    SetAside {
        sentence: String,
    },
}
