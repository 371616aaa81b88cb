//! Texts written over the files they were made from: all of them or none, and none that someone else has changed.

use std::collections::BTreeMap;
use std::fs;

use super::{backend, output, CheckOptions, Failure};
use crate::source::Sources;
use crate::workspace::Vantage;

/// Writes texts by path from the root of the run. `sources`: the files as they were read.
pub(super) fn save(
    options: &CheckOptions,
    vantage: &Vantage,
    sources: &Sources,
    texts: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let root = backend::root(options);
    // What cannot be written is known before anything is: an edit of two files is no half of it.
    for path in texts.keys() {
        let full = root.join(path);
        let now = fs::read(&full).ok();
        let read = sources.get(path.as_str()).map(|file| file.text.as_bytes());
        if now.as_deref() != read {
            return Err(Failure::new(format!(
                "{} changed while it was linted; nothing is written",
                vantage.shown(path)
            ))
            .with_help("run it again"));
        }
        output::writable(&full).map_err(|failure| {
            let nothing = format!("{}; nothing is written", failure.message);
            Failure::new(nothing).with_help("make it writable, or leave it out")
        })?;
    }
    for (path, text) in texts {
        output::write_file(&root.join(path), text)?;
    }
    Ok(())
}
