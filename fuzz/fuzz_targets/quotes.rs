//! Folding loses no word, and its ranges are of the text.
#![no_main]

use evendesk_channels::email::quotes::split;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (bool, &str)| {
    let (is_forward, text) = input;
    let split = split(text, is_forward);
    let words = |text: &str| text.split_whitespace().map(str::len).sum::<usize>();
    assert_eq!(words(&split.fresh) + words(&split.quoted), words(text));
    let folded = split.folded.iter().map(|&(from, to)| words(&text[from as usize..to as usize])).sum::<usize>();
    assert_eq!(folded, words(&split.quoted));
    assert!(text.trim().is_empty() || !split.fresh.trim().is_empty(), "something is always shown");
});
