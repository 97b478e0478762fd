//! The Larders that a request came through: how a loop of proxies is noticed.
//!
//! Each Larder adds its own name to the `Via` of what it asks (RFC 9110, 7.6.3), behind the names that came with the
//! client's request. One that meets its own name is asked by itself.

use std::sync::Arc;

use http::HeaderValue;

/// The Larders that a request came through, the first one first. What other programs write into `Via` is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Via(Option<Arc<[String]>>);

impl Via {
    /// Reads the values of all `Via` lines. A name that no Larder can have is skipped, and so is what follows after
    /// [`Via::MOST`] names.
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let lines = lines.into_iter().filter_map(|line| line.to_str().ok());
        let names = lines.flat_map(|line| line.split(',')).filter_map(name).map(str::to_owned);
        let names: Arc<[String]> = names.take(Via::MOST).collect();
        Via(Some(names).filter(|names| !names.is_empty()))
    }

    /// No chain of Larders that somebody means is as long.
    pub const MOST: usize = 16;

    /// Whether a request that came this way turns in a circle, as seen by this instance: it was here before, or it was
    /// at more Larders than anybody has in a row.
    pub fn is_loop(&self, instance: &str) -> bool {
        self.names().len() >= Via::MOST || self.names().iter().any(|name| name == instance)
    }

    /// What a request carries that is made on behalf of one that came this way. `own` is an instance's name that was
    /// found to be one.
    pub(crate) fn and(&self, own: &str) -> Option<HeaderValue> {
        let names = self.names().iter().map(String::as_str).chain([own]);
        let hops: Vec<_> = names.map(|name| format!("1.1 {PREFIX}{name}")).collect();
        HeaderValue::try_from(hops.join(", ")).ok()
    }

    fn names(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Whether this can name an instance: 1 to 64 letters, digits or hyphens.
pub(crate) fn is_instance(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// The Larder in one hop: `1.1 larder-NAME`, perhaps with a protocol in front and a comment behind.
fn name(hop: &str) -> Option<&str> {
    hop.split_whitespace().nth(1)?.strip_prefix(PREFIX).filter(|name| is_instance(name))
}

const PREFIX: &str = "larder-";

#[cfg(test)]
mod tests {
    use super::*;

    fn via(lines: &[&str]) -> Via {
        let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_str(line).unwrap()).collect();
        Via::read(&lines)
    }

    #[test]
    fn the_names_of_larders_are_found_among_others() {
        let way = via(&["1.1 cache.example (squid), HTTP/1.1 larder-a-1 (x)", "2 larder-b", "1.1 larder"]);
        assert!(way.is_loop("a-1") && way.is_loop("b"));
        for other in ["a", "cache.example", "", "c"] {
            assert!(!way.is_loop(other), "{other}");
        }
        assert_eq!(way.and("c").unwrap(), "1.1 larder-a-1, 1.1 larder-b, 1.1 larder-c");
        assert_eq!(Via::default().and("c").unwrap(), "1.1 larder-c");
    }

    #[test]
    fn whatever_a_client_writes_is_bounded() {
        let long = format!("1.1 larder-{}", "x".repeat(65));
        for text in ["", ",", "larder-a", "1.1", "1.1 larder-", "1.1 larder-a_b", "1.1 larder-ä", &long] {
            let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
            assert_eq!(Via::read([&value]), Via::default(), "{text}");
        }
        let many = vec!["1.1 larder-z"; 1000].join(", ");
        let way = via(&[&many]);
        assert_eq!(way.names().len(), Via::MOST);
        assert!(way.is_loop("a"), "nobody has so many in a row");
        assert!(!via(&[&vec!["1.1 larder-z"; Via::MOST - 1].join(",")]).is_loop("a"));
    }
}
