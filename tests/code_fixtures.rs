//! Prompts built in code: a small project for each pattern family under `fixtures/code`, as it goes wrong (`bad`) and
//! mended (`good`). What is said of them is recorded in `fixtures/code/findings.txt`; where that changes on purpose,
//! `BLESS=1 cargo test --test code_fixtures` writes it anew. Read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use prefixlint::engine::Analysis;
use prefixlint::finding::{Finding, Severity};
use prefixlint::workspace::Memory;

mod linting;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/code")
}

/// The folders of a folder, by name.
fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).expect("the fixtures are there");
    let mut out: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.is_dir())
        .collect();
    out.sort();
    out
}

fn name(path: &Path) -> String {
    let name = path.file_name().expect("a folder has a name");
    name.to_string_lossy().into_owned()
}

fn insert(workspace: &mut Memory, folder: &Path, below: &str) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let inside = format!("{below}{}", name(&path));
        if path.is_dir() {
            insert(workspace, &path, &format!("{inside}/"));
        } else {
            let text = fs::read_to_string(&path).expect("fixtures are texts");
            workspace.insert(&inside, &text);
        }
    }
}

/// Lints a project as `prefixlint check` in its folder would.
fn lint(project: &Path) -> Analysis {
    let mut workspace = Memory::default();
    insert(&mut workspace, project, "");
    linting::lint(&workspace, &name(project))
}

fn active(analysis: &Analysis) -> impl Iterator<Item = &Finding> {
    let findings = analysis.findings.iter();
    findings.filter(|finding| finding.suppressed.is_none())
}

fn place(analysis: &Analysis, finding: &Finding) -> String {
    let source = &analysis.sources[&finding.place.path];
    let line = source.position(finding.place.span.start).line;
    format!("{}:{line}", finding.place.path)
}

/// Rule, severity, place, confidence, and the share of the input cost to a tenth.
fn line(analysis: &Analysis, finding: &Finding) -> String {
    let share = finding.savings.as_ref().map(|saving| saving.share);
    let share = share.map_or("-".to_string(), |share| format!("{share:.1}"));
    let severity = format!("{:?}", finding.severity).to_lowercase();
    let confidence = format!("{:?}", finding.confidence).to_lowercase();
    let place = place(analysis, finding);
    format!("{place} {severity} {} {confidence} {share}", finding.rule)
}

/// Programs that go wrong and of which nothing is said.
fn silent<'a>(bad: &'a Path, analysis: &'a Analysis) -> impl Iterator<Item = String> + 'a {
    ["py", "ts"].into_iter().filter_map(move |language| {
        let app = format!("app.{language}");
        // Where a value enters the text may be another file of the project: of the same language, or one that it loads.
        let spoken = active(analysis).any(|finding| {
            let path = &*finding.place.path;
            let sender = finding.prompt.split('#').next().unwrap_or_default();
            path.ends_with(language) || sender == app
        });
        (bad.join(&app).exists() && !spoken).then_some(app)
    })
}

#[test]
fn every_family_is_found_as_recorded() {
    let mut said = String::new();
    for family in folders(&root()) {
        for twin in folders(&family) {
            let analysis = lint(&twin);
            let bad = name(&twin) == "bad";
            let mut lines: Vec<String> = active(&analysis).map(|f| line(&analysis, f)).collect();
            lines.extend(analysis.errors.iter().map(|e| format!("! {}", e.message)));
            if bad {
                lines.extend(silent(&twin, &analysis).map(|file| format!("{file} MISSED")));
            }
            lines.sort();
            said += &format!("{}/{}\n", name(&family), name(&twin));
            for line in lines {
                said += &format!("  {line}\n");
            }
        }
    }
    let record = root().join("findings.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&record, &said).expect("the record is writable");
    }
    let recorded = fs::read_to_string(&record).expect("the record is there");
    for (said, recorded) in said.lines().zip(recorded.lines()) {
        assert_eq!(said, recorded);
    }
    assert_eq!(said.lines().count(), recorded.lines().count());
}

#[test]
fn mended_projects_have_no_warning() {
    for family in folders(&root()) {
        let analysis = lint(&family.join("good"));
        let loud: Vec<String> = active(&analysis)
            .filter(|finding| finding.severity >= Severity::Warning)
            .map(|finding| line(&analysis, finding))
            .collect();
        assert!(loud.is_empty(), "{}: {loud:?}", name(&family));
    }
}

/// A program of each language whose system text begins with a clock, written by the statement given.
fn program(language: &str, statement: &str) -> (String, String) {
    match language {
        "py" => (
            "app.py".into(),
            format!(
                "import time\nfrom openai import OpenAI\nRULES = \"Answer from the handbook. \" * 400\nclient = OpenAI()\n\n\
                 def answer(region, question):\n{statement}\n    return client.chat.completions.create(model=\"gpt-5.4\", \
                 messages=[{{\"role\": \"system\", \"content\": system}}, {{\"role\": \"user\", \"content\": question}}])\n"
            ),
        ),
        _ => (
            "app.ts".into(),
            format!(
                "import OpenAI from \"openai\";\nconst RULES = \"Quote the terms. \".repeat(400);\nconst client = new OpenAI();\n\n\
                 export async function answer(region: string, question: string) {{\n{statement}\n  return client.chat.completions.create({{ \
                 model: \"gpt-5.4\", messages: [{{ role: \"system\", content: system }}, {{ role: \"user\", content: question }}] }});\n}}\n"
            ),
        ),
    }
}

/// (rule, whether it is suppressed) of all findings of a program.
fn said_of(language: &str, statement: &str) -> Vec<(&'static str, bool)> {
    let (path, text) = program(language, statement);
    let mut workspace = Memory::default();
    workspace.insert(&path, &text);
    let analysis = linting::lint(&workspace, "a comment");
    let findings = analysis.findings.iter();
    findings
        .map(|finding| (finding.rule, finding.suppressed.is_some()))
        .collect()
}

#[test]
fn comments_suppress_what_stands_in_code() {
    let suppressed = [("volatile-prefix", true)];
    for (language, statement) in [
        ("py", "    system = f\"{time.time()} {RULES}\"  # prefixlint: ignore[volatile-prefix] shown"),
        ("py", "    # prefixlint: ignore[volatile-prefix] shown\n    system = f\"{time.time()} {RULES}\""),
        ("py", "    # prefixlint: ignore[volatile-prefix] shown\n    system = f\"\"\"You answer.\n    Now {time.time()}\n    {RULES}\"\"\""),
        ("py", "    system = f\"\"\"You answer.\n    Now {time.time()}\n    {RULES}\"\"\"  # prefixlint: ignore[volatile-prefix] shown"),
        ("ts", "  const system = `${Date.now()} ${RULES}`; // prefixlint: ignore[volatile-prefix] shown"),
        ("ts", "  // prefixlint: ignore[volatile-prefix] shown\n  const system = `${Date.now()} ${RULES}`;"),
        ("ts", "  // prefixlint: ignore[volatile-prefix] shown\n  const system = `You answer.\n    Now ${Date.now()}\n    ${RULES}`;"),
        ("ts", "  const system = `You answer.\n    Now ${Date.now()}\n    ${RULES}`; // prefixlint: ignore[volatile-prefix] shown"),
    ] {
        assert_eq!(said_of(language, statement), suppressed, "{statement}");
    }
}

#[test]
fn a_comment_that_stands_on_its_own_statement_covers_no_other() {
    let statement = "    # prefixlint: ignore[volatile-prefix] elsewhere\n    rest = 1\n    system = f\"{time.time()} {RULES}\"";
    let expected = [("volatile-prefix", false), ("unused-suppression", false)];
    assert_eq!(said_of("py", statement), expected);
    let statement = "  // prefixlint: ignore[volatile-prefix] elsewhere\n  const rest = 1;\n  const system = `${Date.now()} ${RULES}`;";
    assert_eq!(said_of("ts", statement), expected);
}

#[test]
fn a_comment_in_code_says_how_volatile_a_name_is() {
    for (language, comment, statement) in [
        (
            "py",
            "    # prefixlint: volatility(region)=constant\n",
            "    system = f\"{region} {RULES}\"",
        ),
        (
            "ts",
            "  // prefixlint: volatility(region)=constant\n",
            "  const system = `${region} ${RULES}`;",
        ),
    ] {
        let plain = said_of(language, statement);
        assert_eq!(plain, [("variable-before-stable", false)], "{statement}");
        assert_eq!(
            said_of(language, &format!("{comment}{statement}")),
            [],
            "{statement}"
        );
    }
}

#[test]
fn a_comment_in_a_module_that_others_import_suppresses_too() {
    let mut workspace = Memory::default();
    workspace.insert(
        "stamp.py",
        "import time\n\ndef stamp():\n    # prefixlint: ignore[volatile-prefix] shown\n    return f\"Now {time.time()}\"\n",
    );
    let (path, text) = program("py", "    system = stamp() + RULES");
    workspace.insert(
        &path,
        &text.replace("import time", "from stamp import stamp"),
    );
    let analysis = linting::lint(&workspace, "a comment");
    let said: Vec<_> = analysis
        .findings
        .iter()
        .map(|f| (f.rule, f.suppressed.is_some()))
        .collect();
    assert_eq!(said, [("volatile-prefix", true)]);
}
