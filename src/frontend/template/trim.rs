//! Whitespace control: what marks in tags, tags that stand alone on a line, and the end of the file take away from
//! literal text. Narrows the texts between tags and changes nothing else.

use super::dialect::{Syntax, TagKind, Trim};
use super::lexer::{starts_word, Lexeme, LexemeKind};

pub(super) fn apply(src: &str, syntax: &Syntax, lexemes: &mut [Lexeme]) {
    trim(src, lexemes);
    if syntax.standalone {
        strip_standalone_lines(src, lexemes);
    }
    if syntax.drops_final_newline {
        drop_final_newline(src, lexemes);
    }
}

fn trim(src: &str, lexemes: &mut [Lexeme]) {
    for index in 0..lexemes.len() {
        let (before, after) = lexemes[index].trims;
        if before != Trim::Keep && index > 0 {
            trim_end(src, &mut lexemes[index - 1], before);
        }
        if after != Trim::Keep && index + 1 < lexemes.len() {
            trim_start(src, &mut lexemes[index + 1], after);
        }
    }
}

fn trim_end(src: &str, lexeme: &mut Lexeme, how: Trim) {
    if lexeme.kind != LexemeKind::Text {
        return;
    }
    let text = &src[lexeme.inner.0..lexeme.inner.1];
    let kept = match how {
        Trim::Keep => text,
        Trim::All => text.trim_end(),
        Trim::Blanks => text.trim_end_matches([' ', '\t']),
        Trim::Line => {
            let kept = text.trim_end_matches([' ', '\t']);
            let at_start = kept.is_empty() && lexeme.from == 0;
            if kept.ends_with('\n') || at_start {
                kept
            } else {
                text
            }
        }
    };
    lexeme.inner.1 = lexeme.inner.0 + kept.len();
}

fn trim_start(src: &str, lexeme: &mut Lexeme, how: Trim) {
    if lexeme.kind != LexemeKind::Text {
        return;
    }
    let text = &src[lexeme.inner.0..lexeme.inner.1];
    let kept = match how {
        Trim::Keep => text,
        Trim::All => text.trim_start(),
        Trim::Line => without_line_break(text).unwrap_or(text),
        Trim::Blanks => {
            let rest = text.trim_start_matches([' ', '\t']);
            without_line_break(rest).unwrap_or(rest)
        }
    };
    lexeme.inner.0 = lexeme.inner.1 - kept.len();
}

fn without_line_break(text: &str) -> Option<&str> {
    text.strip_prefix("\r\n")
        .or_else(|| text.strip_prefix('\n'))
}

/// Whether a tag of a standalone dialect sends nothing itself.
fn is_structural(src: &str, lexeme: &Lexeme) -> bool {
    match lexeme.kind {
        LexemeKind::Tag(TagKind::Comment) | LexemeKind::Silent => true,
        LexemeKind::Tag(TagKind::Mixed) => {
            let content = src[lexeme.inner.0..lexeme.inner.1].trim();
            content.starts_with(['#', '/', '^', '>']) || starts_word(content, "else")
        }
        _ => false,
    }
}

fn strip_standalone_lines(src: &str, lexemes: &mut [Lexeme]) {
    for index in 0..lexemes.len() {
        if !is_structural(src, &lexemes[index]) {
            continue;
        }
        let line_from = match index.checked_sub(1).map(|at| &lexemes[at]) {
            None => Some(lexemes[index].from),
            Some(text) if text.kind == LexemeKind::Text => {
                let kept = src[text.from..text.to].trim_end_matches([' ', '\t']);
                (kept.ends_with('\n') || (kept.is_empty() && index == 1))
                    .then_some(text.from + kept.len())
            }
            Some(_) => None,
        };
        let line_to = match lexemes.get(index + 1) {
            None => Some(lexemes[index].to),
            Some(text) if text.kind == LexemeKind::Text => {
                let rest = src[text.from..text.to].trim_start_matches([' ', '\t']);
                let last = index + 2 == lexemes.len();
                match without_line_break(rest) {
                    Some(rest) => Some(text.to - rest.len()),
                    None if rest.is_empty() && last => Some(text.to),
                    None => None,
                }
            }
            Some(_) => None,
        };
        let (Some(line_from), Some(line_to)) = (line_from, line_to) else {
            continue;
        };
        if lexemes[index].trims.0 == Trim::Keep {
            lexemes[index].indent_from = Some(line_from);
        }
        if index > 0 {
            let text = &mut lexemes[index - 1];
            text.inner.1 = text.inner.1.min(line_from).max(text.inner.0);
        }
        if let Some(text) = lexemes.get_mut(index + 1) {
            text.inner.0 = text.inner.0.max(line_to).min(text.inner.1);
        }
    }
}

fn drop_final_newline(src: &str, lexemes: &mut [Lexeme]) {
    let Some(last) = lexemes.last_mut() else {
        return;
    };
    if last.kind == LexemeKind::Text {
        let text = &src[last.inner.0..last.inner.1];
        let kept = ["\r\n", "\n", "\r"]
            .into_iter()
            .find_map(|line_break| text.strip_suffix(line_break));
        let kept = kept.unwrap_or(text);
        last.inner.1 = last.inner.0 + kept.len();
    }
}
