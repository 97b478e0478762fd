//! What the go command and Larder should be told in each situation, and why: one table for `larder env` and
//! `larder run --profile`.

mod print;
mod shell;
mod stamp;

use std::time::Duration;

use clap::ValueEnum;

pub(crate) use self::{print::print, shell::Shell};
use crate::settings::{Settings, Span, Sumdb};

/// A situation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Somebody works and waits: short timeouts, older lists at once, repositories themselves at the end
    Dev,
    /// A build on a server: nothing public but by way of Larder, and a failure is one
    Ci,
    /// A build that is shipped: what is stored comes first, and all of it is verified
    Prod,
    /// No network: what is stored, and nobody is asked
    Airgap,
}

/// A variable and the reason for its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) variable: &'static str,
    pub(crate) value: String,
    pub(crate) why: &'static str,
}

/// Why a profile cannot hold with these settings.
#[derive(Debug, thiserror::Error)]
#[error(
    "the profile {0} verifies what is public, and {1} switches the checksum database off; \
     give one with --sumdb, or take another profile"
)]
pub(crate) struct Unverified(&'static str, String);

impl Profile {
    /// Its name, as it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Ci => "ci",
            Profile::Prod => "prod",
            Profile::Airgap => "airgap",
        }
    }

    /// What the go command is told, with a Larder at this URL.
    pub(crate) fn lines(self, larder: &str, settings: &Settings) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut tell = |variable, value: String, why| lines.push(Line { variable, value, why });
        match self {
            Profile::Dev => tell(
                "GOPROXY",
                format!("{larder}|direct"),
                "Larder first; while it is not running, repositories themselves, so that work goes on",
            ),
            Profile::Ci => tell(
                "GOPROXY",
                larder.to_owned(),
                "nothing public but by way of Larder: what it cannot give fails, and is not fetched past it",
            ),
            Profile::Prod => tell(
                "GOPROXY",
                larder.to_owned(),
                "what is shipped comes from the store, where its hash is on record",
            ),
            Profile::Airgap => tell(
                "GOPROXY",
                format!("{larder},off"),
                "there is no network: what is not stored fails at once and says so",
            ),
        }
        if let Some(spec) = told(&settings.sumdb.value) {
            tell("GOSUMDB", spec, "what is not in go.sum yet is compared with the checksum database");
        }
        if self == Profile::Airgap {
            tell(
                "GONOPROXY",
                "none".into(),
                "private modules come from Larder too: their hosts are out of reach",
            );
            tell("GOVCS", "*:off".into(), "no repository is asked, so that nothing waits for one");
            tell("LARDER_OFFLINE", "true".into(), "Larder's own commands ask nobody either");
        }
        lines
    }

    /// Sets what nobody else has set for a Larder that runs in this situation.
    ///
    /// # Errors
    /// [`Unverified`], where the profile promises what the settings forbid.
    pub(crate) fn apply(self, settings: &mut Settings) -> Result<(), Unverified> {
        match self {
            Profile::Dev => {
                let limits = &mut settings.tuning.limits;
                for (limit, short) in [
                    (&mut limits.connect, 3),
                    (&mut limits.tls, 3),
                    (&mut limits.first_byte, 6),
                    (&mut limits.begin, 10),
                ] {
                    let short = Duration::from_secs(short).min(limit.value.0);
                    limit.unless_set(Span(short), self.name());
                }
                settings.tuning.freshness.behind.unless_set(Span(WEEK), self.name());
                settings.upstream.value.go_direct();
            }
            Profile::Ci => settings.upstream.value.stay_with_proxies(),
            Profile::Prod => {
                if settings.sumdb.value == Sumdb::Off {
                    return Err(Unverified(self.name(), settings.sumdb.origin.to_string()));
                }
                settings.tuning.freshness.present.unless_set(Span(WEEK), self.name());
                settings.on_unverifiable.value = mirror::OnUnverifiable::Hold;
                for route in &mut settings.routes {
                    route.on_unverifiable = None;
                }
                settings.upstream.value.stay_with_proxies();
            }
            Profile::Airgap => settings.offline.value = true,
        }
        Ok(())
    }
}

/// The database as GOSUMDB has it; nothing for one whose URL holds a password, which no command prints, and for one
/// that was switched off, which no profile repeats.
fn told(sumdb: &Sumdb) -> Option<String> {
    let Sumdb::On(database) = sumdb else { return None };
    let spec = database.to_string();
    (!spec.contains("***")).then_some(spec)
}

const WEEK: Duration = Duration::from_hours(24 * 7);
