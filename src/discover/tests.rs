use super::*;
use crate::workspace::Memory;

fn no_format(_: &str, _: &SourceFile) -> Option<(&'static str, String)> {
    None
}

fn no_rows(path: &Arc<str>, _: Box<dyn Read + '_>) -> Result<RowsRead, ReadError> {
    Ok((None, Arc::new(SourceFile::new(path, ""))))
}

const NONE: Formats<'static> = Formats {
    file: &no_format,
    rows: &no_rows,
};

/// Taken as found by a walk: `word | reason`.
fn taken(path: &str, text: &str) -> String {
    let ws = Memory::new(&[(path, text)]);
    let found = discover(&ws, &[PathArg::new("")], &Options::default());
    let Some(candidate) = found.candidates.first() else {
        return "not found".into();
    };
    let (taken, _) = take(&ws, candidate, NONE, false).unwrap();
    format!("{} | {}", taken.word(), taken.reason())
}

#[test]
fn templates_that_address_a_model_are_prompts() {
    for (path, text, expected) in [
        (
            "a/bot.j2",
            "You are a clerk of {{ shop }}.",
            "jinja: opens with \"You are\"",
        ),
        (
            "a/bot.jinja2",
            "---\nx: 1\n---\n{# c #}\n# Role\n\nYou are it.",
            "jinja: opens with \"You are\"",
        ),
        (
            "a/bot.hbs",
            "<role>\nYour task is to sort {{x}}.",
            "handlebars: opens with \"Your task is\"",
        ),
        (
            "a/bot.md.j2",
            "Today is {{ d }}. You are a clerk.",
            "jinja: opens with \"You are\"",
        ),
        (
            "a/bot.j2.txt",
            "**You are a clerk.**",
            "jinja: opens with \"You are\"",
        ),
        (
            "a/chat.jinja2",
            "# system:\nSort this.\n# user:\n{{q}}",
            "jinja: role header `# system:`",
        ),
        (
            "a/chat.jinja2",
            "system:\nSort this.\nuser:\n{{q}}",
            "jinja: role header `system:`",
        ),
        (
            "a/chat.mustache",
            "<|im_start|>system\nx",
            "mustache: chat marker `<|im_start|>`",
        ),
        (
            "a/chat.j2",
            "x {% for m in chat_history %}",
            "jinja: chat marker `{% for m in chat_history`",
        ),
        (
            "a/skprompt.txt",
            "Sum up: {{$input}}",
            "semantic-kernel: by its name",
        ),
        ("a/x.prompt", "Sum up: {{input}}", "dotprompt: by its name"),
        (
            "a/x.prompt",
            "Sum up: {{input}}{% if brief %} in one line{% endif %}",
            "jinja: by its name",
        ),
        (
            "prompts/sum.txt",
            "Sum up.\nDo not lie.\nContext: {c}",
            "braces: name and content say prompt",
        ),
        (
            "prompts/returns.j2",
            "{% extends \"base.j2\" %}\n{% block desk %}Returns.{% endblock %}",
            "jinja: its name says prompt, and it extends a template",
        ),
        (
            "src/system.md",
            "You are ${name}.",
            "dollar: opens with \"You are\"",
        ),
        (
            ".github/prompts/x.prompt.md",
            "You are a reviewer.",
            "plain: opens with \"You are\"",
        ),
    ] {
        assert_eq!(taken(path, text), format!("prompt | {expected}"), "{path}");
    }
}

#[test]
fn an_extension_alone_proves_nothing() {
    for (path, text, why) in [
        (
            "a/Dockerfile.j2",
            "FROM {{ base }}\nRUN x\n",
            "a template of a build or project file",
        ),
        (
            "a/image.j2",
            "FROM {{ base }}\nRUN x\n",
            "no prompt: Dockerfile",
        ),
        (
            "a/realm.json.tmpl",
            "{\"realm\": \"$REALM\", \"enabled\": true}",
            "no prompt: identity realm",
        ),
        ("README.md", "You are ${TOKEN}", "a page about the project"),
        (
            "prompts/README.md",
            "You are {x}",
            "a page about the project",
        ),
        (
            "chart/templates/x.tmpl",
            "a: {{ .Values.b }}",
            "no prompt: Helm chart",
        ),
        (
            "chart/templates/x.yaml",
            "a: {{ .Values.b }}",
            "document without a request",
        ),
        (".github/x.md", "You are", "not found"),
        (
            "skills/prompts/SKILL.md",
            "You are {x}",
            "a page about the project",
        ),
        (
            "skills/prompts/how.md",
            "You are {x}",
            "a documentation page",
        ),
        (
            "docs/prompts.md",
            "You are a reader.",
            "a documentation page",
        ),
        (
            "a/prompt-guide.md",
            "---\ntitle: Prompts\n---\nYou are right.",
            "no prompt: a documentation page",
        ),
        (
            "etc/site.tmpl",
            "server {\n  listen 80;\n}\n",
            "no prompt: web server configuration",
        ),
        (
            "mail/a.html.j2",
            "<!doctype html><p>You are in",
            "no prompt: HTML page",
        ),
        (
            "models/a.sql.j2",
            "select 1",
            "a template that writes code or settings",
        ),
        (
            "models/a.jinja",
            "select a from {{ ref('b') }}",
            "no prompt: SQL",
        ),
        (
            "gen/client.py.jinja2",
            "You are",
            "a template that writes code or settings",
        ),
        (
            "infra/main.tmpl",
            "resource \"x\" \"y\" {\n}\n",
            "no prompt: Terraform",
        ),
        (
            "t/a.j2",
            "{{ cookiecutter.name }}",
            "no prompt: a package template",
        ),
        (
            "m/llama.jinja",
            "{% if add_generation_prompt %}<|im_start|>",
            "no prompt: a model's chat template",
        ),
        (
            "a/vars.yml.j2",
            "system:\nx: 1\n",
            "no prompt: a template of a structured file",
        ),
        ("a/b.j2", "  \n", "empty"),
    ] {
        let result = taken(path, text);
        assert!(
            result == format!("skipped | {why}") || result == why,
            "{path}: {result}"
        );
    }
}

#[test]
fn letters_and_loose_templates_wait_for_a_loader() {
    for (path, text) in [
        (
            "mail/hello.hbs",
            "Hi {{name}},\nYou are receiving this letter because.",
        ),
        ("a/list.j2", "{% for x in xs %}- {{ x }}{% endfor %}"),
        ("prompts/foot.j2", "{{ x }}"),
        (
            "prompts/_rules.txt",
            "Do not lie. You must answer with JSON.",
        ),
        ("prompts/_style.prompt", "Be brief, {{name}}."),
        ("a/vars.j2", "user:\n  name: x\n"),
    ] {
        assert!(
            taken(path, text).starts_with("partial | "),
            "{path}: {}",
            taken(path, text)
        );
    }
}

#[test]
fn who_names_a_file_gets_it() {
    let ws = Memory::new(&[
        ("notes.md", "Hello {name}"),
        ("a.yaml", "x: 1"),
        ("b.py", "x"),
    ]);
    let take_named = |path: &str| {
        let (taken, file) = take(&ws, &Candidate::named(path), NONE, false).unwrap();
        (
            format!("{} | {}", taken.word(), taken.reason()),
            file.is_some(),
        )
    };
    assert_eq!(
        take_named("notes.md"),
        ("prompt | braces: named on the command line".into(), true)
    );
    assert_eq!(
        take_named("a.yaml").0,
        "skipped | document without a request"
    );
    assert_eq!(take_named("b.py"), ("code | python".into(), true));
    let mut found = discover(&ws, &[PathArg::new("")], &Options::default());
    found.filter(false, &|path| (path == "notes.md", path == "a.yaml"));
    let paths: Vec<&str> = found.candidates.iter().map(|c| &*c.path).collect();
    assert_eq!(paths, ["b.py", "notes.md"]);
    assert_eq!(*found.excluded, ["a.yaml".into()]);
    let (taken, _) = take(&ws, &found.candidates[1], NONE, false).unwrap();
    assert_eq!(taken.reason(), "braces: named in the config");
}

#[test]
fn named_files_stay_unless_exclusion_is_forced() {
    let ws = Memory::new(&[("a.j2", ""), ("node_modules/b.j2", "")]);
    let args = [PathArg::new("node_modules/b.j2"), PathArg::new("")];
    let mut found = discover(&ws, &args, &Options::default());
    assert_eq!(found.candidates.len(), 2);
    found.filter(false, &|_| (false, true));
    assert_eq!(found.candidates.len(), 1);
    assert!(found.candidates[0].named);
    found.filter(true, &|_| (false, true));
    assert!(found.candidates.is_empty());
}

#[test]
fn only_documents_with_a_request_are_handed_to_their_format() {
    let ws = Memory::new(&[
        ("a.json", "{\"messages\": []}"),
        ("b.json", "{\"name\": 1}"),
        ("c.yaml", "- role: user\n"),
        ("package.json", "{\"messages\": []}"),
        (".gemini/commands/d.toml", "prompt = 'x'"),
        ("e.toml", "prompt = 'x'"),
    ]);
    let format = |path: &str, _: &SourceFile| Some(("any", format!("by {path}")));
    let found = discover(&ws, &[PathArg::new("")], &Options::default());
    let prompts: Vec<String> = found
        .candidates
        .iter()
        .filter_map(|candidate| {
            let (taken, _) = take(
                &ws,
                candidate,
                Formats {
                    file: &format,
                    ..NONE
                },
                false,
            )
            .unwrap();
            matches!(taken, Taken::Prompt { .. }).then(|| taken.reason())
        })
        .collect();
    assert_eq!(
        prompts,
        [
            "any: by .gemini/commands/d.toml",
            "any: by a.json",
            "any: by c.yaml"
        ]
    );
}

#[test]
fn folders_of_others_and_dot_folders_are_not_entered() {
    let ws = Memory::new(&[
        ("node_modules/a.j2", ""),
        (".venv/a.j2", ""),
        (".git/a.j2", ""),
        ("target/a.j2", ""),
        (".github/workflows/a.yml", ""),
        (".github/prompts/a.md", ""),
        ("sub/.gemini/commands/x/a.toml", ""),
        ("sub/.hidden/a.j2", ""),
        ("x/.a.j2", ""),
        ("prefixlint.yaml", ""),
    ]);
    let found = discover(&ws, &[PathArg::new("")], &Options::default());
    let paths: Vec<&str> = found.candidates.iter().map(|c| &*c.path).collect();
    assert_eq!(
        paths,
        [".github/prompts/a.md", "sub/.gemini/commands/x/a.toml"]
    );
    assert_eq!(*found.configs, ["prefixlint.yaml".into()]);
    // What is named is entered.
    let found = discover(&ws, &[PathArg::new("sub/.hidden")], &Options::default());
    assert_eq!(found.candidates.len(), 1);
}

#[test]
fn tests_and_examples_are_judged_below_the_argument() {
    let ws = Memory::new(&[
        ("tests/demo/prompts/a.j2", ""),
        ("tests/x/examples/b.j2", ""),
    ]);
    let context = |argument: &str| {
        let found = discover(&ws, &[PathArg::new(argument)], &Options::default());
        found
            .candidates
            .iter()
            .map(Candidate::context)
            .collect::<Vec<_>>()
    };
    assert_eq!(context(""), [Context::Test, Context::Test]);
    assert_eq!(context("tests/demo/"), [Context::Production]);
    assert_eq!(context("tests/x"), [Context::Test]);
    assert_eq!(context("tests/demo/prompts/a.j2"), [Context::Production]);
    assert_eq!(context_of("src/test_prompt.py"), Context::Test);
    assert_eq!(context_of("src/prompt.spec.ts"), Context::Test);
    assert_eq!(context_of("src/contest.py"), Context::Production);
    assert_eq!(context_of("Chat.Core.Tests/a.prompty"), Context::Test);
    assert_eq!(context_of("web/docs-examples/a.prompty"), Context::Test);
    assert_eq!(context_of("libs/evals/a.prompty"), Context::Test);
    assert_eq!(context_of("src/shop/eval/a.py"), Context::Test);
    assert_eq!(context_of("agent-evals/a.py"), Context::Test);
    assert_eq!(context_of("latest/a.prompty"), Context::Production);
    assert_eq!(context_of("medieval/a.prompty"), Context::Production);
}

#[test]
fn missing_arguments_are_errors() {
    let found = discover(
        &Memory::default(),
        &[PathArg::new("gone.j2")],
        &Options::default(),
    );
    assert_eq!(found.errors[0].message, "no such file");
}

#[test]
fn the_language_of_plain_files_is_guessed() {
    for (text, expected) in [
        ("{% if x %}y{% endif %}", Dialect::Jinja),
        ("{{ x | upper }}", Dialect::Jinja),
        ("{{#if x}}y{{/if}}", Dialect::Handlebars),
        ("{{$input}}", Dialect::SemanticKernel),
        ("{{name}}", Dialect::Mustache),
        ("<step_{{number}}> of {limit}", Dialect::Braces),
        ("{{ number }} of {limit}", Dialect::Mustache),
        ("{{number}}: {{\n  \"a\": [{{more}}]\n}}", Dialect::Braces),
        ("{{number}}: {\n  \"a\": {{more}}\n}", Dialect::Mustache),
        ("{{number}} of {\"a\": 1} or ${limit}", Dialect::Mustache),
        ("Hi {name!r:>5}", Dialect::Braces),
        ("Hi {items[0]}", Dialect::Braces),
        ("Hi ${name}", Dialect::Dollar),
        ("Find flag{UUID}.", Dialect::Plain),
        ("Hi $name", Dialect::Dollar),
        ("Hi <%= name %>", Dialect::Erb),
        ("Hi <%- name %>", Dialect::Ejs),
        ("Hi <%- if a -%>x<%- end -%>", Dialect::Erb),
        ("{\"a\": 1}", Dialect::Plain),
        ("It costs $5.", Dialect::Plain),
    ] {
        assert_eq!(content::guess_dialect(text), expected, "{text}");
    }
}

#[test]
fn pages_that_steer_a_coding_agent_are_no_prompts() {
    for path in [
        "instructions/prompt.instructions.md",
        "agents/prompt-writer.agent.md",
    ] {
        let text = "You are an expert. Use `${selection}` where it helps.";
        assert!(!taken(path, text).starts_with("prompt"), "{path}");
    }
}

#[test]
fn code_of_tests_is_read_where_it_is_asked_for() {
    let text = "client.chat.completions.create(model=m)";
    let ws = Memory::new(&[
        ("app/tests/chat.py", text),
        ("app/chat.spec.ts", text),
        ("examples/chat.py", text),
    ]);
    let read = |argument: &str, suites: bool| -> Vec<String> {
        let found = discover(&ws, &[PathArg::new(argument)], &Options::default());
        let candidates = found.candidates.iter();
        candidates
            .filter(|candidate| take(&ws, candidate, NONE, suites).unwrap().1.is_some())
            .map(|candidate| candidate.path.to_string())
            .collect()
    };
    // Examples are programs; tests send what they were written to check.
    assert_eq!(read("", false), ["examples/chat.py"]);
    assert_eq!(read("", true).len(), 3);
    assert_eq!(read("app/tests", false), ["app/tests/chat.py"]);
    assert_eq!(read("app/chat.spec.ts", false), ["app/chat.spec.ts"]);
}
