//! What the window is shown of the desk itself: session, connection, what is on its way. What is shown
//! of customers comes from the replica, in its own types.

use evendesk_domain::command::Then;
use evendesk_domain::feedback::FeedbackKind;
use evendesk_domain::id::{CommandId, ConversationId, CustomerId, FeedbackId, MessageId};
use evendesk_domain::time::Timestamp;
use evendesk_replica::UserView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::Code;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Session {
    pub state: SessionState,
    pub user: Option<UserView>,
    /// The workspace's name; empty before the first sign-in.
    pub workspace: String,
    /// The server's address; empty before the first sign-in.
    pub server: String,
    /// Where nobody is, since the sign-in was ended from elsewhere: why.
    pub ended: Option<SessionEnded>,
    /// What of theirs is kept here then: undecided commands, and drafts.
    pub kept: u32,
    /// Sample data.
    pub demo: bool,
    /// Where the sign-in is kept; the app fills it in.
    pub keychain: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Nobody has signed in here yet.
    FirstRun,
    SignedOut,
    SignedIn,
}

/// Why what the agent could see has gone from this desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnded {
    /// From another device, or by an admin.
    Revoked,
    /// They may not sign in any more.
    Deactivated,
}

impl SessionEnded {
    /// By the code of the server's problem; none where the desk keeps what it has.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            evendesk_protocol::http::REVOKED => Some(Self::Revoked),
            evendesk_protocol::http::DEACTIVATED => Some(Self::Deactivated),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Connection {
    pub state: ConnectionState,
    /// Commands that the server has not decided.
    pub pending: u32,
    /// Commands that wait for the agent: refused, to be looked at again, set aside.
    pub attention: u32,
    /// Server time minus this computer's.
    #[ts(type = "number")]
    pub offset_ms: i64,
    /// While something is still to come.
    pub progress: Option<Progress>,
    /// For a person: why it is as it is, where that helps.
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    InSync,
    Syncing,
    Offline,
    SignInAgain,
    Upgrade,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Progress {
    pub stage: Stage,
    #[ts(type = "number")]
    pub done: u64,
    #[ts(type = "number")]
    pub total: u64,
}

/// What a desk is still at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "ProgressStage")]
pub enum Stage {
    /// Catching up with what happened.
    Tail,
    /// Fetching what is open: nothing is here yet.
    Open,
    /// Fetching what is done: what is open is here.
    History,
    /// Everything is here; the words of some messages cannot be searched yet.
    SearchIndex,
}

/// What the window should read again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(rename = "Changed")]
pub struct Change {
    /// These; none means everything.
    pub customers: Option<Vec<CustomerId>>,
    pub feedback: bool,
    pub settings: bool,
}

impl Change {
    pub const fn everything() -> Self {
        Self { customers: None, feedback: true, settings: true }
    }
}

/// Someone else looks at a conversation, writes in it, or has left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Presence {
    pub conversation: ConversationId,
    pub user: evendesk_domain::id::UserId,
    pub writing: bool,
    pub left: bool,
}

/// What subscribers hear.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    Changed(Change),
    Connection(Connection),
    Presence(Presence),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Submitted {
    pub command: CommandId,
    pub state: SubmittedState,
    /// For a person, where there is something to say.
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SubmittedState {
    /// Kept, shown, and on its way.
    Pending,
    /// Kept, not sent: the matter has moved on, so the author looks once more.
    LookAgain,
}

/// A command that is not settled yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OutgoingItem {
    pub command: CommandId,
    pub made_at: Timestamp,
    pub state: OutgoingState,
    /// The command's kind, as in `do` of its body.
    pub what: String,
    pub customer: Option<CustomerId>,
    /// The customer's name; empty where they are not here.
    pub name: String,
    pub conversation: Option<ConversationId>,
    pub subject: String,
    /// What the agent typed.
    pub text: String,
    /// What is to be done once a reply has gone.
    pub then: Option<Then>,
    /// Of what was refused: what to branch on.
    pub code: Option<Code>,
    /// Why it waits for the agent, in words.
    pub reason: Option<String>,
    /// For a second look: the last message its author had seen.
    pub since: Option<MessageId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum OutgoingState {
    /// Has not left this desk.
    Waiting,
    /// May have reached the server.
    Sent,
    Refused,
    LookAgain,
    /// Follows one that waits for the agent.
    Held,
    /// Followed one that the agent dropped, or cannot be sent as it is.
    SetAside,
}

/// What was typed here and has not been sent off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Unsent {
    /// The one last touched first.
    pub drafts: Vec<UnsentDraft>,
    /// Unsigned feedback that has not left. Nobody's: whoever signs in at this desk finds the same.
    pub feedback: Vec<LeavingFeedback>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UnsentDraft {
    pub conversation: ConversationId,
    /// None where the conversation is not here any more.
    pub customer: Option<CustomerId>,
    pub name: String,
    pub subject: String,
    pub text: String,
    pub changed_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LeavingFeedback {
    pub id: FeedbackId,
    pub text: String,
    pub kind: FeedbackKind,
}

/// Proof of feedback that was logged, for the undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FeedbackTicket {
    pub id: FeedbackId,
}
