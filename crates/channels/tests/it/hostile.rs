//! Any bytes whatsoever: no panic, no minute-long parse, and what was readable before a change of a
//! byte is mostly readable after it.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use evendesk_channels::email::parse::{Unreadable, parse};
use evendesk_channels::email::{history, html};
use proptest::prelude::*;

use crate::{corpus, own_corpus};

/// All mails there are, which are read once.
static MAILS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let files = [corpus::folder(), own_corpus::folder()]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the mails").map(|f| f.expect("a file").path()));
    files
        .filter(|f| f.extension().is_some_and(|e| e == "eml"))
        .map(|f| std::fs::read(f).expect("a mail"))
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_ne!(parse(&bytes).err(), Some(Unreadable::Broken));
    }

    #[test]
    fn a_mail_with_bytes_changed_cut_or_repeated_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..20),
    ) {
        let mut mail = which.get(&MAILS).clone();
        for (at, byte, how) in changes {
            if mail.is_empty() {
                break;
            }
            let at = at.index(mail.len());
            match how {
                0 => mail[at] = byte,
                1 => mail.truncate(at),
                2 => mail.insert(at, byte),
                _ => mail.extend_from_within(at..),
            }
            mail.truncate(64 * 1024);
        }
        prop_assert_ne!(parse(&mail).err(), Some(Unreadable::Broken));
    }

    #[test]
    fn folding_html_loses_nothing_but_adds_folds(
        pieces in proptest::collection::vec(any::<prop::sample::Index>(), 0..30),
        is_forward in any::<bool>(),
    ) {
        const PIECES: [&str; 18] = [
            "<p>", "</p>", "<div>", "</div>", "<blockquote>", "</blockquote>", "<br>", "<table><tr><td>", "</table>", "<pre>",
            "</pre>", "yes\n", "On 3 May 2026, a@b.example wrote:", "-- ", "<b>From:</b> a<br>Sent: b<br>To: c<br>Subject: d",
            "<img src=cid:x>", "<ul><li>", "&gt; old",
        ];
        let html: String = pieces.iter().map(|piece| *piece.get(&PIECES)).collect();
        let clean = html::safe(&html).expect("small and flat");
        let folded = history::fold(&clean, is_forward);
        let unfolded = folded.replace("<details><summary>…</summary>", "").replace("</details>", "");
        prop_assert_eq!(unfolded, clean);
    }
}

#[test]
fn what_would_cost_the_stack_or_minutes_is_refused_or_quick() {
    let nested = "Content-Type: message/rfc822\r\n\r\n";
    let parts = "--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n";
    let head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n";
    let packed = |inside: String| {
        let coded = base64::engine::general_purpose::STANDARD.encode(inside);
        format!(
            "{head}--x\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{coded}\r\n--x--\r\n"
        )
    };
    let bold: String = (0..290).map(|n| format!("<b id={n}>")).collect();
    let html = "From: a@b.example\r\nContent-Type: text/html\r\n\r\n";
    let digest = "--x\r\nContent-Type: multipart/digest; boundary=y\r\n\r\n";
    let mails = [
        packed(parts.repeat(20_000)),
        packed(packed(parts.repeat(20_000))),
        format!("{head}{}", parts.replace("multipart/", "multipart(\"\") /").repeat(20_000)),
        format!("{head}{}", parts.replace("Content-Type", "Con tent - Type").repeat(20_000)),
        "Content-Type:\r\n \r\n message\r\n /rfc822\r\n\r\n".repeat(50_000),
        format!("{head}{digest}{}", "--y\r\n\r\nA: b\r\n\r\n".repeat(40_000)),
        format!("{head}{}", "--x\r\nContent-Type: text/calendar\r\n\r\n".repeat(90_000)),
        format!("{html}<p>{bold}</p>{}", "<p>x".repeat(200_000)),
        format!("{html}{}", "<blockquote>a</blockquote>b<br>".repeat(30_000)),
        format!("From: {}\r\n\r\nHi", "=?a?q?".repeat(100_000)),
        format!("From: a@b.example\r\n{}\r\nHi", format!("To: {}\r\n", "=?a?q?".repeat(10_000)).repeat(15)),
        nested.repeat(100_000),
        nested.repeat(200),
        format!("{head}{}", parts.repeat(100_000)),
        format!("{head}{}{}", parts.repeat(300), "a\r\n".repeat(100_000)),
        format!("{head}{}", "--x\r\n\r\n".repeat(90_000)),
        format!("From: a@b.example\r\n{}\r\n", "X: y\r\n".repeat(1_000_000)),
        format!("From: {}\r\n\r\nHi", "a@b.example, ".repeat(50_000)),
        format!("From: a@b.example\r\nTo: {}\r\n\r\nHi", "(".repeat(500_000)),
        format!("From: a@b.example\r\nSubject: {}\r\n\r\nHi", "=?utf-8?q?a?= ".repeat(60_000)),
        format!(
            "From: a@b.example\r\nContent-Type: text/html\r\n\r\n{}",
            "<table><tr><td><b><a>".repeat(50_000)
        ),
        format!("From: a@b.example\r\n\r\n{}", "> a\nwrote:\n".repeat(40_000)),
        format!("From: a@b.example\r\n\r\n{}", "On 3 May a@b.example\n".repeat(25_000)),
        format!("From: a@b.example\r\n\r\n{}", "From: x\n".repeat(60_000)),
    ];
    for (n, mail) in mails.into_iter().enumerate() {
        let started = Instant::now();
        // The stack of a worker thread, which is where mails are parsed.
        let parsed = std::thread::spawn(move || parse(mail.as_bytes()).err());
        assert_ne!(parsed.join().expect("no panic"), Some(Unreadable::Broken), "mail {n}");
        assert!(started.elapsed() < Duration::from_secs(20), "mail {n} took {:?}", started.elapsed());
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_is_parsed() {
    let raw = vec![b'a'; evendesk_domain::limits::MAIL_BYTES + 1];
    assert_eq!(parse(&raw).err(), Some(Unreadable::TooLarge(raw.len())));
}

/// Found by fuzzing: mails within mails, and a multipart that ends at the boundary of the one around it.
#[test]
fn mails_within_a_mail_that_share_a_boundary_are_read() {
    let raw = include_bytes!("found/shared-boundary.eml");
    assert_ne!(parse(raw).err(), Some(Unreadable::Broken));
}
