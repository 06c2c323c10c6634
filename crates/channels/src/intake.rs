//! What a channel needs of whoever takes its findings in: a place for bytes, a cursor, and one call
//! that is durable when it returns. The server implements it; no channel sees more of the store.

use std::future::Future;

use evendesk_domain::id::AccountId;
use evendesk_domain::inbound::Inbound;
use evendesk_domain::settings::INBOX;
use sha2::{Digest, Sha256};

/// How far a mailbox has been read. UIDs count only within one UIDVALIDITY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub uid_validity: u32,
    /// The highest UID taken in; 0 when none was.
    pub last_uid: u32,
}

/// A folder of a mailbox, and how far it has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub folder: String,
    pub cursor: Cursor,
}

impl Reached {
    pub fn in_inbox(cursor: Cursor) -> Self {
        Self { folder: INBOX.to_owned(), cursor }
    }
}

/// One thing that arrived, in the order in which it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Its UID where it came from a mailbox; for the account's ledger only, never an identity.
    pub uid: Option<u32>,
    /// Size as the server tells it.
    pub bytes: u64,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Read(Box<Inbound>),
    SetAside(SetAside),
}

/// What could not be read, kept to be shown and tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Blob of the bytes as they came; none where they were never fetched (too large).
    pub raw: Option<String>,
    /// A sentence for a person.
    pub reason: String,
}

/// Why nothing could be taken in now. The channel keeps its cursor and comes again.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("what arrived could not be stored: {0}")]
    Store(String),
    #[error("this account does not exist any more")]
    NoSuchAccount,
    #[error("the server is going down")]
    Stopping,
}

/// The name of a blob: the lower-case hex SHA-256 of its bytes.
pub fn blob_name(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub trait Intake: Sync {
    /// Keeps bytes and returns their [`blob_name`]; durable when it returns, and harmless
    /// when repeated. Always called before the arrival that names the blob.
    fn put_blob(&self, bytes: Vec<u8>) -> impl Future<Output = Result<String, IntakeError>> + Send;

    /// Where this folder of the mailbox was left; the default for one never read.
    fn cursor(
        &self,
        account: AccountId,
        folder: &str,
    ) -> impl Future<Output = Result<Cursor, IntakeError>> + Send;

    /// Takes arrivals in together with the cursor that covers them (none for what has no mailbox):
    /// both durable when it returns, or neither. What was taken before, by `remote_id`, is passed
    /// over.
    fn arrived(
        &self,
        account: AccountId,
        arrivals: Vec<Arrival>,
        reached: Option<Reached>,
    ) -> impl Future<Output = Result<(), IntakeError>> + Send;
}
