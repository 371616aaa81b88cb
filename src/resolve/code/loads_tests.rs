//! Code that loads files and renders templates, over small workspaces in memory.

use std::sync::Arc;

use crate::config::Assume;
use crate::frontend::code::{self, language_of};
use crate::frontend::template::{self, dialect::Dialect};
use crate::prompt::{Piece, Prompt, Section, Slot};
use crate::resolve::{resolve, Parsed, ParsedKind, Resolution};
use crate::volatility::classify::Classifier;
use crate::volatility::Class;
use crate::workspace::{Memory, Workspace};

/// Resolves the first file; the others are what it may read.
fn run(files: &[(&str, &str)]) -> Resolution {
    let memory = Memory::new(files);
    let file = memory.read(files[0].0).unwrap();
    let language = language_of(files[0].0).unwrap();
    let module = code::parse(&file, language);
    let input = Parsed {
        file,
        kind: ParsedKind::Code(module),
        explicit: false,
        by_name: false,
    };
    let classifier = Arc::new(Classifier::new(&[]));
    resolve(vec![input], &[], &memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    })
}

fn show(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text.as_str()),
            Piece::Slot(slot) => {
                out.push_str(&format!("<{}:{}>", slot.expr, slot.volatility.class))
            }
            Piece::Branch(branch) => {
                let arms: Vec<String> = branch.arms.iter().map(|arm| show(arm)).collect();
                out.push_str(&format!("[{}]", arms.join("|")));
            }
            Piece::Repeat(repeat) => out.push_str(&format!("({})*", show(&repeat.body))),
            Piece::History(_) => out.push_str("<history>"),
            Piece::Media(_) => out.push_str("<media>"),
        }
    }
    out
}

fn system_pieces(prompt: &Prompt) -> Vec<Piece> {
    let messages = prompt.messages.iter();
    let system = messages.filter(|message| message.section == Section::System);
    system
        .flat_map(|message| &message.blocks)
        .flat_map(|block| block.pieces.clone())
        .collect()
}

/// The system text that a request of the first file sends.
fn system(files: &[(&str, &str)]) -> String {
    let out = run(files);
    assert_eq!(out.prompts.len(), 1, "{:?}", out.prompts);
    show(&system_pieces(&out.prompts[0]))
}

/// A request in Python whose system text is an expression.
fn python(head: &str, text: &str) -> String {
    format!(
        "from openai import OpenAI\n{head}\n\ndef ask(question):\n    return OpenAI().chat.completions.create(\n        model=\"gpt-4o\",\n        messages=[{{\"role\": \"system\", \"content\": {text}}}, {{\"role\": \"user\", \"content\": question}}],\n    )\n"
    )
}

fn javascript(head: &str, text: &str) -> String {
    format!(
        "import OpenAI from \"openai\";\n{head}\n\nexport async function ask(question) {{\n  return new OpenAI().chat.completions.create({{\n    model: \"gpt-4o\",\n    messages: [{{ role: \"system\", content: {text} }}, {{ role: \"user\", content: question }}],\n  }});\n}}\n"
    )
}

#[test]
fn python_reads_files_by_every_usual_way() {
    let forms = [
        ("", "open(\"app/prompts/x.md\").read()"),
        ("", "open(\"prompts/x.md\", encoding=\"utf-8\").read().strip()"),
        ("from pathlib import Path", "(Path(__file__).parent / \"prompts\" / \"x.md\").read_text()"),
        ("from pathlib import Path", "Path(__file__).resolve().parents[0].joinpath(\"prompts\", \"x.md\").read_text(encoding=\"utf-8\")"),
        ("from pathlib import Path\nROOT = Path(__file__).resolve().parent.parent", "(ROOT / \"app/prompts/x.md\").read_text()"),
        ("import os\nHERE = os.path.dirname(os.path.abspath(__file__))", "open(os.path.join(HERE, \"prompts\", \"x.md\")).read()"),
        ("import os", "open(os.path.join(os.path.dirname(__file__), \"..\", \"app\", \"prompts\", \"x.md\")).read()"),
        ("import importlib.resources", "importlib.resources.files(\"app.prompts\").joinpath(\"x.md\").read_text()"),
        ("from importlib import resources", "(resources.files(\"app\") / \"prompts\" / \"x.md\").read_text()"),
        ("import pkgutil", "pkgutil.get_data(\"app.prompts\", \"x.md\").decode()"),
        ("def load(name):\n    with open(f\"app/prompts/{name}\") as f:\n        return f.read()", "load(\"x.md\")"),
        ("from pathlib import Path\ndef load_prompt(name: str) -> str:\n    path = Path(__file__).parent / \"prompts\" / f\"{name}.md\"\n    return path.read_text()", "load_prompt(\"x\")"),
    ];
    for (head, text) in forms {
        let code = python(head, text);
        let files = [
            ("app/a.py", code.as_str()),
            ("app/prompts/x.md", "Be kind."),
        ];
        assert_eq!(system(&files), "Be kind.", "{text}");
    }
}

#[test]
fn javascript_reads_files_by_every_usual_way() {
    let fs = "import fs from \"node:fs\";\nimport path from \"node:path\";";
    let both = "import { readFileSync } from \"fs\";\nimport { join, dirname } from \"path\";\nimport { fileURLToPath } from \"url\";";
    let forms = [
        (fs, "fs.readFileSync(path.join(__dirname, \"prompts\", \"x.md\"), \"utf8\")"),
        (fs, "fs.readFileSync(path.resolve(__dirname, \"../app/prompts/x.md\"), \"utf-8\").trim()"),
        (fs, "await fs.promises.readFile(path.join(process.cwd(), \"prompts\", \"x.md\"), \"utf8\")"),
        (fs, "fs.readFileSync(`${__dirname}/prompts/x.md`, \"utf8\")"),
        (both, "readFileSync(new URL(\"./prompts/x.md\", import.meta.url), \"utf8\")"),
        (both, "readFileSync(join(dirname(fileURLToPath(import.meta.url)), \"prompts/x.md\"), \"utf8\")"),
        ("import text from \"./prompts/x.md?raw\";", "text"),
        ("import text from \"./prompts/x.md\";", "text"),
        ("", "await Deno.readTextFile(new URL(\"./prompts/x.md\", import.meta.url))"),
        ("", "await Bun.file(\"app/prompts/x.md\").text()"),
    ];
    for (head, text) in forms {
        let code = javascript(head, text);
        let files = [
            ("app/a.mjs", code.as_str()),
            ("app/prompts/x.md", "Be kind."),
        ];
        assert_eq!(system(&files), "Be kind.", "{text}");
    }
}

#[test]
fn a_name_that_a_branch_decides_is_one_of_the_files_that_it_can_be() {
    let head = "import importlib.resources\nfrom pathlib import Path\ndef load(fast):\n    if fast:\n        name = \"fast.md\"\n    else:\n        name = \"slow.md\"\n    return";
    for read in [
        "importlib.resources.files(\"app.prompts\").joinpath(name).read_text()",
        "(Path(__file__).parent / \"prompts\" / name).read_text()",
        "open(f\"app/prompts/{name}\").read()",
    ] {
        let code = python(&format!("{head} {read}"), "load(FAST)");
        let files = [
            ("app/a.py", code.as_str()),
            ("app/prompts/fast.md", "Be quick."),
            ("app/prompts/slow.md", "Take care."),
        ];
        assert_eq!(system(&files), "[Be quick.|Take care.]", "{read}");
    }
}

#[test]
fn a_name_that_branches_within_branches_decide_is_one_of_their_files() {
    let head = "from importlib import resources\ndef load(fast, own):\n    if own:\n        name = \"own.md\"\n    elif fast:\n        name = \"fast.md\"\n    \
                else:\n        name = \"slow.md\"\n    with resources.files(\"app.prompts\").joinpath(name).open() as f:\n        return f.read().format(most=3)";
    let code = python(head, "load(FAST, OWN)");
    let files = [
        ("app/a.py", code.as_str()),
        ("app/prompts/own.md", "Own {most}. {{ no tag %}}"),
        ("app/prompts/fast.md", "Be quick."),
        ("app/prompts/slow.md", "Take care."),
    ];
    assert_eq!(
        system(&files),
        "[Own 3. { no tag %}|[Be quick.|Take care.]]"
    );
    let out = run(&files);
    assert!(out.as_text.contains("app/prompts/own.md"));
    assert!(!out.as_text.contains("app/prompts/slow.md"));
}

#[test]
fn a_file_that_is_not_here_is_unknown_text_that_stays() {
    let code = python("", "open(\"prompts/none.md\").read()");
    assert_eq!(
        system(&[("a.py", &code)]),
        "<open(\"prompts/none.md\").read():deploy>"
    );
}

#[test]
fn nothing_outside_the_root_and_nothing_of_a_home_folder_is_read() {
    for path in [
        "\"../../x.md\"",
        "\"/x.md\"",
        "os.path.expanduser(\"~/x.md\")",
    ] {
        let code = python("import os", &format!("open({path}).read()"));
        let text = system(&[("a.py", &code), ("x.md", "No.")]);
        assert!(!text.contains("No."), "{path}: {text}");
    }
}

#[test]
fn a_name_that_is_not_known_is_one_of_the_few_files_that_it_may_mean() {
    let head = "from pathlib import Path\nDIR = Path(__file__).parent / \"prompts\"";
    let code = python(head, "(DIR / f\"{KIND}.md\").read_text()");
    let text = system(&[
        ("a.py", &code),
        ("prompts/a.md", "Be brief."),
        ("prompts/b.md", "Be long."),
        ("prompts/c.txt", "No."),
    ]);
    assert_eq!(text, "[Be brief.|Be long.]");
}

#[test]
fn what_code_gives_to_a_template_decides_and_not_the_name_in_the_template() {
    let template = "You are {{ name }}.\nToday: {{ current_date }}.\nRules.\n";
    let head = "from datetime import datetime\nfrom jinja2 import Environment, FileSystemLoader\nenv = Environment(loader=FileSystemLoader(\"templates\"))";
    let render = "env.get_template(\"base.j2\").render(name=\"Ada\", current_date=datetime.now().isoformat())";
    let code = python(head, render);
    let out = run(&[("app/a.py", &code), ("app/templates/base.j2", template)]);
    let pieces = system_pieces(&out.prompts[0]);
    assert_eq!(
        show(&pieces),
        "You are Ada.\nToday: <current_date:unique>.\nRules."
    );
    let slot: &Slot = pieces
        .iter()
        .find_map(|piece| match piece {
            Piece::Slot(slot) => Some(slot),
            _ => None,
        })
        .unwrap();
    assert_eq!(&*slot.place.path, "app/templates/base.j2");
    assert_eq!(slot.volatility.class, Class::Unique);
    assert_eq!(&*slot.trace[0].place.path, "app/a.py");
    assert!(slot
        .trace
        .iter()
        .any(|hop| hop.note.contains("passed to the template")));
    assert!(out.partial_of.contains_key("app/templates/base.j2"));
}

#[test]
fn a_template_that_a_function_elsewhere_fills_is_judged_as_it_is_filled() {
    let code = "from datetime import datetime\n\nclass Builder:\n    def __init__(self, service):\n        self.service = service\n\n    def create_header_prompt(self):\n        return self.service.create(\"chat/base.j2\", current_date=datetime.now().isoformat())\n";
    let template = "You are a helper.\nToday: {{ current_date }}.\n";
    let memory = Memory::new(&[("app/a.py", code), ("app/templates/chat/base.j2", template)]);
    let file = memory.read("app/a.py").unwrap();
    let module = code::parse(&file, language_of("app/a.py").unwrap());
    let template = memory.read("app/templates/chat/base.j2").unwrap();
    let dialect = Dialect::Jinja;
    let tree = template::parse(&template.content(), dialect);
    let inputs = vec![
        Parsed {
            file,
            kind: ParsedKind::Code(module),
            explicit: false,
            by_name: false,
        },
        Parsed {
            file: template,
            kind: ParsedKind::Template {
                dialect,
                tree: Arc::new(tree),
            },
            explicit: true,
            by_name: false,
        },
    ];
    let classifier = Arc::new(Classifier::new(&[]));
    let out = resolve(inputs, &[], &memory, &|_| classifier.clone(), &|_| {
        Assume::default()
    });
    let prompt = out
        .prompts
        .iter()
        .find(|prompt| prompt.id.ends_with("base.j2"));
    assert_eq!(
        show(&system_pieces(prompt.unwrap())),
        "You are a helper.\nToday: <current_date:unique>."
    );
}

#[test]
fn templates_of_every_usual_library_are_rendered() {
    let hello = "Hello {{ name }}!";
    let forms = [
        ("from jinja2 import Template", "Template(\"Hello {{ name }}!\").render(name=\"Ada\")"),
        ("from jinja2 import Environment", "Environment().from_string(\"Hello {{ name }}!\").render({\"name\": \"Ada\"})"),
        ("from jinja2 import Environment, PackageLoader", "Environment(loader=PackageLoader(\"app\", \"prompts\")).get_template(\"x.j2\").render(name=\"Ada\")"),
        ("from pathlib import Path\nfrom jinja2 import Template", "Template((Path(__file__).parent / \"prompts/x.j2\").read_text()).render(name=\"Ada\")"),
        ("from flask import render_template_string", "render_template_string(\"Hello {{ name }}!\", name=\"Ada\")"),
        ("from string import Template", "Template(\"Hello $name!\").substitute(name=\"Ada\")"),
        ("from langchain_core.prompts import PromptTemplate", "PromptTemplate.from_file(\"prompts/x.txt\").format(name=\"Ada\")"),
    ];
    for (head, text) in forms {
        let code = python(head, text);
        let files = [
            ("app/a.py", code.as_str()),
            ("app/prompts/x.j2", hello),
            ("app/prompts/x.txt", "Hello {name}!"),
        ];
        assert_eq!(system(&files), "Hello Ada!", "{text}");
    }
    let forms = [
        (
            "import Handlebars from \"handlebars\";",
            "Handlebars.compile(\"Hello {{name}}!\")({ name: \"Ada\" })",
        ),
        (
            "import Mustache from \"mustache\";",
            "Mustache.render(\"Hello {{name}}!\", { name: \"Ada\" })",
        ),
        (
            "import nunjucks from \"nunjucks\";\nnunjucks.configure(\"prompts\");",
            "nunjucks.render(\"prompts/x.j2\", { name: \"Ada\" })",
        ),
        (
            "import ejs from \"ejs\";",
            "ejs.render(\"Hello <%= name %>!\", { name: \"Ada\" })",
        ),
        (
            "import _ from \"lodash\";",
            "_.template(\"Hello <%= name %>!\")({ name: \"Ada\" })",
        ),
        (
            "import { readFileSync } from \"fs\";",
            "readFileSync(\"prompts/x.txt\", \"utf8\").replace(\"{name}\", \"Ada\")",
        ),
    ];
    for (head, text) in forms {
        let code = javascript(head, text);
        let files = [
            ("app/a.mjs", code.as_str()),
            ("app/prompts/x.j2", hello),
            ("app/prompts/x.txt", "Hello {name}!"),
        ];
        assert_eq!(system(&files), "Hello Ada!", "{text}");
    }
}

#[test]
fn a_text_that_is_made_of_parts_is_rendered_as_one_template() {
    let head =
        "from jinja2 import Template\nfrom pathlib import Path\nBODY = Path(\"x.md\").read_text()";
    let text = "Template(\"{% if on %}Yes. {% endif %}\" + BODY).render(on=True, name=\"Ada\")";
    let code = python(head, text);
    let out = system(&[
        ("a.py", &code),
        ("x.md", "Rules that are long, {{ name }}."),
    ]);
    assert_eq!(out, "{% if on %}Yes. {% endif %}Rules that are long, Ada.");
}

#[test]
fn lists_and_objects_reach_a_template_with_their_content() {
    let template = "{% for rule in rules %}- {{ rule }}\n{% endfor %}{{ user.name }} {{ other }}";
    let head = "from jinja2 import Template";
    let text =
        format!("Template({template:?}).render(rules=[\"a\", \"b\"], user={{\"name\": \"Ada\"}})");
    let out = system(&[("a.py", &python(head, &text))]);
    assert_eq!(out, "- a\n- b\nAda <other:request>");
}

#[test]
fn bare_specifiers_lead_to_aliases_and_to_packages_of_the_workspace() {
    let forms: [(&str, &[(&str, &str)]); 6] = [
        (
            "@/lib/prompts",
            &[
                ("web/tsconfig.json", "{ // aliases\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"] }, }, }"),
                ("web/src/lib/prompts.ts", "export const TEXT = \"Be kind.\";"),
            ],
        ),
        (
            "lib/prompts",
            &[
                ("web/tsconfig.json", "{\"extends\": \"../tsconfig.base.json\"}"),
                ("tsconfig.base.json", "{\"compilerOptions\": {\"baseUrl\": \"./web\"}}"),
                ("web/lib/prompts/index.ts", "export const TEXT = \"Be kind.\";"),
            ],
        ),
        (
            "#prompts",
            &[
                ("web/package.json", "{\"imports\": {\"#prompts\": \"./prompts.ts\"}}"),
                ("web/prompts.ts", "export const TEXT = \"Be kind.\";"),
            ],
        ),
        (
            "@acme/prompts",
            &[
                ("package.json", "{\"workspaces\": [\"packages/*\", \"web\"]}"),
                ("packages/p/package.json", "{\"name\": \"@acme/prompts\", \"main\": \"dist/index.js\"}"),
                ("packages/p/src/index.ts", "export const TEXT = \"Be kind.\";"),
            ],
        ),
        (
            "@acme/prompts/system",
            &[
                ("pnpm-workspace.yaml", "packages:\n  - packages/*\n"),
                ("packages/p/package.json", "{\"name\": \"@acme/prompts\", \"exports\": {\"./system\": {\"types\": \"./dist/system.d.ts\", \"import\": \"./dist/system.js\"}}}"),
                ("packages/p/src/system.ts", "export const TEXT = \"Be kind.\";"),
            ],
        ),
        (
            "prompts/deep",
            &[
                ("package.json", "{\"workspaces\": {\"packages\": [\"packages/*\"]}}"),
                ("packages/p/package.json", "{\"name\": \"prompts\"}"),
                ("packages/p/deep.ts", "export const TEXT = \"Be kind.\";"),
            ],
        ),
    ];
    for (specifier, more) in forms {
        let code = javascript(&format!("import {{ TEXT }} from \"{specifier}\";"), "TEXT");
        let mut files = vec![("web/app/a.ts", code.as_str())];
        files.extend(more);
        assert_eq!(system(&files), "Be kind.", "{specifier}");
    }
}

#[test]
fn aliases_never_leave_the_root_and_configs_may_extend_themselves() {
    let config = "{\"extends\": \"./tsconfig.json\", \"compilerOptions\": {\"paths\": {\"@/*\": [\"../../*\"]}}}";
    let code = javascript("import { TEXT } from \"@/x\";", "TEXT");
    let text = system(&[
        ("a.ts", &code),
        ("tsconfig.json", config),
        ("x.ts", "export const TEXT = \"No.\";"),
    ]);
    assert!(!text.contains("No."), "{text}");
}

#[test]
fn python_packages_of_other_projects_of_the_workspace_are_found() {
    let code = python("from shared.prompts.texts import TEXT", "TEXT");
    for place in ["libs/shared/shared", "libs/shared/src/shared"] {
        let texts = format!("{place}/prompts/texts.py");
        let files = [
            ("app/a.py", code.as_str()),
            ("libs/shared/pyproject.toml", ""),
            (texts.as_str(), "TEXT = \"Be kind.\"\n"),
        ];
        assert_eq!(system(&files), "Be kind.", "{place}");
    }
}
