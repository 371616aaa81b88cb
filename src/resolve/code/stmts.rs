//! Statements: branches, definitions, attempts. Assignments are in `assign`, loops in `loops`.

use std::rc::Rc;

use crate::frontend::code::ir::{BinaryOp, Expr, ExprKind, MatchArm, Stmt, StmtKind};
use crate::prompt::Piece;
use crate::volatility::{Origin, Volatility};

use super::super::value::{pieces_volatility, worse};
use super::eval::{Eval, Flow};
use super::heap::{Delta, Item};
use super::picks;
use super::value::{Callable, Choice, ClassRef, Condition, Value};

/// Truth of a test.
pub enum Truth {
    Known(bool),
    Open(Rc<Condition>),
}

impl Eval<'_, '_> {
    pub fn block(&mut self, stmts: &[Stmt]) -> Flow {
        // Functions can be called before the line that defines them is reached.
        for stmt in stmts {
            if let StmtKind::Function(id) = stmt.kind {
                self.define_function(id);
            }
        }
        let outer = self.aged;
        let mut flow = Flow::Next;
        for stmt in stmts {
            flow = self.stmt(stmt);
            if !matches!(flow, Flow::Next) {
                break;
            }
            self.aged = self.aged || self.sorts_by_age(stmt);
        }
        self.aged = outer;
        flow
    }

    fn define_function(&mut self, id: usize) {
        let code = self.code();
        let function = &code.module.functions[id];
        if function.name.is_empty() {
            return;
        }
        let scope = self.frame().scope;
        let callable = Callable {
            code: code.clone(),
            id,
            scope: self.frame().function.map(|_| scope),
            this: self.frame().this.clone(),
            bound: Vec::new(),
        };
        self.bind(&function.name, Value::Function(Rc::new(callable)));
    }

    pub fn stmt(&mut self, stmt: &Stmt) -> Flow {
        if !self.enter() {
            return Flow::Next;
        }
        let flow = self.stmt_kind(stmt);
        self.leave();
        flow
    }

    fn stmt_kind(&mut self, stmt: &Stmt) -> Flow {
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                let called = match &expr.kind {
                    ExprKind::Await(inner) => inner,
                    _ => expr,
                };
                let outer = self.discards.replace(called.span);
                self.eval(expr);
                self.discards = outer;
                Flow::Next
            }
            StmtKind::Assign { targets, value } => {
                let memo = targets.first().and_then(|target| self.memo_life(target));
                let life = self.life;
                self.life = memo.or(life);
                let mut result = self.eval(value);
                self.life = life;
                if let Some(memo) = memo {
                    result = self.kept_as(result, memo);
                }
                for target in targets {
                    self.assign(target, result.clone());
                    self.note_counted(target, value);
                }
                Flow::Next
            }
            StmtKind::Augment { target, op, value } => {
                self.augment(target, *op, value);
                Flow::Next
            }
            StmtKind::If {
                test,
                then,
                otherwise,
            } => match self.truth(test) {
                Truth::Known(true) => self.block(then),
                Truth::Known(false) => self.block(otherwise),
                Truth::Open(condition) => {
                    let arms = [then, otherwise];
                    let doubtful = self.doubtful(test);
                    let cuts = self.cuts_under(test);
                    let outer = std::mem::replace(&mut self.cuts, cuts);
                    let aged = self.aged;
                    self.aged = aged || self.asks_for_age(test);
                    let flow = self.fork(&condition, 2, &mut |eval, arm| {
                        eval.narrow(test, arm == 0);
                        let leads = arm == 0 && super::roles::asks_for_first(test);
                        let before = std::mem::replace(&mut eval.first_is_asked, leads);
                        let flow =
                            eval.doubting(doubtful == Some(arm), |eval| eval.block(arms[arm]));
                        eval.first_is_asked = before;
                        flow
                    });
                    self.cuts = outer;
                    self.aged = aged;
                    flow
                }
            },
            StmtKind::For {
                pattern,
                over,
                keys,
                body,
                otherwise,
            } => {
                let flow = self.for_loop(pattern, over, *keys, body);
                match flow {
                    Flow::Next => self.for_else(over, body, otherwise),
                    other => other,
                }
            }
            StmtKind::While { test, body } => self.while_loop(test.as_ref(), body, stmt.span),
            StmtKind::Return(value) => {
                let value = match value {
                    Some(expr) => {
                        let value = self.eval(expr);
                        self.returning(&value, expr);
                        value
                    }
                    None => Value::None,
                };
                Flow::Return(value)
            }
            StmtKind::Yield(value) => {
                if let Some(expr) = value {
                    let value = self.eval(expr);
                    let place = self.place(expr.span);
                    if let Some(frame) = self.frames.last_mut() {
                        frame.yields.push(Item::One(value, place));
                    }
                }
                Flow::Next
            }
            StmtKind::Function(id) => {
                self.define_function(*id);
                Flow::Next
            }
            StmtKind::Class(id) => {
                let code = self.code();
                let scope = self.frame().function.map(|_| self.frame().scope);
                let name = code.module.classes[*id].name.clone();
                let class = ClassRef {
                    code: code.clone(),
                    id: *id,
                    scope,
                };
                self.bind(&name, Value::Class(class));
                Flow::Next
            }
            StmtKind::Import(import) => {
                self.import(import);
                Flow::Next
            }
            StmtKind::Export(export) => {
                if let Some(default) = &export.default {
                    let value = self.eval(default);
                    self.bind("default", value);
                }
                self.block(&export.declaration)
            }
            StmtKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => self.try_block(body, handlers, otherwise, finally),
            StmtKind::With { items, body } => {
                for (expr, pattern) in items {
                    let value = self.eval(expr);
                    if let Some(pattern) = pattern {
                        self.assign(pattern, value);
                    }
                }
                self.block(body)
            }
            StmtKind::Match { subject, arms } => self.matched(subject, arms),
            StmtKind::Break | StmtKind::Continue => Flow::Stop,
            StmtKind::Raise => Flow::Raise,
            StmtKind::Global(names) => {
                let scope = self.frame().scope;
                if let Some(scope) = self.heap.scope_mut(scope) {
                    scope.outer.extend(names.iter().cloned());
                }
                Flow::Next
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    self.deleted(target);
                }
                Flow::Next
            }
            StmtKind::Block(body) => self.block(body),
        }
    }

    /// The `else` of a loop runs where nothing breaks off: behind a body that may, it is one of two ways.
    fn for_else(&mut self, over: &Expr, body: &[Stmt], otherwise: &[Stmt]) -> Flow {
        if otherwise.is_empty() || !picks::breaks(body) {
            return self.block(otherwise);
        }
        let place = self.place(over.span);
        let condition = Condition::new(self.written(over.span), place, Volatility::constant());
        self.fork(&condition, 2, &mut |eval, arm| match arm {
            0 => Flow::Next,
            _ => eval.block(otherwise),
        })
    }

    /// The body is what happens; handlers are looked at for the requests they send.
    fn try_block(
        &mut self,
        body: &[Stmt],
        handlers: &[Vec<Stmt>],
        otherwise: &[Stmt],
        finally: &[Stmt],
    ) -> Flow {
        let mut flow = self.block(body);
        if matches!(flow, Flow::Next) {
            flow = self.block(otherwise);
        }
        let raised = matches!(flow, Flow::Raise);
        for handler in handlers {
            // A body that always fails goes on in its handler.
            if raised && matches!(flow, Flow::Raise) {
                flow = self.block(handler);
            } else {
                self.aside(|eval| eval.block(handler));
            }
        }
        match self.block(finally) {
            Flow::Next => flow,
            other => other,
        }
    }

    fn matched(&mut self, subject: &Expr, arms: &[MatchArm]) -> Flow {
        let value = self.eval(subject);
        if let Some(text) = value.known_text() {
            let literal = |arm: &&MatchArm| arm.tests.iter().any(|t| t.literal() == Some(&text));
            if let Some(arm) = arms.iter().find(literal) {
                return self.block(&arm.body);
            }
        }
        let place = self.place(subject.span);
        let condition = Condition::new(self.written(subject.span), place, self.volatility(&value));
        let complete = arms.iter().any(|arm| arm.tests.is_empty());
        let count = arms.len().min(64);
        let total = count + usize::from(!complete);
        self.fork(&condition, total, &mut |eval, index| {
            let Some(arm) = arms.get(index).filter(|_| index < count) else {
                return Flow::Next;
            };
            for (name, _) in &arm.binds {
                eval.bind(name, value.clone());
            }
            match eval.block(&arm.body) {
                // A `break` of a switch.
                Flow::Stop if !eval.is_python() => Flow::Next,
                other => other,
            }
        })
    }

    /// The arm that is taken only where an option is asked for that is off by default, or that does without a cache.
    pub fn doubtful(&mut self, test: &Expr) -> Option<usize> {
        match &test.kind {
            ExprKind::Name(_) | ExprKind::Attribute { .. } => {
                let value = self.eval(test);
                let off = value.unknown().is_some_and(|unknown| unknown.off);
                (off || self.is_declared_off(test) || turns_caching_off(&self.written(test.span)))
                    .then_some(0)
            }
            ExprKind::Not(inner) => self.doubtful(inner).map(|arm| 1 - arm),
            ExprKind::Binary {
                op: BinaryOp::And,
                left,
                right,
            } => self
                .doubtful(left)
                .or_else(|| self.doubtful(right))
                .filter(|arm| *arm == 0),
            _ => None,
        }
    }

    /// Runs something in an arm that may be taken by few.
    pub fn doubting<T>(&mut self, doubtful: bool, run: impl FnOnce(&mut Self) -> T) -> T {
        self.doubt += usize::from(doubtful);
        let result = run(self);
        self.doubt -= usize::from(doubtful);
        result
    }

    /// What the test of an arm says of the names in it: `if x is None`, `if not x`, `x == "a"`.
    fn narrow(&mut self, test: &Expr, holds: bool) {
        match &test.kind {
            ExprKind::Not(inner) => self.narrow(inner, !holds),
            ExprKind::Binary {
                op: op @ (BinaryOp::Equal | BinaryOp::NotEqual),
                left,
                right,
            } => {
                let equal = (*op == BinaryOp::Equal) == holds;
                if !equal {
                    return;
                }
                match (&left.kind, &right.kind) {
                    (ExprKind::Name(name), ExprKind::None) => {
                        self.narrow_name(name, Value::None);
                    }
                    (ExprKind::Name(name), ExprKind::Null) => {
                        self.narrow_name(name, Value::Null);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn narrow_name(&mut self, name: &str, value: Value) {
        if matches!(self.lookup(name), Some(Value::Unknown(_))) {
            self.bind(name, value);
        }
    }

    /// The truth of a test. One that only looks at whether something open is there forks by that thing.
    pub fn truth(&mut self, test: &Expr) -> Truth {
        let value = self.eval(test);
        if let Some(switched) = switched(test) {
            return Truth::Known(switched);
        }
        if let Some(known) = self.known_truth(&value) {
            return Truth::Known(known);
        }
        Truth::Open(self.condition(test, &value))
    }

    /// What a test of a value depends on: where each arm is known to be there or not, what holds them apart.
    pub fn tested(&mut self, value: &Value) -> Volatility {
        match value {
            // Whether it is there is all that is asked: what it holds does not matter.
            Value::Choice(choice) if self.each_known(choice) => presence(choice),
            Value::Choice(choice) => {
                let choice = choice.clone();
                let arms = choice.arms.iter().map(|arm| match self.known_truth(arm) {
                    Some(_) => Volatility::constant(),
                    None => self.tested(arm),
                });
                let arms: Vec<Volatility> = arms.collect();
                let own = choice.condition.volatility.clone();
                arms.into_iter().fold(own, worse)
            }
            Value::Text(pieces) => tested_text(pieces),
            _ => self.volatility(value),
        }
    }

    /// Whether every arm of a choice is surely something or surely nothing.
    fn each_known(&self, choice: &Choice) -> bool {
        choice.arms.iter().all(|arm| match arm {
            Value::Choice(inner) => self.each_known(inner),
            other => self.known_truth(other).is_some(),
        })
    }

    pub fn known_truth(&self, value: &Value) -> Option<bool> {
        match value {
            Value::None | Value::Null => Some(false),
            Value::Bool(known) => Some(*known),
            Value::Number(number) | Value::Float(number) => Some(*number != 0.0),
            Value::Text(pieces) => {
                use crate::prompt::Piece;
                if pieces.is_empty() {
                    return Some(false);
                }
                // What the program makes up (a clock, an identifier) is never nothing.
                let sure = |piece: &Piece| match piece {
                    Piece::Text(text) => !text.is_empty(),
                    Piece::Slot(slot) => slot.volatility.origin == Origin::MadeUp,
                    _ => false,
                };
                pieces.iter().any(sure).then_some(true)
            }
            Value::Cell(id) => {
                if let Some(list) = self.heap.list(*id) {
                    if !self.is_python() {
                        return Some(true);
                    }
                    if list.items.is_empty() {
                        return Some(false);
                    }
                    let sure = list.items.iter().any(|item| matches!(item, Item::One(..)));
                    return sure.then_some(true);
                }
                let object = self.heap.object(*id)?;
                if !self.is_python() || object.class.is_some() {
                    return Some(true);
                }
                if object.entries.is_empty() && object.spreads.is_empty() {
                    return Some(false);
                }
                (!object.entries.is_empty()).then_some(true)
            }
            Value::Function(_) | Value::Class(_) | Value::Module(_) => Some(true),
            Value::Unknown(_) => None,
            Value::Choice(choice) => {
                let mut arms = choice.arms.iter().map(|arm| self.known_truth(arm));
                let first = arms.next()??;
                arms.all(|arm| arm == Some(first)).then_some(first)
            }
        }
    }

    // ---- binding ----

    /// The state behind a round: where it ended early is joined in.
    pub fn join_stops(&mut self, stops: Vec<(Rc<Condition>, Delta)>) {
        for (condition, left) in stops.into_iter().rev() {
            self.heap.join_earlier(&condition, &left);
        }
    }
}

/// `ready and False`, `true || x`: what is switched by a literal, whatever stands beside it.
fn switched(test: &Expr) -> Option<bool> {
    match &test.kind {
        ExprKind::Bool(value) => Some(*value),
        ExprKind::Binary { op, left, right } => {
            let decides = match op {
                BinaryOp::And => false,
                BinaryOp::Or => true,
                _ => return None,
            };
            let decided = [left, right].map(|side| switched(side) == Some(decides));
            decided.contains(&true).then_some(decides)
        }
        _ => None,
    }
}

/// `self.disable_prefix_caching`, `noCache`: whoever asks for it knows what it costs.
fn turns_caching_off(option: &str) -> bool {
    let option = option.to_ascii_lowercase();
    let last = option.rsplit('.').next().unwrap_or(&option);
    last.contains("cach")
        && [
            "disable", "bypass", "bust", "skip", "no_", "nocach", "without",
        ]
        .iter()
        .any(|word| last.contains(word))
}

/// What the choosing of an arm depends on.
fn presence(choice: &Choice) -> Volatility {
    let inner = choice.arms.iter().filter_map(|arm| match arm {
        Value::Choice(inner) => Some(presence(inner)),
        _ => None,
    });
    inner.fold(choice.condition.volatility.clone(), worse)
}

/// What it depends on whether a text is there at all.
fn tested_text(pieces: &[Piece]) -> Volatility {
    let sure = |piece: &Piece| match piece {
        Piece::Text(text) => !text.is_empty(),
        Piece::Slot(slot) => slot.volatility.origin == Origin::MadeUp,
        _ => false,
    };
    if pieces.iter().any(sure) {
        return Volatility::constant();
    }
    let of = |piece: &Piece| match piece {
        Piece::Branch(branch) => branch
            .arms
            .iter()
            .map(|arm| tested_text(arm))
            .fold(branch.volatility.clone(), worse),
        Piece::Repeat(repeat) => repeat.volatility.clone(),
        other => pieces_volatility(std::slice::from_ref(other)),
    };
    pieces.iter().map(of).fold(Volatility::constant(), worse)
}
