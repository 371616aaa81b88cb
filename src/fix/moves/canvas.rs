//! The text that a fix moves things in: decoded, with a map to its source, and the holes that values and tags make in
//! it. Knows how to cut and to write in the owner's syntax; nothing of prompts or of what a sentence is.

use std::ops::Range;
use std::sync::Arc;

use crate::source::{Place, SourceFile, Span, Text};
use crate::volatility::Key;

/// What stands in the masked text for one byte of a hole.
pub const VALUE: char = '\u{1}';
pub const BLOCK: char = '\u{2}';
pub const SILENT: char = '\u{3}';

/// What is no literal text: a value, a block of tags with all it holds, a tag that sends nothing.
#[derive(Clone, Debug)]
pub struct Hole {
    /// Bytes of the decoded text.
    pub at: Range<usize>,
    pub kind: HoleKind,
    /// Names that are read in it.
    pub reads: Vec<String>,
    /// In code: the parts of sources that its names stand for.
    pub reach: Vec<Place>,
    /// Names that it binds for what follows.
    pub binds: Vec<String>,
    /// Its first tag takes away white space in front of it, its last one behind it.
    pub trims: (bool, bool),
    /// What varies in it; `None`: nothing that the request is known to vary by.
    pub varies: Option<Key>,
    /// Bytes of stable text that it stands for or holds, roughly.
    pub stable: usize,
    /// A field that is filled where the whole text is (`"{now}".format(..)`): it means nothing in another literal.
    pub field: bool,
    /// Where values that vary are written that it stands for.
    pub stands_for: Vec<Place>,
}

/// What a text is put together of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frame {
    /// One literal, one template: every part can be cut.
    One,
    /// Operands of `+`, or literals that stand next to each other (then `joint` is blank).
    Sum { joint: &'static str },
    /// Items of a list that is joined.
    List,
    /// Statements that add to a list that is joined (`apart`), or to a text.
    Statements { apart: bool },
}

/// A part of a text that is one thing in the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Seg {
    /// Bytes of the decoded text.
    pub at: Range<usize>,
    /// The operand, with its quotes.
    pub outer: Span,
    /// Between the quotes, and the signs in front of and behind it; `None`: no literal.
    pub literal: Option<(Span, String, String)>,
    /// Index of the item it is part of.
    pub item: usize,
}

/// An operand, an item of a list, a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub at: Range<usize>,
    pub span: Span,
    /// Can stand elsewhere.
    pub movable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoleKind {
    Value,
    /// With tags around text: goes whole or not at all.
    Block,
    /// A comment.
    Silent,
    /// Has a say in what stands elsewhere: neither moves, nor does what reads its names move over it.
    Fixed,
}

/// How new text is written beside the old one.
#[derive(Clone, Debug, PartialEq)]
pub struct Manner {
    /// A line break, as the source has it.
    pub line_break: String,
    /// Blanks of the source in front of every line that are not part of the text.
    pub indent: String,
    /// Blanks of the text in front of its lines.
    pub lead: String,
}

/// One text of one file.
#[derive(Clone, Debug)]
pub struct Canvas {
    pub file: Arc<SourceFile>,
    pub text: Text,
    /// Ascending, none within another.
    pub holes: Vec<Hole>,
    /// What of the text is the message, in bytes of the decoded text.
    pub region: Range<usize>,
    /// A line break where the text has none.
    pub default_break: &'static str,
    pub frame: Frame,
    /// Of a text that is put together.
    pub segs: Vec<Seg>,
    pub items: Vec<Item>,
    /// Names that are bound between the items, and where.
    pub bound: Vec<(usize, Vec<String>)>,
}

impl Canvas {
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Whether the holes ascend, and none stands within another.
    pub fn is_sound(&self) -> bool {
        let mut at = 0;
        self.holes.iter().all(|hole| {
            let ascends = at <= hole.at.start && hole.at.start <= hole.at.end;
            at = hole.at.end;
            ascends && self.as_str().get(hole.at.clone()).is_some()
        })
    }

    /// The text with signs in place of every hole, of as many bytes.
    pub fn masked(&self) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for hole in &self.holes {
            out.push_str(&self.as_str()[at..hole.at.start]);
            let sign = match hole.kind {
                HoleKind::Value => VALUE,
                HoleKind::Block => BLOCK,
                HoleKind::Silent | HoleKind::Fixed => SILENT,
            };
            out.extend(std::iter::repeat_n(sign, hole.at.len()));
            at = hole.at.end;
        }
        out.push_str(&self.as_str()[at..]);
        out
    }

    /// Where the source goes on behind the text in front of a byte: at the start of a line, in front of its blanks.
    pub fn source_at(&self, at: usize) -> usize {
        if let Some(sign) = self.as_str()[..at].chars().next_back() {
            return self.text.span(at - sign.len_utf8(), at).end;
        }
        let start = self.text.span(0, 0).start;
        let source = &self.file.text;
        let line = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let blank = source[line..start].chars().all(|sign| sign == ' ');
        if blank && !self.manner().indent.is_empty() {
            line
        } else {
            start
        }
    }

    /// The source of a part of the text.
    pub fn source_span(&self, part: &Range<usize>) -> Span {
        let start = self.source_at(part.start);
        Span::new(start, self.source_at(part.end).max(start))
    }

    pub fn source(&self, part: &Range<usize>) -> &str {
        let span = self.source_span(part);
        self.file.text.get(span.start..span.end).unwrap_or_default()
    }

    pub fn manner(&self) -> Manner {
        let text = self.as_str();
        let line_break = text.find('\n').map(|at| {
            let from = at - usize::from(text[..at].ends_with('\r'));
            let span = self.text.span(from, at + 1);
            self.file.text[span.start..span.end].to_string()
        });
        Manner {
            line_break: line_break.unwrap_or_else(|| self.default_break.to_string()),
            indent: self.indent(),
            lead: self.lead(),
        }
    }

    /// Blanks between a line break and the text of the next line that the text does not hold.
    fn indent(&self) -> String {
        let text = self.as_str();
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        for start in starts {
            let Some(sign) = text[start..].chars().next() else {
                continue;
            };
            if sign == '\n' || sign == '\r' {
                continue;
            }
            let from = self.text.span(start - 1, start).end;
            let to = self.text.span(start, start + sign.len_utf8()).start;
            let gap = self.file.text.get(from..to).unwrap_or_default();
            let blank = gap.chars().all(|sign| sign == ' ');
            return if blank {
                gap.to_string()
            } else {
                String::new()
            };
        }
        String::new()
    }

    /// The blanks that all lines of the message start with.
    fn lead(&self) -> String {
        let text = &self.as_str()[self.region.clone()];
        let lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
        let blanks = |line: &str| {
            let content = line.trim_start_matches([' ', '\t']);
            line[..line.len() - content.len()].to_string()
        };
        lines
            .map(blanks)
            .min_by_key(String::len)
            .unwrap_or_default()
    }

    /// The holes within a part.
    pub fn holes_in(&self, part: &Range<usize>) -> impl Iterator<Item = &Hole> {
        let part = part.clone();
        self.holes
            .iter()
            .skip_while(move |hole| hole.at.end <= part.start)
            .take_while(move |hole| hole.at.start < part.end)
    }

    /// Bytes of text in a part that are the same on every call, roughly: letters and signs, and what stable holes stand
    /// for.
    pub fn stable_bytes(&self, masked: &str, part: &Range<usize>) -> usize {
        let is_text = |sign: &char| !sign.is_whitespace() && !is_hole(*sign);
        let text = masked.get(part.clone()).unwrap_or_default();
        let text = text.chars().filter(is_text);
        let text: usize = text.map(char::len_utf8).sum();
        let holes: usize = self.holes_in(part).map(|hole| hole.stable).sum();
        text + holes
    }

    /// Whether a place of the source is of this text.
    pub fn covers(&self, place: &Place) -> bool {
        let inside = |outer: Span| outer.start <= place.span.start && place.span.end <= outer.end;
        if place.path != self.file.path {
            return false;
        }
        match self.frame {
            Frame::One => inside(self.text.whole().span),
            _ => self.segs.iter().any(|seg| inside(seg.outer)),
        }
    }

    /// The hole that a place is in, or that stands for what is written there.
    pub fn hole_of(&self, place: &Place) -> Option<&Hole> {
        let stands_for = |hole: &&Hole| hole.stands_for.contains(place);
        if let Some(hole) = self.holes.iter().find(stands_for) {
            return Some(hole);
        }
        if !self.covers(place) {
            return None;
        }
        self.holes.iter().find(|hole| {
            let span = self.text.span(hole.at.start, hole.at.end);
            span.start <= place.span.start && place.span.end <= span.end
        })
    }

    /// Where the text goes on behind a part of the source that it holds.
    pub fn decoded_end(&self, source: Span) -> Option<usize> {
        if self.frame == Frame::One {
            return self.decoded_at(source.end);
        }
        let inside = |seg: &&Seg| seg.outer.start <= source.start && source.end <= seg.outer.end;
        let seg = self.segs.iter().find(inside)?;
        let mut at = seg.at.start;
        for (offset, sign) in self.as_str()[seg.at.clone()].char_indices() {
            let from = seg.at.start + offset;
            let end = from + sign.len_utf8();
            if self.text.span(from, end).end > source.end {
                break;
            }
            at = end;
        }
        Some(at)
    }

    /// The decoded byte that a byte of the source stands at, where it is in the text.
    pub fn decoded_at(&self, source: usize) -> Option<usize> {
        let text = self.as_str();
        let (mut low, mut high) = (0, text.len());
        // Sources of a text ascend.
        while low < high {
            let mut middle = (low + high) / 2;
            while !text.is_char_boundary(middle) {
                middle -= 1;
            }
            let sign = text[middle..].chars().next()?;
            let span = self.text.span(middle, middle + sign.len_utf8());
            if span.end <= source {
                low = middle + sign.len_utf8();
            } else {
                high = middle;
            }
        }
        (source <= self.text.whole().span.end).then_some(low)
    }
}

pub fn is_hole(sign: char) -> bool {
    matches!(sign, VALUE | BLOCK | SILENT)
}
