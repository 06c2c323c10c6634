//! What tests of several packages ask of a desk.

pub use evendesk_desk::Desk;
use evendesk_desk::view::ConnectionState;
use evendesk_domain::id::CommandId;

/// Whether it has all that the server has, and the server all that it has.
pub fn in_sync(desk: &Desk) -> bool {
    let connection = desk.connection();
    connection.state == ConnectionState::InSync && connection.pending == 0
}

/// The commands that wait, or wait for the agent.
pub fn outgoing(desk: &Desk) -> Vec<CommandId> {
    desk.outgoing().expect("the outbox can be read").into_iter().map(|item| item.command).collect()
}
