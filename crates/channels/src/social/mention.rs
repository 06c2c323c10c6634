//! A mention as a bridge posts it, made an `Inbound`.

use evendesk_domain::channel::{Channel, Identity, IdentityError, IdentityKind};
use evendesk_domain::id::AccountId;
use evendesk_domain::inbound::{Author, Inbound, MailThread};
use evendesk_domain::limits::{LINE_CHARS, TEXT_BYTES};
use evendesk_domain::time::Timestamp;
use serde::Deserialize;

/// Bytes of one webhook body: the text at its longest, escaped, and what goes with it.
pub const MENTION_BYTES: usize = 2 * TEXT_BYTES;

#[derive(Debug, thiserror::Error)]
pub enum MentionError {
    #[error("the body is larger than {MENTION_BYTES} bytes")]
    TooLarge,
    #[error("the body is not a mention: {0}")]
    NotAMention(String),
    #[error("\"{0}\" is not a type of webhook taken here; \"mention\" is")]
    OtherType(String),
    #[error("author.id: {0}")]
    Author(IdentityError),
    #[error("{0} is missing, empty or longer than {LINE_CHARS} characters")]
    Field(&'static str),
    #[error("created_at is not an RFC 3339 instant such as 2026-01-02T03:04:05Z")]
    Instant,
}

#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    data: Mention,
}

#[derive(Deserialize)]
struct Mention {
    id: String,
    #[serde(default)]
    url: String,
    author: Who,
    #[serde(default)]
    text: String,
    created_at: String,
    #[serde(default)]
    thread: Option<String>,
}

#[derive(Deserialize)]
struct Who {
    id: String,
    #[serde(default)]
    handle: String,
    #[serde(default)]
    name: String,
}

/// Reads a body whose signature was verified. `raw` is the blob that the body is kept in.
pub fn read(body: &[u8], account: AccountId, raw: Option<String>) -> Result<Inbound, MentionError> {
    if body.len() > MENTION_BYTES {
        return Err(MentionError::TooLarge);
    }
    let envelope: Envelope =
        serde_json::from_slice(body).map_err(|e| MentionError::NotAMention(e.to_string()))?;
    if envelope.r#type != "mention" {
        return Err(MentionError::OtherType(envelope.r#type.chars().take(50).collect()));
    }
    let mention = envelope.data;
    let from = Identity::new(IdentityKind::Social, &mention.author.id, None).map_err(MentionError::Author)?;
    let spoke_at = mention.created_at.parse().map_err(|_| MentionError::Instant)?;
    let long = |text: &str| text.chars().count() > LINE_CHARS;
    if mention.id.trim().is_empty() || long(&mention.id) {
        return Err(MentionError::Field("id"));
    }
    if long(&mention.url) || mention.thread.as_deref().is_some_and(long) {
        return Err(MentionError::Field("url or thread"));
    }
    Ok(inbound(mention, account, raw, from, spoke_at))
}

fn inbound(
    mention: Mention,
    account: AccountId,
    raw: Option<String>,
    from: Identity,
    spoke_at: Timestamp,
) -> Inbound {
    Inbound {
        channel: Channel::Social,
        account,
        from,
        from_name: shown_name(&mention.author.name, &mention.author.handle),
        verified: true,
        subject: String::new(),
        text: text_with_link(&mention.text, &mention.url),
        folded: Vec::new(),
        spoke_at,
        attachments: Vec::new(),
        raw,
        author: Author::Person,
        bounce: None,
        doubts: Vec::new(),
        mail: MailThread::default(),
        // A post that answers none is the root of its own thread.
        thread: mention.thread.filter(|t| !t.trim().is_empty()).or_else(|| Some(mention.id.clone())),
        reply_to: Some(mention.id.clone()),
        remote_id: mention.id,
        cc: Vec::new(),
        answers: None,
    }
}

/// `Ada (@ada.example)`: a handle is history, so it is part of the name and no identity.
fn shown_name(name: &str, handle: &str) -> String {
    let clean = |s: &str| {
        let s: String =
            s.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LINE_CHARS / 2).collect();
        s.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (name, handle) = (clean(name), clean(handle.trim_start_matches('@')));
    match (name.is_empty(), handle.is_empty()) {
        (true, true) => String::new(),
        (false, true) => name,
        (true, false) => format!("@{handle}"),
        (false, false) => format!("{name} (@{handle})"),
    }
}

fn text_with_link(text: &str, url: &str) -> String {
    let mut text: String = text.chars().filter(|&c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.truncate(text.floor_char_boundary(TEXT_BYTES - 8 * LINE_CHARS));
    let web = url.starts_with("https://") || url.starts_with("http://");
    if web && !url.contains(char::is_whitespace) && !text.contains(url) {
        text = format!("{}\n\n{url}", text.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(change: impl FnOnce(&mut serde_json::Value)) -> Result<Inbound, MentionError> {
        let mut body = serde_json::json!({"type": "mention", "more": 1, "data": {
            "id": "at://post/1", "url": "https://net.example/1", "created_at": "2026-01-02T03:04:05Z",
            "author": {"id": "did:plc:abc", "handle": "@ada.example", "name": "Ada"},
            "text": "is there\ntea?\u{0}", "thread": "at://post/0"}});
        change(&mut body);
        read(body.to_string().as_bytes(), AccountId(uuid::Uuid::nil()), Some("blob".into()))
    }

    #[test]
    fn a_mention_is_known_by_the_lasting_id_of_its_author() {
        let inbound = mention(|_| ()).expect("a mention");
        assert_eq!(inbound.from, Identity { kind: IdentityKind::Social, value: "did:plc:abc".into() });
        assert_eq!(inbound.from_name, "Ada (@ada.example)");
        assert_eq!(inbound.text, "is there\ntea?\n\nhttps://net.example/1");
        assert_eq!(
            (inbound.remote_id.as_str(), inbound.thread.as_deref()),
            ("at://post/1", Some("at://post/0"))
        );
        assert_eq!(inbound.reply_to.as_deref(), Some("at://post/1"));
        assert_eq!(inbound.spoke_at.to_string(), "2026-01-02T03:04:05Z");
        let root = mention(|b| b["data"]["thread"] = serde_json::Value::Null).expect("a mention");
        assert_eq!(root.thread.as_deref(), Some("at://post/1"), "a first post is its own thread");
    }

    #[test]
    fn what_is_no_mention_is_refused_in_words() {
        let said = |change: fn(&mut serde_json::Value)| mention(change).expect_err("refused").to_string();
        assert!(said(|b| b["type"] = "like".into()).contains("\"like\""));
        assert!(said(|b| b["data"]["author"]["id"] = "".into()).contains("author.id"));
        assert!(said(|b| b["data"]["created_at"] = "yesterday".into()).contains("created_at"));
        assert!(said(|b| b["data"]["id"] = " ".into()).contains("id is missing"));
        assert!(said(|b| b["data"] = 1.into()).contains("not a mention"));
        assert!(said(|b| b["data"]["text"] = "x".repeat(MENTION_BYTES).into()).contains("larger"));
    }
}
