//! Values put into a text that waits for them: `.format`, `%`, `.replace` and the like.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::Expr;
use crate::prompt::Piece;
use crate::source::Text;
use crate::volatility::Origin;

use super::eval::Eval;
use super::heap::Item;
use super::texts::{self, Placeholder, Style};
use super::value::{Argument, Value};

impl Eval<'_, '_> {
    pub fn fill(&mut self, pieces: &[Piece], style: Style, args: &[Argument]) -> Value {
        // Keyword spreads of known objects are keywords.
        let mut named: Vec<(String, Value)> = Vec::new();
        let mut open: Vec<Value> = Vec::new();
        let mut positional: Vec<Value> = Vec::new();
        for arg in args {
            match (&arg.name, arg.keywords) {
                (Some(name), _) => named.push((name.clone(), arg.value.clone())),
                (None, true) => self.keyword_source(&arg.value, &mut named, &mut open),
                (None, false) => {
                    // `format_map(d)`, `substitute(d)`, `template % d`
                    positional.push(arg.value.clone());
                }
            }
        }
        let mapping = positional.len() == 1 && style != Style::Braces
            || positional
                .first()
                .is_some_and(|value| self.is_mapping(value));
        if mapping {
            let value = positional[0].clone();
            self.keyword_source(&value, &mut named, &mut open);
        }
        let mut next = 0;
        let out = texts::filled(pieces, style, &mut |placeholder| {
            let value = self.argument_for(placeholder, &named, &positional, &open, &mut next)?;
            let value = match &placeholder.spec {
                Some(spec) => self.formatted(value, spec, placeholder.place.span),
                None => value,
            };
            let value = self.shown(value, placeholder.place.span);
            Some(self.print(&value, &placeholder.place))
        });
        self.note_filled(pieces, &out);
        Value::pieces(out)
    }

    fn is_mapping(&self, value: &Value) -> bool {
        matches!(value, Value::Cell(id) if self.heap.object(*id).is_some())
    }

    fn keyword_source(
        &mut self,
        value: &Value,
        named: &mut Vec<(String, Value)>,
        open: &mut Vec<Value>,
    ) {
        match value {
            Value::Cell(id) => {
                if let Some(object) = self.heap.object(*id) {
                    named.extend(object.entries.iter().cloned());
                    open.extend(object.spreads.iter().cloned());
                }
            }
            Value::None | Value::Null => {}
            other => open.push(other.clone()),
        }
    }

    fn argument_for(
        &mut self,
        placeholder: &Placeholder,
        named: &[(String, Value)],
        positional: &[Value],
        open: &[Value],
        next: &mut usize,
    ) -> Option<Value> {
        let name = placeholder.name.as_str();
        let (root, rest) = match name.find(['.', '[']) {
            Some(at) => (&name[..at], &name[at..]),
            None => (name, ""),
        };
        let mut value = if root.is_empty() {
            *next += 1;
            positional.get(*next - 1).cloned()
        } else if let Ok(index) = root.parse::<usize>() {
            positional.get(index).cloned()
        } else {
            let mut known = named.iter();
            known
                .find(|(key, _)| key == root)
                .map(|(_, value)| value.clone())
        };
        if value.is_none() {
            if let Some(spread) = open.first() {
                let spread = spread.clone();
                value = Some(self.member(&spread, root, placeholder.place.span));
            }
        }
        let mut value = value?;
        for part in rest.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
            value = self.member(&value, part, placeholder.place.span);
        }
        Some(value)
    }

    /// `text % values`
    pub fn percent(&mut self, left: &Value, right: &Value, expr: &Expr) -> Value {
        let Value::Text(pieces) = left else {
            return left.clone();
        };
        let pieces = pieces.clone();
        let place = self.place(expr.span);
        let mut args = Vec::new();
        let argument = |value: Value| Argument::positional(value, place.clone());
        match right {
            Value::Cell(id) if self.heap.list(*id).is_some() => {
                let items = self
                    .heap
                    .list(*id)
                    .map(|list| list.items.clone())
                    .unwrap_or_default();
                for item in items {
                    if let Item::One(value, _) = item {
                        args.push(argument(value));
                    }
                }
            }
            other => args.push(argument(other.clone())),
        }
        self.fill(&pieces, Style::Percent, &args)
    }

    /// A text whose placeholders are filled: `{name}` or `$name`.
    pub fn filled_with(&mut self, pieces: &[Piece], braces: bool, args: &[Argument]) -> Value {
        let style = if braces { Style::Braces } else { Style::Dollar };
        self.fill(pieces, style, args)
    }

    /// A template whose text is not in sight, filled: what the program makes up for it stands somewhere in it. `None`:
    /// it is filled with nothing of the kind.
    pub fn filled_unseen(
        &mut self,
        template: &Value,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        let place = self.place(expr.span);
        let mut made_up = Vec::new();
        for arg in args {
            let pieces = self.print(&arg.value, &place);
            super::super::value::push_all(&mut made_up, only_made_up(pieces));
        }
        if made_up.is_empty() {
            return None;
        }
        let mut pieces = self.print(template, &place);
        super::super::value::push_all(&mut pieces, made_up);
        Some(Value::pieces(pieces))
    }

    pub fn replace(
        &mut self,
        pieces: &[Piece],
        args: &[Argument],
        name: &str,
        expr: &Expr,
    ) -> Value {
        let (Some(what), Some(with)) = (args.first(), args.get(1)) else {
            return Value::Text(Rc::new(pieces.to_vec()));
        };
        let written = what.value.known_text();
        let needle = written.as_deref().and_then(|text| {
            match text
                .strip_prefix('/')
                .and_then(|rest| rest.rsplit_once('/'))
            {
                // A regular expression prints as it is written.
                Some((pattern, flags))
                    if !self.is_python() && flags.chars().all(|c| c.is_ascii_lowercase()) =>
                {
                    texts::literal_of_pattern(pattern)
                }
                _ => Some(text.to_string()),
            }
        });
        let global = self.is_python()
            || name == "replaceAll"
            || written.as_deref().is_some_and(|text| {
                text.starts_with('/')
                    && text
                        .rsplit('/')
                        .next()
                        .is_some_and(|flags| flags.contains('g'))
            });
        let Some(needle) = needle else {
            let pieces = Rc::new(pieces.to_vec());
            let written = written.unwrap_or_default();
            let pattern = written
                .strip_prefix('/')
                .and_then(|rest| rest.rsplit_once('/'));
            return match pattern {
                Some((pattern, _)) if !self.is_python() => {
                    Value::pieces(self.replaced_by(&pieces, pattern, &with.value, expr))
                }
                _ => Value::Text(pieces),
            };
        };
        // `.replace(x, () => value)`
        let with = match &with.value {
            Value::Function(callable) => {
                let callable = callable.clone();
                let place = self.place(expr.span);
                self.invoke(&callable, Vec::new(), &place)
            }
            other => other.clone(),
        };
        let this = std::cell::RefCell::new(self);
        let put = |text: &Text| {
            let place = text.whole();
            this.borrow_mut().print(&with, &place)
        };
        let result = texts::replaced(pieces, &needle, &put, global);
        Value::pieces(result.unwrap_or_else(|| pieces.to_vec()))
    }
}

/// Clocks, ids, random picks, and the conditions under which they are given: not what comes from outside.
fn only_made_up(pieces: Vec<Piece>) -> Vec<Piece> {
    let kept = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Slot(slot) => {
            (slot.volatility.origin == Origin::MadeUp).then_some(Piece::Slot(slot))
        }
        Piece::Branch(mut branch) => {
            let arms = Arc::unwrap_or_clone(branch.arms).into_iter();
            branch.arms = Arc::new(arms.map(only_made_up).collect());
            let some = branch.arms.iter().any(|arm| !arm.is_empty());
            some.then_some(Piece::Branch(branch))
        }
        Piece::Repeat(mut repeat) => {
            repeat.body = only_made_up(std::mem::take(&mut repeat.body));
            (!repeat.body.is_empty()).then_some(Piece::Repeat(repeat))
        }
        _ => None,
    });
    kept.collect()
}
