//! Bytes to text, whatever charset they claim or have. Never fails: in the worst case some characters
//! are replacement marks.
//!
//! The label is read as browsers read it (WHATWG: `iso-8859-1` is windows-1252, `gb2312` is GBK); what it
//! cannot be true of is UTF-8 if it can be, and else what the bytes look like.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, ISO_2022_JP, REPLACEMENT, SHIFT_JIS, UTF_8};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Bytes that guessing a charset looks at.
const GUESSED_FROM_BYTES: usize = 64 * 1024;

/// The text of bytes that are labelled with a charset, or with none.
pub fn decode(bytes: &[u8], label: Option<&str>) -> String {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    }
    let label = label.unwrap_or_default().trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    if let Some(text) = beyond_browsers(bytes, &label) {
        return text;
    }
    let named = named(&label);
    if let Some(encoding) = named {
        // What is valid UTF-8 beyond ASCII is hardly ever meant as a row of accents and signs.
        if let Some(text) = utf8(bytes).filter(|t| encoding.is_single_byte() && !t.is_ascii()) {
            return text.to_owned();
        }
        if let Some(text) = mostly_whole(encoding, bytes) {
            return text;
        }
    }
    let escapes = bytes.windows(2).any(|w| w == b"\x1b$");
    if escapes && let Some(text) = mostly_whole(ISO_2022_JP, bytes) {
        return text;
    }
    if let Some(text) = mostly_whole(UTF_8, bytes) {
        return text;
    }
    let (text, wrong) = guess(bytes).decode_without_bom_handling(bytes);
    match named {
        Some(named) if wrong => named.decode_without_bom_handling(bytes).0.into_owned(),
        _ => text.into_owned(),
    }
}

/// A label's encoding, where it tells one: `us-ascii` over other bytes tells nothing.
fn named(label: &str) -> Option<&'static Encoding> {
    let encoding = match label {
        "us-ascii" | "ascii" | "ansi_x3.4-1968" => return None,
        "cp932" | "ms932" => SHIFT_JIS,
        "cp936" | "ms936" | "euc-cn" => GBK,
        "cp949" | "ms949" | "uhc" => EUC_KR,
        "cp950" | "ms950" => BIG5,
        "utf8mb4" | "utf-8mb4" | "utf_8" => UTF_8,
        _ => Encoding::for_label(label.as_bytes()).or_else(|| {
            // `cp-1252`, `windows1252`, `iso8859_1` and their like.
            let digits: String = label.chars().filter(char::is_ascii_digit).collect();
            let family = if label.contains("8859") { "iso-8859-" } else { "windows-" };
            let number = digits.strip_prefix("8859").unwrap_or(&digits);
            let known = label.starts_with("cp") || label.starts_with("windows") || label.starts_with("iso");
            known.then(|| Encoding::for_label(format!("{family}{number}").as_bytes())).flatten()
        })?,
    };
    (encoding != REPLACEMENT).then_some(encoding)
}

/// What mail has and browsers have not.
fn beyond_browsers(bytes: &[u8], label: &str) -> Option<String> {
    let known = matches!(label, "utf-7" | "unicode-1-1-utf-7" | "csutf7" | "cp850" | "ibm850" | "850");
    let label = if label.ends_with("utf-7") { "utf-7" } else { label };
    known.then(|| charset_decoder(label.as_bytes()).map(|decode| decode(bytes)))?
}

fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// A decoded text unless it is more marks than letters: one broken character does not make a label wrong.
fn mostly_whole(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let (text, wrong) = encoding.decode_without_bom_handling(bytes);
    let marks = || text.matches(char::REPLACEMENT_CHARACTER).count();
    let letters = || text.chars().filter(|c| !c.is_ascii()).count() - marks();
    // Letters of UTF-8 come about by chance far more seldom than others.
    let outweighs = if encoding == UTF_8 { 1 } else { 5 };
    (!wrong || marks() * outweighs <= letters()).then(|| text.into_owned())
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&bytes[..bytes.len().min(GUESSED_FROM_BYTES)], bytes.len() <= GUESSED_FROM_BYTES);
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_by_its_label_else_as_utf_8_else_by_its_look() {
        let cases: &[(&[u8], Option<&str>, &str)] = &[
            (b"Gr\xf6\xdfe 5 \x80", Some("ISO-8859-1"), "Größe 5 €"),
            ("Größe".as_bytes(), Some("iso-8859-1"), "Größe"),
            (b"Gr\xf6\xdfe und mehr", Some("utf-8"), "Größe und mehr"),
            (b"Gr\xf6\xdfe und mehr", None, "Größe und mehr"),
            ("Größe".as_bytes(), Some("x-unknown"), "Größe"),
            (b"\xc4\xe3\xba\xc3", Some("gb2312"), "你好"),
            (b"\x1b$B$3$s$K$A$O\x1b(B", None, "こんにちは"),
            (b"+AOQ-rger", Some("utf-7"), "ärger"),
            (b"\xff\xfeH\0i\0", None, "Hi"),
            (b"\x84rger", Some("cp850"), "ärger"),
            (b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("cp-1251"), "Привет"),
            (
                "ein gewöhnlicher, länger währender Gruß\u{e4}".as_bytes().split_last().unwrap().1,
                Some("utf-8"),
                "ein gewöhnlicher, länger währender Gruß\u{fffd}",
            ),
        ];
        for (bytes, label, expected) in cases {
            assert_eq!(decode(bytes, *label), *expected, "{label:?}");
        }
    }
}
