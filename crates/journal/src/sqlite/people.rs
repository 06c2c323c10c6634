//! Who may sign in, and where they did: passwords, sessions, invitations. Digests and hashes only.

use evendesk_domain::id::{DeviceId, UserId};
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::aside::run;
use crate::error::Doing;
use crate::{Ended, Error, Invitation, Session};

pub(super) fn set_password(connection: &Connection, user: UserId, hash: &str) -> Result<(), Error> {
    let sql = "INSERT INTO password (user, hash) VALUES (?1, ?2)
               ON CONFLICT (user) DO UPDATE SET hash = excluded.hash";
    run(connection, "keep a password's hash", sql, params![user.0, hash]).map(drop)
}

pub(super) fn password(connection: &Connection, user: UserId) -> Result<Option<String>, Error> {
    connection
        .prepare_cached("SELECT hash FROM password WHERE user = ?1")
        .and_then(|mut s| s.query_row([user.0], |row| row.get(0)).optional())
        .doing("look a password up")
}

pub(super) fn open_session(connection: &Connection, session: &Session) -> Result<(), Error> {
    let sql = "INSERT INTO session (digest, user, device, device_name, opened_at, seen_at, expires_at, ended)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '')";
    let values = params![
        session.digest.as_slice(),
        session.user.0,
        session.device.0,
        session.device_name,
        session.opened_at.millis(),
        session.seen_at.millis(),
        session.expires_at.millis()
    ];
    run(connection, "open a session", sql, values).map(drop)
}

const SESSION: &str = "SELECT digest, user, device, device_name, opened_at, seen_at, expires_at FROM session";

fn read_session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        digest: row.get(0)?,
        user: UserId(row.get(1)?),
        device: DeviceId(row.get(2)?),
        device_name: row.get(3)?,
        opened_at: Timestamp::from_millis(row.get(4)?),
        seen_at: Timestamp::from_millis(row.get(5)?),
        expires_at: Timestamp::from_millis(row.get(6)?),
    })
}

pub(super) fn session(
    connection: &Connection,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    let sql = format!("{SESSION} WHERE digest = ?1 AND expires_at > ?2 AND ended = ''");
    connection
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_row(params![digest.as_slice(), now.millis()], read_session).optional())
        .doing("look a session up")
}

pub(super) fn sessions(
    connection: &Connection,
    of: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<Session>, Error> {
    let sql = format!(
        "{SESSION} WHERE expires_at > ?1 AND ended = '' AND (?2 IS NULL OR user = ?2)
         ORDER BY seen_at DESC, digest"
    );
    connection
        .prepare_cached(&sql)
        .and_then(|mut s| s.query_map(params![now.millis(), of.map(|u| u.0)], read_session)?.collect())
        .doing("list the sessions")
}

pub(super) fn renew_session(
    connection: &Connection,
    digest: &[u8; 32],
    seen_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE session SET seen_at = ?2, expires_at = ?3 WHERE digest = ?1 AND ended = ''";
    let values = params![digest.as_slice(), seen_at.millis(), expires_at.millis()];
    run(connection, "renew a session", sql, values).map(drop)
}

pub(super) fn session_ended(connection: &Connection, digest: &[u8; 32]) -> Result<Option<Ended>, Error> {
    let found: Option<String> = connection
        .prepare_cached("SELECT ended FROM session WHERE digest = ?1")
        .and_then(|mut s| s.query_row([digest.as_slice()], |row| row.get(0)).optional())
        .doing("look up why a session is over")?;
    Ok(found.as_deref().and_then(Ended::from_name))
}

pub(super) fn end_session(connection: &Connection, digest: &[u8; 32], why: Ended) -> Result<(), Error> {
    let sql = "UPDATE session SET ended = ?2 WHERE digest = ?1 AND ended = ''";
    run(connection, "end a session", sql, params![digest.as_slice(), why.name()]).map(drop)
}

pub(super) fn end_device(
    connection: &Connection,
    user: UserId,
    device: DeviceId,
    why: Ended,
) -> Result<(), Error> {
    let sql = "UPDATE session SET ended = ?3 WHERE user = ?1 AND device = ?2 AND ended = ''";
    run(connection, "end a device's sessions", sql, params![user.0, device.0, why.name()]).map(drop)
}

pub(super) fn end_user_sessions(
    connection: &Connection,
    user: UserId,
    keep: Option<&[u8; 32]>,
    why: Ended,
) -> Result<(), Error> {
    let sql = "UPDATE session SET ended = ?3 WHERE user = ?1 AND ended = '' AND (?2 IS NULL OR digest <> ?2)";
    let values = params![user.0, keep.map(<[u8; 32]>::as_slice), why.name()];
    run(connection, "end a person's sessions", sql, values).map(drop)
}

pub(super) fn put_invitation(connection: &Connection, invitation: &Invitation) -> Result<(), Error> {
    let sql = "INSERT INTO invitation (id, digest, user, offer, made_by, made_at, expires_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        invitation.id,
        invitation.digest.as_slice(),
        invitation.user.0,
        invitation.offer,
        invitation.by.0,
        invitation.made_at.millis(),
        invitation.expires_at.millis()
    ];
    run(connection, "keep an invitation", sql, values).map(drop)
}

fn read_invitation(row: &Row<'_>) -> rusqlite::Result<Invitation> {
    Ok(Invitation {
        id: row.get(0)?,
        digest: row.get(1)?,
        user: UserId(row.get(2)?),
        offer: row.get(3)?,
        by: UserId(row.get(4)?),
        made_at: Timestamp::from_millis(row.get(5)?),
        expires_at: Timestamp::from_millis(row.get(6)?),
    })
}

pub(super) fn invitations(connection: &Connection, now: Timestamp) -> Result<Vec<Invitation>, Error> {
    let sql = "SELECT id, digest, user, offer, made_by, made_at, expires_at FROM invitation
               WHERE expires_at > ?1 ORDER BY made_at DESC, id DESC";
    connection
        .prepare_cached(sql)
        .and_then(|mut s| s.query_map([now.millis()], read_invitation)?.collect())
        .doing("list the invitations")
}

pub(super) fn take_invitation(
    connection: &Connection,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Invitation>, Error> {
    let sql = "DELETE FROM invitation WHERE digest = ?1 AND expires_at > ?2
               RETURNING id, digest, user, offer, made_by, made_at, expires_at";
    connection
        .prepare_cached(sql)
        .and_then(|mut s| s.query_row(params![digest.as_slice(), now.millis()], read_invitation).optional())
        .doing("take an invitation")
}

pub(super) fn withdraw_invitation(connection: &Connection, id: Uuid) -> Result<bool, Error> {
    Ok(run(connection, "withdraw an invitation", "DELETE FROM invitation WHERE id = ?1", [id])? > 0)
}

pub(super) fn sweep(connection: &Connection, now: Timestamp) -> Result<(), Error> {
    for sql in ["DELETE FROM session WHERE expires_at <= ?1", "DELETE FROM invitation WHERE expires_at <= ?1"]
    {
        run(connection, "clear away what has expired", sql, [now.millis()])?;
    }
    Ok(())
}
