//! What Evendesk is about, with no I/O: events, commands, `decide`, the aggregates' `apply`, clocks,
//! matching and permissions.
//!
//! Nothing here reads a clock, a file, a socket or a source of randomness: time, ids and what is
//! known of other streams are arguments. The same code runs on every server node and every desk.

pub mod blank;
pub mod channel;
pub mod clock;
pub mod command;
pub mod conversation;
pub mod customer;
pub mod decide;
pub mod event;
pub mod feedback;
pub mod id;
pub mod inbound;
pub mod limits;
pub mod permission;
pub mod quoting;
pub mod settings;
pub mod stream;
pub mod time;
