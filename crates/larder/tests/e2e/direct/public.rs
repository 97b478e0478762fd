//! What repositories give of public modules is compared with the checksum database, as everything is.

use testkit::{GoCommand, ModuleTree, ScriptedUpstream, TestLog};

use super::site::{CODE, Site};
use crate::world::LOG;

/// The same as in the site's repository; its go.mod has a comment if it is `altered`.
fn recorded(altered: &str) -> ModuleTree {
    let module = format!("{CODE}/team/lib.git");
    ModuleTree::parse(&format!(
        "-- {module}@v1.0.0/go.mod --\nmodule {module}\n-- {module}@v1.0.0/lib.go --\npackage lib\n\nconst N = 1\n{altered}"
    ))
}

#[test]
fn a_zip_of_a_repository_is_what_the_database_says() {
    let Some(site) = Site::with_lib() else { return };
    let log = TestLog::over(LOG, &recorded(""));
    let vkey = log.vkey();
    // It has the database, and no module.
    let proxy = ScriptedUpstream::with_log(ModuleTree::default(), log);
    let larder = site.larder().unset("GOPRIVATE");
    let server = larder.serve(&format!("{},direct", proxy.url())).sumdb(&vkey).start();
    for (file, verified) in [("info", None), ("mod", Some("log")), ("zip", Some("log"))] {
        let got = server.get(&format!("/{CODE}/team/lib.git/@v/v1.0.0.{file}")).expect(200);
        assert_eq!(got.header("X-Larder-Source"), Some("direct"), "{file}");
        if verified.is_some() {
            assert_eq!(got.header("X-Larder-Verified"), verified, "{file}");
        }
    }
    // Nobody has a record of this one.
    let text = server.get(&format!("/{CODE}/team/lib.git/@v/v1.1.0.zip")).expect(503).text();
    assert!(text.contains("does not know it") || text.contains(LOG), "{text}");
    let go = GoCommand::new(&server.url()).sumdb(&vkey);
    go.run(["mod", "download", &format!("{CODE}/team/lib.git@v1.0.0")]).ok();
}

#[test]
fn other_content_than_the_database_says_never_leaves() {
    let Some(site) = Site::with_lib() else { return };
    let log = TestLog::over(LOG, &recorded("\nconst M = 2\n"));
    let vkey = log.vkey();
    let proxy = ScriptedUpstream::with_log(ModuleTree::default(), log);
    let larder = site.larder().unset("GOPRIVATE");
    // On a busy machine too it is checked before its head is sent.
    let file = larder.home().join("larder.toml");
    std::fs::write(&file, "patience = \"1h\"\n").unwrap();
    let chain = format!("{}|direct", proxy.url());
    let server = larder.serve(&chain).sumdb(&vkey).flag("--config", file).start();
    let text = server.get(&format!("/{CODE}/team/lib.git/@v/v1.0.0.zip")).expect(502).text();
    assert!(text.starts_with("SECURITY: ") && text.contains("direct sent h1:"), "{text}");
}
