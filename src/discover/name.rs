//! What a path alone says of a file. Reads nothing.

use super::knowledge::{knowledge, Knowledge, Needles};
use crate::config;
use crate::frontend::template::dialect::Dialect;

/// What the name and the folders of a text or template say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Traits {
    /// The template language, where the extension says it.
    pub dialect: Option<Dialect>,
    /// The name alone is the format (`skprompt.txt`, `x.prompt`).
    pub is_format: bool,
    /// The name or a folder says prompt.
    pub says_prompt: bool,
    /// A structured file around or inside (`x.yaml.j2`).
    pub structured: bool,
    /// A Markdown page.
    pub page: bool,
    /// The whole name is that of a prompt file (`x.prompt.md`).
    pub prompt_file: bool,
    /// By convention a part of something else (`_header.j2`).
    pub part: bool,
}

/// What a name says.
#[derive(Debug)]
pub enum Name {
    /// A template or a text: the content decides.
    Text(Traits),
    /// A document that may hold requests; `needles` are the bytes worth parsing it for.
    Document {
        needles: &'static Needles,
        /// What it is where no document format claims it.
        fallback: Option<Traits>,
    },
    Code(&'static str),
    Config,
    /// No prompt, and why.
    Nothing(&'static str),
}

pub fn is_config(path: &str) -> bool {
    config::FILE_NAMES.contains(&file_name(path))
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Whether a walk enters a folder; the first `below` bytes of its path were asked for by name.
pub fn enters(path: &str, below: usize) -> bool {
    let below = path.get(below..).unwrap_or_default();
    let name = file_name(below);
    let skipped = knowledge().skip_folders.iter().any(|folder| folder == name);
    !skipped && is_visible(below, 0)
}

/// Whether a path holds no dot file or folder but the ones that hold prompts.
pub fn is_visible(path: &str, below: usize) -> bool {
    let below = path.get(below..).unwrap_or_default();
    let parts: Vec<&str> = below.split('/').collect();
    let Some(dot) = parts.iter().position(|part| part.starts_with('.')) else {
        return true;
    };
    let rest = &parts[dot..];
    knowledge().dot_folders.iter().any(|folder| {
        let common = folder.len().min(rest.len());
        let same = folder[..common].iter().zip(rest).all(|(a, b)| a == b);
        let behind_is_visible = rest[common..].iter().all(|part| !part.starts_with('.'));
        same && behind_is_visible
    })
}

pub fn by_name(path: &str) -> Name {
    if is_config(path) {
        return Name::Config;
    }
    let knowledge = knowledge();
    let lower = path.to_ascii_lowercase();
    let name = file_name(&lower);
    if let Some(dialect) = knowledge.formats.get(name) {
        return Name::Text(Traits {
            dialect: Some(*dialect),
            is_format: true,
            says_prompt: true,
            structured: false,
            page: false,
            prompt_file: true,
            part: false,
        });
    }
    let Some((stem, last)) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else {
        return Name::Nothing("no extension of a prompt, document or program");
    };
    if let Some(name) = template_name(knowledge, &lower, stem, last) {
        return name;
    }
    if let Some(language) = knowledge.code.get(last) {
        return Name::Code(language);
    }
    if let Some(needles) = knowledge.documents.get(last) {
        return document_name(knowledge, &lower, stem, last, needles);
    }
    if !knowledge.text.iter().any(|text| text == last) {
        return Name::Nothing("no extension of a prompt, document or program");
    }
    text_name(knowledge, &lower, stem, last)
}

fn says_prompt(knowledge: &'static Knowledge, lower: &str, stem: &str) -> bool {
    let folders = lower.rsplit_once('/').map_or("", |(folders, _)| folders);
    knowledge.prompt_folders.is_match(folders)
        || knowledge.prompt_names.is_match(stem)
        || knowledge.prompt_file_names.is_match(file_name(lower))
}

/// `x.j2`, `x.md.j2`, `x.j2.md`; `.prompt` is a document first.
fn template_name(
    knowledge: &'static Knowledge,
    lower: &str,
    stem: &str,
    last: &str,
) -> Option<Name> {
    let (inner, inner_last) = stem.rsplit_once('.').unwrap_or((stem, ""));
    let (dialect, core, around) = if let Some(dialect) = knowledge.templates.get(last) {
        (*dialect, stem, inner_last)
    } else {
        let dialect = knowledge.templates.get(inner_last)?;
        if !knowledge.outer.iter().any(|outer| outer == last) {
            return None;
        }
        (*dialect, inner, last)
    };
    let is_prompt_extension = dialect == Dialect::Dotprompt;
    let base = core.split('.').next().unwrap_or(core);
    let traits = Traits {
        dialect: Some(dialect),
        is_format: is_prompt_extension && last == "prompt",
        says_prompt: is_prompt_extension || says_prompt(knowledge, lower, core),
        structured: knowledge.structured.iter().any(|known| known == around),
        page: matches!(around, "md" | "markdown"),
        prompt_file: is_prompt_extension,
        part: base.starts_with('_'),
    };
    if is_prompt_extension {
        // `.prompt.yml` and `.prompt.md` belong to the outer extension.
        return knowledge.documents.get(last).map(|needles| Name::Document {
            needles,
            fallback: Some(traits),
        });
    }
    if knowledge.generated.iter().any(|known| known == around) {
        return Some(Name::Nothing("a template that writes code or settings"));
    }
    if knowledge.generated_names.is_match(base) && !knowledge.prompt_names.is_match(base) {
        return Some(Name::Nothing("a template of a build or project file"));
    }
    Some(Name::Text(traits))
}

fn document_name(
    knowledge: &Knowledge,
    lower: &str,
    stem: &str,
    last: &str,
    needles: &'static Needles,
) -> Name {
    if knowledge.never_documents.is_match(stem) {
        return Name::Nothing("settings of another tool");
    }
    if let Some(folder) = knowledge.document_folders.get(last) {
        if !folder.is_match(lower) {
            return Name::Nothing("settings of another tool");
        }
    }
    Name::Document {
        needles,
        fallback: None,
    }
}

fn text_name(knowledge: &'static Knowledge, lower: &str, stem: &str, last: &str) -> Name {
    if knowledge.never.is_match(stem) {
        return Name::Nothing("a page about the project");
    }
    if !says_prompt(knowledge, lower, stem) {
        return Name::Nothing("text whose name and folder do not say prompt");
    }
    if knowledge.docs_folders.is_match(lower) {
        return Name::Nothing("a documentation page");
    }
    Name::Text(Traits {
        dialect: None,
        is_format: false,
        says_prompt: true,
        structured: false,
        page: matches!(last, "md" | "markdown"),
        prompt_file: knowledge.prompt_file_names.is_match(file_name(lower)),
        part: stem.starts_with('_'),
    })
}
