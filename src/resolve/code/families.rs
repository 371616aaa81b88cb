//! Which classes of the inputs extend or implement what, by name alone: where a value is declared as an interface, the
//! classes that may stand for it are looked for here. Resolves no import and evaluates nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::discover::{context_of, Context};
use crate::frontend::code::ir::{ClassId, FunctionKind, Language};

use super::extended::base_name;
use super::modules::Code;

/// A class by the path of its file and its place there.
pub type Member = (Arc<str>, ClassId);

/// Classes by what they name, in the order of their paths. Tests have none: what they put in its place sends nothing.
#[derive(Default, PartialEq, Eq, Debug)]
pub struct Families {
    /// By the last name of what they extend or implement.
    below: BTreeMap<String, Vec<Member>>,
    /// Classes of Python by the names of methods that have to do with requests: a protocol is met without being named.
    having: BTreeMap<String, Vec<Member>>,
}

impl Families {
    pub fn of(inputs: &[Arc<Code>]) -> Families {
        let mut out = Families::default();
        let product = inputs
            .iter()
            .filter(|code| context_of(code.path()) != Context::Test);
        for code in product {
            for (id, class) in code.module.classes.iter().enumerate() {
                let member = || (code.path().clone(), id);
                let bases = class.bases.iter().filter_map(base_name);
                for name in bases.chain(class.implements.iter().cloned()) {
                    let last = name.rsplit('.').next().unwrap_or(&name).to_string();
                    out.below.entry(last).or_default().push(member());
                }
                if code.language() != Language::Python {
                    continue;
                }
                for method in &class.methods {
                    let function = &code.module.functions[*method];
                    if function.kind == FunctionKind::Method && code.holds(*method) {
                        let name = function.name.clone();
                        out.having.entry(name).or_default().push(member());
                    }
                }
            }
        }
        let lists = out.below.values_mut().chain(out.having.values_mut());
        for list in lists {
            list.sort();
            list.dedup();
        }
        out
    }

    /// Classes that name a class or an interface as what they extend or implement.
    pub fn below(&self, name: &str) -> &[Member] {
        self.below.get(name).map_or(&[], Vec::as_slice)
    }

    /// Classes that have such a method.
    pub fn having(&self, method: &str) -> &[Member] {
        self.having.get(method).map_or(&[], Vec::as_slice)
    }

    /// Names that other classes stand under than in an earlier run.
    pub fn changed(&self, then: &Families) -> BTreeSet<String> {
        let differing = |now: &BTreeMap<String, Vec<Member>>,
                         then: &BTreeMap<String, Vec<Member>>| {
            let names: BTreeSet<String> = now.keys().chain(then.keys()).cloned().collect();
            let differ = names.into_iter();
            let differ: Vec<String> = differ
                .filter(|name| now.get(name) != then.get(name))
                .collect();
            differ
        };
        let mut out: BTreeSet<String> = BTreeSet::new();
        out.extend(differing(&self.below, &then.below));
        out.extend(differing(&self.having, &then.having));
        out
    }
}
