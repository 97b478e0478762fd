//! 404 means confirmed absent, and nothing else.

use testkit::{Reply, ScriptedUpstream};

use crate::world::{NO_MEMO, chained, configured, larder, served, tree};

const PATHS: [&str; 6] = [
    "example.com/none/@v/list",
    "example.com/none/@latest",
    "example.com/none/@v/main.info",
    "example.com/none/@v/v1.0.0.info",
    "example.com/none/@v/v1.0.0.mod",
    "example.com/none/@v/v1.0.0.zip",
];

#[test]
fn absence_is_404_and_says_so_as_plain_text() {
    let (upstream, server) = served();
    for path in PATHS {
        let answer = server.get(&format!("/{path}")).expect(404);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(answer.text().starts_with("not found: "), "{}", answer.text());
        assert_eq!(upstream.asked(path), 1);
    }
    for path in PATHS {
        server.get(&format!("/{path}")).expect(404);
        assert_eq!(upstream.asked(path), 1, "absence is remembered for a moment");
    }
}

#[test]
fn failure_is_5xx_and_never_remembered_as_absence() {
    let (upstream, server) = configured(tree(), NO_MEMO);
    let faults = [
        Reply::status(500),
        Reply::status(503),
        Reply::status(403),
        Reply::status(429),
        Reply::status(401),
        Reply::status(206),
        Reply::html(),
        Reply::reset(),
        Reply::natural().cut_after(3),
        Reply::redirect(302, "ftp://example.com/"),
    ];
    let list = "example.com/app/@v/list";
    for reply in faults {
        let what = format!("{reply:?}");
        upstream.always(list, reply);
        let answer = server.get(&format!("/{list}"));
        assert!((500..=504).contains(&answer.status), "{} {what}", answer.status);
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{what}");
        let text = answer.text();
        assert!(text.lines().count() <= 8 && text.len() <= 648, "go shows no more than this: {text}");
    }
    upstream.natural();
    server.get(&format!("/{list}")).expect(200);
}

#[test]
fn every_source_is_named_when_all_fail() {
    let (a, b) = (ScriptedUpstream::serving(tree()), ScriptedUpstream::serving(tree()));
    a.always("*", Reply::status(500));
    b.always("*", Reply::reset());
    let server = larder().serve(&format!("{}|{}", a.url(), b.url())).start();
    let text = server.get("/example.com/app/@v/v1.0.0.mod").text();
    for source in [&a, &b] {
        let named = text.lines().filter(|line| line.contains(&source.address().to_string())).count();
        assert_eq!(named, 1, "one line for each source:\n{text}");
    }
}

#[test]
fn one_failure_among_absences_is_a_failure() {
    let (a, b) = (ScriptedUpstream::serving(tree()), ScriptedUpstream::serving(tree()));
    let server = chained(&format!("{}|{}", a.url(), b.url()), NO_MEMO);
    a.script("*", [Reply::status(500), Reply::status(410)]);
    let path = "/example.com/none/@v/v1.0.0.info";
    assert!(server.get(path).status >= 500);
    server.get(path).expect(404);
}

#[test]
fn redirects_are_followed_with_measure() {
    let (upstream, server) = served();
    let elsewhere = ScriptedUpstream::serving(tree());
    let path = "example.com/app/@v/v1.0.0.zip";
    upstream.script(path, [Reply::redirect(302, &format!("{}/{path}", elsewhere.url()))]);
    server.get(&format!("/{path}")).expect(200);
    let round = format!("{}/example.com/app/@v/v1.1.0.zip", upstream.url());
    upstream.always("example.com/app/@v/v1.1.0.zip", Reply::redirect(302, &round));
    assert!(server.get("/example.com/app/@v/v1.1.0.zip").status >= 500);
    assert!(upstream.asked("example.com/app/@v/v1.1.0.zip") <= 11);
}
