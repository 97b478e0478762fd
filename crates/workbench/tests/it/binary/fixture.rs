//! The smallest ELF file that carries build info, made byte by byte.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use tempfile::TempDir;

/// How the build info is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Since Go 1.18: the texts behind their lengths.
    Inline,
    /// Before: addresses of strings.
    Pointers,
}

/// An ELF file with one segment that can be written, and no sections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elf {
    pub(super) wide: bool,
    pub(super) big: bool,
    pub(super) form: Form,
    /// Magic that is not aligned stands before it; it must be passed over.
    pub(super) decoy: bool,
}

impl Elf {
    pub(super) const USUAL: Elf = Elf { wide: true, big: false, form: Form::Inline, decoy: false };

    /// The file, with this version of Go and this list.
    pub(super) fn file(self, go: &str, list: &str) -> Vec<u8> {
        let list = format!("{SENTINEL}{list}{SENTINEL}");
        self.raw(go, list.as_bytes())
    }

    /// The same with a list that has no marks around it.
    pub(super) fn raw(self, go: &str, list: &[u8]) -> Vec<u8> {
        let info = self.info(go, list);
        let mut file = b"\x7fELF".to_vec();
        file.extend([if self.wide { 2 } else { 1 }, if self.big { 2 } else { 1 }, 1]);
        file.resize(16, 0);
        let program_header = if self.wide { 64_u16 } else { 52 };
        file.extend(self.half(2));
        file.extend(self.half(if self.big { 22 } else { 62 }));
        file.extend(self.int(1));
        file.extend(self.word(ADDRESS));
        file.extend(self.word(u64::from(program_header)));
        file.extend(self.word(0));
        file.extend(self.int(0));
        for half in
            [program_header, if self.wide { 56 } else { 32 }, 1, if self.wide { 64 } else { 40 }, 0, 0]
        {
            file.extend(self.half(half));
        }
        let len = info.len() as u64;
        file.extend(self.int(1));
        if self.wide {
            file.extend(self.int(6));
        }
        for word in [OFFSET, ADDRESS, ADDRESS, len, len] {
            file.extend(self.word(word));
        }
        if !self.wide {
            file.extend(self.int(6));
        }
        file.extend(self.word(16));
        file.resize(usize::try_from(OFFSET).unwrap(), 0);
        file.extend(info);
        file
    }

    fn info(self, go: &str, list: &[u8]) -> Vec<u8> {
        let mut info = if self.decoy { b"12345\xff Go buildinf:........".to_vec() } else { Vec::new() };
        info.resize(48, 0);
        let at = ADDRESS + 48;
        info.extend(b"\xff Go buildinf:");
        let width = if self.wide { 8 } else { 4 };
        match self.form {
            Form::Inline => {
                info.extend([0, 2]);
                info.resize(80, 0);
                for text in [go.as_bytes(), list] {
                    let mut len = text.len();
                    while len >= 0x80 {
                        info.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
                        len >>= 7;
                    }
                    info.push(u8::try_from(len).unwrap());
                    info.extend(text);
                }
            }
            Form::Pointers => {
                info.extend([width, u8::from(self.big)]);
                let width = u64::from(width);
                let strings = at + 32;
                info.extend(self.word(strings));
                info.extend(self.word(strings + 2 * width));
                info.resize(80, 0);
                let texts = strings + 4 * width;
                info.extend(self.word(texts));
                info.extend(self.word(go.len() as u64));
                info.extend(self.word(texts + go.len() as u64));
                info.extend(self.word(list.len() as u64));
                info.extend(go.as_bytes());
                info.extend(list);
            }
        }
        info
    }

    fn half(self, value: u16) -> [u8; 2] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn int(self, value: u32) -> [u8; 4] {
        if self.big { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn word(self, value: u64) -> Vec<u8> {
        match self.wide {
            true if self.big => value.to_be_bytes().to_vec(),
            true => value.to_le_bytes().to_vec(),
            false => self.int(u32::try_from(value).unwrap()).to_vec(),
        }
    }
}

/// A file `app` with these bytes, and the directory that it goes with.
pub(super) fn kept(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app");
    fs::write(&path, bytes).unwrap();
    // `go version` looks at nothing else.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (dir, path)
}

/// The linker puts sixteen bytes on each side of the list, and the list ends with a line feed.
const SENTINEL: &str = "0w......12......";
const OFFSET: u64 = 0x100;
const ADDRESS: u64 = 0x40_0100;
