//! Any number of seeds: `SEEDS=n` fresh ones, from `FROM` on where that is given, or the one `SEED`, aloud.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use evendesk_testkit::simulation::{run, run_with};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn main() -> ExitCode {
    let (seeds, failed) = match number("SEED") {
        Some(seed) => {
            let outcome = run_with(seed, std::env::var_os("QUIET").is_none());
            println!("seed {seed}: hash {:016x}, faults {:?}", outcome.hash, outcome.faults);
            if !outcome.is_good() {
                println!("{}", outcome.report());
            }
            (1, u64::from(!outcome.is_good()))
        }
        None => many(number("SEEDS").unwrap_or(50)),
    };
    println!("simulate: {seeds} seeds run, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// As many at once as there are processors; each alone is one thread.
fn many(seeds: u64) -> (u64, u64) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let first = number("FROM").unwrap_or_else(|| u64::try_from(since.as_millis()).unwrap_or(1));
    println!("seeds {first} to {}", first + seeds.saturating_sub(1));
    let (next, failed) = (AtomicU64::new(0), Mutex::new(0));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= seeds {
                        return;
                    }
                    let outcome = run(first + place);
                    if !outcome.is_good() {
                        println!("{}", outcome.report());
                        *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += 1;
                    }
                }
            });
        }
    });
    (seeds, failed.into_inner().unwrap_or_default())
}
