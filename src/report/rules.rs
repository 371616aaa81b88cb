//! The rules: the table of `prefixlint rules` and a page of `prefixlint explain`.

use std::fmt::Write;

use serde_json::{json, Value};

use super::json::pretty;
use super::markdown;
use super::style::{table, Style, BOLD, DIM};
use crate::rulebook::{summarise_filler, Page};

/// Id, category, summary of each rule.
pub fn list(pages: &[Page], style: Style) -> String {
    let rows: Vec<Vec<String>> = pages
        .iter()
        .map(|page| vec![page.id.clone(), page.category.clone(), page.summary.clone()])
        .collect();
    table(&rows, &[], |_, column, cell| match column {
        0 => style.paint(BOLD, cell),
        1 => style.paint(DIM, cell),
        _ => cell.to_string(),
    })
}

/// `{"rules": [{"id", "category", "since", "fix", "summary"}]}`.
pub fn list_json(pages: &[Page]) -> String {
    let rules: Vec<Value> = pages.iter().map(value).collect();
    pretty(&json!({ "rules": rules }))
}

fn value(page: &Page) -> Value {
    json!({
        "id": page.id,
        "category": page.category,
        "since": page.since,
        "fix": page.fix.name(),
        "summary": page.summary,
    })
}

/// A whole page.
pub fn page(page: &Page, style: Style) -> String {
    let mut out = String::new();
    let about = format!(
        "{}, since {}, fix: {}",
        page.category,
        page.since,
        page.fix.name()
    );
    let _ = writeln!(
        out,
        "{}  {}\n{}",
        style.paint(BOLD, &page.id),
        style.paint(DIM, &about),
        page.summary
    );
    for section in &page.sections {
        let _ = writeln!(out, "\n{}\n", style.paint(BOLD, &section.title));
        let body = summarise_filler(&section.body);
        out.push_str(&markdown::render(&body, style));
    }
    out
}
