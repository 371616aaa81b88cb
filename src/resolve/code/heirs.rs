//! Methods that send what a class says that extends theirs: a template method of a base asks its instance for the
//! prompt, and each class below it has its own. Such a method is evaluated once more for each of these classes.

use crate::frontend::code::ir::{FunctionId, FunctionKind};
use crate::words::in_front_of;

use super::declared::is_abstract;
use super::eval::Eval;
use super::families::Member;
use super::implemented::port_of_class;
use super::modules::Code;
use super::run::Entry;
use super::value::ClassRef;

/// Classes that a method is evaluated for beside its own. Of more, those few whose prompts are kept would be any.
const MAX_HEIRS: usize = 8;

/// A class that inherits a method which sends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Heir {
    pub class: Member,
    /// The base does not say by itself what the class says: it sends nothing of its own.
    pub instead: bool,
}

impl Entry {
    /// Whether this is what another one comes to: that of a base which is never an instance.
    pub fn stands_for(&self, other: &Entry) -> bool {
        let heir = self.heir.as_ref();
        heir.is_some_and(|heir| heir.instead)
            && other.heir.is_none()
            && (&self.path, self.function) == (&other.path, other.function)
    }
}

impl Eval<'_, '_> {
    /// The same method of instances of the classes that inherit it and say otherwise what it asks of its instance.
    pub fn inheriting(&mut self, entry: &Entry) -> Vec<Entry> {
        let Some((base, id)) = self.method_entry(entry) else {
            return Vec::new();
        };
        self.push_frame(&base.code, None, None, None, None);
        let name = base.code.module.functions[id].name.clone();
        let mut out = Vec::new();
        for class in self.descendants(&port_of_class(base.clone())) {
            let method = self.method_of(&class, &name);
            let inherits =
                method.is_some_and(|(code, own)| (code.path(), own) == (base.code.path(), id));
            let told = overridden(&class, &base);
            if !inherits || told.is_empty() || sends_otherwise(&class, &told) {
                continue;
            }
            out.push(Entry {
                heir: Some(Heir {
                    class: (class.code.path().clone(), class.id),
                    instead: told.iter().any(|name| !self.says(&base, name)),
                }),
                ..entry.clone()
            });
        }
        if out.len() > MAX_HEIRS {
            out.clear();
        }
        out
    }

    /// The class of a method that an entry starts with.
    fn method_entry(&self, entry: &Entry) -> Option<(ClassRef, FunctionId)> {
        let code = self.program.load(&entry.path)?;
        let id = entry.function?;
        let function = &code.module.functions[id];
        let class = ClassRef {
            id: function.class?,
            code: code.clone(),
            scope: None,
        };
        (function.kind == FunctionKind::Method).then_some((class, id))
    }

    /// Whether a class has a value or a method under a name, itself or from above.
    fn says(&mut self, class: &ClassRef, name: &str) -> bool {
        self.lineage(class).iter().any(|class| {
            let code = &class.code;
            let functions = &code.module.functions;
            let mut fields = class.class().fields.iter();
            let mut methods = class.class().methods.iter().map(|id| &functions[*id]);
            fields.any(|field| field.name == name && field.value.is_some())
                || methods.any(|method| method.name == name && !is_abstract(&method.body))
                || code
                    .interest
                    .sets
                    .iter()
                    .any(|(id, set)| set == name && functions[*id].class == Some(class.id))
        })
    }
}

/// Names that a class says something under which the file of its base asks an instance for.
fn overridden(class: &ClassRef, base: &ClassRef) -> Vec<String> {
    let functions = &class.code.module.functions;
    let fields = class.class().fields.iter();
    let fields = fields.filter(|field| field.value.is_some());
    let methods = class.class().methods.iter().map(|id| &functions[*id]);
    let methods = methods.filter(|method| {
        let called = !matches!(
            method.kind,
            FunctionKind::Constructor | FunctionKind::Setter
        );
        called && !is_abstract(&method.body)
    });
    let names = fields.map(|field| &field.name);
    let names = names.chain(methods.map(|method| &method.name));
    names
        .filter(|name| asks_instance(&base.code, name))
        .cloned()
        .collect()
}

/// Whether what a class has of its own under some names is the way to its provider, and not what it is asked to send.
fn sends_otherwise(class: &ClassRef, told: &[String]) -> bool {
    let functions = &class.code.module.functions;
    let mut methods = class.class().methods.iter();
    methods.any(|id| {
        let method = &functions[*id];
        told.contains(&method.name) && (method.is_generator || class.code.sends(*id))
    })
}

/// Whether a file asks `self` or `this` for a name.
fn asks_instance(code: &Code, name: &str) -> bool {
    in_front_of(&code.file.text, name)
        .any(|before| before.ends_with("self.") || before.ends_with("this."))
}
