//! From messages to frames and back: what is long is cut, what is longer than may be is not read.

use evendesk_domain::id::CommandId;
use evendesk_domain::stream::Recorded;
use serde::Deserialize;

use crate::limits::{BATCH_BYTES, FRAME_FROM_DESK_BYTES, FRAME_FROM_SERVER_BYTES};
use crate::message::{FromDesk, FromServer};

/// A frame that is none of the protocol's.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{0} bytes are more than a message may have")]
    TooLong(usize),
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
    /// A command that this side does not know, or cannot read: it alone is of no use.
    #[error("command {id}: {why}")]
    Command { id: CommandId, why: String },
}

/// What a desk says. [`FromDesk::Unknown`] for a kind of message that only a later version knows.
pub fn from_desk(text: &str) -> Result<FromDesk, Unreadable> {
    if text.len() > FRAME_FROM_DESK_BYTES {
        return Err(Unreadable::TooLong(text.len()));
    }
    serde_json::from_str(text).map_err(|error| match serde_json::from_str::<AnyPush>(text) {
        Ok(push) if push.say == "push" => Unreadable::Command { id: push.command.id, why: error.to_string() },
        _ => error.into(),
    })
}

/// What the server says. [`FromServer::Unknown`] for a kind of message that only a later version knows.
pub fn from_server(text: &str) -> Result<FromServer, Unreadable> {
    if text.len() > FRAME_FROM_SERVER_BYTES {
        return Err(Unreadable::TooLong(text.len()));
    }
    Ok(serde_json::from_str(text)?)
}

/// As much of any push as it takes to say which command it was.
#[derive(Deserialize)]
struct AnyPush {
    say: String,
    command: AnyCommand,
}

#[derive(Deserialize)]
struct AnyCommand {
    id: CommandId,
}

/// A message as the frames that carry it: one, unless a batch of events or a granted stream is longer than
/// [`BATCH_BYTES`]. What is cut can be taken piece by piece, in this order.
pub fn frames(message: &FromServer) -> serde_json::Result<Vec<String>> {
    let mut frames = Vec::with_capacity(1);
    cut(message, &mut frames)?;
    Ok(frames)
}

fn cut(message: &FromServer, frames: &mut Vec<String>) -> serde_json::Result<()> {
    let text = serde_json::to_string(message)?;
    match halves(message).filter(|_| text.len() > BATCH_BYTES) {
        Some((first, second)) => {
            cut(&first, frames)?;
            cut(&second, frames)
        }
        None => {
            frames.push(text);
            Ok(())
        }
    }
}

/// Two messages that say the same as one.
fn halves(message: &FromServer) -> Option<(FromServer, FromServer)> {
    match message {
        FromServer::Events { from, to, events, visible_set } if events.len() > 1 => {
            let (first, second) = halved(events);
            let middle = first.last().map_or(*from, |e| e.seq);
            // The cursor that a new view holds from is the last one.
            Some((
                FromServer::Events { from: *from, to: middle, events: first, visible_set: None },
                FromServer::Events {
                    from: middle,
                    to: *to,
                    events: second,
                    visible_set: visible_set.clone(),
                },
            ))
        }
        FromServer::Grant { directive, stream, events, more, continued } if events.len() > 1 => {
            let (first, second) = halved(events);
            let half = |events, continued, more| FromServer::Grant {
                directive: *directive,
                stream: *stream,
                events,
                continued,
                more,
            };
            Some((half(first, *continued, true), half(second, true, *more)))
        }
        _ => None,
    }
}

fn halved(events: &[Recorded]) -> (Vec<Recorded>, Vec<Recorded>) {
    let (first, second) = events.split_at(events.len() / 2);
    (first.to_vec(), second.to_vec())
}

#[cfg(test)]
mod tests {
    use evendesk_domain::event::Event;
    use evendesk_domain::id::{ConversationId, MessageId};
    use evendesk_domain::stream::Actor;
    use evendesk_domain::time::Timestamp;
    use uuid::Uuid;

    use super::*;

    const STREAM: ConversationId = ConversationId(Uuid::nil());

    fn notes(count: u64, bytes: usize) -> Vec<Recorded> {
        let note = |seq| Recorded {
            seq,
            stream: STREAM.into(),
            at: Timestamp::from_seconds(0),
            by: Actor::System,
            command: None,
            event: Event::NoteAdded { message: MessageId(Uuid::nil()), text: "x".repeat(bytes) },
        };
        (1..=count).map(note).collect()
    }

    fn read(message: &FromServer) -> Vec<FromServer> {
        frames(message).unwrap().iter().map(|text| from_server(text).unwrap()).collect()
    }

    #[test]
    fn a_long_batch_goes_in_pieces_that_follow_on_each_other() {
        let events = notes(40, 100_000);
        let whole =
            FromServer::Events { from: 0, to: 50, events: events.clone(), visible_set: Some("v".into()) };
        let (mut at, mut heard) = (0, Vec::new());
        for piece in read(&whole) {
            let FromServer::Events { from, to, events, visible_set } = piece else { panic!() };
            assert_eq!((from, visible_set.is_some()), (at, to == 50));
            assert!(events.len() < 12);
            (at, heard) = (to, [heard, events].concat());
        }
        assert_eq!((at, heard), (50, events));
    }

    #[test]
    fn a_stream_too_long_for_a_frame_is_granted_in_parts() {
        let events = notes(40, 100_000);
        let whole = FromServer::Grant {
            directive: 7,
            stream: STREAM.into(),
            events: events.clone(),
            continued: false,
            more: false,
        };
        let parts = read(&whole);
        let heard: Vec<Recorded> = parts
            .iter()
            .enumerate()
            .flat_map(|(place, part)| {
                let FromServer::Grant { directive: 7, events, continued, more, .. } = part else { panic!() };
                assert_eq!((*continued, *more), (place > 0, place + 1 < parts.len()));
                events.clone()
            })
            .collect();
        assert_eq!(heard, events);
    }

    #[test]
    fn one_long_event_is_one_frame_and_a_short_batch_too() {
        for events in [notes(1, 3_000_000), notes(100, 10), Vec::new()] {
            assert_eq!(read(&FromServer::Events { from: 0, to: 100, events, visible_set: None }).len(), 1);
        }
    }

    #[test]
    fn what_only_a_later_version_says_is_told_from_what_is_broken() {
        assert_eq!(from_server(r#"{"say":"sing","song":["la"]}"#).unwrap(), FromServer::Unknown);
        assert_eq!(from_desk(r#"{"say":"sing"}"#).unwrap(), FromDesk::Unknown);
        assert!(matches!(from_server(r#"{"say":"advance"}"#), Err(Unreadable::Malformed(_))));
        assert!(matches!(from_desk("not json"), Err(Unreadable::Malformed(_))));
        let long = "x".repeat(FRAME_FROM_DESK_BYTES + 1);
        assert!(matches!(from_desk(&long), Err(Unreadable::TooLong(_))));
    }

    #[test]
    fn a_command_that_is_not_known_here_is_named() {
        let push = r#"{"say":"push","command":{"id":"00000000-0000-0000-0000-000000000007","body":{"do":"levitate"}}}"#;
        let Err(Unreadable::Command { id, .. }) = from_desk(push) else { panic!() };
        assert_eq!(id, CommandId(Uuid::from_u128(7)));
    }
}
