//! The line of the newer side on which two versions of a prompt's text begin to differ. Looks into the sources that
//! the analyses hold; knows nothing of money.

use super::matching::piece;
use crate::engine::Analysis;
use crate::judge::Judged;
use crate::layout::{Part, Segment};
use crate::source::{Place, SourceFile};

/// One prompt of one side.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub analysis: &'a Analysis,
    pub judged: &'a Judged,
}

impl<'a> Seen<'a> {
    fn source(self, place: &Place) -> Option<&'a SourceFile> {
        self.analysis.sources.get(&place.path).map(|file| &**file)
    }

    /// Texts of other places within a run.
    fn parts(self, run: &Segment) -> Vec<&'a Part> {
        let parts = self.judged.layout.parts.iter();
        parts.filter(|part| part.segment == run.id).collect()
    }
}

/// From the first sign that differs to the end of its line, on the newer side.
pub fn first_difference(base: Seen, head: Seen) -> Option<Place> {
    let (before, after) = runs(base.judged, head.judged)?;
    let (older, newer) = (base.parts(before), head.parts(after));
    let news = |part: &&&Part| !older.iter().any(|known| known.hash == part.hash);
    let Some(part) = newer.iter().find(news) else {
        return within(base, &before.place, head, &after.place);
    };
    let same_file = |known: &&&Part| known.place.path == part.place.path;
    let gone = |known: &&&Part| !newer.iter().any(|part| part.hash == known.hash);
    let former = older.iter().filter(gone).find(same_file);
    match former {
        Some(former) => within(base, &former.place, head, &part.place),
        None => Some(part.place.clone()),
    }
}

/// The first texts that differ.
fn runs<'a>(base: &'a Judged, head: &'a Judged) -> Option<(&'a Segment, &'a Segment)> {
    let pairs = base.layout.segments.iter().zip(&head.layout.segments);
    let mut differing = pairs.filter(|(a, b)| piece(&a.kind) != piece(&b.kind));
    differing.find(|(a, b)| a.is_seen_text() && b.is_seen_text())
}

fn within(base: Seen, before: &Place, head: Seen, after: &Place) -> Option<Place> {
    let (older, newer) = (base.source(before)?, head.source(after)?);
    let old = older.slice(before.span.start, before.span.end);
    let new = newer.slice(after.span.start, after.span.end);
    let common = old
        .char_indices()
        .zip(new.chars())
        .find(|((_, a), b)| a != b)
        .map_or_else(|| old.len().min(new.len()), |((at, _), _)| at);
    let start = after.span.start + common;
    let line = newer.line_span(newer.line_index(start));
    let end = line.end.max(start).min(after.span.end.max(start));
    Some(Place::new(&after.path, start, end))
}
