//! batch-candidate: a loop that awaits one request per row, on a model with a batch price.

use super::{Remark, Weight};
use crate::judge::Judged;
use crate::volatility::Confidence;

pub fn check(judged: &Judged) -> Vec<Remark> {
    let prompt = &judged.prompt;
    let (Some(over), Some(batch)) = (&prompt.looped, judged.model.batch) else {
        return Vec::new();
    };
    let batched = judged.traffic.batch || prompt.rows > 0;
    let cheaper = batch.input < judged.prices.input;
    if batched || !judged.priced || judged.conversation() || !cheaper {
        return Vec::new();
    }
    vec![Remark {
        rule: "batch-candidate",
        // Whether the answers can wait is not in the code.
        confidence: Confidence::Possible,
        message: format!(
            "one request is awaited for each row: {} takes a batch at ${} instead of ${} per million input tokens",
            judged.model.id, batch.input, judged.prices.input
        ),
        help: "where the answers can wait for up to a day, send the rows as one batch".into(),
        place: over.clone(),
        cause: over.clone(),
        cause_text: "one request per row".into(),
        labels: Vec::new(),
        trace: Vec::new(),
        class: None,
        saving: None,
        weight: Weight::AtMostNote,
        mend: None,
    }]
}
