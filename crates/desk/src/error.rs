//! What can go wrong on a desk, and what of it a person is told.

use std::path::PathBuf;

use evendesk_domain::decide::{LookupFailed, Refusal, RefusalCode};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the window branches on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(rename = "ErrorCode")]
pub enum Code {
    /// It is not there, or not for this agent to see.
    NotFound,
    NotAllowed,
    NotNow,
    NoRoute,
    /// To be sent to an address that is not known to be the customer's, if the agent says so.
    ConfirmRecipient,
    Invalid,
    NeedsUpgrade,
    /// Nobody is signed in on this desk.
    SignedOut,
    /// The login or the password is wrong, or the sign-in is not valid any more.
    SignInAgain,
    /// The server cannot be reached just now.
    Offline,
    /// The connection would not be private.
    Insecure,
    /// Another process works in this folder.
    InUse,
    /// The disk is full or a file cannot be read or written.
    Storage,
    /// A mistake in Evendesk.
    Bug,
}

impl From<RefusalCode> for Code {
    fn from(code: RefusalCode) -> Self {
        match code {
            RefusalCode::NotFound => Self::NotFound,
            RefusalCode::NotAllowed => Self::NotAllowed,
            RefusalCode::NotNow => Self::NotNow,
            RefusalCode::NoRoute => Self::NoRoute,
            RefusalCode::ConfirmRecipient => Self::ConfirmRecipient,
            RefusalCode::Invalid => Self::Invalid,
            RefusalCode::NeedsUpgrade => Self::NeedsUpgrade,
        }
    }
}

/// Why the desk did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("Nobody is signed in on this desk; sign in first.")]
    SignedOut,
    #[error("{0}")]
    SignIn(String),
    #[error("The server cannot be reached ({0}). Try again when it can.")]
    Offline(String),
    #[error("{0} is not a private connection: use https, except for a server on this computer.")]
    Insecure(String),
    #[error("Nothing was said to the server: {0}.")]
    Untrusted(&'static str),
    #[error("{0} is not a server's address; it looks like https://desk.example.com")]
    BadAddress(String),
    #[error("Evendesk is already at work in {}; close it there first.", .0.display())]
    InUse(PathBuf),
    #[error("{} was written by a newer Evendesk (version {found}, this one knows {known}); upgrade this one.", file.display())]
    FromTheFuture { file: PathBuf, found: i64, known: i64 },
    #[error("the outbox could not be used while {doing}: {source}")]
    Outbox { doing: &'static str, source: rusqlite::Error },
    #[error(transparent)]
    Cache(#[from] evendesk_replica::Error),
    #[error(transparent)]
    Lookup(#[from] LookupFailed),
    #[error("{} cannot be used: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{sentence}")]
    Answered { code: String, sentence: String },
    #[error("the server said something that does not fit: {0}")]
    Protocol(String),
    #[error("this desk is closing")]
    Closing,
}

/// Whatever it was that could not be kept is still where it was: on screen, or with the server.
const DISK_FULL: &str = "This computer's disk is full, so this could not be kept. Free some space and do it again; \
                         what was kept before is safe, and everything goes on by itself.";

impl Error {
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code.into(),
            Self::SignedOut => Code::SignedOut,
            Self::SignIn(_) => Code::SignInAgain,
            Self::Offline(_) | Self::Closing => Code::Offline,
            Self::Insecure(_) | Self::Untrusted(_) => Code::Insecure,
            Self::BadAddress(_) => Code::Invalid,
            Self::InUse(_) => Code::InUse,
            Self::FromTheFuture { .. } => Code::NeedsUpgrade,
            Self::Outbox { .. } | Self::Cache(_) | Self::Lookup(_) | Self::File { .. } => Code::Storage,
            Self::Answered { code, .. } => answered(code),
            Self::Protocol(_) => Code::Bug,
        }
    }

    /// Whether the disk has no room left, which only a person can change.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Outbox { source, .. } => source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Cache(error) => error.is_disk_full(),
            Self::File { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    /// Whether it is this computer's files that stand in the way.
    pub fn is_of_this_computer(&self) -> bool {
        self.is_disk_full() || matches!(self, Self::File { .. })
    }

    /// What happened and what to do, for a person.
    pub fn sentence(&self) -> String {
        if self.is_disk_full() { DISK_FULL.to_owned() } else { self.to_string() }
    }

    /// Whether the cache's file is damaged, which a new one mends.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode;
        let Self::Cache(error) = self else { return false };
        match error {
            evendesk_replica::Error::Damaged { .. } => true,
            evendesk_replica::Error::Sqlite { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            evendesk_replica::Error::Folder(_) | evendesk_replica::Error::Lookup(_) => false,
        }
    }

    pub(crate) fn invalid(sentence: impl Into<String>) -> Self {
        Refusal::new(RefusalCode::Invalid, sentence).into()
    }

    pub(crate) fn not_now(sentence: impl Into<String>) -> Self {
        Refusal::new(RefusalCode::NotNow, sentence).into()
    }

    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Refusal::new(RefusalCode::NotFound, sentence).into()
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// The server's own codes where they are ours too.
fn answered(code: &str) -> Code {
    match code {
        "sign_in_again" | "unauthorized" => Code::SignInAgain,
        "not_found" => Code::NotFound,
        "not_allowed" | "forbidden" => Code::NotAllowed,
        "no_invitation" => Code::NotFound,
        "not_now" | "too_many" | "busy" => Code::NotNow,
        "invalid" => Code::Invalid,
        _ => Code::Bug,
    }
}

/// An error as the window gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ApiError {
    pub code: Code,
    /// What happened and what to do, for a person.
    pub sentence: String,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self { code: error.code(), sentence: error.sentence() }
    }
}
