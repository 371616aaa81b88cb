//! What a change does to the cache bill: two analyses in, prompts matched, before and after of each out. Knows
//! nothing of git, files or output formats.

use crate::engine::Analysis;
use crate::finding::Finding;
use crate::judge::Judged;

mod causes;
mod cold;
mod findings;
mod gates;
mod lines;
mod matching;

pub use causes::{Cause, Side, Why};
pub use cold::ColdStart;
pub use gates::{Gates, Increase};
use lines::Seen;

/// Token figures that differ by less than this are the same.
const SAME_TOKENS: f64 = 0.5;
/// The same for USD per 1,000 calls.
const SAME_USD: f64 = 5e-5;

/// One side of a comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// As it was asked for: `main`, `v1.2`; `working tree`.
    pub name: String,
    /// Object name of its commit; `None` for the working tree and for bare trees.
    pub commit: Option<String>,
}

/// Two sides of a change, judged under one config, one traffic and one price table.
pub struct Comparison<'a> {
    pub base: &'a Analysis,
    pub head: &'a Analysis,
    pub versions: (Version, Version),
    /// Prompts that differ, costliest change first.
    pub prompts: Vec<Pair<'a>>,
    /// Prompts that are the same on both sides, and how many of them have another name now.
    pub unchanged: usize,
    pub renamed: usize,
    /// Findings of one side only, in the order of their analysis.
    pub new: Vec<&'a Finding>,
    pub fixed: Vec<&'a Finding>,
    /// Remarks on the comparison itself.
    pub notices: Vec<String>,
}

/// One prompt before and after; `None` where it is not there.
pub struct Pair<'a> {
    pub base: Option<&'a Judged>,
    pub head: Option<&'a Judged>,
    /// What moved the end of the cached prefix, where it moved.
    pub cause: Option<Cause>,
    /// What the change of a cached text costs, once.
    pub cold_start: Option<ColdStart>,
    /// Findings of this prompt on one side only.
    pub new: Vec<&'a Finding>,
    pub fixed: Vec<&'a Finding>,
}

/// What became of a prompt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    Added,
    Deleted,
    Changed,
}

impl Fate {
    pub fn name(self) -> &'static str {
        match self {
            Fate::Added => "added",
            Fate::Deleted => "deleted",
            Fate::Changed => "changed",
        }
    }
}

/// A sum of money before and after.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Money {
    pub before: f64,
    pub after: f64,
}

impl Money {
    pub fn change(self) -> f64 {
        self.after - self.before
    }

    /// The change as a share of what was paid; `None` where nothing was.
    pub fn share(self) -> Option<f64> {
        (self.before > 0.0).then(|| self.change() / self.before)
    }
}

/// USD per 1,000 calls of a prompt; nothing for models without prices.
fn per_1k(judged: Option<&Judged>) -> f64 {
    judged
        .filter(|judged| judged.priced)
        .map_or(0.0, |judged| judged.plan.now.usd_per_1k_calls)
}

/// USD a month under configured traffic.
fn per_month(judged: &Judged) -> Option<f64> {
    judged
        .monthly(judged.plan.now.usd_per_1k_calls)
        .filter(|_| judged.priced)
}

impl<'a> Pair<'a> {
    fn new(base: Option<Seen<'a>>, head: Option<Seen<'a>>) -> Pair<'a> {
        let both = base.zip(head);
        Pair {
            base: base.map(|seen| seen.judged),
            head: head.map(|seen| seen.judged),
            cause: both.and_then(|(base, head)| causes::cause(base, head)),
            cold_start: both.and_then(|(base, head)| cold::cold_start(base, head)),
            new: Vec::new(),
            fixed: Vec::new(),
        }
    }

    pub fn fate(&self) -> Fate {
        match (self.base, self.head) {
            (None, _) => Fate::Added,
            (_, None) => Fate::Deleted,
            _ => Fate::Changed,
        }
    }

    /// The side that names it: the newer one, if it is there.
    pub fn named(&self) -> Option<&'a Judged> {
        self.head.or(self.base)
    }

    /// Its former name, where that differs.
    pub fn former(&self) -> Option<&'a str> {
        let (base, head) = self.base.zip(self.head)?;
        (base.prompt.id != head.prompt.id).then_some(base.prompt.id.as_str())
    }

    /// USD per 1,000 calls.
    pub fn per_1k(&self) -> Money {
        Money {
            before: per_1k(self.base),
            after: per_1k(self.head),
        }
    }

    /// USD a month, where traffic is configured.
    pub fn per_month(&self) -> Option<Money> {
        let (before, after) = (self.base.map(per_month), self.head.map(per_month));
        Some(Money {
            before: before.unwrap_or(Some(0.0))?,
            after: after.unwrap_or(Some(0.0))?,
        })
    }

    /// Of a change of the model: what it costs at list price, with no cache on either side, in USD per 1,000 calls.
    /// The rest of the change is what the cache does.
    pub fn list_price(&self) -> Option<Money> {
        let (base, head) = self.base.zip(self.head)?;
        let both_priced = base.priced && head.priced;
        (both_priced && base.model.id != head.model.id).then_some(Money {
            before: base.uncached.usd_per_1k_calls,
            after: head.uncached.usd_per_1k_calls,
        })
    }

    /// Tokens that could be shared and no longer can, though they are still sent: not those of a text that was cut.
    pub fn prefix_loss(&self) -> f64 {
        let Some((base, head)) = self.base.zip(self.head) else {
            return 0.0;
        };
        let unshared = |judged: &Judged| judged.total - judged.boundary;
        let lost = base.boundary - head.boundary;
        lost.min(unshared(head) - unshared(base)).max(0.0)
    }

    /// What orders prompts: USD a month, else per 1,000 calls.
    fn weight(&self) -> (bool, f64) {
        let month = self.per_month();
        let change = month.unwrap_or_else(|| self.per_1k()).change();
        (month.is_some(), change.abs())
    }
}

impl<'a> Comparison<'a> {
    /// Compares two analyses that were made under the same settings.
    pub fn new(base: &'a Analysis, head: &'a Analysis, versions: (Version, Version)) -> Self {
        let matched = matching::matched(&base.prompts, &head.prompts);
        let (new, fixed) = findings::differing(base, head, &matched);
        let (mut unchanged, mut renamed) = (0, 0);
        let mut prompts: Vec<Pair> = Vec::new();
        for (before, after) in matched {
            let before = before.map(|index| &*base.prompts[index]);
            let after = after.map(|index| &*head.prompts[index]);
            let seen = |analysis, judged| Seen { analysis, judged };
            let mut pair = Pair::new(
                before.map(|judged| seen(base, judged)),
                after.map(|judged| seen(head, judged)),
            );
            let of = |list: &[&'a Finding], side: Option<&Judged>| -> Vec<&'a Finding> {
                let own = |finding: &&&Finding| {
                    side.is_some_and(|judged| finding.prompts.contains(&judged.prompt.id))
                };
                list.iter().filter(own).copied().collect()
            };
            pair.new = of(&new, after);
            pair.fixed = of(&fixed, before);
            let same = before.zip(after).is_some_and(|(b, h)| matching::same(b, h));
            if same && pair.new.is_empty() && pair.fixed.is_empty() {
                unchanged += 1;
                renamed += usize::from(pair.former().is_some());
            } else {
                prompts.push(pair);
            }
        }
        prompts.sort_by(|a, b| {
            let id = |pair: &Pair| pair.named().map(|judged| judged.prompt.id.clone());
            let ((x, money_x), (y, money_y)) = (a.weight(), b.weight());
            y.cmp(&x)
                .then(money_y.total_cmp(&money_x))
                .then_with(|| id(a).cmp(&id(b)))
        });
        Comparison {
            base,
            head,
            versions,
            prompts,
            unchanged,
            renamed,
            new,
            fixed,
            notices: Vec::new(),
        }
    }

    /// USD a month of all prompts with configured traffic; `None` where there are none.
    pub fn per_month(&self) -> Option<Money> {
        let sum = |analysis: &Analysis| {
            let months = analysis
                .prompts
                .iter()
                .filter_map(|judged| per_month(judged));
            months.reduce(|a, b| a + b)
        };
        match (sum(self.base), sum(self.head)) {
            (None, None) => None,
            (before, after) => Some(Money {
                before: before.unwrap_or(0.0),
                after: after.unwrap_or(0.0),
            }),
        }
    }

    /// Prompts of a fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.prompts
            .iter()
            .filter(|pair| pair.fate() == fate)
            .count()
    }

    /// Whether a side could not be read or configured as a whole.
    pub fn has_config_errors(&self) -> bool {
        !self.base.config_errors.is_empty() || !self.head.config_errors.is_empty()
    }
}
