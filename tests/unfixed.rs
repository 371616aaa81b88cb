//! What is said of findings that have no fix, or one that would not hold.

mod project;

use project::{rules, Project};

#[test]
fn why_there_is_no_fix_is_said_to_those_who_ask() {
    let project = Project::empty("unfixed");
    let list = "1. The customer is {{ user_name }}.\n2. The shop sells tents.\n";
    let text = format!(
        "You are an agent.\n{list}\n{}\n{{{{ question }}}}\n",
        rules()
    );
    project.write("prompts/chat.j2", &text);
    let found = project.json(&[]);
    assert_eq!(
        found["findings"][0]["unfixed"], "a numbered item",
        "{found}"
    );
    let told = project.run(&["check", "-v"]);
    assert!(told.out.contains("no fix: a numbered item"), "{}", told.out);
    let short = project.run(&["check"]);
    assert!(!short.out.contains("no fix"), "{}", short.out);
}

/// What the set holds is the call's own: in a fixed order it is new all the same.
const NAMES: &str = r#"from openai import OpenAI

client = OpenAI()
RULES = "Answer only from the staff handbook and name the page. " * 300


def answer(history: list[dict], question: str):
    names = ", ".join({turn["name"] for turn in history})
    system = names + RULES
    return client.chat.completions.create(
        model="gpt-5.4",
        messages=[{"role": "system", "content": system}, {"role": "user", "content": question}],
    )
"#;

#[test]
fn a_fix_that_would_be_withdrawn_is_not_counted_as_one() {
    let project = Project::empty("withdrawn");
    project.write("app.py", NAMES);
    let found = project.json(&[]);
    let own = &found["findings"][0];
    assert_eq!(
        (&own["rule"], &own["fix"]),
        (&"unstable-order".into(), &().into())
    );
    let why = own["unfixed"].as_str().expect("a reason");
    assert!(
        why.starts_with("tried and withdrawn: it saves 0 %"),
        "{why}"
    );
    let told = project.run(&["check"]);
    assert!(!told.out.contains("fixable"), "{}", told.out);
    // One that holds is.
    project.write(
        "app.py",
        &NAMES.replace("{turn[\"name\"] for turn in history}", "{\"a\", \"b\"}"),
    );
    let told = project.run(&["check"]);
    assert!(told.out.contains("fixable    1 with --fix"), "{}", told.out);
}
