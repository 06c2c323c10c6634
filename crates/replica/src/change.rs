//! What happened to a matter between its messages: assigned, resolved, at risk. One row an event.

use evendesk_domain::event::{Event, Opened};
use evendesk_domain::stream::Recorded;
use rusqlite::Connection;
use uuid::Uuid;

use crate::error::{Doing, Error};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS change (
    seq INTEGER PRIMARY KEY,
    conversation BLOB NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    by_user BLOB,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS change_by_conversation ON change (conversation, seq);
";

/// What the timeline calls an event, and what it says beside it; `None` where it shows none.
fn words(event: &Event) -> Option<(&'static str, String)> {
    let plain = |what| Some((what, String::new()));
    match event {
        Event::ConversationOpened(Opened { related: Some(related), .. }) => {
            Some(("opened_beside", related.to_string()))
        }
        Event::ConversationOpened(opened) => Some(("opened", opened.subject.clone())),
        Event::Assigned { assignee } => {
            Some(("assigned", assignee.map(|a| a.to_string()).unwrap_or_default()))
        }
        Event::TeamChanged { to, .. } => Some(("team", to.to_string())),
        Event::PriorityChanged { priority } => Some(("priority", priority.name().to_owned())),
        Event::Snoozed { until } => Some(("snoozed", until.millis().to_string())),
        Event::Unsnoozed => plain("unsnoozed"),
        Event::WaitingSet => plain("waiting"),
        Event::HoldSet => plain("hold"),
        Event::Resumed => plain("resumed"),
        Event::Resolved => plain("resolved"),
        Event::Reopened => plain("reopened"),
        Event::NoReplyNeeded => plain("no_reply_needed"),
        Event::StepReached { step, .. } => plain(match step {
            evendesk_domain::event::Step::AtRisk => "at_risk",
            evendesk_domain::event::Step::Breached => "breached",
        }),
        Event::MessageMovedOut { to, .. } => Some(("moved_out", to.to_string())),
        Event::MessageMovedIn { from, .. } => Some(("moved_in", from.to_string())),
        Event::ConversationMerged { into } => Some(("merged", into.to_string())),
        Event::ConversationMergedIn { from, .. } => Some(("merged_in", from.to_string())),
        Event::ReplyReleased { .. } => plain("reply_released"),
        Event::ReplyHadGone { .. } => plain("reply_had_gone"),
        Event::DeliveryFailed { reason, .. } => Some(("delivery_failed", reason.clone())),
        _ => None,
    }
}

pub(crate) fn fold(db: &Connection, recorded: &Recorded) -> Result<(), Error> {
    let Some((what, detail)) = words(&recorded.event) else { return Ok(()) };
    db.prepare_cached(
        "INSERT INTO change (seq, conversation, at, what, by_user, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .and_then(|mut s| {
        s.execute((
            recorded.seq.cast_signed(),
            recorded.stream.id,
            recorded.at.millis(),
            what,
            recorded.by.user().map(|u| u.0),
            detail,
        ))
    })
    .doing("note a change")?;
    Ok(())
}

pub(crate) fn forget(db: &Connection, conversation: Uuid) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM change WHERE conversation = ?1")
        .and_then(|mut s| s.execute([conversation]))
        .doing("forget changes")?;
    Ok(())
}
