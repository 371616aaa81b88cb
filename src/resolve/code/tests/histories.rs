//! Conversations that helpers cut, copy or change before they are sent.

use super::{prompt, run};

const PYTHON: &str = "import openai\nclient = openai.OpenAI()\n\
                      RULES = 'Answer from the handbook, and name the page that you read.'\n";
const SCRIPT: &str = "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
                      const RULES = 'Quote the terms word for word, and name the page.';\n";

/// What is sent behind the rules, the history named by a helper's body.
fn python(helper: &str, sent: &str) -> String {
    let source = format!(
        "{PYTHON}{helper}\n\ndef answer(history):\n    return client.chat.completions.create(model='m', \
         messages=[{{'role': 'system', 'content': RULES}}, *{sent}])\n"
    );
    behind(&prompt(&[("app.py", &source)]))
}

fn script(helper: &str, sent: &str) -> String {
    let source = format!(
        "{SCRIPT}{helper}\n\nexport async function answer(history) {{\n  return client.chat.completions.create({{ \
         model: 'm', messages: [{{ role: 'system', content: RULES }}, ...{sent}] }});\n}}\n"
    );
    behind(&prompt(&[("app.ts", &source)]))
}

fn behind(shown: &str) -> String {
    let (_, rest) = shown.split_once('\n').unwrap_or_default();
    rest.to_string()
}

#[test]
fn a_window_whose_start_a_helper_counts_from_the_end_slides() {
    let helper =
        "def first(turns, max_turns):\n    if max_turns <= 0:\n        return len(turns)\n    \
                  return max(0, len(turns) - max_turns)\n\n\
                  def window(turns, n):\n    start = first(turns, n)\n    return turns[start:]\n";
    let shown = python(helper, "window(history, 40)");
    assert!(shown.starts_with("history: <<~"), "{shown}");
    let helper = "function window(turns, max) {\n  const start = Math.max(0, turns.length - max);\n  return turns.slice(start);\n}";
    let shown = script(helper, "window(history, 40)");
    assert!(shown.starts_with("history: <<~"), "{shown}");
}

#[test]
fn a_window_that_moves_by_blocks_does_not_slide() {
    let helper =
        "def window(turns, max_turns, stride):\n    start = max(0, len(turns) - max_turns)\n    \
                  if stride > 1:\n        start -= start % stride\n    return turns[start:]\n";
    let shown = python(helper, "window(history, 40, stride)");
    assert!(shown.starts_with("history: <<history"), "{shown}");
}

#[test]
fn a_position_that_is_not_counted_from_the_end_is_no_window() {
    let helper =
        "def rest(turns, done):\n    start = len(turns) - done\n    return turns[start:]\n";
    let shown = python(helper, "rest(history, done)");
    assert!(shown.starts_with("history: <<history"), "{shown}");
}

#[test]
fn a_copy_that_a_loop_makes_of_a_window_is_as_changed_as_the_window() {
    let helper = "def copy(turns):\n    out = []\n    for turn in turns[-20:]:\n        if turn.get('hidden'):\n            continue\n        \
                  out.append({'role': turn['role'], 'content': turn['content']})\n    return out\n";
    let shown = python(helper, "copy(history)");
    assert!(shown.starts_with("history: <<~"), "{shown}");
    let whole = helper.replace("turns[-20:]", "turns");
    let shown = python(&whole, "copy(history)");
    assert!(
        shown.starts_with("history: <<") && !shown.contains('~'),
        "{shown}"
    );
}

#[test]
fn turns_whose_content_is_cleared_in_a_copy_are_changed() {
    let map = "const clear = (turns) => turns.map((t, i) => i < turns.length - 4 ? { ...t, content: '[old result cleared]' } : t);";
    let shown = script(map, "clear(history)");
    assert!(shown.starts_with("history: <<~"), "{shown}");
    let write = "function clear(turns, keep) {\n  const out = turns.map((t) => ({ ...t }));\n  \
                 for (const ref of refs(turns)) {\n    if (!keep.has(ref.key)) {\n      \
                 out[ref.index] = { ...out[ref.index], content: '[old result cleared]' };\n    }\n  }\n  return out;\n}";
    let shown = script(write, "clear(history, kept)");
    assert!(shown.starts_with("history: <<~"), "{shown}");
}

#[test]
fn a_marker_on_the_newest_turn_changes_no_turn() {
    let mark = "function mark(turns) {\n  const out = turns.map((t) => ({ ...t }));\n  \
                out[out.length - 1] = { ...out[out.length - 1], cache_control: { type: 'ephemeral' } };\n  return out;\n}";
    let shown = script(mark, "mark(history)");
    assert!(!shown.contains('~'), "{shown}");
}

#[test]
fn turns_that_methods_put_into_an_attribute_are_there_when_it_is_sent() {
    let source = format!(
        "{PYTHON}\nclass Chat:\n    def __init__(self):\n        \
         self.messages = [{{'role': 'system', 'content': RULES}}]\n\n    \
         def ask(self, question):\n        self.messages.append({{'role': 'user', 'content': question}})\n        \
         return client.chat.completions.create(model='m', messages=self.messages)\n"
    );
    let shown = behind(&prompt(&[("app.py", &source)]));
    assert_eq!(
        shown,
        "history: <<the turns of earlier calls>>\nuser: <question:request>"
    );
}

#[test]
fn a_list_that_begins_with_its_instructions_in_the_call_has_no_earlier_turns() {
    let source = format!(
        "{PYTHON}\nclass Chat:\n    def __init__(self):\n        self.messages = []\n\n    \
         def ask(self, question):\n        self.messages.append({{'role': 'system', 'content': RULES}})\n        \
         self.messages.append({{'role': 'user', 'content': question}})\n        \
         return client.chat.completions.create(model='m', messages=self.messages)\n"
    );
    let shown = behind(&prompt(&[("app.py", &source)]));
    assert_eq!(shown, "user: <question:request>");
}

#[test]
fn a_message_is_asked_for_its_class() {
    let source = "from langchain_core.messages import HumanMessage, SystemMessage\nfrom langchain_openai import ChatOpenAI\n\
                  llm = ChatOpenAI(model='gpt-5.4')\nRULES = 'Answer from the handbook, and name the page that you read.'\n\n\
                  def merged(messages):\n    out = []\n    for m in messages:\n        if out and isinstance(m, HumanMessage) and isinstance(out[-1], HumanMessage):\n            \
                  out[-1].content += m.content\n        else:\n            out.append(m)\n    return out\n\n\
                  def answer(task, question):\n    \
                  return llm.invoke(merged([SystemMessage(content=RULES), HumanMessage(content='Task. '), HumanMessage(content=question)]))\n";
    let shown = behind(&prompt(&[("app.py", source)]));
    assert_eq!(shown, "user: Task. <question:request>");
}

const SPLIT: &str = "import Anthropic from '@anthropic-ai/sdk';\nconst client = new Anthropic();\n\
                     const RULES = 'Quote the terms word for word, and name the page.';\n";

/// What a wrapper sends that takes the system text out of the messages by a loop with this body.
fn split(before: &str, body: &str, system: &str) -> String {
    let source = format!(
        "{SPLIT}export async function ask(messages) {{\n  {before}\n  const turns = [];\n  for (const m of messages) {{\n{body}\n  }}\n  \
         turns.push({{ role: 'user', content: RULES }});\n  return client.messages.create({{ model: 'm', max_tokens: 9, system: {system}, messages: turns }});\n}}\n"
    );
    prompt(&[("app.ts", &source)])
}

#[test]
fn system_text_that_is_picked_by_its_role_is_no_turn() {
    let turn = "turns.push({ role: m.role, content: m.content });";
    let parts = "const parts = [];";
    let each = [
        (
            parts,
            format!("if (m.role === 'system') {{ parts.push(m.content); }} else {{ {turn} }}"),
            "parts.join(' ')",
        ),
        (
            parts,
            format!("const role = m.role; const text = typeof m.content === 'string' ? m.content : JSON.stringify(m.content); if (role === 'system') {{ parts.push(text); }} else {{ {turn} }}"),
            "parts.length ? parts.join(' ') : undefined",
        ),
        (
            parts,
            format!("if (m.role !== 'system') {{ {turn} }} else {{ parts.push({{ type: 'text', text: m.content }}); }}"),
            "parts",
        ),
        (
            parts,
            format!("if (m.role === 'system') {{ parts.push(m.content); continue; }} {turn}"),
            "parts.join(' ')",
        ),
        (
            "let text = '';",
            format!("if (m.role === 'system') {{ text += m.content; }} else {{ {turn} }}"),
            "text",
        ),
        (
            "let text = undefined;",
            format!("if (m.role === 'system') {{ text = m.content; }} else {{ {turn} }}"),
            "text",
        ),
    ];
    for (before, body, system) in &each {
        let shown = split(before, body, system);
        let (first, rest) = shown.split_once('\n').unwrap_or_default();
        assert!(
            first.starts_with("system: ") && first.contains(":deploy?>"),
            "{body}\n{shown}"
        );
        assert!(
            !first.contains("request") && !first.contains("<<"),
            "{body}\n{shown}"
        );
        assert!(rest.contains("<<"), "{body}\n{shown}");
    }
}

#[test]
fn turns_that_are_picked_by_another_role_stay_turns() {
    let body = "if (m.role === 'assistant') { parts.push(m.content); } else { turns.push({ role: m.role, content: m.content }); }";
    let shown = split("const parts = [];", body, "parts.join(' ')");
    assert!(!shown.contains("system: <m.content:deploy"), "{shown}");
}

#[test]
fn a_window_that_a_method_of_another_class_cuts_slides() {
    let window = "class Session:\n    messages: list[dict]\n    done: int\n\n    def get_history(self, max_messages: int = 120) -> list[dict]:\n        \
                  start = max(0, len(self.messages) - max_messages)\n        return self.messages[start:]\n";
    let app = format!(
        "{PYTHON}from session import Session\n\ndef answer(session: Session, question):\n    history = session.get_history(**{{'max_messages': 50}})\n    \
         return client.chat.completions.create(model='m', messages=[{{'role': 'system', 'content': RULES}}, *history, {{'role': 'user', 'content': question}}])\n"
    );
    let shown = behind(&prompt(&[("app.py", &app), ("session.py", window)]));
    assert!(shown.starts_with("history: <<~"), "{shown}");
}

const KEPT_BY_SESSIONS: &str = "class Session:\n    def __init__(self):\n        self.messages = []\n\n    \
                                def add(self, role, text):\n        self.messages.append({'role': role, 'content': text})\n\n    \
                                def get_history(self, max_messages: int = 120) -> list[dict]:\n        \
                                return self.messages[-max_messages:]\n\n\n\
                                class Sessions:\n    def __init__(self):\n        self.cache = {}\n\n    \
                                def get(self, key) -> Session:\n        if key in self.cache:\n            return self.cache[key]\n        \
                                return Session()\n";

#[test]
fn a_window_that_is_cut_by_what_a_store_hands_out_slides() {
    for store in ["sessions or Sessions()", "Sessions()", "sessions"] {
        let app = format!(
            "{PYTHON}from store import Sessions\n\nclass Loop:\n    def __init__(self, sessions: Sessions | None = None):\n        \
             self.sessions = {store}\n\n    def answer(self, key, question):\n        session = self.sessions.get(key)\n        \
             return client.chat.completions.create(model='m', messages=[{{'role': 'system', 'content': RULES}}, \
             *session.get_history(), {{'role': 'user', 'content': question}}])\n"
        );
        let shown = behind(&prompt(&[("app.py", &app), ("store.py", KEPT_BY_SESSIONS)]));
        assert!(shown.starts_with("history: <<~"), "{store}\n{shown}");
    }
}

#[test]
fn a_window_that_the_declared_field_of_a_declared_parameter_cuts_slides() {
    let turn = "from store import Session\n\nclass Turn:\n    session: Session | None = None\n";
    let app = format!(
        "{PYTHON}from turn import Turn\n\ndef answer(turn: Turn, question):\n    \
         return client.chat.completions.create(model='m', messages=[{{'role': 'system', 'content': RULES}}, \
         *turn.session.get_history(), {{'role': 'user', 'content': question}}])\n"
    );
    let files = [
        ("app.py", app.as_str()),
        ("store.py", KEPT_BY_SESSIONS),
        ("turn.py", turn),
    ];
    let shown = behind(&prompt(&files));
    assert!(shown.starts_with("history: <<~"), "{shown}");
}

#[test]
fn turns_of_an_instance_that_is_only_declared_are_turns() {
    let held = |attribute: &str| {
        format!(
            "{SCRIPT}class Log {{\n  constructor() {{ this.{attribute} = []; }}\n  all() {{ return [...this.{attribute}]; }}\n  \
             put(turns) {{ this.{attribute} = turns; }}\n}}\n\
             const clear = (turns) => turns.map((t, i) => i < turns.length - 4 ? {{ ...t, content: '[old result cleared]' }} : t);\n\
             export class Desk {{\n  constructor(private log: Log) {{}}\n  ask() {{\n    return client.chat.completions.create({{ \
             model: 'm', messages: [{{ role: 'system', content: RULES }}, ...clear(this.log.all())] }});\n  }}\n}}\n"
        )
    };
    let shown = behind(&prompt(&[("app.ts", &held("messages"))]));
    assert!(shown.starts_with("history: <<~"), "{shown}");
    let shown = behind(&prompt(&[("app.ts", &held("samples"))]));
    assert!(!shown.contains("<<~"), "{shown}");
}

#[test]
fn changed_turns_stay_changed_in_a_copy_of_the_copy() {
    let map = "const clear = (turns) => turns.map((t, i) => i < turns.length - 4 ? { ...t, content: '[old result cleared]' } : t);\n\
               const send = (turns) => turns.map((t) => ({ role: t.role, content: t.content }));";
    for sent in ["send(clear(history))", "clear(send(history))"] {
        let shown = script(map, sent);
        assert!(shown.starts_with("history: <<~"), "{shown}");
    }
    let shown = script(map, "send(send(history))");
    assert!(
        shown.starts_with("history: <<") && !shown.contains('~'),
        "{shown}"
    );
}

#[test]
fn turns_are_told_apart_where_a_function_maps_all_that_is_sent() {
    let source = |sent: &str| {
        format!(
            "{SCRIPT}const convert = (all) => all.map((m) => ({{ role: m.role, content: m.content }}));\n\
             export function answer(history, question) {{\n  return client.chat.completions.create({{ model: 'm', \
             messages: convert([{{ role: 'system', content: RULES }}, ...{sent}, {{ role: 'user', content: question }}]) }});\n}}\n"
        )
    };
    for (sent, sign) in [
        ("history", "history: <<"),
        ("history.slice(-20)", "history: <<~"),
    ] {
        let shown = prompt(&[("app.ts", &source(sent))]);
        let lines: Vec<&str> = shown.lines().collect();
        let [system, history, user] = lines[..] else {
            panic!("{shown}");
        };
        assert!(system.starts_with("system: Quote the terms"), "{shown}");
        assert!(history.starts_with(sign), "{shown}");
        assert_eq!(user, "user: <question:request>");
    }
}

#[test]
fn the_system_text_that_is_taken_off_the_front_is_no_turn() {
    let source = |test: &str| {
        format!(
            "import openai\nclient = openai.OpenAI()\n\ndef ask(messages):\n    turns = list(messages)\n    \
             if {test}:\n        turns.pop(0)\n    return client.chat.completions.create(model='m', messages=[\n        \
             {{'role': 'system', 'content': 'Be brief.'}}, *turns])\n"
        )
    };
    let rewritten = |test: &str| {
        let text = source(test);
        let resolution = super::run(&[("a.py", text.as_str())]);
        let pieces = resolution
            .prompts
            .iter()
            .flat_map(|prompt| &prompt.messages);
        let pieces = pieces
            .flat_map(|message| &message.blocks)
            .flat_map(|block| &block.pieces);
        pieces
            .filter(
                |piece| matches!(piece, crate::prompt::Piece::History(h) if h.rewritten.is_some()),
            )
            .count()
    };
    assert_eq!(rewritten("turns and turns[0]['role'] == 'system'"), 0);
    assert_eq!(rewritten("len(turns) > 8"), 1);
    // What a literal switches off does not run.
    assert_eq!(rewritten("len(turns) > 8 and False"), 0);
}

#[test]
fn functions_that_keep_the_newest_turns_slide() {
    for cut in [
        "takeRight(history, 10)",
        "_.takeRight(history, size)",
        "history.filter((turn, i) => i >= history.length - 10)",
        "history.filter((turn, i) => turn.pinned || i >= Math.max(0, history.length - 10))",
    ] {
        let shown = script("", cut);
        assert!(shown.starts_with("history: <<~"), "{cut}\n{shown}");
    }
    for whole in [
        "takeRight(history, 1)",
        "history.filter((turn, i) => i >= first)",
        "history.filter((turn) => turn.content)",
    ] {
        let shown = script("", whole);
        assert!(!shown.contains('~'), "{whole}\n{shown}");
    }
}

/// What a class sends that keeps its turns in an attribute: made so, and cut so before each request.
fn kept(made: &str, cut: &str) -> String {
    let source = format!(
        "from collections import deque\n{PYTHON}\nclass Chat:\n    def __init__(self):\n        self.messages = {made}\n\n    \
         def ask(self, question):\n        self.messages.append({{'role': 'user', 'content': question}})\n        {cut}\n        \
         return client.chat.completions.create(model='m', messages=[{{'role': 'system', 'content': RULES}}, *self.messages])\n"
    );
    behind(&prompt(&[("app.py", &source)]))
}

#[test]
fn a_list_that_holds_so_many_turns_slides() {
    for (made, cut, slides) in [
        ("deque(maxlen=20)", "", true),
        ("deque()", "", false),
        ("deque(maxlen=None)", "", false),
        ("[]", "", false),
        (
            "[]",
            "if len(self.messages) > 10:\n            self.messages = self.messages[-10:]",
            true,
        ),
        (
            "[]",
            "if len(self.messages) > 10:\n            del self.messages[0]",
            true,
        ),
    ] {
        let shown = kept(made, cut);
        assert_eq!(shown.contains('~'), slides, "{made} {cut}\n{shown}");
    }
}

#[test]
fn turns_whose_content_is_taken_out_in_place_are_changed() {
    let clear = |cut: &str| {
        python(
            &format!("def clear(turns, keep):\n{cut}\n    return turns\n"),
            "clear(history, kept)",
        )
    };
    for cut in [
        "    for m in turns[:-4]:\n        m['content'] = '[output omitted]'",
        "    for i in range(len(turns) - 4):\n        if turns[i]['role'] == 'tool':\n            turns[i]['content'] = '[cleared]'",
        "    del turns[0]",
    ] {
        let shown = clear(cut);
        assert!(shown.starts_with("history: <<~"), "{cut}\n{shown}");
    }
    for cut in [
        "    for m in turns:\n        m['name'] = '[output omitted]'",
        "    turns[-1]['content'] = '[output omitted]'",
        "    for m in turns:\n        m['content'] = m['content'].strip()",
        "    del turns[-1]",
    ] {
        let shown = clear(cut);
        assert!(!shown.contains('~'), "{cut}\n{shown}");
    }
}

#[test]
fn turns_of_which_some_keys_are_sent_stay_turns() {
    let helper = "KEYS = {'role', 'content'}\n\ndef clean(turns):\n    out = []\n    for turn in turns:\n        \
                  kept = {k: v for k, v in turn.items() if k in KEYS}\n        out.append(kept)\n    return out\n";
    let shown = python(helper, "clean(history)");
    assert!(shown.starts_with("history: <<"), "{shown}");
    let shown = python(helper, "clean(history[-20:])");
    assert!(shown.starts_with("history: <<~"), "{shown}");
}

#[test]
fn turns_that_are_cut_where_the_context_is_full_are_cut_seldom() {
    let at_limit = |cut: &str| {
        let source = format!(
            "{PYTHON}\ndef ask(history, question):\n{cut}\n    return client.chat.completions.create(model='m', messages=[\n        \
             {{'role': 'system', 'content': RULES}}, *history, {{'role': 'user', 'content': question}}])\n"
        );
        let found = super::run(&[("app.py", source.as_str())]);
        let messages = found.prompts.iter().flat_map(|prompt| &prompt.messages);
        let blocks = messages.flat_map(|message| &message.blocks);
        let pieces = blocks.flat_map(|block| &block.pieces);
        let rewrites = pieces.filter_map(|piece| match piece {
            crate::prompt::Piece::History(history) => history.rewritten.as_ref(),
            _ => None,
        });
        rewrites
            .map(|rewrite| rewrite.only_at_limit)
            .collect::<Vec<_>>()
    };
    for (cut, seldom) in [
        (
            "    while count_tokens(history) > 9000:\n        history.pop(0)",
            true,
        ),
        (
            "    while count_tokens(history) > 9000:\n        del history[0]",
            true,
        ),
        (
            "    if count_tokens(history) > 9000:\n        history = history[-10:]",
            true,
        ),
        (
            "    if len(history) > 10:\n        history = history[-10:]",
            false,
        ),
        (
            "    while len(history) > 10:\n        history.pop(0)",
            false,
        ),
    ] {
        assert_eq!(at_limit(cut), [seldom], "{cut}");
    }
}

#[test]
fn a_conversation_that_is_written_before_text_is_a_value_of_the_request() {
    let ask = |text: &str| {
        let rules = "Quote the terms word for word and name the page. ".repeat(20);
        let source = format!(
            "import openai\nclient = openai.OpenAI()\nRULES = '{rules}'\n\ndef ask(chat_history, question):\n    \
             return client.chat.completions.create(model='m', messages=[{{'role': 'user', 'content': {text}}}])\n"
        );
        prompt(&[("app.py", source.as_str())])
    };
    let before = ask("f'So far: {chat_history} {RULES} {question}'");
    assert!(before.contains("<chat_history:request"), "{before}");
    let behind = ask("f'{RULES} So far: {chat_history} Answer the last question.'");
    assert!(behind.contains("<<chat_history>>"), "{behind}");
}

#[test]
fn what_opens_a_conversation_stays_with_it() {
    let source = |turn: &str| {
        format!(
            "{PYTHON}\ndef formatted(msg):\n    return {{'role': 'system', 'content': msg.text}}\n\n\
             def answer(history):\n    out = [formatted({turn})]\n    \
             for msg in history[1:]:\n        out.append({{'role': msg.role, 'content': msg.text}})\n    \
             return client.chat.completions.create(model='m', messages=out)\n"
        )
    };
    let shown = |turn: &str| prompt(&[("app.py", &source(turn))]);
    let first = shown("history[0]");
    assert!(first.contains("<msg.text:session"), "{first}");
    let newest = shown("history[-1]");
    assert!(newest.contains("<msg.text:request"), "{newest}");
}

#[test]
fn what_the_role_of_the_first_turn_decides_is_the_same_on_every_call() {
    use crate::prompt::{visit_pieces, Piece};
    use crate::volatility::Class;
    let classes = |test: &str| {
        let source = format!(
            "from openai import OpenAI\nclient = OpenAI()\n\ndef ask(messages):\n    text = 'Be brief.'\n    if {test}:\n        text = 'Be kind.'\n    \
             return client.chat.completions.create(model='gpt-5.4', messages=[{{'role': 'system', 'content': text}}] + messages)\n"
        );
        let mut prompts = run(&[("app.py", &source)]).prompts;
        let mut found = Vec::new();
        let messages = prompts.iter_mut().flat_map(|prompt| &mut prompt.messages);
        for block in messages.flat_map(|message| &mut message.blocks) {
            visit_pieces(&mut block.pieces, &mut |piece| {
                if let Piece::Branch(branch) = piece {
                    found.push(branch.volatility.class);
                }
            });
        }
        found
    };
    for test in [
        "messages[0]['role'] == 'system'",
        "messages[0].role != 'system'",
        "messages and messages[0].get('role') == 'system'",
        "messages[0]['role'] == 'system' or messages[0]['role'] == 'developer'",
    ] {
        assert_eq!(classes(test), [Class::Deploy], "{test}");
    }
    for test in [
        "messages[0]['content'] == 'hello'",
        "messages[-1]['role'] == 'user'",
        "messages[0]['role'] == 'system' and messages[-1]['content'] == 'hello'",
    ] {
        assert_ne!(classes(test), [Class::Deploy], "{test}");
    }
}
