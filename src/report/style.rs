//! Colours and widths of text for people. Whether there are colours is decided elsewhere.

use std::fmt::Write;

use crate::finding::Severity;
use crate::phrase::visible;

/// How text for people is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    pub color: bool,
    /// Columns of a line.
    pub width: usize,
}

/// Without colours, 100 columns: for files and pipes.
impl Default for Style {
    fn default() -> Self {
        Style {
            color: false,
            width: 100,
        }
    }
}

/// An ANSI text attribute (SGR parameter).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ink(&'static str);

/// As the terminal writes.
pub const PLAIN: Ink = Ink("");
pub const BOLD: Ink = Ink("1");
pub const DIM: Ink = Ink("2");
pub const RED: Ink = Ink("1;31");
pub const GREEN: Ink = Ink("32");
pub const YELLOW: Ink = Ink("1;33");
/// The bright one: plain blue cannot be read on a dark background.
pub const BLUE: Ink = Ink("94");
pub const MAGENTA: Ink = Ink("35");
pub const CYAN: Ink = Ink("36");

impl Style {
    /// The text in an ink, or as it is where there are no colours.
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        if self.color && !text.is_empty() && ink != PLAIN {
            format!("\u{1b}[{}m{text}\u{1b}[0m", ink.0)
        } else {
            text.to_string()
        }
    }

    pub fn severity(&self, severity: Severity, text: &str) -> String {
        self.paint(severity_ink(severity), text)
    }
}

pub fn severity_ink(severity: Severity) -> Ink {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Note => CYAN,
    }
}

/// Columns a character takes in a terminal, near enough for layout: wide scripts and emoji take two.
pub fn char_width(c: char) -> usize {
    match c as u32 {
        0..=0x1f | 0x7f => 0,
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0xfeff => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

pub fn text_width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// The text on one line, cut to a number of columns with `…` at its end; control characters become spaces.
pub fn one_line(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let c = if c == '\t' { ' ' } else { visible(c) };
        let mark = usize::from(chars.peek().is_some());
        if used + char_width(c) + mark > columns {
            out.push('…');
            break;
        }
        used += char_width(c);
        out.push(c);
    }
    out
}

/// Pads to a number of columns; the text may hold no colours.
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = text.to_string();
    for _ in text_width(text)..columns {
        out.push(' ');
    }
    out
}

/// Wraps words to a number of columns with a prefix on the first line and an indent on the others.
pub fn wrapped(out: &mut String, first: &str, indent: usize, text: &str, columns: usize) {
    let indent_text = " ".repeat(indent);
    // Paths and names stay whole: lines break at spaces only.
    let options = textwrap::Options::new(columns.saturating_sub(indent).max(20))
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for (index, line) in textwrap::wrap(text, options).iter().enumerate() {
        let lead = if index == 0 { first } else { &indent_text };
        let _ = writeln!(out, "{lead}{line}");
    }
}

/// Rows as aligned columns, two spaces between them; the last column is not padded. `right` says which columns are
/// numbers. Inks apply by column.
pub fn table(
    rows: &[Vec<String>],
    right: &[bool],
    ink: impl Fn(usize, usize, &str) -> String,
) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| text_width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for (row_index, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[column].saturating_sub(text_width(cell)));
            let painted = ink(row_index, column, cell);
            if right.get(column).copied().unwrap_or(false) {
                line.push_str(&gap);
                line.push_str(&painted);
            } else {
                line.push_str(&painted);
                if column + 1 < row.len() {
                    line.push_str(&gap);
                }
            }
            if column + 1 < row.len() {
                line.push_str("  ");
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_cuts_by_columns_and_hides_control_characters() {
        assert_eq!(one_line("abc", 3), "abc");
        assert_eq!(one_line("abcd", 3), "ab…");
        assert_eq!(one_line("日本語", 5), "日本…");
        assert_eq!(one_line("a\n\u{1b}[31mb", 20), "a \u{fffd}[31mb");
    }

    #[test]
    fn tables_align_numbers_to_the_right() {
        let rows = [
            vec!["a".into(), "10".into()],
            vec!["long".into(), "5".into()],
        ];
        let text = table(&rows, &[false, true], |_, _, cell| cell.to_string());
        assert_eq!(text, "a     10\nlong   5\n");
    }

    #[test]
    fn no_escapes_without_colours() {
        assert_eq!(Style::default().paint(RED, "x"), "x");
        let style = Style {
            color: true,
            width: 80,
        };
        assert_eq!(style.paint(RED, "x"), "\u{1b}[1;31mx\u{1b}[0m");
    }
}
