//! Which names a file of a module may have.

use thiserror::Error;

use crate::element;
use crate::excerpt::Excerpt;
use crate::letters::is_letter;

/// Why a path cannot be a file of a module.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FilePathFault {
    /// The bytes are not UTF-8.
    #[error("the name is not valid UTF-8")]
    NotUtf8,
    /// Nothing is there.
    #[error("the name is empty")]
    Empty,
    /// `//`, or a `/` at the beginning or the end.
    #[error("an element of the path is empty")]
    EmptyElement,
    /// `.`, `..` or more dots.
    #[error("an element of the path is only dots")]
    Dots,
    /// An element ends in a dot, which Windows drops.
    #[error("an element of the path ends in a dot")]
    TrailingDot,
    /// A character outside the allowed set.
    #[error("the name holds {0:?}; letters, ASCII digits, space and !#$%&()+,-.=@[]^_{{}}~ are allowed")]
    Character(char),
    /// A device name of Windows, in any case, with or without an extension.
    #[error("{0} is a device name on Windows")]
    WindowsDevice(Excerpt),
}

/// Checks a path relative to the root of a module, with `/` between elements.
///
/// Allowed are Unicode letters, ASCII digits, space and some punctuation. The set of letters is that of Unicode
/// 17, which is Go 1.27's; an older go command refuses letters that are newer than itself.
///
/// Rule: `CheckFilePath` of golang.org/x/mod/module.
///
/// # Errors
/// The first fault from the left.
pub fn check_file_path(path: &str) -> Result<(), FilePathFault> {
    if path.is_empty() {
        return Err(FilePathFault::Empty);
    }
    path.split('/').try_for_each(check_element)
}

fn check_element(element: &str) -> Result<(), FilePathFault> {
    if element.is_empty() {
        return Err(FilePathFault::EmptyElement);
    }
    if element.bytes().all(|b| b == b'.') {
        return Err(FilePathFault::Dots);
    }
    if element.ends_with('.') {
        return Err(FilePathFault::TrailingDot);
    }
    if let Some(c) = element.chars().find(|&c| !is_allowed(c)) {
        return Err(FilePathFault::Character(c));
    }
    let stem = element::stem(element);
    if element::is_reserved_stem(stem) {
        return Err(FilePathFault::WindowsDevice(Excerpt::of(stem)));
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || "!#$%&()+,-.=@[]^_{}~ ".contains(c) } else { is_letter(c) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_58_names_that_pass() {
        for path in [
            "x!y",
            "a b",
            "\u{fc}.txt",
            ".git",
            ".gitattributes",
            "x~1.txt",
            "com0",
            "com10",
            "con1",
            "conn.txt",
            "-dash",
            "a..b",
            "...a",
            " ",
            "\u{e1}.txt",
            "d/e/f",
            "{}[]()^%$#@!&+,=_~",
        ] {
            assert_eq!(check_file_path(path), Ok(()), "{path:?}");
        }
    }

    #[test]
    fn trap_58_names_that_do_not() {
        let table = [
            ("", FilePathFault::Empty),
            ("/a", FilePathFault::EmptyElement),
            ("a//b", FilePathFault::EmptyElement),
            ("a/", FilePathFault::EmptyElement),
            (".", FilePathFault::Dots),
            ("a/../b", FilePathFault::Dots),
            ("a/.../b", FilePathFault::Dots),
            ("tail.", FilePathFault::TrailingDot),
            ("tail./x", FilePathFault::TrailingDot),
            ("a:b.txt", FilePathFault::Character(':')),
            ("a\\b", FilePathFault::Character('\\')),
            ("a\0", FilePathFault::Character('\0')),
            ("a\nb", FilePathFault::Character('\n')),
            ("a\u{7f}", FilePathFault::Character('\u{7f}')),
            ("a\u{301}.txt", FilePathFault::Character('\u{301}')),
            ("\u{1f600}", FilePathFault::Character('\u{1f600}')),
            ("\u{661}", FilePathFault::Character('\u{661}')),
            ("aux.txt", FilePathFault::WindowsDevice(Excerpt::of("aux"))),
            ("d/Com1.tar.gz", FilePathFault::WindowsDevice(Excerpt::of("Com1"))),
            ("lpt9", FilePathFault::WindowsDevice(Excerpt::of("lpt9"))),
        ];
        for (path, fault) in table {
            assert_eq!(check_file_path(path), Err(fault), "{path:?}");
        }
        for forbidden in "\"'*:;<>?`|\\/\t".chars().filter(|&c| c != '/') {
            assert_eq!(check_file_path(&format!("a{forbidden}b")), Err(FilePathFault::Character(forbidden)));
        }
    }
}
