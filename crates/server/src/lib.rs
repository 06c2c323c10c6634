//! The server: HTTP and WebSocket, sign-in, the writer, intake, delivery, deadlines. It composes the
//! other rooms and knows all of them but the desk; nothing else may import it but the desktop app,
//! which starts one in-process.

pub mod auth;
pub mod blobs;
pub mod clock;
pub mod folder;
pub mod founding;
pub mod http;
pub mod seal;
mod server;
mod socket;
pub mod state;
pub mod store;
pub mod writer;

pub use server::{Options, Running, Server, StartError};
