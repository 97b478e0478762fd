//! Log lines: to stderr, for people or as JSON.

use std::io::{self, IsTerminal};

use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Starts logging, and says the warnings of the settings. `LARDER_LOG` overrides the level, in the syntax of
/// tracing's `EnvFilter`.
pub(crate) fn to_stderr(settings: &Settings, level: Level) {
    let filter = EnvFilter::try_from_env("LARDER_LOG").unwrap_or_else(|_| EnvFilter::new(level.as_str()));
    let colors = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colors)
        .with_target(false);
    match settings.tuning.log_format.value {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
}
