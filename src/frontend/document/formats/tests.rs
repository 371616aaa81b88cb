use super::*;
use crate::frontend::document::draft::{Content, Draft};
use crate::frontend::template::dialect::Dialect;
use crate::prompt::Section;
use crate::source::Span;

fn parse(file: &SourceFile) -> Option<Document> {
    read(file).map(|(_, _, document)| document)
}

fn format_of(path: &str, file: &SourceFile) -> Option<(&'static str, String)> {
    assert_eq!(path, &*file.path);
    read(file).map(|(format, why, _)| (format, why))
}

fn one(path: &str, source: &str) -> (SourceFile, Draft) {
    let file = SourceFile::new(path, source);
    let mut document = parse(&file).expect("recognised");
    assert_eq!(document.problems, []);
    assert_eq!(document.drafts.len(), 1);
    let draft = document.drafts.remove(0);
    (file, draft)
}

/// The contents in order, each as its dialect and text; the text of a verbatim one must stand at its span.
fn contents(draft: &Draft) -> Vec<(Option<Dialect>, String)> {
    let blocks = draft.messages.iter().flat_map(|message| &message.blocks);
    blocks
        .map(|block| match &block.content {
            Content::Template(text, dialect) => (Some(*dialect), text.as_str().to_string()),
            Content::File { name, .. } => (None, format!("file {name}")),
            Content::Slot(slot) => (None, format!("slot {}", slot.expr)),
            Content::History { .. } => (None, "history".to_string()),
            Content::Media { key, .. } => (None, format!("media {key}")),
            Content::Pieces(_) => (None, "pieces".to_string()),
        })
        .collect()
}

fn source_of(file: &SourceFile, span: Span) -> &str {
    &file.text[span.start..span.end]
}

fn text_of(draft: &Draft, message: usize) -> &Text {
    match &draft.messages[message].blocks[0].content {
        Content::Template(text, _) => text,
        other => panic!("no template: {other:?}"),
    }
}

fn setting<'a>(draft: &'a Draft, name: &str) -> Option<&'a str> {
    let setting = draft.settings.iter().find(|setting| setting.name == name)?;
    setting.literal()
}

fn bound(draft: &Draft) -> Vec<(&str, &str, bool)> {
    let all = draft.bindings.iter();
    all.map(|(name, text, fixed)| (name.as_str(), text.as_str(), *fixed))
        .collect()
}

const PROMPTY_1: &str = "---
name: Support
model:
  api: chat
  configuration:
    type: azure_openai
    azure_deployment: gpt-4o
    api_key: ${env:KEY}
  parameters:
    max_tokens: 128
    response_format: { type: json_object }
    tools: ${file:../tools.json}
inputs:
  question:
    type: string
  chat_history:
    type: list
    default: [{role: user, content: hi}]
sample:
  question: Where is it?
---
system:
You help {{customer}}.

user:
{{question}}
";

#[test]
fn prompty_1_states_target_options_tools_and_samples() {
    let (file, draft) = one("a/support.prompty", PROMPTY_1);
    assert_eq!(draft.target.provider.as_deref(), Some("azure"));
    assert_eq!(draft.target.model.as_deref(), Some("gpt-4o"));
    assert_eq!(draft.target.api, Some("chat"));
    let place = draft.target.place.as_ref().unwrap().span;
    assert_eq!(source_of(&file, place), "gpt-4o");
    assert_eq!(setting(&draft, "max_tokens"), Some("128"));
    assert_eq!(
        setting(&draft, "response_format"),
        Some(r#"{"type":"json_object"}"#)
    );
    assert_eq!(setting(&draft, "tools"), None);
    assert_eq!(bound(&draft), [("question", "Where is it?", false)]);
    assert_eq!(draft.messages[0].section, Some(Section::Tools));
    assert_eq!(contents(&draft)[0], (None, "file ../tools.json".into()));
    // Roles are split elsewhere.
    assert_eq!(draft.messages[1].section, None);
    let text = text_of(&draft, 1);
    assert_eq!(source_of(&file, text.whole().span), text.as_str());
    assert!(text.as_str().starts_with("system:\nYou"));
}

#[test]
fn prompty_2_has_ids_lists_of_inputs_and_templates_of_its_own() {
    let (_, draft) = one(
        "p.prompty",
        "---\nmodel:\n  id: claude-sonnet-5\n  provider: anthropic\n  apiType: chat\n  options:\n    maxOutputTokens: 10\n    additionalProperties:\n      tool_choice: any\n      api_key: x\ninputs:\n- {name: city, kind: string, default: Rome}\n- {name: past, kind: thread, default: none}\ntools:\n- name: look_up\n  kind: function\ntemplate:\n  format: {kind: mustache}\noutputs:\n- {name: a, kind: string}\n---\nTell of {{city}}.\n",
    );
    assert_eq!(draft.target.provider.as_deref(), Some("anthropic"));
    assert_eq!(draft.target.model.as_deref(), Some("claude-sonnet-5"));
    assert_eq!(setting(&draft, "tool_choice"), Some("any"));
    assert_eq!(setting(&draft, "api_key"), None);
    assert!(setting(&draft, "response_format").is_some());
    assert_eq!(bound(&draft), [("city", "Rome", false)]);
    assert_eq!(
        contents(&draft),
        [
            (
                Some(Dialect::Plain),
                r#"{"name":"look_up","kind":"function"}"#.into()
            ),
            (Some(Dialect::Mustache), "Tell of {{city}}.".into())
        ]
    );
    // No role line: all of it is the system message.
    assert_eq!(draft.messages[1].section, Some(Section::System));
}

#[test]
fn a_model_that_is_only_known_where_it_runs_is_unknown() {
    let (_, draft) = one("p.prompty", "---\nmodel:\n  configuration:\n    type: azure_openai\n    azure_deployment: ${env:NAME}\n---\nsystem:\nHi\n");
    assert_eq!(draft.target.model, None);
    assert_eq!(draft.target.provider.as_deref(), Some("azure"));
}

#[test]
fn prompts_for_embeddings_and_images_are_no_requests() {
    let file = SourceFile::new(
        "p.prompty",
        "---\nmodel: {id: x, apiType: image}\n---\n{{d}}",
    );
    assert!(parse(&file).unwrap().drafts.is_empty());
}

#[test]
fn broken_front_matter_is_a_problem_and_the_body_a_draft() {
    for (path, source, line) in [
        ("p.prompty", "---\nmodel: [\n---\nsystem:\nYou help.\n", 0),
        ("p.prompt", "---\nmodel: [\n---\nYou help.\n", 0),
        ("p.prompty", "---\nsystem:\nYou help.\n", 1),
        ("p.prompty", "---\njust words\n---\nYou help.\n", 2),
    ] {
        let file = SourceFile::new(path, source);
        let document = parse(&file).expect("recognised");
        assert_eq!(document.problems.len(), 1, "{source:?}");
        let problem = &document.problems[0];
        assert!(problem.help.is_some(), "{source:?}");
        assert!(problem.span.end <= source.len());
        if line > 0 {
            assert_eq!(file.position(problem.span.start).line, line);
        }
        let text = text_of(&document.drafts[0], 0);
        assert!(text.as_str().ends_with("You help."), "{source:?}");
    }
}

#[test]
fn a_byte_order_mark_and_line_breaks_of_windows_shift_nothing() {
    let source = "\u{feff}---\r\nmodel: gpt-4o\r\n---\r\nsystem:\r\nYou help {{who}}.\r\n";
    let (file, draft) = one("p.prompty", source);
    assert_eq!(draft.target.model.as_deref(), Some("gpt-4o"));
    let text = text_of(&draft, 0);
    assert_eq!(
        source_of(&file, text.whole().span),
        "system:\r\nYou help {{who}}."
    );
}

const DOTPROMPT: &str = "---
model: googleai/gemini-2.5-flash
config:
  temperature: 1
  thinkingConfig: {thinkingBudget: 0}
tools: [findOrder, refund]
input:
  schema: {q: string}
  default: {tone: calm}
output:
  schema: {answer: string}
toolChoice: required
---

{{role \"system\"}}
Be {{tone}}.
{{history}}
";

#[test]
fn dotprompt_front_matter_is_read() {
    let (file, draft) = one("prompts/help.prompt", DOTPROMPT);
    assert_eq!(draft.target.provider.as_deref(), Some("google"));
    assert_eq!(draft.target.model.as_deref(), Some("gemini-2.5-flash"));
    assert_eq!(setting(&draft, "thinkingConfig.thinkingBudget"), Some("0"));
    assert_eq!(setting(&draft, "tool_choice"), Some("required"));
    assert_eq!(
        setting(&draft, "response_format"),
        Some(r#"{"answer":"string"}"#)
    );
    assert_eq!(bound(&draft), [("tone", "calm", false)]);
    assert_eq!(contents(&draft)[0], (None, "slot findOrder, refund".into()));
    let text = text_of(&draft, 1);
    assert_eq!(
        source_of(&file, text.whole().span),
        "{{role \"system\"}}\nBe {{tone}}.\n{{history}}"
    );
    assert_eq!(draft.messages[1].section, None);
    assert!(!draft.fragment);
}

#[test]
fn a_dot_prompt_needs_more_than_its_name() {
    let why = |path: &str, text: &str| format_of(path, &SourceFile::new(path, text));
    assert!(why("a.prompt", "Dear reader, {{name}}").is_none());
    assert!(why("a.prompt", "---\ntitle: Guide\ndescription: d\n---\nHow to").is_none());
    assert!(why("a.prompt", "# T\n---\nwords\n---\nmore").is_none());
    assert!(why("a.prompt.txt", DOTPROMPT).is_none());
    assert!(why("a.PROMPT", DOTPROMPT).is_some());
    let (format, why) = why("_part.prompt", "{{ role \"system\" }} Hi").unwrap();
    assert_eq!(format, "dotprompt");
    assert_eq!(why, "dotprompt tag `{{ role \"system\" }}`");
}

#[test]
fn a_dotprompt_partial_is_a_fragment_and_plain_text_is_the_users() {
    let (_, partial) = one("_part.prompt", "{{role \"system\"}} Hi");
    assert!(partial.fragment);
    let (_, plain) = one("p.prompt", "---\nmodel: x\n---\nHello {{name}}");
    assert!(plain.messages[0].section.as_ref().unwrap().is_user());
    let (_, including) = one("p.prompt", "---\nmodel: x\n---\n{{>style}}\nHello");
    assert_eq!(including.messages[0].section, None);
}

#[test]
fn github_models_messages_are_templates_with_test_rows_as_samples() {
    let (file, draft) = one(
        ".github/prompts/sum.prompt.yml",
        "name: Sum\nmodel: openai/gpt-4o-mini\nmodelParameters:\n  temperature: 0.5\nmessages:\n  - role: system\n    content: You sum up.\n  - role: user\n    content: |\n      Sum up:\n        {{input}}\ntestData:\n  - input: one\n    expected: a\n  - input: two\nresponseFormat: json_schema\njsonSchema: '{}'\n",
    );
    assert_eq!(draft.target.provider.as_deref(), Some("openai"));
    assert_eq!(draft.target.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(setting(&draft, "response_format"), Some("{}"));
    assert_eq!(draft.messages[0].section, Some(Section::System));
    assert_eq!(
        contents(&draft)[1],
        (Some(Dialect::Mustache), "Sum up:\n  {{input}}\n".into())
    );
    let text = text_of(&draft, 1);
    let at = text.as_str().find("{{input}}").unwrap();
    assert_eq!(source_of(&file, text.span(at, at + 9)), "{{input}}");
    assert_eq!(
        bound(&draft),
        [
            ("input", "one", false),
            ("expected", "a", false),
            ("input", "two", false)
        ]
    );
    let other = SourceFile::new("x.prompt.yml", "name: workflow\n");
    assert!(format_of("x.prompt.yml", &other).is_none());
}

#[test]
fn a_langchain_prompt_binds_its_partial_variables() {
    let (file, draft) = one(
        "p.json",
        r#"{"_type": "prompt", "input_variables": ["q"], "partial_variables": {"lang": "en"},
            "template": "Answer in {lang}:\n{q}"}"#,
    );
    assert_eq!(
        contents(&draft),
        [(Some(Dialect::Braces), "Answer in {lang}:\n{q}".into())]
    );
    assert_eq!(bound(&draft), [("lang", "en", true)]);
    assert!(draft.fragment);
    let text = text_of(&draft, 0);
    assert_eq!(source_of(&file, text.span(17, 18)), "\\n");
}

#[test]
fn a_few_shot_prompt_is_joined_in_order() {
    let (file, draft) = one(
        "p.yaml",
        "_type: few_shot\nprefix: Opposites.\nexample_prompt:\n  _type: prompt\n  template: \"{{in}}: {word} -> {other}\"\nexamples:\n- {word: up, other: down}\n- {word: in, other: 7}\nsuffix: \"In: {adjective}\"\nexample_separator: \"\\n\"\n",
    );
    let texts: Vec<String> = contents(&draft).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        texts.concat(),
        "Opposites.\n{in}: up -> down\n{in}: in -> 7\nIn: {adjective}"
    );
    let Content::Template(example, Dialect::Plain) = &draft.messages[0].blocks[2].content else {
        panic!("no example");
    };
    let at = example.as_str().find("down").unwrap();
    assert_eq!(source_of(&file, example.span(at, at + 4)), "down");
}

#[test]
fn few_shot_parts_may_stand_in_files() {
    let (_, draft) = one(
        "p.yaml",
        "_type: few_shot\nprefix_path: a.txt\nexamples: ex.json\nexample_prompt_path: e.json\nsuffix: 'S {x}'\n",
    );
    let texts: Vec<String> = contents(&draft).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        texts,
        ["file a.txt", "\n\n", "file ex.json", "\n\n", "S {x}"]
    );
}

#[test]
fn a_serialised_chat_prompt_has_roles_history_and_a_model() {
    let (_, draft) = one(
        "chain.json",
        r#"{"lc": 1, "type": "constructor", "id": ["langchain", "schema", "runnable", "RunnableSequence"], "kwargs": {
          "first": {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", "chat", "ChatPromptTemplate"], "kwargs": {"messages": [
            {"lc": 1, "type": "constructor", "id": ["x", "SystemMessagePromptTemplate"], "kwargs": {"prompt":
              {"lc": 1, "type": "constructor", "id": ["x", "PromptTemplate"], "kwargs": {"template": "Help {{who}}.", "template_format": "mustache"}}}},
            {"lc": 1, "type": "constructor", "id": ["x", "MessagesPlaceholder"], "kwargs": {"variable_name": "past"}},
            {"lc": 1, "type": "constructor", "id": ["x", "AIMessage"], "kwargs": {"content": "I {do}."}}]}},
          "last": {"lc": 1, "type": "constructor", "id": ["x", "ChatOpenAI"], "kwargs": {"model": "gpt-5.4"}}}}"#,
    );
    let sections: Vec<_> = draft
        .messages
        .iter()
        .map(|message| message.section.as_ref().unwrap().name())
        .collect();
    assert_eq!(sections, ["system", "user", "assistant"]);
    assert_eq!(
        contents(&draft),
        [
            (Some(Dialect::Mustache), "Help {{who}}.".into()),
            (None, "history".into()),
            (Some(Dialect::Plain), "I {do}.".into())
        ]
    );
    assert_eq!(draft.target.provider.as_deref(), Some("openai"));
    assert_eq!(draft.target.model.as_deref(), Some("gpt-5.4"));
}

#[test]
fn a_chat_document_takes_pairs_and_placeholders() {
    let (_, draft) = one(
        "c.yaml",
        "_type: chat\nmessages:\n- [system, 'Help {who}.']\n- {role: placeholder, variable_name: past}\n- {role: human, content: '{q}'}\n",
    );
    let texts: Vec<String> = contents(&draft).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["Help {who}.", "history", "{q}"]);
    assert!(!draft.fragment);
}

#[test]
fn other_documents_with_types_are_not_langchain_prompts() {
    for (path, text) in [
        (
            "a.json",
            r#"{"_type": "llm_chain", "prompt": {"_type": "prompt", "template": "x"}}"#,
        ),
        (
            "a.json",
            r#"{"lc": 1, "id": ["x", "ChatOpenAI"], "kwargs": {"model": "m"}}"#,
        ),
        ("a.yaml", "template: x\ninput_variables: 3\n"),
        ("a.txt", "_type: prompt\ntemplate: x\n"),
    ] {
        assert_eq!(
            format_of(path, &SourceFile::new(path, text)),
            None,
            "{text}"
        );
    }
}

const KERNEL: &str = "name: Joke
template: |
  <message role=\"system\">Be funny.</message>
  {{$topic}}
template_format: semantic-kernel
input_variables:
  - {name: topic, default: dogs}
  - {name: style, default: ''}
execution_settings:
  fast:
    temperature: 0.1
  default:
    model_id: gpt-4o
    temperature: 0.6
    response_format: json
";

#[test]
fn a_semantic_kernel_prompt_takes_its_default_settings() {
    let (file, draft) = one("Joke.yaml", KERNEL);
    assert_eq!(draft.format, "semantic-kernel");
    assert_eq!(draft.target.model.as_deref(), Some("gpt-4o"));
    assert_eq!(setting(&draft, "temperature"), Some("0.6"));
    assert_eq!(setting(&draft, "response_format"), Some("json"));
    assert_eq!(bound(&draft), [("topic", "dogs", false)]);
    assert_eq!(draft.messages[0].section, None);
    assert_eq!(contents(&draft)[0].0, Some(Dialect::SemanticKernel));
    let text = text_of(&draft, 0);
    let at = text.as_str().find("{{$topic}}").unwrap();
    assert_eq!(source_of(&file, text.span(at, at + 10)), "{{$topic}}");
    let liquid = KERNEL.replace("semantic-kernel", "liquid");
    assert_eq!(
        contents(&one("Joke.yml", &liquid).1)[0].0,
        Some(Dialect::Liquid)
    );
}

#[test]
fn a_kernel_config_names_the_prompt_beside_it() {
    let (_, draft) = one(
        "Plugins/Joke/config.json",
        r#"{"schema": 1, "type": "completion", "completion": {"max_tokens": 9, "stop_sequences": ["x"]},
            "input": {"parameters": [{"name": "style", "defaultValue": "dry"}]}}"#,
    );
    assert_eq!(contents(&draft), [(None, "file skprompt.txt".into())]);
    assert_eq!(setting(&draft, "max_tokens"), Some("9"));
    assert_eq!(bound(&draft), [("style", "dry", false)]);
    for text in [
        r#"{"model_type": "llama", "schema": 1}"#,
        r#"{"completion": true}"#,
    ] {
        assert_eq!(
            format_of("config.json", &SourceFile::new("config.json", text)),
            None
        );
    }
}

#[test]
fn a_gemini_command_is_cut_at_its_injections() {
    let source = "description = \"d\"\nprompt = \"\"\"\nReview {{args}}!\nRules: @{docs/rules.md}\nDiff: !{git diff | awk '{print}'} now\nOpen !{ end\n\"\"\"\n";
    let (file, draft) = one(".gemini/commands/git/review.toml", source);
    assert_eq!(
        contents(&draft),
        [
            (Some(Dialect::Mustache), "Review {{args}}!\nRules: ".into()),
            (None, "file ../../../docs/rules.md".into()),
            (Some(Dialect::Mustache), "\nDiff: ".into()),
            (None, "slot !{git diff | awk '{print}'}".into()),
            (Some(Dialect::Mustache), " now\nOpen !{ end\n".into()),
        ]
    );
    let Content::Slot(slot) = &draft.messages[0].blocks[3].content else {
        panic!("no slot");
    };
    assert_eq!(
        source_of(&file, slot.place.span),
        "!{git diff | awk '{print}'}"
    );
    assert_eq!(draft.target.provider.as_deref(), Some("google"));
    assert!(draft.fragment);
    for (path, text) in [
        ("commands/a.toml", "[tool]\nprompt = 'x'\n"),
        ("pyproject.toml", "prompt = 'x'\n"),
        ("commands/a.toml", "prompt_toolkit = '3'\n"),
    ] {
        assert_eq!(format_of(path, &SourceFile::new(path, text)), None);
    }
}

#[test]
fn no_cut_of_a_document_stops_the_run() {
    let gemini = "prompt = \"\"\"a @{b} !{c {d} } e\"\"\"\n";
    let foo = "prompts:\n- 'a {{b}}'\n- '[{\"role\":\"user\",\"content\":\"x\"}]'\nproviders: [{id: openai:gpt-5.4, config: {a: {b: c}}}]\ntests: [{vars: {b: [1, 2]}}]\n";
    for (path, source) in [
        ("a.prompty", PROMPTY_1),
        ("a.prompt", DOTPROMPT),
        ("a.yaml", KERNEL),
        ("commands/a.toml", gemini),
        ("promptfooconfig.yaml", foo),
    ] {
        for end in (0..source.len()).filter(|end| source.is_char_boundary(*end)) {
            let file = SourceFile::new(path, &source[..end]);
            for draft in parse(&file).map(|d| d.drafts).unwrap_or_default() {
                for (_, text) in contents(&draft) {
                    assert!(text.len() <= 4 * source.len());
                }
                assert!(draft.span.end <= end);
            }
        }
    }
}

#[test]
fn names_decide_before_content_does() {
    assert!(extensions().contains(&".prompty"));
    assert!(extensions().windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(by_name("a/B.PROMPTY"), Some("prompty"));
    assert_eq!(by_name("a/b.prompty.md"), None);
}
