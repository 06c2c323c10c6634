//! Header fields of a parsed mail, as short lines and normalised ids and addresses.

use std::borrow::Cow;

use evendesk_domain::limits::{LINE_CHARS, RECIPIENTS, REFERENCES};
use mail_parser::{Address, Header, HeaderValue, Message, MessageParser};

use super::words;

/// Bytes of one field that are decoded; longer ones are cut.
const FIELD_BYTES: usize = 64 * 1024;

/// The value of a field as it stands, unfolded, without decoding.
pub fn raw(mail: &Message<'_>, name: &str) -> Option<String> {
    let header = mail.headers().iter().rev().find(|h| h.name().eq_ignore_ascii_case(name))?;
    Some(line(&String::from_utf8_lossy(bytes(mail, header)?)))
}

/// The values of a field that may stand several times, from the top.
pub fn raw_all(mail: &Message<'_>, name: &str) -> Vec<String> {
    let named = mail.headers().iter().filter(|h| h.name().eq_ignore_ascii_case(name));
    named.filter_map(|h| Some(line(&String::from_utf8_lossy(bytes(mail, h)?)))).take(100).collect()
}

/// The value of a field of text, decoded, as one line.
pub fn text(mail: &Message<'_>, name: &str) -> String {
    let header = mail.headers().iter().find(|h| h.name().eq_ignore_ascii_case(name));
    header.and_then(|h| bytes(mail, h)).map(|b| line(&words::decode(b))).unwrap_or_default()
}

pub fn bytes<'a>(mail: &'a Message<'_>, header: &Header<'_>) -> Option<&'a [u8]> {
    let bytes = mail.raw_message.get(header.offset_start as usize..header.offset_end as usize)?;
    Some(&bytes[..bytes.len().min(FIELD_BYTES)])
}

/// One line of plain text: no control characters, none that turns the direction of writing or cannot be
/// seen, single spaces, cut at the limit.
pub fn line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .filter(|&c| !is_unseen(c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(LINE_CHARS).collect()
}

/// Marks that would show a name otherwise than it is. Joiners stay: scripts and emoji are made of them.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{ad}' | '\u{2060}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Name and address of the first mailbox in the first field of that name that has one.
pub fn mailbox(mail: &Message<'_>, name: &str) -> Option<(String, String)> {
    let fields = mail.headers().iter().filter(|h| h.name().eq_ignore_ascii_case(name));
    fields.take(10).find_map(|field| {
        let list = address_list(mail, field)?;
        let usable = list.iter().take(RECIPIENTS).find_map(|a| {
            let address = bare(a.address()?)?;
            Some((line(a.name().unwrap_or_default()), address))
        });
        usable.or_else(|| wholly_encoded(mail, field))
    })
}

/// The mailboxes of a field. Encoded names are decoded here rather than by the parser: see [`words`].
fn address_list<'a>(mail: &Message<'_>, field: &'a Header<'_>) -> Option<Cow<'a, Address<'a>>> {
    let value = bytes(mail, field)?;
    if words::is_encoded(value) {
        Some(Cow::Owned(parsed(&words::quoted(value))?))
    } else {
        field.value().as_address().map(Cow::Borrowed)
    }
}

fn parsed(list: &str) -> Option<Address<'static>> {
    let field = format!("To: {list}\r\n\r\n");
    let mail = MessageParser::default().parse_headers(field.as_bytes())?;
    Some(mail.to()?.clone().into_owned())
}

/// `=?utf-8?q?Ada_<ada=40b.example>?=`: against all rules, and still an address.
fn wholly_encoded(mail: &Message<'_>, field: &Header<'_>) -> Option<(String, String)> {
    let value = bytes(mail, field).filter(|v| words::is_encoded(v))?;
    let list = parsed(&line(&words::decode(value)))?;
    list.iter().find_map(|a| Some((line(a.name().unwrap_or_default()), bare(a.address()?)?)))
}

/// The addresses of a field that may stand several times, each once, in order.
pub fn addresses(mail: &Message<'_>, name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for header in mail.headers().iter().filter(|h| h.name().eq_ignore_ascii_case(name)) {
        let Some(list) = address_list(mail, header) else { continue };
        for address in list.iter().filter_map(|a| bare(a.address()?)) {
            if found.len() < RECIPIENTS && !found.iter().any(|f| f.eq_ignore_ascii_case(&address)) {
                found.push(address);
            }
        }
    }
    found
}

/// Where servers on the way say that they delivered it.
pub fn delivered_to(mail: &Message<'_>) -> Vec<String> {
    let fields = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];
    let values = fields.iter().filter_map(|field| raw(mail, field));
    values
        .flat_map(|value| value.split([',', ' ']).filter_map(bare).collect::<Vec<_>>())
        .take(RECIPIENTS)
        .collect()
}

fn bare(address: &str) -> Option<String> {
    let address = address.trim().trim_matches(['<', '>']).trim();
    let plain = address.contains('@') && !address.chars().any(|c| c.is_whitespace() || c.is_control());
    (plain && address.len() <= 320).then(|| address.to_owned())
}

/// Message ids without brackets, oldest first; the newest are kept when there are too many.
pub fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let all: Vec<&str> = match value {
        HeaderValue::Text(one) => vec![one.as_ref()],
        HeaderValue::TextList(many) => many.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    let mut ids: Vec<String> = all.into_iter().filter_map(id).collect();
    ids.drain(..ids.len().saturating_sub(REFERENCES));
    ids
}

pub fn id(text: &str) -> Option<String> {
    let id = text.trim().trim_matches(['<', '>']).trim();
    let plain = !id.is_empty() && id.len() <= 998 && !id.chars().any(|c| c.is_whitespace() || c.is_control());
    plain.then(|| id.to_owned())
}
