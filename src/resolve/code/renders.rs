//! Templates that code renders: found by name or made of text, evaluated by the template evaluator with the values that
//! the code gives them. Knows nothing of how paths are built.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::Expr;
use crate::frontend::template;
use crate::frontend::template::dialect::Dialect;
use crate::prompt::{Branch, Piece};
use crate::reads::Reads;
use crate::source::{Place, Text};
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::Confidence;

use super::super::context::Frame;
use super::super::evaluator::{Evaluator, Rendered, Trail};
use super::super::files::{dialect_named, dialect_of};
use super::super::value::{self as filled, push_all, push_piece, worse};
use super::eval::{deploy, Eval};
use super::heap::Item;
use super::tables::{tables, Operation};
use super::things::{thing_of, Body, Environment, Location, Syntax, Template, Thing};
use super::value::{Argument, Condition, Unknown, Value};

impl Eval<'_, '_> {
    /// A function of a library that makes a template, fills one, or says where templates are.
    pub fn template_function(
        &mut self,
        operation: Operation,
        path: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        use Operation as Op;
        let syntax = syntax_of(path)?;
        let made = Some(format!("{path}()").into());
        let there = || deploy("a template of the program");
        match operation {
            Op::Template => {
                let text = argument(args, 0, &["template", "source"])?;
                let template = self.template_of_text(&text, syntax)?;
                Some(self.thing_value(Thing::Template(template), made, there(), expr))
            }
            Op::TemplateFile => {
                let path = argument(args, 0, &["template_file"])?;
                let (location, volatility) = self.location(&path);
                let text = self.read(&location, volatility, expr);
                let template = self.template_of_text(&text, syntax)?;
                Some(self.thing_value(Thing::Template(template), made, there(), expr))
            }
            Op::Render => {
                let text = argument(args, 0, &["source", "template"])?;
                let template = self.template_of_text(&text, syntax)?;
                Some(self.rendered(&template, &args[1..], expr))
            }
            Op::RenderFile => {
                let name = argument(args, 0, &["template_name_or_list"])?;
                let Syntax::Language(dialect) = syntax else {
                    return None;
                };
                let environment = Environment {
                    folders: Vec::new(),
                    dialect,
                };
                let template = self.template_named(&environment, &name)?;
                Some(self.rendered(&template, &args[1..], expr))
            }
            Op::Environment | Op::PackageLoader => {
                let Syntax::Language(dialect) = syntax else {
                    return None;
                };
                let folders = self.template_folders(operation, args);
                let environment = Thing::Environment(Environment { folders, dialect });
                Some(self.thing_value(environment, made, there(), expr))
            }
            _ => None,
        }
    }

    /// The folders that the arguments of a loader or of an environment name.
    fn template_folders(&mut self, operation: Operation, args: &[Argument]) -> Vec<Location> {
        if operation == Operation::PackageLoader {
            let package = args.first().and_then(|arg| {
                let name = arg.value.known_text()?;
                let from = self.code().path().clone();
                let paths = &self.program.paths;
                paths.package(&from, &name, &mut self.trail.reads)
            });
            let below = argument(args, 1, &["package_path"]);
            let below = match below {
                Some(below) => self.location(&below).0,
                None => {
                    let text = self.literal(Default::default(), "templates");
                    self.location(&text).0
                }
            };
            let package = package.map(|folder| Location::at(&folder));
            return package
                .map(|package| package.join(&below))
                .into_iter()
                .collect();
        }
        let mut out = Vec::new();
        for arg in args {
            let named = matches!(
                arg.name.as_deref(),
                None | Some("loader" | "searchpath" | "loaders")
            );
            if named {
                self.folders_in(&arg.value, &mut out, 0);
            }
        }
        out
    }

    fn folders_in(&mut self, value: &Value, out: &mut Vec<Location>, depth: usize) {
        if let Some(Thing::Environment(environment)) = thing_of(value) {
            out.extend(environment.folders.iter().cloned());
            return;
        }
        match value {
            Value::Cell(id) if depth < 2 => {
                let items = self.heap.list(*id).map(|list| list.items.clone());
                for item in items.unwrap_or_default() {
                    if let Item::One(value, _) = item {
                        self.folders_in(&value, out, depth + 1);
                    }
                }
            }
            Value::Choice(choice) if depth < 2 => {
                for arm in choice.arms.clone() {
                    self.folders_in(&arm, out, depth + 1);
                }
            }
            Value::Text(_) | Value::Unknown(_) => out.push(self.location(value).0),
            _ => {}
        }
    }

    /// `env.get_template("x.j2")`, `env.from_string(text)`, `env.render("x.njk", context)`
    pub fn environment_method(
        &mut self,
        environment: &Environment,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        let there = deploy("a template of the program");
        let first = &args.first()?.value;
        let template = match name {
            "get_template" | "getTemplate" | "select_template" => {
                if let Value::Choice(choice) = first {
                    let choice = choice.clone();
                    let mut arms = Vec::new();
                    for arm in choice.arms.iter().filter(|arm| !arm.is_nothing()) {
                        let template = self.template_named(environment, arm)?;
                        let thing = Thing::Template(template);
                        arms.push(self.thing_value(thing, None, there.clone(), expr));
                    }
                    return Some(super::arms::choose(&choice.condition, arms));
                }
                self.template_named(environment, first)?
            }
            "from_string" => self.template_of_text(first, Syntax::Language(environment.dialect))?,
            "render" => {
                let template = self.template_named(environment, first)?;
                return Some(self.rendered(&template, &args[1..], expr));
            }
            "renderString" => {
                let syntax = Syntax::Language(environment.dialect);
                let template = self.template_of_text(first, syntax)?;
                return Some(self.rendered(&template, &args[1..], expr));
            }
            _ => return None,
        };
        Some(self.thing_value(Thing::Template(template), None, there, expr))
    }

    /// A template by its name: in the folders of its environment, else where templates are looked for from the code.
    fn template_named(&mut self, environment: &Environment, name: &Value) -> Option<Template> {
        let (location, _) = self.location(name);
        let style = Syntax::Language(environment.dialect);
        let body = |path| Template {
            body: Body::File(path),
            style,
        };
        for folder in &environment.folders {
            if let Some(path) = self.existing(&folder.join(&location)) {
                return Some(body(path));
            }
        }
        let Some(tail) = location.tail() else {
            let missing = name.known_text().unwrap_or_else(|| "a template".into());
            return Some(Template {
                body: Body::Missing(missing),
                style,
            });
        };
        let from = self.code().path().clone();
        let files = self.program.files;
        let found = files.find(&from, &tail, environment.dialect, &mut self.trail.reads);
        // Without a folder that is known, a common name could be any file of it.
        Some(found.map_or_else(
            || Template {
                body: Body::Missing(tail),
                style,
            },
            body,
        ))
    }

    fn template_of_text(&mut self, value: &Value, style: Syntax) -> Option<Template> {
        match value {
            Value::Text(pieces) => Some(Template {
                body: Body::Text((**pieces).clone()),
                style,
            }),
            Value::Choice(_) => {
                let place = value_place(value)?;
                let pieces = self.print(value, &place);
                Some(Template {
                    body: Body::Text(pieces),
                    style,
                })
            }
            _ => None,
        }
    }

    /// A function that is not here and that is given a template's file and names for it: it fills the template.
    pub fn names_template(&mut self, args: &[Argument], expr: &Expr) -> Option<Value> {
        let named = args.iter().any(|arg| arg.name.is_some());
        let (first, rest) = args.split_first()?;
        let object = rest.iter().any(|arg| {
            let Value::Cell(id) = &arg.value else {
                return false;
            };
            self.heap
                .object(*id)
                .is_some_and(|object| !object.entries.is_empty())
        });
        if first.name.is_some() || !(named || object) {
            return None;
        }
        let name = first.value.known_text()?;
        let dialect = dialect_of(&name)?;
        let environment = Environment {
            folders: Vec::new(),
            dialect,
        };
        let template = self.template_named(&environment, &first.value)?;
        let Body::File(_) = template.body else {
            return None;
        };
        Some(self.rendered(&template, rest, expr))
    }

    /// A template that is called: `Handlebars.compile(text)(context)`.
    pub fn thing_call(
        &mut self,
        callee: &Unknown,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        match callee.thing.as_deref()? {
            Thing::Template(template) => Some(self.rendered(template, args, expr)),
            Thing::Picker(picker) => self.picked(&picker.clone(), args, expr),
            _ => None,
        }
    }

    pub fn template_method(
        &mut self,
        template: &Template,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        match name {
            "render" | "render_async" | "substitute" | "safe_substitute" | "format"
            | "formatPrompt" => Some(self.rendered(template, args, expr)),
            _ => None,
        }
    }

    // ---- filling ----

    fn rendered(&mut self, template: &Template, args: &[Argument], expr: &Expr) -> Value {
        let dialect = match (template.style, &template.body) {
            (Syntax::Language(dialect), Body::File(path)) => dialect_of(path).unwrap_or(dialect),
            (Syntax::Language(dialect), _) => dialect,
            (Syntax::Braces, Body::Text(pieces)) => {
                return self.filled_with(pieces, true, args);
            }
            (Syntax::Dollar, Body::Text(pieces)) => {
                return self.filled_with(pieces, false, args);
            }
            _ => Dialect::Plain,
        };
        match &template.body {
            Body::File(path) => {
                self.trail.used.insert(path.clone());
                match self.program.files.load(path, dialect) {
                    Some(loaded) => {
                        let frame = self.template_frame(args);
                        let (here, tree) = (loaded.here.clone(), loaded.tree.clone());
                        self.evaluated(here, &tree.nodes, frame, true)
                    }
                    None => self.not_here(path, args, expr),
                }
            }
            Body::Text(pieces) => {
                let frame = self.template_frame(args);
                self.rendered_text(pieces, dialect, frame)
            }
            Body::Missing(name) => self.not_here(name, args, expr),
        }
    }

    fn rendered_text(&mut self, pieces: &[Piece], dialect: Dialect, mut frame: Frame) -> Value {
        if let Some((at, branch)) = forked(pieces, dialect).filter(|_| self.enter()) {
            // One of several templates: each is filled.
            let mut arms = Vec::new();
            for arm in branch.arms.iter() {
                let mut own = pieces[..at].to_vec();
                push_all(&mut own, arm.iter().chain(&pieces[at + 1..]).cloned());
                arms.push(self.rendered_text(&own, dialect, frame.clone()));
            }
            self.leave();
            return super::arms::choose(&Rc::new(Condition::of_branch(branch)), arms);
        }
        let Some((text, parts)) = one_text(pieces, dialect) else {
            return Value::pieces(pieces.to_vec());
        };
        let Some(file) = self.program.files.read(&text.path) else {
            return Value::pieces(pieces.to_vec());
        };
        let tree = template::parse(&text, dialect);
        let here = self.program.files.here(&file, dialect);
        frame.names.extend(parts);
        self.evaluated(here, &tree.nodes, frame, false)
    }

    /// A text of a prompt class of a library, filled with values by name.
    pub fn filled_by_language(
        &mut self,
        pieces: &[Piece],
        dialect: Dialect,
        named: &[(String, Value)],
        place: &Place,
    ) -> Value {
        let args: Vec<Argument> = named
            .iter()
            .map(|(name, value)| Argument {
                name: Some(name.clone()),
                ..Argument::positional(value.clone(), place.clone())
            })
            .collect();
        let frame = self.template_frame(&args);
        self.rendered_text(pieces, dialect, frame)
    }

    fn evaluated(
        &mut self,
        here: super::super::context::Here,
        nodes: &[template::tree::Node],
        frame: Frame,
        file: bool,
    ) -> Value {
        let path = here.path().clone();
        let mut evaluator = Evaluator::new(self.program.files, here, &self.assume);
        evaluator.scopes.push(frame);
        let given = evaluator.scopes.flatten().len();
        let pieces = evaluator.template(nodes);
        let own = evaluator.trail;
        if file && given > 0 {
            let rendered = Rendered {
                path,
                pieces: pieces.clone(),
                reads: own.reads.clone(),
                code: Reads::default(),
                mentions_history: own.mentions_history,
                holds_task: own.holds_task,
                as_text: false,
            };
            if !self
                .trail
                .rendered
                .iter()
                .any(|known| known.is_same(&rendered))
            {
                self.trail.rendered.push(rendered);
            }
        }
        // What code renders is not inherited from: its base is its own.
        self.trail.absorb(Trail { base: None, ..own });
        Value::pieces(pieces)
    }

    /// A template that is not here: as volatile as what fills it, only possibly.
    fn not_here(&mut self, name: &str, args: &[Argument], expr: &Expr) -> Value {
        let mut volatility = deploy("a template that is not here");
        for arg in args {
            volatility = worse(volatility, self.volatility(&arg.value));
        }
        volatility.confidence = Confidence::Possible;
        let verdict = Verdict {
            kind: ValueKind::Plain,
            volatility,
            tokens: self.assume.unknown_text_tokens,
            clock: false,
        };
        let place = self.place(expr.span);
        self.born(
            Unknown::new(name.to_string(), verdict),
            place,
            "rendered here",
        )
    }

    /// A file of text that code fills is what it is filled with.
    pub fn note_filled(&mut self, from: &[Piece], out: &[Piece]) {
        if let ([Piece::Branch(from), ..], [Piece::Branch(out), ..]) = (from, out) {
            // One of several files.
            if from.id == out.id && from.arms.len() == out.arms.len() {
                for (from, out) in from.arms.iter().zip(out.arms.iter()) {
                    self.note_filled(from, out);
                }
            }
            return;
        }
        let [Piece::Text(text)] = from else {
            return;
        };
        let code = crate::frontend::code::language_of(&text.path).is_some();
        if code || from == out {
            return;
        }
        let rendered = Rendered {
            path: text.path.clone(),
            pieces: out.to_vec(),
            reads: Default::default(),
            code: Reads::default(),
            mentions_history: super::super::history::holds_history(out),
            holds_task: false,
            as_text: true,
        };
        if !self
            .trail
            .rendered
            .iter()
            .any(|known| known.is_same(&rendered))
        {
            self.trail.rendered.push(rendered);
        }
    }
}

/// Most texts that one of is filled.
const MAX_TEXTS: usize = 8;

/// The one branch of a template's text whose arms hold tags.
fn forked(pieces: &[Piece], dialect: Dialect) -> Option<(usize, &Branch)> {
    let opening = match dialect {
        Dialect::Erb | Dialect::Ejs => "<%",
        Dialect::Plain => return None,
        _ => "{{",
    };
    let tagged =
        |piece: &Piece| matches!(piece, Piece::Text(text) if text.as_str().contains(opening));
    let mut forks = pieces
        .iter()
        .enumerate()
        .filter_map(|(at, piece)| match piece {
            Piece::Branch(branch) => {
                let tags = branch.arms.iter().any(|arm| arm.iter().any(tagged));
                (tags && branch.arms.len() <= MAX_TEXTS).then_some((at, branch))
            }
            _ => None,
        });
    let first = forks.next();
    first.filter(|_| forks.next().is_none())
}

/// An argument by its position or one of its names.
fn argument(args: &[Argument], at: usize, names: &[&str]) -> Option<Value> {
    let named = args.iter().find(|arg| {
        arg.name
            .as_deref()
            .is_some_and(|name| names.contains(&name))
    });
    let found = named.or_else(|| {
        let mut positional = args
            .iter()
            .filter(|arg| arg.name.is_none() && !arg.keywords);
        positional.nth(at)
    });
    found.map(|arg| arg.value.clone())
}

/// How a library writes its templates.
fn syntax_of(path: &str) -> Option<Syntax> {
    let head = path.split(['.', '/']).next().unwrap_or_default();
    let mut known = tables().dialects.iter();
    let (_, name) = known.find(|(prefix, _)| prefix.eq_ignore_ascii_case(head))?;
    Some(match dialect_named(name)? {
        Dialect::Braces => Syntax::Braces,
        Dialect::Dollar => Syntax::Dollar,
        dialect => Syntax::Language(dialect),
    })
}

/// Pieces as one template: what is not text of its main file is bound to a name of its own.
fn one_text(pieces: &[Piece], dialect: Dialect) -> Option<(Text, Vec<(String, filled::Value)>)> {
    let main: Arc<str> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            _ => None,
        })
        .max_by_key(|text| text.len())?
        .path
        .clone();
    let mut out = Text::empty(&main);
    let mut parts = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) if text.path == main => out.push(text),
            other => {
                let name = format!("part_{index}_of_text");
                let tag = match dialect {
                    Dialect::Erb => format!("<%- {name} %>"),
                    Dialect::Handlebars | Dialect::Mustache => format!("{{{{{{{name}}}}}}}"),
                    Dialect::SemanticKernel => format!("{{{{${name}}}}}"),
                    _ => format!("{{{{ {name} }}}}"),
                };
                let at = out.whole().span.end;
                out.push_opaque(&tag, crate::source::Span::new(at, at));
                let mut value = Vec::new();
                push_piece(&mut value, other.clone());
                parts.push((name, filled::Value::Pieces(Rc::new(value))));
            }
        }
    }
    Some((out, parts))
}

fn value_place(value: &Value) -> Option<Place> {
    match value {
        Value::Text(pieces) => pieces.iter().find_map(super::texts::piece_place),
        Value::Unknown(unknown) => unknown.birth().cloned(),
        Value::Choice(choice) => Some(choice.condition.place.clone()),
        _ => None,
    }
}
