//! How languages write known numbers: by themselves, in Python's format specifications, and by the methods that
//! JavaScript has for it. `None` wherever what is written is not known for sure. Pure but for the methods.

use crate::frontend::code::ir::Expr;
use crate::volatility::Volatility;

use super::eval::{deploy, Eval};
use super::tables::Operation;
use super::value::{Argument, Value};

/// Wider than any text that is worth writing out.
const MAX_WIDTH: usize = 1000;

impl Eval<'_, '_> {
    /// `(1.5).toFixed(2)`, `(1500).toLocaleString("en-US")`
    pub fn number_method(
        &mut self,
        number: f64,
        operation: Operation,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        let first = args.first().map(|arg| &arg.value);
        let shown = match operation {
            Operation::Fixed => match first {
                None => fixed(number, 0),
                Some(Value::Number(digits)) if (0.0..=100.0).contains(digits) => {
                    fixed(number, *digits as usize)
                }
                Some(_) => None,
            },
            Operation::Localized => match first.and_then(Value::known_text).as_deref() {
                Some("en-US" | "en") if args.len() == 1 => localized(number),
                _ => None,
            },
            // In another base.
            _ if first.is_some() => None,
            _ => Some(shown(number)),
        };
        Some(match shown {
            Some(text) => self.literal(expr.span, &text),
            None if operation == Operation::Localized && first.is_none() => {
                self.derived(expr, deploy("the language of the machine"), 4)
            }
            None => self.derived(expr, Volatility::constant(), 4),
        })
    }
}

/// A number as JavaScript writes it, and an integer as Python does.
pub fn shown(number: f64) -> String {
    if number == 0.0 {
        return "0".into();
    }
    if number.is_infinite() {
        return if number < 0.0 {
            "-Infinity"
        } else {
            "Infinity"
        }
        .into();
    }
    if (1e-6..1e21).contains(&number.abs()) || number.is_nan() {
        return number.to_string();
    }
    let (mantissa, exponent) = parts(&format!("{number:e}"));
    format!("{mantissa}e{exponent:+}")
}

/// A float as Python writes it.
pub fn shown_float(number: f64) -> String {
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.into();
    }
    let (mantissa, exponent) = parts(&format!("{number:e}"));
    if number != 0.0 && !(-4..16).contains(&exponent) {
        return scientific(&mantissa, exponent);
    }
    let plain = number.to_string();
    if plain.contains('.') {
        plain
    } else {
        plain + ".0"
    }
}

/// Mantissa and exponent of what `{:e}` writes.
fn parts(written: &str) -> (String, i32) {
    let (mantissa, exponent) = written.split_once('e').unwrap_or((written, "0"));
    (mantissa.to_string(), exponent.parse().unwrap_or(0))
}

/// With two digits of exponent at least, as C and Python have it.
fn scientific(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `toFixed`: of two that are equally near the larger, where C takes the even one.
fn fixed(number: f64, digits: usize) -> Option<String> {
    if !number.is_finite() || number.abs() >= 1e21 {
        return Some(shown(number));
    }
    let magnitude = number.abs();
    let sign = if number < 0.0 { "-" } else { "" };
    // Every double ends within this many decimals.
    let exact = format!("{magnitude:.1100}");
    let point = exact.find('.')?;
    let behind = exact.get(point + 1 + digits..)?;
    let tie = behind.starts_with('5') && behind[1..].bytes().all(|digit| digit == b'0');
    if !tie {
        return Some(format!("{sign}{magnitude:.digits$}"));
    }
    let kept: String = exact[..point + 1 + digits]
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let up = (kept.parse::<u128>().ok()? + 1).to_string();
    if digits == 0 {
        return Some(format!("{sign}{up}"));
    }
    let up = format!("{up:0>width$}", width = digits + 1);
    let (whole, fraction) = up.split_at(up.len() - digits);
    Some(format!("{sign}{whole}.{fraction}"))
}

/// English, without options. More than three decimals are rounded in ways of their own.
fn localized(number: f64) -> Option<String> {
    if !number.is_finite() || number.abs() >= 1e15 || (number == 0.0 && number.is_sign_negative()) {
        return None;
    }
    let written = number.to_string();
    let decimals = written
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    (decimals <= 3).then(|| grouped(&written, ','))
}

/// Thousands set apart in the whole part of digits with or without a sign.
fn grouped(written: &str, separator: char) -> String {
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", written),
    };
    let length = digits.find(['.', 'e', '%']).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(length);
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(separator);
        }
        out.push(digit);
    }
    out + rest
}

/// A format specification of Python: `[[fill]align][sign][0][width][grouping][.precision][type]`.
#[derive(Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    zeros: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn read(text: &str) -> Option<Spec> {
        let mut out = Spec::default();
        let mut rest: Vec<char> = text.chars().collect();
        rest.reverse();
        let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '^' | '='));
        if is_align(rest.len().checked_sub(2).and_then(|at| rest.get(at))) {
            out.fill = rest.pop();
            out.align = rest.pop();
        } else if is_align(rest.last()) {
            out.align = rest.pop();
        }
        out.sign = rest.pop_if(|c| matches!(c, '+' | '-' | ' '));
        out.zeros = rest.pop_if(|c| *c == '0').is_some();
        out.width = number_at(&mut rest).unwrap_or(0);
        out.grouping = rest.pop_if(|c| matches!(c, ',' | '_'));
        if rest.pop_if(|c| *c == '.').is_some() {
            out.precision = Some(number_at(&mut rest)?);
        }
        out.kind = rest.pop();
        let fits = out.width <= MAX_WIDTH && out.precision.unwrap_or(0) <= MAX_WIDTH;
        (rest.is_empty() && fits && !(out.zeros && out.grouping.is_some())).then_some(out)
    }

    /// Sign, padding and width around what is written without them.
    fn set(&self, written: &str, is_text: bool) -> Option<String> {
        let (sign, digits) = match (written.strip_prefix('-'), self.sign) {
            (Some(digits), _) if !is_text => ("-", digits),
            (None, Some('+')) => ("+", written),
            (None, Some(' ')) => (" ", written),
            _ => ("", written),
        };
        let zeros = self.zeros && self.align.is_none();
        let fill = if self.zeros {
            self.fill.unwrap_or('0')
        } else {
            self.fill.unwrap_or(' ')
        };
        let align = self.align.unwrap_or(match (zeros, is_text) {
            (true, _) => '=',
            (_, true) => '<',
            (_, false) => '>',
        });
        let missing = self
            .width
            .saturating_sub(digits.chars().count() + sign.len());
        let pad = |count: usize| fill.to_string().repeat(count);
        Some(match align {
            '<' => format!("{sign}{digits}{}", pad(missing)),
            '^' => format!(
                "{}{sign}{digits}{}",
                pad(missing / 2),
                pad(missing - missing / 2)
            ),
            '=' if is_text => return None,
            '=' => format!("{sign}{}{digits}", pad(missing)),
            _ => format!("{}{sign}{digits}", pad(missing)),
        })
    }
}

fn number_at(rest: &mut Vec<char>) -> Option<usize> {
    let mut out = None;
    while let Some(digit) = rest.last().and_then(|c| c.to_digit(10)) {
        rest.pop();
        out = Some(out.unwrap_or(0usize).saturating_mul(10) + digit as usize);
    }
    out
}

/// A known value in a format of Python.
pub fn formatted(value: &Value, spec: &str) -> Option<String> {
    let spec = Spec::read(spec)?;
    match value {
        Value::Text(_) => {
            let text = value.known_text()?;
            let plain = matches!(spec.kind, None | Some('s'))
                && spec.sign.is_none()
                && spec.grouping.is_none()
                && !spec.zeros;
            let cut: String = match spec.precision {
                Some(most) => text.chars().take(most).collect(),
                None => text,
            };
            plain.then(|| spec.set(&cut, true))?
        }
        Value::Number(number) => {
            let written = match spec.kind {
                None | Some('d') if spec.precision.is_none() => format!("{number:.0}"),
                Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => float(*number, &spec)?,
                Some(kind) if spec.grouping.is_none() && spec.precision.is_none() => {
                    in_base(*number, kind)?
                }
                _ => return None,
            };
            spec.set(&with_groups(&spec, written), false)
        }
        Value::Float(number) => spec.set(&with_groups(&spec, float(*number, &spec)?), false),
        _ => None,
    }
}

fn with_groups(spec: &Spec, written: String) -> String {
    match spec.grouping {
        Some(separator) => grouped(&written, separator),
        None => written,
    }
}

fn in_base(number: f64, kind: char) -> Option<String> {
    let magnitude = number.abs() as u64;
    let digits = match kind {
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        'o' => format!("{magnitude:o}"),
        'b' => format!("{magnitude:b}"),
        _ => return None,
    };
    Some(if number < 0.0 {
        format!("-{digits}")
    } else {
        digits
    })
}

fn float(number: f64, spec: &Spec) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let precision = spec.precision.unwrap_or(6);
    let out = match spec.kind {
        None if spec.precision.is_none() => shown_float(number),
        Some('f' | 'F') => format!("{number:.precision$}"),
        Some('%') => format!("{:.precision$}%", number * 100.0),
        Some('e' | 'E') => {
            let (mantissa, exponent) = parts(&format!("{number:.precision$e}"));
            scientific(&mantissa, exponent)
        }
        Some('g' | 'G') => general(number, precision.max(1)),
        _ => return None,
    };
    Some(if spec.kind.is_some_and(|kind| kind.is_ascii_uppercase()) {
        out.to_uppercase()
    } else {
        out
    })
}

/// So many digits that mean something, without zeros at the end.
fn general(number: f64, digits: usize) -> String {
    let (mantissa, exponent) = parts(&format!("{number:.*e}", digits - 1));
    let bare = |written: &str| match written.contains('.') {
        true => written
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_string(),
        false => written.to_string(),
    };
    match usize::try_from(exponent + 4) {
        Ok(_) if exponent < digits as i32 => {
            let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
            bare(&format!("{number:.decimals$}"))
        }
        _ => scientific(&bare(&mantissa), exponent),
    }
}
