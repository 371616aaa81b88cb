//! What the text of a template or text file says: does it address a model? Pure.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::Regex;

use super::knowledge::{knowledge, Knowledge};
use super::name::Traits;
use super::{How, Taken};
use crate::frontend::document::body::is_format_text;
use crate::frontend::template::dialect::Dialect;

/// Bytes of a file that are looked at.
const HEAD: usize = 64 << 10;

/// Decides between prompt, partial and skipped. `wanted` is why the user asked for this file, if so.
pub fn judge(text: &str, traits: &Traits, wanted: Option<&str>) -> Taken {
    let head = head(text);
    let dialect = match traits.dialect {
        Some(Dialect::Dotprompt) if !is_dotprompt(head) => guess_dialect(head),
        Some(dialect) => dialect,
        None => guess_dialect(head),
    };
    let prompt = |why: &str| Taken::Prompt {
        how: How::Template(dialect),
        why: why.to_string(),
        by_name: false,
    };
    if head.trim().is_empty() {
        return Taken::skip("empty");
    }
    if let Some(why) = wanted {
        return prompt(why);
    }
    let knowledge = knowledge();
    if let Some(why) = disproof(head, knowledge) {
        return Taken::skip(format!("no prompt: {why}"));
    }
    if traits.is_format && !traits.part {
        return prompt("by its name");
    }
    if traits.page && is_docs_page(head, knowledge) {
        return Taken::skip("no prompt: a documentation page");
    }
    if let Some(why) = proof(head, traits, knowledge) {
        return prompt(&why);
    }
    let partial = |why: &str| Taken::Partial {
        dialect,
        why: why.to_string(),
    };
    if traits.part {
        return partial("a part by its name");
    }
    if traits.says_prompt && count_signs(head, knowledge) >= knowledge.phrases {
        return Taken::Prompt {
            how: How::Template(dialect),
            why: "name and content say prompt".to_string(),
            by_name: traits.page && traits.dialect.is_none() && !traits.prompt_file,
        };
    }
    if traits.says_prompt && dialect == Dialect::Jinja && knowledge.inherits.is_match(head) {
        return prompt("its name says prompt, and it extends a template");
    }
    if traits.structured && !traits.says_prompt {
        return Taken::skip("no prompt: a template of a structured file");
    }
    partial("content does not address a model; counts where something loads it")
}

/// Others name their Jinja or plain text `.prompt` too; front matter is Dotprompt's own.
fn is_dotprompt(head: &str) -> bool {
    head.starts_with("---") || (head.contains("{{") && !head.contains("{%"))
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn disproof<'a>(head: &str, knowledge: &'a Knowledge) -> Option<&'a str> {
    knowledge
        .not_prompts
        .iter()
        .find(|(_, pattern)| pattern.is_match(head))
        .map(|(why, _)| why.as_str())
}

/// Unmistakable signs, and which one was found.
fn proof(head: &str, traits: &Traits, knowledge: &Knowledge) -> Option<String> {
    let found = |pattern: &super::knowledge::Pattern| {
        let found = pattern.regex()?.find(head)?;
        Some(found.as_str().trim().lines().next()?.trim().to_string())
    };
    if let Some(marker) = knowledge.chat_markers.iter().find_map(found) {
        return Some(format!("chat marker `{marker}`"));
    }
    // In a structured file `system:` is a key, and prose is a value of it.
    if traits.structured && !traits.says_prompt {
        return None;
    }
    if !traits.structured {
        if let Some(header) = knowledge.role_headers.iter().find_map(found) {
            return Some(format!("role header `{header}`"));
        }
    }
    let sentence = opening(head, knowledge)?;
    Some(format!("opens with \"{sentence}\""))
}

/// The first words of the sentence that addresses a model, if one of the first sentences does: of what is sent, else of
/// what is defined in front of it.
fn opening(head: &str, knowledge: &Knowledge) -> Option<String> {
    let sent = without_definitions(head);
    let of_definitions = || match sent {
        Cow::Owned(_) => sentence(head, knowledge),
        Cow::Borrowed(_) => None,
    };
    sentence(&sent, knowledge).or_else(of_definitions)
}

/// Without macros and named parts: nothing of them is sent where they stand.
fn without_definitions(head: &str) -> Cow<'_, str> {
    static DEFINITIONS: OnceLock<Option<Regex>> = OnceLock::new();
    let definitions = DEFINITIONS.get_or_init(|| {
        Regex::new(
            r"(?s)\{%-?\s*macro\b.*?\{%-?\s*endmacro\b.*?%\}|\{\{-?\s*define\b.*?\{\{-?\s*end\s*-?\}\}",
        )
        .ok()
    });
    match definitions {
        Some(definitions) => definitions.replace_all(head, ""),
        None => Cow::Borrowed(head),
    }
}

fn sentence(head: &str, knowledge: &Knowledge) -> Option<String> {
    let openers = knowledge.openers.regex()?;
    let body = without_front(head);
    let mut seen = 0;
    for line in body.lines() {
        let bare = strip_frame(line);
        if bare.is_empty() {
            continue;
        }
        for sentence in bare.split_inclusive(['.', '!', ':']) {
            let sentence = strip_frame(sentence);
            if let Some(found) = openers.find(sentence) {
                if !knowledge.not_openers.is_match(sentence) {
                    let words: Vec<&str> = found.as_str().split_whitespace().take(4).collect();
                    return Some(words.join(" "));
                }
            }
        }
        // Headings are frames, not text.
        if !line.trim_start().starts_with('#') {
            seen += 1;
        }
        if seen == knowledge.opening_lines {
            break;
        }
    }
    None
}

/// Without front matter, comments and tags of the template languages.
fn without_front(head: &str) -> Cow<'_, str> {
    static TAGS: OnceLock<Option<Regex>> = OnceLock::new();
    let tags = TAGS.get_or_init(|| {
        Regex::new(
            r"(?s)\{#.*?#\}|<!--.*?-->|\{\{!--.*?--\}\}|\{\{/\*.*?\*/\}\}|\{\{![^}]*\}\}|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|\{%.*?%\}|<%[^=].*?%>|\{\{[~-]?[#/>^][^}]*\}\}",
        )
        .ok()
    });
    let body = front_matter(head).map_or(head, |(_, body)| body);
    match tags {
        Some(tags) => tags.replace_all(body, ""),
        None => Cow::Borrowed(body),
    }
}

/// (front matter, what stands behind it).
fn front_matter(head: &str) -> Option<(&str, &str)> {
    let rest = head.strip_prefix("---")?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n')?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// Without heading signs, quotes, list signs and one leading tag (`<role>`), which frame a text.
fn strip_frame(line: &str) -> &str {
    let mut line = line.trim_matches(|c: char| c.is_whitespace() || "#*>-_\"'`=|:".contains(c));
    while line.starts_with('<') {
        let Some((_, rest)) = line.split_once('>') else {
            break;
        };
        line = rest.trim_start_matches(|c: char| c.is_whitespace() || "#*\"'".contains(c));
    }
    line
}

fn count_signs(head: &str, knowledge: &Knowledge) -> usize {
    let body = front_matter(head).map_or(head, |(_, body)| body);
    knowledge
        .signs
        .iter()
        .filter(|sign| sign.is_match(body))
        .count()
}

fn is_docs_page(head: &str, knowledge: &Knowledge) -> bool {
    let body = match front_matter(head) {
        Some((keys, _)) if knowledge.docs_front_matter.is_match(keys) => return true,
        Some((_, body)) => body,
        None => head,
    };
    body.matches("](").count() >= knowledge.docs_links
}

/// What a text without a template extension is written in.
pub fn guess_dialect(text: &str) -> Dialect {
    let head = head(text);
    knowledge()
        .dialects
        .iter()
        .find(|(_, pattern)| pattern.is_match(head))
        .map_or(Dialect::Plain, |(dialect, _)| match dialect {
            // Names in close double braces beside names in single ones are braces of a format.
            Dialect::Mustache if is_format_text(head) => Dialect::Braces,
            dialect => *dialect,
        })
}
