//! Blobs by their object name, from a few `git cat-file --batch` that live as long as the reader.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, PoisonError, TryLockError};

use super::{complaint, git, line};
use crate::workspace::ReadError;

/// How many readers may be served at the same time.
const PROCESSES: usize = 4;

/// A reader that threads share.
pub struct Blobs {
    folder: PathBuf,
    processes: [Mutex<Option<Process>>; PROCESSES],
}

/// One `cat-file`, waiting for a name.
struct Process {
    child: Child,
    /// `None` once it was told to end.
    names: Option<ChildStdin>,
    contents: BufReader<ChildStdout>,
}

impl Blobs {
    pub(super) fn new(folder: &Path) -> Blobs {
        Blobs {
            folder: folder.to_path_buf(),
            processes: Default::default(),
        }
    }

    /// The first bytes of a blob, at most `most`, and its size.
    ///
    /// # Errors
    /// Where the clone lacks the blob, or git fails.
    pub fn read(&self, object: &str, most: u64) -> Result<(Vec<u8>, u64), ReadError> {
        let mut slot = self.free();
        let mut process = match slot.take() {
            Some(process) => process,
            None => Process::start(&self.folder, &[])
                .map_err(|error| ReadError::Io(format!("cannot start git: {error}")))?,
        };
        // A process that failed within an answer is not asked again.
        let answer = process
            .read(object, most)
            .map_err(|error| ReadError::Io(format!("git cat-file: {error}")))?;
        *slot = Some(process);
        answer.ok_or_else(|| ReadError::Io("the clone does not hold it (partial clone)".into()))
    }

    /// Hands on many blobs, those that are no larger than `most` bytes. Asked for one after the other without waiting for
    /// answers. What cannot be had is left out: who needs it asks for it alone.
    pub fn each(&self, objects: &[&str], most: u64, mut take: impl FnMut(&str, Vec<u8>)) {
        let Ok(mut process) = Process::start(&self.folder, &["--buffer"]) else {
            return;
        };
        let Some(mut names) = process.names.take() else {
            return;
        };
        let list = objects.join("\n") + "\n";
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // A git that ends early is told of nothing more.
                let _ = names.write_all(list.as_bytes());
            });
            for object in objects {
                match process.answer(most) {
                    Ok(Some((bytes, size))) if bytes.len() as u64 == size => take(object, bytes),
                    Ok(_) => {}
                    Err(_) => {
                        // Nobody writes to one that is gone.
                        let _ = process.child.kill();
                        break;
                    }
                }
            }
        });
    }

    /// The size of a blob, in bytes.
    ///
    /// # Errors
    /// Where the clone lacks the blob, or git fails.
    pub fn size(&self, object: &str) -> Result<u64, ReadError> {
        let output = git(&self.folder)
            .args(["cat-file", "-s", object])
            .output()
            .map_err(|error| ReadError::Io(format!("cannot start git: {error}")))?;
        let size = line(&output).parse();
        size.map_err(|_| ReadError::Io(complaint(&output)))
    }

    /// The bytes of a blob that is too large to be held.
    ///
    /// # Errors
    /// Where git cannot be started. A blob that is missing reads as an empty one.
    pub fn stream(&self, object: &str) -> Result<Stream, ReadError> {
        let failed = |text: String| ReadError::Io(format!("cannot start git: {text}"));
        let mut child = git(&self.folder)
            .args(["cat-file", "blob", object])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let contents = child
            .stdout
            .take()
            .ok_or_else(|| failed("no pipe".into()))?;
        Ok(Stream { child, contents })
    }

    /// A process that nobody talks to, else the first one that is done.
    fn free(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        for slot in &self.processes {
            match slot.try_lock() {
                Ok(guard) => return guard,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.processes[0]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    fn start(folder: &Path, more: &[&str]) -> io::Result<Process> {
        let mut child = git(folder)
            .args(["cat-file", "--batch"])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let missing = || io::Error::other("no pipe");
        let names = child.stdin.take().ok_or_else(missing)?;
        let contents = child.stdout.take().ok_or_else(missing)?;
        Ok(Process {
            child,
            names: Some(names),
            contents: BufReader::with_capacity(1 << 16, contents),
        })
    }

    /// `None`: there is no such blob.
    fn read(&mut self, object: &str, most: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
        let names = self.names.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        names.write_all(format!("{object}\n").as_bytes())?;
        names.flush()?;
        self.answer(most)
    }

    fn answer(&mut self, most: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
        let mut head = String::new();
        if self.contents.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut words = head.split_ascii_whitespace().skip(1);
        let (Some(_), Some(size)) = (words.next(), words.next()) else {
            return Ok(None);
        };
        let size: u64 = size.parse().map_err(io::Error::other)?;
        let wanted = size.min(most);
        let mut bytes = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        self.contents
            .by_ref()
            .take(wanted)
            .read_to_end(&mut bytes)?;
        // What is not wanted, and the line break behind the blob.
        let rest = size - wanted + 1;
        let passed = io::copy(&mut self.contents.by_ref().take(rest), &mut io::sink())?;
        if passed < rest || (bytes.len() as u64) < wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((bytes, size)))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input is the end of its work.
        self.names = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One blob, read once from its start to its end.
pub struct Stream {
    child: Child,
    contents: ChildStdout,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.contents.read(buffer)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // It may not have been read to its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
