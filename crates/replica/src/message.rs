//! Messages: received, answered, noted, called. The row's id is its event's seq, so the newest come
//! first without sorting; the search index follows by triggers.

use evendesk_domain::channel::Channel;
use evendesk_domain::event::{Call, Event, Reply};
use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_domain::inbound::{Attachment, Author, Doubt, Inbound};
use evendesk_domain::stream::Recorded;
use evendesk_domain::time::Timestamp;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Reader;
use crate::error::{Doing, Error};

pub(crate) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    conversation BLOB NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    at INTEGER NOT NULL,
    learnt_at INTEGER NOT NULL,
    author TEXT NOT NULL,
    by_user BLOB,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    detail TEXT NOT NULL,
    delivery TEXT NOT NULL,
    -- Of an answer that is to go out: since when. One that was held counts from its release.
    deliver_since INTEGER,
    account BLOB,
    remote_id TEXT,
    mail_id TEXT,
    thread TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS message_by_conversation ON message (conversation, seq);
CREATE INDEX IF NOT EXISTS message_by_id ON message (id);
CREATE INDEX IF NOT EXISTS message_by_remote ON message (remote_id, account) WHERE remote_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_by_mail ON message (mail_id) WHERE mail_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_by_thread ON message (thread, account) WHERE thread IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_to_deliver ON message (seq) WHERE delivery = 'pending';
CREATE INDEX IF NOT EXISTS message_held ON message (seq) WHERE delivery = 'held';
CREATE VIRTUAL TABLE IF NOT EXISTS message_words USING fts5 (
    author, subject, text, content = 'message', content_rowid = 'seq',
    tokenize = 'unicode61 remove_diacritics 2'
);
-- Kept with the index: words that are deleted leave it at once rather than with some later merge.
INSERT INTO message_words (message_words, rank) VALUES ('secure-delete', 1);
-- Messages whose words are not in the index yet: those of a snapshot's parts, for a while.
CREATE TABLE IF NOT EXISTS unindexed (seq INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER IF NOT EXISTS message_indexed AFTER INSERT ON message
WHEN NOT EXISTS (SELECT 1 FROM unindexed WHERE seq = new.seq) BEGIN
    INSERT INTO message_words (rowid, author, subject, text) VALUES (new.seq, new.author, new.subject, new.text);
END;
CREATE TRIGGER IF NOT EXISTS message_unindexed AFTER DELETE ON message BEGIN
    INSERT INTO message_words (message_words, rowid, author, subject, text)
    SELECT 'delete', old.seq, old.author, old.subject, old.text
    WHERE NOT EXISTS (SELECT 1 FROM unindexed WHERE seq = old.seq);
    DELETE FROM unindexed WHERE seq = old.seq;
END;
";

/// What only the timeline needs of a message, kept as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Detail {
    Received {
        from: String,
        attachments: Vec<Attachment>,
        author: Author,
        doubts: Vec<Doubt>,
        guessed: bool,
        folded: Vec<(u32, u32)>,
    },
    Reply {
        to: String,
        follow_up: bool,
    },
    Note {},
    Call(Box<Call>),
}

/// A row about to be written.
struct Row<'a> {
    id: MessageId,
    channel: Channel,
    at: Timestamp,
    author: &'a str,
    subject: &'a str,
    text: &'a str,
    detail: Detail,
    delivery: &'static str,
    deliver_since: Option<Timestamp>,
    account: Option<Uuid>,
    remote_id: Option<&'a str>,
    mail_id: Option<&'a str>,
    thread: Option<&'a str>,
}

pub(crate) fn fold(db: &Connection, recorded: &Recorded) -> Result<(), Error> {
    match &recorded.event {
        Event::Delivered { message } => deliver(db, recorded.stream.id, *message, "delivered"),
        Event::DeliveryFailed { message, .. } => deliver(db, recorded.stream.id, *message, "failed"),
        Event::ReplyHeld { message } => deliver(db, recorded.stream.id, *message, "held"),
        Event::ReplyReleased { message } => release(db, recorded.stream.id, *message, recorded.at),
        Event::ReplyHadGone { message } => deliver(db, recorded.stream.id, *message, "delivered"),
        Event::Redacted { .. } => drop_deliveries(db, recorded.stream.id),
        Event::MessageMovedOut { message, .. } => remove(db, recorded.stream.id, *message),
        Event::MessageMovedIn { original, learnt_at, by, .. } => {
            insert(db, &placed(original), &Recorded { at: *learnt_at, by: *by, ..recorded.clone() })
        }
        event => insert(db, event, recorded),
    }
}

/// Somebody put it where it is: that is no guess any more.
fn placed(original: &Event) -> Event {
    match original.clone() {
        Event::MessageReceived { message, inbound, .. } => {
            Event::MessageReceived { message, inbound, guessed: false }
        }
        other => other,
    }
}

fn insert(db: &Connection, event: &Event, recorded: &Recorded) -> Result<(), Error> {
    let row = match event {
        Event::MessageReceived { message, inbound, guessed } => received(*message, inbound, *guessed),
        Event::Replied(reply) => replied(reply, recorded.at),
        Event::NoteAdded { message, text } => {
            Row { text, ..plain(*message, Channel::Email, recorded.at, Detail::Note {}) }
        }
        Event::CallLogged { message, call } => {
            let detail = Detail::Call(call.clone());
            Row { text: &call.note, ..plain(*message, Channel::Phone, call.started_at, detail) }
        }
        _ => return Ok(()),
    };
    write(db, &row, recorded)
}

fn plain<'a>(id: MessageId, channel: Channel, at: Timestamp, detail: Detail) -> Row<'a> {
    Row {
        id,
        channel,
        at,
        author: "",
        subject: "",
        text: "",
        detail,
        delivery: "none",
        deliver_since: None,
        account: None,
        remote_id: None,
        mail_id: None,
        thread: None,
    }
}

fn received(id: MessageId, inbound: &Inbound, guessed: bool) -> Row<'_> {
    let detail = Detail::Received {
        from: inbound.from.value.clone(),
        attachments: inbound.attachments.clone(),
        author: inbound.author,
        doubts: inbound.doubts.clone(),
        guessed,
        folded: inbound.folded.clone(),
    };
    Row {
        author: &inbound.from_name,
        subject: &inbound.subject,
        text: &inbound.text,
        account: Some(inbound.account.0),
        remote_id: Some(&inbound.remote_id),
        mail_id: inbound.mail.message_id.as_deref(),
        thread: inbound.thread.as_deref(),
        ..plain(id, inbound.channel, inbound.spoke_at, detail)
    }
}

fn replied(reply: &Reply, at: Timestamp) -> Row<'_> {
    let detail = Detail::Reply { to: reply.to.clone(), follow_up: reply.follow_up };
    Row {
        author: &reply.author_name,
        subject: &reply.subject,
        text: &reply.text,
        delivery: "pending",
        deliver_since: Some(at),
        account: Some(reply.account.0),
        mail_id: reply.mail.message_id.as_deref(),
        ..plain(reply.message, reply.channel, at, detail)
    }
}

const fn kind(detail: &Detail) -> &'static str {
    match detail {
        Detail::Received { .. } => "received",
        Detail::Reply { .. } => "reply",
        Detail::Note {} => "note",
        Detail::Call(_) => "call",
    }
}

fn write(db: &Connection, row: &Row, recorded: &Recorded) -> Result<(), Error> {
    let detail = serde_json::to_string(&row.detail).map_err(|_| Error::Damaged { what: "a message" })?;
    db.prepare_cached(
        "INSERT INTO message (seq, id, conversation, kind, channel, at, learnt_at, author, by_user, subject,
             text, detail, delivery, deliver_since, account, remote_id, mail_id, thread)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )
    .and_then(|mut s| {
        s.execute(rusqlite::params![
            recorded.seq.cast_signed(),
            row.id.0,
            recorded.stream.id,
            kind(&row.detail),
            row.channel.name(),
            row.at.millis(),
            recorded.at.millis(),
            row.author,
            recorded.by.user().map(|u| u.0),
            row.subject,
            row.text,
            detail,
            row.delivery,
            row.deliver_since.map(Timestamp::millis),
            row.account,
            row.remote_id,
            row.mail_id,
            row.thread,
        ])
    })
    .doing("store a message")?;
    Ok(())
}

fn deliver(db: &Connection, conversation: Uuid, message: MessageId, state: &str) -> Result<(), Error> {
    db.prepare_cached("UPDATE message SET delivery = ?3 WHERE id = ?2 AND conversation = ?1")
        .and_then(|mut s| s.execute((conversation, message.0, state)))
        .doing("note a delivery")?;
    Ok(())
}

fn release(db: &Connection, conversation: Uuid, message: MessageId, at: Timestamp) -> Result<(), Error> {
    db.prepare_cached(
        "UPDATE message SET delivery = 'pending', deliver_since = ?3 WHERE id = ?2 AND conversation = ?1",
    )
    .and_then(|mut s| s.execute((conversation, message.0, at.millis())))
    .doing("release an answer")?;
    Ok(())
}

/// What had not gone out yet has no words left to go out with.
fn drop_deliveries(db: &Connection, conversation: Uuid) -> Result<(), Error> {
    db.prepare_cached(
        "UPDATE message SET delivery = 'none' WHERE delivery IN ('pending', 'held') AND conversation = ?1",
    )
    .and_then(|mut s| s.execute([conversation]))
    .doing("drop deliveries")?;
    Ok(())
}

fn remove(db: &Connection, conversation: Uuid, message: MessageId) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM message WHERE id = ?2 AND conversation = ?1")
        .and_then(|mut s| s.execute((conversation, message.0)))
        .doing("move a message")?;
    Ok(())
}

pub(crate) fn forget(db: &Connection, conversation: Uuid) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM message WHERE conversation = ?1")
        .and_then(|mut s| s.execute([conversation]))
        .doing("forget messages")?;
    Ok(())
}

/// A reply in the journal that has not been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingDelivery {
    pub conversation: ConversationId,
    pub message: MessageId,
    /// The event that says what to send.
    pub seq: u64,
    /// When it was meant to go out: as it was written, or as it was released.
    pub since: Timestamp,
}

impl Reader {
    /// Replies still to be delivered, the oldest first.
    pub fn pending_deliveries(&self, limit: usize) -> Result<Vec<PendingDelivery>, Error> {
        self.db()
            .prepare_cached(
                "SELECT conversation, id, seq, deliver_since FROM message WHERE delivery = 'pending'
                 ORDER BY seq LIMIT ?1",
            )
            .and_then(|mut s| {
                s.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
                    Ok(PendingDelivery {
                        conversation: ConversationId(r.get(0)?),
                        message: MessageId(r.get(1)?),
                        seq: r.get::<_, i64>(2)?.cast_unsigned(),
                        since: Timestamp::from_millis(r.get(3)?),
                    })
                })?
                .collect()
            })
            .doing("find what is to be delivered")
    }

    /// The event of something that came in, by the conversation that it is in.
    pub fn received(&self, conversation: ConversationId, message: MessageId) -> Result<Option<u64>, Error> {
        let found: Vec<i64> = self
            .db()
            .prepare_cached(
                "SELECT seq FROM message WHERE id = ?1 AND conversation = ?2 AND kind = 'received'",
            )
            .and_then(|mut s| s.query_map((message.0, conversation.0), |r| r.get(0))?.collect())
            .doing("look for a message")?;
        Ok(found.first().map(|seq| seq.cast_unsigned()))
    }

    /// Whether a file belongs to a message of that conversation.
    pub fn has_blob(
        &self,
        conversation: ConversationId,
        message: MessageId,
        blob: &str,
    ) -> Result<bool, Error> {
        let details: Vec<String> = self
            .db()
            .prepare_cached("SELECT detail FROM message WHERE id = ?1 AND conversation = ?2")
            .and_then(|mut s| s.query_map((message.0, conversation.0), |r| r.get(0))?.collect())
            .doing("look for a file")?;
        Ok(details.iter().any(|d| {
            matches!(serde_json::from_str(d), Ok(Detail::Received { attachments, .. })
                if attachments.iter().any(|a| a.blob == blob))
        }))
    }
}
