//! Repositories as a source, with everything between a request and its answer.

mod faults;
mod mercurial;
mod sharing;
mod site;

use testkit::{Module, ModuleTree, Reply};

use self::site::Site;

#[test]
fn every_kind_of_request_is_answered() {
    let Some(site) = Site::new() else { return };
    site.vanity();
    let head = site.git.commit("r", &[("a.go", "package a // two\n")]);
    let tagged = site.git.git("r", &["rev-parse", "v1.0.0"]).stdout.trim().to_owned();
    let made_up = format!("v1.0.1-0.20240101000000-{}", &head[..12]);
    let told = |version: &str, more: &str| {
        format!(
            "{{\"Version\":\"{version}\",\"Time\":\"2024-01-01T00:00:00Z\",\"Origin\":{{\"VCS\":\"git\",\
             \"URL\":\"https://git.example.org/r\",{more}}}}}"
        )
    };
    let release = told("v1.0.0", &format!("\"Hash\":\"{tagged}\",\"Ref\":\"refs/tags/v1.0.0\""));
    let (base, hash) = ("code.example.com/r", format!("\"Hash\":\"{head}\""));
    let ask = |what: &str| site.text(&format!("{base}/{what}"));
    assert_eq!(ask("@v/list"), "v1.0.0\n");
    assert_eq!(ask("@latest"), release);
    assert_eq!(ask("@v/v1.0.0.info"), release);
    assert_eq!(ask("@v/v1.0.0.mod"), "module code.example.com/r\n");
    let (files, a) = (site.zip(&format!("{base}/@v/v1.0.0.zip")), format!("{base}@v1.0.0/a.go"));
    assert_eq!((files.len(), files[&a].as_str()), (2, "package a\n"));
    // What depends on the tags says on which; what is asked for by its name does not.
    let sum = "\"TagSum\":\"t1:XHjqpZxJrDBFj96eVxUxIsq+KKm83m5GkS6kcUY6k20=\"";
    let with = |reference: &str| told(&made_up, &format!("{hash},{sum}{reference}"));
    assert_eq!(ask("@v/main.info"), with(",\"Ref\":\"refs/heads/main\""));
    assert_eq!(ask(&format!("@v/{}.info", &head[..7])), with(""));
    assert_eq!(ask(&format!("@v/{}.info", &tagged[..7])), release);
    assert_eq!(ask(&format!("@v/{made_up}.info")), told(&made_up, &hash));
    assert!(site.zip(&format!("{base}/@v/{made_up}.zip")).contains_key(&format!("{base}@{made_up}/a.go")));
}

#[test]
fn a_module_may_be_a_directory_of_a_repository() {
    let Some(site) = Site::new() else { return };
    site.git.init("mono", &[]);
    let go_mod = "module code.example.com/team/lib/v2\n";
    let head = site.git.commit("mono", &[("LICENSE", "free\n"), ("lib/sub/v2/go.mod", go_mod)]);
    site.git.git("mono", &["tag", "lib/sub/v2.1.0"]);
    let tag = "code.example.com/team git https://git.example.org/mono sub";
    site.says("team/lib/v2", tag);
    site.says("team", tag);
    // The directory of the fourth field comes behind the rest of the path.
    let base = "code.example.com/team/lib/v2";
    assert_eq!(site.text(&format!("{base}/@v/list")), "v2.1.0\n");
    assert_eq!(
        site.text(&format!("{base}/@v/v2.1.0.info")),
        format!(
            "{{\"Version\":\"v2.1.0\",\"Time\":\"2024-01-01T00:00:00Z\",\"Origin\":{{\"VCS\":\"git\",\
             \"URL\":\"https://git.example.org/mono\",\"Subdir\":\"lib/sub\",\"Hash\":\"{head}\",\
             \"Ref\":\"refs/tags/lib/sub/v2.1.0\"}}}}"
        )
    );
    let files = site.zip(&format!("{base}/@v/v2.1.0.zip"));
    assert_eq!(files[&format!("{base}@v2.1.0/LICENSE")], "free\n");
    assert_eq!((site.server.asked("team/lib/v2"), site.server.asked("team")), (1, 1));
}

#[test]
fn a_path_that_leaves_the_scheme_open_is_tried_over_https_first() {
    let Some(site) = Site::new() else { return };
    site.simple("r");
    assert_eq!(site.text("code.example.com/r.git/@v/list"), "v1.0.0\n");
    let info = site.text("code.example.com/r.git/@v/v1.0.0.info");
    assert!(info.contains("\"URL\":\"https://code.example.com/r\""), "{info}");
    assert_eq!(site.absent("code.example.com/none.git/@v/list"), "no secure protocol found for repository");
}

#[test]
fn a_page_may_lead_to_a_proxy() {
    let Some(site) = Site::new() else { return };
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("code.example.com/m", "v1.2.3", 100_000));
    site.server.serve(tree);
    site.says("m", "code.example.com/m mod https://proxy.example.org");
    assert_eq!(site.text("code.example.com/m/@v/list"), "v1.2.3\n");
    let zip = site.ask(&Site::want("code.example.com/m/@v/v1.2.3.zip")).unwrap();
    assert!(zip.len() > 100_000);
    site.absent("code.example.com/m/@v/v1.2.4.info");
    site.server.always("code.example.com/m/@v/*", Reply::status(500));
    assert!(!site.fault("code.example.com/m/@v/v1.2.3.mod").is_discovery());
    // Whom a page names is held to the same rule as whom a path names.
    site.says("inside", "code.example.com/inside mod https://10.0.0.1/proxy");
    let fault = site.fault("code.example.com/inside/@v/list");
    assert!(fault.to_string().contains("allow_private_hosts"), "{fault}");
}
