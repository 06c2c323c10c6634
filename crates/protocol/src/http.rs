//! The few requests outside the socket.
//!
//! | request | who | what |
//! | --- | --- | --- |
//! | `POST /api/session` | anyone, rate-limited | sign in: [`SignIn`] to [`SignedIn`] |
//! | `DELETE /api/session` | signed in | sign out: the token is void from here on |
//! | `GET /api/socket` | signed in | the WebSocket |
//! | `GET /api/blob/{conversation}/{message}/{hash}` | signed in, and may see the message | a file |
//! | `GET /api/snapshot/{begin}/{since}/{read_model}` | signed in | a part of a snapshot: SQLite, packed with zstd |
//! | `POST /api/feedback` | holder of the submit key, never signed in | [`HeardFeedback`] |
//! | `POST /api/feedback/undo` | holder of the submit key and the secret | [`UndoFeedback`] |

use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::{DeviceId, FeedbackId};
use evendesk_domain::permission::Agent;
use serde::{Deserialize, Serialize};

/// The code of a snapshot's refusal where the desk keeps its rows in another way than the server.
pub const OTHER_ROWS: &str = "other_rows";
/// Header that carries the workspace's submit key.
pub const SUBMIT_KEY_HEADER: &str = "x-evendesk-submit-key";

#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    pub login: String,
    pub password: String,
    pub device: DeviceId,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct SignedIn {
    pub token: String,
    pub agent: Agent,
    pub workspace_name: String,
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
    pub heard_at: evendesk_domain::time::Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct UndoFeedback {
    pub feedback: FeedbackId,
    pub secret: String,
}

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
