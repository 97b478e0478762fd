//! How fast a module zip is checked and hashed: `cargo bench -p gomod --bench h1`.
//!
//! The zip has about 50 MB and unpacks to about 250 MB of text that looks like source, always the same. It is read
//! from memory, so that this measures the check and not the disk.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]
#![allow(clippy::disallowed_methods, reason = "a clock is what this is about")]

use std::io::{Cursor, Write as _};
use std::time::Instant;

use gomod::{ModulePath, ModuleVersion, Version, ZipCheck};
use zip::write::SimpleFileOptions;

const FILES: u64 = 17_400;
const ROUNDS: u32 = 15;

fn main() {
    let of = ModuleVersion::new(ModulePath::new("example.com/m").unwrap(), Version::new("v1.0.0").unwrap())
        .unwrap();
    let zip = zip(&format!("{of}/"));
    let mut best = f64::INFINITY;
    for round in 0..=ROUNDS {
        let begin = Instant::now();
        let facts = ZipCheck::new(&of).finish(&zip, zip.len() as u64).unwrap();
        let took = begin.elapsed().as_secs_f64();
        if round == 0 {
            let (size, content) = (facts.size, facts.uncompressed);
            println!("zip {size} bytes, {} files, content {content} bytes, {}", facts.files, facts.h1);
            continue;
        }
        best = best.min(took);
        let content = u32::try_from(facts.uncompressed).unwrap();
        println!(
            "round {round:2}: {:6.1} ms, {:5.0} MB/s of content",
            took * 1e3,
            f64::from(content) / 1e6 / took
        );
        if round == ROUNDS {
            println!(
                "best:     {:6.1} ms, {:5.0} MB/s of content",
                best * 1e3,
                f64::from(content) / 1e6 / best
            );
        }
    }
}

fn zip(prefix: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_level(Some(6));
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    for n in 0..FILES {
        writer.start_file(format!("{prefix}internal/package{}/file{n}.go", n % 211), options).unwrap();
        let len = 2_000 + noise.below(25_000);
        writer.write_all(&source(&mut noise, len)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Lines of words and names; about half of them repeat parts of earlier ones, as source does.
fn source(noise: &mut Noise, len: usize) -> Vec<u8> {
    let mut text = b"package m\n\n".to_vec();
    while text.len() < len {
        if text.len() > 400 && noise.below(2) == 0 {
            let at = noise.below(text.len() - 120);
            let n = 20 + noise.below(60);
            text.extend_from_within(at..at + n);
            continue;
        }
        text.extend(std::iter::repeat_n(b'\t', noise.below(3)));
        for _ in 0..2 + noise.below(6) {
            if noise.below(16) == 0 {
                write!(text, "v{}", noise.below(1000)).unwrap();
            } else {
                text.extend(WORDS[noise.below(WORDS.len())].as_bytes());
            }
            text.extend([" ", ".", "(", ", ", " := "][noise.below(5)].as_bytes());
        }
        text.push(b'\n');
    }
    text.truncate(len);
    text
}

const WORDS: [&str; 32] = [
    "append",
    "break",
    "case",
    "chan",
    "client",
    "const",
    "ctx",
    "default",
    "defer",
    "err",
    "error",
    "for",
    "func",
    "go",
    "if",
    "int64",
    "interface",
    "make",
    "map",
    "nil",
    "package",
    "range",
    "request",
    "Response",
    "return",
    "select",
    "string",
    "struct",
    "switch",
    "type",
    "var",
    "byte",
];

/// Numbers that are the same every time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}
