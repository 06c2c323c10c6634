//! The token in the address that an answer of ours is answered to: `support+r…@…` for `support@…`. It names the
//! answer, and only we can have made it, so it finds the conversation where a provider has rewritten
//! Message-IDs, and the answer that a bounce without any is about.

use evendesk_domain::id::MessageId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// Says what follows, and in which version.
const MARK: char = 'r';
/// Bytes of the answer's id, and of the signature behind it.
const ID: usize = 16;
const SIGNATURE: usize = 8;
/// Characters of the two in base 32, without the mark.
const CHARS: usize = (ID + SIGNATURE) * 8 / 5 + 1;
/// Longest local part of an address (RFC 5321).
const LOCAL: usize = 64;
/// Mail servers may change the case of a local part, so the digits have one case only. No `e`, `i`, `o`, `u`,
/// to spell no words.
const DIGITS: &[u8; 32] = b"0123456789abcdfghjklmnpqrstvwxyz";

/// What tokens of one workspace are signed and verified with; derived from its sealing key.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyKey([u8; 32]);

/// It is never shown.
impl std::fmt::Debug for ReplyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReplyKey")
    }
}

impl ReplyKey {
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The address that answers to `message` come to, for mail from `address`; none where its local part has
    /// no room.
    ///
    /// ```
    /// use evendesk_channels::email::reply_token::ReplyKey;
    /// use evendesk_domain::id::MessageId;
    ///
    /// let (key, message) = (ReplyKey::new([7; 32]), MessageId(uuid::Uuid::from_u128(17)));
    /// let address = key.address("support@company.example", message).unwrap();
    /// assert!(address.starts_with("support+r") && address.ends_with("@company.example"));
    /// assert_eq!(key.find([address.to_uppercase()].iter()), Some(message));
    /// ```
    pub fn address(&self, address: &str, message: MessageId) -> Option<String> {
        let (local, host) = address.trim().rsplit_once('@')?;
        let quoted = local.starts_with('"');
        let fits = local.len() + 2 + CHARS <= LOCAL;
        (fits && !quoted).then(|| format!("{local}+{MARK}{}@{host}", self.token(message)))
    }

    /// The answer named by the first token of ours among addresses; what was not made by us is none.
    pub fn find<'a>(&self, addresses: impl Iterator<Item = &'a String>) -> Option<MessageId> {
        addresses.filter_map(|address| tag(address)).find_map(|token| self.verify(token))
    }

    fn token(&self, message: MessageId) -> String {
        let mut bytes = message.0.as_bytes().to_vec();
        bytes.extend_from_slice(&self.signature(message));
        digits(&bytes)
    }

    fn verify(&self, token: &str) -> Option<MessageId> {
        let bytes = bytes(token)?;
        let (id, signature) = bytes.split_first_chunk::<ID>()?;
        let message = MessageId(Uuid::from_bytes(*id));
        self.mac(message).verify_truncated_left(signature).ok().map(|()| message)
    }

    fn signature(&self, message: MessageId) -> [u8; SIGNATURE] {
        let whole: [u8; 32] = self.mac(message).finalize().into_bytes().into();
        std::array::from_fn(|place| whole[place])
    }

    fn mac(&self, message: MessageId) -> Hmac<Sha256> {
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).unwrap_or_else(|_| unreachable!());
        mac.update(b"answer ");
        mac.update(message.0.as_bytes());
        mac
    }
}

/// The address without a token of ours: what it is an address of.
pub fn bare(address: &str) -> String {
    match tag(address).and_then(|token| address.rsplit_once('@').zip(Some(token))) {
        Some(((local, host), token)) => {
            let end = local.len().saturating_sub(token.len() + 2);
            format!("{}@{host}", local.get(..end).unwrap_or(local))
        }
        None => address.to_owned(),
    }
}

/// What looks like a token of ours.
fn tag(address: &str) -> Option<&str> {
    let (local, _) = address.trim().rsplit_once('@')?;
    let (_, tag) = local.rsplit_once('+')?;
    let token = tag.strip_prefix([MARK, MARK.to_ascii_uppercase()])?;
    (token.len() == CHARS && bytes(token).is_some()).then_some(token)
}

fn digits(bytes: &[u8]) -> String {
    let bit = |place: usize| bytes.get(place / 8).is_some_and(|byte| byte >> (7 - place % 8) & 1 == 1);
    let digit = |first: usize| {
        let value = (first..first + 5).fold(0, |value, place| value << 1 | usize::from(bit(place)));
        char::from(DIGITS[value])
    };
    (0..bytes.len() * 8).step_by(5).map(digit).collect()
}

/// The bytes of a token; none where it has another length, a digit that is none, or more bits than bytes.
fn bytes(token: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![0_u8; ID + SIGNATURE];
    for (place, digit) in token.bytes().enumerate() {
        let value = DIGITS.iter().position(|known| *known == digit.to_ascii_lowercase())?;
        for bit in (0..5).filter(|bit| value >> (4 - bit) & 1 == 1) {
            let at = place * 5 + bit;
            *bytes.get_mut(at / 8)? |= 1 << (7 - at % 8);
        }
    }
    (token.len() == CHARS).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: ReplyKey = ReplyKey::new([7; 32]);

    proptest! {
        #[test]
        fn a_token_names_its_answer_however_servers_write_it(id: u128, upper: bool) {
            let message = MessageId(Uuid::from_u128(id));
            let address = KEY.address("support+orders@company.example", message).unwrap();
            let written = if upper { address.to_uppercase() } else { address.clone() };
            prop_assert!(address.split('@').next().unwrap().len() <= LOCAL);
            prop_assert_eq!(KEY.find([written.clone()].iter()), Some(message));
            prop_assert!(bare(&written).eq_ignore_ascii_case("support+orders@company.example"));
        }

        #[test]
        fn one_character_more_less_or_other_is_no_token(id: u128, place in 0_usize..CHARS, digit in 0_usize..32) {
            let message = MessageId(Uuid::from_u128(id));
            let token = KEY.token(message);
            let mut other = token.clone().into_bytes();
            other[place] = DIGITS[digit];
            let other = String::from_utf8(other).unwrap();
            prop_assert_eq!(KEY.verify(&other).is_some(), other == token);
            prop_assert_eq!(KEY.verify(&token[1..]), None);
            prop_assert_eq!(KEY.verify(&format!("{token}0")), None);
        }

        #[test]
        fn no_address_makes_it_panic(address in "\\PC{0,90}") {
            let _ = (KEY.find([address.clone()].iter()), bare(&address), KEY.address(&address, MessageId(Uuid::nil())));
        }
    }

    #[test]
    fn another_workspace_s_token_is_none() {
        let message = MessageId(Uuid::from_u128(17));
        let theirs = ReplyKey::new([8; 32]).address("support@company.example", message).unwrap();
        assert_eq!(KEY.find([theirs].iter()), None);
        assert_eq!(KEY.find(["support@company.example".to_owned(), "a+r@b.example".to_owned()].iter()), None);
    }

    #[test]
    fn an_address_without_room_gets_no_token() {
        let message = MessageId(Uuid::from_u128(17));
        let long = format!("{}@company.example", "a".repeat(LOCAL - CHARS - 1));
        assert_eq!(KEY.address(&long, message), None);
        assert!(KEY.address(&long[1..], message).is_some());
        assert_eq!(KEY.address("\"odd one\"@company.example", message), None);
    }
}
