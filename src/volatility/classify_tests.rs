use super::super::table::{Host, Table};
use super::*;

fn plain() -> Classifier {
    Classifier::new(&[])
}

fn class(name: &str) -> Class {
    plain().name(name).volatility.class
}

#[test]
fn tables_are_sound() {
    for host in Host::ALL {
        table_is_sound(host.table());
    }
}

fn table_is_sound(table: &Table) {
    assert_eq!(table.errors, Vec::<String>::new());
    for (name, group) in &table.names {
        let (bare, at) = match name.strip_prefix('@') {
            Some(bare) => (bare, true),
            None => (name.as_str(), false),
        };
        let found = named(table, bare, at).expect("every name is found");
        assert_eq!(found.id, table.groups[*group].id, "{name}");
    }
    for (pattern, group) in &table.patterns {
        let witness = pattern.replace('*', "zz");
        let found = named(table, &witness, false).expect("every pattern is found");
        assert_eq!(found.id, table.groups[*group].id, "{pattern}");
        assert_eq!(words(pattern), *pattern, "patterns are written in words");
    }
    for (key, group) in &table.calls {
        let (callee, given) = match key.strip_suffix(')').and_then(|key| key.split_once('(')) {
            Some((callee, given)) => (callee.to_owned(), vec![Some(given)]),
            None if key.starts_with('.') => (format!("x{key}"), Vec::new()),
            None => (key.clone(), Vec::new()),
        };
        let found = known_call(table, &callee, &given).expect("every call is found");
        assert_eq!(found.id, table.groups[*group].id, "{key}");
    }
    for (id, tokens) in table.groups.iter().map(|g| (&g.id, g.tokens)) {
        assert!((1..=5000).contains(&tokens), "{id}");
    }
}

#[test]
fn a_broken_table_is_reported_and_not_fatal() {
    let table = Table::load(&[
        "names:\n  - {id: a, class: monthly, origin: outside, tokens: 1, why: w, names: [x, x]}",
        "filters:\n  - {effect: melts, names: [y]}",
        ":\n - [",
    ]);
    assert_eq!(table.errors.len(), 4, "{:?}", table.errors);
}

#[test]
fn telling_names_have_the_class_of_the_design() {
    let cases: &[(Class, &[&str])] = &[
        (
            Class::Unique,
            &["now", "timestamp", "request_id", "uuid", "nonce", "traceId"],
        ),
        (
            Class::Minute,
            &[
                "current_time",
                "currentTime",
                "CURRENT_DATETIME",
                "current-time",
            ],
        ),
        (
            Class::Day,
            &["today", "date", "current_date", "$currentDate", ".Today"],
        ),
        (
            Class::User,
            &[
                "user_name",
                "username",
                "user.name",
                "first_name",
                "email",
                "locale",
                "@auth.email",
            ],
        ),
        (
            Class::Tenant,
            &[
                "company_name",
                "tenant.id",
                "tenant_plan",
                "org_name",
                "organization",
            ],
        ),
        (
            Class::Session,
            &[
                "session_id",
                "thread_id",
                "cwd",
                "workspace_path",
                "conversationId",
            ],
        ),
        (
            Class::State,
            &[
                "mode",
                "plan",
                "phase",
                "memory",
                "goal",
                "connected_tools",
                "state.x",
            ],
        ),
        (
            Class::Request,
            &[
                "question",
                "query",
                "input",
                "contexts",
                "documents",
                "retrieved_text",
                "ticket",
            ],
        ),
        (
            Class::Deploy,
            &[
                "system_prompt",
                "instructions",
                "policy",
                "config.x",
                "model",
                "tools",
            ],
        ),
        (
            Class::Constant,
            &["format_instructions", "tool_names", "loop.index", "@index"],
        ),
    ];
    for (expected, names) in cases {
        for name in *names {
            assert_eq!(class(name), *expected, "{name}");
        }
    }
}

#[test]
fn names_that_only_hold_a_telling_word_do_not_fool() {
    for name in [
        "user_guide",
        "timestamp_format",
        "date_format",
        "message_style",
    ] {
        assert_eq!(class(name), Class::Deploy, "{name}");
    }
    for name in ["context_window_size", "max_tokens", "session_count_limit"] {
        assert_eq!(class(name), Class::Deploy, "{name}");
    }
    for name in [
        "update",
        "nowhere",
        "candidate",
        "reference_time",
        "known",
        "planet",
        "usernames_seen",
    ] {
        let verdict = plain().name(name);
        assert_eq!(verdict.volatility.class, Class::Request, "{name}");
        assert!(!verdict.clock, "{name}");
    }
    for name in ["order_history", "shorthand_history"] {
        assert_eq!(plain().name(name).kind, ValueKind::Plain, "{name}");
    }
}

#[test]
fn the_root_decides_and_only_carriers_are_seen_through() {
    assert_eq!(class("msg.timestamp"), Class::Request);
    assert_eq!(class("item.uuid"), Class::Request);
    assert_eq!(class("user.current_time"), Class::User);
    assert_eq!(class("ctx.current_date"), Class::Day);
    assert_eq!(class("runtime_info.date"), Class::Day);
    assert_eq!(class("runtime_info.available_hosts"), Class::Session);
    assert_eq!(class("self.ctx.user_name"), Class::User);
    assert_eq!(class("@state.userName"), Class::User);
    assert_eq!(class("context"), Class::Request);
    assert_eq!(class("context.user.name"), Class::User);
    assert_eq!(class("inputs"), Class::Request);
}

#[test]
fn kinds_and_confidence_follow_the_name() {
    for name in [
        "history",
        "chat_history",
        "messages",
        "conversation",
        "agent_scratchpad",
        "state.messages",
    ] {
        assert_eq!(plain().name(name).kind, ValueKind::History, "{name}");
    }
    for name in ["tools", "functions", "mcp_tools"] {
        assert_eq!(plain().name(name).kind, ValueKind::Tools, "{name}");
    }
    let confidence = |name: &str| plain().name(name).volatility.confidence;
    assert_eq!(confidence("user_name"), Confidence::Likely);
    assert_eq!(confidence("platform"), Confidence::Possible);
    assert_eq!(confidence("policy"), Confidence::Possible);
    assert_eq!(confidence("frobnication"), Confidence::Likely);
    assert_eq!(plain().name("now").volatility.origin, Origin::MadeUp);
    assert_eq!(plain().name("question").tokens, 50);
    assert_eq!(plain().name("documents").tokens, 1500);
}

#[test]
fn the_users_word_wins_over_all() {
    let own = Classifier::new(&[
        ("company_name".into(), Class::Constant),
        ("ctx.ticket*".into(), Class::Day),
        ("now".into(), Class::Session),
        ("messages".into(), Class::Request),
    ]);
    let constant = own.name("companyName").volatility;
    assert_eq!(constant.class, Class::Constant);
    assert_eq!(constant.confidence, Confidence::Certain);
    assert_eq!(constant.origin, Origin::Fixed);
    for name in ["ctx.ticket", "ctx.ticket_body", "ctx.ticketBody.text"] {
        assert_eq!(own.name(name).volatility.class, Class::Day, "{name}");
    }
    assert_eq!(own.name("ctx.other").volatility.class, Class::Request);
    assert_eq!(own.name("ticket").volatility.class, Class::Request);
    assert_eq!(own.name("company_name_2").volatility.class, Class::Request);
    let call = own.call("now", &[Some("%Y")]).expect("declared");
    assert_eq!(call.volatility.class, Class::Session);
    assert_eq!(own.name("messages").kind, ValueKind::Plain);
}

#[test]
fn known_calls_are_certain() {
    let call = |callee: &str, args: &[Option<&str>]| {
        plain()
            .call(callee, args)
            .map(|v| (v.volatility.class, v.volatility.confidence, v.clock))
    };
    let certain = |class, clock| Some((class, Confidence::Certain, clock));
    assert_eq!(call("now", &[]), certain(Class::Unique, true));
    assert_eq!(
        call("datetime.datetime.utcnow", &[]),
        certain(Class::Unique, true)
    );
    assert_eq!(
        call("strftime_now", &[Some("%d %b %Y")]),
        certain(Class::Day, true)
    );
    assert_eq!(
        call("time.strftime", &[Some("%H:%M")]),
        certain(Class::Minute, true)
    );
    assert_eq!(
        call("now", &[Some("utc"), Some("%Y-%m-%d %H")]),
        certain(Class::Hour, true)
    );
    assert_eq!(call("date.today", &[]), certain(Class::Day, true));
    assert_eq!(call("uuid4", &[]), certain(Class::Unique, false));
    assert_eq!(
        call("random.randint", &[Some("1"), Some("9")]),
        certain(Class::Unique, false)
    );
    assert_eq!(call("range", &[Some("3")]), certain(Class::Constant, false));
    assert_eq!(call("moment", &[None]), None);
    assert_eq!(call("moment", &[]), certain(Class::Unique, true));
    assert_eq!(call("date", &[Some("YYYY-MM")]), certain(Class::Day, true));
    assert_eq!(
        call("datetime", &[Some("2024"), Some("1"), Some("1")]),
        None
    );
    assert_eq!(call("order.now", &[]), None);
    assert_eq!(call("render_card", &[]), None);
}

#[test]
fn filters_have_their_effect() {
    let filter = |name: &str, args: &[Option<&str>]| plain().filter(name, args);
    assert_eq!(
        filter("date", &[Some("%Y-%m-%d")]),
        Effect::Granularity(Class::Day)
    );
    assert_eq!(
        filter("strftime", &[Some("%H")]),
        Effect::Granularity(Class::Hour)
    );
    assert_eq!(
        filter("date", &[Some("2006-01-02 15:04")]),
        Effect::Granularity(Class::Minute)
    );
    assert_eq!(
        filter("formatDate", &[Some("format=YYYY-MM-DD")]),
        Effect::Granularity(Class::Day)
    );
    assert_eq!(filter("date", &[]), Effect::Keeps);
    assert_eq!(filter("date", &[None]), Effect::Keeps);
    assert_eq!(filter("toDateString", &[]), Effect::Granularity(Class::Day));
    assert_eq!(filter("isoformat", &[]), Effect::Granularity(Class::Unique));
    assert_eq!(
        filter("truncate", &[Some("10")]),
        Effect::Granularity(Class::Day)
    );
    assert_eq!(
        filter("slice", &[Some("0"), Some("16")]),
        Effect::Granularity(Class::Minute)
    );
    assert_eq!(filter("slice", &[Some("-5")]), Effect::Window);
    assert_eq!(filter("last", &[Some("5")]), Effect::Window);
    assert_eq!(filter("last", &[]), Effect::Keeps);
    assert_eq!(filter("trim_messages", &[]), Effect::Window);
    assert_eq!(filter("dictsort", &[]), Effect::Orders);
    assert_eq!(filter("sort_by", &[None]), Effect::Orders);
    assert_eq!(filter("tojson", &[]), Effect::Keeps);
    assert_eq!(filter("tojson", &[Some("sort_keys=true")]), Effect::Orders);
    assert_eq!(filter("tojson", &[Some("sort_keys=False")]), Effect::Keeps);
    assert_eq!(filter("shuffle", &[]), Effect::Shuffles);
    assert_eq!(filter("sample", &[]), Effect::Randomises);
    assert_eq!(filter("upper", &[]), Effect::Keeps);
}

#[test]
fn a_literal_may_be_a_clock_through_its_filter() {
    let literal = |text: &str, filter: &str, args: &[Option<&str>]| {
        plain()
            .filtered_literal(text, filter, args)
            .map(|v| v.volatility.class)
    };
    assert_eq!(
        literal("now", "date", &[Some("%Y-%m-%d")]),
        Some(Class::Day)
    );
    assert_eq!(literal("now", "date", &[None]), Some(Class::Unique));
    assert_eq!(literal("today", "date", &[]), Some(Class::Day));
    assert_eq!(
        literal("%Y-%m-%d %H:%M", "strftime", &[]),
        Some(Class::Minute)
    );
    assert_eq!(literal("2024-01-01", "date", &[Some("%Y")]), None);
    assert_eq!(literal("now", "upper", &[]), None);
}

#[test]
fn only_a_clock_is_cut() {
    let mut clock = plain().name("current_time");
    clock.cut_to(Class::Day);
    assert_eq!(clock.volatility.class, Class::Day);
    let mut data = plain().name("created_at");
    data.cut_to(Class::Day);
    assert_eq!(data.volatility.class, Class::Request);
}

#[test]
fn odd_names_never_panic() {
    for name in [
        "",
        ".",
        "...",
        "@",
        "$",
        "é.ß",
        "İ",
        "a[",
        "]]",
        "*",
        "\u{1F600}",
        "a.b.c.d.e.f.g.h",
    ] {
        plain().name(name);
        plain().call(name, &[]);
        plain().filter(name, &[]);
        Classifier::new(&[(name.to_owned(), Class::Day)]).name("x");
    }
}
