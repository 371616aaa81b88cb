//! `file:` URIs to paths and back. Knows nothing of workspaces.

use std::path::{Path, PathBuf};

/// The path of a `file:` URI; `None` for another scheme, another host, or what is no URI.
pub fn to_path(uri: &str) -> Option<PathBuf> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let slash = rest.find('/')?;
            let host = &rest[..slash];
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return None;
            }
            &rest[slash..]
        }
        None => rest,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let path = decoded(path)?;
    if !path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let drive = path.as_bytes();
    let windows =
        cfg!(windows) && drive.len() > 2 && drive[1].is_ascii_alphabetic() && drive[2] == b':';
    Some(PathBuf::from(if windows { &path[1..] } else { &path }))
}

fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

/// The `file:` URI of an absolute path.
pub fn of_path(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", encoded(&text))
}

/// A path with `/` as it stands in a URI.
pub fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_way_there_and_back() {
        for path in ["/a/b.j2", "/a b/ü#?%41.j2", "/漢字/😀"] {
            let uri = of_path(Path::new(path));
            assert!(uri.is_ascii());
            assert_eq!(to_path(&uri), Some(PathBuf::from(path)), "{uri}");
        }
        assert_eq!(to_path("file:/a/b"), Some("/a/b".into()));
        assert_eq!(to_path("FILE://localhost/a%20b"), Some("/a b".into()));
        assert_eq!(to_path("file:///a/b?x#y"), Some("/a/b".into()));
    }

    #[test]
    fn what_names_no_file_here_is_none() {
        for uri in [
            "",
            "file",
            "file:",
            "file://",
            "file://host/a",
            "untitled:Untitled-1",
            "git:/a/b",
            "file:///a%zz",
            "file:///a%",
            "file:///a%00b",
            "file:///%ff",
            "file://a",
            "file:a",
        ] {
            assert_eq!(to_path(uri), None, "{uri}");
        }
    }
}
