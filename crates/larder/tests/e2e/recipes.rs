//! What docs/PRIVATE.md says is so: its configuration is valid, its settings are Go's, and its recipes work.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use testkit::{GoCommand, Larder, ModuleTree, ScriptedUpstream, TestServer, run};

use crate::{
    direct::site::{CODE, Site, VANITY},
    world::{larder, tree},
};

const PAGE: &str = include_str!("../../../../docs/PRIVATE.md");

/// The code blocks of a language below a heading, or of the whole page.
fn blocks(language: &str, heading: Option<&str>) -> Vec<String> {
    let section = match heading {
        None => PAGE,
        Some(heading) => {
            let start = PAGE.find(&format!("\n## {heading}\n")).expect("a heading");
            let rest = &PAGE[start + 4..];
            rest.find("\n## ").map_or(rest, |end| &rest[..end])
        }
    };
    let mut found = Vec::new();
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        if let Some(opened) = line.strip_prefix("```").filter(|opened| !opened.is_empty()) {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            if opened == language {
                found.push(block.join("\n") + "\n");
            }
        } else if line == "```" {
            let _ = lines.by_ref().find(|line| *line == "```");
        }
    }
    found
}

/// A block as a configuration file of this Larder, with the key that it names.
fn config(larder: &Larder, block: &str) -> String {
    let key = larder.home().join("sum.key");
    if block.contains("sum.key") && !key.exists() {
        larder.run(["sumdb", "keygen", "sum.corp.example.com", "--out", key.to_str().unwrap()]).ok();
    }
    let token = larder.home().join("git.token");
    fs::write(&token, "t0ken\n").unwrap();
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    let file = larder.home().join("larder.toml");
    fs::write(&file, block.replace("/etc/larder/", &format!("{}/", larder.home().display()))).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The one route of a recipe.
fn route(heading: &str) -> String {
    blocks("toml", Some(heading)).into_iter().next().expect("a block")
}

/// What `go env -w` in a block of the page sets, as a `go` on a developer's machine has it; Larder's address is the
/// server's.
fn developer(server: &TestServer, block: &str) -> GoCommand {
    let mut go = GoCommand::new("off").sumdb("sum.golang.org");
    for line in block.lines().filter_map(|line| line.strip_prefix("go env -w ")) {
        let (name, value) = line.split_once('=').unwrap();
        let value = value.trim_matches('\'').replace("http://larder.corp.example.com:4873", &server.url());
        go = go.env(name, value);
    }
    go
}

/// Builds a program that prints what a package says.
fn prints(go: &GoCommand, package: &str, want: &str) {
    go.write("go.mod", "module test\n\ngo 1.21\n");
    let name = package.rsplit('/').next().unwrap().trim_end_matches(".git");
    go.write(
        "main.go",
        &format!("package main\n\nimport \"{package}\"\n\nfunc main() {{ println({name}.N) }}\n"),
    );
    go.run(["mod", "tidy"]).ok();
    go.run(["build", "-o", "program", "."]).ok();
    assert_eq!(run(&mut Command::new(go.work().join("program"))).ok().stderr, format!("{want}\n"));
}

/// A Larder behind which nothing is known but the site, and no name is private but by what the page says.
fn served(site: &Site, upstream: &ScriptedUpstream, block: &str) -> TestServer {
    let larder = site.larder().unset("GOPRIVATE");
    let file = config(&larder, block);
    larder.serve(&upstream.url()).flag("--config", file).start()
}

#[test]
fn every_block_of_configuration_is_valid() {
    let all = blocks("toml", None);
    assert!(all.len() >= 8, "{} blocks", all.len());
    for block in all {
        let larder = larder();
        let file = config(&larder, &block);
        let ran = larder.run(["config", "check", &file, "--upstream", "https://proxy.example.com"]);
        assert_eq!(
            (ran.code(), ran.stdout.as_str(), ran.stderr.as_str()),
            (Some(0), "ok\n", ""),
            "{block}{ran}"
        );
    }
}

#[test]
fn every_setting_is_one_that_go_takes() {
    let lines = blocks("sh", None).concat();
    let settings: Vec<_> = lines.lines().filter_map(|line| line.strip_prefix("go env -w ")).collect();
    assert!(settings.len() >= 6, "{settings:?}");
    let go = GoCommand::new("off");
    let file = go.work().join("env");
    let go = go.env("GOENV", &file);
    for setting in settings {
        let (name, value) = setting.split_once('=').unwrap();
        go.run(["env", "-w", &format!("{name}={}", value.trim_matches('\''))]).ok();
        assert!(fs::read_to_string(&file).unwrap().contains(name));
    }
}

/// The recipe for a git server with logins, for developers who have no database of their own.
#[test]
fn a_server_that_wants_a_login_and_developers_without_any() {
    let Some(site) = Site::with_lib() else { return };
    site.wants_a_login();
    let upstream = ScriptedUpstream::serving(tree());
    let server = served(&site, &upstream, &route("Gitea and Forgejo"));
    let machines = blocks("sh", Some("Developers' machines"));
    prints(&developer(&server, &machines[1]), &format!("{CODE}/team/lib.git"), "2");
    // Many modules in one repository: nothing more has to be said.
    prints(&developer(&server, &machines[1]), &format!("{CODE}/team/lib.git/sub"), "30");
    assert_eq!(upstream.seen().len(), 0, "no proxy has heard of it");
    assert_eq!(site.hosts(), [format!("{CODE}:443")]);
    let zip = server.get(&format!("/{CODE}/team/lib.git/@v/v1.1.0.zip")).expect(200);
    assert_eq!(zip.header("X-Larder-Verified"), Some("first-sight"));
}

/// GOPRIVATE alone leads past Larder; with the other half taken back it does not.
#[test]
fn goprivate_passes_larder_by_unless_half_of_it_is_taken_back() {
    let Some(site) = Site::with_lib() else { return };
    let upstream = ScriptedUpstream::serving(tree());
    let server = served(&site, &upstream, &route("Gitea and Forgejo"));
    let machines = blocks("sh", Some("Developers' machines"));
    let (proxy, half) = (machines[1].lines().next().unwrap(), &machines[2]);
    let (private, back) = half.trim().split_once('\n').unwrap();
    assert!(private.contains("GOPRIVATE=") && back.contains("GONOPROXY=none"), "{half}");
    let package = format!("{CODE}/team/lib.git");
    // Nothing leads from there to the repository.
    let alone = developer(&server, &format!("{proxy}\n{private}\n")).env("HTTPS_PROXY", "http://127.0.0.1:1");
    alone.write("go.mod", "module test\n\ngo 1.21\n");
    alone.run(["get", &package]).fails();
    assert!(site.hosts().is_empty(), "Larder was not asked");
    prints(&developer(&server, &format!("{proxy}\n{half}")), &package, "2");
}

/// With a database of one's own nothing is said about names, and everything is verified.
#[test]
fn a_database_of_ones_own_verifies_what_is_private() {
    let Some(site) = Site::with_lib() else { return };
    let block = blocks("toml", Some("Developers' machines")).remove(0);
    let larder = site.larder().unset("GOPRIVATE");
    let file = config(&larder, &block);
    let key = fs::read_to_string(larder.home().join("sum.key")).unwrap();
    assert!(key.contains("sum.corp.example.com"));
    let upstream = ScriptedUpstream::serving(tree());
    let server = larder.serve(&upstream.url()).flag("--config", file).start();
    let shown: serde_json::Value =
        serde_json::from_str(&server.get("/api/v1/sumdb/sum.corp.example.com").expect(200).text()).unwrap();
    let vkey = shown["key"].as_str().expect("its public key");
    let machine =
        blocks("sh", Some("Developers' machines"))[0].replace("sum.corp.example.com+HASH+KEY", vkey);
    let go = developer(&server, &machine);
    prints(&go, &format!("{CODE}/team/lib.git"), "2");
    assert!(go.read("go.sum").contains(&format!("{CODE}/team/lib.git v1.1.0 h1:")));
    assert_eq!(upstream.seen().len(), 0, "nobody else has heard of it");
}

#[test]
fn a_name_of_ones_own_leads_to_a_repository() {
    let Some(site) = Site::new() else { return };
    let git = &site.repositories;
    git.init("team/lib", &[]);
    let gomod = format!("module {VANITY}/lib\n");
    git.commit("team/lib", &[("go.mod", &gomod), ("lib.go", "package lib\n\nconst N = 7\n")]);
    git.git("team/lib", &["tag", "v1.0.0"]);
    let page = blocks("html", Some("A domain of your own")).remove(0);
    let tag = page.split("content=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a tag");
    site.announces("lib", tag);
    site.wants_a_login();
    let upstream = ScriptedUpstream::serving(ModuleTree::default());
    let server = served(&site, &upstream, &route("A domain of your own"));
    let machine = &blocks("sh", Some("Developers' machines"))[1];
    prints(&developer(&server, machine), &format!("{VANITY}/lib"), "7");
    assert_eq!(upstream.seen().len(), 0);
    assert_eq!(site.hosts(), [CODE, VANITY].map(|host| format!("{host}:443")));
}

/// `ssh` is one that leads to the repositories of the fixture, whatever host is named.
#[test]
fn repositories_that_are_reached_by_ssh_alone() {
    let Some(site) = Site::new() else { return };
    let git = &site.repositories;
    git.init("team/lib", &[]);
    let gomod = "module git.corp.example.com/team/lib.git\n";
    git.commit("team/lib", &[("go.mod", gomod), ("lib.go", "package lib\n\nconst N = 9\n")]);
    git.git("team/lib", &["tag", "v1.0.0"]);
    let larder = site.larder().unset("GOPRIVATE");
    let home = larder.home();
    for line in blocks("sh", Some("git over ssh")).concat().lines() {
        let Some(words) = line.strip_prefix("git config --global ") else { continue };
        let (key, value) = words.split_once(' ').unwrap();
        let (key, value) = (key.replace('"', ""), value.trim_matches('"'));
        run(Command::new("git").args(["config", "--file"]).arg(home.join(".gitconfig")).args([&key, value]))
            .ok();
    }
    let ssh = ssh(&home, &git.path(""));
    let file = config(&larder, &route("git over ssh"));
    let server = larder.env("GIT_SSH_COMMAND", ssh).serve("off").flag("--config", file).start();
    let machine = &blocks("sh", Some("Developers' machines"))[1];
    prints(&developer(&server, machine), "git.corp.example.com/team/lib.git", "9");
    let log = fs::read_to_string(home.join("ssh.log")).unwrap();
    assert!(log.lines().all(|line| line.contains("git@git.corp.example.com")), "{log}");
}

/// A command that stands for `ssh`: it runs what should be run there, here, and notes to whom it would have gone.
fn ssh(home: &Path, root: &Path) -> String {
    let script = home.join("ssh.sh");
    let (log, root) = (home.join("ssh.log"), root.display().to_string());
    let text = format!(
        "#!/bin/sh\necho \"$*\" >> {}\nfor last; do :; done\nexec sh -c \"$(printf %s \"$last\" | sed \"s#'/#'{}/#\")\"\n",
        log.display(),
        root.trim_end_matches('/')
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script.to_str().unwrap().to_owned()
}
