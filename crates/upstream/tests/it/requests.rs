//! What is sent (PROTOCOL 1.1, 1.2, 1.8).

use upstream::{Door, DoorConfig, DoorError, Env, FaultKind, Proxy};

use crate::{
    INFO, LIST, ZIP, door, fault, get, kind, patient, proxy,
    server::{Server, answer, ok},
    source, want,
};

#[tokio::test]
async fn trap_11_base_path_and_query_go_along_and_the_mark_is_encoded() {
    let server = Server::always(ok("v1.0.0\n")).await;
    let proxy = proxy(&door(patient()), &server.url("/go/?token=x"));
    get(&proxy, "example.com/!burnt!sushi/toml/@v/v1.0.0-!r!c1.info").await.unwrap();
    get(&proxy, "example.com/m/@v/v2.0.0+incompatible.mod").await.unwrap();
    get(&proxy, "sumdb/example.com/db/lookup/example.com/!a@v1.0.0").await.unwrap();
    get(&proxy, "example.com/m/@latest").await.unwrap();
    let asked: Vec<_> = server.asked().iter().map(|head| head.line().to_owned()).collect();
    assert_eq!(
        asked,
        [
            "GET /go/example.com/%21burnt%21sushi/toml/@v/v1.0.0-%21r%21c1.info?token=x",
            "GET /go/example.com/m/@v/v2.0.0+incompatible.mod?token=x",
            "GET /go/sumdb/example.com/db/lookup/example.com/%21a@v1.0.0?token=x",
            "GET /go/example.com/m/@latest?token=x",
        ]
    );
}

#[tokio::test]
async fn the_headers_are_few() {
    let cookie = answer("200 OK", &[("Set-Cookie", "a=b; Path=/")], "PK\x05\x06");
    let server = Server::always(cookie).await;
    let proxy = proxy(&door(patient()), &server.url(""));
    get(&proxy, ZIP).await.unwrap();
    get(&proxy, INFO).await.unwrap();
    for (head, encoding) in server.asked().iter().zip(["identity", "gzip"]) {
        assert_eq!(head.names(), ["accept", "accept-encoding", "host", "user-agent", "via"]);
        assert_eq!(head.header("Accept-Encoding"), Some(encoding));
        assert_eq!(head.header("User-Agent"), Some(concat!("larder/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(head.header("Via"), Some("1.1 larder-test"));
        assert_eq!(head.header("Host"), Some(server.addr.to_string().as_str()));
    }
}

#[tokio::test]
async fn a_database_is_asked_at_its_own_endpoints() {
    let server = Server::always(ok("text\n")).await;
    let door = door(patient());
    let database = Proxy::database(&door, &source(&server.url("/base"))).unwrap();
    for path in ["latest", "lookup/example.com/!a@v1.0.0", "tile/8/0/x001/234.p/5", "tile/8/data/000"] {
        get(&database, &format!("sumdb/example.com/db/{path}")).await.unwrap();
        assert_eq!(server.asked().last().unwrap().target(), format!("/base/{}", path.replace('!', "%21")));
    }
    assert_eq!(kind(&database, LIST).await, FaultKind::Unaskable);
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::always(ok("v1.0.0\n")).await;
    let proxy = proxy(&door(patient()), &server.url(""));
    for _ in 0..3 {
        get(&proxy, LIST).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn who_refuses_connections_is_named_in_one_line() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let proxy = proxy(&door(patient()), &format!("http://{addr}/p?token=s3cret"));
    let fault = fault(proxy.fetch(&want(LIST)).await);
    assert_eq!(fault.kind(), FaultKind::Connect);
    let text = fault.to_string();
    assert!(text.starts_with(&format!("{addr}/p: connect: connection refused (")), "{text}");
}

#[test]
fn an_instance_is_named_by_letters_digits_and_hyphens() {
    for name in ["", "a b", "a\r\nb", "é", &"x".repeat(65)] {
        let config = DoorConfig::new(name, Env::default());
        assert_eq!(Door::new(config).unwrap_err(), DoorError::Instance, "{name:?}");
    }
}
