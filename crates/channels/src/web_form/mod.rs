//! Web forms: what someone typed into a page, checked and made an `Inbound`, or refused field by field.
//!
//! Pure. Serving the page, limiting the rate and issuing ids are the server's. An address typed into a
//! form is anyone's, so what comes from here is never `verified`.

use evendesk_domain::channel::{Channel, Identity, IdentityError, IdentityKind};
use evendesk_domain::id::AccountId;
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::limits::{LINE_CHARS, TEXT_BYTES};
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// No person reads and fills in a form faster than this.
pub const MIN_FILL_SECONDS: i64 = 3;
/// Longer than anyone leaves a page open: what is older is a replay or a guess.
pub const MAX_FILL_SECONDS: i64 = 24 * 3600;

/// A submission as the page or the JSON endpoint sends it; whatever is missing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Submission {
    /// Made by the page when it is opened, so that sending twice is one message; up to 64 characters.
    pub id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub subject: String,
    pub message: String,
    /// A field that people do not see and programs fill in.
    pub website: String,
    /// When the page was opened, in milliseconds since 1970 by the server that served it; none from a
    /// program, which shows no page.
    pub opened_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Id,
    Name,
    Email,
    Phone,
    Subject,
    Message,
}

/// One field to be corrected; the sentence is shown beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{says}")]
pub struct FieldError {
    pub field: Field,
    pub says: String,
}

/// What was submitted, when it can be taken in.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    pub inbound: Inbound,
    /// A second way to reach them, as typed and checked.
    pub phone: Option<Identity>,
    /// Why it looks like spam: it is set aside and shown, never dropped and never refused, since a
    /// refusal teaches programs what to change.
    pub suspicion: Option<&'static str>,
}

/// Checks a submission. All fields that need correcting are named at once. `now` is the server's clock,
/// `default_country` reads numbers without a country code.
pub fn check(
    form: &Submission,
    account: AccountId,
    now: Timestamp,
    default_country: Option<&str>,
) -> Result<Submitted, Vec<FieldError>> {
    let mut wrong = Vec::new();
    let mut say = |field, says: String| wrong.push(FieldError { field, says });
    for (field, text) in [(Field::Name, &form.name), (Field::Subject, &form.subject)] {
        if text.chars().count() > LINE_CHARS {
            say(field, format!("Please use at most {LINE_CHARS} characters."));
        }
    }
    let id = form.id.trim();
    if id.is_empty() || id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        say(Field::Id, "The form was not sent completely. Please open it again.".to_owned());
    }
    if form.message.trim().is_empty() {
        say(Field::Message, "Please write a message.".to_owned());
    } else if form.message.len() > TEXT_BYTES {
        say(Field::Message, format!("Please use at most {} kB.", TEXT_BYTES / 1024));
    }
    let from = Identity::email(&form.email).map_err(|e| say(Field::Email, address_hint(e).to_owned())).ok();
    let phone = Some(form.phone.trim()).filter(|p| !p.is_empty()).and_then(|p| {
        let phone = Identity::new(IdentityKind::Phone, p, default_country);
        phone.map_err(|e| say(Field::Phone, format!("This number cannot be called: {e}."))).ok()
    });
    match from {
        Some(from) if wrong.is_empty() => Ok(Submitted {
            inbound: inbound(form, id, account, from, now),
            phone,
            suspicion: suspicion(form, now),
        }),
        _ => Err(wrong),
    }
}

fn address_hint(e: IdentityError) -> &'static str {
    match e {
        IdentityError::Empty => "Please give an email address for the answer.",
        _ => "This is not an email address. Please check it.",
    }
}

fn suspicion(form: &Submission, now: Timestamp) -> Option<&'static str> {
    let filled_in = form.opened_at.map(|at| now.seconds_since(Timestamp::from_millis(at)));
    match filled_in {
        _ if !form.website.trim().is_empty() => Some("a field that people do not see was filled in"),
        // A program sends what a person gave it elsewhere; a page always says when it was opened.
        None => None,
        Some(s) if s < MIN_FILL_SECONDS => Some("it was filled in faster than people can"),
        Some(s) if s > MAX_FILL_SECONDS => Some("the form was opened more than a day before"),
        Some(_) => None,
    }
}

fn inbound(form: &Submission, id: &str, account: AccountId, from: Identity, now: Timestamp) -> Inbound {
    let mut text = plain(&form.message);
    if !form.phone.trim().is_empty() {
        text = format!("{text}\n\nPhone: {}", one_line(&form.phone));
    }
    Inbound {
        channel: Channel::WebForm,
        account,
        remote_id: id.to_owned(),
        reply_to: Some(from.value.clone()),
        from,
        from_name: one_line(&form.name),
        verified: false,
        subject: one_line(&form.subject),
        text,
        folded: Vec::new(),
        spoke_at: now,
        attachments: Vec::new(),
        raw: None,
        author: Author::Person,
        bounce: None,
        doubts: Vec::new(),
        mail: MailThread::default(),
        thread: None,
        cc: Vec::new(),
        answers: None,
    }
}

fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|&c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn form() -> Submission {
        Submission {
            id: "0b6f".into(),
            name: "Ada\nLovelace".into(),
            email: " Ada@Customer.example ".into(),
            phone: "020 7946 0018".into(),
            subject: "Tea".into(),
            message: "Is there\r\nany?\u{7}".into(),
            website: String::new(),
            opened_at: Some(NOW.plus_seconds(-20).millis()),
        }
    }

    fn checked(form: &Submission) -> Result<Submitted, Vec<FieldError>> {
        check(form, AccountId(uuid::Uuid::nil()), NOW, Some("GB"))
    }

    #[test]
    fn a_form_becomes_what_every_channel_hands_over_with_an_unproven_address() {
        let submitted = checked(&form()).expect("taken in");
        let inbound = submitted.inbound;
        assert_eq!(
            (inbound.from.value.as_str(), inbound.from_name.as_str()),
            ("ada@customer.example", "Ada Lovelace")
        );
        assert_eq!(inbound.text, "Is there\nany?\n\nPhone: 020 7946 0018");
        assert!(!inbound.verified);
        assert_eq!((inbound.remote_id.as_str(), inbound.spoke_at), ("0b6f", NOW));
        assert_eq!(submitted.phone.map(|p| p.value).as_deref(), Some("+442079460018"));
        assert_eq!(submitted.suspicion, None);
    }

    #[test]
    fn every_field_to_correct_is_named_at_once() {
        let empty = Submission { id: "x".into(), phone: "hello".into(), ..Submission::default() };
        let fields: Vec<Field> = checked(&empty).expect_err("refused").into_iter().map(|e| e.field).collect();
        assert_eq!(fields, [Field::Message, Field::Email, Field::Phone]);
        let long =
            Submission { name: "a".repeat(LINE_CHARS + 1), message: "a".repeat(TEXT_BYTES + 1), ..form() };
        let fields: Vec<Field> = checked(&long).expect_err("refused").into_iter().map(|e| e.field).collect();
        assert_eq!(fields, [Field::Name, Field::Message]);
    }

    #[test]
    fn what_looks_like_spam_is_taken_in_and_says_why() {
        let opened = |seconds| Submission { opened_at: Some(NOW.plus_seconds(seconds).millis()), ..form() };
        let cases = [
            Submission { website: "http://spam.example".into(), ..form() },
            opened(-1),
            opened(60),
            opened(-MAX_FILL_SECONDS - 1),
        ];
        let by_a_program = Submission { opened_at: None, ..form() };
        assert_eq!(checked(&by_a_program).expect("taken in").suspicion, None);
        for form in cases {
            assert!(checked(&form).expect("taken in").suspicion.is_some(), "{form:?}");
        }
    }
}
