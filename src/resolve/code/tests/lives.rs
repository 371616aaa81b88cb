//! How long a value lives: by the frame that computes it.

use super::{prompt, prompts, sent};

const HEAD: &str = "import openai\nfrom datetime import datetime\nclient = openai.OpenAI()\n";

fn python(source: &str) -> String {
    sent(&[("app.py", &format!("{HEAD}{source}"))])
}

#[test]
fn a_module_s_clock_is_read_once_per_process() {
    let shown = python(
        "T = f'At {datetime.now()}'\ndef send():\n    client.responses.create(model='m', instructions=T)\n",
    );
    assert_eq!(shown, "At <datetime.now():unique/deploy!>");
}

#[test]
fn a_python_default_is_read_once_per_process() {
    let shown = python(
        "def text(now=datetime.now()):\n    return f'At {now}'\n\
         def send():\n    client.responses.create(model='m', instructions=text())\n",
    );
    assert_eq!(shown, "At <datetime.now():unique/deploy!>");
}

#[test]
fn a_javascript_default_is_read_per_call() {
    let source = "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
                  function text(now = Date.now()) { return `At ${now}`; }\n\
                  export async function send() {\n  \
                  await client.responses.create({ model: 'm', instructions: text() });\n}\n";
    assert_eq!(sent(&[("app.ts", source)]), "At <Date.now():unique!>");
}

#[test]
fn a_constructor_s_clock_is_read_once_per_session() {
    let shown = python(
        "class Agent:\n    def __init__(self):\n        self.now = datetime.now()\n    \
         def send(self):\n        client.responses.create(model='m', instructions=f'At {self.now}')\n",
    );
    assert_eq!(shown, "At <datetime.now():unique/session!>");
}

#[test]
fn a_class_attribute_s_clock_is_read_once_per_process() {
    let shown = python(
        "class Agent:\n    NOW = datetime.now()\n    \
         def send(self):\n        client.responses.create(model='m', instructions=f'At {self.NOW}')\n",
    );
    assert_eq!(shown, "At <datetime.now():unique/deploy!>");
}

#[test]
fn a_clock_before_the_loop_that_sends_is_read_once_per_session() {
    let shown = python(
        "def chat():\n    t = f'At {datetime.now()}'\n    while True:\n        \
         client.responses.create(model='m', instructions=t, input=input())\n",
    );
    assert!(
        shown.starts_with("At <datetime.now():unique/session!>"),
        "{shown}"
    );
}

#[test]
fn a_clock_inside_the_function_that_sends_keeps_its_own_class() {
    let shown = python(
        "def send():\n    t = f'At {datetime.now():%Y-%m-%d}'\n    \
         client.responses.create(model='m', instructions=t)\n",
    );
    assert!(shown.contains(":day!>"), "{shown}");
}

#[test]
fn a_part_of_a_clock_that_is_read_by_its_name_is_as_coarse_as_the_part() {
    let class = |part: &str| {
        python(&format!(
            "def send():\n    now = datetime.now()\n    \
             client.responses.create(model='m', instructions=f'At {{now.{part}}}')\n"
        ))
    };
    assert_eq!(class("day"), "At <now.day:day!>");
    assert_eq!(class("hour"), "At <now.hour:hour!>");
    assert_eq!(class("microsecond"), "At <now.microsecond:unique!>");
}

#[test]
fn the_zone_of_a_clock_is_that_of_the_deployment() {
    let shown = python(
        "import time\ndef send():\n    \
         client.responses.create(model='m', instructions=time.strftime('%Z'))\n",
    );
    assert!(shown.contains(":deploy"), "{shown}");
}

#[test]
fn a_closure_that_runs_within_the_call_it_is_given_to_makes_nothing_live_longer() {
    let sent = |given_to: &str| {
        let source = format!(
            "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
             export async function handle(req) {{\n  const found = await search(req.query);\n  \
             return {given_to}({{ async start() {{\n    \
             await client.responses.create({{ model: 'm', instructions: `See ${{found}}` }});\n  }} }});\n}}\n"
        );
        prompt(&[("app.ts", &source)])
    };
    assert!(sent("serve").contains("/session"), "{}", sent("serve"));
    let once = sent("new ReadableStream");
    assert!(!once.contains("/session"), "{once}");
}

#[test]
fn a_property_is_read_on_each_call_and_a_cached_one_once() {
    let class = |decorator: &str| {
        python(&format!(
            "from functools import cached_property\nclass Agent:\n    @{decorator}\n    def t(self):\n        \
             return f'At {{datetime.now()}}'\n    def send(self):\n        \
             client.responses.create(model='m', instructions=self.t)\n"
        ))
    };
    assert_eq!(class("property"), "At <datetime.now():unique!>");
    assert_eq!(
        class("cached_property"),
        "At <datetime.now():unique/session!>"
    );
}

#[test]
fn a_caller_s_value_stands_for_the_parameter() {
    let shown = python(
        "def send(text):\n    client.responses.create(model='m', instructions=text)\n\
         def main():\n    send('Be brief.')\n",
    );
    assert_eq!(shown, "Be brief.");
}

#[test]
fn a_caller_in_another_module_is_found() {
    let files = [
        (
            "app/llm.py",
            "import openai\nclient = openai.OpenAI()\ndef complete(text, question):\n    \
          return client.chat.completions.create(model='m', messages=[\n        \
          {'role': 'system', 'content': text}, {'role': 'user', 'content': question}])\n",
        ),
        (
            "app/main.py",
            "from app.llm import complete\nRULES = 'Be brief.'\ndef answer(question):\n    \
          return complete(RULES, question)\n",
        ),
    ];
    assert_eq!(
        prompt(&files),
        "system: Be brief.\nuser: <question:request>"
    );
}

const EDITOR: &str =
    "import Anthropic from '@anthropic-ai/sdk';\nimport * as vscode from 'vscode';\n\
    export class Task {\n  client = new Anthropic();\n  turns: Anthropic.MessageParam[] = [];\n  \
    constructor(task: string) { this.start(task); }\n  \
    text() { return `Open: ${vscode.window.visibleTextEditors}`; }\n";

#[test]
fn what_the_rounds_of_a_constructor_s_loop_compute_is_as_old_as_the_round() {
    let source = format!(
        "{EDITOR}  async start(task: string) {{\n    let next = task;\n    while (next) {{\n      \
         this.turns.push({{ role: 'user', content: next }});\n      \
         const answer = await this.client.messages.create({{ model: 'm', max_tokens: 9, system: this.text(), \
         messages: this.turns }});\n      \
         this.turns.push({{ role: 'assistant', content: answer.content }});\n      next = tell(answer);\n    }}\n  }}\n}}\n"
    );
    let shown = prompts(&[("task.ts", &source)]);
    assert!(!shown.is_empty());
    for shown in shown {
        assert!(shown.contains(":state>"), "{shown}");
    }
}

#[test]
fn what_a_constructor_computes_before_its_loop_lives_as_long_as_the_instance() {
    let source = format!(
        "{EDITOR}  async start(task: string) {{\n    let next = task;\n    const text = this.text();\n    while (next) {{\n      \
         this.turns.push({{ role: 'user', content: next }});\n      \
         const answer = await this.client.messages.create({{ model: 'm', max_tokens: 9, system: text, \
         messages: this.turns }});\n      \
         this.turns.push({{ role: 'assistant', content: answer.content }});\n      next = tell(answer);\n    }}\n  }}\n}}\n"
    );
    let shown = prompts(&[("task.ts", &source)]);
    assert!(!shown.is_empty());
    for shown in shown {
        assert!(shown.contains(":state/session>"), "{shown}");
    }
}

#[test]
fn a_loop_of_a_constructor_that_sends_nothing_is_over_with_it() {
    let shown = python(
        "class Agent:\n    def __init__(self, names):\n        self.text = ''\n        for name in names:\n            \
         self.text += f'At {datetime.now()}'\n    \
         def send(self):\n        client.responses.create(model='m', instructions=self.text)\n",
    );
    assert!(shown.contains(":unique/session!>"), "{shown}");
}

#[test]
fn what_a_constructor_hands_out_to_be_called_later_is_computed_then() {
    let source = "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
                  export class Bot {\n  constructor(socket) {\n    socket.on('message', async (text) => {\n      \
                  await client.responses.create({ model: 'm', instructions: `At ${Date.now()}`, input: text });\n    \
                  });\n  }\n  ask(text) { return client.responses.create({ model: 'm', input: text }); }\n}\n";
    let all = prompts(&[("bot.ts", source)]);
    let clock = |shown: &&String| shown.contains("<Date.now():unique!>");
    assert_eq!(all.iter().filter(clock).count(), 1, "{all:?}");
}

#[test]
fn in_front_of_turns_that_were_kept_elsewhere_a_loop_shields_nothing() {
    let handler = |history: &str| {
        python(&format!(
            "def handle(text, history):\n    t = f'At {{datetime.now()}}'\n    \
             messages = [{{'role': 'system', 'content': t}}]{history} + [{{'role': 'user', 'content': text}}]\n    \
             while True:\n        \
             reply = client.chat.completions.create(model='m', messages=messages)\n        \
             messages.append({{'role': 'assistant', 'content': reply}})\n"
        ))
    };
    // The conversation goes on from call to call: the clock is read anew in front of it.
    let kept = handler(" + history");
    assert!(kept.contains("<datetime.now():unique!>"), "{kept}");
    // It begins here: what was read before the rounds stays as it is for all of them.
    let begun = handler("");
    assert!(
        begun.contains("<datetime.now():unique/session!>"),
        "{begun}"
    );
}

#[test]
fn behind_turns_that_were_kept_elsewhere_a_value_lives_as_long_as_the_loop() {
    let shown = python(
        "def handle(text, history):\n    \
         messages = [*history, {'role': 'user', 'content': f'At {datetime.now()} {text}'}]\n    \
         while True:\n        \
         reply = client.chat.completions.create(model='m', messages=messages)\n        \
         messages.append({'role': 'assistant', 'content': reply})\n",
    );
    assert!(
        shown.contains("<datetime.now():unique/session!>"),
        "{shown}"
    );
}

#[test]
fn a_constructor_that_does_everything_leaves_steps_for_the_method_that_sends() {
    // More than an entry may do.
    let lines = "        x = use(x, x)\n".repeat(12_000);
    let shown = python(&format!(
        "class Agent:\n    def __init__(self):\n        self.history = []\n{lines}    \
         def send(self):\n        \
         client.responses.create(model='m', instructions=f'At {{datetime.now()}}')\n"
    ));
    assert_eq!(shown, "At <datetime.now():unique!>");
}

#[test]
fn a_made_up_id_lives_as_long_as_what_it_is_the_id_of() {
    let named = |name: &str, made: &str| {
        python(&format!(
            "import uuid\ndef send():\n    {name} = {made}\n    \
             client.responses.create(model='m', instructions=f'At {{{name}}}')\n"
        ))
    };
    for made in [
        "str(uuid.uuid4())",
        "f'x-{uuid.uuid4()}'",
        "asked or f'x-{uuid.uuid4()}'",
    ] {
        for name in ["session_id", "new_task_id", "agentUuid"] {
            let shown = named(name, made);
            assert!(
                shown.contains("uuid4()") && shown.contains(":session"),
                "{shown}"
            );
        }
        for name in [
            "request_id",
            "call_id",
            "message_id",
            "turn_id",
            "nonce",
            "value",
        ] {
            let shown = named(name, made);
            assert!(shown.contains(":unique"), "{name}: {shown}");
        }
    }
    let passed = |call: &str| {
        python(&format!(
            "import uuid\ndef text(conversation_id, nonce):\n    return f'At {{conversation_id}} {{nonce}}'\n\
             def send():\n    client.responses.create(model='m', instructions={call})\n"
        ))
    };
    for call in [
        "text(uuid.uuid4().hex, uuid.uuid4().hex)",
        "text(conversation_id=uuid.uuid4().hex, nonce=uuid.uuid4().hex)",
        "'At {conversation_id} {nonce}'.format(conversation_id=uuid.uuid4().hex, nonce=uuid.uuid4().hex)",
    ] {
        let shown = passed(call);
        let (id, nonce) = shown.split_once("> <").unwrap_or_default();
        assert!(id.contains(":session") && nonce.contains(":unique"), "{call}: {shown}");
    }
}
