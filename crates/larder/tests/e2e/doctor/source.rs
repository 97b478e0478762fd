//! Faults of the layer that `doctor::source` looks at: a company's git server, and what keeps a real `go` and a real
//! `git` from it.

mod logins;
mod pairs;
mod ssh;

use std::{fs, os::unix::fs::PermissionsExt};

use testkit::{GoCommand, ScriptedUpstream, note};

use super::{Report, doctor};
use crate::{
    direct::site::{CODE, PRIVATE, Site, VANITY},
    world,
};

/// A project that needs a private module, on a machine that reaches the site.
fn project(site: &Site) -> GoCommand {
    let go = requiring(&format!("{CODE}/team/lib.git v1.0.0"));
    go.env("HTTPS_PROXY", site.tunnel.url())
        .env("SSL_CERT_FILE", site.ca())
        .env("GIT_SSL_CAINFO", site.ca())
        .env("GOPRIVATE", PRIVATE)
}

fn requiring(module: &str) -> GoCommand {
    let go = GoCommand::new("off");
    go.write("go.mod", &format!("module example.com/own\n\ngo 1.21\n\nrequire {module}\n"));
    go
}

/// A file in its home.
fn at_home(go: &GoCommand, name: &str, text: &str, mode: u32) {
    let file = go.work().join("../home").join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
}

fn source(go: &GoCommand) -> Report {
    doctor(go, &["--check", "source"])
}

/// Real `go` fails to fetch.
fn go_fails(go: &GoCommand) -> String {
    go.run(["mod", "download", "all"]).fails().stderr
}

#[test]
fn nothing_is_wrong() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site);
    go.run(["mod", "download", "all"]).ok();
    let report = doctor(&go, &["--check", "source,git,netrc,logins,privacy"]);
    report.healthy();
    let passed = report.json["passed"].as_array().unwrap();
    assert!(
        passed.iter().any(|line| line.as_str().unwrap().contains("team/lib.git can be read")),
        "{}",
        report.ran
    );
}

#[test]
fn no_git_where_nothing_needs_it_is_no_fault() {
    let upstream = ScriptedUpstream::serving(world::tree());
    let go = world::project(&upstream.url()).env("PATH", "/nowhere");
    doctor(&go, &["--check", "source,git"]).healthy();
}

#[test]
fn no_git_where_something_needs_it() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site).env("PATH", site.only(&["sh"]));
    go_fails(&go);
    source(&go).is("L4-NO-GIT");
    doctor(&go, &["--check", "source", "--offline"]).is("L4-NO-GIT");
}

#[test]
fn git_says_something_that_nobody_knows() {
    let Some(site) = Site::with_lib() else { return };
    let bin = site.only(&["sh", "git"]);
    fs::rename(bin.join("git"), bin.join("real")).unwrap();
    // To see which protocol is spoken, go asks before; that must work, or it tells of nothing else.
    let script = "#!/bin/sh\ncase \"$*\" in *'ls-remote -q'*) echo 'fatal: the moon is full' >&2; exit 128;; esac\nexec real \"$@\"\n";
    let git = bin.join("git");
    fs::write(&git, script).unwrap();
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).unwrap();
    let go = project(&site).env("PATH", bin);
    let said = go_fails(&go);
    assert!(said.contains("the moon is full"), "{said}");
    let report = source(&go);
    let finding = report.is("L4-VCS-FAILS");
    assert!(finding["evidence"].to_string().contains("the moon is full"), "{finding}");
}

#[test]
fn govcs_forbids_it() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site).env("GOVCS", "private:hg,public:all");
    assert!(go_fails(&go).contains("GOVCS disallows"));
    source(&go).is("L4-GOVCS-FORBIDS");
}

#[test]
fn a_rewriting_leads_astray() {
    let Some(site) = Site::with_lib() else { return };
    for to in [&format!("https://{CODE}/gone/"), "ext::sh -c true ", "https://127.0.0.1:1/team/"] {
        let go = project(&site).env("NO_PROXY", "127.0.0.1");
        at_home(&go, ".gitconfig", &format!("[url \"{to}\"]\n\tinsteadOf = https://{CODE}/team/\n"), 0o600);
        go_fails(&go);
        let report = source(&go);
        let finding = report.is("L4-INSTEADOF");
        assert!(finding["evidence"][0].as_str().unwrap().contains("insteadOf makes"), "{to}: {finding}");
    }
}

#[test]
fn a_rewriting_leaves_a_host_without_protection() {
    let Some(site) = Site::with_lib() else { return };
    // A repository as plain files, which any web server gives out.
    let plain = ScriptedUpstream::serving(world::tree());
    site.repositories.git("team/lib", &["update-server-info"]);
    let git = site.repositories.path("team/lib/.git");
    let mut dirs = vec![git.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                dirs.push(entry);
            } else {
                let name = format!("team/lib/{}", entry.strip_prefix(&git).unwrap().display());
                plain.always(&name, testkit::Reply::ok(fs::read(&entry).unwrap()));
            }
        }
    }
    let go = project(&site).env("NO_PROXY", "127.0.0.1");
    let to = plain.url();
    at_home(&go, ".gitconfig", &format!("[url \"{to}/\"]\n\tinsteadOf = https://{CODE}/\n"), 0o600);
    go.run(["mod", "download", "all"]).ok();
    source(&go).is("L4-INSTEADOF-PLAIN");
}

#[test]
fn a_private_host_cannot_be_reached() {
    let go = requiring("127.0.0.1/team/lib.git v1.0.0").env("GOPRIVATE", "127.0.0.1");
    if !testkit::require("git", testkit::GitFixture::is_possible()) {
        return;
    }
    go_fails(&go);
    source(&go).is("L4-HOST-UNREACHABLE");
    // Its name is asked of nobody.
    let offline = doctor(&go, &["--check", "source", "--offline"]);
    offline.healthy();
    assert_ne!(offline.json["unchecked"].as_array().unwrap().len(), 0, "{}", offline.ran);
}

#[test]
fn the_proxy_of_the_git_configuration_is_gone() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site);
    at_home(&go, ".gitconfig", "[http]\n\tproxy = http://127.0.0.1:1\n", 0o600);
    go_fails(&go);
    source(&go).is("L4-GIT-PROXY");
}

#[test]
fn git_does_not_trust_the_companys_authority() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site).env("GIT_SSL_CAINFO", "/etc/ssl/certs/ca-certificates.crt");
    go_fails(&go);
    source(&go).is("L4-GIT-CERTIFICATE");
}

#[test]
fn git_cannot_read_its_configuration() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site);
    at_home(&go, ".gitconfig", "[user\n\tname = x\n", 0o600);
    go_fails(&go);
    let report = doctor(&go, &["--check", "git,source"]);
    let finding = report.is("L4-GIT-CONFIG");
    assert!(finding["evidence"][0].as_str().unwrap().contains(".gitconfig"), "{finding}");
}

#[test]
fn git_does_not_trust_the_projects_directory() {
    let Some(site) = Site::with_lib() else { return };
    if std::os::unix::fs::chown(site.ca(), Some(65534), None).is_err() {
        note("skipped: only root gives files away");
        return;
    }
    let go = GoCommand::new("off");
    go.write("go.mod", "module example.com/own\n\ngo 1.21\n");
    go.write("main.go", "package main\n\nfunc main() {}\n");
    let git = std::process::Command::new("git").args(["init", "-q"]).current_dir(go.work()).status().unwrap();
    assert!(git.success());
    doctor(&go, &["--check", "git"]).healthy();
    for dir in [go.work(), go.work().join(".git")] {
        std::os::unix::fs::chown(dir, Some(65534), None).unwrap();
    }
    assert!(go.run(["build", "-o", "/dev/null", "."]).fails().stderr.contains("error obtaining VCS status"));
    doctor(&go, &["--check", "git"]).is("L4-GIT-OWNER");
}

#[test]
fn there_is_no_such_repository() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site);
    go.write(
        "go.mod",
        &format!("module example.com/own\n\ngo 1.21\n\nrequire {CODE}/team/gone.git v1.0.0\n"),
    );
    go_fails(&go);
    source(&go).is("L4-REPOSITORY-ABSENT");
}

#[test]
fn there_is_no_such_version() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site);
    let sub = format!("{CODE}/team/lib.git/sub");
    go.write("go.mod", &format!("module example.com/own\n\ngo 1.21\n\nrequire {sub} v0.2.0\n"));
    go.run(["mod", "download", "all"]).ok();
    source(&go).healthy();
    go.write("go.mod", &format!("module example.com/own\n\ngo 1.21\n\nrequire {sub} v0.3.0\n"));
    assert!(go_fails(&go).contains("unknown revision"));
    source(&go).is("L4-UNKNOWN-REVISION");
}

/// Ten repositories of one host.
#[test]
fn the_last_of_many_repositories_is_gone() {
    let Some(site) = Site::with_lib() else { return };
    let names: Vec<_> = (10..20).map(|n| format!("{CODE}/team/r{n}.git")).collect();
    for name in &names[..9] {
        let repository = name.strip_prefix(&format!("{CODE}/")).unwrap().trim_end_matches(".git");
        site.repositories.init(repository, &[]);
        site.repositories
            .commit(repository, &[("go.mod", &format!("module {name}\n")), ("a.go", "package a\n")]);
        site.repositories.git(repository, &["tag", "v1.0.0"]);
    }
    let go = project(&site);
    let lines = names.iter().fold(String::new(), |all, name| all + "require " + name + " v1.0.0\n");
    go.write("go.mod", &format!("module example.com/own\n\ngo 1.21\n\n{lines}"));
    let report = source(&go);
    assert_eq!(
        report.is("L4-REPOSITORY-ABSENT")["evidence"][0].as_str().unwrap().split(':').next(),
        Some(&*names[9])
    );
    assert_eq!(report.json["passed"].as_array().unwrap().len(), 9, "{}", report.ran);
    assert_eq!(report.json["unchecked"].as_array().unwrap().len(), 0, "{}", report.ran);
}

#[test]
fn no_page_says_where_the_repository_is() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site);
    go.write("go.mod", &format!("module example.com/own\n\ngo 1.21\n\nrequire {VANITY}/lib v1.0.0\n"));
    site.server.always("lib", testkit::Reply::html());
    go_fails(&go);
    source(&go).is("L4-NO-GO-IMPORT");
}

#[test]
fn the_page_of_a_public_module_cannot_be_had() {
    let Some(site) = Site::with_lib() else { return };
    let go = project(&site).env("GOPRIVATE", "").env("GOPROXY", "direct");
    go.write("go.mod", &format!("module example.com/own\n\ngo 1.21\n\nrequire {VANITY}/lib v1.0.0\n"));
    site.server.always("lib", testkit::Reply::reset());
    go_fails(&go);
    source(&go).is("L4-DISCOVERY-FAILS");
}
