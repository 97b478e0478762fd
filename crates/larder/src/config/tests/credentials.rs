//! What servers are told of who asks.

use super::Machine;

const SECRET: &str = "hunter2-is-secret";

fn machine() -> Machine {
    Machine::with_upstream().secret("etc/git.token", SECRET)
}

#[test]
fn they_are_shown_without_the_token() {
    let text = format!(
        "[[credential]]\nhost = \"git.corp.example\"\ntoken_file = \"git.token\"\n\
         [[credential]]\nhost = \"a.example:8443/team\"\ntoken = \"{SECRET}\"\nuser = \"robot\"\n\
         [[credential]]\nhost = \"b.example\"\ntoken = \"{SECRET}\"\nbearer = true\n"
    );
    let shown = machine().file("etc/larder.toml", &text).show(&[]);
    for (index, want) in [
        "git.corp.example: user git, token_file DIR/etc/git.token",
        "a.example:8443/team: user robot, token",
        "b.example: bearer, token",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(shown["credentials"][index]["value"], want);
    }
    assert!(!shown.to_string().contains(SECRET));
}

#[test]
fn what_is_wrong_is_said_without_the_token() {
    for (entry, want) in [
        ("token = \"SECRET\"", "`host` is missing"),
        ("host = \"a.example\"", "exactly one of"),
        ("host = \"a.example\"\ntoken = \"SECRET\"\ntoken_file = \"git.token\"", "exactly one of"),
        ("host = \"https://a.example\"\ntoken = \"SECRET\"", "is no host"),
        ("host = \"u:SECRET@a.example\"\ntoken = \"SECRET\"", "is no host"),
        ("host = \"a.example\"\ntoken = \"SECRET two\"", "a character that no token has"),
        ("host = \"a.example\"\ntoken = \"\"", "is empty"),
        ("host = \"a.example\"\ntoken = \"SECRET\"\nbearer = true\nuser = \"x\"", "has no user"),
        ("host = \"a.example\"\ntoken_env = \"NOT_SET\"", "NOT_SET is not set"),
        ("host = \"a.example\"\ntoken_file = \"gone\"", "cannot be read"),
        ("host = \"a.example\"\ntoken = \"SECRET\"\nwhat = 1", "unknown field"),
        ("host = \"a.example\"\ntoken = SECRET", "token"),
    ] {
        let text = format!("[[credential]]\n{entry}\n").replace("SECRET", SECRET);
        let err = machine().wrong(&text);
        assert!(err.contains(want), "{entry}: {err}");
        assert!(!err.contains(SECRET), "{err}");
    }
    let err = machine()
        .mode("etc/git.token", 0o644)
        .wrong("[[credential]]\nhost = \"a.example\"\ntoken_file = \"git.token\"\n");
    assert!(err.contains("chmod o= DIR/etc/git.token"), "{err}");
}

#[test]
fn goauth_is_gos_own() {
    let plain = Machine::with_upstream().show(&[]);
    assert_eq!(plain["goauth"]["value"], "netrc");
    let command = format!("/bin/x --token={SECRET}; git /srv/project; netrc");
    let shown = Machine::with_upstream().var("GOAUTH", command).show(&[]);
    assert_eq!(shown["goauth"]["value"], "/bin/x; git /srv/project; netrc");
    assert!(!shown.to_string().contains(SECRET));
}
