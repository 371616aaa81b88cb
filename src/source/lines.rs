//! A stream of bytes as batches of whole lines, so that a file of any size is looked at in little memory. Offsets and
//! line numbers are those of the file. Knows nothing of files or of what a line holds.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::{decoded, is_binary, Part, Parts, SourceFile};

/// Bytes that are read before their lines are handed on.
const CHUNK: usize = 1 << 20;
/// Longest line that is held, in bytes with its `\r`: as long as a text file may be by default. Of a longer one the
/// head is there.
pub const MAX_LINE: usize = 4 << 20;
/// Bytes of a line that is longer than that.
const HEAD: usize = 256;

/// One line of a batch, without its line break.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// 0-based.
    pub number: usize,
    /// Offset of its first byte in the file.
    pub start: usize,
    /// Longer than what is held.
    pub cut: bool,
    range: Range<usize>,
}

/// Some lines of a file, in order.
#[derive(Default, Debug)]
pub struct Batch {
    text: String,
    pub lines: Vec<Line>,
}

impl Batch {
    pub fn text(&self, line: &Line) -> &str {
        &self.text[line.range.clone()]
    }

    fn push(&mut self, number: usize, start: usize, bytes: &[u8], cut: bool) -> usize {
        let (text, invalid) = decoded(bytes);
        let from = self.text.len();
        self.text.push_str(&text);
        self.lines.push(Line {
            number,
            start,
            cut,
            range: from..self.text.len(),
        });
        invalid
    }
}

/// Part of a line that is kept of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptLine {
    /// 0-based.
    pub number: usize,
    /// Offset of the first byte that is kept.
    pub start: usize,
    /// Code points of the line in front of it, and bytes.
    pub column: usize,
    pub bytes: usize,
    /// Without a line break.
    pub text: Arc<str>,
}

/// Reads lines. They are split at `\n`; a `\r` in front of it is not part of the line, and behind the last `\n` there
/// is one more line, as everywhere else.
pub struct Lines<'a> {
    source: Box<dyn Read + 'a>,
    chunk: usize,
    max_line: usize,
    /// Bytes that were read and not handed on; without a `\n`.
    pending: Vec<u8>,
    /// Where they stand in the file.
    start: usize,
    /// The line that they are of.
    number: usize,
    /// Its head was handed on: the rest is passed over.
    skipping: bool,
    invalid_bytes: usize,
    binary: bool,
    ended: bool,
}

impl<'a> Lines<'a> {
    pub fn new(source: Box<dyn Read + 'a>) -> Lines<'a> {
        Lines::with_limits(source, CHUNK, MAX_LINE)
    }

    /// With other sizes than the usual ones. What is read does not depend on the chunk.
    pub fn with_limits(source: Box<dyn Read + 'a>, chunk: usize, max_line: usize) -> Lines<'a> {
        Lines {
            source,
            chunk: chunk.max(1),
            max_line,
            pending: Vec::new(),
            start: 0,
            number: 0,
            skipping: false,
            invalid_bytes: 0,
            binary: false,
            ended: false,
        }
    }

    /// Whether what was read so far is not text: it holds a NUL byte or a UTF-16 mark. Nothing is read behind that.
    pub fn binary(&self) -> bool {
        self.binary
    }

    /// The next lines; `None` at the end of the file.
    ///
    /// # Errors
    /// What the source says.
    pub fn batch(&mut self) -> io::Result<Option<Batch>> {
        while !self.ended {
            let known = self.pending.len();
            self.fill()?;
            if self.binary {
                self.ended = true;
                break;
            }
            let fresh = &self.pending[known..];
            let end = if self.ended {
                self.pending.len()
            } else {
                match fresh.iter().rposition(|byte| *byte == b'\n') {
                    Some(at) => known + at + 1,
                    None if self.skipping || self.pending.len() > self.max_line => 0,
                    None => continue,
                }
            };
            let batch = self.split(end);
            if !batch.lines.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    fn fill(&mut self) -> io::Result<()> {
        let known = self.pending.len();
        let mut wanted = self.chunk;
        while wanted > 0 {
            match self
                .source
                .by_ref()
                .take(wanted as u64)
                .read_to_end(&mut self.pending)
            {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => wanted -= read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // A mark stands in the first two bytes, which may come one by one.
        let first = self.start == 0 && self.number == 0 && !self.skipping;
        let fresh = &self.pending[known..];
        self.binary = fresh.contains(&0) || (first && is_binary(&self.pending));
        Ok(())
    }

    /// Takes the lines that end in front of `end`, which is behind a line break or at the end of the file; 0: the
    /// line that is pending is too long.
    fn split(&mut self, end: usize) -> Batch {
        let mut batch = Batch::default();
        let mut at = 0;
        while at < end || (self.ended && at == end) {
            let rest = &self.pending[at..end];
            let line_break = rest.iter().position(|byte| *byte == b'\n');
            let raw = &rest[..line_break.unwrap_or(rest.len())];
            if !std::mem::take(&mut self.skipping) {
                let cut = raw.len() > self.max_line;
                let bytes = if cut {
                    self.head(raw)
                } else {
                    raw.strip_suffix(b"\r").unwrap_or(raw)
                };
                let invalid = batch.push(self.number, self.start + at, bytes, cut);
                self.invalid_bytes += if cut { 0 } else { invalid };
            }
            at += raw.len();
            if line_break.is_none() {
                break;
            }
            at += 1;
            self.number += 1;
        }
        if end == 0 && !self.ended {
            if !self.skipping {
                let bytes = self.head(&self.pending);
                batch.push(self.number, self.start, bytes, true);
            }
            self.skipping = true;
            at = self.pending.len();
        }
        self.start += at;
        self.pending.drain(..at);
        batch
    }

    /// The first bytes of a long line, without a character that does not end there.
    fn head<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let head = &bytes[..HEAD.min(self.max_line)];
        match std::str::from_utf8(head) {
            Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
            _ => head,
        }
    }

    /// The file, of which only some lines are kept. What was not read of it is not counted.
    pub fn finish(self, path: Arc<str>, mut kept: Vec<KeptLine>) -> SourceFile {
        kept.sort_by_key(|line| (line.start, std::cmp::Reverse(line.text.len())));
        kept.dedup_by_key(|line| line.number);
        let mut text = String::new();
        let mut line_starts = Vec::new();
        let mut list = Vec::new();
        for line in kept {
            line_starts.push(text.len());
            text.push_str(&line.text);
            text.push('\n');
            list.push(Part {
                line: line.number,
                start: line.start,
                column: line.column,
                bytes: line.bytes,
            });
        }
        SourceFile {
            path,
            text: text.into(),
            invalid_bytes: self.invalid_bytes,
            binary: self.binary,
            line_starts,
            parts: Some(Parts {
                len: self.start + self.pending.len(),
                lines: self.number + 1,
                list,
            }),
            reading: OnceLock::new(),
        }
    }
}
