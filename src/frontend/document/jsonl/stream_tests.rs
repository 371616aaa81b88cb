//! A stream of rows against the same file held in memory, and how much of a stream is held.

use std::io::Read;

use proptest::prelude::*;

use super::groups::{MAX_SHAPES, SAMPLE, SAMPLE_BYTES};
use super::*;
use crate::frontend::document::draft::Content;
use crate::prompt::Piece;

/// A row of a file, as bytes, and how many requests it holds.
fn any_row() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let request = (0..3usize, "[a-zäß€😀 ]{0,12}", "[a-z0-9ü\\\\n]{1,20}").prop_map(
        |(model, system, user)| {
            let body = serde_json::json!({"custom_id": "a", "body": {"model": format!("m{model}"), "messages": [
                {"role": "system", "content": format!("Be kind. {system}")},
                {"role": "user", "content": user},
            ]}});
            (body.to_string().into_bytes(), 1)
        },
    );
    let other = prop_oneof![
        Just(b"{\"question\": \"q\"}".to_vec()),
        Just(b"".to_vec()),
        Just(b" \t".to_vec()),
        Just("{\"ä\": [1, }".as_bytes().to_vec()),
        Just(b"{\"a\": \"\xff\xfe\xe4\"} x".to_vec()),
        Just(b"{\"a\": \"\xe2\x82\"}".to_vec()),
        Just(format!("{{\"a\": \"{}\"}} €", "ö".repeat(90)).into_bytes()),
    ];
    prop_oneof![3 => request, 2 => other.prop_map(|row| (row, 0))]
}

/// A file and how many requests it holds.
fn any_file() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let rows = prop::collection::vec((any_row(), any::<bool>()), 0..80);
    (rows, any::<bool>(), any::<bool>()).prop_map(|(rows, mark, last)| {
        let mut bytes = if mark {
            b"\xef\xbb\xbf".to_vec()
        } else {
            Vec::new()
        };
        let count = rows.len();
        let mut requests = 0;
        for (at, ((row, holds), carriage)) in rows.into_iter().enumerate() {
            bytes.extend(row);
            requests += holds;
            if last || at + 1 < count {
                bytes.extend(if carriage { &b"\r\n"[..] } else { b"\n" });
            }
        }
        (bytes, requests)
    })
}

fn streamed(bytes: &[u8], chunk: usize, max_line: usize) -> (Document, SourceFile) {
    let path: Arc<str> = "b.jsonl".into();
    let mut lines = Lines::with_limits(Box::new(bytes), chunk, max_line);
    let (document, kept) = read_lines(&path, &mut lines).unwrap();
    (document, lines.finish(path, kept))
}

/// Every span that a document speaks of.
fn spans(document: &Document) -> Vec<Span> {
    let mut out: Vec<Span> = document.problems.iter().map(|p| p.span).collect();
    for draft in &document.drafts {
        for block in draft.messages.iter().flat_map(|m| &m.blocks) {
            match &block.content {
                Content::Template(text, _) => out.push(text.whole().span),
                Content::Pieces(pieces) => out.extend(pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => text.whole().span,
                    Piece::Slot(slot) => slot.place.span,
                    other => panic!("{other:?}"),
                })),
                other => panic!("{other:?}"),
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_of_a_stream_are_those_of_the_file((bytes, _) in any_file(), chunk in 1..400usize, longest in 20..300usize) {
        let whole = SourceFile::from_bytes("b.jsonl".into(), bytes.clone());
        let mut lines = Lines::with_limits(Box::new(&bytes[..]), chunk, longest);
        let (mut number, mut any_cut) = (0, false);
        while let Some(batch) = lines.batch().unwrap() {
            prop_assert!(!batch.lines.is_empty());
            for line in &batch.lines {
                let span = whole.line_span(number);
                prop_assert_eq!((line.number, line.start), (number, span.start));
                let next = bytes[span.start..].iter().position(|b| *b == b'\n');
                prop_assert_eq!(line.cut, next.unwrap_or(bytes.len() - span.start) > longest);
                let text = &whole.text[span.start..span.end];
                if line.cut {
                    prop_assert!(text.starts_with(batch.text(line)) && batch.text(line).len() > 15);
                } else {
                    prop_assert_eq!(batch.text(line), text);
                }
                any_cut |= line.cut;
                number += 1;
            }
        }
        prop_assert_eq!(number, whole.line_count());
        let file = lines.finish("b.jsonl".into(), Vec::new());
        prop_assert_eq!((file.len(), file.line_count()), (bytes.len(), number));
        prop_assert!(any_cut || file.invalid_bytes == whole.invalid_bytes);
    }

    #[test]
    fn a_stream_gives_the_drafts_and_the_places_of_the_file((bytes, requests) in any_file(), chunk in 1..400usize) {
        let whole = SourceFile::from_bytes("b.jsonl".into(), bytes.clone());
        let held = parse_jsonl(&whole);
        let (document, file) = streamed(&bytes, chunk, MAX_LINE);
        prop_assert_eq!(format!("{document:?}"), format!("{held:?}"));
        let rows = document.drafts.iter().map(|d| d.rows).sum::<usize>();
        prop_assert_eq!(rows, requests, "{}", String::from_utf8_lossy(&bytes));
        for span in spans(&document) {
            prop_assert_eq!(file.position(span.start), whole.position(span.start));
            prop_assert_eq!(file.position(span.end), whole.position(span.end));
            prop_assert_eq!(file.slice(span.start, span.end), whole.slice(span.start, span.end));
            prop_assert_eq!(file.line_index(span.start), whole.line_index(span.start));
            prop_assert!(requests == 0 || file.holds_line(file.line_index(span.start)));
        }
    }
}

fn row(at: usize) -> String {
    format!("{{\"model\": \"m\", \"messages\": [{{\"role\": \"user\", \"content\": \"question {at}\"}}]}}\n")
}

/// Rows that are made while they are read.
struct Endless {
    rows: std::ops::Range<usize>,
    left: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            self.left = self.rows.next().map(row).unwrap_or_default().into_bytes();
        }
        let count = self.left.len().min(out.len());
        out[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

#[test]
fn what_is_held_of_a_stream_does_not_grow_with_it() {
    let held = |count: usize| {
        let source = Endless {
            rows: 0..count,
            left: Vec::new(),
        };
        let mut lines = Lines::with_limits(Box::new(source), 4096, 1 << 20);
        let path: Arc<str> = "b.jsonl".into();
        let mut rows = Rows::default();
        let mut largest = 0;
        while let Some(batch) = lines.batch().unwrap() {
            largest = largest.max(batch.lines.len());
            for line in &batch.lines {
                rows.add(line, &batch, look(&path, line, batch.text(line)));
            }
        }
        let (bytes, sampled) = rows.groups.held();
        let (document, kept) = rows.finish(&path);
        assert_eq!(document.drafts[0].rows, count);
        let file = lines.finish(path, kept);
        assert_eq!(file.line_count(), count + 1);
        assert_eq!(
            file.len(),
            (0..count).map(|at| row(at).len()).sum::<usize>()
        );
        (
            bytes <= SAMPLE * 100,
            sampled,
            file.text.len(),
            largest <= 4096 / 60,
        )
    };
    assert_eq!(held(20_000), (true, SAMPLE, row(0).len(), true));
    assert_eq!(held(500), held(20_000));
}

#[test]
fn samples_share_a_bound_and_rare_shapes_give_way() {
    let mut groups: Groups<usize> = Groups::default();
    let large = SAMPLE_BYTES / 100;
    for row in 0..2000 {
        // Every tenth row is of the first shape, the others are of 300 more.
        let shape = if row % 10 == 0 { 0 } else { row % 300 + 1 };
        groups.add(shape as u64, large, || row);
        assert!(groups.held().0 <= SAMPLE_BYTES);
    }
    assert!(groups.rows().len() >= 2 && groups.rows()[0] == 0);
    let dropped = groups.dropped().unwrap();
    assert!(dropped.shapes > 200 && dropped.rows < 1800, "{dropped:?}");

    let mut groups: Groups<usize> = Groups::default();
    for row in 0..MAX_SHAPES + 10 {
        groups.add(row as u64, 1, || row);
    }
    assert_eq!(groups.held().1, MAX_SHAPES);
    let dropped = groups.dropped().unwrap();
    assert_eq!(
        (dropped.rows, dropped.shapes),
        (MAX_SHAPES - 22, MAX_SHAPES - 22)
    );
}

#[test]
fn a_row_that_is_too_long_is_named_and_passed_over() {
    let long = format!("{{\"x\": \"{}\"}}\n", "ä".repeat(5000));
    let text = format!("{}{long}{}", row(0), row(1));
    for chunk in [7, 100, 1 << 20] {
        let (document, file) = streamed(text.as_bytes(), chunk, 4000);
        assert_eq!(document.drafts[0].rows, 2);
        assert_eq!(document.problems.len(), 1);
        let problem = &document.problems[0];
        assert!(problem
            .message
            .starts_with("row 2 is left out: longer than"));
        assert_eq!(file.position(problem.span.start).line, 2);
        assert!(file.text.len() < 1000);
        assert!(file
            .slice(problem.span.start, problem.span.end)
            .starts_with("{\"x\": \"ä"));
    }
}

#[test]
fn of_a_long_broken_row_the_part_around_the_error_is_kept() {
    let broken = format!(
        "{{\"x\": \"{}\"}} behind {}\n",
        "ä".repeat(50_000),
        "z".repeat(50_000)
    );
    let text = format!("{}{broken}", row(0));
    let whole = SourceFile::new("b.jsonl", &text);
    let (document, file) = streamed(text.as_bytes(), 1 << 16, MAX_LINE);
    let span = document.problems[0].span;
    assert_eq!(file.position(span.start), whole.position(span.start));
    assert_eq!(file.slice(span.start, span.end), "b");
    assert!(file.text.len() < 4 * AROUND, "{}", file.text.len());
}
