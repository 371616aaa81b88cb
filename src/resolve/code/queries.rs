//! Rows that a database gives newest first, so many of them: a window over the newest, from which the oldest row falls
//! with every one that is added. Which words of a query say so is in `rules/code.yaml`.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::prompt::Rewrite;

use super::eval::Eval;
use super::tables::{tables, tells};
use super::value::{Argument, Unknown, Value};

/// Bytes of a query that are looked through.
const MAX_QUERY: usize = 4096;

impl Eval<'_, '_> {
    /// How the rows or the turns were cut that a call of code that is not here gives: the rows of its query or of one
    /// that it is given, and a conversation that it is given.
    pub fn window_of(&self, callee: &Unknown, args: &[Argument], expr: &Expr) -> Window {
        let given = args.iter().map(|arg| &arg.value);
        let queries = given.clone().filter(|value| is_query(value));
        let rows = self.newest_rows(args, expr);
        let rows = rows.or_else(|| callee.rewrite.clone().filter(|_| asks_rows(callee)));
        Window {
            rows: rows.or_else(|| queries.filter_map(|value| self.rewrite_of(value)).next()),
            turns: given
                .filter(|value| self.holds_turns(value))
                .filter_map(|value| self.rewrite_of(value))
                .next(),
        }
    }

    /// What such a call gives, cut as that was.
    pub fn windowed(&self, value: Value, window: Window) -> Value {
        let Value::Unknown(unknown) = value else {
            return value;
        };
        let cut = match unknown.is_history() {
            true => window.rows.or(window.turns),
            false => window.rows,
        };
        if cut.is_none() || unknown.rewrite.is_some() {
            return Value::Unknown(unknown);
        }
        let mut unknown = Rc::unwrap_or_clone(unknown);
        unknown.rewrite = cut;
        unknown.into_value()
    }

    /// The window that a query shows, if it asks for the newest rows alone.
    fn newest_rows(&self, args: &[Argument], expr: &Expr) -> Option<Rewrite> {
        let text = &self.frame().code.file.text;
        let written = text.get(expr.span.start..expr.span.end)?;
        if written.len() > MAX_QUERY {
            return None;
        }
        let given = || {
            let texts = args.iter().filter_map(|arg| arg.value.known_text());
            texts.into_iter().find_map(|text| rows_kept(&text))
        };
        let keeps = rows_kept(written).or_else(given)?;
        (keeps != Some(1)).then(|| Rewrite {
            place: self.place(expr.span),
            how: self.written(expr.span),
            only_at_limit: self.cuts.at_limit,
            keeps,
        })
    }
}

/// How what a call gives was cut: where it gives rows, and where it gives the turns that it was given.
pub struct Window {
    rows: Option<Rewrite>,
    turns: Option<Rewrite>,
}

/// Whether a value is a query for rows, or what it gave: nothing that is a conversation by itself.
fn is_query(value: &Value) -> bool {
    value.unknown().is_some_and(|open| asks_rows(open))
}

fn asks_rows(open: &Unknown) -> bool {
    open.rewrite.is_some() && !open.is_history() && !open.item
}

/// How many of the newest rows a query asks for. `None`: not for the newest; an inner `None`: no number is written.
fn rows_kept(text: &str) -> Option<Option<u32>> {
    // Most calls are no queries: the words are looked for before anything is copied.
    let lower = text.to_ascii_lowercase();
    if !tells(&tables().row_counts, &lower) {
        return None;
    }
    let text: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    let text = text.replace('"', "'");
    let newest = tells(&tables().newest_first, &text);
    let counts = tables().row_counts.iter();
    counts.rev().find_map(|word| {
        let at = text.rfind(word.as_str())? + word.len();
        let behind = &text[at..];
        let named = |words: &[String]| words.contains(word);
        if named(&tables().row_ranges) {
            // Of a key, from a place to a place.
            let from = behind.split(',').nth(1)?.strip_prefix('-')?;
            return Some(from.parse().ok());
        }
        let back = behind.starts_with('-') || named(&tables().newest_rows);
        let bare = word.chars().all(char::is_alphabetic);
        if bare && !behind.starts_with(|c: char| c.is_ascii_digit() || "?$%:{".contains(c)) {
            return None;
        }
        let digits = behind.trim_start_matches('-');
        let end = digits.find(|c: char| !c.is_ascii_digit());
        let count = digits[..end.unwrap_or(digits.len())].parse().ok();
        (newest || back).then_some(count)
    })
}

#[cfg(test)]
mod tests {
    use super::rows_kept;

    #[test]
    fn the_newest_rows_of_a_query_are_a_window() {
        for query in [
            "db.message.findMany({ where: { chatId }, orderBy: { createdAt: 'desc' }, take: 20 })",
            "db.message.findMany({ where: { chatId }, take: -20 })",
            "db.select().from(m).orderBy(desc(m.createdAt)).limit(20)",
            "Message.find({ chatId }).sort({ createdAt: -1 }).limit(20)",
            "c.from('m').select().order('created_at', { ascending: false }).limit(20)",
            "session.query(M).order_by(M.created_at.desc()).limit(20).all()",
            "cur.execute(\"SELECT role, content FROM m ORDER BY id DESC LIMIT 20\")",
            "ref.orderBy('at').limitToLast(20)",
            "r.lrange(f'chat:{key}', -20, -1)",
        ] {
            assert_eq!(rows_kept(query), Some(Some(20)), "{query}");
        }
    }

    #[test]
    fn rows_in_the_order_in_which_they_came_are_none() {
        for query in [
            "db.message.findMany({ where: { chatId }, orderBy: { createdAt: 'asc' } })",
            "db.message.findMany({ orderBy: { createdAt: 'desc' } })",
            "db.select().from(m).orderBy(asc(m.createdAt)).limit(200)",
            "session.query(M).order_by(M.created_at).limit(200).all()",
            "describe(limit)",
            "r.lrange(key, 0, -1)",
            "call(desc(x), rateLimit)",
        ] {
            assert_eq!(rows_kept(query), None, "{query}");
        }
    }
}
