use super::groups::SAMPLE;
use super::*;
use crate::frontend::document::draft::Content;
use crate::frontend::document::parse_json_like;
use crate::prompt::Piece;

fn row(model: &str, system: &str, user: &str) -> String {
    let body = serde_json::json!({
        "custom_id": user, "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": model, "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
        ]},
    });
    format!("{body}\n")
}

fn parse(text: &str) -> Document {
    parse_jsonl(&SourceFile::new("batch.jsonl", text))
}

/// Text as it stands, slots as `<class:tokens>`.
fn pieces(content: &Content) -> String {
    match content {
        Content::Template(text, _) => text.as_str().to_string(),
        Content::Pieces(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str().to_string(),
                Piece::Slot(slot) => format!("<{}:{}>", slot.volatility.class, slot.size.tokens),
                other => format!("{other:?}"),
            })
            .collect(),
        other => format!("{other:?}"),
    }
}

fn contents(draft: &Draft) -> Vec<String> {
    let blocks = draft.messages.iter().flat_map(|m| &m.blocks);
    blocks.map(|block| pieces(&block.content)).collect()
}

#[test]
fn what_differs_between_rows_is_a_slot_and_the_rest_is_text_of_the_first_row() {
    let policy = "Policy: be kind.\nAnswer briefly.\n";
    let file: String = (0..500)
        .map(|at| {
            let user = format!(
                "Ticket {}: order of {}.\n{policy}Customer: name-{}\nEnd of ticket.",
                10_000 + at * 7,
                "x".repeat(at % 5),
                at * 31
            );
            row("gpt-5.4", "You are a support bot.", &user)
        })
        .collect();
    let document = parse(&file);
    assert_eq!(document.drafts.len(), 1);
    let draft = &document.drafts[0];
    assert_eq!(
        (draft.rows, draft.recorded, draft.key.as_str()),
        (500, true, "")
    );
    let contents = contents(draft);
    assert_eq!(contents[0], "You are a support bot.");
    assert!(
        contents[1].starts_with("Ticket <request:"),
        "{}",
        contents[1]
    );
    assert!(
        contents[1].contains(&format!(">.\n{policy}Customer: name-<request:")),
        "{}",
        contents[1]
    );
    assert!(
        contents[1].ends_with(">\nEnd of ticket."),
        "{}",
        contents[1]
    );
    let Content::Pieces(pieces) = &draft.messages[1].blocks[0].content else {
        panic!("no pieces");
    };
    for piece in pieces {
        if let Piece::Text(text) = piece {
            let span = text.whole().span;
            assert!(
                span.end < file.find('\n').unwrap(),
                "spans are those of the first row"
            );
            let line = text.as_str().lines().find(|l| !l.is_empty()).unwrap();
            assert!(file[span.start..span.end].contains(line));
        }
    }
}

#[test]
fn slots_have_the_mean_size_of_what_differs() {
    let file: String = ["a", "bbbbbbbbb", "cc"]
        .iter()
        .map(|user| row("m", "s", &format!("<{}>", user.repeat(8))))
        .collect();
    // 8, 72 and 16 bytes: 32 in the mean, eight tokens.
    assert_eq!(contents(&parse(&file).drafts[0])[1], "<<request:8>>");
}

#[test]
fn a_clock_that_differs_between_rows_is_called_one() {
    let file: String = (0..9)
        .map(|at| {
            row(
                "m",
                &format!("Time: 2026-07-06T09:1{at}:03Z. Be kind."),
                "same",
            )
        })
        .collect();
    let contents = contents(&parse(&file).drafts[0]);
    assert_eq!(contents[0], "Time: 2026-07-06T09:<unique:1>:03Z. Be kind.");
    assert_eq!(contents[1], "same");
}

#[test]
fn rows_of_different_shapes_are_drafts_of_their_own() {
    let mut file = String::new();
    for at in 0..10 {
        file.push_str(&row(
            if at % 2 == 0 {
                "gpt-5.4"
            } else {
                "gpt-5.6-sol"
            },
            "s",
            &format!("q{at}"),
        ));
    }
    let drafts = parse(&file).drafts;
    let keys: Vec<(&str, usize)> = drafts.iter().map(|d| (d.key.as_str(), d.rows)).collect();
    assert_eq!(keys, [("row[1]", 5), ("row[2]", 5)]);
}

#[test]
fn a_single_row_is_a_recorded_body() {
    let document = parse(&row("m", "s", "q {{x}}"));
    assert_eq!(contents(&document.drafts[0]), ["s", "q {{x}}"]);
    assert!(document.drafts[0].recorded && document.drafts[0].rows == 1);
}

#[test]
fn a_broken_row_is_named_and_the_rest_goes_on() {
    let file = format!(
        "\u{feff}{}{{\"custom_id\": \n\n{}",
        row("m", "s", "a"),
        row("m", "s", "b")
    );
    let document = parse(&file);
    assert_eq!(document.drafts[0].rows, 2);
    assert_eq!(document.problems.len(), 1);
    assert!(
        document.problems[0].message.contains("row 2"),
        "{:?}",
        document.problems
    );
    let broken = "{\n".repeat(100);
    let document = parse(&format!("{}{broken}", row("m", "s", "a")));
    assert_eq!(document.problems.len(), MAX_PROBLEMS + 1);
}

#[test]
fn data_sets_and_fine_tuning_sets_are_no_prompts() {
    let questions = "{\"question\": \"role\", \"answer\": \"content\"}\n".repeat(300);
    let tuning = "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"assistant\", \"content\": \"a\"}]}\n".repeat(3);
    for text in [questions, tuning] {
        let document = parse(&text);
        assert!(document.drafts.is_empty() && document.problems.is_empty());
        assert!(parse_json_like(&SourceFile::new("d.jsonl", &text)).is_none());
    }
}

#[test]
fn settings_that_differ_between_rows_are_slots() {
    let file: String = (0..3)
        .map(|at| {
            format!("{{\"model\": \"m\", \"seed\": 7, \"prompt_cache_key\": \"req-{at}\", \"messages\": [{{\"role\": \"user\", \"content\": \"q\"}}]}}\n")
        })
        .collect();
    let draft = &parse(&file).drafts[0];
    let setting = |name: &str| draft.settings.iter().find(|s| s.name == name).unwrap();
    assert_eq!(setting("seed").literal(), Some("7"));
    assert_eq!(setting("prompt_cache_key").literal(), None);
}

#[test]
fn lists_of_bodies_in_one_document_are_rows() {
    let body = |user: &str| {
        format!(
            "{{\"model\": \"m\", \"messages\": [{{\"role\": \"user\", \"content\": \"{user}\"}}]}}"
        )
    };
    let file = format!("[{}, {}]", body("is this 1"), body("is this 2"));
    let document = parse_json_like(&SourceFile::new("b.json", &file)).unwrap();
    assert_eq!(document.drafts[0].rows, 2);
    assert_eq!(contents(&document.drafts[0]), ["is this <request:1>"]);
}

#[test]
fn row_files_named_json_are_read_as_rows() {
    let file = format!("{}{}", row("m", "s", "a"), row("m", "s", "b"));
    let document = parse_json_like(&SourceFile::new("b.json", &file)).unwrap();
    assert_eq!(document.drafts[0].rows, 2);
    assert!(document.problems.is_empty());
}

#[test]
fn common_parts_never_cut_a_character() {
    let file: String = ["ä1é", "ö2è", "ü3ê"]
        .iter()
        .map(|u| row("m", "s", u))
        .collect();
    assert_eq!(contents(&parse(&file).drafts[0])[1], "<request:2>");
}

#[test]
fn long_texts_are_aligned_without_the_full_table() {
    let middle: String = (0..700).map(|at| format!("line number {at}\n")).collect();
    let file: String = (0..3)
        .map(|at| row("m", "s", &format!("{at} first\n{middle}last {at}")))
        .collect();
    let contents = contents(&parse(&file).drafts[0]);
    assert!(contents[1] == format!("<request:1> first\n{middle}last <request:1>"));
}

#[test]
fn samples_are_a_fair_draw_that_holds_the_first_row() {
    let mut groups = Groups::default();
    for row in 0..1000 {
        groups.add(7, 1, || row);
    }
    let rows = groups.rows();
    assert_eq!((rows.len(), rows[0]), (SAMPLE, 0));
    for quarter in 0..4 {
        let range = quarter * 250..(quarter + 1) * 250;
        let there = rows.iter().filter(|row| range.contains(*row)).count();
        assert!((8..=24).contains(&there), "{rows:?}");
    }
    // Rows that take turns are all seen.
    for turns in 2..=8 {
        assert!((0..turns).all(|turn| rows.iter().any(|row| row % turns == turn)));
    }
}
