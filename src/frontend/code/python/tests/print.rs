//! A compact form of the small language, for tests alone: prefix notation, `;` between statements.

use crate::frontend::code::ir::*;

pub fn module(module: &Module) -> String {
    block(module, &module.body)
}

pub fn block(m: &Module, body: &[Stmt]) -> String {
    let each: Vec<String> = body.iter().map(|each| stmt(m, each)).collect();
    each.join("; ")
}

fn braced(m: &Module, body: &[Stmt]) -> String {
    format!("{{{}}}", block(m, body))
}

fn clause(m: &Module, word: &str, body: &[Stmt]) -> String {
    match body {
        [] => String::new(),
        _ => format!(" {word} {}", braced(m, body)),
    }
}

fn stmt(m: &Module, stmt: &Stmt) -> String {
    match &stmt.kind {
        StmtKind::Expr(value) => expr(m, value),
        StmtKind::Assign { targets, value } => {
            let targets: Vec<String> = targets.iter().map(|each| pattern(m, each)).collect();
            format!("{} = {}", targets.join(" = "), expr(m, value))
        }
        StmtKind::Augment { target, op, value } => {
            format!("{} {op:?}= {}", pattern(m, target), expr(m, value))
        }
        StmtKind::If {
            test,
            then,
            otherwise,
        } => {
            let otherwise = clause(m, "else", otherwise);
            format!("if {} {}{otherwise}", expr(m, test), braced(m, then))
        }
        StmtKind::For {
            pattern: target,
            over,
            body,
            otherwise,
            ..
        } => {
            let otherwise = clause(m, "else", otherwise);
            let (target, over) = (pattern(m, target), expr(m, over));
            format!("for {target} in {over} {}{otherwise}", braced(m, body))
        }
        StmtKind::While { test, body } => {
            let test = test.as_ref().map_or(String::new(), |test| expr(m, test));
            format!("while {test} {}", braced(m, body))
        }
        StmtKind::Return(value) => format!("return{}", tail(m, value.as_ref())),
        StmtKind::Yield(value) => format!("yield{}", tail(m, value.as_ref())),
        StmtKind::Function(id) => function(m, &m.functions[*id]),
        StmtKind::Class(id) => class(m, &m.classes[*id]),
        StmtKind::Import(import) => import_line(import),
        StmtKind::Export(_) => "export".into(),
        StmtKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        } => {
            let mut out = format!("try {}", braced(m, body));
            for handler in handlers {
                out += &format!(" except {}", braced(m, handler));
            }
            out + &clause(m, "else", otherwise) + &clause(m, "finally", finally)
        }
        StmtKind::With { items, body } => {
            let item = |(value, target): &(Expr, Option<Pattern>)| match target {
                Some(target) => format!("{} as {}", expr(m, value), pattern(m, target)),
                None => expr(m, value),
            };
            let items: Vec<String> = items.iter().map(item).collect();
            format!("with {} {}", items.join(", "), braced(m, body))
        }
        StmtKind::Match { subject, arms } => {
            let mut out = format!("match {}", expr(m, subject));
            for arm in arms {
                let tests = each_expr(m, &arm.tests);
                let binds: Vec<&str> = arm.binds.iter().map(|bind| bind.0.as_str()).collect();
                let binds = match &binds[..] {
                    [] => String::new(),
                    binds => format!(" as {}", binds.join(" ")),
                };
                out += &format!(" [{tests}]{binds} {}", braced(m, &arm.body));
            }
            out
        }
        StmtKind::Break => "break".into(),
        StmtKind::Continue => "continue".into(),
        StmtKind::Raise => "raise".into(),
        StmtKind::Global(names) => format!("global {}", names.join(" ")),
        StmtKind::Delete(targets) => {
            let targets: Vec<String> = targets.iter().map(|each| pattern(m, each)).collect();
            format!("del {}", targets.join(" "))
        }
        StmtKind::Block(body) => braced(m, body),
    }
}

fn tail(m: &Module, value: Option<&Expr>) -> String {
    value.map_or(String::new(), |value| format!(" {}", expr(m, value)))
}

fn import_line(import: &Import) -> String {
    let mut out = format!("import {}", import.module);
    if let Some((name, _)) = &import.namespace {
        out += &format!(" as {name}");
    }
    for name in &import.names {
        out += &format!(" {}:{}", name.name, name.alias);
    }
    out + if import.star { " *" } else { "" }
}

fn function(m: &Module, function: &Function) -> String {
    let mut out = String::new();
    for decorator in &function.decorators {
        out += &format!("@{} ", expr(m, decorator));
    }
    if function.is_async {
        out += "async ";
    }
    if function.kind != FunctionKind::Function {
        out += &format!("{:?} ", function.kind);
    }
    if function.is_generator {
        out += "generator ";
    }
    let params: Vec<String> = function.params.iter().map(|each| param(m, each)).collect();
    let doc = function
        .doc
        .as_ref()
        .map_or(String::new(), |doc| format!(" {:?}", doc.as_str()));
    let body = braced(m, &function.body);
    out + &format!("def {}({}){doc} {body}", function.name, params.join(", "))
}

fn param(m: &Module, param: &Param) -> String {
    let mut out = match param.kind {
        ParamKind::Positional => "",
        ParamKind::KeywordOnly => "kw ",
        ParamKind::Rest => "*",
        ParamKind::KeywordRest => "**",
    }
    .to_owned();
    out += &pattern(m, &param.pattern);
    if let Some(annotation) = &param.annotation {
        out += &format!(": {annotation}");
    }
    match &param.default {
        Some(value) => out + &format!(" = {}", expr(m, value)),
        None => out,
    }
}

fn class(m: &Module, class: &Class) -> String {
    let mut out = String::new();
    for decorator in &class.decorators {
        out += &format!("@{} ", expr(m, decorator));
    }
    out += &format!("class {}({})", class.name, each_expr(m, &class.bases));
    if let Some(doc) = &class.doc {
        out += &format!(" {:?}", doc.as_str());
    }
    let mut members = Vec::new();
    for field in &class.fields {
        let annotation = field
            .annotation
            .as_ref()
            .map_or(String::new(), |of| format!(": {of}"));
        let value = field
            .value
            .as_ref()
            .map_or(String::new(), |of| format!(" = {}", expr(m, of)));
        members.push(format!("{}{annotation}{value}", field.name));
    }
    members.extend(
        class
            .methods
            .iter()
            .map(|id| function(m, &m.functions[*id])),
    );
    out + &format!(" {{{}}}", members.join("; "))
}

fn pattern(m: &Module, of: &Pattern) -> String {
    match of {
        Pattern::Name(name, _) => name.clone(),
        Pattern::Target(target) => expr(m, target),
        Pattern::List(inside, _) => {
            let inside: Vec<String> = inside.iter().map(|each| pattern(m, each)).collect();
            format!("[{}]", inside.join(" "))
        }
        Pattern::Object(..) => "{}".into(),
        Pattern::Rest(inner) => format!("*{}", pattern(m, inner)),
        Pattern::Default(inner, value) => format!("{} = {}", pattern(m, inner), expr(m, value)),
        Pattern::Ignore => "-".into(),
    }
}

fn each_expr(m: &Module, of: &[Expr]) -> String {
    let each: Vec<String> = of.iter().map(|each| expr(m, each)).collect();
    each.join(", ")
}

fn items(m: &Module, of: &[Item]) -> String {
    let item = |item: &Item| match item {
        Item::One(value) => expr(m, value),
        Item::Spread(value) => format!("*{}", expr(m, value)),
    };
    let each: Vec<String> = of.iter().map(item).collect();
    each.join(", ")
}

fn optional(m: &Module, of: &Option<Box<Expr>>) -> String {
    of.as_ref().map_or(String::new(), |of| expr(m, of))
}

pub fn expr(m: &Module, of: &Expr) -> String {
    match &of.kind {
        ExprKind::Regex(pattern, flags) => format!("/{pattern}/{flags}"),
        ExprKind::Text(text) => format!("{:?}", text.as_str()),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::None | ExprKind::Null => "None".into(),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Attribute { object, name, .. } => format!("{}.{name}", expr(m, object)),
        ExprKind::Index { object, index } => format!("{}[{}]", expr(m, object), expr(m, index)),
        ExprKind::Slice {
            object,
            start,
            end,
            step,
        } => {
            let bounds = [start, end, step].map(|bound| optional(m, bound));
            format!("{}[{}]", expr(m, object), bounds.join(":"))
        }
        ExprKind::Call { callee, args, .. } => call(m, callee, args),
        ExprKind::Tagged { .. } => "tagged".into(),
        ExprKind::Format(inside) => format_parts(m, inside),
        ExprKind::Binary { op, left, right } => {
            format!("({op:?} {} {})", expr(m, left), expr(m, right))
        }
        ExprKind::Not(inner) => format!("(Not {})", expr(m, inner)),
        ExprKind::Negate(inner) => format!("(Negate {})", expr(m, inner)),
        ExprKind::Conditional {
            test,
            then,
            otherwise,
        } => {
            format!(
                "({} ? {} : {})",
                expr(m, test),
                expr(m, then),
                expr(m, otherwise)
            )
        }
        ExprKind::List(inside) => format!("[{}]", items(m, inside)),
        ExprKind::Set(inside) => format!("set[{}]", items(m, inside)),
        ExprKind::Object(entries) => {
            let entry = |entry: &Entry| match entry {
                Entry::Pair { key, value, .. } => format!("{}: {}", expr(m, key), expr(m, value)),
                Entry::Spread(value) => format!("**{}", expr(m, value)),
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        ExprKind::Comprehension(inner) => comprehension(m, inner),
        ExprKind::Lambda(id) => function(m, &m.functions[*id]),
        ExprKind::Class(id) => class(m, &m.classes[*id]),
        ExprKind::Await(inner) => format!("await {}", expr(m, inner)),
        ExprKind::Assign { target, value } => {
            format!("({} := {})", pattern(m, target), expr(m, value))
        }
        ExprKind::Import(inner) => format!("import({})", expr(m, inner)),
        ExprKind::Opaque(inside) => format!("?({})", each_expr(m, inside)),
    }
}

fn call(m: &Module, callee: &Expr, args: &[Arg]) -> String {
    let arg = |arg: &Arg| {
        let value = expr(m, &arg.value);
        match &arg.kind {
            ArgKind::Positional => value,
            ArgKind::Keyword(name) => format!("{name}={value}"),
            ArgKind::Spread => format!("*{value}"),
            ArgKind::KeywordSpread => format!("**{value}"),
        }
    };
    let args: Vec<String> = args.iter().map(arg).collect();
    format!("{}({})", expr(m, callee), args.join(", "))
}

fn format_parts(m: &Module, inside: &[FormatPart]) -> String {
    let part = |part: &FormatPart| match part {
        FormatPart::Text(text) => format!("{:?}", text.as_str()),
        FormatPart::Value {
            expr: value,
            spec: Some(spec),
            ..
        } => {
            format!("{{{}|{spec}}}", expr(m, value))
        }
        FormatPart::Value { expr: value, .. } => format!("{{{}}}", expr(m, value)),
    };
    let inside: Vec<String> = inside.iter().map(part).collect();
    format!("f({})", inside.join(" "))
}

fn comprehension(m: &Module, of: &Comprehension) -> String {
    let key = of
        .key
        .as_ref()
        .map_or(String::new(), |key| format!("{}: ", expr(m, key)));
    let test = of
        .test
        .as_ref()
        .map_or(String::new(), |test| format!(" if {}", expr(m, test)));
    format!(
        "{:?}<{key}{} for {} in {}{test}>",
        of.kind,
        expr(m, &of.element),
        pattern(m, &of.pattern),
        expr(m, &of.over)
    )
}
