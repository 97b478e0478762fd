//! Secrets are used where they belong, and printed nowhere.

use std::fs;

use upstream::{Env, Fetched, Limits, Miss, Proxy, SourceConfig, UrlError, Validator, Want};

use crate::{
    LIST, SOON, ZIP,
    certificates::Authority,
    door, get,
    names::door_at,
    patient, proxy,
    server::{Server, Step, answer, head, ok, part},
    source, want, whole,
};

/// User, password, token, and their spellings on the wire.
const SECRETS: [&str; 7] =
    ["robot-7", "hunter2/x", "hunter2%2Fx", "hunter2%2fx", "s3cr3t", "cm9ib3QtNzpodW50ZXIyL3g=", "swordfish"];

#[track_caller]
fn assert_silent(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in: {text}");
    }
    assert!(!text.contains('\n') || text.starts_with("Absent"), "{text}");
}

#[tokio::test]
async fn no_failure_and_no_absence_repeats_a_secret() {
    let echo = "denied: robot-7 hunter2/x hunter2%2Fx s3cr3t cm9ib3QtNzpodW50ZXIyL3g= by swordfish";
    let plain = ("Content-Type", "text/plain");
    let scripts: Vec<Vec<Step>> = vec![
        answer("403 Forbidden", &[plain], echo),
        answer("404 Not Found", &[plain], echo),
        answer("503 Busy", &[plain], echo),
        answer("302 Found", &[("Location", "http://robot-7:s3cr3t@proxy.example.com/hunter2%2Fx")], ""),
        answer("302 Found", &[("Location", "ftp://robot-7:s3cr3t@proxy.example.com/hunter2%2Fx")], ""),
        answer("200 OK", &[("Content-Encoding", "s3cr3t")], ""),
        answer("200 OK", &[("Content-Type", "text/html")], echo),
        vec![part(1000, "PK\x03\x04"), Step::Close],
        vec![part(1000, "PK\x03\x04"), Step::Reset],
        vec![part(1000, "PK\x03\x04"), Step::Hang],
        vec![Step::Say(head("200 OK", &[], Some(u64::MAX / 2)))],
        vec![Step::Say(b"s3cr3t hunter2/x\r\n\r\n".to_vec()), Step::Close],
        vec![Step::Close],
        ok("s3cr3t"),
    ];
    let authority = Authority::new();
    let env = Env::new([("SSL_CERT_FILE", authority.pem())]);
    let config = upstream::DoorConfig {
        limits: Limits { stall: SOON, ..patient() },
        ..upstream::DoorConfig::new("test", env)
    };
    let door = upstream::Door::new(config).unwrap();
    for script in scripts {
        let steps = script.clone();
        let server = Server::start_tls(authority.server("localhost"), move |_| steps.clone()).await;
        let url =
            format!("https://robot-7:hunter2%2Fx@localhost:{}/p?token=s3cr3t&swordfish", server.addr.port());
        let proxy = proxy(&door, &url);
        assert_silent(&format!("{proxy:?} {:?} {} {}", proxy.url(), proxy.url(), proxy.name()));
        let Err(miss) = get(&proxy, ZIP).await else { panic!("a success: {script:?}") };
        assert_silent(&format!("{miss}"));
        assert_silent(&format!("{miss:?}"));
        let asked = server.asked();
        assert_eq!(asked[0].header("Authorization"), Some("Basic cm9ib3QtNzpodW50ZXIyL3g="));
    }
}

#[tokio::test]
async fn an_unreachable_source_with_secrets_is_named_without_them() {
    let door = door(Limits { connect: SOON, ..patient() });
    for host in ["127.0.0.1:1", "localhost:1", "nowhere.invalid"] {
        let proxy = proxy(&door, &format!("https://robot-7:hunter2%2Fx@{host}/p?token=s3cr3t"));
        let Err(miss) = get(&proxy, LIST).await else { panic!("a success") };
        assert_silent(&format!("{miss} {miss:?}"));
    }
}

#[test]
fn settings_and_errors_show_no_secret() {
    let (door, _) = door_at(Env::new([("HTTPS_PROXY", "http://robot-7:swordfish@127.0.0.1:1")]));
    let config = source("https://robot-7:hunter2%2Fx@proxy.example.com/?token=s3cr3t");
    let missing = SourceConfig { ca: Some("none.pem".into()), ..config.clone() };
    let error = Proxy::open(&door, &missing).unwrap_err();
    assert_silent(&format!("{config:?} {door:?} {error} {error:?}"));
    let refused = upstream::SafeUrl::parse("http://robot-7:hunter2%2Fx@proxy.example.com").unwrap_err();
    assert!(matches!(refused, UrlError::CredentialsOverHttp(_)));
    assert_silent(&format!("{refused} {refused:?}"));
}

#[tokio::test]
async fn trap_106_netrc_is_for_https_and_for_host_and_port_as_written() {
    let authority = Authority::new();
    let tls = Server::start_tls(authority.server("proxy.example.com"), |_| ok("v1.0.0\n")).await;
    let plain = Server::always(ok("v1.0.0\n")).await;
    let netrc = authority.dir().join("netrc");
    let (tls_port, plain_port) = (tls.addr.port(), plain.addr.port());
    let lines = format!(
        "machine proxy.example.com login wrong password wrong\n\
         machine proxy.example.com:{tls_port} login robot-7 password hunter2/x\n\
         machine proxy.example.com:{plain_port} login robot-7 password hunter2/x\n\
         default login anonymous password anonymous\n"
    );
    fs::write(&netrc, lines).unwrap();
    let vars = [("SSL_CERT_FILE", authority.pem()), ("NETRC", netrc)];
    let (door, _) = door_at(Env::new(vars));
    let basic = Some("Basic cm9ib3QtNzpodW50ZXIyL3g=");
    get(&proxy(&door, &format!("https://proxy.example.com:{tls_port}")), LIST).await.unwrap();
    assert_eq!(tls.asked()[0].header("Authorization"), basic);
    get(&proxy(&door, &format!("https://other:own@proxy.example.com:{tls_port}")), LIST).await.unwrap();
    assert_eq!(
        tls.asked()[1].header("Authorization"),
        Some("Basic b3RoZXI6b3du"),
        "the URL's own come first"
    );
    get(&proxy(&door, &format!("http://proxy.example.com:{plain_port}")), LIST).await.unwrap();
    assert_eq!(plain.asked()[0].header("Authorization"), None);
}

#[tokio::test]
async fn a_redactor_that_has_nothing_to_hide_changes_nothing() {
    let server =
        Server::always(answer("404 Not Found", &[("Content-Type", "text/plain")], "not found: a?b=c")).await;
    let proxy = proxy(&door(patient()), &server.url("/?x=&y"));
    match proxy.fetch(&Want { validator: Some(Validator::default()), ..want(LIST) }).await {
        Err(Miss::Absent(absence)) => assert_eq!(absence.text.as_deref(), Some("not found: a?b=c")),
        Err(Miss::Failed(fault)) => panic!("{fault}"),
        Ok(Fetched::Body(body)) => panic!("{:?}", whole(body).await),
        Ok(Fetched::NotModified) => panic!("not modified"),
    }
}
