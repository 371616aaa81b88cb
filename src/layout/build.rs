//! From a prompt to a layout: wire order, one segment per stable run or value, tokens of the target model.

use std::sync::Arc;

use super::keys::{fork_key, value_key, weight};
use super::options::{automatic, automatic_ttl, states_markers, unkeyed, wire_order, Tier};
use super::{Kind, Layout, Mark, MessageInfo, Part, Segment, BLOCK_GAP};
use crate::config::Assume;
use crate::prompt::{
    Block, Branch, Conversation, History, MarkerHow, Message, Piece, Prompt, Repeat, Section,
    Setting, Slot,
};
use crate::providers::{Match, Model};
use crate::resolve::HISTORY_ROLE;
use crate::source::{stable_hash, Place, Span};
use crate::volatility::{Class, Confidence, Key, Origin, Volatility};

/// Counts tokens of the target model (typical figures where its tokenizer is not public).
pub trait Count {
    fn count(&self, text: &str) -> f64;
    /// Tokens of a run that what follows it cannot change, and all tokens of the run.
    fn stable(&self, text: &str) -> (f64, f64);
}

/// Tokens assumed for the question that follows a conversation.
const QUESTION_TOKENS: f64 = 50.0;

/// Characters of a text that are kept to be shown.
const OPENING: usize = 240;

/// Lays a prompt out on a target.
pub fn build(prompt: &Prompt, model: &Model, assume: &Assume, counter: &dyn Count) -> Layout {
    let mut builder = Builder {
        model,
        assume,
        counter,
        segments: Vec::new(),
        messages: Vec::new(),
        marks: Vec::new(),
        parts: Vec::new(),
        run: Run::default(),
        message: 0,
        block: 0,
        origin: prompt.origin.clone(),
        ratio: model.tokenizer.typical,
    };
    let order = wire_order(&prompt.messages, model);
    builder.settings(prompt, "tools", true);
    let mut tier = Tier::Tools;
    for message in order {
        let next = Tier::of(&message.section);
        if next > Tier::Tools && tier == Tier::Tools {
            builder.settings(prompt, "system", false);
        }
        if next == Tier::Messages && tier < Tier::Messages {
            builder.settings(prompt, "messages", false);
        }
        tier = tier.max(next);
        builder.message(message);
    }
    // A user message that opens a conversation is kept as it was sent; a system prompt is made anew for every turn.
    let opens = prompt
        .messages
        .iter()
        .any(|message| message.section.is_preamble());
    if prompt.fragment && opens {
        if let Conversation::Evidence(_) = prompt.conversation {
            builder.assumed_conversation(prompt);
        }
    }
    let explicit_only = prompt.settings.iter().any(|setting| {
        setting.name.ends_with("prompt_cache_options.mode") && setting.literal() == Some("explicit")
    });
    let assumed_marks = model.matching == Match::Marks && !states_markers(prompt);
    let mut layout = Layout {
        segments: builder.segments,
        messages: builder.messages,
        marks: builder.marks,
        explicit_only,
        assumed_marks,
        unkeyed: unkeyed(prompt, model),
        parts: builder.parts,
    };
    for (id, segment) in layout.segments.iter_mut().enumerate() {
        segment.id = id;
    }
    settle_growth(&mut layout);
    let marked = layout.marks.iter();
    let known = marked.clone().any(|mark| mark.how == MarkerHow::Automatic);
    if let (Some(setting), false) = (automatic(prompt), known) {
        let taken = |block| layout.marks.iter().any(|mark| mark.block == block);
        if let Some(last) = layout.segments.last().filter(|last| !taken(last.block)) {
            layout.marks.push(Mark {
                block: last.block,
                ttl: automatic_ttl(prompt),
                place: Some(setting.place.clone()),
                how: MarkerHow::Automatic,
            });
        }
    }
    layout
}

/// Where a conversation stands in parts, the turns of earlier calls and those of a loop behind them, only the last part
/// grows from one call to the next.
fn settle_growth(layout: &mut Layout) {
    let turns = |segment: &Segment| {
        matches!(segment.kind, Kind::History { .. })
            && layout.messages[segment.message].section.name() == HISTORY_ROLE
    };
    let parts: Vec<usize> = (0..layout.segments.len())
        .filter(|at| turns(&layout.segments[*at]))
        .collect();
    let Some((_, earlier)) = parts.split_last() else {
        return;
    };
    for at in earlier {
        if let Some(growth) = layout.segments.get_mut(at + 1) {
            if growth.kind == Kind::Growth {
                growth.key = Key::of(Class::Session, 0);
            }
        }
    }
}

/// The first words of a text, for those who look at the request.
fn opening(text: &str) -> Arc<str> {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .nth(OPENING)
        .map_or(text.len(), |(at, _)| at);
    text[..end].into()
}

/// A stable run that is being collected: text of one block with nothing variable in between.
#[derive(Default)]
struct Run {
    text: String,
    place: Option<Place>,
    /// Where each text of one file ends (bytes of `text`), and its place.
    texts: Vec<(usize, Place)>,
    /// Tokens of known size whose text is not at hand.
    unseen: f64,
}

impl Run {
    fn push(&mut self, text: &str, place: &Place) {
        self.text.push_str(text);
        let end = self.text.len();
        match self.texts.last_mut() {
            Some((known, last)) if last.path == place.path => {
                *known = end;
                last.span = last.span.to(place.span);
            }
            _ => self.texts.push((end, place.clone())),
        }
    }
}

struct Builder<'a> {
    model: &'a Model,
    assume: &'a Assume,
    counter: &'a dyn Count,
    segments: Vec<Segment>,
    messages: Vec<MessageInfo>,
    marks: Vec<Mark>,
    parts: Vec<Part>,
    run: Run,
    message: usize,
    block: usize,
    origin: Place,
    ratio: f64,
}

impl Builder<'_> {
    fn push(&mut self, tokens: f64, key: Key, kind: Kind, place: Place) {
        self.segments.push(Segment {
            id: 0,
            tokens,
            key,
            kind,
            place,
            message: self.message,
            block: self.block,
        });
    }

    fn open(&mut self, section: Section, place: Place) {
        self.message = self.messages.len();
        self.messages.push(MessageInfo { section, place });
        self.block += BLOCK_GAP;
    }

    fn message(&mut self, message: &Message) {
        self.open(message.section.clone(), message.place.clone());
        let framing = match message.section {
            Section::Tools => {
                self.model.framing.tools_prompt
                    + self.model.framing.per_tool * message.blocks.len() as u32
            }
            Section::Schema => 0,
            _ => self.model.framing.per_message,
        };
        if framing > 0 {
            self.push(
                f64::from(framing),
                Key::constant(),
                Kind::Framing,
                message.place.clone(),
            );
        }
        for block in &message.blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        self.block += BLOCK_GAP;
        self.pieces(&block.pieces);
        self.flush(false);
        if let Some(marker) = &block.marker {
            self.marks.push(Mark {
                block: self.block,
                ttl: marker.ttl,
                place: Some(marker.place.clone()),
                how: marker.how,
            });
        }
    }

    fn pieces(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    let place = text.whole();
                    self.run.push(text.as_str(), &place);
                    self.run.place = Some(match self.run.place.take() {
                        Some(known) if known.path == place.path => Place {
                            span: known.span.to(place.span),
                            ..known
                        },
                        Some(known) => known,
                        None => place,
                    });
                }
                Piece::Slot(slot) => self.slot(slot),
                Piece::Branch(branch) => self.branch(branch),
                Piece::Repeat(repeat) => self.repeat(repeat),
                Piece::History(history) => self.history(history),
                Piece::Media(media) => {
                    self.flush(true);
                    let key = value_key(&media.volatility, &media.key);
                    let tokens = f64::from(self.assume.unknown_text_tokens);
                    self.push(tokens, key, Kind::Media, media.place.clone());
                }
            }
        }
    }

    /// Ends the stable run. `before_value`: what follows may change how its last tokens are cut; those go with the value.
    fn flush(&mut self, before_value: bool) -> f64 {
        let run = std::mem::take(&mut self.run);
        if run.text.is_empty() && run.unseen == 0.0 {
            return 0.0;
        }
        let (stable, all) = if before_value {
            self.counter.stable(&run.text)
        } else {
            let all = self.counter.count(&run.text);
            (all, all)
        };
        let place = run.place.unwrap_or_else(|| self.origin.clone());
        let hash = stable_hash(&[run.text.trim()]);
        let opening = opening(&run.text);
        self.parts(&run.text, &run.texts, stable);
        self.push(
            stable + run.unseen,
            Key::constant(),
            Kind::Text { hash, opening },
            place,
        );
        all - stable
    }

    /// The texts of a run that are large enough to be worth sharing.
    fn parts(&mut self, text: &str, texts: &[(usize, Place)], tokens: f64) {
        let mut start = 0;
        for (end, place) in texts {
            let part = &text[start..*end];
            // A token is at least one byte.
            if part.len() >= self.model.minimum.max(1) as usize {
                let whole = texts.len() == 1;
                let count = |text: &str| self.counter.count(text);
                self.parts.push(Part {
                    segment: self.segments.len(),
                    hash: stable_hash(&[part.trim()]),
                    at: if whole { 0.0 } else { count(&text[..start]) },
                    tokens: if whole { tokens } else { count(part) },
                    place: place.clone(),
                    front: stable_hash(&[text[..start].trim()]),
                });
            }
            start = *end;
        }
    }

    fn slot(&mut self, slot: &Slot) {
        let key = value_key(&slot.volatility, &slot.expr);
        let tokens = f64::from(slot.size.tokens) * self.ratio;
        if key.is_constant() {
            // A value of the deployment: as stable as text, but its tokens are not at hand.
            self.run.unseen += tokens;
            self.run.place.get_or_insert_with(|| slot.place.clone());
            return;
        }
        let cut = self.flush(true);
        let kind = Kind::Value {
            expr: slot.expr.to_string(),
            volatility: slot.volatility.clone(),
            trace: slot.trace.clone(),
        };
        self.push(tokens + cut, key, kind, slot.place.clone());
    }

    fn branch(&mut self, branch: &Branch) {
        let longest = branch
            .arms
            .iter()
            .max_by_key(|arm| arm.iter().map(weight).sum::<usize>());
        let Some(longest) = longest else {
            return;
        };
        let key = fork_key(branch);
        if key.is_constant() {
            self.pieces(longest);
            return;
        }
        let cut = self.flush(true);
        let at = self.segments.len();
        let kind = Kind::Fork {
            condition: branch.condition.to_string(),
            volatility: branch.volatility.clone(),
            covers: 0,
        };
        self.push(cut, key, kind, branch.place.clone());
        self.pieces(longest);
        self.flush(true);
        let inside = self.segments.len() - at - 1;
        if let Kind::Fork { covers, .. } = &mut self.segments[at].kind {
            *covers = inside;
        }
    }

    fn repeat(&mut self, repeat: &Repeat) {
        let mut volatility = repeat.volatility.clone();
        let mut key = value_key(&volatility, &repeat.over);
        let (inner, tokens) = self.measure(&repeat.body);
        for value in &inner {
            key = key.join(&value.key);
        }
        // An order that is fixed for a while (a set within a process, a folder on a machine) says so itself.
        if repeat.unordered && volatility.origin != Origin::Order {
            key = key.join(&Key::of(Class::Unique, 0));
            volatility.origin = Origin::Order;
        }
        let tokens = tokens * f64::from(repeat.rounds.max(1));
        if key.is_constant() {
            self.run.unseen += tokens;
            self.run.place.get_or_insert_with(|| repeat.place.clone());
            return;
        }
        if volatility.class.is_stable() {
            if let Some(value) = super::speaker(inner.iter()).and_then(Segment::volatility) {
                volatility = value.clone();
            }
        } else if let Some(value) = inner
            .iter()
            .filter_map(|segment| segment.volatility())
            .find(|value| {
                value.origin == Origin::MadeUp
                    && (value.class > volatility.class || value.confidence > volatility.confidence)
            })
        {
            volatility = value.clone();
        }
        let cut = self.flush(true);
        let kind = Kind::Value {
            expr: repeat.over.clone(),
            volatility,
            trace: Vec::new(),
        };
        self.push(tokens + cut, key, kind, repeat.place.clone());
    }

    /// The variable segments and all tokens of pieces that are not laid out in place.
    fn measure(&mut self, pieces: &[Piece]) -> (Vec<Segment>, f64) {
        let parts = self.parts.len();
        let outer = (
            std::mem::take(&mut self.segments),
            std::mem::take(&mut self.run),
        );
        self.pieces(pieces);
        self.flush(false);
        let inner = std::mem::replace(&mut self.segments, outer.0);
        self.run = outer.1;
        self.parts.truncate(parts);
        let tokens = inner.iter().map(|segment| segment.tokens).sum();
        let variable = inner
            .into_iter()
            .filter(|segment| !segment.is_stable())
            .collect();
        (variable, tokens)
    }

    fn history(&mut self, history: &History) {
        self.flush(true);
        let slides = history
            .rewritten
            .as_ref()
            .is_some_and(|rewrite| !rewrite.only_at_limit);
        let class = if slides {
            Class::Request
        } else {
            Class::Session
        };
        let kind = Kind::History {
            expr: history.expr.clone(),
            rewritten: history.rewritten.clone(),
        };
        let tokens = f64::from(self.assume.history_tokens) * self.ratio;
        self.push(tokens, Key::of(class, 0), kind, history.place.clone());
        self.push(
            0.0,
            Key::of(Class::Request, 0),
            Kind::Growth,
            history.place.clone(),
        );
    }

    /// The turns that follow a fragment, on evidence.
    fn assumed_conversation(&mut self, prompt: &Prompt) {
        let place = Place {
            path: prompt.origin.path.clone(),
            span: Span::new(prompt.origin.span.end, prompt.origin.span.end),
        };
        self.open(Section::Role("user".into()), place.clone());
        self.history(&History {
            expr: "the conversation".into(),
            place: place.clone(),
            rewritten: None,
        });
        self.open(Section::Role("user".into()), place.clone());
        let volatility = Volatility::new(
            Class::Request,
            Origin::Outside,
            Confidence::Likely,
            "the next question",
        );
        self.push(
            QUESTION_TOKENS * self.ratio,
            Key::of(Class::Request, 0),
            Kind::Value {
                expr: "the question".into(),
                volatility,
                trace: Vec::new(),
            },
            place,
        );
    }

    /// Options of the cache key at their tier: varying ones as zero-token segments, a response schema with its tokens.
    fn settings(&mut self, prompt: &Prompt, tier: &str, with_routing: bool) {
        let tier_of = |setting: &Setting| {
            let known = self
                .model
                .key_settings
                .iter()
                .find(|(name, _)| *name == setting.name);
            match known {
                Some((_, tier)) => Some(tier.as_str()),
                None if self.model.cache_key.as_deref() == Some(setting.name.as_str())
                    && with_routing =>
                {
                    Some("tools")
                }
                None => None,
            }
        };
        let due: Vec<&Setting> = prompt
            .settings
            .iter()
            .filter(|setting| setting.name != "model" && tier_of(setting) == Some(tier))
            .collect();
        for setting in due {
            let (variable, tokens) = self.measure(&setting.pieces);
            let schema = ["response_format", "text.format", "responseSchema"]
                .iter()
                .any(|name| setting.name.ends_with(name));
            if variable.is_empty() && !(schema && tokens > 0.0) {
                continue;
            }
            self.open(Section::Schema, setting.place.clone());
            if schema && tokens > 0.0 {
                let hash = stable_hash(&[setting.name.as_str()]);
                self.push(
                    tokens,
                    Key::constant(),
                    Kind::Text {
                        hash,
                        opening: opening(&setting.name),
                    },
                    setting.place.clone(),
                );
            }
            let volatility = variable
                .iter()
                .find_map(|segment| segment.volatility().cloned());
            if let Some(volatility) = volatility {
                let key = variable
                    .iter()
                    .fold(Key::constant(), |key, segment| key.join(&segment.key));
                let kind = Kind::Setting {
                    name: setting.name.clone(),
                    volatility,
                };
                self.push(0.0, key, kind, setting.place.clone());
            }
        }
    }
}
