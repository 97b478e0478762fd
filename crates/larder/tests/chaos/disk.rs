//! A small disk that fills up and becomes free again.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use testkit::{Larder, Running};

/// What the disk holds, in MiB: enough for everything in a run of CI's length.
const SIZE: usize = 160;

/// A tmpfs in a mount namespace that a process of its own keeps, so that it outlives each Larder.
pub(crate) struct Disk {
    _holder: Running,
    enter: Vec<String>,
    ballast: PathBuf,
    pub(crate) episodes: usize,
}

impl Disk {
    /// Mounts it over a directory. Nothing where a machine does not allow that.
    pub(crate) fn over(dir: &Path) -> Option<Self> {
        let size = format!("size={SIZE}m");
        let dir = dir.to_str()?;
        // As root, or as root of a user namespace; a container may allow neither.
        let ways = [
            (&["--mount"][..], &["--mount"][..]),
            (&["--user", "--map-root-user", "--mount"], &["--user", "--preserve-credentials", "--mount"]),
        ];
        ways.into_iter().find_map(|(unshare, nsenter)| {
            let mut command = Command::new("unshare");
            let script = "mount -t tmpfs -o \"$1\" none \"$0\" && echo mounted && exec sleep infinity";
            command.args(unshare).args(["--", "sh", "-c", script, dir, &size]);
            let holder = Running::start(&mut command);
            (holder.first_line()? == "mounted").then_some(())?;
            let target = holder.pid().to_string();
            let enter = ["nsenter", "--target", &target].into_iter().chain(nsenter.iter().copied());
            let enter = enter.chain(["--"]).map(str::to_owned).collect();
            let root = PathBuf::from(format!("/proc/{target}/root"));
            let ballast = root.join(dir.trim_start_matches('/')).join("ballast");
            Some(Self { _holder: holder, enter, ballast, episodes: 0 })
        })
    }

    /// A Larder that sees this disk.
    pub(crate) fn seen_by(&self, larder: Larder) -> Larder {
        larder.under(&self.enter)
    }

    /// The directory, as this process can see it.
    pub(crate) fn root(&self) -> &Path {
        self.ballast.parent().unwrap()
    }

    /// Leaves no byte free.
    pub(crate) fn fill(&mut self) {
        self.episodes += 1;
        let mut file = File::create(&self.ballast).unwrap();
        let zeros = vec![0; 1 << 20];
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&zeros[..size]).is_ok() {}
        }
    }

    /// Gives back what [`fill`](Self::fill) took.
    pub(crate) fn free(&self) {
        // It may not have been filled.
        let _ = fs::remove_file(&self.ballast);
    }
}
