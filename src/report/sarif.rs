//! SARIF 2.1.0: findings with their rules, ways and suppressions, for code scanning. Paths are URIs relative to the top of
//! the repository, columns count code points.

use std::collections::BTreeMap;

use serde_json::{json, Map, Value};

use super::escape::uri;
use super::{active, json, position, room, source, wording, Report, Show, Style};
use crate::engine::Analysis;
use crate::figures::thousands;
use crate::finding::{Finding, Fix, Severity};
use crate::rulebook::{self, Page};
use crate::source::Place;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What paths are relative to.
const ROOT: &str = "%SRCROOT%";

pub(super) struct Sarif;

impl Report for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn render(&self, analysis: &Analysis, _show: Show, _style: Style) -> String {
        let pages = rulebook::pages();
        let mut findings: Vec<&Finding> = analysis.findings.iter().collect();
        if findings.len() > room::RESULTS {
            // The order within the two stays: most valuable first.
            findings.sort_by_key(|finding| finding.suppressed.is_some());
            findings.truncate(room::RESULTS);
        }
        let mut results: Vec<Value> = findings
            .into_iter()
            .map(|finding| result(analysis, pages, finding))
            .collect();
        // Where one result says whether it is suppressed, all do.
        if analysis.findings.len() > active(analysis).count() {
            for result in results
                .iter_mut()
                .filter(|one| one["suppressions"].is_null())
            {
                result["suppressions"] = json!([]);
            }
        }
        json::pretty(&json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "prefixlint",
                    "organization": "prefixlint",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": pages.iter().map(rule).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {
                    ROOT: { "description": { "text": "The top of the repository." } }
                },
                "invocations": [invocation(analysis)],
                "results": results,
            }],
        }))
    }
}

fn rule(page: &Page) -> Value {
    let text = |title: &str| page.section(title).unwrap_or_default().to_string();
    let body: Vec<String> = page
        .sections
        .iter()
        .map(|section| format!("## {}\n\n{}", section.title, shown(&section.body)))
        .collect();
    json!({
        "id": page.id,
        "name": pascal(&page.id),
        "shortDescription": { "text": sentence(&page.summary) },
        "fullDescription": { "text": sentence(&text("What")) },
        "help": { "text": shown(&text("Use instead")), "markdown": body.join("\n\n") },
        "helpUri": super::rule_url(&page.id),
        "defaultConfiguration": { "level": "warning" },
        "properties": { "tags": ["prompt-cache", page.category] },
    })
}

/// A section as people read it: what a fence tells the tests is no part of it, and filler is told by its size.
fn shown(body: &str) -> String {
    let lines = body.lines().map(|line| match line.find(" path=") {
        Some(at) if line.starts_with("```") => &line[..at],
        _ => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    rulebook::summarise_filler(&text)
}

fn pascal(id: &str) -> String {
    let words = id.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.ends_with('.') {
        true => text,
        false => text + ".",
    }
}

fn result(analysis: &Analysis, pages: &[Page], finding: &Finding) -> Value {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| {
        out.insert(key.to_string(), value);
    };
    set("ruleId", finding.rule.into());
    if let Some(index) = pages.iter().position(|page| page.id == finding.rule) {
        set("ruleIndex", index.into());
    }
    set("level", level(finding.severity).into());
    let message = match finding.help.is_empty() {
        true => sentence(&finding.message),
        false => format!("{} {}", sentence(&finding.message), sentence(&finding.help)),
    };
    set("message", json!({ "text": message }));
    set("locations", json!([location(analysis, &finding.place)]));
    set(
        "partialFingerprints",
        json!({ "prefixlint/v1": finding.fingerprint }),
    );
    let related: Vec<Value> = finding
        .labels
        .iter()
        .enumerate()
        .map(|(id, label)| {
            let mut value = location(analysis, &label.place);
            value["id"] = (id + 1).into();
            value["message"] = json!({ "text": sentence(&label.text) });
            value
        })
        .collect();
    if !related.is_empty() {
        set("relatedLocations", related.into());
    }
    if !finding.trace.is_empty() {
        let steps: Vec<Value> = finding
            .trace
            .iter()
            .map(|hop| {
                let mut value = location(analysis, &hop.place);
                value["message"] = json!({ "text": sentence(&hop.note) });
                json!({ "location": value })
            })
            .collect();
        set(
            "codeFlows",
            json!([{ "threadFlows": [{ "locations": steps }] }]),
        );
    }
    let fix = finding.fix.as_ref().and_then(|one| fix(analysis, one));
    if let Some(fix) = fix {
        set("fixes", json!([fix]));
    }
    if let Some(suppressed) = &finding.suppressed {
        let kind = match suppressed.how {
            "comment" => "inSource",
            _ => "external",
        };
        let mut suppression = json!({ "kind": kind, "status": "accepted" });
        if !suppressed.reason.is_empty() {
            suppression["justification"] = suppressed.reason.clone().into();
        }
        set("suppressions", json!([suppression]));
    }
    let whole = json::finding(analysis, finding);
    let kept = [
        "confidence",
        "model",
        "prompts",
        "tokens",
        "savings",
        "volatility",
    ];
    let properties: Map<String, Value> = kept
        .iter()
        .filter(|key| !whole[**key].is_null())
        .map(|key| (key.to_string(), whole[*key].clone()))
        .collect();
    set("properties", Value::Object(properties));
    Value::Object(out)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn artifact(analysis: &Analysis, path: &str) -> Value {
    let path = analysis.vantage.in_repository(path);
    json!({ "uri": uri(&path), "uriBaseId": ROOT })
}

fn location(analysis: &Analysis, place: &Place) -> Value {
    let mut physical = json!({ "artifactLocation": artifact(analysis, &place.path) });
    if let Some(region) = region(analysis, place) {
        physical["region"] = region;
    }
    json!({ "physicalLocation": physical })
}

/// The end is the column behind the last character.
fn region(analysis: &Analysis, place: &Place) -> Option<Value> {
    let start = position(analysis, place)?;
    let end = source(analysis, &place.path)?.position(place.span.end.max(place.span.start));
    Some(json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }))
}

/// `None` where an edit stands in a file that is not at hand: half a fix is none.
fn fix(analysis: &Analysis, fix: &Fix) -> Option<Value> {
    let mut files: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let replacement = json!({
            "deletedRegion": region(analysis, &edit.place)?,
            "insertedContent": { "text": edit.text },
        });
        files.entry(&edit.place.path).or_default().push(replacement);
    }
    let changes: Vec<Value> = files
        .into_iter()
        .map(|(path, replacements)| {
            json!({ "artifactLocation": artifact(analysis, path), "replacements": replacements })
        })
        .collect();
    let kind = wording::fix_kind(fix);
    let description = json!({ "text": sentence(&format!("{kind}: {}", fix.title)) });
    Some(json!({ "description": description, "artifactChanges": changes }))
}

/// What could not be read does not fail the run, and is said; a config that cannot be used does.
fn invocation(analysis: &Analysis) -> Value {
    let files = analysis.errors.iter().map(|error| {
        json!({
            "level": "warning",
            "message": { "text": sentence(&error.message) },
            "locations": [{ "physicalLocation": { "artifactLocation": artifact(analysis, &error.path) } }],
        })
    });
    let configs = analysis.config_errors.iter().map(|error| {
        let mut physical = json!({ "artifactLocation": artifact(analysis, &error.path) });
        if let Some(file) = &error.source {
            let start = file.position(error.span.start);
            physical["region"] = json!({ "startLine": start.line, "startColumn": start.column });
        }
        json!({
            "level": "error",
            "message": { "text": sentence(&error.message) },
            "locations": [{ "physicalLocation": physical }],
        })
    });
    let mut out = json!({ "executionSuccessful": analysis.config_errors.is_empty() });
    let mut set = |key: &str, notifications: Vec<Value>| {
        if !notifications.is_empty() {
            out[key] = notifications.into();
        }
    };
    let remark = |level: &str, text: &str| {
        let text = sentence(text);
        json!({ "level": level, "message": { "text": text } })
    };
    let all = analysis.findings.len();
    let over = (all > room::RESULTS).then(|| {
        let [most, all] = [room::RESULTS, all].map(|count| thousands(count as f64));
        let text = format!("{most} of {all} findings: GitHub takes no more of one run");
        remark("warning", &text)
    });
    let remarks = analysis.notices.iter();
    let remarks = remarks.map(|text| remark("note", text));
    let notifications = files.chain(over).chain(remarks);
    set("toolExecutionNotifications", notifications.collect());
    set("toolConfigurationNotifications", configs.collect());
    out
}
