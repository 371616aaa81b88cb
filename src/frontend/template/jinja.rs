//! What a Jinja tag does.

use super::build::{Action, Block};
use super::dialect::TagKind;
use super::expr::{Host, Parser};
use super::tree::{Expr, ExprKind, Include, Node};
use super::Tag;

pub(super) fn action(tag: &Tag) -> Action {
    let mut parser = Parser::new(tag.text, tag.inner.0, tag.inner.1, Host::Jinja);
    if tag.kind == TagKind::Output {
        return output(tag, &mut parser);
    }
    let keyword = match parser.peek() {
        Some(_) => parser.name().unwrap_or_default(),
        None => "",
    };
    let action = statement(tag, keyword, &mut parser);
    if let Some(error) = &parser.error {
        tag.problem(format!("{error} in `{keyword}`"));
    } else if !parser.done() && !matches!(action, Action::Text(..)) {
        tag.problem(format!("unexpected words behind `{keyword}`"));
    }
    action
}

fn output(tag: &Tag, parser: &mut Parser) -> Action {
    if parser.done() {
        return Action::Text("an empty output".into(), None);
    }
    let expr = parser.tuple();
    let expr = tag.checked(parser, expr);
    let span = tag.span();
    Action::Nodes(vec![Node::Output { expr, span }])
}

fn statement(tag: &Tag, keyword: &str, parser: &mut Parser) -> Action {
    let open = |block, end: &str| Action::Open(block, end.to_string());
    match keyword {
        "if" => open(Block::If(Some(parser.tuple())), "endif"),
        "elif" => Action::Else(Some(parser.tuple())),
        "else" => Action::Else(None),
        "for" => for_loop(parser),
        "set" => set(tag, parser),
        "macro" => {
            let name = parser.name().unwrap_or_default().to_string();
            open(Block::Macro(name, parameters(parser)), "endmacro")
        }
        "call" => {
            let params = match parser.peek().is_some_and(|t| t.is("(")) {
                true => parameters(parser),
                false => Vec::new(),
            };
            open(Block::Call(params, parser.expression()), "endcall")
        }
        "block" => {
            let name = parser.name().unwrap_or_default().to_string();
            while parser.take_name("scoped") || parser.take_name("required") {}
            open(Block::Named(name), "endblock")
        }
        "filter" => {
            let (name, args) = filter_chain(parser);
            open(Block::Wrapped(name, args), "endfilter")
        }
        "with" => open(Block::With(bindings(parser)), "endwith"),
        "autoescape" => {
            parser.expression();
            open(Block::With(Vec::new()), "endautoescape")
        }
        "trans" => {
            parser.take_name("trimmed");
            parser.take_name("notrimmed");
            let bound = bindings(parser);
            open(Block::Translation(bound), "endtrans")
        }
        // Marks what the assistant wrote, in chat templates of models.
        "generation" => open(Block::Wrapped(keyword.into(), Vec::new()), "endgeneration"),
        "pluralize" => {
            let named = parser.peek().is_some();
            Action::Plural(named.then(|| parser.expression()))
        }
        "break" | "continue" | "debug" => Action::Nodes(Vec::new()),
        "do" => {
            let (name, value, span) = ("_".to_string(), parser.tuple(), tag.span());
            Action::Nodes(vec![Node::Set { name, value, span }])
        }
        "include" => include(tag, parser),
        "extends" => {
            let (target, span) = (parser.expression(), tag.span());
            Action::Nodes(vec![Node::Extends { target, span }])
        }
        "import" => {
            let target = parser.expression();
            let alias = match parser.take_name("as") {
                true => parser.name().map(str::to_string),
                false => None,
            };
            context(parser);
            Action::Nodes(vec![import(tag, target, alias, Vec::new())])
        }
        "from" => from_import(tag, parser),
        end if is_end(end) => {
            if end == "endblock" && !parser.done() {
                parser.name();
            }
            Action::Close(end.to_string())
        }
        "raw" | "verbatim" => Action::Text(
            format!("`{keyword}` is not closed"),
            Some("it is read as text, and what follows as a template".into()),
        ),
        "" => Action::Text("an empty tag".into(), None),
        other => Action::Text(
            format!("unknown tag `{other}`"),
            Some("it is read as text".into()),
        ),
    }
}

fn is_end(word: &str) -> bool {
    word.strip_prefix("end").is_some_and(|start| {
        let known =
            "if for set macro call block filter with autoescape trans generation raw verbatim";
        known.split(' ').any(|name| name == start)
    })
}

fn for_loop(parser: &mut Parser) -> Action {
    let mut targets = Vec::new();
    while parser.peek().is_some() && !parser.peek_name("in") {
        if parser.take_op("(") || parser.take_op(")") || parser.take_op(",") {
            continue;
        }
        let Some(name) = parser.name() else {
            break;
        };
        let mut name = name.to_string();
        while parser.take_op(".") {
            name = format!("{name}.{}", parser.name().unwrap_or_default());
        }
        targets.push(name);
    }
    if !parser.take_name("in") {
        parser.fail("expected `in`");
    }
    let mut iter = parser.plain_tuple();
    if parser.take_name("if") {
        // No filter can have this name: the resolver knows a loop's own condition by it.
        let condition = parser.expression();
        let span = iter.span;
        let kind = ExprKind::Filter(Box::new(iter), "if".into(), vec![condition], Vec::new());
        iter = Expr::new(kind, span);
    }
    parser.take_name("recursive");
    let block = Block::For {
        targets,
        iter,
        maybe_condition: false,
    };
    Action::Open(block, "endfor".into())
}

fn set(tag: &Tag, parser: &mut Parser) -> Action {
    let mut names = Vec::new();
    loop {
        let _ = parser.take_op("(");
        let mut name = parser.name().unwrap_or_default().to_string();
        while parser.take_op(".") {
            name = format!("{name}.{}", parser.name().unwrap_or_default());
        }
        names.push(name);
        let _ = parser.take_op(")");
        if !parser.take_op(",") {
            break;
        }
    }
    if !parser.take_op("=") {
        if parser.take_op("|") {
            filter_chain(parser);
        }
        let name = names.swap_remove(0);
        return Action::Open(Block::Capture(name), "endset".into());
    }
    let value = parser.tuple();
    let span = tag.span();
    if names.len() == 1 {
        let name = names.swap_remove(0);
        return Action::Nodes(vec![Node::Set { name, value, span }]);
    }
    let part = |index: usize| match &value.kind {
        ExprKind::List(items) if items.len() == names.len() => items[index].clone(),
        _ => {
            let number = Expr::new(ExprKind::Number(index as f64), value.span);
            let kind = ExprKind::Index(Box::new(value.clone()), Box::new(number));
            Expr::new(kind, value.span)
        }
    };
    let set = |(index, name): (usize, &String)| Node::Set {
        name: name.clone(),
        value: part(index),
        span,
    };
    Action::Nodes(names.iter().enumerate().map(set).collect())
}

fn parameters(parser: &mut Parser) -> Vec<(String, Option<Expr>)> {
    let mut out = Vec::new();
    if !parser.take_op("(") {
        parser.fail("expected `(`");
    }
    while parser.error.is_none() && !parser.take_op(")") {
        let name = parser.name().unwrap_or_default().to_string();
        let default = match parser.take_op("=") {
            true => Some(parser.expression()),
            false => None,
        };
        out.push((name, default));
        if !parser.take_op(",") && !parser.peek().is_some_and(|t| t.is(")")) {
            parser.fail("expected `)`");
        }
    }
    out
}

/// `upper | replace("a", "b")`: the names joined, the arguments of all.
fn filter_chain(parser: &mut Parser) -> (String, Vec<Expr>) {
    let (mut names, mut args) = (Vec::new(), Vec::new());
    loop {
        let expr = parser.plain_expression();
        flatten_filters(expr, &mut names, &mut args);
        if !parser.take_op("|") {
            return (names.join("|"), args);
        }
    }
}

fn flatten_filters(expr: Expr, names: &mut Vec<String>, args: &mut Vec<Expr>) {
    match expr.kind {
        ExprKind::Filter(inner, name, more, named) => {
            flatten_filters(*inner, names, args);
            names.push(name);
            args.extend(more);
            args.extend(named.into_iter().map(|(_, value)| value));
        }
        ExprKind::Call(inner, more, named) => {
            flatten_filters(*inner, names, args);
            args.extend(more);
            args.extend(named.into_iter().map(|(_, value)| value));
        }
        ExprKind::Name(name) => names.push(name),
        _ => {}
    }
}

fn bindings(parser: &mut Parser) -> Vec<(String, Expr)> {
    let mut out = Vec::new();
    while parser.peek().is_some() {
        let at = parser.position();
        let Some(name) = parser.name() else {
            break;
        };
        let value = match parser.take_op("=") {
            true => parser.expression(),
            false => {
                let span = parser.text.span(at, at + name.len());
                Expr::new(ExprKind::Name(name.into()), span)
            }
        };
        out.push((name.to_string(), value));
        let _ = parser.take_op(",");
    }
    out
}

/// `with context` / `without context`; whether it is without.
fn context(parser: &mut Parser) -> bool {
    let without = parser.peek_name("without");
    if without || parser.peek_name("with") {
        parser.skip();
        parser.take_name("context");
    }
    without
}

fn include(tag: &Tag, parser: &mut Parser) -> Action {
    let target = parser.expression();
    let ignore_missing = parser.take_name("ignore") && parser.take_name("missing");
    let isolated = context(parser);
    Action::Nodes(vec![Node::Include(Include {
        target,
        bindings: Vec::new(),
        fallback: Vec::new(),
        ignore_missing,
        isolated,
        indent: String::new(),
        span: tag.span(),
    })])
}

fn import(tag: &Tag, target: Expr, alias: Option<String>, names: Vec<(String, String)>) -> Node {
    Node::Import {
        target,
        alias,
        names,
        span: tag.span(),
    }
}

fn from_import(tag: &Tag, parser: &mut Parser) -> Action {
    let target = parser.expression();
    if !parser.take_name("import") {
        parser.fail("expected `import`");
    }
    let mut names = Vec::new();
    while parser.peek().is_some() && !parser.peek_name("with") && !parser.peek_name("without") {
        let Some(exported) = parser.name() else {
            break;
        };
        let local = match parser.take_name("as") {
            true => parser.name().unwrap_or(exported),
            false => exported,
        };
        names.push((exported.to_string(), local.to_string()));
        if !parser.take_op(",") {
            break;
        }
    }
    context(parser);
    Action::Nodes(vec![import(tag, target, None, names)])
}
