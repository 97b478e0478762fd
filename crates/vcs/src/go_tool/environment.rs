//! What a `go` and the tools that it starts see of their surroundings.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use gomod::ModulePath;

use super::scratch::Scratch;

/// The user's environment: only what tells how servers are reached, and who asks.
#[derive(Debug)]
pub(super) struct Environment(Vec<(OsString, OsString)>);

impl Environment {
    pub(super) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let acts = |name: &OsStr| name.to_str().is_some_and(|name| KEPT.contains(&name));
        Environment(variables.into_iter().filter(|(name, _)| acts(name)).collect())
    }

    /// Where PATH leads to.
    pub(super) fn find(&self, program: &str) -> Option<PathBuf> {
        let path = self.0.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path)?;
        std::env::split_paths(path).map(|dir| dir.join(program)).find(|file| file.is_file())
    }

    /// A go that knows nothing but this scratch directory, asks repositories alone, and never anybody at a terminal.
    pub(super) fn command(&self, go: &Path, scratch: &Scratch, insecure: Option<&ModulePath>) -> Command {
        let mut command = Command::new(go);
        command.current_dir(scratch.work());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_clear().envs(self.0.iter().map(|(name, value)| (name, value))).envs(FIXED);
        command.envs(scratch.variables());
        command.env("GOINSECURE", insecure.map_or("", ModulePath::as_str));
        command
    }
}

/// Everything else could change what is fetched, or tell its name to somebody.
const KEPT: [&str; 31] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LD_LIBRARY_PATH",
    "GOROOT",
    "GOVCS",
    "GOPRIVATE",
    "GOAUTH",
    "NETRC",
    "HGRCPATH",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "KRB5CCNAME",
    "KRB5_CONFIG",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "BZR_HOME",
    "BRZ_HOME",
    "FOSSIL_HOME",
    "SYSTEMROOT",
];

/// No proxy and no database hear of anything, no toolchain comes, and texts are the ones that are looked for.
const FIXED: [(&str, &str); 16] = [
    ("GOPROXY", "direct"),
    ("GOSUMDB", "off"),
    ("GONOPROXY", ""),
    ("GONOSUMDB", ""),
    ("GOTOOLCHAIN", "local"),
    ("GOENV", "off"),
    ("GOFLAGS", "-modcacherw"),
    ("GOWORK", "off"),
    ("GO111MODULE", "on"),
    ("GOEXPERIMENT", ""),
    ("GOCACHEPROG", ""),
    ("HGPLAIN", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("LC_ALL", "C.UTF-8"),
    ("LANGUAGE", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_on() {
        let user = [
            ("PATH", "/bin"),
            ("GOVCS", "*:hg"),
            ("GOPROXY", "https://proxy.example.com"),
            ("GOFLAGS", "-x"),
            ("TOKEN", "t"),
        ];
        let user = Environment::new(user.map(|(name, value)| (name.into(), value.into())));
        let dir = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(dir.path()).unwrap();
        let command = user.command(Path::new("go"), &scratch, None);
        let get = |name: &str| {
            let mut variables = command.get_envs();
            variables.find(|(known, _)| *known == name).and_then(|(_, value)| value?.to_str())
        };
        assert_eq!((get("GOVCS"), get("TOKEN")), (Some("*:hg"), None));
        assert_eq!((get("GOPROXY"), get("GOFLAGS")), (Some("direct"), Some("-modcacherw")));
        assert!(get("GOMODCACHE").unwrap().starts_with(dir.path().to_str().unwrap()));
    }
}
