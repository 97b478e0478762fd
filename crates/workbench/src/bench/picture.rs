//! A comparison as a picture: one HTML file with everything in it.

use std::{fmt::Write as _, time::Duration};

use super::{Comparison, Connecting, Measured, Quantiles, Standing, figures};

impl Comparison {
    /// A page that loads nothing from anywhere and runs no script.
    pub fn html(&self) -> String {
        let mut out = String::from(HEAD);
        let _ =
            writeln!(out, "<h1>Module proxies, compared</h1>\n<p>{}</p>", escaped(&self.report().verdict));
        let _ = writeln!(
            out,
            "<p>Asked for {} with at most {} requests to each proxy.</p>",
            escaped(&self.modules.join(", ")),
            self.most
        );
        out.push_str("<h2>Recommended</h2>\n");
        if let Some(goproxy) = &self.advice.goproxy {
            let _ = writeln!(out, "<pre>GOPROXY='{}'</pre>", escaped(goproxy));
        }
        list(&mut out, &self.advice.reasons);
        standings(&self.proxies, &mut out);
        let charts: [(&str, Vec<Bar>); 4] = [
            ("Small files over a connection that is kept: p50, p95, p99", latencies(&self.proxies)),
            ("Zips: for the first time, once more", zips(&self.proxies)),
            (
                "Connecting: p50 of name, TCP, TLS and the first byte with all of them",
                connecting(&self.proxies),
            ),
            ("Right answers with so many requests at once", at_once(&self.proxies)),
        ];
        for (title, bars) in charts {
            chart(&mut out, title, &bars);
        }
        let errors = self.proxies.iter().flat_map(|proxy| {
            proxy.errors.iter().map(|(trouble, count)| {
                let words = proxy.evidence.get(trouble).map_or("", String::as_str);
                format!("{}: {count} × {}: {words}", proxy.url, trouble.name())
            })
        });
        let errors: Vec<_> = errors.collect();
        if !errors.is_empty() {
            out.push_str("<h2>Errors</h2>\n");
            list(&mut out, &errors);
        }
        if !self.notes.is_empty() {
            out.push_str("<h2>Notes</h2>\n");
            list(&mut out, &self.notes);
        }
        out.push_str("</body>\n</html>\n");
        out
    }
}

/// One bar of a chart.
struct Bar {
    /// Whose it is; empty where it is the same as above.
    whose: String,
    what: String,
    /// As long as this, beside the others of the chart.
    length: f64,
    shown: String,
    class: &'static str,
}

fn latencies(proxies: &[Measured]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for proxy in proxies {
        let Some(Quantiles { p50, p95, p99 }) = proxy.warm.times else { continue };
        let times = [("p50", p50, "a"), ("p95", p95, "b"), ("p99", p99, "c")];
        group(&mut bars, proxy, times.map(|(what, time, class)| of_time(what, time, class)));
    }
    bars
}

fn zips(proxies: &[Measured]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for proxy in proxies {
        let rates = [("cold", &proxy.zip_cold, "b"), ("warm", &proxy.zip_warm, "a")];
        let rates = rates.into_iter().filter_map(|(what, zips, class)| {
            let rate = zips.per_second()?;
            Some(Bar {
                whose: String::new(),
                what: what.to_owned(),
                length: rate,
                shown: figures::rate(rate),
                class,
            })
        });
        group(&mut bars, proxy, rates);
    }
    bars
}

fn connecting(proxies: &[Measured]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for proxy in proxies {
        let Connecting { dns, tcp, tls, first_byte } = proxy.connecting;
        let steps =
            [("name", dns, "c"), ("TCP", tcp, "b"), ("TLS", tls, "b"), ("first byte", first_byte, "a")];
        let steps =
            steps.into_iter().filter_map(|(what, times, class)| Some(of_time(what, times?.p50, class)));
        group(&mut bars, proxy, steps);
    }
    bars
}

fn at_once(proxies: &[Measured]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for proxy in proxies {
        let one = (proxy.warm.asked > 0).then_some((1, proxy.warm));
        let levels = one.into_iter().chain(proxy.levels.iter().map(|level| (level.at_once, level.series)));
        let levels = levels.map(|(at_once, series)| Bar {
            whose: String::new(),
            what: at_once.to_string(),
            length: f64::from(series.good) / f64::from(series.asked.max(1)),
            shown: figures::share(series.good, series.asked),
            class: if series.good == series.asked { "a" } else { "d" },
        });
        group(&mut bars, proxy, levels);
    }
    bars
}

fn of_time(what: &str, time: Duration, class: &'static str) -> Bar {
    Bar {
        whose: String::new(),
        what: what.to_owned(),
        length: time.as_secs_f64(),
        shown: figures::time(time),
        class,
    }
}

/// Adds the bars of one proxy; the first says whose they are.
fn group(bars: &mut Vec<Bar>, proxy: &Measured, of_it: impl IntoIterator<Item = Bar>) {
    let begin = bars.len();
    bars.extend(of_it);
    if let Some(first) = bars.get_mut(begin) {
        first.whose.clone_from(&proxy.url);
    }
}

fn chart(out: &mut String, title: &str, bars: &[Bar]) {
    if bars.is_empty() {
        return;
    }
    let longest = bars.iter().map(|bar| bar.length).fold(f64::MIN_POSITIVE, f64::max);
    let heads = bars.iter().filter(|bar| !bar.whose.is_empty()).count();
    let height = bars.len() * ROW + heads * HEAD_ROW;
    let _ = writeln!(out, "<h2>{}</h2>", escaped(title));
    let _ = writeln!(
        out,
        "<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 800 {height}\" width=\"800\" height=\"{height}\">",
        escaped(title)
    );
    let mut y = 0;
    for bar in bars {
        if !bar.whose.is_empty() {
            y += HEAD_ROW;
            let _ = writeln!(out, "<text class=\"h\" x=\"0\" y=\"{}\">{}</text>", y - 6, escaped(&bar.whose));
        }
        let width = (bar.length / longest * 560.0).max(1.0);
        let _ = writeln!(out, "<text class=\"l\" x=\"88\" y=\"{}\">{}</text>", y + 13, escaped(&bar.what));
        let _ = writeln!(
            out,
            "<rect class=\"{}\" x=\"96\" y=\"{}\" width=\"{width:.1}\" height=\"12\"/>",
            bar.class,
            y + 3
        );
        let _ =
            writeln!(out, "<text x=\"{:.1}\" y=\"{}\">{}</text>", 102.0 + width, y + 13, escaped(&bar.shown));
        y += ROW;
    }
    out.push_str("</svg>\n");
}

fn standings(proxies: &[Measured], out: &mut String) {
    out.push_str("<h2>Proxies</h2>\n<table>\n<tr><th>proxy</th><th>named by</th><th>standing</th><th>right answers</th><th>a module costs</th><th>requests sent</th></tr>\n");
    for proxy in proxies {
        let (asked, good) = proxy.answered();
        let standing = proxy.standing();
        let class = if standing == Standing::Works { "good" } else { "bad" };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td>{good} of {asked} ({})</td><td>{}</td><td>{}</td></tr>",
            escaped(&proxy.url),
            escaped(&proxy.named_by),
            standing.as_str(),
            figures::share(good, asked),
            proxy.cost().map_or("–".to_owned(), figures::time),
            proxy.sent
        );
    }
    out.push_str("</table>\n");
}

fn list(out: &mut String, lines: &[String]) {
    out.push_str("<ul>\n");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", escaped(line));
    }
    out.push_str("</ul>\n");
}

/// Text that is text in HTML, wherever it comes from.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Units of one bar, and of the line above the bars of one proxy.
const ROW: usize = 18;
const HEAD_ROW: usize = 26;

const HEAD: &str = "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Module proxies, compared</title>
<style>
:root { color-scheme: light dark; --fg: #1b1f24; --bg: #fff; --a: #0969da; --b: #54aeff; --c: #8c959f; --d: #cf222e; --line: #d0d7de; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --bg: #0d1117; --a: #2f81f7; --b: #1f6feb; --c: #6e7681; --d: #f85149; --line: #30363d; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 820px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; } h2 { font-size: 1.1em; margin-top: 2em; }
pre { border: 1px solid var(--line); padding: .6em 1em; overflow-x: auto; }
table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .3em .7em; text-align: left; }
.good { color: #1a7f37; } .bad { color: var(--d); }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--fg); }
svg .h { font-weight: 600; } svg .l { text-anchor: end; }
.a { fill: var(--a); } .b { fill: var(--b); } .c { fill: var(--c); } .d { fill: var(--d); }
</style>
</head>
<body>
";
