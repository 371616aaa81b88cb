//! What a line of a prompt is, where sentences end, which sections hold what. Reads masked text: holes are signs.
//! Knows nothing of sources.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::canvas::{is_hole, BLOCK, SILENT};
use super::words::words;

/// A line of the text.
#[derive(Clone, Debug)]
pub struct Line {
    /// Without its line break.
    pub at: Range<usize>,
    /// Where the next line starts.
    pub next: usize,
    pub fenced: bool,
}

/// An XML-like section whose tags open and close a line.
#[derive(Clone, Debug)]
pub struct Section {
    /// Whole lines, from the opening tag to the closing one.
    pub whole: Range<usize>,
    /// Between the tags.
    pub inner: Range<usize>,
}

/// A text with its lines and sections.
pub struct Prose<'a> {
    pub text: &'a str,
    pub region: Range<usize>,
    pub lines: Vec<Line>,
    pub sections: Vec<Section>,
}

impl<'a> Prose<'a> {
    pub fn new(text: &'a str, region: Range<usize>) -> Prose<'a> {
        let lines = lines(text, &region);
        let sections = sections(text, &region, &lines);
        Prose {
            text,
            region,
            lines,
            sections,
        }
    }

    pub fn line_of(&self, at: usize) -> usize {
        let behind = self.lines.partition_point(|line| line.at.start <= at);
        behind.saturating_sub(1)
    }

    pub fn content(&self, line: usize) -> &'a str {
        self.lines
            .get(line)
            .map_or("", |line| &self.text[line.at.clone()])
    }

    pub fn is_blank(&self, line: usize) -> bool {
        self.content(line).trim().is_empty()
    }

    /// The whole lines from one to another.
    pub fn lines_range(&self, from: usize, to: usize) -> Range<usize> {
        self.lines[from].at.start..self.lines[to].next
    }

    /// First and last line of the paragraph of a line.
    pub fn paragraph(&self, line: usize) -> (usize, usize) {
        let edge = |index: usize| self.is_blank(index) || self.lines[index].fenced;
        let mut first = line;
        while first > 0 && !edge(first - 1) && !is_structure(self.content(first - 1)) {
            first -= 1;
        }
        let mut last = line;
        while last + 1 < self.lines.len()
            && !edge(last + 1)
            && !is_structure(self.content(last + 1))
        {
            last += 1;
        }
        (first, last)
    }

    /// The sections that hold a byte, innermost first.
    pub fn around(&self, at: usize) -> Vec<&Section> {
        let mut out: Vec<&Section> = self
            .sections
            .iter()
            .filter(|section| section.whole.contains(&at))
            .collect();
        out.sort_by_key(|section| section.whole.len());
        out
    }

    /// The Markdown section of a line: its heading's level, and its whole lines.
    pub fn markdown(&self, line: usize) -> Option<(usize, Range<usize>)> {
        let top = (0..=line)
            .rev()
            .find(|index| !self.lines[*index].fenced && heading(self.content(*index)).is_some())?;
        let level = heading(self.content(top))?;
        let inside = self.around(self.lines[line].at.start);
        let same = self.around(self.lines[top].at.start);
        if inside.len() != same.len() {
            return None;
        }
        let limit = inside
            .first()
            .map_or(self.region.end, |section| section.inner.end);
        let ends = |index: &usize| {
            let line = &self.lines[*index];
            let next = heading(self.content(*index)).is_some_and(|other| other <= level);
            line.at.start >= limit || (next && !line.fenced)
        };
        let end = (top + 1..self.lines.len()).find(ends);
        let end = end.map_or(limit, |index| self.lines[index].at.start);
        Some((level, self.lines[top].at.start..end.min(limit)))
    }
}

fn lines(text: &str, region: &Range<usize>) -> Vec<Line> {
    let mut out = Vec::new();
    let mut start = region.start;
    let mut fenced = false;
    while start < region.end {
        let next = text[start..region.end]
            .find('\n')
            .map_or(region.end, |at| start + at + 1);
        let content = text[start..next].trim_end_matches(['\n', '\r']);
        let fence = is_fence(content);
        out.push(Line {
            at: start..start + content.len(),
            next,
            fenced: fenced || fence,
        });
        fenced ^= fence;
        start = next;
    }
    out
}

pub fn is_fence(content: &str) -> bool {
    let content = content.trim_start();
    content.starts_with("```") || content.starts_with("~~~")
}

/// The level of a Markdown heading.
pub fn heading(content: &str) -> Option<usize> {
    let content = content.trim_start();
    let level = content.len() - content.trim_start_matches('#').len();
    let text = &content[level..];
    ((1..=6).contains(&level) && text.starts_with(' ') && !text.trim().is_empty()).then_some(level)
}

/// A line that is a heading, a tag alone, a rule or a block of tags: no part of a paragraph.
pub fn is_structure(content: &str) -> bool {
    let content = content.trim();
    let rule = content.len() >= 3 && content.chars().all(|sign| "-=*_".contains(sign));
    let block = content.starts_with([BLOCK, SILENT]) && content.chars().all(is_hole);
    heading(content).is_some() || is_tag(content) || rule || block
}

static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<(/?)([A-Za-z_][\w.:-]*)([^<>\n]*)>").ok());

/// Whether a line is an opening or a closing tag and nothing else.
pub fn is_tag(content: &str) -> bool {
    let content = content.trim();
    let whole = |regex: &Regex| {
        let found = regex.find(content);
        found.is_some_and(|tag| tag.start() == 0 && tag.end() == content.len())
    };
    TAG.as_ref().is_some_and(whole)
}

fn sections(text: &str, region: &Range<usize>, lines: &[Line]) -> Vec<Section> {
    let Some(regex) = TAG.as_ref() else {
        return Vec::new();
    };
    let mut open: Vec<(&str, Range<usize>)> = Vec::new();
    let mut out = Vec::new();
    let line_of = |at: usize| lines.partition_point(|line| line.at.start <= at).max(1) - 1;
    for found in regex.captures_iter(&text[region.clone()]) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(2)) else {
            continue;
        };
        let at = region.start + whole.start()..region.start + whole.end();
        if lines[line_of(at.start)].fenced || whole.as_str().ends_with("/>") {
            continue;
        }
        let closes = found.get(1).is_some_and(|slash| !slash.is_empty());
        if !closes {
            open.push((name.as_str(), at));
            continue;
        }
        let Some(index) = open.iter().rposition(|(known, _)| *known == name.as_str()) else {
            continue;
        };
        let (_, start) = open.swap_remove(index);
        open.truncate(index);
        let (first, last) = (&lines[line_of(start.start)], &lines[line_of(at.start)]);
        let alone = text[first.at.start..start.start].trim().is_empty()
            && text[at.end..last.at.end].trim().is_empty();
        if alone {
            out.push(Section {
                whole: first.at.start..last.next,
                inner: start.end..at.start,
            });
        }
    }
    out
}

/// Where a list item's own text starts, and whether it is numbered.
pub fn item(content: &str) -> Option<(usize, bool)> {
    let blank = content.len() - content.trim_start().len();
    let text = &content[blank..];
    if let Some(sign) = text
        .chars()
        .next()
        .filter(|sign| "-*+\u{2022}".contains(*sign))
    {
        let rest = &text[sign.len_utf8()..];
        return rest
            .starts_with(' ')
            .then_some((blank + sign.len_utf8() + 1, false));
    }
    let digits = text.len()
        - text
            .trim_start_matches(|sign: char| sign.is_ascii_digit())
            .len();
    let numbered = (1..=3).contains(&digits)
        && (text[digits..].starts_with(". ") || text[digits..].starts_with(") "));
    numbered.then_some((blank + digits + 2, true))
}

static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:[-*+\u{2022}]\s+)?[*_`]{0,2}[A-Z][^.:!?\n\x01-\x03]{0,48}?[*_`]{0,2}:[*_`]{0,2}\s*\S").ok()
});

/// `Current time: ...`
pub fn is_pair(content: &str) -> bool {
    PAIR.as_ref().is_some_and(|regex| regex.is_match(content))
}

/// Whether a line ends what it says: what follows on the next one is another matter.
pub fn ends_statement(content: &str) -> bool {
    let content = content.trim_end();
    let bare =
        content.trim_end_matches(['"', '\'', ')', ']', '*', '_', '`', '\u{201d}', '\u{2019}']);
    bare.is_empty()
        || bare.ends_with([
            '.', '!', '?', ':', ';', '\u{3002}', '\u{ff01}', '\u{ff1f}', '\u{ff1a}',
        ])
        || is_pair(content)
        || item(content).is_some()
        || is_structure(content)
        || content.trim().chars().all(is_hole)
}

/// Whether a line starts something of its own.
pub fn starts_statement(content: &str) -> bool {
    let text = content.trim_start();
    let first = text.chars().next();
    first.is_none_or(|sign| !sign.is_lowercase() && !",;)".contains(sign))
}

/// The sentences of a part of the text, without the blanks between them.
pub fn sentences(text: &str, part: &Range<usize>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = part.start + blanks(&text[part.clone()]);
    let mut at = start;
    while at < part.end {
        let Some(sign) = text[at..part.end].chars().next() else {
            break;
        };
        at += sign.len_utf8();
        let wide = matches!(sign, '\u{3002}' | '\u{ff01}' | '\u{ff1f}');
        if !wide && !matches!(sign, '.' | '!' | '?') {
            continue;
        }
        if sign == '.' && is_abbreviation(&text[start..at - 1]) {
            continue;
        }
        let rest = &text[at..part.end];
        let closers = rest.len()
            - rest
                .trim_start_matches(['"', '\'', ')', ']', '*', '_', '`'])
                .len();
        let behind = &rest[closers..];
        let gap = blanks(behind);
        let next = behind[gap..].chars().next();
        let begins = next.is_none_or(|sign| !sign.is_lowercase() && !DASHES.contains(&sign));
        let whole = is_closed(&text[start..at + closers]) || behind.is_empty();
        if (gap > 0 || behind.is_empty() || wide) && begins && whole {
            out.push(start..at + closers);
            at += closers + gap;
            start = at;
        }
    }
    let end = start + text[start..part.end.max(start)].trim_end().len();
    if end > start {
        out.push(start..end);
    }
    out
}

/// With one of these a sentence goes on.
const DASHES: [char; 3] = ['-', '\u{2013}', '\u{2014}'];

/// Whether every quote, parenthesis and emphasis that a text opens is closed in it.
fn is_closed(text: &str) -> bool {
    let count = |sign: char| text.matches(sign).count();
    count('"').is_multiple_of(2)
        && text.matches("**").count().is_multiple_of(2)
        && count('`').is_multiple_of(2)
        && count('\u{201c}') == count('\u{201d}')
        && count('(') <= count(')')
        && count('[') <= count(']')
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn is_abbreviation(text: &str) -> bool {
    let word = text
        .rsplit(|sign: char| sign.is_whitespace() || sign == '(')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    // A single letter is an initial.
    words().abbreviations.contains(&word)
        || (word.len() == 1 && word.starts_with(char::is_alphabetic))
}

/// Words of a text, in lower case.
pub fn spoken(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|sign: char| !sign.is_alphanumeric() && sign != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_another_begins() {
        let text = "Use tools, e.g. search. Today is \u{1}\u{1}. v1.2 is out! Done";
        let parts: Vec<&str> = sentences(text, &(0..text.len()))
            .into_iter()
            .map(|part| &text[part])
            .collect();
        assert_eq!(
            parts,
            [
                "Use tools, e.g. search.",
                "Today is \u{1}\u{1}. v1.2 is out!",
                "Done"
            ]
        );
    }

    #[test]
    fn a_sentence_is_whole_with_its_quotes_and_what_a_dash_adds() {
        let parts = |text: &str| sentences(text, &(0..text.len())).len();
        assert_eq!(
            parts("Say exactly: \"It is \u{1}. Ready.\" - nothing else. Go on."),
            2
        );
        assert_eq!(parts("**If it is \u{1}. Then stop.** Go on."), 2);
        assert_eq!(parts("Ask (it is \u{1}. Or not). Go on."), 2);
    }

    #[test]
    fn sections_hold_whole_lines_only() {
        let text = "a <b>c</b> d\n<x>\n\u{1}\n  <y>e</y>\n</x>\n";
        let prose = Prose::new(text, 0..text.len());
        let whole: Vec<&str> = prose
            .sections
            .iter()
            .map(|section| &text[section.whole.clone()])
            .collect();
        assert_eq!(whole, ["  <y>e</y>\n", "<x>\n\u{1}\n  <y>e</y>\n</x>\n"]);
    }

    #[test]
    fn a_pair_names_what_follows() {
        assert!(is_pair("Current time: \u{1}"));
        assert!(is_pair("- **User**: \u{1}"));
        assert!(!is_pair("You are here. Time: \u{1}"));
        assert!(!is_pair("today: \u{1}"));
    }
}
