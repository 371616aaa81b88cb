//! One prompt on one target under one traffic: layout, price and plan together. What rules, `inspect` and the
//! reports look at. Knows nothing of files or rules.

use std::sync::Arc;

use crate::config::{Settings, Traffic};
use crate::cost::{Bill, Rates};
use crate::finding::{Counted, Threshold};
use crate::layout::{build, Count, Kind, Layout, Terms};
use crate::plan::{plan, Plan};
use crate::prompt::{Conversation, Piece, Prompt, TargetSource};
use crate::providers::{Model, Prices};

/// A prompt with its layout, its price and its plan.
#[derive(Clone, Debug)]
pub struct Judged {
    pub prompt: Prompt,
    pub model: Model,
    pub model_source: TargetSource,
    pub settings: Arc<Settings>,
    pub traffic: Traffic,
    /// The price set in force: standard, batch, or above the long-context step.
    pub prices: Prices,
    /// Whether dollars mean anything (not on self-hosted models).
    pub priced: bool,
    pub rates: Rates,
    /// Idle lifetime of a cache entry, minutes.
    pub ttl: f64,
    pub layout: Layout,
    pub plan: Plan,
    /// The cost with no cache at all.
    pub uncached: Bill,
    /// Tokens of the request, typical figure.
    pub total: f64,
    /// Tokens of the largest prefix that some order of the request could share.
    pub best: f64,
    /// The traffic-free boundary, tokens.
    pub boundary: f64,
    pub counted: Counted,
    /// Low and high of `total` where the tokenizer is not the model's own.
    pub range: Option<(f64, f64)>,
    /// The best prefix against the minimum.
    pub threshold: Threshold,
    /// Stands below a tests, examples, docs or benchmarks folder.
    pub in_tests: bool,
    /// The configs in force for it and for what it was resolved from, sorted.
    pub configs: Arc<[Arc<str>]>,
}

impl Judged {
    pub fn terms(&self) -> Terms<'_> {
        Terms {
            model: &self.model,
            prices: self.prices,
            rates: self.rates,
            ttl: self.ttl,
        }
    }

    /// Whether later calls of a session repeat what this request sends.
    pub fn conversation(&self) -> bool {
        is_conversation(&self.prompt)
    }

    /// USD a month for a figure per 1,000 calls, under configured traffic.
    pub fn monthly(&self, usd_per_1k_calls: f64) -> Option<f64> {
        self.traffic
            .calls_per_month
            .map(|calls| usd_per_1k_calls * calls / 1000.0)
    }

    /// Whether figures are estimates.
    pub fn estimated(&self) -> bool {
        self.counted != Counted::Exact
    }

    /// A share of the prompt's input cost as it is.
    pub fn share(&self, usd_per_1k_calls: f64) -> f64 {
        let now = self.plan.now.usd_per_1k_calls;
        if now > 0.0 {
            usd_per_1k_calls / now
        } else {
            0.0
        }
    }
}

fn is_conversation(prompt: &Prompt) -> bool {
    prompt.conversation != Conversation::None
}

/// Prices of a self-hosted model: no dollars, but a read saves what a typical provider's read saves.
const UNPRICED: Prices = Prices {
    input: 1.0,
    read: Some(0.1),
    write: None,
    write_long: None,
    output: None,
};

/// Judges a prompt on a model.
pub fn judge(
    prompt: Prompt,
    model: Model,
    model_source: TargetSource,
    settings: Arc<Settings>,
    in_tests: bool,
    counter: &dyn Count,
    counter_exact: bool,
) -> Judged {
    let layout = build(&prompt, &model, &settings.assume, counter);
    let total = layout.total();
    let traffic = settings.traffic.clone();
    let batch = traffic.batch || prompt.rows > 1;
    let prices = price_set(&model, batch, total);
    let rates = Rates::new(
        &traffic,
        &settings.assume,
        is_conversation(&prompt),
        prompt.rows,
    );
    let ttl = traffic.ttl.unwrap_or(model.ttl.assumed);
    let terms = Terms {
        model: &model,
        prices: prices.unwrap_or(UNPRICED),
        rates,
        ttl,
    };
    let conversation = is_conversation(&prompt);
    let mut steps = plan(&layout, &terms, conversation);
    match layout.trusting() {
        Some(trusting) => {
            let mut trusted = plan(&trusting, &terms, conversation);
            trusted.price_alone(&[&trusting], &terms);
            steps.price_alone(&[&layout, &trusting], &terms);
            steps.trust(&layout, &trusted);
        }
        None => steps.price_alone(&[&layout], &terms),
    }
    let plan = steps;
    let uncached = Bill {
        usd_per_1k_calls: total * terms.prices.input / 1000.0,
        read: 0.0,
        uncached: total,
    };
    let counted = if rests_on_assumption(&prompt, &layout) {
        Counted::Assumed
    } else if counter_exact && model.tokenizer.exact {
        Counted::Exact
    } else {
        Counted::Estimated
    };
    let tokenizer = &model.tokenizer;
    let (low, high) = if tokenizer.exact && counter_exact {
        (1.0, 1.0)
    } else {
        (
            tokenizer.low / tokenizer.typical,
            tokenizer.high / tokenizer.typical,
        )
    };
    let range = (low < high).then_some((total * low, total * high));
    let best = layout.best_prefix();
    let threshold = threshold(best, (low, high), model.minimum_range);
    let boundary = layout.boundary(&terms);
    let (prices, rates) = (terms.prices, terms.rates);
    Judged {
        priced: model.prices.is_some(),
        prompt,
        model_source,
        settings,
        traffic,
        prices,
        rates,
        ttl,
        layout,
        plan,
        uncached,
        total,
        best,
        boundary,
        counted,
        range,
        threshold,
        in_tests,
        configs: Arc::default(),
        model,
    }
}

/// Where a number of tokens stands against a range of minimums.
pub fn threshold(tokens: f64, (low, high): (f64, f64), minimum: (u32, u32)) -> Threshold {
    if tokens * high < f64::from(minimum.0) {
        Threshold::Below
    } else if tokens * low < f64::from(minimum.1) {
        Threshold::Near
    } else {
        Threshold::Above
    }
}

/// The price set of a request: batch prices first, then the step for long prompts.
fn price_set(model: &Model, batch: bool, total: f64) -> Option<Prices> {
    if batch {
        if let Some(prices) = model.batch {
            return Some(prices);
        }
    }
    match model.long_context {
        Some((above, prices)) if total > f64::from(above) => Some(prices),
        _ => model.prices,
    }
}

fn rests_on_assumption(prompt: &Prompt, layout: &Layout) -> bool {
    layout
        .segments
        .iter()
        .any(|segment| matches!(segment.kind, Kind::History { .. } | Kind::Media))
        || prompt
            .messages
            .iter()
            .flat_map(|message| &message.blocks)
            .any(|block| block.pieces.iter().any(assumed))
}

fn assumed(piece: &Piece) -> bool {
    match piece {
        Piece::Slot(slot) => slot.size.assumed && slot.volatility.priced().is_stable(),
        Piece::Branch(branch) => branch.arms.iter().flatten().any(assumed),
        Piece::Repeat(repeat) => {
            repeat.volatility.priced().is_stable() || repeat.body.iter().any(assumed)
        }
        Piece::History(_) | Piece::Media(_) => true,
        Piece::Text(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Table;

    fn model(id: &str) -> Model {
        Table::embedded().resolve(None, Some(id), (2026, 11, 22))
    }

    #[test]
    fn a_batch_has_its_own_prices() {
        let prices = price_set(&model("gpt-5.4"), true, 2500.0).unwrap();
        assert_eq!((prices.input, prices.read), (1.25, Some(0.13)));
        let standard = price_set(&model("gpt-5.4"), false, 2500.0).unwrap();
        assert_eq!((standard.input, standard.read), (2.5, Some(0.25)));
        // No cache in a batch of this model: nothing is read.
        assert_eq!(
            price_set(&model("gpt-4o"), true, 2500.0).unwrap().read,
            None
        );
    }

    #[test]
    fn above_the_long_context_step_the_whole_request_costs_more() {
        let at = |total| price_set(&model("gpt-5.4"), false, total).unwrap().input;
        assert_eq!((at(272_000.0), at(272_001.0)), (2.5, 5.0));
    }

    #[test]
    fn a_threshold_knows_three_zones() {
        assert_eq!(threshold(700.0, (0.9, 1.3), (1024, 1024)), Threshold::Below);
        assert_eq!(threshold(900.0, (0.9, 1.3), (1024, 1024)), Threshold::Near);
        assert_eq!(
            threshold(1200.0, (0.9, 1.3), (1024, 1024)),
            Threshold::Above
        );
        assert_eq!(threshold(1500.0, (1.0, 1.0), (1024, 2048)), Threshold::Near);
    }
}
