//! Texts that are handed to something unknown under a name that says prompt.

use super::{prompts, run};

const RULES: &str = "Answer in the language of the question. Never speak of a refund that nobody asked for. Say what \
                     the shop can do, and say it in two sentences at most.";

fn python(body: &str) -> Vec<String> {
    let source =
        format!("from own import llm\n\ndef ask(now, q):\n{body}\n").replace("RULES", RULES);
    prompts(&[("app.py", &source)])
}

fn typescript(body: &str) -> Vec<String> {
    let source =
        format!("import {{ llm }} from 'own';\nexport function ask(now, q) {{\n{body}\n}}\n");
    prompts(&[("app.ts", &source.replace("RULES", RULES))])
}

#[test]
fn a_local_text_that_is_named_like_a_prompt_is_one_where_it_is_handed_on() {
    let wanted = vec![format!("system: <now:unique> {RULES}")];
    for (body, language) in [
        (
            "    system_prompt = f\"{now} RULES\"\n    return llm.run(system_prompt, q)",
            "py",
        ),
        (
            "    return llm.run(q, system_prompt=f\"{now} RULES\")",
            "py",
        ),
        (
            "    system_prompt = f\"{now} RULES\"\n    return system_prompt, q",
            "py",
        ),
        (
            "const systemPrompt = `${now} RULES`;\nreturn llm.run(systemPrompt, q);",
            "ts",
        ),
        ("return llm.run({ systemPrompt: `${now} RULES`, q });", "ts"),
        (
            "const systemPrompt = `${now} RULES`;\nreturn [systemPrompt, q];",
            "ts",
        ),
    ] {
        let found = match language {
            "py" => python(body),
            _ => typescript(body),
        };
        assert_eq!(found, wanted, "{body}");
    }
}

#[test]
fn a_text_under_another_name_or_too_short_for_a_prompt_is_none() {
    for body in [
        "    message = f\"{now} RULES\"\n    return llm.run(message, q)",
        "    system_prompt = f\"{now} hello\"\n    return llm.run(system_prompt, q)",
        "    print(len(q))\n    prompt_path = f\"{now} RULES\"\n    return llm.run(prompt_path, q)",
    ] {
        assert_eq!(python(body), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn a_text_that_a_request_in_sight_sends_is_no_prompt_of_its_own() {
    let source = format!(
        "import openai\nfrom own import log\nclient = openai.OpenAI()\n\ndef ask(now, q):\n    system_prompt = \
         f\"{{now}} {RULES}\"\n    log.debug(system_prompt)\n    return client.responses.create(model='m', \
         instructions=system_prompt, input=q)\n"
    );
    assert_eq!(run(&[("app.py", &source)]).prompts.len(), 1);
}

#[test]
fn a_message_may_be_written_as_a_call_of_dict() {
    let source = format!(
        "def first(now):\n    return [dict(role='system', content=f\"{{now}} {RULES}\")]\n"
    );
    assert_eq!(run(&[("app.py", &source)]).prompts.len(), 1);
}

#[test]
fn a_filled_template_that_is_named_like_a_system_prompt_is_one_where_it_is_handed_on() {
    let found = prompts(&[(
        "app.py",
        &format!(
            "from jinja2 import Template\nfrom own import llm\nTEXT = '''{{{{ now }}}} {RULES}'''\n\
             def ask(now, q):\n    system_prompt = Template(TEXT).render(now=now)\n    \
             return llm.run(system_prompt, q)\n"
        ),
    )]);
    assert_eq!(found, [format!("system: <now:unique> {RULES}")]);
}

#[test]
fn a_text_that_is_put_among_the_system_texts_of_something_is_one() {
    let source = format!(
        "export const plugin = async (store) => ({{\n  'chat.transform': async (_input, output) => {{\n    \
         output.system.splice(1, 0, `${{new Date().toISOString()}} {RULES}`);\n  }},\n}});\n"
    );
    let found = prompts(&[("plugin.ts", &source)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("system: <new Date().toISOString():unique"),
        "{found:?}"
    );
    assert!(found[0].ends_with(RULES), "{found:?}");
    let other = source.replace("output.system", "output.parts");
    assert!(prompts(&[("plugin.ts", &other)]).is_empty());
}

#[test]
fn a_constant_is_part_of_what_is_handed_on_with_values_in_it() {
    let found = prompts(&[(
        "app.py",
        &format!(
            "from own import llm\nSYSTEM_PROMPT = '{RULES}'\n\
             def ask(now, q):\n    return llm.run(q, system_prompt=f'{{SYSTEM_PROMPT}} {{now}}')\n"
        ),
    )]);
    assert_eq!(found, [format!("system: {RULES} <now:unique>")]);
}

#[test]
fn what_a_benchmark_puts_together_hides_nothing_of_the_product() {
    let shared = format!("def text(now):\n    return f'{{now}} {RULES}'\n");
    let all = prompts(&[
        ("app/shared.py", &shared),
        (
            "app/agent.py",
            "from own import llm\nfrom shared import text\n\
             def ask(now, q):\n    system_prompt = text(now).format(q=q)\n    return llm.run(q, system_prompt=system_prompt)\n",
        ),
        (
            "benchmarks/run.py",
            "from app.shared import text\ndef build_system_prompt(now):\n    return text(now)\n",
        ),
    ]);
    assert_eq!(all.len(), 2, "{all:?}");
}
