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
fn tools_that_are_sent_under_a_condition_keep_their_markers() {
    let each = "({ name: t.name, input_schema: t.schema, ...(i === tools.length - 1 ? { cache_control: C } : {}) })";
    let guarded = [
        format!("const all = tools;\ntools = undefined;\nif (all && all.length > 0) tools = all.map((t, i) => {});", each.replace("tools", "all")),
        format!("tools = limit ? tools.map((t, i) => {each}) : undefined;"),
        "if (limit) tools = [{ name: 'a' }, { name: 'b', cache_control: C }]; else tools = undefined;".to_string(),
    ];
    for (body, expected) in guarded.iter().zip(["tools[~?]", "tools[~?]", "tools[!?]"]) {
        let (path, source) = program("ts", body);
        let found = marks(&[(path, &source)]).join(" & ");
        assert_eq!(found, format!("{expected} system[] history[]"), "{body}");
    }
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
fn markers_that_are_taken_out_first_are_not_sent() {
    table(
        "py",
        &[
            ("while limit():\n    messages[-1]['cache_control'] = C", "tools[] system[] history[~]"),
            ("while limit():\n    for m in messages:\n        if isinstance(m['content'], list):\n            for b in m['content']:\n                if 'cache_control' in b:\n                    del b['cache_control']\n    messages[-1]['content'][-1]['cache_control'] = C", "tools[] system[] history[!]"),
            ("messages[0]['cache_control'] = C\nfor m in messages:\n    m.pop('cache_control', None)\nmessages[-1]['cache_control'] = C", "tools[] system[] history[!]"),
            ("for m in messages:\n    m.pop('cache_control', None)\n    m['cache_control'] = C", "tools[] system[] history[*]"),
            ("tools[-1]['cache_control'] = C\nfor m in messages:\n    m['cache_control'] = None", "tools[!] system[] history[]"),
        ],
    );
    table(
        "ts",
        &[
            ("messages[0].cache_control = C;\nfor (const m of messages) { delete m.cache_control; }\nmessages.at(-1).cache_control = C;", "tools[] system[] history[!]"),
            ("while (limit()) {\nmessages.forEach((m) => { if (Array.isArray(m.content)) m.content.forEach((b) => { delete b['cache_control']; }); });\nmessages.at(-1).cache_control = C;\n}", "tools[] system[] history[!]"),
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
fn a_marker_on_the_newest_turn_stands_once_however_the_turns_are_gone_through() {
    let newest = "history[~?]";
    let every = "history[*?]";
    let python = |over: &str, test: &str| {
        format!(
            "out = []\n{over}\n    content = [b for b in m['content']]\n    {test}content[-1]['cache_control'] = C\n    \
             out.append({{'role': m['role'], 'content': content}})\nmessages = out"
        )
    };
    let numbered = "for i, m in enumerate(messages):";
    let ranged = "for i in range(len(messages)):\n    m = messages[i]";
    let rows = [
        (python(numbered, "if i == len(messages) - 1: "), newest),
        (python(numbered, "if i >= len(messages) - 2: "), newest),
        (python(ranged, "if i == len(messages) - 1: "), newest),
        (
            python("for m in messages:", "if m is messages[-1]: "),
            newest,
        ),
        (python(numbered, ""), every),
    ];
    let script = |begin: &str, test: &str, end: &str| {
        format!(
            "const out = [];\n{begin}\n  const content = m.content.map((b) => b as any);\n  \
             {test}content[content.length - 1]['cache_control'] = C;\n  \
             out.push({{ role: m.role, content }});\n{end}\nmessages = out;"
        )
    };
    let entries = "for (const [i, m] of messages.entries()) {";
    let others = "for (const [i, m] of limit.entries()) {";
    let each = "messages.forEach((m, i) => {";
    let counted = "for (let i = 0; i < messages.length; i++) {\n  const m = messages[i];";
    let last = "if (i === messages.length - 1) ";
    let two = "if (i >= messages.length - 2) ";
    let scripts = [
        (script(entries, last, "}"), newest),
        (script(entries, two, "}"), newest),
        (script(others, "if (i === limit.length - 1) ", "}"), newest),
        (script(each, last, "});"), newest),
        (
            script("limit.forEach((m, i) => {", "if (i === limit.length - 1) ", "});"),
            newest,
        ),
        (
            "messages = limit.map((m, i) => {\n  const content = m.content.map((b) => b as any);\n  \
             if (i === limit.length - 1) content.at(-1).cache_control = C;\n  \
             return { role: m.role, content };\n});"
                .to_string(),
            newest,
        ),
        (script(counted, last, "}"), newest),
        (
            script(
                "for (const m of messages) {",
                "if (m === messages.at(-1)) ",
                "}",
            ),
            newest,
        ),
        (script(entries, "", "}"), every),
    ];
    for (language, rows) in [("py", rows.to_vec()), ("ts", scripts.to_vec())] {
        for (body, expected) in rows {
            let (path, source) = program(language, &body);
            let found = marks(&[(path, &source)]).join(" & ");
            assert!(found.ends_with(expected), "{body}\n{found}");
        }
    }
}

#[test]
fn a_marker_that_only_system_text_gets_stands_on_no_turn() {
    let program = |messages: &str, body: &str| {
        let lines: String = body.lines().map(|line| format!("    {line}\n")).collect();
        format!(
            "import litellm\nC = {{'type': 'ephemeral'}}\n\ndef mark(messages):\n{lines}    return messages\n\n\
             def send(history, question):\n    return litellm.completion(model='anthropic/claude-sonnet-5', messages=mark({messages}))\n"
        )
    };
    let content = "[{'type': 'text', 'text': m['content'], 'cache_control': C}]";
    let bodies = [
        format!("for m in messages:\n    if m['role'] == 'system':\n        m['content'] = {content}"),
        format!("for m in messages:\n    if m.get('role') == 'system' and isinstance(m['content'], str):\n        m['content'] = {content}"),
        format!("new = []\nfor m in messages:\n    if m.get('role') == 'system':\n        new.append({{**m, 'content': {content}}})\n    else:\n        new.append(m)\nmessages = new"),
        format!("new = []\nfor m in messages:\n    if m['role'] != 'system':\n        new.append(m)\n        continue\n    new.append({{'role': m['role'], 'content': {content}}})\nmessages = new"),
        format!("messages = [{{**m, 'content': {content}}} if m['role'] == 'system' else m for m in messages]"),
    ];
    for body in &bodies {
        for (messages, expected) in [
            ("history", "system[!] history[]"),
            (
                "[{'role': 'system', 'content': 'Be brief.'}, *history, {'role': 'user', 'content': question}]",
                "system[!] history[] user[]",
            ),
        ] {
            let found = marks(&[("app.py", &program(messages, body))]).join(" & ");
            assert_eq!(found, expected, "{body}");
        }
    }
    let source = "import OpenAI from 'openai';\nconst client = new OpenAI();\nconst C = { type: 'ephemeral' };\n\
                  const mark = (messages) => messages.map((m) => m.role === 'system' ? { ...m, content: [{ type: 'text', text: m.content, cache_control: C }] } : m);\n\
                  export const send = (history) => client.chat.completions.create({ model: 'anthropic/claude-sonnet-5', messages: mark(history) });\n";
    assert_eq!(marks(&[("app.ts", source)]), ["system[!] history[]"]);
}

#[test]
fn the_body_of_a_request_that_is_sent_elsewhere_shows_its_markers() {
    let source = "def mark(payload):\n    for block in payload['system']:\n        block['cache_control'] = {'type': 'ephemeral'}\n    \
                  payload['messages'][-1]['cache_control'] = {'type': 'ephemeral'}\n    return payload\n";
    assert_eq!(marks(&[("app.py", source)]), ["system[*] history[!]"]);
    let source = "def mark(blocks):\n    blocks[-1]['cache_control'] = {'type': 'ephemeral'}\n    return blocks\n";
    assert_eq!(marks(&[("app.py", source)]), Vec::<String>::new());
}

/// Markers as the arms of options give them, over a conversation that is converted turn by turn.
const OPTIONAL_MARKERS: &str = "import Anthropic from '@anthropic-ai/sdk';
const client = new Anthropic();
function control(url, keep) {
  if (keep === 'none') return { keep };
  const ttl = keep === 'long' && url.includes('api') ? '1h' : undefined;
  return { keep, mark: { type: 'ephemeral', ...(ttl && { ttl }) } };
}
function convert(messages, mark) {
  const out = [];
  for (const message of messages) {
    if (typeof message.content === 'string') out.push({ role: 'user', content: message.content });
    else out.push({ role: 'user', content: message.content.map((part) => ({ type: 'text', text: part.text })) });
  }
  if (mark && out.length > 0) {
    const last = out[out.length - 1];
    if (Array.isArray(last.content)) {
      const block = last.content[last.content.length - 1];
      if (block && block.type === 'text') (block as any).cache_control = mark;
    } else {
      last.content = [{ type: 'text', text: last.content, cache_control: mark }] as any;
    }
  }
  return out;
}
function build(model, context, strict, options) {
  const { mark } = control(model.url, options?.keep);
  const params = { model: 'claude-sonnet-5', max_tokens: 9, messages: convert(context.messages, mark) };
  if (strict) {
    params.system = [{ type: 'text', text: 'You keep the books of a small library.', ...(mark ? { cache_control: mark } : {}) }];
    if (context.system) params.system.push({ type: 'text', text: context.system, ...(mark ? { cache_control: mark } : {}) });
  } else if (context.system) {
    params.system = [{ type: 'text', text: context.system, ...(mark ? { cache_control: mark } : {}) }];
  }
  return params;
}
export async function send(model, context, options, strict) {
  let params = build(model, context, strict, options);
  const next = await options?.hook?.(params, model);
  if (next !== undefined) params = next;
  return await client.messages.create({ ...params, stream: true });
}
";

#[test]
fn markers_of_some_arms_are_markers_wherever_objects_are_spread() {
    let files = [("app.ts", OPTIONAL_MARKERS)];
    let prompts = run(&files).prompts;
    let sent = prompts.iter().find(|prompt| prompt.id.ends_with("#send"));
    let sent = sent.unwrap_or_else(|| panic!("{prompts:?}"));
    let blocks: Vec<_> = sent.messages.iter().flat_map(|m| &m.blocks).collect();
    let text: Vec<String> = blocks.iter().map(|b| super::show(&b.pieces)).collect();
    for word in ["ephemeral", "ttl", "1h", "next"] {
        assert!(!text.iter().any(|text| text.contains(word)), "{text:?}");
    }
    for section in ["system", "history"] {
        let mut own = sent.messages.iter().filter(|m| m.section.name() == section);
        let marked = own.any(|m| m.blocks.iter().any(|b| b.marker.is_some()));
        assert!(marked, "{section}: {:?}", marks(&files));
    }
}

#[test]
fn a_helper_of_another_module_sets_markers_in_the_list_it_is_given() {
    let helper = "export function addMarks(system, messages) {
  messages[0] = { role: 'system', content: [{ type: 'text', text: system, cache_control: { type: 'ephemeral' } }] };
  messages.filter((m) => m.role === 'user').slice(-2).forEach((m) => {
    if (Array.isArray(m.content)) {
      let part = m.content.filter((p) => p.type === 'text').pop();
      if (!part) { part = { type: 'text', text: '...' }; m.content.push(part); }
      part['cache_control'] = { type: 'ephemeral' };
    }
  });
}
";
    let app = |test: &str| {
        format!(
            "import OpenAI from 'openai';\nimport {{ addMarks as addTheirs }} from './marks';\n\
             export class Gateway {{\n  async send(system, history, model) {{\n    \
             let messages = [{{ role: 'system', content: system }}, ...history.map((m) => ({{ role: m.role, content: m.content }}))];\n    \
             {test}addTheirs(system, messages);\n    \
             return await new OpenAI().chat.completions.create({{ model, messages }});\n  }}\n}}\n"
        )
    };
    for (test, expected) in [
        ("", "system[!] history[~<2?]"),
        ("if (model.caches) ", "system[!?] history[~<2?]"),
    ] {
        let app = app(test);
        let found = marks(&[("app.ts", &app), ("marks.ts", helper)]);
        assert!(found.iter().any(|found| found == expected), "{found:?}");
    }
}

#[test]
fn markers_that_no_request_is_seen_to_carry_are_told() {
    let elsewhere = |body: &str, helper: &str| {
        let source = format!(
            "import anthropic\nclient = anthropic.Anthropic()\n{helper}\n\
             def send(messages, text):\n{body}    return client.messages.create(\
             model='claude-sonnet-5', max_tokens=9, system=system, messages=messages)\n"
        );
        let prompts = run(&[("app.py", &source)]).prompts;
        assert_eq!(prompts.len(), 1);
        prompts[0].marks_elsewhere
    };
    let marked =
        "    system = [{'type': 'text', 'text': text, 'cache_control': {'type': 'ephemeral'}}]\n";
    assert!(!elsewhere(marked, ""));
    assert!(!elsewhere(marked, "# cache_control: what is not here"));
    assert!(!elsewhere(
        marked,
        "def off(block):\n    del block['cache_control']"
    ));
    assert!(elsewhere(
        marked,
        "def later(rows):\n    rows[find(rows)]['cache_control'] = {'type': 'ephemeral'}"
    ));
}

#[test]
fn a_marker_on_a_turn_stays_where_the_turns_are_gone_through_again() {
    let mark = "const mark = (all) => all.map((m, i) => i === all.length - 1 ? { ...m, content: [{ type: 'text', text: m.content, cache_control: { type: 'ephemeral' } }] } : m);\n\
                const sign = (all) => all.map((m) => m.role === 'assistant' ? { ...m, signature: 'x' } : m);\n";
    let once = format!("{mark}messages = mark(messages);");
    let again = format!("{mark}messages = sign(mark(sign(messages)));");
    let [once, again] = [once, again].map(|body| {
        let (path, source) = program("ts", &body);
        marks(&[(path, &source)]).join(" & ")
    });
    assert!(once.contains("history[~"), "{once}");
    assert_eq!(once, again);
}

#[test]
fn a_conversation_that_is_converted_kind_by_kind_is_one_where_the_client_is_called_for() {
    let wire = "def one(turn):\n    if isinstance(turn, Asked):\n        return {'role': 'user', 'content': [{'type': 'text', 'text': p.text, 'cache_control': C} for p in turn.parts]}\n    \
                elif isinstance(turn, Answered):\n        return {'role': 'assistant', 'content': turn.text}\n\n\
                def wire(turns):\n    out = []\n    for turn in turns:\n        out.append(one(turn))\n    return out\n";
    let chat = "from anthropic import Anthropic\nfrom wire import wire\n\nclass Chat:\n    def client(self):\n        return Anthropic()\n\n    \
                def send(self, turns):\n        return self.client().messages.create(model='claude-sonnet-5', max_tokens=9, messages=wire(turns))\n";
    let wire = format!("from kinds import Asked, Answered\nC = {{'type': 'ephemeral'}}\n\n{wire}");
    let found = marks(&[("chat.py", chat), ("wire.py", &wire)]);
    assert_eq!(found, ["history[*?]"]);
}

#[test]
fn a_marker_on_what_was_taken_out_as_system_text_marks_no_turns() {
    let source = "import anthropic\nclient = anthropic.Anthropic()\n\ndef send(turns):\n    system_prompt = ''\n    kept = []\n    \
                  for turn in turns:\n        if turn['role'] == 'system':\n            system_prompt = turn['content']\n        else:\n            \
                  kept.append(turn)\n    blocks = [{'type': 'text', 'text': system_prompt}] if isinstance(system_prompt, str) else system_prompt\n    \
                  last = blocks[-1]\n    last['cache_control'] = {'type': 'ephemeral'}\n    return client.messages.create(model='m', \
                  max_tokens=9, system=blocks, messages=kept)\n";
    let found = super::run(&[("app.py", source)]);
    let marked: Vec<&str> = found.prompts[0]
        .messages
        .iter()
        .filter(|message| message.blocks.iter().any(|block| block.marker.is_some()))
        .map(|message| message.section.name())
        .collect();
    assert_eq!(marked, ["system"]);
}

#[test]
fn a_marker_by_position_goes_to_the_message_behind_a_conversation() {
    let part = "{ ...m, content: [{ type: 'text', text: m.content, cache_control: C }] }";
    let asked = "messages = [...messages, { role: 'user', content: limit }];\n";
    let rows = [
        format!("{asked}const last = messages.length - 1;\nmessages = messages.map((m, i) => i === last ? {part} : m);"),
        format!("{asked}const last = messages.findLastIndex((m) => m.role === 'user');\nmessages = messages.map((m, i) => {{ if (i !== last) return m; return {part}; }});"),
    ];
    let expected = "tools[] system[] history[] user[!?]";
    let rows: Vec<(&str, &str)> = rows.iter().map(|row| (row.as_str(), expected)).collect();
    table("ts", &rows);
    table(
        "py",
        &[(
            "messages = messages + [{'role': 'user', 'content': limit}]\nlast = len(messages) - 1\nmessages = [{**m, 'content': [{'type': 'text', 'text': m['content'], 'cache_control': C}]} if i == last else m for i, m in enumerate(messages)]",
            expected,
        )],
    );
}

#[test]
fn markers_in_slices_that_are_put_together_are_as_many_as_these_hold() {
    table(
        "ts",
        &[
            ("const first = messages.filter((m) => m.role === 'system').slice(0, 2);\nconst newest = messages.filter((m) => m.role !== 'system').slice(-2);\nfor (const m of [...first, ...newest]) m.cache_control = C;", "tools[] system[] history[~<4]"),
        ],
    );
}

/// An agent loop: a known task, turns that it adds, and what marks them before each request.
fn agent(marking: &str) -> String {
    format!(
        "import anthropic\nclient = anthropic.Anthropic()\nC = {{'type': 'ephemeral'}}\n\ndef mark(messages):\n{marking}\n\n\
         def run(task):\n    messages = [{{'role': 'user', 'content': [{{'type': 'text', 'text': task}}]}}]\n    while True:\n        \
         mark(messages)\n        answer = client.messages.create(model='claude-sonnet-5', max_tokens=9, messages=messages)\n        \
         messages.append({{'role': 'assistant', 'content': answer.content}})\n        \
         messages.append({{'role': 'user', 'content': [{{'type': 'tool_result', 'content': work(answer)}}]}})\n"
    )
}

#[test]
fn the_turns_that_an_agent_loop_adds_are_marked_where_it_goes_through_them() {
    let newest = [
        "    for m in messages[-2:]:\n        m['content'][-1]['cache_control'] = C",
        "    for i in range(len(messages) - 1, -1, -1):\n        if messages[i]['role'] == 'user':\n            messages[i]['content'][-1]['cache_control'] = C\n            break",
        "    left = 2\n    for m in reversed(messages):\n        if m['role'] == 'user':\n            content = m['content']\n            if left:\n                left -= 1\n                content[-1]['cache_control'] = C\n            else:\n                break",
        "    at = len(messages) - 1\n    while at >= 0:\n        if messages[at]['role'] == 'user':\n            messages[at]['content'][-1]['cache_control'] = C\n            break\n        at -= 1",
    ];
    for marking in newest {
        let found = marks(&[("app.py", &agent(marking))]);
        let sent = found.first().expect("a request");
        assert!(
            sent.contains("history[~") || sent.contains("history[!"),
            "{marking}\n{sent}"
        );
        assert!(!sent.contains('*'), "{marking}\n{sent}");
    }
    let each = agent("    for m in messages:\n        m['content'][-1]['cache_control'] = C");
    let each = marks(&[("app.py", &each)]);
    assert!(each[0].contains("history[*"), "{each:?}");
}

#[test]
fn markers_within_content_that_is_written_in_a_slice_are_as_many_as_it_holds() {
    let body = "for m in messages[-3:]:\n    m['content'] = [{'type': 'text', 'text': m['content'], 'cache_control': C}]";
    table("py", &[(body, "tools[] system[] history[~<3]")]);
    let all = "for m in messages:\n    m['content'] = [{'type': 'text', 'text': m['content'], 'cache_control': C}]";
    table("py", &[(all, "tools[] system[] history[*]")]);
}

#[test]
fn turns_that_are_marked_for_some_models_are_one_conversation() {
    let body = "const cached = (own, asked) => {\n  if (!own.takes(limit)) return asked;\n  const turns = asked.messages.map((m, i) => i === asked.messages.length - 1 ? { ...m, cache_control: C } : m);\n  \
                return { messages: [{ role: 'user', content: 'Answer from the handbook.' }, ...turns] };\n};\n\
                const ready = cached(tools, { messages });\nmessages = ready.messages;";
    table("ts", &[(body, "tools[] system[] user[] history[~?]")]);
}
