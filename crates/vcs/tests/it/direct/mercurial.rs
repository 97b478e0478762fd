//! Code that is kept with Mercurial, read by a real `go` and a real `hg`; and what is said where one is missing.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use testkit::{GoCommand, Running, require, run};
use upstream::FaultKind;
use vcs::DirectConfig;

use super::site::Site;

/// A program in PATH.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// A site with a Mercurial server at `https://hg.example.org/r`, and the module `code.example.com/m` in it.
struct Hg {
    site: Site,
    repository: PathBuf,
    server: Option<Running>,
}

impl Hg {
    fn new(change: impl FnOnce(&mut DirectConfig)) -> Option<Self> {
        if !require("hg", find("hg").is_some()) || !require("go", GoCommand::find().is_some()) {
            return None;
        }
        let site = Site::with(|config| {
            prepare(config);
            change(config);
        })?;
        let home = site.dir.path();
        fs::write(home.join("hgrc"), format!("[web]\ncacerts = {}/ca.pem\n", home.display())).unwrap();
        fs::write(home.join("server.pem"), site.authority.server_pem()).unwrap();
        site.says("m", "code.example.com/m hg https://hg.example.org/r");
        let mut hg = Hg { repository: home.join("r"), site, server: None };
        fs::create_dir(&hg.repository).unwrap();
        hg.hg(&["init"]);
        hg.commit(&[("go.mod", "module code.example.com/m\n\ngo 1.21\n"), ("m.go", "package m\n")], 0);
        hg.hg(&["tag", "-u", "t", "-d", "1704067201 0", "v1.0.0"]);
        hg.commit(&[("m.go", "package m // 2\n"), ("LICENSE", "free\n")], 100);
        hg.serve();
        Some(hg)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("hg");
        command.args(args).current_dir(&self.repository).env("HGRCPATH", "").env("HGPLAIN", "1");
        command
    }

    fn hg(&self, args: &[&str]) -> String {
        run(&mut self.command(args)).ok().stdout
    }

    /// A commit so many seconds into the year 2024.
    fn commit(&self, files: &[(&str, &str)], seconds: u32) -> String {
        for (file, content) in files {
            fs::write(self.repository.join(file), content).unwrap();
        }
        let date = format!("{} 0", 1_704_067_200 + seconds);
        self.hg(&["commit", "-A", "-q", "-u", "t", "-d", &date, "-m", "c"]);
        self.hg(&["log", "-l1", "-r", ".", "--template", "{node}"])
    }

    fn serve(&mut self) {
        let pem = self.site.dir.path().join("server.pem");
        let pem = pem.to_str().unwrap();
        let args = ["serve", "--prefix", "r", "-a", "127.0.0.1", "-p", "0", "--certificate", pem];
        let server = Running::start(&mut self.command(&args));
        let line = server.first_line().expect("hg serves");
        let address = line.rsplit_once("bound to ").unwrap().1.trim_end_matches(')').parse().unwrap();
        self.site.tunnel.lead("hg.example.org:443", address);
        self.server = Some(server);
    }

    /// What a real `go` makes of a version by itself: the h1 hashes of its zip and its go.mod.
    fn by_go(&self, version: &str) -> (String, String) {
        let mut go = GoCommand::new("direct");
        for (name, value) in variables(self.site.dir.path(), &self.site.tunnel.url()) {
            go = go.env(&name, value);
        }
        let ran = go.run(["mod", "download", "-json", &format!("code.example.com/m@{version}")]).ok();
        let said: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        (said["Sum"].as_str().unwrap().to_owned(), said["GoModSum"].as_str().unwrap().to_owned())
    }

    /// The same of what is answered here.
    fn by_us(&self, version: &str) -> (String, String) {
        let files = self.site.zip(&format!("code.example.com/m/@v/{version}.zip"));
        let files = files.iter().map(|(name, content)| (name.as_str(), content.as_bytes()));
        let gomod = self.site.text(&format!("code.example.com/m/@v/{version}.mod"));
        (testkit::h1(files), testkit::gomod_h1(gomod.as_bytes()))
    }
}

fn variables(home: &Path, proxy: &str) -> Vec<(String, OsString)> {
    let at = |name: &str| home.join(name).into_os_string();
    [
        ("HTTPS_PROXY", OsString::from(proxy)),
        // Mercurial knows this one alone.
        ("http_proxy", proxy.into()),
        ("SSL_CERT_FILE", at("ca.pem")),
        ("HGRCPATH", at("hgrc")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn prepare(config: &mut DirectConfig) {
    let home = config.dir.parent().unwrap().to_owned();
    let environment = config.environment.as_mut().unwrap();
    let proxy = environment.iter().find(|(name, _)| name == "HTTPS_PROXY").unwrap().1.clone();
    let more = variables(&home, proxy.to_str().unwrap());
    environment.retain(|(name, _)| !more.iter().any(|(new, _)| *name == **new));
    environment.extend(more.into_iter().map(|(name, value)| (name.into(), value)));
}

fn set(config: &mut DirectConfig, name: &str, value: impl Into<OsString>) {
    let environment = config.environment.as_mut().unwrap();
    environment.retain(|(known, _)| known != name);
    environment.push((name.into(), value.into()));
}

/// A directory with these programs, for PATH.
fn bin(config: &mut DirectConfig, programs: &[(&str, Option<&str>)]) {
    let dir = config.dir.parent().unwrap().join("bin");
    fs::create_dir(&dir).unwrap();
    for (name, script) in programs {
        match script {
            None => symlink(find(name).unwrap(), dir.join(name)).unwrap(),
            Some(script) => {
                fs::write(dir.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
                fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }
    set(config, "PATH", dir);
}

#[test]
fn every_kind_of_request_is_answered_as_go_would() {
    let Some(hg) = Hg::new(|_| {}) else { return };
    let site = &hg.site;
    let base = "code.example.com/m";
    assert_eq!(site.text(&format!("{base}/@v/list")), "v1.0.0\n");
    let info = site.text(&format!("{base}/@v/v1.0.0.info"));
    assert!(
        info.starts_with("{\"Version\":\"v1.0.0\",\"Time\":\"2024-01-01T00:00:00Z\",\"Origin\":"),
        "{info}"
    );
    assert!(info.contains("\"URL\":\"https://hg.example.org/r\""), "{info}");
    assert!(site.text(&format!("{base}/@latest")).contains("\"Version\":\"v1.0.0\""));
    assert_eq!(hg.by_us("v1.0.0"), hg.by_go("v1.0.0"));

    let head = hg.hg(&["log", "-l1", "-r", "tip", "--template", "{node}"]);
    let made_up = format!("v1.0.1-0.20240101000140-{}", &head[..12]);
    for rev in ["default", &head[..12]] {
        let info = site.text(&format!("{base}/@v/{rev}.info"));
        assert!(info.contains(&format!("\"Version\":\"{made_up}\"")), "{rev}: {info}");
    }
    assert_eq!(hg.by_us(&made_up), hg.by_go(&made_up));

    // What comes later is seen at once: nothing that was known before stands for it.
    hg.hg(&["tag", "-u", "t", "-d", "1704067500 0", "v1.1.0"]);
    assert_eq!(site.text(&format!("{base}/@v/list")), "v1.0.0\nv1.1.0\n");
    // Nobody else hears of the module: only its page and its repository were asked.
    assert!(
        site.tunnel
            .asked()
            .iter()
            .all(|host| ["code.example.com:443", "hg.example.org:443"].contains(&host.as_str()))
    );
}

#[test]
fn a_path_may_say_by_itself_that_it_is_mercurial() {
    let Some(hg) = Hg::new(|_| {}) else { return };
    hg.commit(&[("go.mod", "module hg.example.org/r.hg\n")], 200);
    hg.hg(&["tag", "-u", "t", "-d", "1704067500 0", "v1.2.0"]);
    assert_eq!(hg.site.text("hg.example.org/r.hg/@v/v1.2.0.mod"), "module hg.example.org/r.hg\n");
}

#[test]
fn what_does_not_exist_is_absent() {
    let Some(hg) = Hg::new(|_| {}) else { return };
    let site = &hg.site;
    let base = "code.example.com/m";
    assert_eq!(site.absent(&format!("{base}/@v/v1.9.9.zip")), "invalid version: unknown revision v1.9.9");
    assert_eq!(site.absent(&format!("{base}/@v/nope.info")), "invalid version: unknown revision nope");
    let head = hg.hg(&["log", "-l1", "-r", "tip", "--template", "{node}"]);
    let text = site.absent(&format!("{base}/@v/v1.0.1-0.20240101000141-{}.info", &head[..12]));
    assert!(text.contains("does not match version-control timestamp"), "{text}");
    // A server that says itself that there is nothing.
    let text = site.absent("code.example.com/none.hg/@v/list");
    assert_eq!(text, "no secure protocol found for repository");
}

#[test]
fn a_server_that_is_gone_is_a_failure_even_where_go_says_that_there_is_nothing() {
    let Some(mut hg) = Hg::new(|_| {}) else { return };
    drop(hg.server.take());
    for what in ["@v/list", "@latest", "@v/default.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"] {
        let fault = hg.site.fault(&format!("code.example.com/m/{what}"));
        assert!(!fault.is_discovery(), "{what}: {fault}");
    }
    hg.site.fault("hg.example.org/r.hg/@v/list");
}

#[test]
fn govcs_is_obeyed() {
    let in_environment = |config: &mut DirectConfig| set(config, "GOVCS", "*:git");
    let in_a_file = |config: &mut DirectConfig| config.go = vec![("GOVCS".into(), "*:git".into())];
    for configured in [in_environment as fn(&mut DirectConfig), in_a_file] {
        let Some(hg) = Hg::new(configured) else { return };
        let fault = hg.site.fault("code.example.com/m/@v/v1.0.0.zip");
        assert!(fault.to_string().contains("GOVCS disallows using hg"), "{fault}");
    }
}

#[test]
fn a_tool_that_hangs_is_ended_with_all_that_it_started() {
    let hang = |config: &mut DirectConfig| {
        bin(config, &[("go", None), ("hg", Some("/bin/sleep 600 & echo $! > \"$HOME/sleeping\"; wait"))]);
        config.limits.time = Duration::from_secs(3);
    };
    let Some(hg) = Hg::new(hang) else { return };
    let fault = hg.site.fault("code.example.com/m/@v/v1.0.0.zip");
    assert_eq!(fault.kind(), FaultKind::Timeout, "{fault}");
    let pid = fs::read_to_string(hg.site.dir.path().join("sleeping")).unwrap();
    let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "it lives on: {state}");
    assert_eq!(fs::read_dir(hg.site.dir.path().join("git/go")).unwrap().count(), 0, "nothing is left");
}

#[test]
fn what_a_tool_says_is_not_taken_for_what_go_says() {
    let lie = "echo 'abort: unknown revision v1.0.0' >&2; exit 255";
    let Some(hg) = Hg::new(|config| bin(config, &[("go", None), ("hg", Some(lie))])) else { return };
    for what in ["@v/list", "@v/v1.0.0.info", "@v/v1.0.0.zip"] {
        hg.site.fault(&format!("code.example.com/m/{what}"));
    }
}

#[test]
fn a_missing_tool_is_named() {
    for (have, missing) in [(&[][..], "`go`"), (&[("go", Some("exit 1"))][..], "`svn`")] {
        let Some(site) = Site::with(|config| bin(config, have)) else { return };
        site.says("s", "code.example.com/s svn https://svn.example.org/s");
        let fault = site.fault("code.example.com/s/@v/list");
        assert!(fault.to_string().contains(&format!("there is no {missing} in PATH")), "{fault}");
        assert!(!fault.is_discovery(), "{fault}");
    }
    let Some(site) = Site::with(|config| bin(config, &[("go", Some("exit 1"))])) else { return };
    for (vcs, program) in [("hg", "hg"), ("fossil", "fossil"), ("bzr", "bzr")] {
        site.says("x", &format!("code.example.com/x{vcs} {vcs} https://x.example.org/x"));
        site.says(&format!("x{vcs}"), &format!("code.example.com/x{vcs} {vcs} https://x.example.org/x"));
        let fault = site.fault(&format!("code.example.com/x{vcs}/@v/list"));
        assert!(fault.to_string().contains(&format!("there is no `{program}` in PATH")), "{fault}");
    }
}

#[test]
fn private_addresses_are_no_less_refused() {
    let Some(hg) = Hg::new(|_| {}) else { return };
    hg.site.says("inside", "code.example.com/inside hg https://10.0.0.1/r");
    let fault = hg.site.fault("code.example.com/inside/@v/list");
    assert!(fault.to_string().contains("allow_private_hosts"), "{fault}");
}
