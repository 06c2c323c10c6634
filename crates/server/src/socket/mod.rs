//! Desks by WebSocket: what they are told, and what they ask for.
//!
//! `tail` decides what a desk gets to see and in which order, without a socket; `slice` fetches what
//! the tail works on; `connection` carries both over the wire.

mod connection;
mod slice;
mod tail;

use axum::extract::{State, WebSocketUpgrade};
use axum::response::Response;
use evendesk_protocol::limits::FRAME_FROM_DESK_BYTES;

use crate::state::{App, SignedInAs};

/// Bytes the socket itself buffers; most desks are idle most of the time.
const BUFFER: usize = 16 * 1024;

pub async fn upgrade(State(app): State<App>, who: SignedInAs, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(FRAME_FROM_DESK_BYTES)
        .max_frame_size(FRAME_FROM_DESK_BYTES)
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .on_upgrade(move |socket| connection::serve(app, who, socket))
}
