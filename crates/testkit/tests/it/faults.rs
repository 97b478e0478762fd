//! Each fault is on the wire what its name says.

use testkit::{Connection, End, Gate, Module, ModuleTree, Reply, ScriptedUpstream, h1};

const LIST: &str = "example.com/m/@v/list";

fn upstream() -> ScriptedUpstream {
    ScriptedUpstream::serving(ModuleTree::parse(
        "-- example.com/m@v1.0.0/go.mod --\nmodule example.com/m\n-- example.com/m@v1.1.0/go.mod --\nmodule example.com/m\n",
    ))
}

fn get(upstream: &ScriptedUpstream, path: &str) -> testkit::Response {
    Connection::open(upstream.address()).request("GET", &format!("/{path}"), &[])
}

#[test]
fn replies_come_in_order_and_then_it_is_natural_again() {
    let upstream = upstream();
    upstream.script(LIST, [Reply::status(500), Reply::status(410)]);
    let mut connection = Connection::open(upstream.address());
    let mut statuses = || connection.request("GET", &format!("/{LIST}"), &[]).status;
    assert_eq!([statuses(), statuses(), statuses(), statuses()], [500, 410, 200, 200]);
    assert_eq!(upstream.asked(LIST), 4);
    assert!(upstream.seen().iter().all(|seen| seen.connection == 0), "one connection carried them all");
}

#[test]
fn a_standing_order_stays_until_it_is_cleared() {
    let upstream = upstream();
    upstream.always("*", Reply::html());
    assert_eq!(get(&upstream, "anything").header("content-type"), Some("text/html"));
    upstream.natural();
    assert_eq!(get(&upstream, LIST).expect(200).text(), "v1.0.0\nv1.1.0\n");
}

#[test]
fn bodies_end_as_they_are_told() {
    let upstream = upstream();
    let replies = [
        (Reply::natural().cut_after(3), End::Cut, 3),
        (Reply::natural().reset_after(0), End::Reset, 0),
        (Reply::natural().chunked(), End::Whole, 14),
        (Reply::natural().chunked().cut_after(7), End::Cut, 7),
        (Reply::natural().until_close(), End::Whole, 14),
        (Reply::natural().claim_length(100), End::Cut, 14),
        (Reply::natural().edit(|body| body.truncate(7)), End::Whole, 7),
    ];
    for (reply, end, len) in replies {
        let told = format!("{reply:?}");
        upstream.script(LIST, [reply]);
        let response = get(&upstream, LIST);
        assert_eq!((response.end, response.body.len()), (end, len), "{told}");
    }
    upstream.script(LIST, [Reply::reset()]);
    let mut connection = Connection::open(upstream.address());
    connection.ask("GET", &format!("/{LIST}"), &[]).unwrap();
    assert_eq!(connection.to_end(), (Vec::new(), End::Reset));
}

#[test]
fn a_gate_holds_the_rest_back() {
    let upstream = upstream();
    let gate = Gate::new();
    upstream.script(LIST, [Reply::natural().stall_after(5, &gate)]);
    let mut connection = Connection::open(upstream.address());
    connection.ask("GET", &format!("/{LIST}"), &[]).unwrap();
    assert_eq!(connection.head().unwrap().status, 200);
    assert_eq!(connection.take(5), b"v1.0.");
    gate.wait_for(1);
    gate.open();
    assert_eq!(connection.take(9), b"0\nv1.1.0\n");
}

#[test]
fn an_upstream_that_is_down_refuses_and_comes_back() {
    let mut upstream = upstream();
    upstream.take_down();
    assert!(Connection::try_open(upstream.address()).is_err());
    upstream.bring_up();
    get(&upstream, LIST).expect(200);
}

#[test]
fn noise_makes_a_zip_of_any_size_and_its_hash_is_known() {
    let module = Module::of_noise("example.com/big", "v1.0.0", 3_000_001);
    let bytes = module.zip.to_vec();
    assert_eq!(bytes.len() as u64, module.zip.len());
    let at = bytes.windows(9).position(|name| name == b"noise.bin").unwrap() + 9;
    let noise = &bytes[at..at + 3_000_001];
    let files = [
        ("example.com/big@v1.0.0/noise.bin", noise),
        ("example.com/big@v1.0.0/go.mod", module.gomod.as_slice()),
    ];
    assert_eq!(h1(files), module.h1);
}

#[test]
fn parts_and_validators_are_those_of_a_good_server() {
    let upstream = upstream();
    let mut connection = Connection::open(upstream.address());
    let mut ask = |method, headers: &[(&str, &str)]| connection.request(method, &format!("/{LIST}"), headers);
    let whole = ask("GET", &[]).expect(200);
    let etag = whole.header("etag").unwrap().to_owned();
    assert!(etag.starts_with('"'), "strong: {etag}");
    let part = ask("GET", &[("Range", "bytes=3-"), ("If-Range", &etag)]).expect(206);
    assert_eq!(
        (part.body.as_slice(), part.header("content-range")),
        (&whole.body[3..], Some("bytes 3-13/14"))
    );
    assert_eq!(part.header("etag"), Some(&*etag));
    assert_eq!(ask("GET", &[("Range", "bytes=3-"), ("If-Range", "\"other\"")]).expect(200).body, whole.body);
    assert_eq!(ask("GET", &[("Range", "bytes=99-")]).status, 416);
    assert_eq!(ask("GET", &[("If-None-Match", &etag)]).expect(304).body, b"");
    let head = ask("HEAD", &[]).expect(200);
    assert_eq!((head.header("content-length"), head.header("etag")), (Some("14"), Some(&*etag)));
}

#[test]
fn parts_and_validators_lie_when_they_are_told_to() {
    let upstream = upstream();
    let mut connection = Connection::open(upstream.address());
    let mut ask = |reply: Reply| {
        upstream.script(LIST, [reply]);
        let headers = [("Range", "bytes=3-"), ("If-Range", "\"old\"")];
        connection.request("GET", &format!("/{LIST}"), &headers)
    };
    let told = ask(Reply::natural().whatever_if_range()).expect(206);
    assert_eq!(told.header("content-range"), Some("bytes 3-13/14"));
    let wrong = ask(Reply::natural().content_range("bytes 4-13/14")).expect(206);
    assert_eq!((wrong.header("content-range"), wrong.body.len()), (Some("bytes 4-13/14"), 11));
    let none = ask(Reply::natural().etag("\"old\"").without_ranges()).expect(200);
    assert_eq!((none.header("accept-ranges"), none.body.len()), (None, 14));
    assert_eq!(ask(Reply::natural().etag("\"old\"")).expect(206).header("etag"), Some("\"old\""));
    assert_eq!(ask(Reply::natural().etag("W/\"old\"")).expect(200).header("etag"), Some("W/\"old\""));
    assert_eq!(ask(Reply::natural().without_etag()).expect(200).header("etag"), None);
    assert_eq!(ask(Reply::status(416)).status, 416);
    assert_eq!(ask(Reply::natural().edit(|body| body[0] = b'w')).expect(200).body[0], b'w');
    let cut = ask(Reply::natural().etag("\"old\"").cut_after(4));
    assert_eq!((cut.status, cut.end, cut.body.len()), (206, End::Cut, 4));
}

#[test]
fn a_reset_comes_after_exactly_these_bytes() {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", 3 << 20));
    let upstream = ScriptedUpstream::serving(tree);
    for n in [100_000, 3 << 20] {
        upstream.script("*.zip", [Reply::natural().reset_after(n)]);
        let answer = get(&upstream, "example.com/big/@v/v1.0.0.zip");
        assert_eq!((answer.body.len() as u64, answer.end), (n, End::Reset));
    }
}
