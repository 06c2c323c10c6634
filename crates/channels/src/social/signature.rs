//! Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, the last a list of
//! `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use evendesk_domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a sender's clock may be off, either way: older is a replay.
pub const WINDOW_SECONDS: i64 = 5 * 60;
/// Characters in a webhook's id.
const ID_CHARS: usize = 256;
/// Signatures looked at: senders that change their secret send two.
const SIGNATURES: usize = 8;

/// A shared secret; shown to people as `whsec_` and base64.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is \"whsec_\" and the base64 of 24 to 64 bytes")]
pub struct NotASecret;

impl Secret {
    pub fn new(bytes: &[u8]) -> Result<Self, NotASecret> {
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes.to_vec())) } else { Err(NotASecret) }
    }

    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.trim().strip_prefix("whsec_").ok_or(NotASecret)?;
        Self::new(&STANDARD.decode(encoded).map_err(|_| NotASecret)?)
    }

    /// As it is shown once, to be put into the other side.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length, so this cannot fail.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!());
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

/// The three header values of a signed webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the headers webhook-id, webhook-timestamp and webhook-signature are needed")]
    Missing,
    #[error("webhook-timestamp is more than five minutes from this server's clock")]
    OutsideWindow,
    #[error("no signature fits: is the secret the same on both sides, and the body as it was signed?")]
    Wrong,
}

/// Signs what we send. The same id on a retry lets the other side know it again.
pub fn sign(secret: &Secret, id: &str, body: &[u8], now: Timestamp) -> Signed {
    let timestamp = now.seconds().to_string();
    let mac = secret.mac(id, &timestamp, body).finalize().into_bytes();
    Signed { id: id.to_owned(), signature: format!("v1,{}", STANDARD.encode(mac)), timestamp }
}

/// Checks what we were sent, in a time that does not tell how much of a guess was right.
pub fn verify(secret: &Secret, signed: &Signed, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
    let odd_id = signed.id.is_empty() || signed.id.chars().count() > ID_CHARS;
    if odd_id || signed.signature.is_empty() {
        return Err(SignatureError::Missing);
    }
    let sent: i64 = signed.timestamp.parse().map_err(|_| SignatureError::Missing)?;
    if now.seconds().abs_diff(sent) > WINDOW_SECONDS.unsigned_abs() {
        return Err(SignatureError::OutsideWindow);
    }
    let given = signed.signature.split(' ').take(SIGNATURES).filter_map(|s| s.strip_prefix("v1,"));
    let mut given = given.filter_map(|s| STANDARD.decode(s).ok());
    let fits = |s: Vec<u8>| secret.mac(&signed.id, &signed.timestamp, body).verify_slice(&s).is_ok();
    if given.any(fits) { Ok(()) } else { Err(SignatureError::Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_614_265_330);

    fn secret() -> Secret {
        Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret")
    }

    #[test]
    fn the_published_example_of_standard_webhooks_fits() {
        let body = br#"{"test": 2432232314}"#;
        let signed = sign(&secret(), "msg_p5jXN8AQM9LWM0D4loKWxJek", body, NOW);
        assert_eq!(signed.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(verify(&secret(), &signed, body, NOW), Ok(()));
    }

    #[test]
    fn what_was_changed_replayed_or_signed_by_another_is_refused() {
        let signed = sign(&secret(), "a", b"body", NOW);
        let other = Secret::new(&[7; 32]).expect("a secret");
        assert_eq!(verify(&secret(), &signed, b"Body", NOW), Err(SignatureError::Wrong));
        assert_eq!(verify(&other, &signed, b"body", NOW), Err(SignatureError::Wrong));
        let moved = Signed { id: "b".into(), ..signed.clone() };
        assert_eq!(verify(&secret(), &moved, b"body", NOW), Err(SignatureError::Wrong));
        for late in [301, -301] {
            let then = NOW.plus_seconds(late);
            assert_eq!(verify(&secret(), &signed, b"body", then), Err(SignatureError::OutsideWindow));
        }
        let older = Signed { signature: format!("v1,AAAA {} v2,x", signed.signature), ..signed };
        assert_eq!(verify(&secret(), &older, b"body", NOW), Ok(()), "one of several is enough");
    }

    #[test]
    fn a_secret_is_shown_as_it_is_read() {
        assert_eq!(Secret::parse(&secret().reveal()).map(|s| s.0), Ok(secret().0));
        assert!(matches!(Secret::parse("whsec_c2hvcnQ="), Err(NotASecret)));
    }
}
