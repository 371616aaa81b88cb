//! What is not there any more: prompts are touched by what they used to be resolved from, in changes and in hooks.

use std::fs;
use std::process::Command;

mod project;
mod shop;

use project::{rules, Project};
use shop::{commit, git, ids, reads, repository, since};

/// A library that sends what callers give it, one caller, and a page that code fills.
fn with_callers(name: &str) -> Project {
    let project = repository(name);
    let rules = rules();
    project.write(
        "lib/deliver.py",
        "from openai import OpenAI\n\n\ndef deliver_prompt(system, question):\n    messages = [{\"role\": \"system\", \"content\": system}, \
         {\"role\": \"user\", \"content\": question}]\n    return OpenAI().chat.completions.create(model=\"gpt-5.4\", messages=messages)\n",
    );
    project.write(
        "jobs/nightly.py",
        &format!(
            "from lib.deliver import deliver_prompt\n\nSYSTEM = \"\"\"{rules}\"\"\"\n\n\ndef run_nightly(question):\n    \
             return deliver_prompt(SYSTEM, question)\n"
        ),
    );
    project.write(
        "web/render.py",
        "from datetime import datetime\nfrom jinja2 import Environment, FileSystemLoader\n\nenv = Environment(loader=FileSystemLoader(\"web/prompts\"))\n\n\n\
         def build_prompt():\n    return env.get_template(\"sheet.j2\").render(when=datetime.now())\n",
    );
    project.write(
        "web/prompts/sheet.j2",
        &format!("You are a support agent. It is {{{{ when }}}}.\n{rules}\n"),
    );
    commit(&project);
    project
}

#[test]
fn who_calls_no_more_touches_what_it_called() {
    let project = with_callers("removed-callers");
    fs::remove_file(project.0.join("jobs/nightly.py")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["lib/deliver.py#deliver_prompt"]);
    // It is still there and does something else.
    project.write(
        "jobs/nightly.py",
        "def run_nightly(question):\n    return 1\n",
    );
    assert_eq!(since(&project, "HEAD"), ["lib/deliver.py#deliver_prompt"]);
    git(&project, &["checkout", "--quiet", "."]);
    // What is called as before is not touched by another change of the caller.
    let caller = fs::read_to_string(project.0.join("jobs/nightly.py")).unwrap();
    project.write(
        "jobs/beside.py",
        "def rest():\n    return deliver_later(1)\n",
    );
    commit(&project);
    project.write("jobs/beside.py", "def rest():\n    return 1\n");
    assert_eq!(since(&project, "HEAD"), [""; 0], "{caller}");
}

#[test]
fn a_template_that_no_code_fills_any_more_is_touched() {
    let project = with_callers("released");
    fs::remove_file(project.0.join("web/render.py")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["web/prompts/sheet.j2"]);
    git(&project, &["checkout", "--quiet", "."]);
    // An include that is taken out.
    project.write(
        "prompts/head.j2",
        &format!("You are a clerk. It is {{{{ now() }}}}.\n{}", rules()),
    );
    commit(&project);
    project.write(
        "prompts/page.j2",
        &format!(
            "You are an agent for orders.\n{}\n{{{{ question }}}}\n",
            rules()
        ),
    );
    assert_eq!(
        since(&project, "HEAD"),
        ["prompts/head.j2", "prompts/page.j2"]
    );
}

#[test]
fn a_manifest_that_is_gone_touches_what_was_imported_by_it() {
    let project = repository("manifest");
    project.write("services/api/pyproject.toml", "[project]\nname = \"api\"\n");
    project.write(
        "services/api/shop/texts.py",
        &format!("SYSTEM = \"\"\"{}\"\"\"\n", rules()),
    );
    project.write(
        "tools/send.py",
        "from openai import OpenAI\nfrom shop.texts import SYSTEM\n\n\ndef ask(question):\n    return OpenAI().chat.completions.create(model=\"gpt-5.4\", messages=[\n        \
         {\"role\": \"system\", \"content\": SYSTEM}, {\"role\": \"user\", \"content\": question}])\n",
    );
    commit(&project);
    let report = project.json(&["--show-prompts"]);
    let (files, _) = reads(&report, "tools/send.py#ask");
    assert_eq!(files, ["services/api/shop/texts.py", "tools/send.py"]);
    // What it says is no matter.
    project.write(
        "services/api/pyproject.toml",
        "[project]\nname = \"shop\"\n",
    );
    assert_eq!(since(&project, "HEAD"), [""; 0]);
    fs::remove_file(project.0.join("services/api/pyproject.toml")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["tools/send.py#ask"]);
}

#[test]
fn an_alias_that_is_gone_touches_what_was_imported_by_it() {
    let project = repository("alias-gone");
    project.write(
        "web/tsconfig.json",
        "{ \"compilerOptions\": { \"baseUrl\": \".\", \"paths\": { \"@/*\": [\"src/*\"] } } }",
    );
    project.write("docs/tsconfig.json", "{}");
    project.write(
        "web/src/texts.ts",
        &format!("export const RULES = `{}`;\n", rules()),
    );
    project.write(
        "web/src/chat/ask.ts",
        "import OpenAI from \"openai\";\nimport { RULES } from \"@/texts\";\n\n\
         export function ask(question: string) {\n  const messages = [{ role: \"system\", content: RULES }, \
         { role: \"user\", content: question }];\n  \
         return new OpenAI().chat.completions.create({ model: \"gpt-5.4\", messages });\n}\n",
    );
    commit(&project);
    fs::remove_file(project.0.join("docs/tsconfig.json")).unwrap();
    assert_eq!(since(&project, "HEAD"), [""; 0]);
    fs::remove_file(project.0.join("web/tsconfig.json")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["web/src/chat/ask.ts#ask"]);
}

/// A package beside the one that imports it by its name.
#[test]
fn a_package_that_is_gone_or_has_another_name_touches_what_imports_it() {
    let project = repository("package-gone");
    project.write("package.json", "{ \"workspaces\": [\"packages/*\"] }");
    project.write(
        "packages/texts/package.json",
        "{ \"name\": \"@acme/texts\", \"main\": \"src/index.ts\" }",
    );
    project.write(
        "packages/texts/src/index.ts",
        &format!("export const RULES = `{}`;\n", rules()),
    );
    project.write("packages/other/package.json", "{ \"name\": \"other\" }");
    let ask = |rules: &str| {
        format!(
            "import OpenAI from \"openai\";\n{rules}\n\n\
             export function ask(question: string) {{\n  const messages = [{{ role: \"system\", content: RULES }}, \
             {{ role: \"user\", content: question }}];\n  \
             return new OpenAI().chat.completions.create({{ model: \"gpt-5.4\", messages }});\n}}\n"
        )
    };
    project.write(
        "packages/web/ask.ts",
        &ask("import { RULES } from \"@acme/texts\";"),
    );
    project.write(
        "packages/bot/ask.ts",
        &ask(&format!("const RULES = `{}`;", rules())),
    );
    commit(&project);
    let report = project.json(&["--show-prompts"]);
    let (files, _) = reads(&report, "packages/web/ask.ts#ask");
    assert!(files.contains(&"packages/texts/src/index.ts".to_string()));
    // Nobody imports it.
    fs::remove_file(project.0.join("packages/other/package.json")).unwrap();
    assert_eq!(since(&project, "HEAD"), [""; 0]);
    let manifest = "packages/texts/package.json";
    fs::remove_file(project.0.join(manifest)).unwrap();
    assert_eq!(since(&project, "HEAD"), ["packages/web/ask.ts#ask"]);
    project.write(manifest, "{ \"name\": \"@acme/words\" }");
    assert_eq!(since(&project, "HEAD"), ["packages/web/ask.ts#ask"]);
    // A hook is told of what is there only.
    git(&project, &["rm", "--quiet", "--cached", manifest]);
    fs::remove_file(project.0.join(manifest)).unwrap();
    let report = project.json(&["--show-prompts", "--affected", "app/unrelated.py"]);
    assert_eq!(ids(&report), ["packages/web/ask.ts#ask"]);
}

#[cfg(unix)]
#[test]
fn a_target_that_is_gone_touches_what_read_it_by_a_link() {
    let project = repository("dangling");
    fs::remove_file(project.0.join("prompts/head.j2")).unwrap();
    project.write("shared/head.j2", &rules());
    std::os::unix::fs::symlink("../shared/head.j2", project.0.join("prompts/head.j2")).unwrap();
    commit(&project);
    fs::remove_file(project.0.join("shared/head.j2")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["prompts/page.j2"]);
    // By a folder that is a link.
    git(&project, &["checkout", "--quiet", "."]);
    fs::remove_file(project.0.join("prompts/head.j2")).unwrap();
    project.write(
        "prompts/page.j2",
        "You are an agent for orders.\n{% include 'parts/head.j2' %}\n{{ question }}\n",
    );
    std::os::unix::fs::symlink("../shared", project.0.join("prompts/parts")).unwrap();
    commit(&project);
    fs::remove_file(project.0.join("shared/head.j2")).unwrap();
    assert_eq!(since(&project, "HEAD"), ["prompts/page.j2"]);
}

/// A hook is told of the files that are there: git knows those that are not.
#[test]
fn a_hook_knows_what_was_deleted_and_what_was_called() {
    let project = with_callers("hook");
    let shown = |path: &str| -> Vec<String> {
        let report = project.json(&["--show-prompts", "--affected", path]);
        ids(&report).iter().map(|id| (*id).to_string()).collect()
    };
    assert_eq!(shown("app/unrelated.py"), [""; 0]);
    git(&project, &["rm", "--quiet", "prompts/head.j2"]);
    assert_eq!(shown("app/unrelated.py"), ["prompts/page.j2"]);
    git(&project, &["reset", "--quiet", "--hard"]);
    project.write(
        "jobs/nightly.py",
        "def run_nightly(question):\n    return 1\n",
    );
    assert_eq!(shown("jobs/nightly.py"), ["lib/deliver.py#deliver_prompt"]);
    // A change that the hook was not told of is not its matter.
    assert_eq!(shown("app/unrelated.py"), [""; 0]);
}

/// In CI pre-commit compares two revisions: nothing is deleted in the working tree.
#[test]
fn a_hook_that_compares_revisions_knows_what_went_between_them() {
    let project = with_callers("hook-in-ci");
    git(&project, &["checkout", "--quiet", "-b", "topic"]);
    git(&project, &["rm", "--quiet", "prompts/head.j2"]);
    project.write("app/unrelated.py", "def add(a, b):\n    return b + a\n");
    commit(&project);
    git(&project, &["checkout", "--quiet", "main"]);
    // New on the other side: not deleted on this one.
    project.write("app/gone.py", "def extra():\n    return \"\"\n");
    commit(&project);
    git(&project, &["checkout", "--quiet", "topic"]);
    let shown = |from: Option<&str>| -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_prefixlint"));
        command
            .args(["check", "--affected", "app/unrelated.py"])
            .args(["--show-prompts", "--output-format", "json"])
            .current_dir(&project.0);
        if let Some(from) = from {
            command.env("PRE_COMMIT_FROM_REF", from);
        }
        let output = command.output().expect("the binary runs");
        let report = serde_json::from_slice(&output.stdout).expect("JSON");
        ids(&report).iter().map(|id| (*id).to_string()).collect()
    };
    assert_eq!(shown(None), [""; 0]);
    assert_eq!(shown(Some("main")), ["prompts/page.j2"]);
}
