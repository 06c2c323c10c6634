//! The messages themselves.

use evendesk_domain::command::Command;
use evendesk_domain::decide::RefusalCode;
use evendesk_domain::id::{CommandId, ConversationId, DeviceId, MessageId, UserId, WorkspaceId};
use evendesk_domain::permission::Agent;
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a desk says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromDesk {
    /// First, and only once a connection.
    Hello {
        protocol: u32,
        /// Fingerprint of the desk's read model; the server only notes it.
        read_model: String,
        device: DeviceId,
        /// Of the journal the cursor is a place in; none on a first visit.
        incarnation: Option<Uuid>,
        /// Everything up to and including this is held.
        cursor: u64,
    },
    Push(Box<Pushed>),
    /// Everything up to here is stored: credit for more.
    Ack {
        cursor: u64,
    },
    /// A `grant` or `forget` has been carried out.
    Confirm {
        directive: u64,
    },
    Presence {
        conversation: Option<ConversationId>,
        writing: bool,
    },
    Ping,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pushed {
    pub command: Command,
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromServer {
    Welcome {
        server_time: Timestamp,
        workspace: WorkspaceId,
        incarnation: Uuid,
        head: u64,
        mode: Mode,
        agent: Agent,
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
    },
    /// Nothing visible in between.
    Advance {
        to: u64,
    },
    /// A stream that has become visible, whole, up to the cursor reached.
    Grant {
        directive: u64,
        stream: StreamId,
        events: Vec<Recorded>,
    },
    /// A stream that is to be gone from the desk's files.
    Forget {
        directive: u64,
        stream: StreamId,
    },
    Presence {
        conversation: ConversationId,
        user: UserId,
        writing: bool,
    },
    Pong {
        server_time: Timestamp,
    },
    /// Hanging up, and when to come back.
    Bye {
        retry_after_s: u64,
        sentence: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The cursor is good: what follows continues it.
    Tail,
    /// Another journal than the cursor's (restored, or a first visit): forget the cache and begin at 0.
    Afresh,
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
    /// Not decided: what it depends on has not been accepted. The one answer that may change.
    Held,
}
