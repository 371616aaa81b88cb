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
