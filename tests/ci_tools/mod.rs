//! Programs of others that tests run: those that `.ci/tools` installs, else those of the machine. Without them a test
//! says that it is skipped; where `PREFIXLINT_CI_TOOLS` is set it fails instead.

// Not every test uses everything.
#![allow(dead_code)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a slow machine, short enough for whoever waits.
const LIMIT: Duration = Duration::from_secs(120);

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program by its name; `None` where it is missing and may be.
pub fn tool(name: &str) -> Option<PathBuf> {
    let installed = env::var_os("PREFIXLINT_CI_TOOLS").map(PathBuf::from);
    let own = installed.iter().flat_map(|tools| {
        let folders = ["venv/bin", "node/node_modules/.bin"];
        folders.map(|folder| tools.join(folder))
    });
    let path = env::var_os("PATH").unwrap_or_default();
    let found = own
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(installed.is_none(), "{name} is not installed");
        println!("skipped: {name} is not installed");
    }
    found
}

/// Runs to the end, without standard input unless the caller gave one; panics after two minutes.
pub fn run(command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let out = thread::spawn(move || read(out));
    let err = thread::spawn(move || read(err));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            break status;
        }
        if started.elapsed() > LIMIT {
            let _ = child.kill();
            panic!("{command:?} does not end");
        }
        thread::sleep(Duration::from_millis(10));
    };
    Output {
        status,
        stdout: out.join().expect("the output"),
        stderr: err.join().expect("the output"),
    }
}

fn read(pipe: Option<impl std::io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

/// Runs what must succeed; its standard output.
pub fn succeed(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
