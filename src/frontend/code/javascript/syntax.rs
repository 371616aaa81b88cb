//! From the text of a file to its tree, and walks over the tree for comments and broken places.

use std::ops::ControlFlow;

use tree_sitter::{Language, Node, ParseOptions, Parser, Tree};

use super::masks;
use crate::frontend::{Problem, DIRECTIVE};
use crate::source::{SourceFile, Span};

/// Progress calls per byte of a file beyond which a parse is given up: recovery from garbage can be slow without end.
const STEPS_PER_BYTE: usize = 2;
/// Progress calls that any file may take.
const STEPS: usize = 20_000;

/// The tree of a file and whether it is that of the text as it stands, with nothing broken; nothing for a file that the
/// parser gives up on. `before`: such a tree of an earlier text.
pub fn parse(file: &SourceFile, before: Option<&Tree>) -> Option<(Tree, bool)> {
    let extension = file.path.rsplit_once('.').map_or("", |(_, after)| after);
    let typescript: Language = tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into();
    let tsx: Language = tree_sitter_typescript::LANGUAGE_TSX.into();
    // What only one of the two can read is in the language of that one.
    let languages: &[Language] = match extension {
        "ts" | "mts" | "cts" => &[typescript],
        "tsx" => &[tsx],
        _ => &[tsx, typescript],
    };
    let mut best: Option<(usize, Tree)> = None;
    // The grammar takes `f<typeof import("x")>(y)` for comparisons, without an error.
    let covered_first = file.text.contains("typeof import(");
    if let (Some(before), false) = (before, covered_first) {
        // Only what is sound is taken: what is broken is mended from where the parser comes.
        let same = languages
            .first()
            .filter(|first| *before.language() == **first);
        let tree = same.and_then(|language| parse_with(&file.text, language, Some(before)));
        if let Some(tree) = tree.filter(|tree| damage(tree) == 0) {
            return Some((tree, true));
        }
    }
    let covered = covered_first && read_covered(&file.text, languages, &mut best);
    let sound = !covered && read(&file.text, languages, &mut best);
    if !covered && !sound && !covered_first {
        read_covered(&file.text, languages, &mut best);
    }
    best.map(|(_, tree)| (tree, sound))
}

fn read_covered(text: &str, languages: &[Language], best: &mut Option<(usize, Tree)>) -> bool {
    masks::masked(text).is_some_and(|covered| read(&covered, languages, best))
}

/// Whether one of the languages reads all of a text; the best tree is kept.
fn read(text: &str, languages: &[Language], best: &mut Option<(usize, Tree)>) -> bool {
    languages
        .iter()
        .any(|language| keep_better(best, parse_with(text, language, None)))
}

/// Keeps the tree with less damage, the first of equals; says whether nothing is broken in it.
fn keep_better(best: &mut Option<(usize, Tree)>, tree: Option<Tree>) -> bool {
    let Some(tree) = tree else { return false };
    let damage = damage(&tree);
    if best.as_ref().is_none_or(|(least, _)| damage < *least) {
        *best = Some((damage, tree));
    }
    damage == 0
}

fn parse_with(text: &str, language: &Language, before: Option<&Tree>) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(language).ok()?;
    let budget = STEPS.max(text.len().saturating_mul(STEPS_PER_BYTE));
    let mut steps = 0usize;
    let mut progress = |_: &tree_sitter::ParseState| {
        steps += 1;
        if steps > budget {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let bytes = text.as_bytes();
    parser.parse_with_options(
        &mut |at, _| bytes.get(at..).unwrap_or_default(),
        before,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    )
}

/// Bytes that stand in broken places, and one for each thing that is missing.
fn damage(tree: &Tree) -> usize {
    let mut damage = 0;
    walk(tree, |node| {
        if node.is_error() {
            damage += node.byte_range().len().max(1);
        } else if node.is_missing() {
            damage += 1;
        }
        node.has_error() && !node.is_error()
    });
    damage
}

pub struct Survey {
    /// Of a file that speaks to the linter.
    pub comments: Vec<(Span, String)>,
    /// At most one: the first broken place.
    pub problems: Vec<Problem>,
}

pub fn survey(tree: &Tree, source: &str) -> Survey {
    let mut comments = Vec::new();
    let mut first: Option<Problem> = None;
    walk(tree, |node| {
        if first.is_none() && (node.is_error() || node.is_missing()) {
            first = Some(problem(node, source));
        }
        first.is_none() && node.has_error()
    });
    // Comments stand anywhere in the tree, and few files hold one that matters.
    if source.contains(DIRECTIVE) {
        walk(tree, |node| {
            if node.kind() == "comment" {
                let text = source.get(node.byte_range()).unwrap_or_default();
                comments.push((super::span(node), uncomment(text).to_owned()));
            }
            true
        });
    }
    Survey {
        comments,
        problems: first.into_iter().collect(),
    }
}

fn problem(node: Node, source: &str) -> Problem {
    let (start, end) = (node.start_byte(), node.end_byte());
    let line_end = source
        .get(start..end)
        .and_then(|text| text.find('\n'))
        .map_or(end, |at| start + at);
    let message = if node.is_missing() {
        format!("`{}` is missing here", node.kind())
    } else {
        "this syntax is not understood".to_owned()
    };
    Problem::new(Span::new(start, line_end), message)
        .with_help("what stands around it is still checked")
}

fn uncomment(text: &str) -> &str {
    if let Some(line) = text.strip_prefix("//") {
        return line.trim();
    }
    let text = text.strip_prefix("/*").unwrap_or(text);
    let text = text.strip_suffix("*/").unwrap_or(text);
    text.strip_prefix('*').unwrap_or(text).trim()
}

/// Visits every node in order; the answer says whether to go inside. Does not recurse.
pub fn walk<'t>(tree: &'t Tree, visit: impl FnMut(Node<'t>) -> bool) {
    walk_from(tree.root_node(), visit);
}

/// As [`walk`], for one node and what it holds.
pub fn walk_from<'t>(node: Node<'t>, mut visit: impl FnMut(Node<'t>) -> bool) {
    let mut cursor = node.walk();
    loop {
        if visit(cursor.node()) && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}
