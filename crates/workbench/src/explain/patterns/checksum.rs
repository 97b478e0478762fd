//! Messages about go.sum and the checksum database (cmd/go `modfetch/fetch.go`, x/mod `sumdb`).

use crate::{
    diagnoses::{proxy, settings},
    explain::pattern::{Pattern, own},
};

pub(super) static PATTERNS: &[Pattern] = &[
    own(&["checksum mismatch", "go.sum:"], &[&proxy::SUM_MISMATCH_GOSUM]),
    own(&["checksum mismatch", "go.work.sum:"], &[&proxy::SUM_MISMATCH_GOSUM]),
    own(&["checksum mismatch", "downloaded:"], &[&proxy::SUM_MISMATCH_DB, &proxy::SUM_MISMATCH_GOSUM]),
    own(&["verifying ", "checksum mismatch"], &[&proxy::SUM_MISMATCH_GOSUM, &proxy::SUM_MISMATCH_DB]),
    own(&["checksum missing from sumdb response"], &[&proxy::SUM_ABSENT]),
    own(&["go.sum database server misbehavior detected"], &[&proxy::SUMDB_LIES]),
    own(&["security error: misbehaving server"], &[&proxy::SUMDB_LIES]),
    own(&["cannot authenticate record data in server response"], &[&proxy::SUMDB_LIES]),
    own(&["downloaded inconsistent tile"], &[&proxy::SUMDB_LIES]),
    own(&["checking tree#"], &[&proxy::SUMDB_LIES]),
    own(&["cannot validate record ", " in tree of size "], &[&proxy::SUMDB_LIES]),
    own(&["initializing sumdb.Client", "checksum database disabled"], &[&settings::SUMDB_OFF]),
    own(&["reading tree note:", "unverified"], &[&proxy::SUMDB_LIES, &proxy::SUMDB_ANSWER]),
    own(&["reading tree note:"], &[&proxy::SUMDB_ANSWER]),
    own(&["reading tree: "], &[&proxy::SUMDB_ANSWER]),
    own(&["malformed note"], &[&proxy::SUMDB_ANSWER]),
    own(&["malformed record data"], &[&proxy::SUMDB_ANSWER]),
    own(&["verifying ", "/lookup/", ": 404 Not Found"], &[&proxy::SUM_ABSENT]),
    own(&["verifying ", "/lookup/", ": 410 Gone"], &[&proxy::SUM_ABSENT]),
    own(&["verifying ", "/lookup/", ": 403 "], &[&proxy::SUMDB_UNREACHABLE, &proxy::PROXY_DENIES]),
    own(&["verifying ", "/lookup/", ": 5"], &[&proxy::SUMDB_UNREACHABLE, &proxy::PROXY_FAILS]),
    own(&["verifying ", "/tile/", ": 40"], &[&proxy::SUMDB_ANSWER, &proxy::SUMDB_UNREACHABLE]),
    own(&["verifying ", "/tile/", ": 5"], &[&proxy::SUMDB_UNREACHABLE, &proxy::PROXY_FAILS]),
    own(&["missing go.sum entry"], &[&proxy::SUM_MISSING]),
    own(&["malformed go.sum"], &[&proxy::SUM_MALFORMED]),
    own(&["updates to go.sum needed"], &[&proxy::SUM_READONLY]),
];
