//! Messages about what a proxy answered (cmd/go `modfetch/proxy.go`, `web`).

use crate::{
    diagnoses::{network, proxy, settings, state},
    explain::pattern::{Pattern, common, own},
};

pub(super) static PATTERNS: &[Pattern] = &[
    own(&["invalid response from proxy"], &[&proxy::PROXY_LIES, &network::PORTAL]),
    own(&["proxy returned info for version"], &[&proxy::PROXY_LIES]),
    own(&["non-canonical module version"], &[&proxy::PROXY_LIES]),
    // What lies in the cache was hashed when it came.
    own(&["unzip ", "/cache/download/", "zip: "], &[&state::CACHE_DAMAGED, &proxy::ZIP_BAD]),
    own(&["zip: not a valid zip file"], &[&proxy::ZIP_BAD, &network::PORTAL]),
    own(&["zip: checksum error"], &[&proxy::ZIP_BAD]),
    own(&["zip: unsupported"], &[&proxy::ZIP_BAD]),
    own(&["flate: corrupt input"], &[&proxy::ZIP_BAD]),
    own(&["zip for ", " has unexpected file"], &[&proxy::ZIP_BAD, &proxy::PROXY_LIES]),
    own(&["missing top-level directory prefix"], &[&proxy::ZIP_BAD]),
    own(&["more than one top-level directory"], &[&proxy::ZIP_BAD]),
    own(&["unzip ", ".zip: "], &[&proxy::ZIP_BAD]),
    own(&["downloaded zip file too large"], &[&proxy::TOO_LARGE]),
    own(&["module source tree too large"], &[&proxy::TOO_LARGE]),
    own(&["file too large (max size"], &[&proxy::TOO_LARGE]),
    own(&["encoded file exceeds allowed size"], &[&proxy::TOO_LARGE]),
    own(&["reading http", ": 401 "], &[&proxy::PROXY_DENIES]),
    own(&["reading http", ": 403 "], &[&proxy::PROXY_DENIES]),
    own(&["reading http", ": 407 "], &[&network::HTTP_PROXY_AUTH]),
    own(&["reading http", ": 429 "], &[&proxy::PROXY_BUSY]),
    own(&["reading http", ": 451 "], &[&proxy::PROXY_BLOCKED]),
    own(&["reading http", ": 408 "], &[&proxy::PROXY_FAILS]),
    own(&["reading http", ": 425 "], &[&proxy::PROXY_FAILS]),
    own(&["reading http", ": 4"], &[&proxy::PROXY_LIES]),
    own(&["reading http", ": 5"], &[&proxy::PROXY_FAILS]),
    own(&["reading http", ": 2"], &[&proxy::PROXY_LIES, &network::PORTAL]),
    own(&["reading http", ": 3"], &[&proxy::PROXY_LIES, &network::PORTAL]),
    own(&["reading file://", "no such file or directory"], &[&proxy::NOT_FOUND]),
    common(&["unsupported protocol scheme"], &[&settings::PROXY_URL]),
    own(&["unsupported scheme:"], &[&settings::PROXY_URL]),
    own(&["insecure URL:"], &[&settings::PROXY_URL]),
    own(&["refusing to pass credentials to insecure URL"], &[&settings::PROXY_URL]),
];
