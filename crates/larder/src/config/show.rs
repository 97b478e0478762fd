//! Every value in force, and where it came from.

use std::{borrow::Cow, fmt::Write as _, path::PathBuf};

use serde_json::{Value, json};

use crate::settings::{
    Amount, Chain, Direct, Fetches, Origin, Percent, Private, Route, Settings, Span, Sumdb, Tuning, Valued,
    fallback_name, on_unverifiable_name, order_name, pattern_shown, sumdb_name,
};

/// One line.
struct Row {
    name: String,
    value: Value,
    origin: Origin,
}

/// A line per value.
pub(super) fn text(settings: &Settings) -> String {
    let mut rows = values(settings);
    let Private { no_proxy, no_sumdb } = &settings.private;
    for (name, patterns) in [("private.no_proxy", no_proxy), ("private.no_sumdb", no_sumdb)] {
        if !patterns.value.is_empty() {
            let shown: Vec<_> = patterns.value.iter().map(pattern_shown).collect();
            rows.push(row(name, shown.join(","), &patterns.origin));
        }
    }
    for (index, route) in settings.routes.iter().enumerate() {
        rows.push(row(&format!("route {}", index + 1), format!("{}: {route}", route.modules), &route.origin));
    }
    for (index, source) in settings.sources.iter().enumerate() {
        let files =
            [("ca", &source.ca), ("client_cert", &source.client_cert), ("client_key", &source.client_key)];
        let files: Vec<_> = files
            .iter()
            .filter_map(|(name, path)| Some(format!("{name} {}", path.as_ref()?.display())))
            .collect();
        let value = format!("{}: {}", source.which, files.join(", "));
        rows.push(row(&format!("source {}", index + 1), value, &source.origin));
    }
    for (index, credential) in settings.credentials.iter().enumerate() {
        rows.push(row(&format!("credential {}", index + 1), credential.to_string(), &credential.origin));
    }
    if !matches!(settings.goauth.origin, Origin::Default) {
        rows.push(row("GOAUTH", settings.goauth.value.to_string(), &settings.goauth.origin));
    }
    table(&rows)
}

/// The same as one object.
pub(super) fn json(settings: &Settings) -> Value {
    let rows = values(settings);
    let values: Vec<_> = rows
        .into_iter()
        .map(|Row { name, value, origin }| json!({"name": name, "value": value, "origin": origin}))
        .collect();
    let private = |patterns: &Valued<gomod::Patterns>| json!({"modules": patterns.value.iter().map(pattern_shown).collect::<Vec<_>>(), "origin": patterns.origin});
    let routes: Vec<_> = settings.routes.iter().map(|one| route(one, settings)).collect();
    let sources: Vec<_> = settings
        .sources
        .iter()
        .map(|source| {
            json!({
                "which": source.which.to_string(), "ca": path(source.ca.as_ref()), "client_cert": path(source.client_cert.as_ref()),
                "client_key": path(source.client_key.as_ref()), "origin": source.origin,
            })
        })
        .collect();
    let config = settings.config.as_ref();
    let config =
        config.map(|config| json!({"file": config.value.to_string_lossy(), "origin": config.origin}));
    json!({
        "config": config,
        "settings": values,
        "private": {
            "no_proxy": private(&settings.private.no_proxy),
            "no_sumdb": private(&settings.private.no_sumdb),
        },
        "routes": routes,
        "sources": sources,
        "credentials": settings.credentials.iter().map(|one| json!({"value": one.to_string(), "origin": one.origin})).collect::<Vec<_>>(),
        "goauth": {"value": settings.goauth.value.to_string(), "origin": settings.goauth.origin},
        "warnings": settings.warnings,
    })
}

fn path(path: Option<&PathBuf>) -> Option<Cow<'_, str>> {
    path.map(|path| path.to_string_lossy())
}

fn route(route: &Route, settings: &Settings) -> Value {
    json!({
        "modules": route.modules.iter().collect::<Vec<_>>(),
        "chain": route.chain.as_ref().map(Chain::to_string),
        "sumdb": sumdb_name(route.sumdb),
        "fallback": fallback_name(route.fallback(settings.fallback.value)),
        "order": order_name(route.order.unwrap_or(settings.order.value)),
        "on_unverifiable": on_unverifiable_name(
            route.on_unverifiable.as_ref().map_or(settings.on_unverifiable.value, |own| own.value)
        ),
        "allow_private_hosts": route.private_hosts.as_ref().map(|own| own.value.to_string()),
        "insecure": route.insecure.as_ref().map(|own| own.value.to_string()),
        "origin": route.origin,
    })
}

fn fetches_shown(fetches: &Fetches) -> [Row; 7] {
    let places = |name: &str, number: &Valued<usize>| row(name, number.value, &number.origin);
    let span = |name: &str, span: &Valued<Span>| row(name, span.value.to_string(), &span.origin);
    [
        places("fetches.total", &fetches.total),
        places("fetches.queue", &fetches.queue),
        span("fetches.wait", &fetches.wait),
        places("fetches.per_source", &fetches.per_source),
        places("fetches.queue_per_source", &fetches.queue_per_source),
        span("fetches.wait_per_source", &fetches.wait_per_source),
        places("fetches.ahead", &fetches.ahead),
    ]
}

/// The values that stand alone, in the order of the example file.
fn values(settings: &Settings) -> Vec<Row> {
    let Settings { listen, data, upstream, sumdb, offline, min_free, fallback, order, tuning, .. } = settings;
    let Settings { own, on_unverifiable, direct, .. } = settings;
    let Tuning { patience, freshness, limits, bodies, retry, breaker, hedge, fetches, clients, .. } = tuning;
    let publishing = &tuning.publishing;
    let trusted = &publishing.trusted_proxies;
    let span = |name: &str, span: &Valued<Span>| row(name, span.value.to_string(), &span.origin);
    let amount = |name: &str, amount: &Valued<Amount>| row(name, amount.value.to_string(), &amount.origin);
    let percent = |name: &str, share: &Valued<Percent>| row(name, share.value.to_string(), &share.origin);
    let number = |name: &str, number: &Valued<u32>| row(name, number.value, &number.origin);
    let places = |name: &str, number: &Valued<usize>| row(name, number.value, &number.origin);
    let mut rows = vec![
        row("listen", listen.value.to_string(), &listen.origin),
        row("data", data.value.to_string_lossy(), &data.origin),
        row("upstream", upstream.value.to_string(), &upstream.origin),
        row("sumdb", Sumdb::to_string(&sumdb.value), &sumdb.origin),
    ];
    rows.extend(own.iter().flat_map(|own| {
        [
            row("sumdb.own.name", own.name.value.as_str(), &own.name.origin),
            row("sumdb.own.key", own.key.value.to_string_lossy(), &own.key.origin),
            row("sumdb.own.head", own.head.value.to_string_lossy(), &own.head.origin),
        ]
    }));
    rows.extend([
        row("offline", offline.value, &offline.origin),
        row("min_free", min_free.value.to_string(), &min_free.origin),
        row("fallback", fallback_name(fallback.value), &fallback.origin),
        row("order", order_name(order.value), &order.origin),
        row("on_unverifiable", on_unverifiable_name(on_unverifiable.value), &on_unverifiable.origin),
        span("patience", patience),
        span("freshness", &freshness.present),
        span("freshness_behind", &freshness.behind),
        span("freshness_wait", &freshness.wait),
        span("absence", &freshness.absent),
        span("failure", &freshness.failed),
        span("limits.resolve", &limits.resolve),
        span("limits.resolve_patience", &limits.resolve_patience),
        span("limits.resolve_memory", &limits.resolve_memory),
        span("limits.connect", &limits.connect),
        span("limits.tls", &limits.tls),
        span("limits.first_byte", &limits.first_byte),
        span("limits.stall", &limits.stall),
        amount("limits.trickle", &limits.trickle),
        span("limits.trickle_over", &limits.trickle_over),
        span("limits.small", &limits.small),
        span("limits.begin", &limits.begin),
        amount("bodies.info", &bodies.info),
        amount("bodies.mod", &bodies.gomod),
        amount("bodies.list", &bodies.list),
        amount("bodies.zip", &bodies.zip),
        amount("bodies.sumdb", &bodies.sumdb),
        number("retry.tries", &retry.tries),
        span("retry.pause", &retry.pause),
        span("retry.resume_pause", &retry.resume_pause),
        number("retry.resumes", &retry.resumes),
        span("retry.server_pause", &retry.server_pause),
        percent("retry.share", &retry.share),
        number("retry.reserve", &retry.reserve),
        span("retry.refill", &retry.refill),
        number("breaker.failures", &breaker.failures),
        percent("breaker.rate", &breaker.rate),
        number("breaker.least", &breaker.least),
        span("breaker.window", &breaker.window),
        span("breaker.open", &breaker.open),
        span("breaker.longest", &breaker.longest),
        span("breaker.probe_wait", &breaker.probe_wait),
        span("hedge.after", &hedge.after),
        percent("hedge.share", &hedge.share),
        number("hedge.burst", &hedge.burst),
    ]);
    rows.extend(fetches_shown(fetches));
    rows.extend([
        places("clients.connections", &clients.connections),
        span("clients.head", &clients.head),
        span("clients.idle", &clients.idle),
        span("clients.stall", &clients.stall),
        span("clients.grace", &clients.grace),
        row("clients.trusted_proxies", trusted.value.to_string(), &trusted.origin),
        places("publish.at_once", &publishing.at_once),
        span("publish.time", &publishing.time),
        amount("memory.small", &tuning.memory_small),
        amount("memory.zips", &tuning.memory_zips),
        amount("memory.staging", &tuning.memory_staging),
        places("quarantine.files", &tuning.quarantine_files),
        amount("quarantine.size", &tuning.quarantine_size),
        row("log.format", tuning.log_format.value.name(), &tuning.log_format.origin),
        row("log.access", tuning.log_access.value.name(), &tuning.log_access.origin),
    ]);
    rows.extend(direct_rows(direct));
    rows
}

/// Those of `[direct]`.
fn direct_rows(direct: &Direct) -> Vec<Row> {
    let git = direct.git.value.as_ref().map_or("the one in PATH".into(), |git| git.to_string_lossy());
    let insecure: Vec<_> = direct.insecure.value.iter().map(pattern_shown).collect();
    vec![
        row("direct.git", git, &direct.git.origin),
        row("direct.size", direct.size.value.to_string(), &direct.size.origin),
        row("direct.repository", direct.repository.value.to_string(), &direct.repository.origin),
        row("direct.time", direct.time.value.to_string(), &direct.time.origin),
        row("direct.at_once", direct.at_once.value, &direct.at_once.origin),
        row(
            "direct.allow_private_hosts",
            direct.private_hosts.value.to_string(),
            &direct.private_hosts.origin,
        ),
        row("direct.insecure", insecure.join(","), &direct.insecure.origin),
    ]
}

fn row(name: &str, value: impl Into<Value>, origin: &Origin) -> Row {
    Row { name: name.to_owned(), value: value.into(), origin: origin.clone() }
}

/// Columns; a long value pushes only its own origin to the right.
fn table(rows: &[Row]) -> String {
    let value = |row: &Row| row.value.as_str().map_or_else(|| row.value.to_string(), str::to_owned);
    let names = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    let values = rows.iter().map(|row| value(row).chars().count()).filter(|width| *width <= WIDEST).max();
    let values = values.unwrap_or_default();
    let mut text = String::new();
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:names$}  {:values$}  {}", row.name, value(row), row.origin);
    }
    text
}

const WIDEST: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_fits() {
        let rows = [
            row("a", "x", &Origin::Default),
            row("offline", true, &Origin::Flag { name: "--offline" }),
            row("long", "y".repeat(WIDEST + 1), &Origin::Default),
        ];
        let long = format!("long     {}  default", "y".repeat(WIDEST + 1));
        let want = ["a        x     default", "offline  true  --offline", &long];
        assert_eq!(table(&rows).lines().collect::<Vec<_>>(), want);
    }
}
