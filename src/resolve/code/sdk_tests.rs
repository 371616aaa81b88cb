//! What the calls of SDKs send: a table of minimal programs, one for each way of calling, and what is found in them.

use std::fmt::Write;
use std::sync::Arc;

use super::super::{resolve, Parsed, ParsedKind};
use crate::config::Assume;
use crate::frontend::code::{language_of, parse};
use crate::prompt::{Block, MarkerHow, Piece, Prompt};
use crate::volatility::classify::Classifier;
use crate::workspace::{Memory, Workspace};

/// `=== language name`, the program, `---`, a line for each prompt.
const ROWS: &str = include_str!("sdk_rows.txt");

fn pieces(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        let _ = match piece {
            Piece::Text(text) => write!(out, "{}", text.as_str().replace('\n', "\\n")),
            Piece::Slot(slot) => write!(out, "<{}>", slot.expr),
            Piece::Branch(branch) => {
                let arms: Vec<String> = branch.arms.iter().map(|arm| self::pieces(arm)).collect();
                write!(out, "[{}]", arms.join("|"))
            }
            Piece::Repeat(repeat) => write!(out, "({})*", self::pieces(&repeat.body)),
            Piece::History(_) => write!(out, "<history>"),
            Piece::Media(media) => write!(out, "<media {}>", media.key),
        };
    }
    out
}

fn block(block: &Block) -> String {
    let mut out = pieces(&block.pieces);
    if let Some(marker) = &block.marker {
        out.push_str(match marker.how {
            MarkerHow::Loop => " !loop",
            MarkerHow::Automatic => " !automatic",
            MarkerHow::Literal | MarkerHow::Implicit => " !",
        });
        if let Some(ttl) = marker.ttl {
            let _ = write!(out, "{ttl}");
        }
    }
    out
}

fn line(prompt: &Prompt) -> String {
    let target = &prompt.target;
    let mut out = format!(
        "{} {} {}",
        target.provider.as_deref().unwrap_or("-"),
        target.model.as_deref().unwrap_or("-"),
        target.api.unwrap_or("-"),
    );
    for message in &prompt.messages {
        let blocks: Vec<String> = message.blocks.iter().map(block).collect();
        let _ = write!(out, " | {}: {}", message.section.name(), blocks.join(" / "));
    }
    for setting in &prompt.settings {
        let _ = write!(out, " | {}={}", setting.name, pieces(&setting.pieces));
    }
    out
}

fn found(language: &str, source: &str) -> String {
    let path = if language == "py" { "app.py" } else { "app.ts" };
    let memory = Memory::new(&[(path, source)]);
    let file = memory.read(path).unwrap();
    let module = parse(&file, language_of(path).unwrap());
    let parsed = Parsed {
        file,
        kind: ParsedKind::Code(module),
        explicit: false,
        by_name: false,
    };
    let classifier = Arc::new(Classifier::new(&[]));
    let resolution = resolve(vec![parsed], &[], &memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    });
    let lines: Vec<String> = resolution.prompts.iter().map(line).collect();
    lines.join("\n")
}

#[test]
fn every_way_of_calling_is_known() {
    let mut wrong = String::new();
    let mut rows = 0;
    for row in ROWS.split("=== ").skip(1) {
        let (head, rest) = row.split_once('\n').unwrap();
        let (source, expected) = rest.split_once("---\n").unwrap();
        let language = head.split(' ').next().unwrap();
        let got = found(language, source);
        rows += 1;
        if got.trim() != expected.trim() {
            let _ = write!(wrong, "=== {head}\n{source}---\n{}\n", got.trim());
        }
    }
    assert!(rows >= 60, "{rows}");
    assert!(wrong.is_empty(), "\n{wrong}");
}
