//! Secrets at rest: passwords of mailboxes and webhooks are sealed with a key that lies beside the
//! journal, not in it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use evendesk_channels::email::reply_token::ReplyKey;
use rand::TryRng;
use rand::rngs::SysRng;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;

/// Cheap to clone; every clone seals with the same key.
#[derive(Clone)]
pub struct Seal {
    key: Arc<LessSafeKey>,
    reply: ReplyKey,
}

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("the key file cannot be used: {0}")]
    KeyFile(#[from] std::io::Error),
    #[error(
        "this folder has no key file, and the workspace was made with one; copy the file `key` from the \
         data folder of another node, or from a backup"
    )]
    NoKey,
    #[error(
        "the key file is not the one this workspace is sealed with; copy the file `key` from the data folder \
         of another node, or from a backup"
    )]
    OtherKey,
    #[error("the key file is damaged: it must hold {KEY_BYTES} bytes; put the right one back")]
    BadKey,
    #[error(
        "a kept secret cannot be opened with this key file; enter it again, or put the right key file back"
    )]
    CannotOpen,
    #[error("the machine gives no random numbers")]
    NoRandomness,
}

impl Seal {
    /// Reads the key, or draws one on the first start.
    pub fn open(path: &Path) -> Result<Self, SealError> {
        let key = match std::fs::read(path) {
            Ok(key) => Zeroizing::new(key),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => draw(path)?,
            Err(e) => return Err(e.into()),
        };
        let reply = ReplyKey::new(derive(&key, b"reply token"));
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key).map_err(|_| SealError::BadKey)?;
        Ok(Self { key: Arc::new(LessSafeKey::new(key)), reply })
    }

    /// What the tokens in our answers' addresses are made with: the same on every node, as long as the key is.
    pub fn reply_key(&self) -> ReplyKey {
        self.reply.clone()
    }

    /// Seals for one name: what is sealed for one cannot be passed off as another's.
    pub fn seal(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let mut sealed = secret.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(name), &mut sealed)
            .map_err(|_| SealError::CannotOpen)?;
        Ok([&nonce[..], &sealed].concat())
    }

    pub fn unseal(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<String>, SealError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::CannotOpen)?;
        let mut secret = Zeroizing::new(sealed.to_vec());
        let open = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(name), &mut secret)
            .map_err(|_| SealError::CannotOpen)?;
        let text = std::str::from_utf8(open).map_err(|_| SealError::CannotOpen)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// A key for one purpose, from which the sealing key cannot be told.
fn derive(key: &[u8], purpose: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), purpose);
    let mut derived = [0; 32];
    derived.copy_from_slice(tag.as_ref());
    derived
}

fn draw(path: &Path) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut key = Zeroizing::new(vec![0; KEY_BYTES]);
    SysRng.try_fill_bytes(&mut key).map_err(|_| SealError::NoRandomness)?;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    crate::folder::owner_only(path, 0o600)?;
    file.write_all(&key)?;
    file.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_with_its_name_and_key_only() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key");
        let sealed = Seal::open(&key).unwrap().seal("mailbox a", b"hunter2").unwrap();
        assert!(!sealed.windows(7).any(|w| w == b"hunter2"));

        let again = Seal::open(&key).unwrap();
        assert_eq!(again.unseal("mailbox a", &sealed).unwrap().as_str(), "hunter2");
        assert!(again.unseal("mailbox b", &sealed).is_err());
        assert!(again.unseal("mailbox a", &sealed[1..]).is_err());
        assert!(again.unseal("mailbox a", b"").is_err());
        let other = Seal::open(&dir.path().join("other")).unwrap();
        assert!(other.unseal("mailbox a", &sealed).is_err());
    }
}
