//! Behaviour of the resolver over small workspaces in memory.

use std::sync::Arc;

use super::*;
use crate::frontend::document::draft::{Content, Draft, DraftBlock, DraftMessage};
use crate::frontend::template;
use crate::prompt::{Conversation, Piece, Section, Slot, Stored, Target};
use crate::source::{Span, Text};
use crate::volatility::classify::Classifier;
use crate::volatility::Class;
use crate::workspace::{Memory, Workspace};

mod languages;
mod promptfoo;
mod transcripts;

fn run_on(memory: &Memory, entries: &[&str]) -> Resolution {
    let inputs = entries
        .iter()
        .map(|path| {
            let file = memory.read(path).unwrap();
            let dialect = dialect_of(path).unwrap_or(Dialect::Plain);
            let tree = template::parse(&file.content(), dialect);
            Parsed {
                file,
                kind: ParsedKind::Template {
                    dialect,
                    tree: Arc::new(tree),
                },
                explicit: false,
                by_name: false,
            }
        })
        .collect();
    let classifier = Arc::new(Classifier::new(&[]));
    resolve(inputs, &[], memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    })
}

fn run(files: &[(&str, &str)]) -> Resolution {
    let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    run_on(&Memory::new(files), &paths)
}

/// The only prompt of one Jinja file.
fn jinja(text: &str) -> Prompt {
    let mut out = run(&[("p.j2", text)]);
    assert_eq!(out.prompts.len(), 1);
    out.prompts.remove(0)
}

fn show(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text.as_str()),
            Piece::Slot(slot) => {
                out.push_str(&format!("<{}:{}>", slot.expr, slot.volatility.class))
            }
            Piece::Branch(branch) => {
                let arms: Vec<String> = branch.arms.iter().map(|arm| show(arm)).collect();
                out.push_str(&format!("[{}]", arms.join("|")));
            }
            Piece::Repeat(repeat) => out.push_str(&format!(
                "({}:{} {})",
                repeat.over,
                repeat.volatility.class,
                show(&repeat.body)
            )),
            Piece::History(history) => {
                let how = history.rewritten.as_ref().map_or(String::new(), |rewrite| {
                    format!(" rewritten {}", rewrite.how)
                });
                out.push_str(&format!("<<{}{how}>>", history.expr));
            }
            Piece::Media(media) => out.push_str(&format!("<media {}>", media.key)),
        }
    }
    out
}

fn show_prompt(prompt: &Prompt) -> Vec<String> {
    let message = |message: &crate::prompt::Message| {
        let pieces: Vec<String> = message.blocks.iter().map(|b| show(&b.pieces)).collect();
        format!("{}: {}", message.section.name(), pieces.join(" / "))
    };
    prompt.messages.iter().map(message).collect()
}

/// The pieces of a Jinja file of one message.
fn pieces_of(text: &str) -> String {
    let prompt = jinja(text);
    let shown: Vec<String> = prompt
        .messages
        .iter()
        .flat_map(|m| &m.blocks)
        .map(|b| show(&b.pieces))
        .collect();
    shown.join("")
}

fn slots(pieces: &[Piece]) -> Vec<&Slot> {
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Slot(slot) => out.push(slot),
            Piece::Branch(branch) => branch.arms.iter().for_each(|arm| out.extend(slots(arm))),
            Piece::Repeat(repeat) => out.extend(slots(&repeat.body)),
            _ => {}
        }
    }
    out
}

fn all_slots(prompt: &Prompt) -> Vec<&Slot> {
    let blocks = prompt.messages.iter().flat_map(|m| &m.blocks);
    blocks.flat_map(|b| slots(&b.pieces)).collect()
}

fn forks(prompt: &Prompt) -> Vec<u64> {
    let blocks = prompt.messages.iter().flat_map(|m| &m.blocks);
    let pieces = blocks.flat_map(|b| &b.pieces);
    pieces
        .filter_map(|piece| match piece {
            Piece::Branch(branch) => Some(branch.id),
            _ => None,
        })
        .collect()
}

#[test]
fn literals_and_what_is_built_from_them_are_text() {
    assert_eq!(
        pieces_of("{% set a = 'x' %}A{{ a ~ '-' ~ 1 }}{{ 'b' | upper }}"),
        "Ax-1B"
    );
    assert_eq!(pieces_of("{{ ['a', 'b'] | join(', ') }}."), "a, b.");
}

#[test]
fn a_set_clock_keeps_its_life_and_says_its_way() {
    let prompt = jinja("{% set now = current_time %}\nToday {{ now }}");
    let slots = all_slots(&prompt);
    assert_eq!(slots[0].volatility.class, Class::Minute);
    assert_eq!(slots[0].trace.len(), 2);
    assert!(slots[0].trace[0].note.contains("current_time"));
}

#[test]
fn a_format_cuts_a_clock_also_behind_a_set_name() {
    let text = "{% set t = now() %}{{ t.strftime('%Y-%m-%d') }} {{ now() }}";
    let prompt = jinja(text);
    let classes: Vec<Class> = all_slots(&prompt)
        .iter()
        .map(|slot| slot.volatility.class)
        .collect();
    assert_eq!(classes, [Class::Day, Class::Unique]);
}

#[test]
fn an_item_has_the_class_of_its_list_and_not_of_its_name() {
    let prompt = jinja("{% for d in tenant_name %}{{ d.timestamp }}{% endfor %}");
    let over = all_slots(&prompt)[0].volatility.class;
    assert_eq!(over, Class::Tenant);
}

#[test]
fn a_loop_over_the_conversation_is_the_conversation() {
    let shown = pieces_of("A\n{% for m in chat_history %}{{ m.timestamp }}{% endfor %}\n\n");
    assert_eq!(shown, "A\n<<chat_history>>");
}

#[test]
fn a_window_from_the_end_rewrites_and_one_from_the_start_does_not() {
    assert_eq!(
        pieces_of("{% for m in history[-5:] %}{{ m }}{% endfor %}"),
        "<<history[-5:] rewritten history[-5:]>>"
    );
    assert_eq!(pieces_of("{{ history[:5] }}"), "<<history[:5]>>");
    assert!(pieces_of("{{ chat_history | reverse }}").contains("rewritten"));
}

#[test]
fn the_newest_item_of_the_conversation_is_of_this_call() {
    assert_eq!(
        pieces_of("{{ messages[-1].content }}"),
        "<messages[-1].content:request>"
    );
    assert_eq!(
        pieces_of("{{ messages | length }}"),
        "<messages | length:request>"
    );
}

#[test]
fn a_literal_list_is_unrolled_with_its_positions() {
    let text = "{% for x in ['a','b'] %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}";
    assert_eq!(pieces_of(text), "1a,2b");
}

#[test]
fn a_literal_condition_folds_and_loop_conditions_do_not_fork() {
    assert_eq!(pieces_of("{% if true %}a{% else %}b{% endif %}"), "a");
    assert_eq!(
        pieces_of("{% for x in docs %}x{% if not loop.last %},{% endif %}{% endfor %}"),
        "(docs:request x,)"
    );
}

#[test]
fn the_same_condition_and_its_negation_are_one_fork() {
    let text = "{% if plan %}a{% endif %}-{% if not plan %}b{% endif %}-{% if plan is defined %}c{% endif %}-{% if other %}d{% endif %}";
    let ids = forks(&jinja(text));
    assert_eq!(ids.len(), 4);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[3]);
    assert_eq!(pieces_of(text), "[a|]-[|b]-[c|]-[d|]");
}

#[test]
fn asking_whether_a_printed_value_is_there_is_no_fork() {
    let shown = pieces_of("{% if user_name %}named {{ user_name }}{% endif %}");
    assert_eq!(shown, "named <user_name:user>");
    let kept = pieces_of("{% if user_name %}be kind{% endif %}");
    assert_eq!(kept, "[be kind|]");
}

#[test]
fn a_chain_is_one_branch_with_an_empty_arm_where_there_is_no_else() {
    let text = "{% if mode == 'a' %}1{% elif mode == 'b' %}2{% endif %}";
    assert_eq!(pieces_of(text), "[1|2|]");
}

#[test]
fn what_arms_set_is_a_branch_where_it_is_printed() {
    let text =
        "{% if tone == 'x' %}{% set a = 'one' %}{% else %}{% set a = 'two' %}{% endif %}{{ a }}";
    assert_eq!(pieces_of(text), "[one|two]");
}

#[test]
fn macros_bind_their_parameters_and_call_blocks_their_caller() {
    let text = "{% macro m(a, b='z') %}[{{ a }}{{ b }}{{ caller() }}]{% endmacro %}{% call m(user_name) %}in{% endcall %}";
    assert_eq!(pieces_of(text), "[<a:user>zin]");
}

#[test]
fn a_macro_that_calls_itself_ends() {
    let out = run(&[("p.j2", "{% macro m() %}x{{ m() }}{% endmacro %}{{ m() }}")]);
    assert_eq!(out.limits.len(), 1);
    assert!(show_prompt(&out.prompts[0])[0].contains("x<m():deploy>"));
}

#[test]
fn an_include_is_in_place_and_not_linted_alone() {
    let out = run(&[
        ("prompts/a.j2", "A {% include 'parts/b.j2' %} C"),
        ("prompts/parts/b.j2", "{{ current_time }}"),
    ]);
    assert_eq!(out.prompts.len(), 1);
    assert_eq!(
        show_prompt(&out.prompts[0]),
        ["user: A <current_time:minute> C"]
    );
    let slot = all_slots(&out.prompts[0])[0];
    assert_eq!(&*slot.place.path, "prompts/parts/b.j2");
    assert_eq!(&*slot.trace[0].place.path, "prompts/a.j2");
    assert_eq!(&*out.partial_of["prompts/parts/b.j2"], "prompts/a.j2");
    assert!(out.prompts[0]
        .reads
        .files()
        .any(|path| &**path == "prompts/parts/b.j2"));
}

#[test]
fn a_dangling_include_is_unknown_text_and_a_problem() {
    let out = run(&[(
        "a.j2",
        "A {% include 'b.j2' %}{% include 'c' ignore missing %}",
    )]);
    let slot = all_slots(&out.prompts[0])[0];
    assert_eq!(slot.volatility.class, Class::Deploy);
    assert!(slot.size.assumed);
    assert_eq!(out.problems.len(), 1);
    assert!(out.prompts[0].reads.iter().any(|read| !read.is_found()));
}

#[test]
fn a_cycle_of_includes_ends_and_one_of_its_files_is_linted() {
    let out = run(&[
        ("a.j2", "A{% include 'b.j2' %}"),
        ("b.j2", "B{% include 'a.j2' %}"),
    ]);
    let ids: Vec<&str> = out.prompts.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["a.j2"]);
    assert!(!out.problems.is_empty());
}

#[test]
fn the_base_decides_the_order_and_children_are_listed_together() {
    let out = run(&[
        (
            "base.j2",
            "Base {{ today }} {% block body %}none{% endblock %} end {{ self.body() }}",
        ),
        (
            "one.j2",
            "{% extends 'base.j2' %}{% block body %}one {{ super() }}{% endblock %}",
        ),
        (
            "two.j2",
            "{% extends 'base.j2' %}{% block body %}two{% endblock %}",
        ),
    ]);
    let ids: Vec<&str> = out.prompts.iter().map(|p| p.id.as_str()).collect();
    assert_eq!(ids, ["one.j2", "two.j2"]);
    assert_eq!(
        show_prompt(&out.prompts[0]),
        ["user: Base <today:day> one none end one none"]
    );
    assert_eq!(
        all_slots(&out.prompts[0])[0].place,
        all_slots(&out.prompts[1])[0].place
    );
    let children: Vec<&str> = out.prompts[0].inherited_by.iter().map(|p| &**p).collect();
    assert_eq!(children, ["one.j2", "two.j2"]);
}

#[test]
fn imported_macros_see_their_module() {
    let out = run(&[
        ("m.j2", "{% set sep = '--' %}{% macro line(x) %}{{ sep }}{{ x }}{% endmacro %}"),
        ("a.j2", "{% import 'm.j2' as m %}{% from 'm.j2' import line as l %}{{ m.line('a') }}{{ l('b') }}"),
    ]);
    assert_eq!(show_prompt(&out.prompts[0]), ["user: --a--b"]);
}

#[test]
fn a_handlebars_partial_is_found_without_its_extension() {
    let out = run(&[
        (
            "prompts/a.hbs",
            "A {{> header title=\"T\"}} {{#each docs}}{{name}}{{@index}}{{/each}}",
        ),
        ("prompts/partials/header.hbs", "H {{title}}"),
    ]);
    assert_eq!(
        show_prompt(&out.prompts[0]),
        ["user: A H T (docs:request <name:request>1)"]
    );
}

#[test]
fn role_headers_split_and_text_in_front_is_of_the_system_message() {
    let prompt = jinja("Intro\n# system:\nYou {{ x }}\n{% for i in chat_history %}\n# {{ i.role }}:\n{{ i.content }}\n{% endfor %}\n# user:\n{{ question }}\n");
    assert_eq!(
        show_prompt(&prompt),
        [
            "system: Intro",
            "system: You <x:request>",
            "history: <<chat_history>>",
            "user: <question:request>"
        ]
    );
    assert_eq!(prompt.conversation, Conversation::InRequest);
    assert!(!prompt.fragment);
}

#[test]
fn chat_markers_split_and_are_no_text() {
    let prompt = jinja("<|im_start|>system\nA<|im_end|>\n<|im_start|>user\n{{ q }}<|im_end|>\n<|im_start|>assistant\n");
    assert_eq!(show_prompt(&prompt), ["system: A", "user: <q:request>"]);
}

#[test]
fn words_that_only_look_like_headers_do_not_split() {
    for text in [
        "Explain the user: {{ x }} and the system: {{ y }}",
        "user:\nonly one role",
        "Human: hello",
    ] {
        assert_eq!(jinja(text).messages.len(), 1, "{text}");
    }
}

#[test]
fn headers_in_arms_are_aligned_by_section() {
    let prompt = jinja("# system:\nS\n{% if image %}\n# user:\nlook\n# assistant:\nok\n{% else %}\n# user:\nread\n{% endif %}\n# user:\nend");
    assert_eq!(
        show_prompt(&prompt),
        [
            "system: S",
            "user: [look|read]",
            "assistant: [ok|]",
            "user: end"
        ]
    );
}

#[test]
fn a_text_around_what_the_call_is_about_is_a_users_message() {
    let section = |path: &str, text: &str| {
        let prompt = run(&[(path, text)]).prompts.remove(0);
        prompt.messages[0].section.clone()
    };
    let user = Section::Role("user".into());
    let about = "You are requested to fix issue {{ issue_number }}.\n{{ issue_body }}";
    assert_eq!(section("agent/fix.j2", about), user);
    let steady = "You are {{ agent_name }}. Help {{ user_name }}.";
    assert_eq!(section("agent/fix.j2", steady), Section::System);
    assert_eq!(section("agent/system.j2", about), Section::System);
    let raw = "You are a bot.\n{{ chat_history }}\nHuman: {{ question }}\n";
    assert_ne!(section("agent/raw.j2", raw), user);
}

#[test]
fn a_registered_partial_is_no_problem_and_a_missing_path_is() {
    let problems = |text: &str| run(&[("p.hbs", text)]).problems.len();
    assert_eq!(problems("Do this. {{> Helpers}} Then stop."), 0);
    assert_eq!(problems("Do this. {{> parts/helpers}} Then stop."), 1);
}

#[test]
fn a_template_without_headers_is_a_fragment_of_the_section_its_opening_says() {
    let prompt = jinja("You are a helper. {{ x }}");
    assert_eq!(prompt.messages[0].section, Section::System);
    assert!(prompt.fragment);
    assert_eq!(prompt.conversation, Conversation::None);
    let chat = run(&[("chat/p.j2", "You are a helper.")]);
    assert!(matches!(
        chat.prompts[0].conversation,
        Conversation::Evidence(_)
    ));
}

#[test]
fn a_comment_declares_the_class_of_a_name() {
    let text = "{# prefixlint: volatility(company)=constant #}{{ company }}{{ other }}";
    assert_eq!(pieces_of(text), "<company:constant><other:request>");
}

#[test]
fn limits_hold_on_hostile_templates() {
    let deep = "{% if a %}".repeat(3000);
    let wide = "{{ x }}y".repeat(6000);
    for text in [deep, wide] {
        let out = run(&[("p.j2", &text)]);
        assert!(value::count_pieces(&out.prompts[0].messages[0].blocks[0].pieces) <= 4097);
    }
}

fn draft(file: &SourceFile, blocks: Vec<(Option<Section>, Content)>) -> Draft {
    Draft {
        key: "k".into(),
        format: "test",
        span: Span::new(0, file.text.len()),
        target: Target::unknown(),
        settings: Vec::new(),
        messages: blocks
            .into_iter()
            .map(|(section, content)| DraftMessage {
                section,
                span: Span::new(0, 1),
                blocks: vec![DraftBlock {
                    content,
                    marker: None,
                }],
                stored: Stored::Unknown,
            })
            .collect(),
        bindings: vec![
            ("fixed".into(), Text::verbatim(&file.path, 0, "F"), true),
            (
                "sample".into(),
                Text::verbatim(&file.path, 0, "12345678"),
                false,
            ),
        ],
        threads: Vec::new(),
        rows: 0,
        recorded: false,
        fragment: false,
    }
}

fn run_draft(files: &[(&str, &str)], draft: Draft) -> Resolution {
    let memory = Memory::new(files);
    let inputs = vec![Parsed {
        file: memory.read(files[0].0).unwrap(),
        kind: ParsedKind::Document(Arc::new(Document {
            drafts: vec![draft],
            ..Document::default()
        })),
        explicit: false,
        by_name: false,
    }];
    let classifier = Arc::new(Classifier::new(&[]));
    resolve(inputs, &[], &memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    })
}

#[test]
fn a_draft_binds_fixed_values_and_sizes_samples() {
    let files = [
        ("d.yaml", "{{ fixed }} {{ sample }}"),
        ("p.j2", "file {{ fixed }}"),
    ];
    let file = SourceFile::new(files[0].0, files[0].1);
    let content = Content::Template(file.content(), Dialect::Jinja);
    let other = Content::File {
        name: "file://p.j2".into(),
        span: Span::new(0, 1),
        dialect: None,
    };
    let draft = draft(&file, vec![(Some(Section::System), content), (None, other)]);
    let out = run_draft(&files, draft);
    assert_eq!(out.prompts[0].id, "d.yaml#k");
    assert_eq!(
        show_prompt(&out.prompts[0]),
        ["system: F <sample:request>", "user: file F"]
    );
    assert_eq!(all_slots(&out.prompts[0])[0].size.tokens, 2);
    assert!(out.partial_of.contains_key("p.j2"));
}

#[test]
fn a_recorded_clock_is_a_value_and_a_template_that_sends_nothing_is_no_prompt() {
    let text = "Session started 2024-05-17T09:31:07Z. Be kind.";
    let file = SourceFile::new("b.json", text);
    let content = Content::Template(file.content(), Dialect::Plain);
    let mut recorded = draft(&file, vec![(Some(Section::System), content)]);
    recorded.recorded = true;
    let out = run_draft(&[("b.json", text)], recorded);
    let slots = all_slots(&out.prompts[0]);
    assert_eq!(slots.len(), 1);
    assert_eq!(slots[0].expr, "2024-05-17T09:31:07Z");
    assert_eq!(
        slots[0].volatility.origin,
        crate::volatility::Origin::MadeUp
    );
    let out = run(&[("m.j2", "{% macro a() %}x{% endmacro %}\n")]);
    assert!(out.prompts.is_empty());
}

#[test]
fn a_conversation_in_the_middle_of_a_message_is_text_of_it() {
    let prompt = jinja("system:\nRate this. Conversation:\n{{ conversation }}\nOutput:\n");
    assert_eq!(
        show_prompt(&prompt),
        ["system: Rate this. Conversation:\n<<conversation>>\nOutput:"]
    );
}

fn evidence(path: &str, text: &str) -> Conversation {
    run(&[(path, text)]).prompts.remove(0).conversation
}

#[test]
fn no_turns_are_assumed_behind_a_text_that_takes_the_newest_turn_in() {
    let system = "You are a helpful bot.\n{{ facts }}\n";
    let with_turn = format!("{system}Question: {{{{ question }}}}");
    assert!(matches!(
        evidence("chat/a.j2", system),
        Conversation::Evidence(_)
    ));
    assert_eq!(evidence("chat/a.j2", &with_turn), Conversation::None);
}

#[test]
fn role_headers_with_and_without_a_hash_stand_in_one_file() {
    let prompt = jinja("# system:\nBe brief.\n\nuser:\n{{ question }}");
    assert_eq!(
        show_prompt(&prompt),
        ["system: Be brief.", "user: <question:request>"]
    );
}
