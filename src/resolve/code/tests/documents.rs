//! Documents that code loads: their texts at their places.

use super::{messages, run, show};
use crate::prompt::Piece;

const DESK: &str =
    "import json\nimport tomllib\nfrom pathlib import Path\nimport openai\nimport yaml\n\
    from datetime import datetime\nclient = openai.OpenAI()\ndef send():\n    system = (";

/// The system text that is made of documents, by the expression that reads it.
fn of_document(expr: &str, path: &str, text: &str) -> (String, Option<Piece>) {
    let source = format!(
        "{DESK}{expr})\n    return client.responses.create(model='m', instructions=system)\n"
    );
    let resolution = run(&[("app.py", &source), (path, text)]);
    let message = resolution.prompts.first().map(|prompt| &prompt.messages[0]);
    let pieces = message.map_or(&[][..], |message| &message.blocks[0].pieces);
    (show(pieces), pieces.first().cloned())
}

const JSON_DESK: &str = "{\"desk\": {\"system\": \"You answer for a small shop. Now: {now}. Never guess what an order holds. Say what you do not know. Quote the rule that you follow, word by word, and name the page it stands on. Never promise a refund that the policy does not allow, and hand over to a person where somebody is upset.\"}}";

#[test]
fn a_text_of_a_document_stands_at_its_place_in_the_file() {
    let clock = ".format(now=datetime.now())";
    let yaml = "desk:\n  system: |\n    You answer for a small shop. Now: {now}. Never guess what an order holds. Say what you do not know. Quote the rule that you follow, word by word, and name the page it stands on. Never promise a refund that the policy does not allow, and hand over to a person where somebody is upset.\n";
    let toml = "[desk]\nsystem = \"\"\"You answer for a small shop. Now: {now}. Never guess what an order holds. Say what you do not know. Quote the rule that you follow, word by word, and name the page it stands on. Never promise a refund that the policy does not allow, and hand over to a person where somebody is upset.\"\"\"\n";
    let cases = [
        ("json.load(open('desk.json'))", "desk.json", JSON_DESK),
        (
            "json.loads(Path('desk.json').read_text())",
            "desk.json",
            JSON_DESK,
        ),
        (
            "yaml.safe_load(open(Path(__file__).parent / 'desk.yaml'))",
            "desk.yaml",
            yaml,
        ),
        ("tomllib.load(open('desk.toml', 'rb'))", "desk.toml", toml),
    ];
    for (load, path, text) in cases {
        let expr = format!("{load}['desk']['system']{clock}");
        let (shown, first) = of_document(&expr, path, text);
        let expected = "You answer for a small shop. Now: <datetime.now():unique!>. Never guess what an order holds";
        assert!(shown.starts_with(expected), "{load}: {shown}");
        let Some(Piece::Text(first)) = first else {
            panic!("{load}: {first:?}");
        };
        let whole = first.whole();
        let start = text.find("You").unwrap_or_default();
        assert_eq!((&*whole.path, whole.span.start), (path, start), "{load}");
    }
}

#[test]
fn what_a_document_configures_is_not_decided_by() {
    let config = "{\"mode\": \"short\", \"debug\": false, \"text\": \"You answer for a small shop. Say what you do not know. Quote the rule that you follow, word by word, and name the page it stands on. Never promise a refund that the policy does not allow, and hand over to a person where somebody is upset.\"}";
    let expr = "'Be brief.' if json.load(open('c.json'))['mode'] == 'short' else 'Be long.'";
    let (shown, _) = of_document(expr, "c.json", config);
    assert_eq!(
        shown,
        "[json.load(open('c.json'))['mode'] == 'short'? Be brief. | Be long.]"
    );
}

#[test]
fn a_document_without_prose_stays_a_value() {
    let (shown, _) = of_document(
        "f\"Say {json.load(open('c.json'))['name']}.\"",
        "c.json",
        "{\"name\": \"Ada\"}",
    );
    assert_eq!(shown, "Say <json.load(open('c.json'))['name']:deploy?>.");
}

#[test]
fn a_document_outside_the_root_is_not_read() {
    let (shown, _) = of_document(
        "json.load(open('../desk.json'))['desk']['system']",
        "desk.json",
        JSON_DESK,
    );
    assert!(!shown.contains("You answer"), "{shown}");
}

#[test]
fn a_document_is_imported_by_its_keys() {
    let text = JSON_DESK.replace("{now}", "{{now}}");
    let imports = [
        ("import prompts from './desk.json';", "prompts.desk.system"),
        ("import { desk } from './desk.json';", "desk.system"),
        ("const prompts = require('./desk.json');", "prompts.desk['system']"),
        (
            "import fs from 'fs';\nconst prompts = JSON.parse(fs.readFileSync('desk.json', 'utf8'));",
            "prompts.desk.system",
        ),
    ];
    for (import, read) in imports {
        let source = format!(
            "import OpenAI from 'openai';\n{import}\nconst client = new OpenAI();\n\
             export async function send() {{\n  const text = {read}.replace('{{{{now}}}}', Date.now());\n  \
             return client.responses.create({{ model: 'm', instructions: text }});\n}}\n"
        );
        let resolution = run(&[("app.ts", &source), ("desk.json", &text)]);
        let shown: Vec<String> = resolution.prompts.iter().map(messages).collect();
        assert_eq!(shown.len(), 1, "{import}: {shown:?}");
        assert!(
            shown[0].contains("Now: <Date.now():unique!>. Never"),
            "{import}: {shown:?}"
        );
    }
}
