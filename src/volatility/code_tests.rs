//! Rows of expression parts and what the tables say of them.

use super::super::classify::Effect;
use super::*;

const PYTHON: &str = "python";
const JAVASCRIPT: &str = "javascript";

fn of(language: &str) -> Classifier {
    Classifier::for_language(&[], language)
}

/// `callee(arg, arg)`; an argument `_` is not literal.
fn called(language: &str, text: &str) -> Option<Verdict> {
    let inner = text.strip_suffix(')').expect("a call");
    let open = inner.rfind('(').expect("a call");
    let args: Vec<Option<&str>> = inner[open + 1..]
        .split(", ")
        .filter(|arg| !arg.is_empty())
        .map(|arg| (arg != "_").then_some(arg))
        .collect();
    of(language).call(&inner[..open], &args)
}

fn short(verdict: &Verdict) -> String {
    let sure = verdict.volatility.confidence.name();
    format!("{} {sure}", verdict.volatility.class)
}

/// Each line: expression, `->`, class and confidence or `none`.
fn check(rows: &str, ask: impl Fn(&str) -> Option<Verdict>) {
    let mut wrong = Vec::new();
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (expression, expected) = row.split_once(" -> ").expect("a row has an arrow");
        let found = ask(expression.trim()).map_or_else(|| "none".to_owned(), |v| short(&v));
        if found != expected.trim() {
            wrong.push(format!("{row} (found {found})"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn python_clocks_have_their_granularity() {
    check(
        "datetime.datetime.now() -> unique certain
         datetime.datetime.now(_) -> unique certain
         datetime.datetime.utcnow() -> unique certain
         datetime.datetime.today() -> unique certain
         datetime.date.today() -> day certain
         date.today() -> day certain
         time.time() -> unique certain
         time.time_ns() -> unique certain
         time.monotonic() -> unique certain
         time.localtime() -> unique certain
         time.ctime() -> unique certain
         time.strftime(%Y-%m-%d) -> day certain
         time.strftime(%H:%M) -> minute certain
         time.strftime(_) -> unique certain
         pendulum.now(UTC) -> unique certain
         pendulum.today() -> day certain
         pendulum.now().in_timezone(_) -> unique certain
         pendulum.now().to_date_string() -> day certain
         pendulum.now().format(YYYY-MM-DD HH:mm) -> minute certain
         arrow.utcnow() -> unique certain
         arrow.get() -> unique certain
         pandas.Timestamp.now() -> unique certain
         pandas.Timestamp(now) -> unique certain
         pandas.to_datetime(today) -> unique certain
         numpy.datetime64(now) -> unique certain
         numpy.datetime64(today) -> day certain
         django.utils.timezone.now() -> unique certain
         django.utils.timezone.localdate() -> day certain
         datetime.datetime.now().strftime(%B %d, %Y) -> day certain
         datetime.datetime.now().isoformat() -> unique certain
         datetime.date.today().isoformat() -> day certain",
        |row| called(PYTHON, row),
    );
}

#[test]
fn what_python_makes_of_a_given_time_is_no_clock() {
    check(
        "datetime.datetime(2024, 1, 1) -> none
         datetime.datetime.fromtimestamp(_) -> none
         datetime.datetime.strptime(_, %Y-%m-%d) -> none
         datetime.datetime.fromisoformat(_) -> none
         time.localtime(_) -> none
         time.ctime(_) -> none
         time.strftime(%Y, _) -> none
         time.sleep(1) -> none
         arrow.get(_) -> none
         pandas.Timestamp(2024-01-01) -> none
         numpy.datetime64(2024-01-01) -> none
         format_date(_) -> none
         order.now() -> none
         datetime.timedelta(days=1) -> none",
        |row| called(PYTHON, row),
    );
    for callee in [
        "datetime.datetime",
        "datetime.datetime.strptime",
        "time.sleep",
        "pandas.to_datetime",
        "uuid.uuid5",
        "json.dumps",
        "len",
        "os.path.join",
        "time.localtime",
    ] {
        assert!(of(PYTHON).is_pure(callee), "{callee}");
        let verdict = of(PYTHON).call_by_name(callee);
        assert_eq!(short(&verdict), "request possible", "{callee}");
        assert!(!verdict.clock, "{callee}");
    }
    assert!(!of(PYTHON).is_pure("uuid.uuid4"));
}

#[test]
fn python_calls_have_their_class() {
    check(
        "uuid.uuid4() -> unique certain
         uuid.uuid1() -> unique certain
         uuid.uuid5(_, _) -> none
         random.random() -> unique certain
         random.randint(1, 9) -> unique certain
         random.choice(_) -> unique certain
         secrets.token_hex(8) -> unique certain
         os.urandom(16) -> unique certain
         shortuuid.uuid() -> unique certain
         random.SystemRandom().choice(_) -> unique certain
         numpy.random.default_rng().integers(9) -> unique certain
         nanoid.generate() -> unique certain
         itertools.count() -> unique certain
         tempfile.mkdtemp() -> session certain
         id(_) -> unique possible
         hash(_) -> session likely
         os.getpid() -> session certain
         os.getcwd() -> session certain
         pathlib.Path.cwd() -> session certain
         pathlib.Path.home() -> user possible
         os.path.expanduser(~) -> user possible
         getpass.getuser() -> user possible
         platform.system() -> user possible
         socket.gethostname() -> user possible
         os.getenv(X) -> deploy certain
         os.environ.get(X) -> deploy certain
         open(prompt.md) -> deploy possible
         importlib.resources.read_text(_, _) -> deploy possible
         pkgutil.get_data(_, _) -> deploy certain
         Answer.model_json_schema() -> deploy certain
         subprocess.check_output(_) -> state possible
         input() -> request certain
         flask.request.get_json() -> request likely
         self.vectorstore.similarity_search(_) -> request likely
         self.retriever.invoke(_) -> request likely
         collection.query(_) -> request likely
         embeddings.embed_query(_) -> request likely
         litellm.completion(_) -> request likely
         client.chat.completions.create(_) -> request likely
         cursor.fetchall() -> request possible
         requests.get(_) -> request possible
         memory.get_chat_history() -> session likely
         st.session_state.get(x) -> state possible
         range(3) -> constant certain
         render_card(_) -> none
         similarity_search(_) -> none",
        |row| called(PYTHON, row),
    );
    let retrieved = called(PYTHON, "store.similarity_search(_)").expect("known");
    assert_eq!(retrieved.kind, ValueKind::Plain);
    let typed = called(PYTHON, "input()").expect("known");
    assert_eq!(typed.kind, ValueKind::Task);
}

#[test]
fn python_attributes_have_their_class() {
    check(
        "os.environ -> deploy certain
         os.environ[\"MODEL\"] -> deploy certain
         os.environ[\"HOME\"] -> user possible
         os.environ.PWD -> session likely
         sys.argv -> session possible
         sys.platform -> user possible
         sys.version -> deploy certain
         request.user -> user likely
         request.user.first_name -> user likely
         self.request.user -> user likely
         flask.request.json -> request likely
         flask.g.user -> user likely
         request.args -> request likely
         request.session -> state possible
         st.session_state.step -> state possible
         request.messages -> session likely
         response.choices[0].message -> request likely
         request.tenant -> tenant likely
         datetime.timezone.utc -> constant certain
         order.created_at -> none
         self.name -> none
         __name__ -> deploy certain
         datetime.now -> none",
        |row| of(PYTHON).attribute(row),
    );
    let messages = of(PYTHON).attribute("request.messages").expect("known");
    assert_eq!(messages.kind, ValueKind::History);
}

#[test]
fn javascript_clocks_have_their_granularity() {
    check(
        "Date() -> unique certain
         new Date() -> unique certain
         Date.now() -> unique certain
         new Date().toISOString() -> unique certain
         new Date().toDateString() -> day certain
         new Date().toLocaleDateString() -> day certain
         new Date().toLocaleDateString(en-US, weekday=long) -> day certain
         new Date().toLocaleDateString(_, hour=2-digit) -> hour certain
         new Date().toLocaleTimeString(_, hour=2-digit, minute=2-digit) -> minute certain
         new Date().toLocaleTimeString() -> unique certain
         new Date().toLocaleString(en-US, timeZone=UTC) -> unique certain
         new Date().toLocaleString(en-US, dateStyle=full, timeStyle=short) -> minute certain
         new Date().getFullYear() -> day certain
         new Date().getHours() -> hour certain
         performance.now() -> unique certain
         process.hrtime() -> unique certain
         process.hrtime.bigint() -> unique certain
         dayjs() -> unique certain
         dayjs().format(YYYY-MM-DD) -> day certain
         dayjs().format(HH:mm) -> minute certain
         dayjs().startOf(hour) -> hour certain
         moment() -> unique certain
         moment.utc() -> unique certain
         moment().format(LLLL) -> minute certain
         luxon.DateTime.now() -> unique certain
         luxon.DateTime.now().toISODate() -> day certain
         luxon.DateTime.now().toFormat(yyyy-MM-dd HH) -> hour certain
         Temporal.Now.instant() -> unique certain
         Temporal.Now.plainDateISO() -> day certain
         date-fns.startOfToday() -> day certain
         Intl.DateTimeFormat().format() -> unique certain",
        |row| called(JAVASCRIPT, row),
    );
}

#[test]
fn what_javascript_makes_of_a_given_time_is_no_clock() {
    check(
        "new Date(_) -> none
         new Date(2024-01-01) -> none
         new Date(2006-01-02) -> none
         Date.parse(_) -> none
         Date.UTC(2024, 1) -> none
         dayjs(_) -> none
         dayjs(2024-01-01) -> none
         moment(_) -> none
         luxon.DateTime.fromISO(_) -> none
         date-fns.format(_, yyyy-MM-dd) -> none
         Intl.DateTimeFormat().format(_) -> none
         uuid.v5(_, _) -> none
         setTimeout(_, 10) -> none
         order.now() -> none",
        |row| called(JAVASCRIPT, row),
    );
    for callee in [
        "new Date",
        "Date",
        "Date.parse",
        "dayjs",
        "moment",
        "date-fns.format",
        "JSON.stringify",
        "path.join",
        "node:path.join",
        "uuid.v5",
        "Intl.DateTimeFormat().format",
    ] {
        assert!(of(JAVASCRIPT).is_pure(callee), "{callee}");
        let verdict = of(JAVASCRIPT).call_by_name(callee);
        assert_eq!(short(&verdict), "request possible", "{callee}");
        assert!(!verdict.clock, "{callee}");
    }
}

#[test]
fn javascript_calls_have_their_class() {
    check(
        "crypto.randomUUID() -> unique certain
         node:crypto.randomUUID() -> unique certain
         uuid.v4() -> unique certain
         uuidv4() -> unique certain
         nanoid() -> unique certain
         nanoid.nanoid() -> unique certain
         ulid.ulid() -> unique certain
         @paralleldrive/cuid2.createId() -> unique certain
         Math.random() -> unique certain
         _.sample(_) -> unique certain
         process.cwd() -> session certain
         os.homedir() -> user possible
         node:os.homedir() -> user possible
         os.platform() -> user possible
         os.hostname() -> user possible
         fs.readFileSync(prompt.md, utf8) -> deploy possible
         node:fs/promises.readFile(_) -> deploy possible
         fs.promises.readFile(_) -> deploy possible
         child_process.execSync(git status --short) -> state likely
         node:child_process.execFileSync(git, log) -> state likely
         execSync(date +%F) -> day certain
         execSync(make) -> state possible
         fetch(_) -> request possible
         req.json() -> request likely
         getServerSession() -> user likely
         prisma.user.findUnique(_) -> request possible
         this.vectorStore.similaritySearch(_) -> request likely
         retriever.invoke(_) -> request likely
         openai.chat.completions.create(_) -> request likely
         ai.generateText(_) -> request likely
         parser.getFormatInstructions() -> deploy certain
         convertToModelMessages(_) -> session likely
         rl.question(_) -> request certain
         renderCard(_) -> none
         items.sample(_) -> none",
        |row| called(JAVASCRIPT, row),
    );
}

#[test]
fn javascript_attributes_have_their_class() {
    check(
        "process.env -> deploy certain
         process.env.MODEL -> deploy certain
         process.env.HOME -> user possible
         import.meta.env.VITE_MODEL -> deploy certain
         __dirname -> deploy certain
         process.argv -> session possible
         process.platform -> user possible
         process.pid -> session likely
         navigator.userAgent -> user possible
         req.body -> request likely
         req.body.messages -> session likely
         req.user.name -> user likely
         req.user.organization.name -> tenant likely
         session.user.email -> user likely
         ctx.params.id -> request likely
         vscode.window.activeTextEditor.document -> state likely
         vscode.env.sessionId -> session likely
         completion.choices[0].message.content -> request likely
         os.EOL -> constant certain
         order.createdAt -> none
         this.name -> none",
        |row| of(JAVASCRIPT).attribute(row),
    );
}

#[test]
fn functions_are_judged_by_their_words() {
    for language in [PYTHON, JAVASCRIPT] {
        check(
            "get_current_time -> minute likely
             getCurrentDate -> day likely
             formatNow -> unique likely
             now -> unique likely
             get_current_time_in_timezone -> minute likely
             getTodayString -> day likely
             utils.get_timestamp -> unique possible
             format_date -> request possible
             formatTime -> request possible
             parse_timestamp -> request possible
             getUserName -> user likely
             get_user_by_id -> user possible
             get_user_preferences -> user likely
             getTenantName -> tenant likely
             build_history -> session likely
             formatChatHistory -> session likely
             get_session_id -> session likely
             get_memory -> state possible
             retrieve_docs -> request likely
             searchDocuments -> request likely
             retrieve_passages_for -> request likely
             search_web -> request likely
             load_prompt -> deploy possible
             getSystemPrompt -> deploy possible
             build_prompt -> deploy possible
             get_instructions -> deploy possible
             generate_id -> unique likely
             createId -> unique likely
             generate_request_id -> unique likely
             get_question -> request likely
             summarize_text -> request likely
             generate_answer -> request likely
             get_env_var -> deploy likely
             read_file -> deploy possible
             update -> request possible
             nowhere -> request possible
             get_candidate -> request possible
             frobnicate -> request possible
             is_valid -> request possible",
            |row| Some(of(language).call_by_name(row)),
        );
        let kind = |name: &str| of(language).call_by_name(name).kind;
        assert_eq!(kind("build_history"), ValueKind::History);
        assert_eq!(kind("listTools"), ValueKind::Tools);
        assert!(of(language).call_by_name("formatNow").clock);
        assert!(!of(language).call_by_name("format_date").clock);
    }
}

#[test]
fn names_of_code_that_say_nothing_are_only_possible() {
    check(
        "frobnication -> request possible
         EXAMPLE_TEXT -> deploy possible
         MODE -> deploy possible
         SYSTEM_PROMPT -> deploy possible
         CURRENT_DATE -> day likely
         self.question -> request likely
         chat_history -> session likely
         retrieved_docs -> request likely
         tenant_id -> tenant likely
         working_dir -> session likely
         user_input -> request likely
         memory -> state likely
         tool_names -> constant likely",
        |row| Some(of(PYTHON).name(row)),
    );
    let template = Classifier::new(&[]).name("EXAMPLE_TEXT");
    assert_eq!(short(&template), "request likely");
}

#[test]
fn open_parameters_follow_name_type_and_distance() {
    let python = of(PYTHON);
    for (name, annotation, near, expected) in [
        ("frob", None, true, "request likely"),
        ("frob", None, false, "request possible"),
        ("frob", Some("str"), true, "request likely"),
        ("system_prompt", None, true, "deploy possible"),
        ("config", None, true, "deploy likely"),
        ("model", None, false, "deploy possible"),
        ("tools", Some("list[Tool]"), true, "deploy possible"),
        ("user_name", None, true, "user likely"),
        ("user_name", None, false, "user likely"),
        ("tenant_id", Some("UUID"), false, "tenant likely"),
        ("question", None, false, "request likely"),
        ("text", None, true, "request likely"),
        ("text", None, false, "request possible"),
        ("path", None, false, "request possible"),
        ("now", Some("datetime"), true, "unique likely"),
        ("today", Some("date"), false, "day likely"),
        ("created", Some("datetime"), true, "request likely"),
        ("frob", Some("uuid.UUID"), false, "request possible"),
        ("frob", Some("List[Message]"), true, "session likely"),
        (
            "frob",
            Some("list[BaseMessage] | None"),
            false,
            "session possible",
        ),
        (
            "frob",
            Some("ChatCompletionMessageParam[]"),
            true,
            "session likely",
        ),
        ("input", Some("Array<ModelMessage>"), true, "session likely"),
        ("frob", Some("Settings"), true, "deploy possible"),
        (
            "options",
            Some("CompletionOptions"),
            true,
            "deploy possible",
        ),
        ("options", Some("string[]"), true, "request likely"),
        ("frob", Some("User"), true, "user likely"),
        ("frob", Some("list[Document]"), true, "request likely"),
    ] {
        let verdict = python.parameter(name, annotation, near);
        assert_eq!(short(&verdict), expected, "{name}: {annotation:?}, {near}");
    }
    let kind = |annotation: &str| python.parameter("frob", Some(annotation), true).kind;
    assert_eq!(kind("List[Message]"), ValueKind::History);
    assert_eq!(kind("HumanMessage"), ValueKind::Task);
    assert_eq!(kind("list[str]"), ValueKind::Plain);
    assert_eq!(kind("Sequence[BaseTool]"), ValueKind::Tools);
}

#[test]
fn orders_are_known() {
    let order = |language: &str, name: &str| match of(language).order(name) {
        None => "none".to_owned(),
        Some(Order::Fixed) => "fixed".to_owned(),
        Some(Order::Unordered(volatility)) => {
            assert_eq!(volatility.origin, Origin::Order, "{name}");
            format!("{} {}", volatility.class, volatility.confidence.name())
        }
    };
    for (name, expected) in [
        ("set", "session certain"),
        ("frozenset", "session certain"),
        ("Set[str]", "session certain"),
        ("os.listdir", "deploy likely"),
        ("glob.glob", "deploy likely"),
        ("root.iterdir", "deploy likely"),
        (".rglob", "deploy likely"),
        ("random.shuffle", "unique certain"),
        ("random.sample", "none"),
        ("User.objects.all", "session possible"),
        ("session.query().filter", "session possible"),
        ("cursor.fetchall", "session possible"),
        ("asyncio.as_completed", "session possible"),
        ("client.list_tools", "session possible"),
        ("sorted", "fixed"),
        ("rows.order_by", "fixed"),
        ("items.sort", "fixed"),
        ("list", "none"),
        ("filter", "none"),
        ("all", "none"),
        ("dict", "none"),
        ("json.dumps", "none"),
    ] {
        assert_eq!(order(PYTHON, name), expected, "{name}");
    }
    for (name, expected) in [
        ("fs.readdirSync", "deploy likely"),
        ("node:fs/promises.readdir", "deploy likely"),
        ("globSync", "deploy likely"),
        ("_.shuffle", "unique certain"),
        ("prisma.user.findMany", "session possible"),
        ("Promise.race", "session possible"),
        ("client.listTools", "session possible"),
        ("items.toSorted", "fixed"),
        ("items.sort", "fixed"),
        ("_.sortBy", "fixed"),
        ("Set", "none"),
        ("new Map", "none"),
        ("items.filter", "none"),
        ("Promise.all", "none"),
    ] {
        assert_eq!(order(JAVASCRIPT, name), expected, "{name}");
    }
}

#[test]
fn methods_have_their_effect() {
    use Effect::{Granularity, Keeps, Orders, Shuffles, Split, Window};
    let cases: &[(&str, &str, &[&str], Effect)] = &[
        (PYTHON, "strftime", &["%Y-%m-%d"], Granularity(Class::Day)),
        (PYTHON, "strftime", &["%H"], Granularity(Class::Hour)),
        (PYTHON, "isoformat", &[], Keeps),
        (
            PYTHON,
            "isoformat",
            &["timespec=minutes"],
            Granularity(Class::Minute),
        ),
        (PYTHON, "date", &[], Granularity(Class::Day)),
        (PYTHON, "time", &[], Keeps),
        (
            PYTHON,
            "replace",
            &["minute=0", "second=0"],
            Granularity(Class::Hour),
        ),
        (
            PYTHON,
            "replace",
            &["hour=0", "minute=0", "second=0"],
            Granularity(Class::Day),
        ),
        (PYTHON, "replace", &["microsecond=0"], Keeps),
        (PYTHON, "replace", &["T", " "], Keeps),
        (PYTHON, "slice", &["0", "10"], Granularity(Class::Day)),
        (PYTHON, "slice", &["-10"], Window),
        (PYTHON, "split", &["T"], Split(Class::Day)),
        (PYTHON, "split", &["."], Split(Class::Unique)),
        (PYTHON, "split", &["|"], Keeps),
        (PYTHON, "dumps", &["sort_keys=True"], Orders),
        (PYTHON, "dumps", &[], Keeps),
        (PYTHON, "sorted", &[], Orders),
        (PYTHON, "shuffle", &[], Shuffles),
        (PYTHON, "trim_messages", &[], Window),
        (PYTHON, "last", &["5"], Keeps),
        (PYTHON, "upper", &[], Keeps),
        (JAVASCRIPT, "toISOString", &[], Keeps),
        (
            JAVASCRIPT,
            "slice",
            &["0", "16"],
            Granularity(Class::Minute),
        ),
        (JAVASCRIPT, "slice", &["-6"], Window),
        (
            JAVASCRIPT,
            "substring",
            &["0", "10"],
            Granularity(Class::Day),
        ),
        (JAVASCRIPT, "split", &["T"], Split(Class::Day)),
        (
            JAVASCRIPT,
            "toFormat",
            &["yyyy-MM-dd"],
            Granularity(Class::Day),
        ),
        (
            JAVASCRIPT,
            "format",
            &["dateStyle=full"],
            Granularity(Class::Day),
        ),
        (JAVASCRIPT, "startOf", &["day"], Granularity(Class::Day)),
        (
            JAVASCRIPT,
            "toLocaleDateString",
            &["en-US"],
            Granularity(Class::Day),
        ),
        (
            JAVASCRIPT,
            "toLocaleString",
            &["hour12=false"],
            Granularity(Class::Unique),
        ),
        (JAVASCRIPT, "toSorted", &[], Orders),
        (JAVASCRIPT, "at", &["-1"], Keeps),
    ];
    for (language, name, args, expected) in cases {
        let args: Vec<Option<&str>> = args.iter().map(|arg| Some(*arg)).collect();
        assert_eq!(
            of(language).filter(name, &args),
            *expected,
            "{name}{args:?}"
        );
    }
}

#[test]
fn a_known_date_does_not_become_finer_by_being_written_out() {
    let mut date = called(PYTHON, "datetime.date.today()").expect("known");
    date.cut_to(Class::Unique);
    assert_eq!(date.volatility.class, Class::Day);
    let mut named = of(PYTHON).name("current_time");
    named.cut_to(Class::Unique);
    assert_eq!(named.volatility.class, Class::Unique);
}

#[test]
fn the_users_word_wins_in_code_too() {
    let own = Classifier::for_language(
        &[
            ("get_user_name".into(), Class::Constant),
            ("req.user".into(), Class::Day),
            ("region".into(), Class::Deploy),
        ],
        JAVASCRIPT,
    );
    let class = |verdict: Verdict| verdict.volatility.class;
    assert_eq!(class(own.call_by_name("getUserName")), Class::Constant);
    assert_eq!(own.attribute("req.user.name").map(class), Some(Class::Day));
    assert_eq!(class(own.parameter("region", None, true)), Class::Deploy);
}

#[test]
fn odd_words_never_panic() {
    for word in [
        "",
        ".",
        "()",
        "().",
        "a().b()",
        "_",
        "__",
        "é.ß",
        "[",
        "]",
        "<",
        "\u{1F600}",
        "a[b",
    ] {
        for language in [PYTHON, JAVASCRIPT, "template", "cobol"] {
            let classifier = of(language);
            classifier.call(word, &[Some(word)]);
            classifier.attribute(word);
            classifier.call_by_name(word);
            classifier.parameter(word, Some(word), true);
            classifier.order(word);
            classifier.is_pure(word);
        }
    }
}
