#!/usr/bin/env python3
"""From a version to its zip, out of a repository: Larder with `direct`, against `go mod download` with GOPROXY=direct.

    python3 benches/git/git.py             build Larder, measure, print
    python3 benches/git/git.py --write     and put it into docs/MEASUREMENTS.md
    python3 benches/git/git.py --no-big    without the repository of 400 MB

It needs cargo, go, git and openssl; repositories, an HTTPS server and an authority for it are made here. Warm is a machine
that has the repository, and has never been asked for the version; cold is one that has nothing. The ways take turns.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from server import HOST, Server

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BEGIN, END = "<!-- git: begin -->", "<!-- git: end -->"


def main():
    args = arguments()
    larder = args.larder or build()
    with tempfile.TemporaryDirectory(prefix="larder-git-", dir=args.dir) as temp:
        place = pathlib.Path(temp)
        repositories(place / "r", args)
        server = Server(place / "r", place)
        bench = Bench(larder, server, place, args)
        parts = [bench.zips, bench.lists, *([] if args.no_big else [bench.memory])]
        text = "\n\n".join(said(part()) for part in parts)
    if args.write:
        write(text)


def said(text):
    print(text, flush=True)
    return text


class Bench:
    def __init__(self, larder, server, place, args):
        self.larder, self.server, self.place, self.args = larder, server, place, args
        self.count = 0

    def zips(self):
        lines = ["| files | repository cache | `go mod download`, GOPROXY=direct | Larder: .info, .mod and .zip | ratio "
                 "| goal | `go mod download` through Larder |", "|---|---|---|---|---|---|---|"]
        for files in (50, 5000):
            module = f"{HOST}/files{files}.git"
            kept = {"go": self.fresh(), "larder": self.fresh()}
            self.go(module, kept["go"])
            self.by_larder(module, kept["larder"])
            for warm in (True, False):
                times = {"go": [], "larder": [], "both": []}
                for turn in range(self.args.rounds + 1):
                    for way, run in (("go", self.go), ("larder", self.by_larder), ("both", self.through)):
                        new = self.fresh()
                        if warm:
                            part = "mod/cache/vcs" if way == "go" else "data/git"
                            shutil.copytree(kept["go" if way == "go" else "larder"] / part, new / part, symlinks=True)
                        took = run(module, new)
                        if turn:
                            times[way].append(took)
                        shutil.rmtree(new, ignore_errors=True)
                go, own, both = (statistics.median(times[way]) * 1000 for way in ("go", "larder", "both"))
                goal = 2 if warm else 1
                lines.append(f"| {files} | {'warm' if warm else 'cold'} | {go:.0f} ms | {own:.0f} ms | **{go / own:.1f}** "
                             f"| {goal} | {both:.0f} ms |")
        return "\n".join(lines)

    def lists(self):
        module, times = f"{HOST}/tags.git", {"first": [], "again": []}
        kept = self.fresh()
        with Larder(self, kept) as larder:
            larder.get(module, "list")
            larder.get(module, "v1.0.0.info")
        for _ in range(self.args.rounds):
            new = self.fresh()
            shutil.copytree(kept / "data/git", new / "data/git", symlinks=True)
            with Larder(self, new) as larder:
                for what in times:
                    took, body = larder.get(module, "list")
                    assert len(body.splitlines()) == 2000, body[:200]
                    times[what].append(took)
        first, again = (statistics.median(times[what]) * 1000 for what in ("first", "again"))
        return (f"List of a repository with 2,000 tags, warm: **{first:.0f} ms** where the server is asked for its "
                f"references, {again:.1f} ms after that (goal: 50 ms).")

    def memory(self):
        module, new = f"{HOST}/big.git/sub", self.fresh()
        with Larder(self, new) as larder:
            watch = Watch(larder.process.pid)
            try:
                took, body = larder.get(module, "v1.0.0.zip")
            finally:
                anon, peak = watch.stop()
        assert len(body) > 90 << 20, len(body)
        return (f"A module of 100 MB in a repository of 400 MB, fetched and sent in {took:.1f} s: at most **{anon:.0f} MB** "
                f"of memory of its own ({peak:.0f} MB with mapped files; goal: 200 MB).")

    def fresh(self):
        self.count += 1
        new = self.place / f"run{self.count}"
        (new / "home").mkdir(parents=True)
        return new

    def environment(self, place):
        return {"PATH": os.environ["PATH"], "HOME": str(place / "home"), "GIT_CONFIG_NOSYSTEM": "1",
                **self.server.environment()}

    def go(self, module, place, proxy="direct"):
        env = self.environment(place) | {
            "GOPATH": str(place / "path"), "GOMODCACHE": str(place / "mod"), "GOCACHE": str(place / "cache"), "GOENV": "off",
            "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local", "GOPROXY": proxy, "GOSUMDB": "off", "GOTELEMETRY": "off"}
        if proxy != "direct":
            env.pop("HTTPS_PROXY")
        begin = time.perf_counter()
        ran = subprocess.run(["go", "mod", "download", "-json", f"{module}@v1.0.0"], cwd=place, env=env, text=True,
                             capture_output=True)
        took = time.perf_counter() - begin
        if ran.returncode:
            sys.exit(f"go: {ran.stdout}{ran.stderr}")
        self.sum = json.loads(ran.stdout)["Sum"]
        return took

    def by_larder(self, module, place):
        with Larder(self, place) as larder:
            return sum(larder.get(module, f"v1.0.0.{what}")[0] for what in ("info", "mod", "zip"))

    def through(self, module, place):
        with Larder(self, place) as larder:
            expected = self.sum
            took = self.go(module, place, larder.url)
            assert self.sum == expected, (self.sum, expected)
            return took


class Larder:
    """One that serves, with `direct` alone."""

    def __init__(self, bench, place):
        self.log = open(place / "larder.log", "wb")
        self.process = subprocess.Popen(
            [bench.larder, "serve", "--listen", "127.0.0.1:0", "--data", str(place / "data"), "--upstream", "direct",
             "--sumdb", "off", "--min-free", "0"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=bench.environment(place))
        match = re.search(r"http://\S+", self.process.stdout.readline())
        if not match:
            sys.exit(f"larder did not start:\n{(place / 'larder.log').read_text()}")
        self.url = match.group(0).rstrip("/")

    def get(self, module, what):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        begin = time.perf_counter()
        try:
            with opener.open(f"{self.url}/{module}/@v/{what}") as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"larder: {what}: {error.code} {error.read()[:500]}")
        return time.perf_counter() - begin, body

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        self.log.close()


class Watch:
    """Looks at how much memory a process has: its own, and with mapped files."""

    def __init__(self, pid):
        self.pid, self.anon, self.peak, self.over = pid, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.005):
            status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
            size = {name: int(kib) / 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", status, re.M)}
            self.anon, self.peak = max(self.anon, size["RssAnon"]), max(self.peak, size["VmHWM"])

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.anon, self.peak


def repositories(root, args):
    chance = random.Random(1)
    words = [f"{a}{b}" for a in ("read", "write", "make", "find", "hold", "send") for b in ("Name", "Type", "List", "Tree", "")]

    def source(size):
        lines, length = ["package p", ""], 0
        while length < size:
            line = "\t" + " ".join(chance.choice(words) for _ in range(8))
            lines.append(line)
            length += len(line)
        return "\n".join(lines).encode()

    for files, size in ((50, 6_000), (5000, 4_000)):
        tree = {f"d{n // 100}/f{n}.go": source(size) for n in range(files - 1)}
        make(root, f"files{files}", [{"go.mod": f"module {HOST}/files{files}.git\n".encode(), **tree}], ["v1.0.0"])
    changes = [{"a.go": b"package a // %d\n" % n} for n in range(2000)]
    make(root, "tags", changes, [f"v1.{n // 50}.{n % 50}" for n in range(2000)])
    if not args.no_big:
        sub = {f"sub/b{n}": chance.randbytes(1 << 20) for n in range(100)}
        other = {f"other/b{n}": chance.randbytes(1 << 20) for n in range(300)}
        go_mod = {"sub/go.mod": f"module {HOST}/big.git/sub\n".encode()}
        make(root, "big", [go_mod | sub | other], ["sub/v1.0.0"])


def make(root, name, commits, tags):
    """A bare repository with these commits, each with a tag."""
    place = root / name
    place.mkdir(parents=True)
    git = ["git", f"--git-dir={place}", "-c", "core.bigFileThreshold=512k"]
    subprocess.run([*git, "init", "-q", "--bare", "-b", "main"], check=True)
    stream = subprocess.Popen([*git, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    for number, (files, tag) in enumerate(zip(commits, tags)):
        stream.stdin.write(b"commit refs/heads/main\ncommitter t <t@example.com> %d +0000\ndata 1\nc\n" % (1_704_067_200 + number))
        for path, content in files.items():
            stream.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content))
        stream.stdin.write(b"\nreset refs/tags/%s\nfrom refs/heads/main\n\n" % tag.encode())
    stream.stdin.close()
    if stream.wait():
        sys.exit("git fast-import failed")
    subprocess.run([*git, "pack-refs", "--all"], check=True)


def build():
    subprocess.run(["cargo", "build", "--release", "-p", "larder"], cwd=ROOT, check=True)
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return str(pathlib.Path(target) / "release" / "larder")


def write(text):
    page = ROOT / "docs" / "MEASUREMENTS.md"
    old = page.read_text()
    section = f"{BEGIN}\n`benches/git/git.py`, medians; {platform.system()} {platform.release()}, git over HTTPS on the same machine:\n\n{text}\n{END}"
    if BEGIN in old:
        new = re.sub(re.escape(BEGIN) + ".*?" + re.escape(END), lambda _: section, old, flags=re.S)
    else:
        new = f"{old.rstrip()}\n\n## Straight from repositories\n\n{section}\n"
    page.write_text(new)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", help="a release binary that is already there")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--dir", help="where to work; the default is the directory for temporary files")
    parser.add_argument("--no-big", action="store_true", help="leave out the repository of 400 MB")
    parser.add_argument("--write", action="store_true", help="write docs/MEASUREMENTS.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
