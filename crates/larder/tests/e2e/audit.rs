//! `larder sumdb audit` on what a mirror kept while it verified.

use std::fs;

use serde_json::Value;
use testkit::{Larder, Ran, ScriptedUpstream, TestLog};

use crate::world::{LOG, larder, tree};

fn audit(larder: &Larder, words: &[&str]) -> Ran {
    let data = larder.data();
    larder.run([&["sumdb", "audit", "--data", data.to_str().unwrap()], words].concat())
}

fn summary(ran: &Ran) -> Value {
    let last: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    last["summary"].clone()
}

#[test]
fn what_a_mirror_kept_can_be_proven_without_it_and_beside_it() {
    let log = TestLog::over(LOG, &tree()).with_filler(300);
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let larder = larder();
    let server = larder.serve(&upstream.url()).sumdb(&vkey).start();
    for module in tree().modules() {
        for ext in ["info", "mod", "zip"] {
            server.get(&format!("/{}", module.url_path(ext))).expect(200);
        }
    }
    let modules = tree().modules().count();
    let beside = audit(&larder, &["--key", &vkey, "--json"]);
    assert_eq!(beside.code(), Some(0), "{beside}");
    let told = summary(&beside);
    assert_eq!((&told["records"], &told["receipts"]), (&modules.into(), &(2 * modules).into()), "{beside}");
    assert!(told["tiles"].as_u64() > Some(2) && told["heads"] == 1, "{beside}");
    assert_eq!((&told["found"], &told["unchecked"]), (&0.into(), &0.into()), "{beside}");
    server.stop().ok();

    let without_key = audit(&larder, &[]);
    assert_eq!((without_key.code(), without_key.stdout.as_str()), (Some(2), ""), "{without_key}");
    assert!(without_key.stderr.contains(&format!("the key of {LOG} is not known")), "{without_key}");

    let record = format!("modules/sumdb/{LOG}/lookup/example.com/app@v1.0.0");
    let file = larder.data().join(&record);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("h1:", "h1:A", 1)).unwrap();
    let found = audit(&larder, &["--key", &vkey]);
    assert_eq!(found.code(), Some(1), "{found}");
    assert!(found.stdout.starts_with(&format!("{record}: it is not what its checked copy holds")), "{found}");
    assert!(found.stderr.contains("wrong"), "{found}");
    assert_eq!(audit(&larder, &["--key", &vkey]).code(), Some(1), "nothing is mended");
}
