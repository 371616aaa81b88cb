//! `textDocument/codeAction`: fixes, a comment that leaves a finding alone, its rule's page, a class for a value.

use serde_json::{json, Map, Value};

use super::commands::{FIX, OPEN_RULE};
use super::edits::Edits;
use super::mending::{classing, ignoring, nameable, of_fixes};
use super::message::{Answer, Refusal};
use super::prompts::touching;
use super::resolve;
use super::waiting::Asked;
use super::worker::Fixes;
use crate::finding::{Finding, Fix};
use crate::layout::Kind;
use crate::source::Span;
use crate::volatility::Class;

const QUICK_FIX: &str = "quickfix";
const REWRITE: &str = "refactor.rewrite";
const FIX_ALL: &str = "source.fixAll.prefixlint";
/// What stands for the reason until someone writes one.
pub const REASON: &str = "TODO: say why";
/// Findings at one place for which actions are made.
const MOST: usize = 8;
/// Classes that a user can tell of a value.
const CLASSES: [Class; 6] = [
    Class::Constant,
    Class::Deploy,
    Class::Tenant,
    Class::User,
    Class::Session,
    Class::Request,
];

pub fn answer(asked: &Asked) -> Answer {
    let range = asked
        .params_range()
        .ok_or_else(|| Refusal::params("range is missing"))?;
    let wanted = Wanted::of(&asked.params["context"]["only"]);
    let mut out = Vec::new();
    let span = Span::new(range.start, range.end);
    let findings: Vec<&Finding> = here(asked, |finding| touches(finding.place.span, span));
    if wanted.takes(QUICK_FIX) {
        for finding in findings.iter().take(MOST) {
            out.extend(fix(asked, finding));
        }
        for finding in findings.iter().take(MOST) {
            out.extend(ignore(asked, finding));
            out.push(rule_page(asked, finding));
        }
    }
    if wanted.takes(FIX_ALL) {
        out.extend(fix_all(asked));
    }
    if wanted.takes(REWRITE) {
        out.extend(classes(asked, span));
    }
    if !asked.state.client.action_literals {
        // Such a client takes commands only.
        let commands = out.into_iter().filter_map(|action| {
            let own = action.get("command").cloned();
            own.filter(Value::is_object)
        });
        out = commands.collect();
    }
    Ok(out.into())
}

/// Which kinds of actions are asked for.
struct Wanted(Option<Vec<String>>);

impl Wanted {
    fn of(only: &Value) -> Wanted {
        let kinds = only.as_array();
        Wanted(kinds.map(|kinds| {
            let kinds = kinds.iter().filter_map(Value::as_str);
            kinds.map(str::to_string).collect()
        }))
    }

    /// A kind stands for all below it.
    fn takes(&self, kind: &str) -> bool {
        let Some(kinds) = &self.0 else { return true };
        kinds.iter().any(|wanted| {
            let rest = kind.strip_prefix(wanted.as_str());
            wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

fn touches(place: Span, range: Span) -> bool {
    place.start <= range.end && range.start <= place.end
}

/// The findings of this document that count, in the order of the report.
fn here<'a>(asked: &'a Asked, which: impl Fn(&Finding) -> bool) -> Vec<&'a Finding> {
    let findings = asked.view.analysis.findings.iter();
    findings
        .filter(|finding| finding.suppressed.is_none() && *finding.place.path == *asked.path)
        .filter(|finding| which(finding))
        .collect()
}

fn action(asked: &Asked, title: &str, kind: &str, finding: Option<&Finding>) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("title".into(), title.into());
    out.insert("kind".into(), kind.into());
    if let Some(diagnostic) = finding.and_then(|finding| diagnostic(asked, finding)) {
        out.insert("diagnostics".into(), json!([diagnostic]));
    }
    out
}

/// The diagnostic of the request that an action answers.
fn diagnostic(asked: &Asked, finding: &Finding) -> Option<Value> {
    let given = asked.params["context"]["diagnostics"].as_array()?;
    let range = asked.range(finding.place.span);
    let own = given.iter().find(|one| {
        let known = one["data"]["fingerprint"].as_str();
        match known {
            Some(known) => known == finding.fingerprint,
            None => one["code"] == finding.rule && one["range"] == range,
        }
    });
    own.cloned()
}

fn with_edit(asked: &Asked, mut action: Map<String, Value>, edits: &Edits) -> Value {
    let edit = edits.to_value(asked.state, asked.root.id);
    action.insert("edit".into(), edit);
    Value::Object(action)
}

fn fix(asked: &Asked, finding: &Finding) -> Option<Value> {
    let fix = match &asked.view.fix_of(finding) {
        Ok(fix) => fix.clone(),
        Err(why) => return why.and_then(|why| unfixed(asked, finding, why)),
    };
    let fix = &fix;
    let (_, count) = of_fixes(asked.state, asked.view, [fix].into_iter());
    if count == 0 {
        return None;
    }
    let title = match fix.safe {
        true => fix.title.clone(),
        false => format!("{} (changes what is sent)", fix.title),
    };
    let mut action = action(asked, &title, QUICK_FIX, Some(finding));
    if asked.state.client.action_is_preferred && fix.safe {
        action.insert("isPreferred".into(), true.into());
    }
    let fixes = Fixes::Of(finding.fingerprint.clone());
    with_fix(asked, action, &fixes)
}

/// What says why there is no fix, where one was looked for. It cannot be chosen.
fn unfixed(asked: &Asked, finding: &Finding, why: &str) -> Option<Value> {
    let client = &asked.state.client;
    if !(client.disabled_actions && client.action_literals) {
        return None;
    }
    let title = format!("Mend {}", finding.rule);
    let mut action = action(asked, &title, QUICK_FIX, Some(finding));
    action.insert("disabled".into(), json!({ "reason": why }));
    Some(Value::Object(action))
}

/// The edit comes when the action is chosen and has been tried: as what the action resolves to, or else as an edit that
/// the server sends. A client that can take neither is offered no fix, as nobody has tried it.
fn with_fix(asked: &Asked, mut action: Map<String, Value>, fixes: &Fixes) -> Option<Value> {
    let client = &asked.state.client;
    let data = resolve::data(asked.root.id, asked.root.version, fixes);
    if client.resolves_actions {
        action.insert("data".into(), data);
    } else if client.applies_edits {
        let title = action["title"].clone();
        let command = json!({ "title": title, "command": FIX, "arguments": [data] });
        action.insert("command".into(), command);
    } else {
        return None;
    }
    Some(Value::Object(action))
}

fn ignore(asked: &Asked, finding: &Finding) -> Option<Value> {
    // These two speak of comments and of syntax: a comment is no answer to them.
    if matches!(finding.rule, "unused-suppression" | "parse-error") {
        return None;
    }
    let edits = ignoring(asked.state, asked.view, finding, REASON)?;
    let title = format!("Ignore {} here, with a reason", finding.rule);
    let action = action(asked, &title, QUICK_FIX, Some(finding));
    Some(with_edit(asked, action, &edits))
}

fn rule_page(asked: &Asked, finding: &Finding) -> Value {
    let title = format!("Open the page of {}", finding.rule);
    let mut action = action(asked, &title, QUICK_FIX, Some(finding));
    let command = json!({ "title": title, "command": OPEN_RULE, "arguments": [finding.rule] });
    action.insert("command".into(), command);
    Value::Object(action)
}

/// All safe fixes of the document that do not touch each other.
fn fix_all(asked: &Asked) -> Option<Value> {
    let findings = here(asked, |_| true).into_iter();
    let fixes = findings.filter_map(|finding| asked.view.fix_of(finding).ok());
    let fixes: Vec<Fix> = fixes.filter(|fix| fix.safe).collect();
    let (_, count) = of_fixes(asked.state, asked.view, fixes.iter());
    if count == 0 {
        return None;
    }
    let action = action(asked, "Fix all safe prefixlint problems", FIX_ALL, None);
    let fixes = Fixes::Safe(asked.path.to_string());
    with_fix(asked, action, &fixes)
}

/// The classes that a value at a place could have instead.
fn classes(asked: &Asked, range: Span) -> Vec<Value> {
    let prompts = touching(asked.view, asked.path);
    let segments = prompts.iter().flat_map(|judged| &judged.layout.segments);
    let values = segments.filter_map(|segment| match &segment.kind {
        Kind::Value {
            expr, volatility, ..
        } if *segment.place.path == *asked.path && touches(segment.place.span, range) => {
            Some((segment.place.span, nameable(expr)?, volatility.class))
        }
        _ => None,
    });
    let Some((_, name, class)) = values.min_by_key(|(span, ..)| (span.len(), span.start)) else {
        return Vec::new();
    };
    let others = CLASSES.into_iter().filter(|other| *other != class);
    others
        .filter_map(|class| {
            let edits = classing(asked.state, asked.root, asked.view, asked.path, name, class)?;
            let title = format!("Take `{name}` as {class} (prefixlint.yaml)");
            let action = action(asked, &title, REWRITE, None);
            Some(with_edit(asked, action, &edits))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_stands_for_all_below_it() {
        let takes = |only: Value, kind: &str| Wanted::of(&only).takes(kind);
        assert!(takes(Value::Null, QUICK_FIX));
        assert!(takes(json!(["source.fixAll"]), FIX_ALL));
        assert!(takes(json!(["source"]), FIX_ALL) && takes(json!([""]), FIX_ALL));
        assert!(!takes(json!(["source.fixAll.other", "quick"]), FIX_ALL));
        assert!(!takes(json!(["quick"]), QUICK_FIX) && !takes(json!([]), QUICK_FIX));
    }
}
