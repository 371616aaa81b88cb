//! `codeAction/resolve`: the edit of an action whose fix is tried first.

use serde_json::{json, Value};

use super::commands::FIX;
use super::edits::Edits;
use super::mending::of_fixes;
use super::message::{self, Answer, Refusal};
use super::server::Server;
use super::worker::{Fixes, ProjectId, Trial, Tried};
use crate::source::{SourceFile, Span};

/// What an action carries until it is resolved.
pub fn data(root: ProjectId, version: u64, fixes: &Fixes) -> Value {
    let (kind, name) = match fixes {
        Fixes::Of(fingerprint) => ("fingerprint", fingerprint),
        Fixes::Safe(path) => ("path", path),
    };
    json!({ "root": root, "version": version, kind: name })
}

fn parsed(data: &Value) -> Option<(ProjectId, u64, Fixes)> {
    let root = ProjectId::try_from(data["root"].as_u64()?).ok()?;
    let text = |key: &str| data[key].as_str().map(str::to_string);
    let fixes = text("fingerprint").map(Fixes::Of);
    let fixes = fixes.or_else(|| text("path").map(Fixes::Safe))?;
    Some((root, data["version"].as_u64()?, fixes))
}

fn outdated() -> Refusal {
    Refusal::new(
        message::CONTENT_MODIFIED,
        "the document changed since the action was offered",
    )
}

impl Server {
    /// Has the fix of an action tried; an action that has its edit is answered as it is.
    pub(super) fn resolve(&mut self, id: Value, action: Value) {
        if action.get("edit").is_some() || action.get("data").is_none() {
            return self.answer(id, Ok(action));
        }
        let Some((root, version, fixes)) = parsed(&action["data"]) else {
            let refusal = Refusal::params("the action is not one of this server");
            return self.answer(id, Err(refusal));
        };
        let present = self.state.root(root).map(|root| root.version);
        if present != Some(version) {
            return self.answer(id, Err(outdated()));
        }
        if let Some(worker) = &self.worker {
            worker.attempt(Trial {
                id: id.clone(),
                project: root,
                version,
                fixes,
            });
            self.resolving.push((id, action));
        }
    }

    /// A trial is over.
    pub(super) fn tried(&mut self, tried: Tried) {
        let id = &tried.trial.id;
        // One that was cancelled is not there any more.
        let Some(at) = self.resolving.iter().position(|(known, _)| known == id) else {
            return;
        };
        let (id, mut action) = self.resolving.remove(at);
        let as_command = action["command"] == FIX;
        let answer = match self.edit_of(&tried) {
            Ok(edit) if as_command => self.apply("prefixlint", edit),
            Ok(edit) => {
                action["edit"] = edit;
                Ok(action)
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &answer {
            if refusal.code == message::REQUEST_FAILED {
                let text = format!("prefixlint: {}", refusal.message);
                self.notify("window/showMessage", json!({ "type": 3, "message": text }));
            }
        }
        self.answer(id, answer);
    }

    fn edit_of(&self, tried: &Tried) -> Answer {
        let trial = &tried.trial;
        let root = self.state.root(trial.project);
        let latest = root.filter(|root| root.version == trial.version);
        let latest = latest.and_then(|root| root.latest.as_ref());
        let latest = latest.ok_or_else(outdated)?;
        let texts = tried.texts.as_ref().map_err(|why| {
            let why = format!("the fix is withdrawn: {why}");
            Refusal::new(message::REQUEST_FAILED, why)
        })?;
        let view = &latest.view;
        let edits = match &trial.fixes {
            Fixes::Of(fingerprint) => {
                let mut all = view.analysis.findings.iter();
                let own = all.find(|finding| finding.fingerprint == *fingerprint);
                let fix = own.and_then(|finding| view.fix_of(finding).ok());
                of_fixes(&self.state, view, fix.iter()).0
            }
            Fixes::Safe(_) => {
                let mut edits = Edits::default();
                for (path, text) in texts {
                    let file = view.analysis.sources.get(path.as_str());
                    let file = file.ok_or_else(outdated)?;
                    let (span, new) = difference(file, text);
                    edits.push(file, span, new, self.state.client.encoding);
                }
                edits
            }
        };
        Ok(edits.to_value(&self.state, trial.project))
    }
}

/// What differs between a file and its new text, in one piece.
fn difference<'a>(file: &SourceFile, new: &'a str) -> (Span, &'a str) {
    let old: &str = &file.text;
    let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b);
    let mut start = same.count();
    while !old.is_char_boundary(start) || !new.is_char_boundary(start) {
        start -= 1;
    }
    let (rest, new_rest) = (&old[start..], &new[start..]);
    let same = rest.bytes().rev().zip(new_rest.bytes().rev());
    let mut end = same.take_while(|(a, b)| a == b).count();
    while !rest.is_char_boundary(rest.len() - end)
        || !new_rest.is_char_boundary(new_rest.len() - end)
    {
        end -= 1;
    }
    let span = Span::new(start, old.len() - end);
    (span, &new[start..new.len() - end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_of_two_texts_makes_one_of_the_other() {
        for (old, new) in [
            ("", "a"),
            ("a", ""),
            ("aXb", "aYb"),
            ("é", "è"),
            ("a漢b", "a字b"),
            ("aaa", "aa"),
            ("aa", "aaaa"),
            ("same", "same"),
        ] {
            let file = SourceFile::new("x", old);
            let (span, text) = difference(&file, new);
            let mut out = old.to_string();
            out.replace_range(span.start..span.end, text);
            assert_eq!(out, new, "{old:?}");
        }
    }
}
