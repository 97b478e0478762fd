//! Times, budgets and the log: what only the file sets.

use std::time::Duration;

use super::{
    amount::Amount,
    file::File,
    limits::{Bodies, Limits},
    origin::Valued,
    pick::Pick,
    publishing::Publishing,
    span::{HOUR, LEAST, Span, YEAR, ZERO},
    stubborn::{Breaker, Fetches, Hedge, Retry},
    wrong::Wrong,
};

/// Values that most never change.
#[derive(Clone, Debug)]
pub(crate) struct Tuning {
    /// How long a zip may take to arrive before clients are fed from it while it still arrives.
    pub(crate) patience: Valued<Span>,
    pub(crate) freshness: Freshness,
    pub(crate) limits: Limits,
    pub(crate) bodies: Bodies,
    pub(crate) retry: Retry,
    pub(crate) breaker: Breaker,
    pub(crate) hedge: Hedge,
    pub(crate) fetches: Fetches,
    pub(crate) clients: Clients,
    pub(crate) publishing: Publishing,
    /// Memory for small answers.
    pub(crate) memory_small: Valued<Amount>,
    /// Memory for what arrives while the disk takes nothing.
    pub(crate) memory_staging: Valued<Amount>,
    /// Memory for zips that are asked for again and again.
    pub(crate) memory_zips: Valued<Amount>,
    /// Damaged files that are kept for people to look at.
    pub(crate) quarantine_files: Valued<usize>,
    /// Bytes of them.
    pub(crate) quarantine_size: Valued<Amount>,
    pub(crate) log_format: Valued<LogFormat>,
    pub(crate) log_access: Valued<Access>,
}

/// How long answers count, as [`mirror::Freshness`] has them.
#[derive(Clone, Debug)]
pub(crate) struct Freshness {
    pub(crate) present: Valued<Span>,
    pub(crate) behind: Valued<Span>,
    pub(crate) wait: Valued<Span>,
    pub(crate) absent: Valued<Span>,
    pub(crate) failed: Valued<Span>,
}

/// The bounds of clients, as [`server::Config`] has them.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(crate) connections: Valued<usize>,
    pub(crate) head: Valued<Span>,
    pub(crate) idle: Valued<Span>,
    pub(crate) stall: Valued<Span>,
    pub(crate) grace: Valued<Span>,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Which requests are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Access {
    /// Those that needed a source, or failed.
    #[default]
    Misses,
    /// All.
    All,
}

impl Tuning {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &File, pick: &mut Pick<'_>) -> Self {
        let mirror = mirror::Config::default();
        let clients = &file.clients;
        let patience = pick.span("patience", file.patience.as_ref(), ZERO..=HOUR, mirror.patience);
        let freshness = Freshness::pick(file, pick);
        let head = pick.span("clients.head", clients.head.as_ref(), LEAST..=HOUR, HEAD);
        let idle = pick.span("clients.idle", clients.idle.as_ref(), LEAST..=DAY, IDLE);
        let stall = pick.span("clients.stall", clients.stall.as_ref(), LEAST..=HOUR, STALL);
        let grace = pick.span("clients.grace", clients.grace.as_ref(), ZERO..=HOUR, GRACE);
        let connections =
            pick.number("clients.connections", clients.connections.as_ref(), 1..=MILLION, CONNECTIONS);
        let memory_small = pick.amount("memory.small", file.memory.small.as_ref(), SMALL);
        let disk = storage::OpenOptions::default();
        let staging = disk.staging_memory;
        let files = file.quarantine.files.as_ref();
        let quarantine_files = pick.number("quarantine.files", files, 1..=MILLION, disk.quarantine_files);
        let size = file.quarantine.size.as_ref();
        let quarantine_size = pick.amount("quarantine.size", size, disk.quarantine_bytes);
        let memory_staging = pick.amount("memory.staging", file.memory.staging.as_ref(), staging);
        let memory_zips = pick.amount("memory.zips", file.memory.zips.as_ref(), ZIPS);
        let log_format = pick.in_file("log.format", file.log.format.as_ref(), |text| log_format(text));
        let log_access = pick.in_file("log.access", file.log.access.as_ref(), |text| access(text));
        Tuning {
            patience,
            freshness,
            limits: Limits::pick(&file.limits, pick),
            bodies: Bodies::pick(&file.bodies, pick),
            retry: Retry::pick(&file.retry, pick),
            breaker: Breaker::pick(&file.breaker, pick),
            hedge: Hedge::pick(&file.hedge, pick),
            fetches: Fetches::pick(&file.fetches, pick),
            clients: Clients { connections, head, idle, stall, grace },
            publishing: Publishing::pick(file, pick),
            memory_small,
            memory_staging,
            quarantine_files,
            quarantine_size,
            memory_zips,
            log_format: log_format.unwrap_or(Valued::default(LogFormat::default())),
            log_access: log_access.unwrap_or(Valued::default(Access::default())),
        }
    }
}

impl Freshness {
    fn pick(file: &File, pick: &mut Pick<'_>) -> Self {
        let default = mirror::Freshness::default();
        Freshness {
            present: pick.span("freshness", file.freshness.as_ref(), ZERO..=YEAR, default.present),
            behind: pick.span(
                "freshness_behind",
                file.freshness_behind.as_ref(),
                ZERO..=YEAR,
                default.behind,
            ),
            wait: pick.span("freshness_wait", file.freshness_wait.as_ref(), ZERO..=HOUR, default.wait),
            absent: pick.span("absence", file.absence.as_ref(), ZERO..=HOUR, default.absent),
            // A longer memory of failures would keep clients away from a source that is well again.
            failed: pick.span("failure", file.failure.as_ref(), ZERO..=SECOND, default.failed),
        }
    }
}

impl LogFormat {
    /// As it is written in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

impl Access {
    /// As it is written in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Access::Misses => "misses",
            Access::All => "all",
        }
    }
}

fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Wrong::new(format!("{text:?} is not known")).help("write \"text\" or \"json\"")),
    }
}

fn access(text: &str) -> Result<Access, Wrong> {
    match text {
        "misses" => Ok(Access::Misses),
        "all" => Ok(Access::All),
        _ => Err(Wrong::new(format!("{text:?} is not known")).help("write \"misses\" or \"all\"")),
    }
}

const MILLION: usize = 1_000_000;
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

// Towards clients.
const CONNECTIONS: usize = 4096;
const HEAD: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(90);
const STALL: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_secs(10);
const SMALL: u64 = 32 << 20;
const ZIPS: u64 = 64 << 20;
