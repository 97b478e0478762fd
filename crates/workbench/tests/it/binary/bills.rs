//! Bills of materials.

use serde_json::Value;
use workbench::binary::{Binary, Sbom, SbomFormat};

use super::fixture::{Elf, kept};

const LIST: &str = "path\texample.com/app/cmd/x\nmod\texample.com/app\tv1.0.0\t\ndep\texample.com/B%ig\tv1.0.0+incompatible\th1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\ndep\texample.com/a\tv1.2.3\th1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\ndep\texample.com/old\tv1.0.0\n=>\texample.com/new\tv1.1.0\th1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\ndep\texample.com/here\tv1.0.0\n=>\t./here\t(devel)\t\nbuild\tvcs.time=2026-01-02T03:04:05Z\n";

fn bill(format: SbomFormat) -> String {
    let (_dir, path) = kept(&Elf::USUAL.file("go1.26.8 X:jsonv2", LIST));
    let binary = Binary::open(&path).unwrap();
    let infos = binary.programs().iter().map(|program| program.info().unwrap());
    Sbom::new("app", &[7; 32], infos).unwrap().json(format)
}

#[test]
fn cyclonedx_names_what_was_built() {
    let text = bill(SbomFormat::CycloneDx);
    assert_eq!(text, bill(SbomFormat::CycloneDx));
    insta::assert_snapshot!(text);
    let bill: Value = serde_json::from_str(&text).unwrap();
    let needed = bill["dependencies"][0]["dependsOn"].as_array().unwrap().len();
    assert_eq!((bill["components"].as_array().unwrap().len(), needed), (5, 5));
}

#[test]
fn spdx_names_what_was_built() {
    let text = bill(SbomFormat::Spdx);
    assert_eq!(text, bill(SbomFormat::Spdx));
    insta::assert_snapshot!(text);
    // Every name that is referred to is there.
    let bill: Value = serde_json::from_str(&text).unwrap();
    let ids: Vec<_> = bill["packages"].as_array().unwrap().iter().map(|package| &package["SPDXID"]).collect();
    for relation in bill["relationships"].as_array().unwrap() {
        assert!(ids.contains(&&relation["relatedSpdxElement"]), "{relation}");
    }
}
