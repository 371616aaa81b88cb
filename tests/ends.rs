//! Where a target can match: the ends of every kind of cache, and what stands between them.

mod layouts;

use layouts::*;
use prefixlint::layout::{Layout, Segment};
use prefixlint::prompt::Section;
use prefixlint::providers::{Match, Prices};
use prefixlint::volatility::Class::{Constant, Request, User};
use prefixlint::volatility::Key;

fn at(layout: &Layout, terms: &prefixlint::layout::Terms) -> Vec<f64> {
    layout.ends(terms).iter().map(|end| end.at).collect()
}

/// Messages of 1,100 tokens each, by role.
fn turns(roles: &[&str]) -> Layout {
    let pieces: Vec<_> = (0..roles.len())
        .map(|message| (1100.0, Of::Class(Constant), message, false))
        .collect();
    let mut out = layout(&pieces);
    for (message, role) in out.messages.iter_mut().zip(roles) {
        message.section = match *role {
            "system" => Section::System,
            role => Section::Role(role.into()),
        };
    }
    out
}

#[test]
fn an_end_is_never_below_the_minimum() {
    let m = sonnet5();
    let t = terms(&m, 1.0, 1.0);
    let marked = |tokens| layout(&[(tokens, Of::Class(Constant), 0, true)]);
    assert!(at(&marked(1023.0), &t).is_empty());
    assert_eq!(at(&marked(1024.0), &t), [1024.0]);
}

#[test]
fn a_cache_that_matches_message_ends_takes_users_tools_and_the_preamble() {
    let m = gpt56();
    let t = terms(&m, 1.0, 1.0);
    // Both system messages are one preamble; the end of an answer is none.
    let l = turns(&["system", "system", "user", "assistant", "user"]);
    assert_eq!(at(&l, &t), [2200.0, 3300.0, 5500.0]);
    // Of a group of tool results the last one counts.
    let l = turns(&["user", "assistant", "tool", "tool", "assistant"]);
    assert_eq!(at(&l, &t), [1100.0, 4400.0]);
    // A preamble alone: the turns follow.
    assert_eq!(at(&turns(&["system"]), &t), [1100.0]);
}

#[test]
fn explicit_mode_leaves_only_the_marks() {
    let m = gpt56();
    let t = terms(&m, 1.0, 1.0);
    let mut l = layout(&[
        (1500.0, Of::Class(Constant), 0, true),
        (1500.0, Of::Class(Constant), 1, false),
    ]);
    assert_eq!(at(&l, &t), [1500.0, 3000.0]);
    l.explicit_only = true;
    assert_eq!(at(&l, &t), [1500.0]);
}

#[test]
fn a_history_ends_where_later_turns_begin() {
    let m = gpt56();
    let t = terms(&m, 1.0, 6.0);
    let l = layout(&[
        (1500.0, Of::Class(Constant), 0, false),
        (2000.0, Of::History, 1, false),
        (50.0, Of::Class(Request), 1, false),
    ]);
    assert_eq!(at(&l, &t), [1500.0, 3500.0, 3550.0]);
}

#[test]
fn a_mark_behind_a_history_reads_the_turns_that_were_sent_before() {
    let m = sonnet5();
    let t = terms(&m, 1.0, 6.0);
    let with = |front: bool, behind: bool| {
        let l = layout(&[
            (1500.0, Of::Class(Constant), 0, front),
            (2000.0, Of::History, 1, false),
            (50.0, Of::Class(Request), 2, behind),
        ]);
        at(&l, &t)
    };
    assert_eq!(with(false, true), [3500.0, 3550.0]);
    // One in front of it does not.
    assert_eq!(with(true, false), [1500.0]);
}

#[test]
fn marks_that_the_source_cannot_show_are_taken_to_stand_behind_messages_and_histories() {
    let m = sonnet5();
    let t = terms(&m, 1.0, 6.0);
    let mut l = layout(&[
        (1500.0, Of::Class(Constant), 0, false),
        (2000.0, Of::History, 1, false),
        (20.0, Of::Class(Request), 1, false),
        (50.0, Of::Class(Request), 2, false),
    ]);
    assert!(at(&l, &t).is_empty());
    l.assumed_marks = true;
    assert_eq!(at(&l, &t), [1500.0, 3500.0, 3520.0, 3570.0]);
}

#[test]
fn a_cache_that_heals_itself_ends_where_requests_part() {
    let mut m = model(Match::Ends, prices(1.0, 0.1, None), 30.0, 0);
    let l = one_message(&[(2000.0, Constant), (50.0, Request)]);
    assert_eq!(at(&l, &terms(&m, 1.0, 1.0)), [2050.0]);
    m.self_healing = true;
    assert_eq!(at(&l, &terms(&m, 1.0, 1.0)), [2000.0, 2050.0]);
}

#[test]
fn a_cache_in_steps_of_one_token_ends_where_the_key_changes() {
    let m = model(Match::Steps { step: 1 }, prices(1.0, 0.1, None), 30.0, 0);
    let t = terms(&m, 1.0, 1.0);
    let l = one_message(&[(2000.0, Constant), (20.0, User), (50.0, Request)]);
    assert_eq!(at(&l, &t), [1024.0, 2000.0, 2020.0, 2070.0]);
    assert!(at(&one_message(&[(1023.0, Constant)]), &t).is_empty());
    // Values next to each other are one barrier up to the 64 tokens that stand for a step.
    let barriers = |between: f64| {
        let pieces = [
            (10.0, Request),
            (between, Constant),
            (10.0, Request),
            (2000.0, Constant),
        ];
        one_message(&pieces).barriers(t.granularity()).len()
    };
    assert_eq!((barriers(63.0), barriers(64.0)), (1, 2));
}

#[test]
fn values_in_steps_are_one_barrier_up_to_the_step() {
    let m = gpt54();
    let t = terms(&m, 1.0, 1.0);
    let barriers = |message: usize, between: f64| {
        let l = layout(&[
            (900.0, Of::Class(Constant), 0, false),
            (10.0, Of::Class(Request), 0, false),
            (between, Of::Class(Constant), 0, false),
            (10.0, Of::Class(User), message, false),
            (2000.0, Of::Class(Constant), message, false),
        ]);
        l.barriers(t.granularity()).len()
    };
    assert_eq!((barriers(0, 127.0), barriers(0, 128.0)), (1, 2));
    // Values of two messages are two.
    assert_eq!(barriers(1, 10.0), 2);
}

#[test]
fn without_a_key_that_the_provider_needs_nothing_matches() {
    let m = gpt54();
    let t = terms(&m, 1.0, 1.0);
    let mut l = one_message(&[(2000.0, Constant)]);
    assert!(!at(&l, &t).is_empty());
    l.unkeyed = true;
    assert!(at(&l, &t).is_empty());
    let mut m = gpt54();
    m.prices = Some(Prices {
        read: None,
        ..m.prices.unwrap()
    });
    l.unkeyed = false;
    assert!(
        at(&l, &terms(&m, 1.0, 1.0)).is_empty(),
        "no read price, no cache"
    );
}

#[test]
fn what_a_value_strands_ends_at_the_first_piece_that_is_as_volatile() {
    let l = one_message(&[
        (100.0, Constant),
        (10.0, User),
        (700.0, Constant),
        (20.0, Request),
        (900.0, Constant),
    ]);
    assert_eq!(l.stranded(1, &Key::of(User, 1)), 700.0);
    assert_eq!(l.stranded(3, &Key::of(Request, 3)), 900.0);
    assert_eq!(l.best_prefix(), 1710.0);
}

#[test]
fn a_state_that_flips_is_not_covered_by_another_one() {
    use prefixlint::volatility::Class::{Session, State};
    let (one, other) = (Key::of(State, 1), Key::of(State, 2));
    assert!(!one.at_least(&other));
    assert!(!Key::of(Session, 0).at_least(&one));
    assert!(one.join(&other).at_least(&one));
    assert!(one.at_least(&Key::of(Session, 0)));
    assert!(!Key::branch(1, 2, false).at_least(&Key::branch(2, 2, false)));
    assert!(!Key::branch(1, 2, false).at_least(&Key::branch(1, 3, false)));
}

#[test]
fn a_request_without_pieces_costs_nothing_and_has_no_plan() {
    let m = gpt54();
    let t = terms(&m, 1.0, 1.0);
    let mut l = one_message(&[(10.0, Constant)]);
    l.segments = Vec::<Segment>::new();
    assert_eq!((cost(&l, &t), l.total(), l.boundary(&t)), (0.0, 0.0, 0.0));
    assert!(prefixlint::plan::plan(&l, &t, false).steps.is_empty());
}
