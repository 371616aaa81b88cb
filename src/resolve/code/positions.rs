//! `messages.map((m, i) => i === last ? marked(m) : m)` over a conversation with messages behind it: a marker that goes to
//! some positions, counted from the end, goes to the last message. Knows nothing of requests.

use std::rc::Rc;

use crate::frontend::code::ir::{Comprehension, ComprehensionKind, Expr, ExprKind};
use crate::volatility::Volatility;

use super::eval::Eval;
use super::heap::Item;
use super::lists::picks;
use super::picks::element_picks;
use super::tables::Operation;
use super::value::Value;

/// Makes of one item another, at a position from the front where that is known.
type Make<'m, E> = dyn FnMut(&mut E, &Item, Option<usize>) -> Option<Item> + 'm;

impl Eval<'_, '_> {
    /// What a callback that marks by position makes of messages around a conversation.
    pub fn mapped_by_position(
        &mut self,
        over: &Value,
        function: &Value,
        expr: &Expr,
    ) -> Option<Vec<Item>> {
        if !picks(function) {
            return None;
        }
        self.by_position(over, &mut |eval, item, position| {
            Some(match item {
                Item::One(value, place) => {
                    let made = eval.made_of(function, value.clone(), position, expr);
                    Item::One(made, place.clone())
                }
                Item::Spread(value, _) => eval.map_rounds(&value.clone(), function, expr).1,
                Item::Repeat(round, _) => {
                    let part = eval.new_list(vec![item.clone()], round.place.clone());
                    eval.map_rounds(&part, function, expr).1
                }
                Item::Branch(..) => return None,
            })
        })
    }

    /// The same of `[marked(m) if i == last else m for i, m in enumerate(messages)]`.
    pub fn listed_by_position(&mut self, comprehension: &Comprehension) -> Option<Vec<Item>> {
        let ExprKind::Call { callee, args, .. } = &comprehension.over.kind else {
            return None;
        };
        let [of] = args.as_slice() else {
            return None;
        };
        let path = callee.dotted()?;
        if self.function_operation(&path) != Some(Operation::Enumerate)
            || comprehension.kind != ComprehensionKind::List
            || comprehension.test.is_some()
            || !element_picks(&comprehension.pattern, &comprehension.element)
        {
            return None;
        }
        let over = self.eval(&of.value);
        self.by_position(&over, &mut |eval, item, position| {
            let place = eval.place(comprehension.element.span);
            let span = comprehension.over.span;
            let (value, round) = match item {
                Item::One(value, _) => (value.clone(), None),
                Item::Spread(value, _) => {
                    let round = eval.round_over(value, &comprehension.over);
                    (eval.item_of(value, span), Some(round))
                }
                Item::Repeat(round, _) => {
                    let turns = eval.new_list(vec![item.clone()], round.place.clone());
                    (eval.item_of(&turns, span), Some((**round).clone()))
                }
                Item::Branch(..) => return None,
            };
            let position = match position {
                Some(position) => Value::Number(position as f64),
                None => eval.derived(&comprehension.over, Volatility::constant(), 1),
            };
            let make = |eval: &mut Self, value: Value| {
                let pair = vec![
                    Item::One(position.clone(), place.clone()),
                    Item::One(value, place.clone()),
                ];
                let pair = eval.new_list(pair, place.clone());
                eval.assign(&comprehension.pattern, pair);
                Item::One(eval.eval(&comprehension.element), place.clone())
            };
            Some(match round {
                None => make(eval, value),
                Some(mut round) => {
                    round.picks = true;
                    let value = value.in_round_of(round.id);
                    let made = eval.in_round(round.id, |eval| make(eval, value));
                    Item::Repeat(Rc::new(round), vec![made])
                }
            })
        })
    }

    /// A message keeps the marker that its position is sure to get; one that some positions get, no one knows which, is
    /// that of the last message.
    fn by_position(&mut self, over: &Value, make: &mut Make<Self>) -> Option<Vec<Item>> {
        let Value::Cell(id) = over else {
            return None;
        };
        let list = self.heap.list(*id)?;
        let plain = list.unordered.is_none() && list.rewrite.is_none() && list.items.len() > 1;
        let items = list.items.clone();
        let turns = |item: &Item| match item {
            Item::Spread(value, _) => value.is_history() || self.is_conversation(value),
            Item::Repeat(round, _) => round.history,
            _ => false,
        };
        let known = |item: &Item| matches!(item, Item::One(Value::Cell(_), _)) || turns(item);
        let one = items.iter().filter(|item| turns(item)).count() == 1;
        let ends = matches!(items.last(), Some(Item::One(..)));
        if !plain || !one || !ends || !items.iter().all(known) {
            return None;
        }
        let mut made = Vec::with_capacity(items.len());
        // From the front, positions are known up to the conversation.
        let mut position = Some(0);
        for item in &items {
            made.push(make(self, item, position.filter(|_| !turns_of(item)))?);
            position = position.filter(|_| !turns_of(item)).map(|at| at + 1);
        }
        if !self.items_hold_marker(&made, 0) {
            return None;
        }
        let last = made.len() - 1;
        let newest = self.items_hold_marker(&made[last..], 0);
        // Where it goes to no message behind the turns, it goes to one of them.
        let pairs = items.into_iter().zip(made).enumerate();
        let kept = pairs.map(|(at, (item, made))| {
            let marked = self.items_hold_marker(std::slice::from_ref(&made), 0);
            let open = match &made {
                Item::One(value, _) => self.is_forked(value),
                _ => newest,
            };
            match marked && open && at < last {
                true => item,
                false => made,
            }
        });
        Some(kept.collect())
    }

    /// Whether a condition decides what a message is, or what its content is.
    fn is_forked(&self, value: &Value) -> bool {
        match value {
            Value::Choice(_) => true,
            Value::Cell(id) => self.heap.object(*id).is_some_and(|object| {
                let mut values = object.entries.iter().map(|(_, value)| value);
                values.any(|value| matches!(value, Value::Choice(_)))
            }),
            _ => false,
        }
    }
}

fn turns_of(item: &Item) -> bool {
    !matches!(item, Item::One(..))
}
