//! Desks by WebSocket: what they are told, and what they ask for.
//!
//! `session` is one desk's connection without its socket, and `tail` the part of it that decides what the
//! desk gets to see and in which order, `directives` what it must carry out first; `slice` fetches what they
//! need; `connection` carries a session over the wire.

mod connection;
mod directives;
mod end;
mod presence;
pub mod session;
pub mod slice;
mod tail;

use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use evendesk_protocol::limits::FRAME_FROM_DESK_BYTES;

use crate::state::{App, SignedInAs};

/// Bytes the socket itself buffers each way; most desks are idle most of the time.
const BUFFER: usize = 4 * 1024;

pub async fn upgrade(State(app): State<App>, who: SignedInAs, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(FRAME_FROM_DESK_BYTES)
        .max_frame_size(FRAME_FROM_DESK_BYTES)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .on_upgrade(move |socket| connection::serve(app, who, socket))
}
