//! A way to build the journal wrongly, so that a test can prove that the simulation would notice. Compiled
//! with the feature `faults` alone, which no product build has; and even then off, but on one thread.

use std::cell::Cell;

thread_local! {
    static UNFENCED: Cell<bool> = const { Cell::new(false) };
}

/// Does something with a journal that takes whatever any writer appends, whoever wrote in between.
pub fn without_fence<T>(f: impl FnOnce() -> T) -> T {
    let before = UNFENCED.replace(true);
    let done = f();
    UNFENCED.set(before);
    done
}

pub(crate) fn is_unfenced() -> bool {
    UNFENCED.get()
}
