//! Python, one test per kind of expression and statement.

use super::{messages, prompt, python, run, table};

#[test]
fn texts_that_are_put_together() {
    table(
        &[
            ("", "'a' 'b' \"\\u00e9\\n\"", "ab\u{e9}\n"),
            ("", "'x' + a + 'y'", "x<a:request>y"),
            ("", "f'x {a} y'", "x <a:request> y"),
            ("", "f\"{'in' + f'{a}'}\"", "in<a:request>"),
            ("", "f'{a:>10}'", "<a:request>"),
            ("", "f'{1} {True} {None}'", "1 True None"),
            ("", "'ab' * 3", "ababab"),
            ("", "3 * 'ab'", "ababab"),
            ("t = 'x'\nt += 'y'\nt += a", "t", "xy<a:request>"),
            ("", "'{} {name} {0}'.format('p', name=a)", "p <a:request> p"),
            ("", "'{x}-{y}'.format(**{'x': 1, 'y': a})", "1-<a:request>"),
            ("", "'{x}'.format_map({'x': a})", "<a:request>"),
            ("", "'%s and %s' % ('p', a)", "p and <a:request>"),
            ("", "'%(x)s 5%%' % {'x': a}", "<a:request> 5%"),
            ("", "'%s' % a", "<a:request>"),
            ("", "', '.join(['p', a, 'q'])", "p, <a:request>, q"),
            ("", "'-'.join(('p', 'q'))", "p-q"),
            (
                "",
                "textwrap.dedent('''\n    p\n      q {}\n    ''').strip()",
                "p\n  q {}",
            ),
            ("", "' p '.strip()", "p"),
            ("", "'a-b-a'.replace('a', 'c')", "c-b-c"),
            (
                "",
                "'<X> <Y>'.replace('<X>', a).replace('<Y>', 'q')",
                "<a:request> q",
            ),
            ("", "'abcdef'[1:3]", "bc"),
            ("", "'abcdef'[-2:]", "ef"),
        ],
        python,
    );
}

#[test]
fn ends_are_stripped_as_asked() {
    table(
        &[
            ("", "' p '.lstrip() + '|'", "p |"),
            ("", "' p '.rstrip() + '|'", " p|"),
            ("", "'--p--'.strip('-')", "p"),
            ("", "'prefix-p'.removeprefix('prefix-')", "p"),
            ("", "'p.md'.removesuffix('.md')", "p"),
        ],
        python,
    );
}

#[test]
fn letters_change_case() {
    table(
        &[("", "'aB'.upper()", "AB"), ("", "'aB'.lower()", "ab")],
        python,
    );
}

#[test]
fn conditions_fork_only_where_they_are_open() {
    table(
        &[
            ("", "'p' if flag else 'q'", "[flag? p | q]"),
            ("", "'p' if True else a", "p"),
            ("", "'p' if not False else a", "p"),
            ("x = None", "x or 'p'", "p"),
            ("x = ''", "x or 'p'", "p"),
            ("x = 'set'", "x and 'p'", "p"),
            ("x = 'one'", "'p' if x == 'one' else 'q'", "p"),
            ("x = 'one'", "'p' if x != 'one' else 'q'", "q"),
            ("x = []", "'p' if x else 'q'", "q"),
            (
                "t = 'p'\nif flag:\n    t += 'q'",
                "t + 'r'",
                "p[flag? q | ]r",
            ),
            (
                "if flag:\n    t = 'p'\nelse:\n    t = 'q'",
                "t",
                "[flag? p | q]",
            ),
            (
                "match flag:\n    case 'x':\n        t = 'p'\n    case _:\n        t = 'q'",
                "t",
                "[flag? p | q]",
            ),
            (
                "match 'x':\n    case 'x':\n        t = 'p'\n    case _:\n        t = 'q'",
                "t",
                "p",
            ),
            ("if (t := a):\n    pass", "t", "<a:request>"),
        ],
        python,
    );
}

#[test]
fn lists_and_objects_are_followed() {
    table(
        &[
            (
                "x = ['p']\nx.append(a)\nx.insert(0, 'o')",
                "' '.join(x)",
                "o p <a:request>",
            ),
            (
                "x = ['p']\nx.extend(['q', a])",
                "' '.join(x)",
                "p q <a:request>",
            ),
            ("x = ['p']\nx += ['q']", "' '.join(x)", "p q"),
            ("x = ['p']\ny = x\ny.append('q')", "' '.join(x)", "p q"),
            ("x = ['p'] + [a]", "' '.join([*x, 'q'])", "p <a:request> q"),
            (
                "x = {'k': 'p'}\nx['l'] = a",
                "x['k'] + x['l']",
                "p<a:request>",
            ),
            ("x = {'k': 'p', **{'l': 'q'}}", "x['l'] + x.get('k')", "qp"),
            ("x = {'k': 'p'}", "x.get('z', 'none')", "none"),
            ("x = dict(k='p')\nx.update(l='q')", "x['k'] + x['l']", "pq"),
            ("x, (y, z) = 'p', ('q', a)", "x + y + z", "pq<a:request>"),
            ("x, *y = ['p', 'q', 'r']", "x + ''.join(y)", "pqr"),
            ("x = ['p', 'q']", "x[0] + x[-1]", "pq"),
            ("x = {'k': {'l': 'p'}}", "x['k']['l']", "p"),
            ("x = ['p', 'q']\nx.pop()", "''.join(x)", "p"),
            ("x = ['q', 'p']\nx.reverse()", "''.join(x)", "pq"),
            ("x = ['p', 'q', 'r']", "''.join(x[1:])", "qr"),
        ],
        python,
    );
}

#[test]
fn comprehensions_over_known_lists_are_unrolled_and_others_repeat() {
    table(
        &[
            ("", "','.join(x for x in ['p', 'q'])", "p,q"),
            (
                "",
                "','.join([f'<{x}>' for x in ['p', 'q'] if x != 'p'])",
                "<q>",
            ),
            (
                "",
                "','.join(f'{k}={v}' for k, v in {'p': 1, 'q': a}.items())",
                "p=1,q=<a:request>",
            ),
            (
                "",
                "','.join(x + y for x in ['p', 'q'] for y in ['1', '2'])",
                "p1,p2,q1,q2",
            ),
            ("d = {k: k + '!' for k in ['p', 'q']}", "d['q']", "q!"),
            (
                "",
                "''.join(f'- {x}\\n' for x in rows)",
                "(rows* - <rows:request>\n)",
            ),
            (
                "",
                "'\\n'.join(map(lambda x: '* ' + x, ['p', 'q']))",
                "* p\n* q",
            ),
            (
                "",
                "'\\n'.join(f'{i}. {x}' for i, x in enumerate(['p', 'q']))",
                "0. p\n1. q",
            ),
        ],
        python,
    );
}

#[test]
fn loops_over_known_lists_are_unrolled_and_others_repeat() {
    table(
        &[
            ("t = ''\nfor x in ['p', 'q']:\n    t += x", "t", "pq"),
            (
                "t = ''\nfor x in ['p', 'q', 'r']:\n    if x == 'r':\n        break\n    t += x",
                "t",
                "pq",
            ),
            (
                "t = ''\nfor x in ['p', 'q', 'r']:\n    if x == 'q':\n        continue\n    t += x",
                "t",
                "pr",
            ),
            (
                "ps = []\nfor x in rows:\n    ps.append(x)",
                "'\\n'.join(ps)",
                "(rows* <rows:request>)",
            ),
        ],
        python,
    );
}

#[test]
fn functions_give_what_they_return() {
    table(
        &[
            ("def f(x):\n    return 'p' + x", "f(a)", "p<a:request>"),
            ("def f(x, y='q'):\n    return x + y", "f('p') + f(y='z', x='o')", "pqoz"),
            ("def f(*xs, **ks):\n    return ''.join(xs) + ks['k']", "f('p', a, k='q')", "p<a:request>q"),
            ("def f(x):\n    if flag:\n        return 'p'\n    return 'q' + x", "f('z')", "[flag? p | qz]"),
            ("def f(x):\n    if x == 'p':\n        return 'one'\n    return 'two'", "f('p')", "one"),
            ("f = lambda x: x + '!'", "f('p')", "p!"),
            ("def f(x, y):\n    return x + y\ng = functools.partial(f, 'p')", "g(a)", "p<a:request>"),
            ("def f():\n    yield 'p'\n    yield a", "','.join(f())", "p,<a:request>"),
            ("def f(x):\n    x.append('q')\nys = ['p']\nf(ys)", "''.join(ys)", "pq"),
            ("def f():\n    try:\n        return 'p'\n    except ValueError:\n        return 'p'", "f()", "p"),
        ],
        python,
    );
}

fn class(definition: &str, expr: &str) -> String {
    let source = format!(
        "import openai\nfrom dataclasses import dataclass, field\nfrom functools import cached_property\n\
         from pydantic import BaseModel, Field\nfrom enum import Enum\nclient = openai.OpenAI()\n\
         {definition}\ndef send(a):\n    client.responses.create(model='m', instructions={expr})\n"
    );
    super::sent(&[("app.py", &source)])
}

#[test]
fn classes_give_their_members() {
    table(
        &[
            ("class C:\n    T = 'p'\n", "C.T + C().T", "pp"),
            ("class C:\n    def __init__(self, x):\n        self.x = x\n    def t(self):\n        return 'p' + self.x\n", "C(a).t()", "p<a:request>"),
            ("class C:\n    @property\n    def t(self):\n        return 'p'\n", "C().t", "p"),
            ("class C:\n    @staticmethod\n    def t(x):\n        return x\n", "C.t('p')", "p"),
            ("class C:\n    T = 'p'\n    @classmethod\n    def t(cls):\n        return cls.T\n", "C.t()", "p"),
            ("class B:\n    def t(self):\n        return 'p' + self.u()\nclass C(B):\n    def u(self):\n        return 'q'\n", "C().t()", "pq"),
            ("class B:\n    def __init__(self, x):\n        self.x = x\nclass C(B):\n    def __init__(self):\n        super().__init__('p')\n", "C().x", "p"),
            ("@dataclass\nclass C:\n    x: str\n    y: str = 'q'\n", "C('p').x + C(x='p').y", "pq"),
            ("class C(BaseModel):\n    x: str\n    y: str = Field(default='q')\n", "C(x='p').x + C(x='p').y", "pq"),
            ("@dataclass\nclass C:\n    xs: list = field(default_factory=list)\n", "''.join(C().xs) + 'p'", "p"),
            ("class C(Enum):\n    X = 'p'\n", "C.X.value", "p"),
            ("class C(str, Enum):\n    X = 'p'\n", "'%s' % C.X.value", "p"),
            ("class C:\n    def __str__(self):\n        return 'p'\n", "str(C())", "p"),
            ("class C:\n    def __str__(self):\n        return 'p'\n", "f'{C()}'", "p"),
            ("class C:\n    def __call__(self, x):\n        return 'p' + x\n", "C()('q')", "pq"),
            ("def deco(f):\n    return f\n@deco\ndef t():\n    return 'p'\n", "t()", "p"),
        ],
        class,
    );
}

#[test]
fn a_method_that_sends_knows_what_the_constructor_set() {
    let source = "import openai\nclass Agent:\n    def __init__(self):\n        self.client = openai.AsyncOpenAI()\n\
                  \x20       self.rules = 'Be brief.'\n    async def ask(self, question):\n        \
                  return await self.client.chat.completions.create(model='m', messages=[\n            \
                  {'role': 'system', 'content': self.rules},\n            {'role': 'user', 'content': question}])\n";
    assert_eq!(
        prompt(&[("app.py", source)]),
        "system: Be brief.\nuser: <question:request>"
    );
}

#[test]
fn a_chat_that_appends_is_a_history() {
    let source = "import openai\nclient = openai.OpenAI()\ndef chat():\n    messages = [{'role': 'system', 'content': 'Be brief.'}]\n    \
                  while True:\n        messages.append({'role': 'user', 'content': input()})\n        \
                  reply = client.chat.completions.create(model='m', messages=messages)\n        \
                  messages.append({'role': 'assistant', 'content': reply.choices[0].message.content})\n";
    let shown = prompt(&[("app.py", source)]);
    assert!(shown.starts_with("system: Be brief.\n"), "{shown}");
    assert!(shown.contains("<<"), "{shown}");
}

#[test]
fn a_file_that_half_parses_yields_the_rest() {
    let source = "import openai\nclient = openai.OpenAI()\nT = 'p'\ndef broken(:\n    pass\n\ndef send(a):\n    \
                  client.responses.create(model='m', instructions=T + a)\n";
    let found = run(&[("app.py", source)]);
    let shown: Vec<String> = found.prompts.iter().map(messages).collect();
    assert_eq!(shown, ["system: p<a:request>"]);
}

#[test]
fn a_clock_that_fills_a_template_out_of_sight_is_in_the_text() {
    let shown = python(
        "from datetime import datetime\ndef fill(prompt):\n    return prompt.format(now=datetime.now(), name='x')\n",
        "fill(settings.template)",
    );
    assert!(shown.contains("<datetime.now():unique!>"), "{shown}");
    let replaced = python(
        "import uuid\ndef fill(prompt):\n    return prompt.replace('{id}', str(uuid.uuid4()))\n",
        "fill(settings.template)",
    );
    assert!(replaced.contains("uuid.uuid4()"), "{replaced}");
    let plain = python(
        "def fill(prompt):\n    return prompt.format(name='x')\n",
        "fill(settings.template)",
    );
    assert!(!plain.contains('!'), "{plain}");
}

#[test]
fn behind_a_loop_that_breaks_its_else_is_one_of_two_ways() {
    let source = "import anthropic\nclient = anthropic.Anthropic()\n\ndef send(question):\n    for attempt in range(3):\n        try:\n            \
                  probe()\n            break\n        except OSError:\n            wait()\n    else:\n        return None\n    \
                  return client.messages.create(model='claude-sonnet-5', max_tokens=9, messages=[{'role': 'user', 'content': question}])\n";
    assert_eq!(super::run(&[("app.py", source)]).prompts.len(), 1);
    let never = source.replace("            break\n", "");
    assert!(super::run(&[("app.py", &never)]).prompts.is_empty());
}

#[test]
fn one_of_a_few_keys_of_one_of_a_few_tables_is_one_of_a_few_entries() {
    let shown = python(
        "texts = {'x': {'p': 'one', 'q': 'two'}, 'y': {'p': 'three', 'q': 'four'}}\nkey = 'p' if flag else 'q'",
        "texts[a][key]",
    );
    for text in ["one", "two", "three", "four"] {
        assert!(shown.contains(text), "{shown}");
    }
}
