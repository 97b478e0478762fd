//! The system's resolver hears what a name server says, and the name server what is asked.

use std::{net::Ipv4Addr, process::Command};

use testkit::{NameServer, Names, run, skipped};

#[test]
fn programs_know_no_other_name_server() {
    let Some(server) = NameServer::start() else {
        skipped("this machine does not allow a name server");
        return;
    };
    server.knows("known.example.com", Ipv4Addr::new(192, 0, 2, 7));
    let words = server.under();
    let ask = |name: &str| {
        let mut command = Command::new(&words[0]);
        let ran = run(command.args(&words[1..]).args(["getent", "ahostsv4", name]));
        let first = ran.stdout.split_whitespace().next().map(str::to_owned);
        assert_eq!(ran.status.success(), first.is_some(), "{ran}");
        first
    };
    assert_eq!(ask("Known.example.com").as_deref(), Some("192.0.2.7"));
    assert_eq!(ask("other.example.com"), None);
    server.says(Names::All(Ipv4Addr::new(192, 0, 2, 8)));
    assert_eq!(ask("other.example.com").as_deref(), Some("192.0.2.8"));
    for names in [Names::Nowhere, Names::Failing] {
        server.says(names);
        assert_eq!(ask("known.example.com"), None, "{names:?}");
    }
    let mut asked = server.asked();
    asked.dedup();
    assert_eq!(
        asked,
        ["known.example.com", "other.example.com", "known.example.com"],
        "in lower case, and nothing else"
    );
}
