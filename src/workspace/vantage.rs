//! How the paths of a run read from the working folder, and from the repository that it lies in. Reports for people
//! show the first, formats that a code host reads the second; JSON keeps the paths of the workspace.

use std::path::{Component, Path, PathBuf};

use super::{normalize, slashed};
use crate::phrase::visible;

/// The place of the working folder and the root of a run to each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vantage {
    /// The root as seen from the working folder: `..`, `../trees/x`, or absolute; empty where they are the same.
    root: String,
    /// The way from the root down to the working folder, where it lies below.
    down: Vec<String>,
    /// The way from the repository's top down to the root; empty where they are the same or there is no repository.
    below_top: String,
}

impl Vantage {
    /// Of a root and the arguments that gave it. Where the user wrote absolute paths only, paths outside of the working
    /// folder are shown absolute.
    pub fn new(working: &Path, root: &Path, arguments: &[PathBuf]) -> Vantage {
        let working = working
            .canonicalize()
            .unwrap_or_else(|_| working.to_path_buf());
        let down = working.strip_prefix(root).map(names).unwrap_or_default();
        let absolute = down.is_empty() && arguments.iter().all(|path| path.is_absolute());
        let shown = if working == root {
            String::new()
        } else if absolute {
            slashed(root)
        } else {
            relative(&working, root)
        };
        Vantage {
            root: shown,
            down,
            below_top: below_top(root),
        }
    }

    /// A path of the workspace as seen from the top of the repository.
    pub fn in_repository(&self, path: &str) -> String {
        if self.below_top.is_empty() {
            return path.to_string();
        }
        let joined = format!("{}/{path}", self.below_top);
        normalize(&joined).unwrap_or(joined)
    }

    /// A path of the workspace (or a prompt's id, which starts with one) as seen from the working folder, without what
    /// would change a terminal.
    pub fn shown(&self, path: &str) -> String {
        self.seen(path).chars().map(visible).collect()
    }

    fn seen(&self, path: &str) -> String {
        if self.root.is_empty() {
            return path.to_string();
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in self.root.split('/').chain(path.split('/')) {
            match (part, parts.last()) {
                ("..", Some(last)) if !matches!(*last, ".." | "") => {
                    parts.pop();
                }
                ("." | "", Some(_)) => {}
                _ => parts.push(part),
            }
        }
        let mut ups = parts.iter().take_while(|part| **part == "..").count();
        // Up out of a folder and down into it again.
        while ups > 0 && ups <= self.down.len() {
            let left = &self.down[self.down.len() - ups];
            if parts.get(ups).is_none_or(|part| part != left) {
                break;
            }
            parts.remove(ups);
            parts.remove(ups - 1);
            ups -= 1;
        }
        match parts.as_slice() {
            [] => ".".to_string(),
            [""] => "/".to_string(),
            parts => parts.join("/"),
        }
    }
}

fn names(path: &Path) -> Vec<String> {
    path.components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect()
}

/// The way down to a folder from the top of the repository that holds it: where `.git` stands, a folder or a file.
fn below_top(root: &Path) -> String {
    let mut folders = root.ancestors();
    let top = folders.find(|folder| folder.join(".git").exists());
    top.and_then(|top| root.strip_prefix(top).ok())
        .map(slashed)
        .unwrap_or_default()
}

/// The way from one absolute folder to another.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to) = (names(from), names(to));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let ups = std::iter::repeat_n("..", from.len() - same);
    let downs = to[same..].iter().map(String::as_str);
    ups.chain(downs).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vantage(working: &str, root: &str, argument: &str) -> Vantage {
        Vantage::new(Path::new(working), Path::new(root), &[argument.into()])
    }

    #[test]
    fn paths_of_the_working_folder_stay() {
        let here = vantage("/no/where", "/no/where", ".");
        assert_eq!(here.shown("prompts/a.j2"), "prompts/a.j2");
        assert_eq!(Vantage::default().shown("a.j2#x/y"), "a.j2#x/y");
    }

    #[test]
    fn a_root_above_or_beside_is_reached_by_dots() {
        let above = vantage("/no/where/app/src", "/no/where", "../..");
        assert_eq!(above.shown("lib/a.j2"), "../../lib/a.j2");
        assert_eq!(above.shown("app/a.j2"), "../a.j2");
        assert_eq!(above.shown("app/src/a.j2:1"), "a.j2:1");
        assert_eq!(above.shown("app/src"), ".");
        let beside = vantage("/no/where/app", "/no/where/lib/x", "../lib/x");
        assert_eq!(beside.shown("a.j2"), "../lib/x/a.j2");
        assert_eq!(beside.shown("../prefixlint.yaml"), "../lib/prefixlint.yaml");
        assert_eq!(beside.shown(""), "../lib/x");
    }

    #[test]
    fn what_was_written_absolute_stays_so() {
        let absolute = vantage("/no/where/app", "/no/lib", "/no/lib");
        assert_eq!(absolute.shown("a.j2"), "/no/lib/a.j2");
        assert_eq!(absolute.shown("../a.yaml"), "/no/a.yaml");
        // Where files of the working folder are among them, all are shown from there.
        let mixed = Vantage::new(
            Path::new("/no/where/app"),
            Path::new("/no"),
            &["/no/lib".into(), "/no/where/app".into()],
        );
        assert_eq!(mixed.shown("where/app/a.j2"), "a.j2");
        assert_eq!(mixed.shown("lib/a.j2"), "../../lib/a.j2");
    }
}
