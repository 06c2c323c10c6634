//! From a command to events, or to a refusal in words. Pure: what is known of the rest of the world
//! comes through [`World`], time through [`Context`], and every id that a decision needs is in the
//! command already.

mod attach;
mod call;
mod conversation;
mod erase;
mod feedback;
mod merge;
mod receive;
mod reply;
mod report;
mod settings;
mod world;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::clock::TermsLookup;
use crate::command::{CommandBody, SystemCommand};
use crate::event::Event;
use crate::id::MessageId;
use crate::permission::Agent;
use crate::stream::StreamId;
use crate::time::Timestamp;

pub use attach::ATTACH_WINDOW_DAYS;
pub use receive::known;
pub use reply::knows_recipient;
pub use settings::check_person;
pub use world::{KnownMail, LookupFailed, Seen, World};

/// What a decision rests on besides the world's state.
pub struct Context<'a> {
    /// Server time; on a desk, the desk's best estimate of it.
    pub now: Timestamp,
    pub terms: &'a dyn TermsLookup,
}

/// Events, each for its stream, in order.
pub type Decided = Vec<(StreamId, Event)>;

/// Why a command did not become events.
#[derive(Debug)]
pub enum No {
    Refused(Refusal),
    /// Someone else answered or the customer wrote again: the author looks once more.
    LookAgain {
        since: Option<MessageId>,
    },
    /// Nothing was decided; the store could not say.
    Failed(LookupFailed),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<LookupFailed> for No {
    fn from(failed: LookupFailed) -> Self {
        Self::Failed(failed)
    }
}

/// A command that will not be carried out, and what the person may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    pub code: RefusalCode,
    pub sentence: String,
}

/// What a caller branches on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// It is not there, or not for the asker to see.
    NotFound,
    NotAllowed,
    /// The state of the matter forbids it now.
    NotNow,
    /// There is no way to reach the customer on that channel.
    NoRoute,
    /// An answer would go to an address that is not known to be the customer's: asked again as confirmed, it goes.
    ConfirmRecipient,
    /// A field is empty, too long, or makes no sense.
    Invalid,
    /// The stream holds something that only a later version understands.
    NeedsUpgrade,
}

impl Refusal {
    pub fn new(code: RefusalCode, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }

    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Self::new(RefusalCode::Invalid, sentence)
    }

    pub(crate) fn not_now(sentence: impl Into<String>) -> Self {
        Self::new(RefusalCode::NotNow, sentence)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            RefusalCode::NotFound,
            format!("This {what} is not here any more, or belongs to a team you are not in."),
        )
    }
}

/// Decides what an agent asked for.
pub fn decide(world: &dyn World, agent: &Agent, body: &CommandBody, cx: &Context) -> Result<Decided, No> {
    match body {
        CommandBody::Reply(draft) => reply::reply(world, agent, draft),
        CommandBody::ReleaseReply { conversation, message }
        | CommandBody::MarkSent { conversation, message } => {
            let released = matches!(body, CommandBody::ReleaseReply { .. });
            reply::deal_with_held(world, agent, *conversation, *message, released)
        }
        CommandBody::MergeConversation { conversation, into } => {
            merge::merge(world, agent, *conversation, *into, cx)
        }
        CommandBody::LogCall(draft) => call::log(world, agent, draft, cx),
        CommandBody::EraseCustomer { customer } => erase::customer(world, agent, *customer),
        CommandBody::NameCustomer { .. } => settings::name_customer(world, body),
        CommandBody::LogFeedback { .. }
        | CommandBody::AcknowledgeFeedback { .. }
        | CommandBody::AssignFeedback { .. }
        | CommandBody::NoteFeedback { .. }
        | CommandBody::CloseFeedback { .. }
        | CommandBody::ReopenFeedback { .. }
        | CommandBody::WithdrawFeedback { .. } => feedback::decide(world, agent, body, cx),
        CommandBody::SaveTerms { .. }
        | CommandBody::SaveTeam { .. }
        | CommandBody::SaveUser { .. }
        | CommandBody::DeactivateUser { .. }
        | CommandBody::ReactivateUser { .. }
        | CommandBody::SaveAccount { .. }
        | CommandBody::RemoveAccount { .. } => settings::decide(world, agent, body, cx),
        _ => conversation::decide(world, agent, body, cx),
    }
}

/// Decides what had been accepted before, by a journal that has been replaced by a backup of it: as ever, but
/// that an answer, which its author has sent once, is held instead of looked at twice.
pub fn decide_reoffered(
    world: &dyn World,
    agent: &Agent,
    body: &CommandBody,
    cx: &Context,
) -> Result<Decided, No> {
    match body {
        CommandBody::Reply(draft) => reply::reoffered(world, agent, draft),
        _ => decide(world, agent, body, cx),
    }
}

/// Decides what an adapter or a watcher asked for.
pub fn decide_system(world: &dyn World, command: &SystemCommand, cx: &Context) -> Result<Decided, No> {
    match command {
        SystemCommand::Receive { message, customer, conversation, inbound } => {
            receive::receive(world, (*message, *customer, *conversation), inbound, cx)
        }
        SystemCommand::AdvanceMailbox { .. } | SystemCommand::NoteRetry { .. } => {
            Ok(settings::ledger(command).into_iter().collect())
        }
        SystemCommand::Delivered { conversation, message } => {
            reply::delivered(world, *conversation, *message, None)
        }
        SystemCommand::DeliveryFailed { conversation, message, reason } => {
            reply::delivered(world, *conversation, *message, Some(reason))
        }
        SystemCommand::ReachStep { conversation, timer, step } => {
            conversation::reach_step(world, *conversation, *timer, *step, cx)
        }
        SystemCommand::Hear { .. } | SystemCommand::Unhear { .. } => feedback::hear(world, command),
    }
}
