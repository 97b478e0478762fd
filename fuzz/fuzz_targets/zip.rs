//! Any bytes are judged without a panic, in short words, alike whether they arrive in pieces or are there; and a zip
//! that is accepted holds for two other readers what it holds for the check.
#![no_main]

use std::io::{Cursor, Read as _, Write as _};
use std::sync::LazyLock;

use flate2::read::DeflateDecoder;
use gomod::{H1, ModulePath, ModuleVersion, Version, ZipCheck};
use libfuzzer_sys::{Corpus, fuzz_target};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;

static OF: LazyLock<ModuleVersion> = LazyLock::new(|| {
    ModuleVersion::new(ModulePath::new("a.b/c").unwrap(), Version::new("v1.0.0").unwrap()).unwrap()
});

/// A good zip to be changed: stored and deflated entries, a directory, zip64 sizes, a comment.
static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let plain = SimpleFileOptions::default();
    writer.add_directory("a.b/c@v1.0.0/d/", plain).unwrap();
    let files = [
        ("go.mod", plain.compression_method(zip::CompressionMethod::Stored)),
        ("d/a.go", plain),
        ("LICENSE", plain.large_file(true)),
    ];
    for (name, options) in files {
        writer.start_file(format!("a.b/c@v1.0.0/{name}"), options).unwrap();
        writer.write_all(name.repeat(5).as_bytes()).unwrap();
    }
    writer.set_comment("comment").unwrap();
    writer.finish().unwrap().into_inner()
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let zip = match data.split_first() {
        // Where, how many bytes are taken out, what comes instead.
        Some((0, changes)) => {
            let mut zip = GOOD.clone();
            for change in changes.chunks_exact(4) {
                let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % (zip.len() + 1);
                let end = zip.len().min(at + usize::from(change[2] % 8));
                zip.splice(at..end, [change[3]]);
            }
            zip
        }
        Some((_, raw)) => raw.to_vec(),
        None => return Corpus::Reject,
    };
    let whole = ZipCheck::new(&OF).finish(&zip, zip.len() as u64);
    let mut check = ZipCheck::new(&OF);
    let fed = zip
        .chunks(5)
        .try_for_each(|piece| check.feed(piece))
        .and_then(|()| check.finish(&zip, zip.len() as u64));
    match (whole, fed) {
        (Ok(whole), Ok(fed)) => {
            assert_eq!(whole, fed);
            assert_eq!(Some(whole.h1), by_rawzip(&zip), "rawzip sees something else");
            assert_eq!(Some(whole.h1), by_zip(&zip), "the zip crate sees something else");
        }
        (Err(whole), Err(fed)) => {
            for text in [whole.to_string(), fed.to_string()] {
                assert!(text.len() < 1000 && !text.contains(char::is_control), "{text:?}");
            }
        }
        (whole, fed) => panic!("{whole:?} at once, {fed:?} in pieces"),
    }
    Corpus::Keep
});

fn h1(files: &[(String, Vec<u8>)]) -> Option<H1> {
    H1::of_digests(files.iter().map(|(name, content)| (name.as_str(), Sha256::digest(content).into()))).ok()
}

fn by_rawzip(zip: &[u8]) -> Option<H1> {
    let archive = rawzip::ZipArchive::from_slice(zip).ok()?;
    let mut entries = archive.entries();
    let mut files = Vec::new();
    while let Some(entry) = entries.next_entry().ok()? {
        let name = str::from_utf8(entry.file_path().as_ref()).ok()?.to_owned();
        let data = archive.get_entry(entry.wayfinder()).ok()?.data();
        let mut content = Vec::new();
        match entry.compression_method() {
            rawzip::CompressionMethod::STORE => content.extend(data),
            _ => drop(DeflateDecoder::new(data).read_to_end(&mut content).ok()?),
        }
        files.push((name, content));
    }
    h1(&files)
}

fn by_zip(zip: &[u8]) -> Option<H1> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).ok()?;
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).ok()?;
        let name = file.name().ok()?.into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).ok()?;
        files.push((name, content));
    }
    h1(&files)
}
