//! Appending: one statement, which is one transaction and one round trip, moves the head row where it
//! stands as expected and puts the rows beside it, or does nothing at all. A node that stops in between
//! holds nothing, since there is no in between.

use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::dial::{Dial, is_lost};
use super::{Failed, Lost, events, schema, signed, store, unsigned};
use crate::row::EventRow;
use crate::{Batch, Error};

/// An append, with whatever else is to be done in it.
macro_rules! append {
    ($more:literal) => {
        concat!(
            "
WITH moved AS (
    UPDATE workspace SET head = head + cardinality($3::bigint[])
     WHERE epoch = $1 AND head = $2 RETURNING head
), kept AS (
    INSERT INTO event (seq, stream_id, stream_kind, at, actor, command, payload)
    SELECT e.* FROM moved, unnest($3::bigint[], $4::bytea[], $5::text[], $6::bigint[], $7::text[],
                                  $8::bytea[], $9::text[]) AS e
), decided AS (
    INSERT INTO decision (command, outcome, at)
    SELECT d.* FROM moved, unnest($10::bytea[], $11::text[], $12::bigint[]) AS d
)",
            $more,
            " SELECT head FROM moved"
        )
    };
}

const APPEND: &str = append!("");
const APPEND_AND_BLANK: &str = append!(
    ", blanked AS (
    UPDATE event SET payload = b.payload FROM moved, unnest($13::bigint[], $14::text[]) AS b (seq, payload)
     WHERE event.seq = b.seq
)"
);

/// How long an answer that was lost is looked for.
const SEARCH: Duration = Duration::from_secs(20);
const SEARCH_PAUSE: Duration = Duration::from_millis(100);
/// Tries of one append, each on a connection of its own. Only what was surely not kept is tried again.
const TRIES: u32 = 3;

/// The connection that appends go through, and who it is on the other side.
pub(super) struct Writer {
    client: Client,
    append: Statement,
    backend: i32,
    /// With it, a number that was given to another backend since is told apart.
    since: String,
}

impl Writer {
    async fn open(dial: &Dial) -> Result<Self, Lost> {
        let (client, _) = dial.connect(|_| {}).await?;
        let append = client.prepare(APPEND).await?;
        let who = "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()";
        let row = client.query_one(who, &[]).await?;
        Ok(Self { client, append, backend: row.get(0), since: row.get(1) })
    }
}

/// The writer if it is there and alive, or a new one.
async fn writer<'a>(dial: &Dial, kept: &'a mut Option<Writer>) -> Result<&'a mut Writer, Lost> {
    match kept.take_if(|writer| !writer.client.is_closed()) {
        Some(alive) => Ok(kept.insert(alive)),
        None => Ok(kept.insert(Writer::open(dial).await?)),
    }
}

/// The columns of a batch.
#[derive(Default)]
struct Columns<'a> {
    seq: Vec<i64>,
    stream_id: Vec<Vec<u8>>,
    stream_kind: Vec<String>,
    at: Vec<i64>,
    actor: Vec<String>,
    command: Vec<Vec<u8>>,
    payload: Vec<String>,
    decided: Vec<&'a [u8]>,
    outcome: Vec<&'a str>,
    decided_at: Vec<i64>,
    blanked: Vec<i64>,
    blank: Vec<String>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a Batch) -> Self {
        let mut columns = Self::default();
        for row in batch.events.iter().map(EventRow::of) {
            columns.seq.push(signed(row.seq));
            columns.stream_id.push(row.stream_id.as_bytes().to_vec());
            columns.stream_kind.push(row.stream_kind);
            columns.at.push(row.at);
            columns.actor.push(row.actor);
            columns.command.push(row.command);
            columns.payload.push(row.payload);
        }
        for decision in &batch.decisions {
            columns.decided.push(decision.command.0.as_bytes().as_slice());
            columns.outcome.push(&decision.outcome);
            columns.decided_at.push(decision.at.millis());
        }
        for (seq, event) in &batch.blanked {
            columns.blanked.push(signed(*seq));
            columns.blank.push(event.to_text());
        }
        columns
    }
}

pub(super) async fn append(
    dial: &Dial,
    kept: &mut Option<Writer>,
    epoch: u64,
    batch: &Batch,
) -> Result<(), Error> {
    batch.end()?;
    let columns = Columns::of(batch);
    let mut tries = 1;
    loop {
        let writer = writer(dial, kept).await.failed("reach the journal's database")?;
        check_blanked(&writer.client, batch).await?;
        match attempt(writer, epoch, batch.base, &columns).await {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(why_not(&writer.client, epoch).await),
            Err(e) if schema::is_taken(&e, "decision") => return Err(Error::Decided),
            Err(e) if !is_lost(&e) => return Err(store("append to the journal", e)),
            Err(e) => {
                let lost = kept.take();
                if find_out(dial, lost, kept, batch, &e).await? {
                    return Ok(());
                }
                if tries == TRIES {
                    return Err(store("append to the journal", e));
                }
                tries += 1;
            }
        }
    }
}

async fn attempt(writer: &Writer, epoch: u64, base: u64, c: &Columns<'_>) -> Result<bool, Lost> {
    let (epoch, base) = (signed(epoch), signed(base));
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![
        &epoch,
        &base,
        &c.seq,
        &c.stream_id,
        &c.stream_kind,
        &c.at,
        &c.actor,
        &c.command,
        &c.payload,
        &c.decided,
        &c.outcome,
        &c.decided_at,
    ];
    let moved = if c.blanked.is_empty() {
        writer.client.query_opt(&writer.append, &params).await?
    } else {
        params.extend([&c.blanked as &(dyn ToSql + Sync), &c.blank]);
        writer.client.query_opt(APPEND_AND_BLANK, &params).await?
    };
    Ok(moved.is_some())
}

/// What an event is stays for ever, so that it may be looked up beforehand.
async fn check_blanked(client: &Client, batch: &Batch) -> Result<(), Error> {
    for (seq, event) in &batch.blanked {
        let before = client.query(events::ONE, &[&signed(*seq)]).await.failed("read an event")?;
        let before = events::recorded(&before)?.pop().ok_or(Error::NotTheSame { seq: *seq })?;
        if std::mem::discriminant(&before.event) != std::mem::discriminant(event) {
            return Err(Error::NotTheSame { seq: *seq });
        }
    }
    Ok(())
}

/// Nothing was written, since the head row is not as it was expected.
async fn why_not(client: &Client, ours: u64) -> Error {
    match client.query_opt("SELECT epoch, head FROM workspace", &[]).await {
        Err(e) => store("read the journal's head", e),
        Ok(None) => Error::NoWorkspace,
        Ok(Some(row)) => {
            let (theirs, head) = (unsigned(row.get(0)), unsigned(row.get(1)));
            if theirs == ours { Error::Behind { head } } else { Error::Fenced { ours, theirs } }
        }
    }
}

/// The answer to an append was lost: whether it was kept is looked up before anything is said. What the
/// lost connection may still be doing is ended first, lest it be kept after we have looked.
async fn find_out(
    dial: &Dial,
    lost: Option<Writer>,
    kept: &mut Option<Writer>,
    batch: &Batch,
    cause: &Lost,
) -> Result<bool, Error> {
    let give_up = Instant::now() + SEARCH;
    loop {
        match look(dial, lost.as_ref(), kept, batch).await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(_) => *kept = None,
        }
        if Instant::now() > give_up {
            return Err(Error::Unsure { cause: super::said(cause).into() });
        }
        tokio::time::sleep(SEARCH_PAUSE).await;
    }
}

/// None while the lost connection's other end is still there.
async fn look(
    dial: &Dial,
    lost: Option<&Writer>,
    kept: &mut Option<Writer>,
    batch: &Batch,
) -> Result<Option<bool>, Lost> {
    let client = &writer(dial, kept).await?.client;
    if let Some(lost) = lost {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE pid = $1 AND backend_start::text = $2";
        if client.query_opt(end, &[&lost.backend, &lost.since]).await?.is_some() {
            return Ok(None);
        }
    }
    is_kept(client, batch).await.map(Some)
}

async fn is_kept(client: &Client, batch: &Batch) -> Result<bool, Lost> {
    if let Some(decision) = batch.decisions.first() {
        let command = decision.command.0.as_bytes().as_slice();
        let kept = client.query_opt(events::DECISION, &[&command]).await?;
        return Ok(kept.as_ref().map(events::decision).transpose()?.as_ref() == Some(decision));
    }
    let count = i64::try_from(batch.events.len()).unwrap_or(i64::MAX);
    let rows = client.query(events::AFTER, &[&signed(batch.base), &count]).await?;
    let rows = rows.iter().map(events::row).collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().eq(batch.events.iter().map(EventRow::of)))
}

/// Writes the table anew: a plain `VACUUM` gives the replaced rows' place free, but leaves their bytes in it.
/// Everyone waits meanwhile. False where somebody reads all of it, as a backup does. What the database keeps
/// of its own (its log until that is used again, archives and backups of it) is out of our reach;
/// `docs/operations.md` says so.
pub(super) async fn clear_blanked(dial: &Dial) -> Result<bool, Error> {
    let doing = "clear away what was erased";
    let (client, _) = dial.connect(|_| {}).await.failed(doing)?;
    // It may take long, but everyone else queues up behind it while it waits for its turn.
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = '10s'").await.failed(doing)?;
    match client.batch_execute("VACUUM FULL event").await {
        Err(e) if e.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(false),
        done => done.map(|()| true).failed(doing),
    }
}
