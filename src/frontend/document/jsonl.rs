//! Batch files: thousands of rows that are requests, one a line. Rows of the same shape are one draft; what differs
//! between its sampled rows is the variable part. At most 64 rows are held decoded, whatever the file's size.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::body::{read_request, Found};
use super::draft::{Content, Document, Draft};
use super::value::{parse_json, Value};
use crate::frontend::Problem;
use crate::prompt::{Media, Piece, Size, Slot};
use crate::source::{SourceFile, Span, Text};
use crate::volatility::literals;
use crate::volatility::{Class, Confidence, Origin, Volatility};

/// Rows of a group that are compared.
const SAMPLE: usize = 64;
/// Shapes that become drafts: those with the most rows. Files of free conversations have as many shapes as lengths.
const MAX_GROUPS: usize = 32;
/// A file whose first valid rows hold no request is a data set.
const LOOK_AT: usize = 200;
/// Invalid rows that are named one by one.
const MAX_PROBLEMS: usize = 20;
/// Cells of the table that aligns the lines of two texts.
const MAX_ALIGNMENT: usize = 250_000;

/// Reads a JSONL file. Rows without a request body (data sets) and rows of messages without a model (fine-tuning
/// sets) are not requests: a file of these yields no draft.
pub fn parse_jsonl(file: &SourceFile) -> Document {
    let mut document = Document::default();
    let mut groups = Groups::default();
    let (mut valid, mut invalid) = (0, 0);
    for index in 0..file.line_count() {
        let span = row_span(file, index);
        if file.text[span.start..span.end].trim().is_empty() {
            continue;
        }
        match parse_row(file, span) {
            Ok(value) => {
                valid += 1;
                if let Some(draft) = read_request(&value, &file.path, Found::Row) {
                    groups.add(&draft, index);
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
        let value = parse_row(file, row_span(file, index)).ok()?;
        read_request(&value, &file.path, Found::Row)
    };
    document.drafts = groups.drafts(row);
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
    groups.drafts(|index| read_request(&items[index], path, Found::Row))
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

    fn drafts(self, row: impl Fn(usize) -> Option<Draft>) -> Vec<Draft> {
        let mut list = self.list;
        let only = list.len() == 1;
        // A stable sort: of equally long groups the earlier ones stay.
        list.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
        list.truncate(MAX_GROUPS);
        list.sort_by_key(|rows| rows[0]);
        list.iter()
            .filter_map(|rows| {
                let sampled = sample(rows).into_iter().filter_map(&row).collect();
                let mut draft = align(sampled)?;
                draft.rows = rows.len();
                if !only {
                    draft.key = format!("row[{}]", rows[0] + 1);
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
fn align(mut rows: Vec<Draft>) -> Option<Draft> {
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
            if let Some(content) = align_content(&block.content, &others, section) {
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
fn align_content(first: &Content, others: &[&Content], section: &str) -> Option<Content> {
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

fn differs() -> Volatility {
    Volatility::new(
        Class::Request,
        Origin::Outside,
        Confidence::Certain,
        "differs between rows",
    )
}

/// The texts as pieces over the first one: what all share at the start and at the end, then whole lines that all
/// share in between; the rest are slots.
fn differ(texts: &[&Text], name: &str) -> Vec<Piece> {
    let first = texts[0];
    let strings: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    let prefix = common_prefix(&strings);
    let rests: Vec<&str> = strings.iter().map(|text| &text[prefix..]).collect();
    let suffix = common_suffix(&rests);
    let middles: Vec<&str> = rests
        .iter()
        .map(|rest| &rest[..rest.len() - suffix])
        .collect();
    let common = common_lines(&middles);
    let clocks = literals::find(first.as_str());
    let slot = |range: std::ops::Range<usize>, bytes: f64| {
        let clock = clocks
            .iter()
            .find(|c| c.range.start <= range.start && range.end <= c.range.end);
        let volatility = match clock {
            Some(clock) if !range.is_empty() => Volatility::new(
                clock.class,
                Origin::MadeUp,
                Confidence::Certain,
                format!("{} that differs between rows", clock.why),
            ),
            _ => differs(),
        };
        Piece::Slot(Slot {
            expr: format!("{name} (varies by row)"),
            place: first.place(range.start, range.end),
            volatility,
            trace: Vec::new(),
            size: Size {
                // Four bytes a token, at least one.
                tokens: (bytes / 4.0).ceil().max(1.0) as u32,
                assumed: false,
            },
        })
    };
    let mut pieces = Vec::new();
    // Literal text from here on is not yet a piece.
    let mut from = 0;
    for gap in gaps(&middles, &common) {
        let range = prefix + gap.range.start..prefix + gap.range.end;
        if range.start > from {
            pieces.push(Piece::Text(first.slice(from, range.start)));
        }
        from = range.end;
        pieces.push(slot(range, gap.mean_bytes));
    }
    if from < first.len() {
        pieces.push(Piece::Text(first.slice(from, first.len())));
    }
    pieces
}

fn common_prefix(texts: &[&str]) -> usize {
    let first = texts[0].as_bytes();
    let mut length = first.len();
    for text in &texts[1..] {
        let same = first[..length].iter().zip(text.as_bytes());
        length = same.take_while(|(a, b)| a == b).count();
    }
    while !texts[0].is_char_boundary(length) {
        length -= 1;
    }
    length
}

fn common_suffix(texts: &[&str]) -> usize {
    let first = texts[0].as_bytes();
    let mut length = first.len();
    for text in &texts[1..] {
        let same = first.iter().rev().zip(text.as_bytes().iter().rev());
        length = same.take(length).take_while(|(a, b)| a == b).count();
    }
    while !texts[0].is_char_boundary(first.len() - length) {
        length -= 1;
    }
    length
}

/// A stretch of the first text's middle that differs.
struct Gap {
    range: std::ops::Range<usize>,
    /// Mean length in bytes over the rows.
    mean_bytes: f64,
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Indices of the first text's lines that every text has, in this order. Short lines are found by chance.
fn common_lines(middles: &[&str]) -> Vec<usize> {
    let first = lines(middles[0]);
    let telling = |line: &&str| line.chars().filter(|c| c.is_alphanumeric()).take(4).count() == 4;
    let mut common: Vec<usize> = (0..first.len()).filter(|at| telling(&first[*at])).collect();
    for other in &middles[1..] {
        if common.is_empty() {
            break;
        }
        let other: Vec<&str> = lines(other).into_iter().filter(telling).collect();
        let wanted: Vec<&str> = common.iter().map(|at| first[*at]).collect();
        common = subsequence(&wanted, &other)
            .into_iter()
            .map(|at| common[at])
            .collect();
    }
    common
}

/// Indices into `a` of a common subsequence: the longest one, or for long texts a greedy one.
fn subsequence(a: &[&str], b: &[&str]) -> Vec<usize> {
    if a.len() * b.len() > MAX_ALIGNMENT {
        return greedy(a, b);
    }
    let width = b.len() + 1;
    let mut longest = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if a[i] == b[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            out.push(i);
            i += 1;
            j += 1;
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

fn greedy(a: &[&str], b: &[&str]) -> Vec<usize> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(at);
    }
    let mut next = 0;
    let mut out = Vec::new();
    for (at, line) in a.iter().enumerate() {
        let Some(list) = places.get(line) else {
            continue;
        };
        if let Some(found) = list.get(list.partition_point(|place| *place < next)) {
            next = found + 1;
            out.push(at);
        }
    }
    out
}

/// What stands between the common lines, where any row has something there.
fn gaps(middles: &[&str], common: &[usize]) -> Vec<Gap> {
    let first = lines(middles[0]);
    let mut total = vec![0usize; common.len() + 1];
    for middle in middles {
        let mut next = 0;
        for line in lines(middle) {
            if next < common.len() && line == first[common[next]] {
                next += 1;
            } else {
                total[next] += line.len();
            }
        }
    }
    let starts: Vec<usize> = first
        .iter()
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some(start)
        })
        .collect();
    let mut out = Vec::new();
    let mut from = 0;
    for (at, bytes) in total.iter().enumerate() {
        let to = common
            .get(at)
            .map_or(middles[0].len(), |line| starts[*line]);
        if *bytes > 0 {
            out.push(Gap {
                range: from..to.max(from),
                mean_bytes: *bytes as f64 / middles.len() as f64,
            });
        }
        if let Some(line) = common.get(at) {
            from = starts[*line] + first[*line].len();
        }
    }
    out
}
