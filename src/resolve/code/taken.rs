//! Objects taken apart (`const { a } = b`): what their parts are called.

use crate::source::Span;

use super::eval::Eval;
use super::value::Value;

impl Eval<'_, '_> {
    /// A part of an object taken apart is called by its own path, not by the whole pattern.
    pub fn named_by_key(&self, member: Value, key: &str, pattern: Span) -> Value {
        match member {
            Value::Unknown(unknown) if unknown.expr == self.written(pattern) => {
                let mut part = (*unknown).clone();
                part.expr = part.path.clone().unwrap_or_else(|| key.to_string());
                part.into_value()
            }
            other => other,
        }
    }
}
