//! The server: HTTP and WebSocket, sign-in, the writer, intake, delivery, deadlines. It composes the
//! other rooms and knows all of them but the desk; nothing else may import it but the desktop app,
//! which starts one in-process.

pub mod access;
pub mod auth;
pub mod backup;
pub mod blobs;
mod calls;
pub mod cli;
pub mod clock;
pub mod doctor;
pub mod erasure;
pub mod folder;
pub mod founding;
pub mod generate;
pub mod health;
pub mod http;
pub mod intake;
pub mod invitation;
pub mod location;
pub mod moving;
pub mod retry;
pub mod sample;
pub mod seal;
pub mod secrets;
mod server;
pub mod sign_in;
pub mod snapshot;
pub mod socket;
pub mod state;
pub mod store;
pub mod tls;
mod watch;
pub mod writer;

pub use server::{Options, Running, Server, StartError};
