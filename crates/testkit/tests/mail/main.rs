//! The email channel against real Dovecot and Postfix.

mod fetching;
mod paper;
mod sending;
