//! Mail that no person wrote, recognised by its own marks: delivery reports (RFC 3464), automatic
//! answers (RFC 3834), complaints (RFC 5965), lists. Any one mark is enough, since answering a
//! machine is worse than not acknowledging a person.

use evendesk_domain::inbound::{Author, Bounce};
use mail_parser::{Message, MessageParser, MimeHeaders};

use super::attachment::media_type;
use super::headers;

pub fn author(mail: &Message<'_>, from: Option<&str>, subject: &str) -> Author {
    let kind =
        mail.content_type().and_then(|c| c.attribute("report-type")).unwrap_or_default().to_ascii_lowercase();
    let has = |name: &str| headers::raw(mail, name).is_some_and(|v| !v.is_empty());
    let value = |name: &str| headers::raw(mail, name).unwrap_or_default().to_ascii_lowercase();
    let part = |wanted: &str| mail.parts.iter().skip(1).any(|p| media_type(p) == wanted);
    match () {
        () if kind == "feedback-report" || part("message/feedback-report") => Author::Complaint,
        () if kind == "delivery-status" || part("message/delivery-status") || has("X-Failed-Recipients") => {
            Author::Bounce
        }
        () if from.is_some_and(is_mail_system) && about_delivery(subject) => Author::Bounce,
        () if kind == "disposition-notification" => Author::AutoReply,
        () if !matches!(&*value("Auto-Submitted"), "" | "no") => Author::AutoReply,
        () if has("X-Autoreply") || has("X-Autorespond") || has("X-Autoresponder") => Author::AutoReply,
        () if matches!(&*value("Precedence"), "auto_reply" | "auto-reply") => Author::AutoReply,
        () if away(subject) => Author::AutoReply,
        () if has("List-Id") || has("List-Unsubscribe") || has("List-Post") => Author::List,
        () if matches!(&*value("Precedence"), "list" | "bulk" | "junk") => Author::List,
        () => Author::Person,
    }
}

fn is_mail_system(from: &str) -> bool {
    let local = from.split('@').next().unwrap_or_default().to_ascii_lowercase();
    matches!(&*local, "mailer-daemon" | "postmaster" | "mail-daemon" | "mailerdaemon")
}

fn about_delivery(subject: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: &[&str] =
        &["undeliver", "deliver", "returned", "failure", "failed", "unzustellbar", "not be sent", "warning"];
    let subject = subject.to_lowercase();
    WORDS.iter().any(|w| subject.contains(w))
}

fn away(subject: &str) -> bool {
    #[rustfmt::skip]
    const STARTS: &[&str] = &[
        "automatic reply:", "auto:", "autoreply:", "auto-reply:", "auto reply", "out of office", "automatische antwort:",
        "abwesenheitsnotiz", "réponse automatique", "respuesta automática", "risposta automatica", "automatisch antwoord",
        "resposta automática", "automatiskt svar", "autosvar", "automatisk svar", "automaattinen vastaus",
        "odpowiedź automatyczna", "automatyczna odpowiedź", "automatická odpověď", "automatická odpoveď",
        "автоматический ответ", "автоматична відповідь", "αυτόματη απάντηση", "otomatik yanıt", "automatikus válasz",
        "răspuns automat", "automatski odgovor", "自動応答", "自動返信", "自动答复", "自动回复", "自動回覆", "자동 회신",
        "תשובה אוטומטית", "رد تلقائي",
    ];
    let subject = subject.to_lowercase();
    STARTS.iter().any(|s| subject.starts_with(s))
}

/// What a delivery report says about our mail, as far as it says it in a form for machines.
pub fn bounce(mail: &Message<'_>, text: &str) -> Bounce {
    let report = mail.parts.iter().find(|p| media_type(p) == "message/delivery-status");
    let report = report.map(|p| String::from_utf8_lossy(p.contents()).into_owned()).unwrap_or_default();
    let report = unfold(&report);
    let field = |name: &str| {
        let line = report
            .lines()
            .find(|l| l.split(':').next().is_some_and(|n| n.trim().eq_ignore_ascii_case(name)))?;
        Some(line.split_once(':')?.1.trim().to_owned()).filter(|v| !v.is_empty())
    };
    let address = |v: String| v.rsplit(';').next().map(|a| headers::line(a.trim().trim_matches(['<', '>'])));
    let failed =
        headers::raw(mail, "X-Failed-Recipients").and_then(|v| v.split(',').next().map(headers::line));
    let status = field("Status").and_then(|s| status_code(&s)).or_else(|| text.lines().find_map(status_code));
    let action = field("Action").unwrap_or_default().to_ascii_lowercase();
    Bounce {
        recipient: field("Original-Recipient")
            .or_else(|| field("Final-Recipient"))
            .and_then(address)
            .or(failed)
            .or_else(|| text.lines().find_map(lone_address)),
        permanent: match &*action {
            // Given up: it will not arrive, whatever class of trouble it was.
            "failed" => true,
            "delayed" | "delivered" | "relayed" | "expanded" => false,
            _ => status.as_deref().is_none_or(|s| s.starts_with('5')),
        },
        status,
        original_message_id: original_id(mail).or_else(|| text.lines().find_map(id_in_copy)),
    }
}

fn unfold(report: &str) -> String {
    report.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ")
}

/// The address on a line of its own: `<ada@b.example>:`, or indented as Exim does.
fn lone_address(line: &str) -> Option<String> {
    let word = line.trim().trim_end_matches(':').trim_matches(['<', '>']);
    let plain = !word.contains(|c: char| c.is_whitespace() || "<>()[],;:\"".contains(c));
    let (local, host) = word.split_once('@')?;
    (plain && !local.is_empty() && host.contains('.')).then(|| headers::line(word))
}

/// The id in a copy of our mail that stands in the text.
fn id_in_copy(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    name.trim().eq_ignore_ascii_case("message-id").then(|| headers::id(value))?
}

/// An RFC 3463 status such as `5.1.1`, standing alone.
fn status_code(line: &str) -> Option<String> {
    line.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut numbers = word.trim_matches('.').split('.');
        let (class, subject, detail) = (numbers.next()?, numbers.next()?, numbers.next()?);
        let fits = matches!(class, "2" | "4" | "5") && subject.len() <= 2 && detail.len() <= 3;
        (fits && numbers.next().is_none() && !subject.is_empty() && !detail.is_empty())
            .then(|| format!("{class}.{subject}.{detail}"))
    })
}

/// The id of the mail that came back, from the copy or the headers that the report carries.
fn original_id(mail: &Message<'_>) -> Option<String> {
    mail.parts.iter().skip(1).find_map(|part| {
        if let Some(inner) = part.message() {
            return inner.message_id().and_then(headers::id);
        }
        let carried =
            matches!(&*media_type(part), "text/rfc822-headers" | "message/rfc822" | "message/rfc822-headers");
        let inner = carried.then(|| MessageParser::default().parse_headers(part.contents())).flatten()?;
        inner.message_id().and_then(headers::id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_found_among_other_numbers() {
        assert_eq!(status_code("550 5.1.1 <a@b.example> 10.0.0.1"), Some("5.1.1".into()));
        assert_eq!(status_code("on 192.0.2.31 at 4.2"), None);
    }
}
