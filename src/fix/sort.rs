//! A fixed order for what comes in another one on every run: one of those that the program could have sent already.
//! Knows how a sort is written, not which order is unstable.

use std::sync::OnceLock;

use regex::Regex;
use tree_sitter::{Node, Tree};

use super::entries::{cut, replace};
use super::moves::words;
use crate::finding::{Edit, Fix};
use crate::frontend::code::{self, ir::Language};
use crate::judge::Judged;
use crate::plan::Step;
use crate::resolve::code::{is_method, takes_sort_keys, writes_objects};
use crate::source::{Place, SourceFile, Sources, Span};

/// Deepest nesting that is searched.
const MAX_NESTING: usize = 64;

/// Puts what a step of the plan orders in a fixed order.
pub fn write(judged: &Judged, step: &Step, sources: &Sources) -> Option<Fix> {
    let mut edits: Vec<Edit> = Vec::new();
    for id in &step.members {
        let place = &judged.layout.segments.get(*id)?.place;
        let own = edits_at(place, sources)?;
        // Two values that are joined by one call are sorted once.
        edits.extend(
            own.into_iter()
                .filter(|edit| !edits.contains(edit))
                .collect::<Vec<_>>(),
        );
    }
    fix(edits)
}

/// Puts what stands at a place in a fixed order.
pub fn at(place: &Place, sources: &Sources) -> Option<Fix> {
    fix(edits_at(place, sources)?)
}

fn fix(edits: Vec<Edit>) -> Option<Fix> {
    (!edits.is_empty()).then(|| Fix {
        title: "Send it in a fixed order".into(),
        safe: true,
        edits,
    })
}

fn edits_at(place: &Place, sources: &Sources) -> Option<Vec<Edit>> {
    let file = sources.get(&place.path)?;
    let Some(language) = code::language_of(&place.path) else {
        return Some(vec![without_shuffle(file, place.span)?]);
    };
    let tree = code::syntax(file, language)?;
    let node = tree
        .root_node()
        .named_descendant_for_byte_range(place.span.start, place.span.end)?;
    let page = Page { file, tree: &tree };
    match language {
        Language::Python => page.python(node),
        Language::JavaScript => page.javascript(node),
    }
}

/// A filter of a template that shuffles: without it the order is that of the list.
fn without_shuffle(file: &SourceFile, span: Span) -> Option<Edit> {
    static SHUFFLE: OnceLock<Option<Regex>> = OnceLock::new();
    let filter = SHUFFLE.get_or_init(|| Regex::new(r"\s*\|\s*shuffle\b(\s*\([^()]*\))?").ok());
    let text = file.text.get(span.start..span.end)?;
    let found = filter.as_ref()?.find(text)?;
    let at = span.start + found.start();
    Some(cut(file, Span::new(at, at + found.len())))
}

/// Calls that go through folders while the loop over them runs.
const WALKS: [&str; 2] = ["walk", "fwalk"];

/// Signs around the name of a member.
const MEMBER: [char; 5] = ['.', '[', ']', '"', '\''];

/// What tells items apart.
enum Named {
    /// A function that gives it.
    By(String),
    /// They are texts, or numbers.
    Itself,
    /// Nothing that is known.
    Nothing,
}

struct Page<'a> {
    file: &'a SourceFile,
    tree: &'a Tree,
}

impl<'a> Page<'a> {
    fn text(&self, node: Node) -> &'a str {
        self.file.text.get(node.byte_range()).unwrap_or_default()
    }

    fn around(&self, node: Node, open: &str, close: &str) -> Vec<Edit> {
        let at = |at: usize, text: &str| replace(self.file, Span::new(at, at), text.into());
        vec![at(node.start_byte(), open), at(node.end_byte(), close)]
    }

    // ---- Python ----

    fn python(&self, node: Node<'a>) -> Option<Vec<Edit>> {
        if let Some(given) = self.joined(node) {
            return self.sorted(given, true);
        }
        let mut found = Vec::new();
        self.listed_sets(node, 0, &mut found);
        if let [one] = found.as_slice() {
            return self.list_of_set(*one);
        }
        if !found.is_empty() {
            return None;
        }
        let mut joins = Vec::new();
        self.joins(node, 0, &mut joins);
        if let [one] = joins.as_slice() {
            return self.sorted(*one, true);
        }
        if let Some(edit) = self.keyed(node) {
            return edit.map(|edit| vec![edit]);
        }
        let direct = match is_iterated(node) || node.kind() == "call" {
            true if self.made_of_sets(node).is_empty() => self.sorted(node, self.holds_texts(node)),
            _ => None,
        };
        direct.or_else(|| match self.made_of_sets(node).as_slice() {
            [one] => self.sorted(*one, self.holds_texts(*one)),
            _ => None,
        })
    }

    /// The sets that what a node names was made from, entry by entry: `TOOLS = {name: tool(name) for name in NAMES}`.
    fn made_of_sets(&self, node: Node<'a>) -> Vec<Node<'a>> {
        let mut names = Vec::new();
        self.names(node, 0, &mut names);
        let mut out: Vec<Node> = Vec::new();
        for name in names {
            let Some(value) = self.assigned(name) else {
                continue;
            };
            if !matches!(
                value.kind(),
                "dictionary_comprehension" | "list_comprehension"
            ) {
                continue;
            }
            let clauses = children(value).into_iter();
            let mut clauses = clauses.filter(|child| child.kind() == "for_in_clause");
            let over = clauses.next().and_then(|c| c.child_by_field_name("right"));
            let over = over.filter(|over| self.is_set(*over) || self.names_set(*over));
            out.extend(over.filter(|over| clauses.next().is_none() && !out.contains(over)));
        }
        out
    }

    fn names_set(&self, node: Node) -> bool {
        let named = node.kind() == "identifier";
        named
            && self
                .assigned(self.text(node))
                .is_some_and(|value| self.is_set(value))
    }

    fn names(&self, node: Node, depth: usize, out: &mut Vec<&'a str>) {
        if depth > MAX_NESTING {
            return;
        }
        if node.kind() == "identifier" {
            out.push(self.text(node));
        }
        for child in children(node) {
            self.names(child, depth + 1, out);
        }
    }

    /// `sort_keys=True` for a call that writes an object; `None` for any other node, nothing inside where it cannot be.
    fn keyed(&self, node: Node) -> Option<Option<Edit>> {
        let function = node.child_by_field_name("function")?;
        if node.kind() != "call" || !takes_sort_keys(self.text(function)) {
            return None;
        }
        Some(node.child_by_field_name("arguments").and_then(|given| {
            let all = children(given);
            // What is spread may hold it already.
            if all.iter().any(|one| one.kind() == "dictionary_splat") {
                return None;
            }
            let named = |one: &&Node| {
                let name = one.child_by_field_name("name");
                name.is_some_and(|name| self.text(name) == "sort_keys")
            };
            if let Some(own) = all.iter().find(named) {
                let value = own.child_by_field_name("value")?;
                let is_off = value.kind() == "false";
                return is_off.then(|| replace(self.file, span(value), "True".into()));
            }
            let last = all.last()?.end_byte();
            let at = Span::new(last, last);
            Some(replace(self.file, at, ", sort_keys=True".into()))
        }))
    }

    /// `sorted(x)`; of items that may have no order of their own by their text, or by the name that they have.
    fn sorted(&self, node: Node, comparable: bool) -> Option<Vec<Edit>> {
        let name = |call: Node| call.child_by_field_name("function").map(|f| self.text(f));
        // A text has no order to be put in.
        if node.kind() == "call" && matches!(name(node), Some("sorted" | "str" | "repr")) {
            return None;
        }
        // A walk asks its loop where to go on, and what it hands out is in no order within.
        let method = name(node).and_then(|name| name.rsplit('.').next());
        if node.kind() == "call" && method.is_some_and(|method| WALKS.contains(&method)) {
            return None;
        }
        // Entries of a folder know no order.
        let key = match (comparable, self.text(node).contains("scandir")) {
            (_, true) => ", key=lambda entry: entry.name".to_string(),
            (true, false) => String::new(),
            (false, false) => match self.named_by(node) {
                Named::By(key) => format!(", key={key}"),
                Named::Itself => ", key=str".to_string(),
                Named::Nothing => return None,
            },
        };
        let close = format!("{key})");
        if node.kind() == "generator_expression" && key.is_empty() {
            // Its brackets are those of the call.
            return Some(self.around(node, "(sorted", ")"));
        }
        Some(match node.kind() {
            "generator_expression" => self.around(node, "(sorted(", &format!("{close})")),
            _ => self.around(node, "sorted(", &close),
        })
    }

    /// What the items that are gone through are told apart by: a name that the loop takes of each.
    fn named_by(&self, node: Node) -> Named {
        let Some(parent) = node.parent().filter(|_| is_iterated(node)) else {
            return Named::Itself;
        };
        let turn = parent.child_by_field_name("left");
        let (Some(turn), Some(whole)) = (turn, parent.parent()) else {
            return Named::Itself;
        };
        if turn.kind() != "identifier" {
            return Named::Itself;
        }
        // Of a loop its body, of a comprehension all of it.
        let within = match parent.kind() {
            "for_statement" => parent,
            _ => whole,
        };
        let turn = self.text(turn);
        let mut taken = Vec::new();
        self.members(within, turn, 0, &mut taken);
        let names = &words().tells_apart;
        let telling =
            |member: &&String| names.iter().any(|name| name == member.trim_matches(MEMBER));
        match taken.iter().find(telling) {
            Some(member) => Named::By(format!("lambda {turn}: {turn}{member}")),
            // The text of an object that is not its own holds where it lies in memory.
            None if !taken.is_empty() => Named::Nothing,
            None => Named::Itself,
        }
    }

    /// What is taken of a variable, as written behind it: `.name`, `["name"]`.
    fn members(&self, node: Node, of: &str, depth: usize, out: &mut Vec<String>) {
        if depth > MAX_NESTING {
            return;
        }
        let object = match node.kind() {
            "attribute" => node.child_by_field_name("object"),
            "subscript" => node.child_by_field_name("value"),
            _ => None,
        };
        if let Some(object) = object.filter(|object| self.text(*object) == of) {
            let text = &self.text(node)[object.end_byte() - node.start_byte()..];
            let called = node
                .parent()
                .and_then(|parent| parent.child_by_field_name("function"))
                == Some(node);
            match called {
                // What texts can do tells no thing from a text.
                true if is_method(text.trim_matches(MEMBER)) => {}
                true => out.push(format!("{text}()")),
                false => out.push(text.to_string()),
            }
        }
        for child in children(node) {
            self.members(child, of, depth + 1, out);
        }
    }

    /// What a call of `join` is given.
    fn joined<'t>(&self, node: Node<'t>) -> Option<Node<'t>> {
        if node.kind() != "call" {
            return None;
        }
        let function = node.child_by_field_name("function")?;
        let name = function.child_by_field_name("attribute")?;
        let of_text = function
            .child_by_field_name("object")
            .is_some_and(|object| !self.text(object).starts_with("os.path"));
        if self.text(name) != "join" || !of_text {
            return None;
        }
        let arguments = node.child_by_field_name("arguments")?;
        if arguments.kind() == "generator_expression" {
            return Some(arguments);
        }
        only(arguments)
    }

    fn joins<'t>(&self, node: Node<'t>, depth: usize, out: &mut Vec<Node<'t>>) {
        if depth > MAX_NESTING {
            return;
        }
        if let Some(given) = self.joined(node) {
            return out.push(given);
        }
        for child in children(node) {
            self.joins(child, depth + 1, out);
        }
    }

    /// Calls of `list` on a set, below a node.
    fn listed_sets<'t>(&self, node: Node<'t>, depth: usize, out: &mut Vec<Node<'t>>) {
        if depth > MAX_NESTING {
            return;
        }
        if self.is_list_of_set(node) {
            return out.push(node);
        }
        for child in children(node) {
            self.listed_sets(child, depth + 1, out);
        }
    }

    fn is_list_of_set(&self, node: Node) -> bool {
        self.called(node) == Some("list")
            && node
                .child_by_field_name("arguments")
                .and_then(only)
                .is_some_and(|given| self.is_set(given) || self.names_set(given))
    }

    /// `list(set(x))` becomes `sorted(set(x))`.
    fn list_of_set(&self, node: Node) -> Option<Vec<Edit>> {
        let function = node.child_by_field_name("function")?;
        let given = node.child_by_field_name("arguments").and_then(only)?;
        let mut edits = vec![replace(self.file, span(function), "sorted".into())];
        if !self.holds_texts(given) {
            let at = Span::new(given.end_byte(), given.end_byte());
            edits.push(replace(self.file, at, ", key=str".into()));
        }
        Some(edits)
    }

    fn called(&self, node: Node) -> Option<&'a str> {
        let function = node.child_by_field_name("function")?;
        (node.kind() == "call" && function.kind() == "identifier").then(|| self.text(function))
    }

    fn is_set(&self, node: Node) -> bool {
        matches!(node.kind(), "set" | "set_comprehension")
            || matches!(self.called(node), Some("set" | "frozenset"))
    }

    /// Whether all items are texts, so that they can be compared: those of a set that is written out, of folders.
    fn holds_texts(&self, node: Node) -> bool {
        match node.kind() {
            "set" | "list" | "tuple" => children(node)
                .iter()
                .all(|item| matches!(item.kind(), "string" | "concatenated_string")),
            "identifier" => self
                .assigned(self.text(node))
                .is_some_and(|value| value.kind() != "identifier" && self.holds_texts(value)),
            "call" => match (self.called(node), node.child_by_field_name("arguments")) {
                (Some("set" | "frozenset" | "list"), Some(arguments)) => {
                    only(arguments).is_some_and(|given| self.holds_texts(given))
                }
                // Calls that list files give texts or paths.
                (Some(name), _) => name.ends_with("dir") || name.ends_with("glob"),
                (None, _) => node
                    .child_by_field_name("function")
                    .and_then(|function| function.child_by_field_name("attribute"))
                    .is_some_and(|name| {
                        let name = self.text(name);
                        name.ends_with("dir") || name.ends_with("glob")
                    }),
            },
            _ => false,
        }
    }

    /// What the module assigns to a name, where it does so once.
    fn assigned(&self, name: &str) -> Option<Node<'a>> {
        let mut found = Vec::new();
        for statement in children(self.tree.root_node()) {
            for assignment in children(statement) {
                let target = assignment.child_by_field_name("left");
                if target.is_some_and(|target| self.text(target) == name) {
                    found.push(assignment.child_by_field_name("right")?);
                }
            }
        }
        match found.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    // ---- JavaScript ----

    fn javascript(&self, node: Node) -> Option<Vec<Edit>> {
        let text = self.text(node);
        if let Some(given) = self.stringified(node) {
            return match given.kind() {
                "identifier" | "member_expression" => Some(self.copied_and_sorted(given)),
                _ => self.javascript(given),
            };
        }
        // Entries of a folder that are objects have no order as texts.
        if text.contains("withFileTypes") || text.contains(".sort(") || text.contains("toSorted(") {
            return None;
        }
        let mut joins = Vec::new();
        self.receivers(node, 0, &mut joins);
        if let [one] = joins.as_slice() {
            return Some(self.copied_and_sorted(*one));
        }
        if !joins.is_empty() {
            return None;
        }
        let over = match node.kind() {
            "await_expression" | "call_expression" => return Some(self.copied_and_sorted(node)),
            _ => node,
        };
        is_iterated(over).then(|| self.copied_and_sorted(over))
    }

    /// The list whose entries become an object that is written as JSON: its order is that of the keys.
    fn stringified<'t>(&self, node: Node<'t>) -> Option<Node<'t>> {
        let function = node.child_by_field_name("function")?;
        let text = self.text(function);
        let passes = writes_objects(text) || text == "Object.fromEntries";
        let given = node.child_by_field_name("arguments")?;
        (node.kind() == "call_expression" && passes).then(|| children(given).first().copied())?
    }

    /// What `join` is called on, below a node.
    fn receivers<'t>(&self, node: Node<'t>, depth: usize, out: &mut Vec<Node<'t>>) {
        if depth > MAX_NESTING {
            return;
        }
        let function = (node.kind() == "call_expression")
            .then(|| node.child_by_field_name("function"))
            .flatten();
        if let Some(function) = function {
            let name = function.child_by_field_name("property");
            let object = function.child_by_field_name("object");
            if let (Some("join"), Some(object)) = (name.map(|name| self.text(name)), object) {
                return out.push(object);
            }
        }
        for child in children(node) {
            self.receivers(child, depth + 1, out);
        }
    }

    /// `[...x].sort()`: the list of others stays as it is.
    fn copied_and_sorted(&self, node: Node) -> Vec<Edit> {
        let node = self.source(node);
        match node.kind() {
            // What a call has made is nobody else's.
            "call_expression" | "await_expression" => self.sorted_result(node),
            "array" => self.around(node, "", ".sort()"),
            _ => self.around(node, "[...", "].sort()"),
        }
    }

    /// What a chain of calls that are given functions (`x.map(f).filter(g)`) starts from.
    fn source<'t>(&self, mut node: Node<'t>) -> Node<'t> {
        for _ in 0..MAX_NESTING {
            let arguments = node.child_by_field_name("arguments").map(children);
            let takes_function = arguments.is_some_and(|arguments| {
                let first = arguments.first().map(|argument| argument.kind());
                matches!(first, Some("arrow_function" | "function_expression"))
            });
            let function = node.child_by_field_name("function");
            let object = function.and_then(|function| function.child_by_field_name("object"));
            match object.filter(|_| takes_function && node.kind() == "call_expression") {
                Some(object) => node = object,
                None => break,
            }
        }
        node
    }

    fn sorted_result(&self, node: Node) -> Vec<Edit> {
        match node.kind() {
            "await_expression" => self.around(node, "(", ").sort()"),
            _ => match node
                .parent()
                .filter(|parent| parent.kind() == "await_expression")
            {
                Some(waits) => self.around(waits, "(", ").sort()"),
                None => self.around(node, "", ".sort()"),
            },
        }
    }
}

/// Whether a value is gone through one by one, so that a list will do for a set.
fn is_iterated(node: Node) -> bool {
    let Some(parent) = node.parent() else {
        return false;
    };
    let is = |field: &str| parent.child_by_field_name(field) == Some(node);
    match parent.kind() {
        "for_in_clause" | "for_statement" | "for_in_statement" => is("right"),
        "list_splat" | "spread_element" => true,
        _ => false,
    }
}

fn span(node: Node) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn children(node: Node) -> Vec<Node> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .filter(|child| !child.is_extra())
        .collect()
}

/// The only argument of a call.
fn only(arguments: Node) -> Option<Node> {
    match children(arguments).as_slice() {
        [one] if !matches!(one.kind(), "keyword_argument" | "list_splat") => Some(*one),
        _ => None,
    }
}
