//! An analysis that knows an earlier run says what one that knows nothing says, whatever was edited in between.

mod linting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use linting::{lint, lint_again};
use prefixlint::engine::{Analysis, Memo};
use prefixlint::reads::Changed;
use prefixlint::report::{format_of, Show, Style};
use prefixlint::workspace::Memory;

/// Edits of one project, each looked at before the next, and of all projects together.
const EDITS: usize = 6;
const EDITS_TOGETHER: usize = 24;

type Files = BTreeMap<String, String>;

/// A small generator of numbers (xorshift): the same on every machine.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// The text files below a folder.
fn read(root: &Path, folder: &Path, out: &mut Files) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(root, &path, out);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("below").to_string_lossy();
            out.insert(path.replace('\\', "/"), text);
        }
    }
}

fn memory(files: &Files) -> Memory {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    Memory::new(&files)
}

fn shown(analysis: &Analysis) -> String {
    let json = format_of("json").expect("a format");
    let show = Show {
        prompts: true,
        ..Show::default()
    };
    json.render(analysis, show, Style::default())
}

/// Edits one file, or takes it away, or puts back what was taken. Returns what it did.
fn edit(
    files: &mut Files,
    gone: &mut Files,
    numbers: &mut Numbers,
    changed: &mut Changed,
) -> String {
    let paths: Vec<String> = files.keys().cloned().collect();
    let path = paths[numbers.below(paths.len())].clone();
    changed.add_file(&path);
    let kind = numbers.below(8);
    if kind == 0 && files.len() > 1 {
        let text = files.remove(&path).expect("there");
        gone.insert(path.clone(), text);
        return format!("removed {path}");
    }
    if kind == 1 {
        if let Some((path, text)) = gone.pop_first() {
            changed.add_file(&path);
            files.insert(path.clone(), text);
            return format!("put back {path}");
        }
    }
    let text = files.get_mut(&path).expect("there");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.is_empty() {
        return "nothing".into();
    }
    let at = numbers.below(lines.len());
    let done = match kind {
        2 | 3 => format!("dropped line {} {:?}", at + 1, lines.remove(at)),
        4 => {
            let line = lines[at];
            lines.insert(at, line);
            format!("doubled line {} {line:?}", at + 1)
        }
        5 => {
            let to = numbers.below(lines.len());
            lines.swap(at, to);
            format!("swapped lines {} and {}", at + 1, to + 1)
        }
        _ => {
            // A letter typed in the middle of something.
            let line = lines[at];
            let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
            let Some(cut) = ends.get(numbers.below(ends.len())).copied() else {
                return "nothing".into();
            };
            let before: String = lines[..at].concat();
            let new = format!(
                "{before}{}x{}{}",
                &line[..cut],
                &line[cut..],
                lines[at + 1..].concat()
            );
            *text = new;
            return format!("typed x in line {} of {path}", at + 1);
        }
    };
    *text = lines.concat();
    format!("{done} of {path}")
}

fn projects() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut out = vec![root.join("demo"), root.join("jinja")];
    let code = std::fs::read_dir(root.join("code")).expect("fixtures");
    out.extend(
        code.flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir()),
    );
    out.sort();
    out
}

fn agree(files: Files, edits: usize, seed: u64, about: &str) {
    let mut files = files;
    let mut gone = Files::new();
    let mut numbers = Numbers(seed);
    let mut memo = Memo::default();
    let mut changed = Changed::all();
    let mut done: Vec<String> = Vec::new();
    for _ in 0..edits {
        let workspace = memory(&files);
        let again = shown(&lint_again(&workspace, about, &mut memo, &changed));
        let afresh = shown(&lint(&workspace, about));
        assert_eq!(again, afresh, "{about}, seed {seed}, after {done:#?}");
        changed = Changed::default();
        done.push(edit(&mut files, &mut gone, &mut numbers, &mut changed));
    }
}

#[test]
fn of_every_project_after_any_edits() {
    for (index, project) in projects().iter().enumerate() {
        let mut files = Files::new();
        read(project, project, &mut files);
        files.retain(|path, _| !path.contains("prefixlint.yaml"));
        assert!(!files.is_empty(), "{}", project.display());
        agree(
            files,
            EDITS,
            0x9E37_79B9 + index as u64,
            &project.display().to_string(),
        );
    }
}

#[test]
fn of_all_projects_together() {
    let mut files = Files::new();
    for project in projects() {
        let root = project.parent().expect("a folder").to_path_buf();
        read(&root, &project, &mut files);
    }
    files.retain(|path, _| !path.contains("prefixlint.yaml"));
    agree(files, EDITS_TOGETHER, 0xC0FF_EE11, "all projects");
}

#[test]
fn nothing_changed_gives_the_same() {
    let text = format!(
        "You are an agent. It is {{{{ now }}}}.\n{}",
        "Be brief. ".repeat(900)
    );
    let files = Files::from([("prompts/a.j2".to_string(), text)]);
    let workspace = memory(&files);
    let mut memo = Memo::default();
    let first = lint_again(&workspace, "one", &mut memo, &Changed::all());
    let second = lint_again(&workspace, "one", &mut memo, &Changed::default());
    assert_eq!(first.findings.len(), 1);
    assert_eq!(shown(&first), shown(&second));
}

#[test]
fn a_class_that_comes_to_stand_for_what_is_declared_and_goes_again() {
    let port = "from abc import ABC, abstractmethod\nclass Port(ABC):\n    @abstractmethod\n    \
                def complete(self, system, question): ...\n";
    let desk = "from datetime import datetime\nfrom port import Port\nclass Desk:\n    def __init__(self, llm: Port):\n        \
                self.llm = llm\n    def ask_prompt(self, question):\n        \
                return self.llm.complete(f'At {datetime.now()} you answer.', question)\n";
    let gpt = "import openai\nfrom port import Port\nclient = openai.OpenAI()\nclass Gpt(Port):\n    \
               def complete(self, system, question):\n        return client.chat.completions.create(model='m', messages=[\
               {'role': 'system', 'content': system}, {'role': 'user', 'content': question}])\n";
    let alone = gpt.replace("(Port)", "");
    let mut files = Files::from([
        ("port.py".to_string(), port.to_string()),
        ("desk.py".to_string(), desk.to_string()),
        ("gpt.py".to_string(), alone.clone()),
    ]);
    let mut memo = Memo::default();
    let mut changed = Changed::all();
    let mut seen = Vec::new();
    for text in [alone.as_str(), gpt, alone.as_str()] {
        files.insert("gpt.py".to_string(), text.to_string());
        let workspace = memory(&files);
        let again = shown(&lint_again(&workspace, "a port", &mut memo, &changed));
        assert_eq!(again, shown(&lint(&workspace, "a port")));
        seen.push(again.contains("datetime.now()"));
        changed = Changed::default();
        changed.add_file("gpt.py");
    }
    assert_eq!(seen, [false, true, false]);
}
