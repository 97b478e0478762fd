#!/usr/bin/env python3
"""How long `larder verify PROGRAM` takes: a Go program of 100 MB, its list read and a stamp looked for in its data.

    benches/binary.py [LARDER]      LARDER: target/release/larder

The program is one that the `go` in PATH builds here, with data of 100 MB put into it. Nobody is asked: what is measured is the reading.
The goal is 0.5 s.
"""

import os
import subprocess
import sys
import tempfile
import time

SIZE = 100 << 20
ROUNDS = 9
MAIN = """package main

import _ "embed"

//go:embed filler
var filler string

var CommitHash string

func main() { println(len(filler), CommitHash) }
"""


def main():
    larder = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "target/release/larder")
    with tempfile.TemporaryDirectory() as work:
        with open(os.path.join(work, "go.mod"), "w") as file:
            file.write("module example.com/app\n\ngo 1.21\n")
        with open(os.path.join(work, "main.go"), "w") as file:
            file.write(MAIN)
        with open(os.path.join(work, "filler"), "wb") as file:
            file.write(os.urandom(1 << 20) * (SIZE >> 20))
        flags = "-X main.CommitHash=0123456789abcdef"
        environment = dict(os.environ, GOFLAGS="-buildvcs=false", GOTOOLCHAIN="local")
        for name, more in [("app", ""), ("stripped", "-s -w ")]:
            build = ["go", "build", "-trimpath", "-ldflags", more + flags, "-o", name, "."]
            subprocess.run(build, cwd=work, env=environment, check=True)
        environment = dict(os.environ, LARDER_DATA=os.path.join(work, "data"))
        stamp = ["--require", "stamp=main.CommitHash=0123456789abcdef"]
        for what, name, arguments in [
            ("the list", "app", []),
            ("and a stamp, by its name", "app", stamp),
            ("and a stamp, without names", "stripped", stamp),
        ]:
            command = [larder, "verify", "--offline", *arguments, name]
            taken = []
            for _ in range(ROUNDS):
                begin = time.perf_counter()
                subprocess.run(command, cwd=work, env=environment, check=True, stdout=subprocess.DEVNULL)
                taken.append(time.perf_counter() - begin)
            size = os.path.getsize(os.path.join(work, name)) / 1e6
            taken.sort()
            print(f"{what:30} {size:6.0f} MB  median {taken[ROUNDS // 2] * 1000:6.1f} ms  worst {taken[-1] * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
