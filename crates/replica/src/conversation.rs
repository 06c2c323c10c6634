//! One row a conversation: its summary, and its place in the queues.

use evendesk_domain::clock::{Reading, Status, Target};
use evendesk_domain::conversation::Conversation;
use evendesk_domain::id::ConversationId;
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Writer, aggregate, change, copied, message, timer};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS conversation (
    id BLOB PRIMARY KEY,
    customer BLOB NOT NULL,
    subject TEXT NOT NULL,
    team BLOB NOT NULL,
    assignee BLOB,
    priority TEXT NOT NULL,
    status TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    last_word_at INTEGER NOT NULL,
    preview TEXT NOT NULL,
    channels TEXT NOT NULL,
    snoozed_until INTEGER,
    -- A snooze ends here: at its time, or when something is at risk.
    hidden_until INTEGER,
    -- 1: somebody waits, or the resolution runs.
    queued INTEGER NOT NULL,
    -- What the queue is ordered by: the earliest due instant; without one, behind all others, oldest first.
    due_key INTEGER NOT NULL,
    due_at INTEGER,
    last_seq INTEGER NOT NULL,
    guessed INTEGER NOT NULL,
    read_only INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS conversation_queue ON conversation
    (due_key, id, customer, team, assignee, hidden_until, due_at) WHERE queued = 1;
CREATE INDEX IF NOT EXISTS conversation_by_customer ON conversation (customer, status, last_word_at);
CREATE INDEX IF NOT EXISTS conversation_waiting ON conversation (last_word_at, id, customer)
    WHERE status = 'waiting';
CREATE INDEX IF NOT EXISTS conversation_resolved ON conversation (last_word_at DESC, id, customer)
    WHERE status = 'resolved';
CREATE INDEX IF NOT EXISTS conversation_snoozed ON conversation (hidden_until, id, customer)
    WHERE snoozed_until IS NOT NULL;
CREATE INDEX IF NOT EXISTS conversation_by_age ON conversation (last_word_at, id, customer);
";

/// Added to an instant so that it sorts behind every due instant there can be (about the year 142,000).
const BEHIND_ALL: i64 = 1 << 52;
/// Characters of the last word shown in a row.
const PREVIEW_CHARS: usize = 160;

/// Folds the events of one conversation that are new, and writes its summary once.
pub(crate) fn fold(writer: &Writer, id: ConversationId, events: &[&Recorded]) -> Result<(), Error> {
    let db = &writer.tx;
    let stream = StreamId::from(id);
    let mut state: Option<Conversation> = aggregate::load(db, stream)?;
    for recorded in events {
        Conversation::apply(&mut state, id, recorded);
        message::fold(db, recorded)?;
        change::fold(db, recorded)?;
        copied::fold(db, recorded)?;
    }
    let (Some(conversation), Some(last)) = (state, events.last()) else { return Ok(()) };
    aggregate::save(db, stream, &conversation)?;
    let reading = conversation.reading(&writer.terms());
    timer::fold(db, &conversation, &reading)?;
    summarise(db, &conversation, &reading, last.seq)
}

fn summarise(db: &Connection, c: &Conversation, reading: &Reading, last_seq: u64) -> Result<(), Error> {
    let open = reading.timers.iter().filter(|t| t.is_open());
    let due_at = reading.next_due();
    let at_risk = open.clone().filter_map(|t| t.breached_at.or(t.at_risk_at)).min();
    let running = open.clone().any(|t| t.target == Target::Resolution && !t.paused);
    let queued = reading.status != Status::Resolved
        && c.merged_into.is_none()
        && (reading.open_turn.is_some() || running);
    let since = open.map(|t| t.started_at).min().unwrap_or(c.last_word_at);
    let due_key = due_at.map_or(since.millis() + BEHIND_ALL, Timestamp::millis);
    let hidden_until = c.snoozed_until.map(|until| at_risk.map_or(until, |risk| until.min(risk)));
    let (preview, channels, guessed) = last_words(db, c.id.0)?;
    // What goes on elsewhere is nothing to do here.
    let status = if c.merged_into.is_some() { Status::Resolved } else { reading.status };
    db.prepare_cached(
        "INSERT INTO conversation (id, customer, subject, team, assignee, priority, status, opened_at, last_word_at,
             preview, channels, snoozed_until, hidden_until, queued, due_key, due_at, last_seq, guessed, read_only)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, subject = excluded.subject,
             team = excluded.team, assignee = excluded.assignee, priority = excluded.priority,
             status = excluded.status, opened_at = excluded.opened_at, last_word_at = excluded.last_word_at,
             preview = excluded.preview, channels = excluded.channels, snoozed_until = excluded.snoozed_until,
             hidden_until = excluded.hidden_until, queued = excluded.queued, due_key = excluded.due_key,
             due_at = excluded.due_at, last_seq = excluded.last_seq, guessed = excluded.guessed,
             read_only = excluded.read_only",
    )
    .and_then(|mut s| {
        s.execute(rusqlite::params![
            c.id.0,
            c.customer.0,
            c.subject,
            c.team.0,
            c.assignee.map(|a| a.0),
            reading.priority.name(),
            status.name(),
            c.opened_at.millis(),
            c.last_word_at.millis(),
            preview,
            channels,
            c.snoozed_until.map(Timestamp::millis),
            hidden_until.map(Timestamp::millis),
            queued,
            due_key,
            due_at.map(Timestamp::millis),
            last_seq.cast_signed(),
            guessed,
            c.read_only,
        ])
    })
    .doing("store a conversation")?;
    Ok(())
}

/// The last thing said in public, the channels used (as a list with commas), and whether the last
/// thing that came in was attached by guess.
fn last_words(db: &Connection, conversation: Uuid) -> Result<(String, String, bool), Error> {
    let preview: Vec<String> = db
        .prepare_cached(
            "SELECT CASE WHEN text = '' THEN subject ELSE substr(text, 1, 400) END FROM message
             WHERE conversation = ?1 AND kind <> 'note' ORDER BY seq DESC LIMIT 1",
        )
        .and_then(|mut s| s.query_map([conversation], |r| r.get(0))?.collect())
        .doing("read a last word")?;
    let channels: Vec<String> = db
        .prepare_cached(
            "SELECT DISTINCT channel FROM message WHERE conversation = ?1 AND kind <> 'note' ORDER BY 1",
        )
        .and_then(|mut s| s.query_map([conversation], |r| r.get(0))?.collect())
        .doing("read the channels used")?;
    let guessed: Vec<bool> = db
        .prepare_cached(
            "SELECT coalesce(detail ->> 'guessed', 0) = 1 FROM message
             WHERE conversation = ?1 AND kind = 'received' ORDER BY seq DESC LIMIT 1",
        )
        .and_then(|mut s| s.query_map([conversation], |r| r.get(0))?.collect())
        .doing("read a guess")?;
    let line = preview.first().map(|p| one_line(p)).unwrap_or_default();
    Ok((line, channels.join(","), guessed.first().copied().unwrap_or(false)))
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(PREVIEW_CHARS).collect()
}

pub(crate) fn forget(db: &Connection, id: Uuid) -> Result<(), Error> {
    message::forget(db, id)?;
    change::forget(db, id)?;
    copied::forget(db, id)?;
    timer::forget(db, id)?;
    db.prepare_cached("DELETE FROM conversation WHERE id = ?1")
        .and_then(|mut s| s.execute([id]))
        .doing("forget a conversation")?;
    Ok(())
}
