//! The edits behind code actions and commands: a finding's fix, a comment that leaves it alone, a class for a name.

use std::sync::Arc;

use super::configs::is_config;
use super::edits::Edits;
use super::project::View;
use super::state::{Root, State};
use crate::config::edit::set_volatility;
use crate::config::FILE_NAMES;
use crate::discover::{self, by_name, Candidate, How, Taken};
use crate::finding::{Finding, Fix};
use crate::frontend::{code, document, template};
use crate::rules;
use crate::source::{SourceFile, Span};
use crate::suppress::write::{forms, insertion, statements, Insertion};
use crate::suppress::{Comment, Suppressions};
use crate::volatility::Class;
use crate::workspace::{Disk, Limits, ReadError, Workspace};

/// Forms of a comment that are tried.
const MOST_FORMS: usize = 4;

/// The edits of some fixes that do not touch each other; how many of them there are.
pub fn of_fixes<'a>(
    state: &State,
    view: &View,
    fixes: impl Iterator<Item = &'a Fix>,
) -> (Edits, usize) {
    let mut edits = Edits::default();
    let mut taken: Vec<(Arc<str>, Span)> = Vec::new();
    let mut count = 0;
    for fix in fixes {
        let free = fix.edits.iter().all(|edit| {
            let own = taken.iter().filter(|(path, _)| *path == edit.place.path);
            let mut own = own.map(|(_, span)| *span);
            !own.any(|span| touch(span, edit.place.span))
        });
        let sources: Option<Vec<&Arc<SourceFile>>> = fix
            .edits
            .iter()
            .map(|edit| view.analysis.sources.get(&edit.place.path))
            .collect();
        let Some(sources) = sources.filter(|sources| free && !sources.is_empty()) else {
            continue;
        };
        count += 1;
        for (edit, file) in fix.edits.iter().zip(sources) {
            taken.push((edit.place.path.clone(), edit.place.span));
            edits.push(file, edit.place.span, &edit.text, state.client.encoding);
        }
    }
    (edits, count)
}

fn touch(a: Span, b: Span) -> bool {
    a.start <= b.end && b.start <= a.end
}

/// The comment that leaves a finding alone; `None` where none can stand.
pub fn ignoring(state: &State, view: &View, finding: &Finding, reason: &str) -> Option<Edits> {
    let file = view.analysis.sources.get(&finding.place.path)?;
    if file.invalid_bytes > 0 || file.len() != file.text.len() {
        return None;
    }
    let around = statements(file);
    let span = finding.place.span;
    let found = forms(file, span)
        .into_iter()
        .take(MOST_FORMS)
        .find_map(|form| {
            let found = insertion(file, &around, span, &[finding.rule], reason, form)?;
            holds(file, finding, &found).then_some(found)
        })?;
    let mut edits = Edits::default();
    let at = Span::new(found.at, found.at);
    edits.push(file, at, &found.text, state.client.encoding);
    Some(edits)
}

/// Whether a reader of the file with the comment in it leaves the finding alone.
fn holds(file: &SourceFile, finding: &Finding, comment: &Insertion) -> bool {
    let mut text = file.text.to_string();
    text.insert_str(comment.at, &comment.text);
    let after = SourceFile::new(&file.path, &text);
    let moved = |at: usize| match at < comment.at {
        true => at,
        false => at + comment.text.len(),
    };
    let span = finding.place.span;
    let span = Span::new(moved(span.start), moved(span.end));
    let (comments, statements) = spoken(&after);
    let own = statements.iter().copied();
    let statement = own
        .filter(|statement| statement.start <= span.start && span.end <= statement.end)
        .min_by_key(|statement| (statement.len(), statement.start));
    let suppressions = Suppressions::parse(&after, &comments, &rules::ids());
    let covers = suppressions.covers(&after, finding.rule, span, statement);
    covers.is_some()
}

/// Comments of a file and what they can speak of, as the engine reads it.
fn spoken(file: &SourceFile) -> (Vec<Comment>, Vec<Span>) {
    let spoken = match taken(file) {
        Some(How::Template(dialect)) => document::Spoken {
            comments: template::parse(&file.content(), dialect).comments(),
            ..document::Spoken::default()
        },
        Some(How::Document(_)) => document::comments(file),
        None => match code::language_of(&file.path) {
            Some(language) => {
                let module = code::parse(file, language);
                document::Spoken {
                    comments: module.comments.clone(),
                    statements: code::simple_statements(&module),
                }
            }
            None => document::Spoken::default(),
        },
    };
    let comments = spoken.comments.into_iter();
    let comments = comments.map(|(span, text)| Comment { span, text });
    (comments.collect(), spoken.statements)
}

fn taken(file: &SourceFile) -> Option<How> {
    let format =
        |_: &str, file: &SourceFile| document::read(file).map(|(format, why, _)| (format, why));
    let candidate = Candidate::named(&file.path);
    match discover::classify(file, &by_name(&file.path), &candidate, &format) {
        Taken::Prompt { how, .. } => Some(how),
        Taken::Partial { dialect, .. } => Some(How::Template(dialect)),
        Taken::Code { .. } | Taken::Config | Taken::Skip { .. } => None,
    }
}

/// The name under which a config can speak of an expression.
pub fn nameable(expression: &str) -> Option<&str> {
    let part = |part: &str| {
        let mut chars = part.chars();
        let first = chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        first && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let expression = expression.trim();
    expression.split('.').all(part).then_some(expression)
}

/// The edit of the config in force for a path after which a name has a class; of a new one where there is none.
pub fn classing(
    state: &State,
    root: &Root,
    view: &View,
    path: &str,
    name: &str,
    class: Class,
) -> Option<Edits> {
    let config = view.configs.source_of(path);
    let config = config.unwrap_or_else(|| FILE_NAMES[0].to_string());
    // One above the root is not for us to write.
    let file = (!config.starts_with("../")).then(|| text_of(state, root, &config))??;
    let edit = set_volatility(&file, name, class)?;
    let mut edits = Edits::default();
    let missing = file.is_empty() && is_config(&config);
    if missing {
        edits.create(&config);
    }
    edits.push(&file, edit.span, &edit.text, state.client.encoding);
    Some(edits)
}

/// A file as the editor shows it, else as it is on disk; empty where there is none.
fn text_of(state: &State, root: &Root, path: &str) -> Option<Arc<SourceFile>> {
    let mut open = state.open_in(root.id);
    if let Some((_, document)) = open.find(|(open, _)| *open == path) {
        return Some(document.file(path));
    }
    let disk = Disk::new(&root.home.folder, Limits::default()).ok()?;
    match disk.read(path) {
        Ok(file) => Some(file),
        Err(ReadError::NotFound) => Some(Arc::new(SourceFile::new(path, ""))),
        Err(_) => None,
    }
}
