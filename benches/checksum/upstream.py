"""A GOPROXY with modules and a large checksum database, which counts what it is asked.

    upstream.py MODULES RECORDS HEADS DELAY

It prints its port, the database's key and the project's go.mod as one line of JSON, then answers each line on its
standard input with the counts since the last one. Every answer waits DELAY ms. It ends with its standard input.
"""

import asyncio
import collections
import json
import sys

import project
import tlog

NAME = "sum.bench.example.com"


def database(modules, records, heads):
    """The modules' records stand far apart, as in a log that all the world uses, and before the first head."""
    all_of = []

    def fill(count):
        for _ in range(count):
            path, number = "filler.example.com/m", len(all_of)
            all_of.append((f"{path}@v0.0.{number}", f"{path} v0.0.{number} h1:{number:043}=\n"))

    for module in modules:
        fill(records // len(modules))
        all_of.append(module.record())
    sizes = [len(all_of) + records // 100 * number for number in range(1, heads + 1)]
    fill(sizes[-1] - len(all_of))
    return tlog.Log(NAME, all_of, sizes)


class Server:
    def __init__(self, modules, log, delay):
        self.files = {path: body for module in modules for path, body in module.files().items()}
        self.log, self.delay = log, delay
        self.counts = collections.Counter()

    async def connection(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode().lstrip("/").replace("%21", "!")
                body = self.answer(path)
                if self.delay:
                    await asyncio.sleep(self.delay)
                status = "404 Not Found" if body is None else "200 OK"
                body = b"not found\n" if body is None else body
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    def answer(self, path):
        for prefix in (f"sumdb/{NAME}/", ""):
            rest = path[len(prefix):]
            if path.startswith(prefix) and rest.split("/")[0] in ("supported", "latest", "lookup", "tile"):
                self.counts[rest.split("/")[0]] += 1
                return b"" if rest == "supported" else self.log.answer(rest)
        self.counts["modules"] += 1
        return self.files.get(path)


async def main():
    count, records, heads = (int(word) for word in sys.argv[1:4])
    delay = float(sys.argv[4])
    modules = project.make(count)
    log = database(modules, records, heads)
    server = Server(modules, log, delay / 1000)
    listening = await asyncio.start_server(server.connection, "127.0.0.1", 0, backlog=1024)
    port = listening.sockets[0].getsockname()[1]
    go_mod = project.go_mod("example.com/project", sorted(module.path for module in modules))
    size = sum(len(module.zip) for module in modules)
    print(json.dumps({"port": port, "key": log.key, "go_mod": go_mod, "size": size}), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(server.counts), flush=True)
        server.counts.clear()


if __name__ == "__main__":
    asyncio.run(main())
