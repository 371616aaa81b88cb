//! Fixes applied in memory to the files of one small project.

// Each test takes what it needs.
#![allow(dead_code)]

use std::collections::BTreeMap;

use prefixlint::fix::apply::{apply, Applied, Texts};
use prefixlint::workspace::{Memory, Overlay};

use crate::linting;

/// Applies all that can be fixed, safe or not.
#[track_caller]
pub fn fixed_files(files: &[(&str, &str)]) -> Applied {
    let memory = Memory::new(files);
    let about = files.first().map_or("", |(path, _)| path);
    let mut lint = |texts: &Texts| -> Result<_, ()> {
        Ok(linting::lint(&Overlay::new(&memory, texts.clone()), about))
    };
    let first = lint(&Texts::new()).expect("linting in memory does not fail");
    apply(first, true, &mut lint).expect("linting in memory does not fail")
}

#[track_caller]
pub fn fixed(path: &str, text: &str) -> Applied {
    fixed_files(&[(path, text)])
}

/// What is left of a file behind all fixes; they are all tried and none is withdrawn.
#[track_caller]
pub fn becomes(path: &str, before: &str, after: &str) {
    let applied = fixed(path, before);
    let withdrawn: Vec<&String> = applied.withdrawn.iter().map(|told| &told.text).collect();
    let got = applied.texts.get(path).map_or(before, String::as_str);
    assert!(
        got == after,
        "--- wanted\n{}\n--- came\n{}\nwithdrawn: {withdrawn:?}",
        brief(after),
        brief(got)
    );
    assert!(withdrawn.is_empty() || before == after, "{withdrawn:?}");
    // A second run finds nothing to do.
    let files: BTreeMap<&str, &str> = [(path, got)].into();
    let again: Vec<(&str, &str)> = files.into_iter().collect();
    assert!(fixed_files(&again).texts.is_empty(), "{got}");
}

#[track_caller]
pub fn stays(path: &str, text: &str) {
    becomes(path, text, text);
}

pub fn text_of<'a>(applied: &'a Applied, path: &str, before: &'a str) -> &'a str {
    applied.texts.get(path).map_or(before, String::as_str)
}

/// A text without most of its long part.
pub fn brief(text: &str) -> String {
    let mut seen = 0;
    let lines = text.lines().filter(|line| {
        let filler = line.starts_with("Guideline") || line.starts_with("Answer only");
        seen = if filler { seen + 1 } else { 0 };
        seen < 4
    });
    lines.collect::<Vec<_>>().join("\n")
}
