"""A checksum database that is made once: the tree, its tiles, its heads."""

import base64
import hashlib

FULL = 256


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


class Log:
    """Records in their order, each `(asked_as, text)`; `asked_as` is `escaped-path@version`.

    It has a signed head for each of `sizes`. A lookup comes with one of them, always the same: so do answers that were
    kept on their way since different days.
    """

    def __init__(self, name, records, sizes):
        self.records = records
        self.ids = {asked: number for number, (asked, _) in enumerate(records)}
        # levels[n]: the hashes of all complete trees over 2**n records, one after the other.
        self.levels = [b"".join(sha256(b"\0", text.encode()) for _, text in records)]
        while len(self.levels[-1]) > 32:
            below = self.levels[-1]
            pairs = range(0, len(below) - 63, 64)
            self.levels.append(b"".join(sha256(b"\1", below[at:at + 64]) for at in pairs))
        secret = sha256(name.encode())
        public = Ed25519.public(secret)
        hashed = sha256(name.encode(), b"\n\1", public)[:4]
        self.key = f"{name}+{hashed.hex()}+" + base64.b64encode(b"\1" + public).decode()
        self.heads = []
        for size in sorted(sizes):
            text = f"go.sum database tree\n{size}\n{base64.b64encode(self.root(size)).decode()}\n"
            signature = base64.b64encode(hashed + Ed25519.sign(secret, text.encode())).decode()
            self.heads.append(f"{text}\n\u2014 {name} {signature}\n".encode())

    def root(self, size):
        """RFC 6962: the complete trees at the right edge, the smallest first."""
        root = None
        for level, hashes in enumerate(self.levels):
            if size >> level & 1:
                edge = (size >> level) - 1
                subtree = hashes[edge * 32:edge * 32 + 32]
                root = sha256(b"\1", subtree, root) if root else subtree
        return root

    def answer(self, path):
        """The body for a path below the database's own root, or None."""
        kind, _, rest = path.partition("/")
        if path == "latest":
            return self.heads[-1]
        if kind == "lookup" and rest in self.ids:
            number = self.ids[rest]
            return f"{number}\n{self.records[number][1]}\n".encode() + self.heads[number % len(self.heads)]
        if kind == "tile" and rest.startswith("8/"):
            level, _, rest = rest[2:].partition("/")
            number, partial, width = rest.partition(".p/")
            number = int(number.replace("x", "").replace("/", ""))
            width = int(width) if partial else FULL
            hashes = self.levels[8 * int(level)] if 8 * int(level) < len(self.levels) else b""
            body = hashes[number * FULL * 32:(number * FULL + width) * 32]
            return body if len(body) == width * 32 else None
        return None


class Ed25519:
    """RFC 8032, as the formulas stand there: slow, for a signature or two."""

    P = 2**255 - 19
    ORDER = 2**252 + 27742317777372353535851937790883648493
    D = -121665 * pow(121666, -1, P) % P
    BASE = (
        15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960,
    )

    @classmethod
    def add(cls, one, other):
        (x1, y1), (x2, y2) = one, other
        product = cls.D * x1 * x2 * y1 * y2 % cls.P
        return (
            (x1 * y2 + x2 * y1) * pow(1 + product, -1, cls.P) % cls.P,
            (y1 * y2 + x1 * x2) * pow(1 - product, -1, cls.P) % cls.P,
        )

    @classmethod
    def times(cls, factor):
        result, power = (0, 1), cls.BASE
        while factor:
            if factor & 1:
                result = cls.add(result, power)
            power = cls.add(power, power)
            factor >>= 1
        return cls.encode(result)

    @staticmethod
    def encode(point):
        x, y = point
        return (y | (x & 1) << 255).to_bytes(32, "little")

    @staticmethod
    def expand(secret):
        hashed = hashlib.sha512(secret).digest()
        scalar = int.from_bytes(hashed[:32], "little")
        return scalar & ((1 << 254) - 8) | 1 << 254, hashed[32:]

    @classmethod
    def public(cls, secret):
        return cls.times(cls.expand(secret)[0])

    @classmethod
    def sign(cls, secret, message):
        scalar, prefix = cls.expand(secret)
        nonce = cls.number(prefix + message)
        point = cls.times(nonce)
        proof = nonce + cls.number(point + cls.public(secret) + message) * scalar
        return point + (proof % cls.ORDER).to_bytes(32, "little")

    @classmethod
    def number(cls, data):
        return int.from_bytes(hashlib.sha512(data).digest(), "little") % cls.ORDER
