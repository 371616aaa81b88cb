//! Literal values in recorded text that were filled in when it was sent: timestamps, UUIDs, "Today is Monday, July 6th".
//! The patterns are in `rules/volatility/literals.yaml`. Knows nothing of requests.

use std::ops::Range;
use std::sync::OnceLock;

use regex::Regex;
use serde_yaml::Value;

use super::Class;

/// A literal in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// `Unique` for what is new on every call, `Minute` and `Day` for coarser clocks.
    pub class: Class,
    /// A phrase for people: "a literal UUID".
    pub why: &'static str,
}

struct Pattern {
    class: Class,
    why: String,
    regex: Regex,
}

struct Patterns {
    unless_before: Option<Regex>,
    literals: Vec<Pattern>,
}

/// Bytes in front of a literal that can say it is no clock.
const CONTEXT: usize = 80;

/// Finds the literals of a text in order, none overlapping another. Dates of policies and examples are not found.
pub fn find(text: &str) -> Vec<Literal> {
    let patterns = patterns();
    let mut found: Vec<Literal> = Vec::new();
    for pattern in &patterns.literals {
        for captures in pattern.regex.captures_iter(text) {
            let Some(value) = captures.name("value").or_else(|| captures.get(0)) else {
                continue;
            };
            let overlaps = |known: &Literal| {
                known.range.start < value.end() && value.start() < known.range.end
            };
            // `found` is short: texts hold few clocks, and a log full of them is cut off.
            if found.len() >= 1000 {
                break;
            }
            if found.iter().any(overlaps) || is_fixed(patterns, text, value.start(), value.as_str())
            {
                continue;
            }
            found.push(Literal {
                range: value.range(),
                class: pattern.class,
                why: &pattern.why,
            });
        }
    }
    found.sort_by_key(|literal| literal.range.start);
    found
}

/// Whether the words in front of a literal, or the literal itself, say that it belongs to the text.
fn is_fixed(patterns: &Patterns, text: &str, start: usize, value: &str) -> bool {
    // Midnight is the border of a day: a bound, not a clock.
    if value.contains("00:00:00") {
        return true;
    }
    let mut from = start.saturating_sub(CONTEXT);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = &text[from..start];
    let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
    patterns
        .unless_before
        .as_ref()
        .is_some_and(|regex| regex.is_match(line))
}

fn patterns() -> &'static Patterns {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    PATTERNS.get_or_init(|| parse(include_str!("../../rules/volatility/literals.yaml")))
}

/// Reads the table. An entry that is not understood is left out; a test holds the embedded table to its count.
fn parse(source: &str) -> Patterns {
    let table: Value = serde_yaml::from_str(source).unwrap_or(Value::Null);
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_string);
    let entries = table.get("literals").and_then(Value::as_sequence);
    let literals = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            Some(Pattern {
                class: Class::parse(&text(entry, "class")?)?,
                why: text(entry, "why")?,
                regex: Regex::new(&text(entry, "pattern")?).ok()?,
            })
        })
        .collect();
    let unless_before = text(&table, "unless-before").and_then(|pattern| Regex::new(&pattern).ok());
    Patterns {
        unless_before,
        literals,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(text: &str) -> Vec<(String, Class)> {
        find(text)
            .into_iter()
            .map(|literal| (text[literal.range].to_string(), literal.class))
            .collect()
    }

    fn one(text: &str) -> Option<(String, Class)> {
        let found = classes(text);
        assert!(found.len() <= 1, "{text}: {found:?}");
        found.into_iter().next()
    }

    #[test]
    fn every_entry_of_the_table_is_understood() {
        let source = include_str!("../../rules/volatility/literals.yaml");
        assert_eq!(
            patterns().literals.len(),
            source.matches("- class:").count()
        );
        assert!(patterns().unless_before.is_some());
    }

    #[test]
    fn clocks_to_the_second_and_identifiers_are_unique() {
        for (text, value) in [
            (
                "Current time: 2026-07-06T09:14:03Z.",
                "2026-07-06T09:14:03Z",
            ),
            ("[2026-07-06 09:14:03.123] start", "2026-07-06 09:14:03.123"),
            (
                "request 3f2b8c1e-9a47-4d1b-8e2f-0c5d6a7b8c9d ",
                "3f2b8c1e-9a47-4d1b-8e2f-0c5d6a7b8c9d",
            ),
            ("\"timestamp\": 1751793243,", "1751793243"),
            ("now = 1751793243123", "1751793243123"),
            ("The current time is 14:03:22", "14:03:22"),
        ] {
            assert_eq!(
                one(text),
                Some((value.to_string(), Class::Unique)),
                "{text}"
            );
        }
        assert_eq!(
            one("It is now 14:03 in Berlin"),
            Some(("14:03".to_string(), Class::Minute))
        );
        assert_eq!(
            one("now: 2026-07-06 14:03"),
            Some(("2026-07-06 14:03".to_string(), Class::Minute))
        );
    }

    #[test]
    fn dates_introduced_as_present_are_days() {
        for (text, value) in [
            ("Today is Monday, July 6th.", "Monday, July 6th"),
            ("Today is Monday, July 6th, 2026.", "Monday, July 6th, 2026"),
            ("Current date: 2026-07-06\n", "2026-07-06"),
            ("The current date is July 6, 2026", "July 6, 2026"),
            ("Today's date is 06/07/2026.", "06/07/2026"),
            ("today’s date: 6 July 2026", "6 July 2026"),
            ("**Today**: 2026-07-06", "2026-07-06"),
            ("Today is Tuesday.", "Tuesday"),
        ] {
            assert_eq!(one(text), Some((value.to_string(), Class::Day)), "{text}");
        }
    }

    #[test]
    fn fixed_dates_of_the_text_are_not_found() {
        for text in [
            "This policy is effective 2024-01-01.",
            "Orders placed before March 3, 2021 cannot be returned.",
            "Refund window: 2024-01-01 to 2024-12-31.",
            "Effective as of 2024-01-01T09:00:00Z, returns are free.",
            "Use ISO 8601 timestamps such as 2024-05-01T12:30:00Z.",
            "Format: 2024-05-01T12:30:00Z",
            "An id like 3f2b8c1e-9a47-4d1b-8e2f-0c5d6a7b8c9d",
            "valid from 2024-01-01T00:00:00Z",
            "Knowledge cutoff: 2024-06",
            "We are open until 18:30:00",
            "Today we sell books. In 2021 we sold more.",
            "Call 1751793243 for help.",
            "00000000-0000-0000-0000-000000000000",
            "Respond now. Meet at 12:30.",
            "until today (Monday to Friday)",
        ] {
            assert_eq!(classes(text), [], "{text}");
        }
    }

    #[test]
    fn several_literals_come_in_order() {
        let text = "Today is Monday, July 6th. id 3f2b8c1e-9a47-4d1b-8e2f-0c5d6a7b8c9d at 2026-07-06T09:14:03Z";
        let found: Vec<Class> = classes(text).into_iter().map(|(_, class)| class).collect();
        assert_eq!(found, [Class::Day, Class::Unique, Class::Unique]);
    }
}
