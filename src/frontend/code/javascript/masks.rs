//! Valid syntax that the grammar cannot read, covered with as many bytes of something that it can. Only the shape of
//! the tree comes from the covered text; names, texts and spans are read from the source itself.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::{Captures, Match, Regex};

/// A pattern, the group of it that is covered, and with what.
struct Mask {
    pattern: &'static str,
    cover: Cover,
}

enum Cover {
    /// A type that no value depends on: nothing.
    Blank,
    /// A word.
    Word,
    /// Ampersands, each an underscore.
    Ampersands,
}

const MASKS: [Mask; 4] = [
    // `export type * from "x"`
    Mask {
        pattern: r"\bexport\s+(?<a>type)\s+\*",
        cover: Cover::Blank,
    },
    // `typeof import("x")`, `import("x").Type`: a module inside a type.
    Mask {
        pattern: r#"(?:\btypeof\s+(?<a>import\(\s*(?:'[^'\n]*'|"[^"\n]*")\s*,?\s*\)))|(?<b>\bimport\(\s*(?:'[^'\n]*'|"[^"\n]*")\s*\))\s*\.\s*[A-Z]"#,
        cover: Cover::Word,
    },
    // `` tag<Type>`text` ``: a tagged template with type arguments.
    Mask {
        pattern: r"[\w\])](?<a><(?:[^<>`]|=>|<(?:[^<>`]|<[^<>`]*>)*>)*>)\s*`",
        cover: Cover::Blank,
    },
    // `href="/x?a=1&b=2"`: what looks like the start of a character reference and is none.
    Mask {
        pattern: r#"=(?<a>"[^"\n]*&[^"\n]*"|'[^'\n]*&[^'\n]*')"#,
        cover: Cover::Ampersands,
    },
];

/// The text with everything covered, of the same length; nothing where there is nothing to cover.
pub fn masked(text: &str) -> Option<String> {
    static PATTERNS: OnceLock<Vec<Regex>> = OnceLock::new();
    let patterns = PATTERNS.get_or_init(|| {
        let pattern = |mask: &Mask| Regex::new(mask.pattern).ok();
        MASKS.iter().filter_map(pattern).collect()
    });
    let mut current = Cow::Borrowed(text);
    for (pattern, mask) in patterns.iter().zip(&MASKS) {
        let covered = pattern.replace_all(&current, |found: &Captures| cover(found, &mask.cover));
        if let Cow::Owned(covered) = covered {
            current = Cow::Owned(covered);
        }
    }
    match current {
        Cow::Owned(covered) if covered.len() == text.len() => Some(covered),
        _ => None,
    }
}

fn cover(found: &Captures, cover: &Cover) -> String {
    let (Some(whole), Some(part)) = (found.get(0), part(found)) else {
        return String::new();
    };
    let mut out = String::with_capacity(whole.len());
    let (from, to) = (part.start() - whole.start(), part.end() - whole.start());
    out.push_str(&whole.as_str()[..from]);
    match cover {
        Cover::Word => out.push_str(&"_".repeat(part.len())),
        Cover::Ampersands => out.push_str(&part.as_str().replace('&', "_")),
        Cover::Blank => {
            for byte in part.as_str().bytes() {
                out.push(if matches!(byte, b'\n' | b'\r') {
                    byte as char
                } else {
                    ' '
                });
            }
        }
    }
    out.push_str(&whole.as_str()[to..]);
    out
}

/// The group that is covered: a pattern of two forms has one for each.
fn part<'h>(found: &Captures<'h>) -> Option<Match<'h>> {
    let second = || found.iter().nth(2).flatten();
    found.name("a").or_else(second)
}
