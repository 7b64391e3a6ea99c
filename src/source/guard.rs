//! Panics of decoders over broken files that lie about themselves in ways which nobody can check beforehand: they are
//! caught, and told as broken files.

use super::excel;
use std::cell::Cell;
use std::panic::{catch_unwind, AssertUnwindSafe};

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is waited for: it is no bug, and need not be printed.
#[must_use]
pub fn expects_panic() -> bool {
    IS_GUARDED.get() || std::thread::current().name() == Some(excel::THREAD)
}

/// Lets a decoder work; an error where it panics. What it worked on must not be used afterwards.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, &'static str> {
    let before = IS_GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(before);
    done.map_err(|_| "what it says of its own structure is wrong")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_decoder_is_an_error() {
        assert_eq!(guarded(|| 1), Ok(1));
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| assert!(expects_panic())));
        assert!(guarded(|| assert!(!expects_panic(), "it is broken")).is_err());
        std::panic::set_hook(hook);
        assert!(!expects_panic());
    }
}
