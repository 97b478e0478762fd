//! What many requests share.

use std::time::Duration;

use futures_util::future::join_all;
use testkit::{Gate, Reply};

use super::site::{Site, body};

#[test]
fn the_modules_of_a_repository_share_one_listing_and_one_fetch() {
    let Some(site) = Site::new() else { return };
    site.git.init("mono", &[]);
    let names: Vec<_> = (0..20).map(|at| format!("m{at}")).collect();
    for name in &names {
        let go_mod = format!("module code.example.com/mono/{name}\n");
        site.git.commit(
            "mono",
            &[(&format!("{name}/go.mod"), &go_mod), (&format!("{name}/a.go"), "package a\n")],
        );
        site.says(&format!("mono/{name}"), "code.example.com/mono git https://git.example.org/mono");
    }
    for name in &names {
        site.git.git("mono", &["tag", &format!("{name}/v1.0.0")]);
    }
    site.says("mono", "code.example.com/mono git https://git.example.org/mono");
    let wants = names.iter().flat_map(|name| {
        ["list", "v1.0.0.info", "v1.0.0.mod", "v1.0.0.zip"]
            .map(|what| Site::want(&format!("code.example.com/mono/{name}/@v/{what}")))
    });
    let wants: Vec<_> = wants.collect();
    let answers = site.runtime.block_on(join_all(wants.iter().map(|want| body(&site.way, want))));
    for (want, answer) in wants.iter().zip(answers) {
        assert!(answer.is_ok(), "{}: {answer:?}", want.what);
    }
    // The page of the prefix, which all have to agree with, is asked for once.
    assert_eq!(site.server.asked("mono"), 1);
    assert_eq!(site.server.asked("mono/m7"), 1);
    let seen = site.server.asked("mono/info/refs");
    assert!(seen <= 2, "{seen} instead of a listing and a fetch");
}

#[test]
fn fifty_at_once_share_one_work() {
    let Some(site) = Site::new() else { return };
    site.vanity();
    let want = Site::want("code.example.com/r/@v/v1.0.0.zip");
    let answers = site.runtime.block_on(join_all((0..50).map(|_| body(&site.way, &want))));
    let first = answers[0].as_ref().unwrap();
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == first));
    assert_eq!(site.server.asked("r"), 1);
    assert!(site.server.asked("r/info/refs") <= 2);
    let scratch = std::fs::read_dir(site.dir.path().join("git")).unwrap();
    let left = scratch.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("zip-"));
    assert_eq!(left.count(), 0, "a zip has no name");
}

#[test]
fn fifty_failures_are_one() {
    let Some(site) = Site::new() else { return };
    site.vanity();
    site.server.always("r/info/refs", Reply::status(403));
    let want = Site::want("code.example.com/r/@v/list");
    let answers = site.runtime.block_on(join_all((0..50).map(|_| body(&site.way, &want))));
    assert!(answers.iter().all(Result::is_err));
    // git asks a second time before it gives up; then go's plain request.
    assert!(site.server.asked("r/info/refs") <= 2);
}

#[test]
fn a_list_of_references_serves_what_it_names_and_is_made_anew_for_what_it_does_not() {
    let Some(site) = Site::with(|config| {
        config.fresh = Duration::ZERO;
        config.settled = Duration::from_hours(1);
    }) else {
        return;
    };
    site.vanity();
    let mod_of = |version: &str| format!("code.example.com/r/@v/{version}.mod");
    site.text(&mod_of("v1.0.0"));
    let listed = site.server.asked("r/info/refs");
    site.text("code.example.com/r/@v/v1.0.0.info");
    assert_eq!(site.server.asked("r/info/refs"), listed);
    site.git.git("r", &["tag", "v1.1.0"]);
    site.text(&mod_of("v1.1.0"));
    assert!(site.server.asked("r/info/refs") > listed);
    // What changes is asked for each time.
    site.git.git("r", &["tag", "v1.2.0"]);
    assert_eq!(site.text("code.example.com/r/@v/list"), "v1.0.0\nv1.1.0\nv1.2.0\n");
}

#[test]
fn a_host_that_hangs_keeps_nobody_else_waiting() {
    let Some(site) = Site::with(|config| config.at_once = 4) else { return };
    let gate = Gate::new();
    let hung: Vec<_> = (0..6).map(|at| format!("hung{at}")).collect();
    for name in &hung {
        site.says(name, &format!("code.example.com/{name} git https://git.example.org/{name}"));
        site.server.always(&format!("{name}/info/refs"), Reply::status(403).hold(&gate));
    }
    site.simple("x");
    site.says("x", "code.example.com/x git https://other.example.org/x");
    let tasks = hung.iter().map(|name| {
        let (way, want) = (site.way.clone(), Site::want(&format!("code.example.com/{name}/@v/list")));
        site.runtime.spawn(async move { way.fetch(&want).await.is_err() })
    });
    let tasks: Vec<_> = tasks.collect();
    gate.wait_for(2);
    assert_eq!(site.text("code.example.com/x/@v/list"), "v1.0.0\n");
    gate.open();
    assert!(site.runtime.block_on(join_all(tasks)).into_iter().all(|failed| failed.unwrap()));
}
