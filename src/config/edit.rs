//! Writes into a config as it stands: everything else in it, comments too, stays. What comes out is read again before
//! it is handed out.

use super::read::{read, Known};
use super::tree::{parse, Kind, Node};
use crate::rules;
use crate::source::{SourceFile, Span};
use crate::volatility::Class;

/// A text in place of a span.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// The edit after which a name has a class, in front of all other patterns; `None` where the config is not valid or
/// says so already.
pub fn set_volatility(file: &SourceFile, name: &str, class: Class) -> Option<Edit> {
    let edit = edit(file, name, class)?;
    let mut text = file.text.to_string();
    text.replace_range(edit.span.start..edit.span.end, &edit.text);
    let known = rules::ids();
    let after = SourceFile::new(&file.path, &text);
    let (parsed, wrong) = read(
        &parse(&after).ok()?,
        Known {
            rules: &known,
            categories: &rules::CATEGORIES,
        },
    );
    let first = parsed
        .body
        .volatility
        .iter()
        .find(|(known, _)| known == name);
    let holds = first.is_some_and(|(_, known)| *known == class);
    (wrong.is_empty() && holds && text != *file.text).then_some(edit)
}

fn edit(file: &SourceFile, name: &str, class: Class) -> Option<Edit> {
    let root = parse(file).ok()?;
    let entry = format!("{name}: {class}");
    let break_ = match file.text.contains("\r\n") {
        true => "\r\n",
        false => "\n",
    };
    let pairs = match &root.kind {
        Kind::Null => &[][..],
        Kind::Map(pairs) => pairs,
        Kind::List(_) | Kind::Scalar { .. } => return None,
    };
    let Some((key, value)) = pairs.iter().find(|(key, _)| key.text == "volatility") else {
        let end = file.text.len();
        let gap = if file.text.is_empty() || file.text.ends_with('\n') {
            ""
        } else {
            break_
        };
        return Some(insert(
            end,
            format!("{gap}volatility:{break_}  {entry}{break_}"),
        ));
    };
    match &value.kind {
        Kind::Map(known) => within(file, value, known, name, class, break_),
        Kind::Null => {
            let line = file.line_span(file.line_index(key.span.start));
            Some(insert(line.end, format!("{break_}  {entry}")))
        }
        Kind::List(_) | Kind::Scalar { .. } => None,
    }
}

/// Into a mapping that is there.
fn within(
    file: &SourceFile,
    map: &Node,
    known: &[(super::tree::Key, Node)],
    name: &str,
    class: Class,
    break_: &str,
) -> Option<Edit> {
    if let Some((_, old)) = known.iter().find(|(key, _)| key.text == name) {
        return Some(Edit {
            span: old.span,
            text: class.to_string(),
        });
    }
    if file.slice(map.span.start, map.span.start + 1) == "{" {
        let comma = if known.is_empty() { "" } else { "," };
        return Some(insert(
            map.span.start + 1,
            format!(" {name}: {class}{comma}"),
        ));
    }
    let (first, _) = known.first()?;
    let line = file.line_span(file.line_index(first.span.start));
    let indent = file.slice(line.start, first.span.start);
    let blank = indent.bytes().all(|byte| byte == b' ');
    blank.then(|| insert(line.start, format!("{indent}{name}: {class}{break_}")))
}

fn insert(at: usize, text: String) -> Edit {
    Edit {
        span: Span::new(at, at),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, name: &str, class: Class) -> Option<String> {
        let file = SourceFile::new("prefixlint.yaml", text);
        let edit = set_volatility(&file, name, class)?;
        let mut out = text.to_string();
        out.replace_range(edit.span.start..edit.span.end, &edit.text);
        Some(out)
    }

    #[test]
    fn an_entry_goes_into_the_mapping_that_is_there_and_comments_stay() {
        let text =
            "# ours\nvolatility: # names\n  # by hand\n  a.b*: request\nmodel: gpt-5.4 # why\n";
        assert_eq!(
            set(text, "company", Class::Constant).as_deref(),
            Some("# ours\nvolatility: # names\n  # by hand\n  company: constant\n  a.b*: request\nmodel: gpt-5.4 # why\n")
        );
        assert_eq!(
            set("volatility: { x: user }\n", "y", Class::Deploy).as_deref(),
            Some("volatility: { y: deploy, x: user }\n")
        );
        assert_eq!(
            set("volatility: {}\r\n", "y", Class::Deploy).as_deref(),
            Some("volatility: { y: deploy}\r\n")
        );
    }

    #[test]
    fn a_known_name_gets_another_class() {
        let text = "volatility:\n  x: user # known\n  y: request\n";
        assert_eq!(
            set(text, "x", Class::Session).as_deref(),
            Some("volatility:\n  x: session # known\n  y: request\n")
        );
        assert_eq!(set(text, "x", Class::User), None);
    }

    #[test]
    fn a_config_without_the_key_gets_it_at_its_end() {
        assert_eq!(
            set("", "x", Class::Constant).as_deref(),
            Some("volatility:\n  x: constant\n")
        );
        assert_eq!(
            set("model: gpt-5.4\r\ntests: off", "a.b", Class::Day).as_deref(),
            Some("model: gpt-5.4\r\ntests: off\r\nvolatility:\r\n  a.b: day\r\n")
        );
        assert_eq!(
            set("volatility: # none yet\nmodel: gpt-5.4\n", "x", Class::User).as_deref(),
            Some("volatility: # none yet\n  x: user\nmodel: gpt-5.4\n")
        );
    }

    #[test]
    fn what_is_not_valid_is_left_alone() {
        for text in ["- a\n", "modl: x\n", "volatility: [a]\n", "a: [\n"] {
            assert_eq!(set(text, "x", Class::User), None, "{text}");
        }
    }
}
