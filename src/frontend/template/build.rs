//! Puts the nodes of a template together from the actions of its tags, with a stack of open blocks and no recursion.
//! Knows no dialect: a dialect says what a tag does, this says what becomes of it, also where blocks do not match.

use super::tree::{Arm, Expr, ExprKind, For, Include, Node, Tree};
use crate::frontend::Problem;
use crate::source::{Span, Text};

/// How deep blocks and expressions may nest.
pub(super) const NESTING_LIMIT: usize = 256;

/// How many problems of one template are worth telling apart.
const PROBLEM_LIMIT: usize = 100;

/// What a tag does.
pub(super) enum Action {
    /// It stands for these nodes (none: it sends nothing).
    Nodes(Vec<Node>),
    Open(Block, String),
    /// `else` and, with a condition, `elif`.
    Else(Option<Expr>),
    /// `{{else each x}}`: an else arm that holds one block, closed together with the outer one.
    ElseOpen(Block),
    /// `{% when a, b %}`
    When(Vec<Expr>),
    /// `{% pluralize n %}`: the arm of a translation for any count but one, with the count where it is named.
    Plural(Option<Expr>),
    /// An end tag by what the start tag announced; empty closes whatever is open.
    Close(String),
    /// Not understood: literal text.
    Text(String, Option<String>),
}

/// A block that is open.
pub(super) enum Block {
    If(Option<Expr>),
    Case(Expr),
    For {
        targets: Vec<String>,
        iter: Expr,
        maybe_condition: bool,
    },
    Capture(String),
    Macro(String, Vec<(String, Option<Expr>)>),
    Call(Vec<(String, Option<Expr>)>, Expr),
    Named(String),
    With(Vec<(String, Expr)>),
    /// `{% trans n=x %}`: a scope that may have an arm for one and an arm for many.
    Translation(Vec<(String, Expr)>),
    Wrapped(String, Vec<Expr>),
    Partial(Expr, Vec<(String, Expr)>),
}

impl Block {
    fn takes_else(&self, with_condition: bool) -> bool {
        match self {
            Block::If(_) | Block::Case(_) => true,
            Block::For { .. } | Block::Wrapped(..) | Block::With(_) => !with_condition,
            _ => false,
        }
    }
}

struct Frame {
    block: Block,
    end: String,
    head: Span,
    body: Vec<Node>,
    /// Finished arms.
    arms: Vec<Arm>,
    /// The condition and the tag of the arm that is being filled.
    condition: Option<Expr>,
    arm: Span,
    /// Whether an `else` was seen.
    otherwise: bool,
    /// Closed together with the frame below.
    chained: bool,
}

pub(super) struct Builder<'a> {
    text: &'a Text,
    nodes: Vec<Node>,
    stack: Vec<Frame>,
    problems: Vec<Problem>,
    /// Problems beyond the limit, and the place of the first.
    dropped: usize,
    dropped_at: Span,
    /// Blocks opened beyond the nesting limit.
    sunk: usize,
    too_deep: bool,
}

impl<'a> Builder<'a> {
    pub fn new(text: &'a Text) -> Self {
        Builder {
            text,
            nodes: Vec::new(),
            stack: Vec::new(),
            problems: Vec::new(),
            dropped: 0,
            dropped_at: Span::default(),
            sunk: 0,
            too_deep: false,
        }
    }

    pub fn problem(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEM_LIMIT {
            self.problems.push(problem);
            return;
        }
        if self.dropped == 0 {
            self.dropped_at = problem.span;
        }
        self.dropped += 1;
    }

    fn body(&mut self) -> &mut Vec<Node> {
        match self.stack.last_mut() {
            Some(frame) => &mut frame.body,
            None => &mut self.nodes,
        }
    }

    /// Literal text; joins the text in front of it.
    pub fn text(&mut self, text: Text) {
        if text.is_empty() {
            return;
        }
        if let Some(Node::Text(last)) = self.body().last_mut() {
            last.push(&text);
            return;
        }
        self.body().push(Node::Text(text));
    }

    pub fn node(&mut self, node: Node) {
        self.body().push(node);
    }

    /// Does what the tag at the decoded range says.
    pub fn apply(&mut self, action: Action, from: usize, to: usize) {
        let span = self.text.span(from, to);
        match action {
            Action::Nodes(nodes) => nodes.into_iter().for_each(|node| self.node(node)),
            Action::Open(block, end) => self.open(block, end, span, false),
            Action::Else(condition) => {
                self.else_arm(condition, from, to);
            }
            Action::ElseOpen(block) => {
                if self.else_arm(None, from, to) {
                    self.open(block, String::new(), span, true);
                }
            }
            Action::Plural(count) => self.plural(count, from, to),
            Action::When(values) => self.when(values, from, to),
            Action::Close(end) => self.close(&end, from, to),
            Action::Text(message, help) => self.degrade(message, help, from, to),
        }
    }

    /// The source stands as literal text, with a problem.
    pub fn degrade(&mut self, message: String, help: Option<String>, from: usize, to: usize) {
        let mut problem = Problem::new(self.text.span(from, to), message);
        problem.help = help;
        self.problem(problem);
        self.text(self.text.slice(from, to));
    }

    fn open(&mut self, block: Block, end: String, span: Span, chained: bool) {
        if self.stack.len() >= NESTING_LIMIT {
            if !chained {
                self.sunk += 1;
            }
            if !self.too_deep {
                self.too_deep = true;
                let message = format!("blocks nest deeper than {NESTING_LIMIT}");
                let problem = Problem::new(span, message);
                self.problem(
                    problem.with_help("what is deeper is read as if it stood at this depth"),
                );
            }
            return;
        }
        let (condition, block) = match block {
            Block::If(condition) => (condition, Block::If(None)),
            other => (None, other),
        };
        self.stack.push(Frame {
            block,
            end,
            head: span,
            body: Vec::new(),
            arms: Vec::new(),
            condition,
            arm: span,
            otherwise: false,
            chained,
        });
    }

    /// Closes what is open above the innermost block that fits; its frame.
    fn reach(&mut self, fits: impl Fn(&Frame) -> bool) -> Option<&mut Frame> {
        let found = self.stack.iter().rposition(fits)?;
        while self.stack.len() > found + 1 {
            self.pop(None);
        }
        self.stack.last_mut()
    }

    /// Whether an open block took the arm.
    fn else_arm(&mut self, condition: Option<Expr>, from: usize, to: usize) -> bool {
        if self.sunk > 0 {
            return false;
        }
        let span = self.text.span(from, to);
        let conditional = condition.is_some();
        let Some(frame) = self.reach(|frame| frame.block.takes_else(conditional)) else {
            self.degrade("`else` without an open block".into(), None, from, to);
            return false;
        };
        if frame.otherwise {
            let problem = Problem::new(span, "an `else` behind the last arm of its block");
            self.problem(problem);
            return false;
        }
        frame.finish_arm(condition, span);
        frame.otherwise = !conditional;
        true
    }

    fn plural(&mut self, count: Option<Expr>, from: usize, to: usize) {
        if self.sunk > 0 {
            return;
        }
        let span = self.text.span(from, to);
        let open = self.reach(|frame| matches!(frame.block, Block::Translation(_)));
        match open {
            Some(frame) if frame.arms.is_empty() => frame.finish_arm(count, span),
            Some(_) => self.problem(Problem::new(span, "a second `pluralize` in its block")),
            None => self.degrade("`pluralize` without an open `trans`".into(), None, from, to),
        }
    }

    fn when(&mut self, values: Vec<Expr>, from: usize, to: usize) {
        if self.sunk > 0 {
            return;
        }
        let span = self.text.span(from, to);
        let Some(frame) = self.reach(|frame| matches!(frame.block, Block::Case(_))) else {
            self.degrade("`when` without an open `case`".into(), None, from, to);
            return;
        };
        let Block::Case(subject) = &frame.block else {
            return;
        };
        let mut tests = values.into_iter().map(|value| {
            let at = value.span;
            Expr::new(
                ExprKind::Binary("==".into(), Box::new(subject.clone()), Box::new(value)),
                at,
            )
        });
        let Some(first) = tests.next() else {
            return;
        };
        let condition = tests.take(NESTING_LIMIT).fold(first, |left, right| {
            let at = left.span.to(right.span);
            Expr::new(
                ExprKind::Binary("or".into(), Box::new(left), Box::new(right)),
                at,
            )
        });
        frame.finish_arm(Some(condition), span);
    }

    fn close(&mut self, end: &str, from: usize, to: usize) {
        if self.sunk > 0 {
            self.sunk -= 1;
            return;
        }
        let fits = |frame: &Frame| !frame.chained && (end.is_empty() || frame.end == end);
        if self.reach(fits).is_none() {
            let message = if end.is_empty() {
                "an end without an open block".to_string()
            } else {
                format!("`{end}` without an open block")
            };
            self.degrade(message, None, from, to);
            return;
        }
        let span = self.text.span(from, to);
        self.pop(Some(span));
    }

    /// Closes the innermost block; without an end tag it is a problem.
    fn pop(&mut self, end: Option<Span>) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        if end.is_none() && !frame.chained {
            let mut problem = Problem::new(frame.head, "this block is not closed");
            if !frame.end.is_empty() {
                problem = problem.with_help(format!("expected `{}`", frame.end));
            }
            self.problem(problem);
        }
        let span = match end {
            Some(end) => frame.head.to(end),
            None => frame.head.to(frame.last_span()),
        };
        let node = frame.finish(span);
        self.node(node);
    }

    pub fn finish(mut self) -> Tree {
        while !self.stack.is_empty() {
            self.pop(None);
        }
        if self.dropped > 0 {
            let message = format!("{} more problems", self.dropped);
            self.problems.push(Problem::new(self.dropped_at, message));
        }
        self.problems.sort_by_key(|problem| problem.span);
        Tree {
            nodes: self.nodes,
            problems: self.problems,
        }
    }
}

impl Frame {
    fn finish_arm(&mut self, next: Option<Expr>, span: Span) {
        self.arms.push(Arm {
            condition: self.condition.take(),
            body: std::mem::take(&mut self.body),
            span: self.arm,
        });
        self.condition = next;
        self.arm = span;
    }

    fn last_span(&self) -> Span {
        self.body.last().map_or(self.arm, Node::span)
    }

    fn finish(mut self, span: Span) -> Node {
        let otherwise = self.otherwise;
        self.finish_arm(None, span);
        let mut arms = self.arms;
        match self.block {
            Block::If(_) => Node::If { arms, span },
            Block::Case(_) => {
                // What stands in front of the first `when` is never sent.
                arms.remove(0);
                Node::If { arms, span }
            }
            Block::Translation(bindings) => translation(bindings, arms, span),
            Block::Wrapped(name, args) if otherwise => {
                let callee = Expr::new(ExprKind::Name(name), self.head);
                let call = ExprKind::Call(Box::new(callee), args, Vec::new());
                arms[0].condition = Some(Expr::new(call, self.head));
                Node::If { arms, span }
            }
            Block::With(bindings) if otherwise => {
                let value = bindings.first().map(|(_, value)| value.clone());
                arms[0].condition = value;
                let body = std::mem::take(&mut arms[0].body);
                let at = arms[0].span;
                arms[0].body = vec![Node::With {
                    bindings,
                    body,
                    span: at,
                }];
                Node::If { arms, span }
            }
            block => {
                let mut bodies = arms.into_iter().map(|arm| arm.body);
                let body = bodies.next().unwrap_or_default();
                let otherwise = bodies.next().unwrap_or_default();
                block.finish(body, otherwise, self.head, span)
            }
        }
    }
}

impl Block {
    fn finish(self, body: Vec<Node>, otherwise: Vec<Node>, head: Span, span: Span) -> Node {
        match self {
            Block::For {
                targets,
                iter,
                maybe_condition,
            } => Node::For(Box::new(For {
                targets,
                iter,
                body,
                otherwise,
                span,
                head,
                maybe_condition,
            })),
            Block::Capture(name) => Node::Capture { name, body, span },
            Block::Macro(name, params) => Node::Macro {
                name,
                params,
                body,
                span,
            },
            Block::Call(params, callee) => Node::CallBlock {
                params,
                callee,
                body,
                span,
            },
            Block::Named(name) => Node::Block { name, body, span },
            Block::With(bindings) => Node::With {
                bindings,
                body,
                span,
            },
            Block::Wrapped(name, args) => Node::Wrapped {
                name,
                args,
                body,
                span,
            },
            Block::Partial(target, bindings) => Node::Include(Include {
                target,
                bindings,
                fallback: body,
                ignore_missing: true,
                isolated: false,
                indent: String::new(),
                span,
            }),
            Block::If(condition) => Node::If {
                arms: vec![Arm {
                    condition,
                    body,
                    span: head,
                }],
                span,
            },
            Block::Translation(bindings) => Node::With {
                bindings,
                body,
                span,
            },
            Block::Case(_) => Node::With {
                bindings: Vec::new(),
                body,
                span,
            },
        }
    }
}

/// A translated text: one of two arms where it is pluralised. The count is the one that `pluralize` names, else
/// the first that the block binds, else the first value that it prints.
fn translation(bindings: Vec<(String, Expr)>, mut arms: Vec<Arm>, span: Span) -> Node {
    let many = match arms.len() {
        2 => arms.pop(),
        _ => None,
    };
    let mut one = arms.pop().unwrap_or(Arm {
        condition: None,
        body: Vec::new(),
        span,
    });
    let Some(mut many) = many else {
        return Node::With {
            bindings,
            body: one.body,
            span,
        };
    };
    let named = many.condition.take();
    let bound = bindings
        .first()
        .map(|(name, value)| Expr::new(ExprKind::Name(name.clone()), value.span));
    let printed = one.body.iter().find_map(|node| match node {
        Node::Output { expr, .. } => Some(expr.clone()),
        _ => None,
    });
    let at = many.span;
    let count = named.or(bound).or(printed);
    let count = count.unwrap_or_else(|| Expr::new(ExprKind::Opaque("count".into()), at));
    let place = count.span;
    let single = Expr::new(ExprKind::Number(1.0), place);
    let test = ExprKind::Binary("==".into(), Box::new(count), Box::new(single));
    one.condition = Some(Expr::new(test, place));
    let arms = vec![one, many];
    Node::With {
        bindings,
        body: vec![Node::If { arms, span }],
        span,
    }
}
