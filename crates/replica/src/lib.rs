//! The SQLite read model folded from the journal: tables, fold, queries, search. A file per concept,
//! holding its table, its fold and its queries.
//!
//! Every row belongs to one stream and is a pure function of that stream's events and of the
//! immutable terms they name; so any stream can be dropped and folded again. What spans streams is a
//! query. No rules live here: those are `domain`'s. The whole file can be deleted at any time.

mod aggregate;
mod alert;
mod board;
mod change;
mod conversation;
mod copied;
mod counts;
mod customer;
mod customer_page;
mod deadline;
mod directory;
mod dump;
mod elsewhere;
mod error;
mod event;
mod fairness;
mod feedback;
mod fold;
mod held;
mod held_answer;
mod indexing;
mod message;
mod position;
mod queue;
mod search;
mod settings;
pub mod snapshot;
mod store;
mod terms;
mod timer;
mod why;
mod world;

pub use alert::{Alert, AlertKind};
pub use board::{Board, BoardRow, BoardState, Parity, TeamRow};
pub use counts::{Counts, TeamCount};
pub use customer::{IdentityView, PersonHit};
pub use customer_page::{
    ChannelWait, CustomerCard, CustomerPage, EntryKind, Matter, ReplyRoute, TimelineEntry,
};
pub use deadline::DueStep;
pub use directory::{AccountView, Directory, TeamView, TermsView, UserView};
pub use elsewhere::Elsewhere;
pub use error::Error;
pub use feedback::{FeedbackPage, FeedbackRow};
pub use held::History;
pub use held_answer::HeldAnswer;
pub use indexing::Indexed;
pub use message::PendingDelivery;
pub use position::Position;
pub use queue::{Place, QueuePage, QueueRow};
pub use search::{SearchHit, SearchPage};
pub use settings::Aside;
pub use store::{Keeps, Reader, Readers, Replica, Writer, fingerprint};
pub use timer::TimerView;
pub use why::Explanation;
pub use world::EventSource;

use evendesk_domain::id::UserId;
use evendesk_domain::time::Timestamp;

/// Events of commands that the server has not decided yet have seqs from here on, in the order made.
/// They are on one desk only, and go at the next rebase. Far beyond any journal, and below 2^53, so that
/// a page can tell one from the next.
pub const PROVISIONAL: u64 = 1 << 52;

/// Who looks, and when: what "mine", "overdue" and "snoozed" mean.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    pub user: UserId,
    /// Server time.
    pub now: Timestamp,
}
