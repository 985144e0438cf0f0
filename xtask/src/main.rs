//! Set-up, build, serve, test and bench: what `cargo xtask` does.
//!
//! It depends on nothing but the standard library, so that the first thing a newcomer runs
//! compiles in seconds and needs no network.

mod bench;
mod browser;
mod build;
mod debian;
mod fuzz;
mod project;
mod run;
mod serve;
mod test;
mod tools;
mod train;

use std::process::ExitCode;

/// What a task ends in: nothing, or a message that a person can act on.
pub type Result<T = ()> = std::result::Result<T, String>;

const HELP: &str = "\
Millrace's tasks. Each sets up what it needs first, and says what it does.

    cargo xtask serve [--dev] [--port N]   build the app and serve it, printing the address
    cargo xtask test                       run every test, in the browser too
    cargo xtask build [--dev]              make dist/, which works from any static host
    cargo xtask bench                      measure; one JSON object a line
    cargo xtask fuzz [--cases N]           the property tests with N random inputs (1,000,000)
    cargo xtask train [--check]            make the models' weights again; or only compare them
    cargo xtask setup                      only set up, everything

Tools that are missing are installed into ~/.cache/millrace (or $XDG_CACHE_HOME/millrace);
the browser and Node come from the system's packages on Debian and Ubuntu.";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("\nerror: {why}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[&str]) -> Result {
    let (&task, rest) = args.split_first().unwrap_or((&"--help", &[]));
    if rest.iter().any(|arg| matches!(*arg, "--help" | "-h")) {
        println!("{HELP}");
        return Ok(());
    }
    match task {
        "serve" => {
            let (dev, port) = (flag(rest, "--dev"), value(rest, "--port")?);
            only(rest, &["--dev"], &["--port"])?;
            serve::serve(dev, port)
        }
        "test" => only(rest, &[], &[]).and_then(|()| test::test()),
        "build" => only(rest, &["--dev"], &[]).and_then(|()| build::build(flag(rest, "--dev"))),
        "bench" => only(rest, &[], &[]).and_then(|()| bench::bench()),
        "fuzz" => {
            let cases = value(rest, "--cases")?;
            only(rest, &[], &["--cases"])?;
            fuzz::fuzz(cases.unwrap_or(1_000_000))
        }
        "train" => {
            only(rest, &["--check"], &[])?;
            train::train(flag(rest, "--check"))
        }
        "setup" => only(rest, &[], &[]).and_then(|()| tools::set_up(tools::EVERYTHING).map(drop)),
        // Called by Trunk, see Trunk.toml.
        "post-build" => only(rest, &[], &[]).and_then(|()| build::post_build()),
        "--help" | "-h" | "help" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no task `{other}`\n\n{HELP}")),
    }
}

fn flag(args: &[&str], name: &str) -> bool {
    args.contains(&name)
}

/// The number after `name`, if `name` is there.
fn value<N: std::str::FromStr>(args: &[&str], name: &str) -> Result<Option<N>> {
    let Some(at) = args.iter().position(|arg| *arg == name) else {
        return Ok(None);
    };
    let text = args.get(at + 1).ok_or(format!("{name} needs a number"))?;
    let number = text.replace('_', "").parse();
    number
        .map(Some)
        .map_err(|_| format!("{name} needs a number, not `{text}`"))
}

/// Refuses what no task knows, rather than ignoring it.
fn only(args: &[&str], flags: &[&str], values: &[&str]) -> Result {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if values.contains(arg) {
            args.next();
        } else if !flags.contains(arg) {
            return Err(format!(
                "`{arg}` is not known here; `cargo xtask --help` lists what is"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_refuses_the_rest() {
        assert_eq!(value(&["--port", "9000"], "--port"), Ok(Some(9000_u16)));
        assert_eq!(value(&["--cases", "1_000"], "--cases"), Ok(Some(1000_u32)));
        assert_eq!(value::<u16>(&["--dev"], "--port"), Ok(None));
        assert!(value::<u16>(&["--port"], "--port").is_err());
        assert!(value::<u16>(&["--port", "70000"], "--port").is_err());
    }

    #[test]
    fn an_unknown_argument_is_an_error() {
        assert_eq!(
            only(&["--dev", "--port", "1"], &["--dev"], &["--port"]),
            Ok(())
        );
        assert!(only(&["--prot", "1"], &["--dev"], &["--port"]).is_err());
        assert!(dispatch(&["serv"]).is_err());
    }
}
