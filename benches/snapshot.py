#!/usr/bin/env python3
"""Measures snapshots: how fast they are written, checked and restored, and how much memory that takes.

    python3 benches/snapshot.py                  build Larder, measure, print a table
    python3 benches/snapshot.py --sizes 256 1024 other sizes, in MiB
    python3 benches/snapshot.py --larder PATH    with a binary that is built
    python3 benches/snapshot.py --write          and put the table into docs/MEASUREMENTS.md

It makes modules of source text and of what does not get smaller, lays them out as another proxy would, and lets
`larder import` take them in. They are in no checksum database, so the snapshot is signed. Everything is read from the
system's cache, and written to the disk of the directory for temporary files; what that disk takes by itself is
measured beside it.
"""

import argparse
import io
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOAL = 200
MODULE_MIB = 4
BEGIN, END = "<!-- snapshot -->", "<!-- /snapshot -->"


def main():
    args = arguments()
    larder = args.larder or build()
    rows = []
    for size in args.sizes:
        with tempfile.TemporaryDirectory(prefix="larder-snapshot-") as temp:
            rows.append(measure(larder, size, pathlib.Path(temp)))
    table = report(rows)
    print(table)
    if args.write:
        put(table)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--larder", type=pathlib.Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "-p", "larder"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "larder"


def make_modules(into, mib):
    """Modules of MODULE_MIB each, half of it text."""
    random.seed(mib)
    words = [f"word{n}" for n in range(4000)]
    for n in range(mib // MODULE_MIB):
        name = f"example.com/m{n}"
        versions = into / name / "@v"
        versions.mkdir(parents=True)
        (versions / "v1.0.0.info").write_text('{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}')
        gomod = f"module {name}\n\ngo 1.21\n"
        (versions / "v1.0.0.mod").write_text(gomod)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.writestr(f"{name}@v1.0.0/go.mod", gomod)
            part = 0
            while content.tell() < MODULE_MIB << 19:
                text = " ".join(random.choices(words, k=40_000))
                archive.writestr(f"{name}@v1.0.0/text{part}.go", f"package m\n\n// {text}\n")
                part += 1
            archive.writestr(f"{name}@v1.0.0/data.bin", random.randbytes(MODULE_MIB << 19))
        (versions / "v1.0.0.zip").write_bytes(content.getvalue())


def memory(pid):
    """The most that a process had in memory so far, in MiB."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024


def measure(larder, size, temp):
    proxy, near, far, file = (temp / name for name in ("proxy", "near", "far", "file"))
    make_modules(proxy, size)
    config = temp / "larder.toml"
    config.write_text('[[route]]\nmodules = ["example.com"]\nchain = "off"\nsumdb = "ledger"\n')
    env = {"PATH": os.environ["PATH"], "HOME": str(temp), "LARDER_UPSTREAM": "off", "LARDER_CONFIG": str(config), "LARDER_MIN_FREE": "1 MiB"}

    def run(*words):
        begin = time.monotonic()
        done = subprocess.Popen([larder, *map(str, words)], env=env, stdout=subprocess.PIPE, text=True)
        # What wait4 says of memory counts this script too, which the process was before it was Larder.
        peak = 0
        while done.poll() is None:
            peak = max(peak, memory(done.pid))
            time.sleep(0.002)
        took, out = time.monotonic() - begin, done.stdout.read()
        if done.returncode:
            sys.exit(f"{words}: {done.returncode}\n{out}")
        return took, peak, out.strip()

    run("import", "--data", near, "--dir", proxy)
    key = run("snapshot", "keygen", "bench.example.com", "--out", temp / "key")[2]
    create = ("snapshot", "create", "--store", "--data", near, "-o", file, "--sign", temp / "key")
    run(*create)
    steps = {
        "create": run(*create),
        "verify": run("snapshot", "verify", file, "--key", key),
        "restore": run("snapshot", "restore", file, "--to", far, "--key", key),
        "again": run("snapshot", "restore", file, "--to", far, "--key", key),
    }
    mib = file.stat().st_size / (1 << 20)
    return mib, steps, disk(temp, file)


def disk(temp, file):
    """How fast the disk takes the same bytes, written and synced by themselves."""
    content = file.read_bytes()
    begin = time.monotonic()
    with open(temp / "disk", "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return time.monotonic() - begin


def report(rows):
    lines = [
        "| snapshot | step | time | speed | memory at most | goal |",
        "|---|---|---|---|---|---|",
    ]
    for mib, steps, synced in rows:
        for step, (seconds, memory, _) in steps.items():
            speed = mib / seconds
            goal = "" if step == "again" else ("met" if speed >= GOAL else f"missed ({GOAL} MiB/s)")
            lines.append(
                f"| {mib:.0f} MiB | {step} | {seconds:.2f} s | {speed:.0f} MiB/s | {memory:.0f} MiB | {goal} |"
            )
        lines.append(f"| {mib:.0f} MiB | the disk alone, write and fsync | {synced:.2f} s | {mib / synced:.0f} MiB/s | | |")
    return "\n".join(lines)


def put(table):
    page = ROOT / "docs" / "MEASUREMENTS.md"
    text = page.read_text()
    block = f"{BEGIN}\n{table}\n{END}"
    if BEGIN in text:
        text = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: block, text, flags=re.S)
    else:
        text = f"{text.rstrip()}\n\n## Snapshots\n\n`python3 benches/snapshot.py --write`\n\n{block}\n"
    page.write_text(text)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
