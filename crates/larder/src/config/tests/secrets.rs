//! A password that is typed in the wrong place, or in the right one, is printed nowhere.

use super::Machine;

/// Right and wrong ways to write a secret into a value.
const VALUES: [&str; 14] = [
    "https://gopher:hunter2@proxy.example.com",
    "https://gopher:hunter2@proxy.example.com,direct",
    "http://gopher:hunter2@proxy.example.com",
    "ftp://gopher:hunter2@proxy.example.com",
    "gopher:hunter2@proxy.example.com",
    "https://gopher:hunter2,@proxy.example.com",
    "https://gopher:hunter2?@proxy.example.com",
    "https://gopher:hunter2#@proxy.example.com",
    "https://gopher:hunter2|a b@proxy.example.com",
    "https://gopher:a b@hunter2@proxy.example.com:x",
    "https://proxy.example.com?token=hunter2",
    "https://proxy.example.com/p?hunter2|off",
    "sum.golang.org https://gopher:hunter2@sums.example.com",
    "sums.example.com https://gopher:hunter2@sums.example.com",
];
const KEYS: [&str; 12] = [
    "listen",
    "data",
    "upstream",
    "sumdb",
    "offline",
    "min_free",
    "patience",
    "limits.stall",
    "memory.zips",
    "log.format",
    "clients.connections",
    "unknown",
];
const FLAGS: [&str; 6] = ["--listen", "--data", "--upstream", "--sumdb", "--min-free", "--offline"];
const VARIABLES: [&str; 9] = [
    "LARDER_LISTEN",
    "LARDER_UPSTREAM",
    "LARDER_SUMDB",
    "LARDER_OFFLINE",
    "LARDER_MIN_FREE",
    "GOPROXY",
    "GOSUMDB",
    "GOPRIVATE",
    "LARDER_DATA",
];

#[track_caller]
fn silent(machine: &Machine, args: &[&str]) {
    let file = machine.path("etc/larder.toml");
    let file = file.to_str().unwrap();
    for command in [&["check"][..], &["check", "--json"], &["show"], &["show", "--json"]] {
        let with_file = if machine.path("etc/larder.toml").exists() { &["--config", file][..] } else { &[] };
        let args: Vec<_> = command.iter().chain(args).chain(with_file).copied().collect();
        let printed = machine.config(&args);
        let text = printed.out + &printed.err;
        assert!(!text.contains("hunter2") && !text.contains("gopher"), "{args:?} prints\n{text}");
    }
}

#[test]
fn in_the_file() {
    let silent_with = |text: &str| silent(&Machine::with_upstream().file("etc/larder.toml", text), &[]);
    for secret in VALUES {
        // A path may well look like `user:word@host`.
        for key in KEYS.iter().filter(|key| **key != "data" || secret.contains("://")) {
            silent_with(&format!("# {secret}\n{key} = \"{secret}\"\nlog.access = \"some\"\n"));
        }
        for key in ["url", "host", "ca", "client_cert", "client_key"] {
            silent_with(&format!("[[source]]\n{key} = \"{secret}\"\n"));
        }
        for key in ["chain", "sumdb", "fallback", "on_unverifiable", "allow_private_hosts"] {
            silent_with(&format!("[[route]]\nmodules = ['{secret}']\n{key} = \"{secret}\"\n"));
        }
        let quotes = [("'", "'"), ("\"", ""), ("", ""), ("\"\"\"\n", "\n\"\"\""), ("'''", "")];
        for (before, after) in quotes {
            silent_with(&format!("offline = 1\nupstream = {before}{secret}{after}\n"));
            silent_with(&format!("upstream = {before}{secret}{after}\noffline = 1\n"));
        }
    }
}

#[test]
fn on_the_command_line_and_in_the_environment() {
    for secret in VALUES {
        let is_url = secret.contains("://");
        for flag in FLAGS.iter().filter(|flag| **flag != "--data" || is_url) {
            silent(&Machine::with_upstream(), &[&format!("{flag}={secret}")]);
        }
        for variable in VARIABLES.into_iter().filter(|variable| *variable != "LARDER_DATA" || is_url) {
            silent(&Machine::with_upstream().var(variable, secret), &[]);
        }
        silent(&Machine::new().file("go/go.env", &format!("GOPROXY={secret}\nGOSUMDB={secret}\n")), &[]);
    }
}
