//! The dialect table.

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
    /// ERB and EJS: `<% %> <%= %> <%- %> <%# %>`.
    Erb,
    /// No template language: all text.
    Plain,
}
