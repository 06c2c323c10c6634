//! Header values with encoded words (RFC 2047), as mail really has them: characters cut in two between
//! words, words in quotes, without an end or with spaces in them, and bytes of no known charset in between.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::charset;

/// Bytes within which an encoded word ends; the rules allow 75.
const WORD_BYTES: usize = 4096;

/// A run of a value: plain bytes, or what one or more encoded words in a row say.
enum Run<'a> {
    Plain(&'a [u8]),
    Words(String),
}

struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
    length: usize,
}

/// The value as text.
pub fn decode(value: &[u8]) -> String {
    let value = unfolded(value);
    let runs = runs(&value).into_iter().map(|run| match run {
        Run::Plain(bytes) => charset::decode(bytes, None),
        Run::Words(text) => text,
    });
    runs.collect()
}

/// Whether a value has anything that must be decoded.
pub fn is_encoded(value: &[u8]) -> bool {
    !value.is_ascii() || value.windows(2).any(|w| w == b"=?")
}

/// An address field with its encoded words replaced by quoted names in UTF-8, so that nothing that was
/// encoded can become an address, a comma or a comment.
pub fn quoted(value: &[u8]) -> String {
    let value = unfolded(value);
    let (mut out, mut in_quotes) = (String::new(), false);
    for run in runs(&value) {
        match run {
            Run::Plain(bytes) => {
                let text = charset::decode(bytes, None);
                let quotes = text.matches('"').count() - text.matches("\\\"").count();
                in_quotes ^= quotes % 2 == 1;
                out.push_str(&text);
            }
            Run::Words(text) => {
                let text: String = text.chars().filter(|c| !c.is_control()).collect();
                let safe = text.replace('\\', "\\\\").replace('"', "\\\"");
                let (open, close) = if in_quotes { ("", "") } else { ("\"", "\"") };
                out.push_str(&format!("{open}{safe}{close}"));
            }
        }
    }
    out
}

fn unfolded(value: &[u8]) -> Vec<u8> {
    value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect::<Vec<u8>>().trim_ascii().to_vec()
}

fn runs(value: &[u8]) -> Vec<Run<'_>> {
    let (mut runs, mut plain, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = value[at..].windows(2).position(|w| w == b"=?").map(|n| at + n) {
        let Some(first) = word(&value[found..]) else {
            at = found + 2;
            continue;
        };
        runs.push(Run::Plain(&value[plain..found]));
        at = found + first.length;
        let mut words = vec![first];
        // Space between encoded words is not part of the text.
        while let Some((skipped, next)) = next_word(&value[at..]) {
            at += skipped + next.length;
            words.push(next);
        }
        runs.push(Run::Words(text(words)));
        plain = at;
    }
    runs.push(Run::Plain(&value[plain..]));
    runs
}

fn next_word(value: &[u8]) -> Option<(usize, Word<'_>)> {
    let skipped = value.len() - value.trim_ascii_start().len();
    Some((skipped, word(&value[skipped..])?))
}

/// Words of one charset are decoded together: a character may be cut in two between them.
fn text(words: Vec<Word<'_>>) -> String {
    let (mut out, mut joined, mut charset) = (String::new(), Vec::new(), "");
    for word in words {
        if !word.charset.eq_ignore_ascii_case(charset) {
            out.push_str(&charset::decode(&joined, Some(charset)));
            joined.clear();
            charset = word.charset;
        }
        joined.extend(word.bytes);
    }
    out + &charset::decode(&joined, Some(charset))
}

/// The encoded word that a value begins with; one without an end ends at the next space.
fn word(value: &[u8]) -> Option<Word<'_>> {
    let rest = value.strip_prefix(b"=?")?;
    let mut parts = rest.splitn(3, |&b| b == b'?');
    let (charset, encoding, coded) = (parts.next()?, parts.next()?, parts.next()?);
    let charset = std::str::from_utf8(charset).ok()?.split('*').next()?;
    if charset.is_empty() || !charset.chars().all(|c| c.is_ascii_graphic()) {
        return None;
    }
    let before = value.len() - coded.len();
    let (coded, length) = match coded.windows(2).take(WORD_BYTES).position(|w| w == b"?=") {
        Some(end) => (&coded[..end], before + end + 2),
        None => {
            let end = coded.iter().position(u8::is_ascii_whitespace).unwrap_or(coded.len());
            (&coded[..end], before + end)
        }
    };
    let bytes = match encoding {
        b"q" | b"Q" => unquoted(coded),
        b"b" | b"B" => base64(coded),
        _ => return None,
    };
    Some(Word { charset, bytes, length })
}

fn unquoted(coded: &[u8]) -> Vec<u8> {
    let hex = |at: usize| coded.get(at).and_then(|&b| char::from(b).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(coded.len()), 0);
    while at < coded.len() {
        match (coded[at], hex(at + 1), hex(at + 2)) {
            (b'=', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'_', ..) => out.push(b' '),
            (other, ..) => out.push(other),
        }
        at += 1;
    }
    out
}

/// Base64 as far as it goes: other characters are passed over, padding may lack.
pub fn base64(coded: &[u8]) -> Vec<u8> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let is_code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let mut code: Vec<u8> = coded.iter().copied().filter(is_code).collect();
    if code.len() % 4 == 1 {
        code.pop();
    }
    engine.decode(&code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_read_as_they_were_meant() {
        for (value, expected) in [
            ("=?utf-8?Q?Gr=C3=B6=C3=9Fe?= ok", "Größe ok"),
            ("=?utf-8?B?R3LD?=\r\n =?utf-8?B?tsOfZQ==?=", "Größe"),
            ("=?iso-8859-1*de?q?Gr=F6=DFe_5?=", "Größe 5"),
            ("=?utf-8?Q?a b c?= d", "a b c d"),
            ("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
            ("=?utf-8?Q?no_end=21 and more", "no end! and more"),
            ("=?utf-8?X?abc?= =?=", "=?utf-8?X?abc?= =?="),
            ("=?utf-8?Q?=41?=", "A"),
            ("plain", "plain"),
        ] {
            assert_eq!(decode(value.as_bytes()), expected, "{value}");
        }
        assert_eq!(decode(b"Gr\xf6\xdfe"), "Größe");
    }

    #[test]
    fn a_name_cannot_become_an_address() {
        let value = b"=?utf-8?Q?Eve_=3Ceve=40c.example=3E=2C_=22?= <a@b.example>";
        assert_eq!(quoted(value), r#""Eve <eve@c.example>, \"" <a@b.example>"#);
        assert_eq!(quoted(b"\"=?utf-8?Q?M=C3=BCller=2C_A?=\" <a@b.example>"), "\"Müller, A\" <a@b.example>");
    }
}
