//! Ways to build a desk wrongly, so that a test can prove that the simulation would notice. Compiled with
//! the feature `faults` alone, which no product build has; and even then off, but on the thread of [`with`].

use std::cell::Cell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What is pending is decided again without being taken out first.
    SkippedRefold,
    /// The cursor moves before what it covers is stored.
    EarlyCursor,
    /// What a restored server has forgotten is not offered again.
    NothingOffered,
}

thread_local! {
    static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Does something with a desk that is built wrongly.
pub fn with<T>(fault: Fault, f: impl FnOnce() -> T) -> T {
    let before = FAULT.replace(Some(fault));
    let done = f();
    FAULT.set(before);
    done
}

pub(crate) fn is(fault: Fault) -> bool {
    FAULT.get() == Some(fault)
}
