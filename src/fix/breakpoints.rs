//! How a breakpoint is written, over `rules/breakpoints.yaml`, in the notation of a file.

use std::sync::OnceLock;

use serde_yaml::Value;

use super::entries::{indent_at, line_break};
use super::written::{Notation, Page, Written};
use crate::judge::Judged;
use crate::providers::Match;
use crate::source::Span;

const TABLE: &str = include_str!("../../rules/breakpoints.yaml");
/// A line that is longer is broken.
const LINE: usize = 100;

/// A row of the table.
pub struct Breakpoint {
    apis: Vec<String>,
    matching: Option<String>,
    pub key: String,
    value: Vec<(String, String)>,
    pub alone: bool,
    block: Vec<(String, String)>,
}

fn rows() -> &'static [Breakpoint] {
    static ROWS: OnceLock<Vec<Breakpoint>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let table: Option<Value> = serde_yaml::from_str(TABLE).ok();
        let rows = table.as_ref().and_then(|table| table.get("breakpoints"));
        let rows = rows.and_then(Value::as_sequence);
        rows.map_or_else(Vec::new, |rows| rows.iter().filter_map(row).collect())
    })
}

fn row(row: &Value) -> Option<Breakpoint> {
    let text = |value: &Value| value.as_str().map(str::to_string);
    let pairs = |key: &str| -> Vec<(String, String)> {
        let map = row.get(key).and_then(Value::as_mapping);
        let pairs = map.into_iter().flatten();
        pairs
            .filter_map(|(k, v)| Some((text(k)?, text(v)?)))
            .collect()
    };
    let apis = row.get("apis").and_then(Value::as_sequence);
    Some(Breakpoint {
        apis: apis.into_iter().flatten().filter_map(text).collect(),
        matching: row.get("matching").and_then(text),
        key: row.get("key").and_then(text)?,
        value: pairs("value"),
        alone: row.get("alone").and_then(Value::as_bool).unwrap_or(false),
        block: pairs("block"),
    })
}

impl Breakpoint {
    /// What a block of text says beside its text.
    pub fn block_pairs(&self, hand: &Hand) -> Vec<String> {
        let pairs = self.block.iter();
        pairs
            .map(|(key, value)| hand.pair(key, &hand.text(value)))
            .collect()
    }
}

/// The breakpoint that a request takes.
pub fn of(judged: &Judged) -> Option<&'static Breakpoint> {
    let api = judged.prompt.target.api?;
    let matching = match judged.model.matching {
        Match::Marks => "marks",
        Match::Ends => "ends",
        _ => return None,
    };
    rows().iter().find(|row| {
        (row.apis.is_empty() || row.apis.iter().any(|known| known == api))
            && row
                .matching
                .as_deref()
                .is_none_or(|known| known == matching)
    })
}

/// How maps are written in a file: with which quotes, and with what behind a brace.
pub struct Hand {
    notation: Notation,
    quote: char,
    bare_keys: bool,
    inner: &'static str,
}

impl Hand {
    /// Of a map or, where there is none, of the text around a place.
    pub fn near(page: &Page, map: Option<&Written>, at: Span) -> Hand {
        let text = match map {
            Some(map) => page.text(map.span),
            None => page.text(Span::new(0, at.end)),
        };
        let quote = match page.notation {
            Notation::Json => '"',
            _ => text
                .chars()
                .find(|c| matches!(c, '"' | '\''))
                .unwrap_or('"'),
        };
        let keys = map.and_then(|map| map.pairs().first());
        let bare_keys = match page.notation {
            Notation::JavaScript => {
                keys.is_none_or(|pair| !page.text(pair.key_span).starts_with(['"', '\'']))
            }
            Notation::Yaml => true,
            Notation::Python | Notation::Json => false,
        };
        // As maps within the file are written.
        let (tight, wide) = match page.notation {
            Notation::Json => (
                page.file.text.contains("{\""),
                page.file.text.contains("{ \""),
            ),
            Notation::JavaScript => (!page.file.text.contains("{ "), true),
            Notation::Python => (!text.contains("{ "), true),
            Notation::Yaml => (false, true),
        };
        Hand {
            notation: page.notation,
            quote,
            bare_keys,
            inner: if wide && !tight { " " } else { "" },
        }
    }

    pub fn text(&self, text: &str) -> String {
        match self.notation {
            Notation::Yaml => text.to_string(),
            _ => format!("{0}{text}{0}", self.quote),
        }
    }

    fn key(&self, key: &str) -> String {
        match self.bare_keys {
            true => key.to_string(),
            false => self.text(key),
        }
    }

    pub fn pair(&self, key: &str, value: &str) -> String {
        format!("{}: {value}", self.key(key))
    }

    fn map(&self, pairs: &[String]) -> String {
        format!("{{{0}{1}{0}}}", self.inner, pairs.join(", "))
    }

    /// `"cache_control": {"type": "ephemeral"}`; `value`: as another one has it.
    pub fn mark(&self, breakpoint: &Breakpoint, value: Option<&str>) -> String {
        let own = || {
            let pairs: Vec<String> = breakpoint
                .value
                .iter()
                .map(|(key, value)| self.pair(key, &self.text(value)))
                .collect();
            self.map(&pairs)
        };
        let value = value.map_or_else(own, str::to_string);
        self.pair(&breakpoint.key, &value)
    }

    /// A block that is nothing but the breakpoint.
    pub fn lone_mark(&self, breakpoint: &Breakpoint, value: Option<&str>) -> String {
        self.map(&[self.mark(breakpoint, value)])
    }

    /// The same as a block of YAML. `key`: the column of the key whose text it is.
    pub fn listed(
        &self,
        page: &Page,
        breakpoint: &Breakpoint,
        value: Option<&str>,
        key: usize,
    ) -> (String, String) {
        let end = line_break(page.file);
        let (item, next) = (" ".repeat(key + 2), " ".repeat(key + 4));
        let mut open = format!("{end}{item}- ");
        for (key, value) in &breakpoint.block {
            open += &format!("{}{end}{next}", self.pair(key, &self.text(value)));
        }
        open += "text: ";
        (open, format!("{end}{next}{}", self.mark(breakpoint, value)))
    }

    /// What stands in front of a text and behind it to make it a list of one marked block.
    pub fn wrapping(
        &self,
        page: &Page,
        breakpoint: &Breakpoint,
        value: Option<&str>,
        at: Span,
    ) -> (String, String) {
        let mut front: Vec<String> = breakpoint
            .block
            .iter()
            .map(|(key, value)| self.pair(key, &self.text(value)))
            .collect();
        front.push(format!("{}: ", self.key("text")));
        let mark = self.mark(breakpoint, value);
        let line = page.file.line_span(page.file.line_index(at.start));
        let added = front.iter().map(String::len).sum::<usize>() + mark.len() + 12;
        let front_of_line = page.text(Span::new(line.start, at.start));
        let inline = line.len() + added <= LINE
            || page.text(at).contains('\n')
            || front_of_line.contains(['{', '[', '(', ',']);
        if inline {
            let open = format!("[{{{}{}", self.inner, front.join(", "));
            return (open, format!(", {mark}{}}}]", self.inner));
        }
        let end = line_break(page.file);
        let own = indent_at(page.file, at.start);
        let unit = unit(page, own);
        let (one, two) = (
            format!("{end}{own}{unit}"),
            format!("{end}{own}{unit}{unit}"),
        );
        // Formatters of code want the comma; JSON has none.
        let comma = match self.notation {
            Notation::Json | Notation::Yaml => "",
            _ => ",",
        };
        let open = format!("[{one}{{{two}{}", front.join(&format!(",{two}")));
        let close = format!(",{two}{mark}{comma}{one}}}{comma}{end}{own}]");
        (open, close)
    }
}

/// One step of indentation of a file.
fn unit(page: &Page, own: &str) -> String {
    if own.starts_with('\t') {
        return "\t".into();
    }
    let usual = match page.notation {
        Notation::Python => 4,
        _ => 2,
    };
    let mut lines = page.file.text.lines();
    let least = lines
        .by_ref()
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .filter(|spaces| *spaces > 1)
        .min();
    " ".repeat(least.filter(|least| *least <= 8).unwrap_or(usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_breakpoints_can_be_read() {
        let keys: Vec<&str> = rows().iter().map(|row| row.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "cachePoint",
                "prompt_cache_breakpoint",
                "prompt_cache_breakpoint",
                "cache_control"
            ]
        );
        assert!(rows().iter().all(|row| row.value.len() == 1));
        assert!(rows()[0].alone && rows()[0].block.is_empty());
    }
}
