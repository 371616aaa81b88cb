//! Objects taken apart.

use super::{prompt, prompts};

#[test]
fn a_part_of_an_object_taken_apart_goes_by_its_own_path() {
    let code = "import OpenAI from \"openai\";\nconst client = new OpenAI();\nexport function ask(options) {\n  const { platform = \"none\", mode } = options;\n  return client.responses.create({ model: \"gpt-5.4\", instructions: `On ${platform}, ${mode}`, input: \"hi\" });\n}\n";
    let found = prompt(&[("a.ts", code)]);
    assert!(found.contains("options.platform"), "{found}");
    assert!(found.contains("options.mode"), "{found}");
}

#[test]
fn a_part_of_the_body_of_a_request_is_what_its_name_says() {
    let source = "import { streamText } from 'ai';\n\nexport async function POST(req) {\n  \
        const { topic, system, tools } = await req.json();\n  \
        return streamText({ model: 'm', system: 'About ' + topic + '. ' + system, tools: Object.entries(tools).map(([n, t]) => t), prompt: 'Go.' });\n}\n";
    let all = prompts(&[("route.ts", source)]).join("\n");
    assert!(all.contains("topic:request"), "{all}");
    assert!(all.contains("system:deploy?>"), "{all}");
    assert!(!all.contains("tools:request"), "{all}");
}

#[test]
fn a_list_of_tools_that_a_loop_fills_holds_no_turns() {
    let source = "import openai\nclient = openai.OpenAI()\n\ndef ask(tools, text):\n    own = []\n    \
        for tool in tools:\n        own.append({'type': tool.type, 'name': tool.name})\n    \
        return client.responses.create(model='m', instructions='Be brief.', input=text, tools=own)\n";
    let all = prompts(&[("ask.py", source)]).join("\n");
    assert!(
        all.contains("tools:") && !all.contains("earlier turns"),
        "{all}"
    );
}

#[test]
fn a_message_that_a_prompt_builder_returns_on_one_way_is_its_content() {
    let source = "from uuid import uuid4\nfrom pydantic import BaseModel, Field\n\nclass Message(BaseModel):\n    \
        id: str = Field(default_factory=lambda: str(uuid4()))\n    role: str\n    content: str = None\n\n\
        def get_system_message(plain, goal):\n    if plain:\n        return None\n    \
        return Message(role='system', content='You help people who have lost their way in a town that they do not know, and you say what you are not sure of, in words that a child knows. ' + goal)\n";
    let all = prompts(&[("ask.py", source)]).join("\n");
    assert!(all.contains("You help people"), "{all}");
    assert!(!all.contains("uuid4"), "{all}");
}

#[test]
fn whether_a_set_holds_something_does_not_hang_on_its_order() {
    let source = "import openai\nclient = openai.OpenAI()\nKINDS = {'short', 'long'}\n\ndef ask(text):\n    \
        style = 'Be brief.' if 'short' in KINDS else 'Say all.'\n    \
        return client.responses.create(model='m', instructions=style, input=text)\n";
    let all = prompts(&[("ask.py", source)]).join("\n");
    assert!(all.contains("Be brief."), "{all}");
    assert!(!all.contains("session"), "{all}");
}
