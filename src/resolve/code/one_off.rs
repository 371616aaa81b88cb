//! Functions that send what they are given, and what they are given where they are called by name: lists that are
//! written out there, of which no turn comes back. A receiver whose class is chosen at run time (a factory, a registry)
//! keeps its callers from being run; their lists say all the same that nothing grows.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::frontend::code::ir::{
    ArgKind, Entry, Expr, ExprKind, FunctionId, Item, Module, Pattern, Stmt, StmtKind,
};
use crate::prompt::Prompt;
use crate::sdk::{self, Part};

use super::modules::{Code, Program};

/// Of so many calls one may be given anything.
const OTHERS: usize = 4;

type Args<'a> = Vec<(&'a str, &'a Expr)>;
/// Names of arguments, and the part of a request that each is.
type Keys = BTreeMap<String, Part>;
/// Names, and whether all that is bound to each is a list that is written out.
type Lists<'a> = BTreeMap<&'a str, bool>;

/// What the calls of a function by its name are given as messages.
#[derive(Default, Debug, PartialEq)]
pub struct Given {
    /// Lists written out, none of whose items is spread from another list.
    written: usize,
    /// Anything else.
    open: usize,
}

/// Says of requests that are asked for a marker behind their turns whether any are sent. `senders`: the function in
/// which each was found, the outermost.
pub fn note(
    program: &Program<'_>,
    senders: &[Option<&(Arc<str>, FunctionId)>],
    prompts: &mut [Prompt],
) {
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    let mut loaded = None;
    for (prompt, sender) in prompts.iter_mut().zip(senders) {
        let Some((path, function)) = sender.filter(|_| prompt.speaks_of_turns) else {
            continue;
        };
        let Some(code) = program.load(path) else {
            continue;
        };
        let name = &code.module.functions[*function].name;
        if name.is_empty() {
            continue;
        }
        let code = loaded.get_or_insert_with(|| program.loaded());
        let one_off = known
            .entry(name.clone())
            .or_insert_with(|| Given::of(name, code.iter()).is_one_off());
        prompt.one_off = *one_off;
    }
}

impl Given {
    /// What all calls of a function in this code are given.
    pub fn of<'a>(name: &str, code: impl Iterator<Item = &'a Arc<Code>>) -> Given {
        let mut out = Given::default();
        for code in code {
            if code.file.text.contains(name) {
                out.look(name, &code.module);
            }
        }
        out
    }

    /// Whether nearly all calls send a request of its own, with no turns behind it.
    pub fn is_one_off(&self) -> bool {
        self.written > 0 && self.open * OTHERS <= self.written
    }

    fn look(&mut self, name: &str, module: &Module) {
        let body = sdk::call(module.language, "<body>", &[], 0);
        let Some(keys) = &body.map(|body| body.parts.clone()) else {
            return;
        };
        // One that hands on what it is given is called in turn.
        let callers = module.functions.iter().filter(|known| known.name != name);
        let bodies = callers.map(|function| &function.body);
        for body in bodies.chain([&module.body]) {
            let mut lists = BTreeMap::new();
            note_lists(body, &mut lists);
            // What a method of a list is called on may have grown: `asked.append(reply)`.
            each_call(body, &mut |callee, _| {
                if let ExprKind::Attribute { object, .. } = &callee.kind {
                    if let ExprKind::Name(list) = &object.kind {
                        if let Some(written) = lists.get_mut(list.as_str()) {
                            *written = false;
                        }
                    }
                }
            });
            each_call(body, &mut |callee, args| {
                let called = match &callee.kind {
                    ExprKind::Attribute { name, .. } | ExprKind::Name(name) => name,
                    _ => return,
                };
                if called != name {
                    return;
                }
                let mut args = args.iter();
                match args.any(|(key, value)| gives_written(keys, &lists, key, value)) {
                    true => self.written += 1,
                    false => self.open += 1,
                }
            });
        }
    }
}

/// Whether a call is given messages that are written out: under the name of messages, in an object, or as a list.
fn gives_written(keys: &Keys, lists: &Lists, key: &str, value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Object(entries) => entries.iter().any(|entry| match entry {
            Entry::Pair { key, value, .. } => key.literal().is_some_and(|key| {
                keys.get(key) == Some(&Part::Messages) && is_written(value, lists)
            }),
            Entry::Spread(_) => false,
        }),
        _ => (key.is_empty() || keys.get(key) == Some(&Part::Messages)) && is_written(value, lists),
    }
}

/// Whether a list is written out, here or where its name is bound: as many messages on every call.
fn is_written(expr: &Expr, lists: &Lists) -> bool {
    match &expr.kind {
        ExprKind::List(items) => {
            !items.is_empty() && items.iter().all(|item| matches!(item, Item::One(_)))
        }
        ExprKind::Name(name) => lists.get(name.as_str()) == Some(&true),
        _ => false,
    }
}

/// Names that lists are bound to, and whether each is written out and left as it is.
fn note_lists<'a>(body: &'a [Stmt], lists: &mut Lists<'a>) {
    for stmt in body {
        if let StmtKind::Assign { targets, value } = &stmt.kind {
            for target in targets {
                if let Pattern::Name(name, _) = target {
                    let known = lists.get(name.as_str()).copied().unwrap_or(true);
                    lists.insert(name, known && is_written(value, &BTreeMap::new()));
                }
            }
        }
        if let StmtKind::Augment {
            target: Pattern::Name(name, _),
            ..
        } = &stmt.kind
        {
            lists.insert(name, false);
        }
        stmt.blocks()
            .into_iter()
            .for_each(|block| note_lists(block, lists));
    }
}

fn each_call(body: &[Stmt], each: &mut dyn FnMut(&Expr, &Args)) {
    fn within(expr: &Expr, each: &mut dyn FnMut(&Expr, &Args)) {
        if let ExprKind::Call { callee, args, .. } = &expr.kind {
            let named = args.iter().map(|arg| match &arg.kind {
                ArgKind::Keyword(name) => (name.as_str(), &arg.value),
                _ => ("", &arg.value),
            });
            each(callee, &named.collect());
        }
        expr.parts(&mut |part| within(part, each));
    }
    for stmt in body {
        stmt.expressions(&mut |expr| within(expr, each));
        stmt.blocks()
            .into_iter()
            .for_each(|block| each_call(block, each));
    }
}
