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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::SourceFile;

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone_and_so_are_the_others() {
        let folder = std::env::temp_dir().join(format!("prefixlint-save-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut options = CheckOptions::new(vec![folder.clone()]).unwrap();
        options.working = folder.clone();
        let names = ["a.py", "b.py"];
        let sources: Sources = names
            .map(|name| (Arc::from(name), Arc::new(SourceFile::new(name, "old"))))
            .into();
        let texts = names
            .map(|name| (name.to_string(), "new".to_string()))
            .into();
        for name in names {
            fs::write(folder.join(name), "old").unwrap();
        }
        fs::write(folder.join("b.py"), "theirs").unwrap();
        let failure = save(&options, &Vantage::default(), &sources, &texts).unwrap_err();
        assert!(failure
            .message
            .starts_with("b.py changed while it was linted"));
        assert_eq!(fs::read_to_string(folder.join("a.py")).unwrap(), "old");
        fs::write(folder.join("b.py"), "old").unwrap();
        save(&options, &Vantage::default(), &sources, &texts).unwrap();
        for name in names {
            assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), "new");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
