//! Functions that are given to a call: those that outlive it, and those that it runs itself.
//! Knows nothing of what a call is, only what it is given.

use std::rc::Rc;
use std::sync::Arc;

use crate::frontend::code::ir::Expr;
use crate::source::Place;

use super::eval::Eval;
use super::tables;
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

    /// What a call gives back that runs the function it is given and gives back what that gives: one that tries again,
    /// one that runs it in a thread, one that is waited for and whose function is told nothing.
    pub fn given_back(&mut self, path: &str, args: &[Argument], expr: &Expr) -> Option<Value> {
        let at = tables::runs_given(path);
        let (at, callable) = match at {
            Some(at) => (at, args.get(at).filter(|arg| arg.name.is_none())?),
            None => {
                let mut functions = args.iter().enumerate();
                let function =
                    |(_, arg): &(usize, &Argument)| matches!(arg.value, Value::Function(_));
                let only = functions.find(function)?;
                (functions.find(function).is_none()).then_some(only)?
            }
        };
        let Value::Function(callable) = &callable.value else {
            return None;
        };
        let callable = callable.clone();
        let told = !callable.function().params.is_empty();
        let waited = self.awaited == Some(expr.span) && !told;
        let again = waited || tables::tries_again(path);
        let concerned = || self.program.is_warm(&callable.code, callable.id);
        if self.runs(&callable) || !(tables::runs_given(path).is_some() || again && concerned()) {
            return None;
        }
        let rest = args.get(at + 1..).unwrap_or_default();
        let rest = match self.is_python() {
            true => rest.to_vec(),
            false => Vec::new(),
        };
        if !told || !rest.is_empty() || tables::runs_given(path).is_some() {
            return Some(self.apply(&Value::Function(callable), rest, expr, (false, None)));
        }
        if !self.enter() {
            return None;
        }
        let near = callable.code.sends(callable.id);
        let value = self.run_open(&callable, near);
        self.leave();
        Some(value)
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
        self.age_scopes(callable);
        self.run_aside(callable);
        self.life = life;
        self.loops.pop();
    }

    fn runs(&self, callable: &Callable) -> bool {
        self.frames.iter().any(|frame| {
            frame.function == Some(callable.id) && Arc::ptr_eq(&frame.code, &callable.code)
        })
    }

    fn run_aside(&mut self, callable: &Callable) {
        if self.runs(callable) || self.has_run(callable) || !self.enter() {
            return;
        }
        let near = callable.code.sends(callable.id);
        self.aside(|eval| eval.run_open(callable, near));
        self.leave();
    }
}
