"""Writes a GOPROXY as files, and a project that needs everything in it."""

import json
import math
import random
import zipfile

MODULES = 45
SMALLEST, LARGEST = 5_000, 150_000
# A few large ones, as in every real project.
LARGE = {9: 300_000, 18: 500_000, 27: 800_000, 36: 2_000_000}
VERSION = "v1.4.2"
TIME = "2024-01-02T03:04:05Z"
FILE = 20_000


def name(n):
    return f"example.com/team{n % 7}/module{n}"


def make(root, project, seed=1):
    """The tree below `root`, the project's go.mod in `project`; the size of all zips."""
    draw, total = random.Random(seed), 0
    for n in range(MODULES):
        size = LARGE.get(n) or int(math.exp(draw.uniform(math.log(SMALLEST), math.log(LARGEST))))
        # A graph like real ones: each module needs some that come after it.
        later = range(n + 1, MODULES)
        needs = sorted(draw.sample(later, min(len(later), draw.randrange(5))))
        total += module(root, n, size, needs, draw)
    project.mkdir(parents=True)
    (project / "go.mod").write_text(go_mod("example.com/project", range(MODULES)))
    (project / "main.go").write_text("package main\n\nfunc main() {}\n")
    return total


def module(root, n, size, needs, draw):
    folder = root / name(n) / "@v"
    folder.mkdir(parents=True)
    text = go_mod(name(n), needs)
    with zipfile.ZipFile(folder / f"{VERSION}.zip", "w", zipfile.ZIP_STORED) as archive:
        def put(file, content):
            archive.writestr(zipfile.ZipInfo(f"{name(n)}@{VERSION}/{file}"), content)

        put("go.mod", text)
        put("module.go", f"package module{n}\n")
        for part in range(0, size, FILE):
            put(f"data/{part // FILE}.bin", draw.randbytes(min(FILE, size - part)))
    (folder / f"{VERSION}.mod").write_text(text)
    (folder / f"{VERSION}.info").write_text(json.dumps({"Version": VERSION, "Time": TIME}))
    (folder / "list").write_text(f"{VERSION}\n")
    return (folder / f"{VERSION}.zip").stat().st_size


def go_mod(path, needs):
    lines = [f"module {path}", "", "go 1.21", ""]
    if needs:
        lines += ["require (", *(f"\t{name(n)} {VERSION}" for n in needs), ")", ""]
    return "\n".join(lines)
