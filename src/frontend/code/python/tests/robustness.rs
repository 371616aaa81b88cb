//! Bad input: syntax errors, Python 2, foreign line ends, and nesting that no person writes.

use super::*;

#[test]
fn a_syntax_error_is_one_problem_and_the_rest_stands() {
    let source = "a = 1\nb = = 2\nc = 'x'\ndef f(:\n  pass\nd = f'{c}'\n";
    let module = lowered(source);
    assert_eq!(module.problems.len(), 1);
    let at = module.problems[0].span;
    assert!(source[..at.start].ends_with("a = 1\nb = "), "{at:?}");
    let printed = print::module(&module);
    assert!(printed.starts_with("a = 1; "), "{printed}");
    assert!(printed.contains("c = \"x\""), "{printed}");
}

#[test]
fn a_missing_sign_is_named() {
    let module = lowered("x = f(1\n");
    assert_eq!(module.problems.len(), 1, "{:?}", module.problems);
    assert!(module.problems[0].message.starts_with("not valid Python: "));
}

#[test]
fn calls_inside_what_is_not_understood_are_kept() {
    let module = lowered("x = $ client.create(model='m', text='t')\ny = 1\n");
    assert_eq!(module.problems.len(), 1);
    let printed = print::module(&module);
    assert!(printed.contains("create"), "{printed}");
    assert!(printed.contains("y = 1"), "{printed}");
}

#[test]
fn unfinished_literals_do_not_panic() {
    for source in [
        "'",
        "'abc",
        "f'{",
        "f'{a",
        "f'{a!",
        "f'{a:",
        "f'}'",
        "'''abc",
        "'\\",
        "'\\x'",
        "'\\x4'",
        "'\\u12",
        "'\\N{'",
        "b'\\",
        "f'{}'",
        "f'{=}'",
        "r'\\",
        "x = (",
        "def",
        "class",
        "class A(",
        "@",
        "lambda",
        "[x for",
        "match x:\n case",
        "import",
        "from . import",
        "a.",
        "a[",
        "del",
        "if",
        "with",
        "try:",
        "try:\n a\nexcept",
        "yield",
        "*",
        "**",
        "print >>",
        "\\",
        "\u{1a}",
        "'\u{1a}'",
        "0x",
        "a if b",
        "for x in",
        "case",
        "\u{feff}",
        "\r",
        "'\r'",
        "\t",
    ] {
        let module = lowered(source);
        print::module(&module);
    }
}

#[test]
fn every_cut_of_a_file_is_survived() {
    let source = "@d(1)\nasync def f(a, *b: int, c=f'{x!r:>{w}} {{}}', **k) -> T:\n  \"\"\"Doc\\n\"\"\"\n  \
        with open(a) as g, h: yield [z for y in x if y for z in y]\n  try:\n    a[1:2] |= {1: 'a' f'{b}', **c}\n  \
        except E as e: raise\n  match a:\n    case P(x=1) | -2 if q: return lambda: (yield)\n  \
        if a: pass\n  elif b < c < d: del a, b\nclass A(B, m=C):\n  x: int = 1\n";
    assert_eq!(lowered(source).problems, []);
    for end in 0..source.len() {
        print::module(&lowered(&source[..end]));
        print::module(&lowered(&source[end..]));
    }
}

#[test]
fn python_2_is_read() {
    let source = "print 'a', b\nprint >>err, 'c'\nexec 'code'\ntry:\n  raise E, 'm'\nexcept E, e:\n  print e\n\
        def f(a, (b, c)): return 0777L\nx = ur'\\d' u'y'\nif a <> b: pass\n";
    let expected =
        "print(\"a\", b); print(\"c\"); \"code\"; try {raise} except {e = ?(); print(e)}; \
        def f(a, [b c]) {return 777}; x = \"\\\\dy\"; if (NotEqual a b) {}";
    assert_eq!(printed(source), expected);
}

#[test]
fn foreign_line_ends_marks_and_tabs_change_nothing() {
    let plain = "def f(a):\n\tif a:\n\t\treturn '''x\ny'''\n\tb = [1,\n\t\t2]\n";
    let expected = printed(plain);
    assert!(expected.contains("return \"x\\ny\""), "{expected}");
    assert_eq!(printed(&plain.replace('\n', "\r\n")), expected);
    assert_eq!(printed(&format!("\u{feff}{plain}")), expected);
    assert_eq!(printed(&plain.replace('\t', "    ")), expected);
}

#[test]
fn form_feeds_and_the_empty_file_are_nothing() {
    assert_eq!(printed(""), "");
    assert_eq!(printed("\n\n# only\n"), "");
    assert_eq!(printed("a\n\u{c}\nb\n"), "a; b");
}

/// Deep nesting in every construct that nests. The test threads have a small stack, as workers do.
#[test]
fn deep_nesting_is_opaque_and_does_not_overflow() {
    let deep = 4_000;
    let around = |open: &str, inner: &str, close: &str| {
        format!(
            "x = {}{inner}{}\ny = 1\n",
            open.repeat(deep),
            close.repeat(deep)
        )
    };
    let sources = [
        around("(", "a", ")"),
        around("[", "a", "]"),
        around("{1: ", "a", "}"),
        around("f(", "a", ")"),
        around("a[", "a", "]"),
        around("not ", "a", ""),
        around("-", "a", ""),
        around("lambda: ", "a", ""),
        around("", "a", ".b"),
        around("", "a", "()"),
        around("", "a", " + b"),
        around("", "a", " - b"),
        around("", "a", " and b"),
        around("a ** ", "a", ""),
        around("a if b else ", "a", ""),
        around("await ", "a", ""),
        around("b = ", "a", ""),
        around("", "a", " < b"),
        around("", "'a'", " 'b'"),
        around("[", "a", " for a in b]"),
    ];
    for source in sources {
        let module = lowered(&source);
        drop(module.clone());
        assert_eq!(module.problems, [], "{}", &source[..20]);
        assert!(
            print::module(&module).ends_with("y = 1"),
            "{}",
            &source[..20]
        );
    }
}

#[test]
fn unclosed_nesting_does_not_overflow() {
    for open in [
        "(", "[", "{", "f(", "f'{", "lambda: ", "@", "not ", "if a: ", "*", "[a for ",
    ] {
        lowered(&open.repeat(5_000));
    }
}

#[test]
fn deep_blocks_do_not_overflow() {
    for head in [
        "if a:",
        "class A:",
        "def f():",
        "for a in b:",
        "with a as b:",
        "try:",
    ] {
        let mut source = String::new();
        for level in 0..400 {
            source += &format!("{}{head}\n", " ".repeat(level));
        }
        source += &format!("{}pass\ny = 1\n", " ".repeat(400));
        let module = lowered(&source);
        print::module(&module);
    }
}

#[test]
fn long_chains_of_elif_do_not_overflow() {
    let mut source = "if a: b\n".to_owned();
    for index in 0..5_000 {
        source += &format!("elif c{index}: d\n");
    }
    source += "else: e\ny = 1\n";
    let printed = printed(&source);
    assert!(
        printed.starts_with("if a {b} else {if c0 {d} else {if c1 "),
        "{printed}"
    );
    assert!(printed.ends_with("y = 1"));
}
