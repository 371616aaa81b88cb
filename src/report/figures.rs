//! Figures as people read them: money, shares, tokens, counts. Rules use these for their messages too, so that one
//! amount looks the same everywhere.

use crate::config::Traffic;
use crate::finding::Counted;

/// `3,060`: a whole number with thousands separators.
pub fn grouped(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_string();
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    if value <= -0.5 {
        out.push('-');
    }
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `3,060` where counted by the model's own tokenizer, else `~3,060`.
pub fn tokens(value: f64, counted: Counted) -> String {
    approximate(value, counted == Counted::Exact)
}

/// A whole number, with `~` in front of it unless it is exact.
pub fn approximate(value: f64, exact: bool) -> String {
    let mark = if exact { "" } else { "~" };
    format!("{mark}{}", grouped(value))
}

/// `1 prompt`, `44 prompts`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count as f64))
}

/// `$1,240`, `$7.36`, `$0.042`: dollars and cents up to a hundred, two digits below a cent, whole dollars above.
pub fn usd(amount: f64) -> String {
    let sign = if amount < 0.0 { "-" } else { "" };
    let size = amount.abs();
    if !size.is_finite() {
        "$?".to_string()
    } else if size == 0.0 {
        "$0".to_string()
    } else if size < 0.000_05 {
        "under $0.0001".to_string()
    } else if size < 0.1 {
        // Two significant digits: 0.042, 0.0042, 0.00042.
        let places = (1.0 - size.log10().floor()).clamp(2.0, 5.0) as usize;
        let text = format!("{size:.places$}");
        format!("{sign}${}", text.trim_end_matches('0'))
    } else if size < 99.995 {
        format!("{sign}${size:.2}")
    } else {
        format!("{sign}${}", grouped(size))
    }
}

/// `$7.36 per 1,000 calls`.
pub fn usd_per_1k(amount: f64) -> String {
    format!("{} per 1,000 calls", usd(amount))
}

/// `87 %`, `6.4 %`, `under 0.1 %` of a share from 0 to 1.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    if !percent.is_finite() {
        "?".to_string()
    } else if percent <= 0.0 {
        "0 %".to_string()
    } else if percent < 0.1 {
        "under 0.1 %".to_string()
    } else if percent < 9.95 {
        let text = format!("{percent:.1}");
        format!("{} %", text.trim_end_matches(".0"))
    } else {
        format!("{percent:.0} %")
    }
}

/// Traffic in words: `1 call a minute, 100 users, 10 tenants, 6 calls a session a minute apart`.
pub fn traffic(traffic: &Traffic) -> String {
    let rate = match traffic.calls_per_month {
        Some(1.0) => "1 call a month".to_string(),
        Some(calls) => format!("{} calls a month", grouped(calls)),
        None => "1 call a minute".to_string(),
    };
    let people = |count: f64, noun: &str| {
        let plural = if count == 1.0 { "" } else { "s" };
        format!("{} {noun}{plural}", plain(count))
    };
    let mut parts = vec![
        rate,
        people(traffic.users, "user"),
        people(traffic.tenants, "tenant"),
    ];
    if traffic.calls_per_session != 1.0 {
        parts.push(format!("{} calls a session", plain(traffic.calls_per_session)));
    }
    if traffic.batch {
        parts.push("in batches".to_string());
    }
    if let Some(ttl) = traffic.ttl {
        parts.push(format!("a TTL of {} min", plain(ttl)));
    }
    parts.join(", ")
}

/// A number without needless digits: `6`, `1.5`, `2,000`.
pub fn plain(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(value)
    } else {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_keeps_the_digits_that_matter() {
        for (amount, text) in [
            (7.36, "$7.36"),
            (0.0, "$0"),
            (0.5, "$0.50"),
            (0.042, "$0.042"),
            (0.00421, "$0.0042"),
            (0.00001, "under $0.0001"),
            (99.999, "$100"),
            (1240.4, "$1,240"),
            (-3.5, "-$3.50"),
            (f64::NAN, "$?"),
        ] {
            assert_eq!(usd(amount), text);
        }
    }

    #[test]
    fn shares_round_to_what_can_be_read() {
        for (value, text) in [
            (0.866, "87 %"),
            (0.0643, "6.4 %"),
            (0.05, "5 %"),
            (0.0996, "10 %"),
            (0.0001, "under 0.1 %"),
            (0.0, "0 %"),
        ] {
            assert_eq!(share(value), text);
        }
    }

    #[test]
    fn estimates_carry_a_tilde() {
        assert_eq!(tokens(3060.4, Counted::Exact), "3,060");
        assert_eq!(tokens(1_234_567.0, Counted::Estimated), "~1,234,567");
        assert_eq!(tokens(999.0, Counted::Assumed), "~999");
        assert_eq!(grouped(-1500.0), "-1,500");
        assert_eq!(counted(1, "prompt"), "1 prompt");
        assert_eq!(counted(1200, "prompt"), "1,200 prompts");
    }
}
