//! A comparison as workflow commands of GitHub Actions: an annotation at the line that moved the end of the cached
//! prefix, costliest first, because ten of each kind are shown.

use super::words;
use super::CompareReport;
use crate::compare::{Comparison, Fate, Pair};
use crate::report::github::command;
use crate::report::{hosted, Style};

pub(super) struct Github;

impl CompareReport for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    fn render(&self, comparison: &Comparison, tripped: &[String], _style: Style) -> String {
        let mut out = String::new();
        for limit in tripped {
            let title = [("title", "prefixlint compare".to_string())];
            out.push_str(&command("error", &title, limit));
        }
        for pair in &comparison.prompts {
            out.extend(annotation(comparison, pair));
        }
        out
    }
}

fn annotation(comparison: &Comparison, pair: &Pair) -> Option<String> {
    let (path, range) = words::spot(comparison, pair)?;
    let title = words::pair_change(pair);
    let level = match words::direction(pair) {
        direction if direction > 0.0 && pair.fate() == Fate::Changed => "warning",
        _ => "notice",
    };
    let mut said = Vec::new();
    said.extend(pair.cause.as_ref().map(|cause| {
        format!(
            "{} ({})",
            words::cause(pair, cause),
            words::place(comparison, cause, hosted)
        )
    }));
    said.extend(words::model(pair).map(|model| format!("model {model}")));
    said.extend(
        pair.cold_start
            .as_ref()
            .map(|cold| words::cold_start(pair, cold)),
    );
    said.push(format!(
        "{} tokens, cached prefix {}",
        words::both(pair, |judged| judged.total),
        words::both(pair, |judged| judged.boundary)
    ));
    if words::priced(pair) {
        said.push(format!(
            "{} per 1,000 calls",
            words::money(pair, pair.per_1k())
        ));
    }
    let mut properties = vec![("file", path)];
    if let Some([from, to]) = range {
        properties.push(("line", from.line.to_string()));
        properties.push(("endLine", to.line.to_string()));
        // Columns are shown within one line only.
        if from.line == to.line && from.column < to.column {
            properties.push(("col", from.column.to_string()));
            // The last column is part of the annotation.
            properties.push(("endColumn", (to.column - 1).to_string()));
        }
    }
    properties.push(("title", title));
    Some(command(level, &properties, &said.join("\n")))
}
