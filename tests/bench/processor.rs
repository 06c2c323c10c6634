//! Processor time of a process, all its threads, from `/proc`.

use std::time::Duration;

/// What Linux counts in, on every machine that matters here.
const TICKS_A_SECOND: f64 = 100.0;

pub fn of(process: u32) -> f64 {
    read(&format!("/proc/{process}/stat"))
}

pub fn of_self() -> f64 {
    read("/proc/self/stat")
}

/// Seconds in user and system mode; the fields behind the name, which may hold anything, in brackets.
fn read(path: &str) -> f64 {
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks: f64 = behind.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok()).sum();
    ticks / TICKS_A_SECOND
}

/// In percent of one core.
pub fn share(seconds: f64, of: Duration) -> f64 {
    seconds / of.as_secs_f64() * 100.0
}
