#!/usr/bin/env python3
"""Compares `larder verify` with `go mod verify` on the same module cache, in the same run.

    python3 benches/verify.py                       build Larder, measure, print
    python3 benches/verify.py --write               and put the numbers into docs/MEASUREMENTS.md
    python3 benches/verify.py --larder PATH         measure this binary

The modules are made of the sources of the installed Go, so that their files are as long and as many as those of real
ones; the module cache is filled by a real `go` from a directory. Both read warm files. `larder verify` also compares
.mod and .info files, and go.sum with what vouches for it; `go mod verify` does not.
"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOAL = 2.0
VERSION = "v1.0.0"
BEGIN, END = "<!-- verify -->", "<!-- end of verify -->"


def main():
    args = arguments()
    if not shutil.which("go"):
        sys.exit("go is not installed; it is what this compares with")
    larder = args.larder or build()
    with tempfile.TemporaryDirectory(prefix="larder-verify-") as temp:
        temp = pathlib.Path(temp)
        env = environment(temp)
        files, size = make_proxy(temp / "proxy", args.modules, env)
        project(temp / "work", args.modules, env)
        lines = [f"{args.modules} modules, {files} files, {size >> 20} MiB unpacked"]
        rounds = {"go": [], "larder": []}
        for _ in range(args.rounds + 1):
            rounds["go"].append(timed(["go", "mod", "verify"], temp / "work", env))
            rounds["larder"].append(timed([larder, "verify", "--offline"], temp / "work", env))
        # The first of each reads from the disk.
        go, own = (statistics.median(rounds[name][1:]) for name in ("go", "larder"))
        lines.append(f"go mod verify: {go:.2f} s; larder verify: {own:.2f} s; {go / own:.1f} times as fast (goal: {GOAL})")
        subprocess.run(["chmod", "-R", "u+w", temp], check=True)
    text = "\n".join(lines)
    print(text)
    if args.write:
        write(text)
    return 0 if go / own >= GOAL else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", type=pathlib.Path, help="the binary; built with --release where it is not given")
    parser.add_argument("--modules", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into docs/MEASUREMENTS.md")
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "-p", "larder"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "larder"


def environment(temp):
    """A `go` that inherits nothing but its place."""
    places = {name: str(temp / name.lower()) for name in ("HOME", "GOPATH", "GOMODCACHE", "GOCACHE", "LARDER_DATA")}
    for place in places.values():
        os.makedirs(place, exist_ok=True)
    proxy = (temp / "proxy").as_uri()
    return places | {
        "PATH": os.environ["PATH"],
        "GOPROXY": proxy,
        "GOSUMDB": "off",
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
    }


def make_proxy(proxy, count, env):
    """A GOPROXY in a directory. Each module has some directories of Go's own sources."""
    goroot = subprocess.run(["go", "env", "GOROOT"], check=True, capture_output=True, text=True, env=env).stdout.strip()
    source = pathlib.Path(goroot) / "src"
    dirs = sorted(path for path in source.rglob("*") if path.is_dir() and "testdata" not in path.parts)
    shares = [dirs[number::count] for number in range(count)]
    files, size = 0, 0
    for number, share in enumerate(shares):
        module = f"example.com/m{number}"
        gomod = f"module {module}\n\ngo 1.21\n"
        place = proxy / module / "@v"
        place.mkdir(parents=True)
        (place / f"{VERSION}.mod").write_text(gomod)
        (place / f"{VERSION}.info").write_text(f'{{"Version":"{VERSION}","Time":"2024-01-02T03:04:05Z"}}')
        (place / "list").write_text(VERSION + "\n")
        with zipfile.ZipFile(place / f"{VERSION}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{module}@{VERSION}/go.mod", gomod)
            for dir in share:
                for path in sorted(path for path in dir.iterdir() if path.is_file() and path.name != "go.mod"):
                    archive.write(path, f"{module}@{VERSION}/{path.relative_to(source)}")
                    files, size = files + 1, size + path.stat().st_size
    return files, size


def project(work, count, env):
    work.mkdir()
    requires = "".join(f"\texample.com/m{number} {VERSION} // indirect\n" for number in range(count))
    (work / "go.mod").write_text(f"module bench\n\ngo 1.21\n\nrequire (\n{requires})\n")
    subprocess.run(["go", "mod", "download"], cwd=work, env=env, check=True)


def timed(command, work, env):
    started = time.monotonic()
    ran = subprocess.run(command, cwd=work, env=env, capture_output=True, text=True)
    spent = time.monotonic() - started
    if ran.returncode != 0:
        sys.exit(f"{command}: {ran.stdout}{ran.stderr}")
    return spent


def write(text):
    """Puts the numbers between the marks, or at the end where there are none."""
    path = ROOT / "docs" / "MEASUREMENTS.md"
    page = path.read_text()
    machine = f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()}"
    section = f"{BEGIN}\n\n## `larder verify` and `go mod verify`\n\n{machine}; `benches/verify.py`.\n\n{text}\n\n{END}"
    if BEGIN in page:
        page = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: section, page, flags=re.S)
    else:
        page = page.rstrip("\n") + "\n\n" + section + "\n"
    path.write_text(page)


if __name__ == "__main__":
    sys.exit(main())
