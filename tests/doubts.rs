//! What speaks against a finding: each doubt makes a note of what would be a warning without it.

use prefixlint::finding::Severity;
use prefixlint::workspace::Memory;

mod linting;

/// The severities of the findings of one rule in one file.
fn severities(path: &str, source: &str, rule: &str) -> Vec<Severity> {
    let analysis = linting::lint(&Memory::new(&[(path, source)]), "a config");
    let found = analysis.findings.iter().filter(|f| f.rule == rule);
    found.map(|found| found.severity).collect()
}

fn is_loud(path: &str, source: &str, rule: &str) -> bool {
    severities(path, source, rule).contains(&Severity::Warning)
}

const OPENAI: &str = "import random\nfrom openai import OpenAI\nclient = OpenAI()\n";

/// A function that sends these messages behind these lines.
fn sends(lines: &str, messages: &str) -> String {
    format!(
        "{OPENAI}RULES = 'Answer from the handbook and name the page. ' * 300\n\n\
         def ask(question, found, history, agents, tools, mode):\n{lines}    \
         return client.chat.completions.create(model='gpt-5.4', messages={messages})\n"
    )
}

#[test]
fn a_wrapper_is_seen_to_send_turns_by_the_tools_it_offers() {
    let wrapper = |more: &str| {
        format!(
            "import anthropic\nclient = anthropic.Anthropic()\n\n\
             def send(system, messages, tools):\n    turns = [m for m in messages if m['role'] != 'system']\n    \
             return client.messages.create(model='claude-sonnet-5', max_tokens=9, system=system, messages=turns{more})\n\n\
             def answer(reply):\n    return {{'role': 'assistant', 'content': reply}}\n"
        )
    };
    let rule = "missing-breakpoint";
    assert!(is_loud("app.py", &wrapper(", tools=tools"), rule));
    assert!(!is_loud("app.py", &wrapper(""), rule));
}

#[test]
fn a_wrapper_that_carries_all_markers_there_are_leaves_its_turns_unmarked() {
    let wrapper = |tools: &str, more: &str| {
        format!(
            "import anthropic\nclient = anthropic.Anthropic()\n\n\
             def send(messages, tools):\n    turns = [m for m in messages if m['role'] != 'system']\n    \
             if tools:\n        tools = [{{**t, 'cache_control': {{'type': 'ephemeral'}}}} if i == len(tools) - 1 else t for i, t in enumerate(tools)]\n    \
             return client.messages.create(model='claude-sonnet-5', max_tokens=9, system=[{{'type': 'text', 'text': 'Be kind.', 'cache_control': {{'type': 'ephemeral'}}}}], messages=turns{tools})\n\n\
             def answer(reply):\n    return {{'role': 'assistant', 'content': reply}}\n{more}"
        )
    };
    let rule = "missing-breakpoint";
    let offers = ", tools=tools";
    assert!(is_loud("app.py", &wrapper(offers, ""), rule));
    assert!(!is_loud("app.py", &wrapper("", ""), rule));
    let marks = "\ndef mark(rows):\n    newest(rows)['cache_control'] = {'type': 'ephemeral'}\n";
    assert!(!is_loud("app.py", &wrapper(offers, marks), rule));
}

#[test]
fn what_a_conversation_was_asked_first_strands_its_own_turns() {
    let messages = |system: &str| {
        format!("[{{'role': 'system', 'content': {system}}}, {{'role': 'user', 'content': question}}, *history, {{'role': 'user', 'content': found}}]")
    };
    let rule = "variable-before-stable";
    assert!(!is_loud(
        "app.py",
        &sends("", &messages("'Be kind.'")),
        rule
    ));
    assert!(is_loud("app.py", &sends("", &messages("RULES")), rule));
}

#[test]
fn a_condition_forks_nothing_where_too_little_is_in_sight() {
    let messages =
        "[{'role': 'system', 'content': text}, *history, {'role': 'user', 'content': question}]";
    let forks = |rest: &str| {
        sends(
            &format!("    text = 'You help.'\n    if mode == 'plan':\n        text += ' Be short.'\n    text += {rest}\n"),
            messages,
        )
    };
    let rule = "conditional-prefix";
    assert!(is_loud("app.py", &forks("RULES"), rule));
    assert!(!is_loud("app.py", &forks("' Be kind.'"), rule));
}

#[test]
fn a_loop_that_counts_positions_goes_over_what_it_counts() {
    let python = sends(
        "    text = ''\n    i = 0\n    while i < len(agents):\n        text += agents[i].name\n        i += 1\n",
        "[{'role': 'system', 'content': text + RULES}, {'role': 'user', 'content': question}]",
    );
    let script = "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
        const RULES = 'Answer from the handbook and name the page. '.repeat(300);\n\
        export async function ask(question: string, agents: any[]) {\n  let text = '';\n  \
        for (let i = 0; i < agents.length; i++) { text += agents[i].name; }\n  \
        return client.chat.completions.create({ model: 'gpt-5.4', messages: [\
        { role: 'system', content: text + RULES }, { role: 'user', content: question }] });\n}\n";
    for (path, source) in [("app.py", python.as_str()), ("app.ts", script)] {
        let analysis = linting::lint(&Memory::new(&[(path, source)]), "a config");
        let found = analysis.findings.iter();
        let named: Vec<&str> = found.map(|found| found.cause_text.as_str()).collect();
        assert!(named.contains(&"agents"), "{path}: {named:?}");
    }
}

#[test]
fn what_a_module_makes_once_is_the_same_for_the_whole_process() {
    let agent = |at: &str| {
        format!(
            "from datetime import datetime\nfrom agents import Agent, Runner\n\
             RULES = 'Answer from the handbook and name the page. ' * 300\n\n{at}"
        )
    };
    let made =
        "agent = Agent(name='a', model='gpt-5.4', instructions=f'Now {datetime.now()}. ' + RULES)";
    let rule = "volatile-prefix";
    assert!(!is_loud("app.py", &agent(&format!("{made}\n")), rule));
    let anew =
        format!("def ask(question):\n    {made}\n    return Runner.run_sync(agent, question)\n");
    assert!(is_loud("app.py", &agent(&anew), rule));
}

#[test]
fn a_sample_is_no_order_that_sorting_mends() {
    let source = sends(
        "    shots = random.sample(found, 3)\n",
        "[{'role': 'system', 'content': '\\n'.join(shots) + RULES}, {'role': 'user', 'content': question}]",
    );
    assert!(severities("app.py", &source, "unstable-order").is_empty());
    assert!(is_loud("app.py", &source, "volatile-prefix"));
}

#[test]
fn that_a_split_frees_enough_is_seen_not_assumed() {
    let source = |words: usize| {
        format!(
            "import {{ generateObject }} from 'ai';\nimport {{ anthropic }} from '@ai-sdk/anthropic';\nimport {{ z }} from 'zod';\n\
             const RULES = 'Answer from the handbook and name the page. '.repeat({words});\n\
             export async function plan(question: string, files: string) {{\n  return generateObject({{\n    \
             model: anthropic('claude-sonnet-5'),\n    schema: z.object({{ plan: z.string() }}),\n    \
             system: RULES + files,\n    prompt: question,\n  }});\n}}\n"
        )
    };
    let rule = "unsplit-message";
    assert!(is_loud("app.ts", &source(300), rule));
    assert!(!is_loud("app.ts", &source(60), rule));
}

#[test]
fn a_key_is_asked_for_where_enough_to_be_cached_is_in_sight() {
    let source = |words: usize| {
        format!(
            "from mistralai import Mistral\nclient = Mistral()\nRULES = 'Answer from the handbook and name the page. ' * {words}\n\n\
             def ask(history, question):\n    return client.chat.complete(model='mistral-large-4', messages=[\
             {{'role': 'system', 'content': RULES}}, *history, {{'role': 'user', 'content': question}}])\n"
        )
    };
    let rule = "missing-cache-key";
    assert!(is_loud("app.py", &source(300), rule));
    assert!(!is_loud("app.py", &source(10), rule));
}

#[test]
fn an_address_is_asked_whether_two_things_are_one() {
    let source = sends(
        "    known = {id(tool) for tool in found}\n    kept = [tool for tool in tools if id(tool) in known]\n    \
         text = 'Tools are there. ' if kept else ''\n",
        "[{'role': 'system', 'content': text + RULES}, {'role': 'user', 'content': question}]",
    );
    assert!(!is_loud("app.py", &source, "conditional-prefix"));
}

#[test]
fn a_text_without_turns_is_long_enough_by_what_is_in_sight_of_it() {
    let source = |rest: &str| {
        sends(
            "    from datetime import datetime\n    lines = ''.join(f'{a.title} {a.body} {a.page_content}' for a in found)\n",
            &format!("[{{'role': 'user', 'content': f'{{datetime.now()}} ' + {rest} + lines}}]"),
        )
    };
    let rule = "volatile-prefix";
    assert!(is_loud("app.py", &source("RULES"), rule));
    assert!(!is_loud("app.py", &source("'Be kind.'"), rule));
}

#[test]
fn a_condition_that_asks_a_clock_is_met_until_a_time_has_come() {
    let asks = |condition: &str| {
        sends(
            &format!("    import time\n    text = 'You help.'\n    if {condition}:\n        text += ' Be short.'\n    text += RULES\n"),
            "[{'role': 'system', 'content': text}, *history, {'role': 'user', 'content': question}]",
        )
    };
    let rule = "conditional-prefix";
    assert!(!is_loud(
        "app.py",
        &asks("time.time() - found.at < 300"),
        rule
    ));
    assert!(is_loud("app.py", &asks("mode == 'plan'"), rule));
}

#[test]
fn a_day_is_a_day_however_long_the_session_that_read_it() {
    let source = format!(
        "{OPENAI}from datetime import datetime\nRULES = 'Answer from the handbook and name the page. ' * 300\n\n\
         class Agent:\n    def __init__(self):\n        self.started = datetime.now()\n\n    \
         def ask(self, history, question):\n        day = self.started.strftime('%Y-%m-%d')\n        \
         return client.chat.completions.create(model='gpt-5.4', messages=[{{'role': 'system', 'content': day + RULES}}, *history])\n"
    );
    assert_eq!(
        severities("app.py", &source, "volatile-prefix"),
        [Severity::Note]
    );
}

#[test]
fn an_object_that_a_builder_gives_is_no_text_of_a_prompt() {
    let source = "from datetime import datetime\nRULES = 'Answer from the handbook and name the page. ' * 300\n\n\
        def build_system_prompt(kind):\n    if kind:\n        return RULES\n    \
        return {'id': str(datetime.now()), 'text': RULES}\n";
    assert!(severities("app.py", source, "volatile-prefix").is_empty());
}

#[test]
fn what_is_kept_but_no_longer_in_use_is_told_in_a_note() {
    let source = |name: &str| {
        sends(
            "    from datetime import datetime\n",
            "[{'role': 'system', 'content': f'{datetime.now()} {RULES}'}, *history]",
        )
        .replace("def ask", &format!("def {name}"))
    };
    let rule = "volatile-prefix";
    assert!(is_loud("src/chat.py", &source("ask"), rule));
    for (path, name) in [
        ("src/legacy/chat.py", "ask"),
        ("src/chat_legacy.py", "ask"),
        ("experiments/chat.py", "ask"),
        ("src/chat.py", "ask_DEPRECATED"),
    ] {
        assert_eq!(severities(path, &source(name), rule), [Severity::Note]);
    }
}

#[test]
fn a_fixed_order_gains_nothing_beside_what_varies_anyway() {
    let lists = |beside: &str| {
        sends(
            "    names = {agent.name for agent in agents}\n",
            &format!("[{{'role': 'system', 'content': ' '.join(names) + {beside} + RULES}}, *history, {{'role': 'user', 'content': question}}]"),
        )
    };
    let rule = "unstable-order";
    assert!(is_loud("app.py", &lists("' '"), rule));
    let source = lists("question");
    assert!(severities("app.py", &source, rule).is_empty());
    assert!(!severities("app.py", &source, "variable-before-stable").is_empty());
}

#[test]
fn a_window_of_few_turns_is_hardly_a_prefix() {
    let window = |turns: u32, tools: &str| {
        sends(
            "",
            &format!("[{{'role': 'system', 'content': RULES}}, *history[-{turns}:], {{'role': 'user', 'content': question}}]{tools}"),
        )
    };
    let rule = "history-rewrite";
    assert!(!is_loud("app.py", &window(6, ""), rule));
    assert!(is_loud("app.py", &window(8, ""), rule));
    // Results of tools are long.
    assert!(is_loud("app.py", &window(6, ", tools=tools"), rule));
}

#[test]
fn a_window_as_wide_as_a_session_begins_to_slide_at_its_end() {
    let window = |lines: &str, turns: &str| {
        sends(
            lines,
            &format!("[{{'role': 'system', 'content': RULES}}, *{turns}, {{'role': 'user', 'content': question}}]"),
        )
    };
    let rule = "history-rewrite";
    let loud = |source: &str| is_loud("app.py", source, rule);
    let drop = |most: u32| format!("    while len(history) > {most}:\n        history.pop(0)\n");
    let narrow = [
        window("", "history[-8:]"),
        window("", "history[max(0, len(history) - 8):]"),
        window(&drop(8), "history"),
    ];
    let wide = [
        window("", "history[-12:]"),
        window("", "history[max(0, len(history) - 30):]"),
        window(&drop(30), "history"),
    ];
    for source in &narrow {
        assert!(loud(source), "{source}");
    }
    for source in &wide {
        assert!(!loud(source), "{source}");
        assert!(!severities("app.py", source, rule).is_empty(), "{source}");
        // The traffic says how long a session is.
        let long = [
            ("prefixlint.yaml", "traffic: { calls-per-session: 40 }\n"),
            ("app.py", source.as_str()),
        ];
        let analysis = linting::lint(&Memory::new(&long), "a config");
        let found = analysis.findings.iter().find(|f| f.rule == rule);
        assert_eq!(
            found.map(|f| f.severity),
            Some(Severity::Warning),
            "{source}"
        );
    }
    // A block of turns is dropped at once, and none until there are as many again.
    let block = window(
        "    if len(history) > 16:\n        history = history[-8:]\n",
        "history",
    );
    assert!(!loud(&block), "{block}");
}

#[test]
fn what_a_session_keeps_comes_to_be_there_once() {
    let notes = |condition: &str| {
        sends(
            &format!("    text = 'You help.'\n    if {condition}:\n        text += ' Mind the notes.'\n    text += RULES\n"),
            "[{'role': 'system', 'content': text}, *history, {'role': 'user', 'content': question}]",
        )
    };
    let rule = "conditional-prefix";
    assert!(is_loud("app.py", &notes("mode"), rule));
    assert!(!is_loud("app.py", &notes("len(mode) > 0"), rule));
    assert!(!is_loud("app.py", &notes("mode is not None"), rule));
}

#[test]
fn a_helper_marks_texts_of_any_length() {
    let helper = "import anthropic\nclient = anthropic.Anthropic()\n\n\
        def send(system, text, history):\n    return client.messages.create(model='claude-sonnet-5', max_tokens=9,\n        \
        system=[{'type': 'text', 'text': system, 'cache_control': {'type': 'ephemeral'}}],\n        \
        messages=[{'role': 'user', 'content': text}])\n";
    let caller =
        "from helper import send\nRULES = 'Answer from the handbook and name the page. ' * 300\n\n\
        def ask(question):\n    return send('You judge answers for a shop. ' * 20, RULES, [])\n";
    let whole = format!(
        "{helper}\n{}",
        caller.replace("from helper import send\n", "")
    );
    let loud = |files: &[(&str, &str)]| {
        let analysis = linting::lint(&Memory::new(files), "a config");
        let mut found = analysis.findings.iter();
        found.any(|f| f.rule == "breakpoint-below-minimum" && f.severity == Severity::Warning)
    };
    assert!(loud(&[("app.py", &whole)]));
    assert!(!loud(&[("helper.py", helper), ("app.py", caller)]));
}

#[test]
fn what_is_of_a_session_changes_nothing_within_it() {
    let reads = |name: &str| {
        format!(
            "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
             const RULES = 'Answer from the handbook and name the page. '.repeat(300);\n\
             export async function POST(req: Request) {{\n  const {{ messages, {name} }} = await req.json();\n  \
             return client.chat.completions.create({{ model: 'gpt-5.4', messages: [{{ role: 'system', content: `${{{name}}} ${{RULES}}` }}, ...messages] }});\n}}\n"
        )
    };
    let says = |name: &str| {
        let source = reads(name);
        let analysis = linting::lint(&Memory::new(&[("app.ts", &source)]), "a config");
        let mut found = analysis.findings.iter();
        let found = found.find(|found| found.rule == "variable-before-stable");
        found.map(|found| found.message.contains("changes with the session"))
    };
    assert_eq!(says("threadId"), Some(true));
    assert_eq!(says("retrievedDocs"), Some(false));
}

#[test]
fn a_text_that_is_sent_by_itself_is_long_before_its_order_pays() {
    let extract = |rest: &str| {
        sends(
            "",
            &format!("[{{'role': 'user', 'content': f'Text: {{question}}\\n' + {rest}}}]"),
        )
    };
    let rule = "variable-before-stable";
    assert!(!is_loud("app.py", &extract("RULES[:6000]"), rule));
    assert!(is_loud("app.py", &extract("RULES"), rule));
}

#[test]
fn what_earns_only_behind_another_edit_is_a_note() {
    let rule = "history-rewrite";
    let turns = "*history[-10:], {'role': 'user', 'content': question}]";
    let alone = sends(
        "",
        &format!("[{{'role': 'system', 'content': RULES}}, {turns}"),
    );
    assert!(is_loud("app.py", &alone, rule));
    // The passages that were found change what stands in front of the turns, whatever becomes of the window.
    let behind = "[{'role': 'system', 'content': f'{found}\\n{RULES}'}, ";
    let behind = sends(
        "    found = index.search(question)\n",
        &format!("{behind}{turns}"),
    );
    assert_eq!(severities("app.py", &behind, rule), [Severity::Note]);
    assert!(is_loud("app.py", &behind, "variable-before-stable"));
}

#[test]
fn what_a_clock_gives_to_counted_rounds_lives_as_long_as_the_clock() {
    let found = |bound: &str| {
        let source = format!(
            "import Anthropic from '@anthropic-ai/sdk';\nconst client = new Anthropic();\n\
             const RULES = 'Answer from the handbook and name the page. '.repeat(300);\n\
             function week(start: Date, days: number): string {{\n  const parts: string[] = [];\n  \
             for (let i = 0; i < {bound}; i++) {{\n    const day = new Date(start);\n    \
             day.setDate(start.getDate() + i);\n    parts.push(`${{day.getMonth()}}/${{day.getDate()}}`);\n  }}\n  \
             return parts.join(' ');\n}}\n\
             export async function ask(days: number, turns: any[]) {{\n  \
             const system = `Week: ${{week(new Date(), days)}}\\n${{RULES}}`;\n  \
             return client.messages.create({{ model: 'claude-sonnet-5', max_tokens: 9, system, messages: turns }});\n}}\n"
        );
        severities("app.ts", &source, "volatile-prefix")
    };
    assert!(found("7").is_empty());
    assert_eq!(found("days"), [Severity::Note]);
}

#[test]
fn a_function_whose_callers_write_out_what_it_sends_gets_no_turns() {
    let rule = "missing-breakpoint";
    let source = |call: &str| {
        format!(
            "import anthropic\nclient = anthropic.Anthropic()\n\n\
             class Model:\n    def ask(self, messages, tools):\n        \
             turns = [m for m in messages if m['role'] != 'system']\n        \
             return client.messages.create(model='claude-sonnet-5', max_tokens=9, messages=turns, tools=tools)\n\n\
             def answer(reply):\n    return {{'role': 'assistant', 'content': reply}}\n\n\
             class Work:\n    def __init__(self, registry, name):\n        self.model = registry.make(name)\n    \
             def sum_up(self, text, talk):\n{call}"
        )
    };
    let chat = "        return self.model.ask(talk + [{'role': 'user', 'content': text}], [])\n";
    assert!(is_loud("app.py", &source(chat), rule));
    let grown = "        asked = [{'role': 'user', 'content': text}]\n        for turn in talk:\n            \
                 asked.append(turn)\n        return self.model.ask(asked, [])\n";
    assert!(is_loud("app.py", &source(grown), rule));
    for call in [
        "        return self.model.ask([{'role': 'user', 'content': text}], [])\n",
        "        return self.model.ask(messages=[{'role': 'user', 'content': text}], tools=[])\n",
        "        asked = [{'role': 'user', 'content': text}]\n        return self.model.ask(asked, [])\n",
    ] {
        assert!(!is_loud("app.py", &source(call), rule), "{call}");
    }
}

#[test]
fn a_condition_on_the_model_forks_nothing_that_is_shared() {
    let forks = |test: &str| {
        let lines = format!("    more = 'Think twice. ' if {test} else ''\n");
        let messages = "[{'role': 'system', 'content': more + RULES}, *history, \
                        {'role': 'user', 'content': question}]";
        severities("app.py", &sends(&lines, messages), "conditional-prefix").len()
    };
    for (test, found) in [
        ("mode == 'plan'", 1),
        ("mode.model == 'plan'", 0),
        ("mode.provider.startswith('open')", 0),
        ("mode.is_local_model and tools and len(tools) > 0", 0),
        ("mode.is_local_model and mode.plan", 1),
    ] {
        assert_eq!(forks(test), found, "{test}");
    }
}

/// A function that asks Claude with a marker behind what it is given.
fn marked(params: &str, content: &str) -> String {
    format!(
        "import anthropic\nclient = anthropic.Anthropic()\nRULES = 'Answer from the handbook and name the page. ' * 900\n\n\
         def ask({params}):\n    return client.messages.create(model='claude-sonnet-5', max_tokens=9, system=RULES, \
         messages=[{{'role': 'user', 'content': [{content}]}}])\n"
    )
}

#[test]
fn a_marker_between_what_is_given_and_what_is_asked_of_it_may_be_read() {
    const RULE: &str = "volatile-breakpoint";
    let text = |name: &str| format!("{{'type': 'text', 'text': {name}}}");
    let mark = |name: &str| text(name).replace('}', ", 'cache_control': {'type': 'ephemeral'}}");
    let alone = marked("paper", &mark("paper"));
    assert_eq!(severities("app.py", &alone, RULE), [Severity::Error]);
    let asked = marked(
        "paper, question",
        &format!("{}, {}", mark("paper"), text("question")),
    );
    assert_eq!(severities("app.py", &asked, RULE), [Severity::Note]);
    // Stable text in the same block is written anew with it.
    let mixed = format!("{}, {}", mark("RULES + paper"), text("question"));
    let mixed = marked("paper, question", &mixed).replace("system=RULES, ", "");
    assert_eq!(severities("app.py", &mixed, RULE), [Severity::Error]);
}

#[test]
fn a_script_that_says_the_same_on_every_run_misses_no_marker() {
    const RULE: &str = "missing-breakpoint";
    let call = |indent: &str, asked: &str| {
        format!(
            "{indent}print(anthropic.Anthropic().messages.create(model='claude-sonnet-5', max_tokens=9, system=RULES, \
             messages=[{{'role': 'user', 'content': {asked}}}]))\n"
        )
    };
    let head = "import anthropic\nRULES = 'Answer from the handbook and name the page. ' * 900\n\n";
    let script = format!(
        "{head}if __name__ == '__main__':\n{}",
        call("    ", "'Tell me.'")
    );
    assert!(!is_loud("app.py", &script, RULE));
    let served = format!("{head}def ask(question):\n{}", call("    ", "question"));
    assert!(is_loud("app.py", &served, RULE));
}

#[test]
fn a_client_that_a_function_sets_later_is_called_all_the_same() {
    const RULE: &str = "missing-breakpoint";
    let head = "import anthropic\nRULES = 'Answer from the handbook and name the page. ' * 900\nclient = None\n\n";
    let ask = "def ask(question):\n    return client.messages.create(model='claude-sonnet-5', max_tokens=9, system=RULES, \
               messages=[{'role': 'user', 'content': question}])\n";
    let set = "def start():\n    global client\n    client = anthropic.Anthropic()\n\n";
    assert!(is_loud("app.py", &format!("{head}{set}{ask}"), RULE));
    let own = set.replace("    global client\n", "");
    assert!(!is_loud("app.py", &format!("{head}{own}{ask}"), RULE));
    let script = "import Anthropic from '@anthropic-ai/sdk';\nlet client: Anthropic | null = null;\n\
                  const RULES = 'Answer from the handbook and name the page. '.repeat(900);\n\
                  export function start(key: string) { client = new Anthropic({ apiKey: key }); }\n\
                  export async function ask(question: string) {\n  if (!client) throw new Error('start first');\n  \
                  return client.messages.create({ model: 'claude-sonnet-5', max_tokens: 9, system: RULES, \
                  messages: [{ role: 'user', content: question }] });\n}\n";
    assert!(is_loud("app.ts", script, RULE));
}
