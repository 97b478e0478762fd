#!/usr/bin/env python3
"""What verification costs: a cold `go mod download` through Larder, with the checksum database and without it.

    python3 benches/checksum/checksum.py             build Larder, measure, print the ratios
    python3 benches/checksum/checksum.py --write     and put them into docs/MEASUREMENTS.md
    python3 benches/checksum/checksum.py --delay 0   nothing between Larder and its upstream

It needs cargo and go; everything else is made here: an upstream with 150 modules and a signed log large enough for three
levels of tiles. Each way begins with an empty Larder and an empty `go`, and the ways take turns.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# What is asked of each: which Larder there is and whether it verifies, and whether `go` verifies.
WAYS = {
    "`go` alone, verifies itself": (None, False, True),
    "Larder, nobody verifies": ("serve", False, False),
    "Larder verifies, `go` does not": ("serve", True, False),
    "Larder does not, `go` asks the database itself": ("serve", False, True),
    "both verify, `go` through Larder": ("serve", True, True),
    "`larder run`, nobody verifies": ("run", False, False),
    "`larder run` verifies, `go` does not": ("run", True, False),
}
BARE, PLAIN, VERIFIED, ASIDE, BOTH, RUN_PLAIN, RUN = WAYS
GOAL = 1.10


def main():
    args = arguments()
    larder = args.larder or build()
    with tempfile.TemporaryDirectory(prefix="larder-checksum-", dir=args.dir) as temp:
        upstream = Upstream(args)
        results = {way: [] for way in WAYS}
        for turn in range(args.rounds + 1):
            for number, (way, how) in enumerate(WAYS.items()):
                place = pathlib.Path(temp) / f"{turn}-{number}"
                # Nothing is removed in between: for some seconds ext4 passes over what was removed, at a cost.
                result = once(larder, upstream, place, *how)
                # The first turn warms the machine up.
                if turn:
                    results[way].append(result)
            print(f"round {turn} of {args.rounds}", file=sys.stderr)
        upstream.stop()
    rows = {way: {name: statistics.median(one[name] for one in all_of) for name in all_of[0]}
            for way, all_of in results.items()}
    text, missed = report(rows, upstream, args)
    print(text)
    if args.write:
        write(text)
    sys.exit(1 if missed else 0)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", help="a built larder; without it one is built for release")
    parser.add_argument("--modules", type=int, default=150)
    parser.add_argument("--records", type=int, default=400_000, help="in the log (default 400000)")
    parser.add_argument("--heads", type=int, default=10, help="different heads that lookups come with (default 10)")
    parser.add_argument("--delay", type=float, default=20, help="ms before each answer of the upstream (default 20)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each, in turn (default 5)")
    parser.add_argument("--dir", help="where all directories are made (default: as usual for temporary ones)")
    parser.add_argument("--write", action="store_true", help="put the result into docs/MEASUREMENTS.md")
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "-p", "larder"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return str(pathlib.Path(target) / "release" / "larder")


class Upstream:
    def __init__(self, args):
        words = [sys.executable, str(HERE / "upstream.py"), args.modules, args.records, args.heads, args.delay]
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.url, self.key = f"http://127.0.0.1:{told['port']}", told["key"]
        self.go_mod, self.size = told["go_mod"], told["size"]

    def counts(self):
        """What it was asked since it was asked this."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def once(larder, upstream, place, command, verifies, asks):
    (place / "work").mkdir(parents=True)
    (place / "home").mkdir()
    (place / "work" / "go.mod").write_text(upstream.go_mod)
    proxy, server, gosumdb = upstream.url, None, upstream.key if asks else "off"
    before, database = [], upstream.key if verifies else "off"
    if command == "serve":
        proxy, server = start(larder, upstream, place, database)
        if asks and not verifies:
            gosumdb = f"{upstream.key} {upstream.url}"
    elif command == "run":
        before = [larder, "run", "--data", str(place / "data"), "--upstream", upstream.url, "--sumdb", database, "--"]
    upstream.counts()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(place / "home"), "GOPATH": str(place / "gopath"),
        "GOMODCACHE": str(place / "modcache"), "GOCACHE": str(place / "gocache"), "GOENV": "off",
        "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local", "GOPROXY": proxy, "GOSUMDB": gosumdb,
    }
    began = time.monotonic()
    with open(place / "go.log", "w+") as log:
        go = subprocess.Popen([*before, "go", "mod", "download"], cwd=place / "work", env=environment, stdout=log, stderr=log)
        go_cpu = ended(go)
        wall = time.monotonic() - began
        if go.returncode:
            log.seek(0)
            sys.exit(f"go mod download failed:\n{log.read()}")
    cpu = stop(server) if server else 0
    result = {"wall": wall, "cpu": cpu, "all": cpu + go_cpu}
    counts = upstream.counts()
    return result | {kind: counts.get(kind, 0) for kind in ("modules", "lookup", "tile", "latest", "supported")}


def start(larder, upstream, place, sumdb):
    process = subprocess.Popen(
        [larder, "serve", "--listen", "127.0.0.1:0", "--data", str(place / "data"), "--upstream", upstream.url,
         "--sumdb", sumdb, "--min-free", "0"],
        stdout=subprocess.PIPE, stderr=open(place / "larder.log", "wb"), text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(place / "home")})
    match = re.search(r"http://\S+", process.stdout.readline())
    if not match:
        sys.exit(f"larder did not start:\n{(place / 'larder.log').read_text()}")
    return match.group(0).rstrip("/"), process


def stop(process):
    """Its processor time, its start and what it does behind included."""
    quiet, last = 0, None
    while quiet < 5:
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        now = int(fields[11]) + int(fields[12])
        quiet, last = quiet + 1 if now == last else 0, now
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    return ended(process)


def ended(process):
    """Waits for its end, and gives its processor time."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def report(rows, upstream, args):
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout.strip()
    lines = [
        f"`benches/checksum/checksum.py`: {args.modules} modules, zips of {upstream.size / 1e6:.1f} MB together, a log of "
        f"{args.records:,} records whose lookups come with {args.heads} different heads, {args.delay:g} ms before each answer of the upstream; {go}, everything empty at the "
        f"beginning of each download; medians of {args.rounds}, the ways in turn; {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}.",
        "",
        "| way | time | processor time of Larder | of Larder and `go` | the upstream saw: module files | lookups | tiles |",
        "|---|---|---|---|---|---|---|",
    ]
    for way, row in rows.items():
        cpu = f"{row['cpu'] * 1000:,.0f} ms" if row["cpu"] else "–"
        lines.append(
            f"| {way} | {row['wall']:.2f} s | {cpu} | {row['all'] * 1000:,.0f} ms "
            f"| {row['modules']:.0f} | {row['lookup']:.0f} | {row['tile']:.0f} |")
    run_cpu, run_wall = (rows[RUN][name] / rows[RUN_PLAIN][name] for name in ("all", "wall"))
    everything, cpu, wall = (rows[VERIFIED][name] / rows[PLAIN][name] for name in ("all", "cpu", "wall"))
    both = rows[BOTH]["wall"] / rows[ASIDE]["wall"]
    asked = {way: rows[way]["lookup"] + rows[way]["tile"] for way in (BARE, BOTH)}
    lines += ["", (
        f"Verification takes **{everything:.2f}** times the processor time of the download, Larder and `go` together (goal below "
        f"{GOAL}), **{cpu:.2f}** times that of Larder alone, and {wall:.2f} times the time; "
        f"under `larder run`, which knows the go.mod, {run_cpu:.2f} times the processor time and {run_wall:.2f} times the time; "
        f"where `go` verifies too, {both:.2f} times the time that it takes when `go` asks the database by itself. Lookups and "
        f"tiles asked of the upstream through Larder: **{asked[BOTH]:.0f}**, by `go` alone {asked[BARE]:.0f} "
        f"(goal: no more).")]
    return "\n".join(lines), everything >= GOAL or asked[BOTH] > asked[BARE]


def write(text):
    """Replaces what stands between the two marks, or adds a chapter with them."""
    begin, end = "<!-- checksum: begin -->", "<!-- checksum: end -->"
    page = ROOT / "docs" / "MEASUREMENTS.md"
    old = page.read_text()
    block = f"{begin}\n{text}\n{end}"
    if begin in old:
        new = re.sub(f"{begin}.*?{end}", lambda _: block, old, flags=re.S)
    else:
        new = f"{old.rstrip()}\n\n## Verification against the checksum database\n\n{block}\n"
    page.write_text(new)


if __name__ == "__main__":
    main()
