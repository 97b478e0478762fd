//! What a source sends is what was asked for, or it is a failure of that source.

use std::time::Duration;

use testkit::{Archive, Reply};
use upstream::FaultKind;

use crate::{
    INFO, LATEST, LIST, MAIN, MOD, ZIP, faults, upstream,
    world::{setup, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_right_is_a_failure_and_never_stored() {
    let twice = Archive::new()
        .file("example.com/m@v1.0.0/go.mod", b"module example.com/m\n")
        .file("example.com/m@v1.0.0/a.go", b"package m\n")
        .file("example.com/m@v1.0.0/a.go", b"package n\n");
    let elsewhere = Archive::new().file("example.com/n@v1.0.0/go.mod", b"module example.com/n\n");
    let altered = Reply::natural().edit(|zip| {
        let name = zip.windows(4).position(|bytes| bytes == b"m.go").unwrap();
        zip[name + 10] ^= 0xff;
    });
    let text = "text/plain; charset=utf-8";
    let cases = [
        ("another version", INFO, Reply::ok(r#"{"Version":"v1.1.0"}"#)),
        ("no JSON", INFO, Reply::ok("v1.0.0")),
        ("no version", INFO, Reply::ok(r#"{"Time":"2024-01-02T03:04:05Z"}"#)),
        ("a page", INFO, Reply::html()),
        ("a page that says it is JSON", INFO, Reply::html().content_type("application/json")),
        ("nothing", INFO, Reply::ok("")),
        ("cut", INFO, Reply::natural().cut_after(10)),
        ("nothing", MOD, Reply::ok("")),
        ("a page", MOD, Reply::html()),
        ("a page that says it is text", MOD, Reply::html().content_type(text)),
        ("no text", MOD, Reply::ok(b"module example.com/m\0".as_slice())),
        ("a page", ZIP, Reply::html()),
        ("nothing", ZIP, Reply::ok("")),
        ("no zip", ZIP, Reply::ok("PK, but no zip")),
        ("cut", ZIP, Reply::natural().cut_after(10)),
        ("the end cut off, and no length", ZIP, Reply::natural().edit(|zip| zip.truncate(150)).until_close()),
        ("altered", ZIP, altered),
        ("the same name twice", ZIP, Reply::ok(twice.finish())),
        ("another module", ZIP, Reply::ok(elsewhere.finish())),
        ("no list", LIST, Reply::ok("there are no versions of this module\n")),
        ("a page", LIST, Reply::html().content_type(text)),
        ("a list", LATEST, Reply::ok("v1.0.0\nv1.1.0\n")),
        ("a version of another major", LATEST, Reply::ok(r#"{"Version":"v2.0.0"}"#)),
        ("nothing", MAIN, Reply::ok("")),
        ("a page", MAIN, Reply::html()),
    ];
    for (what, path, reply) in cases {
        let (a, b) = (upstream(), upstream());
        a.always(path, reply);
        let alone = setup(a.url()).start();
        let faults = faults(alone.get(path).await);
        assert_eq!(faults.len(), 1, "{what} for {path}");
        let kind = faults[0].kind();
        assert!(matches!(kind, FaultKind::Lie | FaultKind::Truncated), "{what} for {path}: {}", faults[0]);
        assert!(!alone.file(path).exists(), "{what} for {path}");
        alone.stored(path).await.unwrap_err();
        // A failure is not remembered.
        a.natural();
        let good = alone.get(path).await.unwrap().bytes;

        a.script(path, [Reply::html(), Reply::html()]);
        let world = setup(format!("{}|{}", a.url(), b.url())).start();
        assert_eq!(world.get(path).await.unwrap().bytes, good);
        assert_eq!(world.meters.absorbed.get(), 1, "{what} for {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_info_is_canonical_and_without_what_changes() {
    let a = upstream();
    a.always(
        INFO,
        Reply::ok(
            r#" {"version": "v1.0.0", "Time": "2024-01-02T04:04:05+01:00", "Name": "x", "Short": "y",
                "Origin": {"VCS": "git", "Hash": "abc", "TagSum": "t1:abc="}} "#,
        ),
    );
    let world = setup(a.url()).start();
    let canonical =
        r#"{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"git","Hash":"abc"}}"#;
    assert_eq!(world.get(INFO).await.unwrap().text(), canonical);
    assert_eq!(std::fs::read_to_string(world.file(INFO)).unwrap(), canonical);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_go_mod_is_passed_on_byte_for_byte_whatever_a_parser_would_say() {
    let a = upstream();
    for body in ["\u{feff}// nothing\r\n", "module \"x\nrequire (", "grüße\n"] {
        a.always(MOD, Reply::ok(body));
        let world = setup(a.url()).start();
        assert_eq!(world.get(MOD).await.unwrap().text(), body);
        assert_eq!(world.get(MOD).await.unwrap().text(), body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered_and_sorted_and_may_be_empty() {
    let a = upstream();
    a.always(
        LIST,
        Reply::ok(
            "v1.10.0\nv1.9.0 2024-01-02T03:04:05Z\r\nv2.0.0\nv1.9.0\nv1.0.0-20240102030405-abcdefabcdef\nmain\nv1.2\n",
        ),
    );
    let world = setup(a.url()).start();
    assert_eq!(world.get(LIST).await.unwrap().text(), "v1.9.0\nv1.10.0\n");
    a.always(LIST, Reply::ok(""));
    let world = setup(a.url()).start();
    assert_eq!(world.get(LIST).await.unwrap().text(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liar_is_found_out_before_its_zip_has_arrived() {
    let (a, _) = crate::large(1 << 20);
    let never = testkit::Gate::new();
    let elsewhere = a.url();
    a.always(
        ZIP,
        Reply::natural().edit(|zip| zip[30..41].copy_from_slice(b"example.org")).stall_after(500_000, &never),
    );
    let world = setup(elsewhere).patience(Duration::ZERO).start();
    let result = match world.mirror.answer(&world.ask(ZIP)).await {
        Ok(answer) => crate::world::read(answer).await,
        Err(refusal) => Err(refusal),
    };
    assert_eq!(faults(result)[0].kind(), FaultKind::Lie);
    until(async || world.is_idle()).await;
    never.open();
}
