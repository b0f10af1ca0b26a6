//! The one place where a panic is caught.
//!
//! The Parquet library checks what it reads, but not all of it: some malformed files make it
//! panic. No input may take the process down, so its panics become errors at the doors where a
//! file of anybody's making comes in.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::PageError;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether a panic of this thread now is no fault of the program, but of a file that it reads, and
/// becomes an error. A program's panic hook may ask, so as not to speak of it.
pub fn is_reading_guarded() -> bool {
    DEPTH.get() > 0
}

/// Runs `work`, which reads a file that may be malformed. What it has touched is not used again
/// after an error.
pub(crate) fn guarded<T>(
    action: &'static str,
    work: impl FnOnce() -> Result<T, PageError>,
) -> Result<T, PageError> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    result.unwrap_or_else(|panic| {
        Err(PageError::Malformed { action, detail: message(panic.as_ref()) })
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let error = guarded::<()>("read", || {
            assert!(is_reading_guarded());
            panic!("index out of bounds\nsecond line")
        });
        assert!(!is_reading_guarded());
        let message = error.unwrap_err().to_string();
        assert_eq!(message, "cannot read: the file is malformed: index out of bounds");
    }
}
