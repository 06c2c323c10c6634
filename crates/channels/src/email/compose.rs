//! An answer written as a mail. The same answer always makes the same mail under the same Message-ID,
//! so that a retry after a crash is recognisable wherever both copies meet.

use evendesk_domain::id::MessageId;
use evendesk_domain::inbound::Outbound;
use evendesk_domain::limits::{RECIPIENTS, REFERENCES};
use evendesk_domain::time::Timestamp;
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, InReplyTo, References};
use lettre::message::{Mailbox, Message};

use super::headers::{id, line};

/// A mail ready to be sent: its bytes, and to whom they go.
#[derive(Clone, Debug)]
pub struct Letter {
    pub raw: Vec<u8>,
    pub envelope: Envelope,
}

/// Why an answer cannot become a mail, however often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    #[error("\"{0}\" is not an address that mail can be sent to")]
    Recipient(String),
    #[error("\"{0}\" is not an address that mail can be sent from; correct the mailbox's address")]
    Sender(String),
    #[error("it has more than {RECIPIENTS} recipients")]
    TooManyRecipients,
    #[error("it cannot be written as a mail: {0}")]
    Other(String),
}

/// The Message-ID of an answer, without angle brackets: known before it is sent, and the same each time.
pub fn message_id(message: MessageId, from: &str) -> String {
    format!("{message}@{}", domain(from))
}

/// The host part of an address.
pub fn domain(address: &str) -> &str {
    address.rsplit('@').next().filter(|d| !d.is_empty()).unwrap_or("localhost")
}

/// Writes an answer from a team's address, as of the instant at which it was given.
pub fn write(answer: &Outbound, from: &str, at: Timestamp) -> Result<Letter, Unsendable> {
    if answer.cc.len() + 1 > RECIPIENTS {
        return Err(Unsendable::TooManyRecipients);
    }
    let recipient = |a: &str| a.trim().parse::<Address>().map_err(|_| Unsendable::Recipient(line(a)));
    let sender: Address = from.trim().parse().map_err(|_| Unsendable::Sender(line(from)))?;
    let name = Some(line(&answer.author_name)).filter(|n| !n.is_empty());
    let own_id = answer.mail.message_id.as_deref().and_then(id);
    let own_id = own_id.unwrap_or_else(|| message_id(answer.message, from));
    let mut mail = Message::builder()
        .date(std::time::SystemTime::from(at.utc()))
        .from(Mailbox::new(name, sender))
        .to(Mailbox::new(None, recipient(&answer.to)?))
        .subject(line(&answer.subject))
        .message_id(Some(format!("<{own_id}>")))
        .header(ContentType::TEXT_PLAIN);
    // A copy that cannot be addressed must not keep the answer itself from its customer.
    for cc in answer.cc.iter().filter_map(|cc| recipient(cc).ok()).take(RECIPIENTS - 1) {
        mail = mail.cc(Mailbox::new(None, cc));
    }
    if let Some(answered) = ids(&answer.mail.in_reply_to) {
        mail = mail.header(InReplyTo::from(answered));
    }
    if let Some(thread) = ids(&answer.mail.references) {
        mail = mail.header(References::from(thread));
    }
    // So that an agent's answer starts no war between automatic answers (RFC 3834, as Exchange has it).
    let quiet = HeaderName::new_from_ascii_str("X-Auto-Response-Suppress");
    let mail = mail.raw_header(HeaderValue::new(quiet, "OOF, AutoReply".to_owned()));
    let mail = mail.body(answer.text.replace("\r\n", "\n").replace('\n', "\r\n") + "\r\n");
    let mail = mail.map_err(|e| Unsendable::Other(e.to_string()))?;
    Ok(Letter { raw: mail.formatted(), envelope: mail.envelope().clone() })
}

/// Ids in brackets, on one line; the oldest and the newest are kept when there are too many.
fn ids(ids: &[String]) -> Option<String> {
    let mut ids: Vec<String> = ids.iter().filter_map(|i| Some(format!("<{}>", id(i)?))).collect();
    if ids.len() > REFERENCES {
        ids.drain(1..=ids.len() - REFERENCES);
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

#[cfg(test)]
mod tests {
    use evendesk_domain::channel::Channel;
    use evendesk_domain::id::AccountId;
    use evendesk_domain::inbound::MailThread;

    use super::super::parse::parse;
    use super::*;

    fn answer() -> Outbound {
        Outbound {
            message: MessageId(uuid::Uuid::from_u128(17)),
            channel: Channel::Email,
            account: AccountId(uuid::Uuid::from_u128(1)),
            to: "ada@customer.example".into(),
            cc: vec!["bob@customer.example".into()],
            subject: "Re: Größe, 大きさ".into(),
            text: "Liebe Ada,\n\n.ja\nΚαλημέρα\n".into(),
            author_name: "Jörg \"JJ\" Müller".into(),
            mail: MailThread {
                message_id: None,
                in_reply_to: vec!["2@customer.example".into()],
                references: vec!["1@customer.example".into(), "2@customer.example".into()],
            },
            thread: None,
        }
    }

    #[test]
    fn an_answer_reads_back_as_it_was_meant() {
        let letter = write(&answer(), "support@support.example", Timestamp::from_seconds(1_700_000_000));
        let mail = parse(&letter.expect("sendable").raw).expect("readable");
        assert_eq!(mail.from_name, "Jörg \"JJ\" Müller");
        assert_eq!(mail.from_address.as_deref(), Some("support@support.example"));
        assert_eq!(
            (mail.to, mail.cc),
            (vec!["ada@customer.example".into()], vec!["bob@customer.example".into()])
        );
        assert_eq!(mail.subject, "Re: Größe, 大きさ");
        assert_eq!(mail.text, "Liebe Ada,\n\n.ja\nΚαλημέρα");
        assert_eq!(mail.date, Some(Timestamp::from_seconds(1_700_000_000)));
        assert_eq!(mail.message_id, Some(message_id(answer().message, "support@support.example")));
        assert_eq!(
            (mail.in_reply_to, mail.references),
            (answer().mail.in_reply_to, answer().mail.references)
        );
        assert_eq!(mail.problems, Vec::<String>::new());
    }

    #[test]
    fn a_retry_is_the_same_mail() {
        let at = Timestamp::from_seconds(1_700_000_000);
        let raw = || write(&answer(), "support@support.example", at).expect("sendable").raw;
        assert_eq!(raw(), raw());
    }

    #[test]
    fn nothing_typed_into_a_field_makes_another_field() {
        let mut answer = answer();
        answer.subject = "Hi\r\nBcc: eve@evil.example".into();
        answer.author_name = "Eve\nX-Evil: 1".into();
        answer.mail.in_reply_to = vec!["a>\r\nX-Evil: 2".into()];
        let letter = write(&answer, "support@support.example", Timestamp::default()).expect("sendable");
        let text = String::from_utf8_lossy(&letter.raw);
        assert!(!text.contains("\nBcc") && !text.contains("\nX-Evil"), "{text}");
        answer.to = "ada@customer.example\r\nX: y".into();
        assert!(matches!(write(&answer, "a@b.example", Timestamp::default()), Err(Unsendable::Recipient(_))));
    }
}
