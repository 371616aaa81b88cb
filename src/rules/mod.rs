//! The registry of checks. One file per rule; each looks at one judged prompt (or at all of them) and says what it
//! sees as `Remark`s. Severity, suppression and merging are decided in `verdict.rs` and the engine, not by rules.
//! Text of the rules for people is in `rules/checks/`.

mod batch_candidate;
mod below_guarantee;
mod breakpoint_below_minimum;
mod breakpoint_lookback;
mod breakpoint_ttl_order;
mod cache_option_unsupported;
mod conditional_prefix;
mod divergent_prefix;
mod doubt;
mod history_rewrite;
pub mod missing_breakpoint;
mod missing_cache_key;
mod over_budget;
mod parse_error;
mod prefix_below_minimum;
mod steps;
mod too_many_breakpoints;
mod unread_cache_write;
mod unsplit_message;
mod unstable_order;
mod unstable_tools;
mod unused_suppression;
mod variable_before_stable;
mod varying_setting;
pub mod verdict;
mod volatile_breakpoint;
mod volatile_cache_key;
mod volatile_prefix;

pub use parse_error::remark as parse_error;
pub use unused_suppression::remark as unused_suppression;

use std::sync::Arc;

use crate::finding::{Hop, Label, Severity};
use crate::fix::Mend;
use crate::guard::guarded;
use crate::judge::Judged;
use crate::source::Place;
use crate::volatility::{Class, Confidence};

/// What a rule saw, before severity.
#[derive(Clone, Debug)]
pub struct Remark {
    pub rule: &'static str,
    pub confidence: Confidence,
    pub message: String,
    pub help: String,
    pub place: Place,
    /// What the remark is about; two remarks with one cause are one finding.
    pub cause: Place,
    pub cause_text: String,
    pub labels: Vec<Label>,
    pub trace: Vec<Hop>,
    pub class: Option<Class>,
    pub saving: Option<Saving>,
    pub weight: Weight,
    /// What an edit would do about it, where one can; `fix.rs` writes it.
    pub mend: Option<Mend>,
}

#[cfg(test)]
impl Remark {
    /// A remark at a place that says nothing.
    pub fn bare(rule: &'static str, place: Place) -> Remark {
        Remark {
            rule,
            confidence: Confidence::Certain,
            message: String::new(),
            help: String::new(),
            place: place.clone(),
            cause: place,
            cause_text: String::new(),
            labels: Vec::new(),
            trace: Vec::new(),
            class: None,
            saving: None,
            weight: Weight::ByShare,
            mend: None,
        }
    }
}

/// Remarks, each with the index of the prompt that it speaks of.
pub type Remarks = Vec<(usize, Remark)>;

/// What the fix of a remark saves, and the token figures that go with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saving {
    /// USD per 1,000 calls.
    pub usd_per_1k_calls: f64,
    pub before: f64,
    pub stranded: f64,
    pub cached_now: f64,
    pub cached_after: f64,
}

/// How the severity of a remark is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// By the share of the input cost that it saves.
    ByShare,
    /// By share, but shown as a note even where the share is tiny.
    AtLeastNote,
    /// Never more than a note.
    AtMostNote,
    /// This severity, whatever it saves.
    Fixed(Severity),
    /// A note for those who ask for all: true, but nothing that many would change.
    OnRequest,
}

/// A rule of the registry.
pub struct Rule {
    pub id: &'static str,
    pub category: &'static str,
    check: Check,
}

enum Check {
    /// Looks at one request.
    Prompt(fn(&Judged) -> Vec<Remark>),
    /// Looks at all requests: (index of the prompt, remark).
    All(fn(&[Arc<Judged>]) -> Remarks),
    /// Raised by the engine where it happens.
    Engine,
}

/// Every rule, in the order of precedence where one bundle of edits could be reported under several.
pub const RULES: &[Rule] = &[
    rule(
        "too-many-breakpoints",
        "breakpoint",
        too_many_breakpoints::check,
    ),
    rule(
        "breakpoint-ttl-order",
        "breakpoint",
        breakpoint_ttl_order::check,
    ),
    rule("history-rewrite", "order", history_rewrite::check),
    rule("unstable-tools", "order", unstable_tools::check),
    rule("unstable-order", "order", unstable_order::check),
    rule("volatile-prefix", "order", volatile_prefix::check),
    rule(
        "variable-before-stable",
        "order",
        variable_before_stable::check,
    ),
    rule("conditional-prefix", "order", conditional_prefix::check),
    rule("varying-setting", "routing", varying_setting::check),
    rule(
        "volatile-breakpoint",
        "breakpoint",
        volatile_breakpoint::check,
    ),
    rule(
        "missing-breakpoint",
        "breakpoint",
        missing_breakpoint::check,
    ),
    rule("unsplit-message", "breakpoint", unsplit_message::check),
    rule("unread-cache-write", "cost", unread_cache_write::check),
    rule(
        "breakpoint-below-minimum",
        "minimum",
        breakpoint_below_minimum::check,
    ),
    rule(
        "breakpoint-lookback",
        "breakpoint",
        breakpoint_lookback::check,
    ),
    rule(
        "cache-option-unsupported",
        "breakpoint",
        cache_option_unsupported::check,
    ),
    rule("missing-cache-key", "routing", missing_cache_key::check),
    rule("volatile-cache-key", "routing", volatile_cache_key::check),
    Rule {
        id: "divergent-prefix",
        category: "order",
        check: Check::All(divergent_prefix::check),
    },
    rule("over-budget", "cost", over_budget::check),
    rule("below-guarantee", "cost", below_guarantee::check),
    rule("batch-candidate", "cost", batch_candidate::check),
    rule(
        "prefix-below-minimum",
        "minimum",
        prefix_below_minimum::check,
    ),
    Rule {
        id: "parse-error",
        category: "hygiene",
        check: Check::Engine,
    },
    Rule {
        id: "unused-suppression",
        category: "hygiene",
        check: Check::Engine,
    },
];

const fn rule(id: &'static str, category: &'static str, check: fn(&Judged) -> Vec<Remark>) -> Rule {
    Rule {
        id,
        category,
        check: Check::Prompt(check),
    }
}

/// Rule ids in the order of the registry.
pub fn ids() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.id).collect()
}

/// The category of a rule.
pub fn category(id: &str) -> Option<&'static str> {
    let rule = RULES.iter().find(|rule| rule.id == id);
    rule.map(|rule| rule.category)
}

/// Categories, each once, in the order of DESIGN 5.
pub const CATEGORIES: [&str; 6] = [
    "order",
    "breakpoint",
    "minimum",
    "routing",
    "cost",
    "hygiene",
];

/// Runs every rule that looks at one request. What broke in one of them is told to `broke`; the others speak.
pub fn check_prompt(judged: &Judged, broke: &dyn Fn(String)) -> Vec<Remark> {
    let of = format!(" on {}", judged.prompt.id);
    let check = |rule: &Rule| match rule.check {
        Check::Prompt(check) => check(judged),
        _ => Vec::new(),
    };
    each_alone(&of, broke, &check)
}

/// Runs every rule that looks at all requests together. What broke in one of them is told to `broke`.
pub fn check_all(prompts: &[Arc<Judged>], broke: &dyn Fn(String)) -> Remarks {
    let check = |rule: &Rule| match rule.check {
        Check::All(check) => check(prompts),
        _ => Vec::new(),
    };
    each_alone("", broke, &check)
}

/// What the rules say, each for itself.
fn each_alone<T>(of: &str, broke: &dyn Fn(String), check: &dyn Fn(&Rule) -> Vec<T>) -> Vec<T> {
    let mut out = Vec::new();
    for rule in RULES {
        match guarded(|| format!("checking {}{of}", rule.id), || check(rule)) {
            Ok(said) => out.extend(said),
            Err(told) => broke(told),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_categories_known() {
        let mut ids = ids();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert!(RULES.iter().all(|rule| CATEGORIES.contains(&rule.category)));
    }

    #[test]
    fn a_rule_that_breaks_leaves_the_others_their_say() {
        let told = std::cell::RefCell::new(Vec::new());
        let broke = |text| told.borrow_mut().push(text);
        let said = each_alone(" on a.py", &broke, &|rule| {
            assert!(rule.id != "volatile-prefix", "no such segment");
            vec![rule.id]
        });
        assert_eq!(said.len(), RULES.len() - 1);
        let told = told.into_inner();
        let [told] = told.as_slice() else {
            panic!("{told:?}");
        };
        let start = "internal error while checking volatile-prefix on a.py: no such segment";
        assert!(told.starts_with(start), "{told}");
    }
}
