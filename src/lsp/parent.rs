//! Whether the editor is still there: its end of the pipe may be held open by others. Looks, asks nothing.

#[derive(Default)]
pub struct Parent {
    /// What the client said it is.
    named: Option<u32>,
    /// The process that started this one.
    #[cfg(unix)]
    started_by: u32,
}

impl Parent {
    pub fn new(named: Option<u32>) -> Parent {
        let parent = Parent {
            named,
            #[cfg(unix)]
            started_by: std::os::unix::process::parent_id(),
        };
        // A client in another container names a process that is not to be seen here.
        match parent.is_gone() {
            true => Parent {
                named: None,
                ..parent
            },
            false => parent,
        }
    }

    pub fn is_gone(&self) -> bool {
        let Some(named) = self.named else {
            return false;
        };
        #[cfg(target_os = "linux")]
        if !std::path::Path::new(&format!("/proc/{named}")).exists() {
            return true;
        }
        // Who has lost its parent is handed to another one.
        #[cfg(unix)]
        if named == self.started_by {
            return std::os::unix::process::parent_id() != self.started_by;
        }
        let _ = named;
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_ends_is_gone_and_one_that_was_never_seen_is_not_waited_for() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("a process");
        let parent = Parent::new(Some(child.id()));
        assert!(!parent.is_gone());
        child.kill().expect("it ends");
        child.wait().expect("it ended");
        assert!(parent.is_gone());
        assert!(!Parent::new(Some(u32::MAX - 1)).is_gone());
        assert!(!Parent::new(None).is_gone());
    }
}
