//! A comparison as a comment on a pull request: one line, one table, findings folded. What comes from the repository
//! (paths, values, messages) is escaped: it can neither mention anybody nor close the table.

use std::fmt::Write;

use super::words;
use super::CompareReport;
use crate::compare::{Comparison, Fate, Pair};
use crate::engine::Analysis;
use crate::finding::Finding;
use crate::report::style::one_line;
use crate::report::{full, hosted, room, Style};

/// Rows of the table and findings of a list.
const MOST_ROWS: usize = 50;
/// Columns of a value in the table.
const CELL: usize = 160;

pub(super) struct Markdown;

impl CompareReport for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn is_prose(&self) -> bool {
        true
    }

    fn render(&self, comparison: &Comparison, tripped: &[String], _style: Style) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "### prefixlint: {}\n", text(&words::total(comparison)));
        let _ = writeln!(
            out,
            "{}: {}; {}.\n",
            text(&words::versions(comparison)),
            words::tally(comparison),
            words::findings(comparison)
        );
        if !tripped.is_empty() {
            let limits = tripped.iter();
            rows(&mut out, limits, "- ", |limit| {
                format!("- **fails:** {}\n", text(limit))
            });
            out.push('\n');
        }
        table(&mut out, comparison);
        folded(&mut out, comparison.head, "new", &comparison.new);
        folded(&mut out, comparison.base, "fixed", &comparison.fixed);
        let basis = full::basis(comparison.head);
        let notices = comparison.notices.iter().chain(&comparison.head.notices);
        let notices: String = notices
            .map(|notice| format!("<br>{}", text(notice)))
            .collect();
        let _ = writeln!(out, "<sub>{}{notices}</sub>", text(&basis));
        out
    }
}

fn table(out: &mut String, comparison: &Comparison) {
    if comparison.prompts.is_empty() {
        return;
    }
    out.push_str("| Prompt | Change | Per 1,000 calls | Tokens | Cached prefix | Why |\n");
    out.push_str("|---|---|---|---|---|---|\n");
    rows(out, comparison.prompts.iter(), "\n", |pair| {
        row(comparison, pair)
    });
    out.push('\n');
}

/// As many as there is room for, and few enough to be read.
fn rows<T>(
    out: &mut String,
    all: impl ExactSizeIterator<Item = T>,
    lead: &str,
    row: impl Fn(T) -> String,
) {
    let over = all.len().saturating_sub(MOST_ROWS);
    let left = over + room::fill(out, all.take(MOST_ROWS), row);
    if left > 0 {
        let _ = writeln!(out, "{lead}and {left} more");
    }
}

fn row(comparison: &Comparison, pair: &Pair) -> String {
    let Some(named) = pair.named() else {
        return String::new();
    };
    let mut name = code(&comparison.head.vantage.in_repository(&named.prompt.id));
    if let Some(former) = pair.former() {
        name += &format!(
            "<br>was {}",
            code(&comparison.base.vantage.in_repository(former))
        );
    }
    let change = text(&words::pair_change(pair));
    let change = match words::direction(pair) {
        direction if direction > 0.0 && pair.fate() == Fate::Changed => format!("**{change}**"),
        _ => change,
    };
    let cost = match words::priced(pair) {
        true => text(&words::money(pair, pair.per_1k())),
        false => String::new(),
    };
    format!(
        "| {name} | {change} | {cost} | {} | {} | {} |\n",
        words::both(pair, |judged| judged.total),
        words::both(pair, |judged| judged.boundary),
        why(comparison, pair)
    )
}

fn why(comparison: &Comparison, pair: &Pair) -> String {
    let mut parts = Vec::new();
    if let Some(cause) = &pair.cause {
        let place = code(&words::place(comparison, cause, hosted));
        parts.push(format!("{}, {place}", text(&words::cause(pair, cause))));
    }
    parts.extend(words::model(pair).map(|model| text(&model)));
    if let Some(cold) = &pair.cold_start {
        let place = code(&hosted(comparison.head, &cold.place));
        parts.push(format!("{}, {place}", text(&words::cold_start(pair, cold))));
    }
    parts.join("<br>")
}

fn folded(out: &mut String, analysis: &Analysis, word: &str, findings: &[&Finding]) {
    if findings.is_empty() {
        return;
    }
    let count = findings.len();
    let noun = if count == 1 { "finding" } else { "findings" };
    let _ = writeln!(out, "<details><summary>{count} {word} {noun}</summary>\n");
    rows(out, findings.iter(), "- ", |finding| {
        let place = hosted(analysis, &finding.place);
        format!(
            "- {} {} {}: {}\n",
            finding.severity.name(),
            code(finding.rule),
            code(&place),
            text(words::message(finding))
        )
    });
    out.push_str("\n</details>\n\n");
}

/// Plain text; what stands between backticks is code.
fn text(plain: &str) -> String {
    let line = one_line(plain, 400);
    let parts: Vec<&str> = line.split('`').collect();
    // An odd number of backticks: the last one is a sign like any other.
    let balanced = parts.len() % 2 == 1;
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        let is_code = index % 2 == 1 && (balanced || index + 1 < parts.len());
        match is_code {
            true => out.push_str(&code(part)),
            false => out.push_str(&escaped(part)),
        }
    }
    out
}

/// A code span that nothing in the text can end.
fn code(text: &str) -> String {
    let line = one_line(text, CELL);
    if line.trim().is_empty() {
        return escaped(&line);
    }
    let longest = line
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') {
        " "
    } else {
        ""
    };
    // Within a table a bar ends the cell even in code.
    format!("{fence}{pad}{}{pad}{fence}", line.replace('|', "\\|"))
}

/// Signs of Markdown and HTML, mentions, references and links as plain text.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            // Mentions and references are looked for in what is rendered: only a sign between them helps.
            '@' | '#' => {
                let _ = write!(out, "{c}&#8203;");
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '~' | '[' | ']' | '\\' | '!' | '$' => {
                let _ = write!(out, "\\{c}");
            }
            c => out.push(c),
        }
    }
    out.replace("://", ":&#47;&#47;")
        .replace("www.", "www&#46;")
}
