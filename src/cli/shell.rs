//! `prefixlint completions` and `prefixlint man`, from the arguments themselves.

use clap::ArgMatches;
use clap_complete::Shell;

use super::{command, output, Failure, CLEAN};

pub(super) fn completions(matches: &ArgMatches) -> Result<u8, Failure> {
    let shell = matches
        .get_one::<Shell>("shell")
        .copied()
        .ok_or_else(|| Failure::new("no shell"))?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "prefixlint", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(CLEAN)
}

/// The program's page, then one for each command.
pub(super) fn man() -> Result<u8, Failure> {
    let mut page = Vec::new();
    let mut root = command();
    root.build();
    let mut commands = vec![root.clone()];
    commands.extend(root.get_subcommands().cloned());
    for one in commands {
        let name = one.get_bin_name().unwrap_or("prefixlint").replace(' ', "-");
        clap_mangen::Man::new(one)
            .title(name)
            .render(&mut page)
            .map_err(|error| Failure::new(format!("cannot write the manual: {error}")))?;
    }
    output::print(&String::from_utf8_lossy(&page))?;
    Ok(CLEAN)
}
