//! `import` and `from ... import`.

use tree_sitter::Node;

use super::{parts, span, Lowering};
use crate::frontend::code::ir::{Import, ImportName, Stmt, StmtKind};
use crate::source::Span;

impl Lowering<'_> {
    /// `import a.b as c, d`: one import each.
    pub(super) fn import(&mut self, node: Node, out: &mut Vec<Stmt>) {
        for part in parts(node) {
            let Some((path, alias)) = self.import_name(part) else {
                continue;
            };
            let module = self.dotted(path);
            let namespace = match alias {
                Some(alias) => (self.source(alias).to_owned(), span(alias)),
                None => {
                    let first = module.split('.').next().unwrap_or_default().to_owned();
                    let at = Span::new(path.start_byte(), path.start_byte() + first.len());
                    (first, at)
                }
            };
            let import = Import {
                module,
                module_span: span(path),
                namespace: Some(namespace),
                names: Vec::new(),
                star: false,
            };
            out.push(Stmt {
                span: span(node),
                kind: StmtKind::Import(import),
            });
        }
    }

    pub(super) fn import_from(&mut self, node: Node) -> StmtKind {
        let path = node.child_by_field_name("module_name");
        let mut import = Import {
            module: path.map_or_else(|| "__future__".to_owned(), |path| self.dotted(path)),
            module_span: path.map_or_else(|| span(node), span),
            namespace: None,
            names: Vec::new(),
            star: false,
        };
        for part in parts(node) {
            if Some(part) == path {
                continue;
            }
            if part.kind() == "wildcard_import" {
                import.star = true;
            } else if let Some((name, alias)) = self.import_name(part) {
                let local = alias.unwrap_or(name);
                import.names.push(ImportName {
                    name: self.dotted(name),
                    alias: self.dotted(local),
                    span: span(local),
                });
            }
        }
        StmtKind::Import(import)
    }

    /// The name and the alias of one item of an import.
    fn import_name<'t>(&self, part: Node<'t>) -> Option<(Node<'t>, Option<Node<'t>>)> {
        match part.kind() {
            "dotted_name" => Some((part, None)),
            "aliased_import" => {
                let name = part.child_by_field_name("name")?;
                Some((name, part.child_by_field_name("alias")))
            }
            _ => None,
        }
    }

    /// A dotted name as written, without the white space that may stand in it.
    fn dotted(&self, node: Node) -> String {
        let source = self.source(node);
        source
            .chars()
            .filter(|sign| !sign.is_whitespace() && *sign != '\\')
            .collect()
    }
}
