//! The arguments, with clap's builder: help, man page and completions come from here.

use clap::builder::{styling::AnsiColor, PossibleValuesParser, Styles};
use clap::{value_parser, Arg, ArgAction, Command};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  prefixlint check                       lint the prompts below the working folder
  prefixlint check prompts --model gpt-5.4 --calls-per-month 200k
  prefixlint explain volatile-prefix     what a rule means and what to write instead";

const CHECK_EXAMPLES: &str = "\
Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 usage, configuration or internal error.

Examples:
  prefixlint check prompts src/agents
  prefixlint check --output-format concise --output-format json=report.json
  prefixlint check --changed-since origin/main
  prefixlint check --diff --unsafe-fixes
  cat chat.j2 | prefixlint check - --stdin-filename prompts/chat.j2";

const COMPARE_EXAMPLES: &str = "\
Both sides are judged under the config, the traffic and the prices of the newer one.
--fail-on-increase takes dollars or a share: of all prompts in a month where traffic is
configured, else of each prompt per 1,000 calls.

Exit codes: 0 the change passes, 1 a limit is passed, 2 usage, configuration or internal error.

Examples:
  prefixlint compare main                       the working tree against a branch
  prefixlint compare v1.2 HEAD -- prompts       two revisions, one folder
  prefixlint compare origin/main --merge-base --fail-on-increase 10% --output-format markdown=cost.md";

/// The whole command line.
pub fn command() -> Command {
    let styles = Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold())
        .placeholder(AnsiColor::Cyan.on_default());
    Command::new("prefixlint")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Finds what breaks the provider's prompt cache, and what it costs")
        .styles(styles)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .max_term_width(100)
        .after_help(EXAMPLES)
        .subcommand(check())
        .subcommand(compare())
        .subcommand(explain())
        .subcommand(rules())
        .subcommand(models())
        .subcommand(inspect())
        .subcommand(lsp())
        .subcommand(init())
        .subcommand(completions())
        .subcommand(Command::new("man").about("Print the manual page (roff)"))
}

fn check() -> Command {
    Command::new("check")
        .about("Lint prompt files and say what the cache loses")
        .after_help(CHECK_EXAMPLES)
        .arg(
            Arg::new("paths")
                .value_name("PATHS")
                .num_args(0..)
                .default_value(".")
                .value_parser(value_parser!(PathBuf))
                .help("Files and folders; `-` reads standard input"),
        )
        .args(files())
        .args(rule_choice())
        .args(target())
        .args(config())
        .args(fixes())
        .args(adoption())
        .args(output())
        .args(views())
}

fn compare() -> Command {
    let names: Vec<&str> = crate::report::compare::FORMATS
        .iter()
        .map(|format| format.name())
        .collect();
    let limit = |name, value, help| option(name, value, help).help_heading("Limits");
    Command::new("compare")
        .about(
            "Say what a change does to the cache bill: two revisions, or one and the working tree",
        )
        .after_help(COMPARE_EXAMPLES)
        .arg(
            Arg::new("base")
                .value_name("BASE")
                .required(true)
                .help("A branch, a tag or a commit"),
        )
        .arg(
            Arg::new("head")
                .value_name("HEAD")
                .help("The newer revision; without it, the working tree"),
        )
        .arg(
            Arg::new("paths")
                .value_name("PATHS")
                .num_args(0..)
                .last(true)
                .value_parser(value_parser!(PathBuf))
                .help("Only these files and folders"),
        )
        .arg(flag(
            "merge-base",
            "From where the two part, not from what BASE is now",
        ))
        .arg(limit(
            "fail-on-increase",
            "USD|PERCENT",
            "Exit with 1 if the change costs more than this: 5, $5, 10%",
        ))
        .arg(
            limit(
                "fail-on-prefix-loss",
                "TOKENS",
                "Exit with 1 if a prompt loses more of its cached prefix",
            )
            .value_parser(value_parser!(u32)),
        )
        .args(target())
        .args(config())
        .args(formats(&names))
        .arg(threads())
        .arg(color().help_heading("Output"))
}

fn threads() -> Arg {
    option("threads", "N", "Threads; 0 takes all cores")
        .value_parser(value_parser!(u16).range(0..=256))
        .default_value("0")
        .hide_default_value(true)
        .help_heading("Files")
}

fn files() -> Vec<Arg> {
    vec![
        option(
            "stdin-filename",
            "FILE",
            "The name of what stands on standard input",
        )
        .value_parser(value_parser!(PathBuf))
        .help_heading("Files"),
        flag(
            "affected",
            "Findings on prompts of the whole repository that read one of PATHS, for hooks",
        )
        .conflicts_with_all(["changed-since", "stdin-filename"])
        .help_heading("Files"),
        option(
            "changed-since",
            "REV",
            "Findings on prompts that a change touches since REV and HEAD parted",
        )
        .conflicts_with("stdin-filename")
        .help_heading("Files"),
        flag("no-ignore", "Walk files that .gitignore and .ignore name").help_heading("Files"),
        flag(
            "force-exclude",
            "Skip excluded files even if they are named",
        )
        .help_heading("Files"),
        threads(),
    ]
}

fn rule_choice() -> Vec<Arg> {
    let list = |name: &'static str, help: &'static str| {
        option(name, "RULES", help)
            .value_delimiter(',')
            .action(ArgAction::Append)
            .help_heading("Rules")
    };
    vec![
        list("select", "Only these rules or categories"),
        list("ignore", "All but these rules or categories"),
        list(
            "extend-select",
            "These too, even if the config turns them off",
        ),
        choice(
            "min-severity",
            "SEVERITY",
            SEVERITIES,
            "Leave out what is less severe",
        )
        .help_heading("Rules"),
        choice(
            "min-confidence",
            "CONFIDENCE",
            CONFIDENCES,
            "Leave out what is less sure",
        )
        .help_heading("Rules"),
        flag(
            "pedantic",
            "Also what saves less than 0.5 % of the input cost",
        )
        .help_heading("Rules"),
        choice(
            "fail-on",
            "SEVERITY",
            SEVERITIES,
            "Exit with 1 from this severity on",
        )
        .default_value("warning")
        .help_heading("Rules"),
        flag("exit-zero", "Exit with 0 even if there are findings").help_heading("Rules"),
    ]
}

const SEVERITIES: [&str; 3] = ["note", "warning", "error"];
const CONFIDENCES: [&str; 3] = ["possible", "likely", "certain"];

/// What the figures rest on.
fn target() -> Vec<Arg> {
    vec![
        option("model", "MODEL", "The model of prompts that name none").help_heading("Cost"),
        option(
            "calls-per-month",
            "CALLS",
            "Calls of each prompt a month: 200000, 200k, 2M",
        )
        .value_parser(super::options::calls)
        .help_heading("Cost"),
        option(
            "ttl",
            "TIME",
            "Idle life of a cache entry: minutes, or 5m, 1h",
        )
        .value_parser(super::options::minutes)
        .help_heading("Cost"),
        option(
            "prices",
            "FILE",
            "A provider table that overrides the built-in prices",
        )
        .value_parser(value_parser!(PathBuf))
        .help_heading("Cost"),
    ]
}

fn config() -> Vec<Arg> {
    vec![
        option(
            "config",
            "FILE",
            "This config file instead of the nearest one",
        )
        .value_parser(value_parser!(PathBuf))
        .conflicts_with("isolated")
        .help_heading("Config"),
        flag("isolated", "No config files").help_heading("Config"),
    ]
}

/// What is written into files.
fn fixes() -> Vec<Arg> {
    let heading = "Fixes";
    let instead = [
        "add-ignore",
        "write-baseline",
        "prune-baseline",
        "show-files",
        "show-settings",
    ];
    vec![
        flag(
            "fix",
            "Mend what can be mended without changing what is sent, and write the files",
        )
        .conflicts_with_all(instead)
        .help_heading(heading),
        flag(
            "diff",
            "Show what --fix would write, and write nothing; exit with 1 if there is anything",
        )
        .conflicts_with_all(instead)
        .conflicts_with_all(["output-format", "output-file", "statistics", "show-prompts"])
        .help_heading(heading),
        flag(
            "unsafe-fixes",
            "Also fixes that change the order or the words of what is sent; with --fix or --diff",
        )
        .help_heading(heading),
    ]
}

/// For projects that have findings already.
fn adoption() -> Vec<Arg> {
    let heading = "Adoption";
    vec![
        option(
            "baseline",
            "FILE",
            "Leave alone what this file knows, and say what of it is gone",
        )
        .value_parser(value_parser!(PathBuf))
        .help_heading(heading),
        flag(
            "write-baseline",
            "Write what is found now into the baseline [default file: prefixlint-baseline.json]",
        )
        .conflicts_with_all([
            "prune-baseline",
            "show-files",
            "show-settings",
            "affected",
            "changed-since",
        ])
        .help_heading(heading),
        option(
            "add-ignore",
            "REASON",
            "Write a comment that leaves each finding alone (those at or above --fail-on), with this reason",
        )
        .conflicts_with_all(["write-baseline", "prune-baseline", "show-files", "show-settings"])
        .conflicts_with_all(["output-format", "output-file", "statistics", "show-prompts"])
        .help_heading(heading),
        flag(
            "prune-baseline",
            "Take out of the baseline what is gone, and nothing else",
        )
        .conflicts_with_all(["show-files", "show-settings", "affected", "changed-since"])
        .help_heading(heading),
    ]
}

fn output() -> Vec<Arg> {
    let names: Vec<&str> = crate::report::FORMATS.iter().map(|f| f.name()).collect();
    let mut out = formats(&names);
    out.extend([
        flag("statistics", "Add findings and savings by rule").help_heading("Output"),
        flag("show-prompts", "Add the prompts with tokens and cost").help_heading("Output"),
        color().help_heading("Output"),
        flag("quiet", "Findings only")
            .short('q')
            .conflicts_with("verbose")
            .help_heading("Output"),
        flag("verbose", "Every note, every limit")
            .short('v')
            .help_heading("Output"),
    ]);
    out
}

/// Where which format goes.
fn formats(names: &[&str]) -> Vec<Arg> {
    let help = format!("{}; with =FILE into a file; repeatable", names.join(", "));
    vec![
        Arg::new("output-format")
            .long("output-format")
            .value_name("FORMAT[=FILE]")
            .action(ArgAction::Append)
            .help(help)
            .help_heading("Output"),
        option(
            "output-file",
            "FILE",
            "Where the format without a file goes",
        )
        .value_parser(value_parser!(PathBuf))
        .help_heading("Output"),
    ]
}

fn views() -> Vec<Arg> {
    vec![
        flag("show-files", "What each file is taken for, and why")
            .conflicts_with("show-settings")
            .help_heading("Instead of findings"),
        flag("show-settings", "The settings in force for the paths")
            .help_heading("Instead of findings"),
    ]
}

fn explain() -> Command {
    Command::new("explain")
        .about("Explain a rule: what, why, and what to write instead")
        .arg(Arg::new("rule").value_name("RULE").required(true))
        .arg(color())
}

fn rules() -> Command {
    Command::new("rules")
        .about("List the rules")
        .arg(view_format())
        .arg(color())
}

fn models() -> Command {
    Command::new("models")
        .about("List models: cache policy, minimum, TTL and prices, with date and source")
        .arg(
            Arg::new("pattern")
                .value_name("PATTERN")
                .help("Part of a name, or a pattern with `*`"),
        )
        .arg(
            option(
                "prices",
                "FILE",
                "A provider table that overrides the built-in prices",
            )
            .value_parser(value_parser!(PathBuf)),
        )
        .arg(view_format())
        .arg(color())
        .after_help("Example:\n  prefixlint models 'claude-*' --output-format json")
}

fn inspect() -> Command {
    Command::new("inspect")
        .about("Show a resolved prompt: pieces, classes, tokens, the boundary")
        .arg(
            Arg::new("file")
                .value_name("FILE[:LINE]")
                .required(true)
                .help("With a line: only the prompt that stands there"),
        )
        .args(target())
        .args(config())
        .arg(view_format())
        .arg(color())
        .after_help("Example:\n  prefixlint inspect prompts/support.j2 --model claude-sonnet-5")
}

fn lsp() -> Command {
    Command::new("lsp")
        .about("Serve editors: the language server protocol on standard input and output")
        .arg(flag("stdio", "What it does anyway; clients pass it"))
        .after_help("Set-ups for editors: docs/editors.md")
}

fn init() -> Command {
    Command::new("init")
        .about("Write a commented prefixlint.yaml from what is found")
        .arg(
            Arg::new("folder")
                .value_name("FOLDER")
                .default_value(".")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(flag("force", "Overwrite an existing file"))
}

fn completions() -> Command {
    Command::new("completions")
        .about("Print a completion script")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(clap_complete::Shell)),
        )
        .after_help("Example:\n  prefixlint completions zsh > ~/.zfunc/_prefixlint")
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
}

fn choice(
    name: &'static str,
    value: &'static str,
    values: [&'static str; 3],
    help: &'static str,
) -> Arg {
    option(name, value, help).value_parser(PossibleValuesParser::new(values))
}

fn color() -> Arg {
    choice("color", "WHEN", ["auto", "always", "never"], "Colours")
        .default_value("auto")
        .hide_default_value(true)
}

fn view_format() -> Arg {
    option("output-format", "FORMAT", "For people or for machines")
        .value_parser(PossibleValuesParser::new(["full", "json"]))
        .default_value("full")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_consistent() {
        super::command().debug_assert();
    }
}
