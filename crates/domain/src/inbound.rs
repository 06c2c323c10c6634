//! What every channel hands over, and what it is handed back: the one shape in which the outside
//! world reaches the rest of the system. From here on nothing asks which channel it was, except to
//! show it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::channel::{Channel, Identity};
use crate::id::{AccountId, MessageId};
use crate::time::Timestamp;

/// A file that came with a message. Its bytes are in the blob store under `blob`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Attachment {
    /// As the sender named it, decoded; plain text, never a path.
    pub name: String,
    /// Media type as claimed, for example `application/pdf`.
    pub media_type: String,
    #[ts(type = "number")]
    pub bytes: u64,
    /// Lower-case hex SHA-256 of the content.
    pub blob: String,
    /// Shown inside the text rather than below it.
    pub inline: bool,
}

/// The ids that thread a mail, without angle brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MailThread {
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    /// Oldest first, as in the header.
    pub references: Vec<String>,
}

impl MailThread {
    /// The mails that it says it answers, the nearest first.
    pub fn answered(&self) -> impl Iterator<Item = &String> {
        self.in_reply_to.iter().chain(self.references.iter().rev())
    }
}

/// Who wrote it: a person, or a machine that must never be answered automatically.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    #[default]
    Person,
    AutoReply,
    Bounce,
    List,
    Complaint,
}

/// A delivery report about a mail of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Bounce {
    pub recipient: Option<String>,
    /// RFC 3463 status, for example `5.1.1`.
    pub status: Option<String>,
    pub permanent: bool,
    /// Message-ID of the mail it is about, without angle brackets.
    pub original_message_id: Option<String>,
}

/// What stands against believing that a message is from whom it names. For a person to weigh, shown
/// beside the sender's real address; none of them keeps a message out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Doubt {
    /// It names several senders; the first is taken for the one who wrote it.
    SeveralSenders { addresses: Vec<String> },
    /// An answer would go to somebody at another domain, as with contact forms.
    RepliesElsewhere { address: String },
    /// The display name is an address, and another than the real one.
    NameIsAddress { address: String },
    /// Its domain can be taken for another. Both as people read them, not in punycode.
    LookAlike { domain: String, resembles: String },
    /// The server that received it says that this check of the sender did not pass.
    Unproven { check: SenderCheck },
}

/// How a receiving server proves a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SenderCheck {
    Dmarc,
    Spf,
    Dkim,
}

/// One thing that came in on any channel, identified, dated and carried whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    pub channel: Channel,
    pub account: AccountId,
    /// Unique within the account: the same thing seen twice is one message. For mail this is made
    /// from the content (see `channels::email`), not from a UID, which servers renumber.
    pub remote_id: String,
    pub from: Identity,
    /// Display name as claimed; empty when there is none.
    pub from_name: String,
    /// False where anyone can type the identity in (a web form).
    pub verified: bool,
    pub subject: String,
    /// Readable plain text, whole.
    pub text: String,
    /// Byte ranges of `text` that are quoted history or a signature: shown folded, never lost.
    #[serde(default)]
    pub folded: Vec<(u32, u32)>,
    /// When the customer spoke; never later than when we learnt of it (the server sees to that).
    pub spoke_at: Timestamp,
    pub attachments: Vec<Attachment>,
    /// Blob of the thing as it came (raw mail, webhook body); empty when there is none.
    pub raw: Option<String>,
    pub author: Author,
    pub bounce: Option<Bounce>,
    /// What stands against its sender; empty for most, and in events from before there were doubts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    pub mail: MailThread,
    /// The network's own thread (a root post's URI, a call id), where it has one.
    pub thread: Option<String>,
    /// Where an answer on the same channel goes (address, post to reply to).
    pub reply_to: Option<String>,
    pub cc: Vec<String>,
    /// The answer of ours whose signed token stands in an address that it came to. Whoever takes it in has
    /// verified it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<MessageId>,
}

/// An answer to be carried out. The journal holds the intent before any channel sees this, and
/// `message` makes a retry recognisable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbound {
    pub message: MessageId,
    pub channel: Channel,
    pub account: AccountId,
    pub to: String,
    pub cc: Vec<String>,
    pub subject: String,
    pub text: String,
    /// The agent's name as the customer sees it.
    pub author_name: String,
    pub mail: MailThread,
    /// The post or thread it answers, for social networks.
    pub thread: Option<String>,
}
