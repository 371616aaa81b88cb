//! A comment on a pull request, and the summary of a job: what the fixes save, the findings by money, the notes folded.
//! Whatever stands in a prompt or a file name is shown as text.

use std::fmt::Write;

use super::escape::{markdown, markdown_code};
use super::{active, position, room, savings, wording, Report, Show, Style};
use crate::engine::Analysis;
use crate::figures::{percent, usd};
use crate::finding::{Finding, Severity};

pub(super) struct Comment;

impl Report for Comment {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn render(&self, analysis: &Analysis, _show: Show, _style: Style) -> String {
        comment(analysis)
    }
}

pub fn comment(analysis: &Analysis) -> String {
    let (loud, notes): (Vec<&Finding>, Vec<&Finding>) =
        active(analysis).partition(|finding| finding.severity > Severity::Note);
    let mut out = format!("### prefixlint: {}\n\n", headline(analysis, loud.len()));
    if !loud.is_empty() {
        out.push_str("| saves | finding | place |\n|---|---|---|\n");
        rows(&mut out, &loud, |finding| row(analysis, finding));
        out.push('\n');
    }
    if !analysis.errors.is_empty() {
        rows(&mut out, &analysis.errors, |error| {
            let path = markdown_code(&analysis.vantage.in_repository(&error.path));
            format!("* {path}: {}\n", markdown(&error.message))
        });
        out.push('\n');
    }
    if !notes.is_empty() {
        let count = wording::counted(notes.len(), "note");
        let _ = write!(out, "<details><summary>{count}</summary>\n\n");
        rows(&mut out, &notes, |finding| {
            let place = markdown_code(&place(analysis, finding));
            format!(
                "* {place} **{}** {}\n",
                finding.rule,
                markdown(&finding.message)
            )
        });
        out.push_str("\n</details>\n\n");
    }
    let traffic = markdown(&wording::traffic(&analysis.traffic));
    let _ = writeln!(
        out,
        "<sub>{traffic}; input prices of {}. `prefixlint explain RULE` says more.</sub>",
        analysis.prices_as_of
    );
    out
}

fn headline(analysis: &Analysis, loud: usize) -> String {
    let prompts = wording::counted(analysis.prompts.len(), "prompt");
    let total = savings(analysis);
    match (loud, total) {
        (0, _) => format!("nothing to fix in {prompts}"),
        (_, (_, Some(month))) if month > 0.0 => format!(
            "the fixes save {} a month ({} in {prompts})",
            usd(month),
            wording::counted(loud, "finding")
        ),
        _ => format!("{} in {prompts}", wording::counted(loud, "finding")),
    }
}

fn row(analysis: &Analysis, finding: &Finding) -> String {
    let saves = finding.savings.as_ref().map_or(String::new(), |savings| {
        format!("{}<br>{}", wording::price(savings), percent(savings.share))
    });
    format!(
        "| {saves} | {} **{}**<br>{}<br>→ {} | {} |\n",
        finding.severity.name(),
        finding.rule,
        markdown(&finding.message),
        markdown(&finding.help),
        markdown_code(&place(analysis, finding)),
    )
}

/// `path:line` from the top of the repository, as the code host shows it.
fn place(analysis: &Analysis, finding: &Finding) -> String {
    let path = analysis.vantage.in_repository(&finding.place.path);
    match position(analysis, &finding.place) {
        Some(at) => format!("{path}:{}", at.line),
        None => path,
    }
}

/// As many as there is room for.
fn rows<T>(out: &mut String, all: &[T], row: impl Fn(&T) -> String) {
    let left = room::fill(out, all.iter(), row);
    if left > 0 {
        let _ = writeln!(out, "\nand {left} more");
    }
}
