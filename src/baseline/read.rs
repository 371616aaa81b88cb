//! The text of a baseline file -> entries, or the first mistake with its place. Knows no files.

use super::{Baseline, Entry, Key, VERSION};
use crate::frontend::document::value::{parse_json, Entry as Member, Kind, Value};
use crate::source::{SourceFile, Span};

/// Why a text is no baseline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    pub span: Span,
    pub message: String,
    pub help: String,
}

/// The way out where a file cannot be mended by hand.
const ANEW: &str = "remove the file and write it anew: prefixlint check --write-baseline";

fn mistake(span: Span, message: impl Into<String>, help: impl Into<String>) -> Mistake {
    Mistake {
        span,
        message: message.into(),
        help: help.into(),
    }
}

pub(super) fn parse(text: &str) -> Result<Baseline, Mistake> {
    let file = SourceFile::new("baseline", text);
    let parsed = parse_json(&file.content());
    if let Some(problem) = parsed.problems.first() {
        let help = match conflict(text, problem.span) {
            true => "this is a merge conflict: keep the entries of both sides",
            false => ANEW,
        };
        return Err(mistake(problem.span, problem.message.clone(), help));
    }
    let Some(root) = parsed.value() else {
        return Err(mistake(Span::new(0, 0), "the baseline is empty", ANEW));
    };
    let members = members(
        root,
        "a baseline is an object with `version` and `findings`",
    )?;
    version(root)?;
    let mut out = Baseline::default();
    for member in members {
        match member.key.as_str() {
            "version" | "$schema" => {}
            "findings" => findings(&member.value, &mut out)?,
            _ => return Err(unknown(member, "`version` and `findings`")),
        }
    }
    if !root.has("findings") {
        return Err(mistake(root.span, "`findings` is missing", ANEW));
    }
    Ok(out)
}

fn conflict(text: &str, span: Span) -> bool {
    let start = text[..span.start.min(text.len())]
        .rfind('\n')
        .map_or(0, |at| at + 1);
    ["<<<<<<<", "=======", ">>>>>>>", "|||||||"]
        .iter()
        .any(|mark| text[start..].starts_with(mark))
}

/// First of all, since what a later version holds is not known.
fn version(root: &Value) -> Result<(), Mistake> {
    let Some(entry) = root.entry("version") else {
        return Err(mistake(root.span, "`version` is missing", ANEW));
    };
    if entry.value.as_f64() == Some(VERSION as f64) {
        return Ok(());
    }
    let message = format!("this version of a baseline is not known: `{VERSION}` is");
    let help = "a newer prefixlint may have written it; or remove the file and write it anew";
    Err(mistake(entry.value.span, message, help))
}

fn findings(value: &Value, out: &mut Baseline) -> Result<(), Mistake> {
    for file in members(value, "`findings` is an object of files")? {
        for rule in members(&file.value, "a file is an object of rules")? {
            if !rule.value.is_seq() {
                return Err(shape(&rule.value, "a rule has a list of entries"));
            }
            for item in rule.value.items() {
                let (fingerprint, entry) = entry(item)?;
                let key = Key {
                    file: file.key.as_str().to_string(),
                    rule: rule.key.as_str().to_string(),
                    fingerprint,
                };
                if out.entries.insert(key, entry).is_some() {
                    let help = "keep one of them, with the sum of both as its `count`";
                    return Err(mistake(item.span, "this fingerprint stands twice", help));
                }
            }
        }
    }
    Ok(())
}

fn entry(value: &Value) -> Result<(String, Entry), Mistake> {
    let mut fingerprint = None;
    let mut out = Entry {
        count: 1,
        ..Entry::default()
    };
    for member in members(value, "an entry is an object with a `fingerprint`")? {
        let value = &member.value;
        match member.key.as_str() {
            "fingerprint" => fingerprint = Some(self::fingerprint(value)?),
            "cause" => out.cause = text(value, "`cause` is a text")?,
            "count" => out.count = count(value)?,
            "reason" => out.reason = text(value, "`reason` is a text")?,
            "through" => {
                if !value.is_seq() {
                    return Err(shape(value, "`through` is a list of paths"));
                }
                for item in value.items() {
                    out.through.insert(text(item, "a path is a text")?);
                }
            }
            _ => {
                let known = "`fingerprint`, `cause`, `count`, `through` and `reason`";
                return Err(unknown(member, known));
            }
        }
    }
    match fingerprint {
        Some(fingerprint) => Ok((fingerprint, out)),
        None => Err(mistake(value.span, "this entry has no `fingerprint`", ANEW)),
    }
}

fn fingerprint(value: &Value) -> Result<String, Mistake> {
    let hexadecimal = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    match value.as_str() {
        Some(text) if text.len() == 16 && text.chars().all(hexadecimal) => Ok(text.to_string()),
        _ => Err(shape(value, "`fingerprint` is 16 hexadecimal digits")),
    }
}

fn count(value: &Value) -> Result<usize, Mistake> {
    match value.as_f64() {
        Some(number) if number >= 1.0 && number.fract() == 0.0 && number < 1e9 => {
            Ok(number as usize)
        }
        _ => Err(shape(value, "`count` is a whole number from 1 on")),
    }
}

fn text(value: &Value, message: &str) -> Result<String, Mistake> {
    match value.as_str() {
        Some(text) => Ok(text.to_string()),
        None => Err(shape(value, message)),
    }
}

fn members<'a>(value: &'a Value, message: &str) -> Result<&'a [Member], Mistake> {
    match &value.kind {
        Kind::Map(members) => Ok(members),
        _ => Err(shape(value, message)),
    }
}

fn shape(value: &Value, message: &str) -> Mistake {
    mistake(value.span, message, ANEW)
}

fn unknown(member: &Member, known: &str) -> Mistake {
    let message = format!("unknown key `{}`", member.key.as_str());
    mistake(member.key_span, message, format!("known are {known}"))
}
