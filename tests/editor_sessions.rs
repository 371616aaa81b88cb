//! Whole sessions in editors that have a window: Helix in a terminal, VS Code in a browser. Neither is a package of the
//! distribution, so that each is skipped where it is missing: `hx` with `tmux` in `PATH`, and what `.ci/code` installs.

#![cfg(unix)]

mod ci_tools;
mod project;

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ci_tools::{root, succeed};
use project::{rules, Project};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_prefixlint");
const FILE: &str = "prompts/chat.j2";
/// Long enough for a slow machine.
const LIMIT: Duration = Duration::from_secs(120);

fn before() -> String {
    format!(
        "You are an agent (漢字 😀).\nIt is {{{{ now() }}}}.\n{}\n{{{{ question }}}}\n",
        rules()
    )
}

fn after() -> String {
    format!(
        "You are an agent (漢字 😀).\n{}\nIt is {{{{ now() }}}}.\n\n{{{{ question }}}}\n",
        rules()
    )
}

/// A program that nothing installs here; without it the test says that it is skipped.
fn optional(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/")]);
    let files = folders.flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    let found = files.into_iter().find(|file| file.is_file());
    if found.is_none() {
        println!("skipped: {} is not installed", names[0]);
    }
    found
}

fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < LIMIT, "no {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(command: &mut Command, log: &Path) -> Running {
    let log = fs::File::create(log).expect("a file");
    let both = log.try_clone().expect("a file");
    let child = command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(both)
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Running(child)
}

/// A terminal that Helix runs in.
struct Terminal {
    tmux: PathBuf,
    socket: PathBuf,
}

impl Terminal {
    fn ask(&self, arguments: &[&str]) -> String {
        succeed(
            Command::new(&self.tmux)
                .arg("-S")
                .arg(&self.socket)
                .args(arguments),
        )
    }

    fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p"])
    }

    fn shows(&self, text: &str) {
        wait(&format!("`{text}` on the screen"), || {
            self.screen().contains(text).then_some(())
        });
    }

    fn keys(&self, keys: &[&str]) {
        self.ask(&[&["send-keys"], keys].concat());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut end = Command::new(&self.tmux);
        let _ = end.arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}

#[test]
fn helix_shows_the_finding_and_applies_the_fix() {
    let (Some(helix), Some(tmux)) = (optional(&["hx", "helix"]), optional(&["tmux"])) else {
        return;
    };
    let project = Project::empty("helix");
    project.write(FILE, &before());
    let page = fs::read_to_string(root().join("docs/editors.md")).expect("the page");
    let (_, setup) = page
        .split_once("<!-- helix -->\n```toml\n")
        .expect("it is there");
    let (setup, _) = setup.split_once("\n```\n").expect("it ends");
    project.write("home/helix/languages.toml", &format!("{setup}\n"));
    let config = "[editor.lsp]\ndisplay-inlay-hints = true\n";
    project.write("home/helix/config.toml", config);
    succeed(
        Command::new("git")
            .args(["init", "--quiet"])
            .arg(&project.0),
    );
    let folder = Path::new(PROGRAM).parent().expect("a folder");
    let path = env::var("PATH").unwrap_or_default();
    let terminal = Terminal {
        tmux,
        socket: project.0.join("tmux"),
    };
    let line = format!(
        "exec env PATH='{}:{path}' HOME='{home}' XDG_CONFIG_HOME='{home}' XDG_CACHE_HOME='{home}' '{}' {FILE}",
        folder.display(),
        helix.display(),
        home = project.0.join("home").display(),
    );
    let size = ["-x", "160", "-y", "40"];
    let folder = project.0.display().to_string();
    let new = [&["new-session", "-d", "-c", &folder][..], &size, &[&line]].concat();
    terminal.ask(&new);
    terminal.shows("stands before");
    terminal.shows("the shared prefix ends here");
    terminal.keys(&["]", "d"]);
    terminal.keys(&["Space", "a"]);
    terminal.shows("Move \"It is {{ now() }}.\"");
    terminal.keys(&["Enter"]);
    wait("end of the finding", || {
        (!terminal.screen().contains("stands before")).then_some(())
    });
    terminal.keys(&["Escape"]);
    terminal.keys(&[":wq", "Enter"]);
    wait("file as it should be", || {
        (fs::read_to_string(project.0.join(FILE)).ok()? == after()).then_some(())
    });
}

/// Where `.ci/code` puts VS Code.
fn code() -> Option<PathBuf> {
    let folder = env::var_os("PREFIXLINT_CODE").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| root().join("target/ci/code"));
    let found = folder.join("node_modules/code-server").is_dir();
    if !found {
        println!("skipped: .ci/code installs VS Code");
    }
    found.then_some(folder)
}

#[test]
fn vs_code_with_the_extension_shows_the_finding_and_applies_the_fix() {
    let Some(folder) = code() else { return };
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let (Some(node), Some(browser)) = (optional(&["node"]), optional(&names)) else {
        return;
    };
    let extension = folder.join("prefixlint-vscode.vsix");
    let project = Project::empty("code");
    project.write(FILE, &before());
    let at = |name: &str| project.0.join("home").join(name);
    let settings = serde_json::json!({
        "prefixlint.path": PROGRAM,
        "security.workspace.trust.enabled": false,
    });
    for user in ["User", "Machine"] {
        project.write(
            &format!("home/data/{user}/settings.json"),
            &settings.to_string(),
        );
    }
    project.write(
        "home/tests/package.json",
        r#"{ "name": "tests", "publisher": "tests", "version": "0.0.1", "engines": { "vscode": "*" } }"#,
    );
    let entry = folder.join("node_modules/code-server/out/node/entry.js");
    let server = || {
        let mut command = Command::new(&node);
        command
            .arg(&entry)
            .arg("--user-data-dir")
            .arg(at("data"))
            .arg("--extensions-dir")
            .arg(at("extensions"))
            .env("HOME", at(""))
            .env("XDG_CONFIG_HOME", at("config"))
            .env("XDG_DATA_HOME", at("share"))
            .env("PROMPT_FILE", FILE)
            .env("SAID", at("said.json"));
        command
    };
    succeed(server().arg("--install-extension").arg(&extension));
    let port = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = port.local_addr().expect("an address").to_string();
    drop(port);
    let _server = started(
        server()
            .args(["--auth", "none", "--bind-addr", &address])
            .args(["--disable-telemetry", "--disable-update-check"])
            .args(["--disable-workspace-trust"])
            .arg(&project.0),
        &at("server.log"),
    );
    wait("server", || std::net::TcpStream::connect(&address).ok());
    let remote = |path: &Path| format!("vscode-remote://{address}{}", path.display());
    let tests = root().join("tests/editors/vscode.js");
    let payload = serde_json::json!([
        ["extensionDevelopmentPath", remote(&at("tests"))],
        ["extensionTestsPath", remote(&tests)],
        ["skipWelcome", "true"],
    ]);
    let payload: String = payload
        .to_string()
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let _browser = started(
        Command::new(browser)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", at("profile").display()))
            .arg(format!(
                "http://{address}/?folder={}&payload={payload}",
                project.0.display()
            ))
            .env("HOME", at("")),
        &at("browser.log"),
    );
    let said = wait("word of the session", || {
        fs::read_to_string(at("said.json")).ok()
    });
    let said: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["error"], Value::Null, "{said}");
    assert_eq!(said["first"], serde_json::json!(["volatile-prefix 2"]));
    let hover = said["hover"].as_str().expect("a text");
    assert!(hover.contains("volatile-prefix.md"), "{hover}");
    assert!(
        said["hints"][0]
            .to_string()
            .contains("the shared prefix ends here"),
        "{said}"
    );
    assert!(
        said["lenses"][0].to_string().contains("per 1k calls"),
        "{said}"
    );
    assert_eq!(said["symbols"], serde_json::json!(["chat.j2"]));
    assert!(
        said["actions"]
            .to_string()
            .contains("Ignore volatile-prefix"),
        "{said}"
    );
    assert_eq!(said["typed"][0], "volatile-prefix 1", "{said}");
    assert_eq!(said["restarted"], said["typed"], "{said}");
    let saved = fs::read_to_string(project.0.join(FILE)).expect("it is there");
    assert_eq!(saved, after());
}
