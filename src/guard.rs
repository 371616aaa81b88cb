//! A seam at which a panic stops: what it costs is one fix, one rule, one prompt or one file, and the rest of the run
//! completes. Knows nothing of what is done behind it.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe, PanicHookInfo};

thread_local! {
    /// What the last panic of this thread said, with the line of our source, where a hook notes it.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does some work, or says what a panic in it said. Nothing that the work changes may be looked at behind a panic but
/// what stands behind locks that do not mind.
///
/// # Errors
/// What a reader is told: what was being done, what the panic said, and whom to tell.
pub fn guarded<T>(doing: impl FnOnce() -> String, work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let noted = SAID.with(|last| last.borrow_mut().take());
        let what = noted.unwrap_or_else(|| said(&*panic));
        let doing = doing();
        format!("internal error while {doing}: {what}; this is a bug in prefixlint: please report it with this file")
    })
}

/// What a panic says.
pub fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "panic".to_string())
}

/// For the hook of a program: what a panic says and where, which the seam on this thread then tells.
pub fn note(info: &PanicHookInfo) -> String {
    let message = info
        .payload()
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| info.payload().downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_string());
    let text = match info.location() {
        Some(at) => format!("{message} ({}:{})", at.file(), at.line()),
        None => message,
    };
    SAID.with(|last| *last.borrow_mut() = Some(text.clone()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_sentence_that_names_what_was_done() {
        let doing = || "looking at a.py".to_string();
        assert_eq!(guarded(doing, || 7), Ok(7));
        for count in [1, 2] {
            let told = guarded(doing, || assert!(count > 2, "only {count}"));
            let told = told.expect_err("it panics");
            assert!(
                told.starts_with("internal error while looking at a.py: only "),
                "{told}"
            );
            assert!(told.ends_with("please report it with this file"), "{told}");
        }
    }
}
