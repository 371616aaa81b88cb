use std::collections::BTreeMap;
use std::fs;
use std::io::Read;

use super::*;

fn everything() -> Walk<'static> {
    Walk {
        ignore_files: true,
        enter: &|_| true,
        threads: 2,
    }
}

fn disk(folder: &Path) -> Disk {
    Disk::new(folder, Limits::default()).unwrap()
}

#[test]
fn paths_that_leave_the_root_are_refused() {
    assert_eq!(normalize("a/./b//../c"), Some("a/c".into()));
    assert_eq!(normalize("a/../../c"), None);
    assert_eq!(normalize("/etc/passwd"), None);
    assert_eq!(join("a/b.j2", "../c.j2"), Some("c.j2".into()));
    assert_eq!(join("b.j2", "../c.j2"), None);
    assert_eq!(join("b.j2", "/c.j2"), None);
}

#[test]
fn a_path_gives_the_same_text_during_a_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "one").unwrap();
    let disk = disk(folder.path());
    assert_eq!(&*disk.read("a.txt").unwrap().text, "one");
    fs::write(folder.path().join("a.txt"), "two").unwrap();
    assert_eq!(&*disk.read("a.txt").unwrap().text, "one");
    assert_eq!(disk.read("b.txt").unwrap_err(), ReadError::NotFound);
    fs::write(folder.path().join("b.txt"), "late").unwrap();
    assert_eq!(disk.read("b.txt").unwrap_err(), ReadError::NotFound);
    assert!(!disk.exists("b.txt"));
}

#[test]
fn large_and_binary_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { text: 8, rows: 16 };
    fs::write(folder.path().join("a.txt"), "123456789").unwrap();
    fs::write(folder.path().join("a.jsonl"), "123456789").unwrap();
    fs::write(folder.path().join("b.txt"), b"a\0b").unwrap();
    let disk = Disk::new(folder.path(), limits).unwrap();
    assert_eq!(disk.read("a.txt").unwrap_err(), ReadError::TooLarge(9, 8));
    assert_eq!(
        disk.peek("a.txt", 4).unwrap_err(),
        ReadError::TooLarge(9, 8)
    );
    // Rows are not held: as a stream they may be larger.
    assert_eq!(disk.read("a.jsonl").unwrap_err(), ReadError::TooLarge(9, 8));
    let streamed = |path: &str| -> Result<String, ReadError> {
        let mut text = String::new();
        let mut stream = disk.open(path)?;
        stream.read_to_string(&mut text).unwrap();
        Ok(text)
    };
    assert_eq!(streamed("a.jsonl").unwrap(), "123456789");
    fs::write(folder.path().join("b.jsonl"), "12345678901234567").unwrap();
    assert_eq!(
        streamed("b.jsonl").unwrap_err(),
        ReadError::TooLarge(17, 16)
    );
    assert_eq!(streamed("c.jsonl").unwrap_err(), ReadError::NotFound);
    assert_eq!(disk.read("b.txt").unwrap_err(), ReadError::Binary);
    assert_eq!(
        ReadError::TooLarge(5 << 20, 4 << 20).to_string(),
        "5 MiB is above the limit of 4 MiB (`max-file-size`)"
    );
    assert_eq!(Bytes(1_600_000).to_string(), "1.5 MiB");
}

#[test]
fn a_folder_is_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let disk = disk(folder.path());
    assert_eq!(
        disk.read("sub").unwrap_err(),
        ReadError::Io("is a folder".into())
    );
    assert!(!disk.exists("sub"));
    assert!(disk.is_folder("sub") && disk.is_folder(""));
}

#[cfg(unix)]
#[test]
fn links_stay_inside_and_loops_end() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "no").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/a.txt"), "yes").unwrap();
    symlink(folder.path(), folder.path().join("sub/loop")).unwrap();
    symlink("self.txt", folder.path().join("self.txt")).unwrap();
    symlink(outside.path(), folder.path().join("away")).unwrap();
    symlink(
        outside.path().join("secret.txt"),
        folder.path().join("x.txt"),
    )
    .unwrap();
    symlink("sub/a.txt", folder.path().join("in.txt")).unwrap();
    let disk = disk(folder.path());
    assert_eq!(
        disk.read("away/secret.txt").unwrap_err(),
        ReadError::Outside
    );
    assert_eq!(disk.read("x.txt").unwrap_err(), ReadError::Outside);
    assert!(!disk.exists("x.txt") && disk.list("away").is_empty());
    assert!(matches!(disk.read("self.txt"), Err(ReadError::Io(_))));
    assert_eq!(&*disk.read("in.txt").unwrap().text, "yes");
    assert_eq!(&*disk.read("sub/loop/sub/a.txt").unwrap().text, "yes");
    assert_eq!(disk.walk("", &everything()).files, ["sub/a.txt"]);
    assert_eq!(disk.walk("away", &everything()).errors.len(), 1);
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_says_what_the_system_said() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs::write(&path, "x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // this user may read everything
    }
    let error = disk(folder.path()).read("a.txt").unwrap_err();
    assert!(error.to_string().contains("ermission denied"), "{error}");
}

#[test]
fn ignore_files_hold_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        (".gitignore", "out/\n*.log\n"),
        ("a.log", ""),
        ("b.txt", ""),
        ("out/c.txt", ""),
        ("skip/d.txt", ""),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let disk = disk(folder.path());
    let mut walk = everything();
    walk.enter = &|path| path != "skip";
    assert_eq!(disk.walk("", &walk).files, [".gitignore", "b.txt"]);
    walk.ignore_files = false;
    assert_eq!(
        disk.walk("", &walk).files,
        [".gitignore", "a.log", "b.txt", "out/c.txt"]
    );
    assert_eq!(disk.walk("out", &walk).files, ["out/c.txt"]);
    assert_eq!(disk.walk("nowhere", &walk).errors[0].1, "no such file");
}

#[test]
fn an_overlay_stands_in_front() {
    let base = Memory::new(&[("a.txt", "disk"), ("s/b.txt", "disk")]);
    let texts = BTreeMap::from([
        ("a.txt".to_string(), "open".to_string()),
        ("s/new.txt".to_string(), "new".to_string()),
    ]);
    let overlay = Overlay::new(&base, texts);
    assert_eq!(&*overlay.read("a.txt").unwrap().text, "open");
    assert_eq!(&*overlay.read("s/b.txt").unwrap().text, "disk");
    assert_eq!(overlay.peek("s/new.txt", 2).unwrap(), b"ne");
    let names: Vec<_> = overlay.list("s").into_iter().map(|e| e.name).collect();
    assert_eq!(names, ["b.txt", "new.txt"]);
    assert_eq!(
        overlay.walk("", &everything()).files,
        ["a.txt", "s/b.txt", "s/new.txt"]
    );
}

#[test]
fn the_root_holds_all_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    fs::create_dir_all(top.join("a/b")).unwrap();
    fs::write(top.join("a/x.txt"), "").unwrap();
    let (root, paths) = root_of(&top, &["a/b".into(), "a/x.txt".into()]);
    assert_eq!(
        (root, paths),
        (top.clone(), vec!["a/b".into(), "a/x.txt".into()])
    );
    let (root, paths) = root_of(&top.join("a/b"), &["../x.txt".into()]);
    assert_eq!((root, paths), (top.join("a"), vec!["x.txt".into()]));
    let (root, paths) = root_of(&top, &[".".into()]);
    assert_eq!((root, paths), (top, vec![String::new()]));
}

#[test]
fn a_stream_gives_the_text_that_stands_in_front() {
    let base = Memory::new(&[("a.jsonl", "base"), ("b.jsonl", "other")]);
    let overlay = Overlay::new(
        &base,
        BTreeMap::from([("a.jsonl".to_string(), "edited".to_string())]),
    );
    let streamed = |path: &str| {
        let mut text = String::new();
        overlay.open(path)?.read_to_string(&mut text).unwrap();
        Ok(text)
    };
    assert_eq!(streamed("a.jsonl"), Ok("edited".to_string()));
    assert_eq!(streamed("b.jsonl"), Ok("other".to_string()));
    assert_eq!(streamed("c.jsonl"), Err(ReadError::NotFound));
}
