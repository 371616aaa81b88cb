//! Pages that only their names call prompts: does any code load or name them? What is loaded by a path that a program
//! puts together is not seen to be, but such a program says the name somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use regex::Regex;

use crate::frontend::code::language_of;
use crate::source::SourceFile;

/// Those of these files whose names, without extension, stand in the text of some code.
pub fn named_in_code<'p>(
    files: &BTreeSet<&'p Arc<str>>,
    sources: &BTreeMap<Arc<str>, Arc<SourceFile>>,
) -> BTreeSet<&'p Arc<str>> {
    let stems: BTreeSet<&str> = files.iter().map(|path| stem(path)).collect();
    if stems.is_empty() {
        return BTreeSet::new();
    }
    // Longer names first: a shorter one may be the beginning of them.
    let mut words: Vec<String> = stems.iter().map(|stem| regex::escape(stem)).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    // So many names that no pattern holds them: nothing is known.
    let Ok(pattern) = Regex::new(&words.join("|")) else {
        return files.clone();
    };
    let code = sources
        .values()
        .filter(|file| language_of(&file.path).is_some());
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for file in code {
        named.extend(pattern.find_iter(&file.text).map(|found| found.as_str()));
    }
    let is_named = |path: &&&Arc<str>| named.contains(stem(path));
    files.iter().filter(is_named).copied().collect()
}

fn stem(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
