//! What functions do to an argument: they show a clock (`format(new Date(), "yyyy-MM-dd")`), they shuffle a list.
//! Knows no names of functions.

use crate::frontend::code::ir::Expr;
use crate::volatility::classify::{Effect, Order};

use super::eval::{held, Eval};
use super::tables::tables;
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

    /// A function that shuffles the list that it is given.
    pub fn shuffled_in_place(&mut self, path: &str, args: &[Argument]) {
        if !tables().shufflers.iter().any(|known| known == path) {
            return;
        }
        let order = self.frame().code.classifier.order(path);
        let (Some(Order::Unordered(mut order)), Some(Value::Cell(id))) =
            (order, args.first().map(|arg| arg.value.clone()))
        else {
            return;
        };
        // What is shuffled once keeps its order for as long as it lives.
        order.frame = held(order.class, self.life).or(order.frame);
        if let Some(list) = self.heap.list_mut(id) {
            list.unordered = Some(order);
        }
    }
}
