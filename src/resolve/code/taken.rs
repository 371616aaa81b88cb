//! Objects taken apart (`const { a } = b`): what their parts are called.

use std::rc::Rc;

use crate::source::Span;

use super::eval::Eval;
use super::value::Value;

impl Eval<'_, '_> {
    /// A part of an object taken apart is called by its own path, not by the whole pattern.
    pub fn named_by_key(&self, member: Value, key: &str, pattern: Span) -> Value {
        match member {
            Value::Unknown(unknown) if *unknown.expr == *self.written(pattern) => {
                let mut part = Rc::unwrap_or_clone(unknown);
                part.expr = part.path.as_deref().unwrap_or(key).to_string().into();
                part.into_value()
            }
            other => other,
        }
    }
}
