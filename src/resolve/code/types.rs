//! Tests of a type that are known where the value is: `isinstance(x, HumanMessage)`, `Array.isArray(x)`.
//! Knows nothing of statements.

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind};
use crate::prompt::Section;
use crate::sdk::{self, Makes};

use super::eval::Eval;
use super::heap::Item;
use super::value::{Unknown, Value};

impl Eval<'_, '_> {
    /// `isinstance(value, kind)`. `None`: only the running program knows.
    pub fn is_instance(&mut self, value: &Value, kind: &Value) -> Option<bool> {
        match (value, kind) {
            (Value::Choice(choice), _) => {
                let arms = choice.arms.clone();
                let mut arms = arms.iter().map(|arm| self.is_instance(arm, kind));
                let first = arms.next()??;
                arms.all(|arm| arm == Some(first)).then_some(first)
            }
            (_, Value::Cell(id)) => {
                // A tuple of types.
                let items = self.heap.list(*id)?.items.clone();
                let mut all = Some(false);
                for item in &items {
                    let Item::One(kind, _) = item else {
                        return None;
                    };
                    match self.is_instance(value, kind) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => all = None,
                    }
                }
                all
            }
            (Value::Cell(id), Value::Class(class)) => {
                let own = self.heap.object(*id)?.class.clone()?;
                Some(self.lineage(&own).iter().any(|one| one.same(class)))
            }
            (_, Value::Unknown(kind)) => self.is_of_kind(value, kind),
            _ => None,
        }
    }

    /// Whether a value is of a type of the language, or a message of a library's class.
    fn is_of_kind(&self, value: &Value, kind: &Unknown) -> Option<bool> {
        let path = kind.path.as_deref()?;
        if let Some(role) = self.role_of_class(path) {
            let Value::Cell(id) = value else {
                return None;
            };
            let own = self.heap.object(*id)?.get("role")?.known_text()?;
            return Some(Section::from_role(&own) == Section::from_role(&role));
        }
        match path {
            "str" => match value {
                Value::Text(_) => Some(true),
                Value::Cell(_) | Value::None | Value::Number(_) | Value::Bool(_) => Some(false),
                _ => None,
            },
            "list" | "tuple" => self.is_list(value),
            _ => None,
        }
    }

    /// `typeof x === "string"`. `None`: another comparison, or only the running program knows.
    pub fn type_test(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Option<bool> {
        let wanted = match op {
            BinaryOp::Equal => true,
            BinaryOp::NotEqual => false,
            _ => return None,
        };
        let (ExprKind::Opaque(of), ExprKind::Text(_)) = (&left.kind, &right.kind) else {
            return None;
        };
        let [of] = of.as_slice() else {
            return None;
        };
        // A name or an attribute: reading it once more changes nothing.
        of.dotted()?;
        let kind = self.eval(right).known_text()?;
        let value = self.eval(of);
        is_named(&value, &kind, 0).map(|is| is == wanted)
    }

    /// The role of the messages that a class of a library makes.
    fn role_of_class(&self, path: &str) -> Option<String> {
        let language = self.frame().code.language();
        match &sdk::call(language, path, &["content"], 1)?.makes {
            Makes::Message(role) if role != "history" => Some(role.clone()),
            _ => None,
        }
    }

    /// Whether a value is a list, where that is known.
    pub fn is_list(&self, value: &Value) -> Option<bool> {
        match value {
            Value::Cell(id) => Some(self.heap.list(*id).is_some()),
            Value::Text(_) | Value::None | Value::Number(_) | Value::Bool(_) => Some(false),
            _ => None,
        }
    }
}

/// Whether `typeof` gives a name for a value.
fn is_named(value: &Value, kind: &str, depth: usize) -> Option<bool> {
    let name = match value {
        Value::Text(_) => "string",
        Value::Number(_) | Value::Float(_) => "number",
        Value::Bool(_) => "boolean",
        Value::None => "undefined",
        Value::Null | Value::Cell(_) => "object",
        Value::Function(_) | Value::Class(_) => "function",
        Value::Choice(choice) if depth < 4 => {
            let mut arms = choice.arms.iter().map(|arm| is_named(arm, kind, depth + 1));
            let first = arms.next()??;
            return arms.all(|arm| arm == Some(first)).then_some(first);
        }
        _ => return None,
    };
    Some(name == kind)
}
