//! Positions of editors to byte offsets and back, in the encoding that was agreed on; a text with its lines that can be
//! edited in place. Knows no file and no protocol.

use std::ops::Range;

use serde_json::{json, Value};

use crate::source::SourceFile;

/// What a column counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    Utf8,
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// Bytes are cheapest for us; UTF-16 is what every client knows.
    pub const PREFERRED: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf32, Encoding::Utf16];

    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf32 => "utf-32",
        }
    }

    fn width(self, c: char) -> u32 {
        match self {
            Encoding::Utf8 => c.len_utf8() as u32,
            Encoding::Utf16 => c.len_utf16() as u32,
            Encoding::Utf32 => 1,
        }
    }

    /// Columns of a text without line breaks.
    fn columns(self, text: &str) -> u32 {
        match self {
            Encoding::Utf8 => text.len() as u32,
            _ if text.is_ascii() => text.len() as u32,
            _ => text.chars().map(|c| self.width(c)).sum(),
        }
    }
}

/// A line and a column, both from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Position {
    pub line: u32,
    pub character: u32,
}

impl Position {
    pub fn parse(value: &Value) -> Option<Position> {
        let number = |key: &str| {
            let number = value.get(key)?.as_u64()?;
            Some(u32::try_from(number).unwrap_or(u32::MAX))
        };
        Some(Position {
            line: number("line")?,
            character: number("character")?,
        })
    }

    pub fn to_value(self) -> Value {
        json!({ "line": self.line, "character": self.character })
    }
}

/// Where the lines of a text start. An editor also ends a line at a carriage return that stands alone.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub fn of(text: &str) -> Lines {
        let mut starts = vec![0];
        push_starts(text.as_bytes(), 0..text.len(), &mut starts);
        Lines { starts }
    }

    /// A line without its line break.
    fn span(&self, text: &str, line: usize) -> Range<usize> {
        let start = self.starts[line];
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len());
        start..start + text[start..end].trim_end_matches(['\r', '\n']).len()
    }

    /// The byte of a position; behind the end of a line or of the text, that end.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        if line >= self.starts.len() {
            return text.len();
        }
        let span = self.span(text, line);
        let mut column = 0;
        for (at, c) in text[span.clone()].char_indices() {
            // A column inside of a character stands for its start.
            if column + encoding.width(c) > position.character {
                return span.start + at;
            }
            column += encoding.width(c);
        }
        span.end
    }

    /// The position of a byte; inside of a character, of its start.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let span = self.span(text, line);
        let until = offset.min(span.end);
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            character: encoding.columns(&text[span.start..until]),
        }
    }

    /// The text changed: `new` stands where `range` was. `text` is how it reads now.
    fn replaced(&mut self, text: &str, range: Range<usize>, new: usize) {
        // Whether a line starts behind a carriage return depends on what follows it.
        let first = self
            .starts
            .partition_point(|start| *start <= range.start.saturating_sub(1))
            - 1;
        let behind = self.starts.partition_point(|start| *start <= range.end);
        let tail: Vec<usize> = self.starts[behind..]
            .iter()
            .map(|start| start - range.end + range.start + new)
            .collect();
        self.starts.truncate(first + 1);
        let from = self.starts[first];
        let end = range.start + new;
        push_starts(text.as_bytes(), from..end, &mut self.starts);
        self.starts.extend(tail);
    }
}

/// The starts of lines behind the breaks of a range.
fn push_starts(bytes: &[u8], range: Range<usize>, starts: &mut Vec<usize>) {
    for at in range {
        match bytes[at] {
            b'\n' => starts.push(at + 1),
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => starts.push(at + 1),
            _ => {}
        }
    }
}

/// A text that an editor holds open.
#[derive(Clone, Debug)]
pub struct Text {
    text: String,
    lines: Lines,
}

impl Text {
    pub fn new(text: String) -> Text {
        let lines = Lines::of(&text);
        Text { text, lines }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        self.lines.offset(&self.text, position, encoding)
    }

    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        self.lines.position(&self.text, offset, encoding)
    }

    pub fn replace(&mut self, range: Range<usize>, new: &str) {
        self.text.replace_range(range.clone(), new);
        self.lines.replaced(&self.text, range, new.len());
    }
}

/// The position of a byte of a file, of which maybe not all is held.
pub fn in_file(file: &SourceFile, lines: &Lines, offset: usize, encoding: Encoding) -> Position {
    if file.len() == file.text.len() {
        return lines.position(&file.text, offset, encoding);
    }
    let at = file.position(offset);
    Position {
        line: u32::try_from(at.line - 1).unwrap_or(u32::MAX),
        character: u32::try_from(at.column - 1).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a😀b\r\n\t漢字\rc\n\ne\u{301}";

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn every_encoding_counts_in_its_own_units() {
        let text = Text::new(TEXT.to_string());
        let b = TEXT.find('b').expect("in the text");
        let kanji = TEXT.find('字').expect("in the text");
        for (encoding, b_at, kanji_at) in [
            (Encoding::Utf8, at(0, 5), at(1, 4)),
            (Encoding::Utf16, at(0, 3), at(1, 2)),
            (Encoding::Utf32, at(0, 2), at(1, 2)),
        ] {
            assert_eq!(text.position(b, encoding), b_at);
            assert_eq!(text.position(kanji, encoding), kanji_at);
        }
    }

    #[test]
    fn there_and_back_is_the_same_place_for_every_character() {
        let text = Text::new(TEXT.to_string());
        for encoding in Encoding::PREFERRED {
            for (offset, c) in TEXT.char_indices() {
                let position = text.position(offset, encoding);
                // Between CR and LF is the end of the line.
                if c != '\n' || !TEXT[..offset].ends_with('\r') {
                    assert_eq!(text.offset(position, encoding), offset, "{c:?}");
                }
            }
            assert_eq!(text.position(TEXT.len(), encoding).line, 4);
        }
    }

    #[test]
    fn positions_behind_an_end_or_inside_a_character_are_taken_back() {
        let text = Text::new(TEXT.to_string());
        assert_eq!(text.offset(at(0, 99), Encoding::Utf16), 6);
        assert_eq!(text.offset(at(99, 0), Encoding::Utf16), TEXT.len());
        assert_eq!(text.offset(at(0, 2), Encoding::Utf16), 1);
        assert_eq!(text.offset(at(0, 3), Encoding::Utf8), 1);
        assert_eq!(text.position(2, Encoding::Utf16), at(0, 1));
    }

    /// All edits of some texts that mix every kind of line break leave the same lines as a fresh look.
    #[test]
    fn an_edit_leaves_the_lines_that_a_fresh_look_finds() {
        for base in ["", "a\r\nb\rc\nd", "\r\r\n\n\r", "x\r", "\n", "é\r\n"] {
            for new in ["", "\r", "\n", "\r\n", "z", "\nq\r", "\n\n"] {
                for start in 0..=base.len() {
                    for end in start..=base.len() {
                        if !base.is_char_boundary(start) || !base.is_char_boundary(end) {
                            continue;
                        }
                        let mut text = Text::new(base.to_string());
                        text.replace(start..end, new);
                        let fresh = Lines::of(&text.text);
                        assert_eq!(
                            text.lines.starts, fresh.starts,
                            "{base:?}[{start}..{end}] = {new:?}"
                        );
                    }
                }
            }
        }
    }
}
