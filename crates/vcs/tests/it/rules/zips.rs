//! What lies in a zip, and which trees become none.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    (
        "nested modules, links and submodules stay out",
        "commit main go.mod=module R\\n | a.go=package a\\n | n/go.mod= | n/b.go=x | N2/GO.MOD=x | N2/c.go=x | d/go.mod/e=x | l@=a.go | s# | .hg_archival.txt=x | k/.hg_archival.txt=x
         tag v1.0.0
         R v1.0.0 zip a.go | d/go.mod/e | go.mod | k/.hg_archival.txt",
    ),
    (
        "a link called go.mod makes no module",
        "commit main go.mod=module R\\n | n/go.mod@=../go.mod | n/b.go=x
         tag v1.0.0
         R v1.0.0 zip go.mod | n/b.go",
    ),
    (
        "vendored files, before go 1.24",
        "commit main go.mod=module R\\ngo 1.23\\n | vendor/modules.txt=x | vendor/x.go=x | vendor/a/b.go=x | p/vendor/vendor.go=x | p/vendor/f/f.go=x | p/q/vendor=x
         tag v1.0.0
         R v1.0.0 zip go.mod | p/q/vendor | vendor/modules.txt | vendor/x.go",
    ),
    (
        "vendored files, since go 1.24",
        "commit main go.mod=module R\\ngo 1.24rc1\\n | vendor/modules.txt=x | vendor/x.go=x | vendor/a/b.go=x | p/vendor/vendor.go=x | p/vendor/f/f.go=x
         tag v1.0.0
         R v1.0.0 zip go.mod | p/vendor/vendor.go | vendor/x.go",
    ),
    (
        "a go.mod that cannot be read is as one without a go line",
        "commit main go.mod=module R\\ngo 1.24\\ngo 1.25\\n | vendor/modules.txt=x
         tag v1.0.0
         commit main go.mod=module R\\ngo 1.24\\nnonsense\\n
         tag v1.1.0
         commit main go.mod=module R\\ngo 1.9\\n
         tag v1.2.0
         R v1.0.0 zip go.mod | vendor/modules.txt
         R v1.1.0 zip go.mod
         R v1.2.0 zip go.mod | vendor/modules.txt",
    ),
    (
        "the root's LICENSE is inherited, as it is stored",
        "commit main LICENSE=a\\nb\\n | .gitattributes=* text eol=crlf\\n | sub/go.mod=module R/sub\\n | deep/LICENSE=c | deep/m/go.mod=module R/deep/m\\n
         tag sub/v1.0.0 deep/m/v1.0.0 v1.0.0
         R/sub v1.0.0 zip LICENSE=a\\nb\\n | go.mod=module R/sub\\r\\n
         R/sub v1.0.0 mod module R/sub\\n
         R/deep/m v1.0.0 zip LICENSE=a\\nb\\n | go.mod
         R v1.0.0 zip .gitattributes | LICENSE=a\\r\\nb\\r\\n | deep/LICENSE=c",
    ),
    (
        "what stands in the way of a LICENSE, and what does not",
        "commit main LICENSE@=COPYING | sub/go.mod=module R/sub\\n
         tag sub/v1.0.0
         commit main sub/LICENSE@=x
         tag sub/v1.1.0
         commit main -sub/LICENSE | sub/LICENSE#
         tag sub/v1.2.0
         commit main -sub/LICENSE | sub/license=x
         tag sub/v1.3.0
         commit main -sub/license | sub/LICENSE/x=x
         tag sub/v1.4.0
         commit main -LICENSE | -sub/LICENSE/x | LICENSE/y=y | LICENSE.txt=t
         tag sub/v1.5.0
         R/sub v1.0.0 zip LICENSE=COPYING | go.mod
         R/sub v1.1.0 zip go.mod
         R/sub v1.2.0 zip LICENSE=COPYING | go.mod
         R/sub v1.3.0 nozip case-insensitive file name collision
         R/sub v1.4.0 nozip LICENSE
         R/sub v1.5.0 zip go.mod",
    ),
    (
        "names that no zip may have",
        "commit main x:y=x
         tag v1.0.0
         commit main -x:y | aux.c=x
         tag v1.1.0
         commit main -aux.c | tail.=x
         tag v1.2.0
         commit main -tail. | Go.mod=x
         tag v1.3.0
         commit main -Go.mod | Dir/a=x | dir/b=x
         tag v1.4.0
         commit main -dir/b | -Dir/a | l:k@=x
         tag v1.5.0
         commit main -l:k | a\u{301}=x
         tag v1.6.0
         commit main -a\u{301} | \u{e1} b=x | -k
         tag v1.7.0
         commit main vendor/a/x:y=x | n/go.mod= | n/x:y=x | m:n#
         tag v1.8.0
         R v1.0.0 nozip malformed file path \"x:y\": invalid char ':'
         R v1.1.0 nozip \"aux\" disallowed as path element component on Windows
         R v1.2.0 nozip trailing dot in path element
         R v1.3.0 nozip go.mod files must have lowercase names
         R v1.4.0 nozip case-insensitive file name collision: \"Dir\" and \"dir\"
         R v1.5.0 nozip malformed file path \"l:k\": invalid char ':'
         R v1.6.0 nozip malformed file path \"a\u{301}\": invalid char '\u{301}'
         R v1.7.0 zip \u{e1} b
         R v1.8.0 zip \u{e1} b",
    ),
    (
        "attributes that act on the way out",
        "commit main .gitattributes=*.txt text eol=crlf\\n*.id ident\\n*.u working-tree-encoding=UTF-16LE text\\n*.s export-subst\\nig export-ignore\\n*.l filter=lfs -text\\n*.b binary eol=crlf\\n | a.txt=x\\ny\\r\\n | b.id=$Id$ $Id: two words $ | c.u=h\\n | d.s=$Format:%H$\\n | ig=x\\n | e.l=v\\n | f.b=x\\n | g=x\\r\\n
         tag v1.0.0
         R v1.0.0 zip .gitattributes | a.txt=x\\r\\ny\\r\\n | b.id | c.u=h\\0\\n\\0 | d.s=$Format:%H$\\n | e.l=v\\n | f.b=x\\n | g=x\\r\\n | ig=x\\n",
    ),
    (
        "attributes: macros only from the root, case, patterns that never match",
        "commit main .gitattributes=[attr]win text eol=crlf\\n*.w win\\n*.c eol=CRLF\\nd/ eol=crlf\\n!*.n eol=crlf\\n*.o crlf\\n | a.w=x\\n | b.c=x\\n | d/x=x\\n | e.n=x\\n | f.o=x\\n | d/.gitattributes=[attr]other text eol=crlf\\n*.q other\\n*.r eol=crlf\\n | d/y.q=x\\n | d/z.r=x\\n
         tag v1.0.0
         R v1.0.0 zip .gitattributes | a.w=x\\r\\n | b.c=x\\n | d/.gitattributes | d/x=x\\n | d/y.q=x\\n | d/z.r=x\\r\\n | e.n=x\\n | f.o",
    ),
    (
        "attributes of the root act below, and those of the module's own directory, too",
        "commit main .gitattributes=*.txt text eol=crlf\\n | sub/.gitattributes=*.md text eol=crlf\\nk.txt -text\\n | sub/go.mod=module R/sub\\n | sub/a.txt=x\\n | sub/k.txt=x\\n | sub/b.md=x\\n | sub/n/.gitattributes=* -text\\n | sub/n/c.txt=x\\n
         tag sub/v1.0.0
         R/sub v1.0.0 zip .gitattributes | a.txt=x\\r\\n | b.md=x\\r\\n | go.mod | k.txt=x\\n | n/.gitattributes | n/c.txt=x\\n",
    ),
    (
        "text=auto leaves alone what is no text",
        "commit main .gitattributes=* text=auto eol=crlf\\n | a=x\\n | b=x\\r\\ny\\n | c=x\\0\\n
         tag v1.0.0
         R v1.0.0 zip .gitattributes | a=x\\r\\n | b=x\\r\\ny\\n | c=x\\0\\n",
    ),
    (
        "an empty tree",
        "commit main -none
         tag v1.0.0
         R v1.0.0 zip
         R v1.0.0 mod module R\\n",
    ),
];
