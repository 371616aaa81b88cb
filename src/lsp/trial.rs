//! Fixes are tried before they are handed out: on the texts as editors show them, by the engine, as `check --fix` does.
//! One that does not hold what it promised is not offered. Afterwards the project is as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::project::Project;
use super::worker::Fixes;
use crate::engine::Analysis;
use crate::finding::Finding;
use crate::fix::apply::{apply, Texts};
use crate::fix::proof::Key;
use crate::reads::Changed;
use crate::source::SourceFile;

impl Project {
    /// The texts that the fixes leave behind.
    ///
    /// # Errors
    /// Why they do not hold.
    pub fn attempt(&mut self, fixes: &Fixes) -> Result<BTreeMap<String, String>, String> {
        let mut before = self.run(&Changed::default(), true);
        let unsafe_too = matches!(fixes, Fixes::Of(_));
        let wanted: Box<dyn Fn(&Finding) -> bool> = match fixes {
            Fixes::Safe(path) => {
                let path = path.clone();
                Box::new(move |finding| *finding.place.path == *path)
            }
            Fixes::Of(fingerprint) => {
                let mut all = before.findings.iter();
                let own = all.find(|finding| finding.fingerprint == *fingerprint);
                let key = Key::of(own.ok_or("the finding is gone")?);
                Box::new(move |finding| Key::of(finding) == key)
            }
        };
        keep(&mut before, &wanted);
        let open = self.live.texts().clone();
        let mut shown: BTreeSet<String> = BTreeSet::new();
        let applied = apply(before, unsafe_too, &mut |texts: &Texts| {
            let paths: BTreeSet<String> = shown.iter().chain(texts.keys()).cloned().collect();
            shown = texts.keys().cloned().collect();
            let mut after = self.with(&paths, |path| match texts.get(path) {
                Some(text) => Some(Arc::new(SourceFile::new(path, text))),
                None => open.get(path).cloned(),
            });
            keep(&mut after, &wanted);
            Ok::<_, String>(after)
        });
        self.with(&shown, |path| open.get(path).cloned());
        let applied = applied?;
        match (applied.withdrawn.first(), applied.texts.is_empty()) {
            (Some(why), true) => Err(why.text.clone()),
            (None, true) => Err("nothing is left to mend".to_string()),
            (_, false) => Ok(applied.texts),
        }
    }

    /// Analyses with other texts of some files.
    fn with(
        &mut self,
        paths: &BTreeSet<String>,
        text: impl Fn(&str) -> Option<Arc<SourceFile>>,
    ) -> Analysis {
        let mut changed = Changed::default();
        for path in paths {
            self.live.show(path, text(path));
            changed.add_file(path);
        }
        self.run(&changed, true)
    }
}

/// Leaves the fixes of other findings out.
fn keep(analysis: &mut Analysis, wanted: &dyn Fn(&Finding) -> bool) {
    for finding in analysis.findings.iter_mut().filter(|f| !wanted(f)) {
        finding.fix = None;
    }
}
