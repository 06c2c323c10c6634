//! What desk and server say to each other: versioned messages and their limits. Messages only: no
//! sockets, no state.
//!
//! One WebSocket carries JSON text frames, one message each. Unknown fields are ignored; unknown
//! events arrive as events of the future and wait for the upgrade.

pub mod http;
pub mod limits;
pub mod message;

pub use message::{FromDesk, FromServer, Mode, Outcome, Pushed};

/// Raised when a message changes in a way that the other side must know of.
pub const PROTOCOL: u32 = 1;
