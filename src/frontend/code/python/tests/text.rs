//! String literals: what they decode to, and where each byte of it came from.

use proptest::prelude::*;

use super::*;
use crate::frontend::code::ir::{FormatPart, Stmt, StmtKind};
use crate::source::Text;

fn value(source: &str) -> String {
    let module = lowered(source);
    assert_eq!(module.problems, [], "{source}");
    match &module.body[..] {
        [Stmt {
            kind: StmtKind::Expr(value),
            ..
        }] => print::expr(&module, value),
        other => panic!("{source}: {other:?}"),
    }
}

fn text(source: &str) -> Text {
    let module = lowered(source);
    match module.body.into_iter().next().map(|first| first.kind) {
        Some(StmtKind::Expr(Expr {
            kind: ExprKind::Text(text),
            ..
        })) => text,
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn literals_are_decoded() {
    let table = [
        ("''", ""),
        ("'a\\n\\t\\'\\\"\\\\'", "a\n\t'\"\\"),
        ("'\\x41\\101\\u00e9\\U0001F600\\0'", "AA\u{e9}\u{1f600}\0"),
        ("'\\q\\ '", "\\q\\ "),
        ("'\\N{EM DASH}!'", "\u{fffd}!"),
        ("'\\ud83d'", "\u{fffd}"),
        ("'a\\\nb'", "ab"),
        ("'a\\\r\nb'", "ab"),
        ("'''a\r\nb\n\tc'''", "a\nb\n\tc"),
        ("r'a\\n\\'b'", "a\\n\\'b"),
        ("R\"\"\"a\\\r\nb\"\"\"", "a\\\nb"),
        ("b'a\\xffb\\u0041'", "a\u{ff}b\\u0041"),
        ("u'x'", "x"),
        ("Rb'\\d'", "\\d"),
        ("'''a 'b' \"c\" ''d'''", "a 'b' \"c\" ''d"),
        ("'a' \"b\" '''c'''", "abc"),
        ("('a'\n  r'\\b')", "a\\b"),
        ("f'a{{b}}'", "a{b}"),
        ("f''", ""),
        ("'{x} {{y}}'", "{x} {{y}}"),
        ("'\u{e9}\u{1f600}'", "\u{e9}\u{1f600}"),
    ];
    for (source, expected) in table {
        assert_eq!(text(source).as_str(), expected, "{source}");
    }
}

#[test]
fn formats_hold_texts_and_values() {
    let table = [
        ("f'a{b}c'", r#"f("a" {b} "c")"#),
        ("f'{a}{b}'", "f({a} {b})"),
        ("f'{a!r}{b!s}{c!a}'", "f({repr(a)} {b} {ascii(c)})"),
        (
            "f'{d:%Y-%m-%d} {n:>10.2f}'",
            r#"f({d|%Y-%m-%d} " " {n|>10.2f})"#,
        ),
        ("f'{x:{w}.2f}!'", r#"f({x} "!")"#),
        ("f'{x!r:>10}'", "f({repr(x)|>10})"),
        ("f'{x=}'", r#"f("x=" {repr(x)})"#),
        ("f'{x = }'", r#"f("x = " {repr(x)})"#),
        ("f'{x=!s:>3}'", r#"f("x=" {x|>3})"#),
        ("f'{{{x}}}'", r#"f("{" {x} "}")"#),
        (
            "f\"{a['k']} {f(1, b=2)}\"",
            r#"f({a["k"]} " " {f(1, b=2)})"#,
        ),
        (
            "f\"{', '.join(f'{x}!' for x in y)}\"",
            r#"f({", ".join(Generator<f({x} "!") for x in y>)})"#,
        ),
        ("f'''a\n{\n  b\n}\nc'''", r#"f("a\n" {b} "\nc")"#),
        ("'a' f'{b}' 'c' 'd'", r#"f("a" {b} "cd")"#),
        ("rf'\\d{x}\\n'", r#"f("\\d" {x} "\\n")"#),
        ("f'\\n{x}\\t'", r#"f("\n" {x} "\t")"#),
        ("f'\\N{DASH}{x}'", "f(\"\u{fffd}\" {x})"),
        ("f'{a, b}'", "f({[a, b]})"),
        ("f'{(lambda: 1)()}'", "f({Lambda def () {return 1}()})"),
        ("f'{a if b else c}'", "f({(b ? a : c)})"),
        ("t'{a}'", "f({a})"),
    ];
    for (source, expected) in table {
        assert_eq!(value(source), expected, "{source}");
    }
}

#[test]
fn values_land_where_their_braces_stand() {
    let source = "x = f'ab{c!r:>3}d{e=}'";
    let module = lowered(source);
    let StmtKind::Assign { value, .. } = &module.body[0].kind else {
        panic!("no assignment");
    };
    let ExprKind::Format(inside) = &value.kind else {
        panic!("no format");
    };
    let places: Vec<&str> = inside
        .iter()
        .map(|part| match part {
            FormatPart::Text(text) => text.whole().span,
            FormatPart::Value { span, .. } => *span,
        })
        .map(|at| &source[at.start..at.end])
        .collect();
    assert_eq!(places, ["ab", "{c!r:>3}", "d{e=", "}"]);
}

#[test]
fn escapes_map_to_what_was_written() {
    let source = "'ab\\u00e9c' 'd'";
    let text = text(source);
    assert_eq!(text.as_str(), "ab\u{e9}cd");
    let written = |from: usize, to: usize| {
        let at = text.span(from, to);
        &source[at.start..at.end]
    };
    assert_eq!(written(0, 2), "ab");
    assert_eq!(written(2, 4), "\\u00e9");
    assert_eq!(written(4, 5), "c");
    assert_eq!(written(5, 6), "d");
}

#[test]
fn docstrings_map_to_their_source() {
    let module = lowered("def f():\n  '''Say.\\n'''\n");
    let doc = module.functions[0]
        .doc
        .clone()
        .unwrap_or_else(|| Text::empty(&"".into()));
    assert_eq!(doc.as_str(), "Say.\n");
    assert_eq!(doc.span(0, 4), Span::new(14, 18));
}

proptest! {
    /// Each decoded character either stands in the file as it is, or maps to an escape, a doubled brace or a line
    /// break that stands for it; and the whole is what the pieces decode to.
    #[test]
    fn decoded_text_maps_to_its_source(
        pieces in prop::collection::vec(
            prop_oneof![
                "[a-z \u{e9}\u{1f600}#]{1,4}".prop_map(|plain| (plain.clone(), plain)),
                Just(("\\n".to_owned(), "\n".to_owned())),
                Just(("\\\\".to_owned(), "\\".to_owned())),
                Just(("\\x41".to_owned(), "A".to_owned())),
                Just(("\\\n".to_owned(), String::new())),
                Just(("\r\n".to_owned(), "\n".to_owned())),
                Just(("\n".to_owned(), "\n".to_owned())),
                Just(("{{".to_owned(), "{".to_owned())),
                Just(("}}".to_owned(), "}".to_owned())),
            ],
            0..12,
        )
    ) {
        let written: String = pieces.iter().map(|piece| piece.0.as_str()).collect();
        let expected: String = pieces.iter().map(|piece| piece.1.as_str()).collect();
        let source = format!("f\"\"\"{written}\"\"\"");
        let text = text(&source);
        prop_assert_eq!(text.as_str(), expected);
        for (at, sign) in text.as_str().char_indices() {
            let from = text.span(at, at + sign.len_utf8());
            let from = &source[from.start..from.end];
            let stands_for = from.chars().eq([sign])
                || matches!((from, sign), ("\\n" | "\r\n", '\n') | ("\\\\", '\\'))
                || matches!((from, sign), ("\\x41", 'A') | ("{{", '{') | ("}}", '}'));
            prop_assert!(stands_for, "{sign:?} from {from:?}");
        }
    }
}
