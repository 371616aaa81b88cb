//! The classifier of a host language with its answers kept: programs ask the same few thousand questions over and over.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::volatility::classify::{Classifier, Effect, Order, Verdict};

/// Answers for files of one language under the same overrides.
#[derive(Debug)]
pub struct Knowledge {
    classifier: Classifier,
    kept: RwLock<HashMap<String, Answer>>,
}

#[derive(Clone, Debug)]
enum Answer {
    Verdict(Option<Verdict>),
    Order(Option<Order>),
    Pure(bool),
}

impl Knowledge {
    pub fn new(classifier: Classifier) -> Knowledge {
        Knowledge {
            classifier,
            kept: RwLock::default(),
        }
    }

    pub fn is_of(&self, classifier: &Classifier) -> bool {
        self.classifier == *classifier
    }

    fn kept(&self, question: String, answer: impl FnOnce(&Classifier) -> Answer) -> Answer {
        let known = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&question) {
            return known.clone();
        }
        drop(known);
        let answer = answer(&self.classifier);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.insert(question, answer.clone());
        answer
    }

    fn verdict(
        &self,
        question: String,
        ask: impl FnOnce(&Classifier) -> Option<Verdict>,
    ) -> Option<Verdict> {
        match self.kept(question, |classifier| Answer::Verdict(ask(classifier))) {
            Answer::Verdict(verdict) => verdict,
            Answer::Order(_) | Answer::Pure(_) => None,
        }
    }

    /// As [`Classifier::call`].
    pub fn call(&self, callee: &str, args: &[Option<&str>]) -> Option<Verdict> {
        // Long literals are no date formats: they would only fill the memory.
        if args.iter().flatten().any(|arg| arg.len() > 64) {
            return self.classifier.call(callee, args);
        }
        let mut question = format!("c{callee}");
        for arg in args {
            question.push('\u{1}');
            question.push_str(arg.unwrap_or("\u{2}"));
        }
        self.verdict(question, |classifier| classifier.call(callee, args))
    }

    /// As [`Classifier::attribute`].
    pub fn attribute(&self, path: &str) -> Option<Verdict> {
        self.verdict(format!("a{path}"), |classifier| classifier.attribute(path))
    }

    /// As [`Classifier::name`].
    pub fn name(&self, dotted: &str) -> Verdict {
        let known = self.verdict(format!("n{dotted}"), |classifier| {
            Some(classifier.name(dotted))
        });
        known.unwrap_or_else(|| self.classifier.name(dotted))
    }

    /// As [`Classifier::call_by_name`].
    pub fn call_by_name(&self, name: &str) -> Verdict {
        let known = self.verdict(format!("b{name}"), |classifier| {
            Some(classifier.call_by_name(name))
        });
        known.unwrap_or_else(|| self.classifier.call_by_name(name))
    }

    /// As [`Classifier::parameter`].
    pub fn parameter(&self, name: &str, annotation: Option<&str>, near: bool) -> Verdict {
        let question = format!("p{near}{name}\u{1}{}", annotation.unwrap_or_default());
        let known = self.verdict(question, |classifier| {
            Some(classifier.parameter(name, annotation, near))
        });
        known.unwrap_or_else(|| self.classifier.parameter(name, annotation, near))
    }

    /// As [`Classifier::order`].
    pub fn order(&self, callee_or_type: &str) -> Option<Order> {
        let question = format!("o{callee_or_type}");
        match self.kept(question, |classifier| {
            Answer::Order(classifier.order(callee_or_type))
        }) {
            Answer::Order(order) => order,
            Answer::Verdict(_) | Answer::Pure(_) => None,
        }
    }

    /// As [`Classifier::is_pure`].
    pub fn is_pure(&self, callee: &str) -> bool {
        let question = format!("u{callee}");
        matches!(
            self.kept(question, |classifier| Answer::Pure(
                classifier.is_pure(callee)
            )),
            Answer::Pure(true)
        )
    }

    /// As [`Classifier::is_lasting_id`].
    pub fn is_lasting_id(&self, name: &str) -> bool {
        self.classifier.is_lasting_id(name)
    }

    /// As [`Classifier::filter`].
    pub fn filter(&self, name: &str, args: &[Option<&str>]) -> Effect {
        self.classifier.filter(name, args)
    }
}
