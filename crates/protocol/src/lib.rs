//! What desk and server say to each other: versioned messages and their limits. Messages only: no
//! sockets, no state.
//!
//! One WebSocket carries JSON text frames, one message each. A desk says which versions it speaks, the
//! server picks one or says which side is to be upgraded. Unknown fields are ignored, and so are messages
//! of an unknown kind, with a line in the log; unknown events arrive as events of the future and wait for
//! the upgrade. `tests/data/wire.jsonl` has one of every message of every version.

pub mod class;
pub mod frame;
pub mod http;
pub mod limits;
pub mod message;
pub mod version;

pub use class::Class;
pub use message::{FromDesk, FromServer, Mode, Outcome, Pushed};
pub use version::{NEWEST, OLDEST, Side, Upgrade};
