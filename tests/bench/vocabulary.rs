//! What people would look for in this company's words: taken from what its customers have written.

use std::collections::HashMap;

use evendesk_desk::Desk;
use evendesk_domain::id::CustomerId;
use evendesk_replica::EntryKind;

/// Letters of a word worth looking for.
const LETTERS: usize = 4;

pub struct Vocabulary {
    /// In a good part of all messages.
    pub common: Vec<String>,
    /// In hardly any.
    pub rare: Vec<String>,
    /// Two words in a row.
    pub pairs: Vec<(String, String)>,
}

impl Vocabulary {
    /// From the pages of these customers.
    pub fn of(desk: &Desk, customers: &[CustomerId]) -> Self {
        let mut often: HashMap<String, usize> = HashMap::new();
        let mut pairs = Vec::new();
        for text in customers.iter().flat_map(|customer| texts(desk, *customer)) {
            let words: Vec<&str> =
                text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
            for word in words.iter().filter(|w| w.len() >= LETTERS) {
                *often.entry((*word).to_owned()).or_default() += 1;
            }
            pairs.extend(words.windows(2).take(1).map(|two| (two[0].to_owned(), two[1].to_owned())));
        }
        let mut by_use: Vec<(usize, String)> = often.into_iter().map(|(word, used)| (used, word)).collect();
        by_use.sort_unstable_by(|a, b| b.cmp(a));
        let common = by_use.iter().take(50).map(|(_, word)| word.clone()).collect();
        let rare = by_use.iter().rev().take(400).map(|(_, word)| word.clone()).collect();
        Self { common, rare, pairs }
    }
}

fn texts(desk: &Desk, customer: CustomerId) -> Vec<String> {
    let page = desk.customer(customer, None, 50).expect("a customer's page");
    let text = |kind| match kind {
        EntryKind::Message { text, .. } | EntryKind::Reply { text, .. } => Some(text),
        _ => None,
    };
    page.entries.into_iter().filter_map(|entry| text(entry.kind)).collect()
}
