//! Which settings of the form `section.URL.name` are about a URL, and which of them say it most exactly (git's
//! `urlmatch.c`).

/// A URL in parts, each in one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) scheme: String,
    pub(super) user: Option<String>,
    pub(super) host: String,
    port: String,
    /// Begins with a slash.
    pub(super) path: String,
}

/// How exactly a setting's URL is about another one. The greater counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    host: usize,
    path: usize,
    user: bool,
}

impl Parts {
    /// `None` where git takes it for no URL.
    pub(super) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if !is_scheme {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (user, host) = match authority.split_once('@') {
            Some((user, host)) => (Some(user.split(':').next().unwrap_or_default()), host),
            None => (None, authority),
        };
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (host, ""),
        };
        let scheme = scheme.to_ascii_lowercase();
        if host.is_empty() && scheme != "file" {
            return None;
        }
        let port = port.trim_start_matches('0');
        if !port.is_empty() && port.parse::<u16>().is_err() {
            return None;
        }
        let usual = matches!((scheme.as_str(), port), ("https", "443") | ("http", "80"));
        Some(Self {
            user: match user {
                Some(user) => Some(unescaped(user)?),
                None => None,
            },
            host: host.to_ascii_lowercase(),
            port: if usual { String::new() } else { port.to_owned() },
            path: without_dots(&unescaped(path)?)?,
            scheme,
        })
    }

    /// Whether settings of this URL are about `url`, and how exactly. A `*` in the place of a whole label of the host
    /// stands for any.
    pub(super) fn is_about(&self, url: &Parts) -> Option<Match> {
        let user = match &self.user {
            None => false,
            user if *user == url.user => true,
            Some(_) => return None,
        };
        if self.scheme != url.scheme || self.port != url.port || !same_host(&self.host, &url.host) {
            return None;
        }
        let path = match self.path.trim_end_matches('/') {
            "" => 1,
            prefix => {
                let rest = url.path.strip_prefix(prefix)?;
                if !rest.is_empty() && !rest.starts_with('/') {
                    return None;
                }
                prefix.len() + 1
            }
        };
        Some(Match { host: self.host.len(), path, user })
    }
}

/// Whether settings of a part of a URL, as those for credentials may have it, are about `url`: `example.com`,
/// `https://`, `user@example.com/path`.
pub(super) fn part_is_about(part: &str, url: &Parts) -> bool {
    let (scheme, rest) = part.split_once("://").map_or((None, part), |(scheme, rest)| (Some(scheme), rest));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let full = if url.port.is_empty() { url.host.clone() } else { format!("{}:{}", url.host, url.port) };
    scheme.is_none_or(|scheme| scheme == url.scheme)
        && (host.is_empty() || host == full)
        && user.is_none_or(|user| Some(user) == url.user.as_deref())
        && (path.is_empty() || path == url.path.trim_start_matches('/'))
}

fn same_host(pattern: &str, host: &str) -> bool {
    let (mut patterns, mut labels) = (pattern.split('.'), host.split('.'));
    loop {
        match (patterns.next(), labels.next()) {
            (None, None) => return true,
            (Some(pattern), Some(label)) if pattern == "*" || pattern == label => {}
            _ => return false,
        }
    }
}

/// Escapes of characters that need none become those; all others are in capitals.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let digits = after.get(..2)?;
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&digits.to_ascii_uppercase());
        }
        rest = after.get(2..)?;
    }
    out.push_str(rest);
    Some(out)
}

/// The path without `.` and `..`, which must not lead above the root.
fn without_dots(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    let words = path.strip_prefix('/').unwrap_or(path);
    let mut ends_in_slash = words.is_empty();
    for word in words.split('/') {
        ends_in_slash = matches!(word, "" | "." | "..");
        match word {
            "." => {}
            ".." => drop(parts.pop()?),
            word => parts.push(word),
        }
    }
    let joined = parts.join("/");
    let slash = if ends_in_slash && !joined.is_empty() && !joined.ends_with('/') { "/" } else { "" };
    Some(format!("/{joined}{slash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(pattern: &str, url: &str) -> Option<Match> {
        Parts::of(pattern)?.is_about(&Parts::of(url)?)
    }

    #[test]
    fn a_setting_is_about_hosts_and_directories() {
        for (pattern, url, is) in [
            ("https://a.example", "https://A.example:443/x", true),
            ("https://a.example/", "https://u:p@a.example/x", true),
            ("https://a.example/x", "https://a.example/x/y", true),
            ("https://a.example/x/", "https://a.example/x", true),
            ("https://a.example/x", "https://a.example/xy", false),
            ("https://a.example/%7ex", "https://a.example/~x/./z/../y", true),
            ("https://*.example", "https://a.example/x", true),
            ("https://*.example", "https://b.a.example/x", false),
            ("https://u@a.example", "https://a.example", false),
            ("https://u@a.example", "https://u:p@a.example", true),
            ("http://a.example", "https://a.example", false),
            ("https://a.example:8443", "https://a.example", false),
            ("a.example", "https://a.example", false),
        ] {
            assert_eq!(about(pattern, url).is_some(), is, "{pattern} {url}");
        }
    }

    #[test]
    fn the_more_exact_one_counts() {
        let url = "https://u@git.a.example/x/y";
        let order = [
            "https://*.a.example/x/y",
            "https://git.a.example",
            "https://u@git.a.example",
            "https://git.a.example/x",
            "https://git.a.example/x/y",
        ];
        for pair in order.windows(2) {
            assert!(about(pair[0], url) < about(pair[1], url), "{pair:?}");
        }
    }

    #[test]
    fn a_part_may_be_enough_for_credentials() {
        let url = Parts::of("https://u@a.example:8443/x/y").unwrap();
        for (part, is) in [
            ("a.example:8443", true),
            ("a.example", false),
            ("https://", true),
            ("u@a.example:8443", true),
            ("v@a.example:8443", false),
            ("a.example:8443/x/y", true),
            ("a.example:8443/x", false),
            ("http://a.example:8443", false),
        ] {
            assert_eq!(part_is_about(part, &url), is, "{part}");
        }
    }
}
