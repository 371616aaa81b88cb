//! Splits a file into the front matter between `---` fences and the body behind it. Parses neither.

use crate::source::Text;

/// The text between the fences (with its last line break) and the text behind the line of the closing fence.
/// `None` if the text does not open with a `---` line or no such line closes it.
pub fn split_front_matter(text: &Text) -> Option<(Text, Text)> {
    let source = text.as_str();
    let mut fences = Fences { source, at: 0 };
    let mut opening = fences.next()?;
    // Blank lines and comment lines may stand in front (licence headers of prompt files).
    while opening.skippable {
        opening = fences.next()?;
    }
    if !opening.fence {
        return None;
    }
    let closing = fences.find(|line| line.fence)?;
    Some((
        text.slice(opening.end, closing.start),
        text.slice(closing.end, source.len()),
    ))
}

struct Line {
    start: usize,
    /// Behind the line break.
    end: usize,
    fence: bool,
    skippable: bool,
}

struct Fences<'a> {
    source: &'a str,
    at: usize,
}

impl Iterator for Fences<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.at >= self.source.len() {
            return None;
        }
        let start = self.at;
        let end = self.source[start..]
            .find('\n')
            .map_or(self.source.len(), |found| start + found + 1);
        self.at = end;
        let line = self.source[start..end].trim_end();
        Some(Line {
            start,
            end,
            fence: line == "---",
            skippable: line.is_empty() || line.starts_with('#'),
        })
    }
}
