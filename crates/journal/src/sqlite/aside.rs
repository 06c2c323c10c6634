//! What is kept beside the events: leases, secrets, the undo of feedback. Who may sign in is `people.rs`.

use evendesk_domain::id::FeedbackId;
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, params};
use uuid::Uuid;

use crate::error::Doing;
use crate::{Error, Lease};

pub(super) fn run(
    connection: &Connection,
    doing: &'static str,
    sql: &str,
    params: impl Params,
) -> Result<usize, Error> {
    connection.prepare_cached(sql).and_then(|mut s| s.execute(params)).doing(doing)
}

pub(super) fn take_lease(
    connection: &Connection,
    name: &str,
    holder: Uuid,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "INSERT INTO lease (name, holder, expires_at) VALUES (?1, ?2, ?4)
               ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
               WHERE lease.expires_at <= ?3 OR lease.holder = excluded.holder";
    Ok(run(connection, "take a lease", sql, params![name, holder, now.millis(), until.millis()])? > 0)
}

pub(super) fn renew_lease(
    connection: &Connection,
    name: &str,
    holder: Uuid,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE lease SET expires_at = ?4 WHERE name = ?1 AND holder = ?2 AND expires_at > ?3";
    Ok(run(connection, "renew a lease", sql, params![name, holder, now.millis(), until.millis()])? > 0)
}

pub(super) fn release_lease(connection: &Connection, name: &str, holder: Uuid) -> Result<(), Error> {
    let sql = "DELETE FROM lease WHERE name = ?1 AND holder = ?2";
    run(connection, "release a lease", sql, params![name, holder]).map(drop)
}

pub(super) fn leases(connection: &Connection) -> Result<Vec<Lease>, Error> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Lease { name: row.get(0)?, holder: row.get(1)?, expires_at: Timestamp::from_millis(row.get(2)?) })
    };
    connection
        .prepare_cached("SELECT name, holder, expires_at FROM lease ORDER BY name")
        .and_then(|mut s| s.query_map([], read)?.collect())
        .doing("list the leases")
}

pub(super) fn put_secret(connection: &Connection, name: &str, sealed: &[u8]) -> Result<(), Error> {
    let sql = "INSERT INTO secret (name, sealed) VALUES (?1, ?2)
               ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed";
    run(connection, "keep a secret", sql, params![name, sealed]).map(drop)
}

pub(super) fn secret(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, Error> {
    connection
        .prepare_cached("SELECT sealed FROM secret WHERE name = ?1")
        .and_then(|mut s| s.query_row([name], |row| row.get(0)).optional())
        .doing("look a secret up")
}

/// The first digest stays: who knows an id must not be able to put their own secret in its place.
pub(super) fn put_undo(
    connection: &Connection,
    feedback: FeedbackId,
    digest: &[u8; 32],
) -> Result<(), Error> {
    let sql =
        "INSERT INTO feedback_undo (feedback, digest) VALUES (?1, ?2) ON CONFLICT (feedback) DO NOTHING";
    run(connection, "keep what undoes feedback", sql, params![feedback.0, digest.as_slice()]).map(drop)
}

pub(super) fn undo(connection: &Connection, feedback: FeedbackId) -> Result<Option<[u8; 32]>, Error> {
    connection
        .prepare_cached("SELECT digest FROM feedback_undo WHERE feedback = ?1")
        .and_then(|mut s| s.query_row([feedback.0], |row| row.get(0)).optional())
        .doing("look up what undoes feedback")
}
