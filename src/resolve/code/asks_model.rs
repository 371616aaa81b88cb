//! Whether an expression asks which model a request goes to: caches are kept apart by model, so what is sent to one model
//! only is the same for all requests that could share anything. Looks at what is written only.

use crate::frontend::code::ir::{Expr, ExprKind};
use crate::sdk;
use crate::words::name_words;

/// Whether all that is asked of is named like a model: `isClaudeModel`, `model.startsWith("claude")`, `provider == "x"`.
pub fn names_model(expr: &Expr) -> bool {
    let mut asked = Asked::default();
    asked.look(expr);
    asked.model && !asked.other
}

#[derive(Default)]
struct Asked {
    model: bool,
    /// Of something else.
    other: bool,
}

impl Asked {
    fn look(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Attribute { object, .. } => match expr.dotted() {
                Some(path) => self.name(&path),
                None => self.look(object),
            },
            // What is called is no value that is asked of; what it is called on is.
            ExprKind::Call { callee, args, .. } => {
                match &callee.kind {
                    ExprKind::Attribute { object, .. } => self.look(object),
                    ExprKind::Name(name) if args.is_empty() => self.name(name),
                    _ => {}
                }
                args.iter().for_each(|arg| self.look(&arg.value));
            }
            _ => expr.parts(&mut |part| self.look(part)),
        }
    }

    fn name(&mut self, path: &str) {
        let constant = !path.chars().any(char::is_lowercase);
        let model = is_of_model(path);
        self.model |= model;
        self.other |= !model && !constant;
    }
}

/// Whether a name or a path is that of a model, or of who serves it.
pub fn is_of_model(path: &str) -> bool {
    name_words(path).iter().any(|word| sdk::is_model_word(word))
}
