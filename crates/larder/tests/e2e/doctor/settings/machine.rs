//! What is installed, where things lie, and who proxies the network.

use std::{
    env, fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use testkit::{GoCommand, Ran, Tunnel, run};

use super::{go, settings, shows, told};

/// A directory that looks like an installed Go of a version.
fn install(go: &GoCommand, name: &str, version: &str) -> PathBuf {
    let root = go.work().join("..").join(name);
    fs::create_dir_all(root.join("bin")).unwrap();
    fs::create_dir_all(root.join("pkg/tool")).unwrap();
    fs::write(root.join("VERSION"), format!("{version}\n")).unwrap();
    fs::write(root.join("bin/go"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(root.join("bin/go"), fs::Permissions::from_mode(0o755)).unwrap();
    root
}

/// PATH with a directory behind it.
fn path_and(dir: &Path) -> std::ffi::OsString {
    let path = env::var_os("PATH").unwrap();
    env::join_paths(env::split_paths(&path).chain([dir.to_owned()])).unwrap()
}

/// A line as a shell runs it, with the variables of that `go`.
fn shell(go: &GoCommand, line: &str) -> Ran {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
    run(&mut command)
}

#[test]
fn no_go_in_path() {
    let go = go();
    let empty = go.work().join("../empty");
    fs::create_dir(&empty).unwrap();
    let go = go.env("PATH", empty);
    assert_eq!(shell(&go, "go version").code(), Some(127));
    settings(&go).is("L1-NO-GO");
}

#[test]
fn several_versions_of_go() {
    let go = go();
    let other = install(&go, "other", "go1.4.2");
    let go = go.env("PATH", path_and(&other.join("bin")));
    assert!(!shell(&go, "go version").ok().stdout.contains("go1.4.2"));
    shows(settings(&go).is("L1-SEVERAL-GO"), "(go1.4.2) is hidden behind it");
}

#[test]
fn the_same_go_twice_in_path() {
    let go = go();
    let links = go.work().join("../links");
    fs::create_dir(&links).unwrap();
    symlink(GoCommand::find().unwrap(), links.join("go")).unwrap();
    settings(&go.env("PATH", path_and(&links))).healthy();
}

#[test]
fn a_goroot_that_is_not_there() {
    let go = go().env("GOROOT", "/nowhere/go");
    assert!(go.run(["list"]).fails().stderr.contains("cannot find GOROOT directory"));
    settings(&go).is("L1-GOROOT");
}

#[test]
fn a_goroot_of_another_version() {
    let go = go();
    let other = install(&go, "other", "go1.4.2");
    let go = go.env("GOROOT", other);
    go.run(["build", "fmt"]).fails();
    shows(settings(&go).is("L1-GOROOT"), "go1.4.2 lies in it");
}

#[test]
fn a_settings_file_that_is_a_directory() {
    let go = go();
    let dir = go.work();
    let go = go.env("GOENV", dir);
    let said = go.run(["env", "-w", "GOPROXY=https://proxy.example.com"]).fails();
    assert!(said.stderr.contains("reading go env config"), "{said}");
    settings(&go).is("L1-GOENV-UNREADABLE");
}

#[test]
fn a_line_that_a_shell_would_understand() {
    let go = told("export GOPROXY=https://mirror.corp.example\n");
    assert!(!go.run(["env", "GOPROXY"]).ok().stdout.contains("mirror.corp.example"));
    shows(settings(&go).is("L1-GOENV-LINE"), "env:1: export GOPROXY");
}

#[test]
fn settings_that_are_not_read() {
    let go = go();
    let own = go.work().join("../home/.config/go");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("env"), "GOPRIVATE=git.corp.example\n").unwrap();
    assert_eq!(go.run(["env", "GOPRIVATE"]).ok().stdout.trim(), "");
    shows(settings(&go).is("L1-GOENV-OFF"), "sets GOPRIVATE");
}

#[test]
fn a_relative_gopath() {
    let go = go().env("GOPATH", "cache");
    assert!(go.run(["list"]).fails().stderr.contains("must be absolute path"));
    shows(settings(&go).is("L5-CACHE-RELATIVE"), "GOPATH");
}

#[test]
fn a_tilde_that_no_shell_replaced() {
    let go = told("GOPATH=~/go\n").env("GOMODCACHE", "");
    assert!(go.run(["list"]).fails().stderr.contains("cannot start with shell metacharacter"));
    settings(&go).is("L1-PATH-RELATIVE");
}

#[test]
fn programs_to_a_relative_path() {
    let go = go().env("GOBIN", "bin");
    go.write("cmd/x/main.go", "package main\n\nfunc main() {}\n");
    assert!(go.run(["install", "./cmd/x"]).fails().stderr.contains("GOBIN must be an absolute path"));
    settings(&go).is("L1-PATH-RELATIVE");
}

#[test]
fn programs_where_no_shell_looks() {
    let go = go();
    let bin = go.work().join("../bin");
    let go = go.env("GOBIN", &bin);
    go.write("cmd/greet/main.go", "package main\n\nfunc main() {}\n");
    go.run(["install", "./cmd/greet"]).ok();
    assert_eq!(shell(&go, "greet").code(), Some(127));
    settings(&go).is("L1-GOBIN-NOT-IN-PATH");
    settings(&go.env("PATH", path_and(&bin))).healthy();
}

#[test]
fn a_project_at_gopath() {
    let go = go();
    let dir = go.work();
    let go = go.env("GOPATH", dir);
    assert!(go.run(["mod", "tidy"]).fails().stderr.contains("ignoring go.mod in $GOPATH"));
    settings(&go).is("L1-GOPATH-IS-MODULE");
}

#[test]
fn a_module_cache_inside_the_project() {
    let go = go();
    let work = go.work();
    let go = go.env("GOMODCACHE", work.join("cache/mod"));
    go.write("cache/mod/example.com/old@v1.0.0/old.go", "package old\n");
    go.run(["mod", "tidy"]).fails();
    settings(&go).is("L1-GOPATH-INSIDE");
    settings(&go.env("GOMODCACHE", work.join(".cache/mod"))).healthy();
}

#[test]
fn a_proxy_of_the_network_that_go_does_not_understand() {
    for proxy in ["socks4://127.0.0.1:1", "http://127.0.0.1:proxy"] {
        let go = go().env("HTTPS_PROXY", proxy);
        assert!(
            go.run(["mod", "download", "example.com/app@v1.0.0"]).fails().stderr.contains("proxyconnect")
        );
        settings(&go).is("L1-PROXY-VARIABLE");
    }
}

#[test]
fn a_proxy_that_go_does_not_look_for() {
    let tunnel = Tunnel::to(([127, 0, 0, 1], 9).into());
    let go = go().env("ALL_PROXY", tunnel.url()).env("GOPROXY", "https://proxy.larder.invalid");
    go.run(DOWNLOAD).fails();
    assert!(tunnel.asked().is_empty());
    settings(&go).is("L1-ALL-PROXY");
}

#[test]
fn exceptions_that_go_does_not_understand() {
    let tunnel = Tunnel::to(([127, 0, 0, 1], 9).into());
    let exceptions = "localhost,https://git.corp.example,192.168.*";
    for host in ["git.corp.example", "192.168.7.7"] {
        let go = go().env("HTTPS_PROXY", tunnel.url()).env("GOPROXY", format!("https://{host}"));
        go.env("NO_PROXY", exceptions).run(DOWNLOAD).fails();
        assert!(tunnel.asked().iter().any(|asked| asked.starts_with(host)), "{:?}", tunnel.asked());
    }
    settings(&go().env("NO_PROXY", exceptions)).is("L1-NO-PROXY-ENTRY");
}

#[test]
fn two_proxies_in_two_spellings() {
    let tunnels = [(); 2].map(|()| Tunnel::to(([127, 0, 0, 1], 9).into()));
    let go = go().env("HTTPS_PROXY", tunnels[0].url()).env("https_proxy", tunnels[1].url());
    go.run(DOWNLOAD).fails();
    assert_eq!(tunnels.map(|tunnel| tunnel.asked().is_empty()), [false, true]);
    settings(&go).is("L1-PROXY-TWICE");
}

const DOWNLOAD: [&str; 3] = ["mod", "download", "example.com/app@v1.0.0"];
