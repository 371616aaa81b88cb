//! A comparison as JSON, version 1, as `schemas/prefixlint-compare.schema.json` describes it. Additive changes only.
//! No times and no absolute paths in it.

use serde_json::{json, Map, Value};

use super::words;
use super::CompareReport;
use crate::compare::{Comparison, Fate, Money, Pair, Side, Version};
use crate::engine::Analysis;
use crate::finding::Finding;
use crate::judge::Judged;
use crate::report::json::{self as shared, number};
use crate::report::{position, pretty, Style};

pub const SCHEMA_VERSION: u32 = 1;

pub(super) struct Json;

impl CompareReport for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn render(&self, comparison: &Comparison, tripped: &[String], _style: Style) -> String {
        pretty(&document(comparison, tripped))
    }
}

fn document(comparison: &Comparison, tripped: &[String]) -> Value {
    let prompts = comparison
        .prompts
        .iter()
        .map(|pair| prompt(comparison, pair));
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": { "name": "prefixlint", "version": env!("CARGO_PKG_VERSION") },
        "base": version(&comparison.versions.0),
        "head": version(&comparison.versions.1),
        "prices_as_of": comparison.head.prices_as_of,
        "traffic": shared::traffic(&comparison.head.traffic),
        "summary": {
            "unchanged": comparison.unchanged,
            "renamed": comparison.renamed,
            "changed": comparison.count(Fate::Changed),
            "added": comparison.count(Fate::Added),
            "deleted": comparison.count(Fate::Deleted),
            "new_findings": comparison.new.len(),
            "fixed_findings": comparison.fixed.len(),
            "usd_per_month": comparison.per_month().map(money),
        },
        "tripped": tripped,
        "prompts": prompts.collect::<Vec<_>>(),
        "findings": {
            "new": findings(comparison.head, &comparison.new),
            "fixed": findings(comparison.base, &comparison.fixed),
        },
        "notices": comparison.notices.iter().chain(&comparison.head.notices).collect::<Vec<_>>(),
        "errors": {
            "base": shared::errors(comparison.base),
            "head": shared::errors(comparison.head),
        },
    })
}

fn version(version: &Version) -> Value {
    json!({ "name": version.name, "commit": version.commit })
}

fn money(money: Money) -> Value {
    json!({
        "before": number(money.before),
        "after": number(money.after),
        "change": number(money.change()),
    })
}

/// A value of each side; null where the prompt is not there.
fn sides(pair: &Pair, of: impl Fn(&Judged) -> Value) -> Value {
    json!({ "before": pair.base.map(&of), "after": pair.head.map(&of) })
}

fn prompt(comparison: &Comparison, pair: &Pair) -> Value {
    let mut out = Map::new();
    let mut set = |key: &str, value: Value| {
        out.insert(key.to_string(), value);
    };
    let line = |analysis: &Analysis, judged: &Judged| {
        position(analysis, &judged.prompt.origin).map(|at| at.line)
    };
    set("change", pair.fate().name().into());
    set("id", sides(pair, |judged| judged.prompt.id.clone().into()));
    set(
        "path",
        sides(pair, |judged| (&*judged.prompt.origin.path).into()),
    );
    let lines = json!({
        "before": pair.base.map(|judged| line(comparison.base, judged)),
        "after": pair.head.map(|judged| line(comparison.head, judged)),
    });
    set("line", lines);
    set(
        "model",
        sides(pair, |judged| judged.model.id.clone().into()),
    );
    let figure = |of: fn(&Judged) -> f64| sides(pair, |judged| number(of(judged)));
    set("tokens", figure(|judged| judged.total));
    set("boundary", figure(|judged| judged.boundary));
    set("cached_now", figure(|judged| judged.plan.now.read));
    set("minimum", sides(pair, |judged| judged.model.minimum.into()));
    set(
        "counted",
        sides(pair, |judged| judged.counted.name().into()),
    );
    set("prefix_loss", number(pair.prefix_loss()));
    let priced = words::priced(pair);
    set(
        "usd_per_1k_calls",
        priced.then(|| money(pair.per_1k())).into(),
    );
    set(
        "usd_per_month",
        pair.per_month().filter(|_| priced).map(money).into(),
    );
    set(
        "list_price_per_1k_calls",
        pair.list_price().map(money).into(),
    );
    set("cause", cause(comparison, pair));
    let cold = pair.cold_start.as_ref().map(|cold| {
        let mut out = shared::place(comparison.head, &cold.place);
        out.insert("tokens".into(), number(cold.tokens));
        out.insert("usd".into(), cold.usd.map(number).into());
        Value::Object(out)
    });
    set("cold_start", cold.into());
    let fingerprints = |findings: &[&Finding]| -> Value {
        let prints = findings.iter().map(|finding| finding.fingerprint.clone());
        prints.collect::<Vec<_>>().into()
    };
    set("new", fingerprints(&pair.new));
    set("fixed", fingerprints(&pair.fixed));
    Value::Object(out)
}

fn cause(comparison: &Comparison, pair: &Pair) -> Value {
    let Some(cause) = &pair.cause else {
        return Value::Null;
    };
    let analysis = words::side(comparison, cause.side);
    let mut out = shared::place(analysis, &cause.place);
    let side = match cause.side {
        Side::Base => "base",
        Side::Head => "head",
    };
    out.insert("kind".into(), cause.why.name().into());
    out.insert("side".into(), side.into());
    out.insert("expression".into(), cause.text.clone().into());
    out.insert("text".into(), words::cause(pair, cause).into());
    Value::Object(out)
}

fn findings(analysis: &Analysis, findings: &[&Finding]) -> Value {
    let all = findings.iter().map(|one| shared::finding(analysis, one));
    Value::Array(all.collect())
}
