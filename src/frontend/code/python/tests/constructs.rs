//! One line per construct.

use super::printed;

fn check(table: &[(&str, &str)]) {
    for (source, expected) in table {
        assert_eq!(printed(source), *expected, "{source}");
    }
}

#[test]
fn expressions() {
    check(&[
        ("a.b.c", "a.b.c"),
        ("f(1, *xs, k=2, **kw)", "f(1, *xs, k=2, **kw)"),
        ("f(x for x in y)", "f(Generator<x for x in y>)"),
        ("f((*xs), (a))", "f(*xs, a)"),
        ("a[0]", "a[0]"),
        ("a[1:2]", "a[1:2:]"),
        ("a[::2]", "a[::2]"),
        ("a[:-1]", "a[:(Negate 1):]"),
        ("a[1, 2]", "a[[1, 2]]"),
        ("[1, *xs]", "[1, *xs]"),
        ("(1, 2)", "[1, 2]"),
        ("1, *b", "[1, *b]"),
        ("()", "[]"),
        ("{1, *s}", "set[1, *s]"),
        ("{'a': 1, **b, c: 2}", "{\"a\": 1, **b, c: 2}"),
        ("{}", "{}"),
        ("((((a))))", "a"),
        ("a if b else c", "(b ? a : c)"),
        ("(x := f(1))", "(x := f(1))"),
        ("await f()", "await f()"),
        ("not a", "(Not a)"),
        ("-a", "(Negate a)"),
        ("+a", "a"),
        ("~a", "?(a)"),
        ("...", "?()"),
        ("None, True, False", "[None, true, false]"),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("1_000", "1000"),
        ("0xFF", "255"),
        ("0o17", "15"),
        ("0b101", "5"),
        ("1.5e3", "1500"),
        (".5", "0.5"),
        ("10L", "10"),
        ("2j", "?()"),
    ]);
}

#[test]
fn operators() {
    check(&[
        ("a + b + c", "(Add (Add a b) c)"),
        ("a + (b + c)", "(Add a (Add b c))"),
        ("a % b", "(Remainder a b)"),
        ("a * 3", "(Multiply a 3)"),
        ("a | b", "(Union a b)"),
        ("a - b - c", "(Subtract (Subtract a b) c)"),
        ("a ** b // c", "(Arithmetic (Arithmetic a b) c)"),
        ("a or b and c", "(Or a (And b c))"),
        ("a == b", "(Equal a b)"),
        ("a is not None", "(NotEqual a None)"),
        ("a is None", "(Equal a None)"),
        ("a not in b", "(Compare a b)"),
        ("a in b", "(Compare a b)"),
        ("a < b < c", "(And (Compare a b) (Compare b c))"),
        ("a < f() < c", "?(a, f(), c)"),
        ("a <> b", "(NotEqual a b)"),
    ]);
}

#[test]
fn long_chains_are_balanced_in_order() {
    let terms: Vec<String> = (0..1000).map(|each| format!("t{each}")).collect();
    let printed = printed(&terms.join(" + "));
    let deepest = printed
        .split(|sign| sign != '(' && sign != ' ')
        .map(str::len)
        .max();
    assert!(deepest < Some(256), "{deepest:?}");
    let order: Vec<&str> = printed
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| word.starts_with('t'))
        .collect();
    assert_eq!(order, terms);
}

#[test]
fn assignments() {
    check(&[
        ("a = 1", "a = 1"),
        ("a = b = c", "a = b = c"),
        ("a: int = 1", "a = 1"),
        ("a: int", ""),
        ("a, *b = c", "[a *b] = c"),
        ("(a, [b, c]) = d", "[a [b c]] = d"),
        ("a.b = a['k'] = 1", "a.b = a[\"k\"] = 1"),
        ("a = 1, 2", "a = [1, 2]"),
        ("a += b", "a Add= b"),
        ("a |= b", "a Union= b"),
        ("a *= b", "a Multiply= b"),
        ("a %= b", "a Remainder= b"),
        ("a -= b", "a Subtract= b"),
        ("a[0] += 'x'", "a[0] Add= \"x\""),
        ("a = lambda x, *y: x", "a = Lambda def a(x, *y) {return x}"),
        ("a = yield b", "yield b; a = ?()"),
        ("del a, b.c", "del a b.c"),
        ("type X = int", "X = ?()"),
        ("global a, b", "global a b"),
        ("match = type = print", "match = type = print"),
    ]);
}

#[test]
fn comprehensions() {
    check(&[
        (
            "[f(x) for x in y if x if z]",
            "List<f(x) for x in y if (And x z)>",
        ),
        ("{x for x in y}", "Set<x for x in y>"),
        (
            "{k: v for k, v in d.items()}",
            "Dict<k: v for [k v] in d.items()>",
        ),
        ("(x async for x in y)", "Generator<x for x in y>"),
        (
            "[c for a in b if p for c in a if q]",
            "Flat<List<c for c in a if q> for a in b if p>",
        ),
    ]);
}

#[test]
fn control_flow() {
    check(&[
        (
            "if a:\n  b\nelif c:\n  d\nelse:\n  e\n",
            "if a {b} else {if c {d} else {e}}",
        ),
        ("if a: b; c", "if a {b; c}"),
        ("for a, b in c:\n  d\n  continue\nelse:\n  e\n", "for [a b] in c {d; continue} else {e}"),
        ("async for a in b: c", "for a in b {c}"),
        ("while a:\n  break\nelse:\n  b\n", "while a {break}; if ?() {b}"),
        (
            "try:\n  a\nexcept E as e:\n  b\nexcept (F, G):\n  c\nexcept:\n  d\nelse:\n  x\nfinally:\n  y\n",
            "try {a} except {e = ?(); b} except {c} except {d} else {x} finally {y}",
        ),
        ("try:\n  a\nexcept* E:\n  b\n", "try {a} except {b}"),
        ("with a as b, c: d", "with a as b, c {d}"),
        ("with (a as b, c() as d,):\n  e\n", "with a as b, c() as d {e}"),
        ("async with a() as (b, c): d", "with a() as [b c] {d}"),
        ("assert a, b", "a; b"),
        ("raise E('x') from e", "raise"),
        ("pass", ""),
    ]);
}

#[test]
fn matches() {
    check(&[
        (
            "match a:\n  case 1: b\n  case -2: c\n",
            "match a [1] {b} [(Negate 2)] {c}",
        ),
        (
            "match a:\n  case 'x' | 'y': b\n  case _: c\n",
            "match a [\"x\", \"y\"] {b} [] {c}",
        ),
        (
            "match a:\n  case None: b\n  case x: c\n",
            "match a [None] {b} [] as x {c}",
        ),
        ("match a:\n  case K.A: b\n", "match a [K.A] {b}"),
        (
            "match a:\n  case P(x=1, y=z): b\n",
            "match a [?()] as z {b}",
        ),
        (
            "match a:\n  case [x, *rest]: b\n",
            "match a [?()] as x rest {b}",
        ),
        (
            "match a:\n  case {'k': v, **rest}: b\n",
            "match a [?()] as v rest {b}",
        ),
        ("match a:\n  case 1 if c: b\n", "match a [?(1, c)] {b}"),
        (
            "match a:\n  case (1 | 2) as x: b\n",
            "match a [1, 2] as x {b}",
        ),
        ("match a:\n  case 1 | _: b\n", "match a [] {b}"),
        (
            "match a, b:\n  case 1, x: c\n",
            "match [a, b] [?()] as x {c}",
        ),
    ]);
}

#[test]
fn functions() {
    check(&[
        (
            "def f(a, /, b: int = 1, *c: str, d, e=2, **g) -> str:\n  return a\n",
            "def f(a, b: int = 1, *c: str, kw d, kw e = 2, **g) {return a}",
        ),
        (
            "def f(*, a: dict[\n  str, int]): pass",
            "def f(kw a: dict[ str, int]) {}",
        ),
        (
            "async def f():\n  'doc'\n  await g()\n",
            "async def f() \"doc\" {\"doc\"; await g()}",
        ),
        (
            "def f():\n  yield 1\n  yield\n",
            "generator def f() {yield 1; yield}",
        ),
        (
            "def f():\n  yield from g()\n",
            "generator def f() {for yield from in g() {yield yield from}}",
        ),
        (
            "def f():\n  x = [(yield)]\n",
            "generator def f() {x = [?()]}",
        ),
        (
            "def f():\n  def g(): yield\n",
            "def f() {generator def g() {yield}}",
        ),
        ("@a.b(1)\n@c\ndef f(): pass", "@a.b(1) @c def f() {}"),
        ("def f[T](x: T): return x", "def f(x: T) {return x}"),
        (
            "sorted(x, key=lambda a, b=1: a)",
            "sorted(x, key=Lambda def (a, b = 1) {return a})",
        ),
    ]);
}

#[test]
fn classes() {
    check(&[
        (
            "class A(B, m.C[D], metaclass=M): pass",
            "class A(B, m.C[D]) {}",
        ),
        (
            "@dataclass\nclass A:\n  \"\"\"Doc.\"\"\"\n  x: int\n  y: str = 'a'\n  z = 1\n",
            "@dataclass class A() \"Doc.\" {x: int; y: str = \"a\"; z = 1}",
        ),
        (
            "class A:\n  a = b = 1\n  c, d = e\n",
            "class A() {a = 1; b = 1; c = ?(); d = ?()}",
        ),
        (
            "class A:\n  class B:\n    x: int\n",
            "class A() {B = class B() {x: int}}",
        ),
        (
            "class A:\n  if T:\n    x: int\n    def f(self): pass\n",
            "class A() {x: int; Method def f(self) {}}",
        ),
    ]);
}

#[test]
fn members_know_what_they_are() {
    let kinds = [
        ("def f(self): pass", "Method"),
        ("def __init__(self): pass", "Constructor"),
        ("def __post_init__(self): pass", "Method"),
        ("@property\n  def f(self): pass", "Getter"),
        (
            "@functools.cached_property\n  def f(self): pass",
            "CachedGetter",
        ),
        ("@f.setter\n  def f(self, v): pass", "Setter"),
        ("@staticmethod\n  def f(): pass", "Static"),
        ("@classmethod\n  def f(cls): pass", "ClassMethod"),
        ("def __new__(cls): pass", "ClassMethod"),
        (
            "@computed_field()\n  @property\n  def f(self): pass",
            "Getter",
        ),
    ];
    for (member, kind) in kinds {
        let module = super::lowered(&format!("class A:\n  {member}\n"));
        assert_eq!(format!("{:?}", module.functions[0].kind), kind, "{member}");
        assert_eq!(module.functions[0].class, Some(0));
    }
}

#[test]
fn functions_know_what_they_stand_in() {
    let source = "class A:\n  def f(self):\n    def g(): return lambda: 1\n    class B:\n      def h(self): pass\n";
    let module = super::lowered(source);
    let places: Vec<_> = module
        .functions
        .iter()
        .map(|function| (function.name.as_str(), function.class, function.parent))
        .collect();
    let expected = [
        ("f", Some(0), None),
        ("g", None, Some(0)),
        ("", None, Some(1)),
        ("h", Some(1), Some(0)),
    ];
    assert_eq!(places, expected);
    assert_eq!(module.classes[1].parent, Some(0));
}

#[test]
fn imports() {
    check(&[
        ("import a.b, c as d", "import a.b as a; import c as d"),
        ("from a.b import c, d as e", "import a.b c:c d:e"),
        ("from . import x", "import . x:x"),
        ("from ..p.q import (x,\n  y as z,)", "import ..p.q x:x y:z"),
        ("from a import *", "import a *"),
        (
            "from __future__ import annotations",
            "import __future__ annotations:annotations",
        ),
        (
            "if TYPE_CHECKING:\n  from a import B\n",
            "if TYPE_CHECKING {import a B:B}",
        ),
    ]);
}

#[test]
fn names_of_imports_have_their_span() {
    let source = "from a import b as c\nimport x.y\n";
    let module = super::lowered(source);
    let crate::frontend::code::ir::StmtKind::Import(from) = &module.body[0].kind else {
        panic!("no import");
    };
    let at = from.names[0].span;
    assert_eq!(&source[at.start..at.end], "c");
    let crate::frontend::code::ir::StmtKind::Import(import) = &module.body[1].kind else {
        panic!("no import");
    };
    let at = import
        .namespace
        .as_ref()
        .map(|name| name.1)
        .unwrap_or_default();
    assert_eq!(&source[at.start..at.end], "x");
}

#[test]
fn comments_are_kept_wherever_they_stand() {
    let source =
        "#prefixlint: x\na = [  # one\n  1, # two\n]\r\n# three\r\ns = '# no'\nf(# four\n)\n";
    let module = super::lowered(source);
    let texts: Vec<_> = module
        .comments
        .iter()
        .map(|comment| comment.1.as_str())
        .collect();
    assert_eq!(texts, ["prefixlint: x", " one", " two", " three", " four"]);
    for (at, text) in &module.comments {
        assert_eq!(source[at.start..at.end], format!("#{text}"));
    }
}

#[test]
fn comments_between_parts_change_nothing() {
    check(&[
        (
            "x = (  # a\n  b  # c\n  if d  # e\n  else g\n)",
            "x = (d ? b : g)",
        ),
        ("x = ('a'  # one\n  'b')", "x = \"ab\""),
        ("f(  # a\n  1,\n  # b\n)", "f(1)"),
        ("x = a \\\n  + b", "x = (Add a b)"),
        ("if a:  # x\n  # y\n  b\n# z\n", "if a {b}"),
    ]);
}
