//! Where a repository is asked for, after all that git's configuration says.

/// The parts of an address that git knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remote {
    /// A web server: scheme, host with port.
    Web {
        /// Whether it is `https`.
        secure: bool,
        /// Host, and port where it is written.
        authority: String,
    },
    /// Somebody's `ssh`.
    Ssh {
        /// Who logs in, where it is written.
        user: Option<String>,
        /// The host.
        host: String,
        /// The port, where it is written.
        port: Option<String>,
    },
    /// git's own protocol, which nothing protects.
    Git(String),
    /// A directory of this machine.
    Local,
    /// Nothing that git reaches by itself.
    Strange,
}

impl Remote {
    /// Reads what git would reach.
    pub(super) fn of(url: &str) -> Self {
        let Some((scheme, rest)) = url.split_once("://") else {
            return match url.split_once(':') {
                _ if url.starts_with('/') => Remote::Local,
                Some((place, _)) if !place.is_empty() && !place.contains('/') && !url.contains("::") => {
                    Remote::ssh(place)
                }
                _ => Remote::Strange,
            };
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let shown = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned();
        match scheme {
            "https" | "http" => Remote::Web { secure: scheme == "https", authority: shown },
            "ssh" | "git+ssh" | "ssh+git" => Remote::ssh(authority),
            "git" => Remote::Git(shown),
            "file" => Remote::Local,
            _ => Remote::Strange,
        }
    }

    /// Of `[user@]host[:port]`.
    fn ssh(place: &str) -> Self {
        let (user, place) = match place.rsplit_once('@') {
            Some((user, place)) => (user.split(':').next().map(str::to_owned), place),
            None => (None, place),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, rest)) => (host, rest.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() || host.starts_with('-') {
            return Remote::Strange;
        }
        Remote::Ssh { user, host: host.to_owned(), port: port.map(str::to_owned) }
    }

    /// The host, without port.
    pub(super) fn host(&self) -> Option<&str> {
        match self {
            Remote::Web { authority, .. } | Remote::Git(authority) => {
                Some(match authority.rsplit_once(':') {
                    Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
                    _ => authority,
                })
            }
            Remote::Ssh { host, .. } => Some(host),
            Remote::Local | Remote::Strange => None,
        }
    }
}

/// A URL without a user's name and password.
pub(super) fn shown(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.ends_with("http") || scheme.ends_with("https") => {
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_that_git_knows() {
        let ssh = |user: Option<&str>, host: &str, port: Option<&str>| Remote::Ssh {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port: port.map(str::to_owned),
        };
        for (url, wanted) in [
            ("git@git.example.com:team/r", ssh(Some("git"), "git.example.com", None)),
            ("git.example.com:team/r", ssh(None, "git.example.com", None)),
            ("ssh://git@git.example.com:2222/r", ssh(Some("git"), "git.example.com", Some("2222"))),
            ("git+ssh://[fd00::1]:2222/r", ssh(None, "fd00::1", Some("2222"))),
            ("ssh://-oProxyCommand=x/r", Remote::Strange),
            ("ext::sh -c x", Remote::Strange),
            ("/srv/r", Remote::Local),
            ("git://git.example.com:9418/r", Remote::Git("git.example.com:9418".to_owned())),
            (
                "https://u:p@git.example.com:8443/r",
                Remote::Web { secure: true, authority: "git.example.com:8443".to_owned() },
            ),
        ] {
            assert_eq!(Remote::of(url), wanted, "{url}");
        }
        assert_eq!(Remote::of("https://u@git.example.com:8443/r").host(), Some("git.example.com"));
        assert_eq!(shown("https://u:p@git.example.com/r@1"), "https://git.example.com/r@1");
    }
}
