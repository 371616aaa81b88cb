//! Prompts that no visible call sends: messages that are returned, passed on or stored, bodies of requests, and
//! texts under telling names.

use crate::discover::{context_of, Context};
use crate::frontend::code::ir::{Expr, ExprKind, Item as IrItem};
use crate::prompt::{Block, Conversation, Message, Piece, Section, Stored, Target, TargetSource};
use crate::sdk::{self, Part};
use crate::source::Place;

use super::super::history;
use super::super::roles::HISTORY_ROLE;
use super::eval::Eval;
use super::events::{text_length, Sort};
use super::heap::Item;
use super::made::Sorted;
use super::texts::piece_place;
use super::value::{Argument, Value};

impl Eval<'_, '_> {
    /// A message object of a library: `SystemMessage(content=..)`.
    pub fn constructed(
        &mut self,
        role: &str,
        args: &[Argument],
        fields: &[(String, Value, Place)],
        expr: &Expr,
    ) -> Value {
        let content = fields
            .iter()
            .find(|(name, _, _)| {
                matches!(
                    name.as_str(),
                    "content" | "text" | "parts" | "template" | "prompt"
                )
            })
            .map(|(_, value, _)| value.clone())
            .or_else(|| {
                args.iter()
                    .find(|arg| arg.name.is_none())
                    .map(|arg| arg.value.clone())
            })
            .unwrap_or(Value::None);
        let place = self.place(expr.span);
        if role == "history" {
            let name = fields
                .iter()
                .find(|(name, _, _)| matches!(name.as_str(), "variable_name" | "variableName"))
                .map_or(&content, |(_, value, _)| value)
                .known_text();
            let name = name.unwrap_or_else(|| self.written(expr.span));
            return self.placeholder(&name, &place);
        }
        let own_role = fields
            .iter()
            .find(|(name, _, _)| name == "role")
            .map(|(_, value, _)| value.clone());
        let role = match own_role {
            Some(role) => role,
            None => self.literal(expr.span, role),
        };
        let mut entries = vec![("role".to_string(), role), ("content".to_string(), content)];
        for (name, value, _) in fields {
            if sdk::is_marker(name) || sdk::nests_markers(name) {
                entries.push((name.clone(), value.clone()));
            }
        }
        self.new_object(entries, place)
    }

    /// A value that leaves a function: a list of messages is a prompt.
    pub fn returning(&mut self, value: &Value, expr: &Expr) {
        if self.quiet > 0 {
            return;
        }
        self.noted_messages(value, expr.span);
        self.handed_entries(value, 0);
        // `return system_prompt, question`
        let (ExprKind::List(written), Value::Cell(id)) = (&expr.kind, value) else {
            return;
        };
        let Some(list) = self.heap.list(*id).cloned() else {
            return;
        };
        for (written, item) in written.iter().zip(&list.items) {
            if let (IrItem::One(written), Item::One(value, _)) = (written, item) {
                let name = self.written(written.span);
                self.handed_text(&name, value);
            }
        }
    }

    /// Arguments of a call that is not known: a list of messages among them is a prompt.
    pub fn passed_on(&mut self, args: &[Argument]) {
        if self.quiet > 0 {
            return;
        }
        if let (true, Some(first)) = (self.opens_session(args), args.first()) {
            let site = first.place.clone();
            return self.note_session(args, &site);
        }
        for arg in args {
            match &arg.value {
                value @ Value::Cell(_) => {
                    self.noted_messages(value, arg.place.span);
                    self.handed_entries(value, 0);
                }
                value @ (Value::Text(_) | Value::Choice(_)) => match &arg.name {
                    Some(name) => self.handed_text(name, value),
                    None => self.handed_text(&self.written(arg.place.span), value),
                },
                _ => {}
            }
        }
    }

    /// Texts of an object that is handed on whose keys say system text: `{"system_prompt": text}`.
    fn handed_entries(&mut self, value: &Value, depth: usize) {
        let Value::Cell(id) = value else {
            return;
        };
        let Some(object) = self
            .heap
            .object(*id)
            .filter(|object| object.class.is_none())
        else {
            return;
        };
        for (name, value) in object.entries.clone() {
            match value {
                Value::Text(_) | Value::Choice(_) if sdk::names_system(&name) => {
                    self.handed_text(&name, &value);
                }
                Value::Cell(_) if depth < 1 => self.handed_entries(&value, depth + 1),
                _ => {}
            }
        }
    }

    /// A text that is handed on under a name that says prompt, to something that is not known.
    fn handed_text(&mut self, name: &str, value: &Value) {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
        let Some(place) = text_place(value).filter(|_| name.chars().all(is_name)) else {
            return;
        };
        if sdk::builds_prompt(name) {
            self.note_text(Sort::Handed, name, value, &place);
        }
    }

    /// A system prompt that a function gives to another one of the program: what that does with it may not be in sight.
    pub fn handed_within(&mut self, args: &[Argument]) {
        // What functions further down are given is theirs, and was noted on the way. A text of the product is judged
        // where the product hands it on.
        let product = context_of(self.code().path()) == Context::Production;
        if self.quiet > 0 || self.frames.len() > ENTRY || !product {
            return;
        }
        for arg in args {
            if !matches!(arg.value, Value::Text(_) | Value::Choice(_)) {
                continue;
            }
            let name = match &arg.name {
                Some(name) => name.clone(),
                None => self.written(arg.place.span),
            };
            if sdk::names_system(&name) {
                self.handed_text(&name, &arg.value);
            }
        }
    }

    /// A text that is put among the system texts of a request that is not in sight: `output.system.push(text)`.
    pub fn added_system(&mut self, receiver: &Value, args: &[Argument]) {
        let path = receiver.path().filter(|path| adds_system(path));
        let Some(path) = path.filter(|_| self.quiet == 0).map(str::to_string) else {
            return;
        };
        for arg in args {
            if let Some(place) = text_place(&arg.value) {
                self.note_text(Sort::Handed, &path, &arg.value, &place);
            }
        }
    }

    fn noted_messages(&mut self, value: &Value, span: crate::source::Span) {
        let Value::Cell(id) = value else {
            return;
        };
        if self.heap.object(*id).is_some() {
            return self.noted_body(*id, 0);
        }
        if !self.is_messages(*id) {
            return;
        }
        let place = self.place(span);
        let site = self
            .heap
            .list(*id)
            .map_or(place.clone(), |list| list.place.clone());
        self.marks.anew();
        let messages = self.messages(value, &place);
        if text_length(&messages) < MIN_TEXT {
            return;
        }
        let mut prompt = self.prompt(Target::unknown(), messages, Vec::new(), &site);
        prompt.id = format!("{}#{}", site.path, self.symbol());
        self.record(Sort::Messages, site, prompt);
    }

    /// An object that is the body of a request, or holds one: `json={"model": .., "messages": [..]}`.
    fn noted_body(&mut self, id: usize, depth: usize) {
        let plain = self.heap.object(id).filter(|object| object.class.is_none());
        let Some(object) = plain.filter(|_| self.made_kind(id).is_none()).cloned() else {
            return;
        };
        let language = self.frame().code.language();
        let Some(call) = sdk::call(language, "<body>", &[], 0) else {
            return;
        };
        // Where the file speaks to a provider, a conversation of which no turn is in sight is one all the same.
        let written = self.program.load(&object.place.path);
        let provider = written.and_then(|code| code.speaks_to());
        let wire = provider.is_some();
        let messages = call
            .parts
            .iter()
            .any(|(name, part)| match (part, object.get(name)) {
                (Part::Messages, Some(Value::Cell(list))) if self.is_messages(*list) => true,
                (Part::Messages, Some(turns)) => wire && self.is_conversation(turns),
                _ => false,
            });
        if !messages {
            for (name, value) in &object.entries {
                match value {
                    Value::Cell(inner) if depth < 2 => self.noted_body(*inner, depth + 1),
                    _ => self.handed_text(name, value),
                }
            }
            return;
        }
        let place = object.place.clone();
        let mut sorted = Sorted::default();
        for (name, value) in object.entries {
            match call.parts.get(&name) {
                Some(part) => sorted.parts.push((*part, value, place.clone())),
                None => sorted.settings.push((name, value, place.clone())),
            }
        }
        let model = sorted.parts.iter().any(|(part, _, _)| *part == Part::Model);
        // A model that is named says more.
        let mut prompt = self.assembled(None, sorted, &place);
        if prompt.target.provider.is_none() && prompt.target.model.is_none() && wire {
            prompt.target.provider = provider.map(str::to_string);
            prompt.target.source = TargetSource::Declared;
        }
        if text_length(&prompt.messages) >= MIN_TEXT || wire && says_something(&prompt.messages) {
            let sort = if model { Sort::Request } else { Sort::Messages };
            self.record(sort, place, prompt);
        }
    }

    pub fn is_messages(&self, id: usize) -> bool {
        let Some(list) = self.heap.list(id) else {
            return false;
        };
        fn any(eval: &Eval<'_, '_>, items: &[Item]) -> bool {
            items.iter().any(|item| match item {
                Item::One(Value::Cell(id), _) => eval.heap.object(*id).is_some_and(|object| {
                    let role = object.get("role").and_then(Value::known_text);
                    role.is_some_and(|role| sdk::is_role(&role))
                        && object.get("content").or(object.get("parts")).is_some()
                }),
                Item::Branch(_, arms) => arms.iter().any(|arm| any(eval, arm)),
                Item::Repeat(_, body) => any(eval, body),
                _ => false,
            })
        }
        any(self, &list.items)
    }

    /// Whether a value is a message, or one of several that it may be is.
    fn is_message(&self, value: &Value) -> bool {
        match value {
            Value::Cell(id) => self.heap.object(*id).is_some_and(|object| {
                object.get("role").is_some() && object.get("content").is_some()
            }),
            Value::Choice(choice) => choice.arms.iter().any(|arm| self.is_message(arm)),
            _ => false,
        }
    }

    /// A text that a function or constant named like a prompt gives: a prompt whose request is not known.
    pub fn noted_text(&mut self, name: &str, value: &Value, site: &Place) {
        self.note_text(Sort::Text, name, value, site);
    }

    fn note_text(&mut self, sort: Sort, name: &str, value: &Value, site: &Place) {
        let messages = match value {
            // A message object: `SystemMessage(content=..)`. Its other fields are not sent.
            _ if self.is_message(value) => self.message_of(value, site),
            Value::Text(_) | Value::Choice(_) if !holds_object(self, value, 0) => {
                let section = if sdk::names_system(name) {
                    Section::System
                } else {
                    Section::Role("user".into())
                };
                let pieces = self.print(value, site);
                vec![Message {
                    section,
                    blocks: vec![Block {
                        pieces,
                        marker: None,
                    }],
                    place: site.clone(),
                    stored: Stored::Unknown,
                }]
            }
            _ => return,
        };
        if text_length(&messages) < MIN_TEXT {
            return;
        }
        let mut prompt = self.prompt(Target::unknown(), messages, Vec::new(), site);
        prompt.fragment = true;
        prompt.id = format!("{}#{name}", site.path);
        let evidence = match adds_system(name) {
            true => Conversation::Evidence("one of the system texts of a chat".into()),
            false => {
                history::conversation(&prompt.messages, true, false, false, &[name, &*site.path])
            }
        };
        prompt.conversation = match prompt.conversation {
            Conversation::None => evidence,
            known => known,
        };
        self.record(sort, site.clone(), prompt);
    }
}

/// Whether a path leads to the list of the system texts of something: `output.system`.
pub fn adds_system(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, list)| list == "system")
}

/// Whether a value may be an object: something that a text is only part of.
fn holds_object(eval: &Eval<'_, '_>, value: &Value, depth: usize) -> bool {
    match value {
        Value::Cell(id) => eval.heap.object(*id).is_some(),
        Value::Choice(choice) if depth < 8 => {
            let mut arms = choice.arms.iter();
            arms.any(|arm| holds_object(eval, arm, depth + 1))
        }
        _ => false,
    }
}

/// Where the first literal text of a value stands.
fn text_place(value: &Value) -> Option<Place> {
    match value {
        Value::Text(pieces) => pieces
            .iter()
            .find(|piece| matches!(piece, Piece::Text(_)))
            .or(pieces.first())
            .and_then(piece_place),
        Value::Choice(choice) => choice.arms.iter().find_map(text_place),
        _ => None,
    }
}

/// Frames that are open where the function runs that is looked at: that of its file and its own.
const ENTRY: usize = 2;

/// Bytes below which a text alone is no prompt.
pub const MIN_TEXT: usize = 120;

/// Whether anything is known of a request: a text, a marker, tools that vary, or what stands beside a conversation. A
/// wrapper that passes on one list says nothing of what is sent.
pub fn says_something(messages: &[Message]) -> bool {
    let varies = |piece: &Piece| match piece {
        Piece::Branch(_) => true,
        Piece::Repeat(repeat) => repeat.unordered,
        Piece::Slot(slot) => !slot.volatility.class.is_stable(),
        _ => false,
    };
    let mut blocks = messages.iter().flat_map(|message| {
        let tools = message.section == Section::Tools;
        message.blocks.iter().map(move |block| (tools, block))
    });
    let passes_on = messages
        .iter()
        .any(|message| message.section.name() == HISTORY_ROLE);
    let beside = messages.iter().any(|message| message.section.is_preamble());
    let something = !messages.is_empty() && (!passes_on || beside);
    something
        || text_length(messages) > 0
        || blocks.any(|(tools, block)| {
            block.marker.is_some() || (tools && block.pieces.iter().any(varies))
        })
}
