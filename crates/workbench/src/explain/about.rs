//! What a message is about, and how it may be shown.

use crate::{Layer, Names};

/// The names in a message: the module and its version, the host that was asked, the proxy.
pub(super) fn names(text: &str) -> Names {
    let mut names = Names::default();
    let mut set = |place, name: &str| {
        if is_name(name) {
            names.set(place, name);
        }
    };
    if let Some(host) = looked_up(text).or_else(|| host_of_url(text)).or_else(|| host_of_ssh(text)) {
        set("host", host);
    }
    if let Some((path, version)) = words(text).find_map(module_version) {
        set("module", path);
        set("version", version);
    }
    for before in ["unrecognized import path \"", "module ", "provides package ", "providing package "] {
        if let Some((_, rest)) = text.split_once(before) {
            let path = rest.split(['"', ':', ';', ' ', '\n']).next().unwrap_or_default();
            if path.contains('.') && path.contains('/') {
                set("module", path);
            }
        }
    }
    if let Some(host) = names.get("module").and_then(|module| module.split('/').next()).map(str::to_owned) {
        names.set("host", &host);
    }
    if let Some(plain) = names.get("host").map(|host| format!("http://{host}"))
        && text.contains(&plain)
    {
        names.set("url", &plain);
    }
    names
}

/// Whether something can be the name of a module, a version or a host. What is not, may be anything, such as a password.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || "-._~/+![]:".contains(c))
        && !text
            .split_once(':')
            .is_some_and(|(_, port)| port.contains(|c: char| c.is_alphabetic() && !c.is_ascii_hexdigit()))
}

/// Whether two messages of the same meaning tell of one fault: of one host where it is the network's, else of one
/// module.
pub(super) fn is_same(layer: Layer, a: &Names, b: &Names) -> bool {
    match layer {
        Layer::Network | Layer::Auth | Layer::Proxy => a.get("host") == b.get("host"),
        Layer::Disk | Layer::Settings | Layer::Toolchain | Layer::Vendor => true,
        _ => a.get("module") == b.get("module"),
    }
}

/// A line without credentials, of at most so many characters.
pub(super) fn shown(line: &str, most: usize) -> String {
    let line = without_secrets(line.trim_end());
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// The host whose address was looked up: `lookup HOST on 10.0.0.1:53`, `Could not resolve host: HOST`.
fn looked_up(text: &str) -> Option<&str> {
    ["lookup ", "Could not resolve host: ", "Could not resolve hostname "].iter().find_map(|before| {
        let (_, rest) = text.split_once(before)?;
        let host = rest.split([' ', ':', '\n']).next()?;
        (host.contains('.') || host == "localhost").then_some(host)
    })
}

fn host_of_url(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(|c: char| "/?#'\"<> \n".contains(c)).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some(host.trim_end_matches(':')).filter(|host| !host.is_empty())
}

/// `git@HOST: Permission denied`.
fn host_of_ssh(text: &str) -> Option<&str> {
    words(text).find_map(|word| {
        let (_, host) = word.trim_end_matches(':').split_once('@')?;
        let host = host.split(':').next()?;
        (host.contains('.') && module_version(word).is_none()).then_some(host)
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\n', '\t', '"', '\'', '(', ')', ',', ';']).filter(|word| !word.is_empty())
}

/// `example.com/m@v1.0.0`, perhaps with `/go.mod` or a colon behind it.
fn module_version(word: &str) -> Option<(&str, &str)> {
    let (path, version) = word.trim_end_matches(':').split_once('@')?;
    let version = version.split([':', '/']).next()?;
    let is_path = path.contains('.') && !path.contains("://") && path.contains('/');
    (is_path && !version.is_empty()).then_some((path, version))
}

/// Without what stands before `@` in a URL, and without the values of members that are called like secrets.
fn without_secrets(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(|c: char| "/?#'\"<> ".contains(c)).unwrap_or(after.len());
        let (authority, behind) = after.split_at(end);
        out.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        rest = behind;
    }
    out.push_str(rest);
    SECRETS.iter().fold(out, |line, name| without_value(&line, name))
}

fn without_value(line: &str, name: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut out = String::with_capacity(line.len());
    let mut from = 0;
    while let Some(at) = lower.get(from..).and_then(|rest| rest.find(name)).map(|at| from + at + name.len()) {
        let value = line.get(at..).unwrap_or_default();
        let end = value.find(|c: char| "&\"' ,;\n".contains(c)).unwrap_or(value.len());
        out.push_str(line.get(from..at).unwrap_or_default());
        if end > 0 {
            out.push('…');
        }
        from = at + end;
    }
    out.push_str(line.get(from..).unwrap_or_default());
    out
}

/// Names of members whose values are nobody's business, in lower case.
const SECRETS: [&str; 6] = ["token=", "secret=", "password=", "passwd=", "api_key=", "authorization: "];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_what_it_is_about() {
        for (text, host, module) in [
            (
                "go: example.com/m@v1.0.0: Get \"https://u:p@proxy.example.com:8443/x\": EOF",
                "proxy.example.com:8443",
                "example.com/m",
            ),
            ("go: lookup proxy.example.com on 10.0.0.1:53: no such host", "proxy.example.com", ""),
            ("git@git.example.com: Permission denied (publickey).", "git.example.com", ""),
            (
                "unrecognized import path \"corp.example.com/a/b\": https fetch: x",
                "corp.example.com",
                "corp.example.com/a/b",
            ),
        ] {
            let names = names(text);
            assert_eq!(names.get("host"), Some(host), "{text}");
            assert_eq!(names.get("module").unwrap_or_default(), module, "{text}");
        }
    }

    #[test]
    fn secrets_are_left_out() {
        assert_eq!(
            shown("Get \"https://u:p@a.example/x?private_token=abc&y=1\": Authorization: Basic", 200),
            "Get \"https://a.example/x?private_token=…&y=1\": Authorization: …"
        );
        assert_eq!(shown("abcdef", 3), "abc…");
    }
}
