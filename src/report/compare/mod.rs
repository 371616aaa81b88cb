//! A comparison written down: one file per format behind one trait. Formats turn a `Comparison` into text; they decide
//! nothing of what is dear.

use super::Style;
use crate::compare::Comparison;

mod full;
mod github;
mod json;
mod markdown;
mod words;

/// One output format of comparisons.
pub trait CompareReport: Sync {
    /// As it is named on the command line.
    fn name(&self) -> &'static str;
    /// Whether it is prose that quotes prompts: where logs are read for commands, none of its lines may be one.
    fn is_prose(&self) -> bool {
        false
    }
    /// The whole text. `tripped`: the limits that the change does not keep to.
    fn render(&self, comparison: &Comparison, tripped: &[String], style: Style) -> String;
}

/// Every format, in the order in which help texts name them. A new one is one line here.
pub const FORMATS: &[&dyn CompareReport] = &[
    &full::Full,
    &json::Json,
    &markdown::Markdown,
    &github::Github,
];

/// The format of a name.
pub fn format_of(name: &str) -> Option<&'static dyn CompareReport> {
    FORMATS.iter().copied().find(|format| format.name() == name)
}
