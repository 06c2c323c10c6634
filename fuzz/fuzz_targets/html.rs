//! Cleaned HTML has nothing that acts, and folding changes nothing of it but the folds.
#![no_main]

use evendesk_channels::email::{history, html, letter};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|markup: &str| {
    html::text(markup);
    let Some(clean) = html::safe(markup) else { return };
    let letter = letter::read(markup, false).map(|letter| letter.html).unwrap_or_default();
    for never in ["<script", "<style", "<iframe", "<object", "<form", "<input", "<meta", "<link", "<base", "<svg"] {
        assert!(!clean.contains(never) && !letter.contains(never), "{never} in {clean} or {letter}");
    }
    for is_forward in [false, true] {
        let folded = history::fold(&clean, is_forward);
        let unfolded = folded.replace("<details><summary>…</summary>", "").replace("</details>", "");
        assert_eq!(unfolded, clean);
        assert_eq!(folded.matches("<details>").count(), folded.matches("</details>").count());
    }
});
