//! Looks at what lies on this machine: caches, go.sum, vendor, workspaces, disks.

mod case;
mod database;
mod memory;
mod modules;
mod packages;
mod places;
mod reached;
mod requirements;
mod sums;
mod toolchain;
mod vendor;
mod workspace;

use super::{Check, Run};
use crate::diagnoses::{cache, gosum, layout, places as place, proxy, settings, state};

/// All of it.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "cache-places",
        about: "the directories that go writes to",
        finds: &[
            &state::CACHE_NOWHERE,
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
    Check {
        name: "module-cache",
        about: "the project's modules in the module cache",
        finds: &[
            &cache::ZIPHASH_WRONG,
            &cache::ZIP_ALTERED,
            &cache::TREE_EDITED,
            &cache::TREE_INCOMPLETE,
            &cache::MOD_ALTERED,
            &cache::LOCKED,
            &cache::LEFTOVERS,
            &state::CACHE_DAMAGED,
            &state::IO,
            &proxy::SUM_MISMATCH_GOSUM,
            &proxy::SUM_MISMATCH_DB,
            &gosum::LINE_WRONG,
        ],
        run: Run::Blocking(modules::look),
    },
    Check {
        name: "vendor",
        about: "the vendor directory",
        finds: &[&layout::VENDOR_NO_LIST, &layout::VENDOR_EDITED, &state::VENDOR, &state::VENDOR_LACKS],
        run: Run::Blocking(vendor::look),
    },
    Check {
        name: "checksums",
        about: "go.sum against the checksum database, and what is remembered of it",
        finds: &[&gosum::LINE_WRONG, &gosum::HEAD_DAMAGED, &gosum::HEAD_FORKED, &gosum::KEPT_DAMAGED],
        run: Run::Waiting(|patient| Box::pin(memory::look(patient))),
    },
];
