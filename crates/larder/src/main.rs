//! The `larder` command.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod args;
mod bench;
mod cache;
mod child;
mod config;
mod databases;
mod doctor;
mod engine;
mod explain;
mod import;
mod log;
mod open_files;
mod profile;
mod progress;
mod publish;
mod run;
mod scrub;
mod seal;
mod serve;
mod settings;
mod snapshot;
mod token;
mod vendor;
mod verify;
mod warm;
mod withdraw;

use std::{
    env,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use clap::{CommandFactory, Parser};
use tracing::Level;
use workbench::{Environment, masked};

use crate::{
    args::{Cli, Command, Options, VendorCommand},
    config::{Look, Printed},
    settings::Settings,
};

fn main() -> ExitCode {
    let environment = Environment::new(env::vars_os());
    let printed = match Cli::try_parse() {
        Ok(cli) => run(cli.command, &environment),
        Err(error) => usage(&error, env::args_os().nth(1).is_some_and(|command| command == "run")),
    };
    print(&printed)
}

fn run(command: Command, env: &Environment) -> Printed {
    match command {
        Command::Serve(args) => {
            let listen = args.listen.listen.as_deref();
            with_settings(&args.options, listen, env, FAILED, async |settings| {
                log::to_stderr(settings, Level::INFO);
                serve::serve(settings).await.map(|()| 0)
            })
        }
        Command::Run(args) => with_settings(&args.options, None, env, RUN_FAILED, async |settings| {
            log::to_stderr(settings, Level::ERROR);
            run::run(settings, args.profile, &args.command, env).await
        }),
        Command::Scrub(args) => with_settings(&args.options(), None, env, FAILED, async |settings| {
            log::to_stderr(settings, Level::ERROR);
            scrub::scrub(settings, &args).await
        }),
        Command::Import(args) => with_settings(&args.options, None, env, FAILED, async |settings| {
            log::to_stderr(settings, Level::ERROR);
            import::import(settings, &args).await
        }),
        Command::Doctor(args) => doctor::run(&args, env),
        Command::Explain(args) => explain::run(&args),
        Command::Verify(args) => with_settings(&args.options, None, env, FAILED, async |settings| {
            log::to_stderr(settings, Level::ERROR);
            verify::verify(settings, &args, env).await
        }),
        Command::Bench(args) => {
            let listen = args.listen.listen.as_deref();
            with_settings(&args.options(), listen, env, FAILED, async |settings| {
                log::to_stderr(settings, Level::ERROR);
                bench::bench(settings, &args, env).await
            })
        }
        Command::Warm(args) => with_settings(&args.options(), None, env, FAILED, async |settings| {
            log::to_stderr(settings, Level::ERROR);
            warm::warm(settings, &args, env).await
        }),
        Command::Cache(command) => cache::run(&command, env),
        Command::Vendor(VendorCommand::Plan(args)) => {
            with_settings(&args.options, None, env, FAILED, async |settings| {
                log::to_stderr(settings, Level::ERROR);
                vendor::plan(settings, &args, env).await
            })
        }
        Command::Seal(command) => seal::run(&command),
        Command::Publish(args) => with_settings(&args.data.options(), None, env, FAILED, async |settings| {
            log::to_stderr(settings, Level::ERROR);
            publish::publish(settings, &args, env).await
        }),
        Command::Withdraw(args) => with_settings(&args.data.options(), None, env, FAILED, async |settings| {
            log::to_stderr(settings, Level::ERROR);
            withdraw::withdraw(settings, &args, env).await
        }),
        Command::Snapshot(command) => snapshot::run(command, env),
        Command::Token(command) => token::run(command, env),
        Command::Sumdb(command) => databases::run(command, env),
        Command::Env(args) => {
            let listen = args.listen.listen.as_deref();
            with_settings(&args.options(), listen, env, FAILED, async |settings| {
                profile::print(settings, &args)
            })
        }
        Command::Config(command) => config::run(command, env, look(env)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "larder", &mut script);
            Printed { out: String::from_utf8_lossy(&script).into_owned(), ..Printed::default() }
        }
    }
}

/// Does what a command does with its settings, and gives its exit code or what is to be printed; `failed` is the exit
/// code when Larder itself cannot.
fn with_settings<P: Into<Printed>>(
    options: &Options,
    listen: Option<&str>,
    env: &Environment,
    failed: u8,
    work: impl AsyncFnOnce(&Settings) -> anyhow::Result<P>,
) -> Printed {
    let settings = match Settings::resolve(options, listen, env) {
        Ok(settings) => settings,
        Err(invalid) => {
            return Printed { err: config::report(&invalid, look(env)), code: failed, ..Printed::default() };
        }
    };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start worker threads")
        .and_then(|runtime| {
            let done = runtime.block_on(work(&settings));
            // What still runs was given its time already.
            runtime.shutdown_timeout(GRACE);
            done
        });
    match done {
        Ok(done) => done.into(),
        Err(error) => Printed {
            err: format!("larder: {}\n", masked(&format!("{error:#}"))),
            code: failed,
            ..Printed::default()
        },
    }
}

/// `--help`, `--version`, and wrong usage, which may repeat a URL that was typed.
fn usage(error: &clap::Error, of_run: bool) -> Printed {
    let code = match error.exit_code() {
        0 => 0,
        // A script must be able to tell this from the exit code of its command.
        _ if of_run => RUN_FAILED,
        _ => FAILED,
    };
    let to_terminal = if code == 0 { io::stdout().is_terminal() } else { io::stderr().is_terminal() };
    let styled = error.render();
    let text = if to_terminal && env::var_os("NO_COLOR").is_none() {
        styled.ansi().to_string()
    } else {
        styled.to_string()
    };
    match code {
        0 => Printed { out: text, ..Printed::default() },
        code => Printed { err: masked(&text), code, ..Printed::default() },
    }
}

fn look(env: &Environment) -> Look {
    let terminal = io::stderr().is_terminal();
    Look { color: terminal && env.get("NO_COLOR").is_none(), width: terminal.then_some(100) }
}

/// A reader that has left, as in `larder config show | head -1`, is no failure.
fn print(printed: &Printed) -> ExitCode {
    let _ = io::stderr().write_all(printed.err.as_bytes());
    let written = io::stdout().write_all(printed.out.as_bytes()).and_then(|()| io::stdout().flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "larder: cannot write to standard output: {error}");
            ExitCode::from(FAILED)
        }
        _ => ExitCode::from(printed.code),
    }
}

/// How long a thread that is in the middle of something may hold up the end of the program.
const GRACE: Duration = Duration::from_secs(2);
/// Wrong usage, wrong configuration, or it could not be done.
const FAILED: u8 = 2;
/// The same where an exit code belongs to the command that is run.
const RUN_FAILED: u8 = 125;

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(line: &str) -> Printed {
        usage(&Cli::try_parse_from(line.split(' ')).err().unwrap(), line.starts_with("larder run"))
    }

    #[test]
    fn wrong_usage_says_so_without_secrets() {
        for line in [
            "larder serve https://gopher:hunter2@proxy.example.com",
            "larder https://gopher:hunter2@proxy.example.com",
            "larder run --upstream=https://a.example gopher:hunter2@proxy.example.com",
            "larder serve --offline https://proxy.example.com?token=hunter2",
            "larder serve --upstrem=https://gopher:hunter2@proxy.example.com",
        ] {
            let printed = wrong(line);
            assert_eq!(printed.out, "");
            assert!(printed.err.contains("error: "), "{}", printed.err);
            assert!(!printed.err.contains("hunter2") && !printed.err.contains("gopher"), "{}", printed.err);
        }
    }

    #[test]
    fn the_exit_code_tells_larder_from_its_command() {
        assert_eq!(wrong("larder serve --nonsense").code, 2);
        assert_eq!(wrong("larder run").code, 125);
        assert_eq!(wrong("larder run go build").code, 125);
        assert_eq!(wrong("larder run --help").code, 0);
    }
}
