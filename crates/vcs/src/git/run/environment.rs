//! What a `git` sees of its surroundings.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use upstream::Login;

use super::{Call, SOURCE};
use crate::{VcsError, git::config::Config};

/// The user's environment: only what may act on a `git`. `Debug` shows names alone.
pub(super) struct Environment {
    variables: Vec<(OsString, OsString)>,
}

impl Environment {
    pub(super) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { variables: variables.into_iter().filter(|(name, _)| acts(name)).collect() }
    }

    fn get(&self, name: &str) -> Option<&OsStr> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Where PATH leads to.
    pub(super) fn find(&self, program: &str) -> Option<PathBuf> {
        let dirs = self.get("PATH").map(std::env::split_paths).into_iter().flatten();
        dirs.map(|dir| dir.join(program)).find(|file| file.is_file())
    }

    /// The command, ready to start.
    pub(super) fn command(
        &self,
        program: &Path,
        call: &Call<'_>,
        config: &Config,
        login: Option<&Login>,
    ) -> Result<Command, VcsError> {
        let mut command = self.bare(program, call.repository);
        for (key, value) in SETTINGS {
            command.arg("-c").arg(format!("{key}={value}"));
        }
        if let Some(remote) = call.remote {
            for (key, value) in FAR_SETTINGS {
                command.arg("-c").arg(format!("{key}={value}"));
            }
            for (key, value) in PARTIAL_SETTINGS.iter().filter(|_| call.partial) {
                command.arg("-c").arg(format!("{key}={value}"));
            }
            self.apply(&mut command);
            if let Some(ssh) = self.quiet_ssh(config) {
                command.env("GIT_SSH_COMMAND", ssh);
            }
            let url = format!("remote.{SOURCE}.url");
            // The libraries below git do not all know this variable. What the user says of git itself is stronger.
            let ca = self.get("SSL_CERT_FILE").and_then(OsStr::to_str).filter(|file| !file.is_empty());
            let ca = ca.map(|file| ("http.sslCAInfo", file));
            // As exact as can be, so that it goes nowhere else, and nothing that is less exact takes its place.
            let header = format!("http.{}.extraHeader", remote.shown_target());
            let headers = login.into_iter().flat_map(Login::expose);
            let headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
            let headers = headers.iter().map(|line| (header.as_str(), line.as_str()));
            let settings = ca.into_iter().chain(config.for_git()?).chain(headers);
            set(&mut command, settings.chain([(url.as_str(), remote.secret())]));
        }
        if call.traced {
            command.env("GIT_TRACE_PACKET", "1").env("GIT_TRACE_REDACT", "1");
        }
        command.args(call.args);
        if call.asks {
            command.stdin(Stdio::piped());
        }
        Ok(command)
    }

    /// A program that may know credentials. It has no repository but one that is around `dir`, if there is one.
    pub(super) fn helper(
        &self,
        words: &[&str],
        dir: Option<&Path>,
        config: &Config,
    ) -> Result<Command, VcsError> {
        let (program, args) = words.split_first().map_or(("", words), |(program, args)| (*program, args));
        let mut command = self.bare(Path::new(program), None);
        self.apply(&mut command);
        set(&mut command, config.for_git()?);
        if let Some(dir) = dir {
            command.current_dir(dir).env_remove("GIT_DIR");
        }
        command.args(args).stdin(Stdio::piped());
        Ok(command)
    }

    /// The `ssh` that never asks anybody anything. `None`: the user's own is started as it is.
    fn quiet_ssh(&self, config: &Config) -> Option<String> {
        let own = self.get("GIT_SSH_COMMAND").map_or_else(|| config.ssh_command(), OsStr::to_str);
        let own = match own {
            None if self.has("GIT_SSH_COMMAND") || self.has("GIT_SSH") => return None,
            own => own.unwrap_or("ssh"),
        };
        let program = own.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
        let is_ssh = Path::new(program).file_name().is_some_and(|name| name == "ssh");
        // Another program may not know these options.
        is_ssh.then(|| format!("{own} -o BatchMode=yes -o ControlMaster=no"))
    }

    /// With nothing of the user's but what every program needs.
    pub(super) fn bare(&self, program: &Path, repository: Option<&Path>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.envs(ALWAYS_KEPT.iter().filter_map(|name| Some((name, self.get(name)?))));
        command.envs(NO_CONFIGURATION);
        command.envs(FIXED);
        // Else it would look for a repository around the working directory.
        command.env("GIT_DIR", repository.unwrap_or(Path::new("/dev/null")));
        command
    }

    /// Lets the user's environment act.
    fn apply(&self, command: &mut Command) {
        command.env("GIT_ALLOW_PROTOCOL", "https:http:git:ssh:file");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.envs(FIXED);
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.variables.iter().map(|(name, _)| name)).finish()
    }
}

/// Gives a command settings that are no arguments, for everybody on this machine sees those.
fn set<'a>(command: &mut Command, settings: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut count = 0;
    for (key, value) in settings {
        command.env(format!("GIT_CONFIG_KEY_{count}"), key).env(format!("GIT_CONFIG_VALUE_{count}"), value);
        count += 1;
    }
    command.env("GIT_CONFIG_COUNT", count.to_string());
}

/// Whether a variable of the user's acts on commands that ask another machine. Helpers for credentials may read any;
/// of git's own only those that tell how to reach a server. The configuration is not among them: it is read here.
fn acts(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    if name.starts_with("GIT_") {
        return GIT_KEPT.contains(&name) || GIT_KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    }
    !name.starts_with("LC_")
        && !name.starts_with("LARDER_")
        && !matches!(name, "LANG" | "LANGUAGE" | "SSH_ASKPASS")
}

/// For every command: what go sets for `git archive`, and that nothing is started beside it.
const SETTINGS: [(&str, &str); 10] = [
    ("core.autocrlf", "input"),
    ("core.eol", "lf"),
    ("core.attributesFile", "/dev/null"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.quotePath", "false"),
    ("core.logAllRefUpdates", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("log.showSignature", "false"),
];

/// For those that ask another machine. A redirect would lead past the check of the address.
const FAR_SETTINGS: [(&str, &str); 10] = [
    ("protocol.version", "2"),
    ("http.followRedirects", "false"),
    ("transfer.bundleURI", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.prune", "false"),
    ("fetch.pruneTags", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("fetch.showForcedUpdates", "false"),
    ("submodule.recurse", "false"),
    ("advice.fetchShowForcedUpdates", "false"),
];

/// That the source may have what is left out. Nothing that only reads knows of it, so nothing fetches by itself.
const PARTIAL_SETTINGS: [(&str, &str); 3] = [
    ("extensions.partialClone", SOURCE),
    ("remote.larder-source.promisor", "true"),
    ("remote.larder-source.partialclonefilter", "tree:0"),
];

/// Nobody is asked, nothing is shown page by page, and texts are the ones that are looked for. Replaced objects and
/// attributes of the machine would change content.
const FIXED: [(&str, &str); 13] = [
    ("LC_ALL", "C"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", ""),
    ("SSH_ASKPASS", ""),
    ("SSH_ASKPASS_REQUIRE", "never"),
    ("GCM_INTERACTIVE", "never"),
    ("GIT_PAGER", "cat"),
    ("GIT_EDITOR", "false"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
];

const NO_CONFIGURATION: [(&str, &str); 3] =
    [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")];

/// Without these no program runs.
const ALWAYS_KEPT: [&str; 5] = ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "GIT_EXEC_PATH", "SYSTEMROOT"];

const GIT_KEPT: &[&str] = &[
    "GIT_ALLOW_PROTOCOL",
    "GIT_PROTOCOL_FROM_USER",
    "GIT_EXEC_PATH",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
];
const GIT_KEPT_PREFIXES: &[&str] = &["GIT_SSL_", "GIT_PROXY_SSL_", "GIT_HTTP_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_on() {
        for name in ["HTTPS_PROXY", "SSL_CERT_FILE", "SSH_AUTH_SOCK", "HOME", "GIT_SSL_CAINFO", "TOKEN"] {
            assert!(acts(OsStr::new(name)), "{name}");
        }
        for name in [
            "GIT_DIR",
            "GIT_OBJECT_DIRECTORY",
            "GIT_TRACE",
            "GIT_ATTR_SOURCE",
            "GIT_CONFIG_GLOBAL",
            "GIT_CONFIG_COUNT",
            "LC_MESSAGES",
            "LARDER_TOKEN",
            "GIT_ASKPASS",
        ] {
            assert!(!acts(OsStr::new(name)), "{name}");
        }
    }
}
