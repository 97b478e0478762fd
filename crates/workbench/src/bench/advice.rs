//! Which GOPROXY follows from what was measured.

use super::{
    Measured, Standing,
    comparison::{costs_as, is_nearer},
    figures,
};

/// What stands behind the proxies in GOPROXY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    #[default]
    None,
    /// `direct`.
    Direct,
    /// `off`.
    Off,
}

/// A recommendation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// A value for GOPROXY, without secrets; nothing where no proxy deserves it.
    pub goproxy: Option<String>,
    /// Why so, a sentence each.
    pub reasons: Vec<String>,
}

/// The recommendation for proxies in their order of rank.
pub(super) fn advise(ranked: &[Measured], tail: Tail) -> Advice {
    let mut reasons = Vec::new();
    let mut line: Vec<&Measured> = ranked.iter().filter(|p| p.standing() == Standing::Works).collect();
    if let Some(first) = line.first() {
        reasons.push(first_of(first, line.get(1).copied()));
    } else {
        line = ranked.iter().filter(|p| p.standing() == Standing::Unreliable).collect();
        if line.is_empty() {
            reasons.push("No proxy gave what it was asked for.".to_owned());
            return Advice { goproxy: None, reasons };
        }
        reasons.push("No proxy works well; these answer at least sometimes. A Larder in front of them tries again: larder run -- go mod download.".to_owned());
    }
    nearer_first(&mut line, &mut reasons);
    if line.len() > 1 {
        reasons.push(
            "Behind | the next one is asked after any failure; behind a comma only after 404 or 410."
                .to_owned(),
        );
    }
    reasons.extend(nobody_relays(&line));
    for proxy in ranked.iter().filter(|proxy| !line.iter().any(|taken| taken.url == proxy.url)) {
        reasons.push(left_out(proxy));
    }
    let urls: Vec<_> = line.iter().map(|proxy| proxy.url.as_str()).collect();
    let mut goproxy = urls.join("|");
    match tail {
        Tail::None => {}
        Tail::Direct => {
            goproxy.push_str(",direct");
            reasons.push(
                "direct stays at the end, behind a comma: repositories are asked only for what no proxy has."
                    .to_owned(),
            );
        }
        Tail::Off => goproxy.push_str(",off"),
    }
    if urls.iter().any(|url| url.contains("***")) {
        reasons
            .push("Credentials are shown as ***: keep them where they are, or better in netrc.".to_owned());
    }
    Advice { goproxy: Some(goproxy), reasons }
}

fn first_of(first: &Measured, second: Option<&Measured>) -> String {
    let own = first.cost().map(figures::time).unwrap_or_default();
    let other = second.and_then(|second| Some((second, second.cost()?)));
    match other {
        Some((second, cost))
            if costs_as(first, second) && first.relays == Some(true) && second.relays == Some(false) =>
        {
            format!(
                "{} and {} cost about the same for a module, {own} and {}; the first one passes the checksum database on, so that go needs nobody else for it.",
                first.url,
                second.url,
                figures::time(cost)
            )
        }
        Some((second, cost)) => {
            format!(
                "{} costs the least for a module: {own}, and {} costs {}.",
                first.url,
                second.url,
                figures::time(cost)
            )
        }
        None => format!("{} works: a module costs {own}.", first.url),
    }
}

/// Where nobody in the line passes the checksum database on, go asks that itself.
fn nobody_relays(line: &[&Measured]) -> Option<String> {
    line.iter().all(|proxy| proxy.relays == Some(false)).then(|| {
        "None of them passes the checksum database on: go asks it directly, for whatever go.sum has no line."
            .to_owned()
    })
}

/// Puts proxies of this place before public ones: names that only they may know would go further out.
fn nearer_first(line: &mut Vec<&Measured>, reasons: &mut Vec<String>) {
    let out_of_place = line.iter().enumerate().find_map(|(at, proxy)| {
        let before = line.get(..at)?;
        before.iter().any(|other| is_nearer(proxy, other)).then_some(proxy.url.clone())
    });
    if let Some(url) = out_of_place {
        reasons.push(format!("{url} stays before public proxies, though it is slower: what it alone may know is asked of nobody else first."));
        line.sort_by_key(|proxy| proxy.place == Some(super::Place::Public));
    }
}

fn left_out(proxy: &Measured) -> String {
    let Measured { url, .. } = proxy;
    let (asked, good) = proxy.answered();
    match proxy.standing() {
        Standing::Works => format!("{url} is left out."),
        Standing::Unreliable => {
            format!("{url} is left out: {good} of {asked} requests were answered rightly.")
        }
        Standing::Wrong => format!("{url} is left out: it gave something else than was asked for."),
        Standing::Fails => match proxy.evidence.values().next() {
            Some(words) => format!("{url} is left out: {words}."),
            None => format!("{url} is left out: it has nothing of what was asked for."),
        },
    }
}
