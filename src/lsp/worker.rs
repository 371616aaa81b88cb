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

use serde_json::Value;

use super::client::Client;
use super::project::{Project, View};
use super::server::Event;
use super::settings::Settings;
use crate::guard::said;
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
    trials: Vec<Trial>,
    /// Projects that are gone.
    closed: BTreeSet<ProjectId>,
    over: bool,
}

/// Fixes that are to be tried before they are handed out.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The request that waits for it.
    pub id: Value,
    pub project: ProjectId,
    /// The state that it is about.
    pub version: u64,
    pub fixes: Fixes,
}

/// Which fixes.
#[derive(Clone, Debug)]
pub enum Fixes {
    /// The one of a finding, by its fingerprint.
    Of(String),
    /// All safe ones of a file, to a fixed point.
    Safe(String),
}

/// What came of a trial.
pub struct Tried {
    pub trial: Trial,
    /// The texts of the files that are others then.
    ///
    /// # Errors
    /// Why the fix does not hold.
    pub texts: Result<BTreeMap<String, String>, String>,
}

/// Who does the work, and what is kept of a project.
trait Analyst: Send + 'static {
    type Kept;
    fn analyse(
        &self,
        known: Option<Self::Kept>,
        job: Job,
    ) -> Result<(Self::Kept, Option<Arc<View>>), String>;
    fn attempt(
        &self,
        known: &mut Self::Kept,
        fixes: &Fixes,
    ) -> Result<BTreeMap<String, String>, String>;
}

struct Engine {
    client: Arc<Client>,
    /// Made on the thread that they belong to.
    pools: OnceCell<Result<Pools, String>>,
}

impl Engine {
    fn pools(&self) -> Result<&Pools, String> {
        let pools = self.pools.get_or_init(Pools::new);
        pools.as_ref().map_err(Clone::clone)
    }
}

impl Analyst for Engine {
    type Kept = Project;

    fn analyse(
        &self,
        known: Option<Project>,
        job: Job,
    ) -> Result<(Project, Option<Arc<View>>), String> {
        let pool = self.pools()?.of(&job, known.is_some());
        let client = &self.client;
        pool.install(|| {
            let mut project = match known {
                Some(known) => known,
                None => Project::open(&job.home, client.clone())?,
            };
            let view = project.analyse(job)?;
            Ok((project, view))
        })
    }

    fn attempt(
        &self,
        known: &mut Project,
        fixes: &Fixes,
    ) -> Result<BTreeMap<String, String>, String> {
        self.pools()?.one.install(|| known.attempt(fixes))
    }
}

/// The way to the thread.
pub struct Worker {
    inbox: Arc<(Mutex<Inbox>, Condvar)>,
}

impl Worker {
    /// # Errors
    /// Where no thread can be started.
    pub fn start(events: Sender<Event>, client: Arc<Client>) -> Result<Worker, String> {
        let engine = Engine {
            client,
            pools: OnceCell::new(),
        };
        Worker::with(events, engine)
    }

    fn with<A: Analyst>(events: Sender<Event>, analyst: A) -> Result<Worker, String> {
        let inbox: Arc<(Mutex<Inbox>, Condvar)> = Arc::default();
        let own = inbox.clone();
        thread::Builder::new()
            .name("analysis".into())
            .stack_size(STACK)
            .spawn(move || work(&own, &events, &analyst))
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

    /// Behind all that is to be analysed.
    pub fn attempt(&self, trial: Trial) {
        lock(&self.inbox.0).trials.push(trial);
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

fn work<A: Analyst>(inbox: &(Mutex<Inbox>, Condvar), events: &Sender<Event>, analyst: &A) {
    let mut projects: BTreeMap<ProjectId, A::Kept> = BTreeMap::new();
    while let Some((work, closed)) = next(inbox) {
        for project in closed {
            projects.remove(&project);
        }
        let event = match work {
            Some(Work::Job(job)) => analyse(&mut projects, *job, analyst),
            Some(Work::Trial(trial)) => attempt(&mut projects, trial, analyst),
            None => continue,
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

fn analyse<A: Analyst>(
    projects: &mut BTreeMap<ProjectId, A::Kept>,
    job: Job,
    analyst: &A,
) -> Event {
    let (project, version) = (job.project, job.version);
    let versions = job.open.iter();
    let versions = versions.map(|(path, open)| (path.clone(), open.version));
    let versions = versions.collect();
    let known = projects.remove(&project);
    let started = Instant::now();
    let done = catch_unwind(AssertUnwindSafe(|| analyst.analyse(known, job)));
    // What a project knew when it panicked may be half done: it starts anew.
    let view = done.unwrap_or_else(|panic| Err(internal(&*panic)));
    let view = view.map(|(known, view)| {
        projects.insert(project, known);
        view
    });
    Event::Analysed(Box::new(Outcome {
        project,
        version,
        versions,
        took: started.elapsed(),
        view,
    }))
}

fn attempt<A: Analyst>(
    projects: &mut BTreeMap<ProjectId, A::Kept>,
    trial: Trial,
    analyst: &A,
) -> Event {
    let texts = match projects.remove(&trial.project) {
        None => Err("the project is not analysed".to_string()),
        Some(mut known) => {
            let attempt = || analyst.attempt(&mut known, &trial.fixes);
            match catch_unwind(AssertUnwindSafe(attempt)) {
                Ok(texts) => {
                    projects.insert(trial.project, known);
                    texts
                }
                Err(panic) => Err(internal(&*panic)),
            }
        }
    };
    Event::Tried(Box::new(Tried { trial, texts }))
}

fn internal(panic: &(dyn std::any::Any + Send)) -> String {
    format!("internal error: {}", said(panic))
}

enum Work {
    Job(Box<Job>),
    Trial(Trial),
}

/// Waits for what is to be done next; `None`: there will be nothing.
fn next(inbox: &(Mutex<Inbox>, Condvar)) -> Option<(Option<Work>, BTreeSet<ProjectId>)> {
    let mut waiting = lock(&inbox.0);
    loop {
        if waiting.over {
            return None;
        }
        let work = if !waiting.jobs.is_empty() {
            Some(Work::Job(Box::new(waiting.jobs.remove(0))))
        } else if !waiting.trials.is_empty() {
            Some(Work::Trial(waiting.trials.remove(0)))
        } else {
            None
        };
        if work.is_some() || !waiting.closed.is_empty() {
            return Some((work, std::mem::take(&mut waiting.closed)));
        }
        waiting = inbox
            .1
            .wait(waiting)
            .unwrap_or_else(PoisonError::into_inner);
    }
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

    struct Scripted<F>(F);

    impl<F: Fn(Option<u64>, Job) -> Result<u64, String> + Send + 'static> Analyst for Scripted<F> {
        type Kept = u64;
        fn analyse(
            &self,
            known: Option<u64>,
            job: Job,
        ) -> Result<(u64, Option<Arc<View>>), String> {
            Ok(((self.0)(known, job)?, None))
        }
        fn attempt(&self, known: &mut u64, _: &Fixes) -> Result<BTreeMap<String, String>, String> {
            *known += 10;
            Err(known.to_string())
        }
    }

    #[test]
    fn a_panic_costs_the_job_it_happened_in_and_what_was_kept() {
        let (send, events) = mpsc::channel();
        let worker = Worker::with(
            send,
            Scripted(|known: Option<u64>, job: Job| {
                assert!(job.version != 2, "on purpose");
                match known.unwrap_or(0) + 1 {
                    3 => Err("kept for too long".to_string()),
                    count => Ok(count),
                }
            }),
        );
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
        let worker = Worker::with(
            send,
            Scripted(move |_, job: Job| {
                tell.send((job.version, job.events, job.afresh))
                    .map_err(|error| error.to_string())?;
                gate.recv().map_err(|error| error.to_string())?;
                Ok(0)
            }),
        );
        let worker = worker.expect("threads start");
        worker.submit(job(1));
        assert_eq!(told.recv().expect("it runs").0, 1);
        // A trial waits for all that is to be analysed.
        worker.attempt(Trial {
            id: Value::Null,
            project: 7,
            version: 3,
            fixes: Fixes::Of(String::new()),
        });
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
        match events.recv() {
            Ok(Event::Tried(tried)) => assert_eq!(tried.texts, Err("10".to_string())),
            _ => panic!("no trial"),
        }
    }
}
