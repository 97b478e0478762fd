//! What is absent, and what failed; what passes, and who waits for it.

use std::time::Duration;

use testkit::{Gate, Reply};
use tokio::time::Instant;
use upstream::{FaultKind, Miss};

use super::site::Site;

const LIST: &str = "code.example.com/r/@v/list";
const ZIP: &str = "code.example.com/r/@v/v1.0.0.zip";

#[test]
fn what_a_repository_does_not_have_is_absent() {
    let Some(site) = Site::new() else { return };
    site.vanity();
    for (what, text) in [
        ("@v/v1.1.0.info", "code.example.com/r@v1.1.0: invalid version: unknown revision v1.1.0"),
        ("@v/v1.1.0.zip", "code.example.com/r@v1.1.0: invalid version: unknown revision v1.1.0"),
        ("@v/branch.info", "code.example.com/r@branch: invalid version: unknown revision branch"),
        ("@v/0123456.info", "code.example.com/r@0123456: invalid version: unknown revision 0123456"),
    ] {
        assert_eq!(site.absent(&format!("code.example.com/r/{what}")), text);
    }
    site.git.init("empty", &[]);
    site.says("empty", "code.example.com/empty git https://git.example.org/empty");
    assert_eq!(site.text("code.example.com/empty/@v/list"), "");
    assert_eq!(
        site.absent("code.example.com/empty/@latest"),
        "module code.example.com/empty: no matching versions for query \"latest\""
    );
    site.says("gone", "code.example.com/gone git https://git.example.org/nobody");
    let text = site.absent("code.example.com/gone/@v/list");
    assert!(text.contains("git.example.org/nobody"), "{text}");
    let text = site.absent("code.example.com/nothing/@v/list");
    assert!(text.starts_with("unrecognized import path \"code.example.com/nothing\": "), "{text}");
}

#[test]
fn a_server_that_is_not_well_is_a_failure() {
    let kinds = [
        (Reply::status(500), FaultKind::Repository),
        (Reply::status(502), FaultKind::Repository),
        (Reply::status(401), FaultKind::Denied(403)),
        (Reply::status(403), FaultKind::Denied(403)),
        (Reply::html(), FaultKind::Repository),
        (Reply::ok("001e# service=git-upload-pack\nzzzz"), FaultKind::Repository),
        (Reply::reset(), FaultKind::Connect),
    ];
    for (reply, kind) in kinds {
        let Some(site) = Site::new() else { return };
        site.vanity();
        site.server.always("r/info/refs", reply.clone());
        let fault = site.fault(LIST);
        assert_eq!((fault.kind(), fault.is_discovery()), (kind, false), "{fault}");
        assert_eq!(fault.source_name().as_str(), "direct");
        // A path that leaves the scheme open is no other case, though go has one word for all of these.
        let fault = site.fault("code.example.com/r.git/@v/list");
        assert_eq!(fault.kind(), kind, "{fault}");
    }
}

#[test]
fn nobody_there_is_a_failure() {
    let Some(mut site) = Site::new() else { return };
    site.vanity();
    assert_eq!(site.text(LIST), "v1.0.0\n");
    site.server.take_down();
    // Where the code is, is known; so it is the repository that fails.
    let fault = site.fault(&LIST.replace("list", "main.info"));
    assert!(!fault.is_discovery(), "{fault}");
    let fault = site.fault("code.example.com/other/@v/list");
    assert!(fault.is_discovery() && fault.kind() == FaultKind::Connect, "{fault}");
}

#[test]
fn what_passes_is_tried_again() {
    // Which request fails: the listing's, and each of the fetch's.
    for (at, before) in
        [("r/info/refs", 0), ("r/info/refs", 1), ("r/git-upload-pack", 0), ("r/git-upload-pack", 2)]
    {
        for reply in [Reply::status(503), Reply::natural().reset_after(20)] {
            let Some(site) = Site::new() else { return };
            site.vanity();
            site.server.script(at, std::iter::repeat_n(Reply::natural(), before).chain([reply.clone()]));
            assert_eq!(site.zip(ZIP).len(), 2, "{at} after {before}: {reply:?}");
        }
    }
}

#[test]
fn a_pack_that_always_breaks_off_is_a_failure_and_none_later() {
    let Some(site) = Site::new() else { return };
    site.vanity();
    assert_eq!(site.text(LIST), "v1.0.0\n");
    site.server.always("r/git-upload-pack", Reply::natural().reset_after(100));
    let fault = site.fault(ZIP);
    assert!(!fault.is_discovery(), "{fault}");
    site.server.natural();
    site.says("r", "code.example.com/r git https://git.example.org/r");
    // The failure is remembered for a second.
    let again = (0..500).find(|_| {
        let came = site.ask(&Site::want(ZIP)).is_ok();
        if !came {
            std::thread::sleep(Duration::from_millis(20));
        }
        came
    });
    assert!(again.is_some());
}

#[test]
fn who_leaves_finds_the_work_done() {
    let Some(site) = Site::new() else { return };
    site.vanity();
    let gate = Gate::new();
    site.server.script("r/info/refs", [Reply::natural().hold(&gate)]);
    let mut want = Site::want(ZIP);
    want.begin_by = Some(Instant::now() + Duration::from_millis(100));
    let Err(Miss::Failed(fault)) = site.ask(&want) else { panic!("a failure was due") };
    assert_eq!(fault.kind(), FaultKind::Timeout);
    // One that goes away altogether.
    site.runtime.block_on(async {
        let (way, want) = (site.way.clone(), Site::want(ZIP));
        let task = tokio::spawn(async move { way.fetch(&want).await });
        tokio::task::yield_now().await;
        task.abort();
    });
    gate.wait_for(1);
    gate.open();
    assert_eq!(site.zip(ZIP).len(), 2);
    assert_eq!((site.server.asked("r"), site.server.asked("r/info/refs")), (1, 1));
}

#[test]
fn a_page_that_does_not_come_is_a_fault_of_discovery() {
    let Some(site) = Site::new() else { return };
    site.simple("r");
    let gate = Gate::new();
    site.server.always("r", Reply::html().hold(&gate));
    let mut want = Site::want(LIST);
    want.deadline = Some(Instant::now() + Duration::from_millis(50));
    let Err(Miss::Failed(fault)) = site.ask(&want) else { panic!("a failure was due") };
    assert_eq!((fault.kind(), fault.is_discovery()), (FaultKind::Timeout, true));
    gate.open();
    for reply in [Reply::status(500), Reply::status(401), Reply::reset()] {
        let Some(site) = Site::new() else { return };
        site.server.always("r", reply);
        let fault = site.fault(LIST);
        assert!(fault.is_discovery(), "{fault}");
    }
}

#[test]
fn a_page_leads_nobody_inside() {
    let Some(site) = Site::new() else { return };
    for (at, url) in [
        "https://10.0.0.1/r",
        "https://127.0.0.1:8080/r",
        "https://[::1]/r",
        "https://2130706433/r",
        "git://192.168.0.1/r",
        "ssh://git@localhost/r",
        "ssh://git@169.254.169.254/r",
        "https://metadata.google.internal/r",
    ]
    .into_iter()
    .enumerate()
    {
        site.says(&format!("p{at}"), &format!("code.example.com/p{at} git {url}"));
        let fault = site.fault(&format!("code.example.com/p{at}/@v/list"));
        assert!(fault.to_string().contains("allow_private_hosts"), "{url}: {fault}");
        assert!(!fault.is_discovery());
    }
    let text = site.miss("localhost.example.com.localhost/r.git/@v/list").to_string();
    assert!(text.contains("allow_private_hosts"), "{text}");
    assert!(site.asked().iter().all(|host| host == "code.example.com:443"), "{:?}", site.asked());
}

#[test]
fn a_pack_that_comes_slowly_is_waited_for_where_nobody_else_has_it() {
    let Some(site) = Site::new() else { return };
    site.vanity();
    assert_eq!(site.text(LIST), "v1.0.0\n");
    let slow = Reply::natural().drip(16, Duration::from_millis(100));
    site.server.always("r/git-upload-pack", slow);
    let started = Instant::now();
    let mut want = Site::want(ZIP);
    want.begin_by = Some(started + Duration::from_secs(3));
    assert!(want.alone && site.ask(&want).is_ok());
    assert!(started.elapsed() > Duration::from_secs(3), "it was not slow");
}
