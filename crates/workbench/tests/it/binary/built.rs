//! What a real `go` builds, for every format.

use std::{env, fs, path::Path};

use workbench::binary::{Binary, Variable};

use super::{Builder, only, said, said_by_go};

/// System, processor, and what is said of the file.
const TARGETS: [(&str, &str, &str); 8] = [
    ("linux", "amd64", "ELF 64-bit x86-64"),
    ("linux", "386", "ELF 32-bit x86"),
    ("linux", "mips", "ELF 32-bit MIPS"),
    ("linux", "s390x", "ELF 64-bit S/390"),
    ("windows", "amd64", "PE 64-bit x86-64"),
    ("windows", "386", "PE 32-bit x86"),
    ("darwin", "amd64", "Mach-O 64-bit x86-64"),
    ("darwin", "arm64", "Mach-O 64-bit ARM 64"),
];

const STAMP: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn every_format_is_read_as_go_reads_it() {
    let builder = Builder::new();
    let set = format!("-X main.Stamp={STAMP}");
    let stripped = format!("-s -w {set}");
    for (system, processor, kind) in TARGETS {
        let target = [("GOOS", system), ("GOARCH", processor)];
        let name = format!("{system}-{processor}");

        let path = builder.build(&name, &target, &["-ldflags", &set]);
        let binary = Binary::open(&path).unwrap();
        let (program, info) = only(&binary);
        assert_eq!(program.kind(), kind);
        assert_eq!(said(info), said_by_go(&path), "{name}");
        assert_eq!(info.deps().len(), 1);
        assert_eq!(info.setting("-ldflags"), Some(set.as_str()));

        // Without the flags in the list, the data says what was set.
        let path = builder.build(&name, &target, &["-trimpath", "-ldflags", &set]);
        let binary = Binary::open(&path).unwrap();
        let (program, info) = only(&binary);
        assert_eq!(info.setting("-ldflags"), None);
        let variable = |name| binary.variable(program, name).unwrap();
        let of = |value: &str, by_linker| Some(Variable { value: value.into(), by_linker });
        assert_eq!(variable("main.Stamp"), of(STAMP, true), "{name}");
        assert_eq!(variable("main.Plain"), of("of the source", false), "{name}");
        assert_eq!(variable("main.Nothing"), None);

        // Without names, a variable with this text can still be found.
        let path = builder.build(&name, &target, &["-trimpath", "-ldflags", &stripped]);
        let binary = Binary::open(&path).unwrap();
        let (program, info) = only(&binary);
        assert_eq!(said(info), said_by_go(&path), "{name}");
        assert!(binary.holds(program, STAMP).unwrap(), "{name}");
        assert!(!binary.holds(program, &STAMP[1..]).unwrap(), "{name}");
        if system == "linux" {
            assert!(!program.has_names());
            assert_eq!(binary.variable(program, "main.Stamp").unwrap(), None);
        }
    }
}

#[test]
fn every_program_of_a_universal_file_is_read() {
    let builder = Builder::new();
    let part = |processor| {
        let flags = format!("-X main.Stamp={processor}");
        let arguments = ["-trimpath", "-ldflags", &flags];
        fs::read(builder.build("part", &[("GOOS", "darwin"), ("GOARCH", processor)], &arguments)).unwrap()
    };
    let (intel, arm) = (part("amd64"), part("arm64"));
    for wide in [false, true] {
        let path = builder.go.work().join("universal");
        fs::write(&path, universal(&[(0x0100_0007, &intel), (0x0100_000c, &arm)], wide)).unwrap();
        let binary = Binary::open(&path).unwrap();
        let read: Vec<_> = binary
            .programs()
            .iter()
            .map(|program| {
                let stamp = binary.variable(program, "main.Stamp").unwrap().unwrap();
                (program.kind(), stamp.value, program.info().unwrap().deps().len())
            })
            .collect();
        assert_eq!(
            read,
            [
                ("Mach-O 64-bit x86-64".to_owned(), "amd64".to_owned(), 1),
                ("Mach-O 64-bit ARM 64".to_owned(), "arm64".to_owned(), 1)
            ]
        );
    }
}

/// As lipo writes it: the programs behind a table, each at the beginning of a page.
fn universal(parts: &[(u32, &[u8])], wide: bool) -> Vec<u8> {
    const PAGE: usize = 1 << 14;
    let mut file = if wide { 0xcafe_babf_u32 } else { 0xcafe_babe }.to_be_bytes().to_vec();
    file.extend(u32::try_from(parts.len()).unwrap().to_be_bytes());
    let mut at = PAGE;
    for (processor, bytes) in parts {
        file.extend(processor.to_be_bytes());
        file.extend(3_u32.to_be_bytes());
        if wide {
            file.extend((at as u64).to_be_bytes());
            file.extend((bytes.len() as u64).to_be_bytes());
            file.extend([0, 0, 0, 14, 0, 0, 0, 0]);
        } else {
            file.extend(u32::try_from(at).unwrap().to_be_bytes());
            file.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
            file.extend(14_u32.to_be_bytes());
        }
        at = (at + bytes.len()).next_multiple_of(PAGE);
    }
    for (_, bytes) in parts {
        file.resize(file.len().next_multiple_of(PAGE), 0);
        file.extend_from_slice(bytes);
    }
    file
}

/// `golden/make.sh` fetches the older ones.
#[test]
#[ignore = "older versions of Go in LARDER_GOLDEN_GO"]
fn what_older_versions_build_is_read() {
    let programs = env::var("LARDER_GOLDEN_GO").expect("LARDER_GOLDEN_GO=/path/to/go:/path/to/go");
    for program in env::split_paths(&programs) {
        let builder = Builder::with(Path::new(&program));
        for target in [("linux", "amd64"), ("windows", "amd64"), ("darwin", "arm64")] {
            let set = format!("-X main.Stamp={STAMP}");
            let variables = [("GOOS", target.0), ("GOARCH", target.1)];
            let path = builder.build("old", &variables, &["-trimpath", "-ldflags", &set]);
            let binary = Binary::open(&path).unwrap();
            let (program, info) = only(&binary);
            assert_eq!(said(info), said_by_go(&path));
            let stamp = binary.variable(program, "main.Stamp").unwrap();
            assert_eq!(stamp, Some(Variable { value: STAMP.into(), by_linker: true }), "{}", info.go());
        }
    }
}
