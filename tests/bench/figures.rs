//! Figures and the one table they are printed in, as Markdown, with what they were measured on.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::scale::Scale;

/// Printed as it fills, so that a run that ends early has still said something.
pub struct Table {
    begun: Instant,
    missed: usize,
}

impl Table {
    pub fn begin(scale: &Scale) -> Self {
        let Scale { conversations, messages, seed, .. } = scale;
        println!("{}", machine());
        println!(
            "company: {conversations} conversations, {messages} messages, seed {seed}; load is of the last minute\n"
        );
        println!("| what | measured | target | load |\n| --- | --- | --- | --- |");
        Self { begun: Instant::now(), missed: 0 }
    }

    /// A figure without a target.
    pub fn say(&mut self, what: &str, measured: &str) {
        println!("| {what} | {measured} | | {} |", load());
    }

    /// A figure that is to be below `target`; both in `unit`.
    pub fn judge(&mut self, what: &str, measured: &str, value: f64, target: f64, unit: &str) {
        let met = value < target;
        self.missed += usize::from(!met);
        let verdict = if met { "met" } else { "MISSED" };
        println!(
            "| {what} | {measured} | < {target:.1} {unit}: {verdict}, at {:.0} % | {} |",
            value / target * 100.0,
            load()
        );
    }

    /// Times of many runs; their 95th percentile is held to `target_ms` where there is one.
    pub fn times(&mut self, what: &str, times: &[Duration], target_ms: Option<f64>) {
        let Spread { p50, p95, p99 } = spread(times);
        let measured = format!("p50 {p50:.2} ms, p95 {p95:.2} ms, p99 {p99:.2} ms, {} runs", times.len());
        match target_ms {
            Some(target) => self.judge(what, &measured, p95, target, "ms"),
            None => self.say(what, &measured),
        }
    }

    pub fn end(self) {
        println!("\n{} targets missed; {:.0} s in all", self.missed, self.begun.elapsed().as_secs_f64());
    }
}

/// In milliseconds.
pub struct Spread {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

pub fn spread(times: &[Duration]) -> Spread {
    let mut ms: Vec<f64> = times.iter().map(|t| t.as_secs_f64() * 1000.0).collect();
    ms.sort_by(f64::total_cmp);
    let at = |hundredths: usize| ms.get((ms.len() * hundredths / 100).min(ms.len().saturating_sub(1)));
    let at = |hundredths| at(hundredths).copied().unwrap_or(f64::NAN);
    Spread { p50: at(50), p95: at(95), p99: at(99) }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes far below 2^52")]
pub fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "counts and sizes far below 2^52")]
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// What else this machine was doing.
fn load() -> String {
    let all = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    all.split(' ').next().unwrap_or_default().to_owned()
}

fn machine() -> String {
    let mut line = String::new();
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let processor = info.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or(": a processor");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = read("/proc/meminfo");
    let memory = memory.lines().find_map(|l| l.strip_prefix("MemTotal:")).unwrap_or(" ?");
    let _ = write!(
        line,
        "{cores} ×{} · memory {} ·",
        processor.trim_start_matches([' ', '\t', ':']),
        memory.trim()
    );
    let _ = write!(line, " Linux {}", read("/proc/sys/kernel/osrelease").trim());
    line
}
