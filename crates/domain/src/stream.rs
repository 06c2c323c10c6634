//! Streams and the envelope in which the journal keeps an event.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::event::Event;
use crate::id::{
    AccountId, CommandId, ConversationId, CustomerId, FeedbackId, InfluencerId, TeamId, TermsId, UserId,
    WorkspaceId,
};
use crate::time::Timestamp;

/// What a stream is the story of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    Conversation,
    Customer,
    Feedback,
    Influencer,
    Terms,
    Team,
    User,
    Account,
    /// An account's cursor and ledger, beside its settings: they change with every mail, and few may see them.
    Mailbox,
    /// What befell the workspace as a whole.
    Workspace,
}

impl StreamKind {
    pub const ALL: [Self; 10] = [
        Self::Conversation,
        Self::Customer,
        Self::Feedback,
        Self::Influencer,
        Self::Terms,
        Self::Team,
        Self::User,
        Self::Account,
        Self::Mailbox,
        Self::Workspace,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Customer => "customer",
            Self::Feedback => "feedback",
            Self::Influencer => "influencer",
            Self::Terms => "terms",
            Self::Team => "team",
            Self::User => "user",
            Self::Account => "account",
            Self::Mailbox => "mailbox",
            Self::Workspace => "workspace",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }
}

/// One stream: every event belongs to exactly one, and every row of the read model too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct StreamId {
    pub kind: StreamKind,
    #[ts(type = "string")]
    pub id: Uuid,
}

impl StreamId {
    /// The cursor and ledger of an account.
    pub const fn mailbox(account: AccountId) -> Self {
        Self { kind: StreamKind::Mailbox, id: account.0 }
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.id)
    }
}

macro_rules! streams {
    ($($id:ident => $kind:ident),* $(,)?) => {$(
        impl From<$id> for StreamId {
            fn from(id: $id) -> Self {
                Self { kind: StreamKind::$kind, id: id.0 }
            }
        }
    )*};
}

streams! {
    ConversationId => Conversation,
    CustomerId => Customer,
    FeedbackId => Feedback,
    InfluencerId => Influencer,
    TermsId => Terms,
    TeamId => Team,
    UserId => User,
    AccountId => Account,
    WorkspaceId => Workspace,
}

/// Who made an event happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    User(UserId),
    /// Intake, deadlines, delivery.
    System,
    /// Unsigned feedback: nobody is recorded, on purpose.
    Nobody,
}

impl Actor {
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::System | Self::Nobody => None,
        }
    }
}

/// An event with its place in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Gapless within the workspace, in commit order, from 1.
    pub seq: u64,
    pub stream: StreamId,
    /// When the server accepted it. This is when we *learnt* of it.
    pub at: Timestamp,
    pub by: Actor,
    pub command: Option<CommandId>,
    pub event: Event,
}
