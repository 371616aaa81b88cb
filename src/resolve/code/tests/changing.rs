//! What an instance holds by the time of a later call, what a framework calls for each request, and what is asked of a
//! value without what it holds.

use super::{prompt, sent};

/// An agent whose instructions show an attribute.
fn agent(begins: &str, method: &str) -> String {
    let source = format!(
        "import openai\nclient = openai.OpenAI()\nclass Agent:\n    def __init__(self):\n        {begins}\n{method}    \
         def say(self, text):\n        client.responses.create(model='m', instructions=f'A {{self.notes}} B')\n"
    );
    sent(&[("app.py", &source)])
}

#[test]
fn state_that_a_method_changes_is_not_what_the_constructor_left() {
    let open = "A <self.notes:state> B";
    for (begins, method) in [
        (
            "self.notes = []",
            "    def remember(self, note):\n        self.notes.append(note)\n",
        ),
        (
            "self.notes = ''",
            "    def remember(self, note):\n        self.notes = note\n",
        ),
        (
            "self.notes = None",
            "    def remember(self, note):\n        self.notes = note\n",
        ),
    ] {
        assert_eq!(agent(begins, method), open, "{begins}");
    }
    // Nobody changes it, or only to begin anew.
    assert_eq!(agent("self.notes = ''", ""), "A  B");
    let reset = "    def reset(self):\n        self.notes = ''\n";
    assert_eq!(agent("self.notes = ''", reset), "A  B");
    // A text of some length is no word that stands for a state.
    let long = "self.notes = 'a rule of the house that everyone in it has to keep'";
    let set = "    def remember(self, note):\n        self.notes = note\n";
    assert!(agent(long, set).contains("everyone in it"));
}

#[test]
fn a_field_of_a_class_in_javascript_changes_too() {
    let source = "import OpenAI from 'openai';\nexport class Agent {\n  private mode = 'plan';\n  \
                  setMode(mode: string) { this.mode = mode; }\n  \
                  say(text: string) { return new OpenAI().responses.create({ model: 'm', instructions: `A ${this.mode} B` }); }\n}\n";
    assert_eq!(sent(&[("app.ts", source)]), "A <self.mode:state> B");
}

#[test]
fn a_function_that_gives_instructions_is_called_for_each_request() {
    let agent = |instructions: &str| {
        let source = format!(
            "from datetime import datetime\nfrom agents import Agent\ndef build(context, agent):\n    \
             return f'A {{datetime.now()}} B'\nagent = Agent(name='x', model='m', instructions={instructions})\n"
        );
        prompt(&[("app.py", &source)])
    };
    assert!(agent("build").contains("A <datetime.now():unique!> B"));
    // Built as the module is loaded: one time for the whole process.
    assert!(agent("build(None, None)").contains("A <datetime.now():unique/deploy!> B"));
}

#[test]
fn how_many_there_are_does_not_depend_on_what_they_hold() {
    let source = |test: &str| {
        format!(
            "import OpenAI from 'openai';\nconst client = new OpenAI();\nfunction tail(flag) {{\n  \
             const parts = [`now ${{Date.now()}}`, flag && 'x'].filter(Boolean);\n  if (parts.length === 0) return undefined;\n  \
             return {{ append: parts.join(' ') }};\n}}\nexport function send(flag) {{\n  const option = tail(flag);\n  \
             let text = 'A';\n  if ({test}) text = 'B';\n  \
             return client.responses.create({{ model: 'm', instructions: text }});\n}}\n"
        )
    };
    let asked = |test: &str| {
        let run = super::run(&[("app.ts", &source(test))]);
        let mut classes = Vec::new();
        for prompt in run.prompts {
            for piece in prompt
                .messages
                .into_iter()
                .flat_map(|m| m.blocks)
                .flat_map(|b| b.pieces)
            {
                if let crate::prompt::Piece::Branch(branch) = piece {
                    classes.push(branch.volatility.class);
                }
            }
        }
        classes
    };
    let unique = crate::volatility::Class::Unique;
    assert!(!asked("!option").contains(&unique));
    assert!(asked("typeof option === 'string'").is_empty());
    assert!(asked("String(Date.now()).endsWith('1')").contains(&unique));
}

#[test]
fn a_default_says_which_class_a_parameter_is_of() {
    let source = "import OpenAI from 'openai';\nclass Llm {\n  ask(text: string) {\n    \
                  return new OpenAI().responses.create({ model: 'm', instructions: text });\n  }\n}\n\
                  export function run(question: string, llm = new Llm()) {\n  return llm.ask(`A ${question}`);\n}\n";
    assert_eq!(sent(&[("app.ts", source)]), "A <question:request>");
}

#[test]
fn an_imported_function_is_asked_by_its_own_name() {
    let source = "import { auth } from '@/auth';\nimport OpenAI from 'openai';\nexport async function send(q) {\n  \
                  const session = await auth();\n  \
                  return new OpenAI().responses.create({ model: 'm', instructions: `A ${session.user.name} B` });\n}\n";
    assert!(sent(&[("app.ts", source)]).contains(":user"));
}

#[test]
fn what_a_loop_over_a_set_lists_is_in_order_once_it_is_sorted() {
    let source = |sort: &str| {
        format!(
            "import openai\nclient = openai.OpenAI()\ndef send(rows):\n    out = []\n    for name in {{row.name for row in rows}}:\n        \
             out.append('- ' + name)\n    {sort}\n    client.responses.create(model='m', instructions='A ' + ', '.join(out))\n"
        )
    };
    assert!(sent(&[("app.py", &source("pass"))]).contains("(~"));
    assert!(!sent(&[("app.py", &source("out.sort()"))]).contains("(~"));
    assert!(!sent(&[("app.py", &source("out = sorted(out)"))]).contains("(~"));
}
