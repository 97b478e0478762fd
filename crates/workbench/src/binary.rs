//! Finished programs: which modules the linker wrote into them, and whether those are the right ones.
//!
//! Since Go 1.13 each program that was built with modules carries the list of them (debug/buildinfo,
//! runtime/debug `BuildInfo`). It is read here from ELF, PE and Mach-O files without a `go`.

mod audit;
mod blob;
mod build_info;
mod elf;
mod fields;
mod fixups;
mod image;
mod ldflags;
mod macho;
mod pe;
mod sbom;
mod shown;
mod source;
mod stamp;
mod symbols;
mod variable;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

pub use self::{
    audit::{Against, Audit, Compared, Demands, Said, Testimony, WhichSum, audit, damaged},
    build_info::{BuildInfo, BuildInfoFault, Listed, Standing},
    ldflags::stamp_flags,
    sbom::{Sbom, SbomFormat},
    shown::AuditedBinary,
    stamp::{Stamp, StampDemand, StampDemandError},
    variable::Variable,
};
use self::{image::Image, source::Source};

/// A program file: one program, or several for different processors in one universal file.
#[derive(Debug)]
pub struct Binary {
    path: PathBuf,
    len: u64,
    file: File,
    programs: Vec<Program>,
}

/// One program of a file.
#[derive(Debug)]
pub struct Program {
    image: Image,
    start: u64,
    len: u64,
    info: Result<BuildInfo, Unreadable>,
}

/// Why a file is no program at all.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// The system did not give it.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It begins like nothing that is known.
    #[error("it is no ELF, PE or Mach-O file")]
    Format,
    /// Its headers contradict themselves or lead beyond its end.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
}

/// Why a program says nothing of its modules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It was not made by Go, or packed afterwards.
    #[error("there is no Go build info in it")]
    NotGo,
    /// It was built without modules.
    #[error("it was built without modules, by {go}")]
    NoModules {
        /// The version of Go.
        go: String,
    },
    /// What is there cannot be read.
    #[error("{0}")]
    Damaged(String),
}

impl Binary {
    /// Opens a file and reads the headers and the build info of each program in it.
    ///
    /// # Errors
    /// [`BinaryError`]. That a program has no build info is none: [`Program::info`] says so.
    pub fn open(path: &Path) -> Result<Self, BinaryError> {
        let file = File::open(path)?;
        let facts = file.metadata()?;
        if !facts.is_file() {
            return Err(BinaryError::Io(io::Error::other("it is no file")));
        }
        let len = facts.len();
        let programs = {
            let whole = Source::new(&file, len);
            let parts = match macho::parts(&whole)? {
                Some(parts) => parts,
                None => vec![(0, len)],
            };
            parts
                .into_iter()
                .map(|(start, len)| program(&whole, start, len))
                .collect::<Result<Vec<_>, _>>()?
        };
        Ok(Binary { path: path.to_owned(), len, file, programs })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.len
    }

    /// The programs, at least one.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// What a string variable of a program holds, such as `main.CommitHash`. `None` where nothing in the file says so:
    /// there is no such variable, or the names of variables were stripped.
    ///
    /// # Errors
    /// [`BinaryError`], where the file leads nowhere.
    pub fn variable(&self, program: &Program, name: &str) -> Result<Option<Variable>, BinaryError> {
        variable::named(&program.image, &self.source(program)?, name)
    }

    /// Whether some string variable of a program holds exactly this text; what can be said where the names of
    /// variables were stripped.
    ///
    /// # Errors
    /// [`BinaryError`], where the file leads nowhere.
    pub fn holds(&self, program: &Program, text: &str) -> Result<bool, BinaryError> {
        variable::holds(&program.image, &self.source(program)?, text)
    }

    fn source(&self, program: &Program) -> Result<Source<'_>, BinaryError> {
        Source::new(&self.file, self.len).part(program.start, program.len)
    }
}

impl Program {
    /// The format and the processor: `ELF 64-bit x86-64`.
    pub fn kind(&self) -> String {
        self.image.kind()
    }

    /// What it says of its modules.
    pub fn info(&self) -> Result<&BuildInfo, &Unreadable> {
        self.info.as_ref()
    }

    /// Whether the names of its variables are still there.
    pub fn has_names(&self) -> bool {
        self.image.has_names()
    }
}

fn program(whole: &Source<'_>, start: u64, len: u64) -> Result<Program, BinaryError> {
    let source = whole.part(start, len)?;
    let magic = source.bytes(0, source.len().min(16)).map_err(|_| BinaryError::Format)?;
    let image = match *magic.as_slice() {
        [0x7f, b'E', b'L', b'F', ..] => elf::read(&source)?,
        [b'M', b'Z', ..] => pe::read(&source)?,
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => macho::read(&source)?,
        _ => return Err(BinaryError::Format),
    };
    // One that was cut may still have its list.
    for segment in image.segments.iter().filter(|segment| segment.len > 0) {
        source.part(segment.offset, segment.len)?;
    }
    let info = match blob::find(&image, &source) {
        Ok(blob) => blob.build_info(),
        Err(blob::Missing::NotGo) => Err(Unreadable::NotGo),
        Err(blob::Missing::Cut) => Err(Unreadable::Damaged("the build info is cut".to_owned())),
        Err(blob::Missing::Io(error)) => return Err(error.into()),
    };
    Ok(Program { image, start, len, info })
}
