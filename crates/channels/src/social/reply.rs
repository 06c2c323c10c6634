//! An answer as a bridge gets it, signed.

use evendesk_domain::inbound::Outbound;
use evendesk_domain::time::Timestamp;
use serde_json::json;

use super::signature::{Secret, Signed, sign};

/// The body of a reply and its headers. The answer's id is the webhook's id, so a retry is recognisable;
/// `at` is when the agent gave it, `now` when it is sent.
pub fn write(answer: &Outbound, secret: &Secret, at: Timestamp, now: Timestamp) -> (Signed, Vec<u8>) {
    let id = answer.message.to_string();
    let body = json!({
        "type": "reply",
        "data": {
            "id": id,
            "in_reply_to": answer.to,
            "thread": answer.thread,
            "text": answer.text,
            "author_name": answer.author_name,
            "created_at": at.to_string(),
        }
    });
    let body = body.to_string().into_bytes();
    (sign(secret, &id, &body, now), body)
}
