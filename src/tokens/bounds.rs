//! Bounds on a token count from the text alone, without a merge table: a token is at least one byte, and each
//! pretokenizer piece is at least one token. Knows nothing of merges.

/// A lower bound on the pretokenizer pieces of a text under every supported encoding, in one pass.
///
/// Counts only what no pattern ever joins: a run of letters, a run of digits, two or more signs or one that no letter
/// follows, a line break behind a letter or digit, a run of two or more blanks. What may be glued to a neighbour
/// (an apostrophe and its letters, a slash behind a line break) and everything around characters outside plain
/// scripts (marks, foreign signs and blanks) counts nothing. `digits`: the longest run of digits in one piece, 0 for
/// no limit.
pub(super) fn least_pieces(text: &str, digits: usize) -> usize {
    let (mut rest, mut pieces) = (text, 0);
    let mut before = Before::default();
    while let Some(first) = rest.chars().next() {
        let kind = Kind::of(first);
        let length = rest
            .find(|c: char| Kind::of(c) != kind)
            .unwrap_or(rest.len());
        let (run, behind) = rest.split_at(length);
        let next = behind.chars().next().map(Kind::of);
        pieces += match kind {
            _ if before.kind == Some(Kind::Wild) => 0,
            Kind::Wild => 0,
            Kind::Letter => usize::from(before.last != b'\''),
            Kind::Digit if digits > 0 => run.len().div_ceil(digits),
            Kind::Digit => 1,
            Kind::Sign => signs(run.as_bytes(), before.last, next),
            Kind::Blank => blanks(run.as_bytes(), before.kind),
        };
        before = Before {
            kind: Some(kind),
            last: run.as_bytes()[length - 1],
        };
        rest = behind;
    }
    pieces
}

/// Whether a character is a letter for every pretokenizer.
pub(super) fn is_letter(c: char) -> bool {
    Kind::of(c) == Kind::Letter
}

/// Whether a character behind a letter starts a new piece for every pretokenizer.
pub(super) fn ends_word(c: char) -> bool {
    match Kind::of(c) {
        Kind::Sign => c != '\'',
        Kind::Blank => true,
        // The ideographic comma and full stop, the fullwidth comma.
        _ => matches!(c, '\u{3001}' | '\u{3002}' | '\u{ff0c}'),
    }
}

/// What stands in front of a run.
#[derive(Default)]
struct Before {
    kind: Option<Kind>,
    last: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    /// ASCII only.
    Digit,
    /// ASCII only.
    Sign,
    /// ASCII only.
    Blank,
    /// Anything else: may join its neighbours.
    Wild,
}

impl Kind {
    fn of(c: char) -> Kind {
        match c {
            '0'..='9' => Kind::Digit,
            ' ' | '\t'..='\r' => Kind::Blank,
            'a'..='z' | 'A'..='Z' => Kind::Letter,
            '\0'..='\x7f' => Kind::Sign,
            // Latin, Cyrillic, kana, Han, Hangul: ranges of nothing but letters.
            '\u{d7}' | '\u{f7}' => Kind::Wild,
            '\u{c0}'..='\u{24f}'
            | '\u{400}'..='\u{481}'
            | '\u{48a}'..='\u{52f}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}' => Kind::Letter,
            _ => Kind::Wild,
        }
    }
}

fn signs(run: &[u8], before: u8, next: Option<Kind>) -> usize {
    // `.`, a line break and `/` are one piece.
    let glued = matches!(before, b'\n' | b'\r');
    let slashes = run.iter().take_while(|byte| **byte == b'/').count();
    let own = if glued { &run[slashes..] } else { run };
    match own.len() {
        0 => 0,
        // One sign may open a piece of letters.
        1 => usize::from(!matches!(next, Some(Kind::Letter | Kind::Wild))),
        _ => 1,
    }
}

fn blanks(run: &[u8], before: Option<Kind>) -> usize {
    let breaks = run.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    if breaks {
        // Behind a sign the break belongs to the sign's piece.
        return usize::from(before != Some(Kind::Sign));
    }
    usize::from(run.len() >= 2)
}
