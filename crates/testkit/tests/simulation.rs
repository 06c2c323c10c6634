//! The whole office, simulated: the promises of sync hold for every seed, and broken builds are caught.

use std::time::{SystemTime, UNIX_EPOCH};

use evendesk_desk::faults::{Fault, with};
use evendesk_journal::faults::without_fence;
use evendesk_testkit::simulation::{Outcome, run};

/// Always the same, and some that nobody has tried before.
const FIXED: std::ops::Range<u64> = 1..7;
const FRESH: u64 = 4;

#[track_caller]
fn holds(seeds: impl Iterator<Item = u64>) {
    let failed: Vec<String> = seeds.map(run).filter(|o| !o.is_good()).map(|o| o.report()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn all_promises_hold_for_the_fixed_seeds() {
    holds(FIXED);
}

#[test]
fn all_promises_hold_for_fresh_seeds() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = u64::try_from(since.as_millis()).unwrap();
    println!("fresh seeds: {first} to {}", first + FRESH - 1);
    holds(first..first + FRESH);
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let (first, again) = (run(77), run(77));
    assert_eq!(first.hash, again.hash, "{}", first.report());
    assert_ne!(first.hash, run(78).hash);
}

/// How many seeds a broken build may get away with.
const CAUGHT_WITHIN: u64 = 12;

#[track_caller]
fn is_caught(what: &str, promise: &str, run: impl Fn(u64) -> Outcome) {
    let caught = (1..=CAUGHT_WITHIN).map(run).find(|o| o.broken.iter().any(|b| b.starts_with(promise)));
    let caught = caught.unwrap_or_else(|| panic!("{what} went unnoticed for {CAUGHT_WITHIN} seeds"));
    println!(
        "{what}: caught by seed {}: {}",
        caught.seed,
        caught.broken[0].lines().next().unwrap_or_default()
    );
}

#[test]
fn a_build_that_skips_the_refold_is_caught() {
    is_caught("a skipped refold", "same_cursor_same_rows", |seed| with(Fault::SkippedRefold, || run(seed)));
}

#[test]
fn a_build_that_forgets_the_fence_is_caught() {
    is_caught("a forgotten fence", "", |seed| without_fence(|| run(seed)));
}

#[test]
fn a_build_that_offers_nothing_again_after_a_restore_is_caught() {
    is_caught("a forgotten offer", "nothing_is_lost", |seed| with(Fault::NothingOffered, || run(seed)));
}

#[test]
fn a_build_that_moves_the_cursor_early_is_caught() {
    is_caught("an early cursor", "same_cursor_same_rows", |seed| with(Fault::EarlyCursor, || run(seed)));
}
