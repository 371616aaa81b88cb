//! The pretokenizers: text in pieces that no token crosses. Each function here is one pattern of
//! `rules/tokenizers.yaml` written out, in the same order of alternatives; tests hold the two against each other.
//! Knows nothing of tokens.

/// How an encoding cuts text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cut {
    O200k,
    Cl100k,
    Gpt2,
}

impl Cut {
    pub fn parse(name: &str) -> Option<Cut> {
        match name {
            "o200k" => Some(Cut::O200k),
            "cl100k" => Some(Cut::Cl100k),
            "gpt2" => Some(Cut::Gpt2),
            _ => None,
        }
    }

    /// The pieces of a text, in order; together they are the text.
    pub fn pieces(self, text: &str) -> impl Iterator<Item = &str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let length = match self {
                Cut::O200k => o200k(rest),
                Cut::Cl100k => cl100k(rest),
                Cut::Gpt2 => gpt2(rest),
            };
            let (piece, behind) = rest.split_at(length);
            rest = behind;
            Some(piece)
        })
    }
}

include!("classes.rs");

/// Blocks of 256 characters: a u16 per block that says which of the distinct blocks holds its classes, then those.
const CLASSES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/classes.bin"));

/// The classes of a character: a set of the bits of `classes.rs`.
fn class(c: char) -> u8 {
    let code = c as usize;
    let at = 2 * (code / BLOCK);
    let block = usize::from(u16::from_le_bytes([CLASSES[at], CLASSES[at + 1]]));
    CLASSES[2 * BLOCKS + block * BLOCK + code % BLOCK]
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n')
}

/// Neither blank, letter nor digit.
fn is_sign(c: char) -> bool {
    class(c) & (LETTER | NUMBER | BLANK) == 0
}

/// Bytes of the leading characters of a class.
fn run(text: &str, wanted: u8) -> usize {
    run_while(text, |c| class(c) & wanted != 0)
}

fn run_while(text: &str, test: impl Fn(char) -> bool) -> usize {
    text.find(|c| !test(c)).unwrap_or(text.len())
}

/// `\p{N}{1,3}`: bytes.
fn three_digits(text: &str) -> usize {
    text.chars()
        .take(3)
        .take_while(|c| class(*c) & NUMBER != 0)
        .map(char::len_utf8)
        .sum()
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

fn o200k(text: &str) -> usize {
    let first = text.chars().next().unwrap_or_default();
    let kind = class(first);
    // `[^\r\n\p{L}\p{N}]?` in front of a word.
    let opener = (!is_break(first) && kind & (LETTER | NUMBER) == 0).then(|| first.len_utf8());
    let starts = || opener.into_iter().chain([0]);
    let word = starts()
        .find_map(|start| Some(start + lower_word(&text[start..])?))
        .or_else(|| starts().find_map(|start| Some(start + upper_word(&text[start..])?)));
    if let Some(end) = word {
        return end + contraction(&text[end..], true);
    }
    if kind & NUMBER != 0 {
        return three_digits(text);
    }
    if let Some(end) = signs(text) {
        return end + run_while(&text[end..], |c| is_break(c) || c == '/');
    }
    blanks(text, run(text, BLANK), true)
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
fn lower_word(text: &str) -> Option<usize> {
    let upper = run(text, UPPER);
    let lower = run(&text[upper..], LOWER);
    if lower > 0 {
        return Some(upper + lower);
    }
    // The first class gives back as little as it must.
    let (at, last) = text[..upper]
        .char_indices()
        .rfind(|(_, c)| class(*c) & LOWER != 0)?;
    Some(at + last.len_utf8())
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
fn upper_word(text: &str) -> Option<usize> {
    let upper = run(text, UPPER);
    (upper > 0).then(|| upper + run(&text[upper..], LOWER))
}

/// `'s|'t|'re|'ve|'m|'ll|'d`: bytes, 0 where none stands here. The long s folds to s.
fn contraction(text: &str, any_case: bool) -> usize {
    let Some(rest) = text.strip_prefix('\'') else {
        return 0;
    };
    let fold = |c: char| match c {
        'ſ' if any_case => 's',
        c if any_case => c.to_ascii_lowercase(),
        c => c,
    };
    let mut letters = rest.chars();
    let Some(first) = letters.next() else {
        return 0;
    };
    match (fold(first), letters.next().map(fold)) {
        ('s' | 't' | 'm' | 'd', _) => 1 + first.len_utf8(),
        ('r' | 'v', Some('e')) | ('l', Some('l')) => 3,
        _ => 0,
    }
}

/// ` ?[^\s\p{L}\p{N}]+`
fn signs(text: &str) -> Option<usize> {
    behind_space(text, is_sign)
}

/// ` ?` and one or more of a kind.
fn behind_space(text: &str, test: impl Fn(char) -> bool) -> Option<usize> {
    let space = usize::from(text.starts_with(' '));
    let length = run_while(&text[space..], test);
    (length > 0).then_some(space + length)
}

/// A piece of a run of blanks of `length` bytes: up to its last line break where `breaks`; else the run without its
/// last character where something follows that may take it.
fn blanks(text: &str, length: usize, breaks: bool) -> usize {
    let run = &text[..length];
    if breaks {
        if let Some(last) = run.rfind(is_break) {
            return last + 1;
        }
    }
    if length == text.len() {
        return length;
    }
    let last = run.chars().next_back().map_or(0, char::len_utf8);
    if last < length {
        length - last
    } else {
        length
    }
}

fn cl100k(text: &str) -> usize {
    let first = text.chars().next().unwrap_or_default();
    let kind = class(first);
    let shortened = contraction(text, true);
    if shortened > 0 {
        return shortened;
    }
    let opener = if is_break(first) || kind & (LETTER | NUMBER) != 0 {
        0
    } else {
        first.len_utf8()
    };
    let letters = run(&text[opener..], LETTER);
    if letters > 0 {
        return opener + letters;
    }
    if kind & NUMBER != 0 {
        return three_digits(text);
    }
    if let Some(end) = signs(text) {
        return end + run_while(&text[end..], is_break);
    }
    // A run that ends the text is one piece, line breaks or not.
    let length = run(text, BLANK);
    blanks(text, length, length < text.len())
}

fn gpt2(text: &str) -> usize {
    let shortened = contraction(text, false);
    if shortened > 0 {
        return shortened;
    }
    behind_space(text, |c| class(c) & LETTER != 0)
        .or_else(|| behind_space(text, |c| class(c) & NUMBER != 0))
        .or_else(|| signs(text))
        .unwrap_or_else(|| match run(text, BLANK) {
            0 => first_len(text),
            length => blanks(text, length, false),
        })
}
