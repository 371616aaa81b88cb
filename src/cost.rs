//! Hit probability and the cost of a request (DESIGN 4). Pure arithmetic over keys, ends and prices: knows nothing
//! of prompts, rules or where a figure is shown.
//!
//! Prices are USD per million tokens, costs USD per 1,000 calls, times in minutes.

use crate::config::{Assume, Traffic};
use crate::providers::Prices;
use std::collections::{HashMap, HashSet};

use crate::volatility::{Key, Lifetime, Scope};

/// Probability that an entry is still alive when the next call comes, for calls at `rate` per minute, an idle
/// lifetime of `ttl` minutes, and content that is replaced every `tau` minutes (infinite: never).
pub fn survival(rate: f64, ttl: f64, tau: f64) -> f64 {
    if rate <= 0.0 || tau <= 0.0 {
        return 0.0;
    }
    let window = ttl.min(tau);
    let miss = (-rate * window).exp();
    if tau.is_infinite() {
        1.0 - miss
    } else {
        1.0 - ((1.0 - miss) / rate + (tau - window) * miss) / tau
    }
}

/// The traffic of one prompt in the units of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Calls a minute of this prompt.
    pub calls: f64,
    pub users: f64,
    pub tenants: f64,
    /// Calls per session; 1 without a conversation.
    pub turns: f64,
    /// Minutes between the calls of a session.
    pub gap: f64,
    /// Times one piece of session state flips within a session.
    pub flips: f64,
}

impl Rates {
    /// Rates of a prompt. Rows of a batch file arrive within the day that a batch may take.
    pub fn new(traffic: &Traffic, assume: &Assume, conversation: bool, rows: usize) -> Rates {
        const MINUTES_OF_BATCH: f64 = 1440.0;
        let calls = match traffic.calls_per_month {
            Some(_) => traffic.rate(),
            None => traffic.rate().max(rows as f64 / MINUTES_OF_BATCH),
        };
        Rates {
            calls,
            users: traffic.users.max(1.0),
            tenants: traffic.tenants.max(1.0),
            turns: if conversation {
                traffic.calls_per_session.max(1.0)
            } else {
                1.0
            },
            gap: traffic.gap,
            flips: assume.flips,
        }
    }

    /// Probability that a prefix of this key is read from the cache, for an idle lifetime of `ttl` minutes.
    pub fn hit(&self, key: &Key, ttl: f64) -> f64 {
        self.hit_of(&Reach::of(key), ttl)
    }

    /// The same of what is left of a key when only its price counts.
    pub fn hit_of(&self, key: &Reach, ttl: f64) -> f64 {
        let tau = key.lifetime.minutes();
        let variants = key.variants;
        match key.scope {
            Scope::Call => 0.0,
            Scope::Shared => survival(self.calls / variants, ttl, tau),
            Scope::Tenant => survival(self.calls / (self.tenants * variants), ttl, tau),
            Scope::User => {
                let within = survival(1.0 / self.gap, ttl, tau);
                let across = survival(self.calls / (self.turns * self.users * variants), ttl, tau);
                ((self.turns - 1.0) * within + across) / self.turns
            }
            Scope::Session => {
                let flips = self.flips * key.flips as f64;
                let repeats = (self.turns - 1.0 - flips).max(0.0);
                repeats / self.turns * survival(1.0 / self.gap, ttl, tau)
            }
        }
    }
}

/// A place where the provider can match, with the terms of the entry that ends there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    /// Offset in tokens from the start of the request.
    pub at: f64,
    /// Idle lifetime of the entry, minutes.
    pub ttl: f64,
    /// Price of a token written up to here, USD per million.
    pub write: f64,
}

/// What the hit probability needs of a key: of constant size, however many forks stand in the prefix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    pub scope: Scope,
    pub lifetime: Lifetime,
    /// How many values live side by side.
    pub variants: f64,
    /// Pieces of session state that flip within a session.
    pub flips: usize,
}

impl Reach {
    pub fn of(key: &Key) -> Reach {
        Reach {
            scope: key.scope,
            lifetime: key.lifetime,
            variants: key.variants(),
            flips: key.flips.len(),
        }
    }
}

/// The key of a growing prefix: joins one piece after the other without copying what is joined already.
#[derive(Debug)]
pub struct Prefix {
    reach: Reach,
    forks: HashMap<u64, u32>,
    flips: HashSet<u64>,
}

impl Default for Prefix {
    fn default() -> Self {
        Prefix {
            reach: Reach::of(&Key::constant()),
            forks: HashMap::new(),
            flips: HashSet::new(),
        }
    }
}

impl Prefix {
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// Joins the key of the next piece; says whether that changes the key of the prefix.
    pub fn join(&mut self, key: &Key) -> bool {
        let reach = &mut self.reach;
        let mut changed = key.scope > reach.scope || key.lifetime < reach.lifetime;
        reach.scope = reach.scope.max(key.scope);
        reach.lifetime = reach.lifetime.min(key.lifetime);
        let mut widened = false;
        for fork in &key.forks {
            match self.forks.insert(fork.id, fork.arms) {
                None => {
                    reach.variants *= f64::from(fork.arms.max(1));
                    changed = true;
                }
                Some(known) if known > fork.arms => {
                    self.forks.insert(fork.id, known);
                }
                Some(known) => widened |= known < fork.arms,
            }
        }
        if widened {
            changed = true;
            let arms = self.forks.values().map(|arms| f64::from((*arms).max(1)));
            reach.variants = arms.product();
        }
        for flip in &key.flips {
            changed |= self.flips.insert(*flip);
        }
        reach.flips = self.flips.len();
        changed
    }
}

/// One stretch of the request: where it ends (tokens from the start) and the key of the prefix up to there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub end: f64,
    pub key: Reach,
}

/// What a request costs, on average.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Bill {
    pub usd_per_1k_calls: f64,
    /// Expected tokens read from the cache per call.
    pub read: f64,
    /// Tokens behind the last end: never cached.
    pub uncached: f64,
}

/// The expected input cost of a request. `stretches` and `ends` ascend.
pub fn bill(stretches: &[Stretch], ends: &[End], prices: &Prices, rates: &Rates) -> Bill {
    let total = stretches.last().map_or(0.0, |last| last.end);
    let read_price = prices.read.unwrap_or(prices.input);
    let (mut micro_usd, mut read, mut from) = (0.0, 0.0, 0.0);
    let mut at = 0;
    let mut known: Option<(usize, f64, f64)> = None;
    for end in ends {
        while at + 1 < stretches.len() && stretches[at].end < end.at {
            at += 1;
        }
        let hit = match known {
            Some((stretch, ttl, hit)) if stretch == at && ttl == end.ttl => hit,
            _ => rates.hit_of(&stretches[at].key, end.ttl),
        };
        known = Some((at, end.ttl, hit));
        let tokens = end.at - from;
        micro_usd += tokens * (hit * read_price + (1.0 - hit) * end.write);
        read += tokens * hit;
        from = end.at;
    }
    micro_usd += (total - from) * prices.input;
    Bill {
        usd_per_1k_calls: micro_usd / 1000.0,
        read,
        uncached: total - from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volatility::Class;
    use proptest::prelude::*;

    fn piece() -> impl Strategy<Value = Key> {
        let class = prop::sample::select(Class::ALL.to_vec());
        (
            class,
            0u64..4,
            prop::option::of((0u64..4, 0u32..5, any::<bool>())),
        )
            .prop_map(|(class, id, fork)| match fork {
                Some((id, arms, flips)) => Key::of(class, id).join(&Key::branch(id, arms, flips)),
                None => Key::of(class, id),
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_growing_prefix_has_the_key_that_its_pieces_join_to(
            pieces in prop::collection::vec(piece(), 0..8)
        ) {
            let (mut prefix, mut key) = (Prefix::default(), Key::constant());
            for piece in &pieces {
                let joined = key.join(piece);
                prop_assert_eq!(prefix.join(piece), joined != key);
                prop_assert_eq!(prefix.reach(), Reach::of(&joined));
                key = joined;
            }
        }
    }

    #[test]
    fn a_condition_that_turns_out_to_have_more_arms_widens_the_prefix() {
        let mut prefix = Prefix::default();
        assert!(prefix.join(&Key::branch(1, 2, false)));
        assert!(prefix.join(&Key::branch(2, 3, false)));
        assert!(!prefix.join(&Key::branch(2, 2, false)), "known already");
        assert!(prefix.join(&Key::branch(1, 4, false)));
        assert_eq!(prefix.reach().variants, 12.0);
    }

    #[test]
    fn nothing_survives_without_calls_or_without_a_life() {
        assert_eq!(survival(0.0, 5.0, f64::INFINITY), 0.0);
        assert_eq!(survival(-1.0, 5.0, 60.0), 0.0);
        assert_eq!(survival(1.0, 5.0, 0.0), 0.0);
        assert!(survival(1.0, 5.0, f64::INFINITY) > 0.99);
    }

    #[test]
    fn rows_of_a_batch_arrive_within_a_day_unless_the_rate_is_configured() {
        let calls =
            |traffic: &Traffic, rows| Rates::new(traffic, &Assume::default(), false, rows).calls;
        let reference = Traffic::default();
        assert_eq!(calls(&reference, 1), 1.0);
        assert_eq!(calls(&reference, 14_400), 10.0);
        let configured = Traffic {
            calls_per_month: Some(43_200.0),
            ..Traffic::default()
        };
        assert_eq!(calls(&configured, 14_400), 1.0);
    }

    #[test]
    fn a_request_without_a_conversation_is_a_session_of_one_call() {
        let traffic = Traffic {
            calls_per_session: 6.0,
            users: 0.0,
            ..Traffic::default()
        };
        let turns = |conversation| Rates::new(&traffic, &Assume::default(), conversation, 0).turns;
        assert_eq!((turns(true), turns(false)), (6.0, 1.0));
        let rates = Rates::new(&traffic, &Assume::default(), false, 0);
        assert_eq!((rates.users, rates.tenants), (1.0, 10.0));
    }
}
