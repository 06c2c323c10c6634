//! What tests of several packages ask of a desk.

use evendesk_desk::view::{ConnectionState, OutgoingState};
pub use evendesk_desk::{Desk, Wanted};
use evendesk_domain::id::CommandId;

/// Whether it has all that the server has, the server all that it has, and nothing waits for its agent.
pub fn in_sync(desk: &Desk) -> bool {
    let connection = desk.connection();
    connection.state == ConnectionState::InSync && connection.pending == 0 && connection.attention == 0
}

/// Drops what waits for its agent, as an agent does who has looked again and found it said; returns that.
pub fn drop_what_came_back(desk: &Desk) -> Vec<CommandId> {
    let came_back =
        |state| matches!(state, OutgoingState::LookAgain | OutgoingState::Refused | OutgoingState::SetAside);
    let outgoing = desk.outgoing().expect("the outbox can be read");
    let dropped: Vec<CommandId> = outgoing.iter().filter(|o| came_back(o.state)).map(|o| o.command).collect();
    dropped.iter().for_each(|command| desk.outgoing_drop(*command).expect("what came back can be dropped"));
    dropped
}
