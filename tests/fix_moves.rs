//! What varies moves behind what does not: the text that is sent keeps its words and its values, in templates, in
//! strings of code and in documents.

mod fixing;
mod linting;

use fixing::{becomes, fixed, stays, text_of};

const RULE: &str = "Answer only from the staff handbook and name the page that you have read.\n";

fn rules() -> String {
    RULE.repeat(120)
}

#[test]
fn a_line_goes_behind_the_stable_text_of_its_message() {
    let rules = rules();
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\nCurrent time: {{{{ now() }}}}\n{rules}\n{{{{ question }}}}\n"),
        &format!(
            "You are the desk.\n{rules}\nCurrent time: {{{{ now() }}}}\n\n{{{{ question }}}}\n"
        ),
    );
}

#[test]
fn a_section_goes_with_its_heading() {
    let rules = rules();
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\n\n## Time\n\nIt is {{{{ now() }}}}.\n\n## Rules\n\n{rules}\n{{{{ question }}}}\n"),
        &format!("You are the desk.\n\n## Rules\n\n{rules}\n## Time\n\nIt is {{{{ now() }}}}.\n\n{{{{ question }}}}\n"),
    );
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\n<context>\n  <time>{{{{ now() }}}}</time>\n</context>\n<rules>\n{rules}</rules>\n\n{{{{ question }}}}\n"),
        &format!("You are the desk.\n<rules>\n{rules}</rules>\n\n<context>\n  <time>{{{{ now() }}}}</time>\n</context>\n\n{{{{ question }}}}\n"),
    );
}

#[test]
fn a_sentence_goes_whole_and_under_a_heading_where_the_text_has_sections() {
    let rules = rules();
    becomes(
        "prompts/desk.hbs",
        &format!("# Desk\n\nYou are the desk. The customer is {{{{user_name}}}}. Be kind.\n\n## Rules\n\n{rules}"),
        &format!("# Desk\n\nYou are the desk. Be kind.\n\n## Rules\n\n{rules}\n## Context\n\nThe customer is {{{{user_name}}}}.\n"),
    );
}

#[test]
fn a_condition_goes_with_all_it_holds() {
    let rules = rules();
    let block = "{%- if user_name %}\nThe customer is {{ user_name }}.\n{%- else %}\nNobody asks.\n{%- endif %}\n";
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\n{block}{rules}\n{{{{ question }}}}\n"),
        &format!("You are the desk.\n{rules}\n{block}\n{{{{ question }}}}\n"),
    );
}

#[test]
fn line_endings_stay() {
    let rules = rules().replace('\n', "\r\n");
    becomes(
        "prompts/desk.j2",
        &format!("You are the desk.\r\nNow: {{{{ now() }}}}\r\n{rules}\r\n{{{{ question }}}}\r\n"),
        &format!(
            "You are the desk.\r\n{rules}\r\nNow: {{{{ now() }}}}\r\n\r\n{{{{ question }}}}\r\n"
        ),
    );
}

#[test]
fn what_others_speak_of_stays() {
    let rules = rules();
    for text in [
        "The ticket:\n{{ ticket }}\n\nSort the ticket above into a queue.\n",
        "You are the desk of {{ company_name }}. You answer mail.\n",
        "The customer is {{ user_name }}. ",
        "1. The customer is {{ user_name }}.\n2. The shop sells tents.\n",
        "| name | {{ user_name }} |\n",
        "Be kind to\n{{ user_name }}\nwho is new here.\n",
    ] {
        let text = format!("{text}\n{rules}\n{{{{ question }}}}\n");
        let moved = fixed("prompts/desk.j2", &text);
        if text.starts_with("The customer") {
            assert!(!moved.done.is_empty());
        } else {
            assert!(moved.done.is_empty(), "{:?}", moved.done);
        }
    }
}

#[test]
fn a_name_that_is_bound_anew_keeps_a_line_in_its_place() {
    let rules = rules();
    stays(
        "prompts/desk.j2",
        &format!("You are the desk.\nUser: {{{{ user_name }}}}\n{{% set user_name = \"x\" %}}\n{rules}\n{{{{ question }}}}\n"),
    );
}

const PYTHON: &str = "from datetime import datetime\n\nfrom openai import OpenAI\n\nclient = OpenAI()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\n";

fn python(body: &str) -> String {
    format!("{PYTHON}def answer(question: str, user_name: str, vip: bool) -> str:\n{body}    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[{{\"role\": \"system\", \"content\": system}}, {{\"role\": \"user\", \"content\": question}}],\n    )\n")
}

#[test]
fn parts_of_code_move_as_they_are_written() {
    for (before, after) in [
        (
            "    system = f\"You are kind.\\nNow: {datetime.now()}\\n{RULES}\"\n",
            "    system = f\"You are kind.\\n{RULES}\\nNow: {datetime.now()}\"\n",
        ),
        (
            "    system = \"User: \" + user_name + \"\\n\" + RULES\n",
            "    system = RULES + \"\\nUser: \" + user_name\n",
        ),
        (
            "    system = (\n        \"You are kind.\\n\"\n        f\"Now: {datetime.now()}\\n\"\n        f\"{RULES}\"\n    )\n",
            "    system = (\n        \"You are kind.\\n\"\n        f\"{RULES}\\nNow: {datetime.now()}\"\n    )\n",
        ),
        (
            "    system = \"\\n\".join([\n        \"You are kind.\",\n        f\"Now: {datetime.now()}\",\n        RULES,\n    ])\n",
            "    system = \"\\n\".join([\n        \"You are kind.\",\n        RULES,\n        f\"Now: {datetime.now()}\",\n    ])\n",
        ),
        (
            "    system = \"You are kind.\\n\"\n    system += f\"Now: {datetime.now()}\\n\"\n    system += RULES + \"\\n\"\n",
            "    system = \"You are kind.\\n\"\n    system += RULES + \"\\n\"\n    system += f\"Now: {datetime.now()}\\n\"\n",
        ),
        (
            "    parts = [\"You are kind.\"]\n    # who asks\n    parts.append(f\"User: {user_name}\")\n    parts.append(RULES)\n    system = \"\\n\".join(parts)\n",
            "    parts = [\"You are kind.\"]\n    parts.append(RULES)\n    # who asks\n    parts.append(f\"User: {user_name}\")\n    system = \"\\n\".join(parts)\n",
        ),
        (
            "    system = \"User: {name}\\n{rules}\".format(name=user_name, rules=RULES)\n",
            "    system = \"{rules}\\nUser: {name}\".format(name=user_name, rules=RULES)\n",
        ),
    ] {
        becomes("app.py", &python(before), &python(after));
    }
}

#[test]
fn parts_of_scripts_move_as_they_are_written() {
    let script = |body: &str| {
        format!("import OpenAI from \"openai\";\n\nconst RULES = \"Quote the warranty terms word for word. \".repeat(300);\nconst client = new OpenAI();\n\nexport async function answer(question: string, userName: string) {{\n{body}  return client.chat.completions.create({{\n    model: \"gpt-5.4\",\n    messages: [\n      {{ role: \"system\", content: system }},\n      {{ role: \"user\", content: question }},\n    ],\n  }});\n}}\n")
    };
    for (before, after) in [
        (
            "  const system = `Now: ${new Date().toISOString()}\\n${RULES}`;\n",
            "  const system = `${RULES}\\nNow: ${new Date().toISOString()}`;\n",
        ),
        (
            "  const system = `\nYou are kind.\nUser: ${userName}\n${RULES}\n`;\n",
            "  const system = `\nYou are kind.\n${RULES}\nUser: ${userName}\n`;\n",
        ),
        (
            "  const system = [\"You are kind.\", `User: ${userName}`, RULES].join(\"\\n\");\n",
            "  const system = [\"You are kind.\", RULES, `User: ${userName}`].join(\"\\n\");\n",
        ),
    ] {
        becomes("app.ts", &script(before), &script(after));
    }
}

#[test]
fn in_a_conversation_the_value_follows_the_newest_message() {
    let source = |system: &str, last: &str| {
        format!("{PYTHON}def answer(history: list[dict], question: str) -> str:\n    return client.chat.completions.create(\n        model=\"gpt-5.4\",\n        messages=[\n            {{\"role\": \"system\", \"content\": {system}}},\n            *history,\n            {{\"role\": \"user\", \"content\": question}},\n{last}        ],\n    )\n")
    };
    becomes(
        "app.py",
        &source("f\"Now: {datetime.now()}\\n{RULES}\"", ""),
        &source(
            "f\"{RULES}\"",
            "            {\"role\": \"user\", \"content\": f\"Now: {datetime.now()}\"},\n",
        ),
    );
}

#[test]
fn texts_of_documents_keep_their_notation() {
    let rule = RULE.trim_end();
    let json = |content: &str| {
        format!("{{\n  \"model\": \"gpt-5.4\",\n  \"messages\": [\n    {{ \"role\": \"system\", \"content\": \"{content}\" }},\n    {{ \"role\": \"user\", \"content\": \"{{{{question}}}}\" }}\n  ]\n}}\n")
    };
    let rules = format!("{rule}\\n").repeat(120);
    becomes(
        "requests/desk.json",
        &json(&format!(
            "You are \\\"kind\\\".\\nUser: {{{{user_name}}}}\\n{rules}"
        )),
        &json(&format!(
            "You are \\\"kind\\\".\\n{rules}User: {{{{user_name}}}}\\n"
        )),
    );
    let yaml = |content: &str| {
        let lines: String = content
            .lines()
            .map(|line| format!("      {line}\n"))
            .collect();
        let lines = lines.replace("      \n", "\n");
        format!("model: gpt-5.4\nmessages:\n  - role: system\n    content: |\n{lines}  - role: user\n    content: \"{{{{question}}}}\"\n")
    };
    let rules = format!("{rule}\n").repeat(120);
    becomes(
        "requests/desk.yaml",
        &yaml(&format!(
            "You are kind.\n\n## User\n\n{{{{user_name}}}}\n\n## Rules\n\n{rules}"
        )),
        &yaml(&format!(
            "You are kind.\n\n## Rules\n\n{rules}\n## User\n\n{{{{user_name}}}}\n"
        )),
    );
    let prompty = |content: &str| {
        format!("---\nname: Desk\nmodel:\n  api: chat\n  configuration:\n    type: openai\n    name: gpt-5.4\n---\nsystem:\n{content}\nuser:\n{{{{question}}}}\n")
    };
    becomes(
        "desk.prompty",
        &prompty(&format!("You are kind.\nUser: {{{{user_name}}}}\n{rules}")),
        &prompty(&format!("You are kind.\n{rules}User: {{{{user_name}}}}\n")),
    );
}

#[test]
fn every_dialect_moves_its_tags_whole() {
    let rules = rules();
    for (path, value, question) in [
        ("prompts/desk.mustache", "{{user_name}}", "{{question}}"),
        ("prompts/desk.liquid", "{{ user_name }}", "{{ question }}"),
        ("prompts/desk.tmpl", "{{.UserName}}", "{{.Question}}"),
        ("prompts/desk.md", "{user_name}", "{question}"),
        ("prompts/desk.txt", "${user_name}", "${question}"),
    ] {
        let before = format!(
            "You are the support desk.\nThe customer is called {value}.\n{rules}\n{question}\n"
        );
        let after = format!(
            "You are the support desk.\n{rules}\nThe customer is called {value}.\n\n{question}\n"
        );
        becomes(path, &before, &after);
    }
}

#[test]
fn a_message_is_split_where_a_breakpoint_can_stand() {
    let source = |system: &str| {
        format!("import anthropic\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\ndef answer(user_name: str, question: str):\n    return client.messages.create(\n        model=\"claude-sonnet-4-5\",\n        max_tokens=500,\n        system={system},\n        messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n")
    };
    let applied = fixed(
        "app.py",
        &source("f\"{RULES}\\nThe customer is {user_name}.\""),
    );
    let text = text_of(&applied, "app.py", "");
    let split = "[{\"type\": \"text\", \"text\": f\"{RULES}\\n\", \"cache_control\": {\"type\": \"ephemeral\"}}, {\"type\": \"text\", \"text\": f\"The customer is {user_name}.\"}]";
    assert!(text.contains(split), "{text}\n{:?}", applied.withdrawn);
}

#[test]
fn in_front_of_a_breakpoint_the_value_gets_a_block_behind_it() {
    let source = |system: &str| {
        format!("from datetime import datetime\n\nimport anthropic\n\nclient = anthropic.Anthropic()\nRULES = \"Answer only from the staff handbook and name the page. \" * 300\n\n\ndef answer(question: str):\n    return client.messages.create(\n        model=\"claude-sonnet-4-5\",\n        max_tokens=500,\n        system=[{system}],\n        messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n")
    };
    let mark = "\"cache_control\": {\"type\": \"ephemeral\"}";
    becomes(
        "app.py",
        &source(&format!("{{\"type\": \"text\", \"text\": f\"Now: {{datetime.now()}}\\n{{RULES}}\", {mark}}}")),
        &source(&format!("{{\"type\": \"text\", \"text\": f\"{{RULES}}\", {mark}}}, {{\"type\": \"text\", \"text\": f\"Now: {{datetime.now()}}\"}}")),
    );
}

#[test]
fn a_clock_that_cannot_move_is_cut_to_the_day_where_only_the_day_matters() {
    let source = |date: &str, line: &str| {
        format!("{PYTHON}def build_chat_system_prompt() -> str:\n    return f\"You are the desk and today is {{{date}}} here.{line}\\n{{RULES}}\"\n")
    };
    becomes(
        "app.py",
        &source("datetime.now().isoformat()", ""),
        &source("datetime.now().date().isoformat()", ""),
    );
    stays(
        "app.py",
        &source("datetime.now().isoformat()", " Mind the time."),
    );
}

/// Without them all that is added behind it would be sent on the condition alone.
#[test]
fn a_condition_of_a_sum_goes_with_its_brackets() {
    let note = "(\"Regulars come first.\" if vip else \"\")";
    let before = python(&format!(
        "    system = \"You are kind.\\nValue 1: \" + user_name + \"\\n\" + {note} + \"\\nValue 1: \" + user_name + \"\\nBe brief.\\n\" + RULES\n"
    ));
    let before = before.replace("user_name", "current_time");
    let applied = fixed("app.py", &before);
    let after = text_of(&applied, "app.py", "");
    assert!(after.contains(note), "{after}\n{:?}", applied.withdrawn);
    assert!(after.find("RULES +") < after.find(note), "{after}");
}

#[test]
fn a_label_of_date_and_time_is_one_of_the_date_where_the_clock_is_cut() {
    let source = |label: &str, clock: &str| {
        format!("{PYTHON}def build_chat_system_prompt() -> str:\n    return f\"You are the desk and the {label} is {{{clock}}} here.\\n{{RULES}}\"\n")
    };
    becomes(
        "app.py",
        &source("current date and time", "datetime.now().isoformat()"),
        &source("current date", "datetime.now().date().isoformat()"),
    );
    // What the words speak of is not sure: they stay.
    becomes(
        "app.py",
        &source("date and time of the shop", "datetime.now().isoformat()"),
        &source(
            "date and time of the shop",
            "datetime.now().date().isoformat()",
        ),
    );
}
