//! Requests that are written by hand, builders of prompts that are called from afar, and the ways to one wrapper.

use super::{messages, prompts, run};

const RULES: &str = "Answer in the language of the question. Never speak of a refund that nobody asked for. Say what \
                     the shop can do, and say it in two sentences at most.";

fn filled(source: &str) -> String {
    source.replace("RULES", RULES)
}

/// Provider and messages of the prompts of some files.
fn sent(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<(&str, String)> = files.iter().map(|(p, s)| (*p, filled(s))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(p, s)| (*p, s.as_str())).collect();
    let found = run(&files).prompts;
    let each = found.iter().map(|prompt| {
        let provider = prompt.target.provider.as_deref().unwrap_or("-");
        format!("{provider} {}", messages(prompt).replace('\n', " & "))
    });
    each.collect()
}

#[test]
fn a_request_by_hand_is_one_to_the_provider_that_its_file_speaks_to() {
    let fetch = "const SYSTEM = `RULES`;\nexport async function ask(messages) {\n  return await fetch(url, { method: 'POST', \
                 headers: { 'anthropic-version': '2023-06-01' }, body: JSON.stringify({ system: SYSTEM, messages, max_tokens: 9 }) });\n}\n";
    let wanted = vec![format!("anthropic system: {RULES} & history: <<messages>>")];
    assert_eq!(sent(&[("app.ts", fetch)]), wanted);
    let post = "import requests\nSYSTEM = 'RULES'\ndef ask(history):\n    body = {'system': SYSTEM, 'messages': history, 'max_tokens': 9}\n    \
                return requests.post('https://api.anthropic.com/v1/messages', json=body)\n";
    let found = sent(&[("app.py", post)]);
    assert_eq!(
        found,
        [format!("anthropic system: {RULES} & history: <<history>>")]
    );
    // Two providers in one file: which of them it is, nothing says.
    let both = post.replace(
        "import requests",
        "import requests, os\nURLS = ['https://api.openai.com']",
    );
    assert!(sent(&[("app.py", &both)])
        .iter()
        .all(|found| !found.starts_with("anthropic")));
    // The name of the file, where it says nothing itself.
    let named = post.replace("https://api.anthropic.com/v1/messages", "{BASE}/messages");
    let found = sent(&[("providers/anthropic.py", &named)]);
    assert_eq!(
        found,
        [format!("anthropic system: {RULES} & history: <<history>>")]
    );
    assert_eq!(
        sent(&[("providers/backend.py", &named)]),
        Vec::<String>::new()
    );
}

#[test]
fn a_body_in_a_call_that_sends_is_that_of_the_call() {
    let source = "import Anthropic from '@anthropic-ai/sdk';\nexport class Handler {\n  private client: Anthropic;\n  \
                  constructor(private options: any) { this.client = new Anthropic({ apiKey: options.key }); }\n  \
                  async send(system: string, messages: any[]) {\n    \
                  return await this.client.messages.create({ model: 'm', max_tokens: 9, system, messages });\n  }\n}\n\
                  export class Task {\n  private api = new Handler({});\n  async run(turns: any[]) {\n    \
                  return await this.api.send(`RULES`, turns);\n  }\n}\n";
    assert_eq!(sent(&[("app.ts", source)]).len(), 1);
}

#[test]
fn a_sequence_whose_items_are_asked_for_the_role_of_a_turn_is_a_conversation() {
    let head = "import anthropic\nclient = anthropic.Anthropic()\n";
    let body = "    system = ''\n    turns = []\n    for m in prompt:\n        role = m['role']\n        if role == 'system':\n            \
                system = m['content']\n        else:\n            turns.append({'role': role, 'content': m['content']})\n    \
                return client.messages.create(model='m', max_tokens=9, system=system, messages=turns)\n";
    let given = format!("{head}def send(prompt):\n{body}");
    let made = format!("{head}def send(store, q):\n    prompt = store.load(q)\n{body}");
    for source in [given, made] {
        let found = prompts(&[("app.py", &source)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("history: <<"), "{}", found[0]);
        assert!(!found[0].contains(":request"), "{}", found[0]);
    }
    // People have roles as well.
    let people = "    for m in members:\n        if m['role'] == 'user':\n            names.append(m['name'])\n    \
                  return client.messages.create(model='m', max_tokens=9, system=str(members), messages=[{'role': 'user', 'content': 'RULES'}])\n";
    let found = prompts(&[(
        "app.py",
        &format!("{head}def send(members):\n    names = []\n{people}"),
    )]);
    assert!(!found[0].contains("<<"), "{}", found[0]);
}

#[test]
fn a_wrapper_stays_where_two_ways_to_it_know_different_things() {
    let wrapper = "import Anthropic from '@anthropic-ai/sdk';\nexport class Handler {\n  private client: Anthropic;\n  \
                   constructor(private options: any) { this.client = new Anthropic({ apiKey: options.key }); }\n  \
                   async send(system: string, messages: any[]) {\n    \
                   return await this.client.messages.create({ model: 'm', max_tokens: 9, system, messages });\n  }\n}\n";
    let task = "import { Handler } from './handler';\nexport class Task {\n  private api: Handler;\n  \
                constructor(options: any, private custom: string) { this.api = new Handler(options); this.custom = custom; }\n  \
                async attempt(turns: any[]) { return await this.api.send(`RULES` + this.custom, turns); }\n}\n";
    let panel = "import { Task } from './task';\nexport class Panel {\n  private task?: Task;\n  \
                 open(options: any, custom: string) { this.task = new Task(options, custom); }\n}\n";
    let found = sent(&[
        ("handler.ts", wrapper),
        ("panel.ts", panel),
        ("task.ts", task),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains(RULES) && found[0].contains("history: <<"),
        "{found:?}"
    );
}

#[test]
fn what_a_caller_gives_to_a_builder_is_told_wherever_the_call_stands() {
    let builder = "export function buildSystemPrompt(env: any): string {\n  return [`It is ${env.time}.`, `RULES`].filter((s) => s.length > 0).join(' ');\n}\n";
    let callers = [
        "export function setup(pi: any) {\n  pi.on('start', async () => {\n    const now = new Date();\n    \
         return { text: buildSystemPrompt({ time: now.toISOString() }) };\n  });\n}\n",
        "export default function (paths: string[]) {\n  return function (pi: any) {\n    const now = new Date();\n    \
         return { text: buildSystemPrompt({ time: now.toISOString() }) };\n  };\n}\n",
        "export function start() {\n  const text = buildSystemPrompt({ time: new Date().toISOString() });\n  return run(text);\n}\n",
    ];
    for caller in callers {
        let caller = format!("import {{ buildSystemPrompt }} from './builder';\n{caller}");
        let found = sent(&[("app.ts", &caller), ("builder.ts", builder)]);
        assert_eq!(found.len(), 1, "{caller} {found:?}");
        assert!(found[0].contains(":unique"), "{caller} {found:?}");
        assert!(!found[0].contains('['), "{found:?}");
    }
}

#[test]
fn a_class_that_is_named_like_a_builder_builds() {
    let source = "export class SystemPromptBuilder {\n  build(now: Date): string {\n    return `${now.toISOString()} RULES`;\n  }\n  \
                  buildHeader(): string { return `RULES`; }\n}\nexport class TableBuilder {\n  build(now: Date): string { return `${now.toISOString()} RULES`; }\n}\n";
    assert_eq!(sent(&[("app.ts", source)]).len(), 1);
}

#[test]
fn a_conversation_with_words_of_its_own_is_no_part_of_another_request() {
    let rules = "export function buildInstructions(): string { return `RULES`; }\n";
    let list = "import { buildInstructions } from './rules';\nconst STATIC = buildInstructions();\nexport function handler(messages: any[]) {\n  \
                return [{ role: 'system', content: STATIC }, { role: 'system', content: `It is now ${new Date().toISOString()}` }, ...messages];\n}\n";
    let other = "import { generateText } from 'ai';\nimport { buildInstructions } from './rules';\nexport async function score(s: any) {\n  \
                 return generateText({ model: s.model, system: buildInstructions(), prompt: s.text });\n}\n";
    let found = sent(&[("list.ts", list), ("other.ts", other), ("rules.ts", rules)]);
    assert!(
        found.iter().any(|found| found.contains("It is now")),
        "{found:?}"
    );
}

#[test]
fn whether_any_code_marks_is_told() {
    let client = "import anthropic\nclient = anthropic.Anthropic()\ndef ask(messages):\n    \
                  return client.messages.create(model='m', max_tokens=9, system='RULES', messages=messages)\n";
    let never = |path: &str, other: &str| {
        let source = filled(client);
        let prompts = run(&[("app.py", &source), (path, other)]).prompts;
        assert_eq!(prompts.len(), 1);
        prompts[0].never_marked
    };
    assert!(never(
        "other.py",
        "import anthropic\n# cache_control: not yet\n"
    ));
    let marks = "import anthropic\nBLOCK = {'type': 'text', 'text': 'x', 'cache_control': {'type': 'ephemeral'}}\n";
    assert!(!never("other.py", marks));
    assert!(never("tests/test_other.py", marks));
    assert!(!never(
        "other.py",
        "from langchain_anthropic.middleware import AnthropicPromptCachingMiddleware\n"
    ));
}

#[test]
fn a_request_that_carries_all_markers_of_its_call_is_marked_whole() {
    let client = "import anthropic\nclient = anthropic.Anthropic()\n\ndef ask(messages):\n    \
                  return client.messages.create(model='m', max_tokens=9, system=[{'type': 'text', 'text': 'RULES', 'cache_control': {'type': 'ephemeral'}}], messages=messages)\n";
    let whole = |other: &str| {
        let source = filled(client);
        let prompts = run(&[("app.py", &source), ("other.py", other)]).prompts;
        prompts.iter().all(|prompt| prompt.marked_whole)
    };
    assert!(whole(""));
    assert!(!whole(
        "import anthropic\n\ndef mark(row):\n    keep(row)['cache_control'] = {'type': 'ephemeral'}\n"
    ));
    let apart = "import anthropic\n\ndef tell(question):\n    return anthropic.Anthropic().messages.create(model='m', max_tokens=9, messages=\
                 [{'role': 'user', 'content': [{'type': 'text', 'text': question, 'cache_control': {'type': 'ephemeral'}}]}])\n";
    assert!(whole(apart));
    let unmarked = apart.replace(", 'cache_control': {'type': 'ephemeral'}", "");
    assert!(!whole(&unmarked));
}

#[test]
fn what_a_test_of_the_first_turn_takes_out_is_the_same_at_every_turn() {
    let source = |cut: &str| {
        format!(
            "import OpenAI from 'openai';\nconst client = new OpenAI();\nexport async function ask(history: any[]) {{\n  \
             const turns = history.map((m) => ({{ role: m.role, content: m.content }}));\n  {cut}\n  \
             return client.chat.completions.create({{ model: 'm', messages: [{{ role: 'system', content: 'RULES' }}, ...turns] }});\n}}\n"
        )
    };
    let first = "if (turns.length > 0 && turns[0].role !== 'user') { turns.shift(); }";
    let all = "while (turns[0].role !== 'user') { turns.shift(); }";
    let window = "if (turns.length > 20) { turns.shift(); }";
    for (cut, moves) in [(first, false), (all, false), (window, true)] {
        let found = sent(&[("app.ts", &source(cut))]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].contains("<<~"), moves, "{cut} {found:?}");
    }
}

#[test]
fn the_length_of_a_text_with_a_clock_is_no_clock() {
    let source = "import openai\nfrom datetime import datetime\nclient = openai.OpenAI()\ndef send(q):\n    note = f'{datetime.now()} {q}'\n    \
                  return client.responses.create(model='m', instructions=f'{len(note)} RULES', input=note)\n";
    let found = sent(&[("app.py", source)]);
    assert!(found[0].contains("<len(note):request?>"), "{found:?}");
    let script = "import OpenAI from 'openai';\nconst client = new OpenAI();\nexport async function send(q) {\n  \
                  const note = `${new Date().toISOString()} ${q}`;\n  \
                  return client.responses.create({ model: 'm', instructions: `${note.length} RULES`, input: q });\n}\n";
    let found = sent(&[("app.ts", script)]);
    assert!(found[0].contains(":request?>"), "{found:?}");
}

#[test]
fn one_of_many_things_is_a_clock_only_by_chance() {
    let source = "import openai\nfrom datetime import datetime\nclient = openai.OpenAI()\ndef send(rows, q):\n    \
                  notes = [{'text': row.text, 'at': str(datetime.now())} for row in rows]\n    text = ''\n    \
                  for note in notes:\n        text += note['text'] + 'RULES'\n    \
                  return client.responses.create(model='m', instructions=text, input=q)\n";
    let found = sent(&[("app.py", source)]);
    assert!(!found[0].contains(":unique>"), "{found:?}");
    assert!(!found[0].contains(":unique!>"), "{found:?}");
}

#[test]
fn what_a_session_is_opened_with_is_no_part_of_a_request() {
    let open = |address: &str, body: &str| {
        format!(
            "export function buildVoicePrompt(name) {{ return `RULES You speak with ${{name}}, at ${{new Date()}}.`; }}\n\
             export async function POST(request) {{\n  const user = await find(request);\n  \
             return await fetch({address}, {{ method: 'POST', body: JSON.stringify({body}) }});\n}}\n"
        )
    };
    let flat = "{ model: 'gpt-realtime', instructions: buildVoicePrompt(user.name), tools: [] }";
    let nested = "{ session: { type: 'realtime', instructions: buildVoicePrompt(user.name) } }";
    for (address, body) in [
        ("'https://api.openai.com/v1/realtime/sessions'", flat),
        ("`${BASE}/realtime/client_secrets`", nested),
    ] {
        let found = sent(&[("api.openai.com/voice.ts", &open(address, body))]);
        assert_eq!(found, Vec::<String>::new(), "{address}");
    }
    let found = sent(&[("voice.ts", &open("`${BASE}/notes`", flat))]);
    assert_eq!(found.len(), 1, "{found:?}");
    // What is sent as well is told.
    let also = format!(
        "import OpenAI from 'openai';\n{}export const ask = (name) => new OpenAI().responses.create({{ model: 'gpt-5.4', \
         instructions: buildVoicePrompt(name), input: name }});\n",
        open("`${BASE}/realtime/sessions`", flat)
    );
    let found = sent(&[("voice.ts", &also)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("openai"), "{found:?}");
}
