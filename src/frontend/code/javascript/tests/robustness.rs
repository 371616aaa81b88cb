//! Broken, huge and odd files: nothing panics or overflows, and what can be read is read.

use proptest::prelude::*;

use super::{clean, lower, print};
use crate::frontend::code::ir::{Expr, ExprKind, FormatPart, Module, StmtKind};
use crate::source::{SourceFile, Text};

fn lowered(path: &str, source: &str) -> Module {
    lower(&SourceFile::new(path, source), None).0
}

fn first_value(module: &Module) -> &Expr {
    match &module.body[0].kind {
        StmtKind::Assign { value, .. } | StmtKind::Expr(value) => value,
        other => panic!("a value: {other:?}"),
    }
}

#[test]
fn broken_syntax_is_one_problem_and_the_rest_stands() {
    let source = "const a = 1;\nconst b = {x: 1, y: @@ };\nf(;\nconst c = `t${a}`;\n";
    let module = lowered("a.ts", source);
    assert_eq!(module.problems.len(), 1);
    assert!(module.problems[0].span.start >= 13, "{:?}", module.problems);
    let printed = print::module(&module);
    assert!(printed.starts_with("a = 1"), "{printed}");
    assert!(printed.contains(r#"c = f("t" a)"#), "{printed}");
}

#[test]
fn an_unclosed_function_keeps_its_statements() {
    let module = lowered("a.ts", "function f() { const a = 'x'; g(a);");
    assert_eq!(module.problems.len(), 1);
    let printed = print::module(&module);
    assert!(printed.contains(r#"a = "x""#), "{printed}");
    assert!(printed.contains("g(a)"), "{printed}");
}

#[test]
fn a_script_that_only_typescript_can_read_is_read_as_such() {
    let module = lowered("a.js", "const x = <any>y; const z = <string>w;");
    assert_eq!(module.problems, []);
    assert_eq!(print::module(&module), "x = y; z = w");
}

#[test]
fn valid_syntax_that_the_grammar_lacks_is_read() {
    for (path, source, expected) in [
        ("a.ts", "f<typeof import('x')>(); g('y')", r#"f(); g("y")"#),
        ("a.ts", "const a: import('x').B<C>[] = [1]", "a = [1]"),
        (
            "a.tsx",
            "const A = styled.div<{ b?: string }>`c: ${(p) => p.b};`",
            r#"A = tagged(styled.div, f("c: " lambda (p) {return p.b} ";"))"#,
        ),
        (
            "a.tsx",
            "x = <A href=\"/?b=1&c=2\" d={e}/>",
            "x = opaque(e)",
        ),
        ("a.ts", "export type * from './x'", "export * from ./x"),
    ] {
        assert_eq!(print::module(&clean(path, source)), expected);
    }
    // The names of what is covered are still those of the source, and a text stays whole.
    let source = "f<typeof import('x')>(`<b>` + \"=\" + `p<q>`)";
    let printed = print::module(&clean("a.ts", source));
    assert_eq!(printed, r#"f((("<b>" Add "=") Add "p<q>"))"#);
}

#[test]
fn every_prefix_of_a_file_is_lowered() {
    let source = "import a, {b as c} from 'd'; export default class E extends F { static #g = `h${i}\\u{41}`; \
                  async *j({k, l: [m = 1, ...n]}, ...o) { switch (p) { case 1: yield q?.r[s]; default: } } }";
    for end in 0..source.len() {
        lowered("a.tsx", &source[..end]);
        lowered("a.ts", &source[end..]);
    }
}

/// Nesting far beyond the limit, of every kind that can nest.
#[test]
fn deep_nesting_is_opaque() {
    let deep = 3_000;
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("f(", ")"),
        ("!", ""),
        ("{a:", "}"),
        ("`${", "}`"),
        ("() => ", ""),
        ("a ? b : ", ""),
        ("if (a) {} else ", ""),
        ("a = ", ""),
        ("class A { m() { ", "}}"),
        ("function f() { ", "}"),
        ("x[", "]++"),
        ("const [[", "]] = a"),
        ("namespace N { ", "}"),
        ("switch (a) { case 1: ", "}"),
        ("<A>{", "}</A>"),
        ("a, (", ")"),
        ("a && (", ")"),
        ("for (;;) ", ""),
    ] {
        let source = format!("{}x{}", open.repeat(deep), close.repeat(deep));
        lowered("a.tsx", &source);
    }
}

#[test]
fn nesting_of_a_hundred_thousand_does_not_overflow() {
    let deep = 100_000;
    let module = lowered(
        "a.ts",
        &format!("x = {}1{}", "[".repeat(deep), "]".repeat(deep)),
    );
    assert!(matches!(first_value(&module).kind, ExprKind::List(_)));
    let chain = format!("x = a{}", ".b()".repeat(deep));
    lowered("a.ts", &chain);
}

#[test]
fn names_stay_visible_where_the_nesting_ends() {
    let source = format!("x = {}seen{}", "[".repeat(400), "]".repeat(400));
    let printed = print::module(&lowered("a.ts", &source));
    assert!(printed.contains("opaque(seen)"), "{printed}");
}

#[test]
fn a_long_sum_of_texts_keeps_every_text_in_order() {
    let source = format!("x = {}", ["'a'", "b"].repeat(5_000).join(" + "));
    let module = clean("a.ts", &source);
    let mut found = Vec::new();
    operands(first_value(&module), &mut found);
    assert_eq!(found.len(), 10_000);
    assert!(found.iter().step_by(2).all(|text| *text == "a"));
}

fn operands<'m>(expr: &'m Expr, out: &mut Vec<&'m str>) {
    match &expr.kind {
        ExprKind::Binary { left, right, .. } => {
            operands(left, out);
            operands(right, out);
        }
        ExprKind::Text(text) => out.push(text.as_str()),
        ExprKind::Name(name) => out.push(name),
        other => panic!("an operand: {other:?}"),
    }
}

#[test]
fn a_long_sum_without_text_is_not_regrouped() {
    let source = format!("x = {}", vec!["a"; 3_000].join(" + "));
    let module = clean("a.ts", &source);
    let ExprKind::Opaque(operands) = &first_value(&module).kind else {
        panic!("opaque");
    };
    assert_eq!(operands.len(), 3_000);
}

#[test]
fn nested_copies_do_not_grow_without_end() {
    let step = format!("{}i{}", "a[".repeat(60), "]++".repeat(60));
    lowered("a.ts", &step);
    let switches = format!(
        "{}f(){}",
        "switch (a) { case 1: g(); case 2: ".repeat(60),
        "}".repeat(60)
    );
    lowered("a.ts", &switches);
}

#[test]
fn a_minified_line_is_read_statement_by_statement() {
    let part = "function a(b,c){return b?(c=1,d(b)):e(c),b&&f({g:`h${b}`,i:[1,2]})}";
    let source = part.repeat(2_000);
    let module = clean("a.js", &source);
    assert_eq!(module.functions.len(), 2_000);
}

#[test]
fn a_byte_order_mark_shifts_nothing() {
    let source = "\u{feff}const a = 'xyz'";
    let module = clean("a.ts", source);
    let ExprKind::Text(text) = &first_value(&module).kind else {
        panic!("a text");
    };
    let span = text.span(0, 3);
    assert_eq!(&source[span.start..span.end], "xyz");
}

#[test]
fn a_line_break_of_two_bytes_maps_as_a_whole() {
    let source = "x = `a\r\nb`";
    let module = clean("a.ts", source);
    let ExprKind::Text(text) = &first_value(&module).kind else {
        panic!("a text");
    };
    assert_eq!(text.as_str(), "a\nb");
    let span = text.span(1, 2);
    assert_eq!(&source[span.start..span.end], "\r\n");
    let span = text.span(2, 3);
    assert_eq!(&source[span.start..span.end], "b");
}

/// Every character of a decoded text stands at its place in the source, or is an escape or a line break.
fn check_map(text: &Text, source: &str) {
    for (at, sign) in text.as_str().char_indices() {
        let span = text.span(at, at + sign.len_utf8());
        let written = &source[span.start..span.end];
        let same = written.chars().eq([sign]);
        assert!(
            same || written.starts_with('\\') || written == "\r\n" || written == "\r",
            "{sign:?} is mapped to {written:?}"
        );
    }
}

proptest! {
    #[test]
    fn texts_map_to_their_source(inner in r"([a-zé😀 ]|\\[nrtbvf0x'`\\\r\n]|\\u0041|\\u\{1F600\}|\\ud83d\\ude00|\r\n|\r|\n|\$\{b\}){0,24}") {
        let source = format!("x = `{inner}`");
        let module = lowered("a.ts", &source);
        if module.problems.is_empty() {
            match &first_value(&module).kind {
                ExprKind::Text(text) => check_map(text, &source),
                ExprKind::Format(parts) => {
                    for part in parts {
                        match part {
                            FormatPart::Text(text) => check_map(text, &source),
                            FormatPart::Value { span, .. } => {
                                prop_assert_eq!(&source[span.start..span.end], "${b}");
                            }
                        }
                    }
                }
                other => panic!("a template: {other:?}"),
            }
        }
    }

    #[test]
    fn any_text_is_lowered(source in r"[a-c(){}\[\]<>`'$\\/*=;:,.?!@#& \n\r-]{0,80}") {
        lowered("a.tsx", &source);
        lowered("a.ts", &source);
    }
}
