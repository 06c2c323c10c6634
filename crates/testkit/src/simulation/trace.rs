//! What happened, in order: one hash over all of it, and the last of it to read.

use std::collections::VecDeque;

/// Lines kept for whoever looks into a failure.
const KEPT: usize = 160;

pub struct Trace {
    hash: u64,
    last: VecDeque<String>,
    pub aloud: bool,
}

impl Trace {
    pub const fn new(aloud: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, last: VecDeque::new(), aloud }
    }

    pub fn note(&mut self, at_ms: i64, line: &str) {
        let line =
            format!("{:>9.3} {line}", std::time::Duration::from_millis(at_ms.unsigned_abs()).as_secs_f64());
        self.mix(&line);
        // Heartbeats tell nobody anything.
        if line.ends_with("{\"say\":\"ping\"}") || line.contains("{\"say\":\"pong\"") {
            return;
        }
        if self.aloud {
            eprintln!("{line}");
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line.chars().take(260).collect());
    }

    /// FNV-1a.
    pub fn mix(&mut self, text: &str) {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub const fn hash(&self) -> u64 {
        self.hash
    }

    pub fn last(&self) -> String {
        self.last.iter().map(|line| format!("  {line}\n")).collect()
    }
}
