//! What a value stands for beyond its text: a path, an opened file, a template, the folders that templates are found
//! in. Pure; looking for files is in `loads`, rendering in `renders`.

use std::sync::Arc;

use crate::frontend::template::dialect::Dialect;
use crate::prompt::Piece;

use super::super::files::folder;
use super::value::Value;

/// Carried by an [`Unknown`](super::value::Unknown) value: printed as it is, it is as unknown as any other.
#[derive(Clone, Debug, PartialEq)]
pub enum Thing {
    Path(Location),
    /// Reading it is reading the file.
    File(Location),
    Template(Template),
    /// Where templates are found by name.
    Environment(Environment),
    /// A number that says where something stands in a conversation.
    Position(Position),
    /// A compiled regular expression, as written.
    Pattern(String),
    /// A function that picks a part of what it is given.
    Picker(Picker),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Picker {
    At(i64),
    /// A key, or a path of attributes.
    Named(String),
}

/// Where in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At its end: how many turns it has.
    Length,
    /// Of its last turn.
    Newest,
    /// Counted back from the end, so many turns where a number says so: it moves with every turn.
    Tail(Option<u32>),
    /// How far from the end a turn stands.
    Age,
    /// What is left of a length or a position by a number of turns.
    Step,
    /// It moves by whole blocks of turns.
    Block,
}

/// A path, in parts unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    pub base: Base,
    /// What follows the base, one folder or file each.
    pub names: Vec<Name>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    /// A folder or a file of the workspace, empty for its root.
    At(String),
    /// Relative to where the program runs; written in this file of code.
    Running(Arc<str>),
    /// The folder that the program runs in, asked for by name.
    WorkingFolder(Arc<str>),
    /// Not of the workspace: a home folder, a path that is given.
    Elsewhere,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Name {
    Known(String),
    /// In its middle unknown: what it begins and ends with.
    Open(String, String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub body: Body,
    pub style: Syntax,
}

/// How placeholders are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Language(Dialect),
    /// `{name}` of `str.format` and of prompt classes.
    Braces,
    /// `$name`
    Dollar,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    File(Arc<str>),
    Text(Vec<Piece>),
    /// Not here: by the name it is asked for.
    Missing(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    pub folders: Vec<Location>,
    pub dialect: Dialect,
}

/// Stands for an unknown part in a path that is written out.
const HOLE: char = '\u{0}';

impl Location {
    pub fn at(path: &str) -> Location {
        Location {
            base: Base::At(path.to_string()),
            names: Vec::new(),
        }
    }

    pub fn elsewhere() -> Location {
        Location {
            base: Base::Elsewhere,
            names: Vec::new(),
        }
    }

    /// A path as written, [`HOLE`]s where it is not known; relative to `base`.
    fn written(base: Base, text: &str) -> Location {
        let text = text.strip_prefix("file://").unwrap_or(text);
        let outside = text.starts_with(['/', '~', '\\']) || text.contains("://");
        let mut parts = text.split(['/', '\\']);
        // `{root}/prompts/x.md`: the folder is given.
        let given = text.contains('/')
            && matches!(base, Base::Running(_))
            && parts.next().is_some_and(|part| part.contains(HOLE));
        if outside || given {
            return Location::elsewhere();
        }
        let mut out = Location {
            base,
            names: Vec::new(),
        };
        for part in text.split(['/', '\\']) {
            out.push(part);
        }
        out
    }

    fn push(&mut self, part: &str) {
        match part {
            "" | "." => {}
            ".." => *self = self.parent(),
            part => match (part.find(HOLE), part.rfind(HOLE)) {
                (Some(first), Some(last)) => self.names.push(Name::Open(
                    part[..first].to_string(),
                    part[last + HOLE.len_utf8()..].to_string(),
                )),
                _ => self.names.push(Name::Known(part.to_string())),
            },
        }
    }

    /// The folder that holds it.
    pub fn parent(&self) -> Location {
        let mut out = self.clone();
        let up = Name::Known("..".into());
        if out.names.last().is_some_and(|name| *name != up) {
            out.names.pop();
            return out;
        }
        out.base = match out.base {
            Base::At(path) if !path.is_empty() => Base::At(folder(&path).to_string()),
            // Above the root, or above an unknown folder.
            Base::At(_) | Base::Elsewhere => Base::Elsewhere,
            running => {
                out.names.push(up);
                running
            }
        };
        out
    }

    /// This path with another below it; an absolute one takes its place.
    pub fn join(&self, below: &Location) -> Location {
        match below.base {
            Base::Running(_) => {
                let mut out = self.clone();
                for name in &below.names {
                    match name {
                        Name::Known(name) if name == ".." => out = out.parent(),
                        name => out.names.push(name.clone()),
                    }
                }
                out
            }
            _ => below.clone(),
        }
    }

    /// The last name, where it is known.
    pub fn name(&self) -> Option<String> {
        match (self.names.last(), &self.base) {
            (Some(Name::Known(name)), _) => Some(name.clone()),
            (None, Base::At(path)) => path.rsplit('/').next().map(str::to_string),
            _ => None,
        }
    }

    /// With another last name.
    pub fn renamed(&self, name: &str) -> Location {
        let mut out = self.parent();
        out.push(name);
        out
    }

    /// The names below the base where all are known.
    pub fn tail(&self) -> Option<String> {
        let mut out: Vec<&str> = Vec::with_capacity(self.names.len());
        for name in &self.names {
            match name {
                Name::Known(name) => out.push(name),
                Name::Open(..) => return None,
            }
        }
        Some(out.join("/"))
    }
}

/// A text as a path. `roots` tells what a value stands for that the text begins with (`${__dirname}/x`).
pub fn path_of_pieces(
    pieces: &[Piece],
    from: &Arc<str>,
    root: &dyn Fn(&str) -> Option<Base>,
) -> Location {
    let mut base = Base::Running(from.clone());
    let mut text = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(part) => text.push_str(part.as_str()),
            Piece::Slot(slot) if index == 0 => match root(&slot.expr) {
                Some(known) => base = known,
                None => text.push(HOLE),
            },
            _ => text.push(HOLE),
        }
    }
    if !matches!(base, Base::Running(_)) {
        text = text.trim_start_matches('/').to_string();
    }
    Location::written(base, &text)
}

/// An unknown last name.
pub fn open_name(from: &Arc<str>) -> Location {
    Location {
        base: Base::Running(from.clone()),
        names: vec![Name::Open(String::new(), String::new())],
    }
}

/// What an unknown value stands for; nothing for an item of it.
pub fn thing_of(value: &Value) -> Option<&Thing> {
    let unknown = value.unknown()?;
    unknown.thing.as_deref().filter(|_| !unknown.item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Span, Text};

    fn path(text: &str) -> Location {
        let from: Arc<str> = "app/a.py".into();
        let piece = Piece::Text(Text::opaque(&from, Span::default(), text));
        path_of_pieces(&[piece], &from, &|_| None)
    }

    #[test]
    fn a_path_is_joined_name_by_name_and_climbs_to_the_root_only() {
        let file = Location::at("app/core/a.py");
        let up = file.parent().parent();
        assert_eq!(up.base, Base::At("app".into()));
        let below = up.join(&path("prompts/../x.md"));
        assert_eq!(below.tail().as_deref(), Some("x.md"));
        let beside = up.join(&path("../lib"));
        assert_eq!(beside.base, Base::At(String::new()));
        assert_eq!(beside.tail().as_deref(), Some("lib"));
        let out = up.parent().parent();
        assert_eq!(out.base, Base::Elsewhere);
    }

    #[test]
    fn absolute_paths_and_homes_are_elsewhere() {
        for text in [
            "/etc/x.md",
            "~/.config/x.md",
            "https://a.b/x.md",
            "\u{0}/x.md",
        ] {
            assert_eq!(path(text).base, Base::Elsewhere, "{text}");
        }
    }

    #[test]
    fn an_unknown_part_keeps_what_stands_around_it() {
        let location = path("prompts/agent_\u{0}.md");
        let name = Name::Open("agent_".into(), ".md".into());
        assert_eq!(location.names.last(), Some(&name));
        assert_eq!(location.tail(), None);
    }
}
