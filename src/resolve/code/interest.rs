//! Which functions of a module have to do with requests: those that call an SDK, write messages, or are named like
//! something that builds a prompt. The others are evaluated only where one of these calls them. Looks at names only.

use std::collections::HashSet;

use crate::frontend::code::ir::{
    Arg, ArgKind, Entry, Expr, ExprKind, FormatPart, FunctionId, Item, Module, Pattern, Stmt,
    StmtKind,
};
use crate::sdk::{self, Given, Says};

use super::noted::adds_system;
use super::outer::Outer;
use super::tables::{adds_items, changes_items, tables};

/// What was found by function; the module's own body is `None`.
#[derive(Debug, Default)]
pub struct Interest {
    /// What says so by itself.
    sure: Marks,
    /// Calls of names that everything has (`run`, `call`): they count where an SDK is near.
    weak: Marks,
    /// Every name that is called, by its last part, with the functions that call it.
    pub calls: Vec<(String, Option<FunctionId>)>,
    /// Attributes of the instance that a method puts something into.
    pub grows: Vec<(FunctionId, String)>,
    /// Attributes of the instance that a statement of a method sets.
    pub sets: Vec<(FunctionId, String)>,
    /// What functions change of the scopes around them.
    pub outer: Outer,
    /// Constructors that hand what is sent up to the class that they extend.
    pub hands_up: HashSet<FunctionId>,
    /// Every module that is imported, as written, with the names that are taken from it.
    pub imports: Vec<(String, Vec<String>)>,
    /// Whether the file makes an object of an SDK that needs no import to be told.
    pub makes: bool,
}

#[derive(Debug, Default)]
struct Marks {
    holds: HashSet<FunctionId>,
    sends: HashSet<FunctionId>,
    body: bool,
}

impl Marks {
    /// What an inner function does, its outer one is concerned with.
    fn reach_out(&mut self, module: &Module) {
        for id in (0..module.functions.len()).rev() {
            if let (true, Some(parent)) = (self.holds.contains(&id), module.functions[id].parent) {
                self.holds.insert(parent);
            }
        }
    }
}

impl Interest {
    pub fn of(module: &Module) -> Interest {
        let mut out = Interest::default();
        let mut walk = Walk {
            out: &mut out,
            module,
            function: None,
        };
        walk.stmts(&module.body);
        for (id, function) in module.functions.iter().enumerate() {
            walk.function = Some(id);
            let decorated = function.decorators.iter().any(super::run::gives_system);
            if decorated || super::run::builder_name(module, function).is_some() {
                walk.out.sure.holds.insert(id);
            }
            for param in &function.params {
                if let Some(default) = &param.default {
                    walk.expr(default);
                }
            }
            walk.stmts(&function.body);
        }
        for class in &module.classes {
            walk.function = None;
            for value in class.fields.iter().filter_map(|field| field.value.as_ref()) {
                walk.expr(value);
            }
        }
        out.sure.reach_out(module);
        out.weak.reach_out(module);
        out
    }

    /// Whether a function, or one inside it, has to do with requests.
    pub fn holds(&self, id: FunctionId, near: bool) -> bool {
        self.sure.holds.contains(&id) || near && self.weak.holds.contains(&id)
    }

    /// Whether a function sends a request itself.
    pub fn sends(&self, id: FunctionId, near: bool) -> bool {
        self.sure.sends.contains(&id) || near && self.weak.sends.contains(&id)
    }

    /// Whether the module's own body has to do with requests.
    pub fn body(&self, near: bool) -> bool {
        self.sure.body || near && self.weak.body
    }

    /// Whether it makes a difference if an SDK is near.
    pub fn depends(&self) -> bool {
        self.weak.body || !self.weak.holds.is_empty()
    }
}

struct Walk<'o> {
    out: &'o mut Interest,
    module: &'o Module,
    function: Option<FunctionId>,
}

impl Walk<'_> {
    fn mark(&mut self, says: Says, sends: bool) {
        let marks = match says {
            Says::Nothing => return,
            Says::Weakly => &mut self.out.weak,
            Says::Surely => &mut self.out.sure,
        };
        match self.function {
            Some(id) => {
                marks.holds.insert(id);
                if sends {
                    marks.sends.insert(id);
                }
            }
            None => marks.body = true,
        }
    }

    fn import(&mut self, module: &str, names: Vec<String>) {
        self.out.imports.push((module.to_string(), names));
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Assign { targets, value } => {
                self.regrown(targets, value);
                for target in targets {
                    self.set(target);
                    self.pattern(target);
                    self.named_text(bound_name(target), value);
                }
                self.expr(value);
            }
            StmtKind::Augment { target, value, .. } => {
                if let Pattern::Target(expr) = target {
                    self.grown(expr);
                }
                if let Some(function) = self.function {
                    self.out
                        .outer
                        .counts(target, &self.module.functions[function]);
                }
                self.set(target);
                self.pattern(target);
                self.expr(value);
            }
            StmtKind::If {
                test,
                then,
                otherwise,
            } => {
                self.expr(test);
                self.stmts(then);
                self.stmts(otherwise);
            }
            StmtKind::For {
                over,
                body,
                otherwise,
                ..
            } => {
                self.expr(over);
                self.stmts(body);
                self.stmts(otherwise);
            }
            StmtKind::While { test, body } => {
                test.iter().for_each(|test| self.expr(test));
                self.stmts(body);
            }
            StmtKind::Return(value) | StmtKind::Yield(value) => {
                value.iter().for_each(|value| self.expr(value));
            }
            StmtKind::Import(import) => {
                let names = import.names.iter().map(|name| name.name.clone());
                self.import(&import.module, names.collect());
            }
            StmtKind::Export(export) => {
                if let Some(from) = &export.from {
                    self.import(from, Vec::new());
                }
                export.default.iter().for_each(|value| self.expr(value));
                self.stmts(&export.declaration);
            }
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.stmts(body);
                handlers.iter().for_each(|handler| self.stmts(handler));
                self.stmts(otherwise);
                self.stmts(finally);
            }
            StmtKind::With { items, body } => {
                items.iter().for_each(|(expr, _)| self.expr(expr));
                self.stmts(body);
            }
            StmtKind::Match { subject, arms } => {
                self.expr(subject);
                arms.iter().for_each(|arm| self.stmts(&arm.body));
            }
            StmtKind::Block(body) => self.stmts(body),
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Target(expr) => {
                if marks(expr) {
                    self.mark(Says::Surely, false);
                }
                self.expr(expr);
            }
            Pattern::Default(inner, value) => {
                self.pattern(inner);
                self.expr(value);
            }
            _ => {}
        }
    }

    /// `super().__init__(instructions=..)` in a class that extends one of an SDK.
    fn handed_up(&mut self, args: &[Arg]) {
        let module = self.module;
        let Some(function) = self.function else {
            return;
        };
        let Some(class) = module.functions[function].class else {
            return;
        };
        // Bases of the module stand for what they extend themselves.
        let mut classes = vec![class];
        let mut at = 0;
        while at < classes.len() {
            let bases = module.classes[classes[at]].bases.iter();
            for base in bases.filter_map(super::extended::base_name) {
                let says = sdk::says(&base, Some(&given(args)));
                if says != Says::Nothing {
                    self.out.hands_up.insert(function);
                    self.mark(says, true);
                }
                let own = module.classes.iter().position(|of| of.name == base);
                classes.extend(own.filter(|own| !classes.contains(own)));
            }
            at += 1;
        }
    }

    /// Something is put into `self.name`.
    fn grown(&mut self, expr: &Expr) {
        let Some(function) = self.function else {
            return;
        };
        match own_attribute(expr) {
            Some(name) => self.out.grows.push((function, name.to_string())),
            None => self.out.outer.grows(expr, &self.module.functions[function]),
        }
    }

    fn set(&mut self, target: &Pattern) {
        let Pattern::Target(target) = target else {
            return;
        };
        if let (Some(name), Some(function)) = (own_attribute(target), self.function) {
            self.out.sets.push((function, name.to_string()));
        }
    }

    /// `this.turns = [...this.turns, turn]`
    fn regrown(&mut self, targets: &[Pattern], value: &Expr) {
        let ExprKind::List(items) = &value.kind else {
            return;
        };
        for target in targets {
            let Pattern::Target(target) = target else {
                continue;
            };
            let name = own_attribute(target);
            let itself = items.iter().any(|item| {
                matches!(item, Item::Spread(spread) if name.is_some() && own_attribute(spread) == name)
            });
            if itself {
                self.grown(target);
            }
        }
    }

    fn args(&mut self, args: &[Arg]) {
        for arg in args {
            if let ArgKind::Keyword(name) = &arg.kind {
                self.named_text(Some(name), &arg.value);
            }
            self.expr(&arg.value);
        }
    }

    /// A text that is written here under a name that says prompt.
    fn named_text(&mut self, name: Option<&str>, value: &Expr) {
        let written = || composes(value) || text_length(value) >= super::noted::MIN_TEXT;
        let system = |name: &str| sdk::names_system(name) && fills(value);
        if name.is_some_and(|name| sdk::builds_prompt(name) && (written() || system(name))) {
            self.mark(Says::Surely, false);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Attribute { object, .. } => {
                if let Some(path) = expr.dotted() {
                    self.mark(sdk::says(&path, None), true);
                }
                self.expr(object);
            }
            ExprKind::Call { callee, args, .. } => {
                if let Some(name) = last_name(callee) {
                    let path = path_of(callee);
                    let path = path.as_deref().unwrap_or(name);
                    self.mark(sdk::says(path, Some(&given(args))), true);
                    if sdk::makes_message(path) {
                        self.mark(Says::Weakly, false);
                    }
                    if path == "dict" {
                        self.message(args.iter().filter_map(|arg| match &arg.kind {
                            ArgKind::Keyword(name) => Some(name.as_str()),
                            _ => None,
                        }));
                    }
                    self.out.makes |= sdk::makes(path);
                    self.out.calls.push((name.to_string(), self.function));
                    if let ("require", Some(module)) =
                        (path, args.first().and_then(|arg| arg.value.literal()))
                    {
                        self.import(module, Vec::new());
                    }
                }
                if super::extended::is_super_constructor(callee) {
                    self.handed_up(args);
                }
                // The callee's own name was looked at with the arguments.
                match &callee.kind {
                    ExprKind::Attribute { object, .. } => self.expr(object),
                    ExprKind::Name(_) => {}
                    _ => self.expr(callee),
                }
                if let ExprKind::Attribute { object, name, .. } = &callee.kind {
                    let operation = tables().methods.get(name);
                    if operation.is_some_and(|op| adds_items(*op)) {
                        self.grown(object);
                    }
                    let system = || path_of(object).is_some_and(|path| adds_system(&path));
                    if operation.is_some_and(|op| changes_items(*op)) && system() {
                        self.mark(Says::Surely, false);
                    }
                }
                self.args(args);
            }
            ExprKind::Object(entries) => self.object(entries),
            ExprKind::Assign { target, value } => {
                self.set(target);
                self.pattern(target);
                self.expr(value);
            }
            ExprKind::Name(name) => self.mark(sdk::says(name, None), true),
            ExprKind::Text(text) if sdk::opens_session(text.as_str()) => {
                self.mark(Says::Surely, false);
            }
            _ => expr.parts(&mut |part| self.expr(part)),
        }
    }

    fn object(&mut self, entries: &[Entry]) {
        for entry in entries {
            match entry {
                Entry::Pair { key, value, .. } => {
                    if key.literal().is_some_and(sdk::is_marker) {
                        self.mark(Says::Surely, false);
                    }
                    self.named_text(key.literal(), value);
                    // `{"system_prompt": text}`
                    let made = matches!(value.kind, ExprKind::Name(_) | ExprKind::Call { .. });
                    let system = |key| sdk::names_system(key) && sdk::builds_prompt(key);
                    if made && key.literal().is_some_and(system) {
                        self.mark(Says::Surely, false);
                    }
                    self.expr(value);
                }
                Entry::Spread(expr) => self.expr(expr),
            }
        }
        let keys = entries.iter().filter_map(|entry| match entry {
            Entry::Pair { key, .. } => key.literal(),
            Entry::Spread(_) => None,
        });
        if sdk::is_body(keys.clone()) {
            self.mark(Says::Surely, false);
        }
        self.message(keys);
    }

    /// The keys of an object, which may be a message.
    fn message<'e>(&mut self, keys: impl Iterator<Item = &'e str>) {
        let mut role = false;
        let mut content = false;
        for key in keys {
            role |= key == "role";
            content |= matches!(key, "content" | "parts");
        }
        if role && content {
            self.mark(Says::Surely, false);
        }
    }
}

/// Whether a text is put together of values.
fn composes(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Format(parts) => parts
            .iter()
            .any(|part| matches!(part, FormatPart::Value { .. })),
        _ => false,
    }
}

/// Whether a template is filled: `Template(text).render(..)`, `TEXT.format(..)`.
fn fills(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Await(inner) => fills(inner),
        ExprKind::Call { callee, args, .. } => match &callee.kind {
            ExprKind::Attribute { name, .. } => tables().fillers.contains(name) && !args.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

/// Bytes of literal text in an expression.
fn text_length(expr: &Expr) -> usize {
    let mut length = match &expr.kind {
        ExprKind::Text(text) => text.len(),
        ExprKind::Format(parts) => {
            let texts = parts.iter().map(|part| match part {
                FormatPart::Text(text) => text.len(),
                FormatPart::Value { .. } => 0,
            });
            texts.sum()
        }
        _ => 0,
    };
    expr.parts(&mut |part| length += text_length(part));
    length
}

/// What a call is given, without a look at the values.
fn given(args: &[Arg]) -> Given<'_> {
    let mut out = Given::default();
    for arg in args {
        match &arg.kind {
            ArgKind::Keyword(name) => out.names.push(name),
            ArgKind::Spread | ArgKind::KeywordSpread => out.open = true,
            ArgKind::Positional => {
                out.positional += 1;
                // JavaScript names its arguments in an object.
                match &arg.value.kind {
                    ExprKind::Object(entries) => {
                        for entry in entries {
                            match entry {
                                Entry::Pair { key, .. } => out.names.extend(key.literal()),
                                Entry::Spread(_) => out.open = true,
                            }
                        }
                    }
                    ExprKind::Text(_)
                    | ExprKind::Format(_)
                    | ExprKind::Number(_)
                    | ExprKind::List(_) => {}
                    _ => out.open = true,
                }
            }
        }
    }
    out
}

/// `name` of `self.name` and `this.name`.
fn own_attribute(expr: &Expr) -> Option<&str> {
    let ExprKind::Attribute { object, name, .. } = &expr.kind else {
        return None;
    };
    match &object.kind {
        ExprKind::Name(this) if this == "self" || this == "this" => Some(name),
        _ => None,
    }
}

/// The name or the attribute that an assignment sets.
fn bound_name(target: &Pattern) -> Option<&str> {
    match target {
        Pattern::Name(name, ..) => Some(name),
        Pattern::Target(target) => last_name(target),
        _ => None,
    }
}

fn last_name(callee: &Expr) -> Option<&str> {
    match &callee.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => Some(name),
        ExprKind::Await(inner) => last_name(inner),
        _ => None,
    }
}

/// The dotted name of a callee, or what of it stands behind the last call or index: `messages.create` of
/// `client().messages.create`.
fn path_of(callee: &Expr) -> Option<String> {
    match &callee.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Attribute { object, name, .. } => Some(match path_of(object) {
            Some(front) => format!("{front}.{name}"),
            None => name.clone(),
        }),
        ExprKind::Await(inner) => path_of(inner),
        _ => None,
    }
}

/// `block["cache_control"] = ..`, `block.cacheControl = ..`
fn marks(target: &Expr) -> bool {
    match &target.kind {
        ExprKind::Attribute { name, .. } => sdk::is_marker(name),
        ExprKind::Index { index, .. } => index.literal().is_some_and(sdk::is_marker),
        _ => false,
    }
}
