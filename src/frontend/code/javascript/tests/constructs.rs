//! Source -> compact form, by kind of construct.

use super::{clean, table};
use crate::frontend::code::ir::{ExprKind, FunctionKind, StmtKind};

#[test]
fn literals() {
    table(
        "a.ts",
        &[
            ("'a\\n\\t\\'\\\"\\\\'", r#""a\n\t'\"\\""#),
            (r#""\x41\u0042\u{1F600}\uD83D\uDE00\0""#, "\"AB😀😀\\0\""),
            (r#""\ud83d""#, "\"\u{fffd}\""),
            ("'a\\\nb\\\r\nc'", "\"abc\""),
            ("'\\q'", "\"q\""),
            ("``", "\"\""),
            ("`plain \\` \\${x}`", "\"plain ` ${x}\""),
            ("`a${b}c${d + 1}`", r#"f("a" b "c" (d Add 1))"#),
            ("`${a}${b}`", "f(a b)"),
            ("`a${`b${c}`}`", r#"f("a" f("b" c))"#),
            ("`a\r\nb\rc`", r#""a\nb\nc""#),
            ("dedent`a${b}`", r#"tagged(dedent, f("a" b))"#),
            ("String.raw`a`", r#"tagged(String.raw, "a")"#),
            (
                "[1_000, 0xff, 0b11, 0o17, 1e3, .5, 10n]",
                "[1000, 255, 3, 15, 1000, 0.5, 10]",
            ),
            (
                "[true, false, null, undefined]",
                "[true, false, none, none]",
            ),
            ("x = /a\\/\\{\\{N\\}\\}/gi", "x = /a\\/\\{\\{N\\}\\}/gi"),
            ("[, a, , b]", "[none, a, none, b]"),
            ("[...a, b]", "[...a, b]"),
        ],
    );
}

#[test]
fn objects() {
    table(
        "a.ts",
        &[
            (
                "x = {a: 1, 'b c': 2, 3: 4, d}",
                r#"x = {"a": 1, "b c": 2, 3: 4, "d": d}"#,
            ),
            (
                "x = {[k]: 1, [`a${b}`]: 2, ...c}",
                r#"x = {k: 1, f("a" b): 2, ...c}"#,
            ),
            (
                "x = {m(a) { return a }}",
                r#"x = {"m": lambda m(a) {return a}}"#,
            ),
            ("x = {async *g() {}}", r#"x = {"g": async lambda* g() {}}"#),
            (
                "x = {get v() { return 1 }}",
                r#"x = {"v": lambda v() {return 1}()}"#,
            ),
            ("x = {f: () => 1}", r#"x = {"f": lambda f() {return 1}}"#),
        ],
    );
}

#[test]
fn operators() {
    table(
        "a.ts",
        &[
            ("x = a + b - c", "x = ((a Add b) Subtract c)"),
            ("x = a || b && c", "x = (a Or (b And c))"),
            ("x = a ?? b", "x = (a Nullish b)"),
            ("x = a === b != c", "x = ((a Equal b) NotEqual c)"),
            (
                "x = a in b, y = a instanceof b",
                "x = (a Compare b); y = (a Compare b)",
            ),
            ("x = a | b", "x = (a Arithmetic b)"),
            ("x = a % 2 * 3", "x = ((a Remainder 2) Multiply 3)"),
            ("x = !a ? -b : +1", "x = (not(a) ? -b : 1)"),
            ("x = typeof a", "x = opaque(a)"),
            ("x = void f()", "x = [f(), none][1]"),
            ("x = (a, b)", "a; x = b"),
            ("f((a, b))", "f([a, b][1])"),
            ("x = i++", "x = [i, (i := (i Add 1))][0]"),
            ("x = --i", "x = (i := (i Subtract 1))"),
            ("f(a = 1)", "f((a := 1))"),
            ("f(a.b ||= 1)", "f((a.b := (a.b Or 1)))"),
            ("x = await f()", "x = await f()"),
        ],
    );
}

#[test]
fn calls_and_access() {
    table(
        "a.ts",
        &[
            ("a.b.c(1, ...d)", "a.b.c(1, ...d)"),
            ("a?.b?.[c]?.(d)", "a.b[c](d)"),
            ("new A(1); new B; new a.B()", "new A(1); new B(); new a.B()"),
            ("f<T>(x)", "f(x)"),
            ("this.#p", "this.#p"),
            ("super.m(1)", "super.m(1)"),
            ("x = require('y')", r#"x = require("y")"#),
            ("x = await import('./y')", r#"x = await import("./y")"#),
            ("import.meta.url", "import.meta.url"),
            ("new.target", "new.target"),
            ("f(/* a */ x /* b */)", "f(x)"),
        ],
    );
}

#[test]
fn types_are_transparent() {
    table(
        "a.ts",
        &[
            ("x = a as const", "x = a"),
            ("x = (a as B).c!.d satisfies E", "x = a.c.d"),
            ("x = <T>a", "x = a"),
            (
                "const x: Map<string, number> = new Map<string, number>()",
                "x = new Map()",
            ),
            ("interface A { b: string } type C = A | 'x'", ""),
            ("declare const a: string; declare function f(): void;", ""),
            (
                "function f(a: string): void; function f(a) { }",
                "function f(a) {}",
            ),
            ("(a as any) = 1", "a = 1"),
        ],
    );
}

#[test]
fn assignments_and_destructuring() {
    table(
        "a.ts",
        &[
            ("let x; var y = 1, z", "y = 1"),
            ("a = b.c = d[e] = 1", "a = b.c = d[e] = 1"),
            (
                "x += 1; x ||= 2; x ??= 3; x &&= 4; x -= 5; x++",
                "x Add= 1; x Or= 2; x Nullish= 3; x And= 4; x Subtract= 5; x Add= 1",
            ),
            ("const [a, , b = 2, ...c] = d", "[a, _, b = 2, ...c] = d"),
            (
                "const {a, b: c, d = 1, e: {f} = {}, ...g} = h",
                "{a: a, b: c, d: d = 1, e: {f: f} = {}, ...g} = h",
            ),
            ("({a, b: c.d} = e)", "{a: a, b: c.d} = e"),
            ("[a, b] = [b, a]", "[a, b] = [b, a]"),
            (
                "const {'x-y': a, ['z']: b, [k]: c} = d",
                "{x-y: a, z: b, [k]: c} = d",
            ),
            ("delete a.b", "delete a.b"),
            ("const f = () => 1", "f = lambda f() {return 1}"),
            ("exports.f = function () {}", "exports.f = lambda f() {}"),
            ("const C = class {}", "C = class C() {}"),
        ],
    );
}

#[test]
fn functions() {
    table(
        "a.ts",
        &[
            (
                "function f(a, b = 1, ...c) {}",
                "function f(a, b = 1, ...c) {}",
            ),
            (
                "function f(this: X, {a, b}: P = {}) {}",
                "function f({a: a, b: b}: P = {}) {}",
            ),
            (
                "function f(a?: string, b: Map<\n A,\n B> | null) {}",
                "function f(a: string, b: Map< A, B> | null) {}",
            ),
            (
                "async function f() { await g() }",
                "async function f() {await g()}",
            ),
            ("x => x", "lambda (x) {return x}"),
            ("async x => { return x }", "async lambda (x) {return x}"),
            ("() => ({a: 1})", r#"lambda () {return {"a": 1}}"#),
            (
                "function* g() { yield 1; yield* h(); }",
                "function* g() {yield 1; for yield* of h() {yield yield*}}",
            ),
            (
                "function* g() { const x = yield 1 }",
                "function* g() {yield 1; x = opaque()}",
            ),
            ("f(function named() {})", "f(lambda named() {})"),
        ],
    );
    let module = clean(
        "a.ts",
        "function f() { return () => { class A { m() {} } } }",
    );
    let parents: Vec<_> = module.functions.iter().map(|it| it.parent).collect();
    assert_eq!(parents, [None, Some(0), Some(1)]);
    assert_eq!(module.classes[0].parent, Some(1));
    assert_eq!(module.functions[2].class, Some(0));
}

#[test]
fn classes() {
    table(
        "a.ts",
        &[
            ("class A extends B.C<T> implements D {}", "class A(B.C) {}"),
            ("abstract class A { abstract m(): void; b = 1 }", "class A() {b = 1}"),
            ("class A { static a = 1; #b; private readonly c: string = 'x' }", r##"class A() {static a = 1; #b = -; c = "x"}"##),
            ("class A { constructor(private readonly x: T, y) { f() } }", "class A() {constructor constructor(x: T, y) {this.x = x; f()}}"),
            ("class A { get a() { return 1 } set a(v) {} static b() {} async *c() {} #d() {} }", "class A() {getter a() {return 1}; setter a(v) {}; static b() {}; async method* c() {}; method #d() {}}"),
            ("@D({a: 1}) class A { @E m() {} @F() b = 1 }", r#"@D({"a": 1}) class A() {b = 1; @E method m() {}}"#),
            ("class A { static { f() } ['x']() {} [Symbol.iterator]() {} }", "class A() {static static {}() {f()}; method x() {}; method [Symbol.iterator]() {}}"),
            ("class A { h = async () => { this.b() } }", "class A() {h = async lambda h() {this.b()}}"),
            ("@D export class A {}", "export {@D class A() {}}"),
        ],
    );
    let module = clean("a.ts", "class A { h = () => 1 }");
    assert_eq!(module.functions[0].kind, FunctionKind::Lambda);
    assert_eq!(module.functions[0].class, Some(0));
}

#[test]
fn enums_and_namespaces() {
    table(
        "a.ts",
        &[
            (
                "enum E { A, B = 5, C, D = 'x', 'e f' }",
                r#"E = {"A": 0, "B": 5, "C": 6, "D": "x", "e f": opaque()}"#,
            ),
            ("enum E { A = -1, B }", r#"E = {"A": -1, "B": 0}"#),
            ("export const enum E { A }", r#"export {E = {"A": 0}}"#),
            (
                "namespace N { const a = 1; export const b = a; export function f() {} }",
                r#"{a = 1; b = a; function f() {}; N = {"b": b, "f": f}}"#,
            ),
            (
                "namespace A.B { export const c = 1 }",
                r#"{c = 1; A = {"B": {"c": c}}}"#,
            ),
            ("declare module 'x' { export const a: string }", ""),
        ],
    );
}

#[test]
fn control_flow() {
    table(
        "a.ts",
        &[
            (
                "if (a) b(); else if (c) { d() } else e()",
                "if a {b()} else {if c {d()} else {e()}}",
            ),
            ("for (const x of xs) f(x)", "for x of xs {f(x)}"),
            ("for await (const [a, b] of xs) {}", "for [a, b] of xs {}"),
            ("for (const k in o) f(k)", "for k in o {f(k)}"),
            ("for (a.b of xs) {}", "for a.b of xs {}"),
            (
                "for (let i = 0, n = 2; i < n; i++) f(i)",
                "{i = 0; n = 2; while (i Compare n) {f(i); i Add= 1}}",
            ),
            ("for (;;) { break }", "while - {Break}"),
            (
                "for (i = 0; ; i += 1, j--) {}",
                "{i = 0; while - {i Add= 1; j Subtract= 1}}",
            ),
            ("while (a) f()", "while a {f()}"),
            ("do { f() } while (a)", "while a {f()}"),
            (
                "l: for (const x of y) { continue l }",
                "for x of y {Continue}",
            ),
            (
                "try { a() } catch (e) { b(e) } finally { c() }",
                "try {a()} catch {e = opaque(); b(e)} finally {c()}",
            ),
            ("try { a() } catch { }", "try {a()} catch {} finally {}"),
            (
                "function f() { throw new E(x) }",
                "function f() {new E(x); Raise}",
            ),
            ("{ let a = 1 }", "{a = 1}"),
            (
                "a && b(); a || (c = 1)",
                "if a {b()} else {}; if not(a) {c = 1} else {}",
            ),
            ("a ? b() : c()", "if a {b()} else {c()}"),
            (
                "function f() { return a(), b }",
                "function f() {a(); return b}",
            ),
        ],
    );
}

#[test]
fn switches() {
    table(
        "a.ts",
        &[
            (
                "switch (a) { case 1: case 'x': f(); break; case 2: g(); case 3: h(); break; default: i() }",
                r#"match a {1, "x" => {f()} 2 => {g(); h()} 3 => {h()}  => {i()}}"#,
            ),
            (
                "switch (a) { case 1: default: f() }",
                "match a {1 => {f()}  => {f()}}",
            ),
            (
                "switch (a) { default: case 1: f() }",
                "match a { => {f()} 1 => {f()}}",
            ),
            (
                "function q() { switch (a) { case 1: { return b } case 2: { f(); break } case 3: g() } }",
                "function q() {match a {1 => {{return b}} 2 => {{f()}} 3 => {g()}}}",
            ),
        ],
    );
}

#[test]
fn modules() {
    table(
        "a.ts",
        &[
            ("import './x'", "import ./x []"),
            (
                "import x, {a as b, c} from \"./p.js\"",
                "import ./p.js [default as x, a as b, c as c]",
            ),
            ("import * as ns from 'n'", "import n * as ns []"),
            (
                "import d, * as ns from 'n'",
                "import n * as ns [default as d]",
            ),
            (
                "import type {A} from 'a'; import {type B} from 'b'",
                "import a [A as A]; import b [B as B]",
            ),
            ("import x = require('y')", "import y * as x []"),
            ("import A = B.C", "A = B.C"),
            (
                "import j from './j.json' with {type: 'json'}",
                "import ./j.json [default as j]",
            ),
            ("export {a, b as c}", "export a as a b as c"),
            (
                "export {a as b, default} from './x'",
                "export a as b default as default from ./x",
            ),
            ("export * from './x'", "export * from ./x"),
            ("export * as ns from './x'", "export * as ns from ./x"),
            ("export default f(1)", "export default f(1)"),
            (
                "export default function () { return 1 }",
                "export default lambda default() {return 1}",
            ),
            (
                "export default async function f() {}",
                "async function f() {}; export default f",
            ),
            (
                "export default class A {}",
                "class A() {}; export default A",
            ),
            (
                "export default () => 1",
                "export default lambda default() {return 1}",
            ),
            ("export = {a: 1}", r#"export default {"a": 1}"#),
            ("export const a = 1, b = 2", "export {a = 1; b = 2}"),
            (
                "export async function f() {}",
                "export {async function f() {}}",
            ),
            ("export interface A {} export type B = A", ""),
            ("export type {A} from 'a'", "export A as A from a"),
            ("module.exports = {a}", r#"module.exports = {"a": a}"#),
        ],
    );
}

#[test]
fn jsx() {
    table(
        "a.tsx",
        &[
            (
                "x = <A b={c} {...d} e='f'>text {g} <H i={j}/></A>",
                "x = opaque(c, d, g, opaque(j))",
            ),
            ("x = <>{a}{/* b */}</>", "x = opaque(a)"),
            (
                "x = <A>{xs.map(y => <B>{y}</B>)}</A>",
                "x = opaque(xs.map(lambda (y) {return opaque(y)}))",
            ),
            ("const f = <T,>(x: T) => x", "f = lambda f(x: T) {return x}"),
        ],
    );
}

#[test]
fn comments_lose_their_signs() {
    let module = clean(
        "a.ts",
        "// prefixlint: one\nf(/* two */ x) /** three\n * four */",
    );
    let texts: Vec<&str> = module.comments.iter().map(|it| it.1.as_str()).collect();
    assert_eq!(texts, ["prefixlint: one", "two", "three\n * four"]);
    assert_eq!(module.comments[0].0.start, 0);
    assert_eq!(module.comments[0].0.end, 18);
}

#[test]
fn spans_are_those_of_the_source() {
    let source = "const p = `a${ b }c`;";
    let module = clean("a.ts", source);
    let StmtKind::Assign { value, .. } = &module.body[0].kind else {
        panic!("an assignment");
    };
    let ExprKind::Format(parts) = &value.kind else {
        panic!("a template");
    };
    assert_eq!(&source[value.span.start..value.span.end], "`a${ b }c`");
    let crate::frontend::code::ir::FormatPart::Value { span, .. } = &parts[1] else {
        panic!("a value");
    };
    assert_eq!(&source[span.start..span.end], "${ b }");
}
