//! JSON, version 1: everything, as `schemas/prefixlint-output.schema.json` describes it. Additive changes only. No
//! times and no absolute paths in it, so that equal input gives equal bytes.

use serde_json::{json, Map, Value};

use super::{active, counts, position, prompts, source, statistics, Report, Show, Style};
use crate::config::Traffic;
use crate::engine::Analysis;
use crate::finding::{Finding, Fix, Savings, Tokens};
use crate::source::{Place, SourceFile};

pub const SCHEMA_VERSION: u32 = 1;

pub(super) struct Json;

impl Report for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn render(&self, analysis: &Analysis, show: Show, _style: Style) -> String {
        pretty(&document(analysis, show))
    }
}

/// Indented JSON with a line break at its end.
pub fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The whole report.
pub fn document(analysis: &Analysis, show: Show) -> Value {
    let findings: Vec<Value> = analysis
        .findings
        .iter()
        .map(|one| finding(analysis, one))
        .collect();
    let mut out = head(analysis);
    out.insert("findings".into(), Value::Array(findings));
    if show.prompts {
        let all = analysis
            .prompts
            .iter()
            .map(|judged| prompts::value(analysis, judged));
        out.insert("prompts".into(), Value::Array(all.collect()));
    }
    if show.statistics {
        out.insert("statistics".into(), statistics::value(analysis));
    }
    out.insert("errors".into(), errors(analysis));
    Value::Object(out)
}

/// What stands in front of the findings; also the summary line of json-lines.
pub(super) fn head(analysis: &Analysis) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("schema_version".into(), SCHEMA_VERSION.into());
    let tool = json!({ "name": "prefixlint", "version": env!("CARGO_PKG_VERSION") });
    out.insert("tool".into(), tool);
    out.insert("prices_as_of".into(), analysis.prices_as_of.clone().into());
    out.insert("traffic".into(), traffic(&analysis.traffic));
    out.insert("summary".into(), summary(analysis));
    let limits = analysis.limits.iter();
    let limits = limits.map(|limit| format!("{}: {}", limit.path, limit.message));
    let notices: Vec<String> = analysis.notices.iter().cloned().chain(limits).collect();
    out.insert("notices".into(), notices.into());
    out
}

/// Files and configs that could not be used, in whole or in part.
pub(super) fn errors(analysis: &Analysis) -> Value {
    let configs = analysis.config_errors.iter().map(|error| {
        let at = error
            .source
            .as_ref()
            .map(|file| file.position(error.span.start));
        json!({
            "kind": "config",
            "path": &*error.path,
            "line": at.map(|at| at.line),
            "column": at.map(|at| at.column),
            "message": error.message,
            "help": error.help,
        })
    });
    let files = analysis.errors.iter().map(|error| {
        json!({
            "kind": "file",
            "path": &*error.path,
            "line": null,
            "column": null,
            "message": error.message,
            "help": null,
        })
    });
    Value::Array(configs.chain(files).collect())
}

pub(super) fn traffic(traffic: &Traffic) -> Value {
    json!({
        "calls_per_month": traffic.calls_per_month.map(number),
        "users": number(traffic.users),
        "tenants": number(traffic.tenants),
        "calls_per_session": number(traffic.calls_per_session),
        "gap_minutes": number(traffic.gap),
        "batch": traffic.batch,
        "ttl_minutes": traffic.ttl.map(number),
        "basis": traffic.basis.name(),
    })
}

fn summary(analysis: &Analysis) -> Value {
    let mut out = Map::new();
    out.insert("files".into(), analysis.files.into());
    out.insert("prompts".into(), analysis.prompts.len().into());
    out.insert("uncacheable".into(), analysis.uncacheable.count.into());
    for (severity, count) in counts(analysis) {
        out.insert(severity.name().into(), count.into());
    }
    let suppressed = analysis.findings.len() - active(analysis).count();
    out.insert("suppressed".into(), suppressed.into());
    let by_baseline = |finding: &&Finding| {
        let how = finding.suppressed.as_ref().map(|one| one.how);
        how == Some("baseline")
    };
    let known = super::stale(analysis).map(|stale| {
        let suppressed = analysis.findings.iter().filter(by_baseline).count();
        json!({ "suppressed": suppressed, "stale": stale })
    });
    out.insert("baseline".into(), known.into());
    let fixed = analysis.fixed.as_ref();
    let fixed = fixed.map(|fixed| json!({ "findings": fixed.findings, "files": fixed.files }));
    out.insert("fixed".into(), fixed.into());
    let (per_1k, month) = super::savings(analysis);
    out.insert(
        "savings".into(),
        json!({ "usd_per_1k_calls": number(per_1k), "usd_per_month": month.map(number) }),
    );
    Value::Object(out)
}

/// One finding, with everything that is known of it.
pub(super) fn finding(analysis: &Analysis, finding: &Finding) -> Value {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| {
        out.insert(key.to_string(), value);
    };
    set("rule", finding.rule.into());
    set("severity", finding.severity.name().into());
    set("confidence", finding.confidence.name().into());
    set("message", finding.message.clone().into());
    set("help", finding.help.clone().into());
    let (start, end) = range(analysis, &finding.place);
    set("path", (&*finding.place.path).into());
    set("start", start);
    set("end", end);
    set("cause", Value::Object(place(analysis, &finding.cause)));
    let labels = finding.labels.iter().map(|label| {
        let mut value = place(analysis, &label.place);
        value.insert("text".into(), label.text.clone().into());
        Value::Object(value)
    });
    set("labels", Value::Array(labels.collect()));
    let trace = finding.trace.iter().map(|hop| {
        let at = position(analysis, &hop.place);
        json!({
            "path": &*hop.place.path,
            "line": at.map(|at| at.line),
            "column": at.map(|at| at.column),
            "note": hop.note,
        })
    });
    set("trace", Value::Array(trace.collect()));
    set("prompt", finding.prompt.clone().into());
    set("prompts", finding.prompts.clone().into());
    set("model", finding.model.clone().into());
    set("model_source", finding.model_source.into());
    let class = finding.volatility.map(|class| class.name());
    set("volatility", class.into());
    set("tokens", finding.tokens.as_ref().map(tokens).into());
    set("savings", finding.savings.as_ref().map(savings).into());
    set("rank", finding.rank.into());
    let suppressed = finding
        .suppressed
        .as_ref()
        .map(|suppressed| json!({ "how": suppressed.how, "reason": suppressed.reason }));
    set("suppressed", suppressed.into());
    let fix = finding.fix.as_ref().map(|one| fix(analysis, one));
    set("fix", fix.into());
    set("unfixed", finding.unfixed.clone().into());
    set("fingerprint", finding.fingerprint.clone().into());
    Value::Object(out)
}

fn tokens(tokens: &Tokens) -> Value {
    json!({
        "total": number(tokens.total),
        "before": number(tokens.before),
        "stranded": number(tokens.stranded),
        "minimum": number(tokens.minimum),
        "boundary": number(tokens.boundary),
        "cached_now": number(tokens.cached_now),
        "cached_after": number(tokens.cached_after),
        "counted": tokens.counted.name(),
        "threshold": tokens.threshold.name(),
        "range": tokens.range.map(|(low, high)| json!({ "low": number(low), "high": number(high) })),
    })
}

fn savings(savings: &Savings) -> Value {
    json!({
        "usd_per_1k_calls": number(savings.usd_per_1k_calls),
        "usd_per_month": savings.usd_per_month.map(number),
        "share": number(savings.share),
        "basis": savings.basis,
    })
}

fn fix(analysis: &Analysis, fix: &Fix) -> Value {
    let edits = fix.edits.iter().map(|edit| {
        let mut value = place(analysis, &edit.place);
        value.insert("text".into(), edit.text.clone().into());
        Value::Object(value)
    });
    json!({
        "title": fix.title,
        "applicability": if fix.safe { "safe" } else { "unsafe" },
        "edits": edits.collect::<Vec<_>>(),
    })
}

pub(super) fn place(analysis: &Analysis, place: &Place) -> Map<String, Value> {
    let (start, end) = range(analysis, place);
    let mut out = Map::new();
    out.insert("path".into(), (&*place.path).into());
    out.insert("start".into(), start);
    out.insert("end".into(), end);
    out
}

fn range(analysis: &Analysis, place: &Place) -> (Value, Value) {
    let file = source(analysis, &place.path).map(|file| &**file);
    (
        point(file, place.span.start),
        point(file, place.span.end.max(place.span.start)),
    )
}

/// Line and column 1-based, the column in code points, the offset in bytes; line and column are null where the
/// source is not at hand.
fn point(file: Option<&SourceFile>, offset: usize) -> Value {
    let at = file.map(|file| file.position(offset));
    json!({
        "line": at.map(|at| at.line),
        "column": at.map(|at| at.column),
        "offset": offset,
    })
}

/// A figure rounded to a millionth, so that the last bits of an addition do not show; whole numbers without a
/// fraction; null for what is not a number.
pub(super) fn number(value: f64) -> Value {
    let rounded = (value * 1e6).round() / 1e6;
    if !rounded.is_finite() {
        Value::Null
    } else if rounded.fract() == 0.0 && rounded.abs() < 9e15 {
        Value::from(rounded as i64)
    } else {
        Value::from(rounded)
    }
}
