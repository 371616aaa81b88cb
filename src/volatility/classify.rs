//! Which name, call or filter yields which volatility, over `rules/volatility/<lang>.yaml`.
//! Knows nothing of trees: it is asked about words. What it does not know is `request`, never an error.

use super::code::is_constant_name;
use super::formats::{granularity, iso_prefix};
use super::names::{glob, segments, words, Name};
use super::table::{callee_key, Action, Group, Host, Table, UNKNOWN};
use super::{Class, Confidence, Given, Origin, Volatility};

/// What a name or a call stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub kind: ValueKind,
    pub volatility: Volatility,
    /// Assumed size in tokens of the model-independent baseline.
    pub tokens: u32,
    /// A clock: `Effect::Granularity` of a filter or method behind it replaces its class.
    pub clock: bool,
}

/// Kinds of values that layout treats in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Plain,
    /// The conversation so far.
    History,
    /// Tool definitions.
    Tools,
    /// What this call is about: its question, its text. A text around it is a user's message.
    Task,
}

impl ValueKind {
    /// Neither a conversation nor tools.
    pub fn is_plain(self) -> bool {
        matches!(self, ValueKind::Plain | ValueKind::Task)
    }
}

/// What a filter (or a method) does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The value keeps its class (`upper`, `trim`, `default`, an unknown filter).
    Keeps,
    /// A clock is cut to this granularity (`date("%Y-%m-%d")` = day). Any other value keeps its class.
    Granularity(Class),
    /// The order becomes fixed (`sort`, `sorted`, `dictsort`, `tojson(sort_keys=true)`).
    Orders,
    /// New on every call (`random`, `sample`).
    Randomises,
    /// The same items in another order on every call (`shuffle`).
    Shuffles,
    /// A window over the newest items (`last(n)`, a slice from the end).
    Window,
    /// A timestamp is split: its first part shows no more than this granularity, the others keep the class
    /// (`toISOString().split("T")[0]`). Any other value keeps its class.
    Split(Class),
}

/// What a callee or a type does to the order of items.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// The items stand in a fixed order (`sorted`, `order_by`).
    Fixed,
    /// The items are the same, their order is not: the volatility of the order.
    Unordered(Volatility),
}

/// Answers for one file: the embedded tables under the user's own words.
#[derive(Clone, PartialEq, Debug)]
pub struct Classifier {
    pub(super) host: Host,
    /// Pattern per segment in words, with its class; the first match wins.
    overrides: Vec<(Vec<String>, Class)>,
}

/// Stands in front of each entry of an argument that is an object: `\u{1f}hour=numeric\u{1f}minute=numeric`.
pub const ENTRY: char = '\u{1f}';

/// How many carriers a path is followed through (`self.ctx.state.x`).
const MAX_CARRIERS: usize = 4;

impl Classifier {
    /// `overrides` come from the config or from comments: a dotted path where `*` stands for at least one
    /// character of a segment (`company_name`, `ctx.ticket*`). They win over everything, the first that matches
    /// first, and cover attributes of what they name.
    pub fn new(overrides: &[(String, Class)]) -> Self {
        Classifier::for_language(overrides, "template")
    }

    /// As [`Classifier::new`], for the code of a host language: `python`, `javascript` (TypeScript too) or
    /// `template`, the names of the tables.
    pub fn for_language(overrides: &[(String, Class)], language: &str) -> Self {
        let overrides = overrides
            .iter()
            .map(|(pattern, class)| {
                let parts = segments(pattern).0;
                (parts.iter().map(|part| words(part)).collect(), *class)
            })
            .filter(|(parts, _): &(Vec<String>, Class)| !parts.is_empty())
            .collect();
        Classifier {
            host: Host::of(language),
            overrides,
        }
    }

    /// The same overrides, over the tables of a host language.
    pub fn in_language(&self, language: &str) -> Classifier {
        Classifier {
            host: Host::of(language),
            overrides: self.overrides.clone(),
        }
    }

    /// What a value named by a path (`user.name`, `$input`, `.Now`, `@root.x`) stands for. The root decides; only
    /// where the root is a mere carrier (`ctx`, `state`, `inputs`) does its attribute. Names bound inside the
    /// template (loop items, `set`) must be resolved by the caller: they are data of what they were bound to.
    pub fn name(&self, dotted: &str) -> Verdict {
        let table = self.host.table();
        let (parts, at) = segments(dotted);
        let mut verdict = Verdict::of(lookup(table, &parts, at));
        let varies = matches!(verdict.volatility.class, Class::Request | Class::State);
        let capital = parts.first().is_some_and(|root| is_constant_name(root));
        if self.host != Host::Template && varies && capital {
            verdict.kind = ValueKind::Plain;
            verdict.volatility = Volatility::new(
                Class::Deploy,
                Origin::Fixed,
                Confidence::Possible,
                "named like a constant",
            );
        }
        if let Some(class) = self.overridden(&parts) {
            verdict.declare(class);
        }
        verdict
    }

    /// What a call stands for, where the callee is known: `now()`, `uuid4()`, `datetime.now()`, and helpers that
    /// are called without brackets. `args` are the literal arguments in order, as text without quotes (`None`:
    /// not literal); a named argument is `name=value`. A method of a clock (`now().strftime("%F")`) is asked for
    /// as a filter. `None`: the callee is not known.
    pub fn call(&self, callee: &str, args: &[Option<&str>]) -> Option<Verdict> {
        let table = self.host.table();
        let (parts, _) = segments(callee);
        if let Some(class) = self.overridden(&parts) {
            let mut verdict = known_call(table, callee, args)
                .map_or_else(|| Verdict::of(&table.unknown), Verdict::of);
            verdict.declare(class);
            return Some(verdict);
        }
        let Some(group) = known_call(table, callee, args) else {
            return self.method_of_call(callee, args);
        };
        let format = format_among(args);
        if group.bare && !args.is_empty() && format.is_none() {
            return None;
        }
        let mut verdict = Verdict::of(group);
        if let Some(class) = format.filter(|_| group.formatted) {
            verdict.show(class);
        }
        Some(verdict)
    }

    /// A method of a call in front of it (`pendulum.now().format`): what the call stands for, under the method.
    fn method_of_call(&self, callee: &str, args: &[Option<&str>]) -> Option<Verdict> {
        let (inner, method) = callee.rsplit_once("().")?;
        let mut verdict = self.call(inner, &[])?;
        for method in method.split('.') {
            match self.filter(method, args) {
                Effect::Granularity(class) => verdict.cut_to(class),
                Effect::Randomises => return None,
                _ => {}
            }
        }
        Some(verdict)
    }

    /// What a filter or a method does to the value in front of it. `args` as for [`Classifier::call`].
    pub fn filter(&self, name: &str, args: &[Option<&str>]) -> Effect {
        let key = Name::new(name).squashed;
        let table = self.host.table();
        let formats = &table.formats;
        let option = |entry: &str| formats.option(entry);
        let options = || {
            args.iter()
                .flatten()
                .flat_map(|arg| entries(arg))
                .filter_map(option)
                .max()
        };
        let Some(action) = table.filters.get(&key) else {
            return Effect::Keeps;
        };
        match action {
            Action::Format { default } => options()
                .or_else(|| format_among(args))
                .or(*default)
                .map_or(Effect::Keeps, Effect::Granularity),
            Action::Cut => cut(args),
            Action::Orders => Effect::Orders,
            Action::OrdersIf { argument } => {
                if args.iter().flatten().any(|arg| is_true(arg, argument)) {
                    Effect::Orders
                } else {
                    Effect::Keeps
                }
            }
            Action::Randomises => Effect::Randomises,
            Action::Shuffles => Effect::Shuffles,
            Action::Window { needs_argument } if *needs_argument && args.is_empty() => {
                Effect::Keeps
            }
            Action::Window { .. } => Effect::Window,
            Action::Split => {
                let separator = args.first().copied().flatten().map(value_of);
                separator
                    .and_then(|separator| formats.before(separator))
                    .map_or(Effect::Keeps, Effect::Split)
            }
            Action::Unit => args
                .iter()
                .flatten()
                .filter(|arg| !arg.starts_with(ENTRY))
                .find_map(|arg| formats.unit(value_of(arg)))
                .map_or(Effect::Keeps, Effect::Granularity),
            Action::Zeroed => zeroed(args).map_or(Effect::Keeps, Effect::Granularity),
            Action::ZeroedFrom(class) => match args {
                // Hours, minutes, seconds: what is not named goes on.
                [_, _, ..] if args.iter().all(|arg| *arg == Some("0")) => {
                    Effect::Granularity(*class)
                }
                _ => Effect::Keeps,
            },
            Action::Options { default } => Effect::Granularity(options().unwrap_or(*default)),
        }
    }

    /// A literal that becomes a clock through its filter: Liquid's `'now' | date: "%F"`, Ansible's
    /// `'%Y-%m-%d' | strftime`. `None`: it stays a literal.
    pub fn filtered_literal(
        &self,
        literal: &str,
        filter: &str,
        args: &[Option<&str>],
    ) -> Option<Verdict> {
        let table = self.host.table();
        let key = Name::new(filter).squashed;
        if table.clock_filters.contains(&key) {
            if let Some(class) = granularity(literal) {
                let mut verdict = Verdict::of(known_call(table, "now", &[])?);
                verdict.show(class);
                return Some(verdict);
            }
        }
        let is_clock = table
            .clock_literals
            .iter()
            .any(|word| word.eq_ignore_ascii_case(literal.trim()));
        let dates = matches!(table.filters.get(&key), Some(Action::Format { .. }));
        if !is_clock || !dates {
            return None;
        }
        let mut verdict = Verdict::of(known_call(table, literal.trim(), &[])?);
        if let Effect::Granularity(class) = self.filter(filter, args) {
            verdict.show(class);
        }
        Some(verdict)
    }

    pub(super) fn overridden(&self, parts: &[String]) -> Option<Class> {
        if self.overrides.is_empty() {
            return None;
        }
        let parts: Vec<String> = parts.iter().map(|part| words(part)).collect();
        self.overrides
            .iter()
            .find(|(pattern, _)| {
                pattern.len() <= parts.len()
                    && pattern
                        .iter()
                        .zip(&parts)
                        .all(|(pattern, part)| matches_segment(pattern, part))
            })
            .map(|(_, class)| *class)
    }
}

/// `*` at the end of a user's pattern may also stand for nothing: `ticket*` is meant to cover `ticket`.
fn matches_segment(pattern: &str, part: &str) -> bool {
    glob(pattern, part)
        || pattern
            .strip_suffix('*')
            .is_some_and(|stem| stem.trim_end_matches('_') == part)
        || pattern == "*"
}

impl Verdict {
    pub(super) fn of(group: &Group) -> Verdict {
        let mut volatility = Volatility::new(
            group.class,
            group.origin,
            group.confidence,
            group.why.clone(),
        );
        if group.id == UNKNOWN {
            volatility.given = Given::Caller;
        }
        Verdict {
            kind: group.kind,
            volatility,
            tokens: group.tokens,
            clock: group.clock,
        }
    }

    /// Cuts a clock to what a format shows of it. No effect on anything else. What is known to be a date does not
    /// become a clock to the second by being written out; what only its name calls a date may.
    pub fn cut_to(&mut self, class: Class) {
        let finer = class > self.volatility.class;
        if finer && self.volatility.confidence == Confidence::Certain {
            return;
        }
        self.show(class);
    }

    /// A clock shown in a format that asks it for its parts.
    fn show(&mut self, class: Class) {
        if !self.clock {
            return;
        }
        self.volatility.class = class;
        // The same for all sessions of a day, whenever it was read.
        if matches!(class, Class::Day | Class::Hour) {
            let frame = self.volatility.frame.take();
            self.volatility.frame = frame.filter(|frame| frame.is_stable());
        }
        self.volatility.why = match class {
            class if class.is_stable() => "the zone of a clock",
            Class::Day => "a clock, shown to the day",
            Class::Hour => "a clock, shown to the hour",
            Class::Minute => "a clock, shown to the minute",
            _ => "a clock, shown to the second",
        }
        .into();
    }

    /// The user's own word on the class.
    pub(super) fn declare(&mut self, class: Class) {
        self.volatility = Volatility::new(
            class,
            match class {
                Class::Constant | Class::Deploy => Origin::Fixed,
                Class::Day | Class::Hour | Class::Minute | Class::Unique => Origin::MadeUp,
                _ => Origin::Outside,
            },
            Confidence::Certain,
            format!("declared as {class}"),
        );
        self.clock = false;
        // A conversation stays one only while it may grow within a session.
        if self.kind == ValueKind::History && !matches!(class, Class::Session | Class::State) {
            self.kind = ValueKind::Plain;
        }
    }
}

fn lookup<'a>(table: &'a Table, parts: &[String], at: bool) -> &'a Group {
    let mut group = &table.unknown;
    for (index, part) in parts.iter().enumerate().take(MAX_CARRIERS) {
        let found = named(table, part, at && index == 0);
        // Behind a carrier only a telling name replaces what the carrier says.
        let Some(found) = found else { break };
        group = found;
        if !group.carrier {
            break;
        }
    }
    group
}

pub(super) fn named<'a>(table: &'a Table, part: &str, at: bool) -> Option<&'a Group> {
    let name = Name::new(part);
    let index = (at.then(|| table.names.get(&format!("@{}", name.squashed))))
        .flatten()
        .or_else(|| table.names.get(&name.squashed))
        .or_else(|| {
            table
                .patterns
                .iter()
                .find(|(pattern, _)| glob(pattern, &name.words))
                .map(|(_, index)| index)
        })?;
    Some(&table.groups[*index])
}

fn known_call<'a>(table: &'a Table, callee: &str, args: &[Option<&str>]) -> Option<&'a Group> {
    let key = callee_key(callee);
    let first = args.first().copied().flatten();
    let mut rest = key.as_str();
    loop {
        // The whole path, or a tail of it that still names its module.
        if rest == key || rest.contains('.') {
            let index = first
                .and_then(|first| table.calls.get(&format!("{rest}({first})")))
                .or_else(|| table.calls.get(rest));
            if let Some(index) = index {
                let group = &table.groups[*index];
                let known = group.most.is_none_or(|most| args.len() <= most);
                return known.then(|| printed(table, group, args).unwrap_or(group));
            }
        }
        let Some((_, tail)) = rest.split_once('.') else {
            break;
        };
        rest = tail;
    }
    let method = table.calls.get(&format!(".{rest}"))?;
    key.contains('.').then(|| &table.groups[*method])
}

/// What the output of a command is, where a call runs one that is known: `execSync("git status")`.
fn printed<'a>(table: &'a Table, group: &Group, args: &[Option<&str>]) -> Option<&'a Group> {
    if !group.runs {
        return None;
    }
    // A program and its arguments may be given apart; options of the call are not among them.
    let given = args
        .iter()
        .map_while(|arg| arg.filter(|arg| !arg.starts_with(ENTRY)));
    let line: Vec<&str> = given.flat_map(str::split_whitespace).collect();
    let program = line.first()?.rsplit(['/', '\\']).next()?;
    let starts = |words: &[String]| {
        let mut rest = line.iter().skip(1);
        words[0] == program
            && words[1..]
                .iter()
                .all(|word| rest.next().is_some_and(|at| at == word))
    };
    let found = table.commands.iter().find(|(words, _)| starts(words));
    found.map(|(_, index)| &table.groups[*index])
}

fn format_among(args: &[Option<&str>]) -> Option<Class> {
    args.iter()
        .flatten()
        .filter(|arg| !arg.starts_with(ENTRY))
        .find_map(|arg| granularity(value_of(arg)))
}

/// The entries of an argument that is an object; any other argument is its own.
fn entries(arg: &str) -> impl Iterator<Item = &str> {
    arg.split(ENTRY).filter(|entry| !entry.is_empty())
}

/// The value of `name=value`; a positional argument as it is. Date formats hold no `=`.
fn value_of(arg: &str) -> &str {
    arg.split_once('=').map_or(arg, |(_, value)| value)
}

fn is_true(arg: &str, name: &str) -> bool {
    arg.split_once('=').is_some_and(|(key, value)| {
        Name::new(key.trim()) == Name::new(name)
            && matches!(
                value.trim().to_ascii_lowercase().as_str(),
                "true" | "1" | "yes"
            )
    })
}

/// `slice(0, 10)`, `truncate(10)` cut text at a length; a negative start is a window over the newest.
fn cut(args: &[Option<&str>]) -> Effect {
    let number = |index: usize| -> Option<i64> {
        let arg = args.get(index).copied().flatten()?;
        value_of(arg).trim().parse().ok()
    };
    match (number(0), number(1)) {
        (Some(start), _) if start < 0 => Effect::Window,
        (Some(0), Some(end)) | (Some(end), None) => usize::try_from(end)
            .ok()
            .and_then(iso_prefix)
            .map_or(Effect::Keeps, Effect::Granularity),
        _ => Effect::Keeps,
    }
}

/// `replace(hour=0, minute=0)`: the coarsest field that is set to zero cuts what is finer away.
fn zeroed(args: &[Option<&str>]) -> Option<Class> {
    let zero = |field: &str| {
        args.iter()
            .flatten()
            .flat_map(|arg| entries(arg))
            .any(|arg| {
                arg.split_once('=')
                    .is_some_and(|(key, value)| key.trim() == field && value.trim() == "0")
            })
    };
    match (zero("hour"), zero("minute"), zero("second")) {
        (true, true, _) => Some(Class::Day),
        (false, true, _) => Some(Class::Hour),
        (false, false, true) => Some(Class::Minute),
        _ => None,
    }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
