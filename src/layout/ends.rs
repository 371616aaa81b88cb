//! Where a target can match the prefix of a request: steps, message ends, markers (DESIGN 4).

use super::{Kind, Layout, Mark, Terms};
use crate::cost::End;
use crate::prompt::Section;
use crate::providers::Match;

/// Beyond this many steps of a request only those count where something changes.
const MOST_ENDS: usize = 1 << 16;

impl Layout {
    /// The offsets at which marks stand. An edit may leave block numbers out of order: the last segment of at most a
    /// block is the last one behind which all others are of later blocks.
    fn mark_offsets(&self) -> Vec<f64> {
        if self.marks.is_empty() {
            return Vec::new();
        }
        let mut least: Vec<usize> = self.segments.iter().map(|segment| segment.block).collect();
        for index in (1..least.len()).rev() {
            least[index - 1] = least[index - 1].min(least[index]);
        }
        let offsets = self.offsets();
        let marks = self.marks.iter();
        marks
            .map(|mark| offsets[least.partition_point(|block| *block <= mark.block)])
            .collect()
    }

    /// The offset at which a mark stands.
    pub fn mark_offset(&self, mark: &Mark) -> f64 {
        let behind = self
            .segments
            .iter()
            .rposition(|segment| segment.block <= mark.block)
            .map_or(0, |index| index + 1);
        self.offset(behind)
    }

    /// Where the target can match, ascending, each at least the minimum.
    pub fn ends(&self, terms: &Terms) -> Vec<End> {
        if !terms.caches() || self.unkeyed {
            return Vec::new();
        }
        let minimum = f64::from(terms.model.minimum);
        let write = terms.prices.write.unwrap_or(terms.prices.input);
        let plain = |at: f64| End {
            at,
            ttl: terms.ttl,
            write,
        };
        let mut ends: Vec<End> = match terms.model.matching {
            Match::None => Vec::new(),
            Match::Steps { step } => {
                let step = f64::from(step.max(1));
                let total = self.total();
                let count = if total < minimum {
                    0
                } else {
                    ((total - minimum) / step) as usize + 1
                };
                // A step of one token has a cheap equivalent: an end wherever the key changes, and the total.
                if step <= 1.0 || count > MOST_ENDS {
                    let mut at: Vec<f64> =
                        self.stretches().iter().map(|stretch| stretch.end).collect();
                    at.push(minimum);
                    at.sort_by(f64::total_cmp);
                    at.into_iter()
                        .filter(|at| *at <= total)
                        .map(plain)
                        .collect()
                } else {
                    (0..count)
                        .map(|n| plain(minimum + step * n as f64))
                        .collect()
                }
            }
            Match::Ends => {
                let mut at = Vec::new();
                if terms.model.self_healing {
                    at.extend(self.stretches().iter().map(|stretch| stretch.end));
                }
                if !self.explicit_only {
                    at.extend(self.eligible_ends());
                }
                at.into_iter()
                    .map(plain)
                    .chain(self.marked_ends(terms, write))
                    .collect()
            }
            Match::Marks => self.marked_ends(terms, write),
        };
        ends.retain(|end| end.at >= minimum);
        ends.sort_by(|a, b| a.at.total_cmp(&b.at));
        ends.dedup_by(|later, kept| later.at == kept.at);
        ends
    }

    fn marked_ends(&self, terms: &Terms, write: f64) -> Vec<End> {
        let mut out: Vec<End> = self
            .marks
            .iter()
            .zip(self.mark_offsets())
            .map(|(mark, at)| {
                let long = mark.ttl.is_some_and(|ttl| f64::from(ttl) > terms.ttl);
                End {
                    at,
                    ttl: mark.ttl.map_or(terms.ttl, f64::from),
                    write: if long {
                        terms.prices.write_long.unwrap_or(write)
                    } else {
                        write
                    },
                }
            })
            .collect();
        // A marker in or behind a history reads back to the end of the turns that were sent before.
        if let Some(history) = self.history_end() {
            if let Some(last) = out.iter().copied().max_by(|a, b| a.at.total_cmp(&b.at)) {
                if last.at >= history {
                    out.push(End {
                        at: history,
                        ..last
                    });
                }
            }
        }
        if self.assumed_marks {
            let at = self.message_ends().into_iter().chain(self.history_end());
            out.extend(at.map(|at| End {
                at,
                ttl: terms.ttl,
                write,
            }));
        }
        out
    }

    fn history_end(&self) -> Option<f64> {
        let index = self
            .segments
            .iter()
            .rposition(|segment| matches!(segment.kind, Kind::History { .. }))?;
        Some(self.offset(index + 1))
    }

    fn message_ends(&self) -> Vec<f64> {
        let mut out = Vec::new();
        let mut at = 0.0;
        for (index, segment) in self.segments.iter().enumerate() {
            at += segment.tokens;
            let last = self
                .segments
                .get(index + 1)
                .is_none_or(|next| next.message != segment.message);
            if last {
                out.push(at);
            }
        }
        out
    }

    /// Ends of eligible messages: each user message, the last tool message of a group, the last message of the
    /// initial developer group, the end of a history.
    fn eligible_ends(&self) -> Vec<f64> {
        let mut out = Vec::new();
        let mut at = 0.0;
        for (index, segment) in self.segments.iter().enumerate() {
            at += segment.tokens;
            let next = self.segments.get(index + 1);
            if next.is_some_and(|next| next.message == segment.message) {
                continue;
            }
            let section = &self.messages[segment.message].section;
            let next_section = next.map(|next| &self.messages[next.message].section);
            let eligible = match section {
                Section::Role(role) if role == "user" => true,
                Section::Role(role) if role == "tool" => {
                    next_section.is_none_or(|next| next != section)
                }
                // At the end of a fragment the turns follow.
                section if section.is_preamble() => {
                    next_section.is_none_or(|next| !next.is_preamble())
                }
                _ => false,
            };
            if eligible {
                out.push(at);
            }
        }
        out.extend(self.history_end());
        out
    }
}
