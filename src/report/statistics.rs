//! `--statistics`: findings and savings by rule, dearest rule first.

use std::collections::BTreeMap;

use serde_json::{json, Value};

use super::active;
use super::style::{table as aligned, Style, BOLD, DIM};
use crate::engine::Analysis;
use crate::figures::{thousands, usd};
use crate::finding::Severity;

/// What one rule found.
#[derive(Default)]
struct Tally {
    error: usize,
    warning: usize,
    note: usize,
    /// Sum over the findings: 1,000 calls of the prompt of each.
    usd_per_1k_calls: f64,
    usd_per_month: Option<f64>,
}

fn tallies(analysis: &Analysis) -> Vec<(&'static str, Tally)> {
    let mut rules: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for finding in active(analysis) {
        let tally = rules.entry(finding.rule).or_default();
        match finding.severity {
            Severity::Error => tally.error += 1,
            Severity::Warning => tally.warning += 1,
            Severity::Note => tally.note += 1,
        }
        if let Some(savings) = &finding.savings {
            tally.usd_per_1k_calls += savings.usd_per_1k_calls;
            if let Some(month) = savings.usd_per_month {
                *tally.usd_per_month.get_or_insert(0.0) += month;
            }
        }
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by(|(_, a), (_, b)| b.usd_per_1k_calls.total_cmp(&a.usd_per_1k_calls));
    rules
}

pub(super) fn table(out: &mut String, analysis: &Analysis, style: Style) {
    let tallies = tallies(analysis);
    if tallies.is_empty() {
        return;
    }
    let monthly = tallies
        .iter()
        .any(|(_, tally)| tally.usd_per_month.is_some());
    let mut head: Vec<String> = ["rule", "errors", "warnings", "notes"]
        .map(str::to_string)
        .to_vec();
    head.push(
        if monthly {
            "a month"
        } else {
            "per 1,000 calls"
        }
        .to_string(),
    );
    let mut rows = vec![head];
    for (rule, tally) in &tallies {
        let count = |count: usize| match count {
            0 => "-".to_string(),
            count => thousands(count as f64),
        };
        let saved = if monthly {
            tally.usd_per_month.map_or("-".to_string(), usd)
        } else {
            usd(tally.usd_per_1k_calls)
        };
        rows.push(vec![
            rule.to_string(),
            count(tally.error),
            count(tally.warning),
            count(tally.note),
            saved,
        ]);
    }
    let right = [false, true, true, true, true];
    out.push_str(&aligned(&rows, &right, |row, column, cell| {
        match (row, column) {
            (0, _) => style.paint(DIM, cell),
            (_, 0) => style.paint(BOLD, cell),
            _ => cell.to_string(),
        }
    }));
}

pub(super) fn value(analysis: &Analysis) -> Value {
    let rules = tallies(analysis).into_iter().map(|(rule, tally)| {
        json!({
            "rule": rule,
            "error": tally.error,
            "warning": tally.warning,
            "note": tally.note,
            "usd_per_1k_calls": super::json::number(tally.usd_per_1k_calls),
            "usd_per_month": tally.usd_per_month.map(super::json::number),
        })
    });
    Value::Array(rules.collect())
}
