//! Straight from repositories.

use testkit::{GitFixture, GoCommand, Reply};

use super::{
    Fault, fault,
    lab::{Lab, Log, Site, VANITY, said},
};

const REFS: &str = "team/lib/info/refs*";
const PACK: &str = "team/lib/git-upload-pack";

pub(super) const FAULTS: &[Fault] = &[
    fault("git-no-password", "L4-NO-PASSWORD", |lab| {
        git(lab, REFS, Reply::status(401).header("WWW-Authenticate", "Basic realm=\"git\""))
    }),
    fault("git-403", "L4-WRONG-PASSWORD", |lab| git(lab, REFS, Reply::status(403))),
    fault("git-404", "L4-REPOSITORY-ABSENT", |lab| git(lab, REFS, Reply::status(404))),
    fault("git-429", "L3-PROXY-BUSY", |lab| git(lab, REFS, Reply::status(429))),
    fault("git-503", "L3-PROXY-FAILS", |lab| git(lab, REFS, Reply::status(503))),
    fault("git-reset", "L2-CONNECTION-RESET", |lab| git(lab, REFS, Reply::reset())),
    fault("git-page", "L4-UNKNOWN-REVISION", |lab| git(lab, REFS, Reply::html())),
    fault("git-pack-cut", "L4-GIT-BROKE-OFF", |lab| git(lab, PACK, Reply::natural().cut_after(30))),
    fault("git-wrong-password", "L4-WRONG-PASSWORD", |lab| {
        let site = Site::new()?;
        site.server.demand("team/*", "robot", "hunter2");
        let go = site.go(lab);
        let config = "[credential]\n\thelper = \"!printf 'username=robot\\\\npassword=wrong\\\\n'; :\"\n";
        let file = format!("{}/gitconfig", go.work().display());
        go.write("gitconfig", config);
        said(&go.env("GIT_CONFIG_GLOBAL", file).run(["get", VANITY]))
    }),
    fault("git-certificate", "L4-GIT-CERTIFICATE", |lab| {
        let site = Site::new()?;
        let go = site.go(lab).env("GIT_SSL_CAINFO", "/dev/null");
        said(&go.run(["get", VANITY]))
    }),
    fault("git-refused", "L2-CONNECT-REFUSED", |lab| {
        let site = Site::new()?;
        let go = configured(
            &site,
            lab,
            "[url \"https://127.0.0.1:1/\"]\n\tinsteadOf = https://code.corp.example.com/\n",
        );
        said(&go.env("NO_PROXY", "127.0.0.1").run(["get", VANITY]))
    }),
    fault("git-ssh-refused", "L2-CONNECT-REFUSED", |lab| {
        let site = Site::new()?;
        let go = configured(
            &site,
            lab,
            "[url \"ssh://git@127.0.0.1:1/\"]\n\tinsteadOf = https://code.corp.example.com/\n",
        );
        said(&go.run(["get", VANITY]))
    }),
    fault("git-unknown-name", "L2-DNS-NO-SUCH-HOST", |lab| {
        let site = Site::new()?;
        let go = configured(
            &site,
            lab,
            "[url \"https://git.invalid/\"]\n\tinsteadOf = https://code.corp.example.com/\n",
        );
        said(&go.env("NO_PROXY", "git.invalid").run(["get", VANITY]))
    }),
    fault("git-unknown-revision", "L4-UNKNOWN-REVISION", |lab| Site::new()?.get(lab, "v9.9.9")),
    fault("git-unknown-branch", "L4-UNKNOWN-REVISION", |lab| Site::new()?.get(lab, "no-such-branch")),
    fault("git-pseudo-version", "L4-UNKNOWN-REVISION", |lab| {
        Site::new()?.get(lab, "v0.0.0-20240101000000-0123456789ab")
    }),
    fault("git-no-version-fits", "L5-NO-VERSIONS", |lab| Site::new()?.get(lab, ">v5.0.0")),
    fault("git-absent", "L4-NO-GIT", |lab| {
        let site = Site::new()?;
        let go = site.go(lab).env("PATH", "/nonexistent");
        said(&go.run(["get", VANITY]))
    }),
    fault("git-forbidden", "L4-GOVCS-FORBIDS", |lab| {
        let site = Site::new()?;
        said(&site.go(lab).env("GOVCS", "*:off").run(["get", VANITY]))
    }),
    fault("git-no-protocol", "L4-NO-PROTOCOL", |lab| {
        let site = Site::new()?;
        site.server.always("team/*", Reply::status(404));
        said(&site.go(lab).run(["get", "code.corp.example.com/team/lib.git@v1.0.0"]))
    }),
    fault("page-404", "L4-NO-GO-IMPORT", |lab| page(lab, Reply::status(404))),
    fault("page-500", "L4-DISCOVERY-FAILS", |lab| page(lab, Reply::status(500))),
    fault("page-without-tag", "L4-NO-GO-IMPORT", |lab| page(lab, Reply::html())),
    fault("page-reset", "L2-BODY-CUT", |lab| page(lab, Reply::reset())),
    fault("page-unknown-vcs", "L4-NO-GO-IMPORT", |lab| {
        page(lab, tag("go.corp.example.com/lib cvs https://code.corp.example.com/team/lib"))
    }),
    fault("page-of-another", "L4-NO-GO-IMPORT", |lab| {
        page(lab, tag("go.corp.example.com/other git https://code.corp.example.com/team/lib"))
    }),
    fault("page-fossil-absent", "L4-NO-GIT", |lab| {
        page(lab, tag("go.corp.example.com/lib fossil https://code.corp.example.com/team/lib"))
    }),
    fault("page-certificate", "L2-TLS-INTERCEPTED", |lab| {
        let site = Site::new()?;
        let go = site.go(lab).env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/dev/null");
        said(&go.run(["get", VANITY]))
    }),
    fault("git-owner", "L4-GIT-OWNER", |lab| {
        if !GitFixture::is_possible() {
            return None;
        }
        let go = lab.go("off");
        go.write("go.mod", "module test\n\ngo 1.20\n");
        go.write("main.go", "package main\n\nfunc main() {}\n");
        go.write(".git/HEAD", "ref: refs/heads/main\n");
        said(&go.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").run([
            "build",
            "-buildvcs=true",
            "-o",
            "program",
            ".",
        ]))
    }),
];

fn git(lab: &Lab, pattern: &str, reply: Reply) -> Log {
    let site = Site::new()?;
    site.server.always(pattern, reply);
    site.get(lab, "v1.0.0")
}

fn page(lab: &Lab, reply: Reply) -> Log {
    let site = Site::new()?;
    site.server.always("lib*", reply);
    said(&site.go(lab).run(["get", VANITY]))
}

fn tag(content: &str) -> Reply {
    let page = format!("<html><head><meta name=\"go-import\" content=\"{content}\"></head></html>");
    Reply::ok(page).content_type("text/html")
}

fn configured(site: &Site, lab: &Lab, config: &str) -> GoCommand {
    let go = site.go(lab);
    go.write("gitconfig", config);
    let file = go.work().join("gitconfig");
    go.env("GIT_CONFIG_GLOBAL", file)
}
