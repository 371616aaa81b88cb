//! Words and operations of code, from `rules/code.yaml`: which library calls do what to a text or a list, which loops
//! only retry, what a model's answer looks like. Data only.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_yaml::Value as Yaml;

use crate::words::{name_words, pairs, strings};

/// What a known function or method does, whoever's it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// The first argument (or the receiver), as it is for our purposes: `str(x)`, `x.strip()`, `dedent(x)`, `list(x)`.
    Identity,
    /// A number with so many decimals: `toFixed`
    Fixed,
    /// A number as a language writes it: `toLocaleString`
    Localized,
    /// As [`Operation::Identity`], without the whitespace at both ends.
    Strip,
    /// As [`Operation::Strip`], at one end.
    StripStart,
    StripEnd,
    /// Without a literal text at one end, where it stands there.
    RemovePrefix,
    RemoveSuffix,
    Upper,
    Lower,
    /// Without the indentation that all lines share.
    Dedent,
    /// `sep.join(items)`, `items.join(sep)`
    Join,
    Format,
    /// `string.Template(x).substitute(..)`
    Substitute,
    Replace,
    Split,
    Concat,
    Repeat,
    /// `json.dumps`, `JSON.stringify`
    Json,
    /// Items in a fixed order: `sorted`, `.sort()`
    Sort,
    /// Items in an order that is not fixed: `set(x)`
    Unorder,
    Reverse,
    Append,
    Extend,
    Insert,
    Unshift,
    Pop,
    Shift,
    Clear,
    Remove,
    Splice,
    Slice,
    Map,
    Filter,
    ForEach,
    Reduce,
    Keys,
    Values,
    Items,
    Get,
    Update,
    SetDefault,
    Copy,
    Enumerate,
    Zip,
    Range,
    /// Reads a file that its argument names.
    ReadFile,
    /// A path from its parts: `os.path.join`, `Path(..) / ..`
    JoinPath,
    /// The folder of a path: `os.path.dirname`, `.parent`
    ParentPath,
    /// `open(path)`: reading it is reading the file.
    Open,
    Partial,
    Bind,
    Call,
    Apply,
    /// `Object.assign(a, b)`
    Assign,
    /// `Promise.all(x)`, `asyncio.gather(..)`, `await x`: the values, in the order of the argument.
    Settle,
    /// A template from its text.
    Template,
    /// A template from a file.
    TemplateFile,
    /// A text of a template and what fills it: the filled text.
    Render,
    /// As [`Operation::Render`], of a file that is named.
    RenderFile,
    /// Where templates are found by name: `Environment(loader=..)`, `FileSystemLoader(..)`.
    Environment,
    /// As [`Operation::Environment`], of a package and a folder in it.
    PackageLoader,
    /// The folder of a package: `importlib.resources.files("pkg")`
    PackageFolder,
    /// Reads a file of a package: `pkgutil.get_data("pkg", "x.md")`
    PackageFile,
    /// A copy of a list or an object; a copy of what it holds, too.
    DeepCopy,
    /// A copy of an instance with other fields: `dataclasses.replace(x, ..)`
    Evolve,
    /// An instance as an object of its fields: `asdict(x)`, `vars(x)`
    Fields,
    /// The names of the running function: `locals()`
    Locals,
    /// A list of the arguments: `Array.of(a, b)`
    ListOf,
    /// A list of the items of its argument, made by its second one: `Array.from(x, f)`
    ListFrom,
    /// Sequences one behind the other: `itertools.chain(a, b)`
    Chain,
    /// The items of the items: `chain.from_iterable(x)`, `x.flat()`
    Flat,
    FlatMap,
    Islice,
    /// `operator.add(a, b)`
    Plus,
    /// A function that picks a part: `operator.itemgetter("x")`
    Picker,
    /// A text as lines: `textwrap.wrap(x)`
    Wrap,
    /// What a pattern matches is replaced: `re.sub(p, with, text)`
    Substituted,
    /// A pattern: `re.compile(p)`
    Pattern,
    /// `new Map(pairs)`
    MakeMap,
    /// `new Set(items)`
    MakeSet,
    /// An entry of a map: `m.set(k, v)`
    Set,
    /// `promise.then(f)`
    Then,
    /// `items.with(1, x)`
    With,
    ToSpliced,
    /// A document from its text, or from an opened file: `json.loads`, `yaml.safe_load`
    ParseDocument,
    /// A document from the file that is named.
    LoadDocument,
    /// Whether a file is there.
    FileExists,
    Require,
    Dict,
    /// What a function gives is kept until what it depends on changes: `useMemo(f, [x])`
    Computed,
    /// A dict that makes the entries it lacks: `defaultdict(list)`
    DefaultDict,
    Length,
    Getattr,
    Super,
    /// `isinstance(x, T)`
    IsInstance,
    /// `Array.isArray(x)`
    IsList,
    /// `max(a, b)`, `Math.min(a, b)`
    Bound,
}

pub struct Tables {
    /// By path after import resolution: `textwrap.dedent`, `json.dumps`, `str`.
    pub functions: HashMap<String, Operation>,
    /// By name, where the receiver is a text, a list or an object.
    pub methods: HashMap<String, Operation>,
    /// What an instance has of its library, by name.
    pub instances: HashMap<String, Operation>,
    /// Decorators that keep what a function gave, by path after import resolution.
    pub caches: Vec<String>,
    /// Names of ways to write dates, as options.
    pub presets: Vec<(String, String)>,
    retry: Vec<String>,
    runs_once: Vec<String>,
    /// Calls that give back what the function they are given gives, and which argument that is.
    runs_given: Vec<(String, String)>,
    journals: Vec<String>,
    setup_words: Vec<String>,
    answers: Vec<String>,
    sort_keys: Vec<String>,
    writes_objects: Vec<String>,
    pub trimmers: Vec<String>,
    /// Functions that keep the newest items alone.
    pub newest: Vec<String>,
    /// Lists that hold so many items at most: the function that makes them, and its argument that says how many.
    pub bounded: Vec<(String, String)>,
    pub shufflers: Vec<String>,
    /// Words of a number of turns that are kept.
    pub window_words: Vec<String>,
    /// Methods that fill a template.
    pub fillers: Vec<String>,
    /// Words of a number of the turns that were taken.
    pub counter_words: Vec<String>,
    /// Words of a test that holds where the context is full.
    pub limit_words: Vec<String>,
    /// The same, unless it is turns that are counted, and the words of what is counted then.
    pub bound_words: Vec<String>,
    pub counted_turns: Vec<String>,
    /// What reads a value that was set for the call in hand.
    pub context_reads: Vec<String>,
    /// Methods that ask whether a list or a set holds something.
    pub holding: Vec<String>,
    /// Names that a loop gives to where it stands.
    pub places: Vec<String>,
    /// Words of what is written into a turn that no provider reads as its text.
    pub unsent: Vec<String>,
    /// Words of queries: newest first, what stands in front of how many, what counts from the end by itself.
    pub newest_first: Vec<String>,
    pub row_counts: Vec<String>,
    pub newest_rows: Vec<String>,
    pub row_ranges: Vec<String>,
    /// Keys under which a message or a block has what it says.
    pub content_keys: Vec<String>,
    /// Words of a text that stands in for content that was taken out.
    pub cleared_words: Vec<String>,
    /// The template language of a library, by how its paths begin.
    pub dialects: Vec<(String, String)>,
    /// Names and calls that stand for the file of code itself, its folder, the folder the program runs in.
    pub own_file: Vec<String>,
    pub own_folder: Vec<String>,
    pub working_folder: Vec<String>,
}

pub fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let root: Yaml =
            serde_yaml::from_str(include_str!("../../../rules/code.yaml")).unwrap_or(Yaml::Null);
        let words = |key: &str| strings(root.get(key));
        Tables {
            functions: operations(root.get("functions")),
            methods: operations(root.get("methods")),
            instances: operations(root.get("instances")),
            caches: words("caches"),
            presets: pairs(root.get("date-presets")),
            retry: words("retry-words"),
            runs_once: words("runs-once"),
            runs_given: pairs(root.get("runs-given")),
            journals: words("journals"),
            setup_words: words("setup-words"),
            answers: words("answer-paths"),
            sort_keys: words("sort-keys"),
            writes_objects: words("writes-objects"),
            trimmers: words("history-trimmers"),
            newest: words("newest-items"),
            bounded: pairs(root.get("bounded-lists")),
            shufflers: words("shufflers"),
            window_words: words("window-words"),
            fillers: words("fillers"),
            counter_words: words("counter-words"),
            limit_words: words("limit-words"),
            bound_words: words("bound-words"),
            counted_turns: words("counted-turns"),
            context_reads: words("context-reads"),
            holding: words("holding"),
            places: words("places"),
            unsent: words("unsent-words"),
            newest_first: words("newest-first"),
            row_counts: words("row-counts"),
            newest_rows: words("newest-rows"),
            row_ranges: words("row-ranges"),
            content_keys: words("content-keys"),
            cleared_words: words("cleared-words"),
            dialects: pairs(root.get("template-dialects")),
            own_file: words("own-file"),
            own_folder: words("own-folder"),
            working_folder: words("working-folder"),
        }
    })
}

fn operations(value: Option<&Yaml>) -> HashMap<String, Operation> {
    let mut out = HashMap::new();
    let entries = value.and_then(Yaml::as_mapping);
    for (name, names) in entries.into_iter().flatten() {
        let operation = name.as_str().and_then(operation);
        for known in strings(Some(names)) {
            if let Some(operation) = operation {
                out.insert(known, operation);
            }
        }
    }
    out
}

fn operation(name: &str) -> Option<Operation> {
    use Operation::*;
    Some(match name {
        "identity" => Identity,
        "fixed" => Fixed,
        "localized" => Localized,
        "strip" => Strip,
        "strip-start" => StripStart,
        "strip-end" => StripEnd,
        "remove-prefix" => RemovePrefix,
        "remove-suffix" => RemoveSuffix,
        "upper" => Upper,
        "lower" => Lower,
        "dedent" => Dedent,
        "join" => Join,
        "format" => Format,
        "substitute" => Substitute,
        "replace" => Replace,
        "split" => Split,
        "concat" => Concat,
        "repeat" => Repeat,
        "json" => Json,
        "sort" => Sort,
        "unorder" => Unorder,
        "reverse" => Reverse,
        "append" => Append,
        "extend" => Extend,
        "insert" => Insert,
        "unshift" => Unshift,
        "pop" => Pop,
        "shift" => Shift,
        "clear" => Clear,
        "remove" => Remove,
        "splice" => Splice,
        "slice" => Slice,
        "map" => Map,
        "filter" => Filter,
        "for-each" => ForEach,
        "reduce" => Reduce,
        "keys" => Keys,
        "values" => Values,
        "items" => Items,
        "get" => Get,
        "update" => Update,
        "set-default" => SetDefault,
        "copy" => Copy,
        "enumerate" => Enumerate,
        "zip" => Zip,
        "range" => Range,
        "read-file" => ReadFile,
        "parse-document" => ParseDocument,
        "load-document" => LoadDocument,
        "join-path" => JoinPath,
        "parent-path" => ParentPath,
        "open" => Open,
        "partial" => Partial,
        "bind" => Bind,
        "call" => Call,
        "apply" => Apply,
        "assign" => Assign,
        "settle" => Settle,
        "deep-copy" => DeepCopy,
        "evolve" => Evolve,
        "fields" => Fields,
        "locals" => Locals,
        "list-of" => ListOf,
        "list-from" => ListFrom,
        "chain" => Chain,
        "flat" => Flat,
        "flat-map" => FlatMap,
        "islice" => Islice,
        "plus" => Plus,
        "picker" => Picker,
        "wrap" => Wrap,
        "substituted" => Substituted,
        "pattern" => Pattern,
        "make-map" => MakeMap,
        "make-set" => MakeSet,
        "set" => Set,
        "then" => Then,
        "with" => With,
        "to-spliced" => ToSpliced,
        "template" => Template,
        "template-file" => TemplateFile,
        "render" => Render,
        "render-file" => RenderFile,
        "environment" => Environment,
        "package-loader" => PackageLoader,
        "package-folder" => PackageFolder,
        "package-file" => PackageFile,
        "file-exists" => FileExists,
        "require" => Require,
        "dict" => Dict,
        "computed" => Computed,
        "default-dict" => DefaultDict,
        "length" => Length,
        "getattr" => Getattr,
        "super" => Super,
        "is-instance" => IsInstance,
        "is-list" => IsList,
        "bound" => Bound,
        _ => return None,
    })
}

/// Whether a loop's head says that it tries one request again (`for attempt in range(max_retries)`).
pub fn is_retry(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    // `maxRetries`, `num_tries`, but not `entries`, `countries`.
    let begins = |at: usize| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(char::is_alphabetic) || text[at..].starts_with(char::is_uppercase)
    };
    let mut words = tables().retry.iter();
    words.any(|word| lower.match_indices(word.as_str()).any(|(at, _)| begins(at)))
}

/// Whether a call runs the function that it is given once, or again only until it works.
pub fn runs_once(path: &str) -> bool {
    let name = last_of(path);
    is_retry(name) || tables().runs_once.iter().any(|known| known == name)
}

/// Whether a method sets up what an instance works with, or makes it empty again.
pub fn sets_up(name: &str) -> bool {
    let known = |word: &String| tables().setup_words.contains(word);
    name_words(name).iter().any(known)
}

/// Whether a call runs the function that it is given again until it works, by its name or that of its module.
pub fn tries_again(path: &str) -> bool {
    is_retry(last_of(path))
}

/// Which argument of a call is the function whose result it gives back, with the arguments behind it.
pub fn runs_given(path: &str) -> Option<usize> {
    let name = last_of(path);
    let mut known = tables().runs_given.iter();
    known.find(|(known, _)| known == name)?.1.parse().ok()
}

/// The name that a path ends with; that of the module where it is what the module exports alone.
fn last_of(path: &str) -> &str {
    let path = path.strip_suffix(".default").unwrap_or(path);
    path.rsplit('.').next().unwrap_or(path)
}

/// Whether a method only writes down what happens.
pub fn keeps_journal(name: &str) -> bool {
    tables().journals.iter().any(|known| known == name)
}

/// Whether one of some words stands in a text, in any case.
pub fn tells(words: &[String], text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word.as_str()))
}

/// Whether a path leads to what a model answered (`response.choices[0].message`).
pub fn is_answer(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    tables()
        .answers
        .iter()
        .any(|word| path.contains(word.as_str()))
}

/// Whether texts, lists or objects have a method of this name.
pub fn is_method(name: &str) -> bool {
    tables().methods.contains_key(name)
}

/// Whether a function of this name, as written, takes `sort_keys=True`.
pub fn takes_sort_keys(name: &str) -> bool {
    tables().sort_keys.iter().any(|known| known == name)
}

/// Whether a function of this name, as written, writes an object as JSON in the order of its keys.
pub fn writes_objects(name: &str) -> bool {
    tables().writes_objects.iter().any(|known| known == name)
}

/// Operations that put items into a list.
pub fn adds_items(operation: Operation) -> bool {
    use Operation as Op;
    matches!(
        operation,
        Op::Append | Op::Extend | Op::Insert | Op::Unshift
    )
}

/// Operations that change which items a list holds.
pub fn changes_items(operation: Operation) -> bool {
    use Operation as Op;
    adds_items(operation) || matches!(operation, Op::Pop | Op::Shift | Op::Remove | Op::Splice)
}
