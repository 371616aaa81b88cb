//! What moves with a value: the section, the list item, the line or the sentence that it stands in, never less than
//! what reads as one. Refuses where something else speaks of it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::canvas::{is_hole, Canvas, Hole, HoleKind};
use super::prose::{
    ends_statement, heading, is_fence, is_pair, is_structure, is_tag, item, sentences, spoken,
    starts_statement, Prose,
};
use super::words::words;
use super::Refusal;

/// Most bytes of stable text that go along with a value, beside its own sentence.
const ALONG: usize = 256;

/// A first sentence on what the model does that is longer than this is no mere mention of a value.
const LONG_ROLE: usize = 40;

/// A part of the text that moves whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub at: Range<usize>,
    /// Of whole lines; else a sentence within them.
    pub lines: bool,
    /// The level of the Markdown heading it starts with.
    pub heading: Option<usize>,
    /// A section of its own: needs no heading.
    pub own_section: bool,
    /// Is no more than a value: a word must say what it is.
    pub bare: bool,
}

/// A text, masked, with its canvas.
pub struct View<'a> {
    pub canvas: &'a Canvas,
    pub prose: Prose<'a>,
}

impl<'a> View<'a> {
    pub fn new(canvas: &'a Canvas, masked: &'a str) -> View<'a> {
        View {
            canvas,
            prose: Prose::new(masked, canvas.region.clone()),
        }
    }

    pub fn stable(&self, part: &Range<usize>) -> usize {
        self.canvas.stable_bytes(self.prose.text, part)
    }

    /// What moves with a hole.
    pub fn unit(&self, hole: &Hole) -> Result<Unit, Refusal> {
        if hole.kind == HoleKind::Fixed {
            return Err(Refusal("a tag that cannot move"));
        }
        let unit = match self.section(hole)? {
            Some(unit) => unit,
            None => self.within(hole)?,
        };
        self.sound(&unit)?;
        Ok(unit)
    }

    /// A section that holds little beside the value.
    fn section(&self, hole: &Hole) -> Result<Option<Unit>, Refusal> {
        let prose = &self.prose;
        let mut found: Option<Unit> = None;
        let line = prose.line_of(hole.at.start);
        if let Some((level, whole)) = prose.markdown(line) {
            let first = prose.line_of(whole.start);
            let inner = prose.lines[first].next..whole.end;
            if whole.start > prose.region.start && self.holds_little(&inner, hole) {
                found = Some(Unit {
                    at: whole,
                    lines: true,
                    heading: Some(level),
                    own_section: true,
                    bare: false,
                });
            }
        }
        for section in prose.around(hole.at.start) {
            if !self.holds_little(&section.inner, hole) {
                break;
            }
            // A heading or a label above a section belongs to it.
            let first = prose.line_of(section.whole.start);
            let start = self.labelled(first);
            let at = prose.lines[start].at.start..section.whole.end;
            if found.as_ref().is_none_or(|known| known.at.len() < at.len()) {
                found = Some(Unit {
                    at,
                    lines: true,
                    heading: heading(prose.content(start)),
                    own_section: true,
                    bare: false,
                });
            }
        }
        Ok(found)
    }

    fn holds_little(&self, inner: &Range<usize>, hole: &Hole) -> bool {
        let own = if hole.kind == HoleKind::Block {
            hole.stable
        } else {
            0
        };
        self.stable(inner).saturating_sub(own) <= ALONG
    }

    /// The first line of what a line is the content of: the label right above it, or the heading over that.
    fn labelled(&self, line: usize) -> usize {
        let prose = &self.prose;
        let mut first = line;
        let label = |content: &str| {
            let bare = content.trim_end().trim_end_matches(['*', '_']);
            let colon = bare.ends_with(':') && item(bare).is_none_or(|(_, numbered)| !numbered);
            colon || is_bold(content)
        };
        if first > 0 && label(prose.content(first - 1)) && !prose.lines[first - 1].fenced {
            first = self.sentence_line(first - 1);
        } else if first > 1 && prose.is_blank(first - 1) && label(prose.content(first - 2)) {
            first = self.sentence_line(first - 2);
        }
        first
    }

    /// Where the statement begins that a line ends.
    fn sentence_line(&self, line: usize) -> usize {
        let prose = &self.prose;
        let mut first = line;
        while first > 0 && !ends_statement(prose.content(first - 1)) {
            first -= 1;
        }
        first
    }

    /// The block, item, lines or sentence of a hole.
    fn within(&self, hole: &Hole) -> Result<Unit, Refusal> {
        let prose = &self.prose;
        let line = prose.line_of(hole.at.start);
        let content = prose.content(line);
        if prose.lines[line].fenced {
            return self.fence(line, hole);
        }
        if content.trim_start().starts_with('|') {
            return Err(Refusal("a row of a table"));
        }
        if content.trim().chars().all(is_hole) {
            return self.alone(line, line, hole);
        }
        if let Some((_, numbered)) = item(content) {
            return self.item(line, numbered);
        }
        self.text(line, hole)
    }

    fn lines_unit(&self, from: usize, to: usize) -> Unit {
        Unit {
            at: self.prose.lines_range(from, to),
            lines: true,
            heading: heading(self.prose.content(from)),
            own_section: heading(self.prose.content(from)).is_some(),
            bare: false,
        }
    }

    /// A value or a block on lines of its own.
    fn alone(&self, from: usize, to: usize, hole: &Hole) -> Result<Unit, Refusal> {
        let prose = &self.prose;
        let first = self.labelled(from);
        if first < from {
            self.only_content(first, to)?;
            return Ok(self.lines_unit(first, to));
        }
        let before = from.checked_sub(1).map_or("", |line| prose.content(line));
        let after = prose.content(to + 1);
        let opens = |line: usize| {
            let content = prose.content(line);
            is_tag(content) && !content.trim().starts_with("</")
        };
        let above = (0..from).rev().find(|line| !prose.is_blank(*line));
        if hole.kind == HoleKind::Value && above.is_some_and(opens) {
            return Err(Refusal("a value that its section is about"));
        }
        let joined =
            !ends_statement(before) || !(after.trim().is_empty() || starts_statement(after));
        if joined && hole.kind != HoleKind::Block {
            return Err(Refusal("a value that other lines run into"));
        }
        if let Some((_, whole)) = prose.markdown(from) {
            let rest = self.stable(&(prose.lines[prose.line_of(whole.start)].next..whole.end));
            let inside = self.stable(&prose.lines_range(from, to));
            if rest <= inside {
                return Err(Refusal("a heading would stand over nothing"));
            }
        }
        let own = heading_of_block(&self.canvas.as_str()[hole.at.clone()]);
        let own = own.filter(|_| hole.kind == HoleKind::Block);
        let unit = self.lines_unit(from, to);
        Ok(Unit {
            bare: hole.kind == HoleKind::Value,
            heading: unit.heading.or(own),
            own_section: unit.own_section || own.is_some(),
            ..unit
        })
    }

    /// A label goes along only where nothing else follows under it.
    fn only_content(&self, first: usize, last: usize) -> Result<(), Refusal> {
        let prose = &self.prose;
        let next = prose.content(last + 1);
        let more = item(next).is_some() || next.starts_with([' ', '\t']) && !next.trim().is_empty();
        let own = prose.content(first).starts_with([' ', '\t']);
        if more && !own {
            return Err(Refusal("a label that more stands under"));
        }
        Ok(())
    }

    fn fence(&self, line: usize, hole: &Hole) -> Result<Unit, Refusal> {
        let prose = &self.prose;
        let opens = |index: &usize| is_fence(prose.content(*index));
        let first = (0..=line).rev().find(opens);
        let last = (line + 1..prose.lines.len()).find(opens);
        let (Some(first), Some(last)) = (first, last) else {
            return Err(Refusal("a code block that does not close"));
        };
        if !self.holds_little(&prose.lines_range(first, last), hole) {
            return Err(Refusal("inside a code block"));
        }
        self.alone(first, last, hole).map(|unit| Unit {
            bare: false,
            ..unit
        })
    }

    fn item(&self, line: usize, numbered: bool) -> Result<Unit, Refusal> {
        let prose = &self.prose;
        let blanks = |line: usize| {
            let content = prose.content(line);
            content.len() - content.trim_start().len()
        };
        let own = blanks(line);
        let mut last = line;
        while !prose.is_blank(last + 1) && blanks(last + 1) > own {
            last += 1;
        }
        let next_item = item(prose.content(last + 1)).is_some();
        if !prose.is_blank(last + 1) && !next_item && !ends_statement(prose.content(last)) {
            return Err(Refusal("an item that other lines run into"));
        }
        if numbered && next_item {
            return Err(Refusal("a numbered item"));
        }
        if own > self.canvas.manner().lead.len() {
            return Err(Refusal("an item of an inner list"));
        }
        let at = prose.lines_range(line, last);
        if self.stable(&at) > ALONG {
            return Err(Refusal("an item of much text"));
        }
        let before = line.checked_sub(1).map_or("", |line| prose.content(line));
        let first_item = item(before).is_none() && blanks(line.saturating_sub(1)) <= own;
        if first_item && !next_item {
            // The last of its list: what stands over the list goes along.
            let first = self.labelled(line);
            if first == line && heading(before).is_some() {
                return Err(Refusal("a heading would stand over nothing"));
            }
            return Ok(self.lines_unit(first, last));
        }
        Ok(self.lines_unit(line, last))
    }

    /// Units that are all that stands under a label go with it, as one; nothing leaves a heading over nothing.
    pub fn with_labels(&self, units: Vec<Unit>) -> Result<Vec<Unit>, Refusal> {
        let prose = &self.prose;
        let mut out: Vec<Unit> = Vec::new();
        let mut rest = units.into_iter().peekable();
        while let Some(first) = rest.next() {
            let mut group = vec![first];
            while let Some(next) = rest.next_if(|next| {
                let last = group.last();
                last.is_some_and(|last| last.lines && next.lines && last.at.end == next.at.start)
            }) {
                group.push(next);
            }
            let (start, end) = (group[0].at.start, group[group.len() - 1].at.end);
            if end <= start {
                out.extend(group);
                continue;
            }
            let (from, to) = (prose.line_of(start), prose.line_of(end - 1));
            if group[0].lines {
                self.heads_something(from, to)?;
            }
            let alone = prose.is_blank(to + 1) || is_structure(prose.content(to + 1));
            let label = self.labelled(from);
            if group.len() < 2 || !alone || label == from || group.iter().any(|u| u.own_section) {
                out.extend(group);
                continue;
            }
            out.push(self.lines_unit(label, to));
        }
        Ok(out)
    }

    /// Refuses where the lines are all that an underlined heading stands over.
    fn heads_something(&self, from: usize, to: usize) -> Result<(), Refusal> {
        let prose = &self.prose;
        let underlines = |line: usize| {
            let content = prose.content(line).trim();
            let signs = content.len() >= 3
                && (content.chars().all(|sign| sign == '-') || content.chars().all(|s| s == '='));
            let above = line.checked_sub(1).map_or("", |line| prose.content(line));
            signs && !above.trim().is_empty() && !above.trim().chars().all(is_hole)
        };
        let above = (0..from).rev().find(|line| !prose.is_blank(*line));
        let next = (to + 1..prose.lines.len()).find(|line| !prose.is_blank(*line));
        let ends = next.is_none_or(|next| underlines(next + 1));
        match above.is_some_and(underlines) && ends {
            true => Err(Refusal("a heading would stand over nothing")),
            false => Ok(()),
        }
    }

    /// First and last line of the statement that a line of running text is of.
    fn statement(&self, line: usize) -> (usize, usize) {
        let prose = &self.prose;
        let (first, last) = prose.paragraph(line);
        let starts = |index: &usize| {
            let before = index.checked_sub(1).map_or("", |line| prose.content(line));
            *index == first || ends_statement(before)
        };
        let ends = |index: &usize| {
            let closed = ends_statement(prose.content(*index));
            *index == last || (closed && starts_statement(prose.content(index + 1)))
        };
        let from = (first..=line).rev().find(starts);
        let to = (line..=last).find(ends);
        (from.unwrap_or(line), to.unwrap_or(line))
    }

    /// The sentence or the lines of a hole in running text.
    fn text(&self, line: usize, hole: &Hole) -> Result<Unit, Refusal> {
        let prose = &self.prose;
        let content = prose.content(line);
        let (first, last) = self.statement(line);
        let part = prose.lines[first].at.start..prose.lines[last].at.end;
        let all: Vec<Range<usize>> = sentences(prose.text, &part)
            .into_iter()
            .flat_map(|sentence| self.apart(sentence))
            .collect();
        let own = all
            .iter()
            .position(|sentence| sentence.contains(&hole.at.start));
        let own = own.ok_or(Refusal("no sentence is seen around it"))?;
        if is_pair(content) && first == last && all.len() == 1 {
            return self.pair(line);
        }
        let until = self.spoken_of(&all, own)?;
        let at = all[own].start..all[until].end;
        if self.opens_role(own, first, &at) {
            return Err(Refusal("the sentence that says who the model is"));
        }
        if own == 0 && until + 1 == all.len() {
            self.heads_nothing(last)?;
            let first = self.labelled(first);
            return Ok(self.lines_unit(first, last));
        }
        if until + 1 < all.len() && is_condition(&prose.text[at.clone()]) {
            return Err(Refusal("the sentences behind it hold where it does"));
        }
        if own > 0 && refers_back(&prose.text[at.clone()]) {
            return Err(Refusal("the sentence speaks of the one in front of it"));
        }
        let bare = prose.text[at.clone()].trim().chars().all(is_hole);
        let (from, to) = (prose.line_of(at.start), prose.line_of(at.end.max(1) - 1));
        let front = &prose.text[prose.lines[from].at.start..at.start];
        let rest = &prose.text[at.end..prose.lines[to].at.end.max(at.end)];
        if front.trim().is_empty() && rest.trim().is_empty() {
            return Ok(Unit {
                bare,
                ..self.lines_unit(from, to)
            });
        }
        Ok(Unit {
            at,
            lines: false,
            heading: None,
            own_section: false,
            bare,
        })
    }

    /// A line that ends in a colon leads what stands under it.
    fn heads_nothing(&self, line: usize) -> Result<(), Refusal> {
        let content = self.prose.content(line).trim_end();
        let leads = content.trim_end_matches(['*', '_', '`']).ends_with(':');
        match leads && !self.prose.content(line + 1).trim().is_empty() {
            true => Err(Refusal("a label that more stands under")),
            false => Ok(()),
        }
    }

    /// A sentence without the texts of their own that run into it: `{RULES}Today is {now}.`
    fn apart(&self, sentence: Range<usize>) -> Vec<Range<usize>> {
        let text = self.prose.text;
        let mut out = Vec::new();
        let mut at = sentence.start;
        let texts: Vec<Range<usize>> = self
            .canvas
            .holes_in(&sentence)
            .filter(|hole| hole.stable > ALONG && hole.varies.is_none())
            .map(|hole| hole.at.clone())
            .collect();
        for hole in texts {
            let parts = [at..hole.start, hole.clone()];
            at = hole.end;
            out.extend(parts);
        }
        out.push(at..sentence.end);
        let trimmed = |part: Range<usize>| {
            let own = &text[part.clone()];
            let start = part.start + own.len() - own.trim_start().len();
            start..(part.start + own.trim_end().len()).max(start)
        };
        out.into_iter()
            .map(trimmed)
            .filter(|part| !part.is_empty())
            .collect()
    }

    /// `Current time: ...`, with the lines that belong to its value.
    fn pair(&self, line: usize) -> Result<Unit, Refusal> {
        let next = self.prose.content(line + 1);
        if next.starts_with([' ', '\t']) && !next.trim().is_empty() {
            let deeper = |text: &str| text.len() - text.trim_start().len();
            if deeper(next) > deeper(self.prose.content(line)) {
                return Err(Refusal("a line that more stands under"));
            }
        }
        let first = if line > 0 && !is_pair(self.prose.content(line - 1)) && !is_pair(next) {
            self.labelled(line)
        } else {
            line
        };
        Ok(self.lines_unit(first, line))
    }

    /// The last of the sentences behind one that speak of it.
    fn spoken_of(&self, all: &[Range<usize>], own: usize) -> Result<usize, Refusal> {
        let text = self.prose.text;
        let mut until = own;
        while let Some(next) = all.get(until + 1) {
            let sentence = &text[next.clone()];
            let speaks = refers_back(sentence)
                || spoken(sentence)
                    .take(5)
                    .any(|word| words().speaks_of.contains(&word));
            if !speaks {
                return Ok(until);
            }
            until += 1;
            let along = self.stable(&(all[own].end..next.end));
            if along > ALONG {
                return Err(Refusal("the next sentences speak of it"));
            }
        }
        Ok(until)
    }

    fn opens_role(&self, own: usize, first: usize, at: &Range<usize>) -> bool {
        let text = self.prose.text[at.clone()].trim_start().to_lowercase();
        let opens = words()
            .opens_role
            .iter()
            .any(|words| text.starts_with(words));
        let task = text.starts_with("you ") && self.stable(at) > LONG_ROLE;
        own == 0
            && (opens || task)
            && (0..first).all(|line| {
                self.prose.is_blank(line) || heading(self.prose.content(line)).is_some()
            })
    }

    /// Whether a unit reads the same elsewhere, as far as its own words say.
    fn sound(&self, unit: &Unit) -> Result<(), Refusal> {
        let text = &self.prose.text[unit.at.clone()];
        if self
            .canvas
            .holes_in(&unit.at)
            .any(|hole| hole.kind == HoleKind::Fixed)
        {
            return Err(Refusal("a tag that cannot move"));
        }
        if is_torn(text, self.prose.text) {
            return Err(Refusal("a tag that reaches out of it"));
        }
        // `He lives here.` on the next line.
        let behind = &self.prose.text[unit.at.end..self.prose.region.end];
        let behind = behind.trim_start_matches([' ', '\t', '\r']);
        let behind = behind.strip_prefix('\n').unwrap_or(behind);
        let next = behind.lines().next().unwrap_or_default();
        let speaks = spoken(next).next();
        if speaks.is_some_and(|word| words().persons.contains(&word)) {
            return Err(Refusal("the next sentences speak of it"));
        }
        let cut = |hole: &Hole| hole.at.start < unit.at.start || hole.at.end > unit.at.end;
        if self.canvas.holes_in(&unit.at).any(cut) {
            return Err(Refusal("a tag that reaches out of it"));
        }
        for (at, _) in text.match_indices(is_word_start) {
            let word: String = text[at..]
                .chars()
                .take_while(|sign| sign.is_alphabetic())
                .collect();
            let starts = !text[..at].ends_with(char::is_alphanumeric);
            let points = starts && words().behind.contains(&word.to_lowercase());
            if points && !text[at..].chars().any(is_hole) {
                return Err(Refusal("it speaks of what follows"));
            }
        }
        Ok(())
    }
}

fn is_word_start(sign: char) -> bool {
    sign.is_alphabetic()
}

/// `**Context**` on a line of its own.
fn is_bold(content: &str) -> bool {
    let inner = content.trim().strip_prefix("**");
    let inner = inner.and_then(|rest| rest.strip_suffix("**"));
    inner.is_some_and(|inner| {
        !inner.is_empty() && !inner.contains("**") && !inner.ends_with(['.', '!', '?'])
    })
}

/// The level of the heading that a block of tags starts with.
fn heading_of_block(source: &str) -> Option<usize> {
    const TAGS: [&str; 5] = ["{%", "{{#", "{{~#", "{{^", "<%"];
    let lines = source.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty());
    let first = lines.find(|line| !TAGS.iter().any(|tag| line.starts_with(tag)));
    first.and_then(heading)
}

/// Whether a part opens what it does not close, or the other way round: `[CONTEXT]`, `BEGIN`.
fn is_torn(part: &str, all: &str) -> bool {
    static MARK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[\[<](/?)([A-Za-z_][\w-]*)[^\[\]<>\n]*[\]>]").ok());
    let mut open: BTreeMap<(char, &str), i32> = BTreeMap::new();
    for found in MARK.iter().flat_map(|mark| mark.captures_iter(part)) {
        let (Some(whole), Some(slash), Some(name)) = (found.get(0), found.get(1), found.get(2))
        else {
            continue;
        };
        let sign = whole.as_str().chars().next().unwrap_or_default();
        let way = if slash.is_empty() { 1 } else { -1 };
        *open.entry((sign, name.as_str())).or_default() += way;
    }
    let closes = |sign: char, name: &str| all.contains(&format!("{sign}/{name}"));
    let torn = open
        .iter()
        .any(|((sign, name), count)| *count != 0 && closes(*sign, name));
    let says = |text: &str, word: &str| {
        let mut words = text.split(|sign: char| !sign.is_alphanumeric());
        words.any(|known| known == word)
    };
    torn || (says(part, "BEGIN") != says(part, "END") && says(all, "BEGIN") && says(all, "END"))
}

/// `If the mode is plan, ...`
fn is_condition(sentence: &str) -> bool {
    let first = spoken(sentence).next();
    first.is_some_and(|word| words().conditions.contains(&word))
}

pub fn refers_back(sentence: &str) -> bool {
    spoken(sentence)
        .next()
        .is_some_and(|word| words().refers_back.contains(&word))
        && !sentence.trim_start().starts_with(is_hole)
}
