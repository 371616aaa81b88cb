//! How literals, numbers and nothing are written out, and what single items of loops and callbacks hold.

use super::{javascript, python, table};

#[test]
fn pairs_of_an_object_are_taken_apart_by_a_callback() {
    table(
        &[(
            "",
            "Object.entries({ k: 'p', l: 'q' }).map(([k, v]) => k + v).join()",
            "kp,lq",
        )],
        javascript,
    );
}

#[test]
fn an_item_of_a_loop_that_does_not_send_is_not_held_for_a_session() {
    table(
        &[(
            "let t = 'o'; for (const x of rows) { t += `- ${x}\\n`; }",
            "t",
            "o(rows* - <rows:request>\n)",
        )],
        javascript,
    );
}

#[test]
fn python_items_of_a_loop_that_does_not_send_are_not_held_for_a_session() {
    table(
        &[(
            "t = 'o'\nfor x in rows:\n    t += f'- {x}\\n'",
            "t",
            "o(rows* - <rows:request>\n)",
        )],
        python,
    );
}

#[test]
fn null_prints_as_null() {
    table(&[("", "`${1} ${true} ${null}`", "1 true null")], javascript);
}

#[test]
fn raw_templates_keep_their_escapes() {
    table(
        &[("", "String.raw`p\\n${a}`", "p\\n<a:request>")],
        javascript,
    );
}

#[test]
fn numbers_follow_their_format() {
    table(&[("n = 3", "f'{n:02d} {n!r} {{n}}'", "03 3 {n}")], python);
}

#[test]
fn string_templates_are_filled() {
    table(
        &[(
            "",
            "string.Template('$x ${y} $$').substitute(x='p', y=a)",
            "p <a:request> $",
        )],
        python,
    );
}

#[test]
fn nothing_is_written_as_what_it_is_and_is_nothing_all_the_same() {
    table(
        &[
            ("let n = null;", "`${n} ${undefined}`", "null undefined"),
            ("let n = null;", "n ?? 'p'", "p"),
            ("let n = null;", "n || 'p'", "p"),
            ("let n = null;", "n === null ? 'p' : 'q'", "p"),
            // Only what is undefined takes a default.
            ("const { n = 'p' } = { n: null };", "`${n}`", "null"),
            ("const { n = 'p' } = {};", "`${n}`", "p"),
        ],
        javascript,
    );
}

#[test]
fn numbers_are_written_as_their_language_does() {
    table(
        &[
            (
                "",
                "`${1.0} ${1e21} ${0.0000001} ${-1.50}`",
                "1 1e+21 1e-7 -1.5",
            ),
            ("const n = 2.5;", "n.toFixed() + n.toFixed(2)", "32.50"),
            ("", "(1234567.891).toLocaleString('en-US')", "1,234,567.891"),
            ("", "(255).toString()", "255"),
        ],
        javascript,
    );
    table(
        &[
            (
                "n = 1.0",
                "f'{n} {n + 1} {1e16} {0.00001}'",
                "1.0 2.0 1e+16 1e-05",
            ),
            (
                "n = 1234.5",
                "f'{n:,.2f}|{n:>10}|{n:e}'",
                "1,234.50|    1234.5|1.234500e+03",
            ),
            (
                "n = 7",
                "'%03d|%.1f|%-4s|' % (n, 0.25, 'p')",
                "007|0.2|p   |",
            ),
            (
                "n = 7",
                "'{:+d} {:x} {:.0%}'.format(n, 255, 0.5)",
                "+7 ff 50%",
            ),
            ("", "f'{\"ab\":>4}{\"abc\":.2}'", "  abab"),
        ],
        python,
    );
}

#[test]
fn a_number_that_the_machine_or_its_size_decides_on_is_not_spelled_out() {
    let shown = javascript("", "(1500).toLocaleString()");
    assert!(shown.contains(":deploy"), "{shown}");
    let shown = javascript("", "(2.5).toFixed(a)");
    assert!(shown.starts_with('<'), "{shown}");
    let shown = python("", "str(12345678901234567890)");
    assert!(shown.starts_with('<'), "{shown}");
}
