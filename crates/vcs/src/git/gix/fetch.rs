//! Packs: asked for, checked, and put beside the others.

use std::{fs, path::Path};

use gix_error::ResultExt;
use gix_hash::ObjectId;
use gix_pack::{Bundle, bundle::write::Options as PackOptions};
use gix_protocol::fetch::{
    Arguments, Context, Negotiate, Options, Response, Shallow, Tags,
    negotiate::{Action, Round, one_round::State},
};
use gix_utils::progress::Discard;

use super::{
    meter::Miss,
    objects::{LARGEST_OBJECT, Objects},
    session::{Session, Watch, agent},
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
        let base = objects.handle();
        let done = gix_protocol::fetch(
            &mut request,
            |pack, progress, over| {
                let options = PackOptions {
                    // Every thread holds objects in memory.
                    thread_limit: Some(1),
                    alloc_limit_bytes: Some(LARGEST_OBJECT),
                    ..PackOptions::default()
                };
                let written = Bundle::write_to_directory(
                    pack,
                    Some(&packs),
                    progress,
                    over,
                    Some(base),
                    format,
                    options,
                )?;
                if let Some(keep) = written.keep_path {
                    fs::remove_file(keep).or_error()?;
                }
                Ok(true)
            },
            Discard,
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
