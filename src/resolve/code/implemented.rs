//! Calls of what is only declared where it is named: an interface, a protocol, an abstract class. Where few classes of
//! the workspace stand for it, what they send is what the call sends.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::frontend::code::ir::{Expr, Function, FunctionId, FunctionKind};
use crate::reads::Read;
use crate::sdk;
use crate::words::in_front_of;

use super::declared::is_abstract;
use super::eval::Eval;
use super::extended::base_name;
use super::families::Member;
use super::invoke::param_name;
use super::modules::{Binding, Code, Found};
use super::value::{Argument, ClassRef, Unknown, Value};

/// Classes that may stand for one that is declared; of more, none is more likely than any other.
const MAX_STAND_INS: usize = 4;
/// Each takes one part in so many of the steps that are left: what its caller does otherwise counts as well.
const STAND_IN_PART: usize = 8;
/// Classes that are looked at to find these.
const MAX_CANDIDATES: usize = 48;
/// Modules that hand a name on to each other.
const MAX_HOPS: usize = 6;

/// Where a type is defined: the path of the file, and its name there.
type Home = (Arc<str>, String);

/// A type that methods are declared of.
pub struct Port {
    home: Home,
    /// Where it is a class and not an interface.
    class: Option<ClassRef>,
}

impl Eval<'_, '_> {
    /// Sends what a call of a method sends whose receiver is declared as something that only says that there is such a
    /// method: as the classes do that stand for it. What it gives is known only of a text, and of one class.
    pub fn implemented(
        &mut self,
        receiver: &Value,
        (name, function): (&str, Option<&Value>),
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        // What is handed nothing sends what its own method shows; in a dry pass nothing is noted.
        let told =
            |arg: &Argument| !matches!(arg.value, Value::Function(_)) && !arg.value.is_nothing();
        let sends = self.quiet == 0 && args.iter().any(told);
        if !sends && !sdk::builds_prompt(name) {
            return None;
        }
        let port = self.port_of(receiver, name, function)?;
        let asked = (port.home.clone(), name.to_string());
        // One that stands for it and hands on to another adds no request.
        if self.stood_in.contains(&asked) {
            return None;
        }
        let classes = self.stand_ins(&port, name);
        if classes.is_empty() || classes.len() > MAX_STAND_INS {
            return None;
        }
        self.stood_in.push(asked);
        let only = classes.len() == 1;
        let mut text = None;
        for class in classes {
            // Each begins with what the caller has; what it leaves there is not seen behind an interface. A loop of its
            // own over the turns is not the one that adds them.
            let carried = self.carried.clone();
            let mark = self.heap.mark();
            let left = self.left_open();
            let whole = self.work.begin_part(STAND_IN_PART);
            let value = self.stand_in(&class, name, args, expr);
            self.work.end_part(whole);
            self.rebase_left(left, mark);
            self.heap.undo(mark);
            self.carried = carried;
            text = value.filter(|value| only && is_text(value));
        }
        self.stood_in.pop();
        text
    }

    fn stand_in(
        &mut self,
        class: &ClassRef,
        name: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        let instance = self.known_instance(class);
        let Value::Function(method) = self.member(&instance, name, expr.span) else {
            return None;
        };
        let place = self.place(expr.span);
        Some(self.invoke(&method, args.to_vec(), &place))
    }

    /// An instance of a class whose making is not in sight, the same every time.
    fn known_instance(&mut self, class: &ClassRef) -> Value {
        let key = (class.code.path().clone(), class.id);
        if let Some(known) = self.unseen.get(&key) {
            return known.clone();
        }
        let made = self.open_instance(class);
        self.unseen.insert(key, made.clone());
        made
    }

    /// The type whose method is only declared. `None`: it is known what is called.
    fn port_of(&mut self, receiver: &Value, name: &str, function: Option<&Value>) -> Option<Port> {
        match receiver {
            Value::Unknown(unknown) => self.declared_port(unknown, function),
            // Behind `given or default()` the one that is made is known.
            Value::Choice(choice) => {
                let mut arms = choice.arms.iter().filter(|arm| !arm.is_nothing());
                let first = arms.next()?.unknown()?.clone();
                arms.next()
                    .is_none()
                    .then(|| self.declared_port(&first, None))?
            }
            Value::Cell(id) => {
                let class = self.heap.object(*id)?.class.clone()?;
                let Some(Value::Function(method)) = function else {
                    return None;
                };
                let declared =
                    method.function().name == name && is_abstract(&method.function().body);
                declared.then(|| port_of_class(class))
            }
            _ => None,
        }
    }

    fn declared_port(&mut self, unknown: &Unknown, function: Option<&Value>) -> Option<Port> {
        let declared = unknown.declared.clone()?;
        if function.is_some() {
            return None;
        }
        if let Some(class) = self.declared_class(unknown) {
            return Some(port_of_class(class));
        }
        let home = self.home(declared.code(), declared.name(), 0)?;
        Some(Port { home, class: None })
    }

    /// The classes whose method of this name has to do with requests, each method once.
    fn stand_ins(&mut self, port: &Port, name: &str) -> Vec<ClassRef> {
        let mut seen: BTreeSet<(Arc<str>, FunctionId)> = BTreeSet::new();
        let mut out = Vec::new();
        for class in self.family(port, name) {
            let Some((code, id)) = self.method_of(&class, name) else {
                continue;
            };
            let sends = self.program.is_warm(&code, id);
            if sends && seen.insert((code.path().clone(), id)) {
                out.push(class);
            }
        }
        out
    }

    /// The function that a class, or the next that it extends, has under a name.
    pub fn method_of(&mut self, class: &ClassRef, name: &str) -> Option<(Arc<Code>, FunctionId)> {
        self.lineage(class).into_iter().find_map(|class| {
            let functions = class.code.module.functions.iter().enumerate();
            let mut own = functions.filter(|(_, of)| of.class == Some(class.id) && of.name == name);
            let (id, _) = own.rfind(|(_, of)| {
                let callable = matches!(of.kind, FunctionKind::Method | FunctionKind::Lambda);
                callable && !is_abstract(&of.body)
            })?;
            Some((class.code.clone(), id))
        })
    }

    /// The classes that stand for a type, those that meet a protocol without naming it included.
    fn family(&mut self, port: &Port, method: &str) -> Vec<ClassRef> {
        let named = self.descendants(port);
        match named.is_empty() {
            true => self.alike(port, method),
            false => named,
        }
    }

    /// The classes that extend or implement a type, those that do so by way of others included.
    pub fn descendants(&mut self, port: &Port) -> Vec<ClassRef> {
        let mut names = vec![port.home.1.clone()];
        let mut out: Vec<ClassRef> = Vec::new();
        let mut at = 0;
        while at < names.len() && out.len() < MAX_CANDIDATES {
            for member in self.members_below(&names[at]) {
                let Some(class) = self.class_at(&member) else {
                    continue;
                };
                if out.iter().any(|known| known.same(&class)) || !self.stands_for(&class, port) {
                    continue;
                }
                let name = class.class().name.clone();
                if !names.contains(&name) {
                    names.push(name);
                }
                out.push(class);
            }
            at += 1;
        }
        out
    }

    fn members_below(&mut self, name: &str) -> Vec<Member> {
        self.asked_families.insert(name.to_string());
        let families = self.program.families();
        families.map_or_else(Vec::new, |families| families.below(name).to_vec())
    }

    pub fn class_at(&mut self, (path, id): &Member) -> Option<ClassRef> {
        let code = self.program.load(path)?;
        self.trail.reads.insert(Read::found(path));
        Some(ClassRef {
            code,
            id: *id,
            scope: None,
        })
    }

    fn stands_for(&mut self, class: &ClassRef, port: &Port) -> bool {
        for above in self.lineage(class) {
            if port.class.as_ref().is_some_and(|port| port.same(&above)) {
                return !class.same(&above);
            }
            for name in &above.class().implements {
                if self.home(&above.code, name, 0).as_ref() == Some(&port.home) {
                    return true;
                }
            }
        }
        false
    }

    /// The classes that meet a protocol of Python without naming it: they have its methods, with its parameters.
    fn alike(&mut self, port: &Port, method: &str) -> Vec<ClassRef> {
        let Some(protocol) = port.class.as_ref().filter(|class| is_protocol(class)) else {
            return Vec::new();
        };
        self.asked_families.insert(method.to_string());
        let families = self.program.families();
        let having = families.map_or_else(Vec::new, |families| families.having(method).to_vec());
        let having = having.iter().take(MAX_CANDIDATES);
        let classes: Vec<ClassRef> = having.filter_map(|member| self.class_at(member)).collect();
        let functions = &protocol.code.module.functions;
        let wanted = protocol.class().methods.iter().map(|id| &functions[*id]);
        let wanted: Vec<_> = wanted
            .filter(|function| function.kind == FunctionKind::Method)
            .collect();
        let meets = |eval: &mut Self, class: &ClassRef| {
            wanted.iter().all(|wanted| {
                let own = eval.method_of(class, &wanted.name);
                own.is_some_and(|(code, id)| takes(&code.module.functions[id], wanted))
            })
        };
        let classes = classes.into_iter();
        classes.filter(|class| meets(self, class)).collect()
    }

    /// Where a name of a file is defined, behind imports and modules that hand it on. `None`: not in this workspace.
    fn home(&mut self, code: &Arc<Code>, name: &str, hops: usize) -> Option<Home> {
        if hops > MAX_HOPS {
            return None;
        }
        let local = code.exports.get(name).map_or(name, String::as_str);
        match code.names.get(local) {
            Some(Binding::Import { module, name }) => {
                let found = self.program.find(code, module, &mut self.trail.reads);
                let (Found::Code(other), Some(name)) = (found, name) else {
                    return None;
                };
                self.home(&other, name, hops + 1)
            }
            Some(_) => Some((code.path().clone(), local.to_string())),
            None if defines_type(code, local) => Some((code.path().clone(), local.to_string())),
            None => code.stars.iter().find_map(|module| {
                let found = self.program.find(code, module, &mut self.trail.reads);
                let Found::Code(other) = found else {
                    return None;
                };
                self.home(&other, local, hops + 1)
            }),
        }
    }
}

fn is_text(value: &Value) -> bool {
    match value {
        Value::Text(_) => true,
        Value::Choice(choice) => choice.arms.iter().all(is_text),
        _ => false,
    }
}

pub fn port_of_class(class: ClassRef) -> Port {
    Port {
        home: (class.code.path().clone(), class.class().name.clone()),
        class: Some(class),
    }
}

fn is_protocol(class: &ClassRef) -> bool {
    let names = class.class().bases.iter().filter_map(base_name);
    let mut last = names.map(|name| name.rsplit('.').next().map(str::to_string));
    last.any(|name| name.as_deref() == Some("Protocol"))
}

/// Whether a method takes all that another one names.
fn takes(own: &Function, wanted: &Function) -> bool {
    let mut names = wanted.params.iter().filter_map(param_name);
    names.all(|name| {
        own.params
            .iter()
            .filter_map(param_name)
            .any(|own| own == name)
    })
}

/// Whether a file says what a type is that leaves nothing behind: `interface Port`, `type Port`.
fn defines_type(code: &Code, name: &str) -> bool {
    in_front_of(&code.file.text, name).any(|before| {
        let before = before.trim_end();
        before.ends_with("interface") || before.ends_with("type")
    })
}
