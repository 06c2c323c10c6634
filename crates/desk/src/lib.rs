//! The workstation without its window: cache, outbox and the sync between them and a server.
//!
//! | module | holds |
//! | --- | --- |
//! | [`desk`] | [`Desk`]: everything a window may ask, as plain functions |
//! | [`core`] | the sync core: messages and time in, messages out; no socket, no clock, no thread |
//! | [`outbox`] | the one precious file: undecided commands, drafts, feedback that has not left yet |
//! | [`cache`] | the disposable one: the replica of what this agent may see |
//! | [`attachments`] | files of messages that were fetched, as disposable |
//! | [`pictures`] | pictures from outside, made fit to be shown |
//! | [`client`] | the network: socket, sign-in, files, unsigned feedback |
//!
//! Knows nothing of the server's insides, nor of the window's toolkit.

pub mod attachments;
pub mod cache;
pub mod client;
pub mod core;
pub mod desk;
pub mod error;
#[cfg(feature = "faults")]
#[doc(hidden)]
pub mod faults;
pub mod folder;
pub mod outbox;
pub mod part_file;
pub mod pictures;
pub mod view;

pub use crate::core::{Difference, Health};
pub use client::accounts::Aside;
pub use client::files::Wanted;
pub use desk::{Desk, Options};
pub use error::{ApiError, Code, Error};
pub use pictures::Size;
