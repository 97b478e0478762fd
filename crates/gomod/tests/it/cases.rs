//! One table of zips, good and bad, with what the check says of each and whether the go command takes it.
//!
//! Where the two differ, the check is the stricter one: the zip can be read in two ways, or go does not compare what
//! is stated twice.

mod containers;
mod contents;
mod good;
mod names;
mod sizes;

use std::rc::Rc;

use crate::handmade::{Item, Zip, extra};

/// Makes a zip for a prefix.
pub(crate) type Make = Rc<dyn Fn(&str) -> Vec<u8>>;

/// A zip and what becomes of it. `@` stands for `path@version/` in entries and texts.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) zip: Make,
    /// The fault's text, or nothing when the zip is good.
    pub(crate) fault: Option<&'static str>,
    /// Whether `go mod download` succeeds with it.
    pub(crate) go: bool,
}

const GOMOD: &str = "module example.com/m\n";
const SOURCE: &str = "package m\n";

pub(crate) fn cases() -> Vec<Case> {
    [good::cases(), names::cases(), sizes::cases(), contents::cases(), containers::cases()].concat()
}

fn case(
    what: &'static str,
    zip: impl Fn(&str) -> Zip + 'static,
    fault: Option<&'static str>,
    go: bool,
) -> Case {
    Case { what, zip: Rc::new(move |prefix| zip(prefix).bytes()), fault, go }
}

fn accepted(what: &'static str, zip: impl Fn(&str) -> Zip + 'static) -> Case {
    case(what, zip, None, true)
}

fn refused(what: &'static str, zip: impl Fn(&str) -> Zip + 'static, fault: &'static str) -> Case {
    case(what, zip, Some(fault), false)
}

/// Go takes it, Larder does not.
fn stricter(what: &'static str, zip: impl Fn(&str) -> Zip + 'static, fault: &'static str) -> Case {
    case(what, zip, Some(fault), true)
}

/// A zip of a go.mod and files with these names.
fn files(prefix: &str, names: &[&str]) -> Zip {
    let gomod = Item::deflated(format!("{prefix}go.mod"), GOMOD.as_bytes());
    let named = |name: &&str| Item::deflated(format!("{prefix}{name}"), SOURCE.as_bytes());
    Zip::of([gomod].into_iter().chain(names.iter().map(named)))
}

/// A zip of a go.mod, this item called `a.go`, and one more file.
fn one(prefix: &str, item: impl FnOnce(&str) -> Item) -> Zip {
    files(prefix, &["z.go"]).with(|zip| zip.items.insert(1, item(&format!("{prefix}a.go"))))
}

fn stored(name: &str) -> Item {
    Item::stored(name, SOURCE.as_bytes())
}

fn deflated(name: &str) -> Item {
    Item::deflated(name, SOURCE.as_bytes())
}

fn described(name: &str) -> Item {
    Item::described(name, SOURCE.as_bytes())
}

/// The extra field in which Info-ZIP keeps a name in UTF-8.
fn unicode_name(name: &str) -> Vec<u8> {
    extra(0x7075, &[&[1, 0, 0, 0, 0], name.as_bytes()].concat())
}
