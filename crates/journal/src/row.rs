//! An event as a row holds it, the same in every engine.

use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, UserId};
use evendesk_domain::stream::{Actor, Recorded, StreamId, StreamKind};
use evendesk_domain::time::Timestamp;
use uuid::Uuid;

use crate::{Damage, Error};

/// A row as it stands, before anything in it is trusted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub seq: u64,
    pub stream_kind: String,
    pub stream_id: Uuid,
    /// Milliseconds since 1970.
    pub at: i64,
    pub actor: String,
    /// Empty: no command, or none that is recorded.
    pub command: Vec<u8>,
    pub payload: String,
}

impl EventRow {
    pub(crate) fn of(event: &Recorded) -> Self {
        Self {
            seq: event.seq,
            stream_kind: event.stream.kind.name().into(),
            stream_id: event.stream.id,
            at: event.at.millis(),
            actor: actor_text(event.by),
            command: event.command.map_or_else(Vec::new, |c| c.0.as_bytes().to_vec()),
            payload: event.event.to_text(),
        }
    }

    pub(crate) fn into_recorded(self) -> Result<Recorded, Error> {
        let seq = self.seq;
        let damaged = |damage| Error::Damaged { seq, damage };
        let kind = StreamKind::from_name(&self.stream_kind)
            .ok_or(Error::OfNewerKind { seq, kind: self.stream_kind })?;
        Ok(Recorded {
            seq,
            stream: StreamId { kind, id: self.stream_id },
            at: Timestamp::from_millis(self.at),
            by: actor(&self.actor).ok_or_else(|| damaged(Damage::Actor(self.actor)))?,
            command: Uuid::from_slice(&self.command).ok().map(CommandId),
            event: Event::from_text(&self.payload).map_err(|e| damaged(e.into()))?,
        })
    }
}

fn actor_text(actor: Actor) -> String {
    match actor {
        Actor::User(user) => user.0.to_string(),
        Actor::System => "system".into(),
        Actor::Nobody => "nobody".into(),
    }
}

fn actor(text: &str) -> Option<Actor> {
    match text {
        "system" => Some(Actor::System),
        "nobody" => Some(Actor::Nobody),
        user => Uuid::parse_str(user).ok().map(|id| Actor::User(UserId(id))),
    }
}
