//! Search: every word ever said, the newest first. The search index's row id is the event's seq, so
//! newest first needs no sorting, where ranking would read every hit.

use evendesk_domain::channel::Channel;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::customer::{self, Merges};
use crate::error::{Doing, Error};
use crate::{Reader, timer};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SearchHit {
    pub customer: CustomerId,
    pub conversation: ConversationId,
    pub name: String,
    pub subject: String,
    /// What matched stands between U+0001 and U+0002.
    pub excerpt: String,
    pub at: Timestamp,
    pub channel: Channel,
    #[ts(type = "number")]
    pub seq: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SearchPage {
    pub hits: Vec<SearchHit>,
    /// There are more.
    pub more: bool,
    /// Not every message could be looked into yet: some are still to come, or to be indexed.
    pub incomplete: bool,
}

/// What is searched for: every word, the last one as a beginning; `"…"` is a phrase. Signs that mean
/// something to the index are taken as words, so nothing typed is an error.
fn pattern(text: &str) -> Option<String> {
    let mut terms: Vec<String> = Vec::new();
    for (place, part) in text.split('"').enumerate() {
        let quoted = place % 2 == 1;
        if quoted && !part.trim().is_empty() {
            terms.push(format!("\"{}\"", part.trim()));
        } else if !quoted {
            terms.extend(part.split_whitespace().map(|word| format!("\"{word}\"")));
        }
    }
    let beginning = !text.ends_with('"') && !text.ends_with(char::is_whitespace);
    if let Some(last) = terms.last_mut()
        && beginning
        && last.chars().count() > 3
    {
        last.push('*');
    }
    terms.retain(|t| t.chars().any(char::is_alphanumeric));
    (!terms.is_empty()).then(|| terms.join(" "))
}

/// Characters searched for at most.
const QUERY_CHARS: usize = 200;

impl Reader {
    /// Messages that hold the words.
    pub fn search(&self, text: &str, offset: usize, limit: usize) -> Result<SearchPage, Error> {
        let text: String = text.chars().take(QUERY_CHARS).collect();
        let Some(pattern) = pattern(&text) else {
            return Ok(SearchPage { hits: Vec::new(), more: false, incomplete: false });
        };
        let merges = Merges::read(self.db())?;
        let mut hits: Vec<SearchHit> = self
            .db()
            .prepare_cached(
                "SELECT m.seq, m.conversation, c.customer, m.subject, c.subject, m.at, m.channel,
                     snippet(message_words, -1, char(1), char(2), '…', 16)
                 FROM message_words JOIN message m ON m.seq = message_words.rowid
                 JOIN conversation c ON c.id = m.conversation
                 WHERE message_words MATCH ?1 ORDER BY message_words.rowid DESC LIMIT ?3 OFFSET ?2",
            )
            .and_then(|mut s| {
                let (skip, most) =
                    (offset.cast_signed() as i64, limit.saturating_add(1).cast_signed() as i64);
                s.query_map((pattern, skip, most), |r| {
                    let (own, matter): (String, String) = (r.get(3)?, r.get(4)?);
                    Ok(SearchHit {
                        seq: r.get::<_, i64>(0)?.cast_unsigned(),
                        conversation: ConversationId(r.get(1)?),
                        customer: CustomerId(merges.root(r.get::<_, Uuid>(2)?)),
                        name: String::new(),
                        subject: if own.is_empty() { matter } else { own },
                        excerpt: r.get(7)?,
                        at: Timestamp::from_millis(r.get(5)?),
                        channel: timer::channel(&r.get::<_, String>(6)?),
                    })
                })?
                .collect()
            })
            .doing("search")?;
        let more = hits.len() > limit;
        hits.truncate(limit);
        for hit in &mut hits {
            hit.name = customer::name(self.db(), hit.customer.0)?;
        }
        let incomplete = self.history()?.is_some() || self.indexing()?.is_some();
        Ok(SearchPage { hits, more, incomplete })
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn nothing_typed_is_an_error_to_the_index() {
        for (typed, sought) in [
            ("tracking num", Some("\"tracking\" \"num\"*")),
            ("\"still no\" order ", Some("\"still no\" \"order\"")),
            ("AND (", Some("\"AND\"")),
            ("a\"b", Some("\"a\" \"b\"")),
            ("  ", None),
            ("***", None),
        ] {
            assert_eq!(pattern(typed).as_deref(), sought, "{typed:?}");
        }
    }
}
