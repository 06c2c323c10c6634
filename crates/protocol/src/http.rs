//! The few requests outside the socket.
//!
//! | request | who | what |
//! | --- | --- | --- |
//! | `POST /api/session` | anyone, rate-limited | sign in: [`SignIn`] to [`SignedIn`] |
//! | `DELETE /api/session` | signed in | sign out: the token is void from here on |
//! | `POST /api/password` | signed in | [`NewPassword`]: one's own; signs out one's other devices |
//! | `POST /api/join` | holder of an invitation's code, rate-limited | [`Join`] to [`SignedIn`] |
//! | `GET /api/devices` | signed in | one's own, an admin everyone's: [`DeviceView`]s |
//! | `DELETE /api/devices/{user}/{device}` | whose it is, or an admin | ends that sign-in |
//! | `GET /api/invitations` | admin | those that are open: [`InvitationView`]s |
//! | `POST /api/invitations` | admin | [`Invite`] to [`Invited`] |
//! | `DELETE /api/invitations/{id}` | admin | withdraws it |
//! | `GET /api/socket` | signed in | the WebSocket |
//! | `GET /api/blob/{conversation}/{message}/{hash}` | signed in, and may see the message | a file |
//! | `GET /api/letter/{conversation}/{message}` | the same | what is shown of a mail's HTML: [`Letter`] |
//! | `GET /api/letter/{conversation}/{message}/{n}` | the same | its nth picture from elsewhere, fetched now |
//! | `GET /api/customers/{id}/elsewhere` | signed in | how many matters of them other teams have |
//! | `GET /api/snapshot/{begin}/{since}/{read_model}` | signed in | a part of a snapshot: SQLite, packed with zstd |
//! | `GET /api/accounts` | supervisor | how mailboxes, forms and webhooks are: [`AccountState`]s |
//! | `GET /api/accounts/aside` | supervisor | what was set aside: [`AsideView`]s |
//! | `GET /api/accounts/aside/{account}/{seq}/{place}` | supervisor | its bytes as they came |
//! | `POST /api/accounts/aside/{account}/{seq}/{place}` | supervisor | tries it again: [`Retried`] |
//! | `POST /api/feedback` | holder of the submit key, never signed in | [`HeardFeedback`] |
//! | `POST /api/feedback/undo` | holder of the submit key and the secret | [`UndoFeedback`] |

use evendesk_domain::channel::Channel;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::{AccountId, DeviceId, FeedbackId, InvitationId, TeamId, UserId};
use evendesk_domain::permission::Agent;
use evendesk_domain::settings::{Fate, Role};
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The code of a snapshot's refusal where the desk keeps its rows in another way than the server.
pub const OTHER_ROWS: &str = "other_rows";
/// Header that carries the workspace's submit key.
pub const SUBMIT_KEY_HEADER: &str = "x-evendesk-submit-key";

#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    pub login: String,
    pub password: String,
    pub device: DeviceId,
    /// As the installation calls itself; cut where it is too long.
    #[serde(default)]
    pub device_name: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct SignedIn {
    pub token: String,
    pub agent: Agent,
    pub workspace_name: String,
}

/// One's own, with the old one as proof that it is oneself who sits there.
#[derive(Clone, Serialize, Deserialize)]
pub struct NewPassword {
    pub old: String,
    pub new: String,
}

/// Takes an invitation: chooses a login and a password, and signs in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Join {
    pub code: String,
    pub login: String,
    pub password: String,
    pub device: DeviceId,
    #[serde(default)]
    pub device_name: String,
}

/// What an admin offers, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Invite {
    /// Somebody who is not here yet.
    NewPerson { name: String, role: Role, teams: Vec<TeamId> },
    /// Somebody who is, and lost their password.
    Again { user: UserId },
}

/// The one time that the code is told.
#[derive(Clone, Serialize, Deserialize, TS)]
pub struct Invited {
    pub code: String,
    pub invitation: InvitationView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InvitationView {
    pub id: InvitationId,
    /// Whom it makes, or who is there already.
    pub user: UserId,
    pub name: String,
    pub role: Role,
    pub teams: Vec<TeamId>,
    /// For somebody who is here and gets a new password by it.
    pub again: bool,
    /// None: made at the server's command line.
    pub by: Option<UserId>,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A sign-in, as people know it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceView {
    pub user: UserId,
    pub device: DeviceId,
    /// Empty where the installation did not say.
    pub name: String,
    pub signed_in_at: Timestamp,
    /// To some minutes.
    pub seen_at: Timestamp,
    /// The one that asks.
    pub this: bool,
}

/// Unsigned feedback. Nothing in it, nor in the request around it, tells who sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardFeedback {
    /// A random v4 id: a v7 one would tell the instant.
    pub feedback: FeedbackId,
    /// Lower-case hex SHA-256 of the secret that can undo it.
    pub undo_digest: String,
    pub text: String,
    pub kind: FeedbackKind,
    pub source: FeedbackSource,
    /// To the minute.
    pub heard_at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct UndoFeedback {
    pub feedback: FeedbackId,
    pub secret: String,
}

/// `code` of a [`Problem`] where a sign-in was ended and what the desk holds is to be gone from it.
pub const REVOKED: &str = "revoked";
/// The same, since the person may not sign in any more.
pub const DEACTIVATED: &str = "deactivated";

/// What every failed request answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What to do about it.
    #[serde(default)]
    pub class: crate::class::Class,
    pub code: String,
    /// What happened and what to do, for a person.
    pub sentence: String,
}

/// What is wrong with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Ailment {
    pub sentence: String,
    pub since: Timestamp,
    /// It does not mend by itself: somebody must sign in again, or change what is wrong.
    pub needs_a_person: bool,
}

/// When all was last in, and how many seconds after its arrival the last mail was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Contact {
    pub at: Timestamp,
    #[ts(type = "number | null")]
    pub lag_s: Option<i64>,
}

/// A mailbox, form or webhook, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountState {
    pub id: AccountId,
    pub name: String,
    pub channel: Channel,
    pub address: String,
    /// Those that are read, of a mailbox.
    pub folders: Vec<String>,
    /// None where this node has not read it.
    pub contact: Option<Contact>,
    pub set_aside: u32,
    pub problem: Option<Ailment>,
}

/// Something that was not taken in. `seq` and `place` name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AsideView {
    pub account: AccountId,
    #[ts(type = "number")]
    pub seq: u64,
    pub place: u32,
    pub at: Timestamp,
    /// Its number in the mailbox; 0 where it came another way.
    pub uid: u32,
    pub fate: Fate,
}

/// What came of another try: taken in, known already, or set aside again and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Retried {
    pub fate: Fate,
}

/// How [`Letter`]s are made. Raise it when that changes: what desks have kept is then asked for again.
pub const LETTERS: u32 = 1;

/// What is shown of a mail's HTML: it does nothing and fetches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Letter {
    /// None where there is none, or where it cannot be cleaned: the text is then all there is to show. Pictures are
    /// `data-remote` (a place below `pictures`) or `data-cid`, styles `data-style`, what is quoted `data-history`.
    pub html: Option<String>,
    /// Whether its layout says more than its text.
    pub formatted: bool,
    /// Whether it brings colours of its own.
    pub coloured: bool,
    pub has_history: bool,
    /// How many pictures there are elsewhere, which are fetched when somebody asks.
    pub pictures: u32,
    pub picture_hosts: Vec<String>,
    /// Hosts of pictures left out for good: they were there to tell when the mail is opened.
    pub trackers: Vec<String>,
    pub inline: Vec<InlinePicture>,
}

/// A file of the mail that its HTML shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct InlinePicture {
    pub content_id: String,
    pub blob: String,
}
