//! Names as words: one form for snake_case, camelCase, kebab-case and UPPER_CASE, and whole-name patterns over it.
//! Knows nothing of classes.

/// A name in its two comparable forms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// Lower-case words joined by `_`: `user_name`.
    pub words: String,
    /// The same without `_`: `username`.
    pub squashed: String,
}

impl Name {
    pub fn new(raw: &str) -> Name {
        let words = words(raw);
        let squashed = words.replace('_', "");
        Name { words, squashed }
    }
}

/// Lower-case words joined by `_`. `*` stays, so that patterns pass through unharmed.
pub(super) fn words(raw: &str) -> String {
    let chars: Vec<char> = raw.chars().collect();
    let mut out = String::with_capacity(raw.len() + 4);
    for (at, &c) in chars.iter().enumerate() {
        if c == '*' {
            out.push('*');
            continue;
        }
        if !c.is_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        if c.is_uppercase() && at > 0 {
            let before = chars[at - 1];
            let next_is_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
            let starts_word = before.is_lowercase()
                || before.is_ascii_digit()
                || (before.is_uppercase() && next_is_lower);
            if starts_word && !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
        }
        out.extend(c.to_lowercase());
    }
    while out.ends_with('_') {
        out.pop();
    }
    out
}

/// The segments of a path as written: `ctx.user["name"].x` gives `ctx`, `user`, `name`, `x`. A `@`, `$` or `.` in
/// front, `../`, `./` and `@root.` are dropped; whether there was a `@` is the second result.
pub(super) fn segments(dotted: &str) -> (Vec<String>, bool) {
    let mut rest = dotted.trim();
    while let Some(inner) = rest.strip_prefix("../").or_else(|| rest.strip_prefix("./")) {
        rest = inner;
    }
    let at = rest.starts_with('@');
    let rest = rest.trim_start_matches(['@', '$', '.']);
    let mut parts: Vec<String> = rest
        .split(['.', '[', ']', '"', '\'', '?', '!', '/'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    if at && parts.len() > 1 && parts[0] == "root" {
        parts.remove(0);
        return (parts, false);
    }
    (parts, at)
}

/// Whether a pattern of words matches the whole of a text; each `*` stands for at least one character.
/// With up to a few `*` and short names this needs no cleverness, but it stays linear in text times pattern.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut tail: Vec<&str> = parts.collect();
    let Some(last) = tail.pop() else {
        return rest.is_empty();
    };
    for part in tail {
        let Some(skip) = rest.chars().next().map(char::len_utf8) else {
            return false;
        };
        let Some(found) = rest[skip..].find(part) else {
            return false;
        };
        rest = &rest[skip + found + part.len()..];
    }
    rest.len() > last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_style_is_one_name() {
        for raw in [
            "user_name",
            "userName",
            "UserName",
            "user-name",
            "USER_NAME",
            "$userName",
            "_user_name_",
        ] {
            assert_eq!(words(raw), "user_name", "{raw}");
        }
        assert_eq!(words("HTTPServerID"), "http_server_id");
        assert_eq!(words("uuid4"), "uuid4");
        assert_eq!(Name::new("userName").squashed, "username");
    }

    #[test]
    fn paths_split_at_dots_and_brackets() {
        let cut = |raw: &str| segments(raw).0.join("|");
        assert_eq!(cut("ctx.user[\"name\"].x"), "ctx|user|name|x");
        assert_eq!(cut("../user.name"), "user|name");
        assert_eq!(cut("@root.now"), "now");
        assert_eq!(cut(".User.Name"), "User|Name");
        assert!(segments("@index").1);
        assert!(segments("").0.is_empty());
    }

    #[test]
    fn patterns_match_whole_names() {
        assert!(glob("tenant_*", "tenant_name"));
        assert!(!glob("tenant_*", "tenant_"));
        assert!(!glob("tenant_*", "my_tenant_name"));
        assert!(glob("*_limit", "word_limit"));
        assert!(!glob("*_limit", "_limit"));
        assert!(glob("a_*_c", "a_b_c"));
        assert!(!glob("a_*_c", "a_c"));
        assert!(glob("plain", "plain"));
    }
}
