//! GitHub workflow commands: one a finding, shown as annotations on a pull request. Most valuable first within a
//! severity, because GitHub shows ten of each kind and step.

use super::escape::{command_message, command_property};
use super::{active, source, wording, Report, Show, Style};
use crate::engine::Analysis;
use crate::finding::{Finding, Severity};

pub(super) struct GitHub;

impl Report for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn tells_notices(&self) -> bool {
        false
    }

    fn render(&self, analysis: &Analysis, _show: Show, _style: Style) -> String {
        commands(analysis)
    }
}

/// The commands of all findings, and of files that could not be read.
pub fn commands(analysis: &Analysis) -> String {
    let mut out = String::new();
    for finding in active(analysis) {
        let mut properties = vec![("file", analysis.vantage.in_repository(&finding.place.path))];
        properties.extend(lines(analysis, finding));
        properties.push(("title", wording::title(finding)));
        let kind = kind(finding.severity);
        out.push_str(&command(kind, &properties, &wording::advice(finding)));
    }
    for error in &analysis.errors {
        let properties = [
            ("file", analysis.vantage.in_repository(&error.path)),
            ("title", "prefixlint: not linted".to_string()),
        ];
        out.push_str(&command("warning", &properties, &error.message));
    }
    out
}

/// `::warning file=a.j2,line=3::message`, with a line break at its end.
pub(super) fn command(kind: &str, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{name}={}", command_property(value)))
        .collect();
    let message = command_message(message);
    format!("::{kind} {}::{message}\n", properties.join(","))
}

fn kind(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    }
}

/// Lines, and columns where it is one line: GitHub takes no columns of longer annotations. The last column is part of
/// the annotation.
fn lines(analysis: &Analysis, finding: &Finding) -> Vec<(&'static str, String)> {
    let place = &finding.place;
    let Some(file) = source(analysis, &place.path) else {
        return Vec::new();
    };
    let (start, end) = (
        file.position(place.span.start),
        file.position(place.span.end),
    );
    let mut out = vec![
        ("line", start.line.to_string()),
        ("endLine", end.line.max(start.line).to_string()),
    ];
    if start.line == end.line {
        let last = end.column.saturating_sub(1).max(start.column);
        out.push(("col", start.column.to_string()));
        out.push(("endColumn", last.to_string()));
    }
    out
}
