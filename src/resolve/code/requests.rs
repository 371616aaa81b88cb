//! From the arguments of a call to the prompt it sends. Its messages, blocks and tools are made in files of their names.
//! Which argument is which part is in `rules/sdk/`.

use crate::frontend::code::ir::Expr;
use crate::prompt::{
    Block, Conversation, Marker, MarkerHow, Message, Prompt, Section, Setting, Stored, Target,
    TargetSource,
};
use crate::reads::Reads;
use crate::sdk::{self, Call, Makes, Part};
use crate::source::Place;
use crate::volatility::classify::{ValueKind, Verdict};
use crate::volatility::{Class, Confidence, Origin, Volatility};

use super::super::history;
use super::arms::choose;
use super::blocks::is_marked;
use super::eval::Eval;
use super::events::{text_length, Sort};
use super::made::Sorted;
use super::noted::{says_something, MIN_TEXT};
use super::value::{Argument, Unknown, Value};

impl Eval<'_, '_> {
    /// A call of an SDK: records what it sends. `None`: it is none. The value is what the call gives.
    pub fn request(&mut self, path: &str, args: &[Argument], expr: &Expr) -> Option<Value> {
        if !sdk::ends_as_call(path) {
            return None;
        }
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

    /// `asyncio.to_thread(client.chat.completions.create, model=...)`, `partial(...)`, `pool.submit(...)`: what makes the
    /// call is handed over with its arguments behind it.
    pub fn handed_on(&mut self, args: &[Argument], expr: &Expr) -> Option<Value> {
        let (at, path) = args.iter().enumerate().find_map(|(at, arg)| {
            let path = arg.value.path().filter(|path| sdk::ends_as_call(path))?;
            (arg.name.is_none() && !arg.spread).then(|| (at, path.to_string()))
        })?;
        let given = args.get(at + 1..).filter(|given| !given.is_empty())?;
        self.request(&path, given, expr)
    }

    /// Records what a call sends.
    pub fn send(&mut self, call: &Call, sorted: Sorted, expr: &Expr) {
        let place = self.place(expr.span);
        let turns = matches!(&call.makes, Makes::Object(_));
        let mut prompt = self.assembled(call.api, sorted, &place);
        if turns && prompt.messages.iter().all(|m| m.section.is_preamble()) {
            prompt.fragment = true;
            prompt.agent = !call.caches;
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

    pub fn assembled(
        &mut self,
        api: Option<&'static str>,
        sorted: Sorted,
        place: &Place,
    ) -> Prompt {
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
        let given = draft.schema.iter_mut().chain(&mut draft.tools);
        for block in given.flat_map(|message| &mut message.blocks) {
            super::handed::settle_presence(&mut block.pieces);
        }
        for setting in &mut draft.settings {
            super::handed::settle_setting(&mut setting.pieces);
            super::handed::settle_presence(&mut setting.pieces);
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
        let prompt = self.prompt(target, messages, draft.settings, place);
        Prompt {
            open_options: sorted.open,
            ..prompt
        }
    }

    pub fn answer(&mut self, path: &str, expr: &Expr) -> Value {
        let place = self.place(expr.span);
        let unknown = Unknown {
            path: Some(format!("{path}()").into()),
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
                (None, _, Value::Choice(_)) => {
                    let place = arg.place.clone();
                    let found = self.choice_entries(&arg.value).unwrap_or_default();
                    out.extend(
                        found
                            .into_iter()
                            .map(|(name, value)| (name, value, place.clone())),
                    );
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

    /// The entries of an object, or of one of several: what only some of them have is there or not.
    fn choice_entries(&self, value: &Value) -> Option<Vec<(String, Value)>> {
        match value {
            Value::Cell(id) => {
                let object = self.heap.object(*id)?;
                let plain = object.class.is_none() && self.made_kind(*id).is_none();
                plain.then(|| object.entries.clone())
            }
            Value::Choice(choice) => {
                let arms = choice.arms.iter();
                let arms: Vec<_> = arms.filter_map(|arm| self.choice_entries(arm)).collect();
                let mut names: Vec<&String> = Vec::new();
                for (name, _) in arms.iter().flatten() {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                let of = |name: &String| {
                    let found = arms.iter().map(|arm| {
                        let own = arm.iter().find(|(own, _)| own == name);
                        own.map_or(Value::None, |(_, value)| value.clone())
                    });
                    choose(&choice.condition, found.collect())
                };
                let out = names.iter().map(|name| ((*name).clone(), of(name)));
                (!arms.is_empty()).then(|| out.collect())
            }
            _ => None,
        }
    }

    /// Whether a value that is not in sight is spread into the arguments: `**options`, `{ ...options }`.
    pub fn spreads_open(&self, args: &[Argument]) -> bool {
        let mut args = args.iter();
        args.any(|arg| match &arg.value {
            Value::Cell(id) if arg.name.is_none() => self
                .heap
                .object(*id)
                .is_some_and(|object| !object.spreads.is_empty()),
            Value::Unknown(_) | Value::Choice(_) => arg.keywords,
            _ => false,
        })
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
                    Value::Choice(_) if self.may_be_turns(value) => self.messages(value, place),
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

    /// Whether a value is a list of messages or the conversation in one of its arms at least.
    fn may_be_turns(&self, value: &Value) -> bool {
        match value {
            Value::Cell(id) => self.heap.list(*id).is_some() || self.made_kind(*id).is_some(),
            Value::Unknown(unknown) => unknown.is_history(),
            Value::Choice(choice) => choice.arms.iter().any(|arm| self.may_be_turns(arm)),
            _ => false,
        }
    }

    /// A model by its name, or an object that stands for one.
    fn model_part(&mut self, value: &Value, place: &Place, draft: &mut Draft) {
        let arms = match value {
            Value::Choice(choice) => choice.arms.clone(),
            other => vec![other.clone()],
        };
        for arm in &arms {
            if let Some(name) = arm.usual_text() {
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
                // The framework calls it with what it knows, for each request.
                let life = self.life.take();
                let asked = std::mem::replace(&mut self.asked_later, true);
                let given = self.run_open(&callable, true);
                self.life = life;
                self.asked_later = asked;
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
                    let Some(_within) = self.heap.reading.begin(*id) else {
                        return;
                    };
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
        mut messages: Vec<Message>,
        settings: Vec<Setting>,
        place: &Place,
    ) -> Prompt {
        super::roles::drop_supposed(&mut messages);
        history::settle_transcripts(&mut messages);
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
            open_options: false,
            marks_elsewhere: false,
            agent: false,
            never_marked: false,
            surely_unmarked: false,
            marked_whole: false,
            speaks_of_turns: false,
            one_off: false,
            unloaded: false,
            inherited_by: Vec::new(),
            reads: Reads::default(),
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
        named.unwrap_or_else(|| crate::prompt::BODY.into())
    }

    // ---- messages ----

    // ---- where no SDK is in sight ----
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
