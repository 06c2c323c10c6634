//! The moment at which an answer leaves this machine: up to it a try can be left, from it on what became of
//! it must be recorded. A lease that is lost and a try that goes on meet here, and one of them comes first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use evendesk_domain::time::Timestamp;

use super::lease::Held;

const PREPARED: u8 = 0;
const BEGUN: u8 = 1;
const LEFT: u8 = 2;

/// One try's; cheap to clone, and every clone is the same.
#[derive(Clone)]
pub struct Handover {
    state: Arc<AtomicU8>,
    held: Held,
}

impl Handover {
    /// Under that lease.
    pub fn under(held: Held) -> Self {
        Self { state: Arc::new(AtomicU8::new(PREPARED)), held }
    }

    /// Whether it may begin, which it then has: not where it was left, nor where the lease may be another node's
    /// by now, as after a sleep of this machine or process that nobody here took notice of.
    pub fn begins(&self, now: Timestamp) -> bool {
        self.is_held(now) && self.turn(BEGUN)
    }

    /// Whether it could be left, which it then is, and never begins.
    pub fn leave(&self) -> bool {
        self.turn(LEFT)
    }

    /// Whether what it is under is this node's still.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.held.at(now)
    }

    fn turn(&self, to: u8) -> bool {
        self.state.compare_exchange(PREPARED, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_begun_cannot_be_left_what_was_left_never_begins_and_no_lease_lets_nothing_begin() {
        let now = Timestamp::from_seconds(1_000);
        let held = Held::default();
        held.renewed(Some(now));
        let begun = Handover::under(held.clone());
        assert!(begun.begins(now.plus_seconds(9)) && !begun.leave());
        let left = Handover::under(held.clone());
        assert!(left.leave() && !left.begins(now));
        let late = Handover::under(held.clone());
        assert!(!late.begins(now.plus_seconds(10)) && !late.begins(now.plus_seconds(-1)));
        held.renewed(None);
        assert!(!late.begins(now));
    }
}
