//! Codes of invitations: random, short enough to be read out, told once.

use rand::TryRng;
use rand::rngs::SysRng;

use super::digest;

/// Crockford's: no letter that is taken for a digit.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 100 bits; with few tries a minute, nobody guesses one in the days that it is good for.
const LENGTH: usize = 20;
const GROUP: usize = 4;

pub struct Code {
    /// As people read it: `7KQF-2M9D-…`.
    pub text: String,
    pub digest: [u8; 32],
}

impl Code {
    pub fn draw() -> std::io::Result<Self> {
        let mut bytes = [0_u8; LENGTH];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|_| std::io::Error::other("the machine gives no random numbers"))?;
        let plain: String = bytes.iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect();
        let groups: Vec<&str> = (0..LENGTH).step_by(GROUP).map(|at| &plain[at..at + GROUP]).collect();
        Ok(Self { text: groups.join("-"), digest: digest(&plain) })
    }
}

/// The digest of a code as somebody typed it; none for what cannot be one.
pub fn code_digest(typed: &str) -> Option<[u8; 32]> {
    if typed.len() > 4 * LENGTH {
        return None;
    }
    let plain: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    let known = plain.bytes().all(|b| LETTERS.contains(&b));
    (known && plain.len() == LENGTH).then(|| digest(&plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = Code::draw().unwrap();
        assert_eq!(code_digest(&code.text), Some(code.digest));
        let spoken = code.text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(code_digest(&format!("  {spoken}\n")), Some(code.digest));
        assert_ne!(Code::draw().unwrap().digest, code.digest);
        for bad in ["", "7KQF", "UUUU-UUUU-UUUU-UUUU-UUUU", &"7".repeat(21), &"7".repeat(10_000)] {
            assert_eq!(code_digest(bad), None, "{bad}");
        }
    }
}
