//! The loop: what the client sends and what the analysis brings, one after the other, on one thread. Which method does
//! what is in `requests.rs` and `notifications.rs`.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{json, Value};

use super::client::Client;
use super::message::{self, Answer, Message, Refusal};
use super::parent::Parent;
use super::publish::All as Published;
use super::state::State;
use super::transport::{self, Frame};
use super::waiting::Waiting;
use super::worker::{Outcome, ProjectId, Tried, Worker};
use crate::guard::said;

/// What the loop hears of.
pub enum Event {
    Frame(Frame),
    /// The client's end of a pipe is closed.
    Closed,
    Analysed(Box<Outcome>),
    Tried(Box<Tried>),
}

/// Where a session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    New,
    Running,
    Shutdown,
}

/// What an answer of the client is for.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    Nothing,
    /// The client was asked for its settings, and for those of these roots.
    Settings(Vec<ProjectId>),
    Progress,
}

pub struct Server {
    pub(super) state: State,
    pub(super) phase: Phase,
    pub(super) waiting: Vec<Waiting>,
    /// Code actions whose fixes are being tried, by request.
    pub(super) resolving: Vec<(Value, Value)>,
    pub(super) published: Published,
    /// Warnings that were shown: each is said once.
    pub(super) warned: Vec<String>,
    /// Whether the client wants to know what the server does.
    pub(super) traced: bool,
    /// Whether the progress of the first scan is on show.
    pub(super) progress: bool,
    pub(super) worker: Option<Worker>,
    parent: Parent,
    out: Sender<Value>,
    events: Sender<Event>,
    expected: BTreeMap<u64, Expected>,
    next_request: u64,
    /// The exit code, once the client asked to exit.
    code: Option<u8>,
}

/// How often the parent is looked for.
const PARENT_EVERY: Duration = Duration::from_secs(3);
/// How long a client has to read what was said last.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Events that are taken together before anything is analysed.
const BATCH: usize = 64;

/// Serves standard input and output until the client goes; the exit code.
pub fn serve() -> u8 {
    let (events, received) = mpsc::channel();
    read_frames(events.clone());
    let (out, writer) = write_messages(events.clone());
    let mut server = Server::new(out, events);
    let code = server.run(&received);
    drop(server);
    // What was answered last is to be read, by who still reads.
    let until = Instant::now() + LAST_WORDS;
    while !writer.is_finished() && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
    code
}

fn read_frames(events: Sender<Event>) {
    thread::spawn(move || {
        let mut input = BufReader::new(std::io::stdin());
        while let Ok(Some(frame)) = transport::read(&mut input) {
            if events.send(Event::Frame(frame)).is_err() {
                return;
            }
        }
        let _ = events.send(Event::Closed);
    });
}

fn write_messages(events: Sender<Event>) -> (Sender<Value>, JoinHandle<()>) {
    let (out, messages) = mpsc::channel::<Value>();
    let writer = thread::spawn(move || {
        let mut output = std::io::stdout().lock();
        for message in messages {
            if transport::write(&mut output, &message).is_err() {
                let _ = events.send(Event::Closed);
                return;
            }
        }
    });
    (out, writer)
}

impl Server {
    fn new(out: Sender<Value>, events: Sender<Event>) -> Server {
        Server {
            state: State::default(),
            phase: Phase::New,
            waiting: Vec::new(),
            resolving: Vec::new(),
            published: Published::new(),
            warned: Vec::new(),
            traced: false,
            progress: false,
            worker: None,
            parent: Parent::default(),
            out,
            events,
            expected: BTreeMap::new(),
            next_request: 0,
            code: None,
        }
    }

    fn run(&mut self, received: &Receiver<Event>) -> u8 {
        loop {
            match received.recv_timeout(PARENT_EVERY) {
                Ok(event) => {
                    if let Some(code) = self.batch(event, received) {
                        return code;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.end(),
            }
            if self.parent.is_gone() {
                return self.end();
            }
        }
    }

    /// The exit code of who was not told to exit.
    fn end(&self) -> u8 {
        u8::from(self.phase != Phase::Shutdown)
    }

    /// Takes what is there, then has it analysed: of many changes only the last state is looked at.
    fn batch(&mut self, first: Event, received: &Receiver<Event>) -> Option<u8> {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(event) = next else { break };
            match event {
                Event::Frame(frame) => self.frame(frame),
                Event::Analysed(outcome) => self.analysed(*outcome),
                Event::Tried(tried) => self.tried(*tried),
                Event::Closed => return Some(self.end()),
            }
            if self.code.is_some() {
                return self.code;
            }
            next = received.try_recv().ok();
            if next.is_none() {
                break;
            }
        }
        self.submit();
        None
    }

    /// Hands what changed to the analysis.
    fn submit(&mut self) {
        if self.phase != Phase::Running || !self.state.settings.enable {
            return;
        }
        let dirty: Vec<_> = self
            .state
            .roots
            .iter()
            .filter(|r| r.dirty)
            .map(|r| r.id)
            .collect();
        for id in dirty {
            if let (Some(job), Some(worker)) = (self.state.job(id), &self.worker) {
                worker.submit(job);
            }
        }
    }

    fn frame(&mut self, frame: Frame) {
        let value = match frame {
            Frame::Body(value) => value,
            Frame::Malformed(why) => {
                let refusal = Refusal::new(message::PARSE_ERROR, why);
                return self.send(message::response(Value::Null, Err(refusal)));
            }
        };
        match Message::parse(value) {
            Ok(Message::Request { id, method, params }) => self.request(id, &method, params),
            Ok(Message::Notification { method, params }) => self.notification(&method, &params),
            Ok(Message::Response { id, result }) => self.response(&id, result),
            Err((id, refusal)) => self.send(message::response(id, Err(refusal))),
        }
    }

    fn request(&mut self, id: Value, method: &str, params: Value) {
        let early = match (self.phase, method) {
            (Phase::New, "initialize") => None,
            (Phase::New, _) => Some((message::NOT_INITIALIZED, "the server is not initialized")),
            (Phase::Running, "initialize") => Some((
                message::INVALID_REQUEST,
                "the server is initialized already",
            )),
            (Phase::Shutdown, _) => Some((message::INVALID_REQUEST, "the server is shut down")),
            (Phase::Running, _) => None,
        };
        if let Some((code, why)) = early {
            return self.answer(id, Err(Refusal::new(code, why)));
        }
        let own = id.clone();
        let done = catch_unwind(AssertUnwindSafe(|| {
            self.handle_request(own, method, params)
        }));
        if let Err(panic) = done {
            let why = format!("internal error: {}", said(&*panic));
            self.answer(id, Err(Refusal::new(message::INTERNAL_ERROR, why)));
        }
    }

    fn notification(&mut self, method: &str, params: &Value) {
        match (self.phase, method) {
            (_, "exit") => self.code = Some(self.end()),
            (Phase::Running, _) => {
                let done = catch_unwind(AssertUnwindSafe(|| {
                    self.handle_notification(method, params)
                }));
                match done {
                    Ok(Ok(())) => {}
                    Ok(Err(refusal)) => self.log(&format!("{method}: {}", refusal.message)),
                    Err(panic) => self.log(&format!("internal error: {}", said(&*panic))),
                }
            }
            // Before it is initialized and after it is shut down a server hears nothing.
            _ => {}
        }
    }

    fn response(&mut self, id: &Value, result: Option<Value>) {
        let expected = id.as_u64().and_then(|id| self.expected.remove(&id));
        match expected {
            Some(Expected::Settings(roots)) => {
                let told = result.and_then(|list| list.as_array().cloned());
                let mut told = told.unwrap_or_default().into_iter();
                // `null`: the editor has none, and what came before holds.
                if let Some(settings) = told.next().filter(|settings| !settings.is_null()) {
                    self.take_settings(&settings);
                }
                for (root, settings) in roots.into_iter().zip(told) {
                    self.take_settings_of(root, &settings);
                }
            }
            Some(Expected::Progress) if result.is_some() => self.begin_progress(),
            _ => {}
        }
    }

    /// Starts the analysis for a client.
    pub(super) fn start(&mut self, client: Client, process: Option<u32>) -> Result<(), Refusal> {
        let client = Arc::new(client);
        self.state.client = client.clone();
        self.parent = Parent::new(process);
        let worker = Worker::start(self.events.clone(), client)
            .map_err(|why| Refusal::new(message::INTERNAL_ERROR, why))?;
        self.worker = Some(worker);
        self.phase = Phase::Running;
        Ok(())
    }

    pub(super) fn send(&self, message: Value) {
        // The writer is gone with the client: the loop hears of it.
        let _ = self.out.send(message);
    }

    pub(super) fn answer(&self, id: Value, answer: Answer) {
        self.send(message::response(id, answer));
    }

    pub(super) fn notify(&self, method: &str, params: Value) {
        self.send(message::notification(method, params));
    }

    pub(super) fn ask(&mut self, method: &str, params: Value, expected: Expected) {
        let id = self.next_request;
        self.next_request += 1;
        self.expected.insert(id, expected);
        self.send(message::request(id, method, params));
    }

    /// For whoever looks for the cause of something odd.
    pub(super) fn log(&self, text: &str) {
        self.notify("window/logMessage", json!({ "type": 2, "message": text }));
    }

    /// Tells the user, once.
    pub(super) fn warn(&mut self, text: &str) {
        if !self.warned.iter().any(|known| known == text) {
            self.warned.push(text.to_string());
            let message = format!("prefixlint: {text}");
            self.notify(
                "window/showMessage",
                json!({ "type": 2, "message": message }),
            );
        }
    }
}
