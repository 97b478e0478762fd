//! What `ssh` has to show a server, and why that was not enough.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Diagnosis, Environment,
    diagnoses::source::{SSH_AGENT, SSH_CONFIG, SSH_HOST_UNKNOWN, SSH_KEY, SSH_KEY_MODE, SSH_NO_KEY},
    doctor::program::{self, Program, Silent},
};

/// The `ssh` that git starts.
pub(super) struct Ssh<'a> {
    env: &'a Environment,
    /// A text for a shell, as git takes it.
    command: String,
}

/// What `ssh -G` says of a host.
#[derive(Debug, Default)]
struct Settings {
    host: String,
    port: String,
    keys: Vec<PathBuf>,
    known: Vec<PathBuf>,
    agent: Option<PathBuf>,
    strict: bool,
}

impl<'a> Ssh<'a> {
    /// The one of the environment, of git's configuration, or the usual one.
    pub(super) fn new(env: &'a Environment) -> Self {
        let of_git = || {
            let git = Program::new("git", env).ok()?.args(["config", "--get", "core.sshCommand"]);
            let said = git.run(QUICK).ok().filter(|said| said.code == Some(0))?;
            Some(said.stdout.trim_end().to_owned())
        };
        let own = env.text("GIT_SSH_COMMAND").map(str::to_owned).or_else(of_git);
        let command = own.or_else(|| env.text("GIT_SSH").map(|program| format!("'{program}'")));
        Ssh { env, command: command.unwrap_or_else(|| "ssh".to_owned()) }
    }

    /// The program alone, without its options.
    pub(super) fn program(&self) -> &str {
        self.command.split_whitespace().next().unwrap_or("ssh").trim_matches(['"', '\''])
    }

    /// Whether there is such a program.
    pub(super) fn is_there(&self) -> bool {
        let program = self.program();
        if program.contains('/') {
            Path::new(program).is_file()
        } else {
            program::find(program, self.env).is_some()
        }
    }

    /// The command for git that asks nobody anything. `None`: it is no OpenSSH, and stays as it is.
    pub(super) fn quiet(&self) -> Option<String> {
        let is_ssh = Path::new(self.program()).file_name().is_some_and(|name| name == "ssh");
        (is_ssh && self.env.get("GIT_SSH").is_none())
            .then(|| format!("{} -o BatchMode=yes -o ControlMaster=no -o ConnectTimeout=5", self.command))
    }

    /// Why a server takes none of the keys, and what shows it.
    pub(super) fn why_refused(&self, host: &str, port: Option<&str>) -> (&'static Diagnosis, Vec<String>) {
        let settings = match self.settings(host, port) {
            Ok(settings) => settings,
            Err(why) => return (&SSH_CONFIG, vec![why]),
        };
        let keys: Vec<_> = settings.keys.iter().filter_map(|path| Some((path, Key::read(path)?))).collect();
        let (agent, shown) = self.agent(&settings);
        let mut lines = vec![shown];
        lines.extend(keys.iter().map(|(path, key)| format!("{}: {}", path.display(), key.words())));
        if keys.is_empty() {
            let looked =
                settings.keys.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
            lines.push(format!("no key in {looked}"));
        }
        let has = |wanted: Key| keys.iter().any(|(_, key)| *key == wanted);
        let diagnosis = match () {
            () if agent || has(Key::Usable) => &SSH_KEY,
            () if has(Key::Open) => &SSH_KEY_MODE,
            () if has(Key::Locked) => &SSH_AGENT,
            () => &SSH_NO_KEY,
        };
        (diagnosis, lines)
    }

    /// Looks, without asking the host, whether its key is known and whether there is anything to show it.
    pub(super) fn offline(
        &self,
        host: &str,
        port: Option<&str>,
    ) -> Option<(&'static Diagnosis, Vec<String>)> {
        let settings = match self.settings(host, port) {
            Ok(settings) => settings,
            Err(why) => return Some((&SSH_CONFIG, vec![why])),
        };
        let name = match settings.port.as_str() {
            "" | "22" => settings.host.clone(),
            port => format!("[{}]:{port}", settings.host),
        };
        let known = settings.known.iter().filter(|file| file.is_file()).any(|file| {
            let search = Program::new("ssh-keygen", self.env)
                .map(|program| program.args(["-F", &name, "-f"]).args([file]));
            // Where it cannot be looked for, it is not said to be missing.
            search.and_then(|search| search.run(QUICK)).is_ok_and(|said| said.code != Some(1))
        });
        if settings.strict && !known && program::find("ssh-keygen", self.env).is_some() {
            let files =
                settings.known.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ");
            return Some((&SSH_HOST_UNKNOWN, vec![format!("{name} stands in none of {files}")]));
        }
        let (diagnosis, lines) = self.why_refused(host, port);
        (diagnosis != &SSH_KEY).then_some((diagnosis, lines))
    }

    /// Whether the agent has keys, and what it is like in words.
    fn agent(&self, settings: &Settings) -> (bool, String) {
        let socket = settings.agent.clone().or_else(|| self.env.get("SSH_AUTH_SOCK").map(PathBuf::from));
        let Some(socket) = socket else { return (false, "no agent: SSH_AUTH_SOCK is not set".to_owned()) };
        let ask = Program::new("ssh-add", self.env).map(|ask| ask.args(["-l"]).env("SSH_AUTH_SOCK", &socket));
        match ask.and_then(|ask| ask.run(QUICK)).map(|said| said.code) {
            Ok(Some(0)) => (true, format!("the agent at {} has keys", socket.display())),
            Ok(Some(1)) => (false, format!("the agent at {} has no keys", socket.display())),
            Ok(_) | Err(Silent::Late(_)) => (false, format!("no agent answers at {}", socket.display())),
            Err(_) => (socket.exists(), format!("the agent at {} cannot be asked", socket.display())),
        }
    }

    fn settings(&self, host: &str, port: Option<&str>) -> Result<Settings, String> {
        let shell = Program::new("sh", self.env).map_err(|error| format!("sh: {error}"))?;
        let mut shell = shell.args(["-c", &format!("{} \"$@\"", self.command), "ssh", "-G"]);
        if let Some(port) = port {
            shell = shell.args(["-p", port]);
        }
        let said = shell.args([host]).run(QUICK).map_err(|error| format!("ssh -G {host}: {error}"))?;
        if said.code != Some(0) {
            let first = said.stderr.lines().next().unwrap_or("it failed and did not say why");
            return Err(format!("ssh -G {host}: {}", first.trim()));
        }
        Ok(Settings::parse(&said.stdout, self.env.home()))
    }
}

impl Settings {
    fn parse(text: &str, home: Option<&Path>) -> Self {
        let path = |text: &str| match text.strip_prefix("~/").zip(home) {
            Some((rest, home)) => home.join(rest),
            None => PathBuf::from(text.trim_matches('"')),
        };
        let mut settings = Settings { strict: true, ..Settings::default() };
        for (name, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            match name {
                "hostname" => value.clone_into(&mut settings.host),
                "port" => value.clone_into(&mut settings.port),
                "identityfile" => settings.keys.push(path(value)),
                "userknownhostsfile" | "globalknownhostsfile" => {
                    settings.known.extend(value.split_whitespace().map(path));
                }
                "identityagent" if value != "SSH_AUTH_SOCK" => settings.agent = Some(path(value)),
                "stricthostkeychecking" => {
                    settings.strict = !matches!(value, "accept-new" | "no" | "off" | "false");
                }
                _ => {}
            }
        }
        settings
    }
}

/// A private key, as `ssh` would take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// It is read without a word.
    Usable,
    /// It wants a passphrase.
    Locked,
    /// Others can read it, and `ssh` does not take it.
    Open,
}

impl Key {
    /// `None`: there is no such file.
    fn read(path: &Path) -> Option<Self> {
        let mode = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.permissions().mode();
        let text =
            fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        Some(match () {
            () if mode & 0o077 != 0 => Key::Open,
            // `aes256-ctr` and `bcrypt` stand at the beginning of the new form, `none` where there is no passphrase.
            () if text.contains("ENCRYPTED") || body.starts_with("b3BlbnNzaC1rZXktdjEAAAAACmFlcz") => {
                Key::Locked
            }
            () => Key::Usable,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Key::Usable => "a key without a passphrase",
            Key::Locked => "a key that wants a passphrase",
            Key::Open => "a key that others can read, which ssh does not take",
        }
    }
}

/// How long a program may take that asks nobody.
const QUICK: Duration = Duration::from_secs(3);
