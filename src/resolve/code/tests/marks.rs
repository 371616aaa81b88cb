//! Markers that are written after what they mark was built: where they land, and how many they are.

use crate::prompt::{Marker, MarkerHow};

use super::run;

/// How one marker stands: `!` once, `*` in every round of a loop, `~` in some, `?` in an arm, `<n` within a slice.
fn sign(marker: &Marker) -> String {
    let mut out = String::from(match (marker.how, marker.count.times) {
        (_, None) => "*",
        (MarkerHow::Loop, _) => "~",
        _ => "!",
    });
    if let Some((_, most)) = marker.count.slice {
        out.push_str(&format!("<{most}"));
    }
    if !marker.count.arms.is_empty() {
        out.push('?');
    }
    out
}

/// The markers of each prompt by section: `system ! user *`.
fn marks(files: &[(&str, &str)]) -> Vec<String> {
    let prompts = run(files).prompts;
    let each = prompts.iter().map(|prompt| {
        let messages = prompt.messages.iter().map(|message| {
            let blocks = message.blocks.iter().filter_map(|b| b.marker.as_ref());
            let signs: Vec<String> = blocks.map(sign).collect();
            format!("{}[{}]", message.section.name(), signs.join(" "))
        });
        messages.collect::<Vec<_>>().join(" ")
    });
    each.collect()
}

fn table(language: &str, rows: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (body, expected) in rows {
        let (path, source) = program(language, body);
        let found = marks(&[(path, &source)]).join(" & ");
        if found != *expected {
            wrong.push_str(&format!(
                "\n{body}\n    expected {expected}\n    found    {found}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn program(language: &str, body: &str) -> (&'static str, String) {
    if language == "py" {
        let lines: String = body.lines().map(|line| format!("    {line}\n")).collect();
        let source = format!(
            "import anthropic\nclient = anthropic.Anthropic()\nC = {{'type': 'ephemeral'}}\n\n\
             def send(messages, system, tools, limit):\n{lines}    return client.messages.create(\
             model='claude-sonnet-5', max_tokens=9, system=system, messages=messages, tools=tools)\n"
        );
        return ("app.py", source);
    }
    let source = format!(
        "import Anthropic from '@anthropic-ai/sdk';\nconst client = new Anthropic();\nconst C = {{ type: 'ephemeral' }};\n\
         export async function send(messages, system, tools, limit) {{\n{body}\n  return await client.messages.create({{ \
         model: 'claude-sonnet-5', max_tokens: 9, system, messages, tools }});\n}}\n"
    );
    ("app.ts", source)
}

#[test]
fn markers_written_into_open_parts_land_where_these_are_sent() {
    table(
        "py",
        &[
            ("messages[-1]['cache_control'] = C", "tools[] system[] history[!]"),
            ("messages[-1]['content'][-1]['cache_control'] = C", "tools[] system[] history[!]"),
            ("system[-1]['cache_control'] = C\ntools[-1]['cache_control'] = C", "tools[!] system[!] history[]"),
            ("last = messages[-1]\nlast['content'] = [{'type': 'text', 'text': last['content'], 'cache_control': C}]", "tools[] system[] history[!]"),
            ("messages[-1].update({'cache_control': C})", "tools[] system[] history[!]"),
            ("messages[-1] = {**messages[-1], 'cache_control': C}", "tools[] system[] history[!]"),
            ("if limit:\n    messages[-1]['cache_control'] = C", "tools[] system[] history[!?]"),
            ("messages = [{'role': 'user', 'content': 'hello there'}, *messages]\nmessages[-1]['cache_control'] = C", "tools[] system[] user[] history[!]"),
        ],
    );
    table(
        "ts",
        &[
            (
                "messages[messages.length - 1].cache_control = C;",
                "tools[] system[] history[!]",
            ),
            (
                "messages.at(-1).content.at(-1).cache_control = C;",
                "tools[] system[] history[!]",
            ),
            (
                "Object.assign(tools[tools.length - 1], { cache_control: C });",
                "tools[!] system[] history[]",
            ),
        ],
    );
}

#[test]
fn a_marker_in_every_round_of_a_loop_stands_as_often() {
    table(
        "py",
        &[
            ("for m in messages:\n    m['cache_control'] = C", "tools[] system[] history[*]"),
            ("for m in messages:\n    for b in m['content']:\n        if b['type'] == 'text':\n            b['cache_control'] = C", "tools[] system[] history[*?]"),
            ("tools = [{**t, 'cache_control': C} for t in tools]", "tools[*] system[] history[]"),
            ("blocks = []\nfor s in system:\n    blocks.append({'type': 'text', 'text': s, 'cache_control': C})\nsystem = blocks", "tools[] system[*] history[]"),
            ("out = []\nfor m in messages:\n    out.append({**m, 'cache_control': C})\nmessages = out", "tools[] system[] user[*]"),
        ],
    );
    table(
        "ts",
        &[
            ("messages.forEach((m) => { m.cache_control = C; });", "tools[] system[] history[*]"),
            ("for (const m of messages) { if (m.role === 'user') m.content.at(-1).cache_control = C; }", "tools[] system[] history[*?]"),
            ("tools = tools.map((t) => ({ ...t, cache_control: C }));", "tools[*] system[] history[]"),
        ],
    );
}

#[test]
fn a_marker_in_a_round_that_is_picked_stands_once() {
    table(
        "py",
        &[
            ("for i, m in enumerate(messages):\n    if i == len(messages) - 1:\n        m['cache_control'] = C", "tools[] system[] history[~?]"),
            ("for m in reversed(messages):\n    if m['role'] == 'user':\n        m['cache_control'] = C\n        break", "tools[] system[] history[~?]"),
            ("n = 0\nfor m in messages:\n    if n < 2:\n        m['cache_control'] = C\n        n += 1", "tools[] system[] history[~?]"),
            ("for m in messages:\n    if m['role'] == 'system':\n        m['cache_control'] = C", "tools[] system[] history[~?]"),
            ("for m in messages:\n    if m.cached:\n        m['cache_control'] = C", "tools[] system[] history[~?]"),
            ("mark = limit.mark\nout = []\nfor t in tools:\n    out.append({'name': 'a', 'cache_control': limit})\ntools = out", "tools[~] system[] history[]"),
            ("for m in messages[-2:]:\n    m['cache_control'] = C", "tools[] system[] history[~<2]"),
            ("blocks = []\nfor s in system:\n    blocks.append({'type': 'text', 'text': s})\nblocks[-1]['cache_control'] = C\nsystem = blocks", "tools[] system[~?] history[]"),
            ("tools = [{**t, 'cache_control': C} if i == len(tools) - 1 else t for i, t in enumerate(tools)]", "tools[~?] system[] history[]"),
        ],
    );
    table(
        "ts",
        &[
            ("messages.slice(-2).forEach((m) => { m.cache_control = C; });", "tools[] system[] history[~<2]"),
            ("tools = tools.map((t, i) => i === tools.length - 1 ? { ...t, cache_control: C } : t);", "tools[~?] system[] history[]"),
            ("for (let i = messages.length - 1; i >= 0; i--) { if (messages[i].role === 'user') { messages[i].cache_control = C; break; } }", "tools[] system[] history[~?]"),
        ],
    );
}

#[test]
fn the_body_of_a_request_that_is_sent_elsewhere_shows_its_markers() {
    let source = "def mark(payload):\n    for block in payload['system']:\n        block['cache_control'] = {'type': 'ephemeral'}\n    \
                  payload['messages'][-1]['cache_control'] = {'type': 'ephemeral'}\n    return payload\n";
    assert_eq!(marks(&[("app.py", source)]), ["system[*] history[!]"]);
    let source = "def mark(blocks):\n    blocks[-1]['cache_control'] = {'type': 'ephemeral'}\n    return blocks\n";
    assert_eq!(marks(&[("app.py", source)]), Vec::<String>::new());
}
