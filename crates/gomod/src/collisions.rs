//! Names that a file system which ignores case cannot tell apart, and names that are file and directory at once.
//!
//! Colliding paths are neighbours once all paths are sorted by their folded form with `/` below every other
//! character, so one sort and a walk over pairs find them. Memory is that of the names, whatever their depth.

use std::cmp::Ordering;

use thiserror::Error;

use crate::excerpt::Excerpt;
use crate::folding::fold;

/// What two paths have in common that they must not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Collision {
    /// The paths, or directories they lie in, differ only in case.
    #[error("{0} and {1} differ only in case")]
    Case(Excerpt, Excerpt),
    /// One path is a file and the other needs it to be a directory.
    #[error("{0} is both a file and a directory")]
    FileAndDirectory(Excerpt),
    /// The same file twice.
    #[error("{0} is there twice")]
    Twice(Excerpt),
}

/// A path without trailing slash, and whether it is a directory.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) path: &'a str,
    pub(crate) is_dir: bool,
}

/// The collisions among `places`, whose paths passed `check_file_path`, each with the index of the later of the
/// two. The same directory twice is no collision.
pub(crate) fn collisions<'a>(places: &'a [Place<'a>]) -> impl Iterator<Item = (usize, Collision)> + 'a {
    let mut sorted: Vec<_> = places.iter().enumerate().map(|(at, place)| (key(place.path), at)).collect();
    sorted.sort_unstable();
    let order: Vec<usize> = sorted.into_iter().map(|(_, at)| at).collect();
    let later = order.clone().into_iter().skip(1);
    order.into_iter().zip(later).filter_map(|(one, other)| {
        let collision = match collide(places.get(one)?, places.get(other)?)? {
            Collision::Case(a, b) if other < one => Collision::Case(b, a),
            collision => collision,
        };
        Some((one.max(other), collision))
    })
}

fn key(path: &str) -> Box<[u8]> {
    let mut key = if path.is_ascii() { path.to_ascii_uppercase() } else { path.chars().map(fold).collect() }
        .into_bytes();
    // A NUL is not allowed in a path, so nothing else sorts there.
    key.iter_mut().filter(|b| **b == b'/').for_each(|b| *b = 0);
    key.into_boxed_slice()
}

/// `one` sorts before `other`.
fn collide(one: &Place<'_>, other: &Place<'_>) -> Option<Collision> {
    let mut ones = one.path.split('/');
    let mut others = other.path.split('/');
    let mut seen = 0;
    loop {
        let (a, b) = match (ones.next(), others.next()) {
            (Some(a), Some(b)) => (a, b),
            (None, None) => {
                return match (one.is_dir, other.is_dir) {
                    (true, true) => None,
                    (false, false) => Some(Collision::Twice(Excerpt::of(one.path))),
                    _ => Some(Collision::FileAndDirectory(Excerpt::of(one.path))),
                };
            }
            (None, Some(_)) if !one.is_dir => {
                return Some(Collision::FileAndDirectory(Excerpt::of(one.path)));
            }
            _ => return None,
        };
        if a != b {
            let same = a.chars().map(fold).cmp(b.chars().map(fold)) == Ordering::Equal;
            let up_to = |path: &str, len: usize| Excerpt::of(path.get(..seen + len).unwrap_or(path));
            return same.then(|| Collision::Case(up_to(one.path, a.len()), up_to(other.path, b.len())));
        }
        seen += a.len() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Vec<(usize, Collision)> {
        let places: Vec<_> = paths
            .iter()
            .map(|path| Place { path: path.trim_end_matches('/'), is_dir: path.ends_with('/') })
            .collect();
        collisions(&places).collect()
    }

    fn case(one: &str, other: &str) -> Collision {
        Collision::Case(Excerpt::of(one), Excerpt::of(other))
    }

    #[test]
    fn trap_57_names_and_directories_that_differ_in_case() {
        assert_eq!(of(&["README", "readme"]), [(1, case("README", "readme"))]);
        assert_eq!(of(&["Dir/a", "dir/b"]), [(1, case("Dir", "dir"))]);
        assert_eq!(of(&["x/Dir/a", "y", "x/dir/b/c"]), [(2, case("x/Dir", "x/dir"))]);
        assert_eq!(of(&["k", "\u{212a}"]), [(1, case("k", "\u{212a}"))]);
        assert_eq!(of(&["stra\u{df}e", "STRA\u{1e9e}E"]).len(), 1);
        assert_eq!(of(&["strasse", "stra\u{df}e"]), []);
    }

    #[test]
    fn the_collision_of_a_directory_is_found_past_other_names() {
        assert_eq!(of(&["Dir/z", "dir-x", "dir.y", "Dira", "dir/a"]), [(4, case("Dir", "dir"))]);
    }

    #[test]
    fn file_and_directory() {
        assert_eq!(of(&["a/b", "a"]), [(1, Collision::FileAndDirectory(Excerpt::of("a")))]);
        assert_eq!(of(&["a", "a-b", "a.b", "a/b/c"]).len(), 1);
        assert_eq!(of(&["a", "a/"]), [(1, Collision::FileAndDirectory(Excerpt::of("a")))]);
        assert_eq!(of(&["a/", "a/b", "a/"]), []);
    }

    #[test]
    fn the_same_file_twice() {
        assert_eq!(of(&["b", "a", "b"]), [(2, Collision::Twice(Excerpt::of("b")))]);
    }

    #[test]
    fn different_names_do_not_collide() {
        assert_eq!(of(&["a", "b", "ab", "a_b/c", "a_b/d", "A_c"]), []);
    }
}
