use super::*;

fn text(source: &str) -> Text {
    Text::verbatim(&"doc".into(), 0, source)
}

/// Small deterministic generator (xorshift): the same cases on every run.
struct Cases(u64);

impl Cases {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn word(&mut self, alphabet: &[&str]) -> String {
        let mut out = String::new();
        for _ in 0..1 + self.below(6) {
            out.push_str(alphabet[self.below(alphabet.len())]);
        }
        out
    }
}

const LETTERS: [&str; 8] = ["a", "Z", "é", "ß", "日", "😀", "7", "_"];

/// Every decoded character maps into the scalar, in order; characters that stand verbatim are the same bytes.
fn check_map(source: &str, value: &Value, decoded: &str, context: &str) {
    let scalar = value.as_scalar().unwrap_or_else(|| panic!("{context}"));
    assert_eq!(scalar.text.as_str(), decoded, "{context}");
    let mut last = 0;
    let mut verbatim = 0;
    for (at, ch) in decoded.char_indices() {
        let span = scalar.text.span(at, at + ch.len_utf8());
        assert!(
            span.start >= value.span.start && span.end <= value.span.end,
            "{context}: {ch:?} maps to {span:?} outside of {:?}",
            value.span
        );
        assert!(span.start >= last, "{context}: {ch:?} goes backwards");
        last = span.start;
        let mapped = &source[span.start..span.end];
        if mapped == ch.encode_utf8(&mut [0; 4]) {
            verbatim += 1;
        } else {
            let special = matches!(ch, '\n' | ' ' | '\'') || mapped.starts_with('\\');
            assert!(special, "{context}: {ch:?} maps to {mapped:?}");
        }
    }
    let letters = decoded
        .chars()
        .filter(|c| LETTERS.contains(&&*c.to_string()));
    assert!(verbatim > 0 || letters.count() == 0, "{context}");
}

fn yaml_key(source: &str, key: &str) -> Value {
    let parsed = parse_yaml(&text(source));
    assert!(
        parsed.problems.is_empty(),
        "{source:?}: {:?}",
        parsed.problems
    );
    parsed
        .value()
        .and_then(|v| v.get(key))
        .cloned()
        .unwrap_or_else(|| panic!("{source:?}"))
}

fn lines(cases: &mut Cases, blank: bool) -> Vec<String> {
    (0..1 + cases.below(6))
        .map(|at| {
            if blank && at > 0 && cases.below(3) == 0 {
                return String::new();
            }
            let words: Vec<String> = (0..1 + cases.below(4))
                .map(|_| cases.word(&LETTERS))
                .collect();
            words.join(" ")
        })
        .collect()
}

#[test]
fn literal_block_scalars_map_through_indentation_and_chomping() {
    let mut cases = Cases(7);
    for _ in 0..400 {
        let mut lines = lines(&mut cases, true);
        if cases.below(3) == 0 {
            lines.push(format!("   {}", cases.word(&LETTERS)));
        }
        if cases.below(4) == 0 {
            lines.insert(0, String::new());
        }
        while lines.last().is_some_and(|l| l.is_empty()) {
            lines.pop();
        }
        let eol = ["\n", "\r\n"][cases.below(2)];
        let (header, end) = [("|", "\n"), ("|-", ""), ("|+", "\n")][cases.below(3)];
        let body: String = lines
            .iter()
            .map(|l| {
                if l.is_empty() {
                    eol.to_string()
                } else {
                    format!("    {l}{eol}")
                }
            })
            .collect();
        let source = format!("k: {header}  # c{eol}{body}z: 1{eol}");
        let value = yaml_key(&source, "k");
        check_map(
            &source,
            &value,
            &format!("{}{end}", lines.join("\n")),
            &source,
        );
        assert_eq!(yaml_key(&source, "z").as_f64(), Some(1.0));
    }
}

#[test]
fn folded_block_scalars_map_line_by_line() {
    let mut cases = Cases(11);
    for _ in 0..400 {
        let lines = lines(&mut cases, true);
        let mut decoded = String::new();
        let mut breaks = 0;
        for line in &lines {
            if line.is_empty() {
                breaks += 1;
                continue;
            }
            if !decoded.is_empty() {
                decoded.push_str(&if breaks == 0 {
                    " ".to_string()
                } else {
                    "\n".repeat(breaks)
                });
            }
            breaks = 0;
            decoded.push_str(line);
        }
        let body: String = lines
            .iter()
            .map(|l| {
                if l.is_empty() {
                    "\n".to_string()
                } else {
                    format!("  {l}\n")
                }
            })
            .collect();
        let source = format!("k: >-\n{body}z: 1\n");
        let value = yaml_key(&source, "k");
        check_map(&source, &value, &decoded, &source);
        for word in decoded.split(['\n', ' ']).filter(|w| !w.is_empty()) {
            assert!(source.contains(word));
        }
    }
}

#[test]
fn folded_lines_that_are_more_indented_keep_their_breaks() {
    let source = "k: >2\n  one\n  two\n    deep\n  three\n\n\n  four\n";
    let value = yaml_key(source, "k");
    check_map(source, &value, "one two\n  deep\nthree\n\nfour\n", source);
    let text = value.as_text().cloned().unwrap();
    let at = text.as_str().find("three").unwrap();
    let span = text.span(at, at + 5);
    assert_eq!(&source[span.start..span.end], "three");
}

#[test]
fn quoted_yaml_scalars_map_through_escapes_and_folding() {
    let mut cases = Cases(13);
    let doubled = [
        ("\\n", "\n"),
        ("\\t", "\t"),
        ("\\\"", "\""),
        ("\\\\", "\\"),
        ("\\x41", "A"),
        ("\\u00e9", "é"),
        ("\\U0001F600", "😀"),
        ("\\uD83D\\uDE00", "😀"),
        ("\\/", "/"),
        ("\\\n   ", ""),
        ("a\n  b", "a b"),
        ("a\n\n  b", "a\nb"),
        (" ", " "),
        ("é", "é"),
        ("😀", "😀"),
    ];
    let single = [
        ("''", "'"),
        ("a\n  b", "a b"),
        ("a\n\n\n  b", "a\n\nb"),
        ("x y", "x y"),
        ("\\n", "\\n"),
        ("日", "日"),
    ];
    for round in 0..600 {
        let (quote, table): (&str, &[(&str, &str)]) = if round % 2 == 0 {
            ("\"", &doubled)
        } else {
            ("'", &single)
        };
        let (mut raw, mut decoded) = (String::from("s"), String::from("s"));
        for _ in 0..cases.below(9) {
            let (written, meant) = table[cases.below(table.len())];
            raw.push_str(written);
            decoded.push_str(meant);
            raw.push('e');
            decoded.push('e');
        }
        let source = format!("k: {quote}{raw}{quote}\nz: 1\n");
        check_map(&source, &yaml_key(&source, "k"), &decoded, &source);
    }
}

#[test]
fn plain_multi_line_scalars_map_line_by_line() {
    let source = "k: one é\n  two\n\n  three # note\nz: x\n";
    let value = yaml_key(source, "k");
    check_map(source, &value, "one é two\nthree", source);
    let parsed = parse_yaml(&text(source));
    let (span, comment) = &parsed.comments[0];
    assert_eq!(
        (&source[span.start..span.end], comment.as_str()),
        ("# note", "note")
    );
}

#[test]
fn json_strings_map_through_escapes() {
    let mut cases = Cases(17);
    let table = [
        ("\\n", "\n"),
        ("\\\"", "\""),
        ("\\u00e9", "é"),
        ("\\ud83d\\ude00", "😀"),
        ("\\/", "/"),
        ("😀", "😀"),
        ("plain", "plain"),
        ("\\ud83d", "\u{fffd}"),
        ("\\\\", "\\"),
    ];
    for _ in 0..400 {
        let (mut raw, mut decoded) = (String::new(), String::new());
        for _ in 0..cases.below(9) {
            let (written, meant) = table[cases.below(table.len())];
            raw.push_str(written);
            decoded.push_str(meant);
            raw.push('-');
            decoded.push('-');
        }
        let source = format!("{{\"k\": \"{raw}\"}}");
        let parsed = parse_json(&text(&source));
        assert!(parsed.problems.is_empty());
        let value = parsed.value().and_then(|v| v.get("k")).cloned().unwrap();
        check_map(&source, &value, &decoded, &source);
    }
}

#[test]
fn toml_strings_map_in_all_four_styles() {
    let source = "# top\na = \"x\\u00e9 \\\"y\\\" # no\" # yes\nb = \"\"\"\r\none \\\n   two\r\nthree\"\"\"\nc = 'C:\\d'\nd = '''\nit's\nraw\\n'''\n[t]\ne = \"\"\nf = [1, true]\n";
    let parsed = parse_toml(&text(source));
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let value = parsed.value().unwrap();
    for (key, decoded) in [
        ("a", "xé \"y\" # no"),
        ("b", "one two\nthree"),
        ("c", "C:\\d"),
        ("d", "it's\nraw\\n"),
    ] {
        check_map(source, value.get(key).unwrap(), decoded, key);
    }
    assert_eq!(value.path(&["t", "e"]).and_then(Value::as_str), Some(""));
    assert_eq!(value.path(&["t", "f"]).map(|f| f.items().len()), Some(2));
    let comments: Vec<&str> = parsed.comments.iter().map(|(_, c)| c.as_str()).collect();
    assert_eq!(comments, ["top", "yes"]);
}

#[test]
fn spans_are_those_of_the_file_when_the_text_is_a_part_of_it() {
    let file = "---\nname: x\nsys: |\n  hello\n---\nbody\n";
    let (front, body) = split_front_matter(&text(file)).unwrap();
    assert_eq!(body.as_str(), "body\n");
    assert_eq!(body.whole().span.start, file.find("body").unwrap());
    let parsed = parse_yaml(&front);
    let hello = parsed.value().and_then(|v| v.get_text("sys")).unwrap();
    let span = hello.span(0, 5);
    assert_eq!(&file[span.start..span.end], "hello");
}

#[test]
fn front_matter_takes_crlf_and_needs_both_fences() {
    let (front, body) = split_front_matter(&text("---\r\na: 1\r\n---\r\nhi")).unwrap();
    assert_eq!((front.as_str(), body.as_str()), ("a: 1\r\n", "hi"));
    assert!(split_front_matter(&text("---\na: 1\n")).is_none());
    assert!(split_front_matter(&text("text\n---\na\n---\n")).is_none());
    let (front, body) = split_front_matter(&text("---\n---\n")).unwrap();
    assert!(front.is_empty() && body.is_empty());
}

#[test]
fn aliases_and_merge_keys_bring_their_values_in() {
    let source = "base: &b {model: m, t: 1}\nuse:\n  <<: *b\n  t: 2\nlist: [*b, *b]\nmany:\n  <<: [{x: 1}, {x: 2, y: 3}]\n";
    let parsed = parse_yaml(&text(source));
    let value = parsed.value().unwrap();
    assert_eq!(
        value.path(&["use", "model"]).and_then(Value::as_str),
        Some("m")
    );
    assert_eq!(value.path(&["use", "t"]).and_then(Value::as_f64), Some(2.0));
    assert_eq!(value.get("list").map(|l| l.items().len()), Some(2));
    assert_eq!(
        value.path(&["many", "x"]).and_then(Value::as_f64),
        Some(1.0)
    );
    assert_eq!(
        value.path(&["many", "y"]).and_then(Value::as_f64),
        Some(3.0)
    );
}

#[test]
fn an_alias_bomb_is_a_problem_and_stays_small() {
    let mut source = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        source.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            [below.as_str(); 9].join(", ")
        ));
    }
    source.push_str("ok: yes it is\n");
    let parsed = parse_yaml(&text(&source));
    assert_eq!(parsed.problems.len(), 1, "{:?}", parsed.problems);
    let ok = parsed.value().and_then(|v| v.get_str("ok"));
    assert_eq!(ok, Some("yes it is"));
}

#[test]
fn an_alias_to_its_own_parent_ends() {
    let parsed = parse_yaml(&text("a: &x [1, *x]\n"));
    assert_eq!(parsed.problems.len(), 1);
}

#[test]
fn deep_nesting_is_a_problem_in_every_format() {
    for (deep, parse) in [
        ("[".repeat(100_000), parse_yaml as fn(&Text) -> Parsed),
        ("[".repeat(100_000), parse_json),
        (format!("a = {}", "[".repeat(100_000)), parse_toml),
        (
            format!("{}1{}", "[".repeat(300), "]".repeat(300)),
            parse_json,
        ),
        (
            (0..600).map(|d| format!("{}- \n", " ".repeat(d))).collect(),
            parse_yaml,
        ),
    ] {
        assert!(!parse(&text(&deep)).problems.is_empty());
    }
    let mut source = format!("[{}1{}, \"x\"]", "[".repeat(300), "]".repeat(300));
    source.push('\n');
    let parsed = parse_json(&text(&source));
    let items = parsed.value().map(Value::items).unwrap_or_default();
    assert_eq!(items.get(1).and_then(Value::as_str), Some("x"));
}

#[test]
fn the_last_of_duplicate_keys_wins() {
    for parsed in [
        parse_yaml(&text("a: 1\nb: 2\na: 3\n")),
        parse_json(&text("{\"a\": 1, \"b\": 2, \"a\": 3}")),
    ] {
        let value = parsed.value().unwrap();
        assert_eq!(value.get("a").and_then(Value::as_f64), Some(3.0));
        assert_eq!(value.entries().len(), 2);
    }
}

#[test]
fn documents_of_a_stream_are_a_list() {
    let parsed = parse_yaml(&text("a: 1\n---\nb: 2\n---\n!tag c\n"));
    assert_eq!(parsed.documents.len(), 3);
    assert_eq!(
        parsed.documents[1].get("b").and_then(Value::as_f64),
        Some(2.0)
    );
    assert_eq!(parsed.documents[2].as_str(), Some("c"));
}

#[test]
fn json_takes_comments_and_trailing_commas() {
    let source = "{ // head\n \"a\": [1, 2,], /* in */ \"b\": \"// no\",\n}";
    let parsed = parse_json(&text(source));
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let comments: Vec<&str> = parsed.comments.iter().map(|(_, c)| c.as_str()).collect();
    assert_eq!(comments, ["head", "in"]);
    assert_eq!(
        parsed.value().map(Value::to_json).as_deref(),
        Some("{\"a\":[1,2],\"b\":\"// no\"}")
    );
}

#[test]
fn broken_input_keeps_what_stood_before_and_says_where() {
    for (source, at) in [
        ("{\"a\": 1, \"b\" 2}", 13),
        ("[1, x]", 4),
        ("{\"a\": 1", 7),
        ("[\"é", 1),
    ] {
        let parsed = parse_json(&text(source));
        assert_eq!(parsed.problems.len(), 1, "{source}");
        assert_eq!(parsed.problems[0].span.start, at, "{source}");
    }
    let parsed = parse_json(&text("{\"a\": 1, \"b\" 2}"));
    assert_eq!(
        parsed
            .value()
            .and_then(|v| v.get("a"))
            .and_then(Value::as_f64),
        Some(1.0)
    );
    let parsed = parse_yaml(&text("a: 1\nb: [1, 2\nc: }\n"));
    assert_eq!(parsed.problems.len(), 1);
    assert_eq!(
        parsed
            .value()
            .and_then(|v| v.get("a"))
            .and_then(Value::as_f64),
        Some(1.0)
    );
}

#[test]
fn plain_scalars_resolve_by_the_core_schema() {
    let parsed = parse_yaml(&text(
        "[~, null, true, 1, -2.5e3, 0x1f, 1.2.3, '1', 2024-01-01, '', !!str 5, .]",
    ));
    let resolved: Vec<Resolved> = parsed.documents[0]
        .items()
        .iter()
        .filter_map(|v| v.as_scalar().map(|s| s.resolved))
        .collect();
    use Resolved::*;
    let expected = [
        Null,
        Null,
        Bool(true),
        Number(1.0),
        Number(-2500.0),
        Number(31.0),
        String,
        String,
        String,
        String,
        String,
        String,
    ];
    assert_eq!(resolved, expected);
}

#[test]
fn spans_of_collections_hold_their_children() {
    let source = "a:\n  - x: 1\n    y: 2\n  - [3, 4]\nb: {c: d}\n";
    let parsed = parse_yaml(&text(source));
    let value = parsed.value().unwrap();
    let part = |v: &Value| source[v.span.start..v.span.end].to_string();
    let items = value.get("a").unwrap().items();
    assert_eq!(part(&items[0]), "x: 1\n    y: 2");
    assert_eq!(part(&items[1]), "[3, 4]");
    assert_eq!(part(value.get("b").unwrap()), "{c: d}");
}

#[test]
fn a_missing_yaml_value_is_null_without_text() {
    let parsed = parse_yaml(&text("a:\nb: |\nc: ''\n"));
    let value = parsed.value().unwrap();
    let a = value.get("a").unwrap();
    assert!(a.is_null() && a.as_scalar().unwrap().text.is_empty());
    assert_eq!(value.get_str("b"), Some(""));
    assert_eq!(value.get_str("c"), Some(""));
    assert_eq!(value.to_json(), "{\"a\":null,\"b\":\"\",\"c\":\"\"}");
}
