//! Chains of sources, in the grammar of GOPROXY.

use std::fmt;

use gomod::{ProxyEntry, ProxyList, ProxyListError, ProxyTarget, Separator};
use upstream::{SafeUrl, SourceConfig};

use super::{source_rule::SourceRules, wrong::Wrong};

/// The sources of a route, in order, and what stands behind them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    links: Vec<ChainLink>,
    end: End,
}

/// What stands at the end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing.
    Exhausted,
    /// `off`.
    Off,
    /// `direct`, behind which nothing counts.
    Direct,
}

/// A source and the separator that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChainLink {
    pub(crate) source: SourceConfig,
    pub(crate) after: Separator,
}

impl Chain {
    /// Nobody is asked.
    pub(crate) fn off() -> Self {
        Chain { links: Vec::new(), end: End::Off }
    }

    /// Parses a chain. What `rules` say about a source is put with it.
    pub(crate) fn parse(text: &str, rules: &SourceRules) -> Result<Self, Wrong> {
        let list: ProxyList = text.parse().map_err(|error| list_wrong(text, &error))?;
        let mut chain = Chain { links: Vec::new(), end: End::Exhausted };
        for (index, ProxyEntry { target, after }) in list.entries().iter().enumerate() {
            match target {
                ProxyTarget::Url(url) => {
                    let url = SafeUrl::parse(url.as_str())
                        .map_err(|error| Wrong::new(format!("entry {}: {error}", index + 1)))?;
                    chain.links.push(ChainLink { source: rules.config(url), after: *after });
                }
                ProxyTarget::Direct => chain.end = End::Direct,
                ProxyTarget::Off => chain.end = End::Off,
            }
        }
        Ok(chain)
    }

    /// What no proxy has comes from repositories, unless the chain says `off`.
    pub(crate) fn go_direct(&mut self) {
        if self.end == End::Exhausted {
            self.end = End::Direct;
            // Whatever the last proxy says, there is somebody behind it now.
            if let Some(last) = self.links.last_mut() {
                last.after = Separator::Pipe;
            }
        }
    }

    /// Nothing comes from repositories, where a proxy is named at all.
    pub(crate) fn stay_with_proxies(&mut self) {
        if self.end == End::Direct && !self.links.is_empty() {
            self.end = End::Exhausted;
        }
    }

    pub(crate) fn links(&self) -> &[ChainLink] {
        &self.links
    }

    pub(crate) fn end(&self) -> End {
        self.end
    }
}

/// The chain as it was written, without secrets.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            End::Off => Some("off"),
            End::Direct => Some("direct"),
            End::Exhausted => None,
        };
        let mut before = "";
        for ChainLink { source, after } in &self.links {
            write!(f, "{before}{}", shown(&source.url))?;
            before = match after {
                Separator::Comma => ",",
                Separator::Pipe => "|",
            };
        }
        end.map_or(Ok(()), |end| write!(f, "{before}{end}"))
    }
}

/// Without the slash of an empty path, as people write it.
pub(crate) fn shown(url: &SafeUrl) -> String {
    let mut shown = url.to_string();
    if shown.ends_with('/') && !url.source_name().as_str().contains('/') {
        shown.pop();
    }
    shown
}

/// The grammar's own message repeats one URL; the whole text is masked where it is shown.
fn list_wrong(text: &str, error: &ProxyListError) -> Wrong {
    match error {
        ProxyListError::Empty => Wrong::new(format!("{text:?} has no entry")),
        ProxyListError::Url(error) => {
            Wrong::new(format!("an entry of {text:?} is not a URL: {}", error.fault()))
        }
    }
    .help("write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Chain, Wrong> {
        Chain::parse(text, &SourceRules::default())
    }

    #[test]
    fn chains_print_as_they_were_written() {
        for (text, printed, links, end) in [
            ("https://a.example", "https://a.example", 1, End::Exhausted),
            ("a.example|http://b.example:80/p,", "https://a.example|http://b.example/p", 2, End::Exhausted),
            ("https://u:pw@a.example,direct", "https://***@a.example,direct", 1, End::Direct),
            ("direct", "direct", 0, End::Direct),
            ("file:///srv/modules|off", "file:///srv/modules|off", 1, End::Off),
            ("off", "off", 0, End::Off),
        ] {
            let chain = parse(text).unwrap();
            assert_eq!(chain.to_string(), printed);
            assert_eq!((chain.links().len(), chain.end()), (links, end), "{text}");
        }
    }
}
