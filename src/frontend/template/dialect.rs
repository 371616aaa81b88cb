//! The dialect table: how each template language writes its tags. One row per dialect; the lexer reads nothing else.
//! What stands inside a tag is the business of the dialect's own parser.

/// A template language.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Dialect {
    /// Jinja2: `{{ x }} {% if %} {# #}`, line statements off, line comments per environment.
    Jinja,
    /// Handlebars: `{{x}} {{#if}} {{> partial}} {{{x}}} {{!-- --}}`.
    Handlebars,
    /// Dotprompt: Handlebars with `{{role}} {{history}} {{media}}`.
    Dotprompt,
    /// Mustache: sections are truthiness or loops, `{{{x}}}`, `{{& x}}`, `{{> p}}`, `{{=<% %>=}}`.
    Mustache,
    /// Liquid: `{{ x | filter: a }} {% if %} {% for %} {% render %} {% comment %}`.
    Liquid,
    /// Go text/template: `{{.X}} {{range}} {{if}} {{template}} {{- -}} {{/* */}}`.
    GoTemplate,
    /// Semantic Kernel: `{{$x}} {{plugin.fn arg}}`.
    SemanticKernel,
    /// Python format text: `{name}`, `{{` and `}}` are braces.
    Braces,
    /// `$name` and `${name}`, `$$` is a dollar.
    Dollar,
    /// ERB (Ruby): `<% %> <%= %> <%# %>`, `<%-` and `-%>` take whitespace away.
    Erb,
    /// EJS (JavaScript): `<% %> <%= %> <%- %> <%# %>`, `<%_`, `_%>` and `-%>` take whitespace away.
    Ejs,
    /// No template language: all text.
    Plain,
}

/// What a tag is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TagKind {
    /// Sends a value.
    Output,
    /// Controls.
    Statement,
    /// Sends or controls; its content tells.
    Mixed,
    Comment,
}

/// One way to write a tag: `open`, a trim mark, `sigil`, content, `close_sigil`, a trim mark, `close`.
#[derive(Clone, Copy, Debug)]
pub(super) struct TagForm {
    pub open: &'static str,
    pub sigil: &'static str,
    pub close_sigil: &'static str,
    pub close: &'static str,
    pub kind: TagKind,
    /// Whether strings and brackets inside hide the closing delimiter.
    pub careful: bool,
}

const fn tag(
    open: &'static str,
    close: &'static str,
    kind: TagKind,
    sigils: (&'static str, &'static str),
    careful: bool,
) -> TagForm {
    TagForm {
        open,
        sigil: sigils.0,
        close_sigil: sigils.1,
        close,
        kind,
        careful,
    }
}

/// What a trim mark inside a tag takes away from the text beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trim {
    Keep,
    /// All whitespace.
    All,
    /// Blanks of the line (in front of a tag), one line break (behind it).
    Line,
    /// Blanks in front of a tag, wherever it stands on its line; blanks and one line break behind it.
    Blanks,
}

/// A block whose body is not parsed: `{% raw %}..{% endraw %}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verbatim {
    pub start: &'static str,
    pub end: &'static str,
    pub comment: bool,
}

/// How literal delimiters are written in text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Escape {
    None,
    /// `\{{` is a literal `{{`, `\\{{` a literal backslash and a tag.
    Backslash,
    /// The pairs stand for other text anywhere outside of tags: `<%%` is `<%`.
    Pairs(&'static [(&'static str, &'static str)]),
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// Tried in order at each place, so longer sigils stand first.
    pub tags: &'static [TagForm],
    /// Trim marks: behind the opening and in front of the closing delimiter.
    pub open_trims: &'static [(char, Trim)],
    pub close_trims: &'static [(char, Trim)],
    /// Whether a trim mark needs whitespace between itself and the content.
    pub spaced_trims: bool,
    /// String delimiters inside careful tags; all but the backquote know backslash escapes.
    pub quotes: &'static str,
    /// Whether brackets hide the closing delimiter.
    pub brackets: bool,
    pub verbatim: &'static [Verbatim],
    /// Whether `{{{{name}}}}..{{{{/name}}}}` is a raw block.
    pub quad_raw: bool,
    pub escape: Escape,
    /// Whether tags that send nothing take their line with them when they stand alone on it.
    pub standalone: bool,
    /// Whether `{{=<% %>=}}` sets the delimiters.
    pub set_delimiters: bool,
    /// Whether one line break at the very end is dropped.
    pub drops_final_newline: bool,
}

const NO_TAGS: Syntax = Syntax {
    tags: &[],
    open_trims: &[],
    close_trims: &[],
    spaced_trims: false,
    quotes: "",
    brackets: false,
    verbatim: &[],
    quad_raw: false,
    escape: Escape::None,
    standalone: false,
    set_delimiters: false,
    drops_final_newline: false,
};

const JINJA: Syntax = Syntax {
    tags: &[
        tag("{{", "}}", TagKind::Output, ("", ""), true),
        tag("{%", "%}", TagKind::Statement, ("", ""), true),
        tag("{#", "#}", TagKind::Comment, ("", ""), false),
    ],
    open_trims: &[('-', Trim::All), ('+', Trim::Keep)],
    close_trims: &[('-', Trim::All), ('+', Trim::Keep)],
    quotes: "'\"",
    brackets: true,
    verbatim: &[
        verbatim("raw", "endraw", false),
        verbatim("verbatim", "endverbatim", false),
    ],
    drops_final_newline: true,
    ..NO_TAGS
};

const fn verbatim(start: &'static str, end: &'static str, comment: bool) -> Verbatim {
    Verbatim {
        start,
        end,
        comment,
    }
}

const HANDLEBARS: Syntax = Syntax {
    tags: &[
        tag("{{", "}}", TagKind::Comment, ("!--", "--"), false),
        tag("{{", "}}", TagKind::Comment, ("!", ""), false),
        tag("{{", "}}", TagKind::Output, ("{", "}"), true),
        tag("{{", "}}", TagKind::Mixed, ("", ""), true),
    ],
    open_trims: &[('~', Trim::All)],
    close_trims: &[('~', Trim::All)],
    quotes: "'\"",
    quad_raw: true,
    escape: Escape::Backslash,
    standalone: true,
    ..NO_TAGS
};

const MUSTACHE: Syntax = Syntax {
    tags: &[
        tag("{{", "}}", TagKind::Comment, ("!", ""), false),
        tag("{{", "}}", TagKind::Output, ("{", "}"), false),
        tag("{{", "}}", TagKind::Mixed, ("", ""), false),
    ],
    standalone: true,
    set_delimiters: true,
    ..NO_TAGS
};

const LIQUID: Syntax = Syntax {
    tags: &[
        tag("{{", "}}", TagKind::Output, ("", ""), false),
        tag("{%", "%}", TagKind::Statement, ("", ""), false),
    ],
    open_trims: &[('-', Trim::All)],
    close_trims: &[('-', Trim::All)],
    verbatim: &[
        verbatim("raw", "endraw", false),
        verbatim("comment", "endcomment", true),
        verbatim("doc", "enddoc", true),
    ],
    ..NO_TAGS
};

const GO: Syntax = Syntax {
    tags: &[
        tag("{{", "}}", TagKind::Comment, ("/*", "*/"), false),
        tag("{{", "}}", TagKind::Mixed, ("", ""), true),
    ],
    open_trims: &[('-', Trim::All)],
    close_trims: &[('-', Trim::All)],
    spaced_trims: true,
    quotes: "'\"`",
    ..NO_TAGS
};

const SEMANTIC_KERNEL: Syntax = Syntax {
    tags: &[tag("{{", "}}", TagKind::Output, ("", ""), true)],
    quotes: "'\"",
    ..NO_TAGS
};

const ERB: Syntax = Syntax {
    tags: &[
        tag("<%", "%>", TagKind::Comment, ("#", ""), false),
        tag("<%", "%>", TagKind::Output, ("==", ""), false),
        tag("<%", "%>", TagKind::Output, ("=", ""), false),
        tag("<%", "%>", TagKind::Statement, ("", ""), false),
    ],
    open_trims: &[('-', Trim::Line)],
    close_trims: &[('-', Trim::Line)],
    escape: Escape::Pairs(&[("<%%", "<%")]),
    ..NO_TAGS
};

const EJS: Syntax = Syntax {
    tags: &[
        tag("<%", "%>", TagKind::Comment, ("#", ""), false),
        tag("<%", "%>", TagKind::Output, ("=", ""), false),
        tag("<%", "%>", TagKind::Output, ("-", ""), false),
        tag("<%", "%>", TagKind::Statement, ("", ""), false),
    ],
    open_trims: &[('_', Trim::Blanks)],
    close_trims: &[('-', Trim::Line), ('_', Trim::Blanks)],
    escape: Escape::Pairs(&[("<%%", "<%"), ("%%>", "%>")]),
    ..NO_TAGS
};

impl Dialect {
    pub(super) fn syntax(self) -> &'static Syntax {
        match self {
            Dialect::Jinja => &JINJA,
            Dialect::Handlebars | Dialect::Dotprompt => &HANDLEBARS,
            Dialect::Mustache => &MUSTACHE,
            Dialect::Liquid => &LIQUID,
            Dialect::GoTemplate => &GO,
            Dialect::SemanticKernel => &SEMANTIC_KERNEL,
            Dialect::Erb => &ERB,
            Dialect::Ejs => &EJS,
            Dialect::Braces | Dialect::Dollar | Dialect::Plain => &NO_TAGS,
        }
    }
}
