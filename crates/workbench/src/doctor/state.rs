//! Looks at what lies on this machine: caches, go.sum, vendor, workspaces, disks.

mod case;
mod packages;
mod places;
mod requirements;
mod sums;
mod toolchain;
mod workspace;

use super::{Check, Run};
use crate::diagnoses::{gosum, layout, places as place, proxy, settings, state};

/// All of it.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "places",
        about: "the directories that go writes to",
        finds: &[
            &state::CACHE_NOWHERE,
            &state::CACHE_RELATIVE,
            &state::READ_ONLY,
            &state::DISK_FULL,
            &place::TMP,
            &place::GOCACHE,
            &place::MODCACHE,
            &place::OWNER,
            &place::NEARLY_FULL,
            &place::NETWORK_FS,
        ],
        run: Run::Blocking(places::look),
    },
    Check {
        name: "toolchain",
        about: "the version of Go that the project asks for",
        finds: &[
            &settings::TOOLCHAIN_TOO_OLD,
            &settings::TOOLCHAIN_SYNTAX,
            &settings::TOOLCHAIN_PATH,
            &settings::TOOLCHAIN_FETCH,
            &settings::SUMDB_OFF,
        ],
        run: Run::Blocking(toolchain::look),
    },
    Check {
        name: "workspace",
        about: "go.work and its modules",
        finds: &[
            &layout::WORK_MALFORMED,
            &layout::WORK_USE_MISSING,
            &layout::WORK_GO_OLDER,
            &layout::WORK_NOT_LISTED,
            &layout::WORK_REPLACE,
            &layout::WORK_TWICE,
        ],
        run: Run::Blocking(workspace::look),
    },
    Check {
        name: "go-mod",
        about: "go.mod and its replace lines",
        finds: &[
            &state::OUTSIDE,
            &state::GOMOD_MALFORMED,
            &settings::TOOLCHAIN_SYNTAX,
            &state::REPLACE,
            &layout::REPLACE_NO_GOMOD,
            &state::OTHER_PATH,
            &state::GOMOD_READONLY,
        ],
        run: Run::Blocking(requirements::look),
    },
    Check {
        name: "imports",
        about: "the modules of imported packages",
        finds: &[&state::NOT_REQUIRED, &state::PACKAGE_ABSENT, &proxy::SUM_MISSING],
        run: Run::Blocking(packages::look),
    },
    Check {
        name: "go-sum",
        about: "the lines of go.sum",
        finds: &[
            &gosum::MERGE_MARKS,
            &proxy::SUM_MALFORMED,
            &gosum::BYTE_ORDER_MARK,
            &gosum::BAD_HASH,
            &gosum::CONTRADICTS,
            &gosum::SECOND_HASH,
            &gosum::ABSENT,
            &proxy::SUM_MISSING,
        ],
        run: Run::Blocking(sums::look),
    },
];
