use super::*;
use crate::frontend::document::draft::Draft;
use crate::prompt::TargetSource;

fn drafts(path: &str, source: &str) -> (SourceFile, Vec<Draft>) {
    let file = SourceFile::new(path, source);
    let document = parse(&file);
    assert_eq!(document.problems, []);
    (file, document.drafts)
}

fn template(message: &DraftMessage) -> &Text {
    match &message.blocks[0].content {
        Content::Template(text, Dialect::Jinja) => text,
        other => panic!("no template: {other:?}"),
    }
}

fn binding<'a>(draft: &'a Draft, name: &str) -> Vec<(&'a str, bool)> {
    draft
        .bindings
        .iter()
        .filter(|(key, ..)| key == name)
        .map(|(_, value, fixed)| (value.as_str(), *fixed))
        .collect()
}

const CONFIG: &str = r#"prompts:
  - |
    You answer for {{company}}.
    Question: {{question}}
  - file://prompts/support.j2
  - file://prompts/build.py:make
  - file://prompts/*.txt
  - langfuse://support:3
providers:
  - openai:responses:gpt-5.4
  - id: anthropic:messages:claude-sonnet-5
    config:
      max_tokens: 100
      thinking: {type: enabled}
      tools: [{name: look_up}]
  - openai:embedding:text-embedding-3-small
defaultTest:
  vars:
    company: Contoso
tests:
  - vars: {question: How?, policy: file://policy.txt, tier: gold}
  - vars: {question: Why?, policy: file://policy.txt, tier: gold}
"#;

#[test]
fn each_prompt_is_drafted_for_each_model() {
    let (file, drafts) = drafts("promptfooconfig.yaml", CONFIG);
    let keys: Vec<_> = drafts.iter().map(|draft| draft.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "prompts[0]@openai:responses:gpt-5.4",
            "prompts[0]@anthropic:messages:claude-sonnet-5",
            "prompts[1]@openai:responses:gpt-5.4",
            "prompts[1]@anthropic:messages:claude-sonnet-5",
            // A name with `*`: the resolver finds its files.
            "prompts[3]@openai:responses:gpt-5.4",
            "prompts[3]@anthropic:messages:claude-sonnet-5",
        ]
    );
    let target = &drafts[0].target;
    assert_eq!(target.provider.as_deref(), Some("openai"));
    assert_eq!(target.model.as_deref(), Some("gpt-5.4"));
    assert_eq!(target.api, Some("responses"));
    assert_eq!(target.source, TargetSource::Declared);
    let place = target.place.as_ref().unwrap().span;
    assert_eq!(
        &file.text[place.start..place.end],
        "openai:responses:gpt-5.4"
    );
    let text = template(&drafts[0].messages[0]);
    assert_eq!(
        text.as_str(),
        "You answer for {{company}}.\nQuestion: {{question}}\n"
    );
    let at = text.as_str().find("{{question}}").unwrap();
    let span = text.span(at, at + 12);
    assert_eq!(&file.text[span.start..span.end], "{{question}}");
}

#[test]
fn files_are_named_and_functions_globs_and_services_left_out() {
    let (file, drafts) = drafts("promptfooconfig.yaml", CONFIG);
    let Content::File {
        name,
        span,
        dialect,
    } = &drafts[2].messages[0].blocks[0].content
    else {
        panic!("no file");
    };
    assert_eq!(name, "prompts/support.j2");
    assert_eq!(*dialect, Some(Dialect::Jinja));
    assert_eq!(
        &file.text[span.start..span.end],
        "file://prompts/support.j2"
    );
}

#[test]
fn options_and_tools_of_a_provider_reach_its_drafts_only() {
    let (_, drafts) = drafts("promptfooconfig.yaml", CONFIG);
    assert!(drafts[0].settings.is_empty());
    let names: Vec<_> = drafts[1].settings.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["max_tokens", "thinking.type"]);
    assert_eq!(drafts[1].messages[0].section, Some(Section::Tools));
    assert_eq!(drafts[1].messages.len(), 2);
}

#[test]
fn values_are_fixed_where_all_tests_share_them() {
    let (_, drafts) = drafts("promptfooconfig.yaml", CONFIG);
    let draft = &drafts[0];
    assert_eq!(binding(draft, "company"), [("Contoso", true)]);
    assert_eq!(binding(draft, "tier"), [("gold", true)]);
    assert_eq!(
        binding(draft, "question"),
        [("How?", false), ("Why?", false)]
    );
    assert_eq!(binding(draft, "policy"), []);
}

#[test]
fn one_test_or_an_overridden_default_proves_nothing() {
    let (_, drafts) = drafts(
        "promptfooconfig.yaml",
        "prompts: ['{{a}} {{b}} {{c}}']\nproviders: [openai:gpt-5.4]\n\
         defaultTest: {vars: {b: x}}\ntests:\n- vars: {a: 1, b: y, c: [p, q]}\n",
    );
    assert_eq!(drafts[0].key, "prompts[0]");
    assert_eq!(binding(&drafts[0], "a"), [("1", false)]);
    assert_eq!(binding(&drafts[0], "b"), [("y", false), ("x", false)]);
    assert_eq!(binding(&drafts[0], "c"), [("p", false), ("q", false)]);
}

#[test]
fn a_chat_prompt_in_json_keeps_roles_and_spans() {
    let source = "prompts:\n- '[{\"role\": \"system\", \"content\": \"Be brief for {{who}}.\"}, {\"role\": \"user\", \"content\": \"{{q}}\"}]'\nproviders: openai:chat:gpt-5.4\ntests: []\n";
    let (file, drafts) = drafts("evals/a.yaml", source);
    let messages = &drafts[0].messages;
    assert_eq!(messages[0].section, Some(Section::System));
    assert!(messages[1].section.as_ref().unwrap().is_user());
    let place = template(&messages[0]).whole().span;
    assert_eq!(&file.text[place.start..place.end], "Be brief for {{who}}.");
}

#[test]
fn json_that_only_a_render_makes_valid_is_one_text() {
    let (_, drafts) = drafts(
        "promptfooconfig.yaml",
        "prompts:\n- '[{\"role\": \"user\", \"content\": {{ q | dump }}}]'\nproviders: [openai:gpt-5.4]\n",
    );
    assert_eq!(drafts[0].messages.len(), 1);
    assert!(drafts[0].messages[0].section.as_ref().unwrap().is_user());
}

#[test]
fn a_provider_takes_the_prompts_that_it_names() {
    let (_, drafts) = drafts(
        "promptfooconfig.json",
        r#"{"prompts": [{"label": "short", "raw": "S {{x}}"}, {"label": "long", "raw": "L {{x}}"}],
            "providers": [{"id": "google:gemini-2.5-pro", "prompts": ["long"]}, {"bedrock:converse:amazon.nova-lite-v1:0": {"prompts": ["short"]}}]}"#,
    );
    let models: Vec<_> = drafts
        .iter()
        .map(|draft| {
            (
                draft.key.as_str(),
                draft.target.model.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        models,
        [
            ("prompts[0]", "amazon.nova-lite-v1:0"),
            ("prompts[1]", "gemini-2.5-pro")
        ]
    );
    assert_eq!(drafts[0].target.api, Some("converse"));
}

#[test]
fn other_yaml_is_no_configuration() {
    let of =
        |path: &str, text: &str| recognise(path, &SourceFile::new(path, text).content()).is_some();
    assert!(of("a/promptfooconfig.support.yml", ""));
    assert!(of("e.yaml", "prompts: [a]\ntargets: [b]\ntests: []\n"));
    assert!(!of("e.yaml", "prompts: [a]\nproviders: [b]\n"));
    assert!(!of("promptfooconfig.ts", ""));
    assert!(!of("promptfooconfig.yaml.bak", ""));
}

#[test]
fn a_text_file_is_split_at_dashes() {
    let file = SourceFile::new("p.txt", "one\n---\n\ntwo {{x}}\n---\n\n");
    let prompts = split_prompts(&file.content());
    let texts: Vec<_> = prompts.iter().map(Text::as_str).collect();
    assert_eq!(texts, ["one", "two {{x}}"]);
    assert_eq!(prompts[1].whole().span, Span::new(9, 18));
}

#[test]
fn a_matrix_without_end_is_cut_and_says_so() {
    let models: Vec<String> = (0..40).map(|n| format!("openai:gpt-{n}")).collect();
    let prompts: Vec<String> = (0..40).map(|n| format!("'p{n} {{{{x}}}}'")).collect();
    let source = format!(
        "prompts: [{}]\nproviders: [{}]\n",
        prompts.join(", "),
        models.join(", ")
    );
    let document = parse(&SourceFile::new("promptfooconfig.yaml", &source));
    assert_eq!(document.drafts.len(), MAX_DRAFTS);
    assert_eq!(document.problems.len(), 1);
    assert!(document.problems[0].help.is_some());
}
