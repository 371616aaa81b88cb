//! Functions that show a clock which they are given: `format(new Date(), "yyyy-MM-dd")`. Knows no names of functions.

use crate::frontend::code::ir::Expr;
use crate::volatility::classify::Effect;

use super::eval::Eval;
use super::value::{Argument, Value};

impl Eval<'_, '_> {
    /// A clock among the arguments, to the granularity that the function's other arguments ask for.
    pub fn shown_clock(
        &mut self,
        name: &str,
        args: &[Argument],
        literals: &[Option<&str>],
        expr: &Expr,
    ) -> Option<Value> {
        let clock = args
            .iter()
            .find_map(|arg| arg.value.unknown().filter(|unknown| unknown.verdict.clock))?;
        let Effect::Granularity(class) = self.frame().code.classifier.filter(name, literals) else {
            return None;
        };
        let mut out = (**clock).clone();
        out.expr = self.written(expr.span);
        out.verdict.cut_to(class);
        Some(out.into_value())
    }
}
