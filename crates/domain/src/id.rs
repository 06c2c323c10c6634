//! Ids. Whoever has the idea makes the id (UUIDv7, so ids of one maker sort by time), which is what
//! lets a command be sent twice and mean one thing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[serde(transparent)]
        #[ts(as = "String")]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// One matter of one customer.
    ConversationId,
    /// A person or company that can be recognised.
    CustomerId,
    /// One thing said, by a customer or by us, or noted.
    MessageId,
    /// A case about something heard.
    FeedbackId,
    /// Who said it, as far as we know.
    InfluencerId,
    /// An immutable settings row: a calendar and the targets held against it.
    TermsId,
    /// A team of agents.
    TeamId,
    /// A person who signs in: agent, supervisor or admin.
    UserId,
    /// A mailbox, a form, a webhook: one source of one channel.
    AccountId,
    /// One command; decided once, however often it arrives.
    CommandId,
    /// A workspace: one journal.
    WorkspaceId,
    /// One installation of the desk.
    DeviceId,
    /// What lets a person in once.
    InvitationId,
}
