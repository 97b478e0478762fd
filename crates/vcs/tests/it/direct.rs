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
