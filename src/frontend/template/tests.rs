//! Behaviours of every dialect, on trees written as short text.

use super::tree::{Expr, ExprKind, For, Include, Node};
use super::*;
use proptest::prelude::*;

fn tree(src: &str, dialect: Dialect) -> Tree {
    parse(&Text::verbatim(&"t".into(), 0, src), dialect)
}

/// The tree in one line; problems behind it.
fn show(src: &str, dialect: Dialect) -> String {
    let tree = tree(src, dialect);
    let mut out = nodes(&tree.nodes);
    for problem in &tree.problems {
        out.push_str(&format!(" !{}", problem.message));
    }
    out
}

fn nodes(list: &[Node]) -> String {
    let shown: Vec<String> = list.iter().map(node).collect();
    shown.join(" ")
}

fn pairs(list: &[(String, Expr)]) -> String {
    let shown: Vec<String> = list
        .iter()
        .map(|(k, v)| format!("{k}={}", expr(v)))
        .collect();
    shown.join(",")
}

fn node(node: &Node) -> String {
    match node {
        Node::Text(text) => format!("{:?}", text.as_str()),
        Node::Output { expr: e, .. } => format!("<{}>", expr(e)),
        Node::If { arms, .. } => {
            let arm = |arm: &tree::Arm| match &arm.condition {
                Some(c) => format!("{}: {}", expr(c), nodes(&arm.body)),
                None => format!("else: {}", nodes(&arm.body)),
            };
            let arms: Vec<String> = arms.iter().map(arm).collect();
            format!("if[{}]", arms.join(" | "))
        }
        Node::For(each) => for_loop(each),
        Node::Set { name, value, .. } => format!("set({name}={})", expr(value)),
        Node::Capture { name, body, .. } => format!("capture({name})[{}]", nodes(body)),
        Node::Macro {
            name, params, body, ..
        } => {
            let param = |(name, default): &(String, Option<Expr>)| match default {
                Some(value) => format!("{name}={}", expr(value)),
                None => name.clone(),
            };
            let params: Vec<String> = params.iter().map(param).collect();
            format!("macro {name}({})[{}]", params.join(","), nodes(body))
        }
        Node::CallBlock { callee, body, .. } => format!("call {}[{}]", expr(callee), nodes(body)),
        Node::Include(include) => included(include),
        Node::Extends { target, .. } => format!("extends {}", expr(target)),
        Node::Import {
            target,
            alias,
            names,
            ..
        } => format!("import {} as {alias:?} {names:?}", expr(target)),
        Node::Block { name, body, .. } => format!("block {name}[{}]", nodes(body)),
        Node::With { bindings, body, .. } => format!("with({})[{}]", pairs(bindings), nodes(body)),
        Node::Wrapped {
            name, args, body, ..
        } => format!("wrap {name}({})[{}]", exprs(args), nodes(body)),
        Node::Role { role, .. } => format!("role({role})"),
        Node::History { .. } => "history".into(),
        Node::Media { source, .. } => format!("media({})", source.as_ref().map_or("".into(), expr)),
        Node::Comment { text, .. } => format!("#{}#", text.trim()),
    }
}

fn for_loop(each: &For) -> String {
    let mark = if each.maybe_condition { "?" } else { "" };
    let mut out = format!(
        "for{mark} {} in {}[{}]",
        each.targets.join(","),
        expr(&each.iter),
        nodes(&each.body)
    );
    if !each.otherwise.is_empty() {
        out.push_str(&format!(" else[{}]", nodes(&each.otherwise)));
    }
    out
}

fn included(include: &Include) -> String {
    let mut out = format!(
        "include {}({})",
        expr(&include.target),
        pairs(&include.bindings)
    );
    for (set, word) in [(include.ignore_missing, "?"), (include.isolated, "!")] {
        out.push_str(if set { word } else { "" });
    }
    if !include.fallback.is_empty() {
        out.push_str(&format!("[{}]", nodes(&include.fallback)));
    }
    out
}

fn exprs(list: &[Expr]) -> String {
    list.iter().map(expr).collect::<Vec<_>>().join(",")
}

fn call(args: &[Expr], named: &[(String, Expr)]) -> String {
    let parts = [exprs(args), pairs(named)];
    parts
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join(",")
}

fn expr(e: &Expr) -> String {
    let part = |p: &Option<Box<Expr>>| p.as_ref().map_or(String::new(), |p| expr(p));
    match &e.kind {
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Number(value) => format!("{value}"),
        ExprKind::Bool(value) => format!("{value}"),
        ExprKind::None => "none".into(),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Attr(inner, name) => format!("{}.{name}", expr(inner)),
        ExprKind::Index(inner, index) => format!("{}[{}]", expr(inner), expr(index)),
        ExprKind::Slice(inner, a, b, c) => {
            format!("{}[{}:{}:{}]", expr(inner), part(a), part(b), part(c))
        }
        ExprKind::Call(callee, args, named) => format!("{}({})", expr(callee), call(args, named)),
        ExprKind::Filter(inner, name, args, named) => {
            format!("{}|{name}({})", expr(inner), call(args, named))
        }
        ExprKind::Test(inner, name, args, negated) => {
            let not = if *negated { "not " } else { "" };
            format!("({} is {not}{name}({}))", expr(inner), exprs(args))
        }
        ExprKind::Binary(op, a, b) => format!("({} {op} {})", expr(a), expr(b)),
        ExprKind::Not(inner) => format!("!{}", expr(inner)),
        ExprKind::Ternary(c, a, b) => format!("({} ? {} : {})", expr(c), expr(a), part(b)),
        ExprKind::List(items) => format!("[{}]", exprs(items)),
        ExprKind::Map(items) => {
            let pair = |(k, v): &(Expr, Expr)| format!("{}:{}", expr(k), expr(v));
            format!(
                "{{{}}}",
                items.iter().map(pair).collect::<Vec<_>>().join(",")
            )
        }
        ExprKind::Opaque(text) => format!("`{text}`"),
    }
}

fn check(dialect: Dialect, cases: &[(&str, &str)]) {
    for (src, expected) in cases {
        assert_eq!(&show(src, dialect), expected, "{dialect:?}: {src}");
    }
}

#[test]
fn jinja_statements() {
    check(
        Dialect::Jinja,
        &[
            (
                "a{% if x %}b{% elif y %}c{% else %}d{% endif %}e",
                r#""a" if[x: "b" | y: "c" | else: "d"] "e""#,
            ),
            (
                "{% for k, v in m.items() %}{{ k }}{% else %}none{% endfor %}",
                r#"for k,v in m.items()[<k>] else["none"]"#,
            ),
            (
                "{% for x in xs if x.ok recursive %}{{ loop(x) }}{% endfor %}",
                "for x in xs|if(x.ok)[<loop(x)>]",
            ),
            (
                "{% set a = 1 %}{% set a, b = 1, 2 %}{% set ns.x = y %}",
                "set(a=1) set(a=1) set(b=2) set(ns.x=y)",
            ),
            ("{% set a %}x{{ y }}{% endset %}", r#"capture(a)["x" <y>]"#),
            (
                "{% macro m(a, b=1) %}{{ a }}{% endmacro %}",
                "macro m(a,b=1)[<a>]",
            ),
            ("{% call(u) m(1) %}x{% endcall %}", r#"call m(1)["x"]"#),
            (
                "{% include 'a' ignore missing without context %}",
                r#"include "a"()?!"#,
            ),
            ("{% include ['a', b] %}", r#"include ["a",b]()"#),
            (
                "{% extends 'base' %}{% block a scoped required %}{{ super() }}{% endblock a %}",
                r#"extends "base" block a[<super()>]"#,
            ),
            (
                "{% import 'x' as m with context %}{% from 'x' import a as b, c %}",
                r#"import "x" as Some("m") [] import "x" as None [("a", "b"), ("c", "c")]"#,
            ),
            (
                "{% filter upper|replace('a', 'b') %}x{% endfilter %}",
                r#"wrap upper|replace("a","b")["x"]"#,
            ),
            (
                "{% with a=1, b=c %}x{% endwith %}{% autoescape false %}y{% endautoescape %}",
                r#"with(a=1,b=c)["x"] with()["y"]"#,
            ),
            (
                "{% do xs.append(1) %}{% trans n=xs|length %}x{% pluralize %}y{% endtrans %}",
                r#"set(_=xs.append(1)) with(n=xs|length())[if[(n == 1): "x" | else: "y"]]"#,
            ),
            (
                "{% trans a=1, n=2 %}x{% pluralize n %}y{% endtrans %}{% trans %}{{ k }}{% pluralize %}y{% endtrans %}",
                r#"with(a=1,n=2)[if[(n == 1): "x" | else: "y"]] with()[if[(k == 1): <k> | else: "y"]]"#,
            ),
            (
                "{% raw %}{{ x }}{% if %}{% endraw %}",
                r#""{{ x }}{% if %}""#,
            ),
            ("a{# prefixlint: x #}b", r##""a" #prefixlint: x# "b""##),
        ],
    );
}

#[test]
fn jinja_expressions() {
    check(
        Dialect::Jinja,
        &[
            ("{{ a.b['c'][0].d }}", r#"<a.b["c"][0].d>"#),
            ("{{ a|f|g(1, k='v') }}", r#"<a|f()|g(1,k="v")>"#),
            (
                "{{ a ~ 'x' + 1 * 2 ** 3 }}",
                r#"<((a ~ "x") + (1 * (2 ** 3)))>"#,
            ),
            ("{{ a if b else c if d else e }}", "<(b ? a : (d ? c : e))>"),
            (
                "{{ h[-5:] }}{{ h[1:2:3] }}{{ h[:] }}",
                "<h[-5::]> <h[1:2:3]> <h[::]>",
            ),
            ("{{ not a and b or c in d }}", "<((!a and b) or (c in d))>"),
            ("{{ a not in [1, (2, 3)] }}", "<(a not in [1,[2,3]])>"),
            (
                "{{ a is not defined or b is divisibleby 3 }}",
                "<((a is not defined()) or (b is divisibleby(3)))>",
            ),
            ("{{ {'a': {'b': 1}} }}", r#"<{"a":{"b":1}}>"#),
            ("{{ '}}' ~ \"a\\n\\u00e9\\'\" }}", r#"<("}}" ~ "a\né'")>"#),
            ("{{ -x|abs + -1 }}", "<((0 - x)|abs() + -1)>"),
            ("{{ f(*a, **b) }}", "<f(a,b)>"),
            ("{{ a.0.b }}", "<a[0].b>"),
        ],
    );
}

#[test]
fn jinja_whitespace_control() {
    check(
        Dialect::Jinja,
        &[
            (
                "a \n{%- if x -%}\n b \n{%- endif -%} c",
                r#""a" if[x: "b"] "c""#,
            ),
            ("a {{- x -}} b {#- c -#} d", r##""a" <x> "b" #c# "d""##),
            (
                "a {%+ if x +%} b {% endif %}",
                r#""a " if[x:  " b "]"#.replace("  ", " ").as_str(),
            ),
            ("{% raw -%}  x  {%- endraw %}", r#""x""#),
            ("a\n\n", r#""a\n""#),
        ],
    );
}

#[test]
fn jinja_recovers() {
    check(
        Dialect::Jinja,
        &[
            ("a {{ b c {{ d }}", r#""a {{ b c " <d> !`{{` is not closed"#),
            (
                "{% foo %}x{{ y }}",
                r#""{% foo %}x" <y> !unknown tag `foo`"#,
            ),
            (
                "{% if x %}a{{ y }}",
                r#"if[x: "a" <y>] !this block is not closed"#,
            ),
            (
                "{% if x %}{% for a in b %}c{% endif %}d",
                r#"if[x: for a in b["c"]] "d" !this block is not closed"#,
            ),
            (
                "a{% endif %}b",
                r#""a{% endif %}b" !`endif` without an open block"#,
            ),
            (
                "{% if x %}a{% endfor %}b{% endif %}",
                r#"if[x: "a{% endfor %}b"] !`endfor` without an open block"#,
            ),
            (
                "{{ a b }}{{ c }}",
                "<`a b`> <c> !unexpected words behind the value of an output",
            ),
            (
                "{{ ( }}{{ c }}",
                "<`(`> <c> !expected an expression in an output",
            ),
            (
                "{% raw %}{{ x }}",
                r#""{% raw %}" <x> !`raw` is not closed"#,
            ),
            ("{# open {{ x }}", r#""{# open " <x> !`{#` is not closed"#),
        ],
    );
}

#[test]
fn handlebars_blocks() {
    check(
        Dialect::Handlebars,
        &[
            (
                "{{#if a}}x{{else if (eq b 'c')}}y{{else}}z{{/if}}",
                r#"if[a: "x" | eq(b,"c"): "y" | else: "z"]"#,
            ),
            (
                "{{#unless a}}x{{^}}y{{/unless}}",
                r#"if[!a: "x" | else: "y"]"#,
            ),
            (
                "{{#each xs as |x i|}}{{x.y}}{{@index}}{{else}}none{{/each}}",
                r#"for x,i in xs[<x.y> <@index>] else["none"]"#,
            ),
            (
                "{{#each xs}}{{this}}{{../y}}{{@root.z}}{{./w}}{{/each}}",
                "for  in xs[<this> <...y> <@root.z> <this.w>]",
            ),
            (
                "{{#with a as |b|}}{{b}}{{/with}}{{#with a}}{{x}}{{/with}}",
                "with(b=a)[<b>] with(this=a)[<x>]",
            ),
            (
                "{{#list items k=1}}x{{/list}}",
                r#"wrap list(items,1)["x"]"#,
            ),
            (
                "{{#ifEquals a 'b'}}x{{else}}y{{/ifEquals}}",
                r#"if[ifEquals(a,"b"): "x" | else: "y"]"#,
            ),
            (
                "{{#is a}}x{{else}}y{{/is}}",
                r#"if[is(a): "x" | else: "y"]"#,
            ),
            (
                "{{#items}}x{{/items}}{{^items}}none{{/items}}",
                r#"for?  in items["x"] if[!items: "none"]"#,
            ),
            (
                "{{#if a}}x{{else each b}}y{{else}}z{{/if}}",
                r#"if[a: "x" | else: for  in b["y"] else["z"]]"#,
            ),
        ],
    );
}

#[test]
fn handlebars_tags() {
    check(
        Dialect::Handlebars,
        &[
            (
                "{{{a}}}{{&b}}{{{{raw}}}}{{x}}{{{{/raw}}}}",
                r#"<a> <b> "{{x}}""#,
            ),
            (
                "{{> dir/p ctx a=b c='d'}}",
                r#"include "dir/p"(this=ctx,a=b,c="d")"#,
            ),
            ("{{> (lookup . 'n') }}", r#"include lookup(this,"n")()"#),
            ("{{#> layout}}x{{/layout}}", r#"include "layout"()?["x"]"#),
            ("{{#*inline \"p\"}}x{{/inline}}", r#"macro p()["x"]"#),
            (
                "{{helper a \"b\" 1 (sub c d=e)}}",
                r#"<helper(a,"b",1,sub(c,d=e))>"#,
            ),
            ("{{a.[b c].d}}", "<a.b c.d>"),
            ("{{! one }}{{!-- two }} --}}x", r##"#one# #two }}# "x""##),
            (r"\{{a}} \\{{b}}", r#""{{a}} \\" <b>"#),
            ("a {{~b~}} c", r#""a" <b> "c""#),
            ("{{~#if a~}} x {{~/if~}} y", r#"if[a: "x"] "y""#),
            ("{{a b{{c}}", r#""{{a b" <c> !`{{` is not closed"#),
            ("{{/if}}x", r#""{{/if}}x" !`if` without an open block"#),
        ],
    );
}

#[test]
fn handlebars_standalone_lines_vanish() {
    check(
        Dialect::Handlebars,
        &[
            (
                "a\n  {{#if x}}  \nb\n  {{else}}\nc\n{{/if}}\nd",
                r#""a\n" if[x: "b\n" | else: "c\n"] "d""#,
            ),
            ("{{! c }}\r\na", r##"#c# "a""##),
            ("a {{#if x}}\nb{{/if}}\n", r#""a " if[x: "\nb"] "\n""#),
            ("  {{x}}\n", r#""  " <x> "\n""#),
        ],
    );
}

#[test]
fn dotprompt_helpers() {
    check(
        Dialect::Dotprompt,
        &[
            (
                "{{role \"system\"}}\nHi {{name}}{{history}}{{role \"user\"}}",
                r#"role(system) "\nHi " <name> history role(user)"#,
            ),
            (
                "{{media url=photo}}{{media url=(f x)}}",
                "media(photo) media(f(x))",
            ),
            (
                "{{section \"code\"}}{{json x indent=2}}",
                "block code[] <x|json(indent=2)>",
            ),
            (
                "{{role name}}{{history.length}}",
                "<role(name)> <history.length>",
            ),
        ],
    );
}

#[test]
fn mustache() {
    check(
        Dialect::Mustache,
        &[
            (
                "{{#a.b}}x{{.}}{{/a.b}}{{^c}}y{{/c}}",
                r#"for?  in a.b["x" <this>] if[!c: "y"]"#,
            ),
            (
                "{{{a}}}{{& b}}{{> p }}{{! c }}",
                r##"<a> <b> include "p"()? #c#"##,
            ),
            (
                "{{=<% %>=}}<% a %>{{ b }}<%={{ }}=%>{{c}}",
                r#"<a> "{{ b }}" <c>"#,
            ),
            ("a\n{{#s}}\nb\n{{/s}}\nc", r#""a\n" for?  in s["b\n"] "c""#),
            ("{{else}}", "<else>"),
        ],
    );
}

#[test]
fn liquid() {
    check(
        Dialect::Liquid,
        &[
            (
                "{% if a == 'b' and c contains d %}x{% elsif e %}y{% else %}z{% endif %}",
                r#"if[((a == "b") and (c contains d)): "x" | e: "y" | else: "z"]"#,
            ),
            ("{% unless a %}x{% endunless %}", r#"if[!a: "x"]"#),
            (
                "{% case a %} {% when 1, 2 %}x{% when 'b' %}y{% else %}z{% endcase %}",
                r#"if[((a == 1) or (a == 2)): "x" | (a == "b"): "y" | else: "z"]"#,
            ),
            (
                "{% for i in (1..n) reversed limit: 2 %}{{ i }}{% else %}q{% endfor %}",
                r#"for i in (1 .. n)|reversed()|limit(2)[<i>] else["q"]"#,
            ),
            (
                "{% assign a = b | split: ',' | first %}{% capture c %}x{% endcapture %}",
                r#"set(a=b|split(",")|first()) capture(c)["x"]"#,
            ),
            (
                "{% render 'p', a: b %}{% include 'dir/q' with x %}",
                r#"include "p"(a=b)! include "dir/q"(q=x)"#,
            ),
            (
                "{{ a.b[0]['c'] | date: '%Y', k: 1 }}",
                r#"<a.b[0]["c"]|date("%Y",k=1)>"#,
            ),
            (
                "{% comment %}{{ x }}{% comment %}{% endcomment %}{% endcomment %}y",
                r##"#{{ x }}{% comment %}{% endcomment %}# "y""##,
            ),
            (
                "{% raw %}{{ x }}{% endraw %}{% # note %}",
                r##""{{ x }}" #note#"##,
            ),
            ("a {%- if x -%} b {%- endif %}", r#""a" if[x: "b"]"#),
            ("{% liquid\nif a\necho b\nendif\n%}", "if[a: <b>]"),
            (
                "{% tablerow x in xs cols:2 %}y{% endtablerow %}",
                r#"for x in xs|cols(2)["y"]"#,
            ),
            (
                "{% cycle 'a', 'b' %}{% increment n %}",
                r#"<cycle("a","b")> <increment(n)>"#,
            ),
            ("{% foo %}x", r#""{% foo %}x" !unknown tag `foo`"#),
        ],
    );
}

#[test]
fn go_templates() {
    check(
        Dialect::GoTemplate,
        &[
            (
                "{{if .A}}x{{else if eq .B \"c\"}}y{{else}}z{{end}}",
                r#"if[A: "x" | eq(B,"c"): "y" | else: "z"]"#,
            ),
            (
                "{{range $i, $e := .Xs}}{{$e.Name}}{{else}}q{{end}}",
                r#"for $i,$e in Xs[<$e.Name>] else["q"]"#,
            ),
            (
                "{{with .A.B}}{{.}}{{end}}{{$x := len .Y}}{{$x}}",
                "with(.=A.B)[<.>] set($x=len(Y)) <$x>",
            ),
            (
                "{{define \"t\"}}x{{end}}{{template \"t\" .A}}{{block \"b\" .}}y{{end}}",
                r#"macro t()["x"] include "t"(.=A)! block b["y"]"#,
            ),
            (
                "{{.A | printf \"%s\" | f (index .M 1)}}{{not .X}}",
                r#"<A|printf("%s")|f(index(M,1))> <!X>"#,
            ),
            (
                "{{$.User.Name}}{{(f .X).Y}}{{`raw }}`}}",
                r#"<User.Name> <f(X).Y> <"raw }}">"#,
            ),
            (
                "a {{- .X -}} b {{- /* c */ -}} d",
                r##""a" <X> "b" #c# "d""##,
            ),
            ("{{/* c */}}{{-3}}", "#c# <-3>"),
            ("{{end}}x", r#""{{end}}x" !`end` without an open block"#),
        ],
    );
}

#[test]
fn semantic_kernel() {
    check(
        Dialect::SemanticKernel,
        &[
            (
                "{{$input}} {{ plugin.fn $a b='c' }} {{fn}}",
                r#"<input> " " <plugin.fn(a,b="c")> " " <fn()>"#,
            ),
            (r"{{ 'it\'s }}' }}", r#"<"it's }}">"#),
            (
                "{{ 1 + }}{{$x}}",
                r#""{{ 1 + }}" <x> !neither a variable, nor a value, nor a function call"#,
            ),
        ],
    );
}

#[test]
fn format_braces() {
    check(
        Dialect::Braces,
        &[
            (
                "a {name!r:>10} {a.b[c][0]} {{x}}",
                r#""a " <name> " " <a.b["c"][0]> " {x}""#,
            ),
            (
                "{\"a\": 1} {role: \"user\"} {x y} {",
                r#""{\"a\": 1} {role: \"user\"} {x y} {""#,
            ),
            (
                "{d:%Y-%m-%d} {n:.2f} {n:{w}} {}",
                r#"<d> " " <n> " " <n> " " <0>"#,
            ),
            ("{{{x}}}", r#""{" <x> "}""#),
        ],
    );
}

#[test]
fn dollar_names() {
    check(
        Dialect::Dollar,
        &[(
            "a $name ${b.c} $$x $5 ${",
            r#""a " <name> " " <b.c> " $x $5 ${""#,
        )],
    );
    // What is shown as code is not filled in, unless its name is one of a program's own.
    check(
        Dialect::Dollar,
        &[
            (
                "set `$HOME` and `$name`, $USER",
                r#""set `$HOME` and `" <name> "`, " <USER>"#,
            ),
            ("```\n$PATH\n```\n$PATH", r#""```\n$PATH\n```\n" <PATH>"#),
        ],
    );
}

#[test]
fn erb() {
    check(
        Dialect::Erb,
        &[
            (
                "<% if a %>x<% elsif b %>y<% else %>z<% end %>",
                r#"if[a: "x" | b: "y" | else: "z"]"#,
            ),
            (
                "<% xs.each do |x| %><%= x.name %><% end %>",
                "for x in xs[<x.name>]",
            ),
            (
                "x\n  <%- if a -%>\ny\n  <%- end -%>\nz <%- b = 1 -%> c",
                r#""x\n" if[a: "y\n"] "z " set(b=1) " c""#,
            ),
            ("<%# c %><%% x %%><%== y %>", r##"#c# "<% x %%>" <y>"##),
            (
                "<%= a ? b : 'c' %><%= @user.name %>",
                r#"<(a ? b : "c")> <user.name>"#,
            ),
        ],
    );
}

#[test]
fn ejs() {
    check(
        Dialect::Ejs,
        &[
            (
                "<% if (a && b) { %>x<% } else if (c) { %>y<% } else { %>z<% } %>",
                r#"if[(a && b): "x" | c: "y" | else: "z"]"#,
            ),
            (
                "<% xs.forEach((x, i) => { %><%- x %><% }) %>",
                "for x,i in xs[<x>]",
            ),
            ("<% for (const x of xs) { %>y<% } %>", r#"for x in xs["y"]"#),
            (
                "<%# c %><%- include('p', {a: b}) %><%% x %%>",
                r##"#c# include "p"(a=b) "<% x %>""##,
            ),
            ("<% if (a) { -%>\nx\n<% } -%>\ny", r#"if[a: "x\n"] "y""#),
            ("<% const a = b.c; %><% foo() %>", "set(a=b.c)"),
            ("a <%- b -%>\n c", r#""a " <b> " c""#),
            ("x  <%_ a() _%>  \n y", r#""x y""#),
            ("  <%_ if (a) { _%>  \nx<% } %>", r#"if[a: "x"]"#),
        ],
    );
}

#[test]
fn plain_text_is_text() {
    check(
        Dialect::Plain,
        &[("{{ a }} {% if %} $x", r#""{{ a }} {% if %} $x""#)],
    );
}

#[test]
fn spans_point_into_the_source_through_escapes() {
    let mut text = Text::empty(&"t".into());
    text.push_verbatim("a{{ ", 10);
    text.push_opaque("x", Span::new(14, 20));
    text.push_verbatim(" }}", 20);
    let tree = parse(&text, Dialect::Jinja);
    let Some(Node::Output { expr, span }) = tree.nodes.get(1) else {
        panic!("{tree:?}");
    };
    assert_eq!(*span, Span::new(11, 23));
    assert_eq!(expr.span, Span::new(14, 20));
}

#[test]
fn deep_nesting_is_bounded() {
    let n = 100_000;
    let blocks = "{% if a %}".repeat(n) + "x{{ y }}" + &"{% endif %}".repeat(n);
    let deep = tree(&blocks, Dialect::Jinja);
    assert_eq!(deep.problems.len(), 1);
    let mut inner = &deep.nodes;
    let mut depth = 0;
    while let Some(Node::If { arms, .. }) = inner.first() {
        inner = &arms[0].body;
        depth += 1;
    }
    assert_eq!(depth, 256);
    assert_eq!(nodes(inner), r#""x" <y>"#);
    for (open, close, dialect) in [
        ("(", ")", Dialect::Jinja),
        ("not ", "", Dialect::Jinja),
        ("[", "]", Dialect::Jinja),
        ("(a ", ")", Dialect::Handlebars),
        ("(a ", ")", Dialect::GoTemplate),
        ("a[", "]", Dialect::Liquid),
    ] {
        let src = format!("{{{{ x{}1{} }}}}", open.repeat(n), close.repeat(n));
        let src = src.replacen(
            "{{ x",
            if dialect == Dialect::Jinja {
                "{{ "
            } else {
                "{{ x "
            },
            1,
        );
        let shown = tree(&src, dialect);
        let [Node::Output { expr, .. }] = shown.nodes.as_slice() else {
            panic!("{dialect:?} {open}");
        };
        assert!(
            matches!(expr.kind, ExprKind::Opaque(_)),
            "{dialect:?} {open}"
        );
    }
    let chain = format!("{{{{ a{} }}}}", ".b".repeat(n));
    for dialect in [Dialect::Jinja, Dialect::Handlebars, Dialect::GoTemplate] {
        assert_eq!(tree(&chain, dialect).nodes.len(), 1);
    }
}

const ALL: &[Dialect] = &[
    Dialect::Jinja,
    Dialect::Handlebars,
    Dialect::Dotprompt,
    Dialect::Mustache,
    Dialect::Liquid,
    Dialect::GoTemplate,
    Dialect::SemanticKernel,
    Dialect::Braces,
    Dialect::Dollar,
    Dialect::Erb,
    Dialect::Ejs,
    Dialect::Plain,
];

/// Text nodes and tags in order of the source, and all spans inside of it.
fn spans_of(list: &[Node], out: &mut Vec<Span>) {
    for node in list {
        out.push(Span::new(node.span().start, node.span().start));
        match node {
            Node::If { arms, .. } => arms.iter().for_each(|arm| {
                out.push(arm.span);
                spans_of(&arm.body, out);
            }),
            Node::For(each) => {
                out.push(each.head);
                spans_of(&each.body, out);
                spans_of(&each.otherwise, out);
            }
            Node::Capture { body, .. }
            | Node::Macro { body, .. }
            | Node::CallBlock { body, .. }
            | Node::Block { body, .. }
            | Node::With { body, .. }
            | Node::Wrapped { body, .. } => spans_of(body, out),
            Node::Include(include) => spans_of(&include.fallback, out),
            _ => {}
        }
        out.push(Span::new(node.span().end, node.span().end));
    }
}

fn fragment() -> impl Strategy<Value = String> {
    let words = "{{|}}|{%|%}|{#|#}|{{#|{{/|{{{|}}}|{{{{|}}}}|{{!--|--}}|{{>|<%|%>|<%=|-%>|-|~|+|\\|\\{{|$|${|{|}|if |else|endif|for x in |end|raw|endraw|set |each |'|\"|`|(|)|[|]|.|,|:|=|\n|  |\r\n|é|😀|a|x.y|comment|endcomment|/*|*/|liquid|case |when |block |role |do |{% if a %}|{% endif %}|{{ x }}|{{/if}}|{{#if a}}|{{end}}|{{=<% %>=}}";
    let words: Vec<String> = words
        .split('|')
        .map(str::to_string)
        .chain(["|".to_string()])
        .collect();
    prop_oneof![8 => prop::sample::select(words), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn any_text_parses_in_order_and_inside_the_source(parts in prop::collection::vec(fragment(), 0..40)) {
        let src = parts.concat();
        for dialect in ALL {
            let tree = tree(&src, *dialect);
            let mut spans = Vec::new();
            spans_of(&tree.nodes, &mut spans);
            let mut last = 0;
            for span in &spans {
                prop_assert!(span.start >= last && span.end >= span.start, "{dialect:?} {src:?} {spans:?}");
                prop_assert!(src.get(span.start..span.end).is_some(), "{dialect:?} {src:?} {span:?}");
                last = span.end;
            }
            for problem in &tree.problems {
                prop_assert!(src.get(problem.span.start..problem.span.end).is_some());
            }
        }
    }

    #[test]
    fn lexemes_tile_the_source(parts in prop::collection::vec(fragment(), 0..40)) {
        let src = parts.concat();
        for dialect in ALL {
            let mut at = 0;
            for lexeme in lexer::lex(&src, dialect.syntax()) {
                prop_assert_eq!(lexeme.from, at);
                prop_assert!(lexeme.to > at && lexeme.from <= lexeme.inner.0);
                prop_assert!(lexeme.inner.0 <= lexeme.inner.1 && lexeme.inner.1 <= lexeme.to);
                at = lexeme.to;
            }
            prop_assert_eq!(at, src.len());
        }
    }

    #[test]
    fn text_without_tags_comes_back(src in "[a-z \n.,é😀]{0,80}x") {
        for dialect in ALL {
            let tree = tree(&src, *dialect);
            let expected = vec![Node::Text(Text::verbatim(&"t".into(), 0, &src))];
            prop_assert_eq!(&tree.nodes, &expected);
        }
    }
}
