//! STUB until domain's lands
use crate::board::{Parity, QueueJump, Turn};
pub(crate) fn sorted(waits: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut w: Vec<u64> = waits.collect();
    w.sort_unstable();
    w
}
pub(crate) fn percentile(sorted: &[u64], p: usize) -> Option<u64> {
    if sorted.is_empty() {
        return None;
    }
    let rank = (sorted.len() * p).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}
pub(crate) fn parity(_: &[Turn]) -> Parity {
    Parity { gap: None, slowest: None, fastest: None, thin: Vec::new() }
}
pub(crate) fn jumps(_: &[Turn]) -> Vec<QueueJump> {
    Vec::new()
}
