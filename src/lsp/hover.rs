//! `textDocument/hover`: on a piece of a prompt what it is and whether it is cached, on a finding the page of its rule,
//! on the name of a model what its cache takes.

use std::fmt::Write;

use serde_json::{json, Value};

use super::configs::is_config;
use super::message::Answer;
use super::prompts::touching;
use super::waiting::Asked;
use crate::figures::{thousands, tokens};
use crate::finding::Finding;
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::providers::{Match, Model};
use crate::report::prompts::{class_name, expression};
use crate::report::rule_url;
use crate::rulebook::{self, summarise_filler};
use crate::source::{Place, Span};
use crate::volatility::Class;

/// Prompts that are told of at one place.
const MOST_PROMPTS: usize = 3;
/// Characters of an expression that is quoted.
const MOST_QUOTED: usize = 60;

pub fn answer(asked: &Asked) -> Answer {
    let Some(at) = asked.params_offset() else {
        return Ok(Value::Null);
    };
    let prompts = touching(asked.view, asked.path);
    let mut parts: Vec<(Span, String)> = Vec::new();
    parts.extend(model(asked, &prompts, at));
    parts.extend(findings(asked, at));
    parts.extend(pieces(asked, &prompts, at));
    let Some(span) = parts.iter().map(|(span, _)| *span).min_by_key(Span::len) else {
        return Ok(Value::Null);
    };
    let texts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    let text = texts.join("\n\n---\n\n");
    let kind = match asked.state.client.markdown {
        true => "markdown",
        false => "plaintext",
    };
    Ok(json!({
        "contents": { "kind": kind, "value": text },
        "range": asked.range(span),
    }))
}

fn holds(place: &Place, path: &str, at: usize) -> bool {
    *place.path == *path && place.span.start <= at && at < place.span.end.max(place.span.start + 1)
}

/// The findings of a place, worst first, each with its page.
fn findings(asked: &Asked, at: usize) -> Vec<(Span, String)> {
    let findings = asked.view.analysis.findings.iter();
    let own = findings
        .filter(|finding| finding.suppressed.is_none() && holds(&finding.place, asked.path, at));
    let told = |finding: &Finding| {
        let why = asked.view.fix_of(finding).err().flatten();
        (finding.place.span, page(finding, why))
    };
    own.map(told).collect()
}

fn page(finding: &Finding, unfixed: Option<&str>) -> String {
    let mut out = format!(
        "**[{}]({})** ({})\n\n{}",
        finding.rule,
        rule_url(finding.rule),
        finding.severity.name(),
        finding.message
    );
    if !finding.help.is_empty() {
        let _ = write!(out, "\n\n{}", finding.help);
    }
    if let Some(why) = unfixed {
        let _ = write!(out, "\n\nNo fix is offered: {why}.");
    }
    let Some(page) = rulebook::page_of(finding.rule) else {
        return out;
    };
    for title in ["What", "Why", "Use instead"] {
        let Some(body) = page.section(title) else {
            continue;
        };
        let _ = write!(out, "\n\n**{title}**\n\n{}", summarise_filler(body));
    }
    out
}

/// The innermost piece of each prompt at a place.
fn pieces(asked: &Asked, prompts: &[&Judged], at: usize) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    for judged in prompts {
        let mut offset = 0.0;
        let mut best: Option<(&Segment, Span, f64)> = None;
        for segment in &judged.layout.segments {
            let span = span_at(judged, segment, asked.path, at);
            let seen = !matches!(segment.kind, Kind::Framing | Kind::Growth);
            if let Some(span) = span.filter(|_| seen) {
                if best.is_none_or(|(_, known, _)| span.len() < known.len()) {
                    best = Some((segment, span, offset));
                }
            }
            offset += segment.tokens;
        }
        if let Some((segment, span, offset)) = best {
            found.push((span, piece(asked, judged, segment, offset)));
        }
    }
    let more = found.len().saturating_sub(MOST_PROMPTS);
    found.truncate(MOST_PROMPTS);
    if more > 0 {
        if let Some((_, text)) = found.last_mut() {
            let noun = if more == 1 { "prompt" } else { "prompts" };
            let _ = write!(text, "\n\nand in {more} more {noun}");
        }
    }
    found
}

/// The span of a segment around a place, of which a stable run may have several.
fn span_at(judged: &Judged, segment: &Segment, path: &str, at: usize) -> Option<Span> {
    let parts = judged.layout.parts.iter();
    let parts = parts.filter(|part| part.segment == segment.id);
    let places = parts.map(|part| &part.place).chain([&segment.place]);
    let spans = places.filter(|place| holds(place, path, at));
    spans.map(|place| place.span).min_by_key(Span::len)
}

fn piece(asked: &Asked, judged: &Judged, segment: &Segment, offset: f64) -> String {
    let class = class_name(segment);
    let size = tokens(segment.tokens, judged.estimated());
    let mut out = match expression(&segment.kind) {
        Some(expression) => format!("**`{}`** ", quoted(expression)),
        None => String::new(),
    };
    let what = match &segment.kind {
        Kind::Text { .. } => "stable text",
        Kind::Value { .. } => "value",
        Kind::Fork { .. } => "branch",
        Kind::History { .. } => "conversation so far",
        Kind::Media => "media",
        Kind::Setting { .. } => "option that is part of the cache key",
        Kind::Framing | Kind::Growth => "chat format",
    };
    let _ = write!(out, "{what}, **{class}**");
    if let Some(volatility) = segment.volatility() {
        let _ = write!(out, " ({})", volatility.confidence.name());
    }
    if let Some(meaning) = Class::parse(class).map(meaning) {
        let _ = write!(out, ": {meaning}");
    }
    if segment.tokens > 0.0 {
        let _ = write!(out, "\n\n{size}, {}", cached(judged, segment, offset));
    }
    let _ = write!(
        out,
        "\n\nin `{}`, {}, {}",
        judged.prompt.id,
        judged.model.id,
        tokens(judged.total, judged.estimated())
    );
    if let Kind::Value { trace, .. } = &segment.kind {
        for hop in trace {
            let _ = write!(out, "\n- {} {}", hop.note, link(asked, &hop.place));
        }
    }
    out
}

fn quoted(expression: &str) -> String {
    let line = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out: String = line.replace('`', "'").chars().take(MOST_QUOTED).collect();
    if out.len() < line.len() {
        out.push('…');
    }
    out
}

/// Whether calls share a piece, whatever the traffic.
fn cached(judged: &Judged, segment: &Segment, offset: f64) -> String {
    let end = offset + segment.tokens;
    let boundary = judged.boundary;
    let prefix = tokens(boundary, judged.estimated());
    if boundary <= 0.0 {
        let minimum = thousands(f64::from(judged.model.minimum));
        return format!("not cached: no prefix of {minimum} tokens is shared between calls");
    }
    if end <= boundary + 0.5 {
        format!("cached: part of the prefix of {prefix} that calls share")
    } else if offset < boundary {
        let part = tokens(boundary - offset, judged.estimated());
        format!("the first {part} cached: the prefix that calls share ends within")
    } else {
        format!("not cached: stands behind the prefix of {prefix} that calls share")
    }
}

/// A class in words.
fn meaning(class: Class) -> &'static str {
    match class {
        Class::Constant => "the same on every call",
        Class::Deploy => "the same on every call of one deployment",
        Class::Day => "changes every day",
        Class::Hour => "changes every hour",
        Class::Minute => "changes every minute",
        Class::Tenant => "shared by the users of one tenant",
        Class::User => "shared by the calls of one user",
        Class::Session => "shared by the calls of one session",
        Class::State => "changes within a session, not on every call",
        Class::Request => "comes with each call",
        Class::Unique => "new on every call",
    }
}

/// `path:line` as a link.
fn link(asked: &Asked, place: &Place) -> String {
    let sources = &asked.view.analysis.sources;
    let line = sources
        .get(&place.path)
        .map(|f| f.position(place.span.start).line);
    let uri = asked.state.uri_of(asked.root.id, &place.path);
    match (line, asked.state.client.markdown) {
        (Some(line), true) => format!("[{}:{line}]({uri}#L{line})", place.path),
        (Some(line), false) => format!("{}:{line}", place.path),
        (None, _) => place.path.to_string(),
    }
}

/// What the cache of the model at a place takes: where a prompt names it, or a config.
fn model(asked: &Asked, prompts: &[&Judged], at: usize) -> Option<(Span, String)> {
    let named = prompts.iter().find_map(|judged| {
        let place = judged.prompt.target.place.as_ref()?;
        let own = holds(place, asked.path, at) && place.span.len() <= 200;
        own.then_some((place.span, &judged.model))
    });
    if let Some((span, model)) = named {
        return Some((span, about(model)));
    }
    if !is_config(asked.path) {
        return None;
    }
    let span = word(asked.document.text.as_str(), at)?;
    let name = &asked.document.text.as_str()[span.start..span.end];
    let view = asked.view;
    let model = view.table.resolve(None, Some(name), view.today);
    (!model.fallback).then(|| (span, about(&model)))
}

/// The word around a byte that could name a model.
fn word(text: &str, at: usize) -> Option<Span> {
    let part =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/' | ':' | '@');
    let start = text[..at].rfind(|c| !part(c)).map_or(0, |before| {
        before + text[before..].chars().next().map_or(1, char::len_utf8)
    });
    let end = text[at..]
        .find(|c| !part(c))
        .map_or(text.len(), |len| at + len);
    let end = start + text[start..end].trim_end_matches(':').len();
    let named = text[start..end].bytes().any(|byte| byte.is_ascii_digit());
    named.then(|| Span::new(start, end))
}

fn about(model: &Model) -> String {
    let mut out = format!("**{}** ({})", model.id, model.provider);
    let (low, high) = model.minimum_range;
    let minimum = match low == high {
        true => thousands(f64::from(model.minimum)),
        false => format!("{} to {}", thousands(low.into()), thousands(high.into())),
    };
    let how = match model.matching {
        Match::Steps { step } => format!("matches prefixes in steps of {step} tokens"),
        Match::Ends => "matches at ends of messages and at markers".to_string(),
        Match::Marks => "matches at markers only".to_string(),
        Match::None => "has no prompt cache".to_string(),
    };
    let _ = write!(out, "\n\n- cache: {how}");
    if model.matching != Match::None {
        let _ = write!(out, "\n- minimum: {minimum} tokens");
        let _ = write!(out, "\n- lifetime: {} minutes", model.ttl.assumed);
        if let Some(long) = model.ttl.long {
            let _ = write!(out, ", {long} on request");
        }
    }
    if let Some(prices) = &model.prices {
        let mut list = vec![format!("input ${}", prices.input)];
        list.extend(prices.read.map(|price| format!("read ${price}")));
        list.extend(prices.write.map(|price| format!("write ${price}")));
        list.extend(
            prices
                .write_long
                .map(|price| format!("long write ${price}")),
        );
        let _ = write!(
            out,
            "\n- per million tokens: {} (as of {})",
            list.join(", "),
            model.as_of
        );
    }
    if model.fallback {
        out += "\n\nNot in the price table: the provider's default is taken.";
    }
    out
}
