//! Diagnostics that the client asks for: of a document, with those of others that speak of it, and of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{json, Map, Value};

use super::message::Answer;
use super::state::State;
use super::waiting::Asked;

/// Other documents that are handed out with one.
const MOST_RELATED: usize = 50;

/// `textDocument/diagnostic`.
pub fn of_document(asked: &Asked) -> Answer {
    let mut report = match asked.state.owns(asked.root.id, asked.path) {
        true => report(asked, asked.path, asked.params["previousResultId"].as_str()),
        false => json!({ "kind": "full", "items": [] }),
    };
    if asked.state.client.related_documents {
        let related = related(asked);
        if !related.is_empty() {
            report["relatedDocuments"] = related.into();
        }
    }
    Ok(report)
}

fn report(asked: &Asked, path: &str, previous: Option<&str>) -> Value {
    match asked.view.diagnostics.get(path) {
        Some(now) if previous == Some(now.result_id.as_str()) => {
            json!({ "kind": "unchanged", "resultId": now.result_id })
        }
        Some(now) => json!({
            "kind": "full",
            "resultId": now.result_id,
            "items": now.items,
        }),
        None => json!({ "kind": "full", "items": [] }),
    }
}

/// The documents with findings that lead here: a template's findings may stand in the code that renders it.
fn related(asked: &Asked) -> Map<String, Value> {
    let own = asked.path;
    let findings = asked.view.analysis.findings.iter();
    let paths: BTreeSet<&str> = findings
        .filter(|finding| *finding.place.path != *own && finding.suppressed.is_none())
        .filter(|finding| {
            let labels = finding.labels.iter().map(|label| &label.place.path);
            let hops = finding.trace.iter().map(|hop| &hop.place.path);
            let mut all = labels.chain(hops).chain([&finding.cause.path]);
            all.any(|path| **path == *own)
        })
        .map(|finding| &*finding.place.path)
        .collect();
    let owned = paths
        .into_iter()
        .filter(|path| asked.state.owns(asked.root.id, path));
    owned
        .take(MOST_RELATED)
        .map(|path| {
            let uri = asked.state.uri_of(asked.root.id, path);
            (uri, report(asked, path, None))
        })
        .collect()
}

/// `workspace/diagnostic`.
pub fn of_workspace(state: &State, params: &Value) -> Value {
    let previous: BTreeMap<&str, &str> = params["previousResultIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|known| Some((known["uri"].as_str()?, known["value"].as_str()?)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for root in state.roots.iter().filter(|_| state.settings.enable) {
        let Some(latest) = &root.latest else { continue };
        for (path, now) in &latest.view.diagnostics {
            if !state.owns(root.id, path) {
                continue;
            }
            let uri = state.uri_of(root.id, path);
            let version = latest.versions.get(&**path);
            items.push(match previous.get(uri.as_str()) {
                Some(known) if *known == now.result_id => json!({
                    "kind": "unchanged",
                    "uri": uri,
                    "version": version,
                    "resultId": now.result_id,
                }),
                _ => json!({
                    "kind": "full",
                    "uri": uri,
                    "version": version,
                    "resultId": now.result_id,
                    "items": now.items,
                }),
            });
            seen.insert(uri);
        }
    }
    let gone = previous.keys().filter(|uri| !seen.contains(**uri));
    items.extend(gone.map(|uri| {
        let version = state.documents.get(uri).map(|document| document.version);
        json!({ "kind": "full", "uri": uri, "version": version, "items": [] })
    }));
    json!({ "items": items })
}
