//! Times, budgets and the log: what only the file sets.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    amount::Amount,
    file::{File, Text},
    origin::Valued,
    pick::Pick,
    span::Span,
    wrong::Wrong,
};

/// Values that most never change.
#[derive(Clone, Debug)]
pub(crate) struct Tuning {
    /// How long a zip may take to arrive before clients are fed from it while it still arrives.
    pub(crate) patience: Valued<Span>,
    /// How long lists, `@latest` and branch queries count without being asked for again.
    pub(crate) freshness: Valued<Span>,
    /// How long a confirmed absence counts.
    pub(crate) absence: Valued<Span>,
    pub(crate) limits: Limits,
    pub(crate) clients: Clients,
    /// Memory for small answers.
    pub(crate) memory_small: Valued<Amount>,
    /// Memory for zips that are asked for again and again.
    pub(crate) memory_zips: Valued<Amount>,
    pub(crate) log_format: Valued<LogFormat>,
    pub(crate) log_access: Valued<Access>,
}

/// The bounds of one attempt at a source, as [`upstream::Limits`] has them.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) resolve: Valued<Span>,
    pub(crate) connect: Valued<Span>,
    pub(crate) first_byte: Valued<Span>,
    pub(crate) stall: Valued<Span>,
    pub(crate) small: Valued<Span>,
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
        let mut span =
            |name: &str, text: &Option<Text>, range: RangeInclusive<Duration>, default: Duration| {
                let value = pick.in_file(name, text.as_ref(), |text| Span::parse(text, &range));
                value.unwrap_or_else(|| Valued::default(Span(default)))
            };
        let mirror = mirror::Config::default();
        let fresh = mirror::Freshness::default();
        let out = upstream::Limits::default();
        let (limits, clients) = (&file.limits, &file.clients);
        let patience = span("patience", &file.patience, ZERO..=HOUR, mirror.patience);
        let freshness = span("freshness", &file.freshness, ZERO..=YEAR, fresh.present);
        let absence = span("absence", &file.absence, ZERO..=HOUR, fresh.absent);
        let limits = Limits {
            resolve: span("limits.resolve", &limits.resolve, LEAST..=HOUR, out.resolve),
            connect: span("limits.connect", &limits.connect, LEAST..=HOUR, out.connect),
            first_byte: span("limits.first_byte", &limits.first_byte, LEAST..=HOUR, out.first_byte),
            stall: span("limits.stall", &limits.stall, LEAST..=HOUR, out.stall),
            small: span("limits.small", &limits.small, LEAST..=HOUR, out.small),
        };
        let head = span("clients.head", &clients.head, LEAST..=HOUR, HEAD);
        let idle = span("clients.idle", &clients.idle, LEAST..=DAY, IDLE);
        let stall = span("clients.stall", &clients.stall, LEAST..=HOUR, STALL);
        let grace = span("clients.grace", &clients.grace, ZERO..=HOUR, GRACE);
        let connections =
            pick.in_file("clients.connections", clients.connections.as_ref(), |number| connections(*number));
        let connections = connections.unwrap_or(Valued::default(CONNECTIONS));
        let mut amount = |name: &str, text: &Option<Text>, default: u64| {
            let value = pick.in_file(name, text.as_ref(), |text| text.parse());
            value.unwrap_or(Valued::default(Amount(default)))
        };
        let memory_small = amount("memory.small", &file.memory.small, SMALL);
        let memory_zips = amount("memory.zips", &file.memory.zips, ZIPS);
        let log_format = pick.in_file("log.format", file.log.format.as_ref(), |text| log_format(text));
        let log_access = pick.in_file("log.access", file.log.access.as_ref(), |text| access(text));
        Tuning {
            patience,
            freshness,
            absence,
            limits,
            clients: Clients { connections, head, idle, stall, grace },
            memory_small,
            memory_zips,
            log_format: log_format.unwrap_or(Valued::default(LogFormat::default())),
            log_access: log_access.unwrap_or(Valued::default(Access::default())),
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

fn connections(number: i64) -> Result<usize, Wrong> {
    let range = 1..=1_000_000;
    match usize::try_from(number) {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(Wrong::new(format!("{number} is out of range")).help("write a number from 1 to 1000000")),
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

const ZERO: Duration = Duration::ZERO;
/// No limit can be kept more exactly.
const LEAST: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(365 * 24);

// Towards clients.
const CONNECTIONS: usize = 4096;
const HEAD: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(90);
const STALL: Duration = Duration::from_mins(1);
const GRACE: Duration = Duration::from_secs(10);
const SMALL: u64 = 32 << 20;
const ZIPS: u64 = 64 << 20;
