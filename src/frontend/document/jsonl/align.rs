//! Texts of many rows -> pieces: what all have in common is text, what differs is a slot. Knows nothing of bodies.

use std::collections::BTreeMap;

use crate::prompt::{Piece, Size, Slot};
use crate::source::Text;
use crate::volatility::literals;
use crate::volatility::{Class, Confidence, Origin, Volatility};

/// Cells of the table that aligns the lines of two texts.
const MAX_ALIGNMENT: usize = 250_000;

pub(super) fn differs() -> Volatility {
    Volatility::new(
        Class::Request,
        Origin::Outside,
        Confidence::Certain,
        "differs between rows",
    )
}

/// The texts as pieces over the first one: what all share at the start and at the end, then whole lines that all
/// share in between; the rest are slots.
pub(super) fn differ(texts: &[&Text], name: &str) -> Vec<Piece> {
    let first = texts[0];
    let strings: Vec<&str> = texts.iter().map(|text| text.as_str()).collect();
    let prefix = word_prefix(&strings);
    let rests: Vec<&str> = strings.iter().map(|text| &text[prefix..]).collect();
    let suffix = word_suffix(&rests);
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
            expr: format!("{name} (varies by row)").into(),
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

/// What differs between the common lines: in each stretch line by line where all rows have as many lines, else as a
/// whole; without the words that all share at its start and its end.
fn gaps(middles: &[&str], common: &[usize]) -> Vec<Gap> {
    let first = lines(middles[0]);
    let shared: Vec<&str> = common.iter().map(|line| first[*line]).collect();
    let stretches: Vec<Vec<&str>> = middles.iter().map(|m| between(m, &shared)).collect();
    let mut out = Vec::new();
    for at in 0..=shared.len() {
        let of_rows: Vec<&str> = stretches.iter().map(|row| row[at]).collect();
        let start = of_rows[0].as_ptr() as usize - middles[0].as_ptr() as usize;
        narrow(&of_rows, start, &mut out);
    }
    out
}

/// The stretches of a text between lines that it is known to have, in order; one more than there are lines.
fn between<'t>(text: &'t str, shared: &[&str]) -> Vec<&'t str> {
    let mut out = Vec::with_capacity(shared.len() + 1);
    let (mut from, mut at) = (0, 0);
    for line in lines(text) {
        if out.len() < shared.len() && line == shared[out.len()] {
            out.push(&text[from..at]);
            from = at + line.len();
        }
        at += line.len();
    }
    out.push(&text[from..]);
    // A text without a line that it was thought to have: nothing is left for the stretches behind it.
    out.resize(shared.len() + 1, &text[text.len()..]);
    out
}

/// Lines of a stretch that are compared one by one.
const MAX_LINES: usize = 64;

fn narrow(of_rows: &[&str], start: usize, out: &mut Vec<Gap>) {
    let by_line: Vec<Vec<&str>> = of_rows.iter().map(|row| lines(row)).collect();
    let count = by_line[0].len();
    if !(2..=MAX_LINES).contains(&count) || by_line.iter().any(|row| row.len() != count) {
        return narrow_one(of_rows, start, out);
    }
    let mut at = start;
    for index in 0..count {
        let row: Vec<&str> = by_line.iter().map(|row| row[index]).collect();
        narrow_one(&row, at, out);
        at += row[0].len();
    }
}

fn narrow_one(of_rows: &[&str], start: usize, out: &mut Vec<Gap>) {
    let prefix = word_prefix(of_rows);
    let rests: Vec<&str> = of_rows.iter().map(|row| &row[prefix..]).collect();
    let suffix = word_suffix(&rests);
    let bytes: usize = rests.iter().map(|rest| rest.len() - suffix).sum();
    if bytes > 0 {
        out.push(Gap {
            range: start + prefix..start + of_rows[0].len() - suffix,
            mean_bytes: bytes as f64 / of_rows.len() as f64,
        });
    }
}

/// Characters by which a common prefix is cut back to a word's start; what is longer is no word.
const MAX_WORD: usize = 40;

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn splits_word(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(in_word)
        && text[at..].chars().next().is_some_and(in_word)
}

/// The common prefix in whole words: `Ticket 4711` and `Ticket 4712` share `Ticket `.
fn word_prefix(texts: &[&str]) -> usize {
    let length = common_prefix(texts);
    if !texts.iter().any(|text| splits_word(text, length)) {
        return length;
    }
    let word = texts[0][..length].chars().rev().take_while(|c| in_word(*c));
    let (chars, bytes) = word.fold((0, 0), |(n, b), c| (n + 1, b + c.len_utf8()));
    if chars > MAX_WORD {
        length
    } else {
        length - bytes
    }
}

/// The common suffix in whole words.
fn word_suffix(texts: &[&str]) -> usize {
    let length = common_suffix(texts);
    if !texts
        .iter()
        .any(|text| splits_word(text, text.len() - length))
    {
        return length;
    }
    let start = texts[0].len() - length;
    let word = texts[0][start..].chars().take_while(|c| in_word(*c));
    let (chars, bytes) = word.fold((0, 0), |(n, b), c| (n + 1, b + c.len_utf8()));
    if chars > MAX_WORD {
        length
    } else {
        length - bytes
    }
}
