//! Bounds on messages, checked before anything is parsed.

/// Bytes of one frame from a desk.
pub const FRAME_FROM_DESK_BYTES: usize = evendesk_domain::limits::COMMAND_BYTES + 64 * 1024;
/// Bytes of one frame from the server; a batch of events is cut to stay below.
pub const FRAME_FROM_SERVER_BYTES: usize = 16 * 1024 * 1024;
/// Events in one batch.
pub const BATCH_EVENTS: usize = 2_000;
/// Batches that may be under way without an `ack`.
pub const CREDIT_BATCHES: usize = 4;
/// Seconds between heartbeats; a side that hears nothing for three of them hangs up.
pub const HEARTBEAT_S: u64 = 15;
