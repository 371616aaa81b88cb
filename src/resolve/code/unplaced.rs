//! Markers that code writes and no request is seen to carry: what they mark is not known, so nothing is missing for
//! sure behind what they may mark. Knows only how a marker is written, nothing of what it is written into.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use regex::Regex;

use crate::discover::{context_of, Context};
use crate::frontend::code::language_of;
use crate::prompt::Prompt;
use crate::sdk;
use crate::source::{Place, SourceFile};

use super::modules::{Code, Program};

/// The places of the markers that a request carries.
pub fn carried(prompt: &Prompt) -> impl Iterator<Item = Place> + '_ {
    let blocks = prompt.messages.iter().flat_map(|message| &message.blocks);
    let markers = blocks.filter_map(|block| block.marker.as_ref());
    markers.map(|marker| marker.place.clone())
}

/// Says of each request whether no code at all writes markers, which a run over single files cannot know, or whether it
/// carries all that can get into it, whether its own code speaks of turns, and whether a file that it was put together
/// in writes markers that none of all requests carries.
pub fn note(program: &Program<'_>, carried: &BTreeSet<Place>, whole: bool, prompts: &mut [Prompt]) {
    let mut known: BTreeMap<Arc<str>, bool> = BTreeMap::new();
    let marking = match whole {
        true => program.marking(),
        false => Vec::new(),
    };
    let never = whole && marking.is_empty();
    let sent = sent_from(&marking, prompts);
    let placed = whole && !sent.is_empty();
    for prompt in prompts {
        prompt.never_marked = never;
        let bare = sent.get(&prompt.origin).is_some_and(BTreeSet::is_empty);
        prompt.surely_unmarked = never || (placed && bare);
        prompt.marked_whole = sent.get(&prompt.origin).is_some_and(|all| {
            let own: BTreeSet<Place> = self::carried(prompt).collect();
            !own.is_empty() && own == *all
        });
        let own = std::iter::once(&prompt.origin.path);
        let mut code = own.chain(prompt.reads.files());
        prompt.speaks_of_turns = (never || prompt.marked_whole)
            && code.any(|path| {
                language_of(path).is_some()
                    && program
                        .load(path)
                        .is_some_and(|code| code.speaks_of_turns())
            });
        let own = std::iter::once(&prompt.origin.path);
        let files = own.chain(prompt.reads.files());
        let mut code =
            files.filter(|path| language_of(path).is_some() && context_of(path) != Context::Test);
        prompt.marks_elsewhere = code.any(|path| {
            *known.entry(path.clone()).or_insert_with(|| {
                let code = program.load(path);
                code.is_some_and(|code| writes_unplaced(&code.file, carried))
            })
        });
    }
}

/// The markers that the requests of each call carry, where these are all that this code writes; else nothing.
fn sent_from(marking: &[Arc<Code>], prompts: &[Prompt]) -> BTreeMap<Place, BTreeSet<Place>> {
    let mut sent: BTreeMap<Place, BTreeSet<Place>> = BTreeMap::new();
    for prompt in prompts {
        let own = sent.entry(prompt.origin.clone()).or_default();
        own.extend(carried(prompt));
    }
    let all: BTreeSet<Place> = sent.values().flatten().cloned().collect();
    let open = marking
        .iter()
        .any(|code| asks_library(&code.file) || writes_unplaced(&code.file, &all));
    if open || all.is_empty() {
        sent.clear();
    }
    sent
}

fn writes_unplaced(file: &SourceFile, carried: &BTreeSet<Place>) -> bool {
    let Some(pattern) = pattern() else {
        return false;
    };
    let text = file.content();
    let text = text.as_str();
    let base = file.content_start();
    let written = pattern
        .find_iter(text)
        .map(|found| base + found.end().saturating_sub(1));
    let mut written = written.filter(|at| !in_comment(text, at - base));
    written.any(|at| !is_carried(file, at, carried))
}

/// Whether the object that starts behind a key, or one around it, is a marker of a request.
fn is_carried(file: &SourceFile, at: usize, carried: &BTreeSet<Place>) -> bool {
    carried
        .iter()
        .filter(|place| place.path == file.path)
        .any(|place| place.span.start <= at && at <= place.span.end.max(place.span.start))
}

/// Whether a file writes a marker anywhere, or has a library write them.
pub fn writes(file: &SourceFile) -> bool {
    let text = file.content();
    let text = text.as_str();
    is_written(text, pattern()) || is_written(text, of_library())
}

/// Whether a file has a library write markers.
fn asks_library(file: &SourceFile) -> bool {
    is_written(file.content().as_str(), of_library())
}

fn is_written(text: &str, pattern: Option<&Regex>) -> bool {
    let mut found = pattern.into_iter().flat_map(|p| p.find_iter(text));
    found.any(|found| !in_comment(text, found.start()))
}

/// Whether a file says a word of answers or earlier turns.
pub fn speaks_of_turns(file: &SourceFile) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let made = PATTERN.get_or_init(|| {
        let words: Vec<String> = sdk::turn_words().map(regex::escape).collect();
        Regex::new(&format!(r"(?i){}", words.join("|"))).ok()
    });
    made.as_ref()
        .is_some_and(|pattern| pattern.is_match(&file.text))
}

/// What has a library write markers: `cache_control_injection_points=`.
fn of_library() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let made = PATTERN.get_or_init(|| {
        let words: Vec<String> = sdk::marking().map(regex::escape).collect();
        Regex::new(&format!(r"\b(?:{})\b", words.join("|"))).ok()
    });
    made.as_ref()
}

fn in_comment(text: &str, at: usize) -> bool {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[line..].trim_start();
    ["#", "//", "*", "/*"]
        .iter()
        .any(|sign| line.starts_with(sign))
}

/// A key of a marker that something is set to: `"cache_control": {`, `block["cache_control"] = `, `cachePoint: {`.
fn pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let made = PATTERN.get_or_init(|| {
        let keys: Vec<String> = sdk::markers().map(regex::escape).collect();
        let keys = keys.join("|");
        Regex::new(&format!(
            r#"\b(?:{keys})\b(?:["']?\s*:|["']?\]?\s*=)\s*[^=\s]"#
        ))
        .ok()
    });
    made.as_ref()
}
