//! Customers and the identities they are recognised by.

use std::collections::HashMap;

use evendesk_domain::channel::IdentityKind;
use evendesk_domain::customer::Customer;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Reader, Writer, aggregate};

pub(crate) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS customer (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    merged_into BLOB,
    opened_at INTEGER NOT NULL,
    erased_at INTEGER,
    last_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS customer_merged ON customer (merged_into, id) WHERE merged_into IS NOT NULL;
CREATE TABLE IF NOT EXISTS identity (
    customer BLOB NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    verified INTEGER NOT NULL,
    PRIMARY KEY (customer, kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS identity_owner ON identity (value, kind);
";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IdentityView {
    pub kind: IdentityKind,
    pub value: String,
    pub verified: bool,
}

/// Somebody who fits what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PersonHit {
    pub customer: CustomerId,
    pub name: String,
    pub identity: Option<IdentityView>,
}

pub(crate) fn fold(writer: &Writer, id: CustomerId, events: &[&Recorded]) -> Result<(), Error> {
    let db = &writer.tx;
    let stream = StreamId::from(id);
    let mut state: Option<Customer> = aggregate::load(db, stream)?;
    for recorded in events {
        Customer::apply(&mut state, id, recorded);
    }
    let (Some(customer), Some(last)) = (state, events.last()) else { return Ok(()) };
    aggregate::save(db, stream, &customer)?;
    db.prepare_cached(
        "INSERT INTO customer (id, name, merged_into, opened_at, erased_at, last_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, merged_into = excluded.merged_into,
             opened_at = excluded.opened_at, erased_at = excluded.erased_at, last_seq = excluded.last_seq",
    )
    .and_then(|mut s| {
        s.execute((
            id.0,
            &customer.name,
            customer.merged_into.map(|c| c.0),
            customer.opened_at.millis(),
            customer.erased_at.map(Timestamp::millis),
            last.seq.cast_signed(),
        ))
    })
    .doing("store a customer")?;
    for known in &customer.identities {
        db.prepare_cached(
            "INSERT INTO identity (customer, kind, value, verified) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (customer, kind, value) DO UPDATE SET verified = excluded.verified",
        )
        .and_then(|mut s| {
            s.execute((id.0, known.identity.kind.name(), &known.identity.value, known.verified))
        })
        .doing("store an identity")?;
    }
    Ok(())
}

pub(crate) fn forget(db: &Connection, id: Uuid) -> Result<(), Error> {
    for table in ["DELETE FROM identity WHERE customer = ?1", "DELETE FROM customer WHERE id = ?1"] {
        db.prepare_cached(table).and_then(|mut s| s.execute([id])).doing("forget a customer")?;
    }
    Ok(())
}

/// Where each absorbed customer went. Few, so every query that spans customers reads them whole.
pub(crate) struct Merges(HashMap<Uuid, Uuid>);

impl Merges {
    pub(crate) fn read(db: &Connection) -> Result<Self, Error> {
        db.prepare_cached("SELECT id, merged_into FROM customer WHERE merged_into IS NOT NULL")
            .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
            .map(Self)
            .doing("read merges")
    }

    pub(crate) fn root(&self, customer: Uuid) -> Uuid {
        let mut at = customer;
        // `decide` refuses cycles; the bound keeps damage from becoming an endless loop.
        for _ in 0..64 {
            match self.0.get(&at) {
                Some(next) => at = *next,
                None => break,
            }
        }
        at
    }

    /// The customer and everyone it absorbed.
    pub(crate) fn family(&self, root: Uuid) -> Vec<Uuid> {
        let mut family = vec![root];
        family.extend(self.0.keys().copied().filter(|id| self.root(*id) == root));
        family.sort_unstable();
        family
    }
}

pub(crate) fn identities(db: &Connection, customer: Uuid) -> Result<Vec<IdentityView>, Error> {
    db.prepare_cached("SELECT kind, value, verified FROM identity WHERE customer = ?1 ORDER BY kind, value")
        .and_then(|mut s| {
            s.query_map([customer], |r| {
                Ok(IdentityView {
                    kind: kind(&r.get::<_, String>(0)?),
                    value: r.get(1)?,
                    verified: r.get(2)?,
                })
            })?
            .collect()
        })
        .doing("read identities")
}

pub(crate) fn kind(name: &str) -> IdentityKind {
    match name {
        "phone" => IdentityKind::Phone,
        "social" => IdentityKind::Social,
        "postal" => IdentityKind::Postal,
        _ => IdentityKind::Email,
    }
}

/// The name to show: as the customer signs, else the first identity.
pub(crate) fn name(db: &Connection, customer: Uuid) -> Result<String, Error> {
    let names: Vec<String> = db
        .prepare_cached(
            "SELECT coalesce(nullif(name, ''),
                 (SELECT value FROM identity WHERE customer = id ORDER BY kind, value LIMIT 1), '')
             FROM customer WHERE id = ?1",
        )
        .and_then(|mut s| s.query_map([customer], |r| r.get(0))?.collect())
        .doing("read a name")?;
    Ok(names.into_iter().next().unwrap_or_default())
}

impl Reader {
    /// Whether the customer of a conversation was erased.
    pub fn is_erased(&self, conversation: ConversationId) -> Result<bool, Error> {
        self.db()
            .prepare_cached(
                "SELECT 1 FROM conversation c JOIN customer u ON u.id = c.customer
                 WHERE c.id = ?1 AND u.erased_at IS NOT NULL",
            )
            .and_then(|mut s| s.exists([conversation.0]))
            .doing("look whether a customer was erased")
    }
}

/// Most people offered while a name or number is typed.
const PEOPLE_OFFERED: i64 = 8;

impl Reader {
    /// Who fits a name, an address or a part of a number, while it is typed.
    pub fn find_person(&self, text: &str) -> Result<Vec<PersonHit>, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let number = if digits.len() >= 3 { like(digits.trim_start_matches('0')) } else { String::new() };
        let merges = Merges::read(self.db())?;
        let found: Vec<(Uuid, String, Option<IdentityView>)> = self
            .db()
            .prepare_cached(
                "SELECT c.id, c.name, i.kind, i.value, i.verified FROM customer c
                 LEFT JOIN identity i ON i.customer = c.id
                 WHERE c.name LIKE ?1 ESCAPE '\\' OR i.value LIKE ?1 ESCAPE '\\'
                    OR (?2 <> '' AND i.kind = 'phone' AND i.value LIKE ?2 ESCAPE '\\')
                 GROUP BY c.id ORDER BY c.name, c.id LIMIT ?3",
            )
            .and_then(|mut s| {
                s.query_map((like(text), number, PEOPLE_OFFERED), |r| {
                    Ok((r.get(0)?, r.get(1)?, identity(r)?))
                })?
                .collect()
            })
            .doing("find people")?;
        found
            .into_iter()
            .map(|(id, own, identity)| {
                let root = merges.root(id);
                let name = if own.is_empty() || root != id { name(self.db(), root)? } else { own };
                Ok(PersonHit { customer: CustomerId(root), name, identity })
            })
            .collect()
    }
}

/// The identity in columns 2 to 4, if the outer join found one.
fn identity(r: &rusqlite::Row) -> rusqlite::Result<Option<IdentityView>> {
    let Some(name) = r.get::<_, Option<String>>(2)? else { return Ok(None) };
    Ok(Some(IdentityView { kind: kind(&name), value: r.get(3)?, verified: r.get(4)? }))
}

/// Anywhere in the text, with the pattern's own signs taken literally.
fn like(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}
