//! State of a session: names that tell it, attributes that a method sets, classes that a type declares, and the ways
//! of several callers to one call.

use super::{javascript, prompts, table};

#[test]
fn a_name_of_state_tells_of_a_result_that_nothing_is_known_of() {
    table(
        &[
            (
                "const memoryContext = load(a);",
                "memoryContext",
                "<load(a):state>",
            ),
            (
                "const o = { permissionMode: pick(a) };",
                "o.permissionMode",
                "<pick(a):state>",
            ),
            // Names that may be anything tell nothing.
            ("const notes = load(a);", "notes", "<load(a):request?>"),
        ],
        javascript,
    );
}

#[test]
fn what_is_known_better_keeps_its_class() {
    table(
        &[(
            "const memoryContext = crypto.randomUUID();",
            "memoryContext",
            "<crypto.randomUUID():unique!>",
        )],
        javascript,
    );
}

#[test]
fn a_variable_without_a_value_is_nothing_until_it_is_set() {
    table(
        &[(
            "let part;\nif (a === 'plan') { part = { text: 'p' }; }\nlet t = 'o';\nif (part) { t += part.text; }",
            "t",
            "o[part? p | ]",
        )],
        javascript,
    );
}

const AGENT: &str = "import OpenAI from 'openai';\nimport type { Store } from './store';\n\
    const client = new OpenAI();\n\
    export class Agent {\n\
      constructor(private box: Box) {}\n\
      private get store(): Store { return this.box.get('store'); }\n\
      send() { return client.responses.create({ model: 'm', instructions: this.store.text() }); }\n\
    }\n";

#[test]
fn methods_of_a_class_that_a_getter_declares_are_called() {
    let store = "export class Store { text() { return 'Be brief.'; } }\n";
    let all = prompts(&[("agent.ts", AGENT), ("store.ts", store)]);
    assert_eq!(all, ["system: Be brief."]);
}

#[test]
fn a_method_that_is_only_declared_stays_open() {
    let store = "export abstract class Store { text() {} }\n";
    let all = prompts(&[("agent.ts", AGENT), ("store.ts", store)]);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].contains("<this.store.text():"), "{all:?}");
}

#[test]
fn what_tests_pass_gives_way_to_a_caller_of_the_product() {
    let wrapper = "import openai\nclient = openai.OpenAI()\n\n\
        def ask(system):\n    return client.responses.create(model='m', instructions=system)\n";
    let caller =
        "from wrapper import ask\n\ndef judge(verdicts):\n    return ask('Judge by ' + verdicts)\n";
    let test = "from wrapper import ask\n\ndef test_ask():\n    assert ask('Say hello.')\n";
    let all = prompts(&[
        ("wrapper.py", wrapper),
        ("judge.py", caller),
        ("tests/test_wrapper.py", test),
    ]);
    assert_eq!(all, ["system: Judge by <verdicts:request?>"]);
}
