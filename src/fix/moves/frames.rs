//! Edits of texts that are put together in code: operands of a sum, items of a list, statements that add to a text.

use std::ops::Range;

use super::canvas::{Canvas, Item, Seg};
use super::cut::{placed, Bit, Surgery};
use super::Refusal;
use crate::finding::Edit;
use crate::source::Span;

/// The part of a literal's source that a part of its text is.
fn inside(canvas: &Canvas, seg: &Seg, inner: Span, part: &Range<usize>) -> Span {
    let text = canvas.as_str();
    let edge = |at: usize| {
        if at <= seg.at.start {
            inner.start
        } else if at >= seg.at.end {
            inner.end
        } else {
            let sign = text[..at].chars().next_back().map_or(1, char::len_utf8);
            canvas.text.span(at - sign, at).end
        }
    };
    Span::new(edge(part.start), edge(part.end))
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    a.start.max(b.start)..a.end.min(b.end)
}

/// Operands that are being written.
struct Operands<'a> {
    canvas: &'a Canvas,
    done: Vec<String>,
    /// Opening and closing signs, and what stands between.
    open: Option<(String, String, String)>,
    /// Quotes of a literal that is new.
    fresh: (String, String),
}

impl Operands<'_> {
    fn close(&mut self) {
        if let Some((open, text, close)) = self.open.take() {
            self.done.push(format!("{open}{text}{close}"));
        }
    }

    fn literal(&mut self, open: &str, close: &str) -> &mut String {
        let same = self.open.as_ref().is_some_and(|(known, ..)| known == open);
        if !same {
            self.close();
        }
        let (_, text, _) = self
            .open
            .get_or_insert_with(|| (open.to_string(), String::new(), close.to_string()));
        text
    }

    fn new_text(&mut self, text: &str) {
        let (open, close) = match &self.open {
            Some((open, _, close)) => (open.clone(), close.clone()),
            None => self.fresh.clone(),
        };
        let raw = close.len() == 3 || close == "`";
        let text = if raw {
            text.to_string()
        } else {
            text.replace('\n', "\\n")
        };
        self.literal(&open, &close).push_str(&text);
    }

    fn part(&mut self, part: &Range<usize>) {
        for seg in &self.canvas.segs {
            let shared = overlap(&seg.at, part);
            if shared.is_empty() {
                continue;
            }
            match &seg.literal {
                Some((inner, open, close)) => {
                    let span = inside(self.canvas, seg, *inner, &shared);
                    let source = self.canvas.file.text[span.start..span.end].to_string();
                    // A break that waits in a literal of another kind goes along.
                    if let Some((_, waiting, _)) =
                        self.open.as_ref().filter(|(known, ..)| known != open)
                    {
                        if !waiting.is_empty() && waiting.replace("\\n", "").trim().is_empty() {
                            let waiting = waiting.clone();
                            self.open = Some((open.clone(), waiting, close.clone()));
                        }
                    }
                    self.literal(open, close).push_str(&source);
                }
                None => {
                    self.close();
                    let source = &self.canvas.file.text[seg.outer.start..seg.outer.end];
                    self.done.push(source.to_string());
                }
            }
        }
    }
}

/// Bits as one literal of a kind.
fn in_kind(canvas: &Canvas, bits: &[Bit], (open, close): (&String, &String)) -> Vec<String> {
    let fresh = (open.clone(), close.clone());
    written(canvas, bits, fresh)
}

/// Bits as operands of a sum.
pub fn operands(canvas: &Canvas, bits: &[Bit]) -> Vec<String> {
    let literals = canvas.segs.iter().filter_map(|seg| seg.literal.as_ref());
    let plain = |open: &str| open.chars().all(|sign| !sign.is_alphabetic());
    let fresh = literals
        .clone()
        .find(|(_, open, _)| plain(open) && open.len() == 1)
        .map(|(_, open, close)| (open.clone(), close.clone()));
    let quote = ("\"".to_string(), "\"".to_string());
    written(canvas, bits, fresh.unwrap_or(quote))
}

fn written(canvas: &Canvas, bits: &[Bit], fresh: (String, String)) -> Vec<String> {
    let mut out = Operands {
        canvas,
        done: Vec::new(),
        open: None,
        fresh,
    };
    for bit in bits {
        match bit {
            Bit::New(text) => out.new_text(text),
            Bit::Part(part) => out.part(part),
        }
    }
    out.close();
    out.done
}

/// What stands between two operands must be nothing but their joint.
fn clean(source: &str) -> Result<(), Refusal> {
    if source.contains(['#', '"', '\'', '`']) || source.contains("//") || source.contains("/*") {
        return Err(Refusal("a comment between parts of a text"));
    }
    Ok(())
}

/// Whether the cuts take an operand whole.
fn is_gone(surgery: &Surgery, seg: &Seg) -> bool {
    let cut = |cut: &Range<usize>| cut.start <= seg.at.start && seg.at.end <= cut.end;
    surgery.cuts.iter().any(cut)
}

/// What is cut of operands, with the joints that would be left over.
fn sum_cuts(canvas: &Canvas, surgery: &Surgery) -> Result<Vec<(Span, String)>, Refusal> {
    let segs = &canvas.segs;
    let source = &canvas.file.text;
    let gone = |seg: &Seg| is_gone(surgery, seg);
    let mut spans: Vec<(Span, String)> = Vec::new();
    let mut index = 0;
    while index < segs.len() {
        let seg = &segs[index];
        if !gone(seg) {
            spans.extend(partial(canvas, surgery, seg)?);
            index += 1;
            continue;
        }
        let first = index;
        while index < segs.len() && gone(&segs[index]) {
            index += 1;
        }
        let span = match (segs.get(index), first.checked_sub(1)) {
            (Some(next), _) => Span::new(segs[first].outer.start, next.outer.start),
            (None, Some(before)) => Span::new(segs[before].outer.end, segs[index - 1].outer.end),
            (None, None) => return Err(Refusal("all of the text")),
        };
        // What stands between them goes as well, and what stands in front of the next one, or behind the last.
        let from = match index < segs.len() {
            true => first,
            false => first.saturating_sub(1),
        };
        for pair in segs[from..(index + 1).min(segs.len())].windows(2) {
            clean(&source[pair[0].outer.end..pair[1].outer.start])?;
        }
        spans.push((span, String::new()));
    }
    Ok(spans)
}

/// Edits of operands of `+`, or of literals next to each other.
pub fn sum(canvas: &Canvas, surgery: &Surgery, joint: &str) -> Result<Vec<Edit>, Refusal> {
    let segs = &canvas.segs;
    let mut spans = sum_cuts(canvas, surgery)?;
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    if surgery.bits.is_empty() {
        return Ok(placed(canvas, spans));
    }
    let behind = segs
        .iter()
        .rev()
        .find(|seg| seg.at.start < surgery.at && !is_gone(surgery, seg))
        .ok_or(Refusal("all of the text"))?;
    if surgery.at < behind.at.end || takes(canvas, behind, &surgery.bits) {
        let Some((inner, open, close)) = &behind.literal else {
            return Err(Refusal("a text put together of unlike parts"));
        };
        if !takes(canvas, behind, &surgery.bits) {
            return Err(Refusal("a text put together of unlike parts"));
        }
        let written = in_kind(canvas, &surgery.bits, (open, close));
        let text: String = written
            .iter()
            .filter_map(|operand| {
                operand
                    .strip_prefix(open.as_str())?
                    .strip_suffix(close.as_str())
            })
            .collect();
        let at = inside(canvas, behind, *inner, &(surgery.at..surgery.at)).start;
        insert(&mut spans, at, text);
    } else {
        let mut text = String::new();
        for operand in operands(canvas, &surgery.bits) {
            text.push_str(&joined(canvas, joint));
            text.push_str(&operand);
        }
        insert(&mut spans, behind.outer.end, text);
    }
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    Ok(placed(canvas, spans))
}

/// Puts text in, together with a cut that ends or starts there.
fn insert(spans: &mut Vec<(Span, String)>, at: usize, text: String) {
    let touching = spans
        .iter_mut()
        .find(|(span, _)| span.start == at || span.end == at);
    match touching {
        Some((_, new)) => *new = text,
        None => spans.push((Span::new(at, at), text)),
    }
}

/// The joint between two operands as the text has it, with its line breaks.
fn joined(canvas: &Canvas, joint: &str) -> String {
    let segs = &canvas.segs;
    let pairs = segs.windows(2).rev();
    let written = pairs
        .map(|pair| &canvas.file.text[pair[0].outer.end..pair[1].outer.start])
        .find(|between| between.trim() == joint.trim() && clean(between).is_ok());
    written.map_or_else(|| joint.to_string(), str::to_string)
}

fn partial(canvas: &Canvas, surgery: &Surgery, seg: &Seg) -> Result<Vec<(Span, String)>, Refusal> {
    let mut out = Vec::new();
    for cut in &surgery.cuts {
        let shared = overlap(&seg.at, cut);
        if shared.is_empty() {
            continue;
        }
        let Some((inner, ..)) = &seg.literal else {
            return Err(Refusal("a part of a value"));
        };
        out.push((inside(canvas, seg, *inner, &shared), String::new()));
    }
    Ok(out)
}

/// Whether bits can be written into a literal: they come from literals of its kind.
fn takes(canvas: &Canvas, seg: &Seg, bits: &[Bit]) -> bool {
    let Some((_, open, _)) = &seg.literal else {
        return false;
    };
    bits.iter().all(|bit| match bit {
        Bit::New(_) => true,
        Bit::Part(part) => canvas
            .segs
            .iter()
            .filter(|seg| !overlap(&seg.at, part).is_empty())
            .all(|seg| {
                seg.literal
                    .as_ref()
                    .is_some_and(|(_, known, _)| known == open)
            }),
    })
}

/// The items that the cuts take, whole, and what is cut from within others.
fn taken(canvas: &Canvas, surgery: &Surgery) -> Result<(Vec<usize>, Vec<Span>), Refusal> {
    let mut out = Vec::new();
    let mut parts = Vec::new();
    for (index, item) in canvas.items.iter().enumerate() {
        for cut in &surgery.cuts {
            let own = said(canvas, item);
            let inside = cut.start <= own.start && own.start < cut.end;
            let whole = inside && own.end <= cut.end;
            let part = own.start < cut.end && cut.start < own.end;
            if whole {
                out.push(index);
            } else if part {
                parts.push(cut_within(canvas, index, cut)?);
            }
        }
    }
    if out.iter().any(|index| !canvas.items[*index].movable) {
        return Err(Refusal("an item that cannot move"));
    }
    Ok((out, parts))
}

/// The text of an item without the white space around it.
fn said(canvas: &Canvas, item: &Item) -> Range<usize> {
    let text = &canvas.as_str()[item.at.clone()];
    let start = item.at.start + text.len() - text.trim_start().len();
    start..(item.at.start + text.trim_end().len()).max(start)
}

/// The source of a cut within the one literal that an item is. What it leaves does not end in a line break.
fn cut_within(canvas: &Canvas, index: usize, cut: &Range<usize>) -> Result<Span, Refusal> {
    let refusal = Refusal("a part of an item");
    let item = &canvas.items[index];
    let mut segs = canvas.segs.iter().filter(|seg| seg.item == index);
    let (Some(seg), None) = (segs.next(), segs.next()) else {
        return Err(refusal);
    };
    let (inner, ..) = seg.literal.as_ref().ok_or(refusal)?;
    let mut part = overlap(&item.at, cut);
    if part.end == item.at.end {
        let front = &canvas.as_str()[item.at.start..part.start];
        part.start = item.at.start + front.trim_end().len();
    }
    if part == item.at {
        return Err(refusal);
    }
    Ok(inside(canvas, seg, *inner, &part))
}

/// The item that the new ones go behind.
fn item_behind<'a>(canvas: &'a Canvas, surgery: &Surgery) -> Result<&'a Item, Refusal> {
    let ends = |item: &&Item| {
        let own = said(canvas, item);
        own.start < surgery.at || own.end <= surgery.at
    };
    let behind = canvas.items.iter().take_while(ends).last();
    let behind = behind.ok_or(Refusal("all of the text"))?;
    if said(canvas, behind).end > surgery.at {
        return Err(Refusal("a part of an item"));
    }
    Ok(behind)
}

/// The new items: those that were taken, and headings and labels.
pub fn new_items(canvas: &Canvas, bits: &[Bit]) -> Vec<String> {
    let mut out = Vec::new();
    let mut label = String::new();
    for bit in bits {
        match bit {
            Bit::New(text) => {
                let quoted = |text: &str| operands(canvas, &[Bit::New(text.to_string())]).concat();
                if text.ends_with('\n') && !text.trim().is_empty() {
                    out.push(quoted(text.trim()));
                } else if !text.trim().is_empty() {
                    label = quoted(text.trim_start());
                }
            }
            Bit::Part(part) => {
                for item in &canvas.items {
                    if let Some(source) = item_source(canvas, item, part) {
                        let label = std::mem::take(&mut label);
                        out.push(match label.is_empty() {
                            true => source,
                            false => format!("{label} + {source}"),
                        });
                    }
                }
            }
        }
    }
    out
}

/// What an item gives to a part of the text: itself, or a literal of some of its lines.
fn item_source(canvas: &Canvas, item: &Item, part: &Range<usize>) -> Option<String> {
    let own = said(canvas, item);
    let whole = part.start <= own.start && own.end <= part.end;
    if whole && !(own.is_empty() && own.start == part.end) {
        return Some(canvas.file.text[item.span.start..item.span.end].to_string());
    }
    let shared = overlap(&item.at, part);
    let text = canvas.as_str().get(shared.clone()).unwrap_or_default();
    (!text.trim().is_empty()).then(|| operands(canvas, &[Bit::Part(shared)]).concat())
}

/// Edits of items of a list.
pub fn list(canvas: &Canvas, surgery: &Surgery) -> Result<Vec<Edit>, Refusal> {
    let items = &canvas.items;
    let source = &canvas.file.text;
    let (gone, parts) = taken(canvas, surgery)?;
    let mut spans: Vec<(Span, String)> = parts
        .into_iter()
        .map(|span| (span, String::new()))
        .collect();
    let mut index = 0;
    while index < items.len() {
        if !gone.contains(&index) {
            index += 1;
            continue;
        }
        let first = index;
        while gone.contains(&index) {
            index += 1;
        }
        // Nothing but a comma stands between items.
        let last = index.min(items.len() - 1);
        for pair in items[first.saturating_sub(1)..=last].windows(2) {
            clean(&source[pair[0].span.end..pair[1].span.start])?;
        }
        let span = match (items.get(index), first.checked_sub(1)) {
            (Some(next), _) => Span::new(items[first].span.start, next.span.start),
            (None, Some(before)) => Span::new(items[before].span.end, items[index - 1].span.end),
            (None, None) => return Err(Refusal("all of the text")),
        };
        spans.push((span, String::new()));
    }
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    if surgery.bits.is_empty() {
        return Ok(placed(canvas, spans));
    }
    let behind = item_behind(canvas, surgery)?;
    let between = items
        .windows(2)
        .map(|pair| &source[pair[0].span.end..pair[1].span.start])
        .find(|between| clean(between).is_ok() && between.trim() == ",")
        .ok_or(Refusal("a list of one item"))?;
    let mut text = String::new();
    for item in new_items(canvas, &surgery.bits) {
        text.push_str(between);
        text.push_str(&item);
    }
    insert(&mut spans, behind.span.end, text);
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    Ok(placed(canvas, spans))
}

/// Edits of statements that add to a text, each on lines of its own.
pub fn statements(canvas: &Canvas, surgery: &Surgery, apart: bool) -> Result<Vec<Edit>, Refusal> {
    let source = &canvas.file.text;
    let (gone, parts) = taken(canvas, surgery)?;
    if !parts.is_empty() {
        return Err(Refusal("a part of a statement"));
    }
    let whole_line = surgery.at == 0 || canvas.as_str()[..surgery.at].ends_with('\n');
    if !apart && !whole_line && !surgery.bits.is_empty() {
        return Err(Refusal("a text that does not end its line"));
    }
    let new = |bit: &Bit| matches!(bit, Bit::New(text) if !text.trim().is_empty());
    if surgery.bits.iter().any(new) {
        return Err(Refusal("a heading between statements"));
    }
    let mut spans = Vec::new();
    let mut text = String::new();
    for index in gone {
        let span = whole_lines(source, canvas.items[index].span)?;
        let lines = &source[span.start..span.end];
        text.push_str(lines);
        if !lines.ends_with('\n') {
            text.push('\n');
        }
        spans.push((span, String::new()));
    }
    if surgery.bits.is_empty() {
        spans.retain(|(span, _)| !span.is_empty());
        return Ok(placed(canvas, spans));
    }
    let behind = item_behind(canvas, surgery)?;
    let at = whole_lines(source, behind.span)?.end;
    if !source[..at].ends_with('\n') {
        return Err(Refusal("a statement that ends the file"));
    }
    insert(&mut spans, at, text);
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    Ok(placed(canvas, spans))
}

/// The lines of a statement, with the comments right above it; nothing else may stand on them.
fn whole_lines(source: &str, span: Span) -> Result<Span, Refusal> {
    let mut start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = source[span.end..]
        .find('\n')
        .map_or(source.len(), |at| span.end + at + 1);
    let front = &source[start..span.start];
    let rest = source[span.end..end].trim();
    let alone = rest.is_empty() || rest == ";" || rest.starts_with('#') || rest.starts_with("//");
    if !front.trim().is_empty() || !alone {
        return Err(Refusal("two statements on one line"));
    }
    while start > 0 {
        let above = source[..start - 1].rfind('\n').map_or(0, |at| at + 1);
        let line = source[above..start].trim();
        if line.starts_with('#') || line.starts_with("//") {
            start = above;
        } else {
            break;
        }
    }
    Ok(Span::new(start, end))
}
