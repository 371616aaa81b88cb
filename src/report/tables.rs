//! Tables beside the findings: prompts (`--show-prompts`) and files (`--show-files`).

use serde_json::{json, Value};

use super::json::pretty;
use super::prompts::bill_after;
use super::style::{table, Style, BOLD, CYAN, DIM, GREEN, RED};
use super::wording::approximate;
use crate::engine::Analysis;
use crate::figures::usd;

pub(super) fn prompts(out: &mut String, analysis: &Analysis, style: Style) {
    if analysis.prompts.is_empty() {
        return;
    }
    let head = [
        "prompt",
        "model",
        "tokens",
        "boundary",
        "read now",
        "after",
        "per 1,000",
        "after",
    ];
    let mut rows = vec![head.map(str::to_string).to_vec()];
    for judged in &analysis.prompts {
        let exact = !judged.estimated();
        let (now, after) = (judged.plan.now, bill_after(judged));
        let price = |amount: f64| {
            if judged.priced {
                usd(amount)
            } else {
                "-".to_string()
            }
        };
        rows.push(vec![
            analysis.vantage.shown(&judged.prompt.id),
            judged.model.id.clone(),
            approximate(judged.total, exact),
            approximate(judged.boundary, exact),
            approximate(now.read, exact),
            approximate(after.read, exact),
            price(now.usd_per_1k_calls),
            price(after.usd_per_1k_calls),
        ]);
    }
    let right = [false, false, true, true, true, true, true, true];
    out.push_str(&table(&rows, &right, |row, column, cell| {
        match (row, column) {
            (0, _) => style.paint(DIM, cell),
            (_, 0) => style.paint(BOLD, cell),
            _ => cell.to_string(),
        }
    }));
}

/// The list of `--show-files`: what each file was taken for, and why.
pub fn files(analysis: &Analysis, style: Style) -> String {
    let rows: Vec<Vec<String>> = analysis
        .listed
        .iter()
        .map(|file| {
            vec![
                file.taken_as.to_string(),
                analysis.vantage.shown(&file.path),
                file.why.clone(),
            ]
        })
        .collect();
    table(&rows, &[], |row, column, cell| match column {
        0 => {
            let ink = match rows[row][0].as_str() {
                "prompt" | "partial" => GREEN,
                "config" | "code" => CYAN,
                "error" => RED,
                _ => DIM,
            };
            style.paint(ink, cell)
        }
        2 => style.paint(DIM, cell),
        _ => cell.to_string(),
    })
}

/// The same as JSON: `{"files": [{"path", "taken_as", "why"}]}`.
pub fn files_json(analysis: &Analysis) -> String {
    let files: Vec<Value> = analysis
        .listed
        .iter()
        .map(|file| json!({ "path": &*file.path, "taken_as": file.taken_as, "why": file.why }))
        .collect();
    pretty(&json!({ "files": files }))
}
