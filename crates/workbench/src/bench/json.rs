//! A comparison for programs. `docs/BENCH.md` has the schema.

use serde_json::{Map, Value, json};

use super::{
    Comparison, Connecting, Level, Measured, Place, Quantiles, Series, Throughput, statistics::milliseconds,
};

impl Comparison {
    /// The JSON form, with a line feed at its end: what every command says, and the figures.
    pub fn json(&self) -> String {
        // Neither has keys that are not text, so this cannot fail.
        let mut value = serde_json::to_value(self.report()).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("modules".to_owned(), json!(self.modules));
            fields.insert("requests".to_owned(), json!(self.most));
            fields.insert("proxies".to_owned(), self.proxies.iter().map(proxy).collect());
            fields.insert(
                "recommendation".to_owned(),
                json!({"goproxy": self.advice.goproxy, "reasons": self.advice.reasons}),
            );
            fields.insert("notes".to_owned(), json!(self.notes));
        }
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn proxy(proxy: &Measured) -> Value {
    let Connecting { dns, tcp, tls, first_byte } = &proxy.connecting;
    let errors: Map<String, Value> =
        proxy.errors.iter().map(|(trouble, count)| (trouble.name(), json!(count))).collect();
    let evidence: Map<String, Value> =
        proxy.evidence.iter().map(|(trouble, words)| (trouble.name(), json!(words))).collect();
    json!({
        "url": proxy.url,
        "named_by": proxy.named_by,
        "standing": proxy.standing().as_str(),
        "success": proxy.share().map(|share| (share * 1e4).round() / 1e4),
        "cost_ms": proxy.cost().map(milliseconds),
        "place": proxy.place.map(Place::as_str),
        "http2": proxy.http2,
        "relays_sumdb": proxy.relays,
        "sent": proxy.sent,
        "connect_ms": {
            "dns": quantiles(dns.as_ref()),
            "tcp": quantiles(tcp.as_ref()),
            "tls": quantiles(tls.as_ref()),
            "first_byte": quantiles(first_byte.as_ref()),
        },
        "cold": series(&proxy.cold),
        "warm": series(&proxy.warm),
        "at_once": proxy.levels.iter().map(level).collect::<Value>(),
        "zip": {"cold": throughput(&proxy.zip_cold), "warm": throughput(&proxy.zip_warm)},
        "errors": errors,
        "evidence": evidence,
        "absent": proxy.absent,
    })
}

fn quantiles(quantiles: Option<&Quantiles>) -> Value {
    quantiles.map_or(Value::Null, |Quantiles { p50, p95, p99 }| {
        json!({"p50": milliseconds(*p50), "p95": milliseconds(*p95), "p99": milliseconds(*p99)})
    })
}

fn series(Series { asked, good, times }: &Series) -> Value {
    json!({"asked": asked, "good": good, "ms": quantiles(times.as_ref())})
}

fn level(Level { at_once, series: Series { asked, good, times }, per_second }: &Level) -> Value {
    let per_second = (per_second * 10.0).round() / 10.0;
    json!({"at_once": at_once, "asked": asked, "good": good, "per_second": per_second, "ms": quantiles(times.as_ref())})
}

fn throughput(zips: &Throughput) -> Value {
    let Throughput { asked, good, bytes, time } = zips;
    json!({
        "asked": asked,
        "good": good,
        "bytes": bytes,
        "ms": milliseconds(*time),
        "bytes_per_second": zips.per_second().map(f64::round),
    })
}
