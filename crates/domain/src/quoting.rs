//! Whether what somebody wrote down is about a customer: it names them, or it is an excerpt of what was said
//! to us. Decides what is erased with them, so it takes neither too little nor what is about somebody else.

use crate::channel::{Identity, IdentityKind};

/// Characters from which on a text that stands in a message was surely taken from there, and is no turn of
/// phrase that others use too.
const EXCERPT_CHARS: usize = 40;
/// What people put between the digits of a phone number.
const BETWEEN_DIGITS: &[char] = &[' ', '\u{a0}', '-', '.', '/', '(', ')'];
/// How many of that at once.
const BETWEEN_AT_ONCE: usize = 2;

/// Whether a text names the identity: whole, and not as a part of another one.
///
/// ```
/// use evendesk_domain::channel::Identity;
/// use evendesk_domain::quoting::names;
///
/// let ann = Identity::email("ann@shop.example").unwrap();
/// assert!(names("Ann@Shop.example wrote: it leaks.", &ann));
/// assert!(!names("joann@shop.example wrote: it leaks.", &ann));
/// ```
pub fn names(text: &str, identity: &Identity) -> bool {
    if identity.value.is_empty() {
        return false;
    }
    if identity.kind == IdentityKind::Phone {
        return dials(text, &identity.value);
    }
    let (text, value) = (text.to_lowercase(), identity.value.to_lowercase());
    text.match_indices(&value).any(|(at, _)| begins(&text[..at]) && ends(&text[at + value.len()..]))
}

/// Whether an identity can begin after this.
fn begins(before: &str) -> bool {
    !before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || "._-+%".contains(c))
}

/// Whether an identity can end before this: a full stop ends it, unless more of a name follows.
fn ends(after: &str) -> bool {
    let mut after = after.chars();
    match after.next() {
        None => true,
        Some('.' | '-') => !after.next().is_some_and(char::is_alphanumeric),
        Some(c) => !c.is_alphanumeric() && c != '_' && c != '@',
    }
}

/// Whether a number is written there, as a machine writes it or as people do.
fn dials(text: &str, number: &str) -> bool {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let abroad = format!("00{digits}");
    let starts = text.char_indices().filter(|(at, c)| {
        c.is_ascii_digit() && !text[..*at].chars().next_back().is_some_and(|c| c.is_ascii_digit())
    });
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    let written =
        |wanted: &str| !wanted.is_empty() && starts.iter().any(|at| is_dialled(&text[*at..], wanted));
    written(&digits) || written(&abroad)
}

fn is_dialled(text: &str, digits: &str) -> bool {
    let mut left = digits.chars().peekable();
    let mut between = 0;
    for c in text.chars() {
        if left.peek().is_none() {
            return !c.is_ascii_digit();
        }
        if left.next_if_eq(&c).is_some() {
            between = 0;
        } else if BETWEEN_DIGITS.contains(&c) && between < BETWEEN_AT_ONCE {
            between += 1;
        } else {
            return false;
        }
    }
    left.peek().is_none()
}

/// What to look for in messages, [`on_one_line`], to see whether a text was taken from one of them; none for a short
/// one, which was not: "where is my parcel" is in many.
pub fn excerpt(text: &str) -> Option<String> {
    let text = on_one_line(text);
    (text.chars().count() >= EXCERPT_CHARS).then_some(text)
}

/// However its lines were broken.
pub fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(identity: &Identity, named: &[&str], not_named: &[&str]) {
        for text in named {
            assert!(names(text, identity), "{text:?} names {identity:?}");
        }
        for text in not_named {
            assert!(!names(text, identity), "{text:?} does not name {identity:?}");
        }
    }

    #[test]
    fn an_address_is_named_whole_and_not_as_a_part_of_another() {
        check(
            &Identity::email("ann@shop.example").unwrap(),
            &[
                "ann@shop.example",
                "(ANN@shop.example)",
                "Write to ann@shop.example.",
                "mailto:ann@shop.example?x",
            ],
            &[
                "joann@shop.example",
                "j.ann@shop.example",
                "ann@shop.example.org",
                "ann@shop.example-two.org",
                "ann@shop",
                "Ann of shop.example",
                "",
            ],
        );
    }

    #[test]
    fn a_number_is_named_however_it_is_written_and_not_within_a_longer_one() {
        check(
            &Identity { kind: IdentityKind::Phone, value: "+302101234567".into() },
            &["+302101234567", "call 0030 210 123-4567!", "on +30 (210) 1234567, at 9", "302101234567"],
            &[
                "+3021012345678",
                "13021 01234567",
                "order 1302101234567",
                "+30 210 and 1234567",
                "210 1234567",
            ],
        );
    }

    #[test]
    fn an_account_is_named_by_its_id_and_where_something_of_it_is_pointed_at() {
        check(
            &Identity { kind: IdentityKind::Social, value: "https://social.example/users/ann".into() },
            &["https://social.example/users/ann/statuses/7", "see https://social.example/users/ann"],
            &["https://social.example/users/anna", "https://social.example/users/ann_b", "ann"],
        );
    }

    #[test]
    fn an_identity_that_was_erased_is_named_by_nobody() {
        let erased = Identity { kind: IdentityKind::Email, value: String::new() };
        check(&erased, &[], &["", "anything"]);
    }

    #[test]
    fn a_long_piece_of_a_message_is_an_excerpt_and_a_turn_of_phrase_is_not() {
        let is_excerpt =
            |text: &str, message: &str| excerpt(text).is_some_and(|e| on_one_line(message).contains(&e));
        let message =
            "Hello,\n\nthe lid of the blue jug that I bought\nin May broke on its first day. Thank you!";
        assert!(is_excerpt("the lid of the blue jug that I bought in May broke", message));
        assert!(is_excerpt(
            "  the lid of the blue jug that I bought\r\n in May broke on its  first day",
            message
        ));
        for other in
            ["Thank you!", "the lid of the blue jug", "the lid of a blue jug that I bought in June broke", ""]
        {
            assert!(!is_excerpt(other, message), "{other:?}");
        }
    }
}
