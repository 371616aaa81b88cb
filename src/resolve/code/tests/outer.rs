//! What functions change of the scopes around them, what a context holds for a call, and what is told of parts.

use super::prompt;

const PYTHON: &str =
    "from contextvars import ContextVar\nimport openai\nclient = openai.OpenAI()\n\
                      RULES = 'Answer from the handbook, and name the page that you read.'\n";
const SCRIPT: &str = "import { AsyncLocalStorage } from 'node:async_hooks';\nimport OpenAI from 'openai';\n\
                      const client = new OpenAI();\nconst RULES = 'Quote the terms word for word.';\n";

fn python(source: &str) -> String {
    prompt(&[("app.py", &format!("{PYTHON}{source}"))])
}

fn script(source: &str) -> String {
    prompt(&[("app.ts", &format!("{SCRIPT}{source}"))])
}

/// What a program sends that says this of a value in front of its rules.
fn says(lines: &str, value: &str) -> String {
    python(&format!(
        "{lines}    return client.chat.completions.create(model='m', messages=[\n        \
         {{'role': 'system', 'content': f'{{{value}}} {{RULES}}'}}, {{'role': 'user', 'content': question}}])\n"
    ))
}

#[test]
fn a_list_that_functions_put_messages_into_holds_the_turns_of_earlier_calls() {
    let module = |cut: &str| {
        python(&format!(
            "messages = [{{'role': 'system', 'content': RULES}}]\n\ndef send(text):\n    \
             messages.append({{'role': 'user', 'content': text}})\n{cut}    \
             reply = client.chat.completions.create(model='m', messages=messages)\n    \
             messages.append({{'role': 'assistant', 'content': reply.choices[0].message.content}})\n"
        ))
    };
    let whole = module("");
    assert!(whole.contains("history: <<"), "{whole}");
    assert!(!whole.contains("<<~"), "{whole}");
    let cut = module("    while len(messages) > 9:\n        messages.pop(1)\n");
    assert!(cut.contains("history: <<~"), "{cut}");
    let closure = script(
        "export function open() {\n  const messages = [{ role: 'system', content: RULES }];\n  return {\n    \
         async send(text: string) {\n      messages.push({ role: 'user', content: text });\n      \
         if (messages.length > 9) messages.splice(1, messages.length - 9);\n      \
         return client.chat.completions.create({ model: 'm', messages });\n    },\n  };\n}\n",
    );
    assert!(closure.contains("history: <<~"), "{closure}");
}

#[test]
fn a_list_of_the_function_itself_holds_what_it_puts_there() {
    let own = python(
        "messages = []\n\ndef send(text):\n    messages = [{'role': 'system', 'content': RULES}]\n    \
         messages.append({'role': 'user', 'content': text})\n    \
         return client.chat.completions.create(model='m', messages=messages)\n",
    );
    assert!(!own.contains("history"), "{own}");
}

#[test]
fn a_number_that_functions_count_is_state() {
    let counted = |counts: &str| {
        python(&format!(
            "served = 0\n\ndef note():\n{counts}\ndef send(question):\n    note()\n    \
             return client.chat.completions.create(model='m', messages=[\n        \
             {{'role': 'system', 'content': f'{{served}} {{RULES}}'}}, {{'role': 'user', 'content': question}}])\n"
        ))
    };
    let state = counted("    global served\n    served += 1\n");
    assert!(state.contains("<served:state>"), "{state}");
    // One of its own is not the module's.
    let own = counted("    served = 0\n    served += 1\n");
    assert!(!own.contains("state"), "{own}");
}

#[test]
fn what_a_context_holds_is_of_the_call_in_hand() {
    let user = says(
        "current_user = ContextVar('current_user')\n\ndef send(question):\n    who = current_user.get()\n",
        "who.name",
    );
    assert!(user.contains("<who.name:user>"), "{user}");
    let config = says(
        "app_config = ContextVar('app_config')\n\ndef send(question):\n    config = app_config.get()\n",
        "config.name",
    );
    assert!(!config.contains("config.name:request>"), "{config}");
    let storage = script(
        "const currentUser = new AsyncLocalStorage();\nexport async function send(text: string) {\n  \
         const who = currentUser.getStore();\n  return client.chat.completions.create({ model: 'm', messages: [\n    \
         { role: 'system', content: `${who.email} ${RULES}` }, { role: 'user', content: text }] });\n}\n",
    );
    assert!(storage.contains("<who.email:user>"), "{storage}");
}

#[test]
fn whose_a_value_is_its_parts_are() {
    let lookup = |name: &str, read: &str| {
        says(
            &format!("def send(question, directory, key):\n    {name} = directory.open(key)\n"),
            &format!("{name}{read}"),
        )
    };
    let part = lookup("member", ".full_name");
    assert!(part.contains("<member.full_name:user>"), "{part}");
    let dumped = lookup("member", ".model_dump_json()");
    assert!(dumped.contains(":user>"), "{dumped}");
    // A name that says nothing leaves it open.
    let open = lookup("thing", ".full_name");
    assert!(open.contains("?>"), "{open}");
}

#[test]
fn what_answers_the_question_is_sure_in_all_its_parts() {
    let found = says(
        "def send(question, index):\n    found = index.look(question).points\n",
        "found",
    );
    assert!(found.contains("points:request>"), "{found}");
    let other = says(
        "def send(question, index):\n    found = index.look('all').points\n",
        "found",
    );
    assert!(other.contains("points:request?>"), "{other}");
}
