//! Which tags are versions, and which version is the newest.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    (
        "only canonical tags are listed",
        "commit main a.go=package a\\n
         tag v1.0.0 v1 v1.2 V1.3.0 1.4.0 v1.5.0+meta v2.0.0+incompatible v01.6.0 v1.7.0.0 v1.8.0- v1.9.0-a.01 v1.10.0-rc.1 latest
         R list = v1.0.0 v1.10.0-rc.1
         R latest = v1.0.0
         R V1.3.0 = v1.10.0-rc.1
         R v1.7.0.0 = v1.10.0-rc.1
         R v1.8.0- = v1.10.0-rc.1
         R v01.6.0 = v1.10.0-rc.1
         R v1.9.0-a.01 = v1.10.0-rc.1
         R v2.0.0+incompatible ! unknown revision v2.0.0",
    ),
    (
        "tags of the shape of pseudo-versions are no versions, those that only look like it are",
        "commit main a.go=package a\\n
         tag v0.0.0-20200101000000-abcdefabcdef v1.0.1-0.20200101000000-abcdefabcdef v1.2.0-20200101000000-abcdefabcdef
         commit main b.go=package a\\n
         R list = v1.2.0-20200101000000-abcdefabcdef
         R main = v1.2.0-20200101000000-abcdefabcdef.0.~2
         R v1.2.0-20200101000000-abcdefabcdef zip a.go
         R v0.0.0-20200101000000-abcdefabcdef ! unknown revision abcdefabcdef",
    ),
    (
        "a commit stands for its highest version, by precedence alone",
        "commit main a.go=package a\\n
         tag v1.40.1 v1.41.0-rc.1 v1.5.0
         R main = v1.41.0-rc.1
         R HEAD = v1.41.0-rc.1
         R #1.7 = v1.41.0-rc.1
         R v1.5.0 = v1.5.0
         R latest = v1.40.1",
    ),
    (
        "a list is made of names; the newest is the answer, right or wrong",
        "commit main go.mod=module R\\n
         tag v1.0.0
         commit main go.mod=module R/v2\\n
         tag v1.1.0
         R list = v1.0.0 v1.1.0
         R latest ! go.mod has post-v1 module path \"R/v2\" at revision v1.1.0
         R v1.0.0 = v1.0.0",
    ),
    (
        "a module that is not there has an empty list and no newest",
        "commit main a.go=package a\\n
         tag v1.0.0
         R/none list =
         R/none latest ! no matching versions for query \"latest\"",
    ),
    (
        "what the highest release retracts is not the newest, and no base",
        "commit main go.mod=module R\\n
         tag v1.0.0
         commit main b.go=package a\\n
         tag v1.1.0
         branch mid main
         commit mid c.go=package a\\n
         commit main go.mod=module R\\n\\nretract v1.1.0\\n
         tag v1.2.0-rc.1
         commit main go.mod=module R\\n\\nretract [v1.1.0, v1.2.0]\\n
         tag v1.2.0
         R list = v1.0.0 v1.1.0 v1.2.0-rc.1 v1.2.0
         R latest = v1.0.0
         R v1.1.0 = v1.1.0
         R #2.7 = v1.0.1-0.~2
         R mid = v1.0.1-0.~3",
    ),
    (
        "all retracted: HEAD is the newest, upon a base that stands",
        "commit main go.mod=module R\\n\\nretract [v1.0.0, v1.9.0]\\n
         tag v1.0.0 v1.1.0
         commit main b.go=package a\\n
         R latest = v0.0.0-~2",
    ),
    (
        "majors above v1 without a suffix, as long as there is no go.mod",
        "commit main a.go=package a\\n
         tag v1.0.0 v2.0.0 v2.1.0
         commit main b.go=package a\\n
         tag v3.0.0
         commit main go.mod=module R/v3\\n
         tag v3.1.0
         R list = v1.0.0 v2.0.0+incompatible v2.1.0+incompatible
         R v2.0.0 = v2.0.0+incompatible
         R v2.0.0+incompatible = v2.0.0+incompatible
         R v3.0.0 = v3.0.0+incompatible
         R v3.1.0 ! go.mod has post-v3 module path
         R v1.0.0+incompatible ! +incompatible suffix not allowed: major version v1 is compatible
         R #2.7 = v3.0.0+incompatible",
    ),
    (
        "a go.mod in the newest compatible version ends all majors above",
        "commit main a.go=package a\\n
         tag v2.0.0
         commit main go.mod=module R\\n
         tag v1.0.0
         R list = v1.0.0
         R v2.0.0 = v2.0.0+incompatible
         R v2.0.0 mod module R\\n",
    ),
    (
        "a go.mod in the directory of the major: only who asks for +incompatible gets it",
        "commit main a.go=package a\\n | v2/go.mod=module R/v2\\n
         tag v2.0.0
         R list = v2.0.0+incompatible
         R v2.0.0 ! module contains a go.mod file, so module path must match major version
         R v2.0.0+incompatible = v2.0.0+incompatible
         R/v2 v2.0.0 = v2.0.0
         R/v2 v2.0.0 zip go.mod",
    ),
    (
        "a tag at a file has no version",
        "commit main a.go=package a\\n
         tag v1.0.0
         file v1.1.0
         file v2.0.0
         commit main b.go=package b\\n
         R v1.1.0 ! unknown revision v1.1.0
         R v1.1.1-0.~2 ! preceding tag (v1.1.0)
         R/v2 list = v2.0.0",
    ),
    (
        "annotated tags are followed; of two clocks the committer's counts",
        "commit main a.go=package a\\n
         note v1.0.0
         commit main b.go=package a\\n
         note nightly
         R v1.0.0 = v1.0.0
         R nightly = v1.0.1-0.~2
         R list = v1.0.0",
    ),
    (
        "the highest version behind a commit is the base, not the nearest, and no other branch's",
        "commit main a.go=package a\\n
         tag v1.5.0
         commit main b.go=package a\\n
         tag v1.2.0
         commit main c.go=package a\\n
         branch side main
         commit side d.go=package a\\n
         tag v1.9.0
         orphan other e.go=package e\\n
         tag v1.99.0
         merge main side
         R #3.12 = v1.5.1-0.~3
         R main = v1.9.1-0.~6
         R latest = v1.99.0",
    ),
    (
        "a tag with metadata is a base, and of its own commit, too",
        "commit main a.go=package a\\n
         tag v1.2.3+meta
         commit main b.go=package a\\n
         commit main c.go=package a\\n
         tag v1.4.0+one v1.3.0-rc.1
         R list = v1.3.0-rc.1
         R v1.2.3+meta = v1.2.4-0.~1
         R #2.7 = v1.2.4-0.~2
         R v1.4.0+one = v1.3.0-rc.1
         R v1.2.4-0.~1 = v1.2.4-0.~1
         R v9.0.0+none ! unknown revision v9.0.0+none",
    ),
    (
        "bases: none, a pre-release, a release, each with its own form",
        "commit main a.go=package a\\n
         branch none main
         commit main b.go=package a\\n
         tag v1.0.0-rc.1
         commit main c.go=package a\\n
         branch pre main
         commit main d.go=package a\\n
         tag v1.0.0
         commit main e.go=package a\\n
         R none = v0.0.0-~1
         R pre = v1.0.0-rc.1.0.~3
         R main = v1.0.1-0.~5",
    ),
    (
        "numbers of any length go up by one",
        "commit main a.go=package a\\n
         tag v1.99999999999999999999.99999999999999999999
         commit main b.go=package a\\n
         R list = v1.99999999999999999999.99999999999999999999
         R main = v1.99999999999999999999.100000000000000000000-0.~2",
    ),
];
