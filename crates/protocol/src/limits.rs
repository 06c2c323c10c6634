//! Bounds on messages, checked before anything is parsed, and before a command enters an outbox.

use evendesk_domain::command::CommandBody;
use evendesk_domain::limits::{COMMAND_BYTES, TEXT_BYTES};

/// Bytes of one frame from a desk.
pub const FRAME_FROM_DESK_BYTES: usize = COMMAND_BYTES + 64 * 1024;
/// Bytes of one frame from the server.
pub const FRAME_FROM_SERVER_BYTES: usize = 16 * 1024 * 1024;
/// Events in one batch.
pub const BATCH_EVENTS: usize = 2_000;
/// Bytes of one batch, or of one part of a granted stream; only a single event may be longer.
pub const BATCH_BYTES: usize = 1024 * 1024;
/// Batches that may be under way without an `ack`.
pub const CREDIT_BATCHES: usize = 4;
/// Seconds between heartbeats; a side that hears nothing for three of them hangs up.
pub const HEARTBEAT_S: u64 = 15;
/// A journal up to this long is sent whole rather than as a snapshot.
pub const TAILED_EVENTS: u64 = 4_000;
/// Bytes of one part of a snapshot, compressed and not; what is longer is refused.
pub const PART_COMPRESSED_BYTES: u64 = 512 * 1024 * 1024;
pub const PART_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Bytes that a push takes beside its command's body.
const AROUND_BODY: usize = 200;

/// Too large to be sent, and how large it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    #[error("This text is longer than the {} KiB that can be sent; shorten it.", TEXT_BYTES / 1024)]
    Text,
    #[error("This is larger than the {} KiB that can be sent at once; shorten it.", COMMAND_BYTES / 1024)]
    Command,
}

/// Whether a command can be said in one frame. Escaped, a text may be several times as long as it is.
pub fn check_command(body: &CommandBody) -> Result<(), TooLarge> {
    if body.text().len() > TEXT_BYTES {
        return Err(TooLarge::Text);
    }
    let whole = serde_json::to_string(body).map_or(usize::MAX, |json| json.len() + AROUND_BODY);
    if whole > COMMAND_BYTES { Err(TooLarge::Command) } else { Ok(()) }
}
