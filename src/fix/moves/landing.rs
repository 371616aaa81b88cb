//! Where moved text goes: behind the last stable text of the message, in front of what varies as much. Refuses where a
//! text that stays says where the moved one stands.

use std::ops::Range;

use super::canvas::is_hole;
use super::prose::{ends_statement, heading, is_pair, is_tag, item, sentences, spoken};
use super::unit::{Unit, View};
use super::words::words;
use super::Refusal;
use crate::volatility::{Key, Scope};

/// Bytes of stable text that may stand between what varies at the end: labels, a question mark, `Answer:`.
const CRUMBS: usize = 160;
/// The longest line that asks for the answer.
const CUE: usize = 48;

/// Where moved text goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Landing {
    pub at: usize,
    /// A heading of this level goes in front, with this text.
    pub heading: Option<(usize, String)>,
    /// Something follows.
    pub tail: bool,
    /// A blank line goes in front in any case: what stands there is another matter.
    pub apart: bool,
}

impl View<'_> {
    /// Where the units go. `key`: how much they vary.
    pub fn landing(&self, units: &[Unit], key: &Key) -> Result<Landing, Refusal> {
        let first = units.first().ok_or(Refusal("nothing moves"))?;
        let last = units.last().ok_or(Refusal("nothing moves"))?;
        let end = self.end(first.at.start);
        let at = self.tail(last.at.end, end, first.at.start, key);
        let at = at.unwrap_or_else(|| self.in_front_of_cue(last.at.end, end));
        let passed = last.at.end..at;
        if self.stable(&passed) == 0 {
            return Err(Refusal("no stable text stands behind it"));
        }
        for unit in units {
            self.unspoken(unit, &(unit.at.end..self.prose.region.end))?;
        }
        let tail = self.stable(&(at..end)) > 0 || self.prose.text[at..end].contains(is_hole);
        Ok(Landing {
            at,
            heading: self.heading_for(units, at),
            tail,
            apart: false,
        })
    }

    /// The end of the message, in front of the closing tags of sections that hold the units too.
    fn end(&self, start: usize) -> usize {
        let prose = &self.prose;
        let mut end = prose.region.end;
        for line in prose.lines.iter().rev() {
            let content = prose.text[line.at.clone()].trim();
            if content.is_empty() {
                continue;
            }
            let closes = |inner: &Range<usize>| {
                inner.end == line.at.end - content.len() || line.at.contains(&inner.end)
            };
            let around = prose.around(start);
            if content.starts_with("</")
                && is_tag(content)
                && around.iter().any(|s| closes(&s.inner))
            {
                end = line.at.start;
            } else {
                break;
            }
        }
        end
    }

    /// The start of what varies at the end of the message.
    fn tail(&self, from: usize, end: usize, unit: usize, key: &Key) -> Option<usize> {
        let starts = self.chunks(from, end, unit);
        for (index, start) in starts.iter().enumerate() {
            let next = starts.get(index + 1).copied().unwrap_or(end);
            let varies = self.canvas.holes_in(&(*start..next)).any(|hole| {
                let known = hole.varies.as_ref();
                known.is_some_and(|known| known.scope == Scope::Call || known.at_least(key))
            });
            if varies && self.stable(&(*start..end)) <= CRUMBS {
                return Some(self.behind_own_heading(*start, next));
            }
        }
        None
    }

    /// Behind what an earlier fix moved, under its heading.
    fn behind_own_heading(&self, start: usize, next: usize) -> usize {
        let content = self.prose.content(self.prose.line_of(start));
        let text = content.trim_start().trim_start_matches('#').trim();
        let ours = heading(content).is_some() && words().headings.iter().any(|known| known == text);
        if ours {
            next
        } else {
            start
        }
    }

    /// Where paragraphs and sections start at which a text can be put in.
    fn chunks(&self, from: usize, end: usize, unit: usize) -> Vec<usize> {
        let prose = &self.prose;
        let mut out = Vec::new();
        for (index, line) in prose.lines.iter().enumerate() {
            let at = line.at.start;
            if at < from || at >= end || prose.is_blank(index) {
                continue;
            }
            let content = prose.content(index);
            let before = index
                .checked_sub(1)
                .map_or("", |index| prose.content(index));
            let blank = before.trim().is_empty();
            let section = heading(content).is_some()
                || (is_tag(content) && !content.trim().starts_with("</"));
            let own =
                ends_statement(before) && (is_pair(content) || content.trim().chars().all(is_hole));
            // A label keeps what stands under it.
            let label = before.trim_end().ends_with(':') && !is_pair(before);
            let under_heading = heading(before).is_some();
            let opens = is_tag(before) && !before.trim().starts_with("</");
            if !(blank || section || own) || label || under_heading || opens || line.fenced {
                continue;
            }
            let outer = prose.around(at);
            let shared = outer
                .iter()
                .all(|s| s.whole.contains(&unit) || s.whole.start == at);
            if shared {
                out.push(at);
            }
        }
        out.retain(|at| !self.labelled_above(*at));
        out
    }

    /// Whether a label or a heading stands above, over a blank line.
    fn labelled_above(&self, at: usize) -> bool {
        let prose = &self.prose;
        let line = prose.line_of(at);
        let above = (0..line).rev().find(|index| !prose.is_blank(*index));
        let over = above.map_or("", |index| prose.content(index));
        let own = heading(prose.content(line)).is_some();
        !own && (heading(over).is_some() || (over.trim_end().ends_with(':') && !is_pair(over)))
    }

    /// The end, or the last line where that asks for the answer.
    fn in_front_of_cue(&self, from: usize, end: usize) -> usize {
        let prose = &self.prose;
        let lines = &prose.lines;
        let last = (0..lines.len())
            .rev()
            .find(|index| lines[*index].at.start < end && !prose.is_blank(*index));
        let Some(last) = last.filter(|index| lines[*index].at.start >= from) else {
            return end;
        };
        let content = prose.content(last).trim();
        let cue = content.len() <= CUE
            && (content.ends_with(':') || (is_tag(content) && !content.starts_with("</")));
        if cue {
            lines[last].at.start
        } else {
            end
        }
    }

    /// Refuses where a sentence behind speaks of a unit as standing above.
    pub fn unspoken(&self, unit: &Unit, behind: &Range<usize>) -> Result<(), Refusal> {
        let text = self.prose.text;
        let stops = &words().stops;
        let telling = |part: &str| -> Vec<String> {
            let all = spoken(part).filter(|word| word.len() >= 3 && !stops.contains(word));
            all.map(|word| word.trim_end_matches('s').to_string())
                .collect()
        };
        let mut about = telling(&text[unit.at.clone()]);
        about.extend(self.canvas.holes_in(&unit.at).flat_map(|hole| {
            let names = hole.reads.iter();
            names
                .flat_map(|name| telling(&name.replace('_', " ")))
                .collect::<Vec<_>>()
        }));
        if !spoken(&text[behind.clone()]).any(|word| words().in_front.contains(&word)) {
            return Ok(());
        }
        for sentence in self.said(behind) {
            let sentence = &text[sentence];
            if !spoken(sentence).any(|word| words().in_front.contains(&word)) {
                continue;
            }
            if stands_alone(sentence) {
                return Err(Refusal("a later sentence says that it stands above"));
            }
            let said: Vec<String> = beside(sentence)
                .iter()
                .flat_map(|part| telling(part))
                .collect();
            let said: Vec<&String> = said
                .iter()
                .filter(|word| !words().in_front.contains(word))
                .collect();
            if said.is_empty() || said.iter().any(|word| about.contains(word)) {
                return Err(Refusal("a later sentence says that it stands above"));
            }
        }
        Ok(())
    }

    /// The sentences of a part, none over more lines than belong together.
    fn said(&self, part: &Range<usize>) -> Vec<Range<usize>> {
        let prose = &self.prose;
        let mut out = Vec::new();
        let mut start = part.start;
        for (index, line) in prose.lines.iter().enumerate() {
            if line.next <= part.start || line.at.start >= part.end {
                continue;
            }
            let blank = prose.is_blank(index + 1) || item(prose.content(index + 1)).is_some();
            if blank || ends_statement(prose.content(index)) {
                let end = line.at.end.min(part.end);
                out.extend(sentences(prose.text, &(start..end.max(start))));
                start = line.next;
            }
        }
        out
    }

    /// The heading that units without one need where the text before has sections.
    fn heading_for(&self, units: &[Unit], at: usize) -> Option<(usize, String)> {
        let prose = &self.prose;
        let moved = |at: usize| units.iter().any(|unit| unit.at.contains(&at));
        let stays = |line: &usize| {
            let place = &prose.lines[*line];
            place.at.start < at && !place.fenced && !moved(place.at.start)
        };
        let levels = |line: usize| heading(prose.content(line));
        let known: Vec<(usize, usize)> = (0..prose.lines.len())
            .filter(stays)
            .filter_map(|line| Some((line, levels(line)?)))
            .collect();
        let (last, _) = known.last().copied()?;
        let title = prose
            .content(last)
            .trim_start()
            .trim_start_matches('#')
            .trim();
        let ours = words().headings.iter().any(|known| known == title);
        if ours && self.behind_section(last, at) {
            return None;
        }
        let first = units.first()?;
        let level = match first.heading {
            // A section of a lower level would become a part of the one in front of it.
            Some(own) if known.iter().any(|(_, level)| *level < own) && own > lowest(&known) => {
                own - 1
            }
            Some(_) => return None,
            None if first.own_section => return None,
            None => lowest(&known),
        };
        let taken = |text: &&String| {
            let line = |index: usize| {
                let content = prose.content(index);
                heading(content).is_some()
                    && content.trim_start().trim_start_matches('#').trim() == text.as_str()
            };
            !(0..prose.lines.len()).any(line)
        };
        let text = words().headings.iter().find(taken)?;
        Some((level, text.clone()))
    }

    /// Whether a byte is in the section of a heading, or right behind it.
    fn behind_section(&self, line: usize, at: usize) -> bool {
        let section = self.prose.markdown(line);
        section.is_some_and(|(_, whole)| whole.end >= at)
    }
}

/// `The above is ...`: whatever stands in front.
fn stands_alone(sentence: &str) -> bool {
    let all: Vec<String> = spoken(sentence).collect();
    let verbs = &words().verbs;
    let alone = |index: usize| {
        let points = words().in_front.contains(&all[index]);
        let after_article = index > 0 && all[index - 1] == "the";
        let next = all.get(index + 1);
        points && after_article && next.is_none_or(|next| verbs.contains(next))
    };
    (0..all.len()).any(alone)
}

/// The words around each word that says where something stands.
fn beside(sentence: &str) -> Vec<String> {
    const IN_FRONT: usize = 5;
    const BEHIND: usize = 3;
    let all: Vec<String> = spoken(sentence).collect();
    let points = |index: &usize| words().in_front.contains(&all[*index]);
    let around = |index: usize| {
        let from = index.saturating_sub(IN_FRONT);
        let to = (index + BEHIND + 1).min(all.len());
        all[from..to].join(" ")
    };
    (0..all.len()).filter(points).map(around).collect()
}

/// The level that sections of the text have: the second one where only a title has the first.
fn lowest(known: &[(usize, usize)]) -> usize {
    let least = known.iter().map(|(_, level)| *level).min().unwrap_or(1);
    let of_least = known.iter().filter(|(_, level)| *level == least).count();
    let next = known
        .iter()
        .map(|(_, level)| *level)
        .filter(|level| *level > least)
        .min();
    match next {
        Some(next) if of_least == 1 => next,
        _ => least,
    }
}
