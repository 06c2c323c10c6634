//! A mailbox read by IMAP: what waits is taken in, batch by batch, each with the cursor that covers it.
//! Read or unread and old or new decide nothing; only what was taken in before does.
//!
//! One [`Fetcher`] a mailbox; whoever owns it sees to it that no two nodes read one mailbox at once.

use std::time::Duration;

use evendesk_domain::settings::INBOX;
use evendesk_domain::time::Timestamp;
use tokio::task::spawn_blocking;

use super::address::ServerAddress;
use super::imap_session::{Batch, Found, Session};
use super::oauth::TokenError;
use super::receive::{Mailbox, receive};
use super::sign_in::{Secret, SignIn};
use crate::intake::{Arrival, Cursor, Intake, IntakeError, Outcome, Reached, SetAside};

/// What is needed to read a mailbox.
#[derive(Clone)]
pub struct Access {
    pub mailbox: Mailbox,
    pub server: ServerAddress,
    pub user: String,
    pub sign_in: SignIn,
    /// As the server names them; never empty. It is the first that is listened to.
    pub folders: Vec<String>,
    /// PEM of who vouches for the server besides those that the system trusts.
    pub ca: Option<String>,
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
    #[error(
        "{server} is not who it says it is: {reason}. Check its name; where it has a certificate of your own, \
         name who vouches for it"
    )]
    NotTrusted { server: String, reason: String },
    #[error("{server} has no folder {folder}: {reason}. Check how it is written there")]
    NoFolder { server: String, folder: String, reason: String },
    #[error(transparent)]
    Token(#[from] TokenError),
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
        match self {
            Self::SignInRefused { .. }
            | Self::NotEncrypted { .. }
            | Self::NotTrusted { .. }
            | Self::NoFolder { .. } => true,
            Self::Token(e) => e.needs_a_person(),
            Self::Unreachable { .. } | Self::Protocol { .. } | Self::Garbled { .. } | Self::Intake(_) => {
                false
            }
        }
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
    /// When the mailbox got the last of it.
    pub last_received_at: Option<Timestamp>,
}

/// What came of listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something changed: look.
    News,
    /// Nothing, for as long as was to be listened.
    Silence,
    /// This server tells nothing by itself.
    Deaf,
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
    /// not say when a mail came. A folder that is not there holds no other up.
    pub async fn pull(&mut self, intake: &impl Intake, now: Timestamp) -> Result<Pulled, FetchError> {
        let mut pulled = Pulled::default();
        let mut missing = None;
        for folder in self.access.folders.clone() {
            match self.pull_folder(intake, &folder, now, &mut pulled).await {
                Err(e @ FetchError::NoFolder { .. }) => missing = Some(e),
                done => done?,
            }
        }
        missing.map_or(Ok(pulled), Err)
    }

    /// Until the server says that something changed in the first folder, or for that long.
    pub async fn listen(&mut self, patience: Duration) -> Result<Heard, FetchError> {
        let folder = self.access.folders.first().cloned().unwrap_or_else(|| INBOX.to_owned());
        if self.session.is_none() {
            return Ok(Heard::News);
        }
        self.talk(move |session| session.listen(&folder, patience)).await
    }

    /// The folders that the server has, as it names them.
    pub async fn folders(&mut self) -> Result<Vec<String>, FetchError> {
        self.talk(Session::folders).await
    }

    /// One mail by its number, taken out of the mailbox once more; `None` where it is not there any more.
    pub async fn fetch_again(
        &mut self,
        intake: &impl Intake,
        folder: &str,
        uid_validity: u32,
        uid: u32,
        now: Timestamp,
    ) -> Result<Option<Arrival>, FetchError> {
        let name = folder.to_owned();
        match self.talk(move |session| session.one(&name, uid_validity, uid)).await? {
            Some(found) => Ok(Some(self.take(intake, found, now).await?)),
            None => Ok(None),
        }
    }

    async fn pull_folder(
        &mut self,
        intake: &impl Intake,
        folder: &str,
        now: Timestamp,
        pulled: &mut Pulled,
    ) -> Result<(), FetchError> {
        let account = self.access.mailbox.account;
        let mut cursor = intake.cursor(account, folder).await?;
        while let Some(batch) = self.next(folder, cursor).await? {
            cursor = batch.cursor;
            let mut arrivals = Vec::with_capacity(batch.mails.len());
            for found in batch.mails {
                if let Found::Mail(mail) = &found {
                    pulled.last_received_at = mail.received_at.max(pulled.last_received_at);
                }
                arrivals.push(self.take(intake, found, now).await?);
            }
            let read = arrivals.iter().filter(|a| matches!(a.outcome, Outcome::Read(_))).count();
            pulled.read += read;
            pulled.set_aside += arrivals.len() - read;
            let reached = Reached { folder: folder.to_owned(), cursor };
            intake.arrived(account, arrivals, Some(reached)).await?;
        }
        Ok(())
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
    async fn next(&mut self, folder: &str, cursor: Cursor) -> Result<Option<Batch>, FetchError> {
        let kept = self.session.is_some();
        let mut answer = self.ask(folder, cursor, usize::MAX).await;
        if kept && matches!(answer, Err(FetchError::Unreachable { .. })) {
            answer = self.ask(folder, cursor, usize::MAX).await;
        }
        if matches!(&answer, Err(FetchError::Garbled { uids, .. }) if uids.len() > 1) {
            answer = self.ask(folder, cursor, 1).await;
        }
        match answer {
            Err(FetchError::Garbled { uid_validity, uids, reason }) if uids.len() == 1 => {
                Ok(Some(withheld(uid_validity, uids[0], &reason)))
            }
            answer => answer,
        }
    }

    async fn ask(&mut self, folder: &str, cursor: Cursor, most: usize) -> Result<Option<Batch>, FetchError> {
        let folder = folder.to_owned();
        self.talk(move |session| session.next(&folder, cursor, most)).await
    }

    /// One blocking conversation, away from the threads that others wait on. After an error the session
    /// is gone, and the next call opens another; where nobody waits for its end any more, it is hung up.
    async fn talk<T: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&mut Session) -> Result<T, FetchError> + Send + 'static,
    ) -> Result<T, FetchError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.open().await?,
        };
        let line = session.hang_up()?;
        let server = self.access.server.to_string();
        let asked = spawn_blocking(move || ask(&mut session).map(|answer| (session, answer)));
        let (session, answer) = asked.await.map_err(|e| ended(&e, server))??;
        line.call_off();
        self.session = Some(session);
        Ok(answer)
    }

    /// A token that is refused may have been too old: it is asked for anew, once.
    async fn open(&self) -> Result<Session, FetchError> {
        let secret = self.access.sign_in.secret().await?;
        match self.open_with(secret.clone()).await {
            Err(FetchError::SignInRefused { .. }) if self.access.sign_in.may_renew(&secret).await => {
                let secret = self.access.sign_in.secret().await?;
                self.open_with(secret).await
            }
            opened => opened,
        }
    }

    async fn open_with(&self, secret: Secret) -> Result<Session, FetchError> {
        let access = self.access.clone();
        let opened = spawn_blocking(move || Session::open(&access, &secret));
        opened.await.map_err(|e| ended(&e, self.access.server.to_string()))?
    }
}

/// A conversation that ended in the middle: the server goes down, or something said was beyond us.
fn ended(e: &tokio::task::JoinError, server: String) -> FetchError {
    if e.is_panic() {
        return FetchError::Protocol { server, reason: "its answer makes no sense".to_owned() };
    }
    FetchError::Intake(IntakeError::Stopping)
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
