//! What comes in another order on every run is put in a fixed one where it is gone through, joined or written.

mod fixing;
mod linting;

use fixing::{becomes, fixed};

/// A program that sends what `known` holds in front of its rules.
fn python(made: &str) -> String {
    format!(
        r#"import json
from pathlib import Path

from openai import OpenAI

RULES = "Answer only from the staff handbook and name the page. " * 300
SKILLS = {{"parcels", "refunds", "repairs", "warranty"}}
client = OpenAI()


def describe(name):
    return f"Works on {{name}} of the handbook."


def answer(question: str) -> str:
    {made}
    return client.chat.completions.create(
        model="gpt-5.4",
        messages=[
            {{"role": "system", "content": f"{{known}}\n{{RULES}}"}},
            {{"role": "user", "content": question}},
        ],
    )
"#
    )
}

/// A program that sends tools.
fn tools(made: &str, given: &str) -> String {
    format!(
        r#"from openai import OpenAI

RULES = "Answer only from the staff handbook and name the page. " * 300
NAMES = {{"find_page", "open_page", "send_form"}}
client = OpenAI()


def spec(name):
    return {{"type": "function", "function": {{"name": name, "description": "Works on one page."}}}}


{made}


def answer(question: str) -> str:
    return client.chat.completions.create(
        model="gpt-5.4",
        messages=[
            {{"role": "system", "content": RULES}},
            {{"role": "user", "content": question}},
        ],
        tools={given},
    )
"#
    )
}

#[track_caller]
fn sorts(before: &str, after: &str) {
    becomes("app.py", &python(before), &python(after));
}

#[test]
fn an_object_made_of_a_set_is_written_with_sorted_keys() {
    let made = "{name: describe(name) for name in SKILLS}";
    sorts(
        &format!("known = json.dumps({made})"),
        &format!("known = json.dumps({made}, sort_keys=True)"),
    );
    sorts(
        &format!("known = json.dumps({made}, indent=2)"),
        &format!("known = json.dumps({made}, indent=2, sort_keys=True)"),
    );
    sorts(
        &format!("known = json.dumps({made}, sort_keys=False)"),
        &format!("known = json.dumps({made}, sort_keys=True)"),
    );
    sorts(
        &format!("table = {made}\n    known = json.dumps(table)"),
        &format!("table = {made}\n    known = json.dumps(table, sort_keys=True)"),
    );
}

#[test]
fn sorted_keys_put_no_list_in_order() {
    sorts(
        "known = json.dumps({\"skills\": list(SKILLS)}, sort_keys=True)",
        "known = json.dumps({\"skills\": sorted(SKILLS)}, sort_keys=True)",
    );
}

#[test]
fn what_may_hold_the_option_already_or_has_no_such_option_is_left_alone() {
    let made = "{name: describe(name) for name in SKILLS}";
    for made in [
        format!("known = json.dumps({made}, **OPTIONS)"),
        format!("known = str({made})"),
        "known = str(SKILLS)".to_string(),
    ] {
        let text = python(&made);
        let applied = fixed("app.py", &text);
        assert!(applied.texts.is_empty(), "{:?}", applied.texts);
    }
}

#[test]
fn entries_of_a_table_made_of_a_set_are_sorted() {
    let table = "table = {name: describe(name) for name in SKILLS}";
    sorts(
        &format!("{table}\n    known = '\\n'.join(f'{{k}}: {{v}}' for k, v in table.items())"),
        &format!(
            "{table}\n    known = '\\n'.join(f'{{k}}: {{v}}' for k, v in sorted(table.items(), key=str))"
        ),
    );
}

#[test]
fn files_of_a_folder_that_is_named_are_sorted() {
    for list in ["Path('shelf').iterdir()", "Path('shelf').glob('*.md')"] {
        sorts(
            &format!("known = ', '.join(path.name for path in {list})"),
            &format!("known = ', '.join(path.name for path in sorted({list}))"),
        );
        sorts(
            &format!("known = ''\n    for path in {list}:\n        known += path.read_text()"),
            &format!(
                "known = ''\n    for path in sorted({list}):\n        known += path.read_text()"
            ),
        );
    }
}

/// A folder that is named by the question holds what the question asks for: an order gains nothing.
#[test]
fn files_of_a_folder_that_comes_from_outside_are_not_sorted() {
    let text = python("known = ', '.join(path.name for path in Path(question).iterdir())");
    assert!(fixed("app.py", &text).texts.is_empty());
}

#[test]
fn tools_of_a_registry_are_sorted_where_it_is_made() {
    let registry = |over: &str| format!("TOOLS = {{name: spec(name) for name in {over}}}");
    let given = "list(TOOLS.values())";
    becomes(
        "app.py",
        &tools(&registry("NAMES"), given),
        &tools(&registry("sorted(NAMES)"), given),
    );
}

#[test]
fn tools_that_files_describe_are_sorted() {
    let made = "import json\nfrom pathlib import Path";
    let given = |list: &str| format!("[json.loads(path.read_text()) for path in {list}]");
    let list = "Path('tools').glob('*.json')";
    becomes(
        "app.py",
        &tools(made, &given(list)),
        &tools(made, &given(&format!("sorted({list})"))),
    );
}

/// The text of an object holds where it lies in memory: no order by it is fixed.
#[test]
fn things_are_sorted_by_their_name_or_not_at_all() {
    let made = "def find():\n    pass\n\n\ndef send():\n    pass\n\n\nCALLS = {find, send}";
    let given = |over: &str| {
        format!("[{{\"type\": \"function\", \"name\": call.__name__}} for call in {over}]")
    };
    let applied = fixed("app.py", &tools(made, &given("CALLS")));
    if let Some(text) = applied.texts.get("app.py") {
        let key = "sorted(CALLS, key=lambda call: call.__name__)";
        assert_eq!(text, &tools(made, &given(key)));
    }
    let given = "[call.schema for call in CALLS]";
    let applied = fixed("app.py", &tools(made, given));
    assert!(applied.texts.is_empty(), "{:?}", applied.texts);
}

#[test]
fn javascript_sorts_what_is_written_as_json() {
    let program = |made: &str| {
        format!(
            r#"import OpenAI from "openai";
import {{ readdirSync }} from "node:fs";

const RULES = "Quote the warranty terms word for word. ".repeat(300);
const client = new OpenAI();

export async function answer(question: string) {{
  const known = {made};
  return client.chat.completions.create({{
    model: "gpt-5.4",
    messages: [
      {{ role: "system", content: `Titles: ${{known}}\n${{RULES}}` }},
      {{ role: "user", content: question }},
    ],
  }});
}}
"#
        )
    };
    becomes(
        "app.ts",
        &program("JSON.stringify(readdirSync(\"shelf\"))"),
        &program("JSON.stringify(readdirSync(\"shelf\").sort())"),
    );
}
