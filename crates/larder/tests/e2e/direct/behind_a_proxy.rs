//! `P,direct`: what P does not have comes from repositories, and what P could not say does not.

use std::time::{Duration, Instant};

use testkit::{BlackHole, GoCommand, ModuleTree, Reply, ScriptedUpstream, TestServer};

use super::site::{CODE, Site};
use crate::world::NO_MEMO;

const MODULES: &str = "\
-- example.com/m@v1.0.0/go.mod --
module example.com/m
-- example.com/m@v1.0.0/m.go --
package m
-- example.com/m@v1.0.0/sub/pkg/pkg.go --
package pkg

const N = 1
";

/// A proxy with a module, and a Larder before it and the site, for which nothing is private.
fn world(site: &Site, chain: &str) -> (ScriptedUpstream, TestServer) {
    let proxy = ScriptedUpstream::serving(ModuleTree::parse(MODULES));
    let larder = site.larder().unset("GOPRIVATE");
    let file = larder.home().join("larder.toml");
    std::fs::write(&file, format!("{NO_MEMO}[limits]\nbegin = \"3s\"\n")).unwrap();
    let chain = chain.replace('P', &proxy.url());
    let server = larder.serve(&chain).flag("--config", file).start();
    (proxy, server)
}

#[test]
fn what_the_proxy_does_not_have_comes_from_its_repository() {
    let Some(site) = Site::with_lib() else { return };
    for chain in ["P,direct", "P|direct"] {
        let (proxy, server) = world(&site, chain);
        for path in ["@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip", "@v/main.info"]
        {
            let got = server.get(&format!("/{CODE}/team/lib.git/{path}")).expect(200);
            assert_eq!(got.header("X-Larder-Source"), Some("direct"), "{chain} {path}");
        }
        assert_eq!(proxy.asked(&format!("{CODE}/team/lib.git/@v/list")), 1);
        let (before, got) =
            (site.tunnel.asked().len(), server.get("/example.com/m/@v/v1.0.0.zip").expect(200));
        assert_eq!(got.header("X-Larder-Source"), Some(&*proxy.address().to_string()));
        assert_eq!(site.tunnel.asked().len(), before);
    }
}

#[test]
fn after_a_failure_of_the_proxy_a_comma_stops_and_a_bar_goes_on() {
    let Some(site) = Site::with_lib() else { return };
    for (chain, status) in [("P,direct", 502), ("P|direct", 200)] {
        let (proxy, server) = world(&site, chain);
        proxy.always("*", Reply::status(500));
        for path in ["@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.zip"] {
            server.get(&format!("/{CODE}/team/lib.git/{path}")).expect(status);
        }
        assert_eq!(site.hosts().is_empty(), status == 502, "{chain}");
    }
}

/// `go` asks for every prefix of a package's path, and P alone knows which of them is a module.
#[test]
fn a_package_of_a_module_is_found_behind_a_firewall() {
    let Some(site) = Site::new() else { return };
    let hole = BlackHole::new();
    site.tunnel.lead("example.com:443", hole.address());
    let (proxy, server) = world(&site, "P,direct");
    for path in ["@latest", "@v/list", "@v/v1.0.0.info", "@v/main.info"] {
        let begun = Instant::now();
        let text = server.get(&format!("/example.com/m/sub/pkg/{path}")).expect(404).text();
        assert!(begun.elapsed() < Duration::from_secs(2), "{path}: {:?}", begun.elapsed());
        assert!(text.contains("example.com/m is a module"), "{text}");
    }
    let go = GoCommand::new(&server.url());
    go.write("go.mod", "module test\n\ngo 1.21\n");
    go.write(
        "main.go",
        "package main\n\nimport \"example.com/m/sub/pkg\"\n\nfunc main() { println(pkg.N) }\n",
    );
    go.run(["get", "example.com/m/sub/pkg@latest"]).ok();
    go.run(["build", "."]).ok();
    assert_eq!(proxy.asked("example.com/m/@v/v1.0.0.zip"), 1);
}

/// The store's word counts as much: here P has forgotten the module.
#[test]
fn a_module_that_is_stored_is_known() {
    let Some(site) = Site::new() else { return };
    let hole = BlackHole::new();
    site.tunnel.lead("example.com:443", hole.address());
    let (proxy, server) = world(&site, "P,direct");
    server.get("/example.com/m/@v/v1.0.0.info").expect(200);
    proxy.always("*", Reply::status(404));
    server.get("/example.com/m/sub/@latest").expect(404);
}

#[test]
fn where_nothing_shorter_is_a_module_or_the_repository_is_known_a_failure_is_one() {
    let Some(site) = Site::new() else { return };
    let hole = BlackHole::new();
    site.tunnel.lead("example.com:443", hole.address());
    let (_proxy, server) = world(&site, "P,direct");
    let fails = |server: &TestServer, path: &str| {
        let got = server.get(path);
        assert!(matches!(got.status, 502..=504) && got.text().contains("direct: "), "{}", got.text());
    };
    // No prefix of it is a module.
    fails(&server, "/example.com/other/sub/@latest");
    // Its path says where the repository is: nothing has to be found out.
    fails(&server, "/example.com/m/tool.git/@latest");
    // There is no P.
    let (_, server) = world(&site, "direct");
    fails(&server, "/example.com/m/sub/@latest");
    // P says nothing at all.
    let (proxy, server) = world(&site, "P|direct");
    proxy.always("example.com/m/sub/*", Reply::status(500));
    fails(&server, "/example.com/m/sub/@latest");
}
