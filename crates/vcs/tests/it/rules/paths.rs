//! Where in a repository a module lies.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    (
        "tags of a directory's module begin with the directory, without the one of the major",
        "commit main go.mod=module R\\n | sub/go.mod=module R/sub\\n | sub/v2/go.mod=module R/sub/v2\\n | sub/v2/a.go=package a\\n
         tag v1.0.0 sub/v1.2.0 sub/v2.0.0 v2.1.0 Sub/v1.9.0 sub/v2/v2.5.0
         R list = v1.0.0
         R/sub list = v1.2.0
         R/sub/v2 list = v2.0.0
         R/sub v1.2.0 zip go.mod
         R/sub/v2 v2.0.0 zip a.go | go.mod
         R/sub/v2 v2.1.0 ! unknown revision sub/v2.1.0
         R/sub v1.0.0 ! unknown revision sub/v1.0.0
         R/sub main = v1.2.0",
    ),
    (
        "a major in the branch",
        "commit main go.mod=module R\\n
         tag v1.0.0
         branch v2 main
         commit v2 go.mod=module R/v2\\n
         tag v2.0.0
         R/v2 list = v2.0.0
         R/v2 v2.0.0 mod module R/v2\\n
         R/v2 v1.0.0 ! go.mod has non-.../v2 module path \"R\" (and .../v2/go.mod does not exist) at revision v1.0.0
         R v2.0.0 ! go.mod has post-v2 module path \"R/v2\" at revision v2.0.0",
    ),
    (
        "a major in a directory, which is not part of its tags",
        "commit main go.mod=module R\\n | v2/go.mod=module R/v2\\n | v2/a.go=package a\\n | LICENSE=free\\n
         tag v1.0.0 v2.0.0
         R/v2 v2.0.0 zip LICENSE=free\\n | a.go | go.mod
         R v1.0.0 zip LICENSE | go.mod",
    ),
    (
        "both places claim the major",
        "commit main go.mod=module R/v2\\n | v2/go.mod=module R/v2\\n
         tag v2.0.0
         R/v2 v2.0.0 ! /go.mod and .../v2/go.mod both have .../v2 module paths at revision v2.0.0",
    ),
    (
        "the directory's go.mod is of another major, or of none",
        "commit main go.mod=module R/v2\\n | v2/go.mod=module R/v3\\n
         tag v2.0.0
         commit main v2/go.mod=go 1.20\\n
         tag v2.1.0
         R/v2 v2.0.0 ! /v2/go.mod has non-.../v2 module path \"R/v3\" at revision v2.0.0
         R/v2 v2.1.0 ! /v2/go.mod is missing module path at revision v2.1.0",
    ),
    (
        "no go.mod where one is needed",
        "commit main a.go=package a\\n
         tag v2.0.0 sub/v1.0.0
         R/v2 v2.0.0 ! /go.mod and .../v2/go.mod at revision v2.0.0
         R/sub v1.0.0 ! /sub/go.mod at revision sub/v1.0.0
         W/v2 v2.0.0 ! /v2/go.mod at revision v2.0.0",
    ),
    (
        "without a go.mod the root has one that is made up, and its zip has none",
        "commit main a.go=package a\\n
         tag v1.0.0
         R v1.0.0 mod module R\\n
         R v1.0.0 zip a.go",
    ),
    (
        "only the major is compared: a fork keeps its name",
        "commit main go.mod=module other.example.com/x\\n
         tag v1.0.0
         commit main go.mod=module gopkg.in/x.v3\\n
         tag v1.1.0
         commit main go.mod=module gopkg.in/x.v2\\n
         tag v2.0.0
         R v1.0.0 mod module other.example.com/x\\n
         R v1.1.0 = v1.1.0
         R/v2 v2.0.0 = v2.0.0",
    ),
    (
        "gopkg.in: the major is in the name, and may be missing in the repository",
        "commit main a.go=package a\\n
         tag v1.0.0 v2.0.0 v2.1.0-rc.1
         commit main go.mod=module R/v2\\n
         tag v2.2.0
         commit main go.mod=module gopkg.in/x.v2-unstable\\n
         tag v2.3.0
         G.v1 list = v1.0.0
         G.v2 list = v2.0.0 v2.1.0-rc.1 v2.2.0 v2.3.0
         G.v2 v2.0.0 zip a.go
         G.v2 v2.2.0 = v2.2.0
         G.v2 v2.3.0 ! go.mod has non-....v2 module path \"gopkg.in/x.v2-unstable\" at revision v2.3.0
         G.v2 v1.0.0 ! module path includes a major version suffix, so major version must match",
    ),
    (
        "gopkg.in unstable: no list, yet a version can be asked for",
        "commit main a.go=package a\\n
         tag v2.0.0
         commit main b.go=package a\\n
         G.v2-unstable list =
         G.v2-unstable v2.0.0 = v2.0.0
         G.v2-unstable main = v2.0.1-0.~2
         G.v2-unstable latest = v2.0.1-0.~2",
    ),
    (
        "the fourth field of a page is the directory",
        "commit main go.mod=module R\\n | sub/go.mod=module R\\n | sub/a.go=package a\\n | sub/v2/go.mod=module R/v2\\n | deep/sub/go.mod=module R\\n
         tag v9.0.0 sub/v1.0.0 sub/v2.0.0 deep/sub/v1.3.0
         S list = v1.0.0
         S v1.0.0 zip a.go | go.mod
         S/v2 list = v2.0.0
         S/v2 v2.0.0 zip go.mod
         S/deep list = v1.3.0
         S/deep v1.3.0 = v1.3.0",
    ),
    (
        "a repository that is the module with its major: the directory does not count",
        "commit main go.mod=module R/v2\\n | v2/go.mod=module R/v3\\n | v2/a.go=package a\\n
         tag v2.0.0
         W/v2 list = v2.0.0
         W/v2 v2.0.0 zip go.mod",
    ),
    (
        "the module line: what ends it, what hides it",
        "commit main go.mod=module R // module R/v2\\n
         tag v1.0.0
         commit main go.mod=module \"R/v2\"\\n
         tag v1.1.0
         commit main go.mod=module `R`\\n
         tag v1.2.0
         commit main go.mod=module (\\n\\tR/v2\\n)\\n
         tag v1.3.0
         commit main go.mod=\u{feff}module R\\n
         tag v1.4.0
         commit main go.mod=go 1.20\\rmodule R\\r
         tag v1.5.0
         commit main go.mod=module R/v1\\n
         tag v1.6.0
         commit main go.mod=module R/v2x\\n
         tag v1.7.0
         commit main go.mod=\\tmodule\\tR\\r\\n
         tag v1.8.0
         R v1.0.0 = v1.0.0
         R v1.2.0 = v1.2.0
         R v1.3.0 = v1.3.0
         R v1.4.0 ! go.mod is missing module path at revision v1.4.0
         R v1.5.0 ! go.mod is missing module path at revision v1.5.0
         R v1.6.0 ! go.mod has malformed module path \"R/v1\" at revision v1.6.0
         R v1.7.0 = v1.7.0
         R v1.8.0 = v1.8.0",
    ),
    (
        "a go.mod that is a link, a directory or a submodule",
        "commit main go.mod@=sub/go.mod | sub/go.mod=module R/sub\\n
         tag v1.0.0
         commit main go.mod@=module R\\n
         tag v1.1.0
         commit main -go.mod | go.mod/x=y\\n
         tag v1.2.0
         commit main -go.mod | go.mod#
         tag v1.3.0
         R v1.0.0 ! go.mod is missing module path at revision v1.0.0
         R v1.1.0 mod module R\\n
         R v1.1.0 zip
         R v1.2.0 mod module R\\n
         R v1.2.0 zip go.mod/x
         R v1.3.0 zip ",
    ),
];
