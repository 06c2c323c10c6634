//! Email: raw bytes read ([`parse`]), mailboxes fetched ([`fetch`]), answers sent ([`send`]).
//!
//! Reading is pure: any bytes whatsoever give a [`parse::Parsed`] or a reason why not, and never a
//! panic. What a mail *is* is decided by its content ([`parse::Parsed::remote_id`]); UIDs, flags and
//! age decide nothing.

pub mod address;
mod attachment;
mod automatic;
mod bound;
mod calendar;
mod carried;
mod charset;
pub mod compose;
pub mod fetch;
mod headers;
pub mod history;
pub mod html;
mod imap_session;
pub mod inspect;
pub mod letter;
pub mod oauth;
mod parameters;
pub mod parse;
pub mod quotes;
pub mod receive;
pub mod reply_token;
pub mod send;
mod sender;
pub mod sign_in;
mod stream;
mod style;
mod tnef;
mod vcard;
mod words;
