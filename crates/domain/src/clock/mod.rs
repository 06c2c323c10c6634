//! The clock engine: one for every promise, whatever the channel.
//!
//! A [`History`] (what happened, in the order it was learnt) is [`read`] against the immutable
//! [`Terms`] it names, and gives a [`Reading`]: the status, and a [`Timer`] for every turn and for
//! the resolution. Timers hold instants only, so a stored one stays true while time passes; what it
//! means now is asked of it with `now`.
//!
//! | file | thought |
//! | --- | --- |
//! | `calendar` | when a department works, as people write it down |
//! | `openings` | the same, compiled: `elapsed` and `due` |
//! | `policy` | how long each thing may take |
//! | `history` | what happened, as the clocks see it |
//! | `steps` | a history as instants in order |
//! | `running` | one clock: counts, stands still, falls due |
//! | `engine` | turns, resolution and status |
//! | `timer` | what the engine says, and what it means at an instant |
//! | `explain` | why it is due then |
//! | `fairness` | whether one channel is served before another |
//! | `vectors` | the replay format of `evendesk-server sla replay` |
//!
//! Nothing here reads a channel to decide anything; it is carried along to be shown and counted.

mod calendar;
mod engine;
mod explain;
pub mod fairness;
mod history;
mod openings;
mod policy;
mod running;
mod steps;
mod timer;
mod turn;
pub mod vectors;

pub use calendar::{Calendar, CalendarError, Opening, Override, TimeOfDay, Weekly};
pub use engine::{read, read_as_of};
pub use explain::{Line, explain};
pub use history::{Entry, History, MergedFacts, MergedResolution, MergedTurn, What};
pub use openings::CompiledCalendar;
pub use policy::{CompiledTerms, Policy, PolicyError, Priority, Targets, Terms, TermsError, TermsLookup};
pub use timer::{Eased, OpenTurn, RESOLUTION, Reading, State, Status, Target, Timer};
