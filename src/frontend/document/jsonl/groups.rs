//! Which rows are compared: rows by shape, and of each shape a sample that bounded memory holds. The sample depends on
//! nothing but the order of the rows.

use std::collections::BTreeMap;

use super::merge::merge;
use crate::frontend::document::draft::{Content, Draft};
use crate::source::stable_hash;

/// Rows of a shape that are compared.
pub(super) const SAMPLE: usize = 64;
/// Shapes that become drafts: those with the most rows. Files of free conversations have as many shapes as lengths.
pub(super) const MAX_GROUPS: usize = 32;
/// Shapes that are told apart: later ones are left out.
pub(super) const MAX_SHAPES: usize = 4096;
/// Bytes of all samples. Beyond it, samples get smaller; at last, rare shapes are left out.
pub(super) const SAMPLE_BYTES: usize = 16 << 20;

/// What is not checked, in rows and in shapes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Dropped {
    pub rows: usize,
    pub shapes: usize,
}

/// Rows by shape, in the order of their first row. `T` is what it takes to read a row again.
pub(super) struct Groups<T> {
    by_shape: BTreeMap<u64, usize>,
    list: Vec<Group<T>>,
    /// Bytes that all samples hold.
    bytes: usize,
    /// Of shapes that are not told apart; each row counts as a shape.
    beyond: usize,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Groups {
            by_shape: BTreeMap::new(),
            list: Vec::new(),
            bytes: 0,
            beyond: 0,
        }
    }
}

struct Group<T> {
    rows: usize,
    sample: Vec<Sampled<T>>,
    /// How many rows the sample may hold; 0: the shape is left out.
    room: usize,
    /// Bytes that the sample holds.
    bytes: usize,
}

struct Sampled<T> {
    /// What decides which rows stay: the lowest ones.
    key: u64,
    /// The how-manieth of its shape.
    row: usize,
    bytes: usize,
    value: T,
}

impl<T> Groups<T> {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Bytes and rows that are held.
    #[cfg(test)]
    pub fn held(&self) -> (usize, usize) {
        (self.bytes, self.list.iter().map(|g| g.sample.len()).sum())
    }

    /// The sampled rows of the first shape, in order.
    #[cfg(test)]
    pub fn rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.list[0].sample.iter().map(|s| s.row).collect();
        rows.sort_unstable();
        rows
    }

    /// Counts a row of a shape; `make` is asked for it where the sample takes it.
    pub fn add(&mut self, shape: u64, bytes: usize, make: impl FnOnce() -> T) {
        let next = self.list.len();
        if next == MAX_SHAPES && !self.by_shape.contains_key(&shape) {
            self.beyond += 1;
            return;
        }
        let at = *self.by_shape.entry(shape).or_insert(next);
        if at == next {
            self.list.push(Group {
                rows: 0,
                sample: Vec::new(),
                room: SAMPLE,
                bytes: 0,
            });
        }
        let group = &mut self.list[at];
        let held = group.bytes;
        group.add(bytes, make);
        self.bytes = self.bytes - held + group.bytes;
        while self.bytes > SAMPLE_BYTES && self.shrink() {}
    }

    /// Makes samples smaller: that of the shape with the most bytes; where all hold but two rows, the one of the
    /// shape with the fewest rows goes. `false`: there is only one.
    fn shrink(&mut self) -> bool {
        let large = self.list.iter_mut().filter(|group| group.sample.len() > 2);
        // Of equally large ones the last, whichever that is.
        if let Some(group) = large.max_by_key(|group| group.bytes) {
            self.bytes -= group.shrink(group.sample.len() / 2);
            return true;
        }
        let held = self.list.iter_mut().filter(|group| group.room > 0);
        let mut held: Vec<&mut Group<T>> = held.collect();
        if held.len() < 2 {
            return false;
        }
        held.reverse();
        let Some(group) = held.into_iter().min_by_key(|group| group.rows) else {
            return false;
        };
        self.bytes -= group.shrink(0);
        true
    }

    /// Which groups become drafts, in order.
    fn chosen(&self) -> Vec<usize> {
        let mut chosen: Vec<usize> = (0..self.list.len())
            .filter(|at| self.list[*at].room > 0)
            .collect();
        // A stable sort: of equally long groups the earlier ones stay.
        chosen.sort_by_key(|at| std::cmp::Reverse(self.list[*at].rows));
        chosen.truncate(MAX_GROUPS);
        chosen.sort_unstable();
        chosen
    }

    /// Shapes and rows that become no draft.
    pub fn dropped(&self) -> Option<Dropped> {
        let chosen = self.chosen();
        let checked: usize = chosen.iter().map(|at| self.list[*at].rows).sum();
        let all: usize = self.list.iter().map(|group| group.rows).sum();
        let shapes = self.list.len() - chosen.len() + self.beyond;
        (shapes > 0).then_some(Dropped {
            rows: all - checked + self.beyond,
            shapes,
        })
    }

    /// A draft of each group with its first row.
    pub fn drafts(
        mut self,
        read: impl Fn(&T) -> Option<Draft>,
        line_of: impl Fn(&T) -> usize,
    ) -> Vec<(Draft, T)> {
        let only = self.list.len() == 1;
        let mut out = Vec::new();
        for at in self.chosen() {
            let group = &mut self.list[at];
            let mut sample = std::mem::take(&mut group.sample);
            sample.sort_unstable_by_key(|sampled| sampled.row);
            let rows = sample.iter().filter_map(|sampled| read(&sampled.value));
            let Some(mut draft) = merge(rows.collect()) else {
                continue;
            };
            let Some(first) = sample.into_iter().next() else {
                continue;
            };
            draft.rows = group.rows;
            if !only {
                draft.key = format!("row[{}]", line_of(&first.value) + 1);
            }
            out.push((draft, first.value));
        }
        out
    }
}

impl<T> Group<T> {
    /// The first row and those with the lowest keys: as a draw among all rows so far would have it.
    fn add(&mut self, bytes: usize, make: impl FnOnce() -> T) {
        let row = self.rows;
        self.rows += 1;
        let key = if row == 0 { 0 } else { key(row) };
        if self.room == 0 {
            return;
        }
        if self.sample.len() >= self.room {
            let keys = self.sample.iter().map(|sampled| sampled.key).enumerate();
            let Some((at, highest)) = keys.max_by_key(|(_, key)| *key) else {
                return;
            };
            if key >= highest {
                return;
            }
            self.bytes -= self.sample.swap_remove(at).bytes;
        }
        self.bytes += bytes;
        self.sample.push(Sampled {
            key,
            row,
            bytes,
            value: make(),
        });
    }

    /// Leaves room for fewer rows: how many bytes that frees.
    fn shrink(&mut self, room: usize) -> usize {
        let held = self.bytes;
        self.room = room;
        self.sample.sort_unstable_by_key(|sampled| sampled.key);
        self.sample.truncate(room);
        self.bytes = self.sample.iter().map(|sampled| sampled.bytes).sum();
        held - self.bytes
    }
}

/// A number that looks drawn but is the same on every run. Every n-th row would not do: rows may take turns.
fn key(row: usize) -> u64 {
    // The finalizer of SplitMix64, which is one to one.
    let mut z = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What rows must have in common to be compared leaf by leaf: API, model, sections and kinds of blocks.
pub(super) fn shape(draft: &Draft) -> u64 {
    let mut out = format!(
        "{}|{}",
        draft.format,
        draft.target.model.as_deref().unwrap_or_default()
    );
    for message in &draft.messages {
        out.push('|');
        out.push_str(message.section.as_ref().map_or("?", |s| s.name()));
        for block in &message.blocks {
            out.push(match &block.content {
                Content::Template(..) => 't',
                Content::Media { .. } => 'm',
                _ => '?',
            });
            if block.marker.is_some() {
                out.push('!');
            }
        }
    }
    stable_hash(&[&out])
}
