//! Tokens: random, known to the desk alone; the journal keeps their digest.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

/// How long a sign-in lasts that is not used; one that is goes on.
pub const SESSION_S: i64 = 30 * 86_400;
/// How often it is noted that a sign-in is used. Each note is a write.
pub const RENEW_AFTER_S: i64 = 15 * 60;

pub struct Token {
    pub text: String,
    pub digest: [u8; 32],
}

impl Token {
    pub fn draw() -> std::io::Result<Self> {
        let text = secret()?;
        let digest = digest(&text);
        Ok(Self { text, digest })
    }
}

/// 256 random bits, fit for a header or an address.
pub fn secret() -> std::io::Result<String> {
    let mut bytes = [0; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| std::io::Error::other("the machine gives no random numbers"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Comparing digests tells nothing of how much of a guess was right.
pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
