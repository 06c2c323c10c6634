//! The channels: the outside world turned into `Inbound`, and `Outbound` turned back into it.
//!
//! A folder a channel. Each of them identifies who spoke, dates when, carries words and files whole,
//! and hands over through [`intake::Intake`]; none knows a journal, a read model, a customer or a
//! conversation. Whatever comes from outside is bounded before it is parsed, and what cannot be read
//! is set aside raw with a reason, never dropped.

pub mod email;
pub mod intake;
pub mod social;
pub mod web_form;
