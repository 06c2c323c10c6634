//! How often something may be tried: a bucket a key that fills up again with time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use evendesk_domain::time::Timestamp;

/// Keys remembered; the fullest buckets, which hold nobody back, are forgotten first.
const KEYS: usize = 10_000;

pub struct Throttle<K> {
    burst: u32,
    seconds_each: u32,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Thousandths of a try.
    left: i64,
    at: Timestamp,
}

impl<K: Eq + Hash> Throttle<K> {
    /// `burst` tries at once, then one more every `seconds_each`.
    pub fn new(burst: u32, seconds_each: u32) -> Self {
        Self { burst, seconds_each, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes one try; otherwise says in how many seconds there is one.
    pub fn try_take(&self, key: K, now: Timestamp) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS && !buckets.contains_key(&key) {
            let full = self.full();
            buckets.retain(|_, b| self.filled(*b, now) < full);
            if buckets.len() >= KEYS {
                return Err(u64::from(self.seconds_each));
            }
        }
        let before = buckets.get(&key).map_or_else(|| self.full(), |b| self.filled(*b, now));
        let left = before - 1000;
        if left < 0 {
            return Err((-left * i64::from(self.seconds_each)).div_euclid(1000).unsigned_abs() + 1);
        }
        buckets.insert(key, Bucket { left, at: now });
        Ok(())
    }

    /// Gives back a try that turned out not to count.
    pub fn give_back(&self, key: &K) {
        let full = self.full();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(key) {
            bucket.left = (bucket.left + 1000).min(full);
        }
    }

    fn full(&self) -> i64 {
        i64::from(self.burst) * 1000
    }

    fn filled(&self, bucket: Bucket, now: Timestamp) -> i64 {
        let ms = (now.millis() - bucket.at.millis()).max(0);
        (bucket.left + ms / i64::from(self.seconds_each.max(1))).min(self.full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_one_waits_and_others_do_not() {
        let throttle = Throttle::new(3, 10);
        let at = Timestamp::from_seconds;
        for _ in 0..3 {
            throttle.try_take("ada", at(0)).unwrap();
        }
        assert_eq!(throttle.try_take("ada", at(0)), Err(11));
        throttle.try_take("bob", at(0)).unwrap();
        throttle.try_take("ada", at(10)).unwrap();
        assert!(throttle.try_take("ada", at(11)).is_err());
        assert!(throttle.try_take("ada", at(-99)).is_err());
        throttle.give_back(&"ada");
        throttle.try_take("ada", at(11)).unwrap();
    }
}
