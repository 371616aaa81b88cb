//! GitLab's code quality report: an array of issues. A finding's fingerprint is made unique where two share it, because
//! GitLab takes equal ones for the same issue. A file that could not be read is an issue of its first line.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::{active, json, source, wording, Report, Show, Style};
use crate::engine::Analysis;
use crate::finding::{FileError, Finding, Severity};
use crate::source::stable_hash;

pub(super) struct GitLab;

impl Report for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn tells_notices(&self) -> bool {
        false
    }

    fn render(&self, analysis: &Analysis, _show: Show, _style: Style) -> String {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut issues: Vec<Value> = active(analysis)
            .map(|finding| {
                let count = seen.entry(&finding.fingerprint).or_default();
                *count += 1;
                let fingerprint = match *count {
                    1 => finding.fingerprint.clone(),
                    more => format!("{}-{more}", finding.fingerprint),
                };
                issue(analysis, finding, fingerprint)
            })
            .collect();
        issues.extend(analysis.errors.iter().map(|error| unread(analysis, error)));
        json::pretty(&Value::Array(issues))
    }
}

fn unread(analysis: &Analysis, error: &FileError) -> Value {
    let path = analysis.vantage.in_repository(&error.path);
    let fingerprint = stable_hash(&[wording::UNREAD, &error.path, &error.message]);
    json!({
        "description": wording::unread(error),
        "check_name": wording::UNREAD,
        "fingerprint": format!("{fingerprint:016x}"),
        "severity": "minor",
        "location": { "path": path, "lines": { "begin": 1, "end": 1 } },
    })
}

fn issue(analysis: &Analysis, finding: &Finding, fingerprint: String) -> Value {
    let file = source(analysis, &finding.place.path);
    let line = |offset| file.map_or(1, |file| file.position(offset).line);
    let (begin, end) = (line(finding.place.span.start), line(finding.place.span.end));
    json!({
        "description": format!("{}: {}", wording::title(finding), finding.message),
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        },
        "location": {
            "path": analysis.vantage.in_repository(&finding.place.path),
            "lines": { "begin": begin, "end": end.max(begin) },
        },
    })
}
