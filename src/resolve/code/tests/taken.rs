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
