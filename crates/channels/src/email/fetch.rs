//! A mailbox read by IMAP: what waits is taken in, batch by batch, each with the cursor that covers it.
//! Read or unread and old or new decide nothing; only what was taken in before does.
//!
//! One [`Fetcher`] a mailbox; whoever owns it sees to it that no two nodes read one mailbox at once.

use evendesk_domain::time::Timestamp;
use tokio::task::spawn_blocking;

use super::address::ServerAddress;
use super::imap_session::{Batch, Found, Session};
use super::receive::{Mailbox, receive};
use crate::intake::{Arrival, Cursor, Intake, IntakeError, Outcome, SetAside};

/// What is needed to read a mailbox.
#[derive(Clone)]
pub struct Access {
    pub mailbox: Mailbox,
    pub server: ServerAddress,
    pub user: String,
    pub password: String,
}

/// Why nothing more could be fetched now; what was fetched before is in.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{server} refuses to sign in {user}: {reason}. Check the user name and the password")]
    SignInRefused { server: String, user: String, reason: String },
    #[error("{server} cannot be reached: {reason}")]
    Unreachable { server: String, reason: String },
    #[error(
        "{server} offers no encryption, and a password is sent in the clear to this machine only; use imaps://"
    )]
    NotEncrypted { server: String },
    #[error("{server} does not speak IMAP as expected: {reason}")]
    Protocol { server: String, reason: String },
    #[error("the server's answer cannot be read: {reason}")]
    Garbled { uid_validity: u32, uids: Vec<u32>, reason: String },
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl FetchError {
    /// Whether only a person can mend it, so that the account must say so on the board.
    pub fn needs_a_person(&self) -> bool {
        matches!(self, Self::SignInRefused { .. } | Self::NotEncrypted { .. })
    }

    pub(super) fn of(server: String, e: imap::Error) -> Self {
        match e {
            imap::Error::Io(e) => Self::Unreachable { server, reason: e.to_string() },
            imap::Error::ConnectionLost => Self::Unreachable { server, reason: "it hung up".to_owned() },
            imap::Error::Bye(bye) => {
                Self::Unreachable { server, reason: format!("it hung up: {}", bye.information) }
            }
            other => Self::Protocol { server, reason: other.to_string() },
        }
    }
}

/// What one look at the mailbox brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    pub read: usize,
    pub set_aside: usize,
}

/// Reads one mailbox, and keeps its session from one look to the next.
pub struct Fetcher {
    access: Access,
    session: Option<Session>,
}

impl Fetcher {
    pub fn new(access: Access) -> Self {
        Self { access, session: None }
    }

    /// Takes in all that waits, and returns when it is durable. `now` stands in where the server does
    /// not say when a mail came.
    pub async fn pull(&mut self, intake: &impl Intake, now: Timestamp) -> Result<Pulled, FetchError> {
        let mut cursor = intake.cursor(self.access.mailbox.account).await?;
        let mut pulled = Pulled::default();
        while let Some(batch) = self.next(cursor).await? {
            cursor = batch.cursor;
            let mut arrivals = Vec::with_capacity(batch.mails.len());
            for found in batch.mails {
                arrivals.push(self.take(intake, found, now).await?);
            }
            let read = arrivals.iter().filter(|a| matches!(a.outcome, Outcome::Read(_))).count();
            pulled.read += read;
            pulled.set_aside += arrivals.len() - read;
            intake.arrived(self.access.mailbox.account, arrivals, Some(cursor)).await?;
        }
        Ok(pulled)
    }

    async fn take(&self, intake: &impl Intake, found: Found, now: Timestamp) -> Result<Arrival, IntakeError> {
        match found {
            Found::Mail(mail) => receive(intake, &self.access.mailbox, mail, now).await,
            Found::Withheld { uid, size, reason } => Ok(Arrival {
                uid: Some(uid),
                bytes: size,
                outcome: Outcome::SetAside(SetAside { raw: None, reason }),
            }),
        }
    }

    /// The next batch. A line that has gone stale is drawn anew once; an answer that cannot be read is
    /// narrowed down to the one mail that it is about.
    async fn next(&mut self, cursor: Cursor) -> Result<Option<Batch>, FetchError> {
        let kept = self.session.is_some();
        let mut answer = self.ask(cursor, usize::MAX).await;
        if kept && matches!(answer, Err(FetchError::Unreachable { .. })) {
            answer = self.ask(cursor, usize::MAX).await;
        }
        if matches!(&answer, Err(FetchError::Garbled { uids, .. }) if uids.len() > 1) {
            answer = self.ask(cursor, 1).await;
        }
        match answer {
            Err(FetchError::Garbled { uid_validity, uids, reason }) if uids.len() == 1 => {
                Ok(Some(withheld(uid_validity, uids[0], &reason)))
            }
            answer => answer,
        }
    }

    /// One blocking conversation, away from the threads that others wait on. After an error the session
    /// is gone, and the next call opens another.
    async fn ask(&mut self, cursor: Cursor, most: usize) -> Result<Option<Batch>, FetchError> {
        let (session, access) = (self.session.take(), self.access.clone());
        let asked = spawn_blocking(move || {
            let mut session = match session {
                Some(session) => session,
                None => Session::open(&access.server, &access.user, &access.password)?,
            };
            let batch = session.next(cursor, most)?;
            Ok::<_, FetchError>((session, batch))
        });
        let stopped = |_| FetchError::Intake(IntakeError::Stopping);
        let (session, batch) = asked.await.map_err(stopped)??;
        self.session = Some(session);
        Ok(batch)
    }
}

/// A batch of the one mail that could not be transferred, set aside so that the rest comes in.
fn withheld(uid_validity: u32, uid: u32, reason: &str) -> Batch {
    let reason =
        format!("the mail server's answer about it cannot be read: {}", super::headers::line(reason));
    Batch {
        mails: vec![Found::Withheld { uid, size: 0, reason }],
        cursor: Cursor { uid_validity, last_uid: uid },
    }
}
