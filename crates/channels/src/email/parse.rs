//! Raw bytes to what they say. Pure: the same bytes always give the same [`Parsed`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use evendesk_domain::inbound::{Author, Bounce};
use evendesk_domain::limits::{ATTACHMENTS, RECIPIENTS, TEXT_BYTES};
use evendesk_domain::time::Timestamp;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

use super::attachment::{self, File, media_type};
use super::quotes::Split;
use super::{automatic, bound, calendar, headers, html, quotes};

/// What is made of a mail. Ids stand without angle brackets.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// As written; `None` where no field names a usable one.
    pub from_address: Option<String>,
    pub from_name: String,
    pub reply_to: Option<String>,
    pub to: Vec<String>,
    pub cc: Vec<String>,
    pub subject: String,
    /// What the Date field claims.
    pub date: Option<Timestamp>,
    pub message_id: Option<String>,
    pub in_reply_to: Vec<String>,
    pub references: Vec<String>,
    /// All that it says, as plain text.
    pub text: String,
    pub split: Split,
    /// Cleaned HTML where it came with some.
    pub safe_html: Option<String>,
    pub files: Vec<File>,
    pub author: Author,
    pub bounce: Option<Bounce>,
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
    let subject = headers::line(mail.subject().unwrap_or_default());
    let sender = headers::mailbox(mail.from()).or_else(|| headers::mailbox(mail.sender()));
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
    let html = html_source(&mail);
    let text = text(&mail, &html, &mut problems);
    let author = automatic::author(&mail, from_address.as_deref(), &subject);
    Ok(Parsed {
        reply_to: headers::mailbox(mail.reply_to()).map(|(_, address)| address),
        to,
        cc,
        date,
        in_reply_to: headers::ids(mail.in_reply_to()),
        references: headers::ids(mail.references()),
        split: quotes::split(&text),
        safe_html: safe_html(&html, &mut problems),
        files: files(&mail, &html, &mut problems),
        bounce: (author == Author::Bounce).then(|| automatic::bounce(&mail, &text)),
        author,
        remote_id: remote_id(raw, &mail, message_id.as_deref()),
        text,
        from_address,
        from_name,
        subject,
        message_id,
        problems,
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

fn html_source(mail: &Message<'_>) -> String {
    let parts: Vec<&MessagePart<'_>> = mail.html_bodies().take(ATTACHMENTS).collect();
    if !parts.iter().any(|p| matches!(p.body, PartType::Html(_))) {
        return String::new();
    }
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|p| match &p.body {
            PartType::Html(html) => Some(html.clone().into_owned()),
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

fn text(mail: &Message<'_>, html: &str, problems: &mut Vec<String>) -> String {
    let mut parts: Vec<String> = mail
        .text_bodies()
        .take(ATTACHMENTS)
        .filter_map(|p| match &p.body {
            PartType::Text(_) => Some(decoded(mail, p)),
            PartType::Html(html) => Some(html::text(html)),
            _ => None,
        })
        .collect();
    if parts.iter().all(|p| p.trim().is_empty()) {
        parts = vec![html::text(html)];
    }
    if let Some(part) = mail.parts.iter().find(|p| is_calendar(p)) {
        parts.extend(part.text_contents().and_then(calendar::readable));
    }
    let parts: Vec<&str> =
        parts.iter().map(|p| p.trim_matches(['\n', '\r'])).filter(|p| !p.trim().is_empty()).collect();
    let mut text = plain(&parts.join("\n\n"));
    if text.len() > TEXT_BYTES {
        text.truncate(text.floor_char_boundary(TEXT_BYTES));
        problems.push(format!("the text was cut at {TEXT_BYTES} bytes; all of it is in the raw mail"));
    }
    text
}

/// Text as the journal keeps it: line feeds only, no control characters.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|&c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.trim_end().to_owned()
}

/// A text part, read as Latin-1 where it names no charset and is not the UTF-8 it is taken for.
fn decoded(mail: &Message<'_>, part: &MessagePart<'_>) -> String {
    let text = part.text_contents().unwrap_or_default();
    let named =
        part.content_type().and_then(|c| c.attribute("charset")).unwrap_or_default().to_ascii_lowercase();
    if !text.contains(char::REPLACEMENT_CHARACTER)
        || !matches!(&*named, "" | "us-ascii" | "ascii" | "unknown-8bit")
    {
        return text.to_owned();
    }
    let content = attachment::content(mail, part);
    if std::str::from_utf8(&content).is_ok() {
        text.to_owned()
    } else {
        content.iter().map(|&b| char::from(b)).collect()
    }
}

fn is_calendar(part: &MessagePart<'_>) -> bool {
    matches!(&*media_type(part), "text/calendar" | "application/ics")
}

fn files(mail: &Message<'_>, html: &str, problems: &mut Vec<String>) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    let mut further = 0;
    for part in mail.attachments() {
        if part.content_disposition().is_none() && is_spoken_twice(mail, part) {
            continue;
        }
        if files.len() == ATTACHMENTS {
            further += 1;
            continue;
        }
        files.push(attachment::read(mail, part, html));
    }
    if further > 0 {
        problems.push(format!("{further} further attachments are in the raw mail only"));
    }
    files
}

/// The calendar among the alternatives of a text, when the same event is attached too.
fn is_spoken_twice(mail: &Message<'_>, part: &MessagePart<'_>) -> bool {
    is_calendar(part) && mail.attachments().any(|o| is_calendar(o) && o.content_disposition().is_some())
}
