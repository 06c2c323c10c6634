//! A place in history: which streams come before it and which after is the same for ever.

use evendesk_domain::stream::{StreamId, StreamKind};
use uuid::Uuid;

use super::HISTORY;

/// Everything up to and including this stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(pub StreamId);

impl Turn {
    /// Whether the stream's turn in history is still to come.
    pub(crate) fn is_before(self, stream: StreamId) -> bool {
        let Some(turn) = rank(stream.kind) else { return false };
        rank(self.0.kind).is_some_and(|here| turn > here || (turn == here && stream.id < self.0.id))
    }
}

pub(crate) fn rank(kind: StreamKind) -> Option<usize> {
    HISTORY.iter().position(|k| *k == kind)
}

/// Where a part begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// What is needed to work.
    Start,
    /// History, behind this place or from its beginning.
    History(Option<Turn>),
}

impl std::fmt::Display for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0.kind.name(), self.0.id.simple())
    }
}

impl std::str::FromStr for Turn {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, id) = text.split_once('.').ok_or(())?;
        let kind = StreamKind::from_name(kind).filter(|k| rank(*k).is_some()).ok_or(())?;
        Ok(Self(StreamId { kind, id: Uuid::parse_str(id).map_err(drop)? }))
    }
}

impl std::fmt::Display for Begin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start => f.write_str("start"),
            Self::History(None) => f.write_str("history"),
            Self::History(Some(place)) => place.fmt(f),
        }
    }
}

impl std::str::FromStr for Begin {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "start" => Self::Start,
            "history" => Self::History(None),
            place => Self::History(Some(place.parse()?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for text in ["start", "history", "conversation.00000000000000000000000000000007"] {
            assert_eq!(text.parse::<Begin>().unwrap().to_string(), text);
        }
        for text in ["", "terms.00000000000000000000000000000007", "conversation", "customer.x"] {
            assert!(text.parse::<Begin>().is_err(), "{text}");
        }
    }

    #[test]
    fn customers_come_first_and_of_each_kind_the_newest() {
        let stream = |kind, n| StreamId { kind, id: Uuid::from_u128(n) };
        let place = Turn(stream(StreamKind::Conversation, 5));
        for (kind, n, to_come) in [
            (StreamKind::Customer, 1, false),
            (StreamKind::Conversation, 6, false),
            (StreamKind::Conversation, 5, false),
            (StreamKind::Conversation, 4, true),
            (StreamKind::Feedback, 9, true),
            (StreamKind::Team, 1, false),
        ] {
            assert_eq!(place.is_before(stream(kind, n)), to_come, "{kind:?} {n}");
        }
    }
}
