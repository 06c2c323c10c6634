//! Who may sign in, and where they did: passwords, sessions, invitations. Digests and hashes only.

use evendesk_domain::id::{DeviceId, UserId};
use evendesk_domain::time::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{Failed, Lost, PostgresJournal, bytes, id};
use crate::{Ended, Error, Invitation, Session};

pub(super) fn set_password(journal: &PostgresJournal, user: UserId, hash: &str) -> Result<(), Error> {
    let sql = "INSERT INTO password (\"user\", hash) VALUES ($1, $2)
               ON CONFLICT (\"user\") DO UPDATE SET hash = excluded.hash";
    journal.run("keep a password's hash", sql, &[&bytes(&user.0), &hash])
}

pub(super) fn password(journal: &PostgresJournal, user: UserId) -> Result<Option<String>, Error> {
    let sql = "SELECT hash FROM password WHERE \"user\" = $1";
    journal.value("look a password up", sql, &[&bytes(&user.0)])
}

pub(super) fn open_session(journal: &PostgresJournal, session: &Session) -> Result<(), Error> {
    // The same digest again is the same sign-in, asked twice over a lost connection.
    let sql = "INSERT INTO session
                   (digest, \"user\", device, device_name, opened_at, seen_at, expires_at, ended)
               VALUES ($1, $2, $3, $4, $5, $6, $7, '') ON CONFLICT (digest) DO NOTHING";
    journal.run(
        "open a session",
        sql,
        &[
            &session.digest.as_slice(),
            &bytes(&session.user.0),
            &bytes(&session.device.0),
            &session.device_name,
            &session.opened_at.millis(),
            &session.seen_at.millis(),
            &session.expires_at.millis(),
        ],
    )
}

/// Begins every query that `read_session` reads.
macro_rules! sessions {
    ($rest:literal) => {
        concat!(
            "SELECT digest, \"user\", device, device_name, opened_at, seen_at, expires_at FROM session ",
            $rest
        )
    };
}

fn digest(row: &Row, column: usize) -> Result<[u8; 32], Lost> {
    let bytes: Vec<u8> = row.try_get(column)?;
    Ok(bytes.try_into().unwrap_or_default())
}

fn time(row: &Row, column: usize) -> Result<Timestamp, Lost> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

fn read_session(row: &Row) -> Result<Session, Lost> {
    Ok(Session {
        digest: digest(row, 0)?,
        user: UserId(id(row, 1)?),
        device: DeviceId(id(row, 2)?),
        device_name: row.try_get(3)?,
        opened_at: time(row, 4)?,
        seen_at: time(row, 5)?,
        expires_at: time(row, 6)?,
    })
}

pub(super) fn session(
    journal: &PostgresJournal,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Session>, Error> {
    let doing = "look a session up";
    let sql = sessions!("WHERE digest = $1 AND expires_at > $2 AND ended = ''");
    let found = journal.row(doing, sql, &[&digest.as_slice(), &now.millis()])?;
    found.as_ref().map(read_session).transpose().failed(doing)
}

pub(super) fn sessions(
    journal: &PostgresJournal,
    of: Option<UserId>,
    now: Timestamp,
) -> Result<Vec<Session>, Error> {
    let doing = "list the sessions";
    let sql = sessions!(
        "WHERE expires_at > $1 AND ended = '' AND ($2::bytea IS NULL OR \"user\" = $2)
         ORDER BY seen_at DESC, digest"
    );
    let of = of.as_ref().map(|user| bytes(&user.0));
    let found = journal.rows(doing, sql, &[&now.millis(), &of])?;
    found.iter().map(read_session).collect::<Result<_, _>>().failed(doing)
}

pub(super) fn renew_session(
    journal: &PostgresJournal,
    digest: &[u8; 32],
    seen_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Error> {
    let sql = "UPDATE session SET seen_at = $2, expires_at = $3 WHERE digest = $1 AND ended = ''";
    let values = (&digest.as_slice(), &seen_at.millis(), &expires_at.millis());
    journal.run("renew a session", sql, &[values.0, values.1, values.2])
}

pub(super) fn session_ended(journal: &PostgresJournal, digest: &[u8; 32]) -> Result<Option<Ended>, Error> {
    let sql = "SELECT ended FROM session WHERE digest = $1";
    let found: Option<String> = journal.value("look up why a session is over", sql, &[&digest.as_slice()])?;
    Ok(found.as_deref().and_then(Ended::from_name))
}

pub(super) fn end_session(journal: &PostgresJournal, digest: &[u8; 32], why: Ended) -> Result<(), Error> {
    let sql = "UPDATE session SET ended = $2 WHERE digest = $1 AND ended = ''";
    journal.run("end a session", sql, &[&digest.as_slice(), &why.name()])
}

pub(super) fn end_device(
    journal: &PostgresJournal,
    user: UserId,
    device: DeviceId,
    why: Ended,
) -> Result<(), Error> {
    let sql = "UPDATE session SET ended = $3 WHERE \"user\" = $1 AND device = $2 AND ended = ''";
    journal.run("end a device's sessions", sql, &[&bytes(&user.0), &bytes(&device.0), &why.name()])
}

pub(super) fn end_user_sessions(
    journal: &PostgresJournal,
    user: UserId,
    keep: Option<&[u8; 32]>,
    why: Ended,
) -> Result<(), Error> {
    let sql = "UPDATE session SET ended = $3
               WHERE \"user\" = $1 AND ended = '' AND ($2::bytea IS NULL OR digest <> $2)";
    let keep = keep.map(<[u8; 32]>::as_slice);
    journal.run("end a person's sessions", sql, &[&bytes(&user.0), &keep, &why.name()])
}

pub(super) fn put_invitation(journal: &PostgresJournal, invitation: &Invitation) -> Result<(), Error> {
    // The same id again is the same invitation, asked twice over a lost connection.
    let sql = "INSERT INTO invitation (id, digest, \"user\", offer, made_by, made_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
    journal.run(
        "keep an invitation",
        sql,
        &[
            &bytes(&invitation.id),
            &invitation.digest.as_slice(),
            &bytes(&invitation.user.0),
            &invitation.offer,
            &bytes(&invitation.by.0),
            &invitation.made_at.millis(),
            &invitation.expires_at.millis(),
        ],
    )
}

fn read_invitation(row: &Row) -> Result<Invitation, Lost> {
    Ok(Invitation {
        id: id(row, 0)?,
        digest: digest(row, 1)?,
        user: UserId(id(row, 2)?),
        offer: row.try_get(3)?,
        by: UserId(id(row, 4)?),
        made_at: time(row, 5)?,
        expires_at: time(row, 6)?,
    })
}

pub(super) fn invitations(journal: &PostgresJournal, now: Timestamp) -> Result<Vec<Invitation>, Error> {
    let doing = "list the invitations";
    let sql = "SELECT id, digest, \"user\", offer, made_by, made_at, expires_at FROM invitation
               WHERE expires_at > $1 ORDER BY made_at DESC, id DESC";
    let found = journal.rows(doing, sql, &[&now.millis()])?;
    found.iter().map(read_invitation).collect::<Result<_, _>>().failed(doing)
}

/// Lost with its connection, the answer may be lost for good: then the invitation is gone and another has
/// to be made, which is better than letting two in.
pub(super) fn take_invitation(
    journal: &PostgresJournal,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Invitation>, Error> {
    let doing = "take an invitation";
    let sql = "DELETE FROM invitation WHERE digest = $1 AND expires_at > $2
               RETURNING id, digest, \"user\", offer, made_by, made_at, expires_at";
    let found = journal.row(doing, sql, &[&digest.as_slice(), &now.millis()])?;
    found.as_ref().map(read_invitation).transpose().failed(doing)
}

pub(super) fn withdraw_invitation(journal: &PostgresJournal, id: Uuid) -> Result<bool, Error> {
    let sql = "DELETE FROM invitation WHERE id = $1 RETURNING id";
    Ok(journal.row("withdraw an invitation", sql, &[&bytes(&id)])?.is_some())
}

pub(super) fn sweep(journal: &PostgresJournal, now: Timestamp) -> Result<(), Error> {
    for sql in ["DELETE FROM session WHERE expires_at <= $1", "DELETE FROM invitation WHERE expires_at <= $1"]
    {
        journal.run("clear away what has expired", sql, &[&now.millis()])?;
    }
    Ok(())
}
