//! CycloneDX 1.5 (cyclonedx.org/docs/1.5/json).

use serde_json::{Value, json};

use super::{Part, Sbom, listed, properties};

/// The bill. The digest of a module is the one behind `h1:`, over the list of its files, as other tools for Go give it.
pub(super) fn bill(sbom: &Sbom) -> Value {
    let main = sbom.main();
    let reference = main.purl();
    let mut program = component(&main, "application");
    program["bom-ref"] = reference.clone().into();
    program["hashes"] = json!([{"alg": "SHA-256", "content": sbom.sha256}]);
    program["properties"] = listed(
        [("larder:file".to_owned(), sbom.name.as_str())]
            .into_iter()
            .chain([("go:version".to_owned(), sbom.info.go())])
            .chain(properties(&sbom.info))
            .map(|(name, value)| json!({"name": name, "value": value})),
    );
    let parts = sbom.parts();
    let needed = listed(parts.iter().map(|part| part.purl().into()));
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": format!("urn:uuid:{}", sbom.uuid()),
        "version": 1,
        "metadata": {
            "timestamp": sbom.time,
            "tools": {"components": [{"type": "application", "name": "larder", "version": env!("CARGO_PKG_VERSION")}]},
            "component": program,
        },
        "components": listed(parts.iter().map(|part| component(part, "library"))),
        "dependencies": [{"ref": reference, "dependsOn": needed}],
    })
}

fn component(part: &Part<'_>, kind: &str) -> Value {
    let mut component = json!({
        "bom-ref": part.purl(),
        "type": kind,
        "name": part.path,
        "version": part.version,
        "purl": part.purl(),
    });
    if let Some(sha256) = &part.sha256 {
        component["hashes"] = json!([{"alg": "SHA-256", "content": sha256}]);
    }
    component
}
