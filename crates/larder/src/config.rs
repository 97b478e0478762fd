//! `larder config`: the settings, looked at.

mod report;
mod show;

use serde_json::json;
use workbench::Environment;

pub(crate) use self::report::{Look, text as report};
use crate::{
    args::{CheckArgs, ConfigCommand, Options, ShowArgs},
    settings::Settings,
};

/// What a command prints, and the code it exits with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Printed {
    /// For standard output.
    pub(crate) out: String,
    /// For standard error.
    pub(crate) err: String,
    pub(crate) code: u8,
}

/// Of a command that printed what there was to print.
impl From<u8> for Printed {
    fn from(code: u8) -> Self {
        Printed { code, ..Printed::default() }
    }
}

/// Does one of the commands.
pub(crate) fn run(command: ConfigCommand, env: &Environment, look: Look) -> Printed {
    match command {
        ConfigCommand::Check(args) => check(args, env, look),
        ConfigCommand::Show(args) => show(&args, env, look),
        ConfigCommand::Example => Printed { out: EXAMPLE.to_owned(), ..Printed::default() },
    }
}

fn check(args: CheckArgs, env: &Environment, look: Look) -> Printed {
    let CheckArgs { file, json, listen, options } = args;
    let options = Options { config: file.or(options.config), ..options };
    let resolved = Settings::resolve(&options, listen.listen.as_deref(), env);
    match resolved {
        Ok(settings) if json => Printed {
            out: line(&json!({"ok": true, "errors": [], "warnings": settings.warnings})),
            ..Printed::default()
        },
        Ok(settings) => Printed { out: "ok\n".to_owned(), err: warnings(&settings), code: 0 },
        Err(invalid) if json => {
            Printed { out: line(&report::json(&invalid)), code: INVALID, ..Printed::default() }
        }
        Err(invalid) => Printed { err: report(&invalid, look), code: INVALID, ..Printed::default() },
    }
}

fn show(args: &ShowArgs, env: &Environment, look: Look) -> Printed {
    let resolved = Settings::resolve(&args.options, args.listen.listen.as_deref(), env);
    match resolved {
        Ok(settings) if args.json => Printed { out: line(&show::json(&settings)), ..Printed::default() },
        Ok(settings) => Printed { out: show::text(&settings) + &warnings(&settings), ..Printed::default() },
        Err(invalid) if args.json => {
            Printed { out: line(&report::json(&invalid)), code: INVALID, ..Printed::default() }
        }
        Err(invalid) => Printed { err: report(&invalid, look), code: INVALID, ..Printed::default() },
    }
}

fn warnings(settings: &Settings) -> String {
    settings.warnings.iter().fold(String::new(), |text, warning| text + "warning: " + warning + "\n")
}

fn line(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

const EXAMPLE: &str = include_str!("config/example.toml");
const INVALID: u8 = 2;

#[cfg(test)]
mod tests;
