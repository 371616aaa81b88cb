//! The lines of a source that a finding's frame shows, ready for miette: only those around the labels, cut to the
//! width of the frame, without characters that would disturb a terminal. Line numbers and columns stay the source's.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::style::char_width;
use crate::phrase::visible;
use crate::source::{SourceFile, Span};

/// Lines shown in front of and behind a label.
const CONTEXT: usize = 1;
/// A label over more lines than this points at its first line only.
const MAX_LABEL_LINES: usize = 4;
/// Lines between two labels that are closer than this are shown.
const MAX_GAP: usize = 2;

/// A label of a frame, in bytes of the source.
pub(super) struct Mark<'a> {
    pub span: Span,
    pub text: &'a str,
    pub primary: bool,
}

/// One line as shown.
struct Line {
    /// 0-based, in the source.
    number: usize,
    /// Range in `Excerpt::text`, with the line break.
    start: usize,
    end: usize,
    /// (source byte, shown byte) of every character shown, ascending, and of the end.
    map: Vec<(usize, usize)>,
}

pub(super) struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    labels: Vec<LabeledSpan>,
    /// (shown byte, 0-based column in code points) of the start of every label.
    columns: Vec<(usize, usize)>,
}

impl Excerpt {
    /// `None` without a label inside the source, or where no line of a label is held.
    pub fn new(file: &SourceFile, marks: &[Mark<'_>], width: usize) -> Option<Excerpt> {
        let marks: Vec<Mark<'_>> = marks
            .iter()
            .filter(|mark| mark.span.start <= file.len())
            .map(|mark| Mark {
                span: tidy(file, mark.span),
                ..*mark
            })
            .collect();
        let marks = widened(file, marks);
        if marks.is_empty() {
            return None;
        }
        let numbers = shown_lines(file, &marks);
        if numbers.is_empty() {
            return None;
        }
        let gutter = numbers
            .last()
            .map_or(1, |last| (last + 1).to_string().len())
            + 5;
        let mut excerpt = Excerpt {
            name: file.path.to_string(),
            text: String::new(),
            lines: Vec::new(),
            labels: Vec::new(),
            columns: Vec::new(),
        };
        let columns = width.saturating_sub(gutter).max(24);
        for number in numbers {
            excerpt.push_line(file, number, &marks, columns);
        }
        for mark in &marks {
            excerpt.push_label(file, mark);
        }
        Some(excerpt)
    }

    /// Under another name than its file's.
    pub fn named(mut self, name: &str) -> Excerpt {
        self.name = name.to_string();
        self
    }

    pub fn labels(&self) -> impl Iterator<Item = LabeledSpan> + '_ {
        self.labels.iter().cloned()
    }

    fn push_line(&mut self, file: &SourceFile, number: usize, marks: &[Mark<'_>], columns: usize) {
        let span = file.line_span(number);
        let window = window(file, span, marks, columns);
        let start = self.text.len();
        let mut map = Vec::new();
        if window.start > span.start {
            self.text.push('…');
        }
        for (at, c) in file.slice(window.start, window.end).char_indices() {
            map.push((window.start + at, self.text.len()));
            if c != '\u{feff}' {
                self.text.push(visible(c));
            }
        }
        map.push((window.end, self.text.len()));
        if window.end < span.end {
            self.text.push('…');
        }
        self.text.push('\n');
        self.lines.push(Line {
            number,
            start,
            end: self.text.len(),
            map,
        });
    }

    fn push_label(&mut self, file: &SourceFile, mark: &Mark<'_>) {
        let first = file.line_index(mark.span.start);
        let last = file.line_index(mark.span.end);
        let line = |number: usize| self.lines.iter().find(|line| line.number == number);
        let (Some(first), Some(last)) = (line(first), line(last)) else {
            return;
        };
        let start = first.shown(mark.span.start);
        let end = last.shown(mark.span.end).max(start);
        let text = Some(mark.text.to_string()).filter(|text| !text.is_empty());
        let span = SourceSpan::new(start.into(), end - start);
        self.columns
            .push((start, file.position(mark.span.start).column - 1));
        self.labels.push(if mark.primary {
            LabeledSpan::new_primary_with_span(text, span)
        } else {
            LabeledSpan::new_with_span(text, span)
        });
    }

    fn line_at(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|line| line.end <= offset)
            .min(self.lines.len().saturating_sub(1))
    }
}

impl Line {
    /// The shown byte of a source byte; what is cut away falls on the edge.
    fn shown(&self, source: usize) -> usize {
        let at = self.map.partition_point(|(known, _)| *known < source);
        self.map[at.min(self.map.len() - 1)].1
    }
}

/// Without white space around, inside the text, on character boundaries, and on one line if it covers too many.
fn tidy(file: &SourceFile, span: Span) -> Span {
    let (start, end) = (file.floor(span.start), file.floor(span.end.max(span.start)));
    let text = file.slice(start, end);
    let body = text.trim();
    if body.is_empty() {
        let line_end = file.line_span(file.line_index(start)).end.max(start);
        return Span::new(start, end.min(line_end));
    }
    let start = start + (text.len() - text.trim_start().len());
    let end = start + body.len();
    if file.line_index(end) - file.line_index(start) < MAX_LABEL_LINES {
        Span::new(start, end)
    } else {
        Span::new(start, file.line_span(file.line_index(start)).end.max(start))
    }
}

/// Marks without a width speak of what stands behind them: they cover the rest of its line, up to the next mark.
fn widened<'a>(file: &SourceFile, marks: Vec<Mark<'a>>) -> Vec<Mark<'a>> {
    let starts: Vec<usize> = marks.iter().map(|mark| mark.span.start).collect();
    let widen = |mark: Mark<'a>| {
        let from = mark.span.start;
        let rest = file.slice(from, file.len());
        let blank = rest.len() - rest.trim_start().len();
        if mark.primary || !mark.span.is_empty() {
            return mark;
        }
        if blank == rest.len() {
            // Nothing is written there (a conversation that follows): it points behind the last text.
            let end = file.trim_end(from);
            return Mark {
                span: Span::new(end, end),
                ..mark
            };
        }
        let start = from + blank;
        let line = file.line_span(file.line_index(start));
        let next = starts.iter().copied().filter(|other| *other > start).min();
        let end = next.map_or(line.end, |next| next.min(line.end)).max(start);
        let end = start + file.slice(start, end).trim_end().len();
        Mark {
            span: Span::new(start, end),
            ..mark
        }
    };
    marks.into_iter().map(widen).collect()
}

/// 0-based numbers of the lines to show, ascending.
fn shown_lines(file: &SourceFile, marks: &[Mark<'_>]) -> Vec<usize> {
    let last = file.line_count() - 1;
    // A line break at the end of the file opens no line that anybody sees.
    let last = if last > 0 && file.line_span(last).is_empty() {
        last - 1
    } else {
        last
    };
    let mut numbers: Vec<usize> = marks
        .iter()
        .flat_map(|mark| {
            let from = file.line_index(mark.span.start);
            let to = file.line_index(mark.span.end);
            from.saturating_sub(CONTEXT)..=(to + CONTEXT).min(last.max(to))
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let gaps: Vec<usize> = numbers
        .windows(2)
        .filter(|pair| pair[1] - pair[0] <= MAX_GAP)
        .flat_map(|pair| pair[0] + 1..pair[1])
        .collect();
    numbers.extend(gaps);
    numbers.sort_unstable();
    numbers.retain(|number| file.holds_line(*number));
    numbers
}

/// The part of a line that is shown: all of it, or as much as fits around the labels on it.
fn window(file: &SourceFile, line: Span, marks: &[Mark<'_>], columns: usize) -> Span {
    // No more than four bytes a column: a line of megabytes is not measured.
    let fits = line.len() <= columns.saturating_mul(4)
        && width_of(file.slice(line.start, line.end)) <= columns;
    if fits {
        return line;
    }
    let on_line = |mark: &&Mark<'_>| {
        (line.start..=line.end).contains(&mark.span.start)
            || (mark.span.start < line.start && mark.span.end > line.start)
    };
    let anchor = marks
        .iter()
        .filter(on_line)
        .max_by_key(|mark| (mark.primary, std::cmp::Reverse(mark.span.start)))
        .map(|mark| mark.span);
    let (from, to) = anchor.map_or((line.start, line.start), |span| {
        (
            span.start.clamp(line.start, line.end),
            span.end.clamp(line.start, line.end),
        )
    });
    let room = columns.saturating_sub(2);
    let label: usize = file
        .slice(from, to)
        .chars()
        .take(room)
        .map(char_width)
        .sum::<usize>()
        .min(room);
    // A third of what is left stands in front of the label.
    let lead = (room - label) / 3;
    let start = step(file.slice(line.start, from).chars().rev(), lead)
        .map_or(line.start, |bytes| from - bytes);
    let end =
        step(file.slice(start, line.end).chars(), room).map_or(line.end, |bytes| start + bytes);
    // At the end of the line the room on the right goes to the left.
    if end == line.end {
        let start = step(file.slice(line.start, line.end).chars().rev(), room)
            .map_or(line.start, |bytes| line.end - bytes);
        return Span::new(start.min(from), line.end);
    }
    Span::new(start, end)
}

/// Bytes of the characters that fit into a number of columns; `None` if all do.
fn step(chars: impl Iterator<Item = char>, columns: usize) -> Option<usize> {
    let (mut used, mut bytes) = (0, 0);
    for c in chars {
        let width = if c == '\t' { 4 } else { char_width(c) };
        if used + width > columns {
            return Some(bytes);
        }
        used += width;
        bytes += c.len_utf8();
    }
    None
}

fn width_of(text: &str) -> usize {
    text.chars()
        .map(|c| if c == '\t' { 4 } else { char_width(c) })
        .sum()
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() || self.lines.is_empty() {
            return Err(MietteError::OutOfBounds);
        }
        let mut first = self.line_at(span.offset());
        let mut last = self.line_at(end).max(first);
        // The whole run of neighbouring lines is one frame, so that close labels share it.
        while before > 0
            && first > 0
            && self.lines[first - 1].number + 1 == self.lines[first].number
        {
            first -= 1;
        }
        while after > 0
            && last + 1 < self.lines.len()
            && self.lines[last].number + 1 == self.lines[last + 1].number
        {
            last += 1;
        }
        let (start, end) = (self.lines[first].start, self.lines[last].end);
        // Asked without context for the head of a frame: where its label stands in the source.
        let known = self.columns.iter().find(|(at, _)| *at == span.offset());
        let column = known.map_or(0, |(_, column)| *column);
        let column = if before == 0 { column } else { 0 };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..end],
            SourceSpan::new(start.into(), end - start),
            self.lines[first].number,
            column,
            last - first + 1,
        )))
    }
}
