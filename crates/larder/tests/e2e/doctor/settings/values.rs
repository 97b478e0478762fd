//! Single values, and how they are written.

use std::{fs, os::unix::fs::PermissionsExt};

use testkit::{Authority, ScriptedUpstream, TestLog};

use super::{go, requiring, settings, shows, told};
use crate::{
    doctor::doctor,
    world::{LOG, project, tree},
};

#[test]
fn quotes_that_no_shell_takes_off() {
    let go = told("GOPROXY=\"https://proxy.example.com\"\n");
    assert!(
        go.run(["mod", "download", "example.com/app@v1.0.0"]).fails().stderr.contains("first path segment")
    );
    settings(&go).is("L1-QUOTED");
}

#[test]
fn a_file_with_windows_line_ends() {
    let go = told("GO111MODULE=on\r\n");
    assert!(go.run(["list"]).fails().stderr.contains("unknown environment setting"));
    settings(&go).is("L1-LINE-END");
}

#[test]
fn a_variable_that_go_does_not_know() {
    let go = go().env("GOPORXY", "https://mirror.corp.example");
    go.run(["list"]).ok();
    shows(settings(&go).is("L1-VARIABLE-UNKNOWN"), "GOPORXY=https://mirror.corp.example");
    settings(&told("GONOSUMBD=corp.example\n").env("GONOSUMBD", "")).is("L1-VARIABLE-UNKNOWN");
}

#[test]
fn an_exported_variable_hides_what_go_env_wrote() {
    let go = told("").env("GOPROXY", "");
    go.run(["env", "-w", "GOPROXY=https://mirror.corp.example"]).ok();
    settings(&go).healthy();
    // The same in both places hides nothing.
    let go = go.env("GOPROXY", "https://mirror.corp.example");
    settings(&go).healthy();
    let go = go.env("GOPROXY", "https://proxy.example.com");
    assert_eq!(go.run(["env", "GOPROXY"]).ok().stdout.trim(), "https://proxy.example.com");
    let home = go.work().join("../home");
    fs::write(home.join(".work.sh"), "# mine\nexport GOPROXY=https://proxy.example.com\n").unwrap();
    fs::write(home.join(".bashrc"), "alias x=y\n. ~/.work.sh\n").unwrap();
    let report = settings(&go);
    let finding = report.is("L1-SHADOWED");
    shows(finding, ".work.sh:2 sets it");
    shows(finding, "GOPROXY=https://mirror.corp.example");
}

#[test]
fn files_of_a_project_export_variables() {
    for (file, text, place) in [
        (
            ".vscode/settings.json",
            "{\n  \"go.toolsEnvVars\": {\n    \"GOFLAGS\": \"-mod=mod\"\n  }\n}\n",
            ".vscode/settings.json:3",
        ),
        ("Dockerfile", "FROM scratch\nENV CGO_ENABLED=0 \\\n    GOFLAGS=-mod=mod\n", "Dockerfile:3"),
        (".github/workflows/ci.yml", "env:\n  GOFLAGS: -mod=mod\n", "ci.yml:2"),
        (".envrc", "export GOFLAGS=\"-mod=mod\"\n", ".envrc:1"),
    ] {
        let go = told("GOFLAGS=-modcacherw\n").env("GOFLAGS", "-mod=mod");
        go.write(file, text);
        assert_eq!(go.run(["env", "GOFLAGS"]).ok().stdout.trim(), "-mod=mod");
        shows(settings(&go).is("L1-SHADOWED"), &format!("{place} sets it"));
    }
}

#[test]
fn nobody_vouches_for_new_modules() {
    let upstream = ScriptedUpstream::with_log(tree(), TestLog::over(LOG, &tree()));
    let go = told("GOSUMDB=off\n");
    go.run(["env", "GOSUMDB"]).ok();
    let fetching = told("GOSUMDB=off\n").env("GOPROXY", upstream.url());
    fetching.run(["mod", "download", "example.com/app@v1.0.0"]).ok();
    assert_eq!(upstream.asked("sumdb/*"), 0);
    settings(&go).is("L1-SUMDB-OFF");
}

#[test]
fn a_key_that_was_copied_wrongly() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = project(&upstream.url()).sumdb(DAMAGED);
    let said = go.run(["mod", "download", "example.com/app@v1.0.0"]).fails();
    assert!(said.stderr.contains("invalid GOSUMDB: invalid verifier hash"), "{said}");
    settings(&go).is("L1-GOSUMDB-KEY");
    // The same without its last letters.
    let go = project(&upstream.url()).sumdb(&DAMAGED[..DAMAGED.len() - 4]);
    let said = go.run(["mod", "download", "example.com/app@v1.0.0"]).fails();
    assert!(said.stderr.contains("invalid GOSUMDB"), "{said}");
    settings(&go).is("L1-GOSUMDB-KEY");
}

/// The key that go carries, and its last letter changed.
const DAMAGED: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn9";

#[test]
fn a_database_without_its_key() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = project(&upstream.url()).sumdb("sums.corp.example");
    assert!(go.run(["mod", "download", "example.com/app@v1.0.0"]).fails().stderr.contains("invalid GOSUMDB"));
    settings(&go).is("L1-GOSUMDB");
}

/// A program at home that `go` runs before it asks anybody over TLS; `go` says with -x what became of it.
#[test]
fn credentials_of_a_program_that_gives_none() {
    for (script, said) in [
        ("echo hunter2 >&2; exit 3", "exit status 3"),
        ("echo 'Authorization: hunter2'", "not of the form"),
        ("sleep 600", "did not end within"),
        // There is nobody to ask.
        ("read answer </dev/tty", "exit status"),
    ] {
        let mut go = go();
        let program = go.work().join("../home/login");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        go = go.env("GOAUTH", format!("{} --token hunter3", program.display()));
        let report = doctor(&go, &["--check", "switches"]);
        let finding = report.is("L1-GOAUTH");
        shows(finding, said);
        assert!(!report.ran.stdout.contains("hunter"), "{}", report.ran);
        // Nobody is asked by a go that asks nobody over TLS.
        settings(&go).healthy();
        doctor(&go.env("GOPROXY", "off"), &["--check", "switches"]).healthy();
    }
}

#[test]
fn credentials_of_a_program_that_gives_some() {
    let go = go();
    let program = go.work().join("../home/login");
    let script = "#!/bin/sh\nprintf 'https://git.example.com\\n\\nAuthorization: Basic aHVudGVyMg==\\n\\n'\n";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let report = doctor(&go.env("GOAUTH", program), &["--check", "switches"]);
    report.healthy();
    assert!(!report.ran.stdout.contains("aHVu"), "{}", report.ran);
}

#[test]
fn flags_that_are_none() {
    let go = told("GOFLAGS=-mod=mod x\n");
    assert!(go.run(["list"]).fails().stderr.contains("non-flag"));
    settings(&go).is("L1-GOFLAGS");
}

#[test]
fn a_flag_that_go_does_not_know() {
    let go = told("GOFLAGS=-mod=mod -insecur\n");
    assert!(go.run(["list"]).fails().stderr.contains("unknown flag"));
    settings(&go).is("L1-GOFLAGS-UNKNOWN");
}

#[test]
fn a_flag_that_go_get_refuses() {
    let go = told("GOFLAGS=-insecure\n");
    assert!(go.run(["get", "example.com/app@v1.0.0"]).fails().stderr.contains("no longer supported"));
    settings(&go).is("L1-GOFLAGS-INSECURE");
}

#[test]
fn a_flag_that_wants_a_vendor_directory() {
    let go = requiring(told("GOFLAGS=-mod=vendor\n"));
    go.run(["build", "./..."]).fails();
    settings(&go).is("L1-GOFLAGS-VENDOR");
}

#[test]
fn a_flag_that_names_a_go_mod() {
    let go = told("GOFLAGS=-modfile=ci.mod\n");
    assert!(go.run(["list"]).fails().stderr.contains("ci.mod"));
    settings(&go).is("L1-GOFLAGS-MODFILE");
    doctor(&go, &["--offline"]).is("L1-GOFLAGS-MODFILE");
    go.write("ci.mod", &go.read("go.mod"));
    go.run(["list"]).ok();
    settings(&go).healthy();
    go.write("go.work", "go 1.21\n\nuse .\n");
    assert!(go.run(["list"]).fails().stderr.contains("-modfile cannot be used in workspace mode"));
    settings(&go).is("L1-GOFLAGS-MODFILE");
    fs::remove_file(go.work().join("go.work")).unwrap();
    let go = go.env("GOFLAGS", "-modfile=go.mod.ci").env("GOENV", "off");
    assert!(go.run(["list"]).fails().stderr.contains("does not have .mod extension"));
    settings(&go).is("L1-GOFLAGS-MODFILE");
}

#[test]
fn modules_are_switched_off() {
    let go = told("GO111MODULE=off\n");
    go.run(["mod", "download"]).fails();
    settings(&go).is("L1-GO111MODULE");
    let go = go.env("GO111MODULE", "onn").env("GOENV", "off");
    assert!(go.run(["list"]).fails().stderr.contains("unknown environment setting"));
    settings(&go).is("L1-GO111MODULE");
}

#[test]
fn a_toolchain_that_is_none() {
    for toolchain in ["1.22.0", "latest", "go1.21", "go1.22.0+later"] {
        let go = go().env("GOTOOLCHAIN", toolchain);
        go.run(["list"]).fails();
        settings(&go).is("L1-GOTOOLCHAIN");
    }
}

#[test]
fn a_toolchain_that_is_not_in_path() {
    let go = go().env("GOTOOLCHAIN", "go1.999.0+path");
    assert!(go.run(["list"]).fails().stderr.contains("cannot find \"go1.999.0\" in PATH"));
    settings(&go).is("L1-TOOLCHAIN-PATH");
}

#[test]
fn a_workspace_that_is_not_there() {
    for work in ["/nowhere/go.work", "go.work"] {
        let go = go().env("GOWORK", work);
        go.run(["list"]).fails();
        settings(&go).is("L1-GOWORK");
    }
}

#[test]
fn rules_for_version_control_that_are_none() {
    for rules in ["git", "public:", "public:git,public:hg", "public:git,"] {
        let go = go().env("GOVCS", rules);
        let direct = super::go().env("GOVCS", rules).env("GOPROXY", "direct").env("GOSUMDB", "off");
        let said = direct.run(["mod", "download", "git.corp.example/app.git@v1.0.0"]).fails();
        assert!(said.stderr.contains("GOVCS"), "{said}");
        settings(&go).is("L1-GOVCS");
    }
}

#[test]
fn credentials_of_a_program_that_is_not_there() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    upstream.demand("*", "user", "hunter2");
    for (auth, said) in [
        ("corp-login --quiet", "401"),
        ("/nowhere/login", "401"),
        ("netrc; git /nowhere", "cannot stat /nowhere"),
        ("netrc;;off", "cannot be combined"),
    ] {
        let fetching = project(&upstream.url()).env("GOAUTH", auth);
        fetching.write("ca.pem", &authority.ca());
        let ca = fetching.work().join("ca.pem");
        let ran = fetching.env("SSL_CERT_FILE", ca).run(["mod", "download", "all"]).fails();
        assert!(ran.stderr.contains(said), "{ran}");
        settings(&go().env("GOAUTH", auth)).is("L1-GOAUTH");
    }
}
