"""Module versions with source text like real ones, their hashes, and a project that needs them all."""

import base64
import hashlib
import io
import json
import math
import random
import zipfile

VERSION = "v1.4.2"
SMALLEST, LARGEST = 15_000, 600_000
FILE = 12_000
WORDS = "err nil return func if range for string int byte context http json type struct var const len make".split()


class Module:
    def __init__(self, number, needs, draw):
        self.path = f"example.com/team{number % 9}/module{number}"
        self.go_mod = go_mod(self.path, needs)
        size = int(math.exp(draw.uniform(math.log(SMALLEST), math.log(LARGEST))))
        files = {"go.mod": self.go_mod, "module.go": f"package module{number}\n"}
        for part in range(0, size, FILE):
            files[f"part{part // FILE}/source.txt"] = source(draw, min(FILE, size - part))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                entry = zipfile.ZipInfo(f"{self.path}@{VERSION}/{name}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, text)
        self.zip = packed.getvalue()
        self.sums = [
            h1({f"{self.path}@{VERSION}/{name}": text for name, text in files.items()}),
            h1({"go.mod": self.go_mod}),
        ]

    def record(self):
        """Its record in a checksum database."""
        return (
            f"{self.path}@{VERSION}",
            f"{self.path} {VERSION} {self.sums[0]}\n{self.path} {VERSION}/go.mod {self.sums[1]}\n",
        )

    def files(self):
        """What a proxy answers, by path."""
        info = json.dumps({"Version": VERSION, "Time": "2024-01-02T03:04:05Z"}).encode()
        below = f"{self.path}/@v/"
        return {
            f"{below}list": f"{VERSION}\n".encode(), f"{below}{VERSION}.info": info,
            f"{below}{VERSION}.mod": self.go_mod.encode(), f"{below}{VERSION}.zip": self.zip,
        }


def make(count, seed=1):
    """A graph like real ones: each module needs some that come after it."""
    draw, modules = random.Random(seed), []
    for number in reversed(range(count)):
        needs = draw.sample(modules, min(len(modules), draw.randrange(5)))
        modules.append(Module(number, sorted(module.path for module in needs), draw))
    return modules


def go_mod(path, needs):
    requires = "".join(f"\t{need} {VERSION}\n" for need in needs)
    return f"module {path}\n\ngo 1.21\n" + (f"\nrequire (\n{requires})\n" if requires else "")


def source(draw, size):
    return " ".join(draw.choices(WORDS, k=size // 5) + [f"x{draw.getrandbits(32)}" for _ in range(size // 60)])


def h1(files):
    lines = (f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()
