//! Every clock of the tables in a request: how much of it shows. And the orders that a list can lose or keep.

use super::{javascript, prompt, python, sent};

const ROWS: &str = include_str!("clock_rows.txt");

/// What a request shows of an expression: the class of its last value.
fn shown(language: &str, imports: &str, expression: &str) -> String {
    let (path, source) = match language {
        "py" => (
            "app.py",
            format!(
                "{}\nimport openai as sdk\nclient = sdk.OpenAI()\ndef send(a):\n    return client.responses.create(\
                 model='m', instructions='At ' + str({expression}))\n",
                imports.replace("; ", "\n")
            ),
        ),
        _ => (
            "app.js",
            format!(
                "{imports}\nimport OpenAI from 'openai';\nconst client = new OpenAI();\nexport async function send(a) {{\n  \
                 return client.responses.create({{ model: 'm', instructions: `At ${{{expression}}}` }});\n}}\n"
            ),
        ),
    };
    prompt(&[(path, &source)])
}

#[test]
fn every_clock_is_known_with_what_shows_of_it() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in ROWS.lines().filter(|row| !row.starts_with('#')) {
        let (given, class) = row.rsplit_once(" -> ").expect("a row has an arrow");
        let mut parts = given.splitn(3, '|').map(str::trim);
        let mut part = || parts.next().expect("a row has three parts");
        let (language, imports, expression) = (part(), part(), part());
        let found = shown(language, imports, expression);
        let right = match class {
            "finer" => found.contains(":unique") || found.contains(":minute"),
            class => found.contains(&format!(":{class}")),
        };
        if !right {
            wrong.push(format!("{row} (found {found})"));
        }
        rows += 1;
    }
    assert!(rows > 350, "{rows}");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_set_that_is_filled_has_no_order_and_one_item_needs_none() {
    let filled = python("s = set()\ns.add('p')\ns.add('q')", "', '.join(s)");
    assert!(filled.contains('~'), "{filled}");
    assert_eq!(python("s = set()\ns.add('p')", "', '.join(s)"), "p");
    let sorted = python("s = set()\ns.add('p')\ns.add('q')", "', '.join(sorted(s))");
    assert_eq!(sorted, "p, q");
}

#[test]
fn a_comparison_that_is_random_shuffles() {
    let shuffled = javascript("", "['p', 'q'].sort(() => Math.random() - 0.5).join(', ')");
    assert!(shuffled.contains('~'), "{shuffled}");
    assert_eq!(
        javascript(
            "",
            "['p', 'q'].sort((a, b) => a.length - b.length).join(', ')"
        ),
        "p, q"
    );
}

#[test]
fn what_is_taken_out_of_a_list_is_gone() {
    assert_eq!(python("l = ['p', 'q', 'r']\nl.pop(1)", "''.join(l)"), "pr");
    assert_eq!(
        python("l = ['p', 'q', 'r']\nx = l.pop(0)", "x + ''.join(l)"),
        "pqr"
    );
}

#[test]
fn text_that_is_indented_or_wrapped_stays_the_text() {
    assert_eq!(python("", "textwrap.indent('p', '  ')"), "p");
}

#[test]
fn a_span_between_times_is_as_coarse_as_what_it_is_divided_by() {
    let shown = |expr: &str| super::javascript("", expr);
    assert_eq!(
        shown("Math.ceil((a.getTime() - Date.now()) / (24 * 60 * 60 * 1000))"),
        "<Math.ceil((a.getTime() - Date.now()) / (24 * 60 * 60 * 1000)):day?>"
    );
    assert_eq!(
        shown("Math.floor(Date.now() / 3600000)"),
        "<Math.floor(Date.now() / 3600000):hour!>"
    );
    // A time that is cut to a step, or so long ago, is a time.
    let cut = "const t = Date.now();\nconst step = 300000;";
    assert!(super::javascript(cut, "t - (t % step)").ends_with(":unique!>"));
    assert_eq!(
        shown("Date.now() - 86400000"),
        "<Date.now() - 86400000:unique!>"
    );
    let python = |expr: &str| super::python("from datetime import datetime, timedelta", expr);
    assert_eq!(
        python("str(datetime.now() - a)"),
        "<datetime.now() - a:unique?>"
    );
    assert_eq!(
        python("str(datetime.now() - timedelta(days=7))"),
        "<datetime.now() - timedelta(days=7):unique!>"
    );
}

#[test]
fn a_clock_that_only_an_option_of_a_declared_instance_brings_is_possible_at_most() {
    let shown = |default: &str, annotation: &str| {
        sent(&[(
            "app.py",
            &format!(
                "import openai\nfrom datetime import datetime\nclient = openai.OpenAI()\n\
                 class Team:\n    timed: bool = {default}\n\
                 def send(team: {annotation}):\n    text = 'Rules.'\n    if team.timed:\n        \
                 text += f' At {{datetime.now()}}'\n    \
                 client.responses.create(model='m', instructions=text)\n"
            ),
        )])
    };
    assert!(
        shown("False", "Team").contains("unique?"),
        "{}",
        shown("False", "Team")
    );
    assert!(shown("False", "\"Team\"").contains("unique?"));
    assert!(shown("True", "Team").contains("unique!"));
}
