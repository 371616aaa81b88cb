//! Markers that statements set, that are arguments, or that loops set: they are taken out where they stand once, and left
//! alone where nobody can say which one goes.

mod fixing;
mod linting;

use fixing::{becomes, fixed};

const PAGES: usize = 5;

/// A program whose system prompt has five blocks, made by some lines and sent as `blocks`.
fn program(lines: &[String]) -> String {
    let pages: String = (0..PAGES)
        .map(|n| format!("P{n} = \"Page {n} of the staff handbook says what to do. \" * 300\n"))
        .collect();
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!(
        "from anthropic import Anthropic\n\n{pages}client = Anthropic()\n\n\ndef answer(question: str) -> str:\n{lines}    \
         reply = client.messages.create(\n        model=\"claude-sonnet-5\",\n        max_tokens=500,\n        system=blocks,\n        \
         messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n    return reply.content[0].text\n"
    )
}

fn block(n: usize) -> String {
    format!("{{\"type\": \"text\", \"text\": P{n}}}")
}

const MARK: &str = "{\"type\": \"ephemeral\"}";

/// One of five markers is taken out: the first, as what it ends is part of what the others end.
#[track_caller]
fn loses_the_first(lines: impl Fn(usize, bool) -> Vec<String>, end: &str) {
    let made = |marked: bool| -> Vec<String> {
        let all = (0..PAGES).flat_map(|n| lines(n, marked || n > 0));
        all.chain([end.to_string()]).collect()
    };
    becomes("app.py", &program(&made(true)), &program(&made(false)));
}

#[test]
fn a_marker_that_a_statement_sets_goes_with_the_statement() {
    let set = |n: usize, marked: bool| {
        let own = format!("b{n} = {}", block(n));
        let mark = marked.then(|| format!("b{n}[\"cache_control\"] = {MARK}"));
        [own].into_iter().chain(mark).collect()
    };
    loses_the_first(set, "blocks = [b0, b1, b2, b3, b4]");
}

#[test]
fn a_marker_that_is_an_argument_goes_with_its_comma() {
    for mark in [MARK, "dict(type=\"ephemeral\")"] {
        let made = |n: usize, marked: bool| {
            let mark = match marked {
                true => format!(", cache_control={mark}"),
                false => String::new(),
            };
            vec![format!("b{n} = dict(type=\"text\", text=P{n}{mark})")]
        };
        loses_the_first(made, "blocks = [b0, b1, b2, b3, b4]");
    }
}

#[test]
fn a_marker_behind_what_varies_is_taken_out_of_its_statement() {
    let lines = |marked: bool| {
        let asks = "{\"type\": \"text\", \"text\": f\"Ask {question} at length\"}";
        let first = "{\"type\": \"text\", \"text\": f\"{question} {rules}\"}";
        let own = format!("rules = \"Be kind. \" * 9000\n    blocks = [{first}, {asks}]");
        let mark = marked.then(|| format!("blocks[-1][\"cache_control\"] = {MARK}"));
        let all: Vec<String> = [own].into_iter().chain(mark).collect();
        program(&all)
    };
    let applied = fixed("app.py", &lines(true));
    let after = &applied.texts["app.py"];
    assert!(!after.contains("blocks[-1]"), "{after}");
}

/// A block of Python holds something, and one statement of a loop stands for many markers.
#[test]
fn a_marker_in_a_loop_or_alone_under_a_condition_is_left_alone() {
    let pages = "[P0, P1, P2, P3, P4]";
    let in_loop = [
        "blocks = []".to_string(),
        format!("for text in {pages}:"),
        format!(
            "    blocks.append({{\"type\": \"text\", \"text\": text, \"cache_control\": {MARK}}})"
        ),
    ];
    let set_in_loop = [
        format!("blocks = [{{\"type\": \"text\", \"text\": text}} for text in {pages}]"),
        "for block in blocks:".to_string(),
        format!("    block[\"cache_control\"] = {MARK}"),
    ];
    for lines in [&in_loop, &set_in_loop] {
        let applied = fixed("app.py", &program(lines));
        assert!(applied.texts.is_empty(), "{:?}", applied.texts);
        let many = applied.after.findings.iter();
        assert!(many.clone().any(|one| one.rule == "too-many-breakpoints"));
    }
}
