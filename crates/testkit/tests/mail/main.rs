//! The email channel against real Dovecot and Postfix.

mod encrypted;
mod fetching;
mod paper;
mod sending;
mod tokens;
