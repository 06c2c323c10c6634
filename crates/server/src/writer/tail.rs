//! Whether the journal still says what it said where this node left it. A database that fails over may come back
//! without its last commits, and others may have been made in their place since: a node that went on from there
//! would hold what nobody else does. And whether others say more there than this build understands.

use evendesk_domain::stream::Recorded;
use evendesk_journal::Journal;

use super::WriteError;

/// Tells this event from any other that could be in its place; what was erased of it changes nothing.
pub fn mark(last: &Recorded) -> String {
    let Recorded { seq, stream, at, by, command, event: _ } = last;
    let command = command.map(|c| c.to_string()).unwrap_or_default();
    format!("{seq} {stream} {} {by:?} {command}", at.millis())
}

/// Whether `found`, what the journal has at `cursor`, is what was folded there; `kept` is the mark of that.
pub fn agrees(
    journal: &dyn Journal,
    cursor: u64,
    kept: &str,
    found: Option<&Recorded>,
) -> Result<(), WriteError> {
    match found {
        _ if cursor == 0 => Ok(()),
        Some(found) if found.seq == cursor && (kept.is_empty() || mark(found) == kept) => Ok(()),
        Some(found) if found.seq == cursor => Err(WriteError::Parted { at: cursor }),
        _ => Err(WriteError::WentBack { was: cursor, is: journal.head()? }),
    }
}

/// Says what of these a later version has written, so that whoever runs both knows what waits for the upgrade.
pub fn tell_newer(events: &[Recorded]) {
    for Recorded { seq, stream, .. } in events.iter().filter(|e| e.event.is_from_the_future()) {
        tracing::warn!(
            "event {seq} was written by a newer Evendesk: {stream} is only read here until this server is upgraded"
        );
    }
}
