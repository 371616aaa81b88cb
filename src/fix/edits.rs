//! Edits put into text: which may stand together, and what comes of them. Knows nothing of findings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::{Edit, Fix};
use crate::source::{SourceFile, Sources, Span};
use crate::workspace::holds_rows;

/// The places that are edited so far, by file.
#[derive(Default)]
pub struct Taken(BTreeMap<Arc<str>, BTreeSet<Span>>);

impl Taken {
    /// Takes the places of a fix, all or none of them.
    pub fn take(&mut self, fix: &Fix) -> bool {
        let free = |edit: &Edit| {
            let known = self.0.get(&edit.place.path);
            known.is_none_or(|known| !known.iter().any(|span| touch(*span, edit.place.span)))
        };
        if !fix.edits.iter().all(free) {
            return false;
        }
        for edit in &fix.edits {
            let known = self.0.entry(edit.place.path.clone()).or_default();
            known.insert(edit.place.span);
        }
        true
    }
}

/// Whether two edits share text, or the place where both put theirs.
fn touch(a: Span, b: Span) -> bool {
    a.start < b.end && b.start < a.end || a.start == b.start || a.end == b.end && a.is_empty()
}

/// Whether a fix can be put into the files as they are: its places are there, in text that would be written back as it
/// was, and no two of them share text.
pub fn fits(fix: &Fix, sources: &Sources) -> bool {
    let fits = |edit: &Edit| {
        let span = edit.place.span;
        sources.get(&edit.place.path).is_some_and(|file| {
            is_editable(file)
                && span.start <= span.end
                && file.text.is_char_boundary(span.start)
                && file.text.is_char_boundary(span.end)
        })
    };
    let mut places: Vec<(&Arc<str>, Span)> = fix
        .edits
        .iter()
        .map(|edit| (&edit.place.path, edit.place.span))
        .collect();
    places.sort();
    let apart = |two: &[(&Arc<str>, Span)]| two[0].0 != two[1].0 || !touch(two[0].1, two[1].1);
    !places.is_empty() && fix.edits.iter().all(fits) && places.windows(2).all(apart)
}

/// Files of rows are held in part, and what is not UTF-8 would not be written back as it was.
pub fn is_editable(file: &SourceFile) -> bool {
    file.invalid_bytes == 0 && !file.binary && !holds_rows(&file.path)
}

/// The texts of the files that fixes edit. The fixes fit and share no text.
pub fn edited<'a>(
    fixes: impl Iterator<Item = &'a Fix>,
    sources: &Sources,
) -> BTreeMap<Arc<str>, String> {
    let mut by_file: BTreeMap<&Arc<str>, Vec<&Edit>> = BTreeMap::new();
    for edit in fixes.flat_map(|fix| &fix.edits) {
        by_file.entry(&edit.place.path).or_default().push(edit);
    }
    let mut out = BTreeMap::new();
    for (path, mut edits) in by_file {
        let Some(file) = sources.get(path) else {
            continue;
        };
        edits.sort_by_key(|edit| edit.place.span);
        let (mut text, mut at) = (String::with_capacity(file.text.len()), 0);
        for edit in edits {
            let span = edit.place.span;
            text.push_str(file.text.get(at..span.start).unwrap_or_default());
            text.push_str(&edit.text);
            at = span.end;
        }
        text.push_str(file.text.get(at..).unwrap_or_default());
        out.insert(path.clone(), text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Place;

    fn fix(path: &str, edits: &[(usize, usize, &str)]) -> Fix {
        let path: Arc<str> = path.into();
        let edits = edits.iter().map(|(start, end, text)| Edit {
            place: Place::new(&path, *start, *end),
            text: (*text).into(),
        });
        Fix {
            title: "t".into(),
            safe: true,
            edits: edits.collect(),
        }
    }

    fn sources(path: &str, text: &str) -> Sources {
        [(path.into(), Arc::new(SourceFile::new(path, text)))].into()
    }

    #[test]
    fn edits_are_put_in_by_place_whatever_their_order() {
        let sources = sources("a.py", "one two three");
        let (a, b) = (
            fix("a.py", &[(8, 13, "3"), (0, 3, "1")]),
            fix("a.py", &[(4, 7, "2")]),
        );
        assert!(fits(&a, &sources) && fits(&b, &sources));
        let texts = edited([&a, &b].into_iter(), &sources);
        assert_eq!(texts["a.py"], "1 2 3");
    }

    #[test]
    fn what_shares_text_or_a_place_does_not_go_together() {
        let mut taken = Taken::default();
        assert!(taken.take(&fix("a.py", &[(2, 5, ""), (9, 9, "x")])));
        assert!(!taken.take(&fix("a.py", &[(4, 8, "")])));
        assert!(!taken.take(&fix("a.py", &[(9, 9, "y")])));
        assert!(!taken.take(&fix("a.py", &[(20, 21, ""), (3, 3, "y")])));
        assert!(taken.take(&fix("a.py", &[(5, 8, "")])));
        assert!(taken.take(&fix("b.py", &[(4, 8, "")])));
        // What was not taken has taken nothing.
        assert!(taken.take(&fix("a.py", &[(20, 21, "")])));
    }

    #[test]
    fn a_fix_fits_where_its_places_are_characters_of_a_text() {
        let sources = sources("a.py", "é");
        assert!(!fits(&fix("a.py", &[(1, 2, "")]), &sources));
        assert!(!fits(&fix("a.py", &[(0, 9, "")]), &sources));
        assert!(!fits(&fix("b.py", &[(0, 0, "")]), &sources));
        assert!(!fits(&fix("a.py", &[]), &sources));
        assert!(!fits(&fix("a.py", &[(0, 2, "a"), (0, 2, "b")]), &sources));
        assert!(fits(&fix("a.py", &[(0, 2, "e")]), &sources));
        let bytes = SourceFile::from_bytes("a.py".into(), vec![b'a', 0xff]);
        assert!(!is_editable(&bytes));
        assert!(!is_editable(&SourceFile::new("rows.jsonl", "{}")));
    }
}
