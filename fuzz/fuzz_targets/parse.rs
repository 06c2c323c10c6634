//! Any bytes are a mail or are refused: without a panic, and with nothing in it that a page could trip over.
#![no_main]

use evendesk_channels::email::parse::{Unreadable, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let mail = match parse(raw) {
        Ok(mail) => mail,
        Err(Unreadable::Broken) => panic!("the reader panicked"),
        Err(_) => return,
    };
    assert!(!mail.text.contains('\0') && !mail.subject.contains(['\0', '\n']));
    for &(from, to) in &mail.split.folded {
        assert!(mail.text.get(from as usize..to as usize).is_some(), "a fold outside of the text");
    }
    for file in &mail.files {
        assert!(!file.name.is_empty() && !file.name.contains(['/', '\\', '\0', '\u{202e}']), "{:?}", file.name);
    }
});
