//! Windows over conversations, and turns that change with their age: as real code writes them.

use super::prompt;

const PYTHON: &str = "import openai\nclient = openai.OpenAI()\n\
                      RULES = 'Answer from the handbook, and name the page that you read.'\n";
const SCRIPT: &str = "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
                      const RULES = 'Quote the terms word for word, and name the page.';\n";

/// The sections that a program in Python sends, the history cut or not.
fn python(source: &str) -> String {
    prompt(&[("app.py", &format!("{PYTHON}{source}"))])
}

fn script(source: &str) -> String {
    prompt(&[("app.ts", &format!("{SCRIPT}{source}"))])
}

/// What is sent of a conversation that a helper makes, behind the rules.
fn python_of(helper: &str, sent: &str) -> String {
    python(&format!(
        "{helper}\ndef answer(history):\n    return client.chat.completions.create(model='m', \
         messages=[{{'role': 'system', 'content': RULES}}, *{sent}])\n"
    ))
}

fn script_of(helper: &str, sent: &str) -> String {
    script(&format!(
        "{helper}\nexport async function answer(history) {{\n  return client.chat.completions.create({{ model: 'm', \
         messages: [{{ role: 'system', content: RULES }}, ...{sent}] }});\n}}\n"
    ))
}

fn slides(shown: &str) -> bool {
    let mut lines = shown.lines();
    let histories = lines.clone().filter(|line| line.starts_with("history: "));
    histories.count() == 1 && lines.any(|line| line.starts_with("history: <<~"))
}

fn stays(shown: &str) -> bool {
    shown.contains("\nhistory: <<") && !shown.contains("<<~")
}

#[test]
fn a_window_behind_an_early_return_slides() {
    let helper = "def trim(turns):\n    if len(turns) <= 40:\n        return turns\n    return turns[-40:]\n";
    let shown = python_of(helper, "trim(history)");
    assert!(slides(&shown), "{shown}");
    let helper = "function trim(turns) {\n  if (turns.length <= 40) return turns;\n  return turns.slice(-40);\n}";
    let shown = script_of(helper, "trim(history)");
    assert!(slides(&shown), "{shown}");
}

#[test]
fn the_system_message_in_front_of_a_window_stands_once() {
    let chat = |trim: &str| {
        python(&format!(
            "def trim(messages, limit=20):\n{trim}\n\ndef chat():\n    messages = [{{'role': 'system', 'content': RULES}}]\n    \
             while True:\n        messages.append({{'role': 'user', 'content': input()}})\n        messages = trim(messages)\n        \
             answer = client.chat.completions.create(model='m', messages=messages)\n        \
             messages.append({{'role': 'assistant', 'content': answer.choices[0].message.content}})\n"
        ))
    };
    for trim in [
        "    if len(messages) <= limit:\n        return messages\n    return [messages[0]] + messages[-limit:]",
        "    system = [m for m in messages if m['role'] == 'system']\n    rest = [m for m in messages if m['role'] != 'system']\n    \
         return system + rest[-limit:]",
    ] {
        let shown = chat(trim);
        assert!(slides(&shown), "{trim}\n{shown}");
        assert_eq!(shown.matches("system: ").count(), 1, "{trim}\n{shown}");
    }
    let shown = chat("    return messages");
    assert!(stays(&shown), "{shown}");
}

#[test]
fn turns_that_are_changed_once_they_are_old_are_rewritten() {
    for helper in [
        "const old = (turns) => turns.map((t, i) => i < turns.length - 6 ? { ...t, content: t.content.slice(0, 200) } : t);",
        "const old = (turns) => turns.map((t, i) => turns.length - i > 8 ? { ...t, content: '...' } : t);",
        "const old = (turns) => turns.map((t, i) => { if (i >= turns.length - 6) return t; return { ...t, content: 'x' }; });",
        "function old(turns) {\n  const at = turns.map((t, i) => (t.role === 'tool' ? i : -1)).filter((i) => i >= 0);\n  \
         const recent = new Set(at.slice(-5));\n  return turns.map((t, i) => recent.has(i) ? t : { ...t, content: 'Left out' });\n}",
    ] {
        let shown = script_of(helper, "old(history)");
        assert!(slides(&shown), "{helper}\n{shown}");
    }
    for helper in [
        "def old(turns, keep=6):\n    n = len(turns)\n    return [{**t, 'content': t['content'][:99]} if i < n - keep else t for i, t in enumerate(turns)]\n",
        "def old(turns, keep=6):\n    for i in range(len(turns) - keep):\n        turns[i]['content'] = turns[i]['content'][:99]\n    return turns\n",
        "def old(turns):\n    for t in turns[:-6]:\n        t['content'] = [b for b in t['content'] if b['type'] != 'image_url']\n    return turns\n",
    ] {
        let shown = python_of(helper, "old(history)");
        assert!(slides(&shown), "{helper}\n{shown}");
    }
}

#[test]
fn turns_that_are_the_same_at_every_age_are_not_rewritten() {
    for helper in [
        // By what they are, not by how old they are.
        "const old = (turns) => turns.map((t) => t.role === 'tool' ? { ...t, content: t.content.slice(0, 2000) } : t);",
        // A reminder on the newest turn, and parts that a marker is put on.
        "const old = (turns) => turns.map((t, i) => i === turns.length - 1 ? { ...t, content: t.content + ' Be brief.' } : t);",
        "const old = (turns) => turns.map((t, i) => i >= turns.length - 2 ? { ...t, content: [{ type: 'text', text: t.content }] } : t);",
    ] {
        let shown = script_of(helper, "old(history)");
        assert!(stays(&shown), "{helper}\n{shown}");
    }
    for helper in [
        "def old(turns, keep=3):\n    for i in range(max(0, len(turns) - keep), len(turns)):\n        turns[i]['content'] = [{'type': 'text', 'text': turns[i]['content']}]\n    return turns\n",
        "def old(turns):\n    for t in turns[:-2]:\n        t['content'] = without_cache_marks(t['content'])\n    return turns\n",
    ] {
        let shown = python_of(helper, "old(history)");
        assert!(stays(&shown), "{helper}\n{shown}");
    }
}

#[test]
fn what_a_loop_sends_through_a_callback_is_sent_in_the_loop() {
    for (head, call) in [
        (
            "import pRetry from 'p-retry';\n",
            "pRetry(async () => SEND, { retries: 3 })",
        ),
        (
            "import PQueue from 'p-queue';\nconst queue = new PQueue();\n",
            "queue.add(() => SEND)",
        ),
    ] {
        for (sent, window) in [("turns.slice(-20)", true), ("turns", false)] {
            let send = format!(
                "client.chat.completions.create({{ model: 'm', messages: [{{ role: 'system', content: RULES }}, ...{sent}] }})"
            );
            let shown = script(&format!(
                "{head}export async function chat(ask) {{\n  const turns = [];\n  while (true) {{\n    \
                 turns.push({{ role: 'user', content: await ask() }});\n    const answer = await {};\n    \
                 turns.push(answer.choices[0].message);\n  }}\n}}\n",
                call.replace("SEND", &send)
            ));
            let held = if window {
                slides(&shown)
            } else {
                stays(&shown)
            };
            assert!(held, "{call}\n{shown}");
        }
    }
}

#[test]
fn a_list_that_is_made_anew_in_each_round_holds_the_turns_of_earlier_rounds() {
    let chat = |sent: &str| {
        python(&format!(
            "def chat():\n    turns = []\n    while True:\n        turns = turns + [{{'role': 'user', 'content': input()}}]\n        \
             answer = client.chat.completions.create(model='m', messages=[{{'role': 'system', 'content': RULES}}] + {sent})\n        \
             turns = turns + [{{'role': 'assistant', 'content': answer.choices[0].message.content}}]\n"
        ))
    };
    let shown = chat("turns[-20:]");
    assert!(slides(&shown), "{shown}");
    let shown = chat("turns");
    assert!(stays(&shown), "{shown}");
}

#[test]
fn rows_that_a_query_gives_newest_first_are_a_window() {
    let rows = |query: &str| {
        script(&format!(
            "import {{ db }} from './db';\nexport async function answer(chatId, question) {{\n  const rows = await {query};\n  \
             const turns = rows.reverse().map((r) => ({{ role: r.role, content: r.content }}));\n  \
             return client.chat.completions.create({{ model: 'm', messages: [{{ role: 'system', content: RULES }}, ...turns, \
             {{ role: 'user', content: question }}] }});\n}}\n"
        ))
    };
    let shown = rows(
        "db.message.findMany({ where: { chatId }, orderBy: { createdAt: 'desc' }, take: 20 })",
    );
    assert!(slides(&shown), "{shown}");
    let shown = rows("db.message.findMany({ where: { chatId }, orderBy: { createdAt: 'asc' } })");
    assert!(stays(&shown), "{shown}");
    let sent = |query: &str| {
        python(&format!(
            "from sqlalchemy import select\nfrom models import Message\n\nasync def answer(db, chat, question):\n    query = {query}\n    \
             rows = (await db.execute(query)).scalars().all()\n    messages = [{{'role': 'system', 'content': RULES}}]\n    \
             for row in reversed(rows):\n        messages.append({{'role': row.role, 'content': row.content}})\n    \
             messages.append({{'role': 'user', 'content': question}})\n    \
             return client.chat.completions.create(model='m', messages=messages)\n"
        ))
    };
    let shown =
        sent("select(Message).where(Message.chat == chat).order_by(Message.at.desc()).limit(20)");
    assert!(slides(&shown), "{shown}");
    let shown = sent("select(Message).where(Message.chat == chat).order_by(Message.at)");
    assert!(stays(&shown), "{shown}");
}

#[test]
fn what_a_store_holds_under_an_open_key_is_a_conversation() {
    for (made, held) in [
        ("new Map()", "histories.get(id) ?? []"),
        ("{}", "histories[id] || []"),
    ] {
        for (sent, window) in [("history.slice(-20)", true), ("history", false)] {
            let shown = script(&format!(
                "const histories = {made};\nexport async function answer(id, question) {{\n  const history = {held};\n  \
                 history.push({{ role: 'user', content: question }});\n  return client.chat.completions.create({{ model: 'm', \
                 messages: [{{ role: 'system', content: RULES }}, ...{sent}] }});\n}}\n"
            ));
            let held = if window {
                slides(&shown)
            } else {
                stays(&shown)
            };
            assert!(held, "{made}\n{shown}");
        }
    }
    let shown = python(
        "from collections import defaultdict\n\nclass Desk:\n    def __init__(self):\n        self.histories = defaultdict(list)\n\n    \
         def ask(self, user, question):\n        history = self.histories[user]\n        \
         history.append({'role': 'user', 'content': question})\n        \
         return client.chat.completions.create(model='m', messages=[{'role': 'system', 'content': RULES}] + history[-20:])\n",
    );
    assert!(slides(&shown), "{shown}");
}

#[test]
fn turns_that_a_callback_puts_into_the_messages_are_the_conversation() {
    let sent = |turns: &str| {
        script(&format!(
            "export async function answer(history, question) {{\n  const messages = [{{ role: 'system', content: RULES }}];\n  \
             {turns}.forEach((m) => {{\n    messages.push({{ role: m.role === 'assistant' ? 'assistant' : 'user', content: m.text }});\n  }});\n  \
             messages.push({{ role: 'user', content: question }});\n  return client.chat.completions.create({{ model: 'm', messages }});\n}}\n"
        ))
    };
    let shown = sent("history.slice(-20)");
    assert!(slides(&shown), "{shown}");
    let shown = sent("history");
    assert!(stays(&shown), "{shown}");
}

#[test]
fn what_code_that_is_not_here_makes_of_a_window_is_one() {
    let shown = script_of(
        "import { convertToModelMessages } from 'ai';",
        "convertToModelMessages(history.slice(-20))",
    );
    assert!(slides(&shown), "{shown}");
    let shown = script_of(
        "import { convertToModelMessages } from 'ai';",
        "convertToModelMessages(history)",
    );
    assert!(stays(&shown), "{shown}");
}
