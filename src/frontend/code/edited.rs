//! Files that are edited again and again: what did not change since the last look is not parsed again. What comes out
//! is what a parser makes of the text alone.

use std::sync::Arc;

use tree_sitter::{InputEdit, Point, Tree};

use super::ir::{Language, Module};
use super::{javascript, python};
use crate::source::SourceFile;

/// What is kept with a file that was parsed.
pub(super) struct Reading {
    module: Arc<Module>,
    /// Of a file that is being edited.
    pub(super) tree: Option<Tree>,
}

/// A text with its tree.
pub struct Syntax {
    text: Arc<str>,
    tree: Tree,
}

/// The module of a file, made once; its tree is not kept.
pub(super) fn parse_once(file: &SourceFile, language: Language) -> Arc<Module> {
    let reading = file.reading(|| Reading {
        module: Arc::new(lower(file, language, None).0),
        tree: None,
    });
    reading.module.clone()
}

fn lower(file: &SourceFile, language: Language, before: Option<&Tree>) -> (Module, Option<Tree>) {
    match language {
        Language::Python => python::lower(file, before),
        Language::JavaScript => javascript::lower(file, before),
    }
}

/// As [`super::parse`], with what an earlier text of the file left. Returns what this one leaves, where its tree was kept.
pub fn parse_edited(
    file: &SourceFile,
    language: Language,
    before: Option<&Syntax>,
) -> (Arc<Module>, Option<Syntax>) {
    let old = before.map(|before| before.edited_to(&file.text));
    let reading = file.reading(|| {
        let (module, tree) = lower(file, language, old.as_ref());
        Reading {
            module: Arc::new(module),
            tree,
        }
    });
    let left = reading.tree.as_ref().map(|tree| Syntax {
        text: file.text.clone(),
        tree: tree.clone(),
    });
    (reading.module.clone(), left)
}

impl Syntax {
    /// The tree with what differs between its text and another marked as edited.
    fn edited_to(&self, text: &str) -> Tree {
        let (old, new) = (self.text.as_bytes(), text.as_bytes());
        let mut start = same_from_start(old, new);
        while !text.is_char_boundary(start) || !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let mut behind = same_from_end(&old[start..], &new[start..]);
        while !text.is_char_boundary(new.len() - behind) {
            behind -= 1;
        }
        let (old_end, new_end) = (old.len() - behind, new.len() - behind);
        let mut tree = self.tree.clone();
        if start < old_end || start < new_end {
            tree.edit(&InputEdit {
                start_byte: start,
                old_end_byte: old_end,
                new_end_byte: new_end,
                start_position: point(new, start),
                old_end_position: point(old, old_end),
                new_end_position: point(new, new_end),
            });
        }
        tree
    }
}

fn same_from_start(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn same_from_end(a: &[u8], b: &[u8]) -> usize {
    let pairs = a.iter().rev().zip(b.iter().rev());
    pairs.take_while(|(a, b)| a == b).count()
}

/// Row and column in bytes.
fn point(text: &[u8], at: usize) -> Point {
    let before = &text[..at];
    let line = before.iter().rposition(|byte| *byte == b'\n');
    Point {
        row: before.iter().filter(|byte| **byte == b'\n').count(),
        column: at - line.map_or(0, |line| line + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontend::code::{language_of, parse};

    fn agrees(path: &str, texts: &[&str]) {
        let language = language_of(path).unwrap();
        let mut before: Option<Syntax> = None;
        for text in texts {
            let (edited, left) =
                parse_edited(&SourceFile::new(path, text), language, before.as_ref());
            let afresh = parse(&SourceFile::new(path, text), language);
            assert_eq!(format!("{edited:?}"), format!("{afresh:?}"), "{text}");
            before = left;
        }
    }

    #[test]
    fn an_edited_text_reads_as_one_that_was_never_seen() {
        agrees(
            "a.py",
            &[
                "def f(x):\n    return f\"é {x} ü\"\n\ny = 1\n",
                "def f(x):\n    return f\"éé {x} ü\"\n\ny = 1\n",
                "def f(x):\n    return f\"éé {x} ü\n\ny = 1\n",
                "def f(x):\n    return f\"éé {x}\"\n\n\ny = (1\n",
                "",
                "y = 1",
                "y = 1",
                "if y:\n\tx = 2\n",
                "if y:\n        x = 2\nz\n",
            ],
        );
        agrees(
            "a.ts",
            &[
                "const a = `x ${b} y`;\nfunction f(n: number) { return a + n; }\n",
                "const a = `x ${b} 日本 y`;\nfunction f(n: number) { return a + n; }\n",
                "const a = `x ${b 日本 y`;\nfunction f(n: number) { return a + n; }\n",
                "let c: typeof import(\"x\");\nfunction f(n: number) { return a + n; }\n",
                "let c: typeof import(\"x\");\nfunction f(n: number) { return a - n; }\n",
            ],
        );
        agrees(
            "a.js",
            &["let a = <b>c</b>;", "let a = <b>d</b>;", "let a = <b>(d);"],
        );
    }
}
