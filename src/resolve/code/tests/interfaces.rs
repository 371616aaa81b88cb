//! Requests behind what is only declared: interfaces, protocols, abstract classes, and bases that ask their heirs.

use super::prompts;

const PORT: &str =
    "from abc import ABC, abstractmethod\nclass Port(ABC):\n    @abstractmethod\n    \
                    def complete(self, system, question):\n        ...\n";
const CLAUDE: &str = "import anthropic\nfrom port import Port\nclass Claude(Port):\n    def __init__(self, key):\n        \
                      self._client = anthropic.Anthropic(api_key=key)\n    def complete(self, system, question):\n        \
                      return self._client.messages.create(model='m', system=system, messages=[{'role': 'user', 'content': question}])\n";
const DESK: &str = "from datetime import datetime\nfrom port import Port\nclass Desk:\n    \
                    def __init__(self, llm: Port):\n        self.llm = llm\n    def ask(self, question):\n        \
                    return self.llm.complete(f'At {datetime.now()} p', question)\n";
const SENT: &str = "system: At <datetime.now():unique!> p\nuser: <question:request>";

/// A class that sends by OpenAI, under a name.
fn other(name: &str, base: &str) -> String {
    format!(
        "import openai\nfrom port import Port\nclient = openai.OpenAI()\nclass {name}{base}:\n    \
         def complete(self, system, question):\n        return client.chat.completions.create(model='m', messages=[\
         {{'role': 'system', 'content': system}}, {{'role': 'user', 'content': question}}])\n"
    )
}

fn counted(found: &[String]) -> usize {
    found.iter().filter(|prompt| *prompt == SENT).count()
}

#[test]
fn a_call_of_an_abstract_class_sends_what_the_class_below_it_sends() {
    let files = [("port.py", PORT), ("claude.py", CLAUDE), ("desk.py", DESK)];
    assert_eq!(prompts(&files), [SENT]);
    // Python writes types in quotes where they are imported for the checker alone.
    let quoted = DESK.replace("llm: Port", "llm: 'Port'");
    let files = [
        ("port.py", PORT),
        ("claude.py", CLAUDE),
        ("desk.py", &quoted),
    ];
    assert_eq!(prompts(&files), [SENT]);
}

#[test]
fn each_of_few_classes_stands_for_what_is_declared() {
    let gpt = other("Gpt", "(Port)");
    let files = [
        ("port.py", PORT),
        ("claude.py", CLAUDE),
        ("gpt.py", &gpt),
        ("desk.py", DESK),
    ];
    assert_eq!(prompts(&files), [SENT, SENT]);
}

#[test]
fn of_many_classes_none_stands_for_what_is_declared() {
    let all: Vec<(String, String)> = (0..5)
        .map(|at| (format!("gpt{at}.py"), other(&format!("Gpt{at}"), "(Port)")))
        .collect();
    let mut files: Vec<(&str, &str)> = all.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    files.extend([("port.py", PORT), ("desk.py", DESK)]);
    assert_eq!(counted(&prompts(&files)), 0);
}

#[test]
fn a_double_in_a_test_does_not_count() {
    let all: Vec<(String, String)> = (0..5)
        .map(|at| {
            (
                format!("tests/gpt{at}.py"),
                other(&format!("Gpt{at}"), "(Port)"),
            )
        })
        .collect();
    let mut files: Vec<(&str, &str)> = all.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    files.extend([("port.py", PORT), ("claude.py", CLAUDE), ("desk.py", DESK)]);
    assert_eq!(counted(&prompts(&files)), 1);
}

#[test]
fn a_protocol_is_met_without_being_named() {
    let port = "from typing import Protocol\nclass Port(Protocol):\n    def complete(self, system, question): ...\n";
    let gpt = other("Gpt", "");
    let files = [("port.py", port), ("gpt.py", &gpt), ("desk.py", DESK)];
    assert_eq!(prompts(&files), [SENT]);
    // What takes other arguments does not meet it.
    let unlike = gpt.replace("question", "text");
    let files = [("port.py", port), ("gpt.py", &unlike), ("desk.py", DESK)];
    assert_eq!(counted(&prompts(&files)), 0);
}

const TS_PORT: &str =
    "export interface Port {\n  complete(system: string, question: string): Promise<string>;\n}\n";
const TS_DESK: &str = "import type { Port } from './ports';\nexport class Desk {\n  \
                       constructor(private readonly llm: Port) {}\n  ask(question: string) {\n    \
                       return this.llm.complete(`At ${Date.now()} p`, question);\n  }\n}\n";
const TS_GPT: &str = "import OpenAI from 'openai';\nimport { Port } from './ports/port';\n\
                      export class Gpt implements Port {\n  private client = new OpenAI();\n  \
                      async complete(system: string, question: string) {\n    \
                      return this.client.chat.completions.create({ model: 'm', messages: [\
                      { role: 'system', content: system }, { role: 'user', content: question }] });\n  }\n}\n";

#[test]
fn a_class_implements_an_interface_that_modules_hand_on() {
    let index = ("ports/index.ts", "export * from './port';\n");
    let expected = "system: At <Date.now():unique!> p\nuser: <question:request>";
    let files = [
        ("ports/port.ts", TS_PORT),
        index,
        ("gpt.ts", TS_GPT),
        ("desk.ts", TS_DESK),
    ];
    assert_eq!(prompts(&files), [expected]);
    // An interface of the same name elsewhere is another one.
    let own = TS_GPT.replace("./ports/port", "./own");
    let files = [
        ("ports/port.ts", TS_PORT),
        ("own.ts", TS_PORT),
        index,
        ("gpt.ts", &own),
        ("desk.ts", TS_DESK),
    ];
    assert!(!prompts(&files).contains(&expected.to_string()));
}

#[test]
fn the_only_builder_behind_an_interface_gives_its_text() {
    let port = "export interface Builder {\n  buildSystemPrompt(): string;\n}\n";
    let builder = "import { Builder } from './port';\nexport class Plain implements Builder {\n  \
                   buildSystemPrompt() {\n    return `At ${Date.now()} p`;\n  }\n}\n";
    let desk = "import OpenAI from 'openai';\nimport { Builder } from './port';\nconst client = new OpenAI();\n\
                export class Desk {\n  constructor(private builder: Builder) {}\n  ask(question: string) {\n    \
                return client.responses.create({ model: 'm', instructions: this.builder.buildSystemPrompt() });\n  }\n}\n";
    let files = [("port.ts", port), ("plain.ts", builder), ("desk.ts", desk)];
    assert_eq!(prompts(&files), ["system: At <Date.now():unique!> p"]);
}

const BASE: &str =
    "import openai\nclient = openai.OpenAI()\nclass Base:\n    instructions: str\n    \
                    def run(self, user_name):\n        return client.responses.create(model='m', \
                    instructions=f'For {user_name}: {self.instructions}')\n";

#[test]
fn a_base_sends_what_each_class_below_it_says() {
    let heir = |name: &str, text: &str| {
        format!("from base import Base\nclass {name}(Base):\n    instructions = '{text}'\n")
    };
    let (writer, reader) = (heir("Writer", "write"), heir("Reader", "read"));
    let files = [
        ("base.py", BASE),
        ("reader.py", &reader),
        ("writer.py", &writer),
    ];
    let found = prompts(&files);
    for text in ["write", "read"] {
        let sent = format!("system: For <user_name:user>: {text}");
        assert!(found.contains(&sent), "{found:?}");
    }
    // The base, which says nothing by itself, is no prompt beside them.
    assert!(
        !found
            .iter()
            .any(|prompt| prompt.contains("self.instructions")),
        "{found:?}"
    );
}

#[test]
fn a_base_that_says_something_itself_stays_beside_its_heirs() {
    let base = BASE.replace("instructions: str", "instructions: str = 'help'");
    let writer = "from base import Base\nclass Writer(Base):\n    instructions = 'write'\n";
    let found = prompts(&[("base.py", &base), ("writer.py", writer)]);
    for text in ["help", "write"] {
        let sent = format!("system: For <user_name:user>: {text}");
        assert!(found.contains(&sent), "{found:?}");
    }
}

#[test]
fn a_loop_of_the_class_that_stands_in_is_not_the_one_that_adds_turns() {
    let gpt = "import openai\nfrom port import Port\nclient = openai.OpenAI()\nclass Gpt(Port):\n    \
               def complete(self, system, question):\n        turns = []\n        for turn in question:\n            \
               turns.append({'role': turn['role'], 'content': turn['content']})\n        \
               return client.chat.completions.create(model='m', messages=turns)\n";
    let desk = "from datetime import datetime\nfrom port import Port\nclass Desk:\n    def __init__(self, llm: Port):\n        \
                self.llm = llm\n    def run(self, task):\n        turns = [{'role': 'system', 'content': f'At {datetime.now()} p'}, \
                {'role': 'user', 'content': task}]\n        while True:\n            \
                answer = self.llm.complete('s', turns)\n            \
                turns.append({'role': 'assistant', 'content': answer.content})\n";
    let found = prompts(&[("port.py", PORT), ("gpt.py", gpt), ("desk.py", desk)]);
    let clocks: Vec<&String> = found
        .iter()
        .filter(|prompt| prompt.contains("datetime.now()"))
        .collect();
    assert!(!clocks.is_empty(), "{found:#?}");
    for prompt in clocks {
        assert!(
            prompt.contains("<datetime.now():unique/session!>"),
            "{prompt}"
        );
    }
}
