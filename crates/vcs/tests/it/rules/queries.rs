//! What names a commit, and which pseudo-versions are true.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    (
        "a tag before a branch before HEAD before a commit",
        "commit main a.go=package a\\n
         tag both
         branch dev main
         commit dev b.go=package a\\n
         branch both dev
         branch HEAD dev
         commit main c.go=package a\\n
         R both = v0.0.0-~1
         R dev = v0.0.0-~2
         R main = v0.0.0-~3
         R HEAD = v0.0.0-~2",
    ),
    (
        "a commit by 7 to 40 digits in lower case",
        "commit main a.go=package a\\n
         commit main b.go=package a\\n
         R #1.7 = v0.0.0-~1
         R #1.13 = v0.0.0-~1
         R #1.40 = v0.0.0-~1
         R #1.6 ! unknown revision #1.6
         R 0123456789ab ! unknown revision 0123456789ab
         R #1.40#1.40 ! unknown revision #1.40#1.40",
    ),
    (
        "names that mean something to git alone",
        "commit main a.go=package a\\n
         tag v1.0.0
         R FETCH_HEAD ! unknown revision FETCH_HEAD
         R main~1 ! unknown revision main~1
         R main^{tree} ! unknown revision main^{tree}
         R @ ! unknown revision @
         R master ! unknown revision master
         R v1.0.1 ! unknown revision v1.0.1",
    ),
    (
        "a branch named like a version is none",
        "commit main a.go=package a\\n
         tag v1.0.0
         branch v1.5.0 main
         commit v1.5.0 b.go=package a\\n
         branch v1.6 v1.5.0
         R v1.5.0 ! resolves to version v1.0.1-0.~2 (v1.5.0 is not a tag)
         R list = v1.0.0",
    ),
    (
        "a HEAD that leads nowhere",
        "commit main a.go=package a\\n
         head nowhere
         R HEAD ! unknown revision HEAD
         R latest ! no matching versions for query \"latest\"
         R main = v0.0.0-~1
         R list =",
    ),
    (
        "a HEAD without a branch",
        "commit main a.go=package a\\n
         commit main b.go=package a\\n
         head 1
         R HEAD = v0.0.0-~1
         R latest = v0.0.0-~1
         R #1.12 = v0.0.0-~1",
    ),
    (
        "nothing was ever committed",
        "R list =
         R latest ! no matching versions for query \"latest\"
         R HEAD ! unknown revision HEAD
         R main ! unknown revision main",
    ),
    (
        "a pseudo-version tells the truth, or is refused",
        "commit main a.go=package a\\n
         tag v1.0.0
         commit main b.go=package a\\n
         commit main c.go=package a\\n
         tag v1.2.0
         orphan other d.go=package a\\n
         R v1.0.1-0.~2 = v1.0.1-0.~2
         R v0.0.0-~2 = v0.0.0-~2
         R v0.0.0-~3 = v0.0.0-~3
         R v1.0.1-0.~3 = v1.0.1-0.~3
         R v1.0.1-0.20200101000000-#2.12 ! does not match version-control timestamp (expected 2024
         R v0.0.0-20240101003320-#2.11 ! revision is shorter than canonical (expected #2.12)
         R v0.0.0-20240101003320-#2.13 ! revision is longer than canonical (expected #2.12)
         R v1.0.0-~2 ! major version without preceding tag must be v0, not v1
         R v1.1.1-0.~2 ! preceding tag (v1.1.0) not found
         R v1.2.1-0.~2 ! revision #2.12 is not a descendent of preceding tag (v1.2.0)
         R v1.0.1-0.~4 ! revision #4.12 is not a descendent of preceding tag (v1.0.0)
         R v1.2.1-0.~3 ! tag (v1.2.0) found on revision #3.12 is already canonical
         R v0.2.0-0.~2 ! version before v0.2.0 would have negative patch number
         R v1.0.0-0.~2 ! version before v1.0.0 would have negative patch number
         R v2.0.0-~2 = v2.0.0-~2+incompatible
         R v0.0.0-20200101000000-0123456789ab ! unknown revision 0123456789ab",
    ),
    (
        "pseudo-versions above v1 without a suffix",
        "commit main a.go=package a\\n
         tag v2.0.0 v3.0.0
         commit main b.go=package a\\n
         branch old main
         commit main go.mod=module R\\n
         R old = v3.0.1-0.~2+incompatible
         R v2.0.1-0.~2+incompatible = v2.0.1-0.~2+incompatible
         R v2.0.1-0.~2 = v2.0.1-0.~2+incompatible
         R v2.0.0-~2+incompatible = v2.0.0-~2+incompatible
         R v0.0.0-~2+incompatible ! +incompatible suffix not allowed: major version v0 is compatible
         R v2.0.1-0.~3+incompatible ! module contains a go.mod file, so module path must match major version
         R main = v0.0.0-~3",
    ),
    (
        "pseudo-versions of a directory, and of a major",
        "commit main go.mod=module R/v2\\n | sub/go.mod=module R/sub\\n
         tag v2.0.0 sub/v1.1.0
         commit main a.go=package a\\n
         R/v2 main = v2.0.1-0.~2
         R/sub main = v1.1.1-0.~2
         R/v2 v2.0.0-~2 = v2.0.0-~2
         R/v2 v0.0.0-~2 ! module path includes a major version suffix, so major version must match
         R/sub v1.1.1-0.~2 zip go.mod
         R main ! go.mod has post-v0 module path",
    ),
    (
        "names in capital letters",
        "commit main a.go=package a\\n
         tag v1.0.0-BETA NIGHTLY
         R list = v1.0.0-BETA
         R v1.0.0-BETA = v1.0.0-BETA
         R v1.0.0-beta ! unknown revision v1.0.0-beta
         R NIGHTLY = v1.0.0-BETA",
    ),
];
