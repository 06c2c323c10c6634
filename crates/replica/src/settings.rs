//! Teams, people, accounts, and the accounts' ledgers.

use evendesk_domain::channel::Channel;
use evendesk_domain::event::Event;
use evendesk_domain::id::{AccountId, TeamId, UserId};
use evendesk_domain::settings::{Account, Fate, LedgerEntry, Mailbox, Restored, Team, User};
use evendesk_domain::stream::{Recorded, StreamId};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Reader, Writer, aggregate};

pub(crate) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS team (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    first_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS user (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    login TEXT NOT NULL,
    role TEXT NOT NULL,
    -- 1: may sign in.
    active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS user_by_login ON user (login);
CREATE TABLE IF NOT EXISTS account (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    team BLOB NOT NULL,
    -- 1: nothing comes in or goes out by it any more.
    removed INTEGER NOT NULL,
    first_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (
    account BLOB NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    remote_id TEXT NOT NULL,
    fate TEXT NOT NULL,
    PRIMARY KEY (account, seq, place)
) STRICT, WITHOUT ROWID;
";

pub(crate) fn fold_team(writer: &Writer, id: TeamId, events: &[&Recorded]) -> Result<(), Error> {
    let db = &writer.tx;
    let stream = StreamId::from(id);
    let mut state: Option<Team> = aggregate::load(db, stream)?;
    for recorded in events {
        Team::apply(&mut state, id, recorded);
    }
    let (Some(team), Some(first)) = (state, events.first()) else { return Ok(()) };
    aggregate::save(db, stream, &team)?;
    db.prepare_cached(
        "INSERT INTO team (id, name, first_seq) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    )
    .and_then(|mut s| s.execute((id.0, &team.name, first.seq.cast_signed())))
    .doing("store a team")?;
    Ok(())
}

pub(crate) fn fold_user(writer: &Writer, id: UserId, events: &[&Recorded]) -> Result<(), Error> {
    let db = &writer.tx;
    let stream = StreamId::from(id);
    let mut state: Option<User> = aggregate::load(db, stream)?;
    for recorded in events {
        User::apply(&mut state, id, recorded);
    }
    let Some(user) = state else { return Ok(()) };
    aggregate::save(db, stream, &user)?;
    db.prepare_cached(
        "INSERT INTO user (id, name, login, role, active) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, login = excluded.login, role = excluded.role,
             active = excluded.active",
    )
    .and_then(|mut s| s.execute((id.0, &user.name, &user.login, user.role.name(), user.active)))
    .doing("store a person")?;
    Ok(())
}

pub(crate) fn fold_account(writer: &Writer, id: AccountId, events: &[&Recorded]) -> Result<(), Error> {
    let db = &writer.tx;
    let stream = StreamId::from(id);
    let mut state: Option<Account> = aggregate::load(db, stream)?;
    for recorded in events {
        Account::apply(&mut state, id, recorded);
    }
    let (Some(account), Some(first)) = (state, events.first()) else { return Ok(()) };
    aggregate::save(db, stream, &account)?;
    let settings = &account.settings;
    db.prepare_cached(
        "INSERT INTO account (id, name, channel, address, team, removed, first_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, channel = excluded.channel,
             address = excluded.address, team = excluded.team, removed = excluded.removed",
    )
    .and_then(|mut s| {
        s.execute((
            id.0,
            &settings.name,
            settings.channel.name(),
            &settings.address,
            settings.team.0,
            account.removed,
            first.seq.cast_signed(),
        ))
    })
    .doing("store an account")?;
    Ok(())
}

pub(crate) fn fold_mailbox(writer: &Writer, id: AccountId, events: &[&Recorded]) -> Result<(), Error> {
    let stream = StreamId::mailbox(id);
    let mut state: Option<Mailbox> = aggregate::load(&writer.tx, stream)?;
    for recorded in events {
        Mailbox::apply(&mut state, id, recorded);
        keep_ledger(&writer.tx, id, recorded)?;
    }
    match state {
        Some(mailbox) => aggregate::save(&writer.tx, stream, &mailbox),
        None => Ok(()),
    }
}

/// Its state is all there is to it.
pub(crate) fn fold_workspace(writer: &Writer, stream: StreamId, events: &[&Recorded]) -> Result<(), Error> {
    let mut state: Option<Restored> = aggregate::load(&writer.tx, stream)?;
    for recorded in events {
        Restored::apply(&mut state, recorded);
    }
    match state {
        Some(restored) => aggregate::save(&writer.tx, stream, &restored),
        None => Ok(()),
    }
}

fn keep_ledger(db: &Connection, id: AccountId, recorded: &Recorded) -> Result<(), Error> {
    if let Event::SetAsideRetried { of, place, entry } = &recorded.event {
        return retried(db, id, (*of, *place), entry);
    }
    for (place, entry) in recorded.event.ledger().iter().enumerate() {
        let fate = fate(entry)?;
        db.prepare_cached(
            "INSERT INTO ledger (account, seq, place, uid, remote_id, fate) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .and_then(|mut s| {
            let place = i64::try_from(place).unwrap_or(i64::MAX);
            s.execute((id.0, recorded.seq.cast_signed(), place, entry.uid, &entry.remote_id, fate))
        })
        .doing("keep a ledger")?;
    }
    Ok(())
}

fn retried(
    db: &Connection,
    id: AccountId,
    (of, place): (u64, u32),
    entry: &LedgerEntry,
) -> Result<(), Error> {
    let fate = fate(entry)?;
    db.prepare_cached(
        "UPDATE ledger SET remote_id = ?4, fate = ?5 WHERE account = ?1 AND seq = ?2 AND place = ?3",
    )
    .and_then(|mut s| s.execute((id.0, of.cast_signed(), place, &entry.remote_id, fate)))
    .doing("note a retry")?;
    Ok(())
}

fn fate(entry: &LedgerEntry) -> Result<String, Error> {
    serde_json::to_string(&entry.fate).map_err(|_| Error::Damaged { what: "a ledger entry" })
}

/// Something that an account saw and that was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    pub account: AccountId,
    /// Of the event that noted it.
    pub seq: u64,
    /// Its place among what that event noted.
    pub place: u32,
    pub uid: u32,
    pub fate: Fate,
}

impl Reader {
    /// The account of that channel and name that was removed last, to go on with where it was.
    pub fn removed_account(&self, channel: Channel, name: &str) -> Result<Option<AccountId>, Error> {
        self.db()
            .prepare_cached(
                "SELECT id FROM account WHERE removed = 1 AND channel = ?1 AND name = ?2
                 ORDER BY first_seq DESC LIMIT 1",
            )
            .and_then(|mut s| s.query_row((channel.name(), name), |r| r.get(0)).optional())
            .doing("look for an account that was removed")
            .map(|id| id.map(AccountId))
    }

    /// What every account set aside, each account's in the order in which it came.
    pub fn set_aside(&self) -> Result<Vec<Aside>, Error> {
        let mut rows = self
            .db()
            .prepare_cached(
                r#"SELECT account, seq, place, uid, fate FROM ledger WHERE fate NOT IN ('"taken"', '"duplicate"')
                   ORDER BY account, seq, place"#,
            )
            .doing("list what was set aside")?;
        let rows = rows
            .query_map([], |r| {
                Ok((AccountId(r.get(0)?), r.get::<_, i64>(1)?, r.get(2)?, r.get(3)?, r.get::<_, String>(4)?))
            })
            .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
            .doing("list what was set aside")?;
        let aside = |(account, seq, place, uid, fate): (AccountId, i64, u32, u32, String)| {
            let fate = serde_json::from_str(&fate).map_err(|_| Error::Damaged { what: "a ledger entry" })?;
            Ok(Aside { account, seq: seq.cast_unsigned(), place, uid, fate })
        };
        rows.into_iter().map(aside).collect()
    }
}

pub(crate) fn forget(db: &Connection, id: Uuid) -> Result<(), Error> {
    let all = [
        "DELETE FROM team WHERE id = ?1",
        "DELETE FROM user WHERE id = ?1",
        "DELETE FROM account WHERE id = ?1",
    ];
    for statement in all {
        db.prepare_cached(statement).and_then(|mut s| s.execute([id])).doing("forget a setting")?;
    }
    Ok(())
}

pub(crate) fn forget_mailbox(db: &Connection, account: Uuid) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM ledger WHERE account = ?1")
        .and_then(|mut s| s.execute([account]))
        .doing("forget a ledger")?;
    Ok(())
}
