//! The classifier of a host language with its answers kept: programs ask the same few thousand questions over and over.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::volatility::classify::{Classifier, Effect, Order, Verdict};

/// Answers for files of one language under the same overrides.
#[derive(Debug)]
pub struct Knowledge {
    classifier: Classifier,
    calls: Kept<Option<Verdict>>,
    attributes: Kept<Option<Verdict>>,
    names: Kept<Verdict>,
    calls_by_name: Kept<Verdict>,
    /// Of the function that sends, and of others.
    parameters: [Kept<Verdict>; 2],
    orders: Kept<Option<Order>>,
    pure: Kept<bool>,
    lasting: Kept<bool>,
}

/// Answers to questions of one kind.
#[derive(Debug)]
struct Kept<T>(RwLock<HashMap<Box<str>, T>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept(RwLock::default())
    }
}

impl<T: Clone> Kept<T> {
    fn get(&self, question: &str, answer: impl FnOnce() -> T) -> T {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(question) {
            return known.clone();
        }
        drop(known);
        let answer = answer();
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.insert(question.into(), answer.clone());
        answer
    }
}

impl Knowledge {
    pub fn new(classifier: Classifier) -> Knowledge {
        Knowledge {
            classifier,
            calls: Kept::default(),
            attributes: Kept::default(),
            names: Kept::default(),
            calls_by_name: Kept::default(),
            parameters: <[Kept<Verdict>; 2]>::default(),
            orders: Kept::default(),
            pure: Kept::default(),
            lasting: Kept::default(),
        }
    }

    pub fn is_of(&self, classifier: &Classifier) -> bool {
        self.classifier == *classifier
    }

    /// As [`Classifier::call`].
    pub fn call(&self, callee: &str, args: &[Option<&str>]) -> Option<Verdict> {
        // Long literals are no date formats: they would only fill the memory.
        if args.iter().flatten().any(|arg| arg.len() > 64) {
            return self.classifier.call(callee, args);
        }
        let ask = || self.classifier.call(callee, args);
        if args.is_empty() {
            return self.calls.get(callee, ask);
        }
        let mut question = String::with_capacity(callee.len() + 16);
        question.push_str(callee);
        for arg in args {
            question.push('\u{1}');
            question.push_str(arg.unwrap_or("\u{2}"));
        }
        self.calls.get(&question, ask)
    }

    /// As [`Classifier::attribute`].
    pub fn attribute(&self, path: &str) -> Option<Verdict> {
        let ask = || self.classifier.attribute(path);
        self.attributes.get(path, ask)
    }

    /// As [`Classifier::name`].
    pub fn name(&self, dotted: &str) -> Verdict {
        self.names.get(dotted, || self.classifier.name(dotted))
    }

    /// As [`Classifier::call_by_name`].
    pub fn call_by_name(&self, name: &str) -> Verdict {
        let ask = || self.classifier.call_by_name(name);
        self.calls_by_name.get(name, ask)
    }

    /// As [`Classifier::parameter`].
    pub fn parameter(&self, name: &str, annotation: Option<&str>, near: bool) -> Verdict {
        let known = &self.parameters[usize::from(!near)];
        let ask = || self.classifier.parameter(name, annotation, near);
        match annotation {
            None => known.get(name, ask),
            Some(annotation) => known.get(&format!("{name}\u{1}{annotation}"), ask),
        }
    }

    /// As [`Classifier::order`].
    pub fn order(&self, callee_or_type: &str) -> Option<Order> {
        let ask = || self.classifier.order(callee_or_type);
        self.orders.get(callee_or_type, ask)
    }

    /// As [`Classifier::is_pure`].
    pub fn is_pure(&self, callee: &str) -> bool {
        self.pure.get(callee, || self.classifier.is_pure(callee))
    }

    /// As [`Classifier::is_lasting_id`].
    pub fn is_lasting_id(&self, name: &str) -> bool {
        let ask = || self.classifier.is_lasting_id(name);
        self.lasting.get(name, ask)
    }

    /// As [`Classifier::filter`].
    pub fn filter(&self, name: &str, args: &[Option<&str>]) -> Effect {
        self.classifier.filter(name, args)
    }
}
