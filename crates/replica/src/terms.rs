//! Terms, compiled once and kept: rows of settings that never change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use evendesk_domain::clock::{CompiledTerms, Terms, TermsLookup};
use evendesk_domain::event::Event;
use evendesk_domain::id::TermsId;
use evendesk_domain::stream::Recorded;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Reader, Writer};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS terms (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    terms TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

pub(crate) type TermsCache = Arc<Mutex<HashMap<TermsId, Arc<CompiledTerms>>>>;

/// The first saving counts: terms are followed by other terms, never edited.
pub(crate) fn fold(writer: &Writer, id: TermsId, events: &[&Recorded]) -> Result<(), Error> {
    for recorded in events {
        let Event::TermsSaved { name, terms } = &recorded.event else { continue };
        let json = serde_json::to_string(terms).map_err(|_| Error::Damaged { what: "terms" })?;
        writer
            .tx
            .prepare_cached(
                "INSERT INTO terms (id, name, terms) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING",
            )
            .and_then(|mut s| s.execute((id.0, name, json)))
            .doing("store terms")?;
    }
    Ok(())
}

pub(crate) fn forget(db: &Connection, id: Uuid) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM terms WHERE id = ?1")
        .and_then(|mut s| s.execute([id]))
        .doing("forget terms")?;
    Ok(())
}

/// Terms as the engine asks for them.
pub struct KnownTerms<'a> {
    db: &'a Connection,
    cache: &'a TermsCache,
}

impl TermsLookup for KnownTerms<'_> {
    fn terms(&self, id: TermsId) -> Option<Arc<CompiledTerms>> {
        if let Some(known) = self.cache.lock().ok()?.get(&id) {
            return Some(Arc::clone(known));
        }
        let json: String = self
            .db
            .prepare_cached("SELECT terms FROM terms WHERE id = ?1")
            .and_then(|mut s| s.query_row([id.0], |r| r.get(0)).optional())
            .ok()??;
        let terms: Terms = serde_json::from_str(&json).ok()?;
        let compiled = Arc::new(terms.compile().ok()?);
        self.cache.lock().ok()?.insert(id, Arc::clone(&compiled));
        Some(compiled)
    }
}

impl Writer<'_> {
    pub fn terms(&self) -> KnownTerms<'_> {
        KnownTerms { db: &self.tx, cache: &self.terms }
    }
}

impl Reader {
    pub fn terms(&self) -> KnownTerms<'_> {
        KnownTerms { db: self.db(), cache: self.terms_cache() }
    }
}
