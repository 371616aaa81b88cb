//! Templates as trees, independent of any template language, and the strategy that makes them.

use proptest::prelude::*;
use proptest::sample::select;

/// One piece of a template. Every tag carries what it does to the blanks around it.
#[derive(Clone, Debug)]
pub enum Node {
    Text(&'static str),
    /// A value by name, through filters.
    Slot(&'static str, Option<&'static str>, Trim),
    /// A literal through a filter.
    Literal(&'static str, Option<&'static str>, Trim),
    /// A condition on a flag that is true in one rendering and false in the other.
    If(&'static str, bool, Vec<Node>, Option<Vec<Node>>, [Trim; 3]),
    /// A condition on the value that its body prints: taken to be there.
    Present(&'static str, [Trim; 2]),
    /// A loop over a list that is empty in one rendering.
    For(&'static str, Vec<Node>, [Trim; 2]),
    /// A loop over literals.
    Unrolled(Vec<Node>, [Trim; 2]),
    /// Binds a name to text or to a value.
    Set(&'static str, Bound, Trim),
    Capture(&'static str, Vec<Node>, [Trim; 2]),
    Comment(Trim),
    Raw(&'static str, [Trim; 2]),
    /// Another file.
    Include(Vec<Node>, Trim),
    /// A macro with one parameter, and a call of it with a literal or a value.
    Macro(Vec<Node>, Bound, [Trim; 3]),
    With(Bound, Vec<Node>, [Trim; 2]),
}

#[derive(Clone, Debug)]
pub enum Bound {
    Text(&'static str),
    Slot(&'static str),
}

/// Marks at both ends of a tag: 0 nothing, 1 trims, 2 keeps.
pub type Trim = (u8, u8);

pub const TEXTS: &[&str] = &[
    "You are a helpful assistant.",
    " Answer in French, please!\n",
    "\n\n",
    "\n",
    "   ",
    " \n  \n",
    "\t",
    "Правила:\n- не спешить\n- молчать  ",
    "日本語で答えてください。",
    "🦀🎉 ok",
    "## Rules\n\n1. First;\n2. Second.\n\n",
    "don't",
    "it's 12345 or 67.",
    "\r\n",
    "a\r\nb\r\n",
    "e\u{301}",
    "مرحبا",
    "{ \"a\": 1 }",
    "...",
    "/path/to",
    "100%",
    "x = y;\n\n\n\tz",
    "“quoted” — dash",
];

/// Names of values: telling ones and plain ones.
pub const SLOTS: &[&str] = &[
    "current_time",
    "user_name",
    "question",
    "today",
    "order_id",
    "topic",
    "x",
    "session_id",
];
pub const FLAGS: &[&str] = &["is_admin", "flag", "verbose_mode"];
pub const LISTS: &[&str] = &["documents", "things", "chat_history"];
pub const BOUND: &[&str] = &["bound_a", "bound_b"];

/// The two values of a name, by its place in the list: they differ in their first byte and start with no ASCII letter.
pub const VALUES: &[(&str, &str)] = &[
    ("12:30", "09:15"),
    ("Ωmega", "日本 Co"),
    ("🦀 crab?", "(why)"),
    ("\n  7", "+8"),
    ("  9", "-4"),
    ("'s own", "!\n"),
    ("é", "/x/"),
    ("0", "\"quoted\""),
];

/// What a language can say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Can {
    pub blocks: bool,
    pub jinja: bool,
}

fn trim() -> impl Strategy<Value = Trim> {
    let mark = || prop_oneof![4 => Just(0u8), 2 => Just(1u8), 1 => Just(2u8)];
    (mark(), mark())
}

fn two() -> impl Strategy<Value = [Trim; 2]> {
    [trim(), trim()]
}

fn slot() -> impl Strategy<Value = &'static str> {
    select(SLOTS.to_vec())
}

fn bound() -> impl Strategy<Value = Bound> {
    let texts = vec!["fixed", " spaced ", "", "Ünï\n", "it's"];
    prop_oneof![
        3 => select(texts).prop_map(Bound::Text),
        2 => slot().prop_map(Bound::Slot),
    ]
}

fn leaf(can: Can) -> BoxedStrategy<Node> {
    let filter = select(vec![None, Some("upper"), Some("trim"), Some("lower")]);
    let text = select(TEXTS.to_vec()).prop_map(Node::Text);
    let value = (slot(), filter.clone(), trim()).prop_map(|(n, f, t)| Node::Slot(n, f, t));
    if !can.blocks {
        return prop_oneof![4 => text, 2 => value].boxed();
    }
    let comment = trim().prop_map(Node::Comment);
    let raws = vec!["{{ raw }}", " {% x %}\n", "{#"];
    let raw = (select(raws), two()).prop_map(|(r, t)| Node::Raw(r, t));
    if !can.jinja {
        return prop_oneof![8 => text, 2 => value, 1 => comment].boxed();
    }
    let literals = vec!["abc", " Mixed Case\n", "ÄÖ", "12"];
    let literal = (select(literals), filter.clone(), trim());
    let literal = literal.prop_map(|(l, f, t)| Node::Literal(l, f, t));
    let used = (select(BOUND.to_vec()), filter, trim());
    let used = used.prop_map(|(n, f, t)| Node::Slot(n, f, t));
    let set = (select(BOUND.to_vec()), bound(), trim()).prop_map(|(n, b, t)| Node::Set(n, b, t));
    prop_oneof![10 => text, 2 => value, 1 => comment, 1 => raw, 2 => literal, 2 => used, 2 => set]
        .boxed()
}

/// A template of a few pieces.
pub fn template(can: Can) -> BoxedStrategy<Vec<Node>> {
    let leaf = leaf(can);
    if !can.blocks {
        return prop::collection::vec(leaf, 0..10).boxed();
    }
    let node = leaf.prop_recursive(3, 24, 4, move |inner| {
        let body = || prop::collection::vec(inner.clone(), 0..4);
        let branch = (
            select(FLAGS.to_vec()),
            any::<bool>(),
            body(),
            prop::option::of(body()),
            [trim(), trim(), trim()],
        )
            .prop_map(|(f, n, a, b, t)| Node::If(f, n, a, b, t));
        let list = (select(LISTS.to_vec()), body(), two()).prop_map(|(l, b, t)| Node::For(l, b, t));
        let include = (body(), trim()).prop_map(|(b, t)| Node::Include(b, t));
        let present = (slot(), two()).prop_map(|(n, t)| Node::Present(n, t));
        if !can.jinja {
            return prop_oneof![2 => branch, 1 => list, 2 => include, 1 => present].boxed();
        }
        let unrolled = (body(), two()).prop_map(|(b, t)| Node::Unrolled(b, t));
        let capture =
            (select(BOUND.to_vec()), body(), two()).prop_map(|(n, b, t)| Node::Capture(n, b, t));
        let call =
            (body(), bound(), [trim(), trim(), trim()]).prop_map(|(b, a, t)| Node::Macro(b, a, t));
        let with = (bound(), body(), two()).prop_map(|(b, n, t)| Node::With(b, n, t));
        prop_oneof![
            2 => branch, 1 => list, 2 => include, 1 => present, 1 => unrolled, 1 => capture,
            1 => call, 1 => with
        ]
        .boxed()
    });
    prop::collection::vec(node, 0..8).boxed()
}
