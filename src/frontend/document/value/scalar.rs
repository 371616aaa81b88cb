//! Decoded text of scalars with its map to the source: walks source and decoded text in step. The decoded text of
//! the parser is trusted; where the two cannot be matched, the rest maps as a whole to the rest of the scalar.

use std::ops::Range;

use crate::source::Text;

/// Builds decoded text out of ranges of a host text.
pub(super) struct Builder<'a> {
    host: &'a Text,
    out: Text,
    kept: Range<usize>,
}

impl<'a> Builder<'a> {
    pub fn new(host: &'a Text) -> Self {
        Builder {
            host,
            out: Text::empty(&host.path),
            kept: 0..0,
        }
    }

    /// Takes a range of the host as it stands.
    pub fn keep(&mut self, start: usize, end: usize) {
        if self.kept.end == start && !self.kept.is_empty() {
            self.kept.end = end;
        } else {
            self.flush();
            self.kept = start..end;
        }
    }

    /// Puts text in the place of a range of the host.
    pub fn replace(&mut self, decoded: &str, start: usize, end: usize) {
        self.flush();
        self.out.push_opaque(decoded, self.host.span(start, end));
    }

    fn flush(&mut self) {
        if !self.kept.is_empty() {
            self.out
                .push(&self.host.slice(self.kept.start, self.kept.end));
        }
        self.kept = 0..0;
    }

    pub fn finish(mut self) -> Text {
        self.flush();
        self.out
    }
}

/// How line breaks and escapes of a flow scalar are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    YamlPlain,
    YamlSingle,
    YamlDouble,
    /// Basic strings: escapes, line breaks kept.
    TomlBasic,
    /// Literal strings: line breaks kept.
    TomlLiteral,
}

impl Flow {
    fn escapes(self) -> bool {
        matches!(self, Flow::YamlDouble | Flow::TomlBasic)
    }
    fn folds(self) -> bool {
        !matches!(self, Flow::TomlBasic | Flow::TomlLiteral)
    }
}

/// Aligns the content of a flow scalar (`range` of the host, without quotes) with its decoded text.
pub(super) fn align_flow(host: &Text, range: Range<usize>, decoded: &str, flow: Flow) -> Text {
    let mut walk = Walk {
        source: host.as_str(),
        at: range.start,
        end: range.end,
        decoded,
        taken: 0,
        out: Builder::new(host),
    };
    while walk.taken < decoded.len() && walk.at < walk.end {
        if !walk.step(flow) {
            break;
        }
    }
    walk.rest()
}

struct Walk<'a> {
    source: &'a str,
    at: usize,
    end: usize,
    decoded: &'a str,
    taken: usize,
    out: Builder<'a>,
}

impl Walk<'_> {
    /// Matches one character, escape or run of white space. `false`: no match.
    fn step(&mut self, flow: Flow) -> bool {
        let rest = &self.source[self.at..self.end];
        let Some(first) = rest.chars().next() else {
            return false;
        };
        if first == '\\' && flow.escapes() {
            return self.escape(flow);
        }
        if flow == Flow::YamlSingle && rest.starts_with("''") {
            return self.replace("'", 2);
        }
        if matches!(first, ' ' | '\t' | '\r' | '\n') {
            if flow.folds() {
                return self.fold();
            }
            if rest.starts_with("\r\n") {
                return self.replace("\n", 2);
            }
        }
        self.keep(first.len_utf8())
    }

    fn keep(&mut self, len: usize) -> bool {
        let text = &self.source[self.at..self.at + len];
        if !self.decoded[self.taken..].starts_with(text) {
            return false;
        }
        self.out.keep(self.at, self.at + len);
        self.at += len;
        self.taken += len;
        true
    }

    fn replace(&mut self, decoded: &str, len: usize) -> bool {
        if !self.decoded[self.taken..].starts_with(decoded) {
            return false;
        }
        let end = (self.at + len).min(self.end);
        self.out.replace(decoded, self.at, end);
        self.at = end;
        self.taken += decoded.len();
        true
    }

    fn fold(&mut self) -> bool {
        let (len, breaks) = blank_run(&self.source[self.at..self.end]);
        match breaks {
            0 => self.keep(len),
            1 => self.replace(" ", len),
            _ => self.replace(&"\n".repeat(breaks - 1), len),
        }
    }

    fn escape(&mut self, flow: Flow) -> bool {
        let rest = &self.source[self.at..self.end];
        let Some(kind) = rest[1..].chars().next() else {
            return false;
        };
        let (blank, breaks) = blank_run(&rest[1..]);
        if breaks > 0 && (flow == Flow::TomlBasic || matches!(kind, '\r' | '\n')) {
            // An escaped line break joins lines; empty YAML lines behind it still count.
            let kept = if flow == Flow::TomlBasic {
                0
            } else {
                breaks - 1
            };
            if kept > 0 {
                return self.replace(&"\n".repeat(kept), 1 + blank);
            }
            self.at += 1 + blank;
            return true;
        }
        let Some(value) = self.decoded[self.taken..].chars().next() else {
            return false;
        };
        let len = match kind {
            'x' => 4,
            'u' if value as u32 > 0xFFFF => 12,
            'u' => 6,
            'U' => 10,
            other => 1 + other.len_utf8(),
        };
        if !self.source.is_char_boundary(self.at + len) {
            return false;
        }
        self.replace(value.encode_utf8(&mut [0; 4]), len)
    }

    fn rest(mut self) -> Text {
        if self.taken < self.decoded.len() {
            let at = self.at.min(self.end);
            self.out
                .replace(&self.decoded[self.taken..], at, self.end.max(at));
        }
        self.out.finish()
    }
}

/// Length in bytes of the white space at the start, and the line breaks in it.
fn blank_run(text: &str) -> (usize, usize) {
    let bytes = text.as_bytes();
    let mut breaks = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b' ' | b'\t' => {}
            b'\n' => breaks += 1,
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => breaks += 1,
            b'\r' => {}
            _ => return (at, breaks),
        }
    }
    (bytes.len(), breaks)
}

/// A line of a block scalar: content range without indentation is `start..end`, its break is `end..next`.
struct Line {
    start: usize,
    end: usize,
    next: usize,
}

fn line_at(source: &str, start: usize, limit: usize) -> Line {
    let next = source[start..limit]
        .find('\n')
        .map_or(limit, |found| start + found + 1);
    let line = source[start..next].trim_end_matches(['\n', '\r']);
    Line {
        start,
        end: start + line.len(),
        next,
    }
}

/// Aligns the lines of a literal block scalar (`range` = its content lines) with its decoded text.
pub(super) fn align_literal(host: &Text, range: Range<usize>, decoded: &str) -> Text {
    let source = host.as_str();
    let mut out = Builder::new(host);
    let mut at = range.start;
    let mut taken = 0;
    while taken < decoded.len() && at < range.end {
        let line = line_at(source, at, range.end);
        let length = decoded[taken..].find('\n').unwrap_or(decoded.len() - taken);
        // What is left of the content is the indentation, so the decoded line is the end of the source line.
        if !source[line.start..line.end].ends_with(&decoded[taken..taken + length]) {
            break;
        }
        out.keep(line.end - length, line.end);
        taken += length;
        if taken < decoded.len() {
            keep_break(&mut out, source, &line);
            taken += 1;
        }
        at = line.next;
    }
    finish_block(out, decoded, taken, at, range.end)
}

fn keep_break(out: &mut Builder, source: &str, line: &Line) {
    if &source[line.end..line.next] == "\n" {
        out.keep(line.end, line.next);
    } else {
        out.replace("\n", line.end, line.next);
    }
}

fn finish_block(mut out: Builder, decoded: &str, taken: usize, at: usize, end: usize) -> Text {
    if taken < decoded.len() {
        out.replace(&decoded[taken..], at.min(end), end);
    }
    out.finish()
}

/// Aligns the lines of a folded block scalar with its decoded text.
pub(super) fn align_folded(host: &Text, range: Range<usize>, decoded: &str) -> Text {
    let source = host.as_str();
    let mut out = Builder::new(host);
    let indent = folded_indent(source, &range, decoded);
    let mut at = range.start;
    let mut taken = 0;
    // The gap between two lines of content, empty lines included.
    let mut gap = range.start;
    while taken < decoded.len() && at < range.end {
        let line = line_at(source, at, range.end);
        let blanks = source[line.start..line.end]
            .bytes()
            .take(indent)
            .take_while(|byte| *byte == b' ')
            .count();
        at = line.next;
        let content = &source[line.start + blanks..line.end];
        if content.is_empty() {
            continue;
        }
        let separator = separator(&decoded[taken..], content);
        if separator > 0 {
            let start = line.start + blanks;
            let text = &decoded[taken..taken + separator];
            if source[gap..start] == *text {
                out.keep(gap, start);
            } else {
                out.replace(text, gap, start);
            }
            taken += separator;
        }
        if !decoded[taken..].starts_with(content) {
            at = gap;
            break;
        }
        out.keep(line.start + blanks, line.end);
        taken += content.len();
        gap = line.end;
        at = line.next;
    }
    finish_block(out, decoded, taken, gap.min(at), range.end)
}

/// Bytes of folded line breaks in front of the next line of content.
fn separator(decoded: &str, content: &str) -> usize {
    let breaks = decoded.len() - decoded.trim_start_matches('\n').len();
    if breaks > 0 {
        return breaks;
    }
    usize::from(decoded.starts_with(' ') && !content.starts_with([' ', '\t']))
}

/// Indentation of the scalar: that of its first line of content less the blanks that were kept of it.
fn folded_indent(source: &str, range: &Range<usize>, decoded: &str) -> usize {
    let blanks = |text: &str| text.bytes().take_while(|byte| *byte == b' ').count();
    let first = source[range.clone()]
        .lines()
        .find(|line| !line.trim().is_empty())
        .map_or(0, blanks);
    let kept = decoded
        .split('\n')
        .find(|line| !line.trim().is_empty())
        .map_or(0, blanks);
    first.saturating_sub(kept)
}
