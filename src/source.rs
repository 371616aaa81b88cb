//! Source files, spans and the map from decoded text back to source bytes.
//! Knows nothing of prompts, templates or findings.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

pub mod lines;

/// Files by their path.
pub type Sources = BTreeMap<Arc<str>, Arc<SourceFile>>;

/// A half-open byte range of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }
    pub fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A span in a file. Paths are relative to the root of the run, with `/`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Place {
    pub path: Arc<str>,
    pub span: Span,
}

impl Place {
    pub fn new(path: &Arc<str>, start: usize, end: usize) -> Self {
        Place {
            path: path.clone(),
            span: Span::new(start, end),
        }
    }
}

/// A line and a column, both 1-based; columns count code points.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct LineColumn {
    pub line: usize,
    pub column: usize,
}

/// One file as text. Byte offsets are those of the file on disk: a byte that is not valid UTF-8 stands as one
/// U+001A, and a byte order mark stays in front, so that no offset shifts.
#[derive(Debug)]
pub struct SourceFile {
    pub path: Arc<str>,
    /// The text that is held: all of it, but of a file of rows only those that are spoken of, one a line. There,
    /// `slice` gives the text of a span.
    pub text: Arc<str>,
    /// How many bytes were not valid UTF-8.
    pub invalid_bytes: usize,
    /// Whether the file holds a NUL byte or a UTF-16 mark: not text for us.
    pub binary: bool,
    /// Where lines start in `text`.
    line_starts: Vec<usize>,
    /// What the lines of `text` are of a file that is not held whole.
    parts: Option<Parts>,
    /// What a frontend made of the text: whoever shares the file need not make it again.
    reading: OnceLock<Arc<dyn Any + Send + Sync>>,
}

#[derive(Debug)]
struct Parts {
    /// Bytes and lines of the file.
    len: usize,
    lines: usize,
    list: Vec<Part>,
}

/// A line, or a part of one, that is held.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// 0-based.
    line: usize,
    /// Offset in the file.
    start: usize,
    /// Code points of the line in front of it, and bytes.
    column: usize,
    bytes: usize,
}

impl SourceFile {
    pub fn from_bytes(path: Arc<str>, bytes: Vec<u8>) -> Self {
        let binary = is_binary(&bytes);
        let (text, invalid_bytes) = match String::from_utf8(bytes) {
            Ok(text) => (text, 0),
            Err(error) => substitute_invalid(error.as_bytes()),
        };
        let mut line_starts = vec![0];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                line_starts.push(at + 1);
            }
        }
        SourceFile {
            path,
            text: text.into(),
            invalid_bytes,
            binary,
            line_starts,
            parts: None,
            reading: OnceLock::new(),
        }
    }

    pub fn new(path: &str, text: &str) -> Self {
        Self::from_bytes(path.into(), text.as_bytes().to_vec())
    }

    /// What a frontend makes of this file, kept with it. There is one such thing for each file: the first one.
    pub fn reading<T: Any + Send + Sync>(&self, make: impl Fn() -> T) -> Arc<T> {
        let kept = self.reading.get_or_init(|| Arc::new(make()));
        let kept = kept.clone().downcast::<T>();
        kept.unwrap_or_else(|_| Arc::new(make()))
    }

    /// What a frontend made of this file before, if it is of this type.
    pub fn known<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.reading.get()?.clone().downcast::<T>().ok()
    }

    /// Where the content starts: behind a byte order mark, if there is one.
    pub fn content_start(&self) -> usize {
        if self.text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        }
    }

    /// The content as mapped text (without a byte order mark).
    pub fn content(&self) -> Text {
        let start = self.content_start();
        Text::verbatim(&self.path, start, &self.text[start..])
    }

    /// Bytes of the file, held or not.
    pub fn len(&self) -> usize {
        self.parts
            .as_ref()
            .map_or(self.text.len(), |parts| parts.len)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn line_count(&self) -> usize {
        let held = self.line_starts.len();
        self.parts.as_ref().map_or(held, |parts| parts.lines)
    }

    /// The 0-based index of the line that holds a byte offset; where it is not held, of the last one in front of it.
    pub fn line_index(&self, offset: usize) -> usize {
        match &self.parts {
            None => self.line_starts.partition_point(|start| *start <= offset) - 1,
            Some(parts) => parts.before(offset).map_or(0, |at| parts.list[at].line),
        }
    }

    /// Whether a line, or a part of it, is held.
    pub fn holds_line(&self, index: usize) -> bool {
        match &self.parts {
            None => index < self.line_starts.len(),
            Some(parts) => parts.of_line(index).is_ok(),
        }
    }

    /// The span of a 0-based line, without its line break: of what is held of it.
    pub fn line_span(&self, index: usize) -> Span {
        if let Some(parts) = &self.parts {
            return match parts.of_line(index) {
                Ok(at) => {
                    let start = parts.list[at].start;
                    Span::new(start, start + self.part_range(at).len())
                }
                Err(next) => {
                    let start = parts.list.get(next).map_or(parts.len, |part| part.start);
                    Span::new(start, start)
                }
            };
        }
        let start = self.line_starts[index];
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |next| next - 1);
        let end = if end > start && self.text.as_bytes()[end - 1] == b'\r' {
            end - 1
        } else {
            end
        };
        Span::new(start, end)
    }

    /// The text of a span of the file: what is held of it, up to the end of the line where other lines are not held.
    pub fn slice(&self, start: usize, end: usize) -> &str {
        let (from, to) = match &self.parts {
            None => (start, end),
            Some(parts) => {
                let Some(at) = parts.before(start) else {
                    return "";
                };
                let range = self.part_range(at);
                let local =
                    |offset: usize| (range.start + offset - parts.list[at].start).min(range.end);
                (local(start), local(end.max(start)))
            }
        };
        self.text.get(from..to).unwrap_or_default()
    }

    /// Where the text in front of a byte offset ends, without white space: in its line where others are not held.
    pub fn trim_end(&self, offset: usize) -> usize {
        let start = match &self.parts {
            None => 0,
            Some(parts) => parts
                .before(offset)
                .map_or(offset, |at| parts.list[at].start),
        };
        start + self.slice(start, offset).trim_end().len()
    }

    /// The nearest start of a character that is held, at a byte offset or in front of it.
    pub fn floor(&self, offset: usize) -> usize {
        let (shift, mut at) = match &self.parts {
            None => (0, offset.min(self.text.len())),
            Some(parts) => match parts.before(offset) {
                None => return 0,
                Some(index) => {
                    let (range, start) = (self.part_range(index), parts.list[index].start);
                    let at = (range.start + offset - start).min(range.end);
                    // A part starts no earlier in the file than in the text that is held.
                    (start - range.start, at)
                }
            },
        };
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at + shift
    }

    pub fn position(&self, offset: usize) -> LineColumn {
        let offset = self.floor(offset);
        let part = self.part_before(offset);
        let behind = self.slice(part.start, offset).chars().count();
        LineColumn {
            line: part.line + 1,
            column: part.column + behind + 1,
        }
    }

    /// The same with a column in bytes of UTF-8, from 1 on.
    pub fn byte_position(&self, offset: usize) -> LineColumn {
        let offset = self.floor(offset);
        let part = self.part_before(offset);
        LineColumn {
            line: part.line + 1,
            column: part.bytes + offset.saturating_sub(part.start) + 1,
        }
    }

    /// What is held from the start of a line, or of a part of one, up to an offset.
    fn part_before(&self, offset: usize) -> Part {
        let whole = |line, start| Part {
            line,
            start,
            column: 0,
            bytes: 0,
        };
        match &self.parts {
            None => {
                let line = self.line_index(offset);
                whole(line, self.line_starts[line])
            }
            Some(parts) => match parts.before(offset) {
                None => whole(0, offset),
                Some(at) => parts.list[at],
            },
        }
    }

    /// Where a part stands in `text`, without its line break.
    fn part_range(&self, index: usize) -> std::ops::Range<usize> {
        let next = self.line_starts.get(index + 1);
        let end = next.copied().unwrap_or(self.text.len());
        self.line_starts[index]..end - 1
    }
}

impl Parts {
    /// The last part that starts at an offset or in front of it.
    fn before(&self, offset: usize) -> Option<usize> {
        let behind = self.list.partition_point(|part| part.start <= offset);
        behind.checked_sub(1)
    }

    fn of_line(&self, line: usize) -> Result<usize, usize> {
        self.list.binary_search_by_key(&line, |part| part.line)
    }
}

/// Whether bytes are not text for us: they hold a NUL byte or start with a UTF-16 mark.
fn is_binary(bytes: &[u8]) -> bool {
    let utf16 = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    utf16 || bytes.contains(&0)
}

/// Text of as many bytes, and how many were not valid.
fn decoded(bytes: &[u8]) -> (Cow<'_, str>, usize) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), 0),
        Err(_) => {
            let (text, invalid) = substitute_invalid(bytes);
            (text.into(), invalid)
        }
    }
}

fn substitute_invalid(bytes: &[u8]) -> (String, usize) {
    let mut out = String::with_capacity(bytes.len());
    let mut invalid = 0;
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for _ in chunk.invalid() {
            out.push('\u{1a}');
            invalid += 1;
        }
    }
    (out, invalid)
}

/// A run of decoded text and the source bytes it came from. `verbatim` runs have as many decoded as source bytes
/// and can be cut anywhere; other runs (an escape, a folded line break) map as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    at: usize,
    source: Span,
    verbatim: bool,
}

/// Decoded text with a map back to the bytes of one source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub path: Arc<str>,
    // Shared: texts are cloned far more often than they are written to.
    text: Arc<String>,
    runs: Arc<Vec<Run>>,
}

impl Text {
    pub fn empty(path: &Arc<str>) -> Self {
        Text {
            path: path.clone(),
            text: Arc::default(),
            runs: Arc::default(),
        }
    }

    /// Text that stands in the file byte for byte, from `start`.
    pub fn verbatim(path: &Arc<str>, start: usize, text: &str) -> Self {
        let mut out = Self::empty(path);
        out.push_verbatim(text, start);
        out
    }

    /// Text that a whole span stands for (a serialised tool, a decoded escape).
    pub fn opaque(path: &Arc<str>, span: Span, text: &str) -> Self {
        let mut out = Self::empty(path);
        out.push_opaque(text, span);
        out
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
    pub fn len(&self) -> usize {
        self.text.len()
    }
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn push_verbatim(&mut self, text: &str, start: usize) {
        if text.is_empty() {
            return;
        }
        if self
            .runs
            .last()
            .is_some_and(|last| last.verbatim && last.source.end == start)
        {
            if let Some(last) = Arc::make_mut(&mut self.runs).last_mut() {
                last.source.end += text.len();
                Arc::make_mut(&mut self.text).push_str(text);
                return;
            }
        }
        let at = self.text.len();
        Arc::make_mut(&mut self.runs).push(Run {
            at,
            source: Span::new(start, start + text.len()),
            verbatim: true,
        });
        Arc::make_mut(&mut self.text).push_str(text);
    }

    pub fn push_opaque(&mut self, text: &str, source: Span) {
        if text.is_empty() {
            return;
        }
        let at = self.text.len();
        Arc::make_mut(&mut self.runs).push(Run {
            at,
            source,
            verbatim: false,
        });
        Arc::make_mut(&mut self.text).push_str(text);
    }

    /// Appends text of the same file.
    pub fn push(&mut self, other: &Text) {
        let shift = self.text.len();
        Arc::make_mut(&mut self.text).push_str(&other.text);
        Arc::make_mut(&mut self.runs).extend(other.runs.iter().map(|run| Run {
            at: run.at + shift,
            ..*run
        }));
    }

    fn run_end(&self, index: usize) -> usize {
        self.runs
            .get(index + 1)
            .map_or(self.text.len(), |next| next.at)
    }

    /// The part of the text in a decoded byte range, with its map.
    pub fn slice(&self, start: usize, end: usize) -> Text {
        let mut out = Text::empty(&self.path);
        let first = self.runs.partition_point(|run| run.at <= start);
        for index in first.saturating_sub(1)..self.runs.len() {
            let run = self.runs[index];
            if run.at >= end {
                break;
            }
            let (from, to) = (run.at.max(start), self.run_end(index).min(end));
            if from >= to {
                continue;
            }
            let text = &self.text[from..to];
            if run.verbatim {
                out.push_verbatim(text, run.source.start + (from - run.at));
            } else {
                out.push_opaque(text, run.source);
            }
        }
        out
    }

    /// The source span of a decoded byte range. An empty range gives an empty span.
    pub fn span(&self, start: usize, end: usize) -> Span {
        if self.runs.is_empty() {
            return Span::default();
        }
        let from = self.source_offset(start, false);
        let to = if end > start {
            self.source_offset(end, true)
        } else {
            from
        };
        Span::new(from, to.max(from))
    }

    pub fn place(&self, start: usize, end: usize) -> Place {
        Place {
            path: self.path.clone(),
            span: self.span(start, end),
        }
    }

    /// The stretches of text whose source is of one piece, with that source.
    pub fn stretches(&self) -> impl Iterator<Item = (&str, Span)> {
        let runs = self.runs.iter().enumerate();
        runs.map(|(index, run)| (&self.text[run.at..self.run_end(index)], run.source))
    }

    /// The place of the whole text.
    pub fn whole(&self) -> Place {
        self.place(0, self.text.len())
    }

    /// The places that it was put together from.
    pub fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.runs.iter().map(|run| Place {
            path: self.path.clone(),
            span: run.source,
        })
    }

    fn source_offset(&self, at: usize, as_end: bool) -> usize {
        let key = if as_end { at.saturating_sub(1) } else { at };
        let index = self.runs.partition_point(|run| run.at <= key).max(1) - 1;
        let run = self.runs[index];
        if run.verbatim {
            run.source.start + (at - run.at).min(run.source.len())
        } else if as_end || at >= self.run_end(index) {
            run.source.end
        } else {
            run.source.start
        }
    }
}

/// A stable 64-bit hash (FNV-1a): the same on every platform and in every release.
pub fn stable_hash(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash ^= u64::from(byte);
            hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_keep_offsets() {
        let file = SourceFile::from_bytes("a".into(), b"a\xff\xfeb\n\xe4c".to_vec());
        assert_eq!(file.text.len(), 7);
        assert_eq!(file.invalid_bytes, 3);
        assert_eq!(file.position(6), LineColumn { line: 2, column: 2 });
    }

    #[test]
    fn columns_count_code_points() {
        let file = SourceFile::new("a", "ab\r\n\u{1f600}x");
        assert_eq!(file.position(8), LineColumn { line: 2, column: 2 });
        assert_eq!(file.line_span(0), Span::new(0, 2));
    }

    #[test]
    fn slices_map_back_through_escapes() {
        let path: Arc<str> = "p".into();
        let mut text = Text::empty(&path);
        text.push_verbatim("one", 10);
        text.push_opaque("\n", Span::new(13, 15));
        text.push_verbatim("two", 15);
        assert_eq!(text.span(0, 3), Span::new(10, 13));
        assert_eq!(text.span(3, 4), Span::new(13, 15));
        assert_eq!(text.span(2, 5), Span::new(12, 16));
        let part = text.slice(2, 6);
        assert_eq!(part.as_str(), "e\ntw");
        assert_eq!(part.span(1, 2), Span::new(13, 15));
        assert_eq!(part.whole().span, Span::new(12, 17));
    }
}
