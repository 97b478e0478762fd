#!/usr/bin/env python3
"""How long `larder doctor` takes where nothing is wrong, and how long each command takes to start.

    python3 benches/doctor/doctor.py            build Larder, measure, print the figures
    python3 benches/doctor/doctor.py --write    and put them into docs/MEASUREMENTS.md

It needs cargo and go. The proxy with its checksum database is that of benches/checksum; a real `go` fetches, verifies and
unpacks every module before anything is measured.
"""

import argparse
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import types

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "checksum"))

from checksum import Upstream, build  # noqa: E402

HEALTHY, START = 3.0, 0.030
STARTS = [
    ["doctor", "--check", "help"],
    ["explain", "/dev/null"],
    ["bench", "--help"],
]


def main():
    args = arguments()
    larder = args.larder or build()
    rows = []
    for modules in args.modules:
        with tempfile.TemporaryDirectory(prefix="larder-doctor-", dir=args.dir) as temp:
            rows.append(healthy(larder, modules, pathlib.Path(temp), args.rounds))
    rows += [started(larder, words, args.starts) for words in STARTS + others(larder)]
    text = report(rows, args)
    print(text)
    if args.write:
        write(text)
    sys.exit(0 if all(fine for *_, fine in rows) else 1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", help="a built larder; without it one is built for release")
    parser.add_argument("--modules", type=int, nargs="+", default=[16, 2000], help="sizes of projects (default 16 2000)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of the doctor for each (default 5)")
    parser.add_argument("--starts", type=int, default=30, help="starts of each command (default 30)")
    parser.add_argument("--dir", help="where all directories are made (default: as usual for temporary ones)")
    parser.add_argument("--write", action="store_true", help="put the result into docs/MEASUREMENTS.md")
    return parser.parse_args()


def healthy(larder, modules, place, rounds):
    """The doctor at a project with so many modules, all of them fetched and unpacked."""
    upstream = Upstream(types.SimpleNamespace(modules=modules, records=20_000, heads=1, delay=0))
    (place / "home").mkdir()
    work = place / "work"
    work.mkdir()
    (work / "go.mod").write_text(upstream.go_mod)
    paths = re.findall(r"^\t(\S+) v", upstream.go_mod, re.M)
    imports = "".join(f'\t_ "{path}"\n' for path in paths)
    (work / "main.go").write_text(f"package main\n\nimport (\n{imports})\n\nfunc main() {{}}\n")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(place / "home"), "GOPATH": str(place / "gopath"),
        "GOMODCACHE": str(place / "modcache"), "GOCACHE": str(place / "gocache"), "GOENV": "off",
        "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local", "GOPROXY": upstream.url, "GOSUMDB": upstream.key,
    }
    run(["go", "mod", "tidy"], work, environment)
    run(["go", "mod", "download"], work, environment)
    times = []
    for _ in range(rounds):
        began = time.monotonic()
        done = subprocess.run([larder, "doctor"], cwd=work, env=environment, capture_output=True, text=True)
        times.append(time.monotonic() - began)
        if done.returncode:
            sys.exit(f"the doctor finds something where nothing is wrong:\n{done.stdout}{done.stderr}")
    unchecked = [line for line in done.stdout.splitlines() if line.startswith("??")]
    for line in unchecked:
        print(f"{modules} modules: {line}", file=sys.stderr)
    upstream.stop()
    took = statistics.median(times)
    what = f"`larder doctor`, nothing wrong, {modules:,} modules, {upstream.size / 1e6:,.0f} MB of zips"
    said = f"{took:.2f} s, {len(unchecked)} things not checked"
    return what, f"median of {rounds}", said, f"{HEALTHY:.0f} s", took < HEALTHY


def started(larder, words, times):
    """From start to end of a command that has nothing to do."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        done = subprocess.run([larder, *words], capture_output=True, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
        taken.append(time.monotonic() - began)
        if done.returncode:
            sys.exit(f"larder {' '.join(words)} failed:\n{done.stderr.decode()}")
    took = statistics.median(taken)
    return f"`larder {' '.join(words)}`", f"median of {times}", f"{took * 1e3:.1f} ms", f"{START * 1e3:.0f} ms", took < START


def others(larder):
    """Every other command, asked what it does."""
    page = subprocess.run([larder, "--help"], capture_output=True, text=True, check=True).stdout
    section = page.split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    names = re.findall(r"^  ([a-z]+) ", section, re.M)
    known = {words[0] for words in STARTS} | {"help"}
    return [[name, "--help"] for name in names if name not in known]


def run(words, work, environment):
    done = subprocess.run(words, cwd=work, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)} failed:\n{done.stderr}")


def report(rows, args):
    lines = [
        f"`benches/doctor/doctor.py`: all modules fetched and unpacked by a real `go`, the proxy and its database on the same "
        f"machine; {platform.system()} {platform.machine()}.",
        "",
        "| what | of | took | goal |",
        "|---|---|---|---|",
    ]
    for what, of, took, goal, fine in rows:
        took = f"**{took}**" if fine else f"**{took}, missed**"
        lines.append(f"| {what} | {of} | {took} | {goal} |")
    return "\n".join(lines) + "\n"


def write(text):
    page = ROOT / "docs" / "MEASUREMENTS.md"
    begin, end = "<!-- doctor: begin -->\n", "<!-- doctor: end -->\n"
    before, rest = page.read_text().split(begin, 1)
    page.write_text(before + begin + text + end + rest.split(end, 1)[1])


if __name__ == "__main__":
    main()
