//! Whether a loop picks the round it acts in: by leaving, by counting, by comparing positions. What such a loop sets may
//! be set once or a few times; what any other loop sets is set in every round. Looks at the written body only.

use crate::frontend::code::ir::{
    BinaryOp, Expr, ExprKind, Function, Item, Pattern, Stmt, StmtKind,
};

use super::asks_model::names_model;

/// Whether a `for` loop with this pattern picks its rounds.
pub fn picks(pattern: &Pattern, body: &[Stmt]) -> bool {
    let mut look = Look::default();
    look.stmts(body, 0);
    // `for i, block in enumerate(blocks)`
    if let Pattern::List(items, _) = pattern {
        if let Some(Pattern::Name(position, _)) = items.first() {
            if look.tested.iter().any(|(name, _)| name == position) {
                return true;
            }
        }
    }
    look.leaves || look.carried()
}

/// Whether a body may end its loop by a `break`.
pub fn breaks(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break => true,
        StmtKind::If {
            then, otherwise, ..
        } => breaks(then) || breaks(otherwise),
        StmtKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        } => {
            let mut all = [body, otherwise, finally].into_iter().chain(handlers);
            all.any(|stmts| breaks(stmts))
        }
        StmtKind::With { body, .. } | StmtKind::Block(body) => breaks(body),
        StmtKind::Match { arms, .. } => arms.iter().any(|arm| breaks(&arm.body)),
        StmtKind::For { otherwise, .. } => breaks(otherwise),
        _ => false,
    })
}

/// Whether the element of a comprehension is made by position: `[mark(b) if i == last else b for i, b in enumerate(bs)]`.
pub fn element_picks(pattern: &Pattern, element: &Expr) -> bool {
    let mut look = Look::default();
    look.expr(element, false);
    let Pattern::List(items, _) = pattern else {
        return false;
    };
    let Some(Pattern::Name(position, _)) = items.first() else {
        return false;
    };
    look.tested.iter().any(|(name, _)| name == position)
}

/// Whether a loop goes over some positions: `range(start, end)`. One over all of a sequence has only its length.
pub fn over_some(over: &Expr) -> bool {
    let ExprKind::Call { callee, args, .. } = &over.kind else {
        return false;
    };
    let path = callee.dotted().unwrap_or_default();
    let whole = |expr: &Expr| match &expr.kind {
        ExprKind::Call { .. } => true,
        ExprKind::Attribute { name, .. } => name == "length",
        _ => false,
    };
    path == "range" && !(args.len() == 1 && whole(&args[0].value))
}

/// What a loop goes over that counts its positions: `while i < len(items)`, `for (let i = 0; i < items.length; i++)`.
pub fn counted_over(test: &Expr) -> Option<&Expr> {
    let ExprKind::Binary {
        op: BinaryOp::Compare | BinaryOp::NotEqual,
        left,
        right,
    } = &test.kind
    else {
        return None;
    };
    let counter = |expr: &Expr| matches!(expr.kind, ExprKind::Name(_));
    match (counter(left), counter(right)) {
        (true, _) => length_of(right),
        (_, true) => length_of(left),
        _ => None,
    }
}

/// The number up to which a loop counts: `for (let i = 0; i < 7; i++)`.
pub fn counted_to(test: &Expr) -> Option<&Expr> {
    let ExprKind::Binary {
        op: BinaryOp::Compare,
        left,
        right,
    } = &test.kind
    else {
        return None;
    };
    let number = |expr: &Expr| matches!(expr.kind, ExprKind::Number(_));
    (matches!(left.kind, ExprKind::Name(_)) && number(right)).then_some(&**right)
}

/// What an expression is the length of.
pub fn length_of(expr: &Expr) -> Option<&Expr> {
    match &expr.kind {
        ExprKind::Attribute { object, name, .. } if matches!(&**name, "length" | "size") => {
            Some(object)
        }
        ExprKind::Call { callee, args, .. } => match (&callee.kind, args.as_slice()) {
            (ExprKind::Name(name), [of]) if name == "len" => Some(&of.value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a callback that is called with every item picks among them.
pub fn callback_picks(function: &Function) -> bool {
    let mut look = Look::default();
    look.stmts(&function.body, 0);
    let positions = function.params.iter().skip(1);
    let by_position = positions.into_iter().any(|param| match &param.pattern {
        Pattern::Name(position, _) => look.tested.iter().any(|(name, _)| name == position),
        _ => false,
    });
    by_position || look.carried()
}

/// Whether a test asks only of what kind an item is: its type, its class, the role of a turn.
pub fn tests_kind(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Not(inner) => tests_kind(inner),
        ExprKind::Binary {
            op: BinaryOp::And | BinaryOp::Or,
            left,
            right,
        } => tests_kind(left) && tests_kind(right),
        ExprKind::Binary {
            op: BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Compare,
            left,
            right,
        } => [(left, right), (right, left)]
            .into_iter()
            .any(|(asked, with)| asks_kind(asked) && names_kind(with)),
        ExprKind::Call { callee, args, .. } => {
            let path = callee.dotted().unwrap_or_default();
            crate::sdk::is_kind_test(&path) && !args.is_empty()
        }
        _ => false,
    }
}

/// Whether a test asks only whether something is there that has parts, and of what type it is:
/// `items && items.length > 0`, `Array.isArray(x)`, `typeof x !== "string"`.
pub fn tests_shape(test: &Expr) -> bool {
    let mut asked = Asked::default();
    asked.all(test) && asked.shapes > 0 && asked.bare.iter().all(|name| asked.of.contains(name))
}

/// Whether a test asks which model it is, and beside that whether something is there: `isClaude && tools && ..`.
pub fn tests_model(test: &Expr) -> bool {
    let mut asked = Asked {
        models: Some(0),
        ..Asked::default()
    };
    let known = |asked: &Asked| asked.bare.iter().all(|name| asked.of.contains(name));
    asked.all(test) && asked.models > Some(0) && known(&asked)
}

/// What a test asks of: names whose shape, and names whether they are there.
#[derive(Default)]
struct Asked {
    /// Questions after the model, where these are looked for.
    models: Option<usize>,
    shapes: usize,
    of: Vec<String>,
    bare: Vec<String>,
}

impl Asked {
    /// Whether these are the only things that are asked.
    fn all(&mut self, test: &Expr) -> bool {
        if let Some(models) = self.models.as_mut().filter(|_| names_model(test)) {
            *models += 1;
            return true;
        }
        match &test.kind {
            ExprKind::Not(inner) => self.all(inner),
            ExprKind::Binary {
                op: BinaryOp::And | BinaryOp::Or,
                left,
                right,
            } => self.all(left) && self.all(right),
            ExprKind::Binary {
                op: BinaryOp::Compare | BinaryOp::NotEqual,
                left,
                right,
            } if matches!(right.kind, ExprKind::Number(least) if least <= 1.0) => {
                length_of(left).is_some_and(|of| self.shape(of))
            }
            ExprKind::Binary {
                op: BinaryOp::Equal | BinaryOp::NotEqual,
                left,
                right,
            } => match (&left.kind, &right.kind) {
                // `typeof x`
                (ExprKind::Opaque(parts), ExprKind::Text(_)) => match parts.as_slice() {
                    [of] => self.shape(of),
                    _ => false,
                },
                _ => false,
            },
            ExprKind::Call { callee, args, .. } => {
                let path = callee.dotted().unwrap_or_default();
                match args.first() {
                    Some(of) if crate::sdk::is_kind_test(&path) => self.shape(&of.value),
                    Some(_) => length_of(test).is_some_and(|of| self.shape(of)),
                    None => false,
                }
            }
            ExprKind::Attribute { .. } if length_of(test).is_some() => {
                length_of(test).is_some_and(|of| self.shape(of))
            }
            _ => match test.dotted() {
                Some(name) => {
                    self.bare.push(name);
                    true
                }
                None => false,
            },
        }
    }

    fn shape(&mut self, of: &Expr) -> bool {
        self.shapes += 1;
        self.of.extend(of.dotted());
        true
    }
}

/// `x.type`, `x["type"]`, `x.get("type")`, `typeof x`
fn asks_kind(expr: &Expr) -> bool {
    if kind_of(expr).is_some() {
        return true;
    }
    match &expr.kind {
        ExprKind::Call { callee, .. } => match &callee.kind {
            ExprKind::Name(name) => crate::sdk::is_kind_test(name),
            _ => false,
        },
        // `typeof x`
        ExprKind::Opaque(parts) => parts.len() == 1,
        _ => false,
    }
}

/// What a key that tells a kind is read of: the `x` of `x.role`, `x["role"]`, `x.get("role")`.
pub fn kind_of(expr: &Expr) -> Option<&Expr> {
    let key = crate::sdk::is_kind_key;
    match &expr.kind {
        ExprKind::Attribute { object, name, .. } if key(name) => Some(object),
        ExprKind::Index { object, index } if index.literal().is_some_and(key) => Some(object),
        ExprKind::Call { callee, args, .. } => match &callee.kind {
            ExprKind::Attribute { object, name, .. } if name == "get" => {
                let asked = args.first()?.value.literal()?;
                key(asked).then_some(&**object)
            }
            _ => None,
        },
        _ => None,
    }
}

/// A kind of which a request holds many: there is one system message.
fn names_kind(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Text(text) => !crate::sdk::names_system(text.as_str()),
        ExprKind::List(items) | ExprKind::Set(items) => items.iter().all(|item| match item {
            Item::One(expr) => names_kind(expr),
            Item::Spread(_) => false,
        }),
        _ => false,
    }
}

/// Names that a body tests and names that it changes, with where they stand.
#[derive(Default)]
struct Look {
    tested: Vec<(String, usize)>,
    /// With whether the name is changed from what it was.
    set: Vec<(String, usize, bool)>,
    /// Ends the loop before its last round.
    leaves: bool,
}

impl Look {
    /// Whether a test looks at what an earlier round left.
    fn carried(&self) -> bool {
        self.tested.iter().any(|(name, _)| {
            let first_test = self.first(self.tested.iter().map(|(n, at)| (n, *at)), name);
            let sets = self.set.iter().filter(|(set, _, _)| set == name);
            let mut fresh = false;
            let mut changed = false;
            for (_, at, grows) in sets {
                fresh |= !grows && Some(*at) < first_test;
                changed = true;
            }
            changed && !fresh
        })
    }

    fn first<'n>(
        &self,
        mut all: impl Iterator<Item = (&'n String, usize)>,
        name: &str,
    ) -> Option<usize> {
        all.find(|(n, _)| *n == name).map(|(_, at)| at)
    }

    fn stmts(&mut self, stmts: &[Stmt], loops: usize) {
        for stmt in stmts {
            self.stmt(stmt, loops);
        }
    }

    fn stmt(&mut self, stmt: &Stmt, loops: usize) {
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                // `seen.add(x)`
                if let ExprKind::Call { callee, .. } = &expr.kind {
                    if let ExprKind::Attribute { object, .. } = &callee.kind {
                        self.changes(object);
                    }
                }
                self.expr(expr, false);
            }
            StmtKind::Assign { targets, value } => {
                self.expr(value, false);
                targets
                    .iter()
                    .for_each(|target| self.pattern(target, false));
            }
            StmtKind::Augment { target, value, .. } => {
                self.expr(value, false);
                match target {
                    // `budget.left -= 1`
                    Pattern::Target(expr) => self.changes(root(expr)),
                    other => self.pattern(other, true),
                }
            }
            StmtKind::If {
                test,
                then,
                otherwise,
            } => {
                self.expr(test, true);
                self.stmts(then, loops);
                self.stmts(otherwise, loops);
            }
            StmtKind::For {
                over,
                body,
                otherwise,
                ..
            } => {
                self.expr(over, false);
                self.stmts(body, loops + 1);
                self.stmts(otherwise, loops);
            }
            StmtKind::While { test, body } => {
                test.iter().for_each(|test| self.expr(test, true));
                self.stmts(body, loops + 1);
            }
            StmtKind::Return(value) => {
                value.iter().for_each(|value| self.expr(value, false));
                self.leaves = true;
            }
            StmtKind::Break => self.leaves |= loops == 0,
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.stmts(body, loops);
                handlers
                    .iter()
                    .for_each(|handler| self.stmts(handler, loops));
                self.stmts(otherwise, loops);
                self.stmts(finally, loops);
            }
            StmtKind::With { body, .. } | StmtKind::Block(body) => self.stmts(body, loops),
            StmtKind::Match { arms, .. } => {
                // A `break` of a switch leaves the switch.
                arms.iter().for_each(|arm| self.stmts(&arm.body, loops + 1));
            }
            _ => {}
        }
    }

    fn changes(&mut self, expr: &Expr) {
        if let ExprKind::Name(name) = &expr.kind {
            self.set.push((name.clone(), expr.span.start, true));
        }
    }

    fn pattern(&mut self, pattern: &Pattern, grows: bool) {
        match pattern {
            Pattern::Name(name, span) => self.set.push((name.clone(), span.start, grows)),
            Pattern::List(items, _) => items.iter().for_each(|item| self.pattern(item, grows)),
            Pattern::Object(items, ..) => {
                items.iter().for_each(|(_, item)| self.pattern(item, grows));
            }
            Pattern::Rest(inner) | Pattern::Default(inner, _) => self.pattern(inner, grows),
            Pattern::Target(_) | Pattern::Ignore => {}
        }
    }

    /// Names in tests, and in comparisons wherever they stand.
    fn expr(&mut self, expr: &Expr, tested: bool) {
        match &expr.kind {
            ExprKind::Name(name) if tested => self.tested.push((name.clone(), expr.span.start)),
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                self.expr(test, true);
                self.expr(then, tested);
                self.expr(otherwise, tested);
            }
            ExprKind::Binary { op, left, right } => {
                let compares = matches!(
                    op,
                    BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Compare | BinaryOp::And
                );
                self.expr(left, tested || compares);
                self.expr(right, tested || compares && *op != BinaryOp::And);
            }
            ExprKind::Not(inner) => self.expr(inner, true),
            ExprKind::Assign { target, value } => {
                self.expr(value, tested);
                self.pattern(target, false);
            }
            _ => expr.parts(&mut |part| self.expr(part, tested)),
        }
    }
}

/// The name that a path of attributes and items starts from.
fn root(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Attribute { object, .. } | ExprKind::Index { object, .. } => root(object),
        _ => expr,
    }
}
