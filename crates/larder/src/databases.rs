//! `larder sumdb`: checksum databases, looked after.

mod keygen;
mod rotate_plan;
#[cfg(test)]
mod tests;

use crate::{args::SumdbCommand, config::Printed, settings::Environment};

/// Does one of the commands.
pub(crate) fn run(command: SumdbCommand, env: &Environment) -> Printed {
    match command {
        SumdbCommand::Keygen(args) => keygen::keygen(&args),
        SumdbCommand::RotatePlan(args) => rotate_plan::rotate_plan(&args, env),
    }
}
