//! The files of a mail: each whole, byte for byte as it was sent, under a name that is never a path.

use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

use super::headers;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub media_type: String,
    pub content: Vec<u8>,
    /// Shown inside the text: named by it, or marked inline and not an attachment.
    pub inline: bool,
    pub content_id: Option<String>,
}

/// Reads one part as a file. `html` is the mail's HTML, which may name the part.
pub fn read(mail: &Message<'_>, part: &MessagePart<'_>, html: &str) -> File {
    let content_id = part.content_id().and_then(headers::id);
    let named_in_text = content_id.as_ref().is_some_and(|id| html.contains(&format!("cid:{id}")));
    let marked_inline = part.content_disposition().is_some_and(|d| d.is_inline());
    let media_type = media_type(part);
    File {
        name: name(part, &media_type),
        inline: named_in_text || marked_inline && media_type.starts_with("image/"),
        content: content(mail, part),
        media_type,
        content_id,
    }
}

pub fn media_type(part: &MessagePart<'_>) -> String {
    let Some(claimed) = part.content_type() else {
        return if matches!(part.body, PartType::Message(_)) { "message/rfc822" } else { "text/plain" }
            .to_owned();
    };
    let subtype = claimed.subtype().unwrap_or("octet-stream");
    headers::line(&format!("{}/{subtype}", claimed.ctype())).to_ascii_lowercase()
}

fn name(part: &MessagePart<'_>, media_type: &str) -> String {
    let claimed = part.attachment_name().map(file_name).filter(|n| !n.is_empty());
    claimed.unwrap_or_else(|| match (&part.body, media_type) {
        (PartType::Message(inner), _) => {
            let subject = file_name(inner.subject().unwrap_or_default());
            format!("{}.eml", if subject.is_empty() { "message" } else { &subject })
        }
        (_, "text/calendar" | "application/ics") => "invite.ics".to_owned(),
        (_, "text/plain") => "text.txt".to_owned(),
        (_, "text/html") => "text.html".to_owned(),
        (_, "message/delivery-status") => "delivery-status.txt".to_owned(),
        (_, other) => {
            let end = other.rsplit(['/', '+', '.']).next().unwrap_or_default();
            let end: String = end.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
            format!("attachment.{end}")
        }
    })
}

/// One line without separators, so that saving it can never leave the folder meant.
fn file_name(claimed: &str) -> String {
    let last = claimed.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = headers::line(last);
    name.retain(|c| !matches!(c, '\0' | '<' | '>' | '"' | '|' | '?' | '*'));
    let name = name.trim_matches(['.', ' ']).to_owned();
    name.chars().take(200).collect()
}

/// Text parts come from the parser converted to UTF-8: as files they are decoded again from the raw
/// bytes, so that a hash or a signature over them still fits.
pub fn content(mail: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let parsed = part.contents();
    if !matches!(part.body, PartType::Text(_) | PartType::Html(_)) {
        return parsed.to_vec();
    }
    let raw = mail.raw_message.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let decoded = match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::Base64 => base64_decode(raw),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
    };
    decoded.filter(|d| !d.is_empty()).unwrap_or_else(|| parsed.to_vec())
}
