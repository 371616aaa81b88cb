//! The small language that every host language is lowered to: expressions and statements with spans, nothing of
//! types. The evaluator in `resolve/code/` gives it meaning. Knows nothing of parsers, files or prompts.

use std::sync::Arc;

use crate::frontend::Problem;
use crate::source::{Span, Text};

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Language {
    Python,
    /// TypeScript, TSX and JavaScript: one grammar, one meaning.
    JavaScript,
}

impl Language {
    /// The name of its tables under `rules/volatility/`.
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::JavaScript => "javascript",
        }
    }
}

/// Index into [`Module::functions`].
pub type FunctionId = usize;
/// Index into [`Module::classes`].
pub type ClassId = usize;

/// One file of code.
#[derive(Clone, Debug)]
pub struct Module {
    pub language: Language,
    pub body: Vec<Stmt>,
    /// Every function, method and lambda of the file, outer before inner.
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
    /// Comments with their span and their text without the comment sign, in a file that speaks to the linter.
    pub comments: Vec<(Span, String)>,
    /// Syntax that could not be read; the rest stands.
    pub problems: Vec<Problem>,
}

#[derive(Clone, Debug)]
pub struct Function {
    /// Empty for a lambda that no name is bound to.
    pub name: String,
    /// Of the name where there is one, else of the function's head.
    pub name_span: Span,
    pub span: Span,
    pub kind: FunctionKind,
    pub params: Vec<Param>,
    pub body: Vec<Stmt>,
    pub decorators: Vec<Expr>,
    pub is_async: bool,
    /// Holds a `yield` of its own.
    pub is_generator: bool,
    /// The type of what it returns, as written, on one line.
    pub returns: Option<String>,
    /// Python docstring.
    pub doc: Option<Text>,
    /// The class whose member it is.
    pub class: Option<ClassId>,
    /// The function it stands in.
    pub parent: Option<FunctionId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FunctionKind {
    Function,
    /// Takes the instance as `self` (first parameter in Python, `this` in JavaScript).
    Method,
    Constructor,
    /// Evaluated when the attribute is read (`@property`, `get x()`).
    Getter,
    /// As a getter, kept after the first read (`@cached_property`).
    CachedGetter,
    Setter,
    Static,
    /// First parameter is the class.
    ClassMethod,
    /// An expression body is one `Return`.
    Lambda,
}

#[derive(Clone, Debug)]
pub struct Param {
    pub pattern: Pattern,
    pub span: Span,
    pub default: Option<Expr>,
    pub kind: ParamKind,
    /// The type as written, on one line.
    pub annotation: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    Positional,
    KeywordOnly,
    /// `*args`, `...rest`
    Rest,
    /// `**kwargs`
    KeywordRest,
}

#[derive(Clone, Debug)]
pub struct Class {
    pub name: String,
    pub name_span: Span,
    pub span: Span,
    pub bases: Vec<Expr>,
    /// Names of the types that it says it implements, without their type arguments (`implements Port<T>`).
    pub implements: Vec<String>,
    pub decorators: Vec<Expr>,
    /// Class attributes and fields in order.
    pub fields: Vec<Field>,
    pub methods: Vec<FunctionId>,
    pub doc: Option<Text>,
    /// The function it is defined in.
    pub parent: Option<FunctionId>,
}

#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub span: Span,
    pub value: Option<Expr>,
    pub annotation: Option<String>,
    /// A class attribute: evaluated once per process (every Python class-body assignment, `static x` in JavaScript).
    /// Otherwise evaluated when an instance is made (JavaScript instance fields).
    pub is_static: bool,
}

#[derive(Clone, Debug)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    Expr(Expr),
    /// `a = b = value` has two targets. A declaration without a value binds nothing and is left out, but in
    /// a function of JavaScript, where it is `undefined` until it is set.
    Assign {
        targets: Vec<Pattern>,
        value: Expr,
    },
    /// `a += value`, `a ??= value`, ...
    Augment {
        target: Pattern,
        op: BinaryOp,
        value: Expr,
    },
    If {
        test: Expr,
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// `for x in over`, `for (const x of over)`, `for (const k in over)` (then `keys`), `async for`.
    For {
        pattern: Pattern,
        over: Expr,
        keys: bool,
        body: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    /// `while`, `do`, and `for (;;)` (its initialiser stands before it, its update at the end of the body).
    While {
        test: Option<Expr>,
        body: Vec<Stmt>,
    },
    Return(Option<Expr>),
    /// A yielded value of a generator.
    Yield(Option<Expr>),
    /// A function or class statement binds its name; hoisting is the evaluator's matter.
    Function(FunctionId),
    Class(ClassId),
    Import(Import),
    Export(Export),
    Try {
        body: Vec<Stmt>,
        /// Each handler's body, in order.
        handlers: Vec<Vec<Stmt>>,
        /// Python's `else`.
        otherwise: Vec<Stmt>,
        finally: Vec<Stmt>,
    },
    /// `with a as b, c as d:`; `using x = ...`
    With {
        items: Vec<(Expr, Option<Pattern>)>,
        body: Vec<Stmt>,
    },
    /// `match` and `switch`. Arms that fall through hold the next arm's statements too.
    Match {
        subject: Expr,
        arms: Vec<MatchArm>,
    },
    Break,
    Continue,
    /// `raise`, `throw`.
    Raise,
    /// `global x`, `nonlocal x`.
    Global(Vec<String>),
    Delete(Vec<Pattern>),
    Block(Vec<Stmt>),
}

#[derive(Clone, Debug)]
pub struct MatchArm {
    pub span: Span,
    /// Literal patterns of the arm as written; empty for the default arm (`_`, `default`).
    pub tests: Vec<Expr>,
    /// Names that the pattern binds.
    pub binds: Vec<(String, Span)>,
    pub body: Vec<Stmt>,
}

/// What a module takes from another.
#[derive(Clone, Debug)]
pub struct Import {
    /// The specifier as written: `./prompts.js`, `..pkg.mod`, `openai`. Python's relative imports keep their dots.
    pub module: String,
    pub module_span: Span,
    /// `import a.b as c`, `import * as c`: the name that the module is bound to. `import a.b` binds `a`.
    pub namespace: Option<(String, Span)>,
    pub names: Vec<ImportName>,
    /// `from x import *`
    pub star: bool,
}

#[derive(Clone, Debug)]
pub struct ImportName {
    /// Of the other module; `default` for a default import.
    pub name: String,
    /// In this module.
    pub alias: String,
    pub span: Span,
}

/// What a JavaScript module gives to others. Python exports every name.
#[derive(Clone, Debug)]
pub struct Export {
    /// `export { a as b }`: (local, exported). With `from`, local is the other module's name.
    pub names: Vec<(String, String)>,
    pub from: Option<String>,
    /// `export * from`; with a name `export * as ns from`.
    pub star: Option<Option<String>>,
    /// `export default <expression>`: bound as `default`.
    pub default: Option<Expr>,
    /// `export const x = ..`, `export function f() ..`: the declaration itself, its names exported as they are.
    pub declaration: Vec<Stmt>,
}

/// What an assignment binds.
#[derive(Clone, Debug)]
pub enum Pattern {
    Name(String, Span),
    /// `a.b = `, `a[b] = `: an `Attribute` or `Index` expression.
    Target(Box<Expr>),
    /// `a, b = `, `[a, b] = `
    List(Vec<Pattern>, Span),
    /// `{ a, b: c = 1, ...rest } = `
    Object(Vec<(String, Pattern)>, Option<String>, Span),
    /// `*rest`, `...rest` inside a list.
    Rest(Box<Pattern>),
    /// With a default where what is bound is undefined.
    Default(Box<Pattern>, Box<Expr>),
    /// Nothing is bound.
    Ignore,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A string literal, escapes decoded, mapped to its source. Adjacent Python literals are one.
    Text(Text),
    /// `/pattern/flags`, both as written.
    Regex(String, String),
    Number(f64),
    Bool(bool),
    /// `None`, `undefined`.
    None,
    /// `null`
    Null,
    /// A name; `this` and `super` in JavaScript are names too.
    Name(String),
    Attribute {
        object: Box<Expr>,
        name: String,
        name_span: Span,
    },
    Index {
        object: Box<Expr>,
        index: Box<Expr>,
    },
    /// `a[start:end:step]`
    Slice {
        object: Box<Expr>,
        start: Option<Box<Expr>>,
        end: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    Call {
        callee: Box<Expr>,
        args: Vec<Arg>,
        /// `new X()`
        new: bool,
    },
    /// `` tag`text ${x}` ``
    Tagged {
        tag: Box<Expr>,
        template: Box<Expr>,
    },
    /// f-string, template literal; implicit concatenation of such.
    Format(Vec<FormatPart>),
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    /// `a if t else b`, `t ? a : b`
    Conditional {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// List, tuple, array.
    List(Vec<Item>),
    /// A Python set: its order is not fixed.
    Set(Vec<Item>),
    /// Dict, object literal.
    Object(Vec<Entry>),
    /// `[element for pattern in over if test]`; nested clauses are nested comprehensions over the outer item.
    Comprehension(Box<Comprehension>),
    Lambda(FunctionId),
    /// A class expression.
    Class(ClassId),
    Await(Box<Expr>),
    /// `(a := value)`, `a = value` as an expression; the value is the value.
    Assign {
        target: Box<Pattern>,
        value: Box<Expr>,
    },
    /// `import("./x")`
    Import(Box<Expr>),
    /// What was not understood, with the names that stand in it.
    Opaque(Vec<Expr>),
}

#[derive(Clone, Debug)]
pub enum FormatPart {
    Text(Text),
    Value {
        expr: Expr,
        /// The format spec as written (`%Y-%m-%d`, `.2f`), where there is one and it is literal.
        spec: Option<String>,
        /// With its braces: where the value lands.
        span: Span,
    },
}

#[derive(Clone, Debug)]
pub struct Arg {
    pub span: Span,
    pub value: Expr,
    pub kind: ArgKind,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ArgKind {
    Positional,
    Keyword(String),
    /// `*args`, `...args`
    Spread,
    /// `**kwargs`
    KeywordSpread,
}

#[derive(Clone, Debug)]
pub enum Item {
    One(Expr),
    /// `*xs`, `...xs`
    Spread(Expr),
}

#[derive(Clone, Debug)]
pub enum Entry {
    /// The key is a `Text` where it is written as a name or a string.
    Pair { key: Expr, value: Expr, span: Span },
    /// `**a`, `...a`
    Spread(Expr),
}

#[derive(Clone, Debug)]
pub struct Comprehension {
    pub kind: ComprehensionKind,
    pub element: Expr,
    /// Of a dict: the key.
    pub key: Option<Expr>,
    pub pattern: Pattern,
    pub over: Expr,
    pub test: Option<Expr>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ComprehensionKind {
    List,
    Set,
    Dict,
    Generator,
    /// The element is itself a sequence that is spliced in: an inner `for` clause.
    Flat,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    Add,
    /// `%`: Python formatting or a remainder.
    Remainder,
    Multiply,
    Subtract,
    /// Other arithmetic.
    Arithmetic,
    /// `or`, `||`
    Or,
    /// `and`, `&&`
    And,
    /// `??`
    Nullish,
    /// `==`, `===`, `is`
    Equal,
    /// `!=`, `!==`, `is not`
    NotEqual,
    /// `<`, `>=`, `in`, `not in`, ...
    Compare,
    /// `|`: union of dicts and sets.
    Union,
}

impl Expr {
    pub fn new(span: Span, kind: ExprKind) -> Expr {
        Expr { span, kind }
    }

    pub fn opaque(span: Span) -> Expr {
        Expr::new(span, ExprKind::Opaque(Vec::new()))
    }

    /// The dotted path of names and attributes (`self.client.chat`), if the expression is one.
    pub fn dotted(&self) -> Option<String> {
        match &self.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Attribute { object, name, .. } => {
                Some(format!("{}.{name}", object.dotted()?))
            }
            ExprKind::Await(inner) => inner.dotted(),
            _ => None,
        }
    }

    /// The expressions that an expression is made of, in the order in which they are written; keys of objects and what
    /// is bound are none.
    pub fn parts(&self, each: &mut dyn FnMut(&Expr)) {
        match &self.kind {
            ExprKind::Attribute { object, .. } => each(object),
            ExprKind::Index { object, index } => {
                each(object);
                each(index);
            }
            ExprKind::Slice {
                object, start, end, ..
            } => {
                each(object);
                start.iter().chain(end).for_each(|bound| each(bound));
            }
            ExprKind::Call { callee, args, .. } => {
                each(callee);
                args.iter().for_each(|arg| each(&arg.value));
            }
            ExprKind::Tagged { tag, template } => {
                each(tag);
                each(template);
            }
            ExprKind::Format(parts) => {
                for part in parts {
                    if let FormatPart::Value { expr, .. } = part {
                        each(expr);
                    }
                }
            }
            ExprKind::Binary { left, right, .. } => {
                each(left);
                each(right);
            }
            ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Await(inner)
            | ExprKind::Import(inner) => each(inner),
            ExprKind::Conditional {
                test,
                then,
                otherwise,
            } => {
                each(test);
                each(then);
                each(otherwise);
            }
            ExprKind::List(items) | ExprKind::Set(items) => {
                for item in items {
                    match item {
                        Item::One(expr) | Item::Spread(expr) => each(expr),
                    }
                }
            }
            ExprKind::Object(entries) => {
                for entry in entries {
                    match entry {
                        Entry::Pair { value, .. } => each(value),
                        Entry::Spread(expr) => each(expr),
                    }
                }
            }
            ExprKind::Comprehension(comprehension) => {
                each(&comprehension.over);
                each(&comprehension.element);
                comprehension.key.iter().for_each(&mut *each);
                comprehension.test.iter().for_each(each);
            }
            ExprKind::Assign { value, .. } => each(value),
            ExprKind::Opaque(parts) => parts.iter().for_each(each),
            _ => {}
        }
    }

    /// The text of a string literal.
    pub fn literal(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }
}

impl Module {
    pub fn empty(language: Language) -> Module {
        Module {
            language,
            body: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            comments: Vec::new(),
            problems: Vec::new(),
        }
    }
}

/// A shared module: parsed once, read by many evaluations.
pub type SharedModule = Arc<Module>;
