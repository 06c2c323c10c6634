//! One raw mail taken in: parsed, its files and itself kept as blobs, and made an `Inbound`. The one
//! door for mail from a mailbox, an archive or the sample data.

use std::time::Duration;

use evendesk_domain::channel::{Channel, Identity};
use evendesk_domain::id::AccountId;
use evendesk_domain::inbound::{Attachment, Author, Inbound, MailThread};
use evendesk_domain::time::Timestamp;

use super::parse::{Parsed, Unreadable, parse};
use super::reply_token::{ReplyKey, bare};
use super::sender;
use crate::intake::{Arrival, Intake, IntakeError, Outcome, SetAside};

/// What one mail may cost to read before it is set aside.
const LONGEST: Duration = Duration::from_secs(10);

/// The mailbox a mail came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    pub account: AccountId,
    /// Its own addresses: they are nobody to answer and nobody to copy.
    pub addresses: Vec<String>,
    /// What the tokens in addresses that answers come to are verified with; none where no answer was ever sent.
    pub reply_key: Option<ReplyKey>,
}

/// A mail as a mailbox gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMail {
    pub uid: Option<u32>,
    /// When the mailbox got it (INTERNALDATE): the instant at which the customer spoke, since the Date
    /// field is what they claim.
    /// `None` where it does not say.
    pub received_at: Option<Timestamp>,
    pub size: u64,
    /// `None` where it is too large and was left where it is.
    pub bytes: Option<Vec<u8>>,
}

/// Reads a mail and keeps its bytes. What cannot be read is set aside with them; an error means that
/// nothing could be kept, and that the mail must come again. `now` is when it was learnt of.
pub async fn receive(
    intake: &impl Intake,
    mailbox: &Mailbox,
    mail: RawMail,
    now: Timestamp,
) -> Result<Arrival, IntakeError> {
    let outcome = match mail.bytes {
        None => {
            let reason = Unreadable::TooLarge(usize::try_from(mail.size).unwrap_or(usize::MAX)).to_string();
            Outcome::SetAside(SetAside { raw: None, reason })
        }
        Some(bytes) => {
            let raw = intake.put_blob(bytes.clone()).await?;
            match read(bytes).await {
                Ok((from, parsed)) => {
                    let attachments = keep_files(intake, &parsed).await?;
                    Outcome::Read(Box::new(inbound(
                        mailbox,
                        mail.received_at.unwrap_or(now),
                        from,
                        *parsed,
                        attachments,
                        raw,
                    )))
                }
                Err(unreadable) => {
                    Outcome::SetAside(SetAside { raw: Some(raw), reason: unreadable.to_string() })
                }
            }
        }
    };
    Ok(Arrival { uid: mail.uid, bytes: mail.size, outcome })
}

/// Parsing a large mail takes long enough not to be done where others wait.
async fn read(bytes: Vec<u8>) -> Result<(Identity, Box<Parsed>), Unreadable> {
    let read = move || {
        let parsed = parse(&bytes)?;
        // Some mail systems give no address of their own, and what they report counts all the same.
        let nobody = (parsed.author == Author::Bounce).then_some("mailer-daemon@unknown.invalid");
        let from = parsed.from_address.as_deref().or(nobody).and_then(|a| Identity::email(a).ok());
        Ok((from.ok_or(Unreadable::NoSender)?, Box::new(parsed)))
    };
    match tokio::time::timeout(LONGEST, tokio::task::spawn_blocking(read)).await {
        Ok(read) => read.unwrap_or(Err(Unreadable::Broken)),
        // Its thread goes on to its own end; nobody waits for it.
        Err(_) => Err(Unreadable::TooSlow),
    }
}

async fn keep_files(intake: &impl Intake, parsed: &Parsed) -> Result<Vec<Attachment>, IntakeError> {
    let mut kept = Vec::with_capacity(parsed.files.len());
    for file in &parsed.files {
        kept.push(Attachment {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            bytes: file.content.len() as u64,
            blob: intake.put_blob(file.content.clone()).await?,
            inline: file.inline,
        });
    }
    Ok(kept)
}

fn inbound(
    mailbox: &Mailbox,
    received_at: Timestamp,
    from: Identity,
    mail: Parsed,
    attachments: Vec<Attachment>,
    raw: String,
) -> Inbound {
    let came_to = mail.to.iter().chain(&mail.cc).chain(&mail.delivered_to);
    let answers = mailbox.reply_key.as_ref().and_then(|key| key.find(came_to));
    let is_theirs = |a: &String| {
        let bare = bare(a);
        let own = mailbox.addresses.iter().any(|own| own.eq_ignore_ascii_case(&bare));
        !own && !a.eq_ignore_ascii_case(&from.value)
    };
    let mut doubts = mail.doubts;
    // Whom it was written to may not be named in it; whose mailbox this is is known.
    let alike = sender::resembles(&from.value, &mailbox.addresses);
    if let Some(alike) = alike.filter(|a| !doubts.contains(a)) {
        doubts.push(alike);
    }
    let cc = mail.to.into_iter().chain(mail.cc).filter(is_theirs).collect();
    Inbound {
        channel: Channel::Email,
        account: mailbox.account,
        remote_id: mail.remote_id,
        reply_to: mail.reply_to.or(mail.from_address),
        from,
        from_name: mail.from_name,
        verified: true,
        subject: mail.subject,
        folded: mail.split.folded,
        text: mail.text,
        spoke_at: received_at,
        attachments,
        raw: Some(raw),
        author: mail.author,
        bounce: mail.bounce,
        doubts,
        mail: MailThread {
            message_id: mail.message_id,
            in_reply_to: mail.in_reply_to,
            references: mail.references,
        },
        thread: None,
        cc,
        answers,
    }
}
