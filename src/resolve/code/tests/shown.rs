//! Clocks that functions show, functions that templates call, texts that grow without end.

use super::{javascript, prompt, python};

#[test]
fn a_function_of_a_library_shows_a_clock_to_its_format() {
    let sent = |format: &str| {
        let source = format!(
            "import {{ format }} from 'date-fns';\nimport OpenAI from 'openai';\nconst client = new OpenAI();\n\
             export async function send() {{\n  return client.responses.create({{ model: 'm', \
             instructions: format(new Date(), '{format}') }});\n}}\n"
        );
        prompt(&[("app.ts", &source)])
    };
    let day = sent("yyyy-MM-dd");
    assert!(day.contains(":day"), "{day}");
    let second = sent("yyyy-MM-dd HH:mm:ss");
    assert!(second.contains(":unique"), "{second}");
    assert!(javascript("", "String(a)").contains(":request"));
}

#[test]
fn a_function_that_fills_a_placeholder_is_called_when_it_is_filled() {
    let sent = prompt(&[(
        "app.py",
        "from datetime import datetime\nfrom langchain_openai import ChatOpenAI\n\
         from langchain_core.prompts import PromptTemplate\n\
         def stamp():\n    return datetime.now().isoformat()\n\
         chain = PromptTemplate(template='At {at}: {q}', partial_variables={'at': stamp}) | ChatOpenAI(model='m')\n\
         def send(q):\n    return chain.invoke({'q': q})\n",
    )]);
    assert!(sent.contains(":unique"), "{sent}");
}

#[test]
fn a_text_that_is_added_to_itself_ends() {
    let before = format!("t = 'x'\n{}", "t = t + t\n".repeat(60));
    let sent = python(&before, "t");
    assert!(sent.len() <= 1 << 20, "{}", sent.len());
}

#[test]
fn a_list_that_is_shuffled_has_no_order() {
    let sent = |inside: &str, module: &str| {
        let source = format!(
            "import random\nimport openai\nclient = openai.OpenAI()\nSHOTS = ['p', 'q']\n{module}\ndef send(a):\n    \
             shots = list(SHOTS)\n{inside}    return client.responses.create(model='m', instructions=', '.join(shots))\n"
        );
        prompt(&[("app.py", &source)])
    };
    let shuffled = sent("    random.shuffle(shots)\n", "");
    assert!(shuffled.contains('~'), "{shuffled}");
    let kept = sent("", "");
    assert_eq!(kept, "system: p, q");
}
