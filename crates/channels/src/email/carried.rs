//! What a mail carries beside its own words: messages, events and cards that can be read as text,
//! winmail.dat with files in it, and what is sealed and cannot be read here.

use evendesk_domain::inbound::Author;
use evendesk_domain::limits::{ATTACHMENTS, TEXT_BYTES};
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use super::attachment::{self, File, media_type};
use super::{calendar, charset, headers, parse, tnef, vcard};

/// Messages in messages beyond which they are files only.
const DEPTH: usize = 4;
/// Of each kind that are made readable.
const EACH: usize = 20;

/// What is carried, as text. A returned mail is no content of a delivery report.
pub fn readable(mail: &Message<'_>, author: Author) -> String {
    let mut texts: Vec<String> = Vec::new();
    texts.extend(
        mail.parts
            .iter()
            .find(|p| is_calendar(p))
            .and_then(|p| calendar::readable(&charset::decode(&attachment::content(mail, p), charset_of(p)))),
    );
    let cards = mail.parts.iter().filter(|p| is_card(p)).take(EACH);
    texts.extend(cards.filter_map(|p| vcard::readable(&attachment::content(mail, p))));
    if !matches!(author, Author::Bounce | Author::Complaint) {
        messages(mail, DEPTH, &mut texts);
    }
    texts.join("\n\n")
}

fn charset_of<'a>(part: &'a MessagePart<'_>) -> Option<&'a str> {
    part.content_type().and_then(|c| c.attribute("charset"))
}

pub fn is_calendar(part: &MessagePart<'_>) -> bool {
    matches!(&*media_type(part), "text/calendar" | "application/ics")
}

fn is_card(part: &MessagePart<'_>) -> bool {
    matches!(&*media_type(part), "text/vcard" | "text/x-vcard" | "text/directory")
}

fn messages(mail: &Message<'_>, depth: usize, texts: &mut Vec<String>) {
    for inner in mail.parts.iter().filter_map(MessagePart::message).take(EACH) {
        if depth == 0 || texts.iter().map(String::len).sum::<usize>() > TEXT_BYTES {
            return;
        }
        let mut lines = vec!["---------- Forwarded message ----------".to_owned()];
        if let Some((name, address)) = headers::mailbox(inner, "From") {
            lines.push(format!("From: {}", format!("{name} <{address}>").trim_start()));
        }
        let date = headers::raw(inner, "Date").unwrap_or_default();
        for (label, value) in [("Date", date), ("Subject", headers::text(inner, "Subject"))] {
            if !value.is_empty() {
                lines.push(format!("{label}: {value}"));
            }
        }
        let html = parse::html_source(inner);
        let text = parse::own_text(inner, &html);
        texts.push(format!("{}\n\n{}", lines.join("\n"), text).trim_end().to_owned());
        messages(inner, depth - 1, texts);
    }
}

/// What is in the winmail.dat of a mail: more files, and the words where it has no others.
#[derive(Default)]
pub struct Winmail {
    pub files: Vec<File>,
    pub text: String,
    pub html: String,
    pub problem: Option<String>,
}

pub fn winmail(mail: &Message<'_>) -> Winmail {
    let mut found = Winmail::default();
    for part in mail.parts.iter().filter(|p| may_be_winmail(p)).take(EACH) {
        let Some(container) = tnef::read(part.contents()) else { continue };
        if container.broken {
            found.problem = Some("its winmail.dat is damaged; what could be read of it is shown".to_owned());
        }
        found.files.extend(container.files.into_iter().take(ATTACHMENTS).map(unpacked));
        found.text.push_str(&container.text.unwrap_or_default());
        found.html.push_str(&container.html.unwrap_or_default());
    }
    found
}

fn may_be_winmail(part: &MessagePart<'_>) -> bool {
    let binary = matches!(part.body, PartType::Binary(_) | PartType::InlineBinary(_));
    let named = || part.attachment_name().is_some_and(|n| n.to_ascii_lowercase().ends_with(".dat"));
    binary && (media_type(part).ends_with("ms-tnef") || named())
}

fn unpacked(packed: tnef::Packed) -> File {
    let media_type = packed.media_type.map(|t| headers::line(&t).to_ascii_lowercase());
    let media_type =
        media_type.filter(|t| t.contains('/')).unwrap_or_else(|| "application/octet-stream".to_owned());
    File {
        name: Some(attachment::file_name(&packed.name))
            .filter(|n| !n.is_empty())
            .unwrap_or_else(|| "attachment.dat".to_owned()),
        inline: false,
        content_id: packed.content_id.as_deref().and_then(headers::id),
        media_type,
        content: packed.content,
    }
}

/// That a mail is encrypted or signed, said for an agent: neither is undone or checked here, and its
/// files can be saved for a program that does.
pub fn sealed(mail: &Message<'_>, text: &str) -> Option<&'static str> {
    let has = |wanted: &[&str]| mail.parts.iter().any(|p| wanted.contains(&&*media_type(p)));
    let line = |wanted: &str| text.lines().any(|l| l.trim() == wanted);
    let smime = mail
        .parts
        .iter()
        .find(|p| matches!(&*media_type(p), "application/pkcs7-mime" | "application/x-pkcs7-mime"));
    if let Some(part) = smime {
        let kind = part.content_type().and_then(|c| c.attribute("smime-type")).unwrap_or_default();
        return Some(if kind.eq_ignore_ascii_case("signed-data") {
            "it is signed with S/MIME in a form that has its text inside the signed file; save it to read it"
        } else {
            "it is encrypted with S/MIME and cannot be read here; save its file to read it"
        });
    }
    match () {
        () if has(&["multipart/encrypted", "application/pgp-encrypted"])
            || line("-----BEGIN PGP MESSAGE-----") =>
        {
            Some("it is encrypted with PGP and cannot be read here; save its file to read it")
        }
        () if has(&["application/pgp-signature"]) || line("-----BEGIN PGP SIGNED MESSAGE-----") => {
            Some("it is signed with PGP; the signature is not checked here")
        }
        () if has(&["application/pkcs7-signature", "application/x-pkcs7-signature"]) => {
            Some("it is signed with S/MIME; the signature is not checked here")
        }
        () => None,
    }
}
