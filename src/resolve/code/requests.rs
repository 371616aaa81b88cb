//! From the arguments of a call to the prompt it sends: messages, system text, tools, settings, markers.
//! Which argument is which part is in `rules/sdk/`.

use std::rc::Rc;

use crate::frontend::code::ir::Expr;
use crate::prompt::{
    Block, Branch, Conversation, History, Marker, MarkerHow, Media, Message, Piece, Prompt, Repeat,
    Section, Setting, Stored, Target, TargetSource,
};
use crate::sdk::{self, Call, Makes, Part};
use crate::source::Place;
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Given, Origin, Volatility};

use super::super::history;
use super::super::roles::HISTORY_ROLE;
use super::eval::Eval;
use super::events::{text_length, Sort};
use super::heap::{Item, Round};
use super::made::Sorted;
use super::marks::{attach, in_arm, in_loop};
use super::value::{Argument, Choice, Condition, Unknown, Value};

/// Bytes below which a text alone is no prompt.
const MIN_TEXT: usize = 120;

impl Eval<'_, '_> {
    /// A call of an SDK: records what it sends. `None`: it is none. The value is what the call gives.
    pub fn request(&mut self, path: &str, args: &[Argument], expr: &Expr) -> Option<Value> {
        let language = self.frame().code.language();
        let fields = self.fields(args, 1);
        let names: Vec<&str> = fields.iter().map(|(name, _, _)| name.as_str()).collect();
        let positional = args
            .iter()
            .filter(|arg| arg.name.is_none() && !arg.keywords)
            .count();
        let call = sdk::call(language, path, &names, positional)?;
        Some(self.sdk_call(call, None, (path, args), expr))
    }

    /// Records what a call sends.
    pub fn send(&mut self, call: &Call, sorted: Sorted, expr: &Expr) {
        let place = self.place(expr.span);
        let turns = matches!(&call.makes, Makes::Object(_));
        let mut prompt = self.assembled(call.api, sorted, &place);
        if turns && prompt.messages.iter().all(|m| m.section.is_preamble()) {
            prompt.fragment = true;
            if prompt.conversation == Conversation::None {
                prompt.conversation = Conversation::Evidence("an agent takes turns".into());
            }
        }
        if prompt.conversation == Conversation::None {
            prompt.looped = self.row_loop(expr.span);
        }
        if says_something(&prompt.messages) {
            self.record(Sort::Request, place, prompt);
        }
    }

    /// Records a part of a request that is put together elsewhere.
    pub fn note_part(&mut self, sorted: Sorted, expr: &Expr) {
        let place = self.place(expr.span);
        let model = sorted.parts.iter().any(|(part, _, _)| *part == Part::Model);
        let prompt = self.assembled(None, sorted, &place);
        if text_length(&prompt.messages) >= MIN_TEXT {
            let sort = if model { Sort::Messages } else { Sort::Text };
            self.record(sort, place, prompt);
        }
    }

    fn assembled(&mut self, api: Option<&'static str>, sorted: Sorted, place: &Place) -> Prompt {
        self.marks.anew();
        let mut draft = Draft {
            provider: sorted.provider,
            ..Draft::default()
        };
        for (part, value, place) in &sorted.parts {
            self.part(*part, value, place, &mut draft);
        }
        let mut automatic = None;
        for (name, value, place) in &sorted.settings {
            if sdk::is_marker(name) {
                automatic = self.marker(&[(name.clone(), value.clone())], place);
            } else {
                self.setting(name, value, place, &mut draft.settings);
            }
        }
        super::handed::settle_messages(&mut draft.tools);
        super::handed::settle_messages(&mut draft.schema);
        for setting in &mut draft.settings {
            super::handed::settle_setting(&mut setting.pieces);
        }
        let mut messages = draft.tools;
        messages.extend(draft.system);
        messages.extend(draft.schema);
        messages.extend(draft.messages);
        if let Some(marker) = automatic {
            let block = messages.last_mut().and_then(|m| m.blocks.last_mut());
            if let Some(block) = block {
                block.marker.get_or_insert(Marker {
                    how: MarkerHow::Automatic,
                    ..marker
                });
            }
        }
        let model = draft.model;
        let declared = draft.provider.is_some() || model.is_some() || api.is_some();
        let target = Target {
            provider: draft.provider,
            model: model.as_ref().map(|(name, _)| name.clone()),
            api,
            source: match declared {
                true => TargetSource::Declared,
                false => TargetSource::Default,
            },
            place: model
                .map(|(_, place)| place)
                .or_else(|| Some(place.clone())),
        };
        self.prompt(target, messages, draft.settings, place)
    }

    pub fn answer(&mut self, path: &str, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let unknown = Unknown {
            path: Some(format!("{path}()")),
            ..Unknown::new(
                "the model's answer",
                Verdict {
                    kind: ValueKind::Plain,
                    volatility: Volatility::new(
                        Class::Request,
                        Origin::Outside,
                        Confidence::Likely,
                        "a model's answer",
                    ),
                    tokens: 200,
                    clock: false,
                },
            )
        };
        self.born(unknown, place, "answered here")
    }

    /// Named arguments, spread objects, and the entries of an options object among the first arguments.
    pub fn fields(&mut self, args: &[Argument], options: usize) -> Vec<(String, Value, Place)> {
        let mut out = Vec::new();
        for (index, arg) in args.iter().enumerate() {
            if arg.name.is_none() && !arg.keywords && index >= options {
                continue;
            }
            match (&arg.name, arg.keywords, &arg.value) {
                (Some(name), _, value) => {
                    out.push((name.clone(), value.clone(), arg.place.clone()))
                }
                (None, true, Value::Cell(id)) | (None, false, Value::Cell(id)) => {
                    let Some(object) = self.heap.object(*id) else {
                        continue;
                    };
                    if object.class.is_some() || self.made_kind(*id).is_some() {
                        continue;
                    }
                    let place = arg.place.clone();
                    out.extend(
                        object
                            .entries
                            .iter()
                            .map(|(name, value)| (name.clone(), value.clone(), place.clone())),
                    );
                }
                _ => {}
            }
        }
        out
    }

    fn part(&mut self, part: Part, value: &Value, place: &Place, draft: &mut Draft) {
        match part {
            Part::Model => self.model_part(value, place, draft),
            Part::Messages => {
                let messages = self.messages(value, place);
                draft.messages.extend(messages);
            }
            Part::System => {
                let own = self.system_messages(value, place);
                draft.system.extend(own);
            }
            Part::User => {
                let own = match value {
                    // Text, or a list of messages or parts.
                    Value::Cell(id)
                        if self.heap.list(*id).is_some() || self.made_kind(*id).is_some() =>
                    {
                        self.messages(value, place)
                    }
                    Value::Unknown(unknown) if unknown.is_history() => self.messages(value, place),
                    other => self
                        .message(Section::Role("user".into()), other, place)
                        .into_iter()
                        .collect(),
                };
                draft.messages.extend(own);
            }
            Part::Tools => {
                let tools = self.tools(value, place);
                draft.tools.extend(tools);
            }
            Part::Schema => {
                let message = self.schema(value, place);
                draft.schema.extend(message);
            }
            Part::Body | Part::Bindings | Part::Part | Part::Ignore => {}
        }
    }

    /// A model by its name, or an object that stands for one.
    fn model_part(&mut self, value: &Value, place: &Place, draft: &mut Draft) {
        let arms = match value {
            Value::Choice(choice) => choice.arms.clone(),
            other => vec![other.clone()],
        };
        for arm in &arms {
            if let Some(name) = arm.known_text() {
                draft.model.get_or_insert((name, place.clone()));
            }
            if let Value::Cell(id) = arm {
                let (parts, provider) = self.made_parts(*id, place);
                for (part, value, place) in parts {
                    self.part(part, &value, &place, draft);
                }
                draft.provider = draft.provider.take().or(provider);
            }
        }
    }

    /// System text, a function that gives it, or messages that stand in front of the turns.
    fn system_messages(&mut self, value: &Value, place: &Place) -> Vec<Message> {
        match value {
            Value::Cell(id) => {
                let own = self
                    .heap
                    .object(*id)
                    .is_some_and(|o| o.get("role").is_some());
                if self.made_kind(*id).is_some() || self.is_messages(*id) {
                    return self.messages(value, place);
                }
                if own {
                    return self.message_of(value, place);
                }
            }
            Value::Function(callable) => {
                let callable = callable.clone();
                // The framework calls it with what it knows.
                let given = self.run_open(&callable, true);
                return self
                    .message(Section::System, &given, place)
                    .into_iter()
                    .collect();
            }
            _ => {}
        }
        self.message(Section::System, value, place)
            .into_iter()
            .collect()
    }

    /// A response schema: spelled out, or of the program and as fixed as it.
    fn schema(&mut self, value: &Value, place: &Place) -> Option<Message> {
        let pieces = match value {
            Value::None | Value::Null => return None,
            Value::Unknown(_) | Value::Class(_) | Value::Function(_) => {
                self.tool_pieces(value, place)
            }
            other => self.print(other, place),
        };
        Some(Message {
            section: Section::Schema,
            blocks: vec![Block {
                pieces,
                marker: None,
            }],
            place: place.clone(),
            stored: Stored::AsSent,
        })
    }

    fn setting(&mut self, name: &str, value: &Value, place: &Place, out: &mut Vec<Setting>) {
        if let Value::Cell(id) = value {
            if let Some(object) = self.heap.object(*id).cloned() {
                if object.class.is_none() {
                    for (key, value) in object.entries {
                        self.setting(&format!("{name}.{key}"), &value, place, out);
                    }
                    return;
                }
            }
        }
        if value.is_nothing() || matches!(value, Value::Function(_) | Value::Class(_)) {
            return;
        }
        let pieces = self.print(value, place);
        out.push(Setting {
            name: name.to_string(),
            pieces,
            place: place.clone(),
        });
    }

    /// A prompt of these messages.
    pub fn prompt(
        &mut self,
        mut target: Target,
        messages: Vec<Message>,
        settings: Vec<Setting>,
        place: &Place,
    ) -> Prompt {
        let known = target.api.is_some();
        let key = self.marks.key.take();
        let marked = messages.iter().flat_map(|message| &message.blocks);
        if target.provider.is_none() && target.model.is_none() && marked.clone().any(is_marked) {
            let provider = key.and_then(|key| sdk::marker_provider(&key));
            target.provider = provider.map(str::to_string);
            if target.provider.is_some() {
                target.source = TargetSource::Declared;
                target.place = target.place.or_else(|| Some(place.clone()));
            }
        }
        let names = [self.symbol()];
        let names: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .chain([&*place.path])
            .collect();
        let fragment = !known && messages.iter().all(|message| message.section.is_preamble());
        let conversation = history::conversation(
            &messages,
            fragment,
            fragment && self.trail.mentions_history,
            false,
            &names,
        );
        Prompt {
            id: format!("{}#{}", place.path, self.symbol()),
            origin: place.clone(),
            format: self.frame().code.language().name(),
            target,
            settings,
            messages,
            fragment,
            conversation,
            rows: 0,
            looped: None,
            recorded: false,
            marks_elsewhere: false,
            inherited_by: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// The function that is being evaluated, with its class: `Agent.run`.
    pub fn symbol(&self) -> String {
        let named = self.frames.iter().rev().find_map(|frame| {
            let function = &frame.code.module.functions[frame.function?];
            let class = function
                .class
                .map(|id| frame.code.module.classes[id].name.clone());
            if function.name.is_empty() {
                return None;
            }
            Some(match class {
                Some(class) => format!("{class}.{}", function.name),
                None => function.name.clone(),
            })
        });
        named.unwrap_or_else(|| "module".into())
    }

    // ---- messages ----

    /// The messages of a list, a text, or something open.
    pub fn messages(&mut self, value: &Value, place: &Place) -> Vec<Message> {
        match value {
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => {
                    let items = self.begun(&list.items);
                    let mut out = self.message_items(&items);
                    if let Some(rewrite) = list.rewrite {
                        rewrite_history(&mut out, &rewrite);
                    }
                    out
                }
                None if self.made_kind(*id).is_some() => {
                    let (parts, _) = self.made_parts(*id, place);
                    let kept = parts.iter();
                    let kept = kept.filter(|(part, _, _)| *part == Part::Messages);
                    kept.flat_map(|(_, value, _)| self.messages(value, place))
                        .collect()
                }
                None => self.message_of(value, place),
            },
            Value::Choice(choice) => {
                let choice = choice.clone();
                let arms: Vec<Vec<Message>> = choice
                    .arms
                    .iter()
                    .map(|arm| self.messages(arm, place))
                    .collect();
                forked(&choice.condition, arms)
            }
            Value::Unknown(unknown) => vec![self.history_message(&unknown.clone(), place)],
            Value::Text(_) => self
                .message(Section::Role("user".into()), value, place)
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    fn message_items(&mut self, items: &[Item]) -> Vec<Message> {
        let mut out = Vec::new();
        for item in items {
            match item {
                Item::One(value, place) => out.extend(self.message_of(&value.clone(), place)),
                Item::Spread(value, place) => out.extend(self.messages(&value.clone(), place)),
                Item::Branch(condition, arms) => {
                    let arms = arms.iter().map(|arm| self.message_items(arm)).collect();
                    out.extend(forked(condition, arms));
                }
                Item::Repeat(round, body) if round.history => {
                    let marks = self.message_items(body).into_iter();
                    let marks = marks.flat_map(|message| message.blocks);
                    let mut marks: Vec<Marker> = marks.filter_map(|b| b.marker).collect();
                    marks.iter_mut().for_each(|mark| in_loop(mark, round));
                    marks.extend(self.landing_at(&super::marks::turns_of(round)));
                    let mut message = history_of(round);
                    attach(&mut message.blocks, marks);
                    out.push(message);
                }
                Item::Repeat(round, body) => {
                    let messages = self.message_items(body);
                    out.extend(messages.into_iter().map(|message| repeated(round, message)));
                }
            }
        }
        out
    }

    /// One item of a message list.
    pub fn message_of(&mut self, value: &Value, place: &Place) -> Vec<Message> {
        match value {
            Value::Cell(id) => {
                if self.heap.list(*id).is_some() {
                    // A pair of role and text, or a list in a list.
                    return self.pair(*id);
                }
                let Some(object) = self.heap.object(*id).cloned() else {
                    return Vec::new();
                };
                if let Some(filled) = self.unfilled(value) {
                    return self.message_of(&filled, place);
                }
                let kind = object.get("type").and_then(Value::known_text);
                let role = object.get("role").and_then(Value::known_text).or_else(|| {
                    let kind = kind.as_deref()?;
                    let named = sdk::item_role(kind).map(str::to_string);
                    named.or_else(|| sdk::is_role(kind).then(|| kind.to_string()))
                });
                let section = match &role {
                    Some(role) => Section::from_role(role),
                    None => Section::Role("user".into()),
                };
                let content = ["content", "parts", "text", "output"]
                    .iter()
                    .find_map(|key| object.get(key).cloned())
                    .unwrap_or_else(|| match &role {
                        // A part that stands for a message: an image.
                        None => value.clone(),
                        Some(_) => Value::None,
                    });
                let mut message = self.message(section, &content, place);
                if let Some(marker) = self.marker(&object.entries, place) {
                    if let Some(block) = message.as_mut().and_then(|m| m.blocks.last_mut()) {
                        block.marker = Some(marker);
                    }
                }
                message.into_iter().collect()
            }
            Value::Choice(choice) => {
                let choice = choice.clone();
                let arms: Vec<Vec<Message>> = choice
                    .arms
                    .iter()
                    .map(|arm| self.message_of(arm, place))
                    .collect();
                forked(&choice.condition, arms)
            }
            Value::Unknown(unknown) if unknown.is_history() => {
                vec![self.history_message(&unknown.clone(), place)]
            }
            Value::Text(_) | Value::Unknown(_) => self
                .message(Section::Role("user".into()), value, place)
                .into_iter()
                .collect(),
            _ => Vec::new(),
        }
    }

    /// `("system", text)`
    fn pair(&mut self, id: usize) -> Vec<Message> {
        let Some(list) = self.heap.list(id).cloned() else {
            return Vec::new();
        };
        if let [Item::One(role, _), Item::One(content, at)] = list.items.as_slice() {
            if let Some(role) = role.known_text().filter(|role| sdk::is_role(role)) {
                return self
                    .message(Section::from_role(&role), &content.clone(), at)
                    .into_iter()
                    .collect();
            }
        }
        self.message_items(&list.items)
    }

    pub fn history_message(&mut self, unknown: &Unknown, place: &Place) -> Message {
        self.trail.mentions_history = true;
        let section = Section::Role(HISTORY_ROLE.into());
        let piece = Piece::History(History {
            expr: unknown.expr.clone(),
            place: place.clone(),
            rewritten: unknown.rewrite.clone(),
        });
        let mut blocks = vec![Block {
            pieces: vec![piece],
            marker: None,
        }];
        attach(&mut blocks, self.landing(unknown));
        Message {
            section,
            blocks,
            place: place.clone(),
            stored: Stored::AsSent,
        }
    }

    /// A message with this content: text, parts, or something open.
    pub fn message(&mut self, section: Section, content: &Value, place: &Place) -> Option<Message> {
        let blocks = folded(self.blocks(content, place));
        if blocks.is_empty() {
            return None;
        }
        Some(Message {
            section,
            blocks,
            place: place.clone(),
            stored: Stored::Unknown,
        })
    }

    pub fn blocks(&mut self, content: &Value, place: &Place) -> Vec<Block> {
        match content {
            Value::None | Value::Null => Vec::new(),
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => self.block_items(&list.items),
                None => vec![self.block_of(content, place)],
            },
            Value::Choice(choice) if super::marked::holds_cell(content) => {
                let choice = choice.clone();
                self.shown_arm(&choice, place)
            }
            other => self.open_blocks(other, place),
        }
    }

    /// A text, or something open with what was written into it.
    fn open_blocks(&mut self, value: &Value, place: &Place) -> Vec<Block> {
        let mut blocks = vec![Block {
            pieces: self.print(value, place),
            marker: None,
        }];
        if let Value::Unknown(unknown) = value {
            attach(&mut blocks, self.landing(unknown));
        }
        blocks
    }

    fn block_items(&mut self, items: &[Item]) -> Vec<Block> {
        let mut out = Vec::new();
        for item in items {
            match item {
                Item::One(value @ Value::Unknown(_), place) => {
                    out.extend(self.open_blocks(&value.clone(), place));
                }
                Item::One(value, place) => out.push(self.block_of(&value.clone(), place)),
                Item::Spread(value, place) => out.extend(self.blocks(&value.clone(), place)),
                Item::Branch(condition, arms) => {
                    let total = arms.len();
                    for (index, arm) in arms.iter().enumerate() {
                        for mut block in self.block_items(arm) {
                            if let Some(marker) = &mut block.marker {
                                in_arm(marker, condition, index);
                            }
                            if !block.pieces.is_empty() {
                                let mut all = vec![Vec::new(); total];
                                all[index] = std::mem::take(&mut block.pieces);
                                block.pieces = vec![condition.branch(all)];
                            }
                            out.push(block);
                        }
                    }
                }
                Item::Repeat(round, body) => {
                    for mut block in self.block_items(body) {
                        if let Some(marker) = &mut block.marker {
                            in_loop(marker, round);
                        }
                        if !block.pieces.is_empty() {
                            block.pieces = vec![repeat_piece(round, block.pieces)];
                        }
                        out.push(block);
                    }
                }
            }
        }
        out
    }

    fn block_of(&mut self, value: &Value, place: &Place) -> Block {
        if let Value::Choice(choice) = value {
            return self.forked_block(&choice.clone(), place);
        }
        let Value::Cell(id) = value else {
            return Block {
                pieces: self.print(value, place),
                marker: None,
            };
        };
        let Some(object) = self.heap.object(*id).cloned() else {
            return Block {
                pieces: self.print(value, place),
                marker: None,
            };
        };
        let marker = self.marker(&object.entries, place);
        let bare = object.entries.iter().all(|(key, _)| sdk::is_marker(key));
        if marker.is_some() && bare {
            return Block {
                pieces: Vec::new(),
                marker,
            };
        }
        let kind = object.get("type").and_then(Value::known_text);
        let media = kind.filter(|kind| sdk::is_media(kind)).or_else(|| {
            let mut keys = object.entries.iter().map(|(key, _)| key.as_str());
            let text = ["text", "content", "role"]
                .iter()
                .any(|key| object.get(key).is_some());
            keys.find(|key| !text && sdk::is_media(key))
                .map(str::to_string)
        });
        if let Some(key) = media {
            let volatility = self.volatility(value);
            return Block {
                pieces: vec![Piece::Media(Media {
                    place: object.place.clone(),
                    key,
                    volatility,
                })],
                marker,
            };
        }
        let text = ["text", "content", "input_text"]
            .iter()
            .find_map(|key| object.get(key).cloned());
        let pieces = match text {
            Some(text) => self.print(&text, place),
            None => self.print(value, place),
        };
        Block { pieces, marker }
    }

    /// One of several blocks.
    fn forked_block(&mut self, choice: &Choice, place: &Place) -> Block {
        let mut marker = None;
        let mut arms = Vec::with_capacity(choice.arms.len());
        for (index, arm) in choice.arms.iter().enumerate() {
            let block = match arm {
                Value::None => Block {
                    pieces: Vec::new(),
                    marker: None,
                },
                arm => self.block_of(arm, place),
            };
            arms.push(block.pieces);
            if let Some(mut own) = block.marker {
                in_arm(&mut own, &choice.condition, index);
                marker.get_or_insert(own);
            }
        }
        Block {
            pieces: super::value::join_texts(&choice.condition, arms),
            marker,
        }
    }

    /// Tool definitions: one block each, or one value of assumed size.
    pub fn tools(&mut self, value: &Value, place: &Place) -> Option<Message> {
        let blocks = match value {
            Value::None | Value::Null => return None,
            Value::Cell(id) => match self.heap.list(*id).cloned() {
                Some(list) => {
                    let blocks = self.tool_items(&list.items);
                    match &list.unordered {
                        Some(order) => blocks
                            .into_iter()
                            .map(|block| Block {
                                pieces: self.mark_unordered(block.pieces, Some(order), place),
                                marker: block.marker,
                            })
                            .collect(),
                        None => blocks,
                    }
                }
                None => vec![self.block_of(value, place)],
            },
            other => self.open_tools(other, place),
        };
        (!blocks.is_empty()).then(|| Message {
            section: Section::Tools,
            blocks,
            place: place.clone(),
            stored: Stored::AsSent,
        })
    }

    fn open_tools(&mut self, value: &Value, place: &Place) -> Vec<Block> {
        let mut blocks = vec![Block {
            pieces: self.tool_pieces(value, place),
            marker: None,
        }];
        if let Value::Unknown(unknown) = value {
            attach(&mut blocks, self.landing(unknown));
        }
        blocks
    }

    fn tool_items(&mut self, items: &[Item]) -> Vec<Block> {
        let mut out = Vec::new();
        for item in items {
            match item {
                Item::One(value @ (Value::Cell(_) | Value::Choice(_)), place) => {
                    let marker = self.marker_of(value, place);
                    let pieces = self.tool_pieces(&value.clone(), place);
                    out.push(Block { pieces, marker });
                }
                Item::One(value, place) | Item::Spread(value, place) => {
                    out.extend(self.open_tools(&value.clone(), place));
                }
                Item::Branch(condition, arms) => {
                    let mut marker = None;
                    let mut pieces = Vec::with_capacity(arms.len());
                    for (index, arm) in arms.iter().enumerate() {
                        let (own, mark) = one_block(self.tool_items(arm));
                        pieces.push(own);
                        if let Some(mut mark) = mark {
                            in_arm(&mut mark, condition, index);
                            marker = Some(mark);
                        }
                    }
                    out.push(Block {
                        pieces: vec![condition.branch(pieces)],
                        marker,
                    });
                }
                // A definition has a type, as turns of some APIs have: a list of tools that a loop fills holds no turns.
                Item::Repeat(round, body) if round.history => out.extend(self.tool_items(body)),
                Item::Repeat(round, body) => {
                    let (pieces, mut marker) = one_block(self.tool_items(body));
                    if let Some(marker) = &mut marker {
                        in_loop(marker, round);
                    }
                    out.push(Block {
                        pieces: vec![repeat_piece(round, pieces)],
                        marker,
                    });
                }
            }
        }
        out
    }

    /// A tool that is not spelled out is taken to be fixed, of assumed size; whether the list varies is what counts.
    pub fn tool_pieces(&mut self, value: &Value, place: &Place) -> Vec<Piece> {
        match value {
            Value::Unknown(unknown) => {
                let mut unknown = (**unknown).clone();
                unknown.verdict.kind = ValueKind::Tools;
                let order = unknown.unordered.take();
                let volatility = &mut unknown.verdict.volatility;
                let telling =
                    volatility.confidence >= Confidence::Likely && !volatility.class.is_stable();
                if !telling {
                    *volatility = super::eval::deploy("tools defined elsewhere");
                }
                if unknown.item {
                    unknown.verdict.tokens =
                        unknown.verdict.tokens.max(self.assume.tools_tokens / 3);
                }
                let slot = self.slot(&unknown, place);
                self.mark_unordered(vec![slot], order.as_ref(), place)
            }
            Value::Function(_) | Value::Class(_) => {
                let mut unknown = Unknown::new(
                    self.written(place.span),
                    Verdict {
                        kind: ValueKind::Plain,
                        volatility: super::eval::deploy("a tool of this program"),
                        tokens: 100,
                        clock: false,
                    },
                );
                unknown.item = true;
                vec![self.slot(&unknown, place)]
            }
            Value::Choice(choice) => {
                let choice = choice.clone();
                let arms = choice
                    .arms
                    .iter()
                    .map(|arm| match arm {
                        Value::None | Value::Null => Vec::new(),
                        Value::Cell(id) if self.heap.list(*id).is_some() => {
                            let items = self
                                .heap
                                .list(*id)
                                .map(|l| l.items.clone())
                                .unwrap_or_default();
                            self.tool_items(&items)
                                .into_iter()
                                .flat_map(|b| b.pieces)
                                .collect()
                        }
                        arm => self.tool_pieces(arm, place),
                    })
                    .collect();
                vec![choice.condition.branch(arms)]
            }
            other => self.print(other, place),
        }
    }

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

    // ---- where no SDK is in sight ----

    /// A value that leaves a function: a list of messages is a prompt.
    pub fn returning(&mut self, value: &Value, expr: &Expr) {
        self.noted_messages(value, expr.span);
    }

    /// Arguments of a call that is not known: a list of messages among them is a prompt.
    pub fn passed_on(&mut self, args: &[Argument]) {
        for arg in args {
            let value = arg.value.clone();
            self.noted_messages(&value, arg.place.span);
        }
    }

    fn noted_messages(&mut self, value: &Value, span: crate::source::Span) {
        let Value::Cell(id) = value else {
            return;
        };
        if self.quiet > 0 {
            return;
        }
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
        let Some(object) = self.heap.object(id).cloned() else {
            return;
        };
        if object.class.is_some() || self.made_kind(id).is_some() {
            return;
        }
        let language = self.frame().code.language();
        let Some(call) = sdk::call(language, "<body>", &[], 0) else {
            return;
        };
        let messages = call.parts.iter().any(|(name, part)| {
            let list = match (part, object.get(name)) {
                (Part::Messages, Some(Value::Cell(list))) => *list,
                _ => return false,
            };
            self.is_messages(list)
        });
        if !messages {
            for (_, value) in &object.entries {
                match value {
                    Value::Cell(inner) if depth < 2 => self.noted_body(*inner, depth + 1),
                    _ => {}
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
        let prompt = self.assembled(None, sorted, &place);
        if text_length(&prompt.messages) >= MIN_TEXT {
            let sort = if model { Sort::Request } else { Sort::Messages };
            self.record(sort, place, prompt);
        }
    }

    fn is_messages(&self, id: usize) -> bool {
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

    /// A text that a function or constant named like a prompt gives: a prompt whose request is not known.
    pub fn noted_text(&mut self, name: &str, value: &Value, site: &Place) {
        let messages = match value {
            // A message object: `SystemMessage(content=..)`.
            Value::Cell(id) => {
                let object = self.heap.object(*id);
                let is_message = object.is_some_and(|object| {
                    object.get("role").is_some() && object.get("content").is_some()
                });
                if !is_message {
                    return;
                }
                self.message_of(value, site)
            }
            Value::Text(_) | Value::Choice(_) => {
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
        let evidence =
            history::conversation(&prompt.messages, true, false, false, &[name, &*site.path]);
        prompt.conversation = match prompt.conversation {
            Conversation::None => evidence,
            known => known,
        };
        self.record(Sort::Text, site.clone(), prompt);
    }
}

#[derive(Default)]
struct Draft {
    tools: Vec<Message>,
    system: Vec<Message>,
    messages: Vec<Message>,
    schema: Vec<Message>,
    settings: Vec<Setting>,
    model: Option<(String, Place)>,
    provider: Option<String>,
}

/// Blocks without those that send nothing; a block that is only a marker marks the one before it.
fn folded(blocks: Vec<Block>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for block in blocks {
        if !block.pieces.is_empty() {
            out.push(block);
            continue;
        }
        match (block.marker, out.last_mut()) {
            (Some(marker), Some(last)) => last.marker = Some(marker),
            (Some(marker), None) => out.push(Block {
                pieces: Vec::new(),
                marker: Some(marker),
            }),
            (None, _) => {}
        }
    }
    out
}

/// Messages of several arms: what all have stands once, the rest is sent or not.
fn forked(condition: &Rc<Condition>, mut arms: Vec<Vec<Message>>) -> Vec<Message> {
    if let Some(history) = super::windows::one_history(condition, &arms) {
        return history;
    }
    let mut out = Vec::new();
    while let Some(first) = arms.first().and_then(|arm| arm.first()).cloned() {
        if !arms.iter().all(|arm| arm.first() == Some(&first)) {
            break;
        }
        arms.iter_mut().for_each(|arm| {
            arm.remove(0);
        });
        out.push(first);
    }
    let same_shape = arms.windows(2).all(|pair| {
        pair[0].len() == pair[1].len()
            && pair[0]
                .iter()
                .zip(&pair[1])
                .all(|(a, b)| a.section == b.section && a.blocks.len() == 1 && b.blocks.len() == 1)
    });
    if same_shape {
        let count = arms.first().map_or(0, Vec::len);
        for index in 0..count {
            let pieces = arms
                .iter()
                .map(|arm| arm[index].blocks[0].pieces.clone())
                .collect();
            let mut message = arms[0][index].clone();
            let mut marks = arms.iter().map(|arm| &arm[index].blocks[0].marker);
            if !marks.all(Option::is_some) {
                let marks = arms.iter().map(|arm| arm[index].blocks[0].marker.clone());
                let found = marks.enumerate().find_map(|(arm, m)| Some((arm, m?)));
                message.blocks[0].marker = found.map(|(arm, mut mark)| {
                    in_arm(&mut mark, condition, arm);
                    mark
                });
            }
            message.blocks[0].pieces = super::value::join_texts(condition, pieces);
            out.push(message);
        }
        return out;
    }
    let total = arms.len();
    for (index, arm) in arms.into_iter().enumerate() {
        for mut message in arm {
            let marks = message.blocks.iter_mut().filter_map(|b| b.marker.as_mut());
            marks.for_each(|mark| in_arm(mark, condition, index));
            let history = message
                .blocks
                .iter()
                .any(|block| history::holds_history(&block.pieces));
            if !history {
                for block in &mut message.blocks {
                    let mut all = vec![Vec::new(); total];
                    all[index] = std::mem::take(&mut block.pieces);
                    block.pieces = vec![Piece::Branch(Branch {
                        condition: condition.expr.clone(),
                        id: condition.id,
                        place: condition.place.clone(),
                        volatility: condition.volatility.clone(),
                        arms: all,
                    })];
                }
            }
            out.push(message);
        }
    }
    out
}

fn repeat_piece(round: &Round, body: Vec<Piece>) -> Piece {
    Piece::Repeat(Repeat {
        over: round.over.clone(),
        place: round.place.clone(),
        volatility: round.volatility.clone(),
        body,
        rounds: round.rounds,
        unordered: round.unordered,
    })
}

fn repeated(round: &Round, mut message: Message) -> Message {
    let history = message
        .blocks
        .iter()
        .any(|block| history::holds_history(&block.pieces));
    if history {
        one_history(&mut message);
        return message;
    }
    for block in &mut message.blocks {
        let body = std::mem::take(&mut block.pieces);
        if !body.is_empty() {
            block.pieces = vec![repeat_piece(round, body)];
        }
        if let Some(marker) = &mut block.marker {
            in_loop(marker, round);
        }
    }
    message
}

/// A turn that is written out part by part is one turn of the conversation: its parts are no texts of their own.
fn one_history(message: &mut Message) {
    let mut seen = false;
    for block in &mut message.blocks {
        block.pieces.retain(|piece| match piece {
            Piece::History(_) => !std::mem::replace(&mut seen, true),
            Piece::Slot(slot) => slot.volatility.given != Given::Conversation,
            Piece::Branch(branch) => branch.volatility.given != Given::Conversation,
            _ => true,
        });
    }
    message
        .blocks
        .retain(|block| !block.pieces.is_empty() || block.marker.is_some());
}

/// Blocks as one, with the last marker.
fn one_block(blocks: Vec<Block>) -> (Vec<Piece>, Option<Marker>) {
    let mut pieces = Vec::new();
    let mut marker = None;
    for block in blocks {
        pieces.extend(block.pieces);
        marker = block.marker.or(marker);
    }
    (pieces, marker)
}

fn is_marked(block: &Block) -> bool {
    block.marker.is_some()
}

fn history_of(round: &Round) -> Message {
    Message {
        section: Section::Role(HISTORY_ROLE.into()),
        blocks: vec![Block {
            pieces: vec![Piece::History(History {
                expr: round.over.clone(),
                place: round.place.clone(),
                rewritten: round.rewrite.clone(),
            })],
            marker: None,
        }],
        place: round.place.clone(),
        stored: Stored::AsSent,
    }
}

fn rewrite_history(messages: &mut [Message], rewrite: &crate::prompt::Rewrite) {
    for message in messages {
        for block in &mut message.blocks {
            for piece in &mut block.pieces {
                if let Piece::History(history) = piece {
                    history.rewritten.get_or_insert_with(|| rewrite.clone());
                }
            }
        }
    }
}

/// Whether anything is known of a request: a text, a marker, tools that vary. A wrapper that passes on what it is
/// given says nothing of what is sent.
fn says_something(messages: &[Message]) -> bool {
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
    let something = !messages.is_empty() && !passes_on;
    something
        || text_length(messages) > 0
        || blocks.any(|(tools, block)| {
            block.marker.is_some() || (tools && block.pieces.iter().any(varies))
        })
}
