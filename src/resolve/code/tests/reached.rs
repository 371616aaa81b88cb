//! What stands between a prompt and its request: lists that may be empty, members that are written to, static methods,
//! destructured parameters, templates that are one of several, helpers that cost steps and say nothing.

use super::{javascript, messages, prompt, prompts, python, resolved, run, sent};
use crate::workspace::Memory;

const PYTHON: &str = "import openai\nclient = openai.OpenAI()\n";
const SCRIPT: &str = "import OpenAI from 'openai';\nconst client = new OpenAI();\n";
const RULES: &str = "Answer in the language of the question. Never speak of a refund that nobody asked for. Say what \
                     the shop can do, and say it in two sentences at most.";

/// What is sent of a conversation that a helper gives back.
fn history(helper: &str) -> String {
    let source = format!(
        "{PYTHON}{helper}\n\ndef answer(history):\n    return client.chat.completions.create(model='m', \
         messages=[{{'role': 'system', 'content': 'Be kind.'}}, *ready(history)])\n"
    );
    let shown = prompt(&[("app.py", &source)]);
    let (_, turns) = shown.split_once('\n').unwrap_or_default();
    turns.to_string()
}

#[test]
fn what_a_test_leaves_of_a_conversation_is_one() {
    let kept = "def ready(turns):\n    return [t for t in turns if t.get('role') != 'system']\n";
    assert!(
        history(kept).starts_with("history: <<"),
        "{}",
        history(kept)
    );
}

#[test]
fn a_list_that_is_empty_or_of_any_length_is_the_latter() {
    let ready = "def ready(turns):\n    if not turns:\n        return []\n    kept = []\n    for turn in turns:\n        \
                 kept.append(turn)\n    return kept\n";
    assert!(
        history(ready).starts_with("history: <<"),
        "{}",
        history(ready)
    );
}

#[test]
fn tools_that_are_there_or_not_stay_so() {
    let source = format!(
        "{PYTHON}\ndef send(plan, tools, q):\n    given = []\n    if plan:\n        given = tools\n    return \
         client.responses.create(model='m', instructions='Be kind.', tools=given, input=q)\n"
    );
    let shown = prompt(&[("app.py", &source)]);
    assert!(shown.contains("[plan? "), "{shown}");
}

#[test]
fn this_of_a_static_method_is_the_class() {
    let class = "class Texts {\n  static whole(x) { return this.part(x) + 'b'; }\n  static part(x) { return x + 'a'; }\n}\n\
                 class More extends Texts {\n  static part(x) { return x + 'c'; }\n}\n";
    assert_eq!(javascript(class, "Texts.whole('t')"), "tab");
    assert_eq!(javascript(class, "More.whole('t')"), "tcb");
}

#[test]
fn a_destructured_parameter_is_what_its_callers_give() {
    let sends = format!(
        "{SCRIPT}export async function send({{ rules, question }}) {{\n  return client.responses.create({{ model: 'm', \
         instructions: rules, input: question }});\n}}\n"
    );
    let calls = "import { send } from './send';\nexport function ask(q) {\n  return send({ rules: `At ${Date.now()}`, \
                 question: q });\n}\n";
    let files = [("ask.ts", calls), ("send.ts", sends.as_str())];
    let shown = prompts(&files).join("\n");
    assert!(shown.contains("At <Date.now():unique!>"), "{shown}");
}

#[test]
fn a_dict_makes_the_entries_that_it_lacks() {
    let imported = "from collections import defaultdict\n";
    for (before, expr) in [
        (
            "d = defaultdict(list)\nd['a'].append('x')\nd['a'].append('y')",
            "''.join(d['a'])",
        ),
        (
            "d = defaultdict(list)\nd[flag].append('x')\nd[flag].append('y')",
            "''.join(d[flag])",
        ),
        (
            "d = defaultdict(lambda: ['x'])\nd['a'].append('y')",
            "''.join(d['a'])",
        ),
        (
            "d = defaultdict(str)\nd['a'] += 'x'\nd['a'] += 'y'",
            "d['a']",
        ),
        (
            "d = defaultdict(list, a=['x'])\nd['a'].append('y')",
            "''.join(d['a'])",
        ),
    ] {
        assert_eq!(
            python(&format!("{imported}{before}"), expr),
            "xy",
            "{before}"
        );
    }
}

#[test]
fn what_is_spliced_in_behind_known_items_stands_there() {
    let before = "const parts = ['a', 'b'];\nparts.splice(1, 0, 'x');";
    assert_eq!(javascript(before, "parts.join('')"), "axb");
}

#[test]
fn a_system_message_that_is_put_first_stands_in_front_of_what_was_given() {
    let source = format!(
        "{PYTHON}\ndef send(turns, notes):\n    turns[0] = {{'role': 'system', 'content': 'Know ' + notes}}\n    return \
         client.chat.completions.create(model='m', messages=turns)\n"
    );
    let shown = prompt(&[("app.py", &source)]);
    assert!(shown.starts_with("system: Know <notes:"), "{shown}");
    assert!(shown.contains("\nhistory: <<"), "{shown}");
}

#[test]
fn a_member_of_what_is_given_keeps_the_turns_that_are_put_into_it() {
    let source = format!(
        "{SCRIPT}export async function send(opts) {{\n  opts.messages.unshift({{ role: 'system', content: 'At ' + \
         Date.now() }});\n  return client.chat.completions.create({{ model: 'm', messages: opts.messages }});\n}}\n"
    );
    let shown = prompt(&[("app.ts", &source)]);
    assert!(
        shown.starts_with("system: At <Date.now():unique!>\nhistory: <<"),
        "{shown}"
    );
}

#[test]
fn a_text_method_reaches_every_text_that_may_stand_there() {
    let before = "const text = flag ? a : 'at NOW';";
    let shown = javascript(before, "text.replace('NOW', Date.now())");
    assert!(shown.contains("at <Date.now():unique!>"), "{shown}");
}

#[test]
fn what_a_hook_keeps_is_what_its_function_gives() {
    let source = format!(
        "import {{ useMemo }} from 'react';\n{SCRIPT}export async function send(mode) {{\n  const rules = useMemo(() => \
         `At ${{Date.now()}}`, [mode]);\n  return client.responses.create({{ model: 'm', instructions: rules }});\n}}\n"
    );
    assert_eq!(sent(&[("app.ts", &source)]), "At <Date.now():unique!>");
}

#[test]
fn a_clock_that_only_some_calls_fill_in_is_seen_in_a_template_that_is_not() {
    let source = format!(
        "from datetime import datetime\n{PYTHON}\ndef send(node, names):\n    values = {{}}\n    if 'now' in names:\n        \
         values['now'] = datetime.now()\n    return client.responses.create(model='m', \
         instructions=node.prompt.format(**values))\n"
    );
    let shown = sent(&[("app.py", &source)]);
    assert!(shown.contains("? <datetime.now():unique!>"), "{shown}");
}

#[test]
fn what_is_looked_up_for_a_call_is_new_for_each_though_it_is_sent_in_a_loop() {
    let shown = |looked_up: &str| {
        let source = format!(
            "{PYTHON}from store import recall\n\ndef run(history, question):\n    known = {looked_up}\n    while True:\n        \
             answer = client.chat.completions.create(model='m', messages=[{{'role': 'system', 'content': 'Know ' + \
             known}}, *history])\n        history.append(answer.choices[0].message)\n"
        );
        prompt(&[("app.py", &source)])
    };
    assert!(shown("recall(question)").contains("Know <recall(question):request>"));
    // What the function is given is the same in all rounds.
    assert!(
        shown("question").contains("/session"),
        "{}",
        shown("question")
    );
}

#[test]
fn what_is_made_of_the_question_is_surer_than_what_an_unknown_call_gives() {
    let shown = |given: &str| {
        let body = format!("    made = helper({given})\n");
        sent(&[(
            "app.py",
            &format!(
                "{PYTHON}from own import helper\n\ndef send(question, other):\n{body}    return \
                 client.responses.create(model='m', instructions=made, input=question)\n"
            ),
        )])
    };
    let asked = "\nuser: <question:request>";
    let made = |given: &str| shown(given).replace(asked, "");
    assert_eq!(made("question"), "<helper(question):request>");
    assert_eq!(made("{'q': question}"), "<helper({'q': question}):request>");
    assert_eq!(made("other"), "<helper(other):request?>");
}

#[test]
fn each_text_that_a_template_may_be_is_filled() {
    let source = format!(
        "from datetime import datetime\nfrom jinja2 import Template\n{PYTHON}\nTEXTS = {{'en': 'In English at {{{{ now }}}}', \
         'zh': 'In Chinese at {{{{ now }}}}'}}\n\ndef send(language):\n    rules = \
         Template(TEXTS[language]).render(now=datetime.now())\n    return client.responses.create(model='m', \
         instructions=rules)\n"
    );
    let shown = sent(&[("app.py", &source)]);
    assert!(!shown.contains("{{"), "{shown}");
    assert_eq!(shown.matches("<now:unique!>").count(), 2, "{shown}");
}

#[test]
fn a_text_under_a_key_that_says_system_is_one_where_the_object_is_handed_on() {
    for body in [
        "return {'system_prompt': text}",
        "return own.Settings(templates={'system_prompt': text})",
    ] {
        let source = format!(
            "import own\nfrom datetime import datetime\n\ndef settings():\n    text = f'{{datetime.now()}} {RULES}'\n    {body}\n"
        );
        let shown = prompts(&[("app.py", &source)]);
        let wanted = format!("system: <datetime.now():unique!> {RULES}");
        assert_eq!(shown, [wanted], "{body}");
    }
}

#[test]
fn aliases_start_where_the_config_that_is_extended_says() {
    let files = [(
        "apps/web/src/app.ts",
        "import OpenAI from 'openai';\nimport { T } from '@/texts';\nconst client = new OpenAI();\nexport function send() {\n  \
         return client.responses.create({ model: 'm', instructions: T });\n}\n",
    )];
    let all = [
        files[0],
        ("apps/web/src/texts.ts", "export const T = 'p';\n"),
        ("tsconfig.json", "{ \"compilerOptions\": { \"baseUrl\": \".\" } }"),
        (
            "apps/web/tsconfig.json",
            "{ \"extends\": \"../../tsconfig.json\", \"compilerOptions\": { \"paths\": { \"@/*\": [\"apps/web/src/*\"] } } }",
        ),
    ];
    let found = resolved(&Memory::new(&all), &files, &[]);
    let shown: Vec<String> = found.prompts.iter().map(messages).collect();
    assert_eq!(shown, ["system: p"]);
}

/// A function of so many steps that says nothing.
fn costly(name: &str, steps: usize) -> String {
    format!("def {name}(x):\n    return [{}]\n", "x, ".repeat(steps))
}

#[test]
fn what_only_keeps_a_journal_costs_no_steps() {
    let journal = format!(
        "class Journal:\n    {}\njournal = Journal()\n",
        costly("info", 3000)
            .replace("(x)", "(self, x)")
            .replace('\n', "\n    ")
    );
    let calls = "    journal.info('at it')\n".repeat(80);
    let source = format!(
        "{PYTHON}from journal import journal\n\ndef send(q):\n{calls}    return client.responses.create(model='m', \
         instructions='Be kind.', input=q)\n"
    );
    let found = run(&[("app.py", &source), ("journal.py", &journal)]);
    let shown: Vec<String> = found.prompts.iter().map(messages).collect();
    assert_eq!(shown, ["system: Be kind.\nuser: <q:request>"]);
    assert!(found.limits.is_empty(), "{:?}", found.limits);
}

#[test]
fn a_request_that_was_not_reached_gets_more_steps() {
    let calls = "    x = long(q)\n".repeat(20);
    let source = format!(
        "{PYTHON}from long import long\n\ndef send(q):\n{calls}    return client.responses.create(model='m', \
         instructions='Be kind.', input=q)\n"
    );
    let shown = prompts(&[("app.py", &source), ("long.py", &costly("long", 3000))]);
    assert_eq!(shown, ["system: Be kind.\nuser: <q:request>"]);
}

#[test]
fn a_long_way_keeps_its_end() {
    let steps: String = (1..9)
        .map(|at| format!("def step{at}(x):\n    y{at} = x\n    return y{at}\n"))
        .collect();
    let mut call = "datetime.now()".to_string();
    for at in 1..9 {
        call = format!("step{at}({call})");
    }
    let source = format!(
        "from datetime import datetime\n{PYTHON}{steps}\ndef send():\n    last = {call}\n    return \
         client.responses.create(model='m', instructions='At ' + str(last))\n"
    );
    let found = run(&[("app.py", &source)]);
    let block = &found.prompts[0].messages[0].blocks[0];
    let hops: Vec<&str> = block
        .pieces
        .iter()
        .filter_map(|piece| match piece {
            crate::prompt::Piece::Slot(slot) => Some(slot),
            _ => None,
        })
        .flat_map(|slot| slot.trace.iter().map(|hop| hop.note.as_str()))
        .collect();
    assert_eq!(hops.first(), Some(&"a clock"), "{hops:?}");
    assert!(hops.contains(&"returned by `step8`"), "{hops:?}");
}

#[test]
fn a_function_that_nothing_can_call_has_no_prompt() {
    let script = |head: &str, more: &str| {
        let source = format!(
            "import {{ x }} from './x';\n{head}function buildSystemPrompt() {{\n  return `{RULES} It is ${{new Date()}}.`;\n}}\n{more}"
        );
        prompts(&[("app.ts", &source)]).len()
    };
    assert_eq!(script("", ""), 0);
    assert_eq!(script("export ", ""), 1);
    assert_eq!(script("export default ", ""), 1);
    assert_eq!(script("", "export { buildSystemPrompt as build };\n"), 1);
    assert_eq!(script("", "x(buildSystemPrompt());\n"), 1);
    let python = |name: &str, more: &str| {
        let source = format!(
            "import datetime\n\ndef {name}():\n    return f\"{RULES} It is {{datetime.datetime.now()}}.\"\n{more}"
        );
        prompts(&[("app.py", &source)]).len()
    };
    assert_eq!(python("_build_system_prompt", ""), 0);
    assert_eq!(python("build_system_prompt", ""), 1);
    assert_eq!(
        python(
            "_build_system_prompt",
            "\nBUILDERS = {'a': _build_system_prompt}\n"
        ),
        1
    );
}

#[test]
fn what_a_call_is_given_may_be_made_under_a_condition() {
    let shown = sent(&[(
        "app.py",
        &format!(
            "{PYTHON}\n\ndef ask(question, short):\n    args = {{'model': 'm', 'messages': [{{'role': 'user', 'content': question}}]}}\n    \
             if short:\n        args = {{**args, 'max_tokens': 9}}\n    return client.chat.completions.create(**args)\n"
        ),
    )]);
    assert!(shown.contains("<question"), "{shown}");
}

#[test]
fn a_call_that_is_handed_over_with_its_arguments_is_one() {
    for call in [
        "asyncio.to_thread(client.chat.completions.create, ARGS)",
        "functools.partial(client.chat.completions.create, ARGS)",
        "pool.submit(client.chat.completions.create, ARGS)",
    ] {
        let args = "model='m', messages=[{'role': 'user', 'content': question}]";
        let source = format!(
            "import asyncio, functools\n{PYTHON}\n\ndef ask(question, pool):\n    return {}\n",
            call.replace("ARGS", args)
        );
        let shown = sent(&[("app.py", &source)]);
        assert!(shown.contains("<question"), "{call}: {shown}");
    }
}

#[test]
fn whether_a_text_is_there_does_not_hang_on_the_time_in_it() {
    let source = format!(
        "{PYTHON}from datetime import datetime\n\ndef ask(question):\n    system = f'Now {{datetime.now()}}. {RULES}'\n    \
         messages = [{{'role': 'user', 'content': question}}]\n    if system:\n        \
         messages.insert(0, {{'role': 'system', 'content': system}})\n    return client.chat.completions.create(model='m', messages=messages)\n"
    );
    let shown = prompt(&[("app.py", &source)]);
    assert!(!shown.contains("if "), "{shown}");
}

#[test]
fn a_loop_over_one_of_two_lists_goes_over_their_items() {
    let source = format!(
        "{PYTHON}\n\ndef ask(question, again):\n    turns = [{{'role': 'user', 'content': question}}]\n    if again:\n        \
         turns = [{{'role': 'user', 'content': 'Once more: ' + question}}]\n    sent = []\n    for turn in turns:\n        \
         sent.append(turn)\n    return client.chat.completions.create(model='m', messages=sent)\n"
    );
    let shown = prompt(&[("app.py", &source)]);
    assert!(shown.contains("Once more"), "{shown}");
}

#[test]
fn a_list_is_part_of_the_call_that_sends_it_however_its_text_was_joined() {
    for text in [
        "'Hi. ' + RULES",
        "f'Hi. {RULES}'",
        "'\\n'.join(['Hi.', RULES])",
    ] {
        let source = format!(
            "{PYTHON}RULES = '{RULES}'\ndef ask(q):\n    ready = [{{'role': 'system', 'content': {text}}}, \
             {{'role': 'user', 'content': q}}]\n    return client.chat.completions.create(model='m', messages=ready)\n"
        );
        assert_eq!(prompts(&[("app.py", &source)]).len(), 1, "{text}");
    }
}
