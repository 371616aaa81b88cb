//! Our Jinja lexer against minijinja's: on the same template, tags stand in the same places and the text between
//! them, after whitespace control, is the same.
//!
//! Accepted differences: what minijinja refuses (an unclosed tag, a character or an escape that it does not know) is
//! text or a problem for us, so templates that it refuses are skipped; a tag that opens inside of another
//! (`{{{ x }}{{ y }}}`) ends the outer one for us, where its tokenizer goes on and leaves the error to its parser. Comments and the tags around raw text are
//! tokens of ours only.

use std::path::{Path, PathBuf};

use minijinja::machinery::{tokenize, Token};
use minijinja::syntax::SyntaxConfig;
use prefixlint::frontend::template::dialect::Dialect;
use prefixlint::frontend::template::{parts, Part};
use prefixlint::source::{SourceFile, Text};
use proptest::prelude::*;

#[derive(Debug, PartialEq)]
enum Seen {
    Text(String),
    Output(usize, usize),
    Statement(usize, usize),
}

fn push_text(out: &mut Vec<Seen>, text: &str) {
    match out.last_mut() {
        _ if text.is_empty() => {}
        Some(Seen::Text(last)) => last.push_str(text),
        _ => out.push(Seen::Text(text.to_string())),
    }
}

/// What minijinja sees; nothing if it refuses the template.
fn theirs(src: &str) -> Option<Vec<Seen>> {
    let mut out = Vec::new();
    let (mut start, mut open) = (0, false);
    for token in tokenize(src, false, SyntaxConfig::default()) {
        let (token, span) = token.ok()?;
        open &= !matches!(token, Token::VariableEnd | Token::BlockEnd);
        let (from, to) = (span.start_offset as usize, span.end_offset as usize);
        match token {
            Token::TemplateData(text) => push_text(&mut out, text),
            Token::VariableStart | Token::BlockStart => (start, open) = (from, true),
            Token::VariableEnd => out.push(Seen::Output(start, to)),
            Token::BlockEnd => out.push(Seen::Statement(start, to)),
            _ => {}
        }
    }
    (!open).then_some(out)
}

fn ours(text: &Text) -> Vec<Seen> {
    let mut out = Vec::new();
    for part in parts(text, Dialect::Jinja) {
        match part {
            Part::Text(text) => push_text(&mut out, text.as_str()),
            Part::Output(span) => out.push(Seen::Output(span.start, span.end)),
            Part::Statement(span) => out.push(Seen::Statement(span.start, span.end)),
            Part::Comment(_) | Part::Silent(_) => {}
        }
    }
    out
}

fn fragment() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec![
        "word",
        " ",
        "\n",
        "  \n\t",
        "\r\n",
        "é",
        "{ ",
        "}",
        "{ %",
        "# }",
        "\"",
        "'",
        "{\"a\": {}}",
        "%",
        "-",
        "}}",
    ]);
    let value = prop::sample::select(vec![
        "x",
        "a.b['c']",
        "'}}'",
        "\"%}\"",
        "'{{'",
        "{'a': {'b': 1}}",
        "f(x)|g",
        "[1, [2]]",
        "'it\\'s'",
        "x if y else z",
        "a[1:2]",
        "'{#'",
        "{}",
        "'-'",
    ]);
    let statement = prop::sample::select(vec![
        "if x",
        "endif",
        "for a in b",
        "endfor",
        "set q = {'a': {}}",
        "include 'p'",
        "else",
        "elif '%}' in x",
    ]);
    let open = prop::sample::select(vec!["", "-", "+"]);
    let mark = open.clone();
    let output =
        (open.clone(), value, mark.clone()).prop_map(|(a, v, b)| format!("{{{{{a} {v} {b}}}}}"));
    let tag =
        (open.clone(), statement, mark.clone()).prop_map(|(a, v, b)| format!("{{%{a} {v} {b}%}}"));
    let comment =
        (open.clone(), mark.clone()).prop_map(|(a, b)| format!("{{#{a} note '{{{{ {b}#}}"));
    let raw = (open.clone(), mark.clone(), open, mark).prop_map(|(a, b, c, d)| {
        format!("{{%{a} raw {b}%}} {{{{ x }}}} {{% y \n{{%{c} endraw {d}%}}")
    });
    prop_oneof![
        4 => text.prop_map(str::to_string),
        3 => output,
        3 => tag,
        1 => comment,
        1 => raw,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_templates_are_cut_alike(fragments in prop::collection::vec(fragment(), 0..12)) {
        let src = fragments.concat();
        if let Some(theirs) = theirs(&src) {
            prop_assert_eq!(ours(&Text::verbatim(&"t".into(), 0, &src)), theirs, "{:?}", src);
        }
    }
}

fn jinja_files(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            jinja_files(&path, out);
        } else if path
            .extension()
            .is_some_and(|e| e == "j2" || e == "jinja" || e == "jinja2")
        {
            out.push(path);
        }
    }
}

#[test]
fn fixtures_are_cut_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["fixtures", "rules"] {
        jinja_files(&root.join(folder), &mut files);
    }
    files.sort();
    let mut cut = 0;
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let file = SourceFile::from_bytes(path.to_string_lossy().as_ref().into(), bytes);
        let content = file.content();
        let Some(theirs) = theirs(content.as_str()) else {
            continue;
        };
        let plain = Text::verbatim(&content.path, 0, content.as_str());
        assert_eq!(ours(&plain), theirs, "{}", path.display());
        cut += 1;
    }
    assert!(cut >= 14, "only {cut} files are accepted by minijinja");
}

#[test]
fn a_generated_template_is_mostly_accepted() {
    let src =
        "a {%- if '}}' in x +%} {{ {'a': {}} }} {# c -#} b {% raw -%} {{ {% endraw %}{% endif %}\n";
    let seen = theirs(src).expect("accepted by minijinja");
    assert_eq!(ours(&Text::verbatim(&"t".into(), 0, src)), seen);
    assert_eq!(
        seen.iter().filter(|s| !matches!(s, Seen::Text(_))).count(),
        3
    );
}
