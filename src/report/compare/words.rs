//! Phrases that the formats of comparisons share. Plain text: each format escapes what it takes from here.

use crate::compare::{Cause, ColdStart, Comparison, Fate, Money, Pair, Side, Why};
use crate::engine::Analysis;
use crate::figures::{percent, thousands, usd};
use crate::finding::{Counted, Finding};
use crate::judge::Judged;
use crate::report::position;
use crate::report::style::one_line;
use crate::report::wording::{approximate, counted};
use crate::source::{LineColumn, Place};

/// Columns of a value in a sentence.
const VALUE_COLUMNS: usize = 60;
/// Money below this is no change, USD.
const NOTHING: f64 = 5e-5;

/// `+$1.20`, `-$1.20`, `no change`.
pub fn signed(amount: f64) -> String {
    match amount {
        a if a.abs() < NOTHING => "no change".to_string(),
        a if a > 0.0 => format!("+{}", usd(a)),
        a => format!("-{}", usd(-a)),
    }
}

/// `+$1.20 a month, +12 %`, in front of `unit`.
pub fn change(money: Money, unit: &str) -> String {
    if money.change().abs() < NOTHING {
        return "no change in cost".to_string();
    }
    let sum = format!("{} {unit}", signed(money.change()));
    match money.share() {
        Some(share) => {
            let sign = if share < 0.0 { '-' } else { '+' };
            format!("{sum}, {sign}{}", percent(share.abs()))
        }
        None => sum,
    }
}

const MONTH: &str = "a month";
const CALLS: &str = "per 1,000 calls";

/// The change of one prompt: a month of it where traffic is configured.
pub fn pair_change(pair: &Pair) -> String {
    match (pair.fate(), pair.per_month()) {
        (Fate::Changed, Some(money)) => change(money, MONTH),
        (Fate::Changed, None) => change(pair.per_1k(), CALLS),
        (fate, Some(money)) => {
            format!("{}, {} {MONTH}", fate_word(fate), signed(money.change()))
        }
        (fate, None) => {
            let money = pair.per_1k();
            let usd = usd(money.before.max(money.after));
            format!("{}, {usd} {CALLS}", fate_word(fate))
        }
    }
}

fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Added => "new",
        Fate::Deleted => "deleted",
        Fate::Changed => "changed",
    }
}

/// How dear the change of one prompt is: above zero dearer, below cheaper.
pub fn direction(pair: &Pair) -> f64 {
    let money = pair.per_month().unwrap_or_else(|| pair.per_1k());
    match money.change() {
        change if change.abs() < NOTHING => 0.0,
        change => change,
    }
}

/// The change of all, a month: `+$1,325 a month, +643 %`; without traffic, how many prompts are dearer.
pub fn total(comparison: &Comparison) -> String {
    match comparison.per_month() {
        Some(money) => change(money, MONTH),
        None if comparison.prompts.is_empty() => "no change".to_string(),
        None => {
            let worst = comparison
                .prompts
                .iter()
                .filter(|pair| pair.fate() == Fate::Changed);
            let worst = worst.max_by(|a, b| direction(a).total_cmp(&direction(b)));
            match worst.filter(|pair| direction(pair) > 0.0) {
                Some(pair) => format!("up to {}", change(pair.per_1k(), CALLS)),
                None => "no prompt is dearer".to_string(),
            }
        }
    }
}

/// `1 prompt dearer, 2 cheaper, 1 new, 38 unchanged`.
pub fn tally(comparison: &Comparison) -> String {
    let changed = |test: fn(f64) -> bool| {
        let pairs = comparison.prompts.iter();
        pairs
            .filter(|pair| pair.fate() == Fate::Changed && test(direction(pair)))
            .count()
    };
    let counts = [
        (changed(|money| money > 0.0), "dearer"),
        (changed(|money| money < 0.0), "cheaper"),
        (changed(|money| money == 0.0), "changed at the same cost"),
        (comparison.count(Fate::Added), "new"),
        (comparison.count(Fate::Deleted), "deleted"),
        (comparison.unchanged, "unchanged"),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", thousands(*count as f64)))
        .collect();
    if let Some(first) = parts.first_mut() {
        if let Some((count, word)) = first.clone().split_once(' ') {
            let noun = if count == "1" { "prompt" } else { "prompts" };
            *first = format!("{count} {noun} {word}");
        }
    }
    if comparison.renamed > 0 {
        let text = format!(
            "({} under another name)",
            thousands(comparison.renamed as f64)
        );
        parts
            .last_mut()
            .into_iter()
            .for_each(|last| *last += &format!(" {text}"));
    }
    match parts.is_empty() {
        true => "no prompts".to_string(),
        false => parts.join(", "),
    }
}

/// `main → working tree`.
pub fn versions(comparison: &Comparison) -> String {
    let (base, head) = &comparison.versions;
    format!("{} → {}", base.name, head.name)
}

/// A figure of both sides: `3,062 → 3,072`, or the one there is.
pub fn both(pair: &Pair, of: impl Fn(&Judged) -> f64) -> String {
    let figure = |judged: &Judged| approximate(of(judged), judged.counted == Counted::Exact);
    match (pair.base.map(figure), pair.head.map(figure)) {
        (Some(before), Some(after)) if before == after => after,
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (before, after) => before.or(after).unwrap_or_default(),
    }
}

/// `$1.03 → $7.65`, or the one there is.
pub fn money(pair: &Pair, money: Money) -> String {
    match pair.fate() {
        Fate::Added => usd(money.after),
        Fate::Deleted => usd(money.before),
        Fate::Changed if (money.change()).abs() < NOTHING => usd(money.after),
        Fate::Changed => format!("{} → {}", usd(money.before), usd(money.after)),
    }
}

/// Whether dollars mean anything for a prompt.
pub fn priced(pair: &Pair) -> bool {
    let sides = [pair.base, pair.head];
    sides.into_iter().flatten().all(|judged| judged.priced)
}

/// The analysis that a side belongs to.
pub fn side<'a>(comparison: &Comparison<'a>, side: Side) -> &'a Analysis {
    match side {
        Side::Base => comparison.base,
        Side::Head => comparison.head,
    }
}

/// What moved the end of the cached prefix, in words, without its place.
pub fn cause(pair: &Pair, cause: &Cause) -> String {
    let value = format!("`{}`", one_line(&cause.text, VALUE_COLUMNS));
    let stable = |judged: Option<&Judged>| {
        judged.map_or_else(String::new, |judged| {
            approximate(judged.boundary, judged.counted == Counted::Exact)
        })
    };
    match &cause.why {
        Why::Came => format!("{value} came in front of stable text"),
        Why::Went => format!("{value} no longer stands in front of stable text"),
        Why::Moved(before, after) => {
            let way = if after < before { "up" } else { "down" };
            format!(
                "{value} moved {way}: tokens in front of it {} → {}",
                thousands(*before),
                thousands(*after)
            )
        }
        Why::Turned(before) => format!("{value} has another class: it was `{}`", before.name()),
        Why::Text(before, after) => {
            let minimum = pair
                .head
                .map_or(0.0, |judged| f64::from(judged.model.minimum));
            let way = if after < before { "shorter" } else { "longer" };
            let crossed = (*before < minimum) != (*after < minimum);
            let tokens = format!("{} → {} tokens", thousands(*before), thousands(*after));
            match crossed {
                true => format!(
                    "the stable text is {way}: {tokens}, {} are needed",
                    thousands(minimum)
                ),
                false => format!("the stable text is {way}: {tokens}"),
            }
        }
        Why::Marker if cause.side == Side::Head => "a cache marker came".to_string(),
        Why::Marker => format!(
            "a cache marker went: {} tokens are shared",
            stable(pair.head)
        ),
        Why::Model(before) => format!("the model: {before} → {}", cause.text),
    }
}

/// How a place is named.
pub type At = fn(&Analysis, &Place) -> String;

/// The place of a cause; places that are gone say so.
pub fn place(comparison: &Comparison, cause: &Cause, at: At) -> String {
    let at = at(side(comparison, cause.side), &cause.place);
    match cause.side {
        Side::Head => at,
        Side::Base => format!("{at} of {}", comparison.versions.0.name),
    }
}

/// `3,000 tokens are written anew, once: $0.0075`.
pub fn cold_start(pair: &Pair, cold: &ColdStart) -> String {
    let exact = pair.head.is_some_and(|head| head.counted == Counted::Exact);
    let tokens = approximate(cold.tokens, exact);
    let text = format!("the text changed: up to {tokens} tokens are written anew, once");
    match cold.usd {
        Some(amount) => format!("{text}, for {}", small(amount)),
        None => text,
    }
}

/// Sums of one call are small: `$0.0058`.
fn small(amount: f64) -> String {
    match amount {
        a if a < 0.1 => format!("${a:.4}"),
        a => usd(a),
    }
}

/// `gpt-5.4 → gpt-4o: nothing by list price, +$1.92 per 1,000 calls by the cache`.
pub fn model(pair: &Pair) -> Option<String> {
    let (base, head) = pair.base.zip(pair.head)?;
    if base.model.id == head.model.id {
        return None;
    }
    let names = format!("{} → {}", base.model.id, head.model.id);
    let Some(list) = pair.list_price() else {
        return Some(names);
    };
    let cache = pair.per_1k().change() - list.change();
    let part = |amount: f64| match amount.abs() < NOTHING {
        true => "nothing".to_string(),
        false => format!("{} {CALLS}", signed(amount)),
    };
    Some(format!(
        "{names}: {} by list price, {} by the cache",
        part(list.change()),
        part(cache)
    ))
}

/// The first clause of a message.
pub fn message(finding: &Finding) -> &str {
    finding.message.split("; ").next().unwrap_or_default()
}

/// Where a change of a prompt is shown: the line that moved the boundary, else a new finding, else the prompt.
pub fn spot(comparison: &Comparison, pair: &Pair) -> Option<(String, Option<[LineColumn; 2]>)> {
    let head = pair.head?;
    let cause = pair.cause.as_ref().filter(|cause| cause.side == Side::Head);
    let cause = cause.map(|cause| &cause.place);
    let new = pair.new.first().map(|finding| &finding.place);
    let cold = pair.cold_start.as_ref().map(|cold| &cold.place);
    // Of a prompt as a whole its first line says enough.
    let origin = &head.prompt.origin;
    let start = Place::new(&origin.path, origin.span.start, origin.span.start);
    let place = cause.or(new).or(cold).unwrap_or(&start);
    let analysis = comparison.head;
    let end = Place::new(&place.path, place.span.end, place.span.end);
    let from = position(analysis, place);
    let to = position(analysis, &end);
    let range = from.zip(to).map(|(from, to)| [from, to]);
    Some((analysis.vantage.in_repository(&place.path), range))
}

/// `2 new findings, 1 fixed`.
pub fn findings(comparison: &Comparison) -> String {
    let (new, fixed) = (comparison.new.len(), comparison.fixed.len());
    match (new, fixed) {
        (0, 0) => "no new finding".to_string(),
        (0, fixed) => format!("{} fixed", counted(fixed, "finding")),
        (new, 0) => counted(new, "new finding"),
        (new, fixed) => format!("{}, {fixed} fixed", counted(new, "new finding")),
    }
}
