//! Which calls send a request and which argument is which part of it, from `rules/sdk/*.yaml`. Data only: knows
//! nothing of values.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use serde_yaml::Value as Yaml;

use crate::frontend::code::ir::Language;
use crate::words::{name_words, pairs, strings};

/// What an argument of a request is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Model,
    /// A list of messages.
    Messages,
    /// The system prompt, as text or blocks.
    System,
    /// The user's text, or a list of messages where it is one.
    User,
    Tools,
    /// The response schema.
    Schema,
    /// An object whose entries are arguments themselves (`config=..`, `body=json.dumps(..)`).
    Body,
    /// Values for the placeholders of a template: an object, or `*` for every other argument.
    Bindings,
    /// A prompt or a model that an earlier call made: its parts are parts of this one.
    Part,
    /// Not sent.
    Ignore,
}

/// What comes of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Makes {
    /// The model's answer: the call sends.
    Answer,
    /// A message of this role; `history`: a placeholder for the conversation.
    Message(String),
    /// An object of this kind that keeps the parts for the calls of its methods.
    Object(String),
    /// The object whose method is called, with these parts added.
    Itself,
    /// The object's template with its placeholders filled: as text, as messages, or in part.
    Text,
    Messages,
    Partial,
    /// A plain object of the named arguments.
    Fields,
    /// A session that stays open: nothing is sent anew with its next turn.
    Session,
    /// Nothing of what it is given is sent to be answered: it is counted.
    Nothing,
}

/// What a call notes of the object it makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Records {
    Nothing,
    /// Part of a request that is put together elsewhere.
    Part,
    /// All that is sent beside the turns.
    Request,
}

/// A call that sends a request, or makes a message of one.
#[derive(Clone, Debug)]
pub struct Call {
    pub provider: Option<String>,
    pub api: Option<&'static str>,
    /// Ends of paths, in segments: `chat.completions.create`.
    tails: Vec<String>,
    languages: Vec<Language>,
    /// Packages that a path must start with, for tails that others use too; empty: any.
    packages: Vec<String>,
    /// Arguments one of which must be there, where the package is not known.
    needs: Vec<String>,
    pub parts: BTreeMap<String, Part>,
    /// Names of arguments by position.
    pub positional: Vec<String>,
    /// Kinds of objects whose method it is; empty: of none.
    pub on: Vec<String>,
    pub makes: Makes,
    pub records: Records,
    /// Whether the library sets cache markers of its own in what it sends.
    pub caches: bool,
    /// How placeholders look in the texts of its template: `braces` for `{name}`, else a template dialect.
    pub style: Option<String>,
}

impl Call {
    /// Whether a method is given what it needs to send more than its object says by itself.
    pub fn has_needed(&self, names: &[&str]) -> bool {
        self.needs.is_empty() || self.is_given(names, 0)
    }

    /// Whether one of the arguments that it needs is among these.
    fn is_given(&self, names: &[&str], positional: usize) -> bool {
        let named = |need: &String| names.contains(&need.as_str());
        let placed = |need| self.positional.iter().position(|name| name == need);
        self.needs
            .iter()
            .any(|need| named(need) || placed(need).is_some_and(|at| at < positional))
    }
}

struct Tables {
    calls: Vec<Call>,
    roles: Vec<String>,
    markers: Vec<String>,
    words: Vec<String>,
    word_pairs: BTreeMap<String, Vec<String>>,
    nouns: Vec<String>,
    not_first: Vec<String>,
    not_second: Vec<String>,
    not_last: Vec<String>,
    system_words: Vec<String>,
    media: Vec<String>,
    marker_nests: Vec<String>,
    marker_providers: BTreeMap<String, String>,
    kind_keys: Vec<String>,
    turn_roles: Vec<String>,
    body_fields: Vec<String>,
    turn_words: Vec<String>,
    model_words: Vec<String>,
    builder_verbs: Vec<String>,
    /// What a file says that speaks to a provider: provider -> words.
    wires: BTreeMap<String, Vec<String>>,
    /// Words of a file's name, or of its folder's, that say so: word -> provider.
    wire_names: BTreeMap<String, String>,
    marking: Vec<String>,
    kind_tests: Vec<String>,
    text_blocks: Vec<String>,
    item_roles: BTreeMap<String, String>,
    body_keys: Vec<String>,
    format_arguments: Vec<String>,
    template_formats: BTreeMap<String, String>,
    prompt_decorators: Vec<String>,
    plain_packages: Vec<String>,
    prompt_classes: Vec<String>,
    session_addresses: Vec<String>,
}

const FILES: &[&str] = &[
    include_str!("../rules/sdk/common.yaml"),
    include_str!("../rules/sdk/openai.yaml"),
    include_str!("../rules/sdk/anthropic.yaml"),
    include_str!("../rules/sdk/google.yaml"),
    include_str!("../rules/sdk/bedrock.yaml"),
    include_str!("../rules/sdk/clients.yaml"),
    include_str!("../rules/sdk/vercel.yaml"),
    include_str!("../rules/sdk/langchain.yaml"),
    include_str!("../rules/sdk/frameworks.yaml"),
];

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| load(FILES))
}

fn load(files: &[&str]) -> Tables {
    let mut out = Tables {
        calls: Vec::new(),
        roles: Vec::new(),
        markers: Vec::new(),
        words: Vec::new(),
        word_pairs: BTreeMap::new(),
        nouns: Vec::new(),
        not_first: Vec::new(),
        not_second: Vec::new(),
        not_last: Vec::new(),
        system_words: Vec::new(),
        media: Vec::new(),
        marker_nests: Vec::new(),
        marker_providers: BTreeMap::new(),
        kind_keys: Vec::new(),
        turn_roles: Vec::new(),
        body_fields: Vec::new(),
        turn_words: Vec::new(),
        model_words: Vec::new(),
        builder_verbs: Vec::new(),
        wires: BTreeMap::new(),
        wire_names: BTreeMap::new(),
        marking: Vec::new(),
        kind_tests: Vec::new(),
        text_blocks: Vec::new(),
        item_roles: BTreeMap::new(),
        body_keys: Vec::new(),
        format_arguments: Vec::new(),
        template_formats: BTreeMap::new(),
        prompt_decorators: Vec::new(),
        plain_packages: Vec::new(),
        prompt_classes: Vec::new(),
        session_addresses: Vec::new(),
    };
    for file in files {
        let root: Yaml = serde_yaml::from_str(file).unwrap_or(Yaml::Null);
        let provider = root
            .get("provider")
            .and_then(Yaml::as_str)
            .map(str::to_string);
        let entries = root.get("calls").and_then(Yaml::as_sequence);
        for entry in entries.into_iter().flatten() {
            out.calls.push(call_of(entry, provider.as_deref()));
        }
        out.roles.extend(strings(root.get("roles")));
        out.markers.extend(strings(root.get("markers")));
        out.words.extend(strings(root.get("words")));
        let pairs_of = root.get("word-pairs").and_then(Yaml::as_mapping);
        for (word, others) in pairs_of.into_iter().flatten() {
            if let Some(word) = word.as_str() {
                let known = out.word_pairs.entry(word.to_string()).or_default();
                known.extend(strings(Some(others)));
            }
        }
        out.nouns.extend(strings(root.get("prompt-nouns")));
        out.not_second.extend(strings(root.get("not-second")));
        out.not_first.extend(strings(root.get("not-first")));
        out.not_last.extend(strings(root.get("not-last")));
        out.system_words.extend(strings(root.get("system-words")));
        out.media.extend(strings(root.get("media")));
        out.marker_nests.extend(strings(root.get("marker-nests")));
        out.marking.extend(strings(root.get("marking")));
        out.wire_names.extend(pairs(root.get("wire-names")));
        let wires = root.get("wires").and_then(Yaml::as_mapping);
        for (provider, words) in wires.into_iter().flatten() {
            if let Some(provider) = provider.as_str() {
                let known = out.wires.entry(provider.to_string()).or_default();
                known.extend(strings(Some(words)));
            }
        }
        out.builder_verbs.extend(strings(root.get("builder-verbs")));
        out.turn_words.extend(strings(root.get("turn-words")));
        out.model_words.extend(strings(root.get("model-words")));
        out.body_fields.extend(strings(root.get("body-fields")));
        out.turn_roles.extend(strings(root.get("turn-roles")));
        out.kind_keys.extend(strings(root.get("kind-keys")));
        out.kind_tests.extend(strings(root.get("kind-tests")));
        out.text_blocks.extend(strings(root.get("text-blocks")));
        for (key, provider) in pairs(root.get("marker-providers")) {
            out.marker_providers.insert(key, provider);
        }
        out.body_keys.extend(strings(root.get("body-keys")));
        out.format_arguments
            .extend(strings(root.get("format-arguments")));
        out.template_formats
            .extend(pairs(root.get("template-formats")));
        out.plain_packages
            .extend(strings(root.get("plain-packages")));
        out.prompt_decorators
            .extend(strings(root.get("prompt-decorators")));
        out.prompt_classes
            .extend(strings(root.get("prompt-classes")));
        out.session_addresses
            .extend(strings(root.get("session-addresses")));
        for (kind, role) in pairs(root.get("item-roles")) {
            out.item_roles.insert(kind, role);
        }
    }
    out
}

fn call_of(entry: &Yaml, provider: Option<&str>) -> Call {
    let languages = strings(entry.get("languages"));
    let languages = match languages.as_slice() {
        [] => vec![Language::Python, Language::JavaScript],
        names => [Language::Python, Language::JavaScript]
            .into_iter()
            .filter(|language| names.iter().any(|name| name == language.name()))
            .collect(),
    };
    let mut parts = BTreeMap::new();
    for (name, part) in pairs(entry.get("parts")) {
        if let Some(part) = part_of(&part) {
            parts.insert(name, part);
        }
    }
    let word = |key: &str| entry.get(key).and_then(Yaml::as_str);
    let own = entry.get("provider").and_then(Yaml::as_str);
    Call {
        provider: own
            .or(provider)
            .filter(|name| *name != "none")
            .map(str::to_string),
        api: entry.get("api").and_then(Yaml::as_str).and_then(api_of),
        tails: strings(entry.get("tails")),
        languages,
        packages: strings(entry.get("packages")),
        needs: strings(entry.get("needs")),
        parts,
        positional: strings(entry.get("positional")),
        on: strings(entry.get("on")),
        makes: match (word("makes"), word("constructs")) {
            (_, Some(role)) => Makes::Message(role.to_string()),
            (None | Some("answer"), None) => Makes::Answer,
            (Some("itself"), None) => Makes::Itself,
            (Some("text"), None) => Makes::Text,
            (Some("messages"), None) => Makes::Messages,
            (Some("partial"), None) => Makes::Partial,
            (Some("fields"), None) => Makes::Fields,
            (Some("session"), None) => Makes::Session,
            (Some("nothing"), None) => Makes::Nothing,
            (Some(kind), None) => Makes::Object(kind.to_string()),
        },
        records: match word("records") {
            Some("request") => Records::Request,
            Some("part") => Records::Part,
            _ => Records::Nothing,
        },
        caches: entry.get("caches").and_then(Yaml::as_bool) == Some(true),
        style: word("style").map(str::to_string),
    }
}

fn part_of(name: &str) -> Option<Part> {
    Some(match name {
        "model" => Part::Model,
        "messages" => Part::Messages,
        "system" => Part::System,
        "user" => Part::User,
        "tools" => Part::Tools,
        "schema" => Part::Schema,
        "body" => Part::Body,
        "bindings" => Part::Bindings,
        "part" => Part::Part,
        "ignore" => Part::Ignore,
        _ => return None,
    })
}

fn api_of(name: &str) -> Option<&'static str> {
    [
        "chat",
        "responses",
        "messages",
        "converse",
        "generate-content",
        "completion",
        "framework",
    ]
    .into_iter()
    .find(|known| *known == name)
}

fn ends_with(path: &str, tail: &str) -> bool {
    path == tail
        || path
            .strip_suffix(tail)
            .is_some_and(|front| front.ends_with(['.', ')', '/']))
}

/// The call that a path and its arguments are, if it is one.
pub fn call(
    language: Language,
    path: &str,
    names: &[&str],
    positional: usize,
) -> Option<&'static Call> {
    candidates(path).find(|call| {
        if !call.languages.contains(&language) || !call.on.is_empty() {
            return false;
        }
        if !call.tails.iter().any(|tail| ends_with(path, tail)) {
            return false;
        }
        let known = call.packages.iter().any(|package| {
            path.strip_prefix(package.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/', '(', '_']))
        });
        if known {
            return true;
        }
        if call.needs.is_empty() {
            return call.packages.is_empty();
        }
        call.is_given(names, positional)
    })
}

/// Whether some call ends as a path does: what else is known of a path need not be asked where none does.
pub fn ends_as_call(path: &str) -> bool {
    candidates(path).next().is_some()
}

/// The calls whose tails end in the last part of a path, in the order of the tables.
fn candidates(path: &str) -> impl Iterator<Item = &'static Call> {
    static BY_LAST: OnceLock<HashMap<&'static str, Vec<&'static Call>>> = OnceLock::new();
    let by_last = BY_LAST.get_or_init(|| {
        let mut out: HashMap<&'static str, Vec<&'static Call>> = HashMap::new();
        for call in &tables().calls {
            for tail in &call.tails {
                let known = out.entry(last_part(tail)).or_default();
                if !known.last().is_some_and(|last| std::ptr::eq(*last, call)) {
                    known.push(call);
                }
            }
        }
        out
    });
    by_last.get(last_part(path)).into_iter().flatten().copied()
}

fn last_part(path: &str) -> &str {
    path.rsplit(['.', '/', ')']).next().unwrap_or(path)
}

/// The method of an object that an SDK call made.
pub fn method(language: Language, kind: &str, name: &str) -> Option<&'static Call> {
    tables().calls.iter().find(|call| {
        call.languages.contains(&language)
            && call.on.iter().any(|on| on == kind)
            && call.tails.iter().any(|tail| tail == name)
    })
}

/// Whether a block with this type or key holds an image, a file, a sound.
pub fn is_media(key: &str) -> bool {
    tables().media.iter().any(|known| known == key)
}

/// Whether markers stand inside an object under this key (`providerOptions`).
pub fn nests_markers(key: &str) -> bool {
    tables().marker_nests.iter().any(|known| known == key)
}

/// The role of an item of a conversation that names a type instead (`function_call_output`).
pub fn item_role(kind: &str) -> Option<&'static str> {
    tables().item_roles.get(kind).map(String::as_str)
}

/// Whether an object with this key is the body of a request.
pub fn is_body_key(key: &str) -> bool {
    tables().body_keys.iter().any(|known| known == key)
}

/// Whether what is sent to this address opens a session.
pub fn opens_session(address: &str) -> bool {
    let path = address.split('?').next().unwrap_or(address);
    let path = path.trim_end_matches('/');
    let mut known = tables().session_addresses.iter();
    known.any(|end| path.ends_with(end.as_str()))
}

/// Whether an argument of this name says how placeholders of a template look.
pub fn is_format_argument(name: &str) -> bool {
    tables().format_arguments.iter().any(|known| known == name)
}

/// The style of placeholders that such an argument names.
pub fn template_format(name: &str) -> Option<&'static str> {
    tables().template_formats.get(name).map(String::as_str)
}

/// Whether a decorator says that its function returns a system prompt.
pub fn is_prompt_decorator(path: &str) -> bool {
    let known = &tables().prompt_decorators;
    known.iter().any(|tail| ends_with(path, tail))
}

/// Whether a class of this base sends its docstring.
pub fn sends_docstring(base: &str) -> bool {
    tables().prompt_classes.iter().any(|known| known == base)
}

/// What a call is given, as far as that is seen before anything is evaluated.
#[derive(Default)]
pub struct Given<'a> {
    /// Arguments by name, and the keys of objects that are given.
    pub names: Vec<&'a str>,
    pub positional: usize,
    /// More may be given than is seen: a spread, a value that is no literal.
    pub open: bool,
}

/// How much a dotted name says of a call that sends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Says {
    Nothing,
    /// Only together with an import of the library: `run`, `Agent`.
    Weakly,
    Surely,
}

/// Whether a dotted name may be a call that sends, by its end and by what it is given; `None`: it is not called here.
pub fn says(path: &str, given: Option<&Given>) -> Says {
    let of = |call: &Call| {
        let sends = matches!(call.makes, Makes::Answer | Makes::Session)
            || call.records != Records::Nothing;
        if !sends || !call.tails.iter().any(|tail| ends_with(path, tail)) {
            return Says::Nothing;
        }
        if !call.on.is_empty() {
            return Says::Weakly;
        }
        let needed = |given: &Given| given.open || call.is_given(&given.names, given.positional);
        match (call.needs.is_empty(), given) {
            (true, _) if call.packages.is_empty() => Says::Surely,
            (true, _) => Says::Weakly,
            (false, Some(given)) if !needed(given) => Says::Weakly,
            (false, _) => Says::Surely,
        }
    };
    candidates(path).map(of).max().unwrap_or(Says::Nothing)
}

/// Whether a dotted name may make a message.
pub fn makes_message(path: &str) -> bool {
    candidates(path).any(|call| matches!(call.makes, Makes::Message(_)))
}

/// Whether a dotted name may make an object of an SDK, whatever package it is of.
pub fn makes(path: &str) -> bool {
    candidates(path).any(|call| {
        matches!(call.makes, Makes::Object(_))
            && call.packages.is_empty()
            && call.on.is_empty()
            && call.tails.iter().any(|tail| ends_with(path, tail))
    })
}

/// Whether a module that is imported is of a library of the tables.
pub fn is_library(module: &str) -> bool {
    static ROOTS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let packages = tables().calls.iter().flat_map(|call| &call.packages);
        packages.map(|package| root_of(package)).collect()
    });
    let root = root_of(module);
    let scope = root.split('/').next().unwrap_or(root);
    roots.contains(root) || (root.starts_with('@') && roots.contains(scope))
}

/// Whether a dotted path is that of a library's class though the workspace defines it, which is then the library's own.
/// A package whose name is a plain word may be a folder of any program.
pub fn is_own_library(path: &str) -> bool {
    let plain = &tables().plain_packages;
    let of_library = |call: &Call| {
        let mut packages = call.packages.iter();
        call.tails.iter().any(|tail| ends_with(path, tail))
            && packages.any(|package| root_of(package) == root_of(path))
    };
    plain.iter().all(|known| known != root_of(path)) && candidates(path).any(of_library)
}

/// The package that a module is of: `google` of `google.genai`, `@ai-sdk/openai` of `@ai-sdk/openai/internal`.
fn root_of(module: &str) -> &str {
    match module.strip_prefix('@') {
        Some(scoped) => {
            let scope = scoped.find('/').map_or(scoped.len(), |at| at + 1);
            let name = scoped[scope..].find('/');
            name.map_or(module, |at| &module[..1 + scope + at])
        }
        None => module.split(['.', '/']).next().unwrap_or(module),
    }
}

/// Strings one of which makes a file of code one that can hold a prompt.
pub fn words() -> &'static [String] {
    &tables().words
}

/// Words that say the same together with one of others: `role` with `content`.
pub fn word_pairs() -> &'static BTreeMap<String, Vec<String>> {
    &tables().word_pairs
}

/// The nouns that make a name one of a prompt, words parted by spaces.
pub fn prompt_nouns() -> &'static [String] {
    &tables().nouns
}

pub fn is_role(role: &str) -> bool {
    tables().roles.iter().any(|known| known == role)
}

/// Words by which a file of code says that it speaks to a provider: its library, its address, its headers.
pub fn wires() -> &'static BTreeMap<String, Vec<String>> {
    &tables().wires
}

/// The provider that a file speaks to by its name or its folder's: `providers/anthropic.ts`, `anthropic/client.py`.
pub fn wire_of_path(path: &str) -> Option<&'static str> {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or(file);
    let folder = folders.rsplit('/').next().unwrap_or_default();
    [stem, folder].into_iter().find_map(|name| {
        let words = name_words(name);
        let mut named = words
            .iter()
            .filter_map(|word| tables().wire_names.get(word));
        let provider = named.next()?;
        named
            .all(|other| other == provider)
            .then_some(provider.as_str())
    })
}

/// Whether what has this role is a turn of a conversation, and no person.
pub fn is_role_of_turn(role: &str) -> bool {
    tables().turn_roles.iter().any(|known| known == role)
}

/// Keys of a block or message that set a cache marker.
pub fn markers() -> impl Iterator<Item = &'static str> {
    tables().markers.iter().map(String::as_str)
}

/// Words of code that sends conversations, and not questions alone.
pub fn turn_words() -> impl Iterator<Item = &'static str> {
    tables().turn_words.iter().map(String::as_str)
}

/// Whether a word of a name says that it is a model, or who serves one.
pub fn is_model_word(word: &str) -> bool {
    tables().model_words.iter().any(|known| known == word)
}

/// Names that have a library set markers.
pub fn marking() -> impl Iterator<Item = &'static str> {
    tables().marking.iter().map(String::as_str)
}

/// Whether a key of a block or message is a cache marker.
pub fn is_marker(key: &str) -> bool {
    tables().markers.iter().any(|known| known == key)
}

/// Whether a part of a message with this type is text: no turn of its own.
pub fn is_text_block(kind: &str) -> bool {
    tables().text_blocks.iter().any(|known| known == kind)
}

/// The provider whose marker this is.
pub fn marker_provider(key: &str) -> Option<&'static str> {
    tables().marker_providers.get(key).map(String::as_str)
}

/// Whether an entry under this key says of what kind a block or message is.
pub fn is_kind_key(key: &str) -> bool {
    tables().kind_keys.iter().any(|known| known == key)
}

/// Whether a function only asks of what type its argument is.
pub fn is_kind_test(path: &str) -> bool {
    let known = &tables().kind_tests;
    known.iter().any(|tail| ends_with(path, tail))
}

/// The part of a request that stands under this key of its body.
pub fn body_part(key: &str) -> Option<Part> {
    let body = tables()
        .calls
        .iter()
        .find(|call| call.tails.iter().any(|tail| tail == "<body>"))?;
    body.parts.get(key).copied()
}

/// Whether an object with these keys looks like the body of a request: messages, and what else is sent with them.
pub fn is_body<'k>(keys: impl Iterator<Item = &'k str> + Clone) -> bool {
    keys.clone().any(is_body_key)
        && keys
            .filter(|key| !is_body_key(key))
            .any(|key| tables().body_fields.iter().any(|known| known == key))
}

/// Whether a function or constant is named like something that builds or holds a prompt.
pub fn builds_prompt(name: &str) -> bool {
    let words = name_words(name);
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    let tables = tables();
    // `prompt_user()`: here it is a verb.
    let asks = words.len() > 1 && first == "prompt" && tables.not_second.contains(&words[1]);
    tables.nouns.iter().any(|noun| hold(&words, noun))
        && !asks
        && !tables.not_first.contains(first)
        && !tables.not_last.contains(last)
}

/// Whether a method of a class builds a prompt by the name of its class: `SystemPromptBuilder.build`.
pub fn class_builds_prompt(class: &str, method: &str) -> bool {
    let verbs = &tables().builder_verbs;
    // `buildHeader` of the same class builds a part.
    verbs.iter().any(|verb| verb == method) && is_prompt_class(class)
}

/// Whether a class is named like something that makes prompts.
pub fn is_prompt_class(name: &str) -> bool {
    let words = name_words(name);
    let mut nouns = tables().nouns.iter();
    nouns.any(|noun| hold(&words, noun))
}

/// Whether the words of a phrase stand among others, one behind the other.
fn hold(words: &[String], phrase: &str) -> bool {
    let phrase = || phrase.split(' ');
    let mut runs = words.windows(phrase().count());
    runs.any(|run| run.iter().map(String::as_str).eq(phrase()))
}

/// Whether a name says system prompt.
pub fn names_system(name: &str) -> bool {
    let words = name_words(name);
    words
        .iter()
        .any(|word| tables().system_words.contains(word))
}
