//! A compact form of the IR, for tests only: S-expressions, one statement after the other.

use crate::frontend::code::ir::*;

pub fn module(module: &Module) -> String {
    Printer(module).block(&module.body)
}

struct Printer<'m>(&'m Module);

impl Printer<'_> {
    fn block(&self, body: &[Stmt]) -> String {
        let lines: Vec<String> = body.iter().map(|stmt| self.stmt(stmt)).collect();
        lines.join("; ")
    }

    fn stmt(&self, stmt: &Stmt) -> String {
        match &stmt.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Assign { targets, value } => {
                let targets: Vec<String> = targets.iter().map(|it| self.pattern(it)).collect();
                format!("{} = {}", targets.join(" = "), self.expr(value))
            }
            StmtKind::Augment { target, op, value } => {
                format!("{} {op:?}= {}", self.pattern(target), self.expr(value))
            }
            StmtKind::If {
                test,
                then,
                otherwise,
            } => {
                let (then, otherwise) = (self.block(then), self.block(otherwise));
                format!("if {} {{{then}}} else {{{otherwise}}}", self.expr(test))
            }
            StmtKind::For {
                pattern,
                over,
                keys,
                body,
                ..
            } => {
                let sign = if *keys { "in" } else { "of" };
                let (pattern, over) = (self.pattern(pattern), self.expr(over));
                format!("for {pattern} {sign} {over} {{{}}}", self.block(body))
            }
            StmtKind::While { test, body } => {
                format!("while {} {{{}}}", self.option(test), self.block(body))
            }
            StmtKind::Return(value) => format!("return {}", self.option(value)),
            StmtKind::Yield(value) => format!("yield {}", self.option(value)),
            StmtKind::Function(id) => self.function(*id),
            StmtKind::Class(id) => self.class(*id),
            StmtKind::Import(import) => self.import(import),
            StmtKind::Export(export) => self.export(export),
            StmtKind::Try {
                body,
                handlers,
                finally,
                ..
            } => {
                let handlers: Vec<String> = handlers.iter().map(|it| self.block(it)).collect();
                let (body, finally) = (self.block(body), self.block(finally));
                format!(
                    "try {{{body}}} catch {{{}}} finally {{{finally}}}",
                    handlers.join("|")
                )
            }
            StmtKind::Match { subject, arms } => {
                let arms: Vec<String> = arms
                    .iter()
                    .map(|arm| {
                        format!("{} => {{{}}}", self.list(&arm.tests), self.block(&arm.body))
                    })
                    .collect();
                format!("match {} {{{}}}", self.expr(subject), arms.join(" "))
            }
            StmtKind::Delete(targets) => {
                let targets: Vec<String> = targets.iter().map(|it| self.pattern(it)).collect();
                format!("delete {}", targets.join(", "))
            }
            StmtKind::Block(body) => format!("{{{}}}", self.block(body)),
            other => format!("{other:?}"),
        }
    }

    fn function(&self, id: FunctionId) -> String {
        let function = &self.0.functions[id];
        let mut head = format!("{:?}", function.kind).to_lowercase();
        if function.is_async {
            head.insert_str(0, "async ");
        }
        if function.is_generator {
            head.push('*');
        }
        let decorators: Vec<String> = function
            .decorators
            .iter()
            .map(|it| format!("@{} ", self.expr(it)))
            .collect();
        let params: Vec<String> = function.params.iter().map(|it| self.param(it)).collect();
        format!(
            "{}{head} {}({}) {{{}}}",
            decorators.concat(),
            function.name,
            params.join(", "),
            self.block(&function.body)
        )
    }

    fn param(&self, param: &Param) -> String {
        let mut out = self.pattern(&param.pattern);
        if param.kind == ParamKind::Rest {
            out.insert_str(0, "...");
        }
        if let Some(annotation) = &param.annotation {
            out += &format!(": {annotation}");
        }
        if let Some(default) = &param.default {
            out += &format!(" = {}", self.expr(default));
        }
        out
    }

    fn class(&self, id: ClassId) -> String {
        let class = &self.0.classes[id];
        let mut members = Vec::new();
        for field in &class.fields {
            let sign = if field.is_static { "static " } else { "" };
            let value = self.option(&field.value);
            members.push(format!("{sign}{} = {value}", field.name));
        }
        members.extend(class.methods.iter().map(|id| self.function(*id)));
        let decorators: Vec<String> = class
            .decorators
            .iter()
            .map(|it| format!("@{} ", self.expr(it)))
            .collect();
        format!(
            "{}class {}({}) {{{}}}",
            decorators.concat(),
            class.name,
            self.list(&class.bases),
            members.join("; ")
        )
    }

    fn import(&self, import: &Import) -> String {
        let names: Vec<String> = import
            .names
            .iter()
            .map(|it| format!("{} as {}", it.name, it.alias))
            .collect();
        let namespace = match &import.namespace {
            Some((name, _)) => format!(" * as {name}"),
            None => String::new(),
        };
        format!("import {}{namespace} [{}]", import.module, names.join(", "))
    }

    fn export(&self, export: &Export) -> String {
        let mut out = "export".to_owned();
        for (local, exported) in &export.names {
            out += &format!(" {local} as {exported}");
        }
        match &export.star {
            Some(Some(name)) => out += &format!(" * as {name}"),
            Some(None) => out += " *",
            None => {}
        }
        if let Some(from) = &export.from {
            out += &format!(" from {from}");
        }
        if let Some(default) = &export.default {
            out += &format!(" default {}", self.expr(default));
        }
        if !export.declaration.is_empty() {
            out += &format!(" {{{}}}", self.block(&export.declaration));
        }
        out
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        match pattern {
            Pattern::Name(name, _) => name.clone(),
            Pattern::Target(expr) => self.expr(expr),
            Pattern::List(items, _) => {
                let items: Vec<String> = items.iter().map(|it| self.pattern(it)).collect();
                format!("[{}]", items.join(", "))
            }
            Pattern::Object(entries, rest, _) => {
                let mut parts: Vec<String> = entries
                    .iter()
                    .map(|(key, inner)| format!("{key}: {}", self.pattern(inner)))
                    .collect();
                parts.extend(rest.iter().map(|rest| format!("...{rest}")));
                format!("{{{}}}", parts.join(", "))
            }
            Pattern::Rest(inner) => format!("...{}", self.pattern(inner)),
            Pattern::Default(inner, value) => {
                format!("{} = {}", self.pattern(inner), self.expr(value))
            }
            Pattern::Ignore => "_".to_owned(),
        }
    }

    fn option(&self, expr: &Option<Expr>) -> String {
        expr.as_ref().map_or("-".to_owned(), |expr| self.expr(expr))
    }

    fn list(&self, exprs: &[Expr]) -> String {
        let parts: Vec<String> = exprs.iter().map(|it| self.expr(it)).collect();
        parts.join(", ")
    }

    fn items(&self, items: &[Item]) -> String {
        let parts: Vec<String> = items
            .iter()
            .map(|item| match item {
                Item::One(expr) => self.expr(expr),
                Item::Spread(expr) => format!("...{}", self.expr(expr)),
            })
            .collect();
        parts.join(", ")
    }

    fn entry(&self, entry: &Entry) -> String {
        match entry {
            Entry::Pair { key, value, .. } => format!("{}: {}", self.expr(key), self.expr(value)),
            Entry::Spread(expr) => format!("...{}", self.expr(expr)),
        }
    }

    fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Text(text) => format!("{:?}", text.as_str()),
            ExprKind::Regex(pattern, flags) => format!("/{pattern}/{flags}"),
            ExprKind::Number(number) => number.to_string(),
            ExprKind::Bool(value) => value.to_string(),
            ExprKind::None | ExprKind::Null => "none".to_owned(),
            ExprKind::Name(name) => name.clone(),
            ExprKind::Attribute { object, name, .. } => format!("{}.{name}", self.expr(object)),
            ExprKind::Index { object, index } => {
                format!("{}[{}]", self.expr(object), self.expr(index))
            }
            ExprKind::Call { callee, args, new } => {
                let args: Vec<String> = args.iter().map(|it| self.argument(it)).collect();
                let sign = if *new { "new " } else { "" };
                format!("{sign}{}({})", self.expr(callee), args.join(", "))
            }
            ExprKind::Tagged { tag, template } => {
                format!("tagged({}, {})", self.expr(tag), self.expr(template))
            }
            ExprKind::Format(parts) => self.format(parts),
            ExprKind::Binary { op, left, right } => {
                format!("({} {op:?} {})", self.expr(left), self.expr(right))
            }
            ExprKind::Not(inner) => format!("not({})", self.expr(inner)),
            ExprKind::Negate(inner) => format!("-{}", self.expr(inner)),
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => format!(
                "({} ? {} : {})",
                self.expr(test),
                self.expr(then),
                self.expr(otherwise)
            ),
            ExprKind::List(items) => format!("[{}]", self.items(items)),
            ExprKind::Object(entries) => {
                let entries: Vec<String> = entries.iter().map(|it| self.entry(it)).collect();
                format!("{{{}}}", entries.join(", "))
            }
            ExprKind::Lambda(id) => self.function(*id),
            ExprKind::Class(id) => self.class(*id),
            ExprKind::Await(inner) => format!("await {}", self.expr(inner)),
            ExprKind::Assign { target, value } => {
                format!("({} := {})", self.pattern(target), self.expr(value))
            }
            ExprKind::Import(inner) => format!("import({})", self.expr(inner)),
            ExprKind::Opaque(inner) => format!("opaque({})", self.list(inner)),
            other => format!("{other:?}"),
        }
    }

    fn argument(&self, arg: &Arg) -> String {
        match arg.kind {
            ArgKind::Spread => format!("...{}", self.expr(&arg.value)),
            _ => self.expr(&arg.value),
        }
    }

    fn format(&self, parts: &[FormatPart]) -> String {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                FormatPart::Text(text) => format!("{:?}", text.as_str()),
                FormatPart::Value { expr, .. } => self.expr(expr),
            })
            .collect();
        format!("f({})", parts.join(" "))
    }
}
