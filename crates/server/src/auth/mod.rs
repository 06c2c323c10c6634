//! Who is asking: passwords, tokens, and how often one may try.

mod password;
mod throttle;
mod token;

pub use password::{PasswordError, hash, verify};
pub use throttle::Throttle;
pub use token::{SESSION_DAYS, Token, digest, secret};
