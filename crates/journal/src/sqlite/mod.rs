//! The journal in one SQLite file: one writing connection, a few reading ones that never wait for it.

mod aside;
mod events;
mod people;
mod schema;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use evendesk_domain::id::{CommandId, DeviceId, FeedbackId, UserId, WorkspaceId};
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_remains as remains;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use tokio::sync::watch;
use uuid::Uuid;

use crate::error::Doing;
use crate::{Batch, Decision, Ended, Error, Founding, Invitation, Journal, Lease, Session, Workspace};

/// Reading connections kept for the next reader; more are opened when more read at once.
const KEPT_READERS: usize = 4;

pub struct SqliteJournal {
    path: PathBuf,
    shared: bool,
    /// Closed before the writer, who as the last one moves the log into the file.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
}

impl SqliteJournal {
    /// Opens or makes the file. That only one process writes it is the data folder's lock to see to;
    /// the epoch fences whoever gets around that.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut writer = remains::open(path, OpenFlags::default()).doing("open the journal")?;
        schema::prepare_writer(&writer)?;
        schema::migrate(&mut writer)?;
        Ok(Self {
            path: path.to_owned(),
            shared: false,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// For several writers in this one process that write as nodes of one server do: in simulations.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Opens a file to look into it, also beside a server that writes it; it must be of this layout.
    pub fn open_to_read(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = remains::open(path, flags).doing("open the journal for reading")?;
        schema::prepare_reader(&reader)?;
        schema::check(&reader)?;
        Ok(Self {
            path: path.to_owned(),
            shared: false,
            writer: Mutex::new(reader),
            readers: Mutex::default(),
        })
    }

    /// Closes the file so that nothing beside it belongs to it.
    pub fn close_for_keeping(self) -> Result<(), Error> {
        self.kept().clear();
        self.writer()
            .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0))
            .doing("close the journal")?;
        Ok(())
    }

    /// A transaction is rolled back when it is dropped, so a panic elsewhere leaves the connection good.
    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_with<T>(&self, f: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let kept = self.kept().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self.open_reader()?,
        };
        let found = f(&connection);
        let mut kept = self.kept();
        if kept.len() < KEPT_READERS {
            kept.push(connection);
        }
        found
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_reader(&self) -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = remains::open(&self.path, flags).doing("open the journal for reading")?;
        schema::prepare_reader(&reader)?;
        Ok(reader)
    }
}

fn workspace(connection: &Connection) -> Result<Option<Workspace>, Error> {
    let sql = "SELECT id, name, incarnation, submit_key, founded_at, epoch, head FROM workspace";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Workspace {
            id: WorkspaceId(row.get(0)?),
            name: row.get(1)?,
            incarnation: row.get(2)?,
            submit_key: row.get(3)?,
            founded_at: Timestamp::from_millis(row.get(4)?),
            epoch: row.get(5)?,
            head: row.get(6)?,
        })
    };
    connection
        .prepare_cached(sql)
        .and_then(|mut s| s.query_row([], read).optional())
        .doing("read the workspace")
}

fn moved_to(connection: &Connection) -> Result<Option<String>, Error> {
    let to = connection
        .query_row("SELECT moved_to FROM workspace", [], |row| row.get::<_, String>(0))
        .optional()
        .doing("read the workspace")?;
    Ok(to.filter(|to| !to.is_empty()))
}

/// The epoch that a statement gives, unless everything has gone elsewhere.
fn epoch(connection: &Connection, doing: &'static str, sql: &str) -> Result<u64, Error> {
    match connection.query_row(sql, [], |row| row.get(0)).optional().doing(doing)? {
        Some(epoch) => Ok(epoch),
        None => Err(moved_to(connection)?.map_or(Error::NoWorkspace, |to| Error::Moved { to })),
    }
}

impl Journal for SqliteJournal {
    fn found(&self, founding: &Founding) -> Result<(), Error> {
        let connection = self.writer();
        if workspace(&connection)?.is_some() {
            return Err(Error::AlreadyFounded);
        }
        if events::is_any(&connection)? {
            return Err(Error::Unfinished);
        }
        connection
            .execute(
                "INSERT INTO workspace (one, id, name, incarnation, submit_key, founded_at, epoch, head)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5, 0, 0)",
                params![
                    founding.id.0,
                    founding.name,
                    founding.incarnation,
                    founding.submit_key,
                    founding.at.millis()
                ],
            )
            .doing("make the workspace")?;
        Ok(())
    }

    fn workspace(&self) -> Result<Option<Workspace>, Error> {
        self.read_with(workspace)
    }

    fn is_shared(&self) -> bool {
        self.shared
    }

    fn claim(&self) -> Result<u64, Error> {
        let sql = "UPDATE workspace SET epoch = epoch + 1 WHERE moved_to = '' RETURNING epoch";
        epoch(&self.writer(), "take the journal over", sql)
    }

    fn join(&self) -> Result<u64, Error> {
        let sql = "SELECT epoch FROM workspace WHERE moved_to = ''";
        self.read_with(|c| epoch(c, "join the journal", sql))
    }

    fn begin_anew(&self, was: Uuid, new: Uuid) -> Result<bool, Error> {
        let sql = "UPDATE workspace SET incarnation = ?2, epoch = epoch + 1 WHERE incarnation = ?1 AND moved_to = ''";
        let changed = self.writer().execute(sql, [was, new]);
        Ok(changed.doing("make the journal a new incarnation")? > 0)
    }

    fn hints(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    fn head(&self) -> Result<u64, Error> {
        Ok(self.workspace()?.ok_or(Error::NoWorkspace)?.head)
    }

    fn append(&self, epoch: u64, batch: &Batch) -> Result<(), Error> {
        let mut connection = self.writer();
        let tx =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("begin an append")?;
        events::append(&tx, epoch, batch)?;
        tx.commit().doing("append to the journal")
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
        self.read_with(|c| events::read(c, after, limit))
    }

    fn read_stream(&self, stream: StreamId) -> Result<Vec<Recorded>, Error> {
        self.read_with(|c| events::read_stream(c, stream))
    }

    fn event(&self, seq: u64) -> Result<Option<Recorded>, Error> {
        self.read_with(|c| events::event(c, seq))
    }

    fn decision(&self, command: CommandId) -> Result<Option<Decision>, Error> {
        self.read_with(|c| events::decision(c, command))
    }

    fn clear_blanked(&self) -> Result<bool, Error> {
        // The old page images live on in the write-ahead log until it is emptied.
        schema::empty_log(&self.writer())
    }

    fn time(&self) -> Result<Option<Timestamp>, Error> {
        Ok(None)
    }

    fn take_lease(&self, name: &str, holder: Uuid, now: Timestamp, ttl_s: i64) -> Result<bool, Error> {
        aside::take_lease(&self.writer(), name, holder, now, now.plus_seconds(ttl_s))
    }

    fn renew_lease(&self, name: &str, holder: Uuid, now: Timestamp, ttl_s: i64) -> Result<bool, Error> {
        aside::renew_lease(&self.writer(), name, holder, now, now.plus_seconds(ttl_s))
    }

    fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), Error> {
        aside::release_lease(&self.writer(), name, holder)
    }

    fn leases(&self) -> Result<Vec<Lease>, Error> {
        self.read_with(aside::leases)
    }

    fn set_password(&self, user: UserId, hash: &str) -> Result<(), Error> {
        people::set_password(&self.writer(), user, hash)
    }

    fn password(&self, user: UserId) -> Result<Option<String>, Error> {
        self.read_with(|c| people::password(c, user))
    }

    fn open_session(&self, session: &Session) -> Result<(), Error> {
        people::open_session(&self.writer(), session)
    }

    fn session(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<Session>, Error> {
        self.read_with(|c| people::session(c, digest, now))
    }

    fn sessions(&self, of: Option<UserId>, now: Timestamp) -> Result<Vec<Session>, Error> {
        self.read_with(|c| people::sessions(c, of, now))
    }

    fn renew_session(
        &self,
        digest: &[u8; 32],
        seen_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        people::renew_session(&self.writer(), digest, seen_at, expires_at)
    }

    fn session_ended(&self, digest: &[u8; 32]) -> Result<Option<Ended>, Error> {
        self.read_with(|c| people::session_ended(c, digest))
    }

    fn end_session(&self, digest: &[u8; 32], why: Ended) -> Result<(), Error> {
        people::end_session(&self.writer(), digest, why)
    }

    fn end_device(&self, user: UserId, device: DeviceId, why: Ended) -> Result<(), Error> {
        people::end_device(&self.writer(), user, device, why)
    }

    fn end_user_sessions(&self, user: UserId, keep: Option<&[u8; 32]>, why: Ended) -> Result<(), Error> {
        people::end_user_sessions(&self.writer(), user, keep, why)
    }

    fn put_invitation(&self, invitation: &Invitation) -> Result<(), Error> {
        people::put_invitation(&self.writer(), invitation)
    }

    fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, Error> {
        self.read_with(|c| people::invitations(c, now))
    }

    fn take_invitation(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<Invitation>, Error> {
        people::take_invitation(&self.writer(), digest, now)
    }

    fn withdraw_invitation(&self, id: Uuid) -> Result<bool, Error> {
        people::withdraw_invitation(&self.writer(), id)
    }

    fn sweep(&self, now: Timestamp) -> Result<(), Error> {
        people::sweep(&self.writer(), now)
    }

    fn put_secret(&self, name: &str, sealed: &[u8]) -> Result<(), Error> {
        aside::put_secret(&self.writer(), name, sealed)
    }

    fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.read_with(|c| aside::secret(c, name))
    }

    fn put_undo(&self, feedback: FeedbackId, digest: &[u8; 32]) -> Result<(), Error> {
        aside::put_undo(&self.writer(), feedback, digest)
    }

    fn undo(&self, feedback: FeedbackId) -> Result<Option<[u8; 32]>, Error> {
        self.read_with(|c| aside::undo(c, feedback))
    }
}
