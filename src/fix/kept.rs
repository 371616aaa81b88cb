//! Whether a message lives on behind its request: what is written into it is sent with every later call as well. And
//! whether its list is declared to hold texts only.

use regex::Regex;

use super::moves::{holds, pattern_names};
use crate::frontend::code::ir::{
    Expr, ExprKind, Function, Item, Language, Module, Pattern, Stmt, StmtKind,
};
use crate::frontend::code::{language_of, parse};
use crate::source::{SourceFile, Span};

/// Methods that add to the list they are called on.
const ADDING: [&str; 6] = ["append", "extend", "insert", "push", "unshift", "splice"];
/// Calls that make a list of their own of another one.
const COPYING: [&str; 12] = [
    "list",
    "copy",
    "deepcopy",
    "slice",
    "map",
    "filter",
    "concat",
    "from",
    "flatMap",
    "toSpliced",
    "sorted",
    "structuredClone",
];

/// Why no marker is written into a message of code, where there is a reason. `message`: its map.
pub fn reason(file: &SourceFile, message: Span) -> Option<&'static str> {
    let language = language_of(&file.path)?;
    let module = parse(file, language);
    let function = innermost(&module, message);
    let body = function.map_or(&module.body, |function| &function.body);
    let mut way = Vec::new();
    find(body, message, &mut way);
    let stmt = way.last()?;
    let into = receiver(stmt, message);
    if let (Into::Name(name), Language::JavaScript) = (&into, language) {
        if takes_texts_only(file, name) {
            return Some("its list is declared to hold texts and no blocks");
        }
    }
    let kept = match into {
        Into::Request => false,
        Into::Other => true,
        Into::Name(name) => lives_on(function, body, &way, name),
    };
    kept.then_some("its message is kept, and would be marked in every later call as well")
}

fn innermost(module: &Module, place: Span) -> Option<&Function> {
    let around = module.functions.iter();
    let around = around.filter(|function| holds(function.span, place));
    around.min_by_key(|function| function.span.len())
}

/// The statements that a place stands in, outermost first.
fn find<'m>(body: &'m [Stmt], place: Span, out: &mut Vec<&'m Stmt>) {
    if let Some(stmt) = body.iter().find(|stmt| holds(stmt.span, place)) {
        out.push(stmt);
        for inner in stmt.blocks() {
            find(inner, place, out);
        }
    }
}

/// Where a message goes.
enum Into<'m> {
    /// Into the list that a call is given.
    Request,
    Name(&'m str),
    Other,
}

fn receiver<'m>(stmt: &'m Stmt, message: Span) -> Into<'m> {
    match &stmt.kind {
        StmtKind::Assign { targets, value } if !in_call(value, message) => match targets.as_slice()
        {
            [Pattern::Name(name, _)] => Into::Name(name),
            _ => Into::Other,
        },
        StmtKind::Augment {
            target: Pattern::Name(name, _),
            ..
        } => Into::Name(name),
        StmtKind::Augment { .. } => Into::Other,
        StmtKind::Expr(expr) => match adding(expr, message) {
            Some(ExprKind::Name(name)) => Into::Name(name),
            Some(_) => Into::Other,
            None => Into::Request,
        },
        _ => Into::Request,
    }
}

/// What a call adds a message to.
fn adding(expr: &Expr, message: Span) -> Option<&ExprKind> {
    let ExprKind::Call { callee, args, .. } = &expr.kind else {
        return None;
    };
    let ExprKind::Attribute { object, name, .. } = &callee.kind else {
        return None;
    };
    let given = args.iter().any(|arg| holds(arg.span, message));
    (given && ADDING.contains(&name.as_str())).then_some(&object.kind)
}

/// Whether a place is an argument of a call that is no copy.
fn in_call(expr: &Expr, place: Span) -> bool {
    if !holds(expr.span, place) {
        return false;
    }
    if let ExprKind::Call { args, .. } = &expr.kind {
        return !copies(expr) && args.iter().any(|arg| holds(arg.span, place));
    }
    let mut found = false;
    expr.parts(&mut |part| found |= in_call(part, place));
    found
}

fn copies(expr: &Expr) -> bool {
    let ExprKind::Call { callee, .. } = &expr.kind else {
        return false;
    };
    match &callee.kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => COPYING.contains(&name.as_str()),
        _ => false,
    }
}

/// Whether a list of this name is another one for the next call: made in the same round, and given to nobody who keeps it.
fn lives_on(function: Option<&Function>, body: &[Stmt], way: &[&Stmt], name: &str) -> bool {
    let Some(function) = function else {
        return true;
    };
    let params = function.params.iter();
    let mut params = params.flat_map(|param| pattern_names(&param.pattern));
    if params.any(|known| known == name) {
        return true;
    }
    // The innermost loop that the message is written in.
    let round = way
        .iter()
        .rev()
        .find(|stmt| matches!(stmt.kind, StmtKind::For { .. } | StmtKind::While { .. }));
    let mut made = Made::default();
    made.look(body, name);
    let own = |span: &Span| round.is_none_or(|round| holds(round.span, *span));
    let fresh = made.fresh.iter().any(own);
    !fresh || made.shared || made.escapes
}

#[derive(Default)]
struct Made {
    /// Where a new list is made.
    fresh: Vec<Span>,
    /// It is the list of somebody else.
    shared: bool,
    escapes: bool,
}

impl Made {
    fn look(&mut self, body: &[Stmt], name: &str) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::Assign { targets, value } => {
                    let own = |target: &Pattern| matches!(target, Pattern::Name(known, _) if known == name);
                    if targets.iter().any(own) {
                        // `messages = [*messages, new]` goes on with the old one.
                        if is_new(value) && !reads(value, name) {
                            self.fresh.push(stmt.span);
                        } else if !is_new(value) {
                            self.shared = true;
                        }
                    } else {
                        self.escapes |= is_handed(value, name);
                    }
                }
                StmtKind::Return(Some(value)) | StmtKind::Yield(Some(value)) => {
                    self.escapes |= is_handed(value, name);
                }
                _ => {}
            }
            for inner in stmt.blocks() {
                self.look(inner, name);
            }
        }
    }
}

/// Whether an expression makes a list.
fn is_new(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::List(_) | ExprKind::Comprehension(_) | ExprKind::Slice { .. } => true,
        ExprKind::Binary { left, right, .. } => is_new(left) || is_new(right),
        ExprKind::Conditional {
            then, otherwise, ..
        } => is_new(then) && is_new(otherwise),
        ExprKind::Call { .. } => copies(expr),
        ExprKind::Await(inner) => is_new(inner),
        _ => false,
    }
}

fn reads(expr: &Expr, name: &str) -> bool {
    if matches!(&expr.kind, ExprKind::Name(known) if known == name) {
        return true;
    }
    let mut found = false;
    expr.parts(&mut |part| found |= reads(part, name));
    found
}

/// Whether a name is handed on as it is, and not as an argument of a call or for what is in it.
fn is_handed(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        ExprKind::Name(known) => known == name,
        ExprKind::Call { .. } | ExprKind::Index { .. } | ExprKind::Slice { .. } => false,
        ExprKind::List(items) => items.iter().any(|item| match item {
            Item::One(expr) | Item::Spread(expr) => is_handed(expr, name),
        }),
        _ => {
            let mut found = false;
            expr.parts(&mut |part| found |= is_handed(part, name));
            found
        }
    }
}

/// Whether a list of TypeScript is declared to hold messages whose content is a text.
fn takes_texts_only(file: &SourceFile, name: &str) -> bool {
    let text = &file.text;
    let find = |pattern: &str| Regex::new(pattern).ok();
    let name = regex::escape(name);
    let declared = find(&format!(
        r"\b{name}\s*:\s*((?:\{{[^{{}}]*\}}|[^=;{{}}])+?)\s*="
    ));
    const TEXT: &str = r#"\bcontent["']?\??:\s*string\s*[;,}\n]"#;
    let is_text = |part: &str| find(TEXT).is_some_and(|one| one.is_match(part));
    let of_texts = |name: &str| {
        let body = find(&format!(
            r"\b(?:interface|type)\s+{name}\b[^{{;]*\{{([^}}]*\}})"
        ));
        let body = body.and_then(|one| Some(one.captures(text)?.get(1)?.as_str()));
        body.is_some_and(is_text)
    };
    let named = find(r"[A-Z]\w*");
    declared.iter().any(|pattern| {
        let mut all = pattern.captures_iter(text).filter_map(|found| found.get(1));
        all.any(|declared| {
            let declared = declared.as_str();
            let mut names = named.iter().flat_map(|name| name.find_iter(declared));
            is_text(declared) || names.any(|name| of_texts(name.as_str()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(path: &str, text: &str) -> Option<&'static str> {
        let file = SourceFile::new(path, text);
        let start = text.rfind("{\"role\"").or_else(|| text.rfind("{ role"));
        let start = start.expect("a message");
        let end = start + text[start..].find('}').expect("it ends") + 1;
        reason(&file, Span::new(start, end))
    }

    const NEW: &str = "{\"role\": \"user\", \"content\": text}";

    fn python(body: &str) -> Option<&'static str> {
        let body = body.replace("NEW", NEW);
        why("a.py", &format!("def ask(history, text):\n{body}"))
    }

    #[test]
    fn a_list_of_the_call_alone_may_be_marked() {
        for body in [
            "    return send(messages=[*history, NEW])\n",
            "    turns = [*history, NEW]\n    return send(messages=turns)\n",
            "    turns = list(history)\n    turns.append(NEW)\n    return send(messages=turns)\n",
            "    for one in text:\n        turns = []\n        turns.append(NEW)\n        send(messages=turns)\n",
            "    turns = history[-6:] + [NEW]\n    reply = send(messages=turns)\n    return reply\n",
        ] {
            assert_eq!(python(body), None, "{body}");
        }
    }

    #[test]
    fn a_list_that_lives_on_may_not() {
        for body in [
            "    history.append(NEW)\n    return send(messages=history)\n",
            "    self.turns.append(NEW)\n    return send(messages=self.turns)\n",
            "    turns = self.turns\n    turns.append(NEW)\n    return send(messages=turns)\n",
            "    turns = []\n    while True:\n        turns.append(NEW)\n        send(messages=turns)\n",
            "    turns = []\n    while True:\n        turns = [*turns, NEW]\n        send(messages=turns)\n",
            "    turns = list(history)\n    turns.append(NEW)\n    send(messages=turns)\n    return turns\n",
            "    turns = list(history)\n    turns.append(NEW)\n    self.turns = turns\n    send(messages=turns)\n",
            "    turns = load()\n    turns.append(NEW)\n    return send(messages=turns)\n",
        ] {
            assert!(python(body).is_some_and(|why| why.contains("kept")), "{body}");
        }
    }

    #[test]
    fn a_list_that_is_declared_to_hold_texts_takes_no_blocks() {
        let script = |declared: &str, types: &str| {
            why("a.ts", &format!("{types}function ask(text: string) {{\n  const turns: {declared} = [];\n  turns.push({{ role: \"user\", content: text }});\n  return send({{ messages: turns }});\n}}\n"))
        };
        assert!(script("{ role: string; content: string }[]", "").is_some());
        assert!(script(
            "Turn[]",
            "interface Turn {\n  role: string;\n  content: string;\n}\n"
        )
        .is_some());
        assert_eq!(
            script(
                "Turn[]",
                "interface Turn {\n  role: string;\n  content: string | Block[];\n}\n"
            ),
            None
        );
        assert_eq!(script("Anthropic.MessageParam[]", ""), None);
    }
}
