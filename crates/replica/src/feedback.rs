//! Feedback cases as a list.

use evendesk_domain::channel::Identity;
use evendesk_domain::clock::{CompiledTerms, Priority, Target, TermsLookup};
use evendesk_domain::event::Event;
use evendesk_domain::feedback::{Feedback, FeedbackKind, FeedbackOutcome, FeedbackStatus};
use evendesk_domain::id::{FeedbackId, TeamId, UserId};
use evendesk_domain::quoting::{excerpt, names, on_one_line};
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::timer::instant;
use crate::{PROVISIONAL, Reader, Writer, aggregate, customer};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS feedback (
    id BLOB PRIMARY KEY,
    text TEXT NOT NULL,
    kind TEXT NOT NULL,
    source_title TEXT NOT NULL,
    source_address TEXT NOT NULL,
    department BLOB NOT NULL,
    status TEXT NOT NULL,
    owner BLOB,
    signed_by BLOB,
    logged_at INTEGER NOT NULL,
    acknowledge_due_at INTEGER,
    resolve_due_at INTEGER,
    acknowledged_at INTEGER,
    closed_at INTEGER,
    outcome TEXT,
    because TEXT NOT NULL,
    last_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS feedback_by_age ON feedback (logged_at DESC, id) WHERE status <> 'withdrawn';
";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FeedbackRow {
    pub id: FeedbackId,
    pub text: String,
    pub kind: FeedbackKind,
    pub source_title: String,
    pub source_address: String,
    pub department: TeamId,
    pub status: FeedbackStatus,
    pub owner: Option<UserId>,
    pub signed_by: Option<UserId>,
    pub logged_at: Timestamp,
    pub acknowledge_due_at: Option<Timestamp>,
    pub resolve_due_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub outcome: Option<FeedbackOutcome>,
    pub because: String,
    pub pending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct FeedbackPage {
    pub rows: Vec<FeedbackRow>,
    #[ts(type = "number")]
    pub total: usize,
}

/// Names of serde's unit variants, as the tables hold them.
fn text_of<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn of_text<T: for<'a> Deserialize<'a>>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

pub(crate) fn fold(writer: &Writer, id: FeedbackId, events: &[&Recorded]) -> Result<(), Error> {
    let db = &writer.tx;
    let stream = StreamId::from(id);
    let mut state: Option<Feedback> = aggregate::load(db, stream)?;
    for recorded in events {
        Feedback::apply(&mut state, id, recorded);
        let Some(case) = &state else { continue };
        row(writer, case, recorded)?;
    }
    let Some(case) = state else { return Ok(()) };
    aggregate::save(db, stream, &case)
}

fn row(writer: &Writer, case: &Feedback, recorded: &Recorded) -> Result<(), Error> {
    let db = &writer.tx;
    if let Event::FeedbackLogged(logged) = &recorded.event {
        insert(db, case, &logged.text, writer.terms().terms(case.terms).as_deref())?;
    }
    if let Event::FeedbackClosed { outcome, because } = &recorded.event {
        db.prepare_cached("UPDATE feedback SET outcome = ?2, because = ?3 WHERE id = ?1")
            .and_then(|mut s| s.execute((case.id.0, text_of(outcome), because)))
            .doing("note an outcome")?;
    }
    db.prepare_cached(
        "UPDATE feedback SET status = ?2, owner = ?3, acknowledged_at = ?4, closed_at = ?5, last_seq = ?6
         WHERE id = ?1",
    )
    .and_then(|mut s| {
        s.execute((
            case.id.0,
            text_of(&case.status),
            case.owner.map(|o| o.0),
            case.acknowledged_at.map(Timestamp::millis),
            case.closed_at.map(Timestamp::millis),
            recorded.seq.cast_signed(),
        ))
    })
    .doing("store a feedback case")?;
    Ok(())
}

/// Both steps run from the instant of logging, on the department's calendar, without pauses.
fn insert(db: &Connection, case: &Feedback, text: &str, terms: Option<&CompiledTerms>) -> Result<(), Error> {
    let due = |target| {
        let terms = terms?;
        let target_s = terms.policy.target_s(Priority::Normal, target)?;
        terms.calendar.due(case.logged_at, target_s).map(Timestamp::millis)
    };
    db.prepare_cached(
        "INSERT INTO feedback (id, text, kind, source_title, source_address, department, status, signed_by,
             logged_at, acknowledge_due_at, resolve_due_at, because, last_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'new', ?7, ?8, ?9, ?10, '', 0)",
    )
    .and_then(|mut s| {
        s.execute((
            case.id.0,
            text,
            text_of(&case.kind),
            &case.source.title,
            &case.source.address,
            case.department.0,
            case.signed_by.map(|u| u.0),
            case.logged_at.millis(),
            due(Target::FirstResponse),
            due(Target::Resolution),
        ))
    })
    .doing("store a feedback case")?;
    Ok(())
}

/// Cases that name an identity of the customer's, or whose text stands in what was said in a conversation of
/// theirs: what "log as feedback" took from there. Our own answers are left out, since their words are in
/// many conversations. A case that was freed of everything personal before it was logged is neither.
pub(crate) fn quoting(db: &Connection, customer: Uuid) -> Result<Vec<Uuid>, Error> {
    let identities: Vec<Identity> = customer::identities(db, customer)?
        .into_iter()
        .map(|known| Identity { kind: known.kind, value: known.value })
        .collect();
    let said: Vec<String> = db
        .prepare_cached(
            "SELECT m.text FROM conversation c JOIN message m ON m.conversation = c.id
             WHERE c.customer = ?1 AND m.kind <> 'reply' AND m.text <> ''",
        )
        .and_then(|mut s| s.query_map([customer], |r| Ok(on_one_line(&r.get::<_, String>(0)?)))?.collect())
        .doing("read what a customer said")?;
    let mut statement = db
        .prepare_cached(
            "SELECT id, text, source_title, source_address, because FROM feedback WHERE text <> '' ORDER BY id",
        )
        .doing("look for feedback that quotes a customer")?;
    let mut rows = statement.query([]).doing("look for feedback that quotes a customer")?;
    let mut quoting = Vec::new();
    while let Some(row) = rows.next().doing("look for feedback that quotes a customer")? {
        let text = |n| row.get::<_, String>(n).doing("look for feedback that quotes a customer");
        let written = [text(1)?, text(2)?, text(3)?, text(4)?];
        let is_named = written.iter().any(|text| identities.iter().any(|known| names(text, known)));
        let is_said = excerpt(&written[0]).is_some_and(|e| said.iter().any(|message| message.contains(&e)));
        if is_named || is_said {
            quoting.push(row.get(0).doing("look for feedback that quotes a customer")?);
        }
    }
    Ok(quoting)
}

pub(crate) fn forget(db: &Connection, id: Uuid) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM feedback WHERE id = ?1")
        .and_then(|mut s| s.execute([id]))
        .doing("forget a feedback case")?;
    Ok(())
}

fn view(r: &Row) -> rusqlite::Result<FeedbackRow> {
    Ok(FeedbackRow {
        id: FeedbackId(r.get(0)?),
        text: r.get(1)?,
        kind: of_text(&r.get::<_, String>(2)?).unwrap_or_default(),
        source_title: r.get(3)?,
        source_address: r.get(4)?,
        department: TeamId(r.get(5)?),
        status: of_text(&r.get::<_, String>(6)?).unwrap_or(FeedbackStatus::New),
        owner: r.get::<_, Option<Uuid>>(7)?.map(UserId),
        signed_by: r.get::<_, Option<Uuid>>(8)?.map(UserId),
        logged_at: Timestamp::from_millis(r.get(9)?),
        acknowledge_due_at: instant(r, 10)?,
        resolve_due_at: instant(r, 11)?,
        acknowledged_at: instant(r, 12)?,
        closed_at: instant(r, 13)?,
        outcome: r.get::<_, Option<String>>(14)?.and_then(|o| of_text(&o)),
        because: r.get(15)?,
        pending: r.get::<_, i64>(16)?.cast_unsigned() >= PROVISIONAL,
    })
}

impl Reader {
    /// Cases, the latest first; those taken back are left out.
    pub fn feedback(&self, offset: usize, limit: usize) -> Result<FeedbackPage, Error> {
        let db = self.db();
        let total: i64 = db
            .prepare_cached("SELECT count(*) FROM feedback WHERE status <> 'withdrawn'")
            .and_then(|mut s| s.query_row([], |r| r.get(0)))
            .doing("count feedback")?;
        let rows = db
            .prepare_cached(
                "SELECT id, text, kind, source_title, source_address, department, status, owner, signed_by,
                     logged_at, acknowledge_due_at, resolve_due_at, acknowledged_at, closed_at, outcome, because,
                     last_seq
                 FROM feedback WHERE status <> 'withdrawn' ORDER BY logged_at DESC, id LIMIT ?2 OFFSET ?1",
            )
            .and_then(|mut s| s.query_map((offset.cast_signed() as i64, limit.cast_signed() as i64), view)?.collect())
            .doing("read feedback")?;
        Ok(FeedbackPage { rows, total: usize::try_from(total).unwrap_or(0) })
    }
}
