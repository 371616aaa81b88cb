//! What the bytes of a file of code tell before it is parsed: whether it can hold a prompt, and whether a person wrote
//! it. Looks at bytes only.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use crate::sdk;

/// Bytes beyond which code was written by a program.
const LARGEST: usize = 1 << 20;
/// Bytes of a line beyond which code is a bundle that no one wrote.
const LONGEST_LINE: usize = 20_000;
/// Bytes from which on code with long lines and hardly a space is one too.
const BUNDLE: usize = 32 << 10;
/// Mean bytes of its lines.
const BUNDLE_LINE: usize = 110;
/// Bytes to one that is a space: prose has six, code that people read four.
const BUNDLE_SPACES: usize = 14;

/// Patterns that are compiled when the first file of code is met.
struct Signs {
    /// A string that only code with requests holds.
    words: Option<Regex>,
    /// A word, and others one of which must stand beside it.
    pairs: Vec<(Regex, Regex)>,
    /// A definition whose name holds a noun of prompts; the name is the first group.
    definitions: Option<Regex>,
}

fn signs() -> &'static Signs {
    static SIGNS: OnceLock<Signs> = OnceLock::new();
    SIGNS.get_or_init(|| Signs {
        words: bytes_regex(&any_of(sdk::words())),
        pairs: sdk::word_pairs()
            .iter()
            .filter_map(|(word, others)| {
                Some((
                    bytes_regex(&format!(r"\b{}\b", regex::escape(word)))?,
                    bytes_regex(&format!(r"\b(?:{})\b", any_of(others)))?,
                ))
            })
            .collect(),
        definitions: definitions(),
    })
}

fn any_of(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| regex::escape(word)).collect();
    words.join("|")
}

fn bytes_regex(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).build().ok()
}

/// The group of the name of a class among the definitions.
const CLASS: usize = 4;

/// `class PromptBuilder`, `def build_prompt(`, `function buildPrompt(`, `  buildPrompt(` (a method), not far from the left edge
/// `SYSTEM_PROMPT: str =`, `export const prompt =`, and anywhere ``systemPrompt: ` ``, `prompt = f"`.
fn definitions() -> Option<Regex> {
    let nouns: Vec<String> = sdk::prompt_nouns()
        .iter()
        .map(|noun| noun.replace(' ', "_?"))
        .collect();
    let name = format!("([a-z0-9_$]*(?:{})[a-z0-9_$]*)", nouns.join("|"));
    let functions = format!(r"^[ \t]*(?:[a-z]+[ \t]+)*(?:def|function\*?)[ \t]+{name}[ \t]*[(<]");
    let outer = format!(
        r"^(?:[ ]{{0,4}}|\t)(?:[a-z]+[ \t]+)*{name}[ \t]*(?:[(<]|(?::[^=\n;]{{0,80}})?=[^=>])"
    );
    let inner = format!(
        r#"^[ \t]+(?:[a-z]+[ \t]+)?{name}[ \t]*[=:][ \t]*(?:[a-z]{{0,2}}(?:"{{3}}|'{{3}})|f["']|`)"#
    );
    let classes = format!(r"^[ \t]*(?:[a-z]+[ \t]+){{0,3}}class[ \t]+{name}\b");
    let pattern = [functions, outer, inner, classes].join("|");
    RegexBuilder::new(&pattern)
        .unicode(false)
        .case_insensitive(true)
        .multi_line(true)
        .build()
        .ok()
}

/// Whether code can hold a prompt: it names an SDK, writes messages, or defines what is named like a prompt.
pub fn may_prompt(bytes: &[u8]) -> bool {
    let signs = signs();
    let matches = |pattern: &Regex| pattern.is_match(bytes);
    signs.words.as_ref().is_some_and(matches)
        || signs
            .pairs
            .iter()
            .any(|(word, others)| matches(word) && matches(others))
        || signs.definitions.as_ref().is_some_and(|definitions| {
            definitions.captures_iter(bytes).any(|found| {
                let named = |at: usize| std::str::from_utf8(found.get(at)?.as_bytes()).ok();
                (1..CLASS).filter_map(named).any(sdk::builds_prompt)
                    || named(CLASS).is_some_and(sdk::is_prompt_class)
            })
        })
}

/// Whether code is a bundle, or so long that no one wrote it and no one reads it.
pub fn is_bundle(bytes: &[u8]) -> bool {
    if bytes.len() > LARGEST {
        return true;
    }
    let mut lines = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.len() > LONGEST_LINE {
            return true;
        }
        lines += 1;
    }
    let spaces = || bytes.iter().filter(|b| b.is_ascii_whitespace()).count();
    bytes.len() > BUNDLE
        && bytes.len() / lines > BUNDLE_LINE
        && bytes.len() / spaces().max(1) > BUNDLE_SPACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_sends_or_writes_messages_or_defines_prompts_is_read() {
        for code in [
            "client.chat.completions.create(model=m)",
            "x = {\"role\": \"user\", \"content\": text}",
            "{ role: 'model', parts: [] }",
            "def build_system_prompt(user):",
            "    async def system_prompt(self):",
            "export async function buildPrompt(name: string) {",
            "SYSTEM_PROMPT: str = \"\"\"You are\"\"\"",
            "export const reviewPrompt = `You are`",
            "  private buildSystemPrompt(): string {",
            "            system_prompt = f\"Now: {now}",
            "        systemPrompt: `Now: ${now}",
        ] {
            assert!(may_prompt(code.as_bytes()), "{code}");
        }
    }

    #[test]
    fn code_that_only_speaks_of_prompts_or_roles_is_not_read() {
        for code in [
            "from promptflow.core import Flow",
            "def check(role): return role in roles",
            "        prompt = input()",
            "if prompt == 'x':",
            "def test_prompt_is_short():",
            "PROMPT_TOKENS = 3",
            "interface A { prompt: string }",
            "def promptflow(x):",
        ] {
            assert!(!may_prompt(code.as_bytes()), "{code}");
        }
    }

    #[test]
    fn a_bundle_is_told_from_prose() {
        let bundle = "var a=function(e,t){return e(t)};".repeat(40) + "\n";
        assert!(is_bundle(bundle.repeat(40).as_bytes()));
        let prose = "You are the assistant of a shop and help its customers. ".repeat(30) + "\n";
        assert!(!is_bundle(prose.repeat(40).as_bytes()));
        assert!(is_bundle(
            "let a = 1;\n".repeat(LARGEST / 11 + 1).as_bytes()
        ));
        assert!(is_bundle("x".repeat(LONGEST_LINE + 1).as_bytes()));
        assert!(!is_bundle("let a = 1;\n".repeat(9000).as_bytes()));
    }
}
