//! Path patterns as in ignore files: `*` stays in a folder, `**` does not, a pattern without `/` holds at any depth,
//! a folder stands for everything below it.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

#[derive(Clone, Debug, Default)]
pub struct Globs {
    set: GlobSet,
}

fn expand(pattern: &str) -> [String; 2] {
    let trimmed = pattern.trim_start_matches("./");
    let folder = trimmed.trim_end_matches('/');
    let anchored = folder.trim_start_matches('/');
    let base = if folder.contains('/') {
        anchored.to_string()
    } else {
        format!("**/{anchored}")
    };
    [format!("{base}/**"), base]
}

impl Globs {
    /// # Errors
    /// Why a pattern is not one.
    pub fn check(pattern: &str) -> Result<(), String> {
        if pattern.split('/').any(|part| part == "..") {
            return Err("`..` leaves the folder of the config".to_string());
        }
        GlobBuilder::new(pattern)
            .build()
            .map(|_| ())
            .map_err(|error| error.kind().to_string())
    }

    /// Patterns that passed `check`; others match nothing.
    pub fn new(patterns: &[String]) -> Globs {
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns.iter().flat_map(|pattern| expand(pattern)) {
            if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
                builder.add(glob);
            }
        }
        Globs {
            set: builder.build().unwrap_or_default(),
        }
    }

    pub fn is_match(&self, path: &str) -> bool {
        self.set.is_match(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Globs::new(&[pattern.to_string()]).is_match(path)
    }

    #[test]
    fn patterns_work_as_in_ignore_files() {
        assert!(matches("src/prompts/**", "src/prompts/a/b.j2"));
        assert!(matches("src/*.j2", "src/a.j2"));
        assert!(!matches("src/*.j2", "src/a/b.j2"));
        assert!(matches("*.j2", "x/y/a.j2"));
        assert!(matches("/*.j2", "a.j2"));
        assert!(!matches("/*.j2", "x/a.j2"));
        assert!(matches("testdata", "a/testdata/b.j2"));
        assert!(matches("testdata/", "a/testdata/b.j2"));
        assert!(matches("./support", "a/support/b.j2"));
        assert!(matches("**/testdata/**", "testdata/b.j2"));
        assert!(Globs::check("a/[b").is_err());
        assert!(Globs::check("../a").is_err());
    }
}
