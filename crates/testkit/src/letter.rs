//! A mail as a customer writes one.

use evendesk_domain::channel::{Channel, Identity};
use evendesk_domain::id::{AccountId, MessageId};
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::time::Timestamp;

/// # Panics
///
/// Where `from` is no address.
pub fn letter(account: AccountId, message: MessageId, from: &str, text: &str, at: Timestamp) -> Inbound {
    Inbound {
        channel: Channel::Email,
        account,
        remote_id: message.to_string(),
        from: Identity::email(from).expect("this is an address"),
        from_name: from.split('@').next().unwrap_or_default().to_owned(),
        verified: true,
        subject: "A question".into(),
        text: text.into(),
        folded: Vec::new(),
        spoke_at: at,
        attachments: Vec::new(),
        raw: None,
        author: Author::Person,
        bounce: None,
        doubts: Vec::new(),
        mail: MailThread { message_id: Some(format!("{message}@customer.example")), ..MailThread::default() },
        thread: None,
        reply_to: Some(from.into()),
        cc: Vec::new(),
        answers: None,
    }
}
