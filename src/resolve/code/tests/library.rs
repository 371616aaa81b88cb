//! Calls of libraries that a value passes through: it comes out where the program puts it.

use super::{javascript, python, sent};

const ROWS: &str = include_str!("library_rows.txt");

#[test]
fn every_call_hands_on_what_it_is_given() {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in ROWS.lines().filter(|row| !row.starts_with('#')) {
        let mut parts = row.splitn(4, '|').map(str::trim);
        let mut part = || parts.next().expect("a row has four parts");
        let (language, before, expression, expected) = (part(), part(), part(), part());
        let before = before.replace("; ", "\n");
        let found = match language {
            "py" => python(&before, expression),
            _ => javascript(&before, expression),
        };
        if found != expected {
            wrong.push(format!("{row} (found {found})"));
        }
        rows += 1;
    }
    assert!(rows > 50, "{rows}");
    assert_eq!(wrong, Vec::<String>::new());
}

const HEAD: &str =
    "import openai\nfrom datetime import datetime\nfrom functools import lru_cache, wraps\n\
                    import functools\nclient = openai.OpenAI()\n";
const SEND: &str = "def send(q):\n    client.responses.create(model='m', instructions=head())\n";

fn head(source: &str) -> String {
    sent(&[("app.py", &format!("{HEAD}{source}{SEND}"))])
}

#[test]
fn what_a_decorator_puts_around_a_text_is_sent_and_one_that_passes_on_is_nothing() {
    let wrapped = |gives: &str| {
        head(&format!(
            "def stamp(f):\n    @wraps(f)\n    def outer(*a, **k):\n        return {gives}\n    return outer\n\
             @stamp\ndef head():\n    return 'Rules.'\n"
        ))
    };
    let around = wrapped("f'At {datetime.now()} ' + f(*a, **k)");
    assert_eq!(around, "At <datetime.now():unique!> Rules.");
    assert_eq!(wrapped("f(*a, **k)"), "Rules.");
}

#[test]
fn a_decorator_of_a_method_hands_on_the_instance() {
    let sent = sent(&[(
        "app.py",
        &format!(
            "{HEAD}def stamp(f):\n    def outer(self, *a):\n        return f'At {{datetime.now()}} ' + f(self, *a)\n    \
             return outer\nclass Desk:\n    name = 'Desk'\n    @stamp\n    def text(self):\n        return self.name\n\
             def send(q):\n    client.responses.create(model='m', instructions=Desk().text())\n"
        ),
    )]);
    assert_eq!(sent, "At <datetime.now():unique!> Desk");
}

#[test]
fn what_is_kept_by_a_decorator_lives_as_long_as_the_program() {
    let class = |decorator: &str| {
        head(&format!(
            "{decorator}def head():\n    return f'At {{datetime.now()}}'\n"
        ))
    };
    assert_eq!(class(""), "At <datetime.now():unique!>");
    assert_eq!(
        class("@lru_cache(maxsize=1)\n"),
        "At <datetime.now():unique/deploy!>"
    );
    assert_eq!(
        class("@functools.cache\n"),
        "At <datetime.now():unique/deploy!>"
    );
    // Told how long, it keeps it that long.
    assert_eq!(class("@lru_cache(ttl=5)\n"), "At <datetime.now():unique!>");
    let asked = sent(&[(
        "app.py",
        &format!(
            "{HEAD}@lru_cache\ndef head(q):\n    return f'At {{datetime.now()}}'\n\
             def send(q):\n    client.responses.create(model='m', instructions=head(q))\n"
        ),
    )]);
    assert_eq!(asked, "At <datetime.now():unique!>");
}

#[test]
fn what_a_function_makes_only_once_lives_as_long_as_the_program() {
    let kept = "HEAD = None\ndef head():\n    global HEAD\n    if HEAD is None:\n        \
                HEAD = f'At {datetime.now()}'\n    return HEAD\n";
    assert!(
        head(kept).contains("<datetime.now():unique/deploy!>"),
        "{}",
        head(kept)
    );
    let early =
        "HEAD = None\ndef head():\n    global HEAD\n    if HEAD:\n        return HEAD\n    \
                 HEAD = f'At {datetime.now()}'\n    return HEAD\n";
    assert!(
        head(early).contains("<datetime.now():unique/deploy!>"),
        "{}",
        head(early)
    );
    let table = "KEPT = {}\ndef head():\n    if 'head' not in KEPT:\n        \
                 KEPT['head'] = f'At {datetime.now()}'\n    return KEPT['head']\n";
    assert!(
        head(table).contains("<datetime.now():unique/deploy!>"),
        "{}",
        head(table)
    );
    let anew = "HEAD = None\ndef head():\n    global HEAD\n    \
                HEAD = f'At {datetime.now()}'\n    return HEAD\n";
    assert_eq!(head(anew), "At <datetime.now():unique!>");
    // A name of the function is made anew on every call.
    let own = "def head():\n    head = None\n    if head is None:\n        \
               head = f'At {datetime.now()}'\n    return head\n";
    assert!(!head(own).contains("/deploy"), "{}", head(own));
}

#[test]
fn what_javascript_fills_in_once_lives_as_long_as_the_program() {
    let sent = |fill: &str| {
        let source = format!(
            "import OpenAI from 'openai';\nconst client = new OpenAI();\nlet head: string | undefined;\n\
             function text() {{ {fill} return head; }}\nexport async function send(q) {{\n  \
             return client.responses.create({{ model: 'm', instructions: text() }});\n}}\n"
        );
        sent(&[("app.ts", &source)])
    };
    assert_eq!(
        sent("head ??= `At ${Date.now()}`;"),
        "At <Date.now():unique/deploy!>"
    );
    assert_eq!(
        sent("head = `At ${Date.now()}`;"),
        "At <Date.now():unique!>"
    );
}

#[test]
fn functions_that_together_give_one_system_prompt_are_sent_in_their_order() {
    let source = |order: [&str; 2]| {
        let [first, second] = order;
        format!(
            "from pydantic_ai import Agent\nfrom datetime import datetime\nagent = Agent('m')\n\
             {first}{second}def run(q):\n    return agent.run_sync(q)\n"
        )
    };
    let now = "@agent.instructions\ndef now():\n    return f'At {datetime.now()}'\n";
    let rules = "@agent.instructions\ndef rules():\n    \
                 return 'You answer the questions of customers, you keep to the rules of the house, and you never promise what it does not sell, whoever asks you for it and however often.'\n";
    let run = |order| super::prompts(&[("app.py", &source(order))]).join("\n");
    let found = run([now, rules]);
    assert!(
        found.contains("At <datetime.now():unique!>\n\nYou answer"),
        "{found}"
    );
    let found = run([rules, now]);
    assert!(
        found.contains("often.\n\nAt <datetime.now():unique!>"),
        "{found}"
    );
}
