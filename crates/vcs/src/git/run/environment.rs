//! What a `git` sees of its surroundings.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Call, SOURCE};

/// The user's environment: only what may act on a `git`.
#[derive(Debug)]
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
    pub(super) fn command(&self, program: &Path, call: &Call<'_>) -> Command {
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
            self.add_setting(&mut command, &format!("remote.{SOURCE}.url"), remote.secret());
        }
        if call.traced {
            command.env("GIT_TRACE_PACKET", "1").env("GIT_TRACE_REDACT", "1");
        }
        command.args(call.args);
        if call.asks {
            command.stdin(Stdio::piped());
        }
        command
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

    /// Lets the user's environment and configuration act.
    pub(super) fn apply(&self, command: &mut Command) {
        for (name, _) in NO_CONFIGURATION {
            command.env_remove(name);
        }
        command.env("GIT_ALLOW_PROTOCOL", "https:http:git:ssh:file");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.envs(FIXED);
    }

    /// Adds a setting behind those that the user's environment has (`GIT_CONFIG_COUNT`).
    fn add_setting(&self, command: &mut Command, key: &str, value: &str) {
        let count =
            self.get("GIT_CONFIG_COUNT").and_then(|count| count.to_str()?.parse::<u32>().ok()).unwrap_or(0);
        command
            .env(format!("GIT_CONFIG_KEY_{count}"), key)
            .env(format!("GIT_CONFIG_VALUE_{count}"), value)
            .env("GIT_CONFIG_COUNT", (count.saturating_add(1)).to_string());
    }
}

/// Whether a variable of the user's acts on commands that ask another machine. Helpers for credentials may read any;
/// of git's own only those that tell how to reach a server.
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
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
];
const GIT_KEPT_PREFIXES: &[&str] =
    &["GIT_SSL_", "GIT_PROXY_SSL_", "GIT_HTTP_", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_on() {
        for name in [
            "HTTPS_PROXY",
            "SSL_CERT_FILE",
            "SSH_AUTH_SOCK",
            "HOME",
            "GIT_SSL_CAINFO",
            "GIT_CONFIG_GLOBAL",
            "TOKEN",
        ] {
            assert!(acts(OsStr::new(name)), "{name}");
        }
        for name in [
            "GIT_DIR",
            "GIT_OBJECT_DIRECTORY",
            "GIT_TRACE",
            "GIT_ATTR_SOURCE",
            "LC_MESSAGES",
            "LARDER_TOKEN",
            "GIT_ASKPASS",
        ] {
            assert!(!acts(OsStr::new(name)), "{name}");
        }
    }
}
