//! Entries put into maps and lists and taken out of them, as the text around them is laid out. Knows signs and lines,
//! not what an entry means.

use super::written::{Kind, Notation, Page, Written};
use crate::finding::Edit;
use crate::source::{Place, SourceFile, Span};

/// Takes an entry of a map, or an item of a list, out. `all`: the places of all of them.
pub fn remove(page: &Page, within: Span, all: &[Span], index: usize) -> Option<Edit> {
    let span = *all.get(index)?;
    if page.notation == Notation::Yaml && !is_flow(page, within) {
        return remove_lines(page, span);
    }
    let text = page.text(within);
    let (from, to) = (span.start - within.start, span.end - within.start);
    let behind = &text[to..];
    let gap = behind.len() - behind.trim_start().len();
    if behind[gap..].starts_with(',') {
        return Some(with_comma(page, span.start, span.end + gap + 1));
    }
    let before = text[..from].trim_end();
    let start = match before.strip_suffix(',') {
        Some(rest) => within.start + rest.len(),
        None if all.len() == 1 => span.start,
        None => return None,
    };
    Some(cut(page.file, Span::new(start, span.end)))
}

/// An entry with the comma behind it: its lines where it has them to itself.
fn with_comma(page: &Page, start: usize, end: usize) -> Edit {
    let file = page.file;
    let line = file.line_span(file.line_index(start));
    let last = file.line_span(file.line_index(end));
    let alone = file.text[line.start..start].trim().is_empty()
        && file.text[end..last.end].trim().is_empty();
    if alone {
        return cut(file, Span::new(line.start, behind_line(file, last)));
    }
    let rest = &file.text[end..last.end];
    if rest.trim().is_empty() {
        let front = file.text[line.start..start].trim_end();
        return cut(file, Span::new(line.start + front.len(), end));
    }
    let gap = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    cut(file, Span::new(start, end + gap))
}

/// An entry of a block of YAML, or a statement: its lines, where it does not share them.
pub fn remove_lines(page: &Page, span: Span) -> Option<Edit> {
    let file = page.file;
    let end = file.trim_end(span.end).max(span.start);
    let first = file.line_span(file.line_index(span.start));
    let last = file.line_span(file.line_index(end));
    let lead = file.text.get(first.start..span.start)?;
    let tail = file.text.get(end..last.end)?;
    let alone = lead.trim().is_empty() && tail.trim().is_empty();
    alone.then(|| cut(file, Span::new(first.start, behind_line(file, last))))
}

/// Where the line behind a line starts.
pub fn behind_line(file: &SourceFile, line: Span) -> usize {
    let rest = file.text.get(line.end..).unwrap_or_default();
    let end = match rest.find('\n') {
        Some(at) => at + 1,
        None => rest.len(),
    };
    line.end + end
}

pub fn cut(file: &SourceFile, span: Span) -> Edit {
    replace(file, span, String::new())
}

pub fn replace(file: &SourceFile, span: Span, text: String) -> Edit {
    Edit {
        place: Place {
            path: file.path.clone(),
            span,
        },
        text,
    }
}

/// Puts a text behind an entry of a map or a list, laid out as the entries are.
pub fn insert_behind(page: &Page, within: Span, all: &[Span], index: usize, text: &str) -> Edit {
    let file = page.file;
    let span = all[index];
    let previous = match index.checked_sub(1) {
        Some(before) => all[before].end,
        None => within.start + 1,
    };
    let between = file.text.get(previous..span.start).unwrap_or_default();
    let gap = match between.contains('\n') {
        true => format!(",{}{}", line_break(file), indent_at(file, span.start)),
        false => ", ".to_string(),
    };
    // A comment on the line of an entry speaks of that one.
    let line = file.line_span(file.line_index(span.end));
    let rest = file.text.get(span.end..line.end).unwrap_or_default();
    let spoken = rest.trim_start().strip_prefix(',').map(str::trim_start);
    let spoken = spoken.is_some_and(|rest| rest.starts_with('#') || rest.starts_with("//"));
    if spoken && between.contains('\n') {
        let end = file.trim_end(line.end);
        let own = gap.trim_start_matches(',');
        return replace(file, Span::new(end, end), format!("{own}{text},"));
    }
    let at = Span::new(span.end, span.end);
    replace(file, at, format!("{gap}{text}"))
}

/// Puts an entry into a map. `flow`: the entry as it stands between braces.
pub fn insert_pair(page: &Page, map: &Written, flow: &str) -> Option<Edit> {
    let pairs = map.pairs();
    if page.notation == Notation::Yaml && !is_flow(page, map.span) {
        let file = page.file;
        let line_of = |at: usize| file.line_index(at);
        let short = pairs
            .iter()
            .rfind(|pair| line_of(pair.span.start) == line_of(pair.span.end) && is_plain(pair))?;
        let column = short.span.start - file.line_span(line_of(short.span.start)).start;
        let text = format!("{}{}{flow}", line_break(file), " ".repeat(column));
        let end = file.line_span(line_of(short.span.end)).end;
        return Some(replace(file, Span::new(end, end), text));
    }
    let all: Vec<Span> = pairs.iter().map(|pair| pair.span).collect();
    let last = all.len().checked_sub(1)?;
    Some(insert_behind(page, map.span, &all, last, flow))
}

fn is_plain(pair: &super::written::Pair) -> bool {
    matches!(pair.value.kind, Kind::Other)
}

/// Whether a map or a list stands between braces.
pub fn is_flow(page: &Page, span: Span) -> bool {
    page.text(span).starts_with(['{', '['])
}

/// The white space in front of the line that holds a place.
pub fn indent_at(file: &SourceFile, at: usize) -> &str {
    let line = file.line_span(file.line_index(at));
    let text = file.text.get(line.start..line.end).unwrap_or_default();
    let end = text.len() - text.trim_start_matches([' ', '\t', '\u{feff}']).len();
    text[..end].trim_start_matches('\u{feff}')
}

/// As the lines of the file end.
pub fn line_break(file: &SourceFile) -> &'static str {
    match file.text.split_once('\n') {
        Some((first, _)) if first.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}
