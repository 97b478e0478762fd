//! What a finding is about.

use std::collections::BTreeMap;

/// The names that fill the places in a diagnosis' texts: `{host}` becomes the host that a message named. Where nothing
/// is known, the place becomes a word in capitals, for people to replace. `{url}`, the URL of the host, `{address}`, host and
/// port, and `{server}`, the host's name alone, are known where the host is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Names(BTreeMap<&'static str, String>);

impl Names {
    /// Sets the name at a place, unless one is there already. An empty one is none.
    pub fn set(&mut self, place: &'static str, name: &str) {
        let name = name.trim();
        if !name.is_empty() {
            self.0.entry(place).or_insert_with(|| name.to_owned());
        }
    }

    /// The name at a place.
    pub fn get(&self, place: &str) -> Option<&str> {
        self.0.get(place).map(String::as_str)
    }

    /// A text with its places filled.
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            // What curl writes for `-w` is spelled `%{this}`.
            let place = after.split_once('}').filter(|_| !before.ends_with('%'));
            let Some((place, behind)) = place else {
                out.push('{');
                rest = after;
                continue;
            };
            match self.get(place) {
                Some(name) => out.push_str(name),
                None => out.push_str(&self.of_host(place)),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    /// What is said of a host where its name alone is known: that it is asked over TLS, at the usual port.
    fn of_host(&self, place: &str) -> String {
        let host = self.get("host").unwrap_or("HOST");
        let (name, port) = host
            .rsplit_once(':')
            .filter(|(name, port)| {
                !port.is_empty()
                    && port.bytes().all(|b| b.is_ascii_digit())
                    && (name.ends_with(']') || !name.contains(':'))
            })
            .unwrap_or((host, "443"));
        match place {
            "url" => format!("https://{host}"),
            "address" => format!("{name}:{port}"),
            "server" => name.to_owned(),
            _ => place.to_uppercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled() {
        let mut names = Names::default();
        names.set("host", " git.example.com ");
        names.set("host", "other.example.com");
        names.set("module", "");
        assert_eq!(
            names.fill("ssh -T git@{host}; go get {module}; curl -w %{size_download}; {"),
            "ssh -T git@git.example.com; go get MODULE; curl -w %{size_download}; {"
        );
    }

    #[test]
    fn a_host_tells_how_it_is_asked() {
        let text = "curl {url}/; openssl s_client -connect {address} -servername {server}";
        for (host, filled) in [
            (
                "a.example",
                "curl https://a.example/; openssl s_client -connect a.example:443 -servername a.example",
            ),
            (
                "a.example:8443",
                "curl https://a.example:8443/; openssl s_client -connect a.example:8443 -servername a.example",
            ),
            ("[::1]", "curl https://[::1]/; openssl s_client -connect [::1]:443 -servername [::1]"),
            ("[::1]:80", "curl https://[::1]:80/; openssl s_client -connect [::1]:80 -servername [::1]"),
            ("", "curl https://HOST/; openssl s_client -connect HOST:443 -servername HOST"),
        ] {
            let mut names = Names::default();
            names.set("host", host);
            assert_eq!(names.fill(text), filled);
        }
        let mut plain = Names::default();
        plain.set("host", "a.example:8080");
        plain.set("url", "http://a.example:8080");
        assert_eq!(plain.fill("curl {url}/"), "curl http://a.example:8080/");
    }
}
