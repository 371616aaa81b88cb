//! One resolved prompt as a person reads it: pieces in wire order with tokens and classes, markers and the boundary
//! as lines between them, what is read from the cache now and after the fixes.

use std::fmt::Write;

use serde_json::{json, Value};

use super::prompts::{self, bill_after, class_name, expression, kind_name, marker_name};
use super::style::{self, Ink, Style, BLUE, BOLD, CYAN, DIM, GREEN, MAGENTA, PLAIN, RED, YELLOW};
use super::wording::approximate;
use super::{located, position};
use crate::engine::Analysis;
use crate::figures::{percent, usd};
use crate::finding::{Counted, Threshold};
use crate::judge::Judged;
use crate::layout::{Kind, Segment};
use crate::prompt::TargetSource;
use crate::volatility::Class;

/// Columns in front of where a value is born: those of the offset, the tokens and the class.
const BIRTH_INDENT: usize = 29;

/// `{"prompts": [...]}` of the given prompts.
pub fn document(analysis: &Analysis, judged: &[&Judged]) -> Value {
    let prompts: Vec<Value> = judged
        .iter()
        .map(|one| prompts::value(analysis, one))
        .collect();
    json!({ "schema_version": super::json::SCHEMA_VERSION, "prompts": prompts })
}

/// The view of one prompt.
pub fn view(analysis: &Analysis, judged: &Judged, style: Style) -> String {
    let mut out = String::new();
    head(&mut out, analysis, judged, style);
    body(&mut out, analysis, judged, style);
    foot(&mut out, judged, style);
    out
}

fn head(out: &mut String, analysis: &Analysis, judged: &Judged, style: Style) {
    let assumed = match judged.model_source {
        TargetSource::Default => " (assumed)",
        TargetSource::Config => " (config)",
        TargetSource::Declared => "",
    };
    let total = approximate(judged.total, judged.counted == Counted::Exact);
    let _ = writeln!(
        out,
        "{}  {}, {}{assumed}, {total} tokens{}",
        style.paint(BOLD, &analysis.vantage.shown(&judged.prompt.id)),
        judged.prompt.format,
        judged.model.id,
        if judged.prompt.fragment {
            ", request not known"
        } else {
            ""
        },
    );
}

/// A line of the table in front of its layout.
struct Row {
    at: f64,
    tokens: f64,
    class: &'static str,
    ink: Ink,
    text: String,
    location: String,
}

fn body(out: &mut String, analysis: &Analysis, judged: &Judged, style: Style) {
    let layout = &judged.layout;
    let mut lines = lines_between(judged);
    let (mut at, mut message) = (0.0, None);
    let place_width = 14;
    let text_width = style
        .width
        .saturating_sub(10 + 9 + 10 + place_width)
        .max(20);
    for segment in &layout.segments {
        if message != Some(segment.message) {
            message = Some(segment.message);
            let section = layout
                .messages
                .get(segment.message)
                .map_or("settings", |message| message.section.name());
            let _ = writeln!(out, "\n{}", style.paint(CYAN, section));
        }
        let end = at + segment.tokens;
        if segment.tokens > 0.0 || !matches!(segment.kind, Kind::Growth) {
            let row = row(analysis, judged, segment, at, text_width);
            write_row(out, &row, judged.estimated(), text_width, style);
            births(out, analysis, segment, style);
        }
        at = end;
        while lines
            .first()
            .is_some_and(|(offset, _)| *offset <= at + 1e-6)
        {
            let (offset, text) = lines.remove(0);
            let inside = at - offset > 0.5;
            cut(out, &text, inside, style);
        }
    }
    out.push('\n');
}

/// Markers and the boundary: (offset in tokens, text), ascending.
fn lines_between(judged: &Judged) -> Vec<(f64, String)> {
    let exact = !judged.estimated();
    let mut lines: Vec<(f64, String)> = judged
        .layout
        .marks
        .iter()
        .map(|mark| {
            let ttl = mark
                .ttl
                .map_or(String::new(), |minutes| format!(", TTL {minutes} min"));
            let text = format!("cache marker ({}{ttl})", marker_name(mark.how));
            (judged.layout.mark_offset(mark), text)
        })
        .collect();
    if judged.boundary > 0.0 {
        let tokens = approximate(judged.boundary, exact);
        lines.push((
            judged.boundary,
            format!("cached up to here: {tokens} tokens"),
        ));
    } else if let Some(offset) = first_barrier(judged) {
        let text = format!(
            "the shared prefix ends here: {} tokens, {} are needed",
            approximate(offset, exact),
            approximate(f64::from(judged.model.minimum), true)
        );
        lines.push((offset, text));
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    lines
}

/// Tokens in front of the first value that ends what calls share.
pub(crate) fn first_barrier(judged: &Judged) -> Option<f64> {
    let layout = &judged.layout;
    let barriers = layout.barriers(judged.terms().granularity());
    let first = *barriers.first()?.members.first()?;
    let offset = layout.offset(first);
    (offset > 0.0 && offset < f64::from(judged.model.minimum)).then_some(offset)
}

fn row(analysis: &Analysis, judged: &Judged, segment: &Segment, at: f64, columns: usize) -> Row {
    let class = class_name(segment);
    let framing = matches!(segment.kind, Kind::Framing);
    let text = match (&segment.kind, expression(&segment.kind)) {
        _ if framing => "chat format".to_string(),
        (_, Some(expression)) => expression.to_string(),
        // As it is sent: its place may hold the tag of an include or a name.
        (Kind::Text { opening, .. }, None) if opening.is_empty() => "white space".to_string(),
        (Kind::Text { opening, .. }, None) => {
            opening.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        (kind, None) => kind_name(kind).to_string(),
    };
    let text = match &segment.kind {
        Kind::Fork { .. } => format!("if {text}"),
        Kind::Setting { .. } => format!("option {text}"),
        _ => text,
    };
    let location = match position(analysis, &segment.place) {
        _ if framing => String::new(),
        Some(place) if segment.place.path == judged.prompt.origin.path => {
            format!("{}:{}", place.line, place.column)
        }
        Some(place) => {
            let path = analysis.vantage.shown(&segment.place.path);
            format!("{path}:{}", place.line)
        }
        None => analysis.vantage.shown(&segment.place.path),
    };
    Row {
        at,
        tokens: segment.tokens,
        class,
        ink: if framing { DIM } else { class_ink(class) },
        text: style::one_line(&text, columns),
        location,
    }
}

/// Where a value is born and how it comes here, if it is born elsewhere.
fn births(out: &mut String, analysis: &Analysis, segment: &Segment, style: Style) {
    let Kind::Value { trace, .. } = &segment.kind else {
        return;
    };
    for hop in trace.iter().filter(|hop| hop.place != segment.place) {
        let text = format!("← {} {}", hop.note, located(analysis, &hop.place));
        let columns = style.width.saturating_sub(BIRTH_INDENT);
        let text = style::one_line(&text, columns);
        let indent = " ".repeat(BIRTH_INDENT);
        let _ = writeln!(out, "{indent}{}", style.paint(DIM, &text));
    }
}

fn write_row(out: &mut String, row: &Row, estimated: bool, columns: usize, style: Style) {
    let offset = format!("{:>9}", approximate(row.at, !estimated));
    let tokens = format!("{:>8}", format!("+{}", approximate(row.tokens, true)));
    let _ = writeln!(
        out,
        "{} {} {}  {} {}",
        style.paint(DIM, &offset),
        tokens,
        style.paint(row.ink, &style::pad(row.class, 8)),
        style.paint(row.ink, &style::pad(&row.text, columns)),
        style.paint(DIM, &row.location),
    );
    let trimmed = out.trim_end_matches(' ').len();
    if !style.color && out.ends_with(" \n") {
        out.truncate(trimmed);
    }
}

fn cut(out: &mut String, text: &str, inside: bool, style: Style) {
    let text = if inside {
        format!("{text}, within the piece above")
    } else {
        text.to_string()
    };
    let dashes = style
        .width
        .min(100)
        .saturating_sub(text.chars().count() + 6);
    let line = format!("──── {text} {}", "─".repeat(dashes));
    let _ = writeln!(out, "{}", style.paint(GREEN, &line));
}

/// Stable is calm, made up is loud.
fn class_ink(name: &str) -> Ink {
    match Class::parse(name) {
        None | Some(Class::Constant) => PLAIN,
        Some(Class::Deploy) => GREEN,
        Some(Class::Day | Class::Hour | Class::Minute) => YELLOW,
        Some(Class::Tenant | Class::User) => BLUE,
        Some(Class::Session | Class::State) => MAGENTA,
        Some(Class::Request | Class::Unique) => RED,
    }
}

fn foot(out: &mut String, judged: &Judged, style: Style) {
    let exact = !judged.estimated();
    let (now, after) = (judged.plan.now, bill_after(judged));
    let mut line = |name: &str, text: String| {
        let lead = format!("{} ", style.paint(DIM, &style::pad(name, 11)));
        style::wrapped(out, &lead, 12, &text, style.width);
    };
    let price = |amount: f64| {
        if judged.priced {
            format!(", {} per 1,000 calls", usd(amount))
        } else {
            String::new()
        }
    };
    line(
        "now",
        format!(
            "{} of {} tokens read from the cache{}",
            approximate(now.read, exact),
            approximate(judged.total, exact),
            price(now.usd_per_1k_calls)
        ),
    );
    let saved = judged.share(now.usd_per_1k_calls - after.usd_per_1k_calls);
    if judged.plan.steps.is_empty() {
        line("after fixes", "as now: no edit saves anything".to_string());
    } else {
        line(
            "after fixes",
            format!(
                "{} tokens read{}: {} less",
                approximate(after.read, exact),
                price(after.usd_per_1k_calls),
                percent(saved)
            ),
        );
        for (index, step) in judged.plan.steps.iter().enumerate() {
            line(
                "",
                format!(
                    "{}. {}: {}",
                    index + 1,
                    prompts::step_text(judged, step),
                    percent(judged.share(step.gain))
                ),
            );
        }
    }
    if judged.threshold != Threshold::Above {
        line(
            "minimum",
            format!(
                "the longest prefix that calls could share has {} of {} tokens",
                approximate(judged.best, exact),
                approximate(f64::from(judged.model.minimum), true)
            ),
        );
    }
    line(
        "traffic",
        format!(
            "{} ({}); prices of {}",
            super::wording::traffic(&judged.traffic),
            judged.traffic.basis.name(),
            judged.model.as_of
        ),
    );
}
