//! What a raw mail may be before anything parses it. One pass over the bytes, no allocation.
//!
//! The parser is linear in all of these alone; it is their products (parts that each look for a
//! boundary which never comes, messages in messages) that would cost minutes or the stack.

use evendesk_domain::limits::MAIL_BYTES;

use super::parse::Unreadable;

const HEADER_BYTES: usize = 1024 * 1024;
const LINES: usize = 2_000_000;
const BOUNDARY_LINES: usize = 100_000;
const NESTED_MESSAGES: usize = 200;
const MULTIPARTS: usize = 1_000;
/// Multiparts times bytes: the most that looking for boundaries can read.
const SEARCHED_BYTES: usize = 2_000_000_000;

pub fn check(raw: &[u8]) -> Result<(), Unreadable> {
    if raw.len() > MAIL_BYTES {
        return Err(Unreadable::TooLarge(raw.len()));
    }
    let (mut lines, mut boundaries, mut messages, mut multiparts) = (0, 0, 0, 0);
    let mut header_bytes = None;
    for line in raw.split(|&b| b == b'\n') {
        if header_bytes.is_none() && (line.is_empty() || line == b"\r") {
            header_bytes = Some(line.as_ptr() as usize - raw.as_ptr() as usize);
        }
        lines += 1;
        boundaries += usize::from(line.starts_with(b"--"));
        messages += occurrences(line, b"message/");
        multiparts += occurrences(line, b"multipart/");
    }
    let too_many = |what| Err(Unreadable::TooComplex(what));
    match () {
        () if header_bytes.unwrap_or(raw.len()) > HEADER_BYTES => {
            too_many("its headers are longer than 1 MB")
        }
        () if lines > LINES => too_many("it has more than 2,000,000 lines"),
        () if boundaries > BOUNDARY_LINES => too_many("it has more than 100,000 parts"),
        () if messages > NESTED_MESSAGES => too_many("more than 200 messages are packed into it"),
        () if multiparts > MULTIPARTS || multiparts.saturating_mul(raw.len()) > SEARCHED_BYTES => {
            too_many("its parts are nested too often for its size")
        }
        () => Ok(()),
    }
}

fn occurrences(line: &[u8], word: &[u8]) -> usize {
    if line.len() < word.len() || !line.contains(&b'/') {
        return 0;
    }
    line.windows(word.len()).filter(|w| w.eq_ignore_ascii_case(word)).count()
}
