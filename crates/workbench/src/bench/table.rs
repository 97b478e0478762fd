//! A comparison for people.

use std::{fmt::Write as _, time::Duration};

use super::{Comparison, Connecting, Measured, Quantiles, Standing, figures};
use crate::report::plain;

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether there are colours.
    pub color: bool,
    /// Columns; less than 60 count as 60.
    pub width: usize,
}

impl Comparison {
    /// Tables with bars, and the recommendation.
    pub fn text(&self, look: Look) -> String {
        let mut out = format!("{}\n", self.report().verdict);
        let _ = writeln!(
            out,
            "Asked for {} with at most {} requests to each proxy.",
            listed(&self.modules),
            self.most
        );
        let paint = Paint { color: look.color };
        let name = self.proxies.iter().map(|proxy| proxy.url.chars().count()).max().unwrap_or_default();
        let page = Page { paint, name, bar: bar_width(look.width, name) };
        page.standings(&self.proxies, &mut out);
        let answering: Vec<&Measured> = self.proxies.iter().filter(|proxy| proxy.answered().1 > 0).collect();
        if !answering.is_empty() {
            page.small(&answering, &mut out);
            page.zips(&answering, &mut out);
            page.connecting(&answering, &mut out);
            page.at_once(&answering, &mut out);
        }
        page.errors(&self.proxies, &mut out);
        for note in &self.notes {
            let _ = writeln!(out, "\n{}", paint.bold("Note"));
            let _ = writeln!(out, "  {note}");
        }
        let _ = writeln!(out, "\n{}", paint.bold("Recommended"));
        if let Some(goproxy) = &self.advice.goproxy {
            let _ = writeln!(out, "  {}", paint.green(&format!("GOPROXY='{goproxy}'")));
        }
        for reason in &self.advice.reasons {
            let _ = writeln!(out, "  {reason}");
        }
        out
    }
}

struct Page {
    paint: Paint,
    /// Columns of the longest URL.
    name: usize,
    /// Columns of the longest bar.
    bar: usize,
}

impl Page {
    fn head(&self, out: &mut String, title: &str, about: &str) {
        let _ = writeln!(out, "\n{}  {about}", self.paint.bold(title));
    }

    /// A URL and what follows it in the row.
    fn row(&self, out: &mut String, proxy: &Measured, cells: &str) {
        let space = self.name - proxy.url.chars().count();
        let line = format!("  {}{:space$}  {cells}", proxy.url, "");
        let _ = writeln!(out, "{}", line.trim_end());
    }

    fn standings(&self, proxies: &[Measured], out: &mut String) {
        self.head(
            out,
            "Proxies",
            "share of right answers, cost of a module, who passes the checksum database on",
        );
        for proxy in proxies {
            let (asked, good) = proxy.answered();
            let standing = proxy.standing();
            let word = format!("{:<10}", standing.as_str());
            let word = match standing {
                Standing::Works => self.paint.green(&word),
                Standing::Unreliable => self.paint.yellow(&word),
                Standing::Wrong | Standing::Fails => self.paint.red(&word),
            };
            let cost = proxy.cost().map(figures::time).unwrap_or_default();
            let of = format!("{good} of {asked}");
            let relays = if proxy.relays == Some(true) { "  sumdb" } else { "" };
            let cells = format!("{word} {:>7}  {of:>12}  {cost:>8}{relays}", figures::share(good, asked));
            self.row(out, proxy, &cells);
        }
    }

    fn small(&self, proxies: &[&Measured], out: &mut String) {
        self.head(out, "Small files", "cold: a connection each; warm: one that is kept; p50, p95, p99");
        let longest =
            proxies.iter().flat_map(|p| [p.cold.times, p.warm.times]).flatten().map(|q| q.p50).max();
        for proxy in proxies {
            for (name, series) in [("cold", proxy.cold), ("warm", proxy.warm)] {
                let bar = self.bar_of(series.times.map(|q| q.p50), longest);
                self.row(out, proxy, &format!("{name} {bar} {}", quantiles(series.times.as_ref())));
            }
        }
    }

    fn zips(&self, proxies: &[&Measured], out: &mut String) {
        self.head(out, "Zips", "cold: for the first time; warm: once more");
        let rates = |proxy: &&Measured| [proxy.zip_cold.per_second(), proxy.zip_warm.per_second()];
        let highest = proxies.iter().flat_map(rates).flatten().fold(0.0, f64::max);
        for proxy in proxies {
            for (name, zips) in [("cold", &proxy.zip_cold), ("warm", &proxy.zip_warm)] {
                let rate = zips.per_second();
                let bar = self.paint.cyan(&bar(rate.unwrap_or_default() / highest.max(1.0), self.bar));
                let shown = rate.map_or("–".to_owned(), figures::rate);
                self.row(out, proxy, &format!("{name} {bar} {shown:>9}  {} of {}", zips.good, zips.asked));
            }
        }
    }

    fn connecting(&self, proxies: &[&Measured], out: &mut String) {
        self.head(out, "Connecting", "p50 of name, TCP, TLS, first byte with all of them");
        let longest = proxies.iter().filter_map(|p| p.connecting.first_byte).map(|q| q.p50).max();
        for proxy in proxies {
            let Connecting { dns, tcp, tls, first_byte } = proxy.connecting;
            let shown = |q: Option<Quantiles>| q.map_or("–".to_owned(), |q| figures::time(q.p50));
            let bar = self.bar_of(first_byte.map(|q| q.p50), longest);
            let http = if proxy.http2 { "HTTP/2" } else { "" };
            let cells = format!(
                "     {bar} {:>8} {:>8} {:>8} {:>8}  {http}",
                shown(dns),
                shown(tcp),
                shown(tls),
                shown(first_byte)
            );
            self.row(out, proxy, &cells);
        }
    }

    fn at_once(&self, proxies: &[&Measured], out: &mut String) {
        self.head(out, "At once", "share of right answers, p95, right answers a second");
        for proxy in proxies {
            let (asked, good) = (proxy.warm.asked, proxy.warm.good);
            self.load(out, proxy, 1, (good, asked), proxy.warm.times.as_ref(), None);
            for level in &proxy.levels {
                let series = &level.series;
                let counts = (series.good, series.asked);
                self.load(out, proxy, level.at_once, counts, series.times.as_ref(), Some(level.per_second));
            }
        }
    }

    fn load(
        &self,
        out: &mut String,
        proxy: &Measured,
        at_once: u32,
        (good, asked): (u32, u32),
        times: Option<&Quantiles>,
        per_second: Option<f64>,
    ) {
        let share = if asked == 0 { 0.0 } else { f64::from(good) / f64::from(asked) };
        let bar = bar(share, self.bar);
        let bar = if good == asked { self.paint.green(&bar) } else { self.paint.yellow(&bar) };
        let p95 = times.map_or("–".to_owned(), |q| figures::time(q.p95));
        let per_second = per_second.map(|rate| format!("{rate:.0}/s")).unwrap_or_default();
        let share = figures::share(good, asked);
        self.row(out, proxy, &format!("{at_once:>4} {bar} {share:>7} {p95:>8} {per_second:>8}"));
    }

    fn errors(&self, proxies: &[Measured], out: &mut String) {
        let failing: Vec<_> =
            proxies.iter().filter(|p| !p.errors.is_empty() || !p.absent.is_empty()).collect();
        if failing.is_empty() {
            return;
        }
        self.head(out, "Errors", "by kind, with the first of each");
        for proxy in failing {
            for (trouble, count) in &proxy.errors {
                let words = proxy.evidence.get(trouble).map_or("", String::as_str);
                self.row(
                    out,
                    proxy,
                    &format!("{count:>4} {}: {}", self.paint.red(&trouble.name()), plain(words)),
                );
            }
            for path in &proxy.absent {
                self.row(out, proxy, &format!("     it has no {path}"));
            }
        }
    }

    fn bar_of(&self, time: Option<Duration>, longest: Option<Duration>) -> String {
        let part =
            time.unwrap_or_default().as_secs_f64() / longest.unwrap_or_default().as_secs_f64().max(1e-9);
        self.paint.cyan(&bar(part, self.bar))
    }
}

fn quantiles(quantiles: Option<&Quantiles>) -> String {
    quantiles.map_or("–".to_owned(), |Quantiles { p50, p95, p99 }| {
        let [p50, p95, p99] = [p50, p95, p99].map(|time| figures::time(*time));
        format!("{p50:>8} {p95:>8} {p99:>8}")
    })
}

/// The first few, and how many more.
fn listed(modules: &[String]) -> String {
    match modules.split_at_checked(3) {
        Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
        _ => modules.join(", "),
    }
}

/// What is left of a line for bars.
fn bar_width(width: usize, name: usize) -> usize {
    width.max(60).saturating_sub(name + 46).clamp(8, 32)
}

/// A bar for a part from 0 to 1, filled up with spaces. Whatever is more than nothing is seen.
fn bar(part: f64, width: usize) -> String {
    const EIGHTHS: [char; 8] = ['█', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (0..=width * 8)
        .take_while(|n| fraction(*n, width * 8) <= part.clamp(0.0, 1.0))
        .count()
        .saturating_sub(1);
    let eighths = if part > 0.0 { eighths.max(1) } else { 0 };
    let (full, rest) = (eighths / 8, eighths % 8);
    let mut bar = "█".repeat(full);
    if rest > 0 {
        bar.extend(EIGHTHS.get(rest));
    }
    bar.extend(std::iter::repeat_n(' ', width.saturating_sub(full + usize::from(rest > 0))));
    bar
}

fn fraction(part: usize, of: usize) -> f64 {
    let [part, of] = [part, of].map(|n| u32::try_from(n).map_or(f64::MAX, f64::from));
    part / of
}

#[derive(Clone, Copy)]
struct Paint {
    color: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    fn cyan(self, text: &str) -> String {
        self.with("36", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_part() {
        for (part, want) in [
            (0.0, "    "),
            (0.001, "▏   "),
            (0.25, "█   "),
            (0.5, "██  "),
            (0.97, "███▉"),
            (1.0, "████"),
            (9.0, "████"),
        ] {
            assert_eq!(bar(part, 4), want, "{part}");
        }
        assert_eq!(bar(f64::NAN, 4).chars().count(), 4);
    }
}
