//! How many files this process may have open, and how many of them may be connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to what the system allows, as programs of Go do for themselves.
pub(crate) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
        tracing::debug!("the limit of open files stays at {current:?}");
    }
}

/// At most `wanted` connections, and so many fewer that files of the store and connections to sources find room.
pub(crate) fn room_for_connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current.and_then(|limit| usize::try_from(limit).ok());
    let room = leaving_reserve(limit.unwrap_or(usize::MAX));
    if room < wanted {
        tracing::warn!(
            "the limit of open files allows {room} connections, not {wanted}; raise it with `ulimit -n` or LimitNOFILE="
        );
    }
    room.min(wanted)
}

fn leaving_reserve(limit: usize) -> usize {
    (limit - RESERVE.min(limit / 2)).max(1)
}

/// For the store, for sources, and for zips that are kept open.
const RESERVE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::leaving_reserve;

    #[test]
    fn connections_never_take_the_last_files() {
        for (limit, room) in
            [(0, 1), (1, 1), (64, 32), (1024, 512), (4096, 3072), (1 << 20, (1 << 20) - 1024)]
        {
            assert_eq!(leaving_reserve(limit), room, "{limit}");
        }
    }
}
