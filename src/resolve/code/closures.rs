//! Functions that are given to a call: those that outlive it, and those that it runs itself.
//! Knows nothing of what a call is, only what it is given.

use std::rc::Rc;
use std::sync::Arc;

use crate::source::Place;

use super::eval::Eval;
use super::value::{Argument, Callable, Value};

impl Eval<'_, '_> {
    /// Functions among the arguments of a call that is not known: what they send is sent by whoever calls them.
    pub fn escape(&mut self, args: &[Argument]) {
        for callable in self.given(args) {
            self.run_closure(&callable);
        }
        self.passed_on(args);
    }

    /// As [`Eval::escape`], where the call runs them itself.
    pub fn runs_within(&mut self, args: &[Argument]) {
        for callable in self.given(args) {
            self.run_aside(&callable);
        }
        self.passed_on(args);
    }

    /// Functions that an entry hands out: they run for whoever called it.
    pub fn hand_out(&mut self, value: Value, place: Place) {
        for callable in self.given(&[Argument::positional(value, place)]) {
            self.run_closure(&callable);
        }
    }

    /// Functions that have to do with requests, or call one that does, among arguments and in objects that are arguments.
    fn given(&self, args: &[Argument]) -> Vec<Rc<Callable>> {
        let mut out = Vec::new();
        for arg in args {
            match &arg.value {
                Value::Function(callable) => out.push(callable.clone()),
                Value::Cell(id) => {
                    let object = self.heap.object(*id);
                    let entries = object.into_iter().flat_map(|object| &object.entries);
                    out.extend(entries.filter_map(|(_, value)| match value {
                        Value::Function(callable) => Some(callable.clone()),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        out.retain(|callable| self.program.is_warm(&callable.code, callable.id));
        out
    }

    /// Runs a closure that is called later, many times: what was computed around it lives longer than a call of it.
    pub fn run_closure(&mut self, callable: &Callable) {
        let id = self.next_loop;
        self.next_loop += 1;
        self.loops.push(id);
        // A constructor that hands it out is over by then.
        let life = self.life.take();
        self.run_aside(callable);
        self.life = life;
        self.loops.pop();
    }

    fn run_aside(&mut self, callable: &Callable) {
        let running = self.frames.iter().any(|frame| {
            frame.function == Some(callable.id) && Arc::ptr_eq(&frame.code, &callable.code)
        });
        if running || self.has_run(callable) || !self.enter() {
            return;
        }
        let near = callable.code.sends(callable.id);
        self.aside(|eval| eval.run_open(callable, near));
        self.leave();
    }
}
