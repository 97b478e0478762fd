//! Repositories as a source, with everything between a request and its answer.

mod site;

use gomod::{Info, Request};
use upstream::Miss;

use self::site::Site;

#[test]
fn every_kind_of_request_is_answered() {
    let Some(site) = Site::new() else { return };
    site.git.init("r", &[]);
    site.git.commit("r", &[("go.mod", "module code.example.com/r.git\n"), ("a.go", "package a\n")]);
    site.git.git("r", &["tag", "v1.0.0"]);
    let head = site.git.commit("r", &[("a.go", "package a // two\n")]);
    assert_eq!(site.text("code.example.com/r.git/@v/list"), "v1.0.0\n");
    assert_eq!(site.text("code.example.com/r.git/@v/v1.0.0.mod"), "module code.example.com/r.git\n");
    let info = Info::parse(site.text("code.example.com/r.git/@v/main.info").as_bytes()).unwrap();
    assert_eq!(info.version().as_str(), format!("v1.0.1-0.20240101000000-{}", &head[..12]));
    assert_eq!(site.zip("code.example.com/r.git/@v/v1.0.0.zip").len(), 2);
    let Miss::Absent(absence) = site.miss("code.example.com/r.git/@v/v1.1.0.info") else {
        panic!("an absence was due")
    };
    assert_eq!(
        absence.text.as_deref(),
        Some("code.example.com/r.git@v1.1.0: invalid version: unknown revision v1.1.0")
    );
    assert!(Request::parse("code.example.com/r.git/@latest").is_ok());
}

#[test]
fn a_page_leads_to_a_directory_of_a_repository() {
    let Some(site) = Site::new() else { return };
    site.git.init("mono", &[]);
    site.git
        .commit("mono", &[("LICENSE", "free\n"), ("sub/lib/go.mod", "module code.example.com/team/lib\n")]);
    site.git.git("mono", &["tag", "lib/sub/v1.2.0"]);
    site.says("team/lib", "code.example.com/team git https://code.example.com/mono sub");
    site.says("team", "code.example.com/team git https://code.example.com/mono sub");
    // The directory of the fourth field comes behind the rest of the path.
    assert_eq!(site.text("code.example.com/team/lib/@v/list"), "v1.2.0\n");
    let Miss::Absent(absence) = site.miss("code.example.com/team/lib/@v/v1.2.0.info") else {
        panic!("an absence was due")
    };
    assert!(
        absence
            .text
            .unwrap()
            .ends_with("missing code.example.com/team/lib/go.mod at revision lib/sub/v1.2.0")
    );
    assert_eq!((site.server.asked("team/lib"), site.server.asked("team")), (1, 1));
}
