//! Operations on texts that are known in parts: repeat, cut, strip, dedent, replace, format. Pure.

use std::rc::Rc;
use std::sync::Arc;

use crate::prompt::{Piece, Repeat};
use crate::source::{Place, Text};
use crate::volatility::Volatility;

use super::super::value::{push_all, push_piece};
use super::value::Value;

/// Bytes that a repeated literal may grow to; beyond it the repetition stands as a loop.
const MAX_REPEATED: usize = 1 << 18;

/// Bytes of literal text that one value may hold: a text that is added to itself again and again has no other end.
pub const MAX_BYTES: usize = 1 << 19;

/// Leaves out literal text beyond [`MAX_BYTES`]. Returns the bytes that there were.
pub fn shorten(pieces: &mut [Piece]) -> usize {
    let bytes = |piece: &Piece| match piece {
        Piece::Text(text) => text.len(),
        _ => 0,
    };
    let total = pieces.iter().map(bytes).sum();
    if total <= MAX_BYTES {
        return total;
    }
    let mut room = MAX_BYTES;
    for piece in pieces {
        let Piece::Text(text) = piece else { continue };
        let mut end = room.min(text.len());
        while !text.as_str().is_char_boundary(end) {
            end -= 1;
        }
        if end < text.len() {
            *text = text.slice(0, end);
        }
        room -= end;
    }
    total
}

/// `text * times`
pub fn repeated(pieces: &Rc<Vec<Piece>>, times: f64) -> Value {
    let times = if times.is_finite() && times > 0.0 {
        times as usize
    } else {
        0
    };
    let length: usize = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.len(),
            _ => 16,
        })
        .sum();
    if times <= 1 {
        return if times == 0 {
            Value::empty_text()
        } else {
            Value::Text(pieces.clone())
        };
    }
    if length.saturating_mul(times) > MAX_REPEATED {
        let Some(place) = pieces.iter().find_map(piece_place) else {
            return Value::empty_text();
        };
        return Value::pieces(vec![Piece::Repeat(Repeat {
            over: format!("{times} times"),
            place,
            volatility: Volatility::constant(),
            body: (**pieces).clone(),
            rounds: u32::try_from(times).unwrap_or(u32::MAX),
            unordered: false,
        })]);
    }
    let mut out = Vec::new();
    for _ in 0..times {
        push_all(&mut out, pieces.iter().cloned());
    }
    Value::pieces(out)
}

pub fn piece_place(piece: &Piece) -> Option<Place> {
    Some(match piece {
        Piece::Text(text) => text.whole(),
        Piece::Slot(slot) => slot.place.clone(),
        Piece::Branch(branch) => branch.place.clone(),
        Piece::Repeat(repeat) => repeat.place.clone(),
        Piece::History(history) => history.place.clone(),
        Piece::Media(media) => media.place.clone(),
    })
}

/// `text[a:b]` in characters, where the whole text is known.
pub fn sliced(value: &Value, start: Option<i64>, end: Option<i64>) -> Option<Value> {
    let Value::Text(pieces) = value else {
        return None;
    };
    let [Piece::Text(text)] = pieces.as_slice() else {
        return None;
    };
    let count = text.as_str().chars().count() as i64;
    let at = |bound: i64| (if bound < 0 { count + bound } else { bound }).clamp(0, count) as usize;
    let (from, to) = (at(start.unwrap_or(0)), at(end.unwrap_or(count)));
    let byte = |index: usize| {
        let mut indices = text.as_str().char_indices();
        indices.nth(index).map_or(text.len(), |(at, _)| at)
    };
    let (from, to) = (byte(from), byte(to.max(from)));
    Some(Value::text(text.slice(from, to)))
}

/// Without whitespace, or the characters given, at the ends that are asked for.
pub fn stripped(pieces: &[Piece], start: bool, end: bool, set: Option<&str>) -> Vec<Piece> {
    let strips = |c: char| set.map_or(c.is_whitespace(), |set| set.contains(c));
    let mut out = pieces.to_vec();
    while let (true, Some(Piece::Text(text))) = (start, out.first()) {
        let kept = text.len() - text.as_str().trim_start_matches(strips).len();
        let rest = text.slice(kept, text.len());
        if !rest.is_empty() {
            out[0] = Piece::Text(rest);
            break;
        }
        out.remove(0);
    }
    while let (true, Some(Piece::Text(text))) = (end, out.last()) {
        let rest = text.slice(0, text.as_str().trim_end_matches(strips).len());
        out.pop();
        if !rest.is_empty() {
            out.push(Piece::Text(rest));
            break;
        }
    }
    out
}

/// Without a literal text at the start or at the end, where it stands there.
pub fn without_affix(pieces: &[Piece], affix: &str, start: bool) -> Vec<Piece> {
    let mut out = pieces.to_vec();
    let at = if start {
        out.first_mut()
    } else {
        out.last_mut()
    };
    if let Some(Piece::Text(text)) = at {
        let source = text.as_str();
        if start && source.starts_with(affix) {
            *text = text.slice(affix.len(), text.len());
        } else if !start && source.ends_with(affix) {
            *text = text.slice(0, text.len() - affix.len());
        }
    }
    out.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
    out
}

/// Every literal text changed as a whole (`upper`); one that stays as it is keeps its map.
pub fn mapped(pieces: &[Piece], change: fn(&str) -> String) -> Vec<Piece> {
    let all = |pieces: &[Piece]| mapped(pieces, change);
    let one = |piece: &Piece| match piece {
        Piece::Text(text) => {
            let changed = change(text.as_str());
            if changed == text.as_str() {
                piece.clone()
            } else {
                Piece::Text(Text::opaque(&text.path, text.whole().span, &changed))
            }
        }
        Piece::Branch(branch) => {
            let mut branch = branch.clone();
            branch.arms = Arc::new(branch.arms.iter().map(|arm| all(arm)).collect());
            Piece::Branch(branch)
        }
        Piece::Repeat(repeat) => {
            let mut repeat = repeat.clone();
            repeat.body = all(&repeat.body);
            Piece::Repeat(repeat)
        }
        other => other.clone(),
    };
    pieces.iter().map(one).collect()
}

/// Without the indentation that all lines share. Values count as text of their line.
pub fn dedented(pieces: &[Piece]) -> Vec<Piece> {
    let mut indent: Option<usize> = None;
    let mut line_start = true;
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Text(text) = piece else {
            if line_start {
                indent = Some(0);
            }
            line_start = false;
            continue;
        };
        let lines: Vec<&str> = text.as_str().split('\n').collect();
        for (index, line) in lines.iter().enumerate() {
            let begins = index > 0 || line_start;
            let bare = line.trim_start_matches([' ', '\t']);
            let last = index + 1 == lines.len();
            if begins
                && (!bare.trim().is_empty() || (last && at + 1 < pieces.len() && !line.is_empty()))
            {
                let own = line.len() - bare.len();
                if !bare.is_empty() || last {
                    indent = Some(indent.map_or(own, |known| known.min(own)));
                }
            }
        }
        line_start = text.as_str().ends_with('\n');
    }
    let indent = indent.unwrap_or(0);
    if indent == 0 {
        return pieces.to_vec();
    }
    let mut out = Vec::new();
    let mut line_start = true;
    for piece in pieces {
        let Piece::Text(text) = piece else {
            out.push(piece.clone());
            line_start = false;
            continue;
        };
        let mut at = 0;
        for line in text.as_str().split_inclusive('\n') {
            let mut cut = 0;
            if line_start {
                let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
                cut = blank.min(indent);
            }
            push_piece(&mut out, Piece::Text(text.slice(at + cut, at + line.len())));
            at += line.len();
            line_start = line.ends_with('\n');
        }
    }
    out
}

/// Every occurrence of a literal text replaced by pieces. `None`: it does not occur.
pub fn replaced(
    pieces: &[Piece],
    needle: &str,
    with: &dyn Fn(&Text) -> Vec<Piece>,
    all: bool,
) -> Option<Vec<Piece>> {
    if needle.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    let mut found = false;
    for piece in pieces {
        match piece {
            Piece::Text(text) if all || !found => {
                let mut at = 0;
                while let Some(offset) = text.as_str()[at..].find(needle) {
                    found = true;
                    let start = at + offset;
                    let end = start + needle.len();
                    push_piece(&mut out, Piece::Text(text.slice(at, start)));
                    push_all(&mut out, with(&text.slice(start, end)));
                    at = end;
                    if !all {
                        break;
                    }
                }
                push_piece(&mut out, Piece::Text(text.slice(at, text.len())));
            }
            Piece::Branch(branch) => {
                let mut branch = branch.clone();
                for at in 0..branch.arms.len() {
                    if let Some(new) = replaced(&branch.arms[at], needle, with, all) {
                        found = true;
                        Arc::make_mut(&mut branch.arms)[at] = new;
                    }
                }
                out.push(Piece::Branch(branch));
            }
            Piece::Repeat(repeat) => {
                let mut repeat = repeat.clone();
                if let Some(new) = replaced(&repeat.body, needle, with, all) {
                    found = true;
                    repeat.body = new;
                }
                out.push(Piece::Repeat(repeat));
            }
            other => push_piece(&mut out, other.clone()),
        }
    }
    found.then_some(out)
}

/// A placeholder of a format text.
pub struct Placeholder {
    /// `name`, `0`, `user.name`, empty.
    pub name: String,
    pub spec: Option<String>,
    pub place: Place,
}

/// Which placeholders a text has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// `{name}`, `{0:>3}`, `{{` and `}}` are braces.
    Braces,
    /// `%s`, `%(name)s`, `%%`
    Percent,
    /// `$name`, `${name}`, `$$`
    Dollar,
}

/// Fills the placeholders of a text. `fill` gives `None` where a placeholder stays as written.
pub fn filled(
    pieces: &[Piece],
    style: Style,
    fill: &mut dyn FnMut(&Placeholder) -> Option<Vec<Piece>>,
) -> Vec<Piece> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => fill_text(text, style, fill, &mut out),
            Piece::Branch(branch) => {
                let mut branch = branch.clone();
                let arms = branch.arms.iter().map(|arm| filled(arm, style, fill));
                branch.arms = Arc::new(arms.collect());
                out.push(Piece::Branch(branch));
            }
            Piece::Repeat(repeat) => {
                let mut repeat = repeat.clone();
                repeat.body = filled(&repeat.body, style, fill);
                out.push(Piece::Repeat(repeat));
            }
            other => out.push(other.clone()),
        }
    }
    out
}

fn fill_text(
    text: &Text,
    style: Style,
    fill: &mut dyn FnMut(&Placeholder) -> Option<Vec<Piece>>,
    out: &mut Vec<Piece>,
) {
    let source = text.as_str();
    let mut at = 0;
    let mut from = 0;
    while let Some(offset) = next_sign(&source[from..], style) {
        let start = from + offset;
        let Some((end, what)) = read_placeholder(&source[start..], style) else {
            from = start + 1;
            while !source.is_char_boundary(from) {
                from += 1;
            }
            continue;
        };
        let end = start + end;
        push_piece(out, Piece::Text(text.slice(at, start)));
        match what {
            Read::Escape => push_piece(out, Piece::Text(text.slice(start, start + 1))),
            Read::Name(name, spec) => {
                let placeholder = Placeholder {
                    name,
                    spec,
                    place: text.place(start, end),
                };
                match fill(&placeholder) {
                    Some(pieces) => push_all(out, pieces),
                    None => push_piece(out, Piece::Text(text.slice(start, end))),
                }
            }
        }
        at = end;
        from = end;
    }
    push_piece(out, Piece::Text(text.slice(at, text.len())));
}

fn next_sign(text: &str, style: Style) -> Option<usize> {
    match style {
        Style::Braces => text.find(['{', '}']),
        Style::Percent => text.find('%'),
        Style::Dollar => text.find('$'),
    }
}

enum Read {
    /// A doubled sign stands for one.
    Escape,
    Name(String, Option<String>),
}

fn read_placeholder(text: &str, style: Style) -> Option<(usize, Read)> {
    let bytes = text.as_bytes();
    match style {
        Style::Braces => {
            if text.starts_with("{{") || text.starts_with("}}") {
                return Some((2, Read::Escape));
            }
            if bytes[0] != b'{' {
                return None;
            }
            let end = text.find('}')?;
            let inner = &text[1..end];
            if inner.contains(['{', '\n', '"']) {
                return None;
            }
            let (name, spec) = match inner.split_once(':') {
                Some((name, spec)) => (name, Some(spec.to_string())),
                None => (inner, None),
            };
            let name = name.split('!').next().unwrap_or(name).trim();
            let valid = name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '-'));
            valid.then(|| (end + 1, Read::Name(name.to_string(), spec)))
        }
        Style::Percent => {
            if text.starts_with("%%") {
                return Some((2, Read::Escape));
            }
            let mut at = 1;
            let mut name = String::new();
            if bytes.get(1) == Some(&b'(') {
                let end = text.find(')')?;
                name = text[2..end].to_string();
                at = end + 1;
            }
            let flags = at;
            while bytes
                .get(at)
                .is_some_and(|b| matches!(b, b'-' | b'+' | b' ' | b'#' | b'.' | b'0'..=b'9'))
            {
                at += 1;
            }
            let kind = *bytes.get(at)?;
            matches!(
                kind,
                b's' | b'd' | b'r' | b'f' | b'i' | b'g' | b'x' | b'e' | b'c' | b'a'
            )
            .then(|| {
                (
                    at + 1,
                    Read::Name(name, percent_spec(&text[flags..at], kind)),
                )
            })
        }
        Style::Dollar => {
            if text.starts_with("$$") {
                return Some((2, Read::Escape));
            }
            if bytes.get(1) == Some(&b'{') {
                let end = text.find('}')?;
                let name = &text[2..end];
                let valid =
                    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
                return valid.then(|| (end + 1, Read::Name(name.to_string(), None)));
            }
            let length = text[1..]
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(text.len() - 1);
            (length > 0).then(|| (1 + length, Read::Name(text[1..=length].to_string(), None)))
        }
    }
}

/// Flags and kind of a `%` placeholder as a format specification; a plain one has none.
fn percent_spec(flags: &str, kind: u8) -> Option<String> {
    let plain = flags.is_empty() && matches!(kind, b's' | b'd' | b'i' | b'r' | b'a' | b'c');
    if plain || flags.contains('#') {
        return None;
    }
    // Texts stand at the right here, too.
    let left = flags.contains('-');
    let align = match (left, flags.starts_with('0')) {
        (true, _) => "<",
        (false, true) => "",
        (false, false) => ">",
    };
    let bare = flags.replace('-', "");
    let kind = if kind == b'i' { 'd' } else { char::from(kind) };
    Some(format!("{align}{bare}{kind}"))
}

/// A regular expression without any operator: the literal it matches (`\{\{NAME\}\}` -> `{{NAME}}`).
pub fn literal_of_pattern(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next()? {
                c if c.is_ascii_alphanumeric() => return None,
                c => out.push(c),
            },
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '|' | '^' => return None,
            c => out.push(c),
        }
    }
    (!out.is_empty()).then_some(out)
}
