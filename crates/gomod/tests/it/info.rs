//! `.info` and `@latest` answers.

use gomod::{Info, InfoError};

fn canonical(json: &str) -> String {
    let info = Info::parse(json.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}"));
    String::from_utf8(info.to_bytes()).unwrap()
}

#[test]
fn trap_35_json_is_read_as_go_reads_it() {
    let plain = r#"{"Version":"v1.2.3","Time":"2024-01-02T03:04:05Z"}"#;
    for json in [
        plain,
        " {\"Version\" : \"v1.2.3\", \"Time\":\"2024-01-02T03:04:05Z\"} \r\n\t",
        r#"{"version":"v1.2.3","TIME":"2024-01-02T03:04:05.678Z"}"#,
        r#"{"vErSiOn":"v1.2.3","Time":"2024-01-02T04:04:05+01:00"}"#,
        r#"{"Version":"v1.2.3","Time":"2024-01-02T03:04:05Z","Origin":null,"More":[1e999,{"a":null}]}"#,
        r#"{"Version":"v0.0.0","version":"v1.2.3","Version":null,"Time":"2024-01-02T03:04:05Z","time":null}"#,
        r#"{"Version":"v1.2.\u0033","Time":"2024-01-02T03:04:05Z","Origin":{}}"#,
        r#"{"Version":"v1.2.3","Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"","Extra":{"x":[]}}}"#,
        r#"{"Version":"v1.2.3","Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"git"},"origin":null}"#,
    ] {
        assert_eq!(canonical(json), plain, "{json}");
    }
    assert_eq!(canonical(r#"{"Version":"v1.2.3"}"#), r#"{"Version":"v1.2.3"}"#);
}

#[test]
fn traps_34_and_35_what_is_no_answer() {
    for json in [
        "",
        "null",
        "[]",
        "\"v1.2.3\"",
        "{}",
        r#"{"Version":null}"#,
        r#"{"Version":1}"#,
        r#"{"Version":"v1.2"}"#,
        r#"{"Version":"master"}"#,
        r#"{"Version":"v1.2.3+meta"}"#,
        r#"{"Version":"v1.2.3"}x"#,
        r#"{"Version":"v1.2.3"}{}"#,
        "\u{feff}{\"Version\":\"v1.2.3\"}",
        r#"{"Version":"v1.2.3","Time":"2024-01-02 03:04:05Z"}"#,
        r#"{"Version":"v1.2.3","Time":""}"#,
        r#"{"Version":"v1.2.3","Time":17}"#,
        r#"{"Version":"v1.2.3","Origin":"git"}"#,
        r#"{"Version":"v1.2.3","Origin":{"VCS":1}}"#,
        r#"{"Version":"v1.2.3""#,
        "<html>",
    ] {
        let error = Info::parse(json.as_bytes()).expect_err(json);
        assert!(error.to_string().len() < 300, "{error}");
    }
    assert!(Info::parse(b"{\"Version\":\"v1.2.3\xff\"}").is_err());
    assert!(Info::parse("[".repeat(100_000).as_bytes()).is_err());
    let long = format!(r#"{{"Version":["{}"]}}"#, "x".repeat(100_000));
    assert!(Info::parse(long.as_bytes()).unwrap_err().to_string().len() < 300);
    let wide = format!(r#"{{"Version":"v1.2.3"{}}}"#, " ".repeat(Info::LARGEST));
    assert_eq!(Info::parse(wide.as_bytes()), Err(InfoError::TooLarge));
}

const ORIGIN: &str = concat!(
    r#""Origin":{"VCS":"git","URL":"https://example.com/r","Subdir":"s","Hash":"aa","TagPrefix":"s/","#,
    r#""TagSum":"t1:x","Ref":"refs/tags/s/v1.2.3","RepoSum":"r1:x"}"#
);

#[test]
fn origins_keep_their_fields_in_order() {
    let json = format!(r#"{{"Version":"v1.2.3",{ORIGIN}}}"#);
    assert_eq!(canonical(&json), json);
    let shuffled = r#"{"Origin":{"ref":"a\"b","HASH":"aa","Vcs":"git"},"origin":{"Hash":"bb","Ref":null},"Version":"v1.2.3"}"#;
    assert_eq!(
        canonical(shuffled),
        r#"{"Version":"v1.2.3","Origin":{"VCS":"git","Hash":"bb","Ref":"a\"b"}}"#
    );
}

#[test]
fn what_is_kept_for_ever_does_not_depend_on_other_tags() {
    let immutable = |version: &str| {
        let json = format!(r#"{{"Version":"{version}",{ORIGIN}}}"#);
        String::from_utf8(Info::parse(json.as_bytes()).unwrap().immutable().to_bytes()).unwrap()
    };
    assert_eq!(
        immutable("v1.2.3"),
        r#"{"Version":"v1.2.3","Origin":{"VCS":"git","URL":"https://example.com/r","Subdir":"s","Hash":"aa","Ref":"refs/tags/s/v1.2.3"}}"#
    );
    assert_eq!(
        immutable("v0.0.0-20240101000000-abcdefabcdef"),
        r#"{"Version":"v0.0.0-20240101000000-abcdefabcdef","Origin":{"VCS":"git","URL":"https://example.com/r","Subdir":"s","Hash":"aa"}}"#
    );
}

#[test]
fn version_and_time_are_given_out() {
    let info = Info::parse(br#"{"Version":"v1.2.3","Time":"2024-01-02T03:04:05.9+00:00"}"#).unwrap();
    assert_eq!(info.version().as_str(), "v1.2.3");
    assert_eq!(info.time(), Some("2024-01-02T03:04:05Z"));
}
