//! JSON lines: one finding a line with `"type": "finding"`, then one line with `"type": "summary"`.

use serde_json::{Map, Value};

use super::{json, prompts, statistics, Report, Show, Style};
use crate::engine::Analysis;

pub(super) struct JsonLines;

impl Report for JsonLines {
    fn name(&self) -> &'static str {
        "json-lines"
    }

    fn render(&self, analysis: &Analysis, show: Show, _style: Style) -> String {
        let mut out = String::new();
        for finding in &analysis.findings {
            push(&mut out, "finding", json::finding(analysis, finding));
        }
        if show.prompts {
            for judged in &analysis.prompts {
                push(&mut out, "prompt", prompts::value(analysis, judged));
            }
        }
        let mut summary = json::head(analysis);
        if show.statistics {
            summary.insert("statistics".into(), statistics::value(analysis));
        }
        summary.insert("errors".into(), json::errors(analysis));
        push(&mut out, "summary", Value::Object(summary));
        out
    }
}

fn push(out: &mut String, kind: &str, value: Value) {
    let mut line = Map::new();
    line.insert("type".into(), kind.into());
    if let Value::Object(fields) = value {
        line.extend(fields);
    }
    out.push_str(&Value::Object(line).to_string());
    out.push('\n');
}
