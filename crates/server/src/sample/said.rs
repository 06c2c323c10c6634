//! What sample customers say, in the shape in which each channel gets it from outside: raw mail, a form's
//! fields, a signed webhook's body, a scanned letter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use evendesk_channels::web_form::Submission;
use evendesk_domain::channel::{Channel, Identity, IdentityKind};
use evendesk_domain::id::AccountId;
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::time::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::company::HOST;
use super::story::Person;

/// Where a mail stands in its thread.
#[derive(Clone, Debug, Default)]
pub struct Thread {
    /// Without angle brackets, oldest first.
    pub ids: Vec<String>,
}

/// A mail as the mailbox would give it; its own id joins the thread.
pub fn mail(
    from: &Person,
    to_team: &str,
    subject: &str,
    text: &str,
    at: Timestamp,
    thread: &mut Thread,
) -> Vec<u8> {
    let host = from.email.rsplit_once('@').map_or("mail.example", |(_, host)| host);
    let id = format!("{}@{host}", Uuid::new_v4());
    let mut head = vec![
        format!("From: {} <{}>", word(from.name), from.email),
        format!("To: {}@{HOST}", to_team.to_lowercase()),
        format!("Subject: {}", word(subject)),
        format!("Date: {}", at.utc().to_rfc2822()),
        format!("Message-ID: <{id}>"),
        "MIME-Version: 1.0".into(),
        "Content-Type: text/plain; charset=utf-8".into(),
        "Content-Transfer-Encoding: base64".into(),
    ];
    if let Some(last) = thread.ids.last() {
        head.push(format!("In-Reply-To: <{last}>"));
        let all: Vec<String> = thread.ids.iter().map(|id| format!("<{id}>")).collect();
        head.push(format!("References: {}", all.join("\r\n ")));
    }
    thread.ids.push(id);
    let body = STANDARD.encode(text.replace('\n', "\r\n"));
    let body: Vec<&str> =
        body.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("{}\r\n\r\n{}\r\n", head.join("\r\n"), body.join("\r\n")).into_bytes()
}

/// An encoded word where plain ASCII does not do.
fn word(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { format!("=?utf-8?B?{}?=", STANDARD.encode(text)) }
}

/// A form as its page sends it, filled in for a minute.
pub fn form(from: &Person, subject: &str, text: &str, at: Timestamp) -> Submission {
    Submission {
        id: Uuid::new_v4().to_string(),
        name: from.name.into(),
        email: from.email.into(),
        phone: String::new(),
        subject: subject.into(),
        message: text.into(),
        website: String::new(),
        opened_at: Some(at.plus_seconds(-60).millis()),
    }
}

/// A mention as a bridge posts it. `thread` is the root post's id; none begins one.
pub fn mention(from: &Person, text: &str, at: Timestamp, thread: Option<&str>) -> (String, Vec<u8>) {
    let id = format!("sample/{}/{}", from.handle, Uuid::new_v4().simple());
    let root = thread.unwrap_or(&id).to_owned();
    let body = json!({"type": "mention", "data": {
        "id": id,
        "url": format!("https://social.example/{id}"),
        "author": {"id": author(from), "handle": from.handle, "name": from.name},
        "text": text,
        "created_at": at.to_string(),
        "thread": root,
    }});
    (root, body.to_string().into_bytes())
}

/// The immutable id of someone's social account.
pub fn author(person: &Person) -> String {
    format!("did:sample:{}", person.handle)
}

/// A letter as whoever opens the post enters it.
pub fn letter(from: &Person, account: AccountId, subject: &str, text: &str, at: Timestamp) -> Inbound {
    Inbound {
        channel: Channel::Letter,
        account,
        remote_id: Uuid::new_v4().to_string(),
        from: Identity { kind: IdentityKind::Email, value: from.email.into() },
        from_name: from.name.into(),
        verified: true,
        subject: subject.into(),
        text: text.into(),
        folded: Vec::new(),
        spoke_at: at,
        attachments: Vec::new(),
        raw: None,
        author: Author::Person,
        bounce: None,
        doubts: Vec::new(),
        mail: MailThread::default(),
        thread: None,
        reply_to: None,
        cc: Vec::new(),
        answers: None,
    }
}
