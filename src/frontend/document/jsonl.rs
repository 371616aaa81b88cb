//! Batch files: thousands of rows that are requests, one a line. Rows of the same shape are one draft; what differs
//! between its sampled rows is the variable part. At most 64 rows are held decoded, whatever the file's size.

mod align;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::body::{read_request, rows_of, Found};
use super::draft::{Content, Document, Draft};
use super::value::{parse_json, Value};
use crate::frontend::Problem;
use crate::prompt::{Media, Piece};
use crate::source::{SourceFile, Span, Text};
use align::{differ, differs};

/// Rows of a group that are compared.
const SAMPLE: usize = 64;
/// Shapes that become drafts: those with the most rows. Files of free conversations have as many shapes as lengths.
const MAX_GROUPS: usize = 32;
/// A file whose first valid rows hold no request is a data set.
const LOOK_AT: usize = 200;
/// Invalid rows that are named one by one.
const MAX_PROBLEMS: usize = 20;

/// Reads a JSONL file. Rows without a request body (data sets) and rows of messages without a model (fine-tuning
/// sets) are not requests: a file of these yields no draft.
pub fn parse_jsonl(file: &SourceFile) -> Document {
    let mut document = Document::default();
    let mut groups = Groups::default();
    // Line and position in it of every request.
    let mut places: Vec<(usize, usize)> = Vec::new();
    let (mut valid, mut invalid) = (0, 0);
    for index in 0..file.line_count() {
        let span = row_span(file, index);
        if file.text[span.start..span.end].trim().is_empty() {
            continue;
        }
        match parse_row(file, span) {
            Ok(value) => {
                valid += 1;
                for (item, value) in requests_of(&value).iter().enumerate() {
                    if let Some(draft) = read_request(value, &file.path, Found::Row) {
                        groups.add(&draft, places.len());
                        places.push((index, item));
                    }
                }
            }
            Err(problem) => {
                invalid += 1;
                if invalid <= MAX_PROBLEMS {
                    document.problems.push(name_row(problem, index));
                }
            }
        }
        if groups.list.is_empty() && valid + invalid >= LOOK_AT {
            return Document::default();
        }
    }
    if groups.list.is_empty() {
        return Document::default();
    }
    if invalid > MAX_PROBLEMS {
        let message = format!("{} more rows are not valid JSON", invalid - MAX_PROBLEMS);
        document
            .problems
            .push(Problem::new(Span::default(), message));
    }
    let row = |index: usize| {
        let (line, item) = *places.get(index)?;
        let value = parse_row(file, row_span(file, line)).ok()?;
        read_request(requests_of(&value).get(item)?, &file.path, Found::Row)
    };
    let (shapes, rows) = groups.dropped();
    if shapes > 0 {
        let message = format!("{rows} rows of {shapes} more shapes are left out");
        let problem = Problem::new(Span::default(), message)
            .with_help("rows of one shape are compared; the shapes with the most rows are checked");
        document.problems.push(problem);
    }
    let line_of = |index: usize| places.get(index).map_or(0, |place| place.0);
    document.drafts = groups.drafts(row, line_of);
    document
}

/// Groups the requests in a list of one JSON document as if they were rows.
pub fn read_rows(items: &[Value], path: &std::sync::Arc<str>) -> Vec<Draft> {
    let mut groups = Groups::default();
    for (index, item) in items.iter().enumerate() {
        if let Some(draft) = read_request(item, path, Found::Row) {
            groups.add(&draft, index);
        }
    }
    let row = |index: usize| read_request(&items[index], path, Found::Row);
    groups.drafts(row, |index| index)
}

/// The requests of one line: the line itself, or those that it lists.
fn requests_of(value: &Value) -> &[Value] {
    match value.get("requests").and(rows_of(value)) {
        Some(items) => items,
        None => std::slice::from_ref(value),
    }
}

fn row_span(file: &SourceFile, index: usize) -> Span {
    let mut span = file.line_span(index);
    if index == 0 {
        span.start = span.start.max(file.content_start());
    }
    span
}

fn parse_row(file: &SourceFile, span: Span) -> Result<Value, Problem> {
    let text = Text::verbatim(&file.path, span.start, &file.text[span.start..span.end]);
    let mut parsed = parse_json(&text);
    match parsed.problems.pop() {
        Some(problem) => Err(problem),
        None => parsed
            .documents
            .pop()
            .ok_or_else(|| Problem::new(span, "an empty row")),
    }
}

fn name_row(problem: Problem, index: usize) -> Problem {
    Problem {
        message: format!("row {} is left out: {}", index + 1, problem.message),
        ..problem
    }
}

/// Rows by shape, in the order of their first row.
#[derive(Default)]
struct Groups {
    by_shape: BTreeMap<String, usize>,
    list: Vec<Vec<usize>>,
}

impl Groups {
    fn add(&mut self, draft: &Draft, row: usize) {
        let next = self.list.len();
        let at = *self.by_shape.entry(shape(draft)).or_insert(next);
        if at == next {
            self.list.push(Vec::new());
        }
        self.list[at].push(row);
    }

    /// Shapes and rows beyond the limit.
    fn dropped(&self) -> (usize, usize) {
        let mut lengths: Vec<usize> = self.list.iter().map(Vec::len).collect();
        lengths.sort_unstable_by_key(|length| std::cmp::Reverse(*length));
        let beyond = lengths.get(MAX_GROUPS..).unwrap_or_default();
        (beyond.len(), beyond.iter().sum())
    }

    fn drafts(
        self,
        row: impl Fn(usize) -> Option<Draft>,
        line_of: impl Fn(usize) -> usize,
    ) -> Vec<Draft> {
        let mut list = self.list;
        let only = list.len() == 1;
        // A stable sort: of equally long groups the earlier ones stay.
        list.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
        list.truncate(MAX_GROUPS);
        list.sort_by_key(|rows| rows[0]);
        list.iter()
            .filter_map(|rows| {
                let sampled = sample(rows).into_iter().filter_map(&row).collect();
                let mut draft = merge(sampled)?;
                draft.rows = rows.len();
                if !only {
                    draft.key = format!("row[{}]", line_of(rows[0]) + 1);
                }
                Some(draft)
            })
            .collect()
    }
}

/// Up to 64 rows spread evenly over a group, the first and the last among them.
fn sample(rows: &[usize]) -> Vec<usize> {
    if rows.len() <= SAMPLE {
        return rows.to_vec();
    }
    (0..SAMPLE)
        .map(|at| rows[at * (rows.len() - 1) / (SAMPLE - 1)])
        .collect()
}

/// What rows must have in common to be compared leaf by leaf: API, model, sections and kinds of blocks.
fn shape(draft: &Draft) -> String {
    let mut out = format!(
        "{}|{}",
        draft.format,
        draft.target.model.as_deref().unwrap_or_default()
    );
    for message in &draft.messages {
        out.push('|');
        out.push_str(message.section.as_ref().map_or("?", |s| s.name()));
        for block in &message.blocks {
            out.push(match &block.content {
                Content::Template(..) => 't',
                Content::Media { .. } => 'm',
                _ => '?',
            });
            if block.marker.is_some() {
                out.push('!');
            }
        }
    }
    out
}

/// Turns rows of one shape into one draft: the first row with slots where the rows differ.
fn merge(mut rows: Vec<Draft>) -> Option<Draft> {
    if rows.is_empty() {
        return None;
    }
    let mut first = rows.remove(0);
    first.recorded = true;
    if rows.is_empty() {
        return Some(first);
    }
    for (m, message) in first.messages.iter_mut().enumerate() {
        for (b, block) in message.blocks.iter_mut().enumerate() {
            let others: Vec<&Content> = rows
                .iter()
                .filter_map(|row| Some(&row.messages.get(m)?.blocks.get(b)?.content))
                .collect();
            let section = message.section.as_ref().map_or("message", |s| s.name());
            if let Some(content) = merge_content(&block.content, &others, section) {
                block.content = content;
            }
        }
    }
    for setting in &mut first.settings {
        let [Piece::Text(text)] = setting.pieces.as_slice() else {
            continue;
        };
        let text = text.clone();
        let empty = Text::empty(&text.path);
        let mut texts = vec![&text];
        for row in &rows {
            let same = row.settings.iter().find(|s| s.name == setting.name);
            texts.push(match same.map(|s| s.pieces.as_slice()) {
                Some([Piece::Text(text)]) => text,
                _ => &empty,
            });
        }
        if texts.iter().any(|t| t.as_str() != text.as_str()) {
            setting.pieces = differ(&texts, &setting.name);
        }
    }
    Some(first)
}

/// `None`: the rows agree.
fn merge_content(first: &Content, others: &[&Content], section: &str) -> Option<Content> {
    match first {
        Content::Template(text, _) => {
            let mut texts = vec![text];
            texts.extend(others.iter().filter_map(|other| match other {
                Content::Template(text, _) => Some(text),
                _ => None,
            }));
            let same = texts.iter().all(|t| t.as_str() == text.as_str());
            (!same).then(|| Content::Pieces(differ(&texts, section)))
        }
        Content::Media { place, key } => {
            let same = others
                .iter()
                .all(|other| matches!(other, Content::Media { key: k, .. } if k == key));
            let media = Piece::Media(Media {
                place: place.clone(),
                key: key.clone(),
                volatility: differs(),
            });
            (!same).then(|| Content::Pieces(vec![media]))
        }
        _ => None,
    }
}
