//! Files that a promptfoo configuration names: messages in JSON or YAML, several prompts in one text, names with `*`,
//! values of variables. One draft -> the drafts that it stands for. Knows nothing of evaluation.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use globset::GlobBuilder;

use crate::frontend::document::draft::{Content, Draft, DraftMessage};
use crate::frontend::document::promptfoo::{self, Vars};
use crate::frontend::template::dialect::Dialect;
use crate::frontend::Problem;
use crate::reads::Read;
use crate::source::{Place, SourceFile, Span, Text};

use super::evaluator::Trail;
use super::files::{folder, join, Files};

/// Files that one name with `*` stands for.
const MAX_FILES: usize = 64;
/// Folders that are looked into for one name, and how deep.
const MAX_FOLDERS: usize = 256;
const MAX_DEPTH: usize = 8;
/// Bytes of values from other files in all drafts of a configuration: each draft holds them.
const MAX_BYTES: usize = 32 << 20;

/// A draft, and what was read to write it.
pub struct Expanded {
    pub draft: Draft,
    pub reads: BTreeSet<Read>,
}

/// The drafts that a draft stands for: itself where it names no file that holds more than one text.
pub fn expand(
    draft: Draft,
    file: &Arc<SourceFile>,
    files: &Files<'_>,
    trail: &mut Trail,
) -> Vec<Expanded> {
    let mut reads = BTreeSet::new();
    let Some((at, name, span)) = named_file(&draft) else {
        return vec![Expanded { draft, reads }];
    };
    let several = is_pattern(&name);
    let paths = named(&file.path, &name, files, &mut reads);
    if paths.is_empty() && !several {
        return vec![Expanded { draft, reads }];
    }
    let mut out = Vec::new();
    for path in &paths {
        let mut own = reads.clone();
        own.insert(Read::found(path));
        let parts = one_file(&draft, at, path, span, files, trail);
        let alone = parts.len() == 1;
        for (index, (part, mut draft)) in parts.into_iter().enumerate() {
            match (several, alone) {
                (true, _) => draft.key = format!("{}:{part}", draft.key),
                (false, true) => {}
                (false, false) => draft.key = format!("{}:{}", draft.key, index + 1),
            }
            let reads = own.clone();
            out.push(Expanded { draft, reads });
        }
    }
    trail.reads.extend(reads);
    out
}

/// The bindings of all drafts of a document, where some of them stand in other files.
pub fn bindings(
    vars: &Vars,
    drafts: usize,
    file: &Arc<SourceFile>,
    files: &Files<'_>,
    trail: &mut Trail,
) -> Option<Vec<(String, Text, bool)>> {
    let mut known: HashMap<String, Vec<Arc<SourceFile>>> = HashMap::new();
    let mut find = |name: &str, place: &Place| {
        let found = known.entry(name.to_string()).or_insert_with(|| {
            let paths = named(&file.path, name, files, &mut trail.reads);
            let read: Vec<_> = paths.iter().filter_map(|path| files.read(path)).collect();
            read.iter().for_each(|read| files.remember(read));
            for file in &read {
                trail.used.insert(file.path.clone());
                trail.reads.insert(Read::found(&file.path));
            }
            if read.is_empty() {
                let problem = Problem::new(place.span, format!("`{name}` is not found"))
                    .with_help("the values that stand in it are taken to vary");
                trail.problems.push((place.path.clone(), problem));
            }
            read
        });
        found.clone()
    };
    let bound = vars.bindings(&mut find);
    trail.limits.extend(bound.limits);
    let bytes: usize = bound.bindings.iter().map(|(_, text, _)| text.len()).sum();
    if bytes.saturating_mul(drafts) > MAX_BYTES {
        let limit = "the values in other files are too long: they are not read";
        trail.limits.insert(limit.to_string());
        return None;
    }
    Some(bound.bindings)
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '{'])
}

/// The files that a name or a pattern stands for. What was looked for is recorded: of a pattern the pattern itself.
fn named(from: &str, name: &str, files: &Files<'_>, reads: &mut BTreeSet<Read>) -> Vec<Arc<str>> {
    if !is_pattern(name) {
        return files.find_named(from, name, reads).into_iter().collect();
    }
    let paths = matching(from, name, files);
    let pattern = join(folder(from), name).unwrap_or_else(|| name.into());
    reads.insert(Read::pattern(pattern));
    paths
}

/// The message of a promptfoo draft that is a file: its position, the name and where it stands.
fn named_file(draft: &Draft) -> Option<(usize, String, Span)> {
    if draft.format != "promptfoo" {
        return None;
    }
    draft.messages.iter().enumerate().find_map(|(at, message)| {
        let [block] = message.blocks.as_slice() else {
            return None;
        };
        match &block.content {
            Content::File { name, span, .. } if message.section.is_none() => {
                Some((at, name.clone(), *span))
            }
            _ => None,
        }
    })
}

/// The drafts of one file, with the name of each part.
fn one_file(
    draft: &Draft,
    at: usize,
    path: &Arc<str>,
    span: Span,
    files: &Files<'_>,
    trail: &mut Trail,
) -> Vec<(String, Draft)> {
    let with = |messages: Vec<DraftMessage>| {
        let mut draft = draft.clone();
        draft.messages.splice(at..=at, messages);
        draft
    };
    let name = path.rsplit('/').next().unwrap_or(path).to_string();
    let in_place = Content::File {
        name: format!("/{path}"),
        span,
        dialect: Some(Dialect::Jinja),
    };
    let Some(read) = files.read(path) else {
        return vec![(name, with(vec![whole(in_place, span)]))];
    };
    let text = read.content();
    if let Some(messages) = promptfoo::chat(&text) {
        trail.used.insert(path.clone());
        files.remember(&read);
        return vec![(name, with(messages))];
    }
    let prompts: Vec<Text> = match splits(path) {
        true => promptfoo::split_prompts(&text),
        false => Vec::new(),
    };
    if prompts.len() < 2 {
        return vec![(name, with(vec![whole(in_place, span)]))];
    }
    trail.used.insert(path.clone());
    files.remember(&read);
    prompts
        .into_iter()
        .enumerate()
        .map(|(index, prompt)| {
            let span = prompt.whole().span;
            let content = Content::Template(prompt, Dialect::Jinja);
            let part = format!("{name}:{}", index + 1);
            (part, with(vec![whole(content, span)]))
        })
        .collect()
}

fn whole(content: Content, span: Span) -> DraftMessage {
    crate::frontend::document::parts::message(None, span, vec![content])
}

/// promptfoo splits texts only.
fn splits(path: &str) -> bool {
    path.ends_with(".txt")
}

/// The files that a name with `*`, `**` or `{a,b}` stands for, sorted. Only what is below the folder in front of the
/// first of these is looked at.
fn matching(from: &str, name: &str, files: &Files<'_>) -> Vec<Arc<str>> {
    let first = name.find(['*', '{', '[', '?']).unwrap_or(name.len());
    let (dir, pattern) = match name[..first].rfind('/') {
        Some(slash) => (&name[..slash], &name[slash + 1..]),
        None => ("", name),
    };
    let below = match dir.trim_start_matches("./") {
        "" | "." => Some(folder(from).to_string()),
        dir => join(folder(from), dir).or_else(|| climbed(from, dir)),
    };
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let (Some(below), Ok(glob)) = (below, glob) else {
        return Vec::new();
    };
    let matcher = glob.compile_matcher();
    let depth = match pattern.contains("**") {
        true => MAX_DEPTH,
        false => pattern.matches('/').count(),
    };
    let mut out: Vec<Arc<str>> = files
        .list_below(&below, depth, MAX_FOLDERS)
        .into_iter()
        .filter(|name| matcher.is_match(name))
        .map(|name| match below.as_str() {
            "" => name.into(),
            below => format!("{below}/{name}").into(),
        })
        .collect();
    out.sort();
    out.truncate(MAX_FILES);
    out
}

/// The root itself, where a name climbs to it and no further.
fn climbed(from: &str, dir: &str) -> Option<String> {
    join(folder(from), &format!("{dir}/_")).and_then(|path| (path == "_").then(String::new))
}
