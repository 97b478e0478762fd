//! Faults of the layer that `doctor::privacy` looks at.

use std::fs;

use testkit::{GoCommand, ModuleTree, ScriptedUpstream};

use super::{Report, doctor};

/// A proxy that could have the private module, and notes who is asked for.
fn proxy() -> ScriptedUpstream {
    ScriptedUpstream::serving(ModuleTree::parse(
        "-- git.corp.example.net/team/lib@v1.0.0/go.mod --\nmodule git.corp.example.net/team/lib\n\
         -- git.corp.example.net/team/lib@v1.0.0/lib.go --\npackage lib\n\
         -- example.com/public@v1.0.0/go.mod --\nmodule example.com/public\n\
         -- example.com/public@v1.0.0/public.go --\npackage public\n",
    ))
}

const LIB: &str = "git.corp.example.net/team/lib";
const HASHES: &str = "\
git.corp.example.net/team/lib v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
git.corp.example.net/team/lib v1.0.0/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
";

/// A project that needs a private module and a public one.
fn project(proxy: &str) -> GoCommand {
    let go = GoCommand::new(proxy);
    go.write(
        "go.mod",
        &format!(
            "module example.com/own\n\ngo 1.21\n\nrequire {LIB} v1.0.0\n\nrequire example.com/public v1.0.0\n"
        ),
    );
    go.write("main.go", &format!("package main\n\nimport _ \"{LIB}\"\n\nfunc main() {{}}\n"));
    go
}

/// What shows that the module is private: a login for its host.
fn with_netrc(go: &GoCommand) {
    let netrc = go.work().join("../home/.netrc");
    fs::write(&netrc, "machine git.corp.example.net login robot password hunter2\n").unwrap();
    fs::set_permissions(&netrc, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn privacy(go: &GoCommand) -> Report {
    let report = doctor(go, &["--check", "privacy"]);
    assert!(!report.ran.stdout.contains("hunter2"), "{}", report.ran);
    report
}

/// The value that the cure sets.
fn cure(finding: &serde_json::Value, variable: &str) -> String {
    let commands = finding["cure"]["commands"].as_array().unwrap();
    let set = commands.iter().find_map(|command| {
        command.as_str()?.strip_prefix("go env -w ")?.strip_prefix(variable)?.strip_prefix('=')
    });
    set.unwrap().trim_matches('\'').to_owned()
}

#[test]
fn a_private_module_of_a_host_with_a_login_is_told_to_a_proxy() {
    let proxy = proxy();
    let go = project(&proxy.url()).env("GOPRIVATE", "a.example.org,*.b.example.org");
    with_netrc(&go);
    go.run(["mod", "download", &format!("{LIB}@v1.0.0")]).ok();
    assert_ne!(proxy.asked(&format!("{LIB}/*")), 0, "its name was told");

    proxy.forget();
    let report = privacy(&go);
    let finding = report.is("L1-PRIVATE-TO-PROXY");
    assert_eq!(proxy.seen().len(), 0, "nobody is asked");
    let value = cure(finding, "GOPRIVATE");
    assert_eq!(value, "a.example.org,*.b.example.org,git.corp.example.net");

    // On a machine that does not have it yet.
    let go = project(&proxy.url()).env("GOPRIVATE", value);
    with_netrc(&go);
    privacy(&go).healthy();
    go.run(["mod", "download", &format!("{LIB}@v1.0.0")]).fails();
    assert_eq!(proxy.seen().len(), 0, "its name stays inside");
}

/// The directory that the doctor looks at has no module of its own, and go.work nothing to fetch.
#[test]
fn a_module_of_a_workspace_needs_a_private_one() {
    let proxy = proxy();
    let go = GoCommand::new(&proxy.url());
    go.write("go.work", "go 1.21\n\nuse ./app\nuse ./tool\n");
    go.write("app/go.mod", "module example.com/own/app\n\ngo 1.21\n");
    go.write("app/app.go", "package app\n");
    go.write("tool/go.mod", &format!("module example.com/own/tool\n\ngo 1.21\n\nrequire {LIB} v1.0.0\n"));
    go.write("tool/tool.go", &format!("package tool\n\nimport _ \"{LIB}\"\n"));
    with_netrc(&go);
    go.run(["mod", "download"]).ok();
    assert_ne!(proxy.asked(&format!("{LIB}/*")), 0, "its name was told");
    let report = privacy(&go);
    let finding = report.is("L1-PRIVATE-TO-PROXY");
    assert!(finding["evidence"][0].as_str().unwrap().contains("(tool/go.mod)"), "{finding}");
    privacy(&go.env("GOPRIVATE", cure(finding, "GOPRIVATE"))).healthy();
}

#[test]
fn another_go_mod_needs_a_private_module() {
    let proxy = proxy();
    let go = GoCommand::new(&proxy.url());
    go.write("go.mod", "module example.com/own\n\ngo 1.21\n");
    go.write("ci.mod", &format!("module example.com/own\n\ngo 1.21\n\nrequire {LIB} v1.0.0\n"));
    with_netrc(&go);
    privacy(&go).healthy();
    let go = go.env("GOFLAGS", "-modfile=ci.mod");
    go.run(["mod", "download"]).ok();
    assert_ne!(proxy.asked(&format!("{LIB}/*")), 0, "its name was told");
    let report = privacy(&go);
    assert!(report.is("L1-PRIVATE-TO-PROXY")["evidence"][0].as_str().unwrap().contains("(ci.mod)"));
}

#[test]
fn a_private_module_of_the_remotes_host_is_told_to_a_proxy() {
    let proxy = proxy();
    let go = project(&proxy.url());
    privacy(&go).healthy();
    go.write(".git/config", "[remote \"origin\"]\n\turl = git@git.corp.example.net:team/own.git\n");
    let report = privacy(&go);
    assert_eq!(cure(report.is("L1-PRIVATE-TO-PROXY"), "GOPRIVATE"), "git.corp.example.net");
}

#[test]
fn a_private_module_whose_url_is_rewritten_is_told_to_a_proxy() {
    let proxy = proxy();
    let go = project(&proxy.url());
    go.write(
        "../home/.gitconfig",
        "[url \"git@git.corp.example.net:\"]\n\tinsteadOf = https://git.corp.example.net/\n",
    );
    privacy(&go).is("L1-PRIVATE-TO-PROXY");
}

#[test]
fn an_import_of_a_name_that_is_known_inside_only_is_told_to_a_proxy() {
    let proxy = proxy();
    let go = GoCommand::new(&proxy.url());
    go.write("go.mod", "module example.com/own\n\ngo 1.21\n");
    go.write(
        "cmd/x/main.go",
        "package main\n\nimport _ \"git.corp.internal/team/lib/pkg\"\n\nfunc main() {}\n",
    );
    let report = privacy(&go);
    let finding = report.is("L1-PRIVATE-TO-PROXY");
    assert!(finding["evidence"][0].as_str().unwrap().contains("cmd/x/main.go"), "{finding}");
    go.run(["mod", "tidy"]).fails();
    assert_ne!(proxy.asked("git.corp.internal/*"), 0, "its name was told");
}

#[test]
fn a_private_module_is_looked_up_in_a_public_database() {
    let proxy = proxy();
    proxy.always("sumdb/sum.golang.org/supported", testkit::Reply::ok(""));
    let go = project(&proxy.url()).sumdb("sum.golang.org");
    with_netrc(&go);
    go.run(["mod", "download", LIB]).fails();
    assert_ne!(proxy.asked(&format!("sumdb/*/lookup/{LIB}@*")), 0, "the database was asked");
    privacy(&go).is("L1-PRIVATE-TO-DATABASE");
    // What go.sum vouches for, no database is asked for.
    go.write("go.sum", HASHES);
    privacy(&go).is("L1-PRIVATE-TO-PROXY");
}

#[test]
fn gonosumdb_hides_what_goprivate_says() {
    let proxy = proxy();
    proxy.always("sumdb/sum.golang.org/supported", testkit::Reply::ok(""));
    let go = project(&proxy.url()).sumdb("sum.golang.org").env("GOPRIVATE", "git.corp.example.net");
    let go = go.env("GONOPROXY", "none").env("GONOSUMDB", "a.example.org");
    go.run(["mod", "download", LIB]).fails();
    assert_ne!(proxy.asked("sumdb/*/lookup/*"), 0, "the database was asked");
    let report = privacy(&go);
    let value = cure(report.is("L1-GONOSUMDB-SHADOWS"), "GONOSUMDB");
    assert_eq!(value, "a.example.org,git.corp.example.net");
    privacy(&go.env("GONOSUMDB", value)).healthy();
}

#[test]
fn gonoproxy_hides_what_goprivate_says() {
    let proxy = proxy();
    let go = project(&proxy.url()).env("GOPRIVATE", "git.corp.example.net").env("GONOPROXY", "a.example.org");
    go.run(["mod", "download", &format!("{LIB}@v1.0.0")]).ok();
    assert_ne!(proxy.asked(&format!("{LIB}/*")), 0, "its name was told");
    let report = privacy(&go);
    let value = cure(report.is("L1-GONOPROXY-SHADOWS"), "GONOPROXY");
    privacy(&go.env("GONOPROXY", value)).healthy();
}

#[test]
fn a_pattern_of_goprivate_covers_nothing() {
    for pattern in ["https://git.corp.example.net", "git.corp.example.net:443", "Git.Corp.Example.Net"] {
        let proxy = proxy();
        proxy.always("sumdb/sum.golang.org/supported", testkit::Reply::ok(""));
        let go = project(&proxy.url()).sumdb("sum.golang.org").env("GOPRIVATE", pattern);
        go.run(["mod", "download", LIB]).fails();
        let report = privacy(&go);
        let value = cure(report.is("L1-GOPRIVATE-MISSES"), "GOPRIVATE");
        assert_eq!(value, "git.corp.example.net", "{pattern}");
    }
}

#[test]
fn a_private_module_is_asked_of_a_public_proxy_alone() {
    let go = project("https://goproxy.example.org");
    with_netrc(&go);
    go.run(["mod", "download", LIB]).fails();
    doctor(&go, &["--check", "privacy", "--offline"]).is("L1-PRIVATE-NO-WAY");
}

#[test]
fn goprivate_covers_everybodys_modules() {
    let proxy = proxy();
    let go = GoCommand::new(&proxy.url()).env("GOPRIVATE", "a.example.org,github.com");
    go.write("go.mod", "module github.com/acme/own\n\ngo 1.21\n\nrequire github.com/other/lib v1.0.0\n");
    go.write(".git/config", "[remote \"origin\"]\n\turl = https://github.com/acme/own.git\n");
    let report = privacy(&go);
    let value = cure(report.is("L1-GOPRIVATE-TOO-WIDE"), "GOPRIVATE");
    assert_eq!(value, "a.example.org,github.com/acme");
    privacy(&go.env("GOPRIVATE", value)).healthy();
}

#[test]
fn what_is_on_purpose_or_of_ones_own_is_no_fault() {
    let proxy = proxy();
    // A proxy of one's own is to serve it.
    for (name, value) in [("GONOPROXY", "none"), ("GONOSUMDB", "git.corp.example.net")] {
        let go = project(&proxy.url()).env(name, value);
        with_netrc(&go);
        privacy(&go).healthy();
    }
    for own in
        ["https://goproxy.corp.example.net", "https://user:token@saas.example.org", "file:///srv/modules"]
    {
        let go = project(own);
        with_netrc(&go);
        doctor(&go, &["--check", "privacy", "--offline"]).healthy();
    }
    assert_eq!(proxy.seen().len(), 0);
}
