//! What a desk must carry out before its cursor moves on: streams given to it, taken from it, erased. A few
//! at a time, and a stream that is given is read only when its turn has come: of a team of many thousands
//! of conversations, a session holds the ids and no more words than are on their way.

use std::collections::{BTreeMap, VecDeque};

use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_protocol::FromServer;
use evendesk_protocol::limits::BATCH_BYTES;

/// Directives under way at once; the rest waits for confirmations.
const UNDER_WAY: usize = 32;
/// While there are more bytes than this under way, nothing more goes; a single stream may be longer.
const BYTES_UNDER_WAY: usize = BATCH_BYTES;
/// What an event takes on the wire beside what it says, roughly.
const AROUND_EVENT: usize = 200;

/// To be told, and what for.
#[derive(Clone, Debug, PartialEq)]
pub enum Directive {
    Grant(StreamId),
    Forget(StreamId),
    Erase(StreamId, Vec<Recorded>),
}

/// What is to be done now, in order.
#[derive(Debug)]
pub enum Due {
    Say(FromServer),
    /// This stream is to be read, up to that seq, and brought to [`Directives::read`]. Always the last.
    Read {
        stream: StreamId,
        to: u64,
    },
}

/// A stream that was read to be granted; none where it went out of sight meanwhile.
pub type Granted = Option<Vec<Recorded>>;

/// Those of one slice: the next one comes when all of these are carried out.
pub struct Directives {
    next: u64,
    waiting: VecDeque<Directive>,
    /// How far streams are granted.
    to: u64,
    reading: Option<(u64, StreamId)>,
    /// By number, with its bytes.
    unconfirmed: BTreeMap<u64, usize>,
}

impl Directives {
    pub const fn new() -> Self {
        Self { next: 1, waiting: VecDeque::new(), to: 0, reading: None, unconfirmed: BTreeMap::new() }
    }

    /// To be carried out in this order; what is granted, up to `to`.
    pub fn begin(&mut self, directives: impl IntoIterator<Item = Directive>, to: u64) {
        self.waiting.extend(directives);
        self.to = to;
    }

    pub fn confirmed(&mut self, directive: u64) {
        self.unconfirmed.remove(&directive);
    }

    pub fn are_carried_out(&self) -> bool {
        self.waiting.is_empty() && self.reading.is_none() && self.unconfirmed.is_empty()
    }

    /// What may go now.
    pub fn due(&mut self) -> Vec<Due> {
        let mut due = Vec::new();
        while self.reading.is_none()
            && self.has_room()
            && let Some(next) = self.waiting.pop_front()
        {
            let directive = self.next;
            self.next += 1;
            due.push(match next {
                Directive::Grant(stream) => {
                    self.reading = Some((directive, stream));
                    Due::Read { stream, to: self.to }
                }
                Directive::Forget(stream) => {
                    self.unconfirmed.insert(directive, 0);
                    Due::Say(FromServer::Forget { directive, stream })
                }
                Directive::Erase(stream, events) => {
                    self.unconfirmed.insert(directive, bytes(&events));
                    Due::Say(FromServer::Erase { directive, stream, events })
                }
            });
        }
        due
    }

    /// The stream that was to be read. One that has gone out of sight since is not granted: the slice that
    /// tells of its going has it forgotten, and granted again if it came back.
    pub fn read(&mut self, granted: Granted) -> Option<FromServer> {
        let (directive, stream) = self.reading.take()?;
        let events = granted?;
        self.unconfirmed.insert(directive, bytes(&events));
        Some(FromServer::Grant { directive, stream, events, continued: false, more: false })
    }

    fn has_room(&self) -> bool {
        self.unconfirmed.len() < UNDER_WAY && self.unconfirmed.values().sum::<usize>() < BYTES_UNDER_WAY
    }
}

/// What of a stream was erased, in parts that fit into a frame each: each may be carried out by itself. At least
/// one: what a desk does not see may all the same be in its outbox.
pub fn erasing(stream: StreamId, events: Vec<Recorded>) -> Vec<Directive> {
    let mut parts = vec![Vec::new()];
    let mut filled = 0;
    for event in events {
        let more = size(&event);
        if filled > 0 && filled + more > BATCH_BYTES {
            parts.push(Vec::new());
            filled = 0;
        }
        filled += more;
        if let Some(part) = parts.last_mut() {
            part.push(event);
        }
    }
    parts.into_iter().map(|part| Directive::Erase(stream, part)).collect()
}

fn bytes(events: &[Recorded]) -> usize {
    events.iter().map(size).sum()
}

fn size(event: &Recorded) -> usize {
    event.event.to_text().len() + AROUND_EVENT
}

#[cfg(test)]
mod tests {
    use evendesk_domain::event::Event;
    use evendesk_domain::id::{ConversationId, MessageId};
    use evendesk_domain::stream::Actor;
    use evendesk_domain::time::Timestamp;
    use evendesk_protocol::frame;
    use evendesk_protocol::limits::FRAME_FROM_SERVER_BYTES;
    use uuid::Uuid;

    use super::*;

    fn stream(n: usize) -> StreamId {
        ConversationId(Uuid::from_u128(n as u128)).into()
    }

    fn notes(count: u64, bytes: usize) -> Vec<Recorded> {
        let note = |seq| Recorded {
            seq,
            stream: stream(1),
            at: Timestamp::from_seconds(0),
            by: Actor::System,
            command: None,
            event: Event::NoteAdded { message: MessageId(Uuid::nil()), text: "x".repeat(bytes) },
        };
        (1..=count).map(note).collect()
    }

    /// Grants all of them to a desk that confirms the oldest whenever nothing more comes; returns what was
    /// granted, in order, and how many streams and bytes were on their way at most.
    fn grant(streams: usize, events: &[Recorded]) -> (Vec<StreamId>, usize, usize) {
        let mut directives = Directives::new();
        directives.begin((0..streams).map(|n| Directive::Grant(stream(n))), 9);
        let (mut granted, mut under_way) = (Vec::new(), VecDeque::new());
        let (mut most, mut most_bytes) = (0, 0);
        while !directives.are_carried_out() {
            match directives.due().pop() {
                Some(Due::Read { stream, to: 9 }) => {
                    let Some(FromServer::Grant { directive, stream: of, .. }) =
                        directives.read(Some(events.to_vec()))
                    else {
                        panic!("it is granted")
                    };
                    assert_eq!(of, stream);
                    granted.push(stream);
                    under_way.push_back(directive);
                    most = most.max(under_way.len());
                    most_bytes = most_bytes.max(under_way.len() * bytes(events));
                }
                None => directives.confirmed(under_way.pop_front().expect("something is under way")),
                other => panic!("{other:?}"),
            }
        }
        (granted, most, most_bytes)
    }

    #[test]
    fn of_a_team_of_thousands_only_a_few_conversations_are_read_before_the_desk_has_those_before() {
        let all: Vec<StreamId> = (0..5_000).map(stream).collect();
        let (granted, most, _) = grant(5_000, &notes(2, 10));
        assert_eq!((granted, most), (all, UNDER_WAY));
        let long = notes(4, 100_000);
        let (granted, most, most_bytes) = grant(9, &long);
        assert_eq!((granted.len(), most), (9, 3));
        assert!(most_bytes < BYTES_UNDER_WAY + bytes(&long));
        assert_eq!(grant(2, &notes(11, 100_000)).1, 1, "one that is longer than that goes alone");
    }

    #[test]
    fn one_that_went_out_of_sight_is_passed_over_and_the_next_one_comes() {
        let mut directives = Directives::new();
        directives.begin([Directive::Grant(stream(1)), Directive::Forget(stream(2))], 9);
        assert!(matches!(directives.due()[..], [Due::Read { .. }]));
        assert!(directives.due().is_empty(), "one at a time, in order");
        assert_eq!(directives.read(None), None);
        let due = directives.due();
        let [Due::Say(FromServer::Forget { directive, .. })] = due[..] else { panic!("{due:?}") };
        directives.confirmed(directive);
        assert!(directives.are_carried_out());
    }

    #[test]
    fn what_was_erased_goes_in_parts_that_fit_into_a_frame_and_all_of_it() {
        let events = notes(24, 100_000);
        let mut told = Vec::new();
        for part in erasing(stream(1), events.clone()) {
            let Directive::Erase(stream, events) = part else { panic!("{part:?}") };
            told.extend(events.clone());
            let frames = frame::frames(&FromServer::Erase { directive: 1, stream, events }).unwrap();
            assert!(frames.iter().all(|f| f.len() < FRAME_FROM_SERVER_BYTES / 8));
        }
        assert_eq!(told, events);
        assert_eq!(erasing(stream(1), Vec::new()), [Directive::Erase(stream(1), Vec::new())]);
    }
}
