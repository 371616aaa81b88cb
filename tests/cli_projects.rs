//! What a whole project shows on the command line: paths above the working folder, models that no table knows,
//! templates that include others, and the config that `init` writes.

use std::fs;

mod project;

use project::{rules, Project};

#[test]
fn a_path_above_the_working_folder_is_shown_as_it_is_given_and_has_its_own_config() {
    let project = Project::new("above");
    project.write("prefixlint.yaml", "rules: { volatile-prefix: error }\n");
    let concise = &["check", "../clock.j2", "--output-format", "concise"];
    let run = project.run_in("prompts/sub", concise, None);
    assert!(run.out.starts_with("../clock.j2:2:"), "{}", run.out);
    assert!(run.out.contains("error"), "{}", run.out);
    let json = &["check", "..", "--output-format", "json"];
    let report = project.run_in("prompts/sub", json, None).json();
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["path"], &finding["start"]["line"]),
        (&"clock.j2".into(), &2.into()),
        "{finding}"
    );
    // Another folder that lies beside the working folder.
    project.write("other/note.txt", "nothing");
    let run = project.run_in("other", &["inspect", "../prompts/clock.j2"], None);
    assert!(
        run.out.starts_with("../prompts/clock.j2"),
        "{}{}",
        run.out,
        run.err
    );
}

#[test]
fn a_model_that_the_table_does_not_know_is_named_once_with_what_stands_in_for_it() {
    let project = Project::empty("model");
    let body = format!(
        "{{\"model\": \"house-model-7\", \"messages\": [{{\"role\": \"system\", \"content\": {}}}, {{\"role\": \"user\", \"content\": \"{{{{ q }}}}\"}}]}}",
        serde_json::Value::from(rules())
    );
    project.write("a.json", &body);
    project.write("b.json", &body);
    let run = project.run(&["check"]);
    let lines: Vec<&str> = run.out.lines().chain(run.err.lines()).collect();
    let named = lines.iter().filter(|line| line.contains("`house-model-7`"));
    let [line] = named.collect::<Vec<_>>()[..] else {
        panic!("{lines:#?}");
    };
    assert!(
        line.contains("not in the price table: judged as gpt-"),
        "{line}"
    );
    let report = project.json(&["--show-prompts"]);
    assert_eq!(report["prompts"][0]["model_source"], "default");
}

#[test]
fn inspect_shows_included_text_in_its_place_and_where_it_comes_from() {
    let project = Project::empty("included");
    project.write("prompts/rules.j2", &rules());
    project.write(
        "prompts/main.j2",
        "You are a support agent.\n{% include 'rules.j2' %}\n{{ question }}\n{% include 'missing.j2' %}\n",
    );
    let run = project.run(&["inspect", "prompts/main.j2"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let at = |part: &str| {
        let found = run.out.find(part);
        found.unwrap_or_else(|| panic!("lacks {part}:\n{}", run.out))
    };
    assert!(at("You are a support agent.") < at("question"));
    let json = project
        .run(&["inspect", "prompts/main.j2", "--output-format", "json"])
        .json();
    let text = json.to_string();
    let pieces = &json["prompts"][0]["messages"][0]["blocks"][1]["pieces"];
    // The text of both files is one piece, in front of the question.
    assert!(pieces[0]["tokens"].as_f64() > Some(1500.0), "{text}");
    assert_eq!(pieces[1]["expression"], "question");
}

#[test]
fn init_lists_the_fullest_folders_first_and_writes_what_check_accepts() {
    let project = Project::new("init");
    for name in ["one", "two", "three"] {
        project.write(
            &format!("agents/{name}.j2"),
            "You are an agent.\n{{ question }}\n",
        );
    }
    let before = project.json(&[]);
    let run = project.run(&["init"]);
    assert_eq!(
        (run.code, run.out.contains("6 prompts found")),
        (0, true),
        "{}{}",
        run.out,
        run.err
    );
    let config = fs::read_to_string(project.0.join("prefixlint.yaml")).expect("a config");
    let folders: Vec<&str> = config
        .lines()
        .skip_while(|line| *line != "# 6 prompts found:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(
        folders,
        [
            "#      3  agents",
            "#      2  prompts",
            "#      1  prompts/sub"
        ]
    );
    // The folder with the most prompts stands in the examples, and every section follows its explanation.
    assert!(config.contains("# include: [\"agents/**\"]"), "{config}");
    let sections = [
        "\nmodel: ",
        "# traffic:",
        "# assume:",
        "# include:",
        "# tests:",
        "# volatility:",
        "# rules:",
        "# warn-at:",
        "# budget:",
        "# overrides:",
    ];
    let places: Vec<Option<usize>> = sections
        .iter()
        .map(|section| config.find(section))
        .collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}");
    let after = project.json(&[]);
    assert_eq!(after["errors"], before["errors"]);
    assert_eq!(after["summary"], before["summary"]);
    // As well with everything that it suggests turned on.
    let all: String = config
        .lines()
        .skip(1)
        .map(|line| match line.strip_prefix("# ") {
            Some(setting) if is_setting(setting) => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(
        all.contains("\ntraffic:\n  calls-per-month: 200000"),
        "{all}"
    );
    project.write("prefixlint.yaml", &all);
    let run = project.run(&["check", "--output-format", "json"]);
    assert_eq!(run.json()["errors"], before["errors"], "{}\n{all}", run.err);
    assert_eq!(run.json()["traffic"]["calls_per_month"], 200_000.0);
    // A config that is there is left alone.
    let run = project.run(&["init"]);
    assert!(run.code == 2 && run.err.contains("--force"), "{}", run.err);
}

/// Whether a commented line is a setting and no sentence.
fn is_setting(line: &str) -> bool {
    let key = line
        .trim_start_matches([' ', '-'])
        .split(':')
        .next()
        .unwrap_or_default();
    line.contains(':') && (line.starts_with(' ') || !key.contains(' '))
}
