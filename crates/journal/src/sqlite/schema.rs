//! The tables, how they came to be, and how connections are set up.

use std::time::Duration;

use evendesk_remains as remains;
use rusqlite::Connection;

use crate::Error;
use crate::error::Doing;

/// Forward only: each is run once, in order, and never edited once it has been released.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE workspace (
    one         INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    id          BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    incarnation BLOB    NOT NULL,
    submit_key  TEXT    NOT NULL,
    founded_at  INTEGER NOT NULL,
    epoch       INTEGER NOT NULL,
    head        INTEGER NOT NULL
) STRICT;

CREATE TABLE event (
    seq         INTEGER NOT NULL PRIMARY KEY,
    stream_id   BLOB    NOT NULL,
    stream_kind TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    command     BLOB    NOT NULL, -- empty: no command, or none that is recorded
    payload     TEXT    NOT NULL
) STRICT;
CREATE INDEX event_by_stream ON event (stream_id, seq);

CREATE TABLE decision (
    command BLOB    NOT NULL PRIMARY KEY,
    outcome TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    name       TEXT    NOT NULL PRIMARY KEY,
    holder     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE password (
    user BLOB NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    digest     BLOB    NOT NULL PRIMARY KEY,
    user       BLOB    NOT NULL,
    device     BLOB    NOT NULL,
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
    name   TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback_undo (
    feedback BLOB NOT NULL PRIMARY KEY,
    digest   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
",
    "
ALTER TABLE session ADD COLUMN device_name TEXT    NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN seen_at     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN ended       TEXT    NOT NULL DEFAULT ''; -- why; empty: it is not
UPDATE session SET seen_at = opened_at;
CREATE INDEX session_by_user ON session (user);

CREATE TABLE invitation (
    id         BLOB    NOT NULL PRIMARY KEY,
    digest     BLOB    NOT NULL,
    user       BLOB    NOT NULL,
    offer      TEXT    NOT NULL,
    made_by    BLOB    NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX invitation_by_digest ON invitation (digest);
",
    "
ALTER TABLE workspace ADD COLUMN moved_to TEXT NOT NULL DEFAULT ''; -- where everything has gone; empty: it is here
",
];

/// How long a statement waits for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(5);

pub(super) fn prepare_writer(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY).doing("set up the journal")?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             PRAGMA cache_size = -16000;",
        )
        .doing("set up the journal")
}

pub(super) fn prepare_reader(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY).doing("set up a reader of the journal")?;
    connection.execute_batch("PRAGMA cache_size = -4000;").doing("set up a reader of the journal")
}

pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let tx = connection.transaction().doing("look at the journal's layout")?;
    let found: i64 =
        tx.query_row("PRAGMA user_version", [], |row| row.get(0)).doing("look at the journal's layout")?;
    if found > known {
        return Err(Error::Newer { found, known });
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.execute_batch(migration).doing("bring the journal's layout up to date")?;
    }
    if found < known {
        tx.pragma_update(None, "user_version", known).doing("note the journal's layout")?;
    }
    tx.commit().doing("bring the journal's layout up to date")
}

/// Refuses what another version wrote: whoever only reads migrates nothing.
pub(super) fn check(connection: &Connection) -> Result<(), Error> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .doing("look at the journal's layout")?;
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(Error::Older { found, known }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::Newer { found, known }),
    }
}

/// Moves the write-ahead log into the file and cuts it to nothing, waiting a little for readers to leave;
/// false where they do not.
pub(super) fn empty_log(connection: &Connection) -> Result<bool, Error> {
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .doing("empty the journal's log")?;
    remains::forget_pages(connection).doing("empty the journal's log")?;
    Ok(busy == 0)
}
