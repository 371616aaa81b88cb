//! Reviewdog's diagnostic format: one result with diagnostics. Lines and columns from 1 on, columns in bytes of UTF-8,
//! the end not part of the range. A file that could not be read is a diagnostic without a range.

use serde_json::{json, Map, Value};

use super::{active, json, source, wording, Report, Show, Style};
use crate::engine::Analysis;
use crate::finding::{Edit, FileError, Finding, Severity};
use crate::source::{Place, SourceFile};

pub(super) struct RdJson;

impl Report for RdJson {
    fn name(&self) -> &'static str {
        "rdjson"
    }

    fn tells_notices(&self) -> bool {
        false
    }

    fn render(&self, analysis: &Analysis, _show: Show, _style: Style) -> String {
        let findings = active(analysis).map(|finding| diagnostic(analysis, finding));
        let errors = analysis.errors.iter();
        let errors = errors.map(|error| unread(analysis, error));
        let diagnostics: Vec<Value> = findings.chain(errors).collect();
        json::pretty(&json!({
            "source": { "name": "prefixlint", "url": env!("CARGO_PKG_REPOSITORY") },
            "diagnostics": diagnostics,
        }))
    }
}

fn diagnostic(analysis: &Analysis, finding: &Finding) -> Value {
    let mut out = Map::new();
    let suggestion = suggestion(analysis, finding);
    let mut message = wording::advice(finding);
    // A suggestion has no text of its own, and is taken with one click.
    if let Some(fix) = finding.fix.as_ref().filter(|_| suggestion.is_some()) {
        message += &format!("\n{}: {}", wording::fix_kind(fix), fix.title);
    }
    out.insert("message".into(), message.into());
    out.insert("location".into(), location(analysis, &finding.place));
    let severity = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Note => "INFO",
    };
    out.insert("severity".into(), severity.into());
    let code = json!({ "value": finding.rule, "url": super::rule_url(finding.rule) });
    out.insert("code".into(), code);
    let related: Vec<Value> = finding
        .labels
        .iter()
        .map(|label| json!({ "message": label.text, "location": location(analysis, &label.place) }))
        .collect();
    if !related.is_empty() {
        out.insert("related_locations".into(), related.into());
    }
    if let Some(suggestion) = suggestion {
        out.insert("suggestions".into(), json!([suggestion]));
    }
    Value::Object(out)
}

/// The fix as one text for one range, from its first edit to its last: several suggestions would be alternatives. None
/// where it changes another file than the finding's.
fn suggestion(analysis: &Analysis, finding: &Finding) -> Option<Value> {
    let path = &finding.place.path;
    let mut edits: Vec<&Edit> = finding.fix.as_ref()?.edits.iter().collect();
    edits.sort_by_key(|edit| edit.place.span);
    if edits.iter().any(|edit| edit.place.path != *path) {
        return None;
    }
    let file = source(analysis, path)?;
    let (first, last) = (edits.first()?, edits.last()?);
    let whole = Place::new(path, first.place.span.start, last.place.span.end);
    let mut text = String::new();
    let mut at = whole.span.start;
    for edit in edits {
        // Edits that overlap are no one text.
        let between = edit.place.span.start.checked_sub(at)?;
        let kept = file.slice(at, at + between);
        if kept.len() != between {
            return None;
        }
        text.push_str(kept);
        text.push_str(&edit.text);
        at = edit.place.span.end;
    }
    Some(json!({ "range": range(analysis, &whole)?, "text": text }))
}

fn location(analysis: &Analysis, place: &Place) -> Value {
    let mut out = Map::new();
    let path = analysis.vantage.in_repository(&place.path);
    out.insert("path".into(), path.into());
    if let Some(range) = range(analysis, place) {
        out.insert("range".into(), range);
    }
    Value::Object(out)
}

fn range(analysis: &Analysis, place: &Place) -> Option<Value> {
    let file = source(analysis, &place.path)?;
    let end = place.span.end.max(place.span.start);
    Some(json!({ "start": point(file, place.span.start), "end": point(file, end) }))
}

fn point(file: &SourceFile, offset: usize) -> Value {
    let at = file.byte_position(offset);
    json!({ "line": at.line, "column": at.column })
}

/// A file that was not read, or not all of it.
fn unread(analysis: &Analysis, error: &FileError) -> Value {
    json!({
        "message": wording::unread(error),
        "location": { "path": analysis.vantage.in_repository(&error.path) },
        "severity": "WARNING",
        "code": { "value": wording::UNREAD },
    })
}
