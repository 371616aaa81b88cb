//! The merge tables that `build.rs` lays out, and byte-pair merging over them. Searched where they stand in the
//! program: nothing is built at run time, and only the pages that are touched take memory. Knows nothing of text.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

include!("slots.rs");

/// Pieces up to this many bytes are merged by plain scans, longer ones with a heap.
const SHORT: usize = 96;

/// No merge.
const NONE: u32 = u32::MAX;

/// One merge table.
pub(super) struct Merges {
    bits: u32,
    slots: &'static [u8],
    starts: &'static [u8],
    bytes: &'static [u8],
}

/// One part of a piece while it is merged.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    /// Rank of this part joined with the next one, or `NONE`.
    rank: u32,
}

impl Merges {
    /// By the name of the table.
    pub fn of(table: &str) -> Merges {
        let laid_out: &'static [u8] = match table {
            "o200k_base" => include_bytes!(concat!(env!("OUT_DIR"), "/o200k_base.merges")),
            "cl100k_base" => include_bytes!(concat!(env!("OUT_DIR"), "/cl100k_base.merges")),
            "p50k_base" => include_bytes!(concat!(env!("OUT_DIR"), "/p50k_base.merges")),
            _ => include_bytes!(concat!(env!("OUT_DIR"), "/r50k_base.merges")),
        };
        let (count, bits) = (word(laid_out, 0) as usize, word(laid_out, 1));
        let (slots, rest) = laid_out[8..].split_at(4 << bits);
        let (starts, bytes) = rest.split_at(4 * (count + 1));
        Merges {
            bits,
            slots,
            starts,
            bytes,
        }
    }

    /// The rank of a token.
    pub fn rank(&self, token: &[u8]) -> Option<u32> {
        let (mut slot, tag) = slot_of(hash(token), self.bits);
        loop {
            let found = word(self.slots, slot);
            if found == EMPTY {
                return None;
            }
            let rank = found & RANK_MASK;
            if found & !RANK_MASK == tag && self.token(rank) == token {
                return Some(rank);
            }
            slot = (slot + 1) & ((1 << self.bits) - 1);
        }
    }

    /// The bytes of a rank.
    pub fn token(&self, rank: u32) -> &'static [u8] {
        let start = word(self.starts, rank as usize) as usize;
        let end = word(self.starts, rank as usize + 1) as usize;
        &self.bytes[start..end]
    }

    /// Where the tokens of one pretokenizer piece start.
    pub fn split(&self, piece: &[u8]) -> Vec<usize> {
        match piece.len() {
            0 => Vec::new(),
            1 => vec![0],
            _ if self.rank(piece).is_some() => vec![0],
            length if length <= SHORT => self.split_short(piece),
            _ => self.split_long(piece),
        }
    }

    /// How many tokens one pretokenizer piece is.
    pub fn count(&self, piece: &[u8]) -> usize {
        match piece.len() {
            0 => 0,
            1 => 1,
            _ if self.rank(piece).is_some() => 1,
            _ => self.split(piece).len(),
        }
    }

    fn rank_or_none(&self, token: &[u8]) -> u32 {
        self.rank(token).unwrap_or(NONE)
    }

    /// Joins the neighbours of the lowest rank, the first of equals, until none can be joined.
    fn split_short(&self, piece: &[u8]) -> Vec<usize> {
        let mut parts: Vec<Part> = (0..piece.len())
            .map(|start| Part {
                start,
                rank: piece
                    .get(start..start + 2)
                    .map_or(NONE, |pair| self.rank_or_none(pair)),
            })
            .collect();
        while let Some((at, part)) = parts.iter().enumerate().min_by_key(|(_, part)| part.rank) {
            if part.rank == NONE {
                break;
            }
            parts.remove(at + 1);
            let end_of = |index: usize| parts.get(index).map_or(piece.len(), |part| part.start);
            let joined = |index: usize| {
                if index + 1 == parts.len() {
                    return NONE;
                }
                self.rank_or_none(&piece[parts[index].start..end_of(index + 2)])
            };
            let own = joined(at);
            let before = at.checked_sub(1).map(joined);
            parts[at].rank = own;
            if let (Some(rank), Some(index)) = (before, at.checked_sub(1)) {
                parts[index].rank = rank;
            }
        }
        parts.into_iter().map(|part| part.start).collect()
    }

    /// The same with a heap of possible merges, for pieces of thousands of bytes.
    fn split_long(&self, piece: &[u8]) -> Vec<usize> {
        let length = piece.len();
        // Per start of a part: its end (0: no longer a part's start), and the start of the part in front.
        let mut ends: Vec<usize> = (1..=length).collect();
        let mut fronts: Vec<usize> = (0..length).map(|start| start.saturating_sub(1)).collect();
        let mut heap = BinaryHeap::with_capacity(length);
        let offer = |heap: &mut BinaryHeap<_>, start: usize, middle: usize, end: usize| {
            if let Some(rank) = self.rank(&piece[start..end]) {
                heap.push(Reverse((rank, start, middle, end)));
            }
        };
        for start in 0..length - 1 {
            offer(&mut heap, start, start + 1, start + 2);
        }
        while let Some(Reverse((_, start, middle, end))) = heap.pop() {
            // A part of it may have been joined with another in the meantime.
            if ends[start] != middle || ends[middle] != end {
                continue;
            }
            ends[start] = end;
            ends[middle] = 0;
            if end < length {
                fronts[end] = start;
                offer(&mut heap, start, end, ends[end]);
            }
            if start > 0 {
                offer(&mut heap, fronts[start], start, end);
            }
        }
        (0..length).filter(|start| ends[*start] > 0).collect()
    }
}

fn word(words: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&words[4 * at..4 * at + 4]);
    u32::from_le_bytes(word)
}
