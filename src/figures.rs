//! Figures as people read them: tokens, shares and dollars. One place, so that every face writes them alike.

/// `12,345`
pub fn thousands(number: f64) -> String {
    let digits = format!("{:.0}", number.abs().round());
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if number <= -0.5 {
        out.insert(0, '-');
    }
    out
}

/// `3,010 tokens`, `1 token`, `~3,010 tokens` where the figure is an estimate.
pub fn tokens(number: f64, estimated: bool) -> String {
    let unit = if number.round() == 1.0 {
        "token"
    } else {
        "tokens"
    };
    format!(
        "{}{} {unit}",
        if estimated { "~" } else { "" },
        thousands(number)
    )
}

/// A share of 0 to 1 as `87 %`; small ones keep a digit.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        v if v >= 9.95 => format!("{v:.0} %"),
        v if v >= 0.05 => format!("{v:.1} %"),
        v if v > 0.0 => "< 0.1 %".into(),
        _ => "0 %".into(),
    }
}

/// `$7.37`, `$1,417`, `$0.0012`.
pub fn usd(amount: f64) -> String {
    match amount.abs() {
        a if a >= 1000.0 => format!("${}", thousands(amount)),
        a if a >= 0.005 || a == 0.0 => format!("${amount:.2}"),
        _ => format!("${amount:.4}"),
    }
}

/// `prompt` / `prompts`
pub fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 {
        one
    } else {
        many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(999.6), "1,000");
        assert_eq!(tokens(1.0, false), "1 token");
        assert_eq!(tokens(3010.0, true), "~3,010 tokens");
        assert_eq!(percent(0.874), "87 %");
        assert_eq!(percent(0.0512), "5.1 %");
        assert_eq!(percent(0.0001), "< 0.1 %");
        assert_eq!(usd(7.369), "$7.37");
        assert_eq!(usd(0.0012), "$0.0012");
        assert_eq!(usd(14168.2), "$14,168");
    }
}
