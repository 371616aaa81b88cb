//! What a finding says beside its rule: how sure it is, what it is called, what it is worth, and what it rests on.

use prefixlint::engine::Analysis;
use prefixlint::finding::{Counted, Finding, Severity};
use prefixlint::volatility::Confidence;
use prefixlint::workspace::Memory;
use serde_json::json;

mod linting;

/// Lints files as `prefixlint check` in their folder would.
fn lint(files: &[(&str, &str)]) -> Analysis {
    linting::lint(&Memory::new(files), "a config")
}

fn of<'a>(analysis: &'a Analysis, rule: &str) -> Vec<&'a Finding> {
    let all = analysis.findings.iter();
    all.filter(|finding| finding.rule == rule).collect()
}

#[track_caller]
fn only<'a>(analysis: &'a Analysis, rule: &str) -> &'a Finding {
    let [one] = of(analysis, rule)[..] else {
        panic!("{rule}: {:#?}", analysis.findings);
    };
    one
}

/// Stable text of about this many tokens.
fn filler(tokens: usize) -> String {
    "word ".repeat(tokens)
}

fn prompty(model: &str, system: &str, user: &str) -> String {
    format!(
        "---\nname: t\nmodel:\n  api: chat\n  configuration:\n    type: openai\n    name: {model}\n---\nsystem:\n{system}\n\nuser:\n{user}\n"
    )
}

fn request(model: &str, system: &str, more: serde_json::Value) -> String {
    let mut body = json!({
        "model": model,
        "messages": [
            { "role": "system", "content": system },
            { "role": "user", "content": "{{ question }}" },
        ],
    });
    for (key, value) in more.as_object().expect("an object") {
        body[key] = value.clone();
    }
    serde_json::to_string_pretty(&body).expect("JSON")
}

#[test]
fn a_cause_is_named_by_what_it_is_without_its_spacing() {
    let text = filler(1500);
    let cause = |rule: &str, path: &str, source: &str| {
        let analysis = lint(&[(path, source)]);
        only(&analysis, rule).cause_text.clone()
    };
    let clock = prompty(
        "gpt-5.4",
        &format!("At {{{{ now()  |\n upper }}}}. {text}"),
        "{{q}}",
    );
    assert_eq!(
        cause("volatile-prefix", "a.prompty", &clock),
        "now() | upper"
    );
    let fork = format!(
        "{text}{{% if  mode  == 'plan' %}}Only plan.{{% else %}}Carry it out.{{% endif %}}"
    );
    let fork = prompty("gpt-5.4", &fork, "{{ history }}\n{{q}}");
    assert_eq!(
        cause("conditional-prefix", "a.prompty", &fork),
        "if mode == 'plan'"
    );
    let window = prompty("gpt-5.4", &text, "{{ history[-5:] }}\n{{ q }}");
    assert_eq!(
        cause("history-rewrite", "a.prompty", &window),
        "history history[-5:]"
    );
    let tail = request("gpt-5.6", &text, json!({}));
    let body = tail.replace(
        "{{ question }}",
        &format!("{{{{ question }}}} {}", filler(900)),
    );
    let unread = cause("unread-cache-write", "a.json", &body);
    assert!(
        unread.starts_with("text ") && unread.len() == 21,
        "{unread}"
    );
    let key = request(
        "gpt-5.4",
        &text,
        json!({ "prompt_cache_key": "{{ request_id }}" }),
    );
    assert_eq!(
        cause("volatile-cache-key", "a.json", &key),
        "setting prompt_cache_key"
    );
}

#[test]
fn a_day_in_front_is_noted_however_little_it_costs() {
    let config = (
        "prefixlint.yaml",
        "traffic: { calls-per-month: 50000000 }\n",
    );
    let at = |value: &str| {
        let source = prompty(
            "gpt-5.4",
            &format!("{{{{ {value} }}}} {}", filler(1500)),
            "{{q}}",
        );
        let analysis = lint(&[config, ("a.prompty", &source)]);
        of(&analysis, "volatile-prefix")
            .first()
            .map(|one| one.severity)
    };
    assert_eq!(at("now().strftime('%Y-%m-%d')"), Some(Severity::Note));
    assert_eq!(at("now().strftime('%Y-%m-%d %H')"), None);
}

#[test]
fn dollars_a_month_are_those_of_a_thousand_calls_times_the_configured_rate() {
    let source = prompty(
        "gpt-5.4",
        &format!("{{{{ now() }}}} {}", filler(1500)),
        "{{q}}",
    );
    let bare = lint(&[("a.prompty", &source)]);
    let saved = only(&bare, "volatile-prefix")
        .savings
        .clone()
        .expect("savings");
    assert_eq!((saved.usd_per_month, saved.basis), (None, "reference"));
    let config = ("prefixlint.yaml", "traffic: { calls-per-month: 300000 }\n");
    let configured = lint(&[config, ("a.prompty", &source)]);
    let saved = only(&configured, "volatile-prefix")
        .savings
        .clone()
        .expect("savings");
    let monthly = saved.usd_per_month.expect("configured");
    assert!(
        (monthly - saved.usd_per_1k_calls * 300.0).abs() < 1e-9,
        "{saved:?}"
    );
    assert!(saved.usd_per_1k_calls > 1.0, "{saved:?}");
}

#[test]
fn figures_rest_on_assumptions_where_something_stable_has_no_known_size() {
    let of = |system: &str| {
        let analysis = lint(&[("a.prompty", &prompty("gpt-5.4", system, "{{q}}"))]);
        analysis.prompts[0].counted
    };
    let counted = |system: &str| of(&format!("{system} {}", filler(1500)));
    // In front of more text a conversation is a value of the call.
    let behind = |system: &str| of(&format!("{} {system}", filler(1500)));
    assert_eq!(counted("Rules."), Counted::Exact);
    assert_eq!(counted("{{ question }}"), Counted::Exact);
    assert_eq!(counted("{% include 'missing.j2' %}"), Counted::Assumed);
    assert_eq!(
        counted("{% if a %}{% include 'missing.j2' %}{% endif %}"),
        Counted::Assumed
    );
    assert_eq!(
        counted("{% if a %}text{% else %}more{% endif %}"),
        Counted::Exact
    );
    assert_eq!(counted("{{ history }}"), Counted::Exact);
    assert_eq!(behind("{{ history }}"), Counted::Assumed);
    assert_eq!(
        behind("{% if a %}{{ history }}{% endif %}"),
        Counted::Assumed
    );
    assert_eq!(
        counted("{% for d in documents %}x{% endfor %}"),
        Counted::Exact
    );
}

#[test]
fn a_gain_that_rests_on_an_assumed_history_is_only_likely_and_on_a_transcript_only_possible() {
    let sure = |source: &str| only(&lint(&[("a.prompty", source)]), "volatile-prefix").confidence;
    let clock = |rest: &str| {
        prompty(
            "gpt-5.4",
            &format!("{{{{ now() }}}} {}", filler(1500)),
            rest,
        )
    };
    assert_eq!(sure(&clock("{{q}}")), Confidence::Certain);
    assert_eq!(sure(&clock("{{ history }}\n{{q}}")), Confidence::Likely);
    let transcript = |front: usize| {
        let user = format!(
            "{{{{ now() }}}} {}{{{{ history }}}}\n{{{{ q }}}}",
            filler(front)
        );
        prompty("gpt-5.4", "Rules.", &user)
    };
    assert_eq!(sure(&transcript(1500)), Confidence::Possible);
    assert_eq!(sure(&transcript(4000)), Confidence::Likely);
}

#[test]
fn a_prompt_just_below_the_minimum_warns_only_where_growing_pays_and_the_traffic_is_known() {
    let traffic = ("prefixlint.yaml", "traffic: { calls-per-month: 500000 }\n");
    let judged = |files: &[(&str, &str)]| {
        let analysis = lint(files);
        let one = only(&analysis, "prefix-below-minimum").clone();
        (one.severity, one.savings.is_some(), one.message)
    };
    let whole = |tokens| prompty("gpt-5.4", &filler(tokens), "{{q}}");
    let (severity, saves, message) = judged(&[traffic, ("a.prompty", &whole(850))]);
    assert_eq!((severity, saves), (Severity::Warning, true));
    assert!(
        message.contains("growing it to the minimum saves"),
        "{message}"
    );
    assert!(
        message.contains("short of the 1,024 that gpt-5.4 caches from"),
        "{message}"
    );
    // No traffic is known.
    let (severity, saves, message) = judged(&[("a.prompty", &whole(850))]);
    assert_eq!((severity, saves), (Severity::Note, false));
    assert!(!message.contains("growing"), "{message}");
    // More than a quarter is missing.
    let (severity, saves, _) = judged(&[traffic, ("a.prompty", &whole(700))]);
    assert_eq!((severity, saves), (Severity::Note, false));
    // Calls are too rare for the cache.
    let rare = ("prefixlint.yaml", "traffic: { calls-per-month: 100 }\n");
    let (severity, saves, _) = judged(&[rare, ("a.prompty", &whole(850))]);
    assert_eq!((severity, saves), (Severity::Note, false));
    // The request is not known.
    let alone = format!("You are a helper. {}\n{{{{ question }}}}\n", filler(850));
    let (severity, saves, message) = judged(&[traffic, ("prompts/a.j2", &alone)]);
    assert_eq!((severity, saves), (Severity::Note, false));
    assert!(message.starts_with("alone "), "{message}");
}

#[test]
fn growing_a_short_prompt_pays_from_a_size_that_the_traffic_decides() {
    let help = |tokens, calls: u32| {
        let config = format!("traffic: {{ calls-per-month: {calls} }}\n");
        let source = prompty("gpt-5.4", &filler(tokens), "{{q}}");
        let analysis = lint(&[("prefixlint.yaml", &config), ("a.prompty", &source)]);
        only(&analysis, "prefix-below-minimum").help.clone()
    };
    // Read almost always, at a tenth of the price: 1,024 / 10.
    assert!(
        help(200, 5_000_000).contains("growing it to 1,024"),
        "{}",
        help(200, 5_000_000)
    );
    assert!(
        help(200, 5_000_000).contains("pays from 102 tokens on"),
        "{}",
        help(200, 5_000_000)
    );
    assert!(
        help(50, 5_000_000).contains("does not pay below 102 tokens"),
        "{}",
        help(50, 5_000_000)
    );
    assert!(
        help(850, 100).contains("does not pay below"),
        "{}",
        help(850, 100)
    );
}

#[test]
fn a_routing_key_is_missed_where_a_whole_cached_request_is_called_faster_than_a_machine_takes() {
    let judged = |calls: Option<u32>, path: &str, source: &str| {
        let config = match calls {
            Some(calls) => format!("traffic: {{ calls-per-month: {calls} }}\n"),
            None => String::new(),
        };
        let analysis = lint(&[("prefixlint.yaml", &config), (path, source)]);
        assert_eq!(analysis.prompts.len(), 1);
        of(&analysis, "missing-cache-key").len()
    };
    let body = |tokens, more| request("gpt-5.4", &filler(tokens), more);
    // About 15 a minute, so 648,000 a month.
    assert_eq!(judged(Some(700_000), "a.json", &body(1500, json!({}))), 1);
    assert_eq!(judged(Some(600_000), "a.json", &body(1500, json!({}))), 0);
    assert_eq!(judged(None, "a.json", &body(1500, json!({}))), 0);
    assert_eq!(judged(Some(700_000), "a.json", &body(500, json!({}))), 0);
    let keyed = body(1500, json!({ "prompt_cache_key": "faq" }));
    assert_eq!(judged(Some(700_000), "a.json", &keyed), 0);
    let template = format!("You are a helper. {}\n{{{{ question }}}}\n", filler(1500));
    assert_eq!(judged(Some(700_000), "prompts/a.j2", &template), 0);
    let other = request("claude-sonnet-4-5", &filler(1500), json!({}));
    assert_eq!(judged(Some(700_000), "a.json", &other), 0);
}

#[test]
fn several_values_of_one_barrier_are_one_finding_that_names_them_all() {
    let system = format!("{{{{ user_name }}}} {{{{ now() }}}} {}", filler(1500));
    let analysis = lint(&[("a.prompty", &prompty("gpt-5.4", &system, "{{q}}"))]);
    let one = only(&analysis, "volatile-prefix");
    // The clock speaks, the name is pointed at, and so is what both strand.
    assert!(one.message.contains("`now()`"), "{}", one.message);
    let labels: Vec<&str> = one.labels.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(labels.len(), 2, "{labels:?}");
    assert!(
        labels[0].starts_with("`user_name` (user) stands here too"),
        "{labels:?}"
    );
    assert!(
        labels[1].ends_with("behind it cannot be shared"),
        "{labels:?}"
    );
    assert_eq!(
        analysis
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Warning)
            .count(),
        1
    );
}

#[test]
fn a_value_of_the_system_prompt_is_sent_behind_the_user_s_text() {
    let help = |model: &str, system: &str, user: &str| {
        let analysis = lint(&[("a.prompty", &prompty(model, system, user))]);
        only(&analysis, "volatile-prefix").help.clone()
    };
    let text = filler(1500);
    let behind = help("gpt-5.4", &format!("{{{{ now() }}}} {text}"), "{{q}}");
    assert!(
        behind.starts_with("send it in a block of its own behind the user's text"),
        "{behind}"
    );
    assert!(!behind.contains("breakpoint"), "{behind}");
    let within = help(
        "gpt-5.4",
        "Rules.",
        &format!("{{{{ now() }}}} {text} {{{{q}}}}"),
    );
    assert!(
        within.starts_with("move it behind the stable text of the user message"),
        "{within}"
    );
}

#[test]
fn a_breakpoint_behind_what_a_wrapper_hands_on_is_no_error() {
    let wrapper = |tools: &str| {
        format!(
            "import anthropic\n\nSYSTEM = \"\"\"{}\"\"\"\n\ndef send(params, question):\n    \
             client = anthropic.Anthropic()\n    \
             return client.messages.create(\n        model=\"claude-sonnet-5\",\n        max_tokens=9,\n        \
             tools={tools},\n        \
             system=[{{\"type\": \"text\", \"text\": SYSTEM, \"cache_control\": {{\"type\": \"ephemeral\"}}}}],\n        \
             messages=[{{\"role\": \"user\", \"content\": question}}],\n    )\n",
            filler(1500)
        )
    };
    let error = |source: &str| {
        let analysis = lint(&[("send.py", source)]);
        let found = of(&analysis, "volatile-breakpoint");
        found
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    };
    assert!(!error(&wrapper("[{\"name\": n} for n in params.named]")));
    let clock = wrapper("[{\"name\": \"look\", \"description\": str(time.time())}]");
    let analysis = lint(&[("send.py", &format!("import time\n{clock}"))]);
    assert_eq!(
        only(&analysis, "unstable-tools").severity,
        Severity::Warning
    );
}

#[test]
fn that_assumed_tools_could_be_cached_is_only_possible() {
    let source = |text: usize| {
        format!(
            "import anthropic\n\nSYSTEM = \"\"\"{}\"\"\"\n\ndef send(tools, question):\n    \
             client = anthropic.Anthropic()\n    \
             return client.messages.create(model=\"claude-sonnet-5\", max_tokens=9, tools=tools, system=SYSTEM, \
             messages=[{{\"role\": \"user\", \"content\": question}}])\n",
            filler(text)
        )
    };
    let sure = |text: usize| {
        let analysis = lint(&[("send.py", &source(text))]);
        let found = of(&analysis, "missing-breakpoint");
        found.iter().map(|f| f.confidence).max()
    };
    assert_eq!(sure(400), Some(Confidence::Possible));
    assert_eq!(sure(1500), Some(Confidence::Certain));
}

#[test]
fn a_wrapper_lacks_a_marker_for_sure_where_no_code_writes_one() {
    let wrapper = "import anthropic\n\nclient = anthropic.Anthropic()\n\n\
        def send(system, messages, tools):\n    return client.messages.create(model=\"claude-sonnet-5\", max_tokens=9, \
        system=system, tools=tools, messages=messages)\n";
    let severity = |other: &str| {
        let wrapper = format!("{wrapper}\n\ndef answer(reply):\n    return {{\"role\": \"assistant\", \"content\": reply}}\n");
        let analysis = lint(&[("send.py", &wrapper), ("other.py", other)]);
        let found = of(&analysis, "missing-breakpoint");
        found.iter().map(|f| f.severity).max()
    };
    assert_eq!(severity("import anthropic\n"), Some(Severity::Warning));
    // Whether its callers send conversations, or one question each, nothing says.
    let analysis = lint(&[("send.py", wrapper)]);
    let found = of(&analysis, "missing-breakpoint");
    assert_eq!(found.iter().map(|f| f.severity).max(), Some(Severity::Note));
    let marks = "import anthropic\nBLOCK = {\"type\": \"text\", \"text\": \"x\", \"cache_control\": {\"type\": \"ephemeral\"}}\n";
    assert_eq!(severity(marks), Some(Severity::Note));
}

#[test]
fn what_a_model_on_the_own_machine_reads_again_is_a_note() {
    let source = |head: &str| {
        format!(
            "{head}\nfrom datetime import datetime\n\nRULES = \"\"\"{}\"\"\"\n\n\
             def ask(question):\n    return client.chat(model=\"mistral-nemo\", messages=[\n        \
             {{\"role\": \"system\", \"content\": f\"It is {{datetime.now()}}. {{RULES}}\"}},\n        \
             {{\"role\": \"user\", \"content\": question}}])\n",
            filler(2500)
        )
    };
    let analysis = lint(&[(
        "ask.py",
        &source("import ollama\n\nclient = ollama.Client()"),
    )]);
    assert_eq!(only(&analysis, "volatile-prefix").severity, Severity::Note);
    assert!(of(&analysis, "missing-cache-key").is_empty());
}

#[test]
fn what_lacks_a_marker_is_told_with_the_call_that_sends_it() {
    let rules = format!("RULES = \"\"\"{}\"\"\"\n", filler(1500));
    let send = "import anthropic\nfrom rules import RULES\n\nclient = anthropic.Anthropic()\n\n\
        def send(question):\n    return client.messages.create(model=\"claude-sonnet-5\", max_tokens=9, system=RULES, \
        messages=[{\"role\": \"user\", \"content\": question}])\n";
    let analysis = lint(&[("rules.py", &rules), ("send.py", send)]);
    let found = only(&analysis, "missing-breakpoint");
    let places = found.labels.iter().map(|label| &*label.place.path);
    assert!(places
        .chain([&*found.place.path])
        .any(|path| path == "send.py"));
}

#[test]
fn a_split_for_what_is_one_users_is_a_note() {
    let source = |value: &str| {
        format!(
            "import anthropic\n\nRULES = \"\"\"{}\"\"\"\nclient = anthropic.Anthropic()\n\n\
             def send({value}, history):\n    return client.messages.create(model=\"claude-sonnet-5\", max_tokens=9, \
             system=RULES + {value}, messages=history)\n",
            filler(2500)
        )
    };
    let severity = |value: &str| {
        let analysis = lint(&[("send.py", &source(value))]);
        let found = of(&analysis, "unsplit-message");
        found.iter().map(|f| f.severity).max()
    };
    assert_eq!(severity("question"), Some(Severity::Warning));
    assert!(severity("user_name") <= Some(Severity::Note));
}

#[test]
fn the_calls_of_one_file_lack_the_key_for_one_reason() {
    let call = |name: &str| {
        format!(
            "def {name}(question):\n    return client.chat.complete(model=\"mistral-large-latest\", messages=[\n        \
             {{\"role\": \"system\", \"content\": RULES}}, {{\"role\": \"user\", \"content\": question}}])\n\n"
        )
    };
    let source = format!(
        "from mistralai import Mistral\n\nclient = Mistral()\nRULES = \"\"\"{}\"\"\"\n\n{}{}",
        filler(1500),
        call("ask"),
        call("ask_again")
    );
    let analysis = lint(&[("ask.py", &source)]);
    assert_eq!(only(&analysis, "missing-cache-key").prompts.len(), 2);
    let spread = source.replace("model=", "**options(), model=");
    let analysis = lint(&[("ask.py", &format!("from own import options\n{spread}"))]);
    assert!(of(&analysis, "missing-cache-key").is_empty());
}

#[test]
fn a_conversation_that_only_a_name_speaks_of_makes_no_warning_of_a_short_text() {
    let severity = |tokens: usize| {
        let text = format!(
            "You are a planner of journeys.\nGoals: {{{{ goals }}}}\n{}",
            filler(tokens)
        );
        let analysis = lint(&[("prompts/agent_system.jinja", &text)]);
        let found = of(&analysis, "variable-before-stable");
        found.iter().map(|f| f.severity).max()
    };
    assert_ne!(severity(300), Some(Severity::Warning));
    assert_eq!(severity(3000), Some(Severity::Warning));
}

/// A handler in Python that sends this system text in front of a conversation that is handed in.
fn handler(parts: &str) -> String {
    format!(
        "from datetime import datetime\nfrom openai import OpenAI\nclient = OpenAI()\n\
         RULES = 'Answer from the handbook. ' * 600\n\n\
         def handle(text, history, store):\n    parts = []\n{parts}    \
         messages = [{{'role': 'system', 'content': '\\n'.join(parts)}}] + history + [{{'role': 'user', 'content': text}}]\n    \
         return client.chat.completions.create(model='gpt-5.4', messages=messages)\n"
    )
}

#[test]
fn what_a_clock_costs_is_not_made_small_by_neighbours_of_which_nothing_is_sure() {
    let open = "    if store.load_extras():\n        parts.append('Extras.')\n    parts.append(store.render())\n";
    let clock = "    parts.append(f'At {datetime.now().isoformat()}')\n";
    let rules = "    parts.append(RULES)\n";
    let both = handler(&format!("{clock}{open}{rules}"));
    let share = |source: &str| {
        let analysis = lint(&[("app.py", source)]);
        let found = only(&analysis, "volatile-prefix").clone();
        assert_eq!(found.severity, Severity::Warning);
        found.savings.expect("a price").share
    };
    let alone = handler(&format!("{clock}{rules}"));
    let (both, alone) = (share(&both), share(&alone));
    assert!(both > alone * 0.9, "{both} of {alone}");
    // Without the clock nothing is sure, and nothing is loud.
    let analysis = lint(&[("app.py", &handler(&format!("{open}{rules}")))]);
    let loud = analysis
        .findings
        .iter()
        .filter(|f| f.severity > Severity::Note);
    assert_eq!(loud.count(), 0, "{:#?}", analysis.findings);
}

#[test]
fn forks_of_most_of_which_nothing_is_sure_are_a_note() {
    let mut forks = String::new();
    for n in 0..24 {
        forks.push_str(&format!(
            "    if store.find({n}):\n        parts.append('Part {n}.')\n"
        ));
    }
    let analysis = lint(&[(
        "app.py",
        &handler(&format!("{forks}    parts.append(RULES)\n")),
    )]);
    let found = only(&analysis, "conditional-prefix");
    assert_eq!(found.severity, Severity::Note);
    assert!(
        found.message.contains("over a million variants"),
        "{}",
        found.message
    );
}

/// The severities of the findings of one rule.
fn severities(source: &str, rule: &str) -> Vec<Severity> {
    let analysis = lint(&[("app.py", source)]);
    let found = of(&analysis, rule);
    found.iter().map(|found| found.severity).collect()
}

#[test]
fn a_condition_in_front_of_little_but_turns_is_loud_only_where_it_is_known_to_flip() {
    let opens = |condition: &str| {
        format!(
            "from openai import OpenAI\nclient = OpenAI()\n\n\
             def handle(text, history, store, mode):\n    parts = ['You help. ' * 600]\n    \
             if {condition}:\n        parts.append('Be short. ' * 40)\n    \
             messages = [{{'role': 'system', 'content': '\\n'.join(parts)}}] + history + [{{'role': 'user', 'content': text}}]\n    \
             return client.chat.completions.create(model='gpt-5.4', messages=messages)\n"
        )
    };
    let rule = "conditional-prefix";
    assert_eq!(
        severities(&opens("mode == 'plan'"), rule),
        [Severity::Warning]
    );
    assert!(!severities(&opens("len(text) > 9"), rule).contains(&Severity::Warning));
}

#[test]
fn what_gains_only_behind_an_edit_of_which_nothing_is_sure_is_as_unsure() {
    let text = |first: &str| {
        format!(
            "You are a reviewer.\n{}\n{{{{ {first} }}}}\n{}\n{{{{ user_instructions }}}}\n{}",
            filler(600),
            filler(1500),
            filler(1500)
        )
    };
    let loud = |source: &str| {
        let analysis = lint(&[("prompts/review.j2", source)]);
        let of_user = analysis.findings.iter().filter(|found| {
            found.severity > Severity::Note && found.message.starts_with("`user_instructions`")
        });
        of_user.count()
    };
    // Of a value whose name says nothing it is open whether it changes.
    assert_eq!(loud(&text("frobnication")), 0);
    let alone = format!(
        "You are a reviewer.\n{{{{ user_instructions }}}}\n{}",
        filler(3000)
    );
    assert_eq!(loud(&alone), 1);
}

#[test]
fn what_the_goals_of_an_agent_are_is_settled_when_it_starts() {
    let class = |name: &str| {
        let source = format!(
            "You are an agent.\n{{{{ {name} }}}}\n{}\n{{{{ chat_history }}}}\n",
            filler(3000)
        );
        let analysis = lint(&[("prompts/agent.j2", &source)]);
        only(&analysis, "variable-before-stable").volatility
    };
    assert_eq!(class("goals").map(|class| class.name()), Some("session"));
    assert_eq!(class("todo_list").map(|class| class.name()), Some("state"));
}

#[test]
fn an_option_that_takes_one_of_two_fixed_values_by_a_likely_mode_is_a_note() {
    let send = |condition: &str| {
        format!(
            "from openai import OpenAI\nclient = OpenAI()\nRULES = 'Answer from the handbook. ' * 600\n\n\
             def handle(question, mode, history):\n    effort = 'low'\n    if {condition}:\n        effort = 'high'\n    \
             return client.responses.create(model='gpt-5.4', reasoning={{'effort': effort}}, instructions=RULES, input=history + [{{'role': 'user', 'content': question}}])\n"
        )
    };
    let rule = "varying-setting";
    assert_eq!(severities(&send("mode == 'plan'"), rule), [Severity::Note]);
}

#[test]
fn what_every_caller_of_a_builder_settles_is_not_told_by_a_parameter_s_name() {
    let source = |call: &str| {
        format!(
            "RULES = 'Answer from the handbook. ' * 600\nHOUSE = 'We sell boots.'\n\n\
             def build_system_prompt(user_prompt):\n    parts = ['You help.']\n    \
             if user_prompt:\n        parts.append(user_prompt)\n    parts.append(RULES)\n    \
             return '\\n'.join(parts)\n\n{call}"
        )
    };
    let worst = |call: &str| {
        let analysis = lint(&[("app.py", &source(call))]);
        analysis.findings.iter().map(|found| found.severity).max()
    };
    assert_eq!(worst(""), Some(Severity::Warning));
    let settled = "def start():\n    return Agent(build_system_prompt(HOUSE))\n";
    assert_eq!(worst(settled), None);
    let mixed =
        format!("{settled}\ndef ask(question):\n    return Agent(build_system_prompt(question))\n");
    assert_eq!(worst(&mixed), Some(Severity::Warning));
}

/// A request of one function to a model that is named, over rules of so many words.
fn asks(before: &str, words: usize) -> String {
    format!(
        "import os, platform, secrets, getpass\nfrom datetime import datetime\nfrom pathlib import Path\nfrom openai import OpenAI\nclient = OpenAI()\n\
         RULES = '{}'\n\ndef ask(question, limit=None):\n{before}    return client.chat.completions.create(model='gpt-5.4', messages=[\n        \
         {{'role': 'system', 'content': text}}, {{'role': 'user', 'content': question}}])\n",
        filler(words)
    )
}

#[test]
fn an_id_that_fences_in_what_it_strands_cannot_be_moved() {
    let severity = |text: &str| {
        let source = asks(
            &format!("    nonce = secrets.token_hex(8)\n    text = {text}\n"),
            3000,
        );
        only(&lint(&[("app.py", &source)]), "volatile-prefix").severity
    };
    let fence = "f'Trust <r-{nonce}> alone. <r-{nonce}>{RULES}</r-{nonce}> Be brief.'";
    assert_eq!(severity(fence), Severity::Note);
    // In front only, or around less than what stands behind.
    let front = "f'Call {nonce}, that is {nonce}, so {nonce}. {RULES}'";
    assert_eq!(severity(front), Severity::Warning);
    let around = "f'<r-{nonce}>Be brief.</r-{nonce}> See <r-{nonce}>. {RULES}'";
    assert_eq!(severity(around), Severity::Warning);
    let clock = fence.replace("nonce", "datetime.now()");
    assert_eq!(severity(&clock), Severity::Warning);
}

#[test]
fn what_is_read_is_not_told_where_it_hangs_on_what_is_doubtful() {
    let message = |text: &str| {
        let source = asks(&format!("    text = {text}\n"), 3000);
        only(&lint(&[("app.py", &source)]), "volatile-prefix")
            .message
            .clone()
    };
    let sure = message("f'Now {datetime.now()}. {RULES}'");
    assert!(
        sure.contains("reads 0 of") && sure.contains("nothing of this prompt"),
        "{sure}"
    );
    let doubt = message("f'{platform.system()} {RULES} Now {datetime.now()}. {RULES}'");
    assert!(
        !doubt.contains("reads") && !doubt.contains("nothing of"),
        "{doubt}"
    );
    assert!(doubt.contains("the fix saves"), "{doubt}");
}

#[test]
fn whose_machine_it_is_changes_from_call_to_call_only_by_chance() {
    for value in ["Path.home()", "getpass.getuser()"] {
        let source = asks(
            &format!("    text = f'Home {{{value}}}. {{RULES}}'\n"),
            3000,
        );
        let found = lint(&[("app.py", &source)]);
        let told = only(&found, "variable-before-stable");
        assert_eq!(
            (told.confidence, told.severity),
            (Confidence::Possible, Severity::Note),
            "{value}"
        );
    }
}

#[test]
fn a_breakpoint_behind_a_value_that_is_told_itself_is_not_told_too() {
    let source = |first: &str| {
        format!(
            "import anthropic\nfrom datetime import datetime\nclient = anthropic.Anthropic()\nC = {{'type': 'ephemeral'}}\nRULES = '{}'\n\n\
             def ask(name, question, ticket_text):\n    text = f'For {{name}}. {{RULES}} {first} {{RULES}}'\n    \
             return client.messages.create(model='claude-sonnet-5', max_tokens=9, \
             system=[{{'type': 'text', 'text': text, 'cache_control': C}}], messages=[{{'role': 'user', 'content': [\
             {{'type': 'text', 'text': f'See {{ticket_text}}. {{RULES}}', 'cache_control': C}}]}}, {{'role': 'user', 'content': question}}])\n",
            filler(3000)
        )
    };
    let found = lint(&[("app.py", &source("Now {datetime.now()}."))]);
    assert_eq!(only(&found, "volatile-prefix").severity, Severity::Warning);
    assert!(
        of(&found, "volatile-breakpoint").is_empty(),
        "{:#?}",
        found.findings
    );
}

#[test]
fn a_page_that_only_its_name_makes_a_prompt_is_a_note_until_code_names_it() {
    let page = format!(
        "Check request ${{requestId}}.\nYou must read all of it. Do not skip a line.\n{}\n",
        filler(3000)
    );
    let code = "import anthropic\ndef load(name):\n    return open(f'plans/{name}.md').read()\n\
                def ask(question):\n    text = load('verification-prompts')\n    \
                return anthropic.Anthropic().messages.create(model='claude-sonnet-5', max_tokens=9, messages=[{'role': 'user', 'content': question}])\n";
    let severity = |path: &str, page: &str, code: &str| {
        let found = lint(&[(path, page), ("app.py", code)]);
        only(&found, "volatile-prefix").severity
    };
    let other = code.replace("verification-prompts", "others");
    let path = "plans/verification-prompts.md";
    assert_eq!(severity(path, &page, &other), Severity::Note);
    assert_eq!(
        severity(
            path,
            &page,
            &code.replace(
                "load('verification-prompts')",
                "find('verification-prompts')"
            )
        ),
        Severity::Warning
    );
    // Beyond doubt by its text, or by the whole of its name.
    let plain = format!("You are a checker of plans.\n{page}");
    assert_eq!(severity(path, &plain, &other), Severity::Warning);
    assert_eq!(
        severity("plans/verification.prompt.md", &page, &other),
        Severity::Warning
    );
}
