//! What a raw mail may be before anything parses it. One pass over the bytes.
//!
//! The parser is linear in all of these alone; it is their products (parts that each look for a
//! boundary which never comes, messages in messages) that would cost minutes or the stack. What counts is
//! what the parser would take for a field, however oddly it is written: spaces in its name, comments, folds.
//! A message that is itself coded is parsed by the parser as well, so it is looked into here.

use evendesk_domain::limits::MAIL_BYTES;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use super::parse::Unreadable;
use super::words;

const HEADER_BYTES: usize = 1024 * 1024;
const LINES: usize = 2_000_000;
const BOUNDARY_LINES: usize = 100_000;
const NESTED_MESSAGES: usize = 200;
const MULTIPARTS: usize = 1_000;
/// Multiparts times bytes: the most that looking for boundaries can read.
const SEARCHED_BYTES: usize = 2_000_000_000;
/// Messages that are coded, against the rules, and the depth to which the parser decodes them.
const CODED_MESSAGES: usize = 20;
const CODED_DEPTH: usize = 3;

pub fn check(raw: &[u8]) -> Result<(), Unreadable> {
    if raw.len() > MAIL_BYTES {
        return Err(Unreadable::TooLarge(raw.len()));
    }
    let mut found = Found::default();
    found.look_through(raw, CODED_DEPTH);
    match found.excess() {
        Some(what) => Err(Unreadable::TooComplex(what)),
        None => Ok(()),
    }
}

/// What was found in a mail and in what it packs, so far.
#[derive(Default)]
struct Found {
    header_bytes: usize,
    lines: usize,
    boundaries: usize,
    messages: usize,
    multiparts: usize,
    searched: usize,
    coded: usize,
}

/// The fields that stand together, as far as they decide how what follows is parsed.
#[derive(Default)]
struct Block {
    field: Field,
    has_type: bool,
    is_message: bool,
    coding: Coding,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Field {
    Type,
    Coding,
    #[default]
    Other,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Coding {
    #[default]
    None,
    Base64,
    QuotedPrintable,
}

impl Found {
    fn excess(&self) -> Option<&'static str> {
        match () {
            () if self.header_bytes > HEADER_BYTES => Some("its headers are longer than 1 MB"),
            () if self.lines > LINES => Some("it has more than 2,000,000 lines"),
            () if self.boundaries > BOUNDARY_LINES => Some("it has more than 100,000 parts"),
            () if self.messages > NESTED_MESSAGES => Some("more than 200 messages are packed into it"),
            () if self.coded > CODED_MESSAGES => Some("more than 20 messages are packed into it in code"),
            () if self.multiparts > MULTIPARTS || self.searched > SEARCHED_BYTES => {
                Some("its parts are nested too often for its size")
            }
            () => None,
        }
    }

    fn look_through(&mut self, raw: &[u8], depth: usize) {
        let (before, mut block, mut digests) = (self.multiparts, Block::default(), false);
        let (mut at, mut in_header) = (0, true);
        for line in raw.split(|&b| b == b'\n') {
            at += line.len() + 1;
            self.lines += 1;
            self.boundaries += usize::from(line.starts_with(b"--"));
            if !line.trim_ascii().is_empty() {
                self.field_line(line, &mut block, &mut digests);
                continue;
            }
            if std::mem::take(&mut in_header) {
                self.header_bytes = self.header_bytes.max(at);
            }
            // Without a type, what is in a digest is a message.
            let is_message = block.is_message || digests && !block.has_type;
            if is_message && block.coding != Coding::None && depth > 0 && at <= raw.len() {
                self.coded += 1;
                if self.excess().is_some() {
                    return;
                }
                self.look_through(&decoded(&raw[at..], block.coding), depth - 1);
            }
            // A line of spaces is part of a fold to the parser.
            if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                block = Block::default();
            }
        }
        if in_header {
            self.header_bytes = self.header_bytes.max(raw.len());
        }
        let multiparts = self.multiparts - before;
        self.searched = self.searched.saturating_add(multiparts.saturating_mul(raw.len()));
    }

    fn field_line(&mut self, line: &[u8], block: &mut Block, digests: &mut bool) {
        if !line[0].is_ascii_whitespace() || block.field == Field::Other {
            block.field = field(line);
        }
        match block.field {
            Field::Type => {
                block.has_type = true;
                let (message, multipart) = (has(line, b"message"), has(line, b"multipart"));
                block.is_message |= message;
                self.messages += usize::from(message);
                self.multiparts += usize::from(multipart);
                *digests |= has(line, b"digest");
            }
            Field::Coding if has(line, b"base64") => block.coding = Coding::Base64,
            Field::Coding if has(line, b"quoted-printable") => block.coding = Coding::QuotedPrintable,
            Field::Coding | Field::Other => {}
        }
    }
}

/// Which field a line begins; the parser passes over spaces within a name.
fn field(line: &[u8]) -> Field {
    let mut name = line.iter().copied().filter(|b| !b.is_ascii_whitespace());
    let mut is =
        |wanted: &[u8]| wanted.iter().all(|w| name.next().is_some_and(|b| b.eq_ignore_ascii_case(w)));
    if !is(b"content-t") {
        return Field::Other;
    }
    match name.next().map(|b| b.to_ascii_lowercase()) {
        Some(b'y') => Field::Type,
        Some(b'r') => Field::Coding,
        _ => Field::Other,
    }
}

fn decoded(rest: &[u8], coding: Coding) -> Vec<u8> {
    if coding == Coding::Base64 {
        let end = rest.iter().position(|&b| b == b'-').unwrap_or(rest.len());
        return words::base64(&rest[..end]);
    }
    quoted_printable_decode(rest).unwrap_or_default()
}

fn has(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}
