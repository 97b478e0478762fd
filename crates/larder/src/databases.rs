//! `larder sumdb`: checksum databases, looked after.

mod keygen;
mod rotate_plan;
mod show;
#[cfg(test)]
mod tests;

use crate::{FAILED, args::SumdbCommand, config::Printed, settings::Environment, with_settings};

/// Does one of the commands.
pub(crate) fn run(command: SumdbCommand, env: &Environment) -> Printed {
    match command {
        SumdbCommand::Keygen(args) => keygen::keygen(&args),
        SumdbCommand::Show(args) => {
            with_settings(&args.data.options(), None, env, FAILED, async |settings| {
                show::show(settings, args.json).await
            })
        }
        SumdbCommand::RotatePlan(args) => rotate_plan::rotate_plan(&args, env),
    }
}
