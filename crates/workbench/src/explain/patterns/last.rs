//! Messages that say less than what may stand inside them: they count where nothing else was recognised.

use crate::{
    diagnoses::{settings, source},
    explain::pattern::{Pattern, own},
};

pub(super) static PATTERNS: &[Pattern] = &[
    own(&["unrecognized VCS tool output"], &[&source::VCS_FAILS]),
    own(&["unable to parse output of "], &[&source::VCS_FAILS]),
    own(&["unexpected response from ", " log"], &[&source::VCS_FAILS]),
    own(&["unexpected response from ", " info"], &[&source::VCS_FAILS]),
    own(&["unexpected response from svn"], &[&source::VCS_FAILS]),
    own(&["unexpected revno from "], &[&source::VCS_FAILS]),
    own(&["unexpected timestamp from "], &[&source::VCS_FAILS]),
    own(&["invalid time from "], &[&source::VCS_FAILS]),
    own(&["'svn export'"], &[&source::VCS_FAILS]),
    own(&["git version extraction regexp"], &[&source::VCS_FAILS]),
    own(&["unknown vcs: "], &[&source::VCS_FAILS]),
    own(&["vcs ", ": unsupported operation"], &[&source::VCS_FAILS]),
    own(&[" at revision ", ": exit status "], &[&source::VCS_FAILS]),
    own(&["git ", ": exit status "], &[&source::VCS_FAILS]),
    own(&["hg ", ": exit status "], &[&source::VCS_FAILS]),
    own(&["svn ", ": exit status "], &[&source::VCS_FAILS]),
    own(&["fossil ", ": exit status "], &[&source::VCS_FAILS]),
    own(&["unrecognized import path "], &[&source::NO_META]),
    own(&["remote origin not found"], &[&source::VCS_FAILS]),
    own(&["download go1"], &[&settings::TOOLCHAIN_FETCH]),
];
