//! Fixes of everything that is known to go wrong: what they promise holds, nothing else changes, and a second run finds
//! nothing to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use prefixlint::engine::Analysis;
use prefixlint::finding::{self, Finding, Fix};
use prefixlint::fix::apply::{apply, is_wanted, Applied, Texts};
use prefixlint::fix::moves;
use prefixlint::frontend::code;
use prefixlint::plan::Edit;
use prefixlint::rulebook::{pages, FixKind, Verdict};
use prefixlint::source::{Place, SourceFile};
use prefixlint::volatility::Confidence;
use prefixlint::workspace::{Memory, Overlay};

mod linting;

/// Files by path, and what they are.
struct Case {
    name: String,
    files: BTreeMap<String, String>,
}

impl Case {
    fn lint(&self, texts: &Texts) -> Analysis {
        let mut memory = Memory::default();
        for (path, text) in &self.files {
            memory.insert(path, text);
        }
        linting::lint(&Overlay::new(&memory, texts.clone()), &self.name)
    }

    fn fixed(&self, unsafe_too: bool) -> Applied {
        let first = self.lint(&Texts::new());
        let lint = &mut |texts: &Texts| Ok::<_, ()>(self.lint(texts));
        apply(first, unsafe_too, lint).expect("linting does not fail")
    }

    fn with(&self, texts: &Texts) -> Case {
        let mut files = self.files.clone();
        files.extend(texts.clone());
        Case {
            name: self.name.clone(),
            files,
        }
    }
}

fn collect(folder: &Path, below: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        let inside = format!("{below}{name}");
        if path.is_dir() {
            collect(&path, &format!("{inside}/"), files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.insert(inside, text);
        }
    }
}

fn project(folder: PathBuf) -> Case {
    let mut files = BTreeMap::new();
    collect(&folder, "", &mut files);
    Case {
        name: folder.display().to_string(),
        files,
    }
}

/// Every project of the fixtures, good ones too, and every example of the rule pages.
fn cases() -> Vec<Case> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut out = vec![
        project(fixtures.join("demo/before")),
        project(fixtures.join("demo/after")),
        project(fixtures.join("jinja")),
    ];
    for family in fs::read_dir(fixtures.join("code")).expect("fixtures") {
        for twin in ["bad", "good"] {
            let folder = family.as_ref().expect("an entry").path().join(twin);
            out.extend(folder.is_dir().then(|| project(folder)));
        }
    }
    for page in pages() {
        for example in &page.examples {
            out.push(Case {
                name: format!("{} {} ({:?})", page.id, example.case, example.verdict),
                files: example.files.iter().cloned().collect(),
            });
        }
    }
    out
}

/// What is wrong with the fixes of one case.
fn wrong(case: &Case, unsafe_too: bool) -> Vec<String> {
    let mut out = Vec::new();
    let first = case.lint(&Texts::new());
    let applied = case.fixed(unsafe_too);
    let after = case.with(&applied.texts);
    for (path, text) in &applied.texts {
        let before = &case.files[path];
        if text == before {
            out.push(format!("{path} is said to be changed"));
        }
        if code::language_of(path).is_some() && broken(path, text) > broken(path, before) {
            out.push(format!("{path} is broken"));
        }
        let breaks = |text: &str| text.matches("\r\n").count() == text.matches('\n').count();
        if before.contains("\r\n") && breaks(before) && !breaks(text) {
            out.push(format!("{path} has mixed line endings"));
        }
        if before.ends_with('\n') != text.ends_with('\n') {
            out.push(format!("{path} ends in another way"));
        }
    }
    // What was fixed is gone: as many findings of the rule less as it had fixes.
    for rule in prefixlint::rules::ids() {
        let count = |analysis: &Analysis| active(analysis).filter(|f| f.rule == rule).count();
        let done = applied.done.iter().filter(|told| told.rule == rule).count();
        let (was, is) = (count(&first), count(&applied.after));
        if is + done > was && !applied.done.is_empty() && is > was {
            out.push(format!(
                "{rule}: {was} before, {done} fixed, {is} behind it"
            ));
        }
    }
    let again = after.fixed(unsafe_too);
    if !again.texts.is_empty() {
        let paths: Vec<&String> = again.texts.keys().collect();
        out.push(format!("a second run changes {paths:?}"));
    }
    out
}

fn active(analysis: &Analysis) -> impl Iterator<Item = &Finding> {
    let findings = analysis.findings.iter();
    findings.filter(|finding| finding.suppressed.is_none())
}

fn broken(path: &str, text: &str) -> usize {
    let file = SourceFile::new(path, text);
    let language = code::language_of(path).expect("code");
    code::parse(&file, language).problems.len()
}

#[track_caller]
fn all_hold(unsafe_too: bool) {
    let failures: Vec<String> = cases()
        .iter()
        .flat_map(|case| {
            let wrong = wrong(case, unsafe_too);
            wrong
                .into_iter()
                .map(|line| format!("{}: {line}", case.name))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn safe_fixes_hold_what_they_promise_and_a_second_run_changes_nothing() {
    all_hold(false);
}

#[test]
fn unsafe_fixes_hold_what_they_promise_and_a_second_run_changes_nothing() {
    all_hold(true);
}

/// No promise is made that is not kept: what is offered for the known cases is not withdrawn.
#[test]
fn safe_fixes_of_the_known_cases_are_not_withdrawn() {
    let withdrawn: Vec<String> = cases()
        .iter()
        .flat_map(|case| {
            let told = case.fixed(false).withdrawn.into_iter();
            told.map(|one| format!("{}: {} {}", case.name, one.rule, one.text))
        })
        .collect();
    assert!(withdrawn.is_empty(), "\n{}", withdrawn.join("\n"));
}

/// Edits touch only what they name: the rest of each file is the same bytes in the same order.
#[test]
fn each_fix_alone_changes_nothing_outside_its_edits() {
    let mut seen = 0;
    for case in cases() {
        let analysis = case.lint(&Texts::new());
        for finding in active(&analysis).filter(|finding| is_wanted(finding, true)) {
            let fix = finding.fix.as_ref().expect("it is wanted");
            for edit in &fix.edits {
                let text = &case.files[&*edit.place.path];
                let span = edit.place.span;
                assert!(text.get(span.start..span.end).is_some(), "{}", case.name);
                seen += 1;
            }
            assert!(
                !fix.title.is_empty() && !fix.title.ends_with('.'),
                "{}",
                fix.title
            );
        }
    }
    assert!(seen > 20, "{seen} edits");
}

/// What Python itself says of the files that fixes leave behind.
#[test]
fn python_reads_what_fixes_leave_behind() {
    let mut files: BTreeMap<String, Arc<str>> = BTreeMap::new();
    for case in cases() {
        for (path, text) in case.fixed(true).texts {
            if path.ends_with(".py") {
                files.insert(format!("{}:{path}", case.name), text.into());
            }
        }
    }
    assert!(files.len() > 5, "{}", files.len());
    for (name, text) in files {
        let mut child = Command::new("python3")
            .args(["-c", "import ast, sys; ast.parse(sys.stdin.read())"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let mut pipe = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut pipe, text.as_bytes()).expect("it reads");
        drop(pipe);
        assert!(child.wait().expect("it ends").success(), "{name}\n{text}");
    }
}

/// The front matter of a page says which fix its rule has; its bad examples show it.
#[test]
fn pages_say_which_rules_have_fixes() {
    let mut shown: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    let mut note = |finding: &Finding| {
        if let Some(fix) = &finding.fix {
            let (safe, other) = shown.entry(finding.rule).or_default();
            *safe |= fix.safe;
            *other |= !fix.safe;
        }
    };
    for case in cases() {
        active(&case.lint(&Texts::new())).for_each(&mut note);
    }
    let mut wrong = Vec::new();
    for page in pages() {
        let said = page.fix;
        let (safe, other) = shown.get(page.id.as_str()).copied().unwrap_or_default();
        let expected = match said {
            FixKind::None => !safe && !other,
            FixKind::Safe => safe,
            FixKind::Unsafe => other && !safe,
        };
        if !expected {
            wrong.push(format!(
                "{}: {said:?}, but safe {safe}, unsafe {other}",
                page.id
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let bad = pages().iter().flat_map(|page| &page.examples);
    assert!(
        bad.filter(|example| example.verdict == Verdict::Bad)
            .count()
            > 10
    );
}

/// A clock in front of the rules of two templates, and what is found of them.
fn two_clocks() -> (Case, Analysis) {
    let rules = "Answer politely and cite the section of the policy. ".repeat(150);
    let text = format!("You are an agent.\nNow: {{{{ now() }}}}.\n{rules}\n{{{{ question }}}}\n");
    let files = ["a.j2", "b.j2"].map(|path| (path.to_string(), text.clone()));
    let case = Case {
        name: "two clocks".into(),
        files: files.into(),
    };
    let first = case.lint(&Texts::new());
    assert_eq!(active(&first).count(), 2);
    (case, first)
}

/// A fix that puts a text in place of the first bytes of a file.
fn made_up(path: &str, bytes: usize, text: &str) -> Fix {
    Fix {
        title: "made up".into(),
        safe: true,
        edits: vec![finding::Edit {
            place: Place::new(&path.into(), 0, bytes),
            text: text.into(),
        }],
    }
}

fn applied(case: &Case, first: Analysis, lints: &mut usize) -> Applied {
    let lint = &mut |texts: &Texts| {
        *lints += 1;
        let mut analysis = case.lint(texts);
        // Only what the test has made up is tried.
        analysis.findings.iter_mut().for_each(|f| f.fix = None);
        Ok::<_, ()>(analysis)
    };
    apply(first, false, lint).expect("linting does not fail")
}

#[test]
fn a_fix_after_which_the_finding_is_still_there_is_withdrawn() {
    let (case, mut first) = two_clocks();
    for finding in &mut first.findings {
        let path = finding.place.path.to_string();
        finding.fix = Some(made_up(&path, 7, "You are now"));
    }
    let mut lints = 0;
    let applied = applied(&case, first, &mut lints);
    assert!(applied.texts.is_empty() && applied.done.is_empty());
    let reasons: Vec<&str> = applied
        .withdrawn
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert_eq!(reasons, ["the finding is still there"; 2]);
    assert_eq!((applied.withdrawn[0].line, lints), (2, 1));
}

#[test]
fn a_fix_that_loses_text_is_withdrawn_and_the_other_one_stays() {
    let (case, mut first) = two_clocks();
    for finding in &mut first.findings {
        let path = finding.place.path.to_string();
        let text = &case.files[&path];
        let (clock, rules) = (text.find("Now").unwrap(), text.find("Answer").unwrap());
        let moved = format!("{}\n{}\n", &text[rules..].trim_end(), &text[clock..rules]);
        let moved = match path.as_str() {
            "a.j2" => moved,
            _ => moved.replacen("politely", "", 1),
        };
        finding.fix = Some(made_up(
            &path,
            text.len(),
            &format!("You are an agent.\n{moved}"),
        ));
    }
    let applied = applied(&case, first, &mut 0);
    let changed: Vec<&str> = applied.texts.keys().map(String::as_str).collect();
    assert_eq!(changed, ["a.j2"]);
    assert_eq!(applied.done.len(), 1);
    let reasons: Vec<&str> = applied
        .withdrawn
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert!(
        reasons[0].ends_with("would not be sent any more"),
        "{reasons:?}"
    );
    assert_eq!(reasons.len(), 1);
}

#[test]
fn a_fix_that_makes_the_prompt_vanish_is_withdrawn() {
    let (case, mut first) = two_clocks();
    let path = first.findings[0].place.path.to_string();
    let length = case.files[&path].len();
    first.findings[0].fix = Some(made_up(&path, length, "{ question }\n"));
    let applied = applied(&case, first, &mut 0);
    assert!(applied.texts.is_empty());
    assert_eq!(applied.withdrawn.len(), 1);
}

/// Two fixes of one place: the more valuable one first, the other one on what that has left.
#[test]
fn edits_of_one_place_are_not_applied_at_once() {
    let (case, mut first) = two_clocks();
    for finding in &mut first.findings {
        finding.fix = Some(made_up("a.j2", 7, "You are now"));
    }
    let mut lints = 0;
    let applied = applied(&case, first, &mut lints);
    assert_eq!(lints, 2, "each is tried alone");
    assert_eq!(applied.withdrawn.len(), 2);
}

#[test]
fn a_fix_that_breaks_code_is_withdrawn_before_anything_is_linted() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/code");
    let case = project(fixtures.join("joined-set/bad"));
    let mut first = case.lint(&Texts::new());
    let finding = active(&first).next().expect("a finding").clone();
    let place = finding.place.clone();
    first.findings.retain(|one| one.rule == finding.rule);
    first.findings[0].fix = Some(Fix {
        edits: vec![finding::Edit {
            place,
            text: "\", \".join(sorted(".into(),
        }],
        ..made_up("app.py", 0, "")
    });
    let mut lints = 0;
    let applied = applied(&case, first, &mut lints);
    assert_eq!((applied.texts.len(), lints), (0, 0));
    assert_eq!(
        applied.withdrawn[0].text,
        "app.py would hold a syntax error"
    );
}

/// Why the steps of a finding's prompt that move text are not written.
fn refusals(analysis: &Analysis, finding: &Finding) -> Vec<&'static str> {
    let mut prompts = analysis.prompts.iter();
    let judged = prompts.find(|judged| judged.prompt.id == finding.prompt);
    let steps = judged.iter().flat_map(|judged| &judged.plan.steps);
    let moves = steps.filter(|step| matches!(step.edit, Edit::Move | Edit::Lift));
    let refused = moves.filter_map(|step| {
        let judged = judged?;
        moves::attempt(judged, step, &analysis.sources).err()
    });
    refused.map(|refusal| refusal.0).collect()
}

/// How many of the known findings are mended: `cargo test --test fixes counted -- --nocapture` tells by rule.
#[test]
fn the_known_findings_are_counted() {
    #[derive(Default)]
    struct Count {
        found: usize,
        doubtful: usize,
        offered: usize,
        held: usize,
    }
    let mut rules: BTreeMap<&str, Count> = BTreeMap::new();
    let bad = |case: &Case| case.name.ends_with("/bad") || case.name.ends_with("(Bad)");
    for case in cases().iter().filter(|case| bad(case)) {
        let first = case.lint(&Texts::new());
        for finding in active(&first) {
            let own = rules.entry(finding.rule).or_default();
            own.found += 1;
            own.offered += usize::from(finding.fix.is_some());
            let possible = finding.confidence == Confidence::Possible;
            if finding.fix.is_none() && !possible {
                let why = refusals(&first, finding);
                eprintln!("{} {}: {why:?}", case.name, finding.rule);
            }
            own.doubtful += usize::from(finding.fix.is_none() && possible);
        }
        for told in case.fixed(true).done {
            rules.entry(told.rule).or_default().held += 1;
        }
    }
    let (mut found, mut offered, mut held) = (0, 0, 0);
    for (rule, own) in &rules {
        eprintln!(
            "{rule}: {} found, {} offered a fix, {} held; {} without one are only possible",
            own.found, own.offered, own.held, own.doubtful
        );
        found += own.found;
        offered += own.offered;
        held += own.held;
    }
    eprintln!("all: {found} found, {offered} offered a fix, {held} held");
    assert!(offered * 2 > found && held * 10 >= offered * 8);
}
