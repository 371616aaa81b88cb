//! What the evaluator makes of an expression, with chosen values put in for what is open, is what CPython and Node print
//! for it. Skipped with a message where an interpreter is not installed.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use prefixlint::config::Assume;
use prefixlint::frontend::code::{language_of, parse};
use prefixlint::prompt::{Piece, Prompt};
use prefixlint::resolve::{resolve, Parsed, ParsedKind};
use prefixlint::volatility::classify::Classifier;
use prefixlint::workspace::{Memory, Workspace};

const PROGRAMS: usize = 1000;
/// What is open -> its chosen value. Conditions are chosen by the same names.
const TEXTS: [(&str, &str); 3] = [("alpha", "AL"), ("beta", " b\u{e9} "), ("gamma", "{g}%s")];
const FLAGS: [(&str, bool); 2] = [("yes", true), ("no", false)];

/// A small generator with a seed: the same programs on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % count as u64) as usize
    }

    fn of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const LITERALS: [&str; 9] = [
    "'ab'",
    "'a-b-a'",
    "' sp '",
    r"'\u00e9\n'",
    r#"'it\'s "x"'"#,
    "''",
    r"'\\t\x41'",
    "'日本'",
    "'<X>'",
];

const NUMBERS: [&str; 11] = [
    "0",
    "7",
    "255",
    "1234567",
    "0.5",
    "2.5",
    "1.005",
    "0.000001",
    "1e-7",
    "1234.5678",
    "1e21",
];

/// Formats of Python that every number takes.
const SPECS: [&str; 20] = [
    "", ".2f", ".0f", ",.1f", "08.3f", "e", ".3e", "g", ".3g", ".10g", "%", ".1%", "+.2f", " .1f",
    ">12.1f", "<9.2f", "*^11.1f", "=+10.1f", "G", "_.2f",
];

/// Formats of integers.
const INTEGER_SPECS: [&str; 9] = ["d", "03d", ",", "_d", "x", "X", "b", ">6", "+d"];

/// A text whose content is fully known.
fn known(random: &mut Random) -> String {
    random.of(&LITERALS).to_string()
}

fn python(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return match random.below(3) {
            0 => random.of(&["alpha", "beta", "gamma"]).to_string(),
            _ => known(random),
        };
    }
    let a = python(random, depth - 1);
    let b = python(random, depth - 1);
    let flag = random.of(&["yes", "no"]);
    match random.below(21) {
        // Two values of no known kind need not be texts: a literal between them says so.
        0 => format!("({a} + '' + {b})"),
        1 => format!("f\"{{alpha}}-{{beta}}{{{{}}}}\" + {a}"),
        2 => format!("(({a}) if {flag} else ({b}))"),
        3 => format!("', '.join([{a}, {b}, {}])", known(random)),
        4 => format!("'{{}}/{{x}}/{{{{}}}}'.format({a}, x={b})"),
        5 => format!("'%s+%s 5%%' % ({a}, {b})"),
        6 => format!("({} * {})", known(random), random.below(4)),
        7 => format!("{}.strip()", known(random)),
        8 => format!("{}.replace('a', {b})", known(random)),
        9 => format!("{}[{}:]", known(random), random.of(&["0", "1", "-1", "9"])),
        10 => format!("''.join('<' + item + '>' for item in ['' + {a}, {b}])"),
        11 => format!("({}.upper() + {}.lower())", known(random), known(random)),
        12 => format!("(f\"{{1}}{{True}}{{None}}{{-3}}\" + {a})"),
        13 => format!(
            "(str({}) + {a})",
            random.of(&["1", "True", "None", "12345678", "'x'"])
        ),
        14 => format!(
            "({}.lstrip() + {}.rstrip('s p'))",
            known(random),
            known(random)
        ),
        16 => format!(
            "(f\"{{{}:{}}}\" + {a})",
            random.of(&NUMBERS),
            random.of(&SPECS)
        ),
        17 => format!(
            "(f\"{{{}:{}}}\" + {a})",
            random.of(&["0", "7", "255", "1234567"]),
            random.of(&INTEGER_SPECS)
        ),
        18 => format!(
            "('%{}|%{}s|%5.1f' % ({}, {}, {}) + {a})",
            random.of(&["d", "03d", "+d", "-4d", "5d", "x"]),
            random.of(&["", "6", "-6", ".2"]),
            random.of(&["0", "7", "255"]),
            known(random),
            random.of(&NUMBERS)
        ),
        19 => format!(
            "(str({}) + f\"{{{}}}\" + {a})",
            random.of(&NUMBERS),
            random.of(&NUMBERS)
        ),
        15 => format!("textwrap.dedent('  a\\n    b\\n  ') + {a}"),
        _ => format!("{{'k': {a}, 'l': {b}}}['{}']", random.of(&["k", "l"])),
    }
}

fn javascript(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return match random.below(3) {
            0 => random.of(&["alpha", "beta", "gamma"]).to_string(),
            _ => known(random),
        };
    }
    let a = javascript(random, depth - 1);
    let b = javascript(random, depth - 1);
    let flag = random.of(&["yes", "no"]);
    match random.below(19) {
        // Two values of no known kind need not be texts: a literal between them says so.
        0 => format!("({a} + '' + {b})"),
        1 => format!("`x ${{{a}}}-${{{b}}} \\${{y}}`"),
        2 => format!("({flag} ? {a} : {b})"),
        3 => format!("[{a}, {b}, {}].join(', ')", known(random)),
        4 => format!("{}.repeat({})", known(random), random.below(4)),
        5 => format!("{}.trim()", known(random)),
        6 => format!("{}.replace('a', {})", known(random), known(random)),
        7 => format!("{}.replaceAll('a', {})", known(random), known(random)),
        8 => format!(
            "{}.slice({})",
            known(random),
            random.of(&["0", "1", "-1", "9"])
        ),
        9 => format!("[{a}, {b}].map((item, at) => `<${{at}}${{item}}>`).join('')"),
        10 => format!(
            "({}.toUpperCase() + {}.toLowerCase())",
            known(random),
            known(random)
        ),
        11 => format!("(`${{1}}${{true}}${{-3}}` + {a})"),
        14 => format!(
            "(({}).toFixed({}) + {a})",
            random.of(&NUMBERS),
            random.below(8)
        ),
        15 => format!(
            "(({}).toLocaleString('en-US') + {a})",
            random.of(&["0", "7", "1234567", "0.5", "1234.567", "999"])
        ),
        16 => format!(
            "(`${{{}}} ${{null}} ${{undefined}}` + {a})",
            random.of(&NUMBERS)
        ),
        17 => format!(
            "(String.raw`\\n ${{{a}}} \\u0041\\\\` + String({}))",
            random.of(&NUMBERS)
        ),
        12 => format!(
            "(String({}) + {a})",
            random.of(&["1", "true", "12345678", "'x'", "1.5", "1.0"])
        ),
        13 => format!(
            "({}.trimStart() + {}.trimEnd())",
            known(random),
            known(random)
        ),
        _ => format!("({{ k: {a}, l: {b} }}).{}", random.of(&["k", "l"])),
    }
}

/// The text of pieces with the chosen values; an error names what is not one of them.
fn concrete(pieces: &[Piece], out: &mut String) -> Result<(), String> {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text.as_str()),
            Piece::Slot(slot) => {
                let known = TEXTS.iter().find(|(name, _)| *name == slot.expr);
                let (_, value) = known.ok_or_else(|| format!("open: {}", slot.expr))?;
                out.push_str(value);
            }
            Piece::Branch(branch) => {
                let known = FLAGS.iter().find(|(name, _)| *name == branch.condition);
                let (_, truth) = known.ok_or_else(|| format!("fork: {}", branch.condition))?;
                concrete(&branch.arms[usize::from(!truth)], out)?;
            }
            other => return Err(format!("{other:?}")),
        }
    }
    Ok(())
}

fn evaluated(path: &str, source: &str) -> Result<String, String> {
    let memory = Memory::new(&[(path, source)]);
    let file = memory.read(path).map_err(|error| error.to_string())?;
    let module = parse(&file, language_of(path).ok_or("no language")?);
    let input = Parsed {
        file,
        kind: ParsedKind::Code(module),
        explicit: false,
        by_name: false,
    };
    let classifier = Arc::new(Classifier::new(&[]));
    let found = resolve(vec![input], &[], &memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    });
    let [prompt]: [Prompt; 1] = found
        .prompts
        .try_into()
        .map_err(|all: Vec<Prompt>| format!("{} prompts", all.len()))?;
    let mut out = String::new();
    for block in prompt.messages.iter().flat_map(|message| &message.blocks) {
        concrete(&block.pieces, &mut out)?;
    }
    Ok(out)
}

/// What an interpreter prints for one program, read from its input: a line of JSON per expression. `None`: there is no
/// such interpreter.
fn printed(command: &str, program: &str) -> Option<Vec<String>> {
    let mut child = match Command::new(command)
        .arg("-")
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
    {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        child => child.expect("an interpreter that starts"),
    };
    // Both read a program to its end before they print.
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(program.as_bytes())
        .expect("a program that is read");
    drop(input);
    let ran = child.wait_with_output().expect("an interpreter that ends");
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let lines = String::from_utf8(ran.stdout).expect("UTF-8");
    let text = |line: &str| serde_json::from_str(line).expect("a JSON text");
    Some(lines.lines().map(text).collect())
}

fn compare(expressions: &[String], wrapped: impl Fn(&str) -> String, path: &str, truth: &[String]) {
    assert_eq!(expressions.len(), truth.len());
    let mut wrong = String::new();
    for (expression, expected) in expressions.iter().zip(truth) {
        let found = evaluated(path, &wrapped(expression));
        if found.as_ref() != Ok(expected) {
            let _ = write!(wrong, "\n{expression}\n  {expected:?}\n  {found:?}");
        }
    }
    assert!(
        wrong.is_empty(),
        "expression, interpreter, evaluator:{wrong}"
    );
}

#[test]
fn python_prints_what_the_evaluator_says() {
    let mut random = Random(1);
    let expressions: Vec<String> = (0..PROGRAMS)
        .map(|at| python(&mut random, 1 + at % 3))
        .collect();
    let mut program = String::from("import json, textwrap\n");
    for (name, value) in TEXTS {
        let _ = writeln!(program, "{name} = {}", serde_json::Value::from(value));
    }
    program.push_str("yes, no = True, False\n");
    for expression in &expressions {
        let _ = writeln!(program, "print(json.dumps('|' + {expression}))");
    }
    let Some(truth) = printed("python3", &program) else {
        eprintln!("skipped: python3 is not installed");
        return;
    };
    let wrapped = |expression: &str| {
        format!(
            "import openai, textwrap\nclient = openai.OpenAI()\ndef send(alpha, beta, gamma, yes, no):\n    \
             client.responses.create(model='m', instructions='|' + {expression})\n"
        )
    };
    compare(&expressions, wrapped, "app.py", &truth);
}

#[test]
fn node_prints_what_the_evaluator_says() {
    let mut random = Random(2);
    let expressions: Vec<String> = (0..PROGRAMS)
        .map(|at| javascript(&mut random, 1 + at % 3))
        .collect();
    let mut program = String::new();
    for (name, value) in TEXTS {
        let _ = writeln!(
            program,
            "const {name} = {};",
            serde_json::Value::from(value)
        );
    }
    program.push_str("const yes = true, no = false;\n");
    for expression in &expressions {
        let _ = writeln!(program, "console.log(JSON.stringify('|' + {expression}));");
    }
    let Some(truth) = printed("node", &program) else {
        eprintln!("skipped: node is not installed");
        return;
    };
    let wrapped = |expression: &str| {
        format!(
            "import OpenAI from 'openai';\nconst client = new OpenAI();\n\
             export async function send(alpha, beta, gamma, yes, no) {{\n  \
             await client.responses.create({{ model: 'm', instructions: '|' + {expression} }});\n}}\n"
        )
    };
    compare(&expressions, wrapped, "app.ts", &truth);
}
