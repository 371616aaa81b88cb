//! TypeScript and JavaScript, one test per kind of expression and statement.

use super::{javascript, prompt, sent, table};

#[test]
fn texts_that_are_put_together() {
    table(
        &[
            ("", "'a' + \"b\\u00e9\\n\"", "ab\u{e9}\n"),
            ("", "`x ${a} y`", "x <a:request> y"),
            ("", "`x ${`in ${a}`} y`", "x in <a:request> y"),
            ("", "`${undefined}`", "undefined"),
            (
                "",
                "dedent`\n    p\n      q ${a}\n  `",
                "p\n  q <a:request>",
            ),
            ("", "'x' + a + 'y'", "x<a:request>y"),
            ("", "'x' + 1 + 2", "x12"),
            ("", "1 + 2 + 'x'", "3x"),
            ("let t = 'x'; t += 'y'; t += a;", "t", "xy<a:request>"),
            ("", "['p', a, 'q'].join(', ')", "p, <a:request>, q"),
            ("", "['p', 'q'].join()", "p,q"),
            ("", "'ab'.repeat(2)", "abab"),
            ("", "' p '.trim()", "p"),
            ("", "' p '.trimEnd() + '|'", " p|"),
            ("", "' p '.trimStart() + '|'", "p |"),
            ("", "'a-a'.replace('a', 'c')", "c-a"),
            ("", "'a-a'.replaceAll('a', 'c')", "c-c"),
            (
                "",
                "'{{x}}-{{x}}'.replace(/\\{\\{x\\}\\}/g, a)",
                "<a:request>-<a:request>",
            ),
            (
                "",
                "'{{x}}-{{x}}'.replace(/\\{\\{x\\}\\}/, a)",
                "<a:request>-{{x}}",
            ),
            ("", "'abcdef'.slice(1, 3) + 'abcdef'.slice(-2)", "bcef"),
            ("", "'p'.concat('q', a)", "pq<a:request>"),
        ],
        javascript,
    );
}

#[test]
fn letters_change_case() {
    table(
        &[
            ("", "'aB'.toUpperCase()", "AB"),
            ("", "'aB'.toLowerCase()", "ab"),
        ],
        javascript,
    );
}

#[test]
fn conditions_fork_only_where_they_are_open() {
    table(
        &[
            ("", "flag ? 'p' : 'q'", "[flag? p | q]"),
            ("", "true ? 'p' : a", "p"),
            ("const x = undefined;", "x ?? 'p'", "p"),
            ("const x = '';", "(x ?? 'p') + 'q'", "q"),
            ("const x = '';", "x || 'p'", "p"),
            ("const x = 'set';", "x && 'p'", "p"),
            ("", "`${flag ? 'p' : ''}q`", "[flag? p | ]q"),
            ("const x = { k: 'p' };", "x?.k", "p"),
            (
                "let t = 'p'; if (flag) { t += 'q'; }",
                "t + 'r'",
                "p[flag? q | ]r",
            ),
            (
                "let t; if (flag) t = 'p'; else t = 'q';",
                "t",
                "[flag? p | q]",
            ),
            (
                "let t; switch (flag) { case 'x': t = 'p'; break; default: t = 'q'; }",
                "t",
                "[flag? p | q]",
            ),
            ("const x = 'one' as const;", "x === 'one' ? 'p' : 'q'", "p"),
        ],
        javascript,
    );
}

#[test]
fn arrays_and_objects_are_followed() {
    table(
        &[
            (
                "const x = ['p']; x.push(a, 'q');",
                "x.join(' ')",
                "p <a:request> q",
            ),
            ("const x = ['p']; x.unshift('o');", "x.join(' ')", "o p"),
            ("const x = ['p'].concat(['q'], 'r');", "x.join('')", "pqr"),
            ("const x = ['p'];", "[...x, 'q'].join('')", "pq"),
            (
                "const x = ['p', 'q'].map((y) => `<${y}>`);",
                "x.join('')",
                "<p><q>",
            ),
            (
                "const x = ['p', 'q'].map((y, i) => `${i}${y}`);",
                "x.join('')",
                "0p1q",
            ),
            (
                "const x = ['p', 'q'].filter((y) => y !== 'p');",
                "x.join('')",
                "q",
            ),
            (
                "const x = ['p', '', 'q'].filter(Boolean);",
                "x.join('')",
                "pq",
            ),
            (
                "",
                "rows.map((r) => `- ${r}`).join('\\n')",
                "(rows.map((r) => `- ${r}`)* - <rows:request>)",
            ),
            (
                "const { k, ...rest } = { k: 'p', l: 'q' };",
                "k + rest.l",
                "pq",
            ),
            ("const { k = 'p', l: m } = { l: 'q' };", "k + m", "pq"),
            (
                "const [x, ...y] = ['p', 'q', 'r'];",
                "x + y.join('')",
                "pqr",
            ),
            (
                "const x = { ...{ k: 'p' }, l: a };",
                "x.k + x['l']",
                "p<a:request>",
            ),
            ("const k = 'p'; const x = { k };", "x.k", "p"),
            ("const x: any = {}; x.k = 'p';", "x.k", "p"),
            ("enum E { X = 'p' }", "E.X", "p"),
            ("const x = ['p', 'q'] as const;", "x[1]", "q"),
            ("const x = ['p', 'q'];", "x.slice(1).join('')", "q"),
        ],
        javascript,
    );
}

#[test]
fn an_object_that_something_open_is_spread_into_stays_open() {
    let forked = "let t = 'p'; if (x.kind === 'z') t = 'q';";
    let fixed = "if (x.k === 'z') t = 'q';";
    table(
        &[
            (
                &format!("const n = flag ? a : null; const x = {{ ...n }}; {forked}"),
                "t",
                "[x.kind === 'z'? q | p]",
            ),
            (
                &format!("const x = {{ ...(flag ? {{ ...a }} : {{ k: 'y' }}) }}; {forked}"),
                "t",
                "[x.kind === 'z'? q | p]",
            ),
            (
                &format!("const x = {{ ...(flag && (b ? a : null)) }}; {forked}"),
                "t",
                "[x.kind === 'z'? q | p]",
            ),
            (
                &format!("const x = {{ ...(flag ? {{ k: 'y' }} : null) }}; {forked}"),
                "t",
                "p",
            ),
            (
                &format!(
                    "const n = flag ? a : null; const x = {{ ...n, k: 'y' }}; let t = 'p'; {fixed}"
                ),
                "t",
                "p",
            ),
        ],
        javascript,
    );
}

#[test]
fn functions_give_what_they_return() {
    table(
        &[
            ("const f = (x: string) => 'p' + x;", "f(a)", "p<a:request>"),
            ("function f(x, y = 'q') { return x + y; }", "f('p')", "pq"),
            (
                "function f({ x, y = 'q' }: { x: string; y?: string }) { return x + y; }",
                "f({ x: 'p' })",
                "pq",
            ),
            ("const f = async () => 'p';", "await f()", "p"),
            (
                "function f(...xs) { return xs.join(''); }",
                "f('p', a)",
                "p<a:request>",
            ),
            (
                "function f(x) { if (flag) return 'p'; return 'q' + x; }",
                "f('z')",
                "[flag? p | qz]",
            ),
            ("const f = (x) => (y) => x + y;", "f('p')('q')", "pq"),
            (
                "const f = function (x) { return x + '!'; };",
                "f('p')",
                "p!",
            ),
            ("", "(() => 'p')()", "p"),
            (
                "let t = ''; for (const x of ['p', 'q']) { t += x; }",
                "t",
                "pq",
            ),
            (
                "let t = ''; ['p', 'q'].forEach((x) => { t += x; });",
                "t",
                "pq",
            ),
            (
                "let t = 'o'; try { t += 'p'; } finally { t += 'q'; }",
                "t",
                "opq",
            ),
        ],
        javascript,
    );
}

fn class(definition: &str, expr: &str) -> String {
    let source = format!(
        "import OpenAI from 'openai';\nconst client = new OpenAI();\n{definition}\n\
         export async function send(a) {{\n  await client.responses.create({{ model: 'm', instructions: {expr} }});\n}}\n"
    );
    sent(&[("app.ts", &source)])
}

#[test]
fn classes_give_their_members() {
    table(
        &[
            ("class C { t = 'p'; static u = 'q'; }", "new C().t + C.u", "pq"),
            ("class C { constructor(private x: string) {} t() { return 'p' + this.x; } }", "new C(a).t()", "p<a:request>"),
            ("class C { x; constructor(x) { this.x = x; } }", "new C('p').x", "p"),
            ("class C { get t() { return 'p'; } }", "new C().t", "p"),
            ("class B { t() { return 'p' + this.u(); } }\nclass C extends B { u() { return 'q'; } }", "new C().t()", "pq"),
            ("class B { constructor(public x) {} }\nclass C extends B { constructor() { super('p'); } }", "new C().x", "p"),
            ("class C { static t(x) { return x; } }", "C.t('p')", "p"),
            ("const o = { t() { return 'p'; }, u: () => 'q' };", "o.t() + o.u()", "pq"),
            ("class C { #x = 'p'; t() { return this.#x; } }", "new C().t()", "p"),
        ],
        class,
    );
}

#[test]
fn a_chat_that_pushes_is_a_history() {
    let source = "import OpenAI from 'openai';\nconst client = new OpenAI();\nexport async function chat(next) {\n  \
                  const messages = [{ role: 'system', content: 'Be brief.' }];\n  while (true) {\n    \
                  messages.push({ role: 'user', content: await next() });\n    \
                  const reply = await client.chat.completions.create({ model: 'm', messages });\n    \
                  messages.push(reply.choices[0].message);\n  }\n}\n";
    let shown = prompt(&[("app.ts", source)]);
    assert!(shown.starts_with("system: Be brief.\n"), "{shown}");
    assert!(shown.contains("<<"), "{shown}");
}
