//! Tags that somebody moves.

use std::fs;

use super::site::{CODE, Site};

const LIB: &str = "/code.corp.example.com/team/lib.git";
const FRESH: &str = "freshness = \"0s\"\nfreshness_behind = \"0s\"\nfreshness_wait = \"1h\"\n";

/// Moves the newest tag of the library to a new commit.
fn move_tag(site: &Site) -> String {
    let commit = site.repositories.commit("team/lib", &[("lib.go", "package lib\n\nconst N = 666\n")]);
    site.repositories.git("team/lib", &["tag", "-f", "v1.1.0"]);
    commit
}

#[test]
fn what_was_recorded_first_stays_and_the_change_is_reported() {
    let Some(site) = Site::with_lib() else { return };
    let larder = site.larder();
    let file = larder.home().join("larder.toml");
    fs::write(&file, FRESH).unwrap();
    let server = larder.serve("off").flag("--config", file).start();
    let get = |path: &str| server.get(&format!("{LIB}/{path}")).expect(200).body;
    let kinds = ["@v/v1.1.0.info", "@v/v1.1.0.mod", "@v/v1.1.0.zip"];
    let first = kinds.map(get);
    get("@latest");

    let moved_to = move_tag(&site);
    // Another process remembers nothing of the repository.
    let server = server.kill().start();
    let get = |path: &str| server.get(&format!("{LIB}/{path}")).expect(200);
    let latest = get("@latest");
    assert_eq!(latest.header("X-Cache"), Some("REVALIDATED"));
    assert!(!latest.text().contains(&moved_to), "{}", latest.text());
    for (kind, first) in kinds.iter().zip(first) {
        assert_eq!(get(kind).body, first, "{kind}");
    }
    assert!(
        server.running().stderr().contains("SECURITY: the tag of code.corp.example.com/team/lib.git@v1.1.0")
    );
    let metrics = server.get("/metrics").expect(200).text();
    assert!(metrics.contains("larder_mirror_moved_tags_total 1\n"), "{metrics}");
}

/// The `.info` was recorded, nothing else: the rest comes from the same commit.
#[test]
fn what_is_fetched_later_is_of_the_commit_that_was_recorded() {
    let Some(site) = Site::with_lib() else { return };
    let server = site.larder().serve("off").start();
    let info = server.get(&format!("{LIB}/@v/v1.1.0.info")).expect(200).text();
    let moved_to = move_tag(&site);
    assert!(!info.contains(&moved_to));
    let server = server.kill().start();
    let zip = server.get(&format!("{LIB}/@v/v1.1.0.zip")).expect(200).body;
    let other = site.larder().serve("off").start();
    assert!(other.get(&format!("{LIB}/@v/v1.1.0.info")).expect(200).text().contains(&moved_to));
    assert_ne!(other.get(&format!("{LIB}/@v/v1.1.0.zip")).expect(200).body, zip);
    server.get(&format!("{LIB}/@v/v1.1.0.mod")).expect(200);
}

/// A file that is lost, of a version that is pinned, never comes back as something else.
#[test]
fn other_content_under_a_pinned_version_is_refused() {
    let Some(site) = Site::with_lib() else { return };
    let server = site.larder().serve("off").start();
    server.get(&format!("{LIB}/@v/v1.1.0.zip")).expect(200);
    move_tag(&site);
    let zip = server.data().join(format!("modules/{CODE}/team/lib.git/@v/v1.1.0.zip"));
    let again = server.kill();
    fs::remove_file(zip).unwrap();
    let server = again.start();
    let text = server.get(&format!("{LIB}/@v/v1.1.0.zip")).expect(502).text();
    assert!(text.starts_with("SECURITY: ") && text.contains("is not what it was"), "{text}");
}
