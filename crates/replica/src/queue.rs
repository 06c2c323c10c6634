//! The queues: a row is a customer, ordered by what is due first.

use std::collections::HashSet;

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{Priority, Status};
use evendesk_domain::id::{ConversationId, CustomerId, TeamId, UserId};
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, Params, Row};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::customer::{self, Merges};
use crate::error::{Doing, Error};
use crate::timer::{self, TimerView};
use crate::{PROVISIONAL, Reader, Viewer};

/// A list an agent can look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// Customers with an open turn or a running resolution.
    DueNext,
    Mine,
    Unassigned,
    Waiting,
    Snoozed,
    /// The latest first.
    Resolved,
    Team {
        team: TeamId,
    },
    /// What is open and was said on a social network.
    Mentions,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QueuePage {
    pub rows: Vec<QueueRow>,
    /// Customers in the list.
    #[ts(type = "number")]
    pub total: usize,
    /// There are more than were counted.
    pub capped: bool,
    pub as_of: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QueueRow {
    pub customer: CustomerId,
    pub name: String,
    /// Everything of them was erased: there is no name to show.
    pub erased: bool,
    /// The most urgent one.
    pub conversation: ConversationId,
    pub preview: String,
    pub subject: String,
    pub channels: Vec<Channel>,
    pub assignee: Option<UserId>,
    pub priority: Priority,
    pub status: Status,
    /// The open turn, else the resolution.
    pub timer: Option<TimerView>,
    /// Open matters of this customer.
    #[ts(type = "number")]
    pub matters: usize,
    pub last_at: Timestamp,
    pub snoozed_until: Option<Timestamp>,
    /// Something here waits for the server's word.
    pub pending: bool,
}

/// Conversations looked at for a list at most; beyond, the count says "more".
const COUNTED: usize = 20_000;

/// A conversation on its way into a list.
struct Candidate {
    customer: Uuid,
    conversation: Uuid,
}

/// The customers of a list in order, each with its most urgent conversation.
pub(crate) struct Listed {
    rows: Vec<Candidate>,
    pub(crate) capped: bool,
}

impl Listed {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

/// Due lists come from one partial index, in its order, without touching the table.
fn candidates(db: &Connection, place: &Place, viewer: &Viewer) -> Result<Vec<Candidate>, Error> {
    let now = viewer.now.millis();
    let awake = "queued = 1 AND (hidden_until IS NULL OR hidden_until <= ?1)";
    let most = i64::try_from(COUNTED).unwrap_or(i64::MAX);
    match place {
        Place::DueNext => {
            let sql =
                format!("SELECT customer, id FROM conversation WHERE {awake} ORDER BY due_key, id LIMIT ?2");
            listed(db, &sql, (now, most))
        }
        Place::Mine => {
            let sql = format!(
                "SELECT customer, id FROM conversation WHERE {awake} AND assignee = ?3 ORDER BY due_key, id LIMIT ?2"
            );
            listed(db, &sql, (now, most, viewer.user.0))
        }
        Place::Unassigned => {
            let sql = format!(
                "SELECT customer, id FROM conversation WHERE {awake} AND assignee IS NULL ORDER BY due_key, id LIMIT ?2"
            );
            listed(db, &sql, (now, most))
        }
        Place::Team { team } => {
            let sql = format!(
                "SELECT customer, id FROM conversation WHERE {awake} AND team = ?3 ORDER BY due_key, id LIMIT ?2"
            );
            listed(db, &sql, (now, most, team.0))
        }
        Place::Mentions => {
            let sql = format!(
                "SELECT customer, id FROM conversation WHERE {awake} AND instr(channels, 'social') > 0
                 ORDER BY due_key, id LIMIT ?2"
            );
            listed(db, &sql, (now, most))
        }
        Place::Waiting => listed(
            db,
            "SELECT customer, id FROM conversation WHERE status = 'waiting' ORDER BY last_word_at, id LIMIT ?1",
            [most],
        ),
        Place::Snoozed => listed(
            db,
            "SELECT customer, id FROM conversation WHERE snoozed_until IS NOT NULL AND hidden_until > ?1
             ORDER BY hidden_until, id LIMIT ?2",
            (now, most),
        ),
        Place::Resolved => listed(
            db,
            "SELECT customer, id FROM conversation WHERE status = 'resolved' ORDER BY last_word_at DESC, id LIMIT ?1",
            [most],
        ),
    }
}

fn listed(db: &Connection, sql: &str, params: impl Params) -> Result<Vec<Candidate>, Error> {
    db.prepare_cached(sql)
        .and_then(|mut s| {
            s.query_map(params, |r| Ok(Candidate { customer: r.get(0)?, conversation: r.get(1)? }))?.collect()
        })
        .doing("read a queue")
}

/// One row a customer: the first of its conversations leads.
pub(crate) fn list(db: &Connection, place: &Place, viewer: &Viewer) -> Result<Listed, Error> {
    let found = candidates(db, place, viewer)?;
    once_each(db, found)
}

fn once_each(db: &Connection, found: Vec<Candidate>) -> Result<Listed, Error> {
    let capped = found.len() >= COUNTED;
    let merges = Merges::read(db)?;
    let mut seen = HashSet::with_capacity(found.len());
    let mut rows = found;
    rows.retain_mut(|c| {
        c.customer = merges.root(c.customer);
        seen.insert(c.customer)
    });
    Ok(Listed { rows, capped })
}

impl Reader {
    /// A page of a queue.
    pub fn queue(
        &self,
        viewer: &Viewer,
        place: &Place,
        offset: usize,
        limit: usize,
    ) -> Result<QueuePage, Error> {
        self.page(viewer, &list(self.db(), place, viewer)?, offset, limit)
    }

    /// The conversations named, as a page in that order: the lists behind the board's figures.
    pub(crate) fn page_of(
        &self,
        viewer: &Viewer,
        conversations: Vec<(Uuid, Uuid)>,
        limit: usize,
    ) -> Result<QueuePage, Error> {
        let found = conversations
            .into_iter()
            .map(|(customer, conversation)| Candidate { customer, conversation })
            .collect();
        self.page(viewer, &once_each(self.db(), found)?, 0, limit)
    }

    fn page(
        &self,
        viewer: &Viewer,
        listed: &Listed,
        offset: usize,
        limit: usize,
    ) -> Result<QueuePage, Error> {
        let rows = listed
            .rows
            .iter()
            .skip(offset)
            .take(limit)
            .filter_map(|c| self.row(c).transpose())
            .collect::<Result<_, _>>()?;
        Ok(QueuePage { rows, total: listed.len(), capped: listed.capped, as_of: viewer.now })
    }

    fn row(&self, candidate: &Candidate) -> Result<Option<QueueRow>, Error> {
        let db = self.db();
        let rows: Vec<QueueRow> = db
            .prepare_cached(
                "SELECT id, preview, subject, channels, assignee, priority, status, last_word_at, snoozed_until, last_seq,
                     EXISTS (SELECT 1 FROM customer WHERE id = ?2 AND erased_at IS NOT NULL)
                 FROM conversation WHERE id = ?1",
            )
            .and_then(|mut s| {
                let of = (candidate.conversation, candidate.customer);
                s.query_map(of, |r| row(r, candidate.customer))?.collect()
            })
            .doing("read a row of a queue")?;
        let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
        row.name = customer::name(db, candidate.customer)?;
        row.timer = timer::leading(db, candidate.conversation)?;
        row.matters = open_matters(db, candidate.customer)?;
        Ok(Some(row))
    }
}

fn open_matters(db: &Connection, customer: Uuid) -> Result<usize, Error> {
    let count: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM conversation WHERE customer = ?1 AND status IN ('open', 'waiting', 'hold')",
        )
        .and_then(|mut s| s.query_row([customer], |r| r.get(0)))
        .doing("count matters")?;
    Ok(usize::try_from(count).unwrap_or(0))
}

fn row(r: &Row, customer: Uuid) -> rusqlite::Result<QueueRow> {
    Ok(QueueRow {
        customer: CustomerId(customer),
        name: String::new(),
        erased: r.get(10)?,
        conversation: ConversationId(r.get(0)?),
        preview: r.get(1)?,
        subject: r.get(2)?,
        channels: channels(&r.get::<_, String>(3)?),
        assignee: r.get::<_, Option<Uuid>>(4)?.map(UserId),
        priority: priority(&r.get::<_, String>(5)?),
        status: status(&r.get::<_, String>(6)?),
        timer: None,
        matters: 0,
        last_at: Timestamp::from_millis(r.get(7)?),
        snoozed_until: timer::instant(r, 8)?,
        pending: r.get::<_, i64>(9)?.cast_unsigned() >= PROVISIONAL,
    })
}

pub(crate) fn channels(list: &str) -> Vec<Channel> {
    list.split(',').filter_map(Channel::from_name).collect()
}

pub(crate) fn priority(name: &str) -> Priority {
    Priority::ALL.into_iter().find(|p| p.name() == name).unwrap_or_default()
}

pub(crate) fn status(name: &str) -> Status {
    match name {
        "waiting" => Status::Waiting,
        "hold" => Status::Hold,
        "resolved" => Status::Resolved,
        _ => Status::Open,
    }
}
