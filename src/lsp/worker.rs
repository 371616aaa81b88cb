//! The one thread that analyses. Jobs that wait are joined, so that only the latest state of a project is looked at; a
//! panic costs what it happened in. Knows no message of the protocol.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::project::{Project, View};
use super::server::Event;
use super::settings::Settings;
use crate::source::SourceFile;

/// Stack of a thread that parses, bytes: frontends recurse up to their nesting limit.
pub const STACK: usize = 16 << 20;

/// A workspace folder, or the folder of a file outside of them all. Never used twice.
pub type ProjectId = u32;

/// What happened to a file on disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happened {
    Made,
    Written,
    Gone,
}

impl Happened {
    /// Two things that happened one after the other, as one.
    pub fn behind(self, earlier: Option<Happened>) -> Happened {
        match (earlier, self) {
            // Whether it was there before is for the walk to find out.
            (Some(Happened::Gone | Happened::Made), Happened::Written) => Happened::Made,
            (_, later) => later,
        }
    }
}

/// Where the files of a project are and how the client names them.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    pub folder: PathBuf,
    /// Without a slash at its end.
    pub uri: String,
    /// Only open documents are looked at: no folder of the workspace holds them.
    pub loose: bool,
}

/// A document that an editor shows.
#[derive(Clone, Debug)]
pub struct Open {
    pub file: Arc<SourceFile>,
    pub version: i32,
    /// As the client spells it.
    pub uri: Arc<str>,
}

/// The state of a project, and what happened on disk since its last analysis.
#[derive(Clone, Debug)]
pub struct Job {
    pub project: ProjectId,
    pub version: u64,
    pub home: Arc<Home>,
    pub settings: Arc<Settings>,
    /// All open documents by path, each the same `Arc` until it is edited.
    pub open: BTreeMap<String, Open>,
    /// Of files on disk.
    pub events: BTreeMap<String, Happened>,
    /// Everything is to be looked at anew.
    pub afresh: bool,
}

impl Job {
    /// A later job on top of this one.
    pub fn join(&mut self, later: Job) {
        let events = std::mem::take(&mut self.events);
        let afresh = self.afresh;
        *self = later;
        self.afresh |= afresh;
        for (path, happened) in events {
            let joined = match self.events.remove(&path) {
                Some(later) => later.behind(Some(happened)),
                None => happened,
            };
            self.events.insert(path, joined);
        }
    }
}

/// What came of a job.
pub struct Outcome {
    pub project: ProjectId,
    pub version: u64,
    /// Versions of the documents that were looked at.
    pub versions: BTreeMap<String, i32>,
    /// From the start of the job to its end.
    pub took: Duration,
    /// `None`: nothing that matters changed.
    pub view: Result<Option<Arc<View>>, String>,
}

#[derive(Default)]
struct Inbox {
    /// In the order in which they came.
    jobs: Vec<Job>,
    /// Projects that are gone.
    closed: BTreeSet<ProjectId>,
    over: bool,
}

/// The way to the thread.
pub struct Worker {
    inbox: Arc<(Mutex<Inbox>, Condvar)>,
}

impl Worker {
    /// # Errors
    /// Where no thread can be started.
    pub fn start(events: Sender<Event>, client: Arc<Client>) -> Result<Worker, String> {
        let pools = OnceCell::new();
        Worker::with(events, move |known: Option<Project>, job: Job| {
            let pools = pools.get_or_init(Pools::new);
            let pools = pools.as_ref().map_err(Clone::clone)?;
            let pool = pools.of(&job, known.is_some());
            pool.install(|| {
                let mut project = match known {
                    Some(known) => known,
                    None => Project::open(&job.home, client.clone())?,
                };
                let view = project.analyse(job)?;
                Ok((project, view))
            })
        })
    }

    /// `analyse`: what is kept of a project, where it is known, and a job, to what is kept next and what is seen.
    fn with<T: 'static>(
        events: Sender<Event>,
        analyse: impl Fn(Option<T>, Job) -> Result<(T, Option<Arc<View>>), String> + Send + 'static,
    ) -> Result<Worker, String> {
        let inbox: Arc<(Mutex<Inbox>, Condvar)> = Arc::default();
        let own = inbox.clone();
        thread::Builder::new()
            .name("analysis".into())
            .stack_size(STACK)
            .spawn(move || work(&own, &events, &analyse))
            .map_err(|error| error.to_string())?;
        Ok(Worker { inbox })
    }

    pub fn submit(&self, job: Job) {
        let mut inbox = lock(&self.inbox.0);
        match inbox.jobs.iter_mut().find(|one| one.project == job.project) {
            Some(waiting) => waiting.join(job),
            None => inbox.jobs.push(job),
        }
        self.inbox.1.notify_one();
    }

    /// A project is gone: what is kept for it can go.
    pub fn close(&self, project: ProjectId) {
        let mut inbox = lock(&self.inbox.0);
        inbox.jobs.retain(|job| job.project != project);
        inbox.closed.insert(project);
        self.inbox.1.notify_one();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.inbox.0).over = true;
        self.inbox.1.notify_one();
    }
}

fn lock(inbox: &Mutex<Inbox>) -> MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The threads that an analysis runs on.
struct Pools {
    all: rayon::ThreadPool,
    /// After an edit there is little to do: threads that wait for each other would only lose time. It is the thread that
    /// asks: nothing is handed over and back.
    one: rayon::ThreadPool,
}

impl Pools {
    /// For the thread that calls.
    fn new() -> Result<Pools, String> {
        let pool = || rayon::ThreadPoolBuilder::new().stack_size(STACK);
        let all = pool().build();
        let one = pool().num_threads(1).use_current_thread().build();
        match (all, one) {
            (Ok(all), Ok(one)) => Ok(Pools { all, one }),
            (Err(error), _) | (_, Err(error)) => Err(format!("cannot start threads: {error}")),
        }
    }

    fn of(&self, job: &Job, known: bool) -> &rayon::ThreadPool {
        match known && !job.afresh && job.events.is_empty() {
            true => &self.one,
            false => &self.all,
        }
    }
}

fn work<T>(
    inbox: &(Mutex<Inbox>, Condvar),
    events: &Sender<Event>,
    analyse: &dyn Fn(Option<T>, Job) -> Result<(T, Option<Arc<View>>), String>,
) {
    let mut projects: BTreeMap<ProjectId, T> = BTreeMap::new();
    while let Some((job, closed)) = next(inbox) {
        for project in closed {
            projects.remove(&project);
        }
        let Some(job) = job else { continue };
        let (project, version) = (job.project, job.version);
        let versions = job.open.iter();
        let versions = versions.map(|(path, open)| (path.clone(), open.version));
        let versions = versions.collect();
        let known = projects.remove(&project);
        let started = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| analyse(known, job)));
        let view = match done {
            Ok(Ok((known, view))) => {
                projects.insert(project, known);
                Ok(view)
            }
            Ok(Err(why)) => Err(why),
            // What the project knew may be half done: it starts anew.
            Err(panic) => Err(format!("internal error: {}", said(&*panic))),
        };
        let outcome = Outcome {
            project,
            version,
            versions,
            took: started.elapsed(),
            view,
        };
        if events.send(Event::Analysed(Box::new(outcome))).is_err() {
            return;
        }
    }
}

/// Waits for the next job; `None`: there will be none.
fn next(inbox: &(Mutex<Inbox>, Condvar)) -> Option<(Option<Job>, BTreeSet<ProjectId>)> {
    let mut waiting = lock(&inbox.0);
    loop {
        if waiting.over {
            return None;
        }
        if !waiting.jobs.is_empty() || !waiting.closed.is_empty() {
            let job = (!waiting.jobs.is_empty()).then(|| waiting.jobs.remove(0));
            return Some((job, std::mem::take(&mut waiting.closed)));
        }
        waiting = inbox
            .1
            .wait(waiting)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

/// What a panic says.
pub fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "panic".to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn job(version: u64) -> Job {
        Job {
            project: 7,
            version,
            home: Arc::new(Home {
                folder: "/nowhere".into(),
                uri: "file:///nowhere".into(),
                loose: false,
            }),
            settings: Arc::default(),
            open: BTreeMap::new(),
            events: BTreeMap::new(),
            afresh: false,
        }
    }

    fn outcome(events: &mpsc::Receiver<Event>) -> Outcome {
        match events.recv() {
            Ok(Event::Analysed(outcome)) => *outcome,
            _ => panic!("no outcome"),
        }
    }

    #[test]
    fn a_panic_costs_the_job_it_happened_in_and_what_was_kept() {
        let (send, events) = mpsc::channel();
        let worker = Worker::with(send, |known: Option<u64>, job| {
            assert!(job.version != 2, "on purpose");
            Ok((known.unwrap_or(0) + 1, None)).and_then(|(count, view)| match count {
                3 => Err("kept for too long".to_string()),
                count => Ok((count, view)),
            })
        });
        let worker = worker.expect("threads start");
        for (version, fine) in [(1, true), (2, false), (3, true), (4, true), (5, false)] {
            worker.submit(job(version));
            let outcome = outcome(&events);
            assert_eq!(outcome.version, version);
            assert_eq!(outcome.view.is_ok(), fine, "{version}");
            if version == 2 {
                let why = outcome.view.err().unwrap_or_default();
                assert!(why.contains("internal error: on purpose"), "{why}");
            }
        }
    }

    #[test]
    fn of_jobs_that_wait_the_last_state_is_looked_at_once_with_all_that_happened() {
        let (send, events) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let worker = Worker::with(send, move |_: Option<()>, job| {
            tell.send((job.version, job.events, job.afresh))
                .map_err(|error| error.to_string())?;
            gate.recv().map_err(|error| error.to_string())?;
            Ok(((), None))
        });
        let worker = worker.expect("threads start");
        worker.submit(job(1));
        assert_eq!(told.recv().expect("it runs").0, 1);
        for (version, happened) in [(2, Happened::Gone), (3, Happened::Written)] {
            let events = BTreeMap::from([("a.j2".to_string(), happened)]);
            let afresh = version == 2;
            worker.submit(Job {
                events,
                afresh,
                ..job(version)
            });
        }
        open.send(()).expect("it waits");
        open.send(()).expect("it waits");
        assert_eq!(outcome(&events).version, 1);
        assert_eq!(outcome(&events).version, 3);
        let (version, happened, afresh) = told.recv().expect("it ran");
        assert_eq!((version, afresh), (3, true));
        assert_eq!(happened.get("a.j2"), Some(&Happened::Made));
    }
}
