//! How long a value lives and who shares it: the lattice of DESIGN 3 and its join.
//! Knows nothing of requests, tokens or money. The classifier (which name or call yields which class) is in
//! `volatility/classify.rs`, its knowledge in `rules/volatility/`.

use std::fmt;

use crate::phrase::Phrase;

pub mod classify;
mod code;
pub mod formats;
pub mod literals;
mod names;
mod table;

/// Why a value is of a call that something makes of what the call is about.
pub const ANSWER: &str = "made of what this call is about";

/// Who shares a value, from all callers to one call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    Shared,
    Tenant,
    User,
    Session,
    Call,
}

/// The named classes of DESIGN 3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    Constant,
    Deploy,
    Day,
    Hour,
    Minute,
    Tenant,
    User,
    Session,
    State,
    Request,
    Unique,
}

impl Class {
    pub const ALL: [Class; 11] = [
        Class::Constant,
        Class::Deploy,
        Class::Day,
        Class::Hour,
        Class::Minute,
        Class::Tenant,
        Class::User,
        Class::Session,
        Class::State,
        Class::Request,
        Class::Unique,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Class::Constant => "constant",
            Class::Deploy => "deploy",
            Class::Day => "day",
            Class::Hour => "hour",
            Class::Minute => "minute",
            Class::Tenant => "tenant",
            Class::User => "user",
            Class::Session => "session",
            Class::State => "state",
            Class::Request => "request",
            Class::Unique => "unique",
        }
    }

    pub fn parse(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }

    pub fn scope(self) -> Scope {
        match self {
            Class::Constant | Class::Deploy | Class::Day | Class::Hour | Class::Minute => {
                Scope::Shared
            }
            Class::Tenant => Scope::Tenant,
            Class::User => Scope::User,
            Class::Session | Class::State => Scope::Session,
            Class::Request | Class::Unique => Scope::Call,
        }
    }

    /// Lifetime in minutes; `Lifetime::FOREVER` where only the scope bounds it.
    pub fn lifetime(self) -> Lifetime {
        match self {
            Class::Day => Lifetime(1440),
            Class::Hour => Lifetime(60),
            Class::Minute => Lifetime(1),
            Class::Request | Class::Unique => Lifetime(0),
            _ => Lifetime::FOREVER,
        }
    }

    /// Whether the value is the same for all calls of one deployment: never a barrier.
    pub fn is_stable(self) -> bool {
        matches!(self, Class::Constant | Class::Deploy)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How long a value stays the same, in minutes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lifetime(pub u32);

impl Lifetime {
    pub const FOREVER: Lifetime = Lifetime(u32::MAX);
    pub fn minutes(self) -> f64 {
        if self == Lifetime::FOREVER {
            f64::INFINITY
        } else {
            f64::from(self.0)
        }
    }
}

/// A point where the prefix forks: the identity of the condition and its number of arms.
/// The same condition twice is one fork.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fork {
    pub id: u64,
    pub arms: u32,
}

/// What a prefix is shared by: the join of the keys of its pieces.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    pub scope: Scope,
    pub lifetime: Lifetime,
    /// Sorted by id, no id twice.
    pub forks: Vec<Fork>,
    /// Identities of the session state in the prefix that flips within a session. Sorted.
    pub flips: Vec<u64>,
}

impl Key {
    pub fn constant() -> Key {
        Key {
            scope: Scope::Shared,
            lifetime: Lifetime::FOREVER,
            forks: Vec::new(),
            flips: Vec::new(),
        }
    }

    /// The key of a value of a class; `id` names the value (state that stands twice flips once).
    pub fn of(class: Class, id: u64) -> Key {
        Key {
            scope: class.scope(),
            lifetime: class.lifetime(),
            forks: Vec::new(),
            flips: if class == Class::State {
                vec![id]
            } else {
                Vec::new()
            },
        }
    }

    /// The key of a branch whose arms are shared by all who take them.
    pub fn branch(id: u64, arms: u32, flips: bool) -> Key {
        Key {
            scope: Scope::Shared,
            lifetime: Lifetime::FOREVER,
            forks: vec![Fork { id, arms }],
            flips: if flips { vec![id] } else { Vec::new() },
        }
    }

    /// Widest scope, shortest lifetime, union of forks and flips.
    pub fn join(&self, other: &Key) -> Key {
        let mut forks = self.forks.clone();
        for fork in &other.forks {
            match forks.binary_search_by_key(&fork.id, |known| known.id) {
                Ok(at) => forks[at].arms = forks[at].arms.max(fork.arms),
                Err(at) => forks.insert(at, *fork),
            }
        }
        let mut flips = self.flips.clone();
        for flip in &other.flips {
            if let Err(at) = flips.binary_search(flip) {
                flips.insert(at, *flip);
            }
        }
        Key {
            scope: self.scope.max(other.scope),
            lifetime: self.lifetime.min(other.lifetime),
            forks,
            flips,
        }
    }

    /// How many values live side by side.
    pub fn variants(&self) -> f64 {
        self.forks
            .iter()
            .map(|fork| f64::from(fork.arms.max(1)))
            .product()
    }

    pub fn is_constant(&self) -> bool {
        self.scope == Scope::Shared
            && self.lifetime == Lifetime::FOREVER
            && self.forks.is_empty()
            && self.flips.is_empty()
    }

    /// Whether this key is at least as volatile as another on every axis.
    pub fn at_least(&self, other: &Key) -> bool {
        let holds_fork = |fork: &Fork| {
            self.forks
                .binary_search_by_key(&fork.id, |known| known.id)
                .is_ok_and(|at| self.forks[at].arms >= fork.arms)
        };
        self.scope >= other.scope
            && self.lifetime <= other.lifetime
            && other.forks.iter().all(holds_fork)
            && other
                .flips
                .iter()
                .all(|flip| self.flips.binary_search(flip).is_ok())
    }
}

/// How sure the classification is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    Possible,
    Likely,
    Certain,
}

impl Confidence {
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
    pub fn parse(name: &str) -> Option<Confidence> {
        [
            Confidence::Possible,
            Confidence::Likely,
            Confidence::Certain,
        ]
        .into_iter()
        .find(|c| c.name() == name)
    }
}

/// Where a value is born: decides the rule that speaks of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Origin {
    /// The program makes it up: clock, counter, random, uuid.
    MadeUp,
    /// It comes from outside: tenant, user, session, state, request.
    Outside,
    /// The content is stable, its order is not.
    Order,
    /// A literal, configuration, a file shipped with the code.
    Fixed,
}

/// Whether a value is known for what it is, or only for where it comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Given {
    /// By what gives it, or by a telling name.
    Known,
    /// From the conversation so far.
    Conversation,
    /// From a caller, under a name that says nothing of how often it changes.
    Caller,
}

/// What is known of one value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Volatility {
    pub class: Class,
    pub origin: Origin,
    pub confidence: Confidence,
    /// The life of the frame that computes the value where that is longer than the class's own (DESIGN 3):
    /// `None` = the class's own.
    pub frame: Option<Class>,
    pub given: Given,
    /// A short phrase for people: "a clock to the second", "named like a user".
    pub why: Phrase,
}

impl Volatility {
    pub fn new(
        class: Class,
        origin: Origin,
        confidence: Confidence,
        why: impl Into<Phrase>,
    ) -> Self {
        Volatility {
            class,
            origin,
            confidence,
            frame: None,
            given: Given::Known,
            why: why.into(),
        }
    }

    pub fn constant() -> Self {
        Self::new(
            Class::Constant,
            Origin::Fixed,
            Confidence::Certain,
            "a constant",
        )
    }

    /// The class that prices the value: that of the frame where one holds it.
    pub fn priced(&self) -> Class {
        self.frame.unwrap_or(self.class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = Key> {
        let class = prop::sample::select(Class::ALL.to_vec());
        let parts =
            prop::collection::vec((class, 0u64..4, prop::option::of((0u64..4, 2u32..4))), 0..4);
        parts.prop_map(|parts| {
            parts
                .into_iter()
                .fold(Key::constant(), |key, (class, id, fork)| {
                    let value = key.join(&Key::of(class, id));
                    match fork {
                        Some((id, arms)) => value.join(&Key::branch(id, arms, id % 2 == 0)),
                        None => value,
                    }
                })
        })
    }

    proptest! {
        #[test]
        fn the_join_is_a_lattice(a in key(), b in key(), c in key()) {
            prop_assert_eq!(a.join(&b), b.join(&a));
            prop_assert_eq!(a.join(&b).join(&c), a.join(&b.join(&c)));
            prop_assert_eq!(a.join(&a), a.clone());
            prop_assert_eq!(a.join(&Key::constant()), a.clone());
            prop_assert!(a.join(&b).at_least(&a) && a.join(&b).at_least(&b));
        }
    }

    #[test]
    fn user_and_minute_are_incomparable_and_their_join_is_worse_than_either() {
        let (user, minute) = (Key::of(Class::User, 1), Key::of(Class::Minute, 2));
        assert!(!user.at_least(&minute) && !minute.at_least(&user));
        let both = user.join(&minute);
        assert_eq!((both.scope, both.lifetime), (Scope::User, Lifetime(1)));
    }

    #[test]
    fn one_condition_forks_once_and_one_state_flips_once() {
        let twice = Key::branch(7, 2, true).join(&Key::branch(7, 2, true));
        assert_eq!(twice.variants(), 2.0);
        assert_eq!(twice.flips, [7]);
        let apart = Key::branch(7, 2, false).join(&Key::branch(8, 3, false));
        assert_eq!(apart.variants(), 6.0);
    }

    #[test]
    fn classes_have_the_scope_and_life_of_the_table() {
        let table = [
            (Class::Constant, Scope::Shared, Lifetime::FOREVER),
            (Class::Deploy, Scope::Shared, Lifetime::FOREVER),
            (Class::Day, Scope::Shared, Lifetime(1440)),
            (Class::Hour, Scope::Shared, Lifetime(60)),
            (Class::Minute, Scope::Shared, Lifetime(1)),
            (Class::Tenant, Scope::Tenant, Lifetime::FOREVER),
            (Class::User, Scope::User, Lifetime::FOREVER),
            (Class::Session, Scope::Session, Lifetime::FOREVER),
            (Class::State, Scope::Session, Lifetime::FOREVER),
            (Class::Request, Scope::Call, Lifetime(0)),
            (Class::Unique, Scope::Call, Lifetime(0)),
        ];
        for (class, scope, lifetime) in table {
            assert_eq!(
                (class.scope(), class.lifetime()),
                (scope, lifetime),
                "{class}"
            );
            assert_eq!(Class::parse(class.name()), Some(class));
        }
        assert_eq!(Key::of(Class::State, 3).flips, [3]);
    }
}
