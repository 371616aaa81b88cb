//! What a text speaks of that may be elsewhere: functions that it calls, files that it names. Looks at bytes, whatever
//! the language.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use regex::bytes::Regex;

/// Functions that a text calls, and the last parts of the paths that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    pub calls: BTreeSet<String>,
    pub files: BTreeSet<String>,
}

impl Mentions {
    pub fn of(text: &[u8]) -> Mentions {
        let found = |pattern: Option<&Regex>| -> BTreeSet<String> {
            let all = pattern.into_iter().flat_map(|one| one.captures_iter(text));
            let names = all.filter_map(|found| found.get(1));
            names
                .map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned())
                .collect()
        };
        Mentions {
            calls: found(calls()),
            files: found(files()),
        }
    }

    /// What is spoken of here and not there.
    pub fn without(mut self, there: &Mentions) -> Mentions {
        self.calls.retain(|name| !there.calls.contains(name));
        self.files.retain(|name| !there.files.contains(name));
        self
    }
}

/// The name that a manifest of JavaScript gives its package.
pub fn package_name(manifest: &[u8]) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).ok()?;
    manifest.get("name")?.as_str().map(str::to_string)
}

/// A name in front of a parenthesis, type arguments between them or not.
fn calls() -> Option<&'static Regex> {
    static CALLS: OnceLock<Option<Regex>> = OnceLock::new();
    let make = || Regex::new(r"([\pL_$][\pL\pN_$]*)(?:<[^<>()\n]{0,80}>)?\s*\(").ok();
    CALLS.get_or_init(make).as_ref()
}

/// A name with an ending.
fn files() -> Option<&'static Regex> {
    static FILES: OnceLock<Option<Regex>> = OnceLock::new();
    let make = || Regex::new(r"([\pL\pN_-]+(?:\.[\pL\pN_-]+)+)").ok();
    FILES.get_or_init(make).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_files_are_found_in_any_text() {
        let old =
            Mentions::of(b"ask_model(read('prompts/page.v2.j2'));\n make<Reply>(x)\n kept(1)");
        let new = Mentions::of(b"kept(2)");
        let gone = old.without(&new);
        let calls: Vec<&str> = gone.calls.iter().map(String::as_str).collect();
        assert_eq!(calls, ["ask_model", "make", "read"]);
        let files: Vec<&str> = gone.files.iter().map(String::as_str).collect();
        assert_eq!(files, ["page.v2.j2"]);
    }
}
