//! A comparison for spreadsheets (RFC 4180, with line feeds).

use std::fmt::Write as _;

use super::{Comparison, Measured, Quantiles, Series, Throughput, statistics::milliseconds};

impl Comparison {
    /// A row for each measure of each proxy, the best proxy first, below a row with the names of the columns. A cell
    /// without a value is empty.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "rank,proxy,standing,measure,at_once,asked,good,p50_ms,p95_ms,p99_ms,per_second,bytes,bytes_per_second\n",
        );
        for (rank, proxy) in self.proxies.iter().enumerate() {
            let begin = format!("{},{},{}", rank + 1, cell(&proxy.url), proxy.standing().as_str());
            rows(proxy, &mut |cells| {
                let _ = writeln!(out, "{begin},{cells}");
            });
        }
        out
    }
}

/// Says the cells behind the first three of each row.
fn rows(proxy: &Measured, say: &mut dyn FnMut(String)) {
    let connecting = &proxy.connecting;
    for (name, times) in [
        ("dns", connecting.dns),
        ("tcp", connecting.tcp),
        ("tls", connecting.tls),
        ("first-byte", connecting.first_byte),
    ] {
        say(format!("{name},,,,{},,,", quantiles(times.as_ref())));
    }
    for (name, Series { asked, good, times }) in [("cold", proxy.cold), ("warm", proxy.warm)] {
        say(format!("{name},1,{asked},{good},{},,,", quantiles(times.as_ref())));
    }
    for level in &proxy.levels {
        let Series { asked, good, times } = level.series;
        let times = quantiles(times.as_ref());
        say(format!("at-once,{},{asked},{good},{times},{:.1},,", level.at_once, level.per_second));
    }
    for (name, zips) in [("zip-cold", &proxy.zip_cold), ("zip-warm", &proxy.zip_warm)] {
        let Throughput { asked, good, bytes, .. } = zips;
        let rate = zips.per_second().map(|rate| format!("{rate:.0}")).unwrap_or_default();
        say(format!("{name},1,{asked},{good},,,,,{bytes},{rate}"));
    }
    for (trouble, count) in &proxy.errors {
        say(format!("error-{},,{count},0,,,,,,", trouble.name()));
    }
}

fn quantiles(quantiles: Option<&Quantiles>) -> String {
    quantiles.map_or(",,".to_owned(), |Quantiles { p50, p95, p99 }| {
        let [p50, p95, p99] = [p50, p95, p99].map(|time| milliseconds(*time));
        format!("{p50},{p95},{p99}")
    })
}

/// A text that is one cell, whatever it holds.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one() {
        assert_eq!(cell("https://a.example"), "https://a.example");
        assert_eq!(cell("https://a.example/?x=***,\"b\""), "\"https://a.example/?x=***,\"\"b\"\"\"");
    }
}
