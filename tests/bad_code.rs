//! Code that is broken, circular or grows without bound: the evaluation ends, and what can be known is known.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prefixlint::config::Assume;
use prefixlint::frontend::code::{language_of, parse};
use prefixlint::resolve::{resolve, Parsed, ParsedKind, Resolution};
use prefixlint::volatility::classify::Classifier;
use prefixlint::workspace::{Memory, Workspace};

/// In a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

const HEAD: &str = "import openai\nclient = openai.OpenAI()\n";

fn run(files: &[(&str, &str)]) -> Resolution {
    let memory = Memory::new(files);
    let inputs = files.iter().map(|(path, _)| {
        let file = memory.read(path).expect("a file of the memory");
        let module = parse(&file, language_of(path).expect("a language"));
        Parsed {
            file,
            kind: ParsedKind::Code(module),
            explicit: false,
            by_name: false,
        }
    });
    let classifier = Arc::new(Classifier::new(&[]));
    let inputs = inputs.collect();
    let begun = Instant::now();
    let found = resolve(inputs, &[], &memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    });
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
    found
}

/// A function that sends `t` after some statements; its prompt must be found.
fn sends(body: &str) -> Resolution {
    let mut source = format!("{HEAD}def send(a, rows):\n    t = 'rules'\n");
    for line in body.lines() {
        let _ = writeln!(source, "    {line}");
    }
    source.push_str("    client.responses.create(model='m', instructions='start' + t)\n");
    let found = run(&[("app.py", &source)]);
    assert_eq!(found.prompts.len(), 1, "{source}");
    found
}

#[test]
fn thirty_conditions_in_a_row_do_not_multiply() {
    let mut body = String::new();
    for at in 0..30 {
        let _ = writeln!(body, "if a.flag{at}:\n    t += 'part {at}'");
    }
    let found = sends(&body);
    let pieces = &found.prompts[0].messages[0].blocks[0].pieces;
    assert!(pieces.len() <= 64, "{}", pieces.len());
}

#[test]
fn thirty_conditions_that_append_do_not_multiply() {
    let mut body = String::from("parts = []\n");
    for at in 0..30 {
        let _ = writeln!(body, "if a.flag{at}:\n    parts.append('part {at}')");
    }
    body.push_str("t = ' '.join(parts)");
    sends(&body);
}

#[test]
fn forty_conditions_that_change_both_ends_do_not_multiply() {
    let mut body = String::from("parts = []\n");
    for at in 0..40 {
        let _ = writeln!(
            body,
            "if a.flag{at}:\n    parts.insert(0, 'first {at}')\n    parts.append('last {at}')"
        );
    }
    body.push_str("t = ' '.join(parts)");
    sends(&body);
}

#[test]
fn loops_nested_six_deep_end() {
    let mut body = String::new();
    for at in 0..6 {
        let _ = writeln!(body, "{}for x{at} in rows:", "    ".repeat(at));
    }
    let _ = writeln!(body, "{}t += x5", "    ".repeat(6));
    sends(&body);
    let known = body.replace("rows", "range(1000)");
    sends(&known);
}

#[test]
fn texts_that_double_are_bounded() {
    sends("for x in ['a'] * 60:\n    t = t + t");
    sends(&"t = t + t + a\n".repeat(40));
}

#[test]
fn a_list_and_an_object_that_hold_themselves_print() {
    sends("xs = ['p']\nxs.append(xs)\nt = str(xs) + ' '.join(xs)");
    sends("d = {}\nd['d'] = d\nt = str(d) + d['d']['d']['d'].get('x', 'y')");
}

#[test]
fn messages_tools_and_bodies_that_hold_themselves_end() {
    let sent = [
        "m.append(m)\nclient.chat.completions.create(model='m', messages=m)",
        "m.append([m, m])\nclient.chat.completions.create(model='m', messages=m, tools=m)",
        "m[0]['content'] = m\nclient.chat.completions.create(model='m', messages=m)",
        "p = []\np.append(p if a else m)\nm[0]['content'] = p\n\
         client.chat.completions.create(model='m', messages=m, tools=p)",
        "b = {'model': 'm', 'messages': m}\nb['extra_body'] = b\nb['metadata'] = b\nclient.chat.completions.create(**b)",
        "m += [m]\nfor turn in m:\n    m.append({'role': 'user', 'content': turn})\n\
         client.chat.completions.create(model='m', messages=m[-3:])",
    ];
    for body in sent {
        let mut source = format!(
            "{HEAD}def send(a, rows):\n    m = [{{'role': 'system', 'content': 'rules'}}]\n"
        );
        for line in body.lines() {
            let _ = writeln!(source, "    {line}");
        }
        let found = run(&[("app.py", &source)]);
        assert!(!found.prompts.is_empty(), "{source}");
    }
    let script = "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
        export async function send(a) {\n  const m = [{ role: 'system', content: 'rules' }];\n  \
        m.push(a ? m : [m]);\n  const o = { messages: m };\n  o.self = o;\n  \
        await client.chat.completions.create({ model: 'm', ...o, tools: m, metadata: o });\n}\n";
    assert!(!run(&[("app.ts", script)]).prompts.is_empty());
}

#[test]
fn functions_that_call_each_other_end() {
    sends("def f(x):\n    return g(x) + 'f'\ndef g(x):\n    return f(x) + f(x) + 'g'\nt = f('x')");
    sends("def f(n):\n    return f(n - 1) + f(n - 2) if n else ''\nt = f(a)");
    sends("f = lambda g: g(g)\nt = str(f(f))");
}

#[test]
fn calls_that_fan_out_are_bounded() {
    let mut source = String::from(HEAD);
    source.push_str("def f0(x):\n    return x + 'z'\n");
    for at in 1..30 {
        let before = at - 1;
        let _ = writeln!(
            source,
            "def f{at}(x):\n    return f{before}(x) + f{before}(x)"
        );
    }
    source.push_str(
        "def send(a):\n    client.responses.create(model='m', instructions='s' + f29(a))\n",
    );
    assert_eq!(run(&[("app.py", &source)]).prompts.len(), 1);
}

#[test]
fn classes_that_extend_each_other_end() {
    let source = format!(
        "{HEAD}class A(B):\n    pass\nclass B(A):\n    pass\ndef send():\n    \
         client.responses.create(model='m', instructions='s' + str(A().text))\n"
    );
    assert_eq!(run(&[("app.py", &source)]).prompts.len(), 1);
}

#[test]
fn modules_that_take_all_of_each_other_end() {
    let source = format!("from b import *\n{HEAD}def send():\n    return client.responses.create(model='m', instructions='rules' + nowhere)\n");
    let found = run(&[("a.py", &source), ("b.py", "from a import *\n")]);
    assert_eq!(found.prompts.len(), 1);
}

#[test]
fn modules_that_import_each_other_end() {
    let send =
        "def send():\n    client.responses.create(model='m', instructions='s' + A + f('x'))\n";
    let one = format!("{HEAD}from two import *\nfrom two import A, f\n{send}");
    let found = run(&[
        ("one.py", &one),
        (
            "two.py",
            "from one import *\nfrom three import A\nfrom one import f\n",
        ),
        ("three.py", "from two import A\nfrom three import f\n"),
    ]);
    assert_eq!(found.prompts.len(), 1);
    let found = run(&[
        ("a.ts", "export * from './b';\nexport * from './a';\nimport { x } from './b';\nexport const SYSTEM_PROMPT = x;\n"),
        ("b.ts", "export * from './a';\nexport { x } from './a';\n"),
    ]);
    assert!(found.prompts.is_empty());
}

#[test]
fn deep_expressions_end() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("str(", ")"),
        ("-", ""),
        ("not ", ""),
    ] {
        sends(&format!(
            "t += str({}a{})",
            open.repeat(500),
            close.repeat(500)
        ));
    }
    sends(&format!("t += 'x'{}", " + 'y'".repeat(5_000)));
    sends(&format!("t += a{}", ".b('c')".repeat(3_000)));
}

#[test]
fn broken_old_and_foreign_syntax_keeps_what_can_be_read() {
    let send = "def send(a):\n    client.responses.create(model='m', instructions='start' + a)\n";
    for broken in [
        "def f(:\n    pass\n",
        "class A\n  x = \n",
        "print 'python 2', x\n",
        "exec 'code' in d\n",
        "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n",
    ] {
        let found = run(&[("app.py", &format!("{HEAD}{broken}\n\n{send}"))]);
        assert_eq!(found.prompts.len(), 1, "{broken}");
    }
    let jsx = "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
               export const View = () => <div className=\"a\">{'x'} & more</div>;\n\
               export async function send(a) {\n  \
               await client.responses.create({ model: 'm', instructions: 'start' + a });\n}\n";
    assert_eq!(run(&[("app.jsx", jsx)]).prompts.len(), 1);
}

#[test]
fn a_text_that_never_closes_is_reported() {
    let nested = format!("x = {}a{}\n", "f'{".repeat(500), "}'".repeat(500));
    for broken in ["y = f'{a!'\n", "y = '''open\n", &nested] {
        let found = run(&[("app.py", &format!("{HEAD}{broken}SYSTEM_PROMPT = 'x'\n"))]);
        assert!(found.prompts.is_empty());
        let memory = Memory::new(&[("app.py", broken)]);
        let file = memory.read("app.py").expect("a file of the memory");
        let module = parse(&file, language_of("app.py").expect("a language"));
        assert_eq!(module.problems.len(), 1, "{broken}");
    }
}

#[test]
fn a_file_of_fifty_thousand_lines_ends() {
    let mut source = String::from(HEAD);
    for at in 0..25_000 {
        let _ = writeln!(source, "def f{at}(x):\n    return x + 'part {at}'");
    }
    source.push_str(
        "def send(a):\n    client.responses.create(model='m', instructions='s' + f7(a))\n",
    );
    assert_eq!(run(&[("app.py", &source)]).prompts.len(), 1);
}

#[test]
fn the_functions_of_one_file_share_what_a_file_may_cost() {
    let count = 400;
    let mut source = String::from(HEAD);
    for at in 0..count {
        let calls: Vec<String> = (1..6)
            .map(|step| format!("f{}(q, k)", (at * 7 + step * step) % count))
            .collect();
        let _ = writeln!(
            source,
            "def f{at}(q, k):\n    a = {}\n    return client.responses.create(model='m', \
             instructions=f'{{k}} rules number {at}', input=a)",
            calls.join(" + ")
        );
    }
    let found = run(&[("app.py", &source)]);
    // A million steps for 401 entries; one function alone may take 40,000.
    let limits: Vec<&str> = found.limits.iter().map(|l| l.message.as_str()).collect();
    assert_eq!(limits, ["more than 2493 steps: the rest is one value"]);
    assert!(found.prompts.len() >= count, "{}", found.prompts.len());
}

#[test]
fn a_list_that_stands_in_the_call_that_sends_it_is_no_prompt_of_its_own() {
    let source = format!(
        "{HEAD}R = 'short rule. ' * 200\ndef send(a):\n    client.chat.completions.create(model='m', \
         messages=[{{'role': 'system', 'content': R}}, {{'role': 'user', 'content': a}}])\n"
    );
    assert_eq!(run(&[("app.py", &source)]).prompts.len(), 1);
}
