//! What people and adapters ask for. A command names everything it makes, so it can be sent twice,
//! from offline, and means one thing.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::channel::Channel;
use crate::clock::{Priority, Terms};
use crate::event::{Call, Step};
use crate::feedback::{FeedbackKind, FeedbackOutcome, FeedbackSource};
use crate::id::{
    AccountId, CommandId, ConversationId, CustomerId, FeedbackId, MessageId, TeamId, TermsId, UserId,
};
use crate::inbound::Inbound;
use crate::settings::{AccountSettings, LedgerEntry, Role};
use crate::stream::StreamId;
use crate::time::Timestamp;

/// One command, as kept in a desk's outbox and sent to the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    pub id: CommandId,
    /// Held until that one is accepted; never decided where it was refused.
    pub depends_on: Option<CommandId>,
    pub body: CommandBody,
}

/// What an agent may ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum CommandBody {
    Reply(ReplyDraft),
    Note {
        conversation: ConversationId,
        message: MessageId,
        text: String,
    },
    LogCall(CallDraft),
    Assign {
        conversation: ConversationId,
        assignee: Option<UserId>,
    },
    SetPriority {
        conversation: ConversationId,
        priority: Priority,
    },
    SetTeam {
        conversation: ConversationId,
        team: TeamId,
    },
    Snooze {
        conversation: ConversationId,
        until: Timestamp,
    },
    Unsnooze {
        conversation: ConversationId,
    },
    SetWaiting {
        conversation: ConversationId,
    },
    SetHold {
        conversation: ConversationId,
    },
    Resume {
        conversation: ConversationId,
    },
    Resolve {
        conversation: ConversationId,
    },
    Reopen {
        conversation: ConversationId,
    },
    NoReplyNeeded {
        conversation: ConversationId,
    },
    /// Supervisors: an answer that is held since the server was restored goes out now.
    ReleaseReply {
        conversation: ConversationId,
        message: MessageId,
    },
    /// Supervisors: it had gone out before, and is not sent again.
    MarkSent {
        conversation: ConversationId,
        message: MessageId,
    },
    /// Splits one message off into a matter of its own.
    MoveMessage {
        conversation: ConversationId,
        message: MessageId,
        to: ConversationId,
    },
    /// Has a matter go on in another one of the same customer.
    MergeConversation {
        conversation: ConversationId,
        into: ConversationId,
    },
    NameCustomer {
        customer: CustomerId,
        name: String,
    },
    /// Everything that was ever said by and with them, under all their identities, is blanked everywhere.
    EraseCustomer {
        customer: CustomerId,
    },
    /// Signed feedback only; unsigned feedback never comes with a sign-in.
    LogFeedback {
        feedback: FeedbackId,
        text: String,
        kind: FeedbackKind,
        source: FeedbackSource,
    },
    AcknowledgeFeedback {
        feedback: FeedbackId,
    },
    AssignFeedback {
        feedback: FeedbackId,
        owner: Option<UserId>,
    },
    NoteFeedback {
        feedback: FeedbackId,
        text: String,
    },
    CloseFeedback {
        feedback: FeedbackId,
        outcome: FeedbackOutcome,
        because: String,
    },
    ReopenFeedback {
        feedback: FeedbackId,
    },
    WithdrawFeedback {
        feedback: FeedbackId,
    },
    SaveTerms {
        id: TermsId,
        name: String,
        terms: Terms,
    },
    SaveTeam {
        id: TeamId,
        name: String,
        terms: TermsId,
    },
    SaveUser {
        id: UserId,
        name: String,
        login: String,
        role: Role,
        teams: Vec<TeamId>,
    },
    /// Ends all their sessions; what is assigned to them goes back to their teams.
    DeactivateUser {
        id: UserId,
    },
    ReactivateUser {
        id: UserId,
    },
    SaveAccount {
        id: AccountId,
        settings: AccountSettings,
    },
    /// Nothing comes in or goes out by it any more; what did stays.
    RemoveAccount {
        id: AccountId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ReplyDraft {
    pub conversation: ConversationId,
    pub message: MessageId,
    pub channel: Channel,
    pub account: AccountId,
    /// Empty: where the customer last wrote from on that channel.
    pub to: String,
    pub text: String,
    pub follow_up: bool,
    /// The last customer message or public reply that the author was shown.
    pub seen: Option<MessageId>,
    pub then: Then,
    /// Its author was asked whether it is to go to an address that is not known to be the customer's.
    #[serde(default, skip_serializing_if = "is_not")]
    pub confirmed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

/// What to do with the matter once answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    #[default]
    Nothing,
    Wait,
    Resolve,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CallDraft {
    pub message: MessageId,
    pub call: Call,
    pub conversation: ConversationId,
    /// `conversation` is new, made by this command.
    pub opens: bool,
    pub customer: CustomerId,
    /// `customer` is a candidate: where the number already has an owner, it opens merged into them.
    pub opens_customer: bool,
    /// What the customer is called, for a new one.
    pub name: String,
    /// For a new conversation; the caller's own first team otherwise.
    pub team: Option<TeamId>,
}

/// What adapters and watchers on the server ask for. Never comes from a desk.
#[derive(Clone, Debug, PartialEq)]
pub enum SystemCommand {
    /// Something came in. The ids are candidates for what it may have to open.
    Receive {
        message: MessageId,
        customer: CustomerId,
        conversation: ConversationId,
        inbound: Box<Inbound>,
    },
    AdvanceMailbox {
        account: AccountId,
        folder: String,
        uid_validity: u32,
        last_uid: u32,
        entries: Vec<LedgerEntry>,
    },
    /// The ledger's entry at `place` of the event `of` is now this one.
    NoteRetry {
        account: AccountId,
        of: u64,
        place: u32,
        entry: LedgerEntry,
    },
    Delivered {
        conversation: ConversationId,
        message: MessageId,
    },
    DeliveryFailed {
        conversation: ConversationId,
        message: MessageId,
        reason: String,
    },
    ReachStep {
        conversation: ConversationId,
        timer: u32,
        step: Step,
    },
    /// Unsigned feedback, from a request without sign-in.
    Hear {
        feedback: FeedbackId,
        text: String,
        kind: FeedbackKind,
        source: FeedbackSource,
        heard_at: Timestamp,
    },
    /// The reporter's undo, proved by the secret kept beside the journal.
    Unhear {
        feedback: FeedbackId,
    },
}

impl CommandBody {
    /// The stream whose state the command is about; commands of one stream keep their order.
    pub fn stream(&self) -> StreamId {
        match self {
            Self::Reply(r) => r.conversation.into(),
            Self::LogCall(c) => c.conversation.into(),
            Self::Note { conversation, .. }
            | Self::Assign { conversation, .. }
            | Self::SetPriority { conversation, .. }
            | Self::SetTeam { conversation, .. }
            | Self::Snooze { conversation, .. }
            | Self::Unsnooze { conversation }
            | Self::SetWaiting { conversation }
            | Self::SetHold { conversation }
            | Self::Resume { conversation }
            | Self::Resolve { conversation }
            | Self::Reopen { conversation }
            | Self::NoReplyNeeded { conversation }
            | Self::ReleaseReply { conversation, .. }
            | Self::MarkSent { conversation, .. }
            | Self::MoveMessage { conversation, .. }
            | Self::MergeConversation { conversation, .. } => (*conversation).into(),
            Self::NameCustomer { customer, .. } | Self::EraseCustomer { customer } => (*customer).into(),
            Self::LogFeedback { feedback, .. }
            | Self::AcknowledgeFeedback { feedback }
            | Self::AssignFeedback { feedback, .. }
            | Self::NoteFeedback { feedback, .. }
            | Self::CloseFeedback { feedback, .. }
            | Self::ReopenFeedback { feedback }
            | Self::WithdrawFeedback { feedback } => (*feedback).into(),
            Self::SaveTerms { id, .. } => (*id).into(),
            Self::SaveTeam { id, .. } => (*id).into(),
            Self::SaveUser { id, .. } | Self::DeactivateUser { id } | Self::ReactivateUser { id } => {
                (*id).into()
            }
            Self::SaveAccount { id, .. } | Self::RemoveAccount { id } => (*id).into(),
        }
    }

    /// What the agent typed, for the places that must never lose it.
    pub fn text(&self) -> &str {
        match self {
            Self::Reply(r) => &r.text,
            Self::LogCall(c) => &c.call.note,
            Self::Note { text, .. } | Self::LogFeedback { text, .. } | Self::NoteFeedback { text, .. } => {
                text
            }
            Self::CloseFeedback { because, .. } => because,
            _ => "",
        }
    }

    /// The same, to be worded anew; none where nothing is typed.
    pub const fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Reply(r) => Some(&mut r.text),
            Self::LogCall(c) => Some(&mut c.call.note),
            Self::Note { text, .. } | Self::LogFeedback { text, .. } | Self::NoteFeedback { text, .. } => {
                Some(text)
            }
            Self::CloseFeedback { because, .. } => Some(because),
            _ => None,
        }
    }
}
