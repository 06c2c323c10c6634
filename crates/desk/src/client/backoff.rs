//! When to try again: twice as long each time, with full jitter, so that a thousand desks do not come
//! back in the same second.

use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), most: Duration::from_secs(32) }
    }
}

impl Backoff {
    /// How long to wait after `failures` in a row; `chance` is drawn from 0 up to 1.
    pub fn wait(self, failures: u32, chance: f64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
        doubled.min(self.most).mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_the_most_and_spreads_over_all_of_it() {
        let waits: Vec<u64> = (0..8).map(|n| Backoff::default().wait(n, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32, 32]);
        assert_eq!(Backoff::default().wait(3, 0.5).as_secs(), 4);
        assert_eq!(Backoff::default().wait(400, 0.0).as_secs(), 0);
    }
}
