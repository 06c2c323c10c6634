//! Social mentions by the signed generic webhook: in, a mention; out, a reply. Any network can be
//! connected by a few lines of a bridge that speaks this.
//!
//! Signatures follow Standard Webhooks ([`signature`]). Pure: the server receives and posts.
//!
//! A mention, as posted to us (`thread`, `name`, `url` may be left out; unknown keys are passed over):
//!
//! ```json
//! {"type": "mention",
//!  "data": {"id": "at://did:plc:abc/app.bsky.feed.post/1", "url": "https://bsky.app/…",
//!           "author": {"id": "did:plc:abc", "handle": "ada.example", "name": "Ada"},
//!           "text": "@us is there tea?", "created_at": "2026-01-02T03:04:05Z",
//!           "thread": "at://did:plc:abc/app.bsky.feed.post/0"}}
//! ```
//!
//! A reply, as we post it; `id` is the same on a retry:
//!
//! ```json
//! {"type": "reply",
//!  "data": {"id": "0197…", "in_reply_to": "at://…/1", "thread": "at://…/0", "text": "There is.",
//!           "author_name": "Jo", "created_at": "2026-01-02T03:14:05Z"}}
//! ```

mod mention;
mod reply;
pub mod signature;

pub use mention::{MENTION_BYTES, MentionError, read};
pub use reply::write;
