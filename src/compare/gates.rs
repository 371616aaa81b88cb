//! How much dearer a change may be. With configured traffic the sum of a month counts, else each prompt by itself:
//! figures per 1,000 calls of prompts that are called at unknown rates do not add up.

use super::{Comparison, Pair, SAME_TOKENS, SAME_USD};
use crate::figures::{percent, thousands, usd};

/// The largest increase of cost that passes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Increase {
    Usd(f64),
    /// A share of what was paid before, 0.1 = 10 %.
    Share(f64),
}

impl Increase {
    /// `5`, `$5`, `10%`.
    pub fn parse(text: &str) -> Option<Increase> {
        let text = text.trim();
        let number = |digits: &str| {
            let value: f64 = digits.trim().replace('_', "").parse().ok()?;
            (value.is_finite() && value >= 0.0).then_some(value)
        };
        match text.strip_suffix('%') {
            Some(digits) => Some(Increase::Share(number(digits)? / 100.0)),
            None => Some(Increase::Usd(number(
                text.strip_prefix('$').unwrap_or(text),
            )?)),
        }
    }
}

/// What a change must keep to.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Gates {
    pub increase: Option<Increase>,
    /// Tokens of cached prefix that one prompt may lose.
    pub prefix_loss: Option<f64>,
}

impl Gates {
    /// Why the change does not pass; empty where it does.
    pub fn tripped(&self, comparison: &Comparison) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(increase) = self.increase {
            out.extend(month(comparison, increase));
            out.extend(
                comparison
                    .prompts
                    .iter()
                    .filter_map(|pair| calls(pair, increase)),
            );
        }
        if let Some(most) = self.prefix_loss {
            let losses = comparison.prompts.iter();
            out.extend(losses.filter_map(|pair| {
                let lost = pair.prefix_loss();
                let id = &pair.named()?.prompt.id;
                (lost > most + SAME_TOKENS).then(|| {
                    format!(
                        "{id} loses {} tokens of its cached prefix: more than {}",
                        thousands(lost),
                        thousands(most)
                    )
                })
            }));
        }
        out
    }
}

fn month(comparison: &Comparison, increase: Increase) -> Option<String> {
    let money = comparison.per_month()?;
    let change = money.change();
    if change < SAME_USD {
        return None;
    }
    match increase {
        Increase::Usd(most) => (change > most)
            .then(|| format!("{} more a month: more than {}", usd(change), usd(most))),
        Increase::Share(most) => match money.share() {
            Some(share) => (share > most).then(|| {
                format!(
                    "{} more a month: more than {}",
                    percent(share),
                    percent(most)
                )
            }),
            None => Some(format!(
                "{} a month where nothing was paid before",
                usd(change)
            )),
        },
    }
}

/// A prompt without configured traffic, there on both sides.
fn calls(pair: &Pair, increase: Increase) -> Option<String> {
    let head = pair.base.and(pair.head)?;
    if pair.per_month().is_some() {
        return None;
    }
    let money = pair.per_1k();
    let change = money.change();
    let (much, most) = match increase {
        Increase::Usd(most) if change > most + SAME_USD => (usd(change), usd(most)),
        Increase::Share(most) => {
            let share = money.share().filter(|_| change > SAME_USD)?;
            if share <= most {
                return None;
            }
            (percent(share), percent(most))
        }
        Increase::Usd(_) => return None,
    };
    Some(format!(
        "{} costs {much} more per 1,000 calls: more than {most}",
        head.prompt.id
    ))
}
