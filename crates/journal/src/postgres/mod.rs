//! The journal on PostgreSQL, which many nodes share: one connection that appends, a pool for everything
//! else, one that listens. Whoever calls waits; the connections are carried by a runtime of our own.
//!
//! A connection that is lost is made again at the next call. What only asks, or may be done twice, is
//! tried once more at once; what became of an append is looked up (`append.rs`).

mod address;
mod append;
mod blocking;
mod dial;
mod events;
mod hints;
mod people;
mod schema;
mod whole;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use deadpool_postgres::Pool;
use evendesk_domain::id::{CommandId, DeviceId, FeedbackId, UserId, WorkspaceId};
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use tokio::sync::watch;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::error::Doing;
use crate::whole::Whole as _;
use crate::{Batch, Decision, Ended, Error, Founding, Invitation, Journal, Lease, Session, Workspace};

pub use address::Address;
use append::Writer;
use blocking::Loop;
use dial::Dial;

/// What the driver says; also whatever it says once a connection is lost.
type Lost = tokio_postgres::Error;
type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

pub struct PostgresJournal {
    dial: Dial,
    pool: Pool,
    writer: Mutex<Option<Writer>>,
    /// The table may hold bytes of what was blanked. Nobody knows of whoever was killed before, so it begins so.
    to_clear: AtomicBool,
    appended: watch::Sender<u64>,
    heard: OnceLock<watch::Receiver<u64>>,
    /// Dropped last: the rest lives on it.
    own: Loop,
}

impl PostgresJournal {
    /// Connects, and makes the tables or brings them up to date.
    pub fn open(address: &Address) -> Result<Self, Error> {
        let own = Loop::start().doing("start what carries the journal's connections")?;
        let dial = Dial::new(address)?;
        own.wait(async {
            let (mut client, _) = dial.connect(|_| {}).await.failed("reach the journal's database")?;
            schema::migrate(&mut client).await
        })?;
        let pool = dial.pool()?;
        let (appended, newest) = watch::channel(0);
        own.handle().spawn(hints::tell(pool.clone(), newest));
        Ok(Self {
            dial,
            pool,
            writer: Mutex::default(),
            to_clear: AtomicBool::new(true),
            appended,
            heard: OnceLock::new(),
            own,
        })
    }

    fn writer(&self) -> MutexGuard<'_, Option<Writer>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows that a statement gives. It must be one that may be run twice.
    fn rows(&self, doing: &'static str, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
        self.own.wait(async {
            match self.ask(doing, sql, params).await? {
                Ok(rows) => Ok(rows),
                Err(e) if dial::is_lost(&e) => self.ask(doing, sql, params).await?.failed(doing),
                Err(e) => Err(store(doing, e)),
            }
        })
    }

    async fn ask(
        &self,
        doing: &'static str,
        sql: &str,
        params: Params<'_>,
    ) -> Result<Result<Vec<Row>, Lost>, Error> {
        let client = self.pool.get().await.map_err(|e| match e {
            deadpool_postgres::PoolError::Backend(e) => store(doing, e),
            other => Error::Store { doing, cause: Box::new(other) },
        })?;
        let statement = match client.prepare_cached(sql).await {
            Ok(statement) => statement,
            Err(e) => return Ok(Err(e)),
        };
        Ok(client.query(&statement, params).await)
    }

    fn row(&self, doing: &'static str, sql: &str, params: Params<'_>) -> Result<Option<Row>, Error> {
        Ok(self.rows(doing, sql, params)?.pop())
    }

    /// The first column of the one row, if there is one.
    fn value<T>(&self, doing: &'static str, sql: &str, params: Params<'_>) -> Result<Option<T>, Error>
    where
        T: for<'a> tokio_postgres::types::FromSql<'a>,
    {
        self.row(doing, sql, params)?.map(|row| row.try_get(0)).transpose().failed(doing)
    }

    /// The epoch that a statement gives, unless everything has gone elsewhere.
    fn epoch(&self, doing: &'static str, sql: &str) -> Result<u64, Error> {
        if let Some(epoch) = self.value(doing, sql, &[])? {
            return Ok(unsigned(epoch));
        }
        Err(self.moved_to()?.map_or(Error::NoWorkspace, |to| Error::Moved { to }))
    }

    fn run(&self, doing: &'static str, sql: &str, params: Params<'_>) -> Result<(), Error> {
        self.rows(doing, sql, params).map(drop)
    }
}

const WORKSPACE: &str = "SELECT id, name, incarnation, submit_key, founded_at, epoch, head FROM workspace";

fn read_workspace(row: &Row) -> Result<Workspace, Lost> {
    Ok(Workspace {
        id: WorkspaceId(id(row, 0)?),
        name: row.try_get(1)?,
        incarnation: id(row, 2)?,
        submit_key: row.try_get(3)?,
        founded_at: Timestamp::from_millis(row.try_get(4)?),
        epoch: unsigned(row.try_get(5)?),
        head: unsigned(row.try_get(6)?),
    })
}

impl Journal for PostgresJournal {
    fn found(&self, founding: &Founding) -> Result<(), Error> {
        let sql = "INSERT INTO workspace (one, id, name, incarnation, submit_key, founded_at, epoch, head)
                   VALUES (1, $1, $2, $3, $4, $5, 0, 0) ON CONFLICT DO NOTHING RETURNING head";
        let (id, incarnation) = (bytes(&founding.id.0), bytes(&founding.incarnation));
        let at = founding.at.millis();
        if self.row("look into the journal", "SELECT 1 FROM event LIMIT 1", &[])?.is_some()
            && self.workspace()?.is_none()
        {
            return Err(Error::Unfinished);
        }
        let made = self.row(
            "make the workspace",
            sql,
            &[&id, &founding.name, &incarnation, &founding.submit_key, &at],
        )?;
        made.map(drop).ok_or(Error::AlreadyFounded)
    }

    fn workspace(&self) -> Result<Option<Workspace>, Error> {
        let doing = "read the workspace";
        self.row(doing, WORKSPACE, &[])?.as_ref().map(read_workspace).transpose().failed(doing)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn claim(&self) -> Result<u64, Error> {
        self.epoch(
            "take the journal over",
            "UPDATE workspace SET epoch = epoch + 1 WHERE moved_to = '' RETURNING epoch",
        )
    }

    fn join(&self) -> Result<u64, Error> {
        self.epoch("join the journal", "SELECT epoch FROM workspace WHERE moved_to = ''")
    }

    fn begin_anew(&self, was: Uuid, new: Uuid) -> Result<bool, Error> {
        let sql = "UPDATE workspace SET incarnation = $2, epoch = epoch + 1
                    WHERE incarnation = $1 AND moved_to = '' RETURNING epoch";
        Ok(self.row("make the journal a new incarnation", sql, &[&bytes(&was), &bytes(&new)])?.is_some())
    }

    fn hints(&self) -> Option<watch::Receiver<u64>> {
        let listen = || {
            let (heard, receiver) = watch::channel(0);
            self.own.handle().spawn(hints::listen(self.dial.clone(), Arc::new(heard)));
            receiver
        };
        Some(self.heard.get_or_init(listen).clone())
    }

    fn head(&self) -> Result<u64, Error> {
        let sql = "SELECT head FROM workspace";
        self.value("read the journal's head", sql, &[])?.map(unsigned).ok_or(Error::NoWorkspace)
    }

    fn append(&self, epoch: u64, batch: &Batch) -> Result<(), Error> {
        let appended = self.own.wait(append::append(&self.dial, &mut self.writer(), epoch, batch));
        if !batch.blanked.is_empty() {
            self.to_clear.store(true, Ordering::Release);
        }
        appended?;
        if let Some(last) = batch.events.last() {
            self.appended.send_replace(last.seq);
        }
        Ok(())
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        events::recorded(&self.rows("read the journal", events::AFTER, &[&signed(after), &limit])?)
    }

    fn read_stream(&self, stream: StreamId) -> Result<Vec<Recorded>, Error> {
        let (id, kind) = (bytes(&stream.id), stream.kind.name());
        events::recorded(&self.rows("read the journal", events::OF_STREAM, &[&id, &kind])?)
    }

    fn event(&self, seq: u64) -> Result<Option<Recorded>, Error> {
        Ok(events::recorded(&self.rows("read the journal", events::ONE, &[&signed(seq)])?)?.pop())
    }

    fn decision(&self, command: CommandId) -> Result<Option<Decision>, Error> {
        let doing = "look a decision up";
        let found = self.row(doing, events::DECISION, &[&bytes(&command.0)])?;
        found.as_ref().map(events::decision).transpose().failed(doing)
    }

    fn clear_blanked(&self) -> Result<bool, Error> {
        if !self.to_clear.swap(false, Ordering::AcqRel) {
            return Ok(true);
        }
        let cleared = self.own.wait(append::clear_blanked(&self.dial));
        if !matches!(cleared, Ok(true)) {
            self.to_clear.store(true, Ordering::Release);
        }
        cleared
    }

    fn time(&self) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        Ok(self.value("ask the database for the time", sql, &[])?.map(Timestamp::from_millis))
    }

    fn take_lease(&self, name: &str, holder: Uuid, now: Timestamp, ttl_s: i64) -> Result<bool, Error> {
        let sql = "INSERT INTO lease (name, holder, expires_at) VALUES ($1, $2, $4)
                   ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
                   WHERE lease.expires_at <= $3 OR lease.holder = excluded.holder RETURNING name";
        let (now, until) = (now.millis(), now.plus_seconds(ttl_s).millis());
        Ok(self.row("take a lease", sql, &[&name, &bytes(&holder), &now, &until])?.is_some())
    }

    fn renew_lease(&self, name: &str, holder: Uuid, now: Timestamp, ttl_s: i64) -> Result<bool, Error> {
        let sql = "UPDATE lease SET expires_at = $4 WHERE name = $1 AND holder = $2 AND expires_at > $3
                   RETURNING name";
        let (now, until) = (now.millis(), now.plus_seconds(ttl_s).millis());
        Ok(self.row("renew a lease", sql, &[&name, &bytes(&holder), &now, &until])?.is_some())
    }

    fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), Error> {
        let sql = "DELETE FROM lease WHERE name = $1 AND holder = $2";
        self.run("release a lease", sql, &[&name, &bytes(&holder)])
    }

    fn leases(&self) -> Result<Vec<Lease>, Error> {
        let doing = "list the leases";
        let sql = "SELECT name, holder, expires_at FROM lease ORDER BY name COLLATE \"C\"";
        let read = |row: &Row| {
            let expires_at = Timestamp::from_millis(row.try_get(2)?);
            Ok(Lease { name: row.try_get(0)?, holder: id(row, 1)?, expires_at })
        };
        self.rows(doing, sql, &[])?.iter().map(read).collect::<Result<_, _>>().failed(doing)
    }

    fn set_password(&self, user: UserId, hash: &str) -> Result<(), Error> {
        people::set_password(self, user, hash)
    }

    fn password(&self, user: UserId) -> Result<Option<String>, Error> {
        people::password(self, user)
    }

    fn open_session(&self, session: &Session) -> Result<(), Error> {
        people::open_session(self, session)
    }

    fn session(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<Session>, Error> {
        people::session(self, digest, now)
    }

    fn sessions(&self, of: Option<UserId>, now: Timestamp) -> Result<Vec<Session>, Error> {
        people::sessions(self, of, now)
    }

    fn renew_session(
        &self,
        digest: &[u8; 32],
        seen_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        people::renew_session(self, digest, seen_at, expires_at)
    }

    fn session_ended(&self, digest: &[u8; 32]) -> Result<Option<Ended>, Error> {
        people::session_ended(self, digest)
    }

    fn end_session(&self, digest: &[u8; 32], why: Ended) -> Result<(), Error> {
        people::end_session(self, digest, why)
    }

    fn end_device(&self, user: UserId, device: DeviceId, why: Ended) -> Result<(), Error> {
        people::end_device(self, user, device, why)
    }

    fn end_user_sessions(&self, user: UserId, keep: Option<&[u8; 32]>, why: Ended) -> Result<(), Error> {
        people::end_user_sessions(self, user, keep, why)
    }

    fn put_invitation(&self, invitation: &Invitation) -> Result<(), Error> {
        people::put_invitation(self, invitation)
    }

    fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, Error> {
        people::invitations(self, now)
    }

    fn take_invitation(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<Invitation>, Error> {
        people::take_invitation(self, digest, now)
    }

    fn withdraw_invitation(&self, id: Uuid) -> Result<bool, Error> {
        people::withdraw_invitation(self, id)
    }

    fn sweep(&self, now: Timestamp) -> Result<(), Error> {
        people::sweep(self, now)
    }

    fn put_secret(&self, name: &str, sealed: &[u8]) -> Result<(), Error> {
        let sql = "INSERT INTO secret (name, sealed) VALUES ($1, $2)
                   ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";
        self.run("keep a secret", sql, &[&name, &sealed])
    }

    fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.value("look a secret up", "SELECT sealed FROM secret WHERE name = $1", &[&name])
    }

    fn put_undo(&self, feedback: FeedbackId, digest: &[u8; 32]) -> Result<(), Error> {
        let sql = "INSERT INTO feedback_undo (feedback, digest) VALUES ($1, $2)
                   ON CONFLICT (feedback) DO NOTHING";
        self.run("keep what undoes feedback", sql, &[&bytes(&feedback.0), &digest.as_slice()])
    }

    fn undo(&self, feedback: FeedbackId) -> Result<Option<[u8; 32]>, Error> {
        let sql = "SELECT digest FROM feedback_undo WHERE feedback = $1";
        let found: Option<Vec<u8>> =
            self.value("look up what undoes feedback", sql, &[&bytes(&feedback.0)])?;
        Ok(found.and_then(|digest| digest.try_into().ok()))
    }
}

fn bytes(id: &Uuid) -> &[u8] {
    id.as_bytes()
}

fn id(row: &Row, column: usize) -> Result<Uuid, Lost> {
    let bytes: Vec<u8> = row.try_get(column)?;
    Ok(Uuid::from_slice(&bytes).unwrap_or_default())
}

/// Seqs and epochs stay far below what either sign can hold.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Everything the driver says of an error, which by itself it tells only one by one.
fn said(e: &Lost) -> String {
    if let Some(said) = e.as_db_error() {
        return said.message().to_owned();
    }
    let mut text = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn store(doing: &'static str, e: Lost) -> Error {
    Error::Store { doing, cause: said(&e).into() }
}

/// As `Doing`, with all that the driver says.
trait Failed<T> {
    fn failed(self, doing: &'static str) -> Result<T, Error>;
}

impl<T> Failed<T> for Result<T, Lost> {
    fn failed(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|e| store(doing, e))
    }
}
