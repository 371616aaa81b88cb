//! Files that code loads: paths built from parts, looked for in the workspace and read. What is not found is a value of
//! unknown text. Never outside the root; every look-up is recorded.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::{BinaryOp, Expr};
use crate::prompt::Piece;
use crate::reads::Read;
use crate::source::Span;
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Confidence, Volatility};

use super::super::files::{folder, join};
use super::super::value::{push_all, worse};
use super::arms::choose;
use super::eval::{deploy, Eval};
use super::heap::Item;
use super::tables::{tables, Operation};
use super::things::{open_name, path_of_pieces, thing_of, Base, Location, Name, Thing};
use super::value::{Argument, Choice, Condition, Unknown, Value};

/// Files of a folder that a partly known name may mean; of more it is anyone's guess which.
const MAX_ALTERNATIVES: usize = 6;

impl Eval<'_, '_> {
    /// Whether a value, or an arm of it, stands for a path, a file or a template.
    pub fn is_thing(&self, value: &Value) -> bool {
        match value {
            Value::Choice(choice) => {
                let is_thing = |arm: &Value| self.is_thing(arm);
                let mut arms = choice.arms.iter();
                arms.all(|arm| arm.is_nothing() || is_thing(arm))
                    && choice.arms.iter().any(is_thing)
            }
            other => thing_of(other).is_some(),
        }
    }

    pub fn thing_value(
        &mut self,
        thing: Thing,
        path: Option<Rc<str>>,
        volatility: Volatility,
        expr: &Expr,
    ) -> Value {
        let unknown = Unknown {
            thing: Some(Rc::new(thing)),
            path,
            ..Unknown::new(
                self.written(expr.span),
                Verdict {
                    kind: ValueKind::Plain,
                    volatility,
                    tokens: 12,
                    clock: false,
                },
            )
        };
        let place = self.place(expr.span);
        self.born(unknown, place, "made here")
    }

    /// A function of a library that makes a path, reads a file or makes a template.
    pub fn file_function(
        &mut self,
        operation: Operation,
        path: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        // One of several paths: each by itself.
        let names = !matches!(
            operation,
            Op::Template | Op::Render | Op::TemplateFile | Op::RenderFile
        );
        let one_of = |value: &Value| match value {
            Value::Text(_) if !names => None,
            value => choice_of(value),
        };
        let mut each = args.iter().enumerate();
        if let Some((at, choice)) = each.find_map(|(at, arg)| Some((at, one_of(&arg.value)?))) {
            let arms = choice.arms.iter().filter(|arm| !arm.is_nothing());
            let mut values = Vec::new();
            for arm in arms {
                let mut args = args.to_vec();
                args[at].value = arm.clone();
                values.push(self.file_function(operation, path, &args, expr)?);
            }
            return Some(choose(&choice.condition, values));
        }
        let made: Rc<str> = format!("{path}()").into();
        match operation {
            Op::JoinPath => {
                let (location, volatility) = self.joined(args)?;
                Some(self.thing_value(Thing::Path(location), Some(made), volatility, expr))
            }
            Op::ParentPath => {
                let (location, volatility) = self.location(&args.first()?.value);
                let parent = Thing::Path(location.parent());
                Some(self.thing_value(parent, Some(made), volatility, expr))
            }
            Op::Open => {
                let (location, volatility) = self.location(&args.first()?.value);
                Some(self.thing_value(Thing::File(location), Some(made), volatility, expr))
            }
            Op::ReadFile => {
                let (location, volatility) = self.location(&args.first()?.value);
                Some(self.read(&location, volatility, expr))
            }
            Op::FileExists => {
                let (location, _) = self.location(&args.first()?.value);
                self.existing(&location).map(|_| Value::Bool(true))
            }
            Op::PackageFolder => {
                let location = self.package(args.first().map(|arg| &arg.value))?;
                let there = deploy("a folder of a package");
                Some(self.thing_value(Thing::Path(location), Some(made), there, expr))
            }
            Op::PackageFile => {
                let package = self.package(args.first().map(|arg| &arg.value));
                let package = package.unwrap_or_else(Location::elsewhere);
                let (below, volatility) = self.location(&args.get(1)?.value);
                Some(self.read(&package.join(&below), volatility, expr))
            }
            _ => self.template_function(operation, path, args, expr),
        }
    }

    // ---- paths ----

    /// A value as a path, and how volatile the path is.
    pub fn location(&mut self, value: &Value) -> (Location, Volatility) {
        let from = self.frame().code.path().clone();
        if let Some(Thing::Path(location) | Thing::File(location)) = thing_of(value) {
            return (location.clone(), self.volatility(value));
        }
        match value {
            Value::Text(pieces) => {
                let root = |expr: &str| own_place(expr, &from);
                let location = path_of_pieces(pieces, &from, &root);
                (location, self.volatility(value))
            }
            Value::Unknown(unknown) => {
                let home = unknown.birth().map_or(from, |place| place.path.clone());
                let known = unknown
                    .path
                    .as_deref()
                    .and_then(|path| own_place(path, &home));
                match known {
                    Some(base) => {
                        let volatility = match base {
                            Base::WorkingFolder(_) => unknown.verdict.volatility.clone(),
                            _ => deploy("a path of the program"),
                        };
                        let names = Vec::new();
                        (Location { base, names }, volatility)
                    }
                    None => (Location::elsewhere(), unknown.verdict.volatility.clone()),
                }
            }
            other => (Location::elsewhere(), self.volatility(other)),
        }
    }

    /// What stands below a path: a name that is not known is any name.
    fn below(&mut self, value: &Value) -> (Location, Volatility) {
        let (location, volatility) = self.location(value);
        let plain = matches!(value, Value::Unknown(_)) && thing_of(value).is_none();
        if plain && location.base == Base::Elsewhere {
            return (open_name(&self.frame().code.path().clone()), volatility);
        }
        (location, volatility)
    }

    /// `os.path.join(a, b, ..)`, `Path(a, b)`, `new URL("./x", import.meta.url)`
    fn joined(&mut self, args: &[Argument]) -> Option<(Location, Volatility)> {
        let mut args: Vec<&Value> = args
            .iter()
            .filter(|arg| !arg.spread && !arg.keywords && arg.name.is_none())
            .map(|arg| &arg.value)
            .collect();
        // A URL names its base last, a file that stands for its folder.
        let against_file = args.len() == 2
            && matches!(args[0], Value::Text(_))
            && args[1].path().is_some_and(is_own_file);
        if against_file {
            args.reverse();
        }
        let (mut out, mut volatility) = match args.first() {
            Some(first) => self.location(first),
            None => {
                let from = self.frame().code.path().clone();
                let names = Vec::new();
                let here = Location {
                    base: Base::Running(from),
                    names,
                };
                (here, deploy("a path of the program"))
            }
        };
        if against_file {
            out = out.parent();
        }
        for value in args.iter().skip(1) {
            let (below, more) = self.below(value);
            out = out.join(&below);
            volatility = worse(volatility, more);
        }
        Some((out, volatility))
    }

    /// `path / name`
    pub fn path_operator(
        &mut self,
        op: BinaryOp,
        left: &Value,
        right: &Value,
        expr: &Expr,
    ) -> Option<Value> {
        if op != BinaryOp::Arithmetic || !self.is_python() {
            return None;
        }
        for (at, side) in [left, right].into_iter().enumerate() {
            let Some(choice) = choice_of(side) else {
                continue;
            };
            if !self.is_thing(left) {
                return None;
            }
            let mut arms = Vec::new();
            for arm in choice.arms.iter().filter(|arm| !arm.is_nothing()) {
                let (left, right) = if at == 0 { (arm, right) } else { (left, arm) };
                arms.push(self.path_operator(op, left, right, expr)?);
            }
            return Some(choose(&choice.condition, arms));
        }
        let Some(Thing::Path(path)) = thing_of(left).cloned() else {
            return None;
        };
        let (below, more) = self.below(right);
        let volatility = worse(self.volatility(left), more);
        let name = left.path().map(Rc::from);
        Some(self.thing_value(Thing::Path(path.join(&below)), name, volatility, expr))
    }

    /// The folder of a package of the workspace, by its name or by the name of a module's own package.
    fn package(&mut self, value: Option<&Value>) -> Option<Location> {
        let code = self.code();
        let own = Location::at(folder(code.path()));
        let Some(value) = value else { return Some(own) };
        if let Value::Module(module) = value {
            return Some(Location::at(folder(module.path())));
        }
        let Some(name) = value.known_text() else {
            return matches!(value.path(), Some("__name__" | "__package__")).then_some(own);
        };
        let mut reads = std::mem::take(&mut self.trail.reads);
        let found = self.program.paths.package(code.path(), &name, &mut reads);
        self.trail.reads = reads;
        found.map(|folder| Location::at(&folder))
    }

    /// Attributes of paths and files.
    pub fn thing_member(&mut self, unknown: &Unknown, name: &str, span: Span) -> Option<Value> {
        let Some(Thing::Path(location)) = unknown.thing.as_deref().filter(|_| !unknown.item) else {
            return None;
        };
        let expr = Expr::opaque(span);
        let volatility = unknown.verdict.volatility.clone();
        let path = unknown.path.clone();
        match name {
            "parent" => {
                let parent = Thing::Path(location.parent());
                Some(self.thing_value(parent, path, volatility, &expr))
            }
            "parents" => {
                let place = self.place(span);
                let mut items = Vec::new();
                let mut at = location.clone();
                for _ in 0..12 {
                    at = at.parent();
                    let thing = Thing::Path(at.clone());
                    let value = self.thing_value(thing, path.clone(), volatility.clone(), &expr);
                    items.push(Item::One(value, place.clone()));
                }
                Some(self.new_list(items, place))
            }
            // A URL's path.
            "pathname" | "href" => Some(Value::Unknown(Rc::new(unknown.clone()))),
            "name" => Some(self.literal(span, &location.name()?)),
            "stem" => {
                let name = location.name()?;
                let stem = name
                    .rsplit_once('.')
                    .map_or(name.as_str(), |(stem, _)| stem);
                Some(self.literal(span, stem))
            }
            _ => None,
        }
    }

    /// A method of a path, a file, a template or what finds templates.
    pub fn thing_method(
        &mut self,
        receiver: &Value,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        if let Value::Choice(choice) = receiver {
            let choice = choice.clone();
            let mut arms = Vec::new();
            for arm in choice.arms.iter().filter(|arm| !arm.is_nothing()) {
                arms.push(self.thing_method(arm, name, args, expr)?);
            }
            return Some(choose(&choice.condition, arms));
        }
        let Value::Unknown(unknown) = receiver else {
            return None;
        };
        let unknown = unknown.clone();
        match unknown.thing.as_deref()? {
            Thing::Path(location) => self.path_method(&unknown, location, (name, args), expr),
            Thing::File(location) => match tables().methods.get(name) {
                Some(Operation::ReadFile) => {
                    Some(self.read(location, unknown.verdict.volatility.clone(), expr))
                }
                _ => None,
            },
            Thing::Template(template) => self.template_method(template, name, args, expr),
            Thing::Environment(environment) => {
                self.environment_method(environment, name, args, expr)
            }
            Thing::Pattern(pattern) => self.pattern_method(pattern, name, args, expr),
            Thing::Position(_) | Thing::Picker(_) => None,
        }
    }

    fn path_method(
        &mut self,
        unknown: &Unknown,
        location: &Location,
        (name, args): (&str, &[Argument]),
        expr: &Expr,
    ) -> Option<Value> {
        let volatility = unknown.verdict.volatility.clone();
        let path = unknown.path.clone();
        let first = args.first().map(|arg| &arg.value);
        let renamed = match name {
            "resolve" | "absolute" | "as_posix" | "toString" | "__str__" => location.clone(),
            "expanduser" => location.clone(),
            "joinpath" => {
                let mut out = location.clone();
                let mut all = volatility;
                for arg in args {
                    if let Some(choice) = choice_of(&arg.value) {
                        let mut arms = Vec::new();
                        for arm in &choice.arms {
                            let arg = Argument {
                                value: arm.clone(),
                                ..arg.clone()
                            };
                            arms.push(self.path_method(unknown, location, (name, &[arg]), expr)?);
                        }
                        return Some(choose(&choice.condition, arms));
                    }
                    let (below, more) = self.below(&arg.value);
                    out = out.join(&below);
                    all = worse(all, more);
                }
                return Some(self.thing_value(Thing::Path(out), path, all, expr));
            }
            "with_suffix" => {
                let name = location.name()?;
                let stem = name
                    .rsplit_once('.')
                    .map_or(name.as_str(), |(stem, _)| stem);
                location.renamed(&format!("{stem}{}", first?.known_text()?))
            }
            "with_name" => location.renamed(&first?.known_text()?),
            "open" => {
                let file = Thing::File(location.clone());
                return Some(self.thing_value(file, path, volatility, expr));
            }
            "exists" | "is_file" => return self.existing(location).map(|_| Value::Bool(true)),
            _ if tables().methods.get(name) == Some(&Operation::ReadFile) => {
                return Some(self.read(location, volatility, expr));
            }
            _ => return None,
        };
        Some(self.thing_value(Thing::Path(renamed), path, volatility, expr))
    }

    // ---- files ----

    /// The places that a path may mean, most likely first.
    fn candidates(&self, location: &Location, tail: &str) -> Vec<String> {
        let upwards = |from: &str, least: usize| {
            let mut out = Vec::new();
            if tail.split('/').count() < least {
                return out;
            }
            let mut above = folder(from);
            loop {
                out.extend(join(above, tail));
                if above.is_empty() {
                    return out;
                }
                above = folder(above);
            }
        };
        match &location.base {
            Base::At(base) => join(base, tail).into_iter().collect(),
            Base::Running(from) => upwards(from, 1),
            // A lone file of the working folder is the user's; a folder in it may be the program's own.
            Base::WorkingFolder(from) => upwards(from, 2),
            Base::Elsewhere => Vec::new(),
        }
    }

    /// The file that a path means.
    pub fn existing(&mut self, location: &Location) -> Option<Arc<str>> {
        let tail = location.tail()?;
        for path in self.candidates(location, &tail) {
            let found = self.program.paths.exists(&path);
            let path: Arc<str> = path.into();
            self.trail.reads.insert(Read::new(path.clone(), found));
            if found {
                return Some(path);
            }
        }
        None
    }

    /// The text of a file. What is not here is unknown text, as lasting as its path.
    pub fn read(&mut self, location: &Location, volatility: Volatility, expr: &Expr) -> Value {
        if let Some(path) = self.existing(location) {
            return self.text_file(&path, expr.span);
        }
        if let Some(value) = self.one_of(location, expr) {
            return value;
        }
        let known = !matches!(location.base, Base::Elsewhere | Base::WorkingFolder(_));
        let verdict = Verdict {
            kind: ValueKind::Plain,
            volatility: if known {
                deploy("a file that is not here")
            } else {
                Volatility {
                    confidence: volatility.confidence.min(Confidence::Possible),
                    ..worse(deploy("a file that is not here"), volatility)
                }
            },
            tokens: self.assume.unknown_text_tokens,
            clock: false,
        };
        let place = self.place(expr.span);
        self.born(
            Unknown::new(self.written(expr.span), verdict),
            place,
            "read here",
        )
    }

    /// The files that a partly known name may mean, where they are few.
    fn one_of(&mut self, location: &Location, expr: &Expr) -> Option<Value> {
        let Some(Name::Open(before, after)) = location.names.last().cloned() else {
            return None;
        };
        let parent = location.parent();
        let tail = parent.tail()?;
        // A name of which nothing is known could be any file.
        if after.is_empty() || (tail.is_empty() && !matches!(parent.base, Base::At(_))) {
            return None;
        }
        let folders = match (&parent.base, tail.is_empty()) {
            (Base::At(base), true) => vec![base.clone()],
            _ => self.candidates(&parent, &tail),
        };
        let named = format!("{}*{}", literal(&before), literal(&after));
        let folder = folders.into_iter().find(|folder| {
            let pattern = join(folder, &named).map(Read::pattern);
            self.trail.reads.extend(pattern);
            self.program.paths.is_folder(folder)
        })?;
        let mut names = self.program.paths.files_of(&folder);
        names.retain(|name| {
            name.len() >= before.len() + after.len()
                && name.starts_with(&before)
                && name.ends_with(&after)
        });
        if names.is_empty() || names.len() > MAX_ALTERNATIVES {
            return None;
        }
        let place = self.place(expr.span);
        let which = deploy("which file is read");
        let condition = Condition::new(self.written(expr.span), place, which);
        let mut arms = Vec::new();
        for name in names {
            let path: Arc<str> = join(&folder, &name)?.into();
            self.trail.reads.insert(Read::found(&path));
            arms.push(self.text_file(&path, expr.span));
        }
        Some(choose(&condition, arms))
    }
}

/// What is one of several: as it is, or as the texts that a text with a branch in it can be.
fn choice_of(value: &Value) -> Option<Rc<Choice>> {
    const MOST: usize = 16;
    let pieces = match value {
        Value::Choice(choice) => return Some(choice.clone()),
        Value::Text(pieces) => pieces,
        _ => return None,
    };
    let at = pieces
        .iter()
        .position(|piece| matches!(piece, Piece::Branch(_)))?;
    let Piece::Branch(branch) = &pieces[at] else {
        return None;
    };
    if branch.arms.len() > MOST {
        return None;
    }
    let arms = branch.arms.iter().map(|arm| {
        let mut own = Vec::new();
        push_all(&mut own, pieces[..at].iter().cloned());
        push_all(&mut own, arm.iter().cloned());
        push_all(&mut own, pieces[at + 1..].iter().cloned());
        Value::pieces(own)
    });
    Some(Rc::new(Choice {
        condition: Rc::new(Condition {
            expr: branch.condition.clone(),
            id: branch.id,
            place: branch.place.clone(),
            volatility: branch.volatility.clone(),
            rounds: Vec::new(),
            shape: false,
        }),
        arms: arms.collect(),
    }))
}

/// A part of a name as a pattern that stands for nothing else.
fn literal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '{' | '}') {
            out.extend(['[', letter, ']']);
        } else {
            out.push(letter);
        }
    }
    out
}

fn is_own_file(path: &str) -> bool {
    tables().own_file.iter().any(|known| known == path)
}

/// What a name of the code's own place stands for, seen from a file.
fn own_place(name: &str, from: &Arc<str>) -> Option<Base> {
    let is = |names: &[String]| names.iter().any(|known| known == name);
    if is(&tables().own_file) {
        Some(Base::At(from.to_string()))
    } else if is(&tables().own_folder) {
        Some(Base::At(folder(from).to_string()))
    } else if is(&tables().working_folder) {
        Some(Base::WorkingFolder(from.clone()))
    } else {
        None
    }
}
