//! The edits of a plan: what goes where, and what is left alone.

mod layouts;

use layouts::*;
use prefixlint::layout::{Kind, Layout, Segment};
use prefixlint::plan::{as_written, plan, Edit, Plan};
use prefixlint::prompt::{Rewrite, Section};
use prefixlint::providers::{Match, Model};
use prefixlint::volatility::Class::{Constant, Minute, Request, User};
use prefixlint::volatility::{Class, Key, Origin};

fn planned(layout: &Layout, model: &Model, turns: f64) -> Plan {
    plan(layout, &terms(model, 1.0, turns), turns > 1.0)
}

fn order(layout: &Layout) -> Vec<usize> {
    layout.segments.iter().map(|segment| segment.id).collect()
}

/// A history with what its next call adds behind it.
fn grown(mut layout: Layout, at: usize) -> Layout {
    let growth = Segment {
        tokens: 0.0,
        key: Key::of(Request, 0),
        kind: Kind::Growth,
        ..layout.segments[at].clone()
    };
    layout.segments.insert(at + 1, growth);
    for (id, segment) in layout.segments.iter_mut().enumerate() {
        segment.id = id;
    }
    layout
}

#[test]
fn a_value_goes_behind_the_last_piece_that_it_strands() {
    let l = one_message(&[
        (1500.0, Constant),
        (20.0, Minute),
        (1000.0, Constant),
        (10.0, User),
        (1000.0, Constant),
        (50.0, Request),
    ]);
    let p = planned(&l, &gpt54(), 1.0);
    let first = &p.steps[0];
    assert_eq!((&first.edit, &first.members[..]), (&Edit::Move, &[1][..]));
    assert_eq!(p.steps.len(), 2);
    assert_eq!(order(&p.after), [0, 2, 4, 1, 3, 5]);
    close(
        p.steps.iter().map(|s| s.gain).sum(),
        p.now.usd_per_1k_calls - cost(&p.after, &terms(&gpt54(), 1.0, 1.0)),
    );
}

#[test]
fn a_value_in_front_of_a_history_goes_behind_its_growth_into_the_next_message() {
    let l = grown(
        layout(&[
            (1500.0, Of::Class(Constant), 0, false),
            (20.0, Of::Class(Minute), 0, false),
            (3000.0, Of::History, 1, false),
            (50.0, Of::Class(Request), 2, false),
        ]),
        2,
    );
    let p = planned(&l, &gpt54(), 6.0);
    assert_eq!(p.steps[0].edit, Edit::Move);
    assert_eq!(order(&p.after), [0, 2, 3, 1, 4]);
    assert_eq!(p.after.segments[3].message, 2);
}

#[test]
fn a_window_that_slides_is_made_to_grow() {
    let slides = |only_at_limit| {
        let mut l = layout(&[
            (1500.0, Of::Class(Constant), 0, false),
            (3000.0, Of::History, 1, false),
            (50.0, Of::Class(Request), 2, false),
        ]);
        let place = l.segments[1].place.clone();
        l.segments[1].kind = Kind::History {
            expr: "history".into(),
            rewritten: Some(Rewrite {
                place,
                how: "[-6:]".into(),
                only_at_limit,
                keeps: None,
            }),
        };
        if !only_at_limit {
            l.segments[1].key = Key::of(Request, 0);
        }
        planned(&l, &gpt54(), 6.0).steps
    };
    let steps = slides(false);
    assert_eq!(
        (&steps[0].edit, &steps[0].members[..]),
        (&Edit::AppendOnly, &[1][..])
    );
    assert!(steps[0].gain > 0.0);
    assert!(slides(true).is_empty());
}

/// A value of unstable order, on its own tier.
fn unordered(tokens: f64, behind: f64, section: Section) -> Layout {
    let mut l = layout(&[
        (1500.0, Of::Class(Constant), 0, false),
        (tokens, Of::Class(Class::Unique), 0, false),
        (behind, Of::Class(Constant), 0, false),
        (50.0, Of::Class(Request), 1, false),
    ]);
    l.messages[0].section = section;
    if let Kind::Value { volatility, .. } = &mut l.segments[1].kind {
        volatility.origin = Origin::Order;
    }
    l
}

#[test]
fn what_has_no_order_is_given_one_where_it_stands() {
    // However little stands behind it: its own tokens are worth the order.
    let l = unordered(1000.0, 20.0, Section::System);
    let p = planned(&l, &gpt54(), 1.0);
    assert_eq!(p.steps[0].edit, Edit::Order);
    assert_eq!(order(&p.after), [0, 1, 2, 3]);
    assert!(p.after.segments[1].is_stable());
}

#[test]
fn what_stands_in_a_tool_list_is_settled_and_not_moved() {
    let mut l = layout(&[
        (500.0, Of::Class(Constant), 0, false),
        (20.0, Of::Class(User), 0, false),
        (3000.0, Of::Class(Constant), 0, false),
        (50.0, Of::Class(Request), 1, false),
    ]);
    l.messages[0].section = Section::Tools;
    let p = planned(&l, &gpt54(), 1.0);
    assert_eq!(p.steps[0].edit, Edit::Settle);
    assert_eq!(order(&p.after), [0, 1, 2, 3]);
}

#[test]
fn a_setting_that_varies_is_settled() {
    let mut l = layout(&[
        (0.0, Of::Class(Request), 0, false),
        (3000.0, Of::Class(Constant), 0, false),
        (50.0, Of::Class(Request), 1, false),
    ]);
    let volatility = l.segments[0].volatility().expect("a value").clone();
    l.segments[0].kind = Kind::Setting {
        name: "effort".into(),
        volatility,
    };
    let p = planned(&l, &gpt54(), 1.0);
    assert_eq!((&p.steps[0].edit, p.steps.len()), (&Edit::Settle, 1));
    close(p.steps[0].stranded, 3000.0);
}

#[test]
fn explicit_mode_stops_a_write_that_no_later_call_reads() {
    let request = || {
        layout(&[
            (2000.0, Of::Class(Constant), 0, false),
            (1000.0, Of::Class(Request), 1, false),
        ])
    };
    let explicit = |l: &Layout, m: &Model, turns| {
        let steps = planned(l, m, turns).steps;
        steps.iter().any(|step| step.explicit)
    };
    assert!(explicit(&request(), &gpt56(), 1.0));
    assert!(
        !explicit(&request(), &gpt56(), 6.0),
        "the next turn reads it"
    );
    assert!(!explicit(&request(), &gpt54(), 1.0));
    assert!(!explicit(&request(), &sonnet5(), 1.0));
    let none = Model {
        max_breakpoints: Some(0),
        ..gpt56()
    };
    assert!(!explicit(&request(), &none, 1.0), "takes no marks");
    let mut already = request();
    already.explicit_only = true;
    assert!(!explicit(&already, &gpt56(), 1.0));
    assert!(already.marks.is_empty() && !planned(&already, &gpt56(), 1.0).steps.is_empty());
}

#[test]
fn a_request_with_all_the_marks_it_may_have_gets_no_more() {
    let l = layout(&[
        (3000.0, Of::Class(Constant), 0, false),
        (50.0, Of::Class(Request), 1, true),
    ]);
    let marks = |most| {
        let m = Model {
            max_breakpoints: Some(most),
            ..sonnet5()
        };
        let steps = planned(&l, &m, 6.0).steps;
        steps.iter().filter(|step| step.edit == Edit::Mark).count()
    };
    assert_eq!((marks(1), marks(2)), (0, 1));
    let mut assumed = l.clone();
    assumed.assumed_marks = true;
    assert!(planned(&assumed, &sonnet5(), 6.0).steps.is_empty());
}

#[test]
fn a_mark_that_brings_less_than_a_step_is_not_worth_its_line() {
    let marked = |tokens| {
        let l = layout(&[
            (2000.0, Of::Class(Constant), 0, true),
            (tokens, Of::Class(User), 1, false),
            (50.0, Of::Class(Request), 2, false),
        ]);
        let steps = planned(&l, &sonnet5(), 6.0).steps;
        steps.iter().filter(|step| step.edit == Edit::Mark).count()
    };
    assert_eq!((marked(60.0), marked(600.0)), (0, 1));
}

#[test]
fn what_values_strand_together_counts_text_between_them_once_it_is_much() {
    let with = |between| {
        let l = one_message(&[
            (100.0, Constant),
            (10.0, Request),
            (between, Constant),
            (10.0, Request),
            (500.0, Constant),
        ]);
        as_written(&l, &[1, 3])
    };
    assert_eq!(with(127.0), (100.0, 500.0));
    assert_eq!(with(128.0), (100.0, 628.0));
    assert_eq!(
        as_written(&one_message(&[(9.0, Constant)]), &[]),
        (0.0, 0.0)
    );
}

#[test]
fn a_key_that_the_provider_needs_comes_first() {
    let mut l = one_message(&[(3000.0, Constant), (50.0, Request)]);
    l.unkeyed = true;
    let p = planned(&l, &gpt54(), 1.0);
    assert_eq!((&p.steps[0].edit, p.steps.len()), (&Edit::Key, 1));
    assert_eq!((p.steps[0].stranded, p.steps[0].before), (0.0, 0.0));
    close(p.now.usd_per_1k_calls, 3050.0 * 2.5 / 1000.0);
    // Where nothing could be read with it either, it is worth nothing.
    let mut l = one_message(&[(50.0, Request), (500.0, Constant)]);
    l.unkeyed = true;
    assert!(planned(&l, &gpt54(), 1.0).steps.is_empty());
}

#[test]
fn what_cannot_be_cached_has_no_plan() {
    let l = one_message(&[(10.0, Minute), (3000.0, Constant), (50.0, Request)]);
    let none = model(Match::None, prices(1.0, 0.1, None), 5.0, 0);
    assert!(planned(&l, &none, 1.0).steps.is_empty());
    assert!(!planned(&l, &gpt54(), 1.0).steps.is_empty());
}

/// Whether the plan takes the author's marker behind the second piece away or elsewhere.
fn mark_goes(l: &Layout, turns: f64) -> bool {
    let steps = planned(l, &sonnet5(), turns).steps;
    steps
        .iter()
        .any(|step| matches!(step.edit, Edit::ShiftMark { .. } | Edit::DropMark { .. }))
}

#[test]
fn a_marker_behind_a_value_of_one_call_is_wrong_unless_the_next_turn_reads_it() {
    let marked = layout(&[
        (3000.0, Of::Class(Constant), 0, false),
        (500.0, Of::Class(Request), 1, true),
    ]);
    assert!(mark_goes(&marked, 1.0), "no call comes back to it");
    assert!(!mark_goes(&marked, 6.0), "the newest message of a chat");
    // In the preamble it is wrong in a chat as well.
    let preamble = layout(&[
        (3000.0, Of::Class(Constant), 0, false),
        (500.0, Of::Class(Request), 0, true),
        (50.0, Of::Class(Constant), 1, false),
    ]);
    assert!(mark_goes(&preamble, 6.0));
    // In front of the value it is right.
    let before = layout(&[
        (3000.0, Of::Class(Constant), 0, true),
        (500.0, Of::Class(Request), 1, false),
    ]);
    assert!(!mark_goes(&before, 1.0));
}

#[test]
fn a_rolling_marker_is_right_behind_a_history_that_grows_and_wrong_behind_one_that_is_edited() {
    let rolling = || {
        layout(&[
            (3000.0, Of::Class(Constant), 0, false),
            (2000.0, Of::History, 1, false),
            (500.0, Of::Class(Request), 2, true),
        ])
    };
    assert!(!mark_goes(&rolling(), 6.0));
    let mut edited = rolling();
    edited.segments[1].key = Key::of(Request, 7);
    edited.segments[1].kind = Kind::History {
        expr: "history[-5:]".into(),
        rewritten: Some(Rewrite {
            how: "history[-5:]".into(),
            place: edited.segments[1].place.clone(),
            only_at_limit: false,
            keeps: None,
        }),
    };
    assert!(mark_goes(&edited, 1.0));
}
