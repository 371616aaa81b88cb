//! Functions that together give one system prompt, each by a decorator of the same agent: their texts are sent one
//! behind the other, in the order in which they are written.

use crate::frontend::code::ir::{Expr, ExprKind, Function, FunctionId};
use crate::prompt::Piece;
use crate::source::Text;

use super::super::value::push_all;
use super::eval::Eval;
use super::run::gives_system;
use super::value::{Callable, Value};

impl Eval<'_, '_> {
    /// The text of all such functions of an agent, for the first of them. `None`: it is not the first.
    pub fn beside(&mut self, callable: &Callable, value: Value) -> Option<Value> {
        let code = callable.code.clone();
        let Some(own) = decorator_of(callable.function()) else {
            return Some(value);
        };
        let functions = code.module.functions.iter().enumerate();
        let group: Vec<FunctionId> = functions
            .filter(|(_, function)| {
                let same = decorator_of(function).is_some_and(|of| of == own);
                same && function.parent == callable.function().parent
            })
            .map(|(id, _)| id)
            .collect();
        match group.split_first() {
            Some((first, _)) if *first != callable.id => None,
            Some((_, others)) if !others.is_empty() && callable.function().parent.is_none() => {
                let mut pieces = self.printed(&value, callable);
                for id in others {
                    let other = Callable {
                        id: *id,
                        ..callable.clone()
                    };
                    let value = self.run_open(&other, code.sends(*id));
                    let span = other.function().name_span;
                    let between = Text::opaque(code.path(), span, "\n\n");
                    let more = self.printed(&value, &other);
                    push_all(&mut pieces, [Piece::Text(between)]);
                    push_all(&mut pieces, more);
                }
                Some(Value::pieces(pieces))
            }
            _ => Some(value),
        }
    }

    fn printed(&mut self, value: &Value, of: &Callable) -> Vec<Piece> {
        let place = crate::source::Place {
            path: of.code.path().clone(),
            span: of.function().name_span,
        };
        match value {
            Value::None | Value::Null => Vec::new(),
            value => self.print(value, &place),
        }
    }
}

/// The path of the decorator that says that a function gives a system prompt: `agent.instructions`.
fn decorator_of(function: &Function) -> Option<String> {
    let decorator = function.decorators.iter().find(|of| gives_system(of))?;
    path_of(decorator)
}

fn path_of(decorator: &Expr) -> Option<String> {
    match &decorator.kind {
        ExprKind::Call { callee, .. } => callee.dotted(),
        _ => decorator.dotted(),
    }
}
