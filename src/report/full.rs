//! The report that people read: a headline, findings as frames in order of saving, one line for each note, and a
//! summary that names the traffic and the prices behind the figures.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use super::excerpt::{Excerpt, Mark};
use super::frame::Frame;
use super::style::{self, Style, BOLD, CYAN, DIM, GREEN};
use super::{
    active, counts, fixes, located, savings, source, statistics, suppressed, tables, wording,
};
use super::{Report, Show, Verbosity};
use crate::engine::Analysis;
use crate::figures::{percent, thousands, usd};
use crate::finding::{Counted, Finding, Label, Severity};

/// More notes than this are counted by rule instead of listed.
const LISTED_NOTES: usize = 10;
/// More remarks on the run itself than this are counted.
const LISTED_NOTICES: usize = 5;
/// Labels of one frame beside the primary one.
const SHOWN_LABELS: usize = 4;
/// Its notes are one line of the summary: which prompts cannot be cached.
const COLLAPSED: &str = "prefix-below-minimum";
/// Labels in other files that are shown one by one.
const ALSO_SHOWN: usize = 3;
/// Prompts of one finding that are named.
const NAMED_PROMPTS: usize = 3;

pub(super) struct Full;

impl Report for Full {
    fn name(&self) -> &'static str {
        "full"
    }

    fn for_people(&self) -> bool {
        true
    }

    fn render(&self, analysis: &Analysis, show: Show, style: Style) -> String {
        let mut out = String::new();
        let loud = show.verbosity > Verbosity::Quiet;
        if loud {
            let line = headline(analysis, show.verbosity, style);
            style::wrapped(&mut out, "", 0, &line, style.width);
            let spoken = active(analysis).any(|finding| !collapsed(finding, show.verbosity));
            if spoken || !analysis.errors.is_empty() {
                out.push('\n');
            }
        }
        for finding in active(analysis).filter(|f| f.severity > Severity::Note) {
            frame(&mut out, analysis, finding, show.verbosity, style);
            out.push('\n');
        }
        notes(&mut out, analysis, show.verbosity, style);
        errors(&mut out, analysis, style);
        if show.prompts {
            tables::prompts(&mut out, analysis, style);
            out.push('\n');
        }
        if show.statistics {
            statistics::table(&mut out, analysis, style);
            out.push('\n');
        }
        if loud {
            summary(&mut out, analysis, show.verbosity, style);
        }
        // Parts end with a blank line; the report does not.
        out.truncate(out.trim_end().len());
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }
}

/// `prefixlint: 3 warnings in 44 prompts; fixing them saves $1,240 a month`.
fn headline(analysis: &Analysis, verbosity: Verbosity, style: Style) -> String {
    let prompts = wording::counted(analysis.prompts.len(), "prompt");
    let files = wording::counted(analysis.files, "file");
    let problems = severities(analysis, style);
    if active(analysis).all(|finding| collapsed(finding, verbosity)) {
        let all_is_well = style.paint(GREEN, "nothing to fix");
        return format!("prefixlint: {all_is_well} in {prompts} of {files}");
    }
    let mut line = format!("prefixlint: {problems} in {prompts} of {files}");
    if let Some(total) = savings(analysis).1.filter(|total| *total > 0.0) {
        let total = style.paint(BOLD, &format!("{} a month", usd(total)));
        let _ = write!(line, "; the fixes save {total}");
    } else if let Some(worst) = worst_share(analysis) {
        let worst = style.paint(BOLD, &percent(worst));
        let _ = write!(line, "; the worst costs {worst} of its prompt's input");
    }
    line
}

/// `1 error, 3 warnings, 2 notes`, without the severities that are not there.
fn severities(analysis: &Analysis, style: Style) -> String {
    counts(analysis)
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| {
            style.severity(severity, &wording::counted(count, severity.name()))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn worst_share(analysis: &Analysis) -> Option<f64> {
    active(analysis)
        .filter(|finding| finding.severity > Severity::Note)
        .filter_map(|finding| Some(finding.savings.as_ref()?.share))
        .filter(|share| *share > 0.0)
        .reduce(f64::max)
}

fn frame(
    out: &mut String,
    analysis: &Analysis,
    finding: &Finding,
    verbosity: Verbosity,
    style: Style,
) {
    title(out, finding, style);
    let own = labels(analysis, finding);
    let message = untitled(finding);
    let frame = Frame {
        severity: finding.severity,
        message: &message,
        help: &finding.help,
        excerpt: excerpt(analysis, finding, &own, style.width),
    };
    frame.draw(out, &located(analysis, &finding.place), style);
    details(out, analysis, finding, &own, style);
    unfixed(out, finding, verbosity, style);
}

/// `warning[volatile-prefix]: saves 87 % of the input cost, $7.36 per 1,000 calls`.
fn title(out: &mut String, finding: &Finding, style: Style) {
    let name = format!("{}[{}]", finding.severity.name(), finding.rule);
    let _ = write!(out, "{}", style.severity(finding.severity, &name));
    if let Some(savings) = &finding.savings {
        if savings.share > 0.0 || savings.usd_per_1k_calls > 0.0 {
            let price = wording::price(savings);
            let share = style.paint(BOLD, &percent(savings.share));
            let _ = write!(out, ": saves {share} of the input cost, {price}");
        }
    }
    out.push('\n');
}

/// The message without what the title says already: the share that the fix saves.
fn untitled(finding: &Finding) -> Cow<'_, str> {
    let Some(savings) = &finding.savings else {
        return Cow::Borrowed(&finding.message);
    };
    let said = format!(
        "; the fix saves {} of the input cost",
        percent(savings.share)
    );
    Cow::Owned(finding.message.replacen(&said, "", 1))
}

/// The labels of a frame: its own text, those in the same file, and how many more there are than it shows.
struct Labels<'a> {
    /// What is said of the primary place itself.
    own: String,
    shown: Vec<&'a Label>,
    folded: Vec<&'a Label>,
}

/// The first labels and the last one, which says what stands behind them all; the rest is counted. What begins on
/// the line of the primary place is said of that place: two arms of one line read badly.
fn labels<'a>(analysis: &Analysis, finding: &'a Finding) -> Labels<'a> {
    let line_of = |at: usize| {
        let file = source(analysis, &finding.place.path)?;
        Some(file.line_index(at.min(file.len())))
    };
    let last = line_of(finding.place.span.end);
    let beside = |label: &Label| {
        let start = label.place.span.start;
        label.place == finding.place
            || (label.behind && start >= finding.place.span.start && line_of(start) == last)
    };
    let (own, others): (Vec<&Label>, Vec<&Label>) = finding
        .labels
        .iter()
        .filter(|label| label.place.path == finding.place.path)
        .partition(|label| beside(label));
    let own: Vec<&str> = own.iter().map(|label| label.text.as_str()).collect();
    let mut shown = others;
    let mut folded = Vec::new();
    if shown.len() > SHOWN_LABELS {
        folded = shown.drain(SHOWN_LABELS - 1..).collect();
        shown.extend(folded.pop());
    }
    Labels {
        own: own.join("; "),
        shown,
        folded,
    }
}

/// The frame's excerpt: the primary place and the labels in the same file.
fn excerpt(
    analysis: &Analysis,
    finding: &Finding,
    labels: &Labels<'_>,
    width: usize,
) -> Option<Excerpt> {
    let file = source(analysis, &finding.place.path)?;
    let mut marks = vec![Mark {
        span: finding.place.span,
        text: &labels.own,
        primary: true,
    }];
    marks.extend(labels.shown.iter().map(|label| Mark {
        span: label.place.span,
        text: &label.text,
        primary: false,
    }));
    let excerpt = Excerpt::new(file, &marks, width)?;
    Some(excerpt.named(&analysis.vantage.shown(&finding.place.path)))
}

/// Why there is no fix, for those who ask for all there is to say.
fn unfixed(out: &mut String, finding: &Finding, verbosity: Verbosity, style: Style) {
    let why = finding.unfixed.as_ref();
    if let Some(why) = why.filter(|_| verbosity == Verbosity::Verbose) {
        detail(out, "no fix", why, style);
    }
}

/// A line below the frame: `name: text`.
fn detail(out: &mut String, name: &str, text: &str, style: Style) {
    let lead = format!("  {} ", style.paint(CYAN, &format!("{name}:")));
    style::wrapped(out, &lead, name.len() + 4, text, style.width);
}

/// What stands below the frame: wording, the way of the value, places in other files, other prompts.
fn details(
    out: &mut String,
    analysis: &Analysis,
    finding: &Finding,
    labels: &Labels<'_>,
    style: Style,
) {
    let mut line = |name: &str, text: &str| detail(out, name, text, style);
    if let Some(first) = labels.folded.first() {
        let text = format!(
            "and {} more like these, from {} on",
            labels.folded.len(),
            located(analysis, &first.place)
        );
        line("also", &text);
    }
    if let Some(tokens) = finding
        .tokens
        .as_ref()
        .filter(|_| finding.savings.is_some())
    {
        let figure = |value| wording::approximate(value, tokens.counted == Counted::Exact);
        let assumed = match finding.model_source {
            "default" => ", assumed",
            _ => "",
        };
        let text = format!(
            "{} of {} tokens read from the cache ({}{assumed})",
            figure(tokens.cached_after),
            figure(tokens.total),
            finding.model,
        );
        line("after", &text);
    }
    if finding.trace.len() > 1 || finding.trace.iter().any(|hop| hop.place != finding.place) {
        for (index, hop) in finding.trace.iter().enumerate() {
            let name = if index == 0 { "from" } else { "then" };
            let text = format!("{}  {}", located(analysis, &hop.place), hop.note);
            line(name, &text);
        }
    }
    let mut elsewhere: Vec<&Label> = Vec::new();
    for label in &finding.labels {
        let in_trace = finding.trace.iter().any(|hop| hop.place == label.place);
        let is_new = elsewhere.iter().all(|known| known.place != label.place);
        if label.place.path != finding.place.path && !in_trace && is_new {
            elsewhere.push(label);
        }
    }
    let shown = match elsewhere.len() {
        // The line that says how many more there are would take the place of the one.
        many if many > ALSO_SHOWN + 1 => ALSO_SHOWN,
        few => few,
    };
    for label in &elsewhere[..shown] {
        let text = format!("{}  {}", located(analysis, &label.place), label.text);
        line("also", &text);
    }
    if let Some(next) = elsewhere.get(shown) {
        let text = format!(
            "and {} more like these, from {} on",
            elsewhere.len() - shown,
            located(analysis, &next.place)
        );
        line("also", &text);
    }
    if finding.prompts.len() > 1 {
        line("prompts", &named(analysis, &finding.prompts));
    }
    if let Some(fix) = &finding.fix {
        // What it takes is said by the summary.
        line(wording::fix_kind(fix), &fix.title);
    }
}

/// `a, b, c and 4 more`.
fn named(analysis: &Analysis, prompts: &[String]) -> String {
    let shown = prompts.len().min(NAMED_PROMPTS);
    let names: Vec<String> = prompts[..shown]
        .iter()
        .map(|id| analysis.vantage.shown(id))
        .collect();
    let mut text = names.join(", ");
    if prompts.len() > shown {
        let _ = write!(text, " and {} more", prompts.len() - shown);
    }
    text
}

/// Whether a note is said by the summary instead of by a line of its own.
fn collapsed(finding: &Finding, verbosity: Verbosity) -> bool {
    verbosity < Verbosity::Verbose
        && finding.severity == Severity::Note
        && finding.rule == COLLAPSED
}

fn notes(out: &mut String, analysis: &Analysis, verbosity: Verbosity, style: Style) {
    let notes: Vec<&Finding> = active(analysis)
        .filter(|finding| finding.severity == Severity::Note && !collapsed(finding, verbosity))
        .collect();
    if notes.is_empty() {
        return;
    }
    if notes.len() <= LISTED_NOTES || verbosity == Verbosity::Verbose {
        for note in &notes {
            let name = style.severity(Severity::Note, &format!("note[{}]", note.rule));
            let place = style.paint(BOLD, &located(analysis, &note.place));
            style::wrapped(
                out,
                &format!("{name} {place}\n  "),
                2,
                &note.message,
                style.width,
            );
            unfixed(out, note, verbosity, style);
        }
    } else {
        let _ = writeln!(out, "{}", counted_notes(&notes, style));
    }
    out.push('\n');
}

/// `31 notes: 28 prefix-below-minimum, 3 unstable-order (-v lists them)`.
pub(super) fn counted_notes(notes: &[&Finding], style: Style) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for note in notes {
        *rules.entry(note.rule).or_default() += 1;
    }
    let mut rules: Vec<(&str, usize)> = rules.into_iter().collect();
    rules.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let by_rule: Vec<String> = rules
        .iter()
        .map(|(rule, count)| format!("{} {rule}", thousands(*count as f64)))
        .collect();
    let total = style.severity(Severity::Note, &wording::counted(notes.len(), "note"));
    let hint = style.paint(DIM, "(-v lists them)");
    format!("{total}: {} {hint}", by_rule.join(", "))
}

fn errors(out: &mut String, analysis: &Analysis, style: Style) {
    for error in &analysis.errors {
        let word = if error.partial {
            "bad bytes"
        } else {
            "not linted"
        };
        let name = style.severity(Severity::Error, word);
        let path = analysis.vantage.shown(&error.path);
        let _ = writeln!(out, "{name} {path}: {}", error.message);
    }
    if !analysis.errors.is_empty() {
        out.push('\n');
    }
}

fn summary(out: &mut String, analysis: &Analysis, verbosity: Verbosity, style: Style) {
    let mut line = |name: &str, text: &str| {
        let lead = style.paint(DIM, &style::pad(name, 10));
        style::wrapped(out, &format!("{lead} "), 11, text, style.width);
    };
    if let Some((name, text)) = fixes(analysis) {
        line(name, &text);
    }
    if verbosity == Verbosity::Verbose {
        for withdrawn in analysis.fixed.iter().flat_map(|fixed| &fixed.withdrawn) {
            line("withdrawn", withdrawn);
        }
    }
    if let Some((count, by)) = suppressed(analysis) {
        let findings = wording::counted(count, "finding");
        line("suppressed", &format!("{findings}: {by}"));
    }
    if let Some(text) = uncacheable(analysis, verbosity) {
        line("too short", &text);
    }
    // Without a figure that rests on them, traffic and prices are of no interest.
    if verbosity == Verbosity::Verbose || savings(analysis).0 > 0.0 {
        line("based on", &basis(analysis));
    }
    let most = match verbosity {
        Verbosity::Verbose => usize::MAX,
        _ => LISTED_NOTICES,
    };
    let limits = analysis.limits.iter().map(|limit| {
        let path = analysis.vantage.shown(&limit.path);
        format!("{path}: {}", limit.message)
    });
    let notices: Vec<String> = analysis.notices.iter().cloned().chain(limits).collect();
    for notice in notices.iter().take(most) {
        line("notice", notice);
    }
    if notices.len() > most {
        let more = format!("and {} more (-v lists them)", notices.len() - most);
        line("", &more);
    }
    let worst = active(analysis).next();
    if let Some(worst) = worst.filter(|finding| finding.severity > Severity::Note) {
        line("more", &format!("prefixlint explain {}", worst.rule));
    }
}

/// `31 of 44 prompts cannot be cached; nearest prompts/triage.j2, 980 of 1,024 tokens`.
fn uncacheable(analysis: &Analysis, verbosity: Verbosity) -> Option<String> {
    let unread = &analysis.uncacheable;
    if unread.count == 0 {
        return None;
    }
    let mut text = format!(
        "{} of {} cannot be cached",
        thousands(unread.count as f64),
        wording::counted(unread.of, "prompt")
    );
    if let Some((prompt, tokens, minimum, exact)) = &unread.nearest {
        let _ = write!(
            text,
            "; nearest {}, {} of {} tokens",
            analysis.vantage.shown(prompt),
            wording::approximate(*tokens, *exact),
            thousands(*minimum)
        );
    }
    if active(analysis).any(|finding| collapsed(finding, verbosity)) {
        text.push_str(" (-v lists them)");
    }
    Some(text)
}

/// What the figures assume, in words.
pub(super) fn basis(analysis: &Analysis) -> String {
    let prices = &analysis.prices_as_of;
    if let Some(rates) = path_by_path(analysis) {
        return format!("{rates} (config, path by path); input prices of {prices}");
    }
    let traffic = wording::traffic(&analysis.traffic);
    let origin = match analysis.traffic.basis {
        crate::config::Basis::Reference => "the reference, not yours",
        basis => basis.name(),
    };
    format!("{traffic} ({origin}); input prices of {prices}")
}

/// The range of rates where the config sets them for paths of the root only.
fn path_by_path(analysis: &Analysis) -> Option<String> {
    if analysis.traffic.calls_per_month.is_some() {
        return None;
    }
    let rates: Option<Vec<f64>> = analysis
        .prompts
        .iter()
        .map(|judged| judged.traffic.calls_per_month)
        .collect();
    let rates = rates?;
    let least = rates.iter().copied().reduce(f64::min)?;
    let most = rates.iter().copied().reduce(f64::max)?;
    Some(format!(
        "{} to {} calls a month of each prompt",
        thousands(least),
        thousands(most)
    ))
}
