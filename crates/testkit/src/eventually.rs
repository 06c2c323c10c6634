//! Waiting for what another process is about to do.

use std::time::{Duration, Instant};

/// Between two looks: short against what a person notices, long against what a look costs.
const PAUSE: Duration = Duration::from_millis(25);

/// Looks again and again until `look` returns something, for at most `within`.
///
/// # Panics
///
/// When it never does, saying `what` was waited for.
pub async fn eventually<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        // The last look may hang with what it looks at.
        let left = within.saturating_sub(begun.elapsed()).max(PAUSE);
        if let Ok(Some(seen)) = tokio::time::timeout(left, look()).await {
            return seen;
        }
        assert!(begun.elapsed() < within, "{what}: not within {within:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// As [`eventually`], for what needs no waiting of its own to look at.
pub fn eventually_now<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < within, "{what}: not within {within:?}");
        std::thread::sleep(PAUSE);
    }
}
