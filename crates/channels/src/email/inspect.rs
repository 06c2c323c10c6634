//! What the system makes of a mail, as the JSON that `email inspect` prints.

use evendesk_domain::inbound::Author;
use serde_json::{Value, json};

use super::parse::{Parsed, parse};

/// One object with all keys, whatever the bytes are; `problems` says what could not be read.
pub fn inspect(file_name: &str, raw: &[u8]) -> Value {
    match parse(raw) {
        Ok(mail) => read(file_name, &mail),
        Err(unreadable) => unread(file_name, &unreadable.to_string()),
    }
}

fn read(file_name: &str, mail: &Parsed) -> Value {
    let attachments: Vec<Value> = mail
        .files
        .iter()
        .map(|f| json!({"name": f.name, "type": f.media_type, "bytes": f.content.len(), "inline": f.inline}))
        .collect();
    json!({
        "file": file_name,
        "from_address": mail.from_address,
        "from_name": mail.from_name,
        "reply_to": mail.reply_to,
        "to": mail.to,
        "cc": mail.cc,
        "subject": mail.subject,
        "date": mail.date.map(|d| d.to_string()),
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": mail.references,
        "text": mail.text,
        "fresh_text": mail.split.fresh,
        "quoted_text": mail.split.quoted,
        "safe_html": mail.safe_html,
        "attachments": attachments,
        "kind": kind(mail.author),
        "bounce": mail.bounce,
        "doubts": mail.doubts,
        "problems": mail.problems,
    })
}

fn unread(file_name: &str, reason: &str) -> Value {
    json!({
        "file": file_name, "from_address": null, "from_name": "", "reply_to": null, "to": [], "cc": [],
        "subject": "", "date": null, "message_id": null, "in_reply_to": [], "references": [], "text": "",
        "fresh_text": "", "quoted_text": "", "safe_html": null, "attachments": [], "kind": "person",
        "bounce": null, "doubts": [], "problems": [reason],
    })
}

fn kind(author: Author) -> &'static str {
    match author {
        Author::Person => "person",
        Author::AutoReply => "auto_reply",
        Author::Bounce => "bounce",
        Author::List => "list",
        Author::Complaint => "complaint",
    }
}
