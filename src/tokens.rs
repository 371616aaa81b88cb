//! Counting tokens: exact where the encoding is public, a stated range elsewhere, cheap bounds where those suffice.
//! Knows nothing of requests: chat framing is added by `layout`.

mod bounds;
mod encoding;
mod merges;
mod pieces;

use crate::providers::Tokenizer;
use encoding::Encoding;

/// A longer pretokenizer piece is merged in parts of this many bytes: keeps memory flat.
const LONGEST_PIECE: usize = 64 * 1024;

/// How far back from the end of a run its last pieces are looked for, in bytes, nearest first.
const TAILS: [usize; 3] = [256, 4 * 1024, 64 * 1024];

/// Counts tokens of one encoding. Cheap to make and to copy; the merge table is opened by the first exact count.
#[derive(Clone, Copy)]
pub struct Counter {
    encoding: &'static Encoding,
}

/// Bounds on a count without a merge table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    pub at_least: u32,
    pub at_most: u32,
}

/// The tokens of a run of text that a value follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StablePrefix {
    /// Tokens that stay whatever follows: up to the last pretokenizer piece but two.
    pub guaranteed: u32,
    /// Tokens of the run on its own.
    pub total: u32,
}

/// A count in the tokens of a model.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Estimate {
    pub low: f64,
    pub typical: f64,
    pub high: f64,
    /// By the model's own tokenizer; low, typical and high are the same.
    pub exact: bool,
}

impl Counter {
    /// By encoding name (`o200k_base`); `None`: not one of [`encodings`]. Builds no table.
    pub fn new(encoding: &str) -> Option<Counter> {
        encoding::find(encoding).map(|encoding| Counter { encoding })
    }

    /// The number of tokens. Exact for every text without a pretokenizer piece of more than 64 KiB (a run of one letter
    /// or of blanks); a longer one is cut and may count a token too many per cut.
    pub fn count(&self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let merges = self.encoding.merges();
        let tokens = self
            .encoding
            .cut
            .pieces(text)
            .flat_map(|piece| piece.as_bytes().chunks(LONGEST_PIECE))
            .map(|piece| merges.count(piece))
            .sum();
        saturating(tokens)
    }

    /// Bounds from the text alone: in one cheap pass, without the merge table.
    pub fn bounds(&self, text: &str) -> Bounds {
        let by_pieces = bounds::least_pieces(text, self.encoding.digits);
        let by_length = text.len().div_ceil(self.encoding.longest);
        Bounds {
            at_least: saturating(by_pieces.max(by_length)),
            at_most: saturating(text.len()),
        }
    }

    /// The tokens of a run of text directly before a value.
    pub fn stable_prefix(&self, text: &str) -> StablePrefix {
        let total = self.count(text);
        let dropped = match self.last_two_pieces(text) {
            Some(pieces) => pieces.iter().map(|piece| self.count(piece)).sum(),
            None => total,
        };
        StablePrefix {
            guaranteed: total.saturating_sub(dropped),
            total,
        }
    }

    /// How many bytes of a text a value behind it cannot touch: the start of the last pretokenizer piece but one.
    /// Needs no merge table.
    pub fn stable_len(&self, text: &str) -> usize {
        self.last_two_pieces(text)
            .map_or(0, |[first, second]| text.len() - first.len() - second.len())
    }

    /// The last two pretokenizer pieces where at least one more stands in front of them.
    fn last_two_pieces<'t>(&self, text: &'t str) -> Option<[&'t str; 2]> {
        for tail in TAILS {
            let from = floor_boundary(text, text.len().saturating_sub(tail));
            let start = if from == 0 {
                0
            } else {
                match cut_between(text, from, text.len()) {
                    Some(cut) => cut,
                    None => continue,
                }
            };
            if let Some(found) = self.last_two_of(&text[start..], start == 0) {
                return Some(found);
            }
            if start == 0 {
                return None;
            }
        }
        None
    }

    fn last_two_of<'t>(&self, tail: &'t str, whole: bool) -> Option<[&'t str; 2]> {
        let (mut first, mut second, mut pieces) = ("", "", 0usize);
        for piece in self.encoding.cut.pieces(tail) {
            first = second;
            second = piece;
            pieces += 1;
        }
        let enough = if whole { 3 } else { 2 };
        (pieces >= enough).then_some([first, second])
    }
}

impl Estimate {
    /// A count of the counting encoding, in the model's tokens.
    pub fn of(count: u32, tokenizer: &Tokenizer) -> Estimate {
        Estimate::scaled(f64::from(count), f64::from(count), tokenizer)
    }

    /// Bounds of the counting encoding, in the model's tokens. Exact only where the bounds meet.
    pub fn between(bounds: Bounds, tokenizer: &Tokenizer) -> Estimate {
        Estimate::scaled(
            f64::from(bounds.at_least),
            f64::from(bounds.at_most),
            tokenizer,
        )
    }

    fn scaled(least: f64, most: f64, tokenizer: &Tokenizer) -> Estimate {
        let middle = (least + most) / 2.0;
        if tokenizer.exact {
            return Estimate {
                low: least,
                typical: middle,
                high: most,
                exact: least == most,
            };
        }
        Estimate {
            low: least * tokenizer.low,
            typical: middle * tokenizer.typical,
            high: most * tokenizer.high,
            exact: false,
        }
    }
}

/// The names of all encodings, in table order.
pub fn encodings() -> Vec<&'static str> {
    encoding::all()
        .iter()
        .flat_map(|encoding| encoding.names.iter().map(String::as_str))
        .collect()
}

/// The merge tables opened so far in this process, in table order. A run that needs no exact count opens none.
pub fn tables_opened() -> Vec<&'static str> {
    encoding::all()
        .iter()
        .filter(|encoding| encoding.is_open())
        .map(|encoding| encoding.table.as_str())
        .collect()
}

fn saturating(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The first place in a range where every pretokenizer ends a piece whatever stands around it: behind a letter,
/// before a blank or a sign other than an apostrophe. (A letter never takes what follows it into its piece, and a
/// piece that ends in a letter does not look ahead.)
fn cut_between(text: &str, from: usize, to: usize) -> Option<usize> {
    let from = floor_boundary(text, from);
    let mut behind_letter = false;
    for (at, c) in text[from..floor_boundary(text, to)].char_indices() {
        if behind_letter && bounds::ends_word(c) {
            return Some(from + at);
        }
        behind_letter = bounds::is_letter(c);
    }
    None
}

#[cfg(test)]
mod tests;
