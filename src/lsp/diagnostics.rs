//! Findings as diagnostics of the protocol, by file. What did not change since the last analysis is not made again.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{json, Map, Value};

use super::client::Client;
use super::position::{in_file, Lines, Position};
use super::uri;
use super::worker::{Home, Open};
use crate::config::ConfigError;
use crate::engine::Analysis;
use crate::finding::{FileError, Finding, Severity};
use crate::report::{rule_url, wording::advice};
use crate::source::{Place, SourceFile, Span};

/// Diagnostics of one file.
#[derive(Debug)]
pub struct Diagnosed {
    /// Names these diagnostics: others of the same file have another one.
    pub result_id: String,
    pub items: Vec<Value>,
    /// Of all that they were made from.
    key: u64,
    /// The files that the key speaks of by their addresses.
    _sources: Vec<Arc<SourceFile>>,
}

/// How the client names files.
pub struct Uris<'a> {
    home: &'a Home,
    open: &'a BTreeMap<String, Open>,
}

impl<'a> Uris<'a> {
    pub fn new(home: &'a Home, open: &'a BTreeMap<String, Open>) -> Uris<'a> {
        Uris { home, open }
    }

    pub fn of(&self, path: &str) -> String {
        match self.open.get(path) {
            Some(open) => open.uri.to_string(),
            None => uri_below(self.home, path),
        }
    }
}

/// The URI of a file that is not open.
pub fn uri_below(home: &Home, path: &str) -> String {
    let (mut folder, mut rest) = (home.folder.as_path(), path);
    if !rest.starts_with("../") {
        return format!("{}/{}", home.uri, uri::encoded(rest));
    }
    while let Some(below) = rest.strip_prefix("../") {
        folder = folder.parent().unwrap_or(folder);
        rest = below;
    }
    uri::of_path(&folder.join(rest))
}

/// What is remarked of one file.
#[derive(Default)]
struct Remarks<'a> {
    findings: Vec<&'a Finding>,
    configs: Vec<&'a ConfigError>,
    errors: Vec<&'a FileError>,
}

pub struct Diagnoser {
    client: Arc<Client>,
    /// In front of every id, so that those of another server are not taken for ours.
    stamp: String,
    ids: u64,
    known: BTreeMap<Arc<str>, Arc<Diagnosed>>,
    lines: BTreeMap<Arc<str>, (Arc<SourceFile>, Arc<Lines>)>,
}

impl Diagnoser {
    pub fn new(client: Arc<Client>) -> Diagnoser {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Diagnoser {
            client,
            stamp: format!("{:x}", now.map_or(0, |now| now.as_nanos())),
            ids: 0,
            known: BTreeMap::new(),
            lines: BTreeMap::new(),
        }
    }

    /// The diagnostics of an analysis.
    pub fn diagnose(
        &mut self,
        analysis: &Analysis,
        configs: &[ConfigError],
        uris: &Uris,
    ) -> BTreeMap<Arc<str>, Arc<Diagnosed>> {
        let mut remarks: BTreeMap<&Arc<str>, Remarks> = BTreeMap::new();
        for finding in analysis.findings.iter().filter(|f| f.suppressed.is_none()) {
            let own = remarks.entry(&finding.place.path).or_default();
            own.findings.push(finding);
        }
        for error in configs {
            remarks.entry(&error.path).or_default().configs.push(error);
        }
        // A folder or a picture that cannot be read is nothing to open and mend.
        let open = |error: &&FileError| uris.open.contains_key(&*error.path);
        for error in analysis.errors.iter().filter(open) {
            remarks.entry(&error.path).or_default().errors.push(error);
        }
        let mut out = BTreeMap::new();
        for (path, remarks) in remarks {
            out.insert(path.clone(), self.of_file(analysis, path, &remarks, uris));
        }
        self.known.clone_from(&out);
        let lines = std::mem::take(&mut self.lines);
        self.lines = lines
            .into_iter()
            .filter(|(path, (file, _))| {
                let now = analysis.sources.get(path);
                now.is_some_and(|now| Arc::ptr_eq(now, file))
            })
            .collect();
        out
    }

    fn of_file(
        &mut self,
        analysis: &Analysis,
        path: &Arc<str>,
        remarks: &Remarks,
        uris: &Uris,
    ) -> Arc<Diagnosed> {
        let (key, sources) = key(analysis, remarks, uris);
        let known = self.known.get(path).cloned();
        if let Some(known) = known.as_ref().filter(|known| known.key == key) {
            return known.clone();
        }
        let mut items = Vec::new();
        for finding in &remarks.findings {
            items.push(self.of_finding(analysis, finding, uris));
        }
        for error in &remarks.configs {
            items.push(self.of_config(error));
        }
        for error in &remarks.errors {
            items.push(of_error(error));
        }
        let result_id = match known.filter(|known| known.items == items) {
            Some(known) => known.result_id.clone(),
            None => {
                self.ids += 1;
                format!("{}-{}", self.stamp, self.ids)
            }
        };
        Arc::new(Diagnosed {
            result_id,
            items,
            key,
            _sources: sources,
        })
    }

    fn of_finding(&mut self, analysis: &Analysis, finding: &Finding, uris: &Uris) -> Value {
        let mut out = Map::new();
        let unused = finding.rule == "unused-suppression";
        out.insert("range".into(), self.range(analysis, &finding.place));
        out.insert(
            "severity".into(),
            match finding.severity {
                Severity::Error => 1,
                Severity::Warning => 2,
                // What is faded out needs no mark beside it.
                Severity::Note if unused => 4,
                Severity::Note => 3,
            }
            .into(),
        );
        out.insert("code".into(), finding.rule.into());
        if self.client.code_description {
            let page = json!({ "href": rule_url(finding.rule) });
            out.insert("codeDescription".into(), page);
        }
        out.insert("source".into(), "prefixlint".into());
        out.insert("message".into(), advice(finding).into());
        if unused && self.client.tags {
            out.insert("tags".into(), json!([1]));
        }
        if self.client.related_information {
            let related = self.related(analysis, finding, uris);
            if !related.is_empty() {
                out.insert("relatedInformation".into(), related.into());
            }
        }
        if self.client.diagnostic_data {
            let data = json!({ "fingerprint": finding.fingerprint });
            out.insert("data".into(), data);
        }
        Value::Object(out)
    }

    /// Labels, then the way of the value from where it is born.
    fn related(&mut self, analysis: &Analysis, finding: &Finding, uris: &Uris) -> Vec<Value> {
        let labels = finding.labels.iter().map(|l| (&l.place, l.text.as_str()));
        let hops = finding.trace.iter().map(|h| (&h.place, h.note.as_str()));
        let mut seen = BTreeSet::new();
        labels
            .chain(hops)
            .filter(|(place, text)| seen.insert((*place, *text)))
            .map(|(place, text)| {
                let range = self.range(analysis, place);
                json!({
                    "location": { "uri": uris.of(&place.path), "range": range },
                    "message": text,
                })
            })
            .collect()
    }

    fn range(&mut self, analysis: &Analysis, place: &Place) -> Value {
        match analysis.sources.get(&place.path) {
            Some(file) => self.range_in(&file.clone(), place.span),
            None => empty_range(),
        }
    }

    fn range_in(&mut self, file: &Arc<SourceFile>, span: Span) -> Value {
        let encoding = self.client.encoding;
        let known = self.lines.get(&file.path);
        let known = known.filter(|(known, _)| Arc::ptr_eq(known, file));
        let lines = match known {
            Some((_, lines)) => lines.clone(),
            None => {
                let lines = Arc::new(Lines::of(&file.text));
                let entry = (file.clone(), lines.clone());
                self.lines.insert(file.path.clone(), entry);
                lines
            }
        };
        let at = |offset| in_file(file, &lines, offset, encoding).to_value();
        json!({ "start": at(span.start), "end": at(span.end) })
    }

    fn of_config(&mut self, error: &ConfigError) -> Value {
        let range = match &error.source {
            Some(file) => self.range_in(file, error.span),
            None => empty_range(),
        };
        let message = match &error.help {
            Some(help) => format!("{}\n{help}", error.message),
            None => error.message.clone(),
        };
        json!({
            "range": range,
            "severity": 1,
            "code": "config",
            "source": "prefixlint",
            "message": format!("{message}\nThe settings that held before stay in force."),
        })
    }
}

/// A file that could not be read or parsed as a whole.
fn of_error(error: &FileError) -> Value {
    json!({
        "range": empty_range(),
        "severity": 3,
        "code": "unreadable",
        "source": "prefixlint",
        "message": error.message,
    })
}

fn empty_range() -> Value {
    let start = Position::default().to_value();
    json!({ "start": start, "end": start })
}

/// A number that differs where the diagnostics may, and the files whose addresses went into it.
fn key(analysis: &Analysis, remarks: &Remarks, uris: &Uris) -> (u64, Vec<Arc<SourceFile>>) {
    let mut hasher = DefaultHasher::new();
    let mut sources: BTreeMap<&Arc<str>, Arc<SourceFile>> = BTreeMap::new();
    for finding in &remarks.findings {
        (finding.rule, finding.severity, &finding.fingerprint).hash(&mut hasher);
        (&finding.message, &finding.help).hash(&mut hasher);
        let labels = finding.labels.iter().map(|l| (&l.place, &l.text));
        let hops = finding.trace.iter().map(|h| (&h.place, &h.note));
        finding.place.hash(&mut hasher);
        for (place, text) in labels.chain(hops) {
            (place, text).hash(&mut hasher);
            if let Some(file) = analysis.sources.get(&place.path) {
                sources.entry(&place.path).or_insert_with(|| file.clone());
            }
        }
        if let Some(file) = analysis.sources.get(&finding.place.path) {
            let path = &finding.place.path;
            sources.entry(path).or_insert_with(|| file.clone());
        }
    }
    for (path, file) in &sources {
        Arc::as_ptr(file).hash(&mut hasher);
        if let Some(open) = uris.open.get(&***path) {
            open.uri.hash(&mut hasher);
        }
    }
    for error in &remarks.configs {
        (&error.message, &error.help, error.span).hash(&mut hasher);
        let text = error.source.as_ref().map(|file| &file.text);
        text.hash(&mut hasher);
    }
    for error in &remarks.errors {
        error.message.hash(&mut hasher);
    }
    (hasher.finish(), sources.into_values().collect())
}
