//! Packs: asked for, checked, and put beside the others.

use std::{fs, io::BufRead, path::Path, sync::atomic::AtomicBool};

use gix_error::ResultExt;
use gix_hash::ObjectId;
use gix_pack::{Bundle, bundle::write::Options as PackOptions};
use gix_protocol::fetch::{
    Arguments, Context, Negotiate, Options, Response, Shallow, Tags,
    negotiate::{Action, Round, one_round::State},
};
use gix_utils::progress::DynNestedProgress;

use super::{
    meter::Miss,
    objects::{LARGEST_OBJECT, Objects},
    session::{Session, Watch, agent},
    steps::Steps,
    web::Line,
};
use crate::{Cause, VcsError, git::fault::words};

/// What is asked for, in one go.
pub(super) struct Request<'a> {
    /// Objects that are missing here.
    pub(super) wants: Vec<ObjectId>,
    /// Commits that are here, with all that the server is asked to give for others.
    pub(super) haves: Vec<ObjectId>,
    /// Whether nothing behind the commits is wanted.
    pub(super) alone: bool,
    /// What the server may leave out.
    pub(super) filter: Option<&'a str>,
}

impl Session {
    /// Fetches into a repository.
    pub(super) fn fetch(
        &mut self,
        line: &Line,
        repository: &Path,
        objects: &Objects,
        mut request: Request<'_>,
    ) -> Result<(), Miss> {
        let packs = repository.join("objects/pack");
        let watch = Watch::start(line);
        let format = self.format()?.hash();
        let shallow =
            if request.alone { Shallow::DepthAtRemote(std::num::NonZeroU32::MIN) } else { Shallow::NoChange };
        // To complete a pack, the library reads it all again without a word: only where deltas may lead out of it.
        let base = (!request.haves.is_empty()).then(|| objects.handle());
        let done = gix_protocol::fetch(
            &mut request,
            |pack, progress, over| {
                index(pack, &packs, base, format, progress, over)?;
                Ok(true)
            },
            Steps::of(line.meter.progress()),
            &watch.over,
            Context {
                handshake: &mut self.handshake,
                transport: &mut self.transport,
                user_agent: agent(),
                trace_packetlines: false,
            },
            Options {
                shallow_file: repository.join("shallow"),
                shallow: &shallow,
                tags: Tags::None,
                reject_shallow_remote: false,
            },
        );
        if let Err(error) = done {
            // Time may have run out while nothing was read.
            let _ = line.meter.may_wait();
            return Err(match line.meter.noted() {
                Some(miss) => miss,
                None => {
                    let why = words(&Chain(&error).to_string());
                    Miss::Garbled(VcsError::failed(cause(&error), line.meter.what(), why))
                }
            });
        }
        Ok(())
    }
}

/// Writes a pack into a directory, with an index that names all that is in it. `base` has what deltas build upon that is
/// not in the pack, if they may.
fn index(
    pack: &mut dyn BufRead,
    packs: &Path,
    base: Option<gix_odb::Handle>,
    format: gix_hash::Kind,
    progress: &mut dyn DynNestedProgress,
    over: &AtomicBool,
) -> gix_error::Result<()> {
    let options = PackOptions {
        // Every thread holds objects in memory.
        thread_limit: Some(1),
        alloc_limit_bytes: Some(LARGEST_OBJECT),
        ..PackOptions::default()
    };
    let written = Bundle::write_to_directory(pack, Some(packs), progress, over, base, format, options)?;
    if let Some(keep) = written.keep_path {
        fs::remove_file(keep).or_error()?;
    }
    Ok(())
}

/// What an error means of which nothing was noted on the wire.
fn cause(error: &gix_error::Error) -> Cause {
    let io = error.downcast_any_ref::<std::io::Error>();
    if io.is_some_and(|error| error.raw_os_error().is_some()) {
        // Only the disk is left.
        Cause::Local
    } else if matches!(error.dominant_class(), Some(gix_error::Class::ResourceExhaustion(_))) {
        Cause::Limit
    } else {
        Cause::Server
    }
}

/// One round: everything is said at once, and the pack comes.
impl Negotiate for Request<'_> {
    fn mark_complete_and_common_ref(&mut self) -> gix_error::Result<Action> {
        Ok(Action::MustNegotiate { remote_ref_target_known: Vec::new() })
    }

    fn add_wants(&mut self, arguments: &mut Arguments, _: &[bool]) -> bool {
        self.wants.iter().for_each(|id| arguments.want(id));
        if let Some(filter) = self.filter.filter(|_| arguments.can_use_filter()) {
            arguments.filter(filter);
        }
        !self.wants.is_empty()
    }

    fn one_round(
        &mut self,
        _: &mut State,
        arguments: &mut Arguments,
        _: Option<&Response>,
    ) -> gix_error::Result<(Round, bool)> {
        self.haves.iter().for_each(|id| arguments.have(id));
        let round = Round {
            haves_sent: self.haves.len(),
            in_vain: 0,
            haves_to_send: 0,
            previous_response_had_at_least_one_in_common: false,
        };
        Ok((round, true))
    }
}

/// An error with what is below it.
struct Chain<'a>(&'a gix_error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut below = std::error::Error::source(self.0);
        while let Some(error) = below {
            write!(f, ": {error}")?;
            below = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::atomic::AtomicBool};

    use testkit::GitFixture;

    use super::{super::history::Behind, *};
    use crate::{
        Oid,
        git::{Progress, cache::Format},
    };

    const COMMITS: usize = 40;

    #[test]
    fn work_of_which_nothing_comes_counts() {
        if !GitFixture::is_possible() {
            return;
        }
        let fixture = GitFixture::empty();
        fixture.init("r", &[]);
        let mut head = String::new();
        for commit in 0..COMMITS {
            head = fixture.commit("r", &[("a.txt", &format!("{}{commit}", "line\n".repeat(2000)))]);
        }
        fixture.git("r", &["repack", "-adfq"]);
        let dir = fixture.path("r").join(".git");
        let pack = fs::read_dir(dir.join("objects/pack")).unwrap().flatten().map(|file| file.path());
        let pack =
            fs::read(pack.into_iter().find(|path| path.extension().is_some_and(|e| e == "pack")).unwrap());

        let progress = Progress::default();
        let objects = Objects::open(&dir, Format::Sha1, &progress).unwrap();
        let (out, over) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
        let (mut steps, format) = (Steps::of(&progress), Format::Sha1.hash());
        index(&mut &*pack.unwrap(), out.path(), Some(objects.handle()), format, &mut steps, &over).unwrap();
        // Each file is decoded, most of them from deltas.
        let indexed = progress.count();
        assert!(indexed > COMMITS * 10_000, "{indexed}");

        let mut behind = Behind::of(&objects, [head.parse::<Oid>().unwrap()]);
        assert!(behind.finds(|_| false).unwrap().is_none());
        let walked = progress.count() - indexed;
        assert!(walked > COMMITS * 100, "{walked}");
    }
}
