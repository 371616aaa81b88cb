//! `items.map(f)`: what a function makes of each item of a sequence. Knows nothing of requests.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::volatility::Volatility;

use super::eval::Eval;
use super::heap::{Item, List, Round};
use super::lists::picks;
use super::value::{Argument, Value};

impl Eval<'_, '_> {
    /// `items.map(f)`, `map(f, items)`
    pub fn map(&mut self, over: &Value, function: Option<&Argument>, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let Some(function) = function.map(|arg| arg.value.clone()) else {
            return over.clone();
        };
        if let Some(values) = self.known_items(over, true, expr.span) {
            let unordered = self.unordered(over);
            let items = values
                .into_iter()
                .enumerate()
                .map(|(index, value)| {
                    let made = self.made_of(&function, value, Some(index), expr);
                    Item::One(made, place.clone())
                })
                .collect();
            let list = self.new_list(items, place.clone());
            return self.with_order_if(list, unordered);
        }
        if let Some(items) = self.mapped_by_position(over, &function, expr) {
            return self.new_list(items, place);
        }
        let Some(several) = self.several(over, &function) else {
            let (mut items, round) = self.map_rounds(over, &function, expr);
            items.push(round);
            return self.new_list(items, place);
        };
        let items = self.map_items(&several.items, &function, expr);
        let list = self.new_list(items, place);
        if let Value::Cell(id) = &list {
            if let Some(list) = self.heap.list_mut(*id) {
                list.rewrite = several.rewrite;
            }
        }
        list
    }

    /// The items of a list in which a conversation, or anything open, is one of several. Where the function picks some
    /// by their position, what it does to one says nothing of the others.
    fn several(&self, over: &Value, function: &Value) -> Option<List> {
        let Value::Cell(id) = over else {
            return None;
        };
        let list = self.heap.list(*id)?;
        let mixed = list.items.len() > 1 && list.unordered.is_none();
        (mixed && !picks(function)).then(|| list.clone())
    }

    fn map_items(&mut self, items: &[Item], function: &Value, expr: &Expr) -> Vec<Item> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            if !self.enter() {
                break;
            }
            match item {
                Item::One(value, place) => {
                    let made = self.made_of(function, value.clone(), None, expr);
                    out.push(Item::One(made, place.clone()));
                }
                Item::Branch(condition, arms) => {
                    let arms = arms.iter();
                    let arms = arms.map(|arm| self.map_items(arm, function, expr));
                    out.push(Item::Branch(condition.clone(), arms.collect()));
                }
                Item::Spread(value, _) => {
                    let made = self.map_rounds(&value.clone(), function, expr);
                    self.add_made(&mut out, made);
                }
                Item::Repeat(round, _) => {
                    let part = self.new_list(vec![item.clone()], round.place.clone());
                    let made = self.map_rounds(&part, function, expr);
                    self.add_made(&mut out, made);
                }
            }
            self.leave();
        }
        out
    }

    /// System text that is known stands for the one among the turns.
    pub fn add_made(&self, out: &mut Vec<Item>, (system, round): (Vec<Item>, Item)) {
        if !self.leads_with_system(out) {
            out.extend(system);
        }
        out.push(round);
    }

    /// One round for all items of a sequence, and what it makes of the system text among them.
    pub fn map_rounds(&mut self, over: &Value, function: &Value, expr: &Expr) -> (Vec<Item>, Item) {
        let place = self.place(expr.span);
        let item = self.item_of(over, expr.span);
        let id = self.round_id(over);
        let item = item.in_round_of(id);
        let result = self.in_slice(over, &place, |eval| {
            eval.in_round(id, |eval| eval.made_of(function, item, None, expr))
        });
        let by_position = picks(function);
        // A slice made anew is as short as it was.
        let picks = by_position || self.is_slice(over);
        let (system, body) = self.apart(vec![Item::One(result, place)]);
        // What makes turns of the items of something open, by where they stand, makes a conversation of a conversation.
        let open = matches!(over, Value::Unknown(_));
        let turns = open && by_position && self.adds_turns(&body);
        let round = match self.mapped_in((id, picks), over, expr.span, body) {
            Item::Repeat(round, body) if turns && !round.history => {
                let round = Round {
                    history: true,
                    ..(*round).clone()
                };
                Item::Repeat(Rc::new(round), body)
            }
            made => made,
        };
        (system, round)
    }

    /// What the function makes of one item.
    pub fn made_of(
        &mut self,
        function: &Value,
        item: Value,
        index: Option<usize>,
        expr: &Expr,
    ) -> Value {
        let place = self.place(expr.span);
        let mut args = vec![Argument::positional(item, place.clone())];
        // JavaScript passes the position too.
        if !self.is_python() {
            let index = match index {
                Some(index) => Value::Number(index as f64),
                None => self.derived(expr, Volatility::constant(), 1),
            };
            args.push(Argument::positional(index, place));
        }
        self.apply(function, args, expr, (false, None))
    }
}
