//! A partial that stands alone on its line is indented as its tag is: every line that it sends starts with the
//! blanks in front of the tag. Knows nothing of files or of where the indent comes from.

use std::sync::Arc;

use crate::prompt::Piece;
use crate::source::{Place, Span, Text};

use super::value::push_piece;

/// Puts an indent in front of every line that pieces send; the empty end behind a last line break is no line.
pub fn indent(pieces: Vec<Piece>, with: &str, at: &Place) -> Vec<Piece> {
    if with.is_empty() {
        return pieces;
    }
    Indenter { with, at }.pieces(pieces, true).0
}

struct Indenter<'a> {
    with: &'a str,
    /// The tag of the partial.
    at: &'a Place,
}

impl Indenter<'_> {
    /// The pieces with their indents, and whether what follows them starts a line.
    fn pieces(&self, pieces: Vec<Piece>, mut starts: bool) -> (Vec<Piece>, bool) {
        let mut out = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let (text, next) = self.text(&text, starts);
                    push_piece(&mut out, Piece::Text(text));
                    starts = next;
                }
                Piece::Branch(mut branch) => {
                    let before = starts;
                    for arm in Arc::make_mut(&mut branch.arms) {
                        let (pieces, next) = self.pieces(std::mem::take(arm), before);
                        // Arms that end differently: what follows is taken to go on in the line.
                        starts &= next;
                        *arm = pieces;
                    }
                    push_piece(&mut out, Piece::Branch(branch));
                }
                Piece::Repeat(mut repeat) => {
                    let (body, next) = self.pieces(std::mem::take(&mut repeat.body), starts);
                    repeat.body = body;
                    starts = next;
                    push_piece(&mut out, Piece::Repeat(repeat));
                }
                other @ (Piece::Slot(_) | Piece::History(_) | Piece::Media(_)) => {
                    if starts {
                        let blanks = Text::opaque(&self.at.path, self.at.span, self.with);
                        push_piece(&mut out, Piece::Text(blanks));
                    }
                    starts = false;
                    push_piece(&mut out, other);
                }
            }
        }
        (out, starts)
    }

    fn text(&self, text: &Text, mut starts: bool) -> (Text, bool) {
        let mut out = Text::empty(&text.path);
        let mut from = 0;
        for line in text.as_str().split_inclusive('\n') {
            if starts {
                let place = text.span(from, from);
                out.push_opaque(self.with, Span::new(place.start, place.start));
            }
            out.push(&text.slice(from, from + line.len()));
            from += line.len();
            starts = line.ends_with('\n');
        }
        (out, starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_but_the_empty_end_is_indented() {
        let path = "p.hbs".into();
        let place = Place {
            path: "main.hbs".into(),
            span: Span::new(0, 2),
        };
        let text = Text::verbatim(&path, 0, "a\n\nb\n");
        let out = indent(vec![Piece::Text(text)], "  ", &place);
        let [Piece::Text(text)] = out.as_slice() else {
            panic!("one text: {out:?}");
        };
        assert_eq!(text.as_str(), "  a\n  \n  b\n");
    }
}
