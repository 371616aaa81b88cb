//! Moves that would read or run wrong: names that are not there, fields by position, tags that nobody knows, labels and
//! headings that would stand over nothing, people that a next line speaks of.

mod fixing;
mod linting;

use fixing::{becomes, fixed, stays, text_of};

const RULE: &str = "Answer only from the staff handbook and name the page that you have read.\n";

fn rules() -> String {
    RULE.repeat(120)
}

const PYTHON: &str = "from datetime import datetime\n\nfrom openai import OpenAI\n\nclient = OpenAI()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\n";

fn python(body: &str, messages: &str) -> String {
    format!("{PYTHON}def answer(question: str, user_name: str, vip: bool, history: list[dict]):\n{body}    return client.chat.completions.create(model=\"gpt-5.4\", messages=[{messages}])\n")
}

const SYSTEM: &str = "{\"role\": \"system\", \"content\": system}";

fn chat(body: &str) -> String {
    let messages = format!("{SYSTEM}, {{\"role\": \"user\", \"content\": question}}");
    python(body, &messages)
}

fn turns(body: &str) -> String {
    python(body, &format!("{SYSTEM}, *turns"))
}

const CLOCK: &str = "    now = datetime.now()\n";
const DATED: &str = "    system = f\"You are kind.\\nNow: {now}\\n{RULES}\"\n";
const DATELESS: &str = "    system = f\"You are kind.\\n{RULES}\"\n";
const NEWEST: &str = "    turns = [*history, {\"role\": \"user\", \"content\": question}]\n";
const NEWEST_DATED: &str = "    turns = [*history, {\"role\": \"user\", \"content\": question}, {\"role\": \"user\", \"content\": f\"Now: {now}\"}]\n";

#[test]
fn a_value_goes_behind_the_conversation_only_where_its_name_is_known() {
    becomes(
        "app.py",
        &turns(&format!("{CLOCK}{DATED}{NEWEST}")),
        &turns(&format!("{CLOCK}{DATELESS}{NEWEST_DATED}")),
    );
    for body in [
        // The list is made before the clock is read.
        format!("{NEWEST}{CLOCK}{DATED}"),
        // ... or only where the customer is one.
        format!("    if vip:\n    {CLOCK}    {DATED}    else:\n        system = RULES\n{NEWEST}"),
        // Another value has the name by then.
        format!("{CLOCK}{DATED}    now = None\n{NEWEST}"),
        format!("{CLOCK}{DATED}    del now\n{NEWEST}"),
        // What it stands for is worked on meanwhile.
        format!("{CLOCK}{DATED}    now.clear()\n{NEWEST}"),
        format!("{NEWEST}    import time\n    now = time.time()\n{DATED}"),
        // It is the parameter of a function within.
        format!("    build = lambda now: f\"You are kind.\\nNow: {{now}}\\n{{RULES}}\"\n    system = build(datetime.now())\n{NEWEST}"),
        format!("    system = \"\\n\".join(f\"You are kind.\\nNow: {{now}}\\n{{RULES}}\" for now in [datetime.now()])\n{NEWEST}"),
    ] {
        stays("app.py", &turns(&body));
    }
}

#[test]
fn a_script_reads_no_name_before_it_is_there() {
    let script = |body: &str| {
        format!("import OpenAI from \"openai\";\n\nconst RULES = \"Quote the warranty terms word for word. \".repeat(300);\nconst client = new OpenAI();\n\nexport async function answer(question: string, history: any[]) {{\n{body}  return client.chat.completions.create({{ model: \"gpt-5.4\", messages: [{{ role: \"system\", content: system }}, ...turns] }});\n}}\n")
    };
    let clock = "  const now = new Date().toISOString();\n";
    let system = "  const system = `You are kind.\\nNow: ${now}\\n${RULES}`;\n";
    let turns = "  const turns = [...history, { role: \"user\", content: question }];\n";
    becomes(
        "app.ts",
        &script(&format!("{clock}{system}{turns}")),
        &script(&format!("{clock}  const system = `You are kind.\\n${{RULES}}`;\n  const turns = [...history, {{ role: \"user\", content: question }}, {{ role: \"user\", content: `Now: ${{now}}` }}];\n")),
    );
    stays("app.ts", &script(&format!("{turns}{clock}{system}")));
}

#[test]
fn what_is_awaited_stays_where_it_can_be_awaited() {
    let source = format!("{PYTHON}async def clock():\n    return datetime.now()\n\n\nasync def system():\n    return f\"You are kind.\\nNow: {{await clock()}}\\n{{RULES}}\"\n\n\ndef answer(question: str, history: list[dict], text: str):\n    return client.chat.completions.create(model=\"gpt-5.4\", messages=[{{\"role\": \"system\", \"content\": asyncio.run(system())}}, *history, {{\"role\": \"user\", \"content\": question}}])\n");
    let applied = fixed("app.py", &source);
    let after = text_of(&applied, "app.py", &source);
    assert!(
        !after.contains("{\"role\": \"user\", \"content\": f\"Now"),
        "{after}"
    );
}

#[test]
fn fields_that_are_filled_by_their_position_keep_their_order() {
    let two = |template: &str| {
        chat(&format!(
            "    system = (\"{template}\").format(datetime.now(), user_name)\n"
        ))
    };
    stays(
        "app.py",
        &two("You are kind.\\nNow: {}\\n\" + RULES + \"\\nThe user: {}\\n"),
    );
    // By a number or by a name it is the same value everywhere.
    becomes(
        "app.py",
        &two("You are kind.\\nNow: {0}\\n\" + RULES + \"\\nThe user: {1}\\n"),
        &two("You are kind.\\n\" + RULES + \"\\nThe user: {1}\\nNow: {0}\\n"),
    );
}

#[test]
fn a_list_whose_items_are_taken_by_their_position_keeps_its_order() {
    let list = "[\"You are kind.\", f\"Customer: {user_name}\", RULES]";
    for body in [
        format!("    a, b, c = {list}\n    system = \"\\n\".join([a, b, c])\n"),
        format!("    parts = {list}\n    system = \"\\n\".join(parts)\n    question = parts[1] + question\n"),
        format!("    parts = {list}\n    a, b, c = parts\n    system = \"\\n\".join(parts)\n"),
    ] {
        stays("app.py", &chat(&body));
    }
}

#[test]
fn a_statement_moves_over_nothing_that_changes_what_it_reads() {
    let parts = |between: &str| {
        chat(&format!("    name = user_name\n    parts = [\"You are kind.\"]\n    parts.append(f\"Customer: {{name}}\")\n{between}    parts.append(RULES)\n    system = \"\\n\".join(parts)\n"))
    };
    for between in [
        "    name = \"nobody\"\n",
        "    del name\n",
        "    with open(\"a\") as name:\n        pass\n",
        "    if vip:\n        name = \"nobody\"\n        parts.append(\"He is one of us.\")\n",
    ] {
        stays("app.py", &parts(between));
    }
    let applied = fixed("app.py", &parts("    print(name)\n"));
    assert!(!applied.done.is_empty(), "{:?}", applied.withdrawn);
}

#[test]
fn comments_between_parts_of_a_text_are_not_lost() {
    for body in [
        "    system = (\n        # who\n        f\"The customer is {user_name}.\\n\"  # the name\n        # what\n        \"Be kind.\\n\"\n        f\"{RULES}\"\n    )\n",
        "    system = (\n        \"You are kind.\\n\"\n        + f\"Customer: {user_name}\\n\"  # by name\n        + RULES\n    )\n",
    ] {
        stays("app.py", &chat(body));
    }
}

#[test]
fn a_text_within_a_value_says_what_it_is() {
    becomes(
        "app.py",
        &chat("    system = f\"You are kind.\\n{f'Now: {datetime.now()}'}\\n{RULES}\"\n"),
        &chat("    system = f\"You are kind.\\n{RULES}\\n{f'Now: {datetime.now()}'}\"\n"),
    );
}

#[test]
fn a_tag_that_nobody_knows_is_not_crossed() {
    let rules = rules();
    for (open, close) in [
        ("{% chat role=\"system\" %}", "{% endchat %}"),
        ("{% section 'desk' %}", "{% endsection %}"),
    ] {
        stays(
            "prompts/desk.j2",
            &format!("{open}\nYou are the desk.\nNow: {{{{ now() }}}}\n{rules}{close}\nBe brief and kind to all who come in.\n{{{{ question }}}}\n"),
        );
    }
}

#[test]
fn a_label_goes_with_all_that_stands_under_it() {
    let rules = rules();
    for (label, items) in [
        ("Context:", "- Now: {{ now() }}\n- User: {{ user_name }}\n"),
        ("Context:", "  Now: {{ now() }}\n  User: {{ user_name }}\n"),
        ("**Context**", "- Now: {{ now() }}\n"),
    ] {
        let block = format!("{label}\n{items}");
        let applied = fixed(
            "prompts/desk.j2",
            &format!("You are the desk.\n\n{block}\n{rules}\n{{{{ question }}}}\n"),
        );
        let after = text_of(&applied, "prompts/desk.j2", "");
        assert!(
            after.contains(&block) && after.find("Answer") < after.find(&block),
            "{after}\n{:?}",
            applied.withdrawn
        );
    }
    // What else stands under it keeps it.
    let applied = fixed(
        "prompts/desk.j2",
        &format!("You are the desk.\n\nContext:\n- Now: {{{{ now() }}}}\n- Shop: tents\n- User: {{{{ user_name }}}}\n\n{rules}\n{{{{ question }}}}\n"),
    );
    let after = text_of(&applied, "prompts/desk.j2", "");
    assert!(after.contains("Context:\n- Shop: tents\n\n"), "{after}");
}

#[test]
fn nothing_is_torn_out_of_what_it_opens_or_stands_alone_under() {
    let rules = rules();
    for text in [
        "[CONTEXT]\nNow: {{ now() }}\n[/CONTEXT]\n",
        "--- BEGIN CONTEXT ---\nNow: {{ now() }}\n--- END CONTEXT ---\n",
        "Context\n-------\n\nNow: {{ now() }}\n\nRules\n-----\n\n",
    ] {
        let source = format!("You are the desk.\n\n{text}{rules}\n{{{{ question }}}}\n");
        let applied = fixed("prompts/desk.j2", &source);
        let after = text_of(&applied, "prompts/desk.j2", &source);
        let whole = text
            .trim_end()
            .split("\n\nRules")
            .next()
            .unwrap_or_default();
        assert!(after.contains(whole), "{after}");
    }
}

#[test]
fn who_the_next_line_speaks_of_stays_in_front_of_it() {
    let rules = rules();
    for next in [
        "She has three tents.",
        "Their tents are green.",
        "Er wohnt in den Bergen.",
    ] {
        stays(
            "prompts/desk.j2",
            &format!("You are the desk.\nThe customer is {{{{ user_name }}}}.\n{next}\n{rules}\n{{{{ question }}}}\n"),
        );
    }
}

#[test]
fn a_block_with_a_heading_of_its_own_gets_no_other_one() {
    let rules = rules();
    let block = "{% if user_name %}\n## Customer\n\n{{ user_name }}\n{% endif %}\n";
    becomes(
        "prompts/desk.j2",
        &format!("# Desk\n\n{block}\n## Rules\n\n{rules}\n{{{{ question }}}}\n"),
        &format!("# Desk\n\n## Rules\n\n{rules}\n{block}\n{{{{ question }}}}\n"),
    );
}

/// The text in front of a value may begin in the template that this one extends.
#[test]
fn a_value_in_a_block_keeps_its_label() {
    let rules = rules();
    let base =
        "You are the desk.\n{% block body %}{% endblock %}\nThe end of it all.\n{{ question }}\n";
    let desk = format!("{{% extends 'base.j2' %}}\n{{% block body %}}\nNow: {{{{ now() }}}}\n{rules}{{% endblock %}}\n");
    let applied = fixing::fixed_files(&[("prompts/desk.j2", &desk), ("prompts/base.j2", base)]);
    let after = applied.texts.get("prompts/desk.j2").expect("it moves");
    assert!(
        after.contains(&format!("{{% block body %}}\n{rules}"))
            && after.contains("\nNow: {{ now() }}\n"),
        "{after}"
    );
}

#[test]
fn a_walk_is_not_sorted_while_its_loop_says_where_to_go_on() {
    let walk = "    text = \"\"\n    for root, dirs, files in os.walk(\"pages\"):\n        dirs[:] = [one for one in dirs if one != \"old\"]\n        for name in files:\n            text += name\n    system = text + RULES\n";
    stays(
        "app.py",
        &chat(walk).replacen("from datetime", "import os\nfrom datetime", 1),
    );
}

#[test]
fn a_system_message_is_lifted_in_front_of_the_history() {
    let user = "{\"role\": \"user\", \"content\": question}";
    let rules = "{\"role\": \"system\", \"content\": RULES}";
    becomes(
        "app.py",
        &python("", &format!("*history, {rules}, {user}")),
        &python("", &format!("{rules}, *history, {user}")),
    );
    let added = |first: &str| {
        python(
            &format!("    messages = list(history)\n    messages.{first}{rules})\n    messages.append({user})\n"),
            "*messages",
        )
        .replace("messages=[*messages]", "messages=messages")
    };
    becomes("app.py", &added("append("), &added("insert(0, "));
    let script = |messages: &str| {
        format!("import OpenAI from \"openai\";\n\nconst RULES = \"Quote the warranty terms word for word. \".repeat(300);\nconst client = new OpenAI();\n\nexport async function answer(question: string, history: any[]) {{\n  return client.chat.completions.create({{\n    model: \"gpt-5.4\",\n    messages: [\n{messages}    ],\n  }});\n}}\n")
    };
    let line = "      { role: \"system\", content: RULES },\n";
    let last = "      { role: \"user\", content: question },\n";
    becomes(
        "app.ts",
        &script(&format!("      ...history,\n{line}{last}")),
        &script(&format!("{line}      ...history,\n{last}")),
    );
    // A comment is somebody's reason.
    stays(
        "app.ts",
        &script(&format!(
            "      ...history,\n      // on purpose\n{line}{last}"
        )),
    );
}

#[test]
fn a_clock_of_a_script_is_cut_to_the_day_where_it_cannot_move() {
    let script = |clock: &str| {
        format!("import OpenAI from \"openai\";\n\nconst RULES = \"Quote the warranty terms word for word. \".repeat(300);\nconst client = new OpenAI();\n\nexport async function answer(question: string) {{\n  const system = `You are the desk and today it is ${{{clock}}} in the shop.\\n${{RULES}}`;\n  return client.chat.completions.create({{ model: \"gpt-5.4\", messages: [{{ role: \"system\", content: system }}, {{ role: \"user\", content: question }}] }});\n}}\n")
    };
    becomes(
        "app.ts",
        &script("new Date().toISOString()"),
        &script("new Date().toISOString().slice(0, 10)"),
    );
}

/// Marked once, such a message is sent with its marker on every later call: the fifth turn is rejected.
#[test]
fn a_message_that_is_kept_gets_no_breakpoint() {
    let source = |before: &str, turns: &str| {
        format!("import anthropic\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\nSYSTEM = [{{\"type\": \"text\", \"text\": RULES, \"cache_control\": {{\"type\": \"ephemeral\"}}}}]\n\n\ndef ask(history: list, text: str):\n{before}    reply = client.messages.create(model=\"claude-sonnet-4-5\", max_tokens=10, system=SYSTEM, messages={turns})\n    history.append({{\"role\": \"assistant\", \"content\": reply.content[0].text}})\n    return reply\n")
    };
    let new = "{\"role\": \"user\", \"content\": f\"Question: {text}\"}";
    stays(
        "app.py",
        &source(&format!("    history.append({new})\n"), "history"),
    );
    let fresh = source("", &format!("[*history, {new}]"));
    let applied = fixed("app.py", &fresh);
    let after = text_of(&applied, "app.py", &fresh);
    assert_eq!(after.matches("cache_control").count(), 2, "{after}");
}

#[test]
fn a_comment_behind_an_entry_stays_on_its_line() {
    let source = |first: &str, second: &str| {
        format!("import anthropic\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\ndef answer(question: str, name: str):\n    return client.messages.create(\n        model=\"claude-sonnet-4-5\",\n        max_tokens=10,\n        system=[\n            {{\n                \"type\": \"text\",\n                \"text\": RULES,  # the rules\n{first}            }},\n            {{\n                \"type\": \"text\",\n                \"text\": f\"Request {{uuid.uuid4()}}\",\n{second}            }},\n        ],\n        messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n")
            .replacen("import anthropic", "import uuid\n\nimport anthropic", 1)
    };
    let mark = "                \"cache_control\": {\"type\": \"ephemeral\"},\n";
    becomes("app.py", &source("", mark), &source(mark, ""));
}

/// A single word in front of the value is no text of its own to mark.
#[test]
fn a_breakpoint_moves_in_front_of_a_word_that_leads_to_a_value() {
    let mark = ", \"cache_control\": {\"type\": \"ephemeral\"}";
    let source = |first: &str, second: &str| {
        format!("import uuid\n\nimport anthropic\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\ndef answer(question: str):\n    return client.messages.create(model=\"claude-sonnet-4-5\", max_tokens=10, system=[{{\"type\": \"text\", \"text\": RULES{first}}}, {{\"type\": \"text\", \"text\": f\"Request {{uuid.uuid4()}}\"{second}}}], messages=[{{\"role\": \"user\", \"content\": question}}])\n")
    };
    becomes("app.py", &source("", mark), &source(mark, ""));
}

/// Behind the first fix more can be cached than before, which is no fault of it.
#[test]
fn a_fix_may_open_the_way_for_a_breakpoint() {
    let mark = "\"cache_control\": {\"type\": \"ephemeral\"}";
    let source = format!("import anthropic\nfrom datetime import datetime\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\ndef answer(history: list[dict], question: str):\n    now = datetime.now()\n    return client.messages.create(model=\"claude-sonnet-4-5\", max_tokens=10, system=[{{\"type\": \"text\", \"text\": f\"Be kind. Now {{now}}.\\n{{RULES}}\", {mark}}}], messages=[*history, {{\"role\": \"user\", \"content\": question}}])\n");
    let applied = fixed("app.py", &source);
    let after = text_of(&applied, "app.py", "");
    let (rules, clock) = (after.find("{RULES}"), after.find("Now {now}"));
    assert!(
        rules.is_some() && rules < clock,
        "{after}\n{:?}",
        applied.withdrawn
    );
}
