//! What each template language means, end to end: the pieces that its templates send, in order.

use super::*;

/// Resolves the first file; the others are there to be found.
fn first(files: &[(&str, &str)]) -> Vec<String> {
    let out = run_on(&Memory::new(files), &[files[0].0]);
    out.prompts.iter().flat_map(show_prompt).collect()
}

/// Checks single-file templates of one extension: (template, what its one message sends).
fn sends(extension: &str, cases: &[(&str, &str)]) {
    let name = format!("p{extension}");
    let mut wrong = Vec::new();
    for (template, wanted) in cases {
        let shown = first(&[(&name, template)]).join("\n");
        let shown = shown.strip_prefix("user: ").unwrap_or(&shown).to_string();
        if shown != *wanted {
            wrong.push(format!(
                "{template:?}\n  sends {shown:?}\n not    {wanted:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Checks projects: (files, the messages of the first).
/// Files by path, and what the prompts among them send.
type Project<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

fn project(cases: &[Project]) {
    let mut wrong = Vec::new();
    for (files, wanted) in cases {
        let shown = first(files);
        if shown != *wanted {
            wrong.push(format!(
                "{:?}\n  sends {shown:?}\n not    {wanted:?}",
                files[0]
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn jinja_statements_send_what_jinja_sends() {
    sends(
        ".j2",
        &[
            (
                "{% set rules %}Be {{ foo }}.{% endset %}A {{ rules }} B {{ rules }}",
                "A Be <foo:request>. B Be <foo:request>.",
            ),
            (
                "{% set ns = namespace(n=0) %}{% for x in ['a', 'b'] %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ x }}{% endfor %}={{ ns.n }}",
                "1a2b=2",
            ),
            (
                "{% for x in ['a', 'b', 'c'] if x != 'b' %}{{ x }}{% else %}none{% endfor %}",
                "ac",
            ),
            (
                "{% for x in docs if x.live %}{{ x.body }}{% endfor %}.",
                "(docs:request <x.body:request>).",
            ),
            ("{% for x in [] %}a{% else %}none{% endfor %}", "none"),
            (
                "{% filter upper %}be {{ foo }}{% endfilter %}!",
                "be <foo:request>!",
            ),
            ("{% trans %}Hello {{ x }}{% endtrans %}.", "Hello <x:request>."),
            (
                "{% trans n=docs|length %}one document{% pluralize %}{{ n }} documents{% endtrans %}.",
                "[one document|<n:request> documents].",
            ),
            (
                "{% trans n=1 %}one document{% pluralize %}{{ n }} documents{% endtrans %}.",
                "one document.",
            ),
            (
                "{% for x in docs %}{{ x.body }}{% else %}none{% endfor %}.",
                "[(docs:request <x.body:request>)|none].",
            ),
            (
                "{% for node in tree recursive %}{{ node.name }}{{ loop(node.children) }}{% endfor %}",
                "(tree:request <node.name:request>1)",
            ),
            ("{% with a = 'x', b = foo %}{{ a }}{{ b }}{% endwith %}", "x<b:request>"),
            ("{% raw %}{{ x }}{% endraw %} {{ '{{' }}", "{{ x }} {{"),
            ("{% autoescape true %}a{{ x }}{% endautoescape %}", "a<x:request>"),
            ("{%- if x == 1 -%} a {%- else -%} b {%- endif -%} c", "[a|b]c"),
            ("{{ x if y else 'none' }}", "[<x:request>|none]"),
            ("{% set a = 'x' %}{% if a == 'x' %}yes{% else %}no{% endif %}", "yes"),
            ("{{ 'ab' ~ 'cd' | upper }}{{ 'x' * 3 }}", "abCDxxx"),
            ("{{ \"%s is %d\" | format('a', 3) }} {{ 'a b' | replace(' ', '-') }}", "a is 3 a-b"),
            ("{% do items.append('x') %}a", "a"),
            ("{{ items | map(attribute='name') | join(', ') }}", "<items | map(attribute='name') | join(', '):request>"),
            ("{{ {'a': 'b'}['a'] }}{{ {'k': 1}.k }}", "b1"),
            ("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}", "a=1;b=2;"),
        ],
    );
}

#[test]
fn jinja_files_join_as_jinja_joins_them() {
    project(&[
        (
            &[("p/a.j2", "{% include ['none.j2', 'b.j2'] %}"), ("p/b.j2", "B")],
            &["user: B"],
        ),
        (
            &[("p/a.j2", "A{% include 'none.j2' ignore missing with context %}B")],
            &["user: AB"],
        ),
        (
            &[("p/a.j2", "A{% include style_file %}B")],
            &["user: A<style_file:request>B"],
        ),
        (
            &[
                ("p/a.j2", "{% set who = user_name %}{% from 'm.j2' import hi with context %}{{ hi() }}"),
                ("p/m.j2", "{% macro hi() %}Hi {{ who }}{% endmacro %}"),
            ],
            &["user: Hi <who:user>"],
        ),
        (
            &[
                ("p/a.j2", "{% from 'm.j2' import box %}{% call(x) box('T') %}in {{ x }}{% endcall %}"),
                ("p/m.j2", "{% macro box(title) %}<{{ title }}>{{ caller('v') }}</{{ title }}>{% endmacro %}"),
            ],
            &["user: <T>in v</T>"],
        ),
        (
            &[
                ("p/a.j2", "{% extends 'b.j2' %}{% block x %}A{{ super() }}{% endblock %}"),
                ("p/b.j2", "{% extends 'c.j2' %}{% block x %}B{{ super() }}{% endblock %}"),
                ("p/c.j2", "<{% block x %}C{% endblock %}>"),
            ],
            &["user: <ABC>"],
        ),
        (
            &[
                ("p/a.j2", "{% include 'parts/' ~ 'b' ~ '.j2' %}"),
                ("p/parts/b.j2", "B{{ x }}"),
            ],
            &["user: B<x:request>"],
        ),
        (
            &[
                ("p/a.j2", "{% set f = 'b.j2' if big else 'c.j2' %}{% include f %}"),
                ("p/b.j2", "B"),
                ("p/c.j2", "C"),
            ],
            &["user: [B|C]"],
        ),
    ]);
}

#[test]
fn handlebars_blocks_send_what_handlebars_sends() {
    sends(
        ".hbs",
        &[
            (
                "{{#each docs}}{{title}} {{../product}} {{@root.foo}}{{/each}}",
                "(docs:request <title:request> <../product:request> <@root.foo:request>)",
            ),
            ("{{#if a}}1{{else if b}}2{{else}}3{{/if}}", "[1|2|3]"),
            ("{{#unless a}}1{{else}}2{{/unless}}", "[2|1]"),
            ("{{#with user}}{{name}}{{/with}}.", "<name:user>."),
            (
                "{{#*inline \"row\"}}- {{x}}{{/inline}}A {{> row x=\"v\"}} {{> row x=y}}",
                "A - v - <x:request>",
            ),
            ("{{#> none}}fallback {{x}}{{/none}}", "fallback <x:request>"),
            (
                "{{{x}}} \\{{y}} {{!-- no --}}{{! no }}.",
                "<x:request> {{y}} .",
            ),
            (
                "{{formatDate now \"YYYY-MM-DD\"}}",
                "<formatDate now \"YYYY-MM-DD\":day>",
            ),
            ("{{#shout}}be {{foo}}{{/shout}}!", "[be <foo:request>|]!"),
            (
                "{{#each docs as |doc i|}}{{doc.title}}{{i}}{{/each}}",
                "(docs:request <doc.title:request><i:request>)",
            ),
            (
                "{{#each docs}}x{{else}}none{{/each}}",
                "[(docs:request x)|none]",
            ),
            ("{{{{raw}}}}{{x}}{{{{/raw}}}}", "{{x}}"),
            ("a  {{~x~}}  b", "a<x:request>b"),
            ("{{#ifEquals mode \"a\"}}1{{else}}2{{/ifEquals}}", "[1|2]"),
            ("{{lookup user 'name'}}", "<lookup user 'name':user>"),
        ],
    );
    project(&[(
        &[
            ("p/a.hbs", "{{#> box title=\"T\"}}body {{x}}{{/box}}"),
            ("p/box.hbs", "[{{title}}]{{> @partial-block}}[end]"),
        ],
        &["user: [T]body <x:request>[end]"],
    )]);
}

#[test]
fn mustache_sections_and_partials_send_what_mustache_sends() {
    sends(
        ".mustache",
        &[
            (
                "{{#docs}}- {{title}}\n{{/docs}}{{^docs}}none{{/docs}}",
                "[- <title:request>\n|][|none]",
            ),
            ("{{#is_admin}}Be brief.{{/is_admin}}", "[Be brief.|]"),
            ("{{#user}}{{name}}{{/user}}", "[<name:user>|]"),
            ("{{! note }}{{&x}}{{{y}}}", "<x:request><y:request>"),
            ("{{=<% %>=}}<% x %> {{y}}", "<x:request> {{y}}"),
            ("{{#docs}}{{.}}{{/docs}}", "(docs:request <.:request>)"),
        ],
    );
    project(&[(
        &[
            ("p/a.mustache", "A\n  {{> list}}\nB"),
            ("p/list.mustache", "one\ntwo\n"),
        ],
        &["user: A\n  one\n  two\nB"],
    )]);
}

#[test]
fn liquid_tags_send_what_liquid_sends() {
    sends(
        ".liquid",
        &[
            ("{% capture a %}be {{ foo }}{% endcapture %}{{ a }}!", "be <foo:request>!"),
            ("{% case plan %}{% when 'a', 'b' %}1{% when 'c' %}2{% else %}3{% endcase %}", "[1|2|3]"),
            ("{% case plan %}{% when 'a' %}1{% endcase %}", "[1|]"),
            ("{% assign x = 'a' | append: 'b' | upcase %}{{ x }}", "AB"),
            ("{% unless a %}1{% else %}2{% endunless %}", "[2|1]"),
            ("{% for d in docs limit: 2 %}{{ d.title }}{{ forloop.index }}{% else %}none{% endfor %}", "[(docs limit: 2:request <d.title:request>1)|none]"),
            ("{{ 'now' | date: '%Y-%m-%d' }}", "<'now' | date: '%Y-%m-%d':day>"),
            ("{% comment %}{{ x }}{% endcomment %}a{% raw %}{{ x }}{% endraw %}", "a{{ x }}"),
            ("{{ x | default: 'none' }}", "<x | default: 'none':request>"),
            ("{%- if a -%} b {%- endif -%} c", "[b|]c"),
            ("{% if a %}1{% elsif b %}2{% else %}3{% endif %}", "[1|2|3]"),
        ],
    );
    project(&[
        (
            &[
                (
                    "p/a.liquid",
                    "{% assign t = 'T' %}{% render 'b', x: user_name %}|{% include 'b', x: 'v' %}",
                ),
                ("p/b.liquid", "{{ x }}{{ t }}"),
            ],
            &["user: <x:user><t:request>|vT"],
        ),
        (
            &[
                ("p/a.liquid", "{% render 'b' for docs as d %}"),
                ("p/b.liquid", "- {{ d.title }}"),
            ],
            &["user: (docs:request - <d.title:request>)"],
        ),
        (
            &[
                ("p/a.liquid", "{% assign ds = 'a,b' | split: ',' %}{% render 'b' with docs as d %}{% render 'b' for ds as d, n: 1 %}"),
                ("p/b.liquid", "{{ d }}{{ n }};"),
            ],
            &["user: <d:request><n:request>;(ds:constant <d:constant>1;)"],
        ),
    ]);
}

#[test]
fn go_templates_send_what_go_sends() {
    sends(
        ".tmpl",
        &[
            (
                "{{ define \"row\" }}- {{ .Title }}{{ end }}A {{ template \"row\" .Doc }}",
                "A - <.Title:request>",
            ),
            (
                "A {{- if .Big -}} b {{- else if .Small -}} c {{- else -}} d {{- end -}} e",
                "A[b|c|d]e",
            ),
            (
                "{{ range .Docs }}{{ .Title }}{{ else }}none{{ end }}",
                "[(.Docs:request <.Title:request>)|none]",
            ),
            (
                "{{ range $i, $d := .Docs }}{{ $i }}{{ $d.Title }}{{ $.Foo }}{{ end }}",
                "(.Docs:request <$i:request><$d.Title:request><$.Foo:request>)",
            ),
            (
                "{{ with .User }}{{ .Name }}{{ else }}x{{ end }}",
                "[<.Name:user>|x]",
            ),
            (
                "{{ block \"x\" . }}B {{ .Foo }}{{ end }}",
                "B <.Foo:request>",
            ),
            (
                "{{ $a := \"x\" }}{{ $a }}{{ printf \"%s-%d\" \"a\" 3 }}",
                "xa-3",
            ),
            ("{{/* note */}}a{{ `{{ raw }}` }}", "a{{ raw }}"),
            ("{{ .Foo | upper }}", "<.Foo | upper:request>"),
        ],
    );
}

#[test]
fn semantic_kernel_text_sends_what_the_kernel_sends() {
    project(&[
        (
            &[(
                "p/chat/skprompt.txt",
                "You are kind.\n{{$history}}\nUser: {{$input}}\n",
            )],
            &["system: You are kind.\n<<$history>>\nUser: <$input:request>\n"],
        ),
        (
            &[(
                "p/chat/skprompt.txt",
                "Today {{time.today}} at {{time.now}}. {{docs.search $input}} {{'x'}}",
            )],
            &["user: Today <time.today:day> at <time.now:unique>. <docs.search $input:request> x"],
        ),
    ]);
}

#[test]
fn erb_and_ejs_send_what_they_print() {
    sends(
        ".erb",
        &[
            (
                "<% if big %>a<% elsif small %>b<% else %>c<% end %>",
                "[a|b|c]",
            ),
            (
                "<% docs.each do |d| %><%= d.title %><% end %>.",
                "(docs:request <d.title:request>).",
            ),
            ("<%# note %>a<%= x -%>\nb<%% c %>", "a<x:request>b<% c %>"),
        ],
    );
    sends(
        ".ejs",
        &[
            (
                "<% if (big) { %>a<% } else if (small) { %>b<% } else { %>c<% } %>",
                "[a|b|c]",
            ),
            (
                "<% for (const d of docs) { %><%= d.title %><% } %>",
                "(docs:request <d.title:request>)",
            ),
            (
                "<% docs.forEach(function(d) { %><%- d.title %><% }); %>",
                "(docs:request <d.title:request>)",
            ),
        ],
    );
    project(&[
        (
            &[
                ("p/a.ejs", "<%- include('b', { x: 'v' }) %>!"),
                ("p/b.ejs", "B<%= x %>"),
            ],
            &["user: Bv!"],
        ),
        (
            &[
                ("p/a.erb", "<%= render 'b', x: 'v' %>!"),
                ("p/_b.erb", "B<%= x %>"),
            ],
            &["user: Bv!"],
        ),
    ]);
}
