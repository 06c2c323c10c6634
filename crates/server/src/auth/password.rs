//! Passwords, kept as argon2id hashes only. Slow on purpose: call it where blocking is allowed.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

const SHORTEST: usize = 8;
/// More is hashed at a cost that a stranger chooses.
const LONGEST_BYTES: usize = 1024;

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("a password needs at least {SHORTEST} characters")]
    TooShort,
    #[error("a password may be {LONGEST_BYTES} bytes at most")]
    TooLong,
    #[error("the password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
}

/// A PHC string with a salt of its own.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    if password.len() > LONGEST_BYTES {
        return Err(PasswordError::TooLong);
    }
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Takes as long whether there is such a person or not.
pub fn verify(password: &str, kept: Option<&str>) -> bool {
    /// Of nobody's password.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                          XcHSWmHPuVnOTwTRMvlDcEzgQ9W7GHhJ2Z3mYnhA3Ss";
    if password.len() > LONGEST_BYTES {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(kept.unwrap_or(NOBODY)) else { return false };
    let matches = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    matches && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_opens() {
        let kept = hash("correct horse").unwrap();
        assert!(verify("correct horse", Some(&kept)));
        assert!(!verify("wrong horse", Some(&kept)));
        assert!(!verify("correct horse", None));
        assert!(!verify("correct horse", Some("not a hash")));
        assert!(matches!(hash("short"), Err(PasswordError::TooShort)));
    }
}
