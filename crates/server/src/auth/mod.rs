//! Who is asking: passwords, tokens, and how often one may try.

mod code;
mod hashing;
mod password;
mod throttle;
mod token;

pub use code::{Code, code_digest};
pub use hashing::{Hashing, HashingError};
pub use password::{PasswordError, hash, verify};
pub use throttle::Throttle;
pub use token::{RENEW_AFTER_S, SESSION_S, Token, digest, secret};
