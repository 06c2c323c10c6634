//! Header fields of a parsed mail, as short lines and normalised ids and addresses.

use evendesk_domain::limits::{LINE_CHARS, RECIPIENTS, REFERENCES};
use mail_parser::{Address, HeaderValue, Message};

/// The value of a field as it stands, unfolded, without decoding.
pub fn raw(mail: &Message<'_>, name: &str) -> Option<String> {
    let header = mail.headers().iter().rev().find(|h| h.name().eq_ignore_ascii_case(name))?;
    let bytes = mail.raw_message.get(header.offset_start as usize..header.offset_end as usize)?;
    Some(line(&String::from_utf8_lossy(bytes)))
}

/// One line of plain text: no control characters, single spaces, cut at the limit.
pub fn line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(LINE_CHARS).collect()
}

/// Name and address of the first mailbox that has an address.
pub fn mailbox(address: Option<&Address<'_>>) -> Option<(String, String)> {
    address?.iter().take(RECIPIENTS).find_map(|a| {
        let address = bare(a.address()?)?;
        Some((line(a.name().unwrap_or_default()), address))
    })
}

/// The addresses of a field that may stand several times, each once, in order.
pub fn addresses(mail: &Message<'_>, name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for header in mail.headers().iter().filter(|h| h.name().eq_ignore_ascii_case(name)) {
        let Some(list) = header.value().as_address() else { continue };
        for address in list.iter().filter_map(|a| bare(a.address()?)) {
            if found.len() < RECIPIENTS && !found.iter().any(|f| f.eq_ignore_ascii_case(&address)) {
                found.push(address);
            }
        }
    }
    found
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
