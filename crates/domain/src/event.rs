//! Every event there is. Events are for ever: a new meaning is a new kind or a new version, and
//! `tests/data/events.jsonl` holds one of every version ever written.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::channel::{Channel, Identity};
use crate::clock::{MergedFacts, Priority, Terms};
use crate::conversation::Route;
use crate::feedback::{FeedbackKind, FeedbackOutcome, FeedbackSource};
use crate::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId, TermsId, UserId};
use crate::inbound::{Inbound, MailThread};
use crate::settings::{AccountSettings, LedgerEntry, Role};
use crate::stream::Actor;
use crate::time::Timestamp;

/// `remote = "Self"` keeps serde's own reading and writing as plain functions, so that the traits below
/// can put the version in and lift older ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", remote = "Self")]
pub enum Event {
    // --- conversation ---
    ConversationOpened(Opened),
    /// Something came in. It counts as the customer speaking only when a person wrote it.
    MessageReceived {
        message: MessageId,
        inbound: Box<Inbound>,
        /// Attached by the "one open, recent conversation" rule rather than by the network's thread.
        guessed: bool,
    },
    Replied(Box<Reply>),
    Delivered {
        message: MessageId,
    },
    DeliveryFailed {
        message: MessageId,
        reason: String,
    },
    /// Beside a [`Event::Replied`] that a desk offered again to a journal which had forgotten it, as after a
    /// restore: its first copy has very likely gone out, so it is not carried out until somebody says so.
    ReplyHeld {
        message: MessageId,
    },
    /// A held answer goes out now.
    ReplyReleased {
        message: MessageId,
    },
    /// A held answer had gone out before; nothing is sent.
    ReplyHadGone {
        message: MessageId,
    },
    NoteAdded {
        message: MessageId,
        text: String,
    },
    CallLogged {
        message: MessageId,
        call: Box<Call>,
    },
    Assigned {
        assignee: Option<UserId>,
    },
    TeamChanged {
        from: TeamId,
        to: TeamId,
    },
    PriorityChanged {
        priority: Priority,
    },
    /// A change of policy, calendar or team: other targets from `effective_at` on.
    TermsChanged {
        terms: TermsId,
        effective_at: Timestamp,
    },
    Snoozed {
        until: Timestamp,
    },
    Unsnoozed,
    WaitingSet,
    HoldSet,
    Resumed,
    Resolved,
    Reopened,
    NoReplyNeeded,
    /// Told once for each (stream, timer, step) by the deadline worker.
    StepReached {
        timer: u32,
        step: Step,
    },
    MessageMovedOut {
        message: MessageId,
        to: ConversationId,
    },
    /// The message as it was recorded in the conversation it came from.
    MessageMovedIn {
        message: MessageId,
        from: ConversationId,
        learnt_at: Timestamp,
        by: Actor,
        original: Box<Event>,
    },
    /// The same mail came to another of our mailboxes, too: it is one message.
    MessageCopied {
        message: MessageId,
        account: AccountId,
        remote_id: String,
    },
    /// This matter goes on in another one of the same customer.
    ConversationMerged {
        into: ConversationId,
    },
    /// Another matter of the same customer goes on here: its clocks as they stood, how it was answered, and
    /// who wrote in it.
    ConversationMergedIn {
        from: ConversationId,
        facts: Box<MergedFacts>,
        routes: Vec<Route>,
        participants: Vec<String>,
    },

    // --- customer ---
    CustomerOpened {
        name: String,
    },
    CustomerNamed {
        name: String,
    },
    IdentityAdded {
        identity: Identity,
        verified: bool,
    },
    CustomerMerged {
        into: CustomerId,
    },
    CustomerUnmerged,

    // --- feedback ---
    FeedbackLogged(Box<FeedbackLogged>),
    FeedbackAcknowledged,
    FeedbackAssigned {
        owner: Option<UserId>,
    },
    FeedbackNoted {
        text: String,
    },
    FeedbackClosed {
        outcome: FeedbackOutcome,
        because: String,
    },
    FeedbackReopened,
    /// Undone by whoever logged it.
    FeedbackWithdrawn,

    // --- settings ---
    TermsSaved {
        name: String,
        terms: Box<Terms>,
    },
    TeamSaved {
        name: String,
        terms: TermsId,
    },
    UserSaved {
        name: String,
        login: String,
        role: Role,
        teams: Vec<TeamId>,
    },
    /// May not sign in any more; what they did stays theirs.
    UserDeactivated,
    UserReactivated,
    AccountSaved {
        settings: Box<AccountSettings>,
    },
    /// Nothing comes in or goes out by it any more. Saved again, it goes on where it was.
    AccountRemoved,
    /// The cursor of the mailbox's inbox and what the ledger says of what it covers; appended with those mails.
    MailboxAdvanced {
        uid_validity: u32,
        last_uid: u32,
        entries: Vec<LedgerEntry>,
    },
    /// The same of another folder.
    FolderAdvanced {
        folder: String,
        uid_validity: u32,
        last_uid: u32,
        entries: Vec<LedgerEntry>,
    },
    /// What was set aside was tried again, and this came of it: the entry at `place` of the event `of` is
    /// now this one.
    SetAsideRetried {
        of: u64,
        place: u32,
        entry: LedgerEntry,
    },

    // --- workspace ---
    /// The journal goes on from a backup: what happened between its making and this was forgotten, and is
    /// offered again by the desks that had had it confirmed.
    WorkspaceRestored {
        backup_made_at: Timestamp,
    },

    // --- any stream ---
    /// The words of these events of the stream are gone for good, here and wherever they were kept: they
    /// are [`Event::blanked`] in the journal, and whoever holds the stream folds it again.
    Redacted {
        seqs: Vec<u64>,
    },

    /// Written by a later version. Kept as it came; its stream is read-only here until the upgrade.
    #[serde(skip)]
    FromTheFuture(Value),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub customer: CustomerId,
    pub channel: Channel,
    pub subject: String,
    pub team: TeamId,
    pub terms: TermsId,
    pub priority: Priority,
    pub account: Option<AccountId>,
    /// A part split off: it keeps its words' instants and gains no `first_response`.
    pub split_from: Option<ConversationId>,
    /// It began with a mail that quotes one of that conversation, by somebody who takes no part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<ConversationId>,
}

/// What an agent answered, and all that a channel needs to carry it out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub message: MessageId,
    pub channel: Channel,
    pub account: AccountId,
    pub to: String,
    pub cc: Vec<String>,
    pub subject: String,
    pub text: String,
    pub author_name: String,
    /// Promises to come back: the next turn opens with the reply.
    pub follow_up: bool,
    pub mail: MailThread,
    pub thread: Option<String>,
    /// The last customer message or public reply that the author was shown.
    pub seen: Option<MessageId>,
    /// It goes to an address that was not known to be the customer's: no history is quoted to it.
    #[serde(default, skip_serializing_if = "is_not")]
    pub to_stranger: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum CallDirection {
    Inbound,
    Outbound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// Inbound, picked up.
    Answered,
    /// Inbound, nobody picked up, no message left.
    Missed,
    /// Inbound, nobody picked up, a message left.
    Voicemail,
    /// Outbound, the customer was spoken to.
    Reached,
    NotReached,
}

/// A call as an agent logged it, with the times the agent gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
pub struct Call {
    pub direction: CallDirection,
    pub outcome: CallOutcome,
    pub number: Option<Identity>,
    /// The ring; for an outbound call, when it was dialled.
    pub started_at: Timestamp,
    /// The pick-up of an answered inbound call; equal to `started_at` otherwise.
    pub answered_at: Timestamp,
    pub ended_at: Timestamp,
    pub note: String,
    pub follow_up: bool,
    /// The times were typed in, not measured while the dialog was open.
    pub entered_by_hand: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeedbackLogged {
    pub text: String,
    /// Not `kind`: that names the event.
    pub feedback_kind: FeedbackKind,
    pub source: FeedbackSource,
    pub department: TeamId,
    pub terms: TermsId,
    /// To the minute: fine instants would tell who.
    pub heard_at: Timestamp,
    /// Only when the reporter chose to sign.
    pub signed_by: Option<UserId>,
}

/// What the deadline worker tells people about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    AtRisk,
    Breached,
}

/// An event that cannot be read at all: damage, not a later version.
#[derive(Debug, thiserror::Error)]
#[error("an event cannot be read ({0}); the journal is damaged there: restore it from a backup")]
pub struct Unreadable(#[from] serde_json::Error);

impl Event {
    /// The version this build writes of every kind. Raise it, and lift older ones in
    /// [`Event::from_text`], when the meaning or shape of a kind changes.
    pub const VERSION: u64 = 1;

    /// Reads what any version wrote. A kind or version from the future is kept, not refused.
    pub fn from_text(json: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            v: u64,
        }
        let head: Head = serde_json::from_str(json)?;
        if head.v > Self::VERSION {
            return Ok(Self::FromTheFuture(serde_json::from_str(json)?));
        }
        match Self::deserialize(&mut serde_json::Deserializer::from_str(json)) {
            Ok(event) => Ok(event),
            Err(e) if is_unknown_kind(&e) => Ok(Self::FromTheFuture(serde_json::from_str(json)?)),
            Err(e) => Err(e.into()),
        }
    }

    /// As kept in the journal and sent to desks: the fields, with `kind` and `v`.
    pub fn to_text(&self) -> String {
        // Every variant is a map of plain fields with string keys: it cannot fail to become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Every kind that this build understands, and in which version. A build that understands another set folds the
    /// same journal to other rows: what was left aside as from the future becomes plain with the upgrade.
    pub fn understood() -> String {
        let odd = Self::deserialize(&mut serde_json::Deserializer::from_str(r#"{"kind":"?"}"#));
        // serde lists the kinds there are; a test below holds it to that.
        format!("{} {}", Self::VERSION, odd.err().map(|e| e.to_string()).unwrap_or_default())
    }

    pub const fn is_from_the_future(&self) -> bool {
        matches!(self, Self::FromTheFuture(_))
    }
}

/// serde names an unknown kind in the same words always; a test below holds it to them.
fn is_unknown_kind(e: &serde_json::Error) -> bool {
    e.to_string().starts_with("unknown variant")
}

impl Serialize for Event {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::FromTheFuture(raw) = self {
            return raw.serialize(serializer);
        }
        let mut value =
            Self::serialize(self, serde_json::value::Serializer).map_err(serde::ser::Error::custom)?;
        if let Value::Object(map) = &mut value {
            map.insert("v".into(), Self::VERSION.into());
        }
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_text(&value.to_string()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_later_version_wrote_is_kept_as_it_came() {
        for text in [r#"{"kind":"resolved","v":99,"mood":"good"}"#, r#"{"kind":"dreamt","of":1,"v":1}"#] {
            let event = Event::from_text(text).unwrap();
            assert!(event.is_from_the_future(), "{text}");
            assert_eq!(
                serde_json::from_str::<Value>(&event.to_text()).unwrap(),
                serde_json::from_str::<Value>(text).unwrap()
            );
        }
    }

    #[test]
    fn what_is_understood_names_every_kind_that_was_ever_written() {
        let understood = Event::understood();
        let golden = include_str!("../../../tests/data/events.jsonl");
        assert!(understood.starts_with("1 ") && !golden.is_empty());
        for line in golden.lines().filter(|line| !line.is_empty()) {
            let event: Value = serde_json::from_str(line).unwrap();
            let kind = event["kind"].as_str().unwrap();
            assert!(understood.contains(&format!("`{kind}`")), "{kind}: {understood}");
        }
    }

    #[test]
    fn damage_is_an_error_and_not_the_future() {
        for text in ["", "{", r#"{"kind":"note_added","v":1}"#, r#"{"kind":"snoozed","until":"soon","v":1}"#]
        {
            assert!(Event::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_event_within_an_event_survives_the_journal() {
        let id = uuid::Uuid::from_u128(7);
        let moved = Event::MessageMovedIn {
            message: MessageId(id),
            from: ConversationId(id),
            learnt_at: Timestamp::from_seconds(5),
            by: Actor::System,
            original: Box::new(Event::NoteAdded { message: MessageId(id), text: "kept".into() }),
        };
        assert_eq!(Event::from_text(&moved.to_text()).unwrap(), moved);
    }
}
