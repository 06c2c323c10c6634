//! The files of a mail: each whole, byte for byte as it was sent, under a name that is never a path.

use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders, PartType};

use super::{headers, parameters, words};

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
        name: name(mail, part, &media_type),
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

fn name(mail: &Message<'_>, part: &MessagePart<'_>, media_type: &str) -> String {
    let claimed = |field: &str, parameter: &str| {
        let header = part.headers.iter().find(|h| h.name().eq_ignore_ascii_case(field))?;
        let name = parameters::value(headers::bytes(mail, header)?, parameter)?;
        Some(file_name(&name)).filter(|n| !n.is_empty())
    };
    let claimed = claimed("Content-Disposition", "filename").or_else(|| claimed("Content-Type", "name"));
    claimed.unwrap_or_else(|| match (&part.body, media_type) {
        (PartType::Message(inner), _) => {
            let subject = file_name(&headers::text(inner, "Subject").replace(['/', '\\'], "-"));
            format!("{}.eml", if subject.is_empty() { "message" } else { &subject })
        }
        (_, "text/vcard" | "text/x-vcard" | "text/directory") => "contact.vcf".to_owned(),
        (_, "application/ms-tnef") => "winmail.dat".to_owned(),
        (_, "application/pkcs7-mime" | "application/x-pkcs7-mime") => "smime.p7m".to_owned(),
        (_, "application/pkcs7-signature" | "application/x-pkcs7-signature") => "smime.p7s".to_owned(),
        (_, "application/pgp-signature") => "signature.asc".to_owned(),
        (_, "application/pgp-keys") => "key.asc".to_owned(),
        (_, "application/pgp-encrypted") => "version.txt".to_owned(),
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
pub fn file_name(claimed: &str) -> String {
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
    if part.is_encoding_problem && is_called_base64(part) {
        let raw = mail.raw_message.get(part.offset_body as usize..part.offset_end as usize);
        return raw.filter(|raw| looks_like_base64(raw)).map_or_else(|| parsed.to_vec(), words::base64);
    }
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

fn is_called_base64(part: &MessagePart<'_>) -> bool {
    part.content_transfer_encoding().is_some_and(|c| c.trim().eq_ignore_ascii_case("base64"))
}

/// Base64 that was cut, or has dirt in it: words would have spaces between them.
fn looks_like_base64(raw: &[u8]) -> bool {
    let is_code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    let lines = || raw.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    let written = lines().map(<[u8]>::len).sum::<usize>();
    let code = lines().map(|l| l.iter().filter(|b| is_code(b)).count()).sum::<usize>();
    lines().all(|l| !l.iter().any(u8::is_ascii_whitespace)) && code * 10 >= written * 9
}
