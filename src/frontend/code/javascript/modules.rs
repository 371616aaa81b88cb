//! Imports, exports, and the declarations that are objects at run time: enums and namespaces.

use tree_sitter::Node;

use super::statements::push;
use super::{field, first_part, has_token, parts, span, Lowering};
use crate::frontend::code::ir::{
    Entry, Export, Expr, ExprKind, Import, ImportName, Pattern, Stmt, StmtKind,
};
use crate::source::{Span, Text};

impl Lowering<'_> {
    pub fn import(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let clauses = parts(node);
        let required = clauses
            .iter()
            .find(|child| child.kind() == "import_require_clause")
            .copied();
        let source = field(node, "source").or_else(|| field(required?, "source"));
        let Some(source) = source else { return };
        let mut import = Import {
            module: self.string(source).as_str().to_owned(),
            module_span: self.inside(source),
            namespace: None,
            names: Vec::new(),
            star: false,
        };
        for clause in clauses {
            match clause.kind() {
                "import_clause" => self.import_clause(clause, &mut import),
                "import_require_clause" => import.namespace = self.first_name(clause),
                _ => {}
            }
        }
        push(out, span(node), StmtKind::Import(import));
    }

    fn import_clause(&self, node: Node, import: &mut Import) {
        for child in parts(node) {
            match child.kind() {
                "identifier" => import.names.push(ImportName {
                    name: "default".to_owned(),
                    alias: self.text(child).to_owned(),
                    span: span(child),
                }),
                "namespace_import" => import.namespace = self.first_name(child),
                "named_imports" => {
                    let specifiers = parts(child);
                    let names = specifiers.into_iter().filter_map(|one| {
                        let name = field(one, "name")?;
                        let alias = field(one, "alias").unwrap_or(name);
                        Some(ImportName {
                            name: self.module_name(name),
                            alias: self.module_name(alias),
                            span: span(one),
                        })
                    });
                    import.names.extend(names);
                }
                _ => {}
            }
        }
    }

    fn first_name(&self, node: Node) -> Option<(String, Span)> {
        let name = parts(node)
            .into_iter()
            .find(|child| matches!(child.kind(), "identifier" | "string"))?;
        Some((self.module_name(name), span(name)))
    }

    /// A name of an import or export, which may be written as a string.
    fn module_name(&self, node: Node) -> String {
        if node.kind() == "string" {
            self.string(node).as_str().to_owned()
        } else {
            self.text(node).to_owned()
        }
    }

    /// `import A = B.C`
    pub fn import_alias(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let [name, value] = parts(node)[..] else {
            return;
        };
        let target = Pattern::Name(self.text(name).to_owned(), span(name));
        let value = self.dotted(value);
        let targets = vec![target];
        push(out, span(node), StmtKind::Assign { targets, value });
    }

    /// A dotted name as the attribute expression that it is.
    fn dotted(&self, node: Node) -> Expr {
        let mut at = node.start_byte();
        let mut whole: Option<Expr> = None;
        for written in self.text(node).split('.').take(super::MAX_NESTING) {
            let name = written.trim();
            let start = at + (written.len() - written.trim_start().len());
            let place = Span::new(start, start + name.len());
            at += written.len() + 1;
            whole = Some(match whole {
                None => Expr::new(place, ExprKind::Name(name.to_owned())),
                Some(object) => Expr::new(
                    object.span.to(place),
                    ExprKind::Attribute {
                        object: Box::new(object),
                        name: name.to_owned(),
                        name_span: place,
                    },
                ),
            });
        }
        whole.unwrap_or_else(|| Expr::opaque(span(node)))
    }

    pub fn export(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let mut export = Export {
            names: Vec::new(),
            from: field(node, "source").map(|source| self.module_name(source)),
            star: None,
            default: None,
            declaration: Vec::new(),
        };
        let mut decorators = Vec::new();
        for child in parts(node) {
            match child.kind() {
                "decorator" => decorators.extend(self.decorator(child)),
                "export_clause" => self.export_clause(child, &mut export),
                "namespace_export" => export.star = Some(self.first_name(child).map(|it| it.0)),
                _ => {}
            }
        }
        if export.star.is_none() && has_token(node, "*") {
            export.star = Some(None);
        }
        let is_default = has_token(node, "default");
        if let Some(declaration) = field(node, "declaration") {
            if is_default {
                export.default = Some(self.default_declaration(declaration, decorators, out));
            } else {
                self.exported(declaration, decorators, &mut export.declaration);
            }
        } else if let Some(value) = field(node, "value") {
            export.default = Some(self.named_value(value, "default", span(value)));
        } else if has_token(node, "=") {
            export.default = first_part(node).map(|value| self.expr(value));
        }
        let says_nothing = export.names.is_empty()
            && export.from.is_none()
            && export.default.is_none()
            && export.declaration.is_empty();
        if !says_nothing {
            push(out, span(node), StmtKind::Export(export));
        }
    }

    fn export_clause(&self, node: Node, export: &mut Export) {
        for one in parts(node) {
            let Some(name) = field(one, "name") else {
                continue;
            };
            let exported = field(one, "alias").unwrap_or(name);
            let pair = (self.module_name(name), self.module_name(exported));
            export.names.push(pair);
        }
    }

    fn exported(&mut self, node: Node, decorators: Vec<Expr>, out: &mut Vec<Stmt>) {
        if matches!(
            node.kind(),
            "class_declaration" | "abstract_class_declaration"
        ) {
            let id = self.class(node, None, decorators);
            push(out, span(node), StmtKind::Class(id));
        } else {
            self.statement(node, out);
        }
    }

    /// `export default function f() {}`: a declaration in front, and its name as the default.
    fn default_declaration(
        &mut self,
        node: Node,
        decorators: Vec<Expr>,
        out: &mut Vec<Stmt>,
    ) -> Expr {
        let place = span(node);
        if let Some(name) = field(node, "name") {
            self.exported(node, decorators, out);
            return Expr::new(span(name), ExprKind::Name(self.text(name).to_owned()));
        }
        let kind = match node.kind() {
            "class_declaration" | "abstract_class_declaration" => {
                ExprKind::Class(self.class(node, Some(("default", place)), decorators))
            }
            "function_declaration" | "generator_function_declaration" => {
                ExprKind::Lambda(self.function_expression(node, Some(("default", place))))
            }
            _ => ExprKind::Opaque(self.inner_expressions(node)),
        };
        Expr::new(place, kind)
    }

    /// `enum E { A, B = "b" }` is an object of its members.
    pub fn enumeration(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let (Some(name), Some(body)) = (field(node, "name"), field(node, "body")) else {
            return;
        };
        let mut entries = Vec::new();
        let mut next = Some(0.0);
        for member in parts(body) {
            let assigned = member.kind() == "enum_assignment";
            let key = if assigned {
                field(member, "name")
            } else {
                Some(member)
            };
            let Some(key) = key.filter(|key| !key.is_error()) else {
                continue;
            };
            let value = match field(member, "value").filter(|_| assigned) {
                Some(value) => self.expr(value),
                None => Expr::new(
                    span(member),
                    next.map_or(ExprKind::Opaque(Vec::new()), ExprKind::Number),
                ),
            };
            next = constant(&value).map(|value| value + 1.0);
            entries.push(self.member_entry(key, value, span(member)));
        }
        let value = Expr::new(span(body), ExprKind::Object(entries));
        self.bind(name, value, span(node), out);
    }

    fn member_entry(&self, key: Node, value: Expr, place: Span) -> Entry {
        let (name, name_span) = self.property_name(key);
        let key = Text::opaque(self.path, name_span, &name);
        Entry::Pair {
            key: Expr::new(name_span, ExprKind::Text(key)),
            value,
            span: place,
        }
    }

    /// Binds a declared name, a dotted one as objects inside each other.
    fn bind(&self, name: Node, value: Expr, place: Span, out: &mut Vec<Stmt>) {
        let text = self.text(name);
        let mut names: Vec<&str> = text.split('.').map(str::trim).collect();
        let first = names.remove(0);
        let mut value = value;
        for inner in names.into_iter().rev().take(super::MAX_NESTING) {
            let key = Text::opaque(self.path, span(name), inner);
            let entry = Entry::Pair {
                key: Expr::new(span(name), ExprKind::Text(key)),
                value,
                span: place,
            };
            value = Expr::new(place, ExprKind::Object(vec![entry]));
        }
        let targets = vec![Pattern::Name(first.to_owned(), span(name))];
        push(out, place, StmtKind::Assign { targets, value });
    }

    /// `namespace N { export const a = 1 }`: its statements, then an object of what it exports.
    pub fn namespace(&mut self, node: Node, out: &mut Vec<Stmt>) {
        let (Some(name), Some(body)) = (field(node, "name"), field(node, "body")) else {
            return;
        };
        let mut statements = Vec::new();
        for child in parts(body) {
            self.statement(child, &mut statements);
        }
        let mut members = Vec::new();
        let mut flat = Vec::new();
        for stmt in statements {
            match stmt.kind {
                StmtKind::Export(export) => {
                    for inner in &export.declaration {
                        self.declared(inner, &mut members);
                    }
                    let pairs = export.names.into_iter();
                    members.extend(pairs.map(|(local, name)| (name, local, stmt.span)));
                    flat.extend(export.declaration);
                }
                kind => flat.push(Stmt {
                    span: stmt.span,
                    kind,
                }),
            }
        }
        let entries = members.into_iter().map(|(name, local, place)| Entry::Pair {
            key: Expr::new(place, ExprKind::Text(Text::opaque(self.path, place, &name))),
            value: Expr::new(place, ExprKind::Name(local)),
            span: place,
        });
        let value = Expr::new(span(body), ExprKind::Object(entries.collect()));
        self.bind(name, value, span(node), &mut flat);
        push(out, span(node), StmtKind::Block(flat));
    }

    /// The names that a declaration binds: as a member, in the block, and where.
    fn declared(&self, stmt: &Stmt, out: &mut Vec<(String, String, Span)>) {
        let mut add = |name: &str, place| out.push((name.to_owned(), name.to_owned(), place));
        match &stmt.kind {
            StmtKind::Function(id) => {
                let function = &self.module.functions[*id];
                add(&function.name, function.name_span);
            }
            StmtKind::Class(id) => {
                let class = &self.module.classes[*id];
                add(&class.name, class.name_span);
            }
            StmtKind::Assign { targets, .. } => {
                targets.iter().for_each(|target| names(target, &mut add));
            }
            StmtKind::Block(inner) => {
                // Of a namespace: only its own name, which its last statement binds.
                if let Some(last) = inner.last() {
                    self.declared(last, out);
                }
            }
            _ => {}
        }
    }
}

fn names(pattern: &Pattern, add: &mut impl FnMut(&str, Span)) {
    match pattern {
        Pattern::Name(name, place) => add(name, *place),
        Pattern::List(items, _) => items.iter().for_each(|item| names(item, add)),
        Pattern::Object(entries, rest, place) => {
            entries.iter().for_each(|(_, inner)| names(inner, add));
            if let Some(rest) = rest {
                add(rest, *place);
            }
        }
        Pattern::Rest(inner) | Pattern::Default(inner, _) => names(inner, add),
        Pattern::Target(_) | Pattern::Ignore => {}
    }
}

/// The number that an enum's member goes on counting from.
fn constant(value: &Expr) -> Option<f64> {
    match &value.kind {
        ExprKind::Number(number) => Some(*number),
        ExprKind::Negate(inner) => constant(inner).map(|number| -number),
        _ => None,
    }
}
