//! SPDX 2.3 (spdx.github.io/spdx-spec/v2.3).

use serde_json::{Value, json};

use super::{Part, Sbom, listed};

/// The bill. What nobody can know from a program, such as licenses, is said to be unknown.
pub(super) fn bill(sbom: &Sbom) -> Value {
    let main = package(&sbom.main(), MAIN, Some(&sbom.sha256));
    let parts = sbom.parts();
    let packages =
        parts.iter().enumerate().map(|(number, part)| package(part, &id(number), part.sha256.as_ref()));
    let needs = (0..parts.len()).map(
        |number| json!({"spdxElementId": MAIN, "relationshipType": "DEPENDS_ON", "relatedSpdxElement": id(number)}),
    );
    let describes =
        json!({"spdxElementId": DOCUMENT, "relationshipType": "DESCRIBES", "relatedSpdxElement": MAIN});
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": sbom.name,
        "documentNamespace": format!("urn:uuid:{}", sbom.uuid()),
        "creationInfo": {
            "created": sbom.time,
            "creators": [format!("Tool: larder-{}", env!("CARGO_PKG_VERSION"))],
            "comment": format!("Made from the Go build info of the program, built by {}.", sbom.info.go()),
        },
        "documentDescribes": [MAIN],
        "packages": listed([main].into_iter().chain(packages)),
        "relationships": listed([describes].into_iter().chain(needs)),
    })
}

fn package(part: &Part<'_>, id: &str, sha256: Option<&String>) -> Value {
    let mut package = json!({
        "SPDXID": id,
        "name": part.path,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.purl()}],
    });
    if !part.version.is_empty() {
        package["versionInfo"] = part.version.into();
    }
    if let Some(sha256) = sha256 {
        package["checksums"] = json!([{"algorithm": "SHA256", "checksumValue": sha256}]);
    }
    package
}

fn id(number: usize) -> String {
    format!("SPDXRef-module-{number}")
}

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const MAIN: &str = "SPDXRef-main";
