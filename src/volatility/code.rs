//! What only code asks for: attributes, functions judged by their own words, open parameters, order, and calls whose
//! result is made of their arguments alone. Over the same tables as `classify.rs`; knows nothing of syntax.

use super::classify::{named, Classifier, Order, ValueKind, Verdict};
use super::names::{glob, segments, words, Name};
use super::table::{callee_key, Annotation, Group, Sequence, Table};
use super::{Class, Confidence, Given, Origin, Volatility};

/// Roots that say nothing of what stands behind them.
const INSTANCE: [&str; 3] = ["self", "this", "cls"];

impl Classifier {
    /// What an attribute stands for that is a value without a call: `os.environ`, `process.env.HOME`, `sys.argv`,
    /// `request.user.name`. The longest known path in front decides. `None`: nothing is known of it.
    pub fn attribute(&self, path: &str) -> Option<Verdict> {
        let table = self.host.table();
        let parts = parts_of(path);
        let group = (1..=parts.len()).rev().find_map(|end| {
            let key = callee_key(&parts[..end].join("."));
            table.attributes.get(&key)
        });
        // What the language itself says of a thing, whosever it is: `model.__name__`.
        let own = || {
            let last = parts.last().filter(|last| last.starts_with("__"))?;
            table.attributes.get(&callee_key(last))
        };
        let group = group.or_else(own)?;
        let mut verdict = Verdict::of(&table.groups[*group]);
        if let Some(class) = self.overridden(&parts) {
            verdict.declare(class);
        }
        Some(verdict)
    }

    /// What a call of an unknown function stands for, judged by the function's own words: `getUserName`,
    /// `build_history`, `formatNow`. Verbs say little, the rest is judged like a name; what says nothing is
    /// `request`, `possible`. Ask [`Classifier::call`] first.
    pub fn call_by_name(&self, name: &str) -> Verdict {
        let table = self.host.table();
        let (parts, _) = segments(name);
        let last = parts.last().map_or("", String::as_str);
        let mut verdict = if self.is_pure(name) {
            unknown_call(table)
        } else {
            by_words(table, &words(last)).unwrap_or_else(|| unknown_call(table))
        };
        if let Some(class) = self.overridden(&parts) {
            verdict.declare(class);
        }
        verdict
    }

    /// What an open parameter of a function stands for. `annotation`: its type as written. `near`: of the very
    /// function that sends, or of a template's render.
    pub fn parameter(&self, name: &str, annotation: Option<&str>, near: bool) -> Verdict {
        let table = self.host.table();
        let (parts, at) = segments(name);
        let by_name = parts.first().and_then(|part| named(table, part, at));
        let by_type = annotation.and_then(|text| annotated(table, text));
        let mut verdict = match (by_name, by_type) {
            (None, None) => {
                let mut verdict = Verdict::of(&table.unknown);
                verdict.volatility.confidence = Confidence::Likely;
                verdict.volatility.given = Given::Caller;
                verdict.volatility.why = "a value that is passed in".into();
                verdict.limit_far(near)
            }
            (None, Some(told)) => {
                let mut verdict = Verdict::of(&table.groups[told.group]).limit_far(near);
                if verdict.volatility.class == Class::Request {
                    verdict.volatility.given = Given::Caller;
                }
                verdict
            }
            (Some(_), Some(told)) if told.strong => Verdict::of(&table.groups[told.group]),
            (Some(group), told) => {
                let mut verdict = Verdict::of(group);
                let generic = table.generic.contains(&Name::new(name).squashed);
                if generic {
                    verdict = verdict.limit_far(near);
                }
                // A name that may be anything is what its type says.
                if let Some(told) = told.filter(|_| generic) {
                    verdict = Verdict::of(&table.groups[told.group]).limit_far(near);
                }
                verdict
            }
        };
        if let Some(class) = self.overridden(&parts) {
            verdict.declare(class);
        }
        verdict
    }

    /// Whether a name says that it is the id of something that lives on: `session_id`, `newTaskId`.
    pub fn is_lasting_id(&self, name: &str) -> bool {
        let table = self.host.table();
        let (parts, _) = segments(name);
        let words = words(parts.last().map_or("", String::as_str));
        let mut words = words.rsplit('_');
        let id = words
            .next()
            .is_some_and(|word| table.identifiers.contains(word));
        id && words
            .next()
            .is_some_and(|word| table.lasting.contains(word))
    }

    /// Whether a callee or a type yields its items in no fixed order (`set`, `os.listdir`, `.all`), or fixes their
    /// order (`sorted`). `None`: it does nothing to the order, what it is given keeps its own.
    pub fn order(&self, callee_or_type: &str) -> Option<Order> {
        let table = self.host.table();
        // Of a type its parameters say nothing: `Set[str]`, `Set<string>`.
        // `<path>.glob` is a method of a value that the evaluator knows.
        let known = callee_or_type.starts_with('<');
        let cut = callee_or_type.find(['[', '<']).filter(|_| !known);
        let key = callee_key(&callee_or_type[..cut.unwrap_or(callee_or_type.len())]);
        let mut rest = key.as_str();
        loop {
            if rest == key || rest.contains('.') {
                if let Some(found) = table.sequences.get(rest) {
                    return Some(order_of(table, found));
                }
            }
            let Some((_, tail)) = rest.split_once('.') else {
                break;
            };
            rest = tail;
        }
        let has_owner = key.contains('.') || callee_or_type.starts_with('.');
        let method = table.sequences.get(&format!(".{rest}"));
        method
            .filter(|_| has_owner)
            .map(|found| order_of(table, found))
    }

    /// Whether the result of a callee is made of its arguments alone (`json.dumps`, `len`, `datetime` with a
    /// date given, `new Date(x)`, `dayjs(x)`): volatile as they are, and nothing else. Ask [`Classifier::call`]
    /// first: `new Date()` without arguments is a clock.
    pub fn is_pure(&self, callee: &str) -> bool {
        let table = self.host.table();
        let key = callee_key(callee);
        let mut rest = key.as_str();
        loop {
            if (rest == key || rest.contains('.')) && table.pure.contains(rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, tail)) => rest = tail,
                None => return false,
            }
        }
    }
}

/// A name in capitals that nothing is known of: a constant of another module, whatever its words say.
pub(super) fn is_constant_name(part: &str) -> bool {
    part.chars().count() > 1
        && part.chars().any(char::is_uppercase)
        && !part.chars().any(char::is_lowercase)
}

impl Verdict {
    /// Of a function further up nothing is more than possible.
    fn limit_far(mut self, near: bool) -> Verdict {
        if !near {
            self.volatility.confidence = Confidence::Possible;
        }
        self
    }
}

fn parts_of(path: &str) -> Vec<String> {
    let (mut parts, _) = segments(path);
    if parts.len() > 1 && INSTANCE.contains(&parts[0].as_str()) {
        parts.remove(0);
    }
    parts
}

fn unknown_call(table: &Table) -> Verdict {
    let mut verdict = Verdict::of(&table.unknown);
    verdict.volatility = Volatility::new(
        Class::Request,
        Origin::Outside,
        Confidence::Possible,
        "the result of a call that is not known",
    );
    verdict
}

fn order_of(table: &Table, sequence: &Sequence) -> Order {
    match sequence {
        Sequence::Fixed => Order::Fixed,
        Sequence::Unordered(group) => {
            Order::Unordered(Verdict::of(&table.groups[*group]).volatility)
        }
    }
}

/// A function's name in words: verbs are dropped one by one until the rest tells something.
fn by_words(table: &Table, name: &str) -> Option<Verdict> {
    let all: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let mut transformed = false;
    for start in 0..all.len() {
        let rest = &all[start..];
        for end in ends_of(table, rest) {
            let noun = rest[..end].join("_");
            if let Some(verdict) = by_noun(table, &noun, start > 0, transformed) {
                // `retrieve_docs` says by its verb what `docs` alone leaves open.
                let open = verdict.volatility.class == Class::Request
                    && verdict.volatility.confidence == Confidence::Possible;
                let told = if open { by_pattern(table, name) } else { None };
                return Some(told.unwrap_or(verdict));
            }
        }
        let verb = all[start];
        transformed |= table.transforms.contains(verb);
        if !table.verbs.contains(verb) && !table.transforms.contains(verb) {
            break;
        }
    }
    by_pattern(table, name)
}

fn by_pattern(table: &Table, name: &str) -> Option<Verdict> {
    let (_, group) = table
        .function_patterns
        .iter()
        .find(|(pattern, _)| glob(pattern, name))?;
    Some(Verdict::of(&table.groups[*group]))
}

/// How many words of a name may be its noun, longest first: all, without a suffix (`_str`), up to `for` or `from`.
fn ends_of(table: &Table, rest: &[&str]) -> Vec<usize> {
    let mut ends = vec![rest.len()];
    let mut end = rest.len();
    while end > 1 && table.suffixes.contains(rest[end - 1]) {
        end -= 1;
        ends.push(end);
    }
    let tail = rest.iter().position(|word| table.tails.contains(*word));
    ends.extend(tail.filter(|at| *at > 0 && *at < end));
    ends
}

fn by_noun(table: &Table, noun: &str, has_verb: bool, transformed: bool) -> Option<Verdict> {
    let squashed = Name::new(noun).squashed;
    if let Some(group) = table.functions.get(&squashed) {
        return Some(Verdict::of(&table.groups[*group]));
    }
    let group: &Group = named(table, noun, false)?;
    let mut verdict = Verdict::of(group);
    let present = table.present.contains(&squashed);
    // `format_date(order.date)` is a date of its argument, `format_now()` is the clock.
    if transformed && group.clock && !present {
        return Some(unknown_call(table));
    }
    let vague = table.generic.contains(&squashed) || (transformed && !present);
    let vague = vague && verdict.kind != ValueKind::History;
    let most = if vague || (!has_verb && !present && !group.clock) {
        Confidence::Possible
    } else {
        Confidence::Likely
    };
    verdict.volatility.confidence = verdict.volatility.confidence.min(most);
    Some(verdict)
}

fn annotated<'a>(table: &'a Table, annotation: &str) -> Option<&'a Annotation> {
    let collection = is_collection(annotation);
    let types: Vec<&str> = annotation
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    table.annotations.iter().find(|known| {
        (collection || !known.collection)
            && known
                .types
                .iter()
                .any(|name| types.iter().any(|word| name == word || glob(name, word)))
    })
}

fn is_collection(annotation: &str) -> bool {
    let text = annotation.to_ascii_lowercase();
    text.contains("[]")
        || [
            "list",
            "sequence",
            "array",
            "iterable",
            "tuple",
            "collection",
            "deque",
            "iterator",
        ]
        .iter()
        .any(|word| text.contains(word))
}

#[cfg(test)]
#[path = "code_tests.rs"]
mod tests;
