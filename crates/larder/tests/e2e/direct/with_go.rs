//! A real `go` that has nothing but Larder builds with private modules.

use testkit::{GoCommand, ScriptedUpstream, TestServer};

use super::site::{CODE, Site, VANITY};
use crate::world::tree;

/// A site with a module that a page leads to, and that needs the two of another repository.
fn site() -> Option<Site> {
    let site = Site::with_lib()?;
    let git = &site.repositories;
    git.init("elsewhere/vanity", &[]);
    git.commit(
        "elsewhere/vanity",
        &[
            (
                "go.mod",
                &format!(
                    "module {VANITY}/vanity\n\nrequire (\n\t{CODE}/team/lib.git v1.0.0\n\t{CODE}/team/lib.git/sub v0.2.0\n)\n"
                ),
            ),
            (
                "vanity.go",
                &format!(
                    "package vanity\n\nimport (\n\t\"{CODE}/team/lib.git\"\n\t\"{CODE}/team/lib.git/sub\"\n)\n\nconst N = lib.N + sub.N\n"
                ),
            ),
        ],
    );
    git.git("elsewhere/vanity", &["tag", "v1.0.0"]);
    site.announces("vanity", &format!("{VANITY}/vanity git https://{CODE}/elsewhere/vanity"));
    site.wants_a_login();
    Some(site)
}

/// A project that needs all of them, as one `go` sees it, and another one that comes later.
fn project(server: &TestServer) -> GoCommand {
    let project = || {
        let go = GoCommand::new(&server.url());
        go.write("go.mod", "module test\n\ngo 1.21\n");
        let main =
            format!("package main\n\nimport \"{VANITY}/vanity\"\n\nfunc main() {{ println(vanity.N) }}\n");
        go.write("main.go", &main);
        go.run(["mod", "tidy"]).ok();
        go.run(["list", "-deps", "."]).ok();
        go
    };
    let (first, second) = (project(), project());
    assert_eq!(first.read("go.sum"), second.read("go.sum"));
    assert!(first.read("go.mod").contains(&format!("{CODE}/team/lib.git/sub v0.2.0 // indirect")));
    let listed = first.run(["list", "-m", "-versions", &format!("{CODE}/team/lib.git")]).ok();
    assert_eq!(listed.stdout, format!("{CODE}/team/lib.git v1.0.0 v1.1.0\n"));
    first.run(["get", &format!("{CODE}/team/lib.git@latest")]).ok();
    assert!(first.read("go.mod").contains(&format!("{CODE}/team/lib.git v1.1.0")));
    first.run(["get", &format!("{CODE}/team/lib.git@main")]).ok();
    first.run(["mod", "verify"]).ok();
    let nowhere = first.run(["get", &format!("{CODE}/team/lib.git@v1.7.0")]).fails();
    assert!(nowhere.stderr.contains("unknown revision v1.7.0"), "{nowhere}");
    second
}

#[test]
fn private_modules_nested_and_vanity_with_a_login_and_an_authority_of_the_company() {
    let Some(site) = site() else { return };
    let upstream = ScriptedUpstream::serving(tree());
    let server = site.larder().serve(&upstream.url()).start();
    let go = project(&server);
    go.run(["build", "-o", "program", "."]).ok();
    let ran = testkit::run(&mut std::process::Command::new(go.work().join("program"))).ok();
    assert_eq!(ran.stderr, "31\n");
    assert_eq!(upstream.seen().len(), 0, "no proxy has heard of it");
    let hosts = [CODE, VANITY].map(|host| format!("{host}:443"));
    assert_eq!(site.hosts(), hosts);
}

#[test]
fn without_go_on_the_machine_of_the_mirror() {
    let Some(site) = site() else { return };
    let bin = site.only(&["git"]);
    let server = site.larder().env("PATH", bin).serve("off").start();
    project(&server);
}

#[test]
fn without_git_on_the_machine_of_the_mirror() {
    let Some(site) = site() else { return };
    let bin = site.only(&[]);
    let server = site.larder().env("PATH", bin).serve("off").start();
    project(&server);
}

#[test]
fn a_chain_of_nothing_but_direct() {
    let Some(site) = site() else { return };
    let server = site.larder().unset("GOPRIVATE").serve("direct").start();
    project(&server);
}

/// One repository is fetched once for all its modules, and who asks again costs it nothing.
#[test]
fn modules_of_one_repository_share_what_is_known_of_it() {
    let Some(site) = Site::with_lib() else { return };
    let server = site.larder().serve("off").start();
    for path in ["@v/v1.0.0.info", "@v/v1.1.0.info", "sub/@v/v0.2.0.info", "@v/list", "sub/@v/list"] {
        server.get(&format!("/{CODE}/team/lib.git/{path}")).expect(200);
    }
    let lists = site.server.asked("team/lib*/info/refs");
    assert!(lists <= 3, "its references were listed {lists} times");
}
