//! What each piece of a prompt becomes on the wire. Tokens are words here; the last one goes with the value behind it.

use std::sync::Arc;

use super::{build, Count, Kind, Layout};
use crate::config::Assume;
use crate::prompt::*;
use crate::providers::{Framing, Match, Model, Table};
use crate::reads::Reads;
use crate::source::{Place, Text};
use crate::volatility::{Class, Confidence, Key, Origin, Volatility};

struct Words;

impl Count for Words {
    fn count(&self, text: &str) -> f64 {
        text.split_whitespace().count() as f64
    }
    fn stable(&self, text: &str) -> (f64, f64) {
        let all = self.count(text);
        ((all - 1.0).max(0.0), all)
    }
}

fn place() -> Place {
    Place::new(&"a".into(), 0, 1)
}

fn text(words: &str) -> Piece {
    Piece::Text(Text::verbatim(&"a".into(), 0, words))
}

fn of(class: Class) -> Volatility {
    Volatility::new(class, Origin::Outside, Confidence::Likely, "")
}

fn slot(class: Class) -> Piece {
    Piece::Slot(Slot {
        expr: format!("a_{}", class.name()).into(),
        place: place(),
        volatility: of(class),
        trace: Vec::new(),
        size: Size {
            tokens: 10,
            assumed: false,
        },
    })
}

fn branch(class: Class, arms: &[&str]) -> Piece {
    Piece::Branch(Branch {
        condition: "c".into(),
        id: 7,
        place: place(),
        volatility: of(class),
        arms: Arc::new(arms.iter().map(|arm| vec![text(arm)]).collect()),
    })
}

fn repeat(class: Class, body: Vec<Piece>) -> Repeat {
    Repeat {
        over: "list".into(),
        place: place(),
        volatility: of(class),
        body,
        rounds: 3,
        unordered: false,
    }
}

fn history(rewritten: Option<bool>) -> Piece {
    Piece::History(History {
        expr: "history".into(),
        place: place(),
        rewritten: rewritten.map(|only_at_limit| Rewrite {
            place: place(),
            how: "[-6:]".into(),
            only_at_limit,
            keeps: None,
        }),
    })
}

fn message(section: Section, pieces: Vec<Piece>) -> Message {
    Message {
        section,
        blocks: vec![Block {
            pieces,
            marker: None,
        }],
        place: place(),
        stored: Stored::Unknown,
    }
}

fn user() -> Section {
    Section::Role("user".into())
}

fn prompt(messages: Vec<Message>) -> Prompt {
    Prompt {
        id: "a".into(),
        origin: place(),
        format: "template",
        target: Target::unknown(),
        settings: Vec::new(),
        messages,
        fragment: false,
        conversation: Conversation::None,
        rows: 1,
        looped: None,
        recorded: false,
        open_options: false,
        marks_elsewhere: false,
        agent: false,
        never_marked: false,
        surely_unmarked: false,
        marked_whole: false,
        speaks_of_turns: false,
        one_off: false,
        unloaded: false,
        inherited_by: Vec::new(),
        reads: Reads::default(),
    }
}

fn setting(name: &str, piece: Piece) -> Setting {
    Setting {
        name: name.into(),
        pieces: vec![piece],
        place: place(),
    }
}

fn model(id: &str) -> Model {
    Table::embedded().resolve(None, Some(id), (2026, 11, 22))
}

/// A model that matches at marks, frames nothing, and has two tokens where the counting encoding has one.
fn plain() -> Model {
    let mut model = model("claude-sonnet-4");
    model.framing = Framing::default();
    model.tokenizer.typical = 2.0;
    model
}

fn laid(prompt: &Prompt, model: &Model) -> Layout {
    build(prompt, model, &Assume::default(), &Words)
}

/// Each segment as `what tokens`.
fn show(layout: &Layout) -> Vec<String> {
    let segments = layout.segments.iter();
    segments
        .map(|segment| {
            let what = match &segment.kind {
                Kind::Framing => "frame".into(),
                Kind::Text { .. } => "text".into(),
                Kind::Value { expr, .. } => expr.clone(),
                Kind::Fork { covers, .. } => format!("fork({covers})"),
                Kind::History { .. } => "history".into(),
                Kind::Growth => "growth".into(),
                Kind::Media => "media".into(),
                Kind::Setting { name, .. } => format!("setting {name}"),
            };
            format!("{what} {}", segment.tokens)
        })
        .collect()
}

/// The segments of one user message for a model without frames.
fn shown(pieces: Vec<Piece>) -> Vec<String> {
    show(&laid(&prompt(vec![message(user(), pieces)]), &plain()))
}

#[test]
fn the_last_words_of_a_run_go_with_the_value_behind_it() {
    let found = shown(vec![
        text("one two three "),
        slot(Class::User),
        text(" four five"),
    ]);
    assert_eq!(found, ["text 2", "a_user 21", "text 2"]);
}

#[test]
fn a_value_of_the_deployment_is_part_of_the_run() {
    let found = shown(vec![
        text("one two "),
        slot(Class::Deploy),
        text(" three four"),
    ]);
    assert_eq!(found, ["text 24"]);
    assert_eq!(shown(vec![slot(Class::Deploy)]), ["text 20"]);
}

#[test]
fn a_fork_covers_its_longest_arm() {
    let long = "a much longer arm of words";
    let found = shown(vec![
        text("one two "),
        branch(Class::User, &["short", long]),
        text("behind"),
    ]);
    assert_eq!(found, ["text 1", "fork(1) 1", "text 5", "text 1"]);
    // One that the deployment decides is no fork, nor is one with a single arm.
    assert_eq!(
        shown(vec![branch(Class::Deploy, &["short", long])]),
        ["text 6"]
    );
    assert_eq!(shown(vec![branch(Class::User, &[long])]), ["text 6"]);
}

#[test]
fn a_fork_on_state_flips_and_one_of_many_arms_on_a_call_is_a_value_of_the_call() {
    let key = |class, arms: usize| {
        let words = vec!["word"; arms];
        let prompt = prompt(vec![message(user(), vec![branch(class, &words)])]);
        laid(&prompt, &plain()).segments[0].key.clone()
    };
    assert_eq!(key(Class::State, 2), Key::branch(7, 2, true));
    assert_eq!(key(Class::User, 3), Key::branch(7, 3, false));
    assert_eq!(key(Class::Request, 8), Key::branch(7, 8, false));
    assert_eq!(key(Class::Request, 9), Key::of(Class::Request, 7));
}

#[test]
fn a_loop_is_its_rounds_and_as_volatile_as_what_it_holds() {
    let body = || vec![text("item of "), slot(Class::User)];
    let stable = repeat(Class::Constant, vec![text("two words")]);
    assert_eq!(
        shown(vec![text("one "), Piece::Repeat(stable.clone())]),
        ["text 7"]
    );
    let found = shown(vec![
        text("one two "),
        Piece::Repeat(repeat(Class::Constant, body())),
    ]);
    // (1 + 1 + 20) tokens, three times, and the last word of the run.
    assert_eq!(found, ["text 1", "list 67"]);
    let laid_out = |repeat: Repeat| {
        let prompt = prompt(vec![message(user(), vec![Piece::Repeat(repeat)])]);
        laid(&prompt, &plain())
    };
    let inner = laid_out(repeat(Class::Tenant, body()));
    assert_eq!(inner.segments[0].key.scope, Class::User.scope());
    let shuffled = laid_out(Repeat {
        unordered: true,
        ..stable
    });
    assert_eq!(shuffled.segments[0].key.scope, Class::Unique.scope());
    let origin = shuffled.segments[0].volatility().map(|v| v.origin);
    assert_eq!(origin, Some(Origin::Order));
}

#[test]
fn behind_a_history_the_next_call_has_new_turns() {
    let layout = |rewritten| {
        let prompt = prompt(vec![message(
            user(),
            vec![history(rewritten), text("behind")],
        )]);
        laid(&prompt, &plain())
    };
    assert_eq!(show(&layout(None)), ["history 4000", "growth 0", "text 1"]);
    let key = |rewritten| layout(rewritten).segments[0].key.clone();
    assert_eq!(key(None), Key::of(Class::Session, 0));
    assert_eq!(
        key(Some(false)),
        Key::of(Class::Request, 0),
        "slides on every turn"
    );
    assert_eq!(
        key(Some(true)),
        Key::of(Class::Session, 0),
        "acts at the limit"
    );
    assert_eq!(layout(None).segments[1].key, Key::of(Class::Request, 0));
}

#[test]
fn an_image_is_a_piece_of_unknown_size() {
    let media = |class| {
        let media = Piece::Media(Media {
            place: place(),
            key: "photo".into(),
            volatility: of(class),
        });
        laid(
            &prompt(vec![message(user(), vec![text("look at "), media])]),
            &plain(),
        )
    };
    assert_eq!(show(&media(Class::Request)), ["text 1", "media 200"]);
    assert_eq!(
        media(Class::Request).segments[1].key,
        Key::of(Class::Request, 0)
    );
    assert!(media(Class::Constant).segments[1].is_stable());
}

#[test]
fn tools_come_first_and_the_system_prompt_where_the_provider_takes_it_apart() {
    let prompt = prompt(vec![
        message(user(), vec![text("u")]),
        message(Section::System, vec![text("s")]),
        message(Section::Tools, vec![text("t")]),
    ]);
    let sections = |model: &Model| -> Vec<String> {
        let layout = laid(&prompt, model);
        let messages = layout.messages.iter();
        messages.map(|m| m.section.name().to_string()).collect()
    };
    let mut model = plain();
    model.system_apart = true;
    assert_eq!(sections(&model), ["tools", "system", "user"]);
    model.system_apart = false;
    assert_eq!(sections(&model), ["tools", "user", "system"]);
}

#[test]
fn every_message_has_its_frame() {
    let m = model("gpt-5.4");
    let tools = Message {
        blocks: ["one", "two"]
            .map(|tool| Block {
                pieces: vec![text(tool)],
                marker: None,
            })
            .to_vec(),
        ..message(Section::Tools, vec![])
    };
    let found = laid(&prompt(vec![tools, message(user(), vec![text("u")])]), &m);
    let frame = m.framing.tools_prompt + 2 * m.framing.per_tool;
    let want = [
        format!("frame {frame}"),
        "text 1".into(),
        "text 1".into(),
        format!("frame {}", m.framing.per_message),
        "text 1".into(),
    ];
    assert_eq!(show(&found), want);
    assert!(frame > 0 && m.framing.per_message > 0);
}

#[test]
fn a_fragment_with_evidence_is_followed_by_turns_and_a_question() {
    let mut p = prompt(vec![message(Section::System, vec![text("s")])]);
    p.conversation = Conversation::Evidence("history".into());
    let m = plain();
    assert_eq!(show(&laid(&p, &m)), ["text 1"], "a whole request");
    p.fragment = true;
    let want = ["text 1", "history 4000", "growth 0", "the question 100"];
    assert_eq!(show(&laid(&p, &m)), want);
    // A user message is kept as it was sent.
    p.messages[0].section = user();
    assert_eq!(show(&laid(&p, &m)), ["text 1"]);
}

#[test]
fn a_source_that_cannot_show_marks_is_taken_to_be_marked() {
    let m = plain();
    let mut p = prompt(vec![message(Section::System, vec![text("s")])]);
    p.fragment = true;
    assert!(laid(&p, &m).assumed_marks);
    assert!(!laid(&p, &model("gpt-5.4")).assumed_marks);
    let mut marked = p.clone();
    marked.messages[0].blocks[0].marker = Some(Marker::once(place(), Some(60), MarkerHow::Literal));
    let found = laid(&marked, &m);
    assert!(!found.assumed_marks);
    assert_eq!(found.marks[0].ttl, Some(60));
    assert_eq!(found.mark_offset(&found.marks[0]), 1.0);
    // A request body shows its marks, or that it has none.
    p.fragment = false;
    p.target.api = Some("messages");
    assert!(!laid(&p, &m).assumed_marks);
}

#[test]
fn an_automatic_mark_stands_behind_the_last_block_that_has_none() {
    let m = plain();
    let mut p = prompt(vec![message(user(), vec![text("one two")])]);
    p.settings = vec![
        setting("cache_control.type", text("ephemeral")),
        setting("cache_control.ttl", text("1h")),
    ];
    let found = laid(&p, &m);
    assert_eq!(found.marks.len(), 1);
    assert_eq!(found.marks[0].ttl, Some(60));
    assert_eq!(found.mark_offset(&found.marks[0]), 2.0);
    p.settings[1] = setting("cache_control.ttl", text("5m"));
    assert_eq!(laid(&p, &m).marks[0].ttl, Some(5));
    p.messages[0].blocks[0].marker = Some(Marker::once(place(), None, MarkerHow::Literal));
    assert_eq!(laid(&p, &m).marks.len(), 1);
}

#[test]
fn explicit_mode_is_read_from_the_option() {
    let m = model("gpt-5.6");
    let mut p = prompt(vec![message(user(), vec![text("u")])]);
    assert!(!laid(&p, &m).explicit_only);
    p.settings = vec![setting("prompt_cache_options.mode", text("explicit"))];
    assert!(laid(&p, &m).explicit_only);
    p.settings = vec![setting("prompt_cache_options.mode", text("implicit"))];
    assert!(!laid(&p, &m).explicit_only);
}

#[test]
fn a_setting_of_the_key_stands_at_its_tier_if_it_varies() {
    let mut m = plain();
    m.matching = Match::Steps { step: 1 };
    m.cache_key = Some("routing".into());
    m.key_settings = vec![
        ("a".into(), "tools".into()),
        ("b".into(), "system".into()),
        ("c".into(), "messages".into()),
        ("model".into(), "tools".into()),
    ];
    let mut p = prompt(vec![
        message(Section::Tools, vec![text("t")]),
        message(Section::System, vec![text("s")]),
        message(user(), vec![text("u")]),
    ]);
    let varies = |name| setting(name, slot(Class::Request));
    p.settings = ["c", "b", "a", "routing", "model", "other"]
        .map(varies)
        .to_vec();
    let want = [
        "setting a 0",
        "setting routing 0",
        "text 1",
        "setting b 0",
        "text 1",
        "setting c 0",
        "text 1",
    ];
    assert_eq!(show(&laid(&p, &m)), want);
    p.settings = vec![setting("a", text("fixed"))];
    assert_eq!(show(&laid(&p, &m)), ["text 1", "text 1", "text 1"]);
}

#[test]
fn a_response_schema_is_sent_with_its_tokens() {
    let mut m = plain();
    m.key_settings = vec![("response_format".into(), "tools".into())];
    let mut p = prompt(vec![message(user(), vec![text("u")])]);
    p.settings = vec![setting("response_format", text("a schema of words"))];
    assert_eq!(show(&laid(&p, &m)), ["text 4", "text 1"]);
}

#[test]
fn parts_of_other_files_are_known_where_they_stand() {
    let mut m = plain();
    m.minimum = 8;
    let other = Piece::Text(Text::verbatim(&"b".into(), 0, "a part of another file "));
    let p = prompt(vec![message(
        user(),
        vec![text("some words here "), other, text("end")],
    )]);
    let found = laid(&p, &m);
    let parts: Vec<(f64, f64)> = found.parts.iter().map(|p| (p.at, p.tokens)).collect();
    assert_eq!(parts, [(0.0, 3.0), (3.0, 5.0)]);
    assert!(found.parts.iter().all(|part| part.segment == 0));
    // One text is the run itself, as it stands in front of a value.
    let p = prompt(vec![message(
        user(),
        vec![text("some words here "), slot(Class::User)],
    )]);
    let found = laid(&p, &m);
    assert_eq!((found.parts.len(), found.parts[0].tokens), (1, 2.0));
}

#[test]
fn a_request_without_the_key_that_its_model_needs_is_unkeyed() {
    let mut m = model("gpt-5.4");
    m.cache_key = Some("routing".into());
    m.rate_per_key = Some(0.0);
    let mut p = prompt(vec![message(user(), vec![text("u")])]);
    assert!(!laid(&p, &m).unkeyed, "the request is not at hand");
    p.target.api = Some("chat");
    assert!(laid(&p, &m).unkeyed);
    p.settings = vec![setting("routing", text("fixed"))];
    assert!(!laid(&p, &m).unkeyed);
    p.settings.clear();
    p.open_options = true;
    assert!(!laid(&p, &m).unkeyed, "what is spread may hold it");
    p.open_options = false;
    m.rate_per_key = Some(15.0);
    assert!(!laid(&p, &m).unkeyed);
}
