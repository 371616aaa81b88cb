//! Batch files: thousands of rows that are requests, one a line. They are looked at as they come by: rows of the same
//! shape are one draft, and what differs between its sampled rows is the variable part. Nothing else is held, so that
//! memory does not grow with the file.

mod align;
mod groups;
mod merge;

#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::body::{read_request, rows_of, Found};
use super::draft::{Document, Draft};
use super::value::{parse_json, Value};
use crate::frontend::Problem;
use crate::source::lines::{Batch, KeptLine, Line, Lines, MAX_LINE};
use crate::source::{SourceFile, Span, Text};
use crate::workspace::Bytes;
use groups::{shape, Dropped, Groups};

/// A file whose first valid rows hold no request is a data set.
const LOOK_AT: usize = 200;
/// Invalid rows that are named one by one.
const MAX_PROBLEMS: usize = 20;
/// Bytes of an invalid row that are kept around its error.
const AROUND: usize = 8 << 10;

/// Reads a JSONL file that is held. Rows without a request body (data sets) and rows of messages without a model
/// (fine-tuning sets) are not requests: a file of these yields no draft.
pub fn parse_jsonl(file: &SourceFile) -> Document {
    let mut lines = Lines::new(Box::new(file.text.as_bytes()));
    // Memory does not fail.
    read_lines(&file.path, &mut lines).map_or_else(|_| Document::default(), |read| read.0)
}

/// Reads rows as they come: the document, and the lines that it speaks of. A file without requests is not read to its
/// end.
///
/// # Errors
/// What the source of the lines says.
pub fn read_lines(path: &Arc<str>, lines: &mut Lines<'_>) -> io::Result<(Document, Vec<KeptLine>)> {
    let mut rows = Rows::default();
    while let Some(batch) = lines.batch()? {
        let looked: Vec<Row> = batch
            .lines
            .par_iter()
            .map(|line| look(path, line, batch.text(line)))
            .collect();
        for (line, row) in batch.lines.iter().zip(looked) {
            rows.add(line, &batch, row);
            if rows.groups.is_empty() && rows.seen >= LOOK_AT {
                return Ok(Default::default());
            }
        }
    }
    Ok(rows.finish(path))
}

/// Groups the requests in a list of one JSON document as if they were rows.
pub fn read_rows(items: &[Value], path: &Arc<str>) -> Vec<Draft> {
    let mut groups = Groups::default();
    for (index, item) in items.iter().enumerate() {
        if let Some(draft) = read_request(item, path, Found::Row) {
            groups.add(shape(&draft), 0, || index);
        }
    }
    let row = |index: &usize| read_request(&items[*index], path, Found::Row);
    let read = groups.drafts(row, |index| *index);
    read.into_iter().map(|(draft, _)| draft).collect()
}

/// What one line is.
enum Row {
    Blank,
    /// Its requests, each by its shape.
    Requests(Vec<u64>),
    Broken(Problem),
}

fn look(path: &Arc<str>, line: &Line, text: &str) -> Row {
    let (start, content) = content(line.start, text);
    if content.trim().is_empty() {
        return Row::Blank;
    }
    if line.cut {
        let span = Span::new(start, start + content.len());
        let message = format!("longer than {}", Bytes(MAX_LINE as u64));
        return Row::Broken(Problem::new(span, message));
    }
    match parse_row(path, line.start, text) {
        Ok(value) => {
            let requests = requests_of(&value).iter();
            let drafts = requests.filter_map(|value| read_request(value, path, Found::Row));
            Row::Requests(drafts.map(|draft| shape(&draft)).collect())
        }
        Err(problem) => Row::Broken(problem),
    }
}

/// A row that is kept to be compared with others.
struct Sample {
    line: usize,
    start: usize,
    text: Arc<str>,
    /// Which of the row's requests.
    item: usize,
}

impl Sample {
    fn draft(&self, path: &Arc<str>) -> Option<Draft> {
        let value = parse_row(path, self.start, &self.text).ok()?;
        let requests = requests_of(&value).iter();
        requests
            .filter_map(|value| read_request(value, path, Found::Row))
            .nth(self.item)
    }
}

/// What is known of the rows so far.
#[derive(Default)]
struct Rows {
    groups: Groups<Sample>,
    /// Rows that are not blank.
    seen: usize,
    invalid: usize,
    problems: Vec<Problem>,
    kept: Vec<KeptLine>,
}

impl Rows {
    fn add(&mut self, line: &Line, batch: &Batch, row: Row) {
        let text = batch.text(line);
        // What is said of the whole file is shown at its first line.
        if line.number == 0 {
            self.keep(line, text, 0..text.len());
        }
        match row {
            Row::Blank => {}
            Row::Requests(shapes) => {
                self.seen += 1;
                let mut shared: Option<Arc<str>> = None;
                for (item, shape) in shapes.into_iter().enumerate() {
                    self.groups.add(shape, text.len(), || Sample {
                        line: line.number,
                        start: line.start,
                        text: shared.get_or_insert_with(|| text.into()).clone(),
                        item,
                    });
                }
            }
            Row::Broken(problem) => {
                self.seen += 1;
                self.invalid += 1;
                if self.invalid <= MAX_PROBLEMS {
                    let (start, end) = (problem.span.start, problem.span.end);
                    let from = (start - line.start).saturating_sub(AROUND);
                    let to = (end - line.start + AROUND).min(text.len());
                    self.keep(line, text, from..to);
                    self.problems.push(name_row(problem, line.number));
                }
            }
        }
    }

    /// Keeps a byte range of a line, without a character that does not lie in it.
    fn keep(&mut self, line: &Line, text: &str, range: std::ops::Range<usize>) {
        let boundary = |at: &usize| text.is_char_boundary(*at);
        let from = (range.start..=text.len()).find(boundary).unwrap_or(0);
        let to = (from..=range.end).rev().find(boundary).unwrap_or(from);
        self.kept.push(KeptLine {
            number: line.number,
            start: line.start + from,
            column: text[..from].chars().count(),
            bytes: from,
            text: text[from..to].into(),
        });
    }

    fn finish(self, path: &Arc<str>) -> (Document, Vec<KeptLine>) {
        let (mut problems, mut kept) = (self.problems, self.kept);
        if self.groups.is_empty() {
            return Default::default();
        }
        if self.invalid > MAX_PROBLEMS {
            let message = format!("{} more rows are left out", self.invalid - MAX_PROBLEMS);
            problems.push(Problem::new(Span::default(), message));
        }
        if let Some(Dropped { rows, shapes }) = self.groups.dropped() {
            let message = format!("{rows} rows of {shapes} more shapes are left out");
            let help = "rows of one shape are compared; the shapes with the most rows are checked";
            problems.push(Problem::new(Span::default(), message).with_help(help));
        }
        let read = self
            .groups
            .drafts(|sample| sample.draft(path), |sample| sample.line);
        let mut drafts = Vec::with_capacity(read.len());
        for (draft, first) in read {
            drafts.push(draft);
            kept.push(KeptLine {
                number: first.line,
                start: first.start,
                column: 0,
                bytes: 0,
                text: first.text,
            });
        }
        (
            Document {
                drafts,
                problems,
                ..Document::default()
            },
            kept,
        )
    }
}

/// The requests of one line: the line itself, or those that it lists.
fn requests_of(value: &Value) -> &[Value] {
    match value.get("requests").and(rows_of(value)) {
        Some(items) => items,
        None => std::slice::from_ref(value),
    }
}

/// The content of a line that starts at an offset: without a byte order mark.
fn content(start: usize, text: &str) -> (usize, &str) {
    match text.strip_prefix('\u{feff}') {
        Some(content) if start == 0 => (text.len() - content.len(), content),
        _ => (start, text),
    }
}

fn parse_row(path: &Arc<str>, start: usize, text: &str) -> Result<Value, Problem> {
    let (start, text) = content(start, text);
    let mut parsed = parse_json(&Text::verbatim(path, start, text));
    match parsed.problems.pop() {
        Some(problem) => Err(problem),
        None => parsed
            .documents
            .pop()
            .ok_or_else(|| Problem::new(Span::new(start, start + text.len()), "an empty row")),
    }
}

fn name_row(problem: Problem, index: usize) -> Problem {
    Problem {
        message: format!("row {} is left out: {}", index + 1, problem.message),
        ..problem
    }
}
