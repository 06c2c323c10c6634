//! How many passwords are hashed at a time. Each takes 19 MiB and a good part of a second of a processor:
//! without a bound, a few thousand strangers who sign in at once would take all that there is of both.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Hashed at once, however many processors there are.
const MOST_AT_ONCE: usize = 4;
/// More that may wait for their turn; whoever comes then is told to come again.
const WAITING: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    #[error("more passwords wait to be looked at than can be soon")]
    Crowded,
    #[error(transparent)]
    Broken(#[from] tokio::task::JoinError),
}

/// Where passwords are hashed and compared: nowhere else on a server that is asked by strangers.
pub struct Hashing {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Hashing {
    /// Half the processors, so that signing in takes nothing from those who are signed in.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::new((processors / 2).clamp(1, MOST_AT_ONCE), WAITING)
    }
}

impl Hashing {
    /// `at_once` are at work, `waiting` more may wait.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self { places: semaphore(at_once + waiting), turns: semaphore(at_once) }
    }

    /// Does what is slow, in turn, where blocking is allowed.
    pub async fn run<T: Send + 'static>(
        &self,
        slow: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| HashingError::Crowded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| HashingError::Crowded)?;
        // Both go with the work: a caller who hangs up meanwhile does not make room before there is some.
        let work = move || {
            let done = slow();
            drop((turn, place));
            done
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_more_are_hashed_at_once_than_may_be_and_who_finds_no_place_is_told() {
        let (hashing, at_work) = (Arc::new(Hashing::new(2, 3)), Arc::new(AtomicUsize::new(0)));
        let (began, begins) = mpsc::channel();
        let mut ends = Vec::new();
        let mut asked = Vec::new();
        for _ in 0..5 {
            let (end, ended) = mpsc::channel::<()>();
            let (at_work, began) = (Arc::clone(&at_work), began.clone());
            let slow = move || {
                began.send(at_work.fetch_add(1, Ordering::SeqCst) + 1).unwrap();
                let _ = ended.recv();
                at_work.fetch_sub(1, Ordering::SeqCst);
            };
            let hashing = Arc::clone(&hashing);
            asked.push(tokio::spawn(async move { hashing.run(slow).await }));
            ends.push(end);
        }
        for _ in 0..2 {
            assert!(begins.recv().unwrap() <= 2);
        }
        while hashing.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hashing.run(|| ()).await, Err(HashingError::Crowded)));
        // Who does not wait for the answer any more leaves the work where it is, and its place taken.
        asked[0].abort();
        drop(ends);
        for _ in 0..3 {
            assert!(begins.recv().unwrap() <= 2, "more than two at once");
        }
        for one in asked.into_iter().skip(1) {
            one.await.unwrap().unwrap();
        }
        hashing.run(|| ()).await.unwrap();
    }
}
