//! Numbers that a loop counts up in which something is sent.

use super::{prompt, sent};

const PYTHON: &str = "import openai\nclient = openai.OpenAI()\n";
const SCRIPT: &str = "import OpenAI from 'openai';\nconst client = new OpenAI();\n";

fn python(source: &str) -> String {
    sent(&[("app.py", &format!("{PYTHON}{source}"))])
}

fn typescript(body: &str) -> String {
    let source = format!("{SCRIPT}export async function work(limit, rows) {{\n{body}\n}}\n");
    sent(&[("app.ts", &source)])
}

#[test]
fn the_number_of_a_round_is_new_on_every_call() {
    for (head, shown) in [
        ("for step in range(limit):", "step + 1:unique"),
        ("for step in range(10):", "step + 1:unique"),
        ("for step, row in enumerate(rows):", "step + 1:unique"),
        ("for i in range(limit):", "step + 1:unique"),
    ] {
        let rebound = if head.contains(" i ") {
            "        step = i\n"
        } else {
            ""
        };
        let found = python(&format!(
            "def work(limit, rows):\n    {head}\n{rebound}        \
             client.responses.create(model='m', instructions=f'Take step {{step + 1}} now')\n"
        ));
        assert_eq!(found, format!("Take step <{shown}> now"), "{head}");
    }
}

#[test]
fn a_number_that_a_loop_counts_up_is_new_on_every_call() {
    let counted = python(
        "def work():\n    turn = 0\n    while True:\n        turn += 1\n        \
         client.responses.create(model='m', instructions=f'Turn {turn} of 9')\n",
    );
    assert_eq!(counted, "Turn <turn:unique> of 9");
    let kept = python(
        "class Agent:\n    def __init__(self):\n        self.turn = 0\n    def work(self):\n        \
         while True:\n            client.responses.create(model='m', instructions=f'Turn {self.turn}')\n            \
         self.turn += 1\n",
    );
    assert!(kept.contains("self.turn:unique"), "{kept}");
    let script = typescript(
        "for (let i = 0; i < limit; i++) {\n  \
         await client.responses.create({ model: 'm', instructions: `Iteration ${i + 1} of many` });\n}",
    );
    assert_eq!(script, "Iteration <i + 1:unique> of many");
    let joined = typescript(
        "let turn = 0;\nwhile (true) {\n  turn++;\n  \
         await client.responses.create({ model: 'm', instructions: 'Turn ' + turn });\n}",
    );
    assert!(joined.contains("turn:unique"), "{joined}");
}

#[test]
fn a_number_is_counted_in_what_a_function_makes_of_it() {
    let shown = python(
        "def text(current_iteration, most):\n    \
         last = ' Hurry.' if current_iteration > most else ''\n    \
         return f'This is number {current_iteration}.{last}'\n\
         def work(limit):\n    for i in range(limit):\n        \
         client.responses.create(model='m', instructions=text(i + 1, 9))\n",
    );
    assert!(
        shown.starts_with("This is number <i + 1:unique>."),
        "{shown}"
    );
}

#[test]
fn what_does_not_say_that_it_counts_turns_may_number_anything() {
    let shown = python(
        "def work(limit):\n    for i in range(limit):\n        \
         client.responses.create(model='m', instructions=f'You are player {i}')\n",
    );
    assert_eq!(shown, "You are player <i:unique?>");
}

#[test]
fn numbers_within_one_request_and_those_of_another_try_count_nothing() {
    let inner = python(
        "def work(rows):\n    text = ''\n    for i in range(len(rows)):\n        \
         text += f'Step {i} of it'\n    client.responses.create(model='m', instructions=text)\n",
    );
    assert!(!inner.contains("unique"), "{inner}");
    let again = python(
        "def work():\n    for attempt in range(3):\n        \
         client.responses.create(model='m', instructions=f'Turn {attempt}')\n",
    );
    assert!(!again.contains("unique"), "{again}");
}

#[test]
fn what_stands_at_the_place_of_a_counter_is_no_counter() {
    let shown = prompt(&[(
        "app.py",
        &format!(
            "{PYTHON}def work(rows):\n    for step in range(len(rows)):\n        \
             client.responses.create(model='m', instructions='Judge it.', input=f'Row {{rows[step]}}')\n"
        ),
    )]);
    assert!(!shown.contains("unique"), "{shown}");
}
