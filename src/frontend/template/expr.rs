//! Expressions in Jinja's manner, with the few operators that Ruby and JavaScript add for ERB and EJS.
//! Precedence climbing with a bound on depth: what is deeper, or not understood, is opaque.

use super::build::NESTING_LIMIT;
use super::scan::{is_letter, is_word_char, scan, Token, Word, Words};
use super::tree::{Expr, ExprKind};
use crate::source::Text;

mod postfix;

const JINJA_WORDS: Words = Words {
    starts_name: is_letter,
    in_name: is_word_char,
    quotes: &[('"', true), ('\'', true)],
    bracket_names: false,
    operators: &[
        "===", "!==", "**", "//", "==", "!=", "<=", ">=", "&&", "||", "?.", "=>", "{", "}", "(",
        ")", "[", "]", ",", ":", ".", "|", "~", "+", "-", "*", "/", "%", "<", ">", "=", "!", "?",
        ";", "@", "&",
    ],
};

/// Which operators exist beyond the common ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Host {
    Jinja,
    /// JavaScript: `&&`, `||`, `!`, `c ? a : b`, `new X()`, no filters.
    Script,
    /// Ruby: the same operators; methods of a constant or of what a call gives are called without brackets.
    Ruby,
}

impl Host {
    /// A language of its own with the operators of C.
    fn is_script(self) -> bool {
        self != Host::Jinja
    }
}

/// A parser over the words of one tag.
pub(super) struct Parser<'a> {
    pub text: &'a Text,
    tokens: Vec<Token<'a>>,
    at: usize,
    end: usize,
    depth: usize,
    host: Host,
    /// Why the rest was given up.
    pub error: Option<String>,
}

/// An expression with the height of its tree, so that no tree is too high to walk.
type Tall = (Expr, usize);

impl<'a> Parser<'a> {
    pub fn new(text: &'a Text, from: usize, to: usize, host: Host) -> Self {
        Parser {
            text,
            tokens: scan(text.as_str(), from, to, &JINJA_WORDS),
            at: 0,
            end: to,
            depth: 0,
            host,
            error: None,
        }
    }

    pub fn peek(&self) -> Option<&Token<'a>> {
        match self.error {
            None => self.tokens.get(self.at),
            Some(_) => None,
        }
    }

    fn peek_at(&self, ahead: usize) -> Option<&Token<'a>> {
        self.tokens.get(self.at + ahead)
    }

    pub fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where the next word starts.
    pub fn position(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |t| t.from)
    }

    fn last_end(&self) -> usize {
        match self.at.checked_sub(1).and_then(|at| self.tokens.get(at)) {
            Some(token) => token.to,
            None => self.position(),
        }
    }

    pub fn take_op(&mut self, op: &str) -> bool {
        let found = self.peek().is_some_and(|t| t.is(op));
        self.at += usize::from(found);
        found
    }

    pub fn take_name(&mut self, name: &str) -> bool {
        let found = self.peek().is_some_and(|t| t.is_name(name));
        self.at += usize::from(found);
        found
    }

    pub fn peek_name(&self, name: &str) -> bool {
        self.peek().is_some_and(|t| t.is_name(name))
    }

    pub fn name(&mut self) -> Option<&'a str> {
        let Some(Word::Name(name)) = self.peek().map(|t| t.word.clone()) else {
            self.fail("expected a name");
            return None;
        };
        self.at += 1;
        Some(name)
    }

    pub fn skip(&mut self) {
        self.at += 1;
    }

    pub fn fail(&mut self, message: &str) {
        if self.error.is_none() {
            self.error = Some(message.to_string());
        }
    }

    fn expect(&mut self, op: &str) {
        if !self.take_op(op) {
            self.fail(&format!("expected `{op}`"));
        }
    }

    /// The source from a place on as an opaque expression.
    fn opaque(&self, from: usize, to: usize) -> Expr {
        let text = self.text.as_str()[from..to.max(from)].trim();
        Expr::new(ExprKind::Opaque(text.into()), self.text.span(from, to))
    }

    fn tall(&mut self, kind: ExprKind, from: usize, height: usize) -> Tall {
        if height > NESTING_LIMIT {
            self.fail("the expression nests too deep");
        }
        let to = self.last_end();
        (Expr::new(kind, self.text.span(from, to)), height + 1)
    }

    /// One expression; opaque up to the end of the tag where it cannot be understood.
    pub fn expression(&mut self) -> Expr {
        self.whole(|parser| parser.ternary(true))
    }

    /// An expression without `if .. else`, as the iterable of a loop is.
    pub fn plain_expression(&mut self) -> Expr {
        self.whole(|parser| parser.ternary(false))
    }

    /// `a, b` is a list.
    pub fn tuple(&mut self) -> Expr {
        self.whole(|parser| parser.tuple_of(true))
    }

    /// `a, b` of a loop, in front of its `if`.
    pub fn plain_tuple(&mut self) -> Expr {
        self.whole(|parser| parser.tuple_of(false))
    }

    fn whole(&mut self, parse: impl FnOnce(&mut Self) -> Tall) -> Expr {
        let from = self.position();
        let (expr, _) = parse(self);
        if self.error.is_some() {
            self.at = self.tokens.len();
            return self.opaque(from, self.end);
        }
        expr
    }

    fn tuple_of(&mut self, conditional: bool) -> Tall {
        let from = self.position();
        let (first, height) = self.ternary(conditional);
        if !self.peek().is_some_and(|t| t.is(",")) {
            return (first, height);
        }
        let mut items = vec![first];
        let mut top = height;
        while self.take_op(",") {
            if self.peek().is_none_or(|t| t.is("=") || t.is(")")) {
                break;
            }
            let (item, height) = self.ternary(conditional);
            items.push(item);
            top = top.max(height);
        }
        self.tall(ExprKind::List(items), from, top)
    }

    fn ternary(&mut self, conditional: bool) -> Tall {
        let from = self.position();
        if self.depth >= NESTING_LIMIT {
            self.fail("the expression nests too deep");
            return (self.opaque(from, from), 1);
        }
        self.depth += 1;
        let (mut value, mut height) = self.binary(0);
        if conditional && self.host == Host::Jinja {
            while self.take_name("if") {
                let (condition, h) = self.binary(0);
                height = height.max(h);
                let mut otherwise = None;
                if self.take_name("else") {
                    let (other, h) = self.ternary(true);
                    height = height.max(h);
                    otherwise = Some(Box::new(other));
                }
                let kind = ExprKind::Ternary(Box::new(condition), Box::new(value), otherwise);
                (value, height) = self.tall(kind, from, height);
            }
        } else if conditional && self.take_op("?") {
            let (then, h) = self.ternary(true);
            height = height.max(h);
            self.expect(":");
            let (other, h) = self.ternary(true);
            height = height.max(h);
            let kind = ExprKind::Ternary(Box::new(value), Box::new(then), Some(Box::new(other)));
            (value, height) = self.tall(kind, from, height);
        }
        self.depth -= 1;
        (value, height)
    }

    /// The operator that follows, its binding power and its number of words.
    fn operator(&self) -> Option<(String, u8, usize)> {
        let token = self.peek()?;
        let named = |name: &str, power, words| Some((name.to_string(), power, words));
        match &token.word {
            Word::Name("or") => named("or", 1, 1),
            Word::Name("and") => named("and", 2, 1),
            Word::Name("in") if self.host == Host::Jinja => named("in", 4, 1),
            Word::Name("not") if self.peek_at(1).is_some_and(|t| t.is_name("in")) => {
                named("not in", 4, 2)
            }
            Word::Op(op) => {
                let power = match *op {
                    "||" if self.host.is_script() => 1,
                    "&&" if self.host.is_script() => 2,
                    "===" | "!==" if self.host.is_script() => 4,
                    "==" | "!=" | "<" | ">" | "<=" | ">=" => 4,
                    "+" | "-" => 5,
                    "~" => 6,
                    "*" | "/" | "//" | "%" => 7,
                    "**" => 9,
                    _ => return None,
                };
                named(op, power, 1)
            }
            _ => None,
        }
    }

    fn binary(&mut self, least: u8) -> Tall {
        let from = self.position();
        let (mut left, mut height) = self.unary();
        while let Some((op, power, words)) = self.operator() {
            if power < least {
                break;
            }
            self.at += words;
            let (right, h) = self.binary(power + 1);
            height = height.max(h);
            let kind = ExprKind::Binary(op, Box::new(left), Box::new(right));
            (left, height) = self.tall(kind, from, height);
        }
        (left, height)
    }

    fn unary(&mut self) -> Tall {
        let from = self.position();
        if self.depth >= NESTING_LIMIT {
            self.fail("the expression nests too deep");
            return (self.opaque(from, from), 1);
        }
        self.depth += 1;
        let out = self.unary_inner(from);
        self.depth -= 1;
        out
    }

    fn unary_inner(&mut self, from: usize) -> Tall {
        let script = self.host.is_script();
        if self.take_name("not") || (script && self.take_op("!")) {
            let (inner, height) = self.binary(if script { 8 } else { 3 });
            return self.tall(ExprKind::Not(Box::new(inner)), from, height);
        }
        let sign = ["-", "+"].into_iter().find(|sign| self.take_op(sign));
        if let Some(sign) = sign {
            let (inner, height) = self.unary_operand();
            let zero = Expr::new(ExprKind::Number(0.0), self.text.span(from, from + 1));
            let kind = match inner.kind {
                ExprKind::Number(value) if sign == "-" => ExprKind::Number(-value),
                ExprKind::Number(value) => ExprKind::Number(value),
                _ => ExprKind::Binary(sign.into(), Box::new(zero), Box::new(inner)),
            };
            let signed = self.tall(kind, from, height);
            return self.filters(signed, from);
        }
        let value = self.primary();
        let value = self.postfix(value, from);
        self.filters(value, from)
    }

    fn unary_operand(&mut self) -> Tall {
        let from = self.position();
        let value = self.primary();
        self.postfix(value, from)
    }

    fn primary(&mut self) -> Tall {
        let from = self.position();
        let Some(token) = self.peek().cloned() else {
            self.fail("expected an expression");
            return (self.opaque(from, from), 1);
        };
        self.at += 1;
        let kind = match token.word {
            Word::Name("true" | "True") => ExprKind::Bool(true),
            Word::Name("false" | "False") => ExprKind::Bool(false),
            Word::Name("none" | "None" | "null" | "nil") => ExprKind::None,
            Word::Name("new") if self.host == Host::Script => self.constructor(),
            Word::Name(name) => ExprKind::Name(name.into()),
            Word::Number(value) => ExprKind::Number(value),
            Word::Str(mut text) => {
                while let Some(Word::Str(more)) = self.peek().map(|t| &t.word) {
                    text.push_str(more);
                    self.at += 1;
                }
                ExprKind::Str(text)
            }
            Word::Op("(") => return self.parenthesised(from),
            Word::Op("[") => {
                let (items, height) = self.items("]");
                return self.tall(ExprKind::List(items), from, height);
            }
            Word::Op("{") => return self.map(from),
            // `@name` of Ruby.
            Word::Op("@") if self.host.is_script() => {
                ExprKind::Name(self.name().unwrap_or_default().into())
            }
            _ => {
                self.fail("expected an expression");
                ExprKind::None
            }
        };
        self.tall(kind, from, 0)
    }

    /// `new Date`: the name that the tables know a constructor by.
    fn constructor(&mut self) -> ExprKind {
        match self.peek().map(|token| token.word.clone()) {
            Some(Word::Name(class)) => {
                self.at += 1;
                ExprKind::Name(format!("new {class}"))
            }
            _ => ExprKind::Name("new".into()),
        }
    }

    fn parenthesised(&mut self, from: usize) -> Tall {
        if self.take_op(")") {
            return self.tall(ExprKind::List(Vec::new()), from, 0);
        }
        let (inner, height) = self.tuple_of(true);
        self.expect(")");
        (inner, height)
    }

    fn items(&mut self, close: &str) -> (Vec<Expr>, usize) {
        let (mut items, mut top) = (Vec::new(), 0);
        while self.error.is_none() && !self.take_op(close) {
            let (item, height) = self.ternary(true);
            top = top.max(height);
            items.push(item);
            if !self.take_op(",") {
                self.expect(close);
                break;
            }
        }
        (items, top)
    }

    fn map(&mut self, from: usize) -> Tall {
        let (mut items, mut top) = (Vec::new(), 0);
        while self.error.is_none() && !self.take_op("}") {
            let (key, height) = self.ternary(true);
            top = top.max(height);
            self.expect(":");
            let (value, height) = self.ternary(true);
            top = top.max(height);
            items.push((key, value));
            if !self.take_op(",") {
                self.expect("}");
                break;
            }
        }
        self.tall(ExprKind::Map(items), from, top)
    }
}
