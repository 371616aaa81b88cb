//! Objects taken apart.

use super::prompt;

#[test]
fn a_part_of_an_object_taken_apart_goes_by_its_own_path() {
    let code = "import OpenAI from \"openai\";\nconst client = new OpenAI();\nexport function ask(options) {\n  const { platform = \"none\", mode } = options;\n  return client.responses.create({ model: \"gpt-5.4\", instructions: `On ${platform}, ${mode}`, input: \"hi\" });\n}\n";
    let found = prompt(&[("a.ts", code)]);
    assert!(found.contains("options.platform"), "{found}");
    assert!(found.contains("options.mode"), "{found}");
}
