//! Read sets, and the runs that go by them: hooks with `--affected`, changes with `--changed-since`.

use std::fs;

mod project;
mod schema;
mod shop;

use project::{rules, Project};
use shop::{commit, git, ids, reads, repository, shop, since};

#[test]
fn a_prompt_says_what_it_was_resolved_from() {
    let project = shop("reads");
    project.write("app/prefixlint.yaml", "extend: ../shared.yaml\n");
    project.write("shared.yaml", "model: gpt-5.4\n");
    let report = project.json(&["--show-prompts"]);
    let schema = schema::Schema::new(include_str!("../schemas/prefixlint-output.schema.json"));
    assert_eq!(schema.wrong("", &report), [""; 0]);
    let (files, sought) = reads(&report, "app/send.py#ask");
    let expected = [
        "app/clock.py",
        "app/limits.py",
        "app/prefixlint.yaml",
        "app/rules.md",
        "app/send.py",
        "app/texts.py",
        "shared.yaml",
    ];
    assert_eq!(files, expected);
    assert!(!sought.iter().any(|path| path == "app/unrelated.py"));
    let (files, _) = reads(&report, "prompts/page.j2");
    assert_eq!(files, ["prompts/head.j2", "prompts/page.j2"]);
}

#[test]
fn callers_and_what_fills_a_template_are_read() {
    let project = Project::empty("callers");
    let rules = rules();
    project.write(
        "lib/send.py",
        "from openai import OpenAI\n\n\ndef deliver_prompt(system, question):\n    messages = [{\"role\": \"system\", \"content\": system}, \
         {\"role\": \"user\", \"content\": question}]\n    return OpenAI().chat.completions.create(model=\"gpt-5.4\", messages=messages)\n",
    );
    project.write(
        "jobs/nightly.py",
        &format!(
            "from lib.send import deliver_prompt\n\nSYSTEM = \"\"\"{rules}\"\"\"\n\n\ndef run_nightly(question):\n    \
             return deliver_prompt(SYSTEM, question)\n"
        ),
    );
    let report = project.json(&["--show-prompts"]);
    let (files, _) = reads(&report, "lib/send.py#deliver_prompt");
    assert_eq!(files, ["jobs/nightly.py", "lib/send.py"]);

    project.write(
        "web/render.py",
        "from datetime import datetime\nfrom jinja2 import Environment, FileSystemLoader\n\nenv = Environment(loader=FileSystemLoader(\"web/prompts\"))\n\n\n\
         def build_prompt():\n    return env.get_template(\"page.j2\").render(when=datetime.now())\n",
    );
    project.write(
        "web/prompts/page.j2",
        &format!("You are a support agent. It is {{{{ when }}}}.\n{rules}\n"),
    );
    let report = project.json(&["--show-prompts"]);
    let (files, _) = reads(&report, "web/render.py#build_prompt");
    assert_eq!(files, ["web/prompts/page.j2", "web/render.py"]);
    // A template that is a prompt of its own is as code fills it.
    project.write("prefixlint.yaml", "include: [\"web/prompts/**\"]\n");
    let report = project.json(&["--show-prompts"]);
    let (files, _) = reads(&report, "web/prompts/page.j2");
    let expected = ["prefixlint.yaml", "web/prompts/page.j2", "web/render.py"];
    assert_eq!(files, expected);
}

#[test]
fn named_files_show_the_prompts_that_read_them() {
    let project = shop("affected");
    let shown = |path: &str| {
        let report = project.json(&["--show-prompts", "--affected", path]);
        ids(&report)
            .iter()
            .map(|id| (*id).to_string())
            .collect::<Vec<_>>()
    };
    let send = ["app/send.py#ask"];
    for path in [
        "app/send.py",
        "app/limits.py",
        "app/clock.py",
        "app/rules.md",
        "app/gone.py",
    ] {
        assert_eq!(shown(path), send, "{path}");
    }
    assert_eq!(shown("prompts/head.j2"), ["prompts/page.j2"]);
    assert_eq!(shown("prompts"), ["prompts/other.j2", "prompts/page.j2"]);
    assert_eq!(shown("app/unrelated.py"), [""; 0]);

    // Findings of other prompts are not shown, though they are there.
    let run = project.run(&[
        "check",
        "--affected",
        "prompts/head.j2",
        "--output-format",
        "concise",
    ]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("head.j2:1:"), "{}", run.out);
    assert!(!run.out.contains("other.j2"), "{}", run.out);
    // From a folder below, paths read from there.
    let run = project.run_in(
        "prompts",
        &[
            "check",
            "--affected",
            "head.j2",
            "--output-format",
            "concise",
        ],
        None,
    );
    assert!(run.out.starts_with("head.j2:1:"), "{}{}", run.out, run.err);

    // A helper of another file that begins to tell the time breaks the request.
    assert_eq!(
        project
            .run(&[
                "check",
                "--affected",
                "--select",
                "volatile-prefix",
                "app/clock.py"
            ])
            .code,
        0
    );
    project.write(
        "app/clock.py",
        "from datetime import datetime\n\n\ndef today():\n    return str(datetime.now())\n",
    );
    let run = project.run(&[
        "check",
        "--affected",
        "--select",
        "volatile-prefix",
        "app/clock.py",
    ]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
}

#[test]
fn a_hook_that_is_not_concerned_says_nothing() {
    let project = shop("silent");
    project.write("README.md", "You are welcome.\n");
    fs::write(project.0.join("logo.png"), [0u8, 1, 2]).unwrap();
    project.write("prefixlint.yaml", "exclude: [\"prompts/**\"]\n");
    for arguments in [
        &["README.md"][..],
        &["app/unrelated.py"],
        &["logo.png"],
        &["logo.png", "README.md"],
        &["--force-exclude", "prompts/other.j2"],
        &["no/such/file.txt"],
    ] {
        let run = project.run(&[&["check", "--affected"], arguments].concat());
        assert_eq!(
            (run.code, run.out.as_str(), run.err.as_str()),
            (0, "", ""),
            "{arguments:?}"
        );
    }
    // For machines there is a document all the same.
    let report = project.json(&["--affected", "README.md"]);
    assert_eq!(report["summary"]["prompts"], 0);
    let outside = project.run(&["check", "--affected", "../x.py"]);
    assert_eq!(outside.code, 2);
    assert!(outside.err.contains("outside of"), "{}", outside.err);
}

#[test]
fn the_files_that_an_alias_stands_in_are_read() {
    let project = Project::empty("aliases");
    project.write(
        "web/tsconfig.json",
        "{ \"extends\": \"./tsconfig.paths.json\", \"compilerOptions\": { \"strict\": true } }",
    );
    project.write(
        "web/tsconfig.paths.json",
        "{ \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@/*\": [\"src/*\"] } } }",
    );
    project.write("package.json", "{ \"workspaces\": [\"packages/*\"] }");
    project.write(
        "packages/texts/package.json",
        "{ \"name\": \"@shop/texts\" }",
    );
    project.write(
        "packages/texts/src/index.ts",
        &format!("export const RULES = `{}`;\n", rules()),
    );
    project.write("web/src/clock.ts", "export const today = () => \"\";\n");
    project.write(
        "web/src/ask.ts",
        "import OpenAI from \"openai\";\nimport { today } from \"@/clock\";\nimport { RULES } from \"@shop/texts\";\n\n\
         export function ask(question: string) {\n  const messages = [{ role: \"system\", content: today() + RULES }, \
         { role: \"user\", content: question }];\n  \
         return new OpenAI().chat.completions.create({ model: \"gpt-5.4\", messages });\n}\n",
    );
    let report = project.json(&["--show-prompts"]);
    let (files, _) = reads(&report, "web/src/ask.ts#ask");
    let expected = [
        "packages/texts/package.json",
        "packages/texts/src/index.ts",
        "web/src/ask.ts",
        "web/src/clock.ts",
        "web/tsconfig.json",
        "web/tsconfig.paths.json",
    ];
    // The root's manifest leads nowhere: an edit of it touches nothing.
    assert_eq!(files, expected);
}

#[cfg(unix)]
#[test]
fn a_file_behind_a_link_is_read_by_what_reads_the_link() {
    let project = shop("links");
    fs::remove_file(project.0.join("prompts/head.j2")).unwrap();
    project.write(
        "shared/head.j2",
        &format!("It is {{{{ now() }}}}.\n{}", rules()),
    );
    std::os::unix::fs::symlink("../shared/head.j2", project.0.join("prompts/head.j2")).unwrap();
    for path in ["shared/head.j2", "prompts/head.j2"] {
        let report = project.json(&["--show-prompts", "--affected", path]);
        assert_eq!(ids(&report), ["prompts/page.j2"], "{path}");
    }
    let report = project.json(&["--show-prompts", "--affected", "prompts/other.j2"]);
    assert_eq!(ids(&report), ["prompts/other.j2"]);
}

#[test]
fn comments_are_written_into_what_is_affected_wherever_the_run_starts() {
    let project = shop("ignored");
    let arguments = [
        "check",
        "--affected",
        "other.j2",
        "--add-ignore",
        "a reason",
    ];
    let run = project.run_in("prompts", &arguments, None);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let text = |path: &str| fs::read_to_string(project.0.join(path)).unwrap();
    assert!(text("prompts/other.j2").contains("prefixlint: ignore[volatile-prefix] a reason"));
    assert!(!text("prompts/head.j2").contains("prefixlint:"));
    let run = project.run_in("prompts", &["check", "--affected", "other.j2"], None);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn only_prompts_that_a_change_touches_are_shown() {
    let project = repository("since");
    assert_eq!(since(&project, "HEAD"), [""; 0]);
    // In the working tree, in the index, new, deleted.
    project.write("app/limits.py", "def turns():\n    return 4\n");
    assert_eq!(since(&project, "HEAD"), ["app/send.py#ask"]);
    git(&project, &["add", "--all"]);
    assert_eq!(since(&project, "HEAD"), ["app/send.py#ask"]);
    commit(&project);
    assert_eq!(since(&project, "HEAD"), [""; 0]);
    assert_eq!(since(&project, "HEAD~1"), ["app/send.py#ask"]);
    project.write("prompts/new.j2", &format!("You are new.\n{}", rules()));
    assert_eq!(since(&project, "HEAD"), ["prompts/new.j2"]);
    commit(&project);
    fs::remove_file(project.0.join("prompts/head.j2")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["prompts/page.j2"]);
    git(&project, &["checkout", "--quiet", "prompts/head.j2"]);
    // A whole module goes.
    fs::remove_file(project.0.join("app/clock.py")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["app/send.py#ask"]);
}

#[test]
fn what_is_new_on_the_other_branch_is_no_change() {
    let project = repository("diverged");
    git(&project, &["checkout", "--quiet", "-b", "topic"]);
    project.write("app/limits.py", "def turns():\n    return 4\n");
    commit(&project);
    git(&project, &["checkout", "--quiet", "main"]);
    project.write("prompts/other.j2", "You are a new agent.\n");
    commit(&project);
    git(&project, &["checkout", "--quiet", "topic"]);
    assert_eq!(since(&project, "main"), ["app/send.py#ask"]);
    // Below the root of the repository too.
    let run = project.run_in(
        "app",
        &[
            "check",
            "--changed-since",
            "main",
            "--show-prompts",
            "--output-format",
            "json",
        ],
        None,
    );
    assert_eq!(ids(&run.json()), ["send.py#ask"]);
}

#[test]
fn a_config_that_goes_or_comes_touches_what_it_holds_for() {
    let project = repository("configs");
    project.write("prompts/prefixlint.yaml", "model: claude-sonnet-5\n");
    let both = ["prompts/other.j2", "prompts/page.j2"];
    assert_eq!(since(&project, "HEAD"), both);
    commit(&project);
    assert_eq!(since(&project, "HEAD"), [""; 0]);
    fs::remove_file(project.0.join("prompts/prefixlint.yaml")).unwrap();
    assert_eq!(since(&project, "HEAD"), both);
}

#[test]
fn what_git_cannot_answer_is_said_with_a_way_out() {
    let project = repository("bad");
    let failed = |project: &Project, revision: &str, word: &str, help: &str| {
        let run = project.run(&["check", &format!("--changed-since={revision}")]);
        assert_eq!(run.code, 2, "{}", run.out);
        assert!(
            run.err.contains(word) && run.err.contains(help),
            "{}",
            run.err
        );
        assert_eq!(run.out, "");
    };
    failed(
        &project,
        "nope",
        "unknown revision `nope`",
        "git branch --all",
    );
    failed(&project, "--help", "is no revision", "help:");
    project.write("app/limits.py", "def turns():\n    return 4\n");
    commit(&project);
    let old = git(&project, &["rev-parse", "HEAD~1"]);
    let clone = Project::empty("bad-clone");
    let url = format!("file://{}", project.0.display());
    fs::remove_dir_all(&clone.0).unwrap();
    git(
        &project,
        &[
            "clone",
            "--quiet",
            "--depth=1",
            &url,
            &clone.0.to_string_lossy(),
        ],
    );
    failed(&clone, &old, "unknown revision", "fetch-depth: 0");

    let plain = Project::empty("bad-plain");
    fs::remove_dir_all(plain.0.join(".git")).unwrap();
    plain.write("a.j2", "You are an agent.");
    failed(&plain, "HEAD", "not in a git repository", "help:");
    let both = project.run(&["check", "--affected", "--changed-since", "HEAD"]);
    assert_eq!(both.code, 2);
}
