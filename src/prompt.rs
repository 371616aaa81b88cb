//! The semantic model: one request, or one fragment whose request is unknown.
//! Knows nothing of files, template languages or rules.

use std::sync::Arc;

use crate::phrase::Phrase;
use crate::reads::Reads;
use crate::source::{Place, Text};
use crate::volatility::Volatility;

/// One request, or one fragment whose request is unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// `path#symbol-or-document-key[:n]`; `path` alone for the only prompt of a file.
    pub id: String,
    /// Where the prompt stands: the file that is named in lists.
    pub origin: Place,
    /// `jinja`, `prompty`, `openai-chat`, ...
    pub format: &'static str,
    pub target: Target,
    pub settings: Vec<Setting>,
    /// In the order of the source; `layout` brings them into wire order.
    pub messages: Vec<Message>,
    /// Whether the request is unknown and this may be only a part of it.
    pub fragment: bool,
    /// Evidence that a conversation follows or is part of the request.
    pub conversation: Conversation,
    /// Rows of a batch file that this prompt stands for (0: not a batch).
    pub rows: usize,
    /// What is iterated by the loop that awaits this request once per row of data; no answer feeds the next request.
    pub looped: Option<Place>,
    /// A request as sent (recorded body, batch row): literal timestamps in it were values.
    pub recorded: bool,
    /// Whether options are spread into the request that are not in sight: what it lacks, they may hold.
    pub open_options: bool,
    /// Whether code on the way of this request writes cache markers that no request is seen to carry.
    pub marks_elsewhere: bool,
    /// What the agent of a library says in front of the turns, which the library sends as they are and marks nowhere.
    pub agent: bool,
    /// No code of the run writes a cache marker, or has a library write one.
    pub never_marked: bool,
    /// This request carries no marker for sure: none is written, or each that is written is carried by another request.
    pub surely_unmarked: bool,
    /// It carries cache markers, all that the requests of its call are seen to carry, and code of the run writes none
    /// that no request carries.
    pub marked_whole: bool,
    /// Whether code on the way of this request speaks of answers or earlier turns; told where no code writes a marker,
    /// or where this request carries all it can get.
    pub speaks_of_turns: bool,
    /// The function that sends is given messages that its callers write out: no turn is sent again.
    pub one_off: bool,
    /// A page that nothing but its name, or its folder's, makes a prompt, and that no code is seen to load or to name.
    pub unloaded: bool,
    /// Files that inherit this one (template inheritance): shown in the message.
    pub inherited_by: Vec<Arc<str>>,
    /// Everything read to resolve it, beside the file it stands in and the configs in force. Shared by the prompts that
    /// one evaluation found.
    pub reads: Reads,
}

impl Prompt {
    /// Whether the body of a module sends it, in no function.
    pub fn of_module(&self) -> bool {
        let symbol = self.id.split('#').nth(1).unwrap_or_default();
        !self.fragment && symbol.split(':').next() == Some(BODY)
    }
}

/// The symbol of what stands in no function.
pub const BODY: &str = "module";

/// Whether turns accumulate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Conversation {
    /// Single requests.
    None,
    /// A history stands in the request.
    InRequest,
    /// The request is not known, but something says that turns follow: what says so.
    Evidence(String),
}

/// What the request is sent to.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    pub provider: Option<String>,
    pub model: Option<String>,
    /// `chat`, `responses`, `messages`, `converse`, `generate-content`, ... where known.
    pub api: Option<&'static str>,
    pub source: TargetSource,
    /// Where the model or the provider is named.
    pub place: Option<Place>,
}

impl Target {
    pub fn unknown() -> Self {
        Target {
            provider: None,
            model: None,
            api: None,
            source: TargetSource::Default,
            place: None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetSource {
    /// Code or document names it.
    Declared,
    Config,
    Default,
}

impl TargetSource {
    pub fn name(self) -> &'static str {
        match self {
            TargetSource::Declared => "declared",
            TargetSource::Config => "config",
            TargetSource::Default => "default",
        }
    }
}

/// A request option that may be part of the cache key, by the provider's own name with dots
/// (`reasoning.effort`, `tool_choice`, `prompt_cache_key`, `prompt_cache_options.mode`).
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    pub name: String,
    pub pieces: Vec<Piece>,
    pub place: Place,
}

impl Setting {
    /// The value where it is literal.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] => Some(text.as_str()),
            [] => Some(""),
            _ => None,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Section {
    Tools,
    System,
    /// `user`, `assistant`, `tool`, `developer` (kept apart from `system` only where the provider does).
    Role(String),
    /// The response schema.
    Schema,
}

impl Section {
    /// From a role name of any provider (`system`, `developer`, `model`, `ai`, `human`, ...).
    pub fn from_role(role: &str) -> Section {
        match role.to_ascii_lowercase().as_str() {
            "system" => Section::System,
            "developer" => Section::Role("developer".into()),
            "human" => Section::Role("user".into()),
            "ai" | "model" | "bot" => Section::Role("assistant".into()),
            "function" => Section::Role("tool".into()),
            other => Section::Role(other.into()),
        }
    }
    pub fn name(&self) -> &str {
        match self {
            Section::Tools => "tools",
            Section::System => "system",
            Section::Role(role) => role,
            Section::Schema => "schema",
        }
    }
    pub fn is_user(&self) -> bool {
        matches!(self, Section::Role(role) if role == "user")
    }
    pub fn is_assistant(&self) -> bool {
        matches!(self, Section::Role(role) if role == "assistant")
    }
    /// Tools, system, developer, schema: what stands in front of the turns.
    pub fn is_preamble(&self) -> bool {
        match self {
            Section::Tools | Section::System | Section::Schema => true,
            Section::Role(role) => role == "developer",
        }
    }
}

/// Whether the next turn sees this message as it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stored {
    AsSent,
    NotKept,
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub section: Section,
    pub blocks: Vec<Block>,
    pub place: Place,
    pub stored: Stored,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub pieces: Vec<Piece>,
    pub marker: Option<Marker>,
}

/// A cache breakpoint behind a block.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    pub place: Place,
    /// TTL in minutes as written (`1h` = 60); `None` = the provider's default.
    pub ttl: Option<u32>,
    pub how: MarkerHow,
    pub count: MarkerCount,
}

/// How many markers of a request one marker in the source stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkerCount {
    /// `None`: as many as a loop has rounds.
    pub times: Option<u32>,
    /// Arms of branches that it stands in, outermost first: (branch, arm). Those of one branch exclude each other.
    pub arms: Vec<(u64, usize)>,
    /// Conditions among these that something else decides than what is marked: not whether that is there, of what type
    /// it is, and which round of a loop it is.
    pub conditions: usize,
    /// The slice that bounds the loop it is set in, and how many items that has at most: markers of one slice share it.
    pub slice: Option<(u64, u32)>,
    /// Written into what was there already: a loop that goes through that afterwards does not write it again.
    pub noted: bool,
    /// Loops of which no more than one round is known to set it.
    pub rounds: Vec<u32>,
    /// What stands under its key is not known, or taken out under a condition: it may be nothing.
    pub doubtful: bool,
}

impl Default for MarkerCount {
    fn default() -> Self {
        MarkerCount {
            times: Some(1),
            arms: Vec::new(),
            conditions: 0,
            slice: None,
            noted: false,
            rounds: Vec::new(),
            doubtful: false,
        }
    }
}

impl Marker {
    /// A marker that stands once.
    pub fn once(place: Place, ttl: Option<u32>, how: MarkerHow) -> Marker {
        Marker {
            place,
            ttl,
            how,
            count: MarkerCount::default(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarkerHow {
    Literal,
    /// Set inside a loop: may stand many times.
    Loop,
    /// Anthropic's one top-level `cache_control`.
    Automatic,
    /// The end of the latest eligible message (GPT-5.6 and later).
    Implicit,
}

/// A part of what is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(Text),
    Slot(Slot),
    Branch(Branch),
    Repeat(Repeat),
    History(History),
    Media(Media),
}

/// A value that is filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// As written: `user.name`, `now()`.
    pub expr: Phrase,
    pub place: Place,
    pub volatility: Volatility,
    /// From where the value is born to where it lands.
    pub trace: Vec<Hop>,
    /// Tokens, estimated.
    pub size: Size,
}

/// One hop of a value's way, born first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub place: Place,
    pub note: Phrase,
}

/// What the first hop says of a value that a caller gives, and no caller is in sight.
pub const PARAMETER: &str = "a parameter";

/// A number of tokens that is not counted but assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub tokens: u32,
    /// Whether it rests on `assume` (history, tools, a file outside the repository) rather than on a kind of value.
    pub assumed: bool,
}

/// if / ternary / match: the prefix forks.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The condition as written.
    pub condition: Phrase,
    /// Identity: the same condition twice is one fork.
    pub id: u64,
    pub place: Place,
    /// What the condition reads; its class decides between fork, state and request.
    pub volatility: Volatility,
    /// An arm without pieces stands for "nothing sent".
    // Shared: texts are copied far more often than they are written to.
    pub arms: Arc<Vec<Vec<Piece>>>,
}

impl PartialEq for Branch {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.place == other.place
            && self.condition == other.condition
            && self.volatility == other.volatility
            && (Arc::ptr_eq(&self.arms, &other.arms) || self.arms == other.arms)
    }
}

/// A loop: length and maybe order vary.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// What is iterated, as written.
    pub over: String,
    pub place: Place,
    /// Of the iterated value.
    pub volatility: Volatility,
    pub body: Vec<Piece>,
    /// Assumed number of rounds.
    pub rounds: u32,
    /// Whether the order of the source is not fixed (a set, a map range).
    pub unordered: bool,
}

/// The conversation so far: append-only unless something rewrites it.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub expr: String,
    pub place: Place,
    /// A window or an edit that changes earlier turns: how, as written (`history[-5:]`).
    pub rewritten: Option<Rewrite>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rewrite {
    pub place: Place,
    pub how: String,
    /// Acts only at the context limit: a note.
    pub only_at_limit: bool,
    /// The turns that a window keeps, where the code says how many.
    pub keeps: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    pub place: Place,
    pub key: String,
    pub volatility: Volatility,
}

/// Goes through pieces and those within them, each before what it holds.
pub fn visit_pieces(pieces: &mut [Piece], act: &mut dyn FnMut(&mut Piece)) {
    for piece in pieces {
        act(piece);
        match piece {
            Piece::Branch(branch) => {
                for arm in Arc::make_mut(&mut branch.arms) {
                    visit_pieces(arm, act);
                }
            }
            Piece::Repeat(repeat) => visit_pieces(&mut repeat.body, act),
            _ => {}
        }
    }
}
