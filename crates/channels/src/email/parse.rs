//! Raw bytes to what they say. Pure: the same bytes always give the same [`Parsed`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use evendesk_domain::inbound::{Author, Bounce, Doubt};
use evendesk_domain::limits::{ATTACHMENTS, RECIPIENTS, TEXT_BYTES};
use evendesk_domain::time::Timestamp;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

use super::attachment::{self, File};
use super::quotes::Split;
use super::{automatic, bound, carried, charset, headers, history, html, quotes, sender};

/// What is made of a mail. Ids stand without angle brackets.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// As written; `None` where no field names a usable one.
    pub from_address: Option<String>,
    pub from_name: String,
    pub reply_to: Option<String>,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    /// The addresses that servers on the way say they delivered it to.
    pub delivered_to: Vec<String>,
    pub subject: String,
    /// What the Date field claims.
    pub date: Option<Timestamp>,
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    /// All that it says, as plain text.
    pub text: String,
    pub split: Split,
    /// Its HTML as it came; empty where there is none.
    pub html: String,
    /// Cleaned HTML where it came with some.
    pub safe_html: Option<String>,
    pub files: Vec<File>,
    pub author: Author,
    pub bounce: Option<Bounce>,
    /// What stands against believing its sender.
    pub doubts: Vec<Doubt>,
    /// What could not be read as it should; shown with the message.
    pub problems: Vec<String>,
    /// The mail's identity within a mailbox: see [`remote_id`].
    pub remote_id: String,
}

/// Why bytes are not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the mail is {0} bytes long; {max} are read at most", max = evendesk_domain::limits::MAIL_BYTES)]
    TooLarge(usize),
    #[error("the mail cannot be read safely: {0}")]
    TooComplex(&'static str),
    #[error("this is not a mail: it has no header")]
    NoHeader,
    #[error("the mail names no sender that could be answered")]
    NoSender,
    #[error("the mail takes too long to read")]
    TooSlow,
    #[error("the mail is broken in a way that its reader does not know")]
    Broken,
}

/// Reads a mail, bounded before parsing. Broken parts are read as far as they go, with problems said.
pub fn parse(raw: &[u8]) -> Result<Parsed, Unreadable> {
    bound::check(raw)?;
    // The parser is careful, but it is large and these bytes are anyone's: a slip of its must cost
    // this mail only.
    catch_unwind(AssertUnwindSafe(|| read(raw))).unwrap_or(Err(Unreadable::Broken))
}

fn read(raw: &[u8]) -> Result<Parsed, Unreadable> {
    let mail = MessageParser::default().parse(raw).filter(|m| !m.parts.is_empty() && !m.headers().is_empty());
    let mail = mail.ok_or(Unreadable::NoHeader)?;
    let mut problems = Vec::new();
    let subject = headers::text(&mail, "Subject");
    let sender = headers::mailbox(&mail, "From").or_else(|| headers::mailbox(&mail, "Sender"));
    let (from_name, from_address) = sender.map_or((String::new(), None), |(n, a)| (n, Some(a)));
    let message_id = headers::raw(&mail, "Message-ID").and_then(|v| headers::id(&v));
    let date = mail.date().filter(|d| d.is_valid()).map(|d| Timestamp::from_seconds(d.to_timestamp()));
    for (missing, problem) in [
        (from_address.is_none(), "no usable From address"),
        (message_id.is_none(), "no Message-ID"),
        (date.is_none(), "no usable Date"),
        (mail.parts.iter().any(|p| p.is_encoding_problem), "a part is not encoded as it says"),
    ] {
        if missing {
            problems.push(problem.to_owned());
        }
    }
    let to = headers::addresses(&mail, "To");
    let mut cc = headers::addresses(&mail, "Cc");
    cc.truncate(RECIPIENTS.saturating_sub(to.len()));
    let reply_to = headers::mailbox(&mail, "Reply-To").map(|(_, address)| address);
    let is_forward = quotes::is_forward(&subject);
    let packed = carried::winmail(&mail);
    let html = Some(html_source(&mail)).filter(|h| !h.is_empty()).unwrap_or(packed.html);
    let written =
        Some(own_text(&mail, &html)).filter(|t| !t.is_empty()).unwrap_or_else(|| plain(&packed.text));
    let written = cut(written, &mut problems);
    let author = automatic::author(&mail, from_address.as_deref(), &subject);
    problems.extend(packed.problem);
    problems.extend(carried::sealed(&mail, &written).map(str::to_owned));
    let mut split = quotes::split(&written, is_forward);
    let text = with_carried(written, &mut split, &plain(&carried::readable(&mail, author)));
    Ok(Parsed {
        doubts: from_address
            .as_deref()
            .map_or_else(Vec::new, |from| sender::doubts(&mail, from, &from_name, reply_to.as_deref(), &to)),
        reply_to,
        to,
        cc,
        delivered_to: headers::delivered_to(&mail),
        date,
        in_reply_to: headers::ids(mail.in_reply_to()),
        references: headers::ids(mail.references()),
        split,
        safe_html: safe_html(&html, &mut problems).map(|h| history::fold(&h, is_forward)),
        files: files(&mail, &html, packed.files, &mut problems),
        bounce: (author == Author::Bounce).then(|| automatic::bounce(&mail, &text)),
        author,
        remote_id: remote_id(raw, &mail, message_id.as_deref()),
        text,
        from_address,
        from_name,
        subject,
        message_id,
        problems,
        html,
    })
}

/// A mail's identity, from what its writer made and no server renumbers: Message-ID, From, Date,
/// Subject and the body. A second copy by another way (other Received fields, another UID) is the same
/// mail; another mail under a reused Message-ID is another. Without a Message-ID it is the whole.
fn remote_id(raw: &[u8], mail: &Message<'_>, message_id: Option<&str>) -> String {
    let Some(message_id) = message_id else {
        return format!("sha256:{}", hex::encode(Sha256::digest(raw)));
    };
    let mut hash = Sha256::new();
    for name in ["From", "Date", "Subject"] {
        hash.update(headers::raw(mail, name).unwrap_or_default().as_bytes());
        hash.update(b"\n");
    }
    let body = raw.get(mail.root_part().offset_body as usize..).unwrap_or_default();
    // Line ends and a last empty line are what servers change.
    for line in body.trim_ascii_end().split(|&b| b == b'\n') {
        hash.update(line.strip_suffix(b"\r").unwrap_or(line));
        hash.update(b"\n");
    }
    format!("{message_id} {}", hex::encode(&hash.finalize()[..12]))
}

pub(super) fn html_source(mail: &Message<'_>) -> String {
    let parts: Vec<&MessagePart<'_>> = mail.html_bodies().take(ATTACHMENTS).collect();
    if !parts.iter().any(|p| matches!(p.body, PartType::Html(_))) {
        return String::new();
    }
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|p| match &p.body {
            PartType::Html(_) => Some(decoded(mail, p)),
            PartType::Text(_) => Some(format!("<pre>{}</pre>", ammonia::clean_text(&decoded(mail, p)))),
            _ => None,
        })
        .collect();
    parts.join("\n")
}

fn safe_html(source: &str, problems: &mut Vec<String>) -> Option<String> {
    if source.is_empty() {
        return None;
    }
    let safe = html::safe(source);
    if safe.is_none() {
        problems.push("its HTML is too large or too deep to be shown; its text is".to_owned());
    }
    safe
}

/// The words of the mail itself, from its text parts, else from its HTML.
pub(super) fn own_text(mail: &Message<'_>, html: &str) -> String {
    let mut parts: Vec<String> = mail
        .text_bodies()
        .take(ATTACHMENTS)
        .filter_map(|p| match &p.body {
            PartType::Text(_) => Some(decoded(mail, p)),
            PartType::Html(_) => Some(html::text(&decoded(mail, p))),
            _ => None,
        })
        .collect();
    if parts.iter().all(|p| p.trim().is_empty()) {
        parts = vec![html::text(html)];
    }
    let lost = mail.attachments().filter(|p| is_lost_text(mail, p)).take(ATTACHMENTS);
    parts.extend(lost.map(|p| decoded(mail, p)));
    let parts: Vec<&str> =
        parts.iter().map(|p| p.trim_matches(['\n', '\r'])).filter(|p| !p.trim().is_empty()).collect();
    plain(&parts.join("\n\n"))
}

/// Text that the parser takes for a file: the body of a mail that calls itself something it is not (a
/// multipart without parts, a type that is none), or plain text that is not coded as it says.
fn is_lost_text(mail: &Message<'_>, part: &MessagePart<'_>) -> bool {
    if !matches!(part.body, PartType::Text(_) | PartType::Binary(_)) {
        return false;
    }
    let misnamed = std::ptr::eq(mail.root_part(), part)
        && part.content_type().is_some_and(|c| c.ctype() == "multipart" || c.subtype().is_none());
    let is_file =
        || part.content_disposition().is_some_and(|d| d.is_attachment()) || part.attachment_name().is_some();
    misnamed || part.is_encoding_problem && attachment::media_type(part) == "text/plain" && !is_file()
}

fn cut(mut text: String, problems: &mut Vec<String>) -> String {
    if text.len() > TEXT_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_BYTES));
        problems.push(format!("the text was cut at {TEXT_BYTES} bytes; all of it is in the raw mail"));
    }
    text
}

/// The text with what the mail carries below it, which is content as well, as far as there is room.
fn with_carried(mut text: String, split: &mut Split, carried: &str) -> String {
    let carried = &carried[..carried.floor_char_boundary(TEXT_BYTES - text.len())];
    for own in [&mut text, &mut split.fresh] {
        if !own.is_empty() && !carried.is_empty() && own.len() + carried.len() + 2 <= TEXT_BYTES {
            own.push_str("\n\n");
        }
        own.push_str(carried);
    }
    text
}

/// Text as the journal keeps it: line feeds only, no control characters.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    // Marks that turn the direction of all that follows would show it otherwise than it is written.
    let turns = |c| matches!(c, '\u{202d}' | '\u{202e}' | '\u{feff}');
    let text: String =
        text.chars().filter(|&c| !turns(c) && (!c.is_control() || matches!(c, '\n' | '\t'))).collect();
    text.trim_end().to_owned()
}

/// The text of a text part. What the parser made of it is taken only where nothing can be doubted:
/// it was labelled as UTF-8 and is that.
fn decoded(mail: &Message<'_>, part: &MessagePart<'_>) -> String {
    let text = part.text_contents().unwrap_or_default();
    let named = part.content_type().and_then(|c| c.attribute("charset"));
    let is_utf8 = named.is_some_and(|n| n.eq_ignore_ascii_case("utf-8"));
    let as_it_says = !part.is_encoding_problem && part.is_text();
    if as_it_says && text.is_ascii() && !text.contains('\x1b')
        || as_it_says && is_utf8 && !text.contains(char::REPLACEMENT_CHARACTER)
    {
        return text.to_owned();
    }
    let content = attachment::content(mail, part);
    let in_markup = || matches!(part.body, PartType::Html(_)).then(|| charset_in_markup(&content)).flatten();
    charset::decode(&content, named.map(str::to_owned).or_else(in_markup).as_deref())
}

/// What `<meta charset=...>` near the beginning says.
fn charset_in_markup(html: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&html[..html.len().min(2048)]).to_ascii_lowercase();
    let (_, rest) = head.split_once("charset=")?;
    let rest = rest.trim_start_matches(['"', '\'', ' ']);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(rest.len());
    Some(rest[..end].to_owned()).filter(|c| !c.is_empty())
}

fn files(mail: &Message<'_>, html: &str, packed: Vec<File>, problems: &mut Vec<String>) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut further = 0;
    let event_attached =
        mail.attachments().any(|p| p.content_disposition().is_some() && carried::is_calendar(p));
    for part in mail.attachments() {
        // The calendar among the alternatives of a text, when the same event is attached too.
        let again = event_attached && part.content_disposition().is_none() && carried::is_calendar(part);
        if again || is_lost_text(mail, part) {
            continue;
        }
        if files.len() == ATTACHMENTS {
            further += 1;
            continue;
        }
        files.push(attachment::read(mail, part, html));
    }
    further += (files.len() + packed.len()).saturating_sub(ATTACHMENTS);
    files.extend(packed);
    files.truncate(ATTACHMENTS);
    if further > 0 {
        problems.push(format!("{further} further attachments are in the raw mail only"));
    }
    files
}
