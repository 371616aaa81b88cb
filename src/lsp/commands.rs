//! `workspace/executeCommand`: what code actions and lenses start, and what editors with questions of their own ask for.

use serde_json::{json, Value};

use super::mending::{classing, ignoring};
use super::message::{self, Answer, Refusal};
use super::prompts::{span_in, touching};
use super::server::{Expected, Server};
use super::state::{Latest, Root};
use crate::judge::Judged;
use crate::report::{inspect, rule_url, Style};
use crate::rulebook;
use crate::suppress::write::unfit;
use crate::volatility::Class;

/// `[rule]`: opens its page.
pub const OPEN_RULE: &str = "prefixlint.openRule";
/// `[{uri, prompt?, position?}]`: the request as `prefixlint inspect` shows it, as a text.
pub const INSPECT: &str = "prefixlint.inspect";
/// `[{uri, fingerprint, reason}]`: writes a comment.
pub const IGNORE: &str = "prefixlint.ignore";
/// `[{uri, name, class}]`: writes into the config.
pub const SET_VOLATILITY: &str = "prefixlint.setVolatility";
/// `[data of an action]`: tries the fix of a finding, or the safe ones of a file, and has the editor apply it.
pub const FIX: &str = "prefixlint.fix";
/// `[]`: forgets everything and looks again.
pub const RESCAN: &str = "prefixlint.rescan";

pub const NAMES: [&str; 6] = [OPEN_RULE, INSPECT, IGNORE, SET_VOLATILITY, FIX, RESCAN];

/// Columns of a prompt that is shown as text.
const WIDTH: usize = 100;

fn failed(why: impl Into<String>) -> Refusal {
    Refusal::new(message::REQUEST_FAILED, why)
}

impl Server {
    pub(super) fn execute(&mut self, params: &Value) -> Answer {
        let first = &params["arguments"][0];
        match params["command"].as_str().unwrap_or_default() {
            OPEN_RULE => self.open_rule(first),
            INSPECT => self.inspect(first),
            IGNORE => self.ignore(first),
            SET_VOLATILITY => self.set_volatility(first),
            RESCAN => {
                for root in &mut self.state.roots {
                    root.afresh = true;
                    root.touch();
                }
                Ok(Value::Null)
            }
            other => Err(Refusal::params(format!("no command {other}"))),
        }
    }

    fn open_rule(&mut self, rule: &Value) -> Answer {
        let rule = rule.as_str().unwrap_or_default();
        if rulebook::page_of(rule).is_none() {
            return Err(Refusal::params(format!("no rule {rule}")));
        }
        let url = rule_url(rule);
        if self.state.client.shows_documents {
            let params = json!({ "uri": url, "external": true });
            self.ask("window/showDocument", params, Expected::Nothing);
        } else {
            let params = json!({ "type": 3, "message": url });
            self.notify("window/showMessage", params);
        }
        Ok(url.into())
    }

    /// The document that an argument names, with the analysis of the present state.
    fn analysed_document(&self, argument: &Value) -> Result<(&Root, &Latest, String), Refusal> {
        let uri = argument["uri"].as_str().unwrap_or_default();
        let placed = self.state.placed(uri);
        let (id, path) = placed.ok_or_else(|| failed(format!("{uri} is not open")))?;
        let root = self.state.root(*id);
        let found = root.and_then(|root| Some((root, root.current()?)));
        let (root, latest) = found.ok_or_else(|| {
            let why = "the document is still being analysed: ask again";
            Refusal::new(message::CONTENT_MODIFIED, why)
        })?;
        Ok((root, latest, path.clone()))
    }

    fn inspect(&mut self, argument: &Value) -> Answer {
        let (_, latest, path) = self.analysed_document(argument)?;
        let uri = argument["uri"].as_str().unwrap_or_default();
        let prompts = touching(&latest.view, &path);
        let named = argument["prompt"].as_str();
        let position = super::position::Position::parse(&argument["position"]);
        let document = self.state.documents.get(uri);
        let offset = position
            .zip(document)
            .map(|(position, document)| document.text.offset(position, self.state.client.encoding));
        let chosen: Vec<&Judged> = match (named, offset) {
            (Some(id), _) => prompts.into_iter().filter(|j| j.prompt.id == id).collect(),
            (None, Some(at)) => nearest(prompts, &path, at).into_iter().collect(),
            (None, None) => prompts,
        };
        if chosen.is_empty() {
            return Err(failed("no prompt there"));
        }
        let style = Style {
            width: WIDTH,
            ..Style::default()
        };
        let views = chosen.iter();
        let views = views.map(|judged| inspect::view(&latest.view.analysis, judged, style));
        let text = views.collect::<Vec<_>>().join("\n");
        Ok(text.into())
    }

    fn ignore(&mut self, argument: &Value) -> Answer {
        let reason = argument["reason"].as_str().unwrap_or_default().trim();
        if let Some(why) = unfit(reason) {
            return Err(failed(why));
        }
        let (root, latest, _) = self.analysed_document(argument)?;
        let fingerprint = argument["fingerprint"].as_str().unwrap_or_default();
        let findings = &latest.view.analysis.findings;
        let finding = findings.iter().find(|f| f.fingerprint == fingerprint);
        let finding = finding.ok_or_else(|| failed("no such finding"))?;
        let edits = ignoring(&self.state, &latest.view, finding, reason)
            .ok_or_else(|| failed("no comment can stand there"))?;
        let edit = edits.to_value(&self.state, root.id);
        self.apply(&format!("Ignore {}", finding.rule.to_owned()), edit)
    }

    fn set_volatility(&mut self, argument: &Value) -> Answer {
        let (root, latest, path) = self.analysed_document(argument)?;
        let name = argument["name"].as_str().unwrap_or_default();
        let class = argument["class"].as_str().and_then(Class::parse);
        let class = class.ok_or_else(|| Refusal::params("class is not one of volatility"))?;
        let edits = classing(&self.state, root, &latest.view, &path, name, class)
            .ok_or_else(|| failed("the config cannot be written, or says so already"))?;
        let edit = edits.to_value(&self.state, root.id);
        self.apply(&format!("Take {name} as {class}"), edit)
    }

    pub(super) fn apply(&mut self, label: &str, edit: Value) -> Answer {
        let params = json!({ "label": label, "edit": edit });
        self.ask("workspace/applyEdit", params, Expected::Nothing);
        Ok(Value::Null)
    }
}

/// The prompt that a place belongs to: the innermost around it, else the last that starts in front of it.
fn nearest<'a>(prompts: Vec<&'a Judged>, path: &str, at: usize) -> Option<&'a Judged> {
    let around = prompts.iter().filter(|judged| {
        let span = span_in(judged, path);
        span.start <= at && at <= span.end
    });
    let inner = around.min_by_key(|judged| span_in(judged, path).len());
    let before = prompts
        .iter()
        .filter(|judged| span_in(judged, path).start <= at)
        .max_by_key(|judged| span_in(judged, path).start);
    inner.or(before).or(prompts.first()).copied()
}
