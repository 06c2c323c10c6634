//! `outbox.db`: what exists nowhere else. Undecided commands, what was accepted of late, drafts, feedback that has not left yet,
//! and a few facts of this installation.
//!
//! Durable when a function returns (`synchronous=FULL`); migrated, forwards only; what is deleted is
//! overwritten. A file per table holds its rows' reads and writes; no rules of the desk live here.

pub mod commands;
pub mod damage;
pub mod drafts;
pub mod dropped;
mod erase;
pub mod settings;
pub mod settled;
pub mod tickets;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use evendesk_remains as remains;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::Error;

pub const FILE: &str = "outbox.db";

/// Each raises `user_version` by one. Never edited once released, only followed by another.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE command (
        place        INTEGER PRIMARY KEY,
        id           TEXT NOT NULL UNIQUE,
        author       TEXT NOT NULL,
        made_at      INTEGER NOT NULL,
        depends_on   TEXT,
        stream       TEXT NOT NULL,
        body         TEXT NOT NULL,
        state        TEXT NOT NULL CHECK (state IN
            ('waiting', 'sent', 'accepted', 'refused', 'look_again', 'held', 'set_aside')),
        accepted_seq INTEGER CHECK ((accepted_seq IS NOT NULL) = (state = 'accepted')),
        code         TEXT,
        reason       TEXT,
        since        TEXT
    ) STRICT;
    CREATE TABLE draft (
        conversation TEXT PRIMARY KEY,
        text         TEXT NOT NULL,
        changed_at   INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE ticket (
        id       TEXT PRIMARY KEY,
        state    TEXT NOT NULL CHECK (state IN ('waiting', 'tried', 'sent', 'undo')),
        due_at   INTEGER NOT NULL,
        body     TEXT CHECK ((body IS NOT NULL) = (state IN ('waiting', 'tried'))),
        secret   TEXT NOT NULL
    ) STRICT;
    CREATE TABLE setting (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT;
",
    "
    -- Which workspace it was logged for: its submit key, and its address until the key is known.
    ALTER TABLE ticket ADD COLUMN server TEXT;
    ALTER TABLE ticket ADD COLUMN submit_key TEXT;
    UPDATE ticket SET server = (SELECT value FROM setting WHERE name = 'server'),
        submit_key = (SELECT value FROM setting WHERE name = 'submit_key');
",
    "
    -- A draft is its author's. Those of before are whose who is signed in, or signs in next ('').
    CREATE TABLE draft_of (
        author       TEXT NOT NULL,
        conversation TEXT NOT NULL,
        text         TEXT NOT NULL,
        changed_at   INTEGER NOT NULL,
        PRIMARY KEY (author, conversation)
    ) STRICT;
    INSERT INTO draft_of (author, conversation, text, changed_at)
        SELECT coalesce((SELECT value ->> '$.user' FROM setting WHERE name = 'agent'), ''),
            conversation, text, changed_at FROM draft;
    DROP TABLE draft;
    ALTER TABLE draft_of RENAME TO draft;
",
    "
    -- Of the journal it was offered to last; and that another journal may have accepted it before.
    ALTER TABLE command ADD COLUMN incarnation TEXT;
    ALTER TABLE command ADD COLUMN reoffered INTEGER NOT NULL DEFAULT 0;
    -- What was accepted, kept for a while in that order: a server restored from a backup may have forgotten it.
    CREATE TABLE settled (
        place       INTEGER PRIMARY KEY,
        id          TEXT NOT NULL UNIQUE,
        author      TEXT NOT NULL,
        made_at     INTEGER NOT NULL,
        stream      TEXT NOT NULL,
        body        TEXT NOT NULL,
        incarnation TEXT NOT NULL
    ) STRICT;
",
];

/// The open file: one connection that writes, one that reads and so never waits for a write.
pub struct Outbox {
    file: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    /// Something was deleted or overwritten since the log was emptied: it may still have that.
    leftovers: AtomicBool,
}

impl Outbox {
    /// Opens `file`, which must be there (empty at first) so that its rights are the folder's choice.
    pub fn open(file: &Path) -> Result<Self, Error> {
        let doing = "opening it";
        let mut writer = connect(file).map_err(|source| Error::Outbox { doing, source })?;
        migrate(&mut writer, file)?;
        let reader = connect(file).map_err(|source| Error::Outbox { doing, source })?;
        Ok(Self {
            file: file.to_owned(),
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            leftovers: AtomicBool::new(true),
        })
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// One transaction, durable when this returns. What it deletes or overwrites is in the log until that is
    /// emptied.
    fn write<T>(
        &self,
        doing: &'static str,
        f: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let mut writer = lock(&self.writer);
        // With the lock held, so that nobody empties the log between this and what it is about.
        self.leftovers.store(true, Ordering::Release);
        transact(&mut writer, doing, f)
    }

    /// As `write`, for what deletes nobody's words: the log need not be emptied for its sake.
    fn write_more<T>(
        &self,
        doing: &'static str,
        f: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        transact(&mut lock(&self.writer), doing, f)
    }

    /// Empties the log into the file, so that what was deleted is in neither; false while somebody reads.
    /// Nothing is done where nothing was deleted since the last time.
    pub fn empty_log(&self) -> Result<bool, Error> {
        if !self.leftovers.swap(false, Ordering::AcqRel) {
            return Ok(true);
        }
        let writer = lock(&self.writer);
        let busy = writer
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
            .and_then(|busy| remains::forget_pages(&writer).map(|()| busy))
            .map_err(|source| Error::Outbox { doing: "emptying its log", source });
        if !matches!(busy, Ok(false)) {
            self.leftovers.store(true, Ordering::Release);
        }
        Ok(!busy?)
    }

    fn read<T>(
        &self,
        doing: &'static str,
        f: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        f(&lock(&self.reader)).map_err(|source| Error::Outbox { doing, source })
    }
}

fn transact<T>(
    writer: &mut Connection,
    doing: &'static str,
    f: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    let attempt = || {
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = f(&tx)?;
        tx.commit()?;
        Ok(value)
    };
    attempt().map_err(|source| Error::Outbox { doing, source })
}

/// A panic elsewhere leaves no half-done transaction behind (it rolls back), so the lock stays usable.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection =
        remains::open(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, file: &Path) -> Result<(), Error> {
    let doing = "bringing it up to date";
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let attempt = |connection: &mut Connection| {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
            tx.execute_batch(step)?;
        }
        if found < known {
            tx.pragma_update(None, "user_version", known)?;
        }
        tx.commit()?;
        Ok(found)
    };
    let found = attempt(connection).map_err(|source| Error::Outbox { doing, source })?;
    if found > known {
        return Err(Error::FromTheFuture { file: file.to_owned(), found, known });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use evendesk_domain::id::{ConversationId, UserId};
    use evendesk_domain::time::Timestamp;

    use super::*;

    pub fn empty() -> (tempfile::TempDir, Outbox) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, "").unwrap();
        let outbox = Outbox::open(&file).unwrap();
        (folder, outbox)
    }

    #[test]
    fn a_draft_of_the_first_version_is_still_there_for_who_is_signed_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, "").unwrap();
        let old = connect(&file).unwrap();
        old.execute_batch(MIGRATIONS[0]).unwrap();
        let (user, conversation) = (uuid::Uuid::from_u128(7), uuid::Uuid::from_u128(8));
        old.execute_batch(&format!(
            "INSERT INTO draft VALUES ('{conversation}', 'half a sen', 1);
             INSERT INTO setting VALUES ('agent', '{{\"user\":\"{user}\"}}');
             PRAGMA user_version = 1;"
        ))
        .unwrap();
        drop(old);
        let outbox = Outbox::open(&file).unwrap();
        let draft = |user| outbox.draft(UserId(user), ConversationId(conversation)).unwrap();
        assert_eq!(draft(user).as_deref(), Some("half a sen"));
        assert_eq!(draft(uuid::Uuid::from_u128(9)), None);
    }

    #[test]
    fn the_log_is_emptied_once_words_were_deleted_and_left_alone_while_they_are_typed() {
        let (folder, outbox) = empty();
        let log = folder.path().join(format!("{FILE}-wal"));
        let (me, conversation) = (UserId(uuid::Uuid::nil()), ConversationId(uuid::Uuid::nil()));
        let put = |text| outbox.put_draft(me, conversation, text, Timestamp::from_millis(1)).unwrap();
        let left = || {
            assert!(outbox.empty_log().unwrap());
            std::fs::metadata(&log).unwrap().len()
        };
        assert_eq!(left(), 0, "it may come from anywhere when it is opened");
        put("half a sen");
        assert_ne!(left(), 0);
        put("");
        assert_eq!(left(), 0);
    }

    #[test]
    fn a_file_of_a_newer_version_is_left_alone_and_says_so() {
        let (_folder, outbox) = empty();
        lock(&outbox.writer).pragma_update(None, "user_version", 99).unwrap();
        let Err(refusal) = Outbox::open(outbox.file()) else { panic!("opened") };
        assert!(refusal.to_string().contains("newer Evendesk"), "{refusal}");
    }
}
