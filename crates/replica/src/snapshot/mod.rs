//! A replica in parts: files of rows and events that a server writes and a desk installs, so that a desk
//! need not fold a long journal from its beginning.
//!
//! The first part, [`Begin::Start`], is enough to work with: settings, every conversation that is not
//! resolved, the customers of these, open feedback. The parts after it, [`Begin::History`], hold everything
//! in an order that nothing changes ([`Turn`]): customers, then conversations, feedback and mailboxes, each the
//! newest first. A part is written at the cursor where the server's rows are just then, in one read
//! transaction; so it needs nothing of the parts before it, and may come from another node. What a desk
//! holds already it does not take again; a stream whose part is still to come is not folded until then, its
//! events are kept ([`Writer::awaits_part`]).
//!
//! Written by copying visible rows in, stream by stream, never by deleting from a copy.

mod install;
mod place;
mod write;

use uuid::Uuid;

pub use install::Received;
pub(crate) use place::rank;
pub use place::{Begin, Turn};
pub use write::Pen;

use evendesk_domain::stream::StreamKind;

/// Of which kinds, in which order, history is told.
pub(crate) const HISTORY: [StreamKind; 4] =
    [StreamKind::Customer, StreamKind::Conversation, StreamKind::Feedback, StreamKind::Mailbox];

/// What a part says of itself, in the last row written to it: a part without one is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub incarnation: Uuid,
    /// Its rows are folded up to here.
    pub cursor: u64,
    pub read_model: String,
    /// By whose eyes it was made.
    pub visible_set: String,
    pub begin: Begin,
    /// How far history is told with it; none where all of it is.
    pub through: Option<Turn>,
    /// Streams still to come, as far as can be counted.
    pub left: u64,
}

const STAMP: &str = "
CREATE TABLE part.stamp (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    incarnation BLOB NOT NULL,
    cursor INTEGER NOT NULL,
    read_model TEXT NOT NULL,
    visible_set TEXT NOT NULL,
    begins TEXT NOT NULL,
    through TEXT,
    remaining INTEGER NOT NULL
) STRICT";

/// Tables that a part is made of: those of every kind of stream, their state, their events.
pub(crate) fn tables() -> Vec<&'static str> {
    let mut all = vec!["aggregate", "event"];
    for kind in StreamKind::ALL {
        all.extend(crate::dump::tables(kind).iter().map(|(table, ..)| *table));
    }
    all.sort_unstable();
    all.dedup();
    all
}
