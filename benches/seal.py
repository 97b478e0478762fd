#!/usr/bin/env python3
"""How fast `larder seal` hashes files that are in the system's cache: at least 1 GB/s with two threads.

    benches/seal.py [path of a release build of larder]

Makes two trees, one of a few large files and one of many small ones, seals and checks each several times, and prints the best and the
median rate. SHA-256 is bound by the processor: beside it stands what one thread of Python's hashlib does with the same bytes.
"""

import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
TREES = {"large": (16, 64 << 20), "small": (20_000, 16 << 10)}


def tree(root: pathlib.Path, files: int, size: int) -> int:
    block = os.urandom(1 << 20)
    for n in range(files):
        path = root / f"d{n % 100}" / f"f{n}"
        path.parent.mkdir(parents=True, exist_ok=True)
        left = size
        with path.open("wb") as out:
            out.write(n.to_bytes(8, "little"))
            left -= 8
            while left > 0:
                left -= out.write(block[: min(left, len(block))])
    return files * size


def timed(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    larder = sys.argv[1] if len(sys.argv) > 1 else "target/release/larder"
    with tempfile.TemporaryDirectory() as work:
        base = pathlib.Path(work)
        results = {}
        for name, (files, size) in TREES.items():
            root = base / name
            total = tree(root, files, size)
            subprocess.run(f"cat {root}/*/* > /dev/null", shell=True, check=True)
            db = base / f"{name}.seal"
            for verb in ("create", "check"):
                for threads in (1, 2):
                    words = [larder, "seal", verb, "--db", str(db), "--threads", str(threads), str(root)]
                    seconds = []
                    for _ in range(RUNS):
                        if verb == "create":
                            db.unlink(missing_ok=True)
                        seconds.append(timed(words))
                    rate = lambda s: round(total / s / 1e9, 2)
                    results[f"{name} {verb} {threads} threads"] = {
                        "GB/s best": rate(min(seconds)),
                        "GB/s median": rate(statistics.median(seconds)),
                    }
        data = os.urandom(64 << 20)
        began = time.perf_counter()
        hashlib.sha256(data).digest()
        results["hashlib, one thread"] = {"GB/s": round(len(data) / (time.perf_counter() - began) / 1e9, 2)}
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
